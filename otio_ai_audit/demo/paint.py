"""Brushes: smooth shapes, sprites that move by parts of a pixel, scrolling layers, snow, glow, grain.

Positions are *nominal*: pixels of a 960 × 540 picture, scaled to the picture that is drawn. Still
things are drawn once, larger than they are shown, and only moved per frame, so that nothing
shimmers that should stand still.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Point: TypeAlias = tuple[float, float]
Color: TypeAlias = tuple[int, int, int]
Picture: TypeAlias = npt.NDArray[np.uint8]
Float32: TypeAlias = npt.NDArray[np.float32]

NOMINAL = (960, 540)
OVERSAMPLE = 2
"""How many times larger than shown sprites and layers are drawn, each way."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The picture that is drawn: width and height in pixels."""

    width: int = 960
    height: int = 540

    @property
    def scale(self) -> float:
        return self.width / NOMINAL[0]


def curve(points: Sequence[Point], *, closed: bool = True, steps: int = 12) -> list[Point]:
    """Return a smooth Catmull–Rom curve through `points`."""
    count = len(points)
    out: list[Point] = []
    for i in range(count if closed else count - 1):
        if closed:
            p = [points[(i + k) % count] for k in (-1, 0, 1, 2)]
        else:
            p = [points[min(max(i + k, 0), count - 1)] for k in (-1, 0, 1, 2)]
        for step in range(steps):
            u = step / steps
            weights = (
                -0.5 * u + u * u - 0.5 * u**3,
                1 - 2.5 * u * u + 1.5 * u**3,
                0.5 * u + 2 * u * u - 1.5 * u**3,
                -0.5 * u * u + 0.5 * u**3,
            )
            x = sum(w * q[0] for w, q in zip(weights, p, strict=True))
            y = sum(w * q[1] for w, q in zip(weights, p, strict=True))
            out.append((x, y))
    if not closed:
        out.append(points[-1])
    return out


def mirrored(points: Sequence[Point], axis: float) -> list[Point]:
    """Return `points` mirrored left to right at x = `axis`."""
    return [(2 * axis - x, y) for x, y in points]


class Pen:
    """Draws shapes in nominal units onto a transparent picture `scale` times as large."""

    def __init__(self, width: float, height: float, scale: float, color: Color | None = None) -> None:
        self.scale = scale
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        self.image = Image.new("RGBA", size, (*color, 255) if color else (0, 0, 0, 0))

    def _flat(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.scale, y * self.scale) for x, y in points]

    def shape(
        self, points: Sequence[Point], top: Color, bottom: Color | None = None, *, alpha: int = 255
    ) -> None:
        """Fill a polygon, from `top` to `bottom` colour where two are given, over what is there."""
        flat = self._flat(points)
        left, upper = (max(0, math.floor(min(p[k] for p in flat))) for k in (0, 1))
        right = min(self.image.width, math.ceil(max(p[0] for p in flat)) + 1)
        lower = min(self.image.height, math.ceil(max(p[1] for p in flat)) + 1)
        if right <= left or lower <= upper:
            return
        mask = Image.new("L", (right - left, lower - upper), 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - upper) for x, y in flat], fill=alpha)
        self.image.alpha_composite(_filled(mask, top, bottom or top), (left, upper))

    def smooth(
        self, points: Sequence[Point], top: Color, bottom: Color | None = None, *, alpha: int = 255
    ) -> None:
        """Fill the smooth closed curve through `points`."""
        self.shape(curve(points), top, bottom, alpha=alpha)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        top: Color,
        bottom: Color | None = None,
        *,
        alpha: int = 255,
    ) -> None:
        """Fill an ellipse around (x, y)."""
        turns = np.linspace(0, 2 * math.pi, 72, endpoint=False)
        self.shape([(x + rx * math.cos(a), y + ry * math.sin(a)) for a in turns], top, bottom, alpha=alpha)

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        top: Color,
        bottom: Color | None = None,
        *,
        radius: float = 0,
        alpha: int = 255,
    ) -> None:
        """Fill a rectangle with rounded corners."""
        r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
        points: list[Point] = []
        for cx, cy, start in (
            (x1 - r, y1 - r, 0),
            (x0 + r, y1 - r, 90),
            (x0 + r, y0 + r, 180),
            (x1 - r, y0 + r, 270),
        ):
            for step in range(7):
                a = math.radians(start + 15 * step)
                points.append((cx + r * math.cos(a), cy + r * math.sin(a)))
        self.shape(points, top, bottom, alpha=alpha)

    def line(self, points: Sequence[Point], color: Color, width: float) -> None:
        """Draw an open line with round joints."""
        draw = ImageDraw.Draw(self.image)
        draw.line(
            self._flat(points), fill=(*color, 255), width=max(1, round(width * self.scale)), joint="curve"
        )

    def inside(self, other: Image.Image) -> None:
        """Lay `other` over the picture, only where something is painted already."""
        layer = other.convert("RGBA")
        alpha = np.minimum(np.asarray(layer.getchannel("A")), np.asarray(self.image.getchannel("A")))
        layer.putalpha(Image.fromarray(alpha))
        self.image.alpha_composite(layer)


