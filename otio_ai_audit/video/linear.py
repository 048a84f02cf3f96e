"""Pictures in floating point (linear light, as in EXR) brought to display code values."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[Any]


def frozen(array: Plane) -> Plane:
    """Make an array read-only, as the views of a decoder's planes are."""
    array.flags.writeable = False
    return array


def _display_curve() -> npt.NDArray[np.uint16]:
    """Tabulate the sRGB curve (IEC 61966-2-1) for all half floats; NaN and negatives give 0, Inf white."""
    with np.errstate(all="ignore"):
        light = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)
        light = np.clip(np.where(np.isnan(light), 0.0, light), 0.0, 1.0)
        shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    codes: npt.NDArray[np.uint16] = np.rint(shown * 65535).astype(np.uint16)
    return codes


_CURVE: list[npt.NDArray[np.uint16]] = []


def encode_light(light: Plane) -> npt.NDArray[np.uint16]:
    """Bring linear light to display code values 0–65535 by the sRGB curve, clipped at 1."""
    if not _CURVE:
        _CURVE.append(_display_curve())
    with np.errstate(over="ignore", invalid="ignore"):
        half = np.ascontiguousarray(light, np.float16)
    coded: npt.NDArray[np.uint16] = _CURVE[0][half.view(np.uint16)]
    return coded


def float_channels(picture: av.VideoFrame) -> tuple[list[Plane], Plane | None]:
    """Read red, green, blue (or gray) and alpha of a floating-point picture, each of shape (h, w)."""
    name = picture.format.name
    order = ">" if name.endswith("be") else "<"
    dtype = np.dtype(f"{order}f2" if "f16" in name else f"{order}f4")
    width, height = picture.width, picture.height
    rows = [
        np.frombuffer(plane, dtype).reshape(plane.height, -1)[:height]  # type: ignore[call-overload]
        for plane in picture.planes
    ]
    if name.startswith("gbr"):
        green, blue, red, *rest = (row[:, :width] for row in rows)
        return [red, green, blue], rest[0] if rest else None
    if name.startswith("rgb"):
        channels = 4 if name.startswith("rgba") else 3
        pixels = rows[0][:, : width * channels].reshape(height, width, channels)
        return [pixels[..., i] for i in range(3)], pixels[..., 3] if channels == 4 else None
    if name.startswith("ya"):
        return [rows[0][:, 0 : 2 * width : 2]], rows[0][:, 1 : 2 * width : 2]
    return [rows[0][:, :width]], None


def from_linear(picture: av.VideoFrame) -> tuple[tuple[Plane, ...], Plane | None]:
    """Convert a floating-point picture (linear light, as in EXR) to full-range 16-bit Y, Cb and Cr.

    Light is clipped to 0–1 and given the sRGB display curve, luma is BT.709 of the encoded values. NaN and
    negatives become 0. Where there is alpha, colour counts as premultiplied (the rule in EXR) and the
    rest is filled up with mid-grey.
    """
    channels, opacity = float_channels(picture)
    coded = [encode_light(channel).astype(np.float32) for channel in channels]
    alpha: Plane | None = None
    if opacity is not None:
        share = np.clip(np.nan_to_num(opacity.astype(np.float32), nan=0.0), 0.0, 1.0)
        if float(share.min()) < 1.0:
            alpha = frozen(np.rint(share * 65535).astype(np.uint16))
            for index, channel in enumerate(coded):
                coded[index] = np.minimum(channel + (1 - share) * np.float32(32768), np.float32(65535))
    if len(coded) == 1:
        return (_code(coded[0]),), alpha
    red, green, blue = coded
    luma = np.float32(0.2126) * red + np.float32(0.7152) * green + np.float32(0.0722) * blue
    cb = (blue - luma) * np.float32(1 / 1.8556) + np.float32(32768)
    cr = (red - luma) * np.float32(1 / 1.5748) + np.float32(32768)
    return (_code(luma), _code(cb), _code(cr)), alpha


def _code(values: npt.NDArray[np.float32]) -> Plane:
    return frozen(np.clip(np.rint(values), 0, 65535).astype(np.uint16))


def nearest(picture: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
    """Bring a floating-point picture to another size by repeating or dropping pixels."""
    channels, opacity = float_channels(picture)
    rows = np.arange(height) * picture.height // height
    columns = np.arange(width) * picture.width // width
    if len(channels) == 1:
        return av.VideoFrame.from_ndarray(channels[0].astype(np.float32)[rows][:, columns], "grayf32le")
    parts = channels if opacity is None else [*channels, opacity]
    pixels = np.stack([part.astype(np.float32)[rows][:, columns] for part in parts], axis=-1)
    return av.VideoFrame.from_ndarray(pixels, "gbrpf32le" if opacity is None else "gbrapf32le")
