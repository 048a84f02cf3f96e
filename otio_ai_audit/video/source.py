"""Opening a movie file and getting decoded pictures out of it, also where it is damaged."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import av
import av.error
import av.logging

from otio_ai_audit.errors import MediaError
from otio_ai_audit.model import Problem
from otio_ai_audit.video import hardware
from otio_ai_audit.video.promise import check_end

DECODE_FROM_START = Fraction(5)
"""Seconds up to which a start inside the file is reached by decoding from frame 0."""
SEEK_BACK = (Fraction(0), Fraction(2), Fraction(10))
"""Seconds before the target at which a seek is tried, in turn, until the start is right."""
MAX_FAILURES = 500
"""Packets in a row that may fail before the rest of a file is given up."""

ODD_TEXT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
"""Tags that are not UTF-8 do not stop PyAV from 19 on; before that it has to be asked."""

# FFmpeg conceals damage and only complains about it. Its complaints are caught around every packet and
# make a frame `corrupt`; nothing is shown, a person gets our `Problem`. PyAV ignores them altogether by
# default, and passes over one that repeats the last: then the second clip of a run would seem sound.
av.logging.set_level(av.logging.ERROR)
av.logging.set_skip_repeated(False)
logging.getLogger("libav").setLevel(logging.CRITICAL + 1)


class Source(Protocol):
    """Where decoded pictures come from: a movie file or a sequence of picture files."""

    first: av.VideoFrame
    """The first displayed picture."""
    time_base: Fraction
    rate: Fraction
    problems: list[Problem]
    device: str
    """Name of the device that decodes; empty where the processor does."""

    def pictures(self, start: int) -> Iterator[tuple[int, av.VideoFrame, bool]]:
        """Yield (ticks from the first picture, picture, damaged), beginning at or before tick `start`."""

    def finish(self, last: int | None, count: int, whole: bool) -> None:
        """Compare what was got with what was promised, once the end was reached; fills `problems`."""

    def close(self) -> None: ...


def check_readable(path: str) -> None:
    """Say in one sentence why a path cannot be opened as media.

    Raises
    ------
    MediaError
    """
    file = Path(path)
    try:
        if file.is_dir():
            raise MediaError(f"{path} is a folder, not a media file; name the file.")
        with file.open("rb") as stream:
            if not stream.read(1):
                raise MediaError(f"{path} is empty (0 bytes); render or copy it again.")
    except FileNotFoundError as error:
        raise MediaError(f"File not found: {path}; relink it or give its folder.") from error
    except PermissionError as error:
        raise MediaError(f"{path} may not be read (no permission); change its access rights.") from error
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}.") from error


class FileSource:
    """A movie file: finds its video stream, its first displayed picture and what it promises."""

    def __init__(self, path: str, threads: int = 1, hwaccel: str = "") -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.device = hardware.hardware().device if hwaccel == "auto" else ""
        self._threads = threads
        self._failed = 0
        self._damaged = 0
        self._backwards = 0
        self._first_damage: int | None = None
        self._key: int | None = None
        self._gave_up = False
        check_readable(path)
        try:
            self._begin()
        except MediaError:
            if not self.device:
                raise
            self.device = ""  # what a device cannot decode, the processor may
            self._forget_damage()
            self._begin()
        if hwaccel:
            self._tell_decoder()

    # --- opening

    def _begin(self) -> None:
        self._open()
        try:
            self._decoder = self._decode()
            self._find_first()
        except BaseException:
            self.close()
            raise

    def _tell_decoder(self) -> None:
        if self.device and self.first.format.name not in hardware.AS_SOFTWARE:
            self.device = ""  # FFmpeg went over to the processor by itself
        decoder = self.stream.codec_context.name
        hardware.log.info("%s: decoded by %s on %s.", self.path, decoder, self.device or "the processor")

    def _open(self) -> None:
        try:
            with av.logging.Capture():
                self.container = self._opened()
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(_why_unreadable(self.path)) from error
        streams = [s for s in self.container.streams.video if not _is_cover(s)]
        if not streams:
            kinds = sorted({s.type for s in self.container.streams})
            self.container.close()
            held = f"it holds only {' and '.join(kinds)}" if kinds else "it holds no streams"
            raise MediaError(f"{self.path} has no video stream ({held}); leave it out or relink it.")
        self.stream: Any = streams[0]
        context = self.stream.codec_context
        if context is None:
            tag = getattr(self.stream, "codec_tag", "") or "unknown"
            self.container.close()
            raise MediaError(f"{self.path} uses a codec that cannot be decoded here ({tag}); convert it.")
        context.thread_count = self._threads
        # Slices only: frame threads have stalled when decoding stopped early.
        context.thread_type = "SLICE" if self._threads > 1 else "NONE"
        self.time_base = Fraction(self.stream.time_base or Fraction(1, 1000))

    def _opened(self) -> Any:
        # A text file can pass for a playlist: never let it reach out to other files or hosts.
        options: dict[str, Any] = {"options": {"protocol_whitelist": "file"}, **ODD_TEXT}
        if self.device:
            container = hardware.open_with(self.path, self.device, **options)
            if container is not None:
                return container
            self.device = ""
        return av.open(self.path, **options)

    def _find_first(self) -> None:
        entry = next(self._decoder, None)
        if entry is None:
            raise MediaError(
                f"No video frame could be decoded from {self.path} "
                f"({self._failed} damaged packets); render or copy it again."
            )
        self._waiting: tuple[av.VideoFrame, bool] | None = entry
        self.first = entry[0]
        self.rate = rate_of(self.stream)
        self._step = max(1, round(1 / self.rate / self.time_base))
        # AVI stores no time of display: where pictures are reordered, they are counted instead.
        reordered = self.container.format.name == "avi" and self.stream.codec_context.has_b_frames
        self._timed = self.first.pts is not None and not reordered
        self._origin = (_stamp(self.first) or 0) if self._timed else 0
        start = self.stream.start_time
        if self._failed and self._timed and start is not None and start < self._origin:
            self._origin = start  # the first pictures are lost; the others keep their times

    # --- decoding

    def _decode(self, sought: bool = False) -> Iterator[tuple[av.VideoFrame, bool]]:
        """Decode from where the container stands; damaged packets are counted and passed over.

        After a seek, pictures in front of the first key frame hang on pictures that were not decoded:
        they, and complaints about them, are dropped.
        """
        capture = av.logging.Capture
        stream = self.stream
        packets = self.container.demux(stream)
        damaged: set[int | None] = set()
        failures = 0
        self._key = None
        while True:
            packet: Any = None
            log: list[Any]
            broken = False
            with capture() as log:
                try:
                    packet = next(packets, None)
                    if packet is None:
                        return
                    frames = packet.decode()
                    failures = 0
                except av.error.EOFError:
                    return
                except av.error.FFmpegError:
                    frames = []
                    broken = True
                    failures += 1
                    if failures >= MAX_FAILURES:
                        self._gave_up = True
                        return
                    if packet is None:  # reading failed, not decoding: go on behind it
                        packets = self.container.demux(stream)
            if self._key is None and packet is not None and packet.is_keyframe:
                self._key = _stamp(packet)
            if sought and log:  # H.264 is told to forget pictures that were never decoded: harmless
                log = [entry for entry in log if "mmco" not in entry[2]]
            if (broken or log) and not (sought and self._leads(packet)):
                self._failed += broken
                self._note_damage(packet)
                if log and packet is not None and packet.size:
                    damaged.add(packet.pts)
            for frame in frames:
                if sought and self._leads(frame):
                    continue
                bad = bool(frame.is_corrupt)
                if damaged and frame.pts in damaged:
                    damaged.discard(frame.pts)
                    bad = True
                if bad:
                    self._damaged += 1
                    self._note_damage(frame)
                yield frame, bad

    def _leads(self, packet: Any) -> bool:
        """Whether a packet's picture is shown before the key frame that decoding began with."""
        if packet is None:
            return False
        stamp = _stamp(packet)
        return self._key is None or (stamp is not None and stamp < self._key)

    def _note_damage(self, carrier: Any) -> None:
        """Remember the time of the first damaged packet or frame."""
        if self._first_damage is None and carrier is not None:
            self._first_damage = _stamp(carrier)

    def _timed_pictures(
        self, entries: Iterator[tuple[av.VideoFrame, bool]]
    ) -> Iterator[tuple[int, av.VideoFrame, bool]]:
        last: int | None = None
        origin, step, timed = self._origin, self._step, self._timed
        for frame, bad in entries:
            stamp = _stamp(frame) if timed else None
            ticks = stamp - origin if stamp is not None else 0 if last is None else last + step
            if last is not None and ticks <= last:
                self._backwards += 1
                ticks = last + 1
            last = ticks
            yield ticks, frame, bad

    def pictures(self, start: int) -> Iterator[tuple[int, av.VideoFrame, bool]]:
        """Yield every picture from at or before tick `start`; exact also on long groups of pictures.

        Up to 5 s are decoded from frame 0. Further in, the file is sought and the first key frame and the
        first picture after it are checked against `start`; where they lie behind it (some HEVC files do
        that) an earlier place is tried, at last frame 0.
        """
        if self._timed and start * self.time_base > DECODE_FROM_START:
            for back in SEEK_BACK:
                target = start - round(back / self.time_base)
                if target <= 0:
                    break
                found = self._seek(target, start)
                if found is not None:
                    yield from found
                    return
        if self._waiting is None:
            self._rewind()
        yield from self._timed_pictures(self._from_start())

    def _rewind(self) -> None:
        self.container.close()
        self._open()
        self._forget_damage()
        self._decoder = self._decode()

    def _forget_damage(self) -> None:
        """Start counting afresh: what is read again is not to be counted twice."""
        self._failed = self._damaged = self._backwards = 0
        self._first_damage = None

    def _from_start(self) -> Iterator[tuple[av.VideoFrame, bool]]:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            yield waiting
        yield from self._decoder

    def _seek(self, target: int, start: int) -> Iterator[tuple[int, av.VideoFrame, bool]] | None:
        """Seek to `target`; the pictures from there, or None where they begin after `start`."""
        self._waiting = None
        self._forget_damage()
        try:
            with av.logging.Capture():
                self.container.seek(self._origin + target, stream=self.stream)
        except av.error.FFmpegError:
            return None
        pictures = self._timed_pictures(self._decode(sought=True))
        first = next(pictures, None)
        if first is None or self._key is None:
            return None
        if max(self._key - self._origin, first[0]) > start:
            return None
        if int(first[1].pict_type) in (2, 3):  # P, B: a rolling refresh, whole only some frames later
            return None
        return chain([first], pictures)

    # --- what was promised

    def finish(self, last: int | None, count: int, whole: bool) -> None:
        """Report damage, and an end that came before the promised one.

        Parameters
        ----------
        last : int or None
            Ticks of the last picture got.
        count : int
            Pictures got; compared with the promised number where `whole`.
        whole : bool
            The file was read from its first picture to its end.
        """
        lost, problem = (0, None) if last is None else check_end(self, last, count, whole)
        self._failed = max(self._failed, lost)
        self._report_damage()
        if self._backwards:
            self.problems.append(
                Problem("other", "Frames whose time does not move forward; given in order.", self._backwards)
            )
        if problem is not None:
            self.problems.append(problem)

    def report_early_stop(self) -> None:
        """Report what was met where reading stopped before the file's end, as asked."""
        self._report_damage()

    @property
    def origin(self) -> int:
        """Time stamp of the first displayed picture, in ticks of the stream."""
        return self._origin

    @property
    def step(self) -> int:
        """Ticks of one frame."""
        return self._step

    def _report_damage(self) -> None:
        count = self._failed + self._damaged
        if not count:
            return
        place = Fraction(0)
        text = f"{count} damaged {'frame' if count == 1 else 'frames'}"
        if self._first_damage is not None:
            place = max(Fraction(0), (self._first_damage - self._origin) * self.time_base)
            text += f", first at {float(place):.2f} s"
        text += "; the rest was given up." if self._gave_up else "."
        self.problems.append(Problem("corrupt", text, count, place))

    def close(self) -> None:
        self.container.close()


