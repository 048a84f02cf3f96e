"""A folder of short takes, triaged as a user would: how many a minute, at what cost, in how much memory.

Usage: ``python -m benchmarks.many_takes [--takes 2000] [--corpus DIR] [--keep DIR] [--dask]``.

Makes the takes in a temporary folder: real clips (of a folder of labelled ones, and of the demo) cut at
other frames, shifted, encoded anew, long side 512. Then it triages all of them by the command line and
prints clips a minute, frames a second, CPU in milliseconds a frame beside that of plain decoding, and the
memory of the parent and of the largest worker over time; a few takes at 1080p against plain decoding; and
the same takes with one and with two processes (and with two Dask workers). Linux only, since memory is read
from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np

RATE = Fraction(24)
SIDE = 512
FRAMES = (25, 49)
"""Shortest and longest take, frames."""
MOST = 240
"""Frames read of a source."""


# --- takes ------------------------------------------------------------------------------------------


def sources(corpus: Path | None, folder: Path) -> list[Path]:
    """Real clips, and the shots of the demo."""
    from otio_ai_audit.demo.paint import Stage
    from otio_ai_audit.demo.shots import TAKES, Order, render

    demo = folder / "demo"
    if not demo.is_dir():
        demo.mkdir(parents=True)
        orders = [Order(n, str(demo), Stage()) for n, take in enumerate(TAKES) if take.file.endswith(".mp4")]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            list(pool.map(render, orders))
    found = sorted(demo.glob("*.mp4"))
    if corpus is not None:
        found += sorted(path for name in ("flicker", "identity") for path in (corpus / name).glob("*.mp4"))
    return found


def pictures(path: Path, side: int) -> list[np.ndarray]:
    """Decode the first frames of a clip at a long side of `side`, as RGB."""
    frames = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        scale = side / max(stream.width, stream.height)
        size = [max(2, round(length * scale / 2) * 2) for length in (stream.width, stream.height)]
        for frame in container.decode(stream):
            frames.append(frame.to_ndarray(format="rgb24", width=size[0], height=size[1]))
            if len(frames) == MOST:
                break
    return frames


def make_takes(task: tuple[Path, Path, int, int, int]) -> int:
    """Encode some takes of one source: other frames, shifted, at another quality."""
    from otio_ai_audit import video

    source, folder, number, count, side = task
    frames = pictures(source, side + 16)
    if len(frames) < 8:
        return 0
    rng = np.random.default_rng(number)
    for take in range(1, count + 1):
        length = min(len(frames), int(rng.integers(*FRAMES)))
        start = int(rng.integers(0, len(frames) - length + 1))
        top, left = (int(value) for value in rng.integers(0, 16, 2))
        height, width = ((length - 16) // 2 * 2 for length in frames[0].shape[:2])
        cut = (
            np.ascontiguousarray(frame[top : top + height, left : left + width])
            for frame in frames[start : start + length]
        )
        crf = str(int(rng.integers(17, 27)))
        path = folder / f"day{take % 5 + 1}" / f"shot{number:03d}_v{take:03d}.mp4"
        path.parent.mkdir(exist_ok=True)
        video.encode(path, cut, RATE, options={"crf": crf, "preset": "veryfast"})
    return count


def fill(folder: Path, count: int, found: Sequence[Path], side: int = SIDE) -> None:
    """Make `count` takes out of the sources, by turns."""
    folder.mkdir(parents=True, exist_ok=True)
    each, more = divmod(count, len(found))
    tasks = [(path, folder, n, each + (n < more), side) for n, path in enumerate(found)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        made = sum(pool.map(make_takes, [task for task in tasks if task[3]]))
    print(f"Made {made} takes in {folder}", file=sys.stderr)


# --- measuring --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the command line."""

    seconds: float
    cpu: float
    parent: tuple[float, ...]
    """Resident memory over time, MB."""
    workers: tuple[float, ...]
    """Of the largest worker, MB."""


