"""Takes as CSV: one row a finding, one a take without findings; for a spreadsheet, as `csv_file` writes it.

A seed of more than 15 digits is preceded by an apostrophe, because a spreadsheet would round it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..model import Placed, RankedTake, Triage
from .csv_file import Cell, cell
from .takes_data import (
    findings_of,
    origin_of,
    prompt_of,
    reason_of,
    said,
    seed_cell,
    status_of,
    without_path,
)
from .text import evidence_words, lines_of, number, score

COLUMNS = (
    "shot",
    "rank",
    "take",
    "media",
    "standing",
    "status",
    "reason",
    "severity",
    "detector",
    "fault",
    "score",
    "message",
    "evidence",
    "timecode",
    "media_start_seconds",
    "media_duration_seconds",
    "state",
    "by",
    "copy_of",
    "near",
    "repeats",
    "verdicts",
    "generator",
    "model",
    "workflow",
    "prompt",
    "seed",
    "frames",
    "seconds",
    "scores",
    "notes",
    "clip_id",
    "finding_id",
    "first_seen",
)


def write(triage: Triage, path: Path) -> None:
    """Write takes as CSV, UTF-8 with a byte order mark, one shot after the other."""
    write_rows(path, COLUMNS, _rows(triage))


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> None:
    """Write rows as CSV (RFC 4180), UTF-8 with a byte order mark; no text in it runs as a formula."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([cell(row.get(name)) for name in columns])


def _rows(triage: Triage) -> Iterator[dict[str, Cell]]:
    for shot in triage.shots():
        for take in shot.takes:
            about = _take_cells(take, triage.include_prompts)
            findings = findings_of(take)
            for placed in findings:
                yield {**about, **_finding_cells(placed)}
            if not findings:
                yield about


def _take_cells(take: RankedTake, include_prompts: bool) -> dict[str, Cell]:
    record = take.record
    origin = origin_of(take, include_prompts)
    scores = "; ".join(
        f"{name} {'n/a' if value is None else f'{value:.2f}'}"
        for name, value in ((name, number(value, 4)) for name, value in record.scores.items())
    )
    return {
        "shot": take.take.shot,
        "rank": take.rank or None,
        "take": take.take.name,
        "media": take.take.label,
        "standing": take.standing,
        "status": status_of(take),
        "reason": reason_of(take),
        "copy_of": take.copy_of,
        "near": "; ".join(take.near),
        "repeats": take.repeats,
        "verdicts": said(take.verdicts),
        "generator": origin["generator"],
        "model": origin["model"],
        "workflow": origin["workflow"],
        "prompt": prompt_of(origin),
        "seed": seed_cell(origin["seed"]),
        "frames": record.frames,
        "seconds": number(record.seconds, 4),
        "scores": scores,
        "notes": " ".join(lines_of(without_path(text, take) for text in record.notes)),
        "clip_id": take.id,
    }


def _finding_cells(placed: Placed) -> dict[str, Cell]:
    finding = placed.finding
    return {
        "severity": finding.severity,
        "detector": finding.detector,
        "fault": finding.label,
        "score": score(finding.score),
        "message": finding.message,
        "evidence": "; ".join(f"{name} {value}" for name, value in evidence_words(finding.evidence)),
        "timecode": placed.timecode,
        "media_start_seconds": number(finding.start, 4),
        "media_duration_seconds": number(finding.duration, 4),
        "state": placed.state,
        "by": placed.by,
        "finding_id": placed.id,
        "first_seen": placed.first_seen,
    }
