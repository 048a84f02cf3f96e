"""Segments of a movie behind one another in one file, without encoding again, with sound and chapters."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.error
import av.logging
import numpy as np

from otio_ai_audit.errors import OutputError, TimelineError
from otio_ai_audit.model import Float32
from otio_ai_audit.timecode import timecode_to_frames
from otio_ai_audit.video.movie import name_of, refusal

SAMPLE_RATE = 48000
"""Samples of sound per second, in everything that is written."""
SUFFIXES = (".mp4", ".m4v", ".mov")

_AAC_FRAME = 1024
_PCM_FRAME = 4800
_LONGEST_TAG = 60_000
"""Bytes of a tag; QuickTime counts them in 16 bits."""
_AAC_BITS = 192_000
_MOST_TICKS = 1_000_000
_LONGEST_TITLE = 250
"""Bytes of a chapter's title, which are counted in 8 bits."""


def join(
    segments: Iterable[Path | BinaryIO],
    path: Path | str,
    *,
    rate: Fraction,
    sound: Iterable[Float32] | None = None,
    chapters: Sequence[tuple[int, str]] = (),
    metadata: Mapping[str, str] | None = None,
    timecode: str | None = None,
) -> int:
    """Put segments of `MovieWriter` one after the other; their packets are copied as they are.

    Frame n is shown at exactly n / rate, the first one at 0. Segments are asked for, read and let go
    one by one, and sound as far as the picture has come.

    Parameters
    ----------
    segments : iterable of Path or binary file
        All of one codec, size and quality.
    path : Path or str
        ``.mp4``, ``.m4v`` or ``.mov``; its index stands in front (fast start).
    rate : Fraction
        Frames per second, that of the segments.
    sound : iterable of numpy.ndarray, optional
        Blocks of any length, shape (samples, 2), float32 from -1 to 1, at `SAMPLE_RATE`. What is missing
        at the end is silent, what is too long is cut. AAC beside H.264, 24-bit PCM beside ProRes.
    chapters : sequence of (frame, title)
        Each lasts to the next one; titles of the same frame become one. What comes before the first
        is a chapter with the title of the movie.
    metadata : mapping, optional
        Tags of the file that players know: ``title``, ``comment``, ``description``, ``artist`` …
    timecode : str, optional
        Of the first frame; with ``;`` before the frames it counts in drop frame.

    Returns
    -------
    int
        Frames written.

    Raises
    ------
    OutputError
        There are no segments, one is damaged or differs from the first, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{path} cannot be written: movies end in {', '.join(SUFFIXES)}.")
    tags = {name: _cut(text, _LONGEST_TAG) for name, text in (metadata or {}).items()}
    if timecode is not None:
        try:
            timecode_to_frames(timecode, Fraction(rate))
        except TimelineError as error:
            raise OutputError(f"{path} cannot be written: {error}") from error
        tags["timecode"] = timecode
    film = _Joined(path, Fraction(rate), sound, tags)
    try:
        for segment in segments:
            film.append(segment)
        return film.finish(chapters)
    finally:
        film.close()


class _Joined:
    """The file being written: its streams are made when the first segment is known."""

    def __init__(
        self, path: Path, rate: Fraction, sound: Iterable[Float32] | None, tags: Mapping[str, str]
    ) -> None:
        self.path, self.rate = path, rate
        self.frames = 0
        self._sound = sound
        self._tags = tags
        self._container: Any = None
        self._stream: Any = None
        self._track: _SoundTrack | None = None
        self._look: tuple[Any, ...] = ()
        self._delay = 0

    def append(self, segment: Path | BinaryIO) -> None:
        """Copy the packets of a segment behind what is there."""
        name = name_of(segment)
        with _opened(segment, name) as source:
            stream = next(iter(source.streams.video), None)
            if stream is None or stream.codec_context is None:
                raise OutputError(f"{name} has no picture that can be read; render it again.")
            if self._container is None:
                self._open(stream)
            elif _look(stream) != self._look:
                raise OutputError(
                    f"{name} was encoded differently from the segments before it; render all of them anew."
                )
            count = 0
            shown = 0
            for packet in _packets(source, stream, name):
                frame = self._frame_of(packet, stream.time_base, name)
                shown = max(shown, frame + 1)
                self._copy(packet, self.frames + frame, self.frames + count, name)
                count += 1
        if not count or shown != count:
            raise OutputError(f"{name} is damaged: frames are missing from it; render it again.")
        self.frames += count

    def finish(self, chapters: Sequence[tuple[int, str]]) -> int:
        """Write what is left of the sound, the chapters and the index."""
        if not self.frames:
            raise OutputError(f"{self.path} was not written: there are no segments to join.")
        if self._track is not None:
            total = sample_at(self.frames, self.rate)
            self._mux([*self._track.until(total), *self._track.finish(total)])
        before = self._tags.get("title") or self.path.stem
        log: list[Any] = []
        try:
            with av.logging.Capture() as log:
                self._container.set_chapters(_chapters(chapters, self.frames, self.rate, before))
                self._container.close()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise refusal(str(self.path), error, log) from error
        self._container = None
        return self.frames

    def close(self) -> None:
        """Let go of a file that was not finished."""
        if self._container is not None:
            with contextlib.suppress(av.error.FFmpegError, OSError, ValueError), av.logging.Capture():
                self._container.close()
            self._container = None

    def _open(self, template: Any) -> None:
        self._look = _look(template)
        self._delay = template.codec_context.reorder_depth
        prores = template.codec_context.name == "prores"
        if prores and self.path.suffix.lower() != ".mov":
            raise OutputError(f"{self.path} cannot be written: ProRes is kept in .mov.")
        log: list[Any] = []
        try:
            with av.logging.Capture() as log:
                self._container = av.open(
                    str(self.path),
                    "w",
                    format="mov" if self.path.suffix.lower() == ".mov" else "mp4",
                    options={
                        "fflags": "+bitexact",
                        "movflags": "+faststart",
                        "movie_timescale": str(_movie_ticks(self.rate)),
                    },
                )
                self._container.metadata.update(self._tags)
                self._stream = self._container.add_stream_from_template(template)
                self._stream.time_base = 1 / self.rate
                self._stream.codec_context.framerate = self.rate
                # The muxer's own choice of a tag would call every kind of ProRes HQ.
                self._stream.codec_context.codec_tag = template.codec_context.codec_tag
                if self._sound is not None:
                    self._track = _SoundTrack(self._container, iter(self._sound), prores)
                self._container.start_encoding()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise refusal(str(self.path), error, log) from error

    def _frame_of(self, packet: Any, time_base: Fraction, name: str) -> int:
        """Say which frame of its segment a packet shows; segments begin at 0."""
        frame = packet.pts * time_base * self.rate
        if frame.denominator != 1 or frame < 0:
            raise OutputError(
                f"{name} does not run at {self.rate} frames per second like the movie; render it again."
            )
        return int(frame)

    def _copy(self, packet: Any, shown: int, position: int, name: str) -> None:
        packet.stream = self._stream
        packet.time_base = 1 / self.rate
        packet.pts, packet.dts, packet.duration = shown, position - self._delay, 1
        if packet.dts > packet.pts:
            raise OutputError(f"{name} is damaged: its frames are out of order; render it again.")
        if self._track is not None:
            self._mux(self._track.until(sample_at(position, self.rate)))
        self._mux([packet])

    def _mux(self, packets: list[Any]) -> None:
        log: list[Any] = []
        try:
            with av.logging.Capture() as log:
                self._container.mux(packets)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise refusal(str(self.path), error, log) from error


class _SoundTrack:
    """The sound stream of a file: takes blocks as they are needed and makes packets of them."""

    def __init__(self, container: Any, blocks: Iterator[Float32], whole: bool) -> None:
        self._blocks = blocks
        self._stream = container.add_stream(
            "pcm_s24le" if whole else "aac", rate=SAMPLE_RATE, layout="stereo"
        )
        self._whole = whole
        self._frame = _PCM_FRAME if whole else _AAC_FRAME
        if not whole:
            self._stream.bit_rate = _AAC_BITS
        self._stream.codec_context.thread_count = 1
        self._held: Float32 = np.zeros((0, 2), np.float32)
        self._done = 0

    def until(self, sample: int) -> list[Any]:
        """Packets of all whole frames before a sample."""
        packets: list[Any] = []
        while self._done + self._frame <= sample:
            packets += self._encode(self._take(self._frame))
        return packets

    def finish(self, total: int) -> list[Any]:
        """Packets of what is left up to the end of the film."""
        packets: list[Any] = []
        if self._done < total:
            packets += self._encode(self._take(total - self._done))
        packets += self._stream.encode(None)
        return packets

    def _take(self, count: int) -> Float32:
        """Give the next samples; after the last block there is silence."""
        while len(self._held) < count:
            block = next(self._blocks, None)
            if block is None:
                block = np.zeros((count - len(self._held), 2), np.float32)
            self._held = np.concatenate([self._held, block])
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    def _encode(self, samples: Float32) -> list[Any]:
        heard = np.clip(samples, -1, 1)
        if self._whole:  # 24 bits stand in the upper part of 32
            words = np.rint(heard.astype(np.float64) * (2**23 - 1)).astype(np.int32) << 8
            frame = av.AudioFrame.from_ndarray(words.reshape(1, -1), "s32", "stereo")
        else:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(heard.T), "fltp", "stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.pts, frame.time_base = self._done, Fraction(1, SAMPLE_RATE)
        self._done += len(samples)
        packets: list[Any] = self._stream.encode(frame)
        return packets


def sample_at(frame: int | Fraction, rate: Fraction, sample_rate: int = SAMPLE_RATE) -> int:
    """Give the sample at which a frame begins; always counted from frame 0, so nothing drifts."""
    return math.floor(Fraction(frame) / rate * sample_rate + Fraction(1, 2))


def _opened(segment: Path | BinaryIO, name: str) -> Any:
    try:
        with av.logging.Capture():
            if isinstance(segment, (str, Path)):
                return av.open(str(segment), format="mov", options={"protocol_whitelist": "file"})
            segment.seek(0)
            return av.open(segment, format="mov")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"{name} cannot be joined ({reason}); render it again.") from error


def _packets(source: Any, stream: Any, name: str) -> Iterator[Any]:
    packets = source.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError) as error:
            raise OutputError(f"{name} is damaged ({error.strerror}); render it again.") from error
        if packet is None:
            return
        if packet.dts is not None and packet.pts is not None:  # the last one only says that it is over
            yield packet


def _look(stream: Any) -> tuple[Any, ...]:
    """Everything that must be the same for packets to be decoded by one head."""
    context = stream.codec_context
    return (
        context.name,
        context.codec_tag,
        context.width,
        context.height,
        context.pix_fmt,
        context.extradata or b"",
        context.color_range,
        context.colorspace,
    )


def _movie_ticks(rate: Fraction) -> int:
    """Ticks per second of the whole movie in which frames and samples both end exactly."""
    ticks = math.lcm(rate.numerator, SAMPLE_RATE)
    return ticks if ticks <= _MOST_TICKS else SAMPLE_RATE


def _chapters(
    chapters: Sequence[tuple[int, str]], frames: int, rate: Fraction, before: str
) -> list[dict[str, Any]]:
    """Chapters as PyAV takes them, from the first frame on: QuickTime knows no gap in front of them."""
    titles: dict[int, list[str]] = {}
    for frame, title in sorted(chapters, key=lambda chapter: chapter[0]):
        if 0 <= frame < frames:
            titles.setdefault(frame, []).append(title)
    if titles and 0 not in titles:
        titles = {0: [before]} | titles
    starts = [*titles, frames]
    unit = _movie_ticks(rate)
    ticks = [math.ceil(frame / rate * unit) for frame in starts]
    return [
        {
            "id": number,
            "start": ticks[number],
            "end": ticks[number + 1],
            "time_base": Fraction(1, unit),
            "metadata": {"title": _cut(", ".join(titles[starts[number]]), _LONGEST_TITLE)},
        }
        for number in range(len(titles))
    ]


def _cut(text: str, most: int) -> str:
    """Shorten a text to so many bytes, between two characters."""
    data = text.encode()
    return text if len(data) <= most else data[: most - 3].decode(errors="ignore") + "…"
