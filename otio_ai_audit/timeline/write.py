"""Write an edit so that everything that is not ours comes out as it went in.

OTIO's own writer adds keys (``"color": null``) and upgrades schemas. So what changed is found by
comparing two of its documents, the edit as read and the edit to write, and only that is put into
the file's own JSON.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opentimelineio as otio

from otio_ai_audit.errors import OutputError
from otio_ai_audit.timeline.read import as_timeline, raw_text

MANY = 5000
"""Clips and gaps from which on a file is written without indents, which is several times faster."""
_GONE = object()


def write(tl: otio.schema.Timeline, path: Path, original: Path | None = None) -> None:
    """Write a timeline as ``.otio`` or ``.otioz``.

    Parameters
    ----------
    tl : opentimelineio.schema.Timeline
        What to write, for example with our markers.
    path : Path
        The suffix chooses the form. Into an ``.otioz`` go the media that the original bundle holds;
        references are left as they are.
    original : Path or None
        The file that `tl` was read from. All of its JSON that `tl` has not changed is written as it
        stands there. Without it, only the nulls that OTIO adds are left out.

    Raises
    ------
    OutputError
        If the suffix is another one, or the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".otio", ".otioz"):
        raise OutputError(f"An edit is written as .otio or .otioz, not as {path.name}.")
    whole = document(tl, original)
    big = sum(len(track) for track in tl.tracks if isinstance(track, otio.core.Composition)) > MANY
    text = json.dumps(whole, indent=None if big else 4, ensure_ascii=False)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if suffix == ".otio":
            part.write_text(text, encoding="utf-8", newline="\n")
        else:
            _write_bundle(text, part, original)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error


def document(tl: otio.schema.Timeline, original: Path | None = None) -> Any:
    """Return the JSON document that `write` writes, as Python objects.

    Parameters
    ----------
    tl : opentimelineio.schema.Timeline
        The timeline.
    original : Path or None
        The file that it was read from.
    """
    new = json.loads(tl.to_json_string())
    if original is None:
        return _without_nulls(new)
    text = raw_text(original)
    raw = json.loads(text)
    root = otio.adapters.read_from_string(text, "otio_json")
    old = json.loads(as_timeline(root, original).to_json_string())
    return _merge(_wrapped(raw, old), old, new)


def _wrapped(raw: Any, old: Any) -> Any:
    """Put a fragment's own JSON where `read` put the fragment: into a timeline."""
    schema = str(raw.get("OTIO_SCHEMA", "")).split(".")[0]
    if schema == "Timeline":
        return raw
    if schema == "SerializableCollection":
        return next(one for one in raw["children"] if one["OTIO_SCHEMA"].startswith("Timeline"))
    shell = json.loads(json.dumps(old))
    if schema == "Stack":
        shell["tracks"] = raw
    elif schema == "Track":
        shell["tracks"]["children"][0] = raw
    else:
        shell["tracks"]["children"][0]["children"][0] = raw
    return shell


def _without_nulls(node: Any) -> Any:
    """Leave out the ``color`` that OTIO adds to every item and that no older writer has."""
    if isinstance(node, dict):
        schema = "OTIO_SCHEMA" in node
        return {
            key: _without_nulls(value)
            for key, value in node.items()
            if not (schema and key == "color" and value is None)
        }
    return [_without_nulls(one) for one in node] if isinstance(node, list) else node


def _merge(raw: Any, old: Any, new: Any) -> Any:
    """Apply what differs between two of OTIO's documents to the file's own JSON."""
    if old == new:
        return raw
    if isinstance(raw, dict) and isinstance(old, dict) and isinstance(new, dict):
        return _merge_dicts(raw, old, new)
    if isinstance(raw, list) and isinstance(old, list) and isinstance(new, list) and len(raw) == len(old):
        return list(_merge_lists(raw, old, new))
    return _without_nulls(new)


def _merge_dicts(raw: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = {key: value for key, value in raw.items() if key in new or key not in old}
    for key, value in new.items():
        before = old.get(key, _GONE)
        if before is _GONE or key not in raw:
            if before is _GONE or before != value:
                merged[key] = _without_nulls(value)
        else:
            merged[key] = _merge(raw[key], before, value)
    return merged


def _merge_lists(raw: list[Any], old: list[Any], new: list[Any]) -> Iterator[Any]:
    """Pair what stayed: element by element in lists of one length, else by equality, in order."""
    if len(old) == len(new):
        for was, before, after in zip(raw, old, new, strict=True):
            yield _merge(was, before, after)
        return
    at = 0
    for after in new:
        match = next((index for index in range(at, len(old)) if old[index] == after), None)
        if match is None:
            yield _without_nulls(after)
        else:
            yield raw[match]
            at = match + 1


def _write_bundle(text: str, path: Path, original: Path | None) -> None:
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("version.txt", "1.0.0", compress_type=zipfile.ZIP_STORED)
        bundle.writestr("content.otio", text, compress_type=zipfile.ZIP_DEFLATED)
        if original is None or original.suffix.lower() != ".otioz":
            return
        with zipfile.ZipFile(original) as source:
            for entry in source.infolist():
                if entry.filename not in ("version.txt", "content.otio") and not entry.is_dir():
                    with source.open(entry) as inside, bundle.open(entry.filename, "w") as outside:
                        while block := inside.read(1 << 20):
                            outside.write(block)
