"""What is left of the difference of two pictures after motion is taken out.

Every pixel of a cell moves by the cell's own vector: at borders of motion that keeps two movements
apart where a blend of neighbours would fit neither. A moved picture is never written down: a loop that
only adds up is turned into vector code, one that also stores is not (1 against 8, measured).

Planes come with a margin of repeated edge pixels (`PAD`, half of it for chroma), wide enough that a
vector which points out of the picture needs no test: its window is held inside the margin.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .jit import filled, given, helper, int64, kernel

Array: TypeAlias = npt.NDArray[Any]

PAD = 16
"""Margin of a luma plane in pixels; chroma has half."""


@kernel((given("int16", 2), int64, filled("int16", 2)))
def with_margin(plane: Array, pad: int, out: Array) -> None:
    """Copy a plane and repeat its edge pixels `pad` times all around."""
    height, width = plane.shape
    for y in range(height + 2 * pad):
        line = plane[min(max(y - pad, 0), height - 1)]
        goal = out[y]
        first = line[0]
        last = line[width - 1]
        for x in range(pad):
            goal[x] = first
            goal[width + pad + x] = last
        for x in range(width):
            goal[x + pad] = line[x]


@helper
def _blend(flat: Array, k: int, pitch: int, weights: tuple[int, int, int, int], bits: int) -> Any:
    """Bilinear value at place `k` with weights that add up to 2 ** bits."""
    one = np.uint64(1)
    s = np.int32(np.int32(flat[k]) * weights[0])
    s = np.int32(s + np.int32(np.int32(flat[k + one]) * weights[1]))
    s = np.int32(s + np.int32(np.int32(flat[k + pitch]) * weights[2]))
    s = np.int32(s + np.int32(np.int32(flat[k + pitch + one]) * weights[3]))
    return np.int32(np.int32(s + np.int32(np.int32(1) << np.int32(bits - 1))) >> np.int32(bits))


@helper
def _aim(at: int, vector: int, bits: int, cell: int, pad: int, size: int) -> Any:
    """First place, counted in the margin's rows or columns, and fraction that a vector points to."""
    whole = (at + (vector >> bits)) + pad
    return min(max(whole, 0), size + 2 * pad - cell - 2), vector & ((1 << bits) - 1)


@helper
def _weights(fy: int, fx: int, bits: int) -> Any:
    full = 1 << bits
    return (
        np.int32((full - fy) * (full - fx)),
        np.int32((full - fy) * fx),
        np.int32(fy * (full - fx)),
        np.int32(fy * fx),
    )


