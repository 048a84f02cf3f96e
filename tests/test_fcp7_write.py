"""FCP7 XML of selects: what stands in it, and that others read the same cuts, ranges, names and paths."""

from __future__ import annotations

import warnings
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from otio_ai_audit import timeline, video
from otio_ai_audit.errors import OutputError
from otio_ai_audit.markings import moods
from otio_ai_audit.model import Media, RankedTake, TimelineInfo
from otio_ai_audit.report.takes_selects import selects, write_fcp7
from otio_ai_audit.timeline.fcp7_write import fcp7, path_url
from otio_ai_audit.timeline.media import path_of

from . import triage_samples as samples
from .edits import pan

pytest.importorskip("otio_fcp_adapter")

RATE = Fraction(24)
NTSC = Fraction(30000, 1001)


def with_rate(take: RankedTake, rate: Fraction, frames: int) -> RankedTake:
    info = replace(samples.INFO, rate=rate, promised_frames=frames)
    record = replace(take.record, info=info, frames=frames, seconds=float(frames / rate))
    return replace(take, record=record)


def mixed() -> timeline.Selects:
    """Takes of several rates, with timecodes, gaps above, and one file on two tracks."""
    again = samples.take("c", "v001", rank=1)
    shots = (
        samples.shot(
            1,
            "a",
            with_rate(samples.take("a", "v001", start_timecode="10:00:00:00"), RATE, 48),
            with_rate(samples.take("a", "v002", rank=2), Fraction(30), 90),
        ),
        samples.shot(2, "b", with_rate(samples.take("b", start_timecode="01:00:00;02"), NTSC, 60)),
        samples.shot(
            3,
            "c",
            with_rate(again, RATE, 24),
            with_rate(replace(again, rank=2), RATE, 24),
        ),
        samples.shot(4, "d", with_rate(samples.take("d"), Fraction(25, 2), 25)),
        samples.shot(5, "e", with_rate(samples.take("e"), RATE, 24)),
    )
    return timeline.arrange_selects(shots, "selects")


def root_of(made: timeline.Selects, markers: Any = ()) -> ElementTree.Element:
    return ElementTree.fromstring(fcp7(made, markers))


def adapter(path: Path) -> otio.schema.Timeline:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return otio.adapters.read_from_file(str(path), "fcp_xml")


def seconds(time: otio.opentime.RationalTime) -> Fraction:
    return round(Fraction(time.to_seconds()), 6)


def cuts(tl: otio.schema.Timeline) -> list[list[tuple[Any, ...]]]:
    """Of every clip: name, place, lengths and where it begins in its medium, in seconds."""
    rows = []
    for track in tl.tracks:
        row = []
        for clip in track:
            if isinstance(clip, otio.schema.Clip):
                place = clip.range_in_parent()
                available = clip.media_reference.available_range
                row.append(
                    (
                        clip.name,
                        seconds(place.start_time),
                        seconds(place.duration),
                        seconds(clip.source_range.start_time),
                        seconds(available.start_time),
                    )
                )
        rows.append(row)
    return rows


# --- what stands in it ------------------------------------------------------------------------------


def test_the_sequence_says_rate_timecode_and_format() -> None:
    sequence = root_of(mixed()).find("sequence")
    assert sequence is not None
    assert (sequence.findtext("rate/timebase"), sequence.findtext("rate/ntsc")) == ("24", "FALSE")
    assert (sequence.findtext("timecode/string"), sequence.findtext("timecode/frame")) == (
        "01:00:00:00",
        "86400",
    )
    size = sequence.find("media/video/format/samplecharacteristics")
    assert size is not None
    assert (size.findtext("width"), size.findtext("height")) == ("1280", "720")
    assert sequence.findtext("duration") == str(mixed().info.frames)


def test_a_file_is_told_once_and_then_named() -> None:
    root = root_of(mixed())
    files = [file for file in root.iter("file") if file.find("pathurl") is not None]
    named = [file for file in root.iter("file") if file.find("pathurl") is None]
    assert len(files) == 6 and [file.attrib["id"] for file in named] == [files[2].attrib["id"]]
    ids = [one.attrib["id"] for one in (*files, *root.iter("clipitem"))]
    assert len(ids) == len(set(ids))


def test_files_say_their_own_rate_and_timecode() -> None:
    files = {file.findtext("name"): file for file in root_of(mixed()).iter("file")}
    drop = files["b_v001.mp4"]
    assert (drop.findtext("rate/timebase"), drop.findtext("rate/ntsc")) == ("30", "TRUE")
    assert drop.findtext("timecode/string") == "01:00:00;02"
    assert drop.findtext("timecode/displayformat") == "DF"
    assert files["a_v001.mp4"].findtext("timecode/frame") == "864000"
    assert files["a_v001.mp4"].findtext("media/video/samplecharacteristics/width") == "1280"
    odd = files["d_v001.mp4"]  # 12.5 frames a second, which the format cannot say
    assert (odd.findtext("rate/timebase"), odd.findtext("duration")) == ("24", "48")


def test_only_v1_is_enabled() -> None:
    tracks = root_of(mixed()).findall("sequence/media/video/track")
    assert [{clip.findtext("enabled") for clip in track.findall("clipitem")} for track in tracks] == [
        {"TRUE"},
        {"FALSE"},
    ]


