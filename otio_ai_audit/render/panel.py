"""The panel below the picture: timecode, clip, frame, and a bar for the score of each detector."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..markings import COLORS, OTHER_COLOR
from ..model import ERROR, WARNING, Planes, Severity, severity_of
from ..pictures import BASE, lettering
from .ink import (
    CALM_INK,
    DIM,
    ERROR_INK,
    FAMILY_INKS,
    GROUND,
    LINE,
    SLOT,
    WARNING_INK,
    WHITE,
    Brush,
    Rect,
    UInt8,
)

TICKS = (WARNING, ERROR)
ROWS = 2
"""Rows of bars."""
MOST_TIMECODE = 24
"""Characters of a timecode that are drawn."""
MOST_GLYPHS = 256
TIMECODE_SHAPE = 4.9
"""Width of a timecode over the height of its line."""
_NEVER = object()


def panel_height(picture_height: int, detectors: Sequence[str]) -> int:
    """Say how many rows the panel needs below a picture, an even number.

    Parameters
    ----------
    picture_height
        Rows of the picture.
    detectors
        Those whose bars are shown; without any there is one line of text.
    """
    share, least, most = (0.11, 50, 0.3) if detectors else (0.056, 26, 0.15)
    height = max(share * picture_height, min(least, most * picture_height))
    return max(2, 2 * round(height / 2))


def family_of(detector: str) -> str:
    """Colour of a detector's findings, that of its markers in Resolve."""
    return FAMILY_INKS[COLORS.get(detector, OTHER_COLOR)]


def shown_score(score: float | None) -> str:
    """Write a score with two digits, cut off so that it never seems to be of the next severity."""
    if score is None or not math.isfinite(score):
        return "n/a"
    return f"{math.floor(min(max(score, 0.0), 1.0) * 100 + 1e-6) / 100:.2f}"


