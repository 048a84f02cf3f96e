"""Flashes that may harm viewers with photosensitive epilepsy.

A rule, not a learned score: below the limit less than 0.5, broken 0.8 or more; also where the scene shows a
strobe. What is applied, of Recommendation ITU-R BT.1702-3 (11/2023, guideline 1) and of WCAG 2.3.1 ("general
flash and red flash thresholds"):

* *General flash*: a pair of opposing changes in luminance of 20 cd/m² or more where the darker image is below
  160 cd/m²; by WCAG 10 % of the maximum relative luminance, darker image below 0.80. With SDR white at
  200 cd/m² (BT.1702-3, note 3) these are the same numbers. Light is that of a BT.1886 screen for both; by the
  sRGB curve, which WCAG writes down, changes near black are up to a fifth larger. In HDR also, where the
  darker image is at or above 160 cd/m², a Michelson contrast of 1/17 or more (BT.1702-3, HDR only).
* *Red flash*: a pair of opposing changes to or from saturated red, R / (R + G + B) ≥ 0.8, by which
  320 · max(0, R − G − B) changes by more than 20 (WCAG 2.0; BT.1702 names saturated red without numbers. The
  note in WCAG 2.2 asks for a distance of 0.2 in CIE 1976 u′v′ instead, which is undefined for black.)
* *Limit*: more than three flashes, that is more than six changes, within any one second, while the flashes
  that happen at the same time cover more than 25 % of the picture. Each of the cells counted has to flash
  more than three times: a quarter of the picture that flashes and then another one are two sequences.
* *Over 5 s*: BT.1702 calls flashing for more than five seconds a possible risk also within the limit: a note
  (two flashes or more in every second; on a long master not across the parts that it is measured in).

What is decided here: WCAG measures area in any field of 10 degrees, for a screen whose distance is not known
a block of 341 × 256 of 1024 × 768 pixels. This audit is of film on a screen and takes the whole picture; for
film that fills a web page set ``area`` to 0.028, which is a quarter of such a block. BT.1702 excuses
flashes whose leading edges are 334 ms (360 ms at 50 Hz) apart; WCAG does not, nor is it done here (it matters
only for a burst with a straggler). Regular patterns (guideline 2) are not looked for.

Motion is no flash as long as its changes do not fall on the same moment: a pan over stripes makes each cell
flash at its own time, and counts only where more than a quarter of the picture changes from one frame to the
next. All visible frames count, also black ones, blank ones and those under a dissolve.

On a rendered master the whole film is counted and a sequence may run across cuts: each use says what
happens in it. On sources each use is counted on its own, at the speed that the edit plays it at; flashes
that cuts between sources make are not seen, hence "check the master".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from otio_ai_audit.detectors._flash import (
    ALLOWED,
    ROUGH,
    Rule,
    Transitions,
    Windows,
    cell_areas,
    together,
    transitions,
    windows,
)
from otio_ai_audit.detectors._light import Screen, luminance, perhaps_red, redness, screen_of
from otio_ai_audit.detectors._view import (
    Floats,
    Ints,
    Judgement,
    Mask,
    View,
    judge_each,
    region_of,
    runs,
    upright,
)
from otio_ai_audit.model import ClipUse, Detection, Finding, Float32, MediaSignals

ID = "flash"
LABEL = "flash limit"
COLOR = "Rose"

GENERAL, RED = "general flash", "red flash"
LONG = 5.0
"""Seconds of flashing that are a risk also within the limit (BT.1702-3)."""
RED_CHANGE = 20.001
"""Of 320 · (R − G − B): more than 20."""
BROKEN = 0.85
"""Score of the least that is forbidden."""
AT_LIMIT = 0.45
"""Score of the most that is allowed."""
LASTING = 0.48
"""Score of what is allowed and goes on for more than `LONG`."""
TOLD = 0.36
"""Score from which on nearness is told: three flashes, or four fifths of the area."""
LESS = 0.5
"""Share of the area limit that is still looked at, to tell how near it comes."""
_ADVICE = " Slow them down, soften them or make them smaller."
_MASTER = " Before grade: check the master."
_COUNTS = {4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight", 9: "Nine", 10: "Ten"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The limits that depend on where the film is shown; the rest is fixed by the rules."""

    white: float = 200.0
    """Luminance of SDR white in cd/m² (BT.1702-3: 200)."""
    area: float = 0.25
    """Share of the picture that may flash; 0.028 is a quarter of WCAG's 10-degree field on a full screen."""

    def __post_init__(self) -> None:
        if not self.white > 0:
            raise ValueError("white must be above 0 cd/m²")
        if not 0 < self.area < 1:
            raise ValueError("area must lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class Counted:
    """One kind of flash in a run of n frames of the signals, counted by windows of one second."""

    kind: str
    rule: str
    offset: int
    """First frame of the run."""
    found: Transitions
    windows: Windows
    scores: Floats
    """Score of each window, shape (W,)."""
    frames: Floats
    """Score of each frame, shape (n,)."""
    long: Mask
    """Frames of flashing that goes on for more than `LONG`, shape (n,)."""

    def between(self) -> tuple[Ints, Ints]:
        """Frames of the signals on which each window's first and last transition fall, shapes (W,)."""
        return self.offset + (self.windows.start + 1) // 2, self.offset + (self.windows.stop + 1) // 2


def detect(uses: Sequence[ClipUse], settings: Settings) -> Detection:
    """Score every use by its worst second; a rule, so 0 where nothing flashes."""
    masters: dict[int, list[Counted]] = {}

    def judge(view: View) -> Judgement:
        if view.use.media.kind == "still":
            return Judgement(None)
        if not view.use.rendered:
            seen = _seen(view)
            counted = [one for run in runs(view.visible) for one in _count(view.signals, run, seen, settings)]
            return _judge(view, counted, settings)
        key = id(view.signals)
        if key not in masters:
            masters[key] = _count(view.signals, (0, len(view.times)), view.times, settings)
        return _judge(view, masters[key], settings)

    return judge_each(uses, judge)


# --- counting ------------------------------------------------------------------------------------------


def _seen(view: View) -> Floats:
    """Turn media times to record times where the edit plays the clip in one direction, shape (N,)."""
    clip, media = (np.array([float(knot[i]) for knot in view.use.knots]) for i in (0, 1))
    if len(media) > 1 and media[-1] < media[0]:
        clip, media = clip[::-1], media[::-1]
    if len(media) < 2 or (np.diff(media) <= 0).any() or clip[-1] == clip[0]:
        return view.times
    speed = float((media[-1] - media[0]) / abs(clip[-1] - clip[0]))
    inside = np.interp(view.times, media, np.abs(clip - clip[0]))
    outside = (view.times - np.clip(view.times, media[0], media[-1])) / speed
    return np.asarray(inside + outside, dtype=np.float64)


def _count(signals: MediaSignals, run: tuple[int, int], times: Floats, settings: Settings) -> list[Counted]:
    """Count both kinds of flashes in the frames ``[first, stop)`` of a medium."""
    if run[1] - run[0] < 2:
        return []
    frames, grid = slice(*run), signals.grid
    screen = screen_of(signals.info, settings.white)
    areas = cell_areas(signals.info, *grid.luma.shape[1:])
    wcag = "" if screen.hdr or settings.white != 200 else " and WCAG 2.3.1"
    least = LESS * settings.area
    found = transitions(luminance(screen, grid, frames), _general(screen), areas, least)
    rule = f"{GENERAL}, ITU-R BT.1702{wcag}"
    counted = _windows(GENERAL, rule, run, found, times[frames], grid.luma[frames], areas, settings.area)
    cells = perhaps_red(screen, grid, frames)
    if areas[cells].sum() > least:
        red, saturated = redness(screen, grid, frames, cells)
        found = transitions(red, lambda darker: np.full_like(darker, RED_CHANGE), areas[cells], least)
        found = found.only(saturated[found.first, found.cell] | saturated[found.last, found.cell])
        found = replace(found, cell=np.flatnonzero(cells)[found.cell])
        rule = f"{RED}, ITU-R BT.1702 and WCAG 2.3.1"
        counted += _windows(RED, rule, run, found, times[frames], grid.red[frames], areas, settings.area)
    return counted


def _general(screen: Screen) -> Rule:
    """By how much the brighter image has to exceed the darker one, both in cd/m².

    A Michelson contrast (b − d) / (b + d) of 1/17 is b − d = d / 8.
    """
    if screen.hdr:
        return lambda darker: np.maximum(np.float32(20), darker / 8)
    return lambda darker: np.where(darker < np.float32(160), np.float32(20), np.float32(np.inf))


def _windows(
    kind: str,
    rule: str,
    run: tuple[int, int],
    found: Transitions,
    times: Floats,
    codes: Float32,
    areas: Floats,
    limit: float,
) -> list[Counted]:
    """Count the windows of a run; where none breaks the limit, smaller areas also, to say how near it is."""
    out = []
    for least in (ROUGH, LESS):
        joint = together(found, areas, least * limit)
        if not len(joint):
            continue
        counts = windows(joint, times, codes, areas, limit)
        scores = AT_LIMIT * np.minimum(counts.area / limit, 1.0)
        long = np.zeros(len(times), dtype=np.bool_)
        if least == ROUGH:
            some = AT_LIMIT * np.minimum(counts.count / ALLOWED, 1.0)
            scores = np.maximum(scores, np.where(counts.count > 1, some, 0.0))
            over = np.minimum(0.99, BROKEN + 0.005 * (counts.count - ALLOWED - 1))
            scores = np.where(counts.count > ALLOWED, over, scores)
            long = _long(counts, times)
        frames = np.where(long, LASTING, 0.0)
        for start, stop, score in zip((counts.start + 1) // 2, (counts.stop + 1) // 2, scores, strict=True):
            np.maximum(frames[start : stop + 1], score, out=frames[start : stop + 1])
        out.append(Counted(kind, rule, run[0], joint, counts, scores, frames, long))
        if (counts.count > ALLOWED).any():
            break
    return out


def _long(counts: Windows, times: Floats) -> Mask:
    """Frames of flashing, two flashes or more in every second, that goes on for more than `LONG` seconds."""
    flashing = np.zeros(len(times), dtype=np.bool_)
    for window in np.flatnonzero(counts.count >= 4):
        flashing[(counts.start[window] + 1) // 2 : (counts.stop[window] + 1) // 2 + 1] = True
    long = np.zeros_like(flashing)
    for a, b in runs(flashing):
        long[a:b] = times[b - 1] - times[a] > LONG
    return long


# --- findings ------------------------------------------------------------------------------------------


def _judge(view: View, counted: Sequence[Counted], settings: Settings) -> Judgement:
    frames = np.zeros(len(view.times))
    found: list[Finding] = []
    for one in counted:
        inside = slice(one.offset, one.offset + len(one.frames))
        np.maximum(frames[inside], one.frames, out=frames[inside])
    frames[~view.visible] = 0.0
    for kind in (GENERAL, RED):
        mine = [one for one in counted if one.kind == kind]
        broken = [finding for one in mine for finding in _broken(view, one)]
        found += broken or _notes(view, mine, settings)
    return Judgement(float(frames.max(initial=0.0)), tuple(found), frames)


def _shown(view: View, one: Counted, chosen: Mask) -> list[tuple[int, int]]:
    """Find runs ``[first, stop)`` of the signals' frames that are chosen, of a counted run, and visible."""
    mask = np.zeros(len(view.times), dtype=np.bool_)
    mask[one.offset : one.offset + len(chosen)] = chosen
    return runs(mask & view.visible)


def _worst(one: Counted, run: tuple[int, int]) -> int | None:
    """Pick the worst window that reaches into a run of frames: by score, count and area; first of equals."""
    start, stop = one.between()
    inside = np.flatnonzero((start < run[1]) & (stop >= run[0]))
    if not len(inside):
        return None
    keys = (-np.arange(len(start)), one.windows.area, one.windows.count, one.scores)
    return int(inside[np.lexsort(tuple(key[inside] for key in keys))[-1]])


def _broken(view: View, one: Counted) -> list[Finding]:
    found = []
    for run in _shown(view, one, one.frames >= BROKEN):
        window = _worst(one, run)
        assert window is not None
        count, area = int(one.windows.count[window]), float(one.windows.area[window])
        what = "red flashes" if one.kind == RED else "flashes"
        number = (count + 1) // 2
        said = _COUNTS.get(number, str(number))
        message = f"{said} {what} in 1 s (limit 3) on {np.ceil(100 * area):.0f} % of the picture."
        label = "red flash limit" if one.kind == RED else LABEL
        found.append(_finding(view, one, run, window, label, one.rule, message + _ADVICE))
    return found


def _notes(view: View, counted: Sequence[Counted], settings: Settings) -> list[Finding]:
    """Say that flashing lasts long, or comes near the limit; one note for a use."""
    for one in counted:
        for run in _shown(view, one, one.long):
            window = _worst(one, run)
            if window is not None:
                seconds = view.end(run[1] - 1) - float(view.times[run[0]])
                message = f"Flashes on and on for {seconds:.0f} s; within the limit, yet a possible risk."
                rule = f"{one.kind} for more than {LONG:.0f} s, ITU-R BT.1702"
                return [_finding(view, one, run, window, "flash", rule, message)]
    shown = np.flatnonzero(view.visible)
    best = []
    for one in counted:
        window = _worst(one, (int(shown[0]), int(shown[-1]) + 1))
        if window is not None and one.scores[window] >= TOLD:
            start, stop = one.between()
            frames = np.arange(start[window], stop[window] + 1)
            frames = frames[view.visible[frames]]
            if len(frames):
                best.append((float(one.scores[window]), one, window, (int(frames[0]), int(frames[-1]) + 1)))
    if not best:
        return []
    _, one, window, run = max(best, key=lambda row: row[0])
    at_once = f"{100 * settings.area:.3g} %"
    if one.windows.area[window] > settings.area:
        message = f"More than three flashes in 1 s, never on {at_once} of the picture at once."
    elif one.windows.count[window] >= ALLOWED - 1:
        message = "Three flashes in 1 s: as many as are allowed."
    else:
        area = np.floor(100 * one.windows.area[window])
        message = f"More than three flashes in 1 s on {area:.0f} % of the picture (limit {at_once})."
    return [_finding(view, one, run, window, "flash", f"{one.rule}: within the limit", message)]


def _finding(
    view: View, one: Counted, run: tuple[int, int], window: int, label: str, rule: str, message: str
) -> Finding:
    first, last = run[0], run[1] - 1
    start = float(view.times[first])
    counts, found = one.windows, one.found
    cells = counts.cells[window]
    chosen = (found.half >= counts.start[window]) & (found.half <= counts.stop[window])
    if cells.any():
        chosen &= cells[found.cell]
    change = round(float(np.median(found.change[chosen])), 1)
    evidence: dict[str, float | str] = {
        "rule": rule,
        "flashes": float((int(counts.count[window]) + 1) // 2),
        "changes": float(counts.count[window]),
        "area_percent": round(100 * float(counts.reached[window]), 1),
        "red_change" if one.kind == RED else "luminance_change_cdm2": change,
    }
    shape = view.signals.grid.luma.shape[1:]
    middle = (int(one.between()[0][window]) + int(one.between()[1][window])) // 2
    worst = float(view.times[min(max(middle, first), last)])
    if not view.use.rendered:
        message = f"{message.removesuffix(_ADVICE)}{_MASTER}"
    return Finding(
        detector=ID,
        use=view.use.id,
        start=start,
        duration=max(view.end(last) - start, 0.5 * view.step),
        score=round(float(one.frames[first - one.offset : run[1] - one.offset].max()), 4),
        message=message,
        label=label,
        evidence=evidence,
        region=upright(view, region_of(cells.reshape(shape).astype(np.float64))) if cells.any() else None,
        worst=worst,
    )
