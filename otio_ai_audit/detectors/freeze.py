"""It stands still where it should move: one picture repeated for a while.

A standstill counts by its length, by the motion that it breaks off, and by how suddenly. What proves it is
the leap behind it: time went on meanwhile. Innocent are cadences, which are named; stills and locked-off
shots; slow starts and stops; who holds still before a locked camera, or a held drawing, as long as nothing
is missing afterwards; and what the edit itself freezes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors import _cadence, _standstill
from otio_ai_audit.detectors._arrays import median, quantile
from otio_ai_audit.detectors._cadence import Cadence
from otio_ai_audit.detectors._score import Anchors
from otio_ai_audit.detectors._standstill import CELL_FLOOR, CLEAR, LEAST, PIXEL_FLOOR, Run, Steps
from otio_ai_audit.detectors._view import Floats, Judgement, View, camera_field, finding, judge_each, runs
from otio_ai_audit.detectors.cut import shots
from otio_ai_audit.model import ClipUse, Detection, Finding

ID = "freeze"
LABEL = "freeze"
COLOR = "Sky"

CADENCE = 0.22
"""Score of a cadence: a note."""
HELD = 0.35
"""Most that a standstill scores which somebody who holds still, or a held drawing, may explain."""
TRIM = 0.3
"""Least score of equal frames at a clip's start or end: video models often put some there."""
LEAP = 1.5
"""The step out of a standstill over the next ones, from which time went on meanwhile."""
BESIDE = 9
"""Frames beside a standstill that say what moves."""
RETURN = 0.6
"""Share of the first step away from a picture: nearer than that it has come back."""
AS_FAR = 0.85
"""Share of the first step away that one step back has to have."""
LIGHT = 0.7
"""Share of a change that the whole picture has in common, from which it is light that changes."""
STANDS = 0.1
"""Small pixels a frame: a camera that moves less may stand."""
LONG = 7
"""Frames from which a standstill is no part of a cadence."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How long a standstill has to be before it is a fault."""

    half_frames: float = 5.0
    """Repeated frames in a moving shot at which the score is 0.5."""
    strong_frames: float = 9.0
    """Repeated frames in a moving shot at which the score is 0.8."""
    least_stir: float = 4.5
    """Change per frame in code values of the liveliest cells beside the standstill for full weight."""


def detect(uses: Sequence[ClipUse], settings: Settings) -> Detection:
    """Score every use by its worst standstill; None for a still or for fewer than four frames."""
    return judge_each(uses, lambda view: _judge(view, settings))


def _judge(view: View, settings: Settings) -> Judgement:
    if view.use.media.kind == "still" or int(view.judged.sum()) < 4:
        return Judgement(None)
    steps = _standstill.steps_of(view)
    frames = np.zeros(len(view.times))
    found: list[Finding] = []
    best = 0.0
    for lo, hi in _moving(view):
        shot = Shot.of(view, steps, (lo, hi))
        if shot.rhythm:
            found.append(_note(view, shot))
            best = max(best, CADENCE)
        for run in shot.stands:
            score = _score(view, settings, shot, run)
            if run.identical and run.contrast >= CLEAR and _at_an_end(view, run):
                score = max(score, TRIM)
            best = max(best, score)
            frames[run.first : run.stop] = np.maximum(frames[run.first : run.stop], score)
            if score >= 0.2:
                found.append(_found(view, run, score))
        if hi - lo >= 2 and not shot.stands and steps.pixels[lo + 1 : hi].max() < PIXEL_FLOOR:
            best = max(best, 0.1)  # nothing moves at all: a still, or a locked-off shot
    return Judgement(best, tuple(found), frames)


def _moving(view: View) -> list[tuple[int, int]]:
    """Shots without the frames that the edit itself repeats."""
    out: list[tuple[int, int]] = []
    for lo, hi in shots(view):
        out.extend((lo + a, lo + b) for a, b in runs(~view.still[lo:hi]))
    return out


