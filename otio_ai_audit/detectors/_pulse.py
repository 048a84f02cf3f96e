"""Features of flicker: what stays of a cell's brightness when motion is taken out, and returns.

With a = I(t) − W(I(t−1)) and b = I(t) − W(I(t+1)), a cell's extremum is min(|a|, |b|) where both
have one sign: a rise that is taken back at once. Motion leaves residuals too, but those last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._view import Floats, Mask, Pictures, believed, box
from otio_ai_audit.model import Float32

WHOLE = (
    "extremum",
    "colour",
    "persistence",
    "pulse",
    "turnover",
    "luma",
    "pump",
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
PUMP = ("swing", "raw_swing", "agreement", "returns", "turns", "relative", "coherence")
BOIL = (
    "extremum",
    "extremum_ratio",
    "colour",
    "jitter",
    "jitter_ratio",
    "error",
    "error_ratio",
    "aimless",
    "reversal",
    "persistence",
    "trust",
    "speed",
    "steady",
    "detail",
)


@dataclass(frozen=True, slots=True)
class Maps:
    """Evidence per picture and cell, shape (K, R, C) unless said otherwise."""

    extremum: Float32
    colour: Float32
    back: Float32
    """Signed luma residual."""
    near: Float32
    """Extremum of residuals meaned over 5 × 5 cells by trust: what a whole area does at once."""
    own: Float32
    """Motion less the camera's, small pixels, shape (K, R, C, 2)."""
    jitter: Float32
    """How far a cell's own motion leaves the mean of its neighbours in time, small pixels."""
    detail: Float32
    """The same of log detail."""
    error: Float32
    skip: Float32
    trust: Float32
    speed: Float32
    luma: Float32
    jump: Floats
    """Change of the picture's brightness with motion taken out, shape (K,)."""
    pump: Floats
    """The same over three pictures of brightness integrated with motion taken out, shape (K,)."""
    level: Float32
    """|m − ½(m⁻ + m⁺)| of the picture's mean luma, shape (K,)."""

    @classmethod
    def of(cls, shown: Pictures) -> Maps:
        """Compute all maps of a segment."""
        back, ahead = shown.back, shown.ahead
        both = extremum(back, ahead)
        weight = (shown.trust + np.float32(0.05))[:, None]
        total = box(weight, 2)
        near = extremum(box(back * weight, 2) / total, box(ahead * weight, 2) / total)
        mean = shown.luma.mean(axis=(1, 2))
        jump = (back[:, 0] * weight[:, 0]).sum(axis=(1, 2), dtype=np.float64)
        jump /= weight[:, 0].sum(axis=(1, 2), dtype=np.float64)
        return cls(
            extremum=both[:, 0],
            colour=both[:, 1:].max(axis=1),
            back=back[:, 0],
            near=near.max(axis=1) * believed(box(shown.trust, 2)),
            own=shown.own,
            jitter=np.sqrt((_bend(shown.own, skip=1) ** 2).sum(axis=-1)),
            detail=np.abs(_bend(np.log(shown.detail + 1.0))),
            error=shown.error,
            skip=shown.skip,
            trust=shown.trust,
            speed=np.sqrt((shown.flow**2).sum(axis=-1)),
            luma=shown.luma,
            jump=jump,
            pump=_pump(np.cumsum(jump)),
            level=np.abs(_bend(mean)),
        )


def extremum(back: Float32, ahead: Float32) -> Float32:
    """Return min(|a|, |b|) where a and b have one sign, else 0; any equal shapes."""
    return np.where(back * ahead > 0, np.minimum(np.abs(back), np.abs(ahead)), np.float32(0))


def _bend(values: Float32, skip: int = 0) -> Float32:
    """Return x − ½(x⁻ + x⁺) along time; 0 at both ends, and `skip` more at the start."""
    out = np.zeros_like(values)
    out[1:-1] = values[1:-1] - np.float32(0.5) * (values[:-2] + values[2:])
    out[: 1 + skip] = 0.0
    return out


def _pump(level: Floats, reach: int = 3) -> Floats:
    out = np.zeros_like(level)
    if len(level) > 2 * reach:
        out[reach:-reach] = np.abs(level[reach:-reach] - 0.5 * (level[: -2 * reach] + level[2 * reach :]))
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
            np.log(np.percentile(maps.pump[inner], 90) + 0.05),
            np.log(maps.speed[max(a, 1) : b].mean() + 0.1),
            maps.trust[inner].mean(),
            np.log((jitter.mean() if len(jitter) else 0.0) + 0.02),
            np.log(maps.detail[inner].mean() + 0.005),
            np.log(maps.error[max(a, 1) : b].mean() + 0.1),
            np.log(maps.skip[inner].mean() + 0.1),
        ]
    )


