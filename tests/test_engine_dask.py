"""A Dask cluster as an engine, with a real scheduler and two real workers on this machine."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit import engine, video
from otio_ai_audit.engine import cluster as cluster_room
from otio_ai_audit.errors import EngineError
from otio_ai_audit.measure import measure
from otio_ai_audit.model import Media, MediaFailure, MediaJob, MediaSignals

from . import engine_tasks
from .edits import RATE, flickering, pan

distributed = pytest.importorskip("distributed", reason="needs Dask: pip install 'otio-ai-audit[cluster]'")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        memory_limit=0,
        silence_logs=60,
        scheduler_kwargs={"allowed_failures": 1},
    ) as opened:
        yield opened


@pytest.fixture
def spec(local: Any) -> str:
    return f"dask:{local.scheduler_address}"


def test_the_same_results_as_processes(spec: str) -> None:
    tasks = ["a", "wrong", "told", "silent", "quit", "closed", "stubborn", engine_tasks.Closed(), "b"]
    here = dict(engine.run(engine_tasks.act, tasks, engine="processes:1"))
    there = dict(engine.run(engine_tasks.act, tasks, engine=spec))
    assert set(there) == set(range(len(tasks)))
    for index, result in here.items():
        if isinstance(result, engine.Crash):
            other = there[index]
            assert isinstance(other, engine.Crash)
            if index != 7:  # that one never left, and is told as what sends it says
                assert other.message == result.message
        else:
            assert there[index] == result
    assert there[7].message == "Something went wrong while measuring: TypeError: closed"


def test_what_is_measured_is_the_same_bit_for_bit(spec: str, tmp_path: Path) -> None:
    clip, gone = tmp_path / "fox.mp4", tmp_path / "gone.mp4"
    video.encode(clip, flickering(pan(1, 24), 6, 18), RATE)
    jobs = [MediaJob(Media(str(path)), key=path.stem) for path in (clip, gone)]
    here = dict(engine.run(measure, jobs, engine="processes:1"))
    there = dict(engine.run(measure, jobs, engine=spec))
    assert isinstance(here[0], MediaSignals) and isinstance(here[1], MediaFailure)
    assert pickle.dumps(there[0]) == pickle.dumps(here[0]) and there[1] == here[1]


def test_a_stream_with_pauses(spec: str) -> None:
    feed = iter([None, ("a", 1), None, ("b", 2), None])
    answers = list(engine.stream(engine_tasks.double, feed, engine=spec))
    assert sorted(answer for answer in answers if answer) == [("a", 2), ("b", 4)]


def test_a_worker_killed_in_the_middle_costs_nothing(spec: str, local: Any) -> None:
    answered: Counter[int] = Counter()
    tasks = ((i, "") for i in range(40))
    with closing(engine.stream(engine_tasks.note_and_wait, tasks, engine=spec)) as answers:
        for answer in answers:
            assert answer is not None and not isinstance(answer[1], engine.Crash)
            answered[answer[0]] += 1
            if answered.total() == 5:
                os.kill(answer[1], signal.SIGKILL)
    assert answered == Counter(range(40))
    _wait_for_workers(local)


def test_a_task_that_kills_its_workers_costs_only_itself(spec: str, local: Any) -> None:
    results = dict(engine.run(engine_tasks.act, ["a", "kill", "b", "c", "d"], engine=spec, doing="reading"))
    crash = results.pop(1)
    assert results == {0: "a", 2: "b", 3: "c", 4: "d"}
    assert isinstance(crash, engine.Crash)
    assert crash.message == "The worker was lost while reading, twice (KilledWorker)."
    _wait_for_workers(local)


def test_results_are_released_as_they_arrive(spec: str, local: Any) -> None:
    """Neither the workers nor the scheduler keep what was handed on."""
    with closing(engine.stream(engine_tasks.large, ((i, i) for i in range(60)), engine=spec)) as answers:
        most = 0
        for _ in answers:
            most = max(most, len(local.scheduler.tasks))
    assert most <= 60
    assert not any(state.has_what for state in local.scheduler.workers.values())


def test_closing_early_gives_the_cluster_up(spec: str, local: Any) -> None:
    with closing(engine.run(engine_tasks.sleep, [0.0] + [0.2] * 50, engine=spec)) as results:
        next(results)
    assert dict(engine.run(engine_tasks.double, [1, 2], engine=spec)) == {0: 2, 1: 4}


def test_a_cluster_of_our_own(caplog: pytest.LogCaptureFixture) -> None:
    pids = {who[0] for _, who in engine.run(engine_tasks.whoami, range(8), engine="dask:2")}  # type: ignore[index]
    assert os.getpid() not in pids and 1 <= len(pids) <= 2
    if find_spec("bokeh") is not None:
        assert "Dask's dashboard: http://" in caplog.text


def test_nothing_is_started_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "LocalCluster", None)
    assert list(engine.run(engine_tasks.double, [], engine="dask:2")) == []
    assert list(engine.stream(engine_tasks.double, iter([None, None]), engine="dask:2")) == [None, None]


def test_a_scheduler_by_its_file(local: Any, tmp_path: Path) -> None:
    client = distributed.Client(local, set_as_default=False)
    with client:
        client.write_scheduler_file(str(tmp_path / "my scheduler.json"))
    results = engine.run(engine_tasks.double, [1, 2], engine=f"dask:{tmp_path / 'my scheduler.json'}")
    assert dict(results) == {0: 2, 1: 4}


def test_a_scheduler_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"There is no scheduler file .*none\.json"):
        list(engine.run(engine_tasks.double, [1], engine=f"dask:{tmp_path / 'none.json'}"))


def test_a_scheduler_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_room, "PATIENCE", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(EngineError, match=f"No Dask scheduler answers at {address}"):
            list(engine.run(engine_tasks.double, [1], engine=f"dask:{address}"))


@pytest.mark.parametrize("address", ["tcp://", "tcp://no host:x", "tls://127.0.0.1:1"])
def test_addresses_that_are_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_room, "PATIENCE", 1)
    with pytest.raises(EngineError, match="No Dask scheduler answers at"):
        list(engine.run(engine_tasks.double, [1], engine=f"dask:{address}"))


def test_a_worker_of_another_version_is_named(spec: str, local: Any) -> None:
    one, two = (worker.worker_address for worker in local.workers.values())
    with distributed.Client(local, set_as_default=False) as client:
        client.run(engine_tasks.pretend_version, "0.0.9", workers=[two])
        try:
            with pytest.raises(EngineError, match=f"worker {two} runs version 0.0.9 of otio-ai-audit"):
                list(engine.run(engine_tasks.double, [1], engine=spec))
        finally:
            client.run(engine_tasks.pretend_version, engine_tasks.version(), workers=[two])
    assert one != two
    assert dict(engine.run(engine_tasks.double, [1], engine=spec)) == {0: 2}


def test_a_worker_without_the_package_is_told_what_to_install() -> None:
    gone = ModuleNotFoundError("No module named 'otio_ai_audit'")
    with pytest.raises(
        EngineError, match=r"worker x cannot import otio-ai-audit \(No module.*install version 1"
    ):
        cluster_room._refuse_other("worker x", [gone, gone], ["1", "abc"])
    with pytest.raises(EngineError, match="other sources of the same version"):
        cluster_room._refuse_other("worker x", ["1", "other"], ["1", "abc"])


def test_a_worker_that_comes_late_with_another_version_ends_the_run(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_room, "_compare", lambda client, ours: None)
    monkeypatch.setattr(cluster_room, "VERSIONS", ("otio_ai_audit.engine.worker:__name__", "os:sep"))
    with pytest.raises(EngineError, match=r"worker on .* runs version .* of otio-ai-audit"):
        list(engine.run(engine_tasks.double, [1], engine=spec))


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_room.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match=r"pip install 'otio-ai-audit\[cluster\]'"):
        engine.run(engine_tasks.double, [1], engine="dask:2")


@pytest.mark.parametrize("spec", ["dask:0", "dask:", "dask:here", "dask:http://x", "dask:-1"])
def test_what_is_no_cluster(spec: str) -> None:
    with pytest.raises(
        EngineError, match=r"has no workers|dask:tcp://HOST:PORT, dask:scheduler\.json or dask:N"
    ):
        engine.run(engine_tasks.double, [1], engine=spec)


def test_dask_has_no_time_limits(spec: str) -> None:
    with pytest.raises(EngineError, match="needs worker processes"):
        engine.run(engine_tasks.double, [1], engine=spec, timeout=1.0)


# --- helpers --------------------------------------------------------------------------------------


def _wait_for_workers(local: Any) -> None:
    """Until the nanny has put a new worker where one died."""
    with distributed.Client(local, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=30)
