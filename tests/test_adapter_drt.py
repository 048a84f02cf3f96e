"""Resolve's `.drt` and `.drp` as OTIO: made files, real samples, and files that nobody should open."""

from __future__ import annotations

import contextlib
import io
import json
import math
import struct
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from fractions import Fraction as F
from itertools import pairwise
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otio_ai_audit.adapters import _drt_archive, _drt_blobs, _drt_timeline
from otio_ai_audit.adapters._drt_blobs import BlobError, read_fields, read_map, unpack
from otio_ai_audit.adapters._drt_markers import read_markers
from otio_ai_audit.adapters._drt_speed import read_time_map
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timeline import plan
from otio_ai_audit.timeline.mark import read_markers as markers_of
from otio_ai_audit.timeline.retime import media_at

from .drt_files import (
    COLORS,
    HEAD,
    Item,
    Made,
    Mark,
    documents,
    double,
    marker_blob,
    message,
    package,
    qt_map,
    speed_map,
    speed_message,
    write_drt,
    zipped,
)
from .shared import shared_dir

SHARED = shared_dir()
FOLDER = SHARED / "timelines" if SHARED else Path("nowhere")
needs_samples = pytest.mark.skipif(not FOLDER.is_dir(), reason="the sample timelines are not at hand")
HOUR = 86400
RATE = 24


def read(path: Path, name: str | None = None) -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(path), "resolve_drt", timeline_name=name)


def made(
    tmp_path: Path, *sequences: Made, name: str | None = None, suffix: str = "drt"
) -> otio.schema.Timeline:
    return read(write_drt(tmp_path / f"cut.{suffix}", *sequences), name)


def one(tmp_path: Path, item: Item, **words: Any) -> Any:
    """The first child of the first video track of a timeline with one item."""
    return made(tmp_path, Made(video=[[item]], **words)).tracks[0][0]


def span(item: Any) -> tuple[float, float, float]:
    found = item.source_range
    return found.start_time.value, found.duration.value, found.duration.rate


def notes(item: Any) -> list[str]:
    return list(item.metadata.get("otio_ai_audit", {}).get("notes", ()))


def notices(tl: otio.schema.Timeline) -> list[str]:
    return list(tl.metadata.get("otio_ai_audit", {}).get("notices", ()))


def told(item: Any) -> dict[str, Any]:
    return dict(item.metadata["Resolve_OTIO"])


def refusal(path: Path, name: str | None = None) -> str:
    with pytest.raises(TimelineError) as caught:
        read(path, name)
    text = str(caught.value)
    assert "\n" not in text and path.name in text and text.endswith(".")
    return text


# --- a timeline ------------------------------------------------------------------------------------------


def test_names_ranges_gaps_and_ids(tmp_path: Path) -> None:
    fox = Item("Fox", HOUR + 10, 48, "/takes/fox & hen.mov", left=24, begin=36000, timecode="10:00:00:00")
    hen = Item("", HOUR + 58, 24, "D:\\takes\\hen_v002.mp4", rate=24000 / 1001, frames=100)
    tone = Item("Tone", HOUR, f"30|{double(0.25)}", "/takes/tone.wav", tag="Sm2TiAudioClip")
    tl = made(tmp_path, Made("Spot & more", [[fox, hen], []], [[tone]], size=(3840, 2160)))
    assert tl.name == "Spot & more"
    assert tl.global_start_time == otio.opentime.RationalTime(HOUR, 24)
    assert list(told(tl)["Resolution"]) == [3840, 2160] and told(tl)["Resolve Version"] == "20.3.2.0009"
    assert [(track.name, track.kind) for track in tl.tracks] == [
        ("Video 1", "Video"),
        ("Video 2", "Video"),
        ("Audio 1", "Audio"),
    ]
    assert [track.duration().value for track in tl.tracks] == [82, 82, 82]
    gap, first, second = tl.tracks[0]
    assert isinstance(gap, otio.schema.Gap) and span(gap) == (0, 10, 24)
    assert span(first) == (36000 * 24 + 24, 48, 24)
    assert first.media_reference.target_url == "/takes/fox & hen.mov"
    assert first.media_reference.available_range.start_time == otio.opentime.RationalTime(864000, 24)
    assert first.media_reference.available_range.duration.value == 240
    assert told(first)["Item ID"] == fox.id and told(first)["Left Offset"] == 24
    assert second.name == "hen_v002.mp4" and second.media_reference.target_url == "D:\\takes\\hen_v002.mp4"
    assert second.media_reference.available_range.duration == otio.opentime.RationalTime(100, 24000 / 1001)
    assert len(tl.tracks[1]) == 1 and isinstance(tl.tracks[1][0], otio.schema.Gap)
    assert tl.tracks[2][0].source_range.duration.value == 30.25
    assert not notices(tl) and not notes(first)


def test_the_plan_maps_record_frames_to_media(tmp_path: Path) -> None:
    """Clip, trimmed half speed and mixed rates land on the media seconds that the file means."""
    media = tmp_path / "fox.mov"
    media.touch()
    half = speed_map((0, 0), (19.9, 9.95), last=9.95)
    items = [
        Item("a", HOUR, 24, str(media), left=48, begin=3600, timecode="01:00:00:00"),
        Item("b", HOUR + 24, 24, str(media), left=48, begin=3600, timecode="01:00:00:00", speed=half),
        Item("c", HOUR + 48, 24, str(media), left=12, rate=25, frames=250),
    ]
    result = plan(made(tmp_path, Made(video=[items])))
    assert not result.failures and not result.skipped
    starts = [media_at(use.knots, F(0)) for use in result.uses]
    ends = [media_at(use.knots, F(1)) for use in result.uses]
    assert starts == [2, 1, F(1, 2)] and ends == [3, F(3, 2), F(3, 2)]
    assert [use.retime for use in result.uses] == ["", "50 %", ""]
    assert [use.record_start for use in result.uses] == [0, 24, 48]


@pytest.mark.parametrize(
    ("rate", "start", "frame"),
    [
        (24000 / 1001, 3603.6, 86400),
        (30000 / 1001, 3603.6, 108000),
        (30000 / 1001, 3599.9964, 107892),
        (25.0, 3600.0, 90000),
        (60.0, 0.0, 0),
        (24.0, 33.0, 792),
    ],
)
def test_start_and_rate_are_exact(tmp_path: Path, rate: float, start: float, frame: int) -> None:
    item = Item("a", frame + 5, 20, "/a.mov", rate=rate)
    tl = made(tmp_path, Made(rate=rate, start=start, video=[[item]]))
    assert tl.global_start_time.value == frame
    assert F(tl.global_start_time.rate).limit_denominator(1001) == F(rate).limit_denominator(1001)
    assert span(tl.tracks[0][0])[1] == 5


def test_a_start_that_the_file_does_not_say_is_the_last_whole_hour(tmp_path: Path) -> None:
    item = Item("a", HOUR + 5, 20, "/a.mov")
    tl = made(tmp_path, Made(start=None, video=[[item]]))
    assert tl.global_start_time.value == HOUR and span(tl.tracks[0][0])[1] == 5


def test_timecode_makes_seconds_exact(tmp_path: Path) -> None:
    """Seconds may be written with six digits; the pool's timecode is frames."""
    rate = 24000 / 1001
    item = Item("a", HOUR, 20, "/a.mov", rate=rate, begin=51150.9, timecode="14:11:39:19")
    clip = one(tmp_path, item, rate=rate, start=3603.6)
    assert clip.media_reference.available_range.start_time.value == 51099 * 24 + 19
    wrong = Item("a", HOUR, 20, "/a.mov", rate=rate, begin=3603.6, timecode="14:11:39:19")
    clip = one(tmp_path, wrong, rate=rate, start=3603.6)
    assert clip.media_reference.available_range.start_time.value == 86400


