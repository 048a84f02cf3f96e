"""The edit: what it uses of which medium, and what cannot or need not be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from .media import Media, MediaJob, MediaSignals, Span


@dataclass(frozen=True, slots=True)
class TimelineInfo:
    """The timeline as people name it. `start_frame` counts on the nominal base (86400 @ 24)."""

    name: str
    rate: Fraction
    start_frame: int
    drop_frame: bool
    frames: int
    source: str
    start_timecode: str
    has_edit: bool = True
    """False when media were given instead of an edit: each file is one clip."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody or something that should look the same in several clips, and who says so."""

    name: str
    kind: Literal["thing", "face", "logo"] = "thing"
    color: tuple[int, int, int] | None = None
    """Brand colour, sRGB 0–255."""
    max_delta_e: float | None = None
    """How far (CIEDE2000) its colour may be from `color`."""
    source: str = ""
    """Who says so: ``subjects file``, ``marker``, ``clip colour``, ``metadata`` or ``names``."""


@dataclass(frozen=True, slots=True)
class ClipUse:
    """What the edit does with one medium in one place; `signals` are filled in after measuring.

    `knots` map the clip's own time (seconds from its first record frame) to media time, linear
    between knots; a freeze frame repeats one media time, a reversed clip runs downwards.
    """

    id: str
    """``V1/0003``: for people; shifts with every insert."""
    name: str
    media: Media
    job: int
    """Index into `Plan.jobs`."""
    record_start: int
    """First timeline frame, counted from the timeline's first frame."""
    record_frames: int
    rate: Fraction
    """Timeline rate."""
    knots: tuple[tuple[Fraction, Fraction], ...]
    visible: tuple[Span, ...]
    """Media intervals that a viewer sees, dissolves included, in media order, not overlapping."""
    excused: tuple[Span, ...] = ()
    """Media intervals under a dissolve: no flicker, pop or cut is reported there."""
    still: tuple[Span, ...] = ()
    """Media intervals where the edit itself repeats frames (a rendered master): no freeze there."""
    shown: tuple[tuple[int, int], ...] = ()
    """Timeline frame ranges ``[start, end)`` of this clip that no upper track hides."""
    blended: tuple[tuple[int, int], ...] = ()
    """Timeline frame ranges under a dissolve or a fade."""
    held: tuple[tuple[int, int], ...] = ()
    """Timeline frame ranges where the edit itself repeats frames: freezes, slow motion, stills."""
    rendered: bool = False
    """The medium is the rendered master of this edit: what stands beside a shot on it is seen beside it."""
    retime: str = ""
    """Empty, or in words: ``50 %``, ``reverse``, ``freeze frame``, ``variable speed``."""
    key: str = ""
    """Stable across edits: media content and source interval."""
    shot: str = ""
    take: str = ""
    subjects: tuple[Subject, ...] = ()
    """What the clip shows, as far as somebody says so; the first one names it."""
    reference: bool = False
    """Not in the edit: a still that shows how `subjects` should look. It gets no score."""
    source_start: str | None = None
    """Timecode of the medium's first frame, where the edit says it."""
    notes: tuple[str, ...] = ()
    """What a person should know: measured on a proxy, hidden by a crop …"""
    signals: MediaSignals | None = None

    @property
    def subject(self) -> str | None:
        """Name of the first subject."""
        return self.subjects[0].name if self.subjects else None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that need not be audited (a title, a disabled clip), and why."""

    id: str
    name: str
    reason: str
    record_start: int
    record_frames: int
    media: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A clip that should have been audited and could not be, and why."""

    id: str
    name: str
    reason: str
    record_start: int
    record_frames: int
    media: str | None = None
    shown: tuple[tuple[int, int], ...] = ()
    """As in `ClipUse`, for a clip whose media are not at hand but whose picture is in the master."""
    blended: tuple[tuple[int, int], ...] = ()
    held: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to decode and who uses it. `notices` are sentences for a person about the whole edit."""

    info: TimelineInfo
    uses: tuple[ClipUse, ...]
    jobs: tuple[MediaJob, ...]
    skipped: tuple[Skipped, ...] = ()
    failures: tuple[Failure, ...] = ()
    notices: tuple[str, ...] = ()
    references: tuple[ClipUse, ...] = ()
    """Stills of how subjects should look; `ClipUse.job` as for the others."""
