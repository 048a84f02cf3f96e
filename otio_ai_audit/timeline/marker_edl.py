"""Resolve's marker EDL: the one file besides scripting that puts markers on *your* timeline.

One event of one frame for each marker, at absolute timecode; under it the note, then the tags::

    001  001      V     C        01:00:36:12 01:00:36:13 01:00:36:12 01:00:36:13
    Stands still for 16 frames. [audit a7f3c1] |C:ResolveColorSky |M:FREEZE |D:16

The length of a range is in ``|D:`` only. The file names no rate: the timeline that it is imported
into must have the same one. Resolve drops a second marker on a frame, refuses hours of one digit
and loses its place at a note that begins with a digit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import RESOLVE_COLORS, clean, split_note
from otio_ai_audit.model import Marker, SeenMarker, TimelineInfo
from otio_ai_audit.timecode import can_drop, frames_to_timecode, timecode_to_frames

IMPORT_HINT = "Media Pool > right-click the timeline > Timelines > Import > Timeline Markers from EDL…"
"""Where Resolve imports the file; onto your own timeline, grades and all."""

_HOURS = 100
_TIMECODE = r"\d{1,3}:\d{1,2}:\d{1,2}[:;.,]\d{1,3}"
_EVENT = re.compile(
    rf"^\s*(\d+)\s+\S+\s+\S+\s+\S.*?\s({_TIMECODE})\s+({_TIMECODE})\s+({_TIMECODE})\s+({_TIMECODE})\s*$"
)
_TAGS = re.compile(
    r"^(?P<note>.*?)\s?\|\s*C:\s*(?:ResolveColor)?(?P<color>\w*)\s*"
    r"\|\s*M:(?P<name>.*?)\s*(?:\|\s*D:\s*(?P<frames>\d+)\s*)?$"
)
_REMARK = re.compile(r"^\*\s*(FROM CLIP NAME|TO CLIP NAME|LOC|SOURCE FILE|COMMENT)\b", re.IGNORECASE)


def read_marker_edl(path: Path, info: TimelineInfo) -> tuple[SeenMarker, ...]:
    """Read the markers of a Resolve marker EDL.

    Parameters
    ----------
    path
        UTF-8, with or without byte order mark, any line ends; old files in Latin-1 are read too.
    info
        The timeline that it was exported from: its rate, start and drop frame.

    Returns
    -------
    tuple of SeenMarker
        In the file's order; frames count from the timeline's first frame. An event without tags
        (a cut of a picture EDL) is no marker. The longest of what a file says is the note: it may
        have several lines.

    Raises
    ------
    TimelineError
        If the file cannot be read, holds no marker, or its timecodes do not exist at the timeline's
        rate.
    """
    lines = _lines(path)
    drop = _declares_drop(lines)
    drop = info.drop_frame if drop is None else drop and can_drop(info.rate)
    result: list[SeenMarker] = []
    start: str | None = None
    note: list[str] = []
    for number, line in enumerate(lines, start=1):
        event = _EVENT.match(line)
        if event:
            start, note = event.group(4), []
            continue
        tags = _TAGS.match(line) if start is not None else None
        if start is None or not tags:
            if start is not None and not _REMARK.match(line):
                note.append(line.strip())
            continue
        try:
            frame = timecode_to_frames(start, info.rate, drop) - info.start_frame
        except TimelineError as error:
            raise TimelineError(
                f"{path.name}, line {number - 1}: {error} Is it from a timeline at another rate?"
            ) from error
        result.append(_seen(tags, "\n".join([*note, tags["note"].strip()]).strip(), frame))
        start, note = None, []
    if not result:
        raise TimelineError(
            f"{path.name} holds no Resolve markers; export them with Media Pool > right-click the timeline > "
            "Timelines > Export > Timeline Markers to EDL…"
        )
    return tuple(result)


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TimelineError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1")
    return text.splitlines()


def _declares_drop(lines: Sequence[str]) -> bool | None:
    """Read the FCM line; None where a file has none."""
    for line in lines:
        if line.strip().upper().startswith("FCM:"):
            return "NON" not in line.upper()
    return None


def _seen(tags: re.Match[str], note: str, frame: int) -> SeenMarker:
    return SeenMarker(
        frame=frame,
        frames=max(1, int(tags["frames"] or 1)),
        color=tags["color"],
        name=tags["name"],
        note=note,
        ids=split_note(note)[1],
        lane="edl",
    )


def marker_edl(markers: Sequence[Marker], info: TimelineInfo) -> str:
    """Write markers as the text of a Resolve marker EDL.

    Parameters
    ----------
    markers
        At most one on a frame, in any order.
    info
        The timeline that they are for.

    Raises
    ------
    TimelineError
        If a timecode lies before zero or needs more than two digits of hours, two markers share a
        frame, or a colour is not Resolve's.
    """
    lines = [
        f"TITLE: {clean(info.name) or 'Timeline'}",
        f"FCM: {'DROP FRAME' if _drops(info) else 'NON-DROP FRAME'}",
        "",
    ]
    taken: dict[int, Marker] = {}
    for number, marker in enumerate(sorted(markers, key=lambda marker: marker.frame), start=1):
        if marker.frame in taken:
            raise TimelineError(
                f"Two markers are on frame {marker.frame} ({taken[marker.frame].name} and {marker.name}); "
                "Resolve would drop one, so move one of them."
            )
        taken[marker.frame] = marker
        if marker.color not in RESOLVE_COLORS:
            raise TimelineError(f"{marker.color!r} is not a marker colour of Resolve ({marker.name}).")
        start, end = _timecode(marker, 0, info), _timecode(marker, 1, info)
        lines += [
            f"{number:03d}  001      V     C        {start} {end} {start} {end}  ",
            f"{_note(marker.note)} |C:ResolveColor{marker.color} |M:{clean(marker.name) or 'Marker'} "
            f"|D:{max(1, marker.frames)}",
            "",
        ]
    return "\n".join(lines) + "\n"


def write_marker_edl(markers: Sequence[Marker], info: TimelineInfo, path: Path) -> None:
    """Write markers as a Resolve marker EDL, UTF-8 with LF; see `marker_edl` and `IMPORT_HINT`."""
    path.write_bytes(marker_edl(markers, info).encode("utf-8"))


def _drops(info: TimelineInfo) -> bool:
    return info.drop_frame and can_drop(info.rate)


def _timecode(marker: Marker, offset: int, info: TimelineInfo) -> str:
    frame = info.start_frame + marker.frame + offset
    text = frames_to_timecode(frame, info.rate, info.drop_frame)
    if frame < 0 or int(text.split(":")[0]) >= _HOURS:
        raise TimelineError(
            f"Marker {marker.name} is at {text}, which a marker EDL cannot hold; let the timeline start "
            "between 00:00:00:00 and 99:00:00:00."
        )
    return text


def _note(note: str) -> str:
    """Make a note one line that Resolve's import keeps: no pipe, no digit or remark sign in front."""
    body, ids, after = split_note(note)
    text = clean(body)
    if ids:
        text = " ".join(part for part in (text, clean(after), f"[audit {' '.join(ids)}]") if part)
    return f"- {text}" if text[:1].isdigit() or text[:1] == "*" else text
