"""What is drawn on the frames of a movie for people: findings over the picture, and the panel below it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..model import Planes
from ..pictures import lettering, paragraph
from .heat_map import HeatMap
from .ink import BLACK, DIM, LINE, WHITE, Brush, Rect, UInt8
from .panel import Panel, family_of, shown_score

Box: TypeAlias = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
MOST_LABELS = 4
MOST_KEPT = 256
"""Labels and plates that are kept drawn."""


@dataclass(frozen=True, slots=True)
class Burning:
    """What is drawn."""

    burn_in: bool
    """Timecode, clip name and frame number on the panel."""
    bars: bool
    """A score bar for each detector on the panel."""
    overlay: Literal["heat", "boxes", "none"]
    """``none`` leaves the picture as it is; else findings get a border, labels and boxes, and by ``heat``
    maps of where they are."""
    detectors: tuple[str, ...]
    """In the order of their bars."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding that is in the picture."""

    detector: str
    label: str
    """A word or two: ``hidden cut``."""
    severity: Literal["error", "warning"]
    score: float
    box: Box | None = None
    """x, y, width, height as fractions of the picture."""
    heat: UInt8 | None = None
    """Strength, shape (R, C)."""
    where: Box = WHOLE
    """What the cells of `heat` cover, as fractions of the picture; may reach beyond it."""


@dataclass(frozen=True, slots=True)
class FrameNote:
    """What is to be said on one frame."""

    timecode: str
    clip: str
    frame: int
    scores: Mapping[str, float | None]
    """Detector → its score at this frame."""
    marks: Sequence[Mark] = ()
    plate: str = ""
    """Words over the middle of the picture: why it is missing."""


