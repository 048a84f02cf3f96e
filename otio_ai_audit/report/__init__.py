"""What people and programs get to see of an audit: one writer a kind of file, and the terminal.

A new output is one function ``(result, path, asked) -> None`` and one line in `WRITERS`; the
command line, `write` and the conformance tests read that dict.
"""

from __future__ import annotations

from .against import compare, read_earlier, round_two_lines
from .json_file import to_json
from .terminal import table
from .writing import WRITERS, Asked, is_folder_output, write

__all__ = [
    "WRITERS",
    "Asked",
    "compare",
    "is_folder_output",
    "read_earlier",
    "round_two_lines",
    "table",
    "to_json",
    "write",
]
