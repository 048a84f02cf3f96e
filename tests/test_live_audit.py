"""Audit, Selected Clips, Clear, Report and Markers on a timeline in the test Resolve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.resolve.live import export

from .live_world import World, finding
from .resolve_host import Killed
from .resolve_host_model import Item, Medium, Timeline


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the test Resolve are there at once, or never."""
    monkeypatch.setattr(export, "ARRIVAL", 0.05)


def shown(world: World) -> dict[int, tuple[Any, ...]]:
    return {at: marker.shown() for at, marker in sorted(world.timeline.markers.items())}


# --- audit --------------------------------------------------------------------------------------------


def test_an_audit_sets_markers_a_summary_and_says_one_line(world: World) -> None:
    world.person.add_marker(5, "Blue", "mine", "a note of mine")
    assert world.run() == 0
    # The first frame is somebody's: ours takes the next of the shot, and its range ends where it did.
    assert world.ours() == {0: "AUDIT 14:32", 6: "FLICKER", 53: "FLICKER", 101: "FLASH LIMIT"}
    assert world.timeline.markers[6].frames == 2
    assert world.timeline.markers[5].note == "a note of mine"
    assert world.said[0] == "Advert v3: Look at 3 shots."
    assert world.said[1].startswith("Report: ") and world.said[1].endswith("report.html")
    assert world.ledger()["state"] == "idle"
    assert [row["shot"] for row in world.ledger()["rows"]][1:] == [shot.id for shot in world.shots[:3]]


def test_playhead_and_page_stay_and_nothing_else_is_changed(world: World) -> None:
    world.person.drag_playhead(world.timeline.first + 77)
    world.run()
    assert world.timeline.playhead == world.timeline.first + 77 and world.host.page == "edit"
    assert set(world.host.undo) == {"AddMarker"}
    assert not [name for name in world.host.calls if ".Set" in name or "OpenPage" in name]


def test_the_second_audit_leaves_what_is_the_same(world: World) -> None:
    world.run()
    world.host.undo.clear()
    world.plan(finding("V1/0001"), finding("V1/0002", into=9))
    assert world.run() == 0
    # One moved, one went; the first and the summary's place are as they were.
    assert world.ours() == {0: "AUDIT 14:32", 5: "FLICKER", 57: "FLICKER"}
    assert len([step for step in world.host.undo if step == "DeleteMarkerAtFrame"]) == 3
    assert len([step for step in world.host.undo if step == "AddMarker"]) == 2


def test_the_command_hears_what_the_export_lacks(tmp_path: Path) -> None:
    medium = Medium(
        "/takes/fox_v012.mp4", proxy="/proxy/fox.mov", keywords=("fox", "night"), start=86400
    )  # fmt: skip
    world = World(tmp_path)
    tl = world.timeline
    fox = tl.clip(medium, 24, left=3, color="Orange", flags=["Mint"])
    tl.title(12)
    tl.dissolve(fox, 6)
    still = tl.clip(Medium("/takes/logo.png", 1, kind="Still"), 40, track=2, enabled=False)
    world.run()
    told = world.heard()["live"]
    assert told["timeline"]["id"] == tl.id and told["timeline"]["start_frame"] == 86400
    assert (told["timeline"]["width"], told["timeline"]["height"]) == (1920, 1080)
    assert told["timeline"]["rate"] == "24" and told["timeline"]["drop_frame"] is False
    assert told["resolve"]["product"] == "DaVinci Resolve Studio"
    rows = {row["id"]: row for row in told["items"]}
    row = rows[fox.id]
    assert row["index"] == 5 and row["left"] == 3 and row["color"] == "Orange" and row["flags"] == ["Mint"]
    assert row["keywords"] == ["fox", "night"] and row["proxy"] == "/proxy/fox.mov"
    assert row["file"] == "/takes/fox_v012.mp4" and row["enabled"] is True
    assert rows[still.id]["left"] is None and rows[still.id]["enabled"] is False
    assert [item["name"] for item in told["items"]].count("Text+") == 1
    assert "Cross Dissolve" not in [item["name"] for item in told["items"]]
    assert told["gone"] == [] and told["deleted"] == [] and told["selected"] is None


