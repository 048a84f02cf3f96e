"""Which takes look almost the same: a small sketch of what a take shows over time, and comparing sketches.

A sketch is made from what every take is measured for anyway: nothing is decoded for it. Two takes are near
where one could be the other, written again by another program: compressed more, resized, a little lighter
or darker, a few frames shorter at either end. Takes that a generator made of one prompt, or of one first
picture, differ in what moves where; they are not near.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from .model import MediaSignals, UInt8

Floats = npt.NDArray[np.float32]

MOMENTS = 16
"""Equal parts of a take; each is averaged over its time."""
LUMA_SIDE, CHROMA_SIDE = 6, 3
"""Cells a side of the sketch of luma, and of Cb and Cr."""
CELLS = LUMA_SIDE**2 + 2 * CHROMA_SIDE**2
"""Numbers of one moment: luma, Cb and Cr, each row by row."""
SIZE = MOMENTS * CELLS
"""Bytes of a sketch."""

LOOK_LIMIT = 0.28
"""Root mean square difference of two near takes' luma, as a share of its own spread, at most.

The three limits are chosen together by ``python -m benchmarks.likeness``: the most takes found again while
1 % of the hard pairs are taken for near. Tried on other footage than they were chosen on, they find 91 % (87
to 95 % over footage) of takes that were compressed, resized, levelled or cut by 3 to 7 of at most 72 frames.
They take for near 1.2 % (0.6 to 2.0 %) of other takes of the same shot: mostly a later moment of it (2.8 %)
or a closer camera (2.2 %); none of 111 made scenes with another seed, of 144 photographs under another
camera, and of 77,582 pairs of other footage.
"""
COLOUR_LIMIT = 6.0
"""Root mean square distance of Cb and Cr, in code values, at most."""
MOVE_LIMIT = 0.25
"""Mean square difference of how luma departs from its mean over time, as a share of that, at most."""

STEP, STEPS = 0.07, 2
"""What may be missing at the ends of either take: shares of its length, and how many of them in all."""
LEAST_SPREAD = 4.0
"""Code values of luma by which the cells of a picture differ; a flatter take is like no other."""
STILL = 1.0
"""Mean square, in code values, of what counts as no movement: noise and rounding."""
LOOSE = 2.0
"""How much further apart the mean pictures of near takes may lie."""
BLOCK = 128
"""Takes that are compared with all others at once."""


def sketch(signals: MediaSignals) -> UInt8:
    """Sketch what a take shows over time.

    Parameters
    ----------
    signals : MediaSignals
        Only the cell means of luma, Cb and Cr are read.

    Returns
    -------
    numpy.ndarray
        Code values of `MOMENTS` × `CELLS` cells in time and picture, shape (`SIZE`,), uint8. The same
        signals give the same bytes.
    """
    grid = signals.grid
    sides = ((grid.luma, LUMA_SIDE), (grid.blue, CHROMA_SIDE), (grid.red, CHROMA_SIDE))
    parts = [_reduced(values, side).reshape(MOMENTS, -1) for values, side in sides]
    return np.clip(np.rint(np.concatenate(parts, axis=1)), 0, 255).astype(np.uint8).reshape(-1)


def _reduced(values: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float64]:
    """Average cells (N, R, C) over equal parts of time and picture: (`MOMENTS`, `side`, `side`)."""
    frames, rows, columns = values.shape
    over_time = np.tensordot(_shares(frames, MOMENTS), values.astype(np.float64), axes=(1, 0))
    return np.asarray(_shares(rows, side) @ over_time @ _shares(columns, side).T)


def _shares(count: int, parts: int) -> npt.NDArray[np.float64]:
    """Weights by which `count` equal pieces make up `parts` equal pieces, shape (parts, count)."""
    edges = np.arange(parts + 1) * (count / parts)
    pieces = np.arange(count)
    ends = np.minimum(edges[1:, None], pieces + 1)
    shared = np.maximum(ends - np.maximum(edges[:-1, None], pieces), 0.0)
    return np.asarray(shared / shared.sum(axis=1, keepdims=True))


def near(sketches: Sequence[UInt8] | UInt8) -> list[tuple[int, int]]:
    """Find the pairs of takes that look almost the same.

    Parameters
    ----------
    sketches : sequence of numpy.ndarray
        Of the takes of one shot, each as `sketch` gave it; an array of shape (N, S) serves too. Of some
        thousands each is compared with each in blocks: memory grows with N, not with its square.

    Returns
    -------
    list of tuple of int
        Indices of each pair, the smaller first, in ascending order. It does not depend on the order of the
        sketches which takes are paired.
    """
    if len(sketches) < 2:
        return []
    held = np.stack([np.asarray(one, np.uint8) for one in sketches])
    if held.shape[1:] != (SIZE,):
        raise ValueError(f"a sketch has {SIZE} bytes, not {held.shape[1:]}")
    # Comparing is not quite symmetric: the order of their bytes decides which of two is moved in time.
    order = np.lexsort(held.T[::-1])
    order = order[spread(held[order]) >= LEAST_SPREAD]
    if len(order) < 2:
        return []
    pairs = [(int(order[i]), int(order[j])) for i, j in _pairs(held[order])]
    return sorted((min(pair), max(pair)) for pair in pairs)


def spread(held: UInt8) -> Floats:
    """Tell how much the cells of a picture differ, in code values and on average over time, shape (N,)."""
    cells = held.reshape(-1, MOMENTS, CELLS)[:, :, : LUMA_SIDE**2]
    return np.asarray(cells.std(axis=2, dtype=np.float32).mean(axis=1))


def _pairs(held: UInt8) -> set[tuple[int, int]]:
    """Compare each sketch, shape (N, S), with all that follow it."""
    found: set[tuple[int, int]] = set()
    blocks = list(_likely(held))
    for here, moved in _shifted(held, held):
        for rows, columns in blocks:
            one, other = here[rows], moved[columns]
            close = _alike(one, other) & (_move(one, other) <= MOVE_LIMIT)
            found.update((int(rows[i]), int(columns[j])) for i, j in zip(*np.nonzero(close), strict=True))
    return {(one, other) for one, other in found if one < other}


def _likely(held: UInt8) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Name blocks of sketches, and what each must be compared with: mean pictures tell most apart."""
    means = _Series(held.reshape(-1, MOMENTS, CELLS).mean(axis=1, dtype=np.float32)[:, None])
    for first in range(0, len(held), BLOCK):
        rows, columns = np.arange(first, min(first + BLOCK, len(held))), np.arange(first, len(held))
        likely = _alike(means[rows], means[columns], loose=LOOSE) & (columns > rows[:, None])
        yield rows[likely.any(axis=1)], columns[likely.any(axis=0)]


