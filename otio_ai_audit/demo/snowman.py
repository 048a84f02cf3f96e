"""The snowman: drawn from a look, seen from any side, and a look between two others."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from .paint import Color, Pen, Point, Sprite, mirrored
from .props import SNOW

Paint: TypeAlias = tuple[Color, Color]
"""Colour at the top and at the bottom."""
Ball: TypeAlias = tuple[float, float, float]
"""Height of the centre and both radii, in units."""

SHADE: Color = (146, 164, 206)
TWIG: Color = (74, 52, 48)


@dataclass(frozen=True, slots=True)
class Look:
    """What makes a snowman this one: numbers and colours only, so that two looks can be blended."""

    head: Ball
    middle: Ball
    foot: Ball
    eyes: tuple[float, float, float, float]
    """Turn from the nose (radians), height over the head's centre, and both radii."""
    iris: Paint
    nose: tuple[float, float, float]
    """Length, half its width, and how far its tip hangs."""
    tip: float
    """Roundness of the nose's end: 0 a carrot, 1 a ball."""
    carrot: Paint
    smile: tuple[float, float, float]
    """Reach to each side (radians), lift of the corners, radius of a coal."""
    brow: float
    """How far the brows fall towards the nose."""
    cheeks: Color
    hat: tuple[Point, ...]
    """Right half of the hat's outline from the top down, from the head's top; the left mirrors it."""
    felt: Paint
    band: Paint
    wool: Paint
    stripe: Color
    button: Paint


BLUE_SCARF = Look(
    head=(154, 64, 58), middle=(256, 86, 74), foot=(372, 116, 92),
    eyes=(0.36, 12, 7.5, 8.5), iris=((52, 50, 62), (20, 20, 28)),
    nose=(64, 10, 5), tip=0.0, carrot=((252, 150, 62), (222, 92, 30)),
    smile=(0.56, 13, 4.2), brow=-2.0, cheeks=(240, 196, 206),
    hat=((0, -78), (40, -78), (46, -74), (42, -20), (44, -6), (82, -4), (84, 6), (40, 12), (0, 14)),
    felt=((60, 58, 76), (26, 26, 40)), band=((214, 44, 50), (164, 22, 34)),
    wool=((72, 130, 216), (34, 78, 160)), stripe=(236, 242, 250), button=((56, 54, 66), (24, 24, 34)),
)  # fmt: skip
ANOTHER = Look(
    head=(154, 84, 74), middle=(262, 72, 66), foot=(374, 98, 88),
    eyes=(0.23, 20, 12.5, 15), iris=((104, 196, 92), (26, 108, 62)),
    nose=(26, 19, 12), tip=1.0, carrot=((226, 70, 120), (150, 26, 84)),
    smile=(0.34, -12, 6.0), brow=9.0, cheeks=(196, 206, 244),
    hat=((0, -60), (14, -58), (40, -48), (62, -28), (74, -8), (79, 0), (82, 12), (66, 20), (0, 22)),
    felt=((150, 74, 176), (92, 36, 122)), band=((246, 206, 92), (214, 158, 46)),
    wool=((248, 190, 60), (206, 128, 26)), stripe=(190, 48, 104), button=((206, 60, 66), (140, 20, 34)),
)  # fmt: skip
"""The one that the snowman turns into: other head, eyes, nose, mouth, hat and scarf."""


def between(one: Look, other: Look, share: float) -> Look:
    """Return the look that lies `share` (0 to 1) of the way from one to the other."""

    def blend(a: Any, b: Any) -> Any:
        if isinstance(a, tuple):
            return tuple(blend(x, y) for x, y in zip(a, b, strict=True))
        mixed = a + (b - a) * share
        return round(mixed) if isinstance(a, int) and isinstance(b, int) and a >= 0 <= b else mixed

    return Look(*(blend(a, b) for a, b in zip(astuple(one), astuple(other), strict=True)))


