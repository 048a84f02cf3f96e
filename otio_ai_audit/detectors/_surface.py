"""The surface of things, followed through a shot: what changes on it although it is the same surface.

Each cell is traced back by the motion to where its piece of the picture was first seen. Where the trace
is lost (a turn, an occlusion, a new part of the scene) it begins anew, so that only what survived speaks:
appearance that changes on a surface that is still there is a morph, a surface that goes is a turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._arrays import box, median
from otio_ai_audit.model import Float32, MediaSignals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

CELL = 8.0
"""Small pixels on a cell's side."""
LOST = 0.25
"""Trust below which a trace begins anew."""
OLD = 0.3
"""Seconds that a trace must have lasted before it says anything."""
DARK = 16.0
"""Code values added before a logarithm: noise in the dark is no change."""
CUES = ("tone", "colour", "texture")


@dataclass(frozen=True, slots=True)
class Surface:
    """What changed since each cell's piece was first seen, in one frame. R rows, C columns of cells.

    What changed everywhere alike (exposure, white balance, focus) is taken out.
    """

    frame: int
    tone: Float32
    """Change of the logarithm of luma, shape (R, C), 3 × 3 cells together; 0 where nothing can be said."""
    colour: Float32
    """Distance in (Cb, Cr), code values, shape (R, C)."""
    texture: Float32
    """Change of the logarithm of detail, shape (R, C)."""
    age: Float32
    """Seconds since the piece was first seen, shape (R, C)."""
    since: Ints
    """Frame in which it was first seen, shape (R, C)."""


class _Trace:
    """Where each cell's piece was first seen: the frame, and the place in cells."""

    def __init__(self, rows: int, columns: int, frame: int) -> None:
        self.home = np.mgrid[0:rows, 0:columns].astype(np.float32)
        self.place = self.home.copy()
        self.trust = np.ones((rows, columns), dtype=np.float32)
        self.since = np.full((rows, columns), frame, dtype=np.int64)

    def follow(self, frame: int, flow: Float32, trust: Float32) -> None:
        """Go on to a frame, whose cells were at `flow` (R, C, 2), in small pixels, in the one before."""
        came = self.home + flow.transpose(2, 0, 1)[::-1] / np.float32(CELL)
        nearest = np.rint(came)
        rows, columns = self.trust.shape
        edge = np.array([rows - 1, columns - 1], dtype=np.float32)[:, None, None]
        inside = ((came >= -0.5) & (came <= edge + 0.5)).all(axis=0)
        row, column = np.clip(nearest, 0, edge).astype(np.int64)
        cell = row * columns + column
        place = self.place.reshape(2, -1).take(cell, axis=1) + came - nearest
        trust = np.minimum(self.trust.take(cell), trust)
        kept = inside & (trust >= LOST) & ((place >= -0.5) & (place <= edge + 0.5)).all(axis=0)
        self.place = np.where(kept, place, self.home).astype(np.float32)
        self.trust = np.where(kept, trust, np.float32(1)).astype(np.float32)
        self.since = np.where(kept, self.since.take(cell), frame)


def surfaces(signals: MediaSignals, first: int, last: int, frames: Ints) -> Iterator[Surface]:
    """Follow the cells from `first` on and give what changed on them at some `frames` below `last`."""
    grid, motion = signals.grid, signals.motion
    times = signals.times
    rows, columns = grid.luma.shape[1:]
    trace = _Trace(rows, columns, first)
    wanted = set(frames.tolist())
    tone = np.log(np.maximum(grid.luma[first:last], 0) + np.float32(DARK))
    texture = np.log(grid.detail[first:last] + np.float32(1))
    planes = (tone, grid.blue[first:last], grid.red[first:last], texture)
    for frame in range(first, last):
        if frame > first:
            trace.follow(frame, motion.flow[frame], motion.trust[frame])
        if frame in wanted:
            yield _changed(planes, trace, frame, first, times)


def _changed(planes: tuple[Float32, ...], trace: _Trace, frame: int, first: int, times: Floats) -> Surface:
    age = (times[frame] - times[trace.since]).astype(np.float32)
    old = age >= OLD
    rows, columns = age.shape
    row, column = np.clip(trace.place[0], 0, rows - 1), np.clip(trace.place[1], 0, columns - 1)
    top, left = row.astype(np.int64), column.astype(np.int64)
    below, beside = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
    down, right = row - top, column - left
    up, back = 1 - down, 1 - right
    picture = (trace.since - first) * rows
    upper, lower = (picture + top) * columns, (picture + below) * columns
    corners = (upper + left, upper + beside, lower + left, lower + beside)
    change = []
    for plane in planes:
        a, b, c, d = (plane.take(corner) for corner in corners)
        was = a * up * back + b * up * right + c * down * back + d * down * right
        moved = plane[frame - first] - was
        common = median(moved[old]) if old.any() else 0.0
        change.append(np.where(old, moved - np.float32(common), np.float32(0)))
    tone, blue, red, texture = change
    share = box(old.astype(np.float32)[None], 1)[0]

    def together(values: Float32) -> Float32:
        """Mean over 3 × 3 cells of those that can be said; a lone cell counts for little."""
        return np.asarray(box(values[None].astype(np.float32), 1)[0] / np.maximum(share, 0.5))

    return Surface(
        frame,
        np.abs(together(tone)),
        np.hypot(together(blue), together(red)),
        np.abs(together(texture)),
        age,
        trace.since,
    )
