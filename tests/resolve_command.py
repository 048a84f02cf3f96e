"""The real command line, started quickly: a server has the package loaded and forks for every call.

``python -m tests.resolve_command SOCKET`` is the server; `Command` starts it and writes a small executable
that passes arguments, folder, environment and streams to it. A call that is killed is killed for real, and
``OTIO_TEST_DIE_AT=n`` kills the command before its n-th line on standard error.
"""

from __future__ import annotations

import contextlib
import io
import marshal
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from .resolve_host_model import Timeline
from .resolve_host_otio import otio_text

# Starts in half the time of one that imports `os`, `socket` and `json`.
_EXECUTABLE = """#!{python} -IS
import _socket, marshal, posix, sys
link = _socket.socket(_socket.AF_UNIX)
link.connect({address!r})
told = marshal.dumps((sys.argv[1:], posix.getcwd(), dict(posix.environ)))
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (1, 2))
rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)]
link.sendmsg([len(told).to_bytes(4, "big")], rights)
link.sendall(told)
code = int.from_bytes(link.recv(4), "big", signed=True)
if code < 0:
    posix.kill(posix.getpid(), -code)
posix._exit(code)
"""


class Command:
    """An executable file `path` that is the command line. Close it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cmd"))
        address = str(self.folder / "s")
        self.path = self.folder / "otio-ai-audit"
        self.path.write_text(_EXECUTABLE.format(python=sys.executable, address=address), encoding="utf-8")
        self.path.chmod(0o755)
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.resolve_command", address],
            cwd=Path(__file__).resolve().parents[1],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
        )
        assert self.server.stdout is not None
        assert self.server.stdout.readline() == b"ready\n"

    def close(self) -> None:
        self.server.kill()
        self.server.wait()
        assert self.server.stdout is not None
        self.server.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Mortal(io.TextIOWrapper):
    """Standard error that kills its process before a certain line."""

    lines_left = -1

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("write() argument must be str")  # so click finds out what kind of stream it is
        for part in text.splitlines(keepends=True):
            if self.lines_left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            super().write(part)
            self.lines_left -= part.endswith("\n")
        return len(text)


def _work(arguments: list[str], folder: str, env: dict[bytes, bytes], streams: list[int]) -> int:
    from otio_ai_audit.cli import main

    os.chdir(folder)
    os.environ.clear()
    os.environb.update(env)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", write_through=True)
    err = _Mortal(io.FileIO(2, "w", closefd=False), "utf-8", write_through=True)
    err.lines_left = int(os.environ.get("OTIO_TEST_DIE_AT", "-1"))
    sys.stderr = err
    sys.argv = ["otio-ai-audit", *arguments]
    try:
        code = main(arguments)
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code or 0)


def _start(link: socket.socket) -> int:
    """Fork for a call; give the process's number."""
    head, streams, _, _ = socket.recv_fds(link, 4, 2)
    size, told = int.from_bytes(head, "big"), b""
    while len(told) < size:
        told += link.recv(size - len(told))
    worker = os.fork()
    if not worker:
        try:
            code = _work(*marshal.loads(told), streams)
        except BaseException:
            traceback.print_exc()
            code = 70
        os._exit(code)
    for stream in streams:
        os.close(stream)
    return worker


def _attend(calls: dict[socket.socket, int], ready: list[socket.socket]) -> None:
    """Tell callers whose call has ended; end the calls whose callers are gone."""
    for link, worker in list(calls.items()):
        if link in ready:  # a caller says nothing more, so it was killed
            os.kill(worker, signal.SIGKILL)
        done, status = os.waitpid(worker, 0 if link in ready else os.WNOHANG)
        if done:
            with contextlib.suppress(OSError):
                link.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
            link.close()
            del calls[link]


def warm_up(folder: Path) -> None:
    """Audit nothing, so that all that a call imports is there before the first one."""
    from otio_ai_audit.cli import main

    tl = Timeline("nothing")
    tl.title(10)
    path = folder / "nothing.otio"
    path.write_text(otio_text(tl), encoding="utf-8")
    os.environ["OTIO_AI_AUDIT_CACHE"] = str(folder / "store")
    with (
        contextlib.suppress(SystemExit),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        main(["audit", str(path), "-o", str(folder / "nothing.html"), "--engine", "threads:1"])


def serve(address: str) -> None:
    warm_up(Path(address).parent)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen(8)
        print("ready", flush=True)
        calls: dict[socket.socket, int] = {}
        parent = os.getppid()
        while os.getppid() == parent:  # tests that were killed leave nothing behind
            ready = select.select([door, *calls], [], [], 0.003 if calls else 1.0)[0]
            _attend(calls, ready)
            if door in ready:
                link, _ = door.accept()
                calls[link] = _start(link)


if __name__ == "__main__":
    serve(sys.argv[1])
