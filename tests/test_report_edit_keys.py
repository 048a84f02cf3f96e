"""The page of an edit by keys, and its timeline, in a real browser; skipped where there is none."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from otio_ai_audit.timecode import frames_to_timecode

from . import report_samples as samples
from .browser import Browser
from .edit_page import CURRENT, hit, show


@pytest.fixture
def edit(browser: Browser, tmp_path: Path) -> Browser:
    """Open the page of an edit with everything that it can show."""
    show(browser, samples.whole(), tmp_path)
    return browser


# --- keys ------------------------------------------------------------------------------------------


def test_findings_are_walked_by_keys_and_the_playhead_goes_along(edit: Browser) -> None:
    edit.press("n")
    assert edit.run(CURRENT) == "0dd000"
    edit.press("n")
    assert edit.run(CURRENT) == "a7f3c1"
    assert edit.run("return document.activeElement === page.current()")
    assert edit.text("#playhead-at") == "01:00:05:06"
    x = float(edit.run("return document.getElementById('playhead').getAttribute('x1')").removesuffix("%"))
    assert x == pytest.approx(100 * 126 / (7 * 96))
    assert edit.run("return document.querySelector('.tracks a.here').getAttribute('href')") == "#clip-2"
    edit.press("p")
    assert edit.run(CURRENT) == "0dd000"
    edit.press("p")
    assert edit.run(CURRENT) == "0dd000", "the first one is the end"
    edit.press("j")
    assert edit.run("return document.activeElement.dataset.name") == "truck_v012.mp4"
    edit.press("j", "k")
    assert edit.run("return document.activeElement.dataset.name") == "truck_v012.mp4"


def test_findings_are_walked_from_the_clip_that_somebody_is_at(edit: Browser) -> None:
    edit.press("n", "j")
    assert edit.run("return document.activeElement.dataset.name") == "truck_v012.mp4"
    edit.press("n")
    assert edit.run(CURRENT) == "a7f3c1", "its first"
    hit(edit, ".tracks a[href='#clip-6'] .bar")
    edit.press("p")
    assert edit.run(CURRENT) == "0200fa", "the one before the clip"


def test_what_is_walked_to_is_not_hidden_below_the_timeline(edit: Browser) -> None:
    for _ in range(6):
        edit.press("n")
        edit.run_later(
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(arguments[0], 30)))"
        )
        top, bottom = edit.run(
            "const row = page.current().querySelector('.what').getBoundingClientRect();"
            "return [row.top - document.getElementById('timeline').getBoundingClientRect().bottom,"
            " document.getElementById('mine').getBoundingClientRect().top - row.bottom]"
        )
        assert top >= -1 and bottom >= -1


def test_keys_of_one_letter_can_be_turned_off(edit: Browser) -> None:
    edit.press("?")
    assert edit.run("return document.getElementById('help').open")
    edit.press("n")
    assert edit.run(CURRENT) == "", "nothing is walked below an open help"
    edit.click("#keys-on")
    edit.press("escape")
    assert not edit.run("return document.getElementById('help').open")
    edit.press("n")
    assert edit.run(CURRENT) == ""
    edit.click("#keys-on")
    edit.press("n")
    assert edit.run(CURRENT) == "0dd000"


def test_letters_are_letters_in_a_field(edit: Browser) -> None:
    edit.press("/")
    assert edit.focused() == "search"
    edit.press("s", "n")
    assert edit.run("return document.getElementById('search').value") == "sn"
    assert edit.run(CURRENT) == ""
    edit.press("escape", "n")
    assert edit.run(CURRENT) == "d41f00"


# --- the timeline ------------------------------------------------------------------------------------


def test_a_clip_of_the_timeline_leads_to_its_findings(edit: Browser) -> None:
    hit(edit, ".tracks a[href='#clip-6'] .bar")
    assert edit.run("return document.activeElement.dataset.name") == "snow.mov"
    hit(edit, "[data-f=f-a7f3c1]")
    assert edit.run(CURRENT) == "a7f3c1"
    hit(edit, ".tracks a[href='#clip-3'] .bar")
    assert edit.run("return document.activeElement.id") == "clip-3", "also to what could not be looked at"


def test_the_timeline_is_walked_and_zoomed_by_keys(edit: Browser) -> None:
    at = "return document.activeElement.getAttribute('href')"
    edit.press("t")
    assert edit.run(at) == "#clip-6", "the upper track comes first"
    edit.press("down")
    assert edit.run(at) in ("#clip-5", "#clip-7")
    edit.press("home", "right")
    assert edit.run(at) == "#clip-2"
    wide = "return document.querySelector('.tracks').getBoundingClientRect().width"
    before = edit.run(wide)
    edit.press("+", "+")
    assert edit.run(wide) > 2 * before
    left, right, room = edit.run(
        "const a = document.activeElement.getBoundingClientRect();"
        "const b = document.querySelector('.scroller').getBoundingClientRect();"
        "return [a.left - b.left, a.right - b.left, b.width]"
    )
    assert left >= 0 and right <= room, "what somebody is at stays in sight"
    edit.press("0")
    assert edit.run(wide) == pytest.approx(before, abs=1)
    edit.press("enter")
    assert edit.run("return document.activeElement.id") == "clip-2"


@pytest.mark.parametrize(
    ("rate", "start", "drop"),
    [
        (Fraction(24), 86400, False),
        (Fraction(30000, 1001), 107892, True),
        (Fraction(60000, 1001), 215784, True),
        (Fraction(25, 2), 45000, False),
        (Fraction(120), 0, False),
    ],
)
def test_the_page_writes_timecode_as_we_do(
    rate: Fraction, start: int, drop: bool, browser: Browser, tmp_path: Path
) -> None:
    info = replace(samples.INFO, rate=rate, start_frame=start, drop_frame=drop)
    show(browser, samples.result(samples.clip(), info=info), tmp_path)
    frames = [start + n for n in (0, 1, 29, 1799, 1800, 1801, 17981, 17982, 35999, 36000, 86399, 107999)]
    written = browser.run("return arguments[0].map(page.timecode)", frames)
    assert written == [frames_to_timecode(frame, rate, drop) for frame in frames]
    marks = browser.run("return [...document.querySelectorAll('.ruler text')].map((e) => e.textContent)")
    assert marks and all(re.fullmatch(r"\d\d:\d\d:\d\d[:;]\d{2,3}", mark) for mark in marks)
