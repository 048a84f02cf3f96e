"""Small pictures for people (WebP thumbnails, contact sheets) and the texts in pictures, by Pillow."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

UInt8 = npt.NDArray[np.uint8]
Int16 = npt.NDArray[np.int16]

STRIP_SIDE = 192
"""Longest side of a thumbnail in the strip."""

SHEET_GROUND, SHEET_EMPTY, SHEET_INK, SHEET_MARK = "#1b1d20", "#2b2e33", "#d8dade", "#ff4fc3"
SHEET_FONTS = ("Arial Unicode.ttf", "NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "arial.ttf")


def webp(picture: UInt8, *, quality: int = 60, effort: int = 0) -> bytes:
    """Encode a picture as WebP.

    Parameters
    ----------
    picture : numpy.ndarray [shape=(height, width, 3), dtype=uint8]
        RGB.
    quality : int in 0–100
    effort : int in 0–6
        0 is the fastest.

    Returns
    -------
    bytes
    """
    from PIL import Image

    return _encode(Image.fromarray(picture), quality, effort)


def thumbnail(
    luma: Int16,
    blue: Int16 | None,
    red: Int16 | None,
    *,
    high: bool,
    aspect: float,
    rotation: int = 0,
    side: int = STRIP_SIDE,
) -> bytes:
    """Bring a small picture to its display shape and encode it; about a millisecond.

    Parameters
    ----------
    luma : numpy.ndarray [shape=(height, width), dtype=int16]
        64ths of a code value, 0 to 255 × 64.
    blue, red : numpy.ndarray [shape=(height // 2, width // 2), dtype=int16] or None
        Cb and Cr likewise, 128 × 64 is neutral; None for grey.
    high : bool
        BT.709 matrix; False is BT.601.
    aspect : float
        Display width over height before rotation.
    rotation : int
        Degrees clockwise that a player turns the picture by: 0, 90, 180 or 270.
    side : int
        Longest side of the result in pixels.

    Returns
    -------
    bytes
        WebP.
    """
    from PIL import Image

    size = (side, max(1, round(side / aspect))) if aspect >= 1 else (max(1, round(side * aspect)), side)

    def plane(values: Int16) -> Image.Image:
        eight = np.minimum((values + np.int16(32)) >> 6, 255).astype(np.uint8)
        return Image.fromarray(eight).resize(size, Image.Resampling.BILINEAR)

    image = plane(luma)
    if blue is not None and red is not None:
        image = Image.merge("RGB", (image, plane(blue), plane(red))).convert("RGB", _to_rgb(high))
    if rotation % 360:
        image = image.rotate(-rotation, expand=True)
    return _encode(image, 60, 0)


def _to_rgb(high: bool) -> tuple[float, ...]:
    """Matrix of four columns from full-range Y, Cb, Cr to RGB: ITU-R BT.709 or BT.601."""
    kr, kb = (0.2126, 0.0722) if high else (0.299, 0.114)
    kg = 1 - kr - kb
    rows = ((0.0, 2 * (1 - kr)), (-2 * kb * (1 - kb) / kg, -2 * kr * (1 - kr) / kg), (2 * (1 - kb), 0.0))
    return tuple(value for cb, cr in rows for value in (1.0, cb, cr, -128 * (cb + cr)))


def _encode(image: Any, quality: int, effort: int) -> bytes:
    held = io.BytesIO()
    image.save(held, "WEBP", quality=quality, method=effort)
    return held.getvalue()


def as_jpeg(picture: bytes, *, quality: int = 85) -> bytes:
    """Encode a picture anew as JPEG, for programs that do not open WebP."""
    from PIL import Image

    held = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").save(held, "JPEG", quality=quality)
    return held.getvalue()


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

    font, gap, height = _font(max(11, side // 14)), 8, side * 3 // 4
    line = font.getbbox("Äg")[3] + 2
    lines = max((len(cell.lines) for cell in cells), default=0)
    across = max(1, math.ceil(math.sqrt(1.5 * len(cells) * (height + lines * line + gap) / (side + gap))))
    across = min(across, max(1, len(cells)))
    rows = math.ceil(len(cells) / across)
    head = 2 * line + gap
    step = height + lines * line + 2 * gap
    sheet = Image.new("RGB", (across * (side + gap) + gap, head + rows * step), SHEET_GROUND)
    draw = ImageDraw.Draw(sheet)
    draw.text((gap, gap), _fitting(title, font, sheet.width - 2 * gap), SHEET_INK, font)
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
            draw.text((x, y + height + 4 + number * line), _fitting(text, font, side), ink, font)
    held = io.BytesIO()
    sheet.save(held, "PNG", compress_level=3)
    return held.getvalue()


def _opened(data: bytes, size: tuple[int, int]) -> Any:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        whole = image.convert("RGB")
    scale = min(size[0] / whole.width, size[1] / whole.height)
    return whole.resize((max(1, round(whole.width * scale)), max(1, round(whole.height * scale))))


def _font(size: int) -> Any:
    """Find a font with many scripts; Pillow's own knows Latin letters only."""
    from PIL import ImageFont

    for name in SHEET_FONTS:
        with contextlib.suppress(OSError):
            return ImageFont.truetype(name, size)
    return ImageFont.load_default(size)


def _fitting(text: str, font: Any, width: int) -> str:
    """Cut a text in its middle until it fits."""
    kept = len(text)
    shown = text
    while kept > 1 and font.getlength(shown) > width:
        kept = min(kept - 1, max(1, int(kept * width / font.getlength(shown))))
        shown = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return shown


LONGEST_TAG = 8 << 20
"""Characters of one tag of a picture."""
MOST_CHUNKS = 1 << 15
"""Chunks of a PNG that are looked at: one holds its picture in pieces of a few KB."""
MOST_TEXT = 32 << 20
"""Bytes of text taken from one PNG."""
_PNG = b"\x89PNG\r\n\x1a\n"
_USER_COMMENT = 0x9286


def picture_tags(path: str | Path) -> dict[str, str]:
    """Give the text that a picture file carries: chunks of PNG, EXIF of JPEG and WebP, names in lower case.

    Nothing where the file cannot be read; the picture itself is not decoded.
    """
    from PIL import Image

    found: dict[str, str] = {}
    try:
        with open(path, "rb") as file:
            if file.read(len(_PNG)) == _PNG:
                for name, text in _png_texts(file):
                    found.setdefault(name.lower(), text)
                return found
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")  # of sizes that are of no matter here
            for key, value in image.info.items():
                if isinstance(value, str) or key in ("comment", "xmp"):
                    found[str(key).lower()] = _as_text(value)[:LONGEST_TAG]
            for name, text in _exif_texts(image.getexif()):
                found.setdefault(name, text)
    except Exception:  # a damaged file makes Pillow raise whatever comes: it says nothing
        return found
    return found


def _png_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Walk the chunks of a PNG: Pillow would decode the picture to come to those behind it."""
    from PIL import Image

    left = MOST_TEXT
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if len(head) < 8 or kind == b"IEND":
            return
        if kind not in (b"tEXt", b"zTXt", b"iTXt", b"eXIf") or length > min(left, LONGEST_TAG):
            file.seek(length + 4, io.SEEK_CUR)
            continue
        data = file.read(length)
        file.seek(4, io.SEEK_CUR)
        left -= length
        if kind == b"eXIf":
            exif = Image.Exif()
            with contextlib.suppress(Exception):  # as whatever Pillow does with a damaged one
                exif.load(data)
                yield from _exif_texts(exif)
            continue
        name, text = _png_text(kind, data)
        left -= len(text)
        if text:
            yield name, text


def _png_text(kind: bytes, data: bytes) -> tuple[str, str]:
    """Read name and text of a chunk (PNG 1.2, section 4.2.3)."""
    name, _, rest = data.partition(b"\0")
    code, packed = "latin-1", kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]
    elif kind == b"iTXt":
        code, packed = "utf-8", rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if packed:
        try:
            rest = zlib.decompressobj().decompress(rest, LONGEST_TAG)
        except zlib.error:
            rest = b""
    if code == "latin-1":
        with contextlib.suppress(UnicodeDecodeError):  # what many programs write all the same
            return name.decode("latin-1"), rest.decode("utf-8")
    return name.decode("latin-1"), rest.decode(code, "replace")


def _exif_texts(exif: Any) -> Iterator[tuple[str, str]]:
    from PIL import ExifTags

    for number, value in (*exif.items(), *exif.get_ifd(ExifTags.IFD.Exif).items()):
        text = _user_comment(value) if number == _USER_COMMENT else _as_text(value)
        if text:
            yield ExifTags.TAGS.get(number, str(number)).lower(), text[:LONGEST_TAG]


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value.strip("\0 ") if isinstance(value, str) else ""


def _user_comment(value: Any) -> str:
    """Read EXIF's comment, whose first eight bytes name its code (EXIF 2.3, table 6)."""
    if not isinstance(value, bytes):
        return _as_text(value)
    code, text = value[:8], value[8:]
    if code == b"UNICODE\0":
        # Which byte comes first is not said: what generators write holds enough plain letters to tell.
        little = text[:2] == b"\xff\xfe" or text[1::2].count(0) > text[0::2].count(0)
        return text.decode("utf-16-le" if little else "utf-16-be", "replace").strip("\0\ufeff ")
    return _as_text(text if code in (b"ASCII\0\0\0", b"\0" * 8) else value)
