"""Reading a medium frame by frame, over a span of time, as planes without copies."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from types import TracebackType

from otio_ai_audit.model import Media, MediaInfo, Problem, Span
from otio_ai_audit.video.hardware import HardwareDoubtError
from otio_ai_audit.video.planes import Frame, PlaneReader
from otio_ai_audit.video.probe import describe, open_source, remarks, slack_of


def read_frames(
    media: Media, span: Span | None = None, *, threads: int = 1, hwaccel: str = ""
) -> FrameReader:
    """Open a medium and give its frames in order of display.

    Parameters
    ----------
    media : Media
        A file, a sequence or a still.
    span : Span or None
        Seconds from the first displayed frame; every frame whose time lies in ``[start, end)`` is given,
        and no other. Times are compared in ticks of the medium's time base, so that a container with
        coarse ticks (Matroska's milliseconds) loses no frame. None is everything.
    threads : int
        Decoder threads (slices; never frames). 1 is best where each core runs its own process.
    hwaccel : str
        ``auto``: decode by hardware where there is a device that gives the same pictures, else on the
        processor; the log says which. Sequences and stills are always decoded on the processor.

    Returns
    -------
    FrameReader
        A context manager and iterator. At most the frame in hand and the decoder's own are in memory.

    Raises
    ------
    MediaError
        The medium cannot be opened, has no video or no picture that can be decoded.
    HardwareDoubtError
        At the end of the iteration: a device decoded it and met damage. It is to be read again without.
    """
    return FrameReader(media, span, threads, hwaccel)


class FrameReader:
    """Frames of one medium over one span; `problems` is complete when the iteration has ended."""

    def __init__(self, media: Media, span: Span | None = None, threads: int = 1, hwaccel: str = "") -> None:
        self._path = media.path
        self._source = open_source(media, threads, hwaccel)
        self.info: MediaInfo = describe(self._source)
        self.problems: list[Problem] = self._source.problems
        self.problems.extend(remarks(self.info))
        self._span = span
        self._planes = PlaneReader(self._source.first, self.info.time_base, interlaced=self.info.interlaced)
        self._frames = self._read()

    def __enter__(self) -> FrameReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Generator[Frame, None, None]:
        return self._frames

    def __next__(self) -> Frame:
        return next(self._frames)

    @property
    def device(self) -> str:
        """Name of the device that decodes; empty where the processor does."""
        return self._source.device

    def close(self) -> None:
        """Close the medium; frames that are still held stay valid."""
        self._frames.close()
        self._source.close()

    def _read(self) -> Generator[Frame, None, None]:
        start, end = tick_range(self.info, self._span)
        frame_of = self._planes.frame
        last, count, ended = None, 0, False
        pictures = self._source.pictures(start)
        for ticks, picture, damaged in pictures:
            last = ticks
            if ticks < start:
                continue
            if end is not None and ticks >= end:
                ended = True
                break
            count += 1
            yield frame_of(picture, ticks, damaged)
        if ended:
            self._source.report_early_stop()
        else:
            self._source.finish(last, count, start <= 0)
        if self.device and (self._planes.odd or any(problem.kind == "corrupt" for problem in self.problems)):
            raise HardwareDoubtError(f"{self._path} is not sound: decode it on the processor.")
        if self._planes.odd:
            self.problems.append(
                Problem(
                    "other",
                    "Frames differ from the first in size or pixel format; they were converted to it.",
                    self._planes.odd,
                )
            )


def tick_range(info: MediaInfo, span: Span | None) -> tuple[int, int | None]:
    """Bring a span to ticks; where a frame lasts many ticks, one tick of rounding is forgiven.

    The same amount is taken from both ends, so spans that touch never share or lose a frame.
    """
    if span is None:
        return 0, None
    slack = slack_of(info)

    def ticks(seconds: Fraction) -> int:
        exact = seconds / info.time_base
        return round(exact) - slack if slack else -(-exact.numerator // exact.denominator)

    return max(0, ticks(span.start)), ticks(span.end)
