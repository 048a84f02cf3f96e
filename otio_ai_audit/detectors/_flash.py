"""Flashes of cells: transitions, which of them happen together, and how many fall into one second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._arrays import box
from otio_ai_audit.model import Float32, MediaInfo

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rule = Callable[[Float32], Float32]
"""Darker value of two → by how much the brighter one has to exceed it."""

WINDOW = 1.0
"""Seconds in which flashes are counted."""
ALLOWED = 6
"""Transitions: three flashes, of two opposing changes each (ITU-R BT.1702-3, guideline 1)."""
ROUGH = 0.8
"""Share of the area limit that whole cells must reach together; parts of cells are weighed afterwards."""
_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Transitions:
    """Changes between neighbouring peaks and valleys that are large enough, ordered by cell, then time.

    E of them. A rise over several frames is one transition, and its moment is the middle of its steps.
    """

    cell: Ints
    """Shape (E,)."""
    half: Ints
    """Moment in half frames, shape (E,)."""
    rise: Mask
    """Shape (E,)."""
    change: Floats
    """From valley to peak or back, shape (E,)."""
    first: Ints
    """Frame of the extreme that it leaves, shape (E,)."""
    last: Ints
    """Frame of the extreme that it reaches, shape (E,)."""

    def __len__(self) -> int:
        return len(self.cell)

    def only(self, chosen: Mask) -> Transitions:
        """Keep some."""
        return Transitions(*(getattr(self, name)[chosen] for name in self.__slots__))


def transitions(values: Float32, rule: Rule, areas: Floats, least: float) -> Transitions:
    """Find the opposing changes of every cell that has both a rise and a fall.

    A turn counts once the values have come back from an extreme by what the rule asks for, so that noise
    and small wiggles neither add a transition nor cut one in two. (The rules speak of adjacent peaks and
    valleys; with wiggles smaller than a flash left out, these are they.)

    Parameters
    ----------
    values : numpy.ndarray
        Light of each cell, shape (N, K).
    rule
        By how much the brighter of two values has to exceed the darker one; it never falls as that rises.
    areas, least
        Share of the picture of each cell, shape (K,); where the cells that rise and fall have less than
        `least` together, nothing is found.
    """
    wide = np.flatnonzero(values.max(axis=0) - values.min(axis=0) >= rule(values.min(axis=0)))
    if areas[wide].sum() < least:
        wide = wide[:0]
    values = np.ascontiguousarray(values[:, wide])
    needs = rule(values)
    falls = np.maximum.accumulate(values, axis=0) - values >= needs
    low = np.minimum.accumulate(values, axis=0)
    rises = values - low >= rule(low)
    active = np.flatnonzero(rises.any(axis=0) & falls.any(axis=0))
    if areas[wide[active]].sum() < least:
        active = active[:0]
    rising = rises[:, active].argmax(axis=0) < falls[:, active].argmax(axis=0) if len(active) else active
    values = np.ascontiguousarray(values[:, active])
    turns, pivots = _turns(values, np.ascontiguousarray(needs[:, active]), np.asarray(rising, np.bool_))
    column = np.concatenate([cells for cells, _, _ in turns])
    order = np.argsort(column, kind="stable")
    column = column[order]
    first = np.concatenate([left for _, left, _ in turns])[order]
    up = np.concatenate([rise for _, _, rise in turns])[order]
    last = np.append(first[1:], 0)
    ends = np.append(column[1:] != column[:-1], True)[: len(column)]
    last = np.where(ends, pivots[column], last[: len(column)])
    return Transitions(
        cell=wide[active][column],
        half=_moments(values, column, first, last),
        rise=up,
        change=np.abs(values[last, column].astype(np.float64) - values[first, column]),
        first=first,
        last=last,
    )


def _moments(values: Float32, column: Ints, first: Ints, last: Ints) -> Ints:
    """Middle of each transition's steps in half frames, large steps counting most; shape (E,)."""
    if not len(column):
        return column
    steps = np.zeros(values.shape)
    steps[1:] = np.diff(values, axis=0)
    steps *= steps
    weight = np.cumsum(steps, axis=0)
    steps *= np.arange(len(values))[:, None]
    moment = np.cumsum(steps, axis=0)
    middle = (moment[last, column] - moment[first, column]) / (weight[last, column] - weight[first, column])
    return np.rint(2 * middle).astype(np.int64)


