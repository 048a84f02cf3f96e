"""Clips, titles and transitions of a `.drt` as OTIO.

What a clip plays is ``media start + In``, in timeline frames; ``In`` counts playing time, so a retimed
clip's first frame is looked up on its speed curve. ``Flags`` has 2 for a disabled clip (a public probe
of 20.3 saw exactly this bit change); ``WasDisbanded``, which another description takes for it, changes
nothing here but is said. Effects are kept as they are, unread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters._drt_archive import Node, shown
from otio_ai_audit.adapters._drt_blobs import BlobError, read_frames
from otio_ai_audit.adapters._drt_markers import read_markers
from otio_ai_audit.adapters._drt_media import Medium, file_name, medium_of, number, reference
from otio_ai_audit.adapters._drt_project import PoolItem
from otio_ai_audit.adapters._drt_speed import TimeMap, read_time_map
from otio_ai_audit.markings import OTIO_COLORS

RESOLVE = "Resolve_OTIO"
OURS = "otio_ai_audit"
DISABLED = 2
_MIRROR = 1


@dataclass(slots=True)
class Placed:
    """An item of a track with its place, in timeline frames from the timeline's first frame."""

    node: Node
    start: Fraction
    length: Fraction
    notes: list[str] = field(default_factory=list)
    late: Fraction = Fraction(0)
    """Frames of its head that another clip hides."""

    @property
    def end(self) -> Fraction:
        return self.start + self.length

    @property
    def name(self) -> str:
        return self.node.value("Name") or self.node.value("PrettyType") or self.node.tag


@dataclass(frozen=True, slots=True)
class Play:
    """Which part of its medium an item plays, in timeline frames from the medium's first."""

    first: Fraction
    left: Fraction
    """``In``: playing frames before the first."""
    effects: tuple[otio.schema.Effect, ...] = ()


def time(frames: Fraction, rate: float) -> otio.opentime.RationalTime:
    """Frames as OTIO time."""
    return otio.opentime.RationalTime(number(frames), rate)


def span(start: Fraction, length: Fraction, rate: float) -> otio.opentime.TimeRange:
    """Frames as an OTIO range."""
    return otio.opentime.TimeRange(time(start, rate), time(length, rate))


def play_of(item: Placed, times: TimeMap | None, rate: Fraction) -> Play:
    """Look up what an item plays, and the effects that say so.

    `times` is None for a speed that could not be read.
    """
    try:
        left = (read_frames(item.node.value("In")) or Fraction(0)) + item.late
    except BlobError:
        item.notes.append("Where this clip starts in its medium is damaged in the file; read from its start.")
        left = item.late
    if times is None:
        return Play(left, left, (otio.schema.TimeEffect(effect_name="Speed", metadata={RESOLVE: {}}),))
    slope = times.slope
    if slope == 1 and not times.keys:
        return Play(left, left)
    first = Fraction(times.media_at(float(left / rate))) * rate
    if slope is None:
        seconds = float(item.length / rate)
        keys = times.cut(float(left / rate), seconds)
        ratio = (keys[-1].media - keys[0].media) / max(1e-9, keys[-1].play - keys[0].play)
        words: dict[str, Any] = {"Key Frames": [key.row() for key in keys], "Speed Ratio": ratio}
        return Play(first, left, (otio.schema.TimeEffect(effect_name="", metadata={RESOLVE: words}),))
    if slope == 0:
        return Play(first, left, (otio.schema.FreezeFrame(),))
    if slope == 1:
        return Play(first, left)
    if slope < 0:  # Resolve writes the lowest frame used; the first one shown is the highest
        first += _MIRROR - item.length * -slope
    return Play(first, left, (otio.schema.LinearTimeWarp(time_scalar=float(slope)),))


def times_of(item: Placed) -> TimeMap | None:
    """Time map of an item; None, and a note, where it cannot be read."""
    try:
        return read_time_map(item.node.value("MediaTimemapBA"))
    except BlobError as error:
        item.notes.append(f"The speed of this clip is kept in a form that cannot be read ({error}).")
        return None


def make_clip(item: Placed, pool: PoolItem | None, rate: Fraction, video: bool) -> otio.schema.Clip:
    """Clip for an item that plays a file, or is made by Resolve (titles, generators)."""
    clip = otio.schema.Clip(item.name)
    times = times_of(item)
    medium = medium_of(item.node, pool, times or TimeMap(), rate, video)
    if not medium.path:
        _make_title(item, clip, pool, rate)
    else:
        if not item.node.value("Name"):
            clip.name = file_name(medium.path)
        _make_media(item, clip, medium, times, rate)
    finish(item, clip)
    return clip


def _make_title(item: Placed, clip: otio.schema.Clip, pool: PoolItem | None, rate: Fraction) -> None:
    """Title, generator or adjustment clip: no media and no available range, as Resolve writes it."""
    clip.media_reference = otio.schema.MissingReference()
    clip.source_range = span(Fraction(0), item.length, float(rate))
    node = item.node
    made = node.tag not in ("Sm2TiVideoClip", "Sm2TiAudioClip") or node.value("PrettyType")
    generator = pool is not None and "Generator" in pool.kind
    if not made and not generator and node.child("CompositionTable") is None:
        fail(clip, "The file names no media for this clip; relink it in Resolve and export again.")
    words = node.value("PrettyType") or (pool.name if pool is not None else "")
    if words:
        resolve(clip)["Kind"] = words


