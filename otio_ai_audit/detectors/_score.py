"""From measured features to a score: a small logistic, then three anchors.

The score is 0.5 where the evidence is at the operating point on real footage, 0.8 where strong faults
typically lie and 0.1 at the median of clean clips. The numbers come from ``calibration.json``, written
by ``benchmarks/calibrate.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TABLE = Path(__file__).with_name("calibration.json")
LIMIT = 40.0
CLIP = 4.0
"""Standardised features are held within ± this: nothing far outside the training set shouts."""


_instead: ContextVar[Mapping[str, Any] | None] = ContextVar("calibration", default=None)


@cache
def _packaged() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def calibration() -> Mapping[str, Any]:
    """Return the calibration in force: date, models by name, and the figures they reached."""
    return _instead.get() or _packaged()


@contextmanager
def calibrated_by(table: Mapping[str, Any]) -> Iterator[None]:
    """Judge by another table within a ``with`` block: how held-out folds are checked."""
    token = _instead.set(table)
    try:
        yield
    finally:
        _instead.reset(token)


@dataclass(frozen=True, slots=True)
class Anchors:
    """Evidence at which the score is 0.1, 0.5 and 0.8: quiet clips, the operating point, strong faults."""

    calm: float
    half: float
    strong: float

    def score(self, evidence: Floats | float) -> Floats:
        """Score in [0, 1], monotone: a logistic in the evidence with one slope on each side of `half`."""
        away = np.asarray(evidence, dtype=np.float64) - self.half
        above, below = np.log(4.0) / (self.strong - self.half), np.log(9.0) / (self.half - self.calm)
        z = np.clip(away * np.where(away > 0, above, below), -LIMIT, LIMIT)
        return np.asarray(1.0 / (1.0 + np.exp(-z)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of a logistic on standardised features, and the anchors of its score."""

    features: tuple[str, ...]
    mean: Floats
    scale: Floats
    weights: Floats
    cross: Floats | None
    """Weights of products of two standardised features, shape (F, F), or None."""
    anchors: Anchors

    def evidence(self, features: npt.NDArray[Any]) -> Floats:
        """Linear evidence z of features, shape (..., F) to (...), in the precision of the features."""
        mean, scale, weights = (a.astype(features.dtype) for a in (self.mean, self.scale, self.weights))
        z = np.clip((features - mean) / scale, -CLIP, CLIP)
        out = z @ weights
        if self.cross is not None:
            out = out + np.einsum("...i,...i->...", z @ self.cross.astype(features.dtype), z)
        return np.asarray(out, dtype=np.float64)

    def score(self, features: Floats) -> Floats:
        """Score in [0, 1] of features, shape (..., F) to (...)."""
        return self.anchors.score(self.evidence(features))


def model(name: str) -> Model:
    """Return a model of the calibration in force (``flicker``, ``pop_spike``, ``cut`` …)."""
    if _instead.get():
        return _model(calibration()["models"][name])
    return _packaged_model(name)


@cache
def _packaged_model(name: str) -> Model:
    return _model(_packaged()["models"][name])


def _model(row: Mapping[str, Any]) -> Model:
    cross = None
    if row.get("cross"):
        cross = np.zeros((len(row["features"]),) * 2)
        for i, j, weight in row["cross"]:
            cross[i, j] = weight
    return Model(
        features=tuple(row["features"]),
        mean=np.asarray(row["mean"], dtype=np.float64),
        scale=np.asarray(row["scale"], dtype=np.float64),
        weights=np.asarray(row["weights"], dtype=np.float64),
        cross=cross,
        anchors=Anchors(float(row["calm"]), float(row["half"]), float(row["strong"])),
    )
