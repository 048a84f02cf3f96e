"""Which clips show the same subject: what somebody says, and else what looks alike.

Clips that nobody names are joined by average linkage: two groups become one while the mean distance
between their members stays below the cut. Single linkage would chain one subject to the next through
two shots that happen to look alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._gallery import Apart, Glance
from otio_ai_audit.detectors._score import Model, model
from otio_ai_audit.model import ClipUse, Subject

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LINK = ("look", "hue")
"""Features of the model ``mismatch_link``."""
CUT = 0.5
"""Score of ``mismatch_link`` up to which clips are found to be of one subject."""
PLAIN = 0.7
"""Score from which two clips show plainly different things."""
HINTS = ("names", "clip colour")
"""Sources that only hint at a subject."""
FEW = 0.34
"""Share of a hinted group that may look like something else and still be an odd one out."""
PERSON, DOUBT, STRANGER = 0.5, 0.45, 0.25
"""Cosines of faces from which looks do not matter (the same person), below which it is doubted that it is one
person, and up to which it is another: drawn and turned faces of one person reach down to 0.3."""
KNOWN, UNKNOWN = 0.15, 0.75
"""Distances of the same person and of another one."""
FOUND = "found"


@dataclass(frozen=True, slots=True)
class Party:
    """Clips that should look alike, and who says so."""

    name: str
    source: str
    subject: Subject | None
    rows: tuple[int, ...]
    """Into the clips compared; references last."""

    @property
    def certain(self) -> bool:
        """Whether a person has said so."""
        return self.source not in (*HINTS, FOUND)


def link_distance(between: Apart) -> Floats:
    """Distance in 0–1 between clips, 0.5 on the border of one subject and another, shape (n, n).

    Where both show people, their faces decide what they are sure of.
    """
    weigh: Model = model("mismatch_link")
    out = weigh.score(np.stack([between.look, between.hue], axis=-1))
    face = np.nan_to_num(between.face, nan=1.0)
    doubt = UNKNOWN * np.clip((DOUBT - face) / (DOUBT - STRANGER), 0, 1)
    known = np.isfinite(between.face) & (face >= PERSON)
    out = np.where(known, np.minimum(out, KNOWN), np.maximum(out, doubt))
    np.fill_diagonal(out, 0.0)
    return np.asarray(0.5 * (out + out.T), dtype=np.float64)


def parties(glances: Sequence[Glance], distance: Floats) -> list[Party]:
    """Sort clips into groups.

    Named subjects first, a clip into each that it names. A group that only names or colours suggest is
    split where its members look plainly different; a lone odd one stays in it. What no one names is
    grouped by looks. Groups of one are nothing.
    """
    named: dict[str, list[int]] = {}
    subjects: dict[str, Subject] = {}
    for row, one in enumerate(glances):
        for subject in one.use.subjects:
            named.setdefault(subject.name, []).append(row)
            held = subjects.setdefault(subject.name, subject)
            if held.source in HINTS and subject.source not in HINTS:
                subjects[subject.name] = subject
    out: list[Party] = []
    free = {row for row, one in enumerate(glances) if not one.use.subjects and not one.use.reference}
    for name, rows in named.items():
        subject = subjects[name]
        if subject.source not in HINTS:
            out.append(Party(name, subject.source, subject, _ordered(glances, rows)))
            continue
        kept, rest = _split(distance, rows)
        free.update(row for row in rest if not glances[row].use.reference)
        out += [
            Party(name if not k else f"{name} {k + 1}", subject.source, subject, _ordered(glances, part))
            for k, part in enumerate(kept)
        ]
    unnamed = np.asarray(sorted(free), dtype=np.int64)
    taken = {party.name for party in out}
    for part in linked(distance[np.ix_(unnamed, unnamed)], CUT):
        rows = [int(unnamed[k]) for k in part]
        out.append(Party(_name_of([glances[r].use for r in rows], taken), FOUND, None, tuple(rows)))
    return [party for party in out if _shots(glances, party) and (len(party.rows) > 1 or _coloured(party))]


def _coloured(party: Party) -> bool:
    """Whether one clip is enough: its colour is held against a value."""
    return party.subject is not None and party.subject.color is not None


def _shots(glances: Sequence[Glance], party: Party) -> int:
    return sum(not glances[row].use.reference for row in party.rows)


def _ordered(glances: Sequence[Glance], rows: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(rows, key=lambda row: (glances[row].use.reference, row)))


def _split(distance: Floats, rows: Sequence[int]) -> tuple[list[list[int]], list[int]]:
    """Parts of a hinted group that stay together, and clips that belong to none."""
    at = np.asarray(rows, dtype=np.int64)
    parts = [[int(at[k]) for k in part] for part in linked(distance[np.ix_(at, at)], PLAIN)]
    together = {row for part in parts for row in part}
    alone = [row for row in rows if row not in together]
    if not parts:
        return ([list(rows)], []) if len(rows) == 2 else ([], alone)
    largest = max(parts, key=len)
    if alone and len(alone) <= FEW * len(rows) and len(largest) > len(rows) / 2:
        largest += alone  # odd ones out among clips that agree
        alone = []
    parts.sort(key=lambda part: (-len(part), part[0]))
    return parts, alone


def linked(distance: Floats, cut: float) -> list[list[int]]:
    """Group by average linkage up to a cut; groups of at least two, in order of their first member.

    Parameters
    ----------
    distance
        Shape (n, n), symmetrical.
    cut
        Largest mean distance at which two groups become one.
    """
    out: list[list[int]] = []
    for part in _reachable(distance <= cut):
        if len(part) > 1:
            own = distance[np.ix_(part, part)]
            out += [[int(part[k]) for k in group] for group in _average(own, cut) if len(group) > 1]
    return sorted(out)


def _reachable(near: npt.NDArray[np.bool_]) -> list[Ints]:
    """Split into connected components, which groups of average linkage never reach across."""
    todo = np.ones(len(near), dtype=np.bool_)
    out: list[Ints] = []
    for start in range(len(near)):
        if not todo[start]:
            continue
        part = np.zeros(len(near), dtype=np.bool_)
        edge = np.array([start])
        while len(edge):
            part[edge] = True
            edge = np.flatnonzero(near[edge].any(axis=0) & ~part)
        todo &= ~part
        out.append(np.flatnonzero(part))
    return out


def _average(distance: Floats, cut: float) -> list[list[int]]:
    """Average linkage (Lance and Williams's update) of one component."""
    table = distance.astype(np.float64).copy()
    np.fill_diagonal(table, np.inf)
    members = [[k] for k in range(len(table))]
    size = np.ones(len(table))
    while True:
        at = int(table.argmin())
        i, j = divmod(at, len(table))
        if not table[i, j] <= cut:
            return [sorted(group) for group in members if group]
        i, j = min(i, j), max(i, j)
        row = (size[i] * table[i] + size[j] * table[j]) / (size[i] + size[j])
        table[i], table[:, i] = row, row
        table[i, i] = np.inf
        table[j], table[:, j] = np.inf, np.inf
        members[i] += members[j]
        members[j] = []
        size[i] += size[j]


def _name_of(uses: Sequence[ClipUse], taken: set[str]) -> str:
    """Name a found group by its first clip."""
    base = uses[0].name or uses[0].id
    name, number = f"like {base}", 2
    while name in taken:
        name, number = f"like {base} ({number})", number + 1
    taken.add(name)
    return name
