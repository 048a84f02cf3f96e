"""What the menu scripts do, from outside: attach to the running Resolve and call the same `live.main`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .attach import attach
from .bridge import home
from .own import own_command

WEAKEST = {"error": ("error",), "warning": ("error", "warning"), "never": ()}
"""``--fail-on`` → severities that make exit code 1."""


class Speaker:
    """Takes the lines of a task: progress goes to one side, the rest to the other.

    The last line is held back until the end, since only then it is known whether it is an error.
    """

    def __init__(self, tell: Callable[[str], None], note: Callable[[str], None]) -> None:
        self._tell, self._note = tell, note
        self._held: str | None = None

    def __call__(self, line: str) -> None:
        if line.startswith("  ") or line.endswith("…"):
            self._note(line)
            return
        if self._held is not None:
            self._tell(self._held)
        self._held = line

    def close(self, failed: bool) -> None:
        """Say the last line."""
        if self._held is not None:
            (self._note if failed else self._tell)(self._held)
        self._held = None


def run(
    task: str,
    speaker: Speaker,
    *,
    options: Sequence[str] = (),
    fail_on: str = "error",
    result: Path | None = None,
    resolve: Any = None,
) -> int:
    """Do one task on the timeline that is open in the running Resolve.

    Parameters
    ----------
    task
        As `otio_ai_audit.resolve.live.main` knows it.
    options
        More options for the audit.
    fail_on
        Weakest severity of a new or open finding that makes the exit code 1.
    result
        Result of an earlier audit, for ``markers``.
    resolve
        Its handle; None attaches.

    Returns
    -------
    int
        0, 1, 2, 3 or 130, as everywhere on the command line.

    Raises
    ------
    ResolveError
        If Resolve cannot be reached.
    UsageError
        If `options` hold ``--fail-on``, which is said before them.
    """
    if any(option.split("=")[0] == "--fail-on" for option in options):
        raise UsageError("--fail-on belongs before the --: otio-ai-audit resolve audit --fail-on never -- …")
    from . import live

    handle: Any = resolve if resolve is not None else attach()
    folder = str(home())
    before = _current(handle)
    main: Any = live.main
    code = int(
        main(
            task,
            resolve=handle,
            command=own_command(prefix=""),
            home=folder,
            settings={"options": [str(option) for option in options], "window": False},
            say=speaker,
            result=None if result is None else str(result.absolute()),
        )
    )
    speaker.close(code in (2, 130))
    if code == 0 and task in ("audit", "selected"):
        return int(_found(folder, before, fail_on))
    return code


def _current(resolve: Any) -> str:
    """Id of the current timeline; empty where nobody says."""
    try:
        return str(resolve.GetProjectManager().GetCurrentProject().GetCurrentTimeline().GetUniqueId())
    except (AttributeError, TypeError):
        return ""


def _found(folder: str, timeline: str, fail_on: str) -> bool:
    """Whether the result of a timeline holds a standing finding of a severity that counts."""
    from .live.report import RESULT, folder_of

    path = Path(folder_of(folder, timeline), RESULT)
    try:
        findings = json.loads(path.read_text(encoding="utf-8"))["findings"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    counting = WEAKEST[fail_on]
    return any(one["state"] in ("new", "open") and one["severity"] in counting for one in findings)
