"""Small drawings of the page: a score over time, as numbers for the template and for its script.

Colours come from the page's style sheet; nothing here is text from outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ..model import NOTE, WARNING, ClipResult, Curve, Placed

WIDTH = 600
HEIGHT = 48
"""Size of a curve in its own units; the page stretches it."""
SENT = 600
"""Most values of a curve that the page's script draws."""


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
    start: float = 0.0
    """Seconds of the first of `values`."""
    step: float = 1.0
    values: str = ""
    """Scores as two hexadecimal digits each, ``ff`` is 1; the highest of each group where there are many."""
    spans: str = ""
    """Start and end in seconds and kind of every finding, with blanks between them."""


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
        **_sent(scores, float(times[0]), curve.step),
        spans=" ".join(_span(placed) for placed in findings),
    )


def _sent(scores: npt.NDArray[np.float64], start: float, step: float) -> dict[str, Any]:
    """Give what the script draws: evenly spaced, and as few letters as will do."""
    group = -(-len(scores) // SENT)
    padded = np.pad(scores, (0, -len(scores) % group))
    values = np.rint(padded.reshape(-1, group).max(axis=1) * 255).astype(np.uint8)
    return {"start": round(start, 4), "step": round(step * group, 6), "values": values.tobytes().hex()}


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
    return round(min(left, WIDTH - width), 2), round(width, 2), _kind(placed)


def _span(placed: Placed) -> str:
    finding = placed.finding
    start, end = finding.start, finding.start + finding.duration
    if not math.isfinite(start + end):
        start = end = 0.0
    return f"{start:.4f} {end:.4f} {_kind(placed)}"


def _kind(placed: Placed) -> str:
    return placed.state if placed.state in ("fixed", "dismissed") else placed.finding.severity


def ticks(axis: tuple[float, float], count: int = 5) -> list[float]:
    """Return evenly spaced seconds along an axis, both ends included."""
    return [axis[0] + (axis[1] - axis[0]) * i / (count - 1) for i in range(count)]
