"""What to generate again, for the artist who does it: ``regen.csv`` with stills, and ``bad_seeds.csv``.

Both are for a spreadsheet, as `csv_file` writes them. The stills are JPEG, which opens everywhere; they are
named by what they show, so that a list that is written again and again makes each only once.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import pictures
from ..model import WARNING, PersonVerdict, Placed, RankedTake, TakeRecord, Triage, short_hash
from ..timecode import source_timecode
from .csv_file import Cell
from .takes_csv import write_rows
from .takes_data import SAYS, findings_of, is_standing, on_take, origin_of, prompt_of, said, seed_cell
from .text import number, one_line
from .whole import write_whole

REGEN_COLUMNS = (
    "shot",
    "take",
    "file",
    "source_timecode",
    "seconds",
    "fault",
    "what",
    "severity",
    "still",
    "generator",
    "model",
    "workflow",
    "prompt",
    "seed",
    "standing",
    "said",
    "repeats",
)
SEED_COLUMNS = ("model", "workflow", "prompt", "seed", "killed_takes", "who", "why", "when")
_STILL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}\.jpg")


def write(triage: Triage, path: Path) -> None:
    """Write one row for each fault that stands at warning or above, and one for each killed take.

    Parameters
    ----------
    triage
        What was found.
    path
        Of the list; the stills go into a folder beside it, ``regen_stills`` for ``regen.csv``. Stills of
        earlier lists that are in this one no more are removed.
    """
    stills = _Stills(path.parent / f"{path.stem}_stills")
    write_whole(path, lambda beside: write_rows(beside, REGEN_COLUMNS, _rows(triage, stills)))
    stills.tidy()


def _rows(triage: Triage, stills: _Stills) -> Iterator[dict[str, Cell]]:
    for shot in triage.shots():
        for take in shot.takes:
            faults = [placed for placed in findings_of(take) if is_standing(placed, WARNING)]
            if take.standing == "killed":
                yield {**_about(take, triage.include_prompts), **_kill_cells(take, stills)}
            for placed in faults:
                yield {**_about(take, triage.include_prompts), **_fault_cells(take, placed, stills)}


def _about(take: RankedTake, include_prompts: bool) -> dict[str, Cell]:
    origin = origin_of(take, include_prompts)
    return {
        "shot": take.take.shot,
        "take": take.take.name,
        "file": take.take.label,
        **{name: origin[name] for name in ("generator", "model", "workflow")},
        "prompt": prompt_of(origin),
        "seed": seed_cell(origin["seed"]),
        "standing": take.standing,
        "said": said(on_take(take)),
        "repeats": take.repeats,
    }


def _kill_cells(take: RankedTake, stills: _Stills) -> dict[str, Cell]:
    middle = take.record.seconds / 2
    return {
        "source_timecode": _timecode(take.record, 0.0),
        "seconds": 0.0,
        "fault": SAYS["kill"],
        "what": "; ".join(one_line(v.why) for v in on_take(take) if v.kind == "kill" and v.why),
        "severity": "error",
        "still": stills.of(take, "", middle),
    }


def _fault_cells(take: RankedTake, placed: Placed, stills: _Stills) -> dict[str, Cell]:
    finding = placed.finding
    return {
        "source_timecode": _timecode(take.record, finding.start),
        "seconds": number(finding.start, 4),
        "fault": finding.label or finding.detector,
        "what": finding.message,
        "severity": finding.severity,
        "still": stills.of(take, placed.id, finding.moment),
    }


def _timecode(record: TakeRecord, seconds: float) -> str | None:
    """Write a moment of a take as the timecode of its file."""
    if record.info is None or not math.isfinite(seconds):
        return None
    rate = record.info.rate
    return source_timecode(record.start_timecode, round(seconds * rate), rate)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


@dataclass(slots=True)
class _Stills:
    """The folder of stills beside a list."""

    folder: Path
    named: set[str] = field(default_factory=set)

    def of(self, take: RankedTake, finding: str, moment: float) -> str | None:
        """Write the picture of the strip that is nearest to a moment; give its path from the list on."""
        strip = take.record.strip
        if not strip or not math.isfinite(moment):
            return None
        nearest = min(strip, key=lambda picture: abs(picture.time - moment))
        name = f"{short_hash(take.take.key or take.take.label)}-{short_hash(finding)}.jpg"
        path = self.folder / name
        if name not in self.named and not path.exists():
            data = pictures.as_jpeg(nearest.data)
            write_whole(path, lambda beside: _write(beside, data))
        self.named.add(name)
        return f"{self.folder.name}/{name}"

    def tidy(self) -> None:
        """Remove what the list names no more; nothing that is not ours."""
        with contextlib.suppress(OSError):
            for path in sorted(self.folder.iterdir()):
                if _STILL.fullmatch(path.name) and path.name not in self.named:
                    path.unlink(missing_ok=True)


# --- seeds ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Origin:
    """What was killed of one model, workflow, prompt and seed."""

    prompt: str | None
    labels: list[str] = field(default_factory=list)
    kills: list[PersonVerdict] = field(default_factory=list)


def write_bad_seeds(triage: Triage, path: Path) -> None:
    """Write one row for each origin with a seed whose takes people killed, also where the files are gone."""
    write_whole(path, lambda beside: write_rows(beside, SEED_COLUMNS, _seed_rows(triage)))


def _seed_rows(triage: Triage) -> Iterator[dict[str, Cell]]:
    found: dict[tuple[str, str, str, int], _Origin] = {}
    for kill in triage.bad_seeds:
        if kill.seed is not None:
            key = (kill.model, kill.workflow, kill.prompt_hash, kill.seed)
            _add(found, key, kill.prompt_hash, kill.label, [kill])
    for shot in triage.shots():
        for take in shot.takes:
            kills = [verdict for verdict in on_take(take) if verdict.kind == "kill"]
            origin = origin_of(take, triage.include_prompts)
            if take.standing == "killed" and origin["seed"] is not None:
                _add(found, _key(origin), prompt_of(origin), take.take.label, kills)
    for (model, workflow, _, seed), bad in sorted(found.items(), key=lambda pair: pair[0]):
        kills = list({(v.who, v.why, v.when): v for v in bad.kills}.values())
        yield {
            "model": model,
            "workflow": workflow,
            "prompt": bad.prompt,
            "seed": seed_cell(seed),
            "killed_takes": "; ".join(dict.fromkeys(label for label in bad.labels if label)),
            "who": "; ".join(dict.fromkeys(one_line(v.who) for v in kills)),
            "why": "; ".join(dict.fromkeys(one_line(v.why) for v in kills if v.why)),
            "when": min((v.when for v in kills), default=""),
        }


def _key(origin: Mapping[str, Any]) -> tuple[str, str, str, int]:
    return (
        origin["model"] or "",
        origin["workflow"] or "",
        origin["prompt_hash"] or "",
        origin["seed"],
    )


def _add(
    found: dict[tuple[str, str, str, int], _Origin],
    key: tuple[str, str, str, int],
    prompt: str | None,
    label: str,
    kills: list[PersonVerdict],
) -> None:
    origin = found.setdefault(key, _Origin(prompt))
    origin.prompt = prompt or origin.prompt
    origin.labels.append(label)
    origin.kills += kills
