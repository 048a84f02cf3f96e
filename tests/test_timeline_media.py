"""Bare media as a timeline, and a rendered master cut by its edit."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path

import opentimelineio as otio
import pytest

from otio_ai_audit import timeline
from otio_ai_audit.errors import MediaError
from otio_ai_audit.model import Media, MediaInfo, Plan, Span

from .resolve_edit import clip, dissolve, edit, gap, offline, span, title, warp


def info(frames: int | None = 81, rate: F = F(16)) -> MediaInfo:
    return MediaInfo(64, 64, rate, 1 / rate, frames, "yuv420p", 8, False, "sdr")


def probe(media: Media) -> MediaInfo:
    name = Path(media.path).name
    if "broken" in name:
        raise MediaError(f"{name} cannot be decoded: it is a text file.")
    if "endless" in name:
        return info(None)
    if "slow motion" in name:
        return info(60, F(120))
    return info(100, F(24)) if "fast" in name else info()


def from_media(*paths: Path) -> tuple[otio.schema.Timeline, Plan]:
    tl = timeline.from_media(paths, probe)
    options = timeline.PlanOptions(base=paths[0].parent, source=paths[0].name, has_edit=False)
    return tl, timeline.plan(tl, options)


def test_each_file_is_one_clip(tmp_path: Path) -> None:
    for name in ("a_v001.mp4", "b_fast.mov", "c.png"):
        (tmp_path / name).touch()
    for number in range(1, 11):
        (tmp_path / f"d.{number:03d}.exr").touch()
    tl, plan = from_media(tmp_path)
    assert (plan.info.rate, plan.info.name, plan.info.has_edit) == (16, tmp_path.name, False)
    assert plan.info.start_timecode == "01:00:00:00"
    assert [(use.name, use.record_frames, use.media.kind) for use in plan.uses] == [
        ("a_v001.mp4", 81, "video"),
        ("b_fast.mov", 67, "video"),
        ("c.png", 1, "still"),
        ("d.[001-010].exr", 10, "sequence"),
    ]
    whole = [use.visible for use in plan.uses]
    assert whole[0] == (Span(F(0), F(81, 16)),)
    assert whole[1] == (Span(F(0), F(100, 24)),)
    assert plan.uses[3].media.numbers == tuple(range(1, 11))
    assert (plan.failures, plan.skipped) == ((), ())
    assert (plan.uses[0].shot, plan.uses[0].take) == ("a", "v001")
    assert tl.tracks[0][0].media_reference.target_url == str(tmp_path / "a_v001.mp4")


def test_rounding_up_to_a_timeline_frame_is_nothing_to_tell(tmp_path: Path) -> None:
    paths = tmp_path / "a.mp4", tmp_path / "slow motion.mp4"
    for path in paths:
        path.touch()
    tl, plan = from_media(*paths)
    assert plan.info.rate == 16 and plan.uses[1].record_frames == 8
    assert plan.uses[1].visible == (Span(F(0), F(1, 2)),)
    for frames, noted in ((9, False), (10, True)):
        tl.tracks[0][1].source_range = span(0, frames, 16)
        notes = timeline.plan(tl, timeline.PlanOptions(base=tmp_path, has_edit=False)).uses[1].notes
        assert bool(notes) == noted, notes


def test_media_that_cannot_be_opened_stay_in_the_list(tmp_path: Path) -> None:
    for name in ("broken.mp4", "good.mp4"):
        (tmp_path / name).touch()
    _, plan = from_media(tmp_path / "broken.mp4", tmp_path / "good.mp4")
    (failure,) = plan.failures
    assert failure.reason == "broken.mp4 cannot be decoded: it is a text file."
    assert failure.media == str(tmp_path / "broken.mp4")
    assert plan.uses[0].id == "V1/0002"
    assert plan.uses[0].record_start == 16


def test_media_without_a_length_are_used_to_their_end(tmp_path: Path) -> None:
    (tmp_path / "endless.webm").touch()
    _, plan = from_media(tmp_path / "endless.webm")
    assert plan.uses[0].visible[0].end > 100_000
    assert plan.uses[0].record_frames == 10 * 16
    assert plan.info.name == "endless"


def test_a_made_timeline_is_written_and_read(tmp_path: Path) -> None:
    (tmp_path / "a #1.mp4").touch()
    tl, plan = from_media(tmp_path / "a #1.mp4")
    out = tmp_path / "made.otio"
    timeline.write(tl, out)
    again = timeline.plan(timeline.read(out), timeline.PlanOptions(base=tmp_path, source="made.otio"))
    assert again.uses[0].media == plan.uses[0].media
    assert again.uses[0].visible == plan.uses[0].visible


# --- a rendered master ------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mp4", "b.mp4", "truck_v012.mp4"):
        (tmp_path / name).touch()
    return tmp_path


def master_of(tl: otio.schema.Timeline, folder: Path, frames: int | None, rate: F = F(24)) -> Plan:
    plan = timeline.plan(tl, timeline.PlanOptions(base=folder, source="edit.otio"))
    return timeline.plan_master(plan, Media("/x/master.mov"), info(frames, rate))


def test_shots_of_the_master_are_at_their_record_times(folder: Path) -> None:
    tl = edit(
        [
            clip(folder / "truck_v012.mp4", 30, 48),
            clip(folder / "a.mp4", 0, 40, effects=[warp(0.5)]),
            dissolve(6, 6),
            clip(folder / "b.mp4", 20, 40),
            offline(r"D:\gone_v003.mp4", 24, "gone_v003.mp4"),
            title(24),
        ]
    )
    plan = master_of(tl, folder, 176)
    uses = {use.id: use for use in plan.uses}
    assert list(uses) == ["V1/0001", "V1/0002", "V1/0003", "V1/0004"]
    assert {use.media.path for use in plan.uses} == {"/x/master.mov"}
    first = uses["V1/0001"]
    assert (first.visible, first.shot, first.take) == ((Span(F(0), F(2)),), "truck", "v012")
    slow = uses["V1/0002"]
    assert slow.visible == (Span(F(2), F(88, 24)),)
    assert slow.excused == (Span(F(82, 24), F(88, 24)),)
    assert slow.still == slow.visible
    assert slow.retime == "50 %"
    assert uses["V1/0003"].excused == (Span(F(88, 24), F(94, 24)),)
    assert (uses["V1/0004"].visible, uses["V1/0004"].shot) == ((Span(F(128, 24), F(152, 24)),), "gone")
    assert [one.reason for one in plan.skipped] == ["A title or generator."]
    assert (plan.failures, plan.notices) == ((), ())
    assert timeline.frames_of(slow, Span(F(50, 24), F(52, 24))) == (50, 2)
    assert len(plan.jobs) == 1


def test_hidden_parts_belong_to_the_upper_shot(folder: Path) -> None:
    tl = edit([clip(folder / "a.mp4", 0, 100)], [gap(40), clip(folder / "b.mp4", 0, 20), title(10), gap(30)])
    plan = master_of(tl, folder, 100)
    lower, upper = plan.uses
    assert lower.visible == (Span(F(0), F(40, 24)), Span(F(60, 24), F(100, 24)))
    assert upper.visible == (Span(F(40, 24), F(60, 24)),)
    assert lower.notes == ("Under a title: Text+.",)


def test_a_master_of_another_length_is_noticed(folder: Path) -> None:
    tl = edit([clip(folder / "a.mp4", 0, 48), clip(folder / "b.mp4", 0, 48)])
    assert master_of(tl, folder, 96).notices == ()
    assert master_of(tl, folder, 97).notices == ()
    assert "24 frames longer" in master_of(tl, folder, 120).notices[0]
    short = master_of(tl, folder, 30)
    assert "66 frames shorter" in short.notices[0]
    assert short.uses[0].visible == (Span(F(0), F(30, 24)),)
    assert short.uses[0].notes == ("master.mov ends before this clip does.",)
    assert "Beyond the end of master.mov" in short.failures[0].reason
    assert "25 frames per second" in master_of(tl, folder, 100, F(25)).notices[0]
    assert master_of(tl, folder, None).failures == ()


def test_a_long_master_is_shared_out_at_cuts(folder: Path) -> None:
    long = span(0, 24 * 600)
    cuts = [clip(folder / "a.mp4", 0, 24 * 7, available=long) for _ in range(20)]
    plan = master_of(edit(cuts), folder, 24 * 140)
    spans = [job.span for job in plan.jobs if job.span is not None]
    assert [(one.start, one.end) for one in spans] == [(0, 36), (34, 71), (69, 106), (104, 140)]
    for use in plan.uses:
        inside = plan.jobs[use.job].span
        assert inside is not None
        assert inside.start <= use.visible[0].start
        assert use.visible[-1].end <= inside.end


def test_stills_and_low_rates_repeat_frames_in_a_master(folder: Path) -> None:
    slow = clip(folder / "a.mp4", 0, 48, available=span(0, 81, 16))
    still = clip(folder / "b.mp4", 0, 48, available=span(0, 1))
    plan = master_of(edit([slow, still, clip(folder / "truck_v012.mp4", 0, 48)]), folder, 144)
    assert [bool(use.still) for use in plan.uses] == [True, True, False]
