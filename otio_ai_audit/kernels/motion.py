"""Where each cell was in another frame: three-level block match, sub-pixel step, global fit.

Vectors are (dx, dy) from a cell of picture `a` to the same content in picture `b`. A cost is the
sum of absolute differences of two 8 × 8 windows after their means are made equal, so that a change
of brightness does not look like motion. Near the border both windows move inwards together, so
that content that leaves the picture is still followed by what stays in it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .jit import filled, given, helper, int64, kernel

Array: TypeAlias = npt.NDArray[Any]

WINDOW = 8
FRACTION = 32
"""Steps of a flow vector per small pixel."""
# Cost of one pixel of distance from the predicted vector, and the cost above which a coarse block
# is searched exhaustively: 0.05 and 1 code value a pixel.
_DISTANCE = 205
_SEARCH = 4096
_RIDGE = 4096.0


@kernel((given("int16", 2), filled("int16", 2)))
def halve(plane: Array, out: Array) -> None:  # noqa: D103
    height, width = plane.shape
    rows, columns = out.shape
    for y in range(rows):
        top = plane[min(2 * y, height - 1)]
        bottom = plane[min(2 * y + 1, height - 1)]
        line = out[y]
        inside = min(columns, width // 2)
        for x in range(inside):
            i = 2 * x
            s = np.int32(top[i]) + np.int32(top[i + 1]) + np.int32(bottom[i]) + np.int32(bottom[i + 1])
            line[x] = np.int16((s + 2) >> 2)
        for x in range(inside, columns):
            i = min(2 * x, width - 1)
            line[x] = np.int16((np.int32(top[i]) + np.int32(bottom[i]) + 1) >> 1)


@kernel((given("int16", 2), filled("int32", 1), filled("int32", 1), filled("int16", 2)))
def window_means(plane: Array, column: Array, pair: Array, out: Array) -> None:  # noqa: D103
    width = plane.shape[1]
    rows, columns = out.shape
    for x in range(width):
        column[x] = 0
    for y in range(7):
        line = plane[y]
        for x in range(width):
            column[x] += np.int32(line[x])
    for y in range(rows):
        line = plane[y + 7]
        for x in range(width):
            column[x] += np.int32(line[x])
        for x in range(width - 1):
            pair[x] = column[x] + column[x + 1]
        mean = out[y]
        for x in range(columns):
            s = np.int32(pair[x]) + np.int32(pair[x + 2]) + np.int32(pair[x + 4]) + np.int32(pair[x + 6])
            mean[x] = np.int16((s + 32) >> 6)
        line = plane[y]
        for x in range(width):
            column[x] -= np.int32(line[x])


@helper
def _cost(
    a: Array,
    b: Array,
    mean_a: Array,
    mean_b: Array,
    height: int,
    width: int,
    y: int,
    x: int,
    dy: int,
    dx: int,
) -> int:
    """Mean-removed absolute differences of the window at (y, x) of `a` and (y + dy, x + dx) of `b`."""
    by = min(max(y + dy, 0), height - 8)
    bx = min(max(x + dx, 0), width - 8)
    ay = by - dy
    ax = bx - dx
    level = np.int32(
        np.int32(mean_a[np.uint64(ay * (width - 7) + ax)])
        - np.int32(mean_b[np.uint64(by * (width - 7) + bx)])
    )
    total = np.int32(0)
    for i in range(8):
        ra = a[ay * width + i * width + ax : ay * width + i * width + ax + 8]
        rb = b[by * width + i * width + bx : by * width + i * width + bx + 8]
        for j in range(8):
            d = np.int32(np.int32(np.int32(ra[j]) - np.int32(rb[j])) - level)
            total = np.int32(total + np.int32(abs(d)))
    return np.int64(total)


@kernel(
    (given("int16", 2), given("int16", 2), given("int16", 2), given("int16", 2))
    + (int64, int64, filled("int32", 3)),
)
def match_coarse(  # noqa: D103
    a: Array, b: Array, mean_a: Array, mean_b: Array, block: int, reach: int, out: Array
) -> None:
    height, width = a.shape
    fa, fb, ma, mb = a.ravel(), b.ravel(), mean_a.ravel(), mean_b.ravel()
    rows, columns = out.shape[:2]
    reach_y = min(reach, height - 8)
    reach_x = min(reach, width - 8)
    out[:, :, :] = 0
    for turn in range(2):
        for n in range(rows * columns):
            m = n if turn == 0 else rows * columns - 1 - n
            r = m // columns
            c = m % columns
            y = min(max(r * block + block // 2 - 4, 0), height - 8)
            x = min(max(c * block + block // 2 - 4, 0), width - 8)
            best_y = np.int64(out[r, c, 0])
            best_x = np.int64(out[r, c, 1])
            best = _cost(fa, fb, ma, mb, height, width, y, x, best_y, best_x)
            # what the neighbours found; on the way back also those to the right and below
            for k in range(4):
                if turn == 0:
                    nr = r if k == 0 else r - 1
                    nc = c - 1 if k == 0 else c + k - 2
                else:
                    nr = r if k == 0 else r + 1
                    nc = c + 1 if k == 0 else c + k - 2
                if nr < 0 or nr >= rows or nc < 0 or nc >= columns:
                    continue
                vy = np.int64(out[nr, nc, 0])
                vx = np.int64(out[nr, nc, 1])
                if vy == best_y and vx == best_x:
                    continue
                cost = _cost(fa, fb, ma, mb, height, width, y, x, vy, vx)
                if cost < best:
                    best = cost
                    best_y = vy
                    best_x = vx
            if turn == 0 and best > _SEARCH:
                near_y = best_y
                near_x = best_x
                for vy in range(-reach_y, reach_y + 1):
                    for vx in range(-reach_x, reach_x + 1):
                        cost = _cost(fa, fb, ma, mb, height, width, y, x, vy, vx)
                        cost += _DISTANCE * min(abs(vy - near_y) + abs(vx - near_x), abs(vy) + abs(vx))
                        if cost < best:
                            best = cost
                            best_y = vy
                            best_x = vx
            out[r, c, 0] = best_y
            out[r, c, 1] = best_x


@kernel(
    (given("int16", 2), given("int16", 2), given("int16", 2), given("int16", 2))
    + (given("int32", 3), int64, given("float64", 2), int64, int64, filled("int32", 3)),
)
def match_fine(  # noqa: D103
    a: Array,
    b: Array,
    mean_a: Array,
    mean_b: Array,
    parents: Array,
    ratio: int,
    camera: Array,
    cell: int,
    reach: int,
    out: Array,
) -> None:
    height, width = a.shape
    fa, fb, ma, mb = a.ravel(), b.ravel(), mean_a.ravel(), mean_b.ravel()
    rows, columns = out.shape[:2]
    parent_rows, parent_columns = parents.shape[:2]
    reach_y = min(reach, height - 8)
    reach_x = min(reach, width - 8)
    tried_y = np.zeros(9, np.int64)
    tried_x = np.zeros(9, np.int64)
    for r in range(rows):
        for c in range(columns):
            y = min(max(r * cell + cell // 2 - 4, 0), height - 8)
            x = min(max(c * cell + cell // 2 - 4, 0), width - 8)
            pr = min(r // ratio, parent_rows - 1)
            pc = min(c // ratio, parent_columns - 1)
            near_y = min(max(2 * np.int64(parents[pr, pc, 0]), -reach_y), reach_y)
            near_x = min(max(2 * np.int64(parents[pr, pc, 1]), -reach_x), reach_x)
            best_y = near_y
            best_x = near_x
            best = _cost(fa, fb, ma, mb, height, width, y, x, best_y, best_x)
            count = 1
            tried_y[0] = near_y
            tried_x[0] = near_x
            for k in range(8):
                if k == 0:
                    vy = np.int64(0)
                    vx = np.int64(0)
                elif k == 1:
                    ox = x + 4 - 0.5 * width
                    oy = y + 4 - 0.5 * height
                    vx = np.int64(np.floor(camera[0, 0] + camera[0, 1] * ox + camera[0, 2] * oy + 0.5))
                    vy = np.int64(np.floor(camera[1, 0] + camera[1, 1] * ox + camera[1, 2] * oy + 0.5))
                elif k < 6:
                    nr = pr + (1 if k == 2 else -1 if k == 3 else 0)
                    nc = pc + (1 if k == 4 else -1 if k == 5 else 0)
                    if nr < 0 or nr >= parent_rows or nc < 0 or nc >= parent_columns:
                        continue
                    vy = 2 * np.int64(parents[nr, nc, 0])
                    vx = 2 * np.int64(parents[nr, nc, 1])
                else:
                    nr = r - (k - 6)
                    nc = c - (7 - k)
                    if nr < 0 or nc < 0:
                        continue
                    vy = np.int64(out[nr, nc, 0])
                    vx = np.int64(out[nr, nc, 1])
                vy = min(max(vy, -reach_y), reach_y)
                vx = min(max(vx, -reach_x), reach_x)
                seen = False
                for i in range(count):
                    if tried_y[i] == vy and tried_x[i] == vx:
                        seen = True
                if seen:
                    continue
                tried_y[count] = vy
                tried_x[count] = vx
                count += 1
                cost = _cost(fa, fb, ma, mb, height, width, y, x, vy, vx)
                cost += _DISTANCE * (abs(vy - near_y) + abs(vx - near_x))
                if cost < best:
                    best = cost
                    best_y = vy
                    best_x = vx
            for _ in range(2):
                from_y = best_y
                from_x = best_x
                if best == 0:
                    break
                for k in range(9):
                    vy = from_y + k // 3 - 1
                    vx = from_x + k % 3 - 1
                    if k == 4 or abs(vy) > reach_y or abs(vx) > reach_x:
                        continue
                    cost = _cost(fa, fb, ma, mb, height, width, y, x, vy, vx)
                    cost += _DISTANCE * (abs(vy - near_y) + abs(vx - near_x))
                    if cost < best:
                        best = cost
                        best_y = vy
                        best_x = vx
                if best_y == from_y and best_x == from_x:
                    break
            out[r, c, 0] = best_y
            out[r, c, 1] = best_x


@kernel((given("int16", 2), given("int16", 2), given("int32", 3), filled("int32", 2), filled("int32", 3)))
def refine(a: Array, b: Array, whole: Array, scratch: Array, out: Array) -> None:  # noqa: D103
    height, width = a.shape
    fa, fb = a.ravel(), b.ravel()
    rows, columns = out.shape[:2]
    value, slope_x, slope_y = scratch[0], scratch[1], scratch[2]
    for r in range(rows):
        for c in range(columns):
            vy = 32 * np.int64(whole[r, c, 0])
            vx = 32 * np.int64(whole[r, c, 1])
            out[r, c, 0] = vy
            out[r, c, 1] = vx
            sy = np.int64(whole[r, c, 0])
            sx = np.int64(whole[r, c, 1])
            y = min(max(8 * r, 1), height - 9)
            x = min(max(8 * c, 1), width - 9)
            # two pixels of room for the sub-pixel step
            y = min(max(y + sy, 2), height - 11) - sy
            x = min(max(x + sx, 2), width - 11) - sx
            if y < 1 or x < 1 or y > height - 9 or x > width - 9:
                continue
            gxx = np.int32(0)
            gxy = np.int32(0)
            gyy = np.int32(0)
            gx = np.int32(0)
            gy = np.int32(0)
            for i in range(8):
                start = (y + i) * width + x
                line = fa[start - 1 : start + 9]
                up = fa[start - width : start - width + 8]
                down = fa[start + width : start + width + 8]
                for j in range(8):
                    p = np.int32(np.int32(np.int32(line[j + 2]) - np.int32(line[j])) >> 3)
                    q = np.int32(np.int32(np.int32(down[j]) - np.int32(up[j])) >> 3)
                    value[8 * i + j] = np.int32(line[j + 1])
                    slope_x[8 * i + j] = p
                    slope_y[8 * i + j] = q
                    gxx = np.int32(gxx + np.int32(p * p))
                    gxy = np.int32(gxy + np.int32(p * q))
                    gyy = np.int32(gyy + np.int32(q * q))
                    gx = np.int32(gx + p)
                    gy = np.int32(gy + q)
            mxx = gxx - gx * gx / 64.0 + _RIDGE
            mxy = gxy - gx * gy / 64.0
            myy = gyy - gy * gy / 64.0 + _RIDGE
            determinant = mxx * myy - mxy * mxy
            for _ in range(2):
                iy = vy >> 5
                ix = vx >> 5
                fy = np.int32(vy & 31)
                fx = np.int32(vx & 31)
                w00 = np.int32((32 - fy) * (32 - fx))
                w01 = np.int32((32 - fy) * fx)
                w10 = np.int32(fy * (32 - fx))
                w11 = np.int32(fy * fx)
                sx_e = np.int32(0)
                sy_e = np.int32(0)
                se = np.int32(0)
                for i in range(8):
                    start = (y + iy + i) * width + x + ix
                    line = fb[start : start + 9]
                    down = fb[start + width : start + width + 9]
                    for j in range(8):
                        s = np.int32(
                            np.int32(np.int32(line[j]) * w00) + np.int32(np.int32(line[j + 1]) * w01)
                        )
                        s = np.int32(
                            s
                            + np.int32(
                                np.int32(np.int32(down[j]) * w10) + np.int32(np.int32(down[j + 1]) * w11)
                            )
                        )
                        e = np.int32(np.int32(np.int32(np.int32(s + 512) >> 10) - value[8 * i + j]) >> 2)
                        se = np.int32(se + e)
                        sx_e = np.int32(sx_e + np.int32(slope_x[8 * i + j] * e))
                        sy_e = np.int32(sy_e + np.int32(slope_y[8 * i + j] * e))
                bx = sx_e - gx * se / 64.0
                by = sy_e - gy * se / 64.0
                step_x = (myy * bx - mxy * by) / determinant
                step_y = (mxx * by - mxy * bx) / determinant
                ny = vy - np.int64(np.floor(32 * step_y + 0.5))
                nx = vx - np.int64(np.floor(32 * step_x + 0.5))
                if abs(ny - 32 * sy) > 40 or abs(nx - 32 * sx) > 40:
                    vy = 32 * sy
                    vx = 32 * sx
                    break
                if ny == vy and nx == vx:
                    break
                vy = ny
                vx = nx
            out[r, c, 0] = vy
            out[r, c, 1] = vx


@kernel((given("int32", 3), int64, int64, int64, int64, filled("float64", 2)))
def fit_camera(vectors: Array, scale: int, cell: int, height: int, width: int, out: Array) -> None:  # noqa: D103
    rows, columns = vectors.shape[:2]
    out[:, :] = 0.0
    soft = 1e9
    for turn in range(7):
        s = np.zeros((3, 3))
        tx = np.zeros(3)
        ty = np.zeros(3)
        for r in range(rows):
            y = r * cell + 0.5 * (cell - height)
            for c in range(columns):
                x = c * cell + 0.5 * (cell - width)
                u = vectors[r, c, 1] / scale
                v = vectors[r, c, 0] / scale
                du = u - (out[0, 0] + out[0, 1] * x + out[0, 2] * y)
                dv = v - (out[1, 0] + out[1, 1] * x + out[1, 2] * y)
                weight = 1.0 / (1.0 + (du * du + dv * dv) / (soft * soft))
                weight *= weight
                s[0, 0] += weight
                s[0, 1] += weight * x
                s[0, 2] += weight * y
                s[1, 1] += weight * x * x
                s[1, 2] += weight * x * y
                s[2, 2] += weight * y * y
                tx[0] += weight * u
                tx[1] += weight * u * x
                tx[2] += weight * u * y
                ty[0] += weight * v
                ty[1] += weight * v * x
                ty[2] += weight * v * y
        # a little of "no change over the picture": keeps a single row or column of cells solvable
        s[1, 1] += 1e-3 * s[0, 0]
        s[2, 2] += 1e-3 * s[0, 0]
        a = s[1, 1] * s[2, 2] - s[1, 2] * s[1, 2]
        b = s[0, 2] * s[1, 2] - s[0, 1] * s[2, 2]
        c0 = s[0, 1] * s[1, 2] - s[0, 2] * s[1, 1]
        d = s[0, 0] * s[2, 2] - s[0, 2] * s[0, 2]
        e = s[0, 1] * s[0, 2] - s[0, 0] * s[1, 2]
        f = s[0, 0] * s[1, 1] - s[0, 1] * s[0, 1]
        determinant = s[0, 0] * a + s[0, 1] * b + s[0, 2] * c0
        if determinant <= 0.0:
            break
        for k in range(2):
            t0 = tx[0] if k == 0 else ty[0]
            t1 = tx[1] if k == 0 else ty[1]
            t2 = tx[2] if k == 0 else ty[2]
            out[k, 0] = (a * t0 + b * t1 + c0 * t2) / determinant
            out[k, 1] = (b * t0 + d * t1 + e * t2) / determinant
            out[k, 2] = (c0 * t0 + e * t1 + f * t2) / determinant
        soft = 8.0 if turn == 0 else max(0.25, 0.5 * soft)
