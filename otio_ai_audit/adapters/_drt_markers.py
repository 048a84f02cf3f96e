"""Markers out of Resolve's lockable blobs.

A blob is a map with one value, a package of protobuf: field 2 lists entries. An entry under field 1 has
its frame as a plain integer (18 to 20, clip and timeline markers); one under field 2 has it as a message
in half frames (21.1). Either way the rest is a colour bit, and note, length and name in this order, and
custom data. Frames count from the timeline's first frame, or, on a clip, as the scripting API's `frameId`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

from otio_ai_audit.adapters._drt_blobs import BlobError, from_hex, read_fields, read_map, read_package, take

COLORS = {
    2: "Blue",
    4: "Cyan",
    8: "Green",
    16: "Yellow",
    32: "Red",
    64: "Pink",
    128: "Purple",
    512: "Fuchsia",
    1024: "Rose",
    2048: "Lavender",
    4096: "Sky",
    8192: "Mint",
    16384: "Lemon",
    32768: "Sand",
    65536: "Cocoa",
    131072: "Cream",
}
"""Colour bit → Resolve's name; 256 is not used. One marker of each colour is in a public sample."""


@dataclass(frozen=True, slots=True)
class DrtMarker:
    """A marker as Resolve keeps it."""

    frame: Fraction
    frames: int
    color: str
    """One of the 16 names; empty where the code is unknown."""
    name: str
    note: str
    custom: str
    problem: str = ""


def read_markers(text: str) -> list[DrtMarker]:
    """Markers of a blob (hex), by frame.

    Raises
    ------
    BlobError
        If it does not have the form of one.
    """
    if not text:
        return []
    package = read_map(from_hex(text)).get("BlobData")
    if not isinstance(package, bytes) or not package:
        return []
    found: list[DrtMarker] = []
    for number, listed in read_fields(read_package(package)):
        if number != 2 or not isinstance(listed, bytes):
            continue
        for kind, entry in read_fields(listed):
            if kind in (1, 2) and isinstance(entry, bytes):
                found.append(_marker(entry))
    return sorted(found, key=lambda marker: marker.frame)


def _marker(entry: bytes) -> DrtMarker:
    frame = Fraction(0)
    body = b""
    for number, value in read_fields(entry):
        if number == 1 and isinstance(value, int):
            frame = Fraction(value)
        elif number == 1 and isinstance(value, bytes):
            halves = [part for field, part in read_fields(value) if field == 1 and isinstance(part, int)]
            frame = Fraction(halves[0], 2) if halves else Fraction(0)
        elif number == 2 and isinstance(value, bytes):
            body = value
    if not 0 <= frame < 1 << 40:
        raise BlobError("a marker at no frame")
    code, texts, custom = _content(body)
    length = texts[1] if len(texts) > 1 else ""
    color = COLORS.get(code, "")
    known_length = length.isdecimal() and len(length) <= 9
    problems = []
    if not color:
        problems.append(f"a marker colour with the code {code}, which no version of Resolve is known to use")
    if not known_length:
        problems.append("a marker length that is no number")
    return DrtMarker(
        frame=frame,
        frames=max(1, int(length)) if known_length else 1,
        color=color,
        name=texts[2] if len(texts) > 2 else "",
        note=texts[0] if texts else "",
        custom=custom,
        problem=" and ".join(problems),
    )


def _content(body: bytes) -> tuple[int, list[str], str]:
    """Colour code, texts and custom data; a version and a length stand before the message."""
    if not body:
        raise BlobError("a marker without content")
    _, size = struct.unpack(">II", take(body, 0, 8))
    code, texts, custom = 0, [], ""
    for number, message in read_fields(take(body, 8, size)):
        if number != 1 or not isinstance(message, bytes):
            continue
        for field, value in read_fields(message):
            if field == 1 and isinstance(value, int):
                code = value
            elif field == 3 and isinstance(value, bytes):
                texts.append(value.decode("utf-8", "replace"))
            elif field == 6 and isinstance(value, bytes):
                custom = value.decode("utf-8", "replace")
    return code, texts, custom
