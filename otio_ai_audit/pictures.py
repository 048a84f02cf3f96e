"""Small pictures for people: WebP by Pillow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

UInt8 = npt.NDArray[np.uint8]
Plane = npt.NDArray[Any]

STRIP_SIDE = 192
"""Longest side of a thumbnail in the strip."""


def webp(picture: UInt8, *, quality: int = 60, effort: int = 0) -> bytes:
    """Encode a picture as WebP.

    Parameters
    ----------
    picture : numpy.ndarray [shape=(height, width, 3), dtype=uint8]
        RGB.
    quality : int in 0–100
    effort : int in 0–6
        0 is the fastest; a thumbnail of 240 × 135 takes about a millisecond.

    Returns
    -------
    bytes
    """
    from PIL import Image

    return _encode(Image.fromarray(picture), quality, effort)


def _encode(image: Any, quality: int, effort: int) -> bytes:
    held = io.BytesIO()
    image.save(held, "WEBP", quality=quality, method=effort)
    return held.getvalue()


def thumbnail(picture: UInt8, aspect: float, rotation: int, side: int = STRIP_SIDE) -> bytes:
    """Bring a small picture to its display shape and encode it.

    Parameters
    ----------
    picture : numpy.ndarray [shape=(height, width, 3), dtype=uint8]
        RGB as decoded.
    aspect : float
        Display width over height before rotation.
    rotation : int
        Degrees clockwise that a player turns the picture by: 0, 90, 180 or 270.
    side : int
        Longest side of the result in pixels, about.

    Returns
    -------
    bytes
        WebP.
    """
    from PIL import Image

    width = side if aspect >= 1 else max(1, round(side * aspect))
    height = side if aspect < 1 else max(1, round(side / aspect))
    image = Image.fromarray(picture)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    if rotation % 360:
        image = image.rotate(-rotation, expand=True)
    return _encode(image, 60, 0)


def to_rgb(luma: Plane, blue: Plane | None, red: Plane | None, high: bool) -> UInt8:
    """Convert a small picture for people to see.

    Parameters
    ----------
    luma : numpy.ndarray [shape=(height, width), dtype=int16]
        64ths of a code value, 0 to 255 × 64.
    blue, red : numpy.ndarray [shape=(height // 2, width // 2), dtype=int16] or None
        Cb and Cr likewise, 128 × 64 is neutral; None for grey.
    high : bool
        BT.709 matrix; False is BT.601.

    Returns
    -------
    numpy.ndarray [shape=(height, width, 3), dtype=uint8]
    """
    height, width = luma.shape
    out = np.empty((height, width, 3), np.uint8)
    y = luma.astype(np.int32) + 32
    if blue is None or red is None:
        out[:] = np.minimum(y >> 6, 255)[:, :, None]
        return out
    kr, kb = (0.2126, 0.0722) if high else (0.299, 0.114)
    kg = 1 - kr - kb
    rows = np.minimum(np.arange(height) // 2, blue.shape[0] - 1)
    columns = np.minimum(np.arange(width) // 2, blue.shape[1] - 1)
    cb = blue.astype(np.int32) - 128 * 64
    cr = red.astype(np.int32) - 128 * 64
    # chroma spans -127.5 … 127.5 as luma 0 … 255: the full-range equations, in 1024ths
    more_red = cr * round(2048 * (1 - kr)) >> 10
    more_blue = cb * round(2048 * (1 - kb)) >> 10
    more_green = -(cb * round(2048 * kb * (1 - kb) / kg) + cr * round(2048 * kr * (1 - kr) / kg)) >> 10
    for channel, more in enumerate((more_red, more_green, more_blue)):
        value = y + more[rows[:, None], columns]
        out[:, :, channel] = np.clip(value >> 6, 0, 255)
    return out
