"""Geometry of the small picture and its cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

CELL = 8
"""Side of a cell in small pixels; chroma planes have half as many pixels, so 4 there."""
LONG_SIDE = 240
"""Small pixels that the long side is reduced to, about."""
MAX_FACTOR = 64
"""Largest box: sums of 16-bit samples stay inside 32 bits."""
MIN_SIDE = 16
"""Fewest pixels a side; smaller pictures are enlarged by repeating their edge before measuring."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How a picture of `picture_width` × `picture_height` becomes a small picture and cells.

    `factor` full pixels a side make one small pixel: about `LONG_SIDE` small pixels on the long
    side, and at least three cells on the short one where the picture has that many pixels. Up to
    ``factor − 1`` rows and columns at the right and bottom edge fill no small pixel and are left
    out (0.4 % of 1080p at most). Cells are 8 × 8 small pixels, side by side; the last row and column
    are moved inwards so that they are whole too, and overlap the one before by up to 7 pixels. (Sums of
    slopes at full resolution do not overlap there: those last cells are narrower.)
    """

    picture_width: int
    picture_height: int
    factor: int
    width: int
    height: int
    rows: int
    columns: int

    @classmethod
    def of(cls, width: int, height: int) -> Grid:
        """Choose the reduction for a picture of at least `MIN_SIDE` pixels a side.

        Raises
        ------
        ValueError
            If a side has fewer than `MIN_SIDE` pixels.
        """
        if min(width, height) < MIN_SIDE:
            raise ValueError(
                f"a picture of {width} x {height} pixels is smaller than {MIN_SIDE} x {MIN_SIDE}"
            )
        factor = min(round(max(width, height) / LONG_SIDE), min(width, height) // (3 * CELL), MAX_FACTOR)
        factor = max(1, factor)
        small_width, small_height = width // factor, height // factor
        return cls(
            picture_width=width,
            picture_height=height,
            factor=factor,
            width=small_width,
            height=small_height,
            rows=-(-small_height // CELL),
            columns=-(-small_width // CELL),
        )

    @property
    def chroma_width(self) -> int:
        return self.width // 2

    @property
    def chroma_height(self) -> int:
        return self.height // 2

    def slope_pixels(self) -> Float64:
        """Full-resolution pixels of each cell whose slopes are summed: every second row of a box."""
        tall = np.full(self.rows, CELL)
        wide = np.full(self.columns, CELL)
        tall[-1] = self.height - (self.rows - 1) * CELL
        wide[-1] = self.width - (self.columns - 1) * CELL
        small = np.asarray(tall[:, None] * wide[None, :], np.float64)
        return small * (self.factor * -(-self.factor // 2))
