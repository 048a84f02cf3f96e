"""The edit as a picture: what lies over what in every record frame, and what is heard."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy.typing as npt

from .edit import TimelineInfo
from .media import Media

Ramp = tuple[tuple[Fraction, Fraction], ...]
"""Knots (record frame, value): linear between, constant beyond. A frame has the value of its middle."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One stretch of one clip in the picture; layers lie over those before them in `Film.layers`."""

    id: str
    """`ClipUse.id`, or that of what could not be looked at."""
    name: str
    media: Media | None
    """None: there is nothing to decode, a plate with the words of `plate` stands for it."""
    start: int
    end: int
    """Record frames ``[start, end)`` from the timeline's first one that it may cover, dissolves included."""
    origin: int
    """Record frame from which `knots` count."""
    knots: tuple[tuple[Fraction, Fraction], ...]
    """As in `ClipUse`: seconds since `origin` to seconds of the medium. Empty without a medium."""
    opacity: Ramp = ()
    """0 to 1; empty is opaque."""
    plate: str = ""
    """Why nothing can be shown (``File not found: …``)."""
    lacks: tuple[str, ...] = ()
    """What the edit does to it that is not rendered (``zoom``, ``crop``)."""
    rate: Fraction = Fraction(24)
    """Timeline rate."""
    grid: Fraction | None = None
    """Frame rate of the medium as the edit has it; None where it does not say."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One stretch of one clip on an audio track."""

    name: str
    path: str
    """The file, absolute."""
    start: Fraction
    end: Fraction
    """Record frames, exact."""
    source: Fraction
    """Seconds from the file's first sample that are heard at `start`."""
    speed: Fraction = Fraction(1)
    """1 is normal, negative runs backwards."""
    gain: Ramp = ()
    """Linear gain; empty is 1."""


@dataclass(frozen=True, slots=True)
class Film:
    """Everything that is needed to render an edit, without the edit."""

    info: TimelineInfo
    layers: tuple[Layer, ...]
    """From the bottom up."""
    sounds: tuple[Sound, ...] = ()
    size: tuple[int, int] | None = None
    """Width and height of the timeline's picture in square pixels, where the edit says it."""
    lacks: tuple[str, ...] = ()
    """Sentences: what the edit asks for that is not rendered, and where."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """What all pictures of a movie are brought to before they are laid over each other."""

    width: int
    height: int
    """Square pixels, both even."""
    pixel_format: str = "yuv420p"
    """``yuv420p``, or ``yuv422p10le`` (ProRes). BT.709, limited range."""

    @property
    def bits(self) -> int:
        return 10 if self.pixel_format.endswith("p10le") else 8

    @property
    def subsampling(self) -> tuple[int, int]:
        """Luma samples per chroma sample, across and down."""
        return (2, 1) if "422" in self.pixel_format else (2, 2)


@dataclass(frozen=True, slots=True)
class Planes:
    """One picture on a canvas; contiguous arrays that may be drawn into.

    Limited range: black is 16, white 235, neutral chroma 128, each times four at 10 bits.
    """

    luma: npt.NDArray[Any]
    """Shape (height, width), uint8 or uint16."""
    blue: npt.NDArray[Any]
    red: npt.NDArray[Any]
    """Cb and Cr, shape (height // down, width // across)."""
    alpha: npt.NDArray[Any] | None = None
    """Shape (height, width), uint8, 255 is opaque; None where all of it is. Colour is not premultiplied."""
    box: tuple[int, int, int, int] | None = None
    """Where `alpha` is 255 inside a rectangle and 0 outside: left, top, width and height, even numbers."""

    @property
    def channels(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """Luma, Cb and Cr."""
        return self.luma, self.blue, self.red

    def copy(self) -> Planes:
        """Give the same picture in arrays of its own."""
        alpha = None if self.alpha is None else self.alpha.copy()
        return Planes(self.luma.copy(), self.blue.copy(), self.red.copy(), alpha, self.box)
