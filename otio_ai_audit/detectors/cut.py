"""A hidden cut: another picture from one frame to the next, inside what should be one shot.

Told apart from flashes and pops (the old picture returns), from fast pans and shake (the frames
around differ as much) and from clips whose every frame is new (no cut is isolated there).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from otio_ai_audit.detectors._score import model
from otio_ai_audit.detectors._view import Floats, Judgement, Pictures, View, finding, judge_each, pictures
from otio_ai_audit.model import NOTE, ClipUse, Detection, Finding, Float32

ID = "cut"
LABEL = "hidden cut"
COLOR = "Sky"

FEATURES = (
    "apart",
    "apart_ratio",
    "lost",
    "likeness",
    "histogram",
    "histogram_ratio",
    "error_ratio",
    "shape",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a cut is in time."""

    reach: int = 3
    """Pictures on either side that have to stay apart."""


def detect(uses: Sequence[ClipUse], settings: Settings) -> Detection:
    """Score every use by its likeliest cut; None for a still or for fewer than four pictures."""
    return judge_each(uses, lambda view: _judge(view, settings))


def _judge(view: View, settings: Settings) -> Judgement:
    if view.use.media.kind == "still" or int(view.judged.sum()) < 4:
        return Judgement(None)
    frames = np.zeros(len(view.times))
    found: list[Finding] = []
    best = 0.0
    for segment in view.segments:
        shown = pictures(view, segment)
        features = cut_features(shown, settings.reach)
        valid = np.isfinite(features[:, 0])
        if not valid.any():
            continue
        scores = np.zeros(len(shown))
        scores[valid] = model("cut").score(features[valid])
        best = max(best, float(scores.max()))
        frames[shown.first] = np.maximum(frames[shown.first], scores)
        for k in np.flatnonzero(scores >= NOTE):
            near = scores[max(0, k - 2) : k + 3]
            if scores[k] >= near.max() and not (scores[max(0, k - 2) : k] == scores[k]).any():
                found.append(_found(view, int(shown.first[k]), float(scores[k]), features[k]))
    return Judgement(best, tuple(found), frames)


def cut_features(shown: Pictures, reach: int) -> Floats:
    """Features (K, F) of a cut before each picture; −inf for the first."""
    count = len(shown)
    features = np.full((count, len(FEATURES)), -np.inf)
    if count < 3:
        return features
    cells = np.stack([shown.luma, shown.blue, shown.red], axis=1).astype(np.float64)
    shape = _shape(shown.luma)
    error = shown.error.mean(axis=(1, 2)).astype(np.float64)
    for k in range(1, count):
        before = list(range(max(0, k - reach), k))
        after = list(range(k, min(count, k + reach + 1)))
        apart = min(_distance(cells[i], cells[j]) for i in before[-2:] for j in after)
        sides = [_distance(cells[i], cells[i + 1]) for i in before[:-1]]
        sides += [_distance(cells[j], cells[j + 1]) for j in after[:-1]]
        within = max(sides) if sides else 0.0
        histograms = shown.histogram.astype(np.float64)
        turned = min(0.5 * np.abs(histograms[i] - histograms[j]).sum() for i in before[-2:] for j in after)
        usual = [0.5 * np.abs(histograms[i + 1] - histograms[i]).sum() for i in before[:-1] + after[:-1]]
        around = [i for i in (*range(max(1, k - reach), k), *range(k + 1, min(count, k + reach + 1)))]
        likeness = float(np.median(shown.likeness[around])) if around else 1.0
        beside = float(max(error[i] for i in around)) if around else 0.0
        unlike = 1.0 - max(float((shape[i] * shape[j]).sum()) for i in before[-2:] for j in after)
        features[k] = (
            np.log(apart + 0.5),
            np.log((apart + 1.0) / (within + 2.0)),
            likeness - float(shown.likeness[k]),
            float(shown.likeness[k]),
            turned,
            np.log((turned + 0.02) / (max(usual, default=0.0) + 0.04)),
            np.log((error[k] + 0.5) / (beside + 1.0)),
            unlike,
        )
    return features


def _distance(one: Floats, other: Floats) -> float:
    return float(np.abs(one - other).sum(axis=0).mean())


def _shape(luma: Float32) -> Floats:
    """Cell luma with mean and contrast taken out, so that products are correlations."""
    flat = luma.reshape(len(luma), -1).astype(np.float64)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norm = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    return np.asarray(flat / np.maximum(norm, 1e-6), dtype=np.float64)


def _found(view: View, frame: int, score: float, features: Floats) -> Finding:
    name = PurePath(view.use.media.path).name or view.use.name
    evidence: dict[str, float | str] = {
        "change_cv": round(float(np.exp(features[0]) - 0.5), 1),
        "histogram_distance": round(float(features[4]), 3),
        "likeness": round(float(features[3]), 3),
    }
    return finding(
        view,
        (frame, frame),
        detector=ID,
        score=round(score, 4),
        message=f"Scene changes inside {name}.",
        label="hidden cut",
        evidence=evidence,
        worst=float(view.times[frame]),
    )
