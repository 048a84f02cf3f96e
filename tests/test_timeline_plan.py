"""What an edit uses of which medium: places, ranges, speeds, dissolves, tracks, jobs."""

from __future__ import annotations

import time as clock
from fractions import Fraction as F
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from otio_ai_audit import timeline
from otio_ai_audit.model import ClipUse, Plan, Span
from otio_ai_audit.timeline.retime import linear, media_at, record_at

from .resolve_edit import clip, dissolve, edit, effect, gap, keys, offline, schema, span, time, title, warp


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder with files that a plan can find; it opens none of them."""
    for name in ("a.mp4", "b.mp4", "c.mp4", "long.mov", "truck_v012.mp4"):
        (tmp_path / name).touch()
    return tmp_path


def plan(tl: otio.schema.Timeline, base: Path, **options: object) -> Plan:
    return timeline.plan(tl, timeline.PlanOptions(base=base, source="edit.otio", **options))  # type: ignore[arg-type]


def frames(spans: tuple[Span, ...], rate: int = 24) -> list[tuple[float, float]]:
    return [(float(one.start * rate), float(one.end * rate)) for one in spans]


def only(result: Plan) -> ClipUse:
    assert not result.failures
    (use,) = result.uses
    return use


def source_frame(use: ClipUse, frame: int, rate: F) -> F:
    """Media frame that a record frame shows."""
    at = F(frame) / use.rate
    return min(media_at(use.knots, at), media_at(use.knots, at + 1 / use.rate)) * rate


# --- one clip ------------------------------------------------------------------------------------


def test_an_empty_name_is_the_file_stem(media: Path) -> None:
    info = plan(edit([clip(media / "a.mp4")]), media).info
    assert (info.name, info.start_timecode, info.frames, info.rate) == ("edit", "01:00:00:00", 48, 24)


def test_ranges_are_absolute_timecode(media: Path) -> None:
    one = clip(media / "a.mp4", 1_800_010, 40, available=span(1_800_000, 120, 50), rate=50)
    use = only(plan(edit([one], rate=50), media))
    assert frames(use.visible, 50) == [(10, 50)]
    assert use.shown == ((0, 40),)


def test_fractional_starts_of_mixed_rates_are_exact(media: Path) -> None:
    """As the facts have it: 91046.625 @25 on a medium that starts at 87399 @24 is left offset 6."""
    one = clip(media / "a.mp4", 91046.625, 50, available=span(87399, 101, 24), rate=25)
    use = only(plan(edit([one], rate=25), media))
    assert media_at(use.knots, F(0)) == F(6, 25)
    assert media_at(use.knots, F(2)) == F(6, 25) + 2
    assert source_frame(use, 10, F(24)) == F(16) * 24 / 25


def test_float_noise_is_rounded(media: Path) -> None:
    one = clip(media / "a.mp4", 20.000000000000004, 41.0000001)
    use = only(plan(edit([one]), media))
    assert frames(use.visible) == [(20, 61)]
    assert use.record_frames == 41


def test_ntsc_media_in_a_whole_rate(media: Path) -> None:
    rate = 24000 / 1001
    for start in (86400 * 1.001 + 7, 86400 * 24 / 23.976 + 7, 86407.0, 86499.0):
        one = clip(media / "a.mp4", start, 24, available=span(86400, 120, rate), rate=24)
        use = only(plan(edit([one]), media))
        assert media_at(use.knots, F(0)) == F(99 if start == 86499 else 7, 24)


def test_a_clip_counted_from_zero_on_media_with_timecode(media: Path) -> None:
    one = clip(media / "a.mp4", 12, 24, available=span(86400, 120))
    use = only(plan(edit([one]), media))
    assert frames(use.visible) == [(12, 36)]
    assert "first frame" in use.notes[0]


def test_no_available_range_and_a_timecode_start(media: Path) -> None:
    one = schema.Clip("a", schema.ExternalReference(str(media / "a.mp4")), span(86412, 24))
    use = only(plan(edit([one]), media))
    assert frames(use.visible) == [(12, 36)]
    assert "01:00:00:00 was assumed" in use.notes[0]


def test_beyond_the_media_is_a_failure_and_a_little_is_a_note(media: Path) -> None:
    result = plan(edit([clip(media / "a.mp4", 130, 24), clip(media / "b.mp4", 100, 24)]), media)
    assert "has 120 frames, the edit uses it from frame 130" in result.failures[0].reason
    assert frames(result.uses[0].visible) == [(100, 120)]
    assert "4 frames more" in result.uses[0].notes[0]


def test_lengths_stamped_with_another_rate_are_timeline_frames(media: Path) -> None:
    """Resolve pads tracks to one length, so a strange stamp shows itself."""

    def stamped(resolve: bool) -> Plan:
        one = clip(media / "a.mp4", 0, 48, rate=25)
        return plan(edit([one, gap(52)], [gap(100)], resolve=resolve), media)

    result = stamped(resolve=True)
    assert result.uses[0].record_frames == 48
    assert "read as timeline frames" in result.notices[0]
    # 46.08 frames: each frame shows what plays when it begins.
    assert stamped(resolve=False).uses[0].record_frames == 47


# --- speed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("speed", "words", "seen", "shows"),
    [
        (0.5, "50 %", (10, 20), [10, 10.5, 11]),
        (2.0, "200 %", (10, 50), [10, 12, 14]),
        (-1.0, "reverse", (10, 30), [29, 28, 27]),
        (-2.0, "reverse 200 %", (10, 50), [48, 46, 44]),
        (0.0, "freeze frame", (10, 11), [10, 10, 10]),
        (1.0, "", (10, 30), [10, 11, 12]),
    ],
)
def test_constant_speeds(
    media: Path, speed: float, words: str, seen: tuple[int, int], shows: list[float]
) -> None:
    use = only(plan(edit([clip(media / "a.mp4", 10, 20, effects=[warp(speed)])]), media))
    assert frames(use.visible) == [seen]
    assert [float(source_frame(use, frame, F(24))) for frame in range(3)] == shows
    assert use.retime == words
    assert use.record_frames == 20
    assert bool(use.held) == (abs(speed) < 1)


def test_freeze_frame_schema(media: Path) -> None:
    use = only(plan(edit([clip(media / "a.mp4", 50, 10, effects=[schema.FreezeFrame()])]), media))
    assert (use.retime, frames(use.visible), use.held) == ("freeze frame", [(50, 51)], ((0, 10),))


def test_variable_speed_follows_the_keys(media: Path) -> None:
    rows = [(0.0, 0.0, 0, 0, 0, 0, 0), (1.0, 1.0, 0, 0, 0, 0, 0), (3.0, 2.0, 0, 0, 0, 0, 0)]
    use = only(plan(edit([clip(media / "a.mp4", 0, 72, effects=[keys(*rows)])]), media))
    assert use.knots == ((F(0), F(0)), (F(1), F(1)), (F(3), F(2)))
    assert use.retime == "variable speed"
    assert frames(use.visible) == [(0, 48)]
    assert use.held == ((24, 72),)
    assert timeline.frames_of(use, Span(F(3, 2), F(3, 2) + F(1, 24))) == (48, 2)


def test_a_trimmed_speed_curve_is_entered_at_its_source_time(media: Path) -> None:
    rows = [(0.0, 0.0, 0, 0, 0, 0, 0), (1.0, 1.0, 0, 0, 0, 0, 0), (5.0, 3.0, 0, 0, 0, 0, 0)]
    use = only(plan(edit([clip(media / "a.mp4", 12, 48, effects=[keys(*rows)])]), media))
    assert use.knots[0] == (F(0), F(1, 2))
    assert media_at(use.knots, F(1, 2)) == 1
    assert media_at(use.knots, F(3, 2)) == F(3, 2)


def test_eased_keys_stay_between_their_ends(media: Path) -> None:
    rows = [(0.0, 0.0, 0, 0, 0, 0.3, 0.0), (2.0, 1.0, 1, -0.5, -0.1, 0.5, 0.1), (4.0, 3.0, 0, 0, 0, 0, 0)]
    use = only(plan(edit([clip(media / "a.mp4", 0, 96, effects=[keys(*rows)])]), media))
    times = [knot[0] for knot in use.knots]
    medias = [knot[1] for knot in use.knots]
    assert times == sorted(set(times))
    assert medias == sorted(medias)
    assert media_at(use.knots, F(2)) == 1


@settings(max_examples=60)
@given(
    st.fractions(F(1, 4), 100, max_denominator=50),
    st.fractions(0, 100, max_denominator=50),
    st.sampled_from([F(-3), F(-1), F(-1, 2), F(1, 10), F(1, 2), F(1), F(5, 2)]),
    st.fractions(0, 1, max_denominator=20),
)
def test_maps_have_inverses(length: F, first: F, speed: F, part: F) -> None:
    knots = linear(length, first, speed)
    at = length * part
    assert record_at(knots, media_at(knots, at)) == at


@settings(max_examples=60)
@given(st.integers(0, 60), st.integers(1, 60), st.sampled_from([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0]), st.data())
def test_every_record_frame_is_found_by_what_it_shows(
    start: int, count: int, speed: float, data: st.DataObject
) -> None:
    one = clip("/x/a.mp4", start, count, effects=[warp(speed)], available=span(0, 500))
    frame = data.draw(st.integers(0, count - 1))
    use = fake_use(linear(F(count, 24), F(start, 24), F(speed)), count)
    shown = source_frame(use, frame, F(24)) // 1
    found = timeline.frames_of(use, Span(F(shown, 24), F(shown + 1, 24)))
    assert one.source_range is not None
    assert found is not None
    assert found[0] <= 100 + frame < found[0] + found[1]


def fake_use(knots: tuple[tuple[F, F], ...], count: int) -> ClipUse:
    from otio_ai_audit.model import Media

    return ClipUse(
        "V1/0001", "a", Media("/a"), 0, 100, count, F(24), knots, visible=(), shown=((100, 100 + count),)
    )


# --- around a clip -----------------------------------------------------------------------------------


def test_dissolves_extend_what_is_seen_and_are_excused(media: Path) -> None:
    tl = edit([clip(media / "a.mp4", 10, 40), dissolve(6, 4), clip(media / "b.mp4", 30, 50)])
    one, two = plan(tl, media).uses
    assert frames(one.visible) == [(10, 54)]
    assert frames(one.excused) == [(44, 54)]
    assert frames(two.visible) == [(24, 80)]
    assert frames(two.excused) == [(24, 34)]
    assert (one.shown, two.shown) == (((0, 40),), ((40, 90),))
    assert (one.blended, two.blended) == (((34, 40),), ((40, 44),))
    beyond = Span(F(52, 24), F(53, 24))
    assert timeline.frames_of(one, beyond) == (39, 1)
    assert timeline.frames_of(one, Span(F(90, 24), F(91, 24))) is None


def test_a_dissolve_cannot_reach_before_the_media(media: Path) -> None:
    tl = edit([clip(media / "a.mp4", 0, 40), dissolve(6, 6), clip(media / "b.mp4", 2, 50)])
    assert frames(plan(tl, media).uses[1].visible) == [(0, 52)]


def test_fades_of_resolve_are_excused(media: Path) -> None:
    fades = effect("Video Faders", videoFaderIn=5.0, videoFaderOut=10.0)
    use = only(plan(edit([clip(media / "a.mp4", 10, 40, effects=[fades])]), media))
    assert frames(use.excused) == [(10, 15), (40, 50)]
    assert use.blended == ((0, 5), (30, 40))


def test_titles_disabled_clips_and_generators_are_skipped(media: Path) -> None:
    bars = schema.Clip("Bars", schema.GeneratorReference(generator_kind="SMPTEBars"), span(0, 24))
    tl = edit([title(24), clip(media / "a.mp4", enabled=False), bars, gap(10), clip(media / "b.mp4")])
    result = plan(tl, media)
    assert [(one.id, one.reason) for one in result.skipped] == [
        ("V1/0001", "A title or generator."),
        ("V1/0002", "Disabled in the edit."),
        ("V1/0003", "A generator (SMPTEBars)."),
    ]
    assert only(result).id == "V1/0004"
    assert only(result).record_start == 24 + 48 + 24 + 10


def test_a_disabled_track_and_an_invisible_clip(media: Path) -> None:
    clear = clip(media / "b.mp4", effects=[effect("Composite", opacity=0.0)])
    tl = edit([clip(media / "a.mp4")], [clear], [clip(media / "c.mp4")])
    tl.tracks[2].enabled = False
    result = plan(tl, media)
    assert only(result).id == "V1/0001"
    assert [one.reason for one in result.skipped] == [
        "Invisible (opacity 0 %).",
        "On a disabled track (Video 3).",
    ]


def test_audio_is_no_clip(media: Path) -> None:
    tl = edit([clip(media / "a.mp4")])
    sound = schema.Track("Audio 1", kind="Audio")
    sound.append(clip(media / "gone.wav", 0, 480))
    tl.tracks.append(sound)
    result = plan(tl, media)
    assert (len(result.uses), result.failures, result.skipped) == (1, (), ())
    assert result.info.frames == 480


def test_offline_media_fail_with_their_path_or_are_relinked(media: Path) -> None:
    tl = edit([offline(r"D:\takes\a.mp4", 24), offline(r"D:\takes\gone.mp4", 24, "gone.mp4")])
    result = plan(tl, Path("/nowhere"), maps=((r"d:/takes", str(media)),))
    assert only(Plan(result.info, result.uses, result.jobs)).media.path == str(media / "a.mp4")
    (failure,) = result.failures
    assert failure.reason == r"File not found: D:\takes\gone.mp4"
    assert failure.media == r"D:\takes\gone.mp4"
    assert "1 file is not at hand" in result.notices[-1]


def test_a_proxy_is_used_and_said(media: Path) -> None:
    (media / "Proxy").mkdir()
    (media / "Proxy" / "x.mov").touch()
    use = only(plan(edit([clip(media / "x.mxf")]), media))
    assert use.media.path == str(media / "Proxy" / "x.mov")
    assert use.notes == ("Measured on the proxy x.mov: the original is offline.",)


def test_a_clip_that_names_no_file_is_a_failure_outside_resolve(media: Path) -> None:
    tl = edit([title(24, "Shot 1")], resolve=False)
    assert "names no file" in plan(tl, media).failures[0].reason


def test_shot_and_take_come_from_the_file(media: Path) -> None:
    use = only(plan(edit([clip(media / "truck_v012.mp4", name="My truck")]), media))
    assert (use.name, use.shot, use.take) == ("My truck", "truck", "v012")


# --- pictures --------------------------------------------------------------------------------------


def test_a_still_is_one_frame(media: Path) -> None:
    Image.new("RGB", (8, 8)).save(media / "s.png")
    use = only(plan(edit([clip(media / "s.png", 0, 444, available=span(0, 1))]), media))
    assert (use.media.kind, use.visible, use.notes) == ("still", (Span(F(0), F(1, 24)),), ())
    assert use.held == ((0, 444),)
    assert timeline.frames_of(use, Span(F(0), F(1, 24))) == (0, 444)


def sequence(folder: str, first: int = 1000, count: int = 101, **more: object) -> otio.schema.Clip:
    reference = schema.ImageSequenceReference(
        target_url_base=folder,
        name_prefix="output.",
        name_suffix=".tif",
        start_frame=first,
        frame_step=1,
        rate=24.0,
        frame_zero_padding=4,
        available_range=span(0, count),
    )
    return schema.Clip(f"output.[{first}-{first + count - 1}].tif", reference, span(34, 39), **more)


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_image_sequence_with_a_hole(media: Path, slash: str) -> None:
    for number in (*range(1000, 1050), *range(1051, 1101), 1101, 2000):
        (media / f"output.{number}.tif").touch()
    use = only(plan(edit([sequence(str(media) + slash)]), media))
    assert use.media.kind == "sequence"
    assert use.media.path == str(media / "output.%04d.tif")
    assert (use.media.first, use.media.last, len(use.media.numbers)) == (1000, 1100, 100)
    assert use.media.rate == 24
    assert frames(use.visible) == [(34, 73)]
    assert (use.shot, use.take) == ("output", "")


def test_a_sequence_is_found_by_map_and_media_root(media: Path) -> None:
    folder = media / "deep" / "tif"
    folder.mkdir(parents=True)
    for number in range(1000, 1101):
        (folder / f"output.{number}.tif").touch()
    tl = edit([sequence(r"C:\robin\tif")])
    for options in ({"maps": ((r"C:\robin", str(media / "deep")),)}, {"media_root": media}):
        assert len(only(plan(tl, Path("/nowhere"), **options)).media.numbers) == 101
    result = plan(tl, Path("/nowhere"))
    assert result.failures[0].reason == r"Image sequence not found: C:\robin\tif\output.[1000-1100].tif"


def test_a_sequence_given_as_a_bracket_path(media: Path) -> None:
    for number in range(1000, 1101):
        (media / f"name.{number}.tif").touch()
    one = clip(media / "name.[1000-1100].tif", 4, 10, available=span(0, 101, 25))
    use = only(plan(edit([one]), media))
    assert (use.media.kind, use.media.rate, use.media.first, use.media.last) == ("sequence", 25, 1000, 1100)


# --- several tracks ------------------------------------------------------------------------------------


def test_upper_clips_hide_lower_ones(media: Path) -> None:
    tl = edit(
        [clip(media / "a.mp4", 0, 100), clip(media / "b.mp4", 0, 20)],
        [gap(30), clip(media / "c.mp4", 0, 20), gap(50), clip(media / "long.mov", 0, 20)],
    )
    result = plan(tl, media)
    uses = {use.id: use for use in result.uses}
    assert uses["V1/0001"].shown == ((0, 30), (50, 100))
    assert frames(uses["V1/0001"].visible) == [(0, 30), (50, 100)]
    assert [(one.id, one.reason) for one in result.skipped] == [("V1/0002", "Hidden by long.mov.")]
    assert timeline.frames_of(uses["V1/0001"], Span(F(25, 24), F(60, 24))) == (50, 10)
    assert timeline.frames_of(uses["V1/0001"], Span(F(35, 24), F(40, 24))) is None
    everything = plan(tl, media, hidden=True)
    assert len(everything.uses) == 4
    assert everything.uses[0].shown == ((0, 100),)


@pytest.mark.parametrize(
    ("upper", "hides"),
    [
        ([], True),
        ([effect("Composite", opacity=85.0)], False),
        ([effect("Composite", opacity=[0.0, 100.0])], False),
        ([effect("Composite", on=False, opacity=50.0)], True),
        ([effect("Transform", transformationZoomX=0.5, transformationZoomY=0.5)], False),
        ([effect("Transform", transformationZoomX=1.3, transformationZoomY=1.3)], True),
        ([effect("Transform", transformationPan=0.2)], False),
        ([effect("Transform", transformationZoomX=2.0, transformationPan=0.2)], True),
        ([effect("Transform", transformationRotationAngle=6.0)], False),
        ([effect("Cropping", cropLeft=0.1)], False),
        ([effect("Dynamic Zoom", on=False, dynamicZoomScale=[0.8, 1.0])], True),
    ],
)
def test_only_opaque_clips_hide(media: Path, upper: list[otio.schema.Effect], hides: bool) -> None:
    tl = edit([clip(media / "a.mp4")], [clip(media / "b.mp4", effects=upper)])
    result = plan(tl, media)
    assert [use.id for use in result.uses] == (["V2/0001"] if hides else ["V1/0001", "V2/0001"])
    said = any("Lower tracks show through" in note for note in result.uses[-1].notes)
    assert said is not hides


def test_titles_do_not_hide_and_offline_clips_do(media: Path) -> None:
    result = plan(edit([clip(media / "a.mp4")], [title(48)]), media)
    assert [use.id for use in result.uses] == ["V1/0001"]
    result = plan(edit([clip(media / "a.mp4")], [offline(r"D:\x.mp4", 48, "x.mp4")]), media)
    assert (result.uses, result.skipped[0].reason) == ((), "Hidden by x.mp4.")


@pytest.mark.parametrize(("mode", "hides"), [("RGB", True), ("RGBA", False)])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_picture_with_alpha_does_not_hide(media: Path, mode: str, hides: bool, suffix: str) -> None:
    Image.new(mode, (8, 8)).save(media / f"logo.{suffix}")
    logo = clip(media / f"logo.{suffix}", available=span(0, 1))
    result = plan(edit([clip(media / "a.mp4")], [logo]), media)
    assert ("V1/0001" in [use.id for use in result.uses]) is not hides


def test_a_fade_of_an_upper_clip_shows_what_is_below(media: Path) -> None:
    fades = effect("Video Faders", videoFaderOut=10.0)
    tl = edit([clip(media / "a.mp4")], [clip(media / "b.mp4", effects=[fades])])
    assert plan(tl, media).uses[0].shown == ((38, 48),)
    tl = edit([clip(media / "a.mp4", 0, 60)], [clip(media / "b.mp4", 0, 40), dissolve(8, 0), gap(20)])
    assert plan(tl, media).uses[0].shown == ((32, 60),)


def test_zoom_and_crop_become_notes(media: Path) -> None:
    zoom = effect("Transform", transformationZoomX=1.35, transformationZoomY=1.35)
    crop = effect("Cropping", cropLeft=10.0)
    notes = only(plan(edit([clip(media / "a.mp4", effects=[zoom, crop])]), media)).notes
    assert "zooms in to 135 %" in notes[0]
    assert "crops the picture" in notes[1]


# --- nested ---------------------------------------------------------------------------------------------


def nested(*tracks: list[object], trim: otio.opentime.TimeRange | None = None) -> otio.schema.Stack:
    stack = schema.Stack("Compound Clip 1")
    for children in tracks:
        track = schema.Track("Video 1", kind="Video")
        track.extend(children)
        stack.append(track)
    stack.source_range = trim
    return stack


@pytest.mark.parametrize("start", [30, 86430])
def test_a_compound_clip_is_walked_into(media: Path, start: int) -> None:
    """Also where its own range is absolute timecode."""
    inside = nested([clip(media / "a.mp4", 10, 40), clip(media / "b.mp4", 5, 40)], trim=span(start, 30))
    tl = edit([clip(media / "c.mp4", 0, 24), inside, clip(media / "c.mp4", 60, 24)])
    result = plan(tl, media)
    places = {use.id: (use.record_start, use.record_frames, frames(use.visible)) for use in result.uses}
    assert places == {
        "V1/0001": (0, 24, [(0, 24)]),
        "V1/0002.1": (24, 10, [(40, 50)]),
        "V1/0002.2": (34, 20, [(5, 25)]),
        "V1/0003": (54, 24, [(60, 84)]),
    }


def test_a_retimed_compound_clip(media: Path) -> None:
    inside = nested([clip(media / "a.mp4", 10, 20), clip(media / "b.mp4", 0, 20)], trim=span(0, 20))
    inside.effects.append(warp(2.0))
    one, two = plan(edit([inside]), media).uses
    assert (one.record_start, one.record_frames, frames(one.visible)) == (0, 10, [(10, 30)])
    assert (two.record_start, two.record_frames, frames(two.visible)) == (10, 10, [(0, 20)])
    inside.effects[0].time_scalar = -1.0
    uses = {use.id: use for use in plan(edit([inside]), media).uses}
    one = uses["V1/0001.1"]
    assert (one.record_start, one.record_frames) == (0, 20)
    assert source_frame(one, 0, F(24)) == 29


def test_tracks_inside_a_compound_clip_hide_each_other_and_what_is_below(media: Path) -> None:
    inside = nested([clip(media / "a.mp4", 0, 40)], [gap(30), clip(media / "b.mp4", 0, 10)])
    tl = edit([clip(media / "c.mp4", 0, 40)], [inside])
    result = plan(tl, media)
    assert {use.id: use.shown for use in result.uses} == {"V2/0001.1": ((0, 30),), "V2/0001.2": ((30, 40),)}
    assert result.skipped[0].id == "V1/0001"


def test_a_disabled_compound_clip(media: Path) -> None:
    inside = nested([clip(media / "a.mp4")])
    inside.enabled = False
    result = plan(edit([inside]), media)
    assert [(one.id, one.reason) for one in result.skipped] == [("V1/0001.1", "Disabled in the edit.")]


def test_a_trimmed_track(media: Path) -> None:
    tl = edit([clip(media / "a.mp4", 0, 40), clip(media / "b.mp4", 0, 40)])
    tl.tracks[0].source_range = span(30, 30)
    one, two = plan(tl, media).uses
    assert (one.record_start, one.record_frames, frames(one.visible)) == (0, 10, [(30, 40)])
    assert (two.record_start, two.record_frames, frames(two.visible)) == (10, 20, [(0, 20)])


# --- jobs -----------------------------------------------------------------------------------------------


def test_one_medium_is_one_job_with_handles(media: Path) -> None:
    tl = edit(
        [
            clip(media / "b.mp4", 0, 24),
            clip(media / "a.mp4", 0, 24),
            clip(media / "b.mp4", 70, 24),
            clip((media / "b.mp4").as_uri(), 30, 10),
        ]
    )
    result = plan(tl, media)
    assert [Path(job.media.path).name for job in result.jobs] == ["b.mp4", "a.mp4"]
    assert [use.job for use in result.uses] == [0, 1, 0, 0]
    assert result.jobs[0].span == Span(F(0), F(94, 24) + 1)
    assert result.jobs[0].cost == 5.0


def test_uses_far_apart_in_a_long_file_are_measured_apart(media: Path) -> None:
    long = span(0, 24 * 600)
    cuts = [clip(media / "long.mov", start, 48, available=long) for start in (0, 24 * 500, 24 * 10)]
    result = plan(edit(cuts), media)
    assert [(job.span.start, job.span.end) for job in result.jobs if job.span] == [(0, 13), (499, 503)]
    assert [use.job for use in result.uses] == [0, 1, 0]
    assert result.jobs[0].cost == 13


def test_seventy_thousand_clips_plan_in_linear_time(media: Path) -> None:
    def seconds(count: int) -> float:
        tl = edit([clip(media / "a.mp4", 5, 40) for _ in range(count)])
        begin = clock.process_time()
        assert len(plan(tl, media).uses) == count
        return clock.process_time() - begin

    seconds(100)
    assert seconds(3000) < 6 * seconds(1000) + 0.5


def test_drop_frame_is_inferred_and_said(media: Path) -> None:
    tl = edit([clip(media / "a.mp4", rate=29.97, available=span(0, 100, 29.97))], rate=29.97, start=107892)
    result = plan(tl, media)
    assert (result.info.drop_frame, result.info.start_timecode) == (True, "01:00:00;00")
    assert "drop frame is assumed" in result.notices[0]
    assert plan(tl, media, drop_frame="no").info.start_timecode == "00:59:56:12"


def test_the_callers_timeline_is_not_changed(media: Path) -> None:
    tl = edit([clip(media / "a.mp4"), title(10)], [clip(media / "b.mp4")])
    before = tl.to_json_string()
    plan(tl, media)
    assert tl.to_json_string() == before


def test_rates_without_a_start_time(media: Path) -> None:
    tl = edit([clip(media / "a.mp4", rate=16, available=span(0, 81, 16))])
    tl.global_start_time = None
    info = plan(tl, media).info
    assert (info.rate, info.start_frame) == (16, 0)
    assert time(1).rate == 24
