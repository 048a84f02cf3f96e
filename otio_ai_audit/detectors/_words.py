"""What differs between a clip and the others of its group, in words that a person would use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from otio_ai_audit.detectors._delta_e import Floats, delta_e, hue_name
from otio_ai_audit.detectors._gallery import Glance
from otio_ai_audit.detectors._groups import FOUND, Party
from otio_ai_audit.detectors._hue import raster
from otio_ai_audit.detectors._odd import FACE, Case
from otio_ai_audit.model import NOTE, WARNING

MOVED = 0.12
"""Share of the common chroma that has to be missing for a colour to be named."""
HUE_OFF = 1.2
"""Compressed spreads (see `_odd`) from which colour is said to differ."""
PAIR_HUE = 0.12
"""Chroma distance from which two clips differ in colour."""
LIGHTNESS = 60.0
"""CIELAB lightness at which two chromas are compared."""


@dataclass(frozen=True, slots=True)
class Change:
    """What differs."""

    face: bool
    shape: bool
    colour: bool
    usual: str = ""
    """Name of the colour that the others have in common and this one lacks."""
    here: str = ""
    """Name of the colour that stands in for it."""
    delta: float | None = None
    """CIEDE2000 of the two at equal lightness."""


def difference(one: Glance, others: Sequence[Glance], case: Case) -> Change:
    """Say what differs: face, shape, colour, and which colour became which."""
    face = bool(np.isfinite(case.face) and case.likeness < -FACE.half and case.person)
    hue = case.features[1] > PAIR_HUE if case.pair else case.hue >= NOTE or case.features[-1] > HUE_OFF
    shape = case.pair or case.looks > case.hue
    usual, here, delta = _colours(one.chroma, [other.chroma for other in others])
    return Change(face, bool(shape or not hue), bool(hue), usual, here, delta)


def _colours(own: Floats, others: Sequence[Floats]) -> tuple[str, str, float | None]:
    """Names of the common colour that is missing and of what stands there instead, and their ΔE."""
    if len(own) != len(raster()):
        return "", "", None
    table = np.stack([values**2 for values in others])
    common, most = np.quantile(table, 0.3, axis=0), np.quantile(table, 0.9, axis=0)
    missing, extra = np.maximum(common - own**2, 0.0), np.maximum(own**2 - most, 0.0)
    if missing.sum() < MOVED * max(float(common.sum()), 1e-6) or extra.sum() < 0.02:
        return "", "", None
    at, to = _middle(missing), _middle(extra)
    first, second = hue_name(*at), hue_name(*to)
    apart = delta_e(np.array([LIGHTNESS, *at]), np.array([LIGHTNESS, *to]))
    return first, second, float(apart)


def _middle(weight: Floats) -> tuple[float, float]:
    """Where the strongest quarter of a density lies, (a*, b*)."""
    strong = weight >= 0.5 * weight.max()
    a, b = (raster()[strong] * weight[strong, None]).sum(axis=0) / weight[strong].sum()
    return float(a), float(b)


def sentence(change: Change, case: Case, party: Party, score: float) -> str:
    """Say what differs, and from what."""
    parts = [
        word
        for word, said in (("face", change.face), ("shape", change.shape), ("colour", change.colour))
        if said
    ]
    named = change.colour and change.usual and change.here and change.usual != change.here
    whom = "the other clip" if case.pair else "the other shots"
    if party.source != FOUND:
        whom = f"{'the other clip' if case.pair else 'the other shots'} of {party.name}"
    what = " and ".join(parts).capitalize()
    verb = "differ" if len(parts) > 1 else "differs"
    text = f"{what} {verb} from {whom}"
    if named:
        text += f": {change.here} where they are {change.usual}"
    if case.pair:
        text += "; one of the two is off" if score >= WARNING else ""
    return f"{text}."
