"""Faults put into clean clips at known frames and places, the same for the same seed.

Every fault is a function of RGB frames (height, width, 3) uint8; it returns new frames and what was
done, so that a detector's answer can be checked frame by frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Frames = list[Image]
Region = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Fault:
    """What was put in: which detector should speak, on which frames ``[first, stop)``, and where."""

    kind: str
    detector: str
    first: int
    stop: int
    region: Region | None = None

    def mask(self, count: int) -> npt.NDArray[np.bool_]:
        """Faulty frames of a clip of `count`, shape (count,)."""
        frames = np.zeros(count, dtype=np.bool_)
        frames[self.first : self.stop] = True
        return frames


@dataclass(frozen=True, slots=True)
class Recurring(Fault):
    """A fault of one frame that comes back at a fixed step, from `first` to before `stop`."""

    period: int = 1

    def mask(self, count: int) -> npt.NDArray[np.bool_]:
        """Faulty frames of a clip of `count`, shape (count,)."""
        frames = np.zeros(count, dtype=np.bool_)
        frames[self.first : self.stop : self.period] = True
        return frames


def _stretch(count: int, rng: np.random.Generator) -> tuple[int, int]:
    """Take the middle third of a clip, or at least 16 frames, moved a little."""
    length = min(count - 6, max(16, count // 3))
    first = max(2, (count - length) // 2 + int(rng.integers(-3, 4)))
    return first, min(count - 2, first + length)


def _gain(frame: Image, gain: float | npt.NDArray[np.float64]) -> Image:
    return np.clip(frame * gain + 0.5, 0, 255).astype(np.uint8)


def ellipse(
    shape: tuple[int, ...], rng: np.random.Generator, height: float = 0.34, width: float = 0.2
) -> tuple[npt.NDArray[np.float64], Region]:
    """Soft-edged ellipse of the given share of the picture: weights (h, w, 1) and its box."""
    rows, columns = shape[:2]
    cy, cx = rng.uniform(0.3, 0.7), rng.uniform(0.25, 0.75)
    yy, xx = np.mgrid[:rows, :columns]
    radius = np.hypot((yy / rows - cy) / (height / 2), (xx / columns - cx) / (width / 2))
    weight = np.clip((1.05 - radius) / 0.1, 0, 1)[..., None]
    return weight, (cx - width / 2, cy - height / 2, width, height)


def alternate(frames: Sequence[Image], rng: np.random.Generator, size: float) -> tuple[Frames, int, int]:
    first, stop = _stretch(len(frames), rng)
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        out[t] = _gain(out[t], 1 + size * (1 if t % 2 else -1))
    return out, first, stop


def alternate_3(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    out, first, stop = alternate(frames, rng, 0.03)
    return out, Fault("alternate_3", "flicker", first, stop)


def alternate_12(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    out, first, stop = alternate(frames, rng, 0.12)
    return out, Fault("alternate_12", "flicker", first, stop)


def pulse_4hz(frames: Sequence[Image], rng: np.random.Generator, rate: float = 24.0) -> tuple[Frames, Fault]:
    first, stop = _stretch(len(frames), rng)
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        out[t] = _gain(out[t], 1 + 0.1 * np.sin(2 * np.pi * 4.0 * (t - first) / rate))
    return out, Fault("pulse_4hz", "flicker", first, stop)


def random_gain(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Every frame a gain of its own, a little different per channel."""
    first, stop = _stretch(len(frames), rng)
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        out[t] = _gain(out[t], 1 + rng.normal(0, 0.05) + rng.normal(0, 0.015, 3))
    return out, Fault("random_gain", "flicker", first, stop)


