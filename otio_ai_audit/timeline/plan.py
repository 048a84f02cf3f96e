"""Say what an edit uses and what has to be decoded for it.

The walk gives every clip its place; here it gets its medium, its map from record time to media
time, what upper tracks leave of it, and its share of a decoding job. Everything that is not
audited is listed with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import opentimelineio as otio

from otio_ai_audit.model import ClipUse, Failure, Media, Plan, Skipped, Span
from otio_ai_audit.timeline.clips import (
    Clip,
    PlanOptions,
    clip_of,
    clock_of,
    hide,
    info_of,
    knots_of,
    resolver_of,
    whole_ranges,
)
from otio_ai_audit.timeline.effects import speed_words
from otio_ai_audit.timeline.items import Clock, Range
from otio_ai_audit.timeline.jobs import share_out
from otio_ai_audit.timeline.relink import IMAGE_SUFFIXES, file_name
from otio_ai_audit.timeline.retime import Knots, Ranges, join_ranges, media_spans
from otio_ai_audit.timeline.sources import NO_END, MediaTime, media_time, start_timecode_of
from otio_ai_audit.timeline.takes import parse_pattern, shot_and_take
from otio_ai_audit.timeline.walk import walk


@dataclass(slots=True)
class _Book:
    """What a plan collects."""

    uses: list[tuple[ClipUse, MediaTime]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)


def plan(tl: otio.schema.Timeline, options: PlanOptions | None = None) -> Plan:
    """Plan an edit: every clip becomes a use, a skip or a failure, and every medium a job.

    Parameters
    ----------
    tl : opentimelineio.schema.Timeline
        As `read` or `from_media` gives it; it is not changed.
    options : PlanOptions
        Where media are, and how to read what the file does not say.

    Returns
    -------
    Plan
        Uses in record order with job indices; jobs in the order of their first use. No medium is
        opened (except the first bytes of pictures that may carry transparency).

    Raises
    ------
    TimelineError
        If a media file is found several times and nothing tells the places apart.
    """
    options = options or PlanOptions()
    clock, notices = clock_of(tl)
    info = info_of(tl, clock, options, notices)
    resolver = resolver_of(tl, options)
    clips = [clip_of(leaf, resolver, clock) for leaf in walk(tl, clock)]
    if not options.hidden:
        hide(clips)
    book = _Book()
    for clip in sorted(clips, key=lambda clip: (clip.start, clip.leaf.layer, clip.leaf.id)):
        _enter(clip, clock, book)
    if book.lost:
        files = "1 file is" if len(book.lost) == 1 else f"{len(book.lost)} files are"
        notices.append(f"{files} not at hand; {options.relink}")
    uses, jobs = share_out(book.uses)
    return Plan(info, uses, jobs, tuple(book.skipped), tuple(book.failures), tuple(notices))


# --- clip by clip ------------------------------------------------------------------------------------


def _enter(clip: Clip, clock: Clock, book: _Book) -> None:
    leaf, source = clip.leaf, clip.source
    label = str(source.media.path) if source.media else source.label
    reason = clip.dark
    if not reason and not clip.shown and clip.end > clip.start:
        reason = f"Hidden by {clip.hider}." if clip.hider else "Hidden by upper tracks."
    place = (clip.start, clip.end - clip.start, label)
    if reason:
        book.skipped.append(Skipped(leaf.id, clip.name, reason, *place))
        return
    problem, timing = source.problem, None
    if not problem and clip.end == clip.start:
        problem = "The edit gives this clip no length."
    if not problem and source.media is not None:
        timing = media_time(leaf, source, clock)
        problem = timing.problem
    if problem or timing is None or source.media is None:
        if source.relink and source.label:
            book.lost.add(source.label)
        blended = _ranges(clip, leaf.blended)
        held = clip.shown if _may_hold(clip) else ()
        book.failures.append(Failure(leaf.id, clip.name, problem, *place, clip.shown, blended, held))
        return
    book.uses.append((_use(clip, source.media, timing, clock), timing))


def _may_hold(clip: Clip) -> bool:
    """Whether a clip without media repeats frames: it is a still, or slower than its media."""
    look, source = clip.leaf.look, clip.source
    still = Path(file_name(source.label or "")).suffix.lower() in IMAGE_SUFFIXES and not parse_pattern(
        file_name(source.label or "")
    )
    return still or bool(look.keys) or abs(look.speed) < 1


def _ranges(clip: Clip, ranges: Sequence[Range]) -> Ranges:
    """Whole frames of ranges, inside the clip's own record range."""
    inside = [(max(low, clip.start), min(high, clip.end)) for low, high in whole_ranges(ranges)]
    return tuple(join_ranges(one for one in inside if one[0] < one[1]))


def _use(clip: Clip, media: Media, timing: MediaTime, clock: Clock) -> ClipUse:
    leaf, rate = clip.leaf, clock.rate
    knots = knots_of(clip, timing.knots, rate)
    blends = [
        (max(low, Fraction(a)), min(high, Fraction(b))) for low, high in leaf.blended for a, b in clip.seen
    ]
    under = _clip_times(clip, [one for one in blends if one[0] < one[1]], rate)
    seen = _clip_times(clip, clip.seen, rate)
    visible: tuple[Span, ...]
    excused: tuple[Span, ...] = ()
    if media.kind == "still":
        visible = (Span(Fraction(0), 1 / rate),)
    elif timing.open_end:
        visible = (Span(Fraction(0), NO_END),)
    else:
        visible = media_spans(knots, seen, timing.grid, timing.length)
        excused = media_spans(knots, under, timing.grid, timing.length)
    shot, take = shot_and_take(file_name(clip.source.label or clip.name))
    notes = [*clip.source.notes, *timing.notes, *leaf.look.notes]
    if leaf.look.see_through and leaf.layer[0] > 1:
        notes.append(f"Lower tracks show through it ({leaf.look.see_through}); they were audited too.")
    return ClipUse(
        id=leaf.id,
        name=clip.name,
        media=media,
        job=-1,
        record_start=clip.start,
        record_frames=clip.end - clip.start,
        rate=rate,
        knots=knots,
        visible=visible,
        excused=excused,
        shown=clip.shown,
        blended=_ranges(clip, leaf.blended),
        held=_held(clip, knots, timing.grid or rate, rate),
        retime=speed_words(leaf.look),
        shot=shot,
        take=take,
        source_start=None if media.kind != "video" else start_timecode_of(clip.source),
        notes=tuple(notes),
    )


def _clip_times(
    clip: Clip, ranges: Sequence[tuple[Fraction | int, Fraction | int]], rate: Fraction
) -> list[Range]:
    """Record ranges as clip time in seconds; whole frames are relative to the clip's exact start."""
    return [((a - clip.start) / rate, (b - clip.start) / rate) for a, b in ranges]


def _held(clip: Clip, knots: Knots, grid: Fraction, rate: Fraction) -> Ranges:
    """Record ranges in which a media frame stays for longer than one timeline frame."""
    found = []
    for (time0, media0), (time1, media1) in pairwise(knots):
        if abs(media1 - media0) * grid * 100 < (time1 - time0) * rate * 99:
            low = clip.start + math.floor(time0 * rate)
            high = clip.start + math.ceil(time1 * rate)
            found.append((max(low, clip.start), min(high, clip.end)))
    return tuple(join_ranges(one for one in found if one[0] < one[1]))
