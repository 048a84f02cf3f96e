"""CPU of rendering an edit against decoding and encoding the same frames by PyAV alone, in the same run.

The clip is that of `bench_cost`: 1080p H.264. Both sides decode and encode on one thread, with the same
settings of the encoder; no measuring is counted. Short by default, the figure of a long clip by::

    OTIO_AI_AUDIT_BENCH_FRAMES=600 python -m pytest benchmarks/bench_render.py --benchmark-only
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from time import process_time
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from benchmarks import bench_cost
from otio_ai_audit.model import (
    AuditResult,
    ClipResult,
    ClipUse,
    Curve,
    Film,
    Finding,
    Heat,
    Layer,
    Media,
    Placed,
    TimelineInfo,
)
from otio_ai_audit.render import RenderOptions, render

RATE = Fraction(25)
FRAMES = int(os.environ.get("OTIO_AI_AUDIT_BENCH_FRAMES", "75"))
LIMIT = 1.5
"""CPU of rendering over decoding and encoding that the project allows itself."""
DETECTORS = ("flicker", "pop", "freeze", "cut", "drift", "mismatch", "flash", "dead")
BARE = RenderOptions(burn_in=False, bars=False, overlay="none", sound=False)
CASES = {
    "bare": BARE,
    "boxes": RenderOptions(sound=False),
    "heat": RenderOptions(overlay="heat", sound=False),
}


def edit(path: Path) -> tuple[Film, AuditResult]:
    """One clip, a third of which has a finding with a box and a heat map."""
    frames = FRAMES
    info = TimelineInfo("bench", RATE, 0, False, frames, "bench.otio", "00:00:00:00")
    end = frames / RATE
    use = ClipUse(
        "V1/0001",
        path.name,
        Media(str(path)),
        0,
        0,
        frames,
        RATE,
        ((Fraction(0), Fraction(0)), (end, end)),
        (),
    )
    layer = Layer(use.id, use.name, use.media, 0, frames, 0, use.knots, rate=RATE, grid=RATE)
    curve = Curve(0.0, 1 / 25, tuple(n % 50 / 50 for n in range(frames)))
    clip = ClipResult(
        *(use.id, use.name, "audited", None, 0, frames),
        scores=dict.fromkeys(DETECTORS, 0.5),
        curves=dict.fromkeys(DETECTORS, curve),
    )
    third = frames // 3
    finding = Finding(
        "flicker", use.id, third / 25, third / 25, 0.9, "", "flicker", region=(0.2, 0.2, 0.4, 0.4)
    )
    placed = Placed("a1", finding, "new", "", third, third, "00:00:02:00")
    cells = np.stack([blob(n) for n in range(third)])
    heat = Heat(tuple((third + n) / 25 for n in range(third)), cells)
    result = AuditResult("1", info, "", "", DETECTORS, (clip,), (placed,), heat={"a1": heat})
    return Film(info, (layer,)), result


def blob(number: int) -> npt.NDArray[np.uint8]:
    """Draw a fault that moves and pulses, in cells."""
    y, x = np.mgrid[0:17, 0:30]
    near = np.exp(-((x - 12 - number % 25 / 5) ** 2 + (y - 8) ** 2) / 40)
    return np.asarray(near * (200 + 50 * np.sin(number)), np.uint8)


def decode_and_encode(source: Path, target: Path) -> None:
    """Do it by PyAV alone."""
    with av.open(str(source)) as container, av.open(str(target), "w") as movie:
        stream: Any = container.streams.video[0]
        stream.codec_context.thread_count = 1
        options = {"preset": "veryfast", "crf": "18", "g": "50", "x264-params": "mbtree=0"}
        out: Any = movie.add_stream("libx264", rate=RATE, options=options)
        out.width, out.height, out.pix_fmt = bench_cost.WIDTH, bench_cost.HEIGHT, "yuv420p"
        out.codec_context.thread_count = 1
        for number, frame in enumerate(container.decode(stream)):
            frame.pict_type, frame.pts, frame.time_base = 0, number, 1 / RATE
            movie.mux(out.encode(frame))
        movie.mux(out.encode(None))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bench_cost.render(tmp_path_factory.mktemp("render"), FRAMES)


@pytest.mark.benchmark(group="render", timer=process_time)
@pytest.mark.parametrize("case", CASES)
def test_render(benchmark: Any, clip: Path, tmp_path: Path, case: str) -> None:
    """Render, and decode and encode, in turns; `ratio` is the figure."""
    film, result = edit(clip)
    plain = []

    def before() -> tuple[tuple[Any, ...], dict[str, Any]]:
        start = process_time()
        decode_and_encode(clip, tmp_path / "plain.mp4")
        plain.append(process_time() - start)
        return (film, tmp_path / "review.mp4", CASES[case]), {"result": result, "engine": "threads:1"}

    rendered = benchmark.pedantic(render, setup=before, rounds=3)
    benchmark.extra_info["cpu_ms_a_frame"] = 1000 * benchmark.stats.stats.min / rendered.frames
    benchmark.extra_info["ratio"] = benchmark.stats.stats.min / min(plain)
    benchmark.extra_info["limit"] = LIMIT
    with av.open(str(tmp_path / "review.mp4")) as movie:
        assert movie.streams.video[0].frames == FRAMES
