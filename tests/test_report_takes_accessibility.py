"""The pages of takes against WCAG 2.2 AA by axe-core, light and dark; skipped where there is no browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from otio_ai_audit.model import Triage
from otio_ai_audit.report import takes_html

from . import triage_samples as samples
from .accessibility import violations
from .browser import Browser


def pages(triage: Triage, folder: Path) -> list[Path]:
    """Write a triage in every form, and return a page of each."""
    takes_html.write_page(triage, folder / "one.html")
    takes_html.write_folder(triage, folder / "all")
    return [folder / "one.html", folder / "all" / "index.html", folder / "all" / triage.heads[0].page]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sample", ["sample", "nasty"])
def test_nothing_stands_in_anybodys_way(browser: Browser, tmp_path: Path, sample: str, scheme: str) -> None:
    made = pages(samples.sample() if sample == "sample" else samples.nasty(), tmp_path)
    browser.emulate(color_scheme=scheme)
    for page in made if sample == "sample" else made[1:]:
        browser.open(page)
        browser.run("for (const e of document.querySelectorAll('details')) e.open = true")
        assert violations(browser) == [], page.name


def test_what_stands_in_the_way_is_told(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<!DOCTYPE html><html lang=en><title>x</title><img src=data:,>"
        "<p style='color:#999;background:#fff'>pale<button style='width:9px;height:9px'></button>"
    )
    browser.open(page)
    rules = {line.partition(" ")[0] for line in violations(browser)}
    assert {"image-alt", "color-contrast", "button-name"} <= rules
    assert violations(browser, "img") == [
        line for line in violations(browser) if line.startswith("image-alt")
    ]
