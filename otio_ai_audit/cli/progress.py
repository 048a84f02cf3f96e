"""Progress on a terminal: one line on stderr; nothing at all where stderr is not a terminal.

For programs: one JSON object a line. Both tell how fast the work goes and how long it will take, as far as
that is known.
"""

from __future__ import annotations

import contextlib
import re
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .pace import Pace

if TYPE_CHECKING:
    from rich.console import Console


_TO_NUMBER = re.compile(r"\D*")
NAME_WIDTH = 28
"""Letters of a file name that fit beside the rates."""


def progress_of(form: str) -> TerminalProgress | JsonProgress:
    """Choose who is told: ``json`` a program, ``none`` nobody, anything else a person."""
    return JsonProgress() if form == "json" else TerminalProgress(form == "none")


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
        self._pace = Pace()
        self._doing = "Measuring"

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
                TextColumn("{task.fields[pace]}"),
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
        """Name the step that begins now; its words up to a number say what is done."""
        self._pace = Pace()
        self._doing = _TO_NUMBER.match(text)[0].strip()  # type: ignore[index]  # it may be empty, never None
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(text, total=None, pace="")

    def step(
        self,
        done: int,
        total: int,
        name: str,
        *,
        frames: int | None = None,
        failures: int = 0,
        share: float | None = None,
    ) -> None:
        """Tell that `done` of `total` are finished, the last one being `name`."""
        standing = self._pace.step(done, total, frames=frames, failures=failures, share=share)
        if self._bar is not None and self._task is not None:
            told = f"{self._doing} {_shortened(name)}"
            self._bar.update(
                self._task, completed=done, total=total, description=_plain(told), pace=standing.words()
            )


def _shortened(name: str) -> str:
    """Cut the middle out of a long name; what tells takes apart stands at its ends."""
    if len(name) <= NAME_WIDTH:
        return name
    half = (NAME_WIDTH - 1) // 2
    return f"{name[:half]}…{name[-half:]}"


def _plain(text: str) -> str:
    """Show brackets of a file name as they are."""
    from rich.markup import escape

    return escape(text)


class JsonProgress:
    """The same for a program that waits: one JSON object a line on stderr. A context manager."""

    def __init__(self) -> None:
        self._pace = Pace()

    def __enter__(self) -> JsonProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def say(self, text: str) -> None:
        self._pace = Pace()
        self._write(event="say", text=text)

    def step(
        self,
        done: int,
        total: int,
        name: str,
        *,
        frames: int | None = None,
        failures: int = 0,
        share: float | None = None,
    ) -> None:
        standing = self._pace.step(done, total, frames=frames, failures=failures, share=share)
        self._write(
            event="step",
            done=done,
            total=total,
            name=name,
            frames=frames,
            failures=failures,
            clips_per_minute=_rounded(standing.clips_per_minute),
            frames_per_second=_rounded(standing.frames_per_second),
            seconds_left=_rounded(standing.seconds_left),
        )

    @staticmethod
    def _write(**told: str | float | None) -> None:
        import json

        # ASCII: whoever reads may decode in any way. A reader that has gone must not stop an audit.
        with contextlib.suppress(OSError, ValueError):
            print(json.dumps(told), file=sys.stderr, flush=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
