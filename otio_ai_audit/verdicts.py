"""Which finding is which, from run to run, and what a person said about it.

**The same finding** is the same detector on the same media content, where at least half of what is
found now lies in what was found then. Half of the new interval, because a trim must never lose a
verdict however much it takes away, while a clip that is let out to show more than twice what a
person judged is a new question. Partners are found one to one within a use, best overlap first; two
uses of the same pictures share a finding. An interval is remembered at its widest until a person
dismisses it; from then on it keeps what they judged, so that a verdict does not creep along by slips.

**A verdict lasts.** It is read from markers of ours (see `otio_ai_audit.markings`) and kept in
`KnownFinding`. A marker that is found in our own colour again does not take it back: that is what an
older copy of the edit looks like. A note that begins with ``not ok`` does, and so does
``otio-ai-audit verdict``. Of markers that disagree within one run, the dismissal wins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from .markings import (
    COLORS,
    OTHER_COLOR,
    SEPARATOR,
    is_summary,
    is_unchecked,
    labels_of,
    moods,
    named,
    own_color,
    person_text,
    review,
    verdict_of,
)
from .model import Finding, KnownFinding, Placed, SeenMarker, State

__all__ = ["assign", "review", "same"]

DELETED = "marker deleted"
"""Where a dismissal came from, beside ``green marker`` and ``note``."""
HALF = 0.5
_SLACK = 1e-6
"""Seconds: less than any frame, more than any float noise."""


def assign(
    findings: Sequence[Finding],
    keys: Mapping[str, str],
    known: Sequence[KnownFinding],
    seen: Sequence[SeenMarker],
    place: Callable[[Finding], tuple[int, int, str]],
    now: str,
    deleted: Collection[str] = (),
) -> tuple[list[Placed], list[KnownFinding]]:
    """Give every finding its lasting id, its state and its place.

    Parameters
    ----------
    findings
        What the detectors report, in any order.
    keys
        `ClipUse.id` → content key of its media.
    known
        What the store remembers of these media, and of the ids on `seen` where it can say.
    seen
        Markers that the edit came with, from any lane.
    place
        Finding → first timeline frame, frames, timecode.
    now
        ISO date and time.
    deleted
        Ids of findings whose marker a person deleted from an open timeline.

    Returns
    -------
    placed : list of Placed
        One for each finding, in their order; states are ``new``, ``open`` and ``dismissed``.
    known : list of KnownFinding
        All that was known, brought up to date, and what is new; the caller remembers them.

    Notes
    -----
    An id is the first six hex digits of a hash of detector, label, content key and first interval,
    so two machines agree on it. Where the store is lost, our metadata on a marker say all that is needed;
    in a lane that drops metadata, an id that nobody knows is adopted by the finding of the same
    name at the marker's place. This is not done where the store knows something of these media:
    then an unknown id belongs to a file that was replaced, and a new file starts clean.
    """
    ledger = _Ledger(known, seen)
    places = [place(finding) for finding in findings]
    ids = ledger.identify(findings, keys)
    if not known:
        ids = _adopt(ledger, findings, ids, places, seen)
    _hear(ledger, findings, ids, seen, deleted)
    placed = []
    for finding, id_, (frame, frames, timecode) in zip(findings, ids, places, strict=True):
        entry = ledger.update(id_, finding, now)
        state: State = "open" if id_ in ledger.earlier else "new"
        placed.append(
            Placed(
                id=id_,
                finding=finding,
                state="dismissed" if entry.dismissed else state,
                first_seen=entry.first_seen,
                timeline_frame=frame,
                timeline_frames=frames,
                timecode=timecode,
                key=entry.key,
                by=entry.by if entry.dismissed else "",
                text=entry.text,
            )
        )
    return placed, list(ledger.entries.values())


def same(finding: Finding, known: KnownFinding) -> bool:
    """Whether half of a finding lies in a known one of the same detector (media are not compared)."""
    return finding.detector == known.detector and _shared(finding, known) >= _half(finding)


def _half(finding: Finding) -> float:
    return max(HALF * finding.duration - _SLACK, _SLACK)


def _shared(one: Finding | KnownFinding, other: Finding | KnownFinding) -> float:
    return min(one.start + one.duration, other.start + other.duration) - max(one.start, other.start)


def _likeness(finding: Finding, known: KnownFinding) -> float:
    """Shared part of what both cover together, in [0, 1]."""
    shared = _shared(finding, known)
    return shared / max(finding.duration + known.duration - shared, _SLACK)


# --- identity ----------------------------------------------------------------------------------------


class _Ledger:
    """Everything known by id, and by detector and content."""

    def __init__(self, known: Iterable[KnownFinding], seen: Sequence[SeenMarker]) -> None:
        self.entries: dict[str, KnownFinding] = {}
        self.by_content: dict[tuple[str, str], list[str]] = {}
        for entry in known:
            self._add(entry)
        for marker in seen:
            for entry in marker.findings:
                if entry.id not in self.entries:
                    self._add(entry)
        self.earlier = set(self.entries)
        self.taken = {id_ for marker in seen for id_ in marker.ids}

    def _add(self, entry: KnownFinding) -> None:
        self.entries[entry.id] = entry
        self.by_content.setdefault((entry.detector, entry.key), []).append(entry.id)

    def identify(self, findings: Sequence[Finding], keys: Mapping[str, str]) -> list[str]:
        """Give each finding an id: a known one of the same finding, else a new one."""
        groups: dict[tuple[str, str, str], list[int]] = {}
        for index, finding in enumerate(findings):
            key = keys.get(finding.use) or f"use {finding.use}"
            groups.setdefault((finding.use, finding.detector, key), []).append(index)
        ids = [""] * len(findings)
        for (_, detector, key), indices in groups.items():
            self._match(findings, indices, self.by_content.get((detector, key), []), ids)
            for index in sorted(indices, key=lambda i: (findings[i].start, findings[i].duration)):
                if not ids[index]:
                    ids[index] = self._create(findings[index], key)
        return ids

    def _match(
        self, findings: Sequence[Finding], indices: Sequence[int], known: Sequence[str], ids: list[str]
    ) -> None:
        pairs = [
            (-_likeness(findings[index], entry), findings[index].label != entry.label, index, id_)
            for index in indices
            for id_, entry in ((id_, self.entries[id_]) for id_ in known)
            if same(findings[index], entry)
        ]
        used: set[str] = set()
        for _, _, index, id_ in sorted(pairs):
            if not ids[index] and id_ not in used:
                ids[index] = id_
                used.add(id_)

    def _create(self, finding: Finding, key: str) -> str:
        seed = f"{finding.detector}\n{finding.label}\n{key}\n{finding.start:.3f}\n{finding.duration:.3f}"
        for attempt in range(1 << 24):
            salt = f"\n{attempt}" if attempt else ""
            id_ = hashlib.sha256((seed + salt).encode()).hexdigest()[:6]
            if id_ not in self.entries:
                break
        if id_ in self.taken:  # a marker already speaks of it: only the store has forgotten
            self.earlier.add(id_)
        self._add(
            KnownFinding(
                id_,
                finding.detector,
                key,
                finding.start,
                finding.duration,
                first_seen="",
                label=finding.label,
            )
        )
        return id_

    def judged_before(self, finding: Finding, key: str) -> KnownFinding | None:
        """Find a dismissal that covers half of a finding whose own partner another one has taken."""
        entries = [self.entries[id_] for id_ in self.by_content.get((finding.detector, key), [])]
        return next((entry for entry in entries if entry.dismissed and same(finding, entry)), None)

    def rename(self, old: str, new: str) -> None:
        """Give a new entry the id under which a marker already speaks of it."""
        entry = replace(self.entries.pop(old), id=new)
        content = self.by_content[entry.detector, entry.key]
        content[content.index(old)] = new
        self.entries[new] = entry
        self.earlier.add(new)

    def update(self, id_: str, finding: Finding, now: str) -> KnownFinding:
        """Bring an entry up to date with what was found now."""
        entry = self.entries[id_]
        start, end = entry.start, entry.start + entry.duration
        if not entry.dismissed:
            start, end = min(start, finding.start), max(end, finding.start + finding.duration)
        entry = replace(
            entry,
            start=start,
            duration=end - start,
            first_seen=entry.first_seen or now,
            label=finding.label or entry.label,
            message=finding.message,
        )
        self.entries[id_] = entry
        return entry


def _adopt(
    ledger: _Ledger,
    findings: Sequence[Finding],
    ids: Sequence[str],
    places: Sequence[tuple[int, int, str]],
    seen: Sequence[SeenMarker],
) -> list[str]:
    """Where nothing is known, let findings take the ids of the markers that stand on them."""
    ids = list(ids)
    free = {id_ for id_ in ids if id_ not in ledger.taken and id_ not in ledger.earlier}
    for marker in seen:
        unknown = [id_ for id_ in marker.ids if id_ not in ledger.entries]
        if not unknown or is_summary(marker) or is_unchecked(marker):
            continue
        first = _closest(marker, findings, ids, places, free)
        if first is None:
            continue
        color = COLORS.get(findings[first].detector, OTHER_COLOR)
        partners = [ids[first]]
        for index, finding in enumerate(findings):
            beside = finding.use == findings[first].use and COLORS.get(finding.detector, OTHER_COLOR) == color
            if beside and ids[index] in free and ids[index] not in partners:
                partners.append(ids[index])
        for new, old in zip(unknown, partners, strict=False):
            ledger.rename(old, new)
            free.discard(old)
            ids = [new if id_ == old else id_ for id_ in ids]
    return ids


def _closest(
    marker: SeenMarker,
    findings: Sequence[Finding],
    ids: Sequence[str],
    places: Sequence[tuple[int, int, str]],
    free: set[str],
) -> int | None:
    """Find the finding that a marker names and stands on, nearest first frame first."""
    best: tuple[int, int] | None = None
    for index, (finding, (frame, frames, _)) in enumerate(zip(findings, places, strict=True)):
        touches = marker.frame < frame + frames and frame < marker.frame + max(marker.frames, 1)
        if (
            ids[index] in free
            and touches
            and named(marker.name, labels_of(finding.detector, finding.label))
            and own_color(marker) in ("", COLORS.get(finding.detector, OTHER_COLOR))
        ):
            candidate = (abs(marker.frame - frame), index)
            best = candidate if best is None else min(best, candidate)
    return best[1] if best else None


# --- verdicts ------------------------------------------------------------------------------------------


def _hear(
    ledger: _Ledger,
    findings: Sequence[Finding],
    ids: Sequence[str],
    seen: Sequence[SeenMarker],
    deleted: Collection[str],
) -> None:
    """Take a person's verdicts and words from markers of ours into the ledger."""
    messages: dict[str, list[str]] = {}
    for finding, id_ in zip(findings, ids, strict=True):
        messages.setdefault(id_, []).append(finding.message)
    dismissed: dict[str, str] = {id_: DELETED for id_ in deleted if id_ in ledger.entries}
    reopened: set[str] = set()
    for marker, mood in zip(seen, moods(seen, ledger.entries), strict=True):
        mine = [ledger.entries[id_] for id_ in marker.ids if id_ in ledger.entries]
        if not mine:
            continue
        sentences = [m for entry in mine for m in (entry.message, *messages.get(entry.id, ()))]
        text = person_text(marker, sentences)
        labels = {entry.id: labels_of(entry.detector, entry.label) for entry in mine}
        verdict = verdict_of(marker, text, [w for words in labels.values() for w in words])
        for entry in mine:
            covers = verdict.covers(labels[entry.id], alone=len(marker.ids) == 1)
            if mood == "green":
                dismissed[entry.id] = "green marker"
            elif covers and verdict.kind == "ok":
                dismissed.setdefault(entry.id, "note")
            elif covers:
                reopened.add(entry.id)
            _keep_text(ledger, entry.id, marker, text)
    for id_ in reopened - set(dismissed):
        ledger.entries[id_] = replace(ledger.entries[id_], dismissed=False, by="")
    for id_, by in dismissed.items():
        if not ledger.entries[id_].dismissed:
            ledger.entries[id_] = replace(ledger.entries[id_], dismissed=True, by=by)
    for id_ in dict.fromkeys(ids):
        entry = ledger.entries[id_]
        if id_ not in ledger.earlier and not entry.dismissed:
            finding = findings[list(ids).index(id_)]
            judged = ledger.judged_before(finding, entry.key)
            if judged is not None:
                ledger.entries[id_] = replace(entry, dismissed=True, by=judged.by)


def _keep_text(ledger: _Ledger, id_: str, marker: SeenMarker, text: str) -> None:
    """Remember a person's words; forget them only where the marker shows that they took them away."""
    entry = ledger.entries[id_]
    written = next((f.text for f in marker.findings if f.id == id_), "")
    old = "" if written and written == entry.text and written not in text else entry.text
    if not text or text in old:
        text = old
    elif old and old not in text:
        text = old + SEPARATOR + text
    if text != entry.text:
        ledger.entries[id_] = replace(entry, text=text)
