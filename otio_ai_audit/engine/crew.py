"""Worker processes, spawned and supervised here, with one pipe and at most one task in flight each.

The pools of the standard library fail every pending task when one of their processes dies. Here one
file that crashes its decoder costs its own result and nothing else.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection
from multiprocessing.reduction import ForkingPickler
from types import ModuleType
from typing import Any, Generic, TypeVar

from ..errors import EngineError
from .inbox import ASK_AGAIN, Inbox, Order
from .worker import Crash, crash_of, serve

K = TypeVar("K")
T = TypeVar("T")

START_TRIES = 3
"""So many workers in a row may die before they are ready; then the machine, not a task, is at fault."""
GRACE = 5.0
"""Seconds that an idle worker gets to leave before it is killed."""
NEVER = float("inf")
ENOUGH_DONE = 64
"""So many answers are handed on before more is handed out; only tasks that cannot be sent come to that."""


class Crew(Generic[K, T]):
    """The workers of one run: who is at what, what waits, and what is tried again."""

    def __init__(
        self,
        function: Callable[[T], Any],
        feed: Iterator[tuple[K, T] | None],
        number: int,
        timeout: float | None,
        doing: str,
    ) -> None:
        self.inbox: Inbox[K, T] = Inbox(feed)
        self.number, self.timeout, self.doing = number, timeout, doing
        self.workers: list[_Worker[K, T]] = []
        self.failed_starts = 0
        self.done: list[tuple[K, Any]] = []
        self.hide_main: bool | None = None
        try:
            self.function = bytes(ForkingPickler.dumps(function))
        except Exception as error:
            raise EngineError(f"Workers must be able to import their function by name: {error}.") from error

    def results(self) -> Generator[tuple[K, Any] | None, None, None]:
        try:
            while True:
                self._hand_out()  # before anything is given back: nobody waits for a busy caller
                done, self.done = self.done, []
                if done:
                    yield from done
                elif any(worker.order for worker in self.workers):
                    self._listen()
                elif self.inbox.over:
                    return
                else:
                    yield None
        finally:
            for worker in self.workers:
                worker.kill()
            for worker in self.workers:
                worker.end()

    def _hand_out(self) -> None:
        """Give every idle worker a task, start workers that are missing, let go who is not needed."""
        while len(self.done) < ENOUGH_DONE:
            free = next((worker for worker in self.workers if worker.order is None), None)
            busy = sum(worker.order is not None for worker in self.workers)
            if free is None and len(self.workers) >= self.number:
                return
            order = self.inbox.take(busy)
            if order is None:
                break
            try:
                payload = bytes(ForkingPickler.dumps(order.task))
            except Exception as error:
                self.done.append((order.key, crash_of(error, "handing the work to a worker")))
                continue
            if order.again:  # a fresh process for a second try, and no other beside it
                self._dismiss()
                free = None
            worker = free or self._start(payload)
            if not worker.give(order, payload, self.timeout):
                self.inbox.give_back(order)
                self._bury(worker)
        if self.inbox.ended:
            self._dismiss()

    def _dismiss(self) -> None:
        for worker in [worker for worker in self.workers if worker.order is None]:
            self.workers.remove(worker)
            worker.end()

    def _start(self, payload: bytes) -> _Worker[K, T]:
        if self.hide_main is None:
            self.hide_main = self._may_hide_main(payload)
        worker: _Worker[K, T] = _Worker(self.function, self.hide_main, self.doing)
        self.workers.append(worker)
        return worker

    def _may_hide_main(self, payload: bytes) -> bool:
        """Whether workers can do without the caller's script, before the first of them is started.

        Spawning runs that script again in every worker. It is only needed where the work itself is
        defined there; otherwise a script needs no ``if __name__ == "__main__":``.
        """
        if multiprocessing.current_process().daemon:
            raise EngineError("A worker cannot start workers of its own; use the engine threads:1 there.")
        if b"__main__" not in self.function + payload:
            return True
        if not hasattr(sys.modules["__main__"], "__file__"):
            raise EngineError(
                "Workers cannot import what was typed into an interactive session; put it into a module or "
                "use the engine threads:N."
            )
        return False

    def _listen(self) -> None:
        """Wait for news of any worker, or for one that takes too long, and note it."""
        patience = min(worker.deadline for worker in self.workers) - time.monotonic()
        free = len(self.workers) < self.number or any(worker.order is None for worker in self.workers)
        if free and self.inbox.expecting:
            patience = min(patience, ASK_AGAIN)
        by_pipe: dict[Any, _Worker[K, T]] = {worker.pipe: worker for worker in self.workers}
        for pipe in connection.wait(list(by_pipe), None if patience == NEVER else max(0.0, patience)):
            self._note(by_pipe[pipe], *by_pipe[pipe].receive())
        now = time.monotonic()
        for worker in [worker for worker in self.workers if worker.deadline <= now]:
            self._stop(worker)

    def _note(self, worker: _Worker[K, T], kind: str, content: Any) -> None:
        order = worker.order
        if kind == "ready":
            self.failed_starts = 0
            if not worker.begin(self.timeout):
                self._bury(worker)
        elif kind == "unusable":
            raise EngineError(f"The workers cannot be used: {content}.")
        elif kind == "died":
            self._bury(worker)
        elif order is not None and kind == "memory":  # its heap is spent: it leaves, as if it had died
            self.workers.remove(worker)
            worker.end()
            self._suspect(order, "ran out of memory")
        elif order is not None:
            worker.order, worker.deadline = None, NEVER
            self.done.append((order.key, content))

    def _bury(self, worker: _Worker[K, T]) -> None:
        """Note a death: of its task, or of the machine if the worker never came to be."""
        self.workers.remove(worker)
        how = worker.end()
        if worker.ready:
            if worker.order is not None:
                self._suspect(worker.order, f"died ({how})")
            return
        self.failed_starts += 1
        if self.failed_starts >= START_TRIES:
            advice = (
                "" if self.hide_main else ' A script needs `if __name__ == "__main__":` around this call.'
            )
            raise EngineError(f"Worker processes die at their start ({how}); use threads:N.{advice}")
        if worker.order is not None:
            self.inbox.give_back(worker.order)

    def _suspect(self, order: Order[K, T], fate: str) -> None:
        if not self.inbox.suspect(order):
            self.done.append((order.key, Crash(f"The worker {fate} while {self.doing}, twice.")))

    def _stop(self, worker: _Worker[K, T]) -> None:
        self.workers.remove(worker)
        worker.kill()
        worker.end()
        if worker.order is not None:
            message = f"The worker was stopped after {self.timeout:g} s while {self.doing}."
            self.done.append((worker.order.key, Crash(message)))


class _Worker(Generic[K, T]):
    """One spawned process as home sees it: its pipe, and the task that it is at."""

    def __init__(self, function: bytes, hide_main: bool, doing: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=serve, args=(far, doing), daemon=True)
        self.order: Order[K, T] | None = None
        self.deadline = NEVER
        self.ready = False
        self._payload = b""
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

    def give(self, order: Order[K, T], payload: bytes, timeout: float | None) -> bool:
        """Hand over a task; False if the worker died before it could take it.

        A worker that is still starting gets it later, by `begin`: a long task would not fit into its
        pipe, and whoever wrote it would have to wait.
        """
        self._payload = payload
        if self.ready and not self._send(timeout):
            return False
        self.order = order
        return True

    def begin(self, timeout: float | None) -> bool:
        """Send the task that waited for the worker to be ready; False if it died meanwhile."""
        self.ready = True
        return self.order is None or self._send(timeout)

    def _send(self, timeout: float | None) -> bool:
        payload, self._payload = self._payload, b""
        try:
            self.pipe.send_bytes(payload)
        except OSError:
            return False
        # Count from now; the time that a process needs to start is not counted.
        self.deadline = NEVER if timeout is None else time.monotonic() + timeout
        return True

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
