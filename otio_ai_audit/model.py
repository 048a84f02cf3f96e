"""The types that cross seams: frozen dataclasses of numpy arrays, `Fraction`, `str` and `int`.

No type of OpenTimelineIO, PyAV or numba appears here, so everything pickles and can be stored.

Time is exact seconds (`Fraction`) from the media's first frame, or whole timeline frames from the
timeline's first frame. Signals are display-encoded code values levelled to 0–255, whatever the
file's range and bit depth. Cells are squares of the *small picture*: the decoded picture reduced
by an integer factor to about 240 pixels on its long side, cut into cells of 8 × 8 small pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Float32: TypeAlias = npt.NDArray[np.float32]
Int64: TypeAlias = npt.NDArray[np.int64]
UInt8: TypeAlias = npt.NDArray[np.uint8]

Severity = Literal["error", "warning", "note", "none"]

ERROR = 0.8
WARNING = 0.5
NOTE = 0.2


def severity_of(score: float | None) -> Severity:
    """Name the severity of a score in [0, 1]: error ≥ 0.8, warning ≥ 0.5, note ≥ 0.2."""
    if score is None or score < NOTE:
        return "none"
    if score >= ERROR:
        return "error"
    return "warning" if score >= WARNING else "note"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open interval ``[start, end)`` in seconds from the media's first frame."""

    start: Fraction
    end: Fraction

    @property
    def duration(self) -> Fraction:
        return self.end - self.start

    def overlap(self, other: Span) -> Fraction:
        """Seconds that both intervals share; 0 when they do not touch."""
        return max(Fraction(0), min(self.end, other.end) - max(self.start, other.start))


# --- media: what is decoded -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Media:
    """A file, an image sequence or a still, as a worker opens it.

    `path` is absolute on this machine. For a sequence it is a printf pattern
    (``/shots/truck.%04d.png``), `numbers` are the file numbers that exist on disk, in order,
    `first`/`last` the numbers promised by the edit (holes are reported), and `rate` says how fast
    it plays. For a file `rate` is None: the file says itself.
    """

    path: str
    kind: Literal["video", "sequence", "still"] = "video"
    rate: Fraction | None = None
    numbers: tuple[int, ...] = ()
    first: int | None = None
    last: int | None = None

    def files(self) -> tuple[str, ...]:
        """Paths of every file of this medium that exists, in playing order."""
        if self.kind != "sequence":
            return (self.path,)
        return tuple(self.path % number for number in self.numbers)


@dataclass(frozen=True, slots=True)
class MediaJob:
    """What a worker is asked to measure: a medium and the interval that the edit needs.

    The worker measures the whole file where it is no longer than
    `otio_ai_audit.measure.WHOLE_FILE_LIMIT`, else `span` (handles included); None is everything.
    """

    media: Media
    span: Span | None = None
    key: str = ""
    """Content key (`otio_ai_audit.store.content_key`); the same for the same pictures."""
    cost: float = 1.0
    """Expected work in seconds of media; longest first."""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the container and the decoder say of a medium."""

    width: int
    height: int
    rate: Fraction
    """Average frames per second; frame times come from pts."""
    time_base: Fraction
    promised_frames: int | None
    """Frames that the container promises, None if it does not say."""
    pixel_format: str
    bit_depth: int
    full_range: bool
    transfer: str
    """``sdr``, ``pq``, ``hlg``, ``linear`` or ``unknown`` (treated as BT.1886)."""
    interlaced: bool = False
    variable_rate: bool = False
    rotation: int = 0
    sample_aspect: Fraction = Fraction(1)
    has_alpha: bool = False
    codec: str = ""


@dataclass(frozen=True, slots=True)
class GridSignals:
    """Per frame and cell, what needs no motion. N frames, R rows and C columns of cells.

    Every array is stored losslessly by `otio_ai_audit.store`: code values are multiples of 1/256
    (``fixed16``), the rest fits float16. Field metadata names unit and storage.
    """

    pts: Int64 = field(metadata={"unit": "time_base ticks from the media's first frame", "store": "raw"})
    """Shape (N,)."""
    luma: Float32 = field(metadata={"unit": "code values 0–255", "store": "fixed16"})
    """Cell means, shape (N, R, C)."""
    blue: Float32 = field(metadata={"unit": "code values 0–255, 128 is neutral", "store": "fixed16"})
    """Cb cell means, shape (N, R, C)."""
    red: Float32 = field(metadata={"unit": "code values 0–255, 128 is neutral", "store": "fixed16"})
    """Cr cell means, shape (N, R, C)."""
    detail: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Mean |dx|+|dy| of full-resolution luma per cell, shape (N, R, C)."""
    change: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Mean |I(t) − I(t−1)| of small luma over the picture, shape (N,); 0 for the first frame."""
    change_peak: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Largest cell mean of |I(t) − I(t−1)|, shape (N,); 0 for the first frame."""
    histogram: Float32 = field(metadata={"unit": "share of small pixels", "store": "float16"})
    """Luma histogram in 32 equal bins, shape (N, 32)."""
    low: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """1st percentile of small luma, shape (N,)."""
    high: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """99th percentile of small luma, shape (N,)."""
    kind: UInt8 = field(metadata={"unit": "ASCII of I, P, B or ?", "store": "raw"})
    """Picture type of the codec, shape (N,)."""
    corrupt: UInt8 = field(metadata={"unit": "1 where the decoder flagged damage", "store": "raw"})
    """Shape (N,)."""


