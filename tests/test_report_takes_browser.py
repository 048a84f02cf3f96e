"""The pages of takes in a real browser, driven by its own driver; skipped where there is none."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from otio_ai_audit import people
from otio_ai_audit.report import takes_html

from . import triage_samples as samples
from .browser import ELEMENT, Browser


@pytest.fixture
def fox(browser: Browser, tmp_path: Path) -> Browser:
    """Open the page of the shot ``fox``."""
    takes_html.write_folder(samples.sample(), tmp_path)
    browser.complaints()
    browser.open(tmp_path / "shot-0001-fox.html")
    return browser


RANKED = ["v003", "v001", "v002", "v004", "v005", "v007", "v008"]


def test_hostile_pages_run_without_complaint(browser: Browser, tmp_path: Path) -> None:
    triage = samples.nasty()
    takes_html.write_page(triage, tmp_path / "one.html")
    takes_html.write_folder(triage, tmp_path / "all")
    for page in (tmp_path / "one.html", *sorted((tmp_path / "all").glob("*.html"))[:4]):
        browser.open(page)
        assert browser.complaints() == []
        assert browser.run("return [...document.scripts].length") == 1


def test_takes_are_filtered_and_sorted_with_counts(fox: Browser) -> None:
    assert fox.shown() == RANKED
    assert fox.text("#count") == "7 of 7 takes, 4 flagged"
    fox.enter("#severity", "error")
    assert fox.shown() == ["v004", "v005", "v007"]
    fox.enter("#fault", "flicker")
    assert fox.shown() == ["v007"]
    fox.enter("#severity", "quiet")
    assert fox.text("#count") == "5 of 7 takes, 2 flagged"
    fox.click("#filters [type=reset]")
    time.sleep(0.1)
    assert fox.shown() == RANKED
    for name, value, expected in (
        ("#standing", "killed", ["v007"]),
        ("#search", "TWO tails", ["v004"]),
        ("#seed", "8", []),
    ):
        fox.enter(name, value)
        assert fox.shown() == expected
        fox.enter(name, "")
    fox.enter("#sort", "name")
    assert fox.shown() == sorted(RANKED)
    fox.enter("#sort", "worst")
    assert fox.shown()[0] == "v007"
    fox.enter("#sort", "score-4")
    assert fox.shown()[0] == "v004"


def test_hovering_scrubs_and_shifts_nothing(fox: Browser) -> None:
    place = "const b = document.querySelector('#take-3 h3').getBoundingClientRect(); return b.top + scrollY"
    before = fox.run("return document.querySelector('#take-3 img').src")
    top = fox.run(place)
    fox.hover("#take-3 .frame", 0.01)
    assert fox.text("#take-3 .moment") == "0.00 s"
    assert fox.run("return document.querySelector('#take-3 img').src") != before
    assert fox.run("return getComputedStyle(document.querySelector('#take-3 .box')).visibility") == "hidden"
    fox.hover("#take-3 .frame", 0.99)
    assert fox.text("#take-3 .moment") == "3.50 s"
    assert (
        fox.run("return document.querySelector('#take-3 .scrub').getAttribute('aria-valuetext')") == "3.50 s"
    )
    assert fox.run(place) == top
    fox.hover("#take-4 h3", 0.5)
    assert fox.run("return document.querySelector('#take-3 img').src") == before
    fox.enter("#take-3 .scrub", "1")
    assert fox.text("#take-3 .moment") == "0.50 s"


def test_keys_move_between_takes(fox: Browser) -> None:
    fox.press("right")
    assert fox.focused() == "v003"
    fox.press("n")
    assert fox.focused() == "v002"
    fox.press("n", "n")
    assert fox.focused() == "v005"
    fox.press("p", "left")
    assert fox.focused() == "v002"
    fox.press("right", "up")
    assert fox.focused() == "v004"
    fox.press(".")
    assert fox.text("#take-4 .moment") == "1.50 s"
    fox.press("?")
    assert fox.run("return document.getElementById('keys').open")
    fox.press("/")
    assert fox.focused() == "search"
    fox.press("x")
    assert fox.run("return document.getElementById('search').value") == "x"


def test_verdicts_are_kept_and_saved_as_a_file(fox: Browser, tmp_path: Path) -> None:
    first, second = tmp_path / "shot-0001-fox.html", tmp_path / "shot-0002-truck.html"

    def kill_one_and_call_one_wrong() -> None:
        fox.press("n", "x")
        assert fox.run("return document.querySelector('#take-3 [data-say=kill]').ariaPressed") == "true"
        assert fox.text("#take-3 [data-mine]") == "you: kill"
        fox.enter("#take-3 .why", "Six legs <b>")
        fox.click("#take-5 .fault-row [data-say]")

    fox.go_on(kill_one_and_call_one_wrong, first, second, "2 verdicts, 2 not saved")
    keep_one = partial(fox.click, "#take-2 [data-say=keep]")
    fox.go_on(keep_one, second, tmp_path / "index.html", "3 verdicts, 3 not saved")
    fox.click("#save")
    assert fox.text("#mine-count") == "Say your name first"
    fox.enter("#who", "ann ü/ <x>")
    fox.click("#save")
    saved = fox.downloaded()
    assert fox.text("#mine-count") == "3 verdicts, saved"
    assert {key: saved[key] for key in ("schema", "kind", "who")} == {
        "schema": 1,
        "kind": "otio-ai-audit verdicts",
        "who": "ann ü/ <x>",
    }
    kill, keep, wrong = sorted(
        saved["verdicts"], key=lambda v: ("kill", "keep", "wrong-alarm").index(v["kind"])
    )
    assert (kill["key"], kill["why"], kill["seed"]) == ("key-day1/fox_v002.mp4", "Six legs <b>", 7)
    assert kill["model"] == "wan2.1_t2v_14B" and kill["workflow"] == "a1b2c3d4" and kill["finding"] == ""
    assert keep["seed"] == str(2**63) and keep["label"] == "day1/truck_v002.mp4"
    assert (wrong["detector"], wrong["start"], wrong["duration"]) == ("cut", 1.0, 0.5)
    placed = samples.sample().load(1).takes[4].placed[0]
    assert wrong["finding"] == placed.id and wrong["fault"] == "cut"
    assert kill["prompt_hash"] == samples.COMFY.prompt_hash
    assert kill["when"].endswith("Z")
    (path,) = fox.downloads.glob("*.json")
    heard = people.from_page(path)
    assert {(v.kind, v.who, v.seed) for v in heard} == {
        ("kill", "ann ü/ <x>", 7),
        ("keep", "ann ü/ <x>", 2**63),
        ("wrong-alarm", "ann ü/ <x>", 7),
    }


def test_a_verdict_that_reached_the_triage_can_be_taken_back(fox: Browser) -> None:
    pressed = "return document.querySelector('#take-4 [data-say=kill]').ariaPressed"
    assert fox.run(pressed) == "false"
    fox.enter("#who", "bob")
    assert fox.run(pressed) == "true"
    fox.click("#take-4 [data-say=kill]")
    assert fox.run(pressed) == "false" and fox.text("#take-4 [data-mine]") == "you: taken back"
    fox.click("#take-4 [data-say=kill]")
    assert fox.run(pressed) == "true" and fox.text("#mine-count") == "No verdicts to save"


def test_somebody_may_say_that_a_dismissed_finding_stands(fox: Browser) -> None:
    fox.click("#take-3 .dismissed [data-say=withdraw]")
    assert fox.text("#mine-count") == "1 verdict, 1 not saved"
    fox.enter("#who", "bob")
    fox.click("#save")
    (verdict,) = fox.downloaded()["verdicts"]
    assert (verdict["kind"], verdict["detector"]) == ("withdraw", "pop") and verdict["finding"]


def test_where_the_browser_keeps_nothing_they_last_as_long_as_the_page(fox: Browser, tmp_path: Path) -> None:
    refuse = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no') }})"
    added = fox.ask(
        "POST",
        "/goog/cdp/execute",
        {"cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": refuse}},
    )
    try:
        fox.open(tmp_path / "shot-0002-truck.html")
        fox.click("#take-1 [data-say=keep]")
        assert fox.text("#mine-count") == "1 verdict, 1 not saved"
        assert "forgets" in fox.text("#mine-where")
        fox.enter("#who", "ann")
        fox.click("#save")
        assert fox.downloaded()["verdicts"][0]["kind"] == "keep"
    finally:
        params = {"cmd": "Page.removeScriptToEvaluateOnNewDocument", "params": added}
        fox.ask("POST", "/goog/cdp/execute", params)


def test_the_newest_take_comes_first(browser: Browser, tmp_path: Path) -> None:
    takes = [samples.take(name=f"v{i}", rank=i) for i in (1, 2, 3)]
    dated = [replace(one, take=replace(one.take, modified=1e9 + i % 3)) for i, one in enumerate(takes, 1)]
    takes_html.write_page(samples.triage(samples.shot(1, "fox", *dated)), tmp_path / "one.html")
    browser.open(tmp_path / "one.html")
    browser.enter("#sort", "newest")
    assert browser.shown() == ["v2", "v1", "v3"]


def test_without_scripts_there_is_a_still_grid(browser: Browser, tmp_path: Path) -> None:
    off = {"cmd": "Emulation.setScriptExecutionDisabled", "params": {"value": True}}
    takes_html.write_page(samples.sample(), tmp_path / "one.html")
    browser.ask("POST", "/goog/cdp/execute", off)
    try:
        browser.open(tmp_path / "one.html")
        shown = {}
        for selector in ("article.take", ".faults", "#shot-table", "#filters", ".say", ".scrub", "#mine"):
            found = browser.ask("POST", "/element", {"using": "css selector", "value": selector})
            shown[selector] = browser.ask("GET", f"/element/{found[ELEMENT]}/css/display") != "none"
    finally:
        off["params"] = {"value": False}
        browser.ask("POST", "/goog/cdp/execute", off)
    assert [selector for selector, seen in shown.items() if seen] == [
        "article.take",
        ".faults",
        "#shot-table",
    ]


def test_tables_of_the_overview_are_sorted_and_filtered(browser: Browser, tmp_path: Path) -> None:
    takes_html.write_folder(replace(samples.sample(), dealt_to="ann"), tmp_path)
    browser.open(tmp_path / "index.html")
    shown = "document.querySelectorAll('#shot-table tbody tr:not([hidden]) th')"
    rows = f"return [...{shown}].map(e => e.textContent)"
    assert browser.run(rows) == ["fox", "truck", "bell"]
    browser.click("#shot-table th:nth-child(1) button")
    assert browser.run(rows) == ["bell", "fox", "truck"]
    browser.click("#shot-table th:nth-child(2) button")
    assert browser.run(rows) == ["fox", "truck", "bell"]
    assert browser.run("return document.querySelector('[aria-sort]').ariaSort") == "descending"
    browser.enter("#shot-show", "failed")
    assert browser.text("#shot-count") == "2 of 3 shots"
    browser.enter("#shot-search", "FO")
    assert browser.run(rows) == ["fox"]
