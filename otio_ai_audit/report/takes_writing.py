"""Which writer of takes serves which name; every file comes to its place whole or not at all.

A new output is one function ``(triage, path, asked) -> None`` and one line in `WRITERS`.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from ..errors import OutputError
from ..model import Triage
from . import takes_csv, takes_html, takes_json, takes_parquet, takes_regen, takes_selects
from .whole import why, write_whole


@dataclass(frozen=True, slots=True)
class Asked:
    """What a writer may need besides the takes."""

    alternatives: int = 1
    """Tracks of further takes in a timeline."""
    rate: Fraction | None = None
    """Frames per second of a timeline; None is that of most takes."""
    curves: bool = False
    """Whether the JSON carries a score per frame."""


Writer: TypeAlias = Callable[[Triage, Path, Asked], None]


def _whole(fill: Writer) -> Writer:
    """Let a writer write beside the place; what stands there is kept when anything goes wrong."""

    def write(triage: Triage, path: Path, asked: Asked) -> None:
        write_whole(path, lambda beside: fill(triage, beside, asked))

    return write


def _folder(triage: Triage, path: Path, asked: Asked) -> None:
    takes_html.write_folder(triage, path, triage.changed)


def _html(triage: Triage, path: Path, asked: Asked) -> None:
    takes_html.write_page(triage, path)


def _json(triage: Triage, path: Path, asked: Asked) -> None:
    takes_json.write(triage, path, curves=asked.curves)


def _csv(triage: Triage, path: Path, asked: Asked) -> None:
    takes_csv.write(triage, path)


def _parquet(triage: Triage, path: Path, asked: Asked) -> None:
    takes_parquet.write(triage, path)


def _otio(triage: Triage, path: Path, asked: Asked) -> None:
    takes_selects.write_otio(triage, path, asked.alternatives, asked.rate)


def _fcp7(triage: Triage, path: Path, asked: Asked) -> None:
    takes_selects.write_fcp7(triage, path, asked.alternatives, asked.rate)


def _marker_edl(triage: Triage, path: Path, asked: Asked) -> None:
    takes_selects.write_marker_edl(triage, path, asked.alternatives, asked.rate)


def _regen(triage: Triage, path: Path, asked: Asked) -> None:
    takes_regen.write(triage, path)


def _bad_seeds(triage: Triage, path: Path, asked: Asked) -> None:
    takes_regen.write_bad_seeds(triage, path)


FOLDER = "/"
"""Stands in `WRITERS` for a name without a suffix."""
WRITERS: dict[str, Writer] = {
    "regen.csv": _regen,
    "bad_seeds.csv": _bad_seeds,
    ".csv": _whole(_csv),
    ".parquet": _whole(_parquet),
    ".json": _whole(_json),
    ".html": _whole(_html),
    ".otio": _whole(_otio),
    ".xml": _whole(_fcp7),
    ".edl": _whole(_marker_edl),
    FOLDER: _folder,
}
"""End of a file's name → writer; the first that fits."""


def check(paths: Iterable[Path | str]) -> None:
    """Say before the work begins that an output cannot be written.

    Raises
    ------
    OutputError
        Nobody writes this suffix, a folder has that name, or an extra is missing.
    """
    for path in paths:
        if str(path) == "-":
            continue
        end = _end_of(path)
        if end != FOLDER and Path(path).is_dir():
            raise OutputError(f"{path} cannot be written: a folder has that name. Choose another name.")
        if end == FOLDER and Path(path).is_file():
            raise OutputError(f"{path} would be a folder of pages, but a file has that name; choose another.")
        if end == ".parquet":
            takes_parquet.arrow()


def write(triage: Triage, path: Path | str, asked: Asked | None = None) -> None:
    """Write takes in the format that the end of `path` names.

    Parameters
    ----------
    triage
        What was found.
    path
        Where to; see `WRITERS`. A name without a suffix, or one that ends in ``/``, is a folder of pages.
        Missing folders are made. ``-`` is JSON on standard output.
    asked
        See `Asked`.

    Raises
    ------
    OutputError
        Nobody writes this suffix, or it cannot be written (no rights, no space, a folder in its place).
    """
    asked = asked or Asked()
    if str(path) == "-":
        takes_json.emit(triage, _to_stdout, curves=asked.curves)
        sys.stdout.flush()
        return
    end = _end_of(path)
    try:
        target = Path(path).resolve()
        if end != FOLDER and target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder has that name")
        WRITERS[end](triage, target, asked)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {why(error)}") from error


def _end_of(path: Path | str) -> str:
    """Find the key of `WRITERS` that a name ends in."""
    name = Path(path).name.lower()
    if str(path).endswith(("/", "\\")) or not Path(name).suffix:
        return FOLDER
    for end in WRITERS:
        if name.endswith(end):
            return end
    if Path(path).is_dir():
        return FOLDER
    known = ", ".join(end for end in WRITERS if end != FOLDER)
    raise OutputError(
        f"Nobody writes {Path(path).suffix!r} files of takes; use one of {known}, or a folder for pages."
    )


def _to_stdout(text: str) -> None:
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        buffer.write(text.encode("utf-8"))
