"""From measured clips to the calibration table: samples, logistic weights, anchors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import fit_boil as boil
from benchmarks.corpus import Item
from otio_ai_audit.detectors import _boil, _pulse, _series, _spike, _step, cut, flicker, pop
from otio_ai_audit.detectors._levels import Levels
from otio_ai_audit.detectors._view import Pictures, look, pictures

Floats = npt.NDArray[np.float64]

MODELS = {
    "flicker": _pulse.WHOLE,
    "flicker_window": _pulse.WHOLE,
    "flicker_pump": _series.PUMP,
    "flicker_hue": _series.PUMP,
    "flicker_slow": _series.PUMP,
    "flicker_region": _pulse.REGION,
    "flicker_swell": _pulse.REGION,
    "flicker_boil": _boil.FEATURES,
    "pop_spike": _spike.SPIKE,
    "pop_patch": _spike.PATCH,
    "pop_thing": _spike.THING,
    "pop_step": _step.STEP,
    "pop_shift": _step.SHIFT,
    "pop_tail": _step.TAIL,
    "cut": cut.FEATURES,
}
PUMP_FAULTS = ("alternate_3", "alternate_12", "pulse_4hz", "random_gain")
WHOLE_FAULTS = (*PUMP_FAULTS, "hue_pulse", "soften")
REGION_FAULTS = ("local_15", "local_8hz")
SWELL_FAULTS = (*REGION_FAULTS, "local_6hz")
SHOWN = ("fire", "candle", "lamp", "stage", "strobe", "lightning")
"""Made scenes whose light changes as a fault would: rules excuse it, no model is fitted to it."""
JUMPS = {
    "pop_spike": ("pop", "pop_dark_2", "glitch"),
    "pop_patch": ("local_pop",),
    "pop_thing": ("blob",),
    "pop_step": ("seam", "seams"),
    "pop_shift": ("local_step",),
}
"""Faults of each model that speaks of single jumps."""
STEP_FAULTS = ("seam", "seams", "local_step")
TAIL_FAULTS = ("tail", "tail_dark", "tail_bright", "tail_colour")
CUTS = ("hidden_cut", "jump_cut", "reframe_cut", "mirror_cut", "dark_cut")
LASTING = ("freeze_16", "freeze_8", "black_tail", "black_middle", *CUTS)

CALM = 0.985
"""Share of clean clips that stay below the operating point of one model."""
CALMER = {"cut": 1.0}
"""Models whose operating point all clean clips stay below: what a cut leaves is there or it is not."""
SPREAD = (
    {"flicker": 0.3, "flicker_boil": 0.05, "cut": 0.5}
    | dict.fromkeys(("flicker_hue", "flicker_slow", "flicker_swell"), 0.3)
    | dict.fromkeys(("pop_spike", "pop_patch", "pop_thing", "pop_step", "pop_shift", "pop_tail"), 0.5)
)
"""The operating point lies at least this many deviations of the clean clips' evidence above their limit."""
MARGIN = 0.55
"""Where the operating point lies between the clean clips' limit and the weakest tenth of the faults."""
INSIDE = 0.75
"""Share of a window that has to show the fault to be an example of it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Features of one clip for one model, and the frames ``[first, stop)`` that each row speaks of."""

    features: Floats
    first: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]


