r"""The text of Resolve's marker EDLs, read and written in this one place.

One event of one frame for each marker, at absolute timecode; under it the note, then the tags::

    001  001      V     C        01:00:36:12 01:00:36:13 01:00:36:12 01:00:36:13
    Stands still for 16 frames. [audit a7f3c1] |C:ResolveColorSky |M:FREEZE |D:16

The length of a range is in ``|D:`` only; the end that an event gives (some 18.5 files spell out the
range there) says nothing more. Notes may have several lines. The file names no rate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from otio_ai_audit.adapters._fault import FormatError
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import RESOLVE_COLORS
from otio_ai_audit.timecode import can_drop, frames_to_timecode, timecode_to_frames

EXPORT = (
    "export them with Media Pool > right-click the timeline > Timelines > Export > Timeline Markers to EDL…"
)
_HOURS = 100
_TIMECODE = r"\d{1,3}:\d{1,2}:\d{1,2}[:;.,]\d{1,3}"
_EVENT = re.compile(
    rf"^\s*(\d+)\s+\S+\s+\S+\s+\S.*?\s({_TIMECODE})\s+({_TIMECODE})\s+({_TIMECODE})\s+({_TIMECODE})\s*$"
)
_TAGS = re.compile(
    r"^(?P<note>.*?)\s?\|\s*C:\s*(?:ResolveColor)?(?P<color>\w*)\s*"
    r"\|\s*M:(?P<name>.*?)\s*(?:\|\s*D:\s*(?P<frames>\d{1,9})\s*)?$"
)
_REMARK = re.compile(r"^\*\s*(FROM CLIP NAME|TO CLIP NAME|LOC|SOURCE FILE|COMMENT)\b", re.IGNORECASE)
_ENDS = re.compile(r"\r\n|\r|\n")
_FILLER = "( no title )"


@dataclass(frozen=True, slots=True)
class EdlMarker:
    """One marker as a file has it."""

    timecode: str
    """Where it starts on the timeline."""
    color: str
    """Resolve's name of it (``Sky``)."""
    name: str
    note: str
    frames: int = 1
    line: int = 0
    """Line of the event, from 1; 0 for a marker that no file has."""


@dataclass(frozen=True, slots=True)
class MarkerEdl:
    """What a marker EDL says."""

    title: str
    drop_frame: bool | None
    """What FCM says; None where the file has no such line."""
    markers: tuple[EdlMarker, ...]
    """In the file's order."""

    def drops(self, otherwise: bool | None = None) -> bool:
        """Whether it counts in drop frame: as FCM says, else as asked, else by ``;`` in its timecodes."""
        if self.drop_frame is not None:
            return self.drop_frame
        if otherwise is not None:
            return otherwise
        return any(";" in marker.timecode for marker in self.markers)


def decode(data: bytes) -> str:
    """Text of a file: UTF-8 with or without byte order mark, UTF-16 with one, else Windows Latin."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def parse(text: str, what: str) -> MarkerEdl:
    """Read a marker EDL.

    Parameters
    ----------
    text : str
        Any line ends.
    what : str
        What the file is called in errors.

    Raises
    ------
    FormatError
        If it holds no marker. An event without tags (a cut of a picture EDL) is none.
    """
    title, drop = "", None
    markers: list[EdlMarker] = []
    event: tuple[str, int] | None = None
    note: list[str] = []
    for number, line in enumerate(_ENDS.split(text.removeprefix("\ufeff")), start=1):
        found = _EVENT.match(line)
        if found:
            event, note = (found.group(4), number), []
        elif event is None:
            key, _, value = line.partition(":")
            if key.strip().upper() == "TITLE" and not title:
                title = value.strip()
            elif key.strip().upper() == "FCM" and drop is None:
                drop = "NON" not in value.upper()
        elif tags := _TAGS.match(line):
            whole = "\n".join([*note, tags["note"].strip()]).strip()
            frames = max(1, int(tags["frames"] or 1))
            markers.append(EdlMarker(event[0], tags["color"], tags["name"], whole, frames, event[1]))
            event = None
        elif not _REMARK.match(line):
            note.append(line.strip())
    if not markers:
        raise FormatError(f"{what} holds no Resolve markers; {EXPORT}")
    return MarkerEdl("" if title == _FILLER else title, drop, tuple(markers))


def frame_of(marker: EdlMarker, rate: Fraction, drop_frame: bool, what: str) -> int:
    """Absolute frame of a marker.

    Raises
    ------
    FormatError
        If there is no such timecode at this rate.
    """
    try:
        return timecode_to_frames(marker.timecode, rate, drop_frame and can_drop(rate))
    except TimelineError as error:
        raise FormatError(
            f"{what}, line {marker.line}: {error} Is it from a timeline at another rate?"
        ) from error


def timecode_of(frame: int, rate: Fraction, drop_frame: bool, name: str) -> str:
    """Timecode of an absolute frame, as a marker EDL can hold it.

    Raises
    ------
    FormatError
        If it lies before zero or needs three digits of hours.
    """
    text = frames_to_timecode(frame, rate, drop_frame)
    if frame < 0 or int(text.split(":")[0]) >= _HOURS:
        raise FormatError(
            f"Marker {name} is at {text}, which a marker EDL cannot hold; let the timeline start "
            "between 00:00:00:00 and 99:00:00:00."
        )
    return text


def color_of(color: str, name: str) -> str:
    """Return a colour that Resolve has.

    Raises
    ------
    FormatError
        For any other.
    """
    if color not in RESOLVE_COLORS:
        raise FormatError(f"{color!r} is not a marker colour of Resolve ({name}).")
    return color


def guarded(line: str) -> str:
    """Make a line of a note that Resolve's import keeps: it loses its place at a digit or ``*`` in front."""
    return f"- {line}" if line[:1].isdigit() or line[:1] == "*" else line


Row: TypeAlias = tuple[str, str, str, Sequence[str], str, int]
"""Start and end timecode, Resolve's colour, lines of the note, name, frames."""


def text_of(title: str, drop_frame: bool, rows: Iterable[Row]) -> str:
    """Write a marker EDL, with LF.

    Parameters
    ----------
    title : str
        Name of the timeline.
    drop_frame : bool
        What FCM says.
    rows : iterable of Row
        In order; notes and names are written as they are.
    """
    lines = [f"TITLE: {title}", f"FCM: {'DROP FRAME' if drop_frame else 'NON-DROP FRAME'}", ""]
    for number, (start, end, color, note, name, frames) in enumerate(rows, start=1):
        *before, last = note or ("",)
        lines += [
            f"{number:03d}  001      V     C        {start} {end} {start} {end}  ",
            *before,
            f"{last} |C:ResolveColor{color} |M:{name} |D:{max(1, frames)}",
            "",
        ]
    return "\n".join(lines) + "\n"
