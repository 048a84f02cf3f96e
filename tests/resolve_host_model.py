"""What a Resolve project holds, and what a person does to it while a script runs or between two runs.

Standard library only. Timeline frames are absolute here (86400 at 01:00:00:00), as the items' are in Resolve;
markers count from the timeline's first frame, as `AddMarker` does.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

# fmt: off
COLORS = (
    "Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender", "Sky",
    "Mint", "Lemon", "Sand", "Cocoa", "Cream",
)
CLIP_COLORS = (
    "Orange", "Apricot", "Yellow", "Lime", "Olive", "Green", "Teal", "Navy", "Blue", "Purple", "Violet",
    "Pink", "Tan", "Beige", "Brown", "Chocolate",
)
# fmt: on

_number = itertools.count(1)


def new_id() -> str:
    return f"{next(_number):08x}-5f2e-4c01-9a3d-0242ac120002"


@dataclass
class Marker:
    color: str
    name: str
    note: str = ""
    frames: int = 1
    custom: str = ""

    def shown(self) -> tuple[str, str, str, int, str]:
        return self.color, self.name, self.note, self.frames, self.custom


@dataclass(eq=False)
class Medium:
    """A clip of the Media Pool: a file, a still, an image sequence, a compound clip or a timeline."""

    path: str
    frames: int = 120
    rate: Fraction = Fraction(24)
    start: int = 0
    """First frame's timecode, in frames of its own rate."""
    kind: str = "Video"
    size: tuple[int, int] = (1920, 1080)
    online: bool = True
    proxy: str = ""
    keywords: tuple[str, ...] = ()
    color: str = ""
    name: str = ""
    flags: list[str] = field(default_factory=list)
    markers: dict[int, Marker] = field(default_factory=dict)
    id: str = field(default_factory=new_id)
    media_id: str = field(default_factory=new_id)

    @property
    def file_name(self) -> str:
        return self.name or re.split(r"[/\\]", self.path)[-1]


@dataclass(eq=False)
class Item:
    """Something on a track. `left` counts timeline frames from the medium's first frame (over speed)."""

    name: str
    start: int
    duration: int
    medium: Medium | None = None
    left: int = 0
    kind: str = "clip"
    """``clip``, ``title`` (also generators and adjustment clips) or ``transition``."""
    speed: float = 1.0
    enabled: bool = True
    color: str = ""
    flags: list[str] = field(default_factory=list)
    markers: dict[int, Marker] = field(default_factory=dict)
    """By frame from the medium's first frame."""
    id: str = field(default_factory=new_id)

    @property
    def end(self) -> int:
        return self.start + self.duration

    @property
    def still(self) -> bool:
        return self.medium is not None and self.medium.kind == "Still"


@dataclass(eq=False)
class Track:
    name: str
    items: list[Item] = field(default_factory=list)
    enabled: bool = True
    locked: bool = False


