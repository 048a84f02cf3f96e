"""The edit as a viewer sees and hears it: layers over each other, sounds beside each other.

It shares its clips with `plan`: ids, places, media and maps to media time are the same. What the edit
asks for and nobody renders is said in words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from otio_ai_audit.model import Film, Layer, Media, Sound
from otio_ai_audit.timeline.clips import (
    Clip,
    PlanOptions,
    clip_of,
    clock_of,
    hide,
    info_of,
    is_opaque,
    knots_of,
    relinker_of,
    resolver_of,
)
from otio_ai_audit.timeline.fcpx_read import MARK
from otio_ai_audit.timeline.heard import own_sounds, sounds_of
from otio_ai_audit.timeline.items import Clock
from otio_ai_audit.timeline.lacking import Lacking
from otio_ai_audit.timeline.media import Source
from otio_ai_audit.timeline.ramps import product
from otio_ai_audit.timeline.relink import file_name
from otio_ai_audit.timeline.size import size_of
from otio_ai_audit.timeline.sources import media_time
from otio_ai_audit.timeline.walk import walk

CAN_BE_TRANSPARENT = frozenset({".mov", ".webm", ".mkv", ".avi", ".gif", ".mxf"})
"""Videos that may carry alpha (ProRes 4444, VP9); only they themselves can say."""
_LONGEST = 100


def film(
    tl: otio.schema.Timeline,
    options: PlanOptions | None = None,
    *,
    transparent: Callable[[Media], bool] | None = None,
) -> Film:
    """Lay out an edit as layers and sounds.

    Parameters
    ----------
    tl : opentimelineio.schema.Timeline
        As `read` or `from_media` gives it; it is not changed.
    options : PlanOptions
        As for `plan`.
    transparent : Callable[[Media], bool] or None
        Whether a video has transparency (`video.probe(media).has_alpha`), asked once for each that lies
        over something and may. Without it they all may, and what lies below them is decoded too.

    Returns
    -------
    Film
        One layer for each stretch of a clip that can be seen; a clip that is hidden in its middle gives
        two of the same id. Media that are not at hand give a layer without a medium. What is nested fades
        layer by layer. Of bare media and of FCPXML their own sound is heard, else what lies on audio tracks.

    Raises
    ------
    TimelineError
        If a media file is found several times and nothing tells the places apart.
    """
    options = options or PlanOptions()
    clock, notices = clock_of(tl)
    info = info_of(tl, clock, options, notices)
    relinker = relinker_of(options)
    resolver = resolver_of(tl, options, relinker)
    clips = [clip_of(leaf, resolver, clock) for leaf in walk(tl, clock, beyond=True)]
    asked: dict[Media, bool] = {}

    def opaque(clip: Clip) -> bool:
        media = clip.source.media
        if not is_opaque(clip):
            return False
        if media is None or media.kind != "video" or not _may_be_transparent(media):
            return True
        if transparent is None:
            return False
        if media not in asked:
            asked[media] = transparent(media)
        return not asked[media]

    hide(clips, opaque)
    lacking = Lacking(info, tl)
    layers: list[Layer] = []
    for clip in sorted(clips, key=lambda clip: (clip.leaf.order, clip.start)):
        layers += _layers(clip, clock, lacking.picture(clip))
    told = tl.metadata.get("otio_ai_audit") or {}
    bare = not options.has_edit or told.get("made_from") == "media"
    sounds: list[Sound] = []
    if not bare:
        resolver = resolver_of(tl, options, relinker, sound=True)
        sounds += sounds_of(tl, Clock(clock.rate), resolver, lacking)
    if bare or MARK in tl.metadata:
        sounds += own_sounds(clips, clock, told=not bare)
    return Film(info, tuple(layers), tuple(sounds), size_of(tl), lacking.sentences())


def _may_be_transparent(media: Media) -> bool:
    return Path(media.path).suffix.lower() in CAN_BE_TRANSPARENT


def _layers(clip: Clip, clock: Clock, lacks: tuple[str, ...]) -> Sequence[Layer]:
    """Make a layer of each stretch of a clip that something of is seen."""
    if clip.dark or clip.start == clip.end:
        return ()
    leaf, source = clip.leaf, clip.source
    layer = Layer(leaf.id, clip.name, source.media, 0, 0, clip.start, (), rate=clock.rate)
    problem = source.problem
    if source.media is not None and not problem:
        timing = media_time(leaf, source, clock)
        problem = timing.problem
        layer = replace(layer, knots=knots_of(clip, timing.knots, clock.rate), grid=timing.grid)
    if problem or source.media is None:
        layer = replace(layer, media=None, knots=(), grid=None, plate=_plate(problem, source))
    layer = replace(layer, lacks=lacks)
    return [
        replace(layer, start=low, end=high, opacity=product(leaf.ramps, Fraction(low), Fraction(high)))
        for low, high in clip.seen
    ]


def _plate(problem: str, source: Source) -> str:
    """Say in few words why nothing can be shown: no folders, no advice."""
    words = problem.partition("; ")[0].rstrip(".")
    head, colon, path = words.partition(": ")
    if colon and source.relink and not path.startswith("“"):
        words = f"{head}: {file_name(path)}"
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()}…"
