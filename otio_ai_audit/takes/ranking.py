"""The order of the takes of a shot: the fewest faults found first.

Ranked by the worst fault that still stands: its severity, then its score (how much it would be objected to),
then how many errors and warnings there are, then what stayed below the threshold, then the name. A take that
somebody keeps comes first; killed ones, copies and those that could not be looked at have no rank. Nothing
here says that a take is good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .. import likeness
from ..model import WARNING, Placed, RankedTake, Severity, severity_of

SEVERITIES: tuple[Severity, ...] = ("none", "note", "warning", "error")
UNRANKED = ("killed", "copy", "failed")
"""Standings without a rank, in the order in which they follow the others."""


def natural(name: str) -> tuple[tuple[bool, int | str], ...]:
    """Sort key of names that hold numbers: ``take 9`` before ``take 10``."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((part.isdecimal(), int(part) if part.isdecimal() else part) for part in parts if part)


def standing_findings(take: RankedTake) -> list[Placed]:
    """Give the findings of a take that nobody dismissed."""
    return [placed for placed in take.placed if placed.state != "dismissed"]


def ranked(takes: Iterable[RankedTake]) -> tuple[RankedTake, ...]:
    """Give ranks, and put takes in their order.

    Parameters
    ----------
    takes
        Of one shot, with their `standing`.
    """
    takes = list(takes)
    order = sorted(
        (take for take in takes if take.standing not in UNRANKED),
        key=lambda take: (take.standing != "kept", *_faults(take), natural(take.take.label), take.take.label),
    )
    rest = sorted(
        (take for take in takes if take.standing in UNRANKED),
        key=lambda take: (UNRANKED.index(take.standing), natural(take.take.label), take.take.label),
    )
    numbered = [replace(take, rank=number) for number, take in enumerate(order, start=1)]
    return (*numbered, *(replace(take, rank=0) for take in rest))


def _faults(take: RankedTake) -> tuple[float, ...]:
    found = [placed.finding.score for placed in standing_findings(take)]
    worst = max(found, default=0.0)
    errors, warnings = (sum(severity_of(score) == name for score in found) for name in ("error", "warning"))
    below = [score for score in take.record.scores.values() if score is not None and score < WARNING]
    severity = SEVERITIES.index(severity_of(worst))
    return (severity, round(worst, 4), errors, warnings, round(max(below, default=0.0), 4))


def with_likeness(takes: Sequence[RankedTake]) -> list[RankedTake]:
    """Name for every take those that look almost the same; copies are named as such already."""
    found: dict[int, set[int]] = {}
    looked = [
        (index, take.record.sketch)
        for index, take in enumerate(takes)
        if take.record.sketch.size and take.standing != "copy"
    ]
    for one, other in likeness.near([sketch for _, sketch in looked]):
        first, second = looked[one][0], looked[other][0]
        found.setdefault(first, set()).add(second)
        found.setdefault(second, set()).add(first)
    return [
        replace(take, near=tuple(takes[other].take.label for other in sorted(found.get(index, ()))))
        for index, take in enumerate(takes)
    ]
