"""What the figures of mismatch stand on: pictures taken again, and agreement of groupings."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.calibrate_looks import adjusted_rand
from benchmarks.restage import OTHER, SAME, restage, subject_mask


def picture(hue: tuple[int, int, int]) -> np.ndarray:
    rng = np.random.default_rng(3)
    made = np.full((96, 128, 3), 120.0) + rng.normal(0, 4, (96, 128, 1))
    made[28:68, 40:88] = hue
    return np.clip(made, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", [*SAME, *OTHER])
def test_pictures_taken_again_are_the_same_for_the_same_seed(kind: str) -> None:
    one, other = picture((200, 40, 40)), picture((40, 80, 200))
    made = restage(one, kind, 4, other)
    assert made.dtype == np.uint8
    assert made.ndim == 3
    assert np.array_equal(made, restage(one, kind, 4, other))
    assert made.shape != one.shape or (made != one).any()


def test_the_subject_is_what_stands_out_against_the_border() -> None:
    mask = subject_mask(picture((200, 40, 40)))
    assert mask[48, 64] > 0.9
    assert mask[4, 4] < 0.1


@pytest.mark.parametrize("hue", [(200, 40, 40), (130, 130, 130)])
def test_another_hue_moves_the_subject_and_not_what_is_around_it(hue: tuple[int, int, int]) -> None:
    one = picture(hue)
    made = restage(one, "hue", 2, one).astype(float)
    away = np.abs(made - one).sum(axis=2)
    assert away[48, 64] > 14
    assert away[:8].max() < 3


def test_agreement_of_groupings() -> None:
    truth = np.array(["a", "a", "b", "b", "c", "c"])
    assert adjusted_rand(truth, np.array([5, 5, 1, 1, 2, 2])) == 1.0
    assert adjusted_rand(truth, np.zeros(6, np.int64)) == pytest.approx(0.0)
    assert adjusted_rand(truth, np.array([0, 1, 0, 1, 0, 1])) < 0.0
