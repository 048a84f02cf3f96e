"""Which chroma a region has, whatever the grade: densities over the a*b* plane from colour histograms.

The histograms (`IdentitySignals.colour`) have 20 hues × 2 chromas × 3 brightnesses and 3 greys, soft
between their nodes. Each node is a colour; half of the whole picture's grey-world gain is taken out (half,
since a thing may fill the picture), then it has its place in CIE a*b*. Lightness is left out, so a shade on
the thing hardly counts, and so is what has hardly any colour.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._delta_e import Floats, lab_of
from otio_ai_audit.model import REGIONS, Float32

HUES, STRENGTHS, LIGHTS = 20, 2, 3
FULL, BEND = 140.0, 0.7
"""As in `otio_ai_audit.identity.hues`: chroma is (strength / `STRENGTHS`) ^ (1 / `BEND`) · `FULL`."""
GAIN = 0.5
"""Share of the grey-world gain that is taken out."""
COLOURED = 14.0
"""Chroma (CIELAB) below which a colour does not count; from twice as much on it counts fully."""
SPREAD = 6.0
"""Width of the density in a* and b*."""
STEP, REACH = 8.0, 88.0
"""Raster of the density."""
NOTHING = 1e-3
"""Density that every place has, so that two greys are alike."""
OF_SUBJECT = tuple(REGIONS.index(name) for name in ("centre", "subject"))


@cache
def nodes() -> Floats:
    """Colours of the histogram's nodes, sRGB 0–1, shape (B, 3)."""
    hue, strength, light = np.meshgrid(
        np.arange(HUES) * (6.0 / HUES), np.arange(STRENGTHS) + 1, np.arange(LIGHTS), indexing="ij"
    )
    spread = FULL / 255 * (strength / STRENGTHS) ** (1 / BEND)
    top = np.maximum(light / (LIGHTS - 1), spread)
    ramps = [np.clip(np.abs((hue - centre) % 6 - 3) - 1, 0, 1) for centre in (0.0, 2.0, 4.0)]
    rgb = np.stack([top - spread * (1 - ramp) for ramp in ramps], axis=-1).reshape(-1, 3)
    greys = np.repeat(np.arange(LIGHTS)[:, None] / (LIGHTS - 1), 3, axis=1)
    return np.concatenate([rgb, greys])


@cache
def raster() -> Floats:
    """Places (a*, b*) of the density, shape (G, 2)."""
    line = np.arange(-REACH, REACH + 1, STEP)
    a, b = np.meshgrid(line, line, indexing="ij")
    return np.stack([a.ravel(), b.ravel()], axis=1)


def chroma(colour: Float32) -> Floats:
    """Density of chroma of the subject's regions, square roots with length 1.

    Parameters
    ----------
    colour
        Square roots of shares, shape (S, R, B); of another B, a mere mean of them comes back.

    Returns
    -------
    ndarray
        Shape (S, G); the product of two is the Bhattacharyya coefficient.
    """
    share = colour.astype(np.float64) ** 2
    share /= np.maximum(share.sum(axis=-1, keepdims=True), 1e-9)
    regions = [r for r in OF_SUBJECT if r < share.shape[1]]
    subject = share[:, regions].mean(axis=1)
    if share.shape[2] != len(nodes()):
        return _root(subject)
    out = np.empty((len(share), len(raster())))
    for row, whole, part in zip(out, share[:, 0], subject, strict=True):
        row[:] = _root(density(part, gain_of(whole)))
    return out


def gain_of(share: Floats) -> Floats:
    """Gain per channel (linear light) that takes half of the picture's cast out, shape (3,)."""
    mean = share @ nodes() ** 2.2 + 0.02
    return np.asarray((mean.mean() / mean) ** GAIN, dtype=np.float64)


def density(share: Floats, gain: Floats) -> Floats:
    """Share of coloured pixels at each place of the raster, shape (B,) to (G,)."""
    at = lab_of(np.clip(nodes() ** 2.2 * gain, 0, 1) ** (1 / 2.2))
    weight = np.clip(np.hypot(at[:, 1], at[:, 2]) / COLOURED - 1, 0, 1)
    away = ((at[:, None, 1:] - raster()) ** 2).sum(axis=2)
    kernel = np.exp(-away / (2 * SPREAD**2))
    kernel /= kernel.sum(axis=1, keepdims=True)
    return np.asarray((share * weight) @ kernel, dtype=np.float64)


def _root(values: npt.NDArray[np.float64]) -> Floats:
    root = np.sqrt((values + NOTHING) / (values + NOTHING).sum(axis=-1, keepdims=True))
    return np.asarray(root, dtype=np.float64)
