"""A hidden cut: another picture from one frame to the next, inside what should be one shot.

Told apart from flashes and pops (the old picture returns), from fast pans and shake (the frames
around differ as much), from clips whose every frame is new (no cut is isolated there) and from the leap at
the end of a freeze (the shot went on meanwhile).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from otio_ai_audit.detectors._arrays import quantiles
from otio_ai_audit.detectors._score import model
from otio_ai_audit.detectors._standstill import standstills, steps_of
from otio_ai_audit.detectors._view import (
    Floats,
    Judgement,
    Pictures,
    View,
    finding,
    judge_each,
    pictures,
)
from otio_ai_audit.model import NOTE, ClipUse, Detection, Finding, Float32

ID = "cut"
LABEL = "hidden cut"
COLOR = "Sky"

SURE = 0.6
"""Score from which the pictures on both sides of a cut are judged apart."""
LEAST_SHOT = 12
"""Pictures per cut below which a clip is not cut but never the same."""
FROZEN = 4
"""Frames of a standstill behind which a leap may be the shot's own motion."""
SLACK = 1.2
"""Times what the shot does elsewhere in as many frames that a leap may be."""
EXCUSED = 0.15
"""Score of such a leap."""
LIT = 0.35
"""Share of the drawing that is new where the picture changed: with less of it, it is light that changed."""
DARK = 4.0
"""Code values added before the logarithm: noise in the dark is no drawing."""

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
        if scores.max() >= NOTE:
            _excuse_leaps(view, segment, shown, scores)
        best = max(best, float(scores.max()))
        frames[shown.first] = np.maximum(frames[shown.first], scores)
        for k in np.flatnonzero(scores >= NOTE):
            near = scores[max(0, k - 2) : k + 3]
            if scores[k] >= near.max() and not (scores[max(0, k - 2) : k] == scores[k]).any():
                found.append(_found(view, int(shown.first[k]), float(scores[k]), features[k]))
    return Judgement(best, tuple(found), frames)


def _excuse_leaps(view: View, segment: tuple[int, int], shown: Pictures, scores: Floats) -> None:
    """Hold down (in place) the score of a leap behind a standstill that is no longer than time went on.

    Where the picture froze for n frames it may leap as far as the shot goes in n frames elsewhere: that is
    the end of the freeze, of which `freeze` speaks, and the same shot.
    """
    luma = view.signals.grid.luma
    lo, hi = segment
    for run in standstills(steps_of(view), segment):
        k = int(np.searchsorted(shown.first, run.stop))
        if run.frames < FROZEN or not run.ends or scores[k] <= EXCUSED:
            continue
        usual = []
        for a, b in ((lo, run.first + 1), (run.stop, hi)):
            lag = min(run.frames, b - a - 1)
            if lag > 0:
                apart = np.abs(luma[a + lag : b] - luma[a : b - lag]).mean(axis=(1, 2))
                usual.append(float(apart.max()) * run.frames / lag)
        leap = float(np.abs(luma[run.stop] - luma[run.stop - 1]).mean())
        if leap <= SLACK * max(usual, default=0.0):
            scores[k] = EXCUSED


def cut_features(shown: Pictures, reach: int) -> Floats:
    """Features (K, F) of a cut before each picture; −inf for the first and where only light changed."""
    count = len(shown)
    features = np.full((count, len(FEATURES)), -np.inf)
    if count < 3:
        return features
    cells = coarse(np.stack([shown.luma, shown.blue, shown.red], axis=1))
    places = cells[0, 0].size
    histograms, shape = shown.histogram.astype(np.float64), _shape(cells[:, 0])
    apart = _pairs(count, reach, lambda a, b: np.abs(cells[a] - cells[b]).sum(axis=(1, 2, 3)) / places)
    turned = _pairs(count, reach, lambda a, b: 0.5 * np.abs(histograms[a] - histograms[b]).sum(axis=1))
    unlike = _pairs(count, reach, lambda a, b: 1.0 - (shape[a] * shape[b]).sum(axis=1))
    luma, drawing = shown.luma.astype(np.float32), _drawing(shown.luma)
    redrawn = _pairs(
        count, reach, lambda a, b: 1.0 - _alike(drawing[a], drawing[b], np.abs(luma[a] - luma[b]))
    )
    error = shown.error.mean(axis=(1, 2)).astype(np.float64)
    likeness = shown.likeness.astype(np.float64)
    k = np.arange(1, count)
    at = k[:, None] + np.concatenate([np.arange(-reach, 0), np.arange(1, reach + 1)])
    known = (at >= 1) & (at < count)
    at = np.clip(at, 0, count - 1)
    usual = quantiles(likeness[at], known, 0.5)
    within, turning, failed = (
        np.where(known, series[at], 0.0).max(axis=1, initial=0.0) for series in (apart[0], turned[0], error)
    )
    stays = [_across(array, reach)[1:] for array in (apart, turned, unlike, redrawn)]
    features[k] = np.stack(
        [
            np.log(stays[0] + 0.5),
            np.log((stays[0] + 1.0) / (within + 2.0)),
            np.where(np.isfinite(usual), usual, 1.0) - likeness[k],
            likeness[k],
            stays[1],
            np.log((stays[1] + 0.02) / (turning + 0.04)),
            np.log((error[k] + 0.5) / (failed + 1.0)),
            stays[2],
        ],
        axis=1,
    )
    features[k[stays[3] < LIT]] = -np.inf
    return features


