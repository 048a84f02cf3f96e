"""OTIO's JSON without what its reader and writer change: last digits, added keys.

OTIO's reader rounds some numbers of 17 digits (49.199999999999996 becomes 49.2). Its writer adds
``"color": null`` to every item, ``"enabled": true`` to every effect and an empty ``comment`` to every
marker, which Resolve leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters._fault import FormatError
from otio_ai_audit.adapters._shape import KEYS
from otio_ai_audit.adapters._stash import KEY, OURS, put

_GONE = object()
_WITH, _WITHOUT = "with", "without"


def read_exact(text: str, what: str = "The text") -> tuple[Any, Any]:
    """Read OTIO's JSON with every number as it stands there.

    Returns
    -------
    tuple
        The OTIO object, and the JSON as Python objects.

    Raises
    ------
    FormatError
        If it is no JSON, or not OTIO's.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{what} is not an OTIO file (no JSON: {error}); export it again.") from error
    try:
        root = otio.core.deserialize_json_from_string(text)
    except (otio.exceptions.OTIOError, ValueError, TypeError, RuntimeError) as error:
        raise FormatError(f"{what} cannot be read as OTIO ({error}); export it again.") from error
    if not isinstance(root, otio.core.SerializableObjectWithMetadata):
        raise FormatError(f"{what} is JSON but not an OTIO timeline; export it again as .otio.")
    for path in list(_rounded(raw, json.loads(root.to_json_string()), ())):
        _put_back(root, raw, path)
    return root, raw