@dataclass(frozen=True, slots=True)
class MotionSignals:
    """Per frame and cell, after motion is taken out. Displacements are in small pixels.

    ``back`` compares frame t with frame t−1, ``ahead`` with frame t+1; the first frame's ``back``
    and the last frame's ``ahead`` are 0 with trust 0.
    """

    flow: Float32 = field(metadata={"unit": "small pixels", "store": "float16"})
    """(dx, dy) from a cell of frame t to where it was in frame t−1, shape (N, R, C, 2)."""
    camera: Float32 = field(metadata={"unit": "small pixels", "store": "raw"})
    """Global affine of `flow`, (dx, dy) = A·(1, x, y), x and y from the centre; shape (N, 2, 3)."""
    back: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Signed mean of I(t) − W(I(t−1)) over trusted pixels; Y, Cb, Cr; shape (N, 3, R, C)."""
    ahead: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Signed mean of I(t) − W(I(t+1)) over trusted pixels; Y, Cb, Cr; shape (N, 3, R, C)."""
    error: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Mean |I(t) − W(I(t−1))| of luma over all pixels, trusted or not, shape (N, R, C)."""
    skip: Float32 = field(metadata={"unit": "code values", "store": "float16"})
    """Mean |W(I(t−1)) − W(I(t+1))| of luma, both brought to frame t, shape (N, R, C)."""
    trust: Float32 = field(metadata={"unit": "share of pixels", "store": "float16"})
    """Share of pixels whose forward and backward flow agree within 1.5 px, shape (N, R, C)."""
    likeness: Float32 = field(metadata={"unit": "correlation", "store": "float16"})
    """Correlation of luma gradients of I(t) and W(I(t−1)), in [−1, 1], shape (N,)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the decoder met: it was survived, counted and is told."""

    kind: Literal["corrupt", "truncated", "missing-frames", "no-duration", "interlaced", "hdr", "other"]
    message: str
    count: int = 1
    start: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small WebP picture at display aspect; `time` in seconds from the media's first frame."""

    time: float
    data: bytes


@dataclass(frozen=True, slots=True)
class MediaSignals:
    """Everything measured of one medium over `span`; knows nothing of the edit."""

    key: str
    info: MediaInfo
    span: Span
    grid: GridSignals
    motion: MotionSignals
    problems: tuple[Problem, ...] = ()
    strip: tuple[Thumbnail, ...] = ()

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Seconds of each frame from the media's first frame, shape (N,)."""
        base = self.info.time_base
        return np.asarray(self.grid.pts * (base.numerator / base.denominator), np.float64)

    @property
    def frame_duration(self) -> float:
        return float(1 / self.info.rate)


@dataclass(frozen=True, slots=True)
class MediaFailure:
    """A medium that could not be measured, and why, in one sentence for a person."""

    path: str
    reason: str


# --- the edit: what is used ---------------------------------------------------------------------


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
    retime: str = ""
    """Empty, or in words: ``50 %``, ``reverse``, ``freeze frame``, ``variable speed``."""
    key: str = ""
    """Stable across edits: media content and source interval."""
    shot: str = ""
    take: str = ""
    subject: str | None = None
    notes: tuple[str, ...] = ()
    """What a person should know: measured on a proxy, hidden by a crop …"""
    signals: MediaSignals | None = None


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


# --- judging ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in one use of one medium, as a detector reports it."""

    detector: str
    use: str
    """`ClipUse.id`."""
    start: float
    """Seconds from the media's first frame to the first bad frame."""
    duration: float
    """Seconds; whole frames, at least one."""
    score: float
    message: str
    """One or two sentences for a person, with no code values: what, where, what next."""
    label: str = ""
    """One to three words for a marker's name, lower case (``flicker``, ``hidden cut``)."""
    evidence: Mapping[str, float | str] = field(default_factory=dict)
    """Physical values with the unit in the key: ``amplitude_cv``, ``frequency_hz``, ``frames``."""
    region: tuple[float, float, float, float] | None = None
    """x, y, width, height as fractions of the picture; None for the whole picture."""
    related: tuple[str, ...] = ()
    worst: float | None = None
    """Seconds of the worst frame; None is the middle."""

    @property
    def severity(self) -> Severity:
        return severity_of(self.score)


@dataclass(frozen=True, slots=True)
class Curve:
    """A score per frame: the first frame's media time, seconds per frame, and the scores."""

    start: float
    step: float
    score: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Detection:
    """What one detector says of all uses: a score for each (None: not applicable), and findings."""

    scores: Mapping[str, float | None]
    findings: tuple[Finding, ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)


# --- marking and reporting ----------------------------------------------------------------------

State = Literal["new", "open", "fixed", "dismissed"]


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
    lane: Literal["otio", "edl"] = "otio"
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
    """Finding id → WebP of its worst frame."""

    @property
    def incomplete(self) -> bool:
        return any(clip.status == "failed" for clip in self.clips)

    def worst(self) -> float:
        """Highest score of a finding that still stands."""
        return max((p.finding.score for p in self.findings if p.state in ("new", "open")), default=0.0)
