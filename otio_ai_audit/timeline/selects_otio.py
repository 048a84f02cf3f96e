"""A timeline of takes as OTIO, in the form that Resolve takes in.

Ranges begin at the media's own timecode, paths are bare, every clip has an available range, and tracks are
called ``Video 1``; which of them hold alternatives stands in their metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters.resolve import write_to_string
from otio_ai_audit.model import Marker, RankedTake, TimelineInfo
from otio_ai_audit.timeline.mark import OURS, with_markers
from otio_ai_audit.timeline.selects import Selects, Slot, printable, split_pattern, writable


def selects_otio(selects: Selects, markers: Sequence[Marker] = ()) -> otio.schema.Timeline:
    """Build the timeline, with markers."""
    info = selects.info
    ours = {"made_from": "triage", "drop_frame": "no"}
    tl = otio.schema.Timeline(info.name, metadata={OURS: ours})
    tl.global_start_time = _time(info.start_frame, info.rate)
    for place, slots in enumerate(selects.tracks):
        track = otio.schema.Track(f"Video {place + 1}", kind=otio.schema.TrackKind.Video)
        track.metadata[OURS] = {"role": f"Alternatives {place}" if place else "Selects"}
        track.extend(_items(slots, info))
        tl.tracks.append(track)
    return with_markers(tl, info, markers)


def write_selects(selects: Selects, markers: Sequence[Marker], path: Path) -> None:
    """Write the timeline as ``.otio``, in the form that Resolve takes in."""
    path.write_bytes(write_to_string(selects_otio(selects, markers)).encode("utf-8"))


def _items(slots: Sequence[Slot], info: TimelineInfo) -> Iterator[otio.core.Item]:
    """Clips, and the gaps between and after them: Resolve fills every track to its end."""
    now = 0
    for slot in slots:
        if slot.start > now:
            yield otio.schema.Gap(source_range=_range(0, slot.start - now, info.rate))
        yield _clip(slot, info.rate)
        now = slot.start + slot.frames
    if info.frames > now:
        yield otio.schema.Gap(source_range=_range(0, info.frames - now, info.rate))


def _clip(slot: Slot, rate: Fraction) -> otio.schema.Clip:
    # Ranges begin at the media's own timecode, counted in frames of the timeline.
    first = float(slot.first * rate / slot.rate)
    used = otio.opentime.TimeRange(otio.opentime.RationalTime(first, float(rate)), _time(slot.frames, rate))
    clip = otio.schema.Clip(
        name=slot.name,
        media_reference=_reference(slot),
        source_range=used,
        metadata={OURS: _about(slot.take)},
    )
    clip.enabled = slot.enabled
    return clip


def _about(take: RankedTake) -> dict[str, Any]:
    told: dict[str, Any] = {
        "shot": printable(take.take.shot),
        "take": printable(take.take.name),
        "rank": take.rank,
        "standing": take.standing,
    }
    if take.standing == "disputed":
        words = "; ".join(f"{v.who}: {v.kind}" for v in take.verdicts if v.kind in ("keep", "kill"))
        told["notes"] = [printable(f"People disagree about this take ({words}).")]
    return told


def _reference(slot: Slot) -> otio.core.MediaReference:
    media = slot.take.take.media
    available = _range(slot.first, slot.count, slot.rate)
    numbered = split_pattern(media.path) if media.kind == "sequence" else None
    if numbered is None:
        reference = otio.schema.ExternalReference(target_url=writable(media.path), available_range=available)
    else:
        folder, prefix, padding, suffix = numbered
        reference = otio.schema.ImageSequenceReference(
            target_url_base=writable(folder),
            name_prefix=writable(prefix),
            name_suffix=writable(suffix),
            start_frame=media.first if media.first is not None else media.numbers[0],
            frame_step=1,
            rate=float(slot.rate),
            frame_zero_padding=max(1, padding),
            available_range=available,
        )
    reference.name = slot.name
    return reference


def _time(value: int, rate: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(float(value), float(rate))


def _range(start: int, frames: int, rate: Fraction) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start, rate), _time(frames, rate))
