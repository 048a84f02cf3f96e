"""Small edits as DaVinci Resolve writes them, for tests of the timeline room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio

schema = otio.schema


def time(value: float, rate: float = 24.0) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(value, rate)


def span(start: float, frames: float, rate: float = 24.0) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(time(start, rate), time(frames, rate))


def clip(
    url: str | Path,
    start: float = 0,
    frames: float = 48,
    *,
    available: otio.opentime.TimeRange | None = None,
    rate: float = 24.0,
    effects: list[Any] | None = None,
    name: str | None = None,
    enabled: bool = True,
) -> otio.schema.Clip:
    """A clip of a file with 120 frames at 24 unless `available` says otherwise."""
    available = span(0, 120) if available is None else available
    reference = schema.ExternalReference(target_url=str(url), available_range=available)
    one = schema.Clip(
        Path(str(url).replace("\\", "/")).name if name is None else name, reference, span(start, frames, rate)
    )
    one.effects.extend(effects or [])
    one.enabled = enabled
    return one


def gap(frames: float, rate: float = 24.0) -> otio.schema.Gap:
    return schema.Gap(source_range=span(0, frames, rate))


def title(frames: float, name: str = "Text+") -> otio.schema.Clip:
    return schema.Clip(name, schema.MissingReference(), span(0, frames))


def offline(url: str, frames: float, name: str = "a.mp4") -> otio.schema.Clip:
    reference = schema.MissingReference(available_range=span(0, frames))
    reference.metadata["Resolve_OTIO"] = {"Media Url": url}
    return schema.Clip(name, reference, span(0, frames))


def dissolve(before: float, after: float) -> otio.schema.Transition:
    return schema.Transition("", "SMPTE_Dissolve", time(before), time(after))


def warp(scalar: float) -> otio.schema.LinearTimeWarp:
    return schema.LinearTimeWarp(time_scalar=scalar)


def keys(*rows: tuple[float, ...]) -> otio.schema.TimeEffect:
    effect = schema.TimeEffect()
    effect.metadata["Resolve_OTIO"] = {"Key Frames": [list(row) for row in rows], "Speed Ratio": 1.0}
    return effect


def effect(name: str, *, on: bool = True, **values: float | list[float]) -> otio.schema.Effect:
    """One of Resolve's effects; a list of values is key-framed."""
    parameters = []
    for key, value in values.items():
        row: dict[str, Any] = {"Parameter ID": key, "Default Parameter Value": 1.0}
        if isinstance(value, list):
            row["Parameter Value"] = value[0]
            row["Key Frames"] = {str(10 * at): {"Value": one} for at, one in enumerate(value)}
        else:
            row["Parameter Value"], row["Key Frames"] = value, {}
        parameters.append(row)
    one = schema.Effect(effect_name="Resolve Effect")
    one.metadata["Resolve_OTIO"] = {"Effect Name": name, "Enabled": on, "Parameters": parameters}
    return one


def edit(
    *tracks: list[Any], rate: float = 24.0, start: float | None = None, resolve: bool = True
) -> otio.schema.Timeline:
    """An edit of video tracks, bottom first."""
    tl = schema.Timeline("")
    tl.global_start_time = time(round(rate) * 3600 if start is None else start, rate)
    if resolve:
        tl.metadata["Resolve_OTIO"] = {"Resolve OTIO Meta Version": "1.0"}
    for number, children in enumerate(tracks, start=1):
        track = schema.Track(f"Video {number}", kind="Video")
        track.extend(children)
        tl.tracks.append(track)
    return tl
