"""Read an EDL (CMX 3600): its events and its rate here, their meaning by the community's adapter.

An EDL names neither its frame rate nor its files. The adapter wants a rate, and refuses overlaps,
drop frame, fades from black and lengths that differ; it leaves out retimes where the lengths agree.
So the events are read first, put into a form that it takes, and what it left out is put in after.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timecode import can_drop, frames_to_timecode, nominal_rate, timecode_to_frames
from otio_ai_audit.timeline.edit_file import EXPORT, text_of
from otio_ai_audit.timeline.edl_events import M2, REMARK, Event, find_rate, read_events
from otio_ai_audit.timeline.foreign_effects import effect_of
from otio_ai_audit.timeline.relink import file_name

_MOST = 50_000
_NAMES = "otio_ai_audit"
_CDL = re.compile(r"^\*?\s*ASC_(SOP:?\s*\(.*\)\s*\(.*\)\s*\(.*\)|SAT:?\s*[\d.]+)\s*$")
_MARKER = re.compile(r"\|\s*C:\s*ResolveColor\w+")
_BLACK = ("BL", "BLACK")
_OURS = "OTIO_AI_AUDIT EVENT "

Adapter = Callable[[str, int], Any]


@dataclass(frozen=True, slots=True)
class _Cut:
    """An event in frames."""

    event: Event
    source: int
    source_end: int
    record: int
    frames: int


def read_edl(data: bytes, path: Path, rate: Fraction | None, adapter: Adapter) -> otio.schema.Timeline:
    """Read the picture of an EDL.

    Parameters
    ----------
    data : bytes
        The file: UTF-8, UTF-16 or Latin-1, any line ends.
    path : Path
        Its path, for messages.
    rate : Fraction or None
        Frames per second that it counts in; None works it out from the timecodes.
    adapter : Callable
        Turns the text of an EDL at a whole rate into an OTIO timeline.

    Raises
    ------
    TimelineError
        If it is none, is a marker EDL, has only sound, its rate cannot be told or is impossible.
    """
    text = text_of(data)
    if _MARKER.search(text):
        raise TimelineError(
            f"{path.name} is a marker EDL, which holds markers and no edit; give the edit, and this file "
            f"after --verdicts. {EXPORT}"
        )
    events, unread = read_events(text)
    if not events:
        raise TimelineError(f"{path.name} has no events of a CMX 3600 EDL. {EXPORT}")
    seen = [event for event in events if "V" in event.channel or event.channel in ("B", "NONE")]
    if not seen:
        raise TimelineError(f"{path.name} has only sound; export the EDL of the video track.")
    if len(seen) > _MOST:
        raise TimelineError(f"{path.name} has {len(seen)} events, too many for an EDL. {EXPORT}")
    notices = [f"Not read as events: line {_listed(unread)} of {path.name}."] if unread else []
    rate, why = (rate, "") if rate is not None else find_rate(seen, path)
    cuts = sorted((_cut(event, rate, path) for event in seen), key=lambda cut: cut.record)
    root = adapter(_canonical(cuts, rate, text), nominal_rate(rate))
    if not isinstance(root, otio.schema.Timeline):
        raise TimelineError(f"{path.name} holds no timeline. {EXPORT}")
    _mend(root, cuts, rate)
    uneven = sum(cut.source_end - cut.source != cut.frames and cut.event.speed() is None for cut in cuts)
    if uneven:
        what = "1 event has" if uneven == 1 else f"{uneven} events have"
        notices.append(f"{what} another length in the source than in the edit and no speed; read at 100 %.")
    told: dict[str, Any] = {"notices": [*filter(None, [why]), *notices]}
    if can_drop(rate):
        told["drop_frame"] = "yes" if cuts[0].event.drop else "no"
    root.metadata[_NAMES] = told
    return root


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:5])
    return f"{shown} and {len(numbers) - 5} more" if len(numbers) > 5 else shown


def _cut(event: Event, rate: Fraction, path: Path) -> _Cut:
    source, source_end, record, record_end = (_frames(time, event, rate, path) for time in event.times)
    if record_end < record:
        raise TimelineError(
            f"{path.name}, line {event.line}: the event ends before it begins; export it again. {EXPORT}"
        )
    return _Cut(event, source, source_end, record, record_end - record)


def _frames(time: str, event: Event, rate: Fraction, path: Path) -> int:
    if time.isdigit():
        return int(time)
    try:
        return timecode_to_frames(time.replace(";", ":"), rate, event.drop)
    except TimelineError as error:
        if "skipped by drop frame" in str(error):
            return timecode_to_frames(time.replace(";", ":"), Fraction(nominal_rate(rate)))
        raise TimelineError(
            f"{path.name}, line {event.line}: {error} Say the rate of your timeline with --rate."
        ) from error


# --- to the adapter and back ----------------------------------------------------------------------------


def _canonical(cuts: Sequence[_Cut], rate: Fraction, text: str) -> str:
    """Write the events as the adapter takes them: whole rate, no overlaps, even lengths, no speeds."""
    title = next((line for line in text.splitlines() if line.strip().startswith("TITLE:")), "TITLE:")
    lines = [title.strip()]
    ends: list[int] = []
    for number, cut in enumerate(cuts):
        event = cut.event
        track = next((index for index, end in enumerate(ends) if end <= cut.record), None)
        dissolves = _from_picture(event)
        if dissolves:
            touching = [index for index, end in enumerate(ends) if end == cut.record]
            track = touching[0] if touching else track
            dissolves = bool(touching)
        if track is None:
            track = len(ends)
            ends.append(0)
        ends[track] = cut.record + cut.frames
        channel = f"V{track + 1}"
        first = event.before if dissolves and event.before is not None else event
        lines.append(_line(number, first, channel, "C", cut, 0 if dissolves else cut.frames, rate))
        if dissolves:
            kind = f"{event.kind} {min(event.length, cut.frames):03d}"
            lines.append(_line(number, event, channel, kind, cut, cut.frames, rate))
        lines += _remarks(event, dissolves)
        lines.append(f"* {_OURS}{number}")
    return "\n".join(lines) + "\n"


def _from_picture(event: Event) -> bool:
    """Whether an event begins with a dissolve or wipe from another picture, and not from black."""
    if event.before is None or event.kind[0] not in "DW" or not event.length:
        return False
    return event.before.reel not in _BLACK


def _line(number: int, event: Event, channel: str, kind: str, cut: _Cut, frames: int, rate: Fraction) -> str:
    whole = Fraction(nominal_rate(rate))
    times = (cut.source, cut.source + frames, cut.record, cut.record + frames)
    codes = " ".join(frames_to_timecode(time, whole) for time in times)
    return f"{number + 1:06d} {event.reel} {channel} {kind} {codes}"


def _remarks(event: Event, dissolves: bool) -> list[str]:
    kept = []
    for remark in event.remarks:
        match = REMARK.match(remark)
        what = match[1].upper() if match else ""
        if what == "LOC" or M2.match(remark) or "FREEZE FRAME" in remark.upper():
            continue
        if what == "TO CLIP NAME" and not (dissolves or event.before):
            continue
        if "ASC_" in remark and not _CDL.match(remark):
            continue
        kept.append(remark)
    return kept


def _mend(tl: otio.schema.Timeline, cuts: Sequence[_Cut], rate: Fraction) -> None:
    """Give the timeline its rate and start, clips their speeds and names, and markers their places."""
    real = float(rate)
    begin = cuts[0].record

    def timed(value: float) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(value, real)

    tl.global_start_time = timed(begin)
    tl.name = file_name(tl.name).removesuffix(".edl")
    for track in tl.tracks:
        track.source_range = None
        first = None
        for item in track:
            if isinstance(item, otio.schema.Transition):
                item.in_offset, item.out_offset = timed(item.in_offset.value), timed(item.out_offset.value)
                continue
            used = item.source_range
            item.source_range = otio.opentime.TimeRange(
                timed(used.start_time.value), timed(used.duration.value)
            )
            if not isinstance(item, otio.schema.Clip):
                continue
            cut = cuts[_number_of(item)]
            first = cut if first is None else first
            _mend_clip(item, cut, rate)
            for marker in _locators(cut, rate, begin):
                tl.tracks.markers.append(marker)
        if first is not None and first.record > begin:
            late = otio.opentime.TimeRange(timed(0), timed(first.record - begin))
            track.insert(0, otio.schema.Gap(source_range=late))


def _number_of(clip: otio.schema.Clip) -> int:
    """Take our mark out of a clip's remarks: the index of its event."""
    told = clip.metadata["cmx_3600"]
    (ours,) = [one for one in told["comments"] if one.startswith(_OURS)]
    told["comments"] = [one for one in told["comments"] if one != ours]
    return int(ours.removeprefix(_OURS))


