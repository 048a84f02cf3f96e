"""Where in the picture a fault is, frame by frame: what its detector judged by, from the signals alone.

Nothing is decoded. Faults of a whole frame (a cut, a standstill, black) and comparisons across clips have no
place in the picture and no heat; a face that changes has its box.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt

from . import kernels
from .detectors import _boil, _course, _growth, _levels, _light, _pulse, _spike, _step, _surface, drift, flash
from .detectors._score import model
from .detectors._view import Pictures, View, look, pictures
from .detectors.cut import shots
from .model import STANDING, WARNING, ClipUse, Finding, Float32, Heat, MediaInfo, Placed, UInt8

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MOST_MAPS = 120
"""Frames of a finding that get a map; longer ones are thinned out evenly."""
MARGIN = 12
"""Frames on either side of a finding that its maps are made from: neighbours say what is unusual."""
BESIDE = 0.4
"""Share of the strength that is kept outside the region that a finding speaks of."""
STRONGEST = 0.995
"""Quantile of the strength that counts as the strongest: one cell alone must not dim all others."""
FLASHING = 0.17
"""Seconds on either side over which luminance has to change for a cell to be hot: a flash a third of a
second long stays hot while it lasts."""


def heats(uses: Iterable[ClipUse], placed: Iterable[Placed]) -> dict[str, Heat]:
    """Heat of every finding that has some, of those at warning or above that stand; by its id."""
    by_id = {use.id: use for use in uses}
    found = {
        item.id: heat(by_id[item.finding.use], item.finding)
        for item in placed
        if item.finding.score >= WARNING and item.state in STANDING
    }
    return {id_: one for id_, one in found.items() if one is not None}


def heat(use: ClipUse, finding: Finding) -> Heat | None:
    """Say how strong a fault is in each cell of the picture, for the frames of its finding.

    Parameters
    ----------
    use
        The clip, with its signals.
    finding
        What a detector said of it.

    Returns
    -------
    Heat or None
        None where the fault has no place in the picture, or its signals do not show one.
    """
    view, maps_of = look(use), MAPS.get(finding.detector)
    if view is None or maps_of is None:
        return None
    rows = _rows(view, finding)
    if not len(rows):
        return None
    values = maps_of(view, finding, rows)
    if values is None:
        return None
    cells = _relative(values, cells_of(view, finding))
    if cells is None:
        return None
    info = view.signals.info
    turns, share = info.rotation // 90 % 4, _share(info, *values.shape[1:])
    if turns:  # what reaches beyond the picture would come to lie at its other side
        cells, share = np.rot90(_within(cells, share), -turns, axes=(1, 2)), (1.0, 1.0)
    return Heat(tuple(float(view.times[row]) for row in rows), np.ascontiguousarray(cells), share)


def cells_of(view: View, finding: Finding) -> Mask:
    """Cells of the stored picture that a finding speaks of, shape (R, C): those of its region, or all."""
    rows, columns = view.signals.grid.luma.shape[1:]
    if finding.region is None:
        return np.ones((rows, columns), dtype=np.bool_)
    x, y, w, h = finding.region
    for _ in range(-(view.signals.info.rotation // 90) % 4):  # back from how a player turns it
        x, y, w, h = 1.0 - y - h, x, h, w
    top, left = min(rows - 1, round(y * rows)), min(columns - 1, round(x * columns))
    cells = np.zeros((rows, columns), dtype=np.bool_)
    cells[top : max(top + 1, round((y + h) * rows)), left : max(left + 1, round((x + w) * columns))] = True
    return cells


def _rows(view: View, finding: Finding) -> Ints:
    """Rows of the signals that get a map: the finding's frames, at most `MOST_MAPS`, its worst among them."""
    slack = 0.25 * view.step
    inside = (view.times >= finding.start - slack) & (view.times < finding.start + finding.duration - slack)
    rows = np.flatnonzero(inside & view.visible)
    if len(rows) <= MOST_MAPS:
        return rows
    chosen = rows[np.linspace(0, len(rows) - 1, MOST_MAPS).round().astype(np.int64)]
    if finding.worst is not None:
        worst = int(np.abs(view.times - finding.worst).argmin())
        if rows[0] <= worst <= rows[-1]:
            chosen[np.abs(chosen - worst).argmin()] = worst
    return chosen


