"""Resolve marker EDLs: written as Resolve reads them, read as Resolve and others write them."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit import timeline
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import RESOLVE_COLORS
from otio_ai_audit.model import Marker, TimelineInfo
from otio_ai_audit.timeline.marker_edl import marker_edl

from .shared import shared_dir


def info(rate: Fraction | int = 24, start: int = 86400, drop: bool = False) -> TimelineInfo:
    return TimelineInfo("spot", Fraction(rate), start, drop, 10_000, "spot.otio", "")


NTSC = Fraction(30000, 1001)
DROP = info(NTSC, 107892, drop=True)


def read(text: str | bytes, about: TimelineInfo, folder: Path) -> tuple:
    path = folder / "markers.edl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return timeline.read_marker_edl(path, about)


def test_what_is_written_is_what_resolve_writes():
    text = marker_edl([Marker(12, 16, "Sky", "FREEZE", "Stands still. [audit a7f3c1]", ("a7f3c1",))], info())
    assert text == (
        "TITLE: spot\nFCM: NON-DROP FRAME\n\n"
        "001  001      V     C        01:00:00:12 01:00:00:13 01:00:00:12 01:00:00:13  \n"
        "Stands still. [audit a7f3c1] |C:ResolveColorSky |M:FREEZE |D:16\n\n"
    )


def test_an_empty_note_is_a_leading_space():
    assert "\n |C:ResolveColorSky |M:A |D:1\n" in marker_edl([Marker(0, 1, "Sky", "A", "")], info())


def test_drop_frame_uses_semicolons_and_skips_labels():
    text = marker_edl([Marker(1800, 1, "Lemon", "POP", "Jumps.")], DROP)
    assert "FCM: DROP FRAME" in text and " 01:01:00;02 01:01:00;03 " in text


@pytest.mark.parametrize(
    ("about", "timecode"),
    [
        (info(Fraction(24000, 1001)), "01:00:01:00"),
        (info(NTSC, 108000), "01:00:00:24"),
        (info(25, 90000), "01:00:00:24"),
        (info(120, 432000), "01:00:00:024"),
        (info(8, 28800), "01:00:03:00"),
    ],
)
def test_any_rate_counts_on_its_nominal_base(about, timecode, tmp_path: Path):
    marker = Marker(24, 2, "Sky", "A", "b")
    text = marker_edl([marker], about)
    assert text.splitlines()[3].split()[4] == timecode
    assert read(text, about, tmp_path)[0].frame == 24


def test_what_would_break_the_import_is_taken_out():
    text = marker_edl(
        [
            Marker(1, 0, "Sky", "A|B\nC", "3 frames | here\nand there [audit a7f3c1]"),
            Marker(0, 1, "Sky", "", "* LOC: x"),
        ],
        info(),
    )
    lines = text.splitlines()
    assert lines[4] == "- * LOC: x |C:ResolveColorSky |M:Marker |D:1"
    assert lines[7] == "- 3 frames here and there [audit a7f3c1] |C:ResolveColorSky |M:A B C |D:1"


@pytest.mark.parametrize(
    ("markers", "about", "match"),
    [
        ([Marker(0, 1, "Sky", "A", ""), Marker(0, 1, "Rose", "B", "")], info(), "Two markers are on frame 0"),
        ([Marker(0, 1, "Orange", "A", "")], info(), "'Orange' is not a marker colour of Resolve"),
        ([Marker(-1, 1, "Sky", "A", "")], info(24, 0), "Marker A is at -00:00:00:01"),
        ([Marker(0, 1, "Sky", "A", "")], info(24, 24 * 3600 * 100), "at 100:00:00:00, which a marker EDL"),
    ],
)
def test_what_cannot_be_written_is_said(markers, about, match):
    with pytest.raises(TimelineError, match=match):
        marker_edl(markers, about)


note = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|"), max_size=12)
words = st.lists(note.filter(bool), max_size=5).map(" ".join)
plain = words.filter(lambda text: text[:1] != "*" and not text[:1].isdigit() and "[" not in text)
markers = st.builds(
    Marker,
    frame=st.integers(0, 9_999),
    frames=st.integers(1, 500),
    color=st.sampled_from(RESOLVE_COLORS),
    name=words.filter(bool),
    note=plain,
)


@settings(deadline=None, max_examples=80)
@given(
    st.lists(markers, min_size=1, max_size=6, unique_by=lambda m: m.frame),
    st.sampled_from([info(), DROP, info(Fraction(24000, 1001)), info(60, 0), info(Fraction(25, 2), 0)]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_reading_gives_back_what_was_written(tmp_path_factory, made, about, ends, mark):
    text = marker_edl(made, about).replace("\n", ends)
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    seen = read(data, about, tmp_path_factory.mktemp("edl"))
    expected = sorted(made, key=lambda m: m.frame)
    assert [(m.frame, m.frames, m.color, m.name, m.note) for m in seen] == [
        (m.frame, m.frames, m.color, m.name, m.note) for m in expected
    ]
    assert {m.lane for m in seen} == {"edl"}


def test_pycmx_reads_every_event():
    pycmx = pytest.importorskip("pycmx")
    made = [
        Marker(30 * n, n + 1, color, f"MARK {n}", "Note. [audit a7f3c1]")
        for n, color in enumerate(RESOLVE_COLORS)
    ]
    text = marker_edl(made, DROP)
    events = list(pycmx.parse_cmx3600(io.StringIO(text)).events)
    edits = [event.edits[0] for event in events]
    assert [event.number for event in events] == list(range(1, 17))
    starts = [
        timeline.to_timecode(DROP.start_frame + m.frame, DROP) for m in sorted(made, key=lambda m: m.frame)
    ]
    assert [edit.record_in for edit in edits] == [edit.source_in for edit in edits] == starts


SAMPLES = {
    "adamhawkey_gods105_frameio_markers.edl": (24, 93, 584, "Yellow", "gas105_010_010", "", 1),
    "davimmo_Timeline_1.edl": (30, 82, 109105, "Blue", "Marker 1", "", 1),
    "davimmo_Timeline_2.edl": (30, 56, 109571, "Blue", "Marker 1", "", 1),
    "davimmo_Timeline_3.edl": (30, 51, 108093, "Blue", "Marker 1", "", 1),
    "tcmagik_resolve_marker_example.edl": (
        24,
        9,
        86838,
        "Yellow",
        "Marker 1",
        "Poil noire gauche cadre sur visage acteur",
        1,
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_markers_that_resolve_exported(name):
    folder = shared_dir()
    if folder is None:
        pytest.skip("no sample timelines beside the repository")
    rate, count, frame, color, called, text, frames = SAMPLES[name]
    path = folder / "timelines" / "edl_markers_resolve" / name
    seen = timeline.read_marker_edl(path, info(rate, 0))
    assert len(seen) == count
    first = seen[0]
    assert (first.frame, first.color, first.name, first.note, first.frames) == (
        frame,
        color,
        called,
        text,
        frames,
    )
    assert not any(marker.ids for marker in seen)
    if name.startswith("tcmagik"):
        assert seen[5].frames == 125512 and seen[8].note == "Tache claire en haut a gauche et en bas"
        assert "à valider en l'état" in seen[1].note
    if name.startswith("adamhawkey"):
        assert seen[1].note == "@Erick Geisler, Apr 22 3:08am\nnew hawk jet?"


EVENT = "001  001      V     C        01:00:01:00 01:00:09:00 01:00:01:00 01:00:09:00  \n"


def test_a_note_of_several_lines_keeps_its_id(tmp_path: Path):
    text = EVENT + "ok\nfine by me\nJumps. [audit a7f3c1] |C:ResolveColorGreen |M:POP |D:3\n"
    (seen,) = read(text, info(), tmp_path)
    assert seen.ids == ("a7f3c1",) and seen.note.startswith("ok\nfine") and seen.frames == 3


def test_a_picture_edl_holds_no_markers(tmp_path: Path):
    with pytest.raises(TimelineError, match=r"markers.edl holds no Resolve markers; export them"):
        read("TITLE: cut\n\n" + EVENT + "* FROM CLIP NAME: a.mov\n", info(), tmp_path)


def test_tags_without_length_or_prefix_are_read(tmp_path: Path):
    (seen,) = read(EVENT + "hi |C:Blue |M:one\n", info(), tmp_path)
    assert (seen.color, seen.name, seen.note, seen.frames, seen.frame) == ("Blue", "one", "hi", 1, 24)


def test_another_rate_and_a_missing_file_are_said(tmp_path: Path):
    late = EVENT.replace("01:00:01:00", "01:00:01:29")
    with pytest.raises(TimelineError, match=r"line 1: .*01:00:01:29 does not exist at 24 .*another rate"):
        read(late + " |C:ResolveColorBlue |M:A |D:1\n", info(), tmp_path)
    with pytest.raises(TimelineError, match=r"gone\.edl cannot be read: No such file"):
        timeline.read_marker_edl(tmp_path / "gone.edl", info())


def test_drop_frame_is_taken_from_the_file(tmp_path: Path):
    text = (
        "FCM: DROP FRAME\n\n"
        + EVENT.replace("01:00:01:00", "01:01:00;02")
        + "x |C:ResolveColorRed |M:A |D:1\n"
    )
    assert read(text, replace(DROP, drop_frame=False), tmp_path)[0].frame == 1800
    assert read(text.replace(";", ":"), DROP, tmp_path)[0].frame == 1800
