"""Pictures of a medium at any times, in the order that an edit asks for them, on a canvas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from fractions import Fraction
from math import floor

import av

from otio_ai_audit.model import Canvas, Media, MediaInfo, Planes
from otio_ai_audit.video.fit import Fitter
from otio_ai_audit.video.picture import FAR_APART
from otio_ai_audit.video.probe import describe, open_source, slack_of
from otio_ai_audit.video.sequence import SequenceSource
from otio_ai_audit.video.source import Source

HELD = 24
"""Pictures, already on the canvas, that are held where times do not rise."""


def planes_at(
    media: Media, times: Sequence[Fraction], canvas: Canvas, *, threads: int = 1, shared: bool = False
) -> Generator[Planes, None, None]:
    """Give the picture that is shown at each of some times, on a canvas.

    Times that rise are passed over once, and only the picture in hand and the one after it are in memory;
    more than 10 s between two of them are sought. Times in any other order are taken 24 at a time.

    Parameters
    ----------
    media : Media
        A file, a sequence or a still.
    times : sequence of Fraction
        Seconds from the first displayed frame, in any order. Each gives the nearest frame at or before
        it; a time outside the medium, in a hole of a sequence or in a stretch that cannot be decoded
        gives the last good picture before it, or the first one where there is none before. Where a frame
        lasts many ticks of the medium's time base, one tick of rounding is forgiven, as in `read_frames`.
    canvas : Canvas
        Size and format. Pictures are scaled to fit into it at their display aspect, upright, in the
        middle, as BT.709 in limited range; HDR is shown through the tone curve of `rgb_frames`.
    threads : int
        Decoder threads (slices; never frames).
    shared : bool
        The pictures are only looked at or copied from: nothing is copied for each of them to have arrays
        of its own. They may be read-only, padded, and the same for times that show the same picture.

    Yields
    ------
    Planes
        One for each time, in contiguous arrays of its own that may be drawn into. What lies beside
        the picture is black and transparent; an opaque one that covers all of the canvas has no alpha.

    Raises
    ------
    MediaError
        On the first picture: the medium cannot be opened, has no video or no picture that can be decoded.
    """
    if not times:
        return
    source = open_source(media, threads)
    try:
        info = describe(source)
        fit = Fitter(canvas, info, shared=shared).planes
        again = _itself if shared else Planes.copy
        footage = _Footage(source, info)
        for stretch, rising in _stretches(footage.ticks(times)):
            if rising:
                for picture, count in footage.shown(stretch):
                    planes = fit(picture)
                    for _ in range(count - 1):
                        yield again(planes)
                    yield planes
            else:
                held: dict[int, Planes] = {}
                use: list[int] = []
                for index, (picture, count) in enumerate(footage.shown(sorted(stretch))):
                    held[index] = fit(picture)
                    use += [index] * count
                yield from _in_order(stretch, use, held, again)
    finally:
        source.close()


def _in_order(
    ticks: Sequence[int], use: Sequence[int], held: dict[int, Planes], again: Callable[[Planes], Planes]
) -> Iterator[Planes]:
    """Yield held pictures in the order of `ticks`; `use` says which one each of the sorted ticks shows."""
    picture_of = dict(zip(sorted(ticks), use, strict=True))
    left = Counter(use)
    for tick in ticks:
        index = picture_of[tick]
        left[index] -= 1
        yield again(held[index]) if left[index] else held.pop(index)


def _itself(planes: Planes) -> Planes:
    return planes


def _stretches(ticks: list[int]) -> Iterator[tuple[list[int], bool]]:
    """Cut into long stretches that never fall (True), and others of at most `HELD` different ticks."""
    at = 0
    while at < len(ticks):
        end = at + 1
        while end < len(ticks) and ticks[end] >= ticks[end - 1]:
            end += 1
        rising = end - at >= HELD or end == len(ticks)
        if not rising:
            different: set[int] = set()
            end = at
            while end < len(ticks) and len(different | {ticks[end]}) <= HELD:
                different.add(ticks[end])
                end += 1
        yield ticks[at:end], rising
        at = end


class _Footage:
    """Finds the pictures that rising ticks of one medium show."""

    def __init__(self, source: Source, info: MediaInfo) -> None:
        self._source = source
        self._base = info.time_base
        self._slack = slack_of(info)
        frames = info.promised_frames
        self._end = None if frames is None else int((frames - 1) / info.rate / info.time_base)

    def ticks(self, times: Sequence[Fraction]) -> list[int]:
        """Bring times to the latest ticks that a picture shown at them may have."""
        ticks = [max(0, floor(time / self._base) + self._slack) for time in times]
        if self._end is not None and isinstance(self._source, SequenceSource):  # there it is no estimate
            return [min(tick, self._end) for tick in ticks]
        return ticks

    def shown(self, ticks: Sequence[int]) -> Iterator[tuple[av.VideoFrame, int]]:
        """Yield every picture that is shown at some of these rising ticks, and at how many of them."""
        far = int(FAR_APART / self._base)
        begin = 0
        for at in range(1, len(ticks) + 1):
            if at == len(ticks) or ticks[at] - ticks[at - 1] > far:
                yield from self._shown_near(ticks[begin:at])
                begin = at

    def _shown_near(self, ticks: Sequence[int]) -> Iterator[tuple[av.VideoFrame, int]]:
        done = 0
        before: av.VideoFrame | None = None
        for tick, picture in self._pictures(ticks[0]):
            begin = done
            while done < len(ticks) and ticks[done] < tick:
                done += 1
            if done > begin:
                yield before or picture, done - begin
            if done == len(ticks):
                return
            before = picture
        yield before or self._source.first, len(ticks) - done

    def _pictures(self, start: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield pictures from the last good one at or before tick `start`, or from the first one.

        What is asked for beyond the end is looked for at the end. Where nothing before `start` could be
        decoded (a sequence finds that out only on reading its files), the search goes further back.
        """
        if self._end is not None:
            start = min(start, self._end)
        back = 1
        while True:
            pictures = self._source.pictures(start)
            first = next(pictures, None)
            if start == 0 or (first is not None and first[0] <= start):
                break
            start = max(0, start - back)
            back *= 2
        if first is not None:
            yield first[:2]
        for tick, picture, _ in pictures:
            yield tick, picture
