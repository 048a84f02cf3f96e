"""What people decided about findings, in a small file of its own.

It is apart from the cache because it cannot be measured again: clearing, shrinking, rebuilding or losing
the cache does not touch it. Its columns are the fields of `KnownFinding`; a field that is added later
becomes a column, and older rows get its default.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import MISSING, astuple, fields
from pathlib import Path
from typing import Any

from ..model import KnownFinding
from .database import Database

COLUMNS = tuple(field.name for field in fields(KnownFinding))
VERSION = len(COLUMNS)
"""Fields are only ever added."""
NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
SELECT = f"SELECT {NAMES} FROM known"
CHUNK = 500
"""Keys asked for in one query; sqlite allows 999 at least."""


class VerdictsFile:
    """Known findings by the content key of their media."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, VERSION, _prepare, "The file of verdicts")
        self._as_read: dict[tuple[str, str], KnownFinding] = {}

    def known(self, keys: Iterable[str], ids: Iterable[str] = ()) -> list[KnownFinding]:
        rows: set[Any] = set()
        for column, values in (("key", keys), ("id", ids)):
            wanted = sorted(set(values))
            for start in range(0, len(wanted), CHUNK):
                some = wanted[start : start + CHUNK]
                places = ", ".join("?" * len(some))
                rows |= set(self.database.rows(f"{SELECT} WHERE {column} IN ({places})", some))
        found = sorted((_finding(row) for row in rows), key=lambda f: (f.key, f.start, f.id))
        self._as_read.update({(finding.key, finding.id): finding for finding in found})
        return found

    def remember(self, findings: Iterable[KnownFinding]) -> None:
        """Write what is new or changed since it was read here.

        What is unchanged is not written: another audit may have noted a verdict on it meanwhile.
        """
        changed = [f for f in findings if self._as_read.get((f.key, f.id)) != f]
        if not changed:
            return
        places = ", ".join("?" * len(COLUMNS))
        sql = f"INSERT OR REPLACE INTO known ({NAMES}) VALUES ({places})"
        self.database.write(lambda c: c.executemany(sql, [astuple(finding) for finding in changed]))
        self._as_read.update({(finding.key, finding.id): finding for finding in changed})

    def forget(self) -> None:
        self.database.write(lambda c: c.execute("DELETE FROM known"))
        self._as_read.clear()

    def count(self) -> tuple[int, int]:
        """Count the findings that are known, and those of them that are dismissed."""
        row = self.database.rows("SELECT count(*), total(dismissed) FROM known")[0]
        return int(row[0]), int(row[1])


def _prepare(connection: sqlite3.Connection, found: int) -> None:
    columns = ", ".join(_column(name) for name in COLUMNS)
    connection.execute(f"CREATE TABLE IF NOT EXISTS known ({columns}, PRIMARY KEY (key, id))")
    present = {row[1] for row in connection.execute("PRAGMA table_info(known)")}
    for name in COLUMNS:
        if name not in present:
            connection.execute(f"ALTER TABLE known ADD COLUMN {_column(name)}")


def _column(name: str) -> str:
    default = next(field.default for field in fields(KnownFinding) if field.name == name)
    if default is MISSING:
        default = ""
    return f'"{name}" NOT NULL DEFAULT ' + (
        str(int(default)) if isinstance(default, bool) else f"'{default}'"
    )


def _finding(row: tuple[Any, ...]) -> KnownFinding:
    values = dict(zip(COLUMNS, row, strict=True))
    return KnownFinding(**{**values, "dismissed": bool(values["dismissed"])})  # sqlite has numbers only
