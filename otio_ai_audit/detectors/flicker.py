"""Brightness or colour pumps, in the whole picture or in a region; textures boil.

One model looks at the clip as a whole, small ones at half-overlapping windows: the whole picture's
statistics, its brightness over time, the area that pulses most, and the area whose texture is drawn
anew. A window raises the clip's score only from the warning level on; below it, the clip counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from otio_ai_audit.detectors import _boil, _pulse, _series, _wave
from otio_ai_audit.detectors._arrays import median, quantile
from otio_ai_audit.detectors._pulse import Maps
from otio_ai_audit.detectors._score import Anchors, model
from otio_ai_audit.detectors._view import (
    Floats,
    Judgement,
    Mask,
    Pictures,
    Region,
    View,
    finding,
    judge_each,
    pictures,
    region_of,
    runs,
    upright,
)
from otio_ai_audit.detectors.cut import shots
from otio_ai_audit.model import NOTE, WARNING, ClipUse, Detection, Finding, Float32

ID = "flicker"
LABEL = "flicker"
COLOR = "Lemon"

ALONE = 0.45
"""Highest score of a window in which one jump is all there is."""
ONE_JUMP = 0.75
"""Share of a window's activity in three neighbouring pictures from which it is one jump."""
LONG = 3
"""Windows for slow pumping are so many times as long."""
PULSES = 0.5
"""Share of what pixels do that their cell does as a whole, from which it is a pulse and no boil."""
CYCLES = 2
"""Slow pumping goes round at least so often."""
SLOW = 0.75
"""Highest score of slow pumping: a camera's exposure that hunts is not told from it."""
BELOW = 0.49
"""Highest value of the curve of a clip that stays below a warning."""
BOILS = 6
"""Stretches of boiling texture that are told apart in one shot."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How flicker is looked for in time."""

    window_seconds: float = 0.7
    """Length of a window."""
    window_pictures: int = 12
    """A window holds at least so many different pictures."""
    least_pictures: int = 4
    """Fewer different pictures than this cannot flicker."""


def detect(uses: Sequence[ClipUse], settings: Settings) -> Detection:
    """Score every use by how much its pictures flicker; None for a still or for too few frames."""
    return judge_each(uses, lambda view: _judge(view, settings))


def _judge(view: View, settings: Settings) -> Judgement:
    if view.use.media.kind == "still" or int(view.judged.sum()) < settings.least_pictures:
        return Judgement(None)
    frames = np.zeros(len(view.times))
    found: list[Finding] = []
    best = 0.0
    for segment in shots(view):
        shown = pictures(view, segment)
        if len(shown) < settings.least_pictures:
            continue
        score, scores, some = _segment(view, shown, settings)
        best = max(best, score)
        shown.spread(scores, frames)
        found.extend(some)
    return Judgement(best, tuple(found), frames)


def window_length(shown: Pictures, step: float, settings: Settings) -> int:
    """Pictures in a window: the longer of the time and the count that settings ask for."""
    seconds = step * max(1.0, float(shown.last[-1] - shown.first[0] + 1) / len(shown))
    return max(settings.window_pictures, round(settings.window_seconds / seconds))


@dataclass(frozen=True, slots=True)
class Window:
    """What a model says of one stretch of pictures ``[a, b)``."""

    a: int
    b: int
    kind: str
    """``whole``, ``colour``, ``region`` or ``boil``."""
    score: float
    evidence: Float32 | None = None
    """Map (R, C) of a local kind: code values, or for a boil the model's logarithmic odds."""

    def region(self) -> Region | None:
        """Box around what it speaks of; None for the whole picture."""
        if self.evidence is None:
            return None
        return (
            region_of(self.evidence, seed=0.75, join=0.6) if self.kind == "boil" else region_of(self.evidence)
        )


