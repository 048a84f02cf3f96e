"""Who in a group does not look like the rest: each clip against all the others, leave one out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._gallery import Apart
from otio_ai_audit.detectors._score import Anchors, model

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

FEATURES = ("middle", "near", "off", "hue", "hue_near", "hue_off")
"""Features of the model ``mismatch``: look distance to the others (median; mean of the two nearest), by how
much it exceeds what the others have among themselves, and the same of chroma."""
HUE = (3, 4, 5)
"""Those of ``mismatch_hue``, which speaks of another colour alone."""
FAR = (0, 1, 4)
"""Those of ``mismatch_far``, which speaks of groups where nobody looks like anybody."""
PAIR = ("look", "hue")
"""Features of ``mismatch_pair``, for a subject of two clips."""
LOOK_FLOOR, HUE_FLOOR = 0.05, 0.02
"""Least spread (1.48 MAD) that others are taken to have."""
EXACT = 40
"""Clips up to which the others' spread is worked out without the clip in question."""
REFERENCES = 1.0
"""Weight of all references together, relative to all shots."""
FACE = Anchors(calm=-0.55, half=-0.363, strong=-0.2)
"""Evidence is minus the cosine to the two most alike people of the others (OpenCV's threshold: 0.363)."""
PERSON = 0.4
"""Median cosine that people of a group have where the group is about one person."""
SURE = 0.5
"""Cosine from which a person is known, whatever else there is to see."""
AGREED, DEMAND = 0.6, 0.5
"""Of what people of a group agree above the first, the second part is demanded of everybody."""
KNOWN = 0.45
"""Highest score of a clip that shows the group's person, whatever he wears."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one clip against its group."""

    features: Floats
    """`FEATURES`, or `PAIR` in a subject of two."""
    others: Ints
    """Rows it was compared with, the most typical of them first."""
    face: float = np.nan
    """Cosine to the two most alike people, NaN where faces say nothing."""
    person: bool = False
    """The others show one person."""
    agreement: float = 0.0
    """Median cosine of the others' people to each other."""

    @property
    def pair(self) -> bool:
        return len(self.others) == 1

    @property
    def looks(self) -> float:
        """Score of looks and chroma together."""
        if self.pair:
            return float(model("mismatch_pair").score(self.features))
        far = float(model("mismatch_far").score(self.features[list(FAR)]))
        return max(far, float(model("mismatch").score(self.features)))

    @property
    def hue(self) -> float:
        """Score of chroma alone; 0 in a subject of two."""
        return 0.0 if self.pair else float(model("mismatch_hue").score(self.features[list(HUE)]))

    @property
    def likeness(self) -> float:
        """Cosine of faces, less what a group that agrees well demands."""
        return self.face - DEMAND * max(0.0, self.agreement - AGREED)

    def score(self, kind: str = "thing") -> float:
        """Score in [0, 1]; faces decide where the group is about a person."""
        looks = max(self.looks, self.hue)
        if not np.isfinite(self.face) or not (self.person or kind == "face"):
            return looks
        likeness = self.likeness
        face = float(FACE.score(-likeness))
        if kind == "face" or face >= looks:
            return face
        return min(looks, max(face, KNOWN)) if likeness >= SURE else looks


def cases(between: Apart, content: list[str], reference: Mask) -> list[Case | None]:
    """Work out each clip of a group; None for references and for clips without another medium beside them.

    Parameters
    ----------
    between
        Of the group's clips.
    content
        Keys of their media: a shot that is used twice does not speak for itself.
    reference
        Which of them are references, shape (n,).
    """
    keys = np.asarray(content)
    weight = np.ones(len(keys))
    shots = max(1, int((~reference).sum()))
    if reference.any():
        weight[reference] = REFERENCES * shots / reference.sum()
    return [None if reference[i] else _case(i, between, keys, weight) for i in range(len(keys))]


def _case(i: int, between: Apart, keys: npt.NDArray[np.str_], weight: Floats) -> Case | None:
    others = np.flatnonzero(keys != keys[i])
    if not len(others):
        return None
    faces = _faces(i, others, between.face)
    look, hue = between.look[i, others], between.hue[i, others]
    if len(others) == 1:
        return Case(np.array([look[0], hue[0]]), others, *faces)
    middle, chroma = _median(look, weight[others]), _median(hue, weight[others])
    usual_look = _usual(i, others, between.look, keys, weight)
    usual_hue = _usual(i, others, between.hue, keys, weight)
    features = np.array(
        [
            middle,
            float(np.sort(look)[:2].mean()),
            _away(middle, usual_look, LOOK_FLOOR),
            chroma,
            float(np.sort(hue)[:2].mean()),
            _away(chroma, usual_hue, HUE_FLOOR),
        ]
    )
    typical = others[np.argsort(usual_look - 1e-3 * weight[others], kind="stable")]
    return Case(features, typical, *faces)


def _usual(i: int, others: Ints, distance: Floats, keys: npt.NDArray[np.str_], weight: Floats) -> Floats:
    """Median distance of each of the others to the rest of them, shape (others,)."""
    rows = others if len(others) <= EXACT else np.append(others, i)
    out = np.empty(len(others))
    for k, j in enumerate(others):
        rest = rows[keys[rows] != keys[j]]
        out[k] = _median(distance[j, rest], weight[rest]) if len(rest) else distance[i, j]
    return out


def _away(value: float, usual: Floats, floor: float) -> float:
    """How many spreads of the others a value lies above their median, compressed beyond 1."""
    centre = float(np.median(usual))
    spread = max(1.4826 * float(np.median(np.abs(usual - centre))), floor)
    away = (value - centre) / spread
    return float(np.sign(away) * np.log1p(np.abs(away)))


def _faces(i: int, others: Ints, face: Floats) -> tuple[float, bool, float]:
    """Mean cosine to the two most alike people of the others, whether those agree on one, and how well."""
    own = face[i, others]
    seen = others[np.isfinite(own)]
    if not len(seen):
        return float("nan"), False, 0.0
    best = float(np.sort(own[np.isfinite(own)])[-2:].mean())
    if len(seen) < 2:
        return best, False, 0.0
    among = face[np.ix_(seen, seen)][np.triu_indices(len(seen), 1)]
    agreement = float(np.median(among))
    return best, agreement >= PERSON and len(seen) > len(others) / 2, agreement


def _median(values: Floats, weight: Floats) -> float:
    """Weighted median: the mean of the lower and the upper one."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    half = 0.5 * total[-1]
    low = int(np.searchsorted(total, half - 1e-9))
    high = int(np.searchsorted(total, half + 1e-9))
    return 0.5 * float(values[order[low]] + values[order[min(high, len(values) - 1)]])
