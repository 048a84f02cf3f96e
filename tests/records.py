"""Records of takes, made up for tests and benchmarks: of the size that real ones have."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np

from otio_ai_audit.model import Curve, Finding, MediaInfo, Provenance, TakeRecord, Thumbnail

FRAMES = 97
DETECTORS = ("flicker", "pop", "freeze", "cut", "drift", "flash", "dead", "mismatch")
MOTIFS = (
    "A red fire engine on a wet street at night",
    "A fox in deep snow, low sun",
    "Hands that fold paper",
)
INFO = MediaInfo(
    width=512,
    height=512,
    rate=Fraction(24000, 1001),
    time_base=Fraction(1, 24000),
    promised_frames=FRAMES,
    pixel_format="yuv420p",
    bit_depth=8,
    full_range=False,
    transfer="sdr",
    sample_aspect=Fraction(4, 3),
    codec="h264",
)


def made_up_take(key: str) -> TakeRecord:
    """Six curves, ten thumbnails, a sketch; one in three has two or three findings. The same for a key."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    rng = np.random.default_rng(seed)
    wrong = int(rng.integers(2, 4)) if seed % 3 == 0 else 0
    slow = np.abs(np.cumsum(rng.normal(0, 0.02, (6, FRAMES)), axis=1)) % 1
    curves = {name: Curve(0.0, 1001 / 24000, tuple(row)) for name, row in zip(DETECTORS, slow, strict=False)}
    pictures = rng.integers(0, 256, 30_000, dtype=np.uint8).tobytes()
    sizes = [int(size) for size in rng.integers(1500, 3000, 10)]
    ends = np.cumsum(sizes)
    return TakeRecord(
        key=key,
        info=INFO,
        frames=FRAMES,
        seconds=FRAMES * 1001 / 24000,
        scores={name: _rounded(rng) for name in DETECTORS} | {"mismatch": None},
        findings=tuple(_finding(rng) for _ in range(wrong)),
        curves=curves,
        strip=tuple(
            Thumbnail(number / 2, pictures[end - size : end])
            for number, (size, end) in enumerate(zip(sizes, ends.tolist(), strict=True))
        ),
        sketch=rng.integers(0, 256, 864, dtype=np.uint8),
        provenance=Provenance(
            generator="ComfyUI",
            model="wan2.1_t2v_14B",
            workflow="a1b2c3d4",
            prompt=f"{MOTIFS[seed % 3]}, 35 mm, shallow depth of field, natural light, camera moves slowly",
            seed=int(rng.integers(2**48)),
            sources=("container tags",),
        ),
        start_timecode="01:00:00:00",
    )


def _rounded(rng: np.random.Generator) -> float:
    """Make a share of four digits, as detectors give them."""
    return round(float(rng.uniform()), 4)


def _finding(rng: np.random.Generator) -> Finding:
    first = int(rng.integers(FRAMES))
    return Finding(
        detector=DETECTORS[int(rng.integers(5))],
        use="",
        start=first * 1001 / 24000,
        duration=12 * 1001 / 24000,
        score=_rounded(rng),
        message="Upper left pulses 6 times a second, ±7 %. Compare with the frames before.",
        label="flicker",
        evidence={"amplitude_cv": _rounded(rng), "frequency_hz": 6.0, "frames": 12, "where": "left"},
        region=(0.0, 0.0938, 0.5, 0.2812),
        worst=first * 1001 / 24000,
        compare=(("", 1.25),),
    )