def _segment(view: View, shown: Pictures, settings: Settings) -> tuple[float, Floats, list[Finding]]:
    maps = Maps.of(shown)
    count = len(shown)
    clip = float(model("flicker").score(_pulse.whole_features(maps, 0, count)))
    if maps.flares.any():
        clip = min(clip, ALONE)
    length = window_length(shown, view.step, settings)
    seen = [*_windows(maps, _pulse.windows(count, length)), *_slow(maps, long_windows(count, length))]
    boils, boiling = _boils(maps, length)
    top = max((one.score for one in (*seen, *boils)), default=0.0)
    best = top if top >= WARNING else clip
    if best < WARNING:  # what windows say below a warning is told as no more than the clip is worth
        seen, boils = ([replace(one, score=min(one.score, best)) for one in some] for some in (seen, boils))
    best = max(best, clip)
    seen.append(Window(0, count, "whole", clip))
    curve = np.zeros(count)
    for one in seen[:-1]:
        curve[one.a : one.b] = np.maximum(curve[one.a : one.b], one.score)
    found: list[Finding] = []
    if best >= NOTE:
        spoken = np.maximum(curve, clip) if clip >= max(curve.max(), boiling.max()) else curve
        curve, found = _ranges(view, shown, maps, seen, spoken)
        told = [_told(view, shown, maps, one, (one.a, one.b)) for one in boils if one.score >= NOTE]
        found = _without_echoes([*found, *told])
    curve = 1.0 - (1.0 - curve) * (1.0 - boiling)  # either alone; both together rank above one
    return best, curve if best >= WARNING else np.minimum(curve, BELOW), found


def _windows(maps: Maps, places: Sequence[tuple[int, int]]) -> list[Window]:
    """Ask the models of windows of one length, one kind after the other."""
    if not places or places[0][1] - places[0][0] < 4:
        return []
    luma = maps.series[_series.LUMA]
    whole = np.stack([_pulse.whole_features(maps, a, b) for a, b in places])
    kinds = {
        "whole": np.maximum(
            model("flicker_window").score(whole),
            model("flicker_pump").score(_series.pump_features(luma, places)),
        ),
        "colour": model("flicker_hue").score(_series.colour_features(maps.series, places)),
    }
    shown = [bool(maps.flares[a:b].any()) or _series.is_light(luma, a, b) for a, b in places]
    out = []
    for index, (a, b) in enumerate(places):
        most = ALONE if shown[index] or _is_one_jump(maps.activity[a:b]) else 1.0
        out += [Window(a, b, kind, min(float(scores[index]), most)) for kind, scores in kinds.items()]
    for name, pulses in (("flicker_region", maps.near), ("flicker_swell", maps.swell)):
        regions = [_pulse.region_features(maps, pulses, a, b) for a, b in places]
        scores = model(name).score(np.stack([features for features, _ in regions]))
        for (a, b), (_, evidence), value, lit in zip(places, regions, scores, shown, strict=True):
            score = float(value)
            if score > ALONE and (lit or _is_one_jump(_activity(maps, _pulse.top_cells(evidence))[a:b])):
                score = ALONE
            out.append(Window(a, b, "region", score, evidence))
    return out


def long_windows(count: int, length: int) -> list[tuple[int, int]]:
    """Windows three times as long, for slow pumping: none in a shot that is hardly longer than one."""
    return _pulse.windows(count, min(count, LONG * length)) if count >= 1.5 * length else []


def _slow(maps: Maps, places: Sequence[tuple[int, int]]) -> list[Window]:
    if not places:
        return []
    luma = maps.series[_series.LUMA]
    scores = model("flicker_slow").score(_series.pump_features(luma, places))
    out = []
    for (a, b), score in zip(places, scores, strict=True):
        # up and down once may be anything that happens in the scene, or a fade
        excused = (
            _series.cycles(luma, a, b) < CYCLES or maps.flares[a:b].any() or _series.is_light(luma, a, b)
        )
        out.append(Window(a, b, "whole", min(float(score), ALONE if excused else SLOW)))
    return out


