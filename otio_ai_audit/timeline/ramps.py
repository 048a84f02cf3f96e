"""Ramps over record frames: how much of a layer is seen, how loud a sound is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from otio_ai_audit.model import Layer, Ramp
from otio_ai_audit.timeline.retime import media_at

HALF = Fraction(1, 2)


def opacity_at(layer: Layer, frame: int) -> float:
    """Opacity of a layer in a record frame, 0 to 1: that of the frame's middle."""
    return float(value_at(layer.opacity, frame + HALF)) if layer.opacity else 1.0


def value_at(ramp: Ramp, at: Fraction) -> Fraction:
    """Value of a ramp: linear between knots, constant beyond."""
    if at <= ramp[0][0]:
        return ramp[0][1]
    return ramp[-1][1] if at >= ramp[-1][0] else media_at(ramp, at)


def product(ramps: Sequence[Ramp], start: Fraction, end: Fraction) -> Ramp:
    """Multiply ramps within ``[start, end]``; empty where the product is 1 everywhere.

    Where several change at once, the product has a knot in the middle of each frame, so that each
    frame has exactly its value.
    """
    if not ramps:
        return ()
    inside = [_within(ramp, start, end) for ramp in ramps]
    inside = [ramp for ramp in inside if any(value != 1 for _, value in ramp)]
    if not inside:
        return ()
    times = sorted({time for ramp in inside for time, _ in ramp})
    moving = [(time0, time1) for time0, time1 in pairwise(times) if _moving(inside, time0, time1) > 1]
    for time0, time1 in moving:
        times += [frame + HALF for frame in range(math.floor(time0), math.ceil(time1))]
    found = [
        (time, math.prod((value_at(ramp, time) for ramp in inside), start=Fraction(1)))
        for time in sorted(set(times))
        if start <= time <= end
    ]
    return _plain(found)


def _within(ramp: Ramp, start: Fraction, end: Fraction) -> Ramp:
    knots = [knot for knot in ramp if start < knot[0] < end]
    return ((start, value_at(ramp, start)), *knots, (end, value_at(ramp, end)))


def _moving(ramps: Sequence[Ramp], time0: Fraction, time1: Fraction) -> int:
    return sum(value_at(ramp, time0) != value_at(ramp, time1) for ramp in ramps)


def _plain(knots: Sequence[tuple[Fraction, Fraction]]) -> Ramp:
    """Leave out knots that lie on the line between their neighbours, and what is constant at the ends."""
    kept: list[tuple[Fraction, Fraction]] = []
    for knot in knots:
        while len(kept) > 1 and _on_line(kept[-2], kept[-1], knot):
            kept.pop()
        kept.append(knot)
    while len(kept) > 1 and kept[-1][1] == kept[-2][1]:
        kept.pop()
    while len(kept) > 1 and kept[0][1] == kept[1][1]:
        kept.pop(0)
    return tuple(kept)


def _on_line(
    one: tuple[Fraction, Fraction], two: tuple[Fraction, Fraction], three: tuple[Fraction, Fraction]
) -> bool:
    return (two[1] - one[1]) * (three[0] - one[0]) == (three[1] - one[1]) * (two[0] - one[0])
