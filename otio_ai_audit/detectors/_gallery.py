"""What a clip looks like in a few views, and how far two clips are apart.

A clip is held as its sampled frames; of these at most three *views* stand for it, so that a front and
a side of the same thing do not fight. Two clips are as far apart as their two best pairs of views (their
best one, where one of them has but one view), and two views as far as their nearest regions: a thing that
fills one picture may stand in the middle of another.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from otio_ai_audit.detectors._hue import chroma
from otio_ai_audit.detectors._score import calibration
from otio_ai_audit.detectors._view import look as view_of
from otio_ai_audit.model import ClipUse, Float32

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

VIEWS = 3
"""Views that stand for a clip at most."""
BEST = 2
"""Pairs of views that count between two clips."""
BLOCK = 64
"""Clips compared with all others at a time."""
SURE = 0.75
"""Confidence from which a face counts."""
TURNED = 0.4
"""Turn of a face, in distances of the eyes, up to which it counts: profiles of one person differ."""
LARGE = 0.06
"""Height of a face, as a share of the picture's, from which it counts."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What one use shows of its medium."""

    use: ClipUse
    times: Floats
    """Seconds of the shown samples, shape (S,)."""
    look: Float32
    """Mapped unit vectors of each region, shape (S, R, D)."""
    chroma: Floats
    """Chroma of the subject's regions, mean over the views, unit length, shape (G,); see `_hue.chroma`."""
    views: Ints
    """Samples that stand for the clip, shape (V,), the most typical one first."""
    faces: Float32
    """Unit vectors of the people that are seen well, shape (P, 128)."""

    @property
    def content(self) -> str:
        """Key of the medium: uses of one medium say nothing about each other."""
        return self.use.signals.key if self.use.signals is not None else self.use.media.path

    @property
    def typical(self) -> float:
        """Seconds of the frame that stands for the clip."""
        return float(self.times[self.views[0]])


@dataclass(frozen=True, slots=True)
class Apart:
    """How far clips are apart, each array of shape (n, n) and symmetrical."""

    look: Floats
    """Cosine distance of mapped looks, 0–2."""
    hue: Floats
    """Distance of chroma, 0–1; see `_hue.apart`."""
    face: Floats
    """Cosine of the most alike people of both, NaN where one shows nobody."""

    def among(self, rows: Ints) -> Apart:
        """Only some clips."""
        at = np.ix_(rows, rows)
        return Apart(self.look[at], self.hue[at], self.face[at])


def glance(use: ClipUse) -> Glance | None:
    """Return what a use shows, or None where nothing of it was looked at.

    Samples outside the visible range, under a dissolve and of black frames are left out; where only
    those are left, those in the visible range count.
    """
    signals = use.signals
    if signals is None or signals.identity is None or not len(signals.identity.sample):
        return None
    own = signals.identity
    if use.reference:
        shown = np.arange(len(own.sample))
    else:
        view = view_of(use)
        if view is None:
            return None
        shown = np.flatnonzero(view.judged[own.sample])
        if not len(shown):
            shown = np.flatnonzero(view.visible[own.sample])
    if not len(shown):
        return None
    looks = mapped(own.look[shown])
    views = _views(looks)
    return Glance(
        use,
        signals.times[own.sample[shown]],
        looks,
        _chroma(own.colour[shown[views]]),
        views,
        _people(use, shown),
    )


def _chroma(colour: Float32) -> Floats:
    root = chroma(colour).mean(axis=0)
    return np.asarray(root / max(float(np.linalg.norm(root)), 1e-9), dtype=np.float64)


def mapped(look: Float32) -> Float32:
    """Take the mean look of everything out of unit vectors, and damp what varies within one subject.

    The calibration's ``looks`` hold the mean and the damped directions, found on labelled pictures of
    the same things (within-class covariance normalisation, Hatch et al., Interspeech 2006, kept to the
    directions that vary most). Without them, or for vectors of another length, looks stay as they are.

    Parameters
    ----------
    look
        Shape (..., D).

    Returns
    -------
    ndarray
        Unit vectors, shape (..., D), float32.
    """
    table = calibration().get("looks")
    if table is None:
        return look
    mean, directions, kept = _map(str(table["mean"]), str(table["directions"]), tuple(table["kept"]))
    if len(mean) != look.shape[-1]:
        return look
    moved = look.astype(np.float32) - mean
    moved /= np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-6)
    moved -= ((moved @ directions.T) * (1 - kept)) @ directions
    moved /= np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-6)
    return np.asarray(moved, dtype=np.float32)


