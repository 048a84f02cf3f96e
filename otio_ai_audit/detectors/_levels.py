"""Brightness and colour of a shot over time, with motion taken out and without: what jumps are read from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._arrays import quantiles
from otio_ai_audit.detectors._view import Floats, Ints, Pictures, believed
from otio_ai_audit.model import Float32

Array: TypeAlias = npt.NDArray[Any]

LOUDEST = 16
"""Candidates of a clip that are compared with the rest of the clip exactly."""
LIGHT_SHARE = 0.95
"""Share of a change that a light of the scene adds; the rest may be things that move."""
LIGHT_GAIN = 0.3
"""Least mean gain, beyond 1, that is taken for a light."""
LIGHT_SPREAD = 0.4
"""Least share of the picture that a light makes brighter."""
LIGHT_UNLIKE = 0.05
"""Least share of the change's energy that one gain for all cells does not explain."""


BLOCK = 16384
"""Cells of one channel that are worked on at a time: what is made of them stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of K pictures in R × C cells; channels are Y, Cb and Cr."""

    jump: Floats
    """Trust-weighted mean of ``back`` over the picture, shape (K, 3)."""
    ahead: Floats
    """The same of ``ahead``, shape (K, 3)."""
    run: Floats
    """Running sum of ``jump``, shape (K + 1, 3)."""
    agree: Floats
    """How far the cells jump alike: |mean| over mean |·| of each channel's ``back``, shape (K, 3)."""
    near: Float32
    """``back`` meaned over 3 × 3 cells by trust, shape (3, K, R, C)."""
    near_ahead: Float32
    belief: Float32
    """How far the flow around a place can be believed, shape (K, R, C)."""
    near_run: Float32
    """Running sum of ``near``, shape (3, K + 1, R, C)."""
    luma: Floats
    """Mean luma, shape (K,)."""
    means: Floats
    """Mean of each channel, shape (K, 3)."""
    cells: Float32
    """Luma, Cb and Cr cell means, shape (3, K, R, C)."""
    steps: Float32
    """What cells changed since the picture before, shape (3, K, R, C); 0 for the first."""
    falls: Float32
    """``steps`` with the sign turned."""
    moved: Float32
    """Sum over channels of the sizes of ``steps``, shape (K, R, C)."""
    error: Float32
    """Error of the flow, shape (K, R, C)."""

    @classmethod
    def of(cls, shown: Pictures) -> Levels:
        """Prepare the levels of a segment's pictures."""
        count, (rows, columns) = len(shown), shown.luma.shape[1:]
        cells = np.stack([shown.luma, shown.blue, shown.red])
        steps, moved = np.zeros_like(cells), np.zeros_like(shown.luma)
        near, near_ahead = np.empty_like(cells), np.empty_like(cells)
        near_run = np.zeros((3, count + 1, rows, columns), dtype=np.float32)
        belief = np.empty_like(shown.luma)
        sums = np.zeros((5, count, 3))
        total, total_after = np.empty((count, 1)), np.empty((count, 1))
        for part in blocks(count, rows * columns):
            trust = shown.trust[np.minimum(np.arange(part.start, part.stop + 1), count - 1)]
            trusted = nearby(trust)
            belief[part] = believed(trusted[:-1])
            trusted += np.float32(0.02)
            trust += np.float32(0.02)
            sure = over_cells(trust)
            total[part, 0], total_after[part, 0] = sure[:-1], sure[1:]
            for channel in range(3):
                back = shown.back[part, channel] * trust[:-1]
                sums[0, part, channel] = over_cells(back)
                np.divide(nearby(back), trusted[:-1], out=near[channel, part])
                sums[1, part, channel] = over_cells(np.abs(back, out=back))
                ahead = shown.ahead[part, channel] * trust[1:]
                sums[2, part, channel] = over_cells(ahead)
                np.divide(nearby(ahead), trusted[1:], out=near_ahead[channel, part])
                sums[3, part, channel] = over_cells(cells[channel, part])
                later = slice(max(part.start, 1), part.stop)
                step = steps[channel, later]
                np.subtract(cells[channel, later], cells[channel, later.start - 1 : later.stop - 1], out=step)
                moved[later] += np.abs(step)
        belief[0] = belief[min(1, count - 1)]
        np.cumsum(near, axis=1, out=near_run[:, 1:])
        jump, means = sums[0] / total, sums[3] / (rows * columns)
        return cls(
            jump=jump,
            ahead=sums[2] / total_after,
            run=np.concatenate([np.zeros((1, 3)), np.cumsum(jump, axis=0)]),
            agree=np.abs(jump) / (sums[1] / total + 0.1),
            near=near,
            near_ahead=near_ahead,
            belief=belief,
            near_run=near_run,
            luma=means[:, 0],
            means=means,
            cells=cells,
            steps=steps,
            falls=-steps,
            moved=moved,
            error=shown.error,
        )


