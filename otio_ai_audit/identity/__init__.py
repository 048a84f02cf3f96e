"""What things look like: the only room that imports onnxruntime and onnx.

Networks are read out of installed packages, never fetched, and run on one thread of the processor.
Importing this package is cheap: onnxruntime is loaded and a network read when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cropping import crops
    from .faces import Faces, Sightings, align
    from .hues import colours
    from .linking import tracks
    from .looks import LOOK_SIZE, SIDE, STILL_SIDE, embed
    from .weights import cache_dir, version, warmup

__all__ = [
    "LOOK_SIZE",
    "SIDE",
    "STILL_SIDE",
    "Faces",
    "Sightings",
    "align",
    "cache_dir",
    "colours",
    "crops",
    "embed",
    "tracks",
    "version",
    "warmup",
]

_LATER = {
    "LOOK_SIZE": "looks",
    "SIDE": "looks",
    "STILL_SIDE": "looks",
    "Faces": "faces",
    "Sightings": "faces",
    "align": "faces",
    "cache_dir": "weights",
    "colours": "hues",
    "crops": "cropping",
    "embed": "looks",
    "tracks": "linking",
    "version": "weights",
    "warmup": "weights",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = found  # asked once
    return found
