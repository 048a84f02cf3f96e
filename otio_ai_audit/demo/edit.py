"""The edit, in the words in which DaVinci Resolve writes an .otio: plain JSON, with all its habits.

The shape follows exports of Resolve 18.5 to 21: an empty timeline name, ranges that count from the
media's timecode, raw paths of the operating system, every track padded with a gap to the same length,
and a list of empty effect slots on every clip.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from .shots import RATE, TAKES, Take

Item: TypeAlias = dict[str, Any]

START = 86400
"""01:00:00:00 at 24 frames a second."""
OFFLINE = "fox_jump_v013.mp4"
OFFLINE_URL = "D:\\takes\\fox\\" + OFFLINE
TITLE = "Text+"

_SLOTS = (
    ("Transform", 2), ("Source Transform", 88), ("Immersive Transform", 85), ("Cropping", 3),
    ("Source Cropping", 87), ("Source Looks", 90), ("Dynamic Zoom", 59), ("Composite", 1),
    ("Lens Correction", 43), ("Retime and Scaling", 22), ("Video Faders", 36),
    ("Immersive Output Transform", 86),
)  # fmt: skip
_HIDDEN_SLOTS = {85, 86, 87, 88, 90, 36}


def _time(value: float) -> Item:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(RATE), "value": float(value)}


def _range(start: float, duration: float) -> Item:
    return {"OTIO_SCHEMA": "TimeRange.1", "duration": _time(duration), "start_time": _time(start)}


def _effects(speed: float | None) -> list[Item]:
    slots: list[Item] = [
        {
            "OTIO_SCHEMA": "Effect.1",
            "metadata": {
                "Resolve_OTIO": {
                    "Display Type": 3 if kind in _HIDDEN_SLOTS else 1,
                    "Effect Name": name,
                    "Enabled": True,
                    "Name": name,
                    "Parameters": [],
                    "Type": kind,
                }
            },
            "name": "",
            "effect_name": "Resolve Effect",
        }
        for name, kind in _SLOTS
    ]
    if speed is not None:
        slots.append(
            {
                "OTIO_SCHEMA": "LinearTimeWarp.1",
                "metadata": {},
                "name": "",
                "effect_name": "",
                "time_scalar": speed,
            }
        )
    return slots


def _clip(
    name: str,
    reference: Item,
    start: float,
    duration: int,
    *,
    enabled: bool = True,
    speed: float | None = None,
) -> Item:
    return {
        "OTIO_SCHEMA": "Clip.2",
        "metadata": {"Resolve_OTIO": {}},
        "name": name,
        "source_range": _range(start, duration),
        "effects": _effects(speed),
        "markers": [],
        "enabled": enabled,
        "media_references": {"DEFAULT_MEDIA": reference},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _gap(duration: int) -> Item:
    return {
        "OTIO_SCHEMA": "Gap.1",
        "metadata": {},
        "name": "",
        "source_range": _range(0, duration),
        "effects": [],
        "markers": [],
        "enabled": True,
    }


def _dissolve(before: int, after: int) -> Item:
    ends = {"Value": 0.0, "Variant Type": "Double"}, {"Value": 1.0, "Variant Type": "Double"}
    parameter = {
        "Default Parameter Value": 0.0,
        "Key Frames": {"0": ends[0], "100": ends[1]},
        "Parameter ID": "transitionCustomCurvesKeyframes",
        "Parameter Value": 0.0,
        "Variant Type": "Double",
        "maxValue": 1.0,
        "minValue": 0.0,
    }
    return {
        "OTIO_SCHEMA": "Transition.1",
        "metadata": {
            "Resolve_OTIO": {
                "Effects": {
                    "Display Type": 1,
                    "Effect Name": "Cross Dissolve",
                    "Enabled": True,
                    "Name": "Cross Dissolve",
                    "Parameters": [parameter],
                    "Type": 9,
                },
                "Transition Type": "Cross Dissolve",
            }
        },
        "name": "Cross Dissolve",
        "in_offset": _time(before),
        "out_offset": _time(after),
        "transition_type": "SMPTE_Dissolve",
    }


def _reference(take: Take, media: Path) -> Item:
    """Return the reference to a take's file or image sequence in the folder `media`."""
    start = 0 if take.sequence else take.start
    common: Item = {
        "metadata": {},
        "name": take.name,
        "available_range": _range(start, take.frames),
        "available_image_bounds": None,
    }
    if not take.sequence:
        return {"OTIO_SCHEMA": "ExternalReference.1", **common, "target_url": str(media / take.file)}
    prefix, suffix = take.file.split("%04d")
    return {
        "OTIO_SCHEMA": "ImageSequenceReference.1",
        **common,
        "target_url_base": str(media),
        "name_prefix": prefix,
        "name_suffix": suffix,
        "start_frame": take.start,
        "frame_step": 1,
        "rate": float(RATE),
        "frame_zero_padding": 4,
        "missing_frame_policy": "error",
    }