def triage(folder: Path, store: Path, *arguments: str) -> Ran:
    """Run ``otio-ai-audit triage`` in a fresh process with its own store."""
    from otio_ai_audit.kernels import cache_dir

    # Compiled kernels are shared: compiling is done once on a machine, and is nothing that takes cost.
    compiled = os.environ.get("NUMBA_CACHE_DIR", str(cache_dir().parent))
    environment = {**os.environ, "OTIO_AI_AUDIT_CACHE": str(store), "NUMBA_CACHE_DIR": compiled}
    command = [sys.executable, "-m", "otio_ai_audit", "triage", str(folder), "-q", *arguments]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    parent: list[float] = []
    workers: list[float] = []
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(child.pid, parent, workers, stop))
    watcher.start()
    code = child.wait()
    seconds = time.monotonic() - began
    stop.set()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code not in (0, 1, 3):
        raise SystemExit(f"triage ended with exit code {code}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(seconds, cpu, tuple(parent), tuple(workers))


def _watch(pid: int, parent: list[float], workers: list[float], stop: threading.Event) -> None:
    while not stop.wait(1.0):
        own = _resident(pid)
        if own:
            parent.append(own)
            workers.append(max((_resident(child) for child in _children(pid)), default=0.0))


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def _resident(pid: int) -> float:
    """Megabytes in memory; 0 where the process has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def decode(paths: Sequence[Path]) -> tuple[float, int]:
    """CPU seconds and frames of plain decoding, one thread."""
    before, frames = time.process_time(), 0
    for path in paths:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            frames += sum(1 for _ in container.decode(stream))
    return time.process_time() - before, frames


def _quartiles(values: Sequence[float]) -> str:
    if len(values) < 8:
        return "too short to tell"
    parts = [max(values[i * len(values) // 4 : (i + 1) * len(values) // 4]) for i in range(4)]
    return " → ".join(f"{value:.0f}" for value in parts) + " MB (largest of each quarter)"


# --- the parts --------------------------------------------------------------------------------------


def many(folder: Path, place: Path, engine: str) -> Iterator[tuple[str, str]]:
    """All takes, once cold and once again."""
    paths = sorted(folder.rglob("*.mp4"))
    spent, frames = decode(paths)
    ran = triage(folder, place / "many", "--engine", engine, "-o", str(place / "many.json"))
    again = triage(folder, place / "many", "--engine", engine, "-o", str(place / "again.json"))
    size = sum(path.stat().st_size for path in (place / "many").rglob("*") if path.is_file())
    yield "takes, frames", f"{len(paths)}, {frames}"
    yield "clips a minute", f"{len(paths) / ran.seconds * 60:.0f} ({ran.seconds:.0f} s, {engine})"
    yield "frames a second", f"{frames / ran.seconds:.0f}"
    yield "CPU a frame", f"{ran.cpu / frames * 1e3:.2f} ms; plain decoding {spent / frames * 1e3:.2f} ms"
    yield "memory of the parent", _quartiles(ran.parent)
    yield "memory of the largest worker", _quartiles(ran.workers)
    yield "store", f"{size / 1e6:.0f} MB, {size / len(paths) / 1e3:.0f} kB a take"
    yield "the same again", f"{again.seconds:.1f} s"
    same = _plain(place / "many.json") == _plain(place / "again.json")
    yield "same result", "yes" if same else "NO"


def _plain(path: Path) -> object:
    data = json.loads(path.read_text(encoding="utf-8"))
    for finding in data["findings"]:
        finding.pop("first_seen")
    return {**data, "finished": None, "seconds": None}


def large(folder: Path, place: Path) -> Iterator[tuple[str, str]]:
    """1080p takes, one process: what everything costs beside plain decoding."""
    paths = sorted(folder.rglob("*.mp4"))
    triage(folder, place / "warm", "--engine", "processes:1")
    spent, frames = decode(paths)
    ran = triage(folder, place / "large", "--engine", "processes:1")
    more, _ = decode(paths)
    spent = (spent + more) / 2
    yield "1080p: takes, frames", f"{len(paths)}, {frames}"
    yield "1080p: CPU ÷ plain decode", f"{ran.cpu / spent:.2f} ({ran.cpu / frames * 1e3:.1f} ms a frame)"


def engines(folder: Path, place: Path, dask: bool) -> Iterator[tuple[str, str]]:
    """Time the same takes with one process, two, and two Dask workers."""
    specs = ["processes:1", "processes:2", *(["dask:2"] if dask else [])]
    walls = {spec: triage(folder, place / spec.replace(":", "-"), "--engine", spec).seconds for spec in specs}
    yield "parallel efficiency of 2 processes", f"{walls['processes:1'] / walls['processes:2'] / 2:.2f}"
    if dask:
        yield "2 Dask workers ÷ 2 processes", f"{walls['dask:2'] / walls['processes:2']:.2f} (wall)"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--takes", type=int, default=2000)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--keep", type=Path, help="folder for the takes; what is there is used again")
    parser.add_argument("--engine", default="processes:2")
    parser.add_argument("--dask", action="store_true")
    parser.add_argument("--parts", default="large,engines,many", help="only some of them")
    parser.add_argument("--markdown", type=Path)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        kept = asked.keep or place
        found = sources(asked.corpus, kept)
        sets = {"takes": (asked.takes, SIDE), "some": (max(4, asked.takes // 10), SIDE), "large": (16, 1920)}
        for name, (count, side) in sets.items():
            if not (kept / name).is_dir():
                fill(kept / name, count, found, side)
        parts = {
            "large": lambda: large(kept / "large", place),
            "engines": lambda: engines(kept / "some", place, asked.dask),
            "many": lambda: many(kept / "takes", place, asked.engine),
        }
        rows = [row for name in asked.parts.split(",") for row in parts[name]()]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
    if asked.markdown is not None:
        table = "".join(f"| {name} | {value} |\n" for name, value in rows)
        asked.markdown.write_text(f"| | |\n| --- | --- |\n{table}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
