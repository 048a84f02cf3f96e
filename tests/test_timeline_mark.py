"""Markers on the timeline: few, at the right frames, ours only, with a person's words kept."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit import timeline
from otio_ai_audit.markings import COLORS, OTIO_COLORS
from otio_ai_audit.model import AuditResult, ClipResult, Failure, Marker, SeenMarker, Subject, TimelineInfo

from .marker_world import LANES, RATE, Round, Shot, World, by_otio, finding, nothing, on, timeline_of
from .shared import shared_dir
from .test_verdicts import lanes, world


def placed_by_name(done: Round) -> dict[str, Marker]:
    return {marker.name: marker for marker in done.result.markers}


def theirs(frame: int, name: str = "mine", color: str = "BLUE") -> otio.schema.Marker:
    time = otio.opentime.RationalTime
    return otio.schema.Marker(
        name=name,
        color=color,
        marked_range=otio.opentime.TimeRange(time(frame, RATE), time(1, RATE)),
        metadata={"Resolve_OTIO": {"Keywords": ["x"], "Note": "keep me"}, "studio": {"a": 1}},
    )


def audit_of(tl: otio.schema.Timeline, edit: World) -> Round:
    info = edit.audit().info
    edit.known = []
    return edit.audit(timeline.read_markers(tl, info))


# --- few, and where -----------------------------------------------------------------------------------


def test_one_marker_for_each_shot_and_colour_on_the_worst_place():
    made = placed_by_name(world().audit())
    assert {name: (m.frame, m.frames, m.color) for name, m in made.items()} == {
        "FLICKER": (10, 20, "Lemon"),
        "POP": (78, 1, "Lemon"),
        "FREEZE": (116, 16, "Sky"),
        "AUDIT 14:32": (0, 1, "Cream"),
    }
    assert re.fullmatch(
        r"One frame jumps brighter \(\+20 %\)\. Also here: flicker\? at 01:00:02:00\. "
        r"\[audit [0-9a-f]{6} [0-9a-f]{6}\]",
        made["POP"].note,
    )
    assert re.fullmatch(r"Stands still for 16 frames\. \[audit [0-9a-f]{6}\]", made["FREEZE"].note)
    assert made["AUDIT 14:32"].note.startswith("Look at 3 of 3 shots; report: spot.html. [audit ")


def test_words_follow_the_severity_and_notes_are_no_markers():
    edit = World(
        [Shot("a.mp4"), Shot("b.mp4"), Shot("c.mp4")],
        [
            finding("a.mp4", "cut", 5, 1, 0.8),
            finding("b.mp4", "cut", 5, 1, 0.79),
            finding("c.mp4", "cut", 5, 1, 0.49),
        ],
    )
    done = edit.audit()
    assert [m.name for m in done.result.markers] == ["AUDIT 14:32", "HIDDEN CUT", "hidden cut?"]
    assert [p.marker and p.marker.name for p in done.result.findings] == ["HIDDEN CUT", "hidden cut?", None]


def test_ranges_end_at_the_cut_and_at_what_is_shown():
    edit = World([Shot("a.mp4"), Shot("b.mp4")], [finding("a.mp4", "flicker", 40, 8)])
    done = edit.audit()
    long = [replace(p, timeline_frames=500) for p in done.result.findings]
    result = replace(done.result, findings=tuple(long))
    uses = done.uses
    assert [m.frames for m in timeline.markers_for(result, uses) if m.name == "FLICKER"] == [8]
    hidden = [replace(uses[0], shown=((0, 20), (30, 43))), uses[1]]
    assert [m.frames for m in timeline.markers_for(result, hidden) if m.name == "FLICKER"] == [3]


def test_a_taken_frame_moves_ours_within_its_shot():
    faults = [
        finding("a.mp4", "flicker", 46, 2, 0.95),
        finding("a.mp4", "freeze", 46, 2, 0.9),
        finding("a.mp4", "flash", 46, 2, 0.85),
    ]
    edit = World([Shot("a.mp4"), Shot("b.mp4")], faults)
    tl = timeline_of(edit.shots)
    for frame in (0, 1, 47):
        tl.tracks.markers.append(theirs(frame))
    made = placed_by_name(audit_of(tl, edit))
    assert [(n, m.frame, m.frames) for n, m in sorted(made.items())] == [
        ("AUDIT 14:32", 2, 1),
        ("FLASH", 44, 4),
        ("FLICKER", 46, 2),
        ("FREEZE", 45, 3),
    ]


def test_a_shot_without_a_free_frame_leaves_its_marker_to_the_report():
    edit = World([Shot("a.mp4", 0, 2), Shot("b.mp4")], [finding("a.mp4", "flicker", 0, 2)])
    tl = timeline_of(edit.shots)
    tl.tracks.markers.extend([theirs(0), theirs(1)])
    (summary,) = audit_of(tl, edit).result.markers
    assert summary.frame == 2 and "1 more marker waits in the report" in summary.note


def test_above_sixty_only_errors_and_a_count():
    shots = [Shot(f"s{n}.mp4", 0, 10) for n in range(70)]
    faults = [finding(shot.media, "pop", 3, 1, 0.9 if n < 5 else 0.6) for n, shot in enumerate(shots)]
    many = World(shots, faults).audit()
    assert [m.name for m in many.result.markers].count("POP") == 5 and len(many.result.markers) == 6
    assert "Look at 70 of 70 shots; 65 more markers wait in the report" in many.result.markers[0].note
    few = World(shots, faults[:60]).audit()
    assert len(few.result.markers) == 61 and "wait" not in few.result.markers[0].note


def test_failures_share_what_the_limit_leaves():
    shots = [Shot(f"s{n}.mp4", 0, 10, failed=f"File not found: s{n}.mp4") for n in range(80)]
    shots += [Shot("bad.mp4", 0, 10)]
    done = World(shots, [finding("bad.mp4", "pop", 3, 1)]).audit()
    names = [m.name for m in done.result.markers]
    assert names.count("NOT CHECKED") == 59 and names.count("POP") == 1
    summary = placed_by_name(done)["AUDIT 14:32"]
    assert summary.frame == 0 and "80 not checked; 21 more markers wait" in summary.note


@pytest.mark.parametrize(
    ("shots", "words"),
    [
        ([Shot("a.mp4"), Shot("b.mp4")], "Nothing found in 2 shots; report: spot.html."),
        ([Shot("a.mp4"), Shot("b.mp4", failed="Gone.")], "Nothing found in 1 shot; 1 not checked; report"),
        ([Shot("b.mp4", failed="Gone.")], "Nothing could be checked: 1 shot failed; report: spot.html."),
        ([], "No shot to look at; report: spot.html."),
    ],
)
def test_the_summary_is_always_there(shots, words):
    done = World(shots, []).audit()
    summary = next(m for m in done.result.markers if m.name == "AUDIT 14:32")
    assert summary.note.startswith(words) and summary.color == "Cream"


def test_a_clip_that_was_not_looked_at_is_marked():
    reason = r"3 files missing | D:\takes\fox_v012.mp4"
    done = World([Shot("a.mp4"), Shot("fox.mp4", failed=reason)], []).audit()
    made = placed_by_name(done)["NOT CHECKED"]
    assert (made.frame, made.frames, made.color) == (48, 48, "Cream")
    assert re.fullmatch(r"- 3 files missing D:\\takes\\fox_v012.mp4 \[audit [0-9a-f]{6}\]", made.note)


def test_other_shots_are_called_by_name_and_timecode():
    edit = world()
    edit.faults = [
        finding(
            "truck.mp4",
            "mismatch",
            0,
            48,
            label="mismatch",
            message="Shape differs from V1/0003 and V2/0009.",
            related=("V1/0002", "V1/0003"),
        )
    ]
    done = edit.audit()
    uses = [replace(use, subjects=(Subject("truck"),)) for use in done.uses]
    marker = next(m for m in timeline.markers_for(done.result, uses) if m.color == "Fuchsia")
    assert marker.name == "MISMATCH truck"
    assert marker.note.startswith(
        "Shape differs from wheel.mp4 (01:00:04:00) and another shot. "
        "Compare with fox.mp4 (01:00:02:00). [audit "
    )


@pytest.mark.parametrize("message", ["ok so far", "3 frames repeat.", "OK? no", "Bad|line\nbreak", ""])
def test_our_notes_never_begin_with_ok_or_a_digit(message):
    done = World([Shot("a.mp4")], [finding("a.mp4", "pop", 3, 1, message=message)]).audit()
    for marker in done.result.markers:
        assert not re.match(r"\s*(ok|\d)", marker.note, re.IGNORECASE)
        assert "|" not in marker.note + marker.name and "\n" not in marker.note + marker.name
        assert re.search(r"\[audit [0-9a-f]{6}\]$", marker.note)


@st.composite
def edits(draw):
    count = draw(st.integers(1, 4))
    shots = [Shot(f"s{n}.mp4", 0, draw(st.integers(1, 12))) for n in range(count)]
    faults = [
        finding(
            draw(st.sampled_from(shots)).media,
            draw(st.sampled_from(sorted(COLORS))),
            draw(st.integers(0, 11)),
            draw(st.integers(1, 12)),
            draw(st.sampled_from([0.3, 0.6, 0.9])),
        )
        for _ in range(draw(st.integers(0, 8)))
    ]
    faults = list({(f.detector, f.use): f for f in faults}.values())
    shots[0] = replace(shots[0], failed=draw(st.sampled_from(["", "Gone."])))
    return World(shots, faults), draw(st.sets(st.integers(0, 20), max_size=8))


@settings(deadline=None, max_examples=60)
@given(edits())
def test_no_two_markers_share_a_frame_and_every_range_ends_at_its_cut(given_edit):
    edit, taken = given_edit
    tl = timeline_of(edit.shots)
    tl.tracks.markers.extend([theirs(frame) for frame in sorted(taken)])
    done = audit_of(tl, edit)
    frames = [marker.frame for marker in done.result.markers]
    assert len(set(frames)) == len(frames) and not taken & set(frames)
    assert sum(marker.name.startswith("AUDIT") for marker in done.result.markers) == 1
    for marker in done.result.markers:
        if not marker.name.startswith("AUDIT"):
            use = next(u for u in done.uses if 0 <= marker.frame - u.record_start < u.record_frames)
            assert marker.frame + marker.frames <= use.record_start + use.record_frames
    for item in done.result.findings:
        if item.marker is not None:
            assert item.id in item.marker.ids
    colors = [(m.color, m.ids) for m in done.result.markers]
    again = edit.audit(timeline.read_markers(done.written(tl), done.info))
    assert [(m.color, m.ids) for m in again.result.markers if m.color != "Cream"] == [
        item for item in colors if item[0] != "Cream"
    ]


# --- on the timeline ------------------------------------------------------------------------------------


def test_markers_are_written_as_resolve_wants_them():
    done = world().audit()
    base = timeline_of(done.world.shots)
    before = base.to_json_string()
    tl = done.written(base)
    assert base.to_json_string() == before
    freeze = next(m for m in tl.tracks.markers if m.name == "FREEZE")
    note = placed_by_name(done)["FREEZE"].note
    assert freeze.color == "BLUE" and freeze.comment == note
    assert json.loads(otio.core.serialize_json_to_string(freeze.metadata))["Resolve_OTIO"] == {
        "Keywords": [],
        "Note": note,
    }
    assert (freeze.marked_range.start_time.value, freeze.marked_range.duration.value) == (116, 16)
    assert freeze.marked_range.start_time.rate == RATE
    ours = json.loads(otio.core.serialize_json_to_string(freeze))["metadata"]["otio_ai_audit"]
    assert (ours["schema"], ours["color"], ours["ids"]) == (1, "Sky", [done.of("freeze").id])
    for marker in tl.tracks.markers:
        del marker.metadata["otio_ai_audit"]
    del tl.tracks.markers[:]
    assert json.loads(tl.to_json_string()) == json.loads(before)


def test_every_colour_has_its_otio_colour():
    done = world().audit()
    made = [Marker(n, 1, color, color, "x", ()) for n, color in enumerate(OTIO_COLORS)]
    tl = timeline.with_markers(timeline_of(done.world.shots), done.info, made)
    assert {m.name: m.color for m in tl.tracks.markers} == dict(OTIO_COLORS)
    assert {c: OTIO_COLORS[c] for c in ("Lemon", "Fuchsia", "Sky", "Rose", "Cream")} == {
        "Lemon": "YELLOW",
        "Fuchsia": "MAGENTA",
        "Sky": "BLUE",
        "Rose": "RED",
        "Cream": "WHITE",
    }


def test_otiotool_sees_the_markers_at_their_timecodes(tmp_path: Path):
    done = world().audit()
    path = tmp_path / "marked.otio"
    otio.adapters.write_to_file(done.written(), str(path))
    run = subprocess.run(
        [sys.executable, "-m", "opentimelineio.console.otiotool", "-i", str(path), "--list-markers"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name, timecode in {"FLICKER": "00:00:00:10", "POP": "00:00:03:06", "FREEZE": "00:00:04:20"}.items():
        line = next(line for line in run.stdout.splitlines() if name in line)
        assert f"global: {timecode}" in line  # it counts from the timeline's first frame


def test_nobody_elses_markers_are_touched(tmp_path: Path):
    edit = world()
    tl = timeline_of(edit.shots)
    track = tl.tracks[0]
    tl.tracks.markers.extend([theirs(10, "FLICKER", "GREEN"), theirs(60, "AUDIT mine")])
    track.markers.append(theirs(7))
    track[1].markers.append(theirs(3))
    before = json.loads(tl.to_json_string())
    first = audit_of(tl, edit)
    assert placed_by_name(first)["FLICKER"].frame == 11
    marked = first.written(tl)
    second = edit.audit(timeline.read_markers(marked, first.info))
    again = second.written(marked)
    assert len(again.tracks.markers) == 2 + len(second.result.markers)
    for holder in (marked, again):
        del holder.tracks.markers[2:]
        assert json.loads(holder.to_json_string()) == before
    assert second.state("flicker") == "open"


def test_a_fault_that_is_gone_takes_its_marker_along(tmp_path: Path):
    edit = world()
    marked = by_otio(edit.audit(), nothing, tmp_path)
    edit.faults = [f for f in edit.faults if f.detector != "freeze"]
    after = edit.audit(timeline.read_markers(marked, edit.audit().info))
    assert sorted(m.name for m in after.written(marked).tracks.markers) == ["AUDIT 14:32", "FLICKER", "POP"]


@pytest.mark.parametrize("strip", [False, True])
def test_a_green_marker_goes_with_its_fault_and_stays_with_it(strip, tmp_path: Path):
    edit = world()
    marked = by_otio(edit.audit(), on("FREEZE", color="Green"), tmp_path, strip=strip)
    if strip:
        return_color = next(m for m in marked.tracks.markers if m.name == "FREEZE").color
        assert return_color == "GREEN"
    after = edit.audit(timeline.read_markers(marked, edit.audit().info))
    names = [m.name for m in after.written(marked).tracks.markers]
    assert names.count("FREEZE") == 1  # so that a colleague without this store sees the verdict
    edit.faults = edit.faults[:3]
    gone = edit.audit(timeline.read_markers(marked, after.info))
    assert "FREEZE" not in [m.name for m in gone.written(marked).tracks.markers]


def test_a_claimed_marker_is_left_and_its_finding_gets_no_second(tmp_path: Path):
    edit = world()
    marked = by_otio(edit.audit(), on("FREEZE", color="Purple"), tmp_path)
    before = otio.core.serialize_json_to_string(next(m for m in marked.tracks.markers if m.name == "FREEZE"))
    for _ in range(2):
        after = edit.audit(timeline.read_markers(marked, edit.audit().info))
        assert after.state("freeze") == "open" and after.speaking("freeze") == []
        marked = after.written(marked)
        (freeze,) = [m for m in marked.tracks.markers if m.name == "FREEZE"]
        assert otio.core.serialize_json_to_string(freeze) == before
    edit.faults = []
    cleared = edit.audit(timeline.read_markers(marked, edit.audit().info)).written(marked)
    assert "FREEZE" in [m.name for m in cleared.tracks.markers]


def test_a_claim_in_a_marker_edl_holds_for_its_copy_in_the_edit(tmp_path: Path):
    edit = world()
    first = edit.audit()
    marked = by_otio(first, nothing, tmp_path)
    seen = timeline.read_markers(marked, first.info)
    seen += LANES["edl"](first, on("FREEZE", color="Purple"), tmp_path)
    after = edit.audit(seen)
    assert after.speaking("freeze") == []
    assert [m.name for m in after.written(marked).tracks.markers].count("FREEZE") == 1


@lanes
@pytest.mark.parametrize(
    "change",
    [
        on("FREEZE", before="ask Ana first - "),
        on("FREEZE", before="ask Ana first "),
        on("FREEZE", after=" ask Ana first"),
        on("FREEZE", after="\nask Ana first"),
    ],
)
def test_a_persons_words_are_written_again(lane, change, tmp_path: Path):
    edit = world()
    seen = lane(edit.audit(), change, tmp_path)
    for _ in range(3):
        done = edit.audit(seen)
        note = placed_by_name(done)["FREEZE"].note
        assert re.fullmatch(r"ask Ana first - Stands still for 16 frames\. \[audit \w{6}\]", note)
        seen = lane(done, nothing, tmp_path)
    edit.known = []
    assert placed_by_name(edit.audit(seen))["FREEZE"].note == note
    edit.shots[2] = Shot("wheel.mp4", 22, 14)
    assert placed_by_name(edit.audit())["FREEZE"].note.startswith("ask Ana first - ")


@pytest.mark.parametrize("words", ["2 people saw it", "not ok yet", "ok only for web"])
def test_words_that_would_be_misread_go_after_ours(words, tmp_path: Path):
    edit = world()
    seen = LANES["otio"](edit.audit(), on("FREEZE", before="x ", after=f" {words}"), tmp_path)
    note = placed_by_name(edit.audit(seen))["FREEZE"].note
    assert words in note and note.startswith("x - ")
    assert edit.audit(seen).state("freeze") == "open"


@lanes
def test_words_on_a_marker_whose_fault_is_gone_keep_it(lane, tmp_path: Path):
    edit = world()
    first = edit.audit()
    seen = lane(first, on("FREEZE", before="ask Ana "), tmp_path)
    edit.audit(seen)
    edit.faults = edit.faults[:3]
    after = edit.audit(seen)
    assert [m.name for m in after.result.seen if m.stands] == ["FREEZE"]


def test_words_are_forgotten_only_where_a_person_took_them_away(tmp_path: Path):
    edit = world()
    first = edit.audit()
    told = edit.audit(LANES["otio"](first, on("FREEZE", before="ask Ana - "), tmp_path))
    old_copy = LANES["otio"](first, nothing, tmp_path)
    assert "ask Ana" in placed_by_name(edit.audit(old_copy))["FREEZE"].note

    def take_away(name: str, color: str, note: str) -> tuple[str, str, str]:
        return name, color, note.replace("ask Ana - ", "")

    after = edit.audit(LANES["otio"](told, take_away, tmp_path))
    assert "ask Ana" not in placed_by_name(after)["FREEZE"].note


@lanes
def test_words_in_the_summary_stay_and_the_summary_is_replaced(lane, tmp_path: Path):
    edit = world()
    seen = lane(edit.audit(), on("AUDIT", before="deadline Friday "), tmp_path)
    edit.now = "2026-11-21T09:05:00"
    done = edit.audit(seen)
    (summary,) = [m for m in done.result.markers if m.color == "Cream"]
    assert summary.name == "AUDIT 09:05" and summary.note.startswith("deadline Friday - Look at 3 of 3")
    assert [m.name for m in done.result.seen if m.stands] == []


@lanes
def test_not_checked_goes_when_it_was_checked(lane, tmp_path: Path):
    edit = World([Shot("a.mp4"), Shot("b.mp4", failed=r"File not found: D:\takes\b.mp4")], [])
    seen = lane(edit.audit(), nothing, tmp_path)
    same = edit.audit(seen)
    assert [m.name for m in same.result.markers].count("NOT CHECKED") == 1
    assert not any(m.stands for m in same.result.seen)
    noted = lane(same, on("NOT CHECKED", before="Ben renders it "), tmp_path)
    edit.shots[1] = Shot("b.mp4")
    assert not any(m.stands for m in edit.audit(seen).result.seen)
    assert [m.name for m in edit.audit(noted).result.seen if m.stands] == ["NOT CHECKED"]


def test_what_could_not_be_looked_at_keeps_its_marker(tmp_path: Path):
    edit = world()
    seen = LANES["edl"](edit.audit(), nothing, tmp_path)
    edit.shots[2] = replace(edit.shots[2], failed="File not found: wheel.mp4")
    after = edit.audit(seen)
    assert [m.name for m in after.result.seen if m.stands] == ["FREEZE"]
    assert placed_by_name(after)["NOT CHECKED"].frame == 96


def test_without_a_decision_ours_are_replaced_and_a_persons_stay(tmp_path: Path):
    done = world().audit()
    marked = by_otio(done, on("FREEZE", color="Green"), tmp_path)
    plain = timeline.with_markers(marked, done.info, [])
    assert [m.name for m in plain.tracks.markers] == ["FREEZE"]
    result = replace(done.result, seen=())
    made = timeline.markers_for(result, done.uses, timeline.read_markers(marked, done.info))
    assert "FREEZE" not in [m.name for m in made] or len(made) == 4


# --- reading other people's files --------------------------------------------------------------------


def test_markers_of_clips_and_tracks_are_read_where_they_show():
    shots = [Shot("a.mp4", 100, 48), Shot("b.mp4", 39, 11)]
    tl = timeline_of(shots)
    tl.tracks[0].markers.append(theirs(5))
    tl.tracks[0][0].markers.append(theirs(110, "clip"))
    tl.tracks[0][1].effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    tl.tracks[0][1].markers.append(theirs(24, "fast"))
    info = TimelineInfo("x", timeline_info_rate(), 86400, False, 59, "", "")
    seen = {m.name: m for m in timeline.read_markers(tl, info)}
    assert (seen["mine"].frame, seen["mine"].owner) == (5, None)
    assert (seen["clip"].frame, seen["clip"].owner) == (10, "V1/0001")
    assert (seen["fast"].frame, seen["fast"].owner) == (48 + 4, "V1/0002")
    assert seen["clip"].note == "keep me" and seen["clip"].ids == ()


def timeline_info_rate():
    from fractions import Fraction

    return Fraction(RATE)


@pytest.mark.parametrize(
    ("resolve", "comment", "expected"),
    [("", "c", "c"), ("r", "", "r"), ("r", "c", "r"), ("WRITTEN", "ok WRITTEN", "ok WRITTEN")],
)
def test_the_note_is_read_from_the_field_that_changed(resolve, comment, expected, tmp_path: Path):
    done = world().audit()
    tl = by_otio(done, nothing, tmp_path)
    marker = next(m for m in tl.tracks.markers if m.name == "FREEZE")
    written = str(marker.metadata["Resolve_OTIO"]["Note"])
    marker.metadata["Resolve_OTIO"]["Note"] = resolve.replace("WRITTEN", written)
    marker.comment = comment.replace("WRITTEN", written)
    (seen,) = [m for m in timeline.read_markers(tl, done.info) if m.name == "FREEZE"]
    assert seen.note == expected.replace("WRITTEN", written)
    assert seen.ids == (done.of("freeze").id,)


@pytest.mark.parametrize("ours", ["text", ["a"], {"ids": [1, None]}, {"ids": "abcdef", "findings": [{}, 3]}])
def test_metadata_of_another_shape_are_survived(ours):
    tl = timeline_of([Shot("a.mp4")])
    marker = theirs(0)
    marker.metadata["otio_ai_audit"] = ours
    tl.tracks.markers.append(marker)
    (seen,) = timeline.read_markers(tl, world().audit().info)
    assert seen.findings == () and isinstance(seen, SeenMarker)


def test_resolves_own_timeline_marker():
    folder = shared_dir()
    if folder is None:
        pytest.skip("no sample timelines beside the repository")
    from fractions import Fraction

    tl = otio.adapters.read_from_file(str(folder / "timelines" / "otio_resolve" / "amb_torture_ref.otio"))
    info = TimelineInfo("x", Fraction(50), 180000, False, 5000, "", "")
    seen = timeline.read_markers(tl, info)
    probe = next(m for m in seen if m.name == "CONFORM-TEST-MARKER")
    assert (probe.frame, probe.frames, probe.color) == (600, 25, "CYAN")
    assert (probe.note, probe.owner) == ("destruction table probe", None)
    marked = timeline.with_markers(tl, info, [Marker(0, 1, "Cream", "AUDIT", "Nothing. [audit abcdef]", ())])
    del marked.tracks.markers[-1]
    assert json.loads(marked.to_json_string()) == json.loads(tl.to_json_string())


def test_failures_of_the_plan_count_as_not_looked_at():
    from otio_ai_audit.markings import review

    seen = [SeenMarker(12, 1, "Sky", "FREEZE", "x [audit a7f3c1]", ("a7f3c1",), "edl")]
    failure = Failure("V1/0001", "a", "gone", 0, 48)
    clip = ClipResult("V1/0001", "a", "failed", "gone", 0, 48)
    assert [review(seen, [], failures=[f])[0].stands for f in (failure, clip)] == [True, True]
    assert isinstance(world().audit().result, AuditResult)
