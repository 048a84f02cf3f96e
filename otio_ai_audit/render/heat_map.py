"""A heat map laid over a part of the picture, in whole numbers and by bands of rows, to be cheap."""

from __future__ import annotations

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
        # Ten bits times eight bits of opacity do not fit into sixteen.
        self._kind: Any = np.uint16 if brush.bits == 8 else np.uint32
        self._keep, self._tints = _tables(brush.bits, self._kind)

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
            Pixels that may be changed, even numbers.
        """
        left, top = max(place.x, within.x), max(place.y, within.y)
        right = min(place.x + place.width, within.x + within.width)
        bottom = min(place.y + place.height, within.y + within.height)
        used = np.flatnonzero(cells.any(axis=1)) if cells.ndim == 2 and cells.size else ()
        if right <= left or bottom <= top or not len(used):
            return
        # Rows without any strength, and those beside them, need no work.
        pitch = place.height / len(cells)
        top = max(top, top + int(place.y + (used[0] - 1) * pitch - top) // STEP * STEP)
        bottom = min(bottom, 2 * round((place.y + (used[-1] + 2) * pitch) / 2) + 2)
        if bottom <= top:
            return
        strength = _strength(cells, place, Rect(left, top, right - left, bottom - top))
        keep, luma = self._keep[strength], self._tints[0][strength]
        small = strength[:, :: self._brush.across]
        faint, blue, red = self._keep[small], self._tints[1][small], self._tints[2][small]
        across, down = self._brush.across, self._brush.down
        self._lay(planes.luma[top:bottom, left:right], keep, luma, 2)
        rows, columns = slice(top // down, bottom // down), slice(left // across, -(-right // across))
        self._lay(planes.blue[rows, columns], faint, blue, 2 // down)
        self._lay(planes.red[rows, columns], faint, red, 2 // down)

    def _lay(self, plane: Ints, keep: Ints, tint: Ints, lines: int) -> None:
        """Mix a tint into a plane of which `lines` rows belong to each pair of rows of the picture."""
        high = PAIRS * lines
        width = min(plane.shape[1], keep.shape[1])
        plane, keep, tint = plane[:, :width], keep[:, :width], tint[:, :width]
        later = np.arange(PAIRS, dtype=self._kind)[:, None] * 2 + 1
        former = (STEP - later).astype(self._kind)
        for first in range(0, len(keep) - 1, BAND):
            last = min(first + BAND, len(keep) - 1)
            target = plane[first * high : last * high]
            steps = -(-len(target) // high)
            if not steps:
                return
            kept = _between(keep[first : first + steps + 1], former, later) >> 3
            added = _between(tint[first : first + steps + 1], former, later) << 1
            whole = len(target) == steps * high
            old = (
                target
                if whole
                else np.concatenate((target, np.repeat(target[-1:], steps * high - len(target), 0)))
            )
            mixed = old.reshape(steps, PAIRS, lines, width) * kept[:, :, None]
            mixed += added[:, :, None]
            mixed >>= 8
            target[:] = mixed.reshape(steps * high, width)[: len(target)]


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
    """Say between which cells places lie, and how far from the first to the second; cells have values at their middles."""
    places = np.clip(at * (count / length) - 0.5, 0, count - 1)
    first = places.astype(np.intp)
    return first, np.minimum(first + 1, count - 1), (places - first).astype(np.float32)


@lru_cache(maxsize=4)
def _tables(bits: int, kind: Any) -> tuple[Ints, tuple[Ints, Ints, Ints]]:
    """For each strength: how much of the picture is kept, of 256, and what is added of Y, Cb and Cr, in 16ths."""
    strength = np.arange(256) / 255
    tint = np.round(FULL * STRONGEST * np.clip(strength * 1.25, 0, 1))
    along = (DARKEST + (1 - DARKEST) * strength) * (len(INFERNO) - 1)
    codes = np.array([code_of(color, bits) for color in INFERNO])
    colors = [np.interp(along, np.arange(len(INFERNO)), codes[:, plane]) for plane in range(3)]
    added = [np.round(color * tint / _FINE).astype(kind) for color in colors]
    return (FULL - tint).astype(kind), (added[0], added[1], added[2])
