"""Crops, look vectors and colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from otio_ai_audit.identity import LOOK_SIZE, SIDE, colours, crops, embed
from otio_ai_audit.identity.hues import COLOURS

UInt8 = npt.NDArray[np.uint8]


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path_factory.mktemp("networks")))
        yield


def ball(red: int, green: int, blue: int, ground: int = 120, size: int = 160) -> UInt8:
    y, x = np.mgrid[:size, :size] / size - 0.5
    picture = np.full((size, size, 3), ground, np.uint8)
    picture[..., 0] = ground + 20 * x
    picture[np.hypot(x, y) < 0.33] = red, green, blue
    return picture


def test_a_crop_of_whole_pixels_is_exact() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    (found,) = crops(picture, [[0.25, 0.5, 0.25, 20 / 60]], 20)
    assert (found == picture[30:50, 20:40]).all()


def test_shrinking_takes_means_over_areas() -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (96, 128, 3), dtype=np.uint8)
    (found,) = crops(picture, [[0, 0, 1, 1]], 16)
    wanted = picture.reshape(16, 6, 16, 8, 3).mean((1, 3))
    assert np.abs(found - wanted).max() <= 1
    (uneven,) = crops(picture, [[0.1, 0.1, 0.77, 0.77]], 30)
    part = picture[9:84, 12:112]
    assert abs(float(uneven.mean()) - float(part.mean())) < 2


def test_enlarging_is_bilinear_and_keeps_places() -> None:
    ramp = np.repeat(np.arange(0, 160, 8, dtype=np.uint8)[None, :, None], 20, 0).repeat(3, 2)
    (found,) = crops(ramp, [[0.25, 0.25, 0.5, 0.5]], 40)
    place = 5 + (np.arange(40) + 0.5) * 10 / 40 - 0.5
    assert np.abs(found[20, 2:-2, 0] - place[2:-2] * 8).max() <= 1
    assert (np.diff(found[0, :, 1].astype(int)) >= 0).all()


def test_sharpness_does_not_jump_with_the_size_of_the_box() -> None:
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (400, 400, 3), dtype=np.uint8)
    spreads = [float(crops(picture, [[0, 0, w, w]], 40).std()) for w in np.linspace(0.3, 1, 36)]
    ratios = np.array(spreads[1:]) / spreads[:-1]
    assert ratios.min() > 0.75 and ratios.max() < 1.15


def test_boxes_beyond_the_picture_are_cut_off() -> None:
    picture = np.full((30, 40, 3), 200, np.uint8)
    boxes = [[-0.5, -0.5, 3, 3], [0.999, 0.999, 0.5, 0.5], [1.2, 1.2, 0.1, 0.1], [0.5, 0.5, 0, 0]]
    assert (crops(picture, boxes, 24) == 200).all()
    assert crops(picture, np.zeros((0, 4)), 24).shape == (0, 24, 24, 3)


def test_vectors_have_unit_length_and_are_the_same_in_any_batch() -> None:
    rng = np.random.default_rng(3)
    pictures = np.stack([ball(*rng.integers(0, 256, 3).tolist(), size=SIDE) for _ in range(9)])
    found = embed(pictures)
    assert found.shape == (9, LOOK_SIZE) and found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert (found == embed(pictures)).all()
    assert np.allclose(found[4], embed(pictures[4:5])[0], atol=1e-6)
    assert embed(pictures[:0]).shape == (0, LOOK_SIZE)


def test_another_size_gives_a_vector_that_compares() -> None:
    small, large = ball(200, 30, 30, size=160), ball(200, 30, 30, size=224)
    other = np.random.default_rng(4).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    one, two, three = embed(small[None])[0], embed(large[None])[0], embed(other[None])[0]
    assert one @ two > 0.8 > 0.6 > one @ three


def test_colours_see_a_hue_and_hardly_an_exposure() -> None:
    base = ball(200, 60, 40)
    bright = (255 * (base / 255) ** 0.8).astype(np.uint8)
    dark = (255 * (base / 255) ** 1.25).astype(np.uint8)
    turned = [ball(200, 118, 40), ball(200, 40, 92)]  # about 25 degrees either way
    found = colours(np.stack([base, bright, dark, *turned]))
    assert found.shape == (5, COLOURS) and np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    away = 1 - found @ found[0]
    assert away[0] < 1e-6
    assert min(away[3:]) > 3 * max(away[1:3])


def test_colours_count_the_middle_more() -> None:
    middle, corner = np.full((80, 80, 3), 90, np.uint8), np.full((80, 80, 3), 90, np.uint8)
    middle[30:50, 30:50], corner[:20, :20] = (220, 20, 20), (220, 20, 20)
    grey = np.full((80, 80, 3), 90, np.uint8)
    found = colours(np.stack([grey, middle, corner]))
    assert found[0] @ found[1] < found[0] @ found[2]


def test_a_grey_picture_has_no_hue() -> None:
    ramp = np.repeat(np.linspace(0, 255, 80).astype(np.uint8)[None, :, None], 80, 0).repeat(3, 2)
    found = colours(np.stack([ramp, np.zeros_like(ramp)]))
    assert np.isfinite(found).all()
    assert (found[:, :-3] < 1e-6).all()


def test_vectors_tell_subjects_of_stills_apart() -> None:
    from tests.shared import shared_dir

    folder = shared_dir()
    if folder is None or not (folder / "corpus" / "labels.tsv").is_file():
        pytest.skip("the labelled stills are not here")
    import csv

    from otio_ai_audit.model import Media
    from otio_ai_audit.video import rgb_frames

    with (folder / "corpus" / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["cross"] == "match"]
    groups = sorted({row["subject_group"] for row in rows if row["media"] == "still"})[::4]
    chosen = [
        [row["file"] for row in rows if row["subject_group"] == group and row["media"] == "still"][:2]
        for group in groups
    ]
    boxes = [[0.1, 0.1, 0.8, 0.8]]

    def vector(name: str) -> npt.NDArray[np.float32]:
        path = Path(folder) / "corpus" / name
        (picture,) = rgb_frames(Media(str(path), "still"), [0.0], max_size=512)
        return embed(crops(picture, boxes, SIDE))[0]

    pairs = [[vector(name) for name in names] for names in chosen if len(names) == 2]
    same = [float(one @ two) for one, two in pairs]
    other = [float(pairs[i][0] @ pairs[j][1]) for i in range(len(pairs)) for j in range(len(pairs)) if i != j]
    assert np.mean(same) > np.mean(other) + 0.2
