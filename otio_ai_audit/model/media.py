"""Media: what is decoded, and everything that is measured of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]
Int64: TypeAlias = npt.NDArray[np.int64]
UInt8: TypeAlias = npt.NDArray[np.uint8]

REPEAT_CHANGE = 0.25
"""Mean absolute change in code values below which a frame repeats the one before."""
REPEAT_PEAK = 2.0
"""Largest mean change of a cell, in code values, that a repeated frame may have (noise of re-encoding)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open interval ``[start, end)`` in seconds from the media's first frame."""

    start: Fraction
    end: Fraction

    @property
    def duration(self) -> Fraction:
        return self.end - self.start

    def overlap(self, other: Span) -> Fraction:
        """Seconds that both intervals share; 0 when they do not touch."""
        return max(Fraction(0), min(self.end, other.end) - max(self.start, other.start))


@dataclass(frozen=True, slots=True)
class Media:
    """A file, an image sequence or a still, as a worker opens it.

    `path` is absolute on this machine. For a sequence it is a printf pattern
    (``/shots/truck.%04d.png``), `numbers` are the file numbers that exist on disk, in order,
    `first`/`last` the numbers promised by the edit (holes are reported), and `rate` says how fast
    it plays. For a file `rate` is None: the file says itself.
    """

    path: str
    kind: Literal["video", "sequence", "still"] = "video"
    rate: Fraction | None = None
    numbers: tuple[int, ...] = ()
    first: int | None = None
    last: int | None = None

    def files(self) -> tuple[str, ...]:
        """Paths of every file of this medium that exists, in playing order."""
        if self.kind != "sequence":
            return (self.path,)
        return tuple(self.path % number for number in self.numbers)


@dataclass(frozen=True, slots=True)
class MediaJob:
    """What a worker is asked to measure: a medium and the interval that the edit needs.

    The worker measures the whole file where it is no longer than
    `otio_ai_audit.measure.WHOLE_FILE_LIMIT`, else `span` (handles included); None is everything.
    """

    media: Media
    span: Span | None = None
    key: str = ""
    """Content key (`otio_ai_audit.store.content_key`); the same for the same pictures."""
    cost: float = 1.0
    """Expected work in seconds of media; longest first."""
    identity: bool = False
    """Also measure `IdentitySignals`; nothing of that is imported otherwise."""
    hwaccel: str = ""
    """``auto``: decode by hardware where there is any; empty: on the processor."""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the container and the decoder say of a medium."""

    width: int
    height: int
    rate: Fraction
    """Average frames per second; frame times come from pts."""
    time_base: Fraction
    promised_frames: int | None
    """Frames that the container promises, None if it does not say."""
    pixel_format: str
    bit_depth: int
    full_range: bool
    transfer: str
    """``sdr``, ``pq``, ``hlg``, ``linear`` or ``unknown`` (treated as BT.1886)."""
    interlaced: bool = False
    variable_rate: bool = False
    rotation: int = 0
    sample_aspect: Fraction = Fraction(1)
    has_alpha: bool = False
    codec: str = ""


@dataclass(frozen=True, slots=True)
class GridSignals:
    """Per frame and cell, what needs no motion. N frames, R rows and C columns of cells.

    Every array is stored losslessly by `otio_ai_audit.store`: code values are multiples of 1/256
    (``fixed16``), the rest fits float16. Field metadata names unit and storage.
    """

    pts: Int64 = field(metadata={"unit": "time_base ticks from the media's first frame", "store": "raw"})
    """Shape (N,)."""
    luma: Float32 = field(metadata={"unit": "code values 0–255", "store": "fixed16"})
    """Cell means, shape (N, R, C)."""
    blue: Float32 = field(metadata={"unit": "code values 0–255, 128 is neutral", "store": "fixed16"})
    """Cb cell means, shape (N, R, C)."""
    red: Float32 = field(metadata={"unit": "code values 0–255, 128 is neutral", "store": "fixed16"})
    """Cr cell means, shape (N, R, C)."""
    detail: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Mean |dx|+|dy| of full-resolution luma per cell, shape (N, R, C)."""
    change: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Mean |I(t) − I(t−1)| of small luma over the picture, shape (N,); 0 for the first frame."""
    change_peak: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Largest cell mean of |I(t) − I(t−1)|, shape (N,); 0 for the first frame."""
    histogram: Float32 = field(metadata={"unit": "share of small pixels", "store": "float16"})
    """Luma histogram in 32 equal bins, shape (N, 32)."""
    low: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """1st percentile of small luma, shape (N,)."""
    high: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """99th percentile of small luma, shape (N,)."""
    kind: UInt8 = field(metadata={"unit": "ASCII of I, P, B or ?", "store": "raw"})
    """Picture type of the codec, shape (N,)."""
    corrupt: UInt8 = field(metadata={"unit": "1 where the decoder flagged damage", "store": "raw"})
    """Shape (N,)."""


