"""What is left of the difference of two pictures after motion is taken out."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .jit import filled, given, int64, kernel

Array: TypeAlias = npt.NDArray[Any]


@kernel((given("int16", 2), given("int32", 3), int64, int64, filled("int16", 2)))
def warp(plane: Array, flow: Array, cell: int, bits: int, out: Array) -> None:  # noqa: D103
    height, width = plane.shape
    flat = plane.ravel()
    rows, columns = flow.shape[:2]
    one = np.int32(1 << bits)
    half = np.int32(1 << (2 * bits - 1))
    for r in range(rows):
        y0 = r * cell
        y1 = height if r == rows - 1 else y0 + cell
        for c in range(columns):
            x0 = c * cell
            x1 = width if c == columns - 1 else x0 + cell
            vy = np.int64(flow[r, c, 0])
            vx = np.int64(flow[r, c, 1])
            iy = vy >> bits
            ix = vx >> bits
            fy = np.int32(vy & (one - 1))
            fx = np.int32(vx & (one - 1))
            w00 = np.int32((one - fy) * (one - fx))
            w01 = np.int32((one - fy) * fx)
            w10 = np.int32(fy * (one - fx))
            w11 = np.int32(fy * fx)
            if y0 + iy >= 0 and y1 + iy < height and x0 + ix >= 0 and x1 + ix < width:
                n = x1 - x0
                for y in range(y0, y1):
                    start = (y + iy) * width + x0 + ix
                    top = flat[start : start + n + 1]
                    bottom = flat[start + width : start + width + n + 1]
                    line = out[y, x0:x1]
                    if n == 8:
                        for x in range(8):
                            s = np.int32(np.int32(top[x]) * w00) + np.int32(np.int32(top[x + 1]) * w01)
                            s += np.int32(np.int32(bottom[x]) * w10) + np.int32(np.int32(bottom[x + 1]) * w11)
                            line[x] = np.int16(np.int32(s + half) >> (2 * bits))
                    else:
                        for x in range(n):
                            s = np.int32(np.int32(top[x]) * w00) + np.int32(np.int32(top[x + 1]) * w01)
                            s += np.int32(np.int32(bottom[x]) * w10) + np.int32(np.int32(bottom[x + 1]) * w11)
                            line[x] = np.int16(np.int32(s + half) >> (2 * bits))
            else:
                for y in range(y0, y1):
                    ya = min(max(y + iy, 0), height - 1)
                    yb = min(max(y + iy + 1, 0), height - 1)
                    for x in range(x0, x1):
                        xa = min(max(x + ix, 0), width - 1)
                        xb = min(max(x + ix + 1, 0), width - 1)
                        s = np.int32(plane[ya, xa]) * w00 + np.int32(plane[ya, xb]) * w01
                        s += np.int32(plane[yb, xa]) * w10 + np.int32(plane[yb, xb]) * w11
                        out[y, x] = np.int16((s + half) >> (2 * bits))


@kernel((given("int32", 3), given("int32", 3), int64, int64, filled("int16", 2)))
def agreement(flow: Array, other: Array, cell: int, limit: int, out: Array) -> None:  # noqa: D103
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
            done = np.int64(-1)
            for y in range(y0, y1):
                ty = y + iy
                if ty < 0 or ty >= height:
                    for x in range(x0, x1):
                        out[y, x] = 0
                    continue
                tr = min(ty // cell, rows - 1)
                if tr == done:
                    for x in range(x0, x1):
                        out[y, x] = out[y - 1, x]
                    continue
                done = tr
                for x in range(x0, x1):
                    tx = x + ix
                    good = 0
                    if 0 <= tx < width:
                        tc = min(tx // cell, columns - 1)
                        dy = vy + np.int64(other[tr, tc, 0])
                        dx = vx + np.int64(other[tr, tc, 1])
                        if dy * dy + dx * dx < limit * limit:
                            good = 1
                    out[y, x] = good


@kernel(
    (given("int16", 2), given("int16", 2), given("int16", 2), int64, int64, filled("int64", 3)),
)
def compare(now: Array, warped: Array, mask: Array, cell: int, step: int, out: Array) -> None:  # noqa: D103
    height, width = now.shape
    rows, columns = out.shape[1:]
    out[:, :, :] = 0
    for y in range(height):
        r = min(y // cell, rows - 1)
        line = now[y]
        other = warped[y]
        trusted = mask[y * step]
        for c in range(columns):
            x0 = c * cell
            x1 = width if c == columns - 1 else x0 + cell
            signed = np.int64(0)
            count = np.int64(0)
            unsigned = np.int64(0)
            for x in range(x0, x1):
                d = np.int64(line[x]) - np.int64(other[x])
                t = np.int64(trusted[x * step])
                signed += d * t
                count += t
                unsigned += abs(d)
            out[0, r, c] += signed
            out[1, r, c] += count
            out[2, r, c] += unsigned


@kernel((given("int16", 2), given("int16", 2), int64, int64, int64, filled("int64", 1)))
def gradient_products(  # noqa: D103
    now: Array, warped: Array, cell: int, rows: int, columns: int, out: Array
) -> None:
    height, width = now.shape
    out[:] = 0
    for y in range(height - 1):
        if (y + 1) % cell == 0 and (y + 1) // cell < rows:
            continue
        for c in range(columns):
            x0 = c * cell
            x1 = width if c == columns - 1 else x0 + cell
            aa = np.int64(0)
            bb = np.int64(0)
            ab = np.int64(0)
            for x in range(x0, x1 - 1):
                p = np.int64(now[y, x + 1]) - np.int64(now[y, x])
                q = np.int64(warped[y, x + 1]) - np.int64(warped[y, x])
                aa += p * p
                bb += q * q
                ab += p * q
                p = np.int64(now[y + 1, x]) - np.int64(now[y, x])
                q = np.int64(warped[y + 1, x]) - np.int64(warped[y, x])
                aa += p * p
                bb += q * q
                ab += p * q
            out[0] += aa
            out[1] += bb
            out[2] += ab
