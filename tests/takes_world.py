"""A folder of takes as people and programs leave them, made once and copied for every test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from otio_ai_audit import video
from otio_ai_audit.model import RankedTake, Triage
from otio_ai_audit.takes import TriageOptions, triage

from .edits import RATE, flickering, pan

LENGTH = 24
SIZE = (160, 90)
QUICK = ("flicker", "dead")
SIDECAR = {"prompt": "A fox in the snow", "seed": 7, "model": "/home/ann/models/wan2.1.safetensors"}


def make_take(path: Path, seed: int, fault: bool = False, frames: int = LENGTH) -> Path:
    """Encode a short pan, which flickers where it should."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = pan(seed, frames, SIZE, cell=10)
    shown = flickering(shown, 4, frames - 4) if fault else shown
    video.encode(path, shown, RATE, options={"crf": "16"})
    return path


def make_folder(folder: Path) -> Path:
    """Two shots of several takes, a sequence, a copy, a broken file, a sidecar, and what is no take."""
    make_take(folder / "truck_v001.mp4", 1)
    make_take(folder / "truck_v002.mp4", 2, fault=True)
    make_take(folder / "day 2" / "truck_v003.mp4", 3)
    shutil.copy2(folder / "truck_v001.mp4", folder / "day 2" / "truck_v004.mp4")
    make_take(folder / "fox_v001.mp4", 5)
    (folder / "fox_v001.json").write_text(json.dumps(SIDECAR), encoding="utf-8")
    (folder / "fox_v002.mp4").write_bytes(b"this is no movie" * 100)
    make_take(folder / "day 2" / "snow" / "snow_%04d.png", 6, frames=8)
    (folder / "notes.txt").write_text("no take", encoding="utf-8")
    Image.fromarray(next(pan(9, 1, SIZE))).save(folder / "poster.png")
    return folder


@dataclass
class World:
    """A folder of takes, a store and the verdicts of its people."""

    folder: Path
    store: Path
    verdicts: Path

    def run(self, *others: Path, write: Callable[[Triage], None] | None = None, **options: Any) -> Triage:
        asked = {"detectors": QUICK, "engine": "threads:1", "store": self.store, "verdicts": self.verdicts}
        return triage([self.folder, *others], TriageOptions(**{**asked, **options}), write=write)


def takes_of(result: Triage) -> dict[str, RankedTake]:
    """Label → take, of all shots."""
    return {take.take.label: take for shot in result.shots() for take in shot.takes}


def shots_of(result: Triage) -> dict[str, list[str]]:
    """Name of each shot → labels of its takes in order of rank."""
    return {shot.name: [take.take.label for take in shot.takes] for shot in result.shots()}
