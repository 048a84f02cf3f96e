"""Loops over planes, grids and motion: the only room that imports numba.

Importing this package is cheap; numba is loaded when the first function is used, and a kernel is
compiled (or read from the cache) when it is first called. `warmup` does both at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cache import cache_dir, source_hash
from .grid import CELL, Grid

if TYPE_CHECKING:
    from .pictures import (
        Pair,
        Planes,
        Side,
        Small,
        Stats,
        block_flow,
        cell_counts,
        compensate,
        grid_of,
        likeness,
        pair_flow,
        picture_stats,
        shrink_frame,
        skip_error,
    )
    from .warm import warmup

_LATER = {
    "Pair": "pictures",
    "Planes": "pictures",
    "Side": "pictures",
    "Small": "pictures",
    "Stats": "pictures",
    "block_flow": "pictures",
    "cell_counts": "pictures",
    "compensate": "pictures",
    "grid_of": "pictures",
    "likeness": "pictures",
    "pair_flow": "pictures",
    "picture_stats": "pictures",
    "shrink_frame": "pictures",
    "skip_error": "pictures",
    "warmup": "warm",
}

__all__ = [
    "CELL",
    "Grid",
    "Pair",
    "Planes",
    "Side",
    "Small",
    "Stats",
    "block_flow",
    "cache_dir",
    "cell_counts",
    "compensate",
    "grid_of",
    "likeness",
    "pair_flow",
    "picture_stats",
    "shrink_frame",
    "skip_error",
    "source_hash",
    "warmup",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LATER[name]}", __name__), name)
