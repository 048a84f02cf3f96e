"""Reach a running DaVinci Resolve from outside (Studio only).

Blackmagic's library is loaded by a child process first: an interpreter that it does not like does not
raise, it dies. Sources: ``Developer/Scripting/README.txt`` for the variables and places.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import ResolveError
from .places import Library, System, libraries

TIMEOUT = 20.0
"""Seconds that the running Resolve has to answer."""
MODULE = "DaVinciResolveScript"
_MARK = "otio-ai-audit probe: "

PREFERENCES = "Preferences > System > General > External scripting using: Local"

Trouble = Literal["", "missing", "crash", "import", "refused", "hang", "failed"]


@dataclass(frozen=True, slots=True)
class Probe:
    """What a child process saw when it tried to reach Resolve."""

    trouble: Trouble
    """Empty where Resolve answered."""
    why: str = ""
    """One sentence with the fix."""
    product: str = ""
    version: str = ""
    library: Library | None = None


def probe(system: System | None = None, timeout: float = TIMEOUT) -> Probe:
    """Try to reach Resolve in a child process, and say in one sentence why not.

    Parameters
    ----------
    system
        Where to look; by default this computer.
    timeout
        Seconds to wait for an answer.
    """
    system = system or System.here()
    found = _find(system)
    if found is None:
        looked = next(iter(libraries(system)))
        return Probe(
            "missing",
            f"Resolve's scripting is not on this computer (looked for {looked.modules} and others); install "
            "DaVinci Resolve Studio here, or set RESOLVE_SCRIPT_API and RESOLVE_SCRIPT_LIB to where it is.",
        )
    told, trouble = _ask(found, timeout)
    if trouble is not None:
        return trouble
    if told.get("error"):
        return Probe("import", _import_failed(str(told["error"]), found), library=found)
    if not told.get("answers"):
        return Probe("refused", _refused(), library=found)
    return Probe("", "", str(told.get("product") or ""), str(told.get("version") or ""), found)


def attach(system: System | None = None, timeout: float = TIMEOUT) -> Any:
    """Give the handle of the running Resolve.

    Raises
    ------
    ResolveError
        If there is none that answers; the sentence says what to do.
    """
    seen = probe(system, timeout)
    if seen.trouble or seen.library is None:
        raise ResolveError(seen.why)
    try:
        handle = _load(seen.library).scriptapp("Resolve")
    except Exception as error:  # whatever a foreign library raises
        raise ResolveError(_import_failed(str(error), seen.library)) from error
    if handle is None:
        raise ResolveError(_refused())
    return handle


# --- in the child --------------------------------------------------------------------------------------


def answer(modules: str, library: str) -> dict[str, Any]:
    """Load the library here and ask Resolve who it is; `probe` runs this in a child process."""
    if sys.platform == "win32":
        import ctypes

        # A crash must end this process, not open a window that waits for somebody.
        ctypes.windll.kernel32.SetErrorMode(0x0001 | 0x0002)
    try:
        resolve = _load(Library(modules, library)).scriptapp("Resolve")
    except Exception as error:  # whatever a foreign library raises
        return {"error": f"{type(error).__name__}: {error}"}
    if resolve is None:
        return {"answers": False}
    told: dict[str, Any] = {"answers": True}
    for key, ask in (("product", "GetProductName"), ("version", "GetVersionString")):
        try:
            told[key] = str(getattr(resolve, ask)() or "")
        except Exception:  # a busy Resolve; that it answers at all is what counts
            told[key] = ""
    return told


def _load(library: Library) -> Any:
    """Import Blackmagic's module; where this Python is too new for it, the library that it would load."""
    if library.modules not in sys.path:
        sys.path.append(library.modules)
    if Path(library.library).is_file():
        os.environ.setdefault("RESOLVE_SCRIPT_LIB", library.library)
    try:
        return importlib.import_module(MODULE)
    except ModuleNotFoundError as error:
        # Modules before 2023 need `imp`, which Python 3.12 dropped.
        if error.name != "imp" or not Path(library.library).is_file():
            raise
    loader = importlib.machinery.ExtensionFileLoader("fusionscript", library.library)
    spec = importlib.util.spec_from_loader("fusionscript", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


# --- around it -------------------------------------------------------------------------------------------


def _find(system: System) -> Library | None:
    return next((one for one in libraries(system) if Path(one.modules, f"{MODULE}.py").is_file()), None)


def _ask(found: Library, timeout: float) -> tuple[dict[str, Any], Probe | None]:
    code = (
        "import json, sys; from otio_ai_audit.resolve.attach import answer; "
        f"print({_MARK!r} + json.dumps(answer(*sys.argv[1:])))"
    )
    command = [sys.executable, "-P", "-c", code, found.modules, found.library]
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run(
            command, timeout=timeout, stdin=subprocess.DEVNULL, capture_output=True, creationflags=flags
        )
    except subprocess.TimeoutExpired:
        why = (
            f"Resolve did not answer within {timeout:g} s; close its dialogs (a backup may be running) and "
            "try again, and restart Resolve if that does not help."
        )
        return {}, Probe("hang", why, library=found)
    except OSError as error:
        return {}, Probe("failed", f"{sys.executable} cannot be started: {error}.", library=found)
    for line in reversed(done.stdout.decode("utf-8", "replace").splitlines()):
        if line.startswith(_MARK):
            told: dict[str, Any] = json.loads(line.removeprefix(_MARK))
            return told, None
    return {}, Probe("crash", _crashed(done.returncode), library=found)


def _refused() -> str:
    return (
        f"Resolve does not let itself be reached: start it, open a project, and set {PREFERENCES} "
        "(only DaVinci Resolve Studio has that; in the free edition use Workspace > Scripts, or files)."
    )


def _crashed(code: int) -> str:
    shown = f"signal {-code}" if code < 0 else f"code 0x{code & 0xFFFFFFFF:08X}"
    python = f"Python {sys.version_info.major}.{sys.version_info.minor} ({sys.executable})"
    return (
        f"Resolve's scripting library ended this {python} with {shown}: it does not work in it. Install "
        "otio-ai-audit with a Python from python.org (3.11 to 3.13, 64 bit), or use Workspace > Scripts."
    )


def _import_failed(error: str, found: Library) -> str:
    return (
        f"Resolve's scripting could not be loaded from {found.modules} ({error}); check that DaVinci Resolve "
        f"is installed whole, and that RESOLVE_SCRIPT_LIB, if set, names {Path(found.library).name}."
    )
