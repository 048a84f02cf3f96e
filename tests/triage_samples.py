"""Made-up triages for the tests of everything that writes, deals out or shows takes."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any, Literal

import numpy as np
from PIL import Image

from otio_ai_audit.model import (
    ERROR,
    WARNING,
    Finding,
    Media,
    MediaInfo,
    PersonVerdict,
    Placed,
    Provenance,
    RankedTake,
    Shot,
    ShotHead,
    Take,
    TakeRecord,
    Tally,
    Thumbnail,
    Triage,
)

from .report_samples import NASTY

DETECTORS = ("flicker", "pop", "freeze", "cut", "drift", "flash", "dead")
RATE = Fraction(24)
SECONDS = 4.0
INFO = MediaInfo(
    width=1280,
    height=720,
    rate=RATE,
    time_base=Fraction(1, 24),
    promised_frames=96,
    pixel_format="yuv420p",
    bit_depth=8,
    full_range=False,
    transfer="sdr",
    codec="h264",
)
COMFY = Provenance(
    generator="ComfyUI",
    model="wan2.1_t2v_14B",
    workflow="a1b2c3d4",
    prompt="A fox runs through deep snow, golden light",
    seed=7,
    sources=("container tags",),
)


@cache
def picture(shade: int = 0, size: int = 32) -> bytes:
    """Return a WebP of one colour; another one for every shade."""
    out = io.BytesIO()
    color = (40 + shade * 37 % 200, 60 + shade * 71 % 180, 80 + shade * 113 % 160)
    Image.new("RGB", (size, size * 9 // 16), color).save(out, "WEBP")
    return out.getvalue()


def strip(shade: int = 0, seconds: float = SECONDS) -> tuple[Thumbnail, ...]:
    """Two pictures a second."""
    return tuple(Thumbnail(i / 2, picture(shade + i)) for i in range(max(1, round(seconds * 2))))


def verdict(
    kind: Literal["keep", "kill", "wrong-alarm", "withdraw"], who: str, key: str, **changes: Any
) -> PersonVerdict:
    base = PersonVerdict(kind, who, "2026-03-01T09:30:00Z", key)
    return replace(base, **changes)


def finding(detector: str = "flicker", start: float = 1.25, score: float = 0.91, **changes: Any) -> Finding:
    base = Finding(
        detector=detector,
        use="",
        start=start,
        duration=0.5,
        score=score,
        message="Upper left pulses 6 times a second, ±7 %.",
        label=detector,
        evidence={"amplitude_cv": 6.2, "frequency_hz": 6.0},
    )
    return replace(base, **changes)


def take(
    shot: str = "fox",
    name: str = "v001",
    *findings: Finding,
    rank: int = 1,
    shade: int = 0,
    states: Iterable[Literal["open", "dismissed"]] = (),
    label: str = "",
    origin: Provenance = COMFY,
    start_timecode: str | None = None,
    scores: dict[str, float | None] | None = None,
    media: Media | None = None,
    **changes: Any,
) -> RankedTake:
    """One take that was looked at; `changes` are fields of `RankedTake`, `states` those of its findings."""
    label = label or f"day1/{shot}_{name}.mp4"
    key = changes.pop("key", f"key-{label}")
    found = dict.fromkeys(DETECTORS, 0.05) | {"flash": None} | {f.detector: f.score for f in findings}
    record = TakeRecord(
        key=key,
        info=INFO,
        frames=round(SECONDS * RATE),
        seconds=SECONDS,
        scores=found if scores is None else scores,
        findings=tuple(findings),
        strip=strip(shade),
        sketch=np.full(16, shade % 256, np.uint8),
        provenance=origin,
        start_timecode=start_timecode,
    )
    id_ = changes.pop("id", f"S0001/{rank:03d}")
    told = [*states, *["open"] * len(findings)]
    placed = tuple(_placed(f, id_, key, state) for f, state in zip(findings, told, strict=False))
    return RankedTake(
        id=id_,
        take=Take(label, media or Media(f"/media/takes/{label}"), shot, name, key, origin),
        record=changes.pop("record", record),
        placed=placed,
        rank=rank,
        **changes,
    )


def failed(
    shot: str = "fox", name: str = "v009", reason: str = "The file ends in the middle of a frame."
) -> RankedTake:
    made = take(shot, name, rank=0, standing="failed")
    return replace(made, record=TakeRecord(made.take.key, failure=reason))


def _placed(finding: Finding, use: str, key: str, state: str) -> Placed:
    frame = round(finding.start * 24) if np.isfinite(finding.start) else 0
    return Placed(
        id=f"{zlib.crc32((key + finding.detector).encode('utf-8', 'replace')) & 0xFFFFFF:06x}",
        finding=replace(finding, use=use),
        state=state,  # type: ignore[arg-type]
        first_seen="2026-03-01T08:00:00",
        timeline_frame=frame,
        timeline_frames=12,
        timecode=f"00:00:{frame // 24:02d}:{frame % 24:02d}",
        key=key,
        by="ann: the client likes it" if state == "dismissed" else "",
    )


def shot(number: int, name: str, *takes: RankedTake) -> Shot:
    """Number the ids of some takes, and put them into a shot as they come."""
    numbered = []
    for place, one in enumerate(takes, start=1):
        id_ = f"S{number:04d}/{place:03d}"
        placed = tuple(replace(p, finding=replace(p.finding, use=id_)) for p in one.placed)
        numbered.append(replace(one, id=id_, placed=placed))
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name)[:40].strip("-") or "shot"
    return Shot(number, name, tuple(numbered), f"shot-{number:04d}-{plain}.html")


def head(shot: Shot) -> ShotHead:
    best = shot.best
    pictures = best.record.strip if best else ()
    return ShotHead(
        number=shot.number,
        name=shot.name,
        page=shot.page,
        takes=len(shot.takes),
        flagged=sum(one.worst >= WARNING for one in shot.takes if one.standing != "copy"),
        failed=sum(one.standing == "failed" for one in shot.takes),
        killed=sum(one.standing == "killed" for one in shot.takes),
        errors=sum(one.worst >= ERROR for one in shot.takes if one.standing != "copy"),
        best=best.take.label if best else "",
        best_score=best.worst if best else 0.0,
        best_picture=pictures[len(pictures) // 2].data if pictures else b"",
    )


def tally(
    kind: Literal["generator", "model", "workflow", "prompt", "seed"],
    value: str,
    takes: int = 10,
    **changes: Any,
) -> Tally:
    return replace(Tally(kind, value, takes, takes // 3, takes // 5, 0, {"flicker": takes // 3}), **changes)


def triage(*shots: Shot, load: Callable[[int], Shot] | None = None, **changes: Any) -> Triage:
    by_number = {one.number: one for one in shots}
    base = Triage(
        name="takes",
        version="0.1.0",
        settings_hash="5f2c9a1e",
        calibration="2025-11-20",
        detectors=DETECTORS,
        grouped_by="names",
        heads=tuple(head(one) for one in shots),
        tallies=(),
        load=load or by_number.__getitem__,
        finished="2026-03-01T12:00:00",
        seconds=48.21,
    )
    return replace(base, **changes)


def sample() -> Triage:
    """A small triage with one of everything."""
    fox = shot(
        1,
        "fox",
        take(
            "fox",
            "v003",
            rank=1,
            shade=1,
            near=("day1/fox_v001.mp4",),
            standing="kept",
            verdicts=(verdict("keep", "ann", "key-day1/fox_v003.mp4", why="Her favourite."),),
        ),
        take(
            "fox",
            "v001",
            finding("pop", 2.5, 0.31, message="Moves very little."),
            rank=2,
            shade=2,
            near=("day1/fox_v003.mp4",),
        ),
        take(
            "fox",
            "v002",
            finding("flicker", 1.25, 0.58, region=(0.1, 0.2, 0.4, 0.3)),
            finding("pop", 2.0, 0.9),
            states=("open", "dismissed"),
            rank=3,
            shade=3,
            start_timecode="01:00:00:00",
        ),
        take(
            "fox",
            "v004",
            finding("drift", 1.0, 0.93, message="Centre changes shape."),
            rank=4,
            shade=4,
            standing="disputed",
            verdicts=(
                verdict("keep", "ann", "key-day1/fox_v004.mp4"),
                verdict("kill", "bob", "key-day1/fox_v004.mp4", why="Two tails."),
            ),
        ),
        take("fox", "v005", finding("cut", 1.0, 0.85), rank=5, shade=5, repeats="day1/fox_v007.mp4"),
        take(
            "fox",
            "v007",
            finding("flicker", 0.5, 0.97),
            rank=0,
            shade=6,
            standing="killed",
            verdicts=(
                verdict("kill", "bob", "key-day1/fox_v007.mp4", why="Boils.", seed=7, model="wan2.1_t2v_14B"),
            ),
        ),
        take(
            "fox",
            "v008",
            rank=0,
            shade=1,
            key="key-day1/fox_v003.mp4",
            standing="copy",
            copy_of="day1/fox_v003.mp4",
        ),
        failed("fox", "v009"),
    )
    truck = shot(
        2,
        "truck",
        take("truck", "v001", rank=1, shade=8, origin=Provenance()),
        take(
            "truck",
            "v002",
            finding("freeze", 1.0, 0.66),
            rank=2,
            shade=9,
            origin=replace(COMFY, model="ltx-video", seed=2**63),
        ),
    )
    bell = shot(3, "bell", failed("bell", "v001", "Not a video: its first bytes are text."))
    kill = fox.takes[5].verdicts[0]
    return triage(
        fox,
        truck,
        bell,
        tallies=(
            tally("model", "wan2.1_t2v_14B", 8, killed=1),
            tally("model", "ltx-video", 1, flagged=1, errors=0, by_detector={"freeze": 1}),
            tally("model", "unknown", 1, flagged=0, errors=0, by_detector={}),
            tally("workflow", "a1b2c3d4", 9),
            tally("prompt", "00c0ffee", 9),
            tally("seed", "7", 8, killed=1),
        ),
        notices=("1 file is still being written; the next run takes it.",),
        bad_seeds=(replace(kill, label="day1/fox_v007.mp4", prompt_hash="00c0ffee", workflow="a1b2c3d4"),),
    )


def nasty() -> Triage:
    """Names, messages and numbers that break what is careless."""
    shots = []
    for number, name in enumerate(NASTY, start=1):
        origin = Provenance(name, name, name, name, 10**30, (name,), (name,))
        odd = finding(
            name or "pop",
            1.0,
            0.9,
            message=name,
            label=name,
            evidence={name or "empty": float("nan"), "words": name},
        )
        label = f"{name or 'empty'}/{number}.mp4"
        said = (
            verdict("keep", name or "x", "k", why=name, label=name),
            verdict("kill", f"{name}2", "k", why=name),
        )
        first = take(
            name,
            name,
            odd,
            label=label,
            origin=origin,
            near=NASTY,
            repeats=name,
            verdicts=said,
            standing="disputed",
        )
        scores = {name or "pop": float("nan"), "flicker": None, "cut": float("inf")}
        second = take(name, name, label=f"{label} 2", scores=scores, rank=2, copy_of=name)
        shots.append(shot(number, name, first, second, failed(name, name, name)))
    kinds: tuple[Literal["generator", "model", "workflow", "prompt", "seed"], ...] = (
        "generator",
        "model",
        "workflow",
        "prompt",
        "seed",
    )
    return triage(
        *shots,
        name=NASTY[0],
        tallies=tuple(tally(kind, name) for kind in kinds for name in NASTY),
        notices=NASTY,
        dealt_to=NASTY[1],
        bad_seeds=tuple(
            verdict("kill", name or "x", name or "k", label=name, why=name, seed=1) for name in NASTY
        ),
    )


def many(
    shots: int = 10, takes: int = 30, pictures: Callable[[int], tuple[Thumbnail, ...]] = strip
) -> Triage:
    """Return a large triage whose shots are made when they are asked for; the same in every run."""

    def load(number: int) -> Shot:
        rng = np.random.default_rng(number)
        name = f"shot{number:04d}"
        made = []
        for place in range(1, takes + 1):
            worst = place / takes
            wrong = [finding(DETECTORS[place % 5], float(rng.uniform(0, 3)), worst)] if worst >= 0.2 else []
            origin = replace(
                COMFY, seed=int(rng.integers(2**31)), model=("wan2.1_t2v_14B", "ltx-video")[place % 2]
            )
            one = take(name, f"v{place:03d}", *wrong, rank=place, origin=origin, states=("open",))
            shade = number * takes + place
            made.append(replace(one, record=replace(one.record, strip=pictures(shade))))
        return shot(number, name, *made)

    heads = []
    for number in range(1, shots + 1):
        flagged, errors = (
            sum(place / takes >= least for place in range(1, takes + 1)) for least in (WARNING, ERROR)
        )
        name = f"shot{number:04d}"
        page = f"shot-{number:04d}-{name}.html"
        heads.append(
            ShotHead(
                *(number, name, page, takes, flagged, 0, 0, errors),
                best=f"day1/{name}_v001.mp4",
                best_picture=picture(number),
            )
        )
    return triage(
        load=load, heads=tuple(heads), tallies=(tally("model", "wan2.1_t2v_14B", shots * takes // 2),)
    )
