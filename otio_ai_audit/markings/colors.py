"""What a marker's colour says: ours as it was, a verdict, a claim, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ..model import KnownFinding, SeenMarker
from .words import (
    COLORS,
    LABELS,
    OTHER_COLOR,
    OTIO_COLORS,
    OUR_COLOR,
    SUMMARY,
    UNCHECKED,
    is_us,
    labels_of,
    named,
)

Mood = Literal["", "own", "green", "claimed"]


def own_color(marker: SeenMarker, known: Mapping[str, KnownFinding] | None = None) -> str:
    """Colour that we gave a marker; empty where nothing tells."""
    if marker.own:
        return marker.own
    for finding in (*marker.findings, *((known or {}).get(id_) for id_ in marker.ids)):
        if finding is not None:
            return COLORS.get(finding.detector, OTHER_COLOR)
    if is_us(marker, SUMMARY) or is_us(marker, UNCHECKED):
        return OUR_COLOR
    for detector in LABELS:
        if named(marker.name, labels_of(detector)):
            return COLORS[detector]
    return ""


def moods(seen: Sequence[SeenMarker], known: Mapping[str, KnownFinding] | None = None) -> list[Mood]:
    """Say of every marker what its colour means.

    Parameters
    ----------
    seen
        All markers of a run; those of one lane are judged together, because only together do they
        tell whether their file kept colours at all.
    known
        Id → what the store knows.

    Returns
    -------
    list of str
        ``green`` (dismissed), ``claimed``, ``own`` (ours as it was, or a colour that means nothing),
        or empty for a marker that is not ours.
    """
    result: list[Mood] = [""] * len(seen)
    for lane in dict.fromkeys(marker.lane for marker in seen):
        group = [index for index, marker in enumerate(seen) if marker.ids and marker.lane == lane]
        family = {index: own_color(seen[index], known) for index in group}
        for index in group:
            others = [other for other in group if other != index]
            judge = _mood_otio if lane == "otio" else _mood_kept
            result[index] = judge(seen, index, others, family)
    return result


def _is(color: str, resolve_color: str) -> bool:
    """Whether a lane's colour is a Resolve colour, by its own name or by OTIO's."""
    color = (color or "").strip()
    return color.casefold() == resolve_color.casefold() or color == OTIO_COLORS.get(resolve_color)


def _mood_kept(
    seen: Sequence[SeenMarker], index: int, others: Sequence[int], family: Mapping[int, str]
) -> Mood:
    """Judge in a lane that keeps Resolve's colours: a marker EDL, a .drt, the open timeline."""
    color, own = seen[index].color.strip().casefold(), family[index].casefold()
    if color == "green":
        return "green"
    if not own:
        return "own" if color in {c.casefold() for c in (*COLORS.values(), OUR_COLOR, "")} else "claimed"
    if color in (own, ""):
        return "own"
    kept = any(family[o] and seen[o].color.strip().casefold() == family[o].casefold() for o in others)
    # An OTIO that Resolve imported gives our markers OTIO's colours, all of them.
    translated = bool(others) and not kept and color == OTIO_COLORS[family[index]].casefold()
    return "own" if translated else "claimed"


def _mood_otio(
    seen: Sequence[SeenMarker], index: int, others: Sequence[int], family: Mapping[int, str]
) -> Mood:
    marker, own = seen[index], family[index]
    green = (marker.color or "").strip().casefold() == "green"
    if marker.own:  # our metadata is there, so this file has not been through Resolve
        if not marker.color or _is(marker.color, own):
            return "own"
        kept = any(family[o] and _is(seen[o].color, family[o]) for o in others)
        if green:
            return "green" if kept else "own"
        return "claimed" if kept or not others else "own"
    if not green:
        return "own"
    siblings = [o for o in others if own and family[o] == own] or others
    return "green" if any((seen[o].color or "").strip().casefold() != "green" for o in siblings) else "own"
