"""What is left of the difference of two pictures after motion is taken out.

Every pixel of a cell moves by the cell's own vector: at borders of motion that keeps two movements
apart where a blend of neighbours would fit neither. Whole cells of 8 × 8 have loops of fixed length
with columns outside and rows inside, the form that is turned into vector code.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .jit import filled, given, helper, int64, kernel

Array: TypeAlias = npt.NDArray[Any]


@helper
def _blend(flat: Array, k: int, pitch: int, w00: int, w01: int, w10: int, w11: int, bits: int) -> int:
    """Bilinear value at place `k` with weights that add up to 2 ** bits."""
    one = np.uint64(1)
    s = np.int32(np.int32(flat[k]) * w00)
    s = np.int32(s + np.int32(np.int32(flat[k + one]) * w01))
    s = np.int32(s + np.int32(np.int32(flat[k + pitch]) * w10))
    s = np.int32(s + np.int32(np.int32(flat[k + pitch + one]) * w11))
    return np.int16(np.int32(s + np.int32(np.int32(1) << np.int32(bits - 1))) >> np.int32(bits))


@kernel((given("int16", 2), given("int32", 3), int64, int64, filled("int16", 2)))
def warp(plane: Array, flow: Array, cell: int, bits: int, out: Array) -> None:
    """Fetch each cell of `out` from `plane` where its vector points, bilinear, edges repeated."""
    height, width = plane.shape
    flat = plane.ravel()
    to = out.ravel()
    rows, columns = flow.shape[:2]
    pitch = np.uint64(width)
    full = 1 << bits
    for r in range(rows):
        y0 = r * cell
        y1 = height if r == rows - 1 else y0 + cell
        for c in range(columns):
            x0 = c * cell
            x1 = width if c == columns - 1 else x0 + cell
            iy = np.int64(flow[r, c, 0]) >> bits
            ix = np.int64(flow[r, c, 1]) >> bits
            fy = np.int32(flow[r, c, 0] & (full - 1))
            fx = np.int32(flow[r, c, 1] & (full - 1))
            w00 = np.int32((full - fy) * (full - fx))
            w01 = np.int32((full - fy) * fx)
            w10 = np.int32(fy * (full - fx))
            w11 = np.int32(fy * fx)
            if y0 + iy >= 0 and y1 + iy < height and x0 + ix >= 0 and x1 + ix < width:
                for y in range(y0, y1):
                    start = np.uint64((y + iy) * width + x0 + ix)
                    goal = np.uint64(y * width + x0)
                    if x1 - x0 == 8:
                        # all eight are fetched before one is stored: else each store could change
                        # what is fetched next, and no vector code is made
                        a = _blend(flat, start, pitch, w00, w01, w10, w11, 2 * bits)
                        b = _blend(flat, start + np.uint64(1), pitch, w00, w01, w10, w11, 2 * bits)
                        d = _blend(flat, start + np.uint64(2), pitch, w00, w01, w10, w11, 2 * bits)
                        e = _blend(flat, start + np.uint64(3), pitch, w00, w01, w10, w11, 2 * bits)
                        f = _blend(flat, start + np.uint64(4), pitch, w00, w01, w10, w11, 2 * bits)
                        g = _blend(flat, start + np.uint64(5), pitch, w00, w01, w10, w11, 2 * bits)
                        h = _blend(flat, start + np.uint64(6), pitch, w00, w01, w10, w11, 2 * bits)
                        i = _blend(flat, start + np.uint64(7), pitch, w00, w01, w10, w11, 2 * bits)
                        to[goal] = a
                        to[goal + np.uint64(1)] = b
                        to[goal + np.uint64(2)] = d
                        to[goal + np.uint64(3)] = e
                        to[goal + np.uint64(4)] = f
                        to[goal + np.uint64(5)] = g
                        to[goal + np.uint64(6)] = h
                        to[goal + np.uint64(7)] = i
                    else:
                        for j in range(x1 - x0):
                            k = np.uint64(j)
                            to[goal + k] = _blend(flat, start + k, pitch, w00, w01, w10, w11, 2 * bits)
            else:
                for y in range(y0, y1):
                    ya = min(max(y + iy, 0), height - 1)
                    yb = min(max(y + iy + 1, 0), height - 1)
                    for x in range(x0, x1):
                        xa = min(max(x + ix, 0), width - 1)
                        xb = min(max(x + ix + 1, 0), width - 1)
                        s = np.int64(plane[ya, xa]) * w00 + np.int64(plane[ya, xb]) * w01
                        s += np.int64(plane[yb, xa]) * w10 + np.int64(plane[yb, xb]) * w11
                        out[y, x] = np.int16((s + (1 << (2 * bits - 1))) >> (2 * bits))


@kernel((given("int32", 3), given("int32", 3), int64, int64, filled("int16", 2)))
def agreement(flow: Array, other: Array, cell: int, limit: int, out: Array) -> None:
    """Mark pixels (1, else 0) whose vector and the one at its end add up to less than `limit`."""
    height, width = out.shape
    rows, columns = flow.shape[:2]
    for r in range(rows):
        y0 = r * cell
        y1 = height if r == rows - 1 else y0 + cell
        for c in range(columns):
            x0 = c * cell
            x1 = width if c == columns - 1 else x0 + cell
            vy = np.int64(flow[r, c, 0])
            vx = np.int64(flow[r, c, 1])
            iy = (vy + 16) >> 5
            ix = (vx + 16) >> 5
            y = y0
            while y < y1:
                # rows that end in the same row of cells have the same answers
                ty = y + iy
                if ty < 0:
                    until = min(y1, -iy)
                    tr = -1
                elif ty >= height:
                    until = y1
                    tr = -1
                else:
                    tr = min(ty // cell, rows - 1)
                    until = y1 if tr == rows - 1 else min(y1, (tr + 1) * cell - iy)
                    if tr == rows - 1:
                        until = min(y1, height - iy)
                x = x0
                while x < x1:
                    tx = x + ix
                    if tx < 0:
                        right = min(x1, -ix)
                        tc = -1
                    elif tx >= width:
                        right = x1
                        tc = -1
                    else:
                        tc = min(tx // cell, columns - 1)
                        right = min(x1, width - ix) if tc == columns - 1 else min(x1, (tc + 1) * cell - ix)
                    good = 0
                    if tr >= 0 and tc >= 0:
                        dy = vy + np.int64(other[tr, tc, 0])
                        dx = vx + np.int64(other[tr, tc, 1])
                        if dy * dy + dx * dx < limit * limit:
                            good = 1
                    for i in range(y, until):
                        for j in range(x, right):
                            out[i, j] = good
                    x = right
                y = until


@kernel((given("int16", 2), given("int16", 2), given("int16", 2), int64, int64, filled("int64", 3)))
def compare(now: Array, warped: Array, mask: Array, cell: int, step: int, out: Array) -> None:
    """Per cell: sum of now − warped where `mask` is 1, how many those are, and sum of all |now − warped|."""
    height, width = now.shape
    rows, columns = out.shape[1:]
    flat_a, flat_b, trusted = now.ravel(), warped.ravel(), mask.ravel()
    pitch = np.uint64(width)
    stride = np.uint64(step)
    mask_pitch = np.uint64(mask.shape[1] * step)
    for r in range(rows):
        tall = height - r * cell if r == rows - 1 else cell
        for c in range(columns):
            wide = width - c * cell if c == columns - 1 else cell
            start = np.uint64(r * cell * width + c * cell)
            origin = np.uint64(r * cell * step * mask.shape[1] + c * cell * step)
            signed = np.int32(0)
            count = np.int32(0)
            unsigned = np.int32(0)
            if tall == 8 and wide == 8 and step == 1:
                for j in range(8):
                    for i in range(8):
                        k = start + np.uint64(i) * pitch + np.uint64(j)
                        t = np.int32(trusted[origin + np.uint64(i) * mask_pitch + np.uint64(j)])
                        d = np.int32(np.int32(flat_a[k]) - np.int32(flat_b[k]))
                        signed = np.int32(signed + np.int32(d * t))
                        count = np.int32(count + t)
                        unsigned = np.int32(unsigned + np.int32(abs(d)))
            else:
                for i in range(tall):
                    for j in range(wide):
                        k = start + np.uint64(i) * pitch + np.uint64(j)
                        t = np.int32(trusted[origin + np.uint64(i) * mask_pitch + np.uint64(j) * stride])
                        d = np.int32(np.int32(flat_a[k]) - np.int32(flat_b[k]))
                        signed = np.int32(signed + np.int32(d * t))
                        count = np.int32(count + t)
                        unsigned = np.int32(unsigned + np.int32(abs(d)))
            out[0, r, c] = signed
            out[1, r, c] = count
            out[2, r, c] = unsigned


@helper
def _slope(flat: Array, k: int, step: int) -> int:
    """Difference of neighbours in 8ths of a code value."""
    return np.int32(np.int32(np.int32(flat[k + step]) - np.int32(flat[k]) + np.int32(4)) >> 3)


@kernel((given("int16", 2), given("int16", 2), int64, int64, int64, filled("int64", 1)))
def gradient_products(now: Array, warped: Array, cell: int, rows: int, columns: int, out: Array) -> None:
    """Sums of g·g of `now`, of `warped`, and of both; slopes inside cells only, in 8ths of a code value."""
    height, width = now.shape
    flat_a, flat_b = now.ravel(), warped.ravel()
    pitch = np.uint64(width)
    one = np.uint64(1)
    out[:] = 0
    for r in range(rows):
        tall = height - r * cell if r == rows - 1 else cell
        for c in range(columns):
            wide = width - c * cell if c == columns - 1 else cell
            start = np.uint64(r * cell * width + c * cell)
            if tall == 8 and wide == 8:
                aa = np.int32(0)
                bb = np.int32(0)
                ab = np.int32(0)
                for j in range(7):
                    for i in range(8):
                        k = start + np.uint64(i) * pitch + np.uint64(j)
                        p = _slope(flat_a, k, one)
                        q = _slope(flat_b, k, one)
                        aa = np.int32(aa + np.int32(p * p))
                        bb = np.int32(bb + np.int32(q * q))
                        ab = np.int32(ab + np.int32(p * q))
                for j in range(8):
                    for i in range(7):
                        k = start + np.uint64(i) * pitch + np.uint64(j)
                        p = _slope(flat_a, k, pitch)
                        q = _slope(flat_b, k, pitch)
                        aa = np.int32(aa + np.int32(p * p))
                        bb = np.int32(bb + np.int32(q * q))
                        ab = np.int32(ab + np.int32(p * q))
                out[0] += aa
                out[1] += bb
                out[2] += ab
            else:
                for i in range(tall):
                    for j in range(wide):
                        k = start + np.uint64(i) * pitch + np.uint64(j)
                        if j < wide - 1:
                            p = np.int64(_slope(flat_a, k, one))
                            q = np.int64(_slope(flat_b, k, one))
                            out[0] += p * p
                            out[1] += q * q
                            out[2] += p * q
                        if i < tall - 1:
                            p = np.int64(_slope(flat_a, k, pitch))
                            q = np.int64(_slope(flat_b, k, pitch))
                            out[0] += p * p
                            out[1] += q * q
                            out[2] += p * q
