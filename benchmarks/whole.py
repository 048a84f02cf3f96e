"""Faults at fixed frames of whole clips at their own size, with a size of their own; kept as files.

A fault is written ``name:size``, as ``alternate:0.03`` (gain ±3 %, another sign each frame) or
``boil_14:3.5`` (displacement in pixels of a picture 832 wide). It lies in frames 40–79 of a clip of 120
frames, in the middle third of a shorter one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.canvas import Frames, Image, sample
from benchmarks.inject import Fault, Region, ellipse

if TYPE_CHECKING:
    from benchmarks.corpus import Spec

LONG_SIDE = 1280
FRAMES = 120
WIDE = 832
"""Displacements and their smoothness are in pixels of a picture of this width."""
CRF = "14"
DETECTOR = {"pop": "pop", "tail": "pop", "freeze": "freeze"}
"""Who should speak; flicker of everything else."""

_HERE = Path(__file__).parent
RECIPES = {
    source: hashlib.sha1(b"".join((_HERE / f"{name}.py").read_bytes() for name in names)).hexdigest()[:12]
    for source, names in (("whole", ("whole", "canvas")), ("move", ("moves",)))
}
"""Kept clips of other versions of a recipe are not used."""


def stretch(count: int) -> tuple[int, int]:
    """Frames ``[first, stop)`` of a lasting fault."""
    return (40, 80) if count >= FRAMES else (count // 3, 2 * count // 3)


def _gain(frame: Image, gain: float | npt.NDArray[np.float64]) -> Image:
    return np.clip(frame * gain + 0.5, 0, 255).astype(np.uint8)


def smooth_field(rng: np.random.Generator, rows: int, columns: int, length: float) -> npt.NDArray[np.float64]:
    """Gaussian random field of unit deviation whose correlation falls to 1/e at `length` pixels.

    White noise under a Gaussian of σ = length / 2 has the correlation exp(−r² / (4 σ²)).
    """
    fy, fx = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None]
    blur = np.exp(-0.5 * (np.pi * length) ** 2 * (fy**2 + fx**2))
    field = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(rows, columns))) * blur, s=(rows, columns))
    energy = (blur[:, :1] ** 2).sum() + 2 * (blur[:, 1:] ** 2).sum()
    return np.asarray(field * np.sqrt(rows * columns / energy))


def _boil(
    frames: Sequence[Image], rng: np.random.Generator, size: float, length: float
) -> tuple[Frames, int, int, Region]:
    """Push texture about in an ellipse of 20 × 34 % by a smooth random displacement, new each frame."""
    first, stop = stretch(len(frames))
    weight, region = ellipse(frames[0].shape, rng)
    height, width = frames[0].shape[:2]
    scale = width / WIDE
    y0, y1 = max(0, int(region[1] * height) - 8), min(height, int((region[1] + region[3]) * height) + 9)
    x0, x1 = max(0, int(region[0] * width) - 8), min(width, int((region[0] + region[2]) * width) + 9)
    yy, xx = np.mgrid[y0:y1, x0:x1].astype(np.float64)
    soft = weight[y0:y1, x0:x1, 0]
    out = [frame.copy() for frame in frames]
    for t in range(first, stop):
        dy, dx = (size * scale * soft * smooth_field(rng, *soft.shape, length * scale) for _ in range(2))
        moved = sample(frames[t].astype(np.float64), yy + dy, xx + dx)
        out[t][y0:y1, x0:x1] = np.clip(moved + 0.5, 0, 255).astype(np.uint8)
    return out, first, stop, region


def _turn_hue(frame: Image, degrees: float) -> Image:
    """Turn Cb and Cr by an angle; luma (BT.709) stays."""
    rgb = frame.astype(np.float32)
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    blue, red = (rgb[..., 2] - luma) / 1.8556, (rgb[..., 0] - luma) / 1.5748
    c, s = np.float32(np.cos(np.radians(degrees))), np.float32(np.sin(np.radians(degrees)))
    blue, red = c * blue - s * red, s * blue + c * red
    out = np.stack([luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue], axis=2)
    return np.asarray(np.clip(out + 0.5, 0, 255).astype(np.uint8))


def put(frames: Sequence[Image], rate: Fraction, fault: str, seed: int) -> tuple[Frames, Fault]:
    """Put one fault into a clip.

    Parameters
    ----------
    frames
        RGB pictures (height, width, 3) uint8, at least 30.
    rate
        Frames per second.
    fault
        ``alternate``, ``pulse`` (4 Hz), ``local`` (alternating, in an ellipse): gain ±size · ``pop``: gain
        +size in one frame · ``boil_6``, ``boil_14``, ``boil_30``: displacement in pixels, smooth over so
        many · ``hue``: degrees a frame from the stretch on · ``freeze``: frames · ``tail``: the last five
        frames darken by size in all.
    seed
        Chooses place and noise.

    Raises
    ------
    ValueError
        Where the clip is too short or nobody knows the fault.
    """
    name, _, number = fault.partition(":")
    size, count = float(number), len(frames)
    if count < 30:
        raise ValueError(f"A fault needs at least 30 frames, the clip has {count}.")
    rng = np.random.default_rng([seed, *name.encode()])
    first, stop = stretch(count)
    out, region = list(frames), None
    if name in ("alternate", "local"):
        weight: float | npt.NDArray[np.float64] = 1.0
        if name == "local":
            weight, region = ellipse(frames[0].shape, rng)
        for t in range(first, stop):
            out[t] = _gain(frames[t], 1 + size * weight * (1 if t % 2 else -1))
    elif name == "pulse":
        for t in range(first, stop):
            out[t] = _gain(frames[t], 1 + size * np.sin(2 * np.pi * 4.0 * (t - first) / float(rate)))
    elif name == "pop":
        first = 60 if count >= FRAMES else count // 2
        stop = first + 1
        out[first] = _gain(frames[first], 1 + size)
    elif name.startswith("boil_"):
        out, first, stop, region = _boil(frames, rng, size, float(name.removeprefix("boil_")))
    elif name == "hue":
        stop = count
        out[first:] = [_turn_hue(frame, size * (i + 1)) for i, frame in enumerate(frames[first:])]
    elif name == "freeze":
        stop = first + int(size)
        out[first:stop] = [frames[first]] * int(size)
    elif name == "tail":
        first, stop = count - 5, count
        out[first:] = [_gain(frame, 1 - size * (i + 1) / 5) for i, frame in enumerate(frames[first:])]
    else:
        raise ValueError(f"There is no fault named {name}.")
    return out, Fault(fault, DETECTOR.get(name, "flicker"), first, stop, region)


def decode(path: Path, frames: int = FRAMES, long_side: int = LONG_SIDE) -> tuple[Frames, Fraction]:
    """Decode the first frames of a clip at their own size, even in both directions."""
    from otio_ai_audit import video
    from otio_ai_audit.model import Media

    media = Media(str(path))
    info = video.probe(media)
    count = min(frames, info.promised_frames or frames)
    pictures = video.rgb_frames(media, [float(i / info.rate) for i in range(count)], max_size=long_side)
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    cut = [np.ascontiguousarray(picture[:height, :width]) for picture in pictures]
    return cut, info.rate.limit_denominator(1001)


def file_of(spec: Spec, folder: Path, clips: Path) -> tuple[Path, Fault | None]:
    """Make the file of a clip, or take the one that was kept.

    Parameters
    ----------
    spec
        Its source is ``whole`` (a labelled clip, with a fault or without) or ``move``.
    folder
        The corpus.
    clips
        Where files are kept.
    """
    from otio_ai_audit import video

    name = hashlib.sha1(
        repr((RECIPES[spec.source], spec.source, spec.file, spec.fault, spec.seed)).encode()
    ).hexdigest()
    path, beside = clips / f"{name}.mp4", clips / f"{name}.json"
    if path.is_file() and beside.is_file():
        return path, _read(beside)
    fault = None
    if spec.source == "move":
        from benchmarks import moves

        frames, rate, crf = moves.frames_of(folder / spec.file, spec.scene == "playing", spec.seed)
    else:
        frames, rate = decode(folder / spec.file)
        crf = CRF
        if spec.fault:
            frames, fault = put(frames, rate, spec.fault, spec.seed)
    clips.mkdir(parents=True, exist_ok=True)
    part = clips / f"{name}.{os.getpid()}.mp4"
    video.encode(part, frames, rate, options={"crf": crf, "preset": "veryfast"})
    beside.write_text(json.dumps(asdict(fault) if fault else None), encoding="utf-8")
    part.replace(path)
    return path, fault


def _read(path: Path) -> Fault | None:
    row = json.loads(path.read_text(encoding="utf-8"))
    if row is None:
        return None
    region = row["region"]
    return Fault(row["kind"], row["detector"], row["first"], row["stop"], tuple(region) if region else None)
