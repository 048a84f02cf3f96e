"""What stands in the snow: pines, a cabin, a Christmas tree; and smoke, lamp light, shadow."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

from .paint import Color, Pen, Sprite
from .props import SNOW, SNOW_SHADE, WARM, colored, droop, star, wreath


def pine(
    pen: Pen,
    x: float,
    base: float,
    height: float,
    rng: np.random.Generator,
    *,
    light: Color,
    dark: Color,
    snow: Color,
) -> None:
    """Draw a snow-laden pine that stands on (x, base)."""
    pen.box(
        x - height * 0.025, base - height * 0.14, x + height * 0.025, base + 2, (58, 44, 48), (40, 32, 40)
    )
    tiers = 5
    for i in range(tiers):
        top = base - height + height * 0.17 * i
        low = top + height * (0.27 + 0.02 * i)
        half = height * (0.09 + 0.052 * i)
        jag = [
            (x + half * u, low - height * (0.035 if k % 2 else 0.0) + float(rng.normal(0, height * 0.005)))
            for k, u in enumerate(np.linspace(1, -1, 9))
        ]
        pen.shape([(x, top), *jag], light, dark)
        left = [(x - half * u * 0.82, top + (low - top) * u * 0.86) for u in (0.25, 0.6, 0.95)]
        inner = [(x - half * u * 0.3, top + (low - top) * u * 0.8) for u in (0.9, 0.5)]
        pen.smooth([(x + half * 0.06, top), *left, *inner], snow, dark, alpha=215)


@lru_cache(maxsize=4)
def cabin(density: float) -> Sprite:
    """Return a log cabin with lit windows and a tree before it; 420 × 320 units."""
    pen = Pen(420, 330, density)
    pen.box(262, 38, 292, 120, (120, 74, 66), (84, 52, 54))
    pen.smooth([(258, 42), (262, 32), (278, 29), (294, 33), (297, 42)], SNOW, SNOW_SHADE)
    pen.box(70, 150, 330, 308, (112, 74, 58), (74, 48, 46))
    for i in range(9):
        pen.box(
            66,
            152 + 17.5 * i,
            334,
            166 + 17.5 * i,
            (126 - 4 * i, 84 - 3 * i, 64 - 2 * i),
            (84 - 3 * i, 56 - 2 * i, 48),
            radius=7,
        )
    for x in (98, 246):
        pen.box(x - 6, 186, x + 62, 256, (84, 52, 44), (62, 38, 38), radius=3)
        pen.box(x, 192, x + 56, 250, (255, 226, 150), (255, 178, 92))
        pen.smooth([(x, 192), (x + 18, 192), (x + 8, 222), (x, 236)], (224, 92, 70), (196, 60, 54))
        pen.smooth([(x + 56, 192), (x + 38, 192), (x + 48, 222), (x + 56, 236)], (224, 92, 70), (196, 60, 54))
        pen.box(x + 26, 192, x + 29.5, 250, (84, 52, 44))
        pen.box(x, 218, x + 56, 221.5, (84, 52, 44))
        pen.smooth(
            [(x - 10, 257), (x - 4, 250), (x + 28, 247), (x + 60, 250), (x + 66, 257), (x + 28, 261)],
            SNOW,
            SNOW_SHADE,
        )
    for i in range(7):
        half = 22 + 19 * i
        pen.box(
            200 - half, 76 + 12 * i, 200 + half, 89 + 12 * i, (104 - 3 * i, 70, 60), (78, 50, 46), radius=5
        )
    pen.box(178, 210, 226, 308, (150, 42, 40), (98, 24, 30), radius=5)
    wreath(pen, 202, 238, 13)
    pen.oval(219, 266, 2.6, 2.6, (240, 210, 130))
    pen.shape(
        [(200, 66), (30, 172), (46, 184), (200, 92), (354, 184), (370, 172)], (90, 58, 54), (64, 42, 46)
    )
    pen.smooth(
        [
            (200, 52),
            (108, 106),
            (24, 162),
            (20, 178),
            (44, 180),
            (72, 166),
            (96, 164),
            (130, 136),
            (160, 122),
            (200, 92),
            (240, 122),
            (270, 136),
            (304, 164),
            (328, 166),
            (356, 180),
            (380, 178),
            (376, 162),
            (292, 106),
        ],
        SNOW,
        SNOW_SHADE,
    )
    pen.smooth(
        [(0, 318), (70, 302), (180, 308), (300, 300), (420, 316), (420, 330), (0, 330)], SNOW, (176, 190, 222)
    )
    bulbs = droop((52, 176), (200, 100), 8, 6) + droop((200, 100), (348, 176), 8, 6)
    return Sprite(pen.image, density, (200, 318), tuple(colored(bulbs)))


@lru_cache(maxsize=4)
def fir(density: float) -> Sprite:
    """Return a Christmas tree with lights; 160 × 260 units."""
    pen = Pen(160, 270, density)
    rng = np.random.default_rng(9)
    pine(pen, 80, 258, 238, rng, light=(44, 100, 80), dark=(16, 52, 54), snow=SNOW)
    star(pen, 80, 20, 15, (255, 236, 160), (240, 186, 84))
    bulbs = []
    for row in range(5):
        half = 16 + 12 * row
        y = 66 + 40 * row
        bulbs += droop((80 - half, y - 6), (80 + half, y + 6), 3 + row, 7)
    return Sprite(pen.image, density, (80, 258), ((80, 20, WARM), *colored(bulbs)))


@lru_cache(maxsize=2)
def puff(density: float) -> Sprite:
    """Return a soft puff of smoke or snow dust, radius about 30 units."""
    size = round(80 * density)
    y, x = np.mgrid[0:size, 0:size] / density
    alpha = 255 * np.clip(1 - np.hypot(x - 40, y - 40) / 34, 0, 1) ** 1.5
    pen = Pen(80, 80, density, SNOW)
    pen.image.putalpha(Image.fromarray((0.3 * alpha).astype(np.uint8)))
    return Sprite(pen.image, density, (40, 40))


@lru_cache(maxsize=2)
def beam(density: float) -> Sprite:
    """Return the light that falls ahead of a head lamp at (4, 60); 300 × 140 units."""
    y, x = np.mgrid[0 : round(140 * density), 0 : round(300 * density)] / density
    reach = np.clip((x - 4) / 290, 0, 1)
    across = (y - 60 - 30 * reach) / (9 + 44 * reach)
    alpha = 120 * (1 - reach) ** 1.4 * np.clip(1 - across**2, 0, 1) * np.clip((x - 2) / 8, 0, 1)
    pen = Pen(300, 140, density, (255, 236, 184))
    pen.image.putalpha(Image.fromarray(alpha.astype(np.uint8)))
    return Sprite(pen.image, density, (4, 60))


@lru_cache(maxsize=2)
def shadow(density: float) -> Sprite:
    """Return the soft shadow that the truck stands in; 520 × 40 units."""
    y, x = np.mgrid[0 : round(40 * density), 0 : round(520 * density)] / density
    alpha = 150 * np.clip(1.25 * (1 - ((x - 260) / 250) ** 4 - ((y - 20) / 17) ** 2), 0, 1)
    pen = Pen(520, 40, density, (52, 58, 104))
    pen.image.putalpha(Image.fromarray(alpha.astype(np.uint8)))
    return Sprite(pen.image, density, (260, 20))
