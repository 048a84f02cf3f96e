"""What an edit shows in each record frame, worked out slowly from OTIO's own objects, frame by frame.

Nothing of the package is used: it is what renderings are compared with. Positions are summed up per child,
constant retimes and freezes are read off the standard effects, variable speed off Resolve's keys.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import PurePosixPath
from urllib.parse import unquote, urlparse

import opentimelineio as otio


@dataclass(frozen=True)
class Shown:
    """One medium in one record frame."""

    clip: otio.schema.Clip
    seconds: Fraction
    """From the medium's first frame."""
    weight: Fraction
    """Share of the picture, over what stands before it in the list."""


def exact(rate: float) -> Fraction:
    """23.976… is 24000/1001."""
    for base in (24, 30, 48, 60, 120):
        if abs(rate - base * 1000 / 1001) < 0.006 and round(rate) != rate:
            return Fraction(base * 1000, 1001)
    return Fraction(rate).limit_denominator(1001)


def seconds(time: otio.opentime.RationalTime) -> Fraction:
    return Fraction(time.value).limit_denominator(1000) / exact(time.rate)


def length(item: otio.core.Composable) -> Fraction:
    """Seconds that an item takes up."""
    if isinstance(item, otio.schema.Transition):
        return Fraction(0)
    if item.source_range is not None:
        return seconds(item.source_range.duration)
    if isinstance(item, otio.schema.Clip):
        return seconds(item.media_reference.available_range.duration)
    parts = [length(child) for child in item]
    return sum(parts, Fraction(0)) if isinstance(item, otio.schema.Track) else max(parts, default=Fraction(0))


def frame(tl: otio.schema.Timeline, number: int, rate: Fraction) -> list[Shown]:
    """List what lies over what in a record frame, the lowest first; nothing opaque hides anything here."""
    found: list[Shown] = []
    for track in tl.tracks:
        if isinstance(track, otio.schema.Track) and track.kind == "Audio":
            continue
        if track.enabled:
            found += _in_track(track, Fraction(number) / rate, 1 / rate)
    return found


def topmost(shown: list[Shown]) -> list[Shown]:
    """Leave out what lies under an opaque picture."""
    for index in range(len(shown) - 1, -1, -1):
        if shown[index].weight == 1:
            return shown[index:]
    return shown


def _in_track(track: otio.schema.Track, time: Fraction, step: Fraction) -> list[Shown]:
    """`time` is since the track's own start, trims included."""
    if track.source_range is not None:
        time += seconds(track.source_range.start_time)
    position = Fraction(0)
    children = list(track)
    found: list[Shown] = []
    for index, child in enumerate(children):
        if isinstance(child, otio.schema.Transition):
            continue
        begin, end = position, position + length(child)
        position = end
        before = children[index - 1] if index else None
        after = children[index + 1] if index + 1 < len(children) else None
        weight = Fraction(1)
        low, high = begin, end
        if isinstance(before, otio.schema.Transition):
            low = begin - seconds(before.in_offset)
            over = begin + seconds(before.out_offset)
            weight = min(weight, (time + step / 2 - low) / (over - low))
        if isinstance(after, otio.schema.Transition):
            high = end + seconds(after.out_offset)
            nothing_follows = index + 2 >= len(children) or isinstance(children[index + 2], otio.schema.Gap)
            if nothing_follows:
                fade = end - seconds(after.in_offset)
                weight = min(weight, 1 - (time + step / 2 - fade) / (high - fade))
        if low <= time < high and not isinstance(child, otio.schema.Gap) and child.enabled:
            found += [
                Shown(one.clip, one.seconds, one.weight * max(Fraction(0), weight))
                for one in _in_item(child, time - begin, length(child), step)
            ]
    return found


def _in_item(item: otio.core.Item, time: Fraction, duration: Fraction, step: Fraction) -> list[Shown]:
    """`time` is since the item's first record frame."""
    if isinstance(item, otio.schema.Clip):
        return [Shown(item, _media_seconds(item, time, duration, step), Fraction(1))]
    inner = _retimed(item, time, duration, step)
    if item.source_range is not None and not isinstance(item, otio.schema.Track):
        inner += seconds(item.source_range.start_time)
    if isinstance(item, otio.schema.Track):
        return _in_track(item, inner, step)
    found: list[Shown] = []
    for child in item:
        if isinstance(child, otio.schema.Track):
            found += _in_track(child, inner, step)
        elif 0 <= inner < length(child):
            found += _in_item(child, inner, length(child), step)
    return found


def _retimed(item: otio.core.Item, time: Fraction, duration: Fraction, step: Fraction) -> Fraction:
    """Seconds of the item's own content since its start, at a record time since its start."""
    speed = Fraction(1)
    for effect in item.effects:
        if not getattr(effect, "enabled", True):
            continue
        if isinstance(effect, otio.schema.FreezeFrame):
            speed = Fraction(0)
        elif isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= Fraction(effect.time_scalar).limit_denominator(10000)
        elif isinstance(effect, otio.schema.TimeEffect):
            keys = effect.metadata.get("Resolve_OTIO", {}).get("Key Frames")
            if keys:
                return _on_keys(keys, time)
    if speed < 0:  # backwards: the last frame of what is used comes first
        return (duration - time - step) * -speed
    return time * speed


def _on_keys(keys: list[list[float]], time: Fraction) -> Fraction:
    """Straight lines between keys: (timeline seconds, source seconds)."""
    rows = sorted(
        (Fraction(key[0]).limit_denominator(10**6), Fraction(key[1]).limit_denominator(10**6)) for key in keys
    )
    for (t0, s0), (t1, s1) in pairwise(rows):
        if t0 <= time < t1:
            return s0 + (s1 - s0) * (time - t0) / (t1 - t0)
    return rows[-1][1]


def _media_seconds(clip: otio.schema.Clip, time: Fraction, duration: Fraction, step: Fraction) -> Fraction:
    since = _retimed(clip, time, duration, step)
    start = seconds(clip.source_range.start_time) if clip.source_range is not None else None
    available = clip.media_reference.available_range
    zero = seconds(available.start_time) if available is not None else Fraction(0)
    return since + (zero if start is None else start) - zero


def media_name(clip: otio.schema.Clip) -> str:
    url = getattr(clip.media_reference, "target_url", "") or getattr(clip.media_reference, "name_prefix", "")
    return PurePosixPath(unquote(urlparse(url).path)).name


def media_frame(shown: Shown, rate: Fraction) -> int:
    """Number of the media frame that is shown: the one that has begun."""
    return math.floor(shown.seconds * rate + Fraction(1, 10**6))
