"""The red truck: from the side, from the front, and one wheel of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .paint import Color, Pen, Point, Sprite, curve, mirrored

SNOW: Color = (226, 234, 248)
SNOW_SHADE: Color = (150, 168, 206)
CHROME: Color = (222, 226, 234)
CHROME_DARK: Color = (120, 128, 146)
RUBBER: Color = (30, 31, 38)
WARM: Color = (255, 214, 130)
BULBS: tuple[Color, ...] = ((255, 206, 96), (255, 108, 84), (120, 220, 140), (112, 176, 255))


@dataclass(frozen=True, slots=True)
class TruckLook:
    """What makes the truck this truck."""

    light: Color
    body: Color
    dark: Color
    grille: str
    """``bars`` (upright chrome bars) or ``mesh`` (a wide grid)."""


RED = TruckLook(light=(226, 52, 50), body=(196, 24, 32), dark=(122, 12, 24), grille="bars")
OTHER = TruckLook(light=(246, 150, 52), body=(216, 108, 24), dark=(136, 58, 16), grille="mesh")
"""The truck as another take has it: orange, with a mesh for a grille."""


def droop(start: Point, end: Point, count: int, sag: float) -> list[Point]:
    """Return the bulbs of a light string that hangs between two points."""
    points = []
    for i in range(count):
        u = (i + 0.5) / count
        points.append(
            (start[0] + (end[0] - start[0]) * u, start[1] + (end[1] - start[1]) * u + sag * 4 * u * (1 - u))
        )
    return points


def colored(points: list[Point]) -> list[tuple[float, float, Color]]:
    """Give the bulbs of a string their colours in turn."""
    return [(x, y, BULBS[i % len(BULBS)]) for i, (x, y) in enumerate(points)]


def star(pen: Pen, x: float, y: float, radius: float, top: Color, bottom: Color) -> None:
    """Draw a star with five points."""
    points = []
    for i in range(10):
        r = radius if i % 2 == 0 else radius * 0.45
        a = math.pi * i / 5 - math.pi / 2
        points.append((x + r * math.cos(a), y + r * math.sin(a)))
    pen.shape(points, top, bottom)


def wreath(pen: Pen, x: float, y: float, radius: float) -> None:
    """Draw a green wreath with berries and a red bow."""
    rng = np.random.default_rng(3)
    for i in range(26):
        a = 2 * math.pi * i / 26
        r = radius * (1 + 0.12 * float(rng.normal()))
        shade = int(rng.integers(-14, 14))
        pen.oval(
            x + r * math.cos(a),
            y + r * math.sin(a),
            radius * 0.3,
            radius * 0.3,
            (40 + shade, 112 + shade, 62 + shade),
            (18, 66, 40),
        )
    for i in range(7):
        a = 2 * math.pi * (i + 0.3) / 7
        pen.oval(
            x + radius * math.cos(a),
            y + radius * math.sin(a),
            radius * 0.13,
            radius * 0.13,
            (244, 70, 70),
            (170, 20, 30),
        )
    pen.smooth(
        [(x, y + radius * 0.85), (x - radius * 0.6, y + radius * 0.5), (x - radius * 0.55, y + radius * 1.2)],
        (232, 44, 48),
        (150, 12, 24),
    )
    pen.smooth(
        [(x, y + radius * 0.85), (x + radius * 0.6, y + radius * 0.5), (x + radius * 0.55, y + radius * 1.2)],
        (232, 44, 48),
        (150, 12, 24),
    )


@lru_cache(maxsize=8)
def truck_side(density: float, look: TruckLook = RED) -> Sprite:
    """Return the truck from the side, driving to the right; 480 × 240 units, wheels not on it."""
    pen = Pen(480, 240, density)
    pen.box(8, 178, 452, 198, (44, 42, 54), (24, 24, 32), radius=4)
    pen.box(10, 36, 304, 182, look.light, look.dark, radius=10)
    pen.box(10, 132, 304, 146, (246, 232, 206), (216, 196, 166))
    pen.box(10, 150, 304, 154, (246, 232, 206), (216, 196, 166))
    for x in range(34, 304, 30):
        pen.box(x, 44, x + 1.4, 130, look.dark, look.dark, alpha=90)
    star(pen, 157, 88, 30, (255, 226, 142), (214, 156, 62))
    for x, radius in ((92, 9), (222, 9), (60, 5), (254, 5)):
        star(pen, x, 88, radius, (255, 236, 178), (226, 176, 92))
    pen.smooth(
        [
            (2, 44),
            (8, 28),
            (70, 24),
            (150, 28),
            (230, 23),
            (300, 27),
            (312, 42),
            (268, 44),
            (226, 52),
            (190, 43),
            (120, 47),
            (84, 54),
            (50, 45),
            (20, 52),
        ],
        SNOW,
        SNOW_SHADE,
    )
    _side_cab(pen, look)
    for x, r in ((74, 44), (152, 44), (394, 46)):
        pen.shape(
            [(x + r * math.cos(a), 200 + r * math.sin(a)) for a in np.linspace(math.pi, 2 * math.pi, 40)],
            look.body,
            look.dark,
        )
        pen.shape(
            [
                (x + (r - 6) * math.cos(a), 202 + (r - 6) * math.sin(a))
                for a in np.linspace(math.pi, 2 * math.pi, 40)
            ],
            (18, 18, 24),
        )
    bulbs = (
        droop((14, 48), (110, 48), 7, 12)
        + droop((110, 48), (206, 48), 7, 12)
        + droop((206, 48), (300, 48), 7, 12)
    )
    bulbs += [(20 + 22 * i, 166) for i in range(13)] + droop((312, 64), (372, 64), 4, 3)
    pen.line(curve(bulbs[:21], closed=False), (40, 60, 44), 1.2)
    return Sprite(pen.image, density, (240, 232), tuple(colored(bulbs)))


def _side_cab(pen: Pen, look: TruckLook) -> None:
    """Draw cab, bonnet, windows, lamp and bumper of the truck's side."""
    pen.box(304, 30, 311, 120, CHROME, CHROME_DARK, radius=3)
    pen.smooth(
        [
            (312, 190),
            (312, 74),
            (322, 56),
            (366, 55),
            (384, 74),
            (396, 114),
            (448, 120),
            (464, 136),
            (466, 190),
            (400, 192),
        ],
        look.light,
        look.dark,
    )
    pen.smooth(
        [(320, 110), (322, 74), (330, 66), (360, 66), (372, 78), (380, 110), (350, 113)],
        (64, 74, 112),
        (188, 150, 108),
    )
    pen.oval(346, 98, 10, 11, (236, 190, 160), (214, 158, 128))
    pen.smooth([(334, 104), (346, 98), (358, 104), (352, 113), (340, 113)], (250, 248, 244), (222, 222, 226))
    pen.smooth([(334, 91), (340, 76), (352, 74), (360, 91)], (212, 30, 38), (160, 14, 26))
    pen.box(333, 88, 360, 93, (250, 248, 244), (226, 226, 230), radius=3)
    pen.line([(318, 124), (318, 184)], look.dark, 1.4)
    pen.box(324, 130, 338, 134, CHROME, CHROME_DARK, radius=2)
    pen.box(396, 130, 446, 134, (246, 232, 206), (216, 196, 166), radius=2)
    pen.box(455, 128, 469, 186, CHROME, CHROME_DARK, radius=4)
    for y in range(134, 184, 6):
        pen.box(458, y, 468, y + 2.2, (70, 74, 90))
    pen.oval(446, 150, 11, 13, CHROME, CHROME_DARK)
    pen.oval(449, 150, 8, 10, (255, 246, 210), (255, 222, 150))
    pen.box(428, 188, 478, 202, CHROME, CHROME_DARK, radius=6)
    pen.smooth(
        [(308, 62), (318, 46), (346, 42), (372, 48), (382, 62), (360, 58), (330, 62)], SNOW, SNOW_SHADE
    )


