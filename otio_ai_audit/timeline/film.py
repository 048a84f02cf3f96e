"""The edit as a viewer sees and hears it: layers over each other, sounds beside each other.

It shares its clips with `plan`: ids, places, media and maps to media time are the same. What the edit
asks for and nobody renders is said in words.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import opentimelineio as otio

from otio_ai_audit.model import Film, Layer, Sound
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

_LONGEST = 100


def film(tl: otio.schema.Timeline, options: PlanOptions | None = None) -> Film:
    """Lay out an edit as layers and sounds.

    Parameters
    ----------
    tl : opentimelineio.schema.Timeline
        As `read` or `from_media` gives it; it is not changed.
    options : PlanOptions
        As for `plan`.

    Returns
    -------
    Film
        One layer for each stretch of a clip, also where an upper one hides it: only
        who opens the media can say whether it fills the frame.
        Media that are not at hand give a layer without a medium; what may be see-through and lies on an
        upper track then has no opacity. What is nested fades layer by layer. Of bare media and of FCPXML
        their own sound is heard, else what lies on audio tracks.

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
    hide(clips)
    lacking = Lacking(info, tl)
    made = (
        _layer(clip, clock, lacking.picture(clip))
        for clip in sorted(clips, key=lambda clip: (clip.leaf.order, clip.start))
    )
    layers = tuple(layer for layer in made if layer is not None)
    told = tl.metadata.get("otio_ai_audit") or {}
    bare = not options.has_edit or told.get("made_from") == "media"
    sounds: list[Sound] = []
    if not bare:
        resolver = resolver_of(tl, options, relinker, sound=True)
        sounds += sounds_of(tl, Clock(clock.rate), resolver, lacking)
    if bare or MARK in tl.metadata:
        sounds += own_sounds(clips, clock, told=not bare)
    return Film(info, layers, tuple(sounds), size_of(tl), lacking.sentences())


def _layer(clip: Clip, clock: Clock, lacks: tuple[str, ...]) -> Layer | None:
    """Make the layer of a clip; None where nothing of it is meant to be seen."""
    if clip.dark or clip.wide[0] >= clip.wide[1]:
        return None
    leaf, source, (start, end) = clip.leaf, clip.source, clip.wide
    opacity = product(leaf.ramps, Fraction(start), Fraction(end))
    layer = Layer(
        leaf.id, clip.name, source.media, start, end, clip.start, (), opacity, "", lacks, rate=clock.rate
    )
    problem = source.problem
    if source.media is not None and not problem:
        timing = media_time(leaf, source, clock)
        problem = timing.problem
        layer = replace(layer, knots=knots_of(clip, timing.knots, clock.rate), grid=timing.grid)
    if source.media is not None and not problem:
        return layer
    if leaf.layer[0] > 1 and not is_opaque(clip):
        layer = replace(layer, opacity=((Fraction(start), Fraction(0)),))
    return replace(layer, media=None, knots=(), grid=None, plate=_plate(problem, source))


def _plate(problem: str, source: Source) -> str:
    """Say in few words why nothing can be shown: no folders, no advice."""
    words = problem.partition("; ")[0].rstrip(".")
    head, colon, path = words.partition(": ")
    if colon and source.relink and not path.startswith("“"):
        words = f"{head}: {file_name(path)}"
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()}…"
