"""What an edit asks for that is not rendered, in sentences: what, and which clips."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import opentimelineio as otio

from otio_ai_audit.model import TimelineInfo
from otio_ai_audit.timecode import frames_to_timecode
from otio_ai_audit.timeline.clips import Clip
from otio_ai_audit.timeline.effects import RESOLVE, VOLUME, is_resolve
from otio_ai_audit.timeline.media import SOUND_ONLY
from otio_ai_audit.timeline.walk import Leaf

NAMED = 4
"""Places that a sentence names; more are counted."""

_SENTENCES = {
    "title": "Titles and generators are not rendered",
    "adjustment": "Adjustment clips are not rendered",
    "fusion": "Fusion compositions are not rendered",
    "transition": "Transitions are rendered as dissolves",
    "transform": "Zoom, position and rotation are not rendered",
    "dynamic": "Dynamic zooms are not rendered",
    "crop": "Crops are not rendered",
    "composite": "Composite modes are rendered as normal",
    "scaling": "How a clip is fitted into the picture is not followed; all of it is shown",
    "lens": "Lens corrections are not rendered",
    "effect": "Effects are not rendered",
    "unread": "Effects that the file keeps unreadable are not rendered",
    "grade": "Grades are not rendered",
    "retime": "Speed changes that the edit does not spell out are rendered at 100 %",
    "silent": "Sounds that are not at hand are not heard",
    "cross": "Cross fades are heard as linear ones",
    "heard": "Effects on sounds are not heard",
}
_DISSOLVES = re.compile(
    r"(cross |smpte_|(avid )?video ?|film |toucan:)?dissolve(_2)?$|fade ?(up|down|in|out)?(_2)?$",
    re.IGNORECASE,
)
_CROSS_FADES = re.compile(r"smpte_dissolve$|cross fade 0 ?db$|audio dissolve$|dissolve$", re.IGNORECASE)
_QUIET = frozenset({"Video Faders", "Channels", VOLUME, "Audio Channel Combiner", "Submaster"})
_SLOTS = {
    "Transform": "transform",
    "Composite": "composite",
    "Cropping": "crop",
    "Dynamic Zoom": "dynamic",
    "Lens Correction": "lens",
    "Retime and Scaling": "scaling",
    "Unread": "unread",
}
"""Effects of Resolve that every clip carries: they do something where a parameter is not at its default."""
_EMPTY = ("Immersive", "Source ")
_SOUND_SLOTS = {
    "Fairlight Clip Pan": "pan",
    "Fairlight Clip Pitch": "pitch",
    "Fairlight Clip Equaliser": "equalizer",
}
_TRANSFORMS = (
    ("Zoom", "zoom"),
    ("Angle", "rotation"),
    ("Pitch", "rotation"),
    ("Yaw", "rotation"),
    ("Flip", "flip"),
)
_DETAILED = frozenset({"transform", "effect", "scaling"})
_READ_FILTERS = frozenset({"timeremap", "opacity", "basic", "crop", "audiolevels", "audiopan", ""})
ADJUSTMENT = 74
"""Type of Resolve's effect that makes a clip an adjustment clip."""


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    frame: int
    detail: str = ""


