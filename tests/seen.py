"""What is seen in a record frame: as a film says it, as the reference says it, and as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from otio_ai_audit import timeline
from otio_ai_audit.model import Film

from . import numbered
from . import reference_film as reference
from .reference_film import Shown
from .stand_ins import SIZE, StandIns

PLATE, BLACK = 40, 16
Seen = list[tuple[int, int, float]]
"""Number of the medium (0: a plate), frame, weight; the lowest first."""


def of_film(film: Film, media: StandIns, number: int) -> Seen:
    """List what the layers of a film show, from the topmost opaque one up."""
    found: Seen = []
    for layer in film.layers:
        weight = timeline.opacity_at(layer, number)
        if not layer.start <= number < layer.end or weight <= 0:
            continue
        found = [] if weight >= 1 else found
        if layer.media is None:
            found.append((0, 0, weight))
            continue
        one = media.at(layer.media)
        frame = 0 if one.kind == "still" else int(timeline.moment(layer, number) * one.rate)
        found.append((one.number, frame, weight))
    return found


def of_reference(shown: Sequence[Shown], media: StandIns) -> Seen:
    found: Seen = []
    for one in reference.topmost(list(shown)):
        if one.seconds is None:
            found.append((0, 0, float(one.weight)))
            continue
        medium = media.of(one.clip)
        frame = 0 if medium.kind == "still" else max(0, reference.media_frame(one, medium.rate))
        found.append((medium.number, frame, float(one.weight)))
    return found


def same(seen: Seen, expected: Seen, slack: int) -> bool:
    return len(seen) == len(expected) and all(
        one[0] == two[0] and abs(one[1] - two[1]) <= slack and abs(one[2] - two[2]) < 0.002
        for one, two in zip(seen, expected, strict=True)
    )


# --- as a picture ----------------------------------------------------------------------------------------


def mixed(seen: Seen, media: StandIns) -> np.ndarray:
    """Lay pictures over each other by their weights."""
    by_number = {one.number: one for one in media}
    picture = np.full(SIZE[::-1], float(BLACK))
    for number, frame, weight in seen:
        above = media.picture(by_number[number], frame, SIZE) if number else np.full(SIZE[::-1], PLATE)
        picture += (above - picture) * weight
    return picture


def blocks(picture: np.ndarray) -> np.ndarray:
    """Middle of each block of the pattern."""
    shape = (numbered.ROWS, picture.shape[0] // numbered.ROWS, numbered.COLUMNS, -1)
    parts = picture.astype(np.float64).reshape(shape)
    return parts[:, 2:-2, :, 2:-2].mean(axis=(1, 3))


def assert_shows(luma: np.ndarray, expected: Seen, media: StandIns, what: object) -> None:
    if len(expected) == 1 and expected[0][0] and expected[0][2] == 1:
        number, frame, _ = expected[0]
        assert numbered.read(luma) == numbered.read(mixed(expected, media)), (what, number, frame)
    assert np.abs(blocks(luma) - blocks(mixed(expected, media))).max() < 8, what
