"""Sightings of faces, linked to people through a clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

GAP = 2.0
"""Seconds that a track waits for its face."""
NEAR = 0.75
"""Face sizes from where it is expected within which a face belongs to a track, whoever it is."""
TIE = 0.3
"""Face sizes that a likeness of 1 outweighs, where two are near."""
SPEED = 1.5
"""Face sizes a second that a face moves and is still followed by its place alone."""
FAST = 6.0
"""Face sizes a second that nobody's face exceeds."""
SAME = 0.45
"""Cosine above which two sightings are one person's beyond doubt."""
OTHER = 0.25
"""Cosine below which they are two people's."""


@dataclass(slots=True)
class _Track:
    number: int
    time: float
    box: npt.NDArray[np.float64]
    speed: npt.NDArray[np.float64]  # of the centre, fractions of the picture a second
    face: npt.NDArray[np.float64]  # sum of vectors

    def vector(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.face / max(float(np.linalg.norm(self.face)), 1e-12))

    def expected(self, time: float) -> npt.NDArray[np.float64]:
        """Where its box should be by now; a motion is trusted for half a second."""
        moved = self.box.copy()
        moved[:2] += self.speed * min(time - self.time, 0.5)
        return moved

    def see(self, time: float, box: npt.NDArray[np.float64], face: npt.NDArray[np.float64]) -> None:
        passed = time - self.time
        if passed > 0:
            moved = (box[:2] + box[2:] / 2 - self.box[:2] - self.box[2:] / 2) / passed
            self.speed = 0.5 * self.speed + 0.5 * moved
        self.time, self.box, self.face = time, box, self.face + face


def tracks(time: Floats, box: Floats, face: Floats) -> npt.NDArray[np.int64]:
    """Say which sightings are one person's.

    Place comes first: a face that is somebody else's from one sample to the next, in the same place,
    stays one track, because that is the fault which is looked for. Vectors decide where places do not:
    between tracks that are equally near, for two people who changed places, and for a face that comes
    back after it was lost.

    Parameters
    ----------
    time
        Seconds of each sighting, ascending; sightings of one picture share it. Shape (F,).
    box
        x, y, width, height as fractions of the picture, shape (F, 4).
    face
        Unit vectors, shape (F, 128).

    Returns
    -------
    ndarray
        Numbers from 0 in order of appearance, shape (F,), int64.
    """
    number = np.zeros(len(time), np.int64)
    known: list[_Track] = []
    boxes, faces = np.asarray(box, np.float64), np.asarray(face, np.float64)
    for now in np.unique(time).tolist():
        seen = np.flatnonzero(time == now)
        live = [track for track in known if now - track.time <= GAP]
        pairs = _linked(live, now, boxes[seen], faces[seen])
        taken = {id(live[i]) for i in pairs.values()}
        for place, index in enumerate(seen.tolist()):
            if place in pairs:
                track = live[pairs[place]]
                track.see(now, boxes[index], faces[index])
            else:
                back = _returned([one for one in known if id(one) not in taken], faces[index])
                if back is None:
                    track = _Track(len(known), now, boxes[index], np.zeros(2), faces[index].copy())
                    known.append(track)
                else:
                    track = back
                    track.time, track.box, track.speed = now, boxes[index], np.zeros(2)
                    track.face = track.face + faces[index]
                taken.add(id(track))
            number[index] = track.number
    return number


def _linked(
    live: list[_Track], now: float, box: npt.NDArray[np.float64], face: npt.NDArray[np.float64]
) -> dict[int, int]:
    """Sighting → live track, for those that have one."""
    return _exchanged(_by_place(live, now, box, face), live, now, box, face)


def _by_place(
    live: list[_Track], now: float, box: npt.NDArray[np.float64], face: npt.NDArray[np.float64]
) -> dict[int, int]:
    """Sighting → track, the nearest first; a place further off needs a face that is not another's."""
    scored: list[tuple[float, int, int]] = []
    for i, track in enumerate(live):
        away = _distance(track.expected(now), box)
        reach = NEAR + SPEED * (now - track.time)
        alike = face @ track.vector()
        for place in np.flatnonzero((away <= NEAR) | ((away <= reach) & (alike >= OTHER))).tolist():
            scored.append((float(TIE * alike[place] - away[place]), place, i))
    pairs: dict[int, int] = {}
    for _, place, i in sorted(scored, key=lambda one: (-one[0], one[1], one[2])):
        if place not in pairs and i not in pairs.values():
            pairs[place] = i
    return pairs


def _exchanged(
    pairs: dict[int, int],
    live: list[_Track],
    now: float,
    box: npt.NDArray[np.float64],
    face: npt.NDArray[np.float64],
) -> dict[int, int]:
    """Give two sightings each other's track where both faces say so: the two people crossed."""
    made = dict(pairs)
    for one in sorted(made):
        for other in sorted(made):
            if other <= one:
                continue
            first, second = live[made[one]], live[made[other]]
            crossed = min(face[other] @ first.vector(), face[one] @ second.vector())
            stayed = max(face[one] @ first.vector(), face[other] @ second.vector())
            possible = all(
                _distance(track.box, box[place : place + 1])[0] <= NEAR + FAST * (now - track.time)
                for track, place in ((first, other), (second, one))
            )
            if crossed >= SAME and stayed < OTHER and possible:
                made[one], made[other] = made[other], made[one]
    return made


def _returned(free: list[_Track], face: npt.NDArray[np.float64]) -> _Track | None:
    """Find the track without a sighting whose face this is, if there is one."""
    likeness = [float(face @ track.vector()) for track in free]
    best = int(np.argmax(likeness)) if free else -1
    return free[best] if free and likeness[best] >= SAME else None


def _distance(one: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far boxes (n, 4) are from one, in face sizes: centres, and doubled or halved size counts as one."""
    size = np.sqrt(np.maximum(one[2:] * others[:, 2:], 1e-12))
    centres = (others[:, :2] + others[:, 2:] / 2 - one[:2] - one[2:] / 2) / size
    grown = np.log2(np.maximum(others[:, 2] * others[:, 3], 1e-12) / max(one[2] * one[3], 1e-12)) / 2
    return np.asarray(np.sqrt((centres**2).sum(1) + grown**2))