class Lacking:
    """Collects what is not rendered; each kind becomes one sentence."""

    def __init__(self, info: TimelineInfo, tl: otio.schema.Timeline) -> None:
        self._info = info
        self._resolve = is_resolve(tl) and info.has_edit
        self._places: dict[str, list[_Place]] = {}
        self._containers: dict[int, tuple[tuple[str, str], ...]] = {}
        self._solos = 0

    def picture(self, clip: Clip) -> tuple[str, ...]:
        """Note what of a clip's picture is not rendered; return it in short words."""
        leaf = clip.leaf
        if leaf.off or leaf.look.invisible or not clip.seen:
            return ()
        for transition in leaf.transitions:
            kind = transition_kind(transition)
            if not _DISSOLVES.match(kind):
                self._add("transition", clip.name, clip.start, kind)
        if clip.source.skip == SOUND_ONLY:
            return ()
        if clip.source.skip:
            self._add(_kind_of_title(clip), clip.name, clip.start)
            return ()
        words = []
        for kind, word in self._lacks(leaf):
            self._add(kind, clip.name, clip.start, word if kind in _DETAILED else "")
            words.append(word)
        return tuple(dict.fromkeys(words))

    def _lacks(self, leaf: Leaf) -> Iterator[tuple[str, str]]:
        for item in leaf.within:  # the same for all that lies in it
            if id(item) not in self._containers:
                self._containers[id(item)] = tuple(_lacks_of(item))
            yield from self._containers[id(item)]
        yield from _lacks_of(leaf.clip)
        if any("does not spell out" in note for note in leaf.look.notes):
            yield "retime", "speed"

    def sound(self, leaf: Leaf, name: str) -> None:
        """Note what of a sound is not heard as it should be."""
        frame = round(leaf.start)
        for transition in leaf.transitions:
            kind = transition_kind(transition)
            if not _CROSS_FADES.match(kind):
                self._add("cross", name, frame, kind)
        for item in (*leaf.within, leaf.clip):
            for word in filter(None, map(_sound_effect, _effects(item))):
                self._add("heard", name, frame, word)

    def silent(self, leaf: Leaf, name: str) -> None:
        """Note a sound that is not at hand."""
        self._add("silent", name, round(leaf.start))

    def solo(self, count: int) -> None:
        """Note that only so many audio tracks are heard, because they are on solo."""
        self._solos = count

    def _add(self, kind: str, name: str, frame: int, detail: str = "") -> None:
        place = _Place(name, frame, detail)
        self._places.setdefault(kind, []).append(place)

    def sentences(self) -> tuple[str, ...]:
        """Give one sentence for each kind, with the first places."""
        found = [
            f"{sentence}: {self._listed(self._places[kind])}."
            for kind, sentence in _SENTENCES.items()
            if kind in self._places
        ]
        if self._solos:
            tracks = "1 audio track is" if self._solos == 1 else f"{self._solos} audio tracks are"
            found.append(f"{tracks} on solo; the others are not heard.")
        if self._resolve:
            found.append(
                "Grades made in DaVinci Resolve are not in the edit that it exports; clips have the colours "
                "of their files."
            )
        return tuple(found)

    def _listed(self, places: Sequence[_Place]) -> str:
        details: dict[tuple[str, int], dict[str, None]] = {}
        for place in places:
            details.setdefault((place.name, place.frame), {})[place.detail] = None
        info = self._info
        words = []
        for (name, frame), said in list(details.items())[:NAMED]:
            detail = ", ".join(filter(None, said))
            code = frames_to_timecode(info.start_frame + max(0, frame), info.rate, info.drop_frame)
            words.append(f"“{name}”{f' ({detail})' if detail else ''} at {code}")
        rest = len(details) - NAMED
        return f"{', '.join(words)} and {rest} more" if rest > 0 else ", ".join(words)


def _kind_of_title(clip: Clip) -> str:
    """Tell adjustment clips and Fusion compositions from titles, by what Resolve calls them."""
    told = clip.leaf.clip.metadata.get(RESOLVE)
    kind = str(told.get("Kind") or "") if isinstance(told, Mapping) else ""
    name = f"{kind} {clip.leaf.clip.name}".lower()
    if "adjustment" in name or any(_said(one).get("Type") == ADJUSTMENT for one in clip.leaf.clip.effects):
        return "adjustment"
    return "fusion" if "fusion" in name else "title"


def transition_kind(transition: otio.schema.Transition) -> str:
    """Name the kind of a transition, as whoever wrote the edit calls it."""
    told = _said(transition)
    if told.get("Transition Type"):
        return str(told["Transition Type"])
    group = transition.metadata.get("AAF")
    group = group.get("OperationGroup") if isinstance(group, Mapping) else None
    kind = group.get("Operation") if isinstance(group, Mapping) else None
    if isinstance(kind, Mapping) and kind.get("Name"):
        return str(kind["Name"])
    return str(transition.transition_type or "dissolve")


