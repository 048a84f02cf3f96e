"""Markers on clips instead of the timeline: off unless a user asks for them.

Two accounts disagree on where a clip's markers count from: the first frame of its media, or its first visible
frame. So one is set on a trimmed clip, exported, found in the file and taken away again.
"""

import io
import json
import os
from typing import Any, List, Optional

from .calls import call
from .context import Context
from .export import export
from .notes import PROBE, Row
from .place import Wanted
from .timeline_state import State, markers_of

NAME = "AUDIT probe"


def move(context: Context, found: Wanted, state: State) -> List[str]:
    """Turn wanted timeline markers into markers on their clips, where it is known how those count.

    Returns
    -------
    list of str
        A sentence where they stay on the timeline.
    """
    origin = probe(context, state)
    if origin is None:
        return ["Clip markers could not be verified here, so the markers are on the timeline."]
    context.ledger.origin = origin
    items = dict((item["id"], item) for item in state.items)
    for row in found.rows:
        item = items.get(row.get("shot"))
        if item is None or (origin == "media" and item["left"] is None):
            continue
        base = item["left"] if origin == "media" else 0
        row["item"] = item["id"]
        row["at"] = row["frame"] - (item["start"] - state.start) + base
    return []


def probe(context: Context, state: State) -> Optional[str]:
    """Find out where clip markers count from: ``media``, ``clip``, or None where it does not show.

    A marker is set on a trimmed clip at the number of frames that were cut off its head. Counted from the
    media, that is the clip's first frame in the exported file; counted from the clip, it lies as far behind.
    """
    trimmed = [i for i in state.items if i["left"] and i["duration"] > 1]
    trimmed.sort(key=lambda item: (item["left"] >= item["duration"], item["left"]))
    for item in trimmed[:3]:
        handle = state.handles[item["id"]]
        taken = [row["at"] for row in markers_of(context.desk, handle)]
        free = [at for at in range(item["left"], item["left"] + item["duration"]) if at not in taken]
        for at in free[:1]:
            try:
                if not call(handle, "AddMarker", at, "Cream", NAME, "", 1, PROBE):
                    continue
                if at not in [row["at"] for row in markers_of(context.desk, handle)]:
                    continue
                offset = _exported(context, item)
            finally:
                _remove(context, handle)
            return {at - item["left"]: "media", at: "clip"}.get(offset)
    return None


def _exported(context: Context, item: Row) -> Optional[int]:
    """Frames from a clip's first visible one to the marker, as an export has it; None where it has none."""
    folder = context.path("probe")
    if not os.path.isdir(folder):
        os.mkdir(folder)
    path = export(context.desk, folder)
    try:
        if not path.endswith(".otio"):
            return None
        with io.open(path, "r", encoding="utf-8") as stream:
            return _find(json.load(stream))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    finally:
        os.remove(path)


def _find(node: Any) -> Optional[int]:
    if isinstance(node, dict):
        for marker in node.get("markers") or ():
            trimmed = node.get("source_range")
            if marker.get("name") == NAME and trimmed and str(node.get("OTIO_SCHEMA", "")).startswith("Clip"):
                first, at = trimmed["start_time"], marker["marked_range"]["start_time"]
                return int(round(at["value"] - first["value"] * at["rate"] / first["rate"]))
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            found = _find(part)
            if found is not None:
                return found
    return None


def _remove(context: Context, handle: Any) -> None:
    for _ in range(20):
        rows = [row for row in markers_of(context.desk, handle) if row["custom"] == PROBE]
        if not rows:
            return
        for row in rows:
            call(handle, "DeleteMarkerAtFrame", row["at"])
        if not context.desk.patience.wait():
            return
