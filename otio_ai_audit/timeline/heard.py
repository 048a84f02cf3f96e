"""What is heard of an edit: the stretches of files on audio tracks, with their speeds and levels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import opentimelineio as otio

from otio_ai_audit.model import Sound
from otio_ai_audit.timeline.clips import Clip
from otio_ai_audit.timeline.effects import RESOLVE
from otio_ai_audit.timeline.fcpx_read import HEARD, MARK
from otio_ai_audit.timeline.items import Clock
from otio_ai_audit.timeline.media import Resolver, Source
from otio_ai_audit.timeline.ramps import product
from otio_ai_audit.timeline.relink import file_name
from otio_ai_audit.timeline.retime import Knots, compose, pieces
from otio_ai_audit.timeline.sources import media_time
from otio_ai_audit.timeline.walk import Leaf, walk

if TYPE_CHECKING:
    from otio_ai_audit.timeline.lacking import Lacking


def sounds_of(tl: otio.schema.Timeline, clock: Clock, resolver: Resolver, lacking: Lacking) -> list[Sound]:
    """List the sounds on audio tracks, in order of tracks; what is disabled or muted is not heard.

    `resolver` finds files of sound; what it does not find is said to `lacking`. The same stretch of a file
    on several tracks (its channels, each on one of its own) is one sound.
    """
    solos = {number for number, track in enumerate(tl.audio_tracks(), start=1) if _is_solo(track)}
    if solos:
        lacking.solo(len(solos))
    sounds: list[Sound] = []
    for leaf in walk(tl, clock, sound=True, beyond=True):
        if leaf.off or leaf.look.invisible or (solos and leaf.layer[0] not in solos):
            continue
        source = resolver.source(leaf.clip, clock.rate)
        name = leaf.clip.name or (file_name(source.label) if source.label else leaf.id)
        found = None if source.media is None else _sounds(leaf, name, source, clock)
        if found is None:
            lacking.silent(leaf, name)
        else:
            lacking.sound(leaf, name)
            sounds += found
    alike = {(one.path, one.start, one.end, one.source, one.speed): one for one in reversed(sounds)}
    return list(reversed(alike.values()))


def own_sounds(clips: Iterable[Clip], clock: Clock, told: bool) -> list[Sound]:
    """List the sounds that videos bring along; they fade under dissolves as their pictures do.

    `told`: only of clips of which the edit says so (FCPXML keeps sound and picture in one clip).
    """
    sounds: list[Sound] = []
    for clip in clips:
        media, leaf = clip.source.media, clip.leaf
        mark = leaf.clip.metadata.get(MARK) if told else None
        if told and not (mark is not None and mark.get(HEARD)):
            continue
        if media is not None and media.kind == "video" and not clip.dark:
            sounds += _sounds(replace(leaf, ramps=_fades(leaf)), clip.name, clip.source, clock) or ()
    return sounds


def _fades(leaf: Leaf) -> tuple[Knots, ...]:
    """Fade a sound in and out where its picture blends, and only there."""
    fades: list[Knots] = []
    for low, high in leaf.blended:
        if low <= leaf.start:
            fades.append(((low, Fraction(0)), (high, Fraction(1))))
        elif high >= leaf.start + leaf.frames:
            fades.append(((low, Fraction(1)), (high, Fraction(0))))
    return tuple(fades)


def _is_solo(track: otio.schema.Track) -> bool:
    told = track.metadata.get(RESOLVE)
    return bool(told.get("SoloOn")) if hasattr(told, "get") else False


def _sounds(leaf: Leaf, name: str, source: Source, clock: Clock) -> Sequence[Sound] | None:
    """Cut a leaf at its changes of speed; None where the file has nothing of what the edit uses."""
    timing = media_time(leaf, source, clock)
    if timing.problem or source.media is None or source.media.kind != "video":
        return None
    rate, knots = clock.rate, timing.knots
    if leaf.inner is not None:
        local = tuple((time / rate, inner / rate) for time, inner in leaf.inner)
        knots = compose(local, knots, Fraction(0))
    found = []
    for time0, time1, media0, media1 in _straight(
        knots, -leaf.before / rate, (leaf.frames + leaf.after) / rate
    ):
        speed = (media1 - media0) / (time1 - time0)
        if media0 < 0 < speed:
            time0, media0 = time0 - media0 / speed, Fraction(0)
        if media1 < 0 and speed < 0:
            time1 = time0 - media0 / speed
        if speed == 0 or time0 >= time1:
            continue
        start, end = leaf.start + time0 * rate, leaf.start + time1 * rate
        gain = product(leaf.ramps, start, end)
        if gain and not any(value for _, value in gain):
            continue
        found.append(Sound(name, source.media.path, start, end, media0, speed, gain))
    return found


def _straight(
    knots: Knots, start: Fraction, end: Fraction
) -> list[tuple[Fraction, Fraction, Fraction, Fraction]]:
    """Cut a map where its speed changes: times and media times of each piece."""
    if start >= end:
        return []
    cut = pieces(knots, start, end)
    joined = cut[:1]
    for last, piece in pairwise(cut):
        if _slope(last) == _slope(piece):
            piece = (joined[-1][0], piece[1], joined.pop()[2], piece[3])
        joined.append(piece)
    return joined


def _slope(piece: tuple[Fraction, Fraction, Fraction, Fraction]) -> Fraction:
    time0, time1, media0, media1 = piece
    return (media1 - media0) / (time1 - time0)