def _mend_clip(clip: otio.schema.Clip, cut: _Cut, rate: Fraction) -> None:
    event, reference = cut.event, clip.media_reference
    available = reference.available_range
    if available is not None:
        ends = (available.start_time.value, available.duration.value)
        times = (otio.opentime.RationalTime(end, float(rate)) for end in ends)
        reference.available_range = otio.opentime.TimeRange(*times)
    if isinstance(reference, otio.schema.ImageSequenceReference):
        reference.rate = float(rate)
    names = [event.said("FROM CLIP NAME"), event.said("SOURCE FILE"), event.reel]
    if event.before is not None:
        names[0] = event.said("TO CLIP NAME") or names[0]
    names = [name for name in names if name and name not in ("AX", "BARS", *_BLACK)]
    if isinstance(reference, otio.schema.MissingReference):
        reference.metadata[_NAMES] = {"names": list(dict.fromkeys(names))}
    if clip.name.isdigit() and not event.said("FROM CLIP NAME"):
        clip.name = names[0] if names else f"Event on line {event.line}"
    retimed = event.speed()
    if retimed is not None:
        _retime(clip, cut, rate, *retimed)
    if event.before is not None and event.length and event.before.reel in _BLACK:
        clip.effects.append(effect_of("Video Faders", videoFaderIn=float(event.length)))


