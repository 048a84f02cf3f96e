"""The shots of the advert, each a generator of pictures: (height, width, 3) uint8, RGB."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image

from . import land, props, winter
from .fox import Fox
from .paint import (
    OVERSAMPLE,
    Color,
    Glow,
    Grain,
    Pen,
    Picture,
    Point,
    Snowfall,
    Sprite,
    Stage,
    Strip,
    curve,
    gradient,
)
from .snowman import ANOTHER, BLUE_SCARF, between, snowman


class Finish:
    """What lies over every shot: light strings, two depths of snow, grain."""

    def __init__(
        self, stage: Stage, seed: int, *, wind: float = -0.6, near: int = 46, far: int = 120
    ) -> None:
        self.stage = stage
        self.snow = (
            Snowfall(stage, seed, far, radius=1.5, fall=1.6, wind=wind * 0.5, strength=0.65),
            Snowfall(stage, seed + 1, near, radius=2.6, fall=3.0, wind=wind, strength=0.8),
            Snowfall(stage, seed + 2, near // 4, radius=5.0, fall=5.0, wind=wind * 1.8, strength=0.5),
        )
        self.grain = Grain(stage, seed)
        self._glow = {radius: Glow(radius * stage.scale) for radius in (6, 9, 13, 18, 28, 60, 120)}

    def light(self, picture: Picture, x: float, y: float, color: Color, radius: int, strength: float) -> None:
        """Add a lamp at nominal (x, y)."""
        self._glow[radius].add(picture, x * self.stage.scale, y * self.stage.scale, color, strength)

    def bulbs(
        self, picture: Picture, sprite: Sprite, at: Point, frame: float, radius: int, zoom: float = 1.0
    ) -> None:
        """Light a sprite's fairy lights; each swells gently in its own time."""
        for i, (x, y, color) in enumerate(sprite.bulbs):
            speed = 0.35 + 0.3 * ((i * 7) % 5) / 5
            swell = 0.72 + 0.2 * math.sin(2 * math.pi * speed * frame / 24 + 2.4 * i)
            self.light(picture, *sprite.spot(at, x, y, zoom), color, radius, swell)

    def done(self, picture: Picture, frame: int) -> Picture:
        """Let it snow and put grain on it."""
        for layer in self.snow:
            layer.draw(picture, frame)
        return self.grain.add(picture)


def _array(frame: Image.Image) -> Picture:
    return np.array(frame.convert("RGB"))


def _ease(share: float) -> float:
    """Return a smooth way from 0 to 1 without a hard start or end."""
    return share * share * (3 - 2 * share)


def truck_drive(
    stage: Stage, count: int, *, look: props.TruckLook = props.RED, seed: int = 11
) -> Iterator[Picture]:
    """Show the truck as it drives through the evening; the camera keeps beside it."""
    speeds = {"hills": 0.5, "wood": 1.5, "pines": 4.0, "road": 7.0, "bank": 9.5}
    layers = {
        kind: (land.layer(stage, kind, 980 + math.ceil(speed * 110), seed + i, speed), speed)
        for i, (kind, speed) in enumerate(speeds.items())
    }
    sky = land.sky(stage.width, stage.height, land.DUSK, seed, (770, 84))
    body, rim = props.truck_side(2.0 * stage.scale, look), props.wheel(0.72 * stage.scale, look)
    dust = winter.puff(1.0 * stage.scale)
    finish = Finish(stage, seed, wind=-5.0)
    for number in range(count):
        frame = sky.copy()
        for kind in ("hills", "wood", "pines", "road"):
            layers[kind][0].paste(frame, layers[kind][1] * number * stage.scale)
        x, y = (
            440 + 26 * math.sin(2 * math.pi * number / 140),
            466 + 1.1 * math.sin(2 * math.pi * number / 17),
        )
        _drive(frame, stage, (x, y), number, body, rim, dust)
        picture = _array(frame)
        _truck_lights(picture, finish, body, (x, y), number)
        frame = Image.fromarray(picture)
        layers["bank"][0].paste(frame, layers["bank"][1] * number * stage.scale)
        yield finish.done(np.array(frame), number)


def _drive(
    frame: Image.Image, stage: Stage, at: Point, number: int, body: Sprite, rim: Sprite, dust: Sprite
) -> None:
    """Draw truck, turning wheels and the snow they throw up."""
    winter.shadow(1.0 * stage.scale).place(frame, stage, (at[0], 466), sharp=1)
    for i in range(7):
        age = (number / 10 + i / 7) % 1.0
        dust.place(
            frame, stage, (at[0] - 170 - 150 * age, 466 - 26 * age + 3 * i), zoom=0.5 + 1.1 * age, sharp=1
        )
    body.place(frame, stage, at)
    winter.beam(1.0 * stage.scale).place(frame, stage, (at[0] + 210, at[1] - 82), sharp=1)
    for x in (74, 152, 394):
        # 7 px a frame over a radius of 36: the wheels roll and do not slide.
        rim.place(frame, stage, (at[0] + x - 240, 432), zoom=0.36, angle=7.0 / 36 * number)


