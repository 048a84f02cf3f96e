"""Where each cell was in another frame, in whole pixels: block match over a pyramid of three levels.

Vectors are (dy, dx) from a window of picture `a` to the same content in picture `b`. A cost is the
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

# Cost of one pixel of distance from the predicted vector, and the cost above which a coarse block
# is searched exhaustively: an eighth of a code value and one, a pixel of the window.
_DISTANCE = 512
_SEARCH = 4096
# Advantage of the camera's own vector: a quarter of a code value a pixel.
_FLAT = 1024


@kernel((given("int16", 2), filled("int16", 2)))
def halve(plane: Array, out: Array) -> None:
    """Mean of 2 × 2 pixels, rounded; an `out` that is larger than half repeats the edge."""
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
def window_means(plane: Array, column: Array, pair: Array, out: Array) -> None:
    """Mean of the 8 × 8 window that begins at each pixel, rounded."""
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
    means: tuple[Array, Array],
    shape: tuple[int, int],
    at: tuple[int, int],
    dy: int,
    dx: int,
) -> Any:
    """Mean-removed absolute differences of the window at `at` of `a` and `at` + (dy, dx) of `b`."""
    height, width = shape
    by = min(max(at[0] + dy, 0), height - 8)
    bx = min(max(at[1] + dx, 0), width - 8)
    ay = by - dy
    ax = bx - dx
    mean_a = means[0][np.uint64(ay * (width - 7) + ax)]
    mean_b = means[1][np.uint64(by * (width - 7) + bx)]
    level = np.int16(np.int16(mean_a) - np.int16(mean_b))
    # Unsigned places need no test for a negative index, and columns outside, rows inside is the order
    # that is turned into vector code: 2 ns a window instead of 40. Differences of 14-bit values less
    # a 14-bit mean fit 16 bits.
    start_a = np.uint64(ay * width + ax)
    start_b = np.uint64(by * width + bx)
    pitch = np.uint64(width)
    total = np.int32(0)
    for j in range(8):
        part = np.int32(0)
        for i in range(8):
            place = np.uint64(i) * pitch + np.uint64(j)
            d = np.int16(np.int16(a[start_a + place]) - np.int16(b[start_b + place]))
            part = np.int32(part + np.int32(np.int16(abs(np.int16(d - level)))))
        total = np.int32(total + part)
    return np.int64(total)


@helper
def _texture(a: Array, means: Array, shape: tuple[int, int], at: tuple[int, int]) -> Any:
    """Absolute differences of the window at `at` from its mean."""
    width = shape[1]
    level = np.int16(means[np.uint64(at[0] * (width - 7) + at[1])])
    start = np.uint64(at[0] * width + at[1])
    pitch = np.uint64(width)
    total = np.int32(0)
    for j in range(8):
        part = np.int32(0)
        for i in range(8):
            d = np.int16(np.int16(a[start + np.uint64(i) * pitch + np.uint64(j)]) - level)
            part = np.int32(part + np.int32(np.int16(abs(d))))
        total = np.int32(total + part)
    return np.int64(total)


_PICTURES = (given("int16", 2), given("int16", 2), given("int16", 2), given("int16", 2))


@kernel((*_PICTURES, int64, int64, filled("int32", 3), filled("float64", 2)))
def match_coarse(
    a: Array, b: Array, mean_a: Array, mean_b: Array, block: int, reach: int, out: Array, weight: Array
) -> None:
    """Whole-pixel vectors of overlapping windows: what the neighbours have, else everything in reach.

    `weight` becomes near 1 where there is texture to match and near 0 where there is none.
    """
    height, width = a.shape
    fa, fb = a.ravel(), b.ravel()
    means = (mean_a.ravel(), mean_b.ravel())
    shape = (height, width)
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
            at = (y, x)
            texture = np.int64(0)
            best_y = np.int64(out[r, c, 0])
            best_x = np.int64(out[r, c, 1])
            best = _cost(fa, fb, means, shape, at, best_y, best_x)
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
                cost = _cost(fa, fb, means, shape, at, vy, vx)
                if cost < best:
                    best = cost
                    best_y = vy
                    best_x = vx
            if turn == 0:
                texture = _texture(fa, means[0], shape, at)
                weight[r, c] = texture / (texture + 2.0 * _SEARCH)
            if turn == 0 and best > _SEARCH and 3 * best > texture:
                near_y = np.int64(best_y)
                near_x = np.int64(best_x)
                for sy in range(-reach_y, reach_y + 1):
                    for sx in range(-reach_x, reach_x + 1):
                        vy = np.int64(sy)
                        vx = np.int64(sx)
                        far = _DISTANCE * min(abs(vy - near_y) + abs(vx - near_x), abs(vy) + abs(vx))
                        if far >= best:
                            continue  # no window can make up for the way
                        cost = _cost(fa, fb, means, shape, at, vy, vx) + far
                        if cost < best:
                            best = cost
                            best_y = vy
                            best_x = vx
            out[r, c, 0] = best_y
            out[r, c, 1] = best_x


@kernel((*_PICTURES, given("int32", 3), int64, given("float64", 2), int64, int64, int64, filled("int32", 3)))
def match_fine(
    a: Array,
    b: Array,
    mean_a: Array,
    mean_b: Array,
    parents: Array,
    ratio: int,
    camera: Array,
    zoom: int,
    cell: int,
    reach: int,
    out: Array,
) -> None:
    """Whole-pixel vectors of one window a cell, from those of the level above (`parents`) and `camera`."""
    height, width = a.shape
    fa, fb = a.ravel(), b.ravel()
    means = (mean_a.ravel(), mean_b.ravel())
    shape = (height, width)
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
            at = (y, x)
            pr = min(r // ratio, parent_rows - 1)
            pc = min(c // ratio, parent_columns - 1)
            near_y = min(max(2 * np.int64(parents[pr, pc, 0]), -reach_y), reach_y)
            near_x = min(max(2 * np.int64(parents[pr, pc, 1]), -reach_x), reach_x)
            best_y = near_y
            best_x = near_x
            best = _cost(fa, fb, means, shape, at, best_y, best_x)
            count = 1
            tried_y[0] = near_y
            tried_x[0] = near_x
            for k in range(8):
                if k == 2 and best < _SEARCH:
                    break  # good enough to go downhill from
                if k == 0:
                    vy = np.int64(0)
                    vx = np.int64(0)
                elif k == 1:
                    ox = x + 4 - 0.5 * width
                    oy = y + 4 - 0.5 * height
                    vx = np.int64(np.floor(zoom * camera[0, 0] + camera[0, 1] * ox + camera[0, 2] * oy + 0.5))
                    vy = np.int64(np.floor(zoom * camera[1, 0] + camera[1, 1] * ox + camera[1, 2] * oy + 0.5))
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
                cost = _cost(fa, fb, means, shape, at, vy, vx)
                if k == 1:
                    # where nothing can be told apart, a cell moves with the camera
                    cost -= _FLAT
                    near_y, near_x = (vy, vx) if cost < best else (near_y, near_x)
                else:
                    cost += _DISTANCE * (abs(vy - near_y) + abs(vx - near_x))
                if cost < best:
                    best = cost
                    best_y = vy
                    best_x = vx
            # downhill in steps of one pixel
            came = -1
            for _ in range(4):
                if best <= 0:
                    break
                from_y = best_y
                from_x = best_x
                went = -1
                for k in range(4):
                    if k == came:
                        continue
                    vy = from_y + (1 if k == 0 else -1 if k == 1 else 0)
                    vx = from_x + (1 if k == 2 else -1 if k == 3 else 0)
                    if abs(vy) > reach_y or abs(vx) > reach_x:
                        continue
                    far = _DISTANCE * (abs(vy - near_y) + abs(vx - near_x))
                    if far >= best:
                        continue
                    cost = _cost(fa, fb, means, shape, at, vy, vx) + far
                    if cost < best:
                        best = cost
                        best_y = vy
                        best_x = vx
                        went = k
                if went < 0:
                    break
                came = went ^ 1
            out[r, c, 0] = best_y
            out[r, c, 1] = best_x
