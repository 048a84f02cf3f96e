from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from otio_ai_audit import engine
from otio_ai_audit.errors import EngineError

from . import engine_tasks

ROOT = Path(__file__).resolve().parents[1]
ENGINES = ["processes:1", "processes:2", "threads:2", "executor"]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> Iterator[object]:
    if request.param != "executor":
        yield request.param
        return
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.mark.parametrize("chosen", ENGINES, indirect=True)
def test_every_task_comes_exactly_once(chosen: str) -> None:
    results = list(engine.run(engine_tasks.double, list(range(7)), engine=chosen))
    assert sorted(results) == [(i, 2 * i) for i in range(7)]


@pytest.mark.parametrize("chosen", ENGINES, indirect=True)
def test_no_tasks_are_no_results(chosen: str) -> None:
    assert list(engine.run(engine_tasks.double, [], engine=chosen)) == []


@pytest.mark.parametrize("chosen", ENGINES, indirect=True)
def test_an_exception_is_a_crash_with_its_message_and_the_rest_goes_on(chosen: str) -> None:
    results = dict(engine.run(engine_tasks.act, ["a", "wrong", "told", "silent", "b"], engine=chosen))
    assert results[0] == "a" and results[4] == "b"
    wrong, told, silent = results[1], results[2], results[3]
    assert isinstance(wrong, engine.Crash)
    assert wrong.message == "Something went wrong while measuring: ValueError: no such number"
    assert "Traceback" in wrong.detail and "engine_tasks.py" in wrong.detail
    assert isinstance(told, engine.Crash) and told.message == "fox.mov is empty: export it again."
    assert isinstance(silent, engine.Crash) and silent.message.endswith("ValueError: no message")


@pytest.mark.parametrize("chosen", ["processes:1", "threads:1"], indirect=True)
def test_the_longest_start_first(chosen: str) -> None:
    results = engine.run(engine_tasks.double, [1, 2, 3, 4], engine=chosen, costs=[2.0, 9.0, 1.0, 5.0])
    assert [index for index, _ in results] == [1, 3, 0, 2]


def test_results_come_as_they_finish() -> None:
    results = engine.run(engine_tasks.sleep, [1.0, 0.0, 0.0], engine="processes:2", costs=[3, 2, 1])
    assert [index for index, _ in results] == [1, 2, 0]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("exit", r"The worker died \(exit code 3\) while reading, twice\."),
        pytest.param(
            "kill", r"The worker died \(signal 9, SIGKILL.*\) while reading, twice\.", marks=posix_only
        ),
        ("memory", r"The worker ran out of memory while reading, twice\."),
        ("quit", r"SystemExit: enough"),
        ("closed", r"TypeError: closed"),
        ("stubborn", r"reading a worker's result: ValueError"),
    ],
)
def test_a_task_that_kills_its_worker_costs_only_itself(what: str, said: str) -> None:
    tasks = ["a", what, "b", "c", "d"]
    results = dict(engine.run(engine_tasks.act, tasks, engine="processes:2", doing="reading"))
    crash = results.pop(1)
    assert results == {0: "a", 2: "b", 3: "c", 4: "d"}
    assert isinstance(crash, engine.Crash)
    assert re.search(said, crash.message)


def test_all_tasks_may_kill_their_workers() -> None:
    results = dict(engine.run(engine_tasks.act, ["exit"] * 5, engine="processes:2"))
    assert len(results) == 5
    assert all(isinstance(result, engine.Crash) for result in results.values())


def test_a_task_that_dies_once_is_tried_again(tmp_path: Path) -> None:
    tasks = [str(tmp_path / "one"), str(tmp_path / "two")]
    results = dict(engine.run(engine_tasks.die_once, tasks, engine="processes:2"))
    assert results == {0: "second try", 1: "second try"}


def test_a_task_that_cannot_be_sent_is_named() -> None:
    results = dict(engine.run(engine_tasks.act, [engine_tasks.Closed(), "a"], engine="processes:1"))
    assert isinstance(results[0], engine.Crash) and "TypeError: closed" in results[0].message
    assert results[1] == "a"


def test_a_task_that_takes_too_long_is_stopped() -> None:
    started = time.monotonic()
    results = dict(engine.run(engine_tasks.sleep, [30.0, 0.0], engine="processes:2", timeout=0.5))
    assert results[1] == 0.0
    assert results[0] == engine.Crash("The worker was stopped after 0.5 s while measuring.")
    assert time.monotonic() - started < 15


def test_work_leaves_the_calling_process_and_uses_few_workers() -> None:
    results = list(engine.run(engine_tasks.whoami, [0, 1, 2], engine="processes:8"))
    pids = {who[0] for _, who in results if not isinstance(who, engine.Crash)}
    assert os.getpid() not in pids and 1 <= len(pids) <= 3


def test_workers_keep_native_libraries_from_starting_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert list(engine.run(engine_tasks.blas_threads, [0], engine="processes:1")) == [(0, "1")]


def test_workers_do_not_run_the_callers_script_again() -> None:
    assert list(engine.run(engine_tasks.script_was_run, [0], engine="processes:1")) == [(0, False)]


def test_closing_early_leaves_no_process(tmp_path: Path) -> None:
    tasks = [str(tmp_path)] * 4
    started = time.monotonic()
    with closing(engine.run(_quick_or_blocked, ["", *tasks], engine="processes:2")) as results:
        assert next(results) == (0, "")
        _wait_for_files(tmp_path, 1)
    assert time.monotonic() - started < 15
    assert _ours() == []
    assert not any(_alive(int(path.name)) for path in tmp_path.iterdir())


def test_an_exhausted_run_leaves_no_process() -> None:
    list(engine.run(engine_tasks.double, list(range(5)), engine="processes:2"))
    assert _ours() == []