def _truck_lights(picture: Picture, finish: Finish, body: Sprite, at: Point, number: int) -> None:
    finish.bulbs(picture, body, at, number, 13)
    finish.light(picture, *body.spot(at, 450, 150), (255, 232, 170), 60, 0.6)
    finish.light(picture, *body.spot(at, 12, 170), (255, 60, 50), 18, 0.7)


def truck_front(
    stage: Stage,
    count: int,
    *,
    look: props.TruckLook = props.RED,
    seed: int = 31,
    night: bool = False,
    near: float = 0.78,
) -> Iterator[Picture]:
    """Show the truck as it comes towards the camera between the trees; `near`: its size at first."""
    sky = land.sky(
        stage.width, stage.height, land.NIGHT if night else land.DUSK, seed, (196, 92) if night else None
    )
    density = OVERSAMPLE * stage.scale
    pen = Pen(1060, 600, density)
    base = sky.resize(pen.image.size, Image.Resampling.BICUBIC)
    land.avenue(pen, seed, night)
    base.paste(pen.image, (0, 0), pen.image)
    truck = props.truck_front(2.0 * stage.scale, look)
    finish = Finish(stage, seed, wind=0.9 if night else -0.9)
    for number in range(count):
        way = number / 90
        zoom = near * math.exp(0.55 * way)
        push = 1 + 0.06 * way
        frame = _push_in(base, stage, density, (530, 330), push)
        at = (480 + (6 - 10 * way) * (1 if night else -1), 322 + 150 * zoom + 0.9 * math.sin(number / 2.9))
        truck.place(frame, stage, at, zoom=zoom)
        picture = _array(frame)
        finish.bulbs(picture, truck, at, number, 6, zoom)
        for x in (76, 244):
            finish.light(picture, *truck.spot(at, x, 236, zoom), (255, 236, 190), 60, 0.75)
        yield finish.done(picture, number)


def _push_in(plate: Image.Image, stage: Stage, density: float, centre: Point, zoom: float) -> Image.Image:
    """Return the part of a large plate around `centre` (nominal), enlarged by `zoom`."""
    box = _window(centre, zoom)
    pixels = (
        box[0] * density,
        box[1] * density,
        (box[0] + 960 / zoom) * density,
        (box[1] + 540 / zoom) * density,
    )
    return plate.resize((stage.width, stage.height), Image.Resampling.BILINEAR, box=pixels)


def _window(centre: Point, zoom: float) -> Point:
    """Upper left corner of the window that a camera at `zoom` sees, in nominal units."""
    return centre[0] - 480 / zoom, centre[1] - 270 / zoom


def yard(
    stage: Stage, count: int, *, seed: int = 51, parked: bool = False, start: float = 1.0, reach: float = 0.10
) -> Iterator[Picture]:
    """Show the cabin at night, slowly nearer; with `parked`, the truck stands before it."""
    density = OVERSAMPLE * stage.scale
    plate, lit = land.yard(stage, seed, parked)
    smoke = winter.puff(1.0 * stage.scale)
    finish = Finish(stage, seed, wind=0.8)
    for number in range(count):
        zoom = start + reach * _ease(min(1.0, number / 110))
        centre = (530 + (20 if parked else 0), 316)
        corner = _window(centre, zoom)
        frame = _push_in(plate, stage, density, centre, zoom)

        def spot(x: float, y: float, corner: Point = corner, zoom: float = zoom) -> Point:
            return (x - corner[0]) * zoom, (y - corner[1]) * zoom

        chimney = (lit[0][1][0] + 77, lit[0][1][1] - 290)
        for i in range(9):
            age = (number / 96 + i / 9) % 1.0
            at = spot(chimney[0] + 60 * age * age + 6 * math.sin(9 * age), chimney[1] - 130 * age)
            smoke.place(
                frame, stage, at, zoom=zoom * (0.35 + 1.2 * age) * min(1.0, 6 * age, 3 * (1 - age)), sharp=1
            )
        picture = _array(frame)
        for sprite, at in lit:
            finish.bulbs(picture, sprite, spot(*at), number, 9, zoom)
        for x in (126, 274):
            finish.light(
                picture, *spot(lit[0][1][0] - 200 + x, lit[0][1][1] - 318 + 222), (255, 190, 100), 120, 0.34
            )
        if parked:
            finish.light(picture, *spot(760 + 206, 522 - 82), (255, 232, 170), 60, 0.6)
        yield finish.done(picture, number)