def _turns(values: Float32, needs: Float32, rising: Mask) -> tuple[list[tuple[Ints, Ints, Mask]], Ints]:
    """Follow every cell from extreme to extreme.

    Parameters
    ----------
    values, needs : numpy.ndarray
        And what the rule asks for above each value, shapes (N, K).
    rising : numpy.ndarray
        Cells whose first transition is a rise, shape (K,).

    Returns
    -------
    list of (cells, frames of the extremes that they left, whether they rise)
        In the order of time.
    numpy.ndarray
        Frame of each cell's last extreme.
    """
    none = np.zeros(0, np.int64)
    found = [(none, none, none.astype(np.bool_))]
    pivot = np.zeros(values.shape[1], np.int64)
    if not len(rising):
        return found, pivot
    direction = np.where(rising, -1, 1).astype(np.float32)
    extreme, need = values[0].copy(), needs[0].copy()
    for frame in range(1, len(values)):
        value, asked = values[frame], needs[frame]
        gap = (value - extreme) * direction
        turned = gap + np.minimum(asked, need) <= 0
        cells = turned.nonzero()[0]
        if len(cells):
            found.append((cells, pivot[cells], direction[cells] < 0))
            np.negative(direction, out=direction, where=turned)
        turned |= gap > 0
        np.copyto(extreme, value, where=turned)
        np.copyto(need, asked, where=turned)
        np.copyto(pivot, frame, where=turned)
    return found, pivot


def together(found: Transitions, areas: Floats, least: float) -> Transitions:
    """Keep the transitions that an area of at least `least` makes at the same moment, to half a frame.

    Of what is left, a cell's transitions in one direction without one back between them count once.
    """
    if not len(found):
        return found
    length = int(found.half.max()) + 3
    reached = np.zeros(len(found))
    for rise in (True, False):
        mine = found.rise == rise
        area = np.bincount(found.half[mine] + 1, areas[found.cell[mine]], minlength=length)
        reached[mine] = np.convolve(area, np.ones(3), "same")[found.half[mine] + 1]
    found = found.only(reached >= least)
    again = np.zeros(len(found), dtype=np.bool_)
    again[1:] = (found.cell[1:] == found.cell[:-1]) & (found.rise[1:] == found.rise[:-1])
    return found.only(~again)


@dataclass(frozen=True, slots=True)
class Windows:
    """What falls into the second that ends with each moment at which something changes; W of them."""

    start: Ints
    """Half frames of the first transition inside, shape (W,)."""
    stop: Ints
    """Half frames of the last one, shape (W,)."""
    count: Ints
    """Most opposing transitions that more than the limit of the picture make, shape (W,)."""
    area: Floats
    """Share of the picture that makes more of them than are allowed, shape (W,)."""
    reached: Floats
    """The same; where it is no more than the limit, share of the picture that makes `count`, shape (W,)."""
    cells: Mask
    """Cells that do, shape (W, R * C)."""


