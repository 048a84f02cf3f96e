"""Marking and reporting: findings with an identity, markers, and the whole result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .edit import TimelineInfo
from .judging import Curve, Finding, Group
from .live import LiveTimeline
from .media import Thumbnail, UInt8

State = Literal["new", "open", "fixed", "dismissed"]
STANDING: tuple[State, ...] = ("new", "open")
"""States of a finding that somebody still has to look at."""


def compare_key(finding_id: str, number: int) -> str:
    """Name of the picture of `Finding.compare[number]` in `AuditResult.stills`."""
    return f"{finding_id} compare {number}"


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker as DaVinci Resolve shows it; frames count from the timeline's first frame."""

    frame: int
    frames: int
    color: str
    """One of Resolve's 16 marker colours (``Lemon``)."""
    name: str
    note: str
    ids: tuple[str, ...] = ()
    """Short ids of the findings it speaks for, or one id of a summary or not-checked marker."""
    findings: tuple[KnownFinding, ...] = ()
    """What it speaks for, so that a timeline remembers it where there is no store."""
    clip: str | None = None
    """`ClipUse.id` of its shot; None for the summary."""


@dataclass(frozen=True, slots=True)
class SeenMarker:
    """A marker found on the edit (or in a marker EDL) that an audit is given."""

    frame: int
    frames: int
    color: str
    """As the lane has it: an OTIO colour (``GREEN``) or a Resolve colour (``Lemon``)."""
    name: str
    note: str
    ids: tuple[str, ...] = ()
    """Ids of ours, from our metadata or from ``[audit …]`` at the note's end; empty: not ours."""
    lane: Literal["otio", "edl", "drt", "live"] = "otio"
    """Where it was read: only ``otio`` loses Resolve's colours."""
    owner: str | None = None
    """`ClipUse.id` of the clip it sits on, None for a timeline marker."""
    own: str = ""
    """Resolve colour that we gave it, where the lane still carries our metadata."""
    written: str = ""
    """Its note as we wrote it, where the lane still carries our metadata."""
    findings: tuple[KnownFinding, ...] = ()
    """What it speaks for, where the lane still carries our metadata."""
    stands: bool | None = None
    """An audit leaves it where it is (True) or replaces it (False); None: not yet decided."""


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """What the store remembers of a finding from an earlier run."""

    id: str
    detector: str
    key: str
    """Content key of the media."""
    start: float
    duration: float
    first_seen: str
    label: str = ""
    dismissed: bool = False
    by: str = ""
    text: str = ""
    """What a person added to the marker's note."""
    message: str = ""
    """Our own sentence, so that a person's words can be told from it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding with its identity, its state and its place on the timeline."""

    id: str
    finding: Finding
    state: State
    first_seen: str
    """ISO date and time."""
    timeline_frame: int
    timeline_frames: int
    timecode: str
    key: str = ""
    """Content key of the media."""
    by: str = ""
    """In words, where a state came from: ``green marker``, ``note``, ``not found in truck_v013.mp4``."""
    marker: Marker | None = None
    text: str = ""
    """What a person added to the marker's note."""
    source_timecode: str = ""
    """Of its first frame, on the medium's own clock; empty for a still and for what is gone."""


@dataclass(frozen=True, slots=True)
class ClipResult:
    """One clip of the result, whether it could be looked at or not."""

    id: str
    name: str
    status: Literal["audited", "failed", "skipped"]
    reason: str | None
    record_start: int
    record_frames: int
    key: str = ""
    shot: str = ""
    take: str = ""
    media: str | None = None
    subject: str | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    strip: tuple[Thumbnail, ...] = ()
    visible: tuple[tuple[float, float], ...] = ()
    """Visible media intervals in seconds."""
    content: str = ""
    """Content key of the media, whatever the edit shows of it; empty where it was not read."""


@dataclass(frozen=True, slots=True)
class Heat:
    """Where in the picture a fault is, frame by frame, in cells of the small picture."""

    times: tuple[float, ...]
    """Seconds from the media's first frame, one for each map."""
    cells: UInt8
    """Strength, 255 is the strongest of this finding; shape (N, R, C), upright as a player shows it."""
    share: tuple[float, float] = (1.0, 1.0)
    """Part of the columns and of the rows that the picture fills: the last cells may reach beyond it."""

    def nearest(self, seconds: float) -> int:
        """Which map is nearest in time; the first of two."""
        return min(range(len(self.times)), key=lambda number: abs(self.times[number] - seconds))


@dataclass(frozen=True, slots=True)
class AuditResult:
    """All that an audit found and could not find; what every writer gets."""

    version: str
    info: TimelineInfo
    settings_hash: str
    calibration: str
    """Date of the calibration table."""
    detectors: tuple[str, ...]
    clips: tuple[ClipResult, ...]
    findings: tuple[Placed, ...]
    markers: tuple[Marker, ...] = ()
    seen: tuple[SeenMarker, ...] = ()
    """Markers that the edit came with, and which of them stand."""
    notices: tuple[str, ...] = ()
    against: str = ""
    """Name of the earlier result that states are relative to."""
    seconds: float = 0.0
    finished: str = ""
    """ISO local date and time."""
    stills: Mapping[str, bytes] = field(default_factory=dict)
    """Finding id → WebP of its worst frame; `compare_key` → of a frame to look at beside it."""
    around: Mapping[str, tuple[Thumbnail, ...]] = field(default_factory=dict)
    """Finding id → frames around its worst one, in order, to step through or play."""
    pairs: Mapping[str, tuple[Thumbnail, ...]] = field(default_factory=dict)
    """Finding id → two frames as large as `stills` whose difference is the fault: what to compare it with,
    or its first frame, and then the worst, or its last."""
    heat: Mapping[str, Heat] = field(default_factory=dict)
    """Finding id → where in the picture it is."""
    groups: tuple[Group, ...] = ()
    """Clips that show one subject."""
    live: LiveTimeline | None = None
    """The open timeline that this is about, as Resolve's scripting told of it."""

    @property
    def incomplete(self) -> bool:
        return any(clip.status == "failed" for clip in self.clips)

    def worst(self) -> float:
        """Highest score of a finding that still stands."""
        return max((p.finding.score for p in self.findings if p.state in STANDING), default=0.0)
