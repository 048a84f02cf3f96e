"""A failure is said on the timeline too: nobody opens the console."""

import time

from .audit import _plain
from .calls import Patience
from .context import Context
from .desk import Desk
from .ledger import Ledger
from .lock import Lock
from .markers import free_frame
from .notes import CREAM, SUMMARY, content, is_ours, is_summary, summary
from .timeline_state import State, markers_of
from .write import Writer


def mark(context: Context, words: str) -> None:
    """Set the summary marker to what went wrong, where a timeline can be marked at all.

    Never fails: by now a person has been told on the console.
    """
    try:
        if context.told_ledger is not None or not context.folder:
            _mark(context, words)
        else:
            # Nothing is marked, and no ledger touched, while another task works on this timeline.
            with Lock(context.folder):
                _mark(context, words)
    except Exception:
        pass


def _mark(context: Context, words: str) -> None:
    desk = Desk(context.desk.resolve, Patience(2.0))
    desk.id, desk.name = context.desk.id, context.desk.name
    if not desk.id:
        desk.open()
    desk.timeline = desk.find()
    if desk.timeline is None:
        desk.check()
    ledger = context.told_ledger or (Ledger(context.folder, desk.id) if context.folder else None)
    rows = markers_of(desk, desk.timeline)
    if ledger is not None:
        ledger.recognise(rows)
    old = [
        row
        for row in rows
        if is_ours(row)
        and is_summary(row)
        and row["color"] == CREAM
        and row.get("known") is not None
        and content(row) == content(row["known"])
    ]
    taken = set(row["at"] for row in rows if row not in old)
    frame = free_frame(0, (0, len(taken) + 1), taken) or 0
    name = "%s %s" % (SUMMARY, time.strftime("%H:%M"))
    row = dict(summary(could_not(words), name, frame), at=frame, item=None, shot=None)
    row["written"] = row["note"]
    state = State()
    state.timeline = {"start_frame": 0, "end_frame": 1 << 30}
    writer = Writer(desk, state)
    here = [one for one in old if one["at"] == frame]
    if not writer.summarise((here[0] if here else None, row)):
        return
    for one in old:
        if one not in here:
            writer.take(one)
    if ledger is None:
        return
    gone = [id(one["known"]) for one in old]
    ledger.rows = [one for one in ledger.rows if id(one) not in gone] + [_plain(row)]
    ledger.save()


def could_not(words: str) -> str:
    """Make a sentence begin with ``Could not``, as a failure's summary does."""
    words = words.strip()
    return words if words.startswith("Could not") else "Could not finish: " + words
