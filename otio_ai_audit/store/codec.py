"""Signals as bytes and back, bit for bit.

A part (``grid``, ``motion``, ``strip``, ``facts``, ``identity``) becomes one blob: a length (4 bytes,
little-endian), that much JSON which names every array with its storage, dtype, shape and offset, and then the
arrays.

=========== ========================================================= ==============
storage     values that survive                                       bytes a number
=========== ========================================================= ==============
``fixed16`` float32, multiples of 1/256 from 0 to 65535/256            2
``float16`` float32 that half precision holds exactly                  2
``raw``     any                                                        as the dtype
=========== ========================================================= ==============

Arrays of ``grid``, ``motion`` and ``identity`` are stored byte by byte (all low bytes, then all high ones),
and the blob is compressed by zstd at level 1: measured on eight real clips (34 to 325 frames, 0.7 to 9.8 MB),
0.19 to 0.78 of the bytes remain, in 2 to 20 ms a clip. Level 3 takes up to twice the time for the same size,
differences in time come out larger. Blobs that an older version wrote are plain, and are read as well.

A value that would lose bits is an error, never rounded: measuring rounds, so that the run that measures
and the run that loads judge the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any, TypeVar, get_type_hints

import numpy as np
import numpy.typing as npt

from ..errors import StoreError
from ..model import (
    GridSignals,
    IdentitySignals,
    MediaInfo,
    MediaSignals,
    MotionSignals,
    Problem,
    Span,
    Thumbnail,
)

Array = npt.NDArray[Any]
D = TypeVar("D")

PARTS = ("facts", "grid", "motion", "strip")
"""Signal groups, each stored under its own name; all are needed for a `MediaSignals`."""
IDENTITY = "identity"
"""The group that is only there where somebody asked for it."""
FIXED = np.float32(256)
ZSTD = b"\x28\xb5\x2f\xfd"
"""What a zstd frame begins with (RFC 8878)."""
LEVEL = 1


def encode(signals: MediaSignals) -> dict[str, bytes]:
    """Turn signals into one blob for each of `PARTS`, and one for `IDENTITY` where it was measured.

    Raises
    ------
    StoreError
        Where a value does not survive its storage: the sentence names group and field.
    """
    facts = {"info": to_plain(signals.info), "problems": [to_plain(p) for p in signals.problems]}
    pictures = [np.frombuffer(thumbnail.data, np.uint8) for thumbnail in signals.strip]
    strip = {
        "time": ("raw", np.array([thumbnail.time for thumbnail in signals.strip], np.float64)),
        "length": ("raw", np.array([len(picture) for picture in pictures], np.int64)),
        "data": ("raw", np.concatenate([np.zeros(0, np.uint8), *pictures])),
    }
    parts = {
        "facts": json.dumps(facts, ensure_ascii=False).encode(),
        "grid": pack(_arrays_of(signals.grid), "grid", compressed=True),
        "motion": pack(_arrays_of(signals.motion), "motion", compressed=True),
        "strip": pack(strip, "strip"),
    }
    if signals.identity is not None:
        parts[IDENTITY] = pack(_arrays_of(signals.identity), IDENTITY, compressed=True)
    return parts


def decode(key: str, span: Span, parts: Mapping[str, bytes]) -> MediaSignals:
    """Turn the blobs of `encode` back into signals.

    Raises
    ------
    ValueError, KeyError, TypeError
        Blobs that are damaged or of another make.
    """
    facts = json.loads(parts["facts"])
    strip = unpack(parts["strip"])
    ends = np.cumsum(strip["length"])
    data = strip["data"].tobytes()
    return MediaSignals(
        key=key,
        info=from_plain(MediaInfo, facts["info"]),
        span=span,
        grid=GridSignals(**unpack(parts["grid"])),
        motion=MotionSignals(**unpack(parts["motion"])),
        problems=tuple(from_plain(Problem, problem) for problem in facts["problems"]),
        strip=tuple(
            Thumbnail(float(time), data[end - length : end])
            for time, length, end in zip(strip["time"], strip["length"], ends, strict=True)
        ),
        identity=IdentitySignals(**unpack(parts[IDENTITY])) if IDENTITY in parts else None,
    )


def pack(arrays: Mapping[str, tuple[str, Array]], group: str, *, compressed: bool = False) -> bytes:
    """Write arrays with their storage into one blob."""
    header: dict[str, Any] = {}
    chunks: list[bytes] = []
    offset = 0
    for name, (storage, array) in arrays.items():
        stored = _shrink(array, storage, f"{group}.{name}")
        header[name] = [storage, stored.dtype.str, list(stored.shape), offset]
        chunks.append(_by_bytes(stored) if compressed else stored.tobytes())
        offset += stored.nbytes
    head = json.dumps(header).encode()
    head += b" " * (-(len(head) + 4) % 16)  # arrays of the first field start aligned
    blob = b"".join([len(head).to_bytes(4, "little"), head, *chunks])
    return squeeze(blob) if compressed else blob


def unpack(blob: bytes) -> dict[str, Array]:
    """Read the arrays of `pack`; float32 for ``fixed16`` and ``float16``. They own their memory."""
    compressed = blob[:4] == ZSTD  # as a length it would be 4 GB
    if compressed:
        blob = stretch(blob)
    start = 4 + int.from_bytes(blob[:4], "little")
    arrays = {}
    for name, (storage, dtype, shape, offset) in json.loads(blob[4:start]).items():
        count = int(np.prod(shape, dtype=np.int64))
        stored = np.frombuffer(blob, dtype, count, start + offset)
        if compressed:
            stored = _from_bytes(stored)
        arrays[name] = _restore(stored.reshape(shape), storage)
    return arrays


def squeeze(data: bytes) -> bytes:
    """Compress bytes by zstd."""
    from backports import zstd

    return bytes(zstd.compress(data, LEVEL))


def stretch(data: bytes) -> bytes:
    """Undo `squeeze`.

    Raises
    ------
    ValueError
        Bytes that are damaged.
    """
    from backports import zstd

    try:
        return bytes(zstd.decompress(data))
    except zstd.ZstdError as error:
        raise ValueError(f"damaged: {error}") from error


def _by_bytes(array: Array) -> bytes:
    """Write the first bytes of all numbers, then the second ones, and so on."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T.tobytes()


