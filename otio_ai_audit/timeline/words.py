"""What markers say: one line for an editor, with places as names and timecodes.

No code values and no ids of clips stand here; those are in the report. A note of ours never begins
with ``ok`` (a person's verdict) or a digit (Resolve's import of marker EDLs stumbles over it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from otio_ai_audit.markings import SEPARATOR, SUMMARY, clean, tag
from otio_ai_audit.model import (
    STANDING,
    WARNING,
    AuditResult,
    ClipResult,
    ClipUse,
    Finding,
    Placed,
    Span,
    TimelineInfo,
)
from otio_ai_audit.timecode import frames_to_timecode
from otio_ai_audit.timeline.retime import frames_of

LISTED = 5
"""Further places named in a note; more are counted."""

_CLIP_ID = re.compile(r"\bV\d+/\d{4,}(?:\.\d+)*\b")
_RISKY = re.compile(r"\s*(?:\d|ok(?:ay)?\b|not\s+ok)", re.IGNORECASE)


def timecode(frame: int, info: TimelineInfo) -> str:
    """Timecode of a frame that counts from the timeline's first one."""
    return frames_to_timecode(info.start_frame + frame, info.rate, info.drop_frame)


def called(finding: Finding) -> str:
    """Call a fault by its label: CAPITALS for an error, small with a question mark for a warning."""
    label = clean(finding.label or finding.detector) or "fault"
    return label.upper() if finding.severity == "error" else f"{label.lower()}?"


def marker_name(finding: Finding, subject: str | None = None) -> str:
    """Name a finding's marker; of a subject that does not look like itself, say which."""
    name = called(finding)
    if subject and finding.detector in ("drift", "mismatch"):
        name = f"{name} {clean(subject)}"
    return name.strip()


def finding_body(
    worst: Finding, others: Sequence[Placed], uses: Mapping[str, ClipUse], info: TimelineInfo
) -> str:
    """Say what is wrong, which shots to compare with, and where else in this shot.

    Parameters
    ----------
    worst
        The finding that the marker stands on.
    others
        Further findings of the same shot and colour, in order of time.
    uses
        `ClipUse.id` → use, for names and places of related shots.
    """
    message = _CLIP_ID.sub(lambda match: _shot(match.group(), uses, info), worst.message)
    parts = [_safe(clean(message)) or f"{called(worst)}."]
    named = set(_CLIP_ID.findall(worst.message))
    related = [uses[id_] for id_ in worst.related if id_ in uses and id_ not in named]
    if related:
        names = [f"{_plain(use.name)} ({timecode(use.record_start, info)})" for use in related[:LISTED]]
        rest = f" and {len(related) - LISTED} more" if len(related) > LISTED else ""
        parts.append(f"Compare with {', '.join(names)}{rest}.")
    parts += _beside(worst, uses, info)
    if others:
        places = [f"{_listed(called(p.finding))} at {p.timecode}" for p in others[:LISTED]]
        rest = f" and {len(others) - LISTED} more in the report" if len(others) > LISTED else ""
        parts.append(f"Also here: {', '.join(places)}{rest}.")
    return " ".join(parts)


def _beside(worst: Finding, uses: Mapping[str, ClipUse], info: TimelineInfo) -> list[str]:
    """Say which frames of the shot itself to put beside each other."""
    use = uses.get(worst.use)
    own = next((moment for id_, moment in worst.compare if id_ == worst.use), None)
    if use is None or own is None:
        return []
    frames = [
        frames_of(use, Span(Fraction(at), Fraction(at) + 1 / (2 * use.rate))) for at in (own, worst.moment)
    ]
    places = [timecode(frame[0], info) for frame in frames if frame is not None]
    return [f"Compare {places[0]} with {places[1]}."] if len(set(places)) == 2 else []


def _shot(id_: str, uses: Mapping[str, ClipUse], info: TimelineInfo) -> str:
    use = uses.get(id_)
    return f"{use.name} ({timecode(use.record_start, info)})" if use else "another shot"


def _plain(name: str) -> str:
    return clean(re.sub(r"[()]", " ", name)) or "a shot"


def _listed(label: str) -> str:
    return clean(re.sub(r"[,:;\[\]]", " ", label))[:40].strip()


def unchecked_body(clip: ClipResult) -> str:
    """Say why a clip was not looked at."""
    return _safe(clean(clip.reason or "")) or "Could not be looked at."


def compose(body: str, ids: Iterable[str], texts: Iterable[str] = ()) -> str:
    """Put a note together: a person's words, ours, the ids.

    Words that would themselves be read as a verdict, or begin with a digit, go after ours.
    """
    before: list[str] = []
    after: list[str] = []
    for text in dict.fromkeys(clean(text) for text in texts):
        if text:
            (after if _RISKY.match(text) else before).append(text)
    return f"{SEPARATOR.join([*before, body, *after])} {tag(ids)}"


def _safe(text: str) -> str:
    return f"- {text}" if _RISKY.match(text) else text


def summary_name(finished: str) -> str:
    """Name the summary: ``AUDIT 14:32``."""
    found = re.search(r"[T ](\d\d:\d\d)", finished)
    return f"{SUMMARY} {found.group(1)}" if found else SUMMARY


def summary_body(result: AuditResult, waiting: int, report: str = "") -> str:
    """Say how much there is to look at, what was not checked, and where the report is.

    Parameters
    ----------
    waiting
        Markers that were not written, because there are too many or no frame was free.
    report
        Name of the report; empty where there is none.
    """
    audited = sum(clip.status == "audited" for clip in result.clips)
    failed = sum(clip.status == "failed" for clip in result.clips)
    wanting = {
        p.finding.use
        for p in result.findings
        if p.state in STANDING and p.finding.severity in ("error", "warning")
    }
    shots = audited + failed
    if not shots:
        parts = ["No shot to look at"]
    elif not audited:
        parts = [f"Nothing could be checked: {_shots(failed)} failed"]
    elif wanting:
        parts = [f"Look at {len(wanting)} of {_shots(shots)}"]
    else:
        parts = [f"Nothing found in {_shots(audited)}"]
    if failed and audited:
        parts.append(f"{failed} not checked")
    for state in ("fixed", "dismissed"):
        # Nobody has seen a note: that one is gone is no news. Nor is one fixed whose shot was taken out.
        count = sum(
            p.state == state
            and (state == "dismissed" or (p.finding.score >= WARNING and p.finding.use != ""))
            for p in result.findings
        )
        if count:
            parts.append(f"{count} {state}")
    if waiting:
        words = "1 more marker waits" if waiting == 1 else f"{waiting} more markers wait"
        parts.append(f"{words} in the report")
    if report:
        parts.append(f"report: {clean(report)}")
    told = [clean(notice) for notice in result.notices]
    return " ".join([f"{'; '.join(parts)}.", *[notice for notice in told if notice][:2]])


def _shots(count: int) -> str:
    return "1 shot" if count == 1 else f"{count} shots"