def _make_media(
    item: Placed, clip: otio.schema.Clip, medium: Medium, times: TimeMap | None, rate: Fraction
) -> None:
    active = reference(medium)
    references = {otio.schema.Clip.DEFAULT_MEDIA_KEY: active}
    if medium.other:
        pooled = Medium(
            medium.other, "", medium.rate, medium.start, medium.frames, medium.first, medium.video
        )
        references["Media Pool"] = reference(pooled)
        item.notes.append(f"The media pool has another file for this clip: {shown(medium.other, 400)}")
    clip.set_media_references(references, otio.schema.Clip.DEFAULT_MEDIA_KEY)
    zero = medium.start * rate / medium.rate
    if medium.still:
        clip.source_range = span(zero, item.length, float(rate))
        return
    if item.node.child("CompositionTable") is not None:
        item.notes.append("What the Fusion page makes of this clip is not seen; the source file was read.")
    play = play_of(item, times, rate)
    clip.source_range = span(zero + play.first, item.length, float(rate))
    clip.effects.extend(play.effects)
    resolve(clip)["Left Offset"] = number(play.left)


def finish(item: Placed, made: otio.core.Item) -> None:
    """Put on what all items share: state, ids, effects that are not read, notes."""
    node = item.node
    flags = node.value("Flags")
    made.enabled = not (flags.isdecimal() and len(flags) < 19 and int(flags) & DISABLED)
    words = resolve(made)
    if node.id:
        words["Item ID"] = node.id
    if flags not in ("", "0"):
        words["Flags"] = flags
    if node.value("WasDisbanded") == "true":
        item.notes.append("Resolve marks this clip as disbanded; it was read as it stands.")
    if node.value("MarkersBA"):
        item.notes.append("This clip carries markers in an older form that cannot be read.")
    unread = node.value("EffectFiltersBA")
    if unread and node.tag != "Sm2TiAudioClip":
        made.effects.append(
            otio.schema.Effect(
                effect_name="Resolve Effect",
                metadata={
                    RESOLVE: {
                        "Effect Name": "Unread",
                        "Parameters": [{"Parameter ID": "EffectFiltersBA", "Parameter Value": unread}],
                    }
                },
            )
        )
        item.notes.append(
            "Resolve puts effects on this clip (size, position, opacity, crop or filters) that a .drt keeps "
            "in a form that cannot be read; export OTIO where they matter."
        )
    if item.notes:
        ours(made)["notes"] = list(item.notes)


def clock_of(item: Placed, made: otio.core.Item) -> Fraction:
    """In point of a still or a title, which may be the timeline's clock and no place in a medium."""
    if "Left Offset" in resolve(made):
        return Fraction(0)
    try:
        return read_frames(item.node.value("In")) or Fraction(0)
    except BlobError:
        return Fraction(0)


def add_markers(
    made: Any,
    blobs: list[str],
    origin: Fraction,
    rate: float,
    notes: list[str],
    where: str,
    clock: Fraction = Fraction(0),
) -> None:
    """Put markers on an item, in Resolve's shape.

    `origin` is the item's time at its frame 0. Markers from `clock` on count from there.
    """
    for blob in blobs:
        try:
            markers = read_markers(blob)
        except BlobError as error:
            notes.append(f"Markers on {where} are damaged in the file ({error}) and were not read.")
            continue
        for marker in markers:
            if marker.problem:
                notes.append(f"The marker “{shown(marker.name)}” on {where} has {marker.problem}.")
            place = marker.frame - clock if marker.frame >= clock else marker.frame
            words: dict[str, Any] = {"Keywords": [], "Note": marker.note, "Color": marker.color}
            if marker.custom:
                words["Custom Data"] = marker.custom
            made.markers.append(
                otio.schema.Marker(
                    name=marker.name,
                    marked_range=span(origin + place, Fraction(marker.frames), rate),
                    color=OTIO_COLORS.get(marker.color, ""),
                    comment=marker.note,
                    metadata={RESOLVE: words},
                )
            )


def make_transition(item: Placed, cut: Fraction, rate: float) -> otio.schema.Transition:
    """Transition over a cut; the real kind is in the metadata, as Resolve writes it."""
    kind = item.node.value("PrettyType") or item.node.value("Name") or "Cross Dissolve"
    made = otio.schema.Transition(
        name=item.node.value("Name"),
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=time(cut - item.start, rate),
        out_offset=time(item.end - cut, rate),
    )
    words: dict[str, Any] = {"Transition Type": kind}
    if item.node.id:
        words["Item ID"] = item.node.id
    made.metadata[RESOLVE] = words
    return made


def resolve(made: Any) -> Any:
    """Return Resolve's part of an object's metadata, made where there is none."""
    if RESOLVE not in made.metadata:
        made.metadata[RESOLVE] = {}
    return made.metadata[RESOLVE]


def ours(made: Any) -> Any:
    """Return our part of an object's metadata, made where there is none."""
    if OURS not in made.metadata:
        made.metadata[OURS] = {}
    return made.metadata[OURS]


def fail(made: Any, sentence: str) -> None:
    """Say that a clip's picture cannot be told, so that it counts as not looked at."""
    ours(made)["failure"] = sentence
