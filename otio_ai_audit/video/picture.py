"""Pictures for people: RGB at display aspect, upright, HDR brought down to a screen."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from otio_ai_audit.model import Media, MediaInfo
from otio_ai_audit.video.linear import encode_light, float_channels
from otio_ai_audit.video.planes import has_alpha, is_float, is_full_range, is_rgb
from otio_ai_audit.video.probe import describe, open_source, slack_of
from otio_ai_audit.video.source import Source

Picture = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]

FAR_APART = Fraction(10)
"""Seconds between two wanted times from which on a seek is cheaper than decoding through."""
_AREA = 0x20  # swscale: average over area; right for making pictures smaller
_REFERENCE_WHITE = 203.0  # cd/m², ITU-R BT.2408


def rgb_frames(media: Media, times: Sequence[float], *, max_size: int | None = None) -> list[Picture]:
    """Give the picture that is shown at each of some times, for people to look at.

    Parameters
    ----------
    media : Media
        A file, a sequence or a still.
    times : sequence of float
        Seconds from the first displayed frame, in any order. Each gives the nearest frame at or before
        it; a time outside the medium gives its first or last frame. The file is passed over once; far
        apart times are sought.
    max_size : int or None
        Longest side in pixels; smaller pictures are not enlarged.

    Returns
    -------
    list of numpy.ndarray
        Per time, shape (height, width, 3), uint8, sRGB. Sample aspect and rotation are applied, HDR is
        shown through a simple tone curve, transparency is laid over mid-grey.

    Raises
    ------
    MediaError
        The medium cannot be opened, has no video or no picture that can be decoded.
    """
    if not times:
        return []
    source = open_source(media)
    try:
        info = describe(source)
        slack = slack_of(info)
        base = float(info.time_base)
        wanted = [max(0, int(time / base + slack + 1e-3)) for time in times]
        shown = _show_all(source, info, sorted(set(wanted)), max_size)
        return [shown[tick] for tick in wanted]
    finally:
        source.close()


def _show_all(source: Source, info: MediaInfo, ticks: list[int], max_size: int | None) -> dict[int, Picture]:
    shown: dict[int, Picture] = {}
    converter = VideoReformatter()
    far = int(FAR_APART / info.time_base)
    groups: list[list[int]] = []
    for tick in ticks:
        if groups and tick - groups[-1][-1] <= far:
            groups[-1].append(tick)
        else:
            groups.append([tick])
    for group in groups:
        waiting = list(group)
        before: av.VideoFrame | None = None
        for tick, picture, _ in source.pictures(group[0]):
            while waiting and tick > waiting[0]:
                shown[waiting.pop(0)] = to_rgb(before or picture, info, converter, max_size)
            if not waiting:
                break
            before = picture
        for tick in waiting:
            shown[tick] = to_rgb(before or source.first, info, converter, max_size)
    return shown


def display_size(info: MediaInfo, max_size: int | None) -> tuple[int, int]:
    """Width and height on a screen, before rotation, with square pixels, no larger than `max_size`."""
    width, height = Fraction(info.width), Fraction(info.height)
    if info.sample_aspect >= 1:
        width *= info.sample_aspect
    else:
        height /= info.sample_aspect
    scale = min(Fraction(1), max_size / max(width, height)) if max_size else Fraction(1)
    return max(1, round(width * scale)), max(1, round(height * scale))


def shown_size(info: MediaInfo) -> tuple[int, int]:
    """Width and height on a screen, upright, with square pixels."""
    width, height = display_size(info, None)
    return (height, width) if info.rotation % 180 else (width, height)


def to_rgb(
    picture: av.VideoFrame, info: MediaInfo, converter: VideoReformatter, max_size: int | None
) -> Picture:
    """Convert one decoded picture for display; see `rgb_frames`."""
    size = display_size(info, max_size)
    if is_float(picture.format):
        pixels = _from_float(picture, converter, size)
    elif info.transfer in ("pq", "hlg"):
        wide = _swscale(picture, converter, "rgb48le", size).astype(np.float32) / np.float32(65535)
        pixels = tone_map(wide, info.transfer)
    elif has_alpha(picture.format):
        rgba = _swscale(picture, converter, "rgba", size).astype(np.uint16)
        opacity = rgba[..., 3:]
        pixels = ((rgba[..., :3] * opacity + 128 * (255 - opacity) + 127) // 255).astype(np.uint8)
    else:
        pixels = _swscale(picture, converter, "rgb24", size)
    return np.ascontiguousarray(np.rot90(pixels, -info.rotation // 90))


def _swscale(
    picture: av.VideoFrame, converter: VideoReformatter, format: str, size: tuple[int, int]
) -> npt.NDArray[Any]:
    options: dict[str, Any] = {
        "src_color_range": "JPEG" if is_full_range(picture) else "MPEG",
        "dst_color_range": "JPEG",
    }
    if not is_rgb(picture.format) and int(picture.colorspace) in (0, 2, 3):  # untagged
        options["src_colorspace"] = "ITU709" if picture.height >= 720 else "ITU601"
    shown = converter.reformat(
        picture, width=size[0], height=size[1], format=format, interpolation=_AREA, **options, threads=1
    )
    return shown.to_ndarray()


def _from_float(picture: av.VideoFrame, converter: VideoReformatter, size: tuple[int, int]) -> Picture:
    channels, opacity = float_channels(picture)
    coded = np.stack([encode_light(channel) for channel in channels], axis=-1) / np.float32(257)
    if opacity is not None:
        share = np.clip(np.nan_to_num(opacity.astype(np.float32)), 0, 1)[..., None]
        coded = np.minimum(coded + (1 - share) * np.float32(128), np.float32(255))
    pixels = np.rint(coded).astype(np.uint8)
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, axis=-1)
    return _swscale(av.VideoFrame.from_ndarray(pixels, "rgb24"), converter, "rgb24", size)


def tone_map(coded: Float, transfer: str) -> Picture:
    """Show PQ or HLG code values (BT.2020 primaries) on an sRGB screen.

    Light by SMPTE ST 2084 or by ITU-R BT.2100 HLG at 1000 cd/m²; luminance through Reinhard's curve with
    white at 1000 cd/m², relative to 203 cd/m² (ITU-R BT.2408); primaries to BT.709, clipped. Made to look
    at faults, not to grade.

    Parameters
    ----------
    coded : numpy.ndarray
        Shape (height, width, 3), 0 to 1.
    transfer : str
        ``pq`` or ``hlg``.
    """
    light = _looked_up(coded, transfer) if transfer == "pq" else _hlg_light(coded)
    light /= np.float32(_REFERENCE_WHITE)
    luminance = light @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    white = np.float32(1000 / _REFERENCE_WHITE)
    gain = (1 + luminance / white**2) / (1 + luminance)
    to_709 = np.array(
        [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
    )
    shown = (light * gain[..., None]) @ to_709.T
    return np.rint(encode_light(shown) / np.float32(257)).astype(np.uint8)


@cache
def _light_of_codes(transfer: str) -> Float:
    """Tabulate the light of all 16-bit code values: of PQ in cd/m², of HLG that of the scene, 0 to 1."""
    value = np.arange(65536, dtype=np.float64) / 65535
    light: npt.NDArray[np.float64]
    if transfer == "pq":
        m1, m2 = 2610 / 16384, 2523 / 4096 * 128
        c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
        power = value ** (1 / m2)
        light = 10000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(value <= 0.5, value**2 / 3, (np.exp((value - c) / a) + b) / 12)
    return np.asarray(light, np.float32)


def _looked_up(coded: Float, transfer: str) -> Float:
    codes = np.clip(coded, 0, 1) * np.float32(65535) + np.float32(0.5)
    light: Float = np.take(_light_of_codes(transfer), codes.astype(np.uint16))
    return light


def _hlg_light(coded: Float) -> Float:
    scene = _looked_up(coded, "hlg")
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    gain = np.float32(1000) * np.maximum(luminance, np.float32(1e-6)) ** np.float32(0.2)
    light: Float = scene * gain[..., None]
    return light
