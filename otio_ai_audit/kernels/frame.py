"""One frame in three calls: the kernels of the other modules, in the order in which a frame needs them.

A call from Python costs a few microseconds, and more after a decoder has had the processor's caches to
itself; one frame takes about forty kernels. So they are compiled into steps that Python enters once.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import match, motion, residual, shrink
from .grid import CELL
from .jit import filled, float64, given, helper, inner, int64, several, step
from .residual import PAD
from .shrink import TOP

Array: TypeAlias = npt.NDArray[Any]
Three: TypeAlias = tuple[Array, Array, Array]

_box_luma, _box_chroma, _level = inner(shrink.box_luma), inner(shrink.box_chroma), inner(shrink.level)
_cell_sums, _cell_changes, _histogram = (
    inner(shrink.cell_sums),
    inner(shrink.cell_changes),
    inner(shrink.histogram),
)
_halve, _window_means = inner(match.halve), inner(match.window_means)
_match_coarse, _match_fine = inner(match.match_coarse), inner(match.match_fine)
_refine, _fit_camera = inner(motion.refine), inner(motion.fit_camera)
_with_margin, _residue = inner(residual.with_margin), inner(residual.residue)
_skipped, _gradient_products = inner(residual.skipped), inner(residual.gradient_products)

_PLANE = filled("int16", 2)
_THREE = several(_PLANE, 3)
_SMALL = (
    *(given("int64", 1), given("float64", 1), filled("int32", 2), filled("int32", 2)),
    *(_THREE, _THREE, _THREE, _THREE, filled("int64", 2)),
)


@step(
    (*[given("uint8", 2)] * 3, *[filled("uint16", 1)] * 2, *_SMALL),
    (*[given("uint16", 2)] * 3, *[filled("uint32", 1)] * 2, *_SMALL),
)
def shrink_planes(
    luma: Array,
    blue: Array,
    red: Array,
    column: Array,
    slope: Array,
    layout: Array,
    scales: Array,
    sums: Array,
    colour_sums: Array,
    small: Three,
    margins: Three,
    levels: Three,
    means: Three,
    slopes: Array,
) -> None:
    """From the planes of a frame to everything that a small picture has.

    `layout` holds factor, whether there is colour, and of its planes step, offset of the second, samples
    across and down a box; `scales` gain and bias of luma, then of colour.
    """
    factor = layout[0]
    eighths = np.empty(column.size, np.int32)
    _box_luma(luma, factor, CELL, column, slope, eighths, sums, slopes)
    _level(sums, scales[0], scales[1], TOP, small[0])
    _with_margin(small[0], PAD, margins[0])
    if layout[1]:
        _box_chroma(blue, layout[2], 0, layout[4], layout[5], column, eighths, colour_sums)
        _level(colour_sums, scales[2], scales[3], TOP, small[1])
        _with_margin(small[1], PAD // 2, margins[1])
        _box_chroma(red, layout[2], layout[3], layout[4], layout[5], column, eighths, colour_sums)
        _level(colour_sums, scales[2], scales[3], TOP, small[2])
        _with_margin(small[2], PAD // 2, margins[2])
    _halve(levels[0], levels[1])
    _halve(levels[1], levels[2])
    width = levels[0].shape[1]
    sum_a = np.empty(width, np.int32)
    sum_b = np.empty(width, np.int32)
    for k in range(3):
        _window_means(levels[k], sum_a, sum_b, means[k])


@step((_THREE, int64, int64, *[filled("int32", 3)] * 3, filled("int32", 2)))
def describe(
    small: Three, colour: int, row: int, luma: Array, blue: Array, red: Array, counts: Array
) -> None:
    """Fill row `row` of a block with what a small picture is on its own."""
    _cell_sums(small[0], CELL, luma[row])
    if colour:
        _cell_sums(small[1], CELL // 2, blue[row])
        _cell_sums(small[2], CELL // 2, red[row])
    _histogram(small[0], 6, counts[row])


@helper
def _flow(
    levels: Three, means: Three, other: Three, other_means: Three, reach: int, out: Array, weight: Array
) -> None:
    rows, columns = out.shape[:2]
    coarse = np.empty(((rows + 1) // 2, (columns + 1) // 2, 2), np.int32)
    texture = np.empty(coarse.shape[:2])
    middle = np.empty(out.shape, np.int32)
    whole = np.empty(out.shape, np.int32)
    camera = np.empty((2, 3))
    height, width = levels[2].shape
    _match_coarse(levels[2], other[2], means[2], other_means[2], 4, reach // 4, coarse, texture)
    _fit_camera(coarse, texture, 1.0, 4, height, width, 6, camera)
    _match_fine(
        levels[1], other[1], means[1], other_means[1], coarse, 2, camera, 2, 4, reach // 2 + 1, middle
    )
    _match_fine(levels[0], other[0], means[0], other_means[0], middle, 1, camera, 4, CELL, reach + 3, whole)
    _refine(levels[0], other[0], whole, out, weight)


@step((_THREE, _THREE, _THREE, _THREE, int64, filled("int32", 3), filled("float64", 2)))
def flow(
    levels: Three, means: Three, other: Three, other_means: Three, reach: int, out: Array, weight: Array
) -> None:
    """Where each cell is in another picture; see `otio_ai_audit.kernels.block_flow`."""
    _flow(levels, means, other, other_means, reach, out, weight)


@step(
    (
        *([_THREE] * 6),
        *(_PLANE, int64, filled("int32", 3), filled("int32", 2)),
        *(int64, int64, int64, float64, int64),
        *(
            filled("int32", 3),
            filled("int32", 4),
            filled("float64", 3),
            filled("int32", 5),
            filled("int32", 5),
        ),
        *(filled("int32", 3), filled("int32", 3), filled("int64", 2)),
    )
)
def compare(
    levels: Three,
    means: Three,
    margins: Three,
    before: Three,
    before_means: Three,
    before_margins: Three,
    older: Array,
    has_older: int,
    came: Array,
    left: Array,
    row: int,
    reach: int,
    limit: int,
    least: float,
    peak: int,
    changes: Array,
    flow: Array,
    camera: Array,
    back: Array,
    ahead: Array,
    skip: Array,
    outlier: Array,
    products: Array,
) -> int:
    """Fill row `row` of a block, and what the row before was waiting for.

    `came` and `left` are the flow from the frame before to the older picture (its luma with a margin) and
    what that leaves; they are replaced where the latest frame shows another picture than the one before:
    then the result is 1.
    """
    rows, columns = flow.shape[1:3]
    change = changes[row]
    here = flow[row]
    _cell_changes(levels[0], before[0], change)
    total = np.int64(0)
    most = np.int64(0)
    for r in range(rows):
        for c in range(columns):
            total += change[r, c]
            most = max(most, np.int64(change[r, c]))
    there = np.zeros((rows, columns, 2), np.int32)
    if total == 0:
        here[:, :, :] = 0  # the same picture: no motion, and every comparison comes out as exactly nothing
        camera[row] = 0.0
    else:
        weight = np.empty((rows, columns))
        reverse_weight = np.empty((rows, columns))
        _flow(levels, means, before, before_means, reach, here, weight)
        _flow(before, before_means, levels, means, reach, there, reverse_weight)
        height, width = levels[0].shape
        _fit_camera(here, weight, 1.0 / motion.FRACTION, CELL, height, width, 7, camera[row])
    mask = np.empty(CELL * CELL, np.int32)
    a, b = margins, before_margins
    _residue(b[0], b[1], b[2], a[0], a[1], a[2], there, here, limit, mask, ahead[row - 1])
    _residue(a[0], a[1], a[2], b[0], b[1], b[2], here, there, limit, mask, back[row])
    _gradient_products(a[0], b[0], here, products[row])
    if has_older:
        skipped = skip[row - 1]
        _skipped(older, a[0], came, there, skipped)
        for r in range(rows):
            for c in range(columns):
                # to both ends of an interval it is its length, and twice how far one stands outside
                twice = left[r, c] + ahead[row - 1, 0, 2, r, c] - skipped[r, c]
                outlier[row - 1, r, c] = twice >> 1
    if total / (rows * columns) < least and most < peak:
        return 0
    came[:, :, :] = here
    left[:, :] = back[row, 0, 2]
    return 1


EACH_FRAME = (shrink_planes, describe, compare)
"""What has to be compiled before the first frame."""
