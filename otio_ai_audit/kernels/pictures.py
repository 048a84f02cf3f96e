"""From planes to a small picture, and from small pictures to motion and residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import motion, residual, shrink
from .grid import CELL, MIN_SIDE, Grid
from .shrink import TOP, UNIT

Array: TypeAlias = npt.NDArray[Any]
Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Int16: TypeAlias = npt.NDArray[np.int16]
Int32: TypeAlias = npt.NDArray[np.int32]
Int64: TypeAlias = npt.NDArray[np.int64]

REACH = 28
"""Small pixels that a coarse block is searched for motion, each way; finer levels add 3."""
AGREEMENT = 48
"""Forward and backward vectors agree below this, in 32nds of a small pixel (1.5 px)."""


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
    detail : numpy.ndarray [shape=(rows, columns), dtype=float64]
        Mean |dx| + |dy| of full-resolution luma per cell, code values.
    levels : tuple of (plane, window means)
        Luma at small size, a half and a quarter, at least 8 × 8, with the mean of the 8 × 8 window
        that begins at each pixel.
    """

    luma: Int16
    blue: Int16 | None
    red: Int16 | None
    detail: Float64
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
    detail = slopes * gain / _cell_pixels(grid)
    return Small(luma, blue, red, detail, _levels(luma))


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


def _cell_pixels(grid: Grid) -> Float64:
    """Full-resolution pixels of each cell, shape (rows, columns)."""
    tall = np.full(grid.rows, CELL * grid.factor)
    wide = np.full(grid.columns, CELL * grid.factor)
    tall[-1] = grid.height * grid.factor - (grid.rows - 1) * CELL * grid.factor
    wide[-1] = grid.width * grid.factor - (grid.columns - 1) * CELL * grid.factor
    return np.asarray(tall[:, None] * wide[None, :], np.float64)


