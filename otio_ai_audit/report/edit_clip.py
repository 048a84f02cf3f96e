"""A clip of an edit and its findings, as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model import AuditResult, ClipResult, Placed, severity_of
from ..timecode import to_timecode
from . import drawing
from .edit_pictures import Album, Look
from .edit_timeline import track_of
from .edit_words import plain_words
from .finding_view import FindingView, finding_view
from .text import counted, is_standing, lines_of, number, one_line, severity_of_clip

CURVE_POINTS = 120
QUIET_POINTS = 60
"""Points of a curve as it is printed, of a clip with findings and of one without."""
MISMATCH = ("drift", "mismatch")
"""Detectors that compare: their worst frame is the odd one out."""


@dataclass(frozen=True, slots=True)
class FindingCard:
    """A finding of a clip: what it says, what there is to see of it, and what a verdict on it needs."""

    shown: FindingView
    look: Look
    evidence: Sequence[tuple[str, str]]
    worst: str
    """Of the frame in the picture: seconds of the source."""
    frame: int
    """Frame of the timeline, from its first."""
    fault: str
    start: float
    duration: float
    odd: bool


@dataclass(frozen=True, slots=True)
class ClipView:
    """A clip as the page shows it."""

    anchor: str
    id: str
    name: str
    track: str
    subject: str
    generator: str
    origin: str
    meta: Sequence[str]
    first: str
    last: str
    media: str
    notes: Sequence[str]
    kind: str
    worst: float
    start: int
    picture: str
    scores: Sequence[tuple[str, float | None, str]]
    findings: Sequence[FindingCard]
    loud: bool
    curves: Sequence[drawing.CurveDrawing]
    """Of detectors that found something, the highest first."""
    lower: Sequence[drawing.CurveDrawing]
    """Of those that did not, where they reach a note."""
    quiet: Sequence[str]
    """Names of the others."""
    axis: tuple[float, float]
    ticks: Sequence[str]
    strip: Sequence[tuple[str, str]]
    key: str
    """Content key, where the medium can be named in a verdict; else empty."""
    label: str
    model: str
    workflow: str
    prompt_hash: str
    seed: str


def clip_view(
    result: AuditResult,
    clip: ClipResult,
    findings: Sequence[Placed],
    kind: str,
    anchor: str,
    places: Mapping[int, str],
    names: Mapping[str, str],
    album: Album,
) -> ClipView:
    """Prepare a clip for the page.

    Parameters
    ----------
    kind, anchor
        How it fared, and where it stands on the page.
    places
        `id` of a `Placed` → where it stands on the page.
    names
        `ClipResult.id` → what a clip is called.
    album
        The pictures that the page has room for.
    """
    from ..timeline import file_name

    axis = drawing.time_axis(clip, findings)
    loud = any(is_standing(p) for p in findings)
    drawn, quiet = _curves(clip, findings, axis, CURVE_POINTS if loud else QUIET_POINTS)
    origin = {name: one_line(value) for name, value in clip.provenance.items() if value is not None}
    start = result.info.start_frame + clip.record_start
    meta = [
        one_line(clip.id),
        counted(clip.record_frames, "frame"),
        f"shot {one_line(clip.shot)}" if clip.shot else "",
        f"take {one_line(clip.take)}" if clip.take else "",
        one_line(clip.subject or ""),
    ]
    made_by = [origin.get("generator", ""), origin.get("model", "")]
    seed = origin.get("seed", "")
    return ClipView(
        anchor=anchor,
        id=one_line(clip.id),
        name=one_line(clip.name) or one_line(clip.id),
        track=track_of(clip),
        subject=one_line(clip.subject or ""),
        generator=origin.get("generator", ""),
        origin=", ".join([part for part in made_by if part] + ([f"seed {seed}"] if seed else [])),
        meta=[text for text in meta if text],
        first=to_timecode(start, result.info),
        last=to_timecode(start + clip.record_frames, result.info),
        media=one_line(clip.media or ""),
        notes=lines_of(clip.notes),
        kind=kind,
        worst=severity_of_clip(clip, findings),
        start=clip.record_start,
        picture=album.leads.get(clip.id, ""),
        scores=[(one_line(n), number(s, 4), severity_of(number(s, 4))) for n, s in clip.scores.items()],
        findings=[
            finding_card(p, look, places[id(p)], names)
            for p, look in zip(findings, album.looks[clip.id], strict=True)
        ],
        loud=loud,
        curves=[curve for curve in drawn if curve.ranges and loud],
        lower=[curve for curve in drawn if not (curve.ranges and loud)],
        quiet=quiet,
        axis=axis,
        ticks=[f"{tick:.2f} s" for tick in drawing.ticks(axis)],
        strip=album.strips.get(clip.id, []),
        key="" if clip.content.startswith("use ") else one_line(clip.content),
        label=one_line(file_name(clip.media)) if clip.media else one_line(clip.name),
        model=origin.get("model", ""),
        workflow=origin.get("workflow", ""),
        prompt_hash=origin.get("prompt_hash", ""),
        seed=seed,
    )


def finding_card(placed: Placed, look: Look, anchor: str, names: Mapping[str, str]) -> FindingCard:
    """Prepare a finding for the page."""
    finding = placed.finding
    return FindingCard(
        shown=finding_view(placed, anchor, names, look.picture),
        look=look,
        evidence=plain_words(finding.evidence),
        worst=f"{look.worst:.2f} s",
        frame=max(placed.timeline_frame, 0),
        fault=one_line(finding.label),
        start=number(finding.start, 6) or 0.0,
        duration=number(finding.duration, 6) or 0.0,
        odd=finding.detector in MISMATCH,
    )


def _curves(
    clip: ClipResult, findings: Sequence[Placed], axis: tuple[float, float], points: int
) -> tuple[list[drawing.CurveDrawing], list[str]]:
    drawn, quiet = [], []
    for detector, curve in clip.curves.items():
        mine = [p for p in findings if p.finding.detector == detector]
        picture = drawing.draw_curve(one_line(detector), curve, axis, mine, points)
        if picture is None:
            quiet.append(one_line(detector))
        else:
            drawn.append(picture)
    drawn.sort(key=lambda drawing: -drawing.peak)
    return drawn, quiet
