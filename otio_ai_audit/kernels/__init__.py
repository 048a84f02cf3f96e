"""Loops over planes, grids and motion: the only room that imports numba.

Importing this package is cheap; numba is loaded when the first function is used, and a kernel is
compiled (or read from the cache) when it is first called. `warmup` does both at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .cache import cache_dir, source_hash
from .grid import CELL, Grid

if TYPE_CHECKING:
    from .pictures import Planes, Small, grid_of, shrink_frame
    from .rgb import rgb_picture
    from .series import Series, block_flow
    from .warm import warmup

__all__ = [
    "CELL",
    "Grid",
    "Planes",
    "Series",
    "Small",
    "block_flow",
    "cache_dir",
    "grid_of",
    "rgb_picture",
    "shrink_frame",
    "source_hash",
    "warmup",
]

_LATER = {
    "Planes": "pictures",
    "Series": "series",
    "Small": "pictures",
    "block_flow": "series",
    "grid_of": "pictures",
    "rgb_picture": "rgb",
    "shrink_frame": "pictures",
    "warmup": "warm",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = found  # asked once
    return found