@lru_cache(maxsize=8)
def wheel(density: float, look: TruckLook = RED) -> Sprite:
    """Return a wheel of radius 100 units around (104, 104)."""
    pen = Pen(208, 208, density)
    c = 104.0
    pen.oval(c, c, 100, 100, (46, 47, 56), RUBBER)
    for i in range(36):
        a = 2 * math.pi * i / 36
        pen.line(
            [
                (c + 93 * math.cos(a), c + 93 * math.sin(a)),
                (c + 99 * math.cos(a + 0.05), c + 99 * math.sin(a + 0.05)),
            ],
            (12, 12, 16),
            3,
        )
    pen.oval(c, c, 84, 84, (38, 39, 48), (28, 28, 36))
    pen.oval(c, c, 66, 66, (236, 228, 212), (196, 186, 168))
    pen.oval(c, c, 58, 58, look.light, look.dark)
    for i in range(6):
        a = 2 * math.pi * i / 6
        pen.oval(c + 39 * math.cos(a), c + 39 * math.sin(a), 11, 11, (58, 14, 22), (40, 8, 16))
        b = a + math.pi / 6
        pen.oval(c + 42 * math.cos(b), c + 42 * math.sin(b), 4.5, 4.5, CHROME, CHROME_DARK)
    pen.oval(c, c, 21, 21, CHROME, CHROME_DARK)
    pen.oval(c, c, 14, 14, (246, 248, 250), (168, 174, 190))
    star(pen, c, c, 9, (232, 70, 62), (190, 30, 34))
    return Sprite(pen.image, density, (c, c))


