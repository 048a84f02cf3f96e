"""One segment of a movie, in a worker: decode its layers, lay them over each other, draw, encode."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from .. import video
from ..errors import MediaError
from ..gather import here
from ..model import Canvas, Layer, Media, Planes
from ..timeline import moment, opacity_at
from .blend import BLACK, FULL, copy_into, filled, lay_over
from .burn import Burner, Burning, FrameNote
from .options import Codec

PLATE_LUMA = 40
"""Code value of a plate that stands for a missing picture."""


@dataclass(frozen=True, slots=True)
class SegmentJob:
    """What a worker needs to render record frames ``[start, end)``."""

    frames: tuple[int, int]
    layers: tuple[Layer, ...]
    canvas: Canvas
    panel: int
    """Rows below the picture."""
    rate: Fraction
    codec: Codec
    quality: int | None
    profile: str
    burning: Burning | None
    """None draws nothing."""
    notes: tuple[FrameNote, ...] = ()
    """One for each frame, where something is drawn."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A rendered segment."""

    data: bytes
    problems: tuple[str, ...] = ()
    """Sentences: which pictures could not be shown."""


def render_segment(job: SegmentJob) -> Segment:
    """Render a segment; what cannot be decoded is a plate, and a problem."""
    held = io.BytesIO()
    problems: dict[str, str] = {}
    width, height = job.canvas.width, job.canvas.height + job.panel
    burner = None
    if job.burning is not None:
        canvas = job.canvas
        burner = Burner(width, canvas.height, job.panel, canvas.bits, canvas.subsampling, job.burning)
    sheet = filled(replace(job.canvas, height=height), BLACK)
    with video.MovieWriter(
        held, (width, height), job.rate, codec=job.codec, quality=job.quality, profile=job.profile
    ) as writer:
        for number, (planes, plate) in enumerate(_pictures(job, problems)):
            shown = planes
            if burner is not None:
                copy_into(sheet, planes)
                note = job.notes[number]
                burner.draw(sheet, replace(note, plate=plate))
                shown = sheet
            writer.write(shown)
    return Segment(held.getvalue(), tuple(problems.values()))


class _Reader:
    """The pictures of one medium, for layers that never show it at the same time."""

    def __init__(self, layer: Layer) -> None:
        self._media = layer.media
        self._last = layer
        self._times: list[Fraction] = []
        self._left = 0
        self._pictures: Generator[Planes, None, None] | None = None
        self.trouble = layer.plate

    def goes_on_in(self, layer: Layer) -> bool:
        """Whether one pass decodes a layer too: a master, a take that is cut."""
        return layer.media is not None and layer.media == self._media and self._last.end == layer.start

    def want(self, layer: Layer, frame: int) -> None:
        """Ask for the picture of a layer in a record frame; frames come in rising order."""
        self._last = layer
        if self._media is not None:
            self._times.append(moment(layer, frame))

    def next(self, canvas: Canvas) -> Planes:
        """Give the next picture that was asked for; a plate from the first one on that cannot be had."""
        if self.trouble or self._media is None:
            return filled(canvas, PLATE_LUMA)
        if self._pictures is None:
            self._pictures = video.planes_at(here(self._media), self._times, canvas, shared=True)
            self._left = len(self._times)
        try:
            picture = next(self._pictures)
        except MediaError as error:
            self.trouble = str(error)
            return filled(canvas, PLATE_LUMA)
        self._left -= 1
        if not self._left:  # a segment may hold many clips: their decoders must not wait for its end
            self._pictures.close()
        return picture


Seen = list[tuple[Layer, int]]
"""Layers of one frame, the lowest first, and how opaque each is, of `FULL`."""


def _seen(job: SegmentJob) -> list[Seen]:
    """Say what is seen in each frame: nothing below a picture that covers all of it is decoded."""
    covering: dict[Media, bool] = {}

    def covers(media: Media | None) -> bool:
        if media is None:
            return True
        if media not in covering:
            try:
                covering[media] = video.covers(video.probe(here(media)), job.canvas)
            except MediaError:
                covering[media] = True  # a plate will stand for it
        return covering[media]

    found = []
    for frame in range(*job.frames):
        stack = [layer for layer in job.layers if layer.start <= frame < layer.end]
        seen: Seen = []
        while stack:
            layer = stack.pop()
            weight = round(opacity_at(layer, frame) * FULL)
            if weight > 0:
                seen.insert(0, (layer, weight))
            if stack and weight >= FULL and covers(layer.media):
                break
        found.append(seen)
    return found


def _pictures(job: SegmentJob, problems: dict[str, str]) -> Iterator[tuple[Planes, str]]:
    """Yield the picture of every frame, and the words of the plate where its topmost layer is one."""
    frames = _seen(job)
    readers = _readers(job, frames)
    for seen in frames:
        shown: Planes | None = None
        own = False
        plate = ""
        for layer, weight in seen:
            above = readers[layer].next(job.canvas)
            trouble = readers[layer].trouble
            if trouble:
                problems.setdefault(f"{layer.name} {trouble}", f"{layer.name}: {trouble}")
            if weight >= FULL and above.alpha is None:
                shown, own, plate = above, False, trouble
                continue
            if not own:  # what a reader gives is shared with its other frames
                shown, own = filled(job.canvas, BLACK) if shown is None else shown.copy(), True
            assert shown is not None
            lay_over(shown, above, weight)
            if weight * 2 >= FULL and above.alpha is None:
                plate = trouble
        yield (filled(job.canvas, BLACK) if shown is None else shown), plate


def _readers(job: SegmentJob, frames: Sequence[Seen]) -> dict[Layer, _Reader]:
    """Choose who reads each layer, and tell them what is wanted."""
    readers: dict[Layer, _Reader] = {}
    latest: dict[Media | None, _Reader] = {}
    for frame, seen in enumerate(frames, start=job.frames[0]):
        for layer, _ in seen:
            if layer not in readers:
                reader = latest.get(layer.media)
                if reader is None or not reader.goes_on_in(layer):
                    reader = latest[layer.media] = _Reader(layer)
                readers[layer] = reader
            readers[layer].want(layer, frame)
    return readers
