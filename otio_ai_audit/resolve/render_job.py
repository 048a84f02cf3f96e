"""One job in Resolve's render queue, from being added to being deleted; other jobs there are left alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ResolveError
from .deliver import Deliver, in_words_of_ours
from .live.calls import listed, whole

STARTS = 60
"""Polls after which a job that nobody renders has not begun."""
ENDS = 6
"""Polls after which a job that nobody renders any more has ended."""
STANDS = 240
"""Polls without a change after which a person is told."""
SILENT = 600
"""Polls without an answer after which Resolve counts as gone."""


@dataclass(frozen=True, slots=True)
class Status:
    """What Resolve says of a job."""

    words: str
    """Its state, in the language of Resolve's window."""
    percent: int
    error: str
    took: int
    """Milliseconds, once it is complete."""

    @property
    def complete(self) -> bool:
        return self.words.casefold().startswith("complet") or (self.percent >= 100 and self.took > 0)

    @property
    def failed(self) -> bool:
        return bool(self.error) or "failed" in self.words.casefold()

    @property
    def cancelled(self) -> bool:
        return "cancel" in self.words.casefold()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended."""

    certain: bool
    """False: nobody renders it any more, and its state is in words that we do not know."""
    status: Status


class Job:
    """A job of ours.

    Parameters
    ----------
    deliver
        Where it is rendered.
    folder
        What is rendered goes here; nothing else lies in it.
    pause
        Seconds between two polls.
    """

    def __init__(self, deliver: Deliver, folder: Path, pause: float) -> None:
        self.deliver, self.folder, self.pause = deliver, folder, pause
        self.id = ""
        self._known: set[str] = set()
        self._adding = False
        self._started = False
        self._ended = False

    # --- before ---------------------------------------------------------------------------------------

    def add(self, wanted: dict[str, Any], more: dict[str, Any]) -> None:
        """Put the job into the queue.

        Parameters
        ----------
        wanted
            Settings that must be taken.
        more
            Settings that are left out where Resolve refuses them.

        Raises
        ------
        ResolveError
            If Resolve refuses.
        """
        deliver = self.deliver
        self._known = set(self._queue())
        # Some versions take settings and jobs only while their page is shown.
        for page in (None, "deliver"):
            if page:
                deliver.open_page(page, self.pause)
            taken = deliver.ask("SetRenderSettings", {**wanted, **more})
            if taken is False and more:
                taken = deliver.ask("SetRenderSettings", wanted)
            if taken is False:  # None may mean yes
                continue
            self._adding = True
            answer = deliver.once("AddRenderJob")
            self.id = self._find(answer)
            if self.id:
                break
        else:
            raise ResolveError(
                "Resolve does not take the job into its render queue. Look at its Deliver page: is media "
                "offline, or a dialog open? Then run this again."
            )
        row = self._queue().get(self.id, {})
        told = row.get("TargetDir")
        if isinstance(told, str) and Path(told).is_dir() and not _same(told, self.folder):
            raise ResolveError(
                f"Resolve would render into {told} instead of {self.folder}: it did not take the settings. "
                "Look at its Deliver page for a dialog, then run this again."
            )

    def start(self) -> None:
        """Start this job and no other.

        Raises
        ------
        ResolveError
            If Resolve does not render it.
        """
        self._started = True
        for arguments in 2 * (([self.id], False), (self.id,)):  # the second form is the one of old versions
            self._wait_for_answers()
            if self.deliver.once("StartRendering", *arguments) or self._runs():
                return
        self._started = False
        raise ResolveError(
            "Resolve does not start rendering. Close its dialogs, look whether its Deliver page renders this "
            "timeline by hand, then run this again."
        )

    # --- while it runs --------------------------------------------------------------------------------

    def follow(self, tell: Callable[[int], None]) -> Ending:
        """Wait until it has ended, however long that takes.

        Parameters
        ----------
        tell
            Called with each percentage.

        Raises
        ------
        ResolveError
            If it failed, was cancelled or deleted in Resolve, or Resolve is gone.
        """
        last: Status | None = None
        begun, idle, same, silent = False, 0, 0, 0
        while True:
            status = self.status()
            if status is None:
                silent += 1
                self._check_there(silent)
                time.sleep(self.pause)
                continue
            silent = 0
            tell(status.percent)
            if status.complete or status.failed or status.cancelled:
                self._ended = True
                self._raise_for(status)
                return Ending(True, status)
            rendering = self._rendering()
            begun = begun or rendering or status.percent > 0
            idle = 0 if rendering else idle + 1
            if idle >= (ENDS if begun else STARTS):
                self._ended = True
                return Ending(status.percent >= 100, status)
            same = same + 1 if status == last else 0
            last = status
            if same == STANDS:
                self.deliver.note(
                    f"Nothing has moved for a while, at {status.percent} %. Look at Resolve: after a failure "
                    "it may wait for its dialog to be closed. Ctrl-C stops the job."
                )
            time.sleep(self.pause)

    def status(self) -> Status | None:
        """Ask for the state; None where there is no answer."""
        told = self.deliver.once("GetRenderJobStatus", self.id)
        if not isinstance(told, dict) or not told:
            return None
        return Status(
            str(told.get("JobStatus") or ""),
            whole(told.get("CompletionPercentage")) or 0,
            str(told.get("Error") or "").strip(),
            whole(told.get("TimeTakenToRenderInMs")) or 0,
        )

    # --- after ----------------------------------------------------------------------------------------

    def remove(self) -> bool:
        """Stop it if it runs, and take it out of the queue; False where it is still there."""
        if not self.id and self._adding:
            self.id = self._find(None)  # it was added, and then nobody answered
        if not self.id:
            return True
        if self._started and not self._ended:
            status = self.status()
            if status is None or not (status.complete or status.failed or status.cancelled):
                self._stop()
        gone = 0
        for _ in range(2 * ENDS):
            self.deliver.once("DeleteRenderJob", self.id)
            gone = gone + 1 if self.id not in self._queue() else 0
            if gone == 2:  # once may be a Resolve that does not answer
                return True
            time.sleep(0 if gone else self.pause)
        return False

    def _stop(self) -> None:
        for _ in range(ENDS):
            self.deliver.once("StopRendering")
            for _ in range(ENDS):
                if not self._rendering() and self.deliver.answers():
                    return
                time.sleep(self.pause)

    # --- asking ---------------------------------------------------------------------------------------

    def _runs(self) -> bool:
        """Look whether it was started: None may mean yes."""
        for _ in range(ENDS):
            status = self.status()
            if self._rendering() or (status and (status.percent or status.complete or status.failed)):
                return True
            time.sleep(self.pause)
        return False

    def _wait_for_answers(self) -> None:
        patience = self.deliver.desk.patience
        with in_words_of_ours():
            while not self.deliver.answers():
                if not patience.wait():
                    raise patience.used_up()

    def _rendering(self) -> bool:
        return bool(self.deliver.once("IsRenderingInProgress"))

    def _queue(self) -> dict[str, dict[str, Any]]:
        rows = [row for row in listed(self.deliver.ask("GetRenderJobList")) if isinstance(row, dict)]
        return {str(row["JobId"]): row for row in rows if row.get("JobId")}

    def _find(self, answer: Any) -> str:
        """Give the id of the job that was just added: what Resolve answered, or what is new in the queue."""
        if isinstance(answer, str) and answer:
            return answer
        queue = self._queue()
        new = [known for known in queue if known not in self._known]
        ours = [known for known in new if _same(str(queue[known].get("TargetDir") or ""), self.folder)]
        return ours[0] if ours else ""

    def _check_there(self, silent: int) -> None:
        """Look why nothing is said of the job."""
        if silent > ENDS and self.deliver.answers() and self.id not in self._queue():
            self._ended = True
            raise ResolveError("The job was deleted from Resolve's render queue; nothing was rendered.")
        if silent >= SILENT:
            with in_words_of_ours():
                raise self.deliver.desk.patience.used_up()
        if silent == ENDS:
            self.deliver.note(
                "Resolve does not answer (is a dialog open, or a backup being saved?); waiting …"
            )

    def _raise_for(self, status: Status) -> None:
        if status.failed:
            why = status.error or "it does not say why; look at its Deliver page"
            raise ResolveError(f"Resolve could not render at {status.percent} %: {why.rstrip('.')}.")
        if status.cancelled:
            raise ResolveError(f"Rendering was cancelled in Resolve, at {status.percent} %.")


def _same(told: str, folder: Path) -> bool:
    """Whether a path that Resolve tells is this folder; a link or another name of a disk may stand in it."""
    try:
        return Path(told).samefile(folder)
    except OSError:
        return False
