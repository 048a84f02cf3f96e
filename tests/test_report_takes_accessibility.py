"""The pages of takes against WCAG 2.2 AA by axe-core, light and dark; skipped where there is no browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from otio_ai_audit.model import Triage
from otio_ai_audit.report import takes_html

from . import triage_samples as samples
from .accessibility import violations
from .browser import Browser

SAMPLES = {"sample": samples.sample, "nasty": samples.nasty}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_stands_in_anybodys_way(browser: Browser, tmp_path: Path, sample: str, scheme: str) -> None:
    triage: Triage = SAMPLES[sample]()
    takes_html.write_page(triage, tmp_path / "one.html")
    takes_html.write_folder(triage, tmp_path / "all")
    browser.emulate(color_scheme=scheme)
    shot = triage.heads[0].page
    for page in (tmp_path / "one.html", tmp_path / "all" / "index.html", tmp_path / "all" / shot):
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
