"""Frames of a shot follow each other; photos do not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from otio_ai_audit import video

from .edits import pan


def save(folder: Path, pictures: Iterable[np.ndarray], suffix: str = ".png") -> list[Path]:
    paths = []
    for number, picture in enumerate(pictures):
        paths.append(folder / f"{number}{suffix}")
        Image.fromarray(picture).save(paths[-1])
    return paths


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_frames_follow_and_photos_do_not(tmp_path: Path, suffix: str) -> None:
    assert video.follow(save(tmp_path, pan(1, 5), suffix))
    assert not video.follow(save(tmp_path, (next(pan(seed, 1)) for seed in range(5)), suffix))


def test_one_cut_in_a_shot_is_no_photo_set(tmp_path: Path) -> None:
    assert video.follow(save(tmp_path, [*pan(1, 3), *pan(2, 3)]))


def test_fades_and_deep_and_tiny_pictures_follow(tmp_path: Path) -> None:
    first = next(pan(1, 1))
    assert video.follow(save(tmp_path, [(first * gain).astype(np.uint8) for gain in (0, 0.1, 0.5, 1)]))
    deep = [tmp_path / f"deep{number}.png" for number in range(3)]
    for path in deep:
        Image.fromarray(first[..., 0].astype(np.uint16) * 257).save(path)
    assert video.follow(deep)
    assert video.follow(save(tmp_path, [first[:3, :5]] * 3))


def test_pictures_of_different_sizes_are_photos(tmp_path: Path) -> None:
    first = next(pan(1, 1))
    assert not video.follow(save(tmp_path, [first, first[:100], first]))


def test_what_cannot_be_opened_is_left_to_the_reader(tmp_path: Path) -> None:
    paths = save(tmp_path, (next(pan(seed, 1)) for seed in range(3)))
    paths[1].write_bytes(b"no picture")
    assert video.follow(paths)
    assert video.follow([])
