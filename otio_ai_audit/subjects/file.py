"""The subjects file: read strictly, write without losing a word of what a person wrote.

::

    [[subject]]
    name = "truck"
    clips = ["*truck*", "V1/0007"]
    references = ["refs/truck_front.jpg"]
    kind = "thing"
    color = "#D2001A"
    max_delta_e = 6.0

New entries are only ever put below what is there, so the text above them stays as it is, comments and
all, and no library is needed for that.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import math
import os
import re
import secrets
import shutil
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OutputError, SettingsError
from ..model import Subject
from ..timeline import IMAGE_SUFFIXES
from .match import plain

DEFAULT_DELTA_E = 6.0
"""CIEDE2000 that a brand colour may be off where the file does not say: twice what side by side is plain to
see, as little as compression and a change of light allow."""

KEYS = ("name", "clips", "references", "kind", "color", "max_delta_e")
KINDS = ("thing", "face", "logo")
SOURCE = "subjects file"

_COLOR = re.compile(r"#([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``[[subject]]``."""

    subject: Subject
    clips: tuple[str, ...] = ()
    references: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectsFile:
    """A subjects file, or none."""

    entries: tuple[Entry, ...] = ()
    path: Path | None = None
    text: str = ""
    """As it stands on the disk, line ends included."""


def load(path: Path | None) -> SubjectsFile:
    """Read a subjects file; None gives one without entries.

    Raises
    ------
    SettingsError
        A file that cannot be read, an unknown key, a value of the wrong type, a colour that is none, a
        reference that does not exist; the sentence names file, subject, key and the nearest known name.
    """
    if path is None:
        return SubjectsFile()
    path = Path(path)
    text = _read(path)
    return SubjectsFile(_parse(text, path), path, text)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"{path}: the subjects file cannot be read: {error.strerror or error}."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: the subjects file is not UTF-8 text; save it as UTF-8.") from error


def _parse(text: str, path: Path) -> tuple[Entry, ...]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: the subjects file is not valid TOML: {error}.") from error
    for key, value in document.items():
        if key != "subject":
            raise SettingsError(
                f"{path}: {key!r} is not known here; every entry begins with [[subject]] and has "
                f"{', '.join(KEYS)}."
            )
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise SettingsError(f"{path}: write [[subject]], in two pairs of brackets: there may be several.")
    entries: list[Entry] = []
    for number, table in enumerate(document.get("subject", ()), start=1):
        entries.append(_entry(table, number, path, {plain(one.subject.name) for one in entries}))
    return tuple(entries)


def _entry(table: Mapping[str, Any], number: int, path: Path, taken: set[str]) -> Entry:
    name = table.get("name")
    where = (
        f"{path}: subject {name!r}" if isinstance(name, str) and name.strip() else f"{path}: subject {number}"
    )
    for key in table:
        if key not in KEYS:
            raise SettingsError(f"{where} has no key {key!r}.{nearest(key, KEYS)}")
    if not isinstance(name, str) or not name.strip():
        problem = "has no name" if name is None else f"name = {toml(name)}: expected text in quotes"
        raise SettingsError(f'{where} {problem}; write name = "truck".')
    if plain(name) in taken:
        raise SettingsError(f"{where} stands there twice; put its clips into one entry.")
    kind = table.get("kind", "thing")
    if kind not in KINDS:
        raise SettingsError(
            f"{where} kind = {toml(kind)}: expected {' or '.join(map(toml, KINDS))}.{nearest(kind, KINDS)}"
        )
    color = _color(table.get("color"), where)
    subject = Subject(name, kind, color, _tolerance(table.get("max_delta_e"), color, where), SOURCE)
    clips = _texts(table.get("clips", []), "clips", where)
    stills = _texts(table.get("references", []), "references", where)
    return Entry(subject, clips, tuple(_reference(still, path, where) for still in stills))


