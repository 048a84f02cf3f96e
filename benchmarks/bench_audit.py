"""CPU of whole audits against plain PyAV decoding of the same file, in the same run.

Everything is in: hashing the file, decoding, measuring, storing, judging and placing; in one process with one
decoder thread. `ratio` is the figure, with all detectors and without those that need identity. ``make bench``
takes 150 frames; for a long clip::

    python -m benchmarks.bench_audit --frames 3000
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from otio_ai_audit import kernels
from otio_ai_audit.detectors import DETECTORS
from otio_ai_audit.judge import needs_identity
from otio_ai_audit.walk import Audit, Options, audit

from .bench_cost import FRAMES, decode, render


def timed(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def cold(path: Path, identity: bool = True) -> Audit:
    """Audit with an empty store."""
    with tempfile.TemporaryDirectory() as store:
        return warm(path, Path(store), identity)


def warm(path: Path, store: Path, identity: bool = True) -> Audit:
    wanted = tuple(name for name in DETECTORS if identity or not needs_identity([name]))
    return audit([path], Options(engine="threads:1", store=store, detectors=wanted))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kernels.warmup()
    path = render(tmp_path_factory.mktemp("audit"), FRAMES)
    assert not cold(path).result.incomplete
    return path


@pytest.mark.benchmark(group="audit", timer=process_time)
def test_cold_audit_without_identity(benchmark: Any, clip: Path) -> None:
    decoded = timed(lambda: decode(clip))
    benchmark.pedantic(cold, args=(clip, False), rounds=3)
    benchmark.extra_info["ratio"] = benchmark.stats.stats.min / decoded


@pytest.mark.benchmark(group="audit", timer=process_time)
def test_cold_audit(benchmark: Any, clip: Path) -> None:
    decoded: list[float] = []

    def before() -> tuple[tuple[Path], dict[str, Any]]:
        decoded.append(timed(lambda: decode(clip)))
        return (clip,), {}

    benchmark.pedantic(cold, setup=before, rounds=3)
    benchmark.extra_info["ratio"] = benchmark.stats.stats.min / min(decoded)


@pytest.mark.benchmark(group="audit", timer=process_time)
def test_warm_audit(benchmark: Any, clip: Path, tmp_path: Path) -> None:
    warm(clip, tmp_path)
    decoded = timed(lambda: decode(clip))
    benchmark.pedantic(warm, args=(clip, tmp_path), rounds=5, warmup_rounds=1)
    benchmark.extra_info["ratio"] = benchmark.stats.stats.min / decoded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clip", type=Path, help="audit this file instead of drawing one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as store:
        kernels.warmup()
        path = options.clip or render(Path(folder), options.frames)
        frames = decode(path)
        cold(path)
        warm(path, Path(store))
        plain, less, whole, again = [], [], [], []
        for _ in range(options.rounds):
            plain.append(timed(lambda: decode(path)))
            less.append(timed(lambda: cold(path, False)))
            whole.append(timed(lambda: cold(path)))
            again.append(timed(lambda: warm(path, Path(store))))
    print(f"{'':22}{'ms CPU a frame':>15}{'ratio':>8}")
    rows = {"plain decode": plain, "audit without identity": less, "audit, empty store": whole}
    for name, taken in {**rows, "audit, again": again}.items():
        print(f"{name:<22}{1000 * min(taken) / frames:>15.2f}{min(taken) / min(plain):>8.3f}")


if __name__ == "__main__":
    main()
