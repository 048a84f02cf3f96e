"""Drawing into planes: flat fills, texts, outlines, pieces that were drawn before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ..model import Planes

UInt8 = npt.NDArray[np.uint8]
Code: TypeAlias = tuple[int, int, int]
"""Y, Cb, Cr in the code values of a movie."""

BLACK, GROUND, SLOT, LINE, DIM, WHITE = "#000000", "#181818", "#2c2c2c", "#787878", "#a8a8a8", "#f4f4f4"
"""Greys: what texts lie on must be grey, since a text changes the luma only."""
ERROR_INK, WARNING_INK, CALM_INK = "#ff5f33", "#f2bd4b", "#5f8fb8"
"""Apart in lightness too, so that nobody needs to tell red from green."""
FAMILY_INKS = {"Lemon": "#dce95a", "Fuchsia": "#e8409a", "Sky": "#7fd6fb", "Rose": "#ffa1b9"}
"""Resolve's marker colours as a screen shows them; Fuchsia is lighter, to be seen on dark pictures."""


class Rect(NamedTuple):
    """A place in pixels."""

    x: int
    y: int
    width: int
    height: int


@lru_cache(maxsize=1024)
def code_of(rgb: str, bits: int) -> Code:
    """Bring a colour (``#rrggbb``) to limited range code values (ITU-R BT.709-6, items 3.2 to 3.4)."""
    red, green, blue = (int(rgb[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    scale = 1 << (bits - 8)
    values = (16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748)
    return round(values[0] * scale), round(values[1] * scale), round(values[2] * scale)


@lru_cache(maxsize=64)
def _blend(ink: str, ground: str, bits: int) -> npt.NDArray[Any]:
    """Luma for each value of a mask."""
    first, last = code_of(ground, bits)[0], code_of(ink, bits)[0]
    return np.round(np.linspace(first, last, 256)).astype(np.uint8 if bits == 8 else np.uint16)


@lru_cache(maxsize=256)
def _dashes(length: int, dash: int, gap: int) -> npt.NDArray[np.bool_]:
    """Where a line of dashes is drawn: it begins and ends with a dash, so that corners close."""
    count = max(1, round((length - dash) / (dash + gap)))
    step = (length - dash) / count
    at = np.arange(length, dtype=np.float64)
    since: npt.NDArray[Any] = at - np.floor(at / step) * step if step >= 1 else np.zeros(length)
    drawn: npt.NDArray[np.bool_] = (since < dash) | (at >= length - dash)
    return drawn


@dataclass(frozen=True, slots=True)
class Brush:
    """Draws into planes of one kind. Places beyond the planes are left out."""

    bits: int
    across: int
    """Luma samples per chroma sample."""
    down: int

    def even(self, value: float, least: int = 0) -> int:
        """Round to a whole number of chroma samples."""
        return max(least, 2 * round(value / 2))

    def sheet(self, width: int, height: int, color: str = GROUND) -> Planes:
        """Give new planes of one colour."""
        kind = np.uint8 if self.bits == 8 else np.uint16
        luma, blue, red = code_of(color, self.bits)
        small = (-(-height // self.down), -(-width // self.across))
        return Planes(
            np.full((height, width), luma, kind), np.full(small, blue, kind), np.full(small, red, kind)
        )

    def fill(self, planes: Planes, place: Rect, color: str) -> None:
        """Fill a rectangle; chroma samples that it touches take its colour."""
        x, y, right, bottom = _corners(place)
        if right <= x or bottom <= y:
            return
        luma, blue, red = code_of(color, self.bits)
        planes.luma[y:bottom, x:right] = luma
        rows = slice(y // self.down, -(-bottom // self.down))
        columns = slice(x // self.across, -(-right // self.across))
        planes.blue[rows, columns] = blue
        planes.red[rows, columns] = red

    def write(
        self, planes: Planes, mask: UInt8, x: int, y: int, ink: str = WHITE, ground: str = GROUND
    ) -> None:
        """Draw a mask; ink and ground are greys, and the ground is there already."""
        if x < 0 or y < 0:
            mask, x, y = mask[max(-y, 0) :, max(-x, 0) :], max(x, 0), max(y, 0)
        target = planes.luma[y : y + mask.shape[0], x : x + mask.shape[1]]
        mask = mask[: target.shape[0], : target.shape[1]]
        target[:] = _blend(ink, ground, self.bits).take(mask)

    def stamp(self, planes: Planes, piece: Planes, x: int, y: int) -> None:
        """Copy a piece to a place at whole chroma samples."""
        places = ((x, y), *[(x // self.across, y // self.down)] * 2)
        for (left, top), source, plane in zip(places, piece.channels, planes.channels, strict=True):
            target = plane[top : top + source.shape[0], left : left + source.shape[1]]
            target[:] = source[: target.shape[0], : target.shape[1]]

    def ring(
        self,
        planes: Planes,
        place: Rect,
        thickness: int,
        color: str,
        *,
        dashed: bool = False,
        between: str = BLACK,
    ) -> None:
        """Draw the outline of a rectangle, inside of it.

        Parameters
        ----------
        planes
            Drawn into.
        place
            Even numbers.
        thickness
            Pixels, even.
        color
            Of the line.
        dashed
            Whether it has gaps.
        between
            Colour of the gaps.
        """
        x, y, right, bottom = _corners(place)
        if right - x < 2 * thickness or bottom - y < 2 * thickness:
            self.fill(planes, place, color)
            return
        colors = zip(code_of(color, self.bits), code_of(between, self.bits), strict=True)
        steps = ((1, 1), (self.across, self.down), (self.across, self.down))
        dash, gap = 5 * thickness, 3 * thickness
        lines = (_dashes(right - x, dash, gap), _dashes(bottom - y, dash, gap)) if dashed else None
        for plane, (drawn, empty), (across, down) in zip(planes.channels, colors, steps, strict=True):
            left, top, end, foot = x // across, y // down, -(-right // across), -(-bottom // down)
            wide, high = max(1, thickness // across), max(1, thickness // down)
            row: Any = drawn
            column: Any = drawn
            if lines is not None:
                row = np.where(lines[0][::across], drawn, empty).astype(plane.dtype)
                column = np.where(lines[1][::down], drawn, empty).astype(plane.dtype)[:, None]
            plane[top:foot, left : left + wide] = _cut(column, plane[top:foot], 0)
            plane[top:foot, end - wide : end] = _cut(column, plane[top:foot], 0)
            plane[top : top + high, left:end] = _cut(row, plane[:, left:end], 1)
            plane[foot - high : foot, left:end] = _cut(row, plane[:, left:end], 1)


def _corners(place: Rect) -> Rect:
    """Left, top, right and bottom, not beyond the first pixel."""
    x, y, width, height = place
    return Rect(max(x, 0), max(y, 0), x + width, y + height)


def _cut(line: Any, target: npt.NDArray[Any], axis: int) -> Any:
    """Shorten a line of values to where it is drawn."""
    if not isinstance(line, np.ndarray):
        return line
    return line[: target.shape[0]] if axis == 0 else line[: target.shape[1]]
