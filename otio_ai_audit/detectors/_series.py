"""The whole picture over time: brightness and colour as series, and how they go up and down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._arrays import quantile
from otio_ai_audit.detectors._view import Floats, Mask, Pictures
from otio_ai_audit.model import Float32

PUMP = ("swing", "raw_swing", "agreement", "returns", "turns", "relative", "coherence")
LUMA, CB, CR = range(3)
FLARE = 20.0
"""Code values of the picture's mean that a light has to add."""


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of the whole picture over time, shapes (K,)."""

    steps: Floats
    """Change since the picture before, with motion taken out."""
    raw: Floats
    """Mean over the picture."""
    stir: Floats
    """Mean size of what cells change."""


def series_of(shown: Pictures, weight: Float32) -> tuple[Series, ...]:
    """Brightness, Cb and Cr of a shot; residuals (K, 3, R, C) are meaned by weights (K, R, C)."""
    total = weight.sum(axis=(1, 2), dtype=np.float64)
    out = [
        Series(
            steps=(shown.back[:, k] * weight).sum(axis=(1, 2), dtype=np.float64) / total,
            raw=cells.mean(axis=(1, 2), dtype=np.float64),
            stir=np.abs(shown.back[:, k]).mean(axis=(1, 2)).astype(np.float64),
        )
        for k, cells in enumerate((shown.luma, shown.blue, shown.red))
    ]
    return tuple(out)


def pump_features(series: Series, windows: Sequence[tuple[int, int]]) -> Floats:
    """Features (W, F) of the whole picture going up and down over windows ``[a, b)`` of one length.

    The level is integrated from what frames change with motion taken out, less its straight trend; the
    raw mean has to agree, so that neither a moving camera nor a drift of the integral counts.
    """
    length = windows[0][1] - windows[0][0]
    at = np.asarray([a for a, _ in windows])[:, None] + np.arange(length)
    steps = series.steps[at[:, 1:]]
    level = np.concatenate([np.zeros((len(at), 1)), np.cumsum(steps, axis=1)], axis=1)
    raw = series.raw[at]
    swing, raw_swing = _detrended(level), _detrended(raw)
    size, raw_size = swing.std(axis=1), raw_swing.std(axis=1)
    turns = np.diff(np.sign(np.where(np.abs(swing) > 0.3 * size[:, None], swing, 0.0)), axis=1)
    return np.stack(
        [
            np.log(size + 0.05),
            np.log(raw_size + 0.05),
            (swing * raw_swing).mean(axis=1) / (size * raw_size + 0.05),
            1.0 - np.abs(level[:, -1]) / (np.abs(steps).sum(axis=1) + 0.2),
            np.count_nonzero(turns, axis=1) / length,
            np.log((np.minimum(size, raw_size) + 0.05) / (raw.mean(axis=1) + 16.0)),
            np.log((np.abs(steps).mean(axis=1) + 0.05) / (series.stir[at[:, 1:]].mean(axis=1) + 0.2)),
        ],
        axis=1,
    )


def colour_features(series: Sequence[Series], windows: Sequence[tuple[int, int]]) -> Floats:
    """`pump_features` (W, F) of Cb or Cr, whichever swings more in a window."""
    blue, red = (pump_features(series[k], windows) for k in (CB, CR))
    return np.where((blue[:, :2].sum(axis=1) >= red[:, :2].sum(axis=1))[:, None], blue, red)


def is_light(series: Series, a: int, b: int) -> bool:
    """Whether brightness only flares up, far and now and then: a light that the scene shows.

    Flicker of a video model goes both ways, or lasts. An even strobe is not told from it.
    """
    raw = series.raw[a:b]
    base = quantile(raw, 0.3)
    up, down = float(raw.max()) - base, base - float(raw.min())
    often = float((raw > base + 0.3 * up).mean())
    return up > FLARE and up > 4 * down and often < 0.45


def flares(series: Series) -> Mask:
    """Pictures (K,) of a shot that light of the scene makes brighter; if any does."""
    raw = series.raw
    if not is_light(series, 0, len(raw)):
        return np.zeros(len(raw), dtype=np.bool_)
    base = quantile(raw, 0.3)
    lit = raw > base + 0.3 * (raw.max() - base)
    return np.asarray(lit | np.roll(lit, 1) | np.roll(lit, -1))


def cycles(series: Series, a: int, b: int) -> float:
    """How often the level goes round over ``[a, b)``: half of how often it crosses from side to side."""
    swing = _detrended(np.cumsum(series.steps[a + 1 : b])[None])[0]
    far = swing[np.abs(swing) > 0.5 * swing.std()]
    return 0.5 * (1 + np.count_nonzero(np.diff(np.sign(far)))) if len(far) else 0.0


def _detrended(series: Floats) -> Floats:
    """Rows (W, L) less their mean and straight trend."""
    t = np.arange(series.shape[1]) - (series.shape[1] - 1) / 2
    slope = (t * series).sum(axis=1, keepdims=True) / (t**2).sum()
    return np.asarray(series - series.mean(axis=1, keepdims=True) - slope * t)