def _stamp(carrier: Any) -> int | None:
    """Time stamp of a packet or frame: of presentation, or of decoding where there is no other."""
    stamp: int | None = carrier.pts if carrier.pts is not None else carrier.dts
    return stamp


def _is_cover(stream: Any) -> bool:
    """Whether a video stream is only a cover picture beside the sound."""
    return bool(int(stream.disposition) & 0x400)


def _why_unreadable(path: str) -> str:
    with Path(path).open("rb") as file:
        head = file.read(64)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return f"{path} was cut short: its index is missing at the end; render or copy it again."
    return f"{path} is not a media file, or is damaged from its beginning; render or copy it again."


def rate_of(stream: Any) -> Fraction:
    """Average frames per second; coarse time stamps (Matroska's milliseconds) are snapped.

    Rates within 2 in 10,000 of a whole number or of a whole number × 1000/1001 become that.
    """
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and Fraction(1, 100) <= rate <= 1000:
            return snap_rate(Fraction(rate))
    return Fraction(25)


def snap_rate(rate: Fraction) -> Fraction:
    """Snap a rate to the nearest whole number, or that times 1000/1001, where it is that close."""
    candidates = [Fraction(round(rate)), Fraction(round(rate * 1001 / 1000) * 1000, 1001)]
    best = min(candidates, key=lambda candidate: abs(candidate - rate))
    if best > 0 and abs(best - rate) / rate < Fraction(2, 10000):
        return best
    return rate.limit_denominator(100000)
