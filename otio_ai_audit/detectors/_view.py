"""What a detector sees of one use: the visible frames, repeated pictures folded into one.

Nothing outside the visible intervals is judged, and nothing under a dissolve. Signals compare
neighbouring frames; where a neighbour is not judged, the comparison is void.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._arrays import median
from otio_ai_audit.model import (
    REPEAT_CHANGE,
    REPEAT_PEAK,
    ClipUse,
    Curve,
    Detection,
    Finding,
    Float32,
    GridSignals,
    MediaSignals,
    Span,
)

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Region = tuple[float, float, float, float]
"""x, y, width and height as fractions of the picture."""

EDGE = 0.1
"""Share of a frame that has to lie in an interval before the frame counts as shown."""
BLACK_LEVEL = 14.0
"""Code values; a frame is black where its 99th percentile and every cell lie below."""
BLANK_RANGE = 2.0
"""Code values; a frame is blank where nearly all pixels lie within this range."""
STROBE = 12.0
"""Code values; flat frames that change by more than this, time and again, are a strobe."""


@dataclass(frozen=True, slots=True)
class View:
    """One use and which of its measured frames are judged."""

    use: ClipUse
    signals: MediaSignals
    times: Floats
    """Seconds, shape (N,)."""
    visible: Mask
    """Shape (N,)."""
    judged: Mask
    """Visible, not under a dissolve, and neither black nor blank (`dead` speaks of those); shape (N,)."""
    still: Mask
    """The edit itself repeats frames here, shape (N,)."""
    segments: tuple[tuple[int, int], ...]
    """Runs ``[first, last)`` of judged frames."""

    @property
    def step(self) -> float:
        """Seconds from frame to frame, as the frames themselves say."""
        if len(self.times) > 1:
            return median(np.diff(self.times))
        return self.signals.frame_duration

    def end(self, frame: int) -> float:
        """Seconds at which a frame gives way to the next one."""
        following = self.times[frame + 1] if frame + 1 < len(self.times) else np.inf
        return float(min(following, self.times[frame] + 1.5 * self.step, _last_end(self, frame)))


def _last_end(view: View, frame: int) -> float:
    return float(view.times[frame]) + (view.step if frame + 1 >= len(view.times) else np.inf)


def look(use: ClipUse) -> View | None:
    """Return the view of a use, or None where nothing was measured or nothing is visible."""
    signals = use.signals
    if signals is None or not len(signals.grid.pts):
        return None
    times = signals.times
    step = median(np.diff(times)) if len(times) > 1 else signals.frame_duration
    ends = np.append(times[1:], times[-1] + step)
    visible = _inside(times, ends, use.visible)
    excused = _inside(times, ends, use.excused)
    judged = visible & ~excused & ~_nothing(signals.grid)
    if not visible.any():
        return None
    still = _inside(times, ends, use.still)
    return View(use, signals, times, visible, judged, still, tuple(runs(judged)))


def _nothing(grid: GridSignals) -> Mask:
    """Frames without a picture, shape (N,); a strobe of black and blank frames is a picture."""
    nothing = black(grid, BLACK_LEVEL) | blank(grid, BLANK_RANGE)
    if np.count_nonzero(nothing & (grid.change > STROBE)) >= 4:
        return np.zeros_like(nothing)
    return nothing


def black(grid: GridSignals, level: float) -> Mask:
    """Frames of which nearly nothing is brighter than a level, shape (N,)."""
    return np.asarray((grid.high < level) & (grid.luma.max(axis=(1, 2)) < level), dtype=np.bool_)


def blank(grid: GridSignals, spread: float) -> Mask:
    """Frames of one flat colour that is not black: nearly all pixels within `spread`, no detail; (N,)."""
    flat = (grid.high - grid.low < spread) & (grid.detail.max(axis=(1, 2)) < 1.0)
    colour = np.maximum(np.ptp(grid.blue, axis=(1, 2)), np.ptp(grid.red, axis=(1, 2)))
    return np.asarray(flat & (colour < 2.0) & (grid.high >= BLACK_LEVEL), dtype=np.bool_)


def _inside(starts: Floats, ends: Floats, spans: Sequence[Span]) -> Mask:
    """Frames of which at least a tenth lies in one of the intervals."""
    inside = np.zeros(len(starts), dtype=np.bool_)
    slack = EDGE * (ends - starts)
    for span in spans:
        inside |= (ends - slack > float(span.start)) & (starts + slack < float(span.end))
    return inside


def runs(mask: Mask) -> list[tuple[int, int]]:
    """Find runs of True as half-open index pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def repeats(signals: MediaSignals) -> Mask:
    """Frames that show the same picture as the frame before, shape (N,)."""
    grid = signals.grid
    same = (grid.change < REPEAT_CHANGE) & (grid.change_peak < REPEAT_PEAK)
    if len(same):
        same[0] = False
    return np.asarray(same, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Pictures:
    """The different pictures of one judged segment, K of them; repeats are folded away.

    A cadence (one frame in six repeated, drawings held for three frames) thus looks like the
    footage that it was made from. ``back`` is taken at the first frame of a picture; ``ahead``, and
    what compares both sides (``skip``, ``outlier``), at its last.
    """

    first: Ints
    """First frame of each picture, shape (K,)."""
    last: Ints
    """Last frame of each picture, shape (K,)."""
    luma: Float32
    """Shape (K, R, C)."""
    blue: Float32
    red: Float32
    detail: Float32
    histogram: Float32
    """Shape (K, 32)."""
    back: Float32
    """Residual against the picture before, shape (K, 3, R, C); 0 for the first."""
    ahead: Float32
    """Residual against the picture after, shape (K, 3, R, C); 0 for the last."""
    flow: Float32
    """Shape (K, R, C, 2); 0 for the first."""
    own: Float32
    """Flow with the camera's share taken out, shape (K, R, C, 2)."""
    error: Float32
    """Shape (K, R, C); 0 for the first."""
    skip: Float32
    """Shape (K, R, C)."""
    outlier: Float32
    """Shape (K, R, C)."""
    trust: Float32
    """Shape (K, R, C)."""
    likeness: Float32
    """Shape (K,); 1 for the first."""

    def __len__(self) -> int:
        return len(self.first)

    def spread(self, values: Floats, into: Floats) -> None:
        """Write one value per picture to all of its frames (in place, keeping larger values)."""
        shown = into[self.first[0] : self.last[-1] + 1]
        np.maximum(shown, np.repeat(values, self.last - self.first + 1), out=shown)


def pictures(view: View, segment: tuple[int, int], fold: bool = True) -> Pictures:
    """Fold the repeated frames of a segment ``[first, last)``."""
    lo, hi = segment
    grid, motion = view.signals.grid, view.signals.motion
    fresh = np.ones(hi - lo, dtype=np.bool_)
    if fold:
        fresh = ~repeats(view.signals)[lo:hi]
        fresh[0] = True
    first = lo + np.flatnonzero(fresh)
    last = np.append(first[1:] - 1, hi - 1)
    back, ahead = motion.back[first].copy(), motion.ahead[last].copy()
    flow, error = motion.flow[first].copy(), motion.error[first].copy()
    likeness = motion.likeness[first].copy()
    own = flow - camera_field(motion.camera[first], grid.luma.shape[1], grid.luma.shape[2])
    back[0] = 0.0
    ahead[-1] = 0.0
    flow[0] = 0.0
    own[0] = 0.0
    error[0] = 0.0
    likeness[0] = 1.0
    return Pictures(
        first=first,
        last=last,
        luma=grid.luma[first],
        blue=grid.blue[first],
        red=grid.red[first],
        detail=grid.detail[first],
        histogram=grid.histogram[first],
        back=back,
        ahead=ahead,
        flow=flow,
        own=own,
        error=error,
        skip=motion.skip[last],
        outlier=motion.outlier[last],
        trust=motion.trust[first],
        likeness=likeness,
    )


def camera_field(camera: Float32, rows: int, columns: int, cell: int = 8) -> Float32:
    """Displacement that the camera gives to each cell, shape (N, rows, columns, 2)."""
    y = (np.arange(rows, dtype=np.float32) - np.float32((rows - 1) / 2)) * np.float32(cell)
    x = (np.arange(columns, dtype=np.float32) - np.float32((columns - 1) / 2)) * np.float32(cell)
    shift, right, down = (camera[:, None, None, :, i] for i in range(3))
    across = shift + right * x[:, None]  # (N, 1, columns, 2)
    return np.asarray(across + down * y[:, None, None], dtype=np.float32)


def believed(trust: Float32) -> Float32:
    """Weight in [0, 1] of what an area's residuals say: none where the flow failed on most of its pixels."""
    return np.asarray(np.clip((trust - np.float32(0.3)) / np.float32(0.4), 0, 1), dtype=np.float32)


def components(mask: Mask) -> list[Mask]:
    """4-connected components of a small map of cells, largest first."""
    todo = mask.copy()
    found: list[Mask] = []
    rows, columns = mask.shape
    while todo.any():
        start = np.argwhere(todo)[0]
        stack = [(int(start[0]), int(start[1]))]
        todo[stack[0]] = False
        part = np.zeros_like(mask)
        while stack:
            r, c = stack.pop()
            part[r, c] = True
            for y, x in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
                if 0 <= y < rows and 0 <= x < columns and todo[y, x]:
                    todo[y, x] = False
                    stack.append((y, x))
        found.append(part)
    return sorted(found, key=lambda part: -int(part.sum()))


def region_of(
    evidence: Floats | Float32, most: float = 0.6, seed: float = 1 / 2, join: float = 1 / 3
) -> Region | None:
    """Box around the strongest connected cells, by hysteresis; None where it is most of the picture.

    Cells above `seed` of the peak's excess over the median begin a component; cells above `join` of it
    belong to one. The shares are of amplitudes; evidence on a logarithmic scale needs higher ones.
    """
    floor = float(np.median(evidence))
    peak = float(evidence.max()) - floor
    if peak <= 0:
        return None
    weak = evidence > floor + join * peak
    seeds = evidence > floor + seed * peak
    parts = [part for part in components(weak) if (part & seeds).any()]
    part = max(parts, key=lambda one: float((evidence[one] - floor).sum()))
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    height, width = evidence.shape
    x, y = columns[0] / width, rows[0] / height
    w, h = (columns[-1] + 1) / width - x, (rows[-1] + 1) / height - y
    if w * h >= most or part.mean() >= most:
        return None
    return (round(float(x), 4), round(float(y), 4), round(float(w), 4), round(float(h), 4))


def upright(view: View, region: Region | None) -> Region | None:
    """Turn a region of the coded picture, which the cells are of, as the picture is turned for display."""
    if region is None:
        return None
    x, y, w, h = region
    for _ in range(view.signals.info.rotation // 90 % 4):
        x, y, w, h = 1.0 - y - h, x, h, w
    return (round(x, 4), round(y, 4), w, h)


def place(region: Region | None) -> str:
    """Name a region as a person would (``upper left``); empty for the whole picture."""
    if region is None:
        return ""
    x, y = region[0] + region[2] / 2, region[1] + region[3] / 2
    across = "left" if x < 0.38 else "right" if x > 0.62 else ""
    down = "upper" if y < 0.38 else "lower" if y > 0.62 else ""
    if not across and not down:
        return "centre"
    if not across:
        return "top centre" if down == "upper" else "bottom centre"
    return f"{down} {across}" if down else f"{across} side"


def finding(view: View, frames: tuple[int, int], *, score: float, message: str, **values: object) -> Finding:
    """Make a finding for the frames ``[first, last]`` of a view; one on HDR media says that it is."""
    first, last = frames
    start = float(view.times[first])
    if view.signals.info.transfer in ("pq", "hlg"):
        message = f"{message} HDR: not calibrated."
    return Finding(
        use=view.use.id,
        start=start,
        duration=max(view.end(last) - start, 0.5 * view.step),
        score=round(float(score), 4),
        message=message,
        **values,  # type: ignore[arg-type]
    )


def curve(view: View, scores: Floats) -> Curve:
    """Score per frame from the first to the last visible frame."""
    shown = np.flatnonzero(view.visible)
    first, last = int(shown[0]), int(shown[-1])
    return Curve(
        float(view.times[first]), view.step, tuple(round(float(s), 3) for s in scores[first : last + 1])
    )


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one detector says of one use."""

    score: float | None
    findings: tuple[Finding, ...] = ()
    frames: Floats | None = None
    """Score per measured frame, shape (N,); None: no curve."""


def judge_each(uses: Sequence[ClipUse], judge: Callable[[View], Judgement]) -> Detection:
    """Judge every use on its own; a use without pictures has no score."""
    scores: dict[str, float | None] = {}
    findings: list[Finding] = []
    curves: dict[str, Curve] = {}
    for use in uses:
        view = look(use)
        if view is None:
            scores[use.id] = None
            continue
        said = judge(view)
        worst = max((one.score for one in said.findings), default=0.0)
        scores[use.id] = None if said.score is None else round(min(1.0, max(said.score, worst)), 4)
        findings.extend(sorted(said.findings, key=lambda one: (one.start, one.label)))
        if said.frames is not None:
            curves[use.id] = curve(view, said.frames)
    return Detection(scores, tuple(findings), curves)
