"""Faults in whole clips, at known frames and places: are they found, and when, and where.

    python -m benchmarks.protocol CORPUS [--cache DIR] [--json OUT] [--packaged | --table FILE] [--moves N]

Into each of ten clean labelled clips (every generated one, the rest camera footage, each of another
scene), at their own size and up to 120 frames, go: gain that alternates by ±3 % and ±12 %, a 4 Hz pulse of
±10 %, an ellipse that alternates by ±15 %, one frame of +20 %, texture that boils (a smooth random
displacement of 3.5 px in a picture 832 wide, new each frame, in an ellipse of 20 × 34 % of the picture, with
correlations of 6, 14 and 30 px), a hue that drifts, a freeze of 16 frames, and a last-5-frames ramp. x264
crf 14. Then a larger made set for false alarms: a camera that moves over photographs and clips.

Every clip is judged by a table that has not seen its footage, unless ``--packaged`` or ``--table`` names one.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import accuracy, corpus
from benchmarks.corpus import Item, Spec
from benchmarks.figures import average_precision, bootstrap
from otio_ai_audit.detectors import calibration
from otio_ai_audit.detectors._score import calibrated_by
from otio_ai_audit.model import WARNING

FAULTS = (
    *("alternate:0.03", "alternate:0.12", "pulse:0.1", "local:0.15", "pop:0.2"),
    *("boil_6:3.5", "boil_14:3.5", "boil_30:3.5", "hue:0.75", "freeze:16", "tail:0.2"),
)
CLIPS = 10
LEAST = 60
Judged = dict[str, Any]


class Judges:
    """Calibration tables, and which one has not seen a fold."""

    def __init__(self, tables: Sequence[tuple[Mapping[str, Any], set[str]]], said: str) -> None:
        self.tables = tables
        self.said = said

    @classmethod
    def held_out(cls, folder: Path, cache: Path, workers: int) -> Judges:
        """Fit as `benchmarks.accuracy` does: each group of folds by the others."""
        items = corpus.everything(folder, cache, workers=workers)
        tables, _ = accuracy.held_out(items)
        own = [(table, {items[index].spec.fold for index in indices}) for table, indices in tables]
        return cls(own, "models that have not seen the footage")

    @classmethod
    def one(cls, table: Mapping[str, Any], said: str) -> Judges:
        """Use one table for everything."""
        return cls([(table, set())], said)

    def table(self, fold: str) -> Mapping[str, Any]:
        """Table that was fitted without a fold."""
        return next((table for table, folds in self.tables if fold in folds), self.tables[0][0])

    def judge(self, items: Sequence[Item]) -> list[Judged]:
        """Run every detector over every clip."""
        out = []
        for item in items:
            with calibrated_by(self.table(item.spec.fold)):
                out.append(accuracy.judge(item))
        return out


def bases(folder: Path, count: int = CLIPS) -> list[Spec]:
    """Choose clean clips: every generated one, then camera footage, one a scene; nothing irregular."""
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as file:
        frames = {row["file"]: int(row["frames"] or 0) for row in csv.DictReader(file, delimiter="\t")}
    calm = [
        spec
        for spec in corpus.labelled(folder)
        if spec.label == "none"
        and not spec.hard
        and frames[spec.file] >= LEAST
        and not any(word in spec.tags for word in corpus.IRREGULAR)
    ]
    chosen = [spec for spec in calm if spec.kind == "ai-generated"]
    scenes = {spec.fold: spec for spec in reversed(calm) if spec.kind == "real"}
    camera = [scenes[fold] for fold in sorted(scenes)]
    places = np.linspace(0, len(camera) - 1, max(0, min(len(camera), count - len(chosen))))
    return chosen + [camera[round(place)] for place in places]


def clips(folder: Path, faults: Sequence[str] = FAULTS, count: int = CLIPS) -> list[Spec]:
    """List every base clip encoded again, clean and with each fault."""
    return [
        Spec(
            name=f"{fault or 'clean'}:{base.file}",
            fold=base.fold,
            source="whole",
            file=base.file,
            seed=seed,
            fault=fault,
            kind=base.kind,
            label="" if fault else "none",
            tags=base.tags,
        )
        for seed, base in enumerate(bases(folder, count))
        for fault in ("", *faults)
    ]


def frame_ap(item: Item, series: Sequence[float] | np.ndarray[Any, Any]) -> float:
    """Average precision of a series over the frames of one clip with a fault."""
    assert item.fault is not None
    truth = np.zeros(len(item.signals.grid.pts), dtype=bool)
    truth[item.fault.first : item.fault.stop] = True
    values = np.zeros(len(truth))
    given = np.nan_to_num(np.asarray(series, dtype=float))[: len(truth)]
    values[: len(given)] = given
    return average_precision(truth, values)


def curve(item: Item, said: Judged, detector: str) -> np.ndarray[Any, Any]:
    """Score a frame, shape (frames,); 0 where nothing was said."""
    drawn = said[detector].curves.get(item.spec.name)
    return np.zeros(len(item.signals.grid.pts)) if drawn is None else np.asarray(drawn.score, dtype=float)


def on_faults(items: Sequence[Item], judged: Sequence[Judged]) -> dict[str, Any]:
    """Per fault: frame-level AP, found at warning, region overlap, exact to the frame."""
    out: dict[str, Any] = {}
    kinds = dict.fromkeys(item.fault.kind for item in items if item.fault)
    for kind in kinds:
        rows = [(i, s) for i, s in zip(items, judged, strict=True) if i.fault and i.fault.kind == kind]
        assert rows[0][0].fault is not None
        detector = rows[0][0].fault.detector
        every, exact, overlap = [], [], []
        for item, said in rows:
            every.append(frame_ap(item, curve(item, said, detector)))
            exact.append(_exact(item, said[detector]))
            overlap.append(accuracy._frames(item, said[detector])[4])
        scores = np.array([accuracy.score(said, detector, item) for item, said in rows])
        regions = [o for o in overlap if o is not None]
        placed = rows[0][0].fault.region is not None
        out[kind] = {
            "detector": detector,
            "clips": len(rows),
            "frame AP": float(np.mean(every)),
            "interval": bootstrap(_mean_of(every), [item.spec.fold for item, _ in rows]),
            "worst": float(np.min(every)),
            "found": float((scores >= WARNING).mean()),
            "exact": float(np.mean(exact)),
            "IoU": float(np.median([o or 0.0 for o in overlap])) if placed else None,
            "IoU where found": float(np.median(regions)) if placed and regions else None,
            "each": {
                i.spec.file: [round(a, 4), round(float(s), 3)]
                for (i, _), a, s in zip(rows, every, scores, strict=True)
            },
        }
    return out


def _mean_of(values: Sequence[float]) -> Any:
    held = np.asarray(values, dtype=float)
    return lambda rows: float(held[rows].mean())


def _exact(item: Item, said: Any) -> bool:
    """Say whether a finding at warning has the fault's very frames."""
    assert item.fault is not None
    times = item.signals.times
    for one in said.findings:
        inside = np.flatnonzero((times >= one.start - 1e-6) & (times < one.start + one.duration - 1e-6))
        same = len(inside) and (inside[0], inside[-1] + 1) == (item.fault.first, item.fault.stop)
        if same and one.score >= WARNING:
            return True
    return False


