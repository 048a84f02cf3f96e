"""The types that cross seams: frozen dataclasses of numpy arrays, `Fraction`, `str` and `int`.

No type of OpenTimelineIO, PyAV or numba appears here, so everything pickles and can be stored.

Time is exact seconds (`Fraction`) from the media's first frame, or whole timeline frames from the
timeline's first frame. Signals are display-encoded code values levelled to 0–255, whatever the
file's range and bit depth. Cells are squares of the *small picture*: the decoded picture reduced
by an integer factor to about 240 pixels on its long side, cut into cells of 8 × 8 small pixels.
"""

from __future__ import annotations

from .edit import ClipUse, Failure, Plan, Skipped, Subject, TimelineInfo
from .film import Canvas, Film, Layer, Planes, Ramp, Sound
from .judging import ERROR, NOTE, WARNING, Curve, Detection, Finding, Group, Severity, severity_of
from .live import LiveItem, LiveMarker, LiveTimeline
from .media import (
    REGIONS,
    REPEAT_CHANGE,
    REPEAT_PEAK,
    Float32,
    GridSignals,
    IdentitySignals,
    Int64,
    Media,
    MediaFailure,
    MediaInfo,
    MediaJob,
    MediaSignals,
    MotionSignals,
    Problem,
    Span,
    Thumbnail,
    UInt8,
)
from .result import (
    STANDING,
    AuditResult,
    ClipResult,
    Heat,
    KnownFinding,
    Marker,
    Placed,
    SeenMarker,
    State,
    compare_key,
)
from .takes import (
    PersonVerdict,
    Provenance,
    RankedTake,
    Shot,
    ShotHead,
    Standing,
    Take,
    TakeRecord,
    Tally,
    Triage,
    VerdictKind,
    short_hash,
)

__all__ = [
    "ERROR",
    "NOTE",
    "REGIONS",
    "REPEAT_CHANGE",
    "REPEAT_PEAK",
    "STANDING",
    "WARNING",
    "AuditResult",
    "Canvas",
    "ClipResult",
    "ClipUse",
    "Curve",
    "Detection",
    "Failure",
    "Film",
    "Finding",
    "Float32",
    "GridSignals",
    "Group",
    "Heat",
    "IdentitySignals",
    "Int64",
    "KnownFinding",
    "Layer",
    "LiveItem",
    "LiveMarker",
    "LiveTimeline",
    "Marker",
    "Media",
    "MediaFailure",
    "MediaInfo",
    "MediaJob",
    "MediaSignals",
    "MotionSignals",
    "PersonVerdict",
    "Placed",
    "Plan",
    "Planes",
    "Problem",
    "Provenance",
    "Ramp",
    "RankedTake",
    "SeenMarker",
    "Severity",
    "Shot",
    "ShotHead",
    "Skipped",
    "Sound",
    "Span",
    "Standing",
    "State",
    "Subject",
    "Take",
    "TakeRecord",
    "Tally",
    "Thumbnail",
    "TimelineInfo",
    "Triage",
    "UInt8",
    "VerdictKind",
    "compare_key",
    "severity_of",
    "short_hash",
]
