"""What one clip of an edit says: its medium, speed, speed curve and opacity, read off OTIO's own objects.

Part of the reference that renderings are compared with; nothing of the package is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

import opentimelineio as otio

ZERO, ONE = Fraction(0), Fraction(1)
FINE = 4000
"""Straight pieces of an eased stretch."""
IMAGES = {"png", "jpg", "jpeg", "tif", "tiff", "exr", "dpx", "psd"}
SOUNDS = {"wav", "mp3", "aac", "m4a", "aif", "aiff"}


def address(clip: otio.schema.Clip) -> str:
    """Path or URL of a clip's medium, the best that the edit says; empty where it says none."""
    reference = clip.media_reference
    if isinstance(reference, otio.schema.ExternalReference):
        return reference.target_url
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return f"{reference.target_url_base.rstrip('/')}/{reference.name_prefix}"
    if isinstance(reference, otio.schema.MissingReference):
        told: Any = reference.metadata
        names = list(told.get("otio_ai_audit", {}).get("names", ()))
        own = [clip.name] if "." in clip.name else []
        return next(filter(None, [told.get("Resolve_OTIO", {}).get("Media Url"), *names, *own]), "")
    return ""


def names_media(clip: otio.schema.Clip) -> bool:
    """Whether a clip shows a medium, and is no title, generator or sound."""
    return bool(address(clip)) and suffix(address(clip)) not in SOUNDS


def suffix(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).suffix.lower().removeprefix(".")


def is_still(clip: otio.schema.Clip, length: Fraction) -> bool:
    """`length` in record frames."""
    if isinstance(clip.media_reference, otio.schema.ImageSequenceReference):
        return False
    available = clip.media_reference.available_range
    one = available is not None and available.duration.value <= 1 < length and not speed_of(clip)[1]
    return one or suffix(address(clip)) in IMAGES


# --- speed and opacity ---------------------------------------------------------------------------------


def _effects(item: otio.core.Item) -> Iterator[otio.schema.Effect]:
    return (effect for effect in item.effects if getattr(effect, "enabled", True))


def speed_of(item: otio.core.Item) -> tuple[Fraction, list[list[float]]]:
    speed, keys = ONE, []
    for effect in _effects(item):
        if isinstance(effect, otio.schema.FreezeFrame):
            speed = ZERO
        elif isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= Fraction(effect.time_scalar).limit_denominator(10**9)
        elif isinstance(effect, otio.schema.TimeEffect):
            keys = sorted(effect.metadata.get("Resolve_OTIO", {}).get("Key Frames") or [], key=lambda k: k[0])
    return speed, keys if len(keys) > 1 else []


def opacity_of(item: otio.core.Item, at: Fraction, length: Fraction) -> Fraction:
    """Opacity by Resolve's effects at a time in record frames since the item's start."""
    weight = ONE
    for effect in _effects(item):
        told = effect.metadata.get("Resolve_OTIO")
        if not hasattr(told, "get") or not told.get("Enabled", True):
            continue
        for one in told.get("Parameters") or ():
            what, value = one.get("Parameter ID"), one.get("Parameter Value")
            keys = {float(time): key.get("Value") for time, key in (one.get("Key Frames") or {}).items()}
            if told.get("Effect Name") == "Composite" and what == "opacity":
                weight *= min(max(ZERO, _between(keys or {0.0: value}, at) / 100), ONE)
            elif told.get("Effect Name") == "Video Faders":
                fade = Fraction(max([*keys.values()] or [value or 0.0])).limit_denominator(10**6)
                if fade and what == "videoFaderIn":
                    weight *= min(max(ZERO, at / fade), ONE)
                elif fade and what == "videoFaderOut":
                    weight *= min(max(ZERO, (length - at) / fade), ONE)
    return weight


def _between(keys: dict[float, float], at: Fraction) -> Fraction:
    rows = sorted((Fraction(time), Fraction(value)) for time, value in keys.items())
    if at <= rows[0][0]:
        return rows[0][1]
    for (t0, v0), (t1, v1) in pairwise(rows):
        if t0 <= at < t1:
            return v0 + (v1 - v0) * (at - t0) / (t1 - t0)
    return rows[-1][1]


def key_value(rows: list[list[Fraction]], time: Fraction) -> tuple[Fraction, bool]:
    for one, two in pairwise(rows):
        if time < two[0] or two is rows[-1]:
            if not _curved(one, two):
                return one[1] + (two[1] - one[1]) * (time - one[0]) / (two[0] - one[0]), False
            low, high = 0.0, 1.0
            for _ in range(40):
                part = (low + high) / 2
                low, high = (part, high) if _bezier(_handles(one, two, 0), part) < time else (low, part)
            return Fraction(_bezier(_handles(one, two, 1), low)), True
    raise AssertionError("a curve has two keys")


@cache
def first_time(rows: tuple[tuple[Fraction, ...], ...], value: Fraction) -> Fraction | None:
    for one, two in pairwise(rows):
        points = [(one[0], one[1]), (two[0], two[1])]
        if _curved(one, two):
            parts = [number / FINE for number in range(FINE + 1)]
            curves = [[Fraction(_bezier(_handles(one, two, way), part)) for part in parts] for way in (0, 1)]
            points = list(zip(*curves, strict=True))
        for (t0, v0), (t1, v1) in pairwise(points):
            if min(v0, v1) <= value <= max(v0, v1):
                return t0 if v0 == v1 else t0 + (t1 - t0) * (value - v0) / (v1 - v0)
    return None


def _curved(one: Sequence[Fraction], two: Sequence[Fraction]) -> bool:
    return any(one[5:7]) or any(two[3:5])


def _handles(one: Sequence[Fraction], two: Sequence[Fraction], way: int) -> tuple[float, ...]:
    out, into = [*one, *[ZERO] * 7][5 + way], [*two, *[ZERO] * 7][3 + way]
    return float(one[way]), float(one[way] + out), float(two[way] + into), float(two[way])


def _bezier(points: tuple[float, ...], part: float) -> float:
    while len(points) > 1:
        points = tuple(a + (b - a) * part for a, b in pairwise(points))
    return points[0]
