"""Made scenes whose light changes because the scene shows it: fire, lamps, strobes, lightning, clouds.

A note may be said of them; a warning is wrong.
"""

from __future__ import annotations

import numpy as np

from benchmarks.canvas import (
    Field,
    Scene,
    camera,
    dot,
    grain,
    noise,
    pan_path,
    sample,
    shake_path,
    still_path,
    texture,
)


def clouded(rng: np.random.Generator, height: int, width: int, slope: float = 1.6) -> Field:
    """Smooth noise like clouds, periodic at its edges, in about 0–1; shape (height, width)."""
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    falloff = 1.0 / (np.hypot(fy, fx) + 2.0 / max(height, width)) ** slope
    return np.asarray(np.clip(0.5 + 0.22 * noise(rng, falloff, height, width), 0, 1))


def _flutter(rng: np.random.Generator, count: int, size: float) -> Field:
    """Random light of a fire over time: mostly slow, mean 1; shape (count,)."""
    walk = rng.normal(0, 1, count + 16)
    slow = np.convolve(walk, np.hanning(13), "valid")[:count] / np.sqrt((np.hanning(13) ** 2).sum())
    fast = np.convolve(walk, np.hanning(6), "valid")[:count] / np.sqrt((np.hanning(6) ** 2).sum())
    return np.asarray(np.maximum(0.4, 1 + size * (0.8 * slow + 0.35 * fast)))