def false_alarms(items: Sequence[Item], judged: Sequence[Judged]) -> dict[str, Any]:
    """Share of clean clips that reach a warning, per detector and for any, with interval over folds."""
    out: dict[str, Any] = {}
    folds = [item.spec.fold for item in items]
    scores = {
        name: np.array([accuracy.score(said, name, item) for item, said in zip(items, judged, strict=True)])
        for name in accuracy.STEADY
    }
    for name, values in {**scores, "any": np.max(list(scores.values()), axis=0)}.items():
        loud = values >= WARNING
        out[name] = {
            "alarms": int(loud.sum()),
            "clips": len(loud),
            "share": float(loud.mean()),
            "interval": bootstrap(lambda i, loud=loud: float(loud[i].mean()), folds),
            "which": [f"{items[i].spec.name} {values[i]:.2f}" for i in np.flatnonzero(loud)],
        }
    return out


def figures(items: Sequence[Item], moving: Sequence[Item], judges: Judges) -> dict[str, Any]:
    """All figures as one JSON-able mapping."""
    judged = judges.judge(items)
    clean = [(i, s) for i, s in zip(items, judged, strict=True) if i.fault is None]
    return {
        "judged by": judges.said,
        "faults": on_faults(items, judged),
        "clean copies": false_alarms([i for i, _ in clean], [s for _, s in clean]),
        "moves": false_alarms(moving, judges.judge(moving)) if moving else {},
    }


def show(made: Mapping[str, Any]) -> None:
    """Print the figures as tables."""
    print(f"judged by {made['judged by']}\n")
    print(f"{'fault':15} {'detector':8} clips frame-AP  interval        worst  found exact IoU")
    for kind, row in made["faults"].items():
        low, high = row["interval"]
        region = "" if row["IoU"] is None else f"{row['IoU']:.2f}"
        print(
            f"{kind:15} {row['detector']:8} {row['clips']:5} {row['frame AP']:8.3f}  [{low:.3f}, {high:.3f}] "
            f"{row['worst']:6.3f} {row['found']:5.2f} {row['exact']:5.2f} {region}"
        )
    for title in ("clean copies", "moves"):
        print(f"\n{title} at warning or above")
        for detector, row in made[title].items():
            low, high = row["interval"]
            print(
                f"  {detector:8} {row['alarms']:3} of {row['clips']:3}  {100 * row['share']:5.1f} % "
                f"[{100 * low:.1f}, {100 * high:.1f}]  "
                + "  ".join(row["which"][:6] if detector != "any" else [])
            )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that the benchmarks on whole clips share."""
    parser.add_argument("corpus", type=Path, help="folder with labels.tsv")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument(
        "--cache", type=Path, default=Path(".benchmarks/signals"), help="keeps clips and signals"
    )
    parser.add_argument("--table", type=Path, help="judge by this calibration table")
    parser.add_argument("--packaged", action="store_true", help="judge by the packaged table (in sample)")
    parser.add_argument("--workers", type=int, default=2)


def judges_of(options: argparse.Namespace) -> Judges:
    """Tables as the command line asks for them."""
    if options.table:
        return Judges.one(json.loads(options.table.read_text(encoding="utf-8")), options.table.name)
    if options.packaged:
        return Judges.one(calibration(), "the packaged table (in sample)")
    return Judges.held_out(options.corpus, options.cache, options.workers)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description="Faults in whole clips, frame by frame; false alarms on moves."
    )
    add_arguments(parser)
    parser.add_argument("--moves", type=int, default=200, help="clips of the made set for false alarms")
    options = parser.parse_args(arguments)
    items = corpus.measure_all(clips(options.corpus), options.corpus, options.cache, options.workers)
    wanted = corpus.moves(options.corpus, options.moves) if options.moves else []
    moving = corpus.measure_all(wanted, options.corpus, options.cache, options.workers)
    made = figures(items, moving, judges_of(options))
    show(made)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(made, indent=1, default=float) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
