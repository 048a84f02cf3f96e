"""Picture files as a medium: a numbered sequence, or one still."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import av.logging

from otio_ai_audit.errors import MediaError
from otio_ai_audit.model import Media, Problem
from otio_ai_audit.video.source import check_readable

DEFAULT_RATE = Fraction(24)
"""Frames per second of a sequence or still whose edit names no rate."""

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "mjpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"\x76\x2f\x31\x01", "exr"),
    (b"SDPX", "dpx"),
    (b"XPDS", "dpx"),
    (b"BM", "bmp"),
    (b"\x00\x00\x00\x0cjP  ", "jpeg2000"),
)
"""First bytes of the picture files that one decoder reads without a container, and its name."""


def decode_picture(path: str, threads: int = 1) -> tuple[av.VideoFrame, str]:
    """Decode the only (or first) picture of a file; also gives the codec's name.

    A decoder of its own for each file: a container would decode it twice (once to look at it), and
    FFmpeg's PNG decoder adds a second file to the first.

    Raises
    ------
    OSError
        The file cannot be read.
    av.error.FFmpegError, ValueError
        It cannot be decoded.
    """
    data = Path(path).read_bytes()
    if not data:
        raise ValueError("it is empty")
    codec = next((name for head, name in _SIGNATURES if data.startswith(head)), None)
    with av.logging.Capture():
        if codec is None:
            return _contained(path, threads)
        context: Any = av.CodecContext.create(codec, "r")
        context.thread_count = threads
        context.thread_type = "SLICE" if threads > 1 else "NONE"
        frames = context.decode(av.Packet(data)) or context.decode(None)
    if not frames:
        raise ValueError("there is no picture in it")
    return frames[0], codec


def _contained(path: str, threads: int) -> tuple[av.VideoFrame, str]:
    with av.open(path, options={"protocol_whitelist": "file"}) as container:
        if not container.streams.video:
            raise ValueError("there is no picture in it")
        stream = container.streams.video[0]
        stream.codec_context.thread_count = threads
        frame = next(container.decode(stream), None)
        if frame is None:
            raise ValueError("there is no picture in it")
        return frame, stream.codec_context.name


class SequenceSource:
    """A numbered sequence (or a still, which is one of a single picture).

    One tick is one frame. Tick 0 is the first number that the edit promises (`Media.first`), else the
    first file; the slot of a missing or unreadable file stays empty. Files outside the promised
    numbers are no part of it.
    """

    def __init__(self, media: Media, threads: int = 1) -> None:
        self.problems: list[Problem] = []
        self.device = ""
        self.rate = media.rate or DEFAULT_RATE
        self.time_base = 1 / self.rate
        self._threads = threads
        self._broken: dict[int, str] = {}
        self._begin(media)
        self.first, self.codec = self._find_first()

    def _begin(self, media: Media) -> None:
        if media.kind == "still":
            check_readable(media.path)
            self._files = {0: media.path}
            self._number = 0
            self.promised = 1
            return
        numbers = sorted(set(media.numbers))
        first = media.first if media.first is not None else numbers[0] if numbers else 0
        last = media.last if media.last is not None else numbers[-1] if numbers else first
        try:
            self._files = {n - first: media.path % n for n in numbers if first <= n <= last}
        except (TypeError, ValueError) as error:
            raise MediaError(
                f"{media.path} is not a pattern for numbered files; write it like shot.%04d.png."
            ) from error
        self.promised = last - first + 1
        if not self._files:
            raise MediaError(f"No file of the sequence {media.path} ({first}–{last}) exists; relink it.")
        self._number = first

    def _find_first(self) -> tuple[av.VideoFrame, str]:
        reason = ""
        for tick, path in self._files.items():
            try:
                entry = decode_picture(path, self._threads)
            except (av.error.FFmpegError, OSError, ValueError) as error:
                reason = reason or _reason(error)
                self._broken[tick] = path
                continue
            self._ready: tuple[int, av.VideoFrame] | None = (tick, entry[0])
            return entry
        path = next(iter(self._files.values()))
        raise MediaError(f"No video frame could be decoded from {path} ({reason}); render or copy it again.")

    def pictures(self, start: int) -> Iterator[tuple[int, av.VideoFrame, bool]]:
        """Yield the pictures of every file, from the last one at or before tick `start`.

        Broken files are passed over and noted.
        """
        ready, self._ready = self._ready, None
        begin = max((tick for tick in self._files if tick <= start and tick not in self._broken), default=0)
        for tick, path in self._files.items():
            if tick < begin or tick in self._broken:
                continue
            if ready is not None and ready[0] == tick:
                frame, ready = ready[1], None
            else:
                try:
                    frame, _ = decode_picture(path, self._threads)
                except (av.error.FFmpegError, OSError, ValueError):
                    self._broken[tick] = path
                    continue
            yield tick, frame, False

    def finish(self, last: int | None, count: int, whole: bool) -> None:
        """Report holes and broken files, over the whole promised range."""
        missing = sorted(set(range(self.promised)) - set(self._files))
        if missing:
            names = _ranges([tick + self._number for tick in missing])
            some = "One file is" if len(missing) == 1 else f"{len(missing)} files are"
            self.problems.append(
                Problem(
                    "missing-frames",
                    f"{some} missing from the sequence: {names}.",
                    len(missing),
                    missing[0] * self.time_base,
                )
            )
        self._report_broken()

    def report_early_stop(self) -> None:
        self.finish(None, 0, False)

    def _report_broken(self) -> None:
        if not self._broken:
            return
        tick = min(self._broken)
        name = Path(self._broken[tick]).name
        count = len(self._broken)
        text = (
            f"{name} cannot be decoded." if count == 1 else f"{count} files cannot be decoded, first {name}."
        )
        self.problems.append(Problem("corrupt", text, count, tick * self.time_base))

    def close(self) -> None:
        """Files are closed as soon as they are read; nothing is held."""


def _ranges(numbers: list[int]) -> str:
    """Write numbers as ranges: ``3, 5–7``; no more than six of them."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    words = [str(a) if a == b else f"{a}–{b}" for a, b in parts[:6]]
    return ", ".join(words) + (" …" if len(parts) > 6 else "")


def _reason(error: BaseException) -> str:
    if isinstance(error, av.error.FFmpegError):
        return "it is damaged"
    if isinstance(error, OSError):
        return str(error.strerror or error)
    return str(error)
