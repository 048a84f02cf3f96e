"""What made scenes are drawn with: textures, a camera, moves, dots, grain."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Frames = list[Image]
Field = npt.NDArray[np.float64]
Path = list[tuple[float, float, float, float]]
"""Where a camera looks: (y, x, zoom, angle) from the centre of a picture, for each frame."""


def texture(rng: np.random.Generator, height: int, width: int) -> Field:
    """Colour texture with a 1/f spectrum like a photograph's, shape (height, width, 3), 0–255."""
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    falloff = 1.0 / (np.hypot(fy, fx) + 1.0 / max(height, width)) ** rng.uniform(1.2, 1.9)
    out = np.empty((height, width, 3))
    shared = noise(rng, falloff, height, width)
    for channel in range(3):
        out[..., channel] = shared + 0.35 * noise(rng, falloff, height, width)
    for _ in range(14):  # things with edges
        y, x = rng.uniform(0, height), rng.uniform(0, width)
        h, w = rng.uniform(0.04, 0.2) * height, rng.uniform(0.04, 0.2) * width
        yy, xx = np.ogrid[:height, :width]
        inside = ((yy - y) / h) ** 2 + ((xx - x) / w) ** 2 < 1
        out[inside] = 0.4 * out[inside] + rng.normal(0, 1.2, 3)
    out -= out.mean()
    return np.clip(112 + 42 * out / out.std(), 4, 250)


def noise(rng: np.random.Generator, falloff: Field, height: int, width: int) -> Field:
    field = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(height, width))) * falloff, s=(height, width))
    return np.asarray(field / field.std())


def sample(image: Field, y: Field, x: Field) -> Field:
    """Bilinear samples of an image at float positions, edges held; shape of y and x plus channels."""
    height, width = image.shape[:2]
    y, x = np.clip(y, 0, height - 1.001), np.clip(x, 0, width - 1.001)
    y0, x0 = y.astype(np.int64), x.astype(np.int64)
    fy, fx = (y - y0)[..., None], (x - x0)[..., None]
    upper = image[y0, x0] * (1 - fx) + image[y0, x0 + 1] * fx
    lower = image[y0 + 1, x0] * (1 - fx) + image[y0 + 1, x0 + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy)


def camera(
    image: Field, path: Sequence[tuple[float, float, float, float]], height: int, width: int
) -> list[Field]:
    """Look at a large image along a path of (y, x, zoom, angle) from its centre."""
    cy, cx = image.shape[0] / 2, image.shape[1] / 2
    yy, xx = np.mgrid[:height, :width]
    yy, xx = yy - height / 2, xx - width / 2
    out = []
    for y, x, zoom, angle in path:
        c, s = np.cos(angle) / zoom, np.sin(angle) / zoom
        out.append(sample(image, cy + y + c * yy + s * xx, cx + x + c * xx - s * yy))
    return out


def grain(frames: Sequence[Field], rng: np.random.Generator, sigma: float) -> list[Field]:
    """Add film grain or sensor noise, new in every frame."""
    return [frame + rng.normal(0, sigma, frame.shape[:2])[..., None] for frame in frames]


def to_bytes(frames: Sequence[Field]) -> Frames:
    """Round and clip to uint8."""
    return [np.clip(frame + 0.5, 0, 255).astype(np.uint8) for frame in frames]


def still_path(count: int) -> Path:
    return [(0.0, 0.0, 1.0, 0.0)] * count


def pan_path(rng: np.random.Generator, count: int, speed: float) -> Path:
    angle = rng.uniform(0, 2 * np.pi)
    dy, dx = 0.4 * speed * np.sin(angle), speed * np.cos(angle)
    return [(dy * (t - count / 2), dx * (t - count / 2), 1.0, 0.0) for t in range(count)]


def shake_path(rng: np.random.Generator, count: int, size: float) -> Path:
    walk = rng.normal(0, 1, (count + 6, 3))
    smooth = sum(walk[i : i + count] for i in range(6)) / np.sqrt(6)
    return [(size * a, size * b, 1.0, 0.003 * c) for a, b, c in smooth]


def dot(frame: Field, y: float, x: float, radius: float, colour: Field, alpha: float) -> None:
    height, width = frame.shape[:2]
    reach = int(np.ceil(2 * radius)) + 1
    y0, y1 = max(0, int(y) - reach), min(height, int(y) + reach + 1)
    x0, x1 = max(0, int(x) - reach), min(width, int(x) + reach + 1)
    if y0 >= y1 or x0 >= x1:
        return
    yy, xx = np.mgrid[y0:y1, x0:x1]
    soft = alpha * np.clip(1.3 - np.hypot(yy - y, xx - x) / radius, 0, 1)[..., None]
    frame[y0:y1, x0:x1] = frame[y0:y1, x0:x1] * (1 - soft) + colour * soft


Scene = Callable[[np.random.Generator, int, int, int], list[Field]]
"""Draws (random numbers, frames, height, width)."""