@pytest.mark.parametrize(
    ("flags", "extra", "enabled"),
    [(0, "", True), (2, "", False), (6, "", False), (4, "", True), (1, "", True)],
)
def test_disabled_clips(tmp_path: Path, flags: int, extra: str, enabled: bool) -> None:
    assert one(tmp_path, Item("a", HOUR, 20, "/a.mov", flags=flags, extra=extra)).enabled is enabled


def test_a_disbanded_clip_plays_and_says_so(tmp_path: Path) -> None:
    extra = "<WasDisbanded>true</WasDisbanded>"
    clip = one(tmp_path, Item("a", HOUR, 20, "/a.mov", extra=extra))
    assert clip.enabled and "disbanded" in notes(clip)[0]


def test_stills_have_one_frame_and_no_speed(tmp_path: Path) -> None:
    """Resolve gives a still the timeline's clock as its in point and a level time map."""
    level = speed_map((0, 0), (60000, 0))
    clip = one(tmp_path, Item("a", HOUR, 500, "/plates/sky.png", left=HOUR, frames=1, speed=level))
    assert span(clip) == (0, 500, 24) and not clip.effects
    assert clip.media_reference.available_range.duration.value == 1


@pytest.mark.parametrize(
    ("path", "frames", "prefix", "first", "padding"),
    [
        ("/vfx/plate.[1001-1100].exr", 100, "plate.", 1001, 4),
        ("D:\\vfx\\plate.[000-099].dpx", 100, "plate.", 0, 3),
        ("/vfx/plate_v012.0086.exr", 48, "plate_v012.", 86, 4),
    ],
)
def test_image_sequences(
    tmp_path: Path, path: str, frames: int, prefix: str, first: int, padding: int
) -> None:
    clip = one(tmp_path, Item("a", HOUR, 20, path, frames=frames, left=5))
    found = clip.media_reference
    assert isinstance(found, otio.schema.ImageSequenceReference)
    assert (found.name_prefix, found.start_frame, found.frame_zero_padding) == (prefix, first, padding)
    assert found.target_url_base in ("/vfx", "D:\\vfx") and found.rate == 24
    assert found.available_range.duration.value == frames and span(clip) == (5, 20, 24)


def test_an_image_sequence_is_found_by_the_plan(tmp_path: Path) -> None:
    for number in range(1001, 1011):
        (tmp_path / f"plate.{number}.exr").touch()
    item = Item("a", HOUR, 5, str(tmp_path / "plate.[1001-1010].exr"), frames=10)
    result = plan(made(tmp_path, Made(video=[[item]])))
    assert not result.failures and result.uses[0].media.kind == "sequence"


def test_titles_and_generators_are_skipped_not_failed(tmp_path: Path) -> None:
    items = [
        Item("Fusion Title", HOUR, 20, pretty="Fusion Title"),
        Item("Solid Color", HOUR + 20, 20, tag="Sm2TiGenerator", pretty="Solid Color"),
        Item("Comp", HOUR + 40, 20, extra="<CompositionTable><Sm2TiCompositionTable/></CompositionTable>"),
        Item("Lost", HOUR + 60, 20),
    ]
    tl = made(tmp_path, Made(video=[items]))
    for clip in tl.tracks[0]:
        assert isinstance(clip.media_reference, otio.schema.MissingReference)
        assert clip.media_reference.available_range is None
    result = plan(tl)
    assert [skip.reason for skip in result.skipped] == ["A title or generator."] * 3
    assert [failure.name for failure in result.failures] == ["Lost"]
    assert "names no media" in result.failures[0].reason


def test_the_pool_has_another_file(tmp_path: Path) -> None:
    """What the clip says goes first; the pool's file is there to fall back on."""
    pooled = tmp_path / "fox_v013.mov"
    pooled.touch()
    item = Item("a", HOUR, 20, "/gone/fox_v012.mov", pooled=str(pooled))
    tl = made(tmp_path, Made(video=[[item]]))
    clip = tl.tracks[0][0]
    assert clip.media_reference.target_url == "/gone/fox_v012.mov"
    assert notes(clip) == [f"The media pool has another file for this clip: {pooled}"]
    use = plan(tl).uses[0]
    assert use.media.path == str(pooled) and any("another file" in note for note in use.notes)


def test_a_path_that_only_the_pool_has(tmp_path: Path) -> None:
    item = Item("a", HOUR, 20, "", pooled=None)
    item.path = "/takes/fox.mov"
    files = documents(Made(video=[[item]]))
    for name in files:
        if name.startswith("SeqContainer"):
            files[name] = files[name].replace(
                "<MediaFilePath>/takes/fox.mov</MediaFilePath>", "<MediaFilePath/>"
            )
    path = tmp_path / "cut.drt"
    path.write_bytes(zipped(files))
    assert read(path).tracks[0][0].media_reference.target_url == "/takes/fox.mov"


def test_effects_that_cannot_be_read_hide_nothing(tmp_path: Path) -> None:
    """A clip that may be small or see-through must not keep the clip below it from being audited."""
    for name in ("low.mov", "high.mov"):
        (tmp_path / name).touch()
    low = Item("low", HOUR, 20, str(tmp_path / "low.mov"))
    high = Item("high", HOUR, 20, str(tmp_path / "high.mov"), effects="0000000200000004800a0007")
    tl = made(tmp_path, Made(video=[[low], [high]]))
    assert (
        tl.tracks[1][0].effects[0].metadata["Resolve_OTIO"]["Parameters"][0]["Parameter Value"]
        == high.effects
    )
    result = plan(tl)
    assert {use.name for use in result.uses} == {"low", "high"}
    upper = next(use for use in result.uses if use.name == "high")
    assert any("cannot be read" in note for note in upper.notes)
    plain = Item("high", HOUR, 20, str(tmp_path / "high.mov"))
    assert [use.name for use in plan(made(tmp_path, Made(video=[[low], [plain]]))).uses] == ["high"]


# --- speed ----------------------------------------------------------------------------------------------


def test_half_speed_with_a_fraction_of_a_frame(tmp_path: Path) -> None:
    """The in point counts playing time, and its fraction decides the frame: 447.7272 × 0.88 is 394."""
    slow = speed_map((0, 0), (83.2781818181815, 73.2848), last=73.28)
    item = Item(
        "a", 90000, 132, "/a.mov", rate=25, frames=1833, left=f"447|{double(447.727272727 - 447)}", speed=slow
    )
    clip = one(tmp_path, item, rate=25.0)
    assert span(clip) == (394, 132, 25)
    assert clip.effects[0].time_scalar == 0.88
    assert math.isclose(told(clip)["Left Offset"], 447.727273, abs_tol=1e-5)


@pytest.mark.parametrize("write", [speed_map, speed_message])
def test_reverse_starts_at_the_lowest_frame(tmp_path: Path, write: Callable[..., str]) -> None:
    """100 frames backwards from the 39th on, for 41: frames 60 to 20, as Resolve's own OTIO has them."""
    last = 99 / 24
    clip = one(
        tmp_path, Item("a", HOUR, 41, "/a.mov", frames=100, left=39, speed=write((0, last), (last, 0)))
    )
    assert span(clip) == (20, 41, 24) and clip.effects[0].time_scalar == -1


@pytest.mark.parametrize("write", [speed_map, speed_message])
def test_double_speed(tmp_path: Path, write: Callable[..., str]) -> None:
    clip = one(tmp_path, Item("a", HOUR, 20, "/a.mov", left=12, speed=write((0, 0), (4.5, 9.0), last=9.0)))
    assert span(clip) == (24, 20, 24) and clip.effects[0].time_scalar == 2


def test_a_speed_of_one_is_none(tmp_path: Path) -> None:
    clip = one(
        tmp_path, Item("a", HOUR, 20, "/a.mov", left=f"12|{double(1e-11)}", speed=speed_map((0, 0), (9, 9)))
    )
    assert span(clip) == (12, 20, 24) and not clip.effects


