"""The plan of changes: which markers stay, which go, which are set and where."""

from typing import Any, Collection, Dict, List, Optional, Set, Tuple

from .ledger import pairs
from .notes import Row, content, ids_of, is_claimed, is_dismissed, is_ours, is_summary, is_unchecked
from .place import Wanted, followed
from .timeline_state import State

Taken = Dict[Optional[str], Set[int]]
"""Holder of markers (None: the timeline) → the frames that carry one."""
Shelf = Dict[Tuple[Optional[str], int], Row]


class Plan:
    """Changes to make, in this order: set on free frames, replace, take away; the summary last.

    Attributes
    ----------
    add
        Rows for frames that are free.
    replace
        (row that goes, row that is set in its place).
    remove
        Rows that go.
    summary
        Like an entry of `replace`; None goes where the frame is free.
    keep
        Rows of ours that stand as they are wanted.
    left
        Rows of ours that are not to be touched.
    waiting
        How many markers are not set because a person changed theirs meanwhile.
    crowded
        How many found no free frame in their shot.
    """

    def __init__(self) -> None:
        self.add: List[Row] = []
        self.replace: List[Tuple[Row, Row]] = []
        self.remove: List[Row] = []
        self.keep: List[Row] = []
        self.left: List[Row] = []
        self.summary: Optional[Tuple[Optional[Row], Row]] = None
        self.waiting = 0
        self.crowded = 0

    def rows(self) -> List[Row]:
        """All markers of ours that are to stand on the timeline in the end."""
        return (
            self.keep
            + self.left
            + self.add
            + [new for _, new in self.replace]
            + ([self.summary[1]] if self.summary else [])
        )


def make_plan(
    found: Wanted,
    state: State,
    before: List[Row],
    live: Dict[str, Any],
    selected: Optional[List[str]] = None,
    fresh: bool = True,
) -> Plan:
    """Compare what is wanted with what stands on the timeline now.

    Parameters
    ----------
    found
        What `place.wanted` gave.
    state
        The timeline now, its markers recognised by the ledger.
    before
        Rows of all markers as they were told to the audit.
    live
        ``live`` of the result; its ``standing`` are markers that stay.
    selected
        Ids of the items that were audited; None: all of them.
    fresh
        Whether the result was worked out from `before`, in this very task. If not, what stands here and is
        not in the ledger as it is counts as changed only where a person's hand shows.
    """
    plan = Plan()
    mine = [row for row in state.markers if is_ours(row)]
    others = [row for row in state.markers if not is_ours(row)]
    told = [row for row in before if is_ours(row)]
    partner = dict((id(row), old) for row, old in pairs(mine, told))
    standing = set((one["frame"], one.get("item")) for one in live.get("standing") or ())

    going: List[Row] = []
    blocked: Set[str] = set()
    for row in mine:
        old = partner.get(id(row))
        if old is not None and (old["frame"], old.get("item")) in standing:
            plan.left.append(row)
        elif _changed(row, old, fresh):
            plan.left.append(row)
            if not is_summary(row):
                blocked.update(ids_of(row))
        elif selected is not None and not is_summary(row) and _shot(row, state) not in selected:
            plan.left.append(row)
        else:
            going.append(row)
    if fresh:
        blocked |= _deleted_meanwhile(told, partner, standing, state)

    taken: Taken = {}
    for row in others + plan.left:
        taken.setdefault(row.get("item"), set()).add(row["at"])
    moved = _with_their_shots(plan, going, taken, state)
    _set(plan, found, going, taken, blocked, state)
    plan.add += [new for _, new in moved if new is not None]
    plan.remove += [old for old, _ in moved]
    return plan


def _with_their_shots(
    plan: Plan, going: List[Row], taken: Taken, state: State
) -> List[Tuple[Row, Optional[Row]]]:
    """Move what a person dismissed with its shot; what they moved themselves, or claimed, stays.

    Returns
    -------
    list of (marker that goes, marker that is set)
        None is set where a task that was killed has already done it.
    """
    moved: List[Tuple[Row, Optional[Row]]] = []
    here = taken.setdefault(None, set())
    for row in plan.left:
        still = row.get("known") is not None and row["known"]["frame"] == row["frame"]
        if row.get("item") is not None or not (still and is_dismissed(row)):
            continue
        frame = followed(row, state.items, state.start)
        if frame is None or frame == row["frame"]:
            continue
        if any(other["at"] == frame and _same(other, row) for other in plan.left):
            moved.append((row, None))
            continue
        shot = next(item for item in state.items if item["id"] == row["known"]["shot"])
        first = shot["start"] - state.start
        room = (first, first + shot["duration"])
        free = free_frame(frame, room, here | set(old["at"] for old in going))
        if free is not None:
            here.add(free)
            moved.append((row, dict(row, frame=free, at=free, frames=min(row["frames"], room[1] - free))))
    gone = [id(old) for old, _ in moved]
    plan.left = [row for row in plan.left if id(row) not in gone]
    return moved


