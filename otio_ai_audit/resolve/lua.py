"""Lua menu scripts: put together from the parts beside this module, text quoted so that it stays text.

Lua 5.1 (Resolve runs LuaJIT), without ``io``, ``os``, ``require``, ``package``, ``ffi``, ``debug`` and
``load``: the free edition since 21.1 gives scripts nothing of it.
"""

from __future__ import annotations

from pathlib import Path

COMMON = "--@ common.lua\n"
DATA = "--@ data\n"


def part(name: str) -> str:
    """Read a part of a Lua script."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def canary() -> str:
    """Put ``Audit Check.lua`` together, which tells a person which lane is theirs."""
    return part("check.lua").replace(COMMON, part("common.lua"))


def quoted(text: str) -> str:
    """Write text as a Lua string in ASCII: no quote, line break, bracket or byte of it ends the string."""
    made = []
    for byte in text.encode("utf-8", "replace"):
        char = chr(byte)
        plain = char.isascii() and char.isprintable() and char not in '"\\'
        made.append(char if plain else f"\\{byte:03d}")
    return f'"{"".join(made)}"'
