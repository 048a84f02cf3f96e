"""The overview of a report of takes: totals, shots, and which origin fails how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..model import WARNING, PersonVerdict, ShotHead, Tally, Triage, severity_of
from .finding_view import Pictures
from .text import NEVER_CHECKED, counted, lines_of, not_asked, number, one_line

KINDS = {
    "model": "Model",
    "workflow": "Workflow (hash)",
    "prompt": "Prompt (hash)",
    "seed": "Seed",
    "generator": "Generator",
}
"""Origins in the order of their tables."""
UNKNOWN = "unknown"
GROUPED = {
    "names": "grouped into shots by their names",
    "folders": "grouped into shots by folder",
    "prompts": "grouped into shots by prompt",
    "pattern": "grouped into shots by a pattern of names",
}


@dataclass(frozen=True, slots=True)
class HeadView:
    """A shot in the table of shots."""

    name: str
    link: str
    takes: int
    flagged: int
    failed: int
    killed: int
    best: str
    score: float
    severity: str
    picture: str
    kind: str
    """``error`` where every take is flagged or could not be looked at, else ``clean``."""


@dataclass(frozen=True, slots=True)
class TallyTable:
    """How often takes fail, by one kind of origin."""

    kind: str
    title: str
    detectors: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def overview(triage: Triage, links: Mapping[int, str], pictures: Pictures) -> Mapping[str, Any]:
    """Prepare what stands on the first page.

    Parameters
    ----------
    triage
        Only its heads and tallies are read.
    links
        Number of a shot → where it is shown.
    pictures
        What the page has room for.
    """
    return {
        "heads": [_head(head, links[head.number], pictures) for head in triage.heads],
        "tables": _tables(triage),
        "bad_seeds": [_bad_seed(kill) for kill in triage.bad_seeds],
        "tiles": tiles(triage.takes, triage.flagged, triage.failed, sum(h.killed for h in triage.heads)),
        "summary": summary(triage.takes, triage.flagged, triage.failed, len(triage.heads)),
        "look": triage.flagged > 0 or triage.failed > 0,
        "notices": lines_of(triage.notices),
        "facts": _facts(triage),
    }


def scope(triage: Triage) -> Mapping[str, str]:
    """Say what was checked and what was not, on every page."""
    missing = "; ".join(not_asked(triage.detectors))
    return {
        "checked": ", ".join(map(one_line, triage.detectors)) or "nothing",
        "never_checked": NEVER_CHECKED,
        "not_asked": missing,
    }


def summary(takes: int, flagged: int, failed: int, shots: int = 1) -> str:
    """Say in one line where to look; never that something is good."""
    if not takes:
        return "There are no takes."
    where = f" in {counted(shots, 'shot')}" if shots != 1 else ""
    looked = takes - failed
    if flagged:
        text = f"Faults found in {flagged} of {counted(takes, 'take')}{where}"
    elif looked:
        text = f"No faults found in {counted(looked, 'take')}{where}"
    else:
        text = f"None of {counted(takes, 'take')}{where} could be looked at"
    return f"{text}; {failed} could not be looked at." if failed and looked else f"{text}."


def tiles(takes: int, flagged: int, failed: int, killed: int) -> list[tuple[str, int, str]]:
    """Count what the header shows: kind, number, words."""
    return [
        ("clean", takes, "take" if takes == 1 else "takes"),
        ("warning", flagged, "flagged"),
        ("failed", failed, "not looked at"),
        ("dismissed", killed, "killed"),
    ]


def _facts(triage: Triage) -> list[str]:
    facts = [
        counted(len(triage.heads), "shot"),
        GROUPED.get(triage.grouped_by, ""),
        f"dealt to {one_line(triage.dealt_to)}" if triage.dealt_to else "",
        f"finished {one_line(triage.finished).replace('T', ' ')}" if triage.finished else "",
        f"in {triage.seconds:.0f} s" if triage.seconds >= 1 else "",
    ]
    return [fact for fact in facts if fact]


def _head(head: ShotHead, link: str, pictures: Pictures) -> HeadView:
    worst = number(head.best_score, 4) or 0.0
    return HeadView(
        name=one_line(head.name) or "(no name)",
        link=link,
        takes=head.takes,
        flagged=head.flagged,
        failed=head.failed,
        killed=head.killed,
        best=one_line(head.best),
        score=worst,
        severity=severity_of(worst) if worst >= WARNING else "clean",
        picture=pictures.url(head.best_picture),
        kind="error" if head.takes and head.flagged + head.failed >= head.takes else "clean",
    )


def _tables(triage: Triage) -> list[TallyTable]:
    made = []
    for kind, title in KINDS.items():
        rows = [tally for tally in triage.tallies if tally.kind == kind]
        if not rows:
            continue
        if kind == "prompt" and triage.include_prompts:
            title = "Prompt"
        named = {name for row in rows for name, count in row.by_detector.items() if count}
        detectors = [*(n for n in triage.detectors if n in named), *sorted(named - {*triage.detectors})]
        made.append(TallyTable(kind, title, [*map(one_line, detectors)], [_row(r, detectors) for r in rows]))
    return made


def _row(tally: Tally, detectors: Sequence[str]) -> Mapping[str, Any]:
    value = one_line(tally.value)
    share = tally.flagged / tally.takes if tally.takes else 0.0
    return {
        "value": value or UNKNOWN,
        "unknown": value in ("", UNKNOWN),
        "takes": tally.takes,
        "flagged": tally.flagged,
        "share": share,
        "errors": tally.errors,
        "killed": tally.killed,
        "by": [tally.by_detector.get(name, 0) for name in detectors],
    }


def _bad_seed(kill: PersonVerdict) -> Mapping[str, str]:
    return {
        "seed": UNKNOWN if kill.seed is None else str(kill.seed),
        "model": one_line(kill.model) or UNKNOWN,
        "workflow": one_line(kill.workflow) or UNKNOWN,
        "prompt": one_line(kill.prompt_hash) or UNKNOWN,
        "label": one_line(kill.label),
        "who": one_line(kill.who),
        "why": one_line(kill.why),
    }
