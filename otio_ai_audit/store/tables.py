"""The tables of the cache, and what is done to all of them: counting, noting uses, making room."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

VERSION = 2
FORGET = 180 * 24 * 3600
"""Seconds after which an unused file's remembered key is dropped."""
TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value);
CREATE TABLE files (name TEXT PRIMARY KEY, stamp TEXT, key TEXT, used INTEGER);
CREATE INDEX files_by_key ON files (key);
CREATE TABLE signals (id INTEGER PRIMARY KEY, key TEXT, part TEXT, version TEXT, start TEXT, stop TEXT,
                      to_end INTEGER, used INTEGER, size INTEGER, plain INTEGER NOT NULL DEFAULT 0);
CREATE INDEX signals_by_key ON signals (key, version);
CREATE TABLE signal_data (id INTEGER PRIMARY KEY, data BLOB);
CREATE TABLE stills (id INTEGER PRIMARY KEY, key TEXT, moment INTEGER, height INTEGER, used INTEGER,
                     size INTEGER, data BLOB, UNIQUE (key, moment, height));
CREATE TABLE blobs (id INTEGER PRIMARY KEY, kind TEXT, key TEXT, used INTEGER, size INTEGER, data BLOB,
                    UNIQUE (kind, key));
"""
NAMES = ("files", "signals", "signal_data", "stills", "blobs", "meta")
SIZED = ("signals", "stills", "blobs")


MIGRATIONS = {
    2: """
CREATE INDEX files_by_key ON files (key);
ALTER TABLE signals ADD COLUMN plain INTEGER NOT NULL DEFAULT 0;
UPDATE signals SET plain = size;
"""
}
"""Version → what makes it out of the one before; what is there stays. Version 1 compressed nothing."""


def prepare(connection: sqlite3.Connection, found: int) -> None:
    """Make the tables, or bring those of an older version up to date with what they hold."""
    if not found:  # not ours, or of before there were versions: nothing that cannot be measured again
        for table in NAMES:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
    steps = [MIGRATIONS[version] for version in range(found + 1, VERSION + 1)] if found else [TABLES]
    for statement in filter(str.strip, ";".join(steps).split(";")):
        connection.execute(statement)


SIGNALS = "key, part, version, start, stop, to_end, used, size, plain"
"""Columns of a part of a medium's signals; `size` is what it takes, `plain` what it holds, in bytes."""


def put_signals(connection: sqlite3.Connection, row: Sequence[Any], data: bytes) -> None:
    """Write a part: values of `SIGNALS`, and its blob."""
    places = ", ".join("?" * len(row))
    cursor = connection.execute(f"INSERT INTO signals ({SIGNALS}) VALUES ({places})", row)
    connection.execute("INSERT INTO signal_data VALUES (?, ?)", (cursor.lastrowid, data))


def drop_signals(connection: sqlite3.Connection, number: int) -> None:
    """Delete a part."""
    connection.execute("DELETE FROM signals WHERE id = ?", (number,))
    connection.execute("DELETE FROM signal_data WHERE id = ?", (number,))


def held(connection: sqlite3.Connection) -> int:
    """Count the bytes of signals, stills and results."""
    totals = (connection.execute(f"SELECT total(size) FROM {table}").fetchone() for table in SIZED)
    return int(sum(total for (total,) in totals))


def touch(connection: sqlite3.Connection, touched: dict[str, list[int]]) -> None:
    """Note that rows of these tables were used now."""
    now = int(time.time())
    for table, ids in touched.items():
        rows = [(now, number) for number in ids]
        connection.executemany(f"UPDATE {table} SET used = ? WHERE id = ?", rows)


OUTDATED = "version != ? AND version NOT LIKE ? || ' %'"
"""Signals of another version; that of identity begins with that of the others."""


def count_outdated(connection: sqlite3.Connection, version: str) -> int:
    """Count media with signals of other versions."""
    sql = f"SELECT count(DISTINCT key) FROM signals WHERE {OUTDATED}"
    return int(connection.execute(sql, (version, version)).fetchone()[0])


def drop_outdated(connection: sqlite3.Connection, version: str, before: int) -> int:
    """Drop signals of other versions that were not used since `before`; count their media."""
    where = f"{OUTDATED} AND used < ?"
    values = (version, version, before)
    (count,) = connection.execute(f"SELECT count(DISTINCT key) FROM signals WHERE {where}", values).fetchone()
    connection.execute(f"DELETE FROM signal_data WHERE id IN (SELECT id FROM signals WHERE {where})", values)
    connection.execute(f"DELETE FROM signals WHERE {where}", values)
    return int(count)


LOST = {"signals": "signal_data", "signal_data": "signals"}
"""Tables whose rows go together by id."""


def orphans(connection: sqlite3.Connection) -> int:
    """Count rows of signals whose other half is missing."""
    counts = (f"SELECT count(*) FROM {a} WHERE id NOT IN (SELECT id FROM {b})" for a, b in LOST.items())
    return sum(int(connection.execute(sql).fetchone()[0]) for sql in counts)


def drop_orphans(connection: sqlite3.Connection) -> None:
    """Delete them."""
    for table, other in LOST.items():
        connection.execute(f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM {other})")


def evict(connection: sqlite3.Connection, excess: int) -> int:
    """Delete the least recently used until so many bytes are free; a medium's parts go together."""
    sql = " UNION ALL ".join(
        (
            "SELECT 'signals', key, max(used) AS age, sum(size), min(id) FROM signals GROUP BY key",
            "SELECT 'stills', id, used, size, id FROM stills",
            "SELECT 'blobs', id, used, size, id FROM blobs",
        )
    )
    freed = 0
    for table, which, _, size, _ in connection.execute(f"{sql} ORDER BY age, 5").fetchall():
        if freed >= excess:
            break
        if table == "signals":
            connection.execute(
                "DELETE FROM signal_data WHERE id IN (SELECT id FROM signals WHERE key = ?)", (which,)
            )
            connection.execute("DELETE FROM signals WHERE key = ?", (which,))
        else:
            connection.execute(f"DELETE FROM {table} WHERE id = ?", (which,))
        freed += size
    connection.execute("DELETE FROM files WHERE used < ?", (int(time.time()) - FORGET,))
    return freed
