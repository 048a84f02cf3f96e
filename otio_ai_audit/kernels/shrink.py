"""Planes of a frame become the small picture; numbers of a small picture on its own.

Small pictures are ``int16`` in 64ths of a code value, 0 to 255 × 64, limited and full range alike.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .jit import filled, float64, given, int64, kernel

Array: TypeAlias = npt.NDArray[Any]
Int16: TypeAlias = npt.NDArray[np.int16]

UNIT = 64
"""Steps of a small picture per code value."""
TOP = 255 * UNIT
# A slope buffer of 16 bits holds this many rows of |dx| + |dy| <= 510.
_SLOPE_ROWS = 128


@kernel(
    (given("uint8", 2), int64, int64, filled("uint16", 1), filled("uint16", 1), filled("int32", 1))
    + (filled("int32", 2), filled("int64", 2)),
    (given("uint16", 2), int64, int64, filled("uint32", 1), filled("uint32", 1), filled("int32", 1))
    + (filled("int32", 2), filled("int64", 2)),
)
def box_luma(  # noqa: D103
    plane: Array,
    factor: int,
    cell: int,
    column: Array,
    slope: Array,
    eighth: Array,
    sums: Array,
    detail: Array,
) -> None:
    height, width = sums.shape
    rows, columns = detail.shape
    wide = width * factor
    held = 0
    detail[:, :] = 0
    for x in range(wide):
        slope[x] = 0
    for sy in range(height):
        for x in range(wide):
            column[x] = 0
        for y in range(sy * factor, sy * factor + factor):
            here = plane[y]
            below = plane[min(y + 1, height * factor - 1)]
            for x in range(wide - 1):
                a = here[x]
                b = here[x + 1]
                c = below[x]
                slope[x] += np.uint16(max(a, b) - min(a, b)) + np.uint32(max(a, c) - min(a, c))
                column[x] += a
            a = here[wide - 1]
            c = below[wide - 1]
            slope[wide - 1] += np.uint32(max(a, c) - min(a, c))
            column[wide - 1] += a
        small = sums[sy]
        if factor % 8 == 0:
            # eight at a time: this form is turned into vector code, a loop over `factor` is not
            for x in range(wide // 8):
                i = 8 * x
                s = np.int32(column[i]) + np.int32(column[i + 1]) + np.int32(column[i + 2])
                s += np.int32(column[i + 3]) + np.int32(column[i + 4]) + np.int32(column[i + 5])
                eighth[x] = s + np.int32(column[i + 6]) + np.int32(column[i + 7])
            for x in range(width):
                s = 0
                for k in range(factor // 8):
                    s += eighth[x * (factor // 8) + k]
                small[x] = s
        else:
            for x in range(width):
                s = 0
                for k in range(factor):
                    s += np.int64(column[x * factor + k])
                small[x] = s
        held += factor
        row = min(sy // cell, rows - 1)
        if sy == height - 1 or min((sy + 1) // cell, rows - 1) != row or held + factor > _SLOPE_ROWS:
            held = 0
            for c in range(columns):
                end = wide if c == columns - 1 else (c + 1) * cell * factor
                total = np.int64(0)
                for x in range(c * cell * factor, end):
                    total += np.int64(slope[x])
                    slope[x] = 0
                detail[row, c] += total


@kernel(
    (given("uint8", 2), int64, int64, int64, int64, filled("int32", 1), filled("int32", 2)),
    (given("uint16", 2), int64, int64, int64, int64, filled("int32", 1), filled("int32", 2)),
)
def box_chroma(  # noqa: D103
    plane: Array, step: int, offset: int, across: int, down: int, column: Array, sums: Array
) -> None:
    height, width = sums.shape
    wide = width * across * step
    for sy in range(height):
        for x in range(wide):
            column[x] = 0
        for y in range(sy * down, sy * down + down):
            row = plane[y]
            for x in range(wide):
                column[x] += np.int32(row[x])
        small = sums[sy]
        for x in range(width):
            s = 0
            start = x * across * step + offset
            for k in range(across):
                s += column[start + k * step]
            small[x] = s


@kernel((given("int32", 2), float64, float64, int64, filled("int16", 2)))
def level(sums: Array, gain: float, bias: float, top: int, out: Array) -> None:  # noqa: D103
    height, width = sums.shape
    for y in range(height):
        for x in range(width):
            value = np.floor(sums[y, x] * gain + bias)
            out[y, x] = np.int16(min(max(value, 0.0), float(top)))


@kernel((given("int16", 2), int64, filled("int64", 2)))
def cell_sums(plane: Array, cell: int, sums: Array) -> None:  # noqa: D103
    height, width = plane.shape
    rows, columns = sums.shape
    sums[:, :] = 0
    for y in range(height):
        line = plane[y]
        r = min(y // cell, rows - 1)
        for c in range(columns):
            end = width if c == columns - 1 else (c + 1) * cell
            total = np.int64(0)
            for x in range(c * cell, end):
                total += np.int64(line[x])
            sums[r, c] += total


@kernel((given("int16", 2), given("int16", 2), int64, filled("int64", 2)))
def cell_changes(plane: Array, before: Array, cell: int, sums: Array) -> None:  # noqa: D103
    height, width = plane.shape
    rows, columns = sums.shape
    sums[:, :] = 0
    for y in range(height):
        line = plane[y]
        other = before[y]
        r = min(y // cell, rows - 1)
        for c in range(columns):
            end = width if c == columns - 1 else (c + 1) * cell
            total = np.int64(0)
            for x in range(c * cell, end):
                total += np.int64(abs(np.int64(line[x]) - np.int64(other[x])))
            sums[r, c] += total


@kernel((given("int16", 2), int64, filled("int64", 1)))
def histogram(plane: Array, width_of_bin: int, counts: Array) -> None:  # noqa: D103
    height, width = plane.shape
    counts[:] = 0
    for y in range(height):
        line = plane[y]
        for x in range(width):
            counts[np.int64(line[x]) // width_of_bin] += 1
