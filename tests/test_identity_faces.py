"""Faces: reading the detector, alignment, tracks; and real faces where they are at hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from otio_ai_audit.identity import Faces, align, tracks
from otio_ai_audit.identity.faces import TEMPLATE, decoded, overlaps, similarity, suppressed
from tests.shared import shared_dir

Floats = npt.NDArray[np.float64]


def person(seed: int, other: int | None = None, share: float = 0.0) -> Floats:
    """Draw a unit vector; another person's may be mixed in."""
    vector = np.random.default_rng(seed).normal(size=128)
    if other is not None:
        vector = (1 - share) * vector + share * np.random.default_rng(other).normal(size=128)
    return np.asarray(vector / np.linalg.norm(vector))


def box(x: float, y: float = 0.4, size: float = 0.1) -> list[float]:
    return [x - size / 2, y - size / 2, size, size]


def link(seen: list[tuple[float, list[float], Floats]]) -> list[int]:
    time, boxes, faces = (np.array([one[k] for one in seen]) for k in range(3))
    return tracks(time, boxes, faces).tolist()


def test_a_similarity_is_found_exactly() -> None:
    turn, scale, shift = 0.4, 1.7, np.array([13.0, -6.0])
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = np.random.default_rng(0).uniform(0, 100, (5, 2))
    found = similarity(points, points @ matrix.T + shift)
    assert np.allclose(found[:, :2], matrix) and np.allclose(found[:, 2], shift)


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5, 5.0])
def test_marks_land_where_the_template_has_them(scale: float) -> None:
    size = 640
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    marks = (TEMPLATE - 56) @ turn.T * scale + (320, 300) if scale < 3 else (TEMPLATE - 56) * scale + 320
    y, x = np.mgrid[:size, :size]
    colour = np.zeros((size, size, 3))
    for k, (mx, my) in enumerate(marks):
        spot = np.exp(-((x + 0.5 - mx) ** 2 + (y + 0.5 - my) ** 2) / (2 * (4 * scale) ** 2))
        colour[..., k % 3] = np.maximum(colour[..., k % 3], 250 * spot)
    (found,) = align(colour.astype(np.uint8), marks[None] / size)
    rows, columns = np.mgrid[:112, :112]
    for k, (tx, ty) in enumerate(TEMPLATE):
        near = np.hypot(columns - tx, rows - ty) < 8
        weight = found[..., k % 3] * near
        assert (
            np.hypot((weight * columns).sum() / weight.sum() - tx, (weight * rows).sum() / weight.sum() - ty)
            < 0.6
        )


def test_what_lies_outside_of_the_picture_is_black() -> None:
    picture = np.full((100, 100, 3), 255, np.uint8)
    (found,) = align(picture, (TEMPLATE / 112 + (0.7, 0))[None])
    assert (found[:, :20] > 0).any() and (found[:, -20:] == 0).all()
    assert align(picture, np.zeros((0, 5, 2))).shape == (0, 112, 112, 3)
    assert align(picture, (TEMPLATE / 112 + 9)[None]).max() == 0
    assert align(picture, np.full((1, 5, 2), 0.5)).shape == (1, 112, 112, 3)