def _missing(name: str, url: str | None, frames: int | None) -> Item:
    return {
        "OTIO_SCHEMA": "MissingReference.1",
        "metadata": {"Resolve_OTIO": {"Media Url": url}} if url else {},
        "name": name if url else "",
        "available_range": _range(0, frames) if frames else None,
        "available_image_bounds": None,
    }


def _length(items: list[Item]) -> int:
    return sum(int(item["source_range"]["duration"]["value"]) for item in items if "source_range" in item)


def _track(name: str, kind: str, items: list[Item], frames: int) -> Item:
    """Return a track, padded with a gap to `frames`."""
    habits: Item = (
        {"Locked": False} if kind == "Video" else {"Audio Type": "Stereo", "Locked": False, "SoloOn": False}
    )
    rest = frames - _length(items)
    return {
        "OTIO_SCHEMA": "Track.1",
        "metadata": {"Resolve_OTIO": habits},
        "name": name,
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
        "children": [*items, _gap(rest)] if rest else items,
        "kind": kind,
    }


def timeline(media: Path) -> Item:
    """Return the edit of the advert as a JSON document; its takes lie in the folder `media`."""
    takes = {take.file.split("_v")[0].split(".")[0]: take for take in TAKES}

    def use(key: str, start: int, frames: int, **more: Any) -> Item:
        """`frames` timeline frames of a take, from its frame `start` on."""
        take = takes[key]
        offset = 0 if take.sequence else take.start
        return _clip(take.name, _reference(take, media), offset + start, frames, **more)

    lower = [
        use("village", 4, 68),
        _dissolve(8, 8),
        use("truck_drive", 12, 72),
        use("truck_front", 0, 60),
        use("fox", 6, 72),
        use("fox_close", 4, 88),
        use("wheel", 0, 72),
        use("truck_cabin", 0, 96),
        use("cabin", 4, 88),
        use("truck_drive", 60, 48, speed=0.5),
        use("snowman", 0, 96),
        use("fox_run", 0, 84),
        use("truck_night", 0, 60),
        use("snowman_close", 0, 60),
        use("truck_hill", 0, 72),
        _clip(OFFLINE, _missing(OFFLINE, OFFLINE_URL, 96), 0, 48),
        use("forest", 0, 60),
    ]
    # The wood hides the end of the wheel and the beginning of the parked truck.
    join = _length(lower[:7])
    upper = [
        _gap(_length(lower[:4]) + 12),
        use("truck_drive", 30, 48, enabled=False),
    ]
    upper += [_gap(join - 20 - _length(upper)), use("forest", 10, 36)]
    upper += [_gap(_length(lower) - 54 - _length(upper)), _clip(TITLE, _missing("", None, None), 0, 48)]
    frames = _length(lower)
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {"Resolve_OTIO": {"Resolve OTIO Meta Version": "1.0"}},
        "name": "",
        "global_start_time": _time(START),
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "metadata": {},
            "name": "",
            "source_range": None,
            "effects": [],
            "markers": [],
            "enabled": True,
            "children": [
                _track("Video 1", "Video", lower, frames),
                _track("Video 2", "Video", upper, frames),
                _track("Audio 1", "Audio", [], frames),
            ],
        },
    }
