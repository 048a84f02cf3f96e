"""Where the picture stands still: runs of steps far below the motion on both sides of them.

A step is the change from one frame to the next. In a standstill only noise is left of it: nothing in a
clean file, coding noise in a compressed one, grain where grain lies on top. None of these levels is known,
so a standstill is found by contrast: its largest step against the steps at both its ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._arrays import median
from otio_ai_audit.detectors._view import Floats, View
from otio_ai_audit.model import REPEAT_CHANGE, Float32

REFRESH = 0.4
"""Share of a key frame's step that counts: it renews the coding noise, not the picture."""
PIXEL_FLOOR = 0.12
"""Code values: mean change of small pixels that coding leaves on a repeat (x264 to about crf 28)."""
CELL_FLOOR = 0.6
"""Code values: the same for the cells that change most."""
LIVELY = 40
"""One cell in so many is enough to move: a mouth in a locked-off shot."""
LEAST = 1.5
"""Contrast from which a run is a standstill at all."""
CLEAR = 3.0
"""Contrast from which it is beyond doubt."""
CAP = 8.0
"""Contrast above which more of it says nothing."""
DRIFT = 2.0
"""Usual steps inside a run (and the floor) that its second half may be away from its first."""
REACH = 12
"""Steps on either side that say how much usually moves."""
LEAP = 1.5
"""Times the usual motion that a step counts for at most: a leap out of a standstill proves no more."""


@dataclass(frozen=True, slots=True)
class Steps:
    """How much each frame differs from the one before, shape (N,) each; 0 for the first."""

    pixels: Floats
    """Mean over small pixels, code values; grain is in it."""
    cells: Floats
    """Mean over the fortieth of the cells that change most, code values; grain is averaged away."""
    light: Floats
    """Share of the change that all cells have in common: near 1 where it is light, not motion."""
    luma: Float32
    """Cell means, shape (N, R, C)."""
    ghosts: Floats
    """1 where a step may be a bidirectional frame that shows a trace of what comes later."""


@dataclass(frozen=True, slots=True)
class Run:
    """Frames ``[first, stop)`` that show one picture."""

    first: int
    stop: int
    contrast: float
    """Least step at its ends over its own largest step (or the noise floor)."""
    noise: float
    """Median step inside, mean over small pixels in code values."""
    begins: bool
    """Something moved before it; else it opens the segment."""
    ends: bool
    """Something moves after it; else it closes the segment."""

    @property
    def frames(self) -> int:
        return self.stop - self.first

    @property
    def identical(self) -> bool:
        """Its frames differ by coding noise at most, not by grain."""
        return self.noise < REPEAT_CHANGE


def steps_of(view: View) -> Steps:
    """Measure the steps of a view."""
    grid = view.signals.grid
    pixels = grid.change.astype(np.float64)
    cells, light = np.zeros(len(pixels)), np.zeros(len(pixels))
    if len(pixels) > 1:
        luma = grid.luma
        mean = np.maximum(luma.mean(axis=(1, 2), keepdims=True), 4.0)
        # What one gain over the whole picture explains (a fade, a flash, a lamp) is no motion.
        lit = luma[1:] - luma[:-1] * (mean[1:] / mean[:-1])
        changed = np.diff(luma, axis=0)
        light[1:] = np.abs(changed.mean(axis=(1, 2))) / np.maximum(np.abs(changed).mean(axis=(1, 2)), 1.0)
        cells[1:] = np.minimum(liveliest(changed), liveliest(lit))
    part = np.where(grid.kind == ord("I"), REFRESH, 1.0)
    return Steps(pixels * part, cells * part, light, grid.luma, (grid.kind == ord("B")).astype(np.float64))