@pytest.mark.parametrize("form", ["string", "short", "float"])
def test_rates_are_told_as_resolve_says_them(tmp_path: Path, form: str) -> None:
    world = World(tmp_path, rate_form=form)
    world.timeline.rate = "29.97 DF"
    world.run()
    told = world.heard()["live"]["timeline"]
    assert told["rate"].startswith("29") and told["drop_frame"] is True


def test_the_child_has_none_of_resolves_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONHOME", "PYTHONPATH", "PYTHON3HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        monkeypatch.setenv(name, "/nowhere")
    assert world.run() == 0
    env = world.heard()["env"]
    assert not {"PYTHONHOME", "PYTHONPATH", "PYTHON3HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} & set(env)
    assert env["PYTHONUTF8"] == "1"


def test_settings_become_options_of_the_command(world: World) -> None:
    world.run(settings={"options": ["--detectors", "flicker"]})
    argv = world.heard()["argv"]
    assert argv[-2:] == ["--detectors", "flicker"]
    assert argv[0].endswith("timeline.otio") and "--fail-on" in argv and "--progress" in argv


def test_settings_that_cannot_be_meant_are_said(world: World) -> None:
    mine: dict[str, Any] = {
        "option": ["--hidden"],
        "options": "--detectors 'flicker,pop'",
        "patience": "long",
    }
    assert world.run(settings=mine) == 0
    assert world.heard()["argv"][-2:] == ["--detectors", "flicker,pop"]
    assert world.said[0].startswith("SETTINGS: there is no 'option', only clip_markers")
    assert world.said[1] == "SETTINGS: patience must be a number of seconds."


def test_progress_takes_few_lines_and_other_words_are_passed_on(world: World) -> None:
    steps = [json.dumps({"event": "step", "done": n, "total": 400, "name": "fox.mp4"}) for n in range(1, 401)]
    world.plan(stderr=[json.dumps({"event": "say", "text": "Measuring"}), *steps, "A word for a person."])
    assert world.run() == 0
    assert "Measuring …" in world.said and "  400 of 400: fox.mp4" in world.said
    assert len(world.said) <= 6 and "A word for a person." in world.said


def test_an_incomplete_audit_is_an_audit(world: World) -> None:
    world.plan(finding("V1/0001"), code=3)
    assert world.run() == 3
    assert world.ours() == {0: "AUDIT 14:32", 5: "FLICKER"}


# --- failures ------------------------------------------------------------------------------------------


def test_a_failed_command_is_said_in_its_own_words_and_marked(world: World) -> None:
    world.run()
    world.plan(code=2, stderr=["Traceback", "Error: fox.otio cannot be read."])
    assert world.run() == 2
    assert world.said == ["fox.otio cannot be read."]
    notes = [m.note for m in world.timeline.markers.values() if m.name.startswith("AUDIT")]
    assert len(notes) == 1 and notes[0].startswith("Could not finish: fox.otio cannot be read. [audit ")
    # The findings of the last audit are as true as before.
    assert len(world.ours()) == 4
    world.plan(finding("V1/0001"))
    assert world.run() == 0 and world.ours() == {0: "AUDIT 14:32", 5: "FLICKER"}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], "Could not find the command"),
        (["/nowhere/otio-ai-audit"], "Could not start /nowhere/otio-ai-audit"),
    ],
)
def test_a_missing_command_is_said_and_marked(world: World, command: list[str], words: str) -> None:
    assert world.run(command=command) == 2
    assert words in world.said[-1]
    assert words in world.timeline.markers[0].note and world.timeline.markers[0].color == "Cream"


def test_a_timeline_without_clips_is_refused_in_one_sentence(tmp_path: Path) -> None:
    world = World(tmp_path, shots=0)
    assert world.run() == 2
    assert world.said == ['"Advert v3" has no clips on its video tracks; there is nothing to audit.']


