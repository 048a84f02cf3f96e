"""Piecewise linear maps from a clip's own time to media time, and what they mean for frames.

A map is a tuple of knots ``(clip seconds, media seconds)`` in rising clip time. Record frame k
covers the clip time ``[k/rate, (k+1)/rate]``; played forwards it shows the media frame at the
interval's first end, played backwards the one at its last end, so that intervals map to intervals
exactly whatever the speed. Outside its knots a map goes on with the slope of its first or last
piece (dissolves reach beyond a clip's ends).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

from otio_ai_audit.adapters.easing import straight
from otio_ai_audit.model import ClipUse, Layer, Span

Knots: TypeAlias = tuple[tuple[Fraction, Fraction], ...]
Ranges: TypeAlias = tuple[tuple[int, int], ...]

_HAIR = Fraction(1, 100)
_SPECK = Fraction(1, 10_000)
"""Media frames: how far rounded speeds may miss a frame's start."""
_INSIDE = Fraction(1, 8)


def as_fraction(value: float) -> Fraction:
    """Read a float as the simple fraction it was written from, else to nine decimals."""
    simple = Fraction(value).limit_denominator(10_000)
    if abs(float(simple) - value) <= 1e-12 * max(1.0, abs(value)):
        return simple
    return Fraction(round(value * 1_000_000_000), 1_000_000_000)


def linear(duration: Fraction, first: Fraction, speed: Fraction = Fraction(1)) -> Knots:
    """Map a clip of constant speed.

    Parameters
    ----------
    duration : Fraction
        Record seconds.
    first : Fraction
        Lowest media time used, in seconds; a reversed clip ends there.
    speed : Fraction
        1 is normal, 0 holds the first frame, negative runs backwards.
    """
    reach = first + (duration if speed == 1 else duration * abs(speed))
    if speed < 0:
        return ((Fraction(0), reach), (duration, first))
    return ((Fraction(0), first), (duration, reach))


def from_key_frames(
    keys: Sequence[Sequence[float]], duration: Fraction, offset: Fraction, frame: Fraction
) -> Knots:
    """Map Resolve's variable speed: ``[timeline_s, source_s, smooth, in_x, in_y, out_x, out_y]``.

    Eased pieces are cubic Bézier curves whose handles are given in seconds from their key; they
    become short straight pieces. A trimmed clip's first media time is looked up on the curve; where
    the rest of the curve would then be too short, the keys are read as relative to the clip.

    Parameters
    ----------
    keys : Sequence[Sequence[float]]
        At least two keys in rising timeline time.
    duration : Fraction
        Record seconds of the clip.
    offset : Fraction
        Seconds from the media's first frame to `source_range.start`.
    frame : Fraction
        Seconds of one timeline frame.
    """
    # Points that come together when they are rounded are one.
    curve = tuple({as_fraction(time): as_fraction(media) for time, media in straight(keys)}.items())
    begin = record_at(curve, offset)
    shift = Fraction(0)
    if begin is None or begin + duration > curve[-1][0] + 2 * frame:
        begin, shift = curve[0][0], offset - curve[0][1]
    inside = [(time - begin, media) for time, media in curve if begin < time < begin + duration]
    ends = (begin, begin + duration)
    knots = [(Fraction(0), media_at(curve, ends[0])), *inside, (duration, media_at(curve, ends[1]))]
    return tuple((time, media + shift) for time, media in knots)


def media_at(knots: Knots, time: Fraction) -> Fraction:
    """Media time at a clip time; the end pieces go on beyond the ends."""
    if len(knots) == 1:
        return knots[0][1]
    index = min(max(bisect_right(knots, time, key=lambda knot: knot[0]), 1), len(knots) - 1)
    (time0, media0), (time1, media1) = knots[index - 1], knots[index]
    if time1 == time0:
        return media0
    return media0 + (media1 - media0) * (time - time0) / (time1 - time0)