def test_freeze_frame(tmp_path: Path) -> None:
    clip = one(tmp_path, Item("a", HOUR, 20, "/a.mov", speed=speed_map((0, 2.5), (60000, 2.5), last=9.0)))
    assert isinstance(clip.effects[0], otio.schema.FreezeFrame)
    assert span(clip) == (60, 20, 24)
    (tmp_path / "a.mov").touch()
    item = Item("a", HOUR, 20, str(tmp_path / "a.mov"), speed=speed_map((0, 2.5), (60000, 2.5), last=9.0))
    use = plan(made(tmp_path, Made(video=[[item]]))).uses[0]
    assert use.retime == "freeze frame" and media_at(use.knots, F(1, 2)) == F(5, 2)


@pytest.mark.parametrize("write", [speed_map, speed_message])
@pytest.mark.parametrize("left", [0, 36, 60])
def test_variable_speed_at_every_frame(tmp_path: Path, write: Callable[..., str], left: int) -> None:
    """Forward at half speed for 2 s, back at full speed for 1 s, then 3 s at double speed."""
    keys = ((0.0, 0.0), (2.0, 1.0), (3.0, 0.0), (6.0, 6.0))
    (tmp_path / "a.mov").touch()
    item = Item("a", HOUR, 48, str(tmp_path / "a.mov"), left=left, speed=write(*keys, last=9.9))
    use = plan(made(tmp_path, Made(video=[[item]]))).uses[0]
    assert use.retime == "variable speed"
    for frame in range(48):
        play = F(left + frame, 24)
        (play0, media0), (play1, media1) = next((a, b) for a, b in pairwise(keys) if a[0] <= play <= b[0])
        expected = media0 + (media1 - media0) * (float(play) - play0) / (play1 - play0)
        assert math.isclose(float(media_at(use.knots, F(frame, 24))), expected, abs_tol=1e-6)


def test_eased_keys_keep_their_handles(tmp_path: Path) -> None:
    keys = ((0, 0), (4, 2, -0.5, -0.2, 0.5, 0.4), (8, 8))
    clip = one(tmp_path, Item("a", HOUR, 150, "/a.mov", speed=speed_map(*keys)))
    rows = clip.effects[0].metadata["Resolve_OTIO"]["Key Frames"]
    assert [list(row) for row in rows] == [
        [0, 0, False, 0, 0, 0, 0],
        [4, 2, True, -0.5, -0.2, 0.5, 0.4],
        [8, 8, False, 0, 0, 0, 0],
    ]
    trimmed = one(tmp_path, Item("a", HOUR, 100, "/a.mov", left=48, speed=speed_map(*keys)))
    rows = trimmed.effects[0].metadata["Resolve_OTIO"]["Key Frames"]
    assert rows[0][0] == 0 and math.isclose(rows[-1][0], 100 / 24) and len(rows) > 10
    assert math.isclose(span(trimmed)[0] / 24, rows[0][1], abs_tol=1e-6)


def test_a_speed_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.mov").touch()
    broken = qt_map({"XMax": 4.0, "KeyframesBA": b"\x80" + message((1, message((1, 2.0), (7, 1))))}).hex()
    item = Item("a", HOUR, 20, str(tmp_path / "a.mov"), left=12, speed=broken)
    tl = made(tmp_path, Made(video=[[item]]))
    assert "speed" in notes(tl.tracks[0][0])[0]
    use = plan(tl).uses[0]
    assert any("speed" in note for note in use.notes) and any("100 %" in note for note in use.notes)
    assert media_at(use.knots, F(0)) == F(1, 2)


# --- markers --------------------------------------------------------------------------------------------

SIXTEEN = [
    Mark(10 * index, color, f"n_{color}", f"note_{color}", 3, f"cd_{color}")
    for index, color in enumerate((color for color in COLORS if color), 1)
]


@pytest.mark.parametrize("halves", [False, True])
@pytest.mark.parametrize("squeeze", [False, True])
def test_all_colours_in_both_forms(halves: bool, squeeze: bool) -> None:
    found = read_markers(marker_blob(SIXTEEN, halves, squeeze))
    assert len(found) == 16
    for marker, mark in zip(found, SIXTEEN, strict=True):
        assert (marker.frame, marker.frames, marker.color) == (mark.frame, mark.frames, mark.color)
        assert (marker.name, marker.note, marker.custom) == (mark.name, mark.note, mark.custom)


def test_markers_stand_where_resolve_puts_them(tmp_path: Path) -> None:
    """On the stack from the timeline's first frame; on a clip from its medium's timecode on."""
    marks = [
        Mark(0, "Green", "ok", "fine — é\nsecond line", 12),
        Mark(7, "Rose", "FLASH LIMIT", "", 1, "x 1 y"),
    ]
    item = Item(
        "a", HOUR + 24, 48, "/a.mov", left=24, begin=36000, marks=[Mark(30, "Lemon", "FLICKER", "top")]
    )
    tl = made(tmp_path, Made(video=[[item]], marks=marks))
    first, second = tl.tracks.markers
    assert first.marked_range.start_time.value == 0 and first.marked_range.duration.value == 12
    assert first.metadata["Resolve_OTIO"]["Note"] == first.comment == "fine — é\nsecond line"
    assert first.color == "GREEN" and first.metadata["Resolve_OTIO"]["Color"] == "Green"
    assert second.metadata["Resolve_OTIO"]["Custom Data"] == "x 1 y"
    assert second.color == "RED" and second.metadata["Resolve_OTIO"]["Color"] == "Rose"
    clip = tl.tracks[0][1]
    assert clip.markers[0].marked_range.start_time.value == 864030
    seen = markers_of(tl, plan(tl).info)
    assert [(marker.frame, marker.name) for marker in seen] == [
        (0, "ok"),
        (7, "FLASH LIMIT"),
        (30, "FLICKER"),
    ]


def test_a_marker_on_a_slow_clip_is_on_its_frame(tmp_path: Path) -> None:
    slow = speed_map((0, 0), (20, 10), last=9.9)
    item = Item("a", HOUR, 48, "/a.mov", left=24, begin=36000, speed=slow, marks=[Mark(34, "Sky", "FREEZE")])
    tl = made(tmp_path, Made(video=[[item]]))
    assert markers_of(tl, plan(tl).info)[0].frame == 10


def test_odd_markers_are_said(tmp_path: Path) -> None:
    marks = [Mark(3, 256, "what", frames="long"), Mark(5, "Blue", "fine")]
    clip = one(tmp_path, Item("a", HOUR, 20, "/a.mov", marks=marks))
    assert [marker.name for marker in clip.markers] == ["what", "fine"]
    assert clip.markers[0].marked_range.duration.value == 1
    assert "code 256" in notes(clip)[0] and "no number" in notes(clip)[0]


def test_damaged_markers_are_said(tmp_path: Path) -> None:
    made_ = Made(video=[[Item("a", HOUR, 20, "/a.mov", marks=[Mark(3)])]], marks=[Mark(4)])
    files = documents(made_)
    whole = package(message((2, message((1, message((1, 3)))))), 10001)
    broken = qt_map({"BlobData": whole}).hex()
    start = files["project.xml"].index("<Sm2TiItemLockableBlob")
    cut = files["project.xml"].index("<FieldsBlob>", start) + len("<FieldsBlob>")
    end = files["project.xml"].index("</FieldsBlob>", cut)
    files["project.xml"] = files["project.xml"][:cut] + broken + files["project.xml"][end:]
    path = tmp_path / "cut.drt"
    path.write_bytes(zipped(files))
    tl = read(path)
    assert "Markers on this clip are damaged" in notes(tl.tracks[0][0])[0]
    assert len(tl.tracks.markers) == 1


