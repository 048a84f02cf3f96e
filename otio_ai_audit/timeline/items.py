"""What lies on a track or in a stack: places and lengths in its frames, dissolves, speeds.

Positions are running sums, never OTIO's per-clip helpers (`range_in_parent` and `index` walk the
whole track each time: hours for 70,000 clips). Time is counted in timeline frames, as fractions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import opentimelineio as otio

from otio_ai_audit.timecode import NOISE, exact_rate, nominal_rate
from otio_ai_audit.timeline.effects import Look
from otio_ai_audit.timeline.retime import Knots, from_key_frames, linear, media_at, pieces

Range = tuple[Fraction, Fraction]
ZERO = Fraction(0)


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


def first_frame(time: Fraction) -> int:
    """First whole frame at or after a time in frames: each frame shows what plays when it begins."""
    return time.numerator if time.denominator == 1 else math.ceil(time - NOISE)


@dataclass(slots=True)
class Item:
    """A child of a track or stack, in frames of that track."""

    child: otio.core.Item
    start: Fraction
    length: Fraction
    before: Fraction = ZERO
    after: Fraction = ZERO
    blended: list[Range] = field(default_factory=list)
    open: list[Range] = field(default_factory=list)
    rises: list[Range] = field(default_factory=list)
    """Where it comes in over what was before it."""
    falls: list[Range] = field(default_factory=list)
    transitions: list[otio.schema.Transition] = field(default_factory=list)


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


def items_of(container: otio.core.Composition, clock: Clock, sound: bool = False) -> Iterator[Item]:
    """List what a track or stack holds, gaps too, each with the dissolves around it.

    With `sound`, what goes under a transition falls silent; a picture stays as it is under the next one.
    """
    if not isinstance(container, otio.schema.Track):
        for child in container:
            if isinstance(child, otio.core.Item):
                yield Item(child, ZERO, length_of(child, clock))
        return
    position = ZERO
    last: Item | None = None
    pending: otio.schema.Transition | None = None
    for child in container:
        if isinstance(child, otio.schema.Transition):
            if last is not None:
                _dissolve_out(last, child, clock)
            pending = child
            continue
        if not isinstance(child, otio.core.Item):
            continue
        item = Item(child, position, length_of(child, clock))
        if pending is not None:
            _dissolve_in(item, last, pending, clock)
        if last is not None:
            if pending is not None:
                _leave(last, pending, isinstance(child, otio.schema.Gap), sound)
            yield last
        last, pending = item, None
        position += item.length
    if last is not None:
        if pending is not None:
            _leave(last, pending, True, sound)
        yield last


def _leave(item: Item, transition: otio.schema.Transition, to_nothing: bool, sound: bool) -> None:
    """Note how an item goes: a picture stays under the next one, a sound or the last picture fades."""
    if to_nothing:
        item.open.append(item.blended[-1])
        item.transitions.append(transition)
    if to_nothing or sound:
        item.falls.append(item.blended[-1])


def _dissolve_out(item: Item, transition: otio.schema.Transition, clock: Clock) -> None:
    end = item.start + item.length
    item.after = clock.frames(transition.out_offset)
    item.blended.append((end - clock.frames(transition.in_offset), end + item.after))


def _dissolve_in(item: Item, last: Item | None, transition: otio.schema.Transition, clock: Clock) -> None:
    item.before = clock.frames(transition.in_offset)
    blend = (item.start - item.before, item.start + clock.frames(transition.out_offset))
    item.blended.append(blend)
    item.rises.append(blend)
    item.transitions.append(transition)
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
