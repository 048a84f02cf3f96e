"""A timeline of takes: of each shot the one with the fewest faults found, the next ones switched off above.

V1 has one take of each shot, whole, back to back, in the order of shots; on each track above lies the next
one in rank at the same place, disabled, cut to the place that there is. It starts at 01:00:00:00.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from otio_ai_audit.errors import TimelineError
from otio_ai_audit.model import (
    ClipResult,
    ClipUse,
    Placed,
    RankedTake,
    Shot,
    Span,
    TakeRecord,
    TimelineInfo,
)
from otio_ai_audit.timecode import frames_to_timecode, nominal_rate, timecode_to_frames
from otio_ai_audit.timeline.bare import DEFAULT_RATE
from otio_ai_audit.timeline.retime import frames_of

RATES = tuple(
    sorted(
        {Fraction(whole) for whole in (16, 18, 24, 25, 30, 48, 50, 60, 72, 96, 100, 120)}
        | {Fraction(nominal * 1000, 1001) for nominal in (24, 30, 48, 60, 96, 120)}
    )
)
"""Frames per second that a timeline of Resolve may have."""
LISTED = 5
"""Shots without a take that are named; more are counted."""
_START_HOUR = 3600
_NUMBER = re.compile(r"((?:[^%]|%%)*)%(?:0(\d+))?d((?:[^%]|%%)*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Slot:
    """A take on a track."""

    take: RankedTake
    """Without its pictures and curves."""
    track: int
    """1 is V1."""
    number: int
    """Of the clips of its track, from 1."""
    start: int
    """First frame of the timeline."""
    frames: int
    """Frames of the timeline."""
    rate: Fraction
    """Frames per second that the medium plays at."""
    first: int
    """Timecode of the medium's first frame, in frames at `rate`."""
    count: int
    """Frames of the medium, used or not."""

    @property
    def id(self) -> str:
        """As an audit of this timeline calls the clip."""
        return f"V{self.track}/{self.number:04d}"

    @property
    def name(self) -> str:
        """File name."""
        return printable(self.take.take.label.rpartition("/")[2]) or "take"

    @property
    def enabled(self) -> bool:
        return self.track == 1