@dataclass(frozen=True, slots=True)
class MotionSignals:
    """Per frame and cell, after motion is taken out. Displacements are in small pixels.

    ``back`` compares frame t with frame t−1, ``ahead`` with frame t+1; the first frame's ``back``
    and the last frame's ``ahead`` are 0 with trust 0. ``skip`` and ``outlier`` compare with t−1 and
    t+1 at once; of a frame that repeats the ones before (see `REPEAT_CHANGE`), t−1 is the last frame that
    showed another picture.
    """

    flow: Float32 = field(metadata={"unit": "small pixels", "store": "float16"})
    """(dx, dy) from a cell of frame t to where it was in frame t−1, shape (N, R, C, 2)."""
    camera: Float32 = field(metadata={"unit": "small pixels", "store": "raw"})
    """Global affine of `flow`, (dx, dy) = A·(1, x, y), x and y from the centre; shape (N, 2, 3)."""
    back: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Signed mean of I(t) − W(I(t−1)) over trusted pixels; Y, Cb, Cr; shape (N, 3, R, C)."""
    ahead: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Signed mean of I(t) − W(I(t+1)) over trusted pixels; Y, Cb, Cr; shape (N, 3, R, C)."""
    error: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Mean |I(t) − W(I(t−1))| of luma over all pixels, trusted or not, shape (N, R, C)."""
    skip: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Mean |W(I(t−1)) − W(I(t+1))| of luma, both brought to frame t, shape (N, R, C)."""
    outlier: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Mean |I(t) − median of W(I(t−1)), I(t), W(I(t+1))| of luma, shape (N, R, C); 0 for first and last."""
    trust: Float32 = field(metadata={"unit": "share of pixels", "store": "float16"})
    """Share of pixels whose forward and backward flow agree within 1.5 px, shape (N, R, C)."""
    likeness: Float32 = field(metadata={"unit": "correlation", "store": "float16"})
    """Correlation of luma gradients of I(t) and W(I(t−1)), in [−1, 1], shape (N,)."""


REGIONS = ("whole", "middle", "centre", "subject")
"""What is looked at in a sampled frame: all of it, its middle 80 and 60 %, and what stands out in it."""


@dataclass(frozen=True, slots=True)
class IdentitySignals:
    """What things look like in M sampled frames, in R regions (`REGIONS`), and F sightings of faces.

    Boxes are x, y, width and height as fractions of the decoded picture. Vectors have unit length, so
    that the cosine of two is their product.
    """

    sample: Int64 = field(metadata={"unit": "row of `GridSignals`", "store": "raw"})
    """Which frames were sampled, ascending, shape (M,)."""
    region: Float32 = field(metadata={"unit": "fractions of the picture", "store": "float16"})
    """Boxes, shape (M, R, 4)."""
    look: Float32 = field(metadata={"unit": "unit vector", "store": "float16"})
    """Embedding of each region, shape (M, R, D)."""
    colour: Float32 = field(metadata={"unit": "square root of shares of pixels", "store": "float16"})
    """Colour histogram of each region (its product is the Bhattacharyya coefficient), shape (M, R, B)."""
    face_sample: Int64 = field(metadata={"unit": "index into `sample`", "store": "raw"})
    """Shape (F,)."""
    face_track: Int64 = field(metadata={"unit": "number of the track, from 0", "store": "raw"})
    """Sightings of one person through the medium share a number, shape (F,)."""
    face_box: Float32 = field(metadata={"unit": "fractions of the picture", "store": "float16"})
    """Shape (F, 4)."""
    face_sure: Float32 = field(metadata={"unit": "detector's confidence, 0–1", "store": "float16"})
    """Shape (F,)."""
    face: Float32 = field(metadata={"unit": "unit vector", "store": "float16"})
    """Embedding of the aligned face, shape (F, 128)."""
    face_turn: Float32 = field(metadata={"unit": "distances of the eyes", "store": "float16"})
    """How far the nose lies to the right of the eyes' middle, along their line: 0 looks ahead; shape (F,)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the decoder met: it was survived, counted and is told."""

    kind: Literal["corrupt", "truncated", "missing-frames", "no-duration", "interlaced", "hdr", "other"]
    message: str
    count: int = 1
    start: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small WebP picture at display aspect; `time` in seconds from the media's first frame."""

    time: float
    data: bytes


@dataclass(frozen=True, slots=True)
class MediaSignals:
    """Everything measured of one medium over `span`; knows nothing of the edit."""

    key: str
    info: MediaInfo
    span: Span
    grid: GridSignals
    motion: MotionSignals
    problems: tuple[Problem, ...] = ()
    strip: tuple[Thumbnail, ...] = ()
    identity: IdentitySignals | None = None
    """None where it was not asked for."""

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Seconds of each frame from the media's first frame, shape (N,)."""
        base = self.info.time_base
        return np.asarray(self.grid.pts * (base.numerator / base.denominator), np.float64)

    @property
    def frame_duration(self) -> float:
        return float(1 / self.info.rate)


@dataclass(frozen=True, slots=True)
class MediaFailure:
    """A medium that could not be measured, and why, in one sentence for a person."""

    path: str
    reason: str