def blocks(count: int, cells: int) -> list[slice]:
    """Cut `count` pictures of so many cells into runs of at most `BLOCK` cells, one picture at least."""
    length = max(1, BLOCK // cells)
    return [slice(first, min(first + length, count)) for first in range(0, count, length)]


def nearby(values: Float32) -> Float32:
    """Mean over 3 × 3 cells, edges shrinking, over the last two axes; as `box`, in fewer passes."""
    tall = values.copy()
    tall[..., 1:, :] += values[..., :-1, :]
    tall[..., :-1, :] += values[..., 1:, :]
    flat = tall.reshape(-1)
    wide = flat.copy()
    wide[1:] += flat[:-1]
    wide[:-1] += flat[1:]
    out = wide.reshape(values.shape)
    if values.shape[-1] > 1:  # the sums of long rows ran over the edges
        np.add(tall[..., 0], tall[..., 1], out=out[..., 0])
        np.add(tall[..., -1], tall[..., -2], out=out[..., -1])
    else:
        out = tall
    out *= _shares(*values.shape[-2:])
    return out


@cache
def _shares(rows: int, columns: int) -> Float32:
    """One over how many cells each mean is of, shape (R, C)."""
    down, across = (
        np.minimum(np.arange(n) + 2, n) - np.maximum(np.arange(n) - 1, 0) for n in (rows, columns)
    )
    return np.asarray(1.0 / np.multiply.outer(down, across), dtype=np.float32)


def over_cells(maps: Float32) -> Float32:
    """Sum of each map, shape (K, R, C) to (K,)."""
    return np.asarray(maps.reshape(len(maps), -1).sum(axis=1), dtype=np.float32)


def two_sided(into: Array, out: Array, across: Array) -> Array:
    """How far a stretch differs from both sides, less what the sides differ; above 0 where signs agree."""
    both = smaller(into, out)
    both -= np.abs(across)
    return both


def smaller(one: Array, other: Array) -> Array:
    """Return the smaller size of two changes where their signs agree, else not above 0."""
    both, high = np.minimum(one, other), np.maximum(one, other)
    np.negative(high, out=high)
    return np.maximum(both, high, out=both)


def top(maps: Float32, share: float = 0.03) -> Floats:
    """Mean of the largest cells of each map, shape (K, R, C) to (K,)."""
    flat = maps.reshape(len(maps), -1)
    count = max(1, round(share * flat.shape[1]))
    return np.asarray(np.sort(flat, axis=1)[:, -count:].mean(axis=1), dtype=np.float64)


def own(maps: Float32, places: Ints, repeat: int = 3) -> Floats:
    """Log ratio of each map at its place to what that place reaches `repeat` times in the clip.

    Parameters
    ----------
    maps : array, shape (K, R, C)
    places : array, shape (K,)
        Flat index of a cell in each map.
    """
    flat = maps.reshape(len(maps), -1)
    repeat = min(repeat, len(flat))
    cells, at = np.unique(places, return_inverse=True)
    over_time = np.ascontiguousarray(flat[:, cells].T)
    often = np.sort(over_time, axis=1)[:, -repeat]
    peak = flat[np.arange(len(flat)), places]
    return np.asarray(np.log((peak + 0.5) / (often[at] + 1.0)), dtype=np.float64)


def usual(series: Floats, length: int) -> Floats:
    """90th percentile of each series, shape (S, K); for its largest values without their neighbourhood."""
    each, count = series.shape
    out = np.repeat(quantiles(series, np.ones(series.shape, dtype=np.bool_), 0.9), count).reshape(each, count)
    middle = quantiles(series, np.ones(series.shape, dtype=np.bool_), 0.5)
    loud = np.argsort(-series, axis=1, kind="stable")[:, :LOUDEST]
    rest = np.abs(np.arange(count) - loud[..., None]) > 2 + length
    enough = np.count_nonzero(rest, axis=2) >= 3
    shape = (-1, count)
    others = quantiles(np.broadcast_to(series[:, None], rest.shape).reshape(shape), rest.reshape(shape), 0.9)
    loudest = np.where(enough, others.reshape(loud.shape), middle[:, None])
    np.put_along_axis(out, loud, loudest, axis=1)
    return out


def may_be_lit(one: float, other: float) -> bool:
    """Whether mean lumas differ enough for `lit` to hold one way or the other."""
    return abs(other - one) > LIGHT_GAIN * min(one, other) + 1.9


def lit(before: Float32, during: Float32) -> bool:
    """Whether a light that the scene shows came on between two pictures' luma cells, shape (R, C) each.

    A lamp, a flash or lightning only adds light, much of it, in most of the picture and more here than
    there; an exposure that jumps multiplies every cell alike.
    """
    before, change = before.astype(np.float64), (during - before).astype(np.float64)
    added = float(change[change > 0].sum())
    if added < LIGHT_SHARE * float(np.abs(change).sum()) or change.mean() < LIGHT_GAIN * before.mean() + 2.0:
        return False
    if float(np.mean(change > 0.1 * before + 1.0)) < LIGHT_SPREAD:
        return False
    gain = float((before * during).sum() / max((before * before).sum(), 1.0))
    alike = np.minimum(gain * before, 250.0) - before
    return float(((change - alike) ** 2).sum()) > LIGHT_UNLIKE * float((change**2).sum())
