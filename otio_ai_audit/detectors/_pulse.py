"""Features of flicker: what stays of a cell's brightness when motion is taken out, and returns.

With a = I(t) − W(I(t−1)) and b = I(t) − W(I(t+1)), a cell's extremum is min(|a|, |b|) where both
have one sign: a rise that is taken back at once. Motion leaves residuals too, but those last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._arrays import box, median, quantile
from otio_ai_audit.detectors._series import LUMA, Series, flares, series_of
from otio_ai_audit.detectors._view import Floats, Mask, Pictures, believed
from otio_ai_audit.model import Float32

WHOLE = (
    "extremum",
    "colour",
    "persistence",
    "pulse",
    "turnover",
    "luma",
    "pump",
    "bounce",
    "speed",
    "trust",
    "jitter",
    "detail",
    "error",
    "skip",
)
REGION = (
    "extremum",
    "extremum_ratio",
    "coherence",
    "trust",
    "speed",
    "steady",
    "light",
    "detail",
)
LAGS = (2, 3, 6)
"""Pictures on either side over which an area may swell and fall."""
CELLS = ("extremum", "colour", "jitter", "error", "skip", "trust", "speed", "detail")
"""Maps that windows mean over time, in the order in which they are stacked."""
EXTREMUM, COLOUR, JITTER, ERROR, SKIP, TRUST, SPEED, DETAIL = range(len(CELLS))


@dataclass(frozen=True, slots=True)
class Maps:
    """Evidence per picture and cell, shape (K, R, C) unless said otherwise.

    What every window needs of every picture is computed once for the whole segment.
    """

    stack: Float32
    """The maps that `CELLS` names, shape (8, K, R, C)."""
    means: Float32
    """Their means over the picture, shape (8, K)."""
    back: Float32
    """Signed luma residual."""
    near: Float32
    """Extremum of residuals meaned over 5 × 5 cells by trust: what a whole area does at once."""
    swell: Float32
    """The same of luma over two to six pictures: areas that switch or swell more slowly; shape (K, R, C)."""
    products: Float32
    """Of motion less the camera's and of `back`: the product with the picture before, and the square;
    shape (4, K, R, C)."""
    outlier: Float32
    """How far pixels leave what both neighbours span."""
    texture: Float32
    """Slopes of the full picture."""
    luma: Float32
    flares: Mask
    """Pictures that light of the scene makes brighter, shape (K,)."""
    series: tuple[Series, ...]
    """Brightness, Cb and Cr of the whole picture."""
    pump: Floats
    """|L − ½(L₋₃ + L₊₃)| of brightness L integrated with motion taken out, shape (K,)."""
    bounce: Floats
    """The same over two pictures."""
    level: Float32
    """|m − ½(m⁻ + m⁺)| of the picture's mean luma, shape (K,)."""
    activity: Floats
    """How much each picture takes part, over all cells, shape (K,)."""

    @property
    def extremum(self) -> Float32:
        """Luma residual that is taken back at once."""
        return np.asarray(self.stack[EXTREMUM])

    @property
    def colour(self) -> Float32:
        """The same of the stronger of Cb and Cr."""
        return np.asarray(self.stack[COLOUR])

    @property
    def jitter(self) -> Float32:
        """How far a cell's own motion leaves the mean of its neighbours in time, small pixels."""
        return np.asarray(self.stack[JITTER])

    @property
    def error(self) -> Float32:
        """What matching leaves."""
        return np.asarray(self.stack[ERROR])

    @classmethod
    def of(cls, shown: Pictures) -> Maps:
        """Compute all maps of a segment."""
        count = len(shown)
        both = extremum(shown.back, shown.ahead)
        weight = shown.trust + np.float32(0.05)
        trusted = box(shown.trust, 2)
        total = (trusted + np.float32(0.05))[:, None]
        sides = box(np.stack([shown.back, shown.ahead]) * weight[:, None], 2)
        sides /= total
        belief = believed(trusted)
        near = extremum(sides[0], sides[1]).max(axis=1) * belief
        back = np.ascontiguousarray(shown.back[:, 0])
        stack = np.empty((len(CELLS), *shown.luma.shape), dtype=np.float32)
        stack[EXTREMUM] = both[:, 0]
        np.maximum(both[:, 1], both[:, 2], out=stack[COLOUR])
        bend = _bend(shown.own, skip=1)
        np.sqrt(_dot(bend, bend), out=stack[JITTER])
        stack[ERROR], stack[SKIP], stack[TRUST] = shown.error, shown.skip, shown.trust
        np.sqrt(_dot(shown.flow, shown.flow), out=stack[SPEED])
        np.abs(_bend(np.log(shown.detail + np.float32(1.0))), out=stack[DETAIL])
        means = stack.reshape(len(CELLS), count, -1).mean(axis=2)
        products = np.zeros((4, *shown.luma.shape), dtype=np.float32)
        products[0, 1:], products[1] = _dot(shown.own[1:], shown.own[:-1]), _dot(shown.own, shown.own)
        np.multiply(back[1:], back[:-1], out=products[2, 1:])
        np.multiply(back, back, out=products[3])
        series = series_of(shown, weight)
        path = np.cumsum(series[LUMA].steps)
        mean = shown.luma.mean(axis=(1, 2))
        level = np.abs(_bend(mean))
        return cls(
            stack=stack,
            means=means,
            back=back,
            near=near,
            swell=_swell(sides[0, :, 0]) * belief,
            products=products,
            outlier=np.maximum(shown.outlier, np.float32(0)),
            texture=shown.detail,
            luma=shown.luma,
            flares=flares(series[LUMA]),
            series=series,
            pump=swing(path, 3),
            bounce=swing(path, 2),
            level=level,
            activity=near.mean(axis=(1, 2), dtype=np.float64)
            + means[EXTREMUM]
            + means[COLOUR]
            + level
            + 0.5 * np.abs(back.mean(axis=(1, 2))),
        )