def test_no_timeline_and_no_resolve_are_said(world: World) -> None:
    world.host.project.current = None
    assert world.run() == 2 and "No timeline is open" in world.said[-1]
    world.said = []
    from otio_ai_audit.resolve import live

    assert live.main("audit", resolve=None, home=str(world.folder), say=world.said.append) == 2
    assert "Could not reach Resolve" in world.said[-1]


@pytest.mark.parametrize("how", ["false", "directory", "empty", "nothing", "broken"])
def test_without_a_usable_otio_the_drt_is_taken(tmp_path: Path, how: str) -> None:
    world = World(tmp_path, export={"OTIO": how})
    assert world.run() == 0
    assert world.heard()["argv"][0].endswith("timeline.drt")


def test_before_18_5_there_is_only_drt_and_five_arguments(tmp_path: Path) -> None:
    world = World(tmp_path, version="18.1", custom_data=False)
    assert world.run() == 0
    assert world.heard()["argv"][0].endswith("timeline.drt")
    assert len(world.ours()) == 4
    world.host.undo.clear()
    assert world.run() == 0 and world.host.undo == []


def test_no_export_at_all_is_said_and_marked(tmp_path: Path) -> None:
    world = World(tmp_path, export={"OTIO": "nothing", "DRT": "false"})
    assert world.run() == 2
    assert "wrote no usable file" in world.said[-1]
    assert world.timeline.markers[0].note.startswith("Could not export the timeline")


def test_a_dialog_that_stays_open_ends_in_a_sentence(world: World) -> None:
    world.host.at(30, lambda: world.host.modal(10**9))
    assert world.run(settings={"patience": 0.6}) == 2
    assert "Close its open dialogs" in world.said[-1]
    assert world.timeline.markers == {}


@pytest.mark.parametrize(
    "missing",
    [
        "Timeline.GetSetting",
        "Timeline.GetUniqueId",
        "TimelineItem.GetLeftOffset",
        "TimelineItem.GetUniqueId",
        "MediaPoolItem.GetMetadata",
    ],
)
def test_a_version_that_lacks_a_getter_will_do(tmp_path: Path, missing: str) -> None:
    world = World(tmp_path, missing=frozenset([missing]))
    assert world.run() == 0 and len(world.ours()) == 4


# --- people edit meanwhile ------------------------------------------------------------------------------


def meanwhile(world: World, gesture: Any) -> int:
    """Run an audit in which a person does something right after the export."""
    world.host.at(1, gesture, of="Resolve.GetVersionString")
    return world.run()


def test_markers_follow_shots_that_moved(world: World) -> None:
    extra = Item("other.mp4", 0, 24, Medium("/takes/other.mp4"))
    assert meanwhile(world, lambda: world.person.insert(extra, world.shots[0].start)) == 0
    assert world.ours() == {0: "AUDIT 14:32", 29: "FLICKER", 77: "FLICKER", 125: "FLASH LIMIT"}
    assert world.timeline.markers[29].note.startswith("Pulses in V1/0001.")


def test_a_shot_that_went_takes_its_marker_along_and_that_is_said(world: World) -> None:
    assert meanwhile(world, lambda: world.person.ripple_delete(world.shots[1])) == 0
    assert world.ours() == {0: "AUDIT 14:32", 5: "FLICKER", 53: "FLASH LIMIT"}
    assert "1 marker has no place any more" in world.timeline.markers[0].note
    assert any("1 marker has no place any more" in line for line in world.said)


def test_a_trimmed_head_moves_the_marker_and_a_cut_one_is_gone(world: World) -> None:
    def trim() -> None:
        world.person.trim(world.shots[0], head=3)
        world.person.trim(world.shots[1], head=20)

    assert meanwhile(world, trim) == 0
    place = world.shots[0].start - world.timeline.first + 2
    assert world.ours()[place] == "FLICKER"
    assert len(world.ours()) == 3 and "no place any more" in world.timeline.markers[0].note


