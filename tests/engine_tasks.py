"""What the workers of `test_engine` are asked to do; importable by name, as workers need it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from otio_ai_audit.errors import MediaError


def double(number: int) -> int:
    return 2 * number


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def whoami(_: int) -> tuple[int, int]:
    return os.getpid(), threading.get_ident()


def script_was_run(_: int) -> bool:
    return "__mp_main__" in sys.modules and hasattr(sys.modules["__mp_main__"], "__file__")


def blas_threads(_: int) -> str | None:
    return os.environ.get("OPENBLAS_NUM_THREADS")


class Stubborn:
    """Something that pickles and cannot be unpickled again."""

    def __reduce__(self) -> Any:
        return (int, ("not a number",))


class Closed:
    """Something that does not pickle."""

    def __reduce__(self) -> Any:
        raise TypeError("closed")


def act(what: str) -> Any:
    """Do what the word says; the many ways in which a task can end."""
    if what == "exit":
        os._exit(3)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "quit":
        sys.exit("enough")
    if what == "wrong":
        raise ValueError("no such number")
    if what == "silent":
        raise ValueError
    if what == "told":
        raise MediaError("fox.mov is empty: export it again.")
    if what == "memory":
        raise MemoryError
    if what == "closed":
        return Closed()
    if what == "stubborn":
        return Stubborn()
    return what


def die_once(flag: str) -> str:
    """Die at the first try; alone and fresh it works."""
    if not Path(flag).exists():
        Path(flag).touch()
        os._exit(1)
    return "second try"


def note_pid_and_sleep(folder: str) -> None:
    """Leave a file named by the process id and block; the sleep cannot be interrupted by Ctrl-C."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(60)


def note_and_wait(folder: str) -> int:
    """Take long enough to be killed on the way."""
    time.sleep(0.1)
    return os.getpid()


class Heavy:
    """A result that can be watched by a weak reference."""


def heavy(_: int) -> Heavy:
    return Heavy()


def large(number: int) -> bytes:
    return bytes([number % 256]) * 100_000


def version() -> str:
    import otio_ai_audit

    return otio_ai_audit.__version__


def pretend_version(version: str) -> None:
    """Make a worker seem to run another version of this package."""
    import otio_ai_audit

    otio_ai_audit.__version__ = version
