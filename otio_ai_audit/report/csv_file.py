"""The result as CSV: one row a finding, one a clip without findings; for a spreadsheet.

UTF-8 with a byte order mark, because Excel reads anything else as the machine's old code page;
every other reader of CSV that people use skips the mark (Python: ``encoding="utf-8-sig"``). Text
that a spreadsheet would run as a formula is preceded by an apostrophe. A cell is always one line.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from ..model import AuditResult, ClipResult, Placed
from .text import clips_in_order, evidence_words, findings_by_clip, lines_of, number, one_line, score

COLUMNS = (
    "timecode",
    "state",
    "severity",
    "detector",
    "score",
    "clip",
    "shot",
    "take",
    "message",
    "evidence",
    "timeline_frame",
    "timeline_frames",
    "media_start_seconds",
    "media_duration_seconds",
    "subject",
    "status",
    "reason",
    "media",
    "clip_id",
    "finding_id",
    "first_seen",
    "by",
    "text",
    "scores",
    "notes",
    "compare",
)

Cell = str | int | float | None


def guarded(text: object) -> str:
    """Return text that no spreadsheet runs as a formula, on one line."""
    line = one_line(text)
    return f"'{line}" if line[:1] in tuple("=+-@＝＋－＠") else line


def to_csv(result: AuditResult) -> str:
    """Return a result as CSV text (RFC 4180, without a byte order mark)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in _rows(result):
        writer.writerow([cell(row.get(name)) for name in COLUMNS])
    return out.getvalue()


def write(result: AuditResult, path: Path) -> None:
    """Write a result as CSV, UTF-8 with a byte order mark."""
    path.write_bytes(to_csv(result).encode("utf-8-sig"))


def cell(value: Cell) -> str | int | float:
    """Return what the module `csv` writes for a value; text is `guarded`."""
    if value is None:
        return ""
    return value if isinstance(value, int | float) else guarded(value)


def _rows(result: AuditResult) -> list[dict[str, Cell]]:
    grouped = findings_by_clip(result)
    rows: list[dict[str, Cell]] = []
    for clip in clips_in_order(result):
        about = _clip_cells(clip)
        findings = sorted(grouped.get(clip.id, []), key=lambda p: (p.timeline_frame, -p.finding.score))
        rows += [{**about, **_finding_cells(placed)} for placed in findings]
        if not findings:
            rows.append(about)
    rows += [_finding_cells(placed) for placed in grouped.get("", [])]
    return rows


def _clip_cells(clip: ClipResult) -> dict[str, Cell]:
    scores = "; ".join(
        f"{name} {'n/a' if value is None else f'{value:.2f}'}"
        for name, value in ((name, number(value, 4)) for name, value in clip.scores.items())
    )
    return {
        "clip": clip.name,
        "shot": clip.shot,
        "take": clip.take,
        "timeline_frame": clip.record_start,
        "timeline_frames": clip.record_frames,
        "subject": clip.subject,
        "status": clip.status,
        "reason": clip.reason,
        "media": clip.media,
        "clip_id": clip.id,
        "scores": scores,
        "notes": " ".join(lines_of(clip.notes)),
    }


def _finding_cells(placed: Placed) -> dict[str, Cell]:
    finding = placed.finding
    return {
        "timecode": placed.timecode,
        "state": placed.state,
        "severity": finding.severity,
        "detector": finding.detector,
        "score": score(finding.score),
        "message": finding.message,
        "evidence": "; ".join(f"{name} {value}" for name, value in evidence_words(finding.evidence)),
        "timeline_frame": placed.timeline_frame,
        "timeline_frames": placed.timeline_frames,
        "media_start_seconds": number(finding.start, 4),
        "media_duration_seconds": number(finding.duration, 4),
        "finding_id": placed.id,
        "first_seen": placed.first_seen,
        "by": placed.by,
        "text": placed.text,
        "compare": "; ".join(f"{use} at {moment:.2f} s" for use, moment in finding.compare),
    }
