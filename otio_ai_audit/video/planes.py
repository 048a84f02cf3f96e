"""From a decoded picture to planes that kernels can read: mostly views, in a few cases one conversion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np
from av.video.reformatter import VideoReformatter

from otio_ai_audit.errors import MediaError
from otio_ai_audit.video.linear import Plane, from_linear, frozen, nearest

PLANAR_8 = frozenset(
    [f"yuv{s}p" for s in ("410", "411", "420", "422", "440", "444")]
    + [f"yuvj{s}p" for s in ("411", "420", "422", "440", "444")]
    + ["gray"]
)
"""8-bit formats whose planes 0, 1, 2 are Y, Cb, Cr."""

PLANAR_16 = frozenset(
    [f"yuv{s}p{d}le" for s in ("420", "422", "444") for d in (9, 10, 12, 14, 16)]
    + ["yuv440p10le", "yuv440p12le"]
    + [f"gray{d}le" for d in (9, 10, 12, 14, 16)]
)
"""The same with 9 to 16 bits, in the low bits of little-endian words."""

PLANAR_ALPHA = frozenset(
    [f"yuva{s}p" for s in ("420", "422", "444")]
    + [f"yuva{s}p{d}le" for s in ("420", "422", "444") for d in (9, 10, 12, 16)]
)
"""Y, Cb, Cr as above, and plane 3 is alpha."""

INTERLEAVED = {"nv12": 0, "nv16": 0, "nv24": 0} | {
    f"p{s}{d}le": 16 - d for s in ("0", "2", "4") for d in (10, 12, 16)
}
"""Plane 0 is Y, plane 1 is Cb and Cr in turn; the value is how far the bits stand too high."""

LUMA_FIRST = PLANAR_8 | PLANAR_16 | PLANAR_ALPHA | frozenset(INTERLEAVED)
"""Every format whose plane 0 is read as luma without a conversion."""

_KINDS = {1: "I", 2: "P", 3: "B", 4: "P", 5: "I", 6: "P", 7: "B"}


@dataclass(slots=True)
class Frame:
    """One picture as planes that the decoder holds: whole padded rows, read-only, mostly without a copy.

    Attributes
    ----------
    pts : int
        Ticks of `time_base` from the media's first frame.
    planes : tuple of numpy.ndarray
        Y, Cb and Cr (or Y alone; or Y and Cb, Cr in turn where `interleaved`), each C-contiguous of
        shape (rows, pitch), uint8 or little-endian uint16. Columns past the width are padding.
        They stay valid for as long as they are held.
    width, height : int
        Luma pixels. Of interlaced video one field is given: half the height, every second row.
    chroma_width, chroma_height : int
        Pixels of each chroma plane; 0 where there is none.
    depth, shift : int
        Significant bits of a sample, and how far to shift it right (6 for ``p010le``).
    full_range : bool
        True: 0 to 2^depth − 1. False: luma 16–235 and chroma 16–240, times 2^(depth − 8).
    kind : str
        Picture type of the codec: ``I``, ``P``, ``B`` or ``?``.
    corrupt : bool
        The decoder met damage in this picture.
    alpha : numpy.ndarray or None
        Opacity over the full code range, shape (rows, pitch) with the same dtype as luma; None where
        everything is opaque. The planes are already laid over mid-grey by it.
    """

    pts: int
    time_base: Fraction
    planes: tuple[Plane, ...]
    width: int
    height: int
    chroma_width: int
    chroma_height: int
    interleaved: bool
    depth: int
    shift: int
    full_range: bool
    kind: str
    corrupt: bool
    alpha: Plane | None = None

    @property
    def time(self) -> Fraction:
        """Seconds from the media's first frame."""
        return self.pts * self.time_base


@dataclass(frozen=True, slots=True)
class Layout:
    """How pictures of one format, size and range become planes; made once, used for every frame."""

    convert_to: str | None
    dtype: str
    count: int
    """Planes that are read as they stand."""
    alpha: bool
    linear: bool
    depth: int
    shift: int
    interleaved: bool
    full_range: bool
    source_full_range: bool
    chroma_width: int
    chroma_height: int
    lowered: int = 0
    """Bits by which samples that stand too high are brought down: of full range the top would be missed."""

    def like(self, other: Layout) -> bool:
        """Whether frames of both look the same to a kernel (alpha is already laid over grey)."""
        return all(
            getattr(self, name) == getattr(other, name)
            for name in (
                "dtype",
                "count",
                "linear",
                "depth",
                "shift",
                "interleaved",
                "full_range",
                "chroma_width",
                "chroma_height",
            )
        )


