"""CPU of measuring a clip against plain PyAV decoding of the same file, in the same run.

The clip is 1080p H.264, 8-bit 4:2:0, drawn here: a camera pans over textured ground, shapes move
across it, a little grain lies on top. Both sides use one decoder thread. Start-up and compiling are
apart. ``make bench`` takes 150 frames; for the figure of a long clip::

    python -m benchmarks.bench_cost --frames 3000
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from otio_ai_audit import kernels, video
from otio_ai_audit.measure import measure
from otio_ai_audit.model import Media, MediaJob, MediaSignals

UInt8 = npt.NDArray[np.uint8]
WIDTH, HEIGHT = 1920, 1080
FRAMES = int(os.environ.get("OTIO_AI_AUDIT_BENCH_FRAMES", "150"))
LIMIT = 1.35
"""CPU of a whole audit over plain decoding that the project allows itself."""
IDENTITY_LIMIT = 0.35
"""CPU that identity may add, over plain decoding."""


def ground(rng: np.random.Generator, height: int, width: int) -> UInt8:
    """Draw noise of many sizes in three loosely tied colours."""
    shared = np.zeros((height, width))
    picture = np.zeros((height, width, 3))
    for size in (3, 6, 12, 25, 50, 100, 200):
        shared += size**0.5 * smooth_noise(rng, size, height, width)
        for channel in range(3):
            if size >= 50:
                picture[:, :, channel] += 0.5 * size**0.5 * smooth_noise(rng, size, height, width)
    picture += shared[:, :, None]
    picture = (picture - picture.mean()) / picture.std() * 38 + 118
    return np.clip(picture, 0, 255).astype(np.uint8)


def smooth_noise(rng: np.random.Generator, size: int, height: int, width: int) -> npt.NDArray[np.float64]:
    """Bilinear noise with one random value every `size` pixels."""
    knots = rng.normal(size=(height // size + 2, width // size + 2))
    y, x = np.arange(height) / size, np.arange(width) / size
    top, left = y.astype(int), x.astype(int)
    fy, fx = (y - top)[:, None], x - left
    rows = knots[top] * (1 - fy) + knots[top + 1] * fy
    return np.asarray(rows[:, left] * (1 - fx) + rows[:, left + 1] * fx)


def scene(frames: int, width: int = WIDTH, height: int = HEIGHT) -> Iterator[UInt8]:
    """Draw the clip, one RGB picture at a time."""
    rng = np.random.default_rng(20)
    world = ground(rng, height + 400, width + 800)
    grain = rng.normal(0, 2.5, (height + 64, width + 64, 1)).round().astype(np.int8)
    shapes = [ground(rng, side, side) for side in (160, 240, 320)]
    for n in range(frames):
        top = round(200 + 180 * np.sin(n / 61))
        left = round(400 + 380 * np.sin(n / 97))
        picture = world[top : top + height, left : left + width].copy()
        for k, shape in enumerate(shapes):
            side = shape.shape[0]
            y = round((height - side) * (0.5 + 0.45 * np.sin(n / (31 + 7 * k) + k)))
            x = round((width - side) * (0.5 + 0.45 * np.cos(n / (43 + 5 * k) + 2 * k)))
            picture[y : y + side, x : x + side] = 255 - shape
        dy, dx = rng.integers(0, 64, 2)
        wide = picture.astype(np.int16) + grain[dy : dy + height, dx : dx + width]
        yield np.clip(wide, 0, 255).astype(np.uint8)


def render(folder: Path, frames: int) -> Path:
    path = folder / f"pan_{frames}.mp4"
    options = {"preset": "faster", "crf": "20"}
    video.encode(path, scene(frames), Fraction(25), codec="libx264", options=options)
    return path


def decode(path: Path) -> int:
    """Plain decoding: every frame, no plane is touched."""
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            count += 1
    return count


def audit(path: Path, identity: bool = False) -> MediaSignals:
    found = measure(MediaJob(Media(str(path)), identity=identity))
    assert isinstance(found, MediaSignals), found
    return found


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kernels.warmup()
    return render(tmp_path_factory.mktemp("cost"), FRAMES)


@pytest.mark.benchmark(group="cost", timer=process_time)
def test_plain_decode(benchmark: Any, clip: Path) -> None:
    count = benchmark.pedantic(decode, args=(clip,), rounds=3, warmup_rounds=1)
    benchmark.extra_info["cpu_ms_a_frame"] = 1000 * benchmark.stats.stats.min / count


@pytest.mark.benchmark(group="cost", timer=process_time)
def test_measure(benchmark: Any, clip: Path) -> None:
    """Measure and decode in turns; `ratio` is the figure."""
    decoded = []

    def before() -> tuple[tuple[Path], dict[str, Any]]:
        start = process_time()
        decode(clip)
        decoded.append(process_time() - start)
        return (clip,), {}

    signals = benchmark.pedantic(audit, setup=before, rounds=3)
    frames = len(signals.grid.pts)
    ratio = benchmark.stats.stats.min / min(decoded)
    benchmark.extra_info["cpu_ms_a_frame"] = 1000 * benchmark.stats.stats.min / frames
    benchmark.extra_info["ratio"] = ratio
    assert frames == FRAMES


@pytest.mark.benchmark(group="cost", timer=process_time)
def test_identity(benchmark: Any, clip: Path) -> None:
    """Decode, measure without and with identity in turns; `added` is the figure."""
    audit(clip, identity=True)  # reads the networks
    decoded, plain = [], []

    def before() -> tuple[tuple[Path, bool], dict[str, Any]]:
        start = process_time()
        decode(clip)
        decoded.append(process_time() - start)
        start = process_time()
        audit(clip)
        plain.append(process_time() - start)
        return (clip, True), {}

    signals = benchmark.pedantic(audit, setup=before, rounds=3)
    assert signals.identity is not None
    benchmark.extra_info["samples"] = len(signals.identity.sample)
    benchmark.extra_info["added"] = (benchmark.stats.stats.min - min(plain)) / min(decoded)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clip", type=Path, help="measure this file instead of drawing one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        start = process_time()
        kernels.warmup()
        print(f"start-up and kernels   {process_time() - start:8.2f} s CPU")
        path = options.clip or render(Path(folder), options.frames)
        frames, size = decode(path), path.stat().st_size
        audit(path)
        found = audit(path, identity=True).identity
        assert found is not None
        decoded, measured, looked, walls = [], [], [], []
        for _ in range(options.rounds):
            start = process_time()
            decode(path)
            decoded.append(process_time() - start)
            start, wall = process_time(), perf_counter()
            audit(path)
            measured.append(process_time() - start)
            walls.append(perf_counter() - wall)
            start = process_time()
            audit(path, identity=True)
            looked.append(process_time() - start)
    print(f"frames                 {frames:8d}, {size / 1e6:.1f} MB")
    print(f"plain decode           {1000 * min(decoded) / frames:8.2f} ms CPU a frame")
    print(f"measure with decoding  {1000 * min(measured) / frames:8.2f} ms CPU a frame")
    print(f"                       {1000 * min(walls) / frames:8.2f} ms a frame on the clock")
    added = (min(looked) - min(measured)) / min(decoded)
    print(f"identity               {1000 * min(looked) / frames:8.2f} ms CPU a frame with it")
    print(f"samples, faces         {len(found.sample):8d}, {len(found.face_sample)}")
    print(f"identity adds          {added:8.3f} of plain decode (allowed: {IDENTITY_LIMIT})")
    print(f"ratio                  {min(measured) / min(decoded):8.3f} (allowed: {LIMIT})")


if __name__ == "__main__":
    main()
