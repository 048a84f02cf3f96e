"""What stands on the timeline now: clips on video tracks, and markers."""

import re
from typing import Any, Dict, List, Optional

from .calls import Stale, is_count, listed, method, nothing, whole
from .desk import Desk
from .notes import PROBE, Row


class State:
    """A timeline as it was read at one moment.

    Attributes
    ----------
    timeline
        ``name``, ``id``, ``start_frame`` and so on, as in ``live.json``.
    project
        Its ``name`` and ``id``.
    items
        Rows of the clips, bottom track first, in order of time; transitions left out.
    handles
        Item id → Resolve's handle of it.
    markers
        Rows of all markers, other people's too. ``frame`` counts from the timeline's first frame, ``at`` as
        the marker's holder counts; ``item`` is the clip that holds it, None for the timeline.
    """

    def __init__(self) -> None:
        self.timeline: Dict[str, Any] = {}
        self.project: Dict[str, str] = {}
        self.items: List[Row] = []
        self.handles: Dict[str, Any] = {}
        self.markers: List[Row] = []

    @property
    def start(self) -> int:
        return int(self.timeline["start_frame"])

    @property
    def frames(self) -> int:
        """Frames from the timeline's first to the end of its last clip."""
        ends: List[int] = [item["start"] + item["duration"] - self.start for item in self.items]
        return max(ends + [int(self.timeline["end_frame"]) - self.start])

    def shot_at(self, frame: int) -> Optional[str]:
        """Id of the topmost clip at a frame; None where there is none."""
        frame += self.start
        found = [i for i in self.items if i["start"] <= frame < i["start"] + i["duration"]]
        shown = [i for i in found if i.get("enabled") is not False]
        return max(shown or found, key=lambda i: i["track"])["id"] if found else None


def read_state(
    desk: Desk,
    kinds: Dict[str, Optional[Row]],
    details: bool = True,
    origin: Optional[str] = None,
    on_clips: bool = True,
) -> State:
    """Read the current timeline.

    Parameters
    ----------
    desk
        Where it is.
    kinds
        Item id → its row, None for a transition, as far as items were read before; what is found is added.
    details
        Also read what only an export needs: colours, files, settings. Without it, what was read of an item
        before is believed, but for its place.
    origin
        Where clip markers count from: ``media`` (also for None) or ``clip``.
    on_clips
        Also read the markers on clips.
    """

    def read() -> State:
        state = State()
        state.timeline = _timeline(desk, details)
        if details:
            project = desk.ask(desk.project, "GetUniqueId")
            state.project = {"name": _text(desk.ask(desk.project, "GetName")), "id": _text(project)}
        _items(desk, state, kinds, details)
        state.markers = markers_of(desk, desk.timeline)
        for item in state.items if on_clips else ():
            found = markers_of(desk, state.handles[item["id"]], item["id"])
            for row in found:
                base = 0 if origin == "clip" else item["left"] or 0
                row["frame"] = item["start"] - state.start + row["at"] - base
            state.markers += found
        return state

    state: State = desk.patiently(read)
    return state


def _timeline(desk: Desk, details: bool) -> Dict[str, Any]:
    timeline = desk.timeline
    start = whole(desk.need(timeline, "GetStartFrame"))
    end = whole(desk.need(timeline, "GetEndFrame"))
    if start is None or end is None:
        raise Stale("GetStartFrame")
    told = {"name": desk.name, "id": desk.id, "start_frame": start, "end_frame": end}
    if details:
        rate = setting(desk, "timelineFrameRate")
        told["start_timecode"] = _text(desk.ask(timeline, "GetStartTimecode"))
        told["rate"] = rate
        told["drop_frame"] = drop_frame(rate, setting(desk, "timelineDropFrameTimecode"))
        told["width"] = whole(setting(desk, "timelineResolutionWidth"))
        told["height"] = whole(setting(desk, "timelineResolutionHeight"))
    return told


def setting(desk: Desk, key: str) -> str:
    """Read a setting of the timeline, else of its project, as text; empty where nobody knows it."""
    for holder in (desk.timeline, desk.project):
        value = desk.ask(holder, "GetSetting", key) if method(holder, "GetSetting") else None
        if nothing(value) or value == "":
            # Resolve 21.1 calls GetSetting outdated and has GetSettings.
            every = desk.ask(holder, "GetSettings") if method(holder, "GetSettings") else None
            value = every.get(key) if isinstance(every, dict) else None
        if not nothing(value) and value != "":
            return str(value)
    return ""


def drop_frame(rate: str, told: str) -> Optional[bool]:
    """Whether timecode drops numbers: by the rate's ``DF``, else by the setting; None where nobody says."""
    if re.search(r"\bNDF\b", rate, re.IGNORECASE):
        return False
    if re.search(r"(?<![A-Za-z])DF\b", rate, re.IGNORECASE):
        return True
    if told.strip().lower() in ("1", "1.0", "true", "yes", "on"):
        return True
    return False if told.strip().lower() in ("0", "0.0", "false", "no", "off") else None


def _items(desk: Desk, state: State, kinds: Dict[str, Optional[Row]], details: bool) -> None:
    count = whole(desk.need(desk.timeline, "GetTrackCount", "video")) or 0
    pool: Dict[Any, Row] = {}
    for track in range(1, count + 1):
        found = listed(desk.ask(desk.timeline, "GetItemListInTrack", "video", track))
        index = 0
        for handle in found:
            row = _place(desk, handle, track)
            if details or row["id"] not in kinds:
                _describe(desk, handle, row, kinds, pool if details else None)
            known = kinds[row["id"]]
            if known is None:
                continue
            index += 1
            row = dict(known, **row)
            row["index"] = index
            row["left"] = None if known["still"] else left_offset(desk, handle, row, state.start)
            state.items.append(row)
            state.handles[row["id"]] = handle


