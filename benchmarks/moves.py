"""A camera that moves over photographs, over single frames of clips and over playing clips.

Clean by making. Speed, easing, shake, blur, grain, size, frame rate and compression vary, so that the
share of false alarms among them says something of footage that nobody has seen.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from benchmarks.canvas import Frames, Image

RATES = (8, 10, 12, 15, 16, 24, 25, 30)
LONG_SIDES = (256, 256, 320, 320, 320, 416, 416, 416, 512, 512, 640, 960)
Floats = npt.NDArray[np.float64]


def frames_of(path: Path, playing: bool, seed: int) -> tuple[Frames, Fraction, str]:
    """Move over a picture or a playing clip.

    Parameters
    ----------
    path
        A photograph, or a clip: its middle frame is taken.
    playing
        The clip goes on while the camera moves, at its own rate.
    seed
        Chooses everything else.

    Returns
    -------
    tuple
        RGB frames (height, width, 3) uint8, frames per second, and x264's crf.
    """
    rng = np.random.default_rng([seed, 77])
    long_side = int(rng.choice(LONG_SIDES))
    rate = Fraction(int(rng.choice(RATES)))
    count = int(rng.integers(32, 61))
    sources, own = _sources(path, playing, count)
    rate = own or rate
    count = len(sources) if playing else count
    height, width = sources[0].shape[:2]
    scale = long_side / max(height, width)
    less = round(0.75 / scale)
    if less > 1:  # averaged first, or fine texture would alias
        sources = [np.asarray(Pillow.fromarray(source).reduce(less)) for source in sources]
    size = int(width * scale) // 2 * 2, int(height * scale) // 2 * 2
    track = _track(rng, count, playing)
    shutter = float(rng.choice([0.0, 0.0, 0.25, 0.5]))
    sigma = float(rng.choice([0.0, 0.0, rng.uniform(1, 3), rng.uniform(3, 6)]))
    gain, parts = rng.uniform(0.7, 1.05), 1 if shutter == 0 else 3
    out = []
    for t in range(count):
        step = track[min(t + 1, count - 1)] - track[t]
        seen = np.zeros((size[1], size[0], 3), np.float32)
        for part in range(parts):
            seen += _look(sources[t % len(sources)], track[t] + shutter * step * part / parts, size)
        seen *= gain / parts
        if sigma:
            seen += sigma * rng.standard_normal(seen.shape[:2], np.float32)[..., None]
        out.append(np.clip(seen + 0.5, 0, 255).astype(np.uint8))
    return out, rate, str(int(rng.integers(14, 31)))


def _sources(path: Path, playing: bool, count: int) -> tuple[list[Image], Fraction | None]:
    if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"):
        with Pillow.open(path) as picture:
            return [np.asarray(picture.convert("RGB"))], None
    from benchmarks.whole import decode

    frames, rate = decode(path, count if playing else 31, 720)
    return (frames, rate) if playing else ([frames[len(frames) // 2]], None)


def _ease(rng: np.random.Generator, count: int) -> Floats:
    """Progress from 0 to 1: even, soft at both ends, at one end, or with a rest before and after."""
    s = np.linspace(0, 1, count)
    kind = int(rng.integers(0, 5))
    if kind == 1:
        return np.asarray(s * s * (3 - 2 * s))
    if kind == 2:
        return np.asarray(s * s)
    if kind == 3:
        return np.asarray(1 - (1 - s) ** 2)
    if kind == 4:
        s = np.clip((s - 0.3) / 0.4, 0, 1)
        return np.asarray(s * s * (3 - 2 * s))
    return s


def _track(rng: np.random.Generator, count: int, gentle: bool) -> Floats:
    """(y, x, zoom, angle) of each frame, shape (count, 4); y and x as shares of the free margin, −1 to 1."""
    kind = str(rng.choice(["pan", "pan", "tilt", "zoom", "both", "turn", "shake", "shake"]))
    progress = _ease(rng, count) - 0.5
    sign = rng.choice([-1.0, 1.0])
    reach = rng.uniform(0.2, 1.0) * (0.5 if gentle else 1.0)
    zoom = rng.uniform(1.3, 2.2)
    out = np.zeros((count, 4))
    if np.ptp(progress[:4]) == 0:  # a camera that rests is held by somebody: nothing stands quite still
        steps = rng.normal(size=(count + 5, 2))
        sway = np.sum([steps[i : i + count] for i in range(6)], axis=0)
        out[:, :2] = 0.01 * sway
    out[:, 2] = zoom
    if kind in ("pan", "both"):
        out[:, 1] += 2 * sign * reach * progress
        out[:, 0] += rng.uniform(-0.6, 0.6) * reach * progress
    if kind == "tilt":
        out[:, 0] += 2 * sign * reach * progress
    if kind in ("zoom", "both", "turn"):
        out[:, 2] = 1 + (zoom - 1) * (0.6 + sign * reach * 0.8 * progress)
    if kind == "turn":
        out[:, 3] = sign * rng.uniform(0.02, 0.2) * progress
    if kind == "shake" or rng.random() < 0.25:
        walk = rng.normal(size=(count + 12, 3))
        length = int(rng.integers(1, 9))
        soft = np.stack([walk[i : i + count] for i in range(length)]).sum(axis=0) / np.sqrt(length)
        size = rng.uniform(0.01, 0.12 if kind == "shake" else 0.03)
        out[:, :2] += size * soft[:, :2]
        out[:, 3] += 0.02 * size * soft[:, 2]
    return out


def _look(source: Image, at: Floats, size: tuple[int, int]) -> Image:
    """See a part of a picture through the camera; shape (height, width, 3)."""
    height, width = source.shape[:2]
    y, x, zoom, angle = at
    turned = 1 + 1.8 * abs(float(angle))  # what a turned picture needs not to show its corners
    zoom = max(float(zoom), 1.02 * turned)
    scale = width / size[0] / zoom
    free_y, free_x = height * (1 - turned / zoom) / 2, width * (1 - turned / zoom) / 2
    cy = height / 2 + np.clip(y, -1, 1) * free_y
    cx = width / 2 + np.clip(x, -1, 1) * free_x
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    matrix = (c, -s, cx - c * size[0] / 2 + s * size[1] / 2, s, c, cy - s * size[0] / 2 - c * size[1] / 2)
    affine, bicubic = Pillow.Transform.AFFINE, Pillow.Resampling.BICUBIC
    return np.asarray(Pillow.fromarray(source).transform(size, affine, matrix, bicubic))
