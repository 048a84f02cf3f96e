"""The parts of a Resolve project that a timeline needs: pool, sequences, tracks, markers.

Tracks lie in ``SeqContainer/*.xml`` and name the sequence that they belong to; the container's own
name is used by nothing. What a sequence is called, its rate and start lie in the media pool, in a
timeline (`Sm2MpTimelineClip`) or in something nested (compound, multicam and Fusion clips). Markers
lie in ``project.xml``, by the id of their sequence or clip.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from otio_ai_audit.adapters._drt_archive import Archive, Node, shown
from otio_ai_audit.adapters._drt_blobs import (
    BlobError,
    from_hex,
    read_double,
    read_fields,
    read_map,
    read_package,
    read_size,
)
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timecode import exact_rate

_POOL = r"MediaPool/(.*/)?MpFolder[^/]*\.xml"
_CONTAINERS = r"(.*/)?SeqContainer(/[^/]+|\d*)\.xml"
_SEQUENCE = re.compile(rb"<Sequence>\s*([0-9A-Za-z-]{1,64})\s*</Sequence>")
_VERSION = re.compile(rb'DbAppVer="([0-9A-Za-z.]{1,40})"')


@dataclass(frozen=True, slots=True)
class Sequence:
    """A timeline or what is nested like one."""

    id: str
    name: str
    kind: str
    """``timeline``, ``compound``, ``multicam`` or the pool's own word for it."""
    rate: Fraction | None
    start: float | None
    """Seconds since midnight at which its first frame plays; None where the file does not say."""
    size: tuple[int, int] | None
    timeline: str = ""
    """Id of the timeline object, as the scripting API tells it; empty for nested clips."""


@dataclass
class PoolItem:
    """A medium of the media pool; its fields are decoded when they are asked for, once."""

    node: Node
    sequence: str = ""

    @property
    def kind(self) -> str:
        return self.node.tag

    @property
    def name(self) -> str:
        return self.node.value("Name")

    def _infos(self) -> Iterator[Node]:
        return (node for node in self.node.walk() if node.tag in ("BtVideoInfo", "BtAudioInfo"))

    @cached_property
    def path(self) -> str:
        """Folder and file name; empty where they cannot be read."""
        for info in self._infos():
            try:
                parts = dict(read_fields(read_package(from_hex(info.value("Clip")))))
            except BlobError:
                continue
            folder, name = parts.get(1), parts.get(2)
            if isinstance(folder, bytes) and isinstance(name, bytes) and name:
                base = folder.decode("utf-8", "replace")
                joint = "" if not base or base.endswith(("/", "\\")) else "\\" if "\\" in base else "/"
                return f"{base}{joint}{name.decode('utf-8', 'replace')}"
        return ""

    @cached_property
    def video(self) -> VideoTime:
        """Frames, rate and timecode of the picture, as far as they can be read."""
        for info in self._infos():
            if info.tag != "BtVideoInfo":
                continue
            try:
                values = read_map(from_hex(info.value("Time")))
                raw = values.get("FrameRate")
                rate = read_double(raw.hex()) if isinstance(raw, bytes) else None
            except BlobError:
                return VideoTime()
            frames, first = values.get("NumFrames"), values.get("StartFrame")
            timecode = values.get("Timecode")
            return VideoTime(
                frames=frames if isinstance(frames, int) and 0 < frames < 1 << 31 else None,
                rate=known_rate(rate),
                timecode=timecode if isinstance(timecode, str) else "",
                first=first if isinstance(first, int) and 0 <= first < 1 << 31 else 0,
            )
        return VideoTime()


@dataclass(frozen=True, slots=True)
class VideoTime:
    """What the pool says of a medium's picture."""

    frames: int | None = None
    rate: Fraction | None = None
    timecode: str = ""
    first: int = 0
    """Number of the first file of an image sequence."""