def _is_one_jump(activity: Floats) -> bool:
    """Whether nearly all that happens in a window happens in three pictures: that is for `pop`."""
    excess = np.maximum(activity - median(activity), 0.0)
    at = int(excess.argmax())
    return bool(excess[max(0, at - 1) : at + 2].sum() > ONE_JUMP * excess.sum())


def _boils(maps: Maps, length: int) -> tuple[list[Window], Floats]:
    """Stretches in which an area boils, the strongest first, and the score of each picture, shape (K,)."""
    count = len(maps.luma)
    curve = np.zeros(count)
    if count < _boil.LEAST:
        return [], curve
    boil = model("flicker_boil")
    cells = _boil.evidence(_boil.cell_features(maps), boil, count)
    windows = [(a, b, *_boil.over(cells, a, b)) for a, b in _boil.windows(count, length)]
    found: list[Window] = []
    taken = np.zeros(count, dtype=np.bool_)
    for a, b, value, evidence, area in sorted(windows, key=lambda one: -one[2]):
        score = float(boil.anchors.score(value))
        if maps.flares[a:b].any():
            score = min(score, ALONE)
        if (taken.any() and score < NOTE) or len(found) == BOILS:
            break
        if taken[a:b].any():
            continue
        series = _boil.along(cells, area)
        curve = np.maximum(curve, np.minimum(boil.anchors.score(series), score))
        lo, hi = _stretch(series, value, a, b, boil.anchors)
        # evidence sees some pictures at once; what leaves its neighbours says which ones
        lo, hi = _narrow(maps.outlier[:, area].mean(axis=1).astype(np.float64), lo, hi, (lo, hi))
        taken[lo:hi] = True
        if not _is_pulse(maps, area, a, b):
            found.append(Window(lo, hi, "boil", score, evidence))
    return found, curve


def _is_pulse(maps: Maps, area: Mask, a: int, b: int) -> bool:
    """Whether the cells of an area change as a whole: then their texture is lit anew, not drawn anew."""
    return bool(maps.extremum[a:b, area].mean() > PULSES * (maps.outlier[a:b, area].mean() + 0.1))


def _stretch(series: Floats, value: float, a: int, b: int, anchors: Anchors) -> tuple[int, int]:
    """Widen a window to where its area boils half as much above the quiet of the shot."""
    quiet = min(quantile(series, 0.1), anchors.half)
    on = series >= 0.5 * (quiet + value)
    core = a + int(series[a:b].argmax())
    lo = hi = core
    while lo > 0 and on[max(0, lo - 3) : lo].any():
        lo -= 1
    while hi < len(series) - 1 and on[hi + 1 : hi + 4].any():
        hi += 1
    return lo, hi + 1


def _without_echoes(found: list[Finding]) -> list[Finding]:
    """Drop what says less of a stretch than another finding does: one owner for one fault."""

    def said(one: Finding, other: Finding) -> bool:
        overlap = min(one.start + one.duration, other.start + other.duration) - max(one.start, other.start)
        return other.score > one.score and overlap > 0.5 * one.duration

    return [one for one in found if not any(said(one, other) for other in found)]


def _ranges(
    view: View, shown: Pictures, maps: Maps, seen: list[Window], scores: Floats
) -> tuple[Floats, list[Finding]]:
    """Join windows of like score to findings, and narrow them to the pictures that are active."""
    best = max(one.score for one in seen)
    level = WARNING if best >= WARNING else NOTE
    curve = scores.copy()
    taken = np.zeros(len(shown), dtype=np.bool_)
    active = np.zeros(len(shown), dtype=np.bool_)
    found: list[Finding] = []
    for a, b in runs(scores >= level):
        inside = [one for one in seen if one.a >= a and one.b <= b]
        top = max(inside, key=lambda one: (one.score, one.a - one.b))
        activity = _part(maps, top)
        lo, hi = _narrow(activity, a, b, (top.a, top.b))
        if taken[lo:hi].any():
            continue
        taken[lo:hi] = True
        active[lo:hi] = True
        found.append(_told(view, shown, maps, top, (lo, hi)))
    curve[~active] = np.minimum(curve[~active], 0.98 * level)
    return curve, found


