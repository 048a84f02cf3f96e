"""Stores for tests: of now and of version 1, and other processes that write into them."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from otio_ai_audit.model import Media, MediaSignals
from otio_ai_audit.store import codec

ROOT = Path(__file__).resolve().parents[1]
KEY = "a" * 32


def assert_same(one: Any, other: Any) -> None:
    """Equal in type and value, to the last bit, at any depth."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    elif is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for first, second in zip(one, other, strict=True):
            assert_same(first, second)
    else:
        assert one == other or (one != one and other != other)


def sql(folder: Path, statement: str, *values: Any, file: str = "takes.sqlite") -> list[Any]:
    connection = sqlite3.connect(folder / file)
    with connection:
        rows = connection.execute(statement, values).fetchall()
    connection.close()
    return rows


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store_writer", str(folder), name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def old_file(path: Path, data: bytes = b"film") -> Media:
    path.write_bytes(data)
    then = time.time() - 60
    os.utime(path, (then, then))
    return Media(str(path))


VERSION_1 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value);
CREATE TABLE files (name TEXT PRIMARY KEY, stamp TEXT, key TEXT, used INTEGER);
CREATE TABLE signals (id INTEGER PRIMARY KEY, key TEXT, part TEXT, version TEXT, start TEXT, stop TEXT,
                      to_end INTEGER, used INTEGER, size INTEGER);
CREATE INDEX signals_by_key ON signals (key, version);
CREATE TABLE signal_data (id INTEGER PRIMARY KEY, data BLOB);
CREATE TABLE stills (id INTEGER PRIMARY KEY, key TEXT, moment INTEGER, height INTEGER, used INTEGER,
                     size INTEGER, data BLOB, UNIQUE (key, moment, height));
CREATE TABLE blobs (id INTEGER PRIMARY KEY, kind TEXT, key TEXT, used INTEGER, size INTEGER, data BLOB,
                    UNIQUE (kind, key));
PRAGMA user_version = 1;
"""


def plain_blob(blob: bytes) -> bytes:
    """Pack arrays as version 1 did: neither turned nor compressed."""
    header, chunks, offset = {}, [], 0
    stretched = codec.stretch(blob)
    start = 4 + int.from_bytes(stretched[:4], "little")
    ways = json.loads(stretched[4:start])
    for name, array in codec.unpack(blob).items():
        storage = ways[name][0]
        stored = codec._shrink(array, storage, name)
        header[name] = [storage, stored.dtype.str, list(stored.shape), offset]
        chunks.append(stored.tobytes())
        offset += stored.nbytes
    head = json.dumps(header).encode()
    head += b" " * (-(len(head) + 4) % 16)
    return b"".join([len(head).to_bytes(4, "little"), head, *chunks])


def version_1(folder: Path, signals: MediaSignals, media: Media | None = None) -> None:
    """Write a store as version 1 did, with signals, a still and a limit."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "signals.sqlite")
    connection.executescript(VERSION_1)
    for number, (part, blob) in enumerate(codec.encode(signals).items(), start=1):
        data = codec.stretch(blob) if part == "facts" else plain_blob(blob)
        place = (str(signals.span.start), str(signals.span.end), 1)
        row = (number, signals.key, part, "1", *place, 1_700_000_000, len(data))
        connection.execute("INSERT INTO signals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO signal_data VALUES (?, ?)", (number, data))
    connection.execute("INSERT INTO stills VALUES (1, 'k', 0, 640, 1, 4, x'77656270')")
    connection.execute("INSERT INTO meta VALUES ('limit', 12345678)")
    if media is not None:
        status = os.stat(media.path)
        stamp = f"{status.st_size} {status.st_mtime_ns}"
        row = (media.path, stamp, signals.key, int(time.time()))
        connection.execute("INSERT INTO files VALUES (?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