@lru_cache(maxsize=4)
def snowman(density: float, look: Look = BLUE_SCARF, turn: float = 0.0) -> Sprite:
    """Return the snowman, 400 × 480 units, standing on (200, 462).

    Parameters
    ----------
    density
        Pixels per unit.
    look
        Which snowman.
    turn
        How far he is turned to the right of the picture, in radians; 0 looks at the camera.
    """
    pen = Pen(400, 480, density)
    pen.oval(200, 458, 1.2 * look.foot[1], 15, (52, 66, 116), alpha=90)
    for height, rx, ry in (look.foot, look.middle):
        _ball(pen, height, rx, ry)
    _arms(pen, look, turn)
    _buttons(pen, look, turn)
    _tail(pen, look, turn)
    _ball(pen, *look.head)
    _collar(pen, look)
    _face(pen, look, turn)
    _hat(pen, look)
    return Sprite(pen.image, density, (200, 462))


def _ball(pen: Pen, height: float, rx: float, ry: float) -> None:
    """Draw a ball of snow, lit from above and from the left."""
    pen.oval(200, height, rx, ry, SNOW, SHADE)
    pen.oval(
        200 - 0.1 * rx, height - 0.12 * ry, 0.8 * rx, 0.78 * ry, (236, 242, 252), (186, 200, 232), alpha=110
    )
    pen.oval(200 - 0.3 * rx, height - 0.36 * ry, 0.42 * rx, 0.36 * ry, (252, 253, 255), alpha=70)


def _on(ball: Ball, turn: float, up: float) -> tuple[float, float, float]:
    """Return where a spot on a ball is seen, and how wide things are there (0: behind the rim)."""
    height, rx, ry = ball
    reach = rx * math.sqrt(max(0.05, 1 - (up / ry) ** 2))
    return 200 + reach * math.sin(turn), height - up, max(0.0, math.cos(turn))


def _arms(pen: Pen, look: Look, turn: float) -> None:
    height, rx, _ = look.middle
    for side in (-1, 1):
        reach = side * math.cos(turn)
        x, y = 200 + 0.86 * rx * reach, height - 14
        hand = (x + 74 * reach, y - 46 + 10 * side * math.sin(turn))
        pen.line([(x, y), (x + 40 * reach, y - 16), hand], TWIG, 6)
        for dx, dy in ((22, -20), (28, -4), (8, -26)):
            pen.line([hand, (hand[0] + dx * reach, hand[1] + dy)], TWIG, 3.4)


def _buttons(pen: Pen, look: Look, turn: float) -> None:
    for ball, up in ((look.middle, 12.0), (look.middle, -24.0), (look.foot, 40.0)):
        x, y, wide = _on(ball, 0.9 * turn, up)
        pen.oval(x, y, 8.5 * wide, 8.5, *look.button)


def _neck(look: Look) -> tuple[float, float]:
    """Height and half width of the scarf around the neck."""
    return look.head[0] + 0.86 * look.head[2], 0.74 * (look.head[1] + look.middle[1]) / 2 + 8


def _collar(pen: Pen, look: Look) -> None:
    y, half = _neck(look)
    right = [(200, y - 2), (200 + 0.62 * half, y - 7), (200 + half, y - 14), (200 + 1.04 * half, y + 4),
             (200 + 0.66 * half, y + 18), (200, y + 23)]  # fmt: skip
    pen.smooth([*right, *mirrored(right[1:-1], 200)[::-1]], *look.wool)
    for u in (-0.7, -0.35, 0.0, 0.35, 0.7):
        x, lift = 200 + u * half, 11 * u * u
        pen.shape(
            [(x - 5, y - lift - 1), (x + 4, y - lift - 1), (x + 6, y + 19 - lift), (x - 3, y + 20 - lift)],
            look.stripe,
        )