def pump_features(maps: Maps, a: int, b: int) -> Floats:
    """Features (F,) of the whole picture's brightness going up and down over ``[a, b)``.

    Brightness is integrated from what frames change with motion taken out, less its straight trend; the
    raw mean has to agree, so that neither a moving camera nor a drift of the integral counts.
    """
    steps = maps.jump[a + 1 : b]
    level = np.concatenate([[0.0], np.cumsum(steps)])
    raw = maps.luma[a:b].mean(axis=(1, 2), dtype=np.float64)
    swing, raw_swing = _detrended(level), _detrended(raw)
    size, raw_size = float(swing.std()), float(raw_swing.std())
    agreement = float((swing * raw_swing).mean()) / (size * raw_size + 0.05)
    path = float(np.abs(steps).sum())
    turns = np.diff(np.sign(np.where(np.abs(swing) > 0.3 * size, swing, 0.0)))
    cells = np.abs(maps.back[a + 1 : b]).mean(axis=(1, 2), dtype=np.float64)
    return np.asarray(
        [
            np.log(size + 0.05),
            np.log(raw_size + 0.05),
            agreement,
            1.0 - abs(float(level[-1])) / (path + 0.2),
            float(np.count_nonzero(turns)) / (b - a),
            np.log((min(size, raw_size) + 0.05) / (raw.mean() + 16.0)),
            np.log((np.abs(steps).mean() + 0.05) / (cells.mean() + 0.2)),
        ]
    )


def _detrended(series: Floats) -> Floats:
    t = np.arange(len(series)) - (len(series) - 1) / 2
    slope = float((t * series).sum() / (t**2).sum())
    return np.asarray(series - series.mean() - slope * t)


def region_features(maps: Maps, a: int, b: int) -> tuple[Floats, Float32]:
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


def cell_features(maps: Maps, a: int, b: int) -> Floats:
    """Features (R, C, F) of each cell over ``[a, b)``, of texture that moves without going anywhere.

    Texture drawn anew differs from the frame before as much as both neighbours differ from each
    other (``aimless`` is near 0), and what it moves one way it moves back (``reversal`` below 0);
    motion that the flow cannot follow adds up instead.
    """
    inner = slice(max(a, 2), min(b, len(maps.near) - 1))
    extrema, colour, jitter, error, skip, trust, speed, detail = (
        box(series[inner].mean(axis=0), 1)
        for series in (
            maps.extremum,
            maps.colour,
            maps.jitter,
            maps.error,
            maps.skip,
            maps.trust,
            maps.speed,
            maps.detail,
        )
    )
    back, own = maps.back[inner], maps.own[inner]
    count = len(own)
    reversal = box((own[1:] * own[:-1]).sum(axis=(0, -1)), 1) / (
        box((own**2).sum(axis=(0, -1)), 1) + 0.1 * count
    )
    persistence = box((back[1:] * back[:-1]).sum(axis=0), 1) / (box((back**2).sum(axis=0), 1) + 0.1 * count)
    low = np.percentile(box(maps.error[inner], 1), 20, axis=0)
    return np.stack(
        [
            np.log(extrema + 0.05),
            np.log((extrema + 0.1) / (np.median(extrema) + 0.1)),
            np.log(colour + 0.05),
            np.log(jitter + 0.05),
            np.log((jitter + 0.2) / (np.median(jitter) + 0.2)),
            np.log(error + 0.1),
            np.log((error + 0.6) / (np.median(error) + 0.6)),
            np.log((skip + 0.1) / (error + 0.1)),
            reversal,
            persistence,
            trust,
            np.log(speed + 0.1),
            low / (error + 0.1),
            np.log(detail + 0.005),
        ],
        axis=-1,
    ).astype(np.float64)


def gathered(cells: Floats) -> tuple[float, Float32]:
    """Evidence of an area from evidence of cells (R, C), and the smoothed map: cells alone do not count."""
    smooth = box(cells.astype(np.float32), 1)
    return float(smooth[top_cells(smooth)].mean()), smooth


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
