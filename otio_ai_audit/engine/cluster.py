"""A Dask cluster as an engine: one that is there, or one of this machine.

::

    dask:tcp://HOST:PORT   dask:tls://HOST:PORT   a scheduler that is running
    dask:scheduler.json                           the same, by the file that it wrote for its clients
    dask:N                                        N processes here, with the dashboard of Dask
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import pickle
import pkgutil
import platform
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import EngineError
from .pool import A_FEW, UNKNOWN_WINDOW, Pool, through
from .worker import Crash, crash_of

if TYPE_CHECKING:
    from distributed import Client

K = TypeVar("K")
T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 15
"""Seconds in which a scheduler has to answer."""
LOOK_AGAIN = 5.0
"""Seconds between two looks at how many workers there are."""
ALLOWED_FAILURES = 1
"""Of a cluster of our own: so many workers may die of a task before it is given back, to be tried alone."""
VERSIONS = ("otio_ai_audit:__version__", "otio_ai_audit.measure:SIGNALS_VERSION")
"""What has to be the same everywhere: results of two versions are never mixed."""


class OtherVersion(EngineError):
    """A part of the cluster runs another version of this package, or cannot import it."""


log = logging.getLogger(__name__)


def in_cluster(
    spec: str, function: Callable[[T], R], feed: Iterator[tuple[K, T] | None], doing: str
) -> Generator[tuple[K, R | Crash] | None, None, None]:
    """Send a feed to a Dask cluster; see `otio_ai_audit.engine.stream`.

    Raises
    ------
    EngineError
        At once: a wrong `spec`, or Dask is not installed. With the first task: a scheduler that does
        not answer, or workers of another version. Nothing is connected or started for an empty feed.
    """
    cluster = _parsed(spec)
    if importlib.util.find_spec("distributed") is None:
        raise EngineError(f"The engine {spec} needs Dask: pip install 'otio-ai-audit[cluster]'.")
    return _results(cluster, function, feed, doing)


def _parsed(spec: str) -> Callable[[ExitStack], Client]:
    """Read what stands behind ``dask:`` as a way to a client."""
    where = spec.strip().removeprefix("dask:")
    if where.isascii() and where.isdigit():
        if int(where) < 1:
            raise EngineError(f"The engine {spec!r} has no workers: N is at least 1 in dask:N.")
        return partial(_own, int(where))
    if where.partition("://")[0] in ("tcp", "tls", "ws", "wss", "ucx"):
        return partial(_existing, where)
    if where.endswith(".json"):
        return partial(_existing, where)
    from . import DASK_FORMS, FORMS

    raise EngineError(f"There is no engine {spec!r}; use {FORMS}, or {DASK_FORMS}.")


def _results(
    cluster: Callable[[ExitStack], Client],
    function: Callable[[T], R],
    feed: Iterator[tuple[K, T] | None],
    doing: str,
) -> Generator[tuple[K, R | Crash] | None, None, None]:
    first = None
    for first in feed:
        if first is not None:
            break
        yield None
    if first is None:
        return
    import cloudpickle

    with ExitStack() as stack:
        client = cluster(stack)
        ours = tuple(map(pkgutil.resolve_name, VERSIONS))
        _compare(client, ours)
        executor = client.get_executor(pure=False)
        packed = cloudpickle.dumps(function)

        def send(task: T) -> Future[bytes]:
            answer: Future[bytes] = executor.submit(at_worker, ours, packed, pickle.dumps(task), doing)
            return answer

        pool = Pool(send, _Window(client), _unpacked, partial(_check, client))
        yield from through(pool, chain([first], feed), doing)


def _existing(where: str, stack: ExitStack) -> Client:
    from distributed import Client

    address = _address_in(where) if where.endswith(".json") else where
    try:
        # A client that never came to be can block the next one for ever when it is collected, so the
        # scheduler is asked first; in a thread of its own, since a notebook has a loop here already.
        with ThreadPoolExecutor(1) as aside:
            aside.submit(asyncio.run, _greeted(address)).result()
        client: Client = stack.enter_context(Client(address, timeout=PATIENCE, set_as_default=False))
    except (OSError, ValueError, TypeError, TimeoutError) as error:
        raise EngineError(
            f"No Dask scheduler answers at {where} ({_first_line(error)}): see whether it is running, and "
            "whether this machine reaches it."
        ) from error
    if not _workers(client):
        log.warning("The Dask scheduler at %s has no workers yet; waiting for them.", where)
    return client


def _address_in(file: str) -> str:
    try:
        return str(json.loads(Path(file).read_bytes())["address"])
    except FileNotFoundError:
        raise EngineError(
            f"There is no scheduler file {file}; start the scheduler first: dask scheduler "
            f"--scheduler-file {file}."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineError(f"{file} is no scheduler file of Dask ({_first_line(error)}).") from error


async def _greeted(address: str) -> None:
    from distributed.comm.core import connect
    from distributed.security import Security

    secured = Security().get_connection_args("client")
    comm = await asyncio.wait_for(connect(address, timeout=PATIENCE, **secured), PATIENCE + 1)
    comm.abort()


def _own(number: int, stack: ExitStack) -> Client:
    """Start a cluster on this machine, which ends with the run."""
    import dask
    from distributed import Client, LocalCluster

    # Dask lets workers give memory back at once, which takes a fifth of the pace where pictures are decoded.
    environment = {"OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1}
    dashboard = ":0" if importlib.util.find_spec("bokeh") is not None else None
    try:
        with dask.config.set({"distributed.nanny.pre-spawn-environ": environment}):
            cluster: AbstractContextManager[Any] = LocalCluster(
                n_workers=number,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,  # as with processes:N; one that is paused for its memory would never go on
                dashboard_address=dashboard,
                scheduler_kwargs={"allowed_failures": ALLOWED_FAILURES},
                silence_logs=logging.CRITICAL,  # what is lost is named by us
            )
    except (OSError, RuntimeError) as error:
        raise EngineError(
            f"A Dask cluster of {number} processes cannot be started ({_first_line(error)}); a script needs "
            '`if __name__ == "__main__":` around this call.'
        ) from error
    opened = stack.enter_context(cluster)
    if dashboard:
        log.warning("Dask's dashboard: %s", opened.dashboard_link)
    client: Client = stack.enter_context(Client(opened, set_as_default=False))
    return client


def _compare(client: Client, ours: tuple[str, ...]) -> None:
    """Refuse a cluster on which another version of this package runs, or none."""
    # Asked by a function of the standard library: one of ours could not be sent to where we are missing.
    try:
        theirs: list[Any] = [client.run_on_scheduler(pkgutil.resolve_name, name) for name in VERSIONS]
    except Exception as error:  # whatever an import raises there
        theirs = [error]
    _refuse_other("scheduler", theirs, ours)  # it unpacks tasks too
    answers: dict[str, list[Any]] = {}
    for name in VERSIONS:
        for worker, answer in client.run(pkgutil.resolve_name, name, on_error="return").items():
            answers.setdefault(worker, []).append(answer)
    for worker in sorted(answers):
        _refuse_other(f"worker {worker}", answers[worker], ours)


def _refuse_other(who: str, theirs: Sequence[Any], ours: Sequence[str]) -> None:
    if list(theirs) == list(ours):
        return
    wrong = next((answer for answer in theirs if isinstance(answer, BaseException)), None)
    if wrong is not None:
        raise OtherVersion(
            f"The Dask {who} cannot import otio-ai-audit ({_first_line(wrong)}): install version {ours[0]} "
            "for all workers and for the scheduler."
        )
    what = f"version {theirs[0]}" if theirs[0] != ours[0] else "other sources of the same version"
    raise OtherVersion(
        f"The Dask {who} runs {what} of otio-ai-audit, and this is {ours[0]}: install the same for all "
        "workers and for the scheduler."
    )


class _Window:
    """Tasks to have in flight: a few for each thread, and enough that a cluster sees that it must grow."""

    def __init__(self, client: Client) -> None:
        self._client, self._looked, self._size = client, float("-inf"), UNKNOWN_WINDOW
        self._least = A_FEW if hasattr(client.cluster, "workers") else UNKNOWN_WINDOW

    def __call__(self) -> int:
        if time.monotonic() - self._looked > LOOK_AGAIN:
            self._looked = time.monotonic()
            self._size = max(self._least, 2 * A_FEW * sum(_workers(self._client).values()))
        return self._size


def _workers(client: Client) -> dict[str, int]:
    """Threads of each worker; none where the scheduler does not answer just now."""
    try:
        return dict(client.nthreads())
    except (OSError, RuntimeError, TimeoutError):
        return {}


def _check(client: Client, error: BaseException) -> None:
    if isinstance(error, OtherVersion):
        raise error
    if client.status in ("closing", "closed"):
        raise EngineError("The Dask scheduler went away; what was measured is kept: run this again.")


def at_worker(expected: Sequence[str], function: bytes, task: bytes, doing: str) -> bytes:
    """Run in a worker: the task, unless the worker came later and is of another version.

    Everything travels packed: an exception or a result that cannot be sent is told as a `Crash`, where
    Dask would wait for ever, and the scheduler has nothing to unpack.
    """
    _refuse_other(f"worker on {platform.node()}", [pkgutil.resolve_name(name) for name in VERSIONS], expected)
    try:
        return pickle.dumps(pickle.loads(function)(pickle.loads(task)))
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        return pickle.dumps(crash_of(error, doing))


def _unpacked(answer: bytes) -> Any:
    try:
        return pickle.loads(answer)
    except Exception as error:
        return crash_of(error, "reading a worker's result")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
