"""Decoder threads against processes for many short clips: how two cores are used best.

    python -m benchmarks.decode_shape [CORPUS] [-o benchmarks/results/decode_shape.md] [--repeats 3]

Clips of 2 to 4 s, at 1080p and at 512 x 512, are drawn here, or taken as they are from a labelled corpus.
Every shape measures the same clips with warm workers; shapes take turns, and the best pace of each is given,
so that a busy machine spoils little. CPU is that of the workers while they measure, decoder threads
included. The last rows have one clip where there are two cores: what is left idle then.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from time import perf_counter, process_time
from unittest import mock

from benchmarks import bench_cost
from otio_ai_audit import engine, video
from otio_ai_audit.measure import measure
from otio_ai_audit.model import Media, MediaFailure, MediaJob

SIZES = ((512, 512, 26), (1920, 1080, 14))
"""Width, height, and how many clips."""
SECONDS = (2, 3, 4)
RATE = 24
SCENES = 3
"""Different clips of a size; the others are copies of them."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one clip took in its worker."""

    worker: int
    frames: int
    start: float
    end: float
    cpu: float


Task = Callable[[MediaJob], Done]


def plain(job: MediaJob) -> Done:
    """Measure with one decoder thread, frame by frame."""
    return _timed(job, overlap=False)


def ahead(job: MediaJob) -> Done:
    """Decode ahead in a thread of its own."""
    return _timed(job, overlap=True)


def two_threads(job: MediaJob) -> Done:
    """Let the decoder use two threads."""
    read = video.read_frames
    with mock.patch.object(video, "read_frames", lambda *a, **options: read(*a, **options, threads=2)):
        return _timed(job, overlap=False)


def _timed(job: MediaJob, *, overlap: bool) -> Done:
    start, cpu = perf_counter(), process_time()
    found = measure(job, overlap=overlap)
    if isinstance(found, MediaFailure):
        raise RuntimeError(found.reason)
    return Done(os.getpid(), len(found.times), start, perf_counter(), process_time() - cpu)


@dataclass(frozen=True, slots=True)
class Shape:
    """A way to use the cores."""

    name: str
    engine: str
    task: Task


SHAPES = (
    Shape("two processes, one decoder thread each", "processes:2", plain),
    Shape("two processes that decode ahead", "processes:2", ahead),
    Shape("one process, two decoder threads", "processes:1", two_threads),
    Shape("one process that decodes ahead", "processes:1", ahead),
    Shape("one process, one decoder thread", "processes:1", plain),
    Shape("two threads of one process", "threads:2", plain),
)
ALONE = (
    Shape("one process, one decoder thread", "processes:1", plain),
    Shape("one process that decodes ahead", "processes:1", ahead),
    Shape("one process, two decoder threads", "processes:1", two_threads),
)


def draw(folder: Path) -> dict[str, list[Path]]:
    """Draw the clips of each size; copies share their pictures, not their files."""
    found: dict[str, list[Path]] = {}
    for width, height, count in SIZES:
        made: list[Path] = []
        for number in range(SCENES):
            path = folder / f"{width}_{number}.mp4"
            frames = SECONDS[number % len(SECONDS)] * RATE
            pictures = bench_cost.scene(frames, width, height)
            video.encode(path, pictures, Fraction(RATE), options={"crf": "20", "preset": "faster"})
            made.append(path)
        found[f"{width} x {height}"] = [made[index % SCENES] for index in range(count)]
    return found


def listed(corpus: Path) -> dict[str, list[Path]]:
    """Take short clips of a labelled corpus, about 40, spread over it."""
    with (corpus / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["media"] == "video"]
    short = [row for row in rows if 2 <= float(row["frames"]) / float(row["fps"]) <= 4]
    return {"corpus": [corpus / row["file"] for row in short[:: max(1, len(short) // 40)]]}


def run(shape: Shape, paths: Sequence[Path]) -> tuple[float, float]:
    """Measure clips in one shape: clips a minute, and milliseconds of CPU a frame, all workers together."""
    jobs = [MediaJob(Media(str(path)), key=str(index)) for index, path in enumerate(paths)]
    workers = int(shape.engine.partition(":")[2])
    warm = [MediaJob(Media(str(paths[0])), key=f"warm {index}") for index in range(workers)]
    before = process_time()
    done = []
    for index, found in engine.run(shape.task, [*warm, *jobs], engine=shape.engine):
        if isinstance(found, engine.Crash):
            raise SystemExit(found.message)
        if index >= workers:
            done.append(found)
    span = max(one.end for one in done) - min(one.start for one in done)
    frames = sum(one.frames for one in done)
    if shape.engine.startswith("threads"):
        frames += sum(one.frames for one in done[:1]) * workers
        cpu = process_time() - before
    else:
        cpu = sum(one.cpu for one in done)
    return 60 * len(done) / span, 1000 * cpu / frames


def table(title: str, shapes: Sequence[Shape], paths: Sequence[Path], repeats: int) -> list[str]:
    """Let shapes take turns; rows of a table, as ratios to the first."""
    best = {shape: (0.0, float("inf")) for shape in shapes}
    for _ in range(repeats):
        for shape in shapes:
            pace, cpu = run(shape, paths)
            best[shape] = (max(best[shape][0], pace), min(best[shape][1], cpu))
    pace, cpu = best[shapes[0]]
    lines = ["", f"## {title}", "", "| shape | clips a minute | pace | CPU |", "| --- | ---: | ---: | ---: |"]
    for shape, (own, its) in best.items():
        lines.append(f"| {shape.name} | {own:.0f} | {own / pace:.2f} | {its / cpu:.2f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        clips = draw(Path(place)) if args.corpus is None else listed(args.corpus)
        lines = ["# Decoder threads against processes, for short clips", "", f"On {engine.cores()} cores."]
        for name, paths in clips.items():
            title = f"{len(paths)} clips, {name}, none of them longer than 4 s"
            lines += table(title, SHAPES, paths, args.repeats)
            lines += table(f"One clip at a time, {name}", ALONE, paths[:SCENES], args.repeats)
    text = "\n".join(lines) + "\n"
    print(text)
    if args.output:
        args.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
