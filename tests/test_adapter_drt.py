"""Resolve's `.drt` and `.drp` as OTIO, from files that the tests make."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction as F
from itertools import pairwise
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otio_ai_audit.adapters import _drt_archive, _drt_timeline
from otio_ai_audit.adapters._drt_markers import read_markers
from otio_ai_audit.adapters._drt_speed import read_time_map
from otio_ai_audit.timeline import plan
from otio_ai_audit.timeline.mark import read_markers as markers_of
from otio_ai_audit.timeline.retime import media_at

from .drt_files import (
    COLORS,
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
from .drt_reading import HOUR, made, notes, notices, one, plain, put, read, refusal, span, told

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
