"""Paths below somebody's home, which name that somebody."""

from __future__ import annotations

import re
from urllib.parse import unquote

_HOMES = r"home|users|root|documents\ and\ settings"
_HOME = re.compile(
    rf"""(?:file:[\\/]*)?(?:[a-z][\w+.-]*:)?
    (?:
        [^\s"'<>|:,;=()]*[\\/](?:{_HOMES})(?=[\\/\s"'<>|:,;=()]|$)
        | (?<![\w.-])(?:{_HOMES})[\\/]
        | (?<![\w.])~[\w.-]*[\\/]
    )
    [^"'<>|\n]*""",
    re.IGNORECASE | re.VERBOSE,
)
"""Such a path and what follows, to the end of the line: names of users may hold blanks."""
_PART = re.compile(rf"(?:{_HOMES})\s*", re.IGNORECASE | re.VERBOSE)
_OWN = re.compile(r"(?:.*\s)?~[\w.-]*|root\s*", re.IGNORECASE)
"""Parts that are a home themselves; the others hold the homes of all."""


def without_homes(text: str) -> str:
    """Cut paths below somebody's home down to the name of the file."""
    if re.search("%(?:2f|5c)", text, re.IGNORECASE):
        text = unquote(text)
    return _HOME.sub(_file_name, text)


def _file_name(match: re.Match[str]) -> str:
    parts = [part for part in re.split(r"[\\/]+", match[0]) if part]
    at = max((n for n, part in enumerate(parts) if _is_home(part)), default=len(parts))
    owner = at if at < len(parts) and _OWN.fullmatch(parts[at]) else at + 1
    return parts[-1] if len(parts) > owner + 1 else "…"


def _is_home(part: str) -> bool:
    # What stands before a second path of the same line ends in a drive or a colon: "x; C:", "see home".
    return bool(_OWN.fullmatch(part) or _PART.fullmatch(part.rsplit(":", 1)[-1].strip()))
