"""CPU of decoding, of measuring without and with identity, and of a whole audit, as one table.

Everything is drawn here and runs in this process with one decoder thread; plain decoding, measuring and
auditing take turns, and the least of each is given, so that a busy machine spoils little::

    python -m benchmarks.cost_table
    python -m benchmarks.cost_table --lengths 150 600 2400     # is the cost of a frame always the same?
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

from otio_ai_audit import kernels, video

from . import bench_cost
from .bench_audit import cold, timed


@dataclass(frozen=True)
class Row:
    """One kind of medium."""

    name: str
    width: int
    height: int
    frames: int
    suffix: str = ".mp4"
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)


FAST = {"preset": "faster"}
HD, UHD = (1920, 1080), (3840, 2160)
ROWS = (
    Row("1080p H.264", *HD, 150, options=FAST | {"crf": "20"}),
    Row("1080p H.264, low bit rate", *HD, 150, options=FAST | {"crf": "33"}),
    Row("1080p H.264 4:2:2 10-bit", *HD, 60, pixel_format="yuv422p10le", options=FAST | {"crf": "20"}),
    Row("1080p ProRes 4:2:2 10-bit", *HD, 60, ".mov", "prores_ks", "yuv422p10le"),
    Row("UHD H.264", *UHD, 60, options=FAST | {"crf": "20"}),
    Row("512 x 512 H.264", 512, 512, 300, options=FAST | {"crf": "20"}),
)


def draw(row: Row, folder: Path, frames: int) -> Path:
    """Encode the scene of `bench_cost` as this kind of medium."""
    path = folder / f"clip{row.suffix}"
    pictures = bench_cost.scene(frames, row.width, row.height)
    form = {"codec": row.codec, "pixel_format": row.pixel_format}
    video.encode(path, pictures, Fraction(25), options=row.options, **form)
    return path


def costs(path: Path, rounds: int) -> Iterator[float]:
    """Milliseconds of CPU a frame: decode, measure, measure with identity, audit."""
    frames = bench_cost.decode(path)
    cold(path)  # reads the networks
    work = (bench_cost.decode, bench_cost.audit, partial(bench_cost.audit, identity=True), cold)
    turns = [[timed(lambda do=do: do(path)) for do in work] for _ in range(rounds)]  # type: ignore[misc]
    return (1000 * min(taken) / frames for taken in zip(*turns, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--lengths", type=int, nargs="+", help="1080p H.264 of so many frames instead")
    parser.add_argument("--only", default="", help="rows that have this in their name")
    options = parser.parse_args()
    kernels.warmup()
    rows = [(row, row.frames) for row in ROWS if options.only in row.name]
    if options.lengths:
        rows = [(ROWS[0], frames) for frames in options.lengths]
    print(f"{'':33}{'ms of CPU a frame':^30}{'ratio to decoding':^30}")
    print(f"{'':33}{'decode':>8}{'measure':>10}{'audit':>10}  {'measure':>10}{'identity':>10}{'audit':>8}")
    for row, frames in rows:
        with tempfile.TemporaryDirectory() as folder:
            decoded, measured, looked, audited = costs(draw(row, Path(folder), frames), options.rounds)
        print(
            f"{row.name + f', {frames}':<33}{decoded:>8.2f}{measured:>10.2f}{audited:>10.2f}"
            f"  {measured / decoded:>10.3f}{(looked - measured) / decoded:>+10.3f}{audited / decoded:>8.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
