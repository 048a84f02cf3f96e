"""Every kernel against its plain twin in `tests/reference.py`; also run with ``NUMBA_DISABLE_JIT=1``."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from otio_ai_audit.kernels import frame, match, motion, residual, rgb, shrink
from otio_ai_audit.kernels.grid import Grid
from otio_ai_audit.kernels.jit import KERNELS
from otio_ai_audit.kernels.pictures import Planes, Small, shrink_frame
from tests import reference

HEIGHT, WIDTH = 27, 36  # neither a whole number of cells
ROWS, COLUMNS = 4, 5


def picture(rng: np.random.Generator, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Smooth texture in 64ths of a code value, with clipped black and white in it."""
    knots = rng.normal(size=(height // 3 + 3, width // 3 + 3))
    fine = np.kron(knots, np.ones((3, 3)))[1 : height + 1, 1 : width + 1] + 0.3 * rng.normal(
        size=(height, width)
    )
    return np.clip(8000 + 4500 * fine, 0, 255 * 64).astype(np.int16)


def shifted(plane: np.ndarray, dy: int, dx: int) -> np.ndarray:
    return np.roll(plane, (dy, dx), (0, 1))


def flow_like(rng: np.random.Generator, rows: int = ROWS, columns: int = COLUMNS) -> np.ndarray:
    """Vectors of every length: none, small, and far out of the picture."""
    flow = rng.integers(-100, 100, (rows, columns, 2)).astype(np.int32)
    flow[0, 0] = 0
    flow[-1, -1] = 3000, -3000
    flow[0, -1] = -1500, 700
    return flow


def test_every_kernel_has_a_twin() -> None:
    twins = {name for name, _ in inspect.getmembers(reference, inspect.isfunction)}
    assert set(KERNELS) <= twins
    assert len(KERNELS) >= 15


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("factor", "padding"), [(1, 9), (2, 9), (3, 9), (8, 9), (8, 0), (16, 0), (24, 9)])
def test_box_luma(rng: np.random.Generator, dtype: type, factor: int, padding: int) -> None:
    height, width, cell = 5, 7, 2
    shape = (height * factor + padding // 3, width * factor + padding)
    plane = rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True)
    plane = plane.astype(dtype)
    wide = width * factor
    narrow = np.uint16 if dtype == np.uint8 else np.uint32
    sums, detail = np.empty((height, width), np.int32), np.empty((2, 3), np.int64)
    scratch = (np.empty(wide, narrow), np.empty(wide, narrow), np.empty(wide, np.int32))
    shrink.box_luma(plane, factor, cell, *scratch, sums, detail)
    expected_sums, expected_detail = reference.box_luma(plane, factor, cell, height, width, 2, 3)
    np.testing.assert_array_equal(sums, expected_sums)
    np.testing.assert_array_equal(detail, expected_detail)


def test_box_luma_of_the_largest_boxes_stays_exact() -> None:
    plane = np.zeros((128, 64 * 2), np.uint16)
    plane[::2, ::2] = 65535
    sums, detail = np.empty((2, 2), np.int32), np.empty((1, 1), np.int64)
    scratch = (np.empty(128, np.uint32), np.empty(128, np.uint32), np.empty(128, np.int32))
    shrink.box_luma(plane, 64, 8, *scratch, sums, detail)
    expected = reference.box_luma(plane, 64, 8, 2, 2, 1, 1)
    np.testing.assert_array_equal(sums, expected[0])
    np.testing.assert_array_equal(detail, expected[1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("step", "offset"), [(1, 0), (2, 0), (2, 1)])
@pytest.mark.parametrize(("across", "down"), [(1, 1), (2, 4), (8, 8), (16, 3), (16, 16)])
def test_box_chroma(
    rng: np.random.Generator, dtype: type, step: int, offset: int, across: int, down: int
) -> None:
    height, width = 3, 4
    shape = (height * down + 1, width * across * step + 5)
    plane = rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
    wide = width * across * step
    sums = np.empty((height, width), np.int32)
    column = np.empty(wide, np.uint16 if dtype == np.uint8 else np.uint32)
    shrink.box_chroma(plane, step, offset, across, down, column, np.empty(wide, np.int32), sums)
    np.testing.assert_array_equal(
        sums, reference.box_chroma(plane, step, offset, across, down, height, width)
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("factor", "across", "down"), [(1, 2, 2), (2, 1, 1), (3, 2, 2), (5, 2, 1), (8, 4, 1)]
)
@pytest.mark.parametrize("step", [0, 1, 2])
def test_box_rgb(
    rng: np.random.Generator, dtype: type, factor: int, across: int, down: int, step: int
) -> None:
    height, width = 6, 9
    tall, wide = height * factor + 3, width * factor + 5

    def plane(*shape: int) -> np.ndarray:
        return rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)

    luma = plane(tall, wide)
    chroma_height, chroma_width = -(-tall // down), -(-wide // across)
    samples = chroma_width * step
    blue = plane(chroma_height, max(1, samples) + 2)
    red = blue if step == 2 else plane(chroma_height, max(1, samples) + 2)
    boxes = np.arange(width) * factor
    ends = np.minimum([boxes // across, (boxes + factor - 1) // across], chroma_width - 1) * max(step, 1)
    left, right = (np.concatenate([end, end + (step == 2)]).astype(np.int32) for end in ends)
    top = np.iinfo(dtype).max / 255
    scales = np.array([1.1 / factor**2 / top, 18, 1.1 / top, 140, 1.57, 0.19, 0.47, 1.86], np.float32)
    total = np.uint16 if dtype == np.uint8 else np.uint32
    out = np.empty((height, width, 3), np.uint8)
    given = (luma, blue, red, factor, down, chroma_height, samples, left, right, scales)
    scratch = (np.empty(width * factor, total), *np.empty((2, max(1, samples)), total))
    rgb.box_rgb(*given, *scratch, *np.empty((3, width), np.float32), out)
    np.testing.assert_array_equal(out, reference.box_rgb(*given, height, width))


def test_rgb_picture_of_known_colours() -> None:
    colours = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 180, 20), (90, 90, 90), (255, 255, 255)])
    for high, full, bits, sub, interleaved in (
        (True, False, 8, 2, False), (False, True, 8, 1, False), (True, False, 10, 2, True),
        (False, False, 16, 2, True),
    ):  # fmt: skip
        kr, kb = (0.2126, 0.0722) if high else (0.299, 0.114)
        r, g, b = (np.repeat(colours, 12, axis=0)[:, k] / 255 for k in range(3))
        y = kr * r + (1 - kr - kb) * g + kb * b
        cb, cr = (b - y) / (2 - 2 * kb), (r - y) / (2 - 2 * kr)
        top = 2.0**bits - 1 if full else 219 * 2.0 ** (bits - 8)
        deep = 2.0**bits - 1 if full else 224 * 2.0 ** (bits - 8)
        dtype = np.uint8 if bits == 8 else np.uint16
        luma = np.tile(np.round(y * top + (0 if full else 16 * 2 ** (bits - 8))), (24, 1)).astype(dtype)
        blue, red = (
            np.tile(np.round(c[::sub] * deep + 2 ** (bits - 1)), (24 // sub, 1))
            .clip(0, 2**bits - 1)
            .astype(dtype)
            for c in (cb, cr)
        )
        planes = (luma, blue, red)
        if interleaved:
            planes = (luma, np.ascontiguousarray(np.stack([blue, red], axis=-1).reshape(len(blue), -1)))
        frame = Planes(planes, 72, 24, blue.shape[1], blue.shape[0], bits, full, interleaved)
        for side, factor in ((640, 1), (24, 3)):
            found = rgb.rgb_picture(frame, high=high, side=side)
            assert found.shape == (24 // factor, 72 // factor, 3)
            expected = np.repeat(colours, 12 // factor, axis=0)
            assert np.abs(found.astype(int) - expected).max() <= 2, (high, bits, factor)


def test_rgb_picture_of_grey_and_of_odd_sizes(rng: np.random.Generator) -> None:
    luma = rng.integers(0, 255, (7, 40)).astype(np.uint8)
    grey = rgb.rgb_picture(Planes((luma,), 33, 7, 0, 0, 8, True))
    assert (grey == luma[:, :33, None]).all()
    chroma = np.full((4, 17), 128, np.uint8)
    odd = rgb.rgb_picture(Planes((luma, chroma, chroma), 33, 7, 17, 4, 8, True), side=12)
    assert odd.shape == (2, 11, 3)
    line = rgb.rgb_picture(Planes((np.zeros((1, 3000), np.uint8),), 3000, 1, 0, 0, 8, True))
    assert line.shape == (1, 3000, 3)
    with pytest.raises(ValueError, match="cannot hold"):
        rgb.rgb_picture(Planes((luma,), 41, 7, 0, 0, 8, True))


@pytest.mark.parametrize("transfer", ["pq", "hlg"])
def test_high_dynamic_range_is_no_grey_mud(transfer: str) -> None:
    curve = rgb.display_curve(transfer)
    assert curve[0] == 0
    assert curve[255] == 255
    assert (np.diff(curve.astype(int)) >= 0).all()
    white = {"pq": 0.5807, "hlg": 0.75}[transfer]  # diffuse white, 203 cd/m²: ITU-R BT.2408
    assert 210 <= curve[round(255 * white)] <= 245
    luma = np.full((16, 16), 128, np.uint8)
    shown = rgb.rgb_picture(Planes((luma,), 16, 16, 0, 0, 8, True), transfer=transfer)
    assert (shown == curve[128]).all()


def test_level(rng: np.random.Generator) -> None:
    sums = rng.integers(0, 255 * 64, (6, 7)).astype(np.int32)
    out = np.empty(sums.shape, np.int16)
    shrink.level(sums, 1.37, -900.25, 255 * 64, out)
    np.testing.assert_array_equal(out, reference.level(sums, 1.37, -900.25, 255 * 64))


@pytest.mark.parametrize("cell", [4, 8])
def test_cell_sums(rng: np.random.Generator, cell: int) -> None:
    plane = picture(rng)
    out = np.empty((-(-HEIGHT // cell), -(-WIDTH // cell)), np.int32)
    shrink.cell_sums(plane, cell, out)
    np.testing.assert_array_equal(out, reference.cell_sums(plane, cell, *out.shape))


def test_cell_changes(rng: np.random.Generator) -> None:
    one, two = picture(rng), picture(rng)
    out = np.empty((ROWS, COLUMNS), np.int32)
    shrink.cell_changes(one, two, out)
    np.testing.assert_array_equal(out, reference.cell_changes(one, two, ROWS, COLUMNS))


def test_histogram(rng: np.random.Generator) -> None:
    plane = picture(rng)
    out = np.empty(256, np.int32)
    shrink.histogram(plane, 6, out)
    np.testing.assert_array_equal(out, reference.histogram(plane, 6, 256))


@pytest.mark.parametrize("shape", [(13, 18), (14, 20), (30, 40)])
def test_halve(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    plane = picture(rng)
    out = np.empty(shape, np.int16)
    match.halve(plane, out)
    np.testing.assert_array_equal(out, reference.halve(plane, shape))


def means_of(plane: np.ndarray) -> np.ndarray:
    out = np.empty((plane.shape[0] - 7, plane.shape[1] - 7), np.int16)
    match.window_means(plane, np.empty(plane.shape[1], np.int32), np.empty(plane.shape[1], np.int32), out)
    return out


def test_window_means(rng: np.random.Generator) -> None:
    plane = picture(rng)
    np.testing.assert_array_equal(means_of(plane), reference.window_means(plane))


def pairs(rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    base = picture(rng)
    brighter = np.minimum(shifted(base, -2, 3).astype(np.int64) + 700, 255 * 64).astype(np.int16)
    return [(base, base), (base, brighter), (base, picture(rng)), (base, np.full_like(base, 5000))]


@pytest.mark.parametrize("which", range(4))
def test_match_coarse(rng: np.random.Generator, which: int) -> None:
    a, b = pairs(rng)[which]
    out, weight = np.empty((4, 5, 2), np.int32), np.empty((4, 5))
    match.match_coarse(a, b, means_of(a), means_of(b), 8, 3, out, weight)
    expected = reference.match_coarse(a, b, means_of(a), means_of(b), 8, 3, 4, 5)
    np.testing.assert_array_equal(out, expected[0])
    np.testing.assert_allclose(weight, expected[1])


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("ratio", [1, 2])
def test_match_fine(rng: np.random.Generator, which: int, ratio: int) -> None:
    a, b = pairs(rng)[which]
    parents = rng.integers(-3, 4, (ROWS // ratio, COLUMNS // ratio, 2)).astype(np.int32)
    camera = np.array([[1.5, 0.01, 0.0], [-1.0, 0.0, 0.02]])
    out = np.empty((ROWS, COLUMNS, 2), np.int32)
    arguments = (a, b, means_of(a), means_of(b), parents, ratio, camera, 2, 8, 6)
    match.match_fine(*arguments, out)
    np.testing.assert_array_equal(out, reference.match_fine(*arguments, ROWS, COLUMNS))


@pytest.mark.parametrize("which", range(4))
def test_refine(rng: np.random.Generator, which: int) -> None:
    a, b = pairs(rng)[which]
    whole = rng.integers(-2, 3, (ROWS, COLUMNS, 2)).astype(np.int32)
    whole[1:3, 1:3] = -2, 3
    whole[0, 0] = 25, -25
    out, weight = np.empty_like(whole), np.empty((ROWS, COLUMNS))
    motion.refine(a, b, whole, out, weight)
    expected = reference.refine(a, b, whole)
    np.testing.assert_array_equal(out, expected[0])
    np.testing.assert_allclose(weight, expected[1])


def test_fit_camera(rng: np.random.Generator) -> None:
    flow = flow_like(rng, 6, 8)
    trust = rng.random((6, 8))
    out = np.empty((2, 3))
    motion.fit_camera(flow, trust, 1 / 32, 8, 45, 60, 7, out)
    np.testing.assert_allclose(out, reference.fit_camera(flow, trust, 1 / 32, 8, 45, 60, 7), atol=1e-9)


@pytest.mark.parametrize("pad", [8, 16])
def test_with_margin(rng: np.random.Generator, pad: int) -> None:
    plane = picture(rng)
    out = np.empty((HEIGHT + 2 * pad, WIDTH + 2 * pad), np.int16)
    residual.with_margin(plane, pad, out)
    np.testing.assert_array_equal(out, reference.with_margin(plane, pad))


def with_margins(rng: np.random.Generator) -> list[np.ndarray]:
    """Luma, Cb and Cr with their margins."""
    chroma = (HEIGHT // 2, WIDTH // 2)
    return [
        np.pad(picture(rng), 16, mode="edge"),
        np.pad(picture(rng, *chroma), 8, mode="edge"),
        np.pad(picture(rng, *chroma), 8, mode="edge"),
    ]


def test_residue(rng: np.random.Generator) -> None:
    now, other = with_margins(rng), with_margins(rng)
    flow = flow_like(rng)
    reverse = (-flow + rng.integers(-60, 60, flow.shape)).astype(np.int32)
    out = np.zeros((3, 3, ROWS, COLUMNS), np.int32)
    residual.residue(*now, *other, flow, reverse, 48, np.empty(64, np.int32), out)
    np.testing.assert_array_equal(out, reference.residue(*now, *other, flow, reverse, 48))
    assert 0 < out[0, 1].sum() < 64 * ROWS * COLUMNS


def test_residue_without_colour(rng: np.random.Generator) -> None:
    now, other = with_margins(rng)[0], with_margins(rng)[0]
    none = np.zeros((16, 16), np.int16)
    flow = flow_like(rng)
    out = np.zeros((3, 3, ROWS, COLUMNS), np.int32)
    residual.residue(now, none, none, other, none, none, flow, -flow, 48, np.empty(64, np.int32), out)
    assert not out[1:].any()


def test_skipped(rng: np.random.Generator) -> None:
    before, after = with_margins(rng)[0], with_margins(rng)[0]
    back, ahead = flow_like(rng), flow_like(rng)
    out = np.empty((ROWS, COLUMNS), np.int32)
    residual.skipped(before, after, back, ahead, out)
    np.testing.assert_array_equal(out, reference.skipped(before, after, back, ahead))


def test_gradient_products(rng: np.random.Generator) -> None:
    now, other = with_margins(rng)[0], with_margins(rng)[0]
    flow = flow_like(rng)
    out = np.empty(3, np.int64)
    residual.gradient_products(now, other, flow, out)
    np.testing.assert_array_equal(out, reference.gradient_products(now, other, flow))


# --- whole frames: the kernels in a row


def small_picture(rng: np.random.Generator, colours: int) -> tuple[Planes, Grid, Small]:
    shape = (54, 75)
    planes = [rng.integers(0, 255, shape).astype(np.uint8)]
    planes += [rng.integers(0, 255, (27, 38)).astype(np.uint8) for _ in range(colours)]
    given = Planes(tuple(planes), 75, 54, 38 * (colours > 0), 27 * (colours > 0), 8, True)
    grid = Grid.of(75, 54)
    return given, grid, shrink_frame(given, grid)


@pytest.mark.parametrize("colours", [0, 2])
def test_shrink_planes(rng: np.random.Generator, colours: int) -> None:
    given, grid, small = small_picture(rng, colours)
    size = grid.height, grid.width
    sums, slopes = reference.box_luma(given.planes[0], grid.factor, 8, *size, grid.rows, grid.columns)
    np.testing.assert_array_equal(small.slopes, slopes)
    np.testing.assert_array_equal(small.luma, reference.level(sums, 64 / grid.factor**2, 0.5, 255 * 64))
    np.testing.assert_array_equal(small.margins[0], reference.with_margin(small.luma, 16))
    assert (small.blue is None) == (small.red is None) == (colours == 0)
    for plane, out, margin in zip(given.planes[1:], (small.blue, small.red), small.margins[1:], strict=False):
        sums = reference.box_chroma(
            plane, 1, 0, grid.factor, grid.factor, grid.chroma_height, grid.chroma_width
        )
        np.testing.assert_array_equal(out, reference.level(sums, 64 / grid.factor**2, 0.5, 255 * 64))
        np.testing.assert_array_equal(margin, reference.with_margin(out, 8))
    if not colours:
        assert small.margins[1].shape == (16, 16)
    for above, below in zip(small.levels, small.levels[1:], strict=False):
        np.testing.assert_array_equal(below, reference.halve(above, below.shape))
    for level, means in zip(small.levels, small.means, strict=True):
        np.testing.assert_array_equal(means, reference.window_means(level))


def test_describe(rng: np.random.Generator) -> None:
    _, grid, small = small_picture(rng, 2)
    block = [np.zeros((2, grid.rows, grid.columns), np.int32) for _ in range(3)]
    counts = np.zeros((2, 256), np.int32)
    frame.describe(small.planes, 1, 1, *block, counts)
    for plane, size, sums in zip(small.planes, (8, 4, 4), block, strict=True):
        np.testing.assert_array_equal(sums[1], reference.cell_sums(plane, size, grid.rows, grid.columns))
    np.testing.assert_array_equal(counts[1], reference.histogram(small.luma, 6, 256))
    assert not counts[0].any()


def flow_of(a: Small, b: Small, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole flow from one picture to another, by the twins."""
    (a0, a1, a2), (b0, b1, b2) = a.levels, b.levels
    (m0, m1, m2), (n0, n1, n2) = a.means, b.means
    half = (rows + 1) // 2, (columns + 1) // 2
    coarse, texture = reference.match_coarse(a2, b2, m2, n2, 4, 7, *half)
    camera = reference.fit_camera(coarse, texture, 1.0, 4, *a2.shape, 6)
    middle = reference.match_fine(a1, b1, m1, n1, coarse, 2, camera, 2, 4, 15, rows, columns)
    whole = reference.match_fine(a0, b0, m0, n0, middle, 1, camera, 4, 8, 31, rows, columns)
    return reference.refine(a0, b0, whole)


def test_compare(rng: np.random.Generator) -> None:
    _, grid, before = small_picture(rng, 2)
    _, _, now = small_picture(rng, 2)
    _, _, older = small_picture(rng, 2)
    rows, columns = grid.rows, grid.columns
    came, left = flow_like(rng, rows, columns), rng.integers(0, 9000, (rows, columns)).astype(np.int32)
    was_came, was_left = came.copy(), left.copy()
    cells, both = np.zeros((2, rows, columns), np.int32), np.zeros((2, rows, columns, 2), np.int32)
    changes, skip, outlier = cells, cells.copy(), cells.copy()
    camera, products = np.zeros((2, 2, 3)), np.zeros((2, 3), np.int64)
    back, ahead = (np.zeros((2, 3, 3, rows, columns), np.int32) for _ in range(2))
    other = frame.compare(
        *(now.levels, now.means, now.margins, before.levels, before.means, before.margins),
        *(older.margins[0], 1, came, left, 1, 28, 48, 1.0, 10**6),
        *(changes, both, camera, back, ahead, skip, outlier, products),
    )
    here, weight = flow_of(now, before, rows, columns)
    there, _ = flow_of(before, now, rows, columns)
    np.testing.assert_array_equal(changes[1], reference.cell_changes(now.luma, before.luma, rows, columns))
    np.testing.assert_array_equal(both[1], here)
    fitted = reference.fit_camera(here, weight, 1 / 32, 8, grid.height, grid.width, 7)
    np.testing.assert_allclose(camera[1], fitted, atol=1e-9)
    np.testing.assert_array_equal(ahead[0], reference.residue(*before.margins, *now.margins, there, here, 48))
    np.testing.assert_array_equal(back[1], reference.residue(*now.margins, *before.margins, here, there, 48))
    np.testing.assert_array_equal(
        products[1], reference.gradient_products(now.margins[0], before.margins[0], here)
    )
    np.testing.assert_array_equal(
        skip[0], reference.skipped(older.margins[0], now.margins[0], was_came, there)
    )
    np.testing.assert_array_equal(outlier[0], (was_left + ahead[0, 0, 2] - skip[0]) // 2)
    assert other == 1
    np.testing.assert_array_equal(came, here)
    np.testing.assert_array_equal(left, back[1, 0, 2])