def rows_of(item: Item) -> dict[str, Any]:
    """Compute `Rows` of one clip for every model that has any, and `Cells` of boiling texture."""
    view = look(item.use())
    collected: dict[str, list[tuple[Floats, int, int]]] = {name: [] for name in MODELS}
    if view is None:
        return {}
    settings = flicker.Settings()
    cells: list[boil.Cells] = []
    for segment in cut.shots(view):
        shown = pictures(view, segment)
        count = len(shown)
        if count < 4:
            continue

        def add(name: str, features: Floats, a: int, b: int, shown: Any = shown) -> None:
            if np.isfinite(features).all():
                collected[name].append((features, int(shown.first[a]), int(shown.last[b - 1]) + 1))

        maps = _pulse.Maps.of(shown)
        add("flicker", _pulse.whole_features(maps, 0, count), 0, count)
        window = flicker.window_length(shown, view.step, settings)
        if count >= _boil.LEAST:
            cells.append(boil.Cells.of(maps, shown.first, shown.last, window))
        luma = maps.series[_series.LUMA]
        places = _pulse.windows(count, window)
        waves = {
            "flicker_pump": _series.pump_features(luma, places),
            "flicker_hue": _series.colour_features(maps.series, places),
        }
        for index, (a, b) in enumerate(places):
            add("flicker_window", _pulse.whole_features(maps, a, b), a, b)
            add("flicker_region", _pulse.region_features(maps, maps.near, a, b)[0], a, b)
            add("flicker_swell", _pulse.region_features(maps, maps.swell, a, b)[0], a, b)
            for name, features in waves.items():
                add(name, features[index], a, b)
        if slow := flicker.long_windows(count, window):
            for (a, b), features in zip(slow, _series.pump_features(luma, slow), strict=True):
                add("flicker_slow", features, a, b)
        jump_rows(shown, add)
    for segment in view.segments:
        shown = pictures(view, segment)
        for k, features in enumerate(cut.cut_features(shown, cut.Settings().reach)):
            if np.isfinite(features).all():
                collected["cut"].append((features, int(shown.first[k]), int(shown.last[k]) + 1))
    rows: dict[str, Any] = {
        name: Rows(
            np.stack([r[0] for r in rows]), np.array([r[1] for r in rows]), np.array([r[2] for r in rows])
        )
        for name, rows in collected.items()
        if rows
    }
    return rows | {"flicker_boil": cells}


def jump_rows(shown: Pictures, add: Callable[[str, Floats, int, int], None]) -> None:
    """Give `add` the features of every place of one shot where something could pop."""
    count = len(shown)
    levels = Levels.of(shown)
    for length in range(1, pop.Settings().longest + 1):
        found = _spike.spikes(shown, levels, length)
        for k in range(count - length):
            add("pop_spike", found.whole[k], k, k + length)
            add("pop_patch", found.patch[k], k, k + length)
            add("pop_thing", found.thing[k], k, k + length)
    for name, features in (
        ("pop_step", _step.step_features(shown, levels)[0]),
        ("pop_shift", _step.shift_features(shown, levels)[0]),
    ):
        for k in range(count):
            add(name, features[k], k, k + 1)
    features, length, _ = _step.tail_features(shown, levels, pop.Settings().tail)
    if length:
        add("pop_tail", features, count - length, count)


