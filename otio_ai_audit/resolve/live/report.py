"""The last report of a timeline, and files that belong to it."""

import os
import re
from typing import Callable

from .calls import Say, Trouble
from .child import show

REPORT, RESULT, LIVE = "report.html", "result.json", "live.json"
LAST = "last.json"
"""Result of the last audit of the whole timeline whose markers were set; fixed means since then."""


def folder_of(home: str, timeline_id: str) -> str:
    """Make the folder where everything of one timeline is kept."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", timeline_id).strip("._") or "timeline"
    folder = os.path.join(home, name[:120])
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise Trouble("Could not make the folder %s (%s)." % (folder, error.strerror or error)) from error
    return folder


def open_report(folder: str, say: Say, opener: Callable[[str], bool] = show) -> None:
    """Open the last report of a timeline.

    Raises
    ------
    Trouble
        Where there is none.
    """
    path = os.path.join(folder, REPORT)
    if not os.path.isfile(path):
        raise Trouble(
            "Could not open a report: this timeline has not been audited here yet. Run Audit Timeline first."
        )
    say("Report: %s" % path)
    if not opener(path):
        say("No program opened it; open it in a web browser.")
