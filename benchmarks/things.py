"""Made people, animals and goods with a look of their own, seen from any side in any light.

A look is a vector of numbers, so that one can turn smoothly into another. A skin is a picture of the
whole surface: longitude from −π to π across (0 looks at the camera), latitude from the top down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from benchmarks.canvas import sample

Field = npt.NDArray[np.float64]
Skin = Callable[[float], Field]
"""Skin (h, w, 3) of a thing whose change has gone so far (0 to 1)."""
TALL, WIDE = 256, 512
"""Size of a skin in pixels."""


def _rgb(colour: Field) -> tuple[int, int, int]:
    r, g, b = np.clip(np.rint(colour), 0, 255).astype(int).tolist()
    return r, g, b


def vivid(rng: np.random.Generator) -> Field:
    """Return a strong colour."""
    colour = rng.uniform(0, 1, 3) ** 1.2
    colour = (colour - colour.min()) / max(float(np.ptp(colour)), 0.2)
    return np.asarray(30 + 205 * (0.25 * rng.random() + 0.75 * colour))


# --- faces ------------------------------------------------------------------------------------------

_FACE = 30
TONES = np.array(
    [[250, 214, 186], [232, 184, 148], [198, 144, 104], [146, 98, 66], [98, 66, 46]], dtype=float
)
HAIR = np.array([[36, 28, 26], [84, 54, 34], [150, 100, 52], [222, 186, 112], [176, 72, 34], [190, 190, 196]],
                dtype=float)  # fmt: skip


def face_look(rng: np.random.Generator) -> Field:
    """Return the look of somebody's head, a vector."""
    look = np.zeros(_FACE)
    look[0:3] = TONES[rng.integers(0, len(TONES))] + rng.normal(0, 6, 3)
    look[3:6] = HAIR[rng.integers(0, len(HAIR))] + rng.normal(0, 6, 3)
    look[6:9] = rng.uniform(20, 150, 3)  # iris
    look[9:12] = np.array([188, 82, 84]) + rng.normal(0, 18, 3)  # lips
    look[12:15] = vivid(rng)  # hat
    look[15] = rng.uniform(0.27, 0.44)  # from the nose to an eye
    look[16] = rng.uniform(-0.16, 0.02)  # height of the eyes
    look[17] = rng.uniform(0.075, 0.13)  # an eye's radius
    look[18] = rng.uniform(2, 7)  # thickness of the brows
    look[19] = rng.uniform(-0.08, 0.08)  # their tilt
    look[20] = rng.uniform(0.17, 0.36)  # half width of the mouth
    look[21] = rng.uniform(-0.05, 0.1)  # its curve
    look[22] = rng.uniform(0.14, 0.28)  # length of the nose
    look[23] = rng.uniform(-0.75, -0.45)  # hair line
    look[24] = rng.uniform(0.95, 1.35)  # where hair begins at the sides
    look[25] = float(rng.random() < 0.4)  # beard
    look[26] = float(rng.random() < 0.35)  # hat
    look[27] = float(rng.random() < 0.35)  # glasses
    look[28] = rng.uniform(0.1, 0.9)  # length of the hair at the back
    look[29] = rng.uniform(0.05, 0.1)  # half width of the nose
    return look


def another_face(rng: np.random.Generator, look: Field) -> Field:
    """Return somebody clearly different: other hair, tone or hat, and other features."""
    drawn = [face_look(rng) for _ in range(12)]
    scale = np.concatenate([np.full(15, 60.0), [0.08, 0.08, 0.03, 2, 0.08, 0.09, 0.07, 0.07, 0.15, 0.2],
                            np.full(3, 0.7), [0.4, 0.03]])  # fmt: skip
    away = [float(np.minimum(np.abs(other - look) / scale, 2).sum()) for other in drawn]
    return drawn[int(np.argmax(away))]


