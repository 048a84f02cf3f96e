"""Where takes come from: what stands in the files, as records keep it, and what lies beside them.

Both are remembered for the whole of a run, so that a watch over many takes reads only what is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .. import provenance
from ..model import Provenance
from ..origin import Beside
from ..store import Store
from .session import Item

CHUNK = 1000
"""Records read at once."""


@dataclass(slots=True)
class Origins:
    """Provenance by content, and of sidecars by path."""

    store: Store
    basis: str
    _inside: dict[str, Provenance] = field(default_factory=dict)
    _beside: Beside = field(default_factory=Beside)

    def of(self, items: Mapping[str, Item]) -> Iterator[tuple[str, Item, Provenance]]:
        """Give every take with its origin, in order."""
        self._beside.look_again()
        labels = list(items)
        for start in range(0, len(labels), CHUNK):
            some = labels[start : start + CHUNK]
            self._read({items[label].key for label in some if items[label].done} - {""})
            for label in some:
                item = items[label]
                inside = self._inside.get(item.key, Provenance())
                yield label, item, provenance.join(inside, *self._beside.of(Path(item.media.path)))

    def _read(self, keys: set[str]) -> None:
        fresh = keys - self._inside.keys()
        if fresh:
            records = self.store.load_takes(fresh, self.basis, whole=False)
            self._inside.update({key: record.provenance for key, record in records.items()})