class Burner:
    """Draws notes into frames of one size.

    Parameters
    ----------
    width
        Of picture and panel, in pixels.
    picture_height
        Rows of the picture, the upper part of a frame.
    panel
        Rows of the panel below it; see `panel_height`. 0 is none.
    bits
        8 or 10.
    subsampling
        Luma samples per chroma sample, across and down.
    burning
        What is drawn.
    """

    def __init__(
        self,
        width: int,
        picture_height: int,
        panel: int,
        bits: int,
        subsampling: tuple[int, int],
        burning: Burning,
    ) -> None:
        self._brush = brush = Brush(bits, *subsampling)
        self._picture = Rect(0, 0, width, picture_height)
        self._overlay = burning.overlay
        self._heat = HeatMap(brush)
        self._kept: dict[tuple[object, ...], Planes] = {}
        self._panel = None
        if panel > 0:
            detectors = burning.detectors if burning.bars else ()
            self._panel = Panel(width, panel, brush, detectors=detectors, burn_in=burning.burn_in)
        side = min(width, picture_height)
        self._border = brush.even(side * 0.009, 2)
        self._line = brush.even(side * 0.004, 2)
        self._text = brush.even(max(side * 0.036, min(16, side * 0.1)), 2)

    def draw(self, planes: Planes, note: FrameNote) -> None:
        """Draw a note into a frame, picture and panel."""
        if note.plate:
            self._draw_plate(planes, note.plate)
        if self._overlay != "none" and note.marks:
            marks = sorted(note.marks, key=lambda mark: (mark.severity != "error", -_finite(mark.score)))
            self._draw_marks(planes, marks)
        if self._panel is not None:
            sheet = self._panel.draw(note.timecode, note.clip, note.frame, note.scores)
            self._brush.stamp(planes, sheet, 0, self._picture.height)

    def _draw_marks(self, planes: Planes, marks: Sequence[Mark]) -> None:
        """Draw findings, the worst on top."""
        if self._overlay == "heat":
            for mark in reversed(marks):
                place = None if mark.heat is None else self._pixels(mark.where)
                if mark.heat is not None and place is not None:
                    self._heat.draw(planes, mark.heat, place, self._picture)
        for mark in reversed(marks):
            place = None if mark.box is None else self._inside(self._pixels(mark.box))
            if place is not None:
                self._draw_box(planes, place, mark)
        self._draw_border(planes, marks[0])
        self._draw_labels(planes, marks)

    def _pixels(self, box: Box) -> Rect | None:
        """Bring fractions of the picture to even pixels; None where they are no place."""
        if not all(math.isfinite(value) for value in box) or max(map(abs, box)) > 100:
            return None
        even, picture = self._brush.even, self._picture
        x, y = even(box[0] * picture.width), even(box[1] * picture.height)
        right, bottom = even((box[0] + box[2]) * picture.width), even((box[1] + box[3]) * picture.height)
        return Rect(x, y, right - x, bottom - y) if right > x and bottom > y else None

    def _inside(self, place: Rect | None) -> Rect | None:
        """Cut a place at the border's inner edge."""
        if place is None:
            return None
        edge, picture = self._border, self._picture
        x, y = max(place.x, edge), max(place.y, edge)
        right = min(place.x + place.width, picture.width // 2 * 2 - edge)
        bottom = min(place.y + place.height, picture.height // 2 * 2 - edge)
        return Rect(x, y, right - x, bottom - y) if right > x and bottom > y else None

    def _draw_box(self, planes: Planes, place: Rect, mark: Mark) -> None:
        brush, line = self._brush, self._line
        edge = 2 if line < 6 else line // 4 * 2
        brush.ring(planes, place, line + 2 * edge, BLACK)
        inner = Rect(place.x + edge, place.y + edge, place.width - 2 * edge, place.height - 2 * edge)
        brush.ring(planes, inner, line, family_of(mark.detector), dashed=mark.severity != "error")

    def _draw_border(self, planes: Planes, mark: Mark) -> None:
        brush, picture = self._brush, self._picture
        place = Rect(0, 0, picture.width, picture.height)
        brush.ring(planes, place, self._border + 2, BLACK)
        brush.ring(planes, place, self._border, family_of(mark.detector), dashed=mark.severity != "error")

    def _draw_labels(self, planes: Planes, marks: Sequence[Mark]) -> None:
        """Draw a label for each finding below each other, and how many more there are."""
        margin = self._border + self._brush.even(self._text * 0.4, 2)
        high = self._brush.even(self._text * 1.3, 2)
        step = high + self._brush.even(self._text * 0.2, 2)
        room = max(0, (self._picture.height - 2 * margin + step - high) // step)
        wide = self._picture.width - 2 * margin
        shown = marks[: min(MOST_LABELS, room)]
        pieces = [self._label(mark, wide, high) for mark in shown]
        if len(marks) > len(shown) and len(shown) < room:
            pieces.append(self._more(len(marks) - len(shown), wide, high))
        for number, piece in enumerate(pieces):
            self._brush.stamp(planes, piece, margin, margin + number * step)

    def _label(self, mark: Mark, wide: int, high: int) -> Planes:
        """Give a plate such as ``FLICKER · 0.91``: capitals for an error, small with ``?`` for a warning."""
        error = mark.severity == "error"
        words = mark.label[:200] or mark.detector
        words = words.upper() if error else f"{words.lower()}?"
        color, score = family_of(mark.detector), shown_score(mark.score)
        key = ("label", words, score, color)
        if key not in self._kept:
            chip = self._brush.even(high * 0.3, 2)
            space = self._text // 3
            dot = lettering("\N{MIDDLE DOT}", self._text, self._text)
            tail = lettering(score, self._text, max(0, wide - chip))
            rest = chip + dot.shape[1] + tail.shape[1] + 4 * space
            head = lettering(words, self._text, max(0, wide * 7 // 10 - rest))
            size = self._brush.even(rest + head.shape[1], 2)
            piece = self._brush.sheet(min(size, max(wide, 0)), high)
            self._chip(piece, chip, high, color, solid=error)
            x, above = chip + space, (high - self._text) // 2
            for mask, ink in ((head, WHITE), (dot, DIM), (tail, WHITE if error else DIM)):
                self._brush.write(piece, mask, x, above, ink)
                x += mask.shape[1] + space
            self._keep(key, piece)
        return self._kept[key]

    def _chip(self, piece: Planes, chip: int, high: int, color: str, *, solid: bool) -> None:
        """Colour the left end of a label: whole for an error, in pieces for a warning."""
        if solid:
            self._brush.fill(piece, Rect(0, 0, chip, high), color)
            return
        part = max(2, high // 10 * 2)
        for top in range(0, high, 2 * part):
            self._brush.fill(piece, Rect(0, top, chip, min(part, high - top)), color)

    def _more(self, count: int, wide: int, high: int) -> Planes:
        key = ("more", count)
        if key not in self._kept:
            space = self._text // 3
            mask = lettering(f"+{count}", self._text, max(0, wide - 2 * space))
            piece = self._brush.sheet(min(self._brush.even(mask.shape[1] + 2 * space, 2), max(wide, 0)), high)
            self._brush.write(piece, mask, space, (high - self._text) // 2)
            self._keep(key, piece)
        return self._kept[key]

    def _draw_plate(self, planes: Planes, words: str) -> None:
        """Draw words on a card in the middle of the picture."""
        key = ("plate", words)
        picture, text = self._picture, self._brush.even(self._text * 1.15, 2)
        if key not in self._kept:
            pad = self._brush.even(text * 0.9, 2)
            room = (round(picture.width * 0.72) - 2 * pad, (picture.height - 2 * pad) // max(text, 1))
            lines = paragraph(words, text, max(room[0], 0), max(1, min(4, room[1])))
            wide = max((mask.shape[1] for mask in lines), default=0) + 2 * pad
            size = (
                min(self._brush.even(wide), picture.width),
                min(len(lines) * text + 2 * pad, picture.height),
            )
            piece = self._brush.sheet(*size)
            self._brush.ring(piece, Rect(0, 0, *size), 2, LINE)
            for number, mask in enumerate(lines):
                self._brush.write(piece, mask, (size[0] - mask.shape[1]) // 2, pad + number * text)
            self._keep(key, piece)
        piece = self._kept[key]
        high, wide = piece.luma.shape
        x, y = (picture.width - wide) // 4 * 2, (picture.height - high) // 4 * 2
        self._brush.stamp(planes, piece, x, y)

    def _keep(self, key: tuple[object, ...], piece: Planes) -> None:
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = piece


def _finite(score: float) -> float:
    return score if math.isfinite(score) else 0.0
