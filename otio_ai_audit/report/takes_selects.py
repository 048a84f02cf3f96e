"""The takes with the fewest faults found as a timeline with markers: OTIO, FCP7 XML, or its markers alone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from .. import timeline
from ..model import AuditResult, Marker, Triage


def selects(
    triage: Triage, alternatives: int = 1, rate: Fraction | None = None
) -> tuple[timeline.Selects, tuple[Marker, ...]]:
    """Lay out the takes, and choose the markers that show what is wrong with those on V1.

    Parameters
    ----------
    triage
        What was found; its shots are read once.
    alternatives
        Tracks of further takes, switched off.
    rate
        Frames per second of the timeline; None is that of most takes.
    """
    made = timeline.arrange_selects(triage.shots(), triage.name, rate=rate, alternatives=alternatives)
    result = AuditResult(
        version=triage.version,
        info=made.info,
        settings_hash=triage.settings_hash,
        calibration=triage.calibration,
        detectors=triage.detectors,
        clips=timeline.select_clips(made),
        findings=timeline.select_findings(made),
        notices=made.notices,
        finished=triage.finished,
    )
    return made, timeline.markers_for(result, timeline.select_uses(made))


def write_otio(triage: Triage, path: Path, alternatives: int = 1, rate: Fraction | None = None) -> None:
    """Write the timeline as OTIO, in the form that Resolve takes in."""
    timeline.write_selects(*selects(triage, alternatives, rate), path)


def write_fcp7(triage: Triage, path: Path, alternatives: int = 1, rate: Fraction | None = None) -> None:
    """Write the timeline as FCP7 XML."""
    timeline.write_fcp7(*selects(triage, alternatives, rate), path)


def write_marker_edl(triage: Triage, path: Path, alternatives: int = 1, rate: Fraction | None = None) -> None:
    """Write the markers of the timeline as a marker EDL of Resolve."""
    made, markers = selects(triage, alternatives, rate)
    timeline.write_marker_edl(markers, made.info, path)