@dataclass(eq=False)
class Timeline:
    name: str
    rate: str = "24"
    """As `GetSetting` says it; ``DF`` at the end is drop frame."""
    start: int | None = None
    size: tuple[int, int] = (1920, 1080)
    video: list[Track] = field(default_factory=lambda: [Track("Video 1")])
    audio: list[Track] = field(default_factory=lambda: [Track("Audio 1")])
    markers: dict[int, Marker] = field(default_factory=dict)
    playhead: int = 0
    selected: set[str] = field(default_factory=set)
    id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        if self.start is None:
            hour = 3600 * self.nominal
            self.start = round(hour * 0.999) if self.drop_frame else hour
        self.playhead = self.playhead or self.start

    @property
    def first(self) -> int:
        assert self.start is not None
        return self.start

    @property
    def exact(self) -> Fraction:
        return exact_rate(self.rate)

    @property
    def nominal(self) -> int:
        return round(self.exact)

    @property
    def drop_frame(self) -> bool:
        return self.rate.endswith("DF")

    @property
    def end(self) -> int:
        return max((item.end for item in self.items()), default=self.first)

    def items(self) -> Iterator[Item]:
        for track in (*self.video, *self.audio):
            yield from track.items

    def clips(self) -> list[Item]:
        """Clips of the first video track in order, transitions left out."""
        return sorted((i for i in self.video[0].items if i.kind != "transition"), key=lambda i: i.start)

    def track_of(self, item: Item) -> Track | None:
        return next((t for t in (*self.video, *self.audio) if item in t.items), None)

    def append(self, item: Item, track: int = 1) -> Item:
        """Put an item at the end of a video track; its start is set."""
        while len(self.video) < track:
            self.video.append(Track(f"Video {len(self.video) + 1}"))
        items = self.video[track - 1].items
        item.start = max((other.end for other in items if other.kind != "transition"), default=self.first)
        items.append(item)
        return item

    def clip(self, medium: Medium, frames: int, left: int = 0, track: int = 1, **more: object) -> Item:
        return self.append(Item(medium.file_name, 0, frames, medium, left, **more), track)  # type: ignore[arg-type]

    def title(self, frames: int, name: str = "Text+", track: int = 1) -> Item:
        return self.append(Item(name, 0, frames, kind="title"), track)

    def dissolve(self, before: Item, frames: int, track: int = 1) -> Item:
        """A cross dissolve over the cut after `before`, centred."""
        item = Item("Cross Dissolve", before.end - frames // 2, frames, kind="transition")
        self.video[track - 1].items.append(item)
        return item


@dataclass(eq=False)
class Project:
    name: str = "Advert"
    timelines: list[Timeline] = field(default_factory=list)
    current: Timeline | None = None
    media: list[Medium] = field(default_factory=list)
    rate: str = "24"
    id: str = field(default_factory=new_id)


def exact_rate(text: str) -> Fraction:
    number = Fraction(text.split()[0])
    if number.denominator == 1:
        return number
    return Fraction(round(number) * 1000, 1001)


class Person:
    """What a person does in Resolve's window. Every gesture is one step of undo."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.steps: list[str] = []

    @property
    def timeline(self) -> Timeline:
        assert self.project.current is not None
        return self.project.current

    def add_marker(
        self, frame: int, color: str = "Blue", name: str = "Marker 1", note: str = "", frames: int = 1
    ) -> Marker:
        assert frame not in self.timeline.markers
        self.steps.append("add marker")
        self.timeline.markers[frame] = Marker(color, name, note, frames)
        return self.timeline.markers[frame]

    def delete_marker(self, frame: int) -> Marker:
        self.steps.append("delete marker")
        return self.timeline.markers.pop(frame)

    def recolor(self, frame: int, color: str) -> None:
        assert color in COLORS
        self.steps.append("colour of marker")
        self.timeline.markers[frame].color = color

    def edit_note(self, frame: int, note: str) -> None:
        self.steps.append("note of marker")
        self.timeline.markers[frame].note = note

    def move_marker(self, frame: int, to: int) -> None:
        assert to not in self.timeline.markers
        self.steps.append("move marker")
        self.timeline.markers[to] = self.timeline.markers.pop(frame)

    def _shift(self, frame: int, by: int) -> None:
        for item in self.timeline.items():
            if item.start >= frame:
                item.start += by

    def ripple_delete(self, item: Item, markers: bool = False) -> None:
        """Delete a clip and close the gap; with `markers` those behind it move too, those on it go."""
        tl, track = self.timeline, self.timeline.track_of(item)
        assert track is not None
        self.steps.append("ripple delete")
        for other in [i for i in track.items if i.kind == "transition" and i.end > item.start]:
            if other.start < item.end:
                track.items.remove(other)
        track.items.remove(item)
        if markers:
            first, last = item.start - tl.first, item.end - tl.first
            kept = {at: one for at, one in tl.markers.items() if not first <= at < last}
            moved = {at if at < first else at - item.duration: one for at, one in kept.items()}
            tl.markers = moved
        self._shift(item.end, -item.duration)

    def insert(self, item: Item, at: int) -> Item:
        """Insert a clip on the first track at an absolute frame that is a cut; what is behind moves."""
        self.steps.append("insert")
        self._shift(at, item.duration)
        item.start = at
        self.timeline.video[0].items.append(item)
        return item

    def trim(self, item: Item, head: int = 0, tail: int = 0) -> None:
        """Take frames off a clip's head and tail and close the gap."""
        assert item.duration > head + tail
        self.steps.append("trim")
        end, cut = item.end, head + tail
        item.left += head
        item.duration -= cut
        self._shift(end, -cut)

    def slip(self, item: Item, frames: int) -> None:
        self.steps.append("slip")
        item.left += frames

    def swap(self, one: Item, other: Item) -> None:
        """Exchange two neighbours on the first track."""
        self.steps.append("swap")
        first, second = sorted((one, other), key=lambda i: i.start)
        assert first.end == second.start
        first.start, second.start = first.start + second.duration, first.start

    def move_up(self, item: Item) -> None:
        """Drag a clip straight up to the second track."""
        self.steps.append("move")
        track = self.timeline.track_of(item)
        assert track is not None
        track.items.remove(item)
        while len(self.timeline.video) < 2:
            self.timeline.video.append(Track("Video 2"))
        self.timeline.video[1].items.append(item)

    def swap_media(self, item: Item, medium: Medium) -> None:
        """Replace a clip's medium in place, as Replace Edit or a relink to v013 does."""
        self.steps.append("replace")
        item.medium, item.name = medium, medium.file_name

    def disable(self, item: Item, enabled: bool = False) -> None:
        self.steps.append("enable")
        item.enabled = enabled

    def select(self, *items: Item) -> None:
        self.timeline.selected = {item.id for item in items}

    def open_timeline(self, name: str) -> Timeline:
        """Open another timeline by its name; the first of several."""
        self.project.current = next(one for one in self.project.timelines if one.name == name)
        return self.project.current

    def duplicate(self, name: str) -> Timeline:
        """Duplicate the current timeline and open it; its markers come along with their custom data."""
        self.steps.append("duplicate")
        copy = duplicate(self.timeline, name)
        self.project.timelines.append(copy)
        self.project.current = copy
        return copy

    def drag_playhead(self, frame: int) -> None:
        self.timeline.playhead = frame


def duplicate(tl: Timeline, name: str) -> Timeline:
    def copied(item: Item) -> Item:
        markers = {at: replace(marker) for at, marker in item.markers.items()}
        return replace(item, id=new_id(), flags=list(item.flags), markers=markers)

    def tracks(of: list[Track]) -> list[Track]:
        return [replace(track, items=[copied(item) for item in track.items]) for track in of]

    markers = {at: replace(marker) for at, marker in tl.markers.items()}
    return replace(
        tl,
        name=name,
        id=new_id(),
        markers=markers,
        video=tracks(tl.video),
        audio=tracks(tl.audio),
        selected=set(),
    )
