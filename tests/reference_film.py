"""What an edit shows in each record frame, worked out slowly from OTIO's own objects, frame by frame.

Nothing of the package is used: it is what renderings are compared with. Positions are summed up per child,
constant retimes and freezes are read off the standard effects, variable speed off Resolve's keys, opacity and
fades off Resolve's effects. A record frame covers the time from its start to the start of the next one:
going forwards it shows the media frame at its start, going backwards the one just before its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import PurePosixPath
from urllib.parse import unquote, urlparse

import opentimelineio as otio

from .reference_clip import SOUNDS, address, first_time, is_still, key_value, opacity_of, speed_of, suffix

ZERO, ONE = Fraction(0), Fraction(1)
NOISE = Fraction(1, 1000)
"""Frames that floats in files may be off."""


@dataclass(frozen=True)
class Shown:
    """One medium in one record frame."""

    clip: otio.schema.Clip
    seconds: Fraction | None
    """From the medium's first frame; None where the edit names no medium, or uses nothing that it has."""
    weight: Fraction
    """Share of the picture, over what stands before it in the list."""
    eased: bool = False
    """On a curved piece of a speed curve, where a frame more or less is nobody's fault."""


@dataclass(frozen=True)
class _Child:
    """An item on a track, in seconds since the track's own start."""

    item: otio.core.Item
    begin: Fraction
    end: Fraction
    before: otio.schema.Transition | None
    after: otio.schema.Transition | None
    alone: bool
    """Nothing but a gap follows."""


@dataclass(frozen=True)
class _Moment:
    """What a record frame covers of an item's own time, in seconds."""

    start: Fraction
    """Lower end, which the frame shows."""
    end: Fraction
    middle: Fraction
    """Of the whole frame, for what fades."""
    noise: Fraction

    def within(self, low: Fraction, high: Fraction) -> _Moment:
        """Leave out where the item does not play."""
        return replace(self, start=max(self.start, low), end=min(self.end, high))

    def through(self, change: Callable[[Fraction], Fraction], pace: Fraction) -> _Moment:
        ends = sorted((change(self.start), change(self.end)))
        return _Moment(*ends, change(self.middle), self.noise * pace)


def exact(rate: float) -> Fraction:
    """23.976… is 24000/1001."""
    for base in (24, 30, 48, 60, 120):
        if abs(rate - base * 1000 / 1001) < 0.006 and round(rate) != rate:
            return Fraction(base * 1000, 1001)
    return Fraction(rate).limit_denominator(1001)


def frames(value: float) -> Fraction:
    whole = round(value)
    return Fraction(whole) if abs(value - whole) <= NOISE else Fraction(value).limit_denominator(100_000)


def seconds(time: otio.opentime.RationalTime) -> Fraction:
    return frames(time.value) / exact(time.rate)


