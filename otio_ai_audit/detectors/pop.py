"""Something flashes up, jumps or ramps for a frame or a few.

Three shapes, each with its own small model: a *spike* (one to four pictures unlike both sides,
while both sides agree), a *step* (brightness or colour jumps and stays, while the drawing goes on)
and a *tail* (brightness runs away in the last pictures of the file, as video models do).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from otio_ai_audit.detectors._jump import Levels, spike_features, step_features, tail_features
from otio_ai_audit.detectors._score import model
from otio_ai_audit.detectors._view import (
    Floats,
    Judgement,
    Pictures,
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
"""Highest score of a jump that is one of many."""


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
    best = 0.0
    for segment in shots(view):
        shown = pictures(view, segment)
        if len(shown) < 4:
            continue
        levels = Levels.of(shown)
        for part in (
            _spikes(view, shown, levels, settings),
            _steps(view, shown, levels),
            _tail(view, shown, levels, settings),
        ):
            score, scores, some = part
            best = max(best, score)
            shown.spread(scores, frames)
            found.extend(some)
    kept = _apart(found, view.step * settings.apart)
    alone = [
        one if _is_alone(one, kept, settings) else replace(one, score=min(one.score, REPEATED))
        for one in kept
    ]
    if alone != kept:
        np.minimum(frames, max((one.score for one in alone), default=0.0), out=frames)
        best = float(frames.max())
    return Judgement(best, tuple(alone), frames)


def _is_alone(one: Finding, found: Sequence[Finding], settings: Settings) -> bool:
    """Whether hardly another jump of its strength lies near: many in a row are flicker."""
    near = [k for k in found if k is not one and abs(k.start - one.start) <= settings.alone_seconds]
    return sum(k.score >= 0.7 * one.score for k in near) < settings.crowd


def _spikes(
    view: View, shown: Pictures, levels: Levels, settings: Settings
) -> tuple[float, Floats, list[Finding]]:
    scores = np.zeros(len(shown))
    taken: list[tuple[float, int, int, Float32]] = []
    for length in range(1, settings.longest + 1):
        features, maps = spike_features(shown, levels, length)
        valid = np.isfinite(features[:, 0])
        if not valid.any():
            continue
        values = np.zeros(len(shown))
        values[valid] = model("pop_spike").score(features[valid])
        taken.extend((float(values[k]), int(k), length, maps[k]) for k in np.flatnonzero(values >= NOTE))
        for late in range(length):
            scores[late:] = np.maximum(scores[late:], values[: len(values) - late])
    best = float(scores.max(initial=0.0))
    found: list[Finding] = []
    covered = np.zeros(len(shown), dtype=np.bool_)
    for score, start, length, near in sorted(taken, key=lambda one: (-one[0], one[2], one[1])):
        if covered[max(0, start - settings.apart) : start + length + settings.apart].any():
            continue
        covered[start : start + length] = True
        found.append(_spike(view, shown, levels, score, start, length, near))
    return best, scores, found


def _spike(
    view: View, shown: Pictures, levels: Levels, score: float, k: int, length: int, near: Float32
) -> Finding:
    end = k + length
    jump = levels.luma[k:end].mean() - 0.5 * (levels.luma[k - 1] + levels.luma[end])
    whole = float(np.mean(near > 0.4 * near.max())) > 0.5 if near.max() > 0 else True
    region = None if whole else region_of(near)
    if region is not None:
        rows, columns = _cells(region, near.shape)
        area = levels.cells[:, 0, rows, columns].mean(axis=(1, 2))
        jump = area[k:end].mean() - 0.5 * (area[k - 1] + area[end])
        base = 0.5 * (area[k - 1] + area[end])
    else:
        base = 0.5 * (levels.luma[k - 1] + levels.luma[end])
    percent = 100.0 * float(jump) / max(float(base), 8.0)
    frames = int(shown.last[end - 1] - shown.first[k] + 1)
    what = "One frame" if frames == 1 else f"{_number(frames)} frames"
    verb = "jumps" if frames == 1 else "jump"
    region = upright(view, region)
    where = place(region)
    at = f" at {where}" if where else ""
    if abs(percent) >= 3.0:
        how = f"{verb} {'brighter' if percent > 0 else 'darker'}{at} ({_signed(percent)} %)."
    elif np.abs(levels.cells[k, 1:] - levels.cells[k - 1, 1:]).mean() > 1.5:
        how = f"{verb} in colour{at}."
    else:
        how = f"{'differs' if frames == 1 else 'differ'} from both sides{at}."
    evidence: dict[str, float | str] = {
        "percent": round(percent, 1),
        "amplitude_cv": round(abs(float(jump)), 2),
        "frames": float(frames),
    }
    return finding(
        view,
        (int(shown.first[k]), int(shown.last[end - 1])),
        detector=ID,
        score=score,
        message=f"{what} {how}",
        label="pop",
        evidence=evidence,
        region=region,
        worst=float(view.times[shown.first[k]]),
    )


def _steps(view: View, shown: Pictures, levels: Levels) -> tuple[float, Floats, list[Finding]]:
    features = step_features(shown, levels)
    valid = np.isfinite(features[:, 0])
    scores = np.zeros(len(shown))
    if not valid.any():
        return 0.0, scores, []
    scores[valid] = model("pop_step").score(features[valid])
    found = []
    for k in np.flatnonzero(scores >= NOTE):
        if scores[k] < scores[max(0, k - 3) : k + 4].max():
            continue
        before, after = levels.luma[max(0, k - 3) : k].mean(), levels.luma[k : k + 3].mean()
        percent = 100.0 * float(after - before) / max(float(before), 8.0)
        if abs(percent) >= 2.0:
            message = f"Jumps {'brighter' if percent > 0 else 'darker'} from here on ({_signed(percent)} %)."
        else:
            message = "Colour jumps from here on."
        evidence: dict[str, float | str] = {
            "percent": round(percent, 1),
            "amplitude_cv": round(float(np.abs(levels.jump[k]).max()), 2),
            "frames": 1.0,
        }
        found.append(
            finding(
                view,
                (int(shown.first[k]), int(shown.first[k])),
                detector=ID,
                score=float(scores[k]),
                message=message,
                label="jump",
                evidence=evidence,
            )
        )
    return float(scores.max()), scores, found


def _tail(
    view: View, shown: Pictures, levels: Levels, settings: Settings
) -> tuple[float, Floats, list[Finding]]:
    scores = np.zeros(len(shown))
    if not view.judged[-1] or shown.last[-1] != len(view.times) - 1:
        return 0.0, scores, []
    features, length = tail_features(shown, levels, settings.tail)
    if not length:
        return 0.0, scores, []
    score = float(model("pop_tail").score(features))
    before, after = float(levels.luma[-1 - length]), float(levels.luma[-1])
    faded = after < 0.4 * before
    if faded:
        score = min(score, 0.4)  # a fade-out is meant
    steps = np.abs(levels.jump[-length:, 0])
    lead = int(np.argmax(steps > 0.3 * steps.max())) if steps.max() > 0 else 0
    first = len(shown) - length + lead
    scores[first:] = score
    if score < NOTE:
        return score, scores, []
    percent = 100.0 * (after - before) / max(before, 8.0)
    frames = int(shown.last[-1] - shown.first[first] + 1)
    if faded:
        message = "Fades out at the end."
    else:
        verb = "brighten" if percent > 0 else "darken"
        subject = f"last {frames} frames {verb}" if frames > 1 else f"last frame {verb}s"
        message = f"The {subject} ({_signed(percent)} %). Trim."
    evidence: dict[str, float | str] = {
        "percent": round(percent, 1),
        "amplitude_cv": round(abs(after - before), 2),
        "frames": float(frames),
    }
    return (
        score,
        scores,
        [
            finding(
                view,
                (int(shown.first[first]), int(shown.last[-1])),
                detector=ID,
                score=score,
                message=message,
                label="tail",
                evidence=evidence,
            )
        ],
    )


def _apart(found: list[Finding], gap: float) -> list[Finding]:
    """Keep the strongest of findings that touch."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda item: (-item.score, item.start)):
        if all(
            one.start >= k.start + k.duration + gap or one.start + one.duration + gap <= k.start for k in kept
        ):
            kept.append(one)
    return kept


def _cells(region: tuple[float, float, float, float], shape: tuple[int, ...]) -> tuple[slice, slice]:
    rows, columns = shape[-2:]
    x, y, w, h = region
    return (
        slice(round(y * rows), max(round(y * rows) + 1, round((y + h) * rows))),
        slice(round(x * columns), max(round(x * columns) + 1, round((x + w) * columns))),
    )


def _number(count: int) -> str:
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six")
    return words[count] if count < len(words) else f"{count}"


def _signed(percent: float) -> str:
    return f"{'+' if percent >= 0 else '−'}{abs(percent):.0f}"
