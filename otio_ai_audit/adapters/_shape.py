"""Back to the form that Resolve writes, and that it takes back in.

Resolve imports only a document of its own shape, and says nothing when it refuses one: bare paths,
`media_references` maps with ``DEFAULT_MEDIA``, an available range on each reference, a start time,
tracks called ``Video 1``, notes in ``Resolve_OTIO`` (measured by others with 19.1.3 and 21.0.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters._fault import FormatError
from otio_ai_audit.adapters._normal import (
    FCP7,
    FCP7_TITLE,
    OFFLINE,
    PLACE,
    REASON,
    TIMES,
    media_url,
    moved,
    record_shift,
)
from otio_ai_audit.adapters._stash import RESOLVE, is_resolve, pair, put, take, under
from otio_ai_audit.adapters.paths import file_name, path_of
from otio_ai_audit.markings import OTIO_COLORS
from otio_ai_audit.timecode import exact_rate, nominal_rate

MEDIA = "DEFAULT_MEDIA"
VERSION = "Resolve OTIO Meta Version"
KEYS = "keys"
PALETTE = frozenset({*OTIO_COLORS.values(), "ORANGE"})
_MARKER_COLOR = "BLUE"
"""Resolve's own default."""
_HOUR = 3600


def resolve_shaped(root: Any) -> Any:
    """Give an edit the form that Resolve writes.

    Parameters
    ----------
    root
        What `normalised` made and others may have changed since, or an edit that Resolve never saw.
        It is not changed.

    Returns
    -------
    same type
        A deep copy. What nobody changed is what Resolve wrote; the rest is put into its form.

    Raises
    ------
    FormatError
        If a clip says nowhere how long it is.
    """
    known = _is_its_own(root)
    result = as_it_was(root)
    for one in list(under(result, effects=False)):
        if isinstance(one, otio.schema.Clip):
            _clip(one, foreign=not known)
        elif isinstance(one, otio.schema.Marker):
            _marker(one, foreign=not known)
    if isinstance(result, otio.schema.Timeline) and not known:
        _dress(result)
    return result


def _is_its_own(root: Any) -> bool:
    """Whether Resolve's OTIO writer made this; what was read out of its projects is not enough."""
    if isinstance(root, otio.schema.Timeline) and RESOLVE in root.metadata:
        return VERSION in root.metadata[RESOLVE]
    return is_resolve(root)


def as_it_was(root: Any, keys: bool = True) -> Any:
    """Take back what `normalised` did, in a deep copy; fields changed since get Resolve's form.

    Parameters
    ----------
    root
        The edit; objects without a stash stay as they are.
    keys
        Keep in the stash which of the keys that Resolve leaves out the file had.
    """
    result = root.deepcopy()
    found = list(under(result))  # held, so that an object is known by its id
    held = {id(one): take(one) for one in found}
    for one in found:
        _times_back(one, held[id(one)])
    for one in found:
        if isinstance(one, otio.schema.Clip):
            _clip_back(one, held)
        elif held[id(one)]:
            _back(one, held[id(one)])
    if keys:
        for one in found:
            kept = held[id(one)].get(KEYS)
            if kept is not None:
                put(one, KEYS, kept)
    return result


# --- field by field --------------------------------------------------------------------------------


def _back(one: Any, stash: Mapping[str, Any]) -> None:
    if isinstance(one, otio.schema.Timeline):
        if pair(stash, "name"):
            one.name = ""
    elif isinstance(one, otio.schema.ExternalReference):
        _url_back(one, "target_url", stash)
    elif isinstance(one, otio.schema.ImageSequenceReference):
        _url_back(one, "target_url_base", stash)
        rate = pair(stash, "rate")
        if rate and one.rate == rate[1]:
            one.rate = rate[0]
    elif isinstance(one, otio.schema.MissingReference):
        _offline_back(one, stash)
    elif isinstance(one, otio.schema.Marker):
        _marker_back(one, stash)


def _times_back(one: Any, stash: Mapping[str, Any]) -> None:
    for path in stash:
        field, _, part = path.partition(".")
        kept = pair(stash, path) if field in TIMES else None
        value = getattr(one, field, None) if kept else None
        if not kept or value is None:
            continue
        if not part:
            setattr(one, field, _time_back(value, kept))
            continue
        parts = {"start_time": value.start_time, "duration": value.duration}
        parts[part] = _time_back(parts[part], kept)
        setattr(one, field, otio.opentime.TimeRange(**parts))


