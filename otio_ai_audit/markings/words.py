"""The words and colours of markers, each in this one place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..model import SeenMarker

RESOLVE_COLORS = (
    "Blue",
    "Cyan",
    "Green",
    "Yellow",
    "Red",
    "Pink",
    "Purple",
    "Fuchsia",
    "Rose",
    "Lavender",
    "Sky",
    "Mint",
    "Lemon",
    "Sand",
    "Cocoa",
    "Cream",
)
"""Marker colours of DaVinci Resolve, in the order of its scripting README."""

OTIO_COLORS: Mapping[str, str] = {
    **{name: name.upper() for name in ("Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple")},
    "Fuchsia": "MAGENTA",
    "Rose": "RED",
    "Lavender": "PURPLE",
    "Sky": "BLUE",
    "Mint": "GREEN",
    "Lemon": "YELLOW",
    "Sand": "ORANGE",
    "Cocoa": "BLACK",
    "Cream": "WHITE",
}
"""Resolve's colour → OTIO's. Only Cyan and Mint are proven by files that Resolve wrote."""

COLORS: Mapping[str, str] = {
    "flicker": "Lemon",
    "pop": "Lemon",
    "drift": "Fuchsia",
    "mismatch": "Fuchsia",
    "freeze": "Sky",
    "cut": "Sky",
    "dead": "Sky",
    "flash": "Rose",
}
"""Detector → colour of its markers."""

OTHER_COLOR = "Sky"
"""For a detector that has no line in `COLORS`."""

OUR_COLOR = "Cream"
"""Summary and not-checked markers."""

LABELS: Mapping[str, tuple[str, ...]] = {
    "flicker": ("flicker", "boiling", "boil"),
    "pop": ("pop", "jump", "tail"),
    "drift": ("drift",),
    "mismatch": ("mismatch",),
    "freeze": ("freeze", "cadence"),
    "cut": ("hidden cut", "cut"),
    "dead": ("black", "blank", "damaged", "file ends early", "missing frames"),
    "flash": ("flash limit", "red flash limit", "flash"),
}
"""Detector → the words that its markers' names begin with."""

SUMMARY = "AUDIT"
UNCHECKED = "NOT CHECKED"


def is_summary(marker: SeenMarker) -> bool:
    """Whether a marker of ours is (or was) the summary."""
    return bool(marker.ids) and not is_unchecked(marker) and is_us(marker, SUMMARY)


def is_unchecked(marker: SeenMarker) -> bool:
    """Whether a marker of ours says that a clip could not be looked at."""
    return bool(marker.ids) and is_us(marker, UNCHECKED)


def is_us(marker: SeenMarker, name: str) -> bool:
    """Whether a marker's name says that it speaks for no finding."""
    return not marker.findings and marker.name.strip().casefold().startswith(name.casefold())


def labels_of(detector: str, label: str = "") -> tuple[str, ...]:
    """Give every word by which a person may call a finding, lower case, longest first."""
    words = {detector, label, *LABELS.get(detector, ())}
    return tuple(sorted((word.casefold() for word in words if word), key=lambda word: (-len(word), word)))


def named(marker_name: str, labels: Iterable[str]) -> bool:
    """Whether a marker's name begins with one of these labels."""
    name = marker_name.strip().casefold()
    return any(re.match(rf"{re.escape(label)}(?!\w)", name) for label in labels)
