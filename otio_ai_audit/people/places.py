"""Where people's verdicts are kept, and who is speaking."""

from __future__ import annotations

import getpass
import os
import unicodedata
from functools import lru_cache
from pathlib import Path

FOLDER = "OTIO_AI_AUDIT_VERDICTS"
USER = "OTIO_AI_AUDIT_USER"
NAME = "people"
LONGEST = 80
"""Letters of a person's name."""
NOBODY = "somebody"


def folder(named: Path | None = None, settings: str = "", beside: Path | None = None) -> Path:
    """Folder of people's verdicts; it need not be there yet.

    Parameters
    ----------
    named
        As asked for; else the environment variable OTIO_AI_AUDIT_VERDICTS decides.
    settings
        ``[audit] verdicts`` of the settings, where neither of them says anything.
    beside
        Folder of the store, where it is not the user's own; by default the user's data folder,
        or OTIO_AI_AUDIT_CACHE.
    """
    for said in (named, os.environ.get(FOLDER), settings):
        if said:
            return Path(said).expanduser().absolute()
    return (beside or _home()).absolute() / NAME


def _home() -> Path:
    """Folder of what people decided on this machine."""
    moved = os.environ.get("OTIO_AI_AUDIT_CACHE")
    if moved:
        return Path(moved)
    import platformdirs

    return platformdirs.user_data_path("otio-ai-audit", False)


def is_own(path: Path) -> bool:
    """Whether a folder is the one that is used where nobody names another."""
    return path == (_home() / NAME).absolute()


def person(named: str | None = None) -> str:
    """Name of the person who speaks: as given, else OTIO_AI_AUDIT_USER, else the login name."""
    for said in (named, os.environ.get(USER), _login()):
        name = plain_name(said or "")
        if name:
            return name
    return NOBODY


@lru_cache(maxsize=1000)
def plain_name(name: str) -> str:
    """Bring a name to one form: one line, composed letters, no more than 80 of them."""
    composed = unicodedata.normalize("NFC", name)
    shown = "".join(char if char.isprintable() else " " for char in composed)
    return " ".join(shown.split())[:LONGEST].strip()


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may know no user at all
        return ""
