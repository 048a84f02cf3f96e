"""Set the markers of an earlier result on its timeline."""

import os
from typing import Any, Dict, Optional

from .audit import set_markers, tell_end
from .calls import Trouble
from .context import Context
from .desk import Desk
from .report import LIVE
from .sidecar import read_json
from .timeline_state import State
from .window import NoWindow


def mark(context: Context, window: NoWindow, path: Optional[str]) -> int:
    """Set the markers of an earlier result on the timeline, as it is now.

    Raises
    ------
    Trouble
        Where there is no such result, or it is of another timeline.
    """
    result = read_json(path) if path else None
    if result is None or not isinstance(result.get("markers"), list):
        raise Trouble(
            "Could not read %s as a result with markers. Write one with: otio-ai-audit audit EDIT "
            "-o result.json." % (path or "a result")
        )
    window.tell("Setting markers")
    state = context.read()
    check_same(context.desk, state, result)
    then = told_then(str(path), result, context.desk.id)
    before = {"items": state.items, "start": state.start, "markers": []}
    if then is not None:
        before.update(items=then["items"], start=then["timeline"]["start_frame"])
    words = set_markers(context, result, before, fresh=False)
    tell_end(context, result, words)
    return 0


def told_then(path: str, result: Dict[str, Any], timeline_id: str) -> Optional[Dict[str, Any]]:
    """Read what was told to the audit, from the file beside its result; None where it is not the one."""
    if (result.get("live") or {}).get("timeline") != timeline_id:
        return None
    then = read_json(os.path.join(os.path.dirname(os.path.abspath(path)), LIVE))
    if then is None or (then.get("timeline") or {}).get("id") != timeline_id:
        return None
    ids = set(item.get("id") for item in then.get("items") or ())
    return then if set((result["live"].get("items") or {}).values()) <= ids else None


def check_same(desk: Desk, state: State, result: Dict[str, Any]) -> None:
    """Refuse a result of another timeline: by its id, else by name, start and rate."""
    live, told = result.get("live") or {}, result.get("timeline") or {}
    if live.get("timeline") == desk.id:
        return
    same = not live and told.get("name") == desk.name
    same = same and same_start(told.get("start_timecode"), state.timeline["start_timecode"])
    if not (same and same_rate(told.get("rate"), state.timeline["rate"])):
        raise Trouble(
            'Could not set the markers: the result is of "%s" and the open timeline is "%s". Open the '
            "timeline that was audited." % (told.get("name") or "another timeline", desk.name)
        )


def same_start(one: Any, other: Any) -> bool:
    """Whether two timecodes are the same, whatever stands between their numbers."""
    return str(one or "").replace(";", ":") == str(other or "").replace(";", ":")


def same_rate(fraction: Any, told: Any) -> bool:
    """Whether a rate like ``24000/1001`` is the one that Resolve calls ``23.976`` (or, once, ``23``)."""
    try:
        number, _, below = str(fraction).partition("/")
        exact = float(number) / float(below or 1)
        said = float(str(told).split()[0])
    except (ValueError, ZeroDivisionError, IndexError):
        return False
    return abs(exact - said) < 0.01 or (said == int(said) and int(exact) == int(said) and exact % 1 > 0.9)