def _same(one: Row, other: Row) -> bool:
    return one.get("item") == other.get("item") and content(one) == content(other)


def _changed(row: Row, old: Optional[Row], fresh: bool) -> bool:
    """Whether a person changed a marker of ours after it was told to the audit (or set it anew)."""
    known = row.get("known")
    if not fresh:
        return (
            is_claimed(row, known) or is_dismissed(row) or row["note"] != (row.get("written") or row["note"])
        )
    if old is not None and content(row) == content(old):
        return False
    # What nobody told the audit may hold words that no audit has heard.
    return known is None or content(row) != content(known)


def _shot(row: Row, state: State) -> Any:
    return row.get("item") or row.get("shot") or state.shot_at(row["frame"])


def _deleted_meanwhile(
    told: List[Row],
    partner: Dict[int, Row],
    standing: Set[Tuple[int, Optional[str]]],
    state: State,
) -> Set[str]:
    """Ids of markers that a person deleted while the audit ran, and whose shot is still there."""
    kept = set(id(old) for old in partner.values())
    here = set(item["id"] for item in state.items)
    ids: Set[str] = set()
    for old in told:
        stood = (old["frame"], old.get("item")) in standing
        if id(old) in kept or stood or is_summary(old) or is_unchecked(old):
            continue
        shot = old.get("item") or old.get("shot")
        if shot is None or shot in here:
            ids.update(ids_of(old))
    return ids


def _set(plan: Plan, found: Wanted, going: List[Row], taken: Taken, blocked: Set[str], state: State) -> None:
    """Give every wanted marker a frame: faults first, then the summary, then what was not checked."""
    stale = dict(((row.get("item"), row["at"]), row) for row in going)
    late = [row for row in found.rows if is_unchecked(row) and row["room"][1] - row["room"][0] > 1]
    for row in found.rows:
        if row not in late:
            _seat(plan, row, taken, blocked, stale)
    if found.summary is not None:
        holder = taken.setdefault(None, set())
        frame = free_frame(0, (0, max(1, state.frames)), holder)
        if frame is not None:
            holder.add(frame)
            row = dict(found.summary, frame=frame, at=frame, item=None, shot=None)
            row["written"] = row["note"]
            plan.summary = (stale.pop((None, frame), None), row)
        else:
            plan.crowded += 1
    for row in late:
        _seat(plan, row, taken, blocked, stale)
    plan.remove = sorted(stale.values(), key=lambda row: row["at"])


def _seat(plan: Plan, row: Row, taken: Taken, blocked: Set[str], stale: Shelf) -> None:
    """Give one marker a frame of its shot."""
    if blocked.intersection(ids_of(row)):
        plan.waiting += 1
        return
    row = dict(row, item=row.get("item"))
    shift = row.get("at", row["frame"]) - row["frame"]
    holder = taken.setdefault(row["item"], set())
    frame = free_frame(row["frame"], row["room"], holder, shift)
    if frame is None:
        plan.crowded += 1
        return
    row["frames"] = max(1, min(row["frame"] + row["frames"], row["room"][1]) - frame)
    row["frame"], row["at"], row["written"] = frame, frame + shift, row["note"]
    holder.add(row["at"])
    _sort(plan, row, stale)


def _sort(plan: Plan, row: Row, stale: Shelf) -> None:
    old = stale.pop((row["item"], row["at"]), None)
    if old is None:
        plan.add.append(row)
    elif content(old) == content(row) and old["custom"] in ("", row["custom"]):
        plan.keep.append(dict(row))
    else:
        plan.replace.append((old, row))


def free_frame(frame: int, room: Tuple[int, int], taken: Collection[int], shift: int = 0) -> Optional[int]:
    """Find a frame of a shot that carries no marker: this one, the next, else the nearest before it."""
    first, end = room
    frame = min(max(frame, first), end - 1)
    for candidate in list(range(frame, end)) + list(range(frame - 1, first - 1, -1)):
        if candidate + shift not in taken:
            return candidate
    return None
