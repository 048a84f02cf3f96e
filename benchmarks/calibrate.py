"""Fit the detectors' models and write the table that the package ships.

    python -m benchmarks.calibrate CORPUS_DIR [--out FILE] [--cache DIR]

Weights are fitted on everything; anchors on evidence from folds that a fit left out. Then the operating
points of flicker's and pop's models are raised until at most 3 % of the clean real clips (but one at least)
and 5 % of other clean ones exceed any, each clip judged by models that had not seen it; the figures in the
table are measured after that.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: the repository is where `benchmarks` is found
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import accuracy, fit
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
    options = parser.parse_args(arguments)
    items = everything(options.corpus, options.cache, workers=options.workers)
    table = fit.fit(items, [fit.rows_of(item) for item in items], fit.groups_of(items))
    tables, points = accuracy.held_out(items)
    fit.move_operating_points(table, points)
    figures = accuracy.measure_figures(items, tables)
    accuracy.show(figures)
    table["figures"] = _short(figures)
    options.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


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
