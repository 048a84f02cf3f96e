"""Changes of a clip that leave everybody in it who they are: light, camera, focus, noise, what passes by."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from benchmarks.canvas import Frames, Image, texture

Field = npt.NDArray[np.float64]


def blurred(pixels: Field, half: int) -> Field:
    out = pixels
    for _ in range(2):
        wide = np.pad(out, ((half + 1, half), (half + 1, half), (0, 0)), mode="edge").cumsum(0).cumsum(1)
        n = 2 * half + 1
        out = (wide[n:, n:] - wide[:-n, n:] - wide[n:, :-n] + wide[:-n, :-n]) / n**2
    return np.asarray(out)


def _bytes(frame: Field) -> Image:
    return np.clip(frame + 0.5, 0, 255).astype(np.uint8)


def progress(rng: np.random.Generator, count: int) -> Field:
    """Progress 0 to 1, even or soft, perhaps with a rest before and after."""
    s = np.linspace(0, 1, count)
    if rng.random() < 0.5:
        s = np.clip((s - 0.25) / 0.5, 0, 1)
    return np.asarray(s * s * (3 - 2 * s))


def _graded(frames: Sequence[Image], grade: Callable[[Field, float], Field], course: Field) -> Frames:
    return [_bytes(grade(f.astype(np.float64), float(s))) for f, s in zip(frames, course, strict=True)]


def gamma_ramp(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Gamma of the whole picture moves to 0.7–1.45."""
    end = rng.choice([rng.uniform(0.7, 0.85), rng.uniform(1.2, 1.45)])
    way = progress(rng, len(frames))
    return _graded(frames, lambda f, s: 255 * (f / 255) ** (1 + (end - 1) * s), way)


