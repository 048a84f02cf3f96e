"""The land behind the shots: skies, rows of hills, roads, and whole backdrops that the camera moves over."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from . import props, winter
from .paint import OVERSAMPLE, Color, Glow, Pen, Point, Sprite, Stage, Strip, curve, gradient

DUSK: tuple[tuple[float, Color], ...] = (
    (0.0, (24, 32, 78)),
    (0.45, (66, 72, 132)),
    (0.72, (150, 118, 150)),
    (0.9, (232, 168, 140)),
    (1.0, (240, 190, 156)),
)
NIGHT: tuple[tuple[float, Color], ...] = ((0.0, (14, 20, 56)), (0.6, (36, 50, 104)), (1.0, (82, 92, 146)))
BLUE_HOUR: tuple[tuple[float, Color], ...] = (
    (0.0, (28, 62, 104)),
    (0.5, (74, 124, 158)),
    (0.82, (150, 186, 196)),
    (1.0, (214, 214, 196)),
)
PINE_NEAR: tuple[Color, Color, Color] = ((38, 78, 84), (14, 34, 54), (196, 210, 236))
PINE_FAR: tuple[Color, Color, Color] = ((62, 88, 122), (44, 62, 104), (150, 166, 206))


@lru_cache(maxsize=8)
def sky(
    width: int, height: int, stops: tuple[tuple[float, Color], ...], seed: int, moon: Point | None
) -> Image.Image:
    """Return the sky with stars and perhaps a moon; horizon at 62 % of the height."""
    stage = Stage(width, height)
    ground = round(0.66 * height)
    sky = Image.new("RGB", (width, height), stops[-1][1])
    sky.paste(gradient(width, ground, stops), (0, 0))
    picture = np.array(sky)
    rng = np.random.default_rng(seed)
    star = Glow(3.0 * stage.scale)
    for x, y, s in rng.random((90, 3)).tolist():
        star.add(picture, x * width, y * 0.42 * height, (226, 232, 255), 0.25 + 0.6 * s * s)
    if moon:
        Glow(170 * stage.scale).add(
            picture, moon[0] * stage.scale, moon[1] * stage.scale, (200, 206, 240), 0.45
        )
    sky = Image.fromarray(picture)
    if moon:
        pen = Pen(60, 60, 2 * stage.scale)
        pen.oval(30, 30, 24, 24, (255, 250, 232), (240, 226, 200))
        for x, y, r in ((24, 24, 5), (37, 33, 4), (28, 38, 3)):
            pen.oval(x, y, r, r, (232, 220, 200), alpha=150)
        Sprite(pen.image, 2 * stage.scale, (30, 30)).place(sky, stage, moon)
    return sky


def ridge(
    pen: Pen, seed: int, width: float, level: float, rough: float, top: Color, bottom: Color, depth: float
) -> Callable[[float], float]:
    """Paint a row of hills; return their height over x."""
    rng = np.random.default_rng(seed)
    waves = [
        (rough / k, 2 * math.pi * k / 900 * float(rng.uniform(0.7, 1.3)), float(rng.uniform(0, 6.3)))
        for k in (1, 2, 3.7)
    ]

    def height(x: float) -> float:
        return level + sum(a * math.sin(f * x + p) for a, f, p in waves)

    xs = np.linspace(-10, width + 10, round(width / 8)).tolist()
    pen.shape([*[(x, height(x)) for x in xs], (width + 10, depth), (-10, depth)], top, bottom)
    return height


@lru_cache(maxsize=16)
def layer(stage: Stage, kind: str, width: int, seed: int, speed: float) -> Strip:
    """Return one of the landscape's layers: ``hills``, ``wood``, ``pines``, ``road`` or ``bank``."""
    tops = {"hills": 200, "wood": 215, "pines": 110, "road": 352, "bank": 440}
    top = tops[kind]
    pen = Pen(width, 540 - top, OVERSAMPLE * stage.scale)
    rng = np.random.default_rng(seed)
    if kind == "hills":
        ridge(pen, seed, width, 90, 34, (142, 140, 186), (196, 178, 204), 340)
    elif kind == "wood":
        height = ridge(pen, seed, width, 118, 16, (170, 182, 218), (196, 206, 232), 325)
        for x in np.sort(rng.uniform(0, width, width // 16)).tolist():
            light, dark, snow = PINE_FAR
            winter.pine(
                pen, x, height(x) + 8, float(rng.uniform(42, 86)), rng, light=light, dark=dark, snow=snow
            )
    elif kind == "pines":
        x = float(rng.uniform(0, 120))
        while x < width:
            light, dark, snow = PINE_NEAR
            winter.pine(
                pen,
                x,
                float(rng.uniform(252, 268)),
                float(rng.uniform(150, 240)),
                rng,
                light=light,
                dark=dark,
                snow=snow,
            )
            x += float(rng.uniform(70, 210))
    elif kind == "road":
        _road(pen, width, rng)
    else:
        xs = np.linspace(-10, width + 10, width // 30).tolist()
        rim = [(x, 46 + 12 * math.sin(x / 170) + float(rng.normal(0, 3))) for x in xs]
        pen.shape(
            [*curve(rim, closed=False), (width + 10, 100), (-10, 100)], (232, 238, 250), (176, 190, 226)
        )
        for x in np.arange(60, width, 320).tolist():
            pen.box(x, 4, x + 9, 66, (96, 66, 62), (66, 46, 50))
            pen.smooth([(x - 4, 6), (x + 4, -1), (x + 13, 6), (x + 4, 9)], props.SNOW)
    return Strip(pen.image, round(top * stage.scale), speed * stage.scale)


def _road(pen: Pen, width: int, rng: np.random.Generator) -> None:
    pen.box(0, 4, width, 188, (206, 216, 240), (214, 222, 244))
    pen.box(0, 44, width, 118, (132, 142, 178), (160, 168, 202))
    for y, shade in ((58, 150), (96, 172)):
        pen.box(0, y, width, y + 6, (shade - 40, shade - 32, shade + 4))
    for x, y, s in zip(
        rng.uniform(0, width, width // 5),
        rng.uniform(6, 150, width // 5),
        rng.uniform(0.4, 1.4, width // 5),
        strict=True,
    ):
        shade = int(rng.integers(-16, 22))
        rut = 44 < y < 118
        color = (
            (150 + shade, 160 + shade, 196 + shade)
            if rut
            else (212 + shade, 220 + shade, 240 + min(shade, 12))
        )
        pen.oval(float(x), float(y), 9 * float(s), 1.8 * float(s), color)


def avenue(pen: Pen, seed: int, night: bool) -> None:
    """Draw hills, road and trees on both sides, seen along the road; 1060 × 600 units."""
    rng = np.random.default_rng(seed)
    shade = 34 if night else 0
    ridge(
        pen,
        seed,
        1060,
        312,
        26,
        (142 - shade, 140 - shade, 186 - shade),
        (180 - shade, 176 - shade, 210 - shade),
        600,
    )
    pen.box(
        0, 352, 1060, 600, (190 - shade, 200 - shade, 232 - shade), (224 - shade, 232 - shade, 248 - shade)
    )
    pen.smooth(
        [(524, 348), (536, 348), (700, 470), (860, 620), (180, 620), (350, 470)],
        (140 - shade, 148 - shade, 186 - shade),
        (168 - shade, 176 - shade, 210 - shade),
    )
    for side in (-1, 1):
        pen.smooth(
            [
                (530 + side * 3, 350),
                (530 + side * 60, 430),
                (530 + side * 196, 620),
                (530 + side * 150, 620),
                (530 + side * 44, 430),
            ],
            (108 - shade, 118 - shade, 160 - shade),
            (130 - shade, 140 - shade, 180 - shade),
        )
    for i in range(10):
        depth = 0.12 + 0.88 * (i / 9) ** 1.6
        for side in (-1, 1):
            x = 530 + side * (40 + 430 * depth + float(rng.uniform(-30, 110)) * depth)
            light, dark, snow = PINE_FAR if depth < 0.3 else PINE_NEAR
            base = 356 + 150 * depth + float(rng.uniform(-4, 12))
            winter.pine(
                pen,
                x,
                base,
                84 + 230 * depth + float(rng.uniform(-30, 50)) * depth,
                rng,
                light=light,
                dark=dark,
                snow=snow,
            )


@lru_cache(maxsize=4)
def yard(stage: Stage, seed: int, parked: bool) -> tuple[Image.Image, tuple[tuple[Sprite, Point], ...]]:
    """Return the cabin in the snow as a plate of 1060 × 600 units, and what on it has lights."""
    density = OVERSAMPLE * stage.scale
    pen = Pen(1060, 600, density)
    plate = sky(stage.width, stage.height, NIGHT, seed, (150, 96)).resize(
        pen.image.size, Image.Resampling.BICUBIC
    )
    rng = np.random.default_rng(seed)
    ridge(pen, seed, 1060, 300, 40, (96, 106, 158), (140, 150, 196), 600)
    for x in np.sort(rng.uniform(0, 1060, 26)).tolist():
        light, dark, snow = PINE_FAR
        winter.pine(
            pen,
            x,
            376 + float(rng.uniform(-8, 8)),
            float(rng.uniform(90, 190)),
            rng,
            light=light,
            dark=dark,
            snow=snow,
        )
    xs = np.linspace(-10, 1070, 30).tolist()
    pen.shape(
        [*curve([(x, 372 + 10 * math.sin(x / 190)) for x in xs], closed=False), (1070, 600), (-10, 600)],
        (166, 178, 218),
        (222, 230, 248),
    )
    for x, base, height in ((60, 452, 300), (980, 448, 330), (1040, 500, 380)):
        light, dark, snow = PINE_NEAR
        winter.pine(pen, x, base, height, rng, light=light, dark=dark, snow=snow)
    plate.paste(pen.image, (0, 0), pen.image)
    lit: list[tuple[Sprite, Point]] = []
    house, tree = winter.cabin(2.0 * stage.scale), winter.fir(2.0 * stage.scale)
    where: Point = (330, 452) if parked else (560, 470)
    scene = [(house, where), (tree, (where[0] + 236, 470) if not parked else (96, 486))]
    if parked:
        scene.append((props.truck_side(2.0 * stage.scale), (760, 522)))
    # The plate is `density` times as large as nominal; a stage of that scale places things on it.
    paper = Stage(round(960 * density), round(540 * density))
    for sprite, at in scene:
        canvas = Image.new("RGBA", plate.size, (0, 0, 0, 0))
        stamp(canvas, sprite, paper, at)
        plate.paste(canvas, (0, 0), canvas)
        lit.append((sprite, at))
    if parked:
        for x in (74, 152, 394):
            stamp(plate, props.wheel(2.0 * 0.72 * stage.scale), paper, (760 + x - 240, 488), 0.36)
    return plate, tuple(lit)


def stamp(canvas: Image.Image, sprite: Sprite, paper: Stage, at: Point, zoom: float = 1.0) -> None:
    """Paste a sprite onto a plate that is larger than the stage's own height."""
    tall = Stage(canvas.width, canvas.height)
    factor = paper.scale / tall.scale
    sprite.place(canvas, tall, (at[0] * factor, at[1] * factor), zoom=zoom * factor, sharp=1)


@lru_cache(maxsize=4)
def clearing(stage: Stage, seed: int, close: bool) -> Image.Image:
    """Return a clearing in the wood as a plate of 1060 × 600 units; out of focus when close."""
    density = OVERSAMPLE * stage.scale
    pen = Pen(1060, 600, density)
    plate = sky(stage.width, stage.height, DUSK, seed, None).resize(pen.image.size, Image.Resampling.BICUBIC)
    rng = np.random.default_rng(seed)
    ridge(pen, seed, 1060, 320, 22, (150, 150, 196), (190, 184, 214), 600)
    for x in np.sort(rng.uniform(-20, 1080, 20)).tolist():
        light, dark, snow = PINE_FAR
        winter.pine(
            pen,
            x,
            392 + float(rng.uniform(-10, 10)),
            float(rng.uniform(140, 260)),
            rng,
            light=light,
            dark=dark,
            snow=snow,
        )
    for x, height in ((70, 420), (230, 300), (830, 330), (985, 450)):
        light, dark, snow = PINE_NEAR
        winter.pine(pen, x, 440 + height * 0.08, height, rng, light=light, dark=dark, snow=snow)
    xs = np.linspace(-10, 1070, 24).tolist()
    for base, top, bottom in (
        (404, (176, 186, 222), (206, 214, 238)),
        (462, (198, 208, 236), (228, 234, 248)),
    ):
        rim = [(x, base + 14 * math.sin(x / 150 + base) + float(rng.normal(0, 2))) for x in xs]
        pen.shape([*curve(rim, closed=False), (1070, 600), (-10, 600)], top, bottom)
    plate.paste(pen.image, (0, 0), pen.image)
    if close:
        plate = plate.filter(ImageFilter.GaussianBlur(5 * density))
    return plate


@lru_cache(maxsize=4)
def meadow(stage: Stage, seed: int, close: bool) -> Image.Image:
    """Return a snowy meadow with a fence at the blue hour, 1060 × 600 units; out of focus when close."""
    density = OVERSAMPLE * stage.scale
    pen = Pen(1060, 600, density)
    plate = sky(stage.width, stage.height, BLUE_HOUR, seed, None).resize(
        pen.image.size, Image.Resampling.BICUBIC
    )
    rng = np.random.default_rng(seed)
    ridge(pen, seed, 1060, 300, 44, (122, 150, 178), (168, 186, 206), 600)
    height = ridge(pen, seed + 1, 1060, 352, 12, (150, 172, 196), (186, 202, 222), 600)
    for x in np.sort(rng.uniform(-20, 1080, 34)).tolist():
        light, dark, snow = PINE_FAR
        tall = float(rng.uniform(28, 66))
        winter.pine(pen, x, height(x) + 6, tall, rng, light=light, dark=dark, snow=snow)
    xs = np.linspace(-10, 1070, 24).tolist()
    rim = [(x, 408 + 12 * math.sin(x / 210 + seed) + float(rng.normal(0, 2))) for x in xs]
    pen.shape([*curve(rim, closed=False), (1070, 600), (-10, 600)], (184, 200, 224), (230, 238, 248))
    for rail in (404, 428):
        pen.box(-10, rail, 1070, rail + 6, (112, 84, 76), (80, 58, 58))
        pen.box(-10, rail - 3, 1070, rail + 1, (226, 236, 246))
    for x in np.arange(26, 1060, 118).tolist():
        pen.box(x, 386, x + 11, 462, (122, 90, 80), (78, 56, 58))
        pen.smooth([(x - 4, 388), (x + 5, 379), (x + 15, 388), (x + 5, 392)], props.SNOW)
    xs = [(x, 474 + 10 * math.sin(x / 130)) for x in xs]
    pen.shape([*curve(xs, closed=False), (1070, 600), (-10, 600)], (206, 220, 240), (236, 242, 250))
    plate.paste(pen.image, (0, 0), pen.image)
    if close:
        plate = plate.filter(ImageFilter.GaussianBlur(4 * density))
    return plate


def wheel_road(stage: Stage, count: int, seed: int) -> Strip:
    """Return the snow that runs by under the wheel."""
    width = 980 + 11 * count
    pen = Pen(width, 130, OVERSAMPLE * stage.scale)
    rng = np.random.default_rng(seed)
    pen.box(0, 10, width, 130, (176, 186, 220), (222, 230, 248))
    for x, y, s in zip(
        rng.uniform(0, width, width // 4),
        rng.uniform(12, 128, width // 4),
        rng.uniform(0.5, 2.0, width // 4),
        strict=True,
    ):
        shade = int(rng.integers(-30, 20))
        pen.oval(
            float(x),
            float(y),
            14 * float(s),
            2.6 * float(s),
            (196 + shade, 206 + shade, 232 + min(shade, 16)),
        )
    return Strip(pen.image, round(410 * stage.scale), 11.0 * stage.scale)


def bodywork(pen: Pen) -> None:
    """Draw the side of the bonnet above the wheel, with its arch left open."""
    look = props.RED
    arch = [
        (470 + 196 * math.cos(a), 300 + 196 * math.sin(a)) for a in np.linspace(0.12, -math.pi - 0.12, 60)
    ]
    pen.shape(
        [(1000, 330), (1000, -20), (-40, -20), (-40, 330), (276, 330), *arch[::-1], (664, 330)],
        look.light,
        look.dark,
    )
    outer = [
        (470 + 214 * math.cos(a), 300 + 214 * math.sin(a)) for a in np.linspace(0.12, -math.pi - 0.12, 60)
    ]
    pen.shape([*outer, *arch[::-1]], (240, 84, 78), look.body)
    pen.box(-20, 96, 980, 106, (250, 238, 214), (220, 202, 172))
    pen.box(-20, 318, 262, 336, props.CHROME, props.CHROME_DARK, radius=6)
    pen.box(678, 318, 980, 336, props.CHROME, props.CHROME_DARK, radius=6)
    for i in range(13):
        x, y = 60 + 70.0 * i, 62 + 20 * math.sin(math.pi * (i % 4) / 4)
        pen.box(x - 4, y - 5, x + 4, y + 4, (54, 74, 58), (34, 50, 40), radius=2)
        pen.smooth(
            [(x - 6, y + 3), (x + 6, y + 3), (x + 7, y + 10), (x, y + 22), (x - 7, y + 10)],
            props.BULBS[i % 4],
        )
    pen.line(
        curve([(60 + 70.0 * i, 58 + 20 * math.sin(math.pi * (i % 4) / 4)) for i in range(13)], closed=False),
        (40, 60, 44),
        2,
    )
    pen.smooth(
        [(-20, 14), (-20, -10), (980, -10), (980, 14), (800, 28), (620, 16), (420, 30), (200, 15), (60, 27)],
        props.SNOW,
        props.SNOW_SHADE,
    )
