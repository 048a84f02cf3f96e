"""Planes of a frame become the small picture; numbers of a small picture on its own.

Small pictures are ``int16`` in 64ths of a code value, 0 to 255 × 64, limited and full range alike.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .eights import colour_by_eights, luma_by_eights
from .jit import filled, float64, given, helper, int64, kernel

Array: TypeAlias = npt.NDArray[Any]
Int16: TypeAlias = npt.NDArray[np.int16]

UNIT = 64
"""Steps of a small picture per code value."""
TOP = 255 * UNIT
# A slope buffer of 16 bits holds this many rows of |dx| + |dy| <= 510.
_SLOPE_ROWS = 128


@helper
def _eight_rows(plane: Array, y: int, wide: int, column: Array, slope: Array) -> None:
    """Add eight rows to the columns and the slopes of four; reading them side by side hides waiting."""
    kind = slope.dtype.type  # as narrow as the sums allow: twice the pixels in a vector
    p0, p1, p2, p3 = plane[y], plane[y + 1], plane[y + 2], plane[y + 3]
    p4, p5, p6, p7 = plane[y + 4], plane[y + 5], plane[y + 6], plane[y + 7]
    for x in range(wide - 1):
        a, b, c = p0[x], p0[x + 1], p1[x]
        s = kind(kind(max(a, b) - min(a, b)) + kind(max(a, c) - min(a, c)))
        d, e, f = p2[x], p2[x + 1], p3[x]
        s = kind(s + kind(max(d, e) - min(d, e)) + kind(max(d, f) - min(d, f)))
        g, h, i = p4[x], p4[x + 1], p5[x]
        s = kind(s + kind(max(g, h) - min(g, h)) + kind(max(g, i) - min(g, i)))
        j, k, m = p6[x], p6[x + 1], p7[x]
        s = kind(s + kind(max(j, k) - min(j, k)) + kind(max(j, m) - min(j, m)))
        slope[x] = kind(slope[x] + s)
        s = kind(kind(kind(a) + kind(c)) + kind(kind(d) + kind(f)))
        s = kind(s + kind(kind(g) + kind(i)) + kind(kind(j) + kind(m)))
        column[x] = kind(column[x] + s)
    x = wide - 1
    for k in range(y, y + 8):
        column[x] += kind(plane[k, x])
    for k in range(y, y + 8, 2):
        slope[x] += kind(max(plane[k, x], plane[k + 1, x]) - min(plane[k, x], plane[k + 1, x]))


@helper
def _one_row(here: Array, below: Array, slopes: bool, wide: int, column: Array, slope: Array) -> None:
    """Add a row to the columns and, if asked, its slopes."""
    kind = slope.dtype.type
    for x in range(wide):
        column[x] += kind(here[x])
    if slopes:
        for x in range(wide - 1):
            a, b, c = here[x], here[x + 1], below[x]
            slope[x] += kind(max(a, b) - min(a, b)) + kind(max(a, c) - min(a, c))
        a, c = here[wide - 1], below[wide - 1]
        slope[wide - 1] += kind(max(a, c) - min(a, c))


@kernel(
    (
        *(given("uint8", 2), int64, int64, filled("uint16", 1), filled("uint16", 1), filled("int32", 1)),
        *(filled("int32", 2), filled("int64", 2)),
    ),
    (
        *(given("uint16", 2), int64, int64, filled("uint32", 1), filled("uint32", 1), filled("int32", 1)),
        *(filled("int32", 2), filled("int64", 2)),
    ),
)
def box_luma(
    plane: Array,
    factor: int,
    cell: int,
    column: Array,
    slope: Array,
    eighths: Array,
    sums: Array,
    detail: Array,
) -> None:
    """Sum boxes of `factor` × `factor` pixels, and |dx| + |dy| of every second row of a box per cell."""
    height, width = sums.shape
    rows, columns = detail.shape
    wide = width * factor
    if factor % 8 == 0 and luma_by_eights(plane, factor, cell, eighths, sums, detail):
        return
    held = 0
    detail[:, :] = 0
    for x in range(wide):
        slope[x] = 0
    for sy in range(height):
        for x in range(wide):
            column[x] = 0
        end = sy * factor + factor
        last = height * factor - 1
        if factor % 8 == 0:
            for y in range(sy * factor, end, 8):
                _eight_rows(plane, y, wide, column, slope)
                held += 4
        else:
            for y in range(sy * factor, end):
                second = (y - sy * factor) % 2 == 0
                _one_row(plane[y], plane[min(y + 1, last)], second, wide, column, slope)
                held += 1
        _gather(column, factor, 1, 0, eighths, sums[sy])
        row = min(sy // cell, rows - 1)
        if sy == height - 1 or min((sy + 1) // cell, rows - 1) != row or held + factor > _SLOPE_ROWS:
            held = 0
            for c in range(columns):
                end = wide if c == columns - 1 else (c + 1) * cell * factor
                total = np.int64(0)
                for x in range(c * cell * factor, end):
                    total += np.int64(slope[x])
                detail[row, c] += total
            for x in range(wide):
                slope[x] = 0


@kernel(
    (
        *(given("uint8", 2), int64, int64, int64, int64, filled("uint16", 1), filled("int32", 1)),
        filled("int32", 2),
    ),
    (
        *(given("uint16", 2), int64, int64, int64, int64, filled("uint32", 1), filled("int32", 1)),
        filled("int32", 2),
    ),
)
def box_chroma(
    plane: Array, step: int, offset: int, across: int, down: int, column: Array, eighths: Array, sums: Array
) -> None:
    """Sum boxes of `across` × `down` samples that begin at `offset` and lie `step` apart in a row."""
    height, width = sums.shape
    wide = width * across * step
    if (
        across % 8 == 0
        and down % 8 == 0
        and step == 1
        and colour_by_eights(plane, across, down, eighths, sums)
    ):
        return
    kind = column.dtype.type
    for sy in range(height):
        for x in range(wide):
            column[x] = 0
        for y in range(sy * down, sy * down + down):
            row = plane[y]
            for x in range(wide):
                column[x] += kind(row[x])
        _gather(column, across, step, offset, eighths, sums[sy])


@helper
def _gather(column: Array, factor: int, step: int, offset: int, eighths: Array, out: Array) -> None:
    """Sum each `factor` columns, `step` apart."""
    width = out.size
    if factor % 8 == 0 and step == 1:
        # eight at a time is turned into vector code; a loop over `factor` is not
        for x in range(width * factor // 8):
            i = 8 * x
            s = np.int32(column[i]) + np.int32(column[i + 1]) + np.int32(column[i + 2])
            s += np.int32(column[i + 3]) + np.int32(column[i + 4]) + np.int32(column[i + 5])
            eighths[x] = s + np.int32(column[i + 6]) + np.int32(column[i + 7])
        parts = factor // 8
        for x in range(width):
            s = np.int32(0)
            for k in range(parts):
                s = np.int32(s + eighths[x * parts + k])
            out[x] = s
    else:
        for x in range(width):
            s = np.int32(0)
            start = x * factor * step + offset
            for k in range(factor):
                s = np.int32(s + np.int32(column[start + k * step]))
            out[x] = s


@kernel((given("int32", 2), float64, float64, int64, filled("int16", 2)))
def level(sums: Array, gain: float, bias: float, top: int, out: Array) -> None:
    """Scale sums to steps of a small picture: floor(sums · gain + bias), held to 0 … `top`."""
    height, width = sums.shape
    for y in range(height):
        for x in range(width):
            value = np.floor(sums[y, x] * gain + bias)
            out[y, x] = np.int16(min(max(value, 0.0), float(top)))


@kernel((given("int16", 2), int64, filled("int32", 2)))
def cell_sums(plane: Array, cell: int, sums: Array) -> None:
    """Sum a small plane per cell of 8 × 8 or 4 × 4 pixels."""
    height, width = plane.shape
    rows, columns = sums.shape
    flat = plane.ravel()
    pitch = np.uint64(width)
    for r in range(rows):
        y = min(r * cell, height - cell)
        for c in range(columns):
            start = np.uint64(y * width + min(c * cell, width - cell))
            total = np.int32(0)
            if cell == 8:
                for j in range(8):
                    for i in range(8):
                        total = np.int32(total + np.int32(flat[start + np.uint64(i) * pitch + np.uint64(j)]))
            else:
                for j in range(4):
                    for i in range(4):
                        total = np.int32(total + np.int32(flat[start + np.uint64(i) * pitch + np.uint64(j)]))
            sums[r, c] = total


@kernel((given("int16", 2), given("int16", 2), filled("int32", 2)))
def cell_changes(plane: Array, other: Array, sums: Array) -> None:
    """Sum |plane − other| per cell of 8 × 8 pixels."""
    height, width = plane.shape
    rows, columns = sums.shape
    flat_a, flat_b = plane.ravel(), other.ravel()
    pitch = np.uint64(width)
    for r in range(rows):
        y = min(8 * r, height - 8)
        for c in range(columns):
            start = np.uint64(y * width + min(8 * c, width - 8))
            total = np.int32(0)
            for j in range(8):
                for i in range(8):
                    k = start + np.uint64(i) * pitch + np.uint64(j)
                    total = np.int32(
                        total + np.int32(abs(np.int32(np.int32(flat_a[k]) - np.int32(flat_b[k]))))
                    )
            sums[r, c] = total


@kernel((given("int16", 2), int64, filled("int32", 1)))
def histogram(plane: Array, shift: int, counts: Array) -> None:
    """Count pixels by value >> shift."""
    flat = plane.ravel()
    counts[:] = 0
    bits = np.uint64(shift)
    for k in range(flat.size):
        counts[np.uint64(flat[k]) >> bits] += 1
