"""From whole-pixel vectors to fractions of a pixel, and to one motion of the camera."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .jit import filled, float64, given, helper, int64, kernel

Array: TypeAlias = npt.NDArray[Any]

FRACTION = 32
"""Steps of a flow vector per small pixel."""
# Added to the squares of slopes of a cell: half a code value a pixel, which noise has too.
_RIDGE = 4096.0
# 32nds of a pixel: after a step this short the next one would be shorter than one of them.
_SETTLED = 8


@helper
def _slopes(a: Array, k: int, pitch: int) -> Any:
    """Central differences in 16ths of a code value a pixel, (across, down)."""
    one = np.uint64(1)
    across = np.int32(np.int32(np.int32(a[k + one]) - np.int32(a[k - one])) >> 3)
    down = np.int32(np.int32(np.int32(a[k + pitch]) - np.int32(a[k - pitch])) >> 3)
    return across, down


@kernel((given("int16", 2), given("int16", 2), given("int32", 3), filled("int32", 3), filled("float64", 2)))
def refine(a: Array, b: Array, whole: Array, out: Array, weight: Array) -> None:
    """Step from whole pixels to 32nds: least squares over the cell, its mean left out.

    `weight` becomes near 1 where there are slopes in two directions, near 0 where there are none or the
    cell shows one straight edge.
    """
    height, width = a.shape
    fa, fb = a.ravel(), b.ravel()
    rows, columns = out.shape[:2]
    pitch = np.uint64(width)
    one = np.uint64(1)
    for r in range(rows):
        for c in range(columns):
            sy = np.int64(whole[r, c, 0])
            sx = np.int64(whole[r, c, 1])
            vy = sy << 5
            vx = sx << 5
            out[r, c, 0] = vy
            out[r, c, 1] = vx
            weight[r, c] = 0.0
            # room for the slopes in `a` and for a sub-pixel step in `b`
            y = min(max(min(max(8 * r, 1), height - 9) + sy, 2), height - 11) - sy
            x = min(max(min(max(8 * c, 1), width - 9) + sx, 2), width - 11) - sx
            if y < 1 or x < 1 or y > height - 9 or x > width - 9:
                continue
            start = np.uint64(y * width + x)
            gxx = np.int32(0)
            gxy = np.int32(0)
            gyy = np.int32(0)
            gx = np.int32(0)
            gy = np.int32(0)
            for j in range(8):
                for i in range(8):
                    p, q = _slopes(fa, start + np.uint64(i) * pitch + np.uint64(j), pitch)
                    gxx = np.int32(gxx + np.int32(p * p))
                    gxy = np.int32(gxy + np.int32(p * q))
                    gyy = np.int32(gyy + np.int32(q * q))
                    gx = np.int32(gx + p)
                    gy = np.int32(gy + q)
            mxx = gxx - np.float64(gx) * gx / 64.0 + _RIDGE
            mxy = gxy - np.float64(gx) * gy / 64.0
            myy = gyy - np.float64(gy) * gy / 64.0 + _RIDGE
            determinant = mxx * myy - mxy * mxy
            smaller = determinant / (mxx + myy) - 0.5 * _RIDGE
            weight[r, c] = smaller / (smaller + 16.0 * _RIDGE)
            for _ in range(2):
                place = np.uint64((y + (vy >> 5)) * width + x + (vx >> 5))
                fy = np.int32(vy & 31)
                fx = np.int32(vx & 31)
                w00 = np.int32((32 - fy) * (32 - fx))
                w01 = np.int32((32 - fy) * fx)
                w10 = np.int32(fy * (32 - fx))
                w11 = np.int32(fy * fx)
                se = np.int32(0)
                sx_e = np.int32(0)
                sy_e = np.int32(0)
                for j in range(8):
                    for i in range(8):
                        step = np.uint64(i) * pitch + np.uint64(j)
                        k = place + step
                        s = np.int32(np.int32(fb[k]) * w00)
                        s = np.int32(s + np.int32(np.int32(fb[k + one]) * w01))
                        s = np.int32(s + np.int32(np.int32(fb[k + pitch]) * w10))
                        s = np.int32(s + np.int32(np.int32(fb[k + pitch + one]) * w11))
                        s = np.int32(np.int32(s + np.int32(512)) >> 10)
                        e = np.int32(np.int32(s - np.int32(fa[start + step])) >> 2)
                        p, q = _slopes(fa, start + step, pitch)
                        se = np.int32(se + e)
                        sx_e = np.int32(sx_e + np.int32(p * e))
                        sy_e = np.int32(sy_e + np.int32(q * e))
                bx = sx_e - np.float64(gx) * se / 64.0
                by = sy_e - np.float64(gy) * se / 64.0
                step_y = np.int64(np.floor(32.0 * (mxx * by - mxy * bx) / determinant + 0.5))
                step_x = np.int64(np.floor(32.0 * (myy * bx - mxy * by) / determinant + 0.5))
                ny = vy - step_y
                nx = vx - step_x
                if abs(ny - (sy << 5)) > 40 or abs(nx - (sx << 5)) > 40:
                    # it ran away from a sound match: keep that one
                    vy = sy << 5
                    vx = sx << 5
                    break
                vy = ny
                vx = nx
                if abs(step_y) <= _SETTLED and abs(step_x) <= _SETTLED:
                    break
            out[r, c, 0] = vy
            out[r, c, 1] = vx


@kernel((given("int32", 3), given("float64", 2), float64, int64, int64, int64, int64, filled("float64", 2)))
def fit_camera(
    vectors: Array, trust: Array, scale: float, cell: int, height: int, width: int, turns: int, out: Array
) -> None:
    """One affine motion for all cells, (dx, dy) = out · (1, x, y): reweighted least squares.

    Cells far from the fit count less and less (Geman–McClure weights on a scale that shrinks from 8 to
    a quarter pixel), so what moves on its own drops out.
    """
    rows, columns = vectors.shape[:2]
    out[:, :] = 0.0
    soft = 0.0  # 1 / squared distance at which a cell counts a quarter
    for turn in range(turns):
        n = nx = ny = nxx = nxy = nyy = 0.0
        u0 = u1 = u2 = v0 = v1 = v2 = 0.0
        a0, a1, a2 = out[0, 0], out[0, 1], out[0, 2]
        b0, b1, b2 = out[1, 0], out[1, 1], out[1, 2]
        for r in range(rows):
            y = min(r * cell, height - cell) + 0.5 * (cell - height)
            for c in range(columns):
                x = min(c * cell, width - cell) + 0.5 * (cell - width)
                u = vectors[r, c, 1] * scale
                v = vectors[r, c, 0] * scale
                du = u - (a0 + a1 * x + a2 * y)
                dv = v - (b0 + b1 * x + b2 * y)
                weight = 1.0 / (1.0 + (du * du + dv * dv) * soft)
                weight *= weight * (trust[r, c] + 1e-3)
                wx = weight * x
                wy = weight * y
                n += weight
                nx += wx
                ny += wy
                nxx += wx * x
                nxy += wx * y
                nyy += wy * y
                u0 += weight * u
                u1 += wx * u
                u2 += wy * u
                v0 += weight * v
                v1 += wx * v
                v2 += wy * v
        # a little of "the same all over the picture": one row or column of cells stays solvable
        nxx += 1e-3 * n
        nyy += 1e-3 * n
        a = nxx * nyy - nxy * nxy
        b = ny * nxy - nx * nyy
        d = nx * nxy - ny * nxx
        e = n * nyy - ny * ny
        f = nx * ny - n * nxy
        g = n * nxx - nx * nx
        determinant = n * a + nx * b + ny * d
        if determinant <= 0.0:
            break
        out[0, 0] = (a * u0 + b * u1 + d * u2) / determinant
        out[0, 1] = (b * u0 + e * u1 + f * u2) / determinant
        out[0, 2] = (d * u0 + f * u1 + g * u2) / determinant
        out[1, 0] = (a * v0 + b * v1 + d * v2) / determinant
        out[1, 1] = (b * v0 + e * v1 + f * v2) / determinant
        out[1, 2] = (d * v0 + f * v1 + g * v2) / determinant
        # graduated: 8 px, then half of it each turn, down to a quarter pixel
        soft = min(16.0, 4.0**turn / 64.0)
