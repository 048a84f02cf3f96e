"""What runs inside DaVinci Resolve: its own Python, the standard library, Python 3.6 and later.

The menu scripts load this folder as a module of its own (``otio_ai_audit_live``) and call `main`; so does
``otio-ai-audit resolve`` from outside. Nothing here imports anything else of the package.
"""

import os
import signal
import threading
import traceback
from typing import Any, Dict, List, Optional

from . import audit, clear, failure, marking, report
from .calls import Say, Trouble, careful
from .child import Stopped
from .context import Context
from .lock import Lock, Locked
from .window import NoWindow, open_window

__all__ = ["main"]

TITLES = {
    "audit": "Audit Timeline",
    "selected": "Audit Selected Clips",
    "clear": "Clear Audit Markers",
    "report": "Open Audit Report",
    "markers": "Audit Markers",
}


def main(
    task: str,
    resolve: Any = None,
    fusion: Any = None,
    bmd: Any = None,
    command: Optional[List[str]] = None,
    home: Optional[str] = None,
    settings: Optional[Dict[str, Any]] = None,
    say: Say = print,
    result: Optional[str] = None,
) -> int:
    """Do one task on the timeline that is open in Resolve.

    Parameters
    ----------
    task
        ``audit``; ``selected``: only the selected clips; ``clear``: take our markers away; ``report``: open
        the last report; ``markers``: set the markers of an earlier result.
    resolve, fusion, bmd
        Resolve's handles.
    command
        The installed command, as a list.
    home
        Folder for what is kept between tasks.
    settings
        See `otio_ai_audit_live.context.DEFAULTS`.
    say
        Prints a line for a person.
    result
        For ``markers``: path of an earlier ``result.json``.

    Returns
    -------
    int
        0 done, 3 done but some clip could not be looked at, 2 failed, 130 stopped by a person. A failure is
        said in one sentence, on the console and in a marker on the timeline.
    """
    context: Optional[Context] = None
    say = careful(say)
    before = _listen()
    try:
        if task not in TITLES:
            raise Trouble("Could not do %r; there are %s." % (task, ", ".join(sorted(TITLES))))
        if resolve is None:
            raise Trouble(
                "Could not reach Resolve. Run this from Workspace > Scripts, or allow external scripting."
            )
        context = Context(resolve, fusion, bmd, command, home or ".", settings, say)
        context.open()
        return _work(context, task, result)
    except Locked as trouble:
        # The other task writes on this timeline now; a marker of ours would come in between.
        say(str(trouble))
        return 2
    except (Stopped, KeyboardInterrupt) as trouble:
        words = str(trouble) or "The audit was stopped. What was measured is kept; run it again to go on."
        say(words)
        _mark(context, words)
        return 130
    except Trouble as trouble:
        say(str(trouble))
        _mark(context, str(trouble))
        return 2
    except Exception as error:
        words = "Could not finish because of an error in the script (%s: %s)." % (type(error).__name__, error)
        if os.environ.get("OTIO_AI_AUDIT_DEBUG"):
            say(traceback.format_exc())
        say(words)
        _mark(context, words)
        return 2
    finally:
        _listen(before)


def _work(context: Context, task: str, result: Optional[str]) -> int:
    if task == "report":
        report.open_report(context.folder, context.say, context.show)
        return 0
    with Lock(context.folder):
        context.take_ledger()
        if task == "clear":
            return clear.clear(context, NoWindow())
        window = open_window(context, TITLES[task])
        try:
            if task == "markers":
                return marking.mark(context, window, result)
            return audit.audit(context, window, task == "selected")
        finally:
            window.close()


def _mark(context: Optional[Context], words: str) -> None:
    if context is not None:
        failure.mark(context, words)


def _listen(handler: Any = None) -> Any:
    """Let a request to end (SIGTERM) stop the child too; give the handler that was there before."""
    if threading.current_thread() is not threading.main_thread():
        return None
    try:
        if handler is None:
            return signal.signal(signal.SIGTERM, _end)
        return signal.signal(signal.SIGTERM, handler)
    except (ValueError, OSError, TypeError):
        return None


def _end(number: int, frame: Any) -> None:
    raise KeyboardInterrupt