def extremum(back: Float32, ahead: Float32) -> Float32:
    """Return min(|a|, |b|) where a and b have one sign, else 0; any equal shapes."""
    low, high = np.minimum(back, ahead), np.maximum(back, ahead)
    np.negative(high, out=high)
    np.maximum(low, high, out=low)
    return np.maximum(low, np.float32(0), out=low)


def _swell(steps: Float32) -> Float32:
    """Extremum of steps (K, R, C) added up over a few pictures on either side, the largest of `LAGS`."""
    path = np.cumsum(steps, axis=0, dtype=np.float32)
    out = np.zeros_like(path)
    for lag in LAGS:
        if len(path) > 2 * lag:
            rise, fall = path[lag:-lag] - path[: -2 * lag], path[lag:-lag] - path[2 * lag :]
            np.maximum(out[lag:-lag], extremum(rise, fall), out=out[lag:-lag])
    return out


def _dot(a: Float32, b: Float32) -> Float32:
    """Products of vectors, shape (..., 2) to (...)."""
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1], dtype=np.float32)


def _bend(values: Float32, skip: int = 0) -> Float32:
    """Return x − ½(x⁻ + x⁺) along time; 0 at both ends, and `skip` more at the start."""
    out = np.zeros_like(values)
    out[1:-1] = values[1:-1] - np.float32(0.5) * (values[:-2] + values[2:])
    out[: 1 + skip] = 0.0
    return out


def swing(level: Floats, reach: int) -> Floats:
    """|L − ½(L₋ᵣ + L₊ᵣ)| over `reach` pictures, shape (K,); 0 within that many of the ends."""
    out = np.zeros_like(level)
    if len(level) > 2 * reach:
        out[reach:-reach] = np.abs(level[reach:-reach] - 0.5 * (level[: -2 * reach] + level[2 * reach :]))
    return out


def whole_features(maps: Maps, a: int, b: int) -> Floats:
    """Features (F,) of the whole picture over the pictures ``[a, b)``; at least three."""
    last = min(b, len(maps.back) - 1)
    inner, outer = maps.means[:, max(a, 1) : last], maps.means[:, max(a, 1) : b]
    usual, moving = inner.mean(axis=1), outer.mean(axis=1)
    jitter = maps.means[JITTER, max(a, 2) : last]
    back = maps.back[max(a, 1) : b]
    centred = back - back.mean(axis=0)
    power = (centred * centred).sum(axis=0) + np.float32(1e-6)
    persistence = (centred[1:] * centred[:-1]).sum(axis=0) / power
    size = np.abs(back).mean(axis=0)
    logs = np.log(
        [
            usual[EXTREMUM] + 0.05,
            usual[COLOUR] + 0.05,
            (size * (1.0 - persistence)).mean() + 0.05,
            quantile(maps.level[max(a, 1) : last], 0.9) + 0.05,
            quantile(maps.pump[max(a, 1) : last], 0.9) + 0.05,
            quantile(maps.bounce[max(a, 1) : last], 0.75) + 0.05,
            moving[SPEED] + 0.1,
            (jitter.mean() if len(jitter) else 0.0) + 0.02,
            usual[DETAIL] + 0.005,
            moving[ERROR] + 0.1,
            usual[SKIP] + 0.1,
        ]
    )
    turnover = 1.0 - (persistence * size).sum() / (size.sum() + 1e-6)
    return np.asarray(
        [*logs[:2], persistence.mean(), logs[2], turnover, *logs[3:7], usual[TRUST], *logs[7:]],
        dtype=np.float64,
    )


def region_features(maps: Maps, pulses: Float32, a: int, b: int) -> tuple[Floats, Float32]:
    """Features (F,) of the area that pulses most over ``[a, b)``, and the map (R, C) it is seen in.

    `pulses` is what is looked at, `Maps.near` or `Maps.swell`, shape (K, R, C).
    """
    inner = slice(max(a, 1), min(b, len(pulses) - 1))
    near = pulses[inner]
    evidence = near.mean(axis=0)
    top = np.flatnonzero(top_cells(evidence))
    strength = float(evidence.ravel()[top].mean())
    cells = maps.stack.reshape(*maps.stack.shape[:2], -1)[:, inner].take(top, axis=2).mean(axis=(1, 2))
    luma = maps.luma.reshape(len(maps.luma), -1)[inner].take(top, axis=1).mean()
    over_time = near.reshape(len(near), -1).take(top, axis=1).mean(axis=1)
    features = np.asarray(
        [
            np.log(strength + 0.03),
            np.log((strength + 0.1) / (median(evidence) + 0.1)),
            np.log((strength + 0.1) / (cells[EXTREMUM] + 0.1)),
            cells[TRUST],
            np.log(cells[SPEED] + 0.1),
            median(over_time) / (over_time.mean() + 0.02),
            np.log((strength + 0.05) / (luma + 16.0)),
            np.log(cells[DETAIL] + 0.005),
        ],
        dtype=np.float64,
    )
    return features, evidence


def top_cells(evidence: Float32, share: float = 0.04) -> Mask:
    """Mask (R, C) of the strongest share of cells."""
    count = max(1, round(share * evidence.size))
    limit = np.partition(evidence.ravel(), -count)[-count]
    return np.asarray(evidence >= limit, dtype=np.bool_)


def windows(count: int, length: int) -> list[tuple[int, int]]:
    """Half-overlapping windows over `count` pictures; the last one reaches the end."""
    if count <= length:
        return [(0, count)]
    step = max(1, length // 2)
    starts = list(range(0, count - length, step))
    return [(a, a + length) for a in (*starts, count - length)]
