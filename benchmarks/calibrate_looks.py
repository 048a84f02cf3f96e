"""Fit what `mismatch` judges by: a map of looks, and three small models, on labelled subjects.

`fit` returns tables for ``calibration.json``: ``looks`` (mean and damped directions, see
`otio_ai_audit.detectors._gallery.mapped`) and the models ``mismatch_link``, ``mismatch``,
``mismatch_pair``. Anchors come from folds that a fit has not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.fit import logistic
from benchmarks.looks_corpus import Shown
from benchmarks.restage import OTHER
from otio_ai_audit.detectors import _groups, _odd, calibration
from otio_ai_audit.detectors._gallery import Apart, Glance, apart, glance, mapped, packed
from otio_ai_audit.detectors._score import calibrated_by

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DIRECTIONS = 48
"""Directions of looks that are damped."""
DAMPING = 10.0
"""Mean variance within subjects, times this, is added to every direction's."""
PARTS = 6
"""Folds are dealt into this many parts."""
RIDGE = 3.0
CALM = 0.985
"""Share of clips that belong to their group which stay below the operating point."""
PLATEAU = 0.01
"""Cuts whose agreement is this close to the best one are as good; their middle is taken."""
CALMER = 0.99
"""The same of ``mismatch_hue`` and ``mismatch_far``, which speak beside ``mismatch``."""
TRIALS = 6
"""Made groups of each sort per subject."""
NEAREST = 4
"""Strangers come from so many nearest other subjects' pictures."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A group as an edit might hold it, and which of its rows does not belong."""

    rows: tuple[int, ...]
    odd: int
    """Place in `rows`, -1: none."""
    sort: str
    """``clean``, ``alien``, a name of `OTHER` or of `SAME`."""
    group: str


def parts_of(rows: Sequence[Shown], count: int = PARTS) -> Ints:
    """Deal folds out to parts, the largest first to the smallest part."""
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row.fold] = sizes.get(row.fold, 0) + 1
    held, place = [0] * count, {}
    for fold in sorted(sizes, key=lambda name: (-sizes[name], name)):
        place[fold] = held.index(min(held))
        held[place[fold]] += sizes[fold]
    return np.array([place[row.fold] for row in rows])


def looks_table(rows: Sequence[Shown]) -> dict[str, Any]:
    """Find the mean look and the directions that vary most within subjects, changed copies included."""
    groups: dict[str, list[Floats]] = {}
    files: dict[str, list[Floats]] = {}
    everything = []
    for row in rows:
        assert row.signals is not None and row.signals.identity is not None
        look = row.signals.identity.look.astype(np.float64)
        if not row.change:
            everything.append(look.reshape(-1, look.shape[-1]).mean(axis=0))
        if row.cross == "match" and row.media == "still" and row.change not in OTHER:
            files.setdefault(row.file, []).append(look[0])
            if not row.change:
                groups.setdefault(row.group, []).append(look[0])
    mean = np.mean(everything, axis=0)

    def unit(values: Floats) -> Floats:
        moved = values - mean
        return np.asarray(moved / np.linalg.norm(moved, axis=-1, keepdims=True))

    within = []
    for some in groups.values():
        looks = unit(np.stack(some))
        if len(looks) > 1:
            within.append((looks - looks.mean(axis=(0, 1))).reshape(-1, looks.shape[-1]))
    for some in files.values():
        looks = unit(np.stack(some))
        within.append((looks[1:] - looks[0]).reshape(-1, looks.shape[-1]))
    scatter = np.concatenate(within)
    values, columns = np.linalg.eigh(scatter.T @ scatter)
    variance, directions = np.maximum(values[::-1], 0) / len(scatter), columns.T[::-1]
    added = DAMPING * float(variance.sum()) / scatter.shape[1]
    kept = np.sqrt(added / (variance[:DIRECTIONS] + added))
    return {
        "mean": packed(mean),
        "directions": packed(directions[:DIRECTIONS]),
        "kept": [round(float(v), 4) for v in kept],
    }


