"""Write an edit with markers as FCPXML.

Of an edit that was read from FCPXML the text is kept as it is, and only `<marker>` elements of ours
are put in or taken out. Any other edit is written anew (`fcpx_make`). FCPXML has no colour for
markers: what one is about stands in its name, and its id, as everywhere, ends its note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

import opentimelineio as otio

from otio_ai_audit.adapters.safe_xml import parse_xml
from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import Marker, SeenMarker, TimelineInfo
from otio_ai_audit.timeline.edit_file import bytes_of
from otio_ai_audit.timeline.fcpx_layout import HOLDERS, Layout, Piece, Resources, sequences, written
from otio_ai_audit.timeline.fcpx_make import made
from otio_ai_audit.timeline.fcpx_read import MARK, MARKERS
from otio_ai_audit.timeline.fcpx_text import Edit, as_utf8, insertion, space_before, spans_of
from otio_ai_audit.timeline.items import Clock
from otio_ai_audit.timeline.mark import read_markers, with_markers
from otio_ai_audit.timeline.walk import walk

_UNSAID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

_OWN = (".fcpxml", ".fcpxmld", ".xml")
_LONG = 10_000
_STRETCH = 512
"""Frames: elements are looked up by the stretches that they touch."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A marker to put in."""

    frame: int
    frames: int
    name: str
    note: str
    element: int | None = None
    """Number of the element that its shot is, where that is known."""


def write_fcpxml(
    tl: otio.schema.Timeline,
    info: TimelineInfo,
    markers: Sequence[Marker],
    seen: Sequence[SeenMarker],
    path: Path,
    original: Path | None = None,
) -> None:
    """Write an edit with these markers in place of our earlier ones.

    Parameters
    ----------
    tl : opentimelineio.schema.Timeline
        The edit as `read` gave it.
    info : TimelineInfo
        Its rate and start.
    markers : Sequence[Marker]
        Ours; nobody else's are touched.
    seen : Sequence[SeenMarker]
        Markers that stood on it, with what was decided about ours.
    path : Path
        Where to.
    original : Path or None
        The file that `tl` was read from.

    Raises
    ------
    OutputError
        If the edit is no longer what was read.
    """
    marked = with_markers(tl, info, markers, seen)
    if MARK in tl.metadata and original is not None and original.suffix.lower() in _OWN:
        source = original / "Info.fcpxml" if original.is_dir() else original
        data = as_utf8(bytes_of(source))
        index = int(tl.metadata[MARK]["timeline"])
        elements = _elements(tl, info)
        marks = [_mark(one, elements) for one in markers]
        kept = {_number(marker) for marker in _all_markers(marked)}
        gone = {_number(marker) for marker in _all_markers(tl)} - kept
    else:
        data, index, gone = made(tl, info), 0, set()
        marks = [_Mark(one.frame, one.frames, one.name, one.note) for one in read_markers(marked, info)]
    path.write_bytes(marked_text(data, index, marks, {number for number in gone if number is not None}))


def _elements(tl: otio.schema.Timeline, info: TimelineInfo) -> dict[str, int]:
    """Return the number of the element of every clip, by the clip's id."""
    found = {}
    for leaf in walk(tl, Clock(info.rate)):
        number = _number(leaf.clip)
        if number is not None and "." not in leaf.id:
            found[leaf.id] = number
    return found


def _mark(marker: Marker, elements: Mapping[str, int]) -> _Mark:
    element = elements.get(marker.clip or "")
    return _Mark(marker.frame, marker.frames, marker.name, marker.note, element)


def _number(thing: Any) -> int | None:
    told = thing.metadata.get(MARK)
    return int(told["element"]) if told is not None and "element" in told else None


def _all_markers(tl: otio.schema.Timeline) -> Iterator[otio.schema.Marker]:
    parents: list[Any] = [tl.tracks]
    while parents:
        parent = parents.pop()
        yield from getattr(parent, "markers", ())
        if isinstance(parent, otio.core.Composition):
            parents += list(parent)


# --- into the text ---------------------------------------------------------------------------------------


