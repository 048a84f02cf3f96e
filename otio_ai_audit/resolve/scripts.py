"""The menu scripts: one template, a rendering for each task."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent / "launcher.py"

NAMES = {
    "audit": "Audit Timeline.py",
    "selected": "Audit Selected Clips.py",
    "clear": "Clear Audit Markers.py",
    "report": "Open Audit Report.py",
}
"""Task → file name, which is what Resolve's menu shows."""

MARK = "# rendered"
"""At the end of the lines that a rendering changes."""
_SETTINGS = re.compile(r"^# --- SETTINGS.*?^# --- end of SETTINGS[^\n]*\n", re.DOTALL | re.MULTILINE)


def render(task: str, command: Sequence[str] = ()) -> str:
    """Return the text of a menu script.

    Parameters
    ----------
    task
        A key of `NAMES`.
    command
        Absolute path of the installed command and its first arguments; empty: the script looks for it.

    Raises
    ------
    KeyError
        For a task that has no script.
    """
    values = {"TASK": NAMES[task] and task, "COMMAND": [str(part) for part in command]}
    lines = []
    for line in TEMPLATE.read_text(encoding="utf-8").splitlines():
        name = line.partition(" = ")[0]
        lines.append(f"{name} = {_literal(values[name])}  {MARK}" if line.endswith(f"  {MARK}") else line)
    return "\n".join(lines) + "\n"


def settings_block(text: str) -> str | None:
    """Return the part of a menu script that its user may change; None where it has none."""
    found = _SETTINGS.search(text)
    return found.group() if found else None


def with_settings(text: str, block: str) -> str:
    """Put a user's settings into a menu script."""
    return _SETTINGS.sub(lambda _: block, text, count=1)


def write_all(folder: Path) -> list[Path]:
    """Write every menu script into a folder, without a command; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for task, name in NAMES.items():
        (folder / name).write_bytes(render(task).encode())
        paths.append(folder / name)
    return paths


def _literal(value: str | Sequence[str]) -> str:
    """Write a text or a list of texts as Python, in ASCII and in double quotes."""
    if not isinstance(value, str):
        return f"[{', '.join(map(_literal, value))}]"
    import json

    # Of JSON's escapes only pairs of surrogates mean something else in Python.
    return json.dumps(value) if value.isascii() else ascii(value)


if __name__ == "__main__":
    for path in write_all(Path(__file__).resolve().parents[2] / "resolve_scripts"):
        print(path)
