"""A long edit with many findings, made up, whose pictures take as many bytes as those of real footage.

Drawn textures (`canvas.texture` at 640 × 360) encode to sizes like those of generated clips: about 20 KB for
the picture of a finding, 4 KB for a frame around it, 3 KB for one of a strip. Every picture differs from all
others by a few bytes behind its end, which no decoder reads: a browser cannot show one in place of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np

from otio_ai_audit.evidence import AROUND_SIZE, MOST_FRAMES, QUALITY, STEPS, STILL_SIZE
from otio_ai_audit.model import (
    AuditResult,
    ClipResult,
    Curve,
    Finding,
    Group,
    Heat,
    Marker,
    Placed,
    Thumbnail,
    TimelineInfo,
    compare_key,
)
from otio_ai_audit.pictures import STRIP_SIDE, webp

from . import canvas

DETECTORS = ("flicker", "pop", "freeze", "cut", "drift", "mismatch", "flash", "dead")
RATE = Fraction(24)
FRAMES = 96
"""Of a clip, four seconds."""
MOTIFS = 24
"""Different pictures; the rest are the same ones again."""
SUBJECTS = ("truck", "fox", "bell", "owl")
SIZES = {STILL_SIZE: QUALITY[STILL_SIZE], AROUND_SIZE: QUALITY[AROUND_SIZE], STRIP_SIDE: 60}


def result(clips: int = 500, findings: int = 1500) -> AuditResult:
    """Return an edit of so many clips, on two tracks, and findings, with everything that a page can show."""
    rng = np.random.default_rng(440)
    numbers = np.sort(rng.integers(0, clips, findings))
    # A fifth of the clips have none; the others get what these would have had.
    numbers = np.where(numbers % 5 == 0, np.minimum(numbers + 1, clips - 1), numbers)
    placed = [_placed(rng, index, int(number)) for index, number in enumerate(numbers)]
    made = [_clip(rng, number) for number in range(clips)]
    worst: dict[str, dict[str, float]] = {}
    for one in placed:
        scores = worst.setdefault(one.finding.use, {})
        scores[one.finding.detector] = max(scores.get(one.finding.detector, 0.0), one.finding.score)
    made = [replace(one, scores={**one.scores, **worst.get(one.id, {})}) for one in made]
    return AuditResult(
        version="0",
        info=TimelineInfo("A long edit", RATE, 86400, False, clips * FRAMES, "edit.otio", "01:00:00:00"),
        settings_hash="5f2c9a1e",
        calibration="2026-01-01",
        detectors=DETECTORS,
        clips=tuple(made),
        findings=tuple(placed),
        markers=tuple(one.marker for one in placed if one.marker is not None),
        seconds=48.2,
        finished="2026-03-01T12:00:00",
        stills=_stills(placed),
        around=_around(placed),
        heat={one.id: _heat(rng, one) for one in placed if one.finding.region},
        groups=tuple(_group(made, name) for name in SUBJECTS),
    )


@cache
def _motif(number: int) -> Mapping[int, bytes]:
    """Return one picture at every size that a page shows."""
    drawn = canvas.texture(np.random.default_rng(number), 360, 640).astype(np.uint8)
    return {side: webp(drawn, quality=quality, side=side) for side, quality in SIZES.items()}


def picture(number: int, side: int) -> bytes:
    """Return a picture that is like no other of another number."""
    return _motif(number % MOTIFS)[side] + number.to_bytes(4, "little")


def _clip(rng: np.random.Generator, number: int) -> ClipResult:
    subject = SUBJECTS[number // 3 % len(SUBJECTS)]
    name = f"{subject}_{number // 12:03d}_v{number % 12:03d}.mp4"
    course = np.abs(np.cumsum(rng.normal(0, 0.03, (len(DETECTORS), FRAMES)), axis=1)).clip(0, 1)
    curves = {
        d: Curve(0.0, float(1 / RATE), tuple(row)) for d, row in zip(DETECTORS, course.tolist(), strict=True)
    }
    strip = (Thumbnail(i / 2, picture(number * 8 + i, STRIP_SIDE)) for i in range(8))
    return ClipResult(
        id=_id(number),
        name=name,
        status="audited",
        reason=None,
        record_start=number * FRAMES,
        record_frames=FRAMES,
        key=f"key{number}",
        shot=f"{subject}_{number // 12:03d}",
        take=f"v{number % 12:03d}",
        media=name,
        subject=subject,
        scores=dict(zip(DETECTORS, rng.uniform(0, 0.2, len(DETECTORS)).tolist(), strict=True)),
        curves=curves,
        provenance={"generator": ("ComfyUI", "Veo", "Sora")[number % 3], "model": "a model", "seed": number},
        strip=tuple(strip),
        visible=((0.0, 4.0),),
        content=f"content{number}",
    )


def _id(number: int) -> str:
    return f"V{1 + number % 7 // 5}/{number:04d}"


def _placed(rng: np.random.Generator, index: int, number: int) -> Placed:
    detector = DETECTORS[int(rng.integers(len(DETECTORS)))]
    start, score = float(rng.uniform(0, 3)), float(rng.uniform(0.2, 1.0))
    local = detector in ("flicker", "pop", "drift")
    beside = detector in ("drift", "mismatch")
    finding = Finding(
        detector=detector,
        use=_id(number),
        start=start,
        duration=0.5,
        score=score,
        message=f"Upper left changes {index % 7 + 2} times a second, by 7 %; look at the subject's edge.",
        label=detector,
        evidence={"amplitude_cv": 6.2, "frequency_hz": 6.0, "frames": 12},
        region=(0.1, 0.2, 0.4, 0.3) if local else None,
        compare=((_id(number), 0.2),) if beside else (),
    )
    id_ = f"{index + 0x100000:06x}"
    frame = number * FRAMES + round(start * RATE)
    clock = frame // 24
    name = detector.upper() if score >= 0.8 else f"{detector}?"
    marker = Marker(frame, 12, "Lemon", name, f"{finding.message} [audit {id_}]", (id_,), clip=_id(number))
    return Placed(
        id=id_,
        finding=finding,
        state=("new", "open", "open", "dismissed")[index % 4],
        first_seen="2026-02-28T09:00:00",
        timeline_frame=frame,
        timeline_frames=12,
        timecode=f"{1 + clock // 3600:02d}:{clock // 60 % 60:02d}:{clock % 60:02d}:{frame % 24:02d}",
        key=f"content{number}",
        by="ann: the client likes it" if index % 4 == 3 else "",
        marker=marker if score >= 0.5 else None,
    )


def _stills(placed: list[Placed]) -> dict[str, bytes]:
    made = {one.id: picture(10**6 + index, STILL_SIZE) for index, one in enumerate(placed)}
    for index, one in enumerate(placed):
        for place, _ in enumerate(one.finding.compare):
            made[compare_key(one.id, place)] = picture(2 * 10**6 + index * 4 + place, STILL_SIZE)
    return made


def _around(placed: list[Placed]) -> dict[str, tuple[Thumbnail, ...]]:
    """Frames around the worst findings: as many as an audit would fetch."""
    worst = sorted((one for one in placed if one.state != "dismissed"), key=lambda one: -one.finding.score)
    made = {}
    for index, one in enumerate(worst[: MOST_FRAMES // STEPS]):
        numbers = (3 * 10**6 + index * STEPS + i for i in range(STEPS))
        moments = (one.finding.start + i / float(RATE) for i in range(STEPS))
        pairs = zip(moments, numbers, strict=True)
        made[one.id] = tuple(Thumbnail(moment, picture(number, AROUND_SIZE)) for moment, number in pairs)
    return made


def _heat(rng: np.random.Generator, one: Placed) -> Heat:
    rows, columns = 18, 32
    y, x = np.ogrid[:rows, :columns]
    hot = np.exp(-(((y - 6) / 4) ** 2) - ((x - 9) / 6) ** 2)
    cells = (255 * hot * rng.uniform(0.4, 1.0, (STEPS, rows, columns))).astype(np.uint8)
    return Heat(tuple(one.finding.start + i / float(RATE) for i in range(STEPS)), cells)


def _group(clips: list[ClipResult], name: str) -> Group:
    ids = [one.id for one in clips if one.subject == name][:12]
    apart = np.abs(np.subtract.outer(np.arange(len(ids)), np.arange(len(ids)))) / 20
    return Group(name, tuple(ids), tuple(map(tuple, apart.tolist())))