def labels_of(name: str, item: Item, rows: Rows) -> Floats:
    """Say for each row whether it shows the model's fault: 1, 0, or NaN for neither."""
    spec, fault = item.spec, item.fault
    count = len(rows.features)
    unknown, clean = np.full(count, np.nan), np.zeros(count)
    kind = fault.kind if fault else ""
    if spec.scene in SHOWN:
        return unknown
    if name == "flicker_slow" and spec.scene in ("fade", "exposure", "dissolve"):
        return unknown  # up or down once is excused by a rule
    if name.startswith("flicker"):
        if spec.source == "corpus":
            if spec.label == "none":
                return clean
            local = spec.where not in ("", "-", "whole clip")
            return (
                np.ones(count) if name == "flicker" or (name == "flicker_window" and not local) else unknown
            )
        if fault is None:
            return clean
        if fault.detector != "flicker":
            return unknown
        wanted = {
            "flicker_window": WHOLE_FAULTS,
            "flicker_pump": PUMP_FAULTS,
            "flicker_hue": ("hue_pulse",),
            "flicker_slow": ("slow_pump", "pulse_4hz"),
            "flicker_region": REGION_FAULTS,
            "flicker_swell": SWELL_FAULTS,
        }.get(name, ())
        shared = np.minimum(rows.stop, fault.stop) - np.maximum(rows.first, fault.first)
        inside = shared >= INSIDE * (rows.stop - rows.first)
        outside = (rows.stop <= fault.first - 1) | (rows.first >= fault.stop + 1)
        out = np.where(outside, 0.0, np.nan)
        if kind in wanted:
            out[inside] = 1.0
        return out if name != "flicker" else unknown
    if name == "pop_tail" and spec.scene == "fade":
        return unknown  # a fade-out is excused by a rule
    irregular = any(
        word in spec.tags for word in ("cut", "fades", "flash", "disco", "fireworks", "popping", "loop")
    )
    if spec.source == "corpus":
        return clean if spec.label == "none" and not irregular else unknown
    if fault is None:
        return clean
    hit = np.minimum(rows.stop, fault.stop) > np.maximum(rows.first, fault.first)
    exact = (rows.first == fault.first) & (rows.stop == fault.stop)
    near = np.minimum(rows.stop, fault.stop + 5) > np.maximum(rows.first, fault.first - 5)
    if kind in JUMPS.get(name, ()):
        if kind in STEP_FAULTS:  # a picture that is held jumps at its first frame
            exact = fault.mask(len(item.signals.grid.pts))[rows.first]
        return np.where(exact, 1.0, np.where(near, np.nan, 0.0))
    if name == "pop_tail":
        return (
            np.ones(count)
            if kind in TAIL_FAULTS
            else unknown
            if fault.stop >= len(item.signals.grid.pts) - 9
            else clean
        )
    if name == "cut" and kind in CUTS:
        return np.where(exact, 1.0, np.where(near, np.nan, 0.0))
    if kind in (*LASTING, *STEP_FAULTS, *TAIL_FAULTS):
        return np.where(near, np.nan, 0.0)
    if name in JUMPS and fault.detector in ("flicker", "pop"):
        return np.where(hit if fault.detector == "flicker" else near, np.nan, 0.0)
    return clean


@dataclass(slots=True)
class Table:
    """Samples of one model over many clips."""

    features: Floats
    labels: Floats
    clip: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    weight: Floats


def gather(
    name: str,
    items: Sequence[Item],
    rows: Sequence[dict[str, Any]],
    groups: Sequence[int],
    hardest: int = 12,
) -> Table:
    """Collect labelled rows; of long clean clips only the hardest rows by any feature."""
    parts: list[tuple[Floats, Floats, int, int]] = []
    for index, (item, own) in enumerate(zip(items, rows, strict=True)):
        if name not in own:
            continue
        labels = labels_of(name, item, own[name])
        features = own[name].features
        keep = np.isfinite(labels)
        negative = np.flatnonzero(labels == 0)
        if not name.startswith("flicker") and len(negative) > hardest:
            ranks = np.argsort(-features[negative], axis=0)[:4]
            chosen = np.unique(negative[ranks.ravel()])
            rest = negative[:: max(1, len(negative) // 6)]
            keep[negative] = False
            keep[chosen] = True
            keep[rest] = True
        if keep.any():
            parts.append((features[keep], labels[keep], index, groups[index]))
    sizes = [len(part[0]) for part in parts]
    weight = np.concatenate([np.full(size, 1.0 / np.sqrt(size)) for size in sizes])
    return Table(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.repeat([part[2] for part in parts], sizes),
        np.repeat([part[3] for part in parts], sizes),
        weight,
    )


def logistic(x: Floats, y: Floats, weight: Floats, ridge: float) -> tuple[Floats, float]:
    """Ridge logistic regression by Newton's method; classes weigh the same. Returns weights, bias."""
    weight = weight.copy()
    for value in (0.0, 1.0):
        weight[y == value] *= 0.5 * len(y) / max(weight[y == value].sum(), 1e-9)
    design = np.column_stack([x, np.ones(len(x))])
    beta = np.zeros(design.shape[1])
    penalty = np.diag([ridge] * x.shape[1] + [1e-6])
    for _ in range(40):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (weight * (p - y)) + penalty @ beta
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design + penalty
        move = np.linalg.solve(curvature, gradient)
        size = float(np.abs(move).max())
        beta -= move * min(1.0, 5.0 / max(size, 1e-9))
        if size < 1e-7:
            break
    return beta[:-1], float(beta[-1])


def monotone(x: Floats, y: Floats, weight: Floats, ridge: float) -> tuple[Floats, float]:
    """Fit by `logistic` with no weight below zero: more of any feature never speaks for innocence.

    Features are left out one by one, the most negative weight first, until none is negative.
    """
    kept = list(range(x.shape[1]))
    while True:
        beta, bias = logistic(x[:, kept], y, weight, ridge)
        if not len(beta) or beta.min() >= 0:
            break
        del kept[int(beta.argmin())]
    weights = np.zeros(x.shape[1])
    weights[kept] = beta
    return weights, bias


def _standard(x: Floats, weight: Floats) -> tuple[Floats, Floats]:
    mean = np.average(x, axis=0, weights=weight)
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))
    return mean, np.maximum(scale, 1e-3)


