"""What a person wants to know of a pulse: how strong, how fast, at which step, and in which words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._arrays import median, quantile
from otio_ai_audit.detectors._view import Floats, Mask, Region, View, place

LONGEST_STEP = 128
"""Frames; no video model works in longer pieces."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Brightness of some cells over time."""

    amplitude: float
    """Code values."""
    percent: float
    """Of the mean."""
    frequency: float
    """Hz; 0 where no one frequency stands out."""


def measure(view: View, cells: Mask, first: int, stop: int) -> Wave:
    """Measure the mean luma of cells in frames ``[first, stop)``, its trend over a second or more taken out.

    A frequency is named where one line of the Hann-windowed spectrum and its neighbours hold most of the
    power, and where it goes round at least twice.
    """
    series = view.signals.grid.luma[first:stop][:, cells].mean(axis=1).astype(np.float64)
    count = len(series)
    if count < 4:
        return Wave(float(np.ptp(series)) / 2, 0.0, 0.0)
    width = min(count, max(3, round(1.0 / view.step), count // 2))
    kernel = np.ones(width)
    trend = np.convolve(series, kernel, "same") / np.convolve(np.ones(count), kernel, "same")
    wave = series - trend
    amplitude = quantile(np.abs(wave), 0.9)
    percent = 100.0 * amplitude / max(float(series.mean()), 8.0)
    power = np.abs(np.fft.rfft((wave - wave.mean()) * np.hanning(count))) ** 2
    power[:2] = 0.0
    total = float(power.sum())
    if count < 8 or total <= 0:
        return Wave(amplitude, percent, 0.0)
    peak = int(power.argmax())
    share = float(power[max(0, peak - 1) : peak + 2].sum()) / total
    return Wave(amplitude, percent, peak / (count * view.step) if share > 0.5 else 0.0)


def fixed_step(activity: Floats, lo: int, hi: int) -> int:
    """Frames between jumps that come at one fixed step, counted from the clip's start; 0 if none does.

    Video models work in pieces (latent frames of 4 or 8, segments of 81): what they get wrong at the
    seams falls on one phase of `activity` (K,). Three pieces have to be seen, and two thirds of what lies
    above the usual has to fall on the phase and the picture after it.
    """
    excess = np.maximum(activity[lo:hi] - median(activity[lo:hi]), 0.0)
    total = float(excess.sum())
    if total <= 0:
        return 0
    best, found = 0.0, 0
    for step in range(3, min(LONGEST_STEP, (hi - lo) // 3) + 1):
        phases = np.bincount((lo + np.arange(hi - lo)) % step, weights=excess, minlength=step)
        pairs = (phases + np.roll(phases, -1)) / total
        share = float(pairs.max())
        # a step twice as long gathers half as much, one half as long no more: the longest good one is it
        gain = share - 2.0 / step
        if share > 2 / 3 and gain > best + 0.02:
            best, found = gain, step
    return found


def words(kind: str, region: Region | None, wave: Wave, step: int, colour: bool) -> str:
    """Say what is seen, and where."""
    where = place(region)
    every = f", every {step} frames" if step else ""
    if kind == "boil":
        return f"Texture boils{f', {where}' if where else ''}{every}."
    if kind == "sharpness":
        return f"Sharpness pulses{every}."
    what = ("Colour" if colour else "Brightness") + (f", {where}," if where else "")
    subject = where.capitalize() if where else "The picture"
    strength = f", ±{wave.percent:.0f} %" if wave.percent >= 1.5 and not colour else ""
    if wave.frequency and not colour and not step:
        if wave.frequency < 0.75:
            return f"{subject} pulses once in {1 / wave.frequency:.1f} s{strength}."
        times = "once" if wave.frequency < 1.5 else f"{wave.frequency:.0f} times"
        return f"{subject} pulses {times} a second{strength}."
    return f"{what} changes {every.lstrip(', ') or 'from frame to frame'}{strength}."