def fox_sits(
    stage: Stage, count: int, *, seed: int = 71, close: bool = False, boil: tuple[int, int] | None = None
) -> Iterator[Picture]:
    """Show the fox in the snow; it breathes and sways its tail. `boil`: first and last boiling frame."""
    density = OVERSAMPLE * stage.scale
    plate = land.clearing(stage, seed, close)
    zoom, at = (1.0, (500.0, 516.0)) if close else (0.62, (520.0, 470.0))
    fox = Fox(density * zoom)
    finish = Finish(stage, seed, wind=-0.7)
    for number in range(count):
        slide = 26 * _ease(min(1.0, number / 120))
        frame = _push_in(plate, stage, density, (516 + slide * 0.5, 300), 1.0)
        growing = boil is not None and boil[0] <= number <= boil[1]
        rng = np.random.default_rng([seed, number]) if growing else None
        fox.draw(frame, stage, (at[0] - slide, at[1]), number, zoom=zoom, boil=rng)
        yield finish.done(_array(frame), number)


def snowman_stands(
    stage: Stage,
    count: int,
    *,
    seed: int = 151,
    close: bool = False,
    turn: tuple[float, float] = (0.15, 0.15),
    morph: tuple[int, int] | None = None,
) -> Iterator[Picture]:
    """Show the snowman in the meadow; the camera goes nearer, or around him.

    `turn`: how far he is turned in the first and in the last frame. `morph`: between these frames he
    becomes another one, and stays it.
    """
    plate = land.meadow(stage, seed, close)
    density = OVERSAMPLE * stage.scale
    # Drawn 1.6 times and more as large as shown, which bilinear samples turn into soft edges.
    fine = (2.0 if close else 1.8) * stage.scale
    size, at = (1.22, (470.0, 606.0)) if close else (1.07, (500.0, 520.0))
    finish = Finish(stage, seed, wind=0.7 if close else -0.8)
    for number in range(count):
        way = _ease(number / max(1, count - 1))
        push = 1 + (0.04 if close else 0.06) * way
        centre = (530 + (150 * (turn[1] - turn[0]) * (way - 0.5)), 300 + (0 if close else 10))
        frame = _push_in(plate, stage, density, centre, push)
        share = _ease(min(1.0, max(0.0, (number - morph[0]) / (morph[1] - morph[0])))) if morph else 0.0
        look = between(BLUE_SCARF, ANOTHER, share)
        sprite = snowman(fine, look, turn[0] + (turn[1] - turn[0]) * way)
        spot = (480 + (at[0] - 480) * push, 270 + (at[1] - 270 - (0 if close else 10)) * push)
        sprite.place(frame, stage, spot, zoom=size * push, sharp=1)
        yield finish.done(_array(frame), number)


def wheel_close(stage: Stage, count: int, *, seed: int = 91) -> Iterator[Picture]:
    """Show a wheel from near by, rolling; the camera keeps beside it."""
    road = land.wheel_road(stage, count, seed)
    rim = props.wheel(2.2 * stage.scale)
    pen = Pen(960, 540, OVERSAMPLE * stage.scale)
    land.bodywork(pen)
    panel = pen.image.reduce(OVERSAMPLE)
    pen = Pen(960, 540, OVERSAMPLE * stage.scale)
    pen.shape(
        [(470 + 199 * math.cos(a), 300 + 199 * math.sin(a)) for a in np.linspace(0.12, -math.pi - 0.12, 60)],
        (20, 16, 26),
        (40, 34, 50),
    )
    pen.oval(470, 472, 190, 12, (70, 80, 124), alpha=120)
    well = pen.image.reduce(OVERSAMPLE)
    backdrop = gradient(
        stage.width, stage.height, ((0.0, (40, 48, 98)), (0.6, (120, 116, 168)), (1.0, (190, 190, 222)))
    )
    dust = winter.puff(1.0 * stage.scale)
    finish = Finish(stage, seed, wind=-6.0, near=30, far=60)
    strings = [
        (60 + 70.0 * i, 74 + 20 * math.sin(math.pi * (i % 4) / 4), props.BULBS[i % 4]) for i in range(13)
    ]
    lights = Sprite(pen.image, 1.0, (0, 0), tuple(strings))
    for number in range(count):
        frame = backdrop.copy()
        road.paste(frame, 11.0 * number * stage.scale)
        shake = 0.8 * math.sin(2 * math.pi * number / 19)
        frame.paste(well, (0, 0), well)
        rim.place(frame, stage, (470, 300), zoom=1.72, angle=11.0 / 172 * number)
        frame.paste(panel, (0, 0), panel)
        for i in range(9):
            age = (number / 9 + i / 9) % 1.0
            dust.place(
                frame,
                stage,
                (380 - 330 * age, 470 - 46 * age + 4 * (i % 3) + shake),
                zoom=0.7 + 1.6 * age,
                sharp=1,
            )
        picture = _array(frame)
        finish.bulbs(picture, lights, (0, 0), number, 60)
        yield finish.done(picture, number)


