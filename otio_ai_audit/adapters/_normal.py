r"""From Resolve's form of OTIO to plain OTIO, each change kept beside what it was.

What changes, and what for:

===================  =========================================  =======================================
field                Resolve writes                             plain OTIO
===================  =========================================  =======================================
timeline name        nothing                                    the file's name
media                ``D:\takes\a#1.mov``                         ``file:///D:/takes/a%231.mov``
image sequence       folder without slash                       URL of the folder with one
title, generator     a missing reference that names nothing     `GeneratorReference` of the clip's name
offline media        the path in ``Resolve_OTIO``               ``original_target_url`` beside it, as OTIO's
                                                                bundles write it; still a missing reference
note of a marker     ``Resolve_OTIO.Note``                      `comment` too
marker, retimed      counted in retimed frames from the         counted from `source_range`, frame by frame
clip                 media's start                              of the record
rates                23.976                                     24000/1001
times                20.000000000000004                         20
===================  =========================================  =======================================

Speeds stay as they are: `source_range` lasts as long as the clip on its track, as in all of OTIO; a
reversed clip starts at the lowest source frame; speed keys stay in ``Resolve_OTIO``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters._stash import RESOLVE, is_resolve, put, stash_of, under
from otio_ai_audit.adapters.paths import url_of
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import OTIO_COLORS, RESOLVE_COLORS
from otio_ai_audit.timecode import NOISE, exact_rate, without_noise

OFFLINE = "The media were offline in DaVinci Resolve."
PLACE = "original_target_url"
"""Where OTIO's own bundle writers keep the URL of media that are missing."""
REASON = "missing_reference_because"

FCP7 = "fcp_xml"
FCP7_TITLE = {"effecttype": "generator", "mediatype": "video", "effectcategory": "Text"}

_FIELDS = (
    (otio.schema.Timeline, ("global_start_time",)),
    (otio.core.Item, ("source_range",)),
    (otio.core.MediaReference, ("available_range",)),
    (otio.schema.Marker, ("marked_range",)),
    (otio.schema.Transition, ("in_offset", "out_offset")),
)
TIMES = frozenset(field for _, fields in _FIELDS for field in fields)
_FILE = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_COLORS = {name.casefold(): OTIO_COLORS[name] for name in RESOLVE_COLORS}


def normalised(root: Any, name: str = "", generators: bool = True) -> Any:
    """Give what Resolve wrote as plain OTIO, which any other program understands.

    Parameters
    ----------
    root
        A timeline, or a stack, track, clip or collection. It is not changed.
    name
        What a timeline without a name is called: Resolve leaves it empty, its file has it.
    generators
        Make generators of titles; False leaves them missing references, for programs that know no
        generators (OTIO's `fcpx_xml` stops at one).

    Returns
    -------
    same type
        A deep copy. What was changed is kept in ``metadata["otio_ai_audit"]["resolve"]`` of each
        object, so that `resolve_shaped` can put it back. Twice is the same as once.
    """
    result = root.deepcopy()
    titles = generators and is_resolve(result)
    heard: set[int] = set()
    """Clips on audio tracks: what names no media there is no title."""
    for one in list(under(result, effects=False)):
        _times(one)
        if isinstance(one, otio.schema.Timeline):
            if not one.name and name:
                _set(one, "name", name)
        elif isinstance(one, otio.schema.ExternalReference):
            _url(one, "target_url")
        elif isinstance(one, otio.schema.ImageSequenceReference):
            _url(one, "target_url_base", "/")
        elif isinstance(one, otio.schema.MissingReference):
            _offline(one)
        elif isinstance(one, otio.schema.Marker):
            _marker(one)
        elif isinstance(one, otio.schema.Clip):
            if titles and id(one) not in heard:
                _title(one)
            _retimed_markers(one)
        elif isinstance(one, otio.schema.Track) and one.kind == otio.schema.TrackKind.Audio:
            heard.update(id(child) for child in one)
    return result


def _set(item: Any, field: str, value: Any) -> None:
    was = getattr(item, field)
    setattr(item, field, value)
    put(item, field, [was, value])


# --- times -------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def clean_time(value: float, rate: float) -> tuple[float, float]:
    """Value and rate without rounding noise; a rate that cannot be stays as it is."""
    try:
        exact = float(exact_rate(rate))
    except TimelineError:
        return value, rate
    return without_noise(value), exact


def _times(item: Any) -> None:
    for kind, fields in _FIELDS:
        if isinstance(item, kind):
            for field in fields:
                _time(item, field)
    if isinstance(item, otio.schema.ImageSequenceReference):
        rate = clean_time(0.0, item.rate)[1]
        if rate != item.rate:
            _set(item, "rate", rate)


def _time(item: Any, field: str) -> None:
    value = getattr(item, field)
    if isinstance(value, otio.opentime.RationalTime):
        cleaned: Any = _clean(item, field, value)
        if cleaned is not value:
            setattr(item, field, cleaned)
    elif value is not None:
        start, duration = value.start_time, value.duration
        first, length = (
            _clean(item, f"{field}.start_time", start),
            _clean(item, f"{field}.duration", duration),
        )
        if first is not start or length is not duration:
            setattr(item, field, otio.opentime.TimeRange(first, length))


