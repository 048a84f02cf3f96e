"""Features of steps that stay, of the whole picture and of a part, and of ramps at a clip's end."""

from __future__ import annotations

import numpy as np

from otio_ai_audit.detectors._levels import Levels, blocks, nearby, own, smaller, top, usual
from otio_ai_audit.detectors._view import Floats, Ints, Pictures
from otio_ai_audit.model import Float32

STEP = ("step", "step_ratio", "stays", "alike", "relative", "agree", "recurs")
SHIFT = ("shift", "shift_ratio", "around", "relative", "alike", "own")
TAIL = ("drop", "drop_ratio", "steady", "raw_ratio", "relative", "agree")

SHORTEST = 8
"""Frames of the shortest step of segments that is looked for: shorter ones pulse."""
LEAST = 0.6
"""Code values; smaller steps may come from the codec's own period."""
STANDS_OUT = 1.0
"""How far a step that recurs has to exceed every other jump around it."""
SURE = 1.0
"""Decades that chance explains too often to say anything of a period."""


def step_features(shown: Pictures, levels: Levels, reach: int = 6, side: int = 3) -> tuple[Floats, Floats]:
    """Features (K, F) of a jump of the picture that stays, −inf where a side is too short; and its period.

    The period, shape (K,), is in frames; 0 where the jump does not recur.
    """
    count = len(shown)
    features = np.full((count, len(STEP)), -np.inf)
    period = np.zeros(count)
    if count < 5:
        return features, period
    k = np.arange(2, count - 2)
    channel = np.abs(levels.jump[k]).argmax(axis=1)
    jump = levels.jump[k, channel]
    # Where the drawing does not go on it is a cut, a whip pan or a flash.
    alike = np.clip((shown.likeness - 0.2) / 0.4, 0.0, 1.0).astype(np.float64)
    size = np.abs(levels.jump).max(axis=1) * alike
    near = np.concatenate([np.zeros(reach), [0.0], size[1:], np.zeros(reach)])  # a first picture has no jump
    near = np.lib.stride_tricks.sliding_window_view(near, 2 * reach + 1)[k]
    around = np.maximum(near[:, :reach].max(axis=1), near[:, reach + 1 :].max(axis=1))
    run = np.concatenate([np.zeros((1, 3)), np.cumsum(levels.means, axis=0)])
    first, stop = np.maximum(k - side, 0), np.minimum(k + side, count)
    before = (run[k, channel] - run[first, channel]) / (k - first)
    after = (run[stop, channel] - run[k, channel]) / (stop - k)
    moved = np.abs(jump) > 1e-6
    stays = np.where(moved, (after - before) / np.where(moved, jump, 1.0), 0.0)
    close = np.lib.stride_tricks.sliding_window_view(np.pad(size, 2), 5)[k]
    sharp = np.where(size[k] >= close.max(axis=1), size[k] / (around + 0.2), 0.0)
    recurs, period[k] = recurring(shown.first[k], size[k], sharp)
    # A jump among jumps as large is a fade, a light that wavers or an exposure that adapts.
    single = size[k] * np.clip((size[k] / (around + 0.05) - 0.9) / 0.6, 0.0, 1.0)
    features[k] = np.stack(
        [
            np.log(single + 0.05),
            np.log((size[k] + 0.2) / (around + 0.4)),
            np.maximum(-np.abs(stays - 1.0), -1.5),
            shown.likeness[k],
            np.log((single + 0.05) / (levels.luma[k - 1] + 16.0)),
            levels.agree[k, channel],
            recurs,
        ],
        axis=1,
    )
    return features, period


def recurring(frames: Ints, size: Floats, sharpness: Floats) -> tuple[Floats, Floats]:
    """How surely each frame's jump is one of many at a fixed step from the clip's start.

    Parameters
    ----------
    frames : array, shape (K,)
        Frame numbers from the clip's start.
    size : array, shape (K,)
        Jumps in code values.
    sharpness : array, shape (K,)
        How far each jump stands out of its neighbourhood, 0 for one that is not its peak. Its ranks are
        what is folded.

    Returns
    -------
    recurs, period : arrays, shape (K,)
        Decades by which chance would be a worse explanation (Fisher's product of ranks, corrected for the
        number of periods that were tried), less `SURE`, at most 5; and the period in frames, 0 where
        there is none.
    """
    count = len(frames)
    recurs, period = np.zeros(count), np.zeros(count)
    last = int(frames[-1]) if count else 0
    if last < 3 * SHORTEST:
        return recurs, period
    rank = np.empty(count)
    rank[np.argsort(-sharpness, kind="stable")] = np.arange(1, count + 1)
    rank[sharpness < STANDS_OUT] = count
    at = np.full(last + 1, -1)
    at[frames] = np.arange(count)
    longest = last // 3
    for step in range(SHORTEST, longest + 1):
        where = np.arange(step, last + 1, step)
        places = at[where]
        places = places[places >= 0]
        if len(places) < 3 or (size[places] < LEAST).mean() > 0.34:
            continue
        # Sum of −ln p of m places is Gamma(m): its tail is e⁻ˣ Σ xⁱ / i!.
        x = float(-np.log(rank[places] / count).sum())
        terms = np.cumprod(np.concatenate([[1.0], x / np.arange(1, len(places))]))
        tail = -x + np.log(terms.sum()) + np.log(longest - SHORTEST + 1)
        sure = min(-tail / np.log(10.0), 6.0) - SURE
        better = places[(recurs[places] < sure) & (rank[places] <= 0.25 * count)]
        recurs[better], period[better] = sure, step
    return recurs, period


