"""Something flashes up, jumps or ramps for a frame or a few.

Five shapes, each with its own small model: a *spike* (one to four pictures unlike both sides, while
both sides agree) of the whole picture or of a part, a *step* (brightness or colour jumps and stays,
while the drawing goes on) of the whole or of a part, and a *tail* (brightness or colour runs away in
the last pictures of the file, as video models do).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from otio_ai_audit.detectors._levels import Levels, lit, may_be_lit
from otio_ai_audit.detectors._score import model
from otio_ai_audit.detectors._spike import spikes
from otio_ai_audit.detectors._step import shift_features, step_features, tail_features
from otio_ai_audit.detectors._view import (
    Floats,
    Judgement,
    Pictures,
    Region,
    View,
    finding,
    judge_each,
    pictures,
    place,
    region_of,
    upright,
)
from otio_ai_audit.detectors.cut import shots
from otio_ai_audit.model import NOTE, ClipUse, Detection, Finding, Float32

ID = "pop"
LABEL = "pop"
COLOR = "Lemon"


REPEATED = 0.4
"""Highest score of a jump that is one of many, of a light that the scene shows, and of a fade-out."""
SWITCHED = 1.5
"""Ratio of a part's brightness before and after from which the scene itself must have changed."""
GLOW = 6
"""Pictures for which a light that the scene shows may glow on."""
BESIDE = 0.5
"""Share of a spike's score that may remain on the frames right beside it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a pop is in time."""

    longest: int = 4
    """Pictures that a spike may last."""
    tail: int = 8
    """Pictures at the file's end in which a ramp is looked for."""
    alone_seconds: float = 1.0
    """Time on either side in which other jumps are counted."""
    crowd: int = 3
    """So many other jumps nearby make it flicker, and a note here."""
    apart: int = 2
    """Pictures between two pops that are told one by one."""


def detect(uses: Sequence[ClipUse], settings: Settings) -> Detection:
    """Score every use by its worst pop; None for a still or for fewer than four pictures."""
    return judge_each(uses, lambda view: _judge(view, settings))


def _judge(view: View, settings: Settings) -> Judgement:
    if view.use.media.kind == "still" or int(view.judged.sum()) < 4:
        return Judgement(None)
    frames = np.zeros(len(view.times))
    found: list[Finding] = []
    for segment in shots(view):
        shown = pictures(view, segment)
        if len(shown) < 4:
            continue
        levels = Levels.of(shown)
        scores, some = _spikes(view, shown, levels, settings)
        steps, more = _steps(view, shown, levels, scores)
        tail, last = _tail(view, shown, levels, settings)
        shown.spread(np.maximum(scores, tail), frames)
        frames[shown.first] = np.maximum(frames[shown.first], steps)
        found += [*some, *more, *last]
    kept = _apart(found, view.step * settings.apart)
    alone = [
        one if _is_alone(one, kept, settings) else replace(one, score=min(one.score, REPEATED))
        for one in kept
    ]
    if alone != kept:
        np.minimum(frames, max((one.score for one in alone), default=0.0), out=frames)
    return Judgement(float(frames.max()), tuple(alone), frames)


def _is_alone(one: Finding, found: Sequence[Finding], settings: Settings) -> bool:
    """Whether hardly another jump of its strength lies near: many in a row are flicker."""
    if "period_frames" in one.evidence:
        return True
    near = [k for k in found if k is not one and abs(k.start - one.start) <= settings.alone_seconds]
    return sum(k.score >= 0.7 * one.score for k in near) < settings.crowd


@dataclass(frozen=True, slots=True)
class _Spike:
    score: float
    first: int
    length: int
    near: Float32


def _spikes(view: View, shown: Pictures, levels: Levels, settings: Settings) -> tuple[Floats, list[Finding]]:
    """Score per picture, and what is found."""
    scores = np.zeros(len(shown))
    taken: list[_Spike] = []
    for length in range(1, settings.longest + 1):
        some = spikes(shown, levels, length)
        valid = np.isfinite(some.whole[:, 0])
        if not valid.any():
            continue
        whole, patch = np.zeros(len(shown)), np.zeros(len(shown))
        whole[valid] = model("pop_spike").score(some.whole[valid])
        patch[valid] = np.maximum(
            model("pop_patch").score(some.patch[valid]), model("pop_thing").score(some.thing[valid])
        )
        values = np.maximum(whole, patch)
        for k in np.flatnonzero(values >= NOTE):
            if _lit(levels, int(k)):
                values[k] = min(values[k], REPEATED)
            taken.append(_Spike(float(values[k]), int(k), length, some.maps[k]))
        for late in range(length):
            scores[late:] = np.maximum(scores[late:], values[: len(values) - late])
    kept: list[_Spike] = []
    covered = np.zeros(len(shown), dtype=np.bool_)
    for one in sorted(taken, key=lambda one: (-one.score, one.length, one.first)):
        stop = one.first + one.length
        beside = slice(max(0, one.first - settings.apart), stop + settings.apart)
        if covered[beside].any():
            continue
        covered[one.first : stop] = True
        kept.append(one)
        inside = scores[one.first : stop].copy()
        np.minimum(scores[beside], BESIDE * one.score, out=scores[beside])
        scores[one.first : stop] = inside
    return scores, [_spike(view, shown, levels, one) for one in kept if one.score >= NOTE]


