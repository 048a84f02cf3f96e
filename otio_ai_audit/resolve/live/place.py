"""Where the markers of a result belong now: a person may have edited while it was worked out."""

from typing import Any, Dict, List, Optional

from .notes import Row, is_summary, is_unchecked
from .timeline_state import State


class Wanted:
    """Markers to set, and what cannot be set.

    Attributes
    ----------
    rows
        With their place now; ``shot`` is the clip they speak of, ``room`` its frames (first, behind last).
    summary
        The summary's row, None where the result has none.
    lost
        How many markers have no place any more, since their shot is gone or their pictures were cut off.
    """

    def __init__(self) -> None:
        self.rows: List[Row] = []
        self.summary: Optional[Row] = None
        self.lost = 0


def wanted(result: Dict[str, Any], then: Dict[str, Any], now: State) -> Wanted:
    """Find the place of every marker of a result.

    Parameters
    ----------
    result
        The result's JSON.
    then
        ``items`` and ``start`` of the timeline when it was exported.
    now
        The timeline's `State` now.
    """
    found = Wanted()
    live = result.get("live") or {}
    of_clip = live.get("items") or {}
    clips = dict((clip["id"], clip) for clip in result.get("clips") or ())
    before = dict((item["id"], item) for item in then["items"])
    here = dict((item["id"], item) for item in now.items)
    for marker in result.get("markers") or ():
        row = _row(marker)
        clip = clips.get(marker.get("clip"))
        if clip is None:
            if is_summary(row):
                found.summary = row
            else:
                found.rows.append(dict(row, shot=None, room=(0, now.frames)))
            continue
        old = before.get(of_clip.get(clip["id"])) or _at(clip, then)
        placed = None
        if old is not None:
            new = here.get(old["id"]) or _twin(old, before, now.items)
            placed = _placed(row, old, new, then["start"], now.start) if new else None
        if placed is None:
            found.lost += 1
        else:
            found.rows.append(placed)
    return found


def _row(marker: Dict[str, Any]) -> Row:
    return {
        "frame": int(marker["frame"]),
        "frames": max(1, int(marker["frames"])),
        "color": str(marker["color"]),
        "name": str(marker["name"]),
        "note": str(marker["note"]),
        "custom": str(marker.get("custom") or ""),
    }


def _at(clip: Dict[str, Any], then: Dict[str, Any]) -> Optional[Row]:
    """Find a clip of the result by its track and place, where nobody said which item it is."""
    track = clip["id"].split("/")[0][1:]
    frame = clip["timeline_start_frame"] + then["start"]
    same = [
        item
        for item in then["items"]
        if str(item["track"]) == track and item["start"] <= frame < item["start"] + item["duration"]
    ]
    return same[0] if same else None


def _twin(old: Row, before: Dict[str, Row], items: List[Row]) -> Optional[Row]:
    """Find a clip that was cut and pasted meanwhile: it has another id now, and nothing else changed."""
    same = [
        item
        for item in items
        if item["id"] not in before
        and item["name"] == old["name"]
        and item["duration"] == old["duration"]
        and item["left"] == old["left"]
    ]
    return same[0] if len(same) == 1 else None


def _placed(row: Row, old: Row, new: Row, then_start: int, now_start: int) -> Optional[Row]:
    """Move a marker with its clip; None where its pictures are cut off."""
    first = new["start"] - now_start
    end = first + new["duration"]
    row = dict(row, shot=new["id"], room=(first, end))
    into = row["frame"] - (old["start"] - then_start)
    if old["left"] is not None and new["left"] is not None:
        into += old["left"] - new["left"]
    start, stop = first + into, first + into + row["frames"]
    if is_unchecked(row):  # it speaks of the whole shot, however that was trimmed
        start = min(max(start, first), end - 1)
        stop = end
    if stop <= first or start >= end:
        return None
    start, stop = max(start, first), min(stop, end)
    return dict(row, frame=start, frames=max(1, stop - start))


def into(row: Row, item: Row, start: int) -> int:
    """Count a marker's frame on its clip's own clock, which moves and trims leave alone."""
    frame: int = row["frame"] - (item["start"] - start) + (item["left"] or 0)
    return frame


def followed(row: Row, items: List[Row], start: int) -> Optional[int]:
    """Find the frame of a marker's picture now; None where its shot is gone or does not show it."""
    known = row.get("known") or {}
    shot = next((item for item in items if item["id"] == known.get("shot")), None)
    if shot is None or known.get("into") is None:
        return None
    first: int = shot["start"] - start
    frame: int = first + known["into"] - (shot["left"] or 0)
    return frame if first <= frame < first + shot["duration"] else None
