"""What a take costs: all of a triage of short takes against plain decoding, and what of it is done at home.

In one process with one decoder thread, everything in: looking into the folder, hashing, decoding, measuring,
judging, storing and ranking. `ratio` is CPU against PyAV's plain decoding of the same files in the same run;
of the second benchmark the share of home in it, which says how many workers one home can feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from otio_ai_audit import kernels, video
from otio_ai_audit.takes import TriageOptions, session, triage
from otio_ai_audit.takes.look import Looked, TakeTask, look
from tests.edits import RATE, pan

from .bench_cost import decode

TAKES = 6
FRAMES = 36
SIZE = (512, 288)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kernels.warmup()
    folder = tmp_path_factory.mktemp("takes")
    for number in range(TAKES):
        path = folder / f"truck_v{number:03d}.mp4"
        video.encode(path, pan(number, FRAMES, SIZE, cell=24), RATE, options={"crf": "20"})
    run(folder, folder.parent / "warm")
    return folder


def run(folder: Path, store: Path) -> None:
    assert triage([folder], TriageOptions(engine="threads:1", store=store)).failed == 0


def decoded(paths: Sequence[Path]) -> float:
    """CPU seconds of plain decoding."""
    start = process_time()
    for path in paths:
        decode(path)
    return process_time() - start


def fresh(folder: Path, tmp_path: Path) -> Any:
    """Make arguments of a run with an empty store, anew for every round."""
    numbers = iter(range(1000))
    return lambda: ((folder, tmp_path / str(next(numbers))), {})


@pytest.mark.benchmark(group="takes", timer=process_time)
def test_triage_of_short_takes(benchmark: Any, folder: Path, tmp_path: Path) -> None:
    plain = decoded(sorted(folder.iterdir()))
    benchmark.pedantic(run, setup=fresh(folder, tmp_path), rounds=3)
    benchmark.extra_info["ratio"] = benchmark.stats.stats.min / plain
    benchmark.extra_info["ms_a_frame"] = 1e3 * benchmark.stats.stats.min / TAKES / FRAMES


@pytest.mark.benchmark(group="takes", timer=process_time)
def test_the_share_of_home(
    benchmark: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = process_time()
    run(folder, tmp_path / "whole")
    whole = process_time() - start
    answers: dict[str, Looked] = {}

    def remembered(task: TakeTask) -> Looked:
        if task.label not in answers:
            answers[task.label] = look(task)
        return answers[task.label]

    monkeypatch.setattr(session, "look", remembered)
    run(folder, tmp_path / "first")
    benchmark.pedantic(run, setup=fresh(folder, tmp_path), rounds=3)
    benchmark.extra_info["ratio"] = benchmark.stats.stats.min / whole
    benchmark.extra_info["ms_a_take"] = 1e3 * benchmark.stats.stats.min / TAKES
