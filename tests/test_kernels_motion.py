"""What the kernels make of pictures that move, flicker, repeat and end: behaviour, not numbers."""

from __future__ import annotations

import os
from functools import cache

import numpy as np
import pytest

from otio_ai_audit import kernels

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") == "1", reason="too slow as plain Python; the twins are tested"
)

FACTOR = 2
HEIGHT, WIDTH = 288, 480


@cache
def world(seed: int = 3, height: int = 700, width: int = 1000) -> np.ndarray:
    """Texture of many sizes, smooth enough to be moved by fractions of a small pixel."""
    rng = np.random.default_rng(seed)
    out = np.zeros((height, width))
    for size in (4, 8, 16, 32, 64):
        knots = rng.normal(size=(height // size + 3, width // size + 3))
        out += size**0.5 * sample(knots, *np.mgrid[0:height, 0:width] / size)
    return out / out.std() * 35 + 120


def sample(plane: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Bilinear values at places inside a plane."""
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    fy, fx = y - top, x - left
    upper = plane[top, left] * (1 - fx) + plane[top, left + 1] * fx
    lower = plane[top + 1, left] * (1 - fx) + plane[top + 1, left + 1] * fx
    return upper * (1 - fy) + lower * fy


def view(turn: float = 0.0, zoom: float = 1.0, dy: float = 0.0, dx: float = 0.0, seed: int = 3) -> np.ndarray:
    """A camera's picture of the world; at a later frame a point (x, y) shows what was further along."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    y, x = y - (HEIGHT - 1) / 2, x - (WIDTH - 1) / 2
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    return sample(world(seed), s * x + c * y + 350 + dy, c * x - s * y + 500 + dx)


def frame(
    luma: np.ndarray, blue: np.ndarray | float = 128.0, red: np.ndarray | float = 128.0
) -> kernels.Planes:
    """Full-range 4:2:0 planes of a picture, with padding at the right."""
    height, width = luma.shape
    half = (-(-height // 2), -(-width // 2))
    planes = []
    for plane, shape in ((luma, luma.shape), (blue, half), (red, half)):
        out = np.zeros((shape[0], shape[1] + 24), np.uint8)
        out[:, : shape[1]] = np.clip(np.round(np.broadcast_to(plane, shape)), 0, 255)
        planes.append(out)
    return kernels.Planes(tuple(planes), width, height, half[1], half[0], 8, True)


def measure(*frames: kernels.Planes) -> dict[str, np.ndarray]:
    series = kernels.Series(kernels.grid_of(frames[0].width, frames[0].height))
    blocks = [block for block in map(series.add, frames) if block is not None]
    blocks.append(series.finish())
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def inner(cells: np.ndarray) -> np.ndarray:
    """Leave out the outermost cells of the last two axes."""
    return cells[..., 2:-2, 2:-2]


def test_grid_of_ordinary_pictures() -> None:
    for width, height, factor, columns, rows in (
        (1920, 1080, 8, 30, 17),
        (3840, 2160, 16, 30, 17),
        (1080, 1920, 8, 17, 30),
        (512, 512, 2, 32, 32),
        (832, 480, 3, 35, 20),
    ):
        grid = kernels.grid_of(width, height)
        assert (grid.factor, grid.columns, grid.rows) == (factor, columns, rows)


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (3, 2000), (2000, 3), (16, 16), (4000, 70), (17, 33), (9, 9)]
)
def test_odd_shapes_are_measured(rng: np.random.Generator, width: int, height: int) -> None:
    grid = kernels.grid_of(width, height)
    assert grid.rows * 8 >= grid.height
    assert grid.columns * 8 >= grid.width
    if min(width, height) >= 24:
        assert min(grid.rows, grid.columns) >= 3
    pictures = [rng.uniform(20, 230, (height, width)) for _ in range(3)]
    found = measure(*map(frame, pictures))
    assert all(np.isfinite(values).all() for values in found.values())


def test_levels_of_limited_and_full_range() -> None:
    def flat(luma: int, blue: int, bits: int, full: bool) -> kernels.Planes:
        dtype = np.uint8 if bits == 8 else np.uint16
        planes = (np.full((64, 96), luma, dtype), *[np.full((32, 48), blue, dtype)] * 2)
        return kernels.Planes(planes, 96, 64, 48, 32, bits, full)

    for bits in (8, 10, 12, 16):
        up = 2 ** (bits - 8)
        black = measure(flat(16 * up, 128 * up, bits, False))
        white = measure(flat(235 * up, 240 * up, bits, False))
        assert np.abs(black["luma"]).max() < 0.02
        assert np.abs(white["luma"] - 255).max() < 0.02
        assert np.abs(black["blue"] - 128).max() < 0.02
        assert np.abs(white["blue"] - 255).max() < 0.6  # 240 is 127.5 above grey
        full = measure(flat(2**bits - 1, 128 * up, bits, True))
        assert np.abs(full["luma"] - 255).max() < 0.02
    assert measure(flat(16, 128, 8, False))["low"][0] == 0


def test_colour_of_every_layout(rng: np.random.Generator) -> None:
    luma = rng.integers(0, 255, (96, 160)).astype(np.uint8)
    blue = np.repeat(np.repeat(rng.integers(60, 200, (6, 10)), 16, 0), 16, 1).astype(np.uint8)
    red = 255 - blue

    def of(across: int, down: int) -> dict[str, np.ndarray]:
        planes = (luma, *(np.ascontiguousarray(p[::down, ::across]) for p in (blue, red)))
        return measure(kernels.Planes(planes, 160, 96, 160 // across, 96 // down, 8, True))

    expected = of(1, 1)
    for layout in ((2, 1), (2, 2), (1, 2), (4, 1), (4, 4)):
        found = of(*layout)
        np.testing.assert_allclose(found["blue"], expected["blue"], atol=0.05)
        np.testing.assert_allclose(found["red"], expected["red"], atol=0.05)
    both = np.stack([blue[::2, ::2], red[::2, ::2]], axis=2).reshape(48, 160)
    found = measure(kernels.Planes((luma, np.ascontiguousarray(both)), 160, 96, 80, 48, 8, True, True))
    np.testing.assert_allclose(found["red"], expected["red"], atol=0.05)
    grey = measure(kernels.Planes((luma,), 160, 96, 0, 0, 8, True))
    assert (grey["blue"] == 128).all()


@pytest.mark.parametrize(("dy", "dx"), [(0, 4), (-6, 10), (0, 48), (48, 0), (-30, -40)])
def test_pan_by_whole_small_pixels_is_exact(dy: int, dx: int) -> None:
    picture = np.round(world())
    one = picture[100 : 100 + HEIGHT, 200 : 200 + WIDTH]
    two = picture[100 + dy : 100 + dy + HEIGHT, 200 + dx : 200 + dx + WIDTH]
    found = measure(frame(one), frame(two))
    np.testing.assert_array_equal(inner(found["flow"][1].transpose(2, 0, 1))[0], dx / FACTOR)
    np.testing.assert_array_equal(inner(found["flow"][1].transpose(2, 0, 1))[1], dy / FACTOR)
    np.testing.assert_allclose(found["camera"][1][:, 0], [dx / FACTOR, dy / FACTOR], atol=0.02)
    # whatever can be seen in both pictures is the same
    seen = found["trust"][1] == 1
    assert seen.mean() > 0.6
    assert np.abs(found["back"][1][:, seen]).max() < 0.02


@pytest.mark.parametrize(("dy", "dx"), [(0.0, 0.5), (1.0, 0.0), (0.7, -1.3), (0.0, 7.4), (-3.3, 9.1)])
def test_pan_by_fractions(dy: float, dx: float) -> None:
    found = measure(frame(view()), frame(view(dy=dy, dx=dx)))
    off = np.hypot(found["flow"][1][..., 0] - dx / FACTOR, found["flow"][1][..., 1] - dy / FACTOR)
    assert np.median(off) < 0.06
    assert np.quantile(inner(off), 0.9) < 0.2
    np.testing.assert_allclose(found["camera"][1][:, 0], [dx / FACTOR, dy / FACTOR], atol=0.06)
    assert found["likeness"][1] > 0.9
    assert np.median(np.abs(found["back"][1, 0])) < 0.4


@pytest.mark.parametrize(("turn", "zoom"), [(0.0, 1.02), (0.0, 0.97), (0.015, 1.0), (-0.02, 1.01)])
def test_zoom_and_turn(turn: float, zoom: float) -> None:
    found = measure(frame(view()), frame(view(turn, zoom)))
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    expected = np.array([[0, c - 1, -s], [0, s, c - 1]])
    np.testing.assert_allclose(found["camera"][1][:, 1:], expected[:, 1:], atol=0.002)
    assert np.abs(found["camera"][1][:, 0]).max() < 0.25
    assert np.median(np.abs(found["back"][1, 0])) < 0.5
    assert inner(found["trust"][1]).mean() > 0.95


@pytest.mark.parametrize("offset", [-12.0, 6.0, 25.0])
def test_flicker_on_a_pan_is_what_remains(offset: float) -> None:
    blue = np.full((HEIGHT // 2, WIDTH // 2), 110.0)
    found = measure(
        frame(view(), blue), frame(view(dy=2, dx=10) + offset, blue + 9), frame(view(dy=4, dx=20), blue)
    )
    off = np.hypot(found["flow"][1][..., 0] - 5, found["flow"][1][..., 1] - 1)
    assert np.quantile(inner(off), 0.9) < 0.2
    for side in ("back", "ahead"):
        assert abs(np.median(found[side][1, 0]) - offset) < 0.4
        assert abs(np.median(found[side][1, 1]) - 9) < 0.1
        assert abs(np.median(found[side][1, 2])) < 0.1
    # the frames around it agree when it is left out
    assert np.median(found["skip"][1]) < 1.0
    assert abs(np.median(found["outlier"][1]) - abs(offset)) < 1.0
    assert abs(np.median(found["error"][1]) - abs(offset)) < 1.0


def test_duplicates_leave_exactly_nothing() -> None:
    moved = frame(view(dx=10))
    found = measure(frame(view()), moved, moved, frame(view(dx=20)))
    assert not found["flow"][2].any()
    assert not found["back"][2].any()
    assert not found["ahead"][1].any()
    assert not found["camera"][2].any()
    assert found["change"][2] == found["change_peak"][2] == found["error"][2].max() == 0
    assert (found["trust"][2] == 1).all()
    assert found["likeness"][2] == 1
    assert found["change"][1] > 5


def test_ends_have_nothing_to_compare() -> None:
    found = measure(frame(view()), frame(view(dx=4)))
    for name in ("flow", "camera", "back", "error", "trust", "skip", "change"):
        assert not found[name][0].any()
    assert not found["ahead"][1].any()
    assert not found["skip"].any()
    assert not found["outlier"].any()


def test_flat_pictures_do_not_move(rng: np.random.Generator) -> None:
    grain = [128 + rng.normal(0, 2, (HEIGHT, WIDTH)) for _ in range(3)]
    found = measure(*map(frame, grain))
    assert np.abs(found["flow"]).mean() < 0.25  # pixels; a quarter of it is the sub-pixel step
    assert np.abs(found["camera"][:, :, 0]).max() < 0.1
    level = measure(*(frame(np.full((HEIGHT, WIDTH), value)) for value in (100.0, 101.0, 140.0)))
    assert not level["flow"].any()
    np.testing.assert_allclose(level["back"][1, 0], 1, atol=0.02)


def test_sky_moves_with_the_ground(rng: np.random.Generator) -> None:
    """Two thirds of the picture have no texture: the camera is what the rest shows."""

    def shot(dx: int) -> np.ndarray:
        picture = np.round(world())[100 : 100 + HEIGHT, 200 + dx : 200 + dx + WIDTH].copy()
        picture[: 2 * HEIGHT // 3] = 180
        return picture + rng.normal(0, 0.7, picture.shape)

    found = measure(frame(shot(0)), frame(shot(12)))
    assert abs(found["camera"][1][0, 0] - 6) < 0.3
    assert np.abs(found["camera"][1][1, 0]) < 0.1


def test_what_is_uncovered_is_not_trusted() -> None:
    """A square of another texture moves over the ground; the ground behind it comes out."""

    def shot(x: int) -> np.ndarray:
        picture = np.round(world())[100 : 100 + HEIGHT, 200 : 200 + WIDTH].copy()
        picture[96:192, x : x + 96] = np.round(world(9))[:96, :96]
        return picture

    found = measure(frame(shot(192)), frame(shot(224)))
    trust = found["trust"][1]
    assert trust[6:12, 12:14].mean() < 0.4  # 32 pixels that the square has left
    assert np.delete(trust, range(5, 13), axis=0).mean() > 0.95
    square = found["flow"][1][7:11, 15:19]
    np.testing.assert_allclose(np.median(square, axis=(0, 1)), [-16, 0], atol=0.1)


def test_a_cut_is_like_nothing_before() -> None:
    found = measure(frame(view()), frame(view(dx=4)), frame(view(seed=9)), frame(view(dx=4, seed=9)))
    assert found["likeness"][1] > 0.9
    assert found["likeness"][2] < 0.6
    assert found["likeness"][3] > 0.9
    assert found["trust"][2].mean() < 0.6 < found["trust"][1].mean()
    assert found["error"][2].mean() > 4 * found["error"][1].mean()


def test_blocks_of_frames_join_without_a_seam(rng: np.random.Generator) -> None:
    """More frames than a block holds: every frame comes once, and none knows where the block ended."""
    pictures = [frame(np.roll(world()[:64, :96], n, axis=1)) for n in range(70)]
    found = measure(*pictures)
    assert len(found["luma"]) == 70
    late = measure(*pictures[60:68])
    for name, values in late.items():
        np.testing.assert_array_equal(values[1:-1], found[name][61:67], err_msg=name)


def test_wrong_planes_are_refused() -> None:
    grid = kernels.grid_of(96, 64)
    plane = np.zeros((64, 96))
    with pytest.raises(ValueError, match="uint8 or uint16"):
        kernels.shrink_frame(kernels.Planes((plane,), 96, 64, 0, 0, 8, True), grid)
    with pytest.raises(ValueError, match="cannot hold"):
        kernels.shrink_frame(kernels.Planes((plane.astype(np.uint8),), 97, 64, 0, 0, 8, True), grid)
    with pytest.raises(ValueError, match="got 80 x 64"):
        kernels.shrink_frame(kernels.Planes((plane.astype(np.uint8),), 80, 64, 0, 0, 8, True), grid)


def test_warmup_tells_its_time() -> None:
    kernels.warmup()
    assert 0 <= kernels.warmup() < 1


def test_cache_folder_follows_the_sources(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert kernels.cache_dir().parent == tmp_path
    assert kernels.source_hash() in kernels.cache_dir().name
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert str(kernels.cache_dir()).startswith(os.environ["OTIO_AI_AUDIT_CACHE"])


def test_a_repeated_picture_is_compared_across_its_repeats() -> None:
    once = measure(frame(view()), frame(view(dx=5) + 9), frame(view(dx=10)))
    odd = frame(view(dx=5) + 9)
    held = measure(frame(view()), odd, odd, odd, frame(view(dx=10)))
    for name in ("skip", "outlier"):
        np.testing.assert_array_equal(held[name][3], once[name][1])
    assert np.median(held["outlier"][3]) > 8
    assert not held["outlier"][1].any()


def test_motion_that_goes_on_is_no_outlier(rng: np.random.Generator) -> None:
    """What a cell's one vector misses lies between its neighbours; texture drawn anew does not."""
    waves = [frame(view() + 12 * np.sin(0.35 * np.arange(WIDTH) + 0.5 * t)) for t in range(3)]
    anew = [frame(view() + 12 * np.sin(0.35 * np.arange(WIDTH) + rng.uniform(0, 6))) for _ in range(12)]
    travels, redrawn = measure(*waves), measure(*anew)
    share = [np.median(f["outlier"][1:-1]) / np.median(f["error"][1:-1]) for f in (travels, redrawn)]
    assert share[1] > 2 * share[0]
