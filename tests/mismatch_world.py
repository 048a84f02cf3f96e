"""Clips whose looks are made by hand, and a small calibration to judge them by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from otio_ai_audit.detectors import _odd, calibration
from otio_ai_audit.model import (
    REGIONS,
    ClipUse,
    GridSignals,
    IdentitySignals,
    Media,
    MediaSignals,
    Span,
    Subject,
)
from tests.signals import made_up

SIZE, BINS = 24, 12
FRAMES = 12


def row(features: Sequence[str], weights: Sequence[float], half: float, strong: float) -> dict[str, Any]:
    count = len(features)
    plain = {"mean": [0.0] * count, "scale": [1.0] * count}
    return {
        "features": list(features),
        **plain,
        "weights": list(weights),
        "calm": 0.0,
        "half": half,
        "strong": strong,
    }


def table() -> dict[str, Any]:
    """Models by hand: look distance 0.5 is the border, spreads count a little, chroma from 0.2 on."""
    models = {
        "mismatch_link": row(("look", "hue"), (1.0, 0.0), 0.5, 0.8),
        "mismatch": row(_odd.FEATURES, (0, 0.5, 0.2, 0, 0, 0), 0.5, 0.8),
        "mismatch_hue": row(("hue", "hue_near", "hue_off"), (0.5, 0.5, 0.0), 0.2, 0.4),
        "mismatch_far": row(("middle", "near", "hue_near"), (0.5, 0.5, 0.0), 0.6, 1.0),
        "mismatch_pair": row(("look", "hue"), (1.0, 0.0), 0.5, 0.6),
    }
    return {**calibration(), "looks": None, "models": {**calibration()["models"], **models}}


def unit(number: int, wobble: int = 0, size: int = SIZE, by: float = 0.25) -> np.ndarray:
    """Unit vector of a kind, a little off by `wobble`."""
    out = np.zeros(size)
    out[number] = 1.0
    if wobble:
        out += by * np.random.default_rng(wobble).normal(size=size) / np.sqrt(size)
    return (out / np.linalg.norm(out)).astype(np.float32)


def painted(rgb: Sequence[float], *, height: int = 1080, rows: int = 9, columns: int = 16) -> GridSignals:
    """Cells of a thing of one colour in the middle of grey."""
    cells = np.full((FRAMES, rows, columns, 3), 128.0)
    cells[:, 2:-2, 4:-4] = rgb
    kr, kb = (0.2126, 0.0722) if height >= 720 else (0.299, 0.114)
    y = cells @ np.array([kr, 1 - kr - kb, kb])
    blue = (cells[..., 2] - y) / (2 * (1 - kb)) + 128
    red = (cells[..., 0] - y) / (2 * (1 - kr)) + 128
    plain = made_up(frames=FRAMES, rows=rows, columns=columns).grid
    held = {name: np.round(value * 256) / 256 for name, value in (("luma", y), ("blue", blue), ("red", red))}
    return replace(
        plain,
        high=np.full(FRAMES, 200, np.float32),
        low=np.full(FRAMES, 10, np.float32),
        change=np.full(FRAMES, 1, np.float32),
        **{name: value.astype(np.float32) for name, value in held.items()},
    )


def clip(
    id_: str,
    looks: Sequence[np.ndarray] = (),
    *,
    colour: int = 0,
    subjects: Sequence[Subject] = (),
    reference: bool = False,
    faces: Sequence[np.ndarray] = (),
    visible: tuple[float, float] | None = None,
    key: str = "",
    grid: GridSignals | None = None,
    height: int = 1080,
) -> ClipUse:
    """A use of a clip of 12 frames at 24 a second; `looks` are those of its samples, in every region."""
    looks = list(looks) or [unit(0)]
    count = len(looks)
    sample = (
        np.linspace(0, FRAMES - 1, count).round().astype(np.int64) if count > 1 else np.zeros(1, np.int64)
    )
    boxes = np.array([(0, 0, 1, 1), (0.1, 0.1, 0.8, 0.8), (0.2, 0.2, 0.6, 0.6), (0.25, 0.25, 0.5, 0.5)])
    own = made_up(key or id_, frames=FRAMES, rows=9, columns=16)
    identity = IdentitySignals(
        sample=sample,
        region=np.repeat(boxes[None].astype(np.float32), count, axis=0),
        look=np.repeat(np.stack(looks)[:, None].astype(np.float32), len(REGIONS), axis=1),
        colour=np.tile(unit(colour, size=BINS), (count, len(REGIONS), 1)),
        face_sample=np.zeros(len(faces), np.int64),
        face_track=np.arange(len(faces), dtype=np.int64),
        face_box=np.tile(np.array([[0.4, 0.2, 0.2, 0.3]], np.float32), (len(faces), 1)),
        face_sure=np.full(len(faces), 0.95, np.float32),
        face=np.stack(faces).astype(np.float32) if len(faces) else np.zeros((0, 128), np.float32),
        face_turn=np.zeros(len(faces), np.float32),
    )
    grid = grid or painted((200, 40, 40), height=height)
    info = replace(own.info, width=1920, height=height, sample_aspect=Fraction(1))
    signals: MediaSignals = replace(own, grid=grid, info=info, identity=identity)
    low, high = visible or (0.0, 100.0)
    return ClipUse(
        id=id_,
        name=id_,
        media=Media(f"/{id_}.mp4"),
        job=0,
        record_start=0,
        record_frames=FRAMES,
        rate=info.rate,
        knots=((Fraction(0), Fraction(0)),),
        visible=(Span(Fraction(low), Fraction(high)),),
        subjects=tuple(subjects),
        reference=reference,
        signals=signals,
    )
