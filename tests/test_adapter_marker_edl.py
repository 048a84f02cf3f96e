"""OTIO adapter resolve_marker_edl: what real files say, written down by reading them, and round trips."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit import timeline
from otio_ai_audit.adapters._fault import FormatError
from otio_ai_audit.adapters.resolve_marker_edl import FROM_OTIO
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import OTIO_COLORS, RESOLVE_COLORS
from otio_ai_audit.model import TimelineInfo

from .shared import shared_dir

NAME = "resolve_marker_edl"
EVENT = "001  001      V     C        01:00:01:00 01:00:01:01 01:00:01:00 01:00:01:01  \n"
Row = tuple[int, str, int, str, str, str]


def read(text: str, **arguments: object) -> otio.schema.Timeline:
    return otio.adapters.read_from_string(text, NAME, **arguments)


def write(tl: otio.schema.Timeline, **arguments: object) -> str:
    return otio.adapters.write_to_string(tl, NAME, **arguments)


def rows_of(tl: otio.schema.Timeline) -> list[Row]:
    """Absolute frame, Resolve's colour, length, name, note and OTIO's colour of every marker."""
    start = tl.global_start_time
    return [
        (
            round(start.value + one.marked_range.start_time.rescaled_to(start.rate).value),
            one.metadata["Resolve_OTIO"]["Color"],
            round(one.marked_range.duration.value),
            one.name,
            one.comment,
            one.color,
        )
        for one in tl.tracks.markers
    ]


# --- the samples, read by eye ----------------------------------------------------------------------

MARKERS_1 = """
00:36:25 00:39:27 00:43:29 00:48:21 00:52:19 00:57:14 01:01:02 01:05:00 01:09:18 01:13:04 01:16:20
01:20:15 01:24:07 01:28:00 01:31:17 01:35:28 01:41:24 01:45:01 01:49:14 01:53:04 01:57:00 02:01:16
02:05:27 02:10:04 02:14:06 02:17:24 02:21:20 02:25:08 02:29:12 02:33:04 02:37:13 02:41:18 02:44:22
02:48:24 02:53:00 02:56:22 03:00:26 03:05:06 03:08:27 03:12:19 03:16:06 03:20:06 03:24:02 03:28:08
03:31:17 03:35:08 03:39:12 03:44:01 03:47:09 03:50:26 03:54:28 03:58:09 04:01:02 04:04:29 04:08:29
04:13:02 04:17:00 04:20:23 04:23:21 04:26:27 04:31:08 04:35:23 04:39:21 04:43:07 04:47:06 04:50:09
04:54:01 04:58:00 05:02:04 05:06:09 05:09:17 05:13:05 05:17:28 05:21:15 05:25:29 05:30:00 05:34:05
05:38:21 05:42:11 05:46:17 05:50:19 05:54:16
"""
MARKERS_2 = """
00:52:11 00:58:24 01:03:23 01:08:11 01:13:00 01:17:13 01:22:05 01:27:02 01:32:02 01:36:06 01:41:28
01:46:29 01:52:21 01:57:19 02:02:09 02:07:05 02:12:06 02:16:04 02:20:12 02:24:12 02:29:22 02:34:01
02:39:01 02:42:25 02:47:03 02:52:01 02:57:00 03:01:06 03:06:00 03:10:16 03:16:08 03:21:06 03:26:09
03:30:28 03:37:13 03:41:16 03:45:15 03:50:29 03:55:13 04:00:11 04:04:24 04:10:09 04:16:00 04:20:15
04:25:29 04:30:27 04:35:07 04:39:17 04:44:06 04:48:24 04:52:00 04:55:00 04:59:15 05:05:02 05:09:00
05:13:02
"""
MARKERS_3 = """
00:03:03 00:10:10 00:14:09 00:18:25 00:24:20 00:28:15 00:33:09 00:39:15 00:43:14 00:48:05 00:52:21
00:56:23 01:01:14 01:05:26 01:10:03 01:15:19 01:20:03 01:24:07 01:29:23 01:34:16 01:39:17 01:44:12
01:48:13 01:53:18 01:59:05 02:03:26 02:07:17 02:11:09 02:15:24 02:20:10 02:24:00 02:29:27 02:34:13
02:39:16 02:44:11 02:48:04 02:53:14 02:58:13 03:04:00 03:07:26 03:12:02 03:15:26 03:20:02 03:23:29
03:28:13 03:35:21 03:41:05 03:45:25 03:50:07 03:53:20 03:57:17
"""
"""Minutes, seconds and frames after 01:00:00:00 at 30; all Blue, one frame, no note, `Marker 1` onwards."""

TCMAGIK = [
    ("01:00:18:06", "Yellow", 1, "Marker 1", "Poil noire gauche cadre sur visage acteur"),
    (
        "01:00:20:20",
        "Green",
        1,
        "Marker 2",
        "Son en avance de 2i sur les dialogues du 1er plan = Pour ex = synchro à valider en l'état",
    ),
    ("01:00:42:21", "Blue", 1, "Marker 3", "Tache d'eau en haut à gauche"),
    ("01:00:52:23", "Blue", 1, "Marker 4", "Tache en eau du cadre vers le centre blanche"),
    ("01:01:44:10", "Blue", 1, "Marker 5", "Insatbilité du cadre = Origine tournage = Pour ex"),
    (
        "01:27:06:16",
        "Yellow",
        125512,
        "Marker 88",
        "Trace de colle en haut + peétouille en haut = A  reprendre",
    ),
    ("01:04:55:22", "Yellow", 601, "Yellow Marker", "test 25:01"),
    ("01:44:35:12", "Blue", 1, "Marker 130", ""),
    ("01:21:45:04", "Blue", 1, "Marker 72", "Tache claire en haut a gauche et en bas"),
]

ERICK, SAMUEL = "Erick Geisler", "Samuel Laskey"
FRAMEIO = {
    1: ("00:00:24:08", "Yellow", "gas105_010_010", ""),
    2: ("00:00:24:17", "Purple", ERICK, "@Erick Geisler, Apr 22 3:08am\nnew hawk jet?"),
    4: ("00:00:30:02", "Purple", ERICK, "@Erick Geisler, Apr 22 3:09am\nnew hawk jet"),
    10: ("00:00:51:06", "Purple", SAMUEL, "@Samuel Laskey, Mar 30 2:31pm\nthe horror... the horror..."),
    23: ("00:03:49:03", "Yellow", "gas105_070_010", ""),
    24: ("00:03:49:04", "Purple", ERICK, "@Erick Geisler, Apr 22 3:14am\nfix tracking"),
    26: (
        "00:03:55:01",
        "Purple",
        SAMUEL,
        "@Samuel Laskey, Mar 30 2:33pm [Annotation]\nwing of the chair jiggling. Might have to live\nwith it",
    ),
    27: (
        "00:03:58:13",
        "Purple",
        SAMUEL,
        "@Samuel Laskey, Mar 30 2:36pm [Annotation]\nThe original idea was for this pillar behind her\n"
        "to be an extension of the chair rather than what\nlooks like a curtain. The movement of the chair\n"
        "edges kind of undermine that. We wanted them\nattached to the pillar. Again, maybe too late.",
    ),
    31: (
        "00:05:05:03",
        "Purple",
        SAMUEL,
        "@Samuel Laskey, Mar 30 2:38pm\nWas this a freeze frame in the original? It feels\nawkward\n"
        "@Samuel Laskey, Mar 30 2:48pm [Reply]\n^ Oh, it's missing Finish Him\n"
        "@Erick Geisler, Apr 22 3:16am\ntitles and freeze frame odd",
    ),
    32: ("00:05:13:23", "Purple", ERICK, "@Erick Geisler, Apr 22 3:16am\nadd titles."),
    40: (
        "00:13:42:05",
        "Purple",
        ERICK,
        "@Erick Geisler, Apr 22 3:25am\nadd cartoon tail to these shots\n"
        "Any shot you can see where a tail should go.",
    ),
    49: (
        "00:17:07:04",
        "Purple",
        SAMUEL,
        "@Samuel Laskey, Mar 30 2:51pm\nWhat did we decide about the tail? Are we using\n"
        "the Angry Metal one?",
    ),
    58: (
        "00:17:52:15",
        "Purple",
        SAMUEL,
        "@Samuel Laskey, Mar 30 2:53pm\nStill need this shot done. Hawkjet crossing in\n"
        "sky. Billboards. Speed running through door\n@Adi Shankar, Mar 30 2:57pm [Reply]\n"
        "^ Yes, Hawkjet from left to right. Speed from right\ninto the door. Door flies out and hits lens\n"
        "cutting to black. P.S. Graham can do this shot\nvery easily.",
    ),
    59: (
        "00:17:54:11",
        "Purple",
        ERICK,
        "@Erick Geisler, Apr 22 3:31am\nreplace.     Unwind the speed ramps",
    ),
    60: ("00:19:04:19", "Purple", ERICK, "@Erick Geisler, Apr 22 3:32am\nWhat goes here????"),
    61: ("00:19:24:23", "Yellow", "gas105_210_010", ""),
    63: ("00:19:31:05", "Purple", "Fix in resolve", ""),
    65: (
        "00:19:38:04",
        "Purple",
        SAMUEL,
        "@Samuel Laskey, Mar 30 2:54pm [Annotation]\nGhost of a second Knight Hawk over his shoulder.\n"
        "OOOOOOooooOOOoooOOO SPOOKY!\n@Erick Geisler, Apr 22 3:34am\nyep",
    ),
    74: ("00:20:15:00", "Purple", SAMUEL, "@Samuel Laskey, Mar 30 2:57pm\nlol"),
    91: ("00:21:42:03", "Yellow", "gas105_220_070", ""),
    93: ("00:23:56:20", "Purple", ERICK, "@Erick Geisler, Apr 22 3:40am\nnew title"),
}
"""By event number; all of one frame. 41 of the 93 are Yellow, 52 Purple."""


def sample(name: str) -> Path:
    folder = shared_dir()
    if folder is None:
        pytest.skip("no sample timelines beside the repository")
    return folder / "timelines" / "edl_markers_resolve" / name


def frames(timecode: str, rate: int) -> int:
    """Count frames without drop frame; written apart from the code under test."""
    hours, minutes, seconds, rest = (int(part) for part in timecode.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * rate + rest


def both_readers(path: Path, rate: int) -> list[Row]:
    """Read with the adapter and with the audit's own reader, which must agree."""
    tl = otio.adapters.read_from_file(str(path), NAME, rate=rate)
    rows = rows_of(tl)
    info = TimelineInfo("spot", Fraction(rate), 0, False, 0, "", "")
    seen = timeline.read_marker_edl(path, info)
    assert [(m.frame, m.color, m.frames, m.name, m.note) for m in seen] == [row[:5] for row in rows]
    assert all(row[5] == OTIO_COLORS[row[1]] for row in rows)
    return rows


