"""How much the things in a shot change their look, against how much the camera and the things move.

A morph changes the colours and the look of a picture for good while little moves; a turn, a pan or a
walk changes them too, but moves to do so. Distances between frames far apart speak of what changed,
distances between neighbours of noise and motion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._arrays import median, quantile
from otio_ai_audit.model import Float32, GridSignals, MediaSignals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PER_SECOND = 6.0
"""Frames a second that are compared."""
MOST = 60
"""Frames that are compared with each other at most: ten seconds."""
LEVELS, HUES = 3, 9
"""Bins of luma, and of Cb and of Cr each, in a shot's palette."""
LEVEL, DARK = 100.0, 20.0
"""Code values that the mean of the whole picture is brought to, and the darkest mean for which it is."""
REACH = 57.6
"""Code values from grey up to which chroma is told apart."""
MIDDLE = 0.6
"""Share of width and height that is the middle of the picture."""
FLOOR, STEP_FLOOR = 0.002, 0.04
"""Added to a distance, and to that of neighbours, before the logarithm: below it is noise and grain."""

FEATURES = (
    "palette",
    "palette_far",
    "palette_step",
    "travel",
    "speed",
    "look_first",
    "look_mean",
    "look_near",
)


@dataclass(frozen=True, slots=True)
class Looks:
    """Embeddings of the samples in one stretch, S of them; none where nothing was sampled."""

    frame: Ints
    """Row of each sample in the signals, shape (S,)."""
    whole: Floats
    """Cosine distance of the whole pictures, shape (S, S)."""
    near: Floats
    """Least cosine distance of any region of one and any of the other, shape (S, S)."""
    subject: Floats
    """Cosine distance of what stands out, shape (S, S)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one stretch is compared by, worked out once."""

    frames: Ints
    """Rows of the signals, shape (K,); see `chosen`."""
    palettes: Floats
    """Shape (K, bins); see `palette`."""
    looks: Looks


def seen(signals: MediaSignals, first: int, last: int) -> Seen:
    """Look at frames ``[first, last)``."""
    frames = chosen(signals, first, last)
    return Seen(frames, palette(signals.grid, frames), looks(signals, first, last))


def chosen(signals: MediaSignals, first: int, last: int) -> Ints:
    """Frames of ``[first, last)`` that are compared: `PER_SECOND`, at most `MOST`, evenly spread."""
    step = max(1, round(float(signals.info.rate) / PER_SECOND))
    frames = np.arange(first, last, step)
    if len(frames) > MOST:
        frames = np.linspace(first, last - 1, MOST).round().astype(np.int64)
    return np.asarray(frames, dtype=np.int64)


def palette(grid: GridSignals, frames: Ints, share: float = 1.0) -> Floats:
    """Square roots of the shares of cells in bins of luma and chroma; cells lie between bins.

    Luma is taken relative to the mean of the whole picture: a lamp, a cloud and a camera's exposure change
    that first of all. Chroma bins are finer near grey, where most pictures live.

    Parameters
    ----------
    grid : GridSignals
    frames : numpy.ndarray [shape=(K,)]
        Rows.
    share : float
        Share of width and height around the middle of the picture that is counted.

    Returns
    -------
    numpy.ndarray [shape=(K, LEVELS * HUES * HUES)]
        Rows of unit length: the product of two is the Bhattacharyya coefficient.
    """
    rows, columns = grid.luma.shape[1:]
    top, left = round(rows * (1 - share) / 2), round(columns * (1 - share) / 2)
    part = np.s_[frames, top : rows - top, left : columns - left]
    level = np.maximum(grid.luma[frames].mean(axis=(1, 2), dtype=np.float64), DARK)[:, None]
    luma = grid.luma[part].reshape(len(frames), -1) * (LEVEL / 255.0 / level)
    chroma = [_spread(plane[part].reshape(len(frames), -1)) for plane in (grid.blue, grid.red)]
    places = [_between(luma, LEVELS), *(_between(values, HUES) for values in chroma)]
    counts = np.zeros((len(frames), LEVELS * HUES * HUES))
    row = np.arange(len(frames))[:, None] * counts.shape[1]
    for corner in range(8):
        steps = [(corner >> axis) & 1 for axis in range(3)]
        weight = np.ones_like(luma, dtype=np.float64)
        bins = np.zeros(luma.shape, dtype=np.int64)
        for (low, part_up), up, size in zip(places, steps, (LEVELS, HUES, HUES), strict=True):
            weight = weight * (part_up if up else 1 - part_up)
            bins = bins * size + low + up
        added = np.bincount((row + bins).ravel(), weight.ravel(), counts.size)
        counts += added.reshape(counts.shape)
    return np.asarray(np.sqrt(counts / counts.sum(axis=1, keepdims=True)))