@dataclass
class Project:
    """An archive with its pool and markers read; tracks are read when they are asked for."""

    archive: Archive
    version: str
    """Of the Resolve that wrote it, such as ``20.3.2.0009``; empty where it is not said."""
    pool: dict[str, PoolItem]
    sequences: dict[str, Sequence]
    markers: dict[str, list[str]]
    """Blobs (hex) by the id of what they are on."""
    order: list[str]
    """Ids of the timelines as the project lists them."""
    current: str
    _trees: dict[str, Node] = field(default_factory=dict)

    @cached_property
    def _containers(self) -> dict[str, str]:
        """Entry of each sequence's tracks."""
        found: dict[str, str] = {}
        for name in self.archive.names(_CONTAINERS):
            match = self.archive.search(name, _SEQUENCE)
            if match:
                owner = match[1].decode("ascii")
            else:
                tree = self.archive.tree(name)
                owner = next((track.value("Sequence") for track in _tracks(tree)), "")
            if owner in found:
                raise TimelineError(
                    f"{self.archive.name} holds the tracks of one timeline twice; export it again."
                )
            if owner:
                found[owner] = name
        return found

    def tracks(self, sequence: str, kind: str) -> list[Node] | None:
        """Tracks of a sequence of one kind (``Video``, ``Audio``, ``Subtitle``); None without an entry."""
        name = self._containers.get(sequence)
        if name is None:
            return None
        if name not in self._trees:
            self._trees[name] = self.archive.tree(name)
        return [
            track for track in self._trees[name].elements(f"{kind}TrackVec") if track.tag.startswith("Sm2Ti")
        ]

    def timelines(self) -> list[Sequence]:
        """Timelines of the project, nested ones too, in the project's order."""
        known = [one for one in self.sequences.values() if one.kind == "timeline"]
        place = {id_: index for index, id_ in enumerate(self.order)}
        return sorted(known, key=lambda one: place.get(one.timeline, len(place)))

    def nested_in(self, sequence: str) -> set[str]:
        """Ids of the sequences that a sequence's clips name directly."""
        found = set()
        for kind in ("Video", "Audio"):
            for track in self.tracks(sequence, kind) or ():
                for item in track.elements("Items"):
                    medium = self.pool.get(item.value("MediaRef"))
                    if medium is not None and medium.sequence:
                        found.add(medium.sequence)
        return found


def read_project(archive: Archive) -> Project:
    """Read what an archive says outside its tracks.

    Raises
    ------
    TimelineError
        If it is no project of Resolve, or damaged.
    """
    folders = archive.names(_POOL)
    if not archive.names("project\\.xml") and not folders and not archive.names(_CONTAINERS):
        raise TimelineError(
            f"{archive.name} is a ZIP archive but nothing that DaVinci Resolve exports; export it again."
        )
    pool: dict[str, PoolItem] = {}
    sequences: dict[str, Sequence] = {}
    for folder in folders:
        for node in archive.tree(folder).walk():
            if node.tag.startswith("Sm2Mp") and node.id and node.tag != "Sm2MpFolder":
                sequence = _sequence(node, archive.name)
                pool[node.id] = PoolItem(node, sequence.id if sequence is not None else "")
                if sequence is not None:
                    sequences[sequence.id] = sequence
    version, current = "", ""
    order: list[str] = []
    markers: dict[str, list[str]] = {}
    if archive.names("project\\.xml"):
        match = archive.search("project.xml", _VERSION)
        version = match[1].decode("ascii") if match else ""
        project = archive.tree("project.xml")
        order, current = _order(project)
        markers = _markers(project)
    return Project(archive, version, pool, sequences, markers, order, current)


def known_rate(rate: float | None) -> Fraction | None:
    """Exact rate; None for none at all and for what no camera or timeline has."""
    return exact_rate(rate) if rate is not None and 0.5 <= rate <= 1000 else None


def _tracks(container: Node) -> Iterator[Node]:
    for kind in ("Video", "Audio", "Subtitle"):
        yield from container.elements(f"{kind}TrackVec")


def _sequence(item: Node, archive: str) -> Sequence | None:
    """Sequence that a pool item plays: in it, or in the timeline that it stands for."""
    timeline = next(iter(item.elements("TimelineSharedHandle")), None)
    node = next((one for one in (timeline or item).elements("Sequence") if one.tag == "Sm2Sequence"), None)
    if node is None or not node.id:
        return None
    kind = item.tag.removeprefix("Sm2Mp").removesuffix("Clip").lower()
    name = item.value("Name") or (timeline.value("Name") if timeline is not None else "")
    try:
        rate = known_rate(read_double(node.value("FrameRate")))
        start = read_double(node.value("MediaExtents"))
        size = read_size(node.value("Resolution"))
    except BlobError as error:
        raise TimelineError(
            f"{archive}: rate, start or size of “{shown(name)}” is damaged ({error}); export it again."
        ) from error
    if start is not None and not 0 <= start < 1e6:
        raise TimelineError(f"{archive}: “{shown(name)}” starts at no time of day; export it again.")
    return Sequence(node.id, name, kind, rate, start, size, timeline.id if timeline is not None else "")


def _order(project: Node) -> tuple[list[str], str]:
    handles = project.child("TimelineHandleVec")
    order = [kid.text for kid in handles.kids] if handles is not None else []
    index = project.value("CurrentTimelineIndex")
    current = int(index) if index.isdecimal() and len(index) < 9 else -1
    return order, order[current] if 0 <= current < len(order) else ""


def _markers(project: Node) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in project.walk():
        if node.tag in ("Sm2SequenceLockableBlob", "Sm2TiItemLockableBlob"):
            text = node.value("FieldsBlob")
            if text:
                found.setdefault(node.value("BlobOwner"), []).append(text)
    return found