def test_a_changed_marker_stays_and_nothing_is_written_for_it(world: World) -> None:
    world.run()
    world.plan(finding("V1/0001"), {**finding("V1/0002"), "words": "Pulses more."})
    assert meanwhile(world, lambda: world.person.edit_note(53, "ok, wanted")) == 0
    assert world.timeline.markers[53].note == "ok, wanted"
    assert world.ours() == {0: "AUDIT 14:32", 5: "FLICKER", 53: "FLICKER"}
    assert "1 marker was changed meanwhile" in " ".join(world.said)


def test_a_marker_deleted_meanwhile_is_not_set_again_and_is_told_next_time(world: World) -> None:
    world.run()
    assert meanwhile(world, lambda: world.person.delete_marker(53)) == 0
    assert 53 not in world.ours()
    world.run()
    assert world.heard()["live"]["deleted"] == [finding("V1/0002")["id"]]


def test_another_timeline_opened_meanwhile_ends_the_task(world: World) -> None:
    other = Timeline("Other")
    other.clip(Medium("/takes/x.mp4"), 48)
    world.host.project.timelines.append(other)
    assert meanwhile(world, lambda: world.person.open_timeline("Other")) == 2
    assert "another timeline was opened meanwhile" in world.said[-1]
    assert other.markers == {} and world.host.project.current is other
    assert world.timeline.markers[0].note.startswith('Could not go on with "Advert v3"')
    world.person.open_timeline("Advert v3")
    assert world.run() == 0 and len(world.ours()) == 4


# --- verdicts -------------------------------------------------------------------------------------------


def test_a_deleted_marker_is_told_once_and_a_green_one_stands(world: World) -> None:
    world.run()
    world.person.delete_marker(5)
    world.person.recolor(53, "Green")
    assert world.run() == 0
    told = world.heard()["live"]
    assert told["deleted"] == [finding("V1/0001")["id"]]
    assert world.timeline.markers[53].color == "Green" and 5 not in world.ours()
    world.run()
    assert world.heard()["live"]["deleted"] == []


def test_a_marker_that_went_with_its_shot_is_no_verdict(world: World) -> None:
    world.run()
    world.person.ripple_delete(world.shots[0], markers=True)
    world.run()
    assert world.heard()["live"]["deleted"] == []


def test_tidying_up_all_markers_is_no_verdict(world: World) -> None:
    world.run()
    world.timeline.markers.clear()
    assert world.run() == 0
    assert world.heard()["live"]["deleted"] == []
    assert "tidying up" in world.said[0]


def test_an_older_copy_of_the_project_is_no_verdict(world: World) -> None:
    world.run()
    old = {at: type(m)(**vars(m)) for at, m in world.timeline.markers.items()}
    world.plan(*[finding(f"V1/000{n}", into=9) for n in range(1, 5)], summary="6b6b6b")
    world.run()
    world.timeline.markers.clear()
    world.timeline.markers.update(old)
    world.run()
    assert world.heard()["live"]["deleted"] == []


def test_a_copied_timeline_is_another_one(world: World) -> None:
    world.run()
    copy = world.person.duplicate("Advert v4")
    world.person.open_timeline("Advert v4")
    copy.markers.pop(5)
    world.run()
    assert world.heard()["live"]["deleted"] == []


def test_written_is_told_so_that_a_persons_words_show(world: World) -> None:
    world.run()
    note = world.timeline.markers[5].note
    world.person.edit_note(5, "Ask Ann. " + note)
    world.run()
    row = next(row for row in world.heard()["live"]["markers"] if row["frame"] == 5)
    assert row["written"] == note and row["note"] == "Ask Ann. " + note


# --- selected clips --------------------------------------------------------------------------------------


