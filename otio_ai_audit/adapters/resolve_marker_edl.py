"""OTIO adapter `resolve_marker_edl`: the timeline markers of DaVinci Resolve as an EDL.

Resolve writes and reads such files in the Media Pool (right-click the timeline > Timelines > Export or
Import > Timeline Markers), also in the free edition. A file names no rate, so reading needs one::

    otioconvert -i markers.edl -I resolve_marker_edl -a rate=25 -o markers.otio
    otioconvert -i edit.otio -I resolve -o markers.edl -O resolve_marker_edl

Read, the markers stand on the stack of a timeline that holds nothing else but a gap. Resolve's own
colour is kept in ``metadata["Resolve_OTIO"]["Color"]``; OTIO has eleven for its sixteen.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters import _edl_text as edl
from otio_ai_audit.adapters._fault import FormatError
from otio_ai_audit.adapters._shape import note_of, rate_of
from otio_ai_audit.adapters._stash import OURS, RESOLVE
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import OTIO_COLORS, RESOLVE_COLORS
from otio_ai_audit.timecode import (
    can_drop,
    exact_rate,
    infer_drop_frame,
    nominal_rate,
    timecode_to_frames,
)

DROP = "drop_frame"
"""Key in our metadata of a timeline: whether its timecode drops frames, ``yes`` or ``no``."""
_NTSC = tuple(Fraction(nominal * 1000, 1001) for nominal in (30, 60, 120))
_HOUR = 3600

FROM_OTIO = {
    **{plain: name for name, plain in reversed(list(OTIO_COLORS.items()))},
    "ORANGE": "Sand",
}
"""OTIO's colour → Resolve's: the first of those that become it."""


# --- reading -----------------------------------------------------------------------------------------


def read_from_file(
    filepath: str | os.PathLike[str],
    rate: Any = None,
    start: str | None = None,
    drop_frame: bool | None = None,
) -> otio.schema.Timeline:
    """Read a marker EDL.

    Parameters
    ----------
    filepath : str or path
        UTF-8 with or without byte order mark, any line ends; old files in Windows Latin are read too.
    rate : number, str or None
        Frames per second of the timeline (25, 23.976, ``24000/1001``). None is enough only for a file
        that says DROP FRAME: then it is 29.97, or 59.94 where the frame numbers need it.
    start : str or None
        Timecode of the timeline's first frame; None takes the full hour before the first marker.
    drop_frame : bool or None
        For a file without FCM line; None looks for ``;`` in its timecodes.

    Raises
    ------
    FormatError
        If it cannot be read, holds no marker, or its rate is not known or not the right one.
    """
    path = Path(filepath)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    return _timeline(edl.parse(edl.decode(data), path.name), path.name, path.stem, rate, start, drop_frame)


def read_from_string(
    input_str: str, rate: Any = None, start: str | None = None, drop_frame: bool | None = None
) -> otio.schema.Timeline:
    """Read the text of a marker EDL; see `read_from_file`."""
    found = edl.parse(input_str, "The text")
    return _timeline(found, "The text", "", rate, start, drop_frame)


def _timeline(
    found: edl.MarkerEdl, what: str, name: str, rate: Any, start: str | None, drop_frame: bool | None
) -> otio.schema.Timeline:
    drop = found.drops(drop_frame)
    exact = _asked(rate) if rate is not None else _found_rate(found, drop, what)
    drop = drop and can_drop(exact)
    frames = [edl.frame_of(marker, exact, drop, what) for marker in found.markers]
    first = _first_frame(frames, exact, drop, start)
    tl = otio.schema.Timeline(found.title or name, metadata={OURS: {DROP: "yes" if drop else "no"}})
    tl.global_start_time = _time(first, exact)
    end = max(frame + marker.frames for frame, marker in zip(frames, found.markers, strict=True))
    gap = otio.schema.Gap(source_range=_range(0, end - first, exact))
    tl.tracks.append(otio.schema.Track("Video 1", [gap], kind=otio.schema.TrackKind.Video))
    for frame, marker in zip(frames, found.markers, strict=True):
        tl.tracks.markers.append(_marker(marker, frame - first, exact))
    return tl


def _asked(rate: Any) -> Fraction:
    try:
        text = Fraction(str(rate))
        return text if text.denominator in (1, 1001) and text > 0 else exact_rate(float(text))
    except (ValueError, ZeroDivisionError, OverflowError, TimelineError) as error:
        raise FormatError(f"{rate!r} is no frame rate; give 25, 23.976 or 24000/1001.") from error


def _found_rate(found: edl.MarkerEdl, drop: bool, what: str) -> Fraction:
    if not drop:
        raise FormatError(
            f"{what} does not say how many frames a second it counts; give the rate of its timeline "
            "(rate=25; in otioconvert -a rate=25)."
        )
    highest = max(int(marker.timecode[-3:].lstrip(":;.,")) for marker in found.markers)
    return next((rate for rate in _NTSC if highest < nominal_rate(rate)), _NTSC[-1])


def _first_frame(frames: Sequence[int], rate: Fraction, drop: bool, start: str | None) -> int:
    earliest = min(frames)
    if start is None:
        hour = earliest // (nominal_rate(rate) * _HOUR)
        full = [timecode_to_frames(f"{one:02d}:00:00:00", rate, drop) for one in (hour, hour + 1)]
        return full[1] if full[1] <= earliest else full[0]
    try:
        first = timecode_to_frames(start, rate, drop)
    except TimelineError as error:
        raise FormatError(f"The start cannot be read: {error}") from error
    if first > earliest:
        raise FormatError(f"The timeline cannot start at {start}: a marker stands before it.")
    return first


def _marker(marker: edl.EdlMarker, frame: int, rate: Fraction) -> otio.schema.Marker:
    color = next((one for one in RESOLVE_COLORS if one.casefold() == marker.color.casefold()), marker.color)
    return otio.schema.Marker(
        name=marker.name,
        marked_range=_range(frame, marker.frames, rate),
        color=OTIO_COLORS.get(color, "BLUE"),
        comment=marker.note,
        metadata={RESOLVE: {"Color": color, "Keywords": [], "Note": marker.note}},
    )


def _time(frame: int, rate: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(float(frame), float(rate))


def _range(start: int, frames: int, rate: Fraction) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start, rate), _time(frames, rate))


# --- writing -----------------------------------------------------------------------------------------


def write_to_string(input_otio: Any, rate: Any = None, drop_frame: bool | None = None) -> str:
    """Write the timeline markers of an edit as the text of a marker EDL.

    Parameters
    ----------
    input_otio : opentimelineio.schema.Timeline
        Markers on its stack are written. Where several share a frame, of which Resolve would keep one,
        they become one that says all of it.
    rate : number, str or None
        Frames per second, for an edit that does not say it.
    drop_frame : bool or None
        None takes what a marker EDL said on reading, else what makes the start a round timecode.

    Raises
    ------
    FormatError
        If it is no timeline, has no such marker or no rate, or one cannot be held.
    """
    if not isinstance(input_otio, otio.schema.Timeline):
        raise FormatError("A marker EDL is written from a whole timeline, and this is none.")
    stack = input_otio.tracks
    if not stack.markers:
        others = sum(len(getattr(one, "markers", ())) for one in stack.find_children())
        rest = f"; {others} on its clips and tracks cannot be held" if others else ""
        raise FormatError(f"“{input_otio.name}” has no timeline markers to write{rest}.")
    exact = _rate(input_otio, rate)
    start = input_otio.global_start_time
    first = 0 if start is None else round(_frames(start, exact))
    drop = _drops(input_otio, first, exact, drop_frame)
    origin = _frames(stack.source_range.start_time, exact) if stack.source_range is not None else Fraction(0)
    groups: dict[int, list[otio.schema.Marker]] = {}
    for marker in stack.markers:
        frame = first + round(_frames(marker.marked_range.start_time, exact) - origin)
        groups.setdefault(frame, []).append(marker)
    rows = [_row(frame, groups[frame], exact, drop) for frame in sorted(groups)]
    return edl.text_of(_line(input_otio.name) or "Timeline", drop, rows)


def write_to_file(
    input_otio: Any, filepath: str | os.PathLike[str], rate: Any = None, drop_frame: bool | None = None
) -> bool:
    """Write the timeline markers of an edit as a marker EDL, UTF-8 with LF; see `write_to_string`."""
    text = write_to_string(input_otio, rate, drop_frame)
    path = Path(filepath)
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror or error}.") from error
    return True


def _rate(tl: otio.schema.Timeline, asked: Any) -> Fraction:
    if asked is not None:
        return _asked(asked)
    rate = rate_of(tl) or next((one.marked_range.start_time.rate for one in tl.tracks.markers), None)
    if rate is None:
        raise FormatError(f"“{tl.name}” does not say its frame rate; give one (rate=25).")
    return exact_rate(rate)


def _frames(time: otio.opentime.RationalTime, rate: Fraction) -> Fraction:
    return Fraction(time.value) * rate / exact_rate(time.rate)


def _drops(tl: otio.schema.Timeline, first: int, rate: Fraction, asked: bool | None) -> bool:
    ours = tl.metadata.get(OURS)
    kept = ours.get(DROP) if hasattr(ours, "get") else None
    if asked is None and kept in ("yes", "no"):
        asked = kept == "yes"
    if asked is not None:
        return asked and can_drop(rate)
    return infer_drop_frame(first, rate)[0]


def _row(frame: int, markers: Sequence[otio.schema.Marker], rate: Fraction, drop: bool) -> edl.Row:
    name = _line(" + ".join(one.name for one in markers if one.name)) or "Marker"
    notes = [note_of(one) or one.comment or "" for one in markers]
    if len(markers) > 1:
        pairs = zip(markers, notes, strict=True)
        notes = [f"{one.name}: {note}" if one.name else note for one, note in pairs if note]
    lines = [_line(line) for note in notes for line in note.splitlines()]
    frames = max(round(_frames(one.marked_range.duration, rate)) for one in markers)
    start, end = (edl.timecode_of(frame + offset, rate, drop, name) for offset in (0, 1))
    note = [edl.guarded(line) for line in lines if line]
    return start, end, resolve_color(markers[0]), note, name, max(1, frames)


def _line(text: str) -> str:
    """Take out what would break the file: pipes and line ends."""
    return "".join(" " if char == "|" or not char.isprintable() else char for char in text).strip()


def resolve_color(marker: otio.schema.Marker) -> str:
    """Give Resolve's colour of a marker: the one that is kept, while OTIO's still goes with it."""
    color = (marker.color or "").upper()
    for key in (RESOLVE, OURS):
        held = marker.metadata.get(key)
        kept = held.get("Color" if key == RESOLVE else "color") if hasattr(held, "get") else None
        if kept in RESOLVE_COLORS and OTIO_COLORS[kept] == color:
            return str(kept)
    named = {name.upper(): name for name in RESOLVE_COLORS}
    return FROM_OTIO.get(color) or named.get(color, "Blue")
