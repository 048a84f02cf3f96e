"""What a clip's effects say: its speed, and whether tracks below show through.

Resolve writes speed as standard time warps, and everything else under ``metadata.Resolve_OTIO``:
per effect a name, whether it is on, and those parameters that are not at their default.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters import resolve
from otio_ai_audit.timeline.retime import Knots, as_fraction

RESOLVE = resolve.RESOLVE
VOLUME = "Fairlight Clip Volume and Fades"
ZERO, HUNDRED = Fraction(0), Fraction(100)
SILENCE = -100
"""Decibels: the lowest that Resolve's volume goes."""
STEP = 3
"""Decibels from one straight piece of a gain to the next."""

Curve = list[tuple[Fraction, Fraction]]


@dataclass(slots=True)
class Look:
    """A clip's speed and its state on the track, from its effects."""

    speed: Fraction = Fraction(1)
    keys: tuple[tuple[float, ...], ...] = ()
    """Resolve's speed keys; empty for a constant speed."""
    see_through: str = ""
    """Why tracks below may show through (``opacity 85 %``); empty for an opaque picture."""
    invisible: bool = False
    fade_in: Fraction = Fraction(0)
    """Timeline frames that the clip fades in over."""
    fade_out: Fraction = Fraction(0)
    level: tuple[tuple[Fraction, Fraction], ...] = ()
    """Timeline frames since the clip's start to opacity (0 to 1) or gain, straight between; empty is 1."""
    notes: list[str] = field(default_factory=list)


def look_at(item: otio.core.Item) -> Look:
    """Read all effects of a clip or a nested stack."""
    look = Look()
    for effect in item.effects:
        if not getattr(effect, "enabled", True):
            continue
        if isinstance(effect, otio.schema.LinearTimeWarp):
            look.speed *= as_fraction(effect.time_scalar)
        elif isinstance(effect, otio.schema.TimeEffect):
            _read_keys(effect, look)
        else:
            _read_resolve(effect, look)
    return look


def _read_keys(effect: otio.schema.TimeEffect, look: Look) -> None:
    keys = effect.metadata.get(RESOLVE, {}).get("Key Frames")
    if keys is None or len(keys) < 2:
        look.notes.append("The edit retimes this clip in a way that it does not spell out; read at 100 %.")
        return
    rows = [tuple(float(value) for value in key) for key in keys]
    look.keys = tuple(sorted(rows, key=lambda row: row[0]))


def _read_resolve(effect: otio.schema.Effect, look: Look) -> None:
    said = effect.metadata.get(RESOLVE)
    if not isinstance(said, Mapping):
        return
    parameters = said.get("Parameters")
    if not parameters or not said.get("Enabled", True):
        return
    name = str(said.get("Effect Name", ""))
    read = _READERS.get(name)
    if read is not None:
        read({str(one["Parameter ID"]): _values(one) for one in parameters}, look)
    level = _LEVELS.get(name)
    curve = next((curve_of(one) for one in parameters if level and one["Parameter ID"] == level[0]), None)
    if level and curve:
        look.level = level[1](curve)


def curve_of(parameter: Mapping[str, Any]) -> Curve:
    """Read what a parameter does over time: timeline frames since the clip's start, value.

    Resolve counts keys from where the clip starts on the timeline and goes straight from one to the next.
    """
    found = {}
    for frame, key in (parameter.get("Key Frames") or {}).items():
        value = key.get("Value")
        if isinstance(value, (int, float)):
            with contextlib.suppress(ValueError):
                found[as_fraction(float(frame))] = as_fraction(value)
    value = parameter.get("Parameter Value")
    if not found and isinstance(value, (int, float)):
        found[ZERO] = as_fraction(value)
    return sorted(found.items())


def _values(parameter: Mapping[str, Any]) -> list[float]:
    """All values that a parameter takes: its key frames, else its one value; [] where it is no number."""
    keys = parameter.get("Key Frames") or {}
    found = [key.get("Value") for key in keys.values()] if keys else [parameter.get("Parameter Value")]
    return [float(value) for value in found if isinstance(value, (int, float))]


def _read_composite(values: Mapping[str, Sequence[float]], look: Look) -> None:
    opacity = values.get("opacity", [])
    if opacity and min(opacity) < 100:
        look.invisible = max(opacity) <= 0
        look.see_through = f"opacity {min(opacity):g} %"
    if any(name != "opacity" for name in values):
        look.see_through = look.see_through or "composite mode"


