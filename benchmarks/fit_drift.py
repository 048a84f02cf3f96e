"""Fit drift's models: a whole stretch, single frames, and a face that becomes another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.corpus import Item
from benchmarks.fit import logistic
from otio_ai_audit.detectors import _appearance, _course, _growth, drift
from otio_ai_audit.detectors._faces import people
from otio_ai_audit.detectors._growth import growth
from otio_ai_audit.detectors._view import look

Floats = npt.NDArray[np.float64]

MODELS = {
    "drift": _appearance.FEATURES,
    "drift_frame": _course.FEATURES,
    "drift_part": _growth.FEATURES,
    "drift_face": ("face",),
}
RIDGE = 3.0
WEIGHT = {"labelled": 1.0, "beside": 0.5, "slight": 0.5, "injected": 0.05, "made": 0.03}
"""How much one clip counts, by where it comes from: real faults more than ours."""
REAL, ANY = 0.98, 0.92
"""Shares of the labelled clean clips, and of all clean ones, that are judged below the operating point: the
innocent changes that we make are harder than what cameras see."""
PART = 0.975
"""Share of the clean clips below the operating point of a part that grows."""
CERTAIN = 1 - 0.363
"""Cosine distance from which SFace calls two faces two people (OpenCV's model zoo)."""
RAMP = 0.35
"""Seconds after its start in which a drift need not yet be seen."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the models see of one clip."""

    stretch: Floats
    """Shape (W, features): one row a stretch."""
    frame: Floats
    """Shape (K, features): one row a compared frame."""
    at: npt.NDArray[np.int64]
    """Rows of the signals of these frames, shape (K,)."""
    starts: npt.NDArray[np.int64]
    """First compared frame of each stretch."""
    grown: float
    """Largest sustained growth of a part."""
    face: float
    """Largest distance of a face to how it began; 0 without faces."""


def rows_of(item: Item) -> Rows | None:
    """Compute the features of one clip for every model; None where it is not judged."""
    view = look(item.use())
    if view is None or int(view.judged.sum()) < drift.LEAST:
        return None
    stretches, frames, at, starts, grown, face = [], [], [], [], -np.inf, 0.0
    for first, last in drift.scenes(view):
        for a, b in drift.stretches(view, first, last, drift.Settings()):
            seen = _appearance.seen(view.signals, a, b)
            stretches.append(_appearance.features(view.signals, a, b, seen))
            course = _course.course(view.signals, a, b, seen)
            starts.append(len(at))
            grown = max(grown, float(drift.sustained(growth(view.signals, a, b, course.frames).grown).max()))
            frames += list(course.features)
            at += course.frames.tolist()
            for person in people(view.signals.identity, a, b):
                face = max(face, float(person.distance.max()))
    if not stretches:
        return None
    return Rows(np.array(stretches), np.array(frames), np.array(at), np.array(starts), grown, face)


def drifts(item: Item) -> float:
    """Whether a clip drifts: 1, 0, or NaN where nobody says."""
    if item.spec.source == "corpus":
        return float(item.spec.label != "none")
    return float(item.fault is not None)


def weight_of(item: Item) -> float:
    """How much a clip counts."""
    spec = item.spec
    if spec.source == "corpus":
        if spec.tags.endswith("beside"):
            return WEIGHT["beside"]
        return WEIGHT["slight" if spec.label == "slight" else "labelled"]
    return WEIGHT["made" if spec.source == "scene" else "injected"]


def frame_labels(item: Item, rows: Rows) -> Floats:
    """1 where a frame shows the fault, 0 where it does not, NaN where it begins, ends or nobody knows."""
    if item.spec.source == "corpus":
        return np.zeros(len(rows.at)) if item.spec.label == "none" else np.full(len(rows.at), np.nan)
    if item.fault is None:
        return np.zeros(len(rows.at))
    fault, rate = item.fault, float(item.signals.info.rate)
    out = np.zeros(len(rows.at))
    inside = (rows.at >= fault.first) & (rows.at < fault.stop)
    out[inside] = 1.0
    out[inside & (rows.at < fault.first + RAMP * rate)] = np.nan
    out[rows.at >= fault.stop] = np.nan
    return out


def _table(
    name: str, items: Sequence[Item], rows: Sequence[Rows | None]
) -> tuple[Floats, Floats, Floats, Any]:
    features, labels, weights, clips = [], [], [], []
    for index, (item, own) in enumerate(zip(items, rows, strict=True)):
        if own is None:
            continue
        if name == "drift":
            x, y = own.stretch, np.full(len(own.stretch), drifts(item))
        else:
            x, y = own.frame, frame_labels(item, own)
        keep = np.isfinite(y)
        if keep.any():
            features.append(x[keep])
            labels.append(y[keep])
            weights.append(np.full(int(keep.sum()), weight_of(item) / np.sqrt(keep.sum())))
            clips.append(np.full(int(keep.sum()), index))
    return np.concatenate(features), np.concatenate(labels), np.concatenate(weights), np.concatenate(clips)


def _solve(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    mean = np.average(x, axis=0, weights=w)
    scale = np.maximum(np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w)), 1e-3)
    weights, _ = logistic(np.clip((x - mean) / scale, -4, 4), y, w, RIDGE)
    return mean, scale, weights


