"""Clips for near duplicates: each as it is, as other programs write it, and as another take of it."""

from __future__ import annotations

import csv
import hashlib
import pickle
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import canvas, corpus, scenes
from benchmarks.inject import Frames
from otio_ai_audit.model import Media, MediaFailure, MediaJob, MediaSignals

VERSION = 1
"""Of how clips are changed: higher where it draws other pictures."""
FRAMES = 72
SEEDS = 3
"""Of each made scene: what a generator makes of one prompt."""
STILLS = 24


def _resized(frames: Frames, share: float) -> Frames:
    height, width = (max(32, int(n * share) // 2 * 2) for n in frames[0].shape[:2])
    return [np.asarray(Image.fromarray(f).resize((width, height), Image.Resampling.BICUBIC)) for f in frames]


def _levels(frames: Frames, gain: float, lift: float, gamma: float = 1.0) -> Frames:
    codes = np.arange(256) / 255.0
    table = np.clip(np.rint((codes**gamma * gain) * 255.0 + lift), 0, 255).astype(np.uint8)
    return [table[frame] for frame in frames]


def _pushed(frames: Frames) -> Frames:
    """Move closer: the first picture is the same, the last one shows 70 % of it."""
    height, width = frames[0].shape[:2]
    out = []
    for index, frame in enumerate(frames):
        part = 1 - 0.3 * index / max(1, len(frames) - 1)
        h, w = int(height * part), int(width * part)
        y, x = (height - h) // 2, (width - w) // 2
        image = Image.fromarray(np.ascontiguousarray(frame[y : y + h, x : x + w]))
        out.append(np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)))
    return out


SAME: dict[str, tuple[str, Callable[[Frames], Frames]]] = {
    "plain": ("14", lambda f: f),
    "coarse": ("36", lambda f: f[3:]),
    "small": ("24", lambda f: _resized(f[:-4], 0.6)),
    "lighter": ("20", lambda f: _levels(f[2:-2], 1.06, 5)),
    "graded": ("20", lambda f: _levels(_resized(f[:-2], 1.25), 0.96, 0, 0.9)),
    "trimmed": ("26", lambda f: f[4:-3]),
}
"""The same take: x264's crf, and what was done to its frames; the first is what others are compared with."""

OTHER: dict[str, Callable[[Frames], Frames]] = {
    "pushed": _pushed,
    "slowed": lambda f: [f[index // 2] for index in range(len(f))],
    "reversed": lambda f: f[::-1],
    "early": lambda f: f[: len(f) // 2],
    "late": lambda f: f[len(f) // 2 :],
    "mirrored": lambda f: [np.ascontiguousarray(frame[:, ::-1]) for frame in f],
}
"""Another take of the same things: the same first picture and another move, another moment, another side."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One clip that is measured."""

    name: str
    fold: str
    source: str
    """File or made scene; samples of one source are made of the same frames."""
    change: str
    seed: int = 0
    pairs: tuple[str, ...] = ()
    signals: MediaSignals | None = None
    """Without its motion: nobody looks at it here."""


def samples(folder: Path, quick: bool = False) -> list[Sample]:
    """Every clip of the corpus with its changes, made scenes with other seeds, moves over photographs."""
    with (folder / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["media"] == "video"]
    out: list[Sample] = []
    once = {hashlib.sha256((folder / row["file"]).read_bytes()).digest(): row for row in reversed(rows)}
    for row in sorted(once.values(), key=rows.index)[:: 6 if quick else 1]:
        pairs = tuple(p for p in row["pair"].replace(" ", "").split(",") if p)
        out += [
            Sample(f"{change}:{row['file']}", row["fold"], row["file"], change, 0, pairs)
            for change in (*SAME, *OTHER)
        ]
    out += [
        Sample(f"{scene}:{seed}", f"made-{scene}", scene, "seed", seed)
        for scene in list(scenes.SCENES)[:: 6 if quick else 1]
        for seed in range(SEEDS)
    ]
    for still in corpus.over_stills(folder, 4 if quick else STILLS):
        out += [
            Sample(f"{move}:{still.file}", still.fold, still.file, f"move-{move}", number)
            for number, move in enumerate(("left", "right", "up", "closer"))
        ]
    return out


def _moved(path: Path, move: str) -> Frames:
    with Image.open(path) as image:
        image.thumbnail((640, 640))
        still = np.asarray(image.convert("RGB"), dtype=np.float64)
    height, width = (int(n * 0.62) // 2 * 2 for n in still.shape[:2])
    reach = [0.17 * side for side in still.shape[:2]]
    run = [t / 47 for t in range(48)]
    paths = {
        "left": [(0.0, -reach[1] * t, 1.0, 0.0) for t in run],
        "right": [(0.0, reach[1] * t, 1.0, 0.0) for t in run],
        "up": [(-reach[0] * t, 0.0, 1.0, 0.0) for t in run],
        "closer": [(0.0, 0.0, 1.0 + 0.4 * t, 0.0) for t in run],
    }
    return canvas.to_bytes(canvas.camera(still, paths[move], height, width))


def frames_of(sample: Sample, folder: Path) -> tuple[Frames, Fraction, str]:
    """Give the frames of a sample, their rate, and how strongly x264 compresses them."""
    if sample.change == "seed":
        return scenes.make(sample.source, sample.seed), Fraction(24), "18"
    if sample.change.startswith("move-"):
        return _moved(folder / sample.source, sample.change.removeprefix("move-")), Fraction(24), "18"
    frames, rate = corpus.decode(folder / sample.source, FRAMES)
    if sample.change in SAME:
        crf, change = SAME[sample.change]
        return change(frames), rate, crf
    return OTHER[sample.change](frames), rate, "18"


def measured(sample: Sample, folder: Path, cache: Path) -> Sample:
    """Measure one clip, or take it from the cache."""
    from otio_ai_audit import measure as room
    from otio_ai_audit import video

    picture = (sample.source, sample.change, sample.seed, VERSION, FRAMES, corpus.LONG_SIDE)
    recipe = repr((picture, room.SIGNALS_VERSION))
    kept = cache / f"likeness-{hashlib.sha1(recipe.encode()).hexdigest()}.pickle"
    if kept.is_file():
        with kept.open("rb") as file:
            return replace(sample, signals=pickle.load(file))
    frames, rate, crf = frames_of(sample, folder)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "clip.mp4"
        video.encode(path, frames, rate, options={"crf": crf, "preset": "veryfast"})
        signals = room.measure(MediaJob(Media(str(path)), key=sample.name))
    if isinstance(signals, MediaFailure):
        raise SystemExit(f"{sample.name}: {signals.reason}")
    signals = replace(signals, motion=None, strip=())  # type: ignore[arg-type]
    corpus.keep(kept, signals)
    return replace(sample, signals=signals)


def everything(folder: Path, cache: Path, quick: bool = False, workers: int = 2) -> list[Sample]:
    """Measure all samples on a few worker processes; order as given."""
    found: Sequence[Sample] = samples(folder, quick)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        count = len(found)
        return list(pool.map(measured, found, [folder] * count, [cache] * count, chunksize=12))
