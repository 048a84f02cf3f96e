"""The package's detector and what else is known, on the same clips.

    python -m benchmarks.rivals CORPUS [--cache DIR] [--json OUT] [--markdown OUT] [--packaged | --table FILE]

Rows are methods, columns are figures: on the labelled clips per clip (AUC, AP, hard negatives, pairs), on
whole clips with faults (see `benchmarks.protocol`) the average precision per frame. `benchmarks.formulas`
says what is restated from where. Where no paper says how a series becomes a clip's number, the better of its
mean and its 95th percentile counts. The packages takecheck and video-dailies are used where they are
installed (``pip install takecheck video-dailies``); they give one number a clip and none a frame.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import accuracy, corpus, formulas, protocol, whole
from benchmarks.corpus import Item
from benchmarks.formulas import Series

OURS = "otio-ai-audit"
SERIES = {
    "VBench temporal flickering": "vbench",
    "luma against its neighbours' mean": "luma",
    "luma step (ΔYAVG)": "luma_step",
    "FFmpeg YDIF": "ydif",
    "FFmpeg deflicker": "deflicker",
    "FFmpeg photosensitivity": "photosensitivity",
    "FFmpeg photosensitivity, per frame": "photosensitivity_frame",
    "E_warp": "warp",
}
MEANS = ("vbench", "warp")
"""Series whose papers take the mean over a clip."""
PACKAGES: dict[str, Callable[[Series, float], float | None]] = {
    "takecheck": formulas.takecheck,
    "video-dailies": formulas.dailies,
}
CLIP_COLUMNS = {
    "strong AUC": "AUC none / strong",
    "strong AP": "AP none / strong",
    "strong, hard AUC": "AUC hard none / strong",
    "slight counted AUC": "AUC none / slight+strong",
    "slight counted AP": "AP none / slight+strong",
    "slight counted, hard AUC": "AUC hard none / slight+strong",
    "pairs": "pairs in order",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A clip's number, where the accuracy benchmark looks for a detector's."""

    scores: Mapping[str, float]


def on_clips(items: Sequence[Item], values: Sequence[float]) -> dict[str, dict[str, Any]]:
    """Figures of one number a clip on the labelled clips."""
    judged: Any = [{"flicker": Said({i.spec.name: float(v)})} for i, v in zip(items, values, strict=True)]
    made = accuracy.on_labels(items, judged)
    return {
        column: {"value": made[name]["value"], "interval": made[name]["interval"]}
        for column, name in CLIP_COLUMNS.items()
    }


def on_frames(items: Sequence[Item], series: Sequence[Any]) -> dict[str, float]:
    """Mean over clips of the average precision per frame, for every kind of fault."""
    every: dict[str, list[float]] = {}
    for item, values in zip(items, series, strict=True):
        if item.fault is not None:
            every.setdefault(item.fault.kind, []).append(protocol.frame_ap(item, values))
    return {kind: float(np.mean(values)) for kind, values in every.items()}


def ours(
    labelled: Sequence[Item], faulty: Sequence[Item], judges: protocol.Judges
) -> dict[str, dict[str, Any]]:
    """Row of this package: the score per clip, and the curve of the detector whose fault it is."""
    scores = [
        accuracy.score(said, "flicker", i) for i, said in zip(labelled, judges.judge(labelled), strict=True)
    ]
    curves = [
        protocol.curve(item, said, item.fault.detector if item.fault else "flicker")
        for item, said in zip(faulty, judges.judge(faulty), strict=True)
    ]
    return {"clips": on_clips(labelled, scores), "frames": on_frames(faulty, curves)}


def rows(
    labelled: Sequence[Item],
    of_labelled: Sequence[Series],
    faulty: Sequence[Item],
    of_faulty: Sequence[Series],
) -> dict[str, dict[str, Any]]:
    """Rows of everything else."""
    out: dict[str, dict[str, Any]] = {}
    for name, key in SERIES.items():
        summaries = [[float(s[key].mean()) for s in of_labelled]]
        if key not in MEANS:
            summaries.append([float(np.percentile(s[key], 95)) for s in of_labelled])
        made = [on_clips(labelled, values) for values in summaries]
        best = max(made, key=lambda figures: figures["slight counted AP"]["value"])
        out[name] = {"clips": best, "frames": on_frames(faulty, [s[key] for s in of_faulty])}
    for name, score in PACKAGES.items():
        values = [score(s, float(i.signals.info.rate)) for i, s in zip(labelled, of_labelled, strict=True)]
        known = [value for value in values if value is not None]
        complete = len(known) == len(values)
        out[name] = {"clips": on_clips(labelled, known)} if complete else {"note": "not installed"}
    return out


def series_of(paths: Sequence[Path], cache: Path, workers: int) -> list[Series]:
    """Series of many files, from the cache or measured by a few processes."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(formulas.kept, paths, [cache] * len(paths), chunksize=2))


def markdown(table: Mapping[str, Mapping[str, Any]]) -> str:
    """Write the table as two in Markdown: per clip and per frame."""
    faults = list(next(iter(table.values()))["frames"])

    def lines(columns: Sequence[str], cells: Callable[[Mapping[str, Any]], Sequence[str]]) -> list[str]:
        head = ["| method | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
        return head + [f"| {name} | " + " | ".join(cells(row)) + " |" for name, row in table.items()]

    def clips(row: Mapping[str, Any]) -> list[str]:
        if "note" in row:
            return [str(row["note"]), *[""] * (len(CLIP_COLUMNS) - 1)]
        return [f"{row['clips'][column]['value']:.3f}" for column in CLIP_COLUMNS]

    def frames(row: Mapping[str, Any]) -> list[str]:
        return [f"{row['frames'][fault]:.3f}" if "frames" in row else "–" for fault in faults]

    return "\n".join(
        [
            "Labelled clips: one number a clip.",
            "",
            *lines(list(CLIP_COLUMNS), clips),
            "",
            "Whole clips with faults: average precision per frame, mean over clips.",
            "",
            *lines(faults, frames),
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="This package and what else is known, on the same clips.")
    protocol.add_arguments(parser)
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    options = parser.parse_args(arguments)
    folder, cache, workers = options.corpus, options.cache, options.workers
    labelled = corpus.measure_all(corpus.labelled(folder), folder, cache, workers)
    faulty = corpus.measure_all(protocol.clips(folder), folder, cache, workers)
    files = [whole.file_of(item.spec, folder, cache / "clips")[0] for item in faulty]
    series = series_of([*(folder / item.spec.file for item in labelled), *files], cache, workers)
    table = {OURS: ours(labelled, faulty, protocol.judges_of(options))}
    table |= rows(labelled, series[: len(labelled)], faulty, series[len(labelled) :])
    text = markdown(table)
    print(text)
    if options.markdown:
        options.markdown.parent.mkdir(parents=True, exist_ok=True)
        options.markdown.write_text(text, encoding="utf-8")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(table, indent=1, default=float) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
