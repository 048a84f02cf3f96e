"""Two takes that many tests of the whole walk share: one clean, one that flickers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from otio_ai_audit import video

from .edits import RATE, flickering, pan

FRAMES = 60
FAULT = (20, 44)
"""First and last flickering frame of the faulty take."""


@dataclass(frozen=True)
class Takes:
    folder: Path
    good: Path
    bad: Path


def make_takes(folder: Path) -> Takes:
    made = Takes(folder, folder / "fox_v001.mp4", folder / "truck_v001.mp4")
    video.encode(made.good, pan(1, FRAMES), RATE, options={"crf": "16"})
    video.encode(made.bad, flickering(pan(2, FRAMES), *FAULT), RATE, options={"crf": "16"})
    return made
