"""Contact sheets: pictures in a grid with a line or two below each."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from otio_ai_audit.pictures.letters import fitting, font_of
from otio_ai_audit.pictures.small import STRIP_SIDE

SHEET_GROUND, SHEET_EMPTY, SHEET_INK, SHEET_MARK = "#1b1d20", "#2b2e33", "#d8dade", "#ff4fc3"


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a contact sheet."""

    picture: bytes | None
    """Encoded; None where there is none."""
    lines: tuple[str, ...]
    """Written below it, cut to its width."""
    marked: bool = False
    """Outlined, to be seen first."""


def contact_sheet(title: str, cells: Sequence[Cell], *, side: int = STRIP_SIDE) -> bytes:
    """Lay out pictures in a grid with a line or two below each.

    Parameters
    ----------
    title : str
        Above them.
    cells : Sequence[Cell]
        In reading order.
    side : int
        Long side of each picture in pixels.

    Returns
    -------
    bytes
        PNG, about 3 to 2.
    """
    from PIL import Image, ImageDraw

    font, gap, height = font_of(max(11, side // 14)), 8, side * 3 // 4
    line = font.getbbox("Äg")[3] + 2
    lines = max((len(cell.lines) for cell in cells), default=0)
    across = max(1, math.ceil(math.sqrt(1.5 * len(cells) * (height + lines * line + gap) / (side + gap))))
    across = min(across, max(1, len(cells)))
    rows = math.ceil(len(cells) / across)
    head = 2 * line + gap
    step = height + lines * line + 2 * gap
    sheet = Image.new("RGB", (across * (side + gap) + gap, head + rows * step), SHEET_GROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text((gap, gap), fitting(title, font, sheet.width - 2 * gap), SHEET_INK, font)
    for place, cell in enumerate(cells):
        x, y = gap + place % across * (side + gap), head + place // across * step
        draw.rectangle((x, y, x + side - 1, y + height - 1), SHEET_EMPTY)
        if cell.picture is not None:
            image = _opened(cell.picture, (side, height))
            sheet.paste(image, (x + (side - image.width) // 2, y + (height - image.height) // 2))
        if cell.marked:
            draw.rectangle((x - 4, y - 4, x + side + 3, y + height + 3), outline=SHEET_MARK, width=4)
        for number, text in enumerate(cell.lines):
            ink = SHEET_MARK if cell.marked else SHEET_INK
            draw.text((x, y + height + 4 + number * line), fitting(text, font, side), ink, font)
    held = io.BytesIO()
    sheet.save(held, "PNG", compress_level=3)
    return held.getvalue()


def _opened(data: bytes, size: tuple[int, int]) -> Any:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        whole = image.convert("RGB")
    scale = min(size[0] / whole.width, size[1] / whole.height)
    return whole.resize((max(1, round(whole.width * scale)), max(1, round(whole.height * scale))))
