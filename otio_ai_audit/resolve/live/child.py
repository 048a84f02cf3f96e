"""The installed command as a child process: none of Resolve's environment, and stopped when we are."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Optional

from .calls import Trouble

_DROPPED = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHON3HOME",
    "PYTHONSTARTUP",
    "PYTHONEXECUTABLE",
    "PYTHONINSPECT",
    "PYTHONWARNINGS",
    "PYTHONOPTIMIZE",
    "__PYVENV_LAUNCHER__",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "QT_PLUGIN_PATH",
    "QT_QPA_PLATFORM_PLUGIN_PATH",
)
_CRASHED = 0xC0000005
WINDOWS = os.name == "nt"


class Stopped(Trouble):
    """A person stopped the task."""


def clean_environment(given: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    """Copy the environment without what Resolve sets for its own libraries and Python."""
    given = os.environ if given is None else given
    kept = dict(
        (name, value)
        for name, value in given.items()
        if name.upper() not in _DROPPED and not name.upper().startswith("DYLD_")
    )
    kept["PYTHONUTF8"] = "1"
    kept["PYTHONIOENCODING"] = "utf-8"
    return kept


def options() -> Dict[str, Any]:
    """Arguments of `subprocess.Popen` that part the child from Resolve: own group, no console window."""
    if WINDOWS:
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0x08000000)
        return {"creationflags": flags | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200)}
    return {"start_new_session": True}


class Result:
    """How a child ended: exit code, and its last words to a person."""

    def __init__(self, code: int, words: List[str]) -> None:
        self.code = code
        self.words = words


def run(
    command: List[str],
    folder: str,
    hear: Callable[[Dict[str, Any]], None],
    step: Optional[Callable[[], bool]] = None,
) -> Result:
    """Run the command to its end.

    Parameters
    ----------
    command
        Program and arguments.
    folder
        Where it runs.
    hear
        Called with each event of its progress.
    step
        Called a few times a second; a true answer stops the child.

    Raises
    ------
    Trouble
        Where it cannot be started, or was stopped.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=clean_environment(),
            **options(),
        )
    except (OSError, ValueError) as error:
        raise Trouble(
            "Could not start %s (%s). Install the menu scripts again: otio-ai-audit resolve install."
            % (command[0], getattr(error, "strerror", None) or error)
        ) from error
    lines: Any = queue.Queue()
    threads = [
        threading.Thread(target=_read, args=(stream, kind, lines))
        for stream, kind in ((process.stdout, "out"), (process.stderr, "err"))
    ]
    for thread in threads:
        thread.daemon = True
        thread.start()
    words: List[str] = []
    try:
        _follow(process, lines, words, hear, step)
        return Result(process.wait(), [line for line in words if line.strip()][-20:])
    except BaseException:
        stop(process)
        raise
    finally:
        for thread in threads:
            thread.join(0.2)


def _follow(
    process: "subprocess.Popen[bytes]",
    lines: Any,
    words: List[str],
    hear: Callable[[Dict[str, Any]], None],
    step: Optional[Callable[[], bool]],
) -> None:
    """Hear what a child says until it has ended and both pipes are closed."""
    open_pipes, ended = 2, None
    while open_pipes:
        try:
            kind, line = lines.get(timeout=0.1)
        except queue.Empty:
            kind, line = "", ""
            if process.poll() is not None:
                # A worker that outlives the child may hold its pipes open.
                ended = ended or time.time()
                if time.time() - ended > 1:
                    return
        if kind and line is None:
            open_pipes -= 1
        elif kind == "err":
            event = _event(line)
            if event is None:
                words.append(line)
            else:
                hear(event)
        if step is not None and step():
            raise Stopped("The audit was stopped. What was measured is kept; run it again to go on.")


def _read(stream: Any, kind: str, lines: Any) -> None:
    try:
        for line in iter(stream.readline, b""):
            lines.put((kind, line.decode("utf-8", "replace").rstrip("\r\n")))
    except (OSError, ValueError):
        pass
    finally:
        stream.close()
        lines.put((kind, None))


def _event(line: str) -> Optional[Dict[str, Any]]:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a child and its workers: asked first, then made to."""
    if process.poll() is not None:
        return
    try:
        if WINDOWS:
            subprocess.call(
                ["taskkill", "/PID", str(process.pid), "/T", "/F"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **options(),
            )
        else:
            os.killpg(process.pid, signal.SIGTERM)
    except OSError:
        pass
    end = time.time() + 3
    while process.poll() is None and time.time() < end:
        time.sleep(0.05)
    if process.poll() is None:
        try:
            if WINDOWS:
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            pass
        process.wait()


def why(result: Result) -> str:
    """Say in one sentence why a child did not finish its work."""
    said = result.words[-1].strip() if result.words else ""
    for opening in ("Error: ", "error: ", "otio-ai-audit: "):
        if said.startswith(opening):
            said = said[len(opening) :]
    if result.code == 2 and said:
        return said
    if result.code < 0:
        return "The audit was ended from outside (signal %d). Run it again; what was measured is kept." % (
            -result.code
        )
    if result.code & 0xFFFFFFFF == _CRASHED:
        return "The audit crashed. Run it again; what was measured is kept."
    return "The audit ended with code %d%s" % (
        result.code,
        ": " + said if said else ", and did not say why. Try: otio-ai-audit resolve doctor.",
    )


def show(path: str) -> bool:
    """Open a file in the program that the system has for it; False where that cannot be done."""
    try:
        if WINDOWS:
            getattr(os, "startfile")(path)  # noqa: B009 - only Windows has it
            return True
        tool = "open" if sys.platform == "darwin" else "xdg-open"
        process = subprocess.Popen(
            [tool, path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
            **options(),
        )
        try:
            return process.wait(timeout=5) == 0
        except subprocess.TimeoutExpired:
            return True
    except (OSError, AttributeError):
        return False
