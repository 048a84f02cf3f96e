"""What we wrote on one timeline: so that a person's changes can be told from ours.

``idle``: the rows are what stood on the timeline after the last write. ``writing``: a task was at it and
may have been killed; then nothing that is missing counts as deleted by a person.
"""

import os
from typing import Any, Dict, List, Tuple

from .notes import Row, content, ids_of, is_ours, is_summary, is_unchecked
from .sidecar import read_json, write_json

IDLE, WRITING = "idle", "writing"


class Ledger:
    """The ledger of one timeline.

    Attributes
    ----------
    rows
        Markers of ours on the timeline after the last write; ``written`` is the note as we wrote it, ``shot``
        the item that a marker speaks of.
    planned
        While ``writing``: what was going to be there.
    gone, deleted
        Markers that Clear took away, and ids whose marker a person deleted, until an audit has heard of them.
    origin
        Where clip markers count from, once it was found out.
    """

    def __init__(self, folder: str, timeline_id: str) -> None:
        self.path = os.path.join(folder, "ledger.json")
        self.timeline = timeline_id
        data = read_json(self.path) or {}
        same = data.get("timeline") == timeline_id and data.get("schema") == 1
        data = data if same else {}
        self.state = data.get("state") if data.get("state") in (IDLE, WRITING) else IDLE
        self.rows = _rows(data.get("rows"))
        self.planned = _rows(data.get("planned"))
        self.gone = _rows(data.get("gone"))
        self.deleted = [str(one) for one in data.get("deleted") or []]
        self.origin = data.get("origin") if data.get("origin") in ("media", "clip") else None

    def save(self) -> None:
        """Write the ledger, whole or not at all."""
        write_json(
            self.path,
            {
                "schema": 1,
                "timeline": self.timeline,
                "state": self.state,
                "rows": self.rows,
                "planned": self.planned,
                "gone": self.gone,
                "deleted": self.deleted,
                "origin": self.origin,
            },
        )

    def begin(self, planned: List[Row]) -> None:
        """Note that markers are going to be written."""
        self.state, self.planned = WRITING, planned
        self.save()

    def finish(self, rows: List[Row]) -> None:
        """Note what stands on the timeline now."""
        self.state, self.rows, self.planned = IDLE, rows, []
        self.save()

    def heard(self, gone: List[Row], deleted: List[str]) -> None:
        """Forget what an audit was told and has taken in."""
        self.gone = [row for row in self.gone if row not in gone]
        self.deleted = [one for one in self.deleted if one not in deleted]

    def wrote(self) -> List[Row]:
        """Everything that we wrote or were going to write."""
        return self.rows + self.planned

    def recognise(self, markers: List[Row]) -> None:
        """Put ``written`` and ``shot`` into the rows of markers of ours that stand on the timeline."""
        mine = [row for row in markers if is_ours(row)]
        for row, known in pairs(mine, self.wrote()):
            row["written"] = known["written"] if "written" in known else known["note"]
            row["shot"] = known.get("shot")
            row["known"] = known

    def hear_deletions(self, markers: List[Row], items: List[Row]) -> str:
        """Note which markers a person deleted since the last write.

        A marker counts as deleted where it stood in an idle ledger, is gone, and its shot is still there.
        Nothing counts where none of ours is left, or where the summary is another one than ours: then
        somebody cleaned up, or the project is an older copy.

        Returns
        -------
        str
            A sentence for a person where nothing was counted, else empty.
        """
        if self.state != IDLE or not self.rows:
            return ""
        mine = [row for row in markers if is_ours(row)]
        found = pairs(mine, self.rows)
        left = [id(known) for _, known in found]
        missing = [row for row in self.rows if id(row) not in left]
        # Deleted, told to an audit that failed, and back by undo since.
        back = set(one for _, known in found for one in ids_of(known))
        back.difference_update(one for row in missing for one in ids_of(row))
        self.deleted = [one for one in self.deleted if one not in back]
        asked = [row for row in missing if not is_summary(row) and not is_unchecked(row) and row.get("shot")]
        if not asked:
            return ""
        if not found:
            return "All markers of the last audit are gone; that is taken for tidying up, not for verdicts."
        ours = [id(row) for row, _ in found]
        other = [
            row
            for row in mine
            if is_summary(row) and id(row) not in ours and not row["note"].startswith("Could not")
        ]
        if other:
            return (
                "This timeline is not as the last audit left it; missing markers are not taken for verdicts."
            )
        present = set(item["id"] for item in items)
        for row in asked:
            if row["shot"] in present:
                self.deleted += [one for one in ids_of(row) if one not in self.deleted]
        return ""


def _rows(found: Any) -> List[Row]:
    """Take rows as they must be; damaged ones are left out."""
    rows = []
    for row in found if isinstance(found, list) else []:
        try:
            rows.append(
                dict(
                    row,
                    frame=int(row["frame"]),
                    frames=int(row["frames"]),
                    color=str(row["color"]),
                    name=str(row["name"]),
                    note=str(row["note"]),
                    custom=str(row.get("custom") or ""),
                )
            )
        except (TypeError, KeyError, ValueError):
            continue
    return rows


def pairs(markers: List[Row], known: List[Row]) -> List[Tuple[Row, Row]]:
    """Pair markers with rows that were noted down: the same one at its place, then moved or changed.

    Returns
    -------
    list of (marker, row)
        Each marker and each row once at most.
    """
    free, left, found = list(known), list(markers), []
    keys = (
        lambda row: (row["frame"], row.get("item"), content(row), row.get("custom") or ""),
        lambda row: (row["frame"], row.get("item"), tuple(ids_of(row))),
        lambda row: (row.get("item"), content(row), row.get("custom") or ""),
        lambda row: (row.get("item"), tuple(ids_of(row))),
        lambda row: tuple(ids_of(row)),
    )
    for key in keys:
        shelf: Dict[Any, List[Row]] = {}
        for row in free:
            shelf.setdefault(key(row), []).append(row)
        rest = []
        for marker in left:
            same = shelf.get(key(marker))
            if same:
                best = min(same, key=lambda row: abs(row["frame"] - marker["frame"]))
                same[:] = [row for row in same if row is not best]
                found.append((marker, best))
            else:
                rest.append(marker)
        taken = set(id(row) for _, row in found)
        left, free = rest, [row for row in free if id(row) not in taken]
    return found
