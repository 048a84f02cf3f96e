"""Files that one task leaves for the next: written whole or not at all."""

import io
import json
import os
from typing import Any, Dict, List, Optional

from .desk import Desk
from .notes import Row
from .timeline_state import State


def write_json(path: str, data: Any) -> None:
    """Write JSON so that a reader finds the old file or the new one, never half of it."""
    spare = "%s.%d.tmp" % (path, os.getpid())
    with io.open(spare, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(data, ensure_ascii=False, indent=1))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(spare, path)


def read_json(path: str) -> Optional[Dict[str, Any]]:
    """Read a JSON object; None where there is none or it is damaged."""
    try:
        with io.open(path, "r", encoding="utf-8") as stream:
            data = json.load(stream)
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


ITEM = (
    *("id", "track", "index", "name", "start", "duration", "left", "enabled"),
    *("color", "flags", "keywords", "file", "proxy", "type"),
)


def live_json(
    desk: Desk, state: State, past: Dict[str, Any], selected: Optional[List[str]]
) -> Dict[str, Any]:
    """Say all that the exported edit does not hold (the content of ``live.json``).

    Parameters
    ----------
    desk, state
        The timeline and what was read of it.
    past
        What the ledger tells: ``gone`` and ``deleted``.
    selected
        Ids of the items to audit, None for all.
    """
    product, version = desk.product()
    return {
        "schema": 1,
        "resolve": {"product": product, "version": version},
        "project": state.project,
        "timeline": state.timeline,
        "items": [
            dict([(name, item[name]) for name in ITEM], selected=item["id"] in (selected or ()))
            for item in state.items
        ],
        "markers": [row_out(row) for row in state.markers if told(row)],
        "gone": [row_out(row) for row in past["gone"]],
        "deleted": past["deleted"],
        "selected": selected,
    }


def told(row: Row) -> bool:
    """Whether a marker is told; other people's on clips stand in the export already."""
    from .notes import is_ours

    return row.get("item") is None or is_ours(row)


def row_out(row: Row) -> Row:
    """Give a marker's row as ``live.json`` has it."""
    return {
        "frame": row["frame"],
        "frames": row["frames"],
        "color": row["color"],
        "name": row["name"],
        "note": row["note"],
        "custom": row.get("custom") or "",
        "written": row.get("written"),
        "item": row.get("item"),
    }
