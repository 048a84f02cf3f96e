"""Put the menu scripts where Resolve lists them, keep what their user changed, take them away again.

Every script that is installed ends with a line that holds two hashes: of the script without its command
and its SETTINGS, and of its SETTINGS as they came. So a later version knows what somebody changed.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .. import __version__
from ..errors import ResolveError
from .lua import canary
from .places import Folder
from .scripts import NAMES, render, settings_block, with_settings

CANARY = "Audit Check.lua"

_STAMP = re.compile(
    r"^(?:#|--) Installed by otio-ai-audit (?P<version>\S+) "
    r"(?P<body>[0-9a-f]{16}) (?P<settings>[0-9a-f]{16}|-)\s*$",
    re.MULTILINE,
)
_COMMAND = re.compile(r"^COMMAND = (\[.*\])  # rendered\s*$", re.MULTILINE)

State = Literal["absent", "ours", "edited", "foreign"]
Did = Literal["installed", "updated", "unchanged", "kept", "removed", "absent"]


@dataclass(frozen=True, slots=True)
class Script:
    """A menu script as it lies on the disk."""

    path: Path
    state: State
    """``edited``: ours, changed beyond its SETTINGS; ``foreign``: not written by `install`."""
    version: str = ""
    command: tuple[str, ...] = ()
    settings: str | None = None
    """Its block of SETTINGS where somebody changed it."""
    why: str = ""
    """For a person, where it is not simply ours."""

    @property
    def outdated(self) -> bool:
        return self.state == "ours" and self.version != __version__


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one script."""

    path: Path
    did: Did
    note: str = ""
    """For a person: what was kept, or why it was left alone."""


def texts(command: Sequence[str]) -> dict[str, str]:
    """Give the scripts of this version, by file name, as they are installed."""
    made = {name: render(task, command) for task, name in NAMES.items()}
    made[CANARY] = canary()
    return {name: _stamped(name, text) for name, text in made.items()}


def install(folders: Iterable[Folder], command: Sequence[str], force: bool = False) -> list[Done]:
    """Put the scripts into folders; what is missing of these is made.

    Parameters
    ----------
    folders
        See `otio_ai_audit.resolve.places.install_folders`.
    command
        What the scripts start; see `otio_ai_audit.resolve.own.checked_command`.
    force
        Replace scripts that somebody edited, too, and keep a copy of each beside it.

    Returns
    -------
    list of Done
        One for every script and folder. SETTINGS that somebody changed are carried over; a script that
        was edited elsewhere is left alone unless `force` is given.

    Raises
    ------
    ResolveError
        If a folder or file cannot be written.
    """
    return [
        _install_one(Path(folder.path, name), text, force)
        for folder in folders
        for name, text in texts(command).items()
    ]


def uninstall(folders: Iterable[Folder]) -> list[Done]:
    """Take the scripts away that `install` wrote and nobody edited; SETTINGS may have changed.

    Raises
    ------
    ResolveError
        If a file cannot be removed.
    """
    done = []
    for folder in folders:
        for name in (*NAMES.values(), CANARY):
            script = look(Path(folder.path, name))
            if script.state == "absent":
                done.append(Done(script.path, "absent"))
            elif script.state == "ours":
                try:
                    script.path.unlink()
                except OSError as error:
                    raise _cannot(script.path, error) from error
                done.append(Done(script.path, "removed"))
            else:
                done.append(Done(script.path, "kept", script.why))
    return done