def face(look: Field, mouth: float = 0.0, blink: float = 0.0) -> Field:
    """Draw a head's skin; `mouth` open and `blink` closed from 0 to 1."""
    picture = Pillow.new("RGB", (WIDE, TALL), _rgb(look[0:3]))
    draw = ImageDraw.Draw(picture, "RGBA")

    def at(lon: float, lat: float) -> tuple[float, float]:
        return (lon / (2 * np.pi) + 0.5) * WIDE, (lat / np.pi + 0.5) * TALL

    def oval(lon: float, lat: float, rx: float, ry: float, colour: Field, alpha: float = 1.0) -> None:
        (x0, y0), (x1, y1) = at(lon - rx, lat - ry), at(lon + rx, lat + ry)
        draw.ellipse((x0, y0, x1, y1), fill=(*_rgb(colour), int(np.clip(255 * alpha, 0, 255))))

    tone, hair = look[0:3], look[3:6]
    for side in (-1, 1):
        oval(side * 0.62, 0.28, 0.24, 0.2, tone * [1.04, 0.84, 0.84], 0.5)
    oval(0, 0.62, 1.1, 0.5, 0.75 * hair + 0.25 * tone, 0.85 * look[25])
    if look[25] > 0.5:
        oval(0, 0.47, 0.5, 0.2, tone, look[25])
    low = look[23]
    points = [
        at(-np.pi, -np.pi / 2),
        at(-np.pi, look[28]),
        at(-look[24] - 0.25, look[28]),
        at(-look[24], 0.0),
    ]
    points += [at(u * look[24], low - 0.12 * (1 - u * u)) for u in np.linspace(-0.98, 0.98, 15)]
    points += [at(look[24], 0.0), at(look[24] + 0.25, look[28]), at(np.pi, look[28]), at(np.pi, -np.pi / 2)]
    draw.polygon(points, fill=_rgb(hair))
    for side in (-1, 1):
        oval(side * (look[24] + 0.06), 0.08, 0.12, 0.2, tone * 0.93)
        x, y = side * look[15], look[16]
        r = look[17]
        oval(x, y, 1.5 * r, r * (1.05 - 0.95 * blink), np.array([250.0, 250, 246]))
        oval(x, y, 0.85 * r, 0.85 * r * (1 - 0.95 * blink), look[6:9])
        oval(x, y, 0.4 * r, 0.4 * r * (1 - 0.95 * blink), np.array([12.0, 10, 12]))
        a, b = at(x - side * 1.8 * r, y - 0.19 + look[19]), at(x + side * 1.8 * r, y - 0.19 - look[19])
        draw.line([a, b], fill=_rgb(hair * 0.8), width=max(1, round(look[18] * WIDE / 512)))
        if look[27] > 0.02:
            (x0, y0), (x1, y1) = at(x - 0.23, y - 0.17), at(x + 0.23, y + 0.19)
            draw.ellipse((x0, y0, x1, y1), outline=(24, 22, 30, int(255 * look[27])), width=6)
            draw.line([at(side * 0.1, y), at(0, y - 0.02)], fill=(24, 22, 30, int(255 * look[27])), width=6)
    oval(0, 0.08 + look[22] / 2, look[29], look[22] / 2 + 0.05, tone * 0.88)
    oval(0, 0.1 + look[22], 1.5 * look[29], 0.07, tone * 0.8)
    y = 0.52
    arc = [at(u * look[20], y - look[21] * u * u) for u in np.linspace(-1, 1, 11)]
    if mouth > 0.05:
        oval(0, y + 0.04, 0.8 * look[20], 0.03 + 0.17 * mouth, np.array([70.0, 24, 28]))
    draw.line(arc, fill=_rgb(look[9:12]), width=8)
    if look[26] > 0.02:
        alpha = (int(255 * look[26]),)
        draw.rectangle((0, 0, WIDE, at(0, -0.62)[1]), fill=_rgb(look[12:15]) + alpha)
        draw.rectangle((0, at(0, -0.62)[1], WIDE, at(0, -0.5)[1]), fill=_rgb(look[12:15] * 0.55) + alpha)
    return np.asarray(picture, dtype=np.float64)


# --- coats, balls and labels ------------------------------------------------------------------------


def _periodic(rng: np.random.Generator, waves: float) -> Field:
    """Smooth noise of unit deviation that closes around the thing."""
    fy, fx = np.fft.fftfreq(TALL)[:, None] * TALL, np.fft.rfftfreq(WIDE)[None] * WIDE / 2
    keep = np.exp(-((np.hypot(fy, fx) / waves) ** 2))
    field = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(TALL, WIDE))) * keep, s=(TALL, WIDE))
    return np.asarray(field / field.std())


