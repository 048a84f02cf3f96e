"""Pieces of a picture, cut out and brought to one size, in plain numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

UInt8 = npt.NDArray[np.uint8]
Float32 = npt.NDArray[np.float32]

COVER = 2
"""Blocks that a result covers at least, after whole pixels were put together: fewer blur it."""


def crops(picture: UInt8, boxes: npt.NDArray[Any] | Sequence[Sequence[float]], side: int) -> UInt8:
    """Cut boxes out of a picture and stretch each to a square.

    Where a box shrinks, results are means over the area that they cover, so that every pixel counts;
    where it grows, they are bilinear. Sharpness does not jump between the two.

    Parameters
    ----------
    picture
        RGB, shape (height, width, 3), uint8.
    boxes
        Shape (n, 4): x, y, width and height as fractions of the picture. What lies outside of the
        picture is cut off; at least one pixel is left.
    side
        Size of the results in pixels.

    Returns
    -------
    ndarray
        Shape (n, side, side, 3), uint8.
    """
    listed = np.asarray(boxes, np.float64).reshape(-1, 4)
    made = np.empty((len(listed), 3, side, side), np.uint8)
    height, width = picture.shape[:2]
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    for result, (x, y, wide, high) in zip(made, listed, strict=True):
        rows, columns = _ends(y, y + high, height), _ends(x, x + wide, width)
        result[...] = _resized(planes, rows, columns, side, side)
    return made.transpose(0, 2, 3, 1)


def resized(picture: UInt8, height: int, width: int) -> UInt8:
    """Bring a whole picture to a size; see `crops`.

    Parameters
    ----------
    picture
        RGB, shape (H, W, 3), uint8.
    height, width
        Size of the result.

    Returns
    -------
    ndarray
        Shape (height, width, 3), uint8.
    """
    rows, columns = (0.0, float(picture.shape[0])), (0.0, float(picture.shape[1]))
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    return _resized(planes, rows, columns, height, width).transpose(1, 2, 0)


def _ends(start: float, end: float, size: int) -> tuple[float, float]:
    """Interval in pixels within the picture, at least one long."""
    first = min(max(start * size, 0.0), size - 1.0)
    return first, min(max(end * size, first + 1.0), float(size))


def _resized(
    planes: UInt8, rows: tuple[float, float], columns: tuple[float, float], height: int, width: int
) -> UInt8:
    """Bring a part of some planes (k, H, W) to a size; start and end may lie between two pixels.

    Every step works along the last but one axis, so that the last one, which is contiguous, is summed fast.
    """
    top, left = int(rows[0]), int(columns[0])
    part = planes[:, top : int(np.ceil(rows[1])), left : int(np.ceil(columns[1]))]
    down = max(1, int((rows[1] - rows[0]) / height / COVER))
    across = max(1, int((columns[1] - columns[0]) / width / COVER))
    turned = _blocks(part, down).swapaxes(1, 2)
    small = _blocks(np.ascontiguousarray(turned), across)
    scale = np.float32(1 / (down * across))
    wide = _filtered(small * scale, (columns[0] - left) / across, (columns[1] - left) / across, width)
    back = np.ascontiguousarray(wide.swapaxes(1, 2))
    full = _filtered(back, (rows[0] - top) / down, (rows[1] - top) / down, height)
    full += np.float32(0.5)
    return np.clip(full, 0, 255, out=full).astype(np.uint8)


def _blocks(lines: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    """Add up `count` lines each (axis 1); at the end the last line counts for what is missing."""
    if count == 1:
        return lines
    missing = -lines.shape[1] % count
    if missing:
        lines = np.concatenate([lines, np.repeat(lines[:, -1:], missing, axis=1)], axis=1)
    wide = np.uint16 if lines.dtype == np.uint8 and count <= 257 else np.uint32
    total: npt.NDArray[Any] = lines[:, ::count].astype(wide)
    for line in range(1, count):
        total += lines[:, line::count]
    return total


def _filtered(lines: Float32, start: float, end: float, size: int) -> Float32:
    """Means of neighbouring lines (axis 1), by how much of each is covered: `size` results in all.

    Each covers the step between two results, or one line where that is less: linear interpolation.
    """
    step = (end - start) / size
    reach = max(step, 1.0)
    low = start + (np.arange(size) + 0.5) * step - reach / 2
    first = np.floor(low).astype(np.int64)
    taps = int(np.ceil(reach)) + 1
    place = first[:, None] + np.arange(taps)
    covered = np.minimum(place + 1, (low + reach)[:, None]) - np.maximum(place, low[:, None])
    weight = (np.maximum(covered, 0) / reach).astype(np.float32)
    place = np.clip(place, 0, lines.shape[1] - 1)
    total: Float32 = lines.take(place[:, 0], axis=1)
    total *= weight[:, :1]
    for tap in range(1, taps):
        if weight[:, tap].any():
            more = lines.take(place[:, tap], axis=1)
            more *= weight[:, tap, None]
            total += more
    return total