def exposure_ramp(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Exposure of the whole picture moves by up to a stop."""
    end = 2.0 ** rng.choice([rng.uniform(-1, -0.4), rng.uniform(0.3, 0.6)])
    way = progress(rng, len(frames))
    return _graded(frames, lambda f, s: f * (1 + (end - 1) * s), way)


def white_balance(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Let the whole picture become warmer or colder."""
    push = rng.choice([-1.0, 1.0]) * rng.uniform(0.08, 0.2) * np.array([1.0, 0.1, -1.0])
    way = progress(rng, len(frames))
    return _graded(frames, lambda f, s: f * (1 + push * s), way)


def look(frames: Sequence[Image], views: Field) -> Frames:
    """Look at each frame from (y, x, zoom): shares of the picture from its centre, zoom ≥ 1."""
    rows, columns = frames[0].shape[:2]
    out = []
    for frame, (y, x, zoom) in zip(frames, views, strict=True):
        left = (0.5 + x) * columns - columns / zoom / 2
        top = (0.5 + y) * rows - rows / zoom / 2
        box = (left, top, left + columns / zoom, top + rows / zoom)
        box = (max(0.0, box[0]), max(0.0, box[1]), min(columns, box[2]), min(rows, box[3]))
        seen = Pillow.fromarray(frame).resize((columns, rows), Pillow.Resampling.BICUBIC, box=box)
        out.append(np.asarray(seen))
    return out


def zoom(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Zoom in to 1.25 or out to 0.8."""
    s = progress(rng, len(frames))
    s = s if rng.random() < 0.5 else s[::-1]
    return look(frames, np.stack([0 * s, 0 * s, 1 + rng.uniform(0.15, 0.25) * s], axis=1))


def pan(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Pan by 10–20 % of the width."""
    s = progress(rng, len(frames)) - 0.5
    reach = rng.choice([-1.0, 1.0]) * rng.uniform(0.1, 0.2)
    return look(frames, np.stack([0.3 * reach * s, reach * s, 0 * s + 1.26], axis=1))


def focus(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Go out of focus or come into it."""
    s = progress(rng, len(frames))
    s = s if rng.random() < 0.5 else s[::-1]
    widest = max(frames[0].shape) / rng.uniform(120, 220)
    out = []
    for frame, share in zip(frames, s, strict=True):
        size = widest * float(share)
        low, part = int(size), size - int(size)
        f = frame.astype(np.float64)
        near = blurred(f, low) if low else f
        out.append(_bytes(near * (1 - part) + blurred(f, low + 1) * part))
    return out


def noise(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Noise that grows, as in the dark."""
    s, sigma = progress(rng, len(frames)), rng.uniform(5, 12)
    return [
        _bytes(f + (0.3 + 0.7 * v) * sigma * rng.standard_normal(f.shape[:2])[..., None])
        for f, v in zip(frames, s, strict=True)
    ]


def again(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Compress every frame strongly, harder or softer as it goes on."""
    first, last = rng.uniform(18, 60, 2)
    out = []
    for frame, quality in zip(frames, np.linspace(first, last, len(frames)), strict=True):
        file = io.BytesIO()
        Pillow.fromarray(frame).save(file, "JPEG", quality=int(quality))
        out.append(np.asarray(Pillow.open(file).convert("RGB")))
    return out


def passing(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Something with a texture of its own passes before the subject."""
    rows, columns = frames[0].shape[:2]
    tall, wide = int(rows * rng.uniform(0.6, 1.1)), int(columns * rng.uniform(0.14, 0.3))
    thing = texture(rng, tall, wide)
    yy, xx = np.mgrid[:tall, :wide]
    round_ = np.clip(8 - 8 * (np.abs(2 * yy / tall - 1) ** 3 + np.abs(2 * xx / wide - 1) ** 3), 0, 1)[
        ..., None
    ]
    top, sign = int(rng.uniform(0.0, 0.4) * rows), rng.choice([-1, 1])
    start, length = rng.uniform(0.0, 0.3), rng.uniform(0.4, 0.7)
    out = []
    for t, frame in enumerate(frames):
        s = (t / len(frames) - start) / length
        left = round((columns + wide) * (s if sign > 0 else 1 - s)) - wide
        x0, x1, y1 = max(0, left), min(columns, left + wide), min(rows, top + tall)
        if x0 >= x1:
            out.append(frame)
            continue
        seen = frame.copy()
        part = slice(0, y1 - top), slice(x0 - left, x1 - left)
        under = frame[top:y1, x0:x1].astype(np.float64)
        seen[top:y1, x0:x1] = _bytes(under * (1 - round_[part]) + thing[part] * round_[part])
        out.append(seen)
    return out


def shadow(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Let a soft shadow pass over the scene, as of a cloud or of somebody going by."""
    rows, columns = frames[0].shape[:2]
    depth, wide, lean = rng.uniform(0.3, 0.55), rng.uniform(0.15, 0.4) * columns, rng.uniform(-0.6, 0.6)
    yy, xx = np.mgrid[:rows, :columns]
    sign, out = rng.choice([-1, 1]), []
    for t, frame in enumerate(frames):
        s = t / (len(frames) - 1)
        centre = -wide + (columns + 2 * wide) * (s if sign > 0 else 1 - s)
        dark = np.exp(-(((xx + lean * (yy - rows / 2) - centre) / wide) ** 4))[..., None]
        out.append(_bytes(frame * (1 - depth * dark * np.array([1.0, 0.96, 0.88]))))
    return out


def lamp(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Light from one side goes over to light from another."""
    rows, columns = frames[0].shape[:2]
    yy, xx = np.mgrid[:rows, :columns]
    y, x = 2 * yy / rows - 1, 2 * xx / columns - 1
    tints = 1 + rng.uniform(-0.08, 0.08, (2, 3))
    angles = rng.uniform(0, 2 * np.pi) + np.array([0, rng.uniform(1.5, 4.0)])
    lit = [
        np.exp(rng.uniform(0.3, 0.5) * (np.cos(a) * x + np.sin(a) * y))[..., None] * tint * 0.9
        for a, tint in zip(angles, tints, strict=True)
    ]
    s = progress(rng, len(frames))
    return [_bytes(f * (lit[0] * (1 - v) + lit[1] * v)) for f, v in zip(frames, s, strict=True)]


def untouched(frames: Sequence[Image], rng: np.random.Generator) -> Frames:
    """Return the clip as it is."""
    return list(frames)


CHANGES: dict[str, Callable[[Sequence[Image], np.random.Generator], Frames]] = {
    "untouched": untouched,
    "gamma_ramp": gamma_ramp,
    "exposure_ramp": exposure_ramp,
    "white_balance": white_balance,
    "zoom": zoom,
    "pan": pan,
    "focus": focus,
    "noise": noise,
    "again": again,
    "passing": passing,
    "shadow": shadow,
    "lamp": lamp,
}
"""Of the whole picture, or of what lies before it."""
