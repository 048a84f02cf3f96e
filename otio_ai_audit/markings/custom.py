"""Custom data of a live marker: what people do not see and we know it by."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OURS = re.compile(r"^otio_ai_audit \d+ (?P<color>[A-Za-z]+)(?P<ids>(?: [0-9a-f]{6})*)\s*$")


def custom_data(color: str, ids: Iterable[str]) -> str:
    """Write custom data: ``otio_ai_audit 1 Lemon a7f3c1 b20e4d`` (schema, our colour, ids)."""
    return " ".join(["otio_ai_audit", "1", color, *ids])


def split_custom(custom: str) -> tuple[str, tuple[str, ...]]:
    """Read our colour and the ids from custom data; empty where it is not ours."""
    found = _OURS.match(custom)
    return (found["color"], tuple(found["ids"].split())) if found else ("", ())
