"""Which writer serves which suffix, and how a file comes to its place whole or not at all."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import OutputError
from ..model import AuditResult, SeenMarker
from . import csv_file, json_file, junit
from .whole import why, write_whole


@dataclass(frozen=True, slots=True)
class Asked:
    """What a writer may need besides the result."""

    timeline: Any = None
    """The edit that was audited (`otio.schema.Timeline`); the outputs that are an edit need it."""
    original: Path | None = None
    """File of that edit; what the markers do not touch is written as it stands there."""
    seen: Sequence[SeenMarker] | None = None
    """Markers that stood on it; None reads them again."""
    curves: bool = True
    """Whether the JSON carries a score per frame, where the result has one."""
    include_prompts: bool = False
    """Whether the JSON carries prompts."""
    fail_on: str = "error"
    """Weakest severity that fails a JUnit case."""


Writer: TypeAlias = Callable[[AuditResult, Path, Asked], None]


def _json(result: AuditResult, path: Path, asked: Asked) -> None:
    json_file.write(result, path, curves=asked.curves, include_prompts=asked.include_prompts)


def _csv(result: AuditResult, path: Path, asked: Asked) -> None:
    csv_file.write(result, path)


def _junit(result: AuditResult, path: Path, asked: Asked) -> None:
    junit.write(result, path, fail_on=asked.fail_on)


def _lua(result: AuditResult, path: Path, asked: Asked) -> None:
    from . import lua_file

    lua_file.write(result, path)


def _html(result: AuditResult, path: Path, asked: Asked) -> None:
    from . import html_file

    html_file.write(result, path)


def _edit(result: AuditResult, path: Path, asked: Asked) -> None:
    from .. import timeline

    if asked.timeline is None:
        raise OutputError(f"{path.name} would be the edit with markers, but no edit was audited.")
    seen = asked.seen if asked.seen is not None else timeline.read_markers(asked.timeline, result.info)
    marked = timeline.with_markers(asked.timeline, result.info, result.markers, seen)
    try:
        timeline.write(marked, path, asked.original)
    except OutputError as error:
        # It names the file beside; the caller knows the one that a person asked for.
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        raise


def _fcpxml(result: AuditResult, path: Path, asked: Asked) -> None:
    from .. import timeline

    if asked.timeline is None:
        raise OutputError(f"{path.name} would be the edit with markers, but no edit was audited.")
    seen = asked.seen if asked.seen is not None else timeline.read_markers(asked.timeline, result.info)
    timeline.write_fcpxml(asked.timeline, result.info, result.markers, seen, path, asked.original)


def _marker_edl(result: AuditResult, path: Path, asked: Asked) -> None:
    from .. import timeline

    timeline.write_marker_edl(result.markers, result.info, path)


WRITERS: dict[str, Writer] = {
    ".otio": _edit,
    ".otioz": _edit,
    ".fcpxml": _fcpxml,
    ".edl": _marker_edl,
    ".json": _json,
    ".csv": _csv,
    ".xml": _junit,
    ".html": _html,
    ".lua": _lua,
}
"""Suffix → writer."""


def is_folder_output(path: Path | str) -> bool:
    """Whether an output is a folder of pictures: it has no suffix, or is a folder that is there."""
    path = Path(path)
    if str(path) == "-" or path.suffix.lower() in WRITERS:
        return False
    return not path.suffix or path.is_dir()


def write(
    result: AuditResult,
    path: Path | str,
    *,
    timeline: Any = None,
    original: Path | None = None,
    seen: Sequence[SeenMarker] | None = None,
    curves: bool = True,
    include_prompts: bool = False,
    fail_on: str = "error",
) -> None:
    """Write a result in the format that the suffix of `path` names; into a folder, pictures.

    The file is written beside its place and moved there when it is whole: what stood there before is
    kept when anything goes wrong. Missing folders are made. ``-`` is JSON on standard output.

    Parameters
    ----------
    result
        What an audit found.
    path
        Where to; the suffix chooses one of `WRITERS`, and `is_folder_output` says what is a folder.
    timeline, original, seen, curves, include_prompts, fail_on
        See `Asked`.

    Raises
    ------
    OutputError
        Nobody writes this suffix, the edit is missing that the output needs, or the file cannot be
        written (no rights, no space, a folder in its place).
    """
    asked = Asked(timeline, original, seen, curves, include_prompts, fail_on)
    if str(path) == "-":
        text = json_file.dumps(json_file.to_json(result, curves=curves, include_prompts=include_prompts))
        _to_stdout(text)
        return
    path = Path(path)
    if is_folder_output(path):
        from . import stills_folder

        stills_folder.write(result, path)
        return
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise OutputError(
            f"Nobody writes {path.suffix!r} files; use one of {', '.join(sorted(WRITERS))}, or a folder."
        )
    try:
        _place(writer, result, path, asked)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {why(error)}") from error


def _to_stdout(text: str) -> None:
    data = text.encode("utf-8")
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        buffer.write(data)
    sys.stdout.flush()


def _place(writer: Writer, result: AuditResult, path: Path, asked: Asked) -> None:
    target = path.resolve()
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder has that name")
    if asked.original is not None and target.exists() and _same_file(target, asked.original):
        raise OutputError(f"{path} is the edit itself; write the result under another name.")
    write_whole(target, lambda beside: writer(result, beside, asked))


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