def _tail(pen: Pen, look: Look, turn: float) -> None:
    y, half = _neck(look)
    x = 200 + half * math.sin(0.62 + 0.8 * turn)
    pen.shape([(x - 15, y + 4), (x + 14, y), (x + 22, y + 96), (x - 12, y + 100)], *look.wool)
    for k in (30, 62):
        pen.shape(
            [(x - 14 + k / 34, y + k), (x + 16 + k / 16, y + k - 2), (x + 17 + k / 16, y + k + 9),
             (x - 14 + k / 34, y + k + 11)],
            look.stripe,
        )  # fmt: skip
    for i in range(6):
        pen.line([(x - 10 + 6 * i, y + 98), (x - 9 + 6.2 * i, y + 110)], look.wool[1], 2.6)


def _face(pen: Pen, look: Look, turn: float) -> None:
    away, up, rx, ry = look.eyes
    for side in (-1, 1):
        x, y, wide = _on(look.head, turn + 1.9 * side * away, up - 14)
        pen.oval(x, y, 15 * wide, 9, look.cheeks, alpha=120)
        x, y, wide = _on(look.head, turn + side * away, up)
        pen.oval(x, y, rx * wide, ry, *look.iris)
        pen.oval(x - 0.25 * rx * wide, y - 0.3 * ry, 0.34 * rx * wide, 0.32 * ry, (250, 252, 255))
        pen.line(
            [(x + side * 1.3 * rx * wide, y - ry - 6), (x - side * 1.1 * rx * wide, y - ry - 8 + look.brow)],
            TWIG, 3,
        )  # fmt: skip
    reach, lift, coal = look.smile
    for u in np.linspace(-1, 1, 7).tolist():
        x, y, wide = _on(look.head, turn + u * reach, -0.56 * look.head[2] + lift * (u * u - 0.4))
        pen.oval(x, y, coal * wide, coal, (58, 56, 68), (24, 24, 34))
    _nose(pen, look, turn)


def _nose(pen: Pen, look: Look, turn: float) -> None:
    length, half, hang = look.nose
    x, y, _ = _on(look.head, turn, 0.0)
    lean = math.sin(turn + 0.42)
    dx, dy = length * lean, hang + 0.1 * length
    size = math.hypot(dx, dy)
    ux, uy = dx / size, dy / size
    ball = look.tip
    points = [
        (x - uy * half - ux * half * 0.7, y + ux * half - uy * half * 0.7),
        (x - uy * half * (0.5 + 0.5 * ball) + 0.55 * dx, y + ux * half * (0.5 + 0.5 * ball) + 0.55 * dy),
        (x + dx - uy * half * (0.1 + 0.5 * ball), y + dy + ux * half * (0.1 + 0.5 * ball)),
        (x + dx + uy * half * (0.1 + 0.5 * ball), y + dy - ux * half * (0.1 + 0.5 * ball)),
        (x + uy * half * (0.5 + 0.5 * ball) + 0.55 * dx, y - ux * half * (0.5 + 0.5 * ball) + 0.55 * dy),
        (x + uy * half - ux * half * 0.7, y - ux * half - uy * half * 0.7),
    ]
    pen.smooth(points, *look.carrot)


def _hat(pen: Pen, look: Look) -> None:
    top = look.head[0] - 0.78 * look.head[2]
    right = [(200 + x, top + y) for x, y in look.hat]
    pen.shape([*right, *mirrored(right[1:-1], 200)[::-1]], *look.felt)
    (x0, y0), (x1, y1) = look.hat[3], look.hat[4]
    pen.shape(
        [(200 - x0, top + y0), (200 + x0, top + y0), (200 + x1, top + y1), (200 - x1, top + y1)], *look.band
    )
    x, y = look.hat[1]
    pen.smooth(
        [(200 - x - 4, top + y + 4), (200 - 0.6 * x, top + y - 7), (200, top + look.hat[0][1] - 8),
         (200 + 0.6 * x, top + y - 7), (200 + x + 4, top + y + 4), (200, top + y + 9)],
        SNOW, (176, 190, 222),
    )  # fmt: skip
