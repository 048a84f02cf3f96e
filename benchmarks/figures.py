"""Figures of merit in plain numpy: average precision, AUC, pairs in order, F1, bootstrap over folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def auc(negative: Sequence[float] | Floats, positive: Sequence[float] | Floats) -> float:
    """Return the chance that a positive scores above a negative; ties count half."""
    low, high = np.asarray(negative, dtype=float), np.asarray(positive, dtype=float)
    if not len(low) or not len(high):
        return float("nan")
    order = np.sort(low)
    below = np.searchsorted(order, high, "left")
    same = np.searchsorted(order, high, "right") - below
    return float((below + 0.5 * same).mean() / len(low))


def average_precision(
    labels: Sequence[bool] | npt.NDArray[np.bool_], scores: Sequence[float] | Floats
) -> float:
    """Area under precision over recall, stepwise; ties are one step."""
    truth, value = np.asarray(labels, dtype=bool), np.asarray(scores, dtype=float)
    if not truth.any():
        return float("nan")
    order = np.argsort(-value, kind="stable")
    truth, value = truth[order], value[order]
    last = np.append(np.flatnonzero(np.diff(value)), len(value) - 1)
    hits = np.cumsum(truth)[last]
    precision = hits / (last + 1)
    recall = hits / truth.sum()
    return float((np.diff(np.concatenate(([0.0], recall))) * precision).sum())


def f1(truth: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> float:
    """Harmonic mean of precision and recall; 1 where both are empty."""
    both, total = float((truth & said).sum()), float(truth.sum() + said.sum())
    return 2 * both / total if total else 1.0


def bootstrap(
    figure: Callable[[npt.NDArray[np.int64]], float], folds: Sequence[str], times: int = 400, seed: int = 1
) -> tuple[float, float]:
    """95 % interval of a figure of row indices, drawing whole folds with replacement."""
    rng = np.random.default_rng(seed)
    names = sorted(set(folds))
    rows = {name: np.flatnonzero(np.asarray(folds) == name) for name in names}
    values = []
    for _ in range(times):
        drawn = rng.integers(0, len(names), len(names))
        value = figure(np.concatenate([rows[names[i]] for i in drawn]))
        if np.isfinite(value):
            values.append(value)
    if not values:
        return float("nan"), float("nan")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
