"""What a person wants to know of a pulse: how strong, how fast, at which step, and in which words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._arrays import median, quantile
from otio_ai_audit.detectors._view import Floats, Mask, Region, View, place

LONGEST_STEP = 128
"""Frames; no video model works in longer pieces."""
COLOURED = 0.8
"""Share of luma's amplitude that Cb or Cr has to have; a gain on a picture moves them far less."""
LONG_STEP = 8
"""Frames from which a jump may fall on two phases."""
PHASED = 0.45
"""Least share of the activity on a phase above what chance puts there."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Brightness of some cells over time."""

    amplitude: float
    """Code values."""
    percent: float
    """Of the mean."""
    frequency: float
    """Hz; 0 where no one frequency stands out."""
    coloured: bool
    """Whether Cb or Cr goes up and down as much as luma."""


def measure(view: View, cells: Mask, first: int, stop: int) -> Wave:
    """Measure the mean luma of cells in frames ``[first, stop)``, its trend over a second or more taken out.

    A frequency is named where one line of the Hann-windowed spectrum and its neighbours hold most of the
    power, and where it goes round at least twice.
    """
    grid = view.signals.grid
    series, *colours = (
        cell_means[first:stop][:, cells].mean(axis=1).astype(np.float64)
        for cell_means in (grid.luma, grid.blue, grid.red)
    )
    count = len(series)
    if count < 4:
        return Wave(
            float(np.ptp(series)) / 2, 0.0, 0.0, max(map(np.ptp, colours)) > COLOURED * np.ptp(series)
        )
    wave, *hues = (_without_trend(values, max(3, round(1.0 / view.step))) for values in (series, *colours))
    amplitude = quantile(np.abs(wave), 0.9)
    percent = 100.0 * amplitude / max(float(series.mean()), 8.0)
    coloured = max(quantile(np.abs(hue), 0.9) for hue in hues) > COLOURED * amplitude
    power = np.abs(np.fft.rfft((wave - wave.mean()) * np.hanning(count))) ** 2
    power[:2] = 0.0
    total = float(power.sum())
    if count < 8 or total <= 0:
        return Wave(amplitude, percent, 0.0, coloured)
    peak = int(power.argmax())
    share = float(power[max(0, peak - 1) : peak + 2].sum()) / total
    return Wave(amplitude, percent, peak / (count * view.step) if share > 0.5 else 0.0, coloured)


def _without_trend(series: Floats, width: int) -> Floats:
    """Less its mean over `width` places, or half of all of them."""
    count = len(series)
    kernel = np.ones(min(count, max(width, count // 2)))
    return np.asarray(
        series - np.convolve(series, kernel, "same") / np.convolve(np.ones(count), kernel, "same")
    )


def fixed_step(activity: Floats, lo: int, hi: int) -> int:
    """Frames between jumps that come at one fixed step, counted from the clip's start; 0 if none does.

    Video models work in pieces (latent frames of 4 or 8, segments of 81): what they get wrong at the seams
    falls on one phase of `activity` (K,), on two neighbouring ones where pieces are long. Three pieces have
    to be seen, no one of them may be most of it, and the phase has to hold half more than its share.
    """
    excess = np.maximum(activity[lo:hi] - median(activity[lo:hi]), 0.0)
    total = float(excess.sum())
    if total <= 0 or float(excess.max()) > 0.5 * total:
        return 0
    best, found = PHASED, 0
    for step in range(3, min(LONGEST_STEP, (hi - lo) // 3) + 1):
        phases = np.bincount((lo + np.arange(hi - lo)) % step, weights=excess, minlength=step) / total
        # a step twice as long gathers half as much, one half as long no more: the longest good one is it
        gain = float(phases.max()) - 1.0 / step
        if step >= LONG_STEP:
            gain = max(gain, float((phases + np.roll(phases, -1)).max()) - 2.0 / step)
        if gain > best + 0.02:
            best, found = gain, step
    return found


def words(kind: str, region: Region | None, wave: Wave, step: int) -> str:
    """Say what is seen, and where."""
    where = place(region)
    every = f", every {step} frames" if step else ""
    if kind == "boil":
        return f"Texture boils{f', {where}' if where else ''}{every}."
    what = ("Colour" if wave.coloured else "Brightness") + (f", {where}," if where else "")
    subject = where.capitalize() if where else "The picture"
    strength = f", ±{wave.percent:.0f} %" if wave.percent >= 1.5 and not wave.coloured else ""
    if wave.frequency and not wave.coloured and not step:
        if wave.frequency < 0.75:
            return f"{subject} pulses once in {1 / wave.frequency:.1f} s{strength}."
        times = "once" if wave.frequency < 1.5 else f"{wave.frequency:.0f} times"
        return f"{subject} pulses {times} a second{strength}."
    return f"{what} changes {every.lstrip(', ') or 'from frame to frame'}{strength}."
