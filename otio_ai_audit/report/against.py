"""Round two: what an earlier result found, and what has become of it.

A finding is the same when detector and media are the same and the source intervals overlap by half of
the shorter one: a fault that has grown is still there, and must not be called fixed.
Where the media were replaced by the next version (``v012`` → ``v013``), the clip is found by its
shot, and the finding by detector and interval. What is not found again is *fixed* only where it
was looked for: a clip that could not be audited this time, or a detector that did not run, leaves
the finding *open*. `Placed.by` says in words where a state comes from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import PurePosixPath, PureWindowsPath
from typing import TypeAlias

from ..model import WARNING, AuditResult, ClipResult, Finding, Placed, TimelineInfo, severity_of
from .earlier import Earlier, EarlierClip, EarlierFinding, read_earlier
from .text import counted, one_line

__all__ = ["compare", "read_earlier", "round_two_lines"]

GONE = "no longer in the edit"
TRIMMED = "trimmed away"
NOT_FOUND = "not found again"
NOT_LOOKED_AT = "not looked at this time"
FAINTER = "fainter than before"
WORSE = "worse than before"
BACK = "back again"

Place: TypeAlias = Callable[[Finding], tuple[int, int, str] | None]
"""Where a finding stands: timeline frame, frames and timecode; None where it is not shown."""


def compare(result: AuditResult, earlier: Earlier, place: Place | None = None) -> AuditResult:
    """Return the result with states relative to an earlier one.

    Parameters
    ----------
    result
        What an audit found.
    earlier
        What `read_earlier` read.
    place
        Says where on the timeline a finding stands (as for `verdicts.assign`); without it a fixed
        finding is placed by the clip's visible range, exact for clips without variable speed.

    Returns
    -------
    AuditResult
        Every finding new, open or dismissed, and every earlier one that is not among them added:
        ``fixed`` at its place, or ``open`` where nobody looked.
    """
    shots = _Shots(result)
    olds: dict[int, list[EarlierFinding]] = {}
    lost = []
    for old in earlier.findings:
        partners = shots.partners(old)
        for index in partners:
            olds.setdefault(index, []).append(old)
        if not partners and old.state != "fixed":
            lost.append(_lost(old, result, shots, place))
    placed = [_restated(item, olds.get(index, [])) for index, item in enumerate(result.findings)]
    seen: set[tuple[str, str, str, int]] = set()
    for item in lost:
        sign = (item.id, item.finding.detector, item.finding.use, item.timeline_frame)
        if sign not in seen:
            placed.append(item)
        seen.add(sign)
    return replace(result, findings=tuple(placed), against=earlier.name)


def round_two_lines(result: AuditResult) -> tuple[str, ...]:
    """Say clip by clip what has become of earlier findings: ``truck v013: flicker fixed, new pop``.

    Empty for a result that was not compared. What never reached warning is left out.
    """
    if not result.against:
        return ()
    told = [p for p in result.findings if p.finding.score >= WARNING or p.by == FAINTER]
    counts = Counter(p.state for p in told)
    words = ", ".join(f"{counts[state]} {state}" for state in ("fixed", "new", "open", "dismissed"))
    lines = [f"Against {one_line(result.against)}: {words}."]
    for clip in sorted(result.clips, key=lambda clip: (clip.record_start, clip.id)):
        mine = [p for p in told if p.finding.use == clip.id and p.state != "dismissed"]
        if mine:
            lines.append(f"{title(clip)}: {_changes(mine)}")
    ids = {clip.id for clip in result.clips}
    gone = [p for p in told if p.finding.use not in ids and p.state == "fixed"]
    lines += dict.fromkeys(one_line(p.by) for p in gone)
    return tuple(lines)


def title(clip: ClipResult | EarlierClip) -> str:
    """Name of a clip as people say it: shot and take where both are known."""
    if clip.shot and clip.take:
        return one_line(f"{clip.shot} {clip.take}")
    return one_line(clip.name) or clip.id


def _changes(placed: Sequence[Placed]) -> str:
    fixed = _named(p for p in placed if p.state == "fixed")
    new = _named(p for p in placed if p.state == "new")
    unseen = _named(p for p in placed if p.state == "open" and p.by == NOT_LOOKED_AT)
    faint = _named(p for p in placed if p.state == "open" and p.by == FAINTER)
    still = _named(p for p in placed if p.state == "open" and p.by not in (NOT_LOOKED_AT, FAINTER))
    parts = [f"{name} fixed" for name in fixed] + [f"new {name}" for name in new]
    parts += [f"{name} fainter" for name in faint] + [f"{name} still open" for name in still]
    return ", ".join(parts + [f"{name} {NOT_LOOKED_AT}" for name in unseen])


def _named(placed: Iterable[Placed]) -> list[str]:
    names = Counter(one_line(p.finding.label or p.finding.detector) for p in placed)
    return [name if count == 1 else f"{name} ({counted(count, 'place')})" for name, count in names.items()]


# --- which clip is which --------------------------------------------------------------------------------

_VERSION = re.compile(
    r"[._\- ]*\bv(?:er(?:sion)?)?[._\- ]?\d{1,5}\b|[._\-]v\d{1,5}(?=[._\-]|$)", re.IGNORECASE
)
_COUNTER = re.compile(r"_\d{4,6}_?$")


def _shot_of(clip: ClipResult | EarlierClip) -> str:
    """Name of a shot without its version, for telling that a file is the next version of another."""
    if clip.shot:
        return clip.shot.casefold()
    name = PurePosixPath(PureWindowsPath(clip.media or clip.name).name).name
    stem = name.rpartition(".")[0] or name
    return _VERSION.sub("", _COUNTER.sub("", stem)).strip(" ._-").casefold()


class _Shots:
    """The clips of a result by content, by stable key and by shot."""

    def __init__(self, result: AuditResult) -> None:
        self.content: dict[str, list[ClipResult]] = {}
        self.key: dict[str, list[ClipResult]] = {}
        self.shot: dict[str, list[ClipResult]] = {}
        self.findings = result.findings
        self.indices: dict[tuple[str, str], list[int]] = {}
        for index, p in enumerate(result.findings):
            self.indices.setdefault((p.finding.detector, p.finding.use), []).append(index)
        contents = {p.finding.use: p.key for p in result.findings}
        for clip in result.clips:
            content = clip.content or contents.get(clip.id, "")
            if content:
                self.content.setdefault(content, []).append(clip)
            if clip.key:
                self.key.setdefault(clip.key, []).append(clip)
            if clip.status != "skipped" and _shot_of(clip):
                self.shot.setdefault(_shot_of(clip), []).append(clip)

    def same(self, old: EarlierFinding) -> list[ClipResult]:
        """Clips that show the same pictures as the earlier finding's clip."""
        same = self.content.get(old.content, []) if old.content else []
        if not same and old.clip is not None and old.clip.key:
            same = self.key.get(old.clip.key, [])
        return same

    def now(self, old: EarlierFinding) -> list[ClipResult]:
        """Clips that show the same pictures, else those of the same shot."""
        same = self.same(old)
        if same or old.clip is None:
            return same
        return self.shot.get(_shot_of(old.clip), [])

    def partners(self, old: EarlierFinding) -> list[int]:
        """Give the places in `findings` of what is the same finding as the earlier one."""
        return [
            index
            for clip in self.now(old)
            for index in self.indices.get((old.finding.detector, clip.id), [])
            if _overlap_by_half(self.findings[index].finding, old.finding)
        ]


