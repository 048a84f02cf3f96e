"""The result as one page: a single file that opens from disk, offline, and asks nobody for anything.

Every text from outside (clip names, notes, messages) goes through Jinja's escaping; nothing of it
stands inside a script or a style. The page's policy allows only its own script and style, by hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..model import NOTE, WARNING, AuditResult, ClipResult, Placed, Thumbnail, severity_of
from . import drawing, page_parts
from .against import round_two_lines, title
from .finding_view import FindingView, Pictures, beside, drawable, finding_view
from .groups import group_views
from .text import (
    STANDING,
    clips_in_order,
    counted,
    findings_by_clip,
    is_standing,
    lines_of,
    not_checked,
    number,
    one_line,
    severity_of_clip,
    summary,
    worst_first,
)

STRIP_PICTURES = 8
"""Pictures along the time axis of a clip with findings."""
CURVE_POINTS = 300
QUIET_POINTS = 100
"""Points of a curve of a clip with findings, and of one without."""


_KIND_WORDS = {"clean": "nothing found", "failed": "not checked"}


@dataclass(frozen=True, slots=True)
class ClipView:
    """A clip as the page shows it."""

    anchor: str
    id: str
    name: str
    meta: Sequence[str]
    timecode: str
    media: str
    notes: Sequence[str]
    kind: str
    worst: float
    start: int
    picture: str
    region: tuple[float, float, float, float] | None
    scores: Sequence[tuple[str, float | None, str]]
    findings: Sequence[FindingView]
    curves: Sequence[drawing.CurveDrawing] = field(default=())
    quiet: Sequence[str] = field(default=())
    ticks: Sequence[str] = field(default=())
    strip: Sequence[tuple[str, str]] = field(default=())


def to_html(result: AuditResult) -> str:
    """Return a result as one self-contained page."""
    return page_parts.render("page.html", ("page.css",), ("theme.js", "page.js"), _view(result))


def write(result: AuditResult, path: Path) -> None:
    """Write a result as one self-contained page."""
    path.write_bytes(to_html(result).encode("utf-8"))


def _view(result: AuditResult) -> Mapping[str, Any]:
    pairs = worst_first(result)
    anchors = {clip.id: f"clip-{number}" for number, clip in enumerate(clips_in_order(result), start=1)}
    pictures = Pictures()
    clips = _clip_views(result, pairs, anchors, pictures)
    grouped = findings_by_clip(result)
    bars, lanes, height = _overview(result, grouped, anchors)
    detectors = list(dict.fromkeys([*result.detectors, *(p.finding.detector for p in result.findings)]))
    return {
        "result": result,
        "name": one_line(result.info.name) or one_line(result.info.source) or "Audit",
        "facts": _facts(result),
        "summary": summary(result),
        "look": any(is_standing(p) for p in result.findings),
        "tiles": _tiles(result),
        "checked": ", ".join(result.detectors) or "nothing",
        "not_checked": not_checked(result),
        "notices": lines_of(result.notices),
        "rounds": round_two_lines(result),
        "clips": clips,
        "groups": group_views(
            *(result, anchors, {clip.id: title(clip) for clip in result.clips}),
            *({clip.id: _kind(clip, grouped.get(clip.id, ())) for clip in result.clips}, pictures.url),
        ),
        "gone": [finding_view(p, f"gone-{i}", {}) for i, p in enumerate(grouped.get("", []), start=1)],
        "failed": _set_aside(result, "failed", anchors),
        "skipped": _set_aside(result, "skipped", anchors),
        "detectors": detectors,
        "states": [
            s for s in ("new", "open", "fixed", "dismissed") if any(p.state == s for p in result.findings)
        ],
        "bars": bars,
        "lanes": lanes,
        "overview_height": height,
        "overview_width": drawing.OVERVIEW_WIDTH,
        "curve_size": (drawing.WIDTH, drawing.HEIGHT),
        "limits": (WARNING, NOTE),
        "kind_words": _KIND_WORDS,
    }


def _facts(result: AuditResult) -> list[str]:
    info = result.info
    rate = float(info.rate)
    facts = [
        one_line(info.source) if info.source != info.name else "",
        f"{rate:.6g} frames per second" + (", drop frame" if info.drop_frame else ""),
        f"starts at {one_line(info.start_timecode)}" if info.has_edit else "",
        counted(info.frames, "frame") if info.frames else "",
        f"audited {one_line(result.finished).replace('T', ' ')}" if result.finished else "",
        f"in {result.seconds:.0f} s" if result.seconds >= 1 else "",
    ]
    return [fact for fact in facts if fact]


def _tiles(result: AuditResult) -> list[tuple[str, int, str]]:
    """Count what the header shows: kind, number, words."""
    standing = [p for p in result.findings if is_standing(p)]
    states = {s: sum(p.state == s for p in result.findings) for s in ("fixed", "dismissed")}
    new = sum(p.state == "new" for p in standing)
    errors = sum(p.finding.severity == "error" for p in standing)
    status = {s: sum(clip.status == s for clip in result.clips) for s in ("audited", "failed", "skipped")}
    return [
        ("error", errors, "errors"),
        ("warning", len(standing) - errors, "warnings"),
        ("new", new, "new"),
        ("open", len(standing) - new, "open from before"),
        ("fixed", states["fixed"], "fixed"),
        ("dismissed", states["dismissed"], "dismissed"),
        ("clean", status["audited"], "clips checked"),
        ("failed", status["failed"], "not checked"),
        ("skipped", status["skipped"], "skipped"),
    ]


def _overview(
    result: AuditResult, grouped: Mapping[str, Sequence[Placed]], anchors: Mapping[str, str]
) -> tuple[list[drawing.Bar], list[str], int]:
    rows = []
    for clip in clips_in_order(result):
        kind = _kind(clip, grouped.get(clip.id, ()))
        label = f"{one_line(clip.name)}: {_KIND_WORDS.get(kind, kind)}"
        rows.append((clip, anchors[clip.id], kind, label))
    return drawing.draw_overview(rows, result.info.frames)


def _kind(clip: ClipResult, findings: Iterable[Placed]) -> str:
    """Say what a clip looks like on the page: what is below warning does not colour it."""
    if clip.status != "audited":
        return clip.status
    worst = max((p.finding.score for p in findings if p.state in STANDING), default=0.0)
    return severity_of(worst) if worst >= WARNING else "clean"


def _set_aside(result: AuditResult, status: str, anchors: Mapping[str, str]) -> list[Mapping[str, str]]:
    return [
        {
            "anchor": anchors[clip.id],
            "id": one_line(clip.id),
            "name": one_line(clip.name) or one_line(clip.id),
            "timecode": _timecode(result, clip.record_start),
            "reason": one_line(clip.reason or "no reason given"),
            "media": one_line(clip.media or ""),
        }
        for clip in clips_in_order(result)
        if clip.status == status
    ]


def _timecode(result: AuditResult, frame: int) -> str:
    from ..timeline import to_timecode

    return to_timecode(result.info.start_frame + frame, result.info)


# --- one clip ---------------------------------------------------------------------------------------


def _clip_views(
    result: AuditResult,
    pairs: Sequence[tuple[ClipResult, list[Placed]]],
    anchors: Mapping[str, str],
    pictures: Pictures,
) -> list[ClipView]:
    names = {clip.id: title(clip) for clip in result.clips}
    # The worst picture of every clip first; what is left of the budget goes to further ones.
    worst = [_worst_picture(clip, findings, result.stills) for clip, findings in pairs]
    urls = [pictures.url(data) for data, _ in worst]
    views = []
    for (clip, findings), url, (_, first) in zip(pairs, urls, worst, strict=True):
        anchor = anchors[clip.id]
        cards = []
        for i, p in enumerate(findings, start=1):
            compare = beside(p, names, result.stills, pictures) if is_standing(p) else []
            # The clip's own picture shows the first one already, but not beside the others.
            shown = is_standing(p) and (p is not first or compare)
            picture = pictures.url(result.stills.get(p.id)) if shown else ""
            cards.append(finding_view(p, f"{anchor}-{i}", names, picture, compare))
        views.append(_clip_view(result, clip, findings, cards, anchor, url, first, pictures))
    return views


def _worst_picture(
    clip: ClipResult, findings: Sequence[Placed], stills: Mapping[str, bytes]
) -> tuple[bytes | None, Placed | None]:
    """Picture of a clip, and the finding whose worst frame it shows."""
    for placed in findings:
        if placed.state in STANDING and placed.id in stills:
            return stills[placed.id], placed
    if findings and findings[0].state in STANDING:
        finding = findings[0].finding
        moment = finding.worst if finding.worst is not None else finding.start + finding.duration / 2
        nearest = _nearest(clip.strip, moment)
        return (nearest.data if nearest else None), findings[0]
    axis = drawing.time_axis(clip, findings)
    nearest = _nearest(clip.strip, (axis[0] + axis[1]) / 2)
    return (nearest.data if nearest else None), None


def _nearest(strip: Sequence[Thumbnail], moment: float) -> Thumbnail | None:
    return min(strip, key=lambda thumbnail: abs(thumbnail.time - moment), default=None)


def _clip_view(
    result: AuditResult,
    clip: ClipResult,
    findings: Sequence[Placed],
    cards: Sequence[FindingView],
    anchor: str,
    url: str,
    first: Placed | None,
    pictures: Pictures,
) -> ClipView:
    kind = _kind(clip, findings)
    axis = drawing.time_axis(clip, findings)
    loud = any(is_standing(p) for p in findings)
    curves, quiet = _curves(clip, findings, axis, CURVE_POINTS if loud else QUIET_POINTS)
    end = clip.record_start + clip.record_frames
    meta = [
        one_line(clip.id),
        counted(clip.record_frames, "frame"),
        f"shot {one_line(clip.shot)}" if clip.shot else "",
        f"take {one_line(clip.take)}" if clip.take else "",
        one_line(clip.subject or ""),
    ]
    return ClipView(
        anchor=anchor,
        id=one_line(clip.id),
        name=one_line(clip.name) or one_line(clip.id),
        meta=[text for text in meta if text],
        timecode=f"{_timecode(result, clip.record_start)} – {_timecode(result, end)}",
        media=one_line(clip.media or ""),
        notes=lines_of(clip.notes),
        kind=kind,
        worst=severity_of_clip(clip, findings),
        start=clip.record_start,
        picture=url,
        region=drawable(first.finding.region) if first else None,
        scores=[(one_line(n), number(s, 4), severity_of(number(s, 4))) for n, s in clip.scores.items()],
        findings=cards,
        curves=curves,
        quiet=quiet,
        ticks=[f"{tick:.2f} s" for tick in drawing.ticks(axis)] if curves else [],
        strip=_strip(clip, axis, pictures) if loud and curves else [],
    )


def _curves(
    clip: ClipResult, findings: Sequence[Placed], axis: tuple[float, float], points: int
) -> tuple[list[drawing.CurveDrawing], list[str]]:
    drawn, quiet = [], []
    for detector, curve in clip.curves.items():
        mine = [p for p in findings if p.finding.detector == detector]
        picture = drawing.draw_curve(detector, curve, axis, mine, points)
        if picture is None:
            quiet.append(one_line(detector))
        else:
            drawn.append(picture)
    drawn.sort(key=lambda drawing: -drawing.peak)
    return drawn, quiet


def _strip(clip: ClipResult, axis: tuple[float, float], pictures: Pictures) -> list[tuple[str, str]]:
    """Pictures for evenly spaced moments along the axis: (data URL, moment)."""
    if len(clip.strip) < 2:
        return []
    count = min(STRIP_PICTURES, len(clip.strip))
    step = (axis[1] - axis[0]) / count
    strip = []
    for i in range(count):
        thumbnail = _nearest(clip.strip, axis[0] + (i + 0.5) * step)
        url = pictures.url(thumbnail.data) if thumbnail else ""
        if thumbnail is None or not url:
            return []
        strip.append((url, f"{thumbnail.time:.2f} s"))
    return strip
