"""Plans made by hand, for tests of subjects."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction as F
from pathlib import Path

from otio_ai_audit.model import ClipUse, Media, MediaJob, Plan, Span, TimelineInfo
from otio_ai_audit.timeline import Said

RATE = F(24)


def use(
    number: int, name: str, path: str = "", start: int = 0, frames: int = 48, **changes: object
) -> ClipUse:
    base = {
        "id": f"V1/{number:04d}",
        "name": name,
        "media": Media(path or f"/takes/{number}/{name or 'x.mp4'}"),
        "job": 0,
        "record_start": (number - 1) * 48,
        "record_frames": frames,
        "rate": RATE,
        "knots": ((F(0), F(start, 24)), (F(frames, 24), F(start + frames, 24))),
        "visible": (Span(F(start, 24), F(start + frames, 24)),),
        "shown": (((number - 1) * 48, number * 48),),
    }
    return ClipUse(**(base | changes))  # type: ignore[arg-type]


def plan_of(names: Sequence[str | ClipUse]) -> Plan:
    """A plan of clips by name; each has a medium of its own."""
    uses = [one if isinstance(one, ClipUse) else use(i, one) for i, one in enumerate(names, start=1)]
    media = list(dict.fromkeys(one.media for one in uses))
    info = TimelineInfo("Advert", RATE, 86400, False, 48 * len(uses), "advert.otio", "01:00:00:00")
    return Plan(
        info,
        tuple(one if one.job else _with_job(one, media.index(one.media)) for one in uses),
        tuple(MediaJob(one) for one in media),
    )


def _with_job(one: ClipUse, job: int) -> ClipUse:
    from dataclasses import replace

    return replace(one, job=job)


def said_of(plan: Plan, **changes: Said) -> dict[str, Said]:
    """What the edit says; keyword ``V1_0002`` for clip V1/0002."""
    said = {one.id: Said(one.name) for one in plan.uses}
    return said | {key.replace("_", "/"): value for key, value in changes.items()}


def subjects_of(plan: Plan) -> dict[str, list[str]]:
    """Subject → names of its clips."""
    found: dict[str, list[str]] = {}
    for one in plan.uses:
        for subject in one.subjects:
            found.setdefault(subject.name, []).append(one.name)
    return found


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
