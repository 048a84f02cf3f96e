"""Which markers an audit sets, and on which frames.

Few: one for each shot and colour, on the worst place; above `LIMIT` only errors, and the summary
says how many wait in the report. One on each frame, because Resolve refuses a second: on a frame
that is taken, ours takes the next free one of the same shot. Ranges end at the cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from otio_ai_audit.markings import (
    COLORS,
    OTHER_COLOR,
    OUR_COLOR,
    UNCHECKED,
    is_summary,
    is_unchecked,
    own_id,
    person_text,
    review,
)
from otio_ai_audit.model import (
    STANDING,
    WARNING,
    AuditResult,
    ClipResult,
    ClipUse,
    Finding,
    KnownFinding,
    Marker,
    Placed,
    SeenMarker,
)
from otio_ai_audit.timeline import words

LIMIT = 60
"""Markers, the summary not counted; above it only errors are set."""

Ranges = Sequence[tuple[int, int]]


@dataclass(slots=True)
class _Wanted:
    """A marker that has no frame yet."""

    placed: list[Placed]
    """Worst first, then in order of time."""
    color: str
    use: ClipUse

    @property
    def worst(self) -> Placed:
        return self.placed[0]

    @property
    def texts(self) -> list[str]:
        return [p.text for p in self.placed if p.text]


def markers_for(
    result: AuditResult,
    uses: Sequence[ClipUse],
    seen: Sequence[SeenMarker] = (),
    *,
    report: str = "",
    least: float = WARNING,
) -> tuple[Marker, ...]:
    """Choose the markers that show a result on its timeline.

    Parameters
    ----------
    result
        Findings with their states, clips that failed, notices and the time.
    uses
        The clips that were audited; they say where each shot ends.
    seen
        Markers that the edit came with; see `otio_ai_audit.markings.review`, which is asked where
        it is not yet decided which of ours stand.
    report
        Name of the report that the summary points to.
    least
        Lowest score that becomes a marker.

    Returns
    -------
    tuple of Marker
        In order of frames. New and open findings at `least` or above, one ``NOT CHECKED`` for
        each clip that failed, and always a summary. Nothing for a finding whose marker stands.
    """
    failed = [clip for clip in result.clips if clip.status == "failed"]
    if any(marker.stands is None for marker in seen):
        seen = review(seen, result.findings, failures=failed, detectors=result.detectors)
    standing = {id_ for marker in seen if marker.stands for id_ in marker.ids}
    frames = _Frames(marker.frame for marker in seen if marker.stands and marker.owner is None)
    by_id = {use.id: use for use in uses}
    wanted = _gather(result.findings, by_id, standing, least)
    unchecked = [clip for clip in failed if own_id(words.unchecked_body(clip)) not in standing]
    total = len(wanted) + len(unchecked)
    if total > LIMIT:
        wanted = [w for w in wanted if w.worst.finding.severity == "error" or w.texts]
        unchecked = unchecked[: max(0, LIMIT - len(wanted))]

    made = [_finding_marker(item, frames, result, by_id) for item in wanted]
    # Which frame of a clip says that it was not checked matters least, unless it has only one.
    made += [_unchecked_marker(clip, frames) for clip in unchecked if clip.record_frames <= 1]
    first = frames.first()
    made += [_unchecked_marker(clip, frames) for clip in unchecked if clip.record_frames > 1]
    markers = [marker for marker in made if marker is not None]
    markers.append(_summary(result, first, total - len(markers), report, seen))
    return tuple(sorted(markers, key=lambda marker: marker.frame))


def attach(
    findings: Sequence[Placed], markers: Sequence[Marker], uses: Sequence[ClipUse]
) -> tuple[Placed, ...]:
    """Tell every finding which marker speaks for it; None where there is none in its shot."""
    rooms = {use.id: _rooms(use) for use in uses}
    speaking: dict[str, list[Marker]] = {}
    for marker in markers:
        for id_ in marker.ids:
            speaking.setdefault(id_, []).append(marker)
    result = []
    for item in findings:
        ranges = rooms.get(item.finding.use, ())
        mine = [
            marker
            for marker in speaking.get(item.id, ())
            if item.state in STANDING and any(start <= marker.frame < end for start, end in ranges)
        ]
        nearest = min(mine, key=lambda marker: abs(marker.frame - item.timeline_frame), default=None)
        result.append(replace(item, marker=nearest))
    return tuple(result)


class _Frames:
    """The frames that carry a marker."""

    def __init__(self, taken: Iterable[int]) -> None:
        self.taken = set(taken)

    def take(self, frame: int, rooms: Ranges) -> int | None:
        """Take a frame or the next free one of the same shot; before it where none follows."""
        after = (range(max(start, frame), end) for start, end in rooms)
        before = (reversed(range(start, min(end, frame))) for start, end in reversed(rooms))
        for candidate in chain.from_iterable(chain(after, before)):
            if candidate not in self.taken:
                self.taken.add(candidate)
                return candidate
        return None

    def first(self) -> int:
        frame = 0
        while frame in self.taken:
            frame += 1
        self.taken.add(frame)
        return frame


def _gather(
    findings: Sequence[Placed], uses: dict[str, ClipUse], standing: set[str], least: float
) -> list[_Wanted]:
    """Group findings by shot and colour; the worst group first, so that it gets its frame."""
    groups: dict[tuple[str, str], list[Placed]] = {}
    for item in findings:
        use = item.finding.use
        speaks = item.state in STANDING and item.finding.score >= least
        if speaks and use in uses and item.id not in standing:
            color = COLORS.get(item.finding.detector, OTHER_COLOR)
            groups.setdefault((use, color), []).append(item)
    wanted = []
    for (use, color), items in groups.items():
        items.sort(key=lambda p: (-p.finding.score, p.timeline_frame, p.id))
        rest = sorted(items[1:], key=lambda p: (p.timeline_frame, p.id))
        wanted.append(_Wanted([items[0], *rest], color, uses[use]))
    wanted.sort(key=lambda w: (-w.worst.finding.score, w.worst.timeline_frame, w.color, w.use.id))
    return wanted


def _rooms(use: ClipUse) -> Ranges:
    return use.shown or ((use.record_start, use.record_start + use.record_frames),)


def _finding_marker(
    item: _Wanted, frames: _Frames, result: AuditResult, uses: dict[str, ClipUse]
) -> Marker | None:
    worst = item.worst
    frame = frames.take(worst.timeline_frame, _rooms(item.use))
    if frame is None:
        return None
    end = next((end for start, end in _rooms(item.use) if start <= frame < end), frame + 1)
    body = words.finding_body(worst.finding, item.placed[1:], uses, result.info)
    ids = tuple(dict.fromkeys(p.id for p in item.placed))
    return Marker(
        frame=frame,
        frames=max(1, min(worst.timeline_frame + worst.timeline_frames, end) - frame),
        color=item.color,
        name=words.marker_name(worst.finding, item.use.subject or _found_subject(worst.finding, result)),
        note=words.compose(body, ids, item.texts),
        ids=ids,
        findings=tuple({p.id: _known(p) for p in item.placed}.values()),
        clip=item.use.id,
    )


def _found_subject(finding: Finding, result: AuditResult) -> str | None:
    """Name of the group of a clip that does not look like the others, where nobody named its subject."""
    if finding.detector != "mismatch":
        return None
    return next((group.name for group in result.groups if finding.use in group.clips), None)


def _known(placed: Placed) -> KnownFinding:
    """Note down what a marker says of a finding where there is no store."""
    finding = placed.finding
    return KnownFinding(
        id=placed.id,
        detector=finding.detector,
        key=placed.key,
        start=finding.start,
        duration=finding.duration,
        first_seen=placed.first_seen,
        label=finding.label,
        text=placed.text,
        message=finding.message,
    )


def _unchecked_marker(clip: ClipResult, frames: _Frames) -> Marker | None:
    end = clip.record_start + max(clip.record_frames, 1)
    frame = frames.take(clip.record_start, ((clip.record_start, end),))
    if frame is None:
        return None
    body = words.unchecked_body(clip)
    ids = (own_id(body),)
    return Marker(frame, end - frame, OUR_COLOR, UNCHECKED, words.compose(body, ids), ids, clip=clip.id)


def _summary(
    result: AuditResult, frame: int, waiting: int, report: str, seen: Sequence[SeenMarker]
) -> Marker:
    """Set the summary on the first free frame; words that a person put into the last one stay."""
    body = words.summary_body(result, waiting, report)
    ids = (own_id(body),)
    texts = [
        person_text(marker)
        for marker in seen
        if is_summary(marker) and not is_unchecked(marker) and not marker.stands
    ]
    note = words.compose(body, ids, texts)
    return Marker(frame, 1, OUR_COLOR, words.summary_name(result.finished), note, ids)
