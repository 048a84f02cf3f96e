"""Which markers of ours an audit leaves where they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from ..model import STANDING, WARNING, ClipResult, Failure, KnownFinding, Placed, SeenMarker
from .colors import moods
from .notes import person_text, verdict_of, without_verdict
from .words import LABELS, is_summary, is_unchecked, labels_of, named


def review(
    seen: Sequence[SeenMarker],
    placed: Sequence[Placed],
    known: Iterable[KnownFinding] = (),
    *,
    failures: Iterable[Failure | ClipResult] = (),
    detectors: Collection[str] | None = None,
) -> tuple[SeenMarker, ...]:
    """Decide which markers of ours a new audit leaves where they are (`SeenMarker.stands`).

    These stand: what somebody claimed by another colour; what a person dismissed on the spot, as
    long as the fault is there, so that the verdict travels with the edit; what carries a person's
    words and is not written again; and what could not be looked at this time.

    Parameters
    ----------
    seen
        Markers that the edit came with.
    placed, known
        What `otio_ai_audit.verdicts.assign` returned.
    failures
        Clips that could not be looked at.
    detectors
        Ids of the detectors that ran; None: all of them.
    """
    ledger = {finding.id: finding for finding in known}
    present = {p.id: p for p in placed if p.state != "fixed"}
    marked = {p.id for p in placed if p.state in STANDING and p.finding.score >= WARNING}
    blind = [(f.record_start, f.record_start + f.record_frames) for f in failures]
    feelings = moods(seen, ledger)
    # What was claimed in one lane is claimed in its copy that came by another.
    claimed = {
        i for marker, mood in zip(seen, feelings, strict=True) if mood == "claimed" for i in marker.ids
    }
    result = []
    for marker, mood in zip(seen, feelings, strict=True):
        if not marker.ids or claimed & {*marker.ids}:
            stands = True
        elif is_summary(marker) or marked & {*marker.ids}:
            stands = False
        else:
            sentences = [ledger[i].message for i in marker.ids if i in ledger]
            sentences += [present[i].finding.message for i in marker.ids if i in present]
            text = person_text(marker, sentences)
            said = mood == "green" or verdict_of(marker, text).kind == "ok"
            here = [present[i] for i in marker.ids if i in present]
            stands = bool(without_verdict(text)) or (said and any(p.state == "dismissed" for p in here))
            if not (stands or here or is_unchecked(marker)):
                stands = any(start <= marker.frame < end for start, end in blind)
                stands = stands or not _ran(marker, ledger, detectors)
        result.append(replace(marker, stands=stands))
    return tuple(result)


def _ran(marker: SeenMarker, ledger: Mapping[str, KnownFinding], detectors: Collection[str] | None) -> bool:
    """Whether the detectors behind a marker looked again; one that nobody knows counts as run."""
    if detectors is None:
        return True
    behind = {f.detector for f in marker.findings} | {ledger[i].detector for i in marker.ids if i in ledger}
    behind = behind or {d for d in LABELS if named(marker.name, labels_of(d))}
    return not behind or bool(behind & {*detectors})
