"""Fonts, texts cut to a width, and texts as masks that are drawn into pictures."""

from __future__ import annotations

import contextlib
import unicodedata
from functools import lru_cache
from typing import Any

import numpy as np

from otio_ai_audit.pictures.small import UInt8

FONTS = ("Arial Unicode.ttf", "NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "arial.ttf")
MORE_FONTS = (
    "NotoSans-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "segoeui.ttf",
    "msyh.ttc",
    "msgothic.ttc",
    "malgun.ttf",
    "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc",
    "wqy-microhei.ttc",
    "DroidSansFallbackFull.ttf",
)
"""Looked through where the first ones lack letters."""
LONGEST = 400
"""Characters of a text that are looked at: the ends of a longer one."""
BASE = 0.79
"""Where the base line of a line of text is, as a share of its height."""
_UNASSIGNED = "\U0010fffe"
_SAMPLE = 16


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


def shown_as(text: str) -> str:
    """Give a text as it can be drawn on one line: no controls, nothing that turns its direction round."""
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]}…{text[-(LONGEST // 2) :]}"
    kept = []
    for char in text:
        kind = unicodedata.category(char)
        if kind in ("Cs", "Cn", "Co"):
            kept.append("\N{REPLACEMENT CHARACTER}")
        elif kind in ("Cc", "Zl", "Zp", "Zs"):
            kept.append(" ")
        elif kind != "Cf" or char in "\u200c\u200d":  # joiners shape letters and emoji
            kept.append(char)
    return " ".join("".join(kept).split())


def lettering(text: str, height: int, width: int) -> UInt8:
    """Draw one line of text as a mask.

    Parameters
    ----------
    text : str
        Anything; `shown_as` makes it drawable. Cut in its middle where it is too long.
    height : int
        Height of the line in pixels; all lines of a height have the same base line.
    width : int
        Most pixels across.

    Returns
    -------
    numpy.ndarray [shape=(height, width or less), dtype=uint8]
        255 is ink.
    """
    text, height, width = shown_as(text), max(height, 1), max(width, 0)
    if not text or not width:
        return np.zeros((height, 0), np.uint8)
    font = _best(text, _points(height))
    try:
        return _drawn(fitting(text, font, width), font, height, width)
    except (RuntimeError, OSError):  # what shaping cannot lay out
        plain = text.encode("ascii", "replace").decode("ascii")
        return _drawn(fitting(plain, font, width), font, height, width)


def paragraph(text: str, height: int, width: int, most: int) -> list[UInt8]:
    """Draw a text as lines of masks, broken between words; what is over is cut in the last line.

    Parameters
    ----------
    text : str
        As in `lettering`.
    height, width : int
        Of each line, in pixels.
    most : int
        Lines.
    """
    words = shown_as(text).split()
    font = _best(" ".join(words), _points(height))
    lines: list[str] = []
    while words and len(lines) < most - 1:
        count = 1
        while count < len(words) and font.getlength(" ".join(words[: count + 1])) <= width:
            count += 1
        lines.append(" ".join(words[:count]))
        words = words[count:]
    if words:
        lines.append(" ".join(words))
    return [lettering(line, height, width) for line in lines]


def _points(height: int) -> int:
    return max(1, round(height / 1.2))


def _drawn(text: str, font: Any, height: int, width: int) -> UInt8:
    from PIL import Image, ImageDraw

    across = min(max(1, round(font.getlength(text) + 0.49)), width)
    image = Image.new("L", (across, height))
    # The image's borders keep in what fonts and piled accents would spill.
    ImageDraw.Draw(image).text((0, round(height * BASE)), text, 255, font, anchor="ls")
    return np.asarray(image)


@lru_cache(maxsize=128)
def _font(name: str, size: int) -> Any:
    """Open a font; an empty name is the one that Pillow brings, None where there is none."""
    from PIL import ImageFont

    if not name:
        return ImageFont.load_default(size)
    with contextlib.suppress(OSError):
        return ImageFont.truetype(name, size)
    return None


def _best(text: str, size: int) -> Any:
    """Choose the font that lacks the fewest letters of a text: the one that is there everywhere first."""
    letters = {char for char in text if unicodedata.category(char)[0] not in "CMZ"}
    best, fewest = "", len(letters) + 1
    for name in ("", *FONTS, *MORE_FONTS):
        lacking = sum(_lacks(name, char) for char in letters)
        if lacking < fewest:
            best, fewest = name, lacking
        if not fewest:
            break
    return _font(best, size)


@lru_cache(maxsize=8192)
def _lacks(name: str, char: str) -> bool:
    font = _font(name, _SAMPLE)
    return font is None or _shape(font, char) == _shape(font, _UNASSIGNED)


def _shape(font: Any, char: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(char)
    return mask.size, bytes(mask)
