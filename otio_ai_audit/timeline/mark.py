"""Markers on an OTIO timeline: read all of them, replace ours.

Resolve's shape: timeline markers stand on the `Stack`, relative to the timeline's start; a clip's
markers are in the clip's own source time. The note is ``metadata.Resolve_OTIO.Note``; OTIO's
`comment` is written too, for everybody else. Ours carry ``metadata["otio_ai_audit"]``, which
OTIO tools keep and Resolve drops.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters.resolve import as_written, counts_record_frames
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import (
    COLORS,
    OTIO_COLORS,
    OUR_COLOR,
    RESOLVE_COLORS,
    is_summary,
    moods,
    person_text,
    split_custom,
    split_note,
    verdict_of,
)
from otio_ai_audit.model import KnownFinding, Marker, SeenMarker, TimelineInfo
from otio_ai_audit.timeline.items import Clock, length_of

OURS = "otio_ai_audit"
"""Key of our metadata."""
SCHEMA = 1

_TEXT_FIELDS = ("id", "detector", "key", "first_seen", "label", "text", "message")


def read_markers(tl: otio.schema.Timeline, info: TimelineInfo) -> tuple[SeenMarker, ...]:
    """Read every marker of an edit, whoever set it: on the timeline, on tracks and on clips.

    Parameters
    ----------
    tl
        The edit; it is not changed.
    info
        Its rate.

    Returns
    -------
    tuple of SeenMarker
        Frames count from the timeline's first frame. `SeenMarker.ids` tells ours, from our metadata
        or from ``[audit …]`` in the note; a marker on a clip has the clip's id as `owner`.
    """
    clock = Clock(info.rate)
    return tuple(_seen(spot.marker, spot.frame(clock), clock, spot.owner) for spot in _spots(tl, clock))


def with_markers(
    tl: otio.schema.Timeline,
    info: TimelineInfo,
    markers: Sequence[Marker],
    seen: Sequence[SeenMarker] = (),
) -> otio.schema.Timeline:
    """Return a copy of an edit with these markers in place of our earlier ones.

    Parameters
    ----------
    tl
        The edit; it is not changed.
    info
        Its rate.
    markers
        What `otio_ai_audit.timeline.markers_for` chose.
    seen
        What `read_markers` gave, with `SeenMarker.stands` where it was decided. Where it was not,
        ours stand when they are claimed, hold a verdict, or hold a person's words that none of the
        new markers takes over.

    Returns
    -------
    opentimelineio.schema.Timeline
        A deep copy. Nobody else's marker is touched.
    """
    result: otio.schema.Timeline = tl.deepcopy()
    clock = Clock(info.rate)
    spots = list(_spots(result, clock))
    found = [_seen(spot.marker, spot.frame(clock), clock, spot.owner) for spot in spots]
    standing = _standing(found, seen, markers)
    doomed: dict[int, list[int]] = {}
    holders: dict[int, Any] = {}
    for spot, marker, stands in zip(spots, found, standing, strict=True):
        if marker.ids and not stands:
            doomed.setdefault(id(spot.holder), []).append(spot.index)
            holders[id(spot.holder)] = spot.holder
    for key, indices in doomed.items():
        for index in sorted(indices, reverse=True):
            del holders[key].markers[index]
    rate = _rate_of(result, clock)
    origin = round(_start(result.tracks, clock))
    for new in sorted(markers, key=lambda marker: marker.frame):
        result.tracks.markers.append(_made(new, origin, rate))
    return result


# --- where markers are ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Spot:
    """A marker, the item that holds it, and how its time becomes timeline frames."""

    holder: Any
    index: int
    marker: otio.schema.Marker
    base: Fraction
    """Timeline frame of the holder's first frame."""
    origin: Fraction
    """The holder's own time there, in timeline frames."""
    owner: str | None = None

    def frame(self, clock: Clock) -> int:
        exact = self.base + _frames(self.marker.marked_range.start_time, clock) - self.origin
        return round(round(exact, 6))  # first off with float noise, which must not decide a half


