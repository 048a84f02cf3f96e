"""The text of an XML document: where its elements stand in it, and how to put new ones in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element
from xml.parsers import expat

_AFTER = frozenset(
    {
        *("audio-channel-source", "audio-role-source", "sync-source", "filter-video", "filter-video-mask"),
        *("filter-audio", "metadata", "reserved"),
    }
)
"""What the DTDs (1.8 to 1.13) put after the markers of a story element."""
_TAG = re.compile(rb"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_ENCODING = re.compile(rb"(<\?xml[^>]*encoding=[\"'])([\w.-]+)")

Edit = tuple[int, int, bytes]
"""From byte, to byte, what stands there instead."""


@dataclass(slots=True)
class Span:
    """Where an element stands in the text, in bytes."""

    start: int
    head: int
    """End of its start tag."""
    end: int = 0
    tail: int = 0
    """Start of its end tag; of an empty element the end of its only tag."""


def spans_of(data: bytes) -> list[Span]:
    """Return where each element stands, in the document's order; it was parsed safely before."""
    spans: list[Span] = []
    opened: list[Span] = []
    parser = expat.ParserCreate()

    def start(_name: str, _attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        match = _TAG.match(data, at)
        span = Span(at, match.end() if match else at)
        spans.append(span)
        opened.append(span)

    def end(_name: str) -> None:
        span = opened.pop()
        if data[span.head - 2 : span.head] == b"/>":
            span.end = span.tail = span.head
            return
        span.tail = parser.CurrentByteIndex
        match = _TAG.match(data, span.tail)
        span.end = match.end() if match else span.tail

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(data, True)
    return spans


def space_before(data: bytes, at: int) -> int:
    """Start of the white space before a place."""
    while at and data[at - 1 : at].isspace():
        at -= 1
    return at


def insertion(
    data: bytes, spans: Sequence[Span], element: Element, number: Mapping[int, int], texts: Sequence[bytes]
) -> Edit:
    """Put markers where the DTD has them: after connected clips and other markers, before filters."""
    span = spans[number[id(element)]]
    later = next((child for child in element if child.tag in _AFTER), None)
    if later is not None:
        at = spans[number[id(later)]].start
        space = data[space_before(data, at) : at]
        return at, at, b"".join(text + space for text in texts)
    outer = data[space_before(data, span.start) : span.start]
    if len(element):
        first = spans[number[id(element[0])]].start
        inner = data[space_before(data, first) : first]
    else:
        inner = outer + _indent(data, spans) if b"\n" in outer else outer
    body = b"".join(inner + text for text in texts)
    if span.tail == span.head and data[span.head - 2 : span.head] == b"/>":
        name = element.tag.encode()
        return space_before(data, span.head - 2), span.head, b">" + body + outer + b"</" + name + b">"
    at = space_before(data, span.tail) if len(element) else span.tail
    return at, at, body if len(element) else body + outer


def _indent(data: bytes, spans: Sequence[Span]) -> bytes:
    """White space of one more level, as the document indents its second element in its first."""
    for outer, inner in pairwise(spans):
        two = [data[space_before(data, span.start) : span.start].split(b"\n")[-1] for span in (outer, inner)]
        if inner.start < outer.end and len(two[1]) > len(two[0]):
            return two[1][len(two[0]) :]
    return b"    "


def as_utf8(data: bytes) -> bytes:
    """Return a document in UTF-8, declared as such."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16").encode()
        return _ENCODING.sub(rb"\g<1>UTF-8", data, count=1)
    declared = _ENCODING.match(data)
    if declared is None or declared[2].upper() in (b"UTF-8", b"ASCII", b"US-ASCII"):
        return data
    text = data.decode(declared[2].decode())
    return _ENCODING.sub(rb"\g<1>UTF-8", text.encode(), count=1)
