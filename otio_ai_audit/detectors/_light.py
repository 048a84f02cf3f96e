"""What a screen shows: luminance and red of cells, from display-encoded code values.

Cells hold means of code values, and the light of a mean is less than the mean of the light: a cell with
strong texture is taken for darker than it is, and so are its changes. A flash lights whole cells.

Which matrix a stream names is not kept. RGB was brought to BT.709 when it was measured; Y'CbCr counts as
BT.2020 where the transfer is PQ or HLG, else as BT.709 from 720 lines on and as BT.601 below, as players do
with what says nothing. (Saturated red stays saturated red when the two are taken for each other.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.model import Float32, GridSignals, MediaInfo

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

BT601, BT709, BT2020 = (0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)
"""Weights of red and blue in luma."""
STEPS = 8192
"""Entries of a table from code values 0–255 to light."""
HLG_PEAK = 1000.0
"""cd/m²; nominal peak of an HLG screen, ITU-R BT.1702-3 note 3."""
PALE = 16.0
PALE_SHARE = 0.3
"""Cr of what is saturated red, and bright enough to flash by the rule, is further from neutral than the
first, and than this share of its luma (SDR; with R / (R + G + B) ≥ 0.8 in light, green and blue are at most
0.56 of red in code values)."""


@dataclass(frozen=True, slots=True)
class Screen:
    """How code values become light on the screen that the rules think of."""

    weights: tuple[float, float]
    """Of red and blue in luma and in luminance (the primaries of BT.601 and BT.709 are nearly the same)."""
    luminance: tuple[float, float]
    table: Float32
    """Code values 0–255 in `STEPS` steps → light; cd/m², for HLG scene light from 0 to 1."""
    white: float
    """cd/m² of reference white."""
    hlg: bool

    @property
    def hdr(self) -> bool:
        return self.luminance == BT2020


def screen_of(info: MediaInfo, white: float) -> Screen:
    """Choose matrix and transfer.

    SDR and whatever says nothing: ITU-R BT.1886 with black at 0, i.e. the power 2.4. Linear light was given
    the sRGB curve when it was measured, which is undone. PQ: SMPTE ST 2084, absolute. HLG: ITU-R BT.2100 at
    1000 cd/m².
    """
    code = np.linspace(0.0, 1.0, STEPS)
    hdr = info.transfer in ("pq", "hlg")
    if info.transfer == "pq":
        light = _pq(code)
    elif info.transfer == "hlg":
        light = _hlg(code)
    elif info.transfer == "linear":
        light = white * np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    else:
        light = white * code**2.4
    high = info.height >= 720 or not info.pixel_format.startswith("yuv")
    matrix = BT2020 if hdr else BT709 if high else BT601
    return Screen(
        weights=matrix,
        luminance=BT2020 if hdr else BT709,
        table=np.asarray(light, dtype=np.float32),
        white=white,
        hlg=info.transfer == "hlg",
    )


def _pq(code: Floats) -> Floats:
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = code ** (1 / m2)
    return np.asarray(10000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1), np.float64)


def _hlg(code: Floats) -> Floats:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.asarray(np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12), np.float64)


def primaries(screen: Screen, luma: Float32, blue: Float32, red: Float32) -> tuple[Float32, Float32, Float32]:
    """Turn code values to light of red, green and blue in cd/m², equal for grey; all shapes alike."""
    kr, kb = screen.weights
    cr, cb = red - np.float32(128), blue - np.float32(128)
    scale = np.float32((STEPS - 1) / 255)
    channels = (
        luma + np.float32(2 * (1 - kr)) * cr,
        luma
        - np.float32(2 * (1 - kr) * kr / (1 - kr - kb)) * cr
        - np.float32(2 * (1 - kb) * kb / (1 - kr - kb)) * cb,
        luma + np.float32(2 * (1 - kb)) * cb,
    )
    r, g, b = (
        screen.table[np.clip(one * scale + np.float32(0.5), 0, STEPS - 1).astype(np.int16)]
        for one in channels
    )
    if screen.hlg:
        gain = np.float32(HLG_PEAK) * _mixed(screen, r, g, b) ** np.float32(0.2)
        r, g, b = r * gain, g * gain, b * gain
    return r, g, b


def _mixed(screen: Screen, r: Float32, g: Float32, b: Float32) -> Float32:
    kr, kb = (np.float32(weight) for weight in screen.luminance)
    return np.asarray(kr * r + (np.float32(1) - kr - kb) * g + kb * b, dtype=np.float32)


def luminance(screen: Screen, grid: GridSignals, frames: slice) -> Float32:
    """Luminance of every cell in cd/m², shape (N, R * C)."""
    count = len(grid.luma[frames])
    light = _mixed(screen, *primaries(screen, grid.luma[frames], grid.blue[frames], grid.red[frames]))
    return light.reshape(count, -1)


def redness(screen: Screen, grid: GridSignals, frames: slice, cells: Mask) -> tuple[Float32, Mask]:
    """How far red exceeds green and blue, and where it is saturated, by WCAG; both of shape (N, K).

    320 · max(0, R − G − B) and R / (R + G + B) ≥ 0.8 of linear R, G and B from 0 to 1, 1 at reference white.

    Parameters
    ----------
    cells : numpy.ndarray
        The K cells to look at, shape (R * C,).
    """
    count = len(grid.luma[frames])
    chosen = [values[frames].reshape(count, -1)[:, cells] for values in (grid.luma, grid.blue, grid.red)]
    r, g, b = (np.minimum(one / np.float32(screen.white), 1) for one in primaries(screen, *chosen))
    total = r + g + b
    saturated = (r >= np.float32(0.8) * total) & (total > 0)
    return np.maximum(r - g - b, 0) * np.float32(320), np.asarray(saturated, dtype=np.bool_)


def perhaps_red(screen: Screen, grid: GridSignals, frames: slice) -> Mask:
    """Cells that may be saturated red at some time, shape (R * C,)."""
    strength = grid.red[frames] - np.float32(128)
    if screen.hdr:
        return np.asarray((strength > 0).any(axis=0).ravel(), dtype=np.bool_)
    least = np.maximum(np.float32(PALE_SHARE) * grid.luma[frames], np.float32(PALE))
    return np.asarray((strength > least).any(axis=0).ravel(), dtype=np.bool_)
