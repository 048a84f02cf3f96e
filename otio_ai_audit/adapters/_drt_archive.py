"""The ZIP of XML that a `.drt` or `.drp` is, read with everything hostile refused.

Nothing is unpacked to disk: names are only looked up. What is inflated is counted while it is
inflated, because a ZIP's own figures may lie, and goes straight into the XML parser.

Resolve names some elements like C++ classes (``ListMgt::LmVersion``), which a parser that knows
namespaces refuses; SAX does not.
"""

from __future__ import annotations

import re
import struct
import xml.sax
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from otio_ai_audit.errors import TimelineError

MOST_ENTRIES = 20_000
MOST_BYTES = 512 << 20
"""Inflated bytes of everything that is read."""
FREE_BYTES = 16 << 20
"""Below this nothing is a bomb."""
MOST_RATIO = 200
"""Inflated bytes per byte of the file. Timelines of thousands of like clips come to about 30."""
DEEPEST = 200
MOST_ELEMENTS = 5_000_000

_CHUNK = 1 << 16
_PEEK = 1 << 13
_HEAD = 1 << 17
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_PRESENT = ("CompositionTable",)
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

SKIPPED = frozenset(
    {
        "BtThumnail",
        "CommonConfig",
        "GroupListObj",
        "MatteVec",
        "PTZRPreset",
        "PowerNodeList",
        "Thumbnails",
        "pLmVerTable",
    }
)
"""Elements of no use here that may be large: grades, thumbnails, project settings."""
TEXTS = frozenset(
    {
        *("BlobOwner", "Clip", "CurrentTimelineIndex", "Duration", "EffectFiltersBA", "Element", "Flags"),
        *("FrameRate", "In", "MarkersBA", "MediaExtents", "MediaFilePath", "MediaFrameRate", "MediaRef"),
        *("MediaStartTime", "MediaTimemapBA", "Name", "PrettyType", "Resolution", "Sequence", "Start"),
        *("Time", "UserDefinedName", "WasDisbanded"),
    }
)
"""Elements whose text is kept. Of the rest only those stay that have an id or hold something."""
BLOBS = frozenset({"Sm2SequenceLockableBlob", "Sm2TiItemLockableBlob"})
"""Owners of a ``FieldsBlob`` that is kept."""


def shown(text: str, most: int = 80) -> str:
    """Text out of a file, fit to stand in a sentence: short, one line, nothing that steers a terminal."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


class Node:
    """An XML element: its tag, its ``DbId``, its own text without white space around it, its children."""

    __slots__ = ("id", "kids", "tag", "text")

    def __init__(self, tag: str, id_: str = "") -> None:
        self.tag = tag
        self.id = id_
        self.text = ""
        self.kids: list[Node] = []

    def child(self, tag: str) -> Node | None:
        return next((kid for kid in self.kids if kid.tag == tag), None)

    def value(self, tag: str) -> str:
        """Text of a child; empty where there is none."""
        kid = self.child(tag)
        return kid.text if kid is not None else ""

    def elements(self, tag: str) -> Iterator[Node]:
        """List what a vector holds: Resolve wraps each object in an ``Element``."""
        vector = self.child(tag)
        for kid in vector.kids if vector is not None else ():
            if kid.tag == "Element":
                yield from kid.kids
            else:
                yield kid

    def walk(self) -> Iterator[Node]:
        """List this element and all below it, without recursion."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.kids))


