"""A timeline of a Resolve project as OTIO, in the shape of Resolve's own export."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence as Listed
from dataclasses import dataclass, field
from fractions import Fraction

import opentimelineio as otio

from otio_ai_audit.adapters._drt_archive import Node, shown
from otio_ai_audit.adapters._drt_blobs import BlobError, read_frames
from otio_ai_audit.adapters._drt_clips import (
    Placed,
    add_markers,
    clock_of,
    fail,
    finish,
    make_clip,
    make_transition,
    ours,
    play_of,
    resolve,
    span,
    times_of,
)
from otio_ai_audit.adapters._drt_project import Project, Sequence
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timecode import nominal_rate

MOST_ITEMS = 200_000
DEEPEST = 20
_NEAR = Fraction(1, 1000)
_NO_MEDIA = ("Sm2TiTransition",)


@dataclass(slots=True)
class _Made:
    """A track as it will be: items in order, and its length."""

    node: Node
    kind: str
    number: int
    children: list[otio.core.Composable] = field(default_factory=list)
    length: Fraction = Fraction(0)


def make_timeline(project: Project, sequence: Sequence) -> otio.schema.Timeline:
    """Build a timeline.

    Raises
    ------
    TimelineError
        If it has no frame rate or no tracks, lies in itself, or is damaged.
    """
    maker = _Maker(project)
    rate = maker.rate_of(sequence)
    start = maker.first_frame(sequence)
    tl = otio.schema.Timeline(sequence.name)
    tl.global_start_time = otio.opentime.RationalTime(start, float(rate))
    words = resolve(tl)
    words["Resolve OTIO Meta Version"] = "1.0"
    if project.version:
        words["Resolve Version"] = project.version
    if sequence.timeline:
        words["Timeline ID"] = sequence.timeline
    if sequence.size is not None:
        words["Resolution"] = list(sequence.size)
    tl.tracks.name = ""
    tl.tracks.extend(maker.tracks(sequence, ("Video", "Audio"), ()))
    blobs = project.markers.get(sequence.id, [])
    add_markers(tl.tracks, blobs, Fraction(0), float(rate), maker.notes, "the timeline")
    others = len(project.tracks(sequence.id, "Subtitle") or ())
    if others:
        maker.notes.append(f"{others} subtitle track{'s were' if others > 1 else ' was'} left out.")
    if maker.notes:
        ours(tl)["notices"] = list(dict.fromkeys(maker.notes))
    return tl


class _Maker:
    """Builds one timeline with all that is nested in it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.name = project.archive.name
        self.notes: list[str] = []
        self.count = 0

    def rate_of(self, sequence: Sequence, outer: Fraction | None = None) -> Fraction:
        rate = sequence.rate or outer
        if rate is None:
            raise TimelineError(
                f"{self.name} does not say the frame rate of “{shown(sequence.name)}”; export it again."
            )
        return rate

    def first_frame(self, sequence: Sequence, outer: Fraction | None = None) -> int:
        """Frame that the sequence starts with; a file that does not say it starts at its last whole hour."""
        rate = self.rate_of(sequence, outer)
        if sequence.start is not None:
            return round(Fraction(sequence.start) * rate)
        hour = nominal_rate(rate) * 3600
        starts = []
        for kind in ("Video", "Audio"):
            for track in self.project.tracks(sequence.id, kind) or ():
                starts += [_whole(item.value("Start")) for item in track.elements("Items")]
        return min(starts, default=0) // hour * hour

    def tracks(
        self,
        sequence: Sequence,
        kinds: Listed[str],
        above: tuple[str, ...],
        outer: Fraction | None = None,
    ) -> list[otio.schema.Track]:
        """Tracks of a sequence, all padded to the longest; `above` are the sequences that it lies in."""
        if sequence.id in above:
            raise TimelineError(
                f"{self.name}: “{shown(sequence.name)}” lies in itself; the file is damaged or forged."
            )
        if len(above) >= DEEPEST:
            raise TimelineError(f"{self.name} nests timelines more than {DEEPEST} deep; it was not read.")
        found: list[_Made] = []
        for kind in kinds:
            nodes = self.project.tracks(sequence.id, kind)
            if nodes is None:
                raise TimelineError(
                    f"{self.name} lacks the tracks of “{shown(sequence.name)}”; export the timeline again."
                )
            for number, node in enumerate(nodes, start=1):
                made = _Made(node, kind, number)
                self._fill(made, sequence, f"{kind} {number}", above, outer)
                found.append(made)
        longest = max((made.length for made in found), default=Fraction(0))
        rate = float(self.rate_of(sequence, outer))
        return [self._track(made, longest, rate) for made in found]

    def _track(self, made: _Made, longest: Fraction, rate: float) -> otio.schema.Track:
        track = otio.schema.Track(
            made.node.value("UserDefinedName") or f"{made.kind} {made.number}",
            kind=otio.schema.TrackKind.Video if made.kind == "Video" else otio.schema.TrackKind.Audio,
        )
        words = resolve(track)
        flags = made.node.value("Flags")
        if flags not in ("", "0"):
            words["Flags"] = flags
            if made.kind == "Video":
                self.notes.append(
                    f"{shown(track.name)} carries flags ({shown(flags)}) that are not known; read as enabled."
                )
        layers = made.node.child("LayersVec")
        if layers is not None and layers.kids:
            self.notes.append(
                f"{shown(track.name)} has layers, which cannot be read; only its own clips were read."
            )
        if longest > made.length or not made.children:
            made.children.append(otio.schema.Gap(source_range=span(Fraction(0), longest - made.length, rate)))
        track.extend(made.children)
        return track

    def _fill(
        self, made: _Made, sequence: Sequence, where: str, above: tuple[str, ...], outer: Fraction | None
    ) -> None:
        rate = self.rate_of(sequence, outer)
        items, transitions = self._placed(made.node, sequence, where, outer)
        pending = self._cuts(transitions, items, where)
        for item in items:
            if item.start > made.length + _NEAR:
                self._cross(made, pending, rate)
                gap = item.start - made.length
                made.children.append(otio.schema.Gap(source_range=span(Fraction(0), gap, float(rate))))
                made.length = item.start
            elif item.start < made.length - _NEAR:
                self._shorten(item, made.length)
            elif item.start != made.length:
                item.length = max(Fraction(0), item.end - made.length)
                item.start = made.length
            self._cross(made, pending, rate)
            made.children.append(self._item(item, made.kind, rate, (*above, sequence.id)))
            made.length = max(made.length, item.end)
        self._cross(made, pending, rate)
        for late in pending.values():
            self._left_out(late, where)

    def _placed(
        self, track: Node, sequence: Sequence, where: str, outer: Fraction | None
    ) -> tuple[list[Placed], list[Placed]]:
        """Items and transitions of a track, by their start."""
        first = self.first_frame(sequence, outer)
        items: list[Placed] = []
        transitions: list[Placed] = []
        for node in track.elements("Items"):
            self.count += 1
            if self.count > MOST_ITEMS:
                raise TimelineError(f"{self.name} comes to more than {MOST_ITEMS} clips; it was not read.")
            name = shown(node.value("Name"))
            try:
                start, length = read_frames(node.value("Start")), read_frames(node.value("Duration"))
            except BlobError as error:
                raise TimelineError(
                    f"{self.name}: “{name}” on {where} is at no frame ({error}); export again."
                ) from error
            if start is None or length is None or length < 0 or start < first:
                raise TimelineError(f"{self.name}: “{name}” on {where} is not on the timeline; export again.")
            begin = _snap(start - first)
            placed = Placed(node, begin, _snap(start - first + length) - begin)
            (transitions if node.tag in _NO_MEDIA else items).append(placed)
        items.sort(key=lambda item: (item.start, item.end))
        return items, sorted(transitions, key=lambda item: item.start)

    def _cuts(
        self, transitions: list[Placed], items: list[Placed], where: str
    ) -> dict[Fraction, list[Placed]]:
        """Transitions by their cut: the edge of a clip that lies in them, the nearest to their middle."""
        edges = sorted({edge for item in items for edge in (item.start, item.end)})
        found: dict[Fraction, list[Placed]] = {}
        for item in transitions:
            inside = edges[bisect_left(edges, item.start) : bisect_right(edges, item.end)]
            middle = (item.start + item.end) / 2
            if inside:
                found.setdefault(min(inside, key=lambda edge: abs(edge - middle)), []).append(item)
            else:
                self._left_out([item], where)
        return found

    def _left_out(self, transitions: list[Placed], where: str) -> None:
        for item in transitions:
            self.notes.append(
                f"The transition “{shown(item.name)}” on {where} is on no cut of its own; left out."
            )

    def _cross(self, made: _Made, pending: dict[Fraction, list[Placed]], rate: Fraction) -> None:
        """Put the transition over the cut that the track has come to."""
        if made.children and isinstance(made.children[-1], otio.schema.Transition):
            return
        waiting = pending.get(made.length)
        if waiting:
            made.children.append(make_transition(waiting.pop(0), made.length, float(rate)))

    def _shorten(self, item: Placed, taken: Fraction) -> None:
        hidden = min(taken - item.start, item.length)
        item.notes.append(
            f"It overlaps the clip before it by {float(hidden):g} frames; it was read as beginning after it."
        )
        item.start += hidden
        item.length -= hidden
        item.late = hidden

    def _item(self, item: Placed, kind: str, rate: Fraction, above: tuple[str, ...]) -> otio.core.Item:
        pool = self.project.pool.get(item.node.value("MediaRef"))
        blobs = self.project.markers.get(item.node.id, []) if item.node.id else []
        nested = self.project.sequences.get(pool.sequence) if pool is not None and pool.sequence else None
        clock = Fraction(0)
        made: otio.core.Item
        if nested is not None:
            made = self._nested(item, nested, kind, rate, above)
            origin = Fraction(0)
        else:
            made = make_clip(item, pool, rate, kind == "Video")
            origin = _media_start(made, rate)
            clock = clock_of(item, made)
        notes: list[str] = []
        add_markers(made, blobs, origin, float(rate), notes, "this clip", clock)
        if notes:
            ours(made)["notes"] = [*item.notes, *notes]
        return made

    def _nested(
        self, item: Placed, nested: Sequence, kind: str, rate: Fraction, above: tuple[str, ...]
    ) -> otio.core.Item:
        """Compound clip or nested timeline as a stack; its time starts at 0."""
        if nested.kind == "multicam" or self.project.tracks(nested.id, kind) is None:
            clip = otio.schema.Clip(item.name, otio.schema.MissingReference())
            clip.source_range = span(Fraction(0), item.length, float(rate))
            why = f"The file lacks the tracks of “{shown(nested.name)}”, which this clip plays; export again."
            if nested.kind == "multicam":
                why = "A multicam clip, whose angle is not told; flatten it in Resolve and export again."
            fail(clip, why)
            finish(item, clip)
            return clip
        if nested.kind not in ("timeline", "compound"):
            item.notes.append("What Resolve composes in this clip is not seen; the media in it were read.")
        play = play_of(item, times_of(item), rate)
        stack = otio.schema.Stack(item.name)
        stack.source_range = span(play.first, item.length, float(rate))
        stack.effects.extend(play.effects)
        stack.extend(self.tracks(nested, (kind,), above, rate))
        inner = float(self.rate_of(nested, rate))
        blobs = self.project.markers.get(nested.id, [])
        add_markers(stack, blobs, Fraction(0), inner, item.notes, f"the timeline in “{shown(item.name)}”")
        words = resolve(stack)
        words["Left Offset"] = float(play.left)
        words["Kind"] = nested.kind
        finish(item, stack)
        return stack


def _snap(frames: Fraction) -> Fraction:
    whole = round(frames)
    return Fraction(whole) if abs(frames - whole) <= _NEAR else frames


def _whole(text: str) -> int:
    try:
        return math.floor(read_frames(text) or 0)
    except BlobError:
        return 0


def _media_start(clip: otio.core.Item, rate: Fraction) -> Fraction:
    """First frame's timecode of a clip's medium, in timeline frames: what its markers count from."""
    reference = clip.media_reference if isinstance(clip, otio.schema.Clip) else None
    available = reference.available_range if reference is not None else None
    if available is None:
        return Fraction(0)
    start = available.start_time
    from_media = Fraction(start.value) / Fraction(start.rate).limit_denominator(1001)
    return from_media * rate
