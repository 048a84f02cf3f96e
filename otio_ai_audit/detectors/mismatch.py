"""The same subject over several clips, and the shots where it does not look like itself.

Who should look alike is said by the subjects file, by markers and metadata, hinted at by names and clip
colours, or found (see `_groups`). Every clip is then held against all the others of its group (`_odd`);
references, stills of how it should look, weigh as much as all shots together. A brand's colour is
held against its value (`_brand`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors import _brand, _words
from otio_ai_audit.detectors._gallery import Apart, Glance, apart, farthest_sample, glance
from otio_ai_audit.detectors._groups import FOUND, HINTS, Party, link_distance, parties
from otio_ai_audit.detectors._odd import Case, cases
from otio_ai_audit.detectors._view import Floats
from otio_ai_audit.model import NOTE, ClipUse, Detection, Finding, Group

ID = "mismatch"
LABEL = "mismatch"
"""Of findings too: a marker's name has the subject's after it."""
COLOR = "Fuchsia"
ACROSS = True
NEEDS_IDENTITY = True

BELOW_ERROR = 0.79
"""Highest score where nobody can say which of two clips is wrong, or that they should look alike at all."""
RELATED = 2
"""Clips to compare with."""
LARGEST = 2500
"""Clips among which groups are looked for."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Which groups are judged."""

    find_groups: bool = True
    """Look for groups among clips that nobody has named."""


def detect(uses: Sequence[ClipUse], settings: Settings) -> Detection:
    """Score every use of a group of at least two clips by how little it looks like the others; else None."""
    scores: dict[str, float | None] = {use.id: None for use in uses if not use.reference}
    seen = [one for use in uses if (one := glance(use)) is not None]
    if not settings.find_groups or len(seen) > LARGEST:
        seen = [one for one in seen if one.use.subjects]
    if not seen:
        return Detection(scores)
    between = apart(seen)
    distance = link_distance(between)
    findings: list[Finding] = []
    groups: list[Group] = []
    for party in parties(seen, distance):
        judged = _judge(party, [seen[row] for row in party.rows], between.among(np.asarray(party.rows)))
        for id_, score, finding in judged:
            scores[id_] = round(max(score, scores[id_] or 0.0), 4)
            if finding is not None:
                findings.append(finding)
        if len(party.rows) > 1:
            groups.append(_group(party, seen, distance))
    return Detection(scores, tuple(_worst_first(findings, uses)), groups=tuple(groups))


def notice(uses: Sequence[ClipUse], settings: Settings) -> str:
    """Say for a person which clips are not compared; empty where all are."""
    unnamed = sum(not use.subjects for use in uses)
    if not settings.find_groups or len(uses) <= LARGEST or not unnamed:
        return ""
    return (
        f"{unnamed} clips that nobody names were not compared with others: groups are found among at most "
        f"{LARGEST} clips. Say in a subjects file who should look alike (--subjects)."
    )


def _judge(
    party: Party, members: Sequence[Glance], between: Apart
) -> list[tuple[str, float, Finding | None]]:
    """Give each shot of a group its score, and a finding from `NOTE` on."""
    reference = np.array([one.use.reference for one in members], dtype=np.bool_)
    found = cases(between, [one.content for one in members], reference)
    kind = party.subject.kind if party.subject else "thing"
    brand = _wanted(party, members)
    out: list[tuple[str, float, Finding | None]] = []
    for row, (one, case) in enumerate(zip(members, found, strict=True)):
        if reference[row]:
            continue
        shade = _brand.shade_of(one, brand[0]) if brand is not None else None
        colour = 0.0 if shade is None or brand is None else _brand.score(shade, brand[1])
        looks = 0.0 if case is None else _capped(case.score(kind), party, case, reference)
        score = max(looks, colour)
        finding = None
        if score >= NOTE and colour >= looks and shade is not None and brand is not None:
            finding = _brand_finding(one, score, shade, brand, members, case)
        elif score >= NOTE and case is not None:
            finding = _finding(one, party, score, case, row, members, between)
        if case is not None or shade is not None:
            out.append((one.use.id, score, finding))
    return out


