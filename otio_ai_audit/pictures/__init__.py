"""Small pictures for people (WebP thumbnails, contact sheets) and the texts in pictures, by Pillow."""

from __future__ import annotations

from otio_ai_audit.pictures.letters import BASE, lettering, paragraph
from otio_ai_audit.pictures.panels import Caption, Panel, comparison
from otio_ai_audit.pictures.sheet import Cell, contact_sheet
from otio_ai_audit.pictures.small import STRIP_SIDE, as_jpeg, palette_png, thumbnail, webp
from otio_ai_audit.pictures.tags import LONGEST_TAG, picture_tags

__all__ = [
    "BASE",
    "LONGEST_TAG",
    "STRIP_SIDE",
    "Caption",
    "Cell",
    "Panel",
    "as_jpeg",
    "comparison",
    "contact_sheet",
    "lettering",
    "palette_png",
    "paragraph",
    "picture_tags",
    "thumbnail",
    "webp",
]
