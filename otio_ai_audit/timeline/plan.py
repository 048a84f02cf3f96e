"""Say what an edit uses and what has to be decoded for it.

The walk gives every clip its place; here it gets its medium, its map from record time to media
time, what upper tracks leave of it, and its share of a decoding job. Everything that is not
audited is listed with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import opentimelineio as otio

from otio_ai_audit.model import ClipUse, Failure, Media, Plan, Skipped, Span, TimelineInfo
from otio_ai_audit.timecode import can_drop, exact_rate, frames_to_timecode, infer_drop_frame
from otio_ai_audit.timeline.alpha import MAY_HAVE_ALPHA, may_be_transparent
from otio_ai_audit.timeline.effects import is_resolve, speed_words
from otio_ai_audit.timeline.jobs import share_out
from otio_ai_audit.timeline.media import Resolver, Source, bundle_of
from otio_ai_audit.timeline.relink import IMAGE_SUFFIXES, Relinker, file_name, parse_map
from otio_ai_audit.timeline.retime import (
    Knots,
    Ranges,
    compose,
    join_ranges,
    media_spans,
    subtract_ranges,
)
from otio_ai_audit.timeline.sources import NO_END, MediaTime, media_time
from otio_ai_audit.timeline.takes import parse_pattern, shot_and_take
from otio_ai_audit.timeline.walk import Clock, Leaf, Range, length_of, walk


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How to plan an edit.

    Media inside an ``.otioz`` are unpacked once into `cache` (None: ``bundles`` in the user's cache
    folder); relative paths start from `base`, the edit's folder, or from the ``.otiod`` itself.
    """

    maps: Sequence[tuple[str, str] | str] = ()
    """Path prefixes to replace, as pairs or as ``OLD=NEW``."""
    media_root: Path | Sequence[Path] | None = None
    base: Path | None = None
    drop_frame: str = "auto"
    hidden: bool = False
    """Audit also what upper tracks hide."""
    source: str = ""
    """File name of the edit."""
    has_edit: bool = True
    """False for a timeline made from bare media."""
    cache: Path | None = None
    start_timecode: Callable[[str], str | None] | None = None
    """Says where a file's timecode begins; asked only where the edit does not say (an EDL)."""
    proxies: Mapping[str, str] = field(default_factory=dict)
    """Path of an original → path of the proxy that stands in for it."""
    relink: str = "--map OLD=NEW or --media-root DIR may help."
    """What a person can do about files that are not at hand."""


@dataclass(slots=True)
class _Clip:
    """A leaf with what was found out about it."""

    leaf: Leaf
    start: int
    end: int
    name: str
    source: Source
    hides: bool = False
    shown: Ranges = ()
    seen: Ranges = ()
    """Record ranges that a viewer sees, dissolves included."""
    hider: str = ""


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
    clock, notices = _clock(tl)
    info = _info(tl, clock, options, notices)
    resolver = _resolver(tl, options)
    clips = [_clip(leaf, resolver, clock) for leaf in walk(tl, clock)]
    _hide(clips, clock, options.hidden)
    book = _Book()
    for clip in sorted(clips, key=lambda clip: (clip.start, clip.leaf.layer, clip.leaf.id)):
        _enter(clip, clock, book)
    if book.lost:
        files = "1 file is" if len(book.lost) == 1 else f"{len(book.lost)} files are"
        notices.append(f"{files} not at hand; {options.relink}")
    uses, jobs = share_out(book.uses)
    return Plan(info, uses, jobs, tuple(book.skipped), tuple(book.failures), tuple(notices))


# --- the timeline as a whole -----------------------------------------------------------------------


def timeline_rate(tl: otio.schema.Timeline) -> Fraction:
    """Frame rate of a timeline: of its start time, else of its first clip, else 24."""
    start = tl.global_start_time
    if start is not None and 1 < start.rate < 1000:
        return exact_rate(start.rate)
    for track in tl.video_tracks():
        for clip in track:
            if isinstance(clip, otio.schema.Clip):
                reference = clip.media_reference
                known = clip.source_range or (reference.available_range if reference is not None else None)
                if known is not None and known.duration.rate > 0:
                    return exact_rate(known.duration.rate)
    for clip in tl.find_clips():
        if clip.source_range is not None and 1 < clip.source_range.duration.rate < 1000:
            return exact_rate(clip.source_range.duration.rate)
    return Fraction(24)


