"""An earlier result, read back from its JSON, with errors that a person understands."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from ..errors import UsageError
from ..model import Finding, State
from .json_file import SCHEMA

_STATES = ("new", "open", "fixed", "dismissed")


@dataclass(frozen=True, slots=True)
class EarlierClip:
    """A clip as an earlier result had it."""

    id: str
    name: str
    status: Literal["audited", "failed", "skipped"]
    key: str = ""
    content: str = ""
    shot: str = ""
    take: str = ""
    media: str = ""
    record_start: int = 0


@dataclass(frozen=True, slots=True)
class EarlierFinding:
    """A finding as an earlier result had it; `clip` is None where it had none."""

    id: str
    finding: Finding
    state: State
    first_seen: str
    timeline_frame: int
    timeline_frames: int
    timecode: str
    content: str
    by: str
    text: str
    clip: EarlierClip | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier result, as far as a comparison needs it."""

    name: str
    clips: tuple[EarlierClip, ...]
    findings: tuple[EarlierFinding, ...]
    detectors: tuple[str, ...] = field(default=())


def read_earlier(path: Path | str) -> Earlier:
    """Read the JSON of an earlier audit.

    Parameters
    ----------
    path
        File that ``-o something.json`` wrote.

    Raises
    ------
    UsageError
        No such file, no JSON, no result of an audit, or one of a later schema.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason = (error.strerror or str(error)).rstrip(".")
        raise UsageError(
            f"The earlier result {path} cannot be read: {reason}. Give the .json that an earlier audit wrote."
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"The earlier result {path} is not JSON. Give the .json that an earlier audit wrote with -o."
        ) from error
    _check(data, path)
    try:
        return _earlier(data, path.name)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"The earlier result {path} is damaged ({type(error).__name__}: {error}). "
            "Give the .json as the audit wrote it."
        ) from error


def _check(data: Any, path: Path) -> None:
    ours = isinstance(data, dict) and isinstance(data.get("tool"), dict)
    if not ours or data["tool"].get("name") != "otio-ai-audit" or "findings" not in data:
        raise UsageError(
            f"The earlier result {path} is JSON, but not of an audit. "
            "Give the .json that an earlier audit wrote with -o."
        )
    schema = data.get("schema")
    if schema != SCHEMA:
        raise UsageError(
            f"The earlier result {path} has schema {schema!r}; this version reads schema {SCHEMA}. "
            "Update otio-ai-audit, or audit the earlier edit again."
        )


def _earlier(data: Mapping[str, Any], name: str) -> Earlier:
    clips = [_clip(row) for row in data["clips"]]
    by_id = {clip.id: clip for clip in clips}
    findings = [_finding(row, by_id) for row in data["findings"]]
    detectors = tuple(str(item) for item in data.get("detectors") or ())
    return Earlier(name, tuple(clips), tuple(findings), detectors)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _float(value: Any) -> float:
    result = float(value)
    if not math.isfinite(result):
        raise ValueError(f"{value!r} is not a number")
    return result


def _clip(row: Mapping[str, Any]) -> EarlierClip:
    status = row["status"]
    if status not in ("audited", "failed", "skipped"):
        raise ValueError(f"unknown status {status!r}")
    return EarlierClip(
        id=str(row["id"]),
        name=_text(row.get("name")),
        status=status,
        key=_text(row.get("key")),
        content=_text(row.get("content")),
        shot=_text(row.get("shot")),
        take=_text(row.get("take")),
        media=_text(row.get("media")),
        record_start=int(row.get("timeline_start_frame") or 0),
    )


def _finding(row: Mapping[str, Any], clips: Mapping[str, EarlierClip]) -> EarlierFinding:
    state = row["state"]
    if state not in _STATES:
        raise ValueError(f"unknown state {state!r}")
    clip = clips.get(_text(row["clip"]))
    score = _float(row["score"])
    region = row.get("region")
    worst = row.get("worst")
    finding = Finding(
        detector=str(row["detector"]),
        use=clip.id if clip else "",
        start=_float(row["media_start"]),
        duration=_float(row["media_duration"]),
        score=score,
        message=_text(row.get("message")),
        label=_text(row.get("label")),
        evidence=dict(row.get("evidence") or {}),
        region=cast("tuple[float, float, float, float]", tuple(_float(v) for v in region))
        if region
        else None,
        worst=_float(worst) if worst is not None else None,
    )
    return EarlierFinding(
        id=str(row["id"]),
        finding=finding,
        state=state,
        first_seen=_text(row.get("first_seen")),
        timeline_frame=int(row["timeline_frame"]),
        timeline_frames=int(row["timeline_frames"]),
        timecode=_text(row.get("timecode")),
        content=_text(row.get("content")) or (clip.content if clip else ""),
        by=_text(row.get("by")),
        text=_text(row.get("text")),
        clip=clip,
    )
