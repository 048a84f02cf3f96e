"""Taking one store over into another: what the shards of a farm have measured comes home.

What two stores both have is taken by a rule that knows no order (the longer interval, the take that could
be looked at, the smaller bytes), so that shards may come in any order and as often as they like. Rows are
read in full before they are written: a shard that is damaged must not be taken for damage at home.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import StoreError
from ..model import Span
from . import codec, tables, takes_file
from .cache import covers
from .database import Database

BATCH = 32_000_000
"""Bytes that are read before they are written in one transaction."""
CHUNK = 500
"""Rows asked for in one query; sqlite allows 999 at least."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What came over that was not there."""

    takes: int
    signals: int
    """Media."""
    skipped: int
    """Takes and media that were there already, or were no better than what was."""
    left: int = 0
    """Media whose signals have no room."""
    size: int = 0
    """Bytes of signals that came over or were there."""


def merge(folder: Path, cache: Database, takes: Database, room: float) -> Merged:
    """Take over signals, records of takes and places.

    Parameters
    ----------
    folder
        The other store.
    cache, takes
        Where it goes.
    room
        Bytes of signals that may come over or be there already: taking over more than the cache holds would
        only drive out what came first.

    Raises
    ------
    StoreError
        A folder without a store, or a damaged one; what was read of it before is kept, and whole.
    """
    files = folder / "signals.sqlite", folder / "takes.sqlite"
    if not any(path.is_file() for path in files):
        raise StoreError(f"{folder} holds no signals ({files[0].name} is missing); measure that shard again.")
    media, records = _Count(), _Count()
    try:
        if files[0].is_file():
            with _reading(files[0], tables.VERSION) as other:
                _merge_signals(other, cache, media, room)
        if files[1].is_file():
            with _reading(files[1], takes_file.VERSION) as other:
                _merge_takes(other, takes, records)
    except (sqlite3.DatabaseError, OSError, ValueError, ZeroDivisionError) as error:
        raise StoreError(
            f"The signals in {folder} are damaged ({error}); measure that shard again."
        ) from error
    return Merged(records.taken, media.taken, media.skipped + records.skipped, media.left, media.size)


@dataclass(slots=True)
class _Count:
    taken: int = 0
    skipped: int = 0
    left: int = 0
    size: int = 0


# --- reading another store ----------------------------------------------------------------------------


@contextmanager
def _reading(path: Path, version: int) -> Iterator[sqlite3.Connection]:
    """Open a file for reading only, also on a share that cannot be written."""
    with (
        tempfile.TemporaryDirectory(prefix="otio-ai-audit-") as aside,
        closing(_opened(path, Path(aside))) as connection,
    ):
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > version:
            raise StoreError(f"{path} was written by a newer otio-ai-audit: update this one.")
        yield connection