def fit_model(name: str, items: Sequence[Item], table: Table, ridge: float = 3.0) -> dict[str, Any]:
    """Fit one model: weights on all rows, anchors on evidence from rows that were left out."""
    solve = monotone if name.startswith(("pop", "cut")) else logistic
    mean, scale = _standard(table.features, table.weight)
    x = np.clip((table.features - mean) / scale, -4.0, 4.0)
    weights, _ = solve(x, table.labels, table.weight, ridge)
    away = np.full(len(x), np.nan)
    for group in np.unique(table.group):
        train = table.group != group
        if len(np.unique(table.labels[train])) < 2:
            continue
        own_mean, own_scale = _standard(table.features[train], table.weight[train])
        inner = np.clip((table.features - own_mean) / own_scale, -4.0, 4.0)
        beta, bias = solve(inner[train], table.labels[train], table.weight[train], ridge)
        held = ~train
        # Fits differ in offset: bring the held-out evidence to the scale of the full fit.
        own, full = inner[train] @ beta, x[train] @ weights
        slope = full.std() / max(own.std(), 1e-9)
        away[held] = (inner[held] @ beta - own.mean()) * slope + full.mean()
        del bias
    untouched = np.asarray([items[clip].fault is None for clip in table.clip])
    clean = _clip_peaks(away, table, untouched & (table.labels == 0))
    faulty = _clip_peaks(away, table, table.labels == 1)
    return _row(name, (mean, scale, weights), clean, faulty)


def anchors(name: str, clean: Floats, faulty: Floats) -> dict[str, float]:
    """Evidence at which the score is 0.1, 0.5 and 0.8, from the peaks of clips that a fit had not seen."""
    limit = float(np.quantile(clean, CALMER.get(name, CALM)))
    weakest = float(np.quantile(faulty, 0.1))
    spread = SPREAD.get(name, 0.9) * float(clean.std())
    gap = weakest - limit
    half = limit + (max(MARGIN * gap, min(spread, 0.7 * gap)) if gap > 0 else spread)
    strong = max(float(np.median(faulty)), half + float(clean.std()))
    calm = float(np.quantile(clean, 0.5 if name == "flicker" else 0.9))
    return {"calm": round(calm, 4), "half": round(half, 4), "strong": round(strong, 4)}


def _row(name: str, fitted: tuple[Floats, Floats, Floats], clean: Floats, faulty: Floats) -> dict[str, Any]:
    mean, scale, weights = fitted
    return {
        "features": list(MODELS[name]),
        "mean": [round(float(v), 5) for v in mean],
        "scale": [round(float(v), 5) for v in scale],
        "weights": [round(float(v), 5) for v in weights[: len(mean)]],
        **anchors(name, clean, faulty),
        "clips_clean": len(clean),
        "clips_faulty": len(faulty),
    }