def record_at(knots: Knots, media: Fraction) -> Fraction | None:
    """First clip time within the knots at which a media time is shown, or None."""
    for (time0, media0), (time1, media1) in pairwise(knots):
        low, high = min(media0, media1), max(media0, media1)
        if low <= media <= high:
            return time0 if low == high else time0 + (time1 - time0) * (media - media0) / (media1 - media0)
    return None


def pieces(
    knots: Knots, start: Fraction, end: Fraction
) -> list[tuple[Fraction, Fraction, Fraction, Fraction]]:
    """Cut ``[start, end]`` of clip time at the knots: (time0, time1, media0, media1) of each piece."""
    times = [start, *(time for time, _ in knots if start < time < end), end]
    return [(a, b, media_at(knots, a), media_at(knots, b)) for a, b in pairwise(times)]


def compose(outer: Knots, inner: Knots, shift: Fraction) -> Knots:
    """Chain two maps: `outer` gives the inner timeline's time, `inner` starts at `shift` in it."""
    times = {time for time, _ in outer}
    for time0, time1, media0, media1 in pieces(outer, outer[0][0], outer[-1][0]):
        if media1 == media0:
            continue
        for knot, _ in inner:
            time = time0 + (knot + shift - media0) * (time1 - time0) / (media1 - media0)
            if time0 < time < time1:
                times.add(time)
    return tuple((time, media_at(inner, media_at(outer, time) - shift)) for time in sorted(times))


def moment(layer: Layer, frame: int) -> Fraction:
    """Media time to show at a record frame, in seconds from the media's first frame, never below 0.

    Going forwards it is the media frame at the record frame's first end, going backwards the one at its
    last end. Its time is an eighth of a frame after that frame's start, so that neither rounding in the
    file nor the record's rate makes it its neighbour; where the edit does not say how fast the media run,
    up to an eighth of a record frame later and never in the next one. Whoever takes the last picture at or
    before this time has the right one.
    """
    if layer.media is None or layer.media.kind == "still":
        return Fraction(0)
    time = Fraction(frame - layer.origin) / layer.rate
    end, first, last = time + 1 / layer.rate, layer.knots[0][0], layer.knots[-1][0]
    if frame >= layer.origin and time < first < end:  # the clip begins within the frame
        time = first
    if time < last < end and layer.end <= layer.origin + math.ceil(last * layer.rate):  # it ends there
        end = last
    shown = max(Fraction(0), min(media_at(layer.knots, time), media_at(layer.knots, end)))
    if layer.grid is None:
        frames = shown * layer.rate
        begun = math.floor(frames + _SPECK)
        inside = max(frames - begun, Fraction(0))
        return (begun + inside + min(_INSIDE, (1 - inside) / 2)) / layer.rate
    return (math.floor(shown * layer.grid + _SPECK) + _INSIDE) / layer.grid


def merge(spans: Iterable[Span], gap: Fraction = Fraction(0)) -> tuple[Span, ...]:
    """Sort intervals and join those that overlap, touch or lie no more than `gap` apart."""
    spans = list(spans)
    if len(spans) < 2:
        return tuple(spans)
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if joined and span.start <= joined[-1].end + gap:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def media_spans(
    knots: Knots, ranges: Iterable[tuple[Fraction, Fraction]], grid: Fraction | None, length: Fraction | None
) -> tuple[Span, ...]:
    """Media intervals that clip times show, on whole media frames.

    Parameters
    ----------
    knots : Knots
        Clip time to media time.
    ranges : Iterable[tuple[Fraction, Fraction]]
        Intervals of clip time in seconds.
    grid : Fraction or None
        The media's frame rate; None leaves the intervals as they come.
    length : Fraction or None
        Seconds that the media has; nothing outside is returned.
    """
    found = []
    for start, end in ranges:
        whole = len(knots) == 2 and (start, end) == (knots[0][0], knots[1][0])
        cut = [(start, end, knots[0][1], knots[1][1])] if whole else pieces(knots, start, end)
        for _, _, media0, media1 in cut:
            low, high = min(media0, media1), max(media0, media1)
            if grid is not None:
                first = math.floor(low * grid + (Fraction(1, 1000) if low == high else Fraction(1, 2)))
                last = max(first + 1, math.floor(high * grid + Fraction(1, 2)))
                low, high = first / grid, last / grid
            elif low == high:
                high = low + Fraction(1, 24)
            low, high = max(low, Fraction(0)), high if length is None else min(high, length)
            if low < high:
                found.append(Span(low, high))
    return merge(found)


