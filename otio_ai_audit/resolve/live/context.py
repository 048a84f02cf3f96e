"""What the tasks share: the timeline, its folder and ledger, what the user set, and who listens."""

import os

from .calls import Patience
from .child import show
from .desk import Desk
from .ledger import Ledger
from .report import folder_of
from .timeline_state import is_probe, read_state

DEFAULTS = {"options": [], "clip_markers": False, "window": True, "open_report": False, "patience": 20.0}
"""Settings, and what they are where nobody set them; ``patience``: seconds to wait for Resolve in all."""


class Context:
    """One task at work.

    Attributes
    ----------
    desk, folder, ledger
        The timeline, the folder of its files, and what we wrote on it.
    kinds
        Item id → ``clip`` or ``transition``, as far as it was found out.
    """

    def __init__(self, resolve, fusion, bmd, command, home, settings, say):
        self.fusion, self.bmd = fusion, bmd
        self.command = [str(part) for part in command or ()]
        self.home = home
        self.settings = dict(DEFAULTS, **(settings or {}))
        self.say = say
        self.show = show
        self.desk = Desk(resolve, Patience(float(self.settings["patience"]), say))
        self.folder = None
        self.ledger = None
        self.kinds = {}

    def open(self):
        """Take the current timeline and find its folder."""
        self.desk.open()
        self.folder = folder_of(self.home, self.desk.id)

    def take_ledger(self):
        """Read the ledger (once the lock is held)."""
        self.ledger = Ledger(self.folder, self.desk.id)

    def read(self, details=True):
        """Read the timeline; what a killed task left there to try things out is taken away."""
        for _ in range(3):
            state = read_state(self.desk, self.kinds, details, self.ledger.origin)
            probes = [row for row in state.markers if is_probe(row)]
            for row in probes:
                holder = self.desk.timeline if row["item"] is None else state.handles[row["item"]]
                delete = getattr(holder, "DeleteMarkerAtFrame", None)
                if callable(delete):
                    delete(row["at"])
            if not probes:
                break
        state.markers = [row for row in state.markers if not is_probe(row)]
        self.ledger.recognise(state.markers)
        return state

    def path(self, name):
        """Give a file's path in the timeline's folder."""
        return os.path.join(self.folder, name)
