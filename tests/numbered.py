"""Videos that carry in every frame which file and which frame they are, and how to read it back."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from otio_ai_audit import video

BITS_OF_FRAME = 24
COLUMNS, ROWS = 8, 4
"""Blocks of the pattern: 32 bits."""
DARK, LIGHT = 50, 200


def pictures(
    file: int, frames: int, size: tuple[int, int] = (128, 72), first: int = 0
) -> Iterator[np.ndarray]:
    """Yield RGB pictures: file number in the upper row of blocks, frame number below, light is 1."""
    for number in range(first, first + frames):
        yield np.repeat(pattern(file, number, size)[..., None], 3, axis=2)


def pattern(file: int, number: int, size: tuple[int, int] = (128, 72)) -> np.ndarray:
    """Draw such a picture in one colour."""
    width, height = size
    bits = [(file << BITS_OF_FRAME | number) >> bit & 1 for bit in range(ROWS * COLUMNS)][::-1]
    grid = np.where(np.array(bits).reshape(ROWS, COLUMNS), LIGHT, DARK).astype(np.uint8)
    return grid[np.arange(height) * ROWS // height][:, np.arange(width) * COLUMNS // width]


def write(
    path: Path,
    file: int,
    frames: int,
    rate: Fraction = Fraction(24),
    size: tuple[int, int] = (128, 72),
    **options: object,
) -> Path:
    """Write such a video, or a sequence where the name has a ``%04d``."""
    video.encode(path, pictures(file, frames, size), rate, **options)  # type: ignore[arg-type]
    return path


def read(luma: np.ndarray) -> tuple[int, int]:
    """Read (file, frame) from a picture's luma; (-1, -1) where it shows no such pattern."""
    height, width = luma.shape
    value = 0
    for row in range(ROWS):
        for column in range(COLUMNS):
            y, x = (2 * row + 1) * height // (2 * ROWS), (2 * column + 1) * width // (2 * COLUMNS)
            patch = luma[y - 2 : y + 3, x - 2 : x + 3].astype(np.float64).mean()
            if not (40 < patch < 90 or 160 < patch < 220):
                return -1, -1
            value = value << 1 | int(patch > 125)
    return value >> BITS_OF_FRAME, value & ((1 << BITS_OF_FRAME) - 1)


def decoded(path: Path) -> list[np.ndarray]:
    """Luma of every frame of a movie, by plain decoding."""
    with av.open(str(path)) as container:
        return [
            np.asarray(
                frame.reformat(format="gray").to_ndarray() if frame.format.name != "yuv420p" else _luma(frame)
            )
            for frame in container.decode(video=0)
        ]


def _luma(frame: av.VideoFrame) -> np.ndarray:
    plane = frame.planes[0]
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width].copy()
