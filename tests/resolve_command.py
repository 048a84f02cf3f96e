"""The real command line, started quickly: a server has the package loaded and forks for every call.

``python -m tests.resolve_command SOCKET`` is the server; `Command` starts it and writes a small executable
that passes arguments, folder, environment and streams to it. A call that is killed is killed for real, and
``OTIO_TEST_DIE_AT=n`` kills the command before its n-th line on standard error.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .resolve_host_model import Timeline
from .resolve_host_otio import otio_text

_EXECUTABLE = """#!{python} -IS
import json, os, signal, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect({address!r})
told = json.dumps({{"argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ)}}).encode()
socket.send_fds(link, [len(told).to_bytes(4, "big")], [1, 2])
link.sendall(told)
code = int.from_bytes(link.recv(4), "big", signed=True)
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
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


def _work(told: dict[str, Any], streams: tuple[int, int]) -> int:
    from otio_ai_audit.cli import main

    os.chdir(told["cwd"])
    os.environ.clear()
    os.environ.update(told["env"])
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", write_through=True)
    err = _Mortal(io.FileIO(2, "w", closefd=False), "utf-8", write_through=True)
    err.lines_left = int(told["env"].get("OTIO_TEST_DIE_AT", "-1"))
    sys.stderr = err
    sys.argv = ["otio-ai-audit", *told["argv"]]
    try:
        code = main(told["argv"])
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code or 0)


def _receive(link: socket.socket) -> tuple[dict[str, Any], tuple[int, int]]:
    head, fds, _, _ = socket.recv_fds(link, 4, 2)
    size, body = int.from_bytes(head, "big"), b""
    while len(body) < size:
        body += link.recv(size - len(body))
    return json.loads(body), (fds[0], fds[1])


def _handle(link: socket.socket) -> None:
    told, streams = _receive(link)
    worker = os.fork()
    if not worker:
        try:
            code = _work(told, streams)
        except BaseException:
            import traceback

            traceback.print_exc()
            code = 70
        os._exit(code)
    for stream in streams:
        os.close(stream)
    for stream in (1, 2):
        os.close(stream)
    while True:
        done, status = os.waitpid(worker, os.WNOHANG)
        if done:
            link.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
            return
        if select.select([link], [], [], 0.003)[0]:  # it says no more: whoever called is gone
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
            return


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
        while True:
            link, _ = door.accept()
            if not os.fork():
                door.close()
                _handle(link)
                os._exit(0)
            link.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


if __name__ == "__main__":
    serve(sys.argv[1])
