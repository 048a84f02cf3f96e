"""Whether a face stays the same person: sightings of one track against how it began.

SFace vectors of one person have a cosine of about 0.7, those of two stay below 0.44; 0.363 is the threshold
of OpenCV's model zoo. A turned head looks less like itself, so only sightings that are turned alike are
compared, and two in a row have to agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.model import IdentitySignals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SURE = 0.75
"""Confidence that a sighting needs."""
LEAST = 4
"""Sightings that a track needs."""
TALL = 0.07
"""Share of the picture's height that a face needs: smaller ones are too coarse to tell people apart."""
ALIKE = 0.3
"""Difference in turn (distances of the eyes) up to which two sightings are compared."""


@dataclass(frozen=True, slots=True)
class Person:
    """One track of a face. T sightings in order."""

    frames: Ints
    """Rows of the signals, shape (T,)."""
    distance: Floats
    """Cosine distance to the nearest sighting of the reference that is turned alike, shape (T,).

    The lower one of two neighbours, so that one odd sighting says nothing."""
    reference: int
    """Row of the signals of the best connected sighting of the beginning."""
    boxes: Floats
    """Shape (T, 4)."""


def people(identity: IdentitySignals | None, first: int, last: int) -> list[Person]:
    """Follow the faces that are seen in frames ``[first, last)``."""
    if identity is None:
        return []
    found = []
    rows = identity.sample[identity.face_sample]
    tall = identity.face_box[:, 3] >= TALL
    good = (rows >= first) & (rows < last) & (identity.face_sure >= SURE) & tall
    for track in np.unique(identity.face_track[good]):
        chosen = np.flatnonzero(good & (identity.face_track == track))
        if len(chosen) >= LEAST:
            found.append(_person(identity, chosen, rows))
    return found


def _person(identity: IdentitySignals, chosen: Ints, rows: Ints) -> Person:
    vectors = identity.face[chosen].astype(np.float64)
    turn = identity.face_turn[chosen]
    apart = 1 - vectors @ vectors.T
    alike = np.abs(turn[:, None] - turn) <= ALIKE
    # the beginning: the first third, without those that do not look like the rest of it
    head = max(2, len(chosen) // 3)
    centre = int(np.argmin(np.median(apart[:head, :head], axis=1)))
    reference = np.flatnonzero(apart[centre, :head] <= 0.5)
    comparable = np.where(alike[:, reference], apart[:, reference], np.inf)
    near = comparable.min(axis=1)
    near[~np.isfinite(near)] = 0.0  # turned as it never was in the beginning: nothing can be said
    agreed = near.copy()
    if len(near) > 1:
        neighbour = np.maximum(np.append(near[1:], 0.0), np.append(0.0, near[:-1]))
        agreed = np.minimum(near, neighbour)
    return Person(
        rows[chosen],
        np.maximum(agreed, 0.0),
        int(rows[chosen[centre]]),
        identity.face_box[chosen].astype(np.float64),
    )
