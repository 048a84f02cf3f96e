"""Clips for drift: labelled, with drifts and innocent changes put in, and made; all of them measured."""

from __future__ import annotations

import csv
import hashlib
import pickle
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from benchmarks import corpus, scenes, scenes_identity
from benchmarks.corpus import Item, Spec, keep, labelled_spec, measure_all
from benchmarks.inject import Fault, Frames
from benchmarks.inject_identity import DRIFTS, INNOCENT, NEEDS_OTHER, inject_identity
from otio_ai_audit.model import Media, MediaFailure, MediaJob

VERSION = 2
"""Of what is put in: higher where it draws other pictures."""
FRAMES = 96
PER_CLIP, INNOCENT_PER_CLIP = 4, 2
"""Drifts, and innocent changes, put into each clean clip; kinds take turns."""
SEEDS = 2
"""Of each made scene."""
CUT = ("cut", "dissolve", "dup", "held", "jump", "strobe")
"""Words in the tags of a clip into which nothing is put."""


def labelled(folder: Path) -> list[Spec]:
    """Videos labelled for drift, and real footage of one scene labelled for something else (``beside``)."""
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["media"] == "video"]
    return [
        labelled_spec(row, row["drift"] or "none", row["tags"] + ("" if row["drift"] else ",beside"))
        for row in rows
        if row["drift"]
        or (row["kind"] == "real" and not any(word in row["tags"] for word in ("cut", "dissolve")))
    ]


def injected(specs: Sequence[Spec], quick: bool = False) -> list[Spec]:
    """Clean clips with drifts and with innocent changes that take turns, each also as it is."""
    clean = [s for s in specs if s.label == "none" and not any(word in s.tags for word in CUT)]
    clean = clean[:: 4 if quick else 1]
    drifts, changes = list(DRIFTS), list(INNOCENT)
    out = []
    for index, base in enumerate(clean):
        apart = [spec for spec in clean if spec.fold != base.fold]
        kinds = [drifts[(index * PER_CLIP + turn) % len(drifts)] for turn in range(PER_CLIP)]
        kinds += [
            changes[(index * INNOCENT_PER_CLIP + turn) % len(changes)] for turn in range(INNOCENT_PER_CLIP)
        ]
        for turn, kind in enumerate(kinds):
            other = apart[(index * 7 + turn * 3) % len(apart)].file if kind in NEEDS_OTHER else ""
            out.append(
                Spec(
                    name=f"{kind}:{base.file}",
                    fold=base.fold,
                    source="drift",
                    file=base.file,
                    seed=index,
                    fault=kind,
                    other=other,
                    kind=base.kind,
                    hard=base.hard,
                )
            )
    return out


def made(quick: bool = False) -> list[Spec]:
    """Made scenes in which somebody stays who they are, or does not, and scenes of light and matter."""
    return [
        Spec(f"made:{scene}:{seed}", f"made-{scene}", "scene", scene=scene, seed=seed, kind="made")
        for scene in (*scenes_identity.SCENES, *scenes.SCENES)
        for seed in range(1 if quick else SEEDS)
    ]


def _decode(path: Path) -> tuple[Frames, Fraction]:
    from otio_ai_audit import video

    info = video.probe(Media(str(path)))
    times = [float(i / info.rate) for i in range(min(FRAMES, info.promised_frames or FRAMES))]
    frames = video.rgb_frames(Media(str(path)), times, max_size=corpus.LONG_SIDE)
    even = [frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2].copy() for frame in frames]
    return even, info.rate.limit_denominator(1001)


def _drawn(spec: Spec, folder: Path) -> tuple[Frames, Fraction, Fault | None] | None:
    if spec.source == "scene":
        if spec.scene in scenes.SCENES:
            return scenes.make(spec.scene, spec.seed), Fraction(24), None
        frames, fault = scenes_identity.make(spec.scene, spec.seed)
        return frames, Fraction(24), fault
    frames, rate = _decode(folder / spec.file)
    other = _decode(folder / spec.other)[0] if spec.other else None
    try:
        frames, fault = inject_identity(frames, spec.fault, spec.seed, other, rate=float(rate))
    except ValueError:
        return None  # too short, or no subject that can be followed
    return frames, rate, fault


def measured(spec: Spec, folder: Path, cache: Path) -> Item | None:
    """Measure one clip, or take it from the cache; None where nothing can be put into it."""
    from otio_ai_audit import identity
    from otio_ai_audit import measure as room

    picture = (spec.source, spec.file, spec.scene, spec.seed, spec.fault, spec.other)
    recipe = repr((picture, room.SIGNALS_VERSION, identity.version(), VERSION, FRAMES))
    kept = cache / f"drift-{hashlib.sha1(recipe.encode()).hexdigest()}.pickle"
    if kept.is_file():
        with kept.open("rb") as file:
            found = pickle.load(file)
        return Item(spec, *found) if found else None
    fault: Fault | None = None
    if spec.source == "corpus":
        signals = room.measure(MediaJob(Media(str(folder / spec.file)), key=spec.name, identity=True))
    else:
        drawn = _drawn(spec, folder)
        if drawn is None:
            keep(kept, None)
            return None
        frames, rate, fault = drawn
        from otio_ai_audit import video

        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "clip.mp4"
            options = {"crf": str(14 + 3 * (spec.seed % 4)), "preset": "veryfast"}
            video.encode(path, frames, rate, options=options)
            signals = room.measure(MediaJob(Media(str(path)), key=spec.name, identity=True))
    if isinstance(signals, MediaFailure):
        raise SystemExit(f"{spec.name}: {signals.reason}")
    keep(kept, (signals, fault))
    return Item(spec, signals, fault)


def everything(folder: Path, cache: Path, quick: bool = False, workers: int = 2) -> list[Item]:
    """Labelled clips, drifts and innocent changes in clean clips, and made scenes."""
    rows = labelled(folder)
    return measure_all([*rows, *injected(rows, quick), *made(quick)], folder, cache, workers, measured)