def _time_back(time: otio.opentime.RationalTime, kept: tuple[Any, Any]) -> otio.opentime.RationalTime:
    """Value and rate of a time, each as it was unless it was changed."""
    (value, rate), (new_value, new_rate) = kept
    return otio.opentime.RationalTime(
        value if time.value == new_value else time.value, rate if time.rate == new_rate else time.rate
    )


def _url_back(reference: Any, field: str, stash: Mapping[str, Any]) -> None:
    kept = pair(stash, field)
    if kept:
        now = getattr(reference, field)
        setattr(reference, field, kept[0] if now == kept[1] else bare(now))


def bare(url: str) -> str:
    """Raw path of a ``file:`` URL, without a slash at its end; anything else as it is."""
    path = path_of(url)
    if path is None:
        return url
    cut = path.rstrip("/\\")
    return path if cut in ("", path[:2]) else cut


def _offline_back(reference: Any, stash: Mapping[str, Any]) -> None:
    kept = pair(stash, PLACE)
    if not kept:
        return
    now = reference.metadata.get(PLACE)
    if isinstance(now, str) and now != kept[1]:
        set_resolve(reference, "Media Url", bare(now))
    if PLACE in reference.metadata:
        del reference.metadata[PLACE]
    if reference.metadata.get(REASON) == OFFLINE:
        del reference.metadata[REASON]


def _marker_back(marker: otio.schema.Marker, stash: Mapping[str, Any]) -> None:
    comment, color = pair(stash, "comment"), pair(stash, "color")
    if comment:
        if marker.comment != comment[1] and note_of(marker) == comment[1]:
            set_resolve(marker, "Note", marker.comment)
        marker.comment = comment[0]
    if color and marker.color == color[1]:
        marker.color = color[0]


def _clip_back(clip: otio.schema.Clip, held: Mapping[int, Mapping[str, Any]]) -> None:
    if "markers" in held[id(clip)]:
        shift = record_shift(clip)
        same = str(shift) == held[id(clip)]["markers"]
        for marker in clip.markers:
            place = pair(held[id(marker)], "place")
            start = marker.marked_range.start_time
            if same and place and [start.value, start.rate] == list(place[1]):
                first = otio.opentime.RationalTime(*place[0])
                marker.marked_range = otio.opentime.TimeRange(first, marker.marked_range.duration)
            elif shift is not None:
                marker.marked_range = moved(marker, -shift)
    references = dict(clip.media_references())
    titles = {key: one for key, one in references.items() if "title" in held[id(one)]}
    for key, title in titles.items():
        if isinstance(title, otio.schema.GeneratorReference):
            if FCP7 in held[id(title)] and title.metadata.get(FCP7) == FCP7_TITLE:
                del title.metadata[FCP7]
            references[key] = _missing(title, pair(held[id(title)], "title"))
    if titles:
        clip.set_media_references(references, clip.active_media_reference_key)


def _missing(title: otio.schema.GeneratorReference, kept: tuple[Any, Any] | None = None) -> Any:
    return otio.schema.MissingReference(
        name=kept[0] if kept else "",
        metadata=title.metadata,
        available_image_bounds=title.available_image_bounds,
    )


def note_of(marker: otio.schema.Marker) -> str:
    """Give a marker's note as Resolve keeps it; empty where it has none."""
    resolve = marker.metadata.get(RESOLVE)
    return str(resolve.get("Note") or "") if hasattr(resolve, "get") else ""


def set_resolve(item: Any, key: str, value: Any) -> None:
    """Set a key of Resolve's metadata, which is made where it is not there."""
    if not hasattr(item.metadata.get(RESOLVE), "get"):
        item.metadata[RESOLVE] = {}
    item.metadata[RESOLVE][key] = value


# --- what Resolve never wrote ----------------------------------------------------------------------