@pytest.mark.parametrize(
    "keys", [((0, 9.96), (9.96, 0)), ((0, 0), (2, 1), (3, 0), (6, 6))], ids=["backwards", "variable"]
)
def test_markers_are_on_their_frame_at_every_speed(
    tmp_path: Path, keys: tuple[tuple[float, float], ...]
) -> None:
    """A clip's markers count playing frames, as its in point does."""
    mark = Mark(40, "Sky", "FREEZE")
    item = Item("a", HOUR, 48, "/a.mov", left=24, begin=36000, speed=speed_map(*keys), marks=[mark])
    tl = made(tmp_path, Made(video=[[item]]))
    assert markers_of(tl, plan(tl).info)[0].frame == 16


@pytest.mark.parametrize("frame", [30, HOUR + 30])
def test_markers_on_a_still_count_from_its_start(tmp_path: Path, frame: int) -> None:
    """Resolve gives stills the timeline's clock as their in point; their markers may count in it."""
    item = Item("a", HOUR, 48, "/a.png", left=HOUR, frames=1, marks=[Mark(frame)])
    tl = made(tmp_path, Made(video=[[item]]))
    assert markers_of(tl, plan(tl).info)[0].frame == 30


def test_lanes_keep_resolve_s_colours(tmp_path: Path) -> None:
    note = "Left pulses. [audit a7f3c1]"
    marks = [
        Mark(3, "Lemon", "FLICKER", note, custom="otio_ai_audit 1 Lemon a7f3c1"),
        Mark(9, "Green", "mine"),
    ]
    tl = made(tmp_path, Made(video=[[Item("a", HOUR, 48, "/a.mov")]], marks=marks))
    seen = markers_of(tl, plan(tl).info)
    assert [(marker.color, marker.lane, marker.ids) for marker in seen] == [
        ("Lemon", "drt", ("a7f3c1",)),
        ("Green", "drt", ()),
    ]


# --- nested -----------------------------------------------------------------------------------------------


def test_compound_clips_and_nested_timelines_are_stacks(tmp_path: Path) -> None:
    media = tmp_path / "fox.mov"
    media.touch()
    inside = Made("CMP", [[Item("fox", 0, 100, str(media), left=10)]], start=0.0, kind="Compound")
    scene = Made(
        "Scene 3",
        [[Item("fox", 90000 + 25, 100, str(media))]],
        rate=25.0,
        start=3600.0,
        marks=[Mark(5, "Red", "inner")],
    )
    main = Made(
        "Main",
        [
            [
                Item("CMP", HOUR, 24, plays="CMP", left=48, marks=[Mark(50, "Blue", "mine")]),
                Item("Scene 3", HOUR + 24, 24, plays="Scene 3", left=24, begin=3600),
            ]
        ],
        [[Item("Scene 3", HOUR + 24, 24, plays="Scene 3", left=24, tag="Sm2TiAudioClip")]],
    )
    tl = made(tmp_path, main, inside, scene)
    assert tl.name == "Main"
    compound, nested = tl.tracks[0]
    assert isinstance(compound, otio.schema.Stack) and span(compound) == (48, 24, 24)
    assert compound.markers[0].marked_range.start_time.value == 50
    assert told(compound)["Item ID"] == main.video[0][0].id and told(nested)["Kind"] == "timeline"
    assert [marker.name for marker in nested.markers] == ["inner"]
    assert all(track.kind == "Audio" for track in tl.tracks[1][1])
    result = plan(tl)
    assert [use.id for use in result.uses] == ["V1/0001.1", "V1/0002.1"]
    assert [media_at(use.knots, F(0)) for use in result.uses] == [F(58, 24), 0]
    assert result.uses[1].record_start == 24


def test_a_project_needs_a_name(tmp_path: Path) -> None:
    inner, other = Made("Inner"), Made("Other")
    outer = Made("Outer", [[Item("Inner", HOUR, 20, plays="Inner")]])
    path = write_drt(tmp_path / "film.drp", outer, inner, other)
    text = refusal(path)
    assert "3 timelines" in text and "“Outer”, “Inner”, “Other”" in text
    assert read(path, "Inner").name == "Inner" and read(path, "OTHER").name == "Other"
    assert "no timeline “Trailer”" in refusal(path, "Trailer")
    assert read(write_drt(tmp_path / "film.drt", outer, inner)).name == "Outer"
    assert read(write_drt(tmp_path / "film.drt", outer, inner, other, current=2)).name == "Other"
    numbered = write_drt(tmp_path / "film.drp", Made("33"), Made("44"))
    assert otio.adapters.read_from_file(str(numbered), "resolve_drt", timeline_name=44).name == "44"
    twins = write_drt(tmp_path / "film.drp", Made("Cut"), Made("Cut"))
    assert "several timelines" in refusal(twins, "Cut")


def test_a_timeline_in_itself_is_refused(tmp_path: Path) -> None:
    one_ = Made("One", [[Item("Two", HOUR, 20, plays="Two")]])
    two = Made("Two", [[Item("One", HOUR, 20, plays="One")]], kind="Compound", start=3600.0)
    assert "lies in itself" in refusal(write_drt(tmp_path / "cut.drt", one_, two))


def test_deep_and_wide_nesting_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = [
        Made(f"T{n}", [[Item("x", HOUR, 20, plays=f"T{n + 1}")]], kind="Compound" if n else "Timeline")
        for n in range(30)
    ]
    chain.append(Made("T30", kind="Compound"))
    assert "more than 20 deep" in refusal(write_drt(tmp_path / "deep.drt", *chain))
    monkeypatch.setattr(_drt_timeline, "MOST_ITEMS", 2_000)
    wide = [
        Made(
            f"T{n}",
            [[Item("x", HOUR + 20 * i, 20, plays=f"T{n + 1}") for i in range(10)]],
            kind="Compound" if n else "Timeline",
        )
        for n in range(8)
    ]
    wide.append(Made("T8", kind="Compound"))
    assert "more than 2000 clips" in refusal(write_drt(tmp_path / "wide.drt", *wide))


def test_what_cannot_be_told_of_a_nested_clip_is_a_failure(tmp_path: Path) -> None:
    camera = Made("Cams", [[Item("a", 0, 20, "/a.mov")]], kind="Multicam", start=0.0)
    lost = Made("Gone", kind="Compound", tracks=False)
    main = Made("Main", [[Item("Cams", HOUR, 20, plays="Cams"), Item("Gone", HOUR + 20, 20, plays="Gone")]])
    result = plan(made(tmp_path, main, camera, lost))
    assert [failure.name for failure in result.failures] == ["Cams", "Gone"]
    assert "multicam" in result.failures[0].reason and "lacks the tracks" in result.failures[1].reason


def test_a_fusion_clip_plays_its_media_and_says_so(tmp_path: Path) -> None:
    comp = Made("Comp", [[Item("a", 0, 20, "/a.mov")]], kind="Fusion", start=0.0)
    stack = one_of(made(tmp_path, Made("Main", [[Item("Comp", HOUR, 20, plays="Comp")]]), comp))
    assert isinstance(stack, otio.schema.Stack) and "composes" in notes(stack)[0]


def one_of(tl: otio.schema.Timeline) -> Any:
    return tl.tracks[0][0]


# --- transitions, overlaps, tracks ------------------------------------------------------------------------


def dissolve(start: int, length: int, name: str = "Cross Dissolve") -> Item:
    return Item(name, start, length, tag="Sm2TiTransition", pretty=name)


