"""Binary fields of Resolve's projects: hex text around doubles, Qt maps, protobuf and zstd.

Read off exported files and compared with two public descriptions; Blackmagic publishes none:

* a *frame count* is ``447`` or ``447|00f05d74d145e73f``: frames, and a fraction as a little-endian double;
* a *rate* is a little-endian double and eight bytes of padding; a *size* two big-endian integers;
* a *map* is Qt's QVariantMap (QDataStream, big-endian): version, count, then name, type, value;
* a *package* is a tag, a length, and bytes: ``80`` plain or ``81`` zstd, around protobuf.

All readers are bounded: what is longer, deeper or larger than the field can be is a `BlobError`.
"""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any

from backports import zstd

MOST_UNPACKED = 16 << 20
"""Bytes that one package may inflate to."""
MOST_FIELDS = 200_000
_WINDOW_LOG = 24
_NULL = 0xFFFFFFFF
_STEPS = 1 << 20

_BOOL, _INT, _UINT, _LONG, _ULONG, _DOUBLE, _STRING, _BYTES, _FLOAT = 1, 2, 3, 4, 5, 6, 10, 12, 38
_FIXED = {_BOOL: ">?", _INT: ">i", _UINT: ">I", _LONG: ">q", _ULONG: ">Q", _DOUBLE: ">d", _FLOAT: ">d"}


class BlobError(ValueError):
    """A binary field that does not have the form that it should have."""


def from_hex(text: str) -> bytes:
    """Bytes of a hex field; white space is allowed."""
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise BlobError("not hexadecimal") from error


def take(data: bytes, position: int, count: int) -> bytes:
    """Bytes from a position on; a `BlobError` where there are fewer."""
    if count < 0 or position < 0 or position + count > len(data):
        raise BlobError("cut short")
    return data[position : position + count]


def read_double(text: str, index: int = 0) -> float | None:
    """Read a little-endian double out of a hex field (`index` counts doubles); None for an empty field."""
    if not text:
        return None
    (value,) = struct.unpack("<d", take(from_hex(text), index * 8, 8))
    if not math.isfinite(value):
        raise BlobError("no finite number")
    return float(value)


def read_size(text: str) -> tuple[int, int] | None:
    """Width and height out of a hex field; None where it is empty or zero (the project's own size)."""
    if not text:
        return None
    width, height = struct.unpack(">qq", take(from_hex(text), 0, 16))
    return (width, height) if 0 < width < 1 << 20 and 0 < height < 1 << 20 else None


def read_frames(text: str) -> Fraction | None:
    """Frames out of ``447`` or ``447|<double>``; None for an empty field.

    The fraction is rounded to 2⁻²⁰, so that sums of them stay exact as floats, and dropped where it is
    none (noise such as 1e-11, or a double outside [0, 1)).
    """
    if not text:
        return None
    whole, _, rest = text.partition("|")
    try:
        frames = Fraction(int(whole))
    except ValueError as error:
        raise BlobError("no frame count") from error
    if abs(frames) >= 1 << 40:
        raise BlobError("no frame count")
    part = read_double(rest) if rest else None
    if part is not None and 0 < part < 1:
        frames += Fraction(round(part * _STEPS), _STEPS)
    return frames


def read_map(data: bytes) -> dict[str, Any]:
    """Read a Qt map: numbers, text and bytes by name.

    A value of a type that is not known ends the reading; what came before it is returned.
    """
    _, count = struct.unpack(">II", take(data, 0, 8))
    if count > MOST_FIELDS:
        raise BlobError("too many values")
    position = 8
    found: dict[str, Any] = {}
    for _ in range(count):
        raw, position = _sized(data, position)
        name = raw.decode("utf-16-be", "replace")
        (kind,) = struct.unpack(">I", take(data, position, 4))
        position += 5  # the type, and a byte that says whether the value is null
        if kind in _FIXED:
            size = struct.calcsize(_FIXED[kind])
            (found[name],) = struct.unpack(_FIXED[kind], take(data, position, size))
            position += size
        elif kind in (_STRING, _BYTES):
            raw, position = _sized(data, position)
            found[name] = raw.decode("utf-16-be", "replace") if kind == _STRING else raw
        else:
            break
    return found


def _sized(data: bytes, position: int) -> tuple[bytes, int]:
    (size,) = struct.unpack(">I", take(data, position, 4))
    position += 4
    if size == _NULL:
        return b"", position
    return take(data, position, size), position + size


def unpack(data: bytes) -> bytes:
    """Content of a package: the bytes behind ``80``, or those behind ``81`` inflated within bounds."""
    if not data or data[0] not in (0x80, 0x81):
        raise BlobError("neither plain nor zstd")
    if data[0] == 0x80:
        return data[1:]
    try:
        reader = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})
        content = reader.decompress(data[1:], MOST_UNPACKED)
    except (zstd.ZstdError, ValueError, MemoryError) as error:
        raise BlobError("damaged zstd") from error
    if not reader.eof:
        raise BlobError("more than fits" if len(content) >= MOST_UNPACKED else "cut short")
    return content


def read_package(data: bytes) -> bytes:
    """Content of a package with its tag and length in front."""
    _, size = struct.unpack(">II", take(data, 0, 8))
    return unpack(take(data, 8, size))


def read_fields(data: bytes) -> list[tuple[int, int | float | bytes]]:
    """List the fields of a protobuf message: number, and integer, double or bytes."""
    position = 0
    found: list[tuple[int, int | float | bytes]] = []
    while position < len(data):
        if len(found) >= MOST_FIELDS:
            raise BlobError("too many fields")
        key, position = _varint(data, position)
        number, wire = key >> 3, key & 7
        value: int | float | bytes
        if number == 0:
            raise BlobError("no protobuf")
        if wire == 0:
            value, position = _varint(data, position)
        elif wire == 1:
            (value,) = struct.unpack("<d", take(data, position, 8))
            position += 8
        elif wire == 5:
            (value,) = struct.unpack("<f", take(data, position, 4))
            position += 4
        elif wire == 2:
            size, position = _varint(data, position)
            value = take(data, position, size)
            position += size
        else:
            raise BlobError("no protobuf")
        found.append((number, value))
    return found


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise BlobError("cut short")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise BlobError("no protobuf")
