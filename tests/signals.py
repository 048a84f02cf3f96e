"""Signals made up for tests, of the values that measuring would round to."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from otio_ai_audit.model import (
    REGIONS,
    GridSignals,
    IdentitySignals,
    MediaInfo,
    MediaSignals,
    MotionSignals,
    Problem,
    Span,
    Thumbnail,
)


def made_up(
    key: str = "a" * 32,
    *,
    frames: int = 12,
    rows: int = 3,
    columns: int = 5,
    span: Span | None = None,
    promised: int | None = -1,
    seed: int = 1,
    problems: tuple[Problem, ...] = (),
    samples: int | None = None,
) -> MediaSignals:
    """Random signals of a medium at 24000/1001 frames a second; by default of the whole medium.

    With `samples`, identity too: so many frames looked at, each with a face.
    """
    rng = np.random.default_rng(seed)
    rate = Fraction(24000, 1001)
    cells = (frames, rows, columns)

    def fixed(*shape: int) -> np.ndarray:
        return (rng.integers(0, 65536, shape) / 256).astype(np.float32)

    def half(*shape: int) -> np.ndarray:
        return rng.normal(0, 30, shape).astype(np.float16).astype(np.float32)

    return MediaSignals(
        key=key,
        info=MediaInfo(
            width=320,
            height=180,
            rate=rate,
            time_base=Fraction(1, 24000),
            promised_frames=frames if promised == -1 else promised,
            pixel_format="yuv420p",
            bit_depth=8,
            full_range=False,
            transfer="sdr",
            sample_aspect=Fraction(4, 3),
            codec="h264",
        ),
        span=span or Span(Fraction(0), frames / rate),
        grid=GridSignals(
            pts=np.arange(frames, dtype=np.int64) * 1001,
            luma=fixed(*cells),
            blue=fixed(*cells),
            red=fixed(*cells),
            detail=half(*cells),
            change=half(frames),
            change_peak=half(frames),
            histogram=half(frames, 32),
            low=half(frames),
            high=half(frames),
            kind=np.full(frames, ord("P"), np.uint8),
            corrupt=np.zeros(frames, np.uint8),
        ),
        motion=MotionSignals(
            flow=half(*cells, 2),
            camera=rng.normal(size=(frames, 2, 3)).astype(np.float32),
            back=half(frames, 3, rows, columns),
            ahead=half(frames, 3, rows, columns),
            error=half(*cells),
            skip=half(*cells),
            outlier=half(*cells),
            trust=half(*cells),
            likeness=half(frames),
        ),
        problems=problems,
        identity=None if samples is None else identity_of(samples, seed),
        strip=(Thumbnail(0.0, b"RIFF one"), Thumbnail(0.5, b""), Thumbnail(1.0, bytes(range(256)))),
    )


def identity_of(samples: int, seed: int = 1) -> IdentitySignals:
    """Random identity, one face in every sample."""
    rng = np.random.default_rng(seed)

    def half(*shape: int) -> np.ndarray:
        return rng.uniform(0, 1, shape).astype(np.float16).astype(np.float32)

    numbers = np.arange(samples, dtype=np.int64)
    return IdentitySignals(
        sample=numbers,
        region=half(samples, len(REGIONS), 4),
        look=half(samples, len(REGIONS), 16),
        colour=half(samples, len(REGIONS), 8),
        face_sample=numbers,
        face_track=np.zeros(samples, np.int64),
        face_box=half(samples, 4),
        face_sure=half(samples),
        face=half(samples, 128),
        face_turn=half(samples),
    )
