"""Is a brand's colour what it should be: CIEDE2000 of the cells that have it, whatever shade lies on them.

Cells are exact means of luma, Cb and Cr. Of those in the picture whose hue is near the wanted one, the
purest count (edges of a thing mix with what is behind it). A shade or a light on the thing multiplies
linear light and leaves hue and purity nearly as they are, so the cells are brought to the wanted lightness
by one gain of at most a stop before the difference is taken, and what remains of lightness counts half
(k_L = 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._delta_e import Floats, delta_e, hue_name, lab_of
from otio_ai_audit.detectors._gallery import Glance
from otio_ai_audit.detectors._score import Anchors
from otio_ai_audit.model import REGIONS, MediaSignals

FAMILY = 50.0
"""Degrees of CIELAB hue around the wanted colour in which a cell is taken for it."""
FAINT = 0.35
"""Share of the wanted chroma that a cell must have."""
PURE = 0.7
"""Share of the purest cells' chroma from which a cell counts."""
LEAST = 4
"""Cells that make a statement."""
STOP = 2.0
"""Gain of light, up and down, by which a shade may differ."""
COLOURLESS = 12.0
"""Chroma of a wanted colour below which the hue is no help: the middle of the subject is taken."""
MAX_DELTA_E = 6.0
"""Tolerance where the file says none."""


@dataclass(frozen=True, slots=True)
class Shade:
    """A brand's colour as a clip shows it."""

    delta: float
    """CIEDE2000 to the wanted colour, shade taken out."""
    lab: Floats
    """As shown, shade taken out, shape (3,)."""
    time: float
    """Seconds of the frame that is farthest off."""


def rgb_of(signals: MediaSignals, frame: int) -> Floats:
    """Cells of a frame as sRGB 0–1, shape (R, C, 3); matrix as the picture's size suggests."""
    grid, info = signals.grid, signals.info
    yuv, jpeg = info.pixel_format.startswith("yuv"), info.pixel_format.startswith("yuvj")
    wide = not yuv or (info.height >= 720 and not jpeg)  # RGB was converted to BT.709; JFIF is BT.601
    kr, kb = (0.2126, 0.0722) if wide else (0.299, 0.114)
    y = grid.luma[frame].astype(np.float64)
    blue, red = grid.blue[frame].astype(np.float64) - 128, grid.red[frame].astype(np.float64) - 128
    r, b = y + 2 * (1 - kr) * red, y + 2 * (1 - kb) * blue
    g = (y - kr * r - kb * b) / (1 - kr - kb)
    return np.asarray(np.clip(np.stack([r, g, b], axis=-1) / 255, 0, 1), dtype=np.float64)


def wanted_of(color: tuple[int, int, int]) -> Floats:
    """CIELAB of a colour of the subjects file, shape (3,)."""
    return lab_of(np.asarray(color, dtype=np.float64) / 255)


def shade_of(one: Glance, wanted: Floats) -> Shade | None:
    """How a clip shows a colour; None where hardly anything in it could be meant.

    The median over the views; `Shade.time` is the view that is farthest off.
    """
    found: list[tuple[float, Floats, float]] = []
    signals = one.use.signals
    assert signals is not None and signals.identity is not None
    own = signals.identity
    rows = {round(float(t), 6): int(r) for t, r in zip(signals.times[own.sample], own.sample, strict=True)}
    boxes = {round(float(t), 6): own.region[k] for k, t in enumerate(signals.times[own.sample])}
    for view in one.views:
        time = round(float(one.times[view]), 6)
        cells = rgb_of(signals, rows[time])
        picked = _picked(cells, boxes[time], wanted)
        if picked is not None:
            shown = _in_light(picked, wanted)
            found.append((float(delta_e(shown, wanted, lightness=2.0)), shown, float(one.times[view])))
    if not found:
        return None
    delta = float(np.median([row[0] for row in found]))
    near = min(found, key=lambda row: abs(row[0] - delta))
    return Shade(delta, near[1], max(found, key=lambda row: row[0])[2])


def _picked(cells: Floats, boxes: npt.NDArray[np.float32], wanted: Floats) -> Floats | None:
    """Mean linear light of the cells that show the wanted colour, shape (3,)."""
    inside = _inside(cells.shape[:2], boxes[REGIONS.index("subject")])
    for part in (inside, np.ones_like(inside)):
        flat = cells[part]
        lab = lab_of(flat)
        purity = np.hypot(lab[:, 1], lab[:, 2])
        aim = float(np.hypot(wanted[1], wanted[2]))
        if aim < COLOURLESS:
            near = (purity < COLOURLESS) & (np.abs(lab[:, 0] - wanted[0]) < 25)
        else:
            turn = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]) - np.arctan2(wanted[2], wanted[1]))
            near = (np.abs((turn + 180) % 360 - 180) <= FAMILY) & (purity >= FAINT * aim)
        if np.count_nonzero(near) < LEAST:
            continue
        if aim >= COLOURLESS:
            near &= purity >= PURE * np.quantile(purity[near], 0.9)
        if np.count_nonzero(near) >= LEAST:
            return np.asarray(np.median(_linear(flat[near]), axis=0), dtype=np.float64)
    return None