def test_the_detectors_outputs_are_read() -> None:
    height, width = 64, 96
    outputs = []
    for channels in (1, 1, 4, 10):
        outputs += [np.zeros((1, (height // s) * (width // s), channels), np.float32) for s in (8, 16, 32)]
    place = 3 * (width // 8) + 5  # row 3, column 5 at a stride of 8
    outputs[0][0, place], outputs[3][0, place] = 0.81, 1.0
    outputs[6][0, place] = 0.5, -0.5, np.log(2), np.log(4)
    outputs[9][0, place] = np.arange(10) / 4
    boxes, marks, sure = decoded(outputs, (height, width), 0.5)
    assert np.allclose(sure, 0.9)
    assert np.allclose(boxes, [[5.5 * 8 - 8, 2.5 * 8 - 16, 16, 32]])
    assert np.allclose(marks[0], (np.arange(10).reshape(5, 2) / 4 + (5, 3)) * 8)


def test_of_overlapping_boxes_the_surest_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 10, 10], [30, 0, 10, 10], [6, 0, 10, 10]], np.float32)
    assert suppressed(boxes, np.array([0.7, 0.9, 0.8, 0.6], np.float32)).tolist() == [1, 2, 3]
    assert suppressed(boxes[:0], np.zeros(0, np.float32)).tolist() == []
    assert np.allclose(overlaps(boxes[0], boxes[[0, 2]]), [1, 0])


def test_a_picture_of_any_size_without_faces_has_none() -> None:
    rng = np.random.default_rng(0)
    for height, width in ((1, 1), (3, 500), (90, 160), (333, 77)):
        found = Faces().detect(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        assert len(found) == 0 and found.box.shape == (0, 4) and found.marks.shape == (0, 5, 2)
    assert Faces().embed(np.zeros((0, 112, 112, 3), np.uint8)).shape == (0, 128)


def test_a_swap_in_place_stays_one_track() -> None:
    seen = [(n * 0.5, box(0.3 + 0.01 * n), person(1 if n < 4 else 2)) for n in range(8)]
    assert link(seen) == [0] * 8


def test_a_morph_stays_one_track() -> None:
    assert link([(n * 1.0, box(0.5), person(1, 2, n / 7)) for n in range(8)]) == [0] * 8


def test_two_people_side_by_side_are_two() -> None:
    seen = [(n * 1.0, box(x), person(who)) for n in range(5) for x, who in ((0.3, 1), (0.6, 2))]
    assert link(seen) == [0, 1] * 5


def test_people_who_cross_keep_their_numbers() -> None:
    seen = []
    for n in range(21):
        time = n * 0.2
        seen += [(time, box(0.2 + 0.03 * n, 0.40), person(1)), (time, box(0.8 - 0.03 * n, 0.43), person(2))]
    assert link(seen) == [0, 1] * 21


def test_people_who_changed_places_between_two_samples_keep_their_numbers() -> None:
    seen = []
    for n in range(6):
        left, right = (1, 2) if n < 3 else (2, 1)
        seen += [(n * 1.0, box(0.4), person(left)), (n * 1.0, box(0.6), person(right))]
    assert link(seen) == [0, 1] * 3 + [1, 0] * 3


def test_two_swaps_at_once_stay_in_place() -> None:
    seen = []
    for n in range(6):
        left, right = (1, 2) if n < 3 else (3, 4)
        seen += [(n * 1.0, box(0.4), person(left)), (n * 1.0, box(0.6), person(right))]
    assert link(seen) == [0, 1] * 6


def test_somebody_who_comes_back_is_known_and_somebody_else_is_new() -> None:
    seen = [(0.0, box(0.2), person(1)), (1.0, box(0.2), person(1))]
    assert link([*seen, (9.0, box(0.8), person(1))]) == [0, 0, 0]
    assert link([*seen, (9.0, box(0.8), person(2))]) == [0, 0, 1]
    assert link([*seen, (2.0, box(0.8), person(2))]) == [0, 0, 1]


def test_nobody_is_no_track() -> None:
    assert tracks(np.zeros(0), np.zeros((0, 4)), np.zeros((0, 128))).shape == (0,)


def test_faces_of_people_are_told_apart() -> None:
    """Two people before a camera: everybody is found, and nobody is taken for the other."""
    from otio_ai_audit.model import Media
    from otio_ai_audit.video import rgb_frames

    folder = shared_dir()
    if folder is None or not (folder / "corpus" / "labels.tsv").is_file():
        pytest.skip("the labelled clips are not here")
    with (folder / "corpus" / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    people: dict[str, list[Floats]] = {}
    faces = Faces()
    for row in rows:
        if "(face, clothes)" not in row["tags"] or row["drift"] != "none":
            continue
        path = Path(folder) / "corpus" / row["file"]
        for picture in rgb_frames(Media(str(path)), [0.2, 1.0], max_size=640):
            found = faces.detect(picture)
            assert len(found) == 1
            people.setdefault(row["subject_group"], []).append(faces.embed(align(picture, found.marks))[0])
    one, two = people.values()
    same = [a @ b for group in (one, two) for i, a in enumerate(group) for b in group[:i]]
    other = [a @ b for a in one for b in two]
    assert min(same) > max(other)