def liveliest(changes: Float32) -> Floats:
    """Mean of the largest fortieth of absolute cell values, shape (n, R, C) to (n,)."""
    flat = np.abs(changes).reshape(len(changes), -1)
    most = min(max(3, flat.shape[1] // LIVELY), flat.shape[1])
    return np.asarray(np.sort(flat, axis=1)[:, -most:].mean(axis=1), dtype=np.float64)


def standstills(steps: Steps, segment: tuple[int, int]) -> list[Run]:
    """Find the standstills of a segment ``[first, stop)`` of frames, in order.

    Every run of two and more frames between two larger steps is looked at, at every level; of runs that
    overlap the one with the most contrast stays, and of equals the longer.
    """
    lo, hi = segment
    found: list[tuple[float, int, int]] = []
    for values, floor in ((steps.pixels, PIXEL_FLOOR), (steps.cells, CELL_FLOOR)):
        found.extend(_quiet(values[lo + 1 : hi], floor))
    taken = np.zeros(max(0, hi - lo - 1), dtype=np.bool_)
    runs: list[Run] = []
    for contrast, a, b in sorted(found, key=lambda one: (-min(one[0], CAP), one[1] - one[2])):
        if taken[a:b].any():
            continue
        if _drifts(steps, lo + a, lo + b + 1, contrast):
            continue
        b = _past_ghosts(steps, lo, hi, a, b)
        taken[a:b] = True
        noise = median(steps.pixels[lo + 1 + a : lo + 1 + b])
        runs.append(Run(lo + a, lo + b + 1, contrast, noise, a > 0, lo + b + 1 < hi))
    return sorted(runs, key=lambda run: run.first)


def _quiet(steps: Floats, floor: float) -> list[tuple[float, int, int]]:
    """Find runs ``[a, b)`` of steps below those at both ends, with their contrast."""
    count = len(steps)
    if not count:
        return []
    held = np.minimum(steps, LEAP * usual(steps))
    left, right = _larger(held), count - 1 - _larger(held[::-1])[::-1]
    edges = np.append(held, np.inf)
    contrast = np.minimum(edges[left], edges[right]) / np.maximum(held, floor)
    contrast[(left < 0) & (right == count)] = 0.0
    return [(float(contrast[i]), int(left[i]) + 1, int(right[i])) for i in np.flatnonzero(contrast >= LEAST)]


def _larger(values: Floats) -> np.ndarray:
    """Place of the nearest larger value before each, or −1; shape (n,)."""
    out = np.full(len(values), -1)
    waiting: list[int] = []
    for i, value in enumerate(values.tolist()):
        while waiting and values[waiting[-1]] <= value:
            waiting.pop()
        if waiting:
            out[i] = waiting[-1]
        waiting.append(i)
    return out


def usual(steps: Floats, share: float = 0.9) -> Floats:
    """Quantile of the steps within `REACH` of each, shape (n,)."""
    if not len(steps):
        return steps
    around = np.full(len(steps) + 2 * REACH, np.nan)
    around[REACH : REACH + len(steps)] = steps
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(around, 2 * REACH + 1), axis=1)  # NaN last
    there = np.count_nonzero(np.isfinite(windows), axis=1)
    at = (share * (there - 1)).astype(np.intp)
    return np.asarray(windows[np.arange(len(steps)), at])


def _past_ghosts(steps: Steps, lo: int, hi: int, a: int, b: int) -> int:
    """Move a run's end past B frames that foreshadow the leap behind them.

    At high compression the last B frames of a standstill borrow from the frame after the leap.
    """
    values = steps.cells[lo + 1 : hi]
    for on in range(1, 4):
        if b + on >= len(values) or not steps.ghosts[lo + b + on]:
            return b
        trace, leap = float(values[b : b + on].max()), float(values[b + on])
        beyond = values[b + on + 1 : b + on + 1 + REACH]
        moving = median(beyond) if len(beyond) else leap
        if leap > 2.5 * trace and leap > 2.0 * moving and trace < 0.75 * moving:
            return b + on
    return b


def _drifts(steps: Steps, first: int, stop: int, contrast: float) -> bool:
    """Whether what looks like noise adds up: the picture moves on slowly, first half against second.

    B frames at the end may show a trace of what comes later, and are left out.
    """
    for _ in range(3):
        stop -= bool(steps.ghosts[stop - 1]) and stop - first > 4
    half = (stop - first) // 2
    if half < 2:
        return False
    luma = steps.luma
    apart = np.median(luma[stop - half : stop], axis=0) - np.median(luma[first : first + half], axis=0)
    inside = steps.cells[first + 1 : stop]
    moving = contrast * max(float(inside.max()), CELL_FLOOR)
    return float(liveliest(apart[None].astype(np.float32))[0]) > max(
        DRIFT * median(inside) + CELL_FLOOR, 0.3 * moving
    )
