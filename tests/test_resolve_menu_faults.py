"""The menu scripts where Resolve, the command or the process fails: nothing is lost, and it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from .resolve_menu_world import Studio, Suite, short_edit
from .resolve_run import run_script

NAMES = ["FLICKER", "FREEZE", "FLICKER"]


def names(suite: Suite) -> list[str]:
    return [one.name for one in suite.ours().values()]


@pytest.fixture(scope="module")
def history(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """An audited timeline on which a person has said things, and edited since; to be cloned."""
    suite = studio.suite(tmp_path_factory.mktemp("history") / "home", short_edit)
    person = suite.host.person
    person.add_marker(3, "Blue", "Client", "logo!")
    person.drag_playhead(suite.timeline.first + 11)
    suite.audit()
    person.recolor(suite.one("flicker_1")[0], "Green")
    at, marker = suite.one("freeze_1")
    person.edit_note(at, "Véra: hold it? " + marker.note)
    person.delete_marker(suite.one("hero_v012")[0])
    person.ripple_delete(suite.timeline.clips()[0])
    return suite


def check_history(suite: Suite) -> None:
    """What was said is heard: two verdicts, and words."""
    assert "2 dismissed" in suite.summary()
    assert suite.speaking("hero_v012") == {}
    assert [one.color for one in suite.speaking("flicker_1").values()] in (["Green"], [])
    at, marker = suite.one("freeze_1")
    assert marker.note.startswith("Véra: hold it?") and marker.note.count("Véra") == 1
    assert abs(at - (72 + 10)) <= 1
    assert suite.timeline.markers[3].shown() == ("Blue", "Client", "logo!", 1, "")


# --- Resolve does not answer --------------------------------------------------------------------------


@pytest.mark.parametrize("of", ["Timeline.GetMarkers", "Timeline.Export", "TimelineItem.GetStart"])
def test_a_dialog_that_is_closed_again_is_waited_for(of: str, suite: Suite) -> None:
    suite.host.at(1, lambda: suite.host.modal(4), of)
    suite.audit()
    assert names(suite) == NAMES and "Could not" not in suite.summary()


def test_auto_backup_is_waited_for(suite: Suite) -> None:
    left = iter([False] * 8)
    suite.host.at(60, lambda: suite.host.backup(lambda: next(left, True)))
    run = suite.audit()
    assert names(suite) == NAMES and "waiting for it" in run.out, run.out


def test_a_dialog_that_stays_is_said_and_the_next_run_completes(suite: Suite) -> None:
    suite.host.backup(lambda: False)
    suite.settings["patience"] = 0.3
    run = suite.run()
    assert run.code == 2 and "does not answer" in run.out
    assert suite.timeline.markers == {}
    suite.audit()
    assert names(suite) == NAMES


@pytest.mark.parametrize("call", [5, 150])
def test_handles_that_go_stale_are_taken_anew(call: int, suite: Suite) -> None:
    suite.host.at(call, suite.host.go_stale)
    suite.audit()
    assert names(suite) == NAMES and "Could not" not in suite.summary()


def test_handles_that_go_stale_while_markers_are_written(suite: Suite) -> None:
    suite.host.at(2, suite.host.go_stale, "Timeline.AddMarker")
    suite.run()
    suite.audit()
    assert names(suite) == NAMES and "Could not" not in suite.summary()


@pytest.mark.parametrize("call", [1, 3])
def test_a_marker_that_is_refused_once_is_set_again(call: int, suite: Suite) -> None:
    suite.host.at(call, lambda: suite.host.modal(1), "Timeline.AddMarker")
    suite.audit()
    assert names(suite) == NAMES and len(suite.timeline.markers) == 4


def test_a_marker_that_is_never_taken_is_told_of_and_what_it_displaced_comes_back(audited: Suite) -> None:
    suite = audited
    at, marker = suite.one("freeze_1")
    suite.host.person.edit_note(at, "Bob: " + marker.note)
    before = suite.timeline.markers[at].shown()
    # The note is written anew (words of a person are parted from ours by a dash), and that is refused.
    suite.host.refusal = lambda marker: "Bob: - " in marker.note
    suite.audit()
    assert "Resolve refused 1 marker" in suite.summary()
    assert suite.one("freeze_1")[1].shown() == before and names(suite) == NAMES
    suite.host.refusal = lambda marker: False
    suite.audit()
    assert "refused" not in suite.summary()
    assert suite.one("freeze_1")[1].note.startswith("Bob: - ") and names(suite) == NAMES


# --- the export fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["false", "empty"])
def test_an_export_that_is_no_file_falls_back_and_says_so(how: str, suite: Suite) -> None:
    suite.host.export = {"OTIO": how}
    run = suite.audit()
    assert names(suite) == NAMES and "DRT" in run.out, run.out


def test_no_export_at_all_is_said_and_what_stands_stays(audited: Suite) -> None:
    suite = audited
    before = suite.ours()
    suite.host.export = {"OTIO": "false", "DRT": "false"}
    suite.settings["patience"] = 0.3
    run = suite.run()
    assert run.code == 2 and "Could not export the timeline as OTIO or DRT" in suite.summary()
    assert suite.ours() == before
    suite.host.export = {}
    suite.audit()
    assert suite.ours() == before and "Could not" not in suite.summary()


# --- the process dies -----------------------------------------------------------------------------------


def moments(log: list[str]) -> list[int]:
    """Calls to die at: the export, each that changes a marker, and the last."""
    writing = ("Add", "Delete", "Update", "Export")
    found = {at for at, name in enumerate(log, start=1) if name.split(".")[1].startswith(writing)}
    return sorted(found | {len(log)})


def test_killed_at_any_call_of_an_audit_the_next_run_completes(history: Suite, tmp_path: Path) -> None:
    probe = history.clone(tmp_path / "probe")
    probe.host.log.clear()
    probe.audit()
    check_history(probe)
    for call in moments(probe.host.log):
        suite = history.clone(tmp_path / str(call))
        suite.host.at(call, suite.host.kill)
        assert suite.run().killed
        suite.audit()
        check_history(suite)


def test_killed_at_any_call_of_clear_the_next_audit_knows_all(history: Suite, tmp_path: Path) -> None:
    probe = history.clone(tmp_path / "probe")
    probe.host.log.clear()
    probe.run("Clear Audit Markers")
    assert list(probe.timeline.markers) == [3]
    for call in moments(probe.host.log):
        suite = history.clone(tmp_path / str(call))
        suite.host.at(call, suite.host.kill)
        assert suite.run("Clear Audit Markers").killed
        suite.audit()
        check_history(suite)


@pytest.mark.parametrize("line", [0, 2])
def test_a_command_that_is_killed_is_said_and_the_next_run_completes(
    line: int, history: Suite, tmp_path: Path
) -> None:
    suite = history.clone(tmp_path / "home")
    before = suite.ours()
    run = suite.run(OTIO_TEST_DIE_AT=str(line))
    if run.code:
        assert "ended from outside" in run.out and "ended from outside" in suite.summary()
        assert suite.ours() == before
    suite.audit()
    check_history(suite)


def test_a_first_audit_that_is_killed_while_it_measures_goes_on(studio: Studio, tmp_path: Path) -> None:
    suite = studio.suite(tmp_path / "home", short_edit)
    for path in (suite.home / "store").glob("signals*"):
        path.unlink()
    run = suite.run(OTIO_TEST_DIE_AT="3")
    assert run.code == 2 and "Could not" in suite.summary()
    suite.audit()
    assert names(suite) == NAMES


DAMAGED = [("ledger.json", ""), ("ledger.json", '{"schema": 7}'), ("result.json", "{"), ("lock.json", "{")]


@pytest.mark.parametrize(("name", "text"), DAMAGED)
def test_a_damaged_file_of_ours_is_no_obstacle(name: str, text: str, audited: Suite) -> None:
    suite = audited
    folder = suite.home / "store" / "resolve" / suite.timeline.id
    (folder / name).write_text(text, encoding="utf-8")
    suite.audit()
    assert names(suite) == NAMES and "Could not" not in suite.summary()
    leftovers = [path.name for path in folder.iterdir() if path.suffix not in (".json", ".html", ".otio")]
    assert leftovers == []


def test_a_run_beside_another_one_stops_and_marks_nothing(audited: Suite) -> None:
    suite, beside = audited, []
    before = {at: one.shown() for at, one in suite.timeline.markers.items()}

    def run_beside() -> None:
        script = suite.home / "Scripts" / "Audit Timeline.py"
        beside.append(run_script(suite.host, script, env=suite.env))
        assert {at: one.shown() for at, one in suite.timeline.markers.items()} == before

    suite.host.at(1, run_beside, "Timeline.Export")
    suite.audit()
    assert beside[0].code == 2 and "running already" in beside[0].out
    assert "Could not" not in suite.summary() and names(suite) == NAMES


def test_a_home_that_cannot_be_written_is_said(suite: Suite) -> None:
    (suite.home / "store" / "resolve").write_text("a file where a folder should be", encoding="utf-8")
    run = suite.run()
    assert run.code == 2 and "Could not" in run.out and "Could not" in suite.summary()
