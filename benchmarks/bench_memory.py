"""Peak memory of reading and of measuring a long UHD clip, beside plain decoding; it must not grow.

A few hundred generated frames stand for ten minutes: what a reader keeps per frame (12 MB of planes at
UHD) would show after a few dozen. Signals are what measuring is for and are taken off: about 40 KB a
frame. A longer clip: ``OTIO_AI_AUDIT_BENCH_LONG=2400``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from otio_ai_audit import kernels, video

pytest.importorskip("resource", reason="peak memory is read with the resource module (not on Windows)")

SHORT, LONG = 48, int(os.environ.get("OTIO_AI_AUDIT_BENCH_LONG", "240"))
FRAME_MB = 3840 * 2160 * 1.5 / 1e6

PLAIN = """
import av
with av.open(path) as container:
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    stream.codec_context.thread_type = "NONE"
    frames = sum(1 for frame in container.decode(stream))
"""
READ = """
from otio_ai_audit import video
from otio_ai_audit.model import Media
frames = total = 0
with video.read_frames(Media(path)) as reader:
    for frame in reader:
        frames += 1
        total += int(frame.planes[0][::16, ::16].sum()) + int(frame.planes[1][::16, ::16].sum())
"""
WHOLE = """
from dataclasses import fields
from otio_ai_audit import kernels, measure
from otio_ai_audit.model import Media, MediaJob
kernels.warmup()
found = measure.measure(MediaJob(Media(path)))
frames = len(found.grid.pts)
kept = sum(getattr(group, f.name).nbytes for group in (found.grid, found.motion) for f in fields(group))
"""
MEASURE = """
import pathlib, resource, sys
import numpy
import otio_ai_audit.video
path = sys.argv[1]
kept = 0
{body}
status = pathlib.Path("/proc/self/status")
if status.exists():  # on Linux ru_maxrss begins with the peak of the process that started this one
    peak = next(int(line.split()[1]) / 1024 for line in status.open() if line.startswith("VmHWM"))
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(frames, peak - kept / 1e6)
"""


def pictures(count: int) -> Iterator[np.ndarray]:
    y, x = np.mgrid[:2160, :4096]
    wide = np.stack([x // 16, y // 9, (x + y) // 25], axis=-1).astype(np.uint8)
    for i in range(count):
        yield wide[:, i % 256 : i % 256 + 3840]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    kernels.warmup()  # compiling takes memory too; processes after this one load what it made
    folder = tmp_path_factory.mktemp("uhd")
    made = {}
    for count in (SHORT, LONG):
        made[count] = folder / f"uhd{count}.mp4"
        options = {"preset": "ultrafast", "g": "48", "bf": "2", "refs": "3"}
        video.encode(made[count], pictures(count), Fraction(24), options=options)
    return made


def peak(body: str, path: Path) -> tuple[int, float]:
    """Frames read and peak resident megabytes of a process of its own."""
    command = [sys.executable, "-c", MEASURE.replace("{body}", body), str(path)]
    frames, megabytes = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return int(frames), float(megabytes)


def test_memory_does_not_grow_with_the_clip(clips: dict[int, Path], record_property: Any) -> None:
    figures: dict[tuple[str, int], float] = {}
    for count, path in clips.items():
        for name, body in (("plain", PLAIN), ("read", READ), ("whole", WHOLE)):
            frames, figures[name, count] = peak(body, path)
            assert frames == count
    for (name, count), megabytes in figures.items():
        record_property(f"{name}_{count}_frames_mb", round(megabytes, 1))
        print(f"{name:>6} {count:4d} UHD frames: {megabytes:7.1f} MB, less the signals")
    assert figures["read", LONG] - figures["read", SHORT] < 2 * FRAME_MB
    assert figures["read", LONG] - figures["plain", LONG] < 4 * FRAME_MB
    assert figures["whole", LONG] - figures["whole", SHORT] < 2 * FRAME_MB
