"""Resolve's real `.drt` and `.drp`, against a reading by eye and against what else is known of them."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import opentimelineio as otio
import pytest

from otio_ai_audit.timeline import plan

from .drt_reading import clips_of, notices, read, refusal, span, told
from .shared import shared_dir

SHARED = shared_dir()
FOLDER = SHARED / "timelines" if SHARED else Path("nowhere")
needs_samples = pytest.mark.skipif(not FOLDER.is_dir(), reason="the sample timelines are not at hand")

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
