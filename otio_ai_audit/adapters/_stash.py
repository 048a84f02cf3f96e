r"""What was changed on reading, kept beside what it became.

Each changed object carries ``metadata["otio_ai_audit"]["resolve"]``: per field what Resolve wrote
and what became of it, ``{"target_url": ["D:\\a.mov", "file:///D:/a.mov"]}``. A field that still holds
what it became goes back to what it was; one that somebody changed since is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import opentimelineio as otio

OURS = "otio_ai_audit"
"""Key of our metadata."""
KEY = "resolve"
"""Key of the stash in it."""
RESOLVE = "Resolve_OTIO"
"""Key of Resolve's metadata."""


def put(item: Any, field: str, value: Any) -> None:
    """Keep something about an object in its metadata."""
    metadata = item.metadata
    ours = metadata.get(OURS)
    if ours is None:
        metadata[OURS] = {KEY: {field: value}}
    elif KEY not in ours:
        ours[KEY] = {field: value}
    else:
        ours[KEY][field] = value


def stash_of(item: Any) -> Mapping[str, Any]:
    """Everything that is kept about an object; empty where nothing is."""
    ours = item.metadata.get(OURS)
    stash: Any = ours.get(KEY) if hasattr(ours, "get") else None
    return stash if isinstance(stash, Mapping) else {}


def take(item: Any) -> dict[str, Any]:
    """Take the stash off an object; our key goes with it where it holds nothing else."""
    stash: dict[str, Any] = plain(stash_of(item))
    if stash:
        ours = item.metadata[OURS]
        del ours[KEY]
        if not len(ours):
            del item.metadata[OURS]
    return stash


def plain(value: Any) -> Any:
    """Copy OTIO's metadata out of OTIO, whose containers die with what holds them."""
    if hasattr(value, "items"):
        return {key: plain(one) for key, one in value.items()}
    if hasattr(value, "append"):
        return [plain(one) for one in value]
    return value


def pair(stash: Mapping[str, Any], field: str) -> tuple[Any, Any] | None:
    """Give what a field was and what it became, or None where it was not changed."""
    kept = stash.get(field)
    return (kept[0], kept[1]) if kept is not None and len(kept) == 2 else None


def as_written(item: Any, field: str) -> Any:
    """Give a field as Resolve wrote it, unless somebody changed it after it was normalised."""
    value = getattr(item, field)
    kept = pair(stash_of(item), field)
    return kept[0] if kept is not None and value == kept[1] else value


def under(root: Any, effects: bool = True) -> Iterator[Any]:
    """Every object of an edit that can hold metadata, parents first, references included."""
    pending = [root]
    while pending:
        one = pending.pop()
        if not isinstance(one, otio.core.SerializableObjectWithMetadata):
            continue  # nothing, or of a schema that nobody here knows
        yield one
        if isinstance(one, otio.schema.Timeline):
            pending.append(one.tracks)
        elif isinstance(one, (otio.core.Composition, otio.schema.SerializableCollection)):
            pending += reversed(list(one))
        if isinstance(one, otio.core.Item):
            pending.extend(one.markers)
            if effects:
                pending.extend(one.effects)
        if isinstance(one, otio.schema.Clip):
            pending.extend(one.media_references().values())


def is_resolve(root: Any) -> bool:
    """Whether DaVinci Resolve wrote an edit or the piece of one: it says so on its first objects."""
    if root is None or RESOLVE in root.metadata:
        return root is not None
    if isinstance(root, otio.schema.Timeline):
        return is_resolve(root.tracks)
    if isinstance(root, otio.schema.Track):
        return any(RESOLVE in child.metadata for child in root[:1])
    if isinstance(root, (otio.schema.Stack, otio.schema.SerializableCollection)):
        return any(is_resolve(child) for child in root)
    return False