def is_rgb(format: av.VideoFormat) -> bool:
    """Whether components are red, green, blue; a palette is."""
    return bool(format.is_rgb or format.has_palette)


def has_alpha(format: av.VideoFormat) -> bool:
    """Whether a format can carry transparency; a palette can."""
    return bool(format.has_palette) or any(component.is_alpha for component in format.components)


def is_float(format: av.VideoFormat) -> bool:
    """Whether samples are floating point, which stands for linear light."""
    return format.name.rstrip("lbe").endswith(("f16", "f32"))


def bit_depth(format: av.VideoFormat) -> int:
    """Bits of one sample of the file; 16 for floating point, 8 for a palette."""
    if format.has_palette or is_float(format):
        return 16 if is_float(format) else 8
    return min(16, max(8, max(component.bits for component in format.components)))


def is_full_range(picture: av.VideoFrame) -> bool:
    """Whether luma spans all codes: as tagged; untagged RGB and gray do, untagged YUV does not."""
    format = picture.format
    if format.name.startswith("yuvj") or is_rgb(format) or is_float(format):
        return True
    tagged = int(picture.color_range)
    if tagged in (1, 2):
        return tagged == 2
    return format.name.startswith(("gray", "ya", "mono"))


def conversion(format: av.VideoFormat) -> str | None:
    """Name the format that pictures of `format` are converted to; None when their planes serve.

    Formats of `LUMA_FIRST` serve as they are. Everything else (RGB, packed and big-endian YUV,
    palettes, Bayer) takes one conversion by swscale to 4:4:4 planar YUV of the same depth: 8-bit, 10,
    12 or 16. RGB becomes full-range BT.709, YUV keeps its range and matrix. Floating point does not
    go this way, see `from_linear`.
    """
    if format.name in LUMA_FIRST:
        return None
    depth = bit_depth(format)
    suffix = "" if depth <= 8 else "10le" if depth <= 10 else "12le" if depth <= 12 else "16le"
    gray = format.name.startswith(("gray", "mono"))
    return ("gray" if gray else "yuva444p" if has_alpha(format) else "yuv444p") + suffix


def layout_of(picture: av.VideoFrame) -> Layout:
    """Work out how pictures like this one are read."""
    format = picture.format
    full_range = is_full_range(picture)
    if is_float(format):
        chroma = (0, 0) if format.name.startswith("gray") else (picture.width, picture.height)
        return Layout(None, "<u2", 0, False, True, 16, 0, False, True, True, *chroma)
    target = conversion(format)
    if target is not None:
        format = av.VideoFormat(target, picture.width, picture.height)
    name = format.name
    depth = format.components[0].bits
    interleaved = name in INTERLEAVED
    shift = INTERLEAVED.get(name, 0)
    chroma = (0, 0)
    if len(format.components) >= 3:
        chroma = (format.chroma_width(picture.width), format.chroma_height(picture.height))
    return Layout(
        target,
        "u1" if depth == 8 else "<u2",
        2 if interleaved else 3 if len(format.components) >= 3 else 1,
        has_alpha(format),
        False,
        depth,
        0 if full_range else shift,
        interleaved,
        full_range,
        full_range,
        *chroma,
        lowered=shift if full_range else 0,
    )


def view(plane: Any, dtype: str) -> Plane:
    """View a plane as an array of shape (rows, pitch) without a copy, padding included."""
    array = np.frombuffer(plane, dtype).reshape(plane.height, -1)
    if plane.line_size < 0:  # bottom row first in memory
        array = np.ascontiguousarray(array[::-1])
    array.flags.writeable = False
    return array