@pytest.mark.parametrize(("number", "listed"), [(1, MARKERS_1), (2, MARKERS_2), (3, MARKERS_3)])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_markers_that_resolve_exported(number: int, listed: str, ends: str, tmp_path: Path) -> None:
    path = sample(f"davimmo_Timeline_{number}.edl")
    copy = tmp_path / path.name
    copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8", newline=ends)
    expected = [
        (frames(f"01:{timecode}", 30), "Blue", 1, f"Marker {count}", "", "BLUE")
        for count, timecode in enumerate(listed.split(), start=1)
    ]
    assert len(expected) == {1: 82, 2: 56, 3: 51}[number]
    assert both_readers(copy, 30) == expected
    tl = otio.adapters.read_from_file(str(copy), NAME, rate=30)
    assert (tl.name, tl.global_start_time.value) == (f"Timeline {number}", 108000)
    assert write(tl) == path.read_text(encoding="utf-8")


def test_accents_ranges_and_no_order() -> None:
    path = sample("tcmagik_resolve_marker_example.edl")
    expected = [
        (frames(start, 24), color, length, name, note, color.upper())
        for start, color, length, name, note in TCMAGIK
    ]
    assert both_readers(path, 24) == expected
    again = read(write(otio.adapters.read_from_file(str(path), NAME, rate=24)), rate=24)
    assert rows_of(again) == sorted(expected)
    assert again.name == path.stem


