"""What a clip's ``MediaTimemapBA`` says: its speed, as a curve from playing time to media time.

A clip without a retime has the byte 2 and doubles (the last media time). A retimed one has a map with
``KeyframesBA``: up to 20 a map of maps, ``X`` playing seconds and ``Y`` media seconds, each with handles;
from 21 on protobuf, where field 1 lists points (1: playing, 2: media seconds; a zero is left out). The
curve describes the whole medium as it plays; the clip's ``In`` cuts a piece out of it. A freeze frame
is a level curve up to 60,000 s.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from otio_ai_audit.adapters._drt_blobs import BlobError, from_hex, read_fields, read_map, take, unpack
from otio_ai_audit.adapters.easing import straight

MOST_KEYS = 10_000
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Key:
    """A point of a speed curve in seconds; handles are relative to it."""

    play: float
    media: float
    smooth: bool = False
    in_x: float = 0.0
    in_y: float = 0.0
    out_x: float = 0.0
    out_y: float = 0.0

    @property
    def eased(self) -> bool:
        return any((self.in_x, self.in_y, self.out_x, self.out_y))

    def row(self) -> list[Any]:
        """As Resolve's OTIO lists it."""
        return [self.play, self.media, self.smooth, self.in_x, self.in_y, self.out_x, self.out_y]


@dataclass(frozen=True, slots=True)
class TimeMap:
    """A clip's time map."""

    keys: tuple[Key, ...] = ()
    """Empty for normal speed."""
    last: float | None = None
    """Media seconds of the medium's last frame, None where the map does not say."""

    @property
    def slope(self) -> Fraction | None:
        """Media seconds per playing second where that is one number, else None."""
        if len(self.keys) < 2:
            return Fraction(1)
        if any(key.eased for key in self.keys[1:-1]) or self.keys[0].out_x or self.keys[-1].in_x:
            return None
        slopes = [
            (two.media - one.media) / (two.play - one.play)
            for one, two in pairwise(self.keys)
            if two.play > one.play
        ]
        if not slopes or max(slopes) - min(slopes) > _SAME:
            return None
        span = self.keys[-1].play - self.keys[0].play
        return Fraction(round((self.keys[-1].media - self.keys[0].media) / span * 1e9), 1_000_000_000)

    def media_at(self, play: float) -> float:
        """Media seconds at a playing time; the end pieces go on beyond the ends."""
        return _at(straight([key.row() for key in self.keys]), play) if len(self.keys) > 1 else play

    def cut(self, start: float, length: float) -> list[Key]:
        """Keys of the piece that a clip uses, counted from the clip's first frame.

        An untrimmed head leaves the keys as they are; else handles become short straight pieces.
        """
        if start <= 0:
            return list(self.keys)
        flat = straight([key.row() for key in self.keys])
        inside = [(play, media) for play, media in flat if start < play < start + length]
        ends = [(play, _at(flat, play)) for play in (start, start + length)]
        return [Key(play - start, media) for play, media in (ends[0], *inside, ends[1])]


def read_time_map(text: str) -> TimeMap:
    """Read a ``MediaTimemapBA`` (hex); an empty one is normal speed.

    Raises
    ------
    BlobError
        If it does not have the form of one.
    """
    if not text:
        return TimeMap()
    data = from_hex(text)
    if data[:1] == b"\x02":
        if len(data) < 9:
            return TimeMap()
        (last,) = struct.unpack(">d", take(data, 1, 8))
        return TimeMap(last=last if math.isfinite(last) and last >= 0 else None)
    values = read_map(data)
    raw = values.get("KeyframesBA")
    if not isinstance(raw, bytes):
        raise BlobError("a speed without keys")
    keys = _keys_of_map(raw) if raw[:4] == b"\0\0\0\x01" else _keys_of_message(raw)
    if len(keys) < 2 or len(keys) > MOST_KEYS:
        raise BlobError("a speed without keys")
    if not all(math.isfinite(value) and abs(value) < 1e7 for key in keys for value in key.row()):
        raise BlobError("a speed without numbers")
    if all(one.play >= two.play for one, two in pairwise(keys)):
        raise BlobError("a speed without length")
    last = values.get("LastValidYOffset")
    return TimeMap(tuple(keys), last if isinstance(last, float) and 0 < last < 1e7 else None)


def _keys_of_map(raw: bytes) -> list[Key]:
    keys = []
    for inner in read_map(raw).values():
        if not isinstance(inner, bytes):
            raise BlobError("a key without content")
        values = read_map(inner)

        def number(name: str, values: dict[str, Any] = values) -> float:
            value = values.get(name, 0.0)
            if not isinstance(value, int | float):
                raise BlobError("a key without numbers")
            return float(value)

        smooth = bool(values.get("interp", 0))
        handles = (number(name) for name in ("XIn", "YIn", "XOut", "YOut"))
        keys.append(Key(number("X"), number("Y"), smooth, *handles))
    return sorted(keys, key=lambda key: key.play)


def _keys_of_message(raw: bytes) -> list[Key]:
    keys = []
    for field, value in read_fields(unpack(raw)):
        if field != 1 or not isinstance(value, bytes):
            continue
        parts = read_fields(value)
        found = {number: part for number, part in parts if isinstance(part, float)}
        if any(number not in (1, 2) or number not in found for number, _ in parts):
            raise BlobError("keys of a form that is not known")
        keys.append(Key(found.get(1, 0.0), found.get(2, 0.0)))
    return sorted(keys, key=lambda key: key.play)


def _at(points: Sequence[tuple[float, float]], play: float) -> float:
    index = min(max(bisect_left(points, play, key=lambda point: point[0]), 1), len(points) - 1)
    (play0, media0), (play1, media1) = points[index - 1], points[index]
    return media0 + (media1 - media0) * (play - play0) / (play1 - play0)
