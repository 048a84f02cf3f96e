"""The page of an edit in a real browser, driven by its own driver; skipped where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from otio_ai_audit import people
from otio_ai_audit.report import html_file

from . import report_samples as samples
from .accessibility import violations
from .browser import Browser
from .edit_page import EVERYTHING, SHOWN, choose, show, tick


@pytest.fixture
def edit(browser: Browser, tmp_path: Path) -> Browser:
    """Open the page of an edit with everything that it can show."""
    show(browser, samples.whole(), tmp_path)
    return browser


def test_hostile_pages_run_without_complaint(browser: Browser, tmp_path: Path) -> None:
    result = samples.nasty()
    show(browser, result, tmp_path)
    browser.run(EVERYTHING)
    browser.press("n", "h", "space", "a", "d", "x", "t", "j", "?", "escape")
    assert browser.complaints() == []
    clips = sum(clip.status == "audited" for clip in result.clips)
    assert browser.text("#count") == f"{clips} findings in {clips} of {clips} clips"
    names = browser.run(SHOWN)
    assert samples.NASTY[0] in names and samples.NASTY[1] in names
    assert not browser.run("return document.querySelectorAll('[onerror], [onload]').length")


def test_an_empty_edit_is_a_page_too(browser: Browser, tmp_path: Path) -> None:
    show(browser, samples.result(), tmp_path)
    browser.press("n", "j", "t", "space", "a", "/")
    assert browser.complaints() == []
    assert browser.text("#count") == "0 findings in 0 of 0 clips"


# --- filters ---------------------------------------------------------------------------------------


def test_filters_leave_what_was_asked_for(edit: Browser) -> None:
    everything = ["truck_v013.mp4", "truck_v012.mp4", "snow.mov", "fox_v007.mp4", "bell.mp4"]
    assert sorted(edit.run(SHOWN)) == sorted(everything)
    assert edit.text("#count") == "6 findings in 5 of 5 clips"
    asked = {
        ("#severity", "error"): ["bell.mp4", "fox_v007.mp4", "truck_v012.mp4", "truck_v013.mp4"],
        ("#track", "=V2"): ["snow.mov"],
        ("#subject", "=truck"): ["truck_v012.mp4", "truck_v013.mp4"],
        ("#generator", "=Sora"): ["snow.mov"],
        ("#generator", "="): ["bell.mp4", "fox_v007.mp4", "truck_v013.mp4"],
        ("#search", "TRUCK v013"): ["truck_v013.mp4"],
        ("#search", "client likes"): ["bell.mp4"],
        ("#search", "nowhere to be found"): [],
    }
    for (field, value), left in asked.items():
        edit.click("#all")
        if field != "#severity":
            choose(edit, "#severity", "warning")
        choose(edit, field, value)
        assert sorted(edit.run(SHOWN)) == left, (field, value)
    assert edit.run("return !document.getElementById('nothing').hidden")
    edit.click("#all")
    assert edit.text("#count") == "7 findings in 5 of 5 clips", "a note is shown when it is asked for"


def test_faults_and_states_can_be_left_out(edit: Browser) -> None:
    tick(edit, "#clean")
    for fault in ("flicker", "mismatch"):
        tick(edit, f"#filters [name=detector][value={fault}]")
    assert sorted(edit.run(SHOWN)) == ["fox_v007.mp4", "snow.mov", "truck_v012.mp4"]
    for state in ("fixed", "open"):
        tick(edit, f"#filters [name=state][value={state}]")
    assert edit.run(SHOWN) == ["snow.mov"]
    dim = "return [...document.querySelectorAll('.tracks a.aside')].map(e => e.getAttribute('href'))"
    assert len(edit.run(dim)) == 4, "the timeline shows what is filtered away"


def test_clips_come_in_the_order_asked_for(edit: Browser) -> None:
    orders = {
        "time": ["fox_v007.mp4", "truck_v012.mp4", "bell.mp4", "snow.mov", "truck_v013.mp4"],
        "name": ["bell.mp4", "fox_v007.mp4", "snow.mov", "truck_v012.mp4", "truck_v013.mp4"],
        "worst": ["truck_v013.mp4", "truck_v012.mp4", "snow.mov", "fox_v007.mp4", "bell.mp4"],
    }
    for by, names in orders.items():
        choose(edit, "#sort", by)
        assert edit.run(SHOWN) == names, by
    choose(edit, "#sort", "count")
    assert edit.run(SHOWN)[0] == "truck_v012.mp4"
    choose(edit, "#sort", "detector")
    assert edit.run(SHOWN)[0] == "fox_v007.mp4", "cut comes first"


# --- looking -----------------------------------------------------------------------------------------


def test_frames_around_a_finding_are_stepped_and_played(edit: Browser) -> None:
    edit.press("n", "n")
    moment = "[data-finding=a7f3c1] .moment"
    picture = "return document.querySelector('[data-finding=a7f3c1] .view img').src"
    before = edit.run(picture)
    assert edit.text(moment) == "1.50 s", "nothing plays by itself"
    edit.press(",")
    assert edit.text(moment) == "1.42 s, frame 5 of 6"
    assert edit.run(picture) != before
    edit.press(".", ".")
    assert edit.text(moment) == "1.25 s, frame 1 of 6", "it goes round"
    edit.press("space")
    edit.wait("return document.querySelector(arguments[0]).textContent.includes('frame 4')", moment)
    play = "return document.querySelector('[data-finding=a7f3c1] [data-do=play]').textContent"
    assert edit.run(play) == "Stop"
    edit.press("space")
    assert edit.run(play) == "Play"
    edit.press("space", "p")
    assert edit.run(play) == "Play", "what is left stands still"


def test_heat_is_laid_over_the_frame(edit: Browser) -> None:
    edit.press("n", "n", "h")
    script = (
        "const c = document.querySelector('[data-finding=a7f3c1] canvas');"
        "if (!c) return null;"
        "const look = (x, y) => c.getContext('2d').getImageData(c.width * x, c.height * y, 1, 1).data[3];"
        "return [look(0.27, 0.4), look(0.9, 0.9)]"
    )
    hot, cold = edit.wait(script)
    assert hot > 100 and cold == 0
    edit.press("h")
    assert edit.run(script) is None


def test_curves_are_drawn_where_somebody_looks(edit: Browser) -> None:
    edit.press("n", "n")
    edit.wait("return document.querySelector('#clip-2 .curve.live canvas')")
    assert (
        edit.run("return getComputedStyle(document.querySelector('#clip-2 .curve.live svg')).display")
        == "none"
    )
    before = edit.run("return document.querySelector('#clip-2 .curve').clientHeight")
    assert before == 76, "nothing moves when a curve comes"


def test_places_are_copied(edit: Browser) -> None:
    edit.press("n", "n")
    edit.run(
        "window.heard = []; navigator.clipboard.writeText = async (text) => { heard.push(text); };"
        "for (const b of page.current().querySelectorAll('.copy, .share')) b.click()"
    )
    edit.wait("return heard.length === 3")
    record, source, link = edit.run("return heard")
    assert (record, source) == ("01:00:05:06", "1.250 – 1.750 s")
    assert link.startswith("file:///") and link.endswith("report.html#f-a7f3c1")
    edit.run(
        "navigator.clipboard.writeText = async () => { throw new Error('not from a file'); };"
        "document.execCommand = () => { heard.push(document.activeElement.value); return true; };"
    )
    edit.press("c")
    edit.wait("return heard.length === 4")
    assert edit.run("return heard[3]") == "01:00:05:06"


def test_a_link_shows_what_is_filtered_away(browser: Browser, tmp_path: Path) -> None:
    path = show(browser, samples.whole(), tmp_path)
    note = "return document.querySelector('[data-severity=note]')"
    assert browser.run(f"{note}.hidden")
    anchor = browser.run(f"{note}.id")
    browser.run("location.hash = arguments[0]", anchor)
    browser.wait(f"{note} === document.activeElement")
    assert not browser.run(f"{note}.hidden")
    browser.ask("POST", "/url", {"url": "about:blank"})
    browser.ask("POST", "/url", {"url": f"{path.as_uri()}#{anchor}"})
    browser.wait(f"{note} === page.current()")


# --- verdicts ----------------------------------------------------------------------------------------


def test_verdicts_are_kept_and_saved_for_the_command_line(edit: Browser, tmp_path: Path) -> None:
    edit.press("n", "n", "a", "n", "d", "x")
    assert edit.text("#mine-count") == "3 verdicts, 3 not saved"
    assert edit.text("[data-finding=a7f3c1] .mine-badge") == "you: it stands"
    assert edit.text("#clip-2 h3 .mine-badge") == "you: kill"
    edit.enter("[data-finding='0200fa'] .why", "meant so")
    edit.click("#save")
    assert edit.text("#mine-count") == "Say your name first"
    edit.enter("#who", "Ann")
    edit.click("#save")
    saved = edit.downloaded()
    assert saved["kind"] == "otio-ai-audit verdicts" and saved["who"] == "Ann"
    assert edit.text("#mine-count") == "3 verdicts, saved"
    found = next(edit.downloads.glob("verdicts-*.json"))
    by_kind = {verdict.kind: verdict for verdict in people.from_page(found)}
    assert sorted(by_kind) == ["kill", "withdraw", "wrong-alarm"]
    assert {verdict.key for verdict in by_kind.values()} == {"content2"}
    wrong = by_kind["wrong-alarm"]
    assert (wrong.who, wrong.finding, wrong.detector, wrong.fault) == ("Ann", "0200fa", "pop", "pop")
    assert (wrong.start, wrong.why) == (2.5, "meant so")
    assert wrong.duration == pytest.approx(1 / 24, abs=1e-6)
    assert by_kind["kill"].label == "truck_v012.mp4" and by_kind["kill"].seed == 7
    assert by_kind["withdraw"].finding == "a7f3c1"


def test_a_verdict_is_taken_back_by_its_own_key(edit: Browser) -> None:
    edit.press("n", "d")
    assert edit.text("#mine-count") == "1 verdict, 1 not saved"
    edit.press("a")
    assert edit.text("#mine-count") == "1 verdict, 1 not saved", "another word replaces it"
    edit.press("a")
    assert edit.text("#mine-count") == "No verdicts to save"


def test_verdicts_outlast_the_page(browser: Browser, tmp_path: Path) -> None:
    path = show(browser, samples.whole(), tmp_path)
    other = tmp_path / "other.html"
    html_file.write(replace(samples.whole(), info=replace(samples.INFO, name="Other")), other)

    def give() -> None:
        browser.run("page.step('.finding', 1)")
        if browser.text("#mine-count").startswith("No"):
            browser.press("d")

    browser.go_on(give, path, path, "1 verdict, 1 not saved")
    browser.wait("return document.querySelector('[data-finding=\"0dd000\"] .mine-badge')")
    browser.open(other)
    assert browser.text("#mine-count") == "No verdicts to save", "another edit has its own"


# --- how it is looked at -----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_script_adds_stands_in_nobodys_way(browser: Browser, tmp_path: Path, scheme: str) -> None:
    browser.emulate(color_scheme=scheme)
    show(browser, samples.whole(), tmp_path)
    browser.run(EVERYTHING)
    browser.press("n", "d", "n", "h")
    assert violations(browser) == []
    browser.press("?")
    assert violations(browser, "#help") == []


@pytest.mark.parametrize("sample", ["whole", "nasty"])
def test_a_narrow_window_scrolls_one_way_only(browser: Browser, tmp_path: Path, sample: str) -> None:
    browser.devtools(
        "Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=False
    )
    try:
        show(browser, getattr(samples, sample)(), tmp_path)
        browser.run(EVERYTHING + "; document.body.append(...document.querySelectorAll('article.clip'))")
        wide, window = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window
    finally:
        browser.devtools("Emulation.clearDeviceMetricsOverride")


def test_on_paper_everything_that_matters_is_there(edit: Browser) -> None:
    edit.press("n", "n")
    edit.wait("return document.querySelector('#clip-2 .curve.live')")
    edit.emulate("print")
    shown = (
        "const found = [...document.querySelectorAll(arguments[0])];"
        "return found.filter((e) => getComputedStyle(e).display !== 'none').length"
    )
    for gone in (".plot", ".steps", ".copy", "#filters", "#mine", "#theme", "#help", ".zoom"):
        assert edit.run(shown, gone) == 0, gone
    for kept in (".sign", ".scope", ".timeline", "#clip-2 .curve svg", "#clip-2 .view img", ".badge"):
        assert edit.run(shown, kept) > 0, kept
    assert edit.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    edit.emulate()
    assert edit.print_pdf().startswith(b"%PDF")


def test_without_a_script_it_is_still_a_report(browser: Browser, tmp_path: Path) -> None:
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        show(browser, samples.whole(), tmp_path)
        root = browser.devtools("DOM.getDocument", depth=0)["root"]["nodeId"]

        def seen(selector: str) -> list[int]:
            found = browser.devtools("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"]
            return [node for node in found if has_box(node)]

        def has_box(node: int) -> bool:
            try:
                return bool(browser.devtools("DOM.getBoxModel", nodeId=node))
            except OSError:
                return False

        assert not seen("button") and not seen("select") and not seen("#who")
        assert (
            seen(".tracks a") and seen("#clip-2 .view img") and seen("#clip-2 .curve svg") and seen(".tick")
        )
    finally:
        browser.devtools("Emulation.setScriptExecutionDisabled", value=False)
