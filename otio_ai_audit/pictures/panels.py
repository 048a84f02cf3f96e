"""Frames side by side with a head and a foot of words, for a mail or a ticket."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from otio_ai_audit.pictures.letters import lettering, paragraph
from otio_ai_audit.pictures.small import UInt8

Box = tuple[float, float, float, float]
"""x, y, width and height as fractions of the picture."""

GROUND, INK, FAINT = (27, 29, 32), (240, 241, 243), (168, 173, 181)
BADGE = {"error": (214, 69, 65), "warning": (240, 173, 48)}
"""Severity → colour of the badge; the word stands in it."""
BADGE_INK = {"error": (255, 255, 255), "warning": (27, 29, 32)}
MARK, MARK_EDGE = (255, 79, 195), (0, 0, 0)
STEPS = np.array([[64, 0, 120], [206, 52, 104], [252, 150, 40], [255, 246, 150]])
RAMP = np.stack(
    [np.interp(np.arange(256), np.linspace(0, 255, len(STEPS)), STEPS[:, c]) for c in range(3)], axis=1
).astype(np.float32)
"""Colours of heat from weak to strong; their brightness rises, so that they can be told without colour."""
EDGE, GAP, LINE, SMALL = 18, 12, 26, 20
"""Pixels: around all, between pictures, and heights of lines."""
LONGEST = 640
"""Pixels of a picture's longer side, at most."""
NARROWEST = 720
"""Pixels across, at least: words need room."""
MOST_LINES = 3
"""Lines of what is said of a finding."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture of a comparison."""

    picture: bytes
    """Encoded."""
    title: str
    """Written below it."""
    box: Box | None = None
    """Outlined in it."""
    heat: UInt8 | None = None
    """Laid over it, shape (R, C), 255 is the hottest."""
    share: tuple[float, float] = (1.0, 1.0)
    """Part of the columns and rows of `heat` that the picture fills."""
    small: bool = False
    """Half as large; two stand above each other."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written around the pictures of a comparison."""

    severity: str
    kind: str
    """In the badge (``FLICKER``)."""
    where: str
    """Beside the badge: timecode and length."""
    message: str
    foot: Sequence[str]
    """Lines below the pictures."""


def comparison(panels: Sequence[Panel], caption: Caption) -> bytes:
    """Lay frames side by side, with what is wrong above them and where they are from below.

    Parameters
    ----------
    panels : Sequence[Panel]
        From left to right; small ones come last.
    caption : Caption

    Returns
    -------
    bytes
        PNG.
    """
    from PIL import Image

    images = [_drawn(panel) for panel in panels]
    places, across, down = _places([image.size for image in images], [panel.small for panel in panels])
    width = max(NARROWEST, across + 2 * EDGE)
    words = paragraph(caption.message, LINE, width - 2 * EDGE, MOST_LINES)
    top = EDGE + LINE + 10 + GAP + len(words) * LINE + GAP
    height = top + down + GAP + len(caption.foot) * SMALL + EDGE
    sheet = np.empty((height, width, 3), dtype=np.uint8)
    sheet[:] = GROUND
    _head(sheet, caption, width)
    for number, mask in enumerate(words):
        _write(sheet, mask, EDGE, EDGE + LINE + 10 + GAP + number * LINE, INK)
    for panel, image, (x, y) in zip(panels, images, places, strict=True):
        left, upper = EDGE + x, top + y
        sheet[upper : upper + image.height, left : left + image.width] = np.asarray(image)
        _write(sheet, lettering(panel.title, SMALL, image.width), left, upper + image.height + 4, FAINT)
    for number, line in enumerate(caption.foot):
        mask = lettering(line, SMALL, width - 2 * EDGE)
        _write(sheet, mask, EDGE, top + down + GAP + number * SMALL, FAINT)
    held = io.BytesIO()
    Image.fromarray(sheet).save(held, "PNG", compress_level=4)
    return held.getvalue()


