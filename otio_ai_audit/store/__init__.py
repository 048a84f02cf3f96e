"""What was measured, kept on disk by content: an edit that changes decodes only what is new.

Three sqlite files: the cache (signals, stills, small results; bounded, the least recently used goes first),
what was found in takes (see `takes_file`), and what people decided about findings (never evicted, see
`verdicts_file`). Several audits may use them at the same time. A file that is damaged, full or cannot be
written never stops an audit: `Store.notice` says what happened.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from ..model import KnownFinding, TakeRecord
from . import tables
from .cache import ROOM, Cache
from .merging import Merged, merge
from .packed import PackedSignals, pack_signals, unpack_signals
from .records import kept
from .takes_file import TakesFile
from .verdicts_file import VerdictsFile

__all__ = ["Merged", "PackedSignals", "Store", "kept", "pack_signals", "unpack_signals"]


class Store(Cache):
    """The cache, the takes and the verdicts of one user; a context manager.

    Parameters
    ----------
    path
        Folder for all files. By default the environment variable OTIO_AI_AUDIT_CACHE, else the user's
        cache folder for what can be measured again and data folder for what people decided.

    Raises
    ------
    StoreError
        Files that a newer version has written.
    """

    def __init__(self, path: Path | None = None) -> None:
        cache, verdicts = _folders(path)
        super().__init__(cache / "signals.sqlite")
        self._open = [self._cache]
        self._came = 0
        self._said = ""
        try:
            self._takes = TakesFile(cache / "takes.sqlite")
            self._open.append(self._takes.database)
            self._verdicts = VerdictsFile(verdicts / "verdicts.sqlite")
            self._open.append(self._verdicts.database)
        except BaseException:
            self._let_go()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Note what was used, and let go of the files."""
        self._note_uses()
        self._let_go()

    def _let_go(self) -> None:
        while self._open:
            self._open.pop().close()

    @property
    def closed(self) -> bool:
        return not self._open

    @property
    def notice(self) -> str:
        """Sentences for a person where a file could not be used as it should; else empty."""
        return " ".join(filter(None, (*(database.notice for database in self._open), self._said)))

    # --- takes

    def save_take(self, record: TakeRecord, basis: str) -> None:
        """Keep what was found in a take; a record of the same content and basis is replaced.

        Parameters
        ----------
        record
            Rounded by `kept`.
        basis
            Hash of all that it depends on besides the content.
        """
        self._takes.save([record], basis)

    def save_takes(self, found: Iterable[TakeRecord], basis: str) -> None:
        """Keep many records in one transaction."""
        self._takes.save(found, basis)

    def load_takes(self, keys: Iterable[str], basis: str, *, whole: bool = True) -> dict[str, TakeRecord]:
        """Give the records of these contents that there are; without `whole` no curves and strips."""
        return self._takes.load(keys, basis, whole)

    def load_take(self, key: str, basis: str, *, whole: bool = True) -> TakeRecord | None:
        """Give the record of this content, if there is one."""
        return self._takes.load([key], basis, whole).get(key)

    def takes_known(self, keys: Iterable[str], basis: str) -> set[str]:
        """Say which of these contents have a record."""
        return self._takes.known(keys, basis)

    def use_takes(self, basis: str) -> None:
        """Note that records of this basis are in use, so that `trim` leaves them."""
        self._takes.touch(basis)

    def forget_failures(self, basis: str) -> None:
        """Drop the records of takes that could not be looked at: they are tried again."""
        self._takes.forget_failures(basis)

    def note_places(self, rows: Iterable[tuple[str, str]]) -> None:
        """Keep label and content key of takes, for whoever cannot reach the files."""
        self._takes.note_places(rows)

    def places(self) -> dict[str, str]:
        """Label → content key of the takes that shards have noted."""
        return self._takes.places()

    def merge(self, folder: Path) -> Merged:
        """Take over everything measured and found that another store has.

        Merging twice changes nothing, and the order of several stores does not matter. Signals come over as
        far as the cache's limit allows; `notice` says where some had to stay.

        Raises
        ------
        StoreError
            A folder without a store, or a damaged one.
        """
        limit = self._cache.read(self._limit)
        merged = merge(folder, self._cache, self._takes.database, limit * ROOM - self._came)
        self._came += merged.size
        self._grown(merged.size)
        if merged.left:
            self._said = (
                f"The cache holds {limit / 1e9:.1f} GB at most: some signals stayed in {folder}; "
                "make room with: otio-ai-audit cache limit SIZE"
            )
        return merged

    # --- verdicts

    def known(self, keys: Iterable[str], ids: Iterable[str] = ()) -> list[KnownFinding]:
        """Give the findings of earlier runs on these media or with these ids, and what people decided."""
        return self._verdicts.known(keys, ids)

    def remember(self, findings: Iterable[KnownFinding]) -> None:
        """Keep findings for the next run; never evicted. Only what changed since `known` is written."""
        self._verdicts.remember(findings)

    # --- all of it

    def stats(self, version: str = "") -> dict[str, Any]:
        """Where the files are and what they hold; sizes in bytes.

        Parameters
        ----------
        version
            `otio_ai_audit.measure.SIGNALS_VERSION`: signals of another one are counted as outdated.
        """

        def count(connection: sqlite3.Connection) -> dict[str, Any]:
            def one(sql: str) -> int:
                return int(connection.execute(sql).fetchone()[0])

            return {
                "media": one("SELECT count(DISTINCT key) FROM signals"),
                "media_outdated": tables.count_outdated(connection, version) if version else 0,
                "bytes_signals": one("SELECT total(size) FROM signals"),
                "bytes_signals_uncompressed": one("SELECT total(plain) FROM signals"),
                "stills": one("SELECT count(*) FROM stills"),
                "results": one("SELECT count(*) FROM blobs"),
                "bytes_used": tables.held(connection),
                "bytes_limit": self._limit(connection),
            }

        known, dismissed = self._verdicts.count()
        takes, failed, bases, size = self._takes.totals()
        return {
            "cache": "in memory" if self._cache.in_memory else str(self._cache.path),
            **self._cache.read(count),
            "takes": takes,
            "takes_failed": failed,
            "takes_judged_in_ways": bases,
            "bytes_takes": size,
            "verdicts": str(self._verdicts.database.path),
            "known_findings": known,
            "dismissed_findings": dismissed,
        }

    def trim(self, version: str, days: float) -> tuple[int, int]:
        """Drop what is outdated and was not used for so many days.

        Parameters
        ----------
        version
            `otio_ai_audit.measure.SIGNALS_VERSION`: signals of another one are outdated.
        days
            Also how long records of takes judged in another way are kept.

        Returns
        -------
        tuple of int
            Media whose signals went, and records of takes.
        """
        before = int(time.time() - days * 24 * 3600)
        media = self._cache.write(lambda c: tables.drop_outdated(c, version, before)) or 0
        self._cache.write(tables.drop_orphans)
        takes = self._takes.trim(before)
        self._cache.shrink()
        return media, takes

    def check(self) -> list[str]:
        """Say in sentences what is wrong with the files; nothing where they are sound."""
        troubles = [trouble for database in self._open for trouble in database.check()]
        lost = self._cache.read(tables.orphans) + self._takes.orphans()
        if lost:
            troubles.append(f"{lost} rows have lost their other half; otio-ai-audit cache trim drops them.")
        return [self.notice, *troubles] if self.notice else troubles

    def clear(self, *, verdicts: bool = False) -> None:
        """Forget everything measured, and with `verdicts` also what people decided."""

        def empty(connection: sqlite3.Connection) -> None:
            for table in tables.NAMES:
                if table != "meta":
                    connection.execute(f"DELETE FROM {table}")

        self._touched.clear()
        self._cache.write(empty)
        self._takes.clear()
        self._cache.shrink()
        if verdicts:
            self._verdicts.forget()


def _folders(path: Path | None) -> tuple[Path, Path]:
    """Folders of the cache and of the verdicts."""
    named = os.environ.get("OTIO_AI_AUDIT_CACHE")
    if path is None and named:
        path = Path(named)
    if path is not None:
        return path, path
    import platformdirs

    name = "otio-ai-audit"
    return platformdirs.user_cache_path(name, False), platformdirs.user_data_path(name, False)
