"""The page of an edit against WCAG 2.2 AA by axe-core, with hostile names, and printed; needs a browser."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.page_world import result
from otio_ai_audit.model import AuditResult, Heat, Thumbnail
from otio_ai_audit.report import html_file

from . import report_samples as samples
from .accessibility import violations
from .browser import Browser


def rich() -> AuditResult:
    """Something of everything that a finding can show."""
    made = samples.sample()
    frames = tuple(Thumbnail(1.25 + i / 24, samples.webp(32 + i)) for i in range(12))
    heat = Heat(tuple(t.time for t in frames), np.full((12, 9, 16), 120, np.uint8))
    return replace(made, around={"a7f3c1": frames}, heat={"a7f3c1": heat})


SAMPLES: dict[str, Callable[[], AuditResult]] = {
    "rich": rich,
    "nasty": samples.nasty,
    "many": lambda: result(12, 36),
    "empty": samples.result,
}


def shown(browser: Browser, made: AuditResult, folder: Path) -> Browser:
    """Open the page of a result with everything on it unfolded."""
    html_file.write(made, folder / "report.html")
    browser.open(folder / "report.html")
    browser.run("for (const e of document.querySelectorAll('details')) e.open = true")
    return browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_stands_in_anybodys_way(browser: Browser, tmp_path: Path, sample: str, scheme: str) -> None:
    browser.emulate(color_scheme=scheme, reduced_motion="reduce")
    shown(browser, SAMPLES[sample](), tmp_path)
    assert violations(browser) == []
    assert browser.errors() == []


def test_the_other_scheme_by_the_button_is_as_good(browser: Browser, tmp_path: Path) -> None:
    browser.emulate(color_scheme="light")
    shown(browser, rich(), tmp_path)
    before = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.click("#theme")
    assert browser.run("return getComputedStyle(document.body).backgroundColor") != before
    assert violations(browser) == []


def test_the_help_of_the_page_is_as_good(browser: Browser, tmp_path: Path) -> None:
    shown(browser, rich(), tmp_path)
    browser.press("?")
    assert violations(browser) == []


@pytest.mark.parametrize("width", [1200, 700, 420])
def test_hostile_and_long_names_are_text_and_break_nothing(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    browser.set_window_size(width, 900)
    shown(browser, samples.nasty(), tmp_path)
    assert browser.errors() == []
    text = str(browser.run("return document.body.innerText"))
    for name in samples.NASTY[:4]:
        assert name in text
    assert browser.run("return document.scripts.length") == 1
    assert (
        browser.run(
            "return document.querySelectorAll('[onerror], [onload], body img:not([src^=\"data:\"])').length"
        )
        == 0
    )
    wider = "const e = document.documentElement; return e.scrollWidth - e.clientWidth"
    assert browser.run(wider) <= 0


def test_right_to_left_names_turn_nothing_around(browser: Browser, tmp_path: Path) -> None:
    names = ("שועל בשלג_v004.mp4 (الثعلب)", "fox_v004.mp4")
    made = samples.result(
        *(samples.clip(i, name) for i, name in enumerate(names, start=1)),
        findings=tuple(samples.placed(i) for i in (1, 2)),
    )
    shown(browser, made, tmp_path)
    places = (
        "return [...document.querySelectorAll('#clips article.clip')].map(c => [c, c.querySelector('h3'),"
        " c.querySelector('.finding .tc')].map(e => Math.round(e.getBoundingClientRect().left)))"
    )
    first, second = browser.run(places)
    assert first == second


def test_what_is_printed_is_whole_and_light(browser: Browser, tmp_path: Path) -> None:
    browser.emulate(color_scheme="dark")
    shown(browser, rich(), tmp_path)
    browser.emulate("print", color_scheme="dark")
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    gone = [e for e in ("#filters", "#theme") if browser.run(VISIBLE, e)]
    assert gone == []
    for selector in ("h1", ".summary", "#clips article.clip", "#clips .finding"):
        assert browser.run(VISIBLE, selector), selector
    assert violations(browser, tags=("wcag2a", "wcag2aa")) == []
    browser.emulate(color_scheme="dark")
    printed = browser.print_pdf()
    assert printed[:5] == b"%PDF-" and pages(printed) >= 1


def test_a_long_edit_is_printed_page_by_page(browser: Browser, tmp_path: Path) -> None:
    shown(browser, result(6, 18), tmp_path)
    assert 3 <= pages(browser.print_pdf(page={"width": 21, "height": 29.7})) <= 18


VISIBLE = """
const found = document.querySelector(arguments[0]);
return Boolean(found) && found.checkVisibility() && found.getBoundingClientRect().height > 0;
"""


def pages(printed: bytes) -> int:
    """How many pages a PDF has, also where its objects are packed."""
    parts = [printed]
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", printed, re.DOTALL):
        try:
            parts.append(zlib.decompress(packed))
        except zlib.error:
            continue
    return sum(len(re.findall(rb"/Type\s*/Page\b", part)) for part in parts)
