"""The journal: one append-only file of JSON lines for each person, in a folder that all share.

A line is written by one ``write`` to a file that is opened for appending, so processes of one person do not
mix their lines, and nobody ever writes into another person's file: no locks, and any network share will do.
A line that a crash cut short is ended by the next one and told as damaged. Every ``*.jsonl`` in the folder
is read, whatever its name: services that copy folders between machines make copies of files that two
machines changed. A line that stands in several files counts once.

::

    {"v": 1, "kind": "kill", "who": "ann", "when": "2026-03-01T09:30:00.125Z", "key": "5f0c…"}
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from ..errors import StoreError
from ..model import PersonVerdict
from ..model.takes import VerdictKind
from .places import person, plain_name

VERSION = 1
SUFFIX = ".jsonl"
KINDS = get_args(VerdictKind)
TRIES = 5
LONGEST = 2000
"""Letters of a reason or a name that are kept."""

_DEFAULTS = {field.name: field.default for field in fields(PersonVerdict)}
_REQUIRED = tuple(name for name, default in _DEFAULTS.items() if default is MISSING and name != "kind")
_OPTIONAL = {name for name, default in _DEFAULTS.items() if default is not MISSING and name != "seed"}
_NUMBERS = ("start", "duration")
_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")
_HASHED = re.compile(r".*-[0-9a-f]{8}")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
_BOM = b"\xef\xbb\xbf"


class NewerError(ValueError):
    """A verdict of a kind that only a newer version knows."""


def now() -> str:
    """ISO date and time, UTC, to the millisecond, so that two words of one second keep their order."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(when: str) -> datetime:
    """Read an ISO date and time; one without a zone is UTC.

    Raises
    ------
    ValueError
        Anything else.
    """
    read = datetime.fromisoformat(when)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def file_name(who: str) -> str:
    """Name of a person's file: the same on all systems, and never that of another person."""
    name = plain_name(who)
    if _PLAIN.fullmatch(name) and not _HASHED.fullmatch(name) and not _RESERVED.fullmatch(name):
        return name + SUFFIX
    shown = re.sub(r"[^a-z0-9]+", "-", name.casefold())[:30].strip("-") or "person"
    return f"{shown}-{hashlib.sha256(name.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}{SUFFIX}"


# --- one verdict ---------------------------------------------------------------------------------------


def parse(data: Mapping[str, Any], who: str = "") -> PersonVerdict:
    """Make a verdict from JSON; fields that are not known are left out.

    Parameters
    ----------
    data
        Fields of `PersonVerdict`.
    who
        The person, where `data` does not say it.

    Raises
    ------
    ValueError
        With the end of a sentence: what is wrong.
    """
    kind = data.get("kind")
    if kind not in KINDS:
        newer = isinstance(kind, str) and isinstance(data.get("v"), int) and data["v"] > VERSION
        raise (NewerError if newer else ValueError)(f"its kind is {_short(kind)}, not {', '.join(KINDS)}")
    values: dict[str, Any] = {"kind": kind}
    for name in (*_REQUIRED, *(data.keys() & _OPTIONAL)):
        values[name] = _number(data, name) if name in _NUMBERS else _text(data, name)
    values["who"] = plain_name(values["who"]) or plain_name(who)
    for name in ("who", "key"):
        if not values[name]:
            raise ValueError(f"it does not say {name}")
    try:
        moment(values["when"])
    except (ValueError, OverflowError):
        raise ValueError(f"its time is {_short(values['when'])}, not an ISO date and time") from None
    verdict = PersonVerdict(**values, seed=_seed(data.get("seed")))
    if kind == "wrong-alarm" and not (verdict.finding or (verdict.detector and verdict.duration > 0)):
        raise ValueError("it does not say which finding")
    return verdict


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise ValueError(f"its {name} is {_short(value)}, not text")
    return value[:LONGEST]


def _number(data: Mapping[str, Any], name: str) -> float:
    value = data[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"its {name} is {_short(value)}, not a number")
    return float(value)


