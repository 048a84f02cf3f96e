"""What grows into something else: change that motion does not explain, added up along the motion.

A thing that moves leaves a residual of either sign, which cancels; a thing that becomes another leaves the
same sign frame after frame. What changes alike all around (light, exposure, a shadow's inside) is taken out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._arrays import box
from otio_ai_audit.detectors._surface import CELL
from otio_ai_audit.model import Float32, MediaSignals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MEMORY = 0.7
"""Seconds after which a change counts 1/e."""
BEGIN = 0.3
"""Seconds at the start of a stretch that say nothing: there is nothing yet to add up."""
TRUST = 0.4
"""Share of a cell's pixels whose flow must agree; below it the sum begins anew."""
STEADY = 0.4
"""Small pixels by which a cell's motion may differ from its neighbours': along edges of what moves, flow of
whole cells leaves a residual of one sign."""
LUMA = 0.2
"""Weight of luma beside chroma: light changes it, paint changes both."""
AROUND = 2
"""Cells on either side whose common change is taken out."""
TOP = 0.03
"""Share of the cells, those that grew most, that speak for a part of the picture."""
DARK = 20.0
"""Code values: the darkest mean level by which a gain is measured."""
FLOOR = 0.3
"""Code values added before the logarithm."""

FEATURES = ("grown",)


@dataclass(frozen=True, slots=True)
class Growth:
    """K frames of one stretch, R × C cells."""

    grown: Floats
    """Logarithm of the mean change of the cells that grew most, shape (K,)."""
    maps: Float32
    """Change of each cell in code values, 3 × 3 cells together, shape (K, R, C)."""


def growth(signals: MediaSignals, first: int, last: int, frames: Ints) -> Growth:
    """Add up what motion leaves over in ``[first, last)``, and describe it at some `frames`.

    Parameters
    ----------
    signals : MediaSignals
    first, last : int
        Rows of the signals; one shot.
    frames : numpy.ndarray [shape=(K,)]
        Rows at which the sums are looked at, ascending.
    """
    motion, times = signals.motion, signals.times
    rows, columns = signals.grid.luma.shape[1:]
    home = np.mgrid[0:rows, 0:columns].astype(np.float32)
    edge = np.array([rows - 1, columns - 1], dtype=np.float32)[:, None, None]
    came = home + motion.flow[first:last, ..., ::-1].transpose(0, 3, 1, 2) / np.float32(CELL)
    inside = ((came >= -0.5) & (came <= edge + 0.5)).all(axis=1)
    kept = inside & (motion.trust[first:last] > TRUST) & (_unevenness(motion.flow[first:last]) < STEADY)
    came = np.clip(came, 0, edge)
    corner = came.astype(np.int64)
    share = came - corner
    opposite = np.minimum(corner + 1, edge.astype(np.int64))
    fade = np.exp(-np.diff(times[first:last], prepend=times[first]) / MEMORY).astype(np.float32)
    added = np.zeros((3, rows, columns), dtype=np.float32)
    weight = np.array([LUMA, 1, 1], dtype=np.float32)[:, None, None]
    maps = np.zeros((len(frames), rows, columns), dtype=np.float32)
    wanted = {int(frame): place for place, frame in enumerate(frames)}
    # half of what came since the frame before and what is to come until the next: what a frame has alone, as
    # where flow between pixels blurs its neighbours or light flickers, has the same sign in both
    change = 0.5 * (motion.back[first:last] - motion.ahead[first:last])
    change -= _of_the_light(signals, first, last, change)
    for frame in range(first, last):
        at = frame - first
        (row, column), (below, beside), (down, right) = corner[at], opposite[at], share[at]
        flat, left = added.reshape(3, -1), 1 - right
        row, below = row * columns, below * columns
        upper = flat.take(row + column, axis=1) * left + flat.take(row + beside, axis=1) * right
        lower = flat.take(below + column, axis=1) * left + flat.take(below + beside, axis=1) * right
        was = upper * (1 - down) + lower * down
        added = (was * fade[at] + change[at]) * kept[at]
        if frame in wanted and times[frame] > times[first] + BEGIN:
            own = (added - box(added, AROUND)) * weight
            maps[wanted[frame]] = box(np.sqrt((own**2).sum(axis=0))[None], 1)[0]
    count = max(1, round(TOP * rows * columns))
    most = np.sort(maps.reshape(len(frames), -1), axis=1)[:, -count:]
    return Growth(np.log(most.mean(axis=1, dtype=np.float64) + FLOOR), maps)


def _unevenness(flow: Float32) -> Float32:
    """Largest difference of each cell's motion to a neighbour's, along x or y; (N, R, C, 2) to (N, R, C)."""
    out = np.zeros(flow.shape[:3], dtype=np.float32)
    for axis, low, high in ((1, np.s_[:, :-1], np.s_[:, 1:]), (2, np.s_[:, :, :-1], np.s_[:, :, 1:])):
        step = np.abs(np.diff(flow, axis=axis)).max(axis=3)
        for side in (low, high):
            np.maximum(out[side], step, out=out[side])
    return out


def _of_the_light(signals: MediaSignals, first: int, last: int, change: Float32) -> Float32:
    """Give what one gain for the whole picture explains of `change`, (N, 3, R, C): a fade, an exposure."""
    grid = signals.grid
    level = np.maximum(grid.luma[first:last].mean(axis=(1, 2)), DARK)
    gain = (change[:, 0].mean(axis=(1, 2)) / level)[:, None, None, None]
    planes = [grid.luma[first:last], grid.blue[first:last] - 128, grid.red[first:last] - 128]
    return np.asarray(gain * np.stack(planes, axis=1), dtype=np.float32)
