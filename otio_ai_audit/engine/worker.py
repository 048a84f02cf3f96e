"""What runs in a worker process: take the function, then tasks, until home hangs up.

::

    home ── function, then a task at a time ──▶ worker        one pipe each, both ways
         ◀── ready | unusable, then result | raised | memory ──
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.reduction import ForkingPickler

from ..errors import AuditError


@dataclass(frozen=True, slots=True)
class Crash:
    """A task that gave no result: a sentence for a person, and the traceback if there is one."""

    message: str
    detail: str = ""


def crash_of(error: BaseException, doing: str) -> Crash:
    """Tell an exception as a `Crash`; our own errors are sentences already."""
    message = str(error).strip() or "no message"
    if not isinstance(error, AuditError):
        message = f"Something went wrong while {doing}: {type(error).__name__}: {message}"
    return Crash(message, "".join(traceback.format_exception(error)))


def serve(pipe: connection.Connection, doing: str) -> None:
    """Be a worker; never returns, and never outlives home."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # home decides when to stop
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_leave_with_home, daemon=True).start()
    # Work is spread over clips: threads inside one would only get in the way of the other workers.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")
    try:
        _take_tasks(pipe, doing)
    except (EOFError, OSError):
        pass  # home hung up
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(0)  # without taking native libraries down, which can crash or take long


def _leave_with_home() -> None:
    home = multiprocessing.parent_process()
    if home is not None:
        connection.wait([home.sentinel])
        os._exit(1)


def _take_tasks(pipe: connection.Connection, doing: str) -> None:
    payload = pipe.recv_bytes()
    try:
        function = pickle.loads(payload)
    except Exception as error:
        pipe.send(("unusable", f"{type(error).__name__}: {error}"))
        return
    pipe.send(("ready", None))
    while True:
        payload = pipe.recv_bytes()
        try:
            answer = ForkingPickler.dumps(("result", function(pickle.loads(payload))))
        except MemoryError:
            pipe.send(("memory", None))
            return
        except (Exception, SystemExit) as error:
            answer = ForkingPickler.dumps(("raised", crash_of(error, doing)))
        pipe.send_bytes(answer)
