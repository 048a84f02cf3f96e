"""Order statistics and box means of small arrays, without the overhead of the general functions."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from otio_ai_audit.model import Float32

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]


def quantile(values: Array, share: float) -> float:
    """Quantile of all values, linear between neighbours as ``numpy.quantile``; at least one value."""
    ordered = np.sort(values, axis=None)
    at = share * (len(ordered) - 1)
    low = int(at)
    below = float(ordered[low])
    return below + (float(ordered[min(low + 1, len(ordered) - 1)]) - below) * (at - low)


def median(values: Array) -> float:
    """Median of all values; at least one value."""
    return quantile(values, 0.5)


def of_three(values: Floats) -> Floats:
    """Median of each value and its two neighbours, shape (K,); the ends stand for what lies beyond them."""
    before, after = np.append(values[:1], values[:-1]), np.append(values[1:], values[-1:])
    return np.asarray(np.median(np.stack([before, values, after]), axis=0))


def quantiles(values: Array, valid: Mask, share: float) -> Floats:
    """Quantile of the valid values of each row, shapes (N, M) to (N,); inf for rows without any."""
    ordered = np.sort(np.where(valid, values, np.inf), axis=1)
    at = share * np.maximum(np.count_nonzero(valid, axis=1) - 1, 0)
    low = at.astype(np.intp)
    part = at - low
    row = np.arange(len(ordered))
    below = ordered[row, low]
    above = np.where(part > 0, ordered[row, np.minimum(low + 1, ordered.shape[1] - 1)], below)
    out = np.full(len(ordered), np.inf)
    finite = np.isfinite(below)
    out[finite] = below[finite] + (above[finite] - below[finite]) * part[finite]
    return out


def box(values: Float32, radius: int) -> Float32:
    """Mean over a square of cells, edges shrinking, over the last two axes.

    Cells lie in a frame of zeros, so that all sums are of long contiguous rows.
    """
    rows, columns = values.shape[-2:]
    height, width = rows + 2 * radius, columns + 2 * radius
    framed = np.zeros((*values.shape[:-2], height, width), dtype=np.float32)
    inside = (..., slice(radius, radius + rows), slice(radius, radius + columns))
    framed[inside] = values
    flat = framed.reshape(-1)
    for stride in (1, width):
        total = flat.copy()
        for step in range(stride, radius * stride + 1, stride):
            total[step:] += flat[:-step]
            total[:-step] += flat[step:]
        flat = total
    share = _shares(rows, columns, radius)
    return np.asarray(flat.reshape(framed.shape)[inside] * share, dtype=np.float32)


@cache
def _shares(rows: int, columns: int, radius: int) -> Float32:
    """One over how many cells each mean is of, shape (R, C)."""
    counts = np.multiply.outer(_reached(rows, radius), _reached(columns, radius))
    return np.asarray(1.0 / counts, dtype=np.float32)


def _reached(length: int, radius: int) -> Floats:
    """How many of `length` places lie within a radius of each."""
    at = np.arange(length)
    return (np.minimum(at, radius) + np.minimum(at[::-1], radius) + 1).astype(np.float64)


def running(values: Float32, reach: int) -> Float32:
    """Mean along the first axis over `reach` places on either side, fewer at the ends."""
    out = values.copy()
    for step in range(1, min(reach, len(values) - 1) + 1):
        out[step:] += values[:-step]
        out[:-step] += values[step:]
    count = _reached(len(values), reach).astype(np.float32)
    return np.asarray(out / count.reshape(-1, *[1] * (values.ndim - 1)), dtype=np.float32)
