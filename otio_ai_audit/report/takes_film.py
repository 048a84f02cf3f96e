"""Where a page finds the file of a take, to play it: a relative address, where that gives nothing away."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from ..model import Media


@dataclass(slots=True)
class Films:
    """Gives the addresses of files as seen from the folder of a page."""

    folder: Path | None
    """Where the page will lie; None: nowhere in particular, so no file is named."""
    _resolved: dict[str, Path] = field(default_factory=dict)

    def url(self, media: Media) -> str:
        """Return the relative address of a movie; empty where there is none to give.

        Sequences and stills play in no browser. An address that would spell out the way from the root of a
        disk, or to somebody's home from outside it, is left out.
        """
        if self.folder is None or media.kind != "video":
            return ""
        try:
            here = self._resolve(str(self.folder))
            parent, name = os.path.split(media.path)
            there = self._resolve(parent) / name
            shared = Path(os.path.commonpath([here, there]))
            home = Path.home()
            from_outside = home in there.parents and home not in (shared, *shared.parents)
            if shared == Path(shared.anchor) or from_outside:
                return ""
            address = Path(os.path.relpath(there, here)).as_posix()
            return quote(address, errors="surrogateescape")
        except (OSError, ValueError, RuntimeError):
            return ""  # another disk, a name that no file can have, or nobody's home

    def _resolve(self, folder: str) -> Path:
        if folder not in self._resolved:
            self._resolved[folder] = Path(folder).resolve()
        return self._resolved[folder]
