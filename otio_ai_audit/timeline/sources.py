"""From a clip's ranges to media time: Resolve's absolute timecodes, mixed rates, speeds, ends.

Resolve writes ``available_range`` at the media's rate, counted from the media's own timecode, and
``source_range`` in that same time at the timeline's rate, its length in record frames::

    source_range.start = available_range.start × (timeline rate / media rate) + left offset
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import opentimelineio as otio

from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timecode import (
    NOISE,
    exact_rate,
    frames_to_timecode,
    nominal_rate,
    timecode_to_frames,
    without_noise,
)
from otio_ai_audit.timeline.items import Clock
from otio_ai_audit.timeline.media import Source
from otio_ai_audit.timeline.relink import file_name
from otio_ai_audit.timeline.retime import Knots, from_key_frames, linear
from otio_ai_audit.timeline.walk import Leaf

HOUR = 3600
NO_END = Fraction(1_000_000)
"""Seconds: the end of a file that does not say how long it is."""


@dataclass(frozen=True, slots=True)
class MediaTime:
    """Where a clip's frames lie in its medium."""

    knots: Knots = ()
    """Seconds of the whole clip to seconds of the medium."""
    grid: Fraction | None = None
    """The media's frame rate, None if the edit does not say."""
    length: Fraction | None = None
    """Seconds that the medium has, None if the edit does not say."""
    open_end: bool = False
    """All of the medium is used, however long it turns out to be."""
    problem: str = ""
    notes: tuple[str, ...] = ()


def media_time(leaf: Leaf, source: Source, clock: Clock) -> MediaTime:
    """Map a clip's own time to media time.

    Returns
    -------
    MediaTime
        With a `problem` where the edit uses nothing that the medium has.
    """
    duration = leaf.length / clock.rate
    if source.media is not None and source.media.kind == "still":
        return MediaTime(linear(duration, Fraction(0), Fraction(0)))
    own = leaf.clip.metadata.get("otio_ai_audit")
    if own is not None and own.get("open_end"):
        return MediaTime(linear(duration, Fraction(0)), open_end=True)
    grid, length = _extent(source)
    notes: list[str] = []
    start = _offset(leaf.clip.source_range, source, length, notes)
    if leaf.look.keys:
        knots = from_key_frames(leaf.look.keys, duration, start, 1 / clock.rate)
    else:
        knots = linear(duration, start, leaf.look.speed)
    if length is not None:
        medias = [media for _, media in knots]
        low, high = min(medias), max(medias)
        rate = grid or clock.rate
        if low >= length or high < 0 or (high == 0 and high != low):
            return MediaTime(knots, grid, length, problem=_beyond(source, low, length, rate))
        extra = math.floor((high - length) * rate + Fraction(1, 2)) if high > length else 0
        if extra > 1 and high - length > 1 / clock.rate:  # less is rounding up to a whole timeline frame
            notes.append(f"The edit uses {extra} frames more than the media has.")
    return MediaTime(knots, grid, length, notes=tuple(notes))


def start_timecode_of(source: Source) -> str | None:
    """Timecode of a medium's first frame, where the edit or the file says it."""
    if source.timecode:
        return source.timecode
    available = source.available
    if available is None or available.start_time.rate <= 0 or available.start_time.value < 0:
        return None
    rate = exact_rate(available.start_time.rate)
    return frames_to_timecode(round(available.start_time.value), rate, False)


def _beyond(source: Source, low: Fraction, length: Fraction, rate: Fraction) -> str:
    name = file_name(source.label or "The file")
    return (
        f"{name} has {round(length * rate)} frames, the edit uses it from frame {math.floor(low * rate)} on; "
        "relink the clip or trim it."
    )


def _extent(source: Source) -> tuple[Fraction | None, Fraction | None]:
    """Frame rate and seconds of a medium, as the edit has them."""
    media, available = source.media, source.available
    if media is not None and media.kind == "sequence" and media.rate is not None:
        count = len(media.numbers)
        if media.first is not None and media.last is not None:
            count = media.last - media.first + 1
        return media.rate, count / media.rate
    if available is None or available.duration.rate <= 0:
        return None, None
    rate = exact_rate(available.duration.rate)
    length = Fraction(without_noise(available.duration.value)) / rate
    return rate, length if length > 0 else None


def _offset(
    used: otio.opentime.TimeRange | None,
    source: Source,
    length: Fraction | None,
    notes: list[str],
) -> Fraction:
    """Seconds from the media's first frame to where `source_range` starts."""
    if used is None or used.start_time.rate <= 0:
        return Fraction(0)
    value, rate = Fraction(without_noise(used.start_time.value)), exact_rate(used.start_time.rate)
    available = source.available
    if available is None or available.start_time.rate <= 0:
        since = _since_timecode(value, rate, source)
        return since if since is not None else _without_start(value, rate, notes)
    zero = Fraction(without_noise(available.start_time.value))
    media_rate = exact_rate(available.start_time.rate)
    readings = [value - zero] if rate == media_rate else _readings(value, rate, zero, media_rate)
    for offset in readings:
        seconds = Fraction(round(offset)) / rate
        if _whole(offset) and (length is None or -1 / rate <= seconds < length):
            return max(seconds, Fraction(0))
    seconds = (value - zero * rate / media_rate) / rate
    if length is None or -1 / rate <= seconds < length:
        return max(seconds, Fraction(0))
    if zero > 0 and 0 <= value / rate < length:
        notes.append("The edit counts this clip from the media’s first frame, not from its timecode.")
        return value / rate
    return seconds


def _readings(value: Fraction, rate: Fraction, zero: Fraction, media_rate: Fraction) -> Iterator[Fraction]:
    """Left offsets in frames at `rate` that the ranges may mean, likeliest first.

    Who wrote the file may have counted with 23.976 or 23.98 where 24000/1001 is meant, or have kept
    the timecode's digits from one rate to the other.
    """
    yield value - zero * rate / media_rate
    for digits in (3, 2):
        ratio = Fraction(f"{float(rate):.{digits}f}") / Fraction(f"{float(media_rate):.{digits}f}")
        yield value - zero * ratio
    yield value - zero * nominal_rate(rate) / nominal_rate(media_rate)


def _since_timecode(value: Fraction, rate: Fraction, source: Source) -> Fraction | None:
    """Seconds since the timecode of the file's own first frame; None where it says nothing of use."""
    try:
        first = timecode_to_frames(source.timecode, rate) if source.timecode else None
    except TimelineError:
        return None
    return (value - first) / rate if first is not None and value >= first else None


def _without_start(value: Fraction, rate: Fraction, notes: list[str]) -> Fraction:
    hours = math.floor(value / (nominal_rate(rate) * HOUR))
    if hours:
        notes.append(
            f"The edit does not say where this file’s timecode begins; {hours:02d}:00:00:00 was assumed."
        )
        value -= hours * HOUR * nominal_rate(rate)
    return (Fraction(round(value)) if _whole(value) else value) / rate


def _whole(frames: Fraction) -> bool:
    return frames.denominator == 1 or abs(frames - round(frames)) <= NOISE
