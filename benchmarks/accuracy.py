"""How well the detectors tell faults from clean pictures, on labelled clips and made faults.

    python -m benchmarks.accuracy CORPUS_DIR [--json OUT] [--quick] [--packaged] [--cache DIR]

Every clip is judged by models that have not seen its footage: folds are dealt out to eight groups, and
each group is judged by a fit on the other seven. ``--packaged`` judges by the table that the package
ships instead; those figures are in sample. The corpus is not part of the project (see its README for
columns and labels).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # run as a file: the repository is where `benchmarks` is found
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import drift, drift_corpus, faces, fit, looks, looks_corpus
from benchmarks.corpus import Item, everything
from benchmarks.figures import auc, average_precision, bootstrap, f1
from otio_ai_audit.detectors import DETECTORS, calibration
from otio_ai_audit.detectors._score import calibrated_by
from otio_ai_audit.model import WARNING, Detection

Judged = dict[str, Detection]
Tables = list[tuple[Any, list[int]]]
STEADY = {name: module for name, module in DETECTORS.items() if not getattr(module, "NEEDS_IDENTITY", False)}
"""Detectors of what no network looks at; the others have clips and figures of their own."""


def judge(item: Item) -> Judged:
    """Run every detector of `STEADY` over one clip."""
    use = item.use()
    return {name: module.detect([use], module.Settings()) for name, module in STEADY.items()}


def held_out(items: Sequence[Item]) -> tuple[Tables, dict[str, float]]:
    """Tables fitted without the clips they judge, and operating points of flicker and pop, moved in them."""
    tables = fit.crossed(items, [fit.rows_of(item) for item in items], fit.groups_of(items))
    points = operating_points(items, tables) | operating_points(items, tables, "pop")
    for table, _ in tables:
        fit.move_operating_points(table, points)
    return tables, points


def operating_points(items: Sequence[Item], tables: Tables, detector: str = "flicker") -> dict[str, float]:
    """Score of each of a detector's models that the clean clips stay below.

    Of real ones at most 3 % (and at least one) may exceed it, by the contract of the score, of others 5 %:
    the worst.
    """
    names = fit.models_of(tables[0][0], detector)
    rows: dict[bool, list[list[float]]] = {True: [], False: []}
    for table, indices in tables:
        for item in (items[index] for index in indices):
            if item.spec.source == "corpus" and item.spec.label == "none":
                scores = [_score_by(fit.alone(table, detector, name), detector, item) for name in names]
                rows[item.spec.kind == "real"].append(scores)
    highest = np.zeros(len(names))
    for real, some in rows.items():
        values = np.array(some)
        allowed = max(1, int((0.03 if real else 0.05) * len(values)))
        others = values[np.argsort(-values.max(axis=1), kind="stable")[allowed:]]
        highest = np.maximum(highest, others.max(axis=0))
    return {name: float(top) + 0.02 for name, top in zip(names, highest, strict=True)}


def _score_by(table: dict[str, Any], detector: str, item: Item) -> float:
    with calibrated_by(table):
        said = DETECTORS[detector].detect([item.use()], DETECTORS[detector].Settings())
    return said.scores[item.spec.name] or 0.0


def judge_all(items: Sequence[Item], tables: Tables) -> list[Judged]:
    """Judge every clip by its table."""
    out: list[Judged] = [{} for _ in items]
    for table, indices in tables:
        with calibrated_by(table):
            for index in indices:
                out[index] = judge(items[index])
    return out


def score(judged: Judged, detector: str, item: Item) -> float:
    """Score of a clip; not applicable counts as 0."""
    return judged[detector].scores.get(item.spec.name) or 0.0


def on_labels(items: Sequence[Item], judged: Sequence[Judged]) -> dict[str, Any]:
    """Figures of flicker on the labelled clips, each with its interval over folds."""
    rows = [(item, score(said, "flicker", item)) for item, said in zip(items, judged, strict=True)]
    rows = [(item, value) for item, value in rows if item.spec.source == "corpus"]
    out: dict[str, Any] = {}

    def both(name: str, positive: tuple[str, ...], hard: bool) -> None:
        chosen = [
            (item, value)
            for item, value in rows
            if item.spec.label in positive or (item.spec.label == "none" and (item.spec.hard or not hard))
        ]
        values = np.array([value for _, value in chosen])
        truth = np.array([item.spec.label in positive for item, _ in chosen], dtype=bool)
        folds = [item.spec.fold for item, _ in chosen]
        for figure, made in (
            ("AUC", lambda i: auc(values[i][~truth[i]], values[i][truth[i]])),
            ("AP", lambda i: average_precision(truth[i], values[i])),
        ):
            every = np.arange(len(chosen))
            out[f"{figure} {name}"] = {
                "value": made(every),
                "interval": bootstrap(made, folds),
                "clips": [int((~truth).sum()), int(truth.sum())],
            }

    both("none / strong", ("strong",), False)
    both("none / slight+strong", ("slight", "strong"), False)
    both("none / slight", ("slight",), False)
    both("hard none / strong", ("strong",), True)
    both("hard none / slight+strong", ("slight", "strong"), True)
    both("hard none / slight", ("slight",), True)
    out["pairs in order"] = _pairs(rows)
    strong = np.array([value for item, value in rows if item.spec.label == "strong"])
    slight = np.array([value for item, value in rows if item.spec.label == "slight"])
    out["found at warning"] = {
        "strong": float((strong >= WARNING).mean()),
        "slight": float((slight >= WARNING).mean()),
    }
    out["median score"] = {"strong": float(np.median(strong)), "slight": float(np.median(slight))}
    return out


def _pairs(rows: Sequence[tuple[Item, float]]) -> dict[str, Any]:
    rank = {"none": 0, "slight": 1, "strong": 2}
    right: list[float] = []
    folds: list[str] = []
    for i, (one, first) in enumerate(rows):
        for other, second in rows[i + 1 :]:
            if not set(one.spec.pairs) & set(other.spec.pairs):
                continue
            order = rank[one.spec.label] - rank[other.spec.label]
            if order:
                right.append(1.0 if (first - second) * order > 0 else 0.5 if first == second else 0.0)
                folds.append(one.spec.fold)
    values = np.array(right)
    return {
        "value": float(values.mean()),
        "interval": bootstrap(lambda i: float(values[i].mean()), folds),
        "pairs": len(right),
    }


def false_alarms(items: Sequence[Item], judged: Sequence[Judged]) -> dict[str, Any]:
    """Share of clean clips that reach a warning, per detector and kind of clip, and which ones."""
    kinds = {
        "real": lambda s: s.source == "corpus" and s.kind == "real" and s.label == "none",
        "real, hard": lambda s: s.source == "corpus" and s.kind == "real" and s.label == "none" and s.hard,
        "generated, none": lambda s: s.source == "corpus" and s.kind != "real" and s.label == "none",
        "real again": lambda s: s.source == "again" and not s.fault,
        "made": lambda s: s.source == "made" and not s.fault,
        "moves over stills": lambda s: s.source == "still",
    }
    out: dict[str, Any] = {}
    for detector in STEADY:
        out[detector] = {}
        for name, wanted in kinds.items():
            rows = [(i, s) for i, s in zip(items, judged, strict=True) if wanted(i.spec)]
            values = np.array([score(said, detector, item) for item, said in rows])
            loud = values >= WARNING
            out[detector][name] = {
                "alarms": int(loud.sum()),
                "clips": len(values),
                "interval": bootstrap(
                    lambda i, loud=loud: float(loud[i].mean()), [i.spec.fold for i, _ in rows]
                ),
                "which": [
                    f"{item.spec.name} {value:.2f} {item.spec.tags}"
                    for (item, _), value, bad in zip(rows, values, loud, strict=True)
                    if bad
                ],
            }
    return out


def on_faults(items: Sequence[Item], judged: Sequence[Judged]) -> dict[str, Any]:
    """Per kind of fault: found, frames, AP per frame and per clip, region overlap."""
    out: dict[str, Any] = {}
    kinds = sorted({item.fault.kind for item in items if item.fault is not None})
    for kind in kinds:
        rows = [
            (i, s) for i, s in zip(items, judged, strict=True) if i.fault is not None and i.fault.kind == kind
        ]
        first = rows[0][0].fault
        assert first is not None
        detector = first.detector
        clean = [
            score(s, detector, i)
            for i, s in zip(items, judged, strict=True)
            if i.fault is None and i.spec.source in ("again", "made")
        ]
        faulty = [score(s, detector, i) for i, s in rows]
        truth, said, curve, exact, overlap = [], [], [], [], []
        for item, one in rows:
            t, s, c, e, o = _frames(item, one[detector])
            truth.append(t)
            said.append(s)
            curve.append(c)
            exact.append(e)
            overlap.append(o)
        regions = [o for o in overlap if o is not None]
        out[kind] = {
            "detector": detector,
            "clips": len(rows),
            "found": float(np.mean(np.array(faulty) >= WARNING)),
            "AP clips": average_precision(
                [False] * len(clean) + [True] * len(faulty), np.array([*clean, *faulty])
            ),
            "F1 frames": f1(np.concatenate(truth), np.concatenate(said)),
            "AP frames": average_precision(np.concatenate(truth), np.concatenate(curve)),
            "AP each clip": float(
                np.mean([average_precision(t, c) for t, c in zip(truth, curve, strict=True)])
            ),
            "within 2 frames": float(np.mean(exact)),
            "region IoU": float(np.median(regions)) if regions else None,
        }
    return out


def _frames(item: Item, said: Detection) -> tuple[Any, Any, Any, bool, float | None]:
    fault = item.fault
    assert fault is not None
    times = item.signals.times
    truth = fault.mask(len(times))
    found = np.zeros(len(times), dtype=bool)
    near, overlap = False, None
    for one in said.findings:
        if one.score < WARNING:
            continue
        inside = (times >= one.start - 1e-6) & (times < one.start + one.duration - 1e-6)
        found |= inside
        where = np.flatnonzero(inside)
        if len(where) and abs(where[0] - fault.first) <= 2 and abs(where[-1] + 1 - fault.stop) <= 2:
            near = True
        if fault.region is not None and (inside & truth).any():
            overlap = max(overlap or 0.0, iou(one.region, fault.region))
    drawn = said.curves.get(item.spec.name)
    curve = np.zeros(len(times))
    if drawn is not None:
        curve[: len(drawn.score)] = drawn.score[: len(times)]
    return truth, found, curve, near, overlap


def iou(one: tuple[float, ...] | None, other: tuple[float, ...]) -> float:
    """Intersection over union of two boxes; None is the whole picture."""
    a = one or (0.0, 0.0, 1.0, 1.0)
    w = min(a[0] + a[2], other[0] + other[2]) - max(a[0], other[0])
    h = min(a[1] + a[3], other[1] + other[3]) - max(a[1], other[1])
    both = max(0.0, w) * max(0.0, h)
    return both / (a[2] * a[3] + other[2] * other[3] - both)


def measure_figures(items: Sequence[Item], tables: Tables) -> dict[str, Any]:
    """All figures as one JSON-able mapping."""
    judged = judge_all(items, tables)
    return {
        "judged by": "the packaged table (in sample)"
        if len(tables) == 1
        else "models that have not seen the footage",
        "clips": len(items),
        "labels": on_labels(items, judged),
        "false alarms": false_alarms(items, judged),
        "faults": on_faults(items, judged),
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures as tables."""
    print(f"{figures['clips']} clips, judged by {figures['judged by']}\n\nflicker on labelled clips")
    for name, row in figures["labels"].items():
        if "interval" in row:
            low, high = row["interval"]
            print(
                f"  {name:34} {row['value']:.3f}  [{low:.3f}, {high:.3f}]  "
                f"{row.get('clips') or row.get('pairs')}"
            )
        else:
            print(f"  {name:34} " + "  ".join(f"{key} {value:.2f}" for key, value in row.items()))
    print("\nclean clips at warning or above")
    for detector, kinds in figures["false alarms"].items():
        print(
            f"  {detector:8} " + "   ".join(f"{kind} {r['alarms']}/{r['clips']}" for kind, r in kinds.items())
        )
        for row in kinds.values():
            for which in row["which"]:
                print(f"             {which}")
    print(f"\n{'fault':14} {'detector':9} clips found AP-clip F1-frame AP-frame each-clip within-2 IoU")
    for kind, row in figures["faults"].items():
        region = "" if row["region IoU"] is None else f"{row['region IoU']:.2f}"
        print(
            f"{kind:14} {row['detector']:9} {row['clips']:5} {row['found']:5.2f} {row['AP clips']:7.3f} "
            f"{row['F1 frames']:8.3f} {row['AP frames']:8.3f} {row['AP each clip']:9.3f} "
            f"{row['within 2 frames']:8.2f} {region}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description="Figures of the detectors on labelled clips and made faults."
    )
    parser.add_argument("corpus", type=Path, help="folder with labels.tsv")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--quick", action="store_true", help="a third of the clips; figures are rough")
    parser.add_argument("--packaged", action="store_true", help="judge by the packaged table (in sample)")
    parser.add_argument(
        "--cache", type=Path, default=Path(".benchmarks/signals"), help="keeps measured signals"
    )
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    items = everything(options.corpus, options.cache, options.quick, options.workers)
    tables = [(calibration(), list(range(len(items))))] if options.packaged else held_out(items)[0]
    figures = measure_figures(items, tables)
    show(figures)
    print("\ndrift")
    drifting = drift_corpus.everything(options.corpus, options.cache, options.quick, options.workers)
    figures["drift"] = drift.measure(drifting, drift.judged(drifting, options.packaged))
    drift.show(figures["drift"])
    print("\nmismatch, judged by what was fitted on other footage")
    figures["mismatch"] = looks.figures(
        looks_corpus.everything(options.corpus, options.cache, options.workers)
    )
    looks.show(figures["mismatch"])
    print("\nfaces")
    figures["faces"] = faces.separation(list(faces.tracks_of(options.corpus)))
    faces.show("identity", figures["faces"])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1, default=float), encoding="utf-8")


if __name__ == "__main__":
    main()
