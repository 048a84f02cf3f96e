"""Timecode and frame rates: floats become exact fractions once, here, and timecode any rate.

SMPTE ST 12-1 drop frame skips the first two frame numbers (four at 60, eight at 120) of every
minute that is not a multiple of ten. Resolve's OTIO does not say whether a timeline drops frames,
so `infer_drop_frame` reads it off the start: people start at round timecodes.
"""

from __future__ import annotations

import contextlib
import math
import re
from fractions import Fraction
from functools import lru_cache

from otio_ai_audit.errors import TimelineError
from otio_ai_audit.model import TimelineInfo

_NTSC = (12, 15, 24, 30, 48, 60, 72, 90, 96, 120, 240)
_TIMECODE = re.compile(r"^\s*(-?)(\d{1,3}):(\d{2}):(\d{2})([:;.,])(\d{2,3})\s*$")

NOISE = Fraction(1, 1000)
"""Frames: how far Resolve's floats may lie from a whole frame and still mean it."""


def without_noise(value: float) -> float:
    """Take the rounding noise off a frame count: 20.000000000000004 is 20, 91046.625 stays."""
    if not math.isfinite(value):
        return value
    whole = float(round(value))
    return whole if abs(value - whole) <= 1e-6 else value


@lru_cache(maxsize=256)
def exact_rate(rate: float) -> Fraction:
    """Snap a frame rate that a file gives as a float to the fraction that it means.

    Parameters
    ----------
    rate : float
        Frames per second; 23.976, 23.98 and 23.976023976 all mean 24000/1001.

    Raises
    ------
    TimelineError
        If the rate is not a positive, finite number.
    """
    if not math.isfinite(rate) or rate <= 0:
        raise TimelineError(f"A frame rate of {rate} is not possible; export the edit again.")
    whole = round(rate)
    if whole and abs(rate - whole) < 1e-4:
        return Fraction(whole)
    for nominal in _NTSC:
        ntsc = Fraction(nominal * 1000, 1001)
        if abs(rate - float(ntsc)) < 0.005 * nominal / 24:
            return ntsc
    simple = Fraction(rate).limit_denominator(1001)
    if abs(float(simple) - rate) < 1e-6 * rate:
        return simple
    return Fraction(rate).limit_denominator(1_000_000)


def nominal_rate(rate: Fraction) -> int:
    """Frames that timecode counts in a second: 30 for 30000/1001, 13 for 12.5."""
    return math.ceil(rate)


def can_drop(rate: Fraction) -> bool:
    """Whether drop frame exists at this rate (29.97, 59.94 and 119.88)."""
    return rate.denominator == 1001 and nominal_rate(rate) % 30 == 0


def _labels_dropped(rate: Fraction) -> int:
    return nominal_rate(rate) // 15


def _is_timecode_rate(rate: Fraction) -> bool:
    return rate.denominator in (1, 1001)


