"""Say for each of the three lanes into DaVinci Resolve whether it works here, why not, and what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .. import __version__
from . import editions, pythons
from .attach import PREFERENCES, Probe, probe
from .bridge import home
from .editions import Installed
from .install import CANARY, Script, look
from .own import own_command, version_of
from .places import Folder, System, containers, install_folders, script_folders
from .pythons import Eyes, ResolvePython
from .scripts import NAMES

FILES = (
    "File > Export > Timeline…, type OpenTimelineIO (before Resolve 18.5: DaVinci Resolve Timeline, .drt)",
    "otio-ai-audit audit advert.otio -o markers.edl -o report.html",
    "Media Pool, right-click the timeline > Timelines > Import > Timeline Markers from EDL…",
)
"""The file lane, click by click."""
INSTALL = "otio-ai-audit resolve install"


@dataclass(frozen=True, slots=True)
class Lane:
    """A way into Resolve."""

    name: Literal["menu", "outside", "files"]
    works: bool | None
    """None: it depends on what could not be known."""
    why: str
    fix: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that could be known."""

    installed: Installed | None
    lanes: tuple[Lane, ...]
    scripts: tuple[Script, ...]
    """Those that are there."""
    python: ResolvePython
    folders: tuple[str, ...] = ()
    """Where menu scripts belong for this user."""
    broken: tuple[str, ...] = ()
    """What should work and does not, each with its fix."""
    notes: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether at least one lane works and nothing is broken."""
        return any(lane.works for lane in self.lanes) and not self.broken


@dataclass(slots=True)
class World:
    """The computer to look at, and how; by default this one."""

    system: System = field(default_factory=System.here)
    eyes: Eyes = field(
        default_factory=lambda: Eyes(editions.read_registry, which=shutil.which, launchctl=launchctl)
    )
    reach: Callable[[], Probe] = probe
    start: Callable[[Sequence[str]], tuple[str, str]] = version_of
    home: Path = field(default_factory=home)
    named: Path | None = None
    """A folder of scripts besides the usual ones."""


def examine(world: World | None = None) -> Report:
    """Look at everything; nothing is changed."""
    world = world or World()
    seen = world.reach()
    installed = editions.find(world.system, world.eyes.registry)
    if not seen.trouble:
        installed = editions.of_product(seen.product, seen.version)
    scripts = _scripts(world)
    python = pythons.find(world.system, world.eyes, installed)
    broken, notes = _broken(scripts, world), _notes(scripts, world)
    lanes = (_menu(installed, scripts, python, broken), _outside(installed, seen), _files(installed))
    folders = tuple(folder.path for folder in install_folders(world.system, named=world.named))
    return Report(installed, lanes, scripts, python, folders, broken, notes)


def launchctl(name: str) -> str | None:
    """Read a variable as programs of macOS' Dock see it; None elsewhere."""
    try:
        done = subprocess.run(["launchctl", "getenv", name], capture_output=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() or None


# --- what is there -----------------------------------------------------------------------------------


def _folders(world: World) -> list[Folder]:
    named = install_folders(world.system, named=world.named) if world.named is not None else ()
    return [*script_folders(world.system), *named]


def _scripts(world: World) -> tuple[Script, ...]:
    found = [
        look(Path(folder.path, name)) for folder in _folders(world) for name in (*NAMES.values(), CANARY)
    ]
    return tuple(script for script in found if script.state != "absent")


def _broken(scripts: Sequence[Script], world: World) -> tuple[str, ...]:
    told = []
    for command in dict.fromkeys(script.command for script in scripts if script.command):
        _, why = world.start(command)
        if why:
            names = sorted({script.path.name for script in scripts if script.command == command})
            told.append(f"What {', '.join(names)} should start: {why} Run: {INSTALL}")
    if world.home.exists() and not world.home.is_dir():
        told.append(f"{world.home} is no folder; remove it.")
    return tuple(told)


def _notes(scripts: Sequence[Script], world: World) -> tuple[str, ...]:
    told = []
    for script in scripts:
        if script.outdated:
            told.append(f"{script.path} is of version {script.version}, this is {__version__}: {INSTALL}")
        elif script.state != "ours":
            told.append(
                f"{script.path} is left alone: {script.why} ({INSTALL} --force replaces it, with a copy)."
            )
    by_name: dict[str, list[Path]] = {}
    for script in scripts:
        by_name.setdefault(script.path.name, []).append(script.path)
    for name, paths in by_name.items():
        if len(paths) > 1:
            where = " and ".join(str(path.parent) for path in paths)
            told.append(f"{name} stands twice in Resolve's menu: it is in {where}.")
    if any(Path(root).is_dir() for root in containers(world.system)):
        told.append(
            "Resolve from the Mac App Store runs in a sandbox and may not let a script start programs; "
            "if the menu does nothing, use files, or Resolve from Blackmagic's own site."
        )
    return (*told, *_leftovers(world.home))


def _leftovers(folder: Path) -> list[str]:
    """Say what runs that were killed left behind; the next audit of that timeline cleans up."""
    told = []
    try:
        ledgers = sorted(folder.glob("*/ledger.json"))
    except OSError:
        return []
    for path in ledgers:
        try:
            state = json.loads(path.read_text(encoding="utf-8")).get("state")
        except (OSError, ValueError, AttributeError):
            told.append(f"{path} is damaged; remove it, and audit that timeline again.")
            continue
        if state == "writing":
            told.append(f"A run was stopped while it set markers ({path.parent}); the next one completes it.")
    return told


# --- the lanes ---------------------------------------------------------------------------------------------


def _menu(
    installed: Installed | None, scripts: Sequence[Script], python: ResolvePython, broken: Sequence[str]
) -> Lane:
    mine = [
        script for script in scripts if script.path.suffix == ".py" and script.state in ("ours", "edited")
    ]
    if installed is None:
        return Lane("menu", False, "DaVinci Resolve was not found on this computer.", ("Use files, below.",))
    if installed.lists_python is False:
        why = f"{installed.product}: since 21.1 the free edition lists no Python scripts (.py) any more."
        lua = "Experimental: put the file of -o markers.lua into the script folder; Lua is still listed."
        return Lane("menu", False, why, ("Use files, below.", lua))
    if not mine:
        return Lane("menu", False, "The menu scripts are not installed.", (INSTALL,))
    if not python.path:
        return Lane("menu", False, f"Resolve will find no Python. {python.how}", (python.fix,))
    if any("should start" in sentence for sentence in broken):
        return Lane("menu", False, "The scripts are there, but what they start does not work.", (INSTALL,))
    if installed.lists_python is None:
        why = "Works in Studio, and in the free edition before 21.1; which one this is could not be seen."
        return Lane("menu", None, why, ("Look at Help > About DaVinci Resolve.",))
    return Lane("menu", True, "Workspace > Scripts > Audit Timeline; no restart needed.")


def _outside(installed: Installed | None, seen: Probe) -> Lane:
    if not seen.trouble:
        return Lane("outside", True, "Resolve answers: otio-ai-audit resolve audit.")
    if seen.trouble == "refused" and installed is not None and installed.studio is False:
        return Lane("outside", False, "The free edition does not let itself be reached from outside.")
    if seen.trouble == "refused":
        return Lane(
            "outside", False, "Resolve does not answer.", ("Start it and open a project.", f"{PREFERENCES}.")
        )
    return Lane("outside", False, seen.why)


def _files(installed: Installed | None) -> Lane:
    if installed is not None and installed.exports_otio is False:
        return Lane(
            "files", True, f"Resolve {installed.version} exports .drt, .fcpxml, .xml and .edl.", FILES
        )
    return Lane("files", True, "Works in every edition.", FILES)


# --- saying it ---------------------------------------------------------------------------------------------


def lines(report: Report) -> list[str]:
    """Write a report for a person."""
    installed = report.installed
    told = [installed.product if installed else "DaVinci Resolve: not found on this computer"]
    if installed and installed.found:
        told.append(f"  (told by {installed.found})")
    titles = {"menu": "From the menu", "outside": "From outside", "files": "By files"}
    words = {True: "works", False: "does not work", None: "depends"}
    for lane in report.lanes:
        told += ["", f"{titles[lane.name]}: {words[lane.works]}", f"  {lane.why}"]
        told += [f"  {number}. {step}" for number, step in enumerate(lane.fix, start=1)]
    told += ["", "Menu scripts belong into:", *(f"  {folder}" for folder in report.folders)]
    told += ["There are:" if report.scripts else "There are none."]
    for script in report.scripts:
        state = {"ours": f"version {script.version}", "edited": "edited"}.get(script.state, "not ours")
        told.append(f"  {script.path}: {state}" + (", SETTINGS changed" if script.settings else ""))
    told += ["", f"Python for the menu: {report.python.path or 'none'}", f"  {report.python.how}"]
    for title, sentences in (("Broken:", report.broken), ("To know:", report.notes)):
        told += ["", title, *(f"  {sentence}" for sentence in sentences)] if sentences else []
    return told


def to_json(report: Report) -> dict[str, Any]:
    """Write a report for a program (``schema`` 1)."""
    installed = report.installed
    return {
        "schema": 1,
        "version": __version__,
        "healthy": report.healthy,
        "resolve": None
        if installed is None
        else {
            "version": installed.version,
            "studio": installed.studio,
            "found": installed.found,
            "lists_python": installed.lists_python,
        },
        "lanes": {
            lane.name: {"works": lane.works, "why": lane.why, "fix": list(lane.fix)} for lane in report.lanes
        },
        "scripts": [
            {
                "path": str(script.path),
                "state": script.state,
                "version": script.version,
                "outdated": script.outdated,
                "settings_changed": script.settings is not None,
                "command": list(script.command),
            }
            for script in report.scripts
        ],
        "folders": list(report.folders),
        "python": {"path": report.python.path, "how": report.python.how, "fix": report.python.fix},
        "command": own_command(prefix=""),
        "broken": list(report.broken),
        "notes": list(report.notes),
    }
