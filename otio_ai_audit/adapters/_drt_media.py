"""Media references for the clips of a `.drt`, in the shape of Resolve's own OTIO."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

import opentimelineio as otio

from otio_ai_audit.adapters._drt_archive import Node
from otio_ai_audit.adapters._drt_blobs import BlobError, read_double
from otio_ai_audit.adapters._drt_project import PoolItem, VideoTime, known_rate
from otio_ai_audit.adapters._drt_speed import TimeMap
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timecode import timecode_to_frames

_HAIR = Fraction(1, 1000)
_RANGE = re.compile(r"^(?P<prefix>.*)\[(?P<first>\d+)-(?P<last>\d+)\](?P<suffix>\.[^.]+)$")
_NUMBER = re.compile(r"^(?P<prefix>.*?)(?P<first>\d+)(?P<suffix>\.[^.]+)$")
_PICTURES = frozenset(
    {
        *("bmp", "cin", "dng", "dpx", "exr", "hdr", "heic", "heif", "j2c", "jp2", "jpeg", "jpg", "png"),
        *("psd", "tga", "tif", "tiff", "webp"),
    }
)


@dataclass(frozen=True, slots=True)
class Medium:
    """What a clip plays, with the times that its ranges are counted in."""

    path: str
    other: str
    """Path that the media pool has, where it is another one."""
    rate: Fraction
    start: Fraction
    """Timecode of its first frame, in its own frames."""
    frames: int | None
    first: int = 0
    video: bool = True

    @property
    def still(self) -> bool:
        return self.video and self.frames == 1 and suffix_of(self.path) in _PICTURES


def suffix_of(path: str) -> str:
    """Lower-case suffix without its dot."""
    name = file_name(path)
    return name.rpartition(".")[2].lower() if "." in name else ""


def file_name(path: str) -> str:
    """Last part of a Windows or POSIX path."""
    return re.split(r"[/\\]", path)[-1]


def medium_of(item: Node, pool: PoolItem | None, times: TimeMap, timeline: Fraction, video: bool) -> Medium:
    """Put together what the clip and the pool say; the clip's own words go first."""
    pooled = pool.path if pool is not None else ""
    path = item.value("MediaFilePath") or pooled
    known = pool.video if pool is not None and video else VideoTime()
    try:
        own = known_rate(read_double(item.value("MediaFrameRate")))
    except BlobError:
        own = None
    rate = own or known.rate or timeline
    return Medium(
        path=path,
        other=pooled if pooled and pooled != path else "",
        rate=rate,
        start=_start(item.value("MediaStartTime"), known.timecode, rate, video),
        frames=known.frames or _frames(times, rate),
        first=known.first,
        video=video,
    )


def _start(text: str, timecode: str, rate: Fraction, video: bool) -> Fraction:
    """First frame's timecode in frames: from seconds, made exact by the pool's timecode where they agree."""
    try:
        seconds = Fraction(text) if text and len(text) < 40 else Fraction(0)
    except (ValueError, ZeroDivisionError):
        seconds = Fraction(0)
    if not 0 <= seconds < 1_000_000:
        seconds = Fraction(0)
    frames = seconds * rate
    if timecode:
        try:
            exact = timecode_to_frames(timecode, rate)
        except TimelineError:
            exact = None
        if exact is not None and abs(exact - frames) < max(Fraction(3), rate / 5):
            return Fraction(exact)
    if video or abs(frames - round(frames)) < _HAIR:
        return Fraction(round(frames))
    return frames


def _frames(times: TimeMap, rate: Fraction) -> int | None:
    """Frames of a medium whose last frame (or sample) plays at a known second."""
    if times.last is None or times.last > 1e6:
        return None
    return math.floor(Fraction(times.last) * rate + Fraction(1, 100)) + 1


def reference(medium: Medium) -> otio.core.MediaReference:
    """Media reference as Resolve's OTIO writes it: bare paths, ranges in absolute timecode."""
    rate = float(medium.rate)
    available = None
    if medium.frames is not None:
        available = otio.opentime.TimeRange(
            otio.opentime.RationalTime(number(medium.start), rate),
            otio.opentime.RationalTime(medium.frames, rate),
        )
    if medium.video:
        found = _sequence(medium, available)
        if found is not None:
            return found
    made = otio.schema.ExternalReference(medium.path, available)
    made.name = file_name(medium.path)
    return made


def _sequence(
    medium: Medium, available: otio.opentime.TimeRange | None
) -> otio.schema.ImageSequenceReference | None:
    """Image sequence: ``plate.[1001-1100].exr``, or the first file of more than one frame."""
    name = file_name(medium.path)
    match = _RANGE.match(name)
    if match is None:
        if suffix_of(name) not in _PICTURES or (medium.frames or 1) < 2:
            return None
        match = _NUMBER.match(name)
        if match is None:
            return None
    if len(match["first"]) > 9:
        return None
    folder = medium.path[: len(medium.path) - len(name)]
    base = folder if folder in ("/", "\\") else folder.rstrip("/\\")
    made = otio.schema.ImageSequenceReference(
        target_url_base=base,
        name_prefix=match["prefix"],
        name_suffix=match["suffix"],
        start_frame=int(match["first"]),
        frame_step=1,
        rate=float(medium.rate),
        frame_zero_padding=len(match["first"]),
        available_range=available,
    )
    made.name = name
    return made


def number(value: Fraction) -> float:
    """Float of a time without noise: whole where it is within a thousandth of a frame."""
    whole = round(value)
    return float(whole) if abs(value - whole) < _HAIR else float(value)