def _texts(value: Any, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise SettingsError(f"{where} {key} = {toml(value)}: expected a list, in brackets.")
    for item in value:
        if not isinstance(item, str) or not item:
            raise SettingsError(f"{where} {key}: {toml(item)}: expected text in quotes.")
    return tuple(value)


def _color(value: Any, where: str) -> tuple[int, int, int] | None:
    if value is None:
        return None
    found = _COLOR.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise SettingsError(
            f'{where} color = {toml(value)}: expected "#RRGGBB" with six hexadecimal digits, as "#D2001A".'
        )
    red, green, blue = (int(part, 16) for part in found.groups())
    return red, green, blue


def _tolerance(value: Any, color: tuple[int, int, int] | None, where: str) -> float | None:
    if value is None:
        return None if color is None else DEFAULT_DELTA_E
    if type(value) not in (int, float) or not math.isfinite(value) or not 0 < value <= 100:
        raise SettingsError(
            f"{where} max_delta_e = {toml(value)}: expected a number above 0, up to 100 (CIEDE2000)."
        )
    if color is None:
        raise SettingsError(f'{where} has max_delta_e but no color; add color = "#RRGGBB".')
    return float(value)


def _reference(still: str, path: Path, where: str) -> Path:
    """Find a reference still; relative paths start from the subjects file."""
    folder = path.absolute().parent
    spellings = (still, still.replace("\\", "/"))
    place = next((folder / one for one in spellings if _is_file(folder / one)), None)
    wanted = folder / spellings[-1]
    if place is None:
        near = nearest(wanted.name, _stills_in(wanted.parent), listed=5)
        raise SettingsError(f"{where} references: there is no file {still!r}.{near}")
    if place.suffix.lower() not in IMAGE_SUFFIXES:
        raise SettingsError(
            f"{where} references: {still!r} is no still picture; export a frame as PNG or JPEG."
        )
    return Path(os.path.normpath(place))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _stills_in(folder: Path) -> list[str]:
    try:
        return [one.name for one in folder.iterdir() if one.suffix.lower() in IMAGE_SUFFIXES]
    except (OSError, ValueError):
        return []


def nearest(name: Any, known: Iterable[str], listed: int = 8) -> str:
    """Say which known name was probably meant, or all of them where they are few."""
    by_plain: dict[str, str] = {}
    for one in known:
        by_plain.setdefault(plain(one), one)
    near = difflib.get_close_matches(plain(str(name)), by_plain, n=1, cutoff=0.5)
    if near:
        return f" Did you mean {by_plain[near[0]]}?"
    if not 0 < len(by_plain) <= listed:
        return ""
    return f" There {'is' if len(by_plain) == 1 else 'are'} {', '.join(by_plain.values())}."


# --- writing ---------------------------------------------------------------------------------------------


def toml(value: Any) -> str:
    """Write a value as TOML has it."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        return text.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return str(value)


def entry_text(entry: Entry, folder: Path | None = None) -> str:
    """Write one entry; references relative to `folder` where they lie in it."""
    subject = entry.subject
    lines = ["[[subject]]", f"name = {toml(subject.name)}", *_list_lines("clips", entry.clips)]
    if entry.references:
        lines += _list_lines("references", [_relative(path, folder) for path in entry.references])
    if subject.kind != "thing":
        lines.append(f"kind = {toml(subject.kind)}")
    if subject.color is not None:
        lines.append('color = "#{:02X}{:02X}{:02X}"'.format(*subject.color))
        lines.append(f"max_delta_e = {subject.max_delta_e or DEFAULT_DELTA_E}")
    return "\n".join(lines) + "\n"


def _list_lines(key: str, values: Sequence[str]) -> list[str]:
    line = f"{key} = {toml(list(values))}"
    if len(line) <= 100:
        return [line]
    return [f"{key} = [", *(f"  {toml(value)}," for value in values), "]"]


def _relative(path: Path, folder: Path | None) -> str:
    with contextlib.suppress(ValueError):
        return path.relative_to(folder.absolute()).as_posix() if folder is not None else str(path)
    return str(path)


def below(text: str, added: str) -> str:
    """Put new text below what a file holds, in its own line ends."""
    if not text:
        return added
    end = "\r\n" if "\r\n" in text else "\n"
    between = "" if text.endswith("\n") else end
    return f"{text}{between}{end}{added.replace(chr(10), end)}"


def save(path: Path, text: str) -> tuple[Entry, ...]:
    """Write a subjects file whole or not at all, after reading it as `load` will.

    Returns
    -------
    tuple of Entry
        What stands in it now.

    Raises
    ------
    SettingsError
        Text that is no subjects file (an existing one that lists its subjects in line).
    OutputError
        A place that cannot be written.
    """
    path = Path(path)
    entries = _parse(text, path)
    target = path.resolve()
    beside = target.parent / f".{secrets.token_hex(6)}{target.suffix}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(text.encode("utf-8"))
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}. Write elsewhere.") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    return entries
