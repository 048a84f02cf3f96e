"""Take our markers away, from the timeline and its clips, and keep what a person said on them."""

from typing import List

from .audit import _plain, count
from .context import Context
from .markers import Plan
from .notes import Row, content, ids_of, is_claimed, is_ours, is_summary
from .window import NoWindow
from .write import Writer


def clear(context: Context, window: NoWindow) -> int:
    """Take away every marker of ours but those that somebody claimed by another colour.

    Verdicts and words on them are kept for the next audit.
    """
    window.tell("Clearing markers")
    ledger, state = context.ledger, context.read(details=False)
    note = ledger.hear_deletions(state.markers, state.items)
    if note:
        context.say(note)
    mine = [row for row in state.markers if is_ours(row)]
    left = [row for row in mine if is_claimed(row, row.get("known"))]
    going = [row for row in mine if row not in left]
    ledger.gone = _remembered(ledger.gone, [row for row in going if _speaks(row)])
    ledger.begin([_plain(row) for row in left])
    writer = Writer(context.desk, state)
    failed = [row for row in going if not writer.take(row)]
    plan = Plan()
    plan.left = left + failed
    standing = writer.standing(plan)
    ledger.finish([_plain(row) for row in standing])
    gone = len(mine) - len(standing)
    words = "Took away %s" % count(gone, "audit marker") if mine else "There are no audit markers here"
    if left:
        words += "; %s in another colour %s left" % (len(left), "was" if len(left) == 1 else "were")
    stuck = len(standing) - len(left)
    if stuck > 0:
        words += "; Resolve would not take away %d" % stuck
    context.say(words + ".")
    return 2 if stuck > 0 else 0


def _speaks(row: Row) -> bool:
    """Whether a marker may carry a verdict or words of a person: it is not as we wrote it."""
    known = row.get("known")
    if is_summary(row) and known is not None and row["note"] == known["note"]:
        return False
    return known is None or content(row) != content(known) or row["note"] != row.get("written")


def _remembered(gone: List[Row], rows: List[Row]) -> List[Row]:
    """Add rows to those that are remembered; a newer one of the same ids replaces an older."""
    for row in rows:
        ids = ids_of(row)
        if ids:
            gone = [old for old in gone if ids_of(old) != ids or old["frame"] != row["frame"]] + [_plain(row)]
    return gone