def test_selected_clips_are_audited_and_the_other_markers_stay(tmp_path: Path) -> None:
    world = World(tmp_path, version="21.0")
    world.run()
    world.person.select(world.shots[1])
    world.plan(finding("V1/0002", into=9), summary="6b6b6b")
    assert world.run("selected") == 0
    assert world.heard()["live"]["selected"] == [world.shots[1].id]
    assert world.ours() == {0: "AUDIT 14:32", 5: "FLICKER", 57: "FLICKER", 101: "FLASH LIMIT"}
    assert "Auditing 1 selected clip." in world.said


def test_before_21_the_clip_under_the_playhead_is_audited_and_that_is_said(world: World) -> None:
    world.person.drag_playhead(world.shots[2].start + 4)
    assert world.run("selected") == 0
    assert world.heard()["live"]["selected"] == [world.shots[2].id]
    assert "the clip under the playhead, shot_03.mp4" in world.said[0]


# --- clear, report, markers -------------------------------------------------------------------------------


def test_clear_takes_only_ours_and_remembers_what_a_person_said(world: World) -> None:
    world.person.add_marker(7, "Cream", "AUDIT", "mine, not theirs")
    world.run()
    world.person.recolor(5, "Green")
    world.person.edit_note(53, "ok " + world.timeline.markers[53].note)
    world.person.recolor(101, "Purple")
    assert world.run("clear") == 0
    assert sorted(world.timeline.markers) == [7, 101]
    assert world.said == ["Took away 3 audit markers; 1 in another colour was left."]
    world.run()
    gone = world.heard()["live"]["gone"]
    assert {row["frame"]: row["color"] for row in gone} == {5: "Green", 53: "Lemon"}
    assert world.heard()["live"]["deleted"] == []
    world.run()
    assert world.heard()["live"]["gone"] == []


def test_clear_after_a_deletion_remembers_the_deletion(world: World) -> None:
    world.run()
    world.person.delete_marker(5)
    world.run("clear")
    world.run()
    assert world.heard()["live"]["deleted"] == [finding("V1/0001")["id"]]


def test_clear_where_there_is_nothing_says_so(world: World) -> None:
    assert world.run("clear") == 0 and world.said == ["There are no audit markers here."]
    assert world.timeline.markers == {}


def test_the_report_is_opened_and_its_absence_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from otio_ai_audit.resolve.live import context

    opened: list[str] = []
    monkeypatch.setattr(context, "show", lambda path: not opened.append(path))
    assert world.run("report") == 2
    assert "has not been audited here yet" in world.said[-1]
    assert world.timeline.markers[0].note.startswith("Could not open a report")
    world.run(settings={"open_report": True})
    world.run("report")
    assert opened == [str(world.home / "report.html")] * 2


def test_markers_of_an_earlier_result_are_set_where_its_shots_are_now(world: World) -> None:
    world.run()
    world.run("clear")
    extra = Item("other.mp4", 0, 24, Medium("/takes/other.mp4"))
    world.person.insert(extra, world.shots[0].start)
    assert world.run("markers", result=str(world.home / "result.json")) == 0
    assert world.ours() == {0: "AUDIT 14:32", 29: "FLICKER", 77: "FLICKER", 125: "FLASH LIMIT"}


def test_markers_of_a_result_that_no_script_made(world: World) -> None:
    world.run()
    result = json.loads((world.home / "result.json").read_text(encoding="utf-8"))
    path = world.folder / "elsewhere.json"
    path.write_text(json.dumps({**result, "live": None}), encoding="utf-8")
    world.run("clear")
    assert world.run("markers", result=str(path)) == 0 and len(world.ours()) == 4
    world.person.edit_note(5, "ok " + world.timeline.markers[5].note)
    before = shown(world)
    assert world.run("markers", result=str(path)) == 0
    assert {**shown(world), 0: None} == {**before, 0: None}


@pytest.mark.parametrize("change", [{"name": "Other"}, {"rate": "25/1"}, {"start_timecode": "00:00:00:00"}])
def test_a_result_of_another_timeline_is_refused(world: World, change: dict[str, str]) -> None:
    world.run()
    result = json.loads((world.home / "result.json").read_text(encoding="utf-8"))
    result["timeline"].update(change)
    path = world.folder / "elsewhere.json"
    path.write_text(json.dumps({**result, "live": None}), encoding="utf-8")
    assert world.run("markers", result=str(path)) == 2
    assert "Open the timeline that was audited" in world.said[-1]
    assert world.run("markers", result=str(world.folder / "none.json")) == 2


