"""Open the file of an edit: its bytes, which of its timelines is meant, and what is said where not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from otio_ai_audit.errors import TimelineError

EXPORT = "In DaVinci Resolve use File > Export > Timeline and choose OpenTimelineIO (.otio)."
OTHERS = {
    ".fcpxml": "Final Cut Pro XML",
    ".fcpxmld": "Final Cut Pro XML",
    ".xml": "FCP 7 XML",
    ".edl": "an EDL",
    ".aaf": "an AAF",
    ".drt": "a Resolve timeline",
    ".drp": "a Resolve project",
    ".drb": "a Resolve bin",
    ".prproj": "a Premiere project",
    ".ale": "an Avid log",
}
"""What files of these suffixes are, for messages."""
MOST_BYTES = 256 << 20
_LISTED = 20


def bytes_of(path: Path) -> bytes:
    """Read a file that is no larger than an edit can be.

    Raises
    ------
    TimelineError
        If there is none, it cannot be read, or it is too large.
    """
    try:
        if not path.exists():
            raise TimelineError(f"There is no file {path}; check the name.")
        if path.is_file() and path.stat().st_size > MOST_BYTES:
            raise TimelineError(
                f"{path.name} has {path.stat().st_size >> 20} MB, too many for an edit; export one timeline."
            )
        return path.read_bytes()
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}.") from error


def text_of(data: bytes) -> str:
    """Decode text that does not name its encoding: UTF-8, UTF-16 by its mark, else Latin-1."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def choose(names: Sequence[str], path: Path, name: str | None) -> int:
    """Return the index of the timeline that is meant: the one of that name, or the only one.

    Raises
    ------
    TimelineError
        If there is none, or several and nothing tells which is meant.
    """
    if not names:
        raise TimelineError(f"{path.name} holds no timeline; export the timeline that you cut.")
    listed = ", ".join(f"“{one}”" for one in names[:_LISTED])
    listed += f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    if name is None and len(names) > 1:
        raise TimelineError(
            f"{path.name} holds {len(names)} timelines: {listed}; choose one with --timeline NAME."
        )
    found = [index for index, one in enumerate(names) if name in (None, one)]
    if len(found) == 1:
        return found[0]
    if found:
        raise TimelineError(f"{path.name} holds {len(found)} timelines named “{name}”; export one by itself.")
    raise TimelineError(f"{path.name} holds no timeline “{name}”, only {listed}.")
