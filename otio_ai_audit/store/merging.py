"""Taking one store over into another: what the shards of a farm have measured comes home."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ..errors import StoreError
from . import tables, takes_file
from .database import Database


@dataclass(frozen=True, slots=True)
class Merged:
    """What came over that was not there."""

    signals: int
    takes: int


SIGNALS = "key, part, version, start, stop, to_end"
"""What makes a row of signals that row."""


def merge(folder: Path, cache: Database, takes: Database) -> Merged:
    """Copy signals, records of takes and places that are not there yet.

    Raises
    ------
    StoreError
        A folder without a store, or a damaged one.
    """
    try:
        with _reading(folder / "signals.sqlite", tables.VERSION) as other:
            signals = _signals(other, cache)
        with _reading(folder / "takes.sqlite", takes_file.VERSION) as other:
            found = _takes(other, takes)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"The signals in {folder} are damaged ({error}); measure that shard again."
        ) from error
    return Merged(signals, found)


@contextmanager
def _reading(path: Path, version: int) -> Iterator[sqlite3.Connection]:
    """Open a file for reading only, also on a share that cannot be written."""
    if not path.is_file():
        raise StoreError(
            f"{path.parent} holds no signals ({path.name} is missing); measure that shard again."
        )
    place = quote(str(path.resolve()).replace("\\", "/"))
    # Without its log, a file that nobody writes is read as it is: making a lock could be refused.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"file:{place}?{mode}", uri=True)) as connection:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > version:
            raise StoreError(f"{path.parent} was written by a newer otio-ai-audit: update this one.")
        yield connection


def _signals(other: sqlite3.Connection, cache: Database) -> int:
    count = 0
    columns = f"id, {SIGNALS}, used, size"
    for number, *row in other.execute(f"SELECT {columns} FROM signals ORDER BY id").fetchall():
        same = " AND ".join(f"{name} = ?" for name in SIGNALS.split(", "))
        if cache.rows(f"SELECT 1 FROM signals WHERE {same}", row[:6]):
            continue
        data = other.execute("SELECT data FROM signal_data WHERE id = ?", (number,)).fetchone()

        def write(connection: sqlite3.Connection, row: list[object] = row, data: object = data[0]) -> None:
            cursor = connection.execute(
                f"INSERT INTO signals ({SIGNALS}, used, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row
            )
            connection.execute("INSERT INTO signal_data VALUES (?, ?)", (cursor.lastrowid, data))

        cache.write(write)
        count += 1
    return count


def _takes(other: sqlite3.Connection, takes: Database) -> int:
    """Copy records; a take that some shard could look at counts, whatever another one failed at."""
    count = 0
    sql = "SELECT key, basis, failed, used, size, head, sketch, body FROM takes JOIN take_data USING (id)"
    for *row, body in other.execute(f"{sql} ORDER BY id"):

        def write(connection: sqlite3.Connection, row: list[object] = row, body: object = body) -> int:
            known = connection.execute(
                "SELECT id, failed FROM takes WHERE key = ? AND basis = ?", row[:2]
            ).fetchone()
            if known is not None and known[1] <= int(str(row[2])):
                return 0
            if known is not None:
                connection.execute("DELETE FROM takes WHERE id = ?", known[:1])
                connection.execute("DELETE FROM take_data WHERE id = ?", known[:1])
            cursor = connection.execute(
                "INSERT INTO takes (key, basis, failed, used, size, head, sketch) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            connection.execute("INSERT INTO take_data VALUES (?, ?)", (cursor.lastrowid, body))
            return 1

        count += takes.write(write) or 0
    places = other.execute("SELECT label, key FROM places").fetchall()
    takes.write(lambda c: c.executemany("INSERT OR REPLACE INTO places VALUES (?, ?)", places))
    return count
