"""Which frames of a medium are looked at, and what is kept of them.

One frame a second is taken, at least eight over a short medium. Between them up to four frames a second
are held back for as long as it is not known whether anything changed there: where the looks of two samples
differ, or the signals jump, frames in between are looked at too, halving the gap where it differs most.

Frames are looked at some time after they were seen, when the motion around them has been measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..model import REGIONS, REPEAT_CHANGE, REPEAT_PEAK, Float32, IdentitySignals, MediaInfo, UInt8
from .regions import FIXED, Attention, decoded_box, shown_box, upright

if TYPE_CHECKING:
    from .faces import Sightings

Array: TypeAlias = npt.NDArray[Any]
Row: TypeAlias = Mapping[str, Array]

COARSE = 1.0
"""Seconds between samples of a long medium."""
FINE = 0.25
"""Seconds between held frames, and the least between samples."""
LEAST = 8
"""Samples of a short medium, where `FINE` allows it."""
RING_FRAMES = 24
"""Held frames at most; the oldest go first."""
RING_BYTES = 64 << 20
"""Bytes of decoder planes that may be held; beyond them the reduced picture is held instead."""
EXTRA = 3
"""Samples between two others at most."""
EXTRA_CREDIT = 4.0
EXTRA_RATE = 0.25
"""Samples in between: so many at first, and so many more for each second of media."""
FACE_CREDIT = 24.0
FACE_RATE = 0.5
"""Faces embedded: so many at first, and so many more for each second of media."""
FACES = 6
"""Faces embedded in one picture at most."""
APART = 0.12
"""Cosine distance of the looks of two samples from which the frames between them are looked at."""
UNUSUAL = 1.5
"""So many times the usual distance of successive samples it must be too: a camera may move all the time."""
UNLIKE = 0.35
"""Likeness of successive frames below which something jumped."""


class Runtime(Protocol):
    """What looks at pictures; by default the networks of this package."""

    def looks(self, picture: UInt8, boxes: Array) -> tuple[Float32, Float32]:
        """Embeddings (n, D) and colours (n, B) of parts of an RGB picture; boxes (n, 4) as fractions."""

    def detect(self, picture: UInt8) -> Sightings:
        """Find faces, the surest first."""

    def faces(self, picture: UInt8, marks: Float32) -> Float32:
        """Embed faces by their marks, shape (n, 128)."""


class Networks:
    """The networks of this package; nothing is loaded before it is used."""

    def __init__(self) -> None:
        from .faces import Faces

        self._faces = Faces()

    def looks(self, picture: UInt8, boxes: Array) -> tuple[Float32, Float32]:
        from .cropping import crops
        from .hues import colours
        from .looks import SIDE, embed

        parts = crops(picture, boxes, SIDE)
        return embed(parts), colours(parts)

    def detect(self, picture: UInt8) -> Sightings:
        return self._faces.detect(picture)

    def faces(self, picture: UInt8, marks: Float32) -> Float32:
        from .faces import align

        return self._faces.embed(align(picture, marks))


@dataclass(slots=True, eq=False)
class _Held:
    """A frame that may be looked at later: as the decoder's planes or already as a picture."""

    number: int
    time: float
    frame: Any = None
    size: int = 0
    picture: UInt8 | None = None
    coarse: bool = False


@dataclass(frozen=True, slots=True)
class _Sample:
    number: int
    time: float
    region: Float32
    look: Float32
    colour: Float32


@dataclass(frozen=True, slots=True)
class _Face:
    number: int
    """Of the frame."""
    time: float
    shown: Array
    """Box in the upright picture."""
    sure: float
    turn: float
    vector: Float32


