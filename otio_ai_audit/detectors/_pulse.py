"""Features of flicker: what stays of a cell's brightness when motion is taken out, and returns.

With a = I(t) − W(I(t−1)) and b = I(t) − W(I(t+1)), a cell's extremum is min(|a|, |b|) where both
have one sign: a rise that is taken back at once. Motion leaves residuals too, but those last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._view import Floats, Mask, Pictures, box

WHOLE = (
    "extremum",
    "colour",
    "persistence",
    "pulse",
    "turnover",
    "luma",
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
BOIL = (
    "jitter",
    "jitter_ratio",
    "error",
    "error_ratio",
    "extremum_ratio",
    "detail",
    "detail_ratio",
    "trust",
    "speed",
    "steady",
)


@dataclass(frozen=True, slots=True)
class Maps:
    """Evidence per picture and cell, shape (K, R, C) unless said otherwise."""

    extremum: Floats
    colour: Floats
    back: Floats
    """Signed luma residual."""
    near: Floats
    """Extremum of residuals meaned over 5 × 5 cells by trust: what a whole area does at once."""
    jitter: Floats
    """How far a cell's own motion leaves the mean of its neighbours in time, small pixels."""
    detail: Floats
    """The same of log detail."""
    error: Floats
    skip: Floats
    trust: Floats
    speed: Floats
    luma: Floats
    level: Floats
    """|m − ½(m⁻ + m⁺)| of the picture's mean luma, shape (K,)."""

    @classmethod
    def of(cls, shown: Pictures) -> Maps:
        """Compute all maps of a segment."""
        back, ahead = shown.back.astype(np.float64), shown.ahead.astype(np.float64)
        both = extremum(back, ahead)
        weight = (shown.trust + 0.05)[:, None].astype(np.float64)
        total = box(weight, 2)
        near = extremum(box(back * weight, 2) / total, box(ahead * weight, 2) / total)
        mean = shown.luma.mean(axis=(1, 2)).astype(np.float64)
        return cls(
            extremum=both[:, 0],
            colour=both[:, 1:].max(axis=1),
            back=back[:, 0],
            near=near.max(axis=1),
            jitter=np.sqrt((_bend(shown.own.astype(np.float64), skip=1) ** 2).sum(axis=-1)),
            detail=np.abs(_bend(np.log(shown.detail.astype(np.float64) + 1.0))),
            error=shown.error.astype(np.float64),
            skip=shown.skip.astype(np.float64),
            trust=shown.trust.astype(np.float64),
            speed=np.sqrt((shown.flow.astype(np.float64) ** 2).sum(axis=-1)),
            luma=shown.luma.astype(np.float64),
            level=np.abs(_bend(mean)),
        )


def extremum(back: Floats, ahead: Floats) -> Floats:
    """Return min(|a|, |b|) where a and b have one sign, else 0; any equal shapes."""
    return np.asarray(
        np.where(back * ahead > 0, np.minimum(np.abs(back), np.abs(ahead)), 0.0), dtype=np.float64
    )


def _bend(values: Floats, skip: int = 0) -> Floats:
    """Return x − ½(x⁻ + x⁺) along time; 0 at both ends, and `skip` more at the start."""
    out = np.zeros_like(values)
    out[1:-1] = values[1:-1] - 0.5 * (values[:-2] + values[2:])
    out[: 1 + skip] = 0.0
    return out


def whole_features(maps: Maps, a: int, b: int) -> Floats:
    """Features (F,) of the whole picture over the pictures ``[a, b)``; at least three."""
    inner = slice(max(a, 1), min(b, len(maps.extremum) - 1))
    back = maps.back[max(a, 1) : b]
    centred = back - back.mean(axis=0)
    power = (centred**2).sum(axis=0) + 1e-6
    persistence = (centred[1:] * centred[:-1]).sum(axis=0) / power
    size = np.abs(back).mean(axis=0)
    jitter = maps.jitter[max(a, 2) : inner.stop]
    return np.asarray(
        [
            np.log(maps.extremum[inner].mean() + 0.05),
            np.log(maps.colour[inner].mean() + 0.05),
            persistence.mean(),
            np.log((size * (1.0 - persistence)).mean() + 0.05),
            1.0 - (persistence * size).sum() / (size.sum() + 1e-6),
            np.log(np.percentile(maps.level[inner], 90) + 0.05),
            np.log(maps.speed[max(a, 1) : b].mean() + 0.1),
            maps.trust[inner].mean(),
            np.log((jitter.mean() if len(jitter) else 0.0) + 0.02),
            np.log(maps.detail[inner].mean() + 0.005),
            np.log(maps.error[max(a, 1) : b].mean() + 0.1),
            np.log(maps.skip[inner].mean() + 0.1),
        ]
    )


def region_features(maps: Maps, a: int, b: int) -> tuple[Floats, Floats]:
    """Features (F,) of the area that pulses most over ``[a, b)``, and the map (R, C) it is seen in."""
    inner = slice(max(a, 1), min(b, len(maps.near) - 1))
    near = maps.near[inner]
    evidence = near.mean(axis=0)
    top = top_cells(evidence)
    strength = float(evidence[top].mean())
    own = maps.extremum[inner][:, top].mean()
    over_time = near[:, top].mean(axis=1)
    features = np.asarray(
        [
            np.log(strength + 0.03),
            np.log((strength + 0.1) / (np.median(evidence) + 0.1)),
            np.log((strength + 0.1) / (own + 0.1)),
            maps.trust[inner][:, top].mean(),
            np.log(maps.speed[inner][:, top].mean() + 0.1),
            np.median(over_time) / (over_time.mean() + 0.02),
            np.log((strength + 0.05) / (maps.luma[inner][:, top].mean() + 16.0)),
            np.log(maps.detail[inner][:, top].mean() + 0.005),
        ]
    )
    return features, evidence


def boil_features(maps: Maps, a: int, b: int) -> tuple[Floats, Floats]:
    """Features (F,) of the area whose texture moves without going anywhere, and its map (R, C)."""
    inner = slice(max(a, 2), min(b, len(maps.near) - 1))
    jitter = box(maps.jitter[inner].mean(axis=0), 2)
    error = box(maps.error[inner].mean(axis=0), 2)
    detail = box(maps.detail[inner].mean(axis=0), 2)
    evidence = jitter / (np.median(jitter) + 0.05)
    top = top_cells(evidence)
    cells = maps.extremum[inner].mean(axis=0)
    over_time = maps.jitter[inner][:, top].mean(axis=1)
    features = np.asarray(
        [
            np.log(jitter[top].mean() + 0.02),
            np.log((jitter[top].mean() + 0.05) / (np.median(jitter) + 0.05)),
            np.log(error[top].mean() + 0.1),
            np.log((error[top].mean() + 0.3) / (np.median(error) + 0.3)),
            np.log((cells[top].mean() + 0.1) / (np.median(cells) + 0.1)),
            np.log(detail[top].mean() + 0.005),
            np.log((detail[top].mean() + 0.01) / (np.median(detail) + 0.01)),
            maps.trust[inner][:, top].mean(),
            np.log(maps.speed[inner][:, top].mean() + 0.1),
            np.median(over_time) / (over_time.mean() + 0.02),
        ]
    )
    return features, evidence


def top_cells(evidence: Floats, share: float = 0.04) -> Mask:
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