def _clean(item: Any, path: str, time: otio.opentime.RationalTime) -> otio.opentime.RationalTime:
    """Return a time without noise, and keep what it was; the same object where there is none."""
    value, rate = clean_time(time.value, time.rate)
    if (value, rate) == (time.value, time.rate):
        return time
    put(item, path, [[time.value, time.rate], [value, rate]])
    return otio.opentime.RationalTime(value, rate)


# --- media -------------------------------------------------------------------------------------------


def _url(reference: Any, field: str, end: str = "") -> None:
    raw = getattr(reference, field)
    url = url_of(raw)
    if url is not None:
        _set(reference, field, url if not end or url.endswith(end) else url + end)


def media_url(reference: Any) -> str:
    """Last known path of offline media, as Resolve wrote it."""
    resolve = reference.metadata.get(RESOLVE)
    return str(resolve.get("Media Url") or "") if hasattr(resolve, "get") else ""


def _offline(reference: otio.schema.MissingReference) -> None:
    url = url_of(media_url(reference))
    if url is None or PLACE in reference.metadata or REASON in reference.metadata:
        return
    reference.metadata[PLACE] = url
    reference.metadata[REASON] = OFFLINE
    put(reference, PLACE, ["", url])


def _title(clip: otio.schema.Clip) -> None:
    """Make a generator of a missing reference that says nothing, as Resolve writes titles.

    OTIO's `fcp_xml` asks every reference for its range, and writes no generator that does not carry
    these words of FCP 7.
    """
    references = dict(clip.media_references())
    key = clip.active_media_reference_key
    reference = references.get(key)
    if not isinstance(reference, otio.schema.MissingReference):
        return
    if reference.available_range is not None or media_url(reference) or _FILE.search(clip.name or ""):
        return
    made = otio.schema.GeneratorReference(
        name=clip.name or "",
        generator_kind=clip.name or "",
        available_range=clip.source_range,
        metadata=reference.metadata,
        available_image_bounds=reference.available_image_bounds,
    )
    if FCP7 not in made.metadata:
        made.metadata[FCP7] = FCP7_TITLE
        put(made, FCP7, True)
    put(made, "title", [reference.name, clip.name or ""])
    references[key] = made
    clip.set_media_references(references, key)


# --- markers -----------------------------------------------------------------------------------------


def _marker(marker: otio.schema.Marker) -> None:
    resolve = marker.metadata.get(RESOLVE)
    note = resolve.get("Note") if hasattr(resolve, "get") else None
    if isinstance(note, str) and note and not marker.comment:
        _set(marker, "comment", note)
    color = marker.color or ""
    plain = _COLORS.get(color.casefold(), color)
    if plain != color:
        _set(marker, "color", plain)


def record_shift(clip: otio.schema.Clip) -> Fraction | None:
    """Seconds by which plain OTIO counts markers of a retimed clip later than Resolve does.

    Resolve counts them from the media's start in retimed frames, while `source_range` starts at the
    true source frame: 39 at double speed is 19.5 there, so a marker of Resolve's at 24 stands 4.5
    frames into the clip. None where both count alike, or the speed varies.
    """
    used, reference = clip.source_range, clip.media_reference
    available = reference.available_range if reference is not None else None
    if used is None or available is None:
        return None
    speeds = [one.time_scalar for one in clip.effects if isinstance(one, otio.schema.LinearTimeWarp)]
    if len(speeds) != 1 or speeds[0] <= 0 or speeds[0] == 1:
        return None
    try:
        start, first = _seconds(used.start_time), _seconds(available.start_time)
    except TimelineError:
        return None
    return (start - first) * (1 - 1 / Fraction(speeds[0]).limit_denominator(100_000))


def _seconds(time: otio.opentime.RationalTime) -> Fraction:
    value = Fraction(time.value)
    whole = round(value)
    return (Fraction(whole) if abs(value - whole) <= NOISE else value) / exact_rate(time.rate)


def moved(marker: otio.schema.Marker, seconds: Fraction) -> otio.opentime.TimeRange:
    """Range of a marker, so many seconds later."""
    held = marker.marked_range
    rate = held.start_time.rate
    value = float(Fraction(held.start_time.value) + seconds * exact_rate(rate))
    return otio.opentime.TimeRange(otio.opentime.RationalTime(value, rate), held.duration)


def _retimed_markers(clip: otio.schema.Clip) -> None:
    if "markers" in stash_of(clip):
        return
    shift = record_shift(clip)
    if shift is None:
        return
    put(clip, "markers", str(shift))
    for marker in clip.markers:
        try:
            held = moved(marker, shift)
        except TimelineError:
            continue
        start = marker.marked_range.start_time
        put(marker, "place", [[start.value, start.rate], [held.start_time.value, start.rate]])
        marker.marked_range = held
