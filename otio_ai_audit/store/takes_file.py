"""What was found in takes, in a file of its own beside the signals.

It is apart from the signals because it is small and they are bounded: of 70,000 takes the signals of the last
few thousand may be left, but what was found in all of them stays. Rows belong to content and to a *basis*, a
hash of all that judging depends on: other settings make other rows.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..model import TakeRecord
from . import records
from .database import Database

VERSION = 1
TABLES = """
CREATE TABLE takes (id INTEGER PRIMARY KEY, key TEXT NOT NULL, basis TEXT NOT NULL, failed INTEGER NOT NULL,
                    used INTEGER NOT NULL, size INTEGER NOT NULL, head BLOB NOT NULL, sketch BLOB NOT NULL,
                    UNIQUE (key, basis));
CREATE TABLE take_data (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE places (label TEXT PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID;
"""
CHUNK = 500
"""Keys asked for in one query; sqlite allows 999 at least."""
STALE = 24 * 3600
"""Uses are noted to the day."""


class TakesFile:
    """Take records by content and basis."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, VERSION, _prepare, "The file of takes")

    def save(self, found: Iterable[TakeRecord], basis: str) -> None:
        """Keep records, all in one transaction; those of the same content and basis are replaced."""
        rows = [(record.key, record.failure is not None, records.encode(record)) for record in found]
        now = int(time.time())

        def write(connection: sqlite3.Connection) -> None:
            for key, failed, stored in rows:
                size = len(stored.head) + len(stored.sketch) + len(stored.body)
                values = (key, basis, int(failed), now, size, stored.head, stored.sketch)
                ((number,),) = connection.execute(
                    "INSERT INTO takes (key, basis, failed, used, size, head, sketch) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, basis) DO UPDATE SET "
                    "failed = excluded.failed, used = excluded.used, size = excluded.size, "
                    "head = excluded.head, sketch = excluded.sketch RETURNING id",
                    values,
                ).fetchall()
                connection.execute("INSERT OR REPLACE INTO take_data VALUES (?, ?)", (number, stored.body))

        if rows:
            self.database.write(write)

    def load(self, keys: Iterable[str], basis: str, whole: bool = True) -> dict[str, TakeRecord]:
        """Give the records that there are; one that is damaged is none."""
        found = {}
        body = "body" if whole else "x''"
        join = "JOIN take_data USING (id)" if whole else ""
        sql = f"SELECT key, head, sketch, {body} FROM takes {join} WHERE basis = ? AND key IN"
        for key, head, sketch, data in self._of(sql, keys, basis):
            try:
                found[key] = records.decode(key, records.Stored(head, sketch, data))
            except (ValueError, KeyError, TypeError):
                continue  # written by another make of this version: looked at again
        return found

    def known(self, keys: Iterable[str], basis: str) -> set[str]:
        """Say of which contents there is a record."""
        return {key for (key,) in self._of("SELECT key FROM takes WHERE basis = ? AND key IN", keys, basis)}

    def _of(self, sql: str, keys: Iterable[str], basis: str) -> Iterator[Any]:
        wanted = sorted(set(keys))
        for start in range(0, len(wanted), CHUNK):
            some = wanted[start : start + CHUNK]
            yield from self.database.rows(f"{sql} ({', '.join('?' * len(some))})", (basis, *some))

    def forget_failures(self, basis: str) -> None:
        """Drop the records that say why a take could not be looked at."""
        self.database.write(lambda c: _drop(c, "failed AND basis = ?", (basis,)))

    def touch(self, basis: str) -> None:
        """Note that the records of a basis are in use."""
        now = int(time.time())
        sql = "UPDATE takes SET used = ? WHERE basis = ? AND used < ?"
        self.database.write(lambda c: c.execute(sql, (now, basis, now - STALE)))

    def trim(self, before: float) -> int:
        """Drop the records of every basis that was not used since `before` (seconds since 1970)."""
        unused = "basis IN (SELECT basis FROM takes GROUP BY basis HAVING max(used) < ?)"
        return self.database.write(lambda c: _drop(c, unused, (before,))) or 0

    def note_places(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep under which label a content lay."""
        values = list(rows)
        self.database.write(lambda c: c.executemany("INSERT OR REPLACE INTO places VALUES (?, ?)", values))

    def places(self) -> dict[str, str]:
        """Give labels and contents, in order of labels."""
        return dict(self.database.rows("SELECT label, key FROM places ORDER BY label"))

    def clear(self) -> None:
        def empty(connection: sqlite3.Connection) -> None:
            for table in ("takes", "take_data", "places"):
                connection.execute(f"DELETE FROM {table}")

        self.database.write(empty)

    def totals(self) -> tuple[int, int, int]:
        """Count records, failures among them, and bytes."""
        row = self.database.rows("SELECT count(*), total(failed), total(size) FROM takes")[0]
        return int(row[0]), int(row[1]), int(row[2])


def _drop(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> int:
    connection.execute(f"DELETE FROM take_data WHERE id IN (SELECT id FROM takes WHERE {where})", values)
    return connection.execute(f"DELETE FROM takes WHERE {where}", values).rowcount


def _prepare(connection: sqlite3.Connection, found: int) -> None:
    for statement in filter(str.strip, TABLES.split(";")):
        connection.execute(statement)