def _clock(tl: otio.schema.Timeline) -> tuple[Clock, list[str]]:
    """Choose how lengths are counted: Resolve may stamp timeline frames with another rate.

    Resolve pads every video track to the timeline's length, so the reading under which the tracks
    come out equally long is the right one.
    """
    rate = timeline_rate(tl)
    clock = Clock(rate)
    if not is_resolve(tl):
        return clock, []
    strange = any(
        child.source_range is not None and clock.exact(child.source_range.duration.rate) != rate
        for track in tl.video_tracks()
        for child in track
        if isinstance(child, otio.schema.Clip)
    )
    if not strange:
        return clock, []
    stamped = Clock(rate, stamped=True)
    as_seconds = {round(length_of(track, clock)) for track in tl.video_tracks()}
    as_frames = {round(length_of(track, stamped)) for track in tl.video_tracks()}
    if len(as_frames) > len(as_seconds) or (len(as_frames) == len(as_seconds) > 1):
        return clock, []
    note = (
        f"Some clips are stamped with another rate than the timeline’s {float(rate):.6g} frames per second; "
        "their lengths were read as timeline frames."
    )
    return stamped, [note]


def _info(tl: otio.schema.Timeline, clock: Clock, options: PlanOptions, notices: list[str]) -> TimelineInfo:
    start = 0
    if tl.global_start_time is not None and tl.global_start_time.rate > 0:
        given = tl.global_start_time
        start = round(Fraction(given.value) * clock.rate / exact_rate(given.rate))
    told = tl.metadata.get("otio_ai_audit") or {}
    notices += [str(one) for one in told.get("notices", ())]
    choice = options.drop_frame
    if choice == "auto" and can_drop(clock.rate):
        choice = told.get("drop_frame", choice)  # as the file said, where its format can
    drop, why = infer_drop_frame(start, clock.rate, choice)
    if why and options.has_edit:
        notices.append(why)
    stem = file_name(options.source).removesuffix(".json")
    stem = Path(stem).stem if options.has_edit or "." in stem else stem
    return TimelineInfo(
        name=tl.name or stem,
        rate=clock.rate,
        start_frame=start,
        drop_frame=drop,
        frames=math.ceil(_total(tl, clock)),
        source=options.source,
        start_timecode=frames_to_timecode(start, clock.rate, drop),
        has_edit=options.has_edit,
    )


def _total(tl: otio.schema.Timeline, clock: Clock) -> Fraction:
    if tl.tracks.source_range is not None:
        return length_of(tl.tracks, clock)
    plain = Clock(clock.rate)
    lengths = []
    for track in tl.tracks:
        audio = getattr(track, "kind", "") == otio.schema.TrackKind.Audio
        lengths.append(length_of(track, plain if audio else clock))
    return max(lengths, default=Fraction(0))


def _resolver(tl: otio.schema.Timeline, options: PlanOptions) -> Resolver:
    maps = [parse_map(one) if isinstance(one, str) else one for one in options.maps]
    roots = options.media_root
    folders = () if roots is None else (Path(roots),) if isinstance(roots, (str, Path)) else tuple(roots)
    bundle, bases = bundle_of(options.base, options.source)
    bases = [Path(base).absolute() for base in bases]
    folders = tuple(Path(folder).absolute() for folder in folders)
    relinker = Relinker(maps, folders, bases, options.proxies)
    start_timecode = options.start_timecode if options.has_edit else None
    return Resolver(relinker, is_resolve(tl), bundle, options.cache, start_timecode)


# --- clip by clip ------------------------------------------------------------------------------------


def _clip(leaf: Leaf, resolver: Resolver, clock: Clock) -> _Clip:
    source = Source() if leaf.off or leaf.look.invisible else resolver.source(leaf.clip, clock.rate)
    media, available = source.media, source.available
    one_frame = available is not None and available.duration.value <= 1 < leaf.length
    if media is not None and media.kind == "video" and one_frame and not leaf.look.keys:
        source = replace(source, media=replace(media, kind="still"))
    start = _nearest(leaf.start)
    end = max(start, _nearest(leaf.start + leaf.frames))
    name = leaf.clip.name or (file_name(source.label) if source.label else leaf.id)
    return _Clip(leaf, start, end, name, source)


def _nearest(frames: Fraction) -> int:
    return frames.numerator if frames.denominator == 1 else math.floor(frames + Fraction(1, 2))


