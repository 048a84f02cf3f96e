"""Each kernel at its real size (1080p, and the small picture of 240 × 135) against its plain twin.

The figure is ``times_faster`` in the extra information: the twin's time over the kernel's, measured in
the same run. Twins are written to be read; some of them loop in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from benchmarks.bench_cost import ground
from otio_ai_audit import kernels
from otio_ai_audit.kernels import match, motion, pictures, residual, series, shrink
from tests import reference

WIDTH, HEIGHT = 1920, 1080
GRID = kernels.Grid.of(WIDTH, HEIGHT)
CELLS = (GRID.rows, GRID.columns)
SMALL = (GRID.height, GRID.width)


def planes(dy: int, dx: int) -> kernels.Planes:
    """Planes of a picture of textured ground, padded as a decoder pads them."""
    world = big()
    luma = np.zeros((HEIGHT + 8, WIDTH + 64), np.uint8)
    luma[:HEIGHT, :WIDTH] = world[dy : dy + HEIGHT, dx : dx + WIDTH, 1]
    chroma = []
    for channel in (0, 2):
        plane = np.zeros((HEIGHT // 2, WIDTH // 2 + 64), np.uint8)
        plane[:, : WIDTH // 2] = world[dy : dy + HEIGHT : 2, dx : dx + WIDTH : 2, channel]
        chroma.append(plane)
    return kernels.Planes((luma, *chroma), WIDTH, HEIGHT, WIDTH // 2, HEIGHT // 2, 8, False)


@cache
def big() -> Any:
    return ground(np.random.default_rng(20), HEIGHT + 100, WIDTH + 100)


@cache
def pair() -> tuple[kernels.Small, kernels.Small, Any, Any]:
    """Two frames of a pan by fractions, and the flow between them both ways."""
    a, b = (kernels.shrink_frame(planes(*place), GRID) for place in ((40, 40), (43, 61)))
    back, ahead = np.zeros((*CELLS, 2), np.int32), np.zeros((*CELLS, 2), np.int32)
    kernels.block_flow(b, a, GRID, back)
    kernels.block_flow(a, b, GRID, ahead)
    return a, b, back, ahead


def cases() -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Kernel's name → a call of the kernel and one of its twin."""
    frame = planes(40, 40)
    luma, blue = frame.planes[0], frame.planes[1]
    a, b, back, ahead = pair()
    (a0, _, a2), (ma0, _, ma2) = a.levels, a.means
    (b0, _, b2), (mb0, _, mb2) = b.levels, b.means
    sums, detail = np.empty(SMALL, np.int32), np.empty(CELLS, np.int64)
    chroma = np.empty((GRID.chroma_height, GRID.chroma_width), np.int32)
    cells, counts, products = np.empty(CELLS, np.int32), np.empty(256, np.int32), np.empty(3, np.int64)
    half = np.empty((SMALL[0] // 2, SMALL[1] // 2), np.int16)
    means = np.empty_like(ma0)
    scratch16, scratch32, more32 = (np.empty(WIDTH, kind) for kind in (np.uint16, np.int32, np.int32))
    also16 = scratch16.copy()
    small = np.empty(SMALL, np.int16)
    coarse_size = ((GRID.rows + 1) // 2, (GRID.columns + 1) // 2)
    coarse, texture = np.empty((*coarse_size, 2), np.int32), np.empty(coarse_size)
    middle, whole, flow = (np.zeros((*CELLS, 2), np.int32) for _ in range(3))
    weight, camera = np.ones(CELLS), np.zeros((2, 3))
    middle[:] = back // 64
    whole[:] = back // 32
    margin, mask = np.empty_like(a.margins[0]), np.empty(64, np.int32)
    sides = np.zeros((3, 3, *CELLS), np.int32)
    limit = series.AGREEMENT
    fine = (b0, a0, mb0, ma0, middle, 1, camera, 2, 8, 31)
    return {
        "box_luma": (
            lambda: shrink.box_luma(luma, 8, 8, scratch16, also16, scratch32, sums, detail),
            lambda: reference.box_luma(luma, 8, 8, *SMALL, *CELLS),
        ),
        "box_chroma": (
            lambda: shrink.box_chroma(blue, 1, 0, 8, 8, scratch16, scratch32, chroma),
            lambda: reference.box_chroma(blue, 1, 0, 8, 8, *chroma.shape),
        ),
        "level": (
            lambda: shrink.level(sums, 1.1, -0.5, 16320, small),
            lambda: reference.level(sums, 1.1, -0.5, 16320),
        ),
        "cell_sums": (
            lambda: shrink.cell_sums(a.luma, 8, cells),
            lambda: reference.cell_sums(a.luma, 8, *CELLS),
        ),
        "cell_changes": (
            lambda: shrink.cell_changes(a.luma, b.luma, cells),
            lambda: reference.cell_changes(a.luma, b.luma, *CELLS),
        ),
        "histogram": (
            lambda: shrink.histogram(a.luma, 6, counts),
            lambda: reference.histogram(a.luma, 6, 256),
        ),
        "halve": (lambda: match.halve(a.luma, half), lambda: reference.halve(a.luma, half.shape)),
        "window_means": (
            lambda: match.window_means(a.luma, scratch32, more32, means),
            lambda: reference.window_means(a.luma),
        ),
        "match_coarse": (
            lambda: match.match_coarse(b2, a2, mb2, ma2, 4, 7, coarse, texture),
            lambda: reference.match_coarse(b2, a2, mb2, ma2, 4, 7, *coarse_size),
        ),
        "match_fine": (
            lambda: match.match_fine(*fine, whole),
            lambda: reference.match_fine(*fine, *CELLS),
        ),
        "refine": (
            lambda: motion.refine(b0, a0, whole, flow, weight),
            lambda: reference.refine(b0, a0, whole),
        ),
        "fit_camera": (
            lambda: motion.fit_camera(back, weight, 1 / 32, 8, *SMALL, 7, camera),
            lambda: reference.fit_camera(back, weight, 1 / 32, 8, *SMALL, 7),
        ),
        "with_margin": (
            lambda: residual.with_margin(a.luma, 16, margin),
            lambda: reference.with_margin(a.luma, 16),
        ),
        "residue": (
            lambda: residual.residue(*b.margins, *a.margins, back, ahead, limit, mask, sides),
            lambda: reference.residue(*b.margins, *a.margins, back, ahead, limit),
        ),
        "skipped": (
            lambda: residual.skipped(a.margins[0], b.margins[0], back, ahead, cells),
            lambda: reference.skipped(a.margins[0], b.margins[0], back, ahead),
        ),
        "gradient_products": (
            lambda: residual.gradient_products(b.margins[0], a.margins[0], back, products),
            lambda: reference.gradient_products(b.margins[0], a.margins[0], back),
        ),
    }


NAMES = (
    *("box_luma", "box_chroma", "level", "cell_sums", "cell_changes", "histogram", "halve", "window_means"),
    *("match_coarse", "match_fine", "refine", "fit_camera"),
    *("with_margin", "residue", "skipped", "gradient_products"),
)


@pytest.mark.benchmark(group="kernels")
@pytest.mark.parametrize("name", NAMES)
def test_kernel(benchmark: Any, name: str) -> None:
    kernels.warmup()
    fast, plain = cases()[name]
    fast()
    benchmark.pedantic(fast, rounds=60, iterations=5)
    start = perf_counter()
    plain()
    benchmark.extra_info["times_faster"] = (perf_counter() - start) / benchmark.stats.stats.min


@pytest.mark.benchmark(group="frame")
@pytest.mark.parametrize("what", ["shrink_frame", "block_flow", "whole frame"])
def test_frame(benchmark: Any, what: str) -> None:
    """What a frame of 1080p costs, without decoding."""
    kernels.warmup()
    a, b, back, _ = pair()
    frames = [planes(40 + n, 40 + 3 * n) for n in range(8)]
    if what == "shrink_frame":
        benchmark.pedantic(pictures.shrink_frame, args=(frames[0], GRID), rounds=60)
    elif what == "block_flow":
        benchmark.pedantic(kernels.block_flow, args=(b, a, GRID, back), rounds=60)
    else:
        running = kernels.Series(GRID)
        numbers = iter(range(10**9))
        benchmark.pedantic(lambda: running.add(frames[next(numbers) % 8]), rounds=120)
