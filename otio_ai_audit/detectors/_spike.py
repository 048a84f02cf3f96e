"""Features of spikes: pictures that differ from both sides while both sides agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._arrays import box
from otio_ai_audit.detectors._levels import Levels, own, top, two_sided, usual
from otio_ai_audit.detectors._view import Floats, Pictures
from otio_ai_audit.model import Float32

SPIKE = ("whole", "whole_ratio", "raw", "raw_ratio", "relative", "lost", "failed", "failed_ratio")
"""Of the whole picture."""
PATCH = ("local", "local_ratio", "bare", "bare_ratio", "relative", "returns")
"""Of a part of the picture whose drawing goes on."""
THING = (
    "bare",
    "bare_ratio",
    "torn",
    "torn_ratio",
    "joint",
    "joint_ratio",
    "relative",
    "returns",
    "sudden",
    "own",
)
"""Of a thing that is there and gone."""


@dataclass(frozen=True, slots=True)
class Spikes:
    """Features of every spike of one length; rows of places that have no picture on a side are −inf."""

    whole: Floats
    """Shape (K, len(SPIKE))."""
    patch: Floats
    """Shape (K, len(PATCH))."""
    thing: Floats
    """Shape (K, len(THING))."""
    maps: Float32
    """Where it differs, in code values, shape (K, R, C)."""


def spikes(shown: Pictures, levels: Levels, length: int) -> Spikes:
    """Return the features of a spike of `length` pictures that begins at each picture."""
    count = len(shown)
    whole = np.full((count, len(SPIKE)), -np.inf)
    patch = np.full((count, len(PATCH)), -np.inf)
    thing = np.full((count, len(THING)), -np.inf)
    maps = np.zeros(shown.luma.shape, dtype=np.float32)
    starts = np.arange(1, count - length)
    if not len(starts):
        return Spikes(whole, patch, thing, maps)
    a, b = slice(1, count - length), slice(1 + length, count)  # the first picture of a spike, the first after
    before, last = slice(0, count - length - 1), slice(length, count - 1)
    beside = np.minimum(starts + length + 1, count - 1)
    across = levels.run[2 + length :] - levels.run[1 : count - length]
    size = two_sided(levels.jump[a], levels.ahead[last], across).max(axis=1)
    # With motion taken out …
    near_across = levels.near_run[2 + length :] - levels.near_run[1 : count - length]
    local = two_sided(levels.near[a], levels.near_ahead[last], near_across).max(axis=1)
    # A jump may break the flow at its own borders; where the flow fails beside it too, things move fast.
    around = np.float32(0.5) * (levels.belief[starts - 1] + levels.belief[beside])
    local *= around
    # … without …
    cells_across = levels.cells[b] - levels.cells[before]
    bare = two_sided(
        levels.cells[a] - levels.cells[before], levels.cells[last] - levels.cells[b], cells_across
    )
    bare = box(bare.max(axis=1), 1) * around
    over = np.abs(cells_across).sum(axis=(1, 2, 3)) / levels.moved[0].size
    raw = np.maximum(np.minimum(levels.moved[a], levels.moved[b]).mean(axis=(1, 2)) - over, 0.0)
    # … and where the flow finds nothing alike, coming and going, though it did before and does after.
    calm = np.maximum(levels.error[starts - 1], levels.error[beside])
    for within in range(1, length):
        np.maximum(calm, levels.error[1 + within : count - length + within], out=calm)
    calm = box(calm, 1)
    torn = box(np.minimum(levels.error[a], levels.error[b]), 1)
    sudden = np.log((torn + 1.0) / (calm + 1.0))
    torn = np.maximum(torn - calm, 0)
    held = levels.belief[a].mean(axis=(1, 2), keepdims=True)  # the rest of the picture goes on
    joint = np.minimum(bare, torn) * around * held
    likeness = shown.likeness
    lost = np.minimum(likeness[starts - 1], likeness[beside]) - np.maximum(likeness[a], likeness[b])
    failed = torn.mean(axis=(1, 2), dtype=np.float64)
    series = np.stack([size, raw.astype(np.float64), failed, top(local), top(bare), top(torn), top(joint)])
    common = usual(series, length)
    level = np.log(series + 0.05)
    ratio = np.log((series + 0.3) / (common + 0.6))
    base = levels.luma[starts - 1] + 16.0
    whole[starts] = np.stack(
        [
            *(level[0], ratio[0], level[1], ratio[1]),
            np.log((size + 0.05) / base),
            *(lost, level[2], ratio[2]),
        ],
        axis=1,
    )
    maps[a] = local + bare + torn
    places = maps[a].reshape(len(starts), -1).argmax(axis=1)
    row = np.arange(len(starts))
    there = levels.cells[before][:, 0].reshape(len(starts), -1)[row, places]
    back = box(np.abs(cells_across).max(axis=1), 1).reshape(len(starts), -1)[row, places]
    sudden = sudden.reshape(len(starts), -1)[row, places]
    peak = maps[a].reshape(len(starts), -1)[row, places]
    pairs = [value for pair in zip(level[3:], ratio[3:], strict=True) for value in pair]
    relative = np.log((series[4] + 0.05) / (there + 16.0))
    returns = np.log((peak + 1.0) / (back + 1.0))
    patch[starts] = np.stack([*pairs[:4], relative, returns], axis=1)
    thing[starts] = np.stack([*pairs[2:], relative, returns, sudden, own(joint, places)], axis=1)
    return Spikes(whole, patch, thing, maps)
