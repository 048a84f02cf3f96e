"""The pages of takes in a real browser, driven by its own driver; skipped where there is none."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit import people
from otio_ai_audit.report import takes_html

from . import triage_samples as samples

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"left": "\ue012", "up": "\ue013", "right": "\ue014", "down": "\ue015"}


class Browser:
    """As much of the WebDriver protocol as these tests need."""

    def __init__(self, port: int, downloads: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.downloads = downloads
        self.session = ""

    def begin(self, binary: str, profile: Path) -> None:
        options = {
            "binary": binary,
            "args": [
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
                *("--disable-background-networking", "--disable-component-update", "--disable-quic"),
                *("--disable-dev-shm-usage", f"--user-data-dir={profile}", "--window-size=1200,900"),
            ],
            "prefs": {
                "download.default_directory": str(self.downloads),
                "download.prompt_for_download": False,
            },
        }
        asked = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": asked}})
        self.session = f"/session/{answer['sessionId']}"

    def _ask(self, method: str, path: str, data: object = None) -> Any:
        body = json.dumps(data).encode() if method == "POST" else None
        request = urllib.request.Request(self.address + path, body, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def ask(self, method: str, path: str, data: object = None) -> Any:
        return self._ask(method, self.session + path, data)

    def open(self, path: Path) -> None:
        self.ask("POST", "/url", {"url": path.as_uri()})

    def go_on(self, give: Callable[[], None], here: Path, there: Path, count: str) -> None:
        """Give verdicts and open another page, at the pace of a person.

        A browser that is busy may end a page before it has handed on what was kept a moment ago.
        """
        for pause in (0.5, 1.0, 2.0, 4.0):
            give()
            time.sleep(pause)
            self.open(there)
            if self.text("#mine-count") == count:
                return
            self.open(here)
        self.open(there)
        assert self.text("#mine-count") == count

    def run(self, script: str, *arguments: object) -> Any:
        return self.ask("POST", "/execute/sync", {"script": script, "args": arguments})

    def press(self, *keys: str) -> None:
        told = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": told}]})

    def hover(self, selector: str, across: float) -> None:
        """Put the mouse at a share of an element's width."""
        x, y = self.run(
            "const e = document.querySelector(arguments[0]);"
            "e.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const b = e.getBoundingClientRect();"
            "return [b.left + arguments[1] * b.width, b.top + b.height / 2]",
            selector,
            across,
        )
        move = {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "m", "actions": [move]}]})

    def click(self, selector: str) -> None:
        self.run("document.querySelector(arguments[0]).click()", selector)

    def enter(self, selector: str, text: str) -> None:
        self.run(
            "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
            "for (const kind of ['input', 'change']) e.dispatchEvent(new Event(kind, {bubbles: true}))",
            selector,
            text,
        )

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def shown(self) -> list[str]:
        """Names of the takes that are to be seen, in order."""
        script = (
            "return [...document.querySelectorAll('article.take:not([hidden])')].map(e => e.dataset.title)"
        )
        return list(self.run(script))

    def focused(self) -> str:
        return str(self.run("return document.activeElement.dataset.title || document.activeElement.id"))

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]

    def downloaded(self) -> dict[str, Any]:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = [path for path in self.downloads.glob("verdicts-*.json") if path.stat().st_size]
            if found:
                return dict(json.loads(found[0].read_text("utf-8")))
            time.sleep(0.05)
        raise AssertionError("nothing was saved")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    binary = next((found for found in map(shutil.which, names) if found), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no Chromium with its driver here")
    home = tmp_path_factory.mktemp("browser")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [driver, f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(home)},
    )
    browser = Browser(port, home / "downloads")
    browser.downloads.mkdir()
    try:
        for _ in range(100):
            try:
                browser._ask("GET", "/status")
                break
            except OSError:
                time.sleep(0.1)
        try:
            browser.begin(binary, home / "profile")
        except OSError as error:
            pytest.skip(f"{binary} does not run here: {error}")
        yield browser
        browser.ask("DELETE", "")
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def browser(running: Browser, tmp_path: Path) -> Iterator[Browser]:
    yield running
    running.run("try { localStorage.clear() } catch {}")
    for path in running.downloads.iterdir():
        path.unlink()


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
