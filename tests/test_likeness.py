"""Takes that look almost the same are found, and others are not taken for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from otio_ai_audit import likeness, video
from otio_ai_audit.likeness import near, sketch
from otio_ai_audit.measure import measure
from otio_ai_audit.model import Media, MediaJob, MediaSignals

from .signals import made_up

FRAMES = 36
SIDE = (16, 20)
"""Rows and columns of cells."""
Picture = np.ndarray


def scene(
    seed: int, frames: int = FRAMES, *, path: Sequence[float] = (0.0, 1.0), size: tuple[int, int] = (96, 160)
) -> list[Picture]:
    """Look at a soft coloured picture along a path, in widths of the picture."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 230, (6, 18, 3)).astype(np.uint8)
    height, width = size
    wide = np.asarray(Image.fromarray(coarse).resize((3 * width, height), Image.Resampling.BICUBIC))
    at = np.interp(np.linspace(0, 1, frames), np.linspace(0, 1, len(path)), path)
    return [wide[:, round(x * width) :][:, :width] for x in at]


def signals_of(pictures: Iterable[Picture]) -> MediaSignals:
    """Cell means of pictures, as if they had been measured."""
    planes: tuple[list[Picture], ...] = ([], [], [])
    for picture in pictures:
        image = Image.fromarray(np.ascontiguousarray(picture)).convert("YCbCr")
        cells = np.asarray(image.resize(SIDE[::-1], Image.Resampling.BOX), np.float32)
        for plane, values in zip(planes, np.moveaxis(cells, 2, 0), strict=True):
            plane.append(values)
    signals = made_up(frames=len(planes[0]), rows=SIDE[0], columns=SIDE[1])
    luma, blue, red = (np.stack(plane) for plane in planes)
    return replace(signals, grid=replace(signals.grid, luma=luma, blue=blue, red=red))


def sketch_of(pictures: Iterable[Picture]) -> np.ndarray:
    return sketch(signals_of(pictures))


def levelled(pictures: Sequence[Picture], gain: float, lift: float) -> list[Picture]:
    return [np.clip(picture * gain + lift, 0, 255).astype(np.uint8) for picture in pictures]


# --- sketches -----------------------------------------------------------------------------------------


def test_a_sketch_is_small_and_the_same_for_the_same_signals() -> None:
    one, other = sketch_of(scene(1)), sketch_of(scene(1))
    assert one.dtype == np.uint8
    assert one.shape == (likeness.SIZE,)
    assert one.nbytes <= 1024
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("frames", [1, 2, 7, 16, 17, 200])
def test_every_length_gives_a_sketch_of_one_size(frames: int) -> None:
    assert sketch_of(scene(1, frames)).shape == (likeness.SIZE,)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 5), (6, 6), (30, 17)])
def test_every_grid_of_cells_gives_one_average(rows: int, columns: int) -> None:
    made = made_up(frames=20, rows=rows, columns=columns)
    cells = sketch(made).reshape(likeness.MOMENTS, likeness.CELLS)
    luma = cells[:, : likeness.LUMA_SIDE**2].mean()
    assert luma == pytest.approx(made.grid.luma.mean(), abs=1)


def test_a_sketch_holds_the_averages_of_equal_parts() -> None:
    made = made_up(frames=32, rows=12, columns=18)
    cells = sketch(made).reshape(likeness.MOMENTS, likeness.CELLS)
    first = made.grid.luma[:2, :2, :3].mean()
    last = made.grid.red[-2:, -4:, -6:].mean()
    assert cells[0, 0] == round(float(first))
    assert cells[-1, -1] == round(float(last))


# --- near ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        lambda p: levelled(p, 1.0, 6),
        lambda p: levelled(p, 0.94, 0),
        lambda p: p[2:],
        lambda p: p[:-3],
        lambda p: p[2:-2],
        lambda p: [np.asarray(Image.fromarray(np.ascontiguousarray(q)).resize((90, 50))) for q in p],
    ],
    ids=["lighter", "weaker", "later", "shorter", "both ends", "smaller"],
)
def test_the_same_take_is_near(changed: object) -> None:
    pictures = scene(3)
    assert near([sketch_of(pictures), sketch_of(changed(pictures))]) == [(0, 1)]  # type: ignore[operator]


