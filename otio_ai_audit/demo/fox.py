"""The fox: parts that move (tail, body, head), and fur that stays where it is unless told not to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from .paint import Color, Pen, Point, Sprite, Stage, mirrored

ORANGE: Color = (226, 118, 46)
RUST: Color = (168, 70, 26)
CREAM: Color = (248, 238, 222)
CREAM_SHADE: Color = (206, 190, 178)
SOCK: Color = (64, 40, 36)
FUR_SIZE = 640
"""Side of the fur texture in units; a part shows a window of at most 440 units."""


@lru_cache(maxsize=4)
def _fur(density: float, lean: float) -> Image.Image:
    """Return a large square of short hairs, light and dark, leaning by `lean` from upright."""
    side = round(FUR_SIZE * density)
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    rng = np.random.default_rng(41)
    count = 26000
    places = rng.random((count, 2)) * side
    lengths = rng.uniform(6, 15, count) * density
    angles = math.pi / 2 + lean + rng.normal(0, 0.28, count)
    shades = rng.random(count)
    width = max(1, round(1.1 * density))
    for (x, y), length, angle, shade in zip(
        places.tolist(), lengths.tolist(), angles.tolist(), shades.tolist(), strict=True
    ):
        color = (255, 222, 168, 76) if shade > 0.5 else (96, 36, 14, 62)
        draw.line(
            [(x, y), (x + length * math.cos(angle), y + length * math.sin(angle))], fill=color, width=width
        )
    return image


@dataclass(frozen=True, slots=True)
class _Part:
    skin: Image.Image
    """What wears fur."""
    over: Image.Image
    """What lies on top of it: eyes, nose."""
    pivot: Point
    lean: float


class Fox:
    """A sitting fox, 420 × 470 units, that breathes, sways its tail and turns its head a little."""

    def __init__(self, density: float) -> None:
        self.density = density
        self._parts = {"tail": _tail(density), "body": _body(density), "head": _head(density)}
        self._still = {name: self._dressed(name, None) for name in self._parts}

    def _dressed(self, name: str, rng: np.random.Generator | None) -> Sprite:
        """Return a part with its fur: its own, or, with `rng`, a new growth of it."""
        part = self._parts[name]
        fur = _fur(self.density, part.lean)
        room = fur.width - part.skin.width, fur.height - part.skin.height
        x, y = (
            (int(rng.integers(0, room[0])), int(rng.integers(0, room[1])))
            if rng
            else (room[0] // 2, room[1] // 2)
        )
        pen = Pen(1, 1, 1.0)
        pen.image = part.skin.copy()
        pen.inside(fur.crop((x, y, x + part.skin.width, y + part.skin.height)))
        pen.image.alpha_composite(part.over)
        left, top, right, bottom = part.skin.getbbox() or (0, 0, 1, 1)
        pivot = part.pivot[0] - (left - 2) / self.density, part.pivot[1] - (top - 2) / self.density
        # Two clear pixels around it keep the rim soft when it is turned.
        return Sprite(pen.image.crop((left - 2, top - 2, right + 2, bottom + 2)), self.density, pivot)

    def draw(
        self,
        frame: Image.Image,
        stage: Stage,
        at: Point,
        number: float,
        *,
        zoom: float = 1.0,
        boil: np.random.Generator | None = None,
    ) -> None:
        """Draw the fox sitting on nominal `at`, as it is in frame `number`.

        `boil` makes every part grow new fur for this frame alone: the fault, not the fox.
        """
        parts = {name: self._dressed(name, boil) for name in self._parts} if boil else self._still
        breath = math.sin(2 * math.pi * number / 52)
        sway = 0.13 * math.sin(2 * math.pi * number / 60)
        turn = 0.035 * math.sin(2 * math.pi * number / 84)

        def spot(x: float, y: float) -> Point:
            return at[0] + (x - 210) * zoom, at[1] + (y - 452) * zoom

        parts["tail"].place(frame, stage, spot(*self._parts["tail"].pivot), zoom=zoom, angle=sway)
        parts["body"].place(frame, stage, at, zoom=zoom, stretch=(1 + 0.006 * breath, 1 + 0.010 * breath))
        lift = 452 - (452 - 224) * (1 + 0.010 * breath)
        parts["head"].place(frame, stage, spot(210, lift), zoom=zoom, angle=turn)


def _tail(density: float) -> _Part:
    pen = Pen(420, 470, density)
    pen.smooth(
        [
            (262, 440),
            (330, 448),
            (392, 404),
            (408, 326),
            (388, 262),
            (352, 226),
            (338, 262),
            (344, 316),
            (318, 366),
            (262, 392),
        ],
        ORANGE,
        RUST,
    )
    pen.smooth(
        [(352, 226), (388, 262), (402, 312), (378, 296), (362, 312), (346, 296), (338, 262)],
        CREAM,
        CREAM_SHADE,
    )
    return _Part(pen.image, Pen(420, 470, density).image, (268, 420), 0.3)


def _body(density: float) -> _Part:
    pen = Pen(420, 470, density)
    pen.oval(210, 452, 128, 13, (44, 56, 100), alpha=90)
    pen.smooth(
        [
            (210, 190),
            (272, 224),
            (304, 300),
            (322, 388),
            (300, 444),
            (210, 452),
            (120, 444),
            (98, 388),
            (116, 300),
            (148, 224),
        ],
        ORANGE,
        RUST,
    )
    pen.smooth([(128, 350), (168, 376), (170, 440), (120, 448), (94, 420), (100, 374)], (216, 108, 42), RUST)
    pen.smooth(
        mirrored([(128, 350), (168, 376), (170, 440), (120, 448), (94, 420), (100, 374)], 210),
        (216, 108, 42),
        RUST,
    )
    pen.smooth(
        [(210, 218), (250, 246), (258, 304), (240, 356), (210, 380), (180, 356), (162, 304), (170, 246)],
        CREAM,
        CREAM_SHADE,
    )
    for points in ([(172, 330), (204, 330), (206, 440), (196, 454), (168, 454), (164, 440)],):
        for leg in (points, mirrored(points, 210)):
            pen.smooth(leg, ORANGE, RUST)
            pen.smooth([(x, y) if y > 400 else (x, 398) for x, y in leg], SOCK, (40, 26, 26))
    return _Part(pen.image, Pen(420, 470, density).image, (210, 452), 0.0)


def _head(density: float) -> _Part:
    pen = Pen(420, 470, density)
    over = Pen(420, 470, density)
    face = [
        (210, 62),
        (262, 72),
        (308, 124),
        (330, 178),
        (292, 212),
        (240, 240),
        (210, 248),
        (180, 240),
        (128, 212),
        (90, 178),
        (112, 124),
        (158, 72),
    ]
    ear = [(116, 132), (112, 60), (124, 8), (160, 34), (196, 76)]
    inner = [(130, 104), (128, 60), (134, 34), (154, 52), (174, 80)]
    cheek = [(330, 178), (292, 212), (240, 240), (210, 248), (214, 214), (226, 182), (262, 164), (296, 168)]
    for shape, colors in ((ear, (ORANGE, RUST)), (inner, (SOCK, (108, 62, 48)))):
        pen.smooth(shape, *colors)
        pen.smooth(mirrored(shape, 210), *colors)
    pen.smooth(face, (236, 132, 56), (204, 92, 36))
    pen.smooth(cheek, CREAM, CREAM_SHADE)
    pen.smooth(mirrored(cheek, 210), CREAM, CREAM_SHADE)
    for x in (160, 260):
        over.oval(x, 150, 13, 16, (46, 26, 22), (18, 12, 14))
        over.oval(x + 4, 143, 4.4, 5.2, (255, 255, 255))
        over.oval(x - 4, 156, 2.2, 2.6, (196, 160, 140))
    over.smooth(
        [(210, 232), (190, 216), (196, 205), (210, 202), (224, 205), (230, 216)], (50, 36, 40), (18, 14, 18)
    )
    over.oval(203, 210, 5, 3, (150, 140, 146))
    over.line([(192, 238), (202, 243), (210, 236), (218, 243), (228, 238)], (110, 80, 74), 2)
    return _Part(pen.image, over.image, (210, 224), 0.0)