@dataclass(frozen=True, slots=True)
class Shot:
    """What a segment ``[lo, hi)`` of frames does: its steps, its standstills, its rhythm."""

    lo: int
    hi: int
    steps: Steps
    stands: tuple[Run, ...]
    """Standstills of more than one repeat, or beyond the cadence."""
    cadence: Cadence | None
    rhythm: str
    """The cadence in words, or empty."""
    evidence: dict[str, float | str]
    habit: float
    """Repeats that a picture of this shot usually has."""
    cut: bool
    """It ends at a cut."""

    @classmethod
    def of(cls, view: View, steps: Steps, segment: tuple[int, int]) -> Shot:
        lo, hi = segment
        stands = _standstill.standstills(steps, segment)
        sure = [run for run in stands if run.contrast >= CLEAR or run.identical]
        cadence = _rhythm(steps, segment, [run for run in sure if run.frames >= LONG])
        rate = view.signals.info.rate
        cut = all(hi != stop for _, stop in view.segments)
        words = ""
        evidence: dict[str, float | str] = {}
        short = [run.frames for run in sure if run.identical and run.contrast >= CLEAR and run.frames < LONG]
        habit = quantile(np.asarray(short), 0.75) - 1.0 if 20 * len(short) >= max(80, hi - lo) else 0.0
        if cadence is not None:
            words = cadence.sentence(rate)
            evidence = cadence.evidence(rate)
            habit = float(-(-cadence.frames // cadence.pictures) - 1)
        else:
            words = _irregular(short, hi - lo)
        least = 2 + habit if cadence else 2
        open_ended = [run for run in sure if not (run.begins and run.ends)]
        longer = [run for run in stands if run.frames > (least - 1 if run in open_ended else least)]
        return cls(lo, hi, steps, tuple(longer), cadence, words, evidence, habit, cut)


def _rhythm(steps: Steps, segment: tuple[int, int], long: list[Run]) -> Cadence | None:
    """Find the cadence of a segment by pixels or by the liveliest cells, whichever shows it better."""
    lo, hi = segment
    best: Cadence | None = None
    for values, floor in ((steps.pixels, 0.4 * PIXEL_FLOOR), (steps.cells, 0.5 * CELL_FLOOR)):
        own = values[lo + 1 : hi]
        known = _standstill.usual(own, 0.8) >= 3.0 * floor
        for run in long:
            known[max(0, run.first - lo) : max(0, run.stop - lo)] = False
        found = _cadence.find(own, floor, known)
        if found is None or (best is not None and found.contrast <= best.contrast):
            continue
        pixels, fresh = steps.pixels[lo + 1 : hi], known & ~found.repeats
        lit = median(steps.light[lo + 1 : hi][fresh]) > LIGHT  # a strobe
        if not lit and median(pixels[fresh]) > 1.15 * median(pixels[known & found.repeats]):
            best = found
    return best


def _irregular(shown: list[int], frames: int) -> str:
    """Words for repeats without a strict pattern, or empty; `shown` are frames per held picture."""
    if frames < 10 or len(shown) < 3:
        return ""
    usual = int(median(np.asarray(shown)))
    if usual > 4 or np.mean(np.abs(np.asarray(shown) - usual) <= 1) < 0.7:
        return ""
    share = len(shown) / frames
    if share < 0.04:
        return ""
    if share * usual > 0.85:
        return f"Every picture is held for about {usual} frames."
    return f"About one frame in {round(1 / (share * (usual - 1)))} repeats the one before."


def _note(view: View, shot: Shot) -> Finding:
    return finding(
        view,
        (shot.lo, shot.hi - 1),
        detector=ID,
        score=CADENCE,
        message=shot.rhythm,
        label="cadence",
        evidence={"frames": float(shot.hi - shot.lo), **shot.evidence},
    )


def _score(view: View, settings: Settings, shot: Shot, run: Run) -> float:
    """Score a standstill by its length against the shot's habit, and by the motion that it breaks off."""
    if not run.begins and not run.ends:
        return 0.1
    cells = shot.steps.cells
    inside = cells[run.first + 1 : run.stop]
    noise = median(inside)
    before = (cells[max(shot.lo + 1, run.first - BESIDE) : run.first][::-1], run.first, inside)
    after = (cells[run.stop + 1 : min(shot.hi, run.stop + 1 + BESIDE)], run.stop, inside[::-1])
    sharps, motions = [], []
    for (beyond, edge, within), there in ((before, run.begins), (after, run.ends)):
        if there:
            step = float(cells[edge])
            stir = quantile(beyond, 0.75 if shot.habit else 0.5) if len(beyond) else step
            sharps.append(_sharp(step, stir, within, noise))
            motions.append(min(1.0, max(0.0, (stir - noise) / settings.least_stir)))
    lit = any(shot.steps.light[edge] > LIGHT for edge in (run.first, run.stop) if shot.lo < edge < shot.hi)
    locked = _locked(view, shot, run)
    leaps, holds = _leaps(shot, run, locked), lit or _returned(view, shot, run)
    # Where a leap shows that time went on, motion may have died down before.
    sharp = max(sharps) if leaps and not holds else min(sharps)
    weight = sharp * (float(np.mean(motions)) if locked else max(motions)) ** 0.5
    weight *= min(1.0, max(0.0, (run.contrast - LEAST) / (CLEAR - LEAST)))
    length = run.frames - 1.0 - 1.5 * shot.habit
    if length <= 0:
        return 0.05
    half, strong = np.log(settings.half_frames), np.log(settings.strong_frames)
    score = float(Anchors(half - 1.5 * (strong - half), half, strong).score(np.log(length * weight + 1e-6)))
    return min(score, HELD) if holds or (not leaps and _may_hold(shot, run, locked)) else score


def _sharp(edge: float, beyond: float, inside: Floats, noise: float) -> float:
    """How suddenly motion breaks off: 1 within one frame, 0 where it dies down or sets in over some."""
    outer = min(1.0, 2.0 * edge / max(beyond, 1e-6)) ** 2
    ramp = float(np.maximum(inside[:3] - 1.5 * noise, 0.0).sum()) / max(edge, 1e-6)
    return min(outer, max(0.0, 1.3 - 2.5 * ramp))


def _leaps(shot: Shot, run: Run, locked: bool) -> bool:
    """Whether the picture leaps where it goes on, as time went on meanwhile.

    Where pictures are held before a locked camera, as while text is typed, steps of every size are usual: a
    leap is larger than those before the standstill too.
    """
    if not run.begins or run.stop == shot.hi:
        return run.begins and shot.cut
    cells = shot.steps.cells
    after = cells[run.stop + 1 : min(shot.hi, run.stop + 1 + 3 * round(shot.habit + 1))]
    if shot.habit:  # held pictures in between do not count
        after = after[after > 0.25 * after.max(initial=0.0)]
    reach = 2 * BESIDE if locked and shot.rhythm else -1
    before = cells[max(shot.lo + 1, run.first - reach) : run.first + 1]
    before = before[before > 0.25 * before.max(initial=0.0)]
    usual = max(median(after) if len(after) else np.inf, quantile(before, 0.75) if len(before) else 0.0)
    return bool(cells[run.stop] > LEAP * usual)


def _may_hold(shot: Shot, run: Run, locked: bool) -> bool:
    """Whether a standstill without a leap may be the scene's own.

    No scene stops as a whole and within one frame. But where only a part of a still picture moves (somebody
    in a locked-off shot), where pictures are held all the time (animation), and where grain at the clip's
    end says that the camera ran on, nothing proves a fault.
    """
    cadence = shot.cadence
    drawn = shot.habit >= 2.0 or (cadence is not None and cadence.frames >= 2 * cadence.pictures)
    return drawn or (not run.ends and not run.identical) or locked


def _returned(view: View, shot: Shot, run: Run) -> bool:
    """Whether the picture comes back from what broke in: a flash, a pop, a mouth that opens and shuts.

    It comes back as suddenly as it went; what swings to and fro comes back by and by.
    """
    cells = shot.steps.cells[shot.lo : shot.hi]
    luma = view.signals.grid.luma[shot.lo : shot.hi]
    first, stop = run.first - shot.lo, run.stop - shot.lo
    away = _standstill.liveliest(luma - np.median(luma[first:stop], axis=0).astype(np.float32))
    if run.ends:
        return _back(away[stop:], cells[stop:])
    return _back(away[:first][::-1], cells[1 : first + 1][::-1])


def _back(away: Floats, steps: Floats) -> bool:
    """Whether distances from a picture fall again by a step of the size that led away from it."""
    for k in range(1, min(8, len(away))):
        if away[k] < RETURN * away[0] and steps[k] > AS_FAR * steps[0]:
            return True
    return False


def _locked(view: View, shot: Shot, run: Run) -> bool:
    """Whether the camera stands: beside the standstill most of the picture moves no more than in it."""
    _, rows, columns = view.signals.grid.luma.shape
    first, last = max(shot.lo + 1, run.first - BESIDE), min(shot.hi, run.stop + 1 + BESIDE)
    field = camera_field(view.signals.motion.camera[first:last], rows, columns)
    camera = np.zeros(last)
    camera[first:] = np.hypot(field[..., 0], field[..., 1]).mean(axis=(1, 2))
    sides = [
        camera[first : run.first + 1],
        camera[run.stop + 1 : last],
    ]
    moving = max((median(side) for side in sides if len(side)), default=0.0)
    return moving < max(STANDS, 3.0 * median(camera[run.first + 1 : run.stop]))


def _at_an_end(view: View, run: Run) -> str:
    """Say ``Opens`` or ``Ends`` for a standstill at the first or last visible frame, else empty."""
    shown = np.flatnonzero(view.visible)
    if run.first == shown[0]:
        return "Opens"
    return "Ends" if run.stop == shown[-1] + 1 else ""


def _found(view: View, run: Run, score: float) -> Finding:
    count = run.frames
    at = _at_an_end(view, run)
    where = f"{at} on {count} frames of one picture" if at else f"Stands still for {count} frames"
    message = f"{where}; no freeze or retime in the edit."
    evidence: dict[str, float | str] = {
        "frames": float(count),
        "seconds": round(view.end(run.stop - 1) - float(view.times[run.first]), 3),
    }
    if not run.identical:
        evidence["grain_cv"] = round(run.noise, 2)
    return finding(
        view,
        (run.first, run.stop - 1),
        detector=ID,
        score=score,
        message=message,
        label="freeze",
        evidence=evidence,
    )
