"""Films of random edits against the reference: every record frame, whatever lies where and however fast."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from otio_ai_audit import timeline

from .reference_film import Reference
from .seen import of_film, of_reference, same
from .stand_ins import StandIns

RATE = 24.0
MEDIA: list[tuple[str, float, float, float]] = [
    # name, rate, timecode of the first frame, frames
    ("plain.mp4", 24.0, 0, 96),
    ("camera.mov", 25.0, 90000, 200),
    ("film.mkv", 24000 / 1001, 86400, 300),
    ("fast.mp4", 60.0, 0, 400),
]
SPEEDS = [0.25, 0.37, 0.5, 0.99, 1.5, 2.0, 4.0]


def time(value: float, rate: float = RATE) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(value, rate)


def span(start: float, length: float, rate: float = RATE) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(time(start, rate), time(length, rate))


@st.composite
def retimes(draw: Any) -> list[Any]:
    kind = draw(st.sampled_from(["none", "none", "speed", "speed", "freeze"]))
    if kind == "speed":
        factor = draw(st.sampled_from(SPEEDS)) * draw(st.sampled_from([1, 1, -1]))
        return [otio.schema.LinearTimeWarp(time_scalar=factor)]
    return [otio.schema.FreezeFrame()] if kind == "freeze" else []


@st.composite
def clips(draw: Any, own_rate: bool) -> otio.schema.Clip:
    """Make a clip whose times are counted at the timeline's rate, as by Resolve, or at its medium's."""
    name, rate, first, frames = draw(st.sampled_from(MEDIA))
    counted = rate if own_rate else RATE
    offset = draw(st.integers(0, 60))
    start = first * counted / rate + offset
    reference = otio.schema.ExternalReference(f"/media/{name}", span(first, frames, rate))
    made = otio.schema.Clip(name, reference, span(start, draw(st.integers(1, 30)), counted))
    made.effects.extend(draw(retimes()))
    made.enabled = draw(st.integers(0, 9)) > 0
    return made


@st.composite
def stacks(draw: Any, own_rate: bool) -> otio.schema.Stack:
    made, retimed = otio.schema.Stack("Compound"), draw(st.booleans())
    for _ in range(draw(st.integers(1, 2))):
        made.append(draw(tracks(own_rate, nested=True, dissolves=not retimed)))
    whole = round(made.duration().rescaled_to(RATE).value)
    if whole > 4:
        start = draw(st.integers(0, whole // 2))
        made.source_range = span(start, draw(st.integers(1, whole - start)))
        made.effects.extend(draw(retimes()) if retimed else [])
        speed = [abs(one.time_scalar) for one in made.effects]
        if speed and speed[0] > 1:  # else it would show what it has not
            made.source_range = span(start, max(1, int((whole - start) / speed[0])))
    return made


@st.composite
def tracks(draw: Any, own_rate: bool, nested: bool = False, dissolves: bool = True) -> otio.schema.Track:
    made = otio.schema.Track(kind="Video")
    kinds = ["clip", "clip", "clip", "gap"] + ([] if nested or own_rate else ["stack"])
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(kinds))
        if kind == "gap":
            made.append(otio.schema.Gap(source_range=span(0, draw(st.integers(1, 15)))))
        else:
            made.append(draw(clips(own_rate) if kind == "clip" else stacks(own_rate)))
    if dissolves and draw(st.booleans()):
        _dissolve(draw, made)
    if not nested:
        made.enabled = draw(st.integers(0, 9)) > 0
    return made


def _dissolve(draw: Any, track: otio.schema.Track) -> None:
    """Put a dissolve at some cut of two clips that it fits between."""
    cut = draw(st.integers(1, max(1, len(track) - 1)))
    if cut >= len(track) or not all(isinstance(track[at], otio.schema.Clip) for at in (cut - 1, cut)):
        return
    room = [int(track[at].duration().rescaled_to(RATE).value / 2) for at in (cut - 1, cut)]
    ends = [draw(st.integers(0, max(0, one))) for one in room]
    if sum(ends):
        track.insert(cut, _blend(*ends))


@st.composite
def edits(draw: Any) -> otio.schema.Timeline:
    tl = otio.schema.Timeline("Random", global_start_time=time(86400))
    own_rate = draw(st.booleans())
    for _ in range(draw(st.integers(1, 3))):
        tl.tracks.append(draw(tracks(own_rate)))
    return tl


def told(item: otio.core.Composable, depth: int = 0) -> list[str]:
    """Tell an edit line by line, for a person who looks for a fault."""
    if isinstance(item, otio.schema.Transition):
        return [f"{'  ' * depth}dissolve {item.in_offset.value:g} + {item.out_offset.value:g}"]
    used = item.source_range
    range_ = f"{used.start_time.value:g} + {used.duration.value:g} @ {used.duration.rate:g}" if used else ""
    effects = [getattr(one, "time_scalar", one.metadata) for one in item.effects]
    off = "" if item.enabled else "off"
    lines = [f"{'  ' * depth}{type(item).__name__} {item.name} {range_} {effects or ''} {off}"]
    children = item if isinstance(item, otio.core.Composition) else ()
    return lines + [line for child in children for line in told(child, depth + 1)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random")


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(tl=edits())
def test_every_record_frame_of_random_edits(root: Path, tl: otio.schema.Timeline) -> None:
    note("\n".join(told(tl.tracks)))
    compare(tl, root)


def compare(tl: otio.schema.Timeline, root: Path) -> None:
    media = StandIns(tl, root, Fraction(24))
    film = timeline.film(tl, timeline.PlanOptions(media_root=root))
    expected = Reference(tl, film.info.rate)
    for number in range(film.info.frames):
        wanted = of_reference(expected.frame(number), media)
        seen = of_film(film, media, number)
        assert same(seen, wanted, 0), (number, seen, wanted)


def plain(start: float, frames: float, rate: float = RATE, *effects: Any) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference("/media/plain.mp4", span(0, 96))
    made = otio.schema.Clip("plain", reference, span(start, frames, rate))
    made.effects.extend(effects)
    return made


def stack(first: float, frames: float, factor: float, *items: Any) -> otio.schema.Stack:
    made = otio.schema.Stack("Compound", [otio.schema.Track("inside", items)], span(first, frames))
    if factor != 1:
        made.effects.append(otio.schema.LinearTimeWarp(time_scalar=factor))
    return made


def _reverse() -> otio.schema.LinearTimeWarp:
    return otio.schema.LinearTimeWarp(time_scalar=-1)


def _blend(before: float, after: float) -> otio.schema.Transition:
    return otio.schema.Transition("", "SMPTE_Dissolve", time(before), time(after))


MADE: dict[str, list[Any]] = {
    "clips that begin and end between frames": [plain(10, 31, 25), plain(20, 16, 60), plain(30, 9)],
    "an edit that ends between frames": [plain(0, 48, 25)],
    "cuts between the frames of a fast stack": [stack(0, 20, 1.5, plain(0, 5), plain(40, 8), plain(60, 30))],
    "cuts between the frames of a stack that runs backwards": [
        stack(0, 20, -1.5, plain(0, 5), plain(40, 8), plain(60, 30)),
        plain(10, 5),
    ],
    "backwards in what runs backwards": [stack(2, 10, -1.5, plain(0, 8), plain(30, 20, RATE, _reverse()))],
    "a stack that ends within a dissolve": [
        stack(0, 18, 1, plain(0, 20), _blend(4, 4), plain(50, 20)),
        plain(0, 5),
    ],
    "a reversed clip that ends between frames": [plain(5, 21, 25, _reverse()), plain(0, 5)],
}


@pytest.mark.parametrize("name", MADE)
def test_what_was_once_shown_wrong(name: str, root: Path) -> None:
    tl = otio.schema.Timeline("Made", global_start_time=time(86400))
    tl.tracks.append(otio.schema.Track("V1", [one.deepcopy() for one in MADE[name]]))
    compare(tl, root)


def test_odd_speeds_of_media_whose_rate_nobody_says(root: Path) -> None:
    clip = plain(5, 40, RATE, otio.schema.LinearTimeWarp(time_scalar=0.99))
    clip.media_reference.available_range = None
    tl = otio.schema.Timeline("Made", global_start_time=time(86400))
    tl.tracks.append(otio.schema.Track("V1", [clip]))
    compare(tl, root)