@lru_cache(maxsize=8)
def truck_front(density: float, look: TruckLook = RED) -> Sprite:
    """Return the truck from the front; 320 × 350 units, standing on y = 338."""
    pen = Pen(320, 350, density)
    pen.oval(160, 336, 140, 12, (20, 24, 48), alpha=110)
    for x0 in (56, 226):
        pen.box(x0, 270, x0 + 40, 338, (44, 45, 54), RUBBER, radius=10)
    pen.box(36, 26, 284, 276, look.light, look.dark, radius=16)
    pen.smooth(
        [
            (28, 40),
            (36, 18),
            (100, 10),
            (170, 14),
            (240, 9),
            (286, 18),
            (294, 40),
            (250, 34),
            (214, 42),
            (160, 33),
            (110, 41),
            (70, 34),
        ],
        SNOW,
        SNOW_SHADE,
    )
    pen.box(68, 84, 252, 250, look.light, look.body, radius=24)
    pen.smooth(
        [(86, 160), (84, 112), (100, 102), (160, 98), (220, 102), (236, 112), (234, 160), (160, 164)],
        (58, 68, 108),
        (196, 158, 116),
    )
    pen.box(157, 99, 163, 163, look.body, look.dark)
    pen.smooth([(196, 160), (190, 134), (206, 120), (222, 134), (216, 160)], (212, 34, 40), (150, 14, 26))
    pen.oval(206, 136, 12, 13, (236, 192, 162), (214, 158, 128))
    pen.smooth([(193, 142), (206, 136), (219, 142), (212, 156), (200, 156)], (250, 248, 244), (222, 222, 226))
    pen.box(193, 122, 219, 128, (250, 248, 244), (226, 226, 230), radius=3)
    for side in (lambda p: p, lambda p: mirrored(p, 160)):
        pen.smooth(
            side([(40, 290), (38, 236), (60, 204), (96, 202), (116, 232), (116, 290)]), look.light, look.dark
        )
    pen.smooth(
        [(104, 284), (100, 196), (116, 170), (160, 162), (204, 170), (220, 196), (216, 284)],
        look.light,
        look.dark,
    )
    _grille(pen, look)
    for x in (76, 244):
        pen.oval(x, 236, 23, 23, CHROME, CHROME_DARK)
        pen.oval(x, 236, 18, 18, (255, 250, 226), (255, 226, 160))
    pen.box(34, 286, 286, 308, CHROME, CHROME_DARK, radius=9)
    pen.box(126, 288, 194, 306, (250, 244, 220), (232, 222, 190), radius=3)
    for i, x in enumerate((136, 148, 160, 172, 184)):
        pen.box(x - 3, 292, x + 3 - (i % 2) * 2, 302, (52, 48, 60), radius=1)
    bulbs = (
        [(44.0, 270 - 24 * i) for i in range(10)]
        + droop((44, 42), (276, 42), 13, 9)
        + [(276.0, 54 + 24 * i) for i in range(10)]
    )
    cab = [(78 + 23.4 * i, 88.0) for i in range(8)]
    return Sprite(pen.image, density, (160, 336), tuple(colored(bulbs) + [(x, y, WARM) for x, y in cab]))


def _grille(pen: Pen, look: TruckLook) -> None:
    if look.grille == "bars":
        pen.smooth(
            [(122, 282), (120, 206), (130, 186), (160, 180), (190, 186), (200, 206), (198, 282)],
            CHROME,
            CHROME_DARK,
        )
        pen.smooth(
            [(128, 278), (126, 208), (135, 192), (160, 187), (185, 192), (194, 208), (192, 278)],
            (34, 34, 44),
            (22, 22, 30),
        )
        for i in range(8):
            pen.box(131.5 + 7.4 * i, 196, 135.5 + 7.4 * i, 277, CHROME, CHROME_DARK, radius=2)
        wreath(pen, 160, 208, 20)
    else:
        pen.box(106, 214, 214, 274, (70, 60, 52), (40, 34, 30), radius=6)
        pen.box(110, 218, 210, 270, (24, 22, 24), (18, 16, 18), radius=4)
        for i in range(7):
            pen.box(110, 221.5 + 7.4 * i, 210, 223 + 7.4 * i, (150, 130, 104))
        for i in range(12):
            pen.box(114 + 8.4 * i, 218, 115.5 + 8.4 * i, 270, (150, 130, 104))
        pen.oval(160, 194, 13, 9, (150, 130, 104), (90, 76, 60))
