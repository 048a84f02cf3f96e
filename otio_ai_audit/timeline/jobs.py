"""From what clips use of their media to decoding jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from otio_ai_audit.model import ClipUse, Media, MediaJob, Span
from otio_ai_audit.timeline.retime import merge
from otio_ai_audit.timeline.sources import MediaTime

HANDLE = Fraction(1)
"""Seconds measured on each side of what the edit uses."""
APART = Fraction(30)
"""Seconds between two uses of one medium from which on they are measured apart."""
SHORT = Fraction(30)
"""Media up to this many seconds are measured whole, so their cost is their length."""
MOST = Fraction(3600)


def share_out(
    entries: Sequence[tuple[ClipUse, MediaTime]],
) -> tuple[tuple[ClipUse, ...], tuple[MediaJob, ...]]:
    """Give every medium one job, or several where its uses lie far apart in a long file."""
    needs: dict[Media, list[Span]] = {}
    lengths: dict[Media, Fraction | None] = {}
    for use, timing in entries:
        if use.visible:
            wide = Span(max(Fraction(0), use.visible[0].start - HANDLE), use.visible[-1].end + HANDLE)
        else:
            wide = Span(Fraction(0), HANDLE)
        needs.setdefault(use.media, []).append(wide)
        known = lengths.get(use.media)
        lengths[use.media] = timing.length if known is None else max(known, timing.length or known)
    spans = {media: merge(wide, APART) for media, wide in needs.items()}
    jobs: list[MediaJob] = []
    places: dict[tuple[Media, Span], int] = {}
    uses = []
    for use, _ in entries:
        middle = use.visible[0].start if use.visible else Fraction(0)
        span = next(span for span in spans[use.media] if span.start <= middle < span.end)
        if (use.media, span) not in places:
            places[use.media, span] = len(jobs)
            jobs.append(_job(use.media, span, lengths[use.media]))
        uses.append(replace(use, job=places[use.media, span]))
    return tuple(uses), tuple(jobs)


def _job(media: Media, span: Span, length: Fraction | None) -> MediaJob:
    if media.kind == "still":
        return MediaJob(media, None, cost=0.1)
    if length is not None:
        span = Span(span.start, max(span.start, min(span.end, length + HANDLE)))
    cost = length if length is not None and length <= SHORT else min(span.duration, MOST)
    return MediaJob(media, span, cost=float(cost))
