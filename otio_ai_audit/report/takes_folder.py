"""A folder of pages, refreshed cheaply: what is as it was stays, and of ours what is gone is removed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import OutputError
from .whole import write_whole

INDEX = "index.html"
LIST = ".otio-ai-audit-pages.json"
"""Which pages of a folder are ours."""
MARK = b'<meta name="generator" content="otio-ai-audit">'
"""Stands near the beginning of every page of ours."""
_LOOKED_AT = 4096
_NAME = re.compile(r"[A-Za-z0-9_-][\w.-]{0,120}\.html", re.ASCII)


def is_page_name(name: str) -> bool:
    """Whether a text is a plain file name of a page: nothing in it leads to another folder."""
    return _NAME.fullmatch(name) is not None and name != INDEX


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as it was written."""

    digest: str
    size: int
    around: tuple[str, ...] = ()
    """Pages that it leads to besides the overview."""


@dataclass(slots=True)
class PageFolder:
    """The pages of a folder as they were, and as they are being written."""

    folder: Path
    _before: dict[str, _Page]
    _now: dict[str, _Page] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> PageFolder:
        """Read what stands in a folder; it need not be there.

        Raises
        ------
        OSError
            It cannot be made.
        """
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, _read_list(folder / LIST))

    def announce(self, names: Iterable[str]) -> None:
        """Note which pages will be ours, before any is written: a run that is stopped leaves no stranger.

        Raises
        ------
        OutputError
            A page of somebody else has one of the names.
        OSError
            The list cannot be written.
        """
        names = list(names)
        for name in names:
            if name not in self._before and self._is_strange(name):
                raise OutputError(
                    f"{self.folder / name} is there already and no page of a report of takes. "
                    "Write the report into another folder."
                )
        fresh = dict.fromkeys(name for name in names if name not in self._before)
        if fresh:
            self._write_list(self._before | dict.fromkeys(fresh, _Page("", -1)))

    def keep(self, names: Sequence[str], around: tuple[str, ...]) -> bool:
        """Keep pages without looking into them; False where one is missing or leads to others than then."""
        known = {name: self._before.get(name) for name in names}
        if not all(
            page is not None and page.around == around and self._stands(name, page)
            for name, page in known.items()
        ):
            return False
        self._now.update({name: page for name, page in known.items() if page is not None})
        return True

    def write(self, name: str, text: str, around: tuple[str, ...] = ()) -> None:
        """Put a page into its place, unless it stands there as it is.

        Raises
        ------
        OSError
            It cannot be written.
        """
        data = text.encode("utf-8")
        page = _Page(hashlib.sha256(data).hexdigest(), len(data), around)
        old = self._before.get(name)
        if old is None or old.digest != page.digest or not self._stands(name, old):
            write_whole(self.folder / name, lambda beside: _fill(beside, data))
        self._now[name] = page

    def finish(self) -> None:
        """Remove pages of ours that are not needed any more, and note the others.

        Raises
        ------
        OSError
            The list cannot be written.
        """
        for name in self._before.keys() - self._now.keys():
            with contextlib.suppress(FileNotFoundError):
                (self.folder / name).unlink()
        if self._now != self._before or not (self.folder / LIST).exists():
            self._write_list(self._now)

    def _stands(self, name: str, page: _Page) -> bool:
        try:
            return (self.folder / name).stat().st_size == page.size
        except OSError:
            return False

    def _is_strange(self, name: str) -> bool:
        try:
            with (self.folder / name).open("rb") as file:
                return MARK not in file.read(_LOOKED_AT)
        except FileNotFoundError:
            return False

    def _write_list(self, pages: dict[str, _Page]) -> None:
        listed = {name: [page.digest, page.size, *page.around] for name, page in sorted(pages.items())}
        text = json.dumps({"schema": 1, "pages": listed}, indent=0)
        write_whole(self.folder / LIST, lambda beside: _fill(beside, text.encode("utf-8")))


def _fill(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _read_list(path: Path) -> dict[str, _Page]:
    """Read the list of pages; a damaged one knows of none, so that all are written again and none removed."""
    try:
        listed = json.loads(path.read_text("utf-8"))["pages"]
        return {
            name: _Page(str(digest), int(size), tuple(map(str, around)))
            for name, (digest, size, *around) in listed.items()
            if is_page_name(name) or name == INDEX
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