def strangers(rows: Sequence[Shown]) -> Floats:
    """Whole-picture cosine distance, unmapped: the fixed baseline that says who is near, (n, n)."""
    looks = []
    for row in rows:
        assert row.signals is not None and row.signals.identity is not None
        whole = row.signals.identity.look[:, 0].astype(np.float64).mean(axis=0)
        looks.append(whole / np.linalg.norm(whole))
    table = np.stack(looks)
    return np.asarray(1.0 - table @ table.T)


def trials_of(rows: Sequence[Shown], near: Floats, seed: int = 0) -> list[Trial]:
    """Make groups of three to six clips: as they are, with a stranger, with one changed either way."""
    rng = np.random.default_rng(seed)
    match = np.array([row.cross == "match" and not row.change for row in rows])
    names = sorted({row.group for row in rows})
    changed: dict[str, list[int]] = {}
    for k, row in enumerate(rows):
        if row.change:
            changed.setdefault(row.file, []).append(k)
    out: list[Trial] = []
    for name in names:
        own = np.array([k for k, row in enumerate(rows) if row.group == name and match[k]])
        if len(own) < 3:
            continue
        others = np.array([k for k, r in enumerate(rows) if match[k] and r.fold != rows[int(own[0])].fold])
        for _ in range(TRIALS):
            size = int(rng.integers(3, min(6, len(own)) + 1))
            some = [int(k) for k in rng.permutation(own)[:size]]
            out.append(Trial(tuple(some), -1, "clean", name))
            away = near[np.ix_(some, others)].min(axis=0)
            stranger = int(others[np.argsort(away)[int(rng.integers(NEAREST))]])
            out.append(Trial((*some, stranger), size, "alien", name))
            mine = changed.get(rows[some[-1]].file, [])
            for other in (True, False):
                fitting = [k for k in mine if (rows[k].change in OTHER) == other]
                if fitting:
                    k = fitting[int(rng.integers(len(fitting)))]
                    odd = size - 1 if other else -1
                    out.append(Trial((*some[:-1], k), odd, rows[k].change, name))
    return out


@dataclass(slots=True)
class Measured:
    """Rows with what the package makes of them, under one map of looks."""

    rows: Sequence[Shown]
    glances: list[Glance]
    between: Apart

    @classmethod
    def of(cls, rows: Sequence[Shown], looks: Mapping[str, Any] | None) -> Measured:
        table = {**calibration(), "looks": looks} if looks else {**calibration(), "looks": None}
        with calibrated_by(table):
            glances = [one for row in rows if (one := glance(row.use())) is not None]
        assert len(glances) == len(rows)
        return cls(rows, glances, apart(glances))

    def cases(self, trial: Trial) -> list[_odd.Case | None]:
        """Features of each clip of a made group."""
        between = self.between.among(np.asarray(trial.rows))
        return _odd.cases(
            between, [self.rows[k].file for k in trial.rows], np.zeros(len(trial.rows), dtype=np.bool_)
        )


def _model(
    features: Sequence[str], x: Floats, y: Floats, weight: Floats, part: Ints, keep: Sequence[int] = ()
) -> tuple[dict[str, Any], Floats]:
    """Fit a logistic whose weights are not negative; evidence of each row by folds without it."""
    mean = np.average(x, axis=0, weights=weight)
    scale = np.maximum(np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight)), 1e-3)
    z = np.clip((x - mean) / scale, -4, 4)
    weights = _monotone(z, y, weight)
    away = np.empty(len(x))
    for one in np.unique(part):
        train = part != one
        own = _monotone(z[train], y[train], weight[train])
        slope = (z[train] @ weights).std() / max(float((z[train] @ own).std()), 1e-9)
        away[~train] = z[~train] @ own * slope
    row = {
        "features": list(features),
        "mean": [round(float(v), 5) for v in mean],
        "scale": [round(float(v), 5) for v in scale],
        "weights": [round(float(v), 5) for v in weights],
    }
    return row, away


