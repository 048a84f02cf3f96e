"""What a container promises of its video: how many frames, until when; and whether that was kept."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import av.error
import av.logging

from otio_ai_audit.model import Problem

if TYPE_CHECKING:
    from otio_ai_audit.video.source import FileSource

_COUNTED = ("mov", "mp4", "avi", "mxf", "gxf")
_TIMED = ("matroska", "webm", "flv", "asf", "ogg", "mxf", "mov", "mp4", "avi")


def _is_one_of(container: Any, names: tuple[str, ...]) -> bool:
    return bool(set(container.format.name.split(",")) & set(names))


def promised_frames(container: Any, stream: Any, rate: Fraction, origin: int) -> int | None:
    """Frames that the container promises to display; None where it does not say."""
    counted = _counted_frames(container, stream)
    if counted is not None:
        return counted
    end = promised_end(container, stream)
    if end is None:
        return None
    return max(1, round((end - origin * Fraction(stream.time_base)) * rate))


def _counted_frames(container: Any, stream: Any) -> int | None:
    if _is_one_of(container, _COUNTED) and stream.frames:
        index = stream.index_entries
        if len(index) >= stream.frames:
            # An edit list keeps samples in the file that are never shown.
            return sum(1 for entry in index if not entry.is_discard)
        return int(stream.frames)
    for name, value in stream.metadata.items():
        if name.upper().startswith("NUMBER_OF_FRAMES") and value.isdigit():
            return int(value)
    return None


def promised_end(container: Any, stream: Any) -> Fraction | None:
    """Seconds on the stream's own clock at which the video is said to end, None where not said."""
    if not _is_one_of(container, _TIMED):
        return None  # FFmpeg would guess it from the bit rate
    for name, value in stream.metadata.items():
        if name.upper().startswith("DURATION"):
            parts = value.split(":")
            if len(parts) == 3:
                try:
                    hours, minutes, seconds = (Fraction(part) for part in parts)
                except ValueError:
                    break
                return hours * 3600 + minutes * 60 + seconds
    if _is_one_of(container, ("avi",)):  # its duration is what is there, the header says the rest
        return stream.frames / Fraction(stream.average_rate) if stream.frames else None
    if stream.duration is not None:
        start = stream.start_time or 0
        return Fraction(start + stream.duration) * Fraction(stream.time_base)
    if container.duration is not None:
        return Fraction(container.duration, av.time_base)
    return None


def is_variable(stream: Any, container: Any) -> bool:
    """Whether frames are unevenly spaced, as far as the container tells before decoding."""
    index = stream.index_entries
    if _is_one_of(container, ("mov", "mp4")) and len(index) > 2:
        stamps = [index[i].timestamp for i in range(min(len(index), 1000))]
        steps = sorted(b - a for a, b in pairwise(stamps))[:-1]
        if steps and steps[0] > 0:
            return bool(steps[-1] > steps[0] * 1.2 and steps[-1] - steps[0] > 1)
    average, base = stream.average_rate, stream.base_rate
    if not average or not base or not _is_one_of(container, _TIMED):
        return False
    ratio = float(base / average)
    return not (0.95 < ratio < 1.05 or 1.95 < ratio < 2.05)


def check_end(source: FileSource, last: int, count: int, whole: bool) -> tuple[int, Problem | None]:
    """Compare the end that was reached with the promised one.

    Returns
    -------
    lost : int
        Promised frames that are missing inside.
    problem : Problem or None
        The file ends early, or does not say where it should end.
    """
    container, stream = source.container, source.stream
    frame = Fraction(source.step) * source.time_base
    reached = (source.origin + last) * source.time_base + frame
    end = promised_end(container, stream)
    promised = _counted_frames(container, stream)
    missing = max(0, promised - count) if promised is not None and whole else 0
    start = (last + source.step) * source.time_base
    early = end is not None and end - reached > frame * Fraction(3, 2) and not _sound_goes_on(source, end)
    if missing and round(start * source.rate) <= count:
        early = True  # nothing is missing inside, so the end is
    if early:
        total = promised_frames(container, stream, source.rate, source.origin) or count
        got = count if whole else round(start * source.rate)
        text = f"The file ends early: {got} of {total} promised frames could be read."
        return 0, Problem("truncated", text, max(1, total - got), start)
    if end is None and promised is None and not container.format.name.endswith("_pipe"):
        text = "The file does not say how long it is; an early end would go unseen."
        return 0, Problem("no-duration", text)
    return missing, None


def _sound_goes_on(source: FileSource, end: Fraction) -> bool:
    """Whether the promised end is only that of a longer sound track, which is there.

    Matroska without statistics promises one duration for all its streams.
    """
    container, stream = source.container, source.stream
    sounds = container.streams.audio
    if stream.duration is not None or not sounds:
        return False
    if any(name.upper().startswith("DURATION") for name in stream.metadata):
        return False
    heard = Fraction(0)
    try:
        with av.logging.Capture(), av.open(source.path, options={"protocol_whitelist": "file"}) as again:
            track = again.streams.audio[0]
            for packet in again.demux(track):
                if packet.pts is not None and packet.time_base:
                    heard = max(heard, (packet.pts + (packet.duration or 0)) * Fraction(packet.time_base))
    except av.error.FFmpegError:
        return False
    return heard >= end - Fraction(1, 10)
