"""OTIO adapter `resolve`: reads and writes the OTIO of DaVinci Resolve (18.5 and later).

Reading gives plain OTIO, with what was changed kept beside it; writing gives back what Resolve wrote,
and puts everything else into the form that Resolve takes in::

    otioconvert -i edit.otio -I resolve -o edit.xml
    otioconvert -i edit.otio -I resolve -a generators=False -o edit.fcpxml
    otioconvert -i cut.xml -o cut.otio -O resolve

    tl = opentimelineio.adapters.read_from_file("edit.otio", "resolve")

What changes is listed in `otio_ai_audit.adapters._normal`. Resolve imports a file with a title in it
as a whole not at all (21.0.2); nothing here can change that.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters._document import document, keep_keys, read_exact
from otio_ai_audit.adapters._fault import FormatError
from otio_ai_audit.adapters._normal import normalised
from otio_ai_audit.adapters._shape import as_it_was, resolve_shaped
from otio_ai_audit.adapters._stash import RESOLVE, as_written, is_resolve, stash_of

__all__ = [
    "RESOLVE",
    "as_it_was",
    "as_written",
    "counts_record_frames",
    "is_resolve",
    "is_title",
    "normalised",
    "read_from_file",
    "read_from_string",
    "resolve_shaped",
    "write_to_file",
    "write_to_string",
]

BIG = 10_000_000
"""Characters of a big edit."""


def is_title(reference: otio.schema.GeneratorReference) -> bool:
    """Whether a generator was made of what Resolve writes for titles, which says nothing."""
    return "title" in stash_of(reference)


def counts_record_frames(clip: otio.schema.Clip) -> bool:
    """Whether the markers of a retimed clip count from `source_range`, as `normalised` makes them."""
    return "markers" in stash_of(clip)


def read_from_file(filepath: str | os.PathLike[str], name: str | None = None, generators: bool = True) -> Any:
    """Read an OTIO file of Resolve as plain OTIO.

    Parameters
    ----------
    filepath : str or path
        A ``.otio`` (or ``.json``): a timeline, or a lone clip, track or stack, which stays one.
    name : str or None
        What a timeline without a name is called; None takes the file's name.
    generators : bool
        Make generators of titles; False leaves them missing references, for programs that know no
        generators (OTIO's `fcpx_xml` stops at one).

    Raises
    ------
    FormatError
        If it cannot be read.
    """
    path = Path(filepath)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path.name} is not an OTIO file (it is not text); export it again.") from error
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    stem = Path(path.name.removesuffix(".json")).stem
    return _read(text, path.name, stem if name is None else name, generators)


def read_from_string(input_str: str, name: str = "", generators: bool = True) -> Any:
    """Read the text of an OTIO file of Resolve as plain OTIO; see `read_from_file`."""
    return _read(input_str.removeprefix("\ufeff"), "The text", name, generators)


def _read(text: str, what: str, name: str, generators: bool) -> Any:
    root, raw = read_exact(text, what)
    keep_keys(root, raw)
    return normalised(root, name, generators)


def write_to_string(input_otio: Any, indent: int | None = None) -> str:
    """Write an edit as the text of an OTIO file in the form of Resolve.

    Parameters
    ----------
    input_otio
        A timeline, or a stack, track, clip or collection.
    indent : int or None
        Spaces for each level; below 0 for one line. None is 4, but one line for a big edit, which is
        several times faster.

    Raises
    ------
    FormatError
        If a clip of an edit that Resolve never saw says nowhere how long it is.
    """
    whole = document(resolve_shaped(input_otio))
    text = json.dumps(whole, ensure_ascii=False)
    spaces = (4 if len(text) < BIG else -1) if indent is None else indent
    return text if spaces < 0 else json.dumps(whole, indent=spaces, ensure_ascii=False)


def write_to_file(input_otio: Any, filepath: str | os.PathLike[str], indent: int | None = None) -> bool:
    """Write an edit as an OTIO file in the form of Resolve; see `write_to_string`."""
    text = write_to_string(input_otio, indent)
    path = Path(filepath)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FormatError(f"{path} cannot be written: {error.strerror or error}.") from error
    return True
