"""Black, blank or damaged pictures, and files that end before they promised to.

A rule, not a learned score: below the limit less than 0.5, broken 0.8 or more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._view import (
    BLACK_LEVEL,
    BLANK_RANGE,
    Floats,
    Judgement,
    View,
    black,
    blank,
    finding,
    judge_each,
    runs,
)
from otio_ai_audit.model import ClipUse, Detection, Finding

ID = "dead"
LABEL = "black"
COLOR = "Sky"


@dataclass(frozen=True, slots=True)
class Settings:
    """What counts as black and blank; levels in code values 0–255."""

    black_level: float = BLACK_LEVEL
    """A frame is black where its 99th percentile lies below."""
    blank_range: float = BLANK_RANGE
    """A frame is blank where nearly all pixels lie within this range and nothing has detail."""
    fade_seconds: float = 1.0
    """A fall to black that takes at least a quarter of this is a fade, and a fade is a note."""


def detect(uses: Sequence[ClipUse], settings: Settings) -> Detection:
    """Score every use by its worst dead stretch; a rule, so 0 where there is none."""
    return judge_each(uses, lambda view: _judge(view, settings))


def _judge(view: View, settings: Settings) -> Judgement:
    grid = view.signals.grid
    frames = np.zeros(len(view.times))
    found: list[Finding] = []
    dark = black(grid, settings.black_level)
    flat = blank(grid, settings.blank_range) & ~dark
    damaged = grid.corrupt.astype(np.bool_)
    for a, b in runs(dark & view.visible):
        found.append(_black(view, settings, a, b, frames))
    for a, b in runs(flat & view.visible):
        found.append(_blank(view, settings, a, b, frames))
    for a, b in runs(damaged & view.visible):
        score = _by_length(b - a)
        frames[a:b] = np.maximum(frames[a:b], score)
        message = (
            f"Damaged picture for {_frames(b - a)}; the file cannot be decoded cleanly. Render it again."
        )
        evidence = {"frames": float(b - a)}
        found.append(
            finding(
                view,
                (a, b - 1),
                detector=ID,
                score=score,
                message=message,
                label="damaged",
                evidence=evidence,
            )
        )
    if view.visible[-1]:
        found.extend(_cut_short(view, frames) for one in view.signals.problems if one.kind == "truncated")
    found.extend(_hole(view, start, count, frames) for start, count in _holes(view))
    return Judgement(float(frames[view.visible].max(initial=0.0)), tuple(found), frames)


def _by_length(frames: int) -> float:
    return min(0.99, 0.84 + 0.01 * frames)


def _black(view: View, settings: Settings, a: int, b: int, frames: Floats) -> Finding:
    shown = np.flatnonzero(view.visible)
    whole = a <= shown[0] and b > shown[-1]
    faded = not whole and _is_fade(view, settings, a, b)
    score = 0.98 if whole else 0.35 if faded else _by_length(b - a)
    frames[a:b] = np.maximum(frames[a:b], score)
    at_start = a == 0
    at_end = b == len(view.times) and not whole
    if whole:
        message = "Black all through the part in use."
    elif faded:
        message = f"Fades to black; black for {_frames(b - a)}."
    elif at_end:
        message = f"Black for {_frames(b - a)} at the file's end. Trim."
    elif at_start:
        message = f"Black for {_frames(b - a)} at the file's start. Trim."
    else:
        message = f"Black for {_frames(b - a)} in the middle of the shot."
    evidence = {"frames": float(b - a), "seconds": round(view.end(b - 1) - float(view.times[a]), 3)}
    return finding(
        view, (a, b - 1), detector=ID, score=score, message=message, label="black", evidence=evidence
    )


def _is_fade(view: View, settings: Settings, a: int, b: int) -> bool:
    """Whether brightness leads gradually into the stretch ``[a, b)``, or out of it."""
    level = view.signals.grid.luma.mean(axis=(1, 2)).astype(np.float64)
    bright = np.abs(level - level[a:b].mean())
    steps = max(3, round(0.25 * settings.fade_seconds / view.step))
    sides = []
    if a > 0 and view.visible[a - 1]:
        sides.append(bright[max(0, a - steps) : a + 1][::-1])
    if b < len(bright) and view.visible[b]:
        sides.append(bright[b - 1 : b + steps])
    for side in sides:
        if len(side) < 4:
            return False
        rise = np.diff(side)
        total = float(side[-1] - side[0])
        if total < 4.0 or rise.max() > 0.6 * total or rise.min() < -0.1 * total:
            return False
    return bool(sides)


def _blank(view: View, settings: Settings, a: int, b: int, frames: Floats) -> Finding:
    faded = _is_fade(view, settings, a, b)
    score = 0.35 if faded else _by_length(b - a)
    frames[a:b] = np.maximum(frames[a:b], score)
    message = f"{'Fades to' if faded else 'Nothing but'} one flat colour for {_frames(b - a)}."
    evidence = {"frames": float(b - a)}
    return finding(
        view, (a, b - 1), detector=ID, score=score, message=message, label="blank", evidence=evidence
    )


def _cut_short(view: View, frames: Floats) -> Finding:
    at = len(view.times) - 1
    frames[at] = max(float(frames[at]), 0.9)
    message = "The file ends before it promised to; the picture is missing from here on. Render it again."
    return finding(view, (at, at), detector=ID, score=0.9, message=message, label="file ends early")


def _holes(view: View) -> list[tuple[int, int]]:
    """Find runs of numbers (first, count) of a sequence in use that gave no picture."""
    signals, step = view.signals, view.signals.frame_duration
    promised = signals.info.promised_frames
    if view.use.media.kind != "sequence" or promised is None:
        return []
    shown = np.arange(promised) * step
    wanted = np.zeros(promised, dtype=np.bool_)
    for span in view.use.visible:
        wanted |= (shown + step / 2 > float(span.start)) & (shown + step / 2 < float(span.end))
    there = np.rint(view.times / step).astype(np.int64)
    wanted[there[(there >= 0) & (there < promised)]] = False
    return [(a, b - a) for a, b in runs(wanted)]


def _hole(view: View, first: int, count: int, frames: Floats) -> Finding:
    step = view.signals.frame_duration
    near = int(np.argmin(np.abs(view.times - first * step)))
    frames[near] = max(float(frames[near]), 0.9)
    return Finding(
        use=view.use.id,
        start=first * step,
        duration=count * step,
        score=0.9,
        detector=ID,
        message=f"No picture for {_frames(count)}: files missing or damaged. Render them again.",
        label="missing frames",
        evidence={"frames": float(count)},
    )


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"
