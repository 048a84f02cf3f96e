"""Walk an edit once and say where each clip plays: positions, dissolves, nested timelines.

Positions are running sums, never OTIO's per-clip helpers (`range_in_parent` and `index` walk the
whole track each time: hours for 70,000 clips). Time is counted in timeline frames, as fractions.
Nested stacks are walked through a map from the outer timeline's frames to the inner one's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count as count_from

import opentimelineio as otio

from otio_ai_audit.timecode import NOISE, exact_rate, nominal_rate
from otio_ai_audit.timeline.effects import Look, look_at
from otio_ai_audit.timeline.retime import Knots, compose, from_key_frames, linear, media_at, pieces

Range = tuple[Fraction, Fraction]
ZERO = Fraction(0)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Clock:
    """Counts times in frames of the timeline.

    `stamped` is for a file whose lengths are timeline frames whatever rate they are stamped with.
    """

    rate: Fraction
    stamped: bool = False
    _rates: dict[float, Fraction] = field(default_factory=dict, compare=False)
    _frames: dict[tuple[float, float], Fraction] = field(default_factory=dict, compare=False)

    def exact(self, rate: float) -> Fraction:
        if rate not in self._rates:
            self._rates[rate] = exact_rate(rate)
        return self._rates[rate]

    def frames(self, time: otio.opentime.RationalTime) -> Fraction:
        """Timeline frames of a duration or offset; within a thousandth of a frame it is whole."""
        key = (time.value, time.rate)
        known = self._frames.get(key)
        if known is None:
            known = snap(Fraction(key[0]))
            if not self.stamped:
                known *= self.rate / self.exact(key[1])
            self._frames[key] = known
        return known


def snap(value: Fraction) -> Fraction:
    """Take float noise off a frame count."""
    if value.denominator == 1:
        return value
    whole = round(value)
    return Fraction(whole) if abs(value - whole) <= NOISE else value


@dataclass(slots=True)
class Leaf:
    """One stretch of one clip on the timeline; times in timeline frames."""

    clip: otio.schema.Clip
    id: str
    layer: tuple[int, ...]
    """Sorts from the bottom layer to the top one; equal layers do not overlap."""
    start: Fraction
    frames: Fraction
    length: Fraction
    """Frames of the whole clip in its own track, also where only a part is used."""
    inner: Knots | None = None
    """Frames since `start` to frames of the clip; None where they are the same."""
    before: Fraction = ZERO
    """Frames that a dissolve shows before `start`."""
    after: Fraction = ZERO
    blended: list[Range] = field(default_factory=list)
    """Under a dissolve or a fade."""
    open: list[Range] = field(default_factory=list)
    """Where the picture fades from or to nothing, so that lower tracks show."""
    off: str = ""
    """Why it does not play (``disabled``)."""
    look: Look = field(default_factory=Look)


@dataclass(slots=True)
class _Item:
    """A child of a track or stack, in frames of that track."""

    child: otio.core.Item
    start: Fraction
    length: Fraction
    before: Fraction = ZERO
    after: Fraction = ZERO
    blended: list[Range] = field(default_factory=list)
    open: list[Range] = field(default_factory=list)


def length_of(item: otio.core.Composable, clock: Clock) -> Fraction:
    """Frames that an item takes on its track; 0 where the file does not say."""
    if isinstance(item, otio.schema.Transition) or not isinstance(item, otio.core.Item):
        return ZERO
    trimmed = item.source_range
    if trimmed is not None:
        return max(ZERO, clock.frames(trimmed.duration))
    if isinstance(item, otio.schema.Clip):
        reference = item.media_reference
        known = reference.available_range if reference is not None else None
        return clock.frames(known.duration) if known is not None else ZERO
    if isinstance(item, otio.schema.Track):
        return sum((length_of(child, clock) for child in item), ZERO)
    if isinstance(item, otio.core.Composition):
        return max((length_of(child, clock) for child in item), default=ZERO)
    return ZERO


def _items(container: otio.core.Composition, clock: Clock) -> Iterator[_Item]:
    if not isinstance(container, otio.schema.Track):
        for child in container:
            if isinstance(child, otio.core.Item):
                yield _Item(child, ZERO, length_of(child, clock))
        return
    position = ZERO
    last: _Item | None = None
    pending: otio.schema.Transition | None = None
    for child in container:
        if isinstance(child, otio.schema.Transition):
            if last is not None:
                _dissolve_out(last, child, clock)
            pending = child
            continue
        if not isinstance(child, otio.core.Item):
            continue
        item = _Item(child, position, length_of(child, clock))
        if pending is not None:
            _dissolve_in(item, last, pending, clock)
        if last is not None:
            if pending is not None and isinstance(child, otio.schema.Gap):
                last.open.append(last.blended[-1])
            yield last
        last, pending = item, None
        position += item.length
    if last is not None:
        if pending is not None:
            last.open.append(last.blended[-1])
        yield last


def _dissolve_out(item: _Item, transition: otio.schema.Transition, clock: Clock) -> None:
    end = item.start + item.length
    item.after = clock.frames(transition.out_offset)
    item.blended.append((end - clock.frames(transition.in_offset), end + item.after))


def _dissolve_in(item: _Item, last: _Item | None, transition: otio.schema.Transition, clock: Clock) -> None:
    item.before = clock.frames(transition.in_offset)
    blend = (item.start - item.before, item.start + clock.frames(transition.out_offset))
    item.blended.append(blend)
    if last is None or isinstance(last.child, otio.schema.Gap):
        item.open.append(blend)


def inner_map(item: otio.core.Composition, look: Look, length: Fraction, clock: Clock) -> Knots:
    """Map frames since an item's start to frames of what it holds, through trim and retime."""
    trimmed = item.source_range
    start = clock.frames(trimmed.start_time) if trimmed is not None else ZERO
    if start > 0:
        content = _content(item, clock)
        if start >= content > 0:
            # A compound clip's range may be absolute timecode: its own start is a whole hour.
            start %= nominal_rate(clock.rate) * 3600
            start = start if start < content else ZERO
    if look.keys:
        knots = from_key_frames(look.keys, length / clock.rate, start / clock.rate, 1 / clock.rate)
        return tuple((time * clock.rate, inner * clock.rate) for time, inner in knots)
    return linear(length, start, look.speed)