def _overlap_by_half(one: Finding, other: Finding) -> bool:
    shared = min(one.start + one.duration, other.start + other.duration) - max(one.start, other.start)
    return shared > 0 and shared >= 0.5 * min(one.duration, other.duration) - 1e-6


# --- what has become of it ------------------------------------------------------------------------------


def _restated(placed: Placed, olds: Sequence[EarlierFinding]) -> Placed:
    """State of a finding of today, given the earlier ones that it is."""
    if placed.state == "dismissed":
        return placed
    standing = [old for old in olds if old.state != "fixed"]
    if not standing:
        return replace(placed, state="new", by=BACK if olds else placed.by)
    seen = min((old.first_seen for old in standing if old.first_seen), default=placed.first_seen)
    placed = replace(placed, first_seen=min(seen, placed.first_seen or seen))
    verdict = [
        old for old in standing if old.state == "dismissed" and old.content and old.content == placed.key
    ]
    if verdict and placed.state == "new":
        # The store of this machine has never met the finding; the earlier result knows the verdict.
        return replace(placed, state="dismissed", by=verdict[0].by or "earlier result")
    before = severity_of(max(old.finding.score for old in standing))
    after = placed.finding.severity
    by = placed.by
    if before != after:
        rank = ("none", "note", "warning", "error")
        by = FAINTER if rank.index(after) < rank.index(before) and after == "note" else by
        by = WORSE if rank.index(after) > rank.index(before) else by
    return replace(placed, state="open", by=by)