def _inside(shape: tuple[int, ...], box: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Cells whose middle lies in a box, shape (R, C)."""
    y = (np.arange(shape[0]) + 0.5) / shape[0]
    x = (np.arange(shape[1]) + 0.5) / shape[1]
    down = (y >= box[1]) & (y <= box[1] + box[3])
    across = (x >= box[0]) & (x <= box[0] + box[2])
    return np.asarray(down[:, None] & across, dtype=np.bool_)


def _linear(rgb: Floats) -> Floats:
    return np.asarray(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4), dtype=np.float64)


def _encoded(linear: Floats) -> Floats:
    held = np.clip(linear, 0, 1)
    return np.asarray(
        np.where(held <= 0.0031308, 12.92 * held, 1.055 * held ** (1 / 2.4) - 0.055), dtype=np.float64
    )


def _in_light(linear: Floats, wanted: Floats) -> Floats:
    """CIELAB of light brought to the wanted lightness by a gain of at most `STOP`, shape (3,)."""
    weights = np.array([0.2126729, 0.7151522, 0.0721750])
    luminance = float(linear @ weights)
    aim = ((wanted[0] + 16) / 116) ** 3 if wanted[0] > 8 else wanted[0] * 27 / 24389
    gain = float(np.clip(aim / max(luminance, 1e-4), 1 / STOP, STOP))
    gain = min(gain, max(1.0, 1.0 / max(float(linear.max()), 1e-4)))
    return lab_of(_encoded(linear * gain))


def usual_colour(some: Iterable[Glance]) -> Floats | None:
    """Colour of references: the purest that fills a good part of their subject, CIELAB; None for greys."""
    found = []
    for one in some:
        signals = one.use.signals
        assert signals is not None and signals.identity is not None
        for sample, boxes in zip(signals.identity.sample, signals.identity.region, strict=True):
            cells = rgb_of(signals, int(sample))
            flat = lab_of(cells[_inside(cells.shape[:2], boxes[REGIONS.index("subject")])])
            purity = np.hypot(flat[:, 1], flat[:, 2])
            if len(flat) >= LEAST and np.quantile(purity, 0.8) > 2 * COLOURLESS:
                found.append(np.median(flat[purity >= np.quantile(purity, 0.8)], axis=0))
    return np.asarray(np.median(np.stack(found), axis=0), dtype=np.float64) if found else None


def score(shade: Shade, tolerance: float) -> float:
    """Score in [0, 1]: 0.5 at the tolerance, 0.8 at twice as much."""
    anchors = Anchors(calm=0.0, half=tolerance, strong=2 * tolerance)
    return float(anchors.score(shade.delta))


def words(shade: Shade, wanted: Floats) -> str:
    """Say how a colour is off: *Red is ΔE 11 from the reference, towards orange*."""
    name = hue_name(wanted[1], wanted[2])
    if name == "grey":
        name = "white" if wanted[0] > 85 else "black" if wanted[0] < 20 else "grey"
    return (
        f"{name.capitalize()} is ΔE {shade.delta:.0f} from the reference{_towards(shade.lab, wanted, name)}."
    )


def _towards(shown: Floats, wanted: Floats, name: str) -> str:
    """Name what a colour moved towards; empty where only its lightness did."""
    step = shown[1:] - wanted[1:]
    if np.hypot(*step) < 3:
        return ", darker" if shown[0] < wanted[0] - 3 else ", lighter" if shown[0] > wanted[0] + 3 else ""
    chroma = float(np.hypot(wanted[1], wanted[2]))
    around = abs(wanted[1] * step[1] - wanted[2] * step[0]) / max(chroma, 1e-6)
    along = float(wanted[1:] @ step) / max(chroma, 1e-6)
    if chroma >= COLOURLESS and abs(along) > 1.5 * around:
        return ", stronger" if along > 0 else ", paler"
    for stretch in (1.0, 2.0, 3.0, 5.0, 8.0):
        there = wanted[1:] + stretch * step
        other = hue_name(float(there[0]), float(there[1]))
        if other not in (name, "grey"):
            return f", towards {other}"
    return ", paler" if along < 0 else ""
