"""Identity and verdicts: which finding is which, and what a person said, through every lane."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit import timeline, verdicts
from otio_ai_audit.markings import custom_data, moods, person_text, split_note, verdict_of, without_verdict
from otio_ai_audit.model import Finding, KnownFinding, SeenMarker

from .marker_world import LANES, RATE, Shot, World, finding, nothing, on, timeline_of

lanes = pytest.mark.parametrize("lane", LANES.values(), ids=LANES.keys())


def world() -> World:
    return World(
        [Shot("truck.mp4"), Shot("fox.mp4"), Shot("wheel.mp4")],
        [
            finding("truck.mp4", "flicker", 10, 20, message="Upper left pulses 6 times a second, ±7 %."),
            finding("fox.mp4", "flicker", 0, 48, 0.6, message="Fur boils all through."),
            finding("fox.mp4", "pop", 30, 1, 0.95, message="One frame jumps brighter (+20 %)."),
            finding("wheel.mp4", "freeze", 20, 16, message="Stands still for 16 frames."),
        ],
    )


def assign(findings, keys, known=(), seen=()):
    return verdicts.assign(findings, keys, known, seen, lambda f: (0, 1, "01:00:00:00"), "now")


def one(start: float, duration: float, use: str = "V1/0001", detector: str = "flicker") -> Finding:
    return Finding(detector, use, start, duration, 0.9, "Pulses.", label=detector)


# --- identity ------------------------------------------------------------------------------------------


def test_ids_are_six_hex_digits_and_the_same_on_every_machine():
    (a,), known = assign([one(1, 2)], {"V1/0001": "k"})
    (b,), _ = assign([one(1, 2, use="V3/0009")], {"V3/0009": "k"})
    assert re.fullmatch("[0-9a-f]{6}", a.id) and a.id == b.id
    assert (a.state, a.first_seen, a.key) == ("new", "now", "k")
    (again,), _ = verdicts.assign([one(1, 2)], {"V1/0001": "k"}, known, (), lambda f: (0, 1, ""), "later")
    assert (again.id, again.state, again.first_seen) == (a.id, "open", "now")


def test_another_detector_medium_or_place_is_another_finding():
    keys = {"V1/0001": "k", "V1/0002": "other"}
    placed, _ = assign([one(1, 2), one(1, 2, use="V1/0002"), one(1, 2, detector="pop"), one(5, 2)], keys)
    assert len({p.id for p in placed}) == 4


@pytest.mark.parametrize(
    ("now", "same"),
    [
        (one(0.0, 4.0), True),
        (one(0.0, 0.2), True),  # trimmed to almost nothing
        (one(2.0, 4.0), True),  # slipped by half
        (one(2.1, 4.0), False),
        (one(0.0, 8.0), True),  # let out to twice
        (one(0.0, 8.5), False),  # more than half was never judged
    ],
)
def test_same_means_half_of_what_is_found_now(now, same):
    placed, known = assign([one(0, 4)], {"V1/0001": "k"})
    after, _ = assign([now], {"V1/0001": "k"}, [replace(known[0], dismissed=True)])
    assert (after[0].id == placed[0].id) is same
    assert (after[0].state == "dismissed") is same


def test_an_open_finding_is_remembered_at_its_widest():
    _, known = assign([one(0, 4)], {"V1/0001": "k"})
    _, known = assign([one(0, 1)], {"V1/0001": "k"}, known)
    (back,), _ = assign([one(0, 4)], {"V1/0001": "k"}, known)
    assert back.state == "open"


def test_a_dismissal_does_not_creep_along_by_slips():
    _, known = assign([one(0, 2)], {"V1/0001": "k"})
    known = [replace(known[0], dismissed=True, by="note")]
    for start, state in [(1.0, "dismissed"), (2.0, "new")]:
        (placed,), known = assign([one(start, 2)], {"V1/0001": "k"}, known)
        assert placed.state == state


def test_matching_is_one_to_one_and_prefers_the_best_overlap():
    _, known = assign([one(0, 1), one(1, 1)], {"V1/0001": "k"})
    ids = {k.start: k.id for k in known}
    placed, _ = assign([one(0.9, 1.0), one(0.1, 0.8)], {"V1/0001": "k"}, known)
    assert [p.id for p in placed] == [ids[1], ids[0]]


def test_the_rest_of_a_dismissed_finding_that_fell_apart_is_dismissed_too():
    _, known = assign([one(0, 4)], {"V1/0001": "k"})
    known = [replace(known[0], dismissed=True, by="green marker")]
    placed, _ = assign([one(0, 1), one(3, 1)], {"V1/0001": "k"}, known)
    assert [p.state for p in placed] == ["dismissed", "dismissed"]
    assert len({p.id for p in placed}) == 2


def test_two_uses_of_the_same_pictures_share_a_finding():
    keys = {"V1/0001": "k", "V1/0002": "k"}
    placed, known = assign([one(1, 2), one(1.5, 1.5, use="V1/0002")], keys)
    assert placed[0].id == placed[1].id and len(known) == 1


def test_two_faults_of_one_detector_in_one_place_are_told_by_their_label():
    both = [replace(one(0, 1, detector="dead"), label=label) for label in ("black", "damaged")]
    placed, known = assign(both, {"V1/0001": "k"})
    again, _ = assign(both[::-1], {"V1/0001": "k"}, known)
    assert [p.id for p in again] == [p.id for p in placed][::-1]
    assert [p.id for p in assign(both[::-1], {"V1/0001": "k"})[0]] == [p.id for p in again]


def test_a_taken_id_is_not_given_twice():
    (placed,), _ = assign([one(1, 2)], {"V1/0001": "k"})
    other = KnownFinding(placed.id, "pop", "elsewhere", 0, 1, "before")
    (moved,), known = assign([one(1, 2)], {"V1/0001": "k"}, [other])
    assert moved.id != placed.id and len({k.id for k in known}) == 2


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=8, unique=True), st.randoms())
def test_a_second_run_of_the_same_findings_knows_every_one(spans, random):
    findings = [one(start / 24, frames / 24) for start, frames in spans]
    placed, known = assign(findings, {"V1/0001": "k"})
    assert len({p.id for p in placed}) == len(findings)
    shuffled = random.sample(findings, len(findings))
    again, _ = assign(shuffled, {"V1/0001": "k"}, known)
    spots = [{(p.finding.start, p.finding.duration, p.id) for p in run} for run in (placed, again)]
    assert spots[0] == spots[1]
    assert {p.state for p in again} <= {"open"}


# --- verdicts by every lane ----------------------------------------------------------------------------


@lanes
@pytest.mark.parametrize(
    "change",
    [
        on("FREEZE", color="Green"),
        on("FREEZE", before="ok "),
        on("FREEZE", before="OK, the client wants it. "),
        on("FREEZE", before="Okay\n"),
        on("FREEZE", note="ok"),
        on("FREEZE", before="ok freeze "),
    ],
    ids=["green", "ok", "OK with words", "okay", "note replaced", "ok freeze"],
)
def test_a_verdict_holds(lane, change, tmp_path: Path):
    edit = world()
    first = edit.audit()
    assert {p.state for p in first.result.findings} == {"new"}
    second = edit.audit(lane(first, change, tmp_path))
    assert second.state("freeze") == "dismissed" and second.of("freeze").by in ("green marker", "note")
    assert second.speaking("freeze") == [] and second.of("freeze").marker is None
    assert second.state("flicker") == second.state("pop") == "open"
    for _ in range(2):  # the store remembers, whatever comes back
        third = edit.audit(lane(first, nothing, tmp_path))
        assert third.state("freeze") == "dismissed"
    assert edit.audit().state("freeze") == "dismissed"


@lanes
def test_ok_with_a_label_dismisses_that_one_of_several(lane, tmp_path: Path):
    edit = world()
    first = edit.audit()
    assert len(first.result.markers) == 4  # flicker and pop of the fox share one
    pop = first.of("pop")
    second = edit.audit(lane(first, on("POP", before="ok flicker "), tmp_path))
    fox = [p for p in second.result.findings if p.finding.use == "V1/0002"]
    assert {p.finding.detector: p.state for p in fox} == {"flicker": "dismissed", "pop": "open"}
    marker = next(m for m in second.result.markers if pop.id in m.ids)
    assert marker.ids == (pop.id,)
    assert "ok flicker" in marker.note and not marker.note.startswith("ok")
    third = edit.audit(lane(second, nothing, tmp_path))
    assert [p.state for p in third.result.findings if p.finding.use == "V1/0002"] == ["dismissed", "open"]


@lanes
def test_plain_ok_dismisses_all_that_the_marker_speaks_for(lane, tmp_path: Path):
    edit = world()
    second = edit.audit(lane(edit.audit(), on("POP", before="ok "), tmp_path))
    assert {p.state for p in second.result.findings if p.finding.use == "V1/0002"} == {"dismissed"}


@lanes
def test_not_ok_takes_a_verdict_back_and_our_own_colour_does_not(lane, tmp_path: Path):
    edit = world()
    first = edit.audit()
    edit.audit(lane(first, on("FREEZE", color="Green"), tmp_path))
    assert edit.audit(lane(first, nothing, tmp_path)).state("freeze") == "dismissed"
    assert edit.audit(lane(first, on("FREEZE", before="Not OK. "), tmp_path)).state("freeze") == "open"


@lanes
@pytest.mark.parametrize(
    "shots",
    [
        [Shot("truck.mp4"), Shot("new.mp4"), Shot("fox.mp4"), Shot("wheel.mp4")],
        [Shot("wheel.mp4", 4, 30), Shot("truck.mp4")],
        [Shot("wheel.mp4", 25, 5)],
        [Shot("wheel.mp4"), Shot("truck.mp4"), Shot("wheel.mp4", 10)],
        [Shot("wheel.mp4", 0, 28), Shot("truck.mp4"), Shot("wheel.mp4", 28, 20)],
    ],
    ids=["ripple", "trim and move", "trim to a fifth", "duplicate", "blade"],
)
def test_a_verdict_holds_through_edits(lane, shots, tmp_path: Path):
    edit = world()
    first = edit.audit()
    edit.audit(lane(first, on("FREEZE", color="Green"), tmp_path))
    edit.shots = shots
    for seen in ((), lane(first, nothing, tmp_path)):
        after = edit.audit(seen)
        freezes = [p for p in after.result.findings if p.finding.detector == "freeze"]
        assert freezes and {p.state for p in freezes} == {"dismissed"}
        assert not [m for m in after.result.markers if m.name == "FREEZE"]


@lanes
def test_a_new_file_starts_clean(lane, tmp_path: Path):
    edit = world()
    first = edit.audit()
    green = lane(first, on("FREEZE", color="Green"), tmp_path)
    edit.audit(green)
    edit.keys["wheel.mp4"] = "content of v013"
    assert edit.audit(green).state("freeze") == "new"


def test_a_new_file_starts_clean_without_a_store_where_metadata_say_so(tmp_path: Path):
    edit = world()
    green = LANES["otio"](edit.audit(), on("FREEZE", color="Green"), tmp_path)
    fresh = replace(world(), keys={"wheel.mp4": "content of v013"})
    assert fresh.audit(green).state("freeze") == "new"


@lanes
@pytest.mark.parametrize("trim", [0, 22])
def test_verdicts_survive_the_loss_of_the_store(lane, trim, tmp_path: Path):
    first = world().audit()
    seen = lane(first, on("FREEZE", color="Green"), tmp_path)
    edit = world()
    edit.shots[2] = Shot("wheel.mp4", trim, 48)
    if trim:  # the marker still stands where it stood: on the same picture after a ripple
        seen = tuple(replace(m, frame=m.frame - trim) if m.name == "FREEZE" else m for m in seen)
    after = edit.audit(seen)
    assert after.state("freeze") == "dismissed"
    assert after.of("freeze").id == first.of("freeze").id
    assert after.state("pop") == "open"


# --- colours ---------------------------------------------------------------------------------------------


def seen_marker(name: str, color: str, ids: str, lane: str = "otio", own: str = "") -> SeenMarker:
    return SeenMarker(0, 1, color, name, f"x [audit {ids}]", (ids,), lane, own=own)  # type: ignore[arg-type]


def test_green_means_nothing_in_an_export_that_made_a_whole_family_green():
    markers = [
        seen_marker("FLICKER", "GREEN", "aaaaaa"),
        seen_marker("POP", "GREEN", "bbbbbb"),
        seen_marker("FREEZE", "BLUE", "cccccc"),
        seen_marker("AUDIT 14:32", "WHITE", "dddddd"),
    ]
    assert moods(markers) == ["own"] * 4
    markers[1] = seen_marker("POP", "YELLOW", "bbbbbb")
    assert moods(markers)[:2] == ["green", "own"]
    assert moods([seen_marker("FLICKER", "GREEN", "aaaaaa")]) == ["own"]


def test_other_colours_are_claims_only_where_colours_are_kept():
    stripped = [seen_marker("FLICKER", "RED", "aaaaaa"), seen_marker("FREEZE", "PINK", "cccccc")]
    assert moods(stripped) == ["own", "own"]
    kept = [
        seen_marker("FLICKER", "RED", "aaaaaa", own="Lemon"),
        seen_marker("FREEZE", "BLUE", "cccccc", own="Sky"),
    ]
    assert moods(kept) == ["claimed", "own"]
    edl = [
        seen_marker("FLICKER", "Red", "aaaaaa", "edl"),
        seen_marker("FREEZE", "Sky", "cccccc", "edl"),
        seen_marker("POP", "Green", "bbbbbb", "edl"),
        seen_marker("jump?", "Mint", "eeeeee", "edl"),
    ]
    assert moods(edl) == ["claimed", "own", "green", "claimed"]


def test_an_otio_that_resolve_imported_has_claimed_nothing():
    edl = [
        seen_marker("FLICKER", "Yellow", "aaaaaa", "edl"),
        seen_marker("FREEZE", "Blue", "cccccc", "edl"),
        seen_marker("AUDIT 14:32", "White", "dddddd", "edl"),
    ]
    assert moods(edl) == ["own", "own", "own"]
    edl[1] = seen_marker("FREEZE", "Sky", "cccccc", "edl")
    assert moods(edl)[0] == "claimed"


def test_green_without_our_id_is_nobodys_verdict():
    assert moods([SeenMarker(0, 1, "Green", "FLICKER", "ok", lane="edl")]) == [""]
    placed, _ = verdicts.assign(
        [one(0, 1)],
        {"V1/0001": "k"},
        [],
        [SeenMarker(0, 24, "Green", "FLICKER", "ok", lane="edl")],
        lambda f: (0, 24, ""),
        "now",
    )
    assert placed[0].state == "new"


# --- notes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ("Fur boils all through. [audit aaaaaa]", ""),
        ("fix in v3 - Fur boils all through. [audit aaaaaa]", "fix in v3"),
        ("Fur boils all through. [audit aaaaaa] ask Ana", "ask Ana"),
        ("Fur boils all through. ask Ana [audit aaaaaa]", "ask Ana"),
        ("now Fur boils all through.\nthen [audit aaaaaa] later", "now - then - later"),
        ("Fur (the tail!) boils all through. [audit aaaaaa]", "(the tail!)"),
        ("Compare with a.mp4 (01:00:02:00), b (01:00:03:12). Fur boils all through. [audit aaaaaa]", ""),
        ("Fur boils all through. Compare 01:00:02:00 with 01:00:03;12. mine [audit aaaaaa]", "mine"),
        ("Fur boils all through. Also here: POP at 01:00:02;00, freeze? at 01:00:03;12. mine", "mine"),
        ("Something that nobody knows. [audit aaaaaa]", "Something that nobody knows."),
        ("- Fur boils all through. [audit aaaaaa]", ""),
    ],
)
def test_a_persons_words_are_told_from_ours(note, text):
    marker = SeenMarker(0, 1, "Lemon", "FLICKER", note, ("aaaaaa",), "edl")
    assert person_text(marker, ["Fur boils all through."]) == text


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ("Red differs from a b.mp4 (01:00:02:00) and another shot. [audit aaaaaa]", ""),
        (
            "call Bo - Red differs from a.mp4 (01:00:02;00) and b.mp4 (01:00:03;12). ok? [audit a1a1a1]",
            "call Bo - ok?",
        ),
    ],
)
def test_names_of_other_shots_are_not_a_persons_words(note, text):
    marker = SeenMarker(0, 1, "Fuchsia", "MISMATCH truck", note, ("aaaaaa",), "edl")
    assert person_text(marker, ["Red differs from V1/0002 and V2/0003."]) == text


@pytest.mark.parametrize(
    ("note", "kind", "labels"),
    [
        ("ok", "ok", ()),
        (" Ok fine by me", "ok", ()),
        ("OK: flicker and pop, not more", "ok", ("flicker", "pop")),
        ("ok hidden cut, freeze?", "ok", ("hidden cut", "freeze")),
        ("okra grows here", "", ()),
        ("looks ok", "", ()),
        ("not ok flicker", "not ok", ("flicker",)),
        ("ok - flicker", "ok", ("flicker",)),
        ("ok popular demand", "ok", ()),
    ],
)
def test_what_a_note_says(note, kind, labels):
    marker = SeenMarker(0, 1, "Lemon", "X", f"{note} [audit aaaaaa]", ("aaaaaa",), "edl")
    verdict = verdict_of(marker, person_text(marker))
    assert (verdict.kind, verdict.named) == (kind, labels)


def test_a_label_in_our_own_sentence_names_nothing():
    marker = SeenMarker(0, 1, "Sky", "FREEZE", "ok Freeze of 9 frames. [audit aaaaaa]", ("aaaaaa",), "edl")
    assert verdict_of(marker, person_text(marker, ["Freeze of 9 frames."])).named == ()


def test_words_beyond_a_verdict():
    assert without_verdict("ok flicker and pop") == ""
    assert without_verdict("OK, pop: the client wants it") == "the client wants it"
    assert without_verdict("ask Ana") == "ask Ana"


def test_the_tag_is_read_anywhere_in_a_note():
    assert split_note("a [audit a7f3c1 b20e4d] b") == ("a ", ("a7f3c1", "b20e4d"), " b")
    assert split_note("a [AUDIT A7F3C1]")[1] == ("a7f3c1",)
    assert split_note("see [audit soon]")[1] == ()


def test_every_detector_has_its_colour_and_words():
    from otio_ai_audit.detectors import DETECTORS
    from otio_ai_audit.markings import COLORS, LABELS

    for name, module in DETECTORS.items():
        assert (COLORS[name], module.LABEL in LABELS[name]) == (module.COLOR, True)


def test_colours_count_in_a_drt_where_the_marker_says_resolves_own() -> None:
    """A `.drt` keeps the 16 colours and the custom data; one green marker alone is a verdict there."""
    shots = [Shot("a.mp4")]
    world = World(shots, [finding("a.mp4", "flicker", 10, 12)])
    first = world.audit()
    marker = next(m for m in first.result.markers if m.findings)
    tl = timeline_of(shots)
    for color, state in (("Lemon", "open"), ("Green", "dismissed")):
        copy = otio.schema.Marker(
            name=marker.name,
            marked_range=otio.opentime.TimeRange(
                otio.opentime.RationalTime(marker.frame, RATE),
                otio.opentime.RationalTime(marker.frames, RATE),
            ),
            color="GREEN" if color == "Green" else "YELLOW",
            metadata={
                "Resolve_OTIO": {
                    "Note": "",
                    "Color": color,
                    "Custom Data": custom_data(marker.color, marker.ids),
                }
            },
        )
        tl.tracks.markers[:] = [copy]
        seen = timeline.read_markers(tl, first.info)
        assert seen[0].ids == marker.ids and seen[0].own == "Lemon"
        assert world.audit(seen).state("flicker") == state