def frames_to_timecode(frame: int, rate: Fraction, drop_frame: bool = False) -> str:
    """Write an absolute frame count as timecode.

    Parameters
    ----------
    frame : int
        Frames since 00:00:00:00. In drop frame this is the true count (107892 is 01:00:00;00).
    rate : Fraction
        Frames per second. Rates that are neither whole nor NTSC (12.5) restart the frame number
        at each second, so a second may hold 12 or 13 of them.
    drop_frame : bool
        Skip frame numbers and write ``;`` before them; ignored where `rate` has no drop frame.

    Returns
    -------
    str
        ``01:00:04:02``; three digits of frames above 100 frames per second.
    """
    sign, frame = ("-", -frame) if frame < 0 else ("", frame)
    nominal = nominal_rate(rate)
    width = max(2, len(str(nominal - 1)))
    drop = drop_frame and can_drop(rate)
    if drop:
        label = _labels_dropped(rate)
        per_minute = nominal * 60 - label
        per_ten = per_minute * 10 + label
        tens, rest = divmod(frame, per_ten)
        frame += 9 * label * tens
        if rest >= nominal * 60:
            frame += label * ((rest - label) // per_minute)
    if _is_timecode_rate(rate):
        seconds, frames = divmod(frame, nominal)
    else:
        seconds = math.floor(frame / rate)
        frames = frame - math.ceil(seconds * rate)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    mark = ";" if drop else ":"
    return f"{sign}{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:0{width}d}"


def timecode_to_frames(text: str, rate: Fraction, drop_frame: bool = False) -> int:
    """Count the frames since 00:00:00:00 that a timecode stands for.

    Parameters
    ----------
    text : str
        ``HH:MM:SS:FF``; ``;``, ``.`` or ``,`` before the frames mean drop frame where the rate has it.
    rate : Fraction
        Frames per second.
    drop_frame : bool
        Count as drop frame even though the text is written with colons.

    Raises
    ------
    TimelineError
        If the text is no timecode, or names a frame that does not exist at this rate.
    """
    match = _TIMECODE.match(text)
    if not match:
        raise TimelineError(f"“{text}” is not a timecode; it should look like 01:00:00:00.")
    sign, *parts = match.groups()
    mark = parts.pop(3)
    hours, minutes, seconds, frames = (int(part) for part in parts)
    nominal = nominal_rate(rate)
    if minutes > 59 or seconds > 59 or frames >= nominal:
        raise TimelineError(f"Timecode {text} does not exist at {float(rate):g} frames per second.")
    total = (hours * 60 + minutes) * 60 + seconds
    drop = can_drop(rate) and (drop_frame or mark != ":")
    if not _is_timecode_rate(rate):
        count = math.ceil(total * rate) + frames
    else:
        count = total * nominal + frames
        if drop:
            label = _labels_dropped(rate)
            if minutes % 10 and seconds == 0 and frames < label:
                raise TimelineError(f"Timecode {text} is skipped by drop frame; the next is {label:02d}.")
            all_minutes = hours * 60 + minutes
            count -= label * (all_minutes - all_minutes // 10)
    return -count if sign else count


def source_timecode(start: str | None, frame: int, rate: Fraction) -> str:
    """Timecode of a frame of a medium.

    Parameters
    ----------
    start : str or None
        Timecode of its first frame, as its file says; one that does not exist at `rate` counts as none.
    frame : int
        Counted from the first.
    rate : Fraction
        Frames per second.

    Returns
    -------
    str
        From 00:00:00:00 where the file says nothing.
    """
    first, drop = 0, False
    if start:
        with contextlib.suppress(TimelineError):
            first = timecode_to_frames(start, rate)
            drop = can_drop(rate) and ";" in start
    return frames_to_timecode(first + frame, rate, drop)


def to_timecode(frame: int, info: TimelineInfo) -> str:
    """Timecode of an absolute frame: `TimelineInfo.start_frame` plus a frame of the timeline."""
    return frames_to_timecode(frame, info.rate, info.drop_frame)


def _roundness(timecode: str) -> int:
    """Count how many fields from the right are zero: people start at 01:00:00:00."""
    count = 0
    for part in reversed(re.split("[:;]", timecode)):
        if int(part):
            break
        count += 1
    return count


def infer_drop_frame(start_frame: int, rate: Fraction, choice: str = "auto") -> tuple[bool, str]:
    """Decide whether a timeline counts in drop frame, and say why in one sentence.

    Parameters
    ----------
    start_frame : int
        Start of the timeline in frames (107892 at 29.97 is 01:00:00;00, 108000 is 01:00:00:00).
    rate : Fraction
        Frames per second.
    choice : str
        ``auto``, ``yes`` or ``no``.

    Returns
    -------
    tuple[bool, str]
        Drop frame or not; an empty sentence where there was nothing to decide.

    Raises
    ------
    TimelineError
        If drop frame is asked for at a rate that has none, or `choice` is none of the three.
    """
    if choice not in ("auto", "yes", "no"):
        raise TimelineError(f"Drop frame is “auto”, “yes” or “no”, not “{choice}”.")
    if not can_drop(rate):
        if choice == "yes":
            raise TimelineError(
                f"This timeline runs at {float(rate):.6g} frames per second, which has no drop frame; "
                "leave --drop-frame at auto."
            )
        return False, ""
    if choice != "auto":
        return choice == "yes", ""
    plain = frames_to_timecode(start_frame, rate, False)
    dropped = frames_to_timecode(start_frame, rate, True)
    if start_frame == 0:
        return False, (
            "The edit does not say whether it counts in drop frame and starts at zero, so timecodes are "
            "written as non-drop frame; use --drop-frame yes if your timeline is drop frame."
        )
    if _roundness(dropped) > _roundness(plain):
        return True, (
            f"The edit starts at frame {start_frame}, which is {dropped} in drop frame and {plain} without: "
            "drop frame is assumed (--drop-frame no changes that)."
        )
    return False, (
        f"The edit starts at frame {start_frame}, which is {plain} without drop frame and {dropped} with it: "
        "non-drop frame is assumed (--drop-frame yes changes that)."
    )
