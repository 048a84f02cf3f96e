"""Which DaVinci Resolve is on this computer, found without asking it, and what that edition can do.

The program looks the same in both editions. Only the log of its last start names the edition:
``Running DaVinci Resolve Studio v21.0.4.0005 (Windows/MSVC x86_64)``.
"""

from __future__ import annotations

import plistlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from .places import System, containers, logs, program, user_data

PYTHON_LEFT_FREE = (21, 1)
"""Since this version the free edition lists no Python scripts."""
OTIO_CAME = (18, 5)
"""Since this version Resolve exports OpenTimelineIO."""

_STARTED = re.compile(rb"Running DaVinci Resolve( Studio)? v(\d+(?:\.\d+)+)")
_VERSION = re.compile(r"\d+(?:\.\d+)+")

Registry: TypeAlias = Callable[[str, str, str], str | None]
"""Reads a value of the Windows registry: hive (``HKLM``, ``HKCU``), key, name; None where there is none."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A DaVinci Resolve, as far as it could be known."""

    version: str = ""
    """``21.0.4``; empty where nothing tells."""
    studio: bool | None = None
    found: str = ""
    """How this was found, for a person."""

    @property
    def number(self) -> tuple[int, ...]:
        """The version for comparing; empty where it is unknown."""
        return tuple(int(part) for part in _VERSION.findall(self.version)[0].split(".")) if self.known else ()

    @property
    def known(self) -> bool:
        return bool(_VERSION.search(self.version))

    @property
    def product(self) -> str:
        """Name and version for a person; says what is not known."""
        name = "DaVinci Resolve Studio" if self.studio else "DaVinci Resolve"
        edition = {True: "", False: " (free)", None: " (free or Studio: look at Help > About)"}[self.studio]
        return f"{name} {self.version or 'of unknown version'}{edition}"

    @property
    def lists_python(self) -> bool | None:
        """Whether Workspace > Scripts lists Python scripts; None: it depends on what is not known."""
        if self.studio:
            return True
        if self.known and self.number < PYTHON_LEFT_FREE:
            return True
        return False if self.studio is False and self.known else None

    @property
    def exports_otio(self) -> bool | None:
        """Whether it can export OpenTimelineIO; None: unknown."""
        return self.number >= OTIO_CAME if self.known else None


def of_product(name: str, version: str) -> Installed:
    """Describe a running Resolve by what its scripting says (`GetProductName`, `GetVersionString`)."""
    return Installed(version, "studio" in name.casefold() if name else None, "the running Resolve said so")


def find(system: System, registry: Registry | None = None) -> Installed | None:
    """Look for DaVinci Resolve in the files that it leaves; None where there is no trace of it.

    Parameters
    ----------
    system
        The computer to look at; its files are read.
    registry
        Reads Windows' registry; by default this computer's.
    """
    version, told = _program_version(system, registry or read_registry)
    started = _last_start(system)
    if started is None:
        if version or told:
            return Installed(version, None, told)
        return Installed("", None, program(system)) if Path(program(system)).exists() else None
    studio, logged, log = started
    if version and not logged.startswith(version):
        # Updated since it ran last: the edition hardly changes, the version did.
        return Installed(version, studio, f"{told}; edition from {log}")
    return Installed(logged, studio, log)


def _last_start(system: System) -> tuple[bool, str, str] | None:
    """Read edition and version off the newest log: that is what was started last."""
    dated = []
    for name in logs(system):
        try:
            dated.append((Path(name).stat().st_mtime, name))
        except OSError:
            continue
    for _, name in sorted(dated, reverse=True):
        last = None
        try:
            with open(name, "rb") as lines:
                for line in lines:
                    last = _STARTED.search(line) or last
        except OSError:
            continue
        if last:
            return bool(last.group(1)), _tidy(last.group(2).decode()), name
    return None


def _tidy(version: str) -> str:
    """Write a version as people do: 21.0.4.0005 is 21.0.4.5."""
    return ".".join(str(int(part)) for part in version.split("."))


def _program_version(system: System, registry: Registry) -> tuple[str, str]:
    if system.mac:
        apps = [
            program(system),
            "/Applications/DaVinci Resolve.app",
            "/Applications/DaVinci Resolve Studio.app",
        ]
        for app in apps:
            plist = Path(system.join(app, "Contents", "Info.plist"))
            version = _plist_version(plist)
            if version:
                return version, str(plist)
        inside = [root for root in containers(system) if Path(root).is_dir()]
        return "", (inside[0] if inside else "")
    if system.windows:
        key = r"SOFTWARE\Blackmagic Design\DaVinci Resolve"
        value = registry("HKLM", key, "Version") or ""
        return (_from_registry(value), rf"HKLM\{key}") if value else ("", "")
    texts = [
        (system.join(user_data(system), "configs", ".version"), r"Resolve\.Version\s*=\s*(\d+(?:\.\d+)+)"),
        (system.join(program(system), "docs", "Welcome.txt"), r"DaVinci Resolve(?: Studio)? (\d+(?:\.\d+)+)"),
    ]
    # What is installed now says more than what a user's settings remember.
    for name, pattern in reversed(texts):
        try:
            found = re.search(pattern, Path(name).read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
        if found:
            return found.group(1), name
    return "", ""


def _plist_version(path: Path) -> str:
    try:
        with path.open("rb") as file:
            told: Any = plistlib.load(file)
    except (OSError, ValueError, plistlib.InvalidFileException):
        return ""
    version = str(told.get("CFBundleShortVersionString", "")) if isinstance(told, dict) else ""
    found = _VERSION.search(version)
    return found.group() if found else ""


def _from_registry(value: str) -> str:
    """Read Windows' form: 21.0.30007 is 21.0.3, build 7."""
    parts = value.strip().split(".")
    if len(parts) == 3 and parts[2].isdigit() and int(parts[2]) >= 10_000:
        parts[2] = str(int(parts[2]) // 10_000)
    return ".".join(parts) if all(part.isdigit() for part in parts) else ""


def read_registry(hive: str, key: str, name: str) -> str | None:
    """Read a value of this computer's registry; None where there is none, or no Windows."""
    try:
        import winreg
    except ImportError:
        return None
    root: Any = getattr(winreg, {"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER"}[hive])
    access: Any = getattr(winreg, "KEY_READ", 0)
    for view in (getattr(winreg, "KEY_WOW64_64KEY", 0), getattr(winreg, "KEY_WOW64_32KEY", 0)):
        try:
            with getattr(winreg, "OpenKey")(root, key, 0, access | view) as opened:  # noqa: B009
                return str(getattr(winreg, "QueryValueEx")(opened, name)[0])  # noqa: B009
        except OSError:
            continue
    return None
