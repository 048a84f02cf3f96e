"""The events of an EDL (CMX 3600), line by line, and the frame rate that their timecodes tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from otio_ai_audit.errors import TimelineError

RATES = (24, 25, 30, 50, 60, 100, 120)
_SURE = 0.02
"""How likely it may be, at the next higher rate, that no timecode has a frame that only that has."""
_MANY_ALIKE = 3
_TC = re.compile(r"^(\d{1,3}):(\d{2}):(\d{2})([:;.,])(\d{2,3})$")
_EDIT = re.compile(r"^(C|D|W\d{3}|K[BO]?)$")
M2 = re.compile(r"^M2\s+(.*?)\s+(-?\d+(?:\.\d*)?)\s+(\S+)\s*$")
REMARK = re.compile(r"^\*?\s*(FROM CLIP NAME|TO CLIP NAME|SOURCE FILE|LOC):?\s*(.*?)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an EDL; times as written."""

    line: int
    reel: str
    channel: str
    kind: str
    length: int
    """Frames of a dissolve or wipe."""
    times: tuple[str, str, str, str]
    drop: bool
    remarks: list[str] = field(default_factory=list)
    before: Event | None = None
    """What a dissolve comes from: its first line."""

    def said(self, what: str) -> str:
        """Return the text of a remark (``FROM CLIP NAME``), empty where there is none."""
        found = (match for match in map(REMARK.match, self.remarks) if match and match[1].upper() == what)
        return str(next((match[2] for match in found), ""))

    def speed(self) -> tuple[float, str] | None:
        """Frames of the source per second, and the timecode where it begins; None without a retime."""
        for remark in self.remarks:
            match = M2.match(remark)
            if match:
                return float(match[2]), match[3]
        frozen = any("FREEZE FRAME" in remark.upper() for remark in self.remarks)
        return (0.0, "") if frozen else None


# --- reading lines --------------------------------------------------------------------------------------


def read_events(text: str) -> tuple[list[Event], list[int]]:
    """Read the events of an EDL, and the numbers of lines that look like one and are none."""
    events: list[Event] = []
    unread: list[int] = []
    drop, last = False, ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.upper().startswith("FCM:"):
            drop = "NON" not in stripped.upper()
            continue
        if not stripped[:1].isdigit():
            if events and stripped:
                events[-1].remarks.append(stripped)
            continue
        event = _event(stripped, number, drop)
        if event is None:
            unread.append(number)
            continue
        key = stripped.split()[0]
        if events and key == last and event.kind != "C" and events[-1].kind == "C":
            event = replace(event, before=events.pop(), remarks=[])
        events.append(event)
        last = key
    return events, unread


def _event(line: str, number: int, drop: bool) -> Event | None:
    words = line.split()
    times, rest = words[-4:], words[1:-4]
    if len(rest) < 3 or not all(_TC.match(time) or time.isdigit() for time in times):
        return None
    kind = next((index for index in range(2, len(rest)) if _EDIT.match(rest[index])), None)
    if kind is None:
        return None
    drop = drop or any(";" in time for time in times)
    length = int(rest[-1]) if len(rest) > kind + 1 and rest[-1].isdigit() else 0
    one, two, three, four = times
    reel = "_".join(rest[: kind - 1])
    return Event(number, reel, rest[kind - 1], rest[kind], length, (one, two, three, four), drop)


# --- its rate -------------------------------------------------------------------------------------------


def find_rate(events: Sequence[Event], path: Path) -> tuple[Fraction, str]:
    """Work out the frame rate of an EDL from its timecodes, and say so in a sentence.

    Drop frame is 29.97 or 59.94. An event is as long in the source as in the edit, which holds at one
    rate only where its seconds differ. Else: of many timecodes none has a frame that a higher rate has.

    Raises
    ------
    TimelineError
        If several rates fit.
    """
    marks = [match for event in events for match in map(_TC.match, event.times) if match]
    top = max((int(mark[5]) for mark in marks), default=0)
    fits = [rate for rate in RATES if rate > top and (rate <= 60 or top >= 60)]
    if not fits:
        raise TimelineError(f"{path.name} has frame number {top}; say its frame rate with --rate.")
    if any(event.drop for event in events):
        nominal = next((rate for rate in (30, 60, 120) if rate > top), 120)
        return Fraction(nominal * 1000, 1001), ""
    votes = Counter(
        vote for event in events if event.speed() is None for vote in _vote(event) if vote in fits
    )
    best = votes.most_common(2)
    sure = bool(best) and (len(best) == 1 or best[0][1] >= _MANY_ALIKE * best[1][1])
    spread = {mark[0] for mark in marks if int(mark[5])}
    if sure:
        nominal = best[0][0]
    elif len(fits) == 1 or (fits[0] / fits[1]) ** len(spread) < _SURE:
        nominal = fits[0]
    else:
        names = ", ".join(map(str, fits[:-1])) + f" or {fits[-1]}"
        raise TimelineError(
            f"{path.name} does not say its frame rate, and its timecodes fit {names} frames per second; "
            f"say which with --rate (for example --rate {fits[0]})."
        )
    alike = {24: "23.976", 30: "29.97", 60: "59.94"}.get(nominal)
    also = f"; {alike} counts alike" if alike else ""
    return Fraction(nominal), (
        f"The EDL does not say its frame rate; its timecodes are those of {nominal} frames per second "
        f"(--rate changes that{also})."
    )


def _vote(event: Event) -> list[int]:
    """Return the one rate at which an event is as long in the source as in the edit, if there is one."""
    parts = [_TC.match(time) for time in event.times]
    if not all(parts):
        return []
    whole = [int(part[1]) * 3600 + int(part[2]) * 60 + int(part[3]) for part in parts if part]
    frames = [int(part[5]) for part in parts if part]
    apart = (whole[1] - whole[0]) - (whole[3] - whole[2])
    missing = (frames[3] - frames[2]) - (frames[1] - frames[0])
    return [missing // apart] if apart and missing % apart == 0 else []