def coat(rng: np.random.Generator, what: str = "") -> Skin:
    """Fur with patches, spots or stripes; `what` changes: ``markings``, ``colour``, or ``all``."""
    base, mark = TONES[rng.integers(0, 5, 2)] + rng.normal(0, 12, (2, 3))
    while np.abs(base - mark).mean() < 60:
        mark = rng.uniform(15, 250, 3)
    base_b, mark_b = (vivid(rng), rng.uniform(10, 250, 3)) if what in ("colour", "all") else (base, mark)
    waves = rng.uniform(5, 11, 2)
    one, two = _periodic(rng, waves[0]), _periodic(rng, waves[1])
    level = rng.uniform(0.1, 0.6)
    hair = _periodic(rng, 50.0)[..., None]
    if what in ("", "colour"):
        two = one

    def skin(share: float) -> Field:
        angle = 0.5 * np.pi * share
        field = np.cos(angle) * one + np.sin(angle) * two
        alpha = np.clip((field - level) * 6 + 0.5, 0, 1)[..., None] if two is not one else None
        alpha = np.clip((one - level) * 6 + 0.5, 0, 1)[..., None] if alpha is None else alpha
        below, above = base + (base_b - base) * share, mark + (mark_b - mark) * share
        return np.asarray(below * (1 - alpha) + above * alpha + 7 * hair)

    return skin


def ball(rng: np.random.Generator, changes: bool = False) -> Skin:
    """Wedges in bright colours, and rings at the poles."""
    wedges = int(rng.integers(5, 9))
    palette = np.array([vivid(rng) for _ in range(2 * wedges)])
    lon = np.arange(WIDE) * wedges / WIDE
    lat = np.linspace(-1, 1, TALL)[:, None, None]
    ring = rng.uniform(0.6, 0.8)

    def skin(share: float) -> Field:
        colours = palette[:wedges] * (1 - share) + palette[wedges:] * share if changes else palette[:wedges]
        field = np.broadcast_to(colours[lon.astype(int) % wedges], (TALL, WIDE, 3))
        cap = np.clip((np.abs(lat) - ring) * 40, 0, 1)
        return np.asarray(field * (1 - cap) + colours.mean(axis=0) * cap * 1.2)

    return skin


def label_picture(rng: np.random.Generator, wide: int = WIDE, tall: int = TALL) -> Field:
    """Draw a label: ground, band, emblem and letters, twice around the thing."""
    ground, band, ink = vivid(rng), vivid(rng), np.where(rng.random() < 0.5, 245.0, 25.0) * np.ones(3)
    picture = Pillow.new("RGB", (wide, tall), _rgb(ground))
    draw = ImageDraw.Draw(picture)
    top = tall * rng.uniform(0.15, 0.6)
    draw.rectangle((0, top, wide, top + tall * 0.22), fill=_rgb(band))
    word = "".join(rng.choice(list("ABCDEFGHKLMNOPRSTUVZ"), int(rng.integers(2, 5))))
    font, corners = ImageFont.load_default(int(tall * 0.27)), int(rng.integers(3, 8))
    turn = rng.uniform(0, 6)
    for part in range(4):
        x = wide * (part + 0.5) / 4
        if part % 2 == 0:
            draw.text((x, tall * 0.5), word, fill=_rgb(ink), anchor="mm", font=font)
        else:
            draw.regular_polygon((x, tall * 0.5, tall * 0.17), corners, rotation=turn * 10, fill=_rgb(ink))
    for y in (0.02, 0.94):
        draw.rectangle((0, tall * y, wide, tall * (y + 0.05)), fill=(206, 208, 214))
    return np.asarray(picture, dtype=np.float64)


def label(rng: np.random.Generator, changes: bool = False) -> Skin:
    """Return a label that may fade over to another."""
    one, two = label_picture(rng), label_picture(rng)
    return (lambda share: one * (1 - share) + two * share) if changes else (lambda share: one)


# --- solids -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Light:
    """Where light comes from (across, down; −1 to 1), how strong it is, and its colour."""

    across: float = 0.5
    down: float = -0.4
    strength: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def on(self, nx: Field, ny: Field, nz: Field) -> Field:
        """Light on a surface with this normal, shape (h, w, 3)."""
        lit = np.clip(0.42 + 0.75 * (0.7 * nz + self.across * nx + self.down * ny), 0.16, 1.3)
        return np.asarray(self.strength * lit[..., None] * np.array(self.tint))


def _window(
    frame: Field, y: float, x: float, ry: float, rx: float
) -> tuple[slice, slice, Field, Field] | None:
    top, bottom = max(0, int(y - ry - 2)), min(frame.shape[0], int(y + ry + 3))
    left, right = max(0, int(x - rx - 2)), min(frame.shape[1], int(x + rx + 3))
    if bottom - top < 2 or right - left < 2:
        return None
    yy, xx = np.mgrid[top:bottom, left:right].astype(np.float64)
    return slice(top, bottom), slice(left, right), (yy - y) / ry, (xx - x) / rx


