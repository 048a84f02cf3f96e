"""The edit to scale: a lane for each track, clips as bars, findings as ranges on them.

All places are per cent of the timeline (of the clip, for a range), so that a drawing of any width needs no
script; the page stretches it to zoom in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..model import STANDING, WARNING, AuditResult, ClipResult, Placed
from ..timecode import can_drop, nominal_rate, to_timecode
from .text import counted, one_line

LANE = 36
"""Height of a lane in pixels."""
HEIGHTS = {"error": 32, "warning": 26, "failed": 32}
"""Height of a bar; of all others `LOW`: how bad a clip is can be told without colours."""
LOW = 18
NAMED = 4.0
"""Per cent of the timeline from which on a name fits into a bar before anybody zooms."""
TICKS = 7


@dataclass(frozen=True, slots=True)
class Range:
    """A finding on its clip; x and width in per cent of the bar."""

    anchor: str
    x: str
    width: str
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A clip in its lane; x and width in per cent of the timeline, the rest in pixels."""

    anchor: str
    name: str
    label: str
    kind: str
    start: int
    frames: int
    x: str
    width: str
    top: int
    height: int
    named: bool
    ranges: Sequence[Range]


@dataclass(frozen=True, slots=True)
class Lane:
    """A track."""

    name: str
    top: int
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class TimelineView:
    """The whole drawing, and what a script needs to write timecodes."""

    lanes: Sequence[Lane]
    height: int
    frames: int
    start: int
    rate: str
    nominal: int
    drop: bool
    ticks: Sequence[tuple[str, str]]
    """Place and timecode of each mark on the ruler."""


def track_of(clip: ClipResult) -> str:
    """``V1`` of ``V1/0003``; empty where there are no tracks."""
    return one_line(clip.id.partition("/")[0]) if "/" in clip.id else ""


def lane_order(name: str) -> tuple[str, int]:
    """Sort V2 before V10."""
    digits = "".join(c for c in name if c.isascii() and c.isdigit())
    return name.rstrip("0123456789"), int(digits or 0)


def timeline_view(
    result: AuditResult,
    clips: Sequence[ClipResult],
    grouped: Mapping[str, Sequence[Placed]],
    kinds: Mapping[str, str],
    anchors: Mapping[str, str],
    places: Mapping[int, str],
) -> TimelineView | None:
    """Draw an edit; None where there is nothing to draw.

    Parameters
    ----------
    clips
        In order of the edit.
    grouped, kinds, anchors
        `ClipResult.id` → its findings; ``error``, ``warning``, ``clean``, ``failed`` or ``skipped``; where
        it stands on the page.
    places
        `id` of a `Placed` → where it stands on the page.
    """
    if not clips:
        return None
    info = result.info
    total = max([info.frames, 1, *(clip.record_start + clip.record_frames for clip in clips)])
    tracks = sorted({track_of(clip) for clip in clips}, key=lane_order, reverse=True)
    bars: dict[str, list[Bar]] = {name: [] for name in tracks}
    for clip in clips:
        found = grouped.get(clip.id, ())
        bars[track_of(clip)].append(
            _bar(result, clip, found, kinds[clip.id], anchors[clip.id], places, total)
        )
    return TimelineView(
        lanes=[Lane(name, i * LANE, bars[name]) for i, name in enumerate(tracks)],
        height=len(tracks) * LANE,
        frames=total,
        start=info.start_frame,
        rate=f"{info.rate.numerator}/{info.rate.denominator}",
        nominal=nominal_rate(info.rate),
        drop=info.drop_frame and can_drop(info.rate),
        ticks=_ticks(result, total),
    )


def _bar(
    result: AuditResult,
    clip: ClipResult,
    findings: Sequence[Placed],
    kind: str,
    anchor: str,
    places: Mapping[int, str],
    total: int,
) -> Bar:
    name = one_line(clip.name) or one_line(clip.id)
    standing = sum(p.state in STANDING and p.finding.score >= WARNING for p in findings)
    state = {"clean": "nothing found", "failed": "not checked"}.get(kind, kind)
    said = f"{state}, {counted(standing, 'finding')}" if standing else state
    share = 100 * clip.record_frames / total
    height = HEIGHTS.get(kind, LOW)
    timecode = to_timecode(result.info.start_frame + clip.record_start, result.info)
    return Bar(
        anchor=anchor,
        name=name,
        label=f"{name}: {said}, {timecode}",
        kind=kind,
        start=clip.record_start,
        frames=clip.record_frames,
        x=_percent(100 * clip.record_start / total),
        width=_percent(max(share, 0.02)),
        top=LANE - 2 - height,
        height=height,
        named=share >= NAMED,
        # The worst is drawn last, above the others.
        ranges=[_range(clip, p, places[id(p)]) for p in reversed(findings) if p.finding.score >= WARNING],
    )


def _range(clip: ClipResult, placed: Placed, anchor: str) -> Range:
    length = max(clip.record_frames, 1)
    first = min(max(placed.timeline_frame - clip.record_start, 0), length)
    last = min(max(first + max(placed.timeline_frames, 1), first), length)
    kind = placed.finding.severity if placed.state in STANDING else placed.state
    label = f"{one_line(placed.finding.label or placed.finding.detector)}, {one_line(placed.timecode)}"
    return Range(anchor, _percent(100 * first / length), _percent(100 * (last - first) / length), kind, label)


def _percent(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") + "%"


def _ticks(result: AuditResult, total: int) -> list[tuple[str, str]]:
    """Give marks at round times for a drawing that nobody has zoomed; the page's script draws finer ones."""
    info = result.info
    seconds = Fraction(total) / info.rate
    steps = (*(1, 2, 5, 10, 15, 30), *(60, 120, 300, 600, 900, 1800), 3600, 7200, 18000, 36000)
    step = next((s for s in steps if seconds / s <= TICKS), 86400)
    frames = step * nominal_rate(info.rate)
    first = -info.start_frame % frames
    count = min(-(-max(total - first, 0) // frames), 2 * TICKS)
    places = [first + i * frames for i in range(count)]
    return [(_percent(100 * at / total), to_timecode(info.start_frame + at, info)) for at in places]
