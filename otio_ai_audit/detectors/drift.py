"""``drift``: within a shot the person, animal or thing turns into something else.

A shot's look is compared with itself: how far colours and looks come apart against how much the camera
and the things move (`_appearance`), whether a part of the picture grows into something else (`_growth`),
and whether a face stays the same person (`_faces`). When it happens and what changes is read from surfaces
that can be followed (`_course`): a turn, a pan and a walk lose their surfaces, a morph keeps them.

A hidden cut is `cut`'s. Its two sides are compared here only where both show the same scene: somebody else
behind it is a drift, another scene is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors import _appearance as appearance
from otio_ai_audit.detectors import _course
from otio_ai_audit.detectors._arrays import median, of_three
from otio_ai_audit.detectors._faces import Person, people
from otio_ai_audit.detectors._growth import Growth, growth
from otio_ai_audit.detectors._score import model
from otio_ai_audit.detectors._view import (
    Judgement,
    Region,
    View,
    finding,
    judge_each,
    place,
    region_of,
    upright,
)
from otio_ai_audit.detectors.cut import shots
from otio_ai_audit.model import NOTE, WARNING, ClipUse, Detection, Finding

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ID = "drift"
LABEL = "drift"
COLOR = "Fuchsia"
NEEDS_IDENTITY = True

LEAST = 4
"""Frames that a shot needs."""
SAME_SCENE = 0.25
"""Distance of palettes on both sides of a cut up to which both show the same scene."""
FADED = 0.6
"""Share of a shot's median level below which its first and last frames are a fade."""
LOW = 0.25
"""Share of the way at most that is calm, and at most that is missing from the worst."""
SUDDEN = 0.25
"""Seconds from calm to worst that are sudden."""
CHANGED = 0.5
"""Share of the way from calm to worst at which the fault begins and ends."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a shot is walked through."""

    window_seconds: float = 10.0
    """Longest stretch whose frames are compared with each other; longer shots are taken in turns."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of a shot and what was said of it."""

    course: _course.Course
    score: float
    frames: Floats
    """Score of every frame of the course, shape (K,)."""
    growth: Growth
    part: bool
    """Whether a part of the picture is what speaks."""
    person: Person | None = None
    """The face that changes, where that is the fault."""


def detect(uses: Sequence[ClipUse], settings: Settings) -> Detection:
    """Score every use by the stretch that changes most; None for a still or fewer than four frames."""
    return judge_each(uses, lambda view: _judge(view, settings))


def _judge(view: View, settings: Settings) -> Judgement:
    if view.use.media.kind == "still" or int(view.judged.sum()) < LEAST:
        return Judgement(None)
    frames = np.zeros(len(view.times))
    found: list[Finding] = []
    best = 0.0
    for first, last in scenes(view):
        for a, b in stretches(view, first, last, settings):
            said = _stretch(view, a, b)
            best = max(best, said.score)
            rows = np.arange(a, b)
            np.maximum(frames[a:b], np.interp(rows, said.course.frames, said.frames), out=frames[a:b])
            if said.score >= NOTE:
                found.append(_told(view, said))
    return Judgement(best, tuple(_apart(found)), frames)


def scenes(view: View) -> list[tuple[int, int]]:
    """Shots of a view, without their fades; a cut parts none whose both sides show the same scene."""
    out: list[tuple[int, int]] = []
    levels = view.signals.grid.luma.mean(axis=(1, 2))
    for first, last in shots(view):
        lit = first + np.flatnonzero(levels[first:last] >= FADED * median(levels[first:last]))
        first, last = int(lit[0]), int(lit[-1]) + 1
        if last - first < LEAST:
            continue
        if out and out[-1][1] == first and _same_scene(view, out[-1], (first, last)):
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


def _same_scene(view: View, before: tuple[int, int], after: tuple[int, int]) -> bool:
    reach = max(1, round(0.5 / view.step))
    sides = [
        appearance.palette(view.signals.grid, np.arange(max(before[0], before[1] - reach), before[1])),
        appearance.palette(view.signals.grid, np.arange(after[0], min(after[1], after[0] + reach))),
    ]
    one, other = (side.mean(axis=0) for side in sides)
    return float(1 - one @ other / (np.linalg.norm(one) * np.linalg.norm(other))) <= SAME_SCENE


def stretches(view: View, first: int, last: int, settings: Settings) -> list[tuple[int, int]]:
    """Halves that overlap, each no longer than the window."""
    length = max(LEAST, round(settings.window_seconds / view.step))
    if last - first <= length:
        return [(first, last)]
    starts = np.linspace(first, last - length, 1 + int(np.ceil(2 * (last - first - length) / length)))
    return [(int(start), int(start) + length) for start in starts.round()]