def _blend(frame: Field, rows: slice, columns: slice, seen: Field, alpha: Field) -> None:
    frame[rows, columns] = frame[rows, columns] * (1 - alpha[..., None]) + seen * alpha[..., None]


def egg(
    frame: Field,
    skin: Field,
    where: tuple[float, float, float, float],
    turn: float,
    light: Light,
    jaw: float = 0.0,
) -> None:
    """Draw an ellipsoid at (y, x, ry, rx), turned about its upright axis; `jaw` narrows its lower half."""
    y, x, ry, rx = where
    part = _window(frame, y, x, ry, rx * (1 + abs(jaw)))
    if part is None:
        return
    rows, columns, v, u = part
    u = u / (1 - jaw * np.clip(v, -1, 1))
    radius = np.hypot(v, u)
    depth = np.sqrt(np.clip(1 - radius**2, 0, 1))
    lon = np.arctan2(u, depth) - turn
    lon = (lon + np.pi) % (2 * np.pi)
    lat = np.arcsin(np.clip(v, -1, 1)) / np.pi + 0.5
    wide = np.concatenate([skin, skin[:, :1]], axis=1)
    seen = sample(wide, lat * (skin.shape[0] - 1), lon / (2 * np.pi) * skin.shape[1])
    alpha = np.clip((1 - radius) * min(ry, rx) + 0.5, 0, 1)
    _blend(frame, rows, columns, seen * light.on(u, v, depth), alpha)


def tin(
    frame: Field, skin: Field, where: tuple[float, float, float, float], turn: float, light: Light
) -> None:
    """Draw an upright cylinder at (y, x, ry, rx), turned about its axis."""
    part = _window(frame, *where)
    if part is None:
        return
    rows, columns, v, u = part
    inside = np.clip(u, -1, 1)
    depth = np.sqrt(1 - inside**2)
    # The rims curve down towards the camera.
    high = (v - 0.09 * depth + 0.045 + 1) / 2
    lon = (np.arcsin(inside) - turn + np.pi) % (2 * np.pi)
    wide = np.concatenate([skin, skin[:, :1]], axis=1)
    seen = sample(wide, high * (skin.shape[0] - 1), lon / (2 * np.pi) * skin.shape[1])
    alpha = np.clip((1 - np.abs(u)) * where[3] + 0.5, 0, 1)
    alpha = alpha * np.clip(np.minimum(high, 1 - high) * 2 * where[2] + 0.5, 0, 1)
    _blend(frame, rows, columns, seen * light.on(inside, 0 * v, depth), alpha)


def crate(
    frame: Field, skin: Field, where: tuple[float, float, float, float], turn: float, light: Light
) -> None:
    """Draw an upright box with a square ground plan; a side shows a quarter of the skin."""
    y, x, ry, rx = where
    part = _window(frame, y, x, ry, 1.42 * rx)
    if part is None:
        return
    rows, columns, v, u = part
    u = u * 1.42
    quarter = skin.shape[1] // 4
    for side in range(4):
        angle = turn + side * np.pi / 2
        front, across = np.cos(angle), np.sin(angle)
        if front <= 0.02:
            continue
        along = (u - across) / front
        # The nearer edge of a side looks taller.
        near = -np.clip(along, -1, 1) * across * 0.1
        high = v / (0.92 + 0.06 * front + near)
        alpha = np.clip((1 - np.abs(along)) * front * rx + 0.5, 0, 1)
        alpha = alpha * np.clip((1 - np.abs(high)) * ry + 0.5, 0, 1)
        seen = sample(
            skin[:, side * quarter : (side + 1) * quarter],
            (high + 1) / 2 * (skin.shape[0] - 1),
            (along + 1) / 2 * (quarter - 1),
        )
        flat = np.ones_like(u)
        _blend(frame, rows, columns, seen * light.on(across * flat, 0 * flat, front * flat), alpha)


def ground_shadow(frame: Field, y: float, x: float, rx: float, depth: float = 0.45) -> None:
    """Darken the ground below a thing."""
    part = _window(frame, y, x, 0.22 * rx, 1.15 * rx)
    if part is not None:
        rows, columns, v, u = part
        frame[rows, columns] *= 1 - depth * np.clip(1 - v * v - u * u, 0, 1)[..., None]
