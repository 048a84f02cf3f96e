"""What a menu script must know of this installation, as JSON on standard output.

A menu script runs in whatever Python Resolve found and never imports this package: it asks the command
where `live` lies, loads that folder by itself and is given its own place on the disk.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from .. import __version__

SCHEMA = 1
"""Of the JSON that `answer` writes."""


def home() -> Path:
    """Folder for what is kept between audits in Resolve; ``OTIO_AI_AUDIT_CACHE`` moves it.

    It lies where people's decisions lie, since ledgers hold some; it is not made here.
    """
    named = os.environ.get("OTIO_AI_AUDIT_CACHE")
    if named:
        return Path(named).absolute() / "resolve"
    import platformdirs

    return platformdirs.user_data_path("otio-ai-audit", False) / "resolve"


def live_folder() -> Path:
    """Folder of the module that runs inside Resolve."""
    return Path(__file__).resolve().parent / "live"


def answer() -> str:
    """Write the answer as one line of JSON in ASCII, so that no console's encoding harms it."""
    told = {"schema": SCHEMA, "version": __version__, "live": str(live_folder()), "home": str(home())}
    return json.dumps(told)
