"""Fonts, and texts cut to a width."""

from __future__ import annotations

import contextlib
from typing import Any

FONTS = ("Arial Unicode.ttf", "NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "arial.ttf")


def font_of(size: int) -> Any:
    """Find a font with many scripts; Pillow's own knows Latin letters only."""
    from PIL import ImageFont

    for name in FONTS:
        with contextlib.suppress(OSError):
            return ImageFont.truetype(name, size)
    return ImageFont.load_default(size)


def fitting(text: str, font: Any, width: int) -> str:
    """Cut a text in its middle until it fits."""
    kept = len(text)
    shown = text
    while kept > 1 and font.getlength(shown) > width:
        kept = min(kept - 1, max(1, int(kept * width / font.getlength(shown))))
        shown = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return shown
