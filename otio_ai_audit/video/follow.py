"""Whether numbered pictures are frames of one shot, or photos that somebody numbered."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from otio_ai_audit.errors import MediaError
from otio_ai_audit.model import Media
from otio_ai_audit.video.read import read_frames

LEAST_ALIKE = 0.85
"""Correlation of small luma from which on neighbours follow each other. Measured on 195 videos and 33 sets of
photos of one thing: half the neighbours are above it in all but 8 videos (most remade frame by frame), and
in 2 of the sets."""
LOOKED_AT = 6
_SIDE = 32


def follow(paths: Sequence[Path]) -> bool:
    """Whether pictures follow each other as the frames of a shot do.

    Parameters
    ----------
    paths : Sequence[Path]
        In order of their numbers; the first `LOOKED_AT` are opened.

    Returns
    -------
    bool
        False where they differ in size, or where more than half of the neighbours have little in common.
        True where a picture cannot be opened: whoever reads the sequence says so.
    """
    small: list[npt.NDArray[np.float64]] = []
    sizes = set()
    for path in paths[:LOOKED_AT]:
        try:
            with read_frames(Media(str(path), kind="still")) as reader:
                frame = next(iter(reader))
        except (MediaError, StopIteration):
            return True
        sizes.add((frame.width, frame.height))
        luma = frame.planes[0][: frame.height, : frame.width] >> frame.shift
        small.append(_reduced(luma.astype(np.float64)))
    if len(sizes) > 1:
        return False
    alike = [_correlation(one, other) for one, other in pairwise(small)]
    return not alike or float(np.median(alike)) >= LEAST_ALIKE


def _reduced(luma: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean luma of at most 32 × 32 blocks."""
    rows, columns = (np.unique(np.arange(_SIDE) * length // _SIDE) for length in luma.shape)
    sums = np.add.reduceat(np.add.reduceat(luma, rows, axis=0), columns, axis=1)
    heights = np.diff(np.append(rows, luma.shape[0]))
    widths = np.diff(np.append(columns, luma.shape[1]))
    return np.asarray(sums / heights[:, None] / widths, np.float64)


def _correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Pearson's correlation; a flat picture (black, a fade) goes with everything."""
    spread = one.std() * other.std()
    if spread < 1e-6:
        return 1.0
    return float(((one - one.mean()) * (other - other.mean())).mean() / spread)
