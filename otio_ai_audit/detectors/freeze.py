"""It stands still where it should move: one picture repeated for a while.

Innocent are cadences (one frame in six repeated, drawings held for two or three frames), stills,
locked-off shots, slow starts and stops, and what the edit itself freezes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._score import Anchors
from otio_ai_audit.detectors._view import (
    Floats,
    Judgement,
    Mask,
    View,
    finding,
    judge_each,
    runs,
)
from otio_ai_audit.detectors.cut import shots
from otio_ai_audit.model import ClipUse, Detection, Finding

ID = "freeze"
LABEL = "freeze"
COLOR = "Sky"


@dataclass(frozen=True, slots=True)
class Settings:
    """How long a standstill has to be before it is a fault."""

    half_frames: float = 5.0
    """Repeated frames in a moving shot at which the score is 0.5."""
    strong_frames: float = 9.0
    """Repeated frames in a moving shot at which the score is 0.8."""
    least_motion: float = 0.9
    """Mean change per frame in code values beside the standstill for full weight."""


def detect(uses: Sequence[ClipUse], settings: Settings) -> Detection:
    """Score every use by its worst standstill; None for a still or for fewer than four frames."""
    return judge_each(uses, lambda view: _judge(view, settings))


def _judge(view: View, settings: Settings) -> Judgement:
    if view.use.media.kind == "still" or int(view.judged.sum()) < 4:
        return Judgement(None)
    same = standing(view)
    frames = np.zeros(len(view.times))
    found: list[Finding] = []
    best = 0.0
    for lo, hi in shots(view):
        held = [(a, b) for a, b in runs(same[lo:hi])]
        stretches = [(lo + a - 1, lo + b) for a, b in held if a > 0]  # [first shown, end) of one picture
        cadence = _cadence([b - a for a, b in stretches], hi - lo)
        if cadence:
            found.append(_note(view, lo, hi, cadence))
            best = max(best, found[-1].score)
        for a, b in stretches:
            score = _score(view, settings, same, (a, b), (lo, hi), cadence)
            best = max(best, score)
            frames[a:b] = np.maximum(frames[a:b], score)
            if score >= 0.2:
                found.append(_found(view, a, b, score))
    return Judgement(best, tuple(found), frames)


def standing(view: View) -> Mask:
    """Frames that show the picture of the frame before, as far as re-encoding lets one see.

    A repeat changes little over the picture, and nowhere much; where the clip is noisy the
    comparison is with cell means, which average the noise of 64 pixels away.
    """
    grid = view.signals.grid
    count = len(grid.change)
    cells = np.zeros(count)
    peak = np.zeros(count)
    moved = np.abs(np.diff(grid.luma.astype(np.float64), axis=0))
    cells[1:] = moved.mean(axis=(1, 2))
    peak[1:] = moved.max(axis=(1, 2))
    usual = float(np.median(grid.change[1:])) if count > 1 else 0.0
    quiet = min(0.4, max(0.12, 0.12 * usual))
    same = (grid.change < max(quiet, 0.12)) & (peak < 2.5) & (cells < 0.5 * quiet + 0.05)
    same &= ~view.still
    if count:
        same[0] = False
    return np.asarray(same, dtype=np.bool_)


def _cadence(lengths: list[int], frames: int) -> str:
    """Words for a regular repeat, or empty. Lengths are frames shown per held picture."""
    if frames < 10 or len(lengths) < 3:
        return ""
    usual = int(np.median(lengths))
    if usual > 4 or np.mean(np.abs(np.asarray(lengths) - usual) <= 1) < 0.7:
        return ""
    share = len(lengths) / frames
    if share < 0.04:
        return ""
    if share * usual > 0.85:
        return f"Every picture is held for {usual} frames"
    return f"About one frame in {round(1 / (share * (usual - 1)))} repeats the one before"


def _note(view: View, lo: int, hi: int, cadence: str) -> Finding:
    message = f"{cadence}: a cadence from another frame rate, not a standstill."
    return finding(
        view,
        (lo, hi - 1),
        detector=ID,
        score=0.22,
        message=message,
        label="cadence",
        evidence={"frames": float(hi - lo)},
    )


def _score(
    view: View, settings: Settings, same: Mask, run: tuple[int, int], segment: tuple[int, int], cadence: str
) -> float:
    """Score a held picture: by its length against the clip's habit, and by the motion beside it."""
    (a, b), (lo, hi) = run, segment
    if a <= lo and b >= hi:
        return 0.1  # nothing moves at all: a still, or a locked-off shot
    change = view.signals.grid.change.astype(np.float64)
    before = change[max(lo + 1, a - 4) : a + 1][~same[max(lo + 1, a - 4) : a + 1]]
    after = change[b : min(hi, b + 5)][~same[b : min(hi, b + 5)]]
    sides = [_beside(before[::-1]), _beside(after)]
    motion = max(sides)
    length = float(b - a - 1)
    others = [d - c - 1 for c, d in runs(same[lo:hi]) if (lo + c - 1, lo + d) != run]
    if others:
        habit = float(np.percentile(others, 75)) + 1.0
        if len(others) >= 3:
            length -= 1.5 * habit
    if length <= 0:
        return 0.05
    still_share = float(same[lo:hi].mean()) - (b - a) / (hi - lo)
    weight = min(1.0, motion / settings.least_motion) ** 0.5 * (1.0 - max(0.0, still_share) ** 2)
    half, strong = np.log(settings.half_frames), np.log(settings.strong_frames)
    score = Anchors(half - 1.5 * (strong - half), half, strong).score(np.log(length * weight + 1e-6))
    return float(score)


def _beside(change: Floats) -> float:
    """Motion next to a standstill; a slow stop or start counts little."""
    moving = change[change > 0]
    if not len(moving):
        return 0.0
    # The first step out of a frozen picture may leap; the motion that goes on is what counts.
    return float(np.median(moving[:4]))


def _found(view: View, a: int, b: int, score: float) -> Finding:
    count = b - a
    message = f"Stands still for {count} frames; no freeze or retime in the edit."
    evidence = {"frames": float(count), "seconds": round(view.end(b - 1) - float(view.times[a]), 3)}
    return finding(
        view, (a, b - 1), detector=ID, score=score, message=message, label="freeze", evidence=evidence
    )
