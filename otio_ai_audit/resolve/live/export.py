"""The timeline as a file: only the file on the disk says whether the export worked."""

import io
import json
import os
import shutil
import time
from typing import Any, Optional

from .calls import Say, Trouble, call, method
from .desk import Desk

# A constant may be 0, so only None means that a version does not have it.
FORMATS = (("EXPORT_OTIO", "timeline.otio"), ("EXPORT_DRT", "timeline.drt"))
TRIES = 3
ARRIVAL = 1.5
"""Seconds to wait for a file that Resolve says to have written."""


def export(desk: Desk, folder: str, say: Optional[Say] = None) -> str:
    """Export the current timeline as OTIO, else (before 18.5) as DRT, which is said.

    Returns
    -------
    str
        Path of the file.

    Raises
    ------
    Trouble
        Where no file came out.
    """
    tried = []
    say = say or _nobody
    for constant, name in FORMATS:
        kind = getattr(desk.resolve, constant, None)
        if kind is None:
            say("This version of Resolve exports no %s." % name.rsplit(".", 1)[1].upper())
            continue
        tried.append(name.rsplit(".", 1)[1].upper())
        path = os.path.join(folder, name)
        for _ in range(TRIES):
            _forget(path)
            done = _export(desk, path, kind)
            if _arrived(path, ARRIVAL if done else 0.2):
                if name != FORMATS[0][1]:
                    say("The timeline was exported as DRT instead of OTIO.")
                return path
            desk.check()
            if done or not desk.patience.wait():
                break
    if not tried:
        raise Trouble("Could not export the timeline: this version of Resolve offers neither OTIO nor DRT.")
    raise Trouble(
        "Could not export the timeline as %s: Resolve wrote no usable file. Try File > Export > "
        "Timeline by hand; if that works, close open dialogs and run this again." % " or ".join(tried)
    )


def _nobody(line: str) -> None:
    """Listen to nobody."""


def _export(desk: Desk, path: str, kind: Any) -> Any:
    found = method(desk.timeline, "Export")
    if found is None:
        return False
    try:
        return found(path, kind)
    except TypeError:
        none = getattr(desk.resolve, "EXPORT_NONE", None)
        return call(desk.timeline, "Export", path, kind, none)
    except Exception:
        return False


def _forget(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)  # some formats of some versions come as a folder
    try:
        os.remove(path)
    except OSError as error:
        if os.path.exists(path):
            raise Trouble("Could not replace %s (%s)." % (path, error.strerror or error)) from error


def _arrived(path: str, seconds: float) -> bool:
    """Wait until a file is whole: some versions still write when they say that they are done."""
    end = time.time() + seconds
    while True:
        if _whole(path):
            return True
        if time.time() >= end:
            return False
        time.sleep(0.1)


def _whole(path: str) -> bool:
    try:
        if path.endswith(".drt"):
            with io.open(path, "rb") as stream:
                return stream.read(2) == b"PK"
        with io.open(path, "r", encoding="utf-8") as stream:
            return "OTIO_SCHEMA" in json.load(stream)
    except (OSError, ValueError, TypeError):
        return False
