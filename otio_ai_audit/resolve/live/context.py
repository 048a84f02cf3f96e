"""What the tasks share: the timeline, its folder and ledger, what the user set, and who listens."""

import os
import shlex
from typing import Any, Dict, List, Optional

from .calls import Patience, Say
from .child import show
from .desk import Desk
from .ledger import Ledger
from .notes import Row, is_ours
from .report import folder_of
from .timeline_state import State, is_probe, read_state

DEFAULTS = {"options": [], "clip_markers": False, "window": True, "open_report": False, "patience": 20.0}
"""Settings, and what they are where nobody set them; ``patience``: seconds to wait for Resolve in all."""


def understood(given: Dict[str, Any], say: Say) -> Dict[str, Any]:
    """Complete a user's settings; what cannot be meant is said."""
    for name in sorted(set(given) - set(DEFAULTS)):
        say("SETTINGS: there is no %r, only %s." % (name, ", ".join(sorted(DEFAULTS))))
    settings = dict(DEFAULTS, **given)
    if isinstance(settings["options"], str):
        settings["options"] = shlex.split(settings["options"])
    try:
        settings["patience"] = float(settings["patience"])
    except (TypeError, ValueError):
        say("SETTINGS: patience must be a number of seconds.")
        settings["patience"] = DEFAULTS["patience"]
    return settings


class Context:
    """One task at work.

    Attributes
    ----------
    desk, folder
        The timeline and the folder of its files; empty until it is found.
    told_ledger
        What we wrote on it; None until the lock is held.
    kinds
        Item id → what was read of it, None for a transition.
    """

    def __init__(
        self,
        resolve: Any,
        fusion: Any,
        bmd: Any,
        command: Optional[List[str]],
        home: str,
        settings: Optional[Dict[str, Any]],
        say: Say,
    ) -> None:
        self.fusion, self.bmd = fusion, bmd
        self.command = [str(part) for part in command or ()]
        self.home = home
        self.settings = understood(settings or {}, say)
        self.say = say
        self.show = show
        self.desk = Desk(resolve, Patience(self.settings["patience"], say))
        self.folder = ""
        self.told_ledger: Optional[Ledger] = None
        self.on_clips = True
        self.kinds: Dict[str, Optional[Row]] = {}

    def open(self) -> None:
        """Take the current timeline and find its folder."""
        self.desk.open()
        self.folder = folder_of(self.home, self.desk.id)

    def take_ledger(self) -> None:
        """Read the ledger (once the lock is held)."""
        self.told_ledger = Ledger(self.folder, self.desk.id)

    @property
    def ledger(self) -> Ledger:
        """The ledger, which is read once the lock is held."""
        if self.told_ledger is None:
            raise RuntimeError("the ledger was not read")
        return self.told_ledger

    def read(self, details: bool = True) -> State:
        """Read the timeline; what a killed task left there to try things out is taken away."""
        for _ in range(3):
            state = read_state(self.desk, self.kinds, details, self.ledger.origin, self.on_clips)
            probes = [row for row in state.markers if is_probe(row)]
            for row in probes:
                holder = self.desk.timeline if row["item"] is None else state.handles[row["item"]]
                delete = getattr(holder, "DeleteMarkerAtFrame", None)
                if callable(delete):
                    delete(row["at"])
            if not probes:
                break
        state.markers = [row for row in state.markers if not is_probe(row)]
        # Asking every clip takes a while; where none had a marker of ours, it is not done again.
        used = any(row["item"] is not None and is_ours(row) for row in state.markers)
        self.on_clips = used or bool(self.settings["clip_markers"])
        self.ledger.recognise(state.markers)
        return state

    def path(self, name: str) -> str:
        """Give a file's path in the timeline's folder."""
        return os.path.join(self.folder, name)
