"""Audit: export, run the command, set the markers."""

import os
import time
from typing import Any, Dict, List, Optional

from . import child, clip_markers
from .calls import Say, Trouble, listed, method, nothing, whole
from .context import Context
from .desk import Desk
from .export import export
from .markers import Plan, make_plan
from .notes import Row, summary, words_of
from .place import Wanted, into, wanted
from .report import LAST, LIVE, REPORT, RESULT
from .sidecar import live_json, read_json, write_json
from .timeline_state import State
from .window import NoWindow
from .write import Writer, missing

DONE = (0, 1, 3)
"""Exit codes of a finished audit; 1: findings (where a user asks), 3: a clip could not be looked at."""


def audit(context: Context, window: NoWindow, only_selected: bool = False) -> int:
    """Audit the current timeline.

    Parameters
    ----------
    context, window
        Who works, and who shows it.
    only_selected
        Audit only the clips that are selected.

    Returns
    -------
    int
        Exit code of the command: 0, or 3 where some clip could not be looked at.
    """
    say, desk = context.say, context.desk
    state = context.read()
    if not state.items:
        raise Trouble('"%s" has no clips on its video tracks; there is nothing to audit.' % desk.name)
    selected = desk.patiently(lambda: selection(desk, state, say)) if only_selected else None
    note = context.ledger.hear_deletions(state.markers, state.items)
    if note:
        say(note)
    past = {"gone": list(context.ledger.gone), "deleted": list(context.ledger.deleted)}
    window.tell("Exporting")
    path = export(desk, context.folder, say)
    desk.check()
    live = live_json(desk, state, past, selected)
    write_json(context.path(LIVE), live)
    # Known before anything is written, so that a task that is killed later has not lost them.
    context.ledger.save()
    code = run_command(context, window, path, selected is None)
    result = read_json(context.path(RESULT))
    if result is None or not isinstance(result.get("markers"), list):
        raise Trouble("Could not read the result of the audit (%s). Run it again." % context.path(RESULT))
    window.tell("Setting markers")
    before = {"items": state.items, "start": state.start, "markers": state.markers, "past": past}
    words = set_markers(context, result, before, selected)
    tell_end(context, result, words)
    if selected is None:
        write_json(context.path(LAST), result)
    return code


def run_command(context: Context, window: NoWindow, path: str, whole_timeline: bool) -> int:
    """Run ``audit`` on the exported timeline; its exit code where it did its work."""
    if not context.command:
        raise Trouble(
            "Could not find the command otio-ai-audit. Install it, then: otio-ai-audit resolve install."
        )
    result, old = context.path(RESULT), context.path("previous.json")
    if os.path.exists(result):
        os.replace(result, old)
    command = context.command + ["audit", path, "--live", context.path(LIVE)]
    command += ["-o", result, "-o", context.path(REPORT), "--fail-on", "never", "--progress", "json"]
    if whole_timeline and isinstance((read_json(context.path(LAST)) or {}).get("findings"), list):
        command += ["--against", context.path(LAST)]
    command += [str(option) for option in context.settings["options"] or ()]
    try:
        ended = child.run(command, context.folder, Progress(context.say, window), window.step)
        if ended.code not in DONE:
            raise Trouble(child.why(ended))
        if not os.path.isfile(result):
            raise Trouble("The audit ended without a result. Try: otio-ai-audit resolve doctor.")
    finally:
        if os.path.exists(old) and not os.path.exists(result):
            os.replace(old, result)
    for line in ended.words:
        context.say(line)
    return ended.code


class Progress:
    """Tells what the command does, in few lines."""

    EVERY = 5.0

    def __init__(self, say: Say, window: NoWindow) -> None:
        self.say, self.window = say, window
        self.last = 0.0

    def __call__(self, event: Dict[str, Any]) -> None:
        if event.get("event") == "say":
            text = str(event.get("text") or "")
            self.window.tell(text)
            self.say("%s …" % text)
        elif event.get("event") == "step":
            done, total = whole(event.get("done")) or 0, whole(event.get("total")) or 0
            text = "%d of %d: %s" % (done, total, event.get("name") or "")
            self.window.tell(text, done, total)
            if time.time() - self.last >= self.EVERY or done == total:
                self.last = time.time()
                self.say("  " + text)


def selection(desk: Desk, state: State, say: Say) -> List[str]:
    """Ids of the clips that a person selected; of the clip under the playhead where nothing tells.

    `GetSelectedClips` came with Resolve 21.
    """
    here = set(item["id"] for item in state.items)
    if method(desk.timeline, "GetSelectedClips") is not None:
        found = [_id_of(handle) for handle in listed(desk.ask(desk.timeline, "GetSelectedClips"))]
        chosen = [id_ for n, id_ in enumerate(found) if id_ in here and id_ not in found[:n]]
        if chosen:
            say("Auditing %s." % count(len(chosen), "selected clip"))
            return chosen
        why = "No video clip is selected"
    else:
        why = "This version of Resolve does not tell which clips are selected"
    handle = desk.ask(desk.timeline, "GetCurrentVideoItem")
    id_ = None if nothing(handle) else _id_of(handle)
    if id_ not in here:
        raise Trouble(
            "%s, and no clip is under the playhead. Select clips, or put the playhead on one." % why
        )
    name = next(item["name"] for item in state.items if item["id"] == id_)
    say("%s: auditing the clip under the playhead, %s." % (why, name))
    return [str(id_)]


