"""A timeline as Resolve exports it: `.otio` by hand, so that reader and writer do not share a mistake.

The shape is that of the real exports: no timeline name, raw paths, ``Clip.2`` with a map of references,
timecode-absolute ranges at the timeline's rate, a gap at the end of short tracks, titles and offline media as
missing references, timeline markers on the stack counted from the timeline's first frame, notes in
``Resolve_OTIO.Note``, colours collapsed to OTIO's, no custom data.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

from .resolve_host_model import Item, Marker, Medium, Timeline, Track

# Cyan and Mint are known from real exports. The rest is not: here some differ from our own table on purpose.
_COLORS = {
    "Blue": "BLUE",
    "Cyan": "CYAN",
    "Green": "GREEN",
    "Yellow": "YELLOW",
    "Red": "RED",
    "Pink": "PINK",
    "Purple": "PURPLE",
    "Fuchsia": "MAGENTA",
    "Rose": "PINK",
    "Lavender": "PURPLE",
    "Sky": "CYAN",
    "Mint": "GREEN",
    "Lemon": "YELLOW",
    "Sand": "ORANGE",
    "Cocoa": "ORANGE",
    "Cream": "WHITE",
}
_SEQUENCE = re.compile(
    r"^(?P<base>.*)[/\\](?P<prefix>[^/\\]*)\[(?P<first>\d+)-(?P<last>\d+)\](?P<suffix>[^/\\]*)$"
)


def _time(value: Fraction | float, rate: Fraction) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(value)}


def _range(start: Fraction | float, frames: float, rate: Fraction) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": _time(frames, rate),
        "start_time": _time(start, rate),
    }


def _marker(start: Fraction | float, marker: Marker, rate: Fraction) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Marker.2",
        "metadata": {"Resolve_OTIO": {"Keywords": [], "Note": marker.note}},
        "name": marker.name,
        "color": _COLORS[marker.color],
        "marked_range": _range(start, marker.frames, rate),
    }


def _gap(frames: int, rate: Fraction) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Gap.1",
        "metadata": {},
        "name": "",
        "source_range": _range(0, frames, rate),
        "effects": [],
        "markers": [],
        "enabled": True,
    }


def _slot(number: int, name: str) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "Effect.1",
        "metadata": {
            "Resolve_OTIO": {
                "Display Type": 1,
                "Effect Name": name,
                "Enabled": True,
                "Name": name,
                "Parameters": [],
                "Type": number,
            }
        },
        "name": "",
        "effect_name": "Resolve Effect",
    }


def _reference(medium: Medium | None) -> dict[str, Any]:
    common: dict[str, Any] = {"metadata": {}, "available_image_bounds": None}
    if medium is None:
        return {"OTIO_SCHEMA": "MissingReference.1", **common, "name": "", "available_range": None}
    frames = 1 if medium.kind == "Still" else medium.frames
    common |= {"name": medium.file_name, "available_range": _range(medium.start, frames, medium.rate)}
    if not medium.online:
        common["metadata"] = {"Resolve_OTIO": {"Media Url": medium.path}}
        return {"OTIO_SCHEMA": "MissingReference.1", **common}
    found = _SEQUENCE.match(medium.path)
    if found:
        return {
            "OTIO_SCHEMA": "ImageSequenceReference.1",
            **common,
            "target_url_base": found["base"],
            "name_prefix": found["prefix"],
            "name_suffix": found["suffix"],
            "start_frame": int(found["first"]),
            "frame_step": 1,
            "rate": float(medium.rate),
            "frame_zero_padding": len(found["first"]),
            "missing_frame_policy": "error",
        }
    return {"OTIO_SCHEMA": "ExternalReference.1", **common, "target_url": medium.path}


def _clip(item: Item, rate: Fraction, group: int) -> dict[str, Any]:
    medium, start = item.medium, Fraction(0)
    if medium is not None and medium.kind != "Still":
        start = medium.start * rate / medium.rate + item.left * Fraction(item.speed)
    effects = [_slot(2, "Transform"), _slot(3, "Cropping"), _slot(22, "Retime and Scaling")]
    if item.speed != 1:
        effects.append(
            {
                "OTIO_SCHEMA": "LinearTimeWarp.1",
                "metadata": {},
                "name": "",
                "effect_name": "",
                "time_scalar": item.speed,
            }
        )
    media_rate = medium.rate if medium is not None else rate
    first = Fraction(medium.start if medium is not None else 0)
    return {
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {"Resolve_OTIO": {"Link Group ID": group} if medium is not None else {}},
        "name": item.name,
        "source_range": _range(start, item.duration, rate),
        "effects": effects,
        "markers": [_marker(first + at, one, media_rate) for at, one in sorted(item.markers.items())],
        "enabled": item.enabled,
        "media_references": {"DEFAULT_MEDIA": _reference(medium)},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _transition(item: Item, cut: int, rate: Fraction) -> dict[str, Any]:
    inside = {"Effect Name": item.name, "Enabled": True, "Name": item.name, "Parameters": [], "Type": 9}
    return {
        "OTIO_SCHEMA": "Transition.1",
        "metadata": {"Resolve_OTIO": {"Effects": inside, "Transition Type": item.name}},
        "name": item.name,
        "in_offset": _time(cut - item.start, rate),
        "out_offset": _time(item.end - cut, rate),
        "transition_type": "SMPTE_Dissolve",
    }


def _track(track: Track, kind: str, tl: Timeline, groups: dict[str, int]) -> dict[str, Any]:
    rate, at, children = tl.exact, tl.first, []
    over = [item for item in track.items if item.kind == "transition"]
    for item in sorted((i for i in track.items if i.kind != "transition"), key=lambda i: i.start):
        if item.start > at:
            children.append(_gap(item.start - at, rate))
        for dissolve in over:
            if dissolve.start <= item.start < dissolve.end and item.start != tl.first:
                children.append(_transition(dissolve, item.start, rate))
        group = groups.setdefault(item.id, len(groups) + 1)
        children.append(_clip(item, rate, group))
        at = item.end
    if at < tl.end or not children:
        children.append(_gap(tl.end - at, rate))
    audio = {"Audio Type": "Stereo", "Locked": track.locked, "SoloOn": False}
    return {
        "OTIO_SCHEMA": "Track.1",
        "metadata": {"Resolve_OTIO": {"Locked": track.locked} if kind == "Video" else audio},
        "name": track.name,
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
        "children": children,
        "kind": kind,
    }


def otio_text(tl: Timeline) -> str:
    """JSON of a timeline as Resolve 18.5 and later write it."""
    groups: dict[str, int] = {}
    tracks = [_track(track, "Video", tl, groups) for track in tl.video]
    tracks += [_track(track, "Audio", tl, groups) for track in tl.audio]
    document = {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {"Resolve_OTIO": {"Resolve OTIO Meta Version": "1.0"}},
        "name": "",
        "global_start_time": _time(tl.first, tl.exact),
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "metadata": {},
            "name": "",
            "source_range": None,
            "effects": [],
            "markers": [_marker(at, one, tl.exact) for at, one in sorted(tl.markers.items())],
            "enabled": True,
            "children": tracks,
        },
    }
    return json.dumps(document, indent=4)