def test_transitions_lie_on_their_cuts(tmp_path: Path) -> None:
    clips = [
        Item("a", HOUR, 48, "/a.mov"),
        Item("b", HOUR + 48, 48, "/b.mov"),
        Item("c", HOUR + 120, 48, "/c.mov"),
    ]
    crossings = [
        dissolve(HOUR + 36, 24),
        dissolve(HOUR + 88, 8, "Dip To Color Dissolve"),
        dissolve(HOUR + 120, 10),
        dissolve(HOUR + 104, 4, "Wipe"),
    ]
    tl = made(tmp_path, Made(video=[[*crossings, *clips]]))
    kinds = [type(child).__name__ for child in tl.tracks[0]]
    assert kinds == ["Clip", "Transition", "Clip", "Transition", "Gap", "Transition", "Clip"]
    offsets = [
        (child.in_offset.value, child.out_offset.value)
        for child in tl.tracks[0]
        if isinstance(child, otio.schema.Transition)
    ]
    assert offsets == [(12, 12), (8, 0), (0, 10)]
    assert told(tl.tracks[0][3])["Transition Type"] == "Dip To Color Dissolve"
    assert notices(tl) == ["The transition “Wipe” on Video 1 is on no cut of its own; left out."]
    assert tl.tracks[0].range_of_child_at_index(6).start_time.value == 120


def test_overlapping_clips_keep_their_place(tmp_path: Path) -> None:
    items = [
        Item("a", HOUR, 48, "/a.mov"),
        Item("b", HOUR + 40, 20, "/b.mov"),
        Item("c", HOUR + 60, 20, "/c.mov"),
    ]
    tl = made(tmp_path, Made(video=[items]))
    first, second, third = tl.tracks[0]
    assert span(first)[1] == 48 and span(second)[:2] == (8, 12) and "8 frames" in notes(second)[0]
    assert tl.tracks[0].range_of_child_at_index(2).start_time.value == 60 and not notes(third)


def test_a_clip_without_length_fails(tmp_path: Path) -> None:
    (tmp_path / "a.mov").touch()
    items = [Item("zero", HOUR, 0, str(tmp_path / "a.mov")), Item("a", HOUR, 20, str(tmp_path / "a.mov"))]
    result = plan(made(tmp_path, Made(video=[items])))
    assert [use.name for use in result.uses] == ["a"]
    assert result.failures[0].reason == "The edit gives this clip no length."


def test_sentences_stay_one_line_whatever_a_file_holds(tmp_path: Path) -> None:
    evil = "a\nb\x9b2J\x85\u202e" + "x" * 200
    cuts = [Made(evil), Made("B")]
    path = write_drt(tmp_path / "cut.drp", *cuts)
    text = refusal(path)
    assert text.isprintable() and len(text) < 300
    assert refusal(path, evil + "y").isprintable()
    item = Item(evil, HOUR, 20, "/a.mov", marks=[Mark(3, 256, evil)])
    tl = made(tmp_path, Made(video=[[item, dissolve(HOUR + 200, 3, evil)]]))
    assert all(said.isprintable() for said in (*notes(tl.tracks[0][0]), *notices(tl)))
    assert refusal(put(tmp_path, {**plain(), "SeqContainer/\n\x1b[2J.xml": "x"})).isprintable()


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    tl = made(tmp_path, Made(video=[[Item("a", HOUR, 20, "/a.mov")]], track_flags=2, subtitles=2))
    said = " ".join(notices(tl))
    assert (
        "2 subtitle tracks were left out" in said and "Video 1 carries flags (2) that are not known" in said
    )


def test_a_fusion_composition_on_a_clip_is_said(tmp_path: Path) -> None:
    extra = "<CompositionTable><Sm2TiCompositionTable/></CompositionTable>"
    assert "Fusion page" in notes(one(tmp_path, Item("a", HOUR, 20, "/a.mov", extra=extra)))[0]


def test_many_timelines_are_not_all_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the beginning of the other timelines' tracks is looked at."""
    cuts = [
        Made(
            f"Cut {n}",
            [[Item(f"shot {i}", HOUR + i, 1, f"/takes/{n}/{i}.mov", pooled="") for i in range(400)]],
        )
        for n in range(6)
    ]
    files = documents(*cuts)
    path = tmp_path / "film.drp"
    path.write_bytes(zipped(files))
    tracks = [len(text) for name, text in files.items() if name.startswith("SeqContainer")]
    others = sum(len(text) for name, text in files.items() if not name.startswith("SeqContainer"))
    monkeypatch.setattr(_drt_archive, "FREE_BYTES", others + tracks[3] + 6 * 10_000 + 10_000)
    monkeypatch.setattr(_drt_archive, "MOST_RATIO", 0)
    assert sum(tracks) > 3 * tracks[3] > 3 * 10_000
    assert len(read(path, "Cut 3").tracks[0]) == 400


def test_an_old_marker_field_is_said(tmp_path: Path) -> None:
    clip = one(tmp_path, Item("a", HOUR, 20, "/a.mov", extra="<MarkersBA>0011</MarkersBA>"))
    assert "older form" in notes(clip)[0]


# --- damaged ----------------------------------------------------------------------------------------------