def _frames(time: otio.opentime.RationalTime, clock: Clock) -> Fraction:
    """Timeline frames of a time; a rate that cannot be is taken for the timeline's."""
    try:
        return clock.frames(time)
    except TimelineError:
        return Fraction(time.value)


def _spots(tl: otio.schema.Timeline, clock: Clock) -> Iterator[_Spot]:
    stack = tl.tracks
    yield from _of(stack, Fraction(0), _start(stack, clock))
    number = 0
    for track in stack:
        video = getattr(track, "kind", "Video") != otio.schema.TrackKind.Audio
        number += video
        yield from _of(track, -_start(stack, clock), _start(track, clock))
        if not isinstance(track, otio.schema.Track):
            continue
        position, count = -_start(stack, clock) - _start(track, clock), 0
        for child in track:
            if not isinstance(child, otio.core.Item):
                continue
            if not isinstance(child, otio.schema.Gap):
                count += 1
            owner = f"{'V' if video else 'A'}{number}/{count:04d}"
            yield from _of(child, position, _clip_origin(child, clock), owner)
            if isinstance(child, otio.core.Composition):
                yield from _nested(child, position - _start(child, clock), owner, clock)
            position += length_of(child, clock)


def _of(holder: Any, base: Fraction, origin: Fraction, owner: str | None = None) -> Iterator[_Spot]:
    for index, marker in enumerate(getattr(holder, "markers", ())):
        yield _Spot(holder, index, marker, base, origin, owner)


def _nested(container: Any, base: Fraction, owner: str, clock: Clock) -> Iterator[_Spot]:
    """Markers inside a compound clip belong to it; they take no frame of the outer timeline."""
    position = base
    for child in container:
        if not isinstance(child, otio.core.Item):
            continue
        yield from _of(child, position, _clip_origin(child, clock), owner)
        if isinstance(child, otio.core.Composition):
            yield from _nested(child, position - _start(child, clock), owner, clock)
        if isinstance(container, otio.schema.Track):
            position += length_of(child, clock)


def _start(item: Any, clock: Clock) -> Fraction:
    trimmed = item.source_range
    return _frames(trimmed.start_time, clock) if trimmed is not None else Fraction(0)


def _clip_origin(item: Any, clock: Clock) -> Fraction:
    """Time of a clip's first frame as its markers count it.

    Resolve counts markers of a retimed clip from the media's start in retimed frames, while
    `source_range` starts at the true source frame: 39 at double speed is 19 there.
    """
    start = _start(item, clock)
    if not isinstance(item, otio.schema.Clip) or counts_record_frames(item):
        return start
    reference = item.media_reference
    available = reference.available_range if reference is not None else None
    if item.source_range is None:
        return _frames(available.start_time, clock) if available is not None else start
    left = _plain(item.metadata.get("Resolve_OTIO")).get("Left Offset")
    if available is not None and isinstance(left, int | float):
        return _frames(available.start_time, clock) + Fraction(left)  # .drt says it, at every speed
    speeds = [e.time_scalar for e in item.effects if isinstance(e, otio.schema.LinearTimeWarp)]
    if available is not None and len(speeds) == 1 and speeds[0] > 0:
        first = _frames(available.start_time, clock)
        return first + (start - first) / Fraction(speeds[0]).limit_denominator(100_000)
    return start


# --- reading one -----------------------------------------------------------------------------------------