def _said(thing: Any) -> Mapping[str, Any]:
    told = thing.metadata.get(RESOLVE)
    return told if isinstance(told, Mapping) else {}


# --- pictures -----------------------------------------------------------------------------------------


def _effects(item: otio.core.Item) -> Iterator[otio.schema.Effect]:
    """Yield the effects of a clip, track or stack that are on, without retimes."""
    for effect in item.effects:
        if getattr(effect, "enabled", True) and not isinstance(effect, otio.schema.TimeEffect):
            yield effect


def _lacks_of(item: otio.core.Item) -> Iterator[tuple[str, str]]:
    """Yield the kind, and a short word, of what an item asks for and is not rendered."""
    for effect in _effects(item):
        yield from _effect(effect)
    metadata = item.metadata
    if len(metadata) == 0:
        return
    if "cdl" in metadata:
        yield "grade", "grade"
    for name in _filters(metadata.get("fcp_xml")):
        yield "effect", name
    told = metadata.get("otio_ai_audit")
    if told is not None and any("Fusion page" in str(note) for note in told.get("notes", ())):
        yield "fusion", "Fusion composition"


def _effect(effect: otio.schema.Effect) -> Iterator[tuple[str, str]]:
    told = _said(effect)
    name = str(told.get("Effect Name") or "")
    if not name:
        name = _plain_name(effect)
        if name not in _QUIET:
            yield "effect", name
        return
    if name in _QUIET or not told.get("Enabled", True):
        return
    parameters = [str(one.get("Parameter ID")) for one in told.get("Parameters") or ()]
    kind = _SLOTS.get(name)
    if kind == "transform":
        for word in _transform(told["Parameters"]):
            yield kind, word
    elif kind == "composite":
        if any(one != "opacity" for one in parameters):
            yield kind, "composite mode"
    elif kind is not None:
        if parameters:
            yield kind, name.lower() if kind != "crop" else "crop"
    elif parameters or not name.startswith(_EMPTY):
        yield "effect", name


def _plain_name(effect: otio.schema.Effect) -> str:
    """Name an effect that another program than Resolve wrote."""
    told = effect.metadata.get("AAF")
    operation = told.get("Operation") if isinstance(told, Mapping) else None
    name = operation.get("Name") if isinstance(operation, Mapping) else None
    return str(name or effect.effect_name or effect.name or "unnamed")


def _transform(parameters: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in parameters:
        name = str(one.get("Parameter ID"))
        moves = "animated " if one.get("Key Frames") else ""
        default = 1.0 if "Zoom" in name else 0.0
        if not moves and one.get("Parameter Value") in (default, bool(default)):
            continue
        word = next((word for part, word in _TRANSFORMS if part in name), "position")
        yield f"{moves}{word}"


def _filters(told: Any) -> Iterator[str]:
    """Name the filters of an FCP7 XML that are on and not read."""
    filters = told.get("filter") if isinstance(told, Mapping) else None
    for one in [filters] if isinstance(filters, Mapping) else filters or ():
        effect = one.get("effect") if isinstance(one, Mapping) else None
        if not isinstance(effect, Mapping) or str(one.get("enabled", "TRUE")).upper() == "FALSE":
            continue
        if str(effect.get("effectid", "")).lower() not in _READ_FILTERS:
            yield str(effect.get("name") or effect.get("effectid") or "filter")


# --- sounds -------------------------------------------------------------------------------------------


def _sound_effect(effect: otio.schema.Effect) -> str:
    """Name what an effect does to a sound; empty where it does nothing, or nothing that is left out."""
    told = _said(effect)
    name = str(told.get("Effect Name") or "")
    if not name:
        name = _plain_name(effect)
        return "" if name in _QUIET else name
    parameters = {str(one.get("Parameter ID")) for one in told.get("Parameters") or ()}
    if name in _QUIET or not told.get("Enabled", True):
        return ""
    if name == "Fairlight Equaliser Band":
        return "equalizer" if "eq dB gain" in parameters else ""
    slot = _SOUND_SLOTS.get(name)
    if slot is not None:
        return slot if parameters else ""
    return name