def _monotone(x: Floats, y: Floats, weight: Floats) -> Floats:
    """Leave features out, the most negative weight first, until none is negative."""
    kept = list(range(x.shape[1]))
    while True:
        beta, _ = logistic(x[:, kept], y, weight, RIDGE)
        if not len(beta) or beta.min() >= 0:
            break
        del kept[int(beta.argmin())]
    out = np.zeros(x.shape[1])
    out[kept] = beta
    return out


def _weights(groups: Sequence[str]) -> Floats:
    """Every subject counts the same."""
    _, at, count = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return np.asarray(1.0 / count[at] * len(at) / len(count), dtype=np.float64)


def _anchored(row: dict[str, Any], calm: float, half: float, strong: float) -> dict[str, Any]:
    half = max(half, calm + 0.2)
    anchors = {"calm": calm, "half": half, "strong": max(strong, half + 0.2)}
    return {**row, **{name: round(float(value), 4) for name, value in anchors.items()}}


def link_samples(held: Measured) -> tuple[Floats, Floats, Floats, Ints]:
    """Pairs of clips as they are: features, 1 for two subjects, weights, part."""
    rows = held.rows
    use = [k for k, row in enumerate(rows) if row.cross == "match" and not row.change]
    part = parts_of(rows)
    x, y, groups, parts = [], [], [], []
    for place, i in enumerate(use):
        for j in use[place + 1 :]:
            same = rows[i].group == rows[j].group
            if not same and rows[i].fold == rows[j].fold:
                continue
            x.append([held.between.look[i, j], held.between.hue[i, j]])
            y.append(0.0 if same else 1.0)
            groups.append(f"{rows[i].group} {same}")
            parts.append(part[i])
    return np.array(x), np.array(y), _weights(groups), np.array(parts)


def fit_link(held: Measured) -> dict[str, Any]:
    """Fit ``mismatch_link``; its operating point is where grouping by itself agrees best with the labels."""
    x, y, weight, part = link_samples(held)
    row, away = _model(_groups.LINK, x, y, weight, part)
    same, other = away[y == 0], away[y == 1]
    calm, strong = float(np.median(same)), float(np.median(other))
    reached: list[tuple[float, float]] = []
    for half in np.linspace(float(np.quantile(same, 0.6)), float(np.quantile(other, 0.1)), 25):
        table = _anchored(row, calm, float(half), strong)
        reached.append((float(np.mean(list(agreements(held, table)))), float(half)))
    top = max(reached)[0]
    level = [half for agreement, half in reached if agreement >= top - PLATEAU]
    return _anchored(row, calm, float(np.median(level)), strong)


def agreements(held: Measured, link: Mapping[str, Any], seed: int = 1) -> Iterator[float]:
    """Yield adjusted Rand indices of grouping everything, and edits of five to ten subjects."""
    rows = held.rows
    use = np.array([k for k, row in enumerate(rows) if row.cross == "match" and not row.change])
    with calibrated_by({**calibration(), "models": {**calibration()["models"], "mismatch_link": link}}):
        distance = _groups.link_distance(held.between.among(use))
    names = np.array([rows[k].group for k in use])
    yield grouped(distance, names)
    rng = np.random.default_rng(seed)
    kinds = np.unique(names)
    for _ in range(12):
        some = rng.permutation(kinds)[: int(rng.integers(5, 11))]
        at = np.flatnonzero(np.isin(names, some))
        yield grouped(distance[np.ix_(at, at)], names[at])


def grouped(distance: Floats, names: npt.NDArray[np.str_]) -> float:
    """Return the adjusted Rand index of what linkage finds; a clip in no group is a group of its own."""
    found = np.arange(len(names)) + len(names)
    for number, group in enumerate(_groups.linked(distance, _groups.CUT)):
        found[group] = number
    return adjusted_rand(names, found)


