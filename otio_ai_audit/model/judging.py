"""Judging: what detectors say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

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
    compare: tuple[tuple[str, float], ...] = ()
    """Frames to look at beside the worst one: `ClipUse.id` (this use or a related one) and seconds."""

    @property
    def severity(self) -> Severity:
        return severity_of(self.score)

    @property
    def moment(self) -> float:
        """Seconds of the frame that shows it best: the worst one, else its middle."""
        return self.worst if self.worst is not None else self.start + self.duration / 2


@dataclass(frozen=True, slots=True)
class Curve:
    """A score per frame: the first frame's media time, seconds per frame, and the scores."""

    start: float
    step: float
    score: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Clips that show one subject, and how far apart they look."""

    name: str
    clips: tuple[str, ...]
    """`ClipUse.id`, in order of the edit."""
    distance: tuple[tuple[float, ...], ...]
    """Between every two clips, 0 is the same look; symmetrical, shape (clips, clips)."""
    source: str = "found"
    """Who says so, as in `Subject.source`; ``found``: near enough to be meant as the same."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What one detector says of all uses: a score for each (None: not applicable), and findings."""

    scores: Mapping[str, float | None]
    findings: tuple[Finding, ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    """Of a detector across clips: which clips it took for the same subject."""