def _from_bytes(array: Array) -> Array:
    return (
        np.ascontiguousarray(array.view(np.uint8).reshape(array.itemsize, -1).T).reshape(-1).view(array.dtype)
    )


def _arrays_of(group: GridSignals | MotionSignals | IdentitySignals) -> dict[str, tuple[str, Array]]:
    return {field.name: (field.metadata["store"], getattr(group, field.name)) for field in fields(group)}


def _shrink(array: Array, storage: str, where: str) -> Array:
    array = np.asarray(array)
    if storage == "raw":
        return array.astype(array.dtype.newbyteorder("<"), copy=False)
    if array.dtype != np.float32:
        raise StoreError(f"The signals {where} are {array.dtype}, not float32: they cannot be stored.")
    if storage == "fixed16":
        with np.errstate(invalid="ignore"):
            stored: Array = (array * FIXED).astype("<u2")
    elif storage == "float16":
        with np.errstate(over="ignore"):
            stored = array.astype("<f2")
    else:
        raise StoreError(f"Nobody knows how to store {where} as {storage!r}.")
    if not np.array_equal(_restore(stored, storage), array, equal_nan=storage == "float16"):
        raise StoreError(f"The signals {where} would lose bits as {storage}: round them when measuring.")
    return stored


def _restore(stored: Array, storage: str) -> Array:
    if storage == "raw":
        return stored.astype(stored.dtype.newbyteorder("="))
    restored = stored.astype(np.float32)
    if storage == "fixed16":
        restored /= FIXED
    return restored


def to_plain(item: Any) -> dict[str, Any]:
    """Write a dataclass as plain values that JSON has; exact numbers as ``24000/1001``."""
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    return {name: str(value) if isinstance(value, Fraction) else value for name, value in values.items()}


def from_plain(kind: type[D], plain: Mapping[str, Any]) -> D:
    """Undo `to_plain`."""
    hints = get_type_hints(kind)
    return kind(**{k: Fraction(v) if hints[k] is Fraction else v for k, v in plain.items()})
