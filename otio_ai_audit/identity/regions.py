"""Which parts of a picture are looked at: the middle in three sizes, and what stands out in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Box: TypeAlias = tuple[float, float, float, float]

FIXED: tuple[Box, ...] = ((0.0, 0.0, 1.0, 1.0), (0.1, 0.1, 0.8, 0.8), (0.2, 0.2, 0.6, 0.6))
"""Whole, middle and centre."""
FALLBACK: Box = (0.25, 0.25, 0.5, 0.5)
"""Where nothing stands out."""
LEAST, MOST = 0.25, 0.8
"""Share of a side that the subject takes."""
KEPT = 256
"""Frames whose maps are kept."""
AROUND = 24
"""Frames on each side whose motion says where the subject is."""
CELL = 8
"""Small pixels a side of a cell."""
NOISE = 0.15
"""Small pixels of motion beside the camera's that say nothing."""
FAST = 3.0
"""Small pixels from which more motion says no more."""


class Attention:
    """Follows where something stands out from its surroundings, by motion, colour or detail."""

    def __init__(self) -> None:
        self._start = 0
        self._maps: list[Float32] = []

    def extend(self, rows: Mapping[str, Array]) -> None:
        """Take the next frames' fields of `GridSignals` and `MotionSignals`."""
        self._maps += list(_own_motion(rows) + _contrast(rows))
        excess = max(0, len(self._maps) - KEPT)
        self._start += excess
        del self._maps[:excess]

    def subject(self, number: int) -> Box:
        """Where the subject is in a frame: x, y, width, height as fractions of the picture."""
        first = max(0, number - AROUND - self._start)
        near = self._maps[first : max(0, number + AROUND + 1 - self._start)]
        return _box_of(np.mean(near, axis=0)) if near else FALLBACK


def _own_motion(rows: Mapping[str, Array]) -> Float32:
    """Motion beside the camera's where it can be trusted, 0 to 2, shape (N, R, C)."""
    flow, camera = rows["flow"], rows["camera"]
    _, high, wide, _ = flow.shape
    y = (np.arange(high) - (high - 1) / 2) * CELL
    x = (np.arange(wide) - (wide - 1) / 2) * CELL
    ones = np.ones((high, wide))
    grid = np.stack([ones, ones * x, ones * y[:, None]]).astype(np.float32)
    by_camera = np.einsum("nij,jrc->nrci", camera, grid)
    own = np.linalg.norm(flow - by_camera, axis=3) * rows["trust"]
    return np.asarray(np.clip(own - NOISE, 0, FAST) * np.float32(2 / FAST), np.float32)


def _contrast(rows: Mapping[str, Array]) -> Float32:
    """How far a cell's light, colour and detail are from those at the border, 0 to 1, shape (N, R, C)."""
    detail = np.log2(rows["detail"] + 1) * 16
    values = np.stack([rows["luma"], rows["blue"], rows["red"], detail], axis=-1)
    border = np.concatenate([values[:, 0], values[:, -1], values[:, :, 0], values[:, :, -1]], axis=1)
    usual = np.median(border, axis=1)[:, None, None]
    spread = np.median(np.abs(border - usual[:, 0]), axis=1)[:, None, None] * 1.5 + 4
    apart = np.sqrt((((values - usual) / spread) ** 2).mean(axis=-1))
    return np.asarray(np.clip(apart - 1, 0, 3) / 3, np.float32)


def _box_of(salience: Float32) -> Box:
    """Box around nine tenths of what stands out, things in the middle counting more."""
    high, wide = salience.shape
    y, x = (np.arange(high) + 0.5) / high, (np.arange(wide) + 0.5) / wide
    middle = np.exp(-((y[:, None] - 0.5) ** 2 + (x - 0.5) ** 2) / (2 * 0.35**2))
    weight = salience * middle
    if float(weight.mean()) < 0.01:
        return FALLBACK
    left, width = _extent(weight.sum(axis=0))
    top, height = _extent(weight.sum(axis=1))
    return left, top, width, height


def _extent(weight: Float64) -> tuple[float, float]:
    """Start and length of an interval, as fractions, that holds most of the weight along a side."""
    total = np.concatenate([[0.0], np.cumsum(weight)])
    total /= total[-1]
    ends = np.linspace(0, 1, len(total))
    start, end = (float(np.interp(share, total, ends)) for share in (0.06, 0.94))
    middle = (start + end) / 2
    length = min(max(end - start, LEAST), MOST)
    return min(max(middle - length / 2, 0.0), 1 - length), length


def upright(picture: Array, rotation: int, aspect: float) -> Array:
    """Turn and stretch a decoded picture to how a player shows it.

    Parameters
    ----------
    picture
        Shape (height, width, 3).
    rotation
        Degrees clockwise that a player turns it by.
    aspect
        Display width over height before turning; a picture that is near it is left alone.
    """
    height, width = picture.shape[:2]
    off = aspect * height / width
    if off > 1.05:
        picture = picture[:, (np.arange(round(width * off)) / off).astype(int)]
    elif off < 0.95:
        picture = picture[(np.arange(round(height / off)) * off).astype(int)]
    return np.ascontiguousarray(np.rot90(picture, -(rotation // 90) % 4)) if rotation % 360 else picture


def shown_box(box: Array, rotation: int) -> Array:
    """Where boxes of the decoded picture are in the upright one, shape (…, 4)."""
    x, y, width, height = np.moveaxis(np.asarray(box), -1, 0)
    turned = {
        90: (1 - y - height, x, height, width),
        180: (1 - x - width, 1 - y - height, width, height),
        270: (y, 1 - x - width, height, width),
    }.get(rotation % 360, (x, y, width, height))
    return np.stack(turned, axis=-1)


def decoded_box(box: Array, rotation: int) -> Array:
    """Where boxes of the upright picture are in the decoded one, shape (…, 4)."""
    return shown_box(box, (360 - rotation) % 360)
