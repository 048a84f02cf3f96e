"""Every kernel once more, in plain numpy and without a thought for speed: what the fast ones must equal.

Functions have the names and arguments of the kernels, less the scratch arrays; they return what the
kernels write.
"""

from __future__ import annotations

import numpy as np


def cells(rows, columns, height, width, size):
    """Yield (row, column, y, x) of every cell; the last ones are moved inwards."""
    for r in range(rows):
        for c in range(columns):
            yield r, c, min(size * r, height - size), min(size * c, width - size)


# --- shrink -------------------------------------------------------------------------------------


def box_luma(plane, factor, cell, height, width, rows, columns):
    used = plane[: height * factor, : width * factor].astype(np.int64)
    sums = used.reshape(height, factor, width, factor).sum(axis=(1, 3))
    across = np.abs(np.diff(used, axis=1, append=used[:, -1:]))
    down = np.abs(np.diff(used, axis=0, append=used[-1:]))
    slope = across + down
    detail = np.zeros((rows, columns), np.int64)
    for y in range(height * factor):
        if (y % factor) % 2:
            continue  # every second row of a box
        r = min(y // factor // cell, rows - 1)
        for x in range(width * factor):
            detail[r, min(x // factor // cell, columns - 1)] += slope[y, x]
    return sums, detail


def box_chroma(plane, step, offset, across, down, height, width):
    used = plane[: height * down, offset::step][:, : width * across].astype(np.int64)
    return used.reshape(height, down, width, across).sum(axis=(1, 3))


def box_rgb(luma, blue, red, factor, down, chroma_height, samples, left, right, scales, height, width):
    """Single precision in the order of the kernel; chroma is averaged down and of two samples across."""
    used = luma[: height * factor, : width * factor].astype(np.int64)
    light = used.reshape(height, factor, width, factor).sum(axis=(1, 3)).astype(np.float32)
    gain, black, chroma_gain, neutral, red_cr, green_cb, green_cr, blue_cb = scales
    cb = np.zeros((height, width), np.float32)
    cr = np.zeros((height, width), np.float32)
    for y in range(height if samples else 0):
        first = min(y * factor // down, chroma_height - 1)
        last = min((y * factor + factor - 1) // down, chroma_height - 1)
        share = np.float32(chroma_gain / np.float32(2 * (last - first + 1)))
        for plane, kept, ends in ((blue, cb, slice(0, width)), (red, cr, slice(width, None))):
            column = plane[first : last + 1].astype(np.int64).sum(axis=0)
            both = (column[left[ends]] + column[right[ends]]).astype(np.float32)
            kept[y] = both * share - neutral
    value = light * gain - black
    half = np.float32(0.5)
    rgb = (
        value + red_cr * cr + half,
        value - green_cb * cb - green_cr * cr + half,
        value + blue_cb * cb + half,
    )
    return np.clip(np.stack(rgb, axis=-1), 0, 255).astype(np.uint8)


def level(sums, gain, bias, top):
    return np.clip(np.floor(sums * gain + bias), 0, top).astype(np.int16)


def cell_sums(plane, cell, rows, columns):
    out = np.zeros((rows, columns), np.int64)
    for r, c, y, x in cells(rows, columns, *plane.shape, cell):
        out[r, c] = plane[y : y + cell, x : x + cell].astype(np.int64).sum()
    return out


def cell_changes(plane, other, rows, columns):
    return cell_sums(np.abs(plane.astype(np.int64) - other), 8, rows, columns)


def histogram(plane, shift, size):
    return np.bincount(plane.ravel() >> shift, minlength=size)


# --- motion -------------------------------------------------------------------------------------


def halve(plane, shape):
    rows, columns = shape
    y = np.minimum(2 * np.arange(rows)[:, None] + [0, 1], plane.shape[0] - 1)
    x = np.minimum(2 * np.arange(columns)[:, None] + [0, 1], plane.shape[1] - 1)
    boxes = plane.astype(np.int64)[y[:, :, None, None], x[None, None, :, :]]
    return (boxes.sum(axis=(1, 3)) + 2) >> 2


def window_means(plane):
    windows = np.lib.stride_tricks.sliding_window_view(plane.astype(np.int64), (8, 8))
    return (windows.sum(axis=(2, 3)) + 32) >> 6


def cost(a, b, mean_a, mean_b, at, vector):
    """Mean-removed absolute differences; both windows move inwards where one would leave the picture."""
    height, width = a.shape
    by = min(max(at[0] + vector[0], 0), height - 8)
    bx = min(max(at[1] + vector[1], 0), width - 8)
    ay, ax = by - vector[0], bx - vector[1]
    one = a[ay : ay + 8, ax : ax + 8].astype(np.int64) - mean_a[ay, ax]
    two = b[by : by + 8, bx : bx + 8].astype(np.int64) - mean_b[by, bx]
    return int(np.abs(one - two).sum())


def match_coarse(a, b, mean_a, mean_b, block, reach, rows, columns):
    height, width = a.shape
    out = np.zeros((rows, columns, 2), np.int64)
    weight = np.zeros((rows, columns))
    reach_y, reach_x = min(reach, height - 8), min(reach, width - 8)
    order = [(r, c) for r in range(rows) for c in range(columns)]
    for forward in (True, False):
        sign = -1 if forward else 1
        for r, c in order if forward else reversed(order):
            at = (
                min(max(r * block + block // 2 - 4, 0), height - 8),
                min(max(c * block + block // 2 - 4, 0), width - 8),
            )

            def price(vector, at=at):
                return cost(a, b, mean_a, mean_b, at, vector)

            best = tuple(out[r, c])
            low = price(best)
            for nr, nc in ((r, c + sign), (r + sign, c - 1), (r + sign, c), (r + sign, c + 1)):
                if 0 <= nr < rows and 0 <= nc < columns and price(tuple(out[nr, nc])) < low:
                    best = tuple(out[nr, nc])
                    low = price(best)
            if forward:
                window = a[at[0] : at[0] + 8, at[1] : at[1] + 8].astype(np.int64)
                texture = int(np.abs(window - mean_a[at]).sum())
                weight[r, c] = texture / (texture + 8192)
                if low > 4096 and 3 * low > texture:
                    near = best
                    for vy in range(-reach_y, reach_y + 1):
                        for vx in range(-reach_x, reach_x + 1):
                            far = abs(vy - near[0]) + abs(vx - near[1])
                            found = price((vy, vx)) + 512 * min(far, abs(vy) + abs(vx))
                            if found < low:
                                best, low = (vy, vx), found
            out[r, c] = best
    return out, weight


def match_fine(a, b, mean_a, mean_b, parents, ratio, camera, zoom, cell, reach, rows, columns):
    height, width = a.shape
    out = np.zeros((rows, columns, 2), np.int64)
    limit = np.array([min(reach, height - 8), min(reach, width - 8)])
    size = np.array(parents.shape[:2])
    for r in range(rows):
        for c in range(columns):
            at = (
                min(max(r * cell + cell // 2 - 4, 0), height - 8),
                min(max(c * cell + cell // 2 - 4, 0), width - 8),
            )
            pr, pc = np.minimum([r // ratio, c // ratio], size - 1)
            x, y = at[1] + 4 - width / 2, at[0] + 4 - height / 2
            with_camera = np.floor(camera @ [zoom, 0, 0] + camera[:, 1] * x + camera[:, 2] * y + 0.5)[::-1]
            wanted = [2 * parents[pr, pc], np.zeros(2), with_camera]
            for nr, nc in ((pr + 1, pc), (pr - 1, pc), (pr, pc + 1), (pr, pc - 1)):
                if 0 <= nr < size[0] and 0 <= nc < size[1]:
                    wanted.append(2 * parents[nr, nc])
            wanted += [out[r, c - 1]] if c > 0 else []
            wanted += [out[r - 1, c]] if r > 0 else []

            def price(vector, at=at):
                return cost(a, b, mean_a, mean_b, at, vector)

            tried: list[tuple[int, int]] = []
            for number, vector in enumerate(wanted):
                v = tuple(int(k) for k in np.clip(vector, -limit, limit))
                if number == 0:
                    near = best = v
                    low = price(v)
                    tried.append(v)
                    continue
                if number == 3 and low < 4096:
                    break
                if v in tried:
                    continue
                tried.append(v)
                if number == 2:
                    found = price(v) - 1024
                    near = v if found < low else near
                else:
                    found = price(v) + 512 * (abs(v[0] - near[0]) + abs(v[1] - near[1]))
                if found < low:
                    best, low = v, found
            came = None
            for _ in range(4):
                if low <= 0:
                    break
                start, went = best, None
                for step in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    v = (start[0] + step[0], start[1] + step[1])
                    if step == came or abs(v[0]) > limit[0] or abs(v[1]) > limit[1]:
                        continue
                    found = price(v) + 512 * (abs(v[0] - near[0]) + abs(v[1] - near[1]))
                    if found < low:
                        best, low, went = v, found, step
                if went is None:
                    break
                came = (-went[0], -went[1])
            out[r, c] = best
    return out


def blend(plane, y, x, fy, fx, bits, size):
    """Bilinear window of `size` × `size` that begins at (y, x) and a fraction, rounded."""
    full = 1 << bits
    p = plane[y : y + size + 1, x : x + size + 1].astype(np.int64)
    s = p[:-1, :-1] * (full - fy) * (full - fx) + p[:-1, 1:] * (full - fy) * fx
    s += p[1:, :-1] * fy * (full - fx) + p[1:, 1:] * fy * fx
    return (s + (1 << (2 * bits - 1))) >> (2 * bits)


def refine(a, b, whole):
    height, width = a.shape
    rows, columns = whole.shape[:2]
    out = whole.astype(np.int64) * 32
    weight = np.zeros((rows, columns))
    picture = a.astype(np.int64)
    for r in range(rows):
        for c in range(columns):
            sy, sx = (int(k) for k in whole[r, c])
            y = min(max(min(max(8 * r, 1), height - 9) + sy, 2), height - 11) - sy
            x = min(max(min(max(8 * c, 1), width - 9) + sx, 2), width - 11) - sx
            if y < 1 or x < 1 or y > height - 9 or x > width - 9:
                continue
            here = picture[y : y + 8, x : x + 8]
            p = (picture[y : y + 8, x + 1 : x + 9] - picture[y : y + 8, x - 1 : x + 7]) >> 3
            q = (picture[y + 1 : y + 9, x : x + 8] - picture[y - 1 : y + 7, x : x + 8]) >> 3
            xx = (p * p).sum() - p.sum() ** 2 / 64 + 4096
            xy = (p * q).sum() - p.sum() * q.sum() / 64
            yy = (q * q).sum() - q.sum() ** 2 / 64 + 4096
            determinant = xx * yy - xy * xy
            smaller = determinant / (xx + yy) - 2048
            weight[r, c] = smaller / (smaller + 65536)
            vy, vx = 32 * sy, 32 * sx
            for _ in range(2):
                moved = blend(b, y + (vy >> 5), x + (vx >> 5), vy & 31, vx & 31, 5, 8)
                e = (moved - here) >> 2
                across = (p * e).sum() - p.sum() * e.sum() / 64
                down = (q * e).sum() - q.sum() * e.sum() / 64
                step_y = int(np.floor(32 * (xx * down - xy * across) / determinant + 0.5))
                step_x = int(np.floor(32 * (yy * across - xy * down) / determinant + 0.5))
                vy, vx = vy - step_y, vx - step_x
                if abs(vy - 32 * sy) > 40 or abs(vx - 32 * sx) > 40:
                    vy, vx = 32 * sy, 32 * sx
                    break
                if abs(step_y) <= 8 and abs(step_x) <= 8:
                    break
            out[r, c] = vy, vx
    return out, weight


def fit_camera(vectors, trust, scale, cell, height, width, turns):
    rows, columns = vectors.shape[:2]
    y = np.minimum(np.arange(rows) * cell, height - cell) + (cell - height) / 2
    x = np.minimum(np.arange(columns) * cell, width - cell) + (cell - width) / 2
    gy, gx = np.meshgrid(y, x, indexing="ij")
    basis = np.stack([np.ones(rows * columns), gx.ravel(), gy.ravel()], axis=1)
    target = vectors.reshape(-1, 2)[:, ::-1] * scale
    out = np.zeros((2, 3))
    soft = 0.0
    for turn in range(turns):
        off = ((target - basis @ out.T) ** 2).sum(axis=1)
        weight = (1 / (1 + off * soft)) ** 2 * (trust.ravel() + 1e-3)
        normal = basis.T @ (basis * weight[:, None])
        normal[1, 1] += 1e-3 * normal[0, 0]
        normal[2, 2] += 1e-3 * normal[0, 0]
        out = np.linalg.solve(normal, basis.T @ (target * weight[:, None])).T
        soft = min(16.0, 4.0**turn / 64)
    return out


# --- residual -----------------------------------------------------------------------------------


def with_margin(plane, pad):
    return np.pad(plane, pad, mode="edge")


def aim(at, vector, bits, cell, pad, size):
    place = min(max(at + (vector >> bits) + pad, 0), size + 2 * pad - cell - 2)
    return place, vector & ((1 << bits) - 1)


def moved_cell(plane, y, x, vector, bits, cell, pad):
    """What a cell's vector points to in a plane with a margin."""
    height, width = plane.shape[0] - 2 * pad, plane.shape[1] - 2 * pad
    py, fy = aim(y, int(vector[0]), bits, cell, pad, height)
    px, fx = aim(x, int(vector[1]), bits, cell, pad, width)
    return blend(plane, py, px, fy, fx, bits, cell)


def trusted(flow, reverse, r, c, y, x, limit, height, width):
    """Marks of a cell, shape (8, 8)."""
    rows, columns = flow.shape[:2]
    out = np.zeros((8, 8), np.int64)
    dy, dx = ((int(k) + 16) >> 5 for k in flow[r, c])
    for i in range(8):
        for j in range(8):
            ty, tx = y + i + dy, x + j + dx
            if 0 <= ty < height and 0 <= tx < width:
                both = flow[r, c] + reverse[min(ty // 8, rows - 1), min(tx // 8, columns - 1)]
                out[i, j] = (both.astype(np.int64) ** 2).sum() < limit * limit
    return out


def residue(luma, blue, red, other_luma, other_blue, other_red, flow, reverse, limit):
    rows, columns = flow.shape[:2]
    height, width = luma.shape[0] - 32, luma.shape[1] - 32
    out = np.zeros((3, 3, rows, columns), np.int64)
    for r, c, y, x in cells(rows, columns, height, width, 8):
        marks = trusted(flow, reverse, r, c, y, x, limit, height, width)
        here = luma[y + 16 : y + 24, x + 16 : x + 24].astype(np.int64)
        d = here - moved_cell(other_luma, y, x, flow[r, c], 5, 8, 16)
        out[0, :, r, c] = (d * marks).sum(), marks.sum(), np.abs(d).sum()
        for index, plane, other in ((1, blue, other_blue), (2, red, other_red)):
            size = plane.shape[0] - 16, plane.shape[1] - 16
            if size[0] < 4:
                continue
            cy, cx = min(4 * r, size[0] - 4), min(4 * c, size[1] - 4)
            here = plane[cy + 8 : cy + 12, cx + 8 : cx + 12].astype(np.int64)
            d = here - moved_cell(other, cy, cx, flow[r, c], 6, 4, 8)
            out[index, :2, r, c] = (d * marks[::2, ::2]).sum(), marks[::2, ::2].sum()
    return out


def skipped(before, after, back, ahead):
    rows, columns = back.shape[:2]
    out = np.zeros((rows, columns), np.int64)
    for r, c, y, x in cells(rows, columns, before.shape[0] - 32, before.shape[1] - 32, 8):
        one = moved_cell(before, y, x, back[r, c], 5, 8, 16)
        two = moved_cell(after, y, x, ahead[r, c], 5, 8, 16)
        out[r, c] = np.abs(one - two).sum()
    return out


def gradient_products(luma, other, flow):
    height, width = luma.shape[0] - 32, luma.shape[1] - 32
    out = np.zeros(3, np.int64)
    for r, c, y, x in cells(*flow.shape[:2], height, width, 8):
        a = luma[y + 16 : y + 25, x + 16 : x + 25].astype(np.int64)
        py, fy = aim(y, int(flow[r, c, 0]), 5, 8, 16, height)
        px, fx = aim(x, int(flow[r, c, 1]), 5, 8, 16, width)
        b = other[py : py + 10, px : px + 10].astype(np.int64)
        weights = (
            ((32 - fy) * (32 - fx), 0, 0),
            ((32 - fy) * fx, 0, 1),
            (fy * (32 - fx), 1, 0),
            (fy * fx, 1, 1),
        )
        for axis in (1, 0):
            p = np.diff(a, axis=axis)[:8, :8] >> 3
            steps = np.diff(b, axis=axis)
            q = sum(weight * steps[i : i + 8, j : j + 8] for weight, i, j in weights) >> 13
            out += (p * p).sum(), (q * q).sum(), (p * q).sum()
    return out
