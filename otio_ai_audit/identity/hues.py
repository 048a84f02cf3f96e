"""Which colours a region has: a histogram that a change of exposure hardly moves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

HUES, STRENGTHS, LIGHTS = 12, 4, 4
"""Bins of hue (a ring), saturation and brightness."""


def colours(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Square roots of the shares of colours, the middle counting more.

    Parameters
    ----------
    pictures
        RGB, shape (n, side, side, 3), uint8.

    Returns
    -------
    ndarray
        Shape (n, `HUES` · `STRENGTHS` · `LIGHTS`), float32, unit vectors: the product of two is the
        Bhattacharyya coefficient of the histograms.
    """
    found = np.zeros((len(pictures), HUES * STRENGTHS * LIGHTS), np.float32)
    for row, picture in zip(found, pictures, strict=True):
        row[:] = _histogram(picture)
    return found


def _histogram(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    small = picture[::2, ::2].astype(np.float32)
    weight = centred(len(small)).ravel()
    red, green, blue = (small[..., channel].ravel() for channel in range(3))
    top, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    spread = top - low
    safe = np.maximum(spread, 1)
    hue = np.where(
        top == red,
        (green - blue) / safe % 6,
        np.where(top == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    strength = spread / np.maximum(top, 1)
    places = (hue * (HUES / 6), strength * (STRENGTHS - 1), top / 255 * (LIGHTS - 1))
    floors = [np.floor(place).astype(np.int64) for place in places]
    rests = [place - floor for place, floor in zip(places, floors, strict=True)]
    total = np.zeros(HUES * STRENGTHS * LIGHTS)
    for corner in range(8):
        share = weight
        index = np.zeros(len(weight), np.int64)
        for axis, size in enumerate((HUES, STRENGTHS, LIGHTS)):
            up = corner >> axis & 1
            share = share * (rests[axis] if up else 1 - rests[axis])
            place = floors[axis] + up
            index = index * size + (place % size if axis == 0 else np.minimum(place, size - 1))
        total += np.bincount(index, share, len(total))
    return np.asarray(np.sqrt(total / total.sum()), np.float32)


def centred(side: int) -> npt.NDArray[np.float32]:
    """Weights of pixels that fall from 1 in the middle to a quarter at the edges."""
    along = 1 - 0.75 * np.abs((np.arange(side) + 0.5) / side * 2 - 1)
    return np.asarray(np.minimum(along[:, None], along), np.float32)