def _lost(old: EarlierFinding, result: AuditResult, shots: _Shots, place: Place | None) -> Placed:
    """Give an earlier finding that is not among those of today its state."""
    clips = shots.now(old)
    audited = [clip for clip in clips if clip.status == "audited"]
    if not audited:
        failed = [clip for clip in clips if clip.status == "failed"]
        if failed:
            return _carried(old, failed[0], "open", NOT_LOOKED_AT, result.info, place)
        name = title(old.clip) if old.clip else f"The clip at {old.timecode}"
        return _carried(old, None, "fixed", old.by or f"{name} is {GONE}", result.info, None)
    shown = [clip for clip in audited if _is_shown(old.finding, clip)]
    clip = (shown or audited)[0]
    if old.finding.detector not in result.detectors:
        return _carried(old, clip, "open", NOT_LOOKED_AT, result.info, place)
    if not shown:
        return _carried(old, clip, "fixed", TRIMMED, result.info, place)
    same = clip in shots.same(old)
    by = NOT_FOUND if same else f"not found in {title(clip)}"
    return _carried(old, clip, "fixed", by, result.info, place)


def _is_shown(finding: Finding, clip: ClipResult) -> bool:
    if not clip.visible:
        return True
    end = finding.start + finding.duration
    return any(min(end, stop) - max(finding.start, start) > 1e-6 for start, stop in clip.visible)


def _carried(
    old: EarlierFinding,
    clip: ClipResult | None,
    state: str,
    by: str,
    info: TimelineInfo,
    place: Place | None,
) -> Placed:
    """Make an earlier finding a part of today's result, at its place in today's edit."""
    finding = replace(old.finding, use=clip.id if clip else "", related=())
    where = (old.timeline_frame, old.timeline_frames, old.timecode)
    if clip is not None:
        placed = place(finding) if place is not None and clip.status == "audited" else None
        where = placed or _rough_place(old, clip, info)
    return Placed(
        id=old.id,
        finding=finding,
        state="fixed" if state == "fixed" else "open",
        first_seen=old.first_seen,
        timeline_frame=where[0],
        timeline_frames=where[1],
        timecode=where[2],
        key=old.content,
        by=by,
        text=old.text,
    )


def _rough_place(old: EarlierFinding, clip: ClipResult, info: TimelineInfo) -> tuple[int, int, str]:
    """Place by the clip's visible range; without one, as far into the clip as it was before."""
    from ..timeline import to_timecode

    shown = sum(end - start for start, end in clip.visible)
    if shown > 0:
        per_second = Fraction(clip.record_frames) / Fraction(shown)
        offset = round((Fraction(old.finding.start) - Fraction(clip.visible[0][0])) * per_second)
        length = round(Fraction(old.finding.duration) * per_second)
    else:
        offset = old.timeline_frame - (old.clip.record_start if old.clip else old.timeline_frame)
        length = old.timeline_frames
    offset = max(0, min(offset, clip.record_frames - 1))
    length = max(1, min(length, clip.record_frames - offset))
    frame = clip.record_start + offset
    return frame, length, to_timecode(info.start_frame + frame, info)
