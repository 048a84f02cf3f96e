"""The page of an edit in a browser, as tests open and use it."""

from __future__ import annotations

from pathlib import Path

from otio_ai_audit.model import AuditResult
from otio_ai_audit.report import html_file

from .browser import Browser

SHOWN = "return [...document.querySelectorAll('article.clip:not([hidden])')].map(e => e.dataset.name)"
CURRENT = "return page.current() ? page.current().dataset.finding : ''"
EVERYTHING = (
    "for (const e of document.querySelectorAll('article.clip, .gone')) page.make(e);"
    "for (const e of document.querySelectorAll('details')) e.open = true"
)


def show(browser: Browser, result: AuditResult, folder: Path, name: str = "report.html") -> Path:
    path = folder / name
    html_file.write(result, path)
    browser.open(path)
    return path


def choose(browser: Browser, selector: str, value: str) -> None:
    browser.enter(selector, value)
    browser.run_later("requestAnimationFrame(() => requestAnimationFrame(() => arguments[0]()))")


def hit(browser: Browser, selector: str) -> None:
    """Click on a part of a drawing."""
    browser.run(
        "const click = new MouseEvent('click', {bubbles: true, cancelable: true});"
        "document.querySelector(arguments[0]).dispatchEvent(click)",
        selector,
    )


def tick(browser: Browser, selector: str) -> None:
    browser.click(selector)
    browser.run_later("requestAnimationFrame(() => requestAnimationFrame(() => arguments[0]()))")
