"""Write an edit so that everything that is not ours comes out as it went in.

OTIO's own writer adds keys (``"color": null``) and upgrades schemas. So what changed is found by
comparing two of its documents, the edit as read and the edit to write, and only that is put into
the file's own JSON. What was normalised on reading is taken back first.
"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters._document import merged, without_nulls
from otio_ai_audit.adapters.resolve import as_it_was
from otio_ai_audit.errors import OutputError
from otio_ai_audit.timeline.read import OTIO_SUFFIXES, as_timeline, raw_text

MANY = 5000
"""Clips and gaps from which on a file is written without indents, which is several times faster."""


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
        stands there. Without it, or where it is of another format (``.drt``, ``.edl``), only the nulls
        that OTIO adds are left out.

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
        The timeline; what was normalised in it becomes again what Resolve wrote.
    original : Path or None
        The file that it was read from. In another format than OTIO's there is no JSON to keep.
    """
    shaped = as_it_was(tl, keys=False)
    new = json.loads(shaped.to_json_string())
    if original is None or original.suffix.lower() not in OTIO_SUFFIXES:
        return without_nulls(new)
    text = raw_text(original)
    raw = json.loads(text)
    root = otio.adapters.read_from_string(text, "otio_json")
    index = _index_of(shaped.name, root)
    if index is not None:
        root, raw = root[index], raw["children"][index]
    old = json.loads(as_timeline(root, original).to_json_string())
    return merged(_wrapped(raw, old), old, new)


def _index_of(name: str, root: Any) -> int | None:
    """Place of a timeline in a collection that holds several; None where there is nothing to choose."""
    if not isinstance(root, otio.schema.SerializableCollection):
        return None
    timelines = [index for index, one in enumerate(root) if isinstance(one, otio.schema.Timeline)]
    named = [index for index in timelines if root[index].name == name]
    return (named or timelines)[0] if timelines else None


def _wrapped(raw: Any, old: Any) -> Any:
    """Put a fragment's own JSON where `read` put the fragment: into a timeline."""
    schema = str(raw.get("OTIO_SCHEMA", "")).split(".")[0]
    if schema == "Timeline":
        return raw
    shell = json.loads(json.dumps(old))
    if schema == "Stack":
        shell["tracks"] = raw
    elif schema == "Track":
        shell["tracks"]["children"][0] = raw
    else:
        shell["tracks"]["children"][0]["children"][0] = raw
    return shell


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
