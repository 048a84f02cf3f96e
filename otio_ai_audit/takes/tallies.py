"""Which generator, model, workflow, prompt and seed fails how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from .. import provenance
from ..model import WARNING, Provenance, RankedTake, Tally, severity_of
from .ranking import natural, standing_findings

Kind = Literal["generator", "model", "workflow", "prompt", "seed"]
KINDS: tuple[Kind, ...] = ("generator", "model", "workflow", "prompt", "seed")
Counts: TypeAlias = Counter[tuple[Kind, str, str]]
"""Kind and value of an origin, and what is counted: ``takes``, ``flagged``, ``errors``, ``killed``, or a
detector after ``by ``."""
LEAST_OF_SEED = 2
"""A seed that was used once says nothing, unless somebody killed it."""
MOST = 500
"""Rows of one kind, the most flagged first."""


def tallied(takes: Iterable[RankedTake], prompts: bool) -> Counts:
    """Count takes by origin; those that could not be looked at, and copies, do not count.

    Parameters
    ----------
    takes
    prompts
        Name prompts by their text and not by their hash.
    """
    counts: Counts = Counter()
    for take in takes:
        if take.standing in ("failed", "copy"):
            continue
        alarmed = {p.finding.detector for p in standing_findings(take) if p.finding.score >= WARNING}
        told = ["takes", *(f"by {name}" for name in alarmed)]
        told += ["flagged"] if alarmed else []
        told += ["errors"] if severity_of(take.worst) == "error" else []
        told += ["killed"] if take.standing == "killed" else []
        for kind, value in _origins(take.take.provenance, prompts):
            counts.update((kind, value, what) for what in told)
    return counts


def tallies(counts: Counts) -> tuple[Tally, ...]:
    """Make a row of each origin, by kind, the most flagged first."""
    rows: dict[tuple[Kind, str], dict[str, int]] = {}
    for (kind, value, what), count in counts.items():
        rows.setdefault((kind, value), {})[what] = count
    made = [
        Tally(
            kind=kind,
            value=value,
            takes=row["takes"],
            flagged=row.get("flagged", 0),
            errors=row.get("errors", 0),
            killed=row.get("killed", 0),
            by_detector={name[3:]: row[name] for name in sorted(row) if name.startswith("by ")},
        )
        for (kind, value), row in rows.items()
    ]
    made = [row for row in made if row.kind != "seed" or row.takes >= LEAST_OF_SEED or row.killed]
    made.sort(key=lambda row: (-row.flagged, -row.takes, natural(row.value), row.value))
    return tuple(row for kind in KINDS for row in [one for one in made if one.kind == kind][:MOST])


def _origins(found: Provenance, prompts: bool) -> Iterator[tuple[Kind, str]]:
    shown = provenance.public(found, prompts)
    yield "generator", str(shown["generator"] or "unknown")
    yield "model", str(shown["model"] or "unknown")
    yield "workflow", str(shown["workflow"] or "unknown")
    yield "prompt", str((found.prompt if prompts else found.prompt_hash) or "unknown")
    yield "seed", "unknown" if found.seed is None else str(found.seed)
