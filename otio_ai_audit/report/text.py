"""What every writer shares: clean text, plain values, order and the words of the summary."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..model import STANDING, WARNING, AuditResult, ClipResult, Placed, severity_of

NEVER_CHECKED = "fingers, lettering, lips, physics"
"""What no detector looks at: said in every report, so that nobody takes silence for approval."""

_LOOKED_FOR = {
    "flicker": "flicker",
    "pop": "single bad frames",
    "freeze": "frozen pictures",
    "cut": "hidden cuts",
    "dead": "black or damaged pictures",
    "drift": "whether a subject stays the same within a shot",
    "mismatch": "whether a subject looks the same from shot to shot",
    "flash": "flash limits for photosensitive viewers",
}
"""Every kind of fault that a detector may look for, in a person's words."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


def clean(text: object) -> str:
    r"""Return text that every format can carry: valid Unicode without control characters.

    Bytes of a file name that are not text (lone surrogates) are shown as ``\udcff``; tabs and line
    ends stay.
    """
    valid = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return _CONTROL.sub("", valid)


def one_line(text: object) -> str:
    """`clean`, with every run of white space as one blank."""
    return " ".join(clean(text).split())


def plain(value: Any) -> Any:
    """Return a value as plain JSON: no numpy scalar, no NaN or infinity (None), no exotic type."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, Mapping):
        return {clean(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    return clean(value)


def number(value: float | None, digits: int) -> float | None:
    """Round a finite number; None for None, NaN and infinity."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits)


def score(value: float | None) -> float | None:
    """Round a score to four digits, but never across a border of severity."""
    rounded = number(value, 4)
    if rounded is None or severity_of(rounded) == severity_of(value):
        return rounded
    return float(value) if value is not None else None


def severity_of_clip(clip: ClipResult, findings: Sequence[Placed]) -> float:
    """Highest score of a clip's standing findings; below the threshold, of its scores."""
    standing = [p.finding.score for p in findings if p.state in STANDING]
    if standing:
        return max(standing)
    below = [s for s in clip.scores.values() if s is not None and math.isfinite(s) and s < WARNING]
    return max(below, default=0.0)


def is_standing(placed: Placed, least: float = WARNING) -> bool:
    """Whether somebody should look: new or open, and at least `least` strong."""
    return placed.state in STANDING and placed.finding.score >= least


def clips_in_order(result: AuditResult) -> list[ClipResult]:
    """Return clips as they stand on the timeline."""
    return sorted(result.clips, key=lambda clip: (clip.record_start, clip.id))


def findings_in_order(result: AuditResult) -> list[Placed]:
    """Return findings as they stand on the timeline."""
    return sorted(
        result.findings,
        key=lambda p: (p.timeline_frame, p.finding.use, p.finding.detector, p.finding.start, p.id),
    )


def findings_by_clip(result: AuditResult) -> dict[str, list[Placed]]:
    """Clip id → its findings, worst first; under "" those whose clip is no longer in the edit."""
    ids = {clip.id for clip in result.clips}
    grouped: dict[str, list[Placed]] = {}
    for placed in findings_in_order(result):
        use = placed.finding.use
        grouped.setdefault(use if use in ids else "", []).append(placed)
    for items in grouped.values():
        items.sort(key=lambda p: (p.state not in STANDING, -p.finding.score))
    return grouped


def worst_first(result: AuditResult) -> list[tuple[ClipResult, list[Placed]]]:
    """Audited clips with their findings, worst first, then as on the timeline."""
    grouped = findings_by_clip(result)
    pairs = [(clip, grouped.get(clip.id, [])) for clip in clips_in_order(result) if clip.status == "audited"]
    return sorted(pairs, key=lambda pair: -severity_of_clip(*pair))


def not_checked(result: AuditResult) -> str:
    """Say what no detector of this run looked at: what none ever does, and what did not run."""
    return "; ".join([NEVER_CHECKED, *not_asked(result.detectors)])


def not_asked(detectors: Sequence[str]) -> list[str]:
    """Say what the detectors that did not run would have looked for."""
    return [words for name, words in _LOOKED_FOR.items() if name not in detectors]


def counted(count: int, one: str, many: str = "") -> str:
    """``1 shot``, ``3 shots``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def summary(result: AuditResult) -> str:
    """Say in one line where to look, as in ``Look at 9 of 45 shots; 2 not checked``."""
    audited = [clip for clip in result.clips if clip.status == "audited"]
    failed = sum(clip.status == "failed" for clip in result.clips)
    waiting = {p.finding.use for p in result.findings if is_standing(p)}
    look = sum(clip.id in waiting for clip in audited)
    if not result.clips:
        return "Nothing was audited: there are no clips."
    shots = counted(len(audited) + failed, "shot")
    if look:
        text = f"Look at {look} of {shots}"
    elif audited:
        text = f"Nothing to look at in {counted(len(audited), 'shot')}"
    else:
        text = "No shot could be audited" if failed else "There was nothing to audit"
    return f"{text}; {failed} not checked." if failed else f"{text}."


def evidence_words(evidence: Mapping[str, float | str]) -> list[tuple[str, str]]:
    """Evidence as (name, value with its unit) pairs: ``("amplitude", "6.2 cv")``."""
    return [_evidence_pair(clean(name), value) for name, value in evidence.items()]


_UNITS = {
    "cv": "cv",
    "hz": "Hz",
    "frames": "frames",
    "seconds": "s",
    "s": "s",
    "percent": "%",
    "px": "px",
    "ms": "ms",
    "ratio": "×",
    "cdm2": "cd/m²",
}


def _evidence_pair(name: str, value: float | str) -> tuple[str, str]:
    stem, _, last = name.rpartition("_")
    unit = _UNITS.get(last, "")
    label = (stem if unit and stem else name).replace("_", " ")
    if unit and not stem:
        unit = ""
    shown = value
    if isinstance(value, np.generic):
        shown = value.item()
    if isinstance(shown, bool) or not isinstance(shown, int | float):
        return label, one_line(shown)
    if not math.isfinite(shown):
        return label, "unknown"
    return label, f"{shown:.3g} {unit}".rstrip() if abs(shown) < 1000 else f"{shown:.0f} {unit}".rstrip()


def lines_of(items: Iterable[str]) -> list[str]:
    """Clean lines, the empty ones left out."""
    return [line for line in (one_line(item) for item in items) if line]