def _retime(clip: otio.schema.Clip, cut: _Cut, rate: Fraction, per_second: float, entry: str) -> None:
    """Put in a speed; a reversed clip's range starts at the lowest frame that it shows."""
    clip.name = clip.name.removesuffix(" FF") if per_second == 0 else clip.name
    speed = per_second / nominal_rate(rate)
    if speed == 1:
        return
    clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    if speed < 0:
        lowest = min(cut.source, cut.source_end)
        used = round(cut.frames * -speed)
        try:
            last = timecode_to_frames(entry.replace(";", ":"), rate, cut.event.drop)
        except TimelineError:
            last = lowest
        if last > lowest:
            lowest = max(0, last - used + 1)
        start = otio.opentime.RationalTime(lowest, float(rate))
        clip.source_range = otio.opentime.TimeRange(start, clip.source_range.duration)


def _locators(cut: _Cut, rate: Fraction, begin: int) -> list[otio.schema.Marker]:
    """Read Avid's locators: record timecode, colour, text."""
    found = []
    for remark in cut.event.remarks:
        match = REMARK.match(remark)
        words = match[2].split(maxsplit=2) if match and match[1].upper() == "LOC" else []
        try:
            frame = timecode_to_frames(words[0].replace(";", ":"), rate, cut.event.drop) if words else None
        except TimelineError:
            frame = None
        if frame is not None:
            color = words[1].upper() if len(words) > 1 else ""
            text = words[2] if len(words) > 2 else ""
            spot = otio.opentime.RationalTime(frame - begin, float(rate))
            one = otio.opentime.RationalTime(1, float(rate))
            there = otio.opentime.TimeRange(spot, one)
            found.append(otio.schema.Marker(text, there, color, comment=text))
    return found