def _seen(marker: otio.schema.Marker, frame: int, clock: Clock, owner: str | None) -> SeenMarker:
    ours = _plain(marker.metadata.get(OURS))
    written = str(ours.get("note", ""))
    note = _note(marker, written)
    resolve = _plain(marker.metadata.get("Resolve_OTIO"))
    custom, custom_ids = split_custom(str(resolve.get("Custom Data") or ""))
    ids = [str(id_) for id_ in ours.get("ids", ()) if isinstance(id_, str)]
    ids += [id_ for id_ in (*custom_ids, *split_note(note)[1]) if id_ not in ids]
    color = ours.get("color") or custom
    kept = str(resolve.get("Color") or "")  # Resolve's own projects and timelines say it, its OTIO does not
    return SeenMarker(
        frame=frame,
        frames=max(1, round(_frames(marker.marked_range.duration, clock))),
        color=kept or str(as_written(marker, "color") or ""),
        name=marker.name or "",
        note=note,
        ids=tuple(dict.fromkeys(ids)),
        lane="drt" if kept else "otio",
        owner=owner,
        own=color if color in (*COLORS.values(), OUR_COLOR) else "",
        written=written,
        findings=tuple(_known(item) for item in ours.get("findings", ()) if _is_known(item)),
    )


def _plain(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) or hasattr(value, "get") else {}


def _note(marker: otio.schema.Marker, written: str) -> str:
    """Read a marker's note, from the field that a person changed where there are two."""
    resolve = str(_plain(marker.metadata.get("Resolve_OTIO")).get("Note", "") or "")
    comment = marker.comment or ""
    if not resolve or not comment or resolve == comment:
        return resolve or comment
    if written and resolve == written:
        return comment
    return resolve


def _is_known(item: Any) -> bool:
    data = _plain(item)
    numbers = all(isinstance(data.get(name), int | float) for name in ("start", "duration"))
    return numbers and all(isinstance(data.get(name), str) for name in _TEXT_FIELDS)


def _known(item: Any) -> KnownFinding:
    return KnownFinding(
        id=item["id"],
        detector=item["detector"],
        key=item["key"],
        start=float(item["start"]),
        duration=float(item["duration"]),
        first_seen=item["first_seen"],
        label=item["label"],
        text=item["text"],
        message=item["message"],
    )


# --- writing one -----------------------------------------------------------------------------------------


def _made(marker: Marker, origin: int, rate: float) -> otio.schema.Marker:
    if marker.color not in RESOLVE_COLORS:
        raise TimelineError(f"{marker.color!r} is not a marker colour of Resolve ({marker.name}).")
    findings = [
        {
            **{name: getattr(finding, name) for name in _TEXT_FIELDS},
            "start": float(finding.start),
            "duration": float(finding.duration),
        }
        for finding in marker.findings
    ]
    ours = {
        "schema": SCHEMA,
        "ids": list(marker.ids),
        "color": marker.color,
        "note": marker.note,
        "findings": findings,
    }
    return otio.schema.Marker(
        name=marker.name,
        marked_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(origin + marker.frame, rate),
            otio.opentime.RationalTime(marker.frames, rate),
        ),
        color=OTIO_COLORS[marker.color],
        comment=marker.note,
        metadata={"Resolve_OTIO": {"Keywords": [], "Note": marker.note}, OURS: ours},
    )


def _rate_of(tl: otio.schema.Timeline, clock: Clock) -> float:
    """Give the timeline's rate as its file writes it."""
    start = tl.global_start_time
    if start is not None and start.rate > 0 and clock.exact(start.rate) == clock.rate:
        return float(start.rate)
    return float(clock.rate)


def _standing(found: Sequence[SeenMarker], seen: Sequence[SeenMarker], new: Sequence[Marker]) -> list[bool]:
    decided = {_sign(marker): marker.stands for marker in seen if marker.stands is not None}
    ids = {id_ for marker in new for id_ in marker.ids}
    messages = [finding.message for marker in new for finding in marker.findings]
    result = []
    for marker, mood in zip(found, moods(found), strict=True):
        stands = decided.get(_sign(marker))
        if stands is None:
            text = person_text(marker, messages)
            gone = not ids & {*marker.ids} and not is_summary(marker)
            judged = mood == "green" or verdict_of(marker, text).kind == "ok"
            stands = mood == "claimed" or (gone and (judged or bool(text)))
        result.append(stands)
    return result


def _sign(marker: SeenMarker) -> tuple[int, str, str, str, str | None]:
    return marker.frame, marker.color, marker.name, marker.note, marker.owner
