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
STRIDE = 2
"""Every second picture is looked at: each sees both its neighbours anyway."""
BLOCK = 64
"""Pictures that are turned into features at once; even, so that strides go on from block to block."""


def cell_features(maps: Maps) -> Float32:
    """Features (H, R, C, F) of every cell around every second picture, H = ⌈K/2⌉; at least three pictures.

    Made in blocks of pictures, so that what is worked on stays in the processor's cache.
    """
    rows = [
        _inner(maps.outlier),
        _inner(maps.error, last=False),
        _inner(maps.extremum),
        _inner(maps.jitter, first=2),
        _inner(maps.stack[_pulse.SPEED], last=False),
        _inner(maps.stack[_pulse.TRUST], last=False),
        maps.texture,
        maps.luma,
        *maps.products,
    ]
    count = len(maps.luma)
    blocks = []
    for start in range(0, count, BLOCK):
        first, stop = max(0, start - REACH), min(count, start + BLOCK + REACH)
        part = np.stack([row[first:stop] for row in rows], axis=1)
        inner = slice(start - first, start - first + min(BLOCK, count - start), STRIDE)
        near = _lowest(box(np.ascontiguousarray(part[:, 0]), 1), REACH)[inner]
        blocks.append(_features(box(running(part, REACH)[inner], 1), near))
    return np.concatenate(blocks)


def _features(means: Float32, low: Float32) -> Float32:
    outlier, error, extremum, jitter, speed, trust, texture, luma, *products = np.moveaxis(means, 1, 0)
    own_next, own_square, back_next, back_square = products
    out = np.empty((*outlier.shape, len(FEATURES)), dtype=np.float32)
    for index, values in enumerate(
        (
            outlier + np.float32(0.05),
            (outlier + np.float32(0.05)) / (error + np.float32(0.1)),
            _ratio(outlier, 0.2),
            texture + np.float32(1),
            (extremum + np.float32(0.05)) / (outlier + np.float32(0.05)),
            jitter + np.float32(0.05),
            own_next / (own_square + np.float32(0.1)),
            speed + np.float32(0.1),
            trust,
            (low + np.float32(0.05)) / (outlier + np.float32(0.05)),
            luma + np.float32(16),
            _ratio(error, 0.4),
            back_next / (back_square + np.float32(0.1)),
        )
    ):
        out[..., index] = (
            values if FEATURES[index] in ("reversal", "trust", "persistence") else np.log(values)
        )
    return out


def _lowest(values: Float32, reach: int) -> Float32:
    """Least value along the first axis over `reach` places on either side."""
    out = values.copy()
    for step in range(1, min(reach, len(values) - 1) + 1):
        np.minimum(out[step:], values[:-step], out=out[step:])
        np.minimum(out[:-step], values[step:], out=out[:-step])
    return out


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


def evidence(features: Float32 | npt.NDArray[np.float16], model: Model, count: int) -> Float32:
    """Evidence (K, R, C) for features of every second of `count` pictures; 3 × 3 cells are meaned."""
    out = np.empty(features.shape[:3], dtype=np.float32)
    for start in range(0, len(features), BLOCK):
        out[start : start + BLOCK] = model.evidence(features[start : start + BLOCK].astype(np.float32))
    return np.repeat(box(out, 1), STRIDE, axis=0)[:count]


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