def _cells_of(window: Window, maps: Maps) -> Mask:
    """Cells that a window speaks of: all, or the region that its evidence marks."""
    shape = maps.extremum.shape[1:]
    region = window.region()
    cells = np.ones(shape, dtype=np.bool_)
    if region is not None:
        cells[:] = False
        x, y, w, h = region
        rows, columns = shape
        cells[round(y * rows) : round((y + h) * rows), round(x * columns) : round((x + w) * columns)] = True
    return cells


def _activity(maps: Maps, cells: Mask) -> Floats:
    """How much each picture takes part in what pulses, shape (K,)."""
    level = np.abs(maps.luma[:, cells].mean(axis=1))
    bend = np.zeros(len(level))
    bend[1:-1] = np.abs(level[1:-1] - 0.5 * (level[:-2] + level[2:]))
    own = (
        maps.near[:, cells].mean(axis=1)
        + maps.extremum[:, cells].mean(axis=1)
        + maps.colour[:, cells].mean(axis=1)
    )
    steps = 0.5 * np.abs(maps.back[:, cells].mean(axis=1))
    return np.asarray(own + bend + steps, dtype=np.float64)


def _part(maps: Maps, window: Window) -> Floats:
    """How much each picture takes part in what a window speaks of, shape (K,)."""
    if window.kind == "boil":
        return np.asarray(maps.outlier[:, _cells_of(window, maps)].mean(axis=1), dtype=np.float64)
    if window.kind != "colour":
        return _activity(maps, _cells_of(window, maps))
    swings = [
        _pulse.swing(maps.series[k].raw, reach) for k in (_series.CB, _series.CR) for reach in (1, 2, 3)
    ]
    return np.asarray(np.max(swings, axis=0))


def _narrow(activity: Floats, a: int, b: int, core: tuple[int, int]) -> tuple[int, int]:
    """Trim a stretch to the pictures that are as active as its core; borders have no extremum."""
    quiet = quantile(activity, 0.2)
    inside = activity[core[0] : core[1]]
    # A core that is mostly calm says little of how loud the fault is; its own peaks do.
    loud = max(quantile(inside, 0.75), 0.5 * quantile(inside, 0.95))
    limit = quiet + 0.3 * (loud - quiet)
    on = np.flatnonzero(activity[a:b] >= limit)
    if not len(on):
        return a, b
    lo, hi = a + int(on[0]), a + int(on[-1]) + 1
    # A first or last picture of the clip has a neighbour on one side only.
    lo = 0 if lo <= 1 else lo
    hi = len(activity) if hi >= len(activity) - 1 else hi
    return lo, hi


def _told(view: View, shown: Pictures, maps: Maps, window: Window, span: tuple[int, int]) -> Finding:
    """Turn a window into a finding over the pictures ``[lo, hi)``, with what a person wants to know."""
    lo, hi = span
    cells = _cells_of(window, maps)
    region = upright(view, window.region())
    first, last = int(shown.first[lo]), int(shown.last[hi - 1])
    boils = window.kind == "boil"
    activity = _part(maps, window)
    wave = _wave.measure(view, cells, first, last + 1)
    step = _wave.fixed_step(activity, lo, hi) if len(shown) == len(view.times) else 0
    evidence: dict[str, float | str] = {
        "amplitude_cv": round(wave.amplitude, 2),
        "percent": round(wave.percent, 1),
        "frames": float(last - first + 1),
        "kind": window.kind,
    }
    if wave.frequency:
        evidence["frequency_hz"] = round(wave.frequency, 2)
    if step:
        evidence["period_frames"] = float(step)
    return finding(
        view,
        (first, last),
        detector=ID,
        score=window.score,
        message=_wave.words(window.kind, region, wave, step),
        label="boiling" if boils else "flicker",
        evidence=evidence,
        region=region,
        worst=float(view.times[shown.first[lo + int(np.argmax(activity[lo:hi]))]]),
    )
