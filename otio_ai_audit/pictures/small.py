"""Encoding small pictures: WebP, thumbnails, JPEG."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

UInt8 = npt.NDArray[np.uint8]
Int16 = npt.NDArray[np.int16]

STRIP_SIDE = 192
"""Longest side of a thumbnail in the strip."""


def webp(picture: UInt8, *, quality: int = 60, effort: int = 0, side: int | None = None) -> bytes:
    """Encode a picture as WebP.

    Parameters
    ----------
    picture : numpy.ndarray [shape=(height, width, 3), dtype=uint8]
        RGB.
    quality : int in 0–100
    effort : int in 0–6
        0 is the fastest.
    side : int or None
        Longest side of the result in pixels; a smaller picture is not enlarged.

    Returns
    -------
    bytes
    """
    from PIL import Image

    image = Image.fromarray(picture)
    if side is not None:
        image.thumbnail((side, side))
    return _encode(image, quality, effort)


def thumbnail(
    luma: Int16,
    blue: Int16 | None,
    red: Int16 | None,
    *,
    high: bool,
    aspect: float,
    rotation: int = 0,
    side: int = STRIP_SIDE,
) -> bytes:
    """Bring a small picture to its display shape and encode it; about a millisecond.

    Parameters
    ----------
    luma : numpy.ndarray [shape=(height, width), dtype=int16]
        64ths of a code value, 0 to 255 × 64.
    blue, red : numpy.ndarray [shape=(height // 2, width // 2), dtype=int16] or None
        Cb and Cr likewise, 128 × 64 is neutral; None for grey.
    high : bool
        BT.709 matrix; False is BT.601.
    aspect : float
        Display width over height before rotation.
    rotation : int
        Degrees clockwise that a player turns the picture by: 0, 90, 180 or 270.
    side : int
        Longest side of the result in pixels.

    Returns
    -------
    bytes
        WebP.
    """
    from PIL import Image

    size = (side, max(1, round(side / aspect))) if aspect >= 1 else (max(1, round(side * aspect)), side)

    def plane(values: Int16) -> Image.Image:
        eight = np.minimum((values + np.int16(32)) >> 6, 255).astype(np.uint8)
        return Image.fromarray(eight).resize(size, Image.Resampling.BILINEAR)

    image = plane(luma)
    if blue is not None and red is not None:
        image = Image.merge("RGB", (image, plane(blue), plane(red))).convert("RGB", _to_rgb(high))
    if rotation % 360:
        image = image.rotate(-rotation, expand=True)
    return _encode(image, 60, 0)


def _to_rgb(high: bool) -> tuple[float, ...]:
    """Matrix of four columns from full-range Y, Cb, Cr to RGB: ITU-R BT.709 or BT.601."""
    kr, kb = (0.2126, 0.0722) if high else (0.299, 0.114)
    kg = 1 - kr - kb
    rows = ((0.0, 2 * (1 - kr)), (-2 * kb * (1 - kb) / kg, -2 * kr * (1 - kr) / kg), (2 * (1 - kb), 0.0))
    return tuple(value for cb, cr in rows for value in (1.0, cb, cr, -128 * (cb + cr)))


def _encode(image: Any, quality: int, effort: int) -> bytes:
    held = io.BytesIO()
    image.save(held, "WEBP", quality=quality, method=effort)
    return held.getvalue()


def palette_png(places: UInt8, colors: UInt8, alpha: UInt8) -> bytes:
    """Encode a picture of few colours, as small as PNG can.

    Parameters
    ----------
    places : numpy.ndarray [shape=(height, width), dtype=uint8]
        Which colour each pixel has.
    colors : numpy.ndarray [shape=(16, 3) or fewer, dtype=uint8]
        RGB.
    alpha : numpy.ndarray [shape=(colors,), dtype=uint8]
        Opacity of each colour.
    """
    from PIL import Image

    image = Image.frombytes("P", (places.shape[1], places.shape[0]), places.tobytes())
    image.putpalette(colors.tobytes())
    held = io.BytesIO()
    image.save(held, "PNG", transparency=alpha.tobytes(), bits=4, compress_level=9)
    return held.getvalue()


def as_jpeg(picture: bytes, *, quality: int = 85) -> bytes:
    """Encode a picture anew as JPEG, for programs that do not open WebP."""
    from PIL import Image

    held = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").save(held, "JPEG", quality=quality)
    return held.getvalue()