def _spike(view: View, shown: Pictures, levels: Levels, one: _Spike) -> Finding:
    k, end = one.first, one.first + one.length
    region = None if _wide(one.near / (levels.cells[0, k - 1] + 16.0)) else region_of(one.near)
    luma = _luma(levels, region)
    base = 0.5 * float(luma[k - 1] + luma[end])
    jump = float(luma[k:end].mean()) - base
    percent = 100.0 * jump / max(base, 8.0)
    frames = int(shown.last[end - 1] - shown.first[k] + 1)
    what = "One frame" if frames == 1 else f"{_number(frames)} frames"
    verb = "jumps" if frames == 1 else "jump"
    region = upright(view, region)
    where = place(region)
    at = f" at {where}" if where else ""
    if abs(percent) >= 3.0:
        how = f"{verb} {'brighter' if percent > 0 else 'darker'}{at} ({_signed(percent)} %)."
    elif np.abs(levels.cells[1:, k] - levels.cells[1:, k - 1]).mean() > 1.5:
        how = f"{verb} in colour{at}."
    else:
        how = f"{'differs' if frames == 1 else 'differ'} from both sides{at}."
    return finding(
        view,
        (int(shown.first[k]), int(shown.last[end - 1])),
        detector=ID,
        score=one.score,
        message=f"{what} {how}",
        label="pop",
        evidence={
            "percent": round(percent, 1),
            "amplitude_cv": round(abs(jump), 2),
            "frames": float(frames),
        },
        region=region,
        worst=float(view.times[shown.first[k]]),
    )


def _wide(relative: Float32) -> bool:
    """Whether most of the picture differs, by the change relative to its brightness, shape (R, C)."""
    peak = float(np.partition(relative, -3, axis=None).flat[-3]) if relative.size > 3 else 0.0
    return peak <= 0 or float(np.mean(relative > 0.35 * peak)) > 0.5


def _lit(levels: Levels, k: int) -> bool:
    """Whether a light of the scene went on or off at a picture, or did a moment ago and still glows."""
    luma = levels.cells[0]
    return any(
        lit(luma[one], luma[other]) or lit(luma[other], luma[one])
        for one, other in pairwise(range(max(0, k - GLOW), k + 1))
        if may_be_lit(levels.luma[one], levels.luma[other])
    )


def _switched(levels: Levels, k: int, region: Region) -> bool:
    """Whether a part changes so much that something in the scene must have: a lamp, a screen, a door."""
    luma = _luma(levels, region)
    before, after = float(luma[k - 1]) + 4.0, float(luma[k]) + 4.0
    return max(before, after) > SWITCHED * min(before, after)


def _steps(view: View, shown: Pictures, levels: Levels, beside: Floats) -> tuple[Floats, list[Finding]]:
    """Score per picture, and what is found; a step is no step where a spike begins or has just ended."""
    features, period = step_features(shown, levels)
    parts, maps = shift_features(shown, levels)
    whole, part = np.zeros(len(shown)), np.zeros(len(shown))
    valid = np.isfinite(features[:, 0])
    if valid.any():
        whole[valid] = model("pop_step").score(features[valid])
    valid = np.isfinite(parts[:, 0])
    if valid.any():
        part[valid] = model("pop_shift").score(parts[valid])
    scores = np.maximum(whole, part)
    spike = np.concatenate([[0.0], beside[:-1]])
    spiked = (beside >= scores) | (spike >= scores)
    scores[spiked] = np.minimum(scores, BESIDE * np.maximum(beside, spike))[spiked]
    found = []
    for k in np.flatnonzero(scores >= NOTE):
        if _lit(levels, int(k)):
            scores[k] = min(scores[k], REPEATED)
        if scores[k] < scores[max(0, k - 3) : k + 4].max():
            continue
        region = region_of(maps[k]) if part[k] > whole[k] else None
        if region is not None and _switched(levels, int(k), region):
            scores[k] = min(scores[k], REPEATED)
        found.append(_step(view, shown, levels, int(k), float(scores[k]), int(period[k]), region))
    return scores, found