def _evidence(solved: tuple[Floats, Floats, Floats], x: Floats) -> Floats:
    mean, scale, weights = solved
    return np.asarray(np.clip((x - mean) / scale, -4, 4) @ weights)


def peak(name: str, solved: tuple[Floats, Floats, Floats], own: Rows) -> float:
    """Evidence of a clip: its worst stretch, or its worst sustained frame."""
    if name == "drift":
        return float(_evidence(solved, own.stretch).max())
    evidence = _evidence(solved, own.frame)
    return max(float(drift.sustained(part).max()) for part in np.split(evidence, own.starts[1:]))


def fit_model(
    name: str, items: Sequence[Item], rows: Sequence[Rows | None], groups: Sequence[int]
) -> dict[str, Any]:
    """Fit one model: weights on all clips, anchors on evidence of clips that a fit had not seen."""
    x, y, w, clips = _table(name, items, rows)
    full = _solve(x, y, w)
    everywhere = _evidence(full, x)
    peaks = np.full(len(items), np.nan)
    of_group = np.asarray(groups)
    for group in np.unique(of_group):
        train = of_group[clips] != group
        part = _solve(x[train], y[train], w[train])
        own = _evidence(part, x[train])
        slope = everywhere[train].std() / max(own.std(), 1e-9)
        shift = everywhere[train].mean() - own.mean() * slope
        for index in np.flatnonzero(of_group == group):
            if (mine := rows[index]) is not None:
                peaks[index] = peak(name, part, mine) * slope + shift
    return _row(name, full, items, peaks)


def _row(
    name: str, solved: tuple[Floats, Floats, Floats], items: Sequence[Item], peaks: Floats
) -> dict[str, Any]:
    known = np.isfinite(peaks)
    labelled = np.array([item.spec.source == "corpus" for item in items])
    clean = np.array([drifts(item) == 0 for item in items])
    strong = np.array([item.spec.label == "strong" for item in items])
    put_in = np.array([item.fault is not None for item in items])
    real = peaks[known & clean & labelled]
    every = peaks[known & clean]
    half = max(float(np.quantile(real, REAL)), float(np.quantile(every, ANY)))
    faulty = peaks[known & (strong if name == "drift" else put_in)]
    mean, scale, weights = solved
    return {
        "features": list(MODELS[name]),
        "mean": [round(float(v), 5) for v in mean],
        "scale": [round(float(v), 5) for v in scale],
        "weights": [round(float(v), 5) for v in weights],
        "calm": round(min(float(np.median(real)), half - 0.2), 4),
        "half": round(half, 4),
        "strong": round(max(float(np.median(faulty)), half + 0.5 * float(every.std())), 4),
        "clips_clean": int((known & clean).sum()),
        "clips_faulty": int((known & ~clean).sum()),
    }


def fit_part(items: Sequence[Item], rows: Sequence[Rows | None]) -> dict[str, Any]:
    """Set the anchors of growth: what real cameras see below, what was put in above."""
    known = [(item, own.grown) for item, own in zip(items, rows, strict=True) if own is not None]
    every = np.array([grown for item, grown in known if drifts(item) == 0])
    real = [g for i, g in known if drifts(i) == 0 and i.spec.source == "corpus" and i.spec.kind == "real"]
    faulty = [g for i, g in known if i.fault is not None]
    half = max(max(real) + 0.05, float(np.quantile(every, PART)))
    above = [grown for grown in faulty if grown > half]
    return _plain(
        "grown", float(np.median(every)), half, float(np.quantile(above, 0.7)), len(every), len(faulty)
    )


def fit_face(items: Sequence[Item], rows: Sequence[Rows | None]) -> dict[str, Any]:
    """Set the anchors of the face's distance: natural tracks below, certain swaps above."""
    natural = [
        own.face
        for item, own in zip(items, rows, strict=True)
        if own is not None and own.face > 0 and item.spec.source == "corpus" and item.spec.label == "none"
    ]
    half = max(CERTAIN, max(natural) + 0.02)
    return _plain("face", float(np.median(natural)), half, max(0.8, half + 0.1), len(natural), 0)


def _plain(name: str, calm: float, half: float, strong: float, clean: int, faulty: int) -> dict[str, Any]:
    """Write a model that is its one feature."""
    return {
        "features": [name],
        "mean": [0.0],
        "scale": [1.0],
        "weights": [1.0],
        "calm": round(calm, 4),
        "half": round(half, 4),
        "strong": round(strong, 4),
        "clips_clean": clean,
        "clips_faulty": faulty,
    }


def fit(items: Sequence[Item], rows: Sequence[Rows | None], groups: Sequence[int]) -> dict[str, Any]:
    """Fit all of drift's models."""
    models = {name: fit_model(name, items, rows, groups) for name in ("drift", "drift_frame")}
    return {**models, "drift_part": fit_part(items, rows), "drift_face": fit_face(items, rows)}
