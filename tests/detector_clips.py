"""Small clips for the detectors' tests: made scenes, faults, encoded and measured."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import scenes
from benchmarks.inject import Fault, Frames, inject
from otio_ai_audit import video
from otio_ai_audit.detectors import DETECTORS
from otio_ai_audit.measure import measure
from otio_ai_audit.model import ClipUse, Detection, Media, MediaJob, MediaSignals, Span

RATE = Fraction(24)
WHOLE = (Span(Fraction(0), Fraction(1000)),)


def signals_of(frames: Frames) -> MediaSignals:
    """Encode frames to H.264 and measure them."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fox_v012.mp4"
        video.encode(path, frames, RATE, options={"crf": "16", "preset": "veryfast"})
        signals = measure(MediaJob(Media(str(path))))
    assert isinstance(signals, MediaSignals), signals
    return signals


@cache
def clean(scene: str, seed: int = 21) -> MediaSignals:
    """Measure a made scene; seeds of the tests are not those of the calibration."""
    return signals_of(scenes.make(scene, seed, count=40))


@cache
def faulty(scene: str, kind: str, seed: int = 22) -> tuple[MediaSignals, Fault]:
    """Measure a made scene with one fault."""
    frames = scenes.make(scene, seed, count=40)
    other = scenes.make("zoom", 77, count=40) if kind == "hidden_cut" else None
    frames, fault = inject(frames, kind, seed, other)
    return signals_of(frames), fault


def use_of(signals: MediaSignals, **changes: object) -> ClipUse:
    """Wrap signals in a use of the whole clip."""
    values: dict[str, object] = {
        "id": "V1/0001",
        "name": "fox",
        "media": Media("/takes/fox_v012.mp4"),
        "job": 0,
        "record_start": 0,
        "record_frames": len(signals.grid.pts),
        "rate": RATE,
        "knots": ((Fraction(0), Fraction(0)),),
        "visible": WHOLE,
        "signals": signals,
    }
    return ClipUse(**(values | changes))  # type: ignore[arg-type]


def detect(name: str, use: ClipUse) -> Detection:
    """Run one detector with its defaults."""
    module = DETECTORS[name]
    return module.detect([use], module.Settings())


def frames_of(start: float, duration: float) -> tuple[int, int]:
    """Frames ``[first, stop)`` of a finding at 24 frames a second."""
    return round(start * 24), round((start + duration) * 24)