def marked_text(data: bytes, index: int, marks: Sequence[_Mark], gone: set[int]) -> bytes:
    """Put markers into the text of an FCPXML, and take others out.

    Parameters
    ----------
    data : bytes
        The document, in UTF-8.
    index : int
        Which of its timelines.
    marks : Sequence[_Mark]
        What to put in: timeline frame, length, name and note.
    gone : set[int]
        Numbers of the marker elements to take out, in the order of the document.
    """
    root = parse_xml(data, "The edit")
    elements = list(root.iter())
    number = {id(element): count for count, element in enumerate(elements)}
    found = sequences(root)
    if index >= len(found) or any(n >= len(elements) or elements[n].tag not in MARKERS for n in gone):
        raise OutputError("The edit was changed while it was audited; audit it again.")
    sequence, resources = found[index][1], Resources.of(root)
    rate = resources.rate(sequence.get("format"))
    if rate is None:
        raise OutputError("The edit was changed while it was audited; audit it again.")
    pieces = Layout(resources, rate).sequence(sequence)
    pieces = [one for one in pieces if one.element.tag not in ("transition", "audio")]
    spans = spans_of(data)
    edits: list[Edit] = []
    for count in gone:
        start = spans[count].start
        edits.append((space_before(data, start), spans[count].end, b""))
    texts: dict[int, list[tuple[Fraction, bytes]]] = {}
    holders = _Holders(pieces, number, resources, rate)
    for mark in marks:
        piece = holders.of(mark)
        if piece is not None:
            texts.setdefault(number[id(piece.element)], []).append(_element(piece, mark, rate))
    for count, rows in texts.items():
        rows.sort(key=lambda row: row[0])
        edits.append(insertion(data, spans, elements[count], number, [text for _, text in rows]))
    parts: list[bytes] = []
    at = 0
    for begin, end, new in sorted(edits, key=lambda edit: edit[:2]):
        parts += [data[at:begin], new]
        at = max(at, end)
    return b"".join([*parts, data[at:]])


class _Holders:
    """Says what a marker goes into: its shot, else the topmost picture there, else the spine."""

    def __init__(
        self, pieces: Sequence[Piece], number: Mapping[int, int], resources: Resources, rate: Fraction
    ):
        self.number, self.resources, self.rate = number, resources, rate
        self.last = max((one for one in pieces if one.lane == 0), key=lambda one: one.end, default=None)
        self.near: dict[int, list[Piece]] = {}
        self.long: list[Piece] = []
        for piece in pieces:
            low, high = (int(end * rate) // _STRETCH for end in (piece.position, piece.end))
            if high - low > _LONG:
                self.long.append(piece)
                continue
            for stretch in range(low, high + 1):
                self.near.setdefault(stretch, []).append(piece)

    def of(self, mark: _Mark) -> Piece | None:
        moment = mark.frame / self.rate
        here = [*self.near.get(mark.frame // _STRETCH, ()), *self.long]
        here = [piece for piece in here if piece.position <= moment < piece.end]
        own = [piece for piece in here if self.number[id(piece.element)] == mark.element]
        shots = [piece for piece in here if piece.enabled and _is_shot(piece.element, self.resources)]
        shots.sort(key=lambda piece: -piece.lane)
        spine = [piece for piece in here if piece.lane == 0]
        return next(iter([*own, *shots, *spine, *here]), self.last)


def _is_shot(element: Element, resources: Resources) -> bool:
    asset = resources.get(element.get("ref"), "asset")
    if asset is not None:
        return asset.get("hasVideo") != "0" and element.get("srcEnable") != "audio"
    return element.tag in HOLDERS


def _element(piece: Piece, mark: _Mark, rate: Fraction) -> tuple[Fraction, bytes]:
    moment = mark.frame / rate
    if moment >= piece.end:
        moment = piece.end - 1 / rate
    end = max(min((mark.frame + mark.frames) / rate, piece.end), moment + 1 / rate)
    start = piece.own(moment)
    length = (end - moment) / piece.pace
    values = {"start": written(start), "duration": written(length), "value": mark.name, "note": mark.note}
    told = " ".join(f"{key}={_quoted(value)}" for key, value in values.items() if value or key == "value")
    return start, f"<marker {told}/>".encode()


def _quoted(text: str) -> str:
    return quoteattr(_UNSAID.sub(" ", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