def coarse(cells: Float32) -> Float32:
    """Mean of 2 × 2 cells over the last two axes; an odd last row or column is left out."""
    rows, columns = cells.shape[-2] // 2, cells.shape[-1] // 2
    if not rows or not columns:
        return cells
    square = cells[..., : 2 * rows, : 2 * columns].reshape(*cells.shape[:-2], rows, 2, columns, 2)
    return np.asarray(square.mean(axis=(-3, -1)), dtype=np.float32)


def shots(view: View) -> list[tuple[int, int]]:
    """Judged segments, split at likely cuts: what lies on both sides of one is not compared."""
    out: list[tuple[int, int]] = []
    grid, motion = view.signals.grid, view.signals.motion
    turned = np.zeros(len(grid.histogram))
    turned[1:] = 0.5 * np.abs(np.diff(grid.histogram, axis=0)).sum(axis=1)
    suspect = (turned > 0.1) & (motion.likeness < 0.7)
    for lo, hi in view.segments:
        edges = [lo]
        if suspect[lo + 1 : hi].any():
            shown = pictures(view, (lo, hi))
            features = cut_features(shown, Settings().reach)
            valid = np.isfinite(features[:, 0])
            scores = np.zeros(len(shown))
            if valid.any():
                scores[valid] = model("cut").score(features[valid])
            cuts = np.flatnonzero(scores >= SURE)
            if len(cuts) * LEAST_SHOT <= len(shown):
                edges += [int(shown.first[k]) for k in cuts]
        out.extend((a, b) for a, b in zip(edges, [*edges[1:], hi], strict=True) if b > a)
    return out


def _pairs(count: int, reach: int, differ: Callable[[slice, slice], Floats]) -> Floats:
    """Difference of each picture and the one 1, 2 … before it, shape (reach + 2, K); inf where none is."""
    out = np.full((reach + 2, count), np.inf)
    for gap in range(1, min(reach + 3, count)):
        out[gap - 1, gap:] = differ(slice(0, count - gap), slice(gap, count))
    return out


def _across(differences: Floats, reach: int) -> Floats:
    """Least difference of one or two pictures before each with those from it on, shape (K,)."""
    count = differences.shape[1]
    least = np.full(count, np.inf)
    for before in (1, 2):
        for on in range(min(reach + 1, count)):
            row = differences[on + before - 1, on:]
            np.minimum(least[: len(row)], row, out=least[: len(row)])
    return least


def _shape(luma: Float32) -> Floats:
    """Cell luma with mean and contrast taken out, so that products are correlations."""
    flat = luma.reshape(len(luma), -1).astype(np.float64)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norm = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    return np.asarray(flat / np.maximum(norm, 1e-6), dtype=np.float64)


def _drawing(luma: Float32) -> Float32:
    """Log luma of cells less the mean of the 3 × 3 around each: what is drawn, whatever light falls on it.

    Light that falls on a scene, evenly or from a lamp in it, is a factor that hardly changes from one cell
    to the next (Land & McCann 1971, "Lightness and retinex theory").
    """
    log = np.log(luma.astype(np.float32) + np.float32(DARK))
    rows, columns = log.shape[1:]
    wide = np.pad(log, ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = sum(wide[:, y : y + rows, x : x + columns] for y in range(3) for x in range(3))
    return np.asarray(log - around / np.float32(9.0), dtype=np.float32)


def _alike(one: Float32, other: Float32, changed: Float32) -> Floats:
    """Correlation of two drawings (n, R, C), by cell weighted with what has changed there; shape (n,)."""
    count = len(one)
    weight = changed.reshape(count, -1) + np.float32(1e-3)
    weight /= weight.sum(axis=1, keepdims=True)
    a, b = one.reshape(count, -1), other.reshape(count, -1)
    a = a - (weight * a).sum(axis=1, keepdims=True)
    b = b - (weight * b).sum(axis=1, keepdims=True)
    both = (weight * a * b).sum(axis=1)
    size = np.sqrt((weight * a * a).sum(axis=1) * (weight * b * b).sum(axis=1))
    return np.asarray(both / np.maximum(size, 1e-9), dtype=np.float64)


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
        score=score,
        message=f"Scene changes inside {name}.",
        label="hidden cut",
        evidence=evidence,
        worst=float(view.times[frame]),
    )