# --- one at a time, and killed anywhere -----------------------------------------------------------------


def test_two_tasks_on_one_timeline_do_not_meet(world: World) -> None:
    said: list[int] = []
    world.host.at(1, lambda: said.append(World.run(other, "clear")), of="Timeline.Export")
    other = World(world.folder)
    other.host, other.timeline = world.host, world.timeline
    assert world.run() == 0
    assert said == [2] and "running already" in other.said[-1]
    assert len(world.ours()) == 4 and not (world.home / "lock.json").exists()


def test_the_lock_of_a_dead_process_is_taken_over(world: World) -> None:
    world.run()
    (world.home / "lock.json").write_text('{"pid": 4194399}', encoding="utf-8")
    assert world.run() == 0
    (world.home / "lock.json").write_text("", encoding="utf-8")
    assert world.run() == 0


def swept(tmp_path: Path, fault: str, every: int, first: int) -> None:
    """Let a fault happen before every n-th call of a second audit; the timeline ends as without it."""

    def prepared(name: str) -> World:
        (tmp_path / name).mkdir()
        world = World(tmp_path / name)
        world.person.add_marker(5, "Blue", "mine", "a note")
        world.run()
        world.host.calls.clear()
        world.plan(finding("V1/0001"), finding("V1/0002", 7), finding("V1/0004"), summary="6b6b6b")
        return world

    plain = prepared("plain")
    plain.run()
    for number in range(first, plain.host.calls["total"] + 1, every):
        world = prepared(str(number))
        host = world.host
        faults = {"kill": host.kill, "modal": lambda: host.modal(4), "stale": host.go_stale}  # noqa: B023
        host.at(number, faults[fault])
        try:
            code = world.run()
        except Killed:
            host.dead = False
            code = world.run()
            assert world.heard()["live"]["deleted"] == [], number
        assert (code, shown(world)) == (0, shown(plain)), number
        assert world.ledger()["state"] == "idle"


@pytest.mark.parametrize(("fault", "first"), [("kill", 1), ("modal", 2), ("stale", 3)])
def test_a_fault_at_any_call_changes_nothing_in_the_end(tmp_path: Path, fault: str, first: int) -> None:
    swept(tmp_path, fault, every=19, first=first)


def test_a_refused_marker_brings_back_what_it_displaced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    world.plan({**finding("V1/0001"), "color": "Chartreuse"}, finding("V1/0002"))
    assert world.run() == 0
    assert world.timeline.markers[5].color == "Lemon"
    assert "Resolve refused 1 marker" in " ".join(world.said)
    assert "Resolve refused 1 marker" in world.timeline.markers[0].note


def test_a_thousand_markers_take_little_of_our_own_time(tmp_path: Path) -> None:
    import time

    from otio_ai_audit.resolve.live import audit

    world = World(tmp_path, shots=1000)
    world.plan(*[finding(f"V1/{n:04d}") for n in range(1, 1001)])
    spans: list[float] = []
    original = audit.set_markers

    def timed(*arguments: Any) -> Any:
        start = time.perf_counter()
        try:
            return original(*arguments)
        finally:
            spans.append(time.perf_counter() - start)

    audit.set_markers = timed
    try:
        assert world.run() == 0
    finally:
        audit.set_markers = original
    assert len(world.ours()) == 1001 and spans[0] < 2.0, spans
    assert world.host.calls["Timeline.GetMarkers"] < 12


def test_verdicts_stand_when_an_earlier_result_is_set_again(world: World) -> None:
    world.run()
    world.person.recolor(5, "Green")
    world.person.edit_note(53, "Ask Ann. " + world.timeline.markers[53].note)
    world.person.recolor(101, "Purple")
    world.run()
    before = shown(world)
    assert world.run("markers", result=str(world.home / "last.json")) == 0
    assert {**shown(world), 0: None} == {**before, 0: None}


