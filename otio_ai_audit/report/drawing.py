"""Small drawings of the page: a score over time, and the edit to scale; as numbers for the template.

Colours come from the page's style sheet; nothing here is text from outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..model import NOTE, WARNING, ClipResult, Curve, Placed

WIDTH = 600
HEIGHT = 48
"""Size of a curve in its own units; the page stretches it."""
OVERVIEW_WIDTH = 1200
LANE = 22


@dataclass(frozen=True, slots=True)
class CurveDrawing:
    """One detector's score over one clip; in units of `WIDTH` × `HEIGHT`."""

    detector: str
    path: str
    """The line, closed outside of the drawing, so that one path is line and area."""
    threshold: float
    ranges: tuple[tuple[float, float, str], ...]
    """x, width and kind of every finding: its severity, or that it is fixed or dismissed."""
    peak: float
    peak_time: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A clip in the overview: its rectangle and what fills it."""

    anchor: str
    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str


def time_axis(clip: ClipResult, findings: Sequence[Placed]) -> tuple[float, float]:
    """Return the media interval, in seconds, that a clip's drawings show."""
    spans = list(clip.visible)
    if not spans:
        spans = [(c.start, c.start + c.step * len(c.score)) for c in clip.curves.values()]
    if not spans:
        spans = [(p.finding.start, p.finding.start + p.finding.duration) for p in findings]
    start = min((span[0] for span in spans), default=0.0)
    end = max((span[1] for span in spans), default=1.0)
    return (start, end) if end > start and math.isfinite(start + end) else (start, start + 1.0)


def draw_curve(
    detector: str,
    curve: Curve,
    axis: tuple[float, float],
    findings: Sequence[Placed],
    points: int,
) -> CurveDrawing | None:
    """Draw one detector's score; None where nothing of it is shown or it never reaches a note.

    Parameters
    ----------
    detector
        Whose score it is.
    curve
        Score per frame of media.
    axis
        Media interval in seconds, left and right edge.
    findings
        What this detector found in the clip; marked as ranges.
    points
        Most points of the line; of more frames, the highest of each group is kept.
    """
    scores = np.nan_to_num(np.asarray(curve.score, dtype=np.float64), nan=0.0, posinf=1.0, neginf=0.0)
    times = curve.start + curve.step * np.arange(len(scores))
    inside = (times >= axis[0] - 1e-9) & (times < axis[1] + 1e-9)
    scores, times = scores[inside].clip(0.0, 1.0), times[inside]
    if not len(scores) or (scores.max() < NOTE and not findings):
        return None
    highest = int(scores.argmax())
    peak, peak_time = float(scores[highest]), float(times[highest])
    kept = _kept(scores, points)
    xs = [_x(time + curve.step / 2, axis) for time in times[kept].tolist()]
    ys = [_y(value) for value in scores[kept].tolist()]
    line = " ".join(f"{x:.4g},{y:.3g}" for x, y in zip(xs, ys, strict=True))
    left, right, below = -9, WIDTH + 9, HEIGHT + 9
    return CurveDrawing(
        detector=detector,
        path=f"M{left},{below}V{ys[0]:.3g}L{line}H{right}V{below}Z",
        threshold=_y(WARNING),
        ranges=tuple(_range(placed, axis) for placed in findings),
        peak=peak,
        peak_time=peak_time,
    )


def _kept(scores: npt.NDArray[np.float64], points: int) -> list[int]:
    """Return the frames that are drawn: all, or the highest of each of so many groups."""
    if len(scores) <= points:
        return list(range(len(scores)))
    edges = np.linspace(0, len(scores), points + 1).astype(int).tolist()
    return [a + int(scores[a:b].argmax()) for a, b in pairwise(edges)]


def _x(time: float, axis: tuple[float, float]) -> float:
    return min(max((time - axis[0]) / (axis[1] - axis[0]), 0.0), 1.0) * WIDTH


def _y(value: float) -> float:
    return HEIGHT - 1 - value * (HEIGHT - 3)


def _range(placed: Placed, axis: tuple[float, float]) -> tuple[float, float, str]:
    finding = placed.finding
    left, right = _x(finding.start, axis), _x(finding.start + finding.duration, axis)
    width = max(right - left, 3.0)
    kind = placed.state if placed.state in ("fixed", "dismissed") else finding.severity
    return round(min(left, WIDTH - width), 2), round(width, 2), kind


def ticks(axis: tuple[float, float], count: int = 5) -> list[float]:
    """Return evenly spaced seconds along an axis, both ends included."""
    return [axis[0] + (axis[1] - axis[0]) * i / (count - 1) for i in range(count)]


def draw_overview(
    clips: Sequence[tuple[ClipResult, str, str, str]], frames: int
) -> tuple[list[Bar], list[str], int]:
    """Draw the edit to scale, a lane for each track; the height of a bar says how bad it is.

    Parameters
    ----------
    clips
        Clip, its anchor on the page, its kind (``error``, ``warning``, ``clean``, ``failed``,
        ``skipped``) and its label.
    frames
        Length of the timeline; where it is shorter than its clips, they say how long it is.

    Returns
    -------
    tuple
        Bars, names of the lanes from the top, and the height in units of the drawing.
    """
    lanes = sorted({_track(clip) for clip, *_ in clips}, key=_lane_order, reverse=True)
    total = max([frames, 1, *(clip.record_start + clip.record_frames for clip, *_ in clips)])
    share = {"error": 1.0, "warning": 0.75, "failed": 1.0}
    bars = []
    for clip, anchor, kind, label in clips:
        height = (LANE - 4) * share.get(kind, 0.3)
        bottom = (lanes.index(_track(clip)) + 1) * LANE - 2
        x = clip.record_start / total * OVERVIEW_WIDTH
        width = max(clip.record_frames / total * OVERVIEW_WIDTH - 1.0, 0.8)
        bars.append(Bar(anchor, round(x, 2), round(bottom - height, 2), round(width, 2), height, kind, label))
    return bars, lanes, max(len(lanes), 1) * LANE


def _track(clip: ClipResult) -> str:
    return clip.id.partition("/")[0] if "/" in clip.id else ""


def _lane_order(name: str) -> tuple[str, int]:
    digits = "".join(c for c in name if c.isascii() and c.isdigit())
    return name.rstrip("0123456789"), int(digits or 0)
