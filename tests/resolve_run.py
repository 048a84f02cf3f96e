"""Ways to run a menu script against a `Host`: in another process, as Resolve does, or right here."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .resolve_host import Call, Handle, Host, Killed

CLIENT = Path(__file__).with_name("resolve_client.py")
GLOBALS = ("resolve", "fusion", "bmd")


@dataclass(frozen=True)
class Run:
    """How a script ended: its exit code, what stood on the console, and whether it was killed."""

    code: int
    out: str
    killed: bool = False


def run_script(
    host: Host,
    script: Path,
    *,
    python: str = sys.executable,
    env: Mapping[str, str] | None = None,
    given: Sequence[str] = GLOBALS,
    timeout: float = 60.0,
) -> Run:
    """Run a script in another Python, with the standard library only; its death is a real one.

    Parameters
    ----------
    host
        Resolve. `Host.kill` sends SIGKILL to the process of the script.
    script
        File with its text; the text is executed without ``__file__``.
    python
        The interpreter, 3.6 or later.
    env
        The script's whole environment; by default this process's.
    given
        Which globals it gets.
    timeout
        Seconds before a silent script counts as hanging (`AssertionError`).
    """
    ask_read, ask_write = os.pipe()
    answer_read, answer_write = os.pipe()
    with tempfile.TemporaryFile() as console:
        command = [python, "-IS", str(CLIENT), str(answer_read), str(ask_write), str(script), *given]
        process = subprocess.Popen(
            command,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            pass_fds=(answer_read, ask_write),
        )
        os.close(answer_read)
        os.close(ask_write)
        host.dead = False
        alarm = _Alarm(process, timeout)
        with (
            alarm,
            open(ask_read, encoding="utf-8") as questions,
            open(answer_write, "w", encoding="utf-8") as answers,
        ):
            killed = _serve(host, process, questions, answers, given)
        code = process.wait()
        console.seek(0)
        out = console.read().decode("utf-8", "replace")
    assert not alarm.rang, f"the script hung; its console:\n{out}"
    return Run(code, out, killed)


class _Alarm:
    """Ends a process that takes too long."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        import threading

        self.rang = False
        self.process = process
        self.timer = threading.Timer(seconds, self.ring)

    def ring(self) -> None:
        self.rang = True
        self.process.kill()

    def __enter__(self) -> None:
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()


def _serve(
    host: Host, process: subprocess.Popen[bytes], questions: Any, answers: Any, given: Sequence[str]
) -> bool:
    handles: list[Any] = [getattr(host, name)() for name in given]

    def packed(value: Any) -> Any:
        if isinstance(value, Handle):
            handles.append(value)
            return {"handle": len(handles) - 1}
        if isinstance(value, dict):
            return {"dict": [[packed(key), packed(one)] for key, one in value.items()]}
        if isinstance(value, (list, tuple)):
            return [packed(one) for one in value]
        return value

    def unpacked(value: Any) -> Any:
        if isinstance(value, list):
            return [unpacked(one) for one in value]
        if isinstance(value, dict):
            if "handle" in value:
                return handles[value["handle"]]
            return {unpacked(k): unpacked(v) for k, v in value["dict"]} if "dict" in value else object()
        return value

    def answer(question: list[Any]) -> tuple[str, Any]:
        kind, handle = question[0], handles[question[1]]
        if kind == "dir":
            return "value", dir(handle)
        found = getattr(handle, question[2])
        if kind == "get":
            return ("method", None) if isinstance(found, Call) else ("value", packed(found))
        return "value", packed(found(*unpacked(question[3])))

    for line in questions:
        try:
            kind, value = answer(json.loads(line))
        except Killed:
            process.send_signal(signal.SIGKILL)
            return True
        except (TypeError, RuntimeError) as error:
            kind, value = "error", [type(error).__name__, str(error)]
        try:
            answers.write(json.dumps([kind, value]) + "\n")
            answers.flush()
        except BrokenPipeError:
            return False
    return False


def run_here(host: Host, text: str, given: Sequence[str] = GLOBALS) -> Run:
    """Run a script's text in this process: faster, and its death is only an exception."""
    console = io.StringIO()
    host.dead = False
    around = {name: getattr(host, name)() for name in given} | {"__name__": "__main__"}
    code, killed = 0, False
    with contextlib.redirect_stdout(console), contextlib.redirect_stderr(console):
        try:
            exec(compile(text, "<script>", "exec"), around)
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
        except Killed:
            killed = True
    return Run(code or around.get("STATUS", 0), console.getvalue(), killed)


@functools.cache
def old_pythons() -> dict[str, str]:
    """Interpreters here that are older than ours: version → path, the oldest first."""
    names = [f"python3.{minor}" for minor in range(6, 11)] + ["pypy3"]
    paths = [found for name in names if (found := shutil.which(name))]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    paths += [str(path) for path in pyenv.glob("versions/3.*/bin/python3")]
    ask = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
    found: dict[tuple[int, ...], tuple[str, str]] = {}
    for path in paths:
        told = subprocess.run([path, "-IS", "-c", ask], capture_output=True, text=True, check=False)
        words = told.stdout.split()
        if told.returncode == 0 and len(words) == 3:
            version = (int(words[1]), int(words[2]))
            if (3, 6) <= version < sys.version_info[:2]:
                found.setdefault(version, (f"{words[0]} {words[1]}.{words[2]}", path))
    return dict(found[version] for version in sorted(found))