def fit_boil(items: Sequence[Item], rows: Sequence[dict[str, Any]], groups: Sequence[int]) -> dict[str, Any]:
    """Fit the cell model of boiling texture."""
    cells = [own.get("flicker_boil", []) for own in rows]
    model, clean, faulty = boil.fit(items, cells, groups, logistic)
    weights = model.weights[len(MODELS["flicker_boil"]) :]
    cross = [[i, j, round(float(w), 5)] for (i, j), w in zip(boil.CROSSED, weights, strict=True)]
    return {**_row("flicker_boil", (model.mean, model.scale, model.weights), clean, faulty), "cross": cross}


def _clip_peaks(evidence: Floats, table: Table, chosen: npt.NDArray[np.bool_]) -> Floats:
    peaks = []
    for clip in np.unique(table.clip[chosen]):
        values = evidence[(table.clip == clip) & chosen & np.isfinite(evidence)]
        if len(values):
            peaks.append(float(values.max()))
    return np.asarray(peaks)


def groups_of(items: Iterable[Item], count: int = 8) -> list[int]:
    """Deal folds out to groups, the largest first to the smallest group; one fold, one group."""
    items = list(items)
    sizes: dict[str, int] = {}
    for item in items:
        sizes[item.spec.fold] = sizes.get(item.spec.fold, 0) + 1
    held = [0] * count
    place: dict[str, int] = {}
    for fold in sorted(sizes, key=lambda name: (-sizes[name], name)):
        place[fold] = held.index(min(held))
        held[place[fold]] += sizes[fold]
    return [place[item.spec.fold] for item in items]


def fit(items: Sequence[Item], rows: Sequence[dict[str, Any]], groups: Sequence[int]) -> dict[str, Any]:
    """Fit all models; the result is what ``calibration.json`` holds, without figures."""
    models = {
        name: fit_model(name, items, gather(name, items, rows, groups))
        for name in MODELS
        if name != "flicker_boil"
    }
    models["flicker_boil"] = fit_boil(items, rows, groups)
    return {"date": date.today().isoformat(), "models": models, "figures": {}}


def crossed(
    items: Sequence[Item], rows: Sequence[dict[str, Any]], groups: Sequence[int]
) -> list[tuple[dict[str, Any], list[int]]]:
    """For each group, a table fitted on all others, and the items of the group."""
    out = []
    for group in sorted(set(groups)):
        train = [i for i, g in enumerate(groups) if g != group]
        table = fit([items[i] for i in train], [rows[i] for i in train], [groups[i] for i in train])
        out.append((table, [i for i, g in enumerate(groups) if g == group]))
    return out


def models_of(table: dict[str, Any], detector: str) -> list[str]:
    """Names of a detector's models."""
    return [name for name in table["models"] if name.split("_")[0] == detector]


def alone(table: dict[str, Any], detector: str, name: str) -> dict[str, Any]:
    """Copy a table in which only one of a detector's models can say anything."""
    silent = {"calm": 1e5, "half": 2e5, "strong": 3e5}
    muted = {other: silent for other in models_of(table, detector) if other != name}
    return {**table, "models": {k: {**row, **muted.get(k, {})} for k, row in table["models"].items()}}


def move_operating_points(table: dict[str, Any], points: Mapping[str, float]) -> None:
    """Let what a model scores as `points` says (above 0.5) score 0.5; strong faults stay at 0.8."""
    for name, score in points.items():
        row = table["models"][name]
        if score > 0.5:
            # Above `half`, evidence is `half` + logit(score) / log 4 × (`strong` − `half`).
            part = min(np.log(score / (1 - score)) / np.log(4.0), 0.9)
            row["half"] = round(row["half"] + part * (row["strong"] - row["half"]), 4)
