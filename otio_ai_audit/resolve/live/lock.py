"""One task at a time on one timeline."""

import errno
import json
import os
import platform
import time
from typing import Any, Set

from .calls import Trouble
from .sidecar import read_json

_HELD: Set[str] = set()
LONGEST = 24 * 3600.0
"""Seconds after which a process of that number is another one."""


class Locked(Trouble):
    """Another task works on this timeline."""


class Lock:
    """A file that names the process which works on a timeline. A context manager.

    The file of a process that has died is taken over.
    """

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "lock.json")

    def __enter__(self) -> "Lock":
        for _ in range(5):
            try:
                handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except OSError as error:
                if error.errno != errno.EEXIST:
                    raise
                if self._held():
                    raise Locked(
                        "An audit of this timeline is running already; wait until it has finished. "
                        "If none is, delete %s." % self.path
                    ) from None
                self._take_over()
                continue
            with os.fdopen(handle, "w") as stream:
                json.dump({"pid": os.getpid(), "host": platform.node(), "time": time.time()}, stream)
            _HELD.add(self.path)
            return self
        raise Locked("An audit of this timeline is starting already; wait until it has finished.")

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        _HELD.discard(self.path)
        try:
            os.remove(self.path)
        except OSError:
            pass

    def _held(self) -> bool:
        told = read_json(self.path) or {}
        pid, since = told.get("pid"), told.get("time")
        if not isinstance(since, (int, float)) or abs(time.time() - since) > LONGEST:
            return False
        if told.get("host") != platform.node():
            return True  # another machine's, on a shared disk: nobody can ask it
        if pid == os.getpid():
            return self.path in _HELD
        return isinstance(pid, int) and is_alive(pid)

    def _take_over(self) -> None:
        # Renamed first: of two tasks that find a dead one's file, one alone gets it.
        spare = "%s.%d" % (self.path, os.getpid())
        try:
            os.rename(self.path, spare)
            os.remove(spare)
        except OSError:
            pass


def is_alive(pid: int) -> bool:
    """Whether a process runs; where nobody can say, it does not."""
    if pid <= 0:
        return False
    if os.name == "nt":
        # os.kill would end it there.
        import ctypes

        kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - only Windows has it
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(0x1000, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        done = kernel.GetExitCodeProcess(ctypes.c_void_p(handle), ctypes.byref(code))
        kernel.CloseHandle(ctypes.c_void_p(handle))
        return bool(done) and code.value == 259
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno == errno.EPERM
    return True
