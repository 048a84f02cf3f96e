"""The small file of verdicts that a page of a report saves.

::

    {"schema": 1, "kind": "otio-ai-audit verdicts", "who": "ann",
     "verdicts": [{"kind": "kill", "key": "5f0c…", "label": "fox/v012.mp4", "when": "2026-…Z"}]}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..model import PersonVerdict
from .journal import parse
from .places import person

KIND = "otio-ai-audit verdicts"
SCHEMA = 1


def from_page(path: Path, who: str | None = None) -> list[PersonVerdict]:
    """Read the verdicts that a page of a report saved.

    Parameters
    ----------
    path
        The file.
    who
        Whose they are; else the file says it, else it is `person()`.

    Raises
    ------
    UsageError
        A file that cannot be read or holds something else; none of it is then taken.
    """
    data = _read(path)
    if not isinstance(data, dict) or data.get("kind") != KIND or not isinstance(data.get("verdicts"), list):
        raise UsageError(
            f"{path.name} holds no verdicts: give a file that a page of a report saved, an edit with markers "
            "of ours or a marker EDL."
        )
    if data.get("schema") != SCHEMA:
        raise UsageError(
            f"{path.name} has schema {data.get('schema')!r}, and this version reads {SCHEMA}: "
            "update otio-ai-audit."
        )
    said_by = data.get("who")
    named = person(who or (said_by if isinstance(said_by, str) else None))
    result = []
    for number, item in enumerate(data["verdicts"], start=1):
        try:
            if not isinstance(item, dict):
                raise ValueError("it is no JSON object")
            result.append(parse({**item, "who": named}))
        except ValueError as error:
            raise UsageError(f"{path.name}: verdict {number} cannot be taken: {error}.") from error
    return result


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError):
        return None
