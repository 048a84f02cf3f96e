"""A heat map laid over a part of the picture, in whole numbers and by bands of rows, to be cheap."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..model import Planes
from .ink import Brush, Rect, UInt8, code_of

Ints: TypeAlias = npt.NDArray[Any]

INFERNO = ("#000004", "#1f0c48", "#550f6d", "#88226a", "#ba3655", "#e35933", "#f98e09", "#f9cb35", "#fcffa4")
"""Nine of the 256 colours of matplotlib's inferno, evenly spaced: dark to bright for every kind of sight."""
DARKEST = 0.3
"""Where on it strength 0 begins: its black would hide the picture."""
STRONGEST = 0.6
"""Share of the tint at the strongest."""
RISE = 1.4
"""The strongest tint begins at 1 / `RISE`."""
STEP = 8
"""Pixels between two rows of the map that are worked out; between them it is linear."""
PAIRS = STEP // 2
BAND = 6
"""Steps that are drawn at once: what they need stays in a processor's cache."""
FULL = 256
_FINE = 16
"""Tints keep four bits less than they could: a sum over a step then stays in 16 bits."""


class HeatMap:
    """Draws heat maps into planes of one kind."""

    def __init__(self, brush: Brush) -> None:
        self._brush = brush
        self._keep, self._tints = _tables()

    def draw(self, planes: Planes, cells: UInt8, place: Rect, within: Rect) -> None:
        """Lay a map over a place.

        Parameters
        ----------
        planes
            Drawn into.
        cells : numpy.ndarray [shape=(R, C), dtype=uint8]
            Strength; 0 leaves the picture as it is.
        place
            Pixels that the cells cover, even numbers; it may reach beyond `within`.
        within
            Pixels that may be changed, from even numbers on.
        """
        if cells.ndim != 2 or not cells.any():
            return
        warm = cells != 0
        left, right = _span(warm.any(axis=0), place.x, place.width, within.x, within.width)
        top, bottom = _span(warm.any(axis=1), place.y, place.height, within.y, within.height)
        if right <= left or bottom <= top:
            return
        strength = _strength(cells, place, Rect(left, top, right - left, bottom - top))
        across, down = self._brush.across, self._brush.down
        self._lay(planes.luma[top:bottom, left:right], strength, self._tints[0], 2)
        rows, columns = slice(top // down, bottom // down), slice(left // across, -(-right // across))
        small = np.ascontiguousarray(strength[:, ::across])
        for plane, tint in zip((planes.blue, planes.red), self._tints[1:], strict=True):
            self._lay(plane[rows, columns], small, tint, 2 // down)

    def _lay(self, plane: Ints, strength: UInt8, tint: Ints, lines: int) -> None:
        """Mix a tint into a plane of which `lines` rows belong to each pair of rows of the picture."""
        high, width = PAIRS * lines, min(plane.shape[1], strength.shape[1])
        plane, strength = plane[:, :width], strength[:, :width]
        later = np.arange(1, STEP, 2, dtype=np.uint16)[:, None]
        former = STEP - later
        for first in range(0, len(strength) - 1, BAND):
            target = plane[first * high : (first + BAND) * high]
            steps = min(BAND, len(strength) - 1 - first)
            borders = strength[first : first + steps + 1]
            kept = _between(self._keep.take(borders), former, later)
            kept >>= 3
            added = _between(tint.take(borders), former, later)
            added <<= 1
            old = target
            if len(old) < steps * high:  # the last step may reach beyond the picture
                old = np.pad(old, ((0, steps * high - len(old)), (0, 0)))
            old = old.reshape(steps, PAIRS, lines, width)
            # Ten bits are mixed by their upper eight: the product stays in sixteen, and the rest is added.
            mixed = (old >> 2 if self._brush.bits > 8 else old).astype(np.uint16, copy=False)
            mixed *= kept[:, :, None]
            mixed += added[:, :, None]
            if self._brush.bits > 8:
                mixed >>= 6
                mixed += old & 3
            else:
                mixed >>= 8
            target[:] = mixed.reshape(steps * high, width)[: len(target)]


def _span(warm: npt.NDArray[np.bool_], start: int, length: int, first: int, most: int) -> tuple[int, int]:
    """Say from where to where along one axis a map has any strength, from a step's border on."""
    used = np.flatnonzero(warm)
    pitch = length / len(warm)
    begin = math.floor((start + (used[0] - 0.5) * pitch) / STEP) * STEP
    end = math.ceil((start + (used[-1] + 1.5) * pitch) / 2) * 2
    return max(begin, start, first), min(end, start + length, first + most)


def _between(rows: Ints, former: Ints, later: Ints) -> Ints:
    """Eight times the rows between each row and the next, one for each pair of the picture's."""
    mixed: Ints = rows[:-1, None] * former
    mixed += rows[1:, None] * later
    return mixed


def _strength(cells: UInt8, place: Rect, part: Rect) -> UInt8:
    """Spread cells over a part of their place: all its columns, and a row at every step's border."""
    rows = np.arange(-(-part.height // STEP) + 1) * STEP + (part.y - place.y)
    columns = np.arange(part.width) + 0.5 + (part.x - place.x)
    first, second, share = _neighbours(columns, place.width, cells.shape[1])
    grid = cells.astype(np.float32)
    wide = grid[:, first] * (1 - share) + grid[:, second] * share
    first, second, share = _neighbours(rows, place.height, cells.shape[0])
    high = wide[first] * (1 - share[:, None]) + wide[second] * share[:, None]
    return (high + np.float32(0.5)).astype(np.uint8)


def _neighbours(at: Ints, length: int, count: int) -> tuple[Ints, Ints, npt.NDArray[np.float32]]:
    """Say between which cells places lie, and how far from the first: a cell has its value at its middle."""
    places = np.clip(at * (count / length) - 0.5, 0, count - 1)
    first = places.astype(np.intp)
    return first, np.minimum(first + 1, count - 1), (places - first).astype(np.float32)


@lru_cache(maxsize=1)
def _tables() -> tuple[Ints, tuple[Ints, Ints, Ints]]:
    """Give for each strength how much of the picture is kept, of 256, and what is added to Y, Cb and Cr.

    Of eight bits, in 16ths.
    """
    strength = np.arange(256) / 255
    tint = np.round(FULL * STRONGEST * np.clip(strength * RISE, 0, 1))
    along = (DARKEST + (1 - DARKEST) * strength) * (len(INFERNO) - 1)
    codes = np.array([code_of(color, 8) for color in INFERNO])
    colors = [np.interp(along, np.arange(len(INFERNO)), codes[:, plane]) for plane in range(3)]
    added = [np.round(color * tint / _FINE).astype(np.uint16) for color in colors]
    return (FULL - tint).astype(np.uint16), (added[0], added[1], added[2])
