"""Pieces of a picture, cut out and brought to one size, in plain numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

UInt8 = npt.NDArray[np.uint8]
Float32 = npt.NDArray[np.float32]


def crops(picture: UInt8, boxes: npt.NDArray[Any] | Sequence[Sequence[float]], side: int) -> UInt8:
    """Cut boxes out of a picture and stretch each to a square.

    Where a box shrinks, every pixel of it counts: a triangle filter as wide as the step between two
    results, after means over whole blocks where it shrinks twice or more. Where it grows: bilinear.

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
    made = np.empty((len(listed), side, side, 3), np.uint8)
    height, width = picture.shape[:2]
    for result, (x, y, wide, high) in zip(made, listed, strict=True):
        left, right = _ends(x, x + wide, width)
        top, bottom = _ends(y, y + high, height)
        result[...] = resized(picture, (top, bottom), (left, right), side, side)
    return made


def _ends(start: float, end: float, size: int) -> tuple[float, float]:
    """Interval in pixels within the picture, at least one long."""
    first = min(max(start * size, 0.0), size - 1.0)
    return first, min(max(end * size, first + 1.0), float(size))


def resized(
    picture: UInt8, rows: tuple[float, float], columns: tuple[float, float], height: int, width: int
) -> UInt8:
    """Bring a part of a picture to a size; see `crops`.

    Parameters
    ----------
    picture
        RGB, shape (H, W, 3), uint8.
    rows, columns
        Start and end of the part, in pixels; they may lie between two pixels.
    height, width
        Size of the result.
    """
    left, right = int(np.floor(columns[0])), int(np.ceil(columns[1]))
    top, bottom = int(np.floor(rows[0])), int(np.ceil(rows[1]))
    part = picture[top:bottom, left:right]
    down = max(1, int((rows[1] - rows[0]) / height))
    across = max(1, int((columns[1] - columns[0]) / width))
    small = _blocks(part, down, across)
    tall = _filtered(small.reshape(len(small), -1), (rows[0] - top) / down, (rows[1] - top) / down, height)
    turned = np.ascontiguousarray(tall.reshape(height, -1, 3).swapaxes(0, 1))
    flat = turned.reshape(len(turned), -1)
    full = _filtered(flat, (columns[0] - left) / across, (columns[1] - left) / across, width)
    full += np.float32(0.5)
    return np.clip(full, 0, 255).astype(np.uint8).reshape(width, height, 3).swapaxes(0, 1)


def _blocks(part: UInt8, down: int, across: int) -> Float32:
    """Mean over blocks of whole pixels; the last row and column of blocks may reach past the edge."""
    if down == 1 and across == 1:
        return part.astype(np.float32)
    extra = (-part.shape[0] % down, -part.shape[1] % across)
    if any(extra):
        part = np.pad(part, ((0, extra[0]), (0, extra[1]), (0, 0)), mode="edge")
    total: npt.NDArray[np.uint32] = part[::down, ::across].astype(np.uint32)
    for y in range(down):
        for x in range(across):
            if y or x:
                total += part[y::down, x::across]
    return np.asarray(total * np.float32(1 / (down * across)), np.float32)


def _filtered(lines: Float32, start: float, end: float, size: int) -> Float32:
    """Weighted means of neighbouring lines (axis 0): `size` results between `start` and `end`."""
    step = (end - start) / size
    reach = max(step, 1.0)
    centre = start + (np.arange(size) + 0.5) * step - 0.5
    first = np.ceil(centre - reach).astype(np.int64)
    taps = int(np.floor(2 * reach)) + 1
    place = first[:, None] + np.arange(taps)
    weight = np.maximum(0, 1 - np.abs(place - centre[:, None]) / reach)
    weight = (weight / weight.sum(1, keepdims=True)).astype(np.float32)
    place = np.clip(place, 0, len(lines) - 1)
    total: Float32 = lines[place[:, 0]] * weight[:, :1]
    for tap in range(1, taps):
        total += lines[place[:, tap]] * weight[:, tap, None]
    return total
