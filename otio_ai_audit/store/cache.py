"""Signals, stills and small results of media, by content; bounded, the least recently used goes first."""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..model import Media, MediaSignals, Span
from . import codec, content, tables
from .database import Database
from .packed import PackedSignals, pack_signals, unpack_signals

LIMIT = 5_000_000_000
"""Bytes that the cache may hold unless `Store.limit` says otherwise."""
MEMORY_LIMIT = 500_000_000
"""Bytes kept where there is no disk to keep them."""
ROOM = 0.9
"""Share of the limit that eviction leaves in use."""
CHUNK = 500
"""Names asked for in one query; sqlite allows 999 at least."""
STALE = 3600
"""Uses are noted to the hour: loading from a warm cache then writes nothing."""


class Cache:
    """The file of what can be measured again."""

    def __init__(self, path: Path) -> None:
        self._cache = Database(path, tables.VERSION, tables.prepare, "The cache")
        self._touched: dict[str, set[int]] = defaultdict(set)
        self._unchecked = 0
        self._check_after = 0

    def _note_uses(self) -> None:
        """Write down what was used."""
        touched = {table: sorted(ids) for table, ids in self._touched.items() if ids}
        if touched:
            self._cache.write(lambda c: tables.touch(c, touched))
        self._touched.clear()

    # --- media

    def content_key(self, media: Media) -> str:
        """Name a medium by its content: 32 hex digits, the same wherever the file lies.

        A file whose path, size and time are unchanged is not read again. `content` says what is hashed.

        Raises
        ------
        OSError
            A file that is missing or cannot be read.
        """
        name = content.name_of(media)
        stamp, latest = content.stamp_of(media)
        sql = "SELECT key, used FROM files WHERE name = ? AND stamp = ?"
        rows = self._cache.rows(sql, (name, stamp))
        now = int(time.time())
        if rows and now - rows[0][1] < tables.FORGET / 2:
            return str(rows[0][0])
        key = str(rows[0][0]) if rows else content.key_of(media)
        settled = time.time_ns() - latest > content.SETTLED and content.stamp_of(media)[0] == stamp
        if settled:
            values = (name, stamp, key, now)
            self._cache.write(lambda c: c.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", values))
        return key

    def keys_known(self, media: Sequence[Media]) -> list[str | None]:
        """Give the content keys of many media at once, as far as they are known without reading a file."""
        asked = []
        now = int(time.time())
        for one in media:
            try:
                asked.append((content.name_of(one), content.stamp_of(one)[0]))
            except OSError:
                asked.append(("", ""))
        known: dict[tuple[str, str], str] = {}
        stale: list[tuple[int, str]] = []
        names = [name for name, _ in asked if name]
        for start in range(0, len(names), CHUNK):
            some = names[start : start + CHUNK]
            sql = f"SELECT name, stamp, key, used FROM files WHERE name IN ({', '.join('?' * len(some))})"
            for name, stamp, key, used in self._cache.rows(sql, some):
                known[name, stamp] = key
                if now - used > tables.FORGET / 2:
                    stale.append((now, name))
        if stale:
            sql = "UPDATE files SET used = ? WHERE name = ?"
            self._cache.write(lambda c: c.executemany(sql, stale))
        return [known.get(one) for one in asked]

    # --- signals

    def load(
        self, key: str, span: Span | None, version: str, identity: str | None = None
    ) -> MediaSignals | None:
        """Signals of a medium, if they were measured by this version and cover what is asked.

        Parameters
        ----------
        key
            From `content_key`.
        span
            What the edit needs; None is the whole medium. What is given may be longer.
        version
            `otio_ai_audit.measure.SIGNALS_VERSION`.
        identity
            `otio_ai_audit.identity.version()` where identity is needed too; None leaves it out.
        """
        packed = self.load_packed(key, span, version, identity)
        if packed is None:
            return None
        try:
            return unpack_signals(key, packed)
        except (ValueError, KeyError, TypeError):
            return None  # written by another make of this version: measure again

    def load_packed(
        self, key: str, span: Span | None, version: str, identity: str | None = None
    ) -> PackedSignals | None:
        """Give signals as they are kept; see `load`."""
        wanted = codec.PARTS if identity is None else (*codec.PARTS, codec.IDENTITY)
        versions = (version, _of_identity(version, identity or ""))
        sql = "SELECT id, part, start, stop, to_end, used FROM signals WHERE key = ? AND version IN (?, ?)"
        groups: dict[tuple[str, str, int], dict[str, tuple[int, int]]] = defaultdict(dict)
        for number, part, start, end, to_end, used in self._cache.rows(sql, (key, *versions)):
            groups[start, end, to_end][part] = (number, used)
        fitting = []
        for (start, end, to_end), parts in groups.items():
            stored = Span(Fraction(start), Fraction(end))
            if covers(stored, bool(to_end), span) and all(part in parts for part in wanted):
                kept_parts = {part: parts[part] for part in wanted}
                fitting.append((stored.duration, stored.start, stored, bool(to_end), kept_parts))
        if not fitting:
            return None
        _, _, stored, reaches, parts = min(fitting, key=lambda fit: fit[:2])
        return self._read_packed(stored, reaches, parts)

    def _read_packed(
        self, span: Span, to_end: bool, parts: dict[str, tuple[int, int]]
    ) -> PackedSignals | None:
        sql = "SELECT data FROM signal_data WHERE id = ?"
        blobs = {}
        for part, (number, _) in parts.items():
            rows = self._cache.rows(sql, (number,))
            if not rows:  # another audit has just made room
                return None
            blobs[part] = rows[0][0]
        self._used("signals", parts.values())
        return PackedSignals(span, to_end, blobs)

    def save(self, signals: MediaSignals, version: str, identity: str = "") -> None:
        """Keep signals; those of the same medium that they replace, or of another version, go.

        Identity is kept beside the others under a version of its own: signals without it do not drop it
        where they cover the same frames, and another make of it drops nothing else.

        Parameters
        ----------
        signals
        version
            `otio_ai_audit.measure.SIGNALS_VERSION`.
        identity
            `otio_ai_audit.identity.version()`, where `signals` have identity.

        Raises
        ------
        StoreError
            Signals that do not survive their storage bit for bit.
        """
        self.save_packed(signals.key, pack_signals(signals), version, identity)

    def save_packed(self, key: str, packed: PackedSignals, version: str, identity: str = "") -> None:
        """Keep signals that are packed already; see `save`."""
        parts, span, to_end = packed.parts, packed.span, packed.to_end
        now = int(time.time())
        versions = dict.fromkeys(codec.PARTS, version)
        versions[codec.IDENTITY] = _of_identity(version, identity)

        def goes(part: str, its_version: str, theirs: Span, its_end: bool) -> bool:
            replaced = (to_end or not its_end) and covers(span, to_end, theirs)
            if part in parts:
                return replaced or its_version != versions[part]
            # rows of signals that are gone would be counted by identity alone
            same = theirs == span and its_end == to_end
            return (replaced and not same) or not its_version.startswith(_of_identity(version, ""))

        def write(connection: sqlite3.Connection) -> None:
            sql = "SELECT id, part, version, start, stop, to_end FROM signals WHERE key = ?"
            for number, part, its_version, start, end, its_end in connection.execute(sql, (key,)).fetchall():
                if goes(part, its_version, Span(Fraction(start), Fraction(end)), bool(its_end)):
                    tables.drop_signals(connection, number)
            for part, data in parts.items():
                row = (key, part, versions[part], str(span.start), str(span.end), int(to_end), now)
                tables.put_signals(connection, (*row, len(data), codec.plain_size(data)), data)

        self._cache.write(write)
        self._grown(sum(map(len, parts.values())))

    # --- stills and small results

    def load_still(self, key: str, time: float, size: int) -> bytes | None:
        """Picture of a medium at `time` (s), at most `size` pixels on its long side, as WebP."""
        where = "key = ? AND moment = ? AND height = ?"
        return self._load("stills", where, (key, round(time * 1e6), size))

    def save_still(self, key: str, time: float, size: int, data: bytes) -> None:
        self._save("stills", "key, moment, height", (key, round(time * 1e6), size), data)

    def load_blob(self, kind: str, key: str) -> bytes | None:
        """Give a small result by its kind and the hash of all that it was made from."""
        return self._load("blobs", "kind = ? AND key = ?", (kind, key))

    def save_blob(self, kind: str, key: str, data: bytes) -> None:
        self._save("blobs", "kind, key", (kind, key), data)

    def _load(self, table: str, where: str, values: tuple[Any, ...]) -> bytes | None:
        sql = f"SELECT id, used, data FROM {table} WHERE {where}"
        rows = self._cache.rows(sql, values)
        if not rows:
            return None
        self._used(table, [(rows[0][0], rows[0][1])])
        return bytes(rows[0][2])

    def _save(self, table: str, names: str, values: tuple[Any, ...], data: bytes) -> None:
        row = (*values, int(time.time()), len(data), data)
        places = ", ".join("?" * len(row))
        sql = f"INSERT OR REPLACE INTO {table} ({names}, used, size, data) VALUES ({places})"
        self._cache.write(lambda c: c.execute(sql, row))
        self._grown(len(data))

    # --- size

    def contents(self, last: int, by: str = "used") -> list[tuple[str, str, int, int]]:
        """Media whose signals are kept: key, file or "", bytes, seconds since 1970 of the last use.

        Parameters
        ----------
        last
            So many at most.
        by
            ``used``: the newest first; ``size``: the largest first.
        """
        order = {"used": "max(used)", "size": "sum(size)"}[by]
        sql = (
            "SELECT key, coalesce((SELECT name FROM files WHERE files.key = signals.key "
            "ORDER BY used DESC, name LIMIT 1), ''), sum(size), max(used) "
            f"FROM signals GROUP BY key ORDER BY {order} DESC, key LIMIT ?"
        )
        return [tuple(row) for row in self._cache.rows(sql, (last,))]

    def limit(self, max_bytes: int) -> None:
        """Bound the cache, now and for later runs; the least recently used goes first."""
        row = ("limit", max(0, int(max_bytes)))
        self._cache.write(lambda c: c.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row))
        self._make_room()

    def _limit(self, connection: sqlite3.Connection) -> int:
        row = connection.execute("SELECT value FROM meta WHERE name = 'limit'").fetchone()
        limit = int(row[0]) if row is not None else LIMIT
        return min(limit, MEMORY_LIMIT) if self._cache.in_memory else limit

    def _used(self, table: str, rows: Iterable[tuple[int, int]]) -> None:
        now = time.time()
        self._touched[table].update(number for number, used in rows if now - used > STALE)

    def _grown(self, size: int) -> None:
        """Look at the bound now and then: other audits fill the same cache."""
        self._unchecked += size
        if self._unchecked > self._check_after:
            self._make_room()

    def _make_room(self) -> None:
        touched, self._touched = {t: sorted(ids) for t, ids in self._touched.items()}, defaultdict(set)

        def evict(connection: sqlite3.Connection) -> tuple[int, int]:
            tables.touch(connection, touched)
            limit = self._limit(connection)
            held = tables.held(connection)
            freed = tables.evict(connection, held - int(limit * ROOM)) if held > limit else 0
            return limit - (held - freed), freed

        room, freed = self._cache.write(evict) or (LIMIT, 0)
        self._unchecked, self._check_after = 0, max(0, room // 20)
        if freed:
            self._cache.shrink()


def _of_identity(version: str, identity: str) -> str:
    """Version of identity: its samples are rows of signals of `version`."""
    return f"{version} {identity}"


def covers(stored: Span, to_end: bool, asked: Span | None) -> bool:
    """Tell whether signals over a span, or from its start to the medium's end, hold what is asked."""
    if asked is None:
        return stored.start <= 0 and to_end
    return stored.start <= max(asked.start, Fraction(0)) and (to_end or stored.end >= asked.end)