class PlaneReader:
    """Turns the decoder's pictures of one medium into `Frame`s that all have one layout.

    The first picture decides size and format and whether fields are taken apart; a later one that
    differs is converted to the first's and counted in `odd`.
    """

    def __init__(self, first: av.VideoFrame, time_base: Fraction, *, interlaced: bool) -> None:
        self._size = (first.width, first.height)
        self._base = layout_of(first)
        self._base_format = self._base.convert_to or first.format.name
        self._time_base = time_base
        self._interlaced = interlaced and first.height >= 4
        self._layouts: dict[tuple[str, int], Layout] = {}
        self._converter = VideoReformatter()
        self.odd = 0

    def frame(self, picture: av.VideoFrame, ticks: int, damaged: bool) -> Frame:
        """Give the planes of one picture.

        Raises
        ------
        MediaError
            The pixel format cannot be converted.
        """
        kind = _KINDS.get(int(picture.pict_type), "?")
        if (picture.width, picture.height) != self._size:
            self.odd += 1
            picture = self._scaled(picture)
        layout = self._layout(picture)
        width, height = self._size
        chroma_height = layout.chroma_height
        alpha: Plane | None = None
        if layout.linear:
            planes, alpha = from_linear(picture)
        else:
            if layout.convert_to is not None:
                picture = self._converted(picture, layout)
            held = picture.planes
            planes = tuple([view(held[i], layout.dtype) for i in range(layout.count)])
            if layout.lowered:
                planes = tuple([frozen(plane >> layout.lowered) for plane in planes])
            if layout.alpha:
                planes, alpha = over_grey(planes, view(held[3], layout.dtype), layout, width, height)
        if self._interlaced:
            planes = tuple(first_field(plane) for plane in planes)
            alpha = None if alpha is None else first_field(alpha)
            height //= 2
            chroma_height //= 2
        return Frame(
            ticks,
            self._time_base,
            planes,
            width,
            height,
            layout.chroma_width,
            chroma_height,
            layout.interleaved,
            layout.depth,
            layout.shift,
            layout.full_range,
            kind,
            damaged,
            alpha,
        )

    def _layout(self, picture: av.VideoFrame) -> Layout:
        key = (picture.format.name, int(picture.color_range))
        layout = self._layouts.get(key)
        if layout is None:
            layout = layout_of(picture)
            if not layout.like(self._base):
                if layout.linear or self._base.linear:
                    raise MediaError(
                        "The pictures mix floating-point and integer formats "
                        f"({self._base_format} and {picture.format.name}); write them all the same way."
                    )
                self.odd += 1
                layout = replace(
                    self._base,
                    convert_to=self._base_format,
                    alpha=has_alpha(av.VideoFormat(self._base_format)),
                    source_full_range=layout.full_range,
                )
            self._layouts[key] = layout
        return layout

    def _scaled(self, picture: av.VideoFrame) -> av.VideoFrame:
        width, height = self._size
        if is_float(picture.format):  # swscale does not scale these; repeat or drop pixels
            return nearest(picture, width, height)
        return _reformat(self._converter, picture, width=width, height=height)

    def _converted(self, picture: av.VideoFrame, layout: Layout) -> av.VideoFrame:
        options: dict[str, Any] = {
            "src_color_range": "JPEG" if layout.source_full_range else "MPEG",
            "dst_color_range": "JPEG" if layout.full_range else "MPEG",
        }
        if is_rgb(picture.format):
            options["dst_colorspace"] = "ITU709"
        return _reformat(self._converter, picture, format=layout.convert_to, **options)


def _reformat(converter: VideoReformatter, picture: av.VideoFrame, **options: Any) -> av.VideoFrame:
    try:
        return converter.reformat(picture, **options, threads=1)
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(
            f"Pictures with the pixel format {picture.format.name} cannot be converted ({error}); "
            "export the clip in another codec."
        ) from error


def first_field(plane: Plane) -> Plane:
    """View every second row, from the first, as a C-contiguous array of shape (rows / 2, 2 · pitch)."""
    rows, pitch = plane.shape
    return plane[: rows // 2 * 2].reshape(rows // 2, 2 * pitch)


def over_grey(
    planes: tuple[Plane, ...], alpha: Plane, layout: Layout, width: int, height: int
) -> tuple[tuple[Plane, ...], Plane | None]:
    """Lay straight-alpha planes over mid-grey, so that what is transparent never changes.

    Fully opaque pictures, the common case, are passed on as views and without alpha.
    """
    top = (1 << layout.depth) - 1
    if int(alpha[:height, :width].min()) == top:
        return planes, None
    middle = 1 << (layout.depth - 1)
    opacity = alpha.astype(np.float32) / np.float32(top)
    laid = []
    for index, plane in enumerate(planes):
        columns = -(-width // layout.chroma_width) if index else 1
        rows = -(-height // layout.chroma_height) if index else 1
        weight = np.zeros(plane.shape, np.float32)
        part = opacity[:height:rows, :width:columns]
        weight[: part.shape[0], : part.shape[1]] = part
        mixed = (plane.astype(np.float32) - middle) * weight
        laid.append(frozen(np.rint(mixed + middle).astype(plane.dtype)))
    return tuple(laid), alpha