class _Series:
    """Sketches over some moments, shape (n, t, `CELLS`), made ready for comparing by products."""

    __slots__ = ("colour", "look", "move", "spread")

    def __init__(self, cells: npt.NDArray[np.generic]) -> None:
        values = cells.astype(np.float32)
        count = len(values)
        luma = values[:, :, : LUMA_SIDE**2]
        self.colour = values[:, :, LUMA_SIDE**2 :].reshape(count, -1) - np.float32(128)
        self.move = (luma - luma.mean(axis=1, keepdims=True)).reshape(count, -1)
        luma = luma.reshape(count, -1)
        luma = luma - luma.mean(axis=1, keepdims=True)
        self.spread = np.sqrt(np.square(luma).mean(axis=1)) + np.float32(1e-6)
        self.look = luma / (self.spread * np.float32(np.sqrt(luma.shape[1])))[:, None]

    def __getitem__(self, rows: npt.NDArray[np.intp]) -> _Series:
        part = object.__new__(_Series)
        for name in self.__slots__:
            setattr(part, name, getattr(self, name)[rows])
        return part


def _alike(one: _Series, other: _Series, loose: float = 1.0) -> npt.NDArray[np.bool_]:
    """Compare luma and colour of each with each; `loose` multiplies the limits."""
    near_in_luma = _look(one, other) <= loose * LOOK_LIMIT
    return np.asarray(near_in_luma & (_colour(one, other) <= loose * COLOUR_LIMIT), bool)


def _look(one: _Series, other: _Series) -> Floats:
    """Root mean square difference of luma, each levelled and as a share of its spread."""
    return np.asarray(np.sqrt(np.maximum(2 - 2 * (one.look @ other.look.T), 0)))


def _colour(one: _Series, other: _Series) -> Floats:
    """Root mean square distance of (Cb, Cr) in code values."""
    own, its = np.square(one.colour).sum(axis=1), np.square(other.colour).sum(axis=1)
    apart = own[:, None] + its - 2 * (one.colour @ other.colour.T)
    return np.asarray(np.sqrt(np.maximum(apart, 0) / np.float32(one.colour.shape[1] / 2)))


def _move(one: _Series, other: _Series) -> Floats:
    """Mean square difference of what moves as a share of it; the other's levels are brought to this one's."""
    gain = one.spread[:, None] / other.spread
    own = np.square(one.move).sum(axis=1)[:, None]
    its = np.square(other.move).sum(axis=1) * gain**2
    apart = own + its - 2 * gain * (one.move @ other.move.T)
    still = np.float32(STILL * one.move.shape[1])
    return np.asarray(np.maximum(apart, 0) / (np.maximum(own, its) + still))


def distances(sketches: UInt8, others: UInt8) -> Floats:
    """Tell how far takes are apart, for calibration.

    Parameters
    ----------
    sketches, others : numpy.ndarray
        Shape (N, S) and (M, S).

    Returns
    -------
    numpy.ndarray
        For each pair of shifts, what `LOOK_LIMIT`, `COLOUR_LIMIT` and `MOVE_LIMIT` limit; shape
        (shifts, 3, N, M).
    """
    found = []
    for here, moved in _shifted(sketches, others):
        found.append([_look(here, moved), _colour(here, moved), _move(here, moved)])
    return np.asarray(found, np.float32)


def _shifted(sketches: UInt8, others: UInt8) -> Iterator[tuple[_Series, _Series]]:
    """Give both for each pair of shifts, over the moments that both then have."""
    here, moved = (each.reshape(-1, MOMENTS, CELLS) for each in (sketches, others))
    for start, end in product(range(-STEPS, STEPS + 1), repeat=2):
        if abs(start) + abs(end) > STEPS:
            continue
        weights, kept = _shift(start * STEP, end * STEP)
        yield _Series(here[:, kept]), _Series(np.tensordot(moved, weights, axes=(1, 1)).swapaxes(1, 2))


def _shift(start: float, end: float) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Make the weights that bring a take to the time of one with more at its ends, and name their moments.

    Returns
    -------
    tuple
        Weights, shape (kept, `MOMENTS`), and the moments of the one that the other has too, shape (kept,).
    """
    centre = (np.arange(MOMENTS) + 0.5) / MOMENTS
    at = (start + (1 - start - end) * centre) * MOMENTS - 0.5
    kept = np.flatnonzero((at >= -0.01) & (at <= MOMENTS - 0.99))
    whole = np.clip(np.floor(at[kept]).astype(int), 0, MOMENTS - 2)
    rest = np.clip(at[kept] - whole, 0.0, 1.0)
    weights = np.zeros((len(kept), MOMENTS), np.float32)
    weights[np.arange(len(kept)), whole] = 1 - rest
    weights[np.arange(len(kept)), whole + 1] = rest
    return weights, kept
