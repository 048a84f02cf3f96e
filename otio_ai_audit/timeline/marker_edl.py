"""Resolve's marker EDL: the one file besides scripting that puts markers on *your* timeline.

The file names no rate: the timeline that it is imported into must have the same one. Resolve drops
a second marker on a frame, refuses hours of one digit and loses its place at a note that begins
with a digit. Its text is read and written in `otio_ai_audit.adapters`, which the OTIO adapter
`resolve_marker_edl` shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from otio_ai_audit.adapters import _edl_text as edl
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import clean, split_note
from otio_ai_audit.model import Marker, SeenMarker, TimelineInfo
from otio_ai_audit.timecode import can_drop

IMPORT_HINT = "Media Pool > right-click the timeline > Timelines > Import > Timeline Markers from EDL…"
"""Where Resolve imports the file; onto your own timeline, grades and all."""


def read_marker_edl(path: Path, info: TimelineInfo) -> tuple[SeenMarker, ...]:
    """Read the markers of a Resolve marker EDL.

    Parameters
    ----------
    path
        UTF-8, with or without byte order mark, any line ends; old files in Windows Latin are read too.
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
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TimelineError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    found = edl.parse(edl.decode(data), path.name)
    drop = found.drops(otherwise=info.drop_frame)
    return tuple(
        SeenMarker(
            frame=edl.frame_of(marker, info.rate, drop, path.name) - info.start_frame,
            frames=marker.frames,
            color=marker.color,
            name=marker.name,
            note=marker.note,
            ids=split_note(marker.note)[1],
            lane="edl",
        )
        for marker in found.markers
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
    rows = []
    taken: dict[int, Marker] = {}
    for marker in sorted(markers, key=lambda marker: marker.frame):
        if marker.frame in taken:
            raise TimelineError(
                f"Two markers are on frame {marker.frame} ({taken[marker.frame].name} and {marker.name}); "
                "Resolve would drop one, so move one of them."
            )
        taken[marker.frame] = marker
        color = edl.color_of(marker.color, marker.name)
        frame = info.start_frame + marker.frame
        start, end = (
            edl.timecode_of(frame + offset, info.rate, info.drop_frame, marker.name) for offset in (0, 1)
        )
        rows.append((start, end, color, [_note(marker.note)], clean(marker.name) or "Marker", marker.frames))
    return edl.text_of(clean(info.name) or "Timeline", info.drop_frame and can_drop(info.rate), rows)


def write_marker_edl(markers: Sequence[Marker], info: TimelineInfo, path: Path) -> None:
    """Write markers as a Resolve marker EDL, UTF-8 with LF; see `marker_edl` and `IMPORT_HINT`."""
    path.write_bytes(marker_edl(markers, info).encode("utf-8"))


def _note(note: str) -> str:
    """Make a note one line that Resolve's import keeps: no pipe, no digit or remark sign in front."""
    body, ids, after = split_note(note)
    text = clean(body)
    if ids:
        text = " ".join(part for part in (text, clean(after), f"[audit {' '.join(ids)}]") if part)
    return edl.guarded(text)
