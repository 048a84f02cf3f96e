"""Edits and media made for tests and benchmarks: the shape that DaVinci Resolve writes, no more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

RATE = Fraction(24)
START = 86400
"""01:00:00:00 at 24 frames a second."""


def time_range(start: float, frames: float) -> dict[str, Any]:
    def rational(value: float) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(RATE), "value": float(value)}

    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": rational(start), "duration": rational(frames)}


def clip(path: Path | None, start: float, frames: float, available: float, name: str = "") -> dict[str, Any]:
    """Show `frames` of a medium from frame `start`; without a path it is a title."""
    reference: dict[str, Any] = {"OTIO_SCHEMA": "MissingReference.1", "metadata": {}, "name": ""}
    if path is not None:
        reference = {
            "OTIO_SCHEMA": "ExternalReference.1",
            "metadata": {},
            "name": path.name,
            "target_url": str(path),
            "available_range": time_range(0, available),
        }
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": name or (path.name if path else "Text+"),
        "metadata": {},
        "source_range": time_range(start, frames),
        "effects": [],
        "markers": [],
        "enabled": True,
        "media_references": {"DEFAULT_MEDIA": reference},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def write_edit(path: Path, *tracks: Sequence[dict[str, Any]]) -> Path:
    """Write a timeline of video tracks, the lowest first."""
    common = {"metadata": {}, "source_range": None, "effects": [], "markers": [], "enabled": True}
    children = [
        {
            "OTIO_SCHEMA": "Track.1",
            "kind": "Video",
            "name": f"Video {number}",
            "children": list(items),
            **common,
        }
        for number, items in enumerate(tracks, start=1)
    ]
    document = {
        "OTIO_SCHEMA": "Timeline.1",
        "name": "",
        "metadata": {"Resolve_OTIO": {"Resolve OTIO Meta Version": "1.0"}},
        "global_start_time": {"OTIO_SCHEMA": "RationalTime.1", "rate": float(RATE), "value": float(START)},
        "tracks": {"OTIO_SCHEMA": "Stack.1", "name": "", "children": children, **common},
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def pan(seed: int, frames: int, size: tuple[int, int] = (240, 136), cell: int = 12) -> Iterator[np.ndarray]:
    """Pan over a board of coloured squares with a little fixed grain: a clean shot."""
    rng = np.random.default_rng(seed)
    width, height = size
    step = int(rng.integers(1, 3))
    coarse = rng.integers(50, 200, (height // cell + 2, (width + step * frames) // cell + 2, 3))
    board = np.kron(coarse, np.ones((cell, cell, 1), np.int64)) + rng.integers(-8, 8, (1, 1, 3))
    board = np.clip(board + rng.integers(-10, 10, board.shape), 0, 255).astype(np.uint8)
    for t in range(frames):
        yield np.ascontiguousarray(board[:height, t * step : t * step + width])


def flickering(
    pictures: Iterator[np.ndarray], first: int, last: int, gain: float = 0.12
) -> Iterator[np.ndarray]:
    """Make every other frame of [first, last] brighter and the rest darker, by `gain`."""
    for t, picture in enumerate(pictures):
        if first <= t <= last:
            picture = np.clip(picture * (1 + (gain if t % 2 else -gain)), 0, 255).astype(np.uint8)
        yield picture