def _capped(score: float, party: Party, case: Case, reference: npt.NDArray[np.bool_]) -> float:
    """Hold a score below an error where it rests on a hint, or on one other shot."""
    alone = case.pair and not reference[case.others[0]]
    unsure = party.source in (*HINTS, FOUND)
    return min(score, BELOW_ERROR) if alone or unsure else score


def _wanted(party: Party, members: Sequence[Glance]) -> tuple[Floats, float] | None:
    """Wanted colour (CIELAB) and tolerance of a group, where it has any."""
    subject = party.subject
    if subject is None:
        return None
    tolerance = subject.max_delta_e or _brand.MAX_DELTA_E
    if subject.color is not None:
        return _brand.wanted_of(subject.color), tolerance
    if subject.kind == "logo" or subject.max_delta_e is not None:
        colour = _brand.usual_colour([one for one in members if one.use.reference])
        return None if colour is None else (colour, tolerance)
    return None


def _finding(
    one: Glance, party: Party, score: float, case: Case, row: int, members: Sequence[Glance], between: Apart
) -> Finding:
    chosen = case.others[:RELATED]
    like = [members[k] for k in chosen]
    worst, away = farthest_sample(one, [members[k] for k in case.others])
    change = _words.difference(one, [members[k] for k in case.others], case)
    evidence: dict[str, float | str] = {
        "cosine_distance": round(away, 3),
        "others_distance": round(_among(between.look, case.others), 3),
        "chroma_distance": round(float(np.median(between.hue[row, case.others])), 3),
        "clips": float(len(case.others) + 1),
    }
    if change.delta is not None:
        evidence["delta_e"] = round(change.delta, 1)
    if np.isfinite(case.face):
        evidence["face_cosine"] = round(case.face, 3)
    return _of_use(
        one,
        score=score,
        message=_words.sentence(change, case, party, score),
        label=LABEL,
        evidence=evidence,
        related=tuple(other.use.id for other in like),
        worst=float(one.times[worst]),
        compare=((one.use.id, float(one.times[worst])), *((g.use.id, g.typical) for g in like)),
    )


def _brand_finding(
    one: Glance,
    score: float,
    shade: _brand.Shade,
    brand: tuple[Floats, float],
    members: Sequence[Glance],
    case: Case | None,
) -> Finding:
    like = [members[k] for k in case.others[:RELATED]] if case is not None else []
    return _of_use(
        one,
        score=score,
        message=_brand.words(shade, brand[0]),
        label=LABEL,
        evidence={"delta_e": round(shade.delta, 1), "max_delta_e": brand[1]},
        related=tuple(other.use.id for other in like),
        worst=shade.time,
        compare=((one.use.id, shade.time), *((g.use.id, g.typical) for g in like)),
    )


def _of_use(one: Glance, **values: object) -> Finding:
    """Make a finding that covers the visible range of a use."""
    signals = one.use.signals
    assert signals is not None
    spans = one.use.visible
    frame = signals.frame_duration
    end = float(signals.times[-1]) + frame
    start = max(0.0, float(min((span.start for span in spans), default=0)))
    stop = min(end, float(max((span.end for span in spans), default=0)))
    score = round(float(values.pop("score")), 4)  # type: ignore[arg-type]
    return Finding(
        detector=ID,
        use=one.use.id,
        start=start,
        duration=max(stop - start, frame),
        score=score,
        **values,  # type: ignore[arg-type]
    )


def _among(look: Floats, rows: npt.NDArray[np.int64]) -> float:
    """Median distance of some clips to each other; 0 for one."""
    if len(rows) < 2:
        return 0.0
    return float(np.median(look[np.ix_(rows, rows)][np.triu_indices(len(rows), 1)]))


def _group(party: Party, seen: Sequence[Glance], distance: Floats) -> Group:
    rows = [row for row in party.rows if not seen[row].use.reference]
    table = distance[np.ix_(rows, rows)]
    return Group(
        party.name,
        tuple(seen[row].use.id for row in rows),
        tuple(tuple(round(float(d), 6) for d in line) for line in table),
        party.source,
    )


def _worst_first(findings: Sequence[Finding], uses: Sequence[ClipUse]) -> list[Finding]:
    """One finding a use, its worst, in order of the edit."""
    best: dict[str, Finding] = {}
    for one in findings:
        if one.use not in best or one.score > best[one.use].score:
            best[one.use] = one
    return [best[use.id] for use in uses if use.id in best]
