"""What other formats say of speed and look, in the words of Resolve's OTIO, which `plan` reads."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import opentimelineio as otio

from otio_ai_audit.timeline.effects import RESOLVE


def effect_of(name: str, **values: float) -> otio.schema.Effect:
    """Make an effect of Resolve: ``Composite``, ``Transform``, ``Cropping``, ``Video Faders``."""
    parameters = [{"Parameter ID": key, "Parameter Value": value} for key, value in values.items()]
    told = {"Effect Name": name, "Enabled": True, "Parameters": parameters}
    return otio.schema.Effect(effect_name=name, metadata={RESOLVE: told})


def transform(zoom: tuple[float, float], place: tuple[float, float], turn: float) -> list[Any]:
    """Make the effect of a size (1 is the frame), place (fractions of it) and turn (degrees)."""
    if zoom == (1.0, 1.0) and place == (0.0, 0.0) and not turn:
        return []
    values = {"transformationZoomX": abs(zoom[0]), "transformationZoomY": abs(zoom[1])}
    values |= {"transformationPan": place[0], "transformationTilt": place[1], "RotationAngle": turn}
    return [effect_of("Transform", **values)]


def speed_curve(points: Sequence[tuple[Fraction, Fraction]]) -> otio.schema.TimeEffect:
    """Make a variable speed of points: seconds of the clip, seconds of the medium."""
    keys = [[float(time), float(value)] for time, value in points]
    return otio.schema.TimeEffect(metadata={RESOLVE: {"Key Frames": keys}})


def value_at(points: Sequence[tuple[Fraction, Fraction]], time: Fraction) -> Fraction:
    """Value of a curve of straight pieces; its ends go on as they are."""
    for (t0, v0), (t1, v1) in pairwise(points):
        if t0 <= time < t1:
            return v0 + (time - t0) * (v1 - v0) / (t1 - t0)
    return points[-1][1] if time >= points[-1][0] else points[0][1]


def number(value: Any, default: float) -> float:
    """Read a number of a file; the default where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return default