def test_notes_of_several_lines_and_mixed_line_ends() -> None:
    path = sample("adamhawkey_gods105_frameio_markers.edl")
    data = path.read_bytes()
    assert 0 < data.count(b"\r\n") < data.count(b"\n")
    rows = both_readers(path, 24)
    assert len(rows) == 93
    assert [row[1] for row in rows].count("Yellow") == 41
    assert [row[1] for row in rows].count("Purple") == 52
    assert {row[2] for row in rows} == {1}
    for number, (start, color, name, note) in FRAMEIO.items():
        assert rows[number - 1] == (frames(start, 24), color, 1, name, note, color.upper())
    assert rows_of(read(write(otio.adapters.read_from_file(str(path), NAME, rate=24)), rate=24)) == rows


# --- made here ---------------------------------------------------------------------------------------


def edl(*events: str, fcm: str = "FCM: NON-DROP FRAME\n") -> str:
    return f"TITLE: spot\n{fcm}\n" + "\n".join(events)


def event(timecode: str, tags: str, end: str = "01:00:59:00") -> str:
    return f"001  001      V     C        {timecode} {end} {timecode} {end}  \n{tags}\n"


@pytest.mark.parametrize("color", RESOLVE_COLORS)
def test_every_colour_comes_back(color: str) -> None:
    tl = read(edl(event("01:00:01:00", f"note |C:ResolveColor{color} |M:a |D:3")), rate=24)
    (row,) = rows_of(tl)
    assert row == (86424, color, 3, "a", "note", OTIO_COLORS[color])
    assert f"|C:ResolveColor{color} |M:a |D:3" in write(tl)


