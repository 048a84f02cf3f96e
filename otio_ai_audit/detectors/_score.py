"""From measured features to a score: a small logistic, then two anchors.

The score is ``1 / (1 + exp(−ln 4 · (z − half) / (strong − half)))``: 0.5 where the evidence z is at
the operating point on real footage, 0.8 where strong faults typically lie. The numbers come from
``calibration.json``, written by ``benchmarks/calibrate.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TABLE = Path(__file__).with_name("calibration.json")
LIMIT = 40.0


@cache
def calibration() -> Mapping[str, Any]:
    """Return the packaged calibration: date, models by name, and the figures they reached."""
    table: Mapping[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of a logistic on standardised features, and the anchors of its score."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    half: float
    strong: float

    def evidence(self, features: Floats) -> Floats:
        """Linear evidence z of features, shape (..., F) to (...)."""
        z = (features - np.asarray(self.mean)) / np.asarray(self.scale)
        return np.asarray(np.clip(z, -4.0, 4.0) @ np.asarray(self.weights), dtype=np.float64)

    def score(self, features: Floats) -> Floats:
        """Score in [0, 1] of features, shape (..., F) to (...)."""
        return anchored(self.evidence(features), self.half, self.strong)


def anchored(evidence: Floats, half: float, strong: float) -> Floats:
    """Score that is 0.5 at `half`, 0.8 at `strong`, monotone between and beyond."""
    z = np.log(4.0) * (np.asarray(evidence, dtype=np.float64) - half) / (strong - half)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -LIMIT, LIMIT))), dtype=np.float64)


@cache
def model(name: str) -> Model:
    """Return a packaged model (``flicker``, ``flicker_region``, ``pop``, ``cut`` …)."""
    row = calibration()["models"][name]
    return Model(
        features=tuple(row["features"]),
        mean=tuple(row["mean"]),
        scale=tuple(row["scale"]),
        weights=tuple(row["weights"]),
        half=float(row["half"]),
        strong=float(row["strong"]),
    )
