"""Reads files that tests made, and looks at what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from otio_ai_audit.errors import TimelineError

from .drt_files import Item, Made, documents, write_drt, zipped

HOUR = 86400


def read(path: Path, name: str | None = None) -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(path), "resolve_drt", timeline_name=name)


def made(
    tmp_path: Path, *sequences: Made, name: str | None = None, suffix: str = "drt"
) -> otio.schema.Timeline:
    return read(write_drt(tmp_path / f"cut.{suffix}", *sequences), name)


def one(tmp_path: Path, item: Item, **words: Any) -> Any:
    """The first child of the first video track of a timeline with one item."""
    return made(tmp_path, Made(video=[[item]], **words)).tracks[0][0]


def span(item: Any) -> tuple[float, float, float]:
    found = item.source_range
    return found.start_time.value, found.duration.value, found.duration.rate


def notes(item: Any) -> list[str]:
    return list(item.metadata.get("otio_ai_audit", {}).get("notes", ()))


def notices(tl: otio.schema.Timeline) -> list[str]:
    return list(tl.metadata.get("otio_ai_audit", {}).get("notices", ()))


def told(item: Any) -> dict[str, Any]:
    return dict(item.metadata["Resolve_OTIO"])


def refusal(path: Path, name: str | None = None) -> str:
    with pytest.raises(TimelineError) as caught:
        read(path, name)
    text = str(caught.value)
    assert "\n" not in text and path.name in text and text.endswith(".")
    return text


def clips_of(track: Any) -> list[Any]:
    return [child for child in track if isinstance(child, otio.schema.Clip | otio.schema.Stack)]


def put(tmp_path: Path, files: dict[str, str | bytes], name: str = "evil.drt") -> Path:
    path = tmp_path / name
    path.write_bytes(zipped(files))
    return path


def plain() -> dict[str, str | bytes]:
    return dict(documents(Made(video=[[Item("a", HOUR, 20, "/a.mov")]])))
