"""Progress on a terminal: one line on stderr; nothing at all where stderr is not a terminal."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def console(stderr: bool = False) -> Console:
    """Open a rich console on stdout or stderr; plain text where that is not a terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, highlight=False, soft_wrap=not stream.isatty())


class TerminalProgress:
    """What an audit is doing, for a person who waits. A context manager."""

    def __init__(self, quiet: bool = False) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> TerminalProgress:
        if self._shown:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
            from rich.progress import TimeElapsedColumn as Elapsed

            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                Elapsed(),
            )
            self._bar = Progress(*columns, console=console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, text: str) -> None:
        """Name the step that begins now."""
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(text, total=None)

    def step(self, done: int, total: int, name: str) -> None:
        """Tell that `done` of `total` are finished, the last one being `name`."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, description=f"Measured {name}")


class JsonProgress:
    """The same for a program that waits: one JSON object a line on stderr. A context manager."""

    def __enter__(self) -> JsonProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def say(self, text: str) -> None:
        self._write(event="say", text=text)

    def step(self, done: int, total: int, name: str) -> None:
        self._write(event="step", done=done, total=total, name=name)

    @staticmethod
    def _write(**told: str | int) -> None:
        import json

        # ASCII: whoever reads may decode in any way. A reader that has gone must not stop an audit.
        with contextlib.suppress(OSError, ValueError):
            print(json.dumps(told), file=sys.stderr, flush=True)