def _hide(clips: Sequence[_Clip], clock: Clock, everything: bool) -> None:
    """Give each clip the record ranges that no upper clip hides, from the top layer down."""
    covers: list[tuple[int, int]] = []
    owners: list[tuple[int, int, str]] = []
    layers: dict[tuple[int, ...], list[_Clip]] = {}
    for clip in clips:
        layers.setdefault(clip.leaf.layer, []).append(clip)
    for layer in sorted(layers, reverse=True):
        fresh: list[tuple[int, int]] = []
        for clip in layers[layer]:
            leaf = clip.leaf
            wide = (clip.start - math.ceil(leaf.before), clip.end + math.ceil(leaf.after))
            hidden_by = [] if everything else covers
            clip.shown = subtract_ranges(clip.start, clip.end, hidden_by)
            clip.seen = subtract_ranges(*wide, hidden_by)
            if not clip.shown and clip.end > clip.start:
                clip.hider = next((n for a, b, n in owners if a < clip.end and b > clip.start), "")
            if _hides(clip):
                see_through = join_ranges(_whole(leaf.open))
                solid = subtract_ranges(clip.start, clip.end, see_through)
                fresh += solid
                owners += [(a, b, clip.name) for a, b in solid] if len(layers) > 1 else []
        covers = join_ranges([*covers, *fresh])


def _whole(ranges: Sequence[Range]) -> list[tuple[int, int]]:
    return [(math.floor(low), math.ceil(high)) for low, high in ranges]


def _hides(clip: _Clip) -> bool:
    """Whether nothing below shows through: real media, opaque, and not a picture with alpha."""
    source, look = clip.source, clip.leaf.look
    if clip.leaf.off or look.invisible or look.see_through or source.skip:
        return False
    if source.media is None:
        named = Path(file_name(source.label or "x"))
        return bool(source.label) and named.suffix.lower() not in MAY_HAVE_ALPHA
    if source.media.kind == "video":
        return True
    return not may_be_transparent(Path(source.media.files()[0]))


def _enter(clip: _Clip, clock: Clock, book: _Book) -> None:
    leaf, source = clip.leaf, clip.source
    label = str(source.media.path) if source.media else source.label
    reason = leaf.off or ("Invisible (opacity 0 %)." if leaf.look.invisible else "") or source.skip
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


def _may_hold(clip: _Clip) -> bool:
    """Whether a clip without media repeats frames: it is a still, or slower than its media."""
    look, source = clip.leaf.look, clip.source
    still = Path(file_name(source.label or "")).suffix.lower() in IMAGE_SUFFIXES and not parse_pattern(
        file_name(source.label or "")
    )
    return still or bool(look.keys) or abs(look.speed) < 1


def _ranges(clip: _Clip, ranges: Sequence[Range]) -> Ranges:
    """Whole frames of ranges, inside the clip's own record range."""
    inside = [(max(low, clip.start), min(high, clip.end)) for low, high in _whole(ranges)]
    return tuple(join_ranges(one for one in inside if one[0] < one[1]))


def _use(clip: _Clip, media: Media, timing: MediaTime, clock: Clock) -> ClipUse:
    leaf, rate = clip.leaf, clock.rate
    knots = timing.knots
    if leaf.inner is not None:
        local = tuple((time / rate, inner / rate) for time, inner in leaf.inner)
        knots = compose(local, knots, Fraction(0))
    if leaf.start != clip.start:
        late = (leaf.start - clip.start) / rate
        knots = tuple((time + late, media_seconds) for time, media_seconds in knots)
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
        notes=tuple(notes),
    )


def _clip_times(
    clip: _Clip, ranges: Sequence[tuple[Fraction | int, Fraction | int]], rate: Fraction
) -> list[Range]:
    """Record ranges as clip time in seconds; whole frames are relative to the clip's exact start."""
    return [((a - clip.start) / rate, (b - clip.start) / rate) for a, b in ranges]


def _held(clip: _Clip, knots: Knots, grid: Fraction, rate: Fraction) -> Ranges:
    """Record ranges in which a media frame stays for longer than one timeline frame."""
    found = []
    for (time0, media0), (time1, media1) in pairwise(knots):
        if abs(media1 - media0) * grid * 100 < (time1 - time0) * rate * 99:
            low = clip.start + math.floor(time0 * rate)
            high = clip.start + math.ceil(time1 * rate)
            found.append((max(low, clip.start), min(high, clip.end)))
    return tuple(join_ranges(one for one in found if one[0] < one[1]))