def packed(values: npt.NDArray[Any]) -> str:
    """Write an array as base64 of float16, row by row."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f2").tobytes()).decode()


@lru_cache(maxsize=16)
def _map(mean: str, directions: str, kept: tuple[float, ...]) -> tuple[Float32, Float32, Float32]:
    held = [np.frombuffer(base64.b64decode(text), dtype="<f2") for text in (mean, directions)]
    first, second = (values.astype(np.float32) for values in held)
    return first, second.reshape(len(kept), -1), np.asarray(kept, dtype=np.float32)


def _views(look: Float32) -> Ints:
    """Choose samples that stand for all: the medoid, then the ones farthest from those chosen."""
    count = len(look)
    flat = _nearest_regions(look, look)
    chosen = [int(flat.sum(axis=1).argmin())]
    while len(chosen) < min(VIEWS, count):
        away = flat[:, chosen].min(axis=1)
        chosen.append(int(away.argmax()))
    return np.asarray(chosen, dtype=np.int64)


def _nearest_regions(one: Float32, other: Float32) -> Floats:
    """Least cosine distance over pairs of regions, shapes (A, R, D) and (B, R, D) to (A, B)."""
    a, regions, size = one.shape
    product = one.reshape(-1, size) @ other.reshape(-1, size).T
    best = product.reshape(a, regions, len(other), regions).max(axis=(1, 3))
    return np.asarray(1.0 - best, dtype=np.float64)


def _people(use: ClipUse, shown: Ints) -> Float32:
    """Mean vector of each person who is seen well in the shown samples, the most often seen first."""
    assert use.signals is not None and use.signals.identity is not None
    own = use.signals.identity
    well = np.isin(own.face_sample, shown) & (own.face_sure >= SURE) & (own.face_box[:, 3] >= LARGE)
    well &= np.abs(own.face_turn) <= TURNED
    found: list[tuple[int, Float32]] = []
    for track in np.unique(own.face_track[well]):
        rows = np.flatnonzero(well & (own.face_track == track))
        vector = own.face[rows].astype(np.float32).mean(axis=0)
        found.append((len(rows), vector / max(float(np.linalg.norm(vector)), 1e-6)))
    found.sort(key=lambda one: -one[0])
    if not found:
        return np.zeros((0, own.face.shape[-1]), dtype=np.float32)
    return np.stack([vector for _, vector in found])


def apart(glances: Sequence[Glance]) -> Apart:
    """Compare all clips with each other."""
    count = len(glances)
    looks = np.full((count, count), 0.0)
    views = [one.look[one.views] for one in glances]
    sizes = np.array([len(view) for view in views], dtype=np.int64)
    ends = np.cumsum(sizes)
    everything = np.concatenate(views) if views else np.zeros((0, 1, 1), np.float32)
    for first in range(0, count, BLOCK):
        last = min(count, first + BLOCK)
        start = int(ends[first] - sizes[first])
        table = _nearest_regions(everything[start : int(ends[last - 1])], everything)
        row = 0
        for i in range(first, last):
            own = table[row : row + sizes[i]]
            row += int(sizes[i])
            looks[i] = _best(own, sizes, ends)
    looks = np.maximum(0.5 * (looks + looks.T), 0.0)
    np.fill_diagonal(looks, 0.0)
    root = np.stack([one.chroma for one in glances]) if glances else np.zeros((0, 1))
    hues = np.maximum(1.0 - root @ root.T, 0.0)
    np.fill_diagonal(hues, 0.0)
    return Apart(looks, hues, _alike(glances))


def _best(own: Floats, sizes: Ints, ends: Ints) -> Floats:
    """Mean of the two best pairs of views of one clip with every other, shapes (V, ΣV) to (n,)."""
    padded = np.full((len(sizes), VIEWS * len(own)), np.inf)
    for k in range(VIEWS):
        there = sizes > k
        at = (ends - sizes + k)[there]
        padded[there, k * len(own) : (k + 1) * len(own)] = own[:, at].T
    two = np.sort(padded, axis=1)[:, :BEST]
    least = two[:, 0]
    if two.shape[1] < BEST or len(own) < BEST:
        return np.asarray(least, dtype=np.float64)
    # A clip of one view can match only one of another's.
    return np.asarray(np.where(sizes >= BEST, two.mean(axis=1), least), dtype=np.float64)


def _alike(glances: Sequence[Glance]) -> Floats:
    count = len(glances)
    out = np.full((count, count), np.nan)
    seen = [i for i, one in enumerate(glances) if len(one.faces)]
    for place, i in enumerate(seen):
        for j in seen[place:]:
            out[i, j] = out[j, i] = float((glances[i].faces @ glances[j].faces.T).max())
    return out


def farthest_sample(one: Glance, others: Sequence[Glance]) -> tuple[int, float]:
    """Sample of a clip that is farthest from what the others show, and its median distance to them."""
    away = np.stack([_nearest_regions(one.look, other.look[other.views]).min(axis=1) for other in others])
    middle = np.median(away, axis=0)
    worst = int(middle.argmax())
    return worst, float(middle[worst])
