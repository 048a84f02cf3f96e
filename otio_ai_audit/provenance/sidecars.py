"""Files beside a medium that say how it was made."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from ..model import Provenance
from .tags import from_json, join
from .values import as_json

LARGEST = 32 << 20
"""Bytes of a file that is read."""
ENDS = (
    ".json",
    "_metadata.json",
    ".metadata.json",
    "_meta.json",
    ".meta.json",
    "_info.json",
    ".info.json",
    "_prompt.json",
    "_params.json",
)


def sidecars_of(path: Path, names: Collection[str]) -> list[Path]:
    """Say which files of its folder belong to a medium, by their names.

    Parameters
    ----------
    path
        The medium.
    names
        Names of the files in its folder.

    Returns
    -------
    list of Path
        ``x.json``, ``x.mp4.json``, ``x_metadata.json`` and the like, of ``x.mp4``.
    """
    wanted = [f"{stem}{end}" for stem in (path.name, path.stem) for end in ENDS]
    return [path.with_name(name) for name in dict.fromkeys(wanted) if name in names]


def from_sidecar(data: bytes, source: str) -> Provenance:
    """Read a JSON file beside a medium; nothing where it is none, or speaks of something else."""
    if len(data) > LARGEST:
        return Provenance()
    found = as_json(data.decode(json.detect_encoding(data), "replace"))
    return Provenance() if found is None else join(*from_json(found, source))
