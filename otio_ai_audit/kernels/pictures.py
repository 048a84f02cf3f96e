"""From the planes of a frame to its small picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import residual
from .frame import shrink_planes
from .grid import MIN_SIDE, Grid
from .shrink import UNIT

Array: TypeAlias = npt.NDArray[Any]
Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Int16: TypeAlias = npt.NDArray[np.int16]
Int32: TypeAlias = npt.NDArray[np.int32]
Int64: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Planes:
    """Planes of one frame as the decoder holds them.

    Attributes
    ----------
    planes : tuple of numpy.ndarray [shape=(rows, pitch), dtype=uint8 or uint16, C-contiguous]
        Y, Cb, Cr; or Y alone; or Y and interleaved CbCr.
    width, height : int
        Luma pixels inside the padding.
    chroma_width, chroma_height : int
        Chroma pixels; ignored where there is no chroma.
    bits : int
        Bits of the largest code value as stored: depth + shift (16 for ``p010le``).
    full_range : bool
        False: black at 16 and white at 235 of 255.
    interleaved : bool
        Cb and Cr share the second plane.
    """

    planes: tuple[Array, ...]
    width: int
    height: int
    chroma_width: int
    chroma_height: int
    bits: int
    full_range: bool
    interleaved: bool = False


@dataclass(frozen=True, slots=True)
class Small:
    """One frame reduced to about 240 pixels: code values 0–255 in 64ths.

    Attributes
    ----------
    luma : numpy.ndarray [shape=(height, width), dtype=int16]
    blue, red : numpy.ndarray [shape=(height // 2, width // 2), dtype=int16] or None
        Cb and Cr, 128 is neutral; None without colour.
    margins : tuple of numpy.ndarray
        Luma, Cb and Cr with a margin of repeated edge pixels, for fetching what moved; without colour
        the chroma planes have no pixel but the margin.
    slopes : numpy.ndarray [shape=(rows, columns), dtype=int64]
        Sum of |dx| + |dy| of full-resolution luma per cell, as stored; see `slope_pixels`.
    gain : float
        Code values 0–255 per stored one.
    levels : tuple of numpy.ndarray
        Luma at small size, a half and a quarter, at least 8 × 8.
    means : tuple of numpy.ndarray
        Of each level the mean of the 8 × 8 window that begins at each pixel.
    """

    luma: Int16
    blue: Int16 | None
    red: Int16 | None
    margins: tuple[Int16, Int16, Int16]
    slopes: Int64
    gain: float
    levels: tuple[Int16, Int16, Int16]
    means: tuple[Int16, Int16, Int16]

    @property
    def planes(self) -> tuple[Int16, Int16, Int16]:
        """Luma, Cb and Cr; without colour two empty planes."""
        if self.blue is None or self.red is None:
            return self.luma, _NOTHING, _NOTHING
        return self.luma, self.blue, self.red

    @classmethod
    def empty(cls, grid: Grid, colour: bool, gain: float) -> Small:
        """Make room for a small picture."""

        def room(height: int, width: int) -> Int16:
            return np.empty((height, width), np.int16)

        luma = room(grid.height, grid.width)
        half = room(max(8, grid.height // 2), max(8, grid.width // 2))
        levels = luma, half, room(max(8, half.shape[0] // 2), max(8, half.shape[1] // 2))
        pad = residual.PAD
        deep, wide = (grid.chroma_height, grid.chroma_width) if colour else (0, 0)
        return cls(
            luma,
            room(deep, wide) if colour else None,
            room(deep, wide) if colour else None,
            (
                room(grid.height + 2 * pad, grid.width + 2 * pad),
                np.zeros((deep + pad, wide + pad), np.int16),
                np.zeros((deep + pad, wide + pad), np.int16),
            ),
            np.empty((grid.rows, grid.columns), np.int64),
            gain,
            levels,
            tuple(room(level.shape[0] - 7, level.shape[1] - 7) for level in levels),  # type: ignore[arg-type]
        )


_NOTHING: Int16 = np.empty((0, 0), np.int16)


def _at_least(plane: Array, width: int, height: int, side_x: int, side_y: int) -> tuple[Array, int, int]:
    """Enlarge a tiny plane by repeating its edge; others pass through."""
    if width >= side_x and height >= side_y:
        return plane, width, height
    grown = np.pad(
        plane[:height, :width], ((0, max(0, side_y - height)), (0, max(0, side_x - width))), mode="edge"
    )
    return np.ascontiguousarray(grown), max(width, side_x), max(height, side_y)


def grid_of(width: int, height: int) -> Grid:
    """Grid of a picture of any size; one below `MIN_SIDE` is measured with its edge repeated."""
    return Grid.of(max(width, MIN_SIDE), max(height, MIN_SIDE))


def shrink_frame(frame: Planes, grid: Grid) -> Small:
    """Reduce a frame to its small picture in one pass over each plane.

    Parameters
    ----------
    frame : Planes
        One frame; its planes are only read.
    grid : Grid
        From `grid_of` with the frame's width and height.

    Returns
    -------
    Small

    Raises
    ------
    ValueError
        If a plane is not C-contiguous uint8 or uint16, or smaller than it claims.
    """
    return Shrinker(grid)(frame)


class Shrinker:
    """Reduces frames of one medium; what depends on their layout is worked out once.

    Parameters
    ----------
    grid : Grid
        From `grid_of` with the frames' width and height.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._sums = np.empty((grid.height, grid.width), np.int32)
        self._colour_sums = np.empty((grid.chroma_height, grid.chroma_width), np.int32)
        self._for: tuple[object, ...] = ()

    def __call__(self, frame: Planes, spare: Sequence[Small] = ()) -> Small:
        """Reduce a frame, if it can be into one of `spare`: what that held before is lost."""
        grid = self.grid
        luma, width, height = frame.planes[0], frame.width, frame.height
        check_plane(luma, width, height)
        if width < MIN_SIDE or height < MIN_SIDE:
            luma, width, height = _at_least(luma, width, height, MIN_SIDE, MIN_SIDE)
        if (width, height) != (grid.picture_width, grid.picture_height):
            raise ValueError(
                f"a grid for {grid.picture_width} x {grid.picture_height} got {width} x {height}"
            )
        colour = len(frame.planes) > 1
        described = (
            *(luma.dtype, colour, frame.chroma_width, frame.chroma_height),
            *(frame.bits, frame.full_range, frame.interleaved),
        )
        if described != self._for:
            self._prepare(frame, luma.dtype == np.uint8)
            self._for = described
        blue = red = luma
        if colour:
            blue, red = frame.planes[1], frame.planes[1 if frame.interleaved else 2]
            check_plane(blue, frame.chroma_width * self._step, frame.chroma_height)
            check_plane(red, frame.chroma_width * self._step, frame.chroma_height)
            if self._repeats is not None:
                blue, red = self._repeated(frame, blue, 0), self._repeated(frame, red, self._step - 1)
        for small in spare:
            if (small.blue is not None) == colour and small.gain == self._gain:
                break
        else:
            small = Small.empty(grid, colour, self._gain)
        shrink_planes(
            *(luma, blue, red, *self._scratch, self._layout, self._scales, self._sums, self._colour_sums),
            *(small.planes, small.margins, small.levels, small.means, small.slopes),
        )
        return small

    def _prepare(self, frame: Planes, eight: bool) -> None:
        grid, factor = self.grid, self.grid.factor
        colour = len(frame.planes) > 1
        scale = 2.0 ** (8 - frame.bits)
        if frame.full_range:
            gain, black = 255.0 / (2.0**frame.bits - 1.0), 0.0
        else:
            gain, black = scale * 255.0 / 219.0, 16.0 * 255.0 / 219.0
        self._gain = gain
        self._step, self._repeats = 1, None
        offset, box_x, box_y, colour_scales = 0, 1, 1, (0.0, 0.0)
        if colour:
            # a colour pixel is 2 × 2 small pixels, whatever the subsampling
            across = max(1, round(frame.width / max(1, frame.chroma_width)))
            down = max(1, round(frame.height / max(1, frame.chroma_height)))
            box_x, box_y = 2 * factor // min(across, 2), 2 * factor // min(down, 2)
            need = grid.chroma_width * box_x, grid.chroma_height * box_y
            self._step = 2 if frame.interleaved else 1
            # 4:1:1 and 4:1:0, and sizes that the subsampling does not divide: rare, one copy
            if across > 2 or down > 2 or need[0] > frame.chroma_width or need[1] > frame.chroma_height:
                self._repeats = (max(1, across // 2), max(1, down // 2), *need)
            offset = 1 if frame.interleaved else 0
            chroma_gain = scale * (1.0 if frame.full_range else 255.0 / 224.0)
            neutral = 128.0 * chroma_gain * 2.0 ** (frame.bits - 8)  # where grey lands before it goes to 128
            colour_scales = UNIT * chroma_gain / (box_x * box_y), 0.5 + UNIT * (128.0 - neutral)
        narrow = np.uint16 if eight else np.uint32
        step, offset = (1, 0) if self._repeats else (self._step, offset)
        wide = max(grid.width * factor, grid.chroma_width * box_x * step)
        self._scratch = np.empty(wide, narrow), np.empty(wide, narrow)
        self._layout = np.array([factor, colour, step, offset, box_x, box_y], np.int64)
        self._scales = np.array([UNIT * gain / factor**2, 0.5 - UNIT * black, *colour_scales])

    def _repeated(self, frame: Planes, plane: Array, offset: int) -> Array:
        """Bring a colour plane to at most two luma pixels a sample, and to the size that boxes need."""
        assert self._repeats is not None
        across, down, need_x, need_y = self._repeats
        plane = plane[: frame.chroma_height, offset : frame.chroma_width * self._step : self._step]
        plane = np.ascontiguousarray(plane.repeat(across, axis=1).repeat(down, axis=0))
        return _at_least(plane, plane.shape[1], plane.shape[0], need_x, need_y)[0]


def check_plane(plane: Array, width: int, height: int) -> None:
    """Refuse a plane that a kernel cannot read."""
    if plane.dtype not in _DTYPES or not plane.flags.c_contiguous:
        raise ValueError(f"a plane must be C-contiguous uint8 or uint16, not {plane.dtype}")
    if plane.ndim != 2 or plane.shape[0] < height or plane.shape[1] < width:
        raise ValueError(f"a plane of shape {plane.shape} cannot hold {width} x {height} pixels")


_DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16))
