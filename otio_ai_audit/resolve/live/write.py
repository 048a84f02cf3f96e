"""Markers are set and taken away, one call each; what was displaced comes back where a write fails."""

from typing import Any, List, Optional, Tuple

from .calls import Stale, call, method
from .desk import Desk
from .ledger import pairs
from .markers import Plan, free_frame
from .notes import Row, content, ids_of, is_ours
from .timeline_state import State, handles_of, markers_of


class Writer:
    """Sets and takes away markers of the current timeline and its clips.

    Attributes
    ----------
    refused
        Rows that Resolve would not take.
    """

    def __init__(self, desk: Desk, state: State) -> None:
        self.desk = desk
        self.state = state
        self.refused: List[Row] = []
        self.five = False
        self.renewals = desk.renewals

    def carry_out(self, plan: Plan) -> List[Row]:
        """Make the changes of a plan, the summary last.

        Returns
        -------
        list of dict
            Rows of ours that were to go and stay, since what replaces them was refused.
        """
        stay = []
        for row in plan.add:
            self.set(row)
        for old, new in plan.replace:
            if not self._exchange(old, new):
                stay.append(old)
        ids = set(one for row in self.refused for one in ids_of(row))
        for old in plan.remove:
            if ids.intersection(ids_of(old)):
                stay.append(old)
            else:
                self.take(old)
        return stay

    def summarise(self, pair: Tuple[Optional[Row], Row]) -> bool:
        """Set the summary; True where it stands."""
        old, new = pair
        if old is not None and content(old) == content(new) and old["custom"] in ("", new["custom"]):
            return True
        return self._exchange(old, new) if old is not None else self.set(new)

    def _exchange(self, old: Row, new: Row) -> bool:
        if not self.take(old):
            # Somebody else's marker is there now, or none at all.
            return self.set(new)
        done = False
        try:
            done = self.set(new)
        finally:
            if not done:
                self._put_back(old)
        return done

    def _put_back(self, old: Row) -> None:
        """Restore what was displaced."""
        for _ in range(10):
            if self._add(old, old["at"]) or not self.desk.patience.wait():
                return

    def set(self, row: Row) -> bool:
        """Set a marker; on the next free frame of its shot where its own was taken meanwhile."""
        tries = 0
        while not self._add(row, row["at"]):
            now = self._now(row.get("item"))
            there = [other for other in now if other["at"] == row["at"]]
            if there and content(there[0]) == content(row):
                return True
            if there:
                if not self._move(row, now):
                    self.refused.append(row)
                    return False
                continue
            tries += 1
            if tries > 2 or not self.desk.patience.wait():
                self.refused.append(row)
                return False
        return True

    def _move(self, row: Row, now: List[Row]) -> bool:
        room = row.get("room") or (0, self.state.frames)
        shift = row["at"] - row["frame"]
        frame = free_frame(row["frame"], room, set(other["at"] for other in now), shift)
        if frame is None:
            return False
        end = row["frame"] + row["frames"]
        row["frames"] = max(1, min(end, room[1]) - frame)
        row["frame"], row["at"] = frame, frame + shift
        return True

    def take(self, row: Row) -> bool:
        """Take a marker of ours away; False where it does not stand there any more."""
        for _ in range(3):
            holder = self._holder(row.get("item"))
            if holder is None:
                return False
            custom = call(holder, "GetMarkerCustomData", row["at"]) if row["custom"] else None
            if isinstance(custom, str) and custom and custom != row["custom"]:
                return False
            if call(holder, "DeleteMarkerAtFrame", row["at"]):
                return True
            there = [other for other in self._now(row.get("item")) if other["at"] == row["at"]]
            if not there or content(there[0]) != content(row):
                return False
            if not self.desk.patience.wait():
                raise self.desk.patience.used_up()
        return False

    def _add(self, row: Row, at: int) -> bool:
        holder = self._holder(row.get("item"))
        found = method(holder, "AddMarker") if holder is not None else None
        if found is None:
            return False
        arguments = (at, row["color"], row["name"], row["note"], row["frames"])
        if not self.five:
            try:
                return bool(found(*(arguments + (row["custom"],))))
            except TypeError:
                self.five = True
            except Exception:
                return False
        # Older versions take no custom data here.
        try:
            done = bool(found(*arguments))
        except Exception:
            return False
        if done and row["custom"]:
            call(holder, "UpdateMarkerCustomData", at, row["custom"])
        return done

    def _holder(self, item: Optional[str]) -> Any:
        if item is None:
            return self.desk.timeline
        if self.desk.renewals != self.renewals:
            self.renewals = self.desk.renewals
            self.state.handles = self.desk.patiently(lambda: handles_of(self.desk))
        return self.state.handles.get(item)

    def _now(self, item: Optional[str]) -> List[Row]:
        for _ in range(8):
            try:
                return markers_of(self.desk, self._holder(item), item)
            except Stale:
                continue  # the desk has new handles now
        raise self.desk.patience.used_up()

    def standing(self, plan: Plan) -> List[Row]:
        """Read back which markers of ours stand on the timeline, and on clips that had or got some.

        Returns
        -------
        list of dict
            Rows for the ledger, with ``written`` and ``shot``.
        """
        meant = plan.rows()
        rows = [row for row in self._now(None) if is_ours(row)]
        used = set(row.get("item") for row in meant + self.state.markers if is_ours(row))
        for item in self.state.items:
            if item["id"] in used:
                rows += [
                    dict(row, frame=item["start"] - self.state.start + row["at"] - (item["left"] or 0))
                    for row in self._now(item["id"])
                    if is_ours(row)
                ]
        left = [id(row) for row in plan.left]
        for row, known in pairs(rows, meant):
            # What Resolve made of a note that was written now (line ends, say) is no person's doing.
            row["written"] = known.get("written") if id(known) in left else row["note"]
            row["shot"] = known.get("shot")
        return rows


def missing(rows: List[Row], standing: List[Row]) -> List[Row]:
    """Rows that were set and are not found when they are read back."""
    there = dict(((row.get("item"), row["at"]), ids_of(row)) for row in standing)
    return [row for row in rows if there.get((row.get("item"), row["at"])) != ids_of(row)]
