"""One segment of a movie, in a worker: decode its layers, lay them over each other, draw, encode."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import video
from ..errors import MediaError
from ..model import Canvas, Layer, Planes
from ..timeline import moment, opacity_at
from .burn import Burner, Burning, FrameNote
from .options import Codec

PLATE_LUMA = 40
"""Code value of a plate that stands for a missing picture."""
FULL = 256
"""Opacity in whole numbers."""


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
    sheet = _filled(replace(job.canvas, height=height), 16)
    with video.MovieWriter(
        held, (width, height), job.rate, codec=job.codec, quality=job.quality, profile=job.profile
    ) as writer:
        for number, (planes, plate) in enumerate(_pictures(job, problems)):
            shown = planes
            if burner is not None:
                _copy(planes, sheet)
                note = job.notes[number]
                burner.draw(sheet, replace(note, plate=plate) if plate else note)
                shown = sheet
            writer.write(shown)
    return Segment(held.getvalue(), tuple(problems.values()))


class _Reader:
    """The pictures of one medium, for layers that never show it at the same time."""

    def __init__(self, layer: Layer) -> None:
        self.layers = [layer]
        self._pictures: Iterator[Planes] = iter(())
        self._trouble = layer.plate

    def takes(self, layer: Layer) -> bool:
        """Whether the medium goes on in a layer, so that one pass decodes both (a master, a cut take)."""
        last = self.layers[-1]
        return layer.media == last.media and last.end <= layer.start

    def open(self, job: SegmentJob) -> None:
        """Begin to decode what the layers show in a segment."""
        media = self.layers[0].media
        times = [
            moment(layer, frame)
            for layer in self.layers
            for frame in range(max(layer.start, job.frames[0]), min(layer.end, job.frames[1]))
        ]
        if media is not None:
            self._pictures = video.planes_at(media, times, job.canvas)

    def next(self) -> Planes:
        """Give the next picture.

        Raises
        ------
        MediaError
            From the first picture on that cannot be had.
        """
        if self._trouble:
            raise MediaError(self._trouble)
        try:
            return next(self._pictures)
        except MediaError as error:
            self._trouble = str(error)
            raise


class _Source:
    """The pictures of one layer, asked for frame by frame in rising order."""

    def __init__(self, layer: Layer, reader: _Reader, canvas: Canvas, problems: dict[str, str]) -> None:
        self.layer = layer
        self.plate = layer.plate
        self._reader = reader
        self._canvas = canvas
        self._problems = problems

    def next(self) -> Planes:
        """Give the next picture, or a plate."""
        try:
            return self._reader.next()
        except MediaError as error:
            if not self.plate:
                self.plate = str(error)
                self._problems.setdefault(self.plate, f"{self.layer.name}: {self.plate}")
            return _filled(self._canvas, PLATE_LUMA)


def _sources(job: SegmentJob, problems: dict[str, str]) -> list[_Source]:
    """Open what the layers show, in drawing order."""
    readers: dict[Layer, _Reader] = {}
    latest: dict[str, _Reader] = {}
    for layer in sorted(job.layers, key=lambda layer: layer.start):
        path = "" if layer.media is None else layer.media.path
        reader = latest.get(path)
        if reader is not None and reader.takes(layer):
            reader.layers.append(layer)
        else:
            reader = latest[path] = _Reader(layer)
        readers[layer] = reader
    for reader in set(readers.values()):
        reader.open(job)
    return [_Source(layer, readers[layer], job.canvas, problems) for layer in job.layers]


def _pictures(job: SegmentJob, problems: dict[str, str]) -> Iterator[tuple[Planes, str]]:
    """Yield the picture of every frame, and the words of the plate where its topmost layer is one."""
    sources = _sources(job, problems)
    for frame in range(*job.frames):
        shown: Planes | None = None
        plate = ""
        for source in sources:
            layer = source.layer
            if not layer.start <= frame < layer.end:
                continue
            above = source.next()
            weight = round(opacity_at(layer, frame) * FULL)
            if weight <= 0:
                continue
            if weight >= FULL and above.alpha is None:
                shown, plate = above, source.plate
                continue
            if shown is None:
                shown = _filled(job.canvas, 16)
            _lay_over(shown, above, weight)
            plate = source.plate if weight * 2 >= FULL and above.alpha is None else plate
        yield (_filled(job.canvas, 16) if shown is None else shown), plate


def _filled(canvas: Canvas, luma: int) -> Planes:
    """Give a grey picture; 16 is black."""
    shift, kind = canvas.bits - 8, np.uint8 if canvas.bits == 8 else np.uint16
    across, down = canvas.subsampling
    small = (canvas.height // down, canvas.width // across)
    return Planes(
        np.full((canvas.height, canvas.width), luma << shift, kind),
        np.full(small, 128 << shift, kind),
        np.full(small, 128 << shift, kind),
    )


def _copy(planes: Planes, sheet: Planes) -> None:
    for source, target in zip(_three(planes), _three(sheet), strict=True):
        target[: source.shape[0]] = source


def _three(planes: Planes) -> tuple[npt.NDArray[Any], ...]:
    return planes.luma, planes.blue, planes.red


def _lay_over(below: Planes, above: Planes, weight: int) -> None:
    """Mix `above` into `below`, by its opacity (of `FULL`) and its alpha."""
    for under, over in zip(_three(below), _three(above), strict=True):
        share: Any = np.int32(weight)
        if above.alpha is not None:
            rows, columns = (a // b for a, b in zip(above.alpha.shape, over.shape, strict=True))
            alpha = above.alpha[::rows, ::columns].astype(np.int32)
            share = (alpha + (alpha >> 7)) * weight >> 8
        change = (over.astype(np.int32) - under) * share
        under += ((change + FULL // 2) >> 8).astype(under.dtype)
