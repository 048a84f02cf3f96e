"""What is put into the shots on purpose, and on which frames. Everything else is clean."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .paint import Picture


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, put into the frames `first` to `last` (counted from 0, both included) of a file."""

    detector: str
    first: int
    last: int
    words: str


FLICKER = Fault("flicker", 40, 74, "The whole picture pulses 6 times a second, ±7 %.")
BOIL = Fault("flicker", 36, 65, "The fur is drawn anew in every frame.")
POP = Fault("pop", 30, 30, "One frame is 20 % brighter.")
FREEZE = Fault("freeze", 40, 55, "One frame is shown 16 times more, then it jumps on.")
CUT = Fault("cut", 46, 46, "The fox's shot changes to the wood.")
MISMATCH = Fault("mismatch", 0, 71, "Another truck: orange, with a mesh for a grille.")
DRIFT = Fault("drift", 36, 95, "The snowman becomes another one, and stays it.")
MORPH = 36
"""Frames that the snowman's change takes."""


def pulse(
    frames: Iterable[Picture], fault: Fault = FLICKER, *, amplitude: float = 0.07, period: int = 4
) -> Iterator[Picture]:
    """Brighten and darken the whole picture in turn; `period` in frames."""
    for number, picture in enumerate(frames):
        if fault.first <= number <= fault.last:
            yield _gained(picture, 1 + amplitude * math.cos(2 * math.pi * (number - fault.first) / period))
        else:
            yield picture


def pop(frames: Iterable[Picture], fault: Fault = POP, *, gain: float = 1.2) -> Iterator[Picture]:
    """Brighten single frames."""
    for number, picture in enumerate(frames):
        yield _gained(picture, gain) if fault.first <= number <= fault.last else picture


def freeze(frames: Iterable[Picture], fault: Fault = FREEZE) -> Iterator[Picture]:
    """Show the frame before the fault again and again; time goes on behind it."""
    held: Picture | None = None
    for number, picture in enumerate(frames):
        if held is None or not fault.first <= number <= fault.last:
            held = picture
        yield held


def cut(frames: Iterable[Picture], behind: Iterable[Picture], fault: Fault = CUT) -> Iterator[Picture]:
    """Change to the pictures of another shot."""
    later = iter(behind)
    for number, picture in enumerate(frames):
        yield picture if number < fault.first else next(later)


def _gained(picture: Picture, gain: float) -> Picture:
    levels = np.clip(np.rint(np.arange(256) * gain), 0, 255).astype(np.uint8)
    out: Picture = levels[picture]
    return out