def _head(sheet: UInt8, caption: Caption, width: int) -> None:
    """Draw the badge, and beside it where the fault is."""
    ink = BADGE_INK.get(caption.severity, INK)
    mask = lettering(caption.kind, LINE, width // 2)
    right = EDGE + mask.shape[1] + 20
    sheet[EDGE : EDGE + LINE + 10, EDGE:right] = BADGE.get(caption.severity, FAINT)
    _write(sheet, mask, EDGE + 10, EDGE + 5, ink)
    _write(sheet, lettering(caption.where, LINE, width - right - 2 * EDGE), right + 14, EDGE + 5, INK)


def _places(
    sizes: Sequence[tuple[int, int]], small: Sequence[bool]
) -> tuple[list[tuple[int, int]], int, int]:
    """Say where each picture goes, and how much room all take; below each is a line for its title."""
    under = SMALL + 8
    places: list[tuple[int, int]] = []
    x = column = down = 0
    above: tuple[int, int] | None = None  # of a small picture: its right end, and what lies below it
    for (width, height), half in zip(sizes, small, strict=True):
        if half and above is not None:
            places.append((column, above[1]))
            x, down = max(above[0], column + width) + GAP, max(down, above[1] + height + under)
            above = None
            continue
        places.append((x, 0))
        down = max(down, height + under)
        if half:
            column, above = x, (x + width, height + under)
        else:
            x += width + GAP
    if above is not None:
        x = above[0] + GAP
    return places, x - GAP, down


def _drawn(panel: Panel) -> Any:
    """Open a picture, lay heat over it and outline its box."""
    from PIL import Image, ImageDraw

    with Image.open(io.BytesIO(panel.picture)) as opened:
        image = opened.convert("RGB")
    scale = (LONGEST - GAP if panel.small else 2 * LONGEST) / 2 / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image = image.resize(size, Image.Resampling.LANCZOS) if size != image.size else image
    if panel.heat is not None and panel.heat.size:
        image = Image.fromarray(_hot(np.asarray(image), panel.heat, panel.share))
    if panel.box is not None:
        x, y, w, h = panel.box
        left, top = round(x * image.width), round(y * image.height)
        right, bottom = round((x + w) * image.width) - 1, round((y + h) * image.height) - 1
        left, top = max(0, min(left, image.width - 8)), max(0, min(top, image.height - 8))
        right = max(left + 7, min(right, image.width - 1))
        bottom = max(top + 7, min(bottom, image.height - 1))
        draw = ImageDraw.Draw(image)
        draw.rectangle((left, top, right, bottom), outline=MARK_EDGE, width=5)
        draw.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline=MARK, width=3)
    return image


def _hot(picture: UInt8, heat: UInt8, share: tuple[float, float]) -> UInt8:
    """Lay heat over a picture that is drained of colour, so that only the heat is coloured."""
    from PIL import Image

    height, width = picture.shape[:2]
    whole = max(width, round(width / share[0])), max(height, round(height / share[1]))
    spread = Image.fromarray(heat).resize(whole, Image.Resampling.BICUBIC)
    strength = np.asarray(spread)[:height, :width]
    grey = picture.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    base = (np.float32(0.62) * grey + np.float32(20))[..., None]
    weight = (0.8 * (np.arange(256) / 255) ** 0.75).astype(np.float32)[strength][..., None]
    mixed = base * (1 - weight) + RAMP[strength] * weight
    return np.asarray(np.clip(mixed, 0, 255), dtype=np.uint8)


def _write(sheet: UInt8, mask: UInt8, left: int, top: int, ink: tuple[int, int, int]) -> None:
    """Draw a mask in a colour (in place), as far as it lies on the sheet."""
    height, width = min(mask.shape[0], sheet.shape[0] - top), min(mask.shape[1], sheet.shape[1] - left)
    if height <= 0 or width <= 0:
        return
    part = sheet[top : top + height, left : left + width]
    weight = (mask[:height, :width, None].astype(np.float32)) / np.float32(255)
    part[:] = (part * (1 - weight) + np.array(ink, dtype=np.float32) * weight).round().astype(np.uint8)
