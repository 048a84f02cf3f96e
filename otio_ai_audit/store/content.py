"""The name of a medium by what is in it: the same for a copy, a renamed or a moved file.

* A file up to 64 MiB: SHA-256 of its size and all of its bytes.
* A larger file: SHA-256 of its size and of 64 blocks of 1 MiB, evenly spaced, head and tail included.
  A change that keeps the size and lies wholly between blocks goes unseen. Compressed video does not do
  that in practice, since the sizes of all its frames stand in an index at the head or the tail; a
  single frame patched into a long uncompressed or constant-size file can. ``--force`` measures again.
* An image sequence: SHA-256 of its rate, the numbers promised by the edit and, for every file, its
  number, its size, and its first and last 256 KiB (smaller files whole).

A key is the first 32 hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from ..model import Media

MIB = 1 << 20
WHOLE = 64 * MIB
"""Files up to this size are hashed whole, bytes."""
BLOCKS = 64
FRAME_BLOCK = MIB // 4
SETTLED = 2_000_000_000
"""A file changed less than this many ns ago may change again within its clock's tick."""


def name_of(media: Media) -> str:
    """Say what is remembered under one name: the path and, for a sequence, how it is read."""
    if media.kind != "sequence":
        return media.path
    return f"{media.path} {media.rate} {_first(media)} {_last(media)}"


def stamp_of(media: Media) -> tuple[str, int]:
    """Size and time of every file in short, and the latest of the times (ns since 1970).

    Raises
    ------
    OSError
        A file that is missing or may not be looked at.
    """
    if media.kind != "sequence":
        status = os.stat(media.path)
        return f"{status.st_size} {status.st_mtime_ns}", status.st_mtime_ns
    digest = hashlib.sha256()
    latest = 0
    for number, path in zip(media.numbers, media.files(), strict=True):
        status = os.stat(path)
        digest.update(f"{number} {status.st_size} {status.st_mtime_ns}\n".encode())
        latest = max(latest, status.st_mtime_ns)
    return digest.hexdigest(), latest


def key_of(media: Media) -> str:
    """Hash the content of a medium; see the top of this module for what is read.

    Raises
    ------
    OSError
        A file that is missing or cannot be read.
    """
    digest = hashlib.sha256()
    if media.kind != "sequence":
        for chunk in _sample(media.path, WHOLE, BLOCKS, MIB):
            digest.update(chunk)
        return digest.hexdigest()[:32]
    digest.update(f"sequence {media.rate} {_first(media)} {_last(media)}\n".encode())
    for number, path in zip(media.numbers, media.files(), strict=True):
        digest.update(f"{number}\n".encode())
        for chunk in _sample(path, 2 * FRAME_BLOCK, 2, FRAME_BLOCK):
            digest.update(chunk)
    return digest.hexdigest()[:32]


def _first(media: Media) -> int | None:
    return media.first if media.first is not None else min(media.numbers, default=None)


def _last(media: Media) -> int | None:
    return media.last if media.last is not None else max(media.numbers, default=None)


def _sample(path: str, whole: int, blocks: int, block: int) -> Iterator[bytes]:
    """Size of a file, then all of it if it is not larger than `whole`, else evenly spaced blocks."""
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        yield f"{size}\n".encode()
        if size <= whole:
            while chunk := file.read(MIB):
                yield chunk
            return
        for number in range(blocks):
            file.seek((size - block) * number // (blocks - 1))
            left = block
            while left and (chunk := file.read(left)):
                left -= len(chunk)
                yield chunk