@dataclass(frozen=True, slots=True)
class Selects:
    """What is on which track; see `arrange_selects`."""

    info: TimelineInfo
    slots: tuple[Slot, ...]
    """By track, then in order of time."""
    size: tuple[int, int]
    """Width and height of most takes as they are shown, in pixels."""
    without: tuple[str, ...] = ()
    """Names of shots of which no take can be used."""

    @property
    def tracks(self) -> list[list[Slot]]:
        """Slots by track; V1 is always there."""
        count = max((slot.track for slot in self.slots), default=1)
        return [[slot for slot in self.slots if slot.track == track] for track in range(1, count + 1)]

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of it, in sentences."""
        if not self.without:
            return ()
        named = ", ".join(printable(name) or "(no name)" for name in self.without[:LISTED])
        rest = len(self.without) - LISTED
        return (f"No take to use of {named}{f' and {rest} more' if rest > 0 else ''}.",)


def arrange_selects(
    shots: Iterable[Shot], name: str, *, rate: Fraction | None = None, alternatives: int = 1
) -> Selects:
    """Lay out the first takes of shots on tracks.

    Parameters
    ----------
    shots
        In order; read once, and let go.
    name
        What the timeline is called.
    rate
        Frames per second; None is the rate of most takes, as far as Resolve has such timelines.
    alternatives
        Tracks of further takes.

    Returns
    -------
    Selects
        Killed takes, copies and those that could not be looked at are on no track.
    """
    rates: Counter[Fraction] = Counter()
    sizes: Counter[tuple[int, int]] = Counter()
    picked: list[list[RankedTake]] = []
    without = []
    for shot in shots:
        usable = [take for take in shot.takes if take.rank and take.record.info is not None]
        for take in usable:
            rates[_rate_of(take)] += take.take.media.kind == "video"
            sizes[_size_of(take)] += 1
        if usable:
            picked.append([_light(take) for take in usable[: alternatives + 1]])
        else:
            without.append(shot.name)
    most = max(rates, key=lambda one: (rates[one], one), default=DEFAULT_RATE)
    rate = rate or (timeline_rate(most) if rates[most] else DEFAULT_RATE)
    size = max(sizes, key=lambda one: (sizes[one], one), default=(1920, 1080))
    slots, frames = _slots(picked, rate)
    hour = nominal_rate(rate) * _START_HOUR
    info = TimelineInfo(
        name=printable(name) or "Selects",
        rate=rate,
        start_frame=hour,
        drop_frame=False,
        frames=frames,
        source="",
        start_timecode=frames_to_timecode(hour, rate),
    )
    return Selects(info, slots, size, tuple(without))


def timeline_rate(rate: Fraction) -> Fraction:
    """Give the rate of a timeline for media of a rate: 24 for 12, 30 for 15; 24 where none fits."""
    fitting = [one for one in RATES if (one / rate).denominator == 1]
    return fitting[0] if fitting else DEFAULT_RATE


def _rate_of(take: RankedTake) -> Fraction:
    return take.record.info.rate if take.record.info is not None else DEFAULT_RATE


def _size_of(take: RankedTake) -> tuple[int, int]:
    info = take.record.info
    assert info is not None
    size = (max(1, round(info.width * info.sample_aspect)), info.height)
    return size[::-1] if info.rotation % 180 == 90 else size


def _light(take: RankedTake) -> RankedTake:
    """Leave out what is heavy: thousands of these are held."""
    old = take.record
    record = TakeRecord(
        key=old.key,
        info=old.info,
        frames=old.frames,
        seconds=old.seconds,
        scores=old.scores,
        notes=old.notes,
        start_timecode=old.start_timecode,
    )
    return replace(take, record=record)


# --- places ---------------------------------------------------------------------------------------------


def _slots(picked: Sequence[Sequence[RankedTake]], rate: Fraction) -> tuple[tuple[Slot, ...], int]:
    """Put takes on their tracks; also the frames of the timeline."""
    slots: list[Slot] = []
    numbers: Counter[int] = Counter()
    start = 0
    for takes in picked:
        room: int | None = None
        for track, take in enumerate(takes, start=1):
            numbers[track] += 1
            slot = _slot(take, track, numbers[track], start, room, rate)
            room = slot.frames if room is None else room
            slots.append(slot)
        start += room or 0
    return tuple(sorted(slots, key=lambda slot: (slot.track, slot.start))), start


def _slot(take: RankedTake, track: int, number: int, start: int, room: int | None, rate: Fraction) -> Slot:
    count = _frame_count(take)
    own = _rate_of(take)
    # A sequence has no rate of its own: it plays frame by frame.
    plays = own if take.take.media.kind == "video" else rate
    frames = max(1, math.ceil(count * rate / plays - Fraction(1, 1000)))
    return Slot(
        take=take,
        track=track,
        number=number,
        start=start,
        frames=frames if room is None else min(frames, room),
        rate=plays,
        first=_first_frame(take, plays),
        count=count,
    )


def _frame_count(take: RankedTake) -> int:
    media, info = take.take.media, take.record.info
    if media.kind == "still":
        return 1
    if media.kind == "sequence" and media.numbers:
        first = media.numbers[0] if media.first is None else media.first
        last = media.numbers[-1] if media.last is None else media.last
        return max(1, last - first + 1)
    promised = info.promised_frames if info is not None else None
    return max(1, promised or take.record.frames)


def _first_frame(take: RankedTake, rate: Fraction) -> int:
    text = take.record.start_timecode
    if not text or take.take.media.kind != "video":
        return 0
    try:
        return max(0, timecode_to_frames(text, rate))
    except TimelineError:  # a tag that is no timecode of this rate
        return 0


# --- what markers are made of ---------------------------------------------------------------------------


def select_uses(selects: Selects) -> tuple[ClipUse, ...]:
    """Describe the clips of V1 as an audit of this timeline would."""
    return tuple(_use(slot, selects.info.rate) for slot in selects.slots if slot.track == 1)


def _use(slot: Slot, rate: Fraction) -> ClipUse:
    end = slot.start + slot.frames
    length = Fraction(slot.frames) / rate
    # Findings count as the medium was measured; a sequence may have been measured at another rate.
    measured = length * slot.rate / _rate_of(slot.take)
    return ClipUse(
        id=slot.id,
        name=slot.name,
        media=slot.take.take.media,
        job=0,
        record_start=slot.start,
        record_frames=slot.frames,
        rate=rate,
        knots=((Fraction(0), Fraction(0)), (length, measured)),
        visible=(Span(Fraction(0), measured),),
        shown=((slot.start, end),),
        key=slot.take.take.key,
        shot=slot.take.take.shot,
        take=slot.take.take.name,
    )


def select_clips(selects: Selects) -> tuple[ClipResult, ...]:
    """Describe the clips of V1 as those that were looked at."""
    return tuple(
        ClipResult(
            id=slot.id,
            name=slot.name,
            status="audited",
            reason=None,
            record_start=slot.start,
            record_frames=slot.frames,
            key=slot.take.take.key,
            scores=slot.take.record.scores,
            content=slot.take.take.key,
        )
        for slot in selects.slots
        if slot.track == 1
    )


def select_findings(selects: Selects) -> tuple[Placed, ...]:
    """Put the findings of the takes of V1 where they are on this timeline."""
    placed = []
    for use, slot in zip(select_uses(selects), selects.slots, strict=False):
        placed += [one for one in (_placed(p, use, selects.info) for p in slot.take.placed) if one]
    return tuple(placed)


def _placed(placed: Placed, use: ClipUse, info: TimelineInfo) -> Placed | None:
    found = placed.finding
    if not (math.isfinite(found.start) and math.isfinite(found.duration) and math.isfinite(found.score)):
        return None
    start = Fraction(found.start).limit_denominator(1_000_000)
    duration = max(Fraction(found.duration).limit_denominator(1_000_000), Fraction(1, 1000))
    frame, frames = frames_of(use, Span(start, start + duration)) or (use.record_start, 1)
    # Other takes are not on this track, so what they would be compared with is not at hand.
    compare = tuple((use.id, moment) for id_, moment in found.compare if id_ in ("", found.use))
    moved = replace(
        found,
        use=use.id,
        detector=printable(found.detector),
        label=printable(found.label),
        message=printable(found.message),
        related=(),
        compare=compare,
    )
    return replace(
        placed,
        finding=moved,
        timeline_frame=frame,
        timeline_frames=frames,
        timecode=frames_to_timecode(info.start_frame + frame, info.rate, info.drop_frame),
        key=writable(placed.key),
        text=printable(placed.text),
    )


# --- text and paths ---------------------------------------------------------------------------------------


def split_pattern(path: str) -> tuple[str, str, int, str] | None:
    """Take a printf pattern apart: folder, prefix, digits (0: as they come), suffix."""
    match = _NUMBER.fullmatch(path)
    if match is None:
        return None
    folder, prefix = os.path.split(match[1].replace("%%", "%"))
    return folder, prefix, int(match[2] or 0), match[3].replace("%%", "%")


def printable(text: str) -> str:
    """Give a text without what no format can carry, on one line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def writable(path: str) -> str:
    """Give a path as text can carry it; bytes that are no text are shown, and such a file is not found."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "")
