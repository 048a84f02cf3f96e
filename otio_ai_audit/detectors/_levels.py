"""Brightness and colour of a shot over time, with motion taken out and without: what jumps are read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._arrays import box, quantiles
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
    """How far the cells jump alike: \\|mean\\| over mean \\|·\\| of each channel's ``back``, shape (K, 3)."""
    near: Float32
    """``back`` meaned over 3 × 3 cells by trust, shape (K, 3, R, C)."""
    near_ahead: Float32
    belief: Float32
    """How far the flow around a place can be believed, shape (K, R, C)."""
    near_run: Float32
    """Running sum of ``near``, shape (K + 1, 3, R, C)."""
    luma: Floats
    """Mean luma, shape (K,)."""
    means: Floats
    """Mean of each channel, shape (K, 3)."""
    cells: Float32
    """Luma, Cb and Cr cell means, shape (K, 3, R, C)."""
    moved: Float32
    """Sum over channels of what cells changed since the picture before, shape (K, R, C)."""
    error: Float32
    """Error of the flow, shape (K, R, C)."""

    @classmethod
    def of(cls, shown: Pictures) -> Levels:
        """Prepare the levels of a segment's pictures."""
        trusted = box(shown.trust, 1)
        belief = believed(trusted)
        belief[0] = belief[min(1, len(belief) - 1)]
        weight = (shown.trust + np.float32(0.02))[:, None]
        near_weight = (trusted + np.float32(0.02))[:, None]
        after = np.minimum(np.arange(1, len(shown) + 1), len(shown) - 1)
        back, ahead = shown.back * weight, shown.ahead * weight[after]
        near, near_ahead = box(back, 1), box(ahead, 1)
        near /= near_weight
        near_ahead /= near_weight[after]
        total = weight.sum(axis=(2, 3), dtype=np.float64)
        jump = back.sum(axis=(2, 3), dtype=np.float64) / total
        size = np.abs(back).sum(axis=(2, 3), dtype=np.float64) / total
        cells = np.stack([shown.luma, shown.blue, shown.red], axis=1)
        moved = np.zeros_like(shown.luma)
        moved[1:] = np.abs(np.diff(cells, axis=0)).sum(axis=1)
        means = cells.mean(axis=(2, 3), dtype=np.float64)
        return cls(
            jump=jump,
            ahead=ahead.sum(axis=(2, 3), dtype=np.float64) / total[after],
            run=np.concatenate([np.zeros((1, 3)), np.cumsum(jump, axis=0)]),
            agree=np.abs(jump) / (size + 0.1),
            near=near,
            near_ahead=near_ahead,
            belief=belief,
            near_run=np.concatenate([np.zeros_like(near[:1]), np.cumsum(near, axis=0)]),
            luma=means[:, 0],
            means=means,
            cells=cells,
            moved=moved,
            error=shown.error,
        )


def two_sided(into: Array, out: Array, across: Array) -> Array:
    """How far a stretch differs from both sides, less what the sides differ; 0 where signs differ."""
    both, high = np.minimum(into, out), np.maximum(into, out)
    np.negative(high, out=high)
    np.maximum(both, high, out=both)  # min(|into|, |out|) where signs agree, else not above 0
    both -= np.abs(across)
    return np.maximum(both, 0, out=both)


def top(maps: Float32, share: float = 0.03) -> Floats:
    """Mean of the largest cells of each map, shape (K, R, C) to (K,)."""
    flat = maps.reshape(len(maps), -1)
    count = max(1, round(share * flat.shape[1]))
    return np.asarray(np.partition(flat, -count, axis=1)[:, -count:].mean(axis=1), dtype=np.float64)


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
    often = np.partition(flat, -repeat, axis=0)[-repeat]
    peak = flat[np.arange(len(flat)), places]
    return np.asarray(np.log((peak + 0.5) / (often[places] + 1.0)), dtype=np.float64)


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
