"""The command that starts this installation from anywhere, for good."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from ..errors import ResolveError
from .live.child import clean_environment

TIMEOUT = 60.0
"""Seconds for a command to say its version: a cold disk and a virus scanner take their time."""

_PASSING = re.compile(r"[\\/](archive|environments|builds)-v\d+[\\/]|[\\/]\.cache[\\/]")
"""Environments that ``uvx``, ``uv run --with`` and ``pipx run`` make and throw away."""


def own_command(executable: str | None = None, prefix: str | None = None) -> list[str]:
    """Give the command of this environment: its own interpreter, by its absolute path.

    Parameters
    ----------
    executable
        By default `sys.executable`. It is not resolved: the link in a virtual environment is what
        makes it one. A shim of pyenv or asdf is never it.
    prefix
        By default `sys.prefix`.

    Raises
    ------
    ResolveError
        If this environment is one that is thrown away, or has no interpreter of its own.
    """
    executable = sys.executable if executable is None else executable
    prefix = sys.prefix if prefix is None else prefix
    if not executable:
        raise ResolveError("This Python does not say where it lies; install otio-ai-audit with uv or pipx.")
    if _PASSING.search(prefix + os.sep):
        raise ResolveError(
            f"This otio-ai-audit runs from a place that is soon cleaned up ({prefix}); install it for good "
            "first: uv tool install otio-ai-audit, or pipx install otio-ai-audit."
        )
    # pythonX.Y goes when the environment is made anew with another version; python stays.
    for inside in (("bin", "python"), ("Scripts", "python.exe")) if prefix else ():
        lasting = Path(prefix, *inside)
        with contextlib.suppress(OSError):
            if lasting.samefile(executable):
                executable = str(lasting)
    # -P: nothing in the folder that Resolve happens to run in is taken for a module of ours.
    return [os.path.abspath(executable), "-P", "-m", "otio_ai_audit"]


def version_of(command: Sequence[str], timeout: float = TIMEOUT) -> tuple[str, str]:
    """Start a command with ``--version``, as a menu script would.

    Returns
    -------
    version : str
        Empty where it does not start.
    why : str
        Why not, in a sentence; else empty.
    """
    shown = " ".join(command)
    if not command or not Path(command[0]).is_file():
        return "", f"{command[0] if command else 'The command'} is not there any more."
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run(
            [*command, "--version"],
            env=clean_environment(),
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            creationflags=flags,
        )
    except subprocess.TimeoutExpired:
        return "", f"{shown} did not answer within {timeout:g} s."
    except OSError as error:
        return "", f"{shown} cannot be started ({error.strerror or error})."
    said = re.search(r"version (\S+)", done.stdout.decode("utf-8", "replace"))
    if done.returncode or not said:
        last = (
            done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
        )[-1]
        return "", f"{shown} does not work ({last})."
    return said.group(1), ""


def checked_command() -> list[str]:
    """Give the command of this environment after it has been started once.

    Raises
    ------
    ResolveError
        If it does not start, or starts another version.
    """
    command = own_command()
    version, why = version_of(command)
    if not version:
        raise ResolveError(f"{why} Install otio-ai-audit again, with uv or pipx.")
    if version != __version__:
        raise ResolveError(
            f"{' '.join(command)} starts version {version}, this is {__version__}; install it again."
        )
    return command
