"""A timeline of takes as FCP7 XML (xmeml version 5), which relinks by itself where it is opened.

Written as Resolve writes it: ``<format>`` for the sequence, a rate, a timecode and a size for every file,
``pathurl`` from ``file://localhost/`` on with everything encoded that has a meaning in URLs. ``ntsc`` is the
only sign of 23.976; a rate that it cannot say (12.5) is given as the timeline's. An image sequence is named
``name.[0001-0096].png``, as Resolve names one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from otio_ai_audit.adapters.paths import url_of
from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import Marker
from otio_ai_audit.timecode import can_drop, frames_to_timecode, nominal_rate
from otio_ai_audit.timeline.selects import Selects, Slot, printable, split_pattern
from otio_ai_audit.timeline.takes import Pattern

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'


def fcp7(selects: Selects, markers: Sequence[Marker] = ()) -> str:
    """Return a timeline of takes as the text of an FCP7 XML.

    Parameters
    ----------
    selects
        What is on which track.
    markers
        For the sequence; a note is the marker's comment.

    Raises
    ------
    OutputError
        If the format cannot say the timeline's rate.
    """
    info = selects.info
    if not _sayable(info.rate):
        raise OutputError(
            f"FCP7 XML knows no timeline of {float(info.rate):g} frames per second; write .otio instead."
        )
    root = Element("xmeml", version="5")
    sequence = SubElement(root, "sequence", id="sequence-1")
    _text(sequence, "name", info.name)
    _text(sequence, "duration", info.frames)
    _rate(sequence, info.rate)
    _text(sequence, "in", -1)
    _text(sequence, "out", -1)
    _timecode(sequence, info.start_frame, info.rate)
    video = SubElement(SubElement(sequence, "media"), "video")
    files: dict[str, str] = {}
    for slots in selects.tracks:
        track = SubElement(video, "track")
        for slot in slots:
            _clip_item(track, slot, info.rate, files)
        _text(track, "enabled", "TRUE")
        _text(track, "locked", "FALSE")
    characteristics = _size(SubElement(video, "format"), *selects.size)
    _text(characteristics, "pixelaspectratio", "square")
    _rate(characteristics, info.rate)
    for marker in markers:
        _marker(sequence, marker)
    ElementTree.indent(root, "    ")
    return _HEAD + ElementTree.tostring(root, "unicode") + "\n"


def write_fcp7(selects: Selects, markers: Sequence[Marker], path: Path) -> None:
    """Write a timeline of takes as FCP7 XML, UTF-8."""
    path.write_bytes(fcp7(selects, markers).encode("utf-8"))


def path_url(path: str) -> str:
    r"""Give the URL of an absolute path as FCP7 XML has it: ``file://localhost/D:/takes/a%231.mov``."""
    if path.startswith("/"):
        # As bytes, because a name of a file need not be text.
        return "file://localhost" + quote(path.encode("utf-8", "surrogateescape"), safe="/")
    url = url_of(path)
    return url.replace("file:///", "file://localhost/", 1) if url else quote(path.encode("utf-8", "replace"))


# --- one clip -------------------------------------------------------------------------------------------


def _clip_item(track: Element, slot: Slot, rate: Fraction, files: dict[str, str]) -> None:
    own = slot.rate if _sayable(slot.rate) else rate
    count = math.ceil(slot.count * own / slot.rate)
    item = SubElement(track, "clipitem", id=f"clipitem-{slot.track}-{slot.number}")
    _text(item, "name", slot.name)
    _text(item, "duration", count)
    _rate(item, own)
    _text(item, "start", slot.start)
    _text(item, "end", slot.start + slot.frames)
    _text(item, "enabled", "TRUE" if slot.enabled else "FALSE")
    _text(item, "in", 0)
    _text(item, "out", max(1, min(count, round(slot.frames * own / rate))))
    path = _path(slot)
    if path in files:
        SubElement(item, "file", id=files[path])
        return
    files[path] = f"file-{len(files) + 1}"
    _file(SubElement(item, "file", id=files[path]), slot, path, own, count)


def _file(file: Element, slot: Slot, path: str, rate: Fraction, count: int) -> None:
    _text(file, "duration", count)
    _rate(file, rate)
    _text(file, "name", slot.name)
    _text(file, "pathurl", path_url(path))
    drop = ";" in (slot.take.record.start_timecode or "") and can_drop(rate)
    _timecode(file, round(slot.first * rate / slot.rate), rate, drop)
    video = SubElement(SubElement(file, "media"), "video")
    _text(video, "duration", count)
    info = slot.take.record.info
    if info is not None:
        _size(video, info.width, info.height)


def _path(slot: Slot) -> str:
    """Path of the file, or of the numbered files as one."""
    media = slot.take.take.media
    numbered = split_pattern(media.path) if media.kind == "sequence" else None
    if numbered is None:
        return media.path
    folder, prefix, padding, suffix = numbered
    first = media.first if media.first is not None else media.numbers[0]
    name = Pattern(prefix, suffix, padding, first, first + slot.count - 1).label()
    joint = "\\" if "\\" in folder and "/" not in folder else "/"
    return f"{folder.rstrip(joint)}{joint}{name}"


# --- parts ----------------------------------------------------------------------------------------------


def _sayable(rate: Fraction) -> bool:
    return rate.denominator == 1 or rate == Fraction(nominal_rate(rate) * 1000, 1001)


def _text(parent: Element, tag: str, text: object) -> None:
    SubElement(parent, tag).text = str(text)


def _rate(parent: Element, rate: Fraction) -> None:
    element = SubElement(parent, "rate")
    _text(element, "timebase", nominal_rate(rate))
    _text(element, "ntsc", "FALSE" if rate.denominator == 1 else "TRUE")


def _timecode(parent: Element, frame: int, rate: Fraction, drop: bool = False) -> None:
    element = SubElement(parent, "timecode")
    _text(element, "string", frames_to_timecode(frame, rate, drop))
    _text(element, "frame", frame)
    _text(element, "displayformat", "DF" if drop else "NDF")
    _rate(element, rate)


def _size(parent: Element, width: int, height: int) -> Element:
    element = SubElement(parent, "samplecharacteristics")
    _text(element, "width", width)
    _text(element, "height", height)
    return element


def _marker(sequence: Element, marker: Marker) -> None:
    element = SubElement(sequence, "marker")
    _text(element, "comment", printable(marker.note))
    _text(element, "name", printable(marker.name))
    _text(element, "in", marker.frame)
    _text(element, "out", marker.frame + marker.frames if marker.frames > 1 else -1)
