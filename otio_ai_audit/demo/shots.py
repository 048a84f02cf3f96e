"""The takes of the advert: what each shows, how it is encoded, and the fault in it, if any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from ..video import encode
from . import faults, props, scenes
from .faults import Fault
from .paint import Picture, Stage

RATE = Fraction(24)


@dataclass(frozen=True, slots=True)
class Take:
    """One file or image sequence. `start` is its timecode in frames, or a sequence's first number."""

    file: str
    frames: int
    draw: Callable[[Stage, int], Iterator[Picture]]
    codec: str
    pixel_format: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    timecode: str | None = None
    start: int = 0
    fault: Fault | None = None
    weight: float = 1.0
    """Work for one frame, relative to the others."""

    @property
    def sequence(self) -> bool:
        return "%" in self.file

    @property
    def name(self) -> str:
        """Name of the clip, as Resolve gives it."""
        if not self.sequence:
            return self.file
        stem, suffix = self.file.split("%04d")
        return f"{stem}[{self.start}-{self.start + self.frames - 1}]{suffix}"


X264 = {"preset": "veryfast", "crf": "18"}
X265 = {"preset": "ultrafast", "crf": "20", "x265-params": "log-level=error"}


def _fox_run(stage: Stage, count: int) -> Iterator[Picture]:
    return faults.cut(scenes.fox_sits(stage, count, seed=83), scenes.forest(stage, count, seed=117))


TAKES: tuple[Take, ...] = (
    Take("village_v003.mp4", 84, scenes.village, "libx264", options=X264),
    Take("truck_drive_v007.mp4", 108, scenes.truck_drive, "libx264", options=X264, weight=1.5),
    Take("truck_front_v004.mp4", 72, scenes.truck_front, "libx265", "yuv420p10le", X265),
    Take(
        "fox_v005.webm",
        84,
        scenes.fox_sits,
        "libvpx-vp9",
        options={"deadline": "realtime", "cpu-used": "8", "crf": "24", "b": "0", "row-mt": "1"},
    ),
    Take(
        "fox_close_v012.mov",
        96,
        lambda stage, count: scenes.fox_sits(
            stage, count, seed=75, close=True, boil=(faults.BOIL.first, faults.BOIL.last)
        ),
        "prores_ks",
        "yuv422p10le",
        {"profile": "2"},
        fault=faults.BOIL,
        weight=2.0,
    ),
    Take(
        "wheel_v002.mp4",
        72,
        lambda stage, count: faults.pop(scenes.wheel_close(stage, count)),
        "libx264",
        options=X264,
        fault=faults.POP,
        weight=1.5,
    ),
    Take(
        "truck_cabin_v012.mp4",
        96,
        lambda stage, count: faults.pulse(scenes.yard(stage, count, seed=57, parked=True)),
        "libx264",
        options=X264,
        fault=faults.FLICKER,
    ),
    Take(
        "cabin_v003.mov",
        96,
        lambda stage, count: faults.freeze(scenes.yard(stage, count, start=1.12, reach=0.14)),
        "libx264",
        options=X264,
        timecode="10:00:00:00",
        start=10 * 3600 * 24,
        fault=faults.FREEZE,
    ),
    Take(
        "forest.%04d.png",
        60,
        scenes.forest,
        "png",
        "rgb24",
        {"compression_level": "1"},
        start=1001,
        weight=1.6,
    ),
    Take("fox_run_v009.mp4", 84, _fox_run, "libx265", options=X265, fault=faults.CUT),
    Take(
        "truck_night_v003.mp4",
        60,
        lambda stage, count: scenes.truck_front(stage, count, seed=43, night=True, near=0.64),
        "libx264",
        options=X264,
    ),
    Take(
        "snowman_v008.mp4",
        96,
        lambda stage, count: scenes.snowman_stands(
            stage, count, morph=(faults.DRIFT.first, faults.DRIFT.first + faults.MORPH)
        ),
        "libx264",
        options=X264,
        fault=faults.DRIFT,
        weight=1.2,
    ),
    Take(
        "snowman_close_v002.mp4",
        60,
        lambda stage, count: scenes.snowman_stands(stage, count, seed=163, close=True, turn=(-0.75, -0.2)),
        "libx264",
        options=X264,
        weight=1.5,
    ),
    Take(
        "truck_hill_v010.mp4",
        72,
        lambda stage, count: scenes.truck_front(stage, count, look=props.OTHER, seed=37, night=True),
        "libsvtav1",
        options={"preset": "10", "crf": "28"},
        fault=faults.MISMATCH,
    ),
)


@dataclass(frozen=True, slots=True)
class Order:
    """A take to render: what a worker needs."""

    take: int
    folder: str
    stage: Stage


def render(order: Order) -> int:
    """Draw a take and encode it into the folder; return the number of frames written."""
    take = TAKES[order.take]
    options = dict(take.options)
    if take.sequence:
        options["start_number"] = str(take.start)
    return encode(
        Path(order.folder) / take.file, take.draw(order.stage, take.frames), RATE,
        codec=take.codec, pixel_format=take.pixel_format, options=options, timecode=take.timecode,
    )  # fmt: skip
