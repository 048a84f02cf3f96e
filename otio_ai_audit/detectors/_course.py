"""How far a shot has come from how it began, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors import _appearance as appearance
from otio_ai_audit.detectors._arrays import median, of_three
from otio_ai_audit.detectors._surface import Surface, surfaces
from otio_ai_audit.model import Float32, MediaSignals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BEGINNING = 0.7
"""Seconds at the start of a shot whose views are its reference."""
TOP = 0.03
"""Share of the cells, those that changed most, that speak for a part of the picture."""
FLOORS = {"tone": 0.01, "colour": 0.3, "texture": 0.02}
"""Added to a change before its logarithm: noise of the signals."""

FEATURES = (
    "palette",
    "look",
    "look_subject",
    "tone_top",
    "colour_top",
    "texture_top",
    "tone_all",
    "colour_all",
    "texture_all",
    "lost",
    "travel",
    "speed",
)
CUES = {
    "colour": ("palette", "colour_top"),
    "shape": ("look", "look_subject", "tone_top"),
    "texture": ("texture_top",),
}
"""Which features speak for what a person sees change."""
LEADING = ("palette", "tone_top", "colour_top", "texture_top")
"""Features that know every frame: the looks of samples are a line in between."""


@dataclass(frozen=True, slots=True)
class Course:
    """Frames of one stretch and what changed in each since it began; K frames, R × C cells."""

    frames: Ints
    """Rows of the signals, shape (K,)."""
    features: Floats
    """Shape (K, len(FEATURES)): logarithms of distances to the beginning."""
    maps: Float32
    """Tone, colour and texture of `Surface` relative to their floors, logarithms; shape (K, 3, R, C)."""


def course(signals: MediaSignals, first: int, last: int, seen: appearance.Seen) -> Course:
    """Compare frames of ``[first, last)`` with how the stretch began.

    Parameters
    ----------
    signals : MediaSignals
    first, last : int
        Rows of the signals; one shot.
    seen : Seen
        What `_appearance.seen` says of them.
    """
    frames, palettes, looks = seen.frames, seen.palettes, seen.looks
    times = signals.times
    views = palettes[times[frames] <= times[first] + BEGINNING]
    palette = np.log(np.maximum(0, 1 - palettes @ views.T).min(axis=1) + appearance.FLOOR)
    motion, rate = signals.motion, float(signals.info.rate)
    shifts = np.cumsum(motion.camera[first:last, :, 0], axis=0)
    away = np.hypot(*(shifts[frames - first] - shifts[0]).T)
    flow = np.hypot(motion.flow[first:last, ..., 0], motion.flow[first:last, ..., 1]).mean(axis=(1, 2)) * rate
    changed = list(surfaces(signals, first, last, frames))
    tops, middles, lost, maps = zip(*(_summed(one) for one in changed), strict=True)
    features = np.column_stack(
        [
            palette,
            _between(looks.frame, _from_start(looks.whole, looks.frame, times), frames),
            _between(looks.frame, _from_start(looks.subject, looks.frame, times), frames),
            np.array(tops),
            np.array(middles),
            np.array(lost),
            np.log1p(away),
            np.log(_eased(flow)[frames - first] + appearance.FLOOR),
        ]
    )
    return Course(frames, features, np.array(maps, dtype=np.float32))


def leading(course: Course) -> Floats:
    """Way of the cue that rises most, from 0 where it is calm to 1 where it is farthest, shape (K,)."""
    best, way = 0.0, np.zeros(len(course.frames))
    for name in LEADING:
        smooth = of_three(np.exp(course.features[:, FEATURES.index(name)]))
        low, high = float(np.quantile(smooth, 0.1)), float(smooth.max())
        if high / low > best:
            best, way = high / low, np.asarray((smooth - low) / max(high - low, 1e-9))
    return way


def _summed(changed: Surface) -> tuple[list[float], list[float], float, Float32]:
    """Logarithms of the top and the median change by cue, the share of cells without a past, the maps."""
    known = changed.age > 0
    maps = (
        np.stack([np.log(getattr(changed, cue) + np.float32(floor)) for cue, floor in FLOORS.items()])
        - np.log(np.array(list(FLOORS.values()), dtype=np.float32))[:, None, None]
    )
    tops, middles = [], []
    for cue in maps:
        count = max(1, round(TOP * cue.size))
        tops.append(float(np.sort(cue, axis=None)[-count:].mean()))
        middles.append(float(median(cue[known])) if known.any() else 0.0)
    return tops, middles, float(1 - known.mean()), maps


def _from_start(distances: Floats, samples: Ints, times: Floats) -> Floats:
    """Distance of every sample to the nearest view of the beginning, shape (S, S) to (S,)."""
    if not len(samples):
        return np.zeros(0)
    began = times[samples] <= times[samples[0]] + BEGINNING
    return np.asarray(distances[:, began].min(axis=1))


def _between(samples: Ints, values: Floats, frames: Ints) -> Floats:
    """Logarithm of distances at `samples`, brought to `frames`, in a line between neighbours."""
    if not len(samples):
        return np.full(len(frames), np.log(appearance.FLOOR))
    return np.asarray(np.log(np.interp(frames, samples, values) + appearance.FLOOR))


def _eased(values: Floats, reach: int = 2) -> Floats:
    """Mean over a few neighbours."""
    padded = np.pad(values, reach, mode="edge")
    return np.asarray(np.convolve(padded, np.full(2 * reach + 1, 1 / (2 * reach + 1)), mode="valid"))
