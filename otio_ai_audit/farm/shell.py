"""Command lines for a POSIX shell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from .work import Given, Part, Raw


def line(arguments: Sequence[Part]) -> str:
    """Join arguments to one line of a shell; any name comes through as it is."""
    return " ".join(_quoted(part) for part in arguments)


def _quoted(part: Part) -> str:
    if isinstance(part, Raw):
        return part.text
    return shlex.quote(part.text if isinstance(part, Given) else part)
