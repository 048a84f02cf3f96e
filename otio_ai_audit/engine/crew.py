"""Worker processes, spawned and supervised here, with one pipe and at most one task in flight each.

The pools of the standard library fail every pending task when one of their processes dies. Here one
file that crashes its decoder costs its own result and nothing else.
"""

from __future__ import annotations

import heapq
import multiprocessing
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.reduction import ForkingPickler
from types import ModuleType
from typing import Any, TypeVar

from ..errors import EngineError
from .worker import Crash, crash_of, serve

T = TypeVar("T")
R = TypeVar("R")

START_TRIES = 3
"""So many workers in a row may die before they are ready; then the machine, not a task, is at fault."""
GRACE = 5.0
"""Seconds that an idle worker gets to leave before it is killed."""
NEVER = float("inf")


class Crew:
    """The workers of one run: who is at what, what waits, and what is tried again."""

    def __init__(
        self,
        function: Callable[[T], R],
        tasks: Sequence[T],
        order: Sequence[int],
        number: int,
        timeout: float | None,
        doing: str,
    ) -> None:
        self.tasks, self.number, self.timeout, self.doing = tasks, number, timeout, doing
        self.waiting = list(enumerate(order))  # (rank, index), sorted, so a heap
        self.suspects: list[int] = []
        self.retried: set[int] = set()
        self.workers: list[_Worker] = []
        self.failed_starts = 0
        self.done: list[tuple[int, Any]] = []
        if not tasks:
            return
        if multiprocessing.current_process().daemon:
            raise EngineError("A worker cannot start workers of its own; use the engine threads:1 there.")
        try:
            self.function = bytes(ForkingPickler.dumps(function))
        except Exception as error:
            raise EngineError(f"Workers must be able to import their function by name: {error}.") from error
        try:
            probe = self.function + bytes(ForkingPickler.dumps(tasks[0]))
        except Exception:
            probe = self.function  # told as the crash of that one task later
        # Spawning runs the caller's script again in every worker. That is only needed where the work
        # itself is defined there; otherwise a script needs no `if __name__ == "__main__":`.
        self.hide_main = b"__main__" not in probe
        if not self.hide_main and not hasattr(sys.modules["__main__"], "__file__"):
            raise EngineError(
                "Workers cannot import what was typed into an interactive session; put it into a module or "
                "use the engine threads:N."
            )

    def results(self) -> Generator[tuple[int, Any], None, None]:
        try:
            while True:
                self._hand_out()  # before anything is given back: nobody waits for a busy caller
                done, self.done = self.done, []
                yield from done
                if not self.workers:
                    return
                self._listen()
        finally:
            for worker in self.workers:
                worker.kill()
            for worker in self.workers:
                worker.end()

    def _hand_out(self) -> None:
        """Give every idle worker a task, start workers that are missing, let go who is not needed."""
        for worker in [worker for worker in self.workers if worker.task is None]:
            if not self._give(worker):
                self.workers.remove(worker)
                worker.end()
        while self.waiting and len(self.workers) < self.number:
            self._give(self._start())
        if self.suspects and not self.workers:
            index = self.suspects.pop(0)
            self.retried.add(index)
            self.waiting.append((0, index))
            self._give(self._start())

    def _start(self) -> _Worker:
        worker = _Worker(self.function, self.hide_main, self.doing)
        self.workers.append(worker)
        return worker

    def _give(self, worker: _Worker) -> bool:
        """Give the next task; False if none is left."""
        while self.waiting:
            rank, index = heapq.heappop(self.waiting)
            try:
                payload = bytes(ForkingPickler.dumps(self.tasks[index]))
            except Exception as error:
                self.done.append((index, crash_of(error, "handing the work to a worker")))
                continue
            if worker.give(index, payload, self.timeout):
                return True
            heapq.heappush(self.waiting, (rank, index))
            self._bury(worker)
            return True
        return False

    def _listen(self) -> None:
        """Wait for news of any worker, or for one that takes too long, and note it."""
        nearest = min(worker.deadline for worker in self.workers)
        patience = None if nearest == NEVER else max(0.0, nearest - time.monotonic())
        by_pipe: dict[Any, _Worker] = {worker.pipe: worker for worker in self.workers}
        for pipe in connection.wait(list(by_pipe), patience):
            self._note(by_pipe[pipe], *by_pipe[pipe].receive())
        now = time.monotonic()
        for worker in [worker for worker in self.workers if worker.deadline <= now]:
            self._stop(worker)

    def _note(self, worker: _Worker, kind: str, content: Any) -> None:
        index = worker.task
        if kind == "ready":
            worker.ready, self.failed_starts = True, 0
            worker.set_deadline(self.timeout)
        elif kind == "unusable":
            raise EngineError(f"The workers cannot be used: {content}.")
        elif kind == "died":
            self._bury(worker)
        elif index is not None and kind == "memory":  # its heap is spent: it leaves, as if it had died
            self.workers.remove(worker)
            worker.end()
            self._suspect(index, "ran out of memory")
        elif index is not None:
            worker.task, worker.deadline = None, NEVER
            self.done.append((index, content))

    def _bury(self, worker: _Worker) -> None:
        """Note a death: of its task, or of the machine if the worker never came to be."""
        self.workers.remove(worker)
        how = worker.end()
        if worker.ready:
            if worker.task is not None:
                self._suspect(worker.task, f"died ({how})")
            return
        self.failed_starts += 1
        if self.failed_starts >= START_TRIES:
            advice = (
                "" if self.hide_main else ' A script needs `if __name__ == "__main__":` around this call.'
            )
            raise EngineError(f"Worker processes die at their start ({how}); use threads:N.{advice}")
        if worker.task is not None:
            heapq.heappush(self.waiting, (0, worker.task))

    def _suspect(self, index: int, fate: str) -> None:
        if index in self.retried:
            self.done.append((index, Crash(f"The worker {fate} while {self.doing}, twice.")))
        else:
            self.suspects.append(index)

    def _stop(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        worker.kill()
        worker.end()
        if worker.task is not None:
            message = f"The worker was stopped after {self.timeout:g} s while {self.doing}."
            self.done.append((worker.task, Crash(message)))


class _Worker:
    """One spawned process as home sees it: its pipe, and the task that it is at."""

    def __init__(self, function: bytes, hide_main: bool, doing: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=serve, args=(far, doing), daemon=True)
        self.task: int | None = None
        self.deadline = NEVER
        self.ready = False
        try:
            with _interrupts_held(), _main_hidden(hide_main):
                self.process.start()
        except (OSError, RuntimeError) as error:
            self.pipe.close()
            raise EngineError(f"Worker processes cannot be started ({error}); use threads:N.") from error
        finally:
            far.close()
        with suppress(OSError):  # dead already: the task that it cannot be given will tell
            self.pipe.send_bytes(function)

    def give(self, index: int, payload: bytes, timeout: float | None) -> bool:
        """Hand over a task; False if the worker died before it could take it."""
        try:
            self.pipe.send_bytes(payload)
        except OSError:
            return False
        self.task = index
        if self.ready:
            self.set_deadline(timeout)
        return True

    def set_deadline(self, timeout: float | None) -> None:
        """Count from now; the time that a process needs to start is not counted."""
        self.deadline = NEVER if timeout is None else time.monotonic() + timeout

    def receive(self) -> tuple[str, Any]:
        """Take what the worker says: the kind and its content; ``died`` at the end of the pipe."""
        try:
            message = self.pipe.recv_bytes()
        except (EOFError, OSError):
            return "died", None
        try:
            kind, content = pickle.loads(message)
        except Exception as error:
            return "raised", crash_of(error, "reading a worker's result")
        return str(kind), content

    def kill(self) -> None:
        self.pipe.close()
        self.process.kill()

    def end(self) -> str:
        """Hang up, wait until the process is gone and say how it went."""
        self.pipe.close()
        self.process.join(GRACE)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        code = self.process.exitcode or 0
        self.process.close()
        return _in_words(code)


def _in_words(code: int) -> str:
    """Say how a process ended, from its exit code (negative: the signal that killed it)."""
    if code >= 0:
        return f"exit code {code:#x}" if code > 255 else f"exit code {code}"
    try:
        name = f", {signal.Signals(-code).name}"
    except ValueError:
        name = ""
    hint = {", SIGKILL": ", often for want of memory", ", SIGSEGV": ", a crash in the decoder"}.get(name, "")
    return f"signal {-code}{name}{hint}"


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C from a process that is being started, which inherits this mask; home gets it after."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_hiding = threading.Lock()


@contextmanager
def _main_hidden(hide: bool) -> Iterator[None]:
    """Show the spawning library an empty main module, so that workers do not run the caller's script."""
    if not hide:
        yield
        return
    with _hiding:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
