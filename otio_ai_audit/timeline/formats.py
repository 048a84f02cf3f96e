"""Edits in other formats than OTIO: which reader takes which file, and what it gets wrong, put right.

FCPXML and the events of an EDL are read by this package; FCP7 XML, AAF and the rest of an EDL by
OpenTimelineIO's community adapters (``otio-ai-audit[formats]``); .drt and .drp by `adapters`. What an
adapter prints, warns of or raises reaches nobody: a person gets one sentence.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters.safe_xml import parse_xml
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timeline.edit_file import EXPORT, OTHERS, bytes_of, choose
from otio_ai_audit.timeline.edl import read_edl
from otio_ai_audit.timeline.effects import SILENCE, VOLUME
from otio_ai_audit.timeline.fcpx_read import plain_name, read_fcpxml
from otio_ai_audit.timeline.foreign_effects import effect_of, number, speed_curve, transform, value_at

FCP7 = "fcp_xml"
_MOST_AAF = 2 << 30
_INSTALL = "pip install 'otio-ai-audit[formats]'"

Reader = Callable[[Path, Fraction | None, str | None], otio.schema.Timeline]


def read_other(path: Path, rate: Fraction | None = None, name: str | None = None) -> otio.schema.Timeline:
    """Read an edit that is no OTIO file.

    Parameters
    ----------
    path : Path
        Its suffix chooses the reader; an ``.xml`` is told by its content.
    rate : Fraction or None
        Frames per second that an EDL counts in.
    name : str or None
        Which timeline of several.

    Raises
    ------
    TimelineError
        If it cannot be read, with what to export instead.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        what = OTHERS.get(path.suffix.lower(), "no edit")
        raise TimelineError(f"{path.name} is {what} and cannot be read here. {EXPORT}")
    return reader(path, rate, name)


def community(adapter: str, path: Path, what: str, text: str | None = None, **arguments: Any) -> Any:
    """Read through one of OpenTimelineIO's adapters, whatever it prints, warns of or raises.

    Parameters
    ----------
    adapter : str
        As OpenTimelineIO knows it (``AAF``).
    path : Path
        The file; it is read unless there is `text`.
    what : str
        What the file is, for messages (``an AAF``).
    text : str or None
        What to read in its place.

    Raises
    ------
    TimelineError
        If the adapter is not installed, or cannot read the file.
    """
    try:
        otio.adapters.from_name(adapter).module()
    except Exception as error:
        raise TimelineError(
            f"{path.name} is {what}, which takes adapters that are not installed: {_INSTALL}. {EXPORT}"
        ) from error
    try:
        with _silence():
            try:
                if text is not None:
                    return otio.adapters.read_from_string(text, adapter, **arguments)
                return otio.adapters.read_from_file(str(path), adapter, **arguments)
            except Exception as error:
                traceback.clear_frames(error.__traceback__)  # an adapter may hold the file open in one
                raise
    except TimelineError:
        raise
    except Exception as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise TimelineError(f"{path.name} cannot be read as {what} ({why}). {EXPORT}") from error


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _one_of(root: Any, path: Path, name: str | None) -> otio.schema.Timeline:
    """Return the timeline that is meant of what an adapter gave."""
    if isinstance(root, otio.schema.Timeline):
        found = [root]
    elif isinstance(root, otio.schema.SerializableCollection):
        found = [one for one in root if isinstance(one, otio.schema.Timeline)]
    else:
        found = []
    wanted = plain_name(name) if name is not None else None
    tl = found[choose([plain_name(one.name) for one in found], path, wanted)]
    if not isinstance(tl.tracks, otio.schema.Stack):
        raise TimelineError(f"{path.name} has no tracks; export the timeline that you cut.")
    for item in (tl.tracks, *_items(tl.tracks)):
        reference = getattr(item, "media_reference", None)
        ranges = [item.source_range, *(marker.marked_range for marker in item.markers)]
        ranges.append(reference.available_range if reference is not None else None)
        if not all(_is_time(one) for one in ranges if one is not None):
            raise TimelineError(f"{path.name} gives “{item.name}” a time that is no number; export it again.")
    return tl


