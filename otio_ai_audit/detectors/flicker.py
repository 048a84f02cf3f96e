"""Brightness or colour pumps, in the whole picture or in a region; textures boil.

Three small models look at half-overlapping windows and at the whole clip: the whole picture's
statistics, the area that pulses most, and the area whose texture moves without going anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors import _pulse
from otio_ai_audit.detectors._arrays import median, quantile
from otio_ai_audit.detectors._pulse import Maps
from otio_ai_audit.detectors._score import model
from otio_ai_audit.detectors._view import (
    Floats,
    Judgement,
    Mask,
    Pictures,
    View,
    finding,
    judge_each,
    pictures,
    place,
    region_of,
    runs,
    upright,
)
from otio_ai_audit.detectors.cut import shots
from otio_ai_audit.model import NOTE, WARNING, ClipUse, Detection, Finding, Float32

ID = "flicker"
LABEL = "flicker"
COLOR = "Lemon"

Region = tuple[float, float, float, float]

ALONE = 0.45
"""Highest score of a window in which one jump is all there is."""
ONE_JUMP = 0.75
"""Share of a window's activity in three neighbouring pictures from which it is one jump."""


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
    """What the models say of one stretch of pictures."""

    a: int
    b: int
    kind: str
    """``whole``, ``region`` or ``boil``."""
    score: float
    evidence: Float32 | None
    """Map (R, C) of a local kind."""


def _segment(view: View, shown: Pictures, settings: Settings) -> tuple[float, Floats, list[Finding]]:
    maps = Maps.of(shown)
    count = len(shown)
    whole = float(model("flicker").score(_pulse.whole_features(maps, 0, count)))
    seen: list[Window] = [Window(0, count, "whole", whole, None)]
    length = window_length(shown, view.step, settings)
    for a, b in _pulse.windows(count, length):
        seen.extend(_window(maps, a, b))
    scores = np.zeros(count)
    for one in seen:
        scores[one.a : one.b] = np.maximum(scores[one.a : one.b], one.score)
    best = max(one.score for one in seen)
    if best < NOTE:
        return best, scores, []
    return best, *_ranges(view, shown, maps, seen, scores)


def _window(maps: Maps, a: int, b: int) -> list[Window]:
    if b - a < 4:
        return []
    whole = float(model("flicker_window").score(_pulse.whole_features(maps, a, b)))
    pump = float(model("flicker_pump").score(_pulse.pump_features(maps, a, b)))
    features, evidence = _pulse.region_features(maps, a, b)
    region = float(model("flicker_region").score(features))
    if _is_one_jump(maps.activity[a:b]):
        whole, pump = min(whole, ALONE), min(pump, ALONE)
    if region > ALONE and _is_one_jump(_activity(maps, "region", _pulse.top_cells(evidence))[a:b]):
        region = ALONE
    out = [Window(a, b, "whole", max(whole, pump), None), Window(a, b, "region", region, evidence)]
    if b - a >= 5:
        boil = model("flicker_boil")
        value, evidence = _pulse.gathered(boil.evidence(_pulse.cell_features(maps, a, b)))
        out.append(Window(a, b, "boil", float(boil.anchors.score(value)), evidence))
    return out


def _is_one_jump(activity: Floats) -> bool:
    """Whether nearly all that happens in a window happens in three pictures: that is for `pop`."""
    excess = np.maximum(activity - median(activity), 0.0)
    at = int(excess.argmax())
    return bool(excess[max(0, at - 1) : at + 2].sum() > ONE_JUMP * excess.sum())


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
        cells = _cells_of(top, maps)
        activity = _activity(maps, top.kind, cells)
        lo, hi = _narrow(activity, a, b, (top.a, top.b))
        if taken[lo:hi].any():
            continue
        taken[lo:hi] = True
        active[lo:hi] = True
        found.append(_finding(view, shown, maps, top, cells, (lo, hi)))
    curve[~active] = np.minimum(curve[~active], 0.98 * level)
    return curve, found


