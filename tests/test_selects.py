"""The timeline of the takes with the fewest faults found: what is on which track, and who can read it."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from otio_ai_audit import timeline, video
from otio_ai_audit.adapters.resolve import read_from_file
from otio_ai_audit.model import Media, Placed, RankedTake, Shot
from otio_ai_audit.report.takes_selects import selects, write_otio
from otio_ai_audit.timeline.selects import split_pattern, timeline_rate
from otio_ai_audit.walk import Options, audit

from . import triage_samples as samples
from .edits import flickering, pan

RATE = Fraction(24)


def with_rate(take: RankedTake, rate: Fraction, frames: int, **changes: Any) -> RankedTake:
    info = replace(samples.INFO, rate=rate, promised_frames=frames, **changes)
    record = replace(take.record, info=info, frames=frames, seconds=float(frames / rate))
    return replace(take, record=record)


def arranged(*shots: Shot, **options: Any) -> timeline.Selects:
    return timeline.arrange_selects(shots, "selects", **options)


def names(made: timeline.Selects) -> list[list[str]]:
    return [[slot.name for slot in slots] for slots in made.tracks]


def shot_of(number: int, name: str, *frames: int) -> Shot:
    """A shot whose takes have so many frames."""
    takes = [
        with_rate(samples.take(name, f"v{place:03d}", rank=place), RATE, count)
        for place, count in enumerate(frames, start=1)
    ]
    return samples.shot(number, name, *takes)


# --- what is on which track -------------------------------------------------------------------------


def test_the_first_take_of_each_shot_lies_on_v1_and_the_next_one_above() -> None:
    made = timeline.arrange_selects(samples.sample().shots(), "selects")
    assert names(made) == [["fox_v003.mp4", "truck_v001.mp4"], ["fox_v001.mp4", "truck_v002.mp4"]]
    assert [(slot.id, slot.start, slot.frames, slot.enabled) for slot in made.slots] == [
        ("V1/0001", 0, 96, True),
        ("V1/0002", 96, 96, True),
        ("V2/0001", 0, 96, False),
        ("V2/0002", 96, 96, False),
    ]


def test_killed_failed_and_copied_takes_are_on_no_track() -> None:
    made = timeline.arrange_selects(samples.sample().shots(), "selects", alternatives=20)
    used = {slot.name for slot in made.slots}
    assert used.isdisjoint({"fox_v007.mp4", "fox_v008.mp4", "fox_v009.mp4", "bell_v001.mp4"})
    assert {"fox_v004.mp4", "fox_v005.mp4"} <= used


def test_shots_without_a_take_are_named() -> None:
    made = timeline.arrange_selects(samples.sample().shots(), "selects")
    assert made.without == ("bell",)
    assert made.notices == ("No take to use of bell.",)
    many = [samples.shot(n, f"s{n}", samples.failed(f"s{n}")) for n in range(1, 10)]
    assert arranged(*many).notices == ("No take to use of s1, s2, s3, s4, s5 and 4 more.",)


def test_alternatives_are_cut_to_the_place_or_followed_by_a_gap() -> None:
    made = arranged(shot_of(1, "a", 48, 96), shot_of(2, "b", 96, 48), shot_of(3, "c", 24))
    upper = made.tracks[1]
    assert [(slot.start, slot.frames) for slot in upper] == [(0, 48), (48, 48)]
    track = timeline.selects_otio(made).tracks[1]
    assert [(type(one).__name__, one.duration().value) for one in track] == [
        ("Clip", 48),
        ("Clip", 48),
        ("Gap", 72),
    ]
    assert made.info.frames == 168


def test_a_shot_without_an_alternative_leaves_a_gap_that_counts_no_clip() -> None:
    made = arranged(shot_of(1, "a", 48), shot_of(2, "b", 24, 24))
    assert [slot.id for slot in made.tracks[1]] == ["V2/0001"]
    track = timeline.selects_otio(made).tracks[1]
    assert [type(one).__name__ for one in track] == ["Gap", "Clip"]


@pytest.mark.parametrize(("alternatives", "tracks"), [(0, 1), (1, 2), (3, 4), (9, 5)])
def test_so_many_tracks_as_are_asked_for_and_needed(alternatives: int, tracks: int) -> None:
    made = timeline.arrange_selects(samples.sample().shots(), "selects", alternatives=alternatives)
    assert len(made.tracks) == tracks


def test_without_takes_there_is_an_empty_timeline(tmp_path: Path) -> None:
    made, markers = selects(samples.triage())
    assert names(made) == [[]] and made.info.frames == 0
    assert [marker.name for marker in markers] == ["AUDIT 12:00"]


def test_pictures_and_curves_are_not_held() -> None:
    made = timeline.arrange_selects(samples.many(3, 2).shots(), "selects")
    assert not any(slot.take.record.strip or slot.take.record.sketch.size for slot in made.slots)


# --- rates and ranges -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "chosen"),
    [
        (Fraction(24), Fraction(24)),
        (Fraction(24000, 1001), Fraction(24000, 1001)),
        (Fraction(16), Fraction(16)),
        (Fraction(12), Fraction(24)),
        (Fraction(25, 2), Fraction(25)),
        (Fraction(15), Fraction(30)),
        (Fraction(8), Fraction(16)),
        (Fraction(2381, 100), Fraction(24)),
    ],
)
def test_the_timeline_has_a_rate_that_resolve_has(rate: Fraction, chosen: Fraction) -> None:
    assert timeline_rate(rate) == chosen


def test_the_rate_is_that_of_most_takes_and_may_be_asked_for() -> None:
    odd = samples.shot(1, "odd", with_rate(samples.take("odd"), Fraction(30), 30))
    shots = (odd, shot_of(2, "a", 24, 24))
    assert arranged(*shots).info.rate == 24
    assert arranged(*shots, rate=Fraction(30)).info.rate == 30


def test_a_take_of_another_rate_lasts_as_long_as_it_does() -> None:
    fast = samples.shot(1, "fast", with_rate(samples.take("fast"), Fraction(30), 45))
    made = arranged(fast, shot_of(2, "a", 24, 24))
    tl = timeline.selects_otio(made)
    clip = tl.tracks[0][0]
    assert (clip.source_range.duration.value, clip.source_range.duration.rate) == (36, 24)
    available = clip.media_reference.available_range
    assert (available.duration.value, available.duration.rate) == (45, 30)


def test_ranges_begin_at_the_timecode_of_the_medium() -> None:
    slow = with_rate(samples.take("a", start_timecode="10:00:00:00"), Fraction(25), 50)
    made = arranged(samples.shot(1, "a", slow), shot_of(2, "b", 24, 24))
    clip = timeline.selects_otio(made).tracks[0][0]
    assert clip.media_reference.available_range.start_time.value == 36000 * 25
    assert clip.source_range.start_time.value == 36000 * 24
    assert clip.source_range.start_time.rate == 24


def test_a_timecode_in_drop_frame_is_counted_as_such() -> None:
    rate = Fraction(30000, 1001)
    take = with_rate(samples.take("a", start_timecode="01:00:00;00"), rate, 30)
    assert arranged(samples.shot(1, "a", take)).slots[0].first == 107892
    wrong = with_rate(samples.take("a", start_timecode="01:00:00:29"), Fraction(24), 30)
    assert arranged(samples.shot(1, "a", wrong)).slots[0].first == 0


def test_the_timeline_starts_at_one_hour_without_drop_frame() -> None:
    take = with_rate(samples.take("a"), Fraction(30000, 1001), 30)
    info = arranged(samples.shot(1, "a", take)).info
    assert (info.start_frame, info.start_timecode, info.drop_frame) == (108000, "01:00:00:00", False)


def test_a_sequence_is_a_sequence_and_plays_frame_by_frame() -> None:
    media = Media(
        "/t/50%%/snow_%04d.png", "sequence", Fraction(24), numbers=(1001, 1002, 1004), first=1001, last=1004
    )
    take = with_rate(samples.take("snow", media=media, label="50%/snow_[1001-1004].png"), Fraction(24), 3)
    thirty = [with_rate(samples.take("b", rank=n), Fraction(30), 30) for n in (1, 2)]
    made = arranged(samples.shot(1, "snow", take), samples.shot(2, "b", *thirty))
    clip = timeline.selects_otio(made).tracks[0][0]
    reference = clip.media_reference
    assert isinstance(reference, otio.schema.ImageSequenceReference)
    assert (reference.target_url_base, reference.name_prefix, reference.name_suffix) == (
        "/t/50%",
        "snow_",
        ".png",
    )
    assert (reference.start_frame, reference.frame_zero_padding, reference.rate) == (1001, 4, 30)
    assert clip.source_range.duration == otio.opentime.RationalTime(4, 30)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/a/x.%04d.exr", ("/a", "x.", 4, ".exr")),
        ("/a/x%d.exr", ("/a", "x", 0, ".exr")),
        ("/100%%d/x_%03d_%%.png", ("/100%d", "x_", 3, "_%.png")),
        ("/a/x.mp4", None),
    ],
)
def test_patterns_are_taken_apart(path: str, parts: Any) -> None:
    assert split_pattern(path) == parts


# --- markers ----------------------------------------------------------------------------------------


def marked(*findings: Any, **options: Any) -> tuple[timeline.Selects, Any]:
    flawed = samples.take("fox", "v001", *findings, **options)
    return selects(samples.triage(shot_of(1, "a", 48), samples.shot(2, "fox", flawed)))


def test_faults_of_v1_are_marked_where_they_are() -> None:
    made, markers = marked(samples.finding("flicker", 1.25, 0.91))
    marker = next(one for one in markers if one.clip)
    assert (marker.frame, marker.frames, marker.color, marker.name) == (48 + 30, 12, "Lemon", "FLICKER")
    assert "[audit " in marker.note
    placed = timeline.select_findings(made)[0]
    assert (placed.finding.use, placed.timecode) == ("V1/0002", "01:00:03:06")


def test_the_summary_says_how_many_shots_to_look_at() -> None:
    _, markers = marked(samples.finding())
    assert markers[0].note.startswith("Look at 1 of 2 shots.")


def test_dismissed_findings_and_those_of_alternatives_are_not_marked() -> None:
    _, markers = marked(samples.finding(), states=["dismissed"])
    assert len(markers) == 1
    _, markers = selects(samples.sample())
    assert len(markers) == 1


def test_a_disputed_take_says_who_disagrees() -> None:
    disputed = samples.take(
        "fox",
        standing="disputed",
        verdicts=(samples.verdict("keep", "ann", "k"), samples.verdict("kill", "bob", "k")),
    )
    tl = timeline.selects_otio(arranged(samples.shot(1, "fox", disputed)))
    notes = list(tl.tracks[0][0].metadata["otio_ai_audit"]["notes"])
    assert notes == ["People disagree about this take (ann: keep; bob: kill)."]


# --- the file ---------------------------------------------------------------------------------------


def test_the_file_has_the_form_that_resolve_takes_in(tmp_path: Path) -> None:
    write_otio(samples.sample(), tmp_path / "selects.otio")
    data = json.loads((tmp_path / "selects.otio").read_text(encoding="utf-8"))
    assert data["name"] == "" and data["global_start_time"]["value"] == 86400
    assert data["metadata"]["Resolve_OTIO"]["Resolve OTIO Meta Version"] == "1.0"
    tracks = data["tracks"]["children"]
    assert [track["name"] for track in tracks] == ["Video 1", "Video 2"]
    assert tracks[1]["metadata"]["otio_ai_audit"]["role"] == "Alternatives 1"
    for clip in (clip for track in tracks for clip in track["children"]):
        reference = clip["media_references"]["DEFAULT_MEDIA"]
        assert reference["target_url"].startswith("/media/takes/") and reference["available_range"]
    marker = data["tracks"]["markers"][0]
    assert marker["metadata"]["Resolve_OTIO"]["Note"] == marker["comment"]


@pytest.mark.parametrize("through", ["ours", "otio", "resolve"])
def test_the_file_is_read_back(tmp_path: Path, through: str) -> None:
    path = tmp_path / "selects.otio"
    write_otio(samples.sample(), path)
    read = {"ours": timeline.read, "otio": lambda p: otio.adapters.read_from_file(str(p))}
    tl = read.get(through, read_from_file)(path)
    assert [[clip.name for clip in track] for track in tl.tracks] == [
        ["fox_v003.mp4", "truck_v001.mp4"],
        ["fox_v001.mp4", "truck_v002.mp4"],
    ]
    assert [clip.enabled for track in tl.tracks for clip in track] == [True, True, False, False]
    assert all(clip.trimmed_range() == clip.available_range() for track in tl.tracks for clip in track)


# --- with media -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("takes #1 50%")
    video.encode(folder / "a_v001.mov", pan(1, 24, (160, 90), 10), RATE, timecode="02:00:00:00")
    video.encode(folder / "a_v002.mp4", pan(2, 12, (160, 90), 10), RATE)
    flawed = flickering(pan(3, 36, (160, 90), 10), 4, 32)
    video.encode(folder / "b_v001.mp4", flawed, RATE, options={"crf": "16"})
    plain = tmp_path_factory.mktemp("pictures")
    for number in (1, 2):
        video.encode(plain / f"c_v00{number}_%04d.png", pan(4 + number, 8, (160, 90), 10), RATE)
    for picture in plain.iterdir():
        picture.rename(folder / picture.name)
    return folder


def found_in(takes: Path, name: str, store: Path) -> tuple[Placed, ...]:
    options = Options(detectors=("flicker", "dead"), engine="threads:1", store=store)
    return audit([takes / name], options).result.findings


def folder_of(takes: Path, flawed: tuple[Placed, ...] = ()) -> Any:
    """A triage of the folder, as far as its selects need one."""

    def one(shot: str, name: str, rank: int, frames: int, file: str, **changes: Any) -> RankedTake:
        media = changes.pop("media", Media(str(takes / file)))
        timecode = changes.pop("start_timecode", None)
        made = samples.take(shot, name, rank=rank, label=file, media=media, start_timecode=timecode)
        return with_rate(replace(made, **changes), RATE, frames)

    def pictures(number: int) -> RankedTake:
        media = Media(
            str(takes / f"c_v00{number}_%04d.png").replace("50%", "50%%"),
            "sequence",
            RATE,
            tuple(range(1, 9)),
            1,
            8,
        )
        return one("c", f"v00{number}", number, 8, f"c_v00{number}_[0001-0008].png", media=media)

    return samples.triage(
        samples.shot(
            1,
            "a",
            one("a", "v001", 1, 24, "a_v001.mov", start_timecode="02:00:00:00"),
            one("a", "v002", 2, 12, "a_v002.mp4"),
        ),
        samples.shot(2, "b", one("b", "v001", 1, 36, "b_v001.mp4", placed=flawed)),
        samples.shot(3, "c", pictures(1), pictures(2)),
    )


def test_an_audit_plans_every_clip_of_v1_and_skips_the_alternatives(takes: Path, tmp_path: Path) -> None:
    path = tmp_path / "selects.otio"
    write_otio(folder_of(takes), path)
    planned = timeline.plan(timeline.read(path), timeline.PlanOptions(base=tmp_path, source=path.name))
    assert [(use.id, use.name, use.record_start, use.record_frames) for use in planned.uses] == [
        ("V1/0001", "a_v001.mov", 0, 24),
        ("V1/0002", "b_v001.mp4", 24, 36),
        ("V1/0003", "c_v001_[0001-0008].png", 60, 8),
    ]
    assert [use.visible[0].start for use in planned.uses] == [0, 0, 0]
    assert {one.id for one in planned.skipped} == {"V2/0001", "V2/0002"}
    assert planned.failures == () and planned.notices == ()
    assert planned.info.start_timecode == "01:00:00:00"


def test_what_is_green_in_the_selects_is_dismissed(takes: Path, tmp_path: Path) -> None:
    flawed = found_in(takes, "b_v001.mp4", tmp_path / "one")
    assert any(placed.finding.score >= 0.5 for placed in flawed)
    path = tmp_path / "selects.otio"
    write_otio(folder_of(takes, flawed), path)
    options = Options(detectors=("flicker", "dead"), engine="threads:1", store=tmp_path / "two")
    before = audit([path], options).result
    standing = {placed.id for placed in before.findings if placed.finding.score >= 0.5}
    assert standing == {placed.id for placed in flawed if placed.finding.score >= 0.5}

    tl = otio.adapters.read_from_file(str(path))
    ours = [marker for marker in tl.tracks.markers if marker.metadata["otio_ai_audit"]["findings"]]
    assert {tuple(marker.metadata["otio_ai_audit"]["ids"]) for marker in ours}
    for marker in ours:
        marker.color = "GREEN"
    otio.adapters.write_to_file(tl, str(path))
    after = audit([path], replace(options, store=tmp_path / "three")).result
    states = {placed.id: placed.state for placed in after.findings if placed.finding.score >= 0.5}
    assert states == dict.fromkeys(standing, "dismissed")
