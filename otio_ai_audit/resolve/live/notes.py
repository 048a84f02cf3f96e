"""Which markers are ours, and what a person did to them.

The rules are those of the installed package; here is only what must be known inside Resolve.
"""

import hashlib
import re
from typing import Any, Dict, List, Optional, Tuple

Row = Dict[str, Any]
"""A marker, or a clip: what is said of it, by name."""

PREFIX = "otio_ai_audit "
"""Custom data of ours begins with it."""
PROBE = "otio_ai_audit probe"
"""Custom data of the marker that finds out where clip markers count from."""
COLORS = ("Lemon", "Fuchsia", "Sky", "Rose", "Cream")
"""Colours that we use."""
SUMMARY = "AUDIT"
UNCHECKED = "NOT CHECKED"
CREAM = "Cream"

_TAG = re.compile(r"\[\s*audit\s+([0-9a-f]{6}(?:[\s,]+[0-9a-f]{6})*)\s*\]", re.IGNORECASE)
_CUSTOM = re.compile(r"^otio_ai_audit \d+ ([A-Za-z]+)((?: [0-9a-f]{6})*)\s*$")
_OK = re.compile(r"\s*ok(?:ay)?\b", re.IGNORECASE)


def own_id(words: str) -> str:
    """Id of a note that speaks for no finding: a hash of its words."""
    return hashlib.sha256(("audit note\n" + " ".join(words.split())).encode("utf-8")).hexdigest()[:6]


def custom_data(color: str, ids: List[str]) -> str:
    """Write custom data: ``otio_ai_audit 1 Lemon a7f3c1`` (schema, our colour, ids)."""
    return " ".join(["otio_ai_audit", "1", color] + list(ids))


def summary(words: str, name: str, frame: int = 0) -> Row:
    """Make the row of a summary marker that says these words."""
    words = " ".join(words.replace("|", " ").split())
    own = own_id(words)
    return {
        "frame": frame,
        "frames": 1,
        "color": CREAM,
        "name": name,
        "note": "%s [audit %s]" % (words, own),
        "custom": custom_data(CREAM, [own]),
    }


def words_of(row: Row) -> str:
    """Give what a note says before its tag."""
    found = list(_TAG.finditer(row["note"]))
    note = str(row["note"])
    return note[: found[-1].start()].strip() if found else note.strip()


def ids_of(row: Row) -> List[str]:
    """Ids of a marker of ours, in order; empty where it is not ours."""
    found = _CUSTOM.match(row.get("custom") or "")
    ids = found.group(2).split() if found else []
    tags = _TAG.findall(row["note"])
    for one in tags[-1].lower().replace(",", " ").split() if tags else []:
        if one not in ids:
            ids.append(one)
    return ids


def is_ours(row: Row) -> bool:
    """Whether a marker is ours: by its custom data, or by the ids at the end of its note."""
    return (row.get("custom") or "").startswith(PREFIX) or _TAG.search(row["note"]) is not None


def own_color(row: Row, written: Optional[Row] = None) -> str:
    """Colour that we gave a marker; empty where nothing tells."""
    found = _CUSTOM.match(row.get("custom") or "")
    if found:
        return found.group(1)
    return written["color"] if written else ""


def is_summary(row: Row) -> bool:
    """Whether a marker of ours is a summary."""
    return row["name"].strip().upper().startswith(SUMMARY) and row.get("item") is None


def is_unchecked(row: Row) -> bool:
    """Whether a marker of ours says that a clip could not be looked at."""
    return str(row["name"]).strip().upper().startswith(UNCHECKED)


def content(row: Row) -> Tuple[Any, ...]:
    """Give what a person can change about a marker, but for its place."""
    return (row["color"], row["name"], row["note"], row["frames"])


def is_dismissed(row: Row) -> bool:
    """Whether a person dismissed a marker of ours."""
    return row["color"] == "Green" or _OK.match(row["note"]) is not None


def is_claimed(row: Row, written: Optional[Row] = None) -> bool:
    """Whether a person gave a marker of ours another colour than green."""
    if row["color"] == "Green":
        return False
    own = own_color(row, written)
    return row["color"] != own if own else row["color"] not in COLORS
