"""The sound of one file as samples that can be asked for by their number."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import av
import av.error
import av.logging
import numpy as np

from otio_ai_audit.errors import MediaError
from otio_ai_audit.model import Float32
from otio_ai_audit.video.source import MAX_FAILURES, ODD_TEXT, check_readable

_KEPT = 10
"""Seconds behind the last sample asked for that are kept: backwards is read in stretches of that."""
_FROM_START = 10
"""Seconds up to which a place is reached by decoding from the beginning, or from where one is."""
_RUN_UP = Fraction(1, 2)
"""Seconds decoded before a place that was sought: codecs need what came before to be right."""
_GAP = Fraction(1, 20)
"""Seconds by which a time stamp may be off before it is followed; containers round by less."""
_NOT_SOUGHT = frozenset({"aac", "ac3", "eac3", "mp3"})
"""Formats without an index, in which a place that was sought is only guessed."""
_FINE = Fraction(1, 8000)
"""Seconds: longest tick of time stamps (Matroska has 1/1000) by which a place is found again."""
_COVER = 0x400


class Voice:
    """Decodes a file's first sound stream to stereo, forwards and, at a price, backwards.

    Sample 0 is the file's first picture where it has pictures, so that both stay together; else its first
    sample. One channel goes to both sides, more than two are mixed down by FFmpeg's usual levels.

    Attributes
    ----------
    problem : str
        Why it is silent, or partly; empty where all is well or there is no sound in the file.
    """

    def __init__(self, path: str, sample_rate: int) -> None:
        self.problem = ""
        self._path = path
        self._rate = sample_rate
        self._container: Any = None
        self._frames: Iterator[tuple[int, Float32]] = iter(())
        self._held: Float32 = np.zeros((0, 2), np.float32)
        self._first = 0
        """Number of the first held sample."""
        self._origin: Fraction | None = None
        self._start(0)

    def read(self, start: int, stop: int) -> Float32:
        """Give samples ``[start, stop)``; there is silence before the first one and after the last."""
        if start < self._first and self._first > 0:
            self._start(max(0, start - (_KEPT - 1) * self._rate))
        elif start > self._end + _FROM_START * self._rate:
            self._start(start)
        self._fill(stop)
        result = np.zeros((stop - start, 2), np.float32)
        low, high = max(start, self._first), min(stop, self._end)
        if low < high:
            result[low - start : high - start] = self._held[low - self._first : high - self._first]
        self._forget(start - _KEPT * self._rate)
        return result

    def close(self) -> None:
        """Let go of the file."""
        self._frames = iter(())
        if self._container is not None:
            with contextlib.suppress(av.error.FFmpegError):
                self._container.close()
            self._container = None

    @property
    def _end(self) -> int:
        return self._first + len(self._held)

    def _forget(self, before: int) -> None:
        gone = min(before - self._first, len(self._held))
        if gone > 0:
            self._held = self._held[gone:].copy()
            self._first += gone

    def _fill(self, stop: int) -> None:
        """Decode up to a sample; one that is overlapped counts as it came first."""
        parts = [self._held]
        end = self._end
        while end < stop:
            entry = next(self._frames, None)
            if entry is None:
                break
            at, samples = entry
            if at > end:
                parts.append(np.zeros((at - end, 2), np.float32))
            elif at < end:
                samples = samples[end - at :]
            parts.append(samples)
            end = max(end, at) + len(samples)
        if len(parts) > 1:
            self._held = np.concatenate(parts)

    # --- decoding

    def _start(self, sample: int) -> None:
        """Stand at or before a sample, with nothing held."""
        self.close()
        self._held = np.zeros((0, 2), np.float32)
        self._first = 0
        stream = self._opened()
        if stream is None:
            return
        if sample > _FROM_START * self._rate and self._seek(stream, sample):
            first = next(self._frames, None)
            if first is None or first[0] <= sample:
                self._frames = chain([] if first is None else [first], self._frames)
                self._first = sample
                return
            stream = self._opened()  # the place was missed, so everything before it is decoded
        self._frames = self._decoded(stream)

    def _opened(self) -> Any:
        """Open the file and give its sound stream, None where there is none to decode."""
        self.close()
        try:
            check_readable(self._path)
            with av.logging.Capture():
                self._container = av.open(self._path, options={"protocol_whitelist": "file"}, **ODD_TEXT)
        except MediaError as error:
            return self._fail(str(error))
        except (av.error.FFmpegError, OSError, ValueError):
            return self._fail(f"The sound of {self._path} cannot be read; render or copy it again.")
        stream = next(iter(self._container.streams.audio), None)
        if stream is not None and stream.codec_context is None:
            return self._fail(
                f"The sound of {self._path} uses a codec that cannot be decoded here; convert it."
            )
        return stream

    def _fail(self, sentence: str) -> None:
        self.problem = self.problem or sentence

    def _seek(self, stream: Any, sample: int) -> bool:
        """Go to a little before a sample, if the format says exactly where it then is."""
        if self._container.format.name in _NOT_SOUGHT or stream.time_base > _FINE:
            return False
        if self._origin is None:
            next(self._decoded(stream), None)
        seconds = Fraction(sample, self._rate) - _RUN_UP + (self._origin or 0)
        try:
            with av.logging.Capture():
                self._container.seek(int(seconds / stream.time_base), stream=stream)
        except av.error.FFmpegError:
            return False
        stream.codec_context.flush_buffers()
        self._frames = self._decoded(stream)
        return True

    def _decoded(self, stream: Any) -> Iterator[tuple[int, Float32]]:
        """Yield (number of the first sample, samples) from where the container stands.

        Time stamps are looked at where decoding begins and where they jump; in between samples are
        counted, because some containers round their time stamps.
        """
        converter: _Converter | None = None
        time: Fraction | None = None
        at = 0
        for frame, behind_damage in self._undamaged(stream):
            stamp = _seconds(frame)
            if self._origin is None:
                self._origin = _picture_start(self._container, stamp or Fraction(0))
            jumps = stamp is not None and (time is None or behind_damage or abs(stamp - time) > _GAP)
            if converter is None or jumps or not converter.fits(frame):
                if converter is not None:
                    yield at, converter.convert(None)
                converter = _Converter(frame, self._rate)
                if stamp is not None and jumps:
                    time = stamp
                time = time if time is not None else self._origin
                at = round((time - self._origin) * self._rate)
            samples = converter.convert(frame)
            yield at, samples
            at += len(samples)
            assert time is not None
            time += Fraction(frame.samples, frame.sample_rate)
        if converter is not None:
            yield at, converter.convert(None)

    def _undamaged(self, stream: Any) -> Iterator[tuple[av.AudioFrame, bool]]:
        """Yield what can be decoded, and whether something in front of it could not; that is silent."""
        packets = self._container.demux(stream)
        failures = 0
        broken = False
        while failures < MAX_FAILURES:
            frames: list[av.AudioFrame] = []
            with av.logging.Capture():
                try:
                    packet = next(packets, None)
                    if packet is None:
                        return
                    frames = packet.decode()
                    failures = 0
                except av.error.EOFError:
                    return
                except av.error.FFmpegError:
                    failures += 1
                    broken = True
                    self._fail(f"The sound of {self._path} is damaged and silent there; render it again.")
            for frame in frames:
                yield frame, broken
                broken = False


class _Converter:
    """Brings frames of one kind to stereo at one rate."""

    def __init__(self, frame: av.AudioFrame, rate: int) -> None:
        self._kind = _kind(frame)
        # FFmpeg takes 3 dB off one channel that goes to two sides.
        layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
        self._converter = av.AudioResampler(format="flt", layout=layout, rate=rate)

    def fits(self, frame: av.AudioFrame) -> bool:
        return _kind(frame) == self._kind

    def convert(self, frame: av.AudioFrame | None) -> Float32:
        """Give the samples that are ready, shape (samples, 2); None asks for the last ones."""
        if frame is not None:
            frame.pts = None  # samples are counted, not stretched to their time stamps
        parts = [np.zeros((0, 2), np.float32)]
        for ready in self._converter.resample(frame):
            if ready is not None and ready.samples:
                samples = ready.to_ndarray().reshape(ready.samples, -1)
                parts.append(np.broadcast_to(samples, (ready.samples, 2)))
        return np.concatenate(parts)


def _kind(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _seconds(frame: av.AudioFrame) -> Fraction | None:
    if frame.pts is None or frame.time_base is None:
        return None
    return Fraction(frame.pts * frame.time_base)


def _picture_start(container: Any, otherwise: Fraction) -> Fraction:
    """Time stamp of the first picture, in seconds; `otherwise` where there are only covers."""
    for stream in container.streams.video:
        if not int(stream.disposition) & _COVER and stream.start_time is not None:
            return Fraction(stream.start_time * stream.time_base)
    return otherwise