def _around(view: View, rows: Ints) -> Pictures:
    """Pictures of the shot that a finding lies in, a few on either side of it."""
    middle = int(rows[len(rows) // 2])
    shot = next(((a, b) for a, b in shots(view) if a <= middle < b), None)
    lo, hi = shot if shot is not None else (int(rows[0]), int(rows[-1]) + 1)
    return pictures(view, (max(lo, int(rows[0]) - MARGIN), min(hi, int(rows[-1]) + 1 + MARGIN)))


def _at(shown: Pictures, rows: Ints) -> Ints:
    """Which picture each row shows."""
    return np.clip(np.searchsorted(shown.first, rows, side="right") - 1, 0, len(shown) - 1)


# --- by detector: strength (N, R, C), above or equal to 0 ----------------------------------------------


def _flicker(view: View, finding: Finding, rows: Ints) -> Float32 | None:
    """Show what goes up and comes back: evidence of a texture that is drawn anew, else residuals."""
    shown = _around(view, rows)
    if len(shown) < _boil.LEAST:
        return None
    maps, at = _pulse.Maps.of(shown), _at(shown, rows)
    kind = finding.evidence.get("kind")
    if kind == "boil":
        evidence = _boil.evidence(_boil.cell_features(maps), model("flicker_boil"), len(shown))[at]
        return np.asarray(evidence - evidence.min(), dtype=np.float32)
    if kind == "region":
        inside = cells_of(view, finding)
        return max((maps.near[at], maps.swell[at]), key=lambda values: _contrast(values, inside))
    level = maps.level[at].astype(np.float32)[:, None, None]  # the whole picture, and some places more
    return np.asarray(np.maximum(maps.near[at], maps.swell[at]) + level, dtype=np.float32)


def _pop(view: View, finding: Finding, rows: Ints) -> Float32 | None:
    shown = _around(view, rows)
    if len(shown) < 4:
        return None
    levels, at = _levels.Levels.of(shown), _at(shown, rows)
    first = int(at[0])
    if finding.label == "pop":
        length = int(at[-1]) - first + 1
        return np.repeat(_spike.spikes(shown, levels, length).maps[first : first + 1], len(rows), axis=0)
    if finding.label == "jump" and finding.region is not None:
        return _step.shift_features(shown, levels)[1][at]
    before = levels.near_run[:, first]
    since = np.stack([levels.near_run[:, k + 1] - before for k in at])
    return np.asarray(np.abs(since).max(axis=1), dtype=np.float32)


def _flash(view: View, finding: Finding, rows: Ints) -> Float32 | None:
    """How far luminance, or the strength of red, goes up and down around each frame."""
    grid, shape = view.signals.grid, view.signals.grid.luma.shape[1:]
    reach = max(1, round(FLASHING / view.step))
    lo, hi = max(0, int(rows[0]) - reach), min(len(view.times), int(rows[-1]) + 1 + reach)
    screen = _light.screen_of(view.signals.info, flash.Settings().white)
    if "red_change" in finding.evidence:
        series = _light.redness(screen, grid, slice(lo, hi), np.ones(shape[0] * shape[1], dtype=np.bool_))[0]
    else:
        series = _light.luminance(screen, grid, slice(lo, hi))
    near = (series[max(0, row - lo - reach) : row - lo + reach + 1] for row in rows)
    return np.stack([some.max(axis=0) - some.min(axis=0) for some in near]).reshape(-1, *shape)


def _drift(view: View, finding: Finding, rows: Ints) -> Float32 | None:
    """How far each place has come from how the stretch began, in what the finding speaks of."""
    cue = finding.evidence.get("cue")
    within = [
        (a, b)
        for first, last in drift.scenes(view)
        for a, b in drift.stretches(view, first, last, drift.Settings())
        if a <= rows[0] and rows[-1] < b
    ]
    if not within or cue == "face":
        return None
    began = {float(view.times[a]): (a, b) for a, b in reversed(within)}
    a, b = next((began[time] for _, time in finding.compare if time in began), within[0])
    if "grown_cv" in finding.evidence:
        return _growth.growth(view.signals, a, b, rows).maps
    name = {"shape": "tone", "colour": "colour", "texture": "texture"}.get(str(cue), "tone")
    floor = np.float32(_course.FLOORS[name])
    found = [getattr(one, name) for one in _surface.surfaces(view.signals, a, b, rows)]
    return np.asarray(np.stack(found) / floor, dtype=np.float32)


MAPS: Mapping[str, Callable[[View, Finding, Ints], Float32 | None]] = {
    "flicker": _flicker,
    "pop": _pop,
    "flash": _flash,
    "drift": _drift,
}
"""Detector → strength of a fault by cell; the others speak of whole frames."""


# --- cells ---------------------------------------------------------------------------------------------


def _contrast(values: Float32, inside: Mask) -> float:
    """How much stronger maps (N, R, C) are inside than outside, on average; 0 without an outside."""
    if inside.all():
        return 0.0
    mean = values.mean(axis=0)
    return float((mean[inside].mean() + 1e-3) / (mean[~inside].mean() + 1e-3))


def _relative(values: Float32, inside: Mask) -> UInt8 | None:
    """Bring strength to 0–255; None where there is none, or where it lies outside what is spoken of.

    A local fault is what exceeds the rest of its picture, as the region was found.
    """
    values = np.nan_to_num(np.maximum(values, 0.0))
    if not inside.all():
        values = np.maximum(values - np.median(values, axis=(1, 2), keepdims=True), 0.0)
        values[:, ~inside] *= BESIDE
        mean = values.mean(axis=0)
        if mean[inside].mean() <= mean[~inside].mean():
            return None
    of_it = values[:, inside]
    positive = of_it[of_it > 0]
    if not len(positive):
        return None
    most = float(np.quantile(positive, STRONGEST))
    return np.asarray(np.minimum(values * (255.0 / most), 255.0).round(), dtype=np.uint8)


def _share(info: MediaInfo, rows: int, columns: int) -> tuple[float, float]:
    """Part of the columns and rows of cells that the stored picture fills."""
    for height in (info.height, info.height // 2):  # of interlaced video one field is measured
        grid = kernels.grid_of(info.width, height)
        if (grid.rows, grid.columns) == (rows, columns):
            return grid.width / (kernels.CELL * columns), grid.height / (kernels.CELL * rows)
    return 1.0, 1.0


def _within(cells: UInt8, share: tuple[float, float]) -> UInt8:
    """Spread the cells inside the picture over all of them: nothing reaches beyond it any more."""
    rows, columns = cells.shape[1:]
    down = ((np.arange(rows) + 0.5) * share[1]).astype(np.int64)
    across = ((np.arange(columns) + 0.5) * share[0]).astype(np.int64)
    return cells[:, down][:, :, across]
