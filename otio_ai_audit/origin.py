"""Where a medium comes from: what stands in its files, and what lies beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from . import pictures, provenance, video
from .model import ClipUse, Media, Provenance
from .store import Store

KIND = "origin"
"""Kind of these blobs in the store."""


def inside(media: Media, tags: Mapping[str, str]) -> Provenance:
    """Read what stands in a medium itself.

    Parameters
    ----------
    media
    tags
        `video.tags` of it.
    """
    files = media.files()
    if not files:
        return Provenance()
    found = [provenance.from_tags(tags, "container tags")]
    if media.kind != "video":
        found.append(provenance.from_tags(pictures.picture_tags(files[0]), "picture tags"))
    return provenance.join(*found, provenance.from_manifest(files[0]))


@dataclass(slots=True)
class Beside:
    """What lies beside media; files that did not change are read once."""

    _read: dict[Path, tuple[tuple[int, int], Provenance]] = field(default_factory=dict)
    _names: dict[Path, frozenset[str]] = field(default_factory=dict)

    def look_again(self) -> None:
        """Forget what lies in folders, but not what was read."""
        self._names.clear()

    def of(self, path: Path) -> list[Provenance]:
        """Give what the files beside a medium say."""
        folder = path.parent
        if folder not in self._names:
            try:
                names = frozenset(name for name in os.listdir(folder) if name.lower().endswith(".json"))
            except OSError:
                names = frozenset()
            self._names[folder] = names
        if not self._names[folder]:
            return []
        return [self._sidecar(one) for one in provenance.sidecars_of(path, self._names[folder])]

    def _sidecar(self, path: Path) -> Provenance:
        try:
            status = path.stat()
            stamp = (status.st_size, status.st_mtime_ns)
            known = self._read.get(path)
            if known is None or known[0] != stamp:
                known = self._read[path] = (stamp, provenance.from_sidecar(path.read_bytes(), "sidecar"))
        except OSError:
            return Provenance()  # it has just gone
        return known[1]


def origin_of(media: Media) -> Provenance:
    """Read all that is said of one medium."""
    return provenance.join(inside(media, video.tags(media)), *Beside().of(Path(media.path)))


def origins_of(uses: Sequence[ClipUse], store: Store) -> dict[str, Provenance]:
    """Give the origin of every clip of an edit; what stands in a file is read once for its content.

    Parameters
    ----------
    uses
        With their signals.
    store
        Remembers what was read.

    Returns
    -------
    dict
        `ClipUse.id` → origin.
    """
    beside = Beside()
    known: dict[str, Provenance] = {}
    found = {}
    for use in uses:
        assert use.signals is not None
        key = use.signals.key
        if key not in known:
            known[key] = _remembered(use.media, key, store)
        found[use.id] = provenance.join(known[key], *beside.of(Path(use.media.path)))
    return found


def _remembered(media: Media, key: str, store: Store) -> Provenance:
    name = f"{key} {version()}"
    blob = store.load_blob(KIND, name)
    if blob is not None:
        read = Provenance(**json.loads(blob))
        return replace(read, sources=tuple(read.sources), claims=tuple(read.claims))
    found = inside(media, video.tags(media))
    store.save_blob(KIND, name, json.dumps(asdict(found)).encode())
    return found


@cache
def version() -> str:
    """Hash what origins are read by."""
    digest = sha256()
    first = [Path(str(room.__file__)).with_name("tags.py") for room in (pictures, video)]
    for path in (*first, *sorted(Path(str(provenance.__file__)).parent.glob("*.py"))):
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]
