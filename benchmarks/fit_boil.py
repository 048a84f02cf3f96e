"""The model of boiling texture: cells inside a made ellipse against all other cells.

Cells of the same clip before, after and beside the fault are examples of what is clean as much as cells of
clean clips; what is compared in the end is the strongest area of a window, as the detector sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.corpus import Item
from otio_ai_audit.detectors import _boil
from otio_ai_audit.detectors._pulse import Maps
from otio_ai_audit.detectors._score import Anchors, Model

Floats = npt.NDArray[np.float64]
Logistic = Callable[[Floats, Floats, Floats, float], tuple[Floats, float]]

FAULTS = ("boil", "fur", "boil_long", "fur_long", "boil_fine", "boil_coarse")
CROSSED = [
    (i, j)
    for i, one in enumerate(_boil.FEATURES)
    for j, other in enumerate(_boil.FEATURES)
    if i <= j and not {one, other} & {"persistence", "brightness_share"}
]
BY_NATURE = ("fire", "candle", "stage", "strobe", "lightning")
RIDGE = 30.0
INNER = 3
"""Parts that groups of footage are gathered in; each is judged by a fit on the others."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Features of the cells of one shot, and the frames of its pictures."""

    features: npt.NDArray[np.float16]
    """Of every second picture, shape (H, R, C, F); half precision, for there are many."""
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    """Frames of these pictures, shape (H,)."""
    count: int
    """Pictures of the shot, K."""
    length: int
    """Pictures in a window."""

    @classmethod
    def of(cls, maps: Maps, first: Any, last: Any, length: int) -> Cells:
        features = _boil.cell_features(maps).astype(np.float16)
        return cls(features, first[:: _boil.STRIDE], last[:: _boil.STRIDE], len(first), length)


@dataclass(frozen=True, slots=True)
class Fit:
    """Standardisation, weights of features and of products of two, and the offset."""

    mean: Floats
    scale: Floats
    weights: Floats
    bias: float

    def model(self) -> Model:
        """As the detector uses it; its anchors are not known yet."""
        count = len(self.mean)
        cross = np.zeros((count, count))
        for (i, j), weight in zip(CROSSED, self.weights[count:], strict=True):
            cross[i, j] = weight
        nothing = Anchors(0.0, 1.0, 2.0)
        return Model(_boil.FEATURES, self.mean, self.scale, self.weights[:count], cross, nothing)


def with_products(x: Floats) -> Floats:
    """Append products of two features to features, shape (S, F) to (S, F + P)."""
    return np.concatenate([x, *(x[:, i : i + 1] * x[:, j : j + 1] for i, j in CROSSED)], axis=1)


def radius(item: Item, shape: tuple[int, ...]) -> Floats:
    """Distance of each cell (R, C) from the middle of a made ellipse; its border is at 1."""
    assert item.fault is not None and item.fault.region is not None
    x, y, w, h = item.fault.region
    rows, columns = shape
    yy, xx = np.mgrid[:rows, :columns]
    return np.hypot(((yy + 0.5) / rows - y - h / 2) / (h / 2), ((xx + 0.5) / columns - x - w / 2) / (w / 2))


def clean_or_made(item: Item) -> bool:
    """Whether a clip is known to be clean, or to boil where it was made to; fire boils by nature."""
    if item.fault is not None:
        return item.fault.kind in FAULTS
    return item.spec.scene not in BY_NATURE and (item.spec.source != "corpus" or item.spec.label == "none")


def examples(items: Sequence[Item], cells: Sequence[list[Cells]]) -> tuple[Floats, Floats, Any]:
    """Draw features (S, F), labels (S,) and the index of the clip (S,)."""
    rng = np.random.default_rng(7)
    parts: list[tuple[Any, float, int]] = []
    for index, (item, shots) in enumerate(zip(items, cells, strict=True)):
        fault = item.fault
        if not clean_or_made(item):
            continue
        for shot in shots:
            count = len(shot.first)
            flat = shot.features.reshape(count, -1, shot.features.shape[-1])

            def draw(pictures: Any, places: Any, size: int, flat: Any = flat) -> Any:
                return flat[rng.choice(pictures, size), rng.choice(places, size)]

            every = np.arange(flat.shape[1])
            if fault is None:
                parts.append((draw(np.arange(count), every, 60), 0.0, index))
                for t in rng.choice(count, min(count, 8), replace=False):
                    loud = np.argsort(-(flat[t, :, 0] + flat[t, :, 2]))[rng.integers(0, 20, 6)]
                    parts.append((flat[t, loud], 0.0, index))
                continue
            away = radius(item, shot.features.shape[1:3]).ravel()
            inside, beside = np.flatnonzero(away < 0.8), np.flatnonzero(away > 1.6)
            during = np.flatnonzero((shot.first > fault.first) & (shot.last < fault.stop - 1))
            before_after = np.flatnonzero((shot.last < fault.first - 2) | (shot.first > fault.stop + 2))
            if len(inside) and len(during):
                parts.append((draw(during, inside, 60), 1.0, index))
                if len(before_after):
                    parts.append((draw(before_after, inside, 40), 0.0, index))
                if len(beside):
                    parts.append((draw(during, beside, 20), 0.0, index))
    features = np.concatenate([part[0] for part in parts]).astype(np.float64)
    labels = np.repeat([part[1] for part in parts], [len(part[0]) for part in parts])
    return features, labels, np.repeat([part[2] for part in parts], [len(part[0]) for part in parts])


def peak(own: Fit, shots: Sequence[Cells]) -> float:
    """Evidence of the strongest window of a clip."""
    best = -np.inf
    for shot in shots:
        evidence = _boil.evidence(shot.features, own.model(), shot.count)
        for a, b in _boil.windows(len(evidence), shot.length):
            best = max(best, _boil.over(evidence, a, b)[0])
    return best + own.bias


def fit(
    items: Sequence[Item], cells: Sequence[list[Cells]], groups: Sequence[int], logistic: Logistic
) -> tuple[Fit, Floats, Floats]:
    """Fit on everything; also the peaks of clean and of faulty clips by fits that had not seen them.

    The offset is left out of the peaks, as detectors leave it out.
    """
    features, labels, clip = examples(items, cells)
    part = {group: turn % INNER for turn, group in enumerate(sorted(set(groups)))}
    group = np.asarray([part[groups[index]] for index in clip])
    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-3)
    x = with_products(np.clip((features - mean) / scale, -4.0, 4.0))
    weight = np.ones(len(x))
    clean: list[float] = []
    faulty: list[float] = []
    for held in range(INNER):
        train = group != held
        if len(np.unique(labels[train])) < 2:
            continue
        own = Fit(mean, scale, *logistic(x[train], labels[train], weight[train], RIDGE))
        for item, shots, its_group in zip(items, cells, groups, strict=True):
            if part[its_group] == held and shots and clean_or_made(item):
                (faulty if item.fault else clean).append(peak(own, shots))
    weights, bias = logistic(x, labels, weight, RIDGE)
    return Fit(mean, scale, weights, bias), np.asarray(clean) - bias, np.asarray(faulty) - bias
