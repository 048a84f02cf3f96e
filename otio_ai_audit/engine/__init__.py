"""Sends tasks to workers and gives their results as they finish."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

from ..errors import EngineError
from .pool import pool_of, through
from .worker import Crash

__all__ = ["Crash", "cores", "parse", "run", "stream"]

K = TypeVar("K")
T = TypeVar("T")
R = TypeVar("R")

FORMS = "processes, processes:N, threads or threads:N"
DASK_FORMS = "dask:tcp://HOST:PORT, dask:scheduler.json or dask:N for a Dask cluster"
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
        may use), ``threads:N``, a Dask cluster (see `stream`), or any `concurrent.futures.Executor`,
        which is used and left open.
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

    See Also
    --------
    stream : the same for tasks that come one by one, or never end.
    """
    if costs is not None and len(costs) != len(tasks):
        raise ValueError(f"{len(costs)} costs were given for {len(tasks)} tasks")
    order = sorted(range(len(tasks)), key=lambda i: -costs[i]) if costs else range(len(tasks))
    feed = ((index, tasks[index]) for index in order)
    return _answers(stream(function, feed, engine=engine, timeout=timeout, doing=doing))


def _answers(
    results: Generator[tuple[K, R | Crash] | None, None, None],
) -> Generator[tuple[K, R | Crash], None, None]:
    with closing(results):
        yield from (result for result in results if result is not None)


def stream(
    function: Callable[[T], R],
    feed: Iterator[tuple[K, T] | None],
    *,
    engine: str | Executor = "processes",
    timeout: float | None = None,
    doing: str = "measuring",
) -> Generator[tuple[K, R | Crash] | None, None, None]:
    """Call `function` on tasks as they come, somewhere else, and give results as they finish.

    Parameters
    ----------
    function, timeout, doing
        See `run`.
    engine
        See `run`; also ``dask:tcp://HOST:PORT`` (or ``tls://``) and ``dask:FILE.json``, a scheduler that
        is there, and ``dask:N``, a Dask cluster of N processes on this machine with its dashboard.
    feed
        Keys and tasks. The next one is asked for when a worker is free for it, so that what waits need
        not be in memory; always from the thread that empties the generator. None says that there is
        nothing now and may be later.

    Yields
    ------
    tuple of key and result, or None
        Every key of the feed exactly once, with what the function returned or a `Crash`. None where
        nobody is at work and the feed has nothing: sleep a little and go on; workers are kept. It ends
        when the feed has ended and everything is answered. Closing it is as closing `run`.

    Raises
    ------
    EngineError
        An engine that nobody knows, workers that cannot be started, or a cluster that does not answer
        or is of another version.

    Notes
    -----
    A process that dies, or runs out of memory, costs only its own task: that one is tried once more,
    alone and in a fresh process, after all others or when the feed has nothing, and is then given back
    as a `Crash`. The same holds for tasks that an executor loses.
    """
    if isinstance(engine, str) and engine.strip().startswith("dask:"):
        kind, number = "dask", 0
    else:
        kind, number = ("executor", 0) if isinstance(engine, Executor) else parse(engine)
    if kind != "processes" and timeout is not None:
        raise EngineError("A time limit for each clip needs worker processes: use the engine processes:N.")
    if isinstance(engine, Executor):
        return through(pool_of(engine, function), feed, doing)
    if kind == "threads":
        return _in_threads(number, function, feed, doing)
    if kind == "dask":
        from .cluster import in_cluster

        return in_cluster(engine, function, feed, doing)
    from .crew import Crew

    return Crew(function, feed, number, timeout, doing).results()


def parse(spec: str) -> tuple[str, int]:
    """Read ``processes:4`` as a kind and a number of workers.

    Raises
    ------
    EngineError
        Anything but ``processes``, ``processes:N``, ``threads`` and ``threads:N`` with N from 1.
    """
    kind, colon, count = spec.strip().partition(":")
    if kind not in ("processes", "threads") or (colon and not (count.isascii() and count.isdigit())):
        raise EngineError(f"There is no engine {spec!r}; use {FORMS}, or {DASK_FORMS}.")
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


def _in_threads(
    number: int, function: Callable[[T], R], feed: Iterator[tuple[K, T] | None], doing: str
) -> Generator[tuple[K, R | Crash] | None, None, None]:
    pool = ThreadPoolExecutor(number, thread_name_prefix="otio-ai-audit")
    try:
        yield from through(pool_of(pool, function), feed, doing)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