def _levels(luma: Int16) -> tuple[tuple[Int16, Int16], ...]:
    planes = [luma]
    for _ in range(2):
        above = planes[-1]
        half = np.empty((max(8, above.shape[0] // 2), max(8, above.shape[1] // 2)), np.int16)
        motion.halve(above, half)
        planes.append(half)
    out = []
    for plane in planes:
        height, width = plane.shape
        means = np.empty((height - 7, width - 7), np.int16)
        motion.window_means(plane, np.empty(width, np.int32), np.empty(width, np.int32), means)
        out.append((plane, means))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Stats:
    """Numbers of one small picture; code values.

    Attributes
    ----------
    luma, blue, red : numpy.ndarray [shape=(rows, columns)]
        Cell means.
    change : numpy.ndarray [shape=(rows, columns)] or None
        Mean |I(t) − I(t−1)| per cell; None without a frame before.
    counts : numpy.ndarray [shape=(256,), dtype=int64]
        Small pixels per code value.
    """

    luma: Float64
    blue: Float64
    red: Float64
    counts: Int64
    change_sums: Int64 | None


def cell_counts(grid: Grid, cell: int = CELL) -> Float64:
    """Pixels of each cell in a small plane, shape (rows, columns); `cell` is 4 for chroma."""
    height, width = (grid.height, grid.width) if cell == CELL else (grid.chroma_height, grid.chroma_width)
    tall = np.full(grid.rows, cell)
    wide = np.full(grid.columns, cell)
    tall[-1] = height - (grid.rows - 1) * cell
    wide[-1] = width - (grid.columns - 1) * cell
    return np.asarray(tall[:, None] * wide[None, :], np.float64)


def picture_stats(small: Small, before: Small | None, grid: Grid) -> Stats:
    """Cell means, histogram and change against the frame before, of one small picture."""
    shape = (grid.rows, grid.columns)
    sums = np.empty(shape, np.int64)
    shrink.cell_sums(small.luma, CELL, sums)
    luma = sums / (UNIT * cell_counts(grid))
    colours = []
    for plane in (small.blue, small.red):
        if plane is None:
            colours.append(np.full(shape, 128.0))
        else:
            shrink.cell_sums(plane, CELL // 2, sums)
            colours.append(sums / (UNIT * cell_counts(grid, CELL // 2)))
    counts = np.empty(256, np.int64)
    shrink.histogram(small.luma, 6, counts)
    changes = None
    if before is not None:
        changes = np.empty(shape, np.int64)
        shrink.cell_changes(small.luma, before.luma, CELL, changes)
    return Stats(luma, colours[0], colours[1], counts, changes)


def block_flow(a: Small, b: Small, grid: Grid) -> tuple[Int32, Float64]:
    """Find where each cell of `a` is in `b`.

    Parameters
    ----------
    a, b : Small
        Two frames of one grid.
    grid : Grid

    Returns
    -------
    flow : numpy.ndarray [shape=(rows, columns, 2), dtype=int32]
        (dy, dx) in 32nds of a small pixel.
    camera : numpy.ndarray [shape=(2, 3), dtype=float64]
        (dx, dy) = camera · (1, x, y), x and y in small pixels from the centre.

    Notes
    -----
    Integer search over a three-level pyramid, then two Gauss–Newton steps with fixed gradients of `a`
    (Baker & Matthews 2004, inverse compositional). Exact for identical pictures and whole-pixel shifts.
    """
    coarse = np.zeros(((grid.rows + 1) // 2, (grid.columns + 1) // 2, 2), np.int32)
    (a0, ma0), (a1, ma1), (a2, ma2) = a.levels
    (b0, mb0), (b1, mb1), (b2, mb2) = b.levels
    camera = np.zeros((2, 3))
    motion.match_coarse(a2, b2, ma2, mb2, 4, REACH // 4, coarse)
    motion.fit_camera(coarse, 1.0, 4, a2.shape[0], a2.shape[1], 5, camera)
    camera[:, 0] *= 2
    middle = np.zeros((grid.rows, grid.columns, 2), np.int32)
    motion.match_fine(a1, b1, ma1, mb1, coarse, 2, camera, 4, REACH // 2 + 1, middle)
    motion.fit_camera(middle, 1.0, 4, a1.shape[0], a1.shape[1], 6, camera)
    camera[:, 0] *= 2
    whole = np.zeros_like(middle)
    motion.match_fine(a0, b0, ma0, mb0, middle, 1, camera, CELL, REACH + 3, whole)
    flow = np.zeros_like(middle)
    motion.refine(a0, b0, whole, np.empty((3, 64), np.int32), flow)
    motion.fit_camera(flow, 1.0 / motion.FRACTION, CELL, grid.height, grid.width, 7, camera)
    return flow, camera


@dataclass(frozen=True, slots=True)
class Pair:
    """Flow between two successive frames, both ways; the first of them is the earlier one."""

    back: Int32
    """From the later frame to the earlier, shape (rows, columns, 2), (dy, dx) in 32nds of a pixel."""
    ahead: Int32
    """From the earlier frame to the later."""
    camera: Float64
    """Global affine of `back`, shape (2, 3)."""


def pair_flow(earlier: Small, later: Small, grid: Grid, same: bool = False) -> Pair:
    """Flow both ways between two successive frames; `same` says that they are identical."""
    if same:
        still = np.zeros((grid.rows, grid.columns, 2), np.int32)
        return Pair(still, still, np.zeros((2, 3)))
    back, camera = block_flow(later, earlier, grid)
    ahead, _ = block_flow(earlier, later, grid)
    return Pair(back, ahead, camera)


@dataclass(frozen=True, slots=True)
class Side:
    """One frame against a neighbour brought to it by motion; code values.

    Attributes
    ----------
    signed : numpy.ndarray [shape=(3, rows, columns)]
        Mean of I − W over trusted pixels; Y, Cb, Cr; 0 where none is trusted.
    unsigned : numpy.ndarray [shape=(rows, columns)]
        Mean |I − W| of luma over all pixels.
    trust : numpy.ndarray [shape=(rows, columns)]
        Share of trusted pixels.
    warped : numpy.ndarray [shape=(height, width), dtype=int16]
        The neighbour's luma where this frame has it.
    """

    signed: Float64
    unsigned: Float64
    trust: Float64
    warped: Int16


def compensate(now: Small, other: Small, flow: Int32, reverse: Int32, grid: Grid) -> Side:
    """Bring `other` to `now` by `flow`, and compare; `reverse` is the flow from `other` to `now`."""
    mask = np.empty(now.luma.shape, np.int16)
    residual.agreement(flow, reverse, CELL, AGREEMENT, mask)
    warped = np.empty(now.luma.shape, np.int16)
    residual.warp(other.luma, flow, CELL, 5, warped)
    sums = np.empty((3, grid.rows, grid.columns), np.int64)
    signed = np.zeros((3, grid.rows, grid.columns))
    counts = cell_counts(grid)
    residual.compare(now.luma, warped, mask, CELL, 1, sums)
    signed[0] = sums[0] / (UNIT * np.maximum(sums[1], 1))
    unsigned = sums[2] / (UNIT * counts)
    trust = sums[1] / counts
    for index, (plane, before) in enumerate(((now.blue, other.blue), (now.red, other.red)), start=1):
        if plane is None or before is None:
            continue
        moved = np.empty(plane.shape, np.int16)
        # chroma has half the pixels: the same vector is in 64ths of its pixel
        residual.warp(before, flow, CELL // 2, 6, moved)
        residual.compare(plane, moved, mask, CELL // 2, 2, sums)
        signed[index] = sums[0] / (UNIT * np.maximum(sums[1], 1))
    return Side(signed, unsigned, trust, warped)


def skip_error(before: Int16, after: Int16, grid: Grid) -> Float64:
    """Mean |before − after| per cell of two warped pictures, code values, shape (rows, columns)."""
    sums = np.empty((grid.rows, grid.columns), np.int64)
    shrink.cell_changes(before, after, CELL, sums)
    return np.asarray(sums / (UNIT * cell_counts(grid)))


def likeness(now: Int16, warped: Int16, grid: Grid) -> float:
    """Correlation of the gradients of two pictures, in [−1, 1]; 1 where neither has any."""
    products = np.empty(3, np.int64)
    residual.gradient_products(now, warped, CELL, grid.rows, grid.columns, products)
    aa, bb, ab = (float(value) for value in products)
    if aa == 0.0 and bb == 0.0:
        return 1.0
    return ab / (aa * bb) ** 0.5 if aa > 0.0 and bb > 0.0 else 0.0