def _is_time(one: otio.opentime.TimeRange) -> bool:
    times = (one.start_time, one.duration)
    return all(math.isfinite(time.value) and math.isfinite(time.rate) for time in times)


# --- one format after the other ------------------------------------------------------------------------


def _fcpxml(path: Path, _rate: Fraction | None, name: str | None) -> otio.schema.Timeline:
    return read_fcpxml(bytes_of(path / "Info.fcpxml" if path.is_dir() else path), path, name)


def _xml(path: Path, rate: Fraction | None, name: str | None) -> otio.schema.Timeline:
    data = bytes_of(path)
    root = parse_xml(data, path.name)
    if root.tag == "fcpxml":
        return read_fcpxml(data, path, name)
    if root.tag in ("testsuites", "testsuite"):
        raise TimelineError(f"{path.name} is a JUnit report, no edit; give the edit that it is about.")
    if root.tag != "xmeml":
        raise TimelineError(f"{path.name} is XML, but no edit (<{root.tag}>). {EXPORT}")
    if next(root.iter("sequence"), None) is None:
        raise TimelineError(f"{path.name} holds no timeline (sequence); export the timeline that you cut.")
    # Of the root element on, because the adapter takes text, whatever encoding the file declares.
    from xml.etree.ElementTree import tostring

    tl = _one_of(community(FCP7, path, "FCP7 XML", text=tostring(root, "unicode")), path, name)
    _mend_fcp7(tl)
    return tl


def _aaf(path: Path, _rate: Fraction | None, name: str | None) -> otio.schema.Timeline:
    if not path.is_file():
        raise TimelineError(f"There is no file {path}; check the name.")
    if path.stat().st_size > _MOST_AAF:
        raise TimelineError(f"{path.name} carries its media; export an AAF that links them. {EXPORT}")
    return _one_of(community("AAF", path, "an AAF"), path, name)


def _edl(path: Path, rate: Fraction | None, _name: str | None) -> otio.schema.Timeline:
    def adapter(text: str, nominal: int) -> Any:
        return community("cmx_3600", path, "an EDL", text=text, rate=nominal)

    return read_edl(bytes_of(path), path, rate, adapter)


def _drt(path: Path, _rate: Fraction | None, name: str | None) -> otio.schema.Timeline:
    try:
        root = community("resolve_drt", path, OTHERS[path.suffix.lower()], timeline_name=name)
    except TimelineError as error:
        if name is None and " timelines; " in str(error):
            raise TimelineError(f"{error} Choose it with --timeline NAME.") from error
        raise
    return _one_of(root, path, None)


def _drb(path: Path, _rate: Fraction | None, _name: str | None) -> otio.schema.Timeline:
    raise TimelineError(f"{path.name} is a bin of DaVinci Resolve and holds no timeline. {EXPORT}")


READERS: dict[str, Reader] = {
    ".fcpxml": _fcpxml,
    ".fcpxmld": _fcpxml,
    ".xml": _xml,
    ".edl": _edl,
    ".aaf": _aaf,
    ".drt": _drt,
    ".drp": _drt,
    ".drb": _drb,
}
"""Suffix → reader."""


# --- FCP7 XML -------------------------------------------------------------------------------------------


def _mend_fcp7(tl: otio.schema.Timeline) -> None:
    """Put in what the adapter leaves in metadata: what is off, retimes, looks, notes of markers."""
    from_resolve = tl.name.endswith(" (Resolve)")
    tl.name = plain_name(tl.name)
    code = _told(tl).get("timecode")
    shown = str(code.get("displayformat", "")) if isinstance(code, Mapping) else ""
    if shown in ("DF", "NDF"):
        tl.metadata["otio_ai_audit"] = {"drop_frame": "yes" if shown == "DF" else "no"}
    for track in tl.tracks:
        track.enabled = _told(track).get("enabled") != "FALSE"
    for item in (tl.tracks, *_items(tl.tracks)):
        for marker in item.markers:
            marker.comment = marker.comment or str(_told(marker).get("comment") or "")
        if isinstance(item, otio.schema.Clip | otio.schema.Stack) and item is not tl.tracks:
            item.enabled = _told(item).get("enabled") != "FALSE"
            _mend_item(item, from_resolve)