def _stretch(view: View, first: int, last: int) -> Stretch:
    """Judge one stretch by all three ways; the worst one speaks."""
    signals = view.signals
    seen = appearance.seen(signals, first, last)
    course = _course.course(signals, first, last, seen)
    whole = float(model("drift").score(appearance.features(signals, first, last, seen)))
    grown = growth(signals, first, last, course.frames)
    part = float(model("drift_part").score(sustained(grown.grown)[:, None]).max())
    # what ranks clips is the whole; a part or a face speaks for the clip only where it is sure
    speaks = part >= max(whole, WARNING)
    score = part if speaks else whole
    evidence = sustained(model("drift_frame").evidence(course.features))
    # the way from the calmest to the worst frame, in the unit of the clip's score
    low, high = np.quantile(evidence, 0.1), evidence.max()
    way = np.clip((evidence - low) / max(float(high - low), 1e-6), 0, 1)
    frames = np.asarray(score * way)
    worst: Person | None = None
    for person in people(signals.identity, first, last):
        own = model("drift_face").score(person.distance[:, None])
        if own.max() >= max(score, WARNING):
            score, worst = float(own.max()), person
            frames = _between(person.frames, own, course.frames, way)
    return Stretch(course, score, frames, grown, speaks, worst)


def _between(seen: Ints, scores: Floats, frames: Ints, way: Floats) -> Floats:
    """Bring scores of sightings to all frames: between two of them they change where the picture does."""
    changed = np.cumsum(np.abs(np.diff(way, prepend=way[0])) + 1e-3)
    return np.asarray(np.interp(changed, np.interp(seen, frames, changed), scores))


def sustained(values: Floats) -> Floats:
    """Median of three neighbours: what one frame says alone is not believed."""
    if len(values) < 3:
        return np.full(len(values), values.min(initial=0.0))
    return of_three(values)


def _told(view: View, said: Stretch) -> Finding:
    """Say where a stretch changes, what of it, and which frames to compare."""
    frames = said.course.frames
    worst = int(np.argmax(said.frames))
    changed = said.frames >= CHANGED * said.frames[worst]
    first = last = worst
    while first > 0 and changed[first - 1]:
        first -= 1
    while last + 1 < len(changed) and changed[last + 1]:
        last += 1
    cue = "face" if said.person is not None else _cue(said.course, worst)
    region = _region(view, said, worst, cue)
    pace = _pace(view.times[frames], _course.leading(said.course))
    evidence: dict[str, float | str] = {"cue": cue, "pace": pace}
    reference = int(frames[0])
    if said.person is not None:
        reference = said.person.reference
        evidence["face_cosine_distance"] = round(float(said.person.distance.max()), 3)
    features = dict(zip(_course.FEATURES, said.course.features[worst], strict=True))
    if said.part:
        evidence["grown_cv"] = round(float(np.exp(said.growth.grown.max())), 2)
    evidence["look_cosine_distance"] = round(float(np.exp(features["look"])), 3)
    evidence["palette_distance"] = round(float(np.exp(features["palette"])), 3)
    stop = int(frames[last + 1]) - 1 if last + 1 < len(frames) else int(frames[-1])
    return finding(
        view,
        (int(frames[first]), stop),
        score=said.score,
        detector=ID,
        label=LABEL,
        message=_message(cue, pace, region, said.score),
        evidence=evidence,
        region=region,
        worst=float(view.times[frames[worst]]),
        compare=((view.use.id, float(view.times[reference])),),
    )


def _cue(course: _course.Course, worst: int) -> str:
    """Name what moved most: how much each feature of the worst frame speaks, by cue."""
    part = model("drift_frame")
    rise = course.features[worst] - np.quantile(course.features, 0.1, axis=0)
    spoken = np.maximum(0, rise / part.scale)
    return max(
        _course.CUES,
        key=lambda cue: max(spoken[_course.FEATURES.index(name)] for name in _course.CUES[cue]),
    )


def _region(view: View, said: Stretch, worst: int, cue: str) -> Region | None:
    if said.person is not None:
        near = int(np.argmin(np.abs(said.person.frames - said.course.frames[worst])))
        x, y, w, h = (round(float(v), 4) for v in said.person.boxes[near])
        return upright(view, (x, y, w, h))
    if said.part:
        strongest = int(np.argmax(said.growth.grown))
        return upright(view, region_of(said.growth.maps[strongest].astype(np.float64)))
    layer = {"shape": 0, "colour": 1, "texture": 2}[cue]
    return upright(view, region_of(said.course.maps[worst, layer].astype(np.float64)))


def _pace(times: Floats, way: Floats) -> str:
    """Say how it changes: ``slow``, ``sudden`` or ``there and back``; `way` is 1 where it is farthest."""
    if way[-3:].mean() < CHANGED:
        return "there and back"
    full = int(np.argmax(way > 1 - LOW))
    calm = np.flatnonzero(way[: full + 1] < LOW)
    return "sudden" if len(calm) and times[full] - times[calm[-1]] <= SUDDEN else "slow"


def _message(cue: str, pace: str, region: Region | None, score: float) -> str:
    where = place(region)
    subject = where[:1].upper() + where[1:] if where else "The picture"
    how = {"slow": "", "sudden": " suddenly", "there and back": ", and back"}[pace]
    if cue == "face":
        verb = "becomes somebody else" if score >= WARNING else "changes"
        return f"{subject}: the face {verb}{how}."
    return f"{subject} changes {cue}{how} although the shot goes on."


def _apart(found: list[Finding]) -> list[Finding]:
    """Of findings that overlap by half, which neighbouring stretches both tell, keep the surest."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda finding: -finding.score):
        end = one.start + one.duration
        if not any(
            min(end, other.start + other.duration) - max(one.start, other.start)
            > 0.5 * min(one.duration, other.duration)
            for other in kept
        ):
            kept.append(one)
    return kept