def _rounded(raw: Any, read: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(raw, dict) and isinstance(read, dict):
        for key in raw.keys() & read.keys():
            yield from _rounded(raw[key], read[key], (*path, key))
    elif isinstance(raw, list) and isinstance(read, list):
        for index, (one, other) in enumerate(zip(raw, read, strict=False)):
            yield from _rounded(one, other, (*path, index))
    elif isinstance(raw, float) and isinstance(read, float) and raw != read:
        yield path


def _put_back(root: Any, raw: Any, path: Sequence[str | int]) -> None:
    """Set one number to what the file says, or the time that it is a part of."""
    owner, node = root, raw
    for index, step in enumerate(path):
        value = _opentime(node[step])
        if value is not None or index == len(path) - 1:
            value = node[step] if value is None else value
            if isinstance(owner, otio.core.SerializableObject):
                setattr(owner, str(step), value)
            else:
                owner[step] = value
            return
        owner, node = _child(owner, step), node[step]
        if owner is None:
            return


def _child(owner: Any, step: str | int) -> Any:
    if isinstance(step, int) or not isinstance(owner, otio.core.SerializableObject):
        return owner[step]
    if step == "children":
        return owner
    value = getattr(owner, str(step), None)
    return value() if callable(value) else value


def _opentime(node: Any) -> Any:
    schema = node.get("OTIO_SCHEMA") if isinstance(node, dict) else None
    if schema == "RationalTime.1":
        return otio.opentime.RationalTime(node["value"], node["rate"])
    if schema == "TimeRange.1":
        return otio.opentime.TimeRange(_opentime(node["start_time"]), _opentime(node["duration"]))
    return None


# --- keys that OTIO adds ---------------------------------------------------------------------------


def keep_keys(root: Any, raw: Any) -> None:
    """Keep in the stash which keys of each object the file has or lacks, where Resolve does otherwise."""
    for node, read, one in _objects(raw, json.loads(root.to_json_string()), root):
        added = _added(read)
        more = sorted(key for key in node if key in added)
        less = sorted(key for key in read if key not in node and key not in added)
        if more or less:
            put(one, KEYS, {_WITH: more, _WITHOUT: less})


def _objects(raw: Any, read: Any, one: Any) -> Iterator[tuple[Any, Any, Any]]:
    if not isinstance(raw, dict) or not isinstance(read, dict):
        return
    if "metadata" in read and isinstance(one, otio.core.SerializableObjectWithMetadata):
        yield raw, read, one
    for name in ("tracks", "children", "markers", "effects", "media_references"):
        old, new = raw.get(name), read.get(name)
        if isinstance(old, list) and isinstance(new, list):
            for node, other, child in zip(old, new, _child(one, name), strict=True):
                yield from _objects(node, other, child)
        elif isinstance(old, dict) and isinstance(new, dict):
            if name == "tracks":
                yield from _objects(old, new, one.tracks)
            else:
                children = one.media_references()
                for key in old.keys() & children.keys():
                    yield from _objects(old[key], new[key], children[key])


def _added(node: Any) -> set[str]:
    """Keys of one of OTIO's JSON objects that say nothing, and that Resolve leaves out."""
    schema = str(node.get("OTIO_SCHEMA", ""))
    keys = {"color"} if node.get("color", _GONE) is None else set()
    if node.get("enabled") is True and "effect_name" in node:
        keys.add("enabled")
    if schema.startswith("Marker.") and node.get("comment") == "":
        keys.add("comment")
    return keys


def document(shaped: Any) -> Any:
    """JSON of what `resolve_shaped` made, as Python objects, with the keys that Resolve writes."""
    return _pruned(json.loads(shaped.to_json_string()))


def _pruned(node: Any) -> Any:
    if isinstance(node, list):
        return [_pruned(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "OTIO_SCHEMA" not in node:
        return {key: _pruned(value) for key, value in node.items()}
    kept = _taken(node.get("metadata"))
    out = _added(node) - set(kept.get(_WITH, ()))
    out |= {key for key in kept.get(_WITHOUT, ()) if node.get(key) in (None, "", True, [], {})}
    return {key: _pruned(value) for key, value in node.items() if key not in out}


def _taken(metadata: Any) -> dict[str, Any]:
    """Take the list of keys out of an object's metadata."""
    ours: Any = metadata.get(OURS) if isinstance(metadata, dict) else None
    stash: Any = ours.get(KEY) if isinstance(ours, dict) else None
    if not isinstance(stash, dict) or KEYS not in stash:
        return {}
    kept: dict[str, Any] = stash.pop(KEYS)
    if not stash:
        del ours[KEY]
    if not ours:
        del metadata[OURS]
    return kept


def without_nulls(node: Any) -> Any:
    """Leave out the ``color`` that OTIO adds to every item and that no older writer has."""
    if isinstance(node, dict):
        schema = "OTIO_SCHEMA" in node
        return {
            key: without_nulls(value)
            for key, value in node.items()
            if not (schema and key == "color" and value is None)
        }
    return [without_nulls(one) for one in node] if isinstance(node, list) else node


# --- putting changes into a file's own JSON ----------------------------------------------------------


def merged(raw: Any, old: Any, new: Any) -> Any:
    """Apply what differs between two of OTIO's documents to the file's own JSON.

    Parameters
    ----------
    raw
        The file's JSON.
    old, new
        What OTIO makes of it, before the change and after.
    """
    if old == new:
        return raw
    if isinstance(raw, dict) and isinstance(old, dict) and isinstance(new, dict):
        return _merged_dicts(raw, old, new)
    if isinstance(raw, list) and isinstance(old, list) and isinstance(new, list) and len(raw) == len(old):
        return list(_merged_lists(raw, old, new))
    return without_nulls(new)


def _merged_dicts(raw: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in raw.items() if key in new or key not in old}
    for key, value in new.items():
        before = old.get(key, _GONE)
        if before is _GONE or key not in raw:
            if before is _GONE or before != value:
                result[key] = without_nulls(value)
        else:
            result[key] = merged(raw[key], before, value)
    return result


def _merged_lists(raw: list[Any], old: list[Any], new: list[Any]) -> Iterator[Any]:
    """Pair what stayed: element by element in lists of one length, else by equality, in order."""
    if len(old) == len(new):
        for was, before, after in zip(raw, old, new, strict=True):
            yield merged(was, before, after)
        return
    at = 0
    for after in new:
        match = next((index for index in range(at, len(old)) if old[index] == after), None)
        if match is None:
            yield without_nulls(after)
        else:
            yield raw[match]
            at = match + 1