def _content(item: otio.core.Composition, clock: Clock) -> Fraction:
    """Frames of all that a track or stack holds, untrimmed."""
    lengths = [length_of(child, clock) for child in item]
    if isinstance(item, otio.schema.Track):
        return sum(lengths, ZERO)
    return max(lengths, default=ZERO)


def restrict(knots: Knots, low: Fraction, high: Fraction) -> list[Knots]:
    """Cut a map to the stretches of its first time whose second time lies in ``[low, high)``."""
    if len(knots) == 2 and knots[1][1] - knots[0][1] == knots[1][0] - knots[0][0]:
        shift = knots[0][0] - knots[0][1]
        low, high = max(low, knots[0][1]), min(high, knots[1][1])
        return [((low + shift, low), (high + shift, high))] if low < high else []
    found: list[list[tuple[Fraction, Fraction]]] = []
    for time0, time1, inner0, inner1 in pieces(knots, knots[0][0], knots[-1][0]):
        if time0 == time1:
            continue
        if inner0 == inner1:
            if not low <= inner0 < high:
                continue
            part = [(time0, inner0), (time1, inner1)]
        else:
            ends = sorted(
                time0 + (edge - inner0) * (time1 - time0) / (inner1 - inner0) for edge in (low, high)
            )
            begin, end = max(time0, ends[0]), min(time1, ends[1])
            if begin >= end:
                continue
            part = [(begin, media_at(knots, begin)), (end, media_at(knots, end))]
        if found and found[-1][-1] == part[0]:
            found[-1].append(part[1])
        else:
            found.append(part)
    return [tuple(part) for part in found]


def walk(tl: otio.schema.Timeline, clock: Clock) -> list[Leaf]:
    """List the stretches of every clip on a video track, from the bottom track up, in order.

    Returns
    -------
    list[Leaf]
        With ids ``V1/0003`` (third clip of the lowest video track; disabled ones and titles count)
        and ``V1/0003.2`` (second clip inside a compound clip at that place).
    """
    leaves: list[Leaf] = []
    stack = tl.tracks
    outers = [inner_map(stack, Look(), length_of(stack, clock), clock)]
    off = "" if stack.enabled else "The whole edit is disabled."
    video = [track for track in stack if isinstance(track, otio.core.Item) and not _is_audio(track)]
    for number, track in enumerate(video, start=1):
        here = f"V{number}"
        if not isinstance(track, otio.schema.Track):
            # Some writers put clips straight into the timeline's stack.
            item = _Item(track, ZERO, length_of(track, clock))
            leaves += _walk_item(item, outers, (number,), _namer(f"{here}/0001", track), off, clock)
            continue
        dark = off if track.enabled else f"On a disabled track ({track.name or here})."
        inside = _into(outers, _Item(track, ZERO, length_of(track, clock)), clock)
        count = 0
        for item in _items(track, clock):
            if isinstance(item.child, otio.schema.Gap):
                continue
            count += 1
            leaves += _walk_item(
                item, inside, (number,), _namer(f"{here}/{count:04d}", item.child), dark, clock
            )
    return leaves