class Reference:
    """An edit, asked for one record frame after the other.

    Parameters
    ----------
    tl
        The edit.
    rate
        Record frames per second.
    stamped
        Lengths are record frames, whatever rate they are stamped with.
    """

    def __init__(self, tl: otio.schema.Timeline, rate: Fraction, stamped: bool = False) -> None:
        self.tl, self.rate, self.stamped = tl, rate, stamped
        self._laid: dict[int, tuple[otio.core.Item, list[_Child]]] = {}
        self._lengths: dict[int, tuple[otio.core.Composable, Fraction]] = {}
        """By identity, with the items, which so stay alive."""

    def frame(self, number: int) -> list[Shown]:
        """List what lies over what, the lowest first; nothing opaque hides anything here.

        A clip that names no medium is a plate on the lowest track, and nothing above it.
        """
        stack = self.tl.tracks
        if not stack.enabled:
            return []
        first = ZERO if stack.source_range is None else self._from_start(stack)
        start, end, middle = ((number + part) / self.rate + first for part in (ZERO, ONE, Fraction(1, 2)))
        lowest, *upper = self._in_stack(stack, _Moment(start, end, middle, NOISE / self.rate)) or [[]]
        return [*lowest, *(one for shown in upper for one in shown if address(one.clip))]

    # --- lengths and places ------------------------------------------------------------------------

    def _span(self, time: otio.opentime.RationalTime) -> Fraction:
        return frames(time.value) / self.rate if self.stamped else seconds(time)

    def length(self, item: otio.core.Composable) -> Fraction:
        """Seconds that an item takes up."""
        if id(item) not in self._lengths:
            self._lengths[id(item)] = (item, self._length(item))
        return self._lengths[id(item)][1]

    def _length(self, item: otio.core.Composable) -> Fraction:
        if isinstance(item, otio.schema.Transition):
            return ZERO
        if item.source_range is not None:
            return self._span(item.source_range.duration)
        if isinstance(item, otio.schema.Clip):
            known = item.media_reference.available_range
            return ZERO if known is None else self._span(known.duration)
        parts = [self.length(child) for child in item] if isinstance(item, otio.core.Composition) else []
        return sum(parts, ZERO) if isinstance(item, otio.schema.Track) else max(parts, default=ZERO)

    def _from_start(self, item: otio.core.Composition) -> Fraction:
        """Return where an item's trim begins in what it holds; whole hours are timecode."""
        begin = self._span(item.source_range.start_time)
        parts = [self.length(child) for child in item]
        whole = sum(parts, ZERO) if isinstance(item, otio.schema.Track) else max(parts, default=ZERO)
        if begin >= whole > 0:
            begin %= 3600 * math.ceil(self.rate) / self.rate
            begin = begin if begin < whole else ZERO
        return begin

    def _children(self, track: otio.schema.Track) -> list[_Child]:
        if id(track) not in self._laid:
            position, children, found = ZERO, list(track), []
            for index, child in enumerate(children):
                if isinstance(child, otio.schema.Transition):
                    continue
                before = children[index - 1] if index else None
                after = children[index + 1] if index + 1 < len(children) else None
                last = index + 2 >= len(children) or isinstance(children[index + 2], otio.schema.Gap)
                end = position + self.length(child)
                found.append(
                    _Child(
                        child,
                        position,
                        end,
                        before if isinstance(before, otio.schema.Transition) else None,
                        after if isinstance(after, otio.schema.Transition) else None,
                        last,
                    )
                )
                position = end
            self._laid[id(track)] = (track, found)
        return self._laid[id(track)][1]

    # --- one record frame ----------------------------------------------------------------------------

    def _in_stack(self, stack: otio.core.Composition, at: _Moment) -> list[list[Shown]]:
        """List what each track shows, the lowest first."""
        found: list[list[Shown]] = []
        for child in stack:
            if isinstance(child, otio.schema.Track) and child.kind == "Audio":
                continue
            length = self.length(child)
            plays = child.enabled and 0 <= at.start + at.noise < length
            found.append(self._in_item(child, at.within(ZERO, length)) if plays else [])
        return found

    def _in_track(self, track: otio.schema.Track, at: _Moment) -> list[Shown]:
        found: list[Shown] = []
        for child in self._children(track):
            before = self._span(child.before.in_offset) if child.before else ZERO
            after = self._span(child.after.out_offset) if child.after else ZERO
            low, high, weight = child.begin - before, child.end + after, ONE
            begun = at.middle > low if before else at.start + at.noise >= low
            if not begun or at.start + at.noise >= high or not child.item.enabled:
                continue
            if child.before:
                weight = (at.middle - low) / (child.begin + self._span(child.before.out_offset) - low)
            if child.after and child.alone:
                fade = child.end - self._span(child.after.in_offset)
                weight = min(weight, ONE) * min(ONE, 1 - (at.middle - fade) / (high - fade))
            weight = min(max(ZERO, weight), ONE)
            begin = child.begin
            inside = at.within(at.start if before else low, at.end if after else high).through(
                lambda time, begin=begin: time - begin, ONE
            )
            shown = self._in_item(child.item, inside) if weight else []
            found += [replace(one, weight=one.weight * weight) for one in shown]
        return found

    def _in_item(self, item: otio.core.Item, at: _Moment) -> list[Shown]:
        """`at` is since the item's first frame."""
        weight = opacity_of(item, at.middle * self.rate, self.length(item) * self.rate)
        if weight <= 0 or isinstance(item, otio.schema.Gap):
            return []
        if isinstance(item, otio.schema.Clip):
            if self._is_title(item) or suffix(address(item)) in SOUNDS:
                return []
            if not address(item):
                return [Shown(item, None, weight)]
            since, eased = self._media_seconds(item, at)
            return [Shown(item, since, weight, eased)]
        begin = self._from_start(item) if item.source_range is not None else ZERO
        inner, eased = self._retimed(item, at, begin)
        if isinstance(item, otio.schema.Track):
            shown = self._in_track(item, inner)
        else:
            shown = [one for track in self._in_stack(item, inner) for one in track]
        return [replace(one, weight=one.weight * weight, eased=one.eased or eased) for one in shown]

    def _is_title(self, clip: otio.schema.Clip) -> bool:
        """Whether it is a generator; Resolve writes titles as missing media that say nothing at all."""
        held = clip.media_reference
        if isinstance(held, otio.schema.MissingReference) and not address(clip):
            return held.available_range is None and "Resolve_OTIO" in self.tl.metadata
        return isinstance(held, otio.schema.GeneratorReference)

    def _retimed(self, item: otio.core.Item, at: _Moment, begin: Fraction) -> tuple[_Moment, bool]:
        """Give the time of an item's own content at a time since its start, and whether on a curve.

        `begin` is the lowest time of its content that is used.
        """
        speed, keys = speed_of(item)
        length = self.length(item)
        if keys:
            return _on_keys(keys, at, length, begin, 1 / self.rate)
        if speed < 0:
            return at.through(lambda time: begin + (length - time) * -speed, -speed), False
        return at.through(lambda time: begin + time * speed, speed), False

    def _media_seconds(self, clip: otio.schema.Clip, at: _Moment) -> tuple[Fraction | None, bool]:
        length = self.length(clip)
        if is_still(clip, length * self.rate):
            return ZERO, False
        begin = self._begin(clip)
        available = clip.media_reference.available_range
        media, eased = self._retimed(clip, at, begin)
        if available is not None and available.duration.value > 0:
            whole = seconds(available.duration)
            used, _ = self._retimed(clip, _Moment(ZERO, length, ZERO, ZERO), begin)
            if not eased and (used.start >= whole or (used.end <= 0 and used.start < 0)):
                return None, False
        return media.start, eased

    def _begin(self, clip: otio.schema.Clip) -> Fraction:
        """Seconds from the medium's first frame to the lowest that the clip uses."""
        used, available = clip.source_range, clip.media_reference.available_range
        if used is None:
            return ZERO
        start, rate = used.start_time, exact(used.start_time.rate)
        if available is None:  # the file's timecode is said to begin at a whole hour
            return frames(start.value) % (3600 * math.ceil(rate)) / rate
        whole = seconds(available.duration)
        since = (seconds(start) - seconds(available.start_time)) * rate
        since = frames(float(since)) / rate
        if not -1 / rate <= since < whole and 0 <= seconds(start) < whole:
            return seconds(start)
        return max(ZERO, since) if since > -1 / rate else since


