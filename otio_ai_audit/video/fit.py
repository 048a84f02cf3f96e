"""Decoded pictures brought to a canvas: fitted inside it, upright, in its format and colours."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np
from av.video.reformatter import VideoReformatter

from otio_ai_audit.errors import MediaError
from otio_ai_audit.model import Canvas, MediaInfo, Planes
from otio_ai_audit.video.linear import Plane, encode_light, float_channels
from otio_ai_audit.video.picture import tone_map
from otio_ai_audit.video.planes import has_alpha, is_float, is_full_range, is_rgb

_BICUBIC = 0x4  # swscale; its filter grows where pictures become smaller
_EXACTLY = 0x4 | 0x2000 | 0x4000 | 0x40000
"""With all of the chroma, and rounded: without, another matrix leaves luma up to 3 code values low."""
_BT709, _BT601, _BT2020 = 1, 5, 9
_MATRICES = {number: number for number in (_BT709, 4, _BT601, 6, 7, _BT2020)} | {10: _BT2020, 12: _BT2020}
"""AVColorSpace → the one that swscale takes for it; all others count as untagged."""

_LARGE = 30 << 20
"""Bytes of a block after whose return glibc keeps twice as much before it gives memory back to the system:
pictures come and go all the time, and getting 8 MB anew from the system takes longer than converting them."""


class Fitter:
    """Brings the pictures of one medium to one canvas; their size and format may change on the way.

    Parameters
    ----------
    canvas : Canvas
        What all of them become: BT.709, limited range.
    info : MediaInfo
        Rotation, sample aspect and transfer of the medium.
    shared : bool
        Planes that already are what the canvas wants are views of the decoder's, read-only.
    """

    def __init__(self, canvas: Canvas, info: MediaInfo, *, shared: bool = False) -> None:
        np.empty(_LARGE, np.uint8)  # given back at once
        self._canvas = canvas
        self._info = info
        self._shared = shared
        self._converter = VideoReformatter()
        self._turns = -info.rotation // 90 % 4
        """Quarter turns to the left."""
        across, down = canvas.subsampling
        self._halved = bool(self._turns % 2) and across != down
        """Chroma is thinned after turning, as it is not thinned alike both ways."""

    def planes(self, picture: av.VideoFrame) -> Planes:
        """Give a picture on the canvas.

        Raises
        ------
        MediaError
            The pixel format cannot be converted.
        """
        size = _fitted(picture.width, picture.height, self._info, self._canvas)
        if self._is_ready(picture, size):
            luma, blue, red = self._arrays(picture, 3, own=False)
            return Planes(luma, blue, red)
        transparent = has_alpha(picture.format)
        turned = size[::-1] if self._turns % 2 else size
        shown = self._for_a_screen(picture, turned)
        converted = self._converted(shown, turned, self._format(transparent))
        arrays = self._arrays(converted, 4 if transparent else 3, own=converted is not picture)
        if self._turns:
            arrays = [np.ascontiguousarray(np.rot90(array, self._turns)) for array in arrays]
        if self._halved:
            arrays[1:3] = [_thinned(array) for array in arrays[1:3]]
        return self._placed(arrays, size)

    # --- size and place

    def _placed(self, arrays: list[Plane], size: tuple[int, int]) -> Planes:
        """Put the fitted planes into the middle of the canvas; what is round them is transparent."""
        canvas = self._canvas
        width, height = size
        luma, blue, red, *opacity = arrays
        alpha = _opacity(opacity[0], canvas.bits) if opacity else None
        if (width, height) == (canvas.width, canvas.height):
            return Planes(luma, blue, red, alpha)
        left, top = (canvas.width - width) // 4 * 2, (canvas.height - height) // 4 * 2
        across, down = canvas.subsampling
        unit = 1 << (canvas.bits - 8)
        whole = (canvas.height, canvas.width)
        part = (canvas.height // down, canvas.width // across)
        box = None if alpha is not None else (left, top, width, height)
        if alpha is None:
            alpha = np.full((height, width), 255, np.uint8)
        return Planes(
            _set_into(whole, luma, left, top, 16 * unit),
            _set_into(part, blue, left // across, top // down, 128 * unit),
            _set_into(part, red, left // across, top // down, 128 * unit),
            _set_into(whole, alpha, left, top, 0),
            box,
        )

    # --- format and colours

    def _is_ready(self, picture: av.VideoFrame, size: tuple[int, int]) -> bool:
        """Whether a picture already is what the canvas wants."""
        canvas = self._canvas
        return (
            picture.format.name == canvas.pixel_format
            and (picture.width, picture.height) == (canvas.width, canvas.height) == size
            and not self._turns
            and _matrix(picture) == _BT709
            and not is_full_range(picture)
            and self._info.transfer not in ("pq", "hlg")
        )

    def _format(self, transparent: bool) -> str:
        name = self._canvas.pixel_format
        if self._halved:
            name = name.replace("422", "444")
        return name.replace("yuv", "yuva") if transparent else name

    def _for_a_screen(self, picture: av.VideoFrame, size: tuple[int, int]) -> av.VideoFrame:
        """Bring floating point and HDR to RGB as a screen shows it; everything else is that already."""
        if is_float(picture.format):
            return _from_light(picture)
        if self._info.transfer not in ("pq", "hlg"):
            return picture
        transparent = has_alpha(picture.format)
        wide: Plane = self._converted(picture, size, "rgba64le" if transparent else "rgb48le").to_ndarray()
        pixels = tone_map(wide[..., :3].astype(np.float32) / np.float32(65535), self._info.transfer)
        if transparent:
            pixels = np.concatenate([pixels, (wide[..., 3:] >> 8).astype(np.uint8)], axis=-1)
        return av.VideoFrame.from_ndarray(pixels, "rgba" if transparent else "rgb24")

    def _converted(self, picture: av.VideoFrame, size: tuple[int, int], format: str) -> av.VideoFrame:
        options: dict[str, Any] = {"src_color_range": "JPEG" if is_full_range(picture) else "MPEG"}
        quality = _BICUBIC
        if not is_rgb(picture.format):
            options["src_colorspace"] = matrix = _matrix(picture)
            if matrix != _BT709:
                quality = _EXACTLY
        if format.startswith("rgb"):
            options["dst_color_range"] = "JPEG"
        else:
            options |= {"dst_color_range": "MPEG", "dst_colorspace": _BT709}
        try:
            return self._converter.reformat(
                picture,
                width=size[0],
                height=size[1],
                format=format,
                interpolation=quality,
                **options,
                threads=1,
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(
                f"Pictures with the pixel format {picture.format.name} cannot be converted; "
                "export the clip in another codec."
            ) from error

    def _arrays(self, picture: av.VideoFrame, count: int, *, own: bool) -> list[Plane]:
        """Give planes without padding; the decoder may still look at those that are not our `own`."""
        dtype = "u1" if self._canvas.bits == 8 else "<u2"
        arrays = []
        for plane in picture.planes[:count]:
            array = np.frombuffer(plane, dtype).reshape(plane.height, -1)[:, : plane.width]  # type: ignore[call-overload]
            if own:
                array = np.ascontiguousarray(array)
            elif self._shared:
                array.flags.writeable = False
            else:
                array = array.copy()
            arrays.append(array)
        return arrays


def covers(info: MediaInfo, canvas: Canvas) -> bool:
    """Whether the pictures of a medium fill a canvas and are opaque, so that nothing below is seen."""
    fitted = _fitted(info.width, info.height, info, canvas)
    return not info.has_alpha and fitted == (canvas.width, canvas.height)


def _fitted(width: int, height: int, info: MediaInfo, canvas: Canvas) -> tuple[int, int]:
    """Width and height on a canvas, upright; even, so that chroma samples stay whole."""
    wide, high = Fraction(width) * info.sample_aspect, Fraction(height)
    if info.rotation % 180:
        wide, high = high, wide
    scale = min(canvas.width / wide, canvas.height / high)
    return _even(wide * scale), _even(high * scale)


def _matrix(picture: av.VideoFrame) -> int:
    """AVColorSpace of a YUV picture; untagged ones go by their height."""
    usual = _BT709 if picture.height >= 720 else _BT601
    return _MATRICES.get(int(picture.colorspace), usual)


def _even(value: Fraction) -> int:
    return max(2, 2 * round(value / 2))


def _set_into(shape: tuple[int, int], part: Plane, left: int, top: int, fill: int) -> Plane:
    whole: Plane = np.full(shape, fill, part.dtype)
    whole[top : top + part.shape[0], left : left + part.shape[1]] = part
    return whole


def _opacity(alpha: Plane, bits: int) -> Plane | None:
    """Bring a plane of alpha to 8 bits; None where all of it is opaque."""
    if bits > 8:
        alpha = (alpha >> (bits - 8)).astype(np.uint8)
    return None if int(alpha.min()) == 255 else alpha


def _thinned(chroma: Plane) -> Plane:
    """Average samples of chroma in pairs along the rows."""
    thin: Plane = (chroma[:, ::2] + chroma[:, 1::2] + 1) >> 1
    return thin


def _from_light(picture: av.VideoFrame) -> av.VideoFrame:
    """Bring a floating-point picture to RGB of 16 bits; colour counts as premultiplied (the rule in EXR)."""
    channels, opacity = float_channels(picture)
    if len(channels) == 1:
        channels = channels * 3
    if opacity is None:
        pixels = np.stack([encode_light(channel) for channel in channels], axis=-1)
        return av.VideoFrame.from_ndarray(pixels, "rgb48le")
    share = np.clip(np.nan_to_num(opacity.astype(np.float32)), 0, 1)
    whole = np.maximum(share, np.float32(1 / 65535))
    coded = [encode_light(channel.astype(np.float32) / whole) for channel in channels]
    coded.append(np.rint(share * 65535).astype(np.uint16))
    return av.VideoFrame.from_ndarray(np.stack(coded, axis=-1), "rgba64le")