def test_closing_before_the_start_starts_nothing() -> None:
    engine.run(engine_tasks.double, [1, 2], engine="processes:2").close()
    assert _ours() == []


@posix_only
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_workers_go_with_home(tmp_path: Path, sign: signal.Signals) -> None:
    """Ctrl-C at the terminal, and home killed outright: blocked workers stop in both cases."""
    script = tmp_path / "audit_it.py"
    script.write_text(
        textwrap.dedent(
            """
            import signal
            import sys
            from otio_ai_audit import engine
            from tests import engine_tasks

            # A suite that was started in the background hands down an ignored SIGINT.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                list(engine.run(engine_tasks.note_pid_and_sleep, [sys.argv[1]] * 4, engine="processes:2"))
            except KeyboardInterrupt:
                sys.exit(130)
            """
        )
    )
    pids = tmp_path / "pids"
    pids.mkdir()
    home = subprocess.Popen(
        [sys.executable, str(script), str(pids)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _wait_for_files(pids, 2)
        # A terminal sends Ctrl-C to every process of the group, workers included.
        if sign == signal.SIGINT:
            os.killpg(home.pid, sign)
        else:
            home.kill()
        _, said = home.communicate(timeout=10)
    finally:
        home.kill()
        home.communicate()
    assert said == b""
    assert home.returncode == (130 if sign == signal.SIGINT else -signal.SIGKILL)
    until = time.monotonic() + 10
    workers = [int(path.name) for path in pids.iterdir()]
    while any(map(_alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(_alive, workers))


def _python(code: str, *, stdin: bool) -> subprocess.CompletedProcess[str]:
    source = textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-"] if stdin else [sys.executable, "-c", source],
        input=source if stdin else None,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("stdin", [False, True], ids=["-c", "stdin"])
def test_code_without_a_file_may_use_processes(stdin: bool) -> None:
    done = _python(
        """
        from otio_ai_audit import engine
        from tests import engine_tasks
        print(list(engine.run(engine_tasks.double, [21], engine="processes:1")))
        """,
        stdin=stdin,
    )
    assert done.stdout.strip() == "[(0, 42)]", done.stderr


def test_code_that_was_typed_in_cannot_be_imported_by_workers() -> None:
    done = _python(
        """
        from otio_ai_audit import engine
        def work(x): return x
        list(engine.run(work, [21], engine="processes:1"))
        """,
        stdin=False,
    )
    assert "interactive session; put it into a module" in done.stderr


def test_a_script_that_defines_its_own_work_is_told_of_the_guard(tmp_path: Path) -> None:
    script = tmp_path / "own.py"
    script.write_text(
        "from otio_ai_audit import engine\n"
        "def work(x): return x + 1\n"
        "print(list(engine.run(work, [1], engine='processes:1')))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert '`if __name__ == "__main__":`' in done.stderr
    guarded = script.read_text().replace("print(", "if __name__ == '__main__': print(")
    script.write_text(guarded)
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[(0, 2)]", done.stderr


def test_work_inside_a_worker_is_refused() -> None:
    ((_, crash),) = engine.run(_nested, [0], engine="processes:1")
    assert isinstance(crash, engine.Crash)
    assert "cannot start workers of its own" in crash.message


@pytest.mark.parametrize(
    "spec", ["", "process", "processes:", "processes:x", "threads:1.5", "dask:here", "dask", "4"]
)
def test_an_unknown_engine_is_an_error_that_names_the_known_ones(spec: str) -> None:
    with pytest.raises(EngineError, match="use processes, processes:N, threads or threads:N"):
        engine.run(engine_tasks.double, [1], engine=spec)


@pytest.mark.parametrize("spec", ["processes:0", "threads:0"])
def test_an_engine_needs_a_worker(spec: str) -> None:
    with pytest.raises(EngineError, match="N is at least 1"):
        engine.run(engine_tasks.double, [1], engine=spec)


def test_threads_cannot_be_stopped_by_a_time_limit() -> None:
    with pytest.raises(EngineError, match="needs worker processes"):
        engine.run(engine_tasks.double, [1], engine="threads:1", timeout=1.0)


def test_functions_without_a_name_are_refused() -> None:
    with pytest.raises(EngineError, match="by name"):
        engine.run(lambda x: x, [1], engine="processes:1")


def test_an_executor_of_the_caller_stays_open() -> None:
    with ThreadPoolExecutor(1) as pool:
        with closing(engine.run(engine_tasks.double, [1, 2, 3], engine=pool)) as results:
            next(results)
        assert pool.submit(engine_tasks.double, 4).result() == 8


def test_the_number_of_workers_defaults_to_the_cores_at_hand() -> None:
    assert engine.parse("processes")[1] == engine.cores() >= 1


# --- helpers --------------------------------------------------------------------------------------


def _quick_or_blocked(folder: str) -> str:
    if folder:
        engine_tasks.note_pid_and_sleep(folder)
    return folder


def _nested(_: int) -> object:
    return list(engine.run(engine_tasks.double, [1], engine="processes:1"))


def _ours() -> list[multiprocessing.process.BaseProcess]:
    return multiprocessing.active_children()


def _alive(pid: int) -> bool:
    if sys.platform == "win32":
        listed = subprocess.run(["tasklist", "/FI", f"PID eq {pid}"], capture_output=True, text=True)
        return str(pid) in listed.stdout
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that is gone stays listed until it is collected; an orphan's collector may be slow.
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def _wait_for_files(folder: Path, count: int) -> None:
    until = time.monotonic() + 20
    while len(list(folder.iterdir())) < count:
        assert time.monotonic() < until, "the workers did not start"
        time.sleep(0.02)