def _items(parent: otio.core.Composition) -> Iterator[Any]:
    for child in parent:
        if isinstance(child, otio.core.Item):
            yield child
        if isinstance(child, otio.core.Composition):
            yield from _items(child)


def _told(thing: Any) -> Mapping[str, Any]:
    found = thing.metadata.get(FCP7)
    return found if isinstance(found, Mapping) else {}


def _mend_item(item: Any, from_resolve: bool) -> None:
    reference = getattr(item, "media_reference", None)
    available = reference.available_range if reference is not None else None
    if available is not None:
        for marker in item.markers:
            there = marker.marked_range.start_time + available.start_time
            marker.marked_range = otio.opentime.TimeRange(there, marker.marked_range.duration)
    effects = []
    for effect in item.effects:
        told = _told(effect)
        values = _values(told)
        kind = str(told.get("effectid", "")).lower()
        if kind == "timeremap":
            effects += _retime(item, values, told, from_resolve)
        elif kind == "opacity" and number(values.get("opacity"), 100) < 100:
            effects.append(effect_of("Composite", opacity=number(values.get("opacity"), 100)))
        elif kind == "basic":
            place = values.get("center")
            place = place if isinstance(place, Mapping) else {}
            zoom = number(values.get("scale"), 100) / 100
            there = (number(place.get("horiz"), 0), number(place.get("vert"), 0))
            effects += transform((zoom, zoom), there, number(values.get("rotation"), 0))
        elif kind == "crop" and any(number(value, 0) for value in values.values()):
            effects.append(effect_of("Cropping", crop=1.0))
        elif kind == "audiolevels" and number(values.get("level"), 1) != 1:
            level = number(values.get("level"), 1)
            effects.append(effect_of(VOLUME, volume=20 * math.log10(level) if level > 0 else SILENCE))
    item.effects[:] = effects


def _values(told: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a filter by their id."""
    rows = told.get("parameter")
    rows = [rows] if isinstance(rows, Mapping) else list(rows or ())
    return {str(row.get("parameterid")): row.get("value") for row in rows if isinstance(row, Mapping)}


def _retime(item: Any, values: Mapping[str, Any], told: Mapping[str, Any], from_resolve: bool) -> list[Any]:
    """Turn a Time Remap into a time effect.

    Resolve puts one of speed 0 on stills, where it means nothing. Premiere and FCP7 count `in` in
    retimed frames; Resolve takes it literally, as its import is known to do.
    """
    reference = getattr(item, "media_reference", None)
    used, available = item.source_range, getattr(reference, "available_range", None)
    rate = used.start_time.rate
    zero = available.start_time.rescaled_to(rate).value if available is not None else 0.0
    late = used.start_time.value - zero
    speed = number(values.get("speed"), 0) / 100
    if str(values.get("reverse")).upper() == "TRUE":
        speed = -abs(speed)
    points = _curve(told, rate) if str(values.get("variablespeed")) == "1" else []
    effect = otio.schema.LinearTimeWarp(time_scalar=speed)
    if len(points) > 1:
        begin = Fraction(late / rate)
        effect = speed_curve([(time - begin, value) for time, value in points])
        late = float(value_at(points, begin)) * rate
    elif speed in (0, 1):
        return []
    elif not from_resolve:
        late *= abs(speed)
    start = otio.opentime.RationalTime(zero + late, rate)
    item.source_range = otio.opentime.TimeRange(start, used.duration)
    return [effect]


def _curve(told: Mapping[str, Any], rate: float) -> list[tuple[Fraction, Fraction]]:
    """Read a speed curve: seconds of the retimed clip, seconds of the medium."""
    rows = told.get("parameter")
    graph = [row for row in rows or () if isinstance(row, Mapping) and row.get("parameterid") == "graphdict"]
    points = graph[0].get("keyframe") if graph else None
    points = [points] if isinstance(points, Mapping) else list(points or ())
    pairs = [(number(one.get("when"), 0) / rate, number(one.get("value"), 0) / rate) for one in points]
    return sorted((Fraction(time), Fraction(value)) for time, value in pairs)