def look(path: Path) -> Script:
    """Tell whose a script on the disk is, and what somebody changed in it."""
    try:
        if path.is_symlink():
            return Script(path, "foreign", why="it is a link; remove it first if it should be replaced")
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return Script(path, "absent")
    except UnicodeDecodeError:
        return Script(path, "foreign", why="it is not text that install wrote")
    except OSError as error:
        return Script(path, "foreign", why=f"it cannot be read ({error.strerror or error})")
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    stamp = _STAMP.search(text)
    command = _command(text)
    if stamp is None:
        if path.name in _bodies() and _body(text) == _bodies()[path.name]:
            return Script(path, "ours", __version__, command, _changed_settings(text, ""))
        return Script(
            path, "foreign", command=command, why="it was not written by install, or somebody edited it"
        )
    version = stamp["version"]
    settings = _changed_settings(text, stamp["settings"])
    if _body(text) != stamp["body"]:
        return Script(path, "edited", version, command, settings, "somebody edited it beyond its SETTINGS")
    if settings is not None and not _is_settings(settings):
        return Script(
            path, "edited", version, command, settings, "its SETTINGS are no Python that can be read"
        )
    return Script(path, "ours", version, command, settings)


# --- what a script says of itself ---------------------------------------------------------------------


def _stamped(name: str, text: str) -> str:
    block = settings_block(text)
    remark = "--" if name.endswith(".lua") else "#"
    hashes = f"{_body(text)} {_hash(block) if block else '-'}"
    return f"{text.rstrip()}\n{remark} Installed by otio-ai-audit {__version__} {hashes}\n"


def _body(text: str) -> str:
    """Hash of a script without its stamp, command and settings, whatever its line ends are."""
    text = _STAMP.sub("", text)
    text = _COMMAND.sub("COMMAND", with_settings(text, "SETTINGS\n"))
    return _hash(text)


def _hash(text: str) -> str:
    text = "\n".join(line.rstrip() for line in text.splitlines()).strip()
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _bodies() -> dict[str, str]:
    return {name: _body(text) for name, text in texts([]).items()}


def _changed_settings(text: str, installed: str) -> str | None:
    """Give the block of SETTINGS unless it is as it came, then or now."""
    block = settings_block(text)
    if block is None or _hash(block) == installed:
        return None
    return None if _hash(block) == _hash(settings_block(render("audit")) or "") else block


def _is_settings(block: str) -> bool:
    try:
        (made,) = [node for node in ast.parse(block).body if isinstance(node, ast.Assign)]
        return isinstance(ast.literal_eval(made.value), dict)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _command(text: str) -> tuple[str, ...]:
    found = _COMMAND.search(text)
    try:
        told = ast.literal_eval(found.group(1)) if found else ()
        return tuple(str(part) for part in told)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ()


# --- writing ---------------------------------------------------------------------------------------------


def _install_one(path: Path, text: str, force: bool) -> Done:
    there = look(path)
    if there.state in ("edited", "foreign") and not force:
        return Done(path, "kept", f"{there.why}; --force replaces it and keeps a copy")
    note = ""
    settings = there.settings if there.settings is not None and _is_settings(there.settings) else None
    if settings is not None:
        text = with_settings(text, settings)
        note = "your SETTINGS are kept"
    data = text.encode("utf-8")
    try:
        if there.state == "ours" and path.read_bytes() == data:
            return Done(path, "unchanged", note)
        path.parent.mkdir(parents=True, exist_ok=True)
        if there.state in ("edited", "foreign"):
            note = f"what was there is now {_saved(path).name}" + (f"; {note}" if note else "")
        _write(path, data)
    except OSError as error:
        raise _cannot(path, error) from error
    return Done(path, "installed" if there.state == "absent" else "updated", note)


def _saved(path: Path) -> Path:
    """Move a file aside under a name that is free and that Resolve does not list."""
    number = 0
    while True:
        spare = path.with_name(f"{path.name}{number or ''}.bak")
        if not os.path.lexists(spare):
            os.rename(path, spare)
            return spare
        number += 1


def _write(path: Path, data: bytes) -> None:
    # The name beside has no suffix that Resolve would list.
    beside = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        beside.write_bytes(data)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _cannot(path: Path, error: OSError) -> ResolveError:
    if isinstance(error, PermissionError):
        return ResolveError(
            f"You have no right to change {path}; do it as an administrator, or leave out --all-users."
        )
    return ResolveError(
        f"{path} cannot be changed ({error.strerror or error}); choose another place with --folder."
    )