def local_15(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    first, stop = _stretch(len(frames), rng)
    weight, region = ellipse(frames[0].shape, rng)
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        out[t] = _gain(out[t], 1 + 0.15 * weight * (1 if t % 2 else -1))
    return out, Fault("local_15", "flicker", first, stop, region)


def local_8hz(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Pulse an ellipse every three frames, ±12 %."""
    first, stop = _stretch(len(frames), rng)
    weight, region = ellipse(frames[0].shape, rng, 0.4, 0.3)
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        out[t] = _gain(out[t], 1 + 0.12 * weight * np.cos(2 * np.pi * (t - first) / 3.0))
    return out, Fault("local_8hz", "flicker", first, stop, region)


def local_6hz(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Switch an ellipse every two frames, ±12 %: no frame differs from both its neighbours."""
    first, stop = _stretch(len(frames), rng)
    weight, region = ellipse(frames[0].shape, rng, 0.4, 0.3)
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        out[t] = _gain(out[t], 1 + 0.12 * weight * (1 if (t - first) // 2 % 2 else -1))
    return out, Fault("local_6hz", "flicker", first, stop, region)


def slow_pump(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Pump the whole picture from end to end, two to four times, ±8 %."""
    cycles = rng.uniform(2, 4)
    phase = rng.uniform(0, 2 * np.pi)
    out = [
        _gain(frame, 1 + 0.08 * np.sin(phase + 2 * np.pi * cycles * t / len(frames)))
        for t, frame in enumerate(frames)
    ]
    return out, Fault("slow_pump", "flicker", 0, len(frames))


def hue_pulse(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Let red and blue go up and down against each other four times in 24 frames; luma hardly moves."""
    first, stop = _stretch(len(frames), rng)
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        size = 0.12 * np.sin(2 * np.pi * (t - first) / 6.0)
        out[t] = _gain(out[t], 1 + size * np.array([1.0, -0.35, -0.6]))
    return out, Fault("hue_pulse", "flicker", first, stop)


def soften(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Blur two frames of four: sharpness pulses, brightness stays."""
    first, stop = _stretch(len(frames), rng)
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        for _ in range(0 if (t - first) // 2 % 2 else 3):
            wide = np.pad(out[t].astype(np.uint16), ((1, 1), (1, 1), (0, 0)), mode="edge")
            rows = wide[:-2] + 2 * wide[1:-1] + wide[2:]
            out[t] = ((rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:] + 8) // 16).astype(np.uint8)
    return out, Fault("soften", "flicker", first, stop)


def _smooth_field(rng: np.random.Generator, rows: int, columns: int, grain: int) -> npt.NDArray[np.float64]:
    """Smooth random field with unit deviation."""
    coarse = rng.normal(size=(rows // grain + 3, columns // grain + 3))
    y, x = np.arange(rows) / grain, np.arange(columns) / grain
    y0, x0 = y.astype(int), x.astype(int)
    fy, fx = (y - y0)[:, None], (x - x0)[None]
    fy, fx = fy * fy * (3 - 2 * fy), fx * fx * (3 - 2 * fx)
    top = coarse[y0][:, x0] * (1 - fx) + coarse[y0][:, x0 + 1] * fx
    low = coarse[y0 + 1][:, x0] * (1 - fx) + coarse[y0 + 1][:, x0 + 1] * fx
    field = top * (1 - fy) + low * fy
    return np.asarray(field / max(float(field.std()), 1e-6))


def boil(
    frames: Sequence[Image],
    rng: np.random.Generator,
    name: str = "boil",
    whole: bool = False,
    across: int = 40,
) -> tuple[Frames, Fault]:
    """Texture is pushed about by a smooth random displacement, new in each frame, `across` waves wide."""
    from benchmarks.scenes import sample

    first, stop = (0, len(frames)) if whole else _stretch(len(frames), rng)
    rows, columns = frames[0].shape[:2]
    weight, region = ellipse(frames[0].shape, rng)
    size = 3.5 * max(rows, columns) / 832  # 3.5 px where the picture is 832 px wide
    yy, xx = np.mgrid[:rows, :columns].astype(np.float64)
    grain = max(4, columns // across)
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        dy = weight[..., 0] * size * _smooth_field(rng, rows, columns, grain)
        dx = weight[..., 0] * size * _smooth_field(rng, rows, columns, grain)
        moved = sample(out[t].astype(np.float64), yy + dy, xx + dx)
        out[t] = np.clip(moved + 0.5, 0, 255).astype(np.uint8)
    return out, Fault(name, "flicker", first, stop, region)


def boil_long(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    return boil(frames, rng, "boil_long", True)


def boil_fine(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    return boil(frames, rng, "boil_fine", across=90)


def boil_coarse(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    return boil(frames, rng, "boil_coarse", across=18)


def fur(
    frames: Sequence[Image], rng: np.random.Generator, name: str = "fur", whole: bool = False
) -> tuple[Frames, Fault]:
    """Draw fine texture anew in every frame within an ellipse."""
    first, stop = (0, len(frames)) if whole else _stretch(len(frames), rng)
    weight, region = ellipse(frames[0].shape, rng, 0.45, 0.35)
    rows, columns = frames[0].shape[:2]
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        hair = _smooth_field(rng, rows, columns, max(2, columns // 160))
        out[t] = np.clip(out[t] + 16 * weight * hair[..., None] + 0.5, 0, 255).astype(np.uint8)
    return out, Fault(name, "flicker", first, stop, region)


def fur_long(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    return fur(frames, rng, "fur_long", True)


def pop(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    at = int(rng.integers(len(frames) // 3, 2 * len(frames) // 3))
    out = [frame.copy() for frame in frames]
    out[at] = _gain(out[at], 1.2)
    return out, Fault("pop", "pop", at, at + 1)


def pop_dark_2(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Two frames darker and bluer."""
    at = int(rng.integers(len(frames) // 3, 2 * len(frames) // 3))
    out = [frame.copy() for frame in frames]
    for t in (at, at + 1):
        out[t] = _gain(out[t], np.array([0.8, 0.85, 0.95]))
    return out, Fault("pop_dark_2", "pop", at, at + 2)


def local_pop(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    at = int(rng.integers(len(frames) // 3, 2 * len(frames) // 3))
    weight, region = ellipse(frames[0].shape, rng)
    out = [frame.copy() for frame in frames]
    out[at] = _gain(out[at], 1 + 0.35 * weight)
    return out, Fault("local_pop", "pop", at, at + 1, region)


def glitch(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """One frame from elsewhere in another crop and mirrored."""
    at = int(rng.integers(len(frames) // 3, 2 * len(frames) // 3))
    out = [frame.copy() for frame in frames]
    out[at] = np.ascontiguousarray(out[at][::-1, ::-1])
    return out, Fault("glitch", "pop", at, at + 1)


def seam(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Exposure and colour jump at one frame and stay."""
    at = int(rng.integers(len(frames) // 3, 2 * len(frames) // 3))
    gain = 1 + rng.choice([-1, 1]) * rng.uniform(0.1, 0.16) + rng.normal(0, 0.02, 3)
    return [frame if t < at else _gain(frame, gain) for t, frame in enumerate(frames)], Fault(
        "seam", "pop", at, at + 1
    )


def tail(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Darken the last five frames, as video models do."""
    out = [frame.copy() for frame in frames]
    count = len(out)
    depth = rng.uniform(0.12, 0.25)
    for i in range(5):
        out[count - 5 + i] = _gain(out[count - 5 + i], 1 - depth * (i + 1) / 5)
    return out, Fault("tail", "pop", count - 5, count)


def _ramp(
    frames: Sequence[Image], rng: np.random.Generator, name: str, end: npt.NDArray[np.float64]
) -> tuple[Frames, Fault]:
    """Let a gain per channel run away to `end` in the last three to eight frames."""
    out = [frame.copy() for frame in frames]
    count, length = len(out), int(rng.integers(3, 9))
    for i in range(length):
        out[count - length + i] = _gain(out[count - length + i], 1 + (end - 1) * (i + 1) / length)
    return out, Fault(name, "pop", count - length, count)


def tail_dark(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    return _ramp(frames, rng, "tail_dark", np.full(3, 1 - rng.uniform(0.12, 0.25)))


def tail_bright(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    return _ramp(frames, rng, "tail_bright", np.full(3, 1 + rng.uniform(0.12, 0.25)))


def tail_colour(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Let the last frames run to red or to blue, their brightness nearly the same."""
    push = rng.choice([-1, 1]) * rng.uniform(0.12, 0.2)
    return _ramp(frames, rng, "tail_colour", 1 + push * np.array([1.0, -0.25, -1.0]))


def seams(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Segments of a fixed length, each a little different in exposure and colour: steps of 2–4 %."""
    count = len(frames)
    period = int(rng.choice([n for n in (8, 12, 16, 20, 33, 49, 81) if 2 * n < count - 3]))
    gain, out = np.ones(3), []
    for t, frame in enumerate(frames):
        if t and t % period == 0:
            up = 1 if gain.mean() < 0.97 else -1 if gain.mean() > 1.03 else int(rng.choice([-1, 1]))
            gain = gain + up * rng.uniform(0.02, 0.04) + rng.normal(0, 0.008, 3)
        out.append(_gain(frame, gain))
    return out, Recurring("seams", "pop", period, (count - 1) // period * period + 1, None, period)


def local_step(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Exposure of an ellipse jumps at one frame and stays."""
    at = int(rng.integers(len(frames) // 3, 2 * len(frames) // 3))
    weight, region = ellipse(frames[0].shape, rng, 0.4, 0.3)
    gain = 1 + rng.choice([-1, 1]) * rng.uniform(0.15, 0.25) * weight
    out = [frame if t < at else _gain(frame, gain) for t, frame in enumerate(frames)]
    return out, Fault("local_step", "pop", at, at + 1, region)


def blob(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Show an object with a texture of its own for one to four frames, then nothing of it."""
    at = int(rng.integers(len(frames) // 3, 2 * len(frames) // 3))
    length = int(rng.integers(1, 5))
    rows, columns = frames[0].shape[:2]
    weight, region = ellipse(frames[0].shape, rng, rng.uniform(0.14, 0.3), rng.uniform(0.1, 0.2))
    under = (frames[at] * weight).sum(axis=(0, 1)) / weight.sum()
    colour = np.where(under > 128, under - rng.uniform(30, 90, 3), under + rng.uniform(30, 90, 3))
    hair = _smooth_field(rng, rows, columns, max(4, columns // 60))[..., None]
    thing = colour + 18 * hair
    out = [frame.copy() for frame in frames]
    for t in range(at, at + length):
        out[t] = np.clip(out[t] * (1 - weight) + thing * weight + 0.5, 0, 255).astype(np.uint8)
    return out, Fault("blob", "pop", at, at + length, region)


def freeze(frames: Sequence[Image], rng: np.random.Generator, length: int, name: str) -> tuple[Frames, Fault]:
    at = int(rng.integers(4, len(frames) - length - 3))
    out = [frames[at] if at <= t < at + length else frame for t, frame in enumerate(frames)]
    return list(out), Fault(name, "freeze", at, at + length)


def freeze_16(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    return freeze(frames, rng, 16, "freeze_16")


def freeze_8(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    return freeze(frames, rng, 8, "freeze_8")


def black_tail(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    length = int(rng.integers(1, 13))
    out = [*frames[:-length], *(np.zeros_like(frames[0]) for _ in range(length))]
    return out, Fault("black_tail", "dead", len(frames) - length, len(frames))


def black_middle(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    at = int(rng.integers(len(frames) // 3, 2 * len(frames) // 3))
    length = int(rng.integers(1, 5))
    out = [np.zeros_like(f) if at <= t < at + length else f for t, f in enumerate(frames)]
    return out, Fault("black_middle", "dead", at, at + length)


def hidden_cut(
    frames: Sequence[Image], rng: np.random.Generator, other: Sequence[Image]
) -> tuple[Frames, Fault]:
    """Go over to another clip, fitted to the same size, at one frame."""
    count = len(frames)
    at = int(rng.integers(count // 4, 3 * count // 4))
    rows, columns = frames[0].shape[:2]
    y = np.arange(rows) * other[0].shape[0] // rows
    x = np.arange(columns) * other[0].shape[1] // columns
    rest = [np.ascontiguousarray(other[min(t, len(other) - 1)][y][:, x]) for t in range(count - at)]
    return [*frames[:at], *rest], Fault("hidden_cut", "cut", at, at + 1)


def _goes_over(
    frames: Sequence[Image], rng: np.random.Generator, name: str, change: Callable[[Image], Image]
) -> tuple[Frames, Fault]:
    """Change every frame from one place on."""
    at = int(rng.integers(len(frames) // 4, 3 * len(frames) // 4))
    return [*frames[:at], *(change(frame) for frame in frames[at:])], Fault(name, "cut", at, at + 1)


def jump_cut(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Leave out 8 to 20 frames, as many as make the largest leap: the same clip goes on later."""
    count = len(frames)
    at = int(rng.integers(count // 4, count // 2))
    lengths = range(8, max(9, min(21, count - at - 10)))
    leaps = [float(np.abs(frames[at + n].astype(np.float32) - frames[at - 1]).mean()) for n in lengths]
    left_out = lengths[int(np.argmax(leaps))]
    return [*frames[:at], *frames[at + left_out :]], Fault("jump_cut", "cut", at, at + 1)


def reframe_cut(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Show a part of the picture, 1.15 to 1.4 times as large, from one frame on."""
    rows, columns = frames[0].shape[:2]
    zoom, down, right = rng.uniform(1.15, 1.4), *rng.uniform(0.2, 0.8, 2)
    y = ((np.arange(rows) + rows * (zoom - 1) * down) / zoom).astype(int)
    x = ((np.arange(columns) + columns * (zoom - 1) * right) / zoom).astype(int)
    return _goes_over(frames, rng, "reframe_cut", lambda frame: np.ascontiguousarray(frame[y][:, x]))


def mirror_cut(frames: Sequence[Image], rng: np.random.Generator) -> tuple[Frames, Fault]:
    """Left and right change places from one frame on."""
    return _goes_over(frames, rng, "mirror_cut", lambda frame: np.ascontiguousarray(frame[:, ::-1]))


def dark_cut(
    frames: Sequence[Image], rng: np.random.Generator, other: Sequence[Image]
) -> tuple[Frames, Fault]:
    """Go over to another clip, both of them at night: 7 to 12 % of their light."""
    out, fault = hidden_cut(frames, rng, other)
    dim = rng.uniform(0.07, 0.12)
    return [_gain(frame, dim) for frame in out], Fault("dark_cut", "cut", fault.first, fault.stop)


FAULTS: dict[str, Callable[[Sequence[Image], np.random.Generator], tuple[Frames, Fault]]] = {
    "alternate_3": alternate_3,
    "alternate_12": alternate_12,
    "pulse_4hz": pulse_4hz,
    "random_gain": random_gain,
    "local_15": local_15,
    "local_8hz": local_8hz,
    "boil": boil,
    "fur": fur,
    "pop": pop,
    "pop_dark_2": pop_dark_2,
    "local_pop": local_pop,
    "glitch": glitch,
    "seam": seam,
    "tail": tail,
    "freeze_16": freeze_16,
    "freeze_8": freeze_8,
    "black_tail": black_tail,
    "black_middle": black_middle,
    "boil_long": boil_long,
    "fur_long": fur_long,
    "local_6hz": local_6hz,
    "slow_pump": slow_pump,
    "hue_pulse": hue_pulse,
    "soften": soften,
    "boil_fine": boil_fine,
    "boil_coarse": boil_coarse,
    "blob": blob,
    "seams": seams,
    "local_step": local_step,
    "tail_dark": tail_dark,
    "tail_bright": tail_bright,
    "tail_colour": tail_colour,
    "jump_cut": jump_cut,
    "reframe_cut": reframe_cut,
    "mirror_cut": mirror_cut,
}
"""`JOINED` need a second clip and stand apart."""
JOINED = {"hidden_cut": hidden_cut, "dark_cut": dark_cut}
"""Faults that go over to another clip."""
LONG = ("boil_long", "fur_long")
"""Faults from a clip's first frame to its last."""
WAVES = ("local_6hz", "boil_fine", "slow_pump", "hue_pulse", "boil_coarse", "soften")
"""More of flicker; these take turns of their own, so that the turns of the others stay as they are."""
EXTRA = ("blob", "seams", "local_step", "tail_dark", "tail_bright", "tail_colour")
"""More of jumps, in turns of their own too."""
CUTS = ("jump_cut", "mirror_cut", "reframe_cut", "dark_cut")
"""More of cuts, in turns of their own too."""
APART = (*LONG, *WAVES, *EXTRA, *CUTS)
"""Kinds that take no part in the turns of the others."""


def inject(
    frames: Sequence[Image], kind: str, seed: int, other: Sequence[Image] | None = None
) -> tuple[Frames, Fault]:
    """Put one fault into a clip; `other` is the clip behind a cut to another one.

    Raises
    ------
    ValueError
        Where the clip is shorter than 24 frames, or a cut to another clip has none.
    """
    if len(frames) < 24:
        raise ValueError(f"A fault needs at least 24 frames, the clip has {len(frames)}.")
    rng = np.random.default_rng([seed, *kind.encode()])
    if kind in JOINED:
        if other is None:
            raise ValueError("A hidden cut needs another clip.")
        return JOINED[kind](frames, rng, other)
    return FAULTS[kind](frames, rng)