def _marker(marker: otio.schema.Marker, foreign: bool) -> None:
    fresh = foreign or RESOLVE not in marker.metadata
    if fresh or (marker.comment and not note_of(marker)):
        set_resolve(marker, "Note", note_of(marker) or marker.comment)
        if "Keywords" not in marker.metadata[RESOLVE]:
            set_resolve(marker, "Keywords", [])
    if fresh and marker.color not in PALETTE:
        color = (marker.color or "").upper()
        known = {name.upper(): plain for name, plain in OTIO_COLORS.items()}
        marker.color = color if color in PALETTE else known.get(color, _MARKER_COLOR)


def _clip(clip: otio.schema.Clip, foreign: bool) -> None:
    if foreign and RESOLVE not in clip.metadata:
        shift = record_shift(clip) or Fraction(0)
        for marker in clip.markers if shift else ():
            marker.marked_range = moved(marker, -shift)
    references = dict(clip.media_references())
    active = clip.active_media_reference_key
    if active != MEDIA and active in references:
        other = references.pop(active)
        if MEDIA in references:
            references[active] = references[MEDIA]
        references[MEDIA] = other
    for key, one in references.items():
        references[key] = _reference(one, clip, foreign)
    clip.set_media_references(references, MEDIA if MEDIA in references else active)
    if foreign and clip.source_range is None:
        clip.source_range = _known_range(clip)


def _reference(reference: Any, clip: otio.schema.Clip, foreign: bool) -> Any:
    if isinstance(reference, otio.schema.GeneratorReference):
        return _missing(reference)
    if isinstance(reference, otio.schema.ExternalReference):
        reference.target_url = bare(reference.target_url)
        if foreign and not reference.name:
            reference.name = file_name(reference.target_url)
    elif isinstance(reference, otio.schema.ImageSequenceReference):
        base = bare(reference.target_url_base)
        reference.target_url_base = base.rstrip("/") or base if foreign else base
    elif isinstance(reference, otio.schema.MissingReference):
        place = reference.metadata.get(PLACE)
        if isinstance(place, str) and place and not media_url(reference):
            set_resolve(reference, "Media Url", bare(place))
        return reference
    if foreign and reference is not None and reference.available_range is None:
        reference.available_range = _known_range(clip)
    return reference


def _known_range(clip: otio.schema.Clip) -> otio.opentime.TimeRange:
    if clip.source_range is not None:
        return clip.source_range
    for reference in clip.media_references().values():
        if reference is not None and reference.available_range is not None:
            return reference.available_range
    raise FormatError(
        f"The clip “{clip.name}” says nowhere how long it is, and DaVinci Resolve imports no such clip; "
        "give it a source range."
    )


def _dress(tl: otio.schema.Timeline) -> None:
    """Give a timeline that Resolve never saw what Resolve expects around its clips."""
    tl.name = ""
    set_resolve(tl, VERSION, "1.0")
    if tl.global_start_time is None:
        rate = rate_of(tl) or 24.0
        tl.global_start_time = otio.opentime.RationalTime(
            nominal_rate(exact_rate(rate)) * _HOUR, float(exact_rate(rate))
        )
    children = list(tl.tracks)
    tracks = []
    for child in children:
        if not isinstance(child, otio.schema.Track):
            track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
            tl.tracks.remove(child)
            track.append(child)
            child = track
        tracks.append(child)
    sound = [one for one in tracks if one.kind == otio.schema.TrackKind.Audio]
    picture = [one for one in tracks if one.kind != otio.schema.TrackKind.Audio]
    tl.tracks[:] = []
    tl.tracks.extend([*picture, *sound])
    for kind, group in (("Video", picture), ("Audio", sound)):
        for number, track in enumerate(group, start=1):
            track.name = f"{kind} {number}"
            set_resolve(track, "Locked", False)
            if kind == "Audio":
                set_resolve(track, "Audio Type", "Stereo")
                set_resolve(track, "SoloOn", False)


def rate_of(root: Any) -> float | None:
    """Frames per second of an edit: of its start, else of its first clip or gap that says it."""
    start = getattr(root, "global_start_time", None)
    if start is not None and start.rate > 1:
        return float(start.rate)
    for one in under(root, effects=False):
        held = one.source_range if isinstance(one, otio.core.Item) else None
        if held is None and isinstance(one, otio.core.MediaReference):
            held = one.available_range
        if held is not None and held.duration.rate > 1:
            return float(held.duration.rate)
    return None
