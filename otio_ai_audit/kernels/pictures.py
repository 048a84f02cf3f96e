"""From the planes of a frame to its small picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import match, residual, shrink
from .grid import CELL, MIN_SIDE, Grid
from .shrink import TOP, UNIT

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
    levels : tuple of (plane, window means)
        Luma at small size, a half and a quarter, at least 8 × 8, with the mean of the 8 × 8 window
        that begins at each pixel.
    """

    luma: Int16
    blue: Int16 | None
    red: Int16 | None
    margins: tuple[Int16, Int16, Int16]
    slopes: Int64
    gain: float
    levels: tuple[tuple[Int16, Int16], ...]


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
    luma_plane, width, height = (
        _checked(frame.planes[0], frame.width, frame.height),
        frame.width,
        frame.height,
    )
    luma_plane, width, height = _at_least(luma_plane, width, height, MIN_SIDE, MIN_SIDE)
    if (width, height) != (grid.picture_width, grid.picture_height):
        raise ValueError(f"a grid for {grid.picture_width} x {grid.picture_height} got {width} x {height}")
    factor = grid.factor
    wide = grid.width * factor
    narrow = np.uint16 if luma_plane.dtype == np.uint8 else np.uint32
    sums = np.empty((grid.height, grid.width), np.int32)
    slopes = np.empty((grid.rows, grid.columns), np.int64)
    shrink.box_luma(
        luma_plane,
        factor,
        CELL,
        np.empty(wide, narrow),
        np.empty(wide, narrow),
        np.empty(wide, np.int32),
        sums,
        slopes,
    )
    scale = 2.0 ** (8 - frame.bits)
    if frame.full_range:
        gain, black = 255.0 / (2.0**frame.bits - 1.0), 0.0
    else:
        gain, black = scale * 255.0 / 219.0, 16.0 * 255.0 / 219.0
    luma = np.empty((grid.height, grid.width), np.int16)
    shrink.level(sums, UNIT * gain / factor**2, 0.5 - UNIT * black, TOP, luma)
    blue = red = None
    if len(frame.planes) > 1:
        chroma_gain = scale * (1.0 if frame.full_range else 255.0 / 224.0)
        blue, red = _chroma(frame, grid, chroma_gain)
    margins = (_margin(luma, residual.PAD), _margin(blue, residual.PAD // 2), _margin(red, residual.PAD // 2))
    return Small(luma, blue, red, margins, slopes, gain, _levels(luma))


def _checked(plane: Array, width: int, height: int) -> Array:
    if plane.dtype not in (np.uint8, np.uint16) or not plane.flags.c_contiguous:
        raise ValueError(f"a plane must be C-contiguous uint8 or uint16, not {plane.dtype}")
    if plane.ndim != 2 or plane.shape[0] < height or plane.shape[1] < width:
        raise ValueError(f"a plane of shape {plane.shape} cannot hold {width} x {height} pixels")
    return plane


def _chroma(frame: Planes, grid: Grid, gain: float) -> tuple[Int16, Int16]:
    """Cb and Cr at half the small size: a pixel is 2 × 2 small pixels, whatever the subsampling."""
    across = max(1, round(frame.width / max(1, frame.chroma_width)))
    down = max(1, round(frame.height / max(1, frame.chroma_height)))
    out: list[Int16] = []
    for index in range(2):
        plane = frame.planes[1 if frame.interleaved else 1 + index]
        step, offset = (2, index) if frame.interleaved else (1, 0)
        width, height = frame.chroma_width, frame.chroma_height
        _checked(plane, width * step, height)
        # 4:1:1 and 4:1:0, and sizes that the subsampling does not divide: rare, one copy
        need_x = grid.chroma_width * 2 * grid.factor // min(across, 2)
        need_y = grid.chroma_height * 2 * grid.factor // min(down, 2)
        if across > 2 or down > 2 or need_x > width or need_y > height:
            plane = plane[:height, offset : width * step : step]
            plane = plane.repeat(max(1, across // 2), axis=1).repeat(max(1, down // 2), axis=0)
            plane, step, offset = np.ascontiguousarray(plane), 1, 0
            plane, width, height = _at_least(plane, plane.shape[1], plane.shape[0], need_x, need_y)
        box_x, box_y = 2 * grid.factor // min(across, 2), 2 * grid.factor // min(down, 2)
        sums = np.empty((grid.chroma_height, grid.chroma_width), np.int32)
        wide = grid.chroma_width * box_x * step
        narrow = np.uint16 if plane.dtype == np.uint8 else np.uint32
        column, eighths = np.empty(wide, narrow), np.empty(wide, np.int32)
        shrink.box_chroma(plane, step, offset, box_x, box_y, column, eighths, sums)
        small = np.empty(sums.shape, np.int16)
        neutral = 128.0 * gain * 2.0 ** (frame.bits - 8)  # where grey lands before it is moved back to 128
        shrink.level(sums, UNIT * gain / (box_x * box_y), 0.5 + UNIT * (128.0 - neutral), TOP, small)
        out.append(small)
    return out[0], out[1]


def _margin(plane: Int16 | None, pad: int) -> Int16:
    if plane is None:
        return np.zeros((2 * pad, 2 * pad), np.int16)
    out = np.empty((plane.shape[0] + 2 * pad, plane.shape[1] + 2 * pad), np.int16)
    residual.with_margin(plane, pad, out)
    return out


def _levels(luma: Int16) -> tuple[tuple[Int16, Int16], ...]:
    planes = [luma]
    for _ in range(2):
        above = planes[-1]
        half = np.empty((max(8, above.shape[0] // 2), max(8, above.shape[1] // 2)), np.int16)
        match.halve(above, half)
        planes.append(half)
    out = []
    for plane in planes:
        height, width = plane.shape
        means = np.empty((height - 7, width - 7), np.int16)
        match.window_means(plane, np.empty(width, np.int32), np.empty(width, np.int32), means)
        out.append((plane, means))
    return tuple(out)
