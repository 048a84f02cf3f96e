"""Colours as a person sees them: sRGB to CIELAB, the CIEDE2000 difference, and names of hues."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WHITE = np.array([0.95047, 1.0, 1.08883])
"""D65, 2° observer."""
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ (IEC 61966-2-1)."""
GREY = 9.0
"""CIELAB chroma below which a colour has no name of a hue."""
NAMES = (
    (20.0, "pink"),
    (50.0, "red"),
    (78.0, "orange"),
    (112.0, "yellow"),
    (168.0, "green"),
    (225.0, "cyan"),
    (310.0, "blue"),
    (342.0, "purple"),
    (360.0, "pink"),
)
"""Where in degrees of CIELAB hue each name ends."""


def lab_of(rgb: Floats) -> Floats:
    """CIELAB (D65) of sRGB in 0–1, shape (..., 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0.0) + 0.055) / 1.055) ** 2.4)
    ratio = linear @ TO_XYZ.T / WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def delta_e(one: Floats, other: Floats, lightness: float = 1.0) -> Floats:
    """CIEDE2000 colour difference.

    Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula: implementation notes, supplementary
    test data, and mathematical observations", Color Res. Appl. 30 (2005).

    Parameters
    ----------
    one, other
        CIELAB, shapes (..., 3), broadcast against each other.
    lightness
        k_L: 2 halves what a difference of lightness counts.

    Returns
    -------
    ndarray
        Shape (...).
    """
    l1, a1, b1 = (one[..., k] for k in range(3))
    l2, a2, b2 = (other[..., k] for k in range(3))
    mean = (0.5 * (np.hypot(a1, b1) + np.hypot(a2, b2))) ** 7
    g = 0.5 * (1 - np.sqrt(mean / (mean + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for b, a in ((b1, a1), (b2, a2)))
    grey = c1 * c2 == 0
    turn = (h2 - h1 + 180) % 360 - 180
    turn = np.where(h2 - h1 == 180, 180.0, turn)
    turn = np.where(grey, 0.0, turn)
    d_l, d_c = l2 - l1, c2 - c1
    d_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    light, c = 0.5 * (l1 + l2), 0.5 * (c1 + c2)
    near = np.abs(h1 - h2) <= 180
    total = h1 + h2
    h = np.where(near, total / 2, np.where(total < 360, (total + 360) / 2, (total - 360) / 2))
    h = np.where(grey, total, h)
    rad = np.radians
    t = (
        1
        - 0.17 * np.cos(rad(h - 30))
        + 0.24 * np.cos(rad(2 * h))
        + 0.32 * np.cos(rad(3 * h + 6))
        - 0.20 * np.cos(rad(4 * h - 63))
    )
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    r_c = 2 * np.sqrt(c**7 / (c**7 + 25.0**7))
    r_t = -np.sin(rad(60 * np.exp(-(((h - 275) / 25) ** 2)))) * r_c
    along, around = d_c / s_c, d_h / s_h
    square = (d_l / (lightness * s_l)) ** 2 + along**2 + around**2 + r_t * along * around
    return np.asarray(np.sqrt(np.maximum(square, 0.0)), dtype=np.float64)


def hue_name(a: float, b: float) -> str:
    """Name of the hue at a place in the a*b* plane; ``grey`` near its middle."""
    if np.hypot(a, b) < GREY:
        return "grey"
    angle = float(np.degrees(np.arctan2(b, a)) % 360)
    return next(name for end, name in NAMES if angle < end)
