"""The clips of an edit, each with its place, its medium and what upper tracks leave of it.

What `plan` (to measure) and `film` (to show) have in common.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from otio_ai_audit.model import TimelineInfo
from otio_ai_audit.timecode import NOISE, can_drop, exact_rate, frames_to_timecode, infer_drop_frame
from otio_ai_audit.timeline.alpha import MAY_HAVE_ALPHA, may_be_transparent
from otio_ai_audit.timeline.effects import is_resolve
from otio_ai_audit.timeline.items import Clock, Range, first_frame, length_of
from otio_ai_audit.timeline.media import Resolver, Source, bundle_of
from otio_ai_audit.timeline.relink import Relinker, file_name, parse_map
from otio_ai_audit.timeline.retime import Knots, Ranges, compose, join_ranges, subtract_ranges
from otio_ai_audit.timeline.walk import Leaf


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
class Clip:
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

    @property
    def wide(self) -> tuple[int, int]:
        """Record range with what dissolves show before and after."""
        leaf = self.leaf
        low = math.floor(leaf.start - leaf.before + NOISE) if leaf.before else self.start
        high = first_frame(leaf.start + leaf.frames + leaf.after) if leaf.after else self.end
        return low, high

    @property
    def dark(self) -> str:
        """Why nothing of it is meant to be seen; empty where something is."""
        invisible = "Invisible (opacity 0 %)." if self.leaf.look.invisible else ""
        return self.leaf.off or invisible or self.source.skip


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


def clock_of(tl: otio.schema.Timeline) -> tuple[Clock, list[str]]:
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


def info_of(tl: otio.schema.Timeline, clock: Clock, options: PlanOptions, notices: list[str]) -> TimelineInfo:
    """Describe the timeline as a whole; what was assumed is added to `notices`."""
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
        frames=first_frame(_total(tl, clock)),
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


def relinker_of(options: PlanOptions) -> Relinker:
    """Set up what finds files where an edit has been moved to."""
    maps = [parse_map(one) if isinstance(one, str) else one for one in options.maps]
    roots = options.media_root
    folders = () if roots is None else (Path(roots),) if isinstance(roots, (str, Path)) else tuple(roots)
    _, bases = bundle_of(options.base, options.source)
    bases = [Path(base).absolute() for base in bases]
    folders = tuple(Path(folder).absolute() for folder in folders)
    return Relinker(maps, folders, bases, options.proxies)


def resolver_of(
    tl: otio.schema.Timeline, options: PlanOptions, relinker: Relinker | None = None, sound: bool = False
) -> Resolver:
    """Set up what finds the media of an edit: of its pictures, or of what is heard."""
    bundle, _ = bundle_of(options.base, options.source)
    start_timecode = options.start_timecode if options.has_edit else None
    relinker = relinker or relinker_of(options)
    return Resolver(relinker, is_resolve(tl), bundle, options.cache, start_timecode, sound)


# --- clip by clip ---------------------------------------------------------------------------------------


def clip_of(leaf: Leaf, resolver: Resolver, clock: Clock) -> Clip:
    """Give a leaf its medium and its whole frames on the timeline; nothing hides it yet."""
    source = Source() if leaf.off or leaf.look.invisible else resolver.source(leaf.clip, clock.rate)
    media, available = source.media, source.available
    one_frame = available is not None and available.duration.value <= 1 < leaf.length
    if media is not None and media.kind == "video" and one_frame and not leaf.look.keys:
        source = replace(source, media=replace(media, kind="still"))
    start, end = leaf.whole
    name = leaf.clip.name or (file_name(source.label) if source.label else leaf.id)
    clip = Clip(leaf, start, end, name, source)
    clip.shown = subtract_ranges(start, end, ())
    clip.seen = subtract_ranges(*clip.wide, ())
    return clip


def knots_of(clip: Clip, knots: Knots, rate: Fraction) -> Knots:
    """Map a clip's record time to media time, from the map of its own time; through what it is nested in."""
    leaf = clip.leaf
    if leaf.inner is not None:
        local = tuple((time / rate, inner / rate) for time, inner in leaf.inner)
        knots = compose(local, knots, Fraction(0))
    if leaf.start != clip.start:
        late = (leaf.start - clip.start) / rate
        knots = tuple((time + late, media_seconds) for time, media_seconds in knots)
    return knots


def hide(clips: Sequence[Clip]) -> None:
    """Take from each clip the record ranges that an upper clip hides, from the top layer down."""
    covers: list[tuple[int, int]] = []
    owners: list[tuple[int, int, str]] = []
    layers: dict[tuple[int, ...], list[Clip]] = {}
    for clip in clips:
        layers.setdefault(clip.leaf.layer, []).append(clip)
    lowest = min(layers, default=())
    for layer in sorted(layers, reverse=True):
        fresh: list[tuple[int, int]] = []
        for clip in layers[layer]:
            clip.shown = subtract_ranges(clip.start, clip.end, covers)
            clip.seen = subtract_ranges(*clip.wide, covers)
            if not clip.shown and clip.end > clip.start:
                clip.hider = next((n for a, b, n in owners if a < clip.end and b > clip.start), "")
            if layer != lowest and is_opaque(clip):
                see_through = join_ranges(whole_ranges(clip.leaf.open))
                solid = subtract_ranges(clip.start, clip.end, see_through)
                fresh += solid
                owners += [(a, b, clip.name) for a, b in solid]
        covers = join_ranges([*covers, *fresh])


def whole_ranges(ranges: Sequence[Range]) -> list[tuple[int, int]]:
    """Widen ranges to whole frames."""
    return [(math.floor(low), math.ceil(high)) for low, high in ranges]


def is_opaque(clip: Clip) -> bool:
    """Whether nothing below shows through: real media, opaque, and not a picture with alpha."""
    source = clip.source
    if clip.dark or clip.leaf.look.see_through:
        return False
    if source.media is None:
        named = Path(file_name(source.label or "x"))
        return bool(source.label) and named.suffix.lower() not in MAY_HAVE_ALPHA
    if source.media.kind == "video":
        return True
    return not may_be_transparent(Path(source.media.files()[0]))