def windows(found: Transitions, times: Floats, codes: Float32, areas: Floats, limit: float) -> Windows:
    """Count transitions over sliding windows of one second.

    Parameters
    ----------
    found
        Transitions that happen together.
    times
        Seconds of each frame as a viewer sees them, shape (N,).
    codes
        Code values that tell how far a flash covers a cell at its edge, shape (N, R, C).
    areas
        Share of the picture of each cell, shape (R * C,).
    limit
        Share of the picture from which on transitions count.
    """
    halves, index = np.unique(found.half, return_inverse=True)
    moments = np.interp(halves / 2, np.arange(len(times)), times)
    begin = np.searchsorted(moments, moments - WINDOW + _SLACK, side="right")
    cells, column = np.unique(found.cell, return_inverse=True)
    each = np.zeros((len(halves) + 1, len(cells)), np.int16)
    each[index + 1, column] = 1
    sums = np.cumsum(each, axis=0, dtype=np.int16)
    counts = sums[1:] - sums[begin]
    share = np.zeros((len(halves), len(cells)))
    breaks = np.flatnonzero(np.append(True, np.diff(moments) > WINDOW))
    for a, b in zip(breaks, np.append(breaks[1:], len(halves)), strict=True):
        inside = found.only((index >= a) & (index < b))
        share[a:b] = _covered(inside, codes, areas)[cells]
    most = np.zeros(len(halves), np.int64)
    over = counts > ALLOWED
    area = np.minimum(np.einsum("wk,wk->w", over, share), 1.0)
    reached = area.copy()
    for count in range(1, int(counts.max(initial=0)) + 1):
        made = np.einsum("wk,wk->w", counts >= count, share)
        enough = made > limit + _SLACK
        if not enough.any():
            break
        most[enough] = count
        if count <= ALLOWED:
            reached = np.where(enough & (area <= limit), np.minimum(made, 1.0), reached)
    shown = np.zeros((len(halves), len(areas)), dtype=np.bool_)
    shown[:, cells] = over
    return Windows(halves[begin], halves, most, area, reached, shown)


def _covered(found: Transitions, codes: Float32, areas: Floats) -> Floats:
    """Area that each flashing cell stands for, shape (R * C,).

    At the edge of a flashing area a cell is covered in part: its code values change by that part of what
    its neighbours inside change by. What the flash covers of cells that do not reach the rule's limit is
    given to their neighbours that do.
    """
    rows, columns = codes.shape[1:]
    core = np.zeros(rows * columns, dtype=np.bool_)
    core[found.cell] = True
    core = core.reshape(rows, columns)
    near = codes[found.first.min() : found.last.max() + 1]
    change = (near.max(axis=0) - near.min(axis=0)).astype(np.float64)
    solid = box(core.astype(np.float32), 1) > 1 - 1e-4
    reference = _largest(np.where(core, change, 0.0))
    part = np.divide(change, reference, out=np.zeros_like(change), where=reference > 0)
    area = np.clip(np.where(core & solid, 1.0, part), 0.0, 1.0) * areas.reshape(rows, columns)
    neighbours = _sums(core.astype(np.float64))
    given = np.divide(area, neighbours, out=np.zeros_like(area), where=~core & (neighbours > 0))
    return np.asarray(np.where(core, area + _sums(given), 0.0).ravel(), dtype=np.float64)


def _around(values: Floats) -> list[Floats]:
    """Every cell's eight neighbours and itself, zeros outside; nine maps."""
    rows, columns = values.shape
    framed = np.zeros((rows + 2, columns + 2))
    framed[1:-1, 1:-1] = values
    return [framed[y : y + rows, x : x + columns] for y in range(3) for x in range(3)]


def _largest(values: Floats) -> Floats:
    return np.asarray(np.max(_around(values), axis=0), dtype=np.float64)


def _sums(values: Floats) -> Floats:
    return np.asarray(np.sum(_around(values), axis=0), dtype=np.float64)


def cell_areas(info: MediaInfo, rows: int, columns: int) -> Floats:
    """Share of the picture of each cell, shape (R * C,).

    Cells are 8 × 8 small pixels (the long side is reduced to about 240 of them); those of the last row and
    column overlap the ones before and add only what is left.
    """
    sides = []
    short, long = sorted((info.width, info.height))
    factor = max(1, min(round(long / 240), short // 24, 64))
    for side, count in ((info.height, rows), (info.width, columns)):
        last = side // factor / 8 - (count - 1)
        lengths = np.ones(count)
        if 0 < last < 1:
            lengths[-1] = last
        sides.append(lengths / lengths.sum())
    return np.asarray(np.outer(*sides).ravel(), dtype=np.float64)
