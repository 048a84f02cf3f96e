"""Which record frames a movie has, where its chapters begin, and the segments that are rendered apart."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from ..errors import OutputError
from ..model import AuditResult, Film, Layer, Placed
from ..report.text import is_standing
from ..timeline import file_name

Frames = tuple[int, int]
SEGMENT = 8
"""Seconds of a segment that no cut ends; with cuts, half to one and a half times that. Short enough that two
workers end together, long enough that opening files costs little."""


@dataclass(frozen=True, slots=True)
class Reel:
    """What is rendered: ranges of record frames one after the other, and chapters in movie frames."""

    ranges: tuple[Frames, ...]
    chapters: tuple[tuple[int, str], ...] = ()

    @property
    def frames(self) -> int:
        return sum(end - start for start, end in self.ranges)


def shown_findings(result: AuditResult, least: float) -> list[Placed]:
    """List the findings that still stand, from a score on."""
    return [p for p in result.findings if is_standing(p, least)]


def make_reel(
    film: Film, findings: Sequence[Placed], *, only_findings: bool = False, handles: Fraction = Fraction(1)
) -> Reel:
    """Choose the record frames of a movie: all, or those of the findings with handles.

    Parameters
    ----------
    film
        The edit.
    findings
        What is shown; chapters begin at them.
    only_findings
        Leave out what is further than `handles` seconds from every finding.

    Raises
    ------
    OutputError
        There would be no frame.
    """
    name = film.info.name or film.info.source
    if film.info.frames < 1:
        raise OutputError(f"{name} has no length; there is nothing to render.")
    whole = (0, film.info.frames)
    placed = sorted(findings, key=lambda p: (p.timeline_frame, -p.finding.score))
    placed = [p for p in placed if p.timeline_frame < whole[1]]
    ranges: list[Frames] = [whole]
    if only_findings:
        if not placed:
            raise OutputError(f"No fault was found in {name}, so a reel of its faults would be empty.")
        around = round(handles * film.info.rate)
        ranges = _joined(
            (max(0, p.timeline_frame - around), min(whole[1], p.timeline_frame + p.timeline_frames + around))
            for p in placed
        )
    return Reel(tuple(ranges), _chapters(ranges, placed, {layer.id: layer.name for layer in film.layers}))


def _joined(ranges: Iterable[Frames]) -> list[Frames]:
    found: list[Frames] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _chapters(
    ranges: Sequence[Frames], placed: Sequence[Placed], names: dict[str, str]
) -> tuple[tuple[int, str], ...]:
    """Name the movie frame at which each finding begins; the worst of several names it."""
    starts = [start for start, _ in ranges]
    before = [0, *accumulate(end - start for start, end in ranges)]
    chapters: dict[int, str] = {}
    for p in placed:
        at = bisect_right(starts, p.timeline_frame) - 1
        finding = p.finding
        label = finding.label or finding.detector
        shown = label.upper() if finding.severity == "error" else f"{label}?"
        title = f"{p.timecode} {shown} {file_name(names.get(finding.use, ''))}".strip()
        chapters.setdefault(before[at] + p.timeline_frame - ranges[at][0], title)
    return tuple(sorted(chapters.items()))


def segments(reel: Reel, layers: Sequence[Layer], rate: Fraction) -> list[Frames]:
    """Cut a reel into segments, at cuts of the edit where there are some; the same for every engine."""
    usual = max(2, round(SEGMENT * rate))
    cuts = sorted({edge for layer in layers for edge in (layer.start, layer.end)})
    found: list[Frames] = []
    for start, end in reel.ranges:
        while end - start > usual * 3 // 2:
            low = bisect_left(cuts, start + usual // 2)
            near = cuts[low : bisect_right(cuts, start + usual * 3 // 2)]
            cut = min(near, key=lambda frame: abs(frame - start - usual), default=start + usual)
            found.append((start, cut))
            start = cut
        found.append((start, end))
    return found


def shared_out(layers: Sequence[Layer], parts: Sequence[Frames]) -> list[list[Layer]]:
    """Give each segment the layers that it shows, still in drawing order."""
    starts = [start for start, _ in parts]
    found: list[list[Layer]] = [[] for _ in parts]
    for layer in layers:
        for index in range(max(0, bisect_right(starts, layer.start) - 1), len(parts)):
            start, end = parts[index]
            if start >= layer.end:
                break
            if layer.start < end and layer.end > start:
                found[index].append(layer)
    return found
