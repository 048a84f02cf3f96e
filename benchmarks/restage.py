"""Stills taken again (grade, crop, noise, other background) and stills in which the subject has changed.

What a camera, a grade or a file does to a picture leaves the subject what it is; another hue, texture or
shape of the subject, or half of somebody else in it, does not. Where the subject is, is guessed from what
stands out against the border of the picture.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Random = np.random.Generator

LONG_SIDE = 512
LEAST_DELTA = 14.0
"""Chroma (code values) that another hue has to move the subject by on average."""


def load(path: Any) -> Picture:
    """Open a still at no more than 512 pixels on its long side."""
    with Image.open(path) as image:
        image = image.convert("RGB")
        image.thumbnail((LONG_SIDE, LONG_SIDE))
        return np.asarray(image)


def subject_mask(picture: Picture) -> Floats:
    """Weight in [0, 1] of what stands out against the picture's border, shape (H, W)."""
    height, width = picture.shape[:2]
    small = np.asarray(Image.fromarray(picture).resize((64, 64), Image.Resampling.BOX), dtype=np.float64)
    edge = np.ones((64, 64), dtype=bool)
    edge[6:-6, 6:-6] = False
    border = small[edge]
    away = np.full((64, 64), np.inf)
    for seed in range(0, len(border), max(1, len(border) // 24)):
        away = np.minimum(away, np.sqrt(((small - border[seed]) ** 2).sum(axis=2)))
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    central = np.exp(-((x / 0.62) ** 2 + (y / 0.62) ** 2))
    weight = central * (0.35 + away / max(float(np.quantile(away, 0.95)), 1.0))
    weight = np.clip((weight / np.quantile(weight, 0.97) - 0.25) / 0.35, 0, 1)
    soft = Image.fromarray((weight * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    soft = soft.filter(ImageFilter.GaussianBlur(max(height, width) / 100))
    return np.asarray(soft, dtype=np.float64) / 255


def _bytes(values: Floats) -> Picture:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _mix(picture: Picture, changed: Floats, mask: Floats) -> Picture:
    return _bytes(picture + (changed - picture) * mask[..., None])


# What leaves the subject what it is


def gamma(picture: Picture, rng: Random, other: Picture) -> Picture:
    power = float(np.exp(rng.uniform(0.15, 0.4) * rng.choice([-1, 1])))
    return _bytes(255 * (picture / 255.0) ** power)


def white_balance(picture: Picture, rng: Random, other: Picture) -> Picture:
    warm = rng.uniform(0.06, 0.16) * rng.choice([-1, 1])
    return _bytes(picture * np.array([1 + warm, 1 + 0.1 * warm, 1 - warm]))


def crop(picture: Picture, rng: Random, other: Picture) -> Picture:
    share = rng.uniform(0.72, 0.9)
    height, width = (int(n * share) for n in picture.shape[:2])
    y, x = (
        int(rng.uniform(0.3, 0.7) * (n - m)) for n, m in zip(picture.shape, (height, width), strict=False)
    )
    return np.ascontiguousarray(picture[y : y + height, x : x + width])


def flip(picture: Picture, rng: Random, other: Picture) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


def blur(picture: Picture, rng: Random, other: Picture) -> Picture:
    radius = rng.uniform(0.002, 0.005) * max(picture.shape)
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def noise(picture: Picture, rng: Random, other: Picture) -> Picture:
    return _bytes(picture + rng.normal(0, rng.uniform(5, 12), picture.shape))


def jpeg(picture: Picture, rng: Random, other: Picture) -> Picture:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=int(rng.integers(18, 45)))
    with Image.open(held) as image:
        return np.asarray(image.convert("RGB"))


def background(picture: Picture, rng: Random, other: Picture) -> Picture:
    """Put a corner of another picture behind the subject."""
    mask = subject_mask(picture)
    height, width = (int(0.4 * n) for n in other.shape[:2])
    behind = _fitted(other[:height, :width], picture, rng.choice([-1, 1]))
    return _mix(picture, behind, (1 - np.clip(1.6 * mask, 0, 1)) * 0.8)


def light(picture: Picture, rng: Random, other: Picture) -> Picture:
    """Light from one side: up to half a stop more there, as much less on the other."""
    height, width = picture.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    gain = np.exp2(rng.uniform(0.3, 0.6) * (x * np.cos(angle) + y * np.sin(angle)) / 1.4)
    return _bytes(255 * ((picture / 255.0) ** 2.2 * gain[..., None]).clip(0, 1) ** (1 / 2.2))


# What makes it look like something else


def _turned(picture: Picture, degrees: float) -> Floats:
    """Turn the hue of every pixel, luma kept."""
    r, g, b = (picture[..., i].astype(np.float64) for i in range(3))
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    blue, red = 0.564 * (b - luma), 0.713 * (r - luma)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    blue, red = c * blue - s * red, s * blue + c * red
    return np.stack([luma + red / 0.713, luma - 0.344 * blue - 0.714 * red, luma + blue / 0.564], axis=2)


def hue(picture: Picture, rng: Random, other: Picture) -> Picture:
    """Turn the subject's hue by 25 to 60 degrees; what has hardly any colour is tinted instead."""
    mask = subject_mask(picture)
    changed = _turned(picture, rng.uniform(25, 60) * rng.choice([-1, 1]))
    moved = np.abs(changed - picture).sum(axis=2)
    if float((moved * mask).sum() / mask.sum()) < LEAST_DELTA:
        angle = rng.uniform(0, 2 * np.pi)
        blue, red = 22 * np.cos(angle), 22 * np.sin(angle)
        tint = np.array([red / 0.713, -0.344 * blue - 0.714 * red, blue / 0.564])
        changed = picture + tint * (0.4 + 0.6 * picture.mean(axis=2, keepdims=True) / 255)
    return _mix(picture, changed, np.clip(1.5 * mask, 0, 1))


def texture(picture: Picture, rng: Random, other: Picture) -> Picture:
    """Another picture's pattern on the subject, in its own colours."""
    mask = subject_mask(picture)
    grey = _fitted(other, picture, 1).mean(axis=2)
    soft = Image.fromarray(_bytes(grey)).filter(ImageFilter.GaussianBlur(max(picture.shape) / 24))
    pattern = grey - np.asarray(soft, dtype=np.float64)
    pattern *= rng.uniform(30, 45) / max(float(pattern.std()), 1.0)
    return _mix(picture, picture + pattern[..., None], np.clip(1.5 * mask, 0, 1))


def warp(picture: Picture, rng: Random, other: Picture) -> Picture:
    """Smooth displacement of the subject by 3 to 6 % of the picture."""
    height, width = picture.shape[:2]
    mask = subject_mask(picture)
    field = rng.normal(size=(2, 7, 7))
    big = [
        np.asarray(
            Image.fromarray(f.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC),
            dtype=np.float64,
        )
        for f in field
    ]
    size = rng.uniform(0.03, 0.06) * max(height, width)
    y, x = np.mgrid[0:height, 0:width]
    rows = np.clip(y + size * big[0] * mask, 0, height - 1.001)
    columns = np.clip(x + size * big[1] * mask, 0, width - 1.001)
    r, c = rows.astype(int), columns.astype(int)
    fr, fc = (rows - r)[..., None], (columns - c)[..., None]
    held = picture.astype(np.float64)
    top = held[r, c] * (1 - fc) + held[r, c + 1] * fc
    low = held[r + 1, c] * (1 - fc) + held[r + 1, c + 1] * fc
    return _bytes(top * (1 - fr) + low * fr)


def half_other(picture: Picture, rng: Random, other: Picture) -> Picture:
    """Half of another picture's subject blended into this one."""
    mask = subject_mask(picture)
    return _mix(picture, _fitted(other, picture, 1), mask * rng.uniform(0.5, 0.65))


def _fitted(other: Picture, like: Picture, way: int) -> Floats:
    size = (like.shape[1], like.shape[0])
    return np.asarray(Image.fromarray(other[:, ::way]).resize(size), dtype=np.float64)


Change = Callable[[Picture, Random, Picture], Picture]
SAME: dict[str, Change] = {
    f.__name__: f for f in (gamma, white_balance, crop, flip, blur, noise, jpeg, background, light)
}
OTHER: dict[str, Change] = {f.__name__: f for f in (hue, texture, warp, half_other)}


def restage(picture: Picture, kind: str, seed: int, other: Picture) -> Picture:
    """Return the picture with one change of `SAME` or `OTHER`; the same seed, the same picture."""
    rng = np.random.default_rng([seed, sorted({**SAME, **OTHER}).index(kind)])
    return {**SAME, **OTHER}[kind](picture, rng, other)