@helper
def _mark(
    flow: Array,
    reverse: Array,
    r: int,
    c: int,
    y: int,
    x: int,
    limit: int,
    size: tuple[int, int],
    mask: Array,
) -> Any:
    """Fill the cell's 64 marks: 1 where the vector and the one at its end cancel within `limit`."""
    height, width = size
    rows, columns = flow.shape[:2]
    vy = np.int64(flow[r, c, 0])
    vx = np.int64(flow[r, c, 1])
    ty = y + ((vy + 16) >> 5)
    tx = x + ((vx + 16) >> 5)
    found = 0
    asked = 0
    if ty >= 0 and tx >= 0 and ty + 8 <= height and tx + 8 <= width:
        # most cells: the few cells at the other end all agree, or none does
        for tr in range(ty // 8, min((ty + 7) // 8, rows - 1) + 1):
            for tc in range(tx // 8, min((tx + 7) // 8, columns - 1) + 1):
                dy = vy + np.int64(reverse[tr, tc, 0])
                dx = vx + np.int64(reverse[tr, tc, 1])
                asked += 1
                if dy * dy + dx * dx < limit * limit:
                    found += 1
        if found == 0 or found == asked:
            good = 1 if found else 0
            for k in range(64):
                mask[np.uint64(k)] = good
            return 64 * good
    count = 0
    for i in range(8):
        for j in range(8):
            good = 0
            if 0 <= ty + i < height and 0 <= tx + j < width:
                tr = min((ty + i) // 8, rows - 1)
                tc = min((tx + j) // 8, columns - 1)
                dy = vy + np.int64(reverse[tr, tc, 0])
                dx = vx + np.int64(reverse[tr, tc, 1])
                if dy * dy + dx * dx < limit * limit:
                    good = 1
            mask[np.uint64(8 * i + j)] = good
            count += good
    return count


@helper
def _chroma(
    now: Array, other: Array, y: int, x: int, vy: int, vx: int, size: tuple[int, int], mask: Array
) -> Any:
    """Signed sum over marked pixels of a 4 × 4 chroma cell, and how many those are."""
    pad = PAD // 2
    py, fy = _aim(y, vy, 6, 4, pad, size[0])
    px, fx = _aim(x, vx, 6, 4, pad, size[1])
    weights = _weights(fy, fx, 6)
    pitch = np.uint64(size[1] + 2 * pad)
    here = np.uint64((y + pad) * (size[1] + 2 * pad) + x + pad)
    there = np.uint64(py * (size[1] + 2 * pad) + px)
    signed = np.int32(0)
    count = np.int32(0)
    for j in range(4):
        for i in range(4):
            place = np.uint64(i) * pitch + np.uint64(j)
            t = np.int32(mask[np.uint64(16 * i + 2 * j)])
            d = np.int32(np.int32(now[here + place]) - _blend(other, there + place, pitch, weights, 12))
            signed = np.int32(signed + np.int32(d * t))
            count = np.int32(count + t)
    return signed, count


_PLANES = (given("int16", 2), given("int16", 2), given("int16", 2))


@kernel(
    (*_PLANES, *_PLANES, given("int32", 3), given("int32", 3), int64, filled("int32", 1), filled("int32", 4))
)
def residue(
    luma: Array,
    blue: Array,
    red: Array,
    other_luma: Array,
    other_blue: Array,
    other_red: Array,
    flow: Array,
    reverse: Array,
    limit: int,
    mask: Array,
    out: Array,
) -> None:
    """Per cell and channel: signed sum over trusted pixels, their number, unsigned sum over all (luma)."""
    height, width = luma.shape[0] - 2 * PAD, luma.shape[1] - 2 * PAD
    chroma_height, chroma_width = blue.shape[0] - PAD, blue.shape[1] - PAD
    flat, other = luma.ravel(), other_luma.ravel()
    blue_a, blue_b, red_a, red_b = blue.ravel(), other_blue.ravel(), red.ravel(), other_red.ravel()
    wide = width + 2 * PAD
    pitch = np.uint64(wide)
    rows, columns = flow.shape[:2]
    for r in range(rows):
        y = min(8 * r, height - 8)
        for c in range(columns):
            x = min(8 * c, width - 8)
            vy = np.int64(flow[r, c, 0])
            vx = np.int64(flow[r, c, 1])
            count = _mark(flow, reverse, r, c, y, x, limit, (height, width), mask)
            py, fy = _aim(y, vy, 5, 8, PAD, height)
            px, fx = _aim(x, vx, 5, 8, PAD, width)
            weights = _weights(fy, fx, 5)
            here = np.uint64((y + PAD) * wide + x + PAD)
            there = np.uint64(py * wide + px)
            signed = np.int32(0)
            unsigned = np.int32(0)
            for j in range(8):
                for i in range(8):
                    place = np.uint64(i) * pitch + np.uint64(j)
                    d = np.int32(
                        np.int32(flat[here + place]) - _blend(other, there + place, pitch, weights, 10)
                    )
                    signed = np.int32(signed + np.int32(d * np.int32(mask[np.uint64(8 * i + j)])))
                    unsigned = np.int32(unsigned + np.int32(abs(d)))
            out[0, 0, r, c] = signed
            out[0, 1, r, c] = count
            out[0, 2, r, c] = unsigned
            if chroma_height >= 4:
                cy = min(4 * r, chroma_height - 4)
                cx = min(4 * c, chroma_width - 4)
                size = (chroma_height, chroma_width)
                signed, trusted = _chroma(blue_a, blue_b, cy, cx, vy, vx, size, mask)
                out[1, 0, r, c] = signed
                out[1, 1, r, c] = trusted
                signed, trusted = _chroma(red_a, red_b, cy, cx, vy, vx, size, mask)
                out[2, 0, r, c] = signed
                out[2, 1, r, c] = trusted


@kernel((given("int16", 2), given("int16", 2), given("int32", 3), given("int32", 3), filled("int32", 2)))
def skipped(before: Array, after: Array, back: Array, ahead: Array, out: Array) -> None:
    """Per cell: sum of |before − after|, both fetched where the cell's vectors point."""
    height, width = before.shape[0] - 2 * PAD, before.shape[1] - 2 * PAD
    flat_a, flat_b = before.ravel(), after.ravel()
    wide = width + 2 * PAD
    pitch = np.uint64(wide)
    rows, columns = back.shape[:2]
    for r in range(rows):
        y = min(8 * r, height - 8)
        for c in range(columns):
            x = min(8 * c, width - 8)
            py, fy = _aim(y, np.int64(back[r, c, 0]), 5, 8, PAD, height)
            px, fx = _aim(x, np.int64(back[r, c, 1]), 5, 8, PAD, width)
            weights_a = _weights(fy, fx, 5)
            start_a = np.uint64(py * wide + px)
            py, fy = _aim(y, np.int64(ahead[r, c, 0]), 5, 8, PAD, height)
            px, fx = _aim(x, np.int64(ahead[r, c, 1]), 5, 8, PAD, width)
            weights_b = _weights(fy, fx, 5)
            start_b = np.uint64(py * wide + px)
            total = np.int32(0)
            for j in range(8):
                for i in range(8):
                    place = np.uint64(i) * pitch + np.uint64(j)
                    p = _blend(flat_a, start_a + place, pitch, weights_a, 10)
                    q = _blend(flat_b, start_b + place, pitch, weights_b, 10)
                    total = np.int32(total + np.int32(abs(np.int32(p - q))))
            out[r, c] = total


@helper
def _slope_products(
    a: Array, b: Array, here: int, there: int, to: int, pitch: int, weights: tuple[int, int, int, int]
) -> Any:
    """Add up over a cell p·p, q·q and p·q: slopes towards `to` of `a` and of `b` as it is moved."""
    one = np.uint64(1)
    aa = np.int32(0)
    bb = np.int32(0)
    ab = np.int32(0)
    for j in range(8):
        for i in range(8):
            step = np.uint64(i) * pitch + np.uint64(j)
            k = here + step
            p = np.int32(np.int32(np.int32(a[k + to]) - np.int32(a[k])) >> 3)
            # the slope of a blend is the blend of slopes
            m = there + step
            s = np.int32(np.int32(np.int32(b[m + to]) - np.int32(b[m])) * weights[0])
            m = there + step + one
            s = np.int32(s + np.int32(np.int32(np.int32(b[m + to]) - np.int32(b[m])) * weights[1]))
            m = there + step + pitch
            s = np.int32(s + np.int32(np.int32(np.int32(b[m + to]) - np.int32(b[m])) * weights[2]))
            m = there + step + pitch + one
            s = np.int32(s + np.int32(np.int32(np.int32(b[m + to]) - np.int32(b[m])) * weights[3]))
            q = np.int32(s >> 13)
            aa = np.int32(aa + np.int32(p * p))
            bb = np.int32(bb + np.int32(q * q))
            ab = np.int32(ab + np.int32(p * q))
    return aa, bb, ab


@kernel((given("int16", 2), given("int16", 2), given("int32", 3), filled("int64", 1)))
def gradient_products(luma: Array, other: Array, flow: Array, out: Array) -> None:
    """Add up g·g of `luma`, of `other` brought to it, and of both; slopes in 8ths of a code value."""
    height, width = luma.shape[0] - 2 * PAD, luma.shape[1] - 2 * PAD
    flat_a, flat_b = luma.ravel(), other.ravel()
    wide = width + 2 * PAD
    pitch = np.uint64(wide)
    one = np.uint64(1)
    rows, columns = flow.shape[:2]
    out[:] = 0
    for r in range(rows):
        y = min(8 * r, height - 8)
        for c in range(columns):
            x = min(8 * c, width - 8)
            py, fy = _aim(y, np.int64(flow[r, c, 0]), 5, 8, PAD, height)
            px, fx = _aim(x, np.int64(flow[r, c, 1]), 5, 8, PAD, width)
            weights = _weights(fy, fx, 5)
            here = np.uint64((y + PAD) * wide + x + PAD)
            there = np.uint64(py * wide + px)
            aa, bb, ab = _slope_products(flat_a, flat_b, here, there, one, pitch, weights)
            out[0] += np.int64(aa)
            out[1] += np.int64(bb)
            out[2] += np.int64(ab)
            aa, bb, ab = _slope_products(flat_a, flat_b, here, there, pitch, pitch, weights)
            out[0] += np.int64(aa)
            out[1] += np.int64(bb)
            out[2] += np.int64(ab)