class _Builder(ContentHandler):
    """Builds nodes up to a depth and a number."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.root = Node("")
        self.open = [self.root]
        self.texts: list[list[str] | None] = [None]
        self.skipping = 0
        self.count = 0

    def startElement(self, name: str, attrs: Any) -> None:
        self.count += 1
        if self.count > MOST_ELEMENTS or len(self.open) + self.skipping > DEEPEST:
            raise TimelineError(f"{self.what} is nested too deeply or too large for a timeline; not read.")
        if self.skipping or name in SKIPPED:
            self.skipping += 1
            return
        node = Node(name, attrs.get("DbId") or "")
        parent = self.open[-1]
        parent.kids.append(node)
        self.open.append(node)
        kept = name in TEXTS or (name == "FieldsBlob" and parent.tag in BLOBS)
        self.texts.append([] if kept else None)

    def endElement(self, name: str) -> None:
        if self.skipping:
            self.skipping -= 1
            return
        node, texts = self.open.pop(), self.texts.pop()
        if texts:
            node.text = "".join(texts).strip()
        if not (node.text or node.kids or node.id or node.tag in _PRESENT):
            self.open[-1].kids.pop()

    def characters(self, content: str) -> None:
        texts = self.texts[-1]
        if texts is not None and not self.skipping:
            texts.append(content)


class Archive:
    """A ZIP that was vetted, as a context.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    TimelineError
        If it cannot be opened, is no ZIP, or holds what no export of Resolve holds: entries that are
        encrypted, named twice, or named with a path that leads elsewhere.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._inflated = 0
        try:
            self._budget = min(MOST_BYTES, max(FREE_BYTES, MOST_RATIO * path.stat().st_size))
            with path.open("rb") as stream:
                start = stream.read(4)
        except OSError as error:
            raise TimelineError(f"{path} cannot be read: {error.strerror or error}.") from error
        if start[:2] != b"PK":
            raise TimelineError(
                f"{self.name} is no file of DaVinci Resolve (a .drt or .drp is a ZIP archive, this is "
                "not); export the timeline again."
            )
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise TimelineError(f"{path} cannot be read: {error.strerror or error}.") from error
        except _DAMAGE as error:
            raise TimelineError(f"{self.name} is cut short or damaged; export the timeline again.") from error
        try:
            self._entries = _vetted(self._zip.infolist(), self.name)
        except TimelineError:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def names(self, pattern: str) -> list[str]:
        """Names of the entries that match all of a pattern, in order."""
        shape = re.compile(pattern)
        return sorted(name for name in self._entries if shape.fullmatch(name))

    def search(self, name: str, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Look for a pattern near the beginning of an entry, without inflating more than it takes."""
        head = b""
        for chunk in self._chunks(name, _PEEK):
            head += chunk
            found = pattern.search(head)
            if found is not None or len(head) >= _HEAD:
                return found
        return None

    def tree(self, name: str) -> Node:
        """Parse an entry.

        Raises
        ------
        TimelineError
            If it is damaged, no XML, too large or too deep, or declares a DTD or entities.
        """
        what = f"{shown(name)} in {self.name}"
        builder = _Builder(what)
        parser = DefusedExpatParser(forbid_dtd=True)
        parser.setContentHandler(builder)
        try:
            for chunk in self._chunks(name):
                parser.feed(chunk)
            parser.close()
        except DefusedXmlException as error:
            raise TimelineError(
                f"{what} declares a DTD or entities, which Resolve never writes; not read."
            ) from error
        except (xml.sax.SAXException, ValueError, LookupError) as error:
            raise TimelineError(f"{what} is damaged (it is no valid XML); export it again.") from error
        if not builder.root.kids:
            raise TimelineError(f"{what} is empty; export it again.")
        return builder.root.kids[0]

    def _chunks(self, name: str, size: int = _CHUNK) -> Iterator[bytes]:
        """Inflate an entry piece by piece, within the budget of the whole file."""
        try:
            with self._zip.open(self._entries[name]) as stream:
                while chunk := stream.read(size):
                    self._inflated += len(chunk)
                    if self._inflated > self._budget:
                        raise TimelineError(
                            f"{self.name} inflates to more than {self._budget >> 20} MB, "
                            "which no timeline needs; it was not read."
                        )
                    yield chunk
        except _DAMAGE as error:
            raise TimelineError(f"{shown(name)} in {self.name} is damaged; export it again.") from error
        except OSError as error:
            raise TimelineError(f"{self.name} cannot be read: {error.strerror or error}.") from error


def _vetted(entries: list[zipfile.ZipInfo], archive: str) -> dict[str, zipfile.ZipInfo]:
    if len(entries) > MOST_ENTRIES:
        raise TimelineError(
            f"{archive} holds {len(entries)} files, too many for a timeline; it was not read."
        )
    known: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.orig_filename.replace("\\", "/")
        if _leads_elsewhere(name):
            raise TimelineError(
                f"{archive} holds a file with the name “{shown(name)}”, which leads outside; it was not read."
            )
        if entry.flag_bits & 0x1:
            raise TimelineError(f"{archive} is encrypted; export the timeline without a password.")
        if name in known:
            raise TimelineError(f"{archive} holds “{shown(name)}” twice; it is damaged or forged, not read.")
        if entry.compress_type not in _PLAIN:
            raise TimelineError(f"{archive} is packed in a way that Resolve does not use; export it again.")
        known[name] = entry
    return known


def _leads_elsewhere(name: str) -> bool:
    parts = name.split("/")
    return not name or name.startswith("/") or ".." in parts or ":" in parts[0] or "\0" in name