def frame(tl: otio.schema.Timeline, number: int, rate: Fraction) -> list[Shown]:
    """List what lies over what in a record frame, the lowest first; nothing opaque hides anything here."""
    return Reference(tl, rate).frame(number)


def topmost(shown: list[Shown]) -> list[Shown]:
    """Leave out what lies under an opaque picture."""
    for index in range(len(shown) - 1, -1, -1):
        if shown[index].weight == 1:
            return shown[index:]
    return shown


def _on_keys(
    keys: Sequence[Sequence[float]], at: _Moment, length: Fraction, begin: Fraction, frame: Fraction
) -> tuple[_Moment, bool]:
    """As `_retimed`, on a curve whose keys count from an untrimmed clip, or else from this one."""
    rows = [[Fraction(value).limit_denominator(10**9) for value in key] for key in keys]
    first, shift = first_time(tuple(map(tuple, rows)), begin), ZERO
    if first is None or first + length > rows[-1][0] + 2 * frame:
        first, shift = rows[0][0], begin - rows[0][1]
    _, eased = key_value(rows, first + at.start)
    return at.through(lambda time: key_value(rows, first + time)[0] + shift, ONE), eased


def media_name(clip: otio.schema.Clip) -> str:
    url = getattr(clip.media_reference, "target_url", "") or getattr(clip.media_reference, "name_prefix", "")
    return PurePosixPath(unquote(urlparse(url).path)).name


def media_frame(shown: Shown, rate: Fraction) -> int:
    """Number of the media frame that is shown: the one that has begun."""
    assert shown.seconds is not None
    return math.floor(shown.seconds * rate + Fraction(1, 10**4))
