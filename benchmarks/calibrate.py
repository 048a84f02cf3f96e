"""Fit the detectors' models and write the table that the package ships.

    python -m benchmarks.calibrate CORPUS_DIR [--only steady|drift|mismatch] [--out FILE] [--cache DIR]

Each part is fitted on its own clips: ``steady`` (flicker, pop and cut), ``drift`` and ``mismatch``; with
``--only``, the others stay as they are in the table. Weights are fitted on everything; anchors on evidence
from folds that a fit left out. The operating points of flicker's and pop's models are then raised until at
most 3 % of the clean real clips (but one at least) and 5 % of other clean ones exceed any, each clip judged
by models that had not seen it; the figures in the table are measured after that.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: the repository is where `benchmarks` is found
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import accuracy, calibrate_looks, drift, drift_corpus, fit, fit_drift, looks, looks_corpus
from benchmarks.corpus import everything
from otio_ai_audit.detectors._score import TABLE


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Fit the detectors' models and write their table.")
    parser.add_argument("corpus", type=Path, help="folder with labels.tsv")
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument(
        "--cache", type=Path, default=Path(".benchmarks/signals"), help="keeps measured signals"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=PARTS, action="append", help="fit this part; may repeat")
    options = parser.parse_args(arguments)
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    for part in options.only or PARTS:
        PARTS[part](table, options.corpus, options.cache, options.workers)
    table["date"] = date.today().isoformat()
    options.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _steady(table: dict[str, Any], corpus: Path, cache: Path, workers: int) -> None:
    items = everything(corpus, cache, workers=workers)
    found = fit.fit(items, [fit.rows_of(item) for item in items], fit.groups_of(items))
    tables, points = accuracy.held_out(items)
    fit.move_operating_points(found, points)
    figures = accuracy.measure_figures(items, tables)
    accuracy.show(figures)
    table["models"].update(found["models"])
    table["figures"].update(_short(figures))


def _drift(table: dict[str, Any], corpus: Path, cache: Path, workers: int) -> None:
    items = drift_corpus.everything(corpus, cache, workers=workers)
    figures = drift.measure(items, drift.judged(items))
    drift.show(figures)
    groups = fit.groups_of(items)
    table["models"].update(fit_drift.fit(items, [fit_drift.rows_of(item) for item in items], groups))
    table["figures"]["drift"] = {
        name: round(float(row["value"]), 4) for name, row in figures["labelled"]["drift"].items()
    }


def _mismatch(table: dict[str, Any], corpus: Path, cache: Path, workers: int) -> None:
    rows = looks_corpus.everything(corpus, cache, workers=workers)
    figures = looks.figures(rows)
    looks.show(figures)
    found = calibrate_looks.fit(rows)
    table["models"].update(found.pop("models"))
    table.update(found)
    odd = figures["odd one out"][looks.OURS]
    table["figures"]["mismatch"] = {
        "same or other": round(float(figures["same or other"][looks.OURS]["AUC"]), 4),
        "odd one out": f"{odd['first']} of {odd['of']}",
        "labelled": round(float(figures["within groups"]["mismatch"][looks.OURS]["AUC"]), 4),
    }


PARTS: dict[str, Callable[[dict[str, Any], Path, Path, int], None]] = {
    "steady": _steady,
    "drift": _drift,
    "mismatch": _mismatch,
}


def _short(figures: dict[str, Any]) -> dict[str, Any]:
    """Keep what a reader of the table wants to know of its quality."""
    return {
        "clips": figures["clips"],
        "flicker": {k: round(float(v["value"]), 4) for k, v in figures["labels"].items() if "value" in v},
        "false_alarms": {
            detector: {kind: f"{row['alarms']} of {row['clips']}" for kind, row in kinds.items()}
            for detector, kinds in figures["false alarms"].items()
        },
        "found": {kind: round(float(row["found"]), 3) for kind, row in figures["faults"].items()},
    }


if __name__ == "__main__":
    main()
