"""Takes as JSON, ``schema: 1``: the clips and findings of an audit, and what a triage adds to them.

A take is a clip that stands alone: ``timeline_start_frame`` is 0, ``timeline_frame`` of a finding counts from
the take's own first frame, ``timecode`` is the file's own; ``media`` is the path below the folder. There is
no timeline, so its rate and start are null. A copy is ``skipped``: its findings are told of the take that it
repeats. One clip, one finding and one shot a line. For the same takes everything is the same but
``finished``, ``seconds`` and ``first_seen``.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from ..model import PersonVerdict, RankedTake, Shot, Tally, Triage
from . import json_file
from .json_file import SCHEMA, compact, known
from .takes_data import file_name, findings_of, origin_of, reason_of, status_of, without_path
from .text import NEVER_CHECKED, clean, not_asked, number, score

Emit = Callable[[str], object]


def write(triage: Triage, path: Path, *, curves: bool = False) -> None:
    """Write takes as UTF-8 JSON, one shot after the other.

    Parameters
    ----------
    triage
        What was found.
    path
        Written as it is: the caller moves it to its place.
    curves
        Whether clips carry a score per frame.
    """
    with path.open("w", encoding="utf-8", newline="\n") as out:
        emit(triage, out.write, curves=curves)


def emit(triage: Triage, out: Emit, *, curves: bool = False) -> None:
    """Give out the text of the JSON piece by piece."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as findings,
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as shots,
    ):
        out("{\n")
        for name, value in _head(triage).items():
            out(f" {json.dumps(name)}: {compact(value)},\n")
        rows = _Rows(out, "clips")
        for shot in triage.shots():
            for take in shot.takes:
                rows.add(_clip(triage, take, curves))
                ids = (take.id,)
                findings.writelines(
                    f"{compact(json_file.finding_data(placed, ids))}\n" for placed in findings_of(take)
                )
            shots.write(f"{compact(_shot(shot))}\n")
        rows.close()
        out(' "subjects": [],\n')
        _copy(findings, out, "findings")
        out(' "markers": [],\n "live": null,\n')
        _copy(shots, out, "shots")
        _list(out, "tallies", (_tally(row) for row in triage.tallies))
        _list(out, "bad_seeds", (_verdict(kill) for kill in triage.bad_seeds))
        out(f' "not_checked": {compact(not_checked(triage))}\n}}\n')


def not_checked(triage: Triage) -> list[str]:
    """Say what nobody looked at: what no detector ever does, and what did not run."""
    return [NEVER_CHECKED, *not_asked(triage.detectors)]


class _Rows:
    """A list of objects, one a line."""

    def __init__(self, out: Emit, name: str) -> None:
        self._out = out
        self._any = False
        out(f" {json.dumps(name)}: [")

    def add(self, row: Mapping[str, Any]) -> None:
        self.add_text(compact(row))

    def add_text(self, row: str) -> None:
        self._out(f"{',' if self._any else ''}\n  {row}")
        self._any = True

    def close(self) -> None:
        self._out("\n ],\n" if self._any else "],\n")


def _list(out: Emit, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    made = _Rows(out, name)
    for row in rows:
        made.add(row)
    made.close()


def _copy(lines: IO[str], out: Emit, name: str) -> None:
    lines.seek(0)
    made = _Rows(out, name)
    for line in _lines(lines):
        made.add_text(line)
    made.close()


def _lines(file: IO[str]) -> Iterator[str]:
    for line in file:
        yield line.rstrip("\n")


def _head(triage: Triage) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "tool": {"name": "otio-ai-audit", "version": clean(triage.version)},
        "timeline": {
            "name": clean(triage.name),
            "rate": None,
            "start_timecode": None,
            "source": clean(triage.name),
            "frames": None,
            "drop_frame": None,
            "resolution": None,
        },
        "settings": {"hash": clean(triage.settings_hash), "calibration": known(triage.calibration)},
        "detectors": [clean(name) for name in triage.detectors],
        "incomplete": triage.failed > 0,
        "finished": known(triage.finished),
        "seconds": number(triage.seconds, 2),
        "against": None,
        "notices": [clean(text) for text in triage.notices],
        "grouped_by": clean(triage.grouped_by),
        "dealt_to": known(triage.dealt_to),
    }


def _clip(triage: Triage, take: RankedTake, curves: bool) -> dict[str, Any]:
    record = take.record
    data: dict[str, Any] = {
        "id": clean(take.id),
        "key": known(take.take.key),
        "name": clean(file_name(take)),
        "shot": known(take.take.shot),
        "take": known(take.take.name),
        "media": known(take.take.label),
        "status": status_of(take),
        "reason": known(reason_of(take)),
        "timeline_start_frame": 0,
        "frames": record.frames,
        "subject": None,
        "scores": {clean(name): score(value) for name, value in record.scores.items()},
    }
    if curves and record.curves:
        data["curves"] = {clean(n): json_file.curve_data(curve) for n, curve in record.curves.items()}
    return {
        **data,
        "provenance": origin_of(take, triage.include_prompts),
        "notes": [clean(without_path(text, take)) for text in record.notes],
        "visible": [[0.0, number(record.seconds, 6)]] if record.failure is None else [],
        "content": known(take.take.key),
        "rank": take.rank,
        "standing": take.standing,
        "copy_of": known(take.copy_of),
        "near": [clean(label) for label in take.near],
        "repeats": known(take.repeats),
        "verdicts": [_verdict(verdict) for verdict in take.verdicts],
    }


def _verdict(verdict: PersonVerdict) -> dict[str, Any]:
    return {
        "kind": verdict.kind,
        "who": clean(verdict.who),
        "when": known(verdict.when),
        "why": known(verdict.why),
        "finding": known(verdict.finding),
        "detector": known(verdict.detector),
        "media_start": number(verdict.start, 6),
        "media_duration": number(verdict.duration, 6),
        "key": known(verdict.key),
        "media": known(verdict.label),
        "model": known(verdict.model),
        "workflow": known(verdict.workflow),
        "prompt_hash": known(verdict.prompt_hash),
        "seed": verdict.seed,
    }


def _shot(shot: Shot) -> dict[str, Any]:
    best = shot.best
    return {
        "name": clean(shot.name),
        "number": shot.number,
        "takes": [clean(take.id) for take in shot.takes],
        "best": clean(best.id) if best is not None else None,
    }


def _tally(row: Tally) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "value": clean(row.value),
        "takes": row.takes,
        "flagged": row.flagged,
        "errors": row.errors,
        "killed": row.killed,
        "by_detector": {clean(name): count for name, count in row.by_detector.items()},
    }
