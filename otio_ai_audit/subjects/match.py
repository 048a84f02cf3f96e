"""Which clips a pattern of the subjects file means: globs on clip name, media file name or clip id.

Names are compared in any case and in either Unicode normal form, as disks and people do; a name that is
written as it stands (``shot.[1-90].exr``) means itself, brackets and all.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ..model import ClipUse
from ..timeline import Said

MOST_PARTS = 3
"""A medium that the edit cuts into more separate parts is a reel of many shots, not one take."""

_ID = re.compile(r"[AV]\d+/\d{4,}(?:\.\d+)*[a-z]?")


def plain(name: str) -> str:
    """One spelling of a name, whatever its case and Unicode normal form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def escape(name: str) -> str:
    """Write a name as a glob that means it; what no file can hold (half a character) is any character."""
    escaped = re.sub(r"([*?[])", r"[\1]", unicodedata.normalize("NFC", name))
    return "".join("?" if "\ud800" <= char <= "\udfff" else char for char in escaped)


def means(pattern: str, names: Iterable[str]) -> bool:
    """Whether a pattern means one of these names (or ids)."""
    folded = plain(pattern)
    test = _compiled(folded)
    return any(folded == name or test.match(name) for name in map(plain, names))


class Clips:
    """The clips of an edit, found by pattern.

    Parameters
    ----------
    uses
        Clips of the plan.
    said
        What the edit says of each (`otio_ai_audit.timeline.subjects_said`): its file names.
    """

    def __init__(self, uses: Sequence[ClipUse], said: Mapping[str, Said]) -> None:
        self.uses = uses
        self.names = {use.id: _names(use, said.get(use.id, Said())) for use in uses}
        self._by_name: dict[str, set[str]] = {}
        for use in uses:
            for name in self.names[use.id]:
                self._by_name.setdefault(plain(name), set()).add(use.id)
        self._ids = {plain(use.id): use.id for use in uses}
        self._sorted_names, self._sorted_ids = sorted(self._by_name), sorted(self._ids)
        self._order = {use.id: place for place, use in enumerate(uses)}
        self._kin = _kin(uses, self.names)

    def matching(self, pattern: str) -> set[str]:
        """Ids of the clips that a pattern means, other uses of the same takes included."""
        return self.with_kin(self._direct(pattern))

    def _direct(self, pattern: str) -> set[str]:
        if _ID.fullmatch(pattern):
            own = self._ids.get(plain(pattern))
            return {own} if own is not None else set()
        folded = plain(pattern)
        found = set(self._by_name.get(folded, ()))
        if folded in self._ids:
            found.add(self._ids[folded])
        head = re.split(r"[*?[]", folded, maxsplit=1)[0]
        if head != folded:
            test = _compiled(folded)
            found.update(*(self._by_name[n] for n in _beginning(self._sorted_names, head) if test.match(n)))
            found.update(self._ids[i] for i in _beginning(self._sorted_ids, head) if test.match(i))
        return found

    def with_kin(self, ids: Iterable[str]) -> set[str]:
        """Add every use of the same takes."""
        return {other for id_ in ids for other in self._kin.get(id_, (id_,))}

    def in_order(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Sort ids as the clips stand in the edit."""
        return tuple(sorted(set(ids), key=self._order.__getitem__))


def _beginning(names: Sequence[str], head: str) -> Iterator[str]:
    """Of sorted names, those that begin so."""
    for place in range(bisect_left(names, head), len(names)):
        if not names[place].startswith(head):
            return
        yield names[place]


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))


def _names(use: ClipUse, said: Said) -> tuple[str, ...]:
    local = () if use.rendered or use.media.kind == "sequence" else (Path(use.media.path).name,)
    return tuple(dict.fromkeys(name for name in (use.name, *said.files, *local) if name))


def _kin(uses: Sequence[ClipUse], names: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Find the uses of each use's take, itself included.

    Of a reel (see `MOST_PARTS`) only uses that overlap show the same thing. Of a rendered master, whose shots
    all have one medium, the names say which takes stood in the edit.
    """
    takes: dict[object, list[ClipUse]] = {}
    for use in uses:
        key = ("rendered", names[use.id], use.shot, use.take) if use.rendered else use.media
        takes.setdefault(key, []).append(use)
    kin: dict[str, tuple[str, ...]] = {}
    for members in takes.values():
        parts = [members] if members[0].rendered else _parts(members)
        groups = [members] if len(parts) <= MOST_PARTS else parts
        for group in groups:
            ids = tuple(use.id for use in group)
            kin |= dict.fromkeys(ids, ids)
    return kin


def _parts(uses: Sequence[ClipUse]) -> list[list[ClipUse]]:
    """Bring together uses whose shown parts of the medium overlap."""
    parts: list[list[ClipUse]] = []
    reached = None
    for use in sorted(uses, key=lambda use: use.visible[0].start if use.visible else 0):
        if not use.visible:
            parts.append([use])
            continue
        if reached is None or use.visible[0].start >= reached:
            parts.append([])
            reached = use.visible[-1].end
        parts[-1].append(use)
        reached = max(reached, use.visible[-1].end)
    return parts
