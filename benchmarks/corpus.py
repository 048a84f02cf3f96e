"""Labelled clips, the same clips with faults put in, and made scenes, all measured and kept.

Measuring takes minutes, so signals are kept as pickles in a folder (``--cache``), by content of the
recipe and version of the signals.
"""

from __future__ import annotations

import csv
import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks import scenes, scenes_light, whole
from benchmarks.inject import APART, CUTS, EXTRA, FAULTS, JOINED, LONG, WAVES, Fault, Frames, inject
from otio_ai_audit.model import ClipUse, Media, MediaFailure, MediaJob, MediaSignals, Span

LONG_SIDE = 416
FRAMES = 60
PER_CLIP = 7
"""Faults put into each clean clip; kinds take turns."""
KEPT = ("whole", "move")
"""Sources whose encoded files are kept beside the signals, for other tools to look at."""
EXTRA_PER_CLIP = 3

WAVES_PER_CLIP = 2
"""Of `WAVES` into each clean clip."""


@dataclass(frozen=True, slots=True)
class Spec:
    """How to get one clip: a labelled file, or frames with something done to them."""

    name: str
    fold: str
    source: str
    """``corpus`` (the file as it is), ``again`` (decoded, cut, encoded), ``made``, ``still``; for checks only
    ``whole`` (own size, up to 120 frames) and ``move`` (see `moves`)."""
    file: str = ""
    scene: str = ""
    seed: int = 0
    fault: str = ""
    """Empty: clean."""
    other: str = ""
    kind: str = ""
    label: str = ""
    """none, slight or strong for labelled flicker."""
    hard: bool = False
    pairs: tuple[str, ...] = ()
    tags: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A measured clip and what was put into it."""

    spec: Spec
    signals: MediaSignals
    fault: Fault | None

    def use(self) -> ClipUse:
        """Return the clip as an edit would use it, from end to end."""
        whole = Span(Fraction(0), Fraction(10**6))
        return ClipUse(
            id=self.spec.name,
            name=self.spec.name,
            media=Media(self.spec.file or f"{self.spec.name}.mp4"),
            job=0,
            record_start=0,
            record_frames=len(self.signals.grid.pts),
            rate=self.signals.info.rate,
            knots=((Fraction(0), Fraction(0)),),
            visible=(whole,),
            signals=self.signals,
        )


def labelled(folder: Path) -> list[Spec]:
    """Read the rows of labels.tsv that are videos labelled for flicker."""
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        labelled_spec(row, row["flicker"], row["tags"] + (",jump-at-loop" if "loop" in row["notes"] else ""))
        for row in rows
        if row["media"] == "video" and row["flicker"]
    ]


def labelled_spec(row: Mapping[str, str], label: str, tags: str) -> Spec:
    """Make the spec of one row of labels.tsv, as it is on disk."""
    return Spec(
        name=row["file"],
        fold=row["fold"],
        source="corpus",
        file=row["file"],
        kind=row["kind"],
        label=label,
        hard=row["hard"] == "1",
        pairs=tuple(p for p in row["pair"].replace(" ", "").split(",") if p),
        tags=tags,
        where=row["where"],
    )


IRREGULAR = ("cut", "dup", "held", "dissolve", "fades", "stage", "fireworks", "disco", "exposure", "jump")


def bases(specs: Sequence[Spec]) -> list[Spec]:
    """Clean clips of which nothing irregular is known: faults are put into these."""
    return [
        spec
        for spec in specs
        if spec.label == "none"
        and spec.kind in ("real", "ai-generated", "ai-edited-consistent", "animation", "other")
        and not any(word in spec.tags for word in IRREGULAR)
    ]


def injected(specs: Sequence[Spec], quick: bool = False) -> list[Spec]:
    """Clean clips encoded again, as they are and with faults that take turns."""
    clean = bases(specs)[:: 4 if quick else 1]
    kinds = [*(kind for kind in FAULTS if kind not in APART), "hidden_cut"]
    out: list[Spec] = []
    for index, base in enumerate(clean):
        common = {
            "fold": base.fold,
            "source": "again",
            "file": base.file,
            "kind": base.kind,
            "hard": base.hard,
        }
        out.append(Spec(name=f"again:{base.file}", **common))  # type: ignore[arg-type]
        apart = [spec for spec in clean if spec.fold != base.fold]
        chosen = [kinds[(index * PER_CLIP + turn) % len(kinds)] for turn in range(PER_CLIP)]
        extra = [EXTRA[(index * EXTRA_PER_CLIP + turn) % len(EXTRA)] for turn in range(EXTRA_PER_CLIP)]
        waves = [WAVES[(index * WAVES_PER_CLIP + turn) % len(WAVES)] for turn in range(WAVES_PER_CLIP)]
        for turn, kind in enumerate([*chosen, LONG[index % 2], *extra, *waves, CUTS[index % len(CUTS)]]):
            other = apart[(index * 7 + turn) % len(apart)].file if kind in JOINED else ""
            out.append(
                Spec(name=f"{kind}:{base.file}", seed=index, fault=kind, other=other, **common)  # type: ignore[arg-type]
            )
    return out


FAULTLESS = (
    *("held", "one_in_six", "dissolve", "fade", "exposure", "whip", "locked_grain"),
    *(*scenes_light.LIGHT, "screen", "twos", "grain_compressed"),
)
"""Made scenes that are irregular by themselves: no fault is put into them."""


def made(quick: bool = False) -> list[Spec]:
    """Made clean scenes, and some with faults."""
    out: list[Spec] = []
    kinds = [kind for kind in FAULTS if kind not in APART]
    for index, scene in enumerate(scenes.SCENES):
        for seed in range(1 if quick else 4):
            out.append(
                Spec(f"made:{scene}:{seed}", f"made-{scene}", "made", scene=scene, seed=seed, kind="made")
            )
        if scene in FAULTLESS:
            continue
        for turn in range(1 if quick else 4):
            kind = kinds[(index * 4 + turn) % len(kinds)]
            out.append(
                Spec(f"{kind}:{scene}", f"made-{scene}", "made", scene=scene, seed=9, fault=kind, kind="made")
            )
    return out


def over_stills(folder: Path, count: int = 24) -> list[Spec]:
    """Pans, zooms and shake over photographs."""
    files = sorted(
        path.relative_to(folder).as_posix() for path in (folder / "stills").rglob("*") if path.is_file()
    )
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as file:
        folds = {
            row["file"]: row["fold"]
            for row in csv.DictReader(file, delimiter="\t")
            if row["kind"] == "photo-set"
        }
    chosen = [file for file in files if file in folds] or sorted(folds)
    step = max(1, len(chosen) // count)
    return [
        Spec(
            f"still:{file}",
            folds[file],
            "still",
            file=file,
            scene=("pan", "zoom", "shake")[i % 3],
            seed=i,
            kind="made",
        )
        for i, file in enumerate(chosen[::step][:count])
    ]


STEADY = ("real", "ai-generated", "animation")
"""Kinds of labelled clips that nothing was done to."""


def moves(folder: Path, count: int = 200) -> list[Spec]:
    """Move a camera over photographs (half), single frames of clips (a fifth) and playing clips.

    For the false-alarm rate alone: nothing is fitted to these.
    """
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as file:
        stills = [row for row in csv.DictReader(file, delimiter="\t") if row["media"] == "still"]
    photographs = [(row["file"], row["fold"]) for row in stills if row["kind"] != "ai-baseline-that-drifts"]
    steady = [
        (spec.file, spec.fold) for spec in labelled(folder) if spec.label == "none" and spec.kind in STEADY
    ]
    calm = {spec.file for spec in bases(labelled(folder))}
    playing = [row for row in steady if row[0] in calm]
    shares = (("photograph", photographs, 0.5), ("frame", steady, 0.2), ("playing", playing, 0.3))
    out: list[Spec] = []
    for scene, rows, share in shares:
        number = round(count * share)
        for i in range(number):
            file, fold = rows[i * len(rows) // number if number < len(rows) else i % len(rows)]
            seed = len(out) + 1000
            out.append(Spec(f"move:{scene}:{seed}:{file}", fold, "move", file, scene, seed, kind="made"))
    return out


def decode(path: Path, most: int = FRAMES) -> tuple[Frames, Fraction]:
    """Give the first frames of a clip, at most `LONG_SIDE` pixels long and even, and their rate."""
    from otio_ai_audit import video

    media = Media(str(path))
    info = video.probe(media)
    count = info.promised_frames or most
    times = [float(i / info.rate) for i in range(min(most, count))]
    frames = [_even(frame) for frame in video.rgb_frames(media, times, max_size=LONG_SIDE)]
    return frames, info.rate.limit_denominator(1001)


def _even(frame: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    height, width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2
    return np.ascontiguousarray(frame[:height, :width])


def _frames(spec: Spec, folder: Path) -> tuple[Frames, Fraction, Frames | None]:
    if spec.source == "made":
        return scenes.make(spec.scene, spec.seed), Fraction(24), None
    if spec.source == "still":
        from PIL import Image

        with Image.open(folder / spec.file) as image:
            image.thumbnail((640, 640))
            still = np.asarray(image.convert("RGB"), dtype=np.float64)
        rng = np.random.default_rng([spec.seed, 3])
        height, width = (int(n * 0.62) // 2 * 2 for n in still.shape[:2])
        if spec.scene == "pan":
            reach = 0.17 * still.shape[1]
            path = [(0.0, reach * (2 * t / 47 - 1), 1.0, 0.0) for t in range(48)]
        elif spec.scene == "zoom":
            path = [(0.0, 0.0, 0.75 + 0.5 * t / 47, 0.0) for t in range(48)]
        else:
            path = scenes.shake_path(rng, 48, 4.0)
        return scenes.to_bytes(scenes.camera(still, path, height, width)), Fraction(24), None
    frames, rate = decode(folder / spec.file)
    return frames, rate, decode(folder / spec.other)[0] if spec.other else None


def measured(spec: Spec, folder: Path, cache: Path) -> Item | None:
    """Measure one clip, or take it from the cache; None where it is too short for its fault."""
    from otio_ai_audit import measure as room

    picture = (spec.source, spec.file, spec.scene, spec.seed, spec.fault, spec.other)
    recipe = repr((picture, room.SIGNALS_VERSION, LONG_SIDE, FRAMES))
    if spec.source in KEPT:
        recipe += whole.RECIPES[spec.source]
    kept = cache / f"{hashlib.sha1(recipe.encode()).hexdigest()}.pickle"
    if kept.is_file():
        with kept.open("rb") as file:
            return Item(spec, *pickle.load(file))
    fault: Fault | None = None
    if spec.source == "corpus":
        signals = room.measure(MediaJob(Media(str(folder / spec.file)), key=spec.name))
    elif spec.source in KEPT:
        path, fault = whole.file_of(spec, folder, cache / "clips")
        signals = room.measure(MediaJob(Media(str(path)), key=spec.name))
    else:
        from otio_ai_audit import video

        frames, rate, other = _frames(spec, folder)
        if spec.fault:
            if len(frames) < 30:
                return None
            frames, fault = inject(frames, spec.fault, spec.seed, other)
        crf = (
            "14"
            if spec.fault.startswith(("boil", "fur"))
            else str(scenes.CRF.get(spec.scene, 14 + 3 * (spec.seed % 4)))
        )
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "clip.mp4"
            video.encode(path, frames, rate, options={"crf": str(crf), "preset": "veryfast"})
            signals = room.measure(MediaJob(Media(str(path)), key=spec.name))
    if isinstance(signals, MediaFailure):
        raise SystemExit(f"{spec.name}: {signals.reason}")
    keep(kept, (signals, fault))
    return Item(spec, signals, fault)


def keep(path: Path, found: object) -> None:
    """Write a pickle that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(pickle.dumps(found))
    part.replace(path)


Measure = Callable[[Spec, Path, Path], "Item | None"]


def measure_all(
    specs: Iterable[Spec], folder: Path, cache: Path, workers: int = 2, measure: Measure = measured
) -> list[Item]:
    """Measure clips on a few worker processes; order as given."""
    specs = list(specs)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        items = list(pool.map(measure, specs, [folder] * len(specs), [cache] * len(specs), chunksize=4))
    return [item for item in items if item is not None]


def everything(folder: Path, cache: Path, quick: bool = False, workers: int = 2) -> list[Item]:
    """Labelled clips, faults in clean clips, made scenes and moves over stills."""
    rows = labelled(folder)
    specs = [*(rows[::3] if quick else rows), *injected(rows, quick), *made(quick)]
    specs += over_stills(folder, 6 if quick else 24)
    return measure_all(specs, folder, cache, workers)