def _is_audio(item: otio.core.Item) -> bool:
    return isinstance(item, otio.schema.Track) and bool(item.kind == otio.schema.TrackKind.Audio)


def _namer(name: str, item: otio.core.Item) -> Callable[[], str]:
    """Name the clips found at one place of a track: the place, or its parts where it holds several."""
    if isinstance(item, otio.schema.Clip):
        return lambda: name
    counter = count_from(1)
    return lambda: f"{name}.{next(counter)}"


def _into(outers: list[Knots], item: _Item, clock: Clock) -> list[Knots]:
    """Chain maps into an item that holds others."""
    own = inner_map(item.child, look_at(item.child), item.length, clock)
    end = item.start + item.length
    return [
        compose(portion, own, item.start) for outer in outers for portion in restrict(outer, item.start, end)
    ]


def _walk_item(
    item: _Item, outers: list[Knots], layer: tuple[int, ...], namer: Callable[[], str], off: str, clock: Clock
) -> Iterator[Leaf]:
    child = item.child
    if not child.enabled:
        off = off or "Disabled in the edit."
    if isinstance(child, otio.schema.Clip):
        yield from _leaves_of(item, outers, layer, namer(), off)
    elif isinstance(child, otio.core.Composition):
        inside = _into(outers, item, clock)
        flat = isinstance(child, otio.schema.Track)
        for index, part in enumerate(_items(child, clock)):
            if isinstance(part.child, otio.schema.Gap) or _is_audio(part.child):
                continue
            above = layer if flat else (*layer, index)
            yield from _walk_item(part, inside, above, namer, off, clock)


def _leaves_of(
    item: _Item, outers: list[Knots], layer: tuple[int, ...], name: str, off: str
) -> Iterator[Leaf]:
    look = look_at(item.child)
    low, high = item.start, item.start + item.length
    portions = [(outer, part) for outer in outers for part in restrict(outer, low, high)]
    if not portions and item.length == 0:
        portions = [(outers[0], ((low, low), (low, low)))] if outers else []
    for index, (outer, part) in enumerate(portions):
        begin, end = part[0][0], part[-1][0]
        plain = len(part) == 2 and part[0][1] == low and part[1][1] == high and end - begin == high - low
        before, after = _reach(item, outer, part)
        window = (begin - before, end + after)
        yield Leaf(
            clip=item.child,
            id=name if index == 0 else f"{name}{_LETTERS[index % 26]}",
            layer=layer,
            start=begin,
            frames=end - begin,
            length=item.length,
            inner=None if plain else tuple((time - begin, inside - low) for time, inside in part),
            before=before,
            after=after,
            blended=_outside(outer, item.blended, window) + _fades(item, look, outer, window),
            open=_outside(outer, item.open, window) + _fades(item, look, outer, window),
            off=off,
            look=look,
        )


def _reach(item: _Item, outer: Knots, part: Knots) -> tuple[Fraction, Fraction]:
    """Outer frames before and after a stretch that the clip's dissolves still show."""
    if not (item.before or item.after):
        return ZERO, ZERO
    wide = [
        stretch
        for stretch in restrict(outer, item.start - item.before, item.start + item.length + item.after)
        if stretch[0][0] <= part[0][0] and part[-1][0] <= stretch[-1][0]
    ]
    if not wide:
        return ZERO, ZERO
    return part[0][0] - wide[0][0][0], wide[0][-1][0] - part[-1][0]


def _fades(item: _Item, look: Look, outer: Knots, window: Range) -> list[Range]:
    ends = item.start + item.length
    fades = []
    if look.fade_in:
        fades.append((item.start, min(ends, item.start + look.fade_in)))
    if look.fade_out:
        fades.append((max(item.start, ends - look.fade_out), ends))
    return _outside(outer, fades, window)


def _outside(outer: Knots, ranges: list[Range], window: Range) -> list[Range]:
    """Take ranges of the inner track to the outer timeline, clipped to a window of it."""
    found = []
    for low, high in ranges:
        for part in restrict(outer, low, high):
            begin, end = max(part[0][0], window[0]), min(part[-1][0], window[1])
            if begin < end:
                found.append((begin, end))
    return found