def test_the_next_audit_compares_with_the_last_whole_one(tmp_path: Path) -> None:
    world = World(tmp_path, version="21.0")
    (world.home).mkdir(parents=True)
    (world.home / "last.json").write_text("{ damaged", encoding="utf-8")
    world.run()
    assert "--against" not in world.heard()["argv"]
    result = json.loads((world.home / "result.json").read_text(encoding="utf-8"))
    fixed = {"clip": "V1/0002", "state": "fixed", "score": 0.9, "detector": "flicker"}
    (world.home / "last.json").write_text(json.dumps({**result, "findings": []}), encoding="utf-8")
    world.plan(finding("V1/0001"), fixed=[fixed, {**fixed, "clip": None}, {**fixed, "score": 0.3}])
    world.run()
    argv = world.heard()["argv"]
    assert argv[argv.index("--against") + 1] == str(world.home / "last.json")
    assert "V1/0002: flicker fixed" in world.said
    world.person.select(world.shots[1])
    world.run("selected")
    assert "--against" not in world.heard()["argv"]


def test_a_deletion_that_was_undone_before_any_audit_heard_it_is_none(world: World) -> None:
    world.run()
    marker = world.timeline.markers.pop(5)
    world.plan(code=2, stderr=["Error: no."])
    world.run()
    assert world.ledger()["deleted"] == [finding("V1/0001")["id"]]
    world.timeline.markers[5] = marker
    world.plan(finding("V1/0001"))
    world.run()
    assert world.heard()["live"]["deleted"] == [] and 5 in world.ours()


def test_a_failed_audit_leaves_the_last_result(world: World) -> None:
    world.run()
    before = (world.home / "result.json").read_text(encoding="utf-8")
    world.plan(code=2, stderr=["Error: no."])
    assert world.run() == 2
    assert (world.home / "result.json").read_text(encoding="utf-8") == before


def test_a_timeline_that_is_closed_meanwhile_is_said(world: World) -> None:
    def close() -> None:
        world.host.project.current = None

    assert meanwhile(world, close) == 2
    assert world.said[-1] == 'Could not go on with "Advert v3": it was closed. Open it and run this again.'


def test_a_small_timeline_that_is_full_says_so(tmp_path: Path) -> None:
    world = World(tmp_path, shots=1)
    world.shots[0].duration = 3
    for at in range(3):
        world.person.add_marker(at, "Blue", "mine")
    world.plan(finding("V1/0001", into=1))
    assert world.run() == 0
    assert "2 markers have no free frame in their shots; see the report." in world.said


def test_words_that_resolve_changes_by_itself_are_no_persons(world: World) -> None:
    world.plan({**finding("V1/0001"), "words": "Two\r\nlines."})
    world.host.at(3, lambda: None)
    original = world.timeline.markers

    class Trimmed(dict):  # type: ignore[type-arg]
        def __setitem__(self, at: int, marker: Any) -> None:
            marker.note = marker.note.replace("\r\n", "\n")
            super().__setitem__(at, marker)

    world.timeline.markers = Trimmed(original)
    assert world.run() == 0 and not any("not where Resolve" in line for line in world.said)
    world.run()
    row = next(row for row in world.heard()["live"]["markers"] if row["frame"] == 5)
    assert row["written"] == row["note"]


def test_a_lock_of_another_machine_is_believed_for_a_day(world: World) -> None:
    import time

    world.run()
    path = world.home / "lock.json"
    told = {"pid": 1, "host": "another", "time": time.time()}
    path.write_text(json.dumps(told), encoding="utf-8")
    assert world.run() == 2 and str(path) in world.said[-1]
    assert "AUDIT 14:32" in world.ours().values()
    path.write_text(json.dumps({**told, "time": time.time() - 25 * 3600}), encoding="utf-8")
    assert world.run() == 0