@pytest.mark.parametrize(
    "other",
    [
        scene(4),
        scene(3, path=(1.0, 0.0)),
        scene(3, path=(0.0, 0.0)),
        scene(3, path=(0.0, 0.5)),
        scene(3, path=(0.0, 0.4, 0.0)),
        [q[:, ::-1] for q in scene(3)],
        [q[:, :, ::-1] for q in scene(3)],
    ],
    ids=["another prompt", "backwards", "stands", "slower", "and back", "mirrored", "other colours"],
)
def test_another_take_is_not_near(other: list[Picture]) -> None:
    assert near([sketch_of(scene(3)), sketch_of(other)]) == []


@pytest.mark.parametrize("level", [0, 16, 128, 255])
def test_flat_and_black_takes_match_nothing_by_accident(level: int) -> None:
    flat = np.full((96, 160, 3), level, np.uint8)
    noise = np.random.default_rng(1).integers(-3, 4, (FRAMES, 96, 160, 3))
    noisy = np.clip(flat + noise, 0, 255).astype(np.uint8)
    takes = [[flat] * FRAMES, [flat] * FRAMES, list(noisy), scene(3)]
    assert near([sketch_of(take) for take in takes]) == []


def test_a_fade_of_a_flat_picture_matches_nothing() -> None:
    fade = [np.full((96, 160, 3), level, np.uint8) for level in np.linspace(0, 250, FRAMES)]
    assert near([sketch_of(fade), sketch_of(fade[1:])]) == []


def test_written_again_by_an_encoder_a_take_is_still_near(tmp_path: Path) -> None:
    def measured(name: str, pictures: list[Picture], crf: str) -> MediaSignals:
        path = tmp_path / f"{name}.mp4"
        video.encode(path, pictures, Fraction(24), options={"crf": crf})
        found = measure(MediaJob(Media(str(path)), key=name))
        assert isinstance(found, MediaSignals)
        return found

    pictures = scene(5, 24)
    small = [np.asarray(Image.fromarray(np.ascontiguousarray(q)).resize((96, 64))) for q in pictures]
    takes = [
        measured("as it is", pictures, "14"),
        measured("coarse", pictures[1:], "36"),
        measured("small", levelled(small, 1.04, 3), "24"),
        measured("another", scene(6, 24), "14"),
    ]
    assert near([sketch(one) for one in takes]) == [(0, 1), (0, 2), (1, 2)]


# --- many ---------------------------------------------------------------------------------------------


def many() -> list[np.ndarray]:
    """Some takes, some of them written again, in mixed order."""
    found = []
    for seed in range(20):
        pictures = scene(seed)
        found.append(sketch_of(pictures))
        if seed % 3 == 0:
            found += [sketch_of(levelled(pictures, 1.0, 4)), sketch_of(pictures[1:])]
    order = np.random.default_rng(2).permutation(len(found))
    return [found[index] for index in order]


def test_the_order_of_takes_changes_nothing() -> None:
    takes = many()
    pairs = near(takes)
    assert len(pairs) == 21
    assert pairs == sorted(pairs)
    assert all(one < other for one, other in pairs)
    order = np.random.default_rng(3).permutation(len(takes))
    again = near([takes[index] for index in order])
    assert {frozenset(pair) for pair in pairs} == {
        frozenset((int(order[one]), int(order[other]))) for one, other in again
    }


def test_an_array_of_sketches_and_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    takes = many()
    whole = near(takes)
    assert near(np.stack(takes)) == whole
    monkeypatch.setattr(likeness, "BLOCK", 5)
    assert near(takes) == whole


def test_pairs_are_those_whose_distances_lie_within_the_limits_for_one_shift() -> None:
    takes = np.stack(many())
    limits = np.array([likeness.LOOK_LIMIT, likeness.COLOUR_LIMIT, likeness.MOVE_LIMIT])
    apart = likeness.distances(takes, takes)
    close = (apart <= limits[:, None, None]).all(axis=1).any(axis=0)
    expected = {(i, j) for i, j in np.argwhere(close | close.T).tolist() if i < j}
    assert set(near(takes)) <= expected
    strict = (apart <= 0.9 * limits[:, None, None]).all(axis=1).any(axis=0)
    assert {(i, j) for i, j in np.argwhere(strict & strict.T).tolist() if i < j} <= set(near(takes))


def test_hundreds_of_copies_are_all_paired() -> None:
    one = sketch_of(scene(1))
    assert len(near([one] * 300)) == 300 * 299 // 2


@pytest.mark.parametrize("takes", [[], [sketch_of(scene(1))]])
def test_fewer_than_two_takes_make_no_pair(takes: list[np.ndarray]) -> None:
    assert near(takes) == []


def test_a_sketch_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="864 bytes"):
        near([np.zeros(16, np.uint8), np.zeros(16, np.uint8)])
