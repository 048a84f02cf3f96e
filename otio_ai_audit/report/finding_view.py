"""A finding as the page shows it, and the pictures that a page has room for."""

from __future__ import annotations

import base64
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..model import STANDING, Placed
from .text import clean, counted, evidence_words, one_line

_CLIP_ID = re.compile(r"\bV\d+/\d{4,}(?:\.\d+)*\b")
PICTURE_BYTES = 12 * 2**20
"""Most bytes of pictures in a page; the worst clips come first. A page of 500 clips stays light."""


@dataclass(slots=True)
class Pictures:
    """Turns picture bytes into data URLs until the page has enough of them."""

    left: int = field(default_factory=lambda: PICTURE_BYTES)

    def url(self, data: bytes | None, needed: bool = False) -> str:
        if not data or (len(data) > self.left and not needed):
            return ""
        kind = kind_of(data)
        if not kind:
            return ""
        self.left -= len(data)
        return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def kind_of(data: bytes) -> str:
    """``webp``, ``png`` or ``jpeg``; empty for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    return "jpeg" if data[:3] == b"\xff\xd8\xff" else ""


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height of a WebP or PNG, so that a page keeps their place; None where they are not known."""
    kind = kind_of(data)
    if kind == "png" and len(data) >= 24:
        return _sane(*struct.unpack(">II", data[16:24]))
    if kind != "webp" or len(data) < 30:
        return None
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return _sane(width & 0x3FFF, height & 0x3FFF)
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return _sane((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if data[12:16] == b"VP8X":
        width, height = (int.from_bytes(data[i : i + 3], "little") + 1 for i in (24, 27))
        return _sane(width, height)
    return None


def _sane(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if 0 < width < 20_000 and 0 < height < 20_000 else None


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as the page shows it."""

    id: str
    anchor: str
    state: str
    severity: str
    detector: str
    label: str
    score: str
    timecode: str
    frames: str
    source: str
    """Timecode of the source, else seconds."""
    span: str
    """Seconds of the source, beside its timecode."""
    message: str
    evidence: Sequence[tuple[str, str]]
    related: Sequence[str]
    by: str
    text: str
    first_seen: str
    picture: str
    region: tuple[float, float, float, float] | None
    standing: bool


def finding_view(
    placed: Placed,
    anchor: str,
    names: Mapping[str, str],
    picture: str = "",
) -> FindingView:
    """Prepare a finding for the page; `names` say what clips are called."""
    finding = placed.finding
    seconds = f"{finding.start:.3f} – {finding.start + finding.duration:.3f} s"
    return FindingView(
        id=one_line(placed.id),
        anchor=anchor,
        state=placed.state,
        severity=finding.severity,
        detector=one_line(finding.detector),
        label=one_line(finding.label or finding.detector),
        score=f"{finding.score:.2f}",
        timecode=one_line(placed.timecode),
        frames=counted(placed.timeline_frames, "frame"),
        source=one_line(placed.source_timecode) or seconds,
        span=seconds if placed.source_timecode else "",
        message=_CLIP_ID.sub(lambda found: names.get(found.group(), found.group()), clean(finding.message)),
        evidence=evidence_words(finding.evidence),
        related=[one_line(names.get(use, use)) for use in finding.related],
        by=one_line(placed.by),
        text=clean(placed.text),
        first_seen=one_line(placed.first_seen).replace("T", " "),
        picture=picture,
        region=drawable(finding.region),
        standing=placed.state in STANDING,
    )


def drawable(region: tuple[float, float, float, float] | None) -> tuple[float, float, float, float] | None:
    """Return a region that can be drawn."""
    return region if region and all(math.isfinite(value) for value in region) else None
