"""Clips that show one subject, as the page shows them: the odd ones and those that differ most first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..model import AuditResult, ClipResult, Group
from .text import one_line

SHOWN = 24
"""Clips of a group that are shown with a picture; the rest is counted."""
SOURCES = {
    "found": "found by their looks",
    "subjects file": "from the subjects file",
    "marker": "said by a marker",
    "clip colour": "by clip colour",
    "metadata": "from the edit's metadata",
    "names": "by name",
}
"""Who says that these clips show the same."""


@dataclass(frozen=True, slots=True)
class MemberView:
    """A clip in a group."""

    name: str
    anchor: str
    picture: str
    distance: str
    """How far it looks from the others, as a number to compare; empty where nobody knows."""
    kind: str
    odd: bool = False
    """Somebody should look: it does not match the others."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as the page shows it."""

    name: str
    source: str
    count: int
    members: list[MemberView]

    @property
    def more(self) -> int:
        return self.count - len(self.members)


def group_views(
    result: AuditResult,
    anchors: Mapping[str, str],
    called: Mapping[str, str],
    kinds: Mapping[str, str],
    picture: Callable[[bytes | None], str],
    odd: Mapping[str, bytes | None],
) -> list[GroupView]:
    """Prepare the groups of a result for the page.

    Parameters
    ----------
    anchors, called, kinds
        `ClipResult.id` → where it stands on the page, what it is called and how it fared.
    picture
        Turns bytes into a URL; empty where there is no more room.
    odd
        `ClipResult.id` of those that do not match → the frame that shows it, where there is one.
    """
    clips = {clip.id: clip for clip in result.clips}
    return [_view(group, clips, anchors, called, kinds, picture, odd) for group in result.groups]


def _view(
    group: Group,
    clips: Mapping[str, ClipResult],
    anchors: Mapping[str, str],
    called: Mapping[str, str],
    kinds: Mapping[str, str],
    picture: Callable[[bytes | None], str],
    odd: Mapping[str, bytes | None],
) -> GroupView:
    apart = {use: _from_others(group, number) for number, use in enumerate(group.clips)}
    known = [use for use in group.clips if use in clips]
    known.sort(key=lambda use: (use not in odd, -apart[use] if math.isfinite(apart[use]) else 0.0))
    members = [
        MemberView(
            name=called.get(use, one_line(use)),
            anchor=anchors.get(use, ""),
            picture=picture(_middle(clips[use])) or picture(odd.get(use)),
            distance=f"{apart[use]:.2f}" if math.isfinite(apart[use]) else "",
            kind=kinds.get(use, "clean"),
            odd=use in odd,
        )
        for use in known[:SHOWN]
    ]
    source = one_line(group.source)
    return GroupView(one_line(group.name), SOURCES.get(source, source), len(known), members)


def _from_others(group: Group, number: int) -> float:
    """Median distance from the other clips of the group; not a number where there is none."""
    row = group.distance[number] if number < len(group.distance) else ()
    others = sorted(value for i, value in enumerate(row) if i != number and math.isfinite(value))
    if not others:
        return math.nan
    half = len(others) // 2
    return others[half] if len(others) % 2 else (others[half - 1] + others[half]) / 2


def _middle(clip: ClipResult) -> bytes | None:
    return clip.strip[len(clip.strip) // 2].data if clip.strip else None
