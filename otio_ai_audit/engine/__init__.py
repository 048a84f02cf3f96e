"""Sends tasks to workers and gives their results as they finish."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from typing import TypeVar

from ..errors import EngineError
from .worker import Crash, crash_of

__all__ = ["Crash", "cores", "parse", "run"]

T = TypeVar("T")
R = TypeVar("R")

FORMS = "processes, processes:N, threads or threads:N"
WINDOWS_LIMIT = 60
"""Windows waits for at most 63 handles at once."""


def run(
    function: Callable[[T], R],
    tasks: Sequence[T],
    *,
    engine: str | Executor = "processes",
    costs: Sequence[float] | None = None,
    timeout: float | None = None,
    doing: str = "measuring",
) -> Generator[tuple[int, R | Crash], None, None]:
    """Call `function` on every task, somewhere else, and give results as they finish.

    Parameters
    ----------
    function
        A function of a module: worker processes are started fresh and import it by name.
    tasks
        What it is called with, one argument each; anything that pickles.
    engine
        ``processes:N`` (spawned and supervised; N is by default the number of cores that this process
        may use), ``threads:N``, or any `concurrent.futures.Executor`, which is used and left open.
    costs
        Expected work of each task, in any unit; the longest start first. By default in order.
    timeout
        Seconds that one task may take before its worker is killed; processes only. None is for ever.
    doing
        What a worker does, for messages: "The worker died (signal 9, …) while measuring, twice."

    Yields
    ------
    tuple of int and result
        Index of the task, and what the function returned or a `Crash`. Every task comes exactly once.
        Closing the generator, an exception in the loop that empties it, or Ctrl-C inside it kills
        worker processes at once; threads finish in the background the task that they are at.

    Raises
    ------
    EngineError
        An engine that nobody knows, or workers that cannot be started.

    Notes
    -----
    A process that dies, or runs out of memory, costs only its own task: that one is tried once more,
    after all others and alone in a fresh process, and is then given back as a `Crash`.
    """
    if costs is not None and len(costs) != len(tasks):
        raise ValueError(f"{len(costs)} costs were given for {len(tasks)} tasks")
    order = sorted(range(len(tasks)), key=lambda i: -costs[i]) if costs else list(range(len(tasks)))
    kind, number = ("executor", 0) if isinstance(engine, Executor) else parse(engine)
    if kind != "processes" and timeout is not None:
        raise EngineError("A time limit for each clip needs worker processes: use the engine processes:N.")
    if isinstance(engine, Executor):
        return _run_executor(engine, function, tasks, order, doing)
    if kind == "threads":
        return _run_threads(number, function, tasks, order, doing)
    from .crew import Crew

    return Crew(function, tasks, order, number, timeout, doing).results()


def parse(spec: str) -> tuple[str, int]:
    """Read ``processes:4`` as a kind and a number of workers.

    Raises
    ------
    EngineError
        Anything but ``processes``, ``processes:N``, ``threads`` and ``threads:N`` with N from 1.
    """
    kind, colon, count = spec.strip().partition(":")
    if kind not in ("processes", "threads") or (colon and not (count.isascii() and count.isdigit())):
        raise EngineError(f"There is no engine {spec!r}; use {FORMS}.")
    number = int(count) if colon else cores()
    if number < 1:
        raise EngineError(f"The engine {spec!r} has no workers: N is at least 1 in {FORMS}.")
    if kind == "processes" and sys.platform == "win32":
        number = min(number, WINDOWS_LIMIT)
    return kind, number


def cores() -> int:
    """Cores that this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _run_threads(
    number: int, function: Callable[[T], R], tasks: Sequence[T], order: Sequence[int], doing: str
) -> Generator[tuple[int, R | Crash], None, None]:
    pool = ThreadPoolExecutor(min(number, max(1, len(tasks))), thread_name_prefix="otio-ai-audit")
    try:
        yield from _run_executor(pool, function, tasks, order, doing)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _run_executor(
    pool: Executor, function: Callable[[T], R], tasks: Sequence[T], order: Sequence[int], doing: str
) -> Generator[tuple[int, R | Crash], None, None]:
    pending: dict[Future[R], int] = {}
    try:
        for index in order:
            pending[pool.submit(function, tasks[index])] = index
        for future in as_completed(list(pending)):
            index = pending.pop(future)  # lets go of the result once it is handed on
            error = future.exception()
            yield index, crash_of(error, doing) if error is not None else future.result()
    finally:
        for future in pending:
            future.cancel()