def _seed(value: Any) -> int | None:
    """Read a seed; a page writes one that is too large for its numbers as text."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,40}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"its seed is {_short(value)}, not a whole number")
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"


# --- writing -------------------------------------------------------------------------------------------


def append(folder: Path, verdicts: Iterable[PersonVerdict]) -> None:
    """Add verdicts to the files of those who say them; on return they are on the disk.

    Parameters
    ----------
    folder
        Made where it is not there.
    verdicts
        Where one says no person or no time, it is said by `person()`, now.

    Raises
    ------
    StoreError
        A folder or file that cannot be written.
    """
    files: dict[str, list[bytes]] = defaultdict(list)
    for verdict in verdicts:
        whole = replace(verdict, who=person(verdict.who), when=verdict.when or now())
        files[file_name(whole.who)].append(_line(whole))
    for name, lines in files.items():
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _append_lines(path, lines)
        except OSError as error:
            raise StoreError(
                f"{path}: the verdicts cannot be written: {error.strerror or error}. "
                "Choose another folder, or ask for the right to write there."
            ) from error


def _line(verdict: PersonVerdict) -> bytes:
    data: dict[str, Any] = {"v": VERSION}
    for name, default in _DEFAULTS.items():
        value = getattr(verdict, name)
        if isinstance(value, str):
            value = value[:LONGEST]
        if default is MISSING or value != default:
            data[name] = value
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"  # half a letter becomes JSON's own escape


def _append_lines(path: Path, lines: Iterable[bytes]) -> None:
    is_new = not path.exists()
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, 0o666)
    try:
        for line in lines:
            _append_line(handle, line)
        _sync(handle)
    finally:
        os.close(handle)
    if is_new and os.name == "posix":
        with contextlib.suppress(OSError):
            opened = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)


def _append_line(handle: int, line: bytes) -> None:
    """Write a line and look at it: not every system appends two processes' lines one after the other."""
    for _ in range(TRIES):
        end = os.lseek(handle, 0, os.SEEK_END)
        whole = end == 0 or _read_at(handle, end - 1, 1) == b"\n"
        data = line if whole else b"\n" + line
        written = os.write(handle, data)
        start = os.lseek(handle, 0, os.SEEK_CUR) - len(line)
        if written < len(data) or start < 0:
            continue
        before = _read_at(handle, start - 1, 1) if start else b"\n"
        if before == b"\n" and _read_at(handle, start, len(line)) == line:
            return
    raise OSError(errno.EIO, "what was written is not there")


def _read_at(handle: int, place: int, count: int) -> bytes:
    os.lseek(handle, place, os.SEEK_SET)
    return os.read(handle, count)


def _sync(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some shares cannot
            raise


# --- reading -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A verdict, the line that it stands in, from 0, and its time."""

    verdict: PersonVerdict
    number: int
    when: datetime


def lines_of(folder: Path) -> Iterator[Line | str]:
    """Read every file of a folder: lines, and sentences on what could not be read."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == SUFFIX)
    except FileNotFoundError:
        return
    except OSError as error:
        yield f"{folder}: people's verdicts cannot be read: {error.strerror or error}; they are not heard."
        return
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            yield f"{path.name}: cannot be read: {error.strerror or error}; its verdicts are not heard."
            continue
        damaged = newer = 0
        for number, raw in enumerate(data.split(b"\n")):
            raw = raw.removeprefix(_BOM).strip()
            if not raw:
                continue
            try:
                verdict = _parsed(raw)
                yield Line(verdict, number, moment(verdict.when))
            except NewerError:
                newer += 1
            except (ValueError, RecursionError):
                damaged += 1
        for count, trouble in ((damaged, "cannot be read"), (newer, "only a newer version can read")):
            if count:
                yield f"{path.name}: {_lines(count)} that {trouble}; the others are heard."


def _parsed(raw: bytes) -> PersonVerdict:
    data = json.loads(raw.decode("utf-8"))
    if not isinstance(data, dict):
        raise ValueError("it is no JSON object")
    return parse(data)


def _lines(count: int) -> str:
    return "1 verdict" if count == 1 else f"{count} verdicts"
