"""The text that picture files carry: chunks of PNG, EXIF."""

from __future__ import annotations

import contextlib
import io
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

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
