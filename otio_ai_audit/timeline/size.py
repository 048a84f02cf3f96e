"""How large the picture of a timeline is, as far as its file says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import opentimelineio as otio

from otio_ai_audit.timeline.effects import RESOLVE
from otio_ai_audit.timeline.fcpx_read import MARK

_LARGEST = 1 << 15


def size_of(tl: otio.schema.Timeline) -> tuple[int, int] | None:
    """Width and height in square pixels, where the edit says it.

    DaVinci Resolve says it in .drt and .drp, not in OTIO; FCPXML and FCP7 XML in a sequence’s format.
    """
    told = _under(tl.metadata, RESOLVE).get("Resolution") or _under(tl.metadata, MARK).get("size")
    if told is not None and len(told) == 2:
        return _checked(*told)
    form = _under(tl.metadata, "fcp_xml", "media", "video", "format", "samplecharacteristics")
    if str(form.get("pixelaspectratio") or "square").lower() == "square":
        return _checked(form.get("width"), form.get("height"))
    return None


def _under(told: Any, *keys: str) -> Mapping[str, Any]:
    """Follow keys into metadata; empty where one is not there."""
    for key in keys:
        told = told.get(key) if isinstance(told, Mapping) else None
    return told if isinstance(told, Mapping) else {}


def _checked(width: Any, height: Any) -> tuple[int, int] | None:
    try:
        size = int(width), int(height)
    except (TypeError, ValueError):
        return None
    return size if all(0 < side <= _LARGEST for side in size) else None