def _describe(
    desk: Desk, handle: Any, row: Row, kinds: Dict[str, Optional[Row]], pool: Optional[Dict[Any, Row]]
) -> None:
    """Note down what an item is, apart from its place."""
    source = desk.ask(handle, "GetMediaPoolItem")
    source = None if nothing(source) else source
    if source is None and desk.ask(handle, "GetProperty") == {}:
        kinds[row["id"]] = None  # transitions are listed as items: they have no media and no properties
        return
    known: Row = {"name": _text(desk.ask(handle, "GetName")), "still": False}
    known["enabled"] = _flag(desk.ask(handle, "GetClipEnabled"))
    if pool is not None:
        _details(desk, handle, source, known, pool)
    kinds[row["id"]] = known


def handles_of(desk: Desk) -> Dict[str, Any]:
    """Take new handles of all items on video tracks, by id (of those whose id is Resolve's own)."""
    handles = {}
    for track in range(1, (whole(desk.need(desk.timeline, "GetTrackCount", "video")) or 0) + 1):
        for handle in listed(desk.ask(desk.timeline, "GetItemListInTrack", "video", track)):
            handles[desk.ask(handle, "GetUniqueId")] = handle
    return handles


def _place(desk: Desk, handle: Any, track: int) -> Row:
    start, duration = whole(desk.need(handle, "GetStart")), whole(desk.need(handle, "GetDuration"))
    if start is None or duration is None:
        raise Stale("GetStart")
    if method(handle, "GetUniqueId") is None:
        id_ = "V%d %d %s" % (track, start, _text(desk.ask(handle, "GetName")))
    else:
        id_ = desk.need(handle, "GetUniqueId")
    return {"id": str(id_), "track": track, "start": start, "duration": duration}


def left_offset(desk: Desk, handle: Any, row: Row, timeline_start: int) -> Optional[int]:
    """Frames that are cut off a clip's head; None where Resolve's answer cannot be meant.

    For stills it answers with a place on the timeline's clock; then it is far from the source's first frame.
    """
    left = desk.ask(handle, "GetLeftOffset")
    if not is_count(left) and method(handle, "GetLeftOffset") is not None:
        left = desk.ask(handle, "GetLeftOffset", False)
    if not is_count(left) or left < 0:
        return None
    if left > max(row["duration"], 1) and left >= timeline_start - 10 * max(row["duration"], 1):
        source = desk.ask(handle, "GetSourceStartFrame")
        if is_count(source) and abs(source - left) > 1:
            return None
    return whole(left)


def _details(desk: Desk, handle: Any, source: Any, row: Row, pool: Dict[Any, Row]) -> None:
    row["color"] = _text(desk.ask(handle, "GetClipColor"))
    row["flags"] = [str(flag) for flag in listed(desk.ask(handle, "GetFlagList"))]
    row.update({"keywords": [], "file": "", "proxy": "", "type": ""})
    if source is None:
        return
    key = desk.ask(source, "GetUniqueId") or desk.ask(source, "GetMediaId")
    if key not in pool or not key:
        pool[key] = _pool_item(desk, source)
    row.update(pool[key])
    row["keywords"] = list(row["keywords"])
    row["still"] = "still" in row["type"].lower()


def _pool_item(desk: Desk, source: Any) -> Row:
    told = desk.ask(source, "GetClipProperty")
    told = told if isinstance(told, dict) else {}

    def prop(name: str) -> str:
        value = told.get(name)
        if nothing(value) and not told:
            value = desk.ask(source, "GetClipProperty", name)
        return _text(value)

    words = desk.ask(source, "GetMetadata")
    words = words.get("Keywords") if isinstance(words, dict) else words
    words = words if isinstance(words, (str, list, tuple)) and words else prop("Keywords")
    if isinstance(words, str):
        words = re.split(r"[,;]", words)
    keywords = [str(word).strip() for word in words]
    return {
        "keywords": [word for n, word in enumerate(keywords) if word and word not in keywords[:n]],
        "file": prop("File Path"),
        "proxy": prop("Proxy Media Path"),
        "type": prop("Type"),
    }


def markers_of(desk: Desk, holder: Any, item: Optional[str] = None) -> List[Row]:
    """Read all markers of a timeline or a clip; keys and durations come as floats."""
    found = desk.ask(holder, "GetMarkers")
    rows = []
    for key, told in found.items() if isinstance(found, dict) else ():
        at = whole(key)
        if at is None or not isinstance(told, dict):
            continue
        rows.append(
            {
                "frame": at,
                "at": at,
                "frames": max(1, whole(told.get("duration")) or 1),
                "color": _text(told.get("color")),
                "name": _text(told.get("name")),
                "note": _text(told.get("note")),
                "custom": _text(told.get("customData")),
                "item": item,
            }
        )
    return sorted(rows, key=lambda row: row["at"])


def is_probe(row: Row) -> bool:
    """Whether a marker was left by a task that was killed while it found out where markers count from."""
    return bool(row["custom"] == PROBE)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if nothing(value) else str(value)


def _flag(value: Any) -> Optional[bool]:
    return value if isinstance(value, bool) else None