def adjusted_rand(truth: npt.NDArray[Any], found: npt.NDArray[Any]) -> float:
    """Agreement of two groupings: 1 the same, 0 as by chance (Hubert and Arabie 1985)."""
    _, a = np.unique(truth, return_inverse=True)
    _, b = np.unique(found, return_inverse=True)
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)

    def pairs(values: Floats) -> float:
        return float((values * (values - 1) / 2).sum())

    both, one, other = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    chance = one * other / pairs(np.array([float(len(a))]))
    most = (one + other) / 2
    return 1.0 if most == chance else (both - chance) / (most - chance)


def odd_samples(
    held: Measured, trials: Sequence[Trial]
) -> tuple[Floats, Floats, list[str], Ints, list[tuple[int, int]]]:
    """Clips of made groups: features, 1 for odd, group, part, and (trial, place)."""
    part = parts_of(held.rows)
    x, y, groups, parts, at = [], [], [], [], []
    for number, trial in enumerate(trials):
        for place, case in enumerate(held.cases(trial)):
            if case is None or case.pair:
                continue
            x.append(case.features)
            y.append(1.0 if place == trial.odd else 0.0)
            groups.append(f"{trial.group} {trial.sort == 'alien'} {place == trial.odd}")
            parts.append(part[trial.rows[0]])
            at.append((number, place))
    return np.stack(x), np.array(y), groups, np.array(parts), at


def fit_odd(held: Measured, trials: Sequence[Trial]) -> dict[str, Any]:
    """Fit ``mismatch``."""
    x, y, groups, part, at = odd_samples(held, trials)
    weight = _weights(groups)
    sort = np.array([trials[number].sort for number, _ in at])
    row, away = _model(_odd.FEATURES, x, y, np.where(sort == "hue", 1e-6, weight), part)
    own = (y == 0) & ~np.isin(sort, ["alien", *OTHER])
    aliens = (y == 1) & (sort == "alien")
    return _anchored(
        row,
        float(np.median(away[own])),
        float(np.quantile(away[own], CALM)),
        float(np.median(away[aliens])),
    )


def fit_hue(held: Measured, trials: Sequence[Trial]) -> dict[str, Any]:
    """Fit ``mismatch_hue`` on subjects whose hue was changed."""
    x, y, groups, part, at = odd_samples(held, trials)
    sort = np.array([trials[number].sort for number, _ in at])
    own = (y == 0) & ~np.isin(sort, ["alien", *OTHER])
    turned = (y == 1) & (sort == "hue")
    use = own | turned
    row, away = _model(
        [_odd.FEATURES[k] for k in _odd.HUE],
        x[use][:, list(_odd.HUE)],
        y[use],
        _weights([g for g, u in zip(groups, use, strict=True) if u]),
        part[use],
    )
    return _anchored(
        row,
        float(np.median(away[own[use]])),
        float(np.quantile(away[own[use]], CALMER)),
        float(np.quantile(away[turned[use]], 0.9)),
    )


def fit_far(held: Measured, near: Floats, trials: Sequence[Trial]) -> dict[str, Any]:
    """Fit ``mismatch_far`` on strangers, and on groups in which everybody is a stranger to everybody."""
    x, y, groups, part, at = odd_samples(held, trials)
    sort = np.array([trials[number].sort for number, _ in at])
    own = (y == 0) & ~np.isin(sort, ["alien", *OTHER])
    use = own | ((y == 1) & (sort == "alien"))
    mixed = crowds(held.rows, near)
    more, _, names, parts, _ = odd_samples(held, mixed)
    labels = np.concatenate([y[use], np.ones(len(more))])
    weight = _weights([*(g for g, u in zip(groups, use, strict=True) if u), *names])
    features = np.concatenate([x[use], more])[:, list(_odd.FAR)]
    row, away = _model(
        [_odd.FEATURES[k] for k in _odd.FAR], features, labels, weight, np.concatenate([part[use], parts])
    )
    return _anchored(
        row,
        float(np.median(away[labels == 0])),
        float(np.quantile(away[labels == 0], CALMER)),
        float(np.quantile(away[labels == 1], 0.75)),
    )


