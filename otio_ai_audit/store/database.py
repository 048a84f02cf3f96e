"""A sqlite file that never stops an audit: damaged, full, read-only or busy, work goes on without it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..errors import StoreError

T = TypeVar("T")
Action = Callable[[sqlite3.Connection], T]
Prepare = Callable[[sqlite3.Connection, int], None]

TIMEOUT = 30.0
"""Seconds to wait for another process that is writing."""
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
TROUBLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
"""What can be wrong with the disk or its neighbours; anything else is a mistake of ours and raised."""
NETWORK = {"9p", "afs", "beegfs", "ceph", "cifs", "gpfs", "lustre", "nfs", "nfs4", "smb3", "smbfs"}
PAGE = 16384
"""Bytes; large pages suit large blobs."""
CHECKPOINT = 32 << 20
"""Bytes that the log gathers before they go into the file: every time, the disk is waited for twice."""


class Database:
    """One sqlite file, or memory where there can be none.

    Parameters
    ----------
    path
        The file; its folder is made if it is missing.
    version
        Of the tables, at least 1; sqlite keeps it as the file's ``user_version``.
    prepare
        Makes the tables, inside a transaction; called with the version found (0: a new file).
    what
        What the file holds, for messages: "The cache", "The file of verdicts".
    page
        Bytes of a page of a new file.

    Raises
    ------
    StoreError
        A file whose version is newer.
    """

    def __init__(self, path: Path, version: int, prepare: Prepare, what: str, page: int = PAGE) -> None:
        self.path, self._version, self._prepare, self._what = path, version, prepare, what
        self._page = page
        self.notice = ""
        """A sentence for a person where the file could not be used as it should; else empty."""
        self.in_memory = False
        self._frozen = False
        self._lock = threading.RLock()
        self._identity: tuple[int, int] | None = None
        self._connection = self._open()

    def read(self, action: Action[T]) -> T:
        """Do something that only reads."""
        try:
            return self._guarded(action)
        except sqlite3.DatabaseError as error:
            if self.in_memory or _code(error) not in TROUBLE:
                raise
            with self._lock:
                self._connection.close()
                self._connection = self._memory(error)
                return action(self._connection)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Give all rows of a query."""
        return self.read(lambda connection: connection.execute(sql, values).fetchall())

    def write(self, action: Action[T]) -> T | None:
        """Do something in one transaction: all of it or nothing; None once writing has failed."""
        if self._frozen:
            return None
        try:
            return self._guarded(lambda connection: _in_transaction(connection, action))
        except sqlite3.DatabaseError as error:
            if _code(error) not in TROUBLE:
                raise
            self._frozen = True
            self.notice = f"{self._what} {self.path} cannot be written ({error}); nothing new is kept."
            return None

    def check(self) -> list[str]:
        """Say in sentences what is wrong with the file; nothing where it is sound."""
        found = [str(row[0]) for row in self.rows("PRAGMA integrity_check")]
        return [f"{self._what} {self.path}: {text}" for text in found if text != "ok"]

    def shrink(self) -> None:
        """Give the pages that are free back to the disk."""

        def shrink(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA incremental_vacuum").fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        # Busy: the pages are free all the same and are used again.
        with contextlib.suppress(sqlite3.DatabaseError):
            self._guarded(shrink)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _guarded(self, action: Action[T]) -> T:
        with self._lock:
            try:
                return action(self._connection)
            except sqlite3.DatabaseError as error:
                if self.in_memory or _code(error) not in DAMAGED:
                    raise
                self._connection.close()
                self._connection = self._renew(error)
                return action(self._connection)

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self._connect()
        except sqlite3.DatabaseError as error:
            if _code(error) in DAMAGED:
                return self._renew(error)
            return self._memory(error)
        except OSError as error:
            return self._memory(error)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            status = os.stat(self.path)
            self._identity = (status.st_dev, status.st_ino)
            _patiently(lambda: _configure(connection, on_network(self.path), self._page))
            self._make_ready(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_ready(self, connection: sqlite3.Connection) -> None:
        if _version(connection) == self._version:
            return

        def prepare(connection: sqlite3.Connection) -> None:
            found = _version(connection)  # again: another process may have been first
            if found > self._version:
                raise StoreError(
                    f"{self._what} {self.path} was written by a newer otio-ai-audit: update this one, or set "
                    "OTIO_AI_AUDIT_CACHE to another folder."
                )
            if found < self._version:
                self._prepare(connection, found)
                connection.execute(f"PRAGMA user_version = {self._version}")

        _in_transaction(connection, prepare)

    def _renew(self, error: Exception) -> sqlite3.Connection:
        """Put a damaged file aside and start afresh."""
        aside = self.path.with_name(self.path.name + ".damaged")
        try:
            status = os.stat(self.path)
            if (status.st_dev, status.st_ino) == self._identity:  # else another audit has done it already
                for end in ("-wal", ""):
                    with contextlib.suppress(FileNotFoundError):
                        os.replace(f"{self.path}{end}", f"{aside}{end}")
                Path(f"{self.path}-shm").unlink(missing_ok=True)
                self.notice = f"{self._what} {self.path} was damaged ({error}); it is now {aside.name}."
            return self._connect()
        except (sqlite3.DatabaseError, OSError) as second:
            return self._memory(second)

    def _memory(self, error: Exception) -> sqlite3.Connection:
        self.in_memory = True
        self.notice = f"{self._what} {self.path} cannot be used ({error}); nothing is kept after this run."
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._make_ready(connection)
        return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _code(error: sqlite3.Error) -> int:
    """Primary result code of sqlite."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _in_transaction(connection: sqlite3.Connection, action: Action[T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = action(connection)
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    return result


def _configure(connection: sqlite3.Connection, network: bool, page: int) -> None:
    connection.execute(f"PRAGMA page_size = {page}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    # A write-ahead log lives in memory that processes share, which no network file system offers.
    mode = "DELETE" if network else "WAL"
    found = connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0]
    if not network and found != "wal":
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {64 << 20}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT // page}")


def _patiently(action: Callable[[], None]) -> None:
    """Do it again while another process is in the way: changing the journal does not wait by itself."""
    until = time.monotonic() + TIMEOUT
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            busy = _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > until:
                raise
            time.sleep(0.02)


def on_network(path: Path, mounts: str = "/proc/self/mounts") -> bool:
    """Tell whether a path lies on a network share, as far as Linux and Windows say; else False."""
    if sys.platform == "win32":
        return str(path.resolve()).startswith("\\\\")
    try:
        lines = Path(mounts).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    place = path.resolve()
    best, kind = -1, ""
    for fields in (line.split() for line in lines):
        if len(fields) > 2 and len(fields[1]) > best:
            mount = Path(fields[1].replace("\\040", " "))
            if place == mount or mount in place.parents:
                best, kind = len(fields[1]), fields[2]
    return kind in NETWORK or kind.startswith("fuse.sshfs")