def _cells_of(window: Window, maps: Maps) -> Mask:
    """Cells that a window speaks of: all, or the region that its evidence marks."""
    shape = maps.extremum.shape[1:]
    region = None if window.evidence is None else region_of(window.evidence)
    cells = np.ones(shape, dtype=np.bool_)
    if region is not None:
        cells[:] = False
        x, y, w, h = region
        rows, columns = shape
        cells[round(y * rows) : round((y + h) * rows), round(x * columns) : round((x + w) * columns)] = True
    return cells


def _activity(maps: Maps, kind: str, cells: Mask) -> Floats:
    """How much each picture takes part, shape (K,)."""
    if kind == "boil":
        return np.asarray(
            maps.jitter[:, cells].mean(axis=1) + 0.02 * maps.error[:, cells].mean(axis=1), dtype=np.float64
        )
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


def _finding(
    view: View, shown: Pictures, maps: Maps, window: Window, cells: Mask, span: tuple[int, int]
) -> Finding:
    lo, hi = span
    region = None if window.evidence is None else upright(view, region_of(window.evidence))
    first, last = int(shown.first[lo]), int(shown.last[hi - 1])
    amplitude, percent, frequency = pulse(view, cells, first, last + 1)
    colour = _is_colour(maps, cells, lo, hi)
    evidence: dict[str, float | str] = {
        "amplitude_cv": round(amplitude, 2),
        "percent": round(percent, 1),
        "frames": float(last - first + 1),
        "kind": window.kind,
    }
    if frequency:
        evidence["frequency_hz"] = round(frequency, 2)
    worst = lo + int(np.argmax(_activity(maps, window.kind, cells)[lo:hi]))
    return finding(
        view,
        (first, last),
        detector=ID,
        score=window.score,
        message=_words(window.kind, region, frequency, percent, colour),
        label="boiling" if window.kind == "boil" else "flicker",
        evidence=evidence,
        region=region,
        worst=float(view.times[shown.first[worst]]),
    )


def _is_colour(maps: Maps, cells: Mask, lo: int, hi: int) -> bool:
    colour, luma = maps.colour[lo:hi][:, cells].mean(), maps.extremum[lo:hi][:, cells].mean()
    return bool(colour > 0.8 * luma)


def pulse(view: View, cells: Mask, first: int, stop: int) -> tuple[float, float, float]:
    """Amplitude in code values, in per cent of the mean, and the dominant frequency in Hz or 0.

    From the mean luma of the cells with a second's trend taken out; a frequency is named where one
    line of the Hann-windowed spectrum and its neighbours hold most of the power.
    """
    series = view.signals.grid.luma[first:stop][:, cells].mean(axis=1).astype(np.float64)
    count = len(series)
    if count < 4:
        return float(np.ptp(series)) / 2, 0.0, 0.0
    width = min(count, max(3, round(1.0 / view.step)))
    kernel = np.ones(width)
    trend = np.convolve(series, kernel, "same") / np.convolve(np.ones(count), kernel, "same")
    wave = series - trend
    amplitude = quantile(np.abs(wave), 0.9)
    percent = 100.0 * amplitude / max(float(series.mean()), 8.0)
    power = np.abs(np.fft.rfft((wave - wave.mean()) * np.hanning(count))) ** 2
    power[:2] = 0.0
    total = float(power.sum())
    if count < 8 or total <= 0:
        return amplitude, percent, 0.0
    peak = int(power.argmax())
    share = float(power[max(0, peak - 1) : peak + 2].sum()) / total
    frequency = peak / (count * view.step)
    return amplitude, percent, frequency if share > 0.5 and frequency >= 1.0 else 0.0


def _words(kind: str, region: Region | None, frequency: float, percent: float, colour: bool) -> str:
    where = place(region)
    if kind == "boil":
        return f"Texture boils{f', {where}' if where else ''}."
    what = ("Colour" if colour else "Brightness") + (f", {where}," if where else "")
    subject = where.capitalize() if where else "The picture"
    strength = f", ±{percent:.0f} %" if percent >= 1.5 and not colour else ""
    if frequency and not colour:
        times = f"{frequency:.0f}" if frequency >= 1.5 else "once"
        return f"{subject} pulses {times} times a second{strength}.".replace("once times", "once")
    return f"{what} changes from frame to frame{strength}."