class Sampler:
    """Takes the frames of one medium in order and gives its `IdentitySignals`.

    Parameters
    ----------
    info
        Size, rotation and rate.
    duration
        Seconds that will come, 0 where nobody knows.
    picture
        Turns what `add` was given into an RGB picture of moderate size, for looking at.
    runtime
        The networks.
    """

    def __init__(
        self,
        info: MediaInfo,
        duration: float,
        picture: Callable[[Any], UInt8],
        runtime: Runtime | None = None,
    ) -> None:
        self._info, self._picture, self._runtime = info, picture, runtime or Networks()
        self._aspect = float(info.width * info.sample_aspect / info.height)
        frame = float(1 / info.rate)
        known = max(0.0, duration - frame) / LEAST if duration > 0 else 2 * FINE
        self.interval = min(max(known, FINE), COARSE)
        self._short = 0.5 * frame
        self._next_coarse = self._next_held = -math.inf
        self._waiting: list[_Held] = []
        """Coarse samples and held frames that were not looked at, in order."""
        self._samples: list[_Sample] = []
        self._attention = Attention()
        self._change: list[float] = []
        self._likeness: list[float] = []
        self._extras = 0
        self._gaps: list[float] = []
        self._began = 0.0
        self._faces: list[_Face] = []

    # --- frames in

    def add(self, number: int, time: float, frame: Any, size: int) -> None:
        """Offer a frame.

        Parameters
        ----------
        number
            Its row in the signals.
        time
            Seconds.
        frame
            What `picture` turns into a picture; it must stay valid while it is held.
        size
            Bytes that holding it costs.
        """
        coarse = time >= self._next_coarse - self._short
        if not coarse and time < self._next_held - self._short:
            return
        held = _Held(number, time, frame, size, coarse=coarse)
        if held.coarse:
            self._next_coarse = time + self.interval
        self._next_held = time + FINE
        self._waiting.append(held)
        fine = [one for one in self._waiting if not one.coarse]
        for one in fine[: max(0, len(fine) - RING_FRAMES)]:
            self._waiting.remove(one)
        if sum(one.size for one in self._waiting) > RING_BYTES:
            self._as_picture(held)

    @property
    def held_bytes(self) -> int:
        """Bytes of planes and pictures that are held now."""
        return sum(h.size + (0 if h.picture is None else h.picture.nbytes) for h in self._waiting)

    def _as_picture(self, held: _Held) -> UInt8:
        if held.picture is None:
            held.picture = self._picture(held.frame)
            held.frame, held.size = None, 0
        return held.picture

    # --- signals in

    def measured(self, rows: Row) -> None:
        """Take the finished signals of the next frames, and look at what was waiting for them.

        Parameters
        ----------
        rows
            Fields of `GridSignals` and `MotionSignals`, one row a frame.
        """
        moved = (rows["change"] >= REPEAT_CHANGE) | (rows["change_peak"] >= REPEAT_PEAK)
        self._change += [float(c) if m else 0.0 for c, m in zip(rows["change"], moved, strict=True)]
        self._likeness += [float(value) for value in rows["likeness"]]
        self._attention.extend(rows)
        done = len(self._change)
        for held in [one for one in self._waiting if one.coarse and one.number < done]:
            self._take(held)

    def finish(self) -> IdentitySignals:
        """Look at the last frame too where the last sample is some way before it, and give everything."""
        last = self._waiting[-1] if self._waiting else None
        if last is not None and self._samples and last.time - self._samples[-1].time > 0.6 * self.interval:
            self._take(last)
        self._waiting.clear()
        return self._signals()

    # --- looking

    def _take(self, held: _Held) -> None:
        """Look at a coarse sample, and at frames before it where something happened since the last one."""
        between = [one for one in self._waiting if one.number < held.number]
        self._waiting = [one for one in self._waiting if one.number > held.number]
        if not self._samples:
            self._began = held.time
            self._samples.append(self._look(held))
            return
        before = self._samples[-1]
        if not self._moved(before.number, held.number):
            return  # it stands still: nothing new
        after = self._look(held)
        self._samples += [*self._between(before, after, between), after]

    def _moved(self, first: int, last: int) -> bool:
        """Whether any frame after `first` up to `last` shows another picture than the one before it."""
        return any(self._change[first + 1 : last + 1])

    def _between(self, before: _Sample, after: _Sample, held: list[_Held]) -> list[_Sample]:
        """Look at frames between two samples, first after a jump, then where the looks differ most."""
        row = [before, after]
        usual = float(np.median(self._gaps)) if self._gaps else 0.0
        self._gaps.append(_apart(before, after))
        likeness = self._likeness[before.number + 1 : after.number + 1]
        least = int(np.argmin(likeness))
        jump = before.number + 1 + least if likeness[least] < UNLIKE else None
        while len(row) < 2 + EXTRA and self._extras < EXTRA_CREDIT + EXTRA_RATE * (after.time - self._began):
            apart = [_apart(a, b) for a, b in pairwise(row)]
            gap = int(np.argmax(apart))
            if jump is None and apart[gap] < max(APART, UNUSUAL * usual):
                break
            a, b = (row[gap], row[gap + 1]) if jump is None else (before, after)
            inside = [
                one for one in held if self._moved(a.number, one.number) and self._moved(one.number, b.number)
            ]
            middle = (a.time + b.time) / 2
            if jump is not None:
                inside = [one for one in inside if one.number >= jump] or inside
                middle = inside[0].time if inside else middle
            if not inside:
                break
            chosen = min(inside, key=lambda one: abs(one.time - middle))
            held = [one for one in held if one is not chosen]
            row = sorted([*row, self._look(chosen)], key=lambda sample: sample.number)
            self._extras += 1
            jump = None
        return row[1:-1]

    def _look(self, held: _Held) -> _Sample:
        picture = upright(self._as_picture(held), self._info.rotation, self._aspect)
        region = np.array([*FIXED, self._attention.subject(held.number)], np.float32)
        look, colour = self._runtime.looks(picture, shown_box(region, self._info.rotation))
        self._see_faces(held, picture)
        return _Sample(held.number, held.time, region, look, colour)

    def _see_faces(self, held: _Held, picture: UInt8) -> None:
        """Find faces, and embed those that were not for the longest time, as far as the budget goes."""
        found = self._runtime.detect(picture)
        room = int(FACE_CREDIT + FACE_RATE * (held.time - self._began) - len(self._faces))
        if not len(found) or room <= 0:
            return
        since = [self._unseen(box, held.time) for box in found.box]
        size = found.box[:, 2] * found.box[:, 3]
        order = sorted(range(len(found)), key=lambda n: (-since[n], -size[n]))[: min(room, FACES)]
        vectors = self._runtime.faces(picture, found.marks[order])
        height, width = picture.shape[:2]
        self._faces += [
            _Face(
                held.number,
                held.time,
                found.box[n],
                float(found.sure[n]),
                _turn(found.marks[n] * np.array([width, height], np.float32)),
                vector,
            )
            for n, vector in zip(order, vectors, strict=True)
        ]

    def _unseen(self, box: Array, time: float) -> float:
        """Seconds since a face was embedded at this place."""
        for face in reversed(self._faces):
            near = np.abs(box[:2] + box[2:] / 2 - face.shown[:2] - face.shown[2:] / 2)
            if (near < face.shown[2:]).all():
                return time - face.time
        return math.inf

    # --- signals out

    def _signals(self) -> IdentitySignals:
        samples = self._samples
        faces = sorted(self._faces, key=lambda face: face.number)
        boxes = np.array([face.shown for face in faces], np.float32).reshape(-1, 4)
        vectors = np.array([face.vector for face in faces], np.float32).reshape(-1, 128)
        track = np.zeros(0, np.int64)
        if faces:
            from .linking import tracks

            track = tracks(np.array([face.time for face in faces]), boxes, vectors)
        numbers = np.array([sample.number for sample in samples], np.int64)
        return IdentitySignals(
            sample=numbers,
            region=np.array([sample.region for sample in samples], np.float32).reshape(-1, len(REGIONS), 4),
            look=_stacked([sample.look for sample in samples]),
            colour=_stacked([sample.colour for sample in samples]),
            face_sample=np.searchsorted(numbers, np.array([face.number for face in faces], np.int64)),
            face_track=np.asarray(track, np.int64),
            face_box=np.asarray(decoded_box(boxes, self._info.rotation), np.float32),
            face_sure=np.array([face.sure for face in faces], np.float32),
            face=vectors,
            face_turn=np.array([face.turn for face in faces], np.float32),
        )


def _turn(marks: Float32) -> float:
    """How far the nose lies from the middle of the eyes along their line, in distances of the eyes."""
    eyes = marks[1] - marks[0]
    return float(np.clip((marks[2] - marks[:2].mean(axis=0)) @ eyes / max(float(eyes @ eyes), 1e-6), -2, 2))


def _apart(one: _Sample, other: _Sample) -> float:
    """Largest cosine distance of the regions that do not move."""
    fixed = len(FIXED)
    return float(1 - (one.look[:fixed] * other.look[:fixed]).sum(axis=1).min())


def _stacked(vectors: Sequence[Float32]) -> Float32:
    return np.array(vectors, np.float32) if vectors else np.zeros((0, len(REGIONS), 0), np.float32)