def frames_of(use: ClipUse, span: Span) -> tuple[int, int] | None:
    """Timeline frames that show a media interval, inside the clip's shown record ranges.

    Parameters
    ----------
    use : ClipUse
        The clip.
    span : Span
        Media interval in seconds.

    Returns
    -------
    tuple[int, int] or None
        First timeline frame (from the timeline's first frame) and count, at least 1; where a medium
        is shown in several places, the longest. Media under a dissolve beyond the clip's own record
        range give the frame at the cut. None where the interval is not shown.
    """
    best: tuple[int, int] | None = None
    for first, end in _record_frames(use, span):
        for low, high in use.shown:
            start, stop = max(first + use.record_start, low), min(end + use.record_start, high)
            if stop > start and (best is None or stop - start > best[1]):
                best = (start, stop - start)
    if best is None and use.shown:
        if any(visible.overlap(span) > 0 for visible in use.visible):
            begin, stop = use.shown[0][0], use.shown[-1][1] - 1
            middle = (span.start + span.end) / 2
            ends = {frame: abs(_media_of_frame(use, frame) - middle) for frame in (begin, stop)}
            return (min(ends, key=lambda frame: ends[frame]), 1)
        return None
    return best


def _media_of_frame(use: ClipUse, frame: int) -> Fraction:
    time = Fraction(frame - use.record_start) / use.rate
    return min(media_at(use.knots, time), media_at(use.knots, time + 1 / use.rate))


def _record_frames(use: ClipUse, span: Span) -> list[tuple[int, int]]:
    """Frames from the clip's first that show a media interval, one range per run of pieces."""
    found: list[tuple[int, int]] = []
    for (time0, media0), (time1, media1) in pairwise(use.knots):
        if media0 == media1:
            if span.start <= media0 + _HAIR / use.rate and media0 < span.end:
                found.append((math.floor(time0 * use.rate + _HAIR), math.ceil(time1 * use.rate - _HAIR)))
            continue
        low, high = max(span.start, min(media0, media1)), min(span.end, max(media0, media1))
        if low >= high:
            continue
        at_low, at_high = (
            (time0 + (media - media0) * (time1 - time0) / (media1 - media0)) * use.rate
            for media in (low, high)
        )
        if media1 > media0:
            first, end = math.ceil(at_low - _HAIR), math.ceil(at_high - _HAIR)
            nearest = math.floor(at_low + _HAIR)
        else:
            first, end = math.floor(at_high + _HAIR), math.floor(at_low + _HAIR)
            nearest = math.floor(at_high + _HAIR)
        found.append((first, end) if end > first else (nearest, nearest + 1))
    return join_ranges(found)


def join_ranges(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sort half-open frame ranges and join those that overlap or touch."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def subtract_ranges(start: int, end: int, covers: Sequence[tuple[int, int]]) -> Ranges:
    """Leave out of ``[start, end)`` what sorted, disjoint ranges cover."""
    left = []
    index = max(0, bisect_right(covers, start, key=lambda cover: cover[0]) - 1)
    for low, high in covers[index:]:
        if low >= end:
            break
        if high <= start:
            continue
        if low > start:
            left.append((start, low))
        start = max(start, high)
    if start < end:
        left.append((start, end))
    return tuple(left)
