"""What looking at identity costs: CPU of its parts as ratios to decoding one 1080p frame in the same run.

The allowance is 0.35 of plain decoding: at 25 frames a second, 8.75 decoded frames for each second of media.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest

from benchmarks.bench_cost import decode, ground, render
from otio_ai_audit import identity
from otio_ai_audit.identity.faces import TEMPLATE
from otio_ai_audit.identity.looks import SIDE

FRAMES = 50
BOXES = [[0, 0, 1, 1], [0.1, 0.1, 0.8, 0.8], [0.2, 0.2, 0.6, 0.6], [0.3, 0.2, 0.3, 0.5]]


@pytest.fixture(scope="module")
def frame_cost(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Seconds of CPU that decoding one 1080p frame takes."""
    path: Path = render(tmp_path_factory.mktemp("identity"), FRAMES)
    decode(path)
    seconds = []
    for _ in range(3):
        start = process_time()
        decode(path)
        seconds.append(process_time() - start)
    return min(seconds) / FRAMES


def parts() -> dict[str, Callable[[], Any]]:
    """Name → one call; pictures are 640 × 360 as a worker holds them."""
    picture = ground(np.random.default_rng(20), 360, 640)
    squares = identity.crops(picture, BOXES, SIDE)
    faces = identity.Faces()
    marks = (TEMPLATE / 112 * (0.2, 0.35) + (0.4, 0.3))[None]
    aligned = identity.align(picture, marks)
    return {
        "detect faces": lambda: faces.detect(picture),
        "align a face": lambda: identity.align(picture, marks),
        "embed a face": lambda: faces.embed(aligned),
        "cut 4 regions": lambda: identity.crops(picture, BOXES, SIDE),
        "embed 4 regions": lambda: identity.embed(squares),
        "colours of 4 regions": lambda: identity.colours(squares),
    }


PARTS = (
    "detect faces",
    "align a face",
    "embed a face",
    "cut 4 regions",
    "embed 4 regions",
    "colours of 4 regions",
)


@pytest.mark.benchmark(group="identity", timer=process_time)
@pytest.mark.parametrize("name", PARTS)
def test_part(benchmark: Any, frame_cost: float, name: str) -> None:
    benchmark.pedantic(parts()[name], rounds=10, warmup_rounds=2)
    seconds = benchmark.stats.stats.min
    benchmark.extra_info["cpu_ms"] = 1000 * seconds
    benchmark.extra_info["decoded_frames"] = seconds / frame_cost


@pytest.mark.benchmark(group="identity start", timer=process_time)
def test_preparing_the_networks(benchmark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once per machine and version; later processes read what was kept."""
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path))
    benchmark.pedantic(identity.warmup, rounds=1)
    start = process_time()
    identity.warmup()
    benchmark.extra_info["kept_ms"] = 1000 * (process_time() - start)