def test_a_colour_that_was_changed_wins() -> None:
    tl = read(edl(event("01:00:01:00", " |C:ResolveColorSand |M:a |D:1")), rate=24)
    assert "ResolveColorSand" in write(tl)
    tl.tracks.markers[0].color = "GREEN"
    assert "ResolveColorGreen" in write(tl)


@pytest.mark.parametrize("color", ["RED", "PINK", "ORANGE", "YELLOW", "GREEN", "CYAN", "BLUE", "PURPLE"])
def test_colours_of_otio_become_resolves(color: str) -> None:
    assert OTIO_COLORS[FROM_OTIO[color]] == color
    tl = made((3, 1, "a", ""))
    tl.tracks.markers[0].color = color
    assert f"ResolveColor{FROM_OTIO[color]}" in write(tl)


@pytest.mark.parametrize(
    ("data", "note"),
    [
        ("é ü 東京 🎄".encode(), "é ü 東京 🎄"),
        (b"\xef\xbb\xbfTITLE: x\n" + "é".encode(), "é"),
        ("é – …".encode("cp1252"), "é – …"),
    ],
)
def test_utf_8_with_and_without_its_mark(data: bytes, note: str, tmp_path: Path) -> None:
    head, _, body = data.rpartition(b"\n")
    path = tmp_path / "m.edl"
    path.write_bytes(head + b"\n" + EVENT.encode() + body + b" |C:ResolveColorRed |M:a |D:1\r\n")
    tl = otio.adapters.read_from_file(str(path), NAME, rate=24)
    assert rows_of(tl) == [(86424, "Red", 1, "a", note, "RED")]


def test_the_end_of_an_event_says_nothing() -> None:
    """An 18.5 file spells the range out there; its length is in ``|D:`` all the same."""
    text = edl(event("01:00:01:00", "x |C:ResolveColorRed |M:a |D:48", end="01:00:03:00"))
    assert rows_of(read(text, rate=24)) == [(86424, "Red", 48, "a", "x", "RED")]


def test_a_marker_edl_of_another_maker() -> None:
    text = edl(
        event("01:00:02:00", "* FROM CLIP NAME: a.mov\n|C:Blue|M:late|D:120"),
        event("01:00:01:00", "hi |C:ResolveColorRed |M:early"),
        fcm="",
    )
    assert rows_of(read(text, rate=24)) == [
        (86448, "Blue", 120, "late", "", "BLUE"),
        (86424, "Red", 1, "early", "hi", "RED"),
    ]


def test_drop_frame_tells_the_rate() -> None:
    text = edl(event("01:01:00;02", " |C:ResolveColorRed |M:a |D:1"), fcm="FCM: DROP FRAME\n")
    tl = read(text)
    assert tl.global_start_time.rate == pytest.approx(30000 / 1001)
    assert tl.global_start_time.value == 107892
    assert [row[0] for row in rows_of(tl)] == [107892 + 1800]
    assert "FCM: DROP FRAME" in write(tl) and " 01:01:00;02 01:01:00;03 " in write(tl)
    assert read(text.replace("00;02", "00;31").replace("01:01", "01:02")).global_start_time.rate == (
        pytest.approx(60000 / 1001)
    )