def _opened(path: Path, aside: Path) -> sqlite3.Connection:
    """Open a file in the first way that works.

    A file with a log beside it (its writer was killed, or writes still) has not all in it: where locks are
    refused it is copied with its log. A file whose log is gone was closed by its last writer: it is read as
    it is, and nothing is made beside it. One that never has a log (network shares do without) is locked if
    it can be.
    """
    logs = [log for end in ("-wal", "-journal") if (log := path.with_name(path.name + end)).exists()]
    with path.open("rb") as file:
        logged = file.read(20)[18:] == b"\2\2"
    if logs or not logged:
        try:
            return _connected(path, "mode=ro")
        except sqlite3.OperationalError:
            pass  # no locks on this share
    if not logs:
        return _connected(path, "mode=ro&immutable=1")
    for one in (path, *logs):
        shutil.copyfile(one, aside / one.name)
    return _connected(aside / path.name, "mode=rw")


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    place = quote(str(path.resolve()).replace("\\", "/"))
    connection = sqlite3.connect(f"file:{place}?{mode}", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _blob(other: sqlite3.Connection, table: str, column: str, number: int) -> bytes:
    row = other.execute(f"SELECT {column} FROM {table} WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise ValueError(f"{table} has no row {number}")
    return bytes(row[0])


# --- signals ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Group:
    """Parts of one medium that were measured together."""

    key: str
    version: str
    span: Span
    to_end: bool
    parts: dict[str, tuple[int, int]]
    """Part → id and size."""

    @property
    def identity(self) -> bool:
        return codec.IDENTITY in self.parts

    @property
    def size(self) -> int:
        return sum(size for _, size in self.parts.values())

    @property
    def whole(self) -> bool:
        return self.identity or all(part in self.parts for part in codec.PARTS)

    def covers(self, other: _Group) -> bool:
        return (self.to_end or not other.to_end) and covers(self.span, self.to_end, other.span)

    def same(self, other: _Group) -> bool:
        return (self.span, self.to_end) == (other.span, other.to_end)


def _groups(rows: Iterable[Sequence[Any]]) -> list[_Group]:
    """Group rows ``id, key, part, version, start, stop, to_end, size``; identity comes last."""
    found: dict[tuple[str, str, str, str, int], dict[str, tuple[int, int]]] = defaultdict(dict)
    for number, key, part, version, start, stop, to_end, size in rows:
        found[key, version, start, stop, to_end][part] = (number, size)
    groups = [
        _Group(key, version, Span(Fraction(start), Fraction(stop)), bool(to_end), parts)
        for (key, version, start, stop, to_end), parts in found.items()
    ]
    return sorted((group for group in groups if group.whole), key=lambda group: group.identity)


_Read = tuple[_Group, list[tuple[tuple[Any, ...], bytes]]]
"""A group with its rows and blobs."""
ROWS = "SELECT id, key, part, version, start, stop, to_end, size FROM signals"


def _merge_signals(other: sqlite3.Connection, cache: Database, count: _Count, room: float) -> None:
    rows = other.execute(f"{ROWS} ORDER BY key").fetchall()
    media = [(key, _groups(rows_of)) for key, rows_of in groupby(rows, key=lambda row: row[1])]
    for start in range(0, len(media), CHUNK):
        some = media[start : start + CHUNK]
        ours: dict[str, list[_Group]] = defaultdict(list)
        sql = f"{ROWS} WHERE key IN ({', '.join('?' * len(some))})"
        for group in _groups(cache.rows(sql, [key for key, _ in some])):
            ours[group.key].append(group)
        waiting: list[_Read] = []
        size = 0
        for key, theirs in some:
            wanted = _wanted(theirs, ours[key])
            whole = sum(group.size for group in theirs)
            if count.size + whole > room:
                count.left += bool(wanted)
                continue
            count.size += whole
            count.taken += bool(wanted)
            count.skipped += not wanted
            waiting += [(group, _parts(other, group)) for group in wanted]
            size += sum(group.size for group in wanted)
            if size > BATCH:
                cache.write(_writing(waiting))
                waiting, size = [], 0
        cache.write(_writing(waiting))


def _wanted(theirs: Sequence[_Group], ours: Sequence[_Group]) -> list[_Group]:
    """Choose what to take over of one medium."""
    here, wanted = list(ours), []
    for group in theirs:
        alike = [one for one in here if one.version == group.version]
        if any(one.same(group) and one.size <= group.size for one in alike):
            continue
        if any(one.covers(group) and not one.same(group) for one in alike):
            continue
        if group.identity and not any(one.same(group) and _made_with(group, one) for one in here):
            continue  # its samples are frames of signals that are not here
        here = [one for one in here if one not in alike or not group.covers(one)] + [group]
        wanted.append(group)
    return wanted


def _made_with(identity: _Group, signals: _Group) -> bool:
    return not signals.identity and identity.version.startswith(f"{signals.version} ")


def _parts(other: sqlite3.Connection, group: _Group) -> list[tuple[tuple[Any, ...], bytes]]:
    """Read a group's blobs, with the rows that go with them."""
    now = int(time.time())
    read = []
    for part, (number, _) in group.parts.items():
        data = _blob(other, "signal_data", "data", number)
        place = (str(group.span.start), str(group.span.end), int(group.to_end))
        read.append(((group.key, part, group.version, *place, now, len(data), codec.plain_size(data)), data))
    return read


def _writing(groups: Sequence[_Read]) -> Callable[[sqlite3.Connection], None]:
    """Make a transaction that writes groups, and drops what they hold as well."""

    def write(connection: sqlite3.Connection) -> None:
        for group, parts in groups:
            for old in _groups(connection.execute(f"{ROWS} WHERE key = ?", (group.key,)).fetchall()):
                replaced = group.covers(old) and old.version == group.version
                lost = old.identity and _made_with(old, group) and group.covers(old) and not group.same(old)
                if replaced or lost:
                    for number, _ in old.parts.values():
                        tables.drop_signals(connection, number)
            for row, data in parts:
                tables.put_signals(connection, row, data)

    return write


# --- takes --------------------------------------------------------------------------------------------


def _merge_takes(other: sqlite3.Connection, takes: Database, count: _Count) -> None:
    for number, basis, used in other.execute("SELECT id, basis, used FROM bases ORDER BY basis").fetchall():
        sql = "SELECT id, key, failed, seal, size FROM takes WHERE basis = ? ORDER BY key"
        theirs = other.execute(sql, (number,)).fetchall()
        for start in range(0, len(theirs), CHUNK):
            some = theirs[start : start + CHUNK]
            sql = (
                f"SELECT key, failed, seal FROM takes WHERE {takes_file.OF_BASIS} "
                f"AND key IN ({', '.join('?' * len(some))})"
            )
            ours = {key: tuple(rank) for key, *rank in takes.rows(sql, (basis, *(row[1] for row in some)))}
            wanted = [row for row in some if row[1] not in ours or (row[2], row[3]) < ours[row[1]]]
            count.skipped += len(some) - len(wanted)
            for batch in _batches(wanted):
                count.taken += takes.write(_taking(_read_takes(other, batch), basis, used)) or 0
    places = other.execute("SELECT label, key, noted FROM places").fetchall()
    takes.write(lambda c: takes_file.put_places(c, places))


def _batches(rows: Iterable[tuple[int, str, int, int, int]]) -> Iterator[list[int]]:
    """Give ids, not more at once than may be read."""
    batch: list[int] = []
    size = 0
    for number, *_, bytes_of in rows:
        batch.append(number)
        size += bytes_of
        if size > BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read_takes(other: sqlite3.Connection, numbers: Iterable[int]) -> list[tuple[tuple[Any, ...], bytes]]:
    sql = f"SELECT {takes_file.COLUMNS} FROM takes WHERE id = ?"
    return [
        (other.execute(sql, (number,)).fetchone(), _blob(other, "take_data", "body", number))
        for number in numbers
    ]


def _taking(
    rows: Sequence[tuple[tuple[Any, ...], bytes]], basis: str, used: float
) -> Callable[[sqlite3.Connection], int]:
    """Make a transaction that writes rows where they are better than what is there."""

    def write(connection: sqlite3.Connection) -> int:
        number = takes_file.basis_id(connection, basis, used)
        return sum(takes_file.put(connection, number, row, body, better=True) for row, body in rows)

    return write
