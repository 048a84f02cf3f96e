"""Lua menu scripts: put together from the parts beside this module, text quoted so that it stays text.

Lua 5.1 (Resolve runs LuaJIT), without ``io``, ``os``, ``require``, ``package``, ``ffi``, ``debug`` and
``load``: the free edition since 21.1 gives scripts nothing of it.
"""

from __future__ import annotations

import re
from pathlib import Path

DATA = "--@ data\n"
"""Where a script's own data go."""

_PART = re.compile(r"^--@ (\w+\.lua)\n", re.MULTILINE)


def whole(name: str) -> str:
    """Put a Lua script together from its parts."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return _PART.sub(lambda found: whole(found[1]), text)


def canary() -> str:
    """Give ``Audit Check.lua``, which tells a person which lane is theirs."""
    return whole("check.lua")


def quoted(text: str) -> str:
    """Write text as a Lua string in ASCII: no quote, line break, bracket or byte of it ends the string."""
    made = []
    for byte in text.encode("utf-8", "replace"):
        char = chr(byte)
        plain = char.isascii() and char.isprintable() and char not in '"\\'
        made.append(char if plain else f"\\{byte:03d}")
    return f'"{"".join(made)}"'