class Digits:
    """Texts of digits that stand still while they change: each digit is as wide as any other."""

    def __init__(self, height: int) -> None:
        self.height = max(height, 1)
        self._glyphs = {char: self._glyph(char) for char in "0123456789"}
        self.pitch = max(mask.shape[1] for mask in self._glyphs.values())
        self._glyphs[" "] = np.zeros((self.height, self.pitch // 2), np.uint8)

    def _glyph(self, char: str) -> UInt8:
        return lettering(char, self.height, 4 * self.height)

    def mask(self, text: str) -> UInt8:
        """Give a text as one mask."""
        parts = []
        for char in text:
            glyph = self._glyphs.get(char)
            if glyph is None:
                if len(self._glyphs) >= MOST_GLYPHS:
                    return lettering(text, self.height, len(text) * self.height)
                glyph = self._glyphs[char] = self._glyph(char)
            pad = max(self.pitch - glyph.shape[1], 0) if char.isdigit() else 0
            parts.append(np.pad(glyph, ((0, 0), (pad // 2, pad - pad // 2))) if pad else glyph)
        return np.hstack(parts) if parts else np.zeros((self.height, 0), np.uint8)

    def width(self, text: str) -> int:
        return int(self.mask(text).shape[1])


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand on a panel."""

    timecode: Rect
    frame: Rect
    """Written to its right edge."""
    clip: Rect
    cells: tuple[Rect, ...]


def _layout(width: int, height: int, bars: int, burn_in: bool) -> _Layout:
    """Divide a panel: texts at the left and bars at the right, or above each other where it is narrow."""
    side, pad = max(2, round(min(width * 0.008, height * 0.3))), max(1, round(height * 0.06))
    inner = Rect(side, pad, max(width - 2 * side, 0), max(height - 2 * pad, 0))
    if not burn_in:
        nowhere = Rect(0, 0, 0, 0)
        return _Layout(nowhere, nowhere, nowhere, _cells(inner, bars))
    if not bars:
        return _one_line(inner)
    if width < 8 * height:  # narrow: texts above bars
        text = Rect(inner.x, inner.y, inner.width, round(inner.height * 0.44))
        below = text.height + pad
        field = Rect(inner.x, inner.y + below, inner.width, inner.height - below)
    else:
        columns = -(-bars // ROWS)
        across = round(min(width * 0.68, width * 0.17 * columns))
        text = Rect(inner.x, inner.y, max(inner.width - across - 2 * side, 0), inner.height)
        field = Rect(inner.x + inner.width - across, inner.y, across, inner.height)
    upper = round(min(text.height * 0.6, text.width / 7.2))
    lower = round(min(text.height * 0.38, upper * 0.8))
    high = round(min(lower, upper * 0.56))
    number = max(0, text.width - round(TIMECODE_SHAPE * upper))
    return _Layout(
        Rect(text.x, text.y, text.width - number, upper),
        Rect(text.x + text.width - number, text.y + _base(upper) - _base(high), number, high),
        Rect(text.x, text.y + text.height - lower, text.width, lower),
        _cells(field, bars),
    )


def _one_line(inner: Rect) -> _Layout:
    """Put timecode, clip and frame beside each other."""
    x, y, width, height = inner
    across = min(round((TIMECODE_SHAPE + 0.6) * height), width * 2 // 5)
    high = round(height * 0.8)
    number = min(round(5 * high), width // 4)
    lower = y + _base(height) - _base(high)
    return _Layout(
        Rect(x, y, across, height),
        Rect(x + width - number, lower, number, high),
        Rect(x + across, lower, max(width - across - number - height // 2, 0), high),
        (),
    )


def _base(height: int) -> int:
    """Say how far below its top the base line of a line of text is."""
    return round(height * BASE)


def _cells(field: Rect, bars: int) -> tuple[Rect, ...]:
    """Divide a field among bars, row by row."""
    if not bars:
        return ()
    rows = min(ROWS, bars)
    columns = -(-bars // rows)
    gap = max(4, field.width // (14 * columns))
    step, high = (field.width + gap) / columns, field.height / rows
    return tuple(
        Rect(
            round(field.x + number % columns * step),
            2 * math.ceil((field.y + number // columns * high) / 2),  # no chroma sample is shared
            max(0, round(step - gap)),
            max(0, math.floor(high) - 1),
        )
        for number in range(bars)
    )


class Panel:
    """Keeps the panel as it was in the last frame, and draws anew what has changed."""

    def __init__(
        self, width: int, height: int, brush: Brush, *, detectors: Sequence[str], burn_in: bool
    ) -> None:
        self._brush = brush
        self._burn_in = burn_in
        self._places = _layout(width, height, len(detectors), burn_in)
        self._sheet = brush.sheet(width, height)
        self._shown: dict[str, object] = {}
        self._large = Digits(self._places.timecode.height)
        self._small = Digits(self._places.frame.height)
        self._bars = tuple(
            _Bar(name, cell, brush, self._sheet)
            for name, cell in zip(detectors, self._places.cells, strict=True)
        )

    def draw(self, timecode: str, clip: str, frame: int, scores: Mapping[str, float | None]) -> Planes:
        """Bring the panel up to date.

        Returns
        -------
        Planes
            The panel's own; the next call draws into them again.
        """
        if self._burn_in:
            self._change("timecode", timecode)
            self._change("frame", str(frame))
            self._change("clip", clip)
        for bar in self._bars:
            bar.draw(scores.get(bar.name))
        return self._sheet

    def _change(self, what: str, text: str) -> None:
        if self._shown.get(what, _NEVER) == text:
            return
        self._shown[what] = text
        place: Rect = getattr(self._places, what)
        self._brush.fill(self._sheet, place, GROUND)
        if what == "clip":
            mask, ink = lettering(text, place.height, place.width), WHITE
        elif what == "timecode":
            mask, ink = self._large.mask(text[:MOST_TIMECODE]), WHITE
        else:
            words = f"frame {text[-MOST_TIMECODE:]}"
            if self._small.width(words) > place.width:
                words = text[-MOST_TIMECODE:]
            mask, ink = self._small.mask(words), DIM
        mask = mask[:, : max(place.width, 0)]
        x = place.x + (place.width - mask.shape[1] if what == "frame" else 0)
        self._brush.write(self._sheet, mask, x, place.y, ink)


class _Bar:
    """The score of one detector: its name, its value, and a bar with ticks where severities begin."""

    def __init__(self, name: str, cell: Rect, brush: Brush, sheet: Planes) -> None:
        self.name = name
        self._brush = brush
        self._sheet = sheet
        self._value: object = _NEVER
        text = round(min(cell.height * 0.6, cell.width * 0.14))
        self._digits = Digits(text)
        value = min(self._digits.width("0.00") + 2, cell.width)
        chip = max(2, 2 * round(text * 0.2))
        self._right = Rect(cell.x + cell.width - value, cell.y, value, text)
        begin = -(-(cell.x + chip + max(2, chip // 2)) // 2) * 2
        self._left = Rect(begin, cell.y, max(0, self._right.x - begin - 2), text)
        self._label = lettering(name, text, self._left.width)
        high = max(2, 2 * round(cell.height * 0.26 / 2))
        self.track = Rect(
            cell.x, min(cell.y + text + max(1, text // 8), cell.y + cell.height - high), cell.width, high
        )
        top = cell.y + max(1, text // 5)
        brush.fill(sheet, Rect(cell.x, top, chip, max(1, round(text * 0.68))), family_of(name))

    def draw(self, score: float | None) -> None:
        shown = None if score is None or not math.isfinite(score) else min(max(float(score), 0.0), 1.0)
        if shown == self._value:
            return
        self._value = shown
        severity = severity_of(shown)
        ink = WHITE if severity in ("warning", "error") else DIM
        for place in (self._left, self._right):
            self._brush.fill(self._sheet, place, GROUND)
        self._brush.write(self._sheet, self._label, self._left.x, self._left.y, ink)
        value = self._digits.mask(shown_score(shown))[:, : self._right.width]
        self._brush.write(
            self._sheet, value, self._right.x + self._right.width - value.shape[1], self._right.y, ink
        )
        draw_bar(self._brush, self._sheet, self.track, shown, severity)


def draw_bar(brush: Brush, sheet: Planes, track: Rect, score: float | None, severity: Severity) -> None:
    """Draw a bar: thin and calm, a warning hatched, an error a solid block; nothing in it for no score."""
    x, y, width, height = track
    brush.fill(sheet, track, SLOT if score is not None else GROUND)
    if score is None:
        thin = max(1, height // 4)
        brush.fill(sheet, Rect(x, y + (height - thin) // 2, width, thin), SLOT)
        return
    filled = Rect(x, y, round(score * width), height)
    if severity == "error":
        brush.fill(sheet, filled, ERROR_INK)
    elif severity == "warning":
        brush.fill(sheet, filled, WARNING_INK)
        _hatch(brush, sheet, filled)
    else:
        thin = max(2, 2 * round(height * 0.4 / 2))
        brush.fill(sheet, Rect(x, y + (height - thin) // 2, filled.width, thin), CALM_INK)
    line = max(1, height // 8)
    for tick in TICKS:
        at = x + round(tick * width) - line // 2
        covered = severity in ("warning", "error") and filled.x + filled.width > at
        brush.fill(sheet, Rect(at, y, line, height), GROUND if covered else LINE)


def _hatch(brush: Brush, sheet: Planes, place: Rect) -> None:
    """Darken diagonal stripes; the hue stays, since chroma is too coarse for them."""
    x, y, width, height = place
    target = sheet.luma[y : y + height, x : x + width]
    rows, columns = np.indices(target.shape)
    period = max(4, height // 2 * 2)
    dark = (rows + columns + x) % period < period * 0.4
    shadow = target * np.float32(0.4) + np.float32(16 * 0.6 * (1 << (brush.bits - 8)))
    np.copyto(target, np.where(dark, shadow, target).astype(target.dtype))
