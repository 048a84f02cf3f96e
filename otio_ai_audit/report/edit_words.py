"""Evidence of a finding as a person says it, with units: the page of an edit has room for it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from .text import clean, evidence_words, one_line

_LEVELS = "{} of 255 levels"
_AWAY = "{} (0 is the same look)"
_ALIKE = "{} (1 is the same)"

_WORDS = {
    "amplitude_cv": ("Strength", _LEVELS),
    "percent": ("Relative strength", "{} % of the brightness"),
    "frequency_hz": ("How often", "{} times a second"),
    "period_frames": ("Repeats", "every {} frames"),
    "frames": ("Length", "{} frames"),
    "seconds": ("Length", "{} s"),
    "kind": ("Kind", "{}"),
    "grain_cv": ("Grain that still moves", _LEVELS),
    "rule": ("Rule", "{}"),
    "flashes": ("Flashes", "{} within one second"),
    "changes": ("Changes of light", "{} within one second"),
    "area_percent": ("Area", "{} % of the picture"),
    "luminance_change_cdm2": ("Change of light", "{} cd/m²"),
    "red_change": ("Change of saturated red", "{}"),
    "change_cv": ("Change of the picture", _LEVELS),
    "histogram_distance": ("Change of tones", "{} (0 is the same)"),
    "likeness": ("Likeness before and after", _ALIKE),
    "cosine_distance": ("Look, from the others", _AWAY),
    "others_distance": ("The others, among themselves", _AWAY),
    "chroma_distance": ("Colours, from the others", _AWAY),
    "clips": ("Compared", "{} clips"),
    "delta_e": ("Difference of colour", "{} ΔE (CIEDE2000)"),
    "max_delta_e": ("Allowed difference", "{} ΔE (CIEDE2000)"),
    "face_cosine": ("Likeness of the faces", _ALIKE),
    "face_cosine_distance": ("Face, from the reference", _AWAY),
    "look_cosine_distance": ("Look, from the reference", _AWAY),
    "palette_distance": ("Colours, from the reference", _AWAY),
    "grown_cv": ("Growth of the difference", _LEVELS),
    "cue": ("Told by", "{}"),
    "pace": ("Pace", "{}"),
}
"""Key of a finding's evidence → its name, and its value in a sentence."""


def plain_words(evidence: Mapping[str, float | str]) -> list[tuple[str, str]]:
    """Evidence as (name, value with its unit); what is not known by name stands as elsewhere."""
    said = []
    for key, value in evidence.items():
        words = _WORDS.get(key)
        said.append(_said(value, *words) if words else evidence_words({clean(key): value})[0])
    return said


def _said(value: float | str, name: str, sentence: str) -> tuple[str, str]:
    shown = value.item() if isinstance(value, np.generic) else value
    if isinstance(shown, bool) or not isinstance(shown, int | float):
        return name, one_line(shown)
    if not math.isfinite(shown):
        return name, "unknown"
    text = sentence.format(f"{shown:.3g}" if abs(shown) < 1000 else f"{shown:.0f}")
    return name, text.removesuffix("s") if shown == 1 and text in ("1 frames", "1 clips") else text