def crowds(rows: Sequence[Shown], near: Floats) -> list[Trial]:
    """Make groups of four clips of four subjects, each the nearest to the ones before it."""
    use = [k for k, row in enumerate(rows) if row.cross == "match" and not row.change]
    out = []
    for first in use[::3]:
        some = [first]
        while len(some) < 4:
            folds = {rows[k].fold for k in some}
            others = [k for k in use if rows[k].fold not in folds]
            some.append(min(others, key=lambda k: float(near[k, some].min())))
        out.append(Trial(tuple(some), -1, "crowd", f"crowd {rows[first].group}"))
    return out


def fit_pair(held: Measured) -> dict[str, Any]:
    """Fit ``mismatch_pair`` on pairs of one subject and of a subject and its nearest stranger."""
    rows, near = held.rows, strangers(held.rows)
    use = [k for k, row in enumerate(rows) if row.cross == "match" and not row.change]
    part = parts_of(rows)
    x, y, groups, parts = [], [], [], []
    for i in use:
        others = np.array([k for k in use if rows[k].fold != rows[i].fold])
        closest = others[np.argsort(near[i, others])[:NEAREST]]
        own = [k for k in use if rows[k].group == rows[i].group and k != i]
        changed = [k for k, row in enumerate(rows) if row.group == rows[i].group and row.file != rows[i].file]
        altered = [k for k in changed if rows[k].change in OTHER][:NEAREST]
        for some, odd in ((closest, 1.0), (own, 0.0), (altered, 1.0)):
            for k in some:
                x.append([held.between.look[i, k], held.between.hue[i, k]])
                y.append(odd)
                groups.append(f"{rows[i].group} {odd}")
                parts.append(part[i])
    labels = np.array(y)
    row, away = _model(_odd.PAIR, np.array(x), labels, _weights(groups), np.array(parts))
    same, other = away[labels == 0], away[labels == 1]
    return _anchored(
        row, float(np.median(same)), float(np.quantile(same, CALM)), float(np.quantile(other, 0.75))
    )


def fit(rows: Sequence[Shown]) -> dict[str, Any]:
    """Fit everything on all rows.

    Features are taken under maps that had not seen a row's fold: a map flatters what it was found on.

    Returns
    -------
    dict
        ``looks`` (what `mapped` reads) and ``models`` (name → row), to be merged into the table.
    """
    return {"looks": looks_table(rows), "models": fit_models(held_out(rows))}


def fit_models(held: Measured) -> dict[str, Any]:
    """Fit every model on clips as they are held."""
    near = strangers(held.rows)
    trials = trials_of(held.rows, near)
    return {
        "mismatch_link": fit_link(held),
        "mismatch": fit_odd(held, trials),
        "mismatch_hue": fit_hue(held, trials),
        "mismatch_far": fit_far(held, near, trials),
        "mismatch_pair": fit_pair(held),
    }


def crossed(held: Measured) -> list[tuple[int, dict[str, Any]]]:
    """For each part of the folds, models that were fitted on all others."""
    part = parts_of(held.rows)
    out = []
    for one in np.unique(part):
        rest = np.flatnonzero(part != one)
        own = Measured([held.rows[k] for k in rest], [], held.between.among(rest))
        out.append((int(one), fit_models(own)))
    return out


def held_out(rows: Sequence[Shown]) -> Measured:
    """Measure every row under maps that were found without its fold.

    Two rows of different parts are compared under the mean of both parts' maps: their distance is the
    mean of the two.
    """
    part = parts_of(rows)
    look = np.zeros((len(rows), len(rows)))
    plain = Measured.of(rows, None)
    for one in np.unique(part):
        table = looks_table([row for row, p in zip(rows, part, strict=True) if p != one])
        with calibrated_by({**calibration(), "looks": table}):
            own = [replace(g, look=mapped(g.look)) for g in plain.glances]
        inside = part == one
        look[inside] += apart(own).look[inside]
    return Measured(rows, plain.glances, Apart(0.5 * (look + look.T), plain.between.hue, plain.between.face))
