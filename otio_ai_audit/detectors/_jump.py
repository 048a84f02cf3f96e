"""Features of jumps: spikes that return, steps that stay, and ramps at a clip's end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._arrays import box, quantiles
from otio_ai_audit.detectors._view import Floats, Pictures, believed
from otio_ai_audit.model import Float32

Array: TypeAlias = npt.NDArray[Any]


SPIKE = ("whole", "whole_ratio", "local", "local_ratio", "raw", "raw_ratio", "relative", "lost")
STEP = ("step", "step_ratio", "stays", "alike", "relative")
LOUDEST = 16
"""Candidates of a clip that are compared with the rest of the clip exactly."""
TAIL = ("drop", "drop_ratio", "steady", "raw_ratio", "relative")


@dataclass(frozen=True, slots=True)
class Levels:
    """Brightness and colour over time, with motion taken out and without."""

    jump: Floats
    """Trust-weighted mean of ``back`` over the picture, shape (K, 3)."""
    ahead: Floats
    """The same of ``ahead``, shape (K, 3)."""
    run: Floats
    """Running sum of ``jump``, shape (K + 1, 3)."""
    near: Float32
    """``back`` meaned over 3 × 3 cells by trust, shape (K, 3, R, C)."""
    near_ahead: Float32
    belief: Float32
    """How far the flow around a place can be believed, shape (K, R, C)."""
    near_run: Float32
    """Running sum of ``near``, shape (K + 1, 3, R, C)."""
    luma: Floats
    """Mean luma, shape (K,)."""
    cells: Float32
    """Luma, Cb and Cr cell means, shape (K, 3, R, C)."""
    moved: Float32
    """Sum over channels of what cells changed since the picture before, shape (K, R, C)."""

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
        cells = np.stack([shown.luma, shown.blue, shown.red], axis=1)
        moved = np.zeros_like(shown.luma)
        moved[1:] = np.abs(np.diff(cells, axis=0)).sum(axis=1)
        return cls(
            jump=jump,
            ahead=ahead.sum(axis=(2, 3), dtype=np.float64) / total[after],
            run=np.concatenate([np.zeros((1, 3)), np.cumsum(jump, axis=0)]),
            near=near,
            near_ahead=near_ahead,
            belief=belief,
            near_run=np.concatenate([np.zeros_like(near[:1]), np.cumsum(near, axis=0)]),
            luma=shown.luma.mean(axis=(1, 2), dtype=np.float64),
            cells=cells,
            moved=moved,
        )


def two_sided(into: Array, out: Array, across: Array) -> Array:
    """How far a stretch differs from both sides, less what the sides differ; 0 where signs differ."""
    both, high = np.minimum(into, out), np.maximum(into, out)
    np.negative(high, out=high)
    np.maximum(both, high, out=both)  # min(|into|, |out|) where signs agree, else not above 0
    both -= np.abs(across)
    return np.maximum(both, 0, out=both)


def spike_features(shown: Pictures, levels: Levels, length: int) -> tuple[Floats, Float32]:
    """Return features (K, F) of a spike of `length` pictures that begins at each, and local maps.

    Rows without a picture before and after are −inf in the first column. The maps have shape
    (K, R, C).
    """
    count = len(shown)
    features = np.full((count, len(SPIKE)), -np.inf)
    maps = np.zeros(shown.luma.shape, dtype=np.float32)
    starts = np.arange(1, count - length)
    if not len(starts):
        return features, maps
    a, b = slice(1, count - length), slice(1 + length, count)  # the first picture of a spike, the first after
    last = slice(length, count - 1)
    across = levels.run[2 + length :] - levels.run[1 : count - length]
    whole = two_sided(levels.jump[a], levels.ahead[last], across).max(axis=1)
    near_across = levels.near_run[2 + length :] - levels.near_run[1 : count - length]
    local = two_sided(levels.near[a], levels.near_ahead[last], near_across).max(axis=1)
    # A jump may break the flow at its own borders; where the flow fails beside it too, things move fast.
    beside = np.minimum(starts + length + 1, count - 1)
    local = local * (0.5 * (levels.belief[starts - 1] + levels.belief[beside]))
    over = np.abs(levels.cells[b] - levels.cells[: count - length - 1]).sum(axis=(1, 2, 3))
    over /= levels.moved[0].size
    raw = np.maximum(np.minimum(levels.moved[a], levels.moved[b]).mean(axis=(1, 2)) - over, 0.0)
    raw = raw.astype(np.float64)
    top = _top(local)
    around = np.minimum(
        shown.likeness[starts - 1], shown.likeness[np.minimum(starts + length + 1, count - 1)]
    )
    lost = around - np.minimum(shown.likeness[a], shown.likeness[b])
    usual = _usual(np.stack([whole, top, raw]), length)
    features[starts] = np.stack(
        [
            np.log(whole + 0.05),
            np.log((whole + 0.2) / (usual[0] + 0.4)),
            np.log(top + 0.05),
            np.log((top + 0.4) / (usual[1] + 0.8)),
            np.log(raw + 0.05),
            np.log((raw + 0.2) / (usual[2] + 0.4)),
            np.log((whole + 0.05) / (levels.luma[starts - 1] + 16.0)),
            lost,
        ],
        axis=1,
    )
    maps[a] = local
    return features, maps


def _top(maps: Float32, share: float = 0.03) -> Floats:
    """Mean of the largest cells of each map, shape (K, R, C) to (K,)."""
    flat = maps.reshape(len(maps), -1)
    count = max(1, round(share * flat.shape[1]))
    return np.asarray(np.partition(flat, -count, axis=1)[:, -count:].mean(axis=1), dtype=np.float64)


def _usual(series: Floats, length: int) -> Floats:
    """90th percentile of each series, shape (S, K); for its largest values without their neighbourhood."""
    each, count = series.shape
    usual = np.repeat(quantiles(series, np.ones(series.shape, dtype=np.bool_), 0.9), count).reshape(
        each, count
    )
    middle = quantiles(series, np.ones(series.shape, dtype=np.bool_), 0.5)
    loud = np.argsort(-series, axis=1, kind="stable")[:, :LOUDEST]
    rest = np.abs(np.arange(count) - loud[..., None]) > 2 + length
    enough = np.count_nonzero(rest, axis=2) >= 3
    shape = (-1, count)
    others = quantiles(np.broadcast_to(series[:, None], rest.shape).reshape(shape), rest.reshape(shape), 0.9)
    loudest = np.where(enough, others.reshape(loud.shape), middle[:, None])
    np.put_along_axis(usual, loud, loudest, axis=1)
    return usual


def step_features(shown: Pictures, levels: Levels, reach: int = 6, side: int = 3) -> Floats:
    """Features (K, F) of a jump at each picture that stays; −inf where a side is too short."""
    count = len(shown)
    features = np.full((count, len(STEP)), -np.inf)
    if count < 5:
        return features
    k = np.arange(2, count - 2)
    channel = np.abs(levels.jump[k]).argmax(axis=1)
    jump = levels.jump[k, channel]
    size = np.abs(levels.jump).max(axis=1)
    near = np.concatenate([np.zeros(reach), [0.0], size[1:], np.zeros(reach)])  # a first picture has no jump
    near = np.lib.stride_tricks.sliding_window_view(near, 2 * reach + 1)[k]
    around = np.maximum(near[:, :reach].max(axis=1), near[:, reach + 1 :].max(axis=1))
    means = levels.cells.mean(axis=(2, 3), dtype=np.float64)
    run = np.concatenate([np.zeros((1, 3)), np.cumsum(means, axis=0)])
    first, stop = np.maximum(k - side, 0), np.minimum(k + side, count)
    before = (run[k, channel] - run[first, channel]) / (k - first)
    after = (run[stop, channel] - run[k, channel]) / (stop - k)
    moved = np.abs(jump) > 1e-6
    stays = np.where(moved, (after - before) / np.where(moved, jump, 1.0), 0.0)
    features[k] = np.stack(
        [
            np.log(size[k] + 0.05),
            np.log((size[k] + 0.2) / (around + 0.4)),
            np.clip(stays, -1.0, 1.5),
            shown.likeness[k],
            np.log((size[k] + 0.05) / (levels.luma[k - 1] + 16.0)),
        ],
        axis=1,
    )
    return features


def tail_features(shown: Pictures, levels: Levels, longest: int) -> tuple[Floats, int]:
    """Features (F,) of the run of the last pictures, and how many pictures it takes."""
    count = len(shown)
    run = np.concatenate([[0.0], np.cumsum(levels.jump[:, 0])])
    best: tuple[float, Floats, int] = (-np.inf, np.full(len(TAIL), -np.inf), 0)
    for length in range(2, longest + 1):
        if count < 2 * length + 4:
            break
        sums = np.abs(run[length + 1 :] - run[1:-length])  # windows of `length` jumps
        raw = np.abs(levels.luma[length:] - levels.luma[:-length])
        drop, earlier = sums[-1], sums[:-length]
        raw_drop, raw_earlier = raw[-1], raw[:-length]
        path = np.abs(levels.jump[count - length :, 0]).sum()
        row = np.asarray(
            [
                np.log(drop + 0.05),
                np.log((drop + 0.3) / (earlier.max() + 0.6)),
                drop / (path + 0.1),
                np.log((raw_drop + 0.3) / (raw_earlier.max() + 0.6)),
                np.log((min(drop, raw_drop) + 0.05) / (levels.luma[count - 1 - length] + 16.0)),
            ]
        )
        rank = float(row[1] + row[3] + 0.5 * row[0])
        if rank > best[0]:
            best = (rank, row, length)
    return best[1], best[2]