def _spread(chroma: Float32) -> Floats:
    """Bring chroma to 0–1, half is grey, with the resolution of a square root around it."""
    away = np.asarray(chroma, dtype=np.float64) - 128.0
    root = np.sign(away) * np.sqrt(np.abs(away) / REACH)
    return np.asarray((np.clip(root, -1, 1) + 1) / 2)


def _between(values: npt.NDArray[np.floating], size: int) -> tuple[Ints, Floats]:
    """Lower bin of values in 0–1 and the share that belongs to the next one."""
    place = np.clip(values, 0, 1) * (size - 1)
    low = np.minimum(place.astype(np.int64), size - 2)
    return low, np.asarray(place - low, dtype=np.float64)


def apart(rows: Floats) -> Floats:
    """One minus the product of every two rows of unit length, shape (K, B) to (K, K)."""
    return np.asarray(np.maximum(0.0, 1.0 - rows @ rows.T))


def looks(signals: MediaSignals, first: int, last: int) -> Looks:
    """Distances between the samples that lie in ``[first, last)``."""
    identity = signals.identity
    if identity is None or not len(identity.sample):
        none = np.zeros((0, 0))
        return Looks(np.zeros(0, dtype=np.int64), none, none, none)
    inside = np.flatnonzero((identity.sample >= first) & (identity.sample < last))
    look = identity.look[inside]
    every = np.maximum(0.0, 1.0 - np.einsum("ard,bsd->abrs", look, look, optimize=True)).astype(np.float64)
    return Looks(
        identity.sample[inside],
        every[:, :, 0, 0],
        every.min(axis=(2, 3)) if len(inside) else every[:, :, 0, 0],
        every[:, :, -1, -1],
    )


def travelled(camera: Float32) -> float:
    """Diagonal of the box, in small pixels, that the camera's shifts (K, 2, 3) span when added up."""
    path = np.cumsum(camera[:, :, 0], axis=0)
    return float(np.hypot(*np.ptp(path, axis=0))) if len(path) else 0.0


def features(signals: MediaSignals, first: int, last: int, seen: Seen) -> Floats:
    """Describe frames ``[first, last)`` by `FEATURES`, all of them logarithms."""
    whole = apart(seen.palettes)
    middle = apart(palette(signals.grid, seen.frames, MIDDLE))
    motion = signals.motion
    rate = float(signals.info.rate)
    flow = motion.flow[first + 1 : last]
    speed = np.hypot(flow[..., 0], flow[..., 1]).mean(axis=(1, 2)) * rate
    found = seen.looks
    return np.array(
        [
            _log(float(whole.mean())),
            _log(float(whole.max(initial=0.0))),
            float(np.log(_step(middle) + STEP_FLOOR)),
            np.log1p(travelled(motion.camera[first + 1 : last])),
            _log(quantile(speed, 0.9) if len(speed) else 0.0),
            _log(float(found.whole[:1].max(initial=0.0))),
            _log(float(found.whole.mean()) if len(found.frame) else 0.0),
            _log(float(found.near.max(initial=0.0))),
        ]
    )


def _step(distances: Floats) -> float:
    """Median distance of neighbours; 0 where there are none."""
    return median(np.diagonal(distances, 1)) if len(distances) > 1 else 0.0


def _log(value: float) -> float:
    return float(np.log(value + FLOOR))
