"""The menu scripts from end to end: a person in Resolve, the scripts as shipped, the real command line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from .edits import pan
from .resolve_host import EDITIONS
from .resolve_host_model import Item, Medium, Timeline
from .resolve_menu_world import FRAMES, SIZE, Studio, Suite, plain_command, short_edit, shots_45
from .resolve_run import old_pythons


def shot(suite: Suite, of: str) -> Item:
    return next(i for i in suite.timeline.items() if i.medium and Path(i.medium.path).stem == of)


def room(suite: Suite, item: Item) -> range:
    return range(item.start - suite.timeline.first, item.end - suite.timeline.first)


def test_the_first_five_minutes(studio: Studio, tmp_path: Path) -> None:
    suite = studio.suite(tmp_path / "home", shots_45)
    suite.command = plain_command(tmp_path)
    suite.env["OTIO_AI_AUDIT_COMMAND"] = str(suite.command)
    person, tl = suite.host.person, suite.timeline
    media = {Path(medium.path).stem: medium for medium in suite.host.project.media}
    person.add_marker(0, "Red", "Client", "starts too dark")
    person.add_marker(97, "Lemon", "FLICKER", "mine, in your colour")
    person.drag_playhead(tl.first + 300)
    theirs = dict(tl.markers)

    run = suite.audit()
    assert "Look at 7 of 42 shots; 1 not checked" in suite.summary()
    assert "Look at 7 of 42 shots" in run.out and "report.html" in run.out.splitlines()[-1]
    faulty = ["flicker_1", "freeze_1", "hero_v012", "flicker_2", "black_1", "freeze_2", "flicker_3"]
    before = {of: suite.one(of) for of in faulty}
    assert before["flicker_1"][0] == 98  # the next free frame, since 97 is somebody's
    colors = [before[of][1].color for of in faulty]
    assert colors == ["Lemon", "Sky", "Lemon", "Lemon", "Sky", "Sky", "Lemon"]
    (unchecked,) = (one for one in suite.ours().values() if one.name == "NOT CHECKED")
    assert "fox_v012.mp4" in unchecked.note
    assert len(suite.ours()) == 8

    person.delete_marker(before["freeze_1"][0])
    person.recolor(before["flicker_2"][0], "Green")
    person.edit_note(before["flicker_3"][0], "Anna: " + before["flicker_3"][1].note)
    person.ripple_delete(tl.clips()[6])
    person.swap_media(shot(suite, "hero_v012"), media["hero_v013"])

    run = suite.audit()
    assert "2 dismissed" in suite.summary()
    assert suite.speaking("freeze_1") == {}
    assert [one.color for one in suite.speaking("flicker_2").values()] == ["Green"]
    assert suite.one("flicker_2")[0] == before["flicker_2"][0] - 24
    assert suite.one("flicker_3")[1].note.startswith("Anna")
    assert suite.speaking("hero_v013") == {} and "hero_v013" in run.out and "fixed" in run.out
    for of in ("black_1", "freeze_2", "flicker_3"):
        assert suite.one(of)[0] == before[of][0] - 24  # as their shots
    assert suite.one("flicker_1")[0] == 98 or suite.one("flicker_1")[0] == 97 - 24

    run = suite.run("Clear Audit Markers")
    assert suite.timeline.markers == theirs and "Took away" in run.out

    suite.audit()
    assert "2 dismissed" in suite.summary()
    assert suite.speaking("freeze_1") == {} and suite.speaking("flicker_2") == {}
    assert suite.one("flicker_3")[1].note.startswith("Anna")
    assert len(suite.ours()) == 5


def test_an_audit_of_an_unchanged_timeline_touches_the_summary_alone(audited: Suite) -> None:
    suite = audited
    before = suite.ours()
    suite.host.undo.clear()
    suite.audit()
    assert suite.ours() == before
    assert len(suite.host.undo) <= 2


def test_markers_stand_on_the_first_frame_of_the_fault_and_end_at_the_cut(audited: Suite) -> None:
    suite = audited
    frozen = shot(suite, "freeze_1")
    at, marker = suite.one("freeze_1", "freeze")
    # Pictures 12 to 28 are the same; the shot begins with picture 2.
    assert abs(at - (room(suite, frozen).start + 12 - 2)) <= 1
    assert abs(marker.frames - 17) <= 1
    at, marker = suite.one("flicker_1", "flicker")
    assert at + marker.frames <= room(suite, shot(suite, "flicker_1")).stop


@pytest.mark.parametrize(("version", "studio_edition"), EDITIONS)
def test_every_version_and_edition(
    version: str, studio_edition: bool, studio: Studio, tmp_path: Path
) -> None:
    suite = studio.suite(tmp_path / "home", short_edit, version=version, studio=studio_edition)
    if not suite.host.lists_python:
        assert (version, studio_edition) == ("21.1", False)  # no .py is in the menu; nothing to run
        return
    run = suite.audit()
    assert [one.name for one in suite.ours().values()] == ["FLICKER", "FREEZE", "FLICKER"], run.out
    assert suite.host.popups == 0
    assert ("DRT" in run.out) is (version == "18.1"), run.out


def test_an_old_build_without_custom_data(studio: Studio, tmp_path: Path) -> None:
    suite = studio.suite(tmp_path / "home", short_edit, version="18.5", custom_data=False)
    suite.audit()
    names = [one.name for one in suite.ours().values()]
    at, _ = suite.one("flicker_1")
    suite.host.person.recolor(at, "Green")
    suite.audit()
    assert [one.name for one in suite.ours().values()] == names and "1 dismissed" in suite.summary()
    suite.run("Clear Audit Markers")
    assert suite.timeline.markers == {}


def test_in_the_oldest_python_that_is_here(suite: Suite) -> None:
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python here that is older than this one")
    suite.python = next(iter(pythons.values()))
    suite.audit()
    assert [one.name for one in suite.ours().values()] == ["FLICKER", "FREEZE", "FLICKER"]
    suite.run("Clear Audit Markers")
    assert suite.timeline.markers == {}


RATES = [("23.976", "string"), ("29.97 DF", "string"), ("29.97", "short")]


@pytest.mark.parametrize(("rate", "form"), RATES)
def test_at_every_rate_the_markers_stand_on_the_fault(
    rate: str, form: str, studio: Studio, tmp_path: Path
) -> None:
    def edit(media: dict[str, Medium]) -> Timeline:
        tl = Timeline("Advert", rate, size=SIZE)
        frames = int(FRAMES * tl.exact / 24)
        for name in ("good_1", "freeze_1", "good_2"):
            tl.clip(media[name], frames)
        return tl

    suite = studio.suite(tmp_path / "home", edit, rate_form=form)
    suite.audit()
    at, marker = suite.one("freeze_1", "freeze")
    scale = suite.timeline.exact / 24
    assert abs(at - (room(suite, shot(suite, "freeze_1")).start + 12 * scale)) <= 2
    assert abs(marker.frames - 17 * scale) <= 2 + scale


def test_a_resolve_with_all_its_quirks(studio: Studio, tmp_path: Path) -> None:
    """A still, a title, a dissolve, words in another language, and old getters gone."""

    def edit(media: dict[str, Medium]) -> Timeline:
        tl = short_edit(media)
        still = tmp_path / "Kühe 100 % #1.png"
        Image.fromarray(next(pan(7, 1, SIZE))).save(still)
        tl.dissolve(tl.clips()[1], 8)
        tl.clip(Medium(str(still), 1, kind="Still", size=SIZE), 40)
        tl.clip(media["freeze_2"], 36, left=2)
        return tl

    suite = studio.suite(
        tmp_path / "home",
        edit,
        version="21.1",
        language="de",
        absolute_frames="accepted",
        missing=frozenset({"Timeline.GetSetting", "Project.GetSetting"}),
    )
    run = suite.audit()
    assert "could not" not in run.out.lower(), run.out
    names = [one.name for one in suite.ours().values()]
    assert names == ["FLICKER", "FREEZE", "FLICKER", "FREEZE"]
    assert abs(suite.one("freeze_2", "freeze")[0] - (room(suite, shot(suite, "freeze_2")).start + 6)) <= 1
    assert max(suite.ours()) < suite.timeline.end - suite.timeline.first


# --- verdicts and words -----------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["green", "ok", "deleted"])
def test_a_verdict_lasts_through_what_is_done_to_the_shot(verdict: str, audited: Suite) -> None:
    suite = audited
    person = suite.host.person
    at, marker = suite.one("flicker_1")
    if verdict == "green":
        person.recolor(at, "Green")
    elif verdict == "ok":
        person.edit_note(at, "ok, meant so. " + marker.note)
    else:
        person.delete_marker(at)
    item = shot(suite, "flicker_1")
    person.trim(item, head=3, tail=2)
    person.swap(item, shot(suite, "good_2"))
    suite.audit()
    assert "1 dismissed" in suite.summary()
    assert {one.name for one in suite.ours().values()} == {"FLICKER", "FREEZE"}
    assert suite.one("hero_v012") and suite.one("freeze_1")


def test_a_deleted_shot_takes_its_markers_along_and_is_no_verdict(audited: Suite) -> None:
    suite = audited
    person = suite.host.person
    item = shot(suite, "flicker_1")
    person.delete_marker(suite.one("flicker_1")[0])
    person.ripple_delete(item)
    suite.audit()
    assert "dismissed" not in suite.summary()
    person.insert(Item(item.name, 0, 36, item.medium, 2), suite.timeline.first)
    suite.audit()
    assert suite.one("flicker_1")[1].color == "Lemon"


def test_a_marker_in_another_colour_is_somebodys_and_stays_also_for_clear(audited: Suite) -> None:
    suite = audited
    at, _ = suite.one("freeze_1")
    suite.host.person.recolor(at, "Purple")
    suite.audit()
    assert suite.timeline.markers[at].color == "Purple" and len(suite.speaking("freeze_1")) == 1
    run = suite.run("Clear Audit Markers")
    assert list(suite.timeline.markers) == [at] and "1 in another colour was left" in run.out


def test_a_marker_that_was_cleared_by_hand_all_at_once_is_no_verdict(audited: Suite) -> None:
    suite = audited
    suite.timeline.markers.clear()
    run = suite.audit()
    assert "tidying up" in run.out and len(suite.ours()) == 3


def test_words_stay_where_a_fault_stays_and_the_rest_is_said_anew(audited: Suite) -> None:
    suite = audited
    person = suite.host.person
    at, marker = suite.one("flicker_1")
    person.edit_note(at, marker.note.replace(" [audit", " Bob asks Véra. [audit"))
    person.ripple_delete(shot(suite, "good_1"))
    suite.audit()
    at, marker = suite.one("flicker_1")
    assert "Bob asks Véra." in marker.note and marker.note.count("Bob") == 1
    assert at in room(suite, shot(suite, "flicker_1"))


def test_clear_keeps_what_was_said_on_markers_for_the_next_audit(audited: Suite) -> None:
    suite = audited
    person = suite.host.person
    person.recolor(suite.one("flicker_1")[0], "Green")
    at, marker = suite.one("freeze_1")
    person.edit_note(at, "Bob: " + marker.note)
    suite.run("Clear Audit Markers")
    assert suite.timeline.markers == {}
    suite.run("Clear Audit Markers")
    suite.audit()
    assert "1 dismissed" in suite.summary() and suite.speaking("flicker_1") == {}
    assert "Bob" in suite.one("freeze_1")[1].note


# --- somebody edits meanwhile -----------------------------------------------------------------------


def test_a_marker_that_a_person_edits_meanwhile_stays_as_it_is(audited: Suite) -> None:
    suite = audited
    at, marker = suite.one("freeze_1")
    person = suite.host.person
    person.ripple_delete(shot(suite, "good_1"))
    note = "Bob has just seen it. " + marker.note
    suite.meanwhile(lambda: person.edit_note(at, note))
    run = suite.audit()
    assert suite.timeline.markers[at].note == note and len(suite.ours()) == 3
    assert "changed meanwhile" in run.out + suite.summary()


def test_a_marker_that_a_person_deletes_meanwhile_does_not_come_back(audited: Suite) -> None:
    suite = audited
    at, _ = suite.one("freeze_1")
    suite.meanwhile(lambda: suite.host.person.delete_marker(at))
    suite.audit()
    assert suite.speaking("freeze_1") == {}
    suite.audit()
    assert suite.speaking("freeze_1") == {}


def test_a_marker_of_ours_that_comes_back_meanwhile_keeps_its_words(audited: Suite) -> None:
    suite = audited
    at, marker = suite.one("freeze_1")
    suite.run("Clear Audit Markers")
    undone = replace(marker, note="Bob: hold it. " + marker.note, custom="")
    suite.meanwhile(lambda: suite.timeline.markers.update({at + 1: undone}))
    suite.audit()
    assert suite.one("freeze_1") == (at + 1, undone)
    suite.audit()
    assert "Bob: hold it." in suite.one("freeze_1")[1].note


def test_markers_are_placed_by_the_clips_as_they_are_then(suite: Suite) -> None:
    person = suite.host.person
    suite.meanwhile(lambda: person.ripple_delete(shot(suite, "good_1")))
    suite.audit()
    for of in ("flicker_1", "freeze_1", "hero_v012"):
        at, marker = suite.one(of)
        assert at + marker.frames <= room(suite, shot(suite, of)).stop
    assert abs(suite.one("freeze_1")[0] - (room(suite, shot(suite, "freeze_1")).start + 10)) <= 1


def test_a_frame_that_is_taken_meanwhile_sends_ours_to_the_next(audited: Suite) -> None:
    suite, person = audited, audited.host.person
    at, _ = suite.one("flicker_1")
    suite.timeline.markers.clear()
    suite.meanwhile(lambda: [person.add_marker(at + n, "Blue", "mine") for n in (0, 1)])
    suite.meanwhile(lambda: person.add_marker(at + 2, "Blue", "in the last moment"), 1, "Timeline.AddMarker")
    suite.audit()
    assert suite.one("flicker_1")[0] == at + 3


def test_a_timeline_that_is_switched_meanwhile_is_left_alone(suite: Suite) -> None:
    other = Timeline("Other")
    other.title(500)
    suite.host.project.timelines.append(other)
    audited = suite.timeline
    suite.meanwhile(lambda: suite.host.person.open_timeline("Other"))
    run = suite.run()
    assert run.code == 2 and "another timeline was opened" in run.out
    assert other.markers == {}
    suite.host.person.open_timeline(audited.name)
    suite.audit()
    assert len(suite.ours()) == 3 and "Could not" not in suite.summary()


# --- several timelines --------------------------------------------------------------------------------


def test_two_timelines_of_one_name_do_not_know_of_each_other(audited: Suite) -> None:
    suite = audited
    first = suite.timeline
    media = {Path(medium.path).stem: medium for medium in suite.host.project.media}
    second = short_edit(media)
    suite.host.project.timelines.append(second)
    suite.host.project.current = second
    suite.audit()
    assert len(suite.ours(first)) == len(suite.ours(second)) == 3
    suite.run("Clear Audit Markers")
    assert len(suite.ours(first)) == 3 and suite.ours(second) == {}
    suite.host.project.current = first
    suite.audit()
    assert len(suite.ours()) == 3 and "dismissed" not in suite.summary()


def test_a_duplicated_timeline_takes_its_markers_over(audited: Suite) -> None:
    suite = audited
    person = suite.host.person
    first = suite.timeline
    before = dict(first.markers)
    copy = person.duplicate("Advert v4")
    person.recolor(suite.one("flicker_1")[0], "Green")
    person.delete_marker(suite.one("freeze_1")[0])
    suite.audit()
    # It was not written on this timeline by us, so a marker that is not there is no verdict.
    assert len(suite.ours(copy)) == 3 and "1 dismissed" in suite.summary()
    assert first.markers == before


# --- other scripts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["20.3", "21.0"])
def test_only_selected_clips_are_audited(version: str, studio: Studio, tmp_path: Path) -> None:
    suite = studio.suite(tmp_path / "home", short_edit, version=version)
    item = shot(suite, "freeze_1")
    suite.host.person.drag_playhead(item.start + 3)
    if version == "21.0":
        suite.host.person.select(item)
    run = suite.run("Audit Selected Clips")
    assert [one.name for one in suite.ours().values()] == ["FREEZE"]
    assert ("under the playhead" in run.out) is (version == "20.3")


def test_markers_of_clips_that_are_not_selected_stay(audited: Suite) -> None:
    suite = audited
    before = suite.ours()
    suite.host.person.drag_playhead(shot(suite, "good_1").start)
    suite.run("Audit Selected Clips")
    assert suite.ours() == before


def test_the_report_opens_once_there_is_one(suite: Suite, tmp_path: Path) -> None:
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n', encoding="utf-8")
    opener.chmod(0o755)
    suite.env["PATH"] = f"{opener.parent}:{suite.env['PATH']}"
    run = suite.run("Open Audit Report")
    assert run.code == 2 and "has not been audited here yet" in run.out
    suite.audit()
    run = suite.run("Open Audit Report")
    page = Path((tmp_path / "opened").read_text(encoding="utf-8").strip())
    assert run.code == 0 and page.name == "report.html" and "<html" in page.read_text(encoding="utf-8")
    assert suite.summary() and len(suite.ours()) == 3


# --- what cannot be done is said --------------------------------------------------------------------


def test_without_the_command_a_marker_says_so(studio: Studio, tmp_path: Path) -> None:
    suite = studio.suite(tmp_path / "home", short_edit)
    del suite.env["OTIO_AI_AUDIT_COMMAND"]
    suite.host.person.add_marker(0, "Red", "Client")
    for _ in range(2):
        run = suite.run()
        assert run.code == 2 and "Could not find the command otio-ai-audit" in run.out
        assert "Could not find the command" in suite.summary()
        assert re.search(r"\[audit [0-9a-f]{6}\]$", suite.summary())
    assert sorted(suite.timeline.markers) == [0, 1]
    suite.env["OTIO_AI_AUDIT_COMMAND"] = str(studio.command.path)
    suite.audit()
    assert "Could not" not in suite.summary() and len(suite.ours()) == 3


@pytest.mark.parametrize("how", ["exit 1", "echo hello", "sleep 0; echo '{\"schema\": 99}'"])
def test_a_command_that_is_something_else_is_said(how: str, suite: Suite, tmp_path: Path) -> None:
    broken = tmp_path / "otio-ai-audit"
    broken.write_text(f"#!/bin/sh\n{how}\n", encoding="utf-8")
    broken.chmod(0o755)
    suite.env["OTIO_AI_AUDIT_COMMAND"] = str(broken)
    run = suite.run()
    assert run.code == 2 and str(broken) in run.out and "resolve doctor" in run.out
    assert "Could not start the audit" in suite.summary()


def test_wrong_options_are_said_and_the_markers_stay(audited: Suite) -> None:
    suite = audited
    before = suite.ours()
    suite.settings["options"] = ["--detectors", "smoke"]
    run = suite.run()
    assert run.code == 2 and "smoke" in run.out and "smoke" in suite.summary()
    assert suite.ours() == before


def test_nothing_to_audit_is_said(suite: Suite) -> None:
    suite.host.project.current = None
    assert "No timeline is open" in suite.run().out
    suite.host.project.timelines.append(Timeline("empty"))
    suite.host.project.current = suite.host.project.timelines[-1]
    assert "no clips" in suite.run().out


# --- markers on clips -------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["media", "clip"])
def test_clip_markers_are_probed_and_stand_on_the_fault(origin: str, studio: Studio, tmp_path: Path) -> None:
    suite = studio.suite(tmp_path / "home", short_edit, clip_marker_origin=origin)
    suite.settings["clip_markers"] = True
    item = shot(suite, "freeze_1")
    suite.audit()
    assert not suite.ours() and suite.summary()
    ((at, marker),) = item.markers.items()
    assert marker.name == "FREEZE" and abs(at - 12) <= 1
    marker.color = "Green"
    suite.audit()
    assert "1 dismissed" in suite.summary() and list(item.markers.values()) == [marker]
    suite.run("Clear Audit Markers")
    assert not any(one.markers for one in suite.timeline.items()) and not suite.timeline.markers