def _filled(mask: Image.Image, top: Color, bottom: Color) -> Image.Image:
    """Return an RGBA picture of a vertical blend with `mask` as its alpha."""
    fill = gradient(mask.width, mask.height, ((0.0, top), (1.0, bottom)))
    fill.putalpha(mask)
    return fill


def gradient(width: int, height: int, stops: Sequence[tuple[float, Color]]) -> Image.Image:
    """Return a vertical blend through `stops` of (share of the height, colour), dithered."""
    at = np.linspace(0, 1, height)
    places = [place for place, _ in stops]
    columns = [np.interp(at, places, [color[k] for _, color in stops]) for k in range(3)]
    column = np.stack(columns, axis=-1)[:, None, :]
    if len(stops) < 3:
        single = Image.fromarray(np.clip(np.rint(column), 0, 255).astype(np.uint8))
        return single.resize((width, height), Image.Resampling.NEAREST)
    # Dither hides the steps that an 8-bit sky would show.
    noise = np.random.default_rng(5).random((height, width, 1)) - 0.5
    return Image.fromarray(np.clip(np.rint(column + noise), 0, 255).astype(np.uint8))


@dataclass
class Sprite:
    """A drawn thing; `density` is its pixels per nominal unit, `pivot` its nominal turning point."""

    image: Image.Image
    density: float
    pivot: Point
    bulbs: tuple[tuple[float, float, Color], ...] = ()
    """Fairy lights: nominal place in the sprite and colour."""
    _premultiplied: Image.Image | None = field(default=None, repr=False, compare=False)

    def spot(self, at: Point, x: float, y: float, zoom: float = 1.0) -> Point:
        """Return where the sprite's point (x, y) lies when its pivot is at nominal `at`."""
        return at[0] + (x - self.pivot[0]) * zoom, at[1] + (y - self.pivot[1]) * zoom

    def place(
        self,
        frame: Image.Image,
        stage: Stage,
        at: Point,
        *,
        zoom: float = 1.0,
        angle: float = 0.0,
        stretch: Point = (1.0, 1.0),
        sharp: int = OVERSAMPLE,
    ) -> None:
        """Paste the sprite with its pivot at nominal `at`, to parts of a pixel, turned by `angle` radians."""
        width, height = self.image.width / self.density, self.image.height / self.density
        size = zoom * stage.scale
        if size <= 1e-3:
            return
        cos, sin = math.cos(angle), math.sin(angle)
        corners = []
        for x, y in ((0.0, 0.0), (width, 0.0), (0.0, height), (width, height)):
            dx, dy = (x - self.pivot[0]) * stretch[0] * size, (y - self.pivot[1]) * stretch[1] * size
            corners.append(
                (at[0] * stage.scale + cos * dx - sin * dy, at[1] * stage.scale + sin * dx + cos * dy)
            )
        left = max(0, math.floor(min(c[0] for c in corners)))
        upper = max(0, math.floor(min(c[1] for c in corners)))
        right = min(stage.width, math.ceil(max(c[0] for c in corners)) + 1)
        lower = min(stage.height, math.ceil(max(c[1] for c in corners)) + 1)
        if right <= left or lower <= upper:
            return
        # From a pixel of the enlarged patch back to a pixel of the sprite.
        ax, ay = self.density / (size * stretch[0] * sharp), self.density / (size * stretch[1] * sharp)
        ox, oy = sharp * (left - at[0] * stage.scale), sharp * (upper - at[1] * stage.scale)
        data = (
            ax * cos, ax * sin, ax * (cos * ox + sin * oy) + self.pivot[0] * self.density,
            -ay * sin, ay * cos, ay * (-sin * ox + cos * oy) + self.pivot[1] * self.density,
        )  # fmt: skip
        large = (sharp * (right - left), sharp * (lower - upper))
        # Premultiplied once and for all: Pillow would do it, there and back, at every step.
        if self._premultiplied is None:
            self._premultiplied = self.image.convert("RGBa")
        patch = self._premultiplied.transform(large, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
        patch = patch.reduce(sharp).convert("RGBA")
        frame.paste(patch, (left, upper), patch)


class Strip:
    """A wide layer that scrolls sideways by steps of 1 / OVERSAMPLE pixel, with motion blur."""

    def __init__(self, image: Image.Image, top: int, speed: float = 0.0) -> None:
        self.top = top
        blur = round(abs(speed) / 2 * OVERSAMPLE)
        if blur > 1:
            image = image.filter(ImageFilter.BoxBlur((blur / 2, 0)))
        usable = (image.width // OVERSAMPLE - 1) * OVERSAMPLE
        self.phases = [
            image.crop((k, 0, k + usable, image.height)).reduce(OVERSAMPLE) for k in range(OVERSAMPLE)
        ]

    def paste(self, frame: Image.Image, x: float) -> None:
        """Paste the part that begins `x` picture pixels into the layer."""
        whole, phase = divmod(round(x * OVERSAMPLE), OVERSAMPLE)
        part = self.phases[phase].crop((whole, 0, whole + frame.width, self.phases[phase].height))
        frame.paste(part, (0, self.top), part)


@dataclass
class Snowfall:
    """Flakes in one depth: smooth paths, streaked by half a frame of motion (a 180° shutter)."""

    stage: Stage
    seed: int
    count: int
    radius: float
    fall: float
    """Nominal pixels per frame downwards."""
    wind: float = 0.0
    """Nominal pixels per frame to the right."""
    strength: float = 0.8
    color: Color = (236, 242, 252)
    _sprites: list[list[Float32]] = field(init=False)
    _start: npt.NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        scale = self.stage.scale
        self._start = np.random.default_rng(self.seed).random((self.count, 3))
        self._velocity = (self.wind * scale, self.fall * scale)
        self._sprites = [[self._sprite(x / 4, y / 4) for x in range(4)] for y in range(4)]

    def _sprite(self, fx: float, fy: float) -> Float32:
        sigma = max(0.6, self.radius * self.stage.scale / 2)
        vx, vy = self._velocity
        half = math.ceil(2.5 * sigma + max(abs(vx), abs(vy)) / 4) + 1
        y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
        steps = np.linspace(-0.25, 0.25, max(1, math.ceil(math.hypot(vx, vy))))
        blob = sum(np.exp(-((x - fx - vx * s) ** 2 + (y - fy - vy * s) ** 2) / (2 * sigma**2)) for s in steps)
        alpha = np.asarray(blob) / len(steps)
        return (self.strength * alpha[:, :, None]).astype(np.float32)

    def draw(self, picture: Picture, frame: int) -> None:
        """Draw the flakes of frame number `frame` into `picture` (h, w, 3)."""
        margin = self._sprites[0][0].shape[0]
        height, width = picture.shape[:2]
        vx, vy = self._velocity
        sway = 2.0 * self.stage.scale * self.radius * np.sin(frame / 14 + 6.3 * self._start[:, 2])
        xs = (self._start[:, 0] * (width + margin) + vx * frame + sway) % (width + margin) - margin / 2
        ys = (self._start[:, 1] * (height + margin) + vy * frame) % (height + margin) - margin / 2
        color = np.asarray(self.color, dtype=np.float32)
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            qx, qy = round(4 * x), round(4 * y)
            blend(picture, self._sprites[qy % 4][qx % 4], qx // 4, qy // 4, color)


def blend(picture: Picture, alpha: Float32, x: int, y: int, color: Float32) -> None:
    """Blend `color` into `picture` by `alpha` (h, w, 1), centred on pixel (x, y)."""
    half_y, half_x = alpha.shape[0] // 2, alpha.shape[1] // 2
    top, left = max(0, y - half_y), max(0, x - half_x)
    bottom, right = min(picture.shape[0], y + half_y + 1), min(picture.shape[1], x + half_x + 1)
    if bottom <= top or right <= left:
        return
    part = picture[top:bottom, left:right]
    mask = alpha[top - y + half_y : bottom - y + half_y, left - x + half_x : right - x + half_x]
    part[...] = np.rint(part + (color - part) * mask)


class Glow:
    """Soft light around a point, added to the picture."""

    def __init__(self, radius: float) -> None:
        half = max(2, math.ceil(radius))
        y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
        r = np.hypot(x, y) / max(radius, 1.0)
        core = np.exp(-((r / 0.12) ** 2))
        self.halo = (0.55 * np.clip(1 - r, 0, 1) ** 2.2 + 0.9 * core).astype(np.float32)[:, :, None]
        self.heart = (0.8 * core).astype(np.float32)[:, :, None]

    def add(self, picture: Picture, x: float, y: float, color: Color, strength: float) -> None:
        """Add the light at picture pixel (x, y): coloured halo, white heart."""
        white = np.full(3, 255, dtype=np.float32)
        cx, cy = round(x), round(y)
        # Light is screened over the picture, so that it never clips hard.
        blend(picture, np.minimum(strength * self.halo, 1.0), cx, cy, np.asarray(color, dtype=np.float32))
        blend(picture, np.minimum(strength * self.heart, 1.0), cx, cy, white)


class Grain:
    """Mild film grain: a new draw of the same noise for every frame."""

    def __init__(self, stage: Stage, seed: int, sigma: float = 1.2) -> None:
        self._rng = np.random.default_rng(seed)
        noise = np.random.default_rng(77).normal(0.0, sigma, (stage.height + 97, stage.width + 131))
        self._noise = np.rint(noise).astype(np.int16)[:, :, None]

    def add(self, picture: Picture) -> Picture:
        """Return `picture` with grain on it."""
        dy, dx = int(self._rng.integers(97)), int(self._rng.integers(131))
        height, width = picture.shape[:2]
        noisy = picture + self._noise[dy : dy + height, dx : dx + width]
        out: Picture = np.clip(noisy, 0, 255).astype(np.uint8)
        return out