def forest(stage: Stage, count: int, *, seed: int = 111) -> Iterator[Picture]:
    """Go along the edge of the wood at walking pace."""
    speeds = {"hills": 0.5, "wood": 1.0, "pines": 2.0, "road": 3.0}
    layers = [
        (land.layer(stage, kind, 980 + math.ceil(speed * count), seed + i, speed), speed)
        for i, (kind, speed) in enumerate(speeds.items())
    ]
    sky = land.sky(stage.width, stage.height, land.DUSK, seed, (300, 80))
    finish = Finish(stage, seed, wind=-2.0)
    for number in range(count):
        frame = sky.copy()
        for layer, speed in layers:
            layer.paste(frame, speed * number * stage.scale)
        yield finish.done(_array(frame), number)


def village(stage: Stage, count: int, *, seed: int = 131) -> Iterator[Picture]:
    """Show the valley at dusk: cabins with lit windows, and the truck on its way."""
    sky = land.sky(stage.width, stage.height, land.DUSK, seed, (206, 92))
    hills, wood = land.layer(stage, "hills", 1060, seed, 0.5), land.layer(stage, "wood", 1140, seed + 1, 1.0)
    density = OVERSAMPLE * stage.scale
    pen = Pen(1240, 200, density)
    rng = np.random.default_rng(seed)
    xs = np.linspace(-10, 1250, 40).tolist()
    pen.shape(
        [*curve([(x, 30 + 12 * math.sin(x / 160)) for x in xs], closed=False), (1250, 200), (-10, 200)],
        (186, 194, 228),
        (224, 230, 246),
    )
    pen.smooth(
        [
            (-300, 98),
            (-20, 92),
            (300, 78),
            (700, 92),
            (1260, 76),
            (1560, 84),
            (1560, 110),
            (1260, 106),
            (700, 122),
            (300, 106),
            (-20, 122),
            (-300, 126),
        ],
        (146, 154, 192),
        (170, 178, 212),
    )
    for x in rng.uniform(0, 1240, 9).tolist():
        light, dark, snow = land.PINE_NEAR
        winter.pine(pen, x, 200, float(rng.uniform(60, 120)), rng, light=light, dark=dark, snow=snow)
    near = Strip(pen.image, round(340 * stage.scale), 2.0 * stage.scale)
    house, truck, rim = (
        winter.cabin(1.0 * stage.scale),
        props.truck_side(1.0 * stage.scale),
        props.wheel(0.36 * stage.scale),
    )
    finish = Finish(stage, seed, wind=-1.2)
    homes = ((150, 372, 0.34), (330, 366, 0.28), (640, 372, 0.36), (860, 364, 0.26), (1060, 372, 0.34))
    for number in range(count):
        frame = sky.copy()
        hills.paste(frame, 0.5 * number * stage.scale)
        wood.paste(frame, 1.0 * number * stage.scale)
        near.paste(frame, 2.0 * number * stage.scale)
        spots = [(x - 2.0 * number, y, zoom) for x, y, zoom in homes]
        for x, y, zoom in spots:
            house.place(frame, stage, (x, y), zoom=zoom)
        at = (120 + 3.2 * number, 446 - 4 * math.sin((120 + 5.2 * number) / 260))
        truck.place(frame, stage, at, zoom=0.34)
        for x in (74, 152, 394):
            rim.place(frame, stage, (at[0] + 0.34 * (x - 240), at[1] - 11.6), zoom=0.122, angle=0.42 * number)
        picture = _array(frame)
        finish.bulbs(picture, truck, at, number, 6, 0.34)
        finish.light(picture, at[0] + 76, at[1] - 26, (255, 232, 170), 28, 0.7)
        for x, y, zoom in spots:
            for window in (126, 274):
                finish.light(picture, x + (window - 200) * zoom, y - 96 * zoom, (255, 190, 100), 28, 0.5)
        yield finish.done(picture, number)
