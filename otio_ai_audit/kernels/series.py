"""Frames in order, numbers out: what of each frame, and what between it and its neighbours.

Kernels write exact integers into the rows of a block of frames; a full block is turned into
physical units at once, so that little is done per frame outside the kernels.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..model import REPEAT_CHANGE, REPEAT_PEAK
from . import frame as steps
from . import motion
from .grid import CELL, Grid
from .pictures import Planes, Shrinker, Small
from .shrink import UNIT

Array: TypeAlias = npt.NDArray[Any]
Int32: TypeAlias = npt.NDArray[np.int32]
Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]

REACH = 28
"""Small pixels that a coarse block is searched for motion, each way; finer levels add 3."""
AGREEMENT = 48
"""Forward and backward vectors agree below this, in 32nds of a small pixel (1.5 px)."""
PIXELS = UNIT * CELL**2
"""Sum of a cell that is one code value everywhere."""
_PEAK = math.ceil(REPEAT_PEAK * PIXELS)
BLOCK = 64
"""Frames whose integers are held before they become physical units."""


def block_flow(a: Small, b: Small, grid: Grid, out: Int32) -> Float64:
    """Find where each cell of `a` is in `b`.

    Parameters
    ----------
    a, b : Small
        Two frames of one grid.
    grid : Grid
    out : numpy.ndarray [shape=(rows, columns, 2), dtype=int32]
        Filled with (dy, dx) in 32nds of a small pixel.

    Returns
    -------
    numpy.ndarray [shape=(rows, columns), dtype=float64]
        How well texture fixes each vector, 0 to 1.

    Notes
    -----
    Integer search over a three-level pyramid, then up to two Gauss–Newton steps with the fixed gradients
    of `a` (inverse compositional: Baker & Matthews 2004, doi:10.1023/B:VISI.0000011205.11775.fd). Exact
    for identical pictures and for shifts by whole small pixels. Cells without texture follow the camera.
    """
    weight = np.empty(out.shape[:2])
    steps.flow(a.levels, a.means, b.levels, b.means, REACH, out, weight)
    return weight


def _exact(sums: Int32, unit: int) -> Float32:
    """Divide sums below 2^24 by a power of two: single precision holds the result exactly."""
    return np.multiply(sums, np.float32(1 / unit), dtype=np.float32, casting="same_kind")


class Series:
    """Successive frames of one medium.

    Parameters
    ----------
    grid : Grid
        From `grid_of`; every frame has its size.

    Attributes
    ----------
    length : int
        Frames so far.
    latest : Small or None
        The small picture of the last frame; its arrays are used again some frames later.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.length = 0
        self.latest: Small | None = None
        self._shrink = Shrinker(grid)
        self._pool: list[Small] = []
        self._before: Small | None = None
        """The last frame with another picture than the latest."""
        self._start = 0
        """Number of the frame in row 0 of the block."""
        self._row = -1
        rows, columns = grid.rows, grid.columns
        size = BLOCK + 1

        def ints(*shape: int) -> Int32:
            return np.zeros((size, *shape), np.int32)

        self._block: dict[str, Array] = {
            "slopes": np.zeros((size, rows, columns), np.int64),
            "gain": np.zeros(size),
            "luma": ints(rows, columns),
            "blue": ints(rows, columns),
            "red": ints(rows, columns),
            "colour": ints(),
            "changes": ints(rows, columns),
            "counts": ints(256),
            "flow": ints(rows, columns, 2),
            "camera": np.zeros((size, 2, 3)),
            "back": ints(3, 3, rows, columns),
            "ahead": ints(3, 3, rows, columns),
            "skip": ints(rows, columns),
            "outlier": ints(rows, columns),
            "products": np.zeros((size, 3), np.int64),
        }
        # flow from the picture of the latest frame to `_before`, and what it leaves, as integer sums
        self._came = np.zeros((rows, columns, 2), np.int32)
        self._left = np.zeros((rows, columns), np.int32)

    def add(self, frame: Planes) -> dict[str, Array] | None:
        """Measure the next frame.

        Parameters
        ----------
        frame : Planes

        Returns
        -------
        dict or None
            A block of finished frames, when one is full: see `finish`.
        """
        before = self.latest
        spare = [small for small in self._pool if small is not before and small is not self._before]
        now = self._shrink(frame, spare)
        if not any(now is small for small in spare):
            self._pool = [now, *spare[:1], *(s for s in (before, self._before) if s is not None)]
        self._row += 1
        self._still(now)
        if before is not None:
            self._between(before, now)
        self.latest = now
        self.length += 1
        if self._row < BLOCK:
            return None
        done = self._convert(BLOCK)
        for array in self._block.values():
            array[0] = array[BLOCK]
            array[1:] = 0
        self._row = 0
        self._start += BLOCK
        return done

    def finish(self) -> dict[str, Array]:
        """Give the frames that no block has had yet.

        Returns
        -------
        dict
            Arrays with one row a frame, float64 (float32 where that is exact), in the units of
            `GridSignals` and `MotionSignals`: luma, blue, red, detail, change, change_peak, histogram,
            low, high; flow, camera, back, ahead, error, skip, outlier, trust, likeness.
        """
        return self._convert(self._row + 1)

    def _still(self, now: Small) -> None:
        block, row = self._block, self._row
        block["slopes"][row] = now.slopes
        block["gain"][row] = now.gain
        colour = int(now.blue is not None)
        block["colour"][row] = colour
        steps.describe(now.planes, colour, row, block["luma"], block["blue"], block["red"], block["counts"])

    def _between(self, before: Small, now: Small) -> None:
        """Everything between the latest frame and the one before it; both rows are in the block."""
        older = self._before
        block = self._block
        other = steps.compare(
            *(now.levels, now.means, now.margins, before.levels, before.means, before.margins),
            *(now.margins[0] if older is None else older.margins[0], int(older is not None)),
            *(self._came, self._left, self._row, REACH, AGREEMENT, REPEAT_CHANGE * PIXELS, _PEAK),
            *(block["changes"], block["flow"], block["camera"], block["back"], block["ahead"]),
            *(block["skip"], block["outlier"], block["products"]),
        )
        if other:
            self._before = before

    def _convert(self, count: int) -> dict[str, Array]:
        """Turn the first `count` rows of the block into physical units."""
        raw = {name: array[:count] for name, array in self._block.items()}
        pixels = float(PIXELS)
        neutral = np.float32(128.0)
        grey = raw["colour"][:, None, None] == 0
        total = self.grid.width * self.grid.height
        below = np.cumsum(raw["counts"], axis=1)
        back, ahead = raw["back"], raw["ahead"]
        return {
            "luma": _exact(raw["luma"], PIXELS),
            "blue": np.where(grey, neutral, _exact(raw["blue"], PIXELS // 4)),
            "red": np.where(grey, neutral, _exact(raw["red"], PIXELS // 4)),
            "detail": raw["slopes"] * raw["gain"][:, None, None] / self.grid.slope_pixels(),
            "change": raw["changes"].mean(axis=(1, 2)) / pixels,
            "change_peak": (raw["changes"] / pixels).max(axis=(1, 2)),
            "histogram": raw["counts"].reshape(count, 32, 8).sum(axis=2) / total,
            # the code value under which 1 % (99 %) of the pixels lie
            "low": (below < 0.01 * total).sum(axis=1).astype(np.float64),
            "high": (below < 0.99 * total).sum(axis=1).astype(np.float64),
            "flow": _exact(raw["flow"][:, :, :, ::-1], motion.FRACTION),
            "camera": raw["camera"].copy(),
            "back": back[:, :, 0] / (UNIT * np.maximum(back[:, :, 1], 1)),
            "ahead": ahead[:, :, 0] / (UNIT * np.maximum(ahead[:, :, 1], 1)),
            "error": _exact(back[:, 0, 2], PIXELS),
            "skip": _exact(raw["skip"], PIXELS),
            "outlier": _exact(raw["outlier"], PIXELS),
            "trust": _exact(back[:, 0, 1], CELL**2),
            "likeness": self._likeness(raw["products"]),
        }

    def _likeness(self, products: Array) -> Float64:
        """Correlation from sums; 1 where neither picture has a gradient, and for the first frame."""
        aa, bb, ab = (products[:, k].astype(np.float64) for k in range(3))
        size = np.sqrt(aa * bb)
        alike = np.where(size > 0, ab / np.maximum(size, 1.0), 0.0)
        return np.asarray(np.where((aa == 0) & (bb == 0), 1.0, np.clip(alike, -1.0, 1.0)))
