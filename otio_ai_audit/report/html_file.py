"""The result as one page: a single file that opens from disk, offline, and asks nobody for anything.

Every text from outside (clip names, notes, messages) goes through Jinja's escaping; nothing of it
stands inside a script or a style. The page's policy allows only its own script and style, by hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..model import NOTE, STANDING, WARNING, AuditResult, ClipResult, Placed, severity_of
from ..timecode import to_timecode
from . import drawing, edit_head, edit_pictures, page_parts
from .against import round_two_lines, title
from .edit_clip import clip_view, finding_card
from .edit_pictures import Look, album
from .edit_timeline import lane_order, timeline_view, track_of
from .finding_view import Pictures
from .groups import group_views
from .text import (
    NEVER_CHECKED,
    clips_in_order,
    findings_by_clip,
    is_standing,
    lines_of,
    one_line,
    summary,
    worst_first,
)

STYLES = ("page.css", "uPlot.min.css", "edit.css")
SCRIPTS = (
    *("theme.js", "uPlot.iife.min.js", "kept.js", "page.js", "page_filter.js", "page_timeline.js"),
    *("page_look.js", "page_curves.js", "page_say.js", "page_keys.js"),
)
_KIND_WORDS = {"clean": "nothing found", "failed": "not checked"}


def to_html(result: AuditResult) -> str:
    """Return a result as one self-contained page."""
    return page_parts.render("page.html", STYLES, SCRIPTS, _view(result))


def write(result: AuditResult, path: Path) -> None:
    """Write a result as one self-contained page."""
    path.write_bytes(to_html(result).encode("utf-8"))


def _view(result: AuditResult) -> Mapping[str, Any]:
    pairs = worst_first(result)
    ordered = clips_in_order(result)
    grouped = findings_by_clip(result)
    anchors = {clip.id: f"clip-{number}" for number, clip in enumerate(ordered, start=1)}
    places = _places([p for found in grouped.values() for p in found])
    kinds = {clip.id: _kind(clip, grouped.get(clip.id, ())) for clip in result.clips}
    names = {clip.id: title(clip) for clip in result.clips}
    pictures = Pictures(edit_pictures.ROOM)
    groups = group_views(result, anchors, names, kinds, pictures.url, _odd(result))
    made = album(result, pairs, names, pictures)
    clips = [
        clip_view(result, clip, found, kinds[clip.id], anchors[clip.id], places, names, made)
        for clip, found in pairs
    ]
    audited = [clip for clip in ordered if clip.status == "audited"]
    detectors = list(dict.fromkeys([*result.detectors, *(p.finding.detector for p in result.findings)]))
    states = {p.state for p in result.findings}
    return {
        "result": result,
        "name": one_line(result.info.name) or one_line(result.info.source) or "Audit",
        "facts": edit_head.facts(result),
        "summary": summary(result),
        "look": any(is_standing(p) for p in result.findings),
        "tiles": edit_head.tiles(result),
        "checked": ", ".join(map(one_line, result.detectors)) or "nothing",
        "never_checked": NEVER_CHECKED,
        "unasked": edit_head.unasked(result),
        "looked_at": edit_head.looked_at(result),
        "measured_on": edit_head.measured_on(audited),
        "dismissed": edit_head.dismissed([p for found in grouped.values() for p in found], places, names),
        "folded": edit_head.SHOWN,
        "notices": lines_of(result.notices),
        "rounds": round_two_lines(result),
        "timeline": timeline_view(result, ordered, grouped, kinds, anchors, places),
        "clips": clips,
        "groups": groups,
        "gone": [finding_card(p, Look(p), places[id(p)], {}) for p in grouped.get("", [])],
        "failed": _set_aside(result, "failed", anchors),
        "skipped": _set_aside(result, "skipped", anchors),
        "detectors": [one_line(name) for name in detectors],
        "states": [state for state in ("new", "open", "fixed", "dismissed") if state in states],
        "tracks": sorted({track_of(clip) for clip in audited} - {""}, key=lane_order, reverse=True),
        "subjects": sorted({one_line(clip.subject) for clip in audited if clip.subject} - {""}),
        "generators": sorted({clip.generator for clip in clips} - {""}),
        "some_unknown": any(not clip.generator for clip in clips),
        "curve_size": (drawing.WIDTH, drawing.HEIGHT),
        "limits": (WARNING, NOTE),
        "kind_words": _KIND_WORDS,
        "licence": page_parts.asset("uPlot.LICENSE.txt"),
    }


def _places(findings: Iterable[Placed]) -> dict[int, str]:
    """Where each finding stands on the page: named by its id, which the next audit gives it again."""
    taken: set[str] = set()
    places = {}
    for placed in findings:
        stem = "f-" + (re.sub(r"[^A-Za-z0-9_-]+", "-", placed.id)[:40] or "x")
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        places[id(placed)] = name
    return places


def _odd(result: AuditResult) -> dict[str, bytes | None]:
    """Clips that do not match those of their subject, with the frame that shows it."""
    odd: dict[str, bytes | None] = {}
    for placed in sorted(result.findings, key=lambda p: (-p.finding.score, p.id)):
        if placed.finding.detector == "mismatch" and is_standing(placed):
            odd.setdefault(placed.finding.use, result.stills.get(placed.id))
    return odd


def _kind(clip: ClipResult, findings: Iterable[Placed]) -> str:
    """Say what a clip looks like on the page: what is below warning does not colour it."""
    if clip.status != "audited":
        return clip.status
    worst = max((p.finding.score for p in findings if p.state in STANDING), default=0.0)
    return severity_of(worst) if worst >= WARNING else "clean"


def _set_aside(result: AuditResult, status: str, anchors: Mapping[str, str]) -> Sequence[Mapping[str, str]]:
    return [
        {
            "anchor": anchors[clip.id],
            "id": one_line(clip.id),
            "name": one_line(clip.name) or one_line(clip.id),
            "timecode": to_timecode(result.info.start_frame + clip.record_start, result.info),
            "reason": one_line(clip.reason or "no reason given"),
            "media": one_line(clip.media or ""),
        }
        for clip in clips_in_order(result)
        if clip.status == status
    ]
