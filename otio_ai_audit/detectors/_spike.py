"""Features of spikes: pictures that differ from both sides while both sides agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._levels import Levels, blocks, nearby, over_cells, own, top, two_sided, usual
from otio_ai_audit.detectors._view import Floats, Ints, Pictures
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
    last, beside = slice(length, count - 1), np.minimum(starts + length + 1, count - 1)
    across = levels.run[2 + length :] - levels.run[1 : count - length]
    size = np.maximum(two_sided(levels.jump[a], levels.ahead[last], across).max(axis=1), 0.0)
    likeness = shown.likeness
    lost = np.minimum(likeness[starts - 1], likeness[beside]) - np.maximum(likeness[a], likeness[b])
    parts = [
        _part(levels, length, 1 + part.start, 1 + part.stop, maps)
        for part in blocks(len(starts), levels.error[0].size)
    ]
    values = np.concatenate([part.values for part in parts], axis=1)
    joint = np.concatenate([part.joint for part in parts])
    places = np.concatenate([part.places for part in parts])
    there, back, torn, calm, peak = np.concatenate([part.there for part in parts], axis=1)
    series = np.concatenate([size[None], values])
    level = np.log(series + 0.05)
    ratio = np.log((series + 0.3) / (usual(series, length) + 0.6))
    base = levels.luma[starts - 1] + 16.0
    whole[starts] = np.stack(
        [
            *(level[0], ratio[0], level[1], ratio[1]),
            np.log((size + 0.05) / base),
            *(lost, level[2], ratio[2]),
        ],
        axis=1,
    )
    pairs = [value for pair in zip(level[3:], ratio[3:], strict=True) for value in pair]
    relative = np.log((series[4] + 0.05) / (there + 16.0))
    returns = np.log((peak + 1.0) / (back + 1.0))
    sudden = np.log((torn + 1.0) / (calm + 1.0))
    patch[starts] = np.stack([*pairs[:4], relative, returns], axis=1)
    thing[starts] = np.stack([*pairs[2:], relative, returns, sudden, own(joint, places)], axis=1)
    return Spikes(whole, patch, thing, maps)


@dataclass(frozen=True, slots=True)
class _Part:
    """What is measured of the spikes that begin at T pictures in a row."""

    values: Floats
    """What raw, failed, local, bare, torn and joint come to, shape (6, T)."""
    joint: Float32
    """Shape (T, R, C)."""
    places: Ints
    """Flat index of the cell that differs most, shape (T,)."""
    there: Float32
    """Luma, change across, flow error, flow error beside, and difference at that cell, shape (5, T)."""


def _part(levels: Levels, length: int, first: int, stop: int, maps: Float32) -> _Part:
    """Measure the spikes that begin at pictures ``[first, stop)``; their maps are written into `maps`."""
    count, cells = len(levels.luma), levels.error[0].size
    here, after = slice(first, stop), slice(first + length, stop + length)
    before, last = slice(first - 1, stop - 1), slice(first + length - 1, stop + length - 1)
    beside = np.minimum(np.arange(first, stop) + length + 1, count - 1)
    shape = levels.error[here].shape
    found = np.zeros((4, *shape), dtype=np.float32)
    local, bare, torn, joint = found
    boxed = np.zeros((4, *shape), dtype=np.float32)
    over = np.zeros(len(bare), dtype=np.float32)
    for channel in range(3):
        # With motion taken out …
        run = levels.near_run[channel]
        across = run[first + length + 1 : stop + length + 1] - run[here]
        np.maximum(
            local, two_sided(levels.near[channel, here], levels.near_ahead[channel, last], across), out=local
        )
        # … without …
        steps, falls, luma = levels.steps[channel], levels.falls[channel], levels.cells[channel]
        across = luma[after] - luma[before]
        both = np.minimum(steps[here], falls[after])
        np.maximum(both, np.minimum(falls[here], steps[after]), out=both)
        both -= np.abs(across, out=across)
        np.maximum(boxed[0], both, out=boxed[0])
        np.maximum(boxed[3], across, out=boxed[3])
        over += over_cells(across)
    moved = over_cells(np.minimum(levels.moved[here], levels.moved[after]))
    raw = np.maximum((moved - over) / np.float32(cells), 0.0)
    # … and where the flow finds nothing alike, coming and going, though it did before and does after.
    np.minimum(levels.error[here], levels.error[after], out=boxed[1])
    calm = np.maximum(levels.error[before], levels.error[beside], out=boxed[2])
    for within in range(1, length):
        np.maximum(calm, levels.error[first + within : stop + within], out=calm)
    boxed = nearby(boxed)
    # A jump may break the flow at its own borders; where the flow fails beside it too, things move fast.
    around = levels.belief[before] + levels.belief[beside]
    around *= np.float32(0.5)
    local *= around
    np.multiply(boxed[0], around, out=bare)
    np.subtract(boxed[1], boxed[2], out=torn)
    np.maximum(torn, 0, out=torn)
    held = over_cells(levels.belief[here]) / np.float32(cells)  # the rest of the picture goes on
    np.minimum(bare, torn, out=joint)
    joint *= around
    joint *= held[:, None, None]
    differs = np.add(local, bare, out=maps[here])
    differs += torn
    places = differs.reshape(len(differs), -1).argmax(axis=1)
    failed = over_cells(torn) / np.float32(cells)
    strongest = top(found.reshape(-1, *shape[1:])).reshape(4, -1)
    maps_at = (levels.cells[0, before], boxed[3], boxed[1], boxed[2], differs)
    row = np.arange(len(places))
    there = np.stack([one.reshape(len(one), -1)[row, places] for one in maps_at])
    return _Part(np.concatenate([[raw, failed], strongest]), joint, places, there)
