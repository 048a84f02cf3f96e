"""Where takes come from: what stands in the files, as records keep it, and what lies beside them.

Both are remembered for the whole of a run, so that a watch over many takes reads only what is new.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .. import provenance
from ..model import Provenance
from ..store import Store
from .session import Item

CHUNK = 2000
"""Records read at once."""


@dataclass(slots=True)
class Origins:
    """Provenance by content, and of sidecars by path."""

    store: Store
    basis: str
    _inside: dict[str, Provenance] = field(default_factory=dict)
    _beside: dict[Path, tuple[tuple[int, int], Provenance]] = field(default_factory=dict)

    def of(self, items: Mapping[str, Item]) -> Iterator[tuple[str, Item, Provenance]]:
        """Give every take with its origin, in order."""
        folders: dict[Path, frozenset[str]] = {}
        labels = list(items)
        for start in range(0, len(labels), CHUNK):
            some = labels[start : start + CHUNK]
            self._read({items[label].key for label in some if items[label].done} - {""})
            for label in some:
                item = items[label]
                inside = self._inside.get(item.key, Provenance())
                yield label, item, provenance.join(inside, *self._sidecars(Path(item.media.path), folders))

    def _read(self, keys: set[str]) -> None:
        fresh = keys - self._inside.keys()
        if fresh:
            records = self.store.load_takes(fresh, self.basis, whole=False)
            self._inside.update({key: record.provenance for key, record in records.items()})

    def _sidecars(self, path: Path, folders: dict[Path, frozenset[str]]) -> list[Provenance]:
        """Read what lies beside a medium; every folder is listed once for all of its media."""
        folder = path.parent
        if folder not in folders:
            try:
                names = frozenset(name for name in os.listdir(folder) if name.lower().endswith(".json"))
            except OSError:
                names = frozenset()
            folders[folder] = names
        if not folders[folder]:
            return []
        return [self._sidecar(beside) for beside in provenance.sidecars_of(path, folders[folder])]

    def _sidecar(self, path: Path) -> Provenance:
        try:
            status = path.stat()
            stamp = (status.st_size, status.st_mtime_ns)
            known = self._beside.get(path)
            if known is None or known[0] != stamp:
                known = self._beside[path] = (stamp, provenance.from_sidecar(path.read_bytes(), "sidecar"))
        except OSError:
            return Provenance()  # it has just gone
        return known[1]
