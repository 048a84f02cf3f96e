"""What was found in takes, in a file of its own beside the signals.

It is apart from the signals because it is small and they are bounded: of 70,000 takes the signals of the last
few thousand may be left, but what was found in all of them stays. Rows belong to content and to a *basis*, a
hash of all that judging depends on: other settings make other rows. What every table of takes shows is in
narrow rows; curves and strips, which only one shot's page needs, are in rows of their own.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..model import TakeRecord
from . import records
from .database import Database

VERSION = 1
TABLES = """
CREATE TABLE bases (id INTEGER PRIMARY KEY, basis TEXT NOT NULL UNIQUE, used INTEGER NOT NULL);
CREATE TABLE takes (id INTEGER PRIMARY KEY, basis INTEGER NOT NULL, key TEXT NOT NULL,
                    failed INTEGER NOT NULL, seal INTEGER NOT NULL, size INTEGER NOT NULL,
                    head TEXT NOT NULL, sketch BLOB NOT NULL, UNIQUE (basis, key));
CREATE INDEX takes_failed ON takes (basis) WHERE failed;
CREATE TABLE take_data (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE places (label TEXT PRIMARY KEY, key TEXT NOT NULL, noted REAL NOT NULL) WITHOUT ROWID;
"""
PAGE = 4096
"""Bytes; every take touches a page of its own of three tables and an index, and the log keeps whole pages."""
CHUNK = 500
"""Keys asked for in one query; sqlite allows 999 at least."""
STALE = 24 * 3600
"""Uses are noted to the day."""
OF_BASIS = "basis = (SELECT id FROM bases WHERE basis = ?)"


class TakesFile:
    """Take records by content and basis."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, VERSION, _prepare, "The file of takes", PAGE)

    def save(self, found: Iterable[TakeRecord], basis: str) -> None:
        """Keep records, all in one transaction; those of the same content and basis are replaced."""
        rows = [row_of(record) for record in found]

        def write(connection: sqlite3.Connection) -> None:
            number = basis_id(connection, basis)
            for row, body in rows:
                put(connection, number, row, body)

        if rows:
            self.database.write(write)

    def load(self, keys: Iterable[str], basis: str, whole: bool = True) -> dict[str, TakeRecord]:
        """Give the records that there are; one that is damaged is none."""
        found = {}
        body = "body" if whole else "x''"
        join = "JOIN take_data USING (id)" if whole else ""
        sql = f"SELECT key, head, sketch, {body} FROM takes {join} WHERE {OF_BASIS} AND key IN"
        for key, head, sketch, data in self._of(sql, keys, basis):
            try:
                found[key] = records.decode(key, records.Stored(head, sketch, data))
            except (ValueError, KeyError, TypeError):
                continue  # written by another make of this version: looked at again
        return found

    def known(self, keys: Iterable[str], basis: str) -> set[str]:
        """Say of which contents there is a record."""
        sql = f"SELECT key FROM takes WHERE {OF_BASIS} AND key IN"
        return {key for (key,) in self._of(sql, keys, basis)}

    def _of(self, sql: str, keys: Iterable[str], basis: str) -> Iterator[Any]:
        wanted = sorted(set(keys))
        for start in range(0, len(wanted), CHUNK):
            some = wanted[start : start + CHUNK]
            yield from self.database.rows(f"{sql} ({', '.join('?' * len(some))})", (basis, *some))

    def forget_failures(self, basis: str) -> None:
        """Drop the records that say why a take could not be looked at."""
        self.database.write(lambda c: _drop(c, f"failed AND {OF_BASIS}", (basis,)))

    def touch(self, basis: str) -> None:
        """Note that the records of a basis are in use."""
        self.database.write(lambda c: basis_id(c, basis))

    def trim(self, before: float) -> int:
        """Drop records of bases that were not used since `before`, and rows without their other half.

        Parameters
        ----------
        before
            Seconds since 1970.

        Returns
        -------
        int
            Records that went.
        """

        def drop(connection: sqlite3.Connection) -> int:
            connection.execute("DELETE FROM bases WHERE used < ?", (before,))
            gone = _drop(connection, "basis NOT IN (SELECT id FROM bases)", ())
            gone += _drop(connection, "id NOT IN (SELECT id FROM take_data)", ())
            connection.execute("DELETE FROM take_data WHERE id NOT IN (SELECT id FROM takes)")
            return gone

        gone = self.database.write(drop) or 0
        self.database.shrink()
        return gone

    def note_places(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep under which label a content lies now."""
        now = time.time()
        values = [(label, key, now) for label, key in rows]
        self.database.write(lambda c: put_places(c, values))

    def places(self) -> dict[str, str]:
        """Give labels and contents, in order of labels."""
        return dict(self.database.rows("SELECT label, key FROM places ORDER BY label"))

    def clear(self) -> None:
        def empty(connection: sqlite3.Connection) -> None:
            for table in ("takes", "take_data", "bases", "places"):
                connection.execute(f"DELETE FROM {table}")

        self.database.write(empty)
        self.database.shrink()

    def totals(self) -> tuple[int, int, int, int]:
        """Count records, failures among them, bases and bytes."""
        sql = "SELECT count(*), total(failed), (SELECT count(*) FROM bases), total(size) FROM takes"
        count, failed, bases, size = map(int, self.database.rows(sql)[0])
        return count, failed, bases, size

    def orphans(self) -> int:
        """Count rows whose other half is missing."""
        sql = (
            "SELECT (SELECT count(*) FROM takes WHERE id NOT IN (SELECT id FROM take_data)) + "
            "(SELECT count(*) FROM take_data WHERE id NOT IN (SELECT id FROM takes)) + "
            "(SELECT count(*) FROM takes WHERE basis NOT IN (SELECT id FROM bases))"
        )
        return int(self.database.rows(sql)[0][0])


# --- rows, also for `merging` -----------------------------------------------------------------------

COLUMNS = "key, failed, seal, size, head, sketch"


def row_of(record: TakeRecord) -> tuple[tuple[Any, ...], bytes]:
    """Give a record as values of `COLUMNS`, and its body.

    The seal is a hash of all its bytes. Where two machines find different things in the same take, as
    different types of CPU may in the last digits, the smaller one counts whoever comes first.
    """
    stored = records.encode(record)
    head = stored.head.encode()
    seal = sha256(head + stored.sketch + stored.body).digest()[:7]
    size = len(head) + len(stored.sketch) + len(stored.body)
    failed = int(record.failure is not None)
    row = (record.key, failed, int.from_bytes(seal, "big"), size, stored.head, stored.sketch)
    return row, stored.body


def basis_id(connection: sqlite3.Connection, basis: str, used: float | None = None) -> int:
    """Give the number of a basis and note that it is in use, now or at `used`."""
    moment = int(time.time() if used is None else used)
    sql = "SELECT id, used FROM bases WHERE basis = ?"
    found = connection.execute(sql, (basis,)).fetchone()
    if found is None:
        connection.execute("INSERT INTO bases (basis, used) VALUES (?, ?)", (basis, moment))
        found = connection.execute(sql, (basis,)).fetchone()
    elif found[1] < moment - STALE:
        connection.execute("UPDATE bases SET used = ? WHERE id = ?", (moment, found[0]))
    return int(found[0])


def put(
    connection: sqlite3.Connection, basis: int, row: Sequence[Any], body: bytes, better: bool = False
) -> bool:
    """Write a row; say whether it was. With `better`, only over one that failed, or has a larger seal."""
    only = " WHERE (excluded.failed, excluded.seal) < (failed, seal)" if better else ""
    sql = (
        f"INSERT INTO takes (basis, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (basis, key) "
        "DO UPDATE SET failed = excluded.failed, seal = excluded.seal, size = excluded.size, "
        f"head = excluded.head, sketch = excluded.sketch{only} RETURNING id"
    )
    written = connection.execute(sql, (basis, *row)).fetchall()
    for (number,) in written:
        connection.execute("INSERT OR REPLACE INTO take_data VALUES (?, ?)", (number, body))
    return bool(written)


def put_places(connection: sqlite3.Connection, rows: Iterable[tuple[str, str, float]]) -> None:
    """Write labels, contents and when they were noted; of one label the latest counts."""
    connection.executemany(
        "INSERT INTO places VALUES (?, ?, ?) ON CONFLICT (label) DO UPDATE SET key = excluded.key, "
        "noted = excluded.noted WHERE (excluded.noted, excluded.key) > (noted, key)",
        rows,
    )


def _drop(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> int:
    connection.execute(f"DELETE FROM take_data WHERE id IN (SELECT id FROM takes WHERE {where})", values)
    return connection.execute(f"DELETE FROM takes WHERE {where}", values).rowcount


def _prepare(connection: sqlite3.Connection, found: int) -> None:
    for statement in filter(str.strip, TABLES.split(";")):
        connection.execute(statement)
