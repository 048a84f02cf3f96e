"""Made scenes in which things turn, bend, sway or are drawn: innocent motion that is hard to follow."""

from __future__ import annotations

import numpy as np

from benchmarks.canvas import (
    Field,
    Scene,
    camera,
    dot,
    grain,
    pan_path,
    sample,
    shake_path,
    still_path,
    texture,
)
from benchmarks.scenes_light import clouded


def screen(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Record a screen: text is typed line by line, a cursor blinks; everything else stands still."""
    dark = rng.random() < 0.5
    paper, ink = (np.full(3, 24.0), np.full(3, 205.0)) if dark else (np.full(3, 250.0), np.full(3, 40.0))
    line, cell, margin = max(height // 14, 4), max(width // 60, 3), width // 20
    page = np.broadcast_to(paper, (height, width, 3)).copy()
    page[: line + 2] = 0.5 * paper + 0.5 * np.array([90.0, 110, 140])
    page[:, : margin // 2] = 0.7 * paper + 0.3 * ink
    glyphs = rng.random((24, line - 3, cell - 1)) < 0.45
    colours = np.where(rng.random((40, 1)) < 0.6, ink, rng.uniform(60, 230, (40, 3)))

    def type_at(row: int, column: int) -> tuple[slice, slice]:
        top, left = (row + 2) * line, margin + column * cell
        return slice(top, top + line - 3), slice(left, left + cell - 1)

    longest = max(9, (width - 2 * margin) // cell - 2)
    row = 0
    for row in range(int(rng.integers(3, 8))):
        for column in range(int(rng.integers(8, longest))):
            if rng.random() < 0.84:
                shape = glyphs[rng.integers(0, 24)][..., None]
                page[type_at(row, column)] = np.where(shape, colours[(row + column // 5) % 40], paper)
    row, column, blink, pace = row + 1, 0, int(rng.integers(9, 16)), int(rng.integers(2, 6))
    frames = []
    for t in range(count):
        if t % pace == 0 and rng.random() < 0.8 and (t // 20) % 2 == 0:
            if column >= longest or rng.random() < 0.03:
                row, column = min(row + 1, 10), 0
            shape = glyphs[rng.integers(0, 24)][..., None]
            page[type_at(row, column)] = np.where(shape, colours[(row + column // 5) % 40], paper)
            column += 1
        frame = page.copy()
        if (t // blink) % 2 == 0:
            frame[type_at(row, column)] = ink
        frames.append(frame)
    return frames


def zoom_still(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """One picture, zoomed into or out of with easing, and turned a little."""
    s = np.linspace(0, 1, count)
    s = s * s * (3 - 2 * s) if rng.random() < 0.6 else s
    s = s[::-1] if rng.random() < 0.5 else s
    reach, turn = rng.uniform(0.1, 0.7), rng.uniform(-0.08, 0.08)
    dy, dx = rng.uniform(-0.15, 0.15) * height, rng.uniform(-0.15, 0.15) * width
    path = [(float(dy * v), float(dx * v), float(1 + reach * v), float(turn * v)) for v in s]
    return camera(texture(rng, 2 * height, 2 * width), path, height, width)


def action(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Hold a camera by hand among things that run past quickly, blurred by their motion."""
    ground = camera(
        texture(rng, 2 * height, 2 * width), shake_path(rng, count, rng.uniform(3, 8)), height, width
    )
    for _ in range(int(rng.integers(2, 5))):
        h, w = int(height * rng.uniform(0.2, 0.55)), int(width * rng.uniform(0.1, 0.25))
        patch = texture(rng, h, w) * rng.uniform(0.5, 1.2)
        yy, xx = np.mgrid[:h, :w]
        mask = np.clip(4 - 4 * (((yy - h / 2) / (h / 2)) ** 2 + ((xx - w / 2) / (w / 2)) ** 2), 0, 1)
        speed, start = rng.choice([-1, 1]) * rng.uniform(6, 24), int(rng.integers(0, count // 2))
        y, bounce = rng.uniform(0, height - h), rng.uniform(0, height / 14)
        x = -w if speed > 0 else width
        blur = max(1, int(abs(speed) / 3))
        for t in range(start, count):
            top = int(np.clip(y + bounce * np.sin(0.9 * t), 0, height - h))
            for part in range(blur):
                left = round(x + speed * (t - start) + speed * 0.5 * part / blur)
                x0, x1 = max(0, left), min(width, left + w)
                if x0 < x1:
                    inside = slice(x0 - left, x1 - left)
                    alpha = (mask[:, inside] * (1 / (part + 1)))[..., None]
                    place = ground[t][top : top + h, x0:x1]
                    place[:] = place * (1 - alpha) + patch[:, inside] * alpha
    return grain(ground, rng, 1.5)


def twos(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Draw a figure in flat colours, a new drawing every second frame, while the camera pans each frame."""
    back = texture(rng, 2 * height, 3 * width)
    back = 24 * np.round(back / 24)  # flat, like paint
    speed = rng.uniform(0.8, 3)
    frames = camera(back, pan_path(rng, count, speed), height, width)
    colours = rng.uniform(40, 240, (4, 3))
    cx, stride = width * rng.uniform(0.3, 0.7), rng.uniform(0.5, 0.9)
    for t, frame in enumerate(frames):
        pose = stride * (t // 2)
        x, y = cx + 0.6 * speed * (t // 2 * 2 - count / 2), height * 0.5 + 4 * np.sin(2 * pose)
        for side in (1, -1):
            for part in range(8):
                reach = part / 8
                leg = x + side * height * 0.14 * np.sin(pose) * reach
                dot(frame, y + height * (0.12 + 0.26 * reach), leg, height / 26, colours[0], 1.0)
                arm = x - side * height * 0.2 * np.sin(pose) * reach
                dot(frame, y + height * (-0.08 + 0.16 * reach), arm, height / 34, colours[1], 1.0)
        for part in range(6):
            dot(frame, y - height * (0.1 - 0.045 * part), x, height / 13, colours[2], 1.0)
        dot(frame, y - height * 0.25, x, height / 12, colours[3], 1.0)
        for eye in (-1, 1):
            dot(frame, y - height * 0.26, x + eye * height / 36 + 1, height / 75, np.full(3, 15.0), 1.0)
    return frames


def grain_compressed(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Heavy grain before a strong compression."""
    frames = camera(
        texture(rng, 2 * height, 2 * width), shake_path(rng, count, rng.uniform(0, 2)), height, width
    )
    return grain(frames, rng, rng.uniform(7, 13))


def archive(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Old film in a good state: grey, soft, grainy, weaving in its gate; compressed strongly."""
    picture = texture(rng, 2 * height, 2 * width)
    picture = np.repeat((picture @ np.array([0.3, 0.59, 0.11]))[..., None], 3, axis=2)
    weave = 0.35 * rng.normal(size=(count, 2))
    moves = pan_path(rng, count, rng.uniform(0, 1.5))
    path = [(y + a, x + b, 1.0, 0.0) for (y, x, _, _), (a, b) in zip(moves, weave, strict=True)]
    frames = camera(picture, path, height, width)
    yy, xx = np.mgrid[:height, :width]
    corner = 1 - 0.45 * (((yy / height - 0.5) ** 2 + (xx / width - 0.5) ** 2) / 0.5)[..., None]
    tint = np.array([1.0, 0.96, 0.88]) if rng.random() < 0.5 else np.ones(3)
    for frame in frames:
        frame[:] = (frame * 0.85 + 22) * corner
    return [frame * tint for frame in grain(frames, rng, rng.uniform(3, 6))]


def _ripple(rng: np.random.Generator, count: int, parts: int, size: float) -> Field:
    """Slow, smooth swings; shape (count, parts, 2)."""
    t = np.arange(count)[:, None, None]
    return np.asarray(
        size * np.sin(rng.uniform(0.12, 0.35, (1, parts, 2)) * t + rng.uniform(0, 6.3, (1, parts, 2)))
    )


def dancer(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Bend a body with texture on it without a rigid part: no two of its points move alike."""
    path = shake_path(rng, count, rng.uniform(0, 2)) if rng.random() < 0.5 else still_path(count)
    frames = camera(texture(rng, 2 * height, 2 * width), path, height, width)
    skin = texture(rng, height, width)
    yy, xx = np.mgrid[:height, :width].astype(np.float64)
    cy, cx = height * 0.52, width * rng.uniform(0.35, 0.65)
    limbs = [(0, 0, 0.2, 0.2), (-0.3, 0, 0.11, 0.1), (0.28, -0.09, 0.2, 0.06), (0.28, 0.09, 0.2, 0.06),
             (-0.08, -0.22, 0.06, 0.17), (-0.08, 0.22, 0.06, 0.17)]  # fmt: skip
    mask = np.zeros((height, width))
    for ly, lx, h, w in limbs:
        away = ((yy - cy) / height - ly) ** 2 / h**2 + ((xx - cx) / height - lx) ** 2 / w**2
        mask = np.maximum(mask, np.clip(4 * (1 - away), 0, 1))
    figure = np.concatenate([skin * rng.uniform(0.5, 1.2), mask[..., None]], axis=2)
    swings = _ripple(rng, count, 3, height * rng.uniform(0.02, 0.045))
    waves = rng.uniform(1, 2.6, (3, 2)) * 2 * np.pi / height
    for t, frame in enumerate(frames):
        dy = sum(swings[t, i, 0] * np.sin(waves[i, 0] * xx + i) for i in range(3))
        dx = sum(swings[t, i, 1] * np.sin(waves[i, 1] * yy + 2 * i) for i in range(3))
        seen = sample(figure, yy + dy, xx + dx)
        frame[:] = frame * (1 - seen[..., 3:]) + seen[..., :3] * seen[..., 3:]
    return grain(frames, rng, 1.0)


def _wrapped(rng: np.random.Generator, height: int, radius: float) -> tuple[Field, float]:
    """Texture for the skin of a round thing, mirrored so that it closes, and its pixels per radian."""
    half = texture(rng, height, int(np.pi * radius))
    skin = np.concatenate([half, half[:, ::-1]], axis=1)
    return skin, skin.shape[1] / (2 * np.pi)


def sphere(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Turn a textured ball about an upright axis, lit from one side."""
    frames = camera(
        texture(rng, 2 * height, 2 * width), pan_path(rng, count, rng.uniform(0, 1.5)), height, width
    )
    radius, turn = height * rng.uniform(0.25, 0.42), rng.choice([-1, 1]) * rng.uniform(0.015, 0.09)
    skin, scale = _wrapped(rng, int(np.pi * radius), radius)
    yy, xx = np.mgrid[:height, :width]
    y = (yy - height * 0.5) / radius
    x = (xx - width * rng.uniform(0.35, 0.65)) / radius
    depth = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    inside = np.clip((1 - np.hypot(x, y)) * radius, 0, 1)[..., None]
    light = np.clip(0.35 + 0.8 * (0.5 * depth - 0.4 * y + 0.5 * x), 0.15, 1.2)[..., None]
    north = np.arcsin(np.clip(y, -1, 1)) + np.pi / 2
    east = np.arctan2(x, depth)
    for t, frame in enumerate(frames):
        seen = sample(skin, north * radius, ((east + turn * t) * scale) % (skin.shape[1] - 1))
        frame[:] = frame * (1 - inside) + seen * light * inside
    return frames


def column(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Turn a textured tin on a turntable before a still ground."""
    frames = camera(texture(rng, 2 * height, 2 * width), still_path(count), height, width)
    radius, turn = width * rng.uniform(0.12, 0.25), rng.choice([-1, 1]) * rng.uniform(0.02, 0.1)
    skin, scale = _wrapped(rng, height, radius)
    yy, xx = np.mgrid[:height, :width].astype(np.float64)
    x = (xx - width * rng.uniform(0.4, 0.6)) / radius
    depth = np.sqrt(np.clip(1 - x * x, 0, 1))
    inside = np.clip((1 - np.abs(x)) * radius, 0, 1) * np.clip(
        np.minimum(yy - 0.12 * height, 0.9 * height - yy), 0, 1
    )
    light = (0.3 + 0.75 * depth)[..., None]
    for t, frame in enumerate(frames):
        seen = sample(skin, yy, ((np.arcsin(np.clip(x, -1, 1)) + turn * t) * scale) % (skin.shape[1] - 1))
        frame[:] = frame * (1 - inside[..., None]) + seen * light * inside[..., None]
    return grain(frames, rng, 1.0)


def grass(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Blades of grass bend in gusts that run across the picture."""
    blades = np.repeat(rng.normal(0, 1, (1, width * 2)), height, axis=0)
    blades = blades + 0.6 * np.repeat(rng.normal(0, 1, (height // 6 + 1, width * 2)), 6, axis=0)[:height]
    tone = np.array([0.75, 1.0, 0.45])
    field = (95 + 30 * blades)[..., None] * tone + 12 * clouded(rng, height, 2 * width)[..., None]
    yy, xx = np.mgrid[:height, :width].astype(np.float64)
    high = (1 - yy / height) ** 1.3
    waves = [(rng.uniform(0.5, 1.6), rng.uniform(0.12, 0.4), rng.uniform(0, 6.3)) for _ in range(3)]
    size, sky = rng.uniform(3, 9), int(height * rng.uniform(0.15, 0.35))
    air = np.array([150.0, 185, 215])
    out = []
    for t in range(count):
        bend = sum(np.sin(2 * np.pi * a * xx / width - w * t + p + 0.3 * yy / height) for a, w, p in waves)
        frame = sample(field, yy, xx + 0.5 * width + size * high * bend)
        edge = np.clip((yy - sky - 5 * np.sin(xx * 0.9 + 2 * bend)) / 6, 0, 1)[..., None]
        out.append(air * (1 - edge) + frame * (0.45 + 0.6 * yy[..., None] / height) * edge)
    return grain(out, rng, 1.0)


def smoke(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Smoke or steam rises and curls before a scene."""
    frames = camera(
        texture(rng, 2 * height, 2 * width) * 0.7, pan_path(rng, count, rng.uniform(0, 1)), height, width
    )
    one, two = clouded(rng, 3 * height, width, 1.8), clouded(rng, 3 * height, width, 1.8)
    yy, xx = np.mgrid[:height, :width].astype(np.float64)
    cx, rise = width * rng.uniform(0.3, 0.7), rng.uniform(1.0, 3.0)
    for t, frame in enumerate(frames):
        curl = 14 * (sample(two[..., None], (yy + 0.7 * rise * t) % (3 * height - 2), xx)[..., 0] - 0.5)
        thick = sample(one[..., None], (yy + rise * t) % (3 * height - 2), np.clip(xx + curl, 0, width - 1))[
            ..., 0
        ]
        spread = np.exp(-(((xx - cx + curl) / (width * (0.08 + 0.16 * (1 - yy / height)))) ** 2))
        alpha = np.clip(1.3 * spread * thick * (0.3 + 0.7 * yy / height), 0, 0.8)[..., None]
        frame[:] = frame * (1 - alpha) + np.array([205.0, 205, 210]) * alpha
    return grain(frames, rng, 1.0)


MATTER: dict[str, Scene] = {
    "screen": screen,
    "zoom_still": zoom_still,
    "action": action,
    "twos": twos,
    "grain_compressed": grain_compressed,
    "archive": archive,
    "dancer": dancer,
    "sphere": sphere,
    "column": column,
    "grass": grass,
    "smoke": smoke,
}
