"""Made-up results for the tests of the report."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from PIL import Image

from otio_ai_audit.model import (
    AuditResult,
    ClipResult,
    Curve,
    Finding,
    Group,
    Heat,
    Marker,
    Placed,
    State,
    Thumbnail,
    TimelineInfo,
)

DETECTORS = ("flicker", "pop", "freeze", "cut", "dead")
INFO = TimelineInfo("Advert", Fraction(24), 86400, False, 480, "advert.otio", "01:00:00:00")
NASTY = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    '=HYPERLINK("http://example.test")',
    "@SUM(A1)",
    "שועל בשלג_v004.mp4 (الثعلب)",
    "\u202egnp.exe\u202c",
    "bell\x07 null\x00 escape\x1b[31m",
    "broken \udcff\udc80 bytes",
    'a\tb\r\nc, "d"; e',
    "[bold red]markup[/bold red] :fox:",
    "]]> & &amp; <!-- -->",
    "no_breaks_" * 40,
    "",
)


def webp(size: int = 16) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size * 9 // 16), (190, 24, 34)).save(out, "WEBP")
    return out.getvalue()


def clip(number: int = 1, name: str = "truck_v012.mp4", **changes: Any) -> ClipResult:
    base = ClipResult(
        id=f"V1/{number:04d}",
        name=name,
        status="audited",
        reason=None,
        record_start=(number - 1) * 96,
        record_frames=96,
        key=f"key{number}",
        media=f"/takes/{name}",
        scores={"flicker": 0.1, "pop": 0.05, "freeze": None},
        visible=((0.0, 4.0),),
        content=f"content{number}",
    )
    return replace(base, **changes)


def placed(
    number: int = 1,
    detector: str = "flicker",
    start: float = 1.25,
    score: float = 0.91,
    state: State = "new",
    **changes: Any,
) -> Placed:
    duration = changes.pop("duration", 0.5)
    frame = (number - 1) * 96 + round(start * 24)
    finding = Finding(
        detector=detector,
        use=f"V1/{number:04d}",
        start=start,
        duration=duration,
        score=score,
        message=changes.pop("message", "Upper left pulses 6 times a second, ±7 %."),
        label=changes.pop("label", detector),
        evidence=changes.pop("evidence", {"amplitude_cv": 6.2, "frequency_hz": 6.0}),
        region=changes.pop("region", None),
        related=changes.pop("related", ()),
        compare=changes.pop("compare", ()),
    )
    base = Placed(
        id=f"{number:02x}{round(start * 100):04x}",
        finding=finding,
        state=state,
        first_seen="2025-11-22T14:32:10",
        timeline_frame=frame,
        timeline_frames=round(duration * 24),
        timecode=f"01:00:{frame // 24:02d}:{frame % 24:02d}",
        key=f"content{number}",
    )
    return replace(base, **changes)


def result(*clips: ClipResult, findings: tuple[Placed, ...] = (), **changes: Any) -> AuditResult:
    base = AuditResult(
        version="0.1.0",
        info=INFO,
        settings_hash="5f2c9a1e",
        calibration="2025-11-20",
        detectors=DETECTORS,
        clips=clips,
        findings=findings,
        seconds=48.21,
        finished="2025-11-22T14:32:58",
    )
    return replace(base, **changes)


def sample() -> AuditResult:
    """A small result with one of everything."""
    marker = Marker(126, 12, "Lemon", "FLICKER", "Upper left pulses. [audit a7f3c1]", ("a7f3c1",))
    flicker = placed(2, region=(0.1, 0.2, 0.4, 0.3), related=("V1/0001",), marker=marker, id="a7f3c1")
    curve = Curve(0.0, 1 / 24, tuple([0.02] * 30 + [0.91] * 12 + [0.02] * 54))
    return result(
        clip(1, "fox_v007.mp4"),
        clip(
            2,
            shot="truck",
            take="v012",
            subject="truck",
            scores={"flicker": 0.91, "pop": 0.58, "freeze": None},
            curves={"flicker": curve, "pop": replace(curve, score=(0.1,) * 96)},
            strip=tuple(Thumbnail(t / 2, webp()) for t in range(8)),
            notes=("Measured on its proxy: the original is offline.",),
            provenance={"generator": "a model", "seed": 7, "prompt": "a secret"},
        ),
        clip(3, "wheel.png", status="failed", reason=r"File not found: D:\takes\wheel.png", scores={}),
        clip(4, "Title", status="skipped", reason="a title", scores={}, media=None),
        clip(5, "bell.mp4"),
        findings=(
            flicker,
            placed(2, "pop", 2.5, 0.58, "open", duration=1 / 24, message="One frame jumps darker."),
            placed(2, "freeze", 3.0, 0.31, message="Moves very little."),
            placed(5, "flicker", 1.0, 0.84, "dismissed", by="green marker", text="the client likes it"),
            placed(1, "cut", 1.0, 0.9, "fixed", by="not found in fox v007"),
        ),
        markers=(marker,),
        notices=("The timeline starts at 01:00:00:00.",),
        stills={"a7f3c1": webp(64)},
    )


def whole() -> AuditResult:
    """Return an edit with everything that a page can show: two tracks, subjects, frames around, heat."""
    shown = sample()
    truck = shown.clips[1]
    frames = tuple(Thumbnail(1.25 + i / 24, webp(32 + 2 * i)) for i in range(6))
    cells = np.zeros((6, 9, 16), np.uint8)
    cells[:, 2:5, 2:7] = 255
    curve = Curve(0.0, 1 / 24, tuple([0.1] * 40 + [0.7] * 20 + [0.1] * 36))
    drift = placed(
        6,
        "drift",
        2.0,
        0.7,
        id="d41f00",
        message="Centre changes shape.",
        compare=(("V2/0006", 0.5),),
        evidence={"look_cosine_distance": 0.31, "pace": "slow"},
    )
    drift = replace(drift, finding=replace(drift.finding, use="V2/0006"))
    odd = placed(7, "mismatch", 1.0, 0.95, id="0dd000", compare=(("V1/0002", 1.0), ("V2/0006", 1.0)))
    stills = {
        **shown.stills,
        **dict.fromkeys(("d41f00", "0dd000", "0dd000 compare 0", "0dd000 compare 1"), webp(64)),
    }
    return replace(
        shown,
        clips=(
            *shown.clips[:1],
            replace(
                truck, provenance={**truck.provenance, "generator": "ComfyUI", "model": "wan", "seed": 7}
            ),
            *shown.clips[2:],
            clip(6, "snow.mov", id="V2/0006", curves={"drift": curve}, provenance={"generator": "Sora"}),
            clip(
                7, "truck_v013.mp4", subject="truck", strip=tuple(Thumbnail(t / 2, webp()) for t in range(8))
            ),
        ),
        findings=(*shown.findings, drift, odd),
        stills={**stills, "d41f00 compare 0": webp(64)},
        around={"a7f3c1": frames},
        heat={"a7f3c1": Heat(tuple(one.time for one in frames), cells, (1.0, 0.95))},
        groups=(Group("truck", ("V1/0002", "V1/0007"), ((0.0, 0.4), (0.4, 0.0)), "names"),),
        info=replace(INFO, frames=7 * 96),
    )


def nasty() -> AuditResult:
    """Names, notes and messages that break what is careless."""
    clips = tuple(
        clip(
            i,
            name,
            shot=name,
            take=name,
            media=name or None,
            notes=(name,),
            scores={"flicker": 0.9 if i % 2 else None, "pop": float("nan")},
            curves={"flicker": Curve(0.0, 1 / 24, (float("nan"), 0.9, float("inf"), 0.1))},
            status="failed" if i == 3 else "skipped" if i == 4 else "audited",
            reason=name,
            provenance={"prompt": name, "generator": name},
        )
        for i, name in enumerate(NASTY, start=1)
    )
    findings = tuple(
        placed(
            i,
            message=name,
            label=name,
            evidence={name or "empty": float("nan"), "count": np.float32(3.5), "words": name},
            by=name,
            text=name,
            compare=((f"V1/{i:04d}", float("nan")), (name, 1.0)),
        )
        for i, name in enumerate(NASTY, start=1)
        if i not in (3, 4)
    )
    return result(
        *clips,
        findings=findings,
        notices=NASTY,
        groups=tuple(nasty_groups()),
        info=replace(INFO, name=NASTY[0], source=NASTY[8]),
    )


def nasty_groups() -> list[Group]:
    """Groups with any name, of clips that are not there, with distances that are no numbers."""
    ids = tuple(f"V1/{number:04d}" for number in range(1, len(NASTY) + 1))
    apart = np.add.outer(np.arange(len(ids)), np.arange(len(ids))) / 10
    np.fill_diagonal(apart, np.nan)
    rows = tuple(map(tuple, apart.tolist()))
    return [
        *(Group(name, ids[:1], ((0.0,),), name) for name in NASTY),
        Group("all", ids, rows),
        Group("gone", ("V9/0001", "V9/0002"), ((0.0, 1.0), (1.0, 0.0))),
        Group("none", (), ()),
        Group("no distances", ids[:3], ()),
    ]


def edit() -> Any:
    """Return an edit for the outputs that are one: a clip, and somebody's marker."""
    import opentimelineio as otio

    rate = 24.0
    whole = otio.opentime.TimeRange(
        otio.opentime.RationalTime(0, rate), otio.opentime.RationalTime(480, rate)
    )
    media = otio.schema.ExternalReference("/takes/truck_v012.mp4", whole)
    clip = otio.schema.Clip("truck_v012.mp4", media, whole)
    spot = otio.opentime.TimeRange(otio.opentime.RationalTime(50, rate), otio.opentime.RationalTime(1, rate))
    track = otio.schema.Track("V1", [clip], kind="Video")
    start = otio.opentime.RationalTime(86400, rate)
    timeline = otio.schema.Timeline("Advert", [track], global_start_time=start)
    timeline.tracks.markers.append(otio.schema.Marker("client", spot, otio.schema.MarkerColor.RED))
    return timeline


def big(clips: int = 500) -> AuditResult:
    """A long edit: every third clip has three findings and pictures as large as real ones."""
    rng = np.random.default_rng(440)
    picture = Image.fromarray(rng.integers(0, 256, (36, 64, 3), dtype=np.uint8)).resize((640, 360))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=80)
    still = out.getvalue()
    thumb = still[:8] + b"WEBP" + still[12:5000]
    curve = Curve(0.0, 1 / 24, tuple(rng.random(96).tolist()))
    made = []
    found = []
    for i in range(1, clips + 1):
        curves = dict.fromkeys(DETECTORS, curve)
        strip = tuple(Thumbnail(t / 2, thumb) for t in range(8))
        made.append(clip(i, f"shot_{i:04d}_v001.mp4", curves=curves, strip=strip))
        if i % 3 == 0:
            found += [placed(i, name, 1.0 + n, 0.6 + 0.1 * n) for n, name in enumerate(DETECTORS[:3])]
    stills = {item.id: still for item in found}
    info = replace(INFO, frames=clips * 96)
    return result(*made, findings=tuple(found), stills=stills, info=info)
