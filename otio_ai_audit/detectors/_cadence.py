"""Repeats in a rhythm: the pattern that showing pictures at a higher rate than they were made at leaves.

Picture ``floor(t · src / dst + phase)`` is shown at frame t. Whether the step from one frame to the next is a
repeat thus follows from the ratio of the rates and a phase alone, whatever the container says.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import gcd

import numpy as np

from otio_ai_audit.detectors._arrays import median
from otio_ai_audit.detectors._view import Floats, Mask

LONGEST_PERIOD = 30
"""Frames after which a pattern has to return: 24 → 25 takes 25."""
LONGEST_HOLD = 5
"""Frames that a picture of a cadence is shown for, at most."""
EXPLAINED = 0.6
"""Share of the variance of the steps (in logarithms) that a pattern has to explain."""
CLEAR = 3.5
"""A repeat's step is smaller than a fresh picture's by this factor; motion of an uneven pace gives 2 or 3."""
DEEP = float(np.log(10.0))
"""A step of a tenth of the usual motion is as good a repeat as one of nothing."""
PER_FRAME = 0.002
"""What a frame more in the period costs of the explained share: of two that fit, the simpler one."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """A rhythm of repeats: `pictures` different pictures fill `frames` frames, again and again."""

    pictures: int
    frames: int
    repeats: Mask
    """Steps that the pattern makes repeats, from the second frame of the segment on."""
    contrast: float
    """Median step of a fresh picture over the median step of a repeat."""

    def sentence(self, rate: Fraction) -> str:
        """Name it for a person (``Cadence 16→24: every second picture is shown twice.``)."""
        source = float(rate) * self.pictures / self.frames
        return f"Cadence {_rate(source)}→{_rate(float(rate))}: {self._words()}."

    def evidence(self, rate: Fraction) -> dict[str, float | str]:
        """Rates in frames a second, their ratio, and the frames after which the pattern returns."""
        source = float(rate) * self.pictures / self.frames
        return {
            "source_fps": round(source, 3),
            "ratio": f"{self.pictures}:{self.frames}",
            "period_frames": float(self.frames),
        }

    def _words(self) -> str:
        over = self.frames - self.pictures
        if self.frames % self.pictures == 0:
            return f"every picture is shown {_times(self.frames // self.pictures)}"
        if self.pictures % over == 0:
            return f"every {_ordinal(self.pictures // over)} picture is shown twice"
        if self.frames == 2 * self.pictures + 1 or self.pictures == 2:
            hold = self.frames // self.pictures
            if self.pictures == 2:
                return f"pictures are shown {_times(hold)} and {_times(hold + 1)} in turn"
        return f"{self.pictures} pictures fill {self.frames} frames"


def _rate(value: float) -> str:
    near = round(value)
    return str(near) if abs(value - near) < 0.004 * value and abs(value - near) < 0.02 else f"{value:.4g}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice", 3: "three times", 4: "four times", 5: "five times"}.get(
        count, f"{count} times"
    )


def _ordinal(count: int) -> str:
    words = {2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth"}
    suffix = "th" if 10 <= count % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return words.get(count, f"{count}{suffix}")


@cache
def _patterns(pictures: int, frames: int) -> Mask:
    """Fresh steps of one period for every phase, shape (frames, frames)."""
    at = np.arange(frames + 1)[None] * pictures + np.arange(frames)[:, None]
    return np.asarray(np.diff(at // frames, axis=1) > 0)


def find(steps: Floats, floor: float, known: Mask) -> Cadence | None:
    """Find the rhythm of a segment's steps.

    Parameters
    ----------
    steps : numpy.ndarray [shape=(n,)]
        How much each frame differs from the one before, from the segment's second frame on.
    floor : float
        Steps below are all alike: coding noise.
    known : numpy.ndarray [shape=(n,), dtype=bool]
        Steps that may tell: not in a standstill, and something moves around them.

    Returns
    -------
    Cadence or None
    """
    count = int(known.sum())
    if count < 10:
        return None
    height = np.log(np.maximum(steps, floor))
    height = np.where(known, np.minimum(height - _level(height, known), 0.0), 0.0)
    for deep in (np.inf, DEEP):
        found = _fit(np.maximum(height, -deep), known)
        if found is not None:
            return found
    return None


def _fit(height: Floats, known: Mask) -> Cadence | None:
    """Find the pattern that explains most of how far each step lies below the usual motion."""
    share = _fresh_share(height[known])
    if share is None:
        return None
    best: tuple[float, int, int, Mask] | None = None
    for frames in range(2, min(LONGEST_PERIOD, len(height) // 2) + 1):
        for pictures in range(1, frames):
            ratio = pictures / frames
            if gcd(pictures, frames) > 1 or ratio * LONGEST_HOLD < 1 or abs(ratio - share) > 0.12:
                continue
            if (1 - ratio) * np.count_nonzero(known) < 2.5:
                continue
            fresh = _tiled(pictures, frames, len(height))
            explained = _explained(height, known, fresh)
            k = int(np.argmax(explained))
            value = float(explained[k]) - PER_FRAME * frames
            if best is None or value > best[0]:
                best = (value, pictures, frames, fresh[k])
    if best is None:
        return None
    value, pictures, frames, pattern = best
    repeated, moving = height[~pattern & known], height[pattern & known]
    low, high = median(repeated), median(moving)
    contrast = float(np.exp(high - low))
    middle = 0.5 * (low + high)
    missed, extra = int(np.sum(repeated > middle)), int(np.sum(moving < middle))
    hits = len(repeated) - missed
    clean = missed <= 0.15 * len(repeated) and extra <= 0.15 * hits
    plain = (
        value + PER_FRAME * frames >= EXPLAINED and max(missed / len(repeated), extra / len(moving)) <= 0.15
    )
    return Cadence(pictures, frames, ~pattern, contrast) if contrast >= CLEAR and (plain or clean) else None


def _explained(height: Floats, known: Mask, fresh: Mask) -> Floats:
    """Share of the variance that each phase of a pattern explains, (frames,); 0 where it is upside down."""
    values, count = height[known], int(known.sum())
    total = float(values.sum())
    variance = max(float((values**2).sum()) - total**2 / count, 1e-9)
    hits = np.count_nonzero(fresh & known, axis=1)
    inside = fresh @ np.where(known, height, 0.0)
    others = np.maximum(count - hits, 1)
    between = inside**2 / np.maximum(hits, 1) + (total - inside) ** 2 / others - total**2 / count
    rising = inside / np.maximum(hits, 1) > (total - inside) / others
    return np.asarray(np.where(rising & (hits > 1) & (count - hits > 1), between / variance, 0.0))


def _tiled(pictures: int, frames: int, length: int) -> Mask:
    one = _patterns(pictures, frames)
    return np.tile(one, (1, -(-length // frames)))[:, :length]


def _level(height: Floats, known: Mask, reach: int = 12) -> Floats:
    """Usual height of the larger steps around each, shape (n,)."""
    padded = np.concatenate([np.full(reach, np.nan), np.where(known, height, np.nan), np.full(reach, np.nan)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    ordered = np.sort(windows, axis=1)  # NaN last
    there = np.isfinite(windows).sum(axis=1)
    at = np.clip((0.8 * (there - 1)).astype(int), 0, 2 * reach)
    return np.where(there > 0, ordered[np.arange(len(height)), at], 0.0)


def _fresh_share(height: Floats) -> float | None:
    """Share of steps above the split that explains most (Otsu 1979); None where nothing splits them."""
    ordered = np.sort(height)
    count = len(ordered)
    low = np.arange(1, count)
    total = np.cumsum(ordered)[:-1]
    between = (total / low - (ordered.sum() - total) / (count - low)) ** 2 * low * (count - low)
    split = int(np.argmax(between))
    gap = (ordered.sum() - total[split]) / (count - split - 1) - total[split] / (split + 1)
    if gap < np.log(CLEAR) / 2:
        return None
    return float(1 - (split + 1) / count)