def _id_of(handle: Any) -> Any:
    found = method(handle, "GetUniqueId")
    try:
        return found() if found is not None else None
    except Exception:
        return None


def set_markers(
    context: Context,
    result: Dict[str, Any],
    before: Dict[str, Any],
    selected: Optional[List[str]] = None,
    fresh: bool = True,
) -> List[str]:
    """Set the markers of a result on the timeline as it is now.

    Returns
    -------
    list of str
        What could not be done, in sentences.
    """
    desk, ledger = context.desk, context.ledger
    state = context.read(details=False)
    # What a person deleted while the audit ran is for the next one to hear.
    ledger.hear_deletions(state.markers, state.items)
    past = before.get("past")
    if past is not None:
        ledger.heard(past["gone"], past["deleted"])
    found = wanted(result, before, state)
    words = []
    if context.settings["clip_markers"]:
        words += clip_markers.move(context, found, state)
    live = result.get("live") or {}
    plan = make_plan(found, state, before["markers"], live, selected, fresh)
    writer = Writer(desk, state)
    ledger.begin([_plain(row) for row in plan.rows()])
    refused = writer.carry_out(plan)
    words += shortfall(found, plan, writer)
    if plan.summary is not None:
        _amend(plan.summary[1], words)
        writer.summarise(plan.summary)
    standing = writer.standing(plan)
    meant = [row for row in plan.rows() if row not in writer.refused] + refused
    lost = missing(meant, standing)
    if lost:
        words.append(
            "%s not where Resolve was told to set them; run the audit again."
            % ("1 marker is" if len(lost) == 1 else "%d markers are" % len(lost))
        )
    shots = dict((item["id"], item) for item in state.items)
    for row in standing:
        shot = shots.get(row.get("shot"))
        row["into"] = into(row, shot, state.start) if shot and row.get("item") is None else None
    ledger.finish([_plain(row) for row in standing])
    return words


def shortfall(found: Wanted, plan: Plan, writer: Writer) -> List[str]:
    """Say what markers could not be set, and why."""
    words = []
    if found.lost:
        words.append(
            "%s no place any more, since the edit changed meanwhile; audit again."
            % count(found.lost, "marker has", "markers have")
        )
    if plan.waiting:
        words.append(
            "%s changed meanwhile and left as %s."
            % (
                count(plan.waiting, "marker was", "markers were"),
                "it is" if plan.waiting == 1 else "they are",
            )
        )
    if plan.crowded:
        words.append(
            "%s no free frame in %s; see the report."
            % (
                count(plan.crowded, "marker has", "markers have"),
                "its shot" if plan.crowded == 1 else "their shots",
            )
        )
    if writer.refused:
        words.append("Resolve refused %s; see the report." % count(len(writer.refused), "marker"))
    return words


def _amend(row: Row, words: List[str]) -> None:
    """Add sentences to a summary; its id is a hash of its words."""
    if words:
        new = summary(" ".join([words_of(row)] + words), row["name"])
        row["note"], row["custom"] = new["note"], new["custom"]
        row["written"] = row["note"]


def _plain(row: Row) -> Row:
    names = ("frame", "frames", "color", "name", "note", "custom", "item", "at", "written", "shot", "into")
    return dict((name, row.get(name)) for name in names)


def tell_end(context: Context, result: Dict[str, Any], words: List[str]) -> None:
    """Say one line of what was found, what could not be done, and where the report is."""
    rows = [row for row in result["markers"] if row.get("clip") is None]
    text = words_of({"note": str(rows[0]["note"])}) if rows else "The audit is done."
    context.say("%s: %s" % (context.desk.name, text))
    for line in words + fixed(result):
        context.say(line)
    path = context.path(REPORT)
    if os.path.isfile(path):
        context.say("Report: %s" % path)
        if context.settings["open_report"]:
            context.show(path)


def fixed(result: Dict[str, Any], most: int = 8) -> List[str]:
    """Say of which clips what is fixed since the last audit."""
    names = dict((clip["id"], clip.get("name") or clip["id"]) for clip in result.get("clips") or ())
    found: Dict[str, List[str]] = {}
    for one in result.get("findings") or ():
        if one.get("state") == "fixed" and (one.get("score") or 0) >= 0.5 and one.get("clip") in names:
            faults = found.setdefault(one["clip"], [])
            what = one.get("label") or one.get("detector")
            if what not in faults:
                faults.append(what)
    lines = ["%s: %s fixed" % (names[clip], ", ".join(faults)) for clip, faults in found.items()]
    more = len(lines) - most
    return lines[:most] + (["… and %s" % count(more, "other fixed clip")] if more > 0 else [])


def count(number: int, one: str, many: Optional[str] = None) -> str:
    """Write a number of things: ``1 clip``, ``2 clips``."""
    return "%d %s" % (number, one if number == 1 else many or one + "s")