def shift_features(shown: Pictures, levels: Levels, reach: int = 3) -> tuple[Floats, Float32]:
    """Features (K, F) of a part of the picture that jumps and stays, −inf at both ends; maps (K, R, C)."""
    count = len(shown)
    features = np.full((count, len(SHIFT)), -np.inf)
    maps = np.zeros(shown.luma.shape, dtype=np.float32)
    if count < 2 * reach + 2:
        return features, maps
    k = np.arange(2, count - reach)
    local = maps[2 : count - reach]
    for part in blocks(len(k), local[0].size):
        local[part] = _shifted(levels, part.start + 2, part.stop + 2, reach)
    series = np.zeros(count)
    series[k] = top(local)
    common = usual(series[None, k], 2)[0]
    beside = np.concatenate([np.zeros(6), series, np.zeros(6)])
    beside = np.lib.stride_tricks.sliding_window_view(beside, 13)[k].copy()
    beside[:, 6] = 0.0
    places = local.reshape(len(k), -1).argmax(axis=1)
    there = levels.cells[0, k - 1].reshape(len(k), -1)[np.arange(len(k)), places]
    features[k] = np.stack(
        [
            np.log(series[k] + 0.05),
            np.log((series[k] + 0.3) / (common + 0.6)),
            np.log((series[k] + 0.3) / (beside.max(axis=1) + 0.6)),
            np.log((series[k] + 0.05) / (there + 16.0)),
            shown.likeness[k],
            own(local, places),
        ],
        axis=1,
    )
    return features, maps


def _shifted(levels: Levels, first: int, stop: int, reach: int) -> Float32:
    """Return how far each place of the pictures ``[first, stop)`` jumps and stays, shape (K, R, C)."""
    here = slice(first, stop)
    local = np.zeros_like(levels.error[here])
    for channel in range(3):
        near, run = levels.near[channel], levels.near_run[channel]
        whole = levels.jump[here, channel].astype(np.float32)[:, None, None]
        now = near[here] - whole
        later = run[first + reach + 1 : stop + reach + 1] - run[here]
        later -= whole
        both = smaller(now, later)
        earlier = run[here] - run[np.maximum(np.arange(first, stop) - reach, 1)]
        both -= np.abs(earlier, out=earlier)
        np.maximum(local, both, out=local)
    # What comes into view or goes is more than a change of light: the flow's error exceeds the change.
    before, after = slice(first - 1, stop - 1), slice(first + 1, stop + 1)
    torn = levels.error[here] - np.minimum(levels.error[before], levels.error[after])
    torn -= np.abs(levels.near[0, here])
    local -= np.maximum(nearby(torn), 0)
    np.maximum(local, 0, out=local)
    local *= np.minimum(levels.belief[here], np.minimum(levels.belief[before], levels.belief[after]))
    return local


def tail_features(shown: Pictures, levels: Levels, longest: int) -> tuple[Floats, int, int]:
    """Features (F,) of the run of the last pictures, how many pictures it takes, and its channel."""
    count = len(shown)
    best: tuple[float, Floats, int, int] = (-np.inf, np.full(len(TAIL), -np.inf), 0, 0)
    for length in range(2, longest + 1):
        if count < 2 * length + 4:
            break
        sums = np.abs(levels.run[length + 1 :] - levels.run[1:-length])  # windows of `length` jumps
        raw = np.abs(levels.means[length:] - levels.means[:-length])
        path = np.abs(levels.jump[count - length :]).sum(axis=0)
        agree = levels.agree[count - length :].mean(axis=0)
        earlier, raw_earlier = sums[:-length].max(axis=0), raw[:-length].max(axis=0)
        rows = np.stack(
            [
                np.log(sums[-1] + 0.05),
                np.log((sums[-1] + 0.3) / (earlier + 0.6)),
                sums[-1] / (path + 0.1),
                np.log((raw[-1] + 0.3) / (raw_earlier + 0.6)),
                np.log((np.minimum(sums[-1], raw[-1]) + 0.05) / (levels.luma[count - 1 - length] + 16.0)),
                agree,
            ],
            axis=1,
        )
        rank = rows[:, 1] + rows[:, 3] + 0.5 * rows[:, 0]
        channel = int(rank.argmax())
        if rank[channel] > best[0]:
            best = (float(rank[channel]), rows[channel], length, channel)
    return best[1], best[2], best[3]
