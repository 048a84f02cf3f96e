"""Which Python DaVinci Resolve will run menu scripts with.

The scripts use the standard library only, so any will do from 3.6 on; but it must be one that Resolve
finds, and each system has its own rule. Sources: Blackmagic's scripting README and what users report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .editions import PYTHON_LEFT_FREE, Installed, Registry
from .places import System

VERSIONS = tuple(f"3.{minor}" for minor in range(14, 5, -1))
"""Those that Resolve may load, newest first."""


@dataclass(frozen=True, slots=True)
class ResolvePython:
    """What Resolve will find."""

    path: str = ""
    """Empty where it will find none."""
    how: str = ""
    """Where that is said, or what is missing; a sentence for a person."""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Eyes:
    """How to look at a system; tests look at made ones."""

    registry: Registry
    exists: Callable[[str], bool] = field(default=lambda path: Path(path).exists())
    which: Callable[[str], str | None] = field(default=lambda name: None)
    launchctl: Callable[[str], str | None] = field(default=lambda name: None)
    """Reads a variable that programs of the Dock see (macOS)."""


def find(system: System, eyes: Eyes, installed: Installed | None) -> ResolvePython:
    """Find the Python that Resolve will use for menu scripts.

    Parameters
    ----------
    system
        Whose rules.
    eyes
        How to look.
    installed
        Since 21.1 Resolve brings its own.
    """
    if installed is not None and installed.known and installed.number >= PYTHON_LEFT_FREE:
        return ResolvePython("Resolve's own", f"Resolve {installed.version} brings its own Python.")
    if system.mac:
        return _mac(system, eyes)
    return _windows(system, eyes) if system.windows else _linux(eyes)


def _mac(system: System, eyes: Eyes) -> ResolvePython:
    usual = "/usr/local/bin/python3"
    fix = (
        "Install Python from python.org, which puts itself there; or, for another one: "
        "launchctl setenv PYTHON3HOME FOLDER (its prefix), then start Resolve again."
    )
    home = eyes.launchctl("PYTHON3HOME") or system.environ.get("PYTHON3HOME")
    if home and (eyes.exists(f"{home}/bin/python3") or eyes.exists(f"{home}/Python")):
        return ResolvePython(home, "PYTHON3HOME names it.")
    if home:
        return ResolvePython("", f"PYTHON3HOME names {home}, where there is no Python.", fix)
    if eyes.exists(usual):
        return ResolvePython(usual, "The only place that Resolve looks in besides PYTHON3HOME.")
    return ResolvePython(
        "",
        f"Resolve looks at PYTHON3HOME and {usual} only, and neither is there (Homebrew's is not seen).",
        fix,
    )


def _windows(system: System, eyes: Eyes) -> ResolvePython:
    for name in ("FUSION_PYTHON3_HOME", "PYTHON3HOME"):
        home = system.environ.get(name)
        if home:
            if eyes.exists(system.join(home, "python.exe")):
                return ResolvePython(home, f"{name} names it.")
            return ResolvePython(
                "", f"{name} names {home}, where there is no Python.", f"Correct {name} or take it away."
            )
    for hive in ("HKCU", "HKLM"):
        for version in VERSIONS:
            key = rf"SOFTWARE\Python\PythonCore\{version}\InstallPath"
            path = eyes.registry(hive, key, "")
            if path and eyes.exists(system.join(path, "python.exe")):
                return ResolvePython(path, rf"The registry names it ({hive}\{key}).")
    return ResolvePython(
        "",
        "The registry names no Python (Software\\Python\\PythonCore).",
        "Install Python (64 bit) from python.org; those of uv and the Microsoft Store may crash Resolve.",
    )


def _linux(eyes: Eyes) -> ResolvePython:
    path = eyes.which("python3")
    if path:
        return ResolvePython(path, "The python3 of the system.")
    return ResolvePython("", "There is no python3.", "Install your distribution's python3.")
