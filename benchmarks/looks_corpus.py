"""Labelled stills and shots of subjects, the stills taken again in other ways, all measured and kept."""

from __future__ import annotations

import csv
import hashlib
import pickle
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

from benchmarks.restage import OTHER, SAME, load, restage
from otio_ai_audit.model import ClipUse, Media, MediaFailure, MediaJob, MediaSignals, Span, Subject

PER_STILL = 4
"""Changes of `SAME`, and as many of `OTHER`, made of each matching still; kinds take turns."""
TURN = 7
VERSION = 1
"""Of `restage`: higher where it makes other pictures."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture or shot of a subject."""

    file: str
    group: str
    fold: str
    cross: str
    """match, slight-mismatch or mismatch, as labelled."""
    kind: str
    media: str
    change: str = ""
    """What was done to it, of `SAME` or `OTHER`; empty: nothing."""
    seed: int = 0
    other: str = ""
    signals: MediaSignals | None = None

    @property
    def name(self) -> str:
        return f"{self.change}:{self.seed}:{self.file}" if self.change else self.file

    def use(self, subject: str = "", id_: str = "") -> ClipUse:
        """Return the clip as an edit would use it; `subject` is what the subjects file says."""
        assert self.signals is not None
        return ClipUse(
            id=id_ or self.name,
            name=Path(self.file).name,
            media=Media(self.file, "still" if self.media == "still" else "video"),
            job=0,
            record_start=0,
            record_frames=len(self.signals.grid.pts),
            rate=self.signals.info.rate,
            knots=((Fraction(0), Fraction(0)),),
            visible=(Span(Fraction(0), Fraction(10**6)),),
            subjects=(Subject(subject, source="subjects file"),) if subject else (),
            signals=self.signals,
        )


def labelled(folder: Path) -> list[Shown]:
    """Rows of labels.tsv that belong to a subject."""
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["subject_group"]]
    return [Shown(r["file"], r["subject_group"], r["fold"], r["cross"], r["kind"], r["media"]) for r in rows]


def restaged(rows: Sequence[Shown]) -> list[Shown]:
    """Change matching stills, in ways that matter and in ways that do not."""
    stills = [row for row in rows if row.media == "still" and row.cross == "match"]
    out: list[Shown] = []
    for index, row in enumerate(stills):
        others = [one.file for one in stills if one.fold != row.fold]
        for turn in range(PER_STILL):
            same, other = list(SAME), list(OTHER)
            seed = index * 10 + turn
            partner = others[(index * TURN + turn * 13) % len(others)]
            for change in (same[(index * PER_STILL + turn) % len(same)], other[(index + turn) % len(other)]):
                out.append(
                    Shown(row.file, row.group, row.fold, row.cross, row.kind, "still", change, seed, partner)
                )
    return out


def measured(row: Shown, folder: Path) -> MediaSignals:
    """Measure one picture or shot, identity included."""
    from otio_ai_audit.measure import measure

    kind = "still" if row.media == "still" else "video"
    if not row.change:
        signals = measure(MediaJob(Media(str(folder / row.file), kind), key=row.file, identity=True))
    else:
        picture = restage(load(folder / row.file), row.change, row.seed, load(folder / row.other))
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "still.png"
            _save(path, picture)
            signals = measure(MediaJob(Media(str(path), "still"), key=row.name, identity=True))
    if isinstance(signals, MediaFailure):
        raise SystemExit(f"{row.name}: {signals.reason}")
    return signals


def _save(path: Path, picture: object) -> None:
    from PIL import Image

    Image.fromarray(picture).save(path)  # type: ignore[arg-type]


def _some(rows: Sequence[Shown], folder: Path) -> list[MediaSignals]:
    return [measured(row, folder) for row in rows]


def everything(folder: Path, cache: Path, workers: int = 2) -> list[Shown]:
    """Everything labelled and everything made of it, with signals; kept in one file of `cache`."""
    from dataclasses import replace

    from otio_ai_audit import identity, measure

    rows = labelled(folder)
    rows += restaged(rows)
    recipe = repr((rows, measure.SIGNALS_VERSION, identity.version(), VERSION))
    kept = cache / f"looks-{hashlib.sha1(recipe.encode()).hexdigest()}.pickle"
    if kept.is_file():
        return [replace(row, signals=s) for row, s in zip(rows, pickle.loads(kept.read_bytes()), strict=True)]
    parts = [rows[k : k + 24] for k in range(0, len(rows), 24)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = [s for part in pool.map(_some, parts, [folder] * len(parts)) for s in part]
    cache.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps(found))
    return [replace(row, signals=s) for row, s in zip(rows, found, strict=True)]