def test_a_missing_fcm_is_made_up_for_by_semicolons() -> None:
    text = edl(event("01:01:00;02", " |C:ResolveColorRed |M:a |D:1"), fcm="")
    assert rows_of(read(text, rate=29.97))[0][0] == 107892 + 1800
    plain = text.replace(";", ":")
    assert rows_of(read(plain, rate=29.97))[0][0] == 109802
    assert rows_of(read(plain, rate=29.97, drop_frame=True))[0][0] == 109692


@pytest.mark.parametrize("rate", [23.976, "24000/1001", Fraction(24000, 1001), "23.98"])
def test_a_rate_may_be_said_in_many_ways(rate: object) -> None:
    tl = read(edl(event("01:00:01:00", " |C:ResolveColorRed |M:a |D:1")), rate=rate)
    assert tl.global_start_time == otio.opentime.RationalTime(86400, 24000 / 1001)
    assert tl.global_start_time.rate == 24000 / 1001


@pytest.mark.parametrize(
    ("text", "arguments", "match"),
    [
        (edl(event("01:00:01:00", " |C:ResolveColorRed |M:a |D:1")), {}, "how many frames a second.*rate=25"),
        (edl(event("01:00:01:00", " |C:ResolveColorRed |M:a |D:1"), fcm=""), {}, "how many frames a second"),
        (edl(event("01:00:01:00", " |C:ResolveColorRed |M:a |D:1")), {"rate": "fast"}, "is no frame rate"),
        (edl(event("01:00:01:00", " |C:ResolveColorRed |M:a |D:1")), {"rate": 0}, "is no frame rate"),
        (
            edl(event("01:00:01:29", " |C:ResolveColorRed |M:a |D:1")),
            {"rate": 24},
            "line 4: .*does not exist at 24 .*another rate",
        ),
        (edl(EVENT, "* FROM CLIP NAME: a.mov"), {"rate": 24}, "holds no Resolve markers; export them"),
        ("", {"rate": 24}, "holds no Resolve markers"),
        (
            edl(event("01:00:01:00", " |C:ResolveColorRed |M:a |D:1")),
            {"rate": 24, "start": "02:00:00:00"},
            "a marker stands before it",
        ),
        (edl(event("01:00:01:00", " |C:Red |M:a")), {"rate": 24, "start": "noon"}, "not a timecode"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, arguments: dict[str, object], match: str) -> None:
    with pytest.raises(FormatError, match=match) as error:
        read(text, **arguments)
    assert isinstance(error.value, otio.exceptions.OTIOError) and isinstance(error.value, TimelineError)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.edl cannot be read: No such file"):
        otio.adapters.read_from_file(str(tmp_path / "gone.edl"), NAME, rate=24)
    with pytest.raises(FormatError, match="cannot be written"):
        otio.adapters.write_to_file(made((1, 1, "a", "")), str(tmp_path / "no" / "m.edl"), NAME)


def test_the_start_may_be_asked_for() -> None:
    text = edl(event("01:00:01:00", " |C:ResolveColorRed |M:a |D:1"))
    tl = read(text, rate=24, start="00:59:50:00")
    assert tl.tracks.markers[0].marked_range.start_time.value == 11 * 24
    assert rows_of(tl)[0][0] == 86424


def made(
    *markers: tuple[int, int, str, str], rate: float = 24.0, start: float = 86400
) -> otio.schema.Timeline:
    tl = otio.schema.Timeline("cut", global_start_time=otio.opentime.RationalTime(start, rate))
    for frame, length, name, note in markers:
        held = otio.opentime.TimeRange(
            otio.opentime.RationalTime(frame, rate), otio.opentime.RationalTime(length, rate)
        )
        tl.tracks.markers.append(otio.schema.Marker(name, held, color="CYAN", comment=note))
    return tl


def test_markers_of_any_timeline_are_written() -> None:
    text = write(made((30, 5, "later", "two\nlines"), (2, 1, "", "3 frames | here\n\n* star")))
    assert text == (
        "TITLE: cut\nFCM: NON-DROP FRAME\n\n"
        "001  001      V     C        01:00:00:02 01:00:00:03 01:00:00:02 01:00:00:03  \n"
        "- 3 frames   here\n- * star |C:ResolveColorCyan |M:Marker |D:1\n\n"
        "002  001      V     C        01:00:01:06 01:00:01:07 01:00:01:06 01:00:01:07  \n"
        "two\nlines |C:ResolveColorCyan |M:later |D:5\n\n"
    )


def test_markers_count_in_the_stacks_own_time_and_rate() -> None:
    tl = made((50, 25, "a", ""), rate=25.0, start=90000)
    tl.global_start_time = otio.opentime.RationalTime(86400, 24)
    tl.tracks.source_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(24, 24), otio.opentime.RationalTime(240, 24)
    )
    assert " 01:00:01:00 " in write(tl) and "|D:24" in write(tl)


def test_two_markers_on_a_frame_become_one_that_says_both() -> None:
    """Resolve would drop the second."""
    text = write(made((2, 1, "a", "one"), (2, 9, "b", "two"), (2, 1, "c", "")))
    assert text.count("|C:") == 1
    assert "a: one\nb: two |C:ResolveColorCyan |M:a + b + c |D:9" in text


def test_notes_of_ours_keep_their_id() -> None:
    assert "Jumps. [audit a7f3c1] |C:" in write(made((2, 1, "POP", "Jumps. [audit a7f3c1]")))


def test_what_cannot_be_written_says_why() -> None:
    tl = made()
    tl.tracks.append(otio.schema.Track())
    tl.tracks[0].markers.append(otio.schema.Marker("on a track"))
    with pytest.raises(
        FormatError, match="“cut” has no timeline markers to write; 1 on its clips and tracks"
    ):
        write(tl)
    with pytest.raises(FormatError, match="from a whole timeline"):
        write(otio.schema.Clip())
    with pytest.raises(FormatError, match="-00:00:00:01, which a marker EDL cannot hold"):
        write(made((-1, 1, "a", ""), start=0))
    late = made((0, 1, "a", ""), start=24 * 3600 * 100)
    with pytest.raises(FormatError, match="100:00:00:00"):
        write(late)


def test_a_timeline_without_a_start_counts_from_zero() -> None:
    tl = made((30, 1, "a", ""), rate=25.0)
    tl.global_start_time = None
    assert " 00:00:01:05 " in write(tl)
    assert " 00:00:01:10 " in write(tl, rate=50.0)


words = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|"), min_size=1, max_size=9)
line = st.lists(words, min_size=1, max_size=4).map(" ".join)
lines = st.lists(line.filter(lambda text: text[0] != "*" and not text[0].isdigit()), max_size=4)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 300_000),
            st.integers(1, 999),
            line,
            lines.map("\n".join),
            st.sampled_from(RESOLVE_COLORS),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from(
        [(24.0, 86400), (30000 / 1001, 107892), (30000 / 1001, 108000), (60000 / 1001, 0), (25.0, 0)]
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_is_written_is_read(rows, clock, ends) -> None:
    rate, start = clock
    tl = made(*(row[:4] for row in rows), rate=rate, start=start)
    for marker, row in zip(tl.tracks.markers, rows, strict=True):
        marker.color = OTIO_COLORS[row[4]]
        marker.metadata["Resolve_OTIO"] = {"Color": row[4], "Note": row[3]}
    text = write(tl)
    again = read(text.replace("\n", ends), rate=rate)
    assert rows_of(again) == [
        (start + frame, color, length, name, note, OTIO_COLORS[color])
        for frame, length, name, note, color in sorted(rows, key=lambda row: row[0])
    ]
    assert write(again) == text


def test_otioconvert_reads_and_writes(tmp_path: Path) -> None:
    source, edit, back = tmp_path / "m.edl", tmp_path / "m.otio", tmp_path / "back.edl"
    source.write_text(edl(event("01:00:01:00", "hi |C:ResolveColorMint |M:a |D:2")), encoding="utf-8")
    run = [sys.executable, "-m", "opentimelineio.console.otioconvert"]
    first = [*run, "-i", str(source), "-I", NAME, "-a", "rate=25", "-o", str(edit)]
    assert subprocess.run(first, capture_output=True).returncode == 0
    second = [*run, "-i", str(edit), "-o", str(back), "-O", NAME]
    assert subprocess.run(second, capture_output=True).returncode == 0
    assert "hi |C:ResolveColorMint |M:a |D:2" in back.read_text(encoding="utf-8")
    asked = [*run, "-i", str(source), "-I", NAME, "-o", str(edit)]
    failed = subprocess.run(asked, capture_output=True, text=True)
    assert failed.returncode == 1
    assert "ERROR: m.edl does not say how many frames a second" in failed.stderr