def _read_transform(values: Mapping[str, Sequence[float]], look: Look) -> None:
    zoom_x = values.get("transformationZoomX") or [1.0]
    zoom_y = values.get("transformationZoomY") or [1.0]
    smallest, largest = min(*zoom_x, *zoom_y), max(*zoom_x, *zoom_y)
    slack = {"transformationPan": (min(zoom_x) - 1) / 2, "transformationTilt": (min(zoom_y) - 1) / 2}
    moved = any(
        abs(value) > allowed + 0.005 for name, allowed in slack.items() for value in values.get(name, [])
    )
    turned = any(abs(value) > 0.01 for name, row in values.items() if "Angle" in name for value in row)
    if smallest < 0.999:
        look.see_through = look.see_through or f"scaled to {smallest * 100:.0f} %"
    elif moved or turned:
        look.see_through = look.see_through or ("turned" if turned else "moved")
    if any(len(row) > 1 for row in values.values()):
        look.notes.append("The edit animates size or position; the source file was audited.")
    elif largest > 1.001:
        look.notes.append(
            f"The edit zooms in to {largest * 100:.0f} %; what lies outside the frame was audited too."
        )


def _read_crop(values: Mapping[str, Sequence[float]], look: Look) -> None:
    if any(value for row in values.values() for value in row):
        look.see_through = look.see_through or "cropped"
        look.notes.append("The edit crops the picture; what the crop hides was audited too.")


def _read_faders(values: Mapping[str, Sequence[float]], look: Look) -> None:
    look.fade_in = as_fraction(max(values.get("videoFaderIn") or [0.0]))
    look.fade_out = as_fraction(max(values.get("videoFaderOut") or [0.0]))


def _read_sound_faders(values: Mapping[str, Sequence[float]], look: Look) -> None:
    look.fade_in = as_fraction(max(values.get("faderIn") or [0.0]))
    look.fade_out = as_fraction(max(values.get("faderOut") or [0.0]))


def _opacity(curve: Curve) -> Knots:
    level = tuple((time, min(max(value, ZERO), HUNDRED) / HUNDRED) for time, value in curve)
    return level if any(value < 1 for _, value in level) else ()


def _gain(curve: Curve) -> Knots:
    """Turn decibels that go straight from key to key into gain that nearly does."""
    found = [(time, _of_decibels(value)) for time, value in curve[:1]]
    for (time0, value0), (time1, value1) in pairwise(curve):
        steps = math.ceil(abs(value1 - value0) / STEP) or 1
        for step in range(1, steps + 1):
            part = Fraction(step, steps)
            gain = _of_decibels(value0 + (value1 - value0) * part)
            found.append((time0 + (time1 - time0) * part, gain))
    return tuple(found) if any(value != 1 for _, value in found) else ()


def _of_decibels(value: Fraction) -> Fraction:
    return ZERO if value <= SILENCE else as_fraction(10 ** (float(value) / 20))


def _read_unread(_values: Mapping[str, Sequence[float]], look: Look) -> None:
    look.see_through = look.see_through or "effects that this file keeps unreadable"


_READERS = {
    "Composite": _read_composite,
    "Transform": _read_transform,
    "Cropping": _read_crop,
    "Video Faders": _read_faders,
    VOLUME: _read_sound_faders,
    "Unread": _read_unread,
}
_LEVELS: dict[str, tuple[str, Callable[[Curve], Knots]]] = {
    "Composite": ("opacity", _opacity),
    VOLUME: ("volume", _gain),
}


def speed_words(look: Look) -> str:
    """Retime in words for a person: ``50 %``, ``reverse``, ``freeze frame``, ``variable speed``."""
    if look.keys:
        return "variable speed"
    if look.speed == 1:
        return ""
    if look.speed == 0:
        return "freeze frame"
    if look.speed == -1:
        return "reverse"
    percent = f"{float(abs(look.speed)) * 100:.4g} %"
    return f"reverse {percent}" if look.speed < 0 else percent


def is_resolve(tl: otio.schema.Timeline) -> bool:
    """Whether DaVinci Resolve wrote this timeline (or a fragment that was wrapped into one)."""
    return resolve.is_resolve(tl)