def _step(
    view: View, shown: Pictures, levels: Levels, k: int, score: float, period: int, region: Region | None
) -> Finding:
    luma = _luma(levels, region)
    before, after = float(luma[max(0, k - 3) : k].mean()), float(luma[k : k + 3].mean())
    percent = 100.0 * (after - before) / max(before, 8.0)
    region = upright(view, region)
    where = place(region)
    at = f" at {where}" if where else ""
    often = f", as at every {_ordinal(period)} frame" if period else ""
    if abs(percent) >= 2.0:
        how = f"Jumps {'brighter' if percent > 0 else 'darker'}{at} from here on ({_signed(percent)} %)"
    else:
        how = f"{'Colour' if not period else 'Colour or brightness'} jumps{at} from here on"
    evidence: dict[str, float | str] = {
        "percent": round(percent, 1),
        "amplitude_cv": round(float(np.abs(levels.jump[k]).max()), 2),
        "frames": 1.0,
    }
    if period:
        evidence["period_frames"] = float(period)
    return finding(
        view,
        (int(shown.first[k]), int(shown.first[k])),
        detector=ID,
        score=score,
        message=f"{how}{often}.",
        label="jump",
        evidence=evidence,
        region=region,
    )


def _tail(view: View, shown: Pictures, levels: Levels, settings: Settings) -> tuple[Floats, list[Finding]]:
    """Score per picture, and what is found."""
    scores = np.zeros(len(shown))
    if not view.judged[-1] or shown.last[-1] != len(view.times) - 1:
        return scores, []
    features, length, channel = tail_features(shown, levels, settings.tail)
    if not length:
        return scores, []
    score = float(model("pop_tail").score(features))
    before, after = float(levels.luma[-1 - length]), float(levels.luma[-1])
    faded = after < 0.4 * before
    if faded:
        score = min(score, REPEATED)  # a fade-out is meant
    steps = np.abs(levels.jump[-length:, channel])
    lead = int(np.argmax(steps > 0.3 * steps.max())) if steps.max() > 0 else 0
    first = len(shown) - length + lead
    scores[first:] = score
    if score < NOTE:
        return scores, []
    percent = 100.0 * (after - before) / max(before, 8.0)
    frames = int(shown.last[-1] - shown.first[first] + 1)
    subject = f"The last {frames} frames" if frames > 1 else "The last frame"
    if faded:
        message = "Fades out at the end."
    elif channel and abs(percent) < 5.0:
        message = f"{subject} {'drift' if frames > 1 else 'drifts'} in colour. Trim."
    else:
        verb = "brighten" if percent > 0 else "darken"
        message = f"{subject} {verb}{'' if frames > 1 else 's'} ({_signed(percent)} %). Trim."
    found = finding(
        view,
        (int(shown.first[first]), int(shown.last[-1])),
        detector=ID,
        score=score,
        message=message,
        label="tail",
        evidence={
            "percent": round(percent, 1),
            "amplitude_cv": round(abs(float(np.diff(levels.means[[-1 - length, -1], channel])[0])), 2),
            "frames": float(frames),
        },
    )
    return scores, [found]


def _apart(found: list[Finding], gap: float) -> list[Finding]:
    """Keep the strongest of findings that touch."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda item: (-item.score, item.start)):
        if all(
            one.start >= k.start + k.duration + gap or one.start + one.duration + gap <= k.start for k in kept
        ):
            kept.append(one)
    return kept


def _luma(levels: Levels, region: Region | None) -> Floats:
    """Mean luma of each picture, in a region where there is one; shape (K,)."""
    if region is None:
        return levels.luma
    rows, columns = levels.cells.shape[-2:]
    x, y, w, h = region
    down = slice(round(y * rows), max(round(y * rows) + 1, round((y + h) * rows)))
    across = slice(round(x * columns), max(round(x * columns) + 1, round((x + w) * columns)))
    return np.asarray(levels.cells[0, :, down, across].mean(axis=(1, 2)), dtype=np.float64)


def _number(count: int) -> str:
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six")
    return words[count] if count < len(words) else f"{count}"


def _ordinal(count: int) -> str:
    """81 as 81st."""
    last = 0 if count // 10 % 10 == 1 else count % 10
    return f"{count}" + {1: "st", 2: "nd", 3: "rd"}.get(last, "th")


def _signed(percent: float) -> str:
    return f"{'+' if percent >= 0 else '−'}{abs(percent):.0f}"