def altered(tmp_path: Path, old: str, new: str, **words: Any) -> Path:
    files = documents(Made(video=[[Item("a", HOUR, 20, "/a.mov")]], **words))
    assert any(old in text for text in files.values())
    path = tmp_path / "cut.drt"
    path.write_bytes(zipped({name: text.replace(old, new) for name, text in files.items()}))
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (f"<Start>{HOUR}</Start>", "<Start>soon</Start>", "is at no frame"),
        (f"<Start>{HOUR}</Start>", "<Start/>", "is not on the timeline"),
        (f"<Start>{HOUR}</Start>", "<Start>12</Start>", "is not on the timeline"),
        (f"<Start>{HOUR}</Start>", f"<Start>{10**20}</Start>", "is at no frame"),
        ("<Duration>20</Duration>", "<Duration>-20</Duration>", "is not on the timeline"),
        ("<FrameRate>0000000000003840", "<FrameRate>zz", "is damaged"),
        ("<FrameRate>0000000000003840", "<FrameRate>000000000000f07f", "is damaged"),
        ("<FrameRate>00000000000038400000000000000000</FrameRate>", "<FrameRate/>", "frame rate"),
        ("<FrameRate>0000000000003840", "<FrameRate>0000000000000000", "frame rate"),
        ("Sm2MpTimelineClip", "Sm2MpOtherClip", "holds no timeline"),
        ("<Sequence>", "<Other>", "damaged"),
    ],
)
def test_damaged_fields_are_one_sentence(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert words in refusal(altered(tmp_path, old, new))


def test_a_damaged_in_point_is_said(tmp_path: Path) -> None:
    tl = read(altered(tmp_path, "<In/>", "<In>x|y</In>"))
    assert "starts in its medium is damaged" in notes(tl.tracks[0][0])[0]


def test_pool_fields_that_are_damaged_fall_back(tmp_path: Path) -> None:
    files = documents(Made(video=[[Item("a", HOUR, 20, "/a.mov")]]))
    pool = files["MediaPool/Master/MpFolder.xml"]
    cut = pool.index("<Clip>")
    files["MediaPool/Master/MpFolder.xml"] = (
        pool[:cut] + "<Clip>00</Clip><Time>00</Time>" + pool[pool.index("</BtVideo") :]
    )
    path = tmp_path / "cut.drt"
    path.write_bytes(zipped(files))
    clip = read(path).tracks[0][0]
    assert clip.media_reference.target_url == "/a.mov"
    assert clip.media_reference.available_range.duration.value == 240


# --- hostile ----------------------------------------------------------------------------------------------


def put(tmp_path: Path, files: dict[str, str | bytes], name: str = "evil.drt") -> Path:
    path = tmp_path / name
    path.write_bytes(zipped(files))
    return path


def plain() -> dict[str, str | bytes]:
    return dict(documents(Made(video=[[Item("a", HOUR, 20, "/a.mov")]])))


def test_what_is_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "evil.drt"
    for content in (b"", b"<xml/>", b"SQLite format 3\0", b"\x00" * 4096):
        path.write_bytes(content)
        assert "no file of DaVinci Resolve" in refusal(path)
    with pytest.raises(TimelineError, match="cannot be read"):
        read(tmp_path / "nothing.drt")
    with pytest.raises(TimelineError, match="cannot be read"):
        read(tmp_path)


def test_cut_short_anywhere(tmp_path: Path) -> None:
    whole = zipped(plain())
    path = tmp_path / "evil.drt"
    for length in range(2, len(whole), 97):
        path.write_bytes(whole[:length])
        assert "cut short" in refusal(path)


def test_another_zip(tmp_path: Path) -> None:
    assert "nothing that DaVinci Resolve exports" in refusal(put(tmp_path, {"content.otio": "{}"}))


@pytest.mark.parametrize(
    "name",
    [
        "../project.xml",
        "/etc/passwd",
        "MediaPool/../../x.xml",
        "C:\\x.xml",
        "..\\x.xml",
        "\\x.xml",
        "a/..\\..\\b",
    ],
)
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    assert "leads outside" in refusal(put(tmp_path, {**plain(), name: "x"}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.drt"]


def test_a_name_with_a_null(tmp_path: Path) -> None:
    whole = zipped({**plain(), "MediaPool/ab.xml": "x"}).replace(b"MediaPool/ab.xml", b"MediaPool/a\0.xml")
    path = tmp_path / "evil.drt"
    path.write_bytes(whole)
    assert "leads outside" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_twice(tmp_path: Path) -> None:
    stream = io.BytesIO(zipped(plain()))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("project.xml", "<x/>")
    path = tmp_path / "evil.drt"
    path.write_bytes(stream.getvalue())
    assert "twice" in refusal(path)


def test_encrypted(tmp_path: Path) -> None:
    whole = bytearray(zipped(plain()))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = whole.find(mark)
        while position >= 0:
            whole[position + offset] |= 1
            position = whole.find(mark, position + 1)
    path = tmp_path / "evil.drt"
    path.write_bytes(bytes(whole))
    assert "encrypted" in refusal(path)


def test_other_packings(tmp_path: Path) -> None:
    path = tmp_path / "evil.drt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in plain().items():
            archive.writestr(name, content)
    assert "packed in a way" in refusal(path)


def test_a_bomb_is_stopped_while_it_inflates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ratio of 1000, and a central directory that claims ten bytes."""
    blank = HEAD.encode() + b"<SM_Project>" + b" " * (48 << 20) + b"</SM_Project>"
    path = put(tmp_path, {**plain(), "project.xml": blank})
    assert "inflates to more than 16 MB" in refusal(path)
    whole = bytearray(path.read_bytes())
    entry = whole.rfind(b"PK\x01\x02", 0, whole.rfind(b"project.xml"))
    whole[entry + 24 : entry + 28] = struct.pack("<I", 10)
    path.write_bytes(bytes(whole))
    assert "damaged" in refusal(path) or "inflates" in refusal(path)
    monkeypatch.setattr(_drt_archive, "FREE_BYTES", 1 << 10)
    monkeypatch.setattr(_drt_archive, "MOST_RATIO", 1)
    assert "inflates" in refusal(put(tmp_path, plain()))


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_drt_archive, "MOST_ENTRIES", 50)
    assert "too many" in refusal(put(tmp_path, {**plain(), **{f"x/{n}": "" for n in range(60)}}))


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://example.org/x.dtd">',
        "<!DOCTYPE x>",
    ],
)
@pytest.mark.parametrize("entry", ["project.xml", "MediaPool/Master/MpFolder.xml", "SeqContainer"])
def test_entities_and_dtds(tmp_path: Path, head: str, entry: str) -> None:
    files = plain()
    name = next(name for name in files if name.startswith(entry))
    files[name] = str(files[name]).replace(HEAD, HEAD + head)
    assert "DTD or entities" in refusal(put(tmp_path, files))


@pytest.mark.parametrize(
    "content", ["", "<x>", "<x></y>", "no xml", "<x>&a;</x>", "<x a=1/>", "\x00", "<x/><y/>"]
)
def test_xml_that_is_none(tmp_path: Path, content: str) -> None:
    for entry in ("project.xml", "MediaPool/Master/MpFolder.xml"):
        assert refusal(put(tmp_path, {**plain(), entry: content})).startswith(entry)


def test_deep_xml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for tag in ("a", "BtThumnail"):
        deep = f"<{tag}>" * 5000 + f"</{tag}>" * 5000
        assert "too deeply" in refusal(put(tmp_path, {**plain(), "project.xml": deep}))
    monkeypatch.setattr(_drt_archive, "MOST_ELEMENTS", 100)
    assert "too large" in refusal(put(tmp_path, {**plain(), "project.xml": f"<a>{'<b/>' * 200}</a>"}))


def test_a_zstd_bomb_is_a_note(tmp_path: Path) -> None:
    """64 MB of zeros in a few bytes: not inflated, and the clip is read without its markers."""
    bomb = zstd.compress(b"\0" * (64 << 20))
    with pytest.raises(BlobError, match="more than fits"):
        unpack(b"\x81" + bomb)
    wide = zstd.compress(
        bytes(1 << 20),
        options={
            zstd.CompressionParameter.window_log: 27,
            zstd.CompressionParameter.content_size_flag: 0,
        },
    )
    frame = bytearray(wide)
    assert frame[4] & 0x20 == 0, "a frame with a window of its own"
    with pytest.raises(BlobError, match="zstd"):
        unpack(b"\x81" + bytes(frame[:5]) + bytes([0xF8]) + bytes(frame[6:]))
    made_ = Made(video=[[Item("a", HOUR, 20, "/a.mov", marks=[Mark(3)])]])
    files = documents(made_)
    blob = qt_map({"BlobData": struct.pack(">II", 10001, len(bomb) + 1) + b"\x81" + bomb}).hex()
    files["project.xml"] = files["project.xml"].replace(marker_blob([Mark(3)]), blob)
    assert blob in files["project.xml"]
    clip = read(put(tmp_path, dict(files))).tracks[0][0]
    assert not clip.markers and "damaged" in notes(clip)[0]


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\x0a\xff\xff\xff\xff\x0f",
        b"\x00\x01",
        b"\x0b",
        b"\x09\x00",
        b"\xff" * 11,
        b"\x08" + b"\x80" * 12,
    ],
)
def test_broken_protobuf(data: bytes) -> None:
    with pytest.raises(BlobError):
        read_fields(data)


def test_broken_maps() -> None:
    whole = qt_map({"a": 1, "text": "x", "raw": b"123", "d": 2.0})
    assert read_map(whole) == {"a": 1, "text": "x", "raw": b"123", "d": 2.0}
    for length in range(len(whole)):
        with pytest.raises(BlobError):
            read_map(whole[:length])
    with pytest.raises(BlobError):
        read_map(struct.pack(">II", 1, 0xFFFFFFFF) + whole[8:])


def test_writing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="only read here"):
        otio.adapters.write_to_file(otio.schema.Timeline(), str(tmp_path / "x.drt"), "resolve_drt")
    assert not list(tmp_path.iterdir())


def test_the_suffixes_find_the_adapter(tmp_path: Path) -> None:
    for suffix in ("drt", "drp"):
        path = write_drt(tmp_path / f"a.{suffix}", Made("Cut 7"))
        assert otio.adapters.read_from_file(str(path)).name == "Cut 7"


# --- properties -------------------------------------------------------------------------------------------

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


@st.composite
def timelines(draw: st.DrawFn) -> Made:
    rate = draw(st.sampled_from([24.0, 25.0, 24000 / 1001, 30000 / 1001, 60.0]))
    first = round(3600 * round(rate))
    tracks = []
    for _ in range(draw(st.integers(1, 3))):
        at, items = first, []
        for _ in range(draw(st.integers(0, 5))):
            at += draw(st.sampled_from([0, 0, 7]))
            length = draw(st.integers(1, 90))
            items.append(
                Item(
                    draw(texts).strip() or "x",
                    at,
                    length,
                    "/takes/" + draw(st.sampled_from(["fox.mov", "a b&c.mp4", "é#1.mkv"])),
                    left=draw(st.integers(0, 50)),
                    rate=rate,
                    frames=500,
                    flags=draw(st.sampled_from([0, 2])),
                    marks=[
                        Mark(frame, draw(st.sampled_from([c for c in COLORS if c])), draw(texts), draw(texts))
                        for frame in draw(st.sets(st.integers(0, 99), max_size=3))
                    ],
                    halves=draw(st.booleans()),
                )
            )
            at += length
        tracks.append(items)
    return Made(draw(texts).strip() or "x", tracks, rate=rate, start=first / F(rate).limit_denominator(1001))


@quick
@given(timelines())
def test_what_is_put_in_comes_out(tmp_path: Path, cut: Made) -> None:
    tl = made(tmp_path, cut)
    first = round(3600 * round(cut.rate))
    assert tl.name == cut.name
    for track, items in zip(tl.video_tracks(), cut.video, strict=True):
        clips = [child for child in track if isinstance(child, otio.schema.Clip)]
        assert [clip.name for clip in clips] == [item.name for item in items]
        starts = {child: found.start_time.value for child, found in zip(track, ranges(track), strict=True)}
        for clip, item in zip(clips, items, strict=True):
            assert starts[clip] == item.start - first
            assert span(clip)[:2] == (item.left, item.length)
            assert clip.enabled == (not item.flags) and told(clip)["Item ID"] == item.id
            assert clip.media_reference.target_url == item.path
            seen = [
                (m.marked_range.start_time.value, m.name, m.metadata["Resolve_OTIO"]["Note"])
                for m in clip.markers
            ]
            assert seen == sorted((mark.frame, mark.name, mark.note) for mark in item.marks)
    lengths = {track.duration().value for track in tl.tracks}
    assert len(lengths) == 1


def ranges(track: otio.schema.Track) -> list[otio.opentime.TimeRange]:
    return [track.range_of_child_at_index(index) for index in range(len(track))]


@quick
@given(st.data())
def test_damage_is_a_timeline_or_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    item = Item("a", HOUR, 20, "/a.mov", speed=speed_map((0, 0), (4, 2), (8, 8)), marks=SIXTEEN[:3])
    files = documents(Made(video=[[item]], marks=SIXTEEN[3:5]))
    name = data.draw(st.sampled_from(sorted(files)))
    text = files[name]
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 60)))
    new = data.draw(st.text("0123456789abcdef<>/&\"'|- ZS", max_size=20))
    path = put(tmp_path, {**files, name: text[:start] + new + text[end:]}, "fuzz.drt")
    try:
        found = read(path)
    except TimelineError as error:
        assert "\n" not in str(error) and "fuzz.drt" in str(error)
    else:
        assert isinstance(found, otio.schema.Timeline)
        plan(found)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for reader in (read_fields, read_map, unpack, _drt_blobs.read_package):
        with contextlib.suppress(BlobError):
            reader(data)
    for hexed in (read_markers, read_time_map):
        with contextlib.suppress(BlobError):
            hexed(data.hex())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.01, 20), st.floats(-20, 20)),
        min_size=1,
        max_size=6,
    ),
    st.floats(0, 10),
    st.floats(0.1, 10),
)
def test_a_cut_curve_is_the_curve(steps: list[tuple[float, float]], start: float, length: float) -> None:
    keys = [(0.0, 5.0)]
    for play, media in steps:
        keys.append((keys[-1][0] + play, keys[-1][1] + media))
    for write in (speed_map, speed_message):
        times = read_time_map(write(*keys))
        cut = times.cut(start, length)
        for part in (0.0, 0.3, 0.9):
            want = times.media_at(start + part * length)
            before = [key for key in cut if key.play <= part * length + (start if start <= 0 else 0)][-1]
            after = next((key for key in cut if key.play > before.play), None)
            if start > 0 and after is not None:
                slope = (after.media - before.media) / (after.play - before.play)
                got = before.media + slope * (part * length - before.play)
                assert math.isclose(got, want, rel_tol=1e-6, abs_tol=1e-5)


# --- real files -------------------------------------------------------------------------------------------

TABLE: dict[tuple[str, str], tuple[str, str, int, list[int], list[int]]] = {
    # file, timeline: rate, start, frames, clips on video tracks, on audio tracks (read off the XML by eye)
    ("drp/feue_Untitled_Project_1.drp", "Timeline 1"): ("60", "01:00:00:00", 1102, [1], [1, 1, 12, 1]),
    ("drp/feue_Untitled_Project_2_copy.drp", "Timeline 1"): ("60", "01:00:00:00", 111, [0], [1]),
    ("drp/jve_markers_16color_edge.drp", "tl"): ("24", "01:00:00:00", 818, [3], [3, 1]),
    ("drp/jve_resolve_authored_empty.drp", "JVE_T008_ref_seq"): ("24", "01:00:00:00", 0, [0], [0]),
    ("drp/jve_sample_project_zero_duration.drp", "Timeline 1"): (
        "24",
        "01:00:00:00",
        3645,
        [26, 1, 0],
        [1, 0],
    ),
    ("drp/jve_sample_project_zero_duration.drp", "STRINGOUT"): ("24", "01:00:00:00", 3919, [28, 1], [28, 4]),
    ("drp/jve_sample_project_zero_duration.drp", "sync test"): (
        "24",
        "01:00:00:00",
        3764,
        [1, 1, 1],
        [1, 1, 1],
    ),
    ("drp/jve_sample_project_zero_duration.drp", "sound tracks test"): (
        "25",
        "01:00:00:00",
        9938,
        [10],
        [10],
    ),
    ("drp/jve_sample_project_zero_duration.drp", "resolve audio tracks tutorial"): (
        "24",
        "01:00:00:00",
        3692,
        [6],
        [6, 0],
    ),
    ("drp/jve_start_time_decoder.drp", "33"): ("24", "00:00:33:00", 0, [0], [0]),
    ("drp/jve_start_time_decoder.drp", "44"): ("24", "00:44:00:00", 0, [0], [0]),
    ("drp/jve_start_time_decoder.drp", "23"): ("24", "23:00:00:00", 0, [0], [0]),
    ("drp/jve_synced clip example.drp", "Timeline 1"): ("25", "01:00:00:00", 1640, [2], [2]),
    ("drp/jve_test audio, reverse audio.drp", "Timeline 1"): ("24", "01:00:00:00", 66, [0], [2]),
    ("drp/jve_volume_blob_decoder.drp", "Timeline 1"): ("24000/1001", "01:00:00:00", 71, [3], [3]),
    ("drp/sam_compound-nav-r21.drp", "ZZ_CMP_TL"): ("24", "01:00:00:00", 248, [2, 1], [0]),
    ("drp/sam_compound-nav-r21.drp", "ZZ_INNER_TL"): ("24", "01:00:00:00", 120, [1], [0]),
    ("drp/sam_empty-project.drp", "Timeline 1"): ("24", "01:00:00:00", 0, [0], [0]),
    ("drp/sam_p0-3-session30-empty-effectfilters.drp", "capture-timeline"): (
        "24",
        "01:00:00:00",
        3664,
        [1],
        [1],
    ),
    ("drt/jve_retime-test.drt", "retime-test"): ("25", "01:00:00:00", 264, [2], [0]),
}


def clips_of(track: Any) -> list[Any]:
    return [child for child in track if isinstance(child, otio.schema.Clip | otio.schema.Stack)]


@needs_samples
@pytest.mark.parametrize(("file", "name"), sorted(TABLE))
def test_samples_are_what_a_reading_by_eye_gives(file: str, name: str) -> None:
    rate, start, frames, video, audio = TABLE[file, name]
    tl = read(FOLDER / file, name)
    result = plan(tl)
    assert tl.name == name
    assert (str(result.info.rate), result.info.start_timecode, result.info.frames) == (rate, start, frames)
    assert [len(clips_of(track)) for track in tl.video_tracks()] == video
    assert [len(clips_of(track)) for track in tl.audio_tracks()] == audio
    assert len({track.duration().value for track in tl.tracks}) == 1
    assert not notices(tl)
    assert len(result.uses) + len(result.skipped) + len(result.failures) == sum(video)
    for failure in result.failures:
        assert failure.reason.startswith("File not found: ")
    assert all(clip.enabled for clip in tl.find_clips())


@needs_samples
def test_every_sample_is_in_the_table() -> None:
    known = {file for file, _ in TABLE}
    assert {f"{path.parent.name}/{path.name}" for path in FOLDER.glob("dr[pt]/*.dr[pt]")} == known


@needs_samples
def test_bins_hold_no_timeline() -> None:
    for path in sorted(FOLDER.glob("drb/*.drb")):
        assert "is a bin, which holds no timeline" in refusal(path)


@needs_samples
def test_markers_agree_with_the_script_that_made_them() -> None:
    """What the scripting API was told, and answered, frame by frame; refused ones are not there."""
    truth = json.loads((FOLDER / "drp/jve_markers_16color_edge.truth.json").read_text(encoding="utf-8"))
    tl = read(FOLDER / "drp/jve_markers_16color_edge.drp")
    clip = next(clip for clip in tl.find_clips() if told(clip)["Item ID"] == truth["countdown_uid"])
    want = [*truth["colors"], *(row for row in truth["edge"] if row["added"])]
    assert len(want) == 18
    got = [
        {
            "frame": marker.marked_range.start_time.value,
            "color": told(marker)["Color"],
            "name": marker.name,
            "note": told(marker)["Note"],
            "duration": marker.marked_range.duration.value,
            "customData": told(marker).get("Custom Data", ""),
        }
        for marker in clip.markers
    ]
    assert got == sorted(({k: row[k] for k in got[0]} for row in want), key=lambda row: row["frame"])
    assert {marker.marked_range.duration.rate for marker in clip.markers} == {24.0}


@needs_samples
def test_a_retime_and_its_removal_show_the_same_source() -> None:
    """Resolve itself moved the in point from 447.73 to 394 when the 88 % were taken away."""
    slow, plain_ = read(FOLDER / "drt/jve_retime-test.drt").tracks[0]
    assert slow.source_range == plain_.source_range
    assert otio.opentime.to_timecode(slow.source_range.start_time) == "01:14:36:16"
    assert slow.effects[0].time_scalar == 0.88 and not plain_.effects
    assert slow.media_reference.target_url.endswith("/Day 12/A035/A035_11200114_C056.mov")
    assert told(slow)["Item ID"] == "d9859ae9-364e-44bd-a945-5a68b4b4d4ee"


@needs_samples
def test_a_reversed_clip_uses_what_its_forward_twin_uses() -> None:
    forward, backward = read(FOLDER / "drp/jve_test audio, reverse audio.drp").tracks[1]
    assert backward.effects[0].time_scalar == -1
    assert backward.source_range.duration == forward.source_range.duration
    assert math.isclose(
        backward.source_range.start_time.value, forward.source_range.start_time.value, abs_tol=0.01
    )


@needs_samples
def test_picture_and_sound_of_one_edit_agree() -> None:
    tl = read(FOLDER / "drp/jve_sample_project_zero_duration.drp", "sound tracks test")
    picture, sound = clips_of(tl.tracks[0]), clips_of(tl.tracks[1])
    assert [clip.source_range for clip in picture] == [clip.source_range for clip in sound]
    assert [clip.name for clip in picture] == [clip.name for clip in sound]
    first = picture[0]
    assert otio.opentime.to_timecode(first.source_range.start_time) == "14:11:39:19"


@needs_samples
def test_in_points_count_timeline_frames_also_of_faster_media() -> None:
    """A recording of 60 frames a second on a timeline of 24, cut up to its very end (250.3 s)."""
    tl = read(FOLDER / "drp/jve_sample_project_zero_duration.drp", "resolve audio tracks tutorial")
    clips = clips_of(tl.tracks[0])
    assert [span(clip)[0] for clip in clips] == [2189, 2590, 2649, 2751, 3301, 5999]
    medium = clips[-1].media_reference.available_range
    assert medium.duration == otio.opentime.RationalTime(15019, 60)
    left_over = medium.duration.to_seconds() - clips[-1].source_range.end_time_exclusive().to_seconds()
    assert 0 <= left_over < 1 / 24


@needs_samples
def test_compound_clips_of_a_real_project() -> None:
    tl = read(FOLDER / "drp/sam_compound-nav-r21.drp", "ZZ_CMP_TL")
    media, title = clips_of(tl.tracks[0])
    (inner,) = clips_of(tl.tracks[1])
    assert [told(one)["Kind"] for one in (media, title, inner)] == ["compound", "compound", "timeline"]
    assert tl.tracks[1].range_of_child(inner).start_time.value == 200
    assert [clip.name for clip in media.find_clips()] == ["retime_src.mp4"]
    result = plan(tl)
    assert [(skip.id, skip.reason) for skip in result.skipped] == [
        ("V1/0002.1", "A title or generator."),
        ("V2/0001.1", "A title or generator."),
    ]


@needs_samples
def test_a_project_and_its_fcp7_xml_agree() -> None:
    """The XML was exported a few trims later: what both hold, they say alike."""
    tl = read(FOLDER / "drp/feue_Untitled_Project_1.drp")
    root = ET.parse(FOLDER / "fcp7_resolve/feue_Timeline_1.xml").getroot()
    sequence = root.find("sequence")
    assert sequence is not None
    assert sequence.findtext("name") == f"{tl.name} (Resolve)"
    assert sequence.findtext("timecode/frame") == "216000" == str(int(tl.global_start_time.value))
    assert sequence.findtext("rate/timebase") == "60" and tl.global_start_time.rate == 60
    size = sequence.find("media/video/format/samplecharacteristics")
    assert size is not None
    assert [int(size.findtext(side) or 0) for side in ("width", "height")] == list(told(tl)["Resolution"])

    files = {node.findtext("name"): node for node in root.iter("file") if node.find("pathurl") is not None}
    rows = [row for track in root.findall(".//audio/track") for row in track.findall("clipitem")]
    clips = [clip for track in tl.audio_tracks() for clip in clips_of(track)]
    assert {clip.name for clip in clips} <= set(files)
    for clip in clips:
        url = (files[clip.name].findtext("pathurl") or "").removeprefix("file://localhost/")
        assert clip.media_reference.target_url.replace("\\", "/") == url
        assert clip.media_reference.available_range.duration.value == int(
            files[clip.name].findtext("duration") or 0
        )

    def cuts(name: str) -> list[tuple[int, int]]:
        mine = [clip.source_range for clip in clips if clip.name == name]
        return [(round(used.start_time.value), round(used.end_time_exclusive().value)) for used in mine]

    def theirs(name: str) -> list[tuple[int, int]]:
        return [
            (int(row.findtext("in") or 0), int(row.findtext("out") or 0))
            for row in rows
            if row.findtext("name") == name
        ]

    name = "cinematic-glitch-fear-183842.mp3"
    assert cuts(name)[2:] == theirs(name)[1:] and len(cuts(name)) == 12
    for name in ("dark-mystery-trailer-taking-our-time-131566.mp3", "groovy-ambient-funk-201745.mp3"):
        assert [end for _, end in cuts(name)] == [end for _, end in theirs(name)]
