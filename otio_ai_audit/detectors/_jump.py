"""Features of jumps: spikes that return, steps that stay, and ramps at a clip's end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._view import Floats, Pictures, box

SPIKE = ("whole", "whole_ratio", "local", "local_ratio", "raw", "raw_ratio", "relative", "lost")
STEP = ("step", "step_ratio", "stays", "alike", "relative")
TAIL = ("drop", "drop_ratio", "steady", "raw_ratio", "relative")


@dataclass(frozen=True, slots=True)
class Levels:
    """Brightness and colour over time, with motion taken out and without."""

    jump: Floats
    """Trust-weighted mean of ``back`` over the picture, shape (K, 3)."""
    ahead: Floats
    """The same of ``ahead``, shape (K, 3)."""
    near: Floats
    """``back`` meaned over 3 × 3 cells by trust, shape (K, 3, R, C)."""
    near_ahead: Floats
    luma: Floats
    """Mean luma, shape (K,)."""
    cells: Floats
    """Luma, Cb and Cr cell means, shape (K, 3, R, C)."""

    @classmethod
    def of(cls, shown: Pictures) -> Levels:
        """Prepare the levels of a segment's pictures."""
        weight = (shown.trust + 0.02)[:, None].astype(np.float64)
        ahead_weight = np.concatenate([weight[1:], weight[-1:]])
        total, ahead_total = weight.sum(axis=(2, 3)), ahead_weight.sum(axis=(2, 3))
        cells = np.stack([shown.luma, shown.blue, shown.red], axis=1).astype(np.float64)
        return cls(
            jump=(shown.back * weight).sum(axis=(2, 3)) / total,
            ahead=(shown.ahead * ahead_weight).sum(axis=(2, 3)) / ahead_total,
            near=box(shown.back * weight, 1) / box(weight, 1),
            near_ahead=box(shown.ahead * ahead_weight, 1) / box(ahead_weight, 1),
            luma=shown.luma.mean(axis=(1, 2)).astype(np.float64),
            cells=cells,
        )


def two_sided(into: Floats, out: Floats, across: Floats) -> Floats:
    """How far a stretch differs from both sides, less what the sides differ; 0 where signs differ."""
    both = np.where(into * out > 0, np.minimum(np.abs(into), np.abs(out)), 0.0)
    return np.asarray(np.maximum(both - np.abs(across), 0.0), dtype=np.float64)


def spike_features(shown: Pictures, levels: Levels, length: int) -> tuple[Floats, Floats]:
    """Return features (K, F) of a spike of `length` pictures that begins at each, and local maps.

    Rows without a picture before and after are −inf in the first column. The maps have shape
    (K, R, C).
    """
    count = len(shown)
    features = np.full((count, len(SPIKE)), -np.inf)
    maps = np.zeros((count, *shown.luma.shape[1:]))
    starts = np.arange(1, count - length)
    if not len(starts):
        return features, maps
    ends = starts + length
    run = np.concatenate([np.zeros((1, 3)), np.cumsum(levels.jump, axis=0)])
    across = run[ends + 1] - run[starts]
    whole = two_sided(levels.jump[starts], levels.ahead[ends - 1], across).max(axis=1)
    near = np.concatenate([np.zeros((1, *levels.near.shape[1:])), np.cumsum(levels.near, axis=0)])
    local = two_sided(levels.near[starts], levels.near_ahead[ends - 1], near[ends + 1] - near[starts]).max(
        axis=1
    )
    into = np.abs(levels.cells[starts] - levels.cells[starts - 1]).sum(axis=1)
    out = np.abs(levels.cells[ends] - levels.cells[ends - 1]).sum(axis=1)
    over = np.abs(levels.cells[ends] - levels.cells[starts - 1]).sum(axis=1)
    raw = np.maximum(np.minimum(into, out).mean(axis=(1, 2)) - over.mean(axis=(1, 2)), 0.0)
    top = _top(local)
    around = np.minimum(shown.likeness[starts - 1], shown.likeness[np.minimum(ends + 1, count - 1)])
    lost = around - np.minimum(shown.likeness[starts], shown.likeness[ends])
    usual = [_usual(series, length) for series in (whole, top, raw)]
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
    maps[starts] = local
    return features, maps


def _top(maps: Floats, share: float = 0.03) -> Floats:
    """Mean of the largest cells of each map, shape (K, R, C) to (K,)."""
    flat = maps.reshape(len(maps), -1)
    count = max(1, round(share * flat.shape[1]))
    return np.asarray(np.partition(flat, -count, axis=1)[:, -count:].mean(axis=1), dtype=np.float64)


def _usual(series: Floats, length: int) -> Floats:
    """90th percentile of the rest of a series, each time without the neighbourhood itself."""
    count = len(series)
    usual = np.zeros(count)
    reach = 2 + length
    for i in range(count):
        rest = np.concatenate([series[: max(0, i - reach)], series[i + reach + 1 :]])
        usual[i] = np.percentile(rest, 90) if len(rest) >= 3 else np.median(series)
    return usual


def step_features(shown: Pictures, levels: Levels) -> Floats:
    """Features (K, F) of a jump at each picture that stays; −inf where a side is too short."""
    count = len(shown)
    features = np.full((count, len(STEP)), -np.inf)
    jump = levels.jump
    size = np.abs(jump).max(axis=1)
    for k in range(2, count - 2):
        channel = int(np.abs(jump[k]).argmax())
        around = np.concatenate([size[max(1, k - 6) : k], size[k + 1 : k + 7]])
        before = levels.cells[max(0, k - 3) : k, channel].mean()
        after = levels.cells[k : k + 3, channel].mean()
        stays = (after - before) / jump[k, channel] if abs(jump[k, channel]) > 1e-6 else 0.0
        features[k] = (
            np.log(size[k] + 0.05),
            np.log((size[k] + 0.2) / (around.max() + 0.4)),
            np.clip(stays, -1.0, 1.5),
            shown.likeness[k],
            np.log((size[k] + 0.05) / (levels.luma[k - 1] + 16.0)),
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
