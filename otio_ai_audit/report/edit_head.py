"""The head of the page of an edit: what was looked at and what was not, so that somebody can sign for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model import AuditResult, ClipResult, Placed
from .text import clean, counted, is_standing, not_asked, one_line

SHOWN = 12
"""Names in a sentence, and lines of what was dismissed before they are folded."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A finding that somebody set aside."""

    anchor: str
    label: str
    clip: str
    timecode: str
    by: str
    text: str


def facts(result: AuditResult) -> list[str]:
    """Say in a line what the edit is."""
    info = result.info
    rate = float(info.rate)
    said = [
        one_line(info.source) if info.source != info.name else "",
        f"{rate:.6g} frames per second" + (", drop frame" if info.drop_frame else ""),
        f"starts at {one_line(info.start_timecode)}" if info.has_edit else "",
        counted(info.frames, "frame") if info.frames else "",
        f"audited {one_line(result.finished).replace('T', ' ')}" if result.finished else "",
        f"in {result.seconds:.0f} s" if result.seconds >= 1 else "",
    ]
    return [fact for fact in said if fact]


def tiles(result: AuditResult) -> list[tuple[str, int, str]]:
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


def unasked(result: AuditResult) -> str:
    """Say what a detector could have looked for that did not run; empty where all did."""
    return ", ".join(not_asked(result.detectors))


def measured_on(clips: Sequence[ClipResult]) -> str:
    """Say whether originals or proxies were looked at."""
    audited = [clip for clip in clips if clip.status == "audited"]
    proxies = [clip for clip in audited if any("proxy" in note.casefold() for note in clip.notes)]
    if not audited:
        return "nothing"
    if not proxies:
        return "the originals, all of them"
    names = list(dict.fromkeys(one_line(clip.name) or one_line(clip.id) for clip in proxies))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    rest = len(audited) - len(proxies)
    said = f"proxies for {counted(len(proxies), 'clip')}: {', '.join(names[:SHOWN])}{more}"
    return f"{said}; the originals for {rest}" if rest else said


def dismissed(
    findings: Sequence[Placed], places: Mapping[int, str], names: Mapping[str, str]
) -> list[Dismissed]:
    """List what people set aside, and who did."""
    return [
        Dismissed(
            anchor=places[id(p)],
            label=one_line(p.finding.label or p.finding.detector),
            clip=one_line(names.get(p.finding.use, p.finding.use)),
            timecode=one_line(p.timecode),
            by=one_line(p.by) or "nobody knows who",
            text=clean(p.text),
        )
        for p in findings
        if p.state == "dismissed"
    ]


def looked_at(result: AuditResult) -> str:
    """Say how much of the edit was looked at."""
    status = {s: sum(c.status == s for c in result.clips) for s in ("audited", "failed", "skipped")}
    said = f"{status['audited']} of {counted(status['audited'] + status['failed'], 'clip')}"
    if status["failed"]:
        said += f"; {status['failed']} could not be looked at, with the reasons below"
    if status["skipped"]:
        said += f"; {status['skipped']} skipped (titles, generators, disabled)"
    return said
