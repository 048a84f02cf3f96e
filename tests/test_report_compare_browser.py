"""Takes side by side, in a real browser; skipped where there is none."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from otio_ai_audit import video
from otio_ai_audit.model import Media, Shot, Triage
from otio_ai_audit.report import takes_html

from . import triage_samples as samples
from .accessibility import violations
from .browser import Browser

OPEN = "return document.getElementById('compare').open"
FILMS = "[...document.querySelectorAll('#compare video')]"
STILL = {"reduced_motion": "reduce"}
"""Nothing plays by itself."""


def chosen(browser: Browser, *places: int) -> None:
    for place in places:
        browser.click(f"#take-{place} [data-compare]")


def shown(browser: Browser) -> list[str]:
    """What each take says that it shows."""
    return list(
        browser.run("return [...document.querySelectorAll('#compare .shown')].map(e => e.textContent)")
    )


def texts(browser: Browser, selector: str) -> list[str]:
    return list(
        browser.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)
    )


def at(browser: Browser) -> float:
    return float(browser.run("return Number(document.getElementById('compare-scrub').value)"))


@pytest.fixture
def fox(browser: Browser, tmp_path: Path) -> Browser:
    """Open the page of the shot ``fox``, which names no files; nothing moves by itself."""
    takes_html.write_folder(samples.sample(), tmp_path)
    browser.emulate(**STILL)
    browser.open(tmp_path / "shot-0001-fox.html")
    return browser


def ramp(path: Path, seconds: float, rate: int) -> None:
    """Encode a film whose frames get brighter by a known step, so that each tells which one it is."""
    count = round(seconds * rate)
    frames = (np.full((72, 128, 3), 16 + 200 * i // count, np.uint8) for i in range(count))
    video.encode(path, frames, Fraction(rate), options={"crf": "10"})


def filmed(folder: Path, *lengths: tuple[float, int]) -> Triage:
    """Return a shot of takes whose files lie in ``folder/takes`` and have these seconds and rates."""
    (folder / "takes").mkdir()
    (folder / "report").mkdir()
    takes = []
    for place, (seconds, rate) in enumerate(lengths, start=1):
        path = folder / "takes" / f"owl #{place} ü%20?.mp4"
        ramp(path, seconds, rate)
        made = samples.take("owl", f"v{place}", rank=place, shade=place, media=Media(str(path)))
        info = replace(samples.INFO, rate=Fraction(rate))
        record = replace(made.record, info=info, seconds=seconds, strip=samples.strip(place, seconds))
        takes.append(replace(made, record=record))
    return samples.triage(samples.shot(1, "owl", *takes))


def compared(browser: Browser, triage: Triage, page: Path) -> None:
    """Write a page, open it and look at all of its takes side by side, stopped at the first frame."""
    takes_html.write_page(triage, page)
    browser.emulate(**STILL)
    browser.open(page)
    shots: Sequence[Shot] = [triage.load(head.number) for head in triage.heads]
    for place in range(1, len(shots[0].takes) + 1):
        browser.click(f"#take-1-{place} [data-compare]")
    browser.press("v")


def test_two_to_four_takes_are_chosen(fox: Browser) -> None:
    assert fox.run("return document.getElementById('compare-open').hidden")
    fox.press("right", "c")
    assert fox.text("#compare-count") == "1 take chosen: choose another to compare"
    fox.press("v")
    assert not fox.run(OPEN)
    chosen(fox, 2, 3, 4)
    assert fox.text("#compare-count") == "4 takes chosen"
    chosen(fox, 5)
    assert fox.text("#compare-count") == "4 takes at most: let one go first"
    fox.press("c")
    pressed = (
        "return [...document.querySelectorAll('.take:has([data-compare][aria-pressed=true])')]"
        ".map(e => e.dataset.title)"
    )
    assert fox.run(pressed) == ["v001", "v002", "v004"]
    fox.press("v")
    assert fox.run(OPEN) and texts(fox, "#compare .cell .name") == ["v001", "v002", "v004"]
    fox.press("escape")
    assert not fox.run(OPEN) and fox.focused() == "v003"
    fox.click("#compare-none")
    assert fox.run(pressed) == [] and fox.text("#compare-count") == ""


def test_stills_are_shown_in_step_where_there_is_no_file(fox: Browser) -> None:
    chosen(fox, 1, 3)
    fox.press("v")
    assert fox.text("#compare-play") == "Play"
    assert shown(fox) == ["Still at 0.00 s, 1 of 8"] * 2
    fox.press(".", ".")
    assert shown(fox) == ["Still at 1.00 s, 3 of 8"] * 2 and at(fox) == 1.0
    fox.press(",")
    assert fox.text("#compare-time") == "0.50 s of 4.00 s"
    pictures = "return [...document.querySelectorAll('#compare .cell img')].map(e => e.src)"
    strip = "return document.querySelector('#take-3 .frame').dataset.frames.split(' ')[1]"
    assert fox.run(pictures)[1] == fox.run(strip)
    fox.enter("#compare-scrub", "3.7")
    assert shown(fox) == ["Still at 3.50 s, 8 of 8"] * 2
    fox.press("space")
    assert fox.text("#compare-play") == "Pause"
    fox.wait("return Number(document.getElementById('compare-scrub').value) < 3")  # it begins again
    fox.press("space")
    assert fox.text("#compare-play") == "Play" and len(set(shown(fox))) == 1


def test_it_plays_by_itself_unless_somebody_wants_less_motion(fox: Browser) -> None:
    chosen(fox, 1, 2)
    fox.emulate(reduced_motion="no-preference")
    fox.press("v")
    fox.wait("return Number(document.getElementById('compare-scrub').value) > 0.5")
    fox.press("escape")
    chosen(fox, 2, 2)
    fox.emulate(**STILL)
    fox.press("v")
    assert (fox.text("#compare-play"), at(fox)) == ("Play", 0.0)


def test_faults_stand_on_the_common_axis(fox: Browser) -> None:
    chosen(fox, 3, 4)
    fox.press("v")
    assert texts(fox, "#compare .found li") == ["flicker 1.25 s", "drift 1.00 s"]
    kinds = "return [...document.querySelectorAll('#compare-lanes .where')].map(e => e.innerHTML)"
    cards = "return [3, 4].map(i => document.querySelector(`#take-${i} .where`).innerHTML)"
    assert fox.run(kinds) == fox.run(cards)
    fox.press("n", "n")
    assert at(fox) == 1.25
    fox.press("p")
    assert at(fox) == 1.0
    fox.click("#compare .found [data-to='1.25']")
    assert at(fox) == 1.25


def test_all_are_zoomed_and_moved_alike(fox: Browser) -> None:
    chosen(fox, 1, 2, 3)
    fox.press("v")
    moved = (
        "const all = [...document.querySelectorAll('#compare .moved')];"
        "return [...new Set(all.map(e => getComputedStyle(e).transform))]"
    )

    def matrix() -> tuple[float, float, float]:
        (one,) = fox.run(moved)
        numbers = [float(part) for part in one[7:-1].split(",")]
        return numbers[0], numbers[4], numbers[5]

    assert matrix() == (1, 0, 0)
    fox.press("+", "+")
    assert fox.text("#compare-zoom") == "225 %" and matrix() == (2.25, 0, 0)
    fox.press("right", "down")
    _, x, y = matrix()
    assert x < 0 and y < 0 and at(fox) == 0
    fox.drag("#compare .cell:nth-child(2) .screen", (20, 10))
    assert matrix() == pytest.approx((2.25, x + 20, y + 10), abs=0.6)
    for _ in range(20):
        fox.press("left")
    width = fox.run("return document.querySelector('#compare .screen').clientWidth")
    assert matrix()[1] == pytest.approx(0.625 * width, rel=0.01)  # never beyond the edge
    fox.press("0")
    assert matrix() == (1, 0, 0)
    fox.press("-")
    assert fox.text("#compare-zoom") == "100 %"


def test_digits_keep_and_kill_through_the_verdicts_of_the_page(fox: Browser) -> None:
    chosen(fox, 2, 4)
    fox.press("v")
    fox.press("1")
    assert fox.text("#compare-said") == "v001: you: keep"
    assert (
        fox.text("#take-2 [data-mine]") == "you: keep" and fox.text("#mine-count") == "1 verdict, 1 not saved"
    )
    fox.press("shift+2")
    states = "return [...document.querySelectorAll('#compare [data-pick]')].map(e => e.ariaPressed)"
    assert fox.run(states) == ["true", "false", "false", "true"]
    assert texts(fox, "#compare .cell .mine") == ["you: keep", "you: kill"]
    fox.press("3", "1")
    assert fox.text("#compare-said") == "v001: no new verdict"
    fox.click("#compare .cell:nth-child(1) [data-pick=kill]")
    fox.press("escape")
    fox.enter("#who", "ann")
    fox.click("#save")
    said = {one["label"]: one["kind"] for one in fox.downloaded()["verdicts"]}
    assert said == {"day1/fox_v001.mp4": "kill", "day1/fox_v004.mp4": "kill"}


def test_keys_of_the_page_rest_while_takes_are_compared(fox: Browser) -> None:
    chosen(fox, 1, 2)
    fox.press("right", "v", "k", "x", "n", "?", "/")
    assert fox.text("#mine-count") == "No verdicts to save"
    assert not fox.run("return document.getElementById('keys').open")
    inside = "return document.getElementById('compare').contains(document.activeElement)"
    assert fox.run(inside)
    for _ in range(30):
        fox.press("tab")
        assert fox.run(f"{inside} || document.activeElement === document.body")


def test_files_are_played_in_step_and_frame_by_frame(browser: Browser, tmp_path: Path) -> None:
    compared(browser, filmed(tmp_path, (2.0, 24), (3.0, 25)), tmp_path / "report" / "takes.html")
    browser.wait("return document.querySelectorAll('#compare .cell.film').length === 2")
    assert shown(browser) == ["The file, frame 0"] * 2
    browser.press(*"." * 30)
    assert at(browser) == pytest.approx(30 / 25)
    assert shown(browser) == ["The file, frame 28", "The file, frame 30"]
    browser.wait(f"return {FILMS}.every(e => !e.seeking)")
    assert bright(browser) == pytest.approx([16 + 200 * 28 // 48, 16 + 200 * 30 // 75], abs=3)
    browser.enter("#compare-scrub", "2.9")
    browser.wait(f"return {FILMS}.every(e => !e.seeking)")
    assert bright(browser) == pytest.approx([16 + 200 * 47 // 48, 16 + 200 * 72 // 75], abs=3)
    browser.press("space")
    browser.wait("return Number(document.getElementById('compare-scrub').value) < 1.5")  # it begins again
    browser.wait(f"return {FILMS}.every(e => !e.paused && e.currentTime > 0.2)")
    browser.press("space")
    assert browser.run(f"return {FILMS}.every(e => e.paused)")
    assert browser.errors() == []
    browser.press("escape")
    browser.wait(f"return {FILMS}.length === 0")


def bright(browser: Browser) -> list[float]:
    """Brightness of the middle of the picture that each take shows."""
    found = []
    for place in range(1, 1 + len(shown(browser))):
        shot = browser.screenshot(selector=f"#compare .cell:nth-child({place}) .screen")
        with Image.open(io.BytesIO(shot)) as picture:
            found.append(float(picture.convert("L").getpixel((picture.width // 2, picture.height // 2))))
    return found


def take_away(path: Path) -> None:
    path.unlink()


def other_length(path: Path) -> None:
    ramp(path, 5.0, 24)


def no_film(path: Path) -> None:
    path.write_bytes(b"no film at all" * 99)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (take_away, "the file is not beside the page or cannot be played here"),
        (no_film, "the file is not beside the page or cannot be played here"),
        (other_length, "the file has another length than when it was looked at"),
    ],
)
def test_where_a_file_does_not_serve_stills_do(
    browser: Browser, tmp_path: Path, spoil: Callable[[Path], Any], why: str
) -> None:
    triage = filmed(tmp_path, (2.0, 24), (2.0, 24))
    spoil(Path(triage.load(1).takes[1].take.media.path))
    compared(browser, triage, tmp_path / "takes.html")
    browser.wait("return document.querySelectorAll('#compare .shown')[1].textContent.includes(': the file')")
    browser.wait("return document.querySelectorAll('#compare .cell.film').length === 1")
    assert shown(browser) == ["The file, frame 0", f"Still at 0.00 s, 1 of 4: {why}"]
    browser.press(*"." * 24)
    assert shown(browser) == ["The file, frame 24", f"Still at 1.00 s, 3 of 4: {why}"]


def test_the_way_to_a_file_gives_no_home_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home" / "ann"
    monkeypatch.setattr(Path, "home", lambda: home)

    def written(media: str, folder: Path) -> bool:
        take = samples.take("owl", "v1", media=Media(media))
        return "data-film" in takes_html.to_page(samples.triage(samples.shot(1, "owl", take)), folder)

    assert written(str(home / "takes" / "a.mp4"), home / "reports")
    assert written(str(tmp_path / "disk" / "a.mp4"), tmp_path / "disk" / "reports" / "one")
    assert written(str(tmp_path / "disk" / "a.mp4"), home / "reports")
    assert not written(str(home / "takes" / "a.mp4"), tmp_path / "elsewhere")
    assert not written(str(home / "takes" / "a.mp4"), Path("/reports"))
    assert not written("/media/takes/a.mp4", tmp_path)
    page = takes_html.to_page(samples.sample())
    assert "data-film" not in page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_anybodys_way(browser: Browser, tmp_path: Path, scheme: str) -> None:
    browser.emulate(color_scheme=scheme, **STILL)
    takes_html.write_page(samples.nasty(), tmp_path / "takes.html")
    browser.open(tmp_path / "takes.html")
    for number in (1, 2):
        for place in (1, 2):
            browser.click(f"#take-{number}-{place} [data-compare]")
    browser.press("v")
    assert len(shown(browser)) == 4
    browser.press("1", "shift+2", "+")
    assert violations(browser, "#compare") == []
    for size in ((1200, 900), (420, 800)):
        browser.set_window_size(*size)
        wide = "const e = document.getElementById('compare'); return e.scrollWidth - e.clientWidth"
        assert browser.run(wide) <= 0
    assert browser.errors() == []
