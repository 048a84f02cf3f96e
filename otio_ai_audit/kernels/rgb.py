"""From the planes of a frame to an RGB picture of moderate size: what networks look at."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .jit import filled, given, helper, int64, kernel
from .pictures import Planes, check_plane

Array: TypeAlias = npt.NDArray[Any]
UInt8: TypeAlias = npt.NDArray[np.uint8]

RGB_SIDE = 640
"""Pixels that the long side of an RGB picture has at most."""
WHITE = 203.0
"""Light in cd/m² that diffuse white has in HDR (ITU-R BT.2408)."""


def _signature(dtype: str, total: str) -> tuple[Any, ...]:
    plane, columns, row = given(dtype, 2), filled(total, 1), filled("float32", 1)
    places = given("int32", 1)
    return (
        *(plane, plane, plane, int64, int64, int64, int64, places, places, given("float32", 1)),
        *(columns, columns, columns, row, row, row, filled("uint8", 3)),
    )


@kernel(_signature("uint8", "uint16"), _signature("uint16", "uint32"))
def box_rgb(
    luma: Array,
    blue: Array,
    red: Array,
    factor: int,
    down: int,
    chroma_height: int,
    samples: int,
    left: Array,
    right: Array,
    scales: Array,
    column: Array,
    blue_column: Array,
    red_column: Array,
    light: Array,
    cb: Array,
    cr: Array,
    out: UInt8,
) -> None:
    """Average boxes of `factor` × `factor` luma pixels, with chroma averaged down and of two ends, as RGB.

    `left` and `right` are the first and last chroma sample of each box in a row for blue, then for red, of
    `samples` in a row; 0 samples: no colour. `scales`: luma gain and black, chroma gain and neutral, then
    red of Cr, green of Cb, green of Cr, blue of Cb.
    """
    height, width = out.shape[0], out.shape[1]
    wide = width * factor
    kind = column.dtype.type
    gain, black, chroma_gain, neutral = scales[0], scales[1], scales[2], scales[3]
    red_cr, green_cb, green_cr, blue_cb = scales[4], scales[5], scales[6], scales[7]
    top, half, zero = np.float32(255), np.float32(0.5), np.float32(0)
    for x in range(width):
        cb[x] = cr[x] = zero
    for y in range(height):
        for x in range(wide):
            column[x] = 0
        for k in range(y * factor, y * factor + factor):
            row = luma[k]
            for x in range(wide):
                column[x] += kind(row[x])
        _sums(column, factor, light)
        if samples > 0:
            first = min(y * factor // down, chroma_height - 1)
            last = min((y * factor + factor - 1) // down, chroma_height - 1)
            for x in range(samples):
                blue_column[x] = 0
                red_column[x] = 0
            for k in range(first, last + 1):
                blue_row, red_row = blue[k], red[k]
                for x in range(samples):
                    blue_column[x] += kind(blue_row[x])
                    red_column[x] += kind(red_row[x])
            share = np.float32(chroma_gain / np.float32(2 * (last - first + 1)))
            for x in range(width):
                a, b = left[x], right[x]
                c, d = left[width + x], right[width + x]
                blues = np.float32(np.int32(blue_column[a]) + np.int32(blue_column[b]))
                reds = np.float32(np.int32(red_column[c]) + np.int32(red_column[d]))
                cb[x] = np.float32(blues * share) - neutral
                cr[x] = np.float32(reds * share) - neutral
        line = out[y]
        for x in range(width):
            value = np.float32(light[x] * gain) - black
            r = value + np.float32(red_cr * cr[x]) + half
            g = value - np.float32(green_cb * cb[x]) - np.float32(green_cr * cr[x]) + half
            b = value + np.float32(blue_cb * cb[x]) + half
            line[x, 0] = np.uint8(np.int32(min(max(r, zero), top)))
            line[x, 1] = np.uint8(np.int32(min(max(g, zero), top)))
            line[x, 2] = np.uint8(np.int32(min(max(b, zero), top)))


@helper
def _sums(column: Array, factor: int, out: Array) -> None:
    """Sum each `factor` columns; the usual factors have loops of their own, which are twice as fast."""
    if factor == 1:
        for x in range(out.size):
            out[x] = np.float32(column[x])
    elif factor == 2:
        for x in range(out.size):
            out[x] = np.float32(np.int32(column[2 * x]) + np.int32(column[2 * x + 1]))
    elif factor == 3:
        for x in range(out.size):
            i = 3 * x
            s = np.int32(column[i]) + np.int32(column[i + 1]) + np.int32(column[i + 2])
            out[x] = np.float32(s)
    else:
        for x in range(out.size):
            s = np.int32(0)
            for k in range(x * factor, x * factor + factor):
                s = np.int32(s + np.int32(column[k]))
            out[x] = np.float32(s)


def rgb_picture(frame: Planes, *, high: bool = True, transfer: str = "sdr", side: int = RGB_SIDE) -> UInt8:
    """Reduce a frame by whole boxes and turn it into RGB for a network or a person.

    Parameters
    ----------
    frame : Planes
        One frame; its planes are only read.
    high : bool
        BT.709 matrix; False is BT.601.
    transfer : str
        ``pq`` and ``hlg`` are brought to a display's range by one fixed curve for each channel, so that
        they are no grey mud; everything else stays as it is encoded.
    side : int
        Most pixels on the long side.

    Returns
    -------
    numpy.ndarray [shape=(height, width, 3), dtype=uint8]
        Its own memory. Up to ``factor − 1`` pixels at the right and bottom edge are left out.

    Raises
    ------
    ValueError
        If a plane is not C-contiguous uint8 or uint16, or smaller than it claims.

    Notes
    -----
    Matrices by ITU-R BT.709 and BT.601; of BT.2020 the BT.709 one is near enough for looks.
    """
    luma = frame.planes[0]
    check_plane(luma, frame.width, frame.height)
    factor = max(1, min(-(-max(frame.width, frame.height) // side), frame.width, frame.height, 64))
    height, width = frame.height // factor, frame.width // factor
    scale = 2.0 ** (8 - frame.bits)
    if frame.full_range:
        gain, black, chroma_gain = 255.0 / (2.0**frame.bits - 1.0), 0.0, scale
    else:
        gain, black, chroma_gain = scale * 255.0 / 219.0, 16.0 * 255.0 / 219.0, scale * 255.0 / 224.0
    red_share, blue_share = (0.2126, 0.0722) if high else (0.299, 0.114)
    red_cr, blue_cb = 2 * (1 - red_share), 2 * (1 - blue_share)
    green = 1 - red_share - blue_share
    scales = (
        *(gain / factor**2, black, chroma_gain, 128.0 * chroma_gain / scale),
        *(red_cr, blue_cb * blue_share / green, red_cr * red_share / green, blue_cb),
    )
    blue = red = luma
    samples, down, places = 0, 1, np.zeros((2, 2, width), np.int32)
    if len(frame.planes) > 1:
        step = 2 if frame.interleaved else 1
        blue, red = frame.planes[1], frame.planes[1 if frame.interleaved else 2]
        samples = frame.chroma_width * step
        check_plane(blue, samples, frame.chroma_height)
        check_plane(red, samples, frame.chroma_height)
        across = max(1, round(frame.width / max(1, frame.chroma_width)))
        down = max(1, round(frame.height / max(1, frame.chroma_height)))
        boxes = np.arange(width) * factor
        ends = np.stack([boxes // across, (boxes + factor - 1) // across])
        places[:] = (np.minimum(ends, frame.chroma_width - 1) * step)[:, None]
        places[:, 1] += step - 1
    total = np.uint16 if luma.dtype == np.uint8 else np.uint32
    out = np.empty((height, width, 3), np.uint8)
    box_rgb(
        *(luma, blue, red, factor, down, frame.chroma_height, samples),
        *(places[0].ravel(), places[1].ravel(), np.array(scales, np.float32)),
        *(np.empty(width * factor, total), *np.empty((2, max(1, samples)), total)),
        *(*np.empty((3, width), np.float32), out),
    )
    return display_curve(transfer)[out] if transfer in ("pq", "hlg") else out


@cache
def display_curve(transfer: str) -> UInt8:
    """Table from code values of HDR, 0–255, to those of an ordinary display.

    Notes
    -----
    Light by SMPTE ST 2084 or the inverse OETF of ARIB STD-B67 (both in ITU-R BT.2100), diffuse white at 1,
    then 1.5 · x · (1 + x / 25) / (1 + x), held to 1 (after Reinhard et al. 2002, doi:10.1145/566654.566575;
    diffuse white becomes 0.78), and a display gamma of 2.2.
    """
    code = np.arange(256) / 255.0
    if transfer == "pq":
        root = code ** (1 / 78.84375)
        light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
        light = light * 10000.0 / WHITE
    else:
        low = code**2 / 3.0
        high = (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12.0
        light = np.where(code <= 0.5, low, high) / 0.265
    shown = np.clip(1.5 * light * (1.0 + light / 25.0) / (1.0 + light), 0.0, 1.0)
    return np.floor(255.0 * shown ** (1 / 2.2) + 0.5).astype(np.uint8)
