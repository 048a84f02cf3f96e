"""Clean moving pictures made from nothing: what a detector must leave alone.

Each scene is a list of RGB frames (height, width, 3) uint8, the same for the same seed.
"""

from __future__ import annotations

import numpy as np

from benchmarks.canvas import (
    Field,
    Frames,
    Scene,
    camera,
    dot,
    grain,
    pan_path,
    sample,
    shake_path,
    still_path,
    texture,
    to_bytes,
)
from benchmarks.scenes_light import LIGHT
from benchmarks.scenes_matter import MATTER

__all__ = [
    "CRF",
    "SCENES",
    "SHOWN",
    "Frames",
    "camera",
    "make",
    "sample",
    "shake_path",
    "to_bytes",
]


def pan(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    return camera(texture(rng, 2 * height, 3 * width), pan_path(rng, count, rng.uniform(1, 4)), height, width)


def fast_pan(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    speed = 1.6 * width / count
    return camera(texture(rng, 2 * height, 4 * width), pan_path(rng, count, speed), height, width)


def whip(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Rest, whip pan, rest, with a sensor's noise."""
    t = np.arange(count)
    x = 1.3 * width * (1 / (1 + np.exp(-(t - count / 2) / 2.0)) - 0.5)
    frames = camera(texture(rng, 2 * height, 4 * width), [(0, float(v), 1, 0) for v in x], height, width)
    return grain(frames, rng, 2.0)


def zoom(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    path = [(0.0, 0.0, 1.0 + 0.5 * t / count, 0.02 * t / count) for t in range(count)]
    return camera(texture(rng, 2 * height, 2 * width), path, height, width)


def shake(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    return camera(
        texture(rng, 2 * height, 2 * width), shake_path(rng, count, rng.uniform(1, 5)), height, width
    )


def grainy_pan(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    return grain(pan(rng, count, height, width), rng, rng.uniform(2, 6))


def locked_grain(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    frames = camera(texture(rng, 2 * height, 2 * width), still_path(count), height, width)
    return grain(frames, rng, rng.uniform(1, 7))


def snow(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Snow falls before a slow pan; flakes of many sizes and speeds."""
    base = texture(rng, 2 * height, 2 * width) * rng.uniform(0.4, 0.9)
    frames = camera(base, pan_path(rng, count, rng.uniform(0, 2)), height, width)
    amount = int(rng.integers(60, 350))
    y, x = rng.uniform(0, height, amount), rng.uniform(0, width, amount)
    near = rng.uniform(0.2, 1, amount) ** 2
    phase = rng.uniform(0, 6.3, amount)
    for t, frame in enumerate(frames):
        fall = (y + t * (0.6 + near * height / 40)) % height
        drift = (x + 3 * near * np.sin(t / 9 + phase) + t * near) % width
        for i in range(amount):
            dot(frame, fall[i], drift[i], 0.7 + near[i] * height / 90, np.full(3, 245.0), 0.85)
    return frames


def rain(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Short bright streaks at random places in each frame, faint."""
    base = texture(rng, 2 * height, 2 * width) * 0.6
    frames = camera(base, pan_path(rng, count, 1), height, width)
    for frame in frames:
        for _ in range(int(width / 3)):
            y, x = int(rng.integers(0, height - 8)), int(rng.integers(0, width))
            frame[y : y + int(rng.integers(4, 9)), x] += rng.uniform(15, 50)
    return frames


def fairy_lights(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Small coloured lamps that go on and off by themselves, on a moving scene."""
    base = texture(rng, 2 * height, 2 * width) * 0.45
    frames = camera(base, pan_path(rng, count, rng.uniform(0, 2)), height, width)
    amount = int(rng.integers(12, 40))
    y, x = rng.uniform(0.2, 0.8, amount) * height, rng.uniform(0.1, 0.9, amount) * width
    period, phase = rng.integers(8, 30, amount), rng.integers(0, 30, amount)
    colours = rng.uniform(80, 255, (amount, 3))
    colours[:, 0] = 255
    speed = rng.uniform(0, 1.5)
    for t, frame in enumerate(frames):
        for i in range(amount):
            lit = 0.95 if ((t + phase[i]) // (period[i] // 2)) % 2 else 0.25
            dot(frame, y[i], (x[i] + speed * t) % width, height / 70, colours[i], lit)
            dot(frame, y[i], (x[i] + speed * t) % width, height / 25, colours[i], 0.25 * lit)
    return frames


def wheel(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Turn a wheel with spokes before a passing ground."""
    frames = camera(
        texture(rng, 2 * height, 3 * width), pan_path(rng, count, rng.uniform(1, 4)), height, width
    )
    yy, xx = np.mgrid[:height, :width]
    cy, cx, radius = height * 0.55, width * rng.uniform(0.35, 0.65), height * rng.uniform(0.25, 0.4)
    r, angle = np.hypot(yy - cy, xx - cx), np.arctan2(yy - cy, xx - cx)
    spokes, turn = int(rng.integers(5, 11)), rng.uniform(0.03, 0.3)
    for t, frame in enumerate(frames):
        spoke = 0.5 + 0.5 * np.tanh(6 * np.cos(spokes * (angle - turn * t)))
        rim = np.clip((r - 0.8 * radius) / 2, 0, 1)
        value = 40 + 150 * np.maximum(spoke * (r < 0.8 * radius), 0.2 * rim)
        edge = np.clip(radius - r, 0, 1)[..., None]
        frame[:] = frame * (1 - edge) + (value[..., None] * np.array([1.0, 0.95, 0.9])) * edge
    return frames


def passing(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Objects with texture of their own pass before a still or moving ground."""
    frames = camera(
        texture(rng, 2 * height, 2 * width), pan_path(rng, count, rng.uniform(0, 2)), height, width
    )
    for _ in range(int(rng.integers(1, 4))):
        h, w = int(height * rng.uniform(0.15, 0.5)), int(width * rng.uniform(0.1, 0.4))
        patch = texture(rng, h, w) * rng.uniform(0.5, 1.3)
        y, x = rng.uniform(0, height - h), rng.uniform(-w, width)
        dy, dx = rng.uniform(-1, 1), rng.uniform(-8, 8)
        for t, frame in enumerate(frames):
            top, left = round(y + dy * t), round(x + dx * t)
            y0, y1 = max(0, top), min(height, top + h)
            x0, x1 = max(0, left), min(width, left + w)
            if y0 < y1 and x0 < x1:
                frame[y0:y1, x0:x1] = patch[y0 - top : y1 - top, x0 - left : x1 - left]
    return frames


def exposure(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Adapt the exposure: one slow gain, there and done."""
    t = np.arange(count)
    gain = 1 + rng.choice([-0.3, 0.3]) / (1 + np.exp(-(t - count * 0.4) / (count / 12)))
    return [frame * g for frame, g in zip(shake(rng, count, height, width), gain, strict=True)]


def fade(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Fade in from black and out again."""
    length = count // 4
    gain = np.minimum(1, np.minimum(np.arange(count) + 1, np.arange(count)[::-1] + 1) / length)
    return [frame * g for frame, g in zip(pan(rng, count, height, width), gain, strict=True)]


def dissolve(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """One scene dissolves into another over a third of the clip."""
    one, other = pan(rng, count, height, width), shake(rng, count, height, width)
    mix = np.clip((np.arange(count) - count / 3) / (count / 3), 0, 1)
    return [a * (1 - m) + b * m for a, b, m in zip(one, other, mix, strict=True)]


def held(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Drawings held for two or three frames."""
    hold = int(rng.integers(2, 4))
    frames = passing(rng, -(-count // hold), height, width)
    return [frames[t // hold] for t in range(count)]


def one_in_six(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """25 frames a second shown at 30: every sixth frame repeats."""
    frames = pan(rng, count, height, width)
    return [frames[t - t // 6] for t in range(count)]


def waves(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Water: glints that travel and change slowly over the lower half."""
    frames = camera(
        texture(rng, 2 * height, 2 * width), pan_path(rng, count, rng.uniform(0, 1)), height, width
    )
    yy, xx = np.mgrid[:height, :width]
    waves_ = [(rng.uniform(0.05, 0.3), rng.uniform(0.05, 0.5), rng.uniform(0.1, 0.4)) for _ in range(6)]
    lower = np.clip((yy - height * 0.45) / 10, 0, 1)[..., None]
    for t, frame in enumerate(frames):
        level = sum(np.sin(a * xx + b * yy - w * t) for a, b, w in waves_)
        frame += lower * np.maximum(level - 1, 0)[..., None] * 25
    return frames


SCENES: dict[str, Scene] = {
    "pan": pan,
    "fast_pan": fast_pan,
    "whip": whip,
    "zoom": zoom,
    "shake": shake,
    "grainy_pan": grainy_pan,
    "locked_grain": locked_grain,
    "snow": snow,
    "rain": rain,
    "fairy_lights": fairy_lights,
    "wheel": wheel,
    "passing": passing,
    "exposure": exposure,
    "fade": fade,
    "dissolve": dissolve,
    "held": held,
    "one_in_six": one_in_six,
    "waves": waves,
    **LIGHT,
    **MATTER,
}
SHOWN = ("fairy_lights", *LIGHT)
"""Scenes that show light which changes: a note may be said of them, and a strobe may break the flash rule."""
CRF = {"archive": 32, "grain_compressed": 30}
"""How strongly x264 compresses a scene, where that belongs to it."""


def make(name: str, seed: int, count: int = 48, height: int = 180, width: int = 320) -> Frames:
    """Make a clean scene; the same arguments give the same frames."""
    rng = np.random.default_rng([seed, *name.encode()])
    return to_bytes(SCENES[name](rng, count, height, width))