def fire(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Flames that rise and lick, their light on a dark place, in a camera held by hand."""
    around = texture(rng, 2 * height, 2 * width) * rng.uniform(0.15, 0.35)
    frames = camera(around, shake_path(rng, count, rng.uniform(0.2, 1.5)), height, width)
    light = _flutter(rng, count, rng.uniform(0.08, 0.16))
    coarse, fine = (clouded(rng, 4 * height, width, slope) for slope in (2.0, 1.4))
    yy, xx = np.mgrid[:height, :width].astype(np.float64)
    cx, foot, half = width * rng.uniform(0.35, 0.65), height * 0.92, width * rng.uniform(0.1, 0.2)
    tall, speed, sway = height * rng.uniform(0.5, 0.75), height * rng.uniform(0.025, 0.05), rng.uniform(4, 10)
    up = np.clip((foot - yy) / tall, -0.2, 1.3)
    glow = np.exp(-(((xx - cx) / (3 * half)) ** 2 + ((yy - foot + 0.3 * tall) / tall) ** 2))[..., None]
    for t, frame in enumerate(frames):
        rows = (yy + speed * t).astype(np.int64) % (4 * height)
        quick = (yy + 1.7 * speed * t).astype(np.int64) % (4 * height)
        lean = xx + sway * np.clip(up, 0, 1) * (2 * coarse[rows, (xx / 3).astype(np.int64)] - 1) * 2
        columns = np.clip(lean, 0, width - 1).astype(np.int64)
        shape = 1 - ((lean - cx) / half) ** 2 / np.clip(1.1 - up, 0.15, 1.0)
        heat = 0.75 * shape + 1.9 * (coarse[rows, columns] - 0.5) + 1.1 * (fine[quick, columns] - 0.5)
        heat = np.clip(heat - 0.75 * np.clip(up, 0, 2) ** 1.3, 0, 1) * np.clip(8 * up + 1, 0, 1) * light[t]
        frame *= 0.5 + 1.6 * light[t] * glow * np.array([1.3, 0.75, 0.4])
        colour = np.stack([np.clip(2.6 * heat, 0, 1), np.clip(1.5 * heat - 0.25, 0, 0.92), heat**4], axis=2)
        alpha = np.clip(3 * heat, 0, 1)[..., None]
        frame[:] = frame * (1 - alpha) + 250 * colour * alpha
    return grain(frames, rng, 1.5)


def candle(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """One small flame that trembles before a table, and its light on the wall."""
    base = texture(rng, 2 * height, 2 * width) * 0.5
    frames = camera(base, pan_path(rng, count, rng.uniform(0, 1)), height, width)
    light, lean = _flutter(rng, count, rng.uniform(0.03, 0.07)), 3 * (_flutter(rng, count, 0.3) - 1)
    y, x = height * rng.uniform(0.4, 0.6), width * rng.uniform(0.3, 0.7)
    yy, xx = np.mgrid[:height, :width]
    near = np.exp(-np.hypot(yy - y, xx - x) / (0.35 * width))[..., None] * np.array([1.3, 0.9, 0.5])
    left, right = int(x - width / 40), int(x + width / 40)
    for t, frame in enumerate(frames):
        frame *= 0.12 + 1.5 * near * light[t]
        frame[int(y + height / 22) :, left:right] = np.array([190.0, 170, 140]) * (0.7 + 0.2 * light[t])
        for i in range(8):
            dot(frame, y - i * height / 70 * light[t], x + lean[t] * i / 4, height / (24 + 4 * i),
                np.array([255.0, 235 - 8 * i, 150 - 12 * i]), 0.9)  # fmt: skip
    return grain(frames, rng, 1.5)


def lamp(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Show a room in the dark; a lamp is switched on, and sometimes off again."""
    room = texture(rng, 2 * height, 2 * width)
    path = shake_path(rng, count, rng.uniform(0, 1)) if rng.random() < 0.5 else still_path(count)
    frames = camera(room, path, height, width)
    y, x = height * rng.uniform(0.2, 0.5), width * rng.uniform(0.2, 0.8)
    yy, xx = np.mgrid[:height, :width]
    far = np.hypot((yy - y) / height, (xx - x) / width)
    on, off = int(count * rng.uniform(0.25, 0.45)), int(count * rng.uniform(0.7, 0.9))
    again, delay = rng.random() < 0.4, int(rng.integers(1, 3))
    spread, warm = rng.uniform(0.12, 0.3), np.array([1.15, 1.0, 0.75])
    dark = rng.uniform(0.18, 0.4)
    for t, frame in enumerate(frames):
        level = np.clip((t - on + 1) / delay, 0, 1)
        if again and t >= off:
            level = 0.0
        frame *= dark + level * (0.2 + np.exp(-((far / (2 * spread)) ** 2)))[..., None] * warm
        dot(frame, y, x, height / 18, np.array([255.0, 245, 215]), 0.25 + 0.75 * level)
    return grain(frames, rng, rng.uniform(1, 3))


def stage(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Show a concert: coloured beams swing and change on the beat, a strobe now and then, heads in front."""
    back = texture(rng, 2 * height, 2 * width) * 0.12
    frames = camera(back, shake_path(rng, count, rng.uniform(0.5, 2)), height, width)
    yy, xx = np.mgrid[:height, :width].astype(np.float64)
    lamps = int(rng.integers(4, 8))
    at = width * (np.arange(lamps) + 0.5) / lamps
    swing, phase = rng.uniform(0.05, 0.2, lamps), rng.uniform(0, 6.3, lamps)
    colours = rng.uniform(0.1, 1, (lamps, 4, 3)) ** 2
    beat, strobe = int(rng.integers(8, 14)), rng.choice([3, 4, 6])
    burst = (count // 3, count // 3 + int(rng.integers(8, 20)))
    heads = rng.uniform(0, width, 14), rng.uniform(0.86, 1.0, 14) * height, rng.uniform(0.05, 0.09, 14)
    smoke = clouded(rng, height, 2 * width)
    for t, frame in enumerate(frames):
        haze = 0.5 + smoke[:, (np.arange(width) + t) % (2 * width)]
        for i in range(lamps):
            tilt = 0.5 * np.sin(swing[i] * t + phase[i])
            off = np.abs(xx - at[i] - tilt * yy) / (width / 45 + 0.09 * yy)
            beam = np.exp(-(off**2)) * haze * (1 - 0.6 * yy / height)
            frame += 150 * beam[..., None] * colours[i, (t // beat + i) % 4]
        if burst[0] <= t < burst[1] and (t - burst[0]) % strobe == 0:
            flash = np.exp(-((xx - width / 2) ** 2 + yy**2) / (0.5 * width) ** 2)
            frame += 120 * (flash * haze)[..., None]
        for x, y, size in zip(*heads, strict=True):
            bob = y + 0.012 * height * np.sin(2 * np.pi * t / beat + x)
            dot(frame, bob, x, 1.15 * size * height, np.array([9.0, 8, 12]), 1.0)
            dot(frame, bob + 1.6 * size * height, x, 1.7 * size * height, np.array([8.0, 7, 10]), 1.0)
    return grain(frames, rng, 2.0)


def strobe(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Show a strobe lamp in a dark hall: it stands in the picture, dancers are seen while it is lit."""
    hall = texture(rng, 2 * height, 2 * width)
    frames = camera(hall, pan_path(rng, count, rng.uniform(0, 1)), height, width)
    y, x = height * 0.14, width * rng.uniform(0.25, 0.75)
    yy, xx = np.mgrid[:height, :width]
    far = np.hypot((yy - y) / height, (xx - x) / width)
    period, lit = int(rng.integers(3, 8)), int(rng.integers(1, 3))
    tint = rng.uniform(0.7, 1, 3)
    dancers = [(rng.uniform(0.15, 0.85) * width, rng.uniform(0.4, 0.9), rng.uniform(0, 6)) for _ in range(4)]
    for t, frame in enumerate(frames):
        level = 1.0 if t % period < lit else 0.0
        frame *= 0.1 + level * (0.9 * np.exp(-((far / 0.5) ** 2)))[..., None] * tint
        for cx, pace, phase in dancers:
            move = width / 40 * np.sin(pace * t + phase)
            shade = (0.15 + 0.75 * level) * np.array([105.0, 85, 80])
            for part in range(6):
                dot(frame, height * (0.5 + 0.09 * part), cx + move * (1 - part / 6), height / 13, shade, 1.0)
            dot(frame, height * 0.4, cx + 1.2 * move, height / 19, 1.2 * shade, 1.0)
        dot(frame, y, x, height / 16, np.array([255.0, 255, 255]), 0.2 + 0.8 * level)
    return grain(frames, rng, 2.0)


def lightning(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Clouds drift at night over hills; a bolt strikes, the sky flares up two or three times and dies."""
    sky = clouded(rng, 2 * height, 2 * width)
    tint = np.array([0.55, 0.6, 0.8])
    land = texture(rng, height, width) * 0.12
    xx = np.arange(width)
    hills = height * (0.72 + 0.05 * np.sin(xx / width * rng.uniform(4, 9) + rng.uniform(0, 6)))
    below = np.clip(np.arange(height)[:, None] - hills[None], 0, 1)[..., None]
    light = np.zeros(count)
    strikes = sorted(rng.choice(np.arange(6, count - 8), size=int(rng.integers(1, 3)), replace=False))
    for strike in strikes:
        for pulse in range(int(rng.integers(1, 4))):
            start = strike + pulse * int(rng.integers(2, 4))
            fall = np.exp(-np.arange(count - start) / rng.uniform(0.7, 1.6)) if start < count else np.zeros(0)
            light[start:] = np.maximum(light[start:], rng.uniform(0.6, 1) * fall)
    steps = np.cumsum(rng.normal(0, width / 110, int(height * 0.7)))
    bolt = np.clip(width * rng.uniform(0.25, 0.75) + steps, 2, width - 3)
    flare = np.exp(-(((xx - bolt.mean()) / (0.5 * width)) ** 2))[None, :, None]
    frames = []
    for t in range(count):
        top, left = height // 2, int(0.6 * t)
        clouds = sky[top : top + height, left : left + width, None] * tint
        frame = clouds * (45 + 210 * light[t] * (0.25 + flare))
        frame = frame * (1 - below) + land * (0.7 + 3.5 * light[t]) * below
        if light[t] > 0.35:
            for y, x in enumerate(bolt):
                dot(frame, y, x, height / 95, np.array([235.0, 235, 255]), float(light[t]))
        frames.append(frame)
    return grain(frames, rng, 2.0)


def sun_and_cloud(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Shadows of clouds run over land and the sun comes and goes, slowly."""
    land = texture(rng, 2 * height, 2 * width)
    path = still_path(count) if rng.random() < 0.5 else pan_path(rng, count, rng.uniform(0.3, 2))
    frames = camera(land, path, height, width)
    shadow = clouded(rng, height, 3 * width, 2.2)
    speed, depth = rng.uniform(0.6, 2.5), rng.uniform(0.25, 0.5)
    slow = rng.uniform(0.04, 0.12) * np.sin(
        2 * np.pi * np.arange(count) / rng.uniform(60, 120) + rng.uniform(0, 6)
    )
    yy, xx = np.mgrid[:height, :width].astype(np.float64)
    for t, frame in enumerate(frames):
        dim = sample(shadow[..., None], yy, (xx + speed * t) % (3 * width - 2))[..., 0]
        dim = np.clip(2.5 * (dim - 0.4), 0, 1)[..., None]
        frame *= (1 - depth * dim) * (1 + slow[t])
    return frames


def clouds(rng: np.random.Generator, count: int, height: int, width: int) -> list[Field]:
    """Show a sky whose clouds drift, grow and fade over a dark ridge."""
    near, far = (clouded(rng, height, 2 * width, slope) for slope in (1.5, 1.9))
    blue, white = np.array([70.0, 120, 190]), np.array([240.0, 240, 235])
    ridge = height * (0.8 + 0.06 * np.sin(np.arange(width) / width * 7 + rng.uniform(0, 6)))
    ground = texture(rng, height, width) * 0.5
    below = np.clip(np.arange(height)[:, None] - ridge[None], 0, 1)[..., None]
    yy, xx = np.mgrid[:height, :width].astype(np.float64)
    speed, grow = rng.uniform(0.3, 1.5), rng.uniform(-0.003, 0.003)
    frames = []
    for t in range(count):
        one = sample(near[..., None], yy, xx + 0.2 * width + speed * t)
        two = sample(far[..., None], yy, xx + 0.2 * width + 0.5 * speed * t)
        cover = np.clip(2.2 * (0.6 * one + 0.5 * two - 0.45 + grow * t), 0, 1)
        sky = blue * (0.8 + 0.4 * yy[..., None] / height) * (1 - cover) + white * (0.75 + 0.25 * one) * cover
        frames.append(sky * (1 - below) + ground * below)
    return grain(frames, rng, 1.0)


LIGHT: dict[str, Scene] = {
    "fire": fire,
    "candle": candle,
    "lamp": lamp,
    "stage": stage,
    "strobe": strobe,
    "lightning": lightning,
    "sun_and_cloud": sun_and_cloud,
    "clouds": clouds,
}
