"""Any executor in the manner of `concurrent.futures`, fed a few tasks at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from .inbox import ASK_AGAIN, Inbox, Order
from .worker import Crash, crash_of

K = TypeVar("K")
T = TypeVar("T")
R = TypeVar("R")

A_FEW = 2
"""Tasks in flight for each worker: one that is worked on, and one that waits beside it."""
UNKNOWN_WINDOW = 128
"""Tasks in flight in an executor that does not say how many workers it has."""
LIBRARIES = ("distributed", "dask")
"""Exceptions of these tell of the cluster, never of the task."""


@dataclass(frozen=True, slots=True)
class Pool:
    """How to have tasks done by others."""

    send: Callable[[Any], Future[Any]]
    """Hands over a task."""
    window: Callable[[], int]
    """How many tasks may be in flight now."""
    unpack: Callable[[Any], Any] = lambda answer: answer
    """Takes an answer as it came, and gives the result or a `Crash`."""
    check: Callable[[BaseException], None] = lambda error: None
    """Called with whatever a task raised; raises an EngineError where nothing more can be expected."""


def pool_of(executor: Executor, function: Callable[[T], R]) -> Pool:
    """Ask an executor of the caller to call a function; it says how much to give it at once, or not."""
    workers = getattr(executor, "_max_workers", None)
    window = A_FEW * workers if isinstance(workers, int) else UNKNOWN_WINDOW
    return Pool(lambda task: executor.submit(function, task), lambda: max(1, window))


def through(
    pool: Pool, feed: Iterator[tuple[K, T] | None], doing: str
) -> Generator[tuple[K, Any] | None, None, None]:
    """Send a feed through a pool; see `otio_ai_audit.engine.stream`.

    A task whose worker was lost, or that ran out of memory, is tried once more, alone.
    """
    inbox: Inbox[K, T] = Inbox(feed)
    flying: dict[Future[Any], Order[K, T]] = {}
    landed: SimpleQueue[Future[Any]] = SimpleQueue()
    try:
        while True:
            while len(flying) < pool.window():
                order = inbox.take(len(flying))
                if order is None:
                    break
                try:
                    future = pool.send(order.task)
                except Exception as refused:  # the pool is broken, or the task cannot be sent
                    future = Future()
                    future.set_exception(refused)
                flying[future] = order
                future.add_done_callback(landed.put)
            if flying:
                open_for_more = inbox.expecting and len(flying) < pool.window()
                try:
                    future = landed.get(timeout=ASK_AGAIN if open_for_more else None)
                except Empty:
                    continue
                order, error = flying.pop(future), _error_of(future)
                if error is None:
                    yield order.key, pool.unpack(future.result())
                else:
                    pool.check(error)
                    if not _is_loss(error):
                        yield order.key, crash_of(error, doing)
                    elif not inbox.suspect(order):
                        yield order.key, _loss(error, doing)
                del future  # lets go of the result
            elif inbox.over:
                return
            else:
                yield None
    finally:
        for future in flying:
            future.cancel()


def _error_of(future: Future[Any]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:  # not by us: by the executor, when it goes down or starts anew
        return error


def _is_loss(error: BaseException) -> bool:
    """Whether a task failed by what happened to its worker, not by what it did."""
    if isinstance(error, BrokenExecutor | CancelledError | MemoryError):
        return True
    return type(error).__module__.partition(".")[0] in LIBRARIES


def _loss(error: BaseException, doing: str) -> Crash:
    said = str(error).strip()
    if isinstance(error, MemoryError):
        return Crash(f"The worker ran out of memory while {doing}, twice.", said)
    return Crash(f"The worker was lost while {doing}, twice ({type(error).__name__}).", said)