def test_a_rate_that_the_format_cannot_say_is_refused() -> None:
    made = mixed()
    odd = replace(made, info=replace(made.info, rate=Fraction(25, 2)))
    with pytest.raises(OutputError, match=r"12\.5 frames per second; write \.otio"):
        fcp7(odd)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/takes/a b.mp4", "file://localhost/takes/a%20b.mp4"),
        ("/takes/#1?/50%.mp4", "file://localhost/takes/%231%3F/50%25.mp4"),
        ("/takes/a%20b.mp4", "file://localhost/takes/a%2520b.mp4"),
        ("/takes/شمس/雪.mp4", "file://localhost/takes/%D8%B4%D9%85%D8%B3/%E9%9B%AA.mp4"),
        (r"D:\takes\fox #1.mp4", "file://localhost/D:/takes/fox%20%231.mp4"),
        (r"\\server\share\a b.mp4", "file://server/share/a%20b.mp4"),
        ("/takes/\udcff.mp4", "file://localhost/takes/%FF.mp4"),
    ],
)
def test_paths_become_urls(path: str, url: str) -> None:
    assert path_url(path) == url


@pytest.mark.parametrize("path", ["/takes/#1?/50% a%20b&.mp4", r"D:\takes\fox #1.mp4", "/takes/شمس/雪.mp4"])
def test_urls_are_read_as_the_same_paths(path: str) -> None:
    assert path_of(path_url(path)) == path


# --- read back --------------------------------------------------------------------------------------


@pytest.mark.parametrize("through", [timeline.read, adapter], ids=["ours", "adapter"])
def test_everybody_reads_the_same_cuts_as_from_otio(tmp_path: Path, through: Any) -> None:
    made = mixed()
    path = tmp_path / "selects.xml"
    timeline.write_fcp7(made, (), path)
    expected = cuts(timeline.selects_otio(made))
    found = cuts(through(path))
    for track, other in zip(expected, found, strict=True):
        for clip, same in zip(track, other, strict=True):
            # A medium whose rate the format cannot say begins at the nearest frame of the timeline.
            assert clip == pytest.approx(same, abs=1e-5) if clip[0] != "d_v001.mp4" else clip[:3] == same[:3]


def test_our_reader_sees_what_is_disabled_and_where_files_lie(tmp_path: Path) -> None:
    path = tmp_path / "selects.xml"
    write_fcp7(samples.sample(), path)
    tl = timeline.read(path)
    assert tl.name == "takes"
    assert [[clip.enabled for clip in track] for track in tl.tracks] == [[True, True], [False, False]]
    assert [path_of(clip.media_reference.target_url) for clip in tl.tracks[0]] == [
        "/media/takes/day1/fox_v003.mp4",
        "/media/takes/day1/truck_v001.mp4",
    ]
    planned = timeline.plan(tl, timeline.PlanOptions(source="selects.xml"))
    assert planned.info.start_timecode == "01:00:00:00"
    assert {one.id for one in planned.skipped} == {"V2/0001", "V2/0002"}


def test_markers_come_with_their_notes_and_are_nobodys_verdict(tmp_path: Path) -> None:
    flawed = samples.take("fox", "v001", samples.finding("flicker", 1.25, 0.91))
    made, markers = selects(samples.triage(samples.shot(1, "fox", flawed)))
    path = tmp_path / "selects.xml"
    timeline.write_fcp7(made, markers, path)
    info: TimelineInfo = made.info
    seen = timeline.read_markers(timeline.read(path), info)
    assert [(one.frame, one.frames, one.name, one.note, one.ids) for one in seen] == [
        (one.frame, one.frames, one.name, one.note, one.ids) for one in markers
    ]
    assert "green" not in moods(seen)


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    path = tmp_path / "selects.xml"
    write_fcp7(samples.nasty(), path)
    tl = timeline.read(path)
    names = [clip.name for clip in tl.tracks[0]]
    assert names == [f"{number}.mp4" for number in range(1, len(names) + 1)]
    ElementTree.parse(path)


def test_media_are_found_again_sequences_too(tmp_path: Path) -> None:
    folder = tmp_path / "takes #1"
    video.encode(folder / "a & b_v001.mp4", pan(1, 12, (160, 90), 10), RATE)
    video.encode(folder / "snow_%04d.png", pan(2, 8, (160, 90), 10), RATE)
    numbered = Media(str(folder / "snow_%04d.png"), "sequence", RATE, tuple(range(1, 9)), 1, 8)
    movie = samples.take("a", label="a & b_v001.mp4", media=Media(str(folder / "a & b_v001.mp4")))
    snow = samples.take("snow", label="snow_[0001-0008].png", media=numbered)
    triage = samples.triage(
        samples.shot(1, "a", with_rate(movie, RATE, 12)), samples.shot(2, "snow", with_rate(snow, RATE, 8))
    )
    path = tmp_path / "selects.xml"
    write_fcp7(triage, path)
    planned = timeline.plan(timeline.read(path), timeline.PlanOptions(base=tmp_path, source=path.name))
    assert planned.failures == ()
    media = [use.media for use in planned.uses]
    assert media[0].path == str(folder / "a & b_v001.mp4")
    assert (media[1].kind, media[1].numbers) == ("sequence", tuple(range(1, 9)))
    assert [use.record_frames for use in planned.uses] == [12, 8]
