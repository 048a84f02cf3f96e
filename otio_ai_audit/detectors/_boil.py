"""Evidence of boiling texture: what is drawn anew in every frame, cell by cell and picture by picture.

Texture that boils leaves what its neighbours in time span, again and again, more than the cell's motion,
its grain or the rest of the picture explains. Motion that the flow misses goes on, and stays between
its neighbours; a change of brightness moves a cell's mean as much as its pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors import _pulse
from otio_ai_audit.detectors._arrays import box, running
from otio_ai_audit.detectors._pulse import Maps
from otio_ai_audit.detectors._score import Model
from otio_ai_audit.detectors._view import Floats, Mask
from otio_ai_audit.model import Float32

FEATURES = (
    "outlier",
    "outlier_share",
    "outlier_ratio",
    "texture",
    "brightness_share",
    "jitter",
    "reversal",
    "speed",
    "trust",
    "steady",
    "light",
    "error_ratio",
    "persistence",
)
REACH = 2
"""Pictures on either side over which a cell is looked at."""
SHARE = 0.03
"""Share of the picture's cells that make up the area of a boil."""
LEAST = 5
"""Fewer pictures than this cannot boil."""
BLOCK = 128
"""Pictures that are turned into features at once."""


def cell_features(maps: Maps) -> Float32:
    """Features (K, R, C, F) of every cell around every picture; at least three pictures."""
    raw = np.stack(
        [
            _inner(maps.outlier),
            _inner(maps.error, last=False),
            _inner(maps.extremum),
            _inner(maps.jitter, first=2),
            _inner(maps.stack[_pulse.SPEED], last=False),
            _inner(maps.stack[_pulse.TRUST], last=False),
            maps.texture,
            maps.luma,
            *maps.products,
        ],
        axis=1,
    )
    means = np.maximum(running(box(raw, 1), REACH), -1e6)
    outlier, error, extremum, jitter, speed, trust, texture, luma, *products = np.moveaxis(means, 1, 0)
    own_next, own_square, back_next, back_square = products
    near = box(np.ascontiguousarray(raw[:, 0]), 1)
    low = near.copy()
    for step in range(1, REACH + 1):
        np.minimum(low[step:], near[:-step], out=low[step:])
        np.minimum(low[:-step], near[step:], out=low[:-step])
    logs = np.log(
        [
            outlier + np.float32(0.05),
            (outlier + np.float32(0.05)) / (error + np.float32(0.1)),
            _ratio(outlier, 0.2),
            texture + np.float32(1),
            (extremum + np.float32(0.05)) / (outlier + np.float32(0.05)),
            jitter + np.float32(0.05),
            speed + np.float32(0.1),
            (low + np.float32(0.05)) / (outlier + np.float32(0.05)),
            luma + np.float32(16),
            _ratio(error, 0.4),
        ]
    )
    reversal, persistence = own_next / (own_square + 0.1), back_next / (back_square + 0.1)
    rows = [*logs[:6], reversal, logs[6], trust, *logs[7:], persistence]
    return np.stack(rows, axis=-1).astype(np.float32)


def _inner(values: Float32, first: int = 1, last: bool = True) -> Float32:
    """Fill the pictures at both ends, which have nothing to compare with, with what is next to them."""
    out = values.copy()
    out[:first] = out[min(first, len(out) - 1)]
    if last:
        out[-1] = out[-2]
    return out


def _ratio(values: Float32, floor: float) -> Float32:
    """Values (K, R, C) over the median of their picture, both raised by a floor."""
    middle = np.median(values.reshape(len(values), -1), axis=1)[:, None, None]
    return np.asarray((values + np.float32(floor)) / (middle + np.float32(floor)), dtype=np.float32)


def evidence(maps: Maps, model: Model) -> Float32:
    """Evidence (K, R, C) of the model for every cell; single cells do not count: 3 × 3 are meaned."""
    return smoothed(cell_features(maps), model)


def smoothed(features: Float32 | npt.NDArray[np.float16], model: Model) -> Float32:
    """Evidence of features (K, R, C, F), meaned over 3 × 3 cells; shape (K, R, C)."""
    out = np.empty(features.shape[:3], dtype=np.float32)
    for start in range(0, len(features), BLOCK):
        out[start : start + BLOCK] = model.evidence(features[start : start + BLOCK].astype(np.float32))
    return box(out, 1)


def over(cells: Float32, a: int, b: int) -> tuple[float, Float32, Mask]:
    """Evidence of the strongest area over the pictures ``[a, b)``, the map (R, C) and the area's cells."""
    mean = cells[a:b].mean(axis=0)
    top = _pulse.top_cells(mean, SHARE)
    return float(mean[top].mean()), mean, top


def along(cells: Float32, area: Mask) -> Floats:
    """Evidence of an area in each picture and the two beside it, shape (K,)."""
    series = cells[:, area].mean(axis=1)
    return running(series, 1).astype(np.float64)


def windows(count: int, length: int) -> list[tuple[int, int]]:
    """Windows over `count` pictures that overlap by three quarters; the last one reaches the end."""
    if count <= length:
        return [(0, count)]
    starts = list(range(0, count - length, max(1, length // 4)))
    return [(a, a + length) for a in (*starts, count - length)]
