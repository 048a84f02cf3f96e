"""XML from outside, parsed with its tricks refused.

Entities, DTDs of their own, depth and size without end: an edit needs none of them. A bare
``<!DOCTYPE fcpxml>``, which every editor writes, is allowed.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from otio_ai_audit.errors import TimelineError

MOST_BYTES = 256 << 20
DEEPEST = 256
MOST_ELEMENTS = 5_000_000


class _Bounded(ET.TreeBuilder):
    """Builds a tree, up to a depth and a number of elements."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.depth = self.count = 0

    def start(self, tag: str, attributes: dict[str, str], /) -> ET.Element:
        self.depth += 1
        self.count += 1
        if self.depth > DEEPEST or self.count > MOST_ELEMENTS:
            raise TimelineError(f"{self.name} is too deep or too large for an edit; export it again.")
        return super().start(tag, attributes)

    def end(self, tag: str, /) -> ET.Element:
        self.depth -= 1
        return super().end(tag)


def parse_xml(data: bytes, name: str) -> ET.Element:
    """Parse XML that may be hostile.

    Parameters
    ----------
    data : bytes
        The whole document, in any encoding that it declares itself.
    name : str
        Of the file, for messages.

    Raises
    ------
    TimelineError
        If it is no XML, defines or uses entities, or is deeper, longer or larger than any edit.
    """
    if len(data) > MOST_BYTES:
        raise TimelineError(f"{name} has {len(data) >> 20} MB, too many for an edit; export one timeline.")
    try:
        parser = DefusedXMLParser(target=_Bounded(name), forbid_entities=True, forbid_external=True)
        parser.feed(data)
        root = parser.close()
    except DefusedXmlException as error:
        raise TimelineError(f"{name} defines entities, which no edit needs; it was not read.") from error
    except (ET.ParseError, ValueError, LookupError) as error:
        raise TimelineError(f"{name} is damaged or is no XML ({error}); export it again.") from error
    if not isinstance(root, ET.Element):
        raise TimelineError(f"{name} is empty; export it again.")
    return root
