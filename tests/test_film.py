"""The edit as layers and sounds: what lies over what, how much of it, which picture, what is not shown."""

from __future__ import annotations

from fractions import Fraction as F
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from otio_ai_audit import timeline
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.model import Film, Layer, Media, MediaInfo
from otio_ai_audit.timeline.retime import media_at

from . import fcpx_edit
from .resolve_edit import clip, dissolve, edit, effect, gap, keys, offline, schema, span, title, warp
from .shared import shared_dir


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder with files that a film can find; it opens none of them."""
    for name in ("a.mp4", "b.mp4", "c.mp4", "over.mov", "s.wav", "t.wav"):
        (tmp_path / name).touch()
    return tmp_path


def options(base: Path) -> timeline.PlanOptions:
    return timeline.PlanOptions(base=base, source="edit.otio")


def film(tl: otio.schema.Timeline, base: Path) -> Film:
    return timeline.film(tl, options(base))


def only(result: Film) -> Layer:
    (layer,) = result.layers
    return layer


def frames(layer: Layer, rate: int = 24) -> list[int]:
    """Media frames that a layer shows, record frame by record frame."""
    return [int(timeline.moment(layer, frame) * rate) for frame in range(layer.start, layer.end)]


def opacities(layer: Layer, *at: int) -> list[float]:
    return [timeline.opacity_at(layer, frame) for frame in at]


def shown(result: Film, frame: int) -> list[tuple[str, float]]:
    """Names and opacities of what is drawn in a record frame, from the bottom up."""
    return [
        (one.name, timeline.opacity_at(one, frame)) for one in result.layers if one.start <= frame < one.end
    ]


# --- which picture ------------------------------------------------------------------------------------


def test_clips_and_gaps_are_layers_in_their_places(media: Path) -> None:
    result = film(edit([clip(media / "a.mp4", 10, 20), gap(5), clip(media / "b.mp4", 0, 30)]), media)
    assert [(one.id, one.name, one.start, one.end, one.origin) for one in result.layers] == [
        ("V1/0001", "a.mp4", 0, 20, 0),
        ("V1/0002", "b.mp4", 25, 55, 25),
    ]
    one = result.layers[0]
    assert (one.media, one.opacity, one.plate, one.lacks) == (Media(str(media / "a.mp4")), (), "", ())
    assert frames(one) == list(range(10, 30))
    assert (result.info.frames, result.size) == (55, None)


@pytest.mark.parametrize(
    ("speed", "seen"),
    [
        (0.5, [10, 10, 11, 11, 12, 12]),
        (2.0, [10, 12, 14, 16, 18, 20]),
        (-1.0, [15, 14, 13, 12, 11, 10]),
        (-2.0, [20, 18, 16, 14, 12, 10]),
        (-0.5, [12, 12, 11, 11, 10, 10]),
        (0.0, [10] * 6),
        (1 / 3, [10, 10, 10, 11, 11, 11]),
    ],
)
def test_a_record_frame_shows_the_media_frame_at_its_first_or_last_end(
    media: Path, speed: float, seen: list[int]
) -> None:
    layer = only(film(edit([clip(media / "a.mp4", 10, 6, effects=[warp(speed)])]), media))
    assert frames(layer) == seen


def test_moments_lie_inside_their_media_frame(media: Path) -> None:
    """So that neither a file's rounded time stamps nor another rate make it the neighbour."""
    layer = only(film(edit([clip(media / "a.mp4", 10, 6)]), media))
    assert [timeline.moment(layer, frame) for frame in (0, 1)] == [
        F(10 * 8 + 1, 24 * 8),
        F(11 * 8 + 1, 24 * 8),
    ]
    slow = clip(media / "a.mp4", 0, 30, available=span(0, 101, 25))
    assert frames(only(film(edit([slow]), media)), 25)[:25] == [frame * 25 // 24 for frame in range(25)]
    unsaid = schema.Clip("a", schema.ExternalReference(str(media / "a.mp4")), span(7, 12))
    assert timeline.moment(only(film(edit([unsaid]), media)), 2) == F(9, 24) + F(1, 8 * 24)


def test_no_moment_lies_before_the_media(media: Path) -> None:
    tl = edit([clip(media / "a.mp4", 0, 40), dissolve(6, 6), clip(media / "b.mp4", 2, 50)])
    late = film(tl, media).layers[1]
    assert (late.start, frames(late)[:8]) == (34, [0, 0, 0, 0, 0, 1, 2, 3])


def test_variable_speed_follows_its_keys_or_is_said(media: Path) -> None:
    rows = [(0.0, 0.0, 0, 0, 0, 0, 0), (1.0, 1.0, 0, 0, 0, 0, 0), (3.0, 2.0, 0, 0, 0, 0, 0)]
    layer = only(film(edit([clip(media / "a.mp4", 0, 72, effects=[keys(*rows)])]), media))
    assert frames(layer) == [*range(24), *(24 + frame // 2 for frame in range(48))]
    result = film(edit([clip(media / "a.mp4", 5, 12, effects=[schema.TimeEffect()])]), media)
    assert frames(only(result)) == list(range(5, 17))
    assert only(result).lacks == ("speed",)
    assert "100 %: “a.mp4” at 01:00:00:00." in result.lacks[0]


def test_stills_and_sequences(media: Path) -> None:
    Image.new("RGB", (8, 8)).save(media / "s.png")
    for number in range(1001, 1025):
        (media / f"q.{number}.png").touch()
    still = only(film(edit([clip(media / "s.png", 0, 40, available=span(0, 1))]), media))
    assert still.media is not None
    assert (still.media.kind, still.end) == ("still", 40)
    assert {timeline.moment(still, frame) for frame in range(40)} == {0}
    pattern = clip(media / "q.[1001-1024].png", 4, 10, available=span(0, 24))
    sequence = only(film(edit([pattern]), media))
    assert sequence.media is not None
    assert (sequence.media.kind, frames(sequence)) == ("sequence", list(range(4, 14)))


def test_what_nothing_is_shown_of_is_no_layer(media: Path) -> None:
    clear = clip(media / "b.mp4", effects=[effect("Composite", opacity=0.0)])
    off = clip(media / "a.mp4", enabled=False)
    tl = edit([off, title(10), clip(media / "a.mp4")], [clear], [clip(media / "c.mp4")])
    tl.tracks[2].enabled = False
    assert [one.id for one in film(tl, media).layers] == ["V1/0003"]


@pytest.mark.parametrize(
    ("made", "plate"),
    [
        (offline(r"D:\takes\day 1\gone.mp4", 24, "gone.mp4"), "File not found: gone.mp4"),
        (clip("/x/" + "long" * 60 + ".mp4", 0, 24), "File not found: " + "long" * 20 + "lon…"),
        (clip("/x/q.[1001-1100].exr", 0, 24), "Image sequence not found: q.[1001-1100].exr"),
    ],
)
def test_missing_media_are_plates(media: Path, made: otio.schema.Clip, plate: str) -> None:
    layer = only(film(edit([made]), media))
    assert (layer.media, layer.knots, layer.plate) == (None, (), plate)
    assert timeline.moment(layer, 3) == 0


def test_beyond_the_media_is_a_plate(media: Path) -> None:
    layer = only(film(edit([clip(media / "a.mp4", 130, 24)]), media))
    assert layer.plate == "a.mp4 has 120 frames, the edit uses it from frame 130 on"


def test_a_file_that_is_there_twice_is_refused(media: Path) -> None:
    for folder in ("x", "y"):
        (media / folder).mkdir()
        (media / folder / "two.mp4").touch()
    with pytest.raises(TimelineError, match="there 2 times"):
        timeline.film(edit([clip("/z/two.mp4")]), timeline.PlanOptions(media_root=media))


# --- how much of it -----------------------------------------------------------------------------------


def test_a_dissolve_lays_the_incoming_clip_over_the_outgoing_one(media: Path) -> None:
    tl = edit([clip(media / "a.mp4", 10, 40), dissolve(6, 4), clip(media / "b.mp4", 30, 50)])
    one, two = film(tl, media).layers
    assert (one.start, one.end, one.opacity) == (0, 44, ())
    assert (two.start, two.end, two.opacity) == (34, 90, ((F(34), F(0)), (F(44), F(1))))
    assert opacities(two, 34, 38, 43, 44, 89) == [0.05, 0.45, 0.95, 1, 1]
    assert (frames(one)[-1], frames(two)[0]) == (53, 24)


def test_dissolves_from_and_to_nothing_are_fades_of_one_layer(media: Path) -> None:
    tl = edit([gap(10), dissolve(4, 4), clip(media / "a.mp4", 20, 40), dissolve(8, 0)])
    layer = only(film(tl, media))
    assert (layer.start, layer.end) == (6, 50)
    assert layer.opacity == ((F(6), F(0)), (F(14), F(1)), (F(42), F(1)), (F(50), F(0)))


def test_fades_of_resolve(media: Path) -> None:
    fades = effect("Video Faders", videoFaderIn=4.0, videoFaderOut=10.0)
    layer = only(film(edit([clip(media / "a.mp4", 10, 40, effects=[fades])]), media))
    assert opacities(layer, 0, 3, 4, 29, 30, 39) == [0.125, 0.875, 1, 1, 0.95, 0.05]


def test_opacity_is_constant_or_animated_from_the_start_of_the_clip(media: Path) -> None:
    below = clip(media / "a.mp4", 0, 60)
    half = clip(media / "b.mp4", 0, 20, effects=[effect("Composite", opacity=40.0)])
    moving = clip(media / "c.mp4", 5, 30, effects=[effect("Composite", opacity=[0.0, 100.0, 50.0])])
    result = film(edit([below], [gap(4), half, moving]), media)
    assert shown(result, 10) == [("a.mp4", 1), ("b.mp4", 0.4)]
    assert opacities(result.layers[2], 24, 33, 34, 43, 44, 53) == [0.05, 0.95, 0.975, 0.525, 0.5, 0.5]


def test_what_fades_twice_is_multiplied_in_the_middle_of_each_frame(media: Path) -> None:
    both = [effect("Video Faders", videoFaderIn=10.0), effect("Composite", opacity=[0.0, 100.0])]
    layer = only(film(edit([clip(media / "a.mp4", 0, 40, effects=both)]), media))
    for frame in range(10):
        assert timeline.opacity_at(layer, frame) == pytest.approx(((frame + 0.5) / 10) ** 2)
    assert opacities(layer, 10, 39) == [1, 1]


def test_a_missing_overlay_does_not_cover_what_is_below(media: Path) -> None:
    tl = edit([clip(media / "a.mp4")], [clip("/x/logo.png", available=span(0, 1))], [clip("/x/gone.mp4")])
    _, logo, gone = film(tl, media).layers
    assert (logo.plate, opacities(logo, 0, 47)) == ("File not found: logo.png", [0, 0])
    assert (gone.plate, opacities(gone, 0, 47)) == ("File not found: gone.mp4", [1, 1])


# --- nested -------------------------------------------------------------------------------------------


def nested(*tracks: list[object], trim: otio.opentime.TimeRange | None = None) -> otio.schema.Stack:
    stack = schema.Stack("Compound Clip 1")
    for children in tracks:
        track = schema.Track("Video 1", kind="Video")
        track.extend(children)
        stack.append(track)
    stack.source_range = trim
    return stack


def test_a_dissolve_between_stacks_shows_their_insides_beyond_their_ends(media: Path) -> None:
    one = nested([clip(media / "a.mp4", 0, 100)], trim=span(10, 40))
    two = nested([clip(media / "b.mp4", 0, 100)], [clip(media / "c.mp4", 50, 60)], trim=span(20, 40))
    result = film(edit([one, dissolve(6, 4), two]), media)
    assert [(layer.id, layer.start, layer.end) for layer in result.layers] == [
        ("V1/0001.1", 0, 44),
        ("V1/0002.1", 34, 80),
        ("V1/0002.2", 34, 80),
    ]
    first, low, high = result.layers
    assert (frames(first)[-1], frames(low)[0], frames(high)[0]) == (53, 14, 64)
    assert first.opacity == ()
    assert low.opacity == high.opacity == ((F(34), F(0)), (F(44), F(1)))
    uses = {use.id: use for use in timeline.plan(edit([one, dissolve(6, 4), two]), options(media)).uses}
    assert uses["V1/0001.1"].blended == ((34, 40),)
    assert float(uses["V1/0001.1"].visible[0].end * 24) == 54


def test_a_dissolve_shows_the_next_clip_inside_a_trimmed_stack(media: Path) -> None:
    row = [clip(media / "a.mp4", 0, 40), clip(media / "b.mp4", 7, 40)]
    tl = edit([nested(row, trim=span(0, 40)), dissolve(6, 4), clip(media / "c.mp4", 20, 40)])
    result = film(tl, media)
    assert [(layer.id, layer.start, layer.end) for layer in result.layers] == [
        ("V1/0001.1", 0, 40),
        ("V1/0001.2", 40, 44),
        ("V1/0002", 34, 80),
    ]
    assert frames(result.layers[1]) == [7, 8, 9, 10]
    assert [use.id for use in timeline.plan(tl, options(media)).uses] == ["V1/0001.1", "V1/0002"]


def test_a_clip_lies_over_the_stack_that_it_dissolves_from(media: Path) -> None:
    inside = nested([clip(media / "a.mp4", 0, 60)], [clip(media / "b.mp4", 0, 60)], trim=span(0, 40))
    result = film(edit([inside, dissolve(5, 5), clip(media / "c.mp4", 20, 40)]), media)
    assert shown(result, 41) == [("a.mp4", 1), ("b.mp4", 1), ("c.mp4", pytest.approx(0.65))]


def test_stacks_fade_and_show_through_as_one(media: Path) -> None:
    inside = nested([clip(media / "b.mp4", 0, 40)])
    inside.effects.append(effect("Composite", opacity=50.0))
    inside.effects.append(effect("Video Faders", videoFaderOut=10.0))
    result = film(edit([clip(media / "a.mp4", 0, 40)], [inside]), media)
    assert shown(result, 0) == [("a.mp4", 1), ("b.mp4", 0.5)]
    assert shown(result, 35) == [("a.mp4", 1), ("b.mp4", 0.225)]
    plan = timeline.plan(edit([clip(media / "a.mp4", 0, 40)], [inside.deepcopy()]), options(media))
    assert [use.id for use in plan.uses] == ["V1/0001", "V2/0001.1"]


def test_fades_inside_a_retimed_stack_follow_its_speed(media: Path) -> None:
    fades = effect("Video Faders", videoFaderIn=20.0)
    inside = nested([clip(media / "a.mp4", 0, 80, effects=[fades])], trim=span(0, 40))
    inside.effects.append(warp(2.0))
    assert opacities(film(edit([inside]), media).layers[0], 0, 4, 9, 10) == [0.05, 0.45, 0.95, 1]
    backwards = nested([clip(media / "a.mp4", 0, 40, effects=[fades])], trim=span(0, 40))
    backwards.effects.append(warp(-1.0))
    assert opacities(film(edit([backwards]), media).layers[0], 0, 19, 20, 39) == [1, 1, 0.975, 0.025]


# --- agreement ----------------------------------------------------------------------------------------

SPEEDS = [1.0, 1.0, 1.0, 0.5, 2.0, -1.0, -0.5, 0.0]
pieces = st.tuples(
    st.sampled_from(["a.mp4", "b.mp4", "c.mp4", ""]),
    st.integers(0, 60),
    st.integers(4, 20),
    st.sampled_from(SPEEDS),
    st.sampled_from([(0, 0), (0, 0), (2, 2), (0, 3), (1, 0)]),
)


def made(rows: list[list[tuple[str, int, int, float, tuple[int, int]]]]) -> otio.schema.Timeline:
    tracks = []
    for row in rows:
        items: list[object] = []
        for name, start, count, speed, blend in row:
            if not name:
                items.append(gap(count))
                continue
            effects = [warp(speed)] if speed != 1 else []
            items.append(clip(f"/x/{name}", start, count, effects=effects, available=span(0, 400)))
            if any(blend):
                items.append(dissolve(*blend))
        tracks.append(items)
    return edit(*tracks)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(pieces, min_size=1, max_size=5), min_size=1, max_size=3))
def test_each_frame_shows_what_the_plan_says(
    rows: list[list[tuple[str, int, int, float, tuple[int, int]]]],
) -> None:
    tl = made(rows)
    proxies = {f"/x/{name}": __file__ for name in ("a.mp4", "b.mp4", "c.mp4")}  # any file that is there
    asked = timeline.PlanOptions(source="edit.otio", proxies=proxies)
    planned, result = timeline.plan(tl, asked), timeline.film(tl, asked)
    uses = {use.id: use for use in planned.uses}
    hidden = {one.id: one.reason for one in planned.skipped}
    for frame in range(planned.info.frames):
        there = [use for use in planned.uses if any(low <= frame < high for low, high in use.shown)]
        solid = [use for use in there if not any(low <= frame < high for low, high in use.blended)]
        drawn = [one for one in result.layers if one.start <= frame < one.end]
        assert {use.id for use in there} <= {one.id for one in drawn}
        full = [one for one in drawn if timeline.opacity_at(one, frame) == 1]
        if solid:
            assert full[-1].id >= max(use.id for use in solid)
        for one in drawn:
            use = uses.get(one.id)
            if use is None:
                assert hidden[one.id].startswith("Hidden by")
                continue
            at = F(frame - use.record_start, 24)
            first, last = media_at(use.knots, at), media_at(use.knots, at + F(1, 24))
            assert (one.media, one.knots, one.origin) == (use.media, use.knots, use.record_start)
            assert int(timeline.moment(one, frame) * 24) == max(0, min(first, last) * 24 // 1)


REAL = ("otio_resolve", "otio_resolve_clips", "otio_other", "drt", "drp", "edl_resolve", "fcpxml_resolve")


@pytest.mark.parametrize("folder", REAL)
def test_films_of_real_edits_agree_with_their_plans(folder: str) -> None:
    shared = shared_dir()
    if shared is None:
        pytest.skip("there are no sample timelines here")
    for path in sorted((shared / "timelines" / folder).iterdir()):
        try:
            tl = timeline.read(path)
        except TimelineError:
            continue
        asked = timeline.PlanOptions(base=path.parent, source=path.name)
        planned, result = timeline.plan(tl, asked), timeline.film(tl, asked)
        layers: dict[str, list[Layer]] = {}
        for layer in result.layers:
            layers.setdefault(layer.id, []).append(layer)
        assert result.info == planned.info
        for use in planned.uses:
            assert {(one.media, one.knots, one.origin) for one in layers[use.id]} == {
                (use.media, use.knots, use.record_start)
            }
            for low, high in use.shown:
                assert any(one.start <= low and high <= one.end for one in layers[use.id])
        for failure in planned.failures:
            if failure.record_frames > 0:
                assert all(one.media is None and one.plate for one in layers[failure.id])


# --- what is not rendered -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "words", "sentence"),
    [
        (effect("Transform", transformationZoomX=1.5, transformationZoomY=1.5), ("zoom",), "Zoom, position"),
        (effect("Transform", transformationPan=[0.0, 0.2]), ("animated position",), "(animated position)"),
        (effect("Transform", transformationRotationAngle=6.0), ("rotation",), "(rotation) at 01:00:00:00."),
        (effect("Transform", transformationPan=0.0), (), ""),
        (effect("Cropping", cropLeft=10.0), ("crop",), "Crops are not rendered"),
        (effect("Composite", **{"composite mode": 5.0}), ("composite mode",), "rendered as normal"),
        (effect("Dynamic Zoom", on=False, dynamicZoomScale=[0.8, 1.0]), (), ""),
        (effect("Dynamic Zoom", dynamicZoomScale=[0.8, 1.0]), ("dynamic zoom",), "Dynamic zooms"),
        (effect("Lens Correction"), (), ""),
        (effect("Immersive Transform"), (), ""),
        (effect("Gaussian Blur"), ("Gaussian Blur",), "Effects are not rendered: “a.mp4” (Gaussian Blur)"),
        (effect("Gaussian Blur", on=False), (), ""),
        (effect("Unread", EffectFiltersBA=1.0), ("unread",), "keeps unreadable"),
        (schema.Effect(effect_name="Sepia"), ("Sepia",), "(Sepia)"),
    ],
)
def test_effects_are_said(
    media: Path, more: otio.schema.Effect, words: tuple[str, ...], sentence: str
) -> None:
    result = film(edit([clip(media / "a.mp4", effects=[more])]), media)
    assert only(result).lacks == words
    said = [one for one in result.lacks if not one.startswith("Grades made")]
    assert len(said) == bool(sentence)
    assert sentence in "".join(said)


def test_titles_adjustments_and_fusion_are_told_apart(media: Path) -> None:
    typed = title(5, "Look 1")
    typed.effects.append(effect("Effect"))
    typed.effects[0].metadata["Resolve_OTIO"]["Type"] = 74
    row = [
        title(24),
        title(5, "Adjustment Clip"),
        typed,
        title(5, "Fusion Composition"),
        clip(media / "a.mp4"),
    ]
    said = film(edit(row), media).lacks
    assert said[:3] == (
        "Titles and generators are not rendered: “Text+” at 01:00:00:00.",
        "Adjustment clips are not rendered: “Adjustment Clip” at 01:00:01:00, “Look 1” at 01:00:01:05.",
        "Fusion compositions are not rendered: “Fusion Composition” at 01:00:01:10.",
    )
    assert len(said) == 4
    assert "Grades made in DaVinci Resolve" in said[3]


def test_one_sentence_names_a_few_and_counts_the_rest(media: Path) -> None:
    said = film(edit([title(24, f"T{number}") for number in range(16)], resolve=True), media).lacks[0]
    assert said.count("“") == 4
    assert said.endswith("“T3” at 01:00:03:00 and 12 more.")


def test_transitions_that_are_no_dissolves_are_said(media: Path) -> None:
    wipe = dissolve(4, 4)
    wipe.metadata["Resolve_OTIO"] = {"Transition Type": "Edge Wipe"}
    plain = dissolve(4, 4)
    plain.metadata["Resolve_OTIO"] = {"Transition Type": "Cross Dissolve"}
    row = [clip(media / name, 10, 30) for name in ("a.mp4", "b.mp4", "c.mp4")]
    said = film(edit([row[0], plain, row[1], wipe, nested([row[2]])]), media).lacks
    assert said[0] == "Transitions are rendered as dissolves: “c.mp4” (Edge Wipe) at 01:00:02:12."
    assert not film(edit([row[0].deepcopy(), dissolve(2, 2), row[1].deepcopy()], resolve=False), media).lacks


def test_what_is_asked_of_a_stack_is_said_of_what_lies_in_it(media: Path) -> None:
    inside = nested([clip(media / "a.mp4", 0, 20), clip(media / "b.mp4", 0, 20)])
    inside.effects.append(effect("Cropping", cropTop=3.0))
    result = film(edit([inside], resolve=False), media)
    assert [one.lacks for one in result.layers] == [("crop",), ("crop",)]
    assert result.lacks == ("Crops are not rendered: “a.mp4” at 01:00:00:00, “b.mp4” at 01:00:00:20.",)


def test_grades_and_filters_that_a_file_tells_are_said(media: Path) -> None:
    graded, filtered = clip(media / "a.mp4", 0, 20), clip(media / "b.mp4", 0, 20)
    graded.metadata["cdl"] = {"asc_sat": 0.9}
    told = [
        {"effect": {"effectid": "opacity", "name": "Opacity"}},
        {"effect": {"effectid": "Gaussian Blur", "name": "Blur"}},
        {"enabled": "FALSE", "effect": {"effectid": "x", "name": "Off"}},
    ]
    filtered.metadata["fcp_xml"] = {"filter": told}
    result = film(edit([graded, filtered], resolve=False), media)
    assert [one.lacks for one in result.layers] == [("grade",), ("Blur",)]
    assert len(result.lacks) == 2


# --- what is heard ------------------------------------------------------------------------------------


def heard(tl: otio.schema.Timeline, *rows: list[object]) -> otio.schema.Timeline:
    for number, children in enumerate(rows, start=1):
        track = schema.Track(f"Audio {number}", kind="Audio")
        track.extend(children)
        tl.tracks.append(track)
    return tl


def picture(media: Path) -> otio.schema.Timeline:
    return edit([clip(media / "a.mp4", 0, 100)])


def test_sounds_lie_on_audio_tracks(media: Path) -> None:
    late = clip(media / "s.wav", 86410.5, 30, available=span(86400, 240))
    result = film(heard(picture(media), [gap(12.5), late], [clip(media / "a.mp4", 7, 50)]), media)
    one, two = result.sounds
    assert (one.name, one.path) == ("s.wav", str(media / "s.wav"))
    assert (one.start, one.end, one.source, one.speed, one.gain) == (F(25, 2), F(85, 2), F(21, 48), 1, ())
    assert (two.path, two.source) == (str(media / "a.mp4"), F(7, 24))
    assert len(result.layers) == 1


def test_speeds_of_sounds(media: Path) -> None:
    rows = [(0.0, 0.0, 0, 0, 0, 0, 0), (1.0, 1.0, 0, 0, 0, 0, 0), (2.0, 3.0, 0, 0, 0, 0, 0)]
    row = [
        clip(media / "s.wav", 12, 24, effects=[warp(2.0)]),
        clip(media / "s.wav", 12, 24, effects=[warp(-0.5)]),
        clip(media / "s.wav", 12, 24, effects=[warp(0.0)]),
        clip(media / "s.wav", 0, 48, effects=[keys(*rows)]),
    ]
    sounds = film(heard(picture(media), row), media).sounds
    assert [(one.start, one.end, one.source, one.speed) for one in sounds] == [
        (0, 24, F(1, 2), 2),
        (24, 48, F(1), F(-1, 2)),
        (72, 96, 0, 1),
        (96, 120, 1, 2),
    ]


def test_cross_fades_go_down_and_up(media: Path) -> None:
    row = [clip(media / "s.wav", 10, 40), dissolve(6, 4), clip(media / "t.wav", 2, 40), dissolve(10, 0)]
    one, two = film(heard(picture(media), row), media).sounds
    assert (one.end, one.gain) == (44, ((F(34), F(1)), (F(44), F(0))))
    assert (two.start, two.source) == (38, 0)  # the file has only two frames before the cut
    assert two.gain == ((F(38), F(2, 5)), (F(44), F(1)), (F(70), F(1)), (F(80), F(0)))


def test_volume_and_fades_of_resolve(media: Path) -> None:
    name = "Fairlight Clip Volume and Fades"
    row = [
        clip(media / "s.wav", 0, 40, effects=[effect(name, volume=-6.0206, faderOut=10.0)]),
        clip(media / "t.wav", 0, 40, effects=[effect(name, volume=[0.0, -100.0])]),
        clip(media / "t.wav", 50, 20, effects=[effect(name)]),
    ]
    one, two, three = film(heard(picture(media), row), media).sounds
    assert [time for time, _ in one.gain] == [30, 40]
    assert [float(value) for _, value in one.gain] == pytest.approx([0.5, 0], abs=1e-6)
    gains = dict(two.gain)
    assert (gains[F(40)], gains[F(50)]) == (1, 0)
    assert float(media_at(two.gain, F(45))) == pytest.approx(10 ** (-50 / 20), rel=0.05)
    assert three.gain == ()


def test_what_is_off_is_not_heard_and_what_is_gone_is_said(media: Path) -> None:
    tl = heard(
        picture(media),
        [clip(media / "s.wav", enabled=False), clip("/x/gone.wav"), clip(media / "s.wav", 500, 5)],
        [clip(media / "t.wav")],
    )
    tl.tracks[2].enabled = False
    result = film(tl, media)
    assert result.sounds == ()
    assert result.lacks[0] == (
        "Sounds that are not at hand are not heard: “gone.wav” at 01:00:02:00, “s.wav” at 01:00:04:00."
    )


def test_a_track_on_solo_is_heard_alone(media: Path) -> None:
    tl = heard(picture(media), [clip(media / "s.wav")], [clip(media / "t.wav")])
    tl.tracks[2].metadata["Resolve_OTIO"] = {"SoloOn": True}
    result = film(tl, media)
    assert [one.name for one in result.sounds] == ["t.wav"]
    assert "1 audio track is on solo; the others are not heard." in result.lacks


def test_channels_of_one_file_on_several_tracks_are_heard_once(media: Path) -> None:
    stack = schema.Stack("s.wav")
    for _ in range(2):
        track = schema.Track("s.wav", kind="Audio")
        track.append(clip(media / "s.wav", 6, 20))
        stack.append(track)
    result = film(heard(picture(media), [stack], [clip(media / "s.wav", 6, 20)]), media)
    assert [(one.start, one.source) for one in result.sounds] == [(0, F(1, 4))]


def test_effects_on_sounds_are_said(media: Path) -> None:
    told = [
        effect("Fairlight Clip Pan", pan=-50.0),
        effect("Fairlight Clip Pitch"),
        effect("Fairlight Equaliser Band", **{"eq dB gain": 3.0, "eq band index": 1.0}),
        effect("Fairlight Equaliser Band", **{"eq band index": 2.0}),
        effect("De-Esser", on=False),
    ]
    equal = dissolve(4, 4)
    equal.metadata["Resolve_OTIO"] = {"Transition Type": "Cross Fade +3 dB"}
    row = [clip(media / "s.wav", 10, 20, effects=told), equal, clip(media / "t.wav", 10, 20)]
    said = film(heard(picture(media), row), media).lacks
    assert "Effects on sounds are not heard: “s.wav” (pan, equalizer) at 01:00:00:00." in said
    assert "Cross fades are heard as linear ones: “t.wav” (Cross Fade +3 dB) at 01:00:00:20." in said


def test_levels_of_fcp7_xml_are_heard(media: Path) -> None:
    level = """<filter><effect><name>Audio Levels</name><effectid>audiolevels</effectid>
        <mediatype>audio</mediatype><parameter><parameterid>level</parameterid><name>Level</name><value>0.25</value></parameter></effect></filter>"""
    rate = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"
    file = f"""<file id="f"><name>s.wav</name><pathurl>file://localhost{media}/s.wav</pathurl>{rate}
        <duration>500</duration><media><audio/></media></file>"""
    item = f"""<clipitem id="c"><name>s.wav</name><duration>500</duration>{rate}<in>50</in><out>100</out>
        <start>0</start><end>50</end>{file}{level}</clipitem>"""
    path = media / "cut.xml"
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE xmeml><xmeml version="5"><sequence id="cut">
        <name>cut</name><duration>500</duration>{rate}<media><video/><audio><track>{item}</track></audio></media>
        </sequence></xmeml>""",
        encoding="utf-8",
    )
    (sound,) = film(timeline.read(path), media).sounds
    assert (sound.path, sound.start, sound.end, sound.source) == (str(media / "s.wav"), 0, 50, 2)
    assert [float(value) for _, value in sound.gain] == [pytest.approx(0.25)]


def test_a_video_of_an_edit_is_silent_and_bare_media_are_heard(media: Path) -> None:
    assert film(picture(media), media).sounds == ()

    def probe(one: Media) -> MediaInfo:
        return MediaInfo(64, 36, F(25), F(1, 25), 50, "yuv420p", 8, False, "sdr")

    tl = timeline.from_media([media / "a.mp4", media / "b.mp4"], probe)
    bare = timeline.PlanOptions(base=media, source="a.mp4", has_edit=False)
    result = timeline.film(tl, bare)
    assert [(Path(one.path).name, one.start, one.end, one.source) for one in result.sounds] == [
        ("a.mp4", 0, 50, 0),
        ("b.mp4", 50, 100, 0),
    ]
    assert result.lacks == ()
    assert frames(result.layers[1], 25) == list(range(50))


def test_fcpxml_keeps_sound_with_its_pictures(tmp_path: Path) -> None:
    for name in ("a one.mp4", "b.mp4", "w.wav"):
        (tmp_path / name).touch()
    spine = """
        <asset-clip ref="a" name="a" offset="3600s" start="2s" duration="4s">
            <asset-clip ref="w" lane="-1" offset="3s" start="0s" duration="1s"/>
        </asset-clip>
        <transition name="Cross Dissolve" offset="3603s" duration="2s"/>
        <asset-clip ref="a" name="a" offset="3604s" start="9s" duration="4s"/>
        <asset-clip ref="a" name="a" srcEnable="video" offset="3608s" start="9s" duration="1s"/>
        <asset-clip ref="b" name="b" offset="3609s" start="3600s" duration="1s"/>"""
    path = fcpx_edit.save(fcpx_edit.document(fcpx_edit.project(spine)), tmp_path)
    tl = timeline.read(path)
    result = timeline.film(tl, timeline.PlanOptions(media_root=tmp_path, source=path.name))
    assert result.size == (1920, 1080)
    assert [(Path(one.path).name, one.start, one.end, one.source) for one in result.sounds] == [
        ("w.wav", 24, 48, 0),
        ("a one.mp4", 0, 120, 2),
        ("a one.mp4", 72, 192, 8),
    ]
    assert [one.gain for one in result.sounds[1:]] == [
        ((F(72), F(1)), (F(120), F(0))),
        ((F(72), F(0)), (F(120), F(1))),
    ]


# --- size ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "told", "size"),
    [
        ("Resolve_OTIO", {"Resolution": [3840, 2160]}, (3840, 2160)),
        ("Resolve_OTIO", {"Resolution": [0, 2160]}, None),
        ("Resolve_OTIO", {"Resolution": ["wide", 2160]}, None),
        ("fcp_xml", {"width": "1280", "height": "720"}, (1280, 720)),
        ("fcp_xml", {"width": "1440", "height": "1080", "pixelaspectratio": "HD-(1440x1080)"}, None),
        ("fcpxml", {"size": [1080, 1920]}, (1080, 1920)),
    ],
)
def test_the_size_is_what_the_edit_says(media: Path, key: str, told: object, size: object) -> None:
    tl = picture(media)
    if key == "fcp_xml":
        told = {"media": {"video": {"format": {"samplecharacteristics": told}}}}
    tl.metadata[key] = told
    assert film(tl, media).size == size


def test_the_callers_timeline_is_not_changed(media: Path) -> None:
    tl = heard(edit([clip(media / "a.mp4"), title(10)], [clip(media / "b.mp4")]), [clip(media / "s.wav")])
    before = tl.to_json_string()
    film(tl, media)
    assert tl.to_json_string() == before
