from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import signal
import sys
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit import engine
from otio_ai_audit.engine.inbox import MANY_SUSPECTS, Inbox
from otio_ai_audit.errors import EngineError

from . import engine_tasks

ENGINES = ["processes:1", "processes:2", "threads:2", "executor"]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> Iterator[object]:
    if request.param != "executor":
        yield request.param
        return
    with ThreadPoolExecutor(2) as pool:
        yield pool


class Feed:
    """Counts how far it was asked."""

    def __init__(self, items: list[Any]) -> None:
        self.items, self.asked = items, 0

    def __iter__(self) -> Feed:
        return self

    def __next__(self) -> Any:
        if self.asked >= len(self.items):
            raise StopIteration
        self.asked += 1
        return self.items[self.asked - 1]


@pytest.mark.parametrize("chosen", ENGINES, indirect=True)
def test_every_key_comes_once_and_the_feed_is_asked_as_work_goes_on(chosen: str) -> None:
    feed = Feed([(f"take {i}", i) for i in range(200)])
    answered: Counter[str] = Counter()
    for answer in engine.stream(engine_tasks.double, feed, engine=chosen):
        assert answer is not None
        answered[answer[0]] += 1
        assert answer[1] == 2 * int(answer[0].split()[1])
        # A few for each of two workers: with them, on their way, or in the hands of whoever reads this.
        assert feed.asked - answered.total() <= 8
    assert answered == Counter(f"take {i}" for i in range(200))


@pytest.mark.parametrize("chosen", ENGINES, indirect=True)
def test_an_empty_feed_is_an_end(chosen: str) -> None:
    assert list(engine.stream(engine_tasks.double, iter([]), engine=chosen)) == []
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("chosen", ENGINES, indirect=True)
def test_a_feed_that_has_nothing_now_is_asked_again(chosen: str) -> None:
    feed = Feed([None, None, ("a", 1), None, ("b", 2), ("c", 3), None, None])
    answers = list(engine.stream(engine_tasks.double, feed, engine=chosen))
    assert sorted(answer for answer in answers if answer is not None) == [("a", 2), ("b", 4), ("c", 6)]
    assert answers[:2] == [None, None], "nobody was at work"


def test_workers_are_kept_while_there_is_nothing_to_do() -> None:
    waiting: list[Any] = [("a", 0)]

    def watch() -> Iterator[Any]:
        while True:
            yield waiting.pop(0) if waiting else None

    seen = []
    with closing(engine.stream(engine_tasks.whoami, watch(), engine="processes:1")) as answers:
        seen.append(next(answers))
        for key in "bc":
            assert next(answers) is None
            waiting.append((key, 0))
            seen.append(next(answers))
    assert [key for key, _ in seen] == ["a", "b", "c"]
    assert len({who for _, who in seen}) == 1, "the same process"
    assert multiprocessing.active_children() == []


def test_new_work_is_found_while_another_is_busy() -> None:
    """A watch with one long take: a free worker takes what lands meanwhile."""
    feed = Feed([("long", 3.0), None, None, ("short", 0.0)])
    answers = engine.stream(engine_tasks.sleep, feed, engine="processes:2")
    assert [answer for answer in answers if answer] == [("short", 0.0), ("long", 3.0)]


@posix_only
def test_a_worker_killed_from_outside_costs_nothing(tmp_path: Path) -> None:
    feed = Feed([(i, str(tmp_path)) for i in range(12)])
    answered: Counter[int] = Counter()
    with closing(engine.stream(engine_tasks.note_and_wait, feed, engine="processes:2")) as answers:
        for answer in answers:
            assert answer is not None and not isinstance(answer[1], engine.Crash)
            answered[answer[0]] += 1
            if answered.total() in (3, 7):
                os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)
    assert answered == Counter(range(12))


@posix_only
def test_an_idle_worker_may_die() -> None:
    waiting: list[Any] = [("a", 1)]

    def watch() -> Iterator[Any]:
        while True:
            yield waiting.pop(0) if waiting else None

    with closing(engine.stream(engine_tasks.double, watch(), engine="processes:1")) as answers:
        assert next(answers) == ("a", 2)
        assert next(answers) is None
        (worker,) = multiprocessing.active_children()
        os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join(5)
        waiting.append(("b", 2))
        assert next(answer for answer in answers if answer is not None) == ("b", 4)


def test_suspects_of_an_endless_feed_get_their_second_try() -> None:
    """Where the feed always has more, second tries do not wait for its end."""

    def endless() -> Iterator[tuple[int, str]]:
        for number in itertools.count():
            yield number, "memory" if number % 4 == 0 else "a"

    with closing(engine.stream(engine_tasks.act, endless(), engine="threads:2")) as answers:
        crash = next(answer for answer in answers if answer and isinstance(answer[1], engine.Crash))
    assert crash == (0, engine.Crash("The worker ran out of memory while measuring, twice."))


def test_a_second_try_is_alone_and_the_last() -> None:
    inbox: Inbox[int, int] = Inbox((i, i) for i in range(10_000))
    for _ in range(MANY_SUSPECTS):
        order = inbox.take(0)
        assert order is not None and inbox.suspect(order)
    assert inbox.take(1) is None, "no more before the suspects"
    second = inbox.take(0)
    assert second is not None and second.again and second.key == 0
    assert inbox.take(1) is None, "alone"
    inbox.give_back(second)
    assert inbox.take(0) is second
    assert inbox.take(1) is None, "still alone"
    assert not inbox.suspect(second)


def test_a_long_task_is_sent_to_a_worker_that_still_starts() -> None:
    """More than a pipe holds: nobody waits for the first worker before the second is started."""
    feed = Feed([(i, bytes(5_000_000)) for i in range(3)])
    answers = engine.stream(len, feed, engine="processes:2")
    assert sorted(answer for answer in answers if answer) == [(i, 5_000_000) for i in range(3)]


def test_what_the_feed_raises_is_raised_and_no_process_is_left() -> None:
    def feed() -> Iterator[tuple[int, int]]:
        yield 0, 0
        raise OSError("the folder went away")

    with pytest.raises(OSError, match="the folder went away"):
        list(engine.stream(engine_tasks.double, feed(), engine="processes:2"))
    assert multiprocessing.active_children() == []


def test_many_tasks_that_cannot_be_sent_do_not_pile_up() -> None:
    feed = Feed([(i, engine_tasks.Closed()) for i in range(1000)])
    with closing(engine.stream(engine_tasks.act, feed, engine="processes:1")) as answers:
        next(answers)
        assert feed.asked <= 100
        assert sum(isinstance(answer[1], engine.Crash) for answer in answers if answer) == 999


# --- executors ------------------------------------------------------------------------------------


class Scripted(Executor):
    """An executor that does what a test says, in the calling thread."""

    def __init__(self, act: Callable[[int, Any], Any]) -> None:
        self.act, self.calls = act, 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.calls += 1
        try:
            future.set_result(self.act(self.calls, *args) or fn(*args))
        except CancelledError:
            future.cancel()
            future.set_running_or_notify_cancel()
        except Exception as error:
            future.set_exception(error)
        return future


class KilledWorker(Exception):
    """As Dask names it."""

    __module__ = "distributed.scheduler"


@pytest.mark.parametrize("error", [KilledWorker("gone"), CancelledError(), MemoryError()])
def test_what_an_executor_loses_is_sent_once_more(error: Exception) -> None:
    lost = {3}

    def act(_: int, task: int) -> None:
        if task in lost:
            lost.discard(task)
            raise error

    pool = Scripted(act)
    assert sorted(engine.run(engine_tasks.double, range(6), engine=pool)) == [(i, 2 * i) for i in range(6)]
    assert pool.calls == 7


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KilledWorker("gone"), "The worker was lost while measuring, twice (KilledWorker)."),
        (MemoryError(), "The worker ran out of memory while measuring, twice."),
    ],
)
def test_what_an_executor_loses_twice_is_named(error: Exception, said: str) -> None:
    def act(_: int, task: int) -> None:
        if task == 3:
            raise error

    results = dict(engine.run(engine_tasks.double, range(6), engine=Scripted(act)))
    crash = results.pop(3)
    assert results == {i: 2 * i for i in range(6) if i != 3}
    assert isinstance(crash, engine.Crash) and crash.message == said


@posix_only
def test_a_broken_pool_names_its_tasks_and_ends() -> None:
    """The pool of the standard library fails everything when one of its processes dies."""
    tasks = ["kill", "a", "b", "c"]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        results = dict(engine.run(engine_tasks.act, tasks, engine=pool))
    assert set(results) == {0, 1, 2, 3}
    crash = results[0]
    assert isinstance(crash, engine.Crash) and crash.message.endswith("twice (BrokenProcessPool).")


def test_an_executor_that_is_closed_is_a_crash_for_each_task() -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    results = dict(engine.run(engine_tasks.double, [1, 2], engine=pool))
    assert all(isinstance(crash, engine.Crash) for crash in results.values())


def test_results_are_let_go_as_they_are_handed_on() -> None:
    with ThreadPoolExecutor(2) as pool:
        seen = []
        for answer in engine.stream(engine_tasks.heavy, iter([(i, i) for i in range(20)]), engine=pool):
            assert answer is not None and not isinstance(answer[1], engine.Crash)
            seen.append(weakref.ref(answer[1]))
            del answer
            gc.collect()
            assert sum(ref() is not None for ref in seen) <= 1
    assert len(seen) == 20


def test_a_wrong_engine_is_told_before_anything_is_asked() -> None:
    feed = Feed([(0, 0)])
    with pytest.raises(EngineError, match="There is no engine"):
        engine.stream(engine_tasks.double, feed, engine="farm")
    assert feed.asked == 0


def test_a_slow_reader_holds_the_work_up() -> None:
    """Nothing piles up at home while it is busy: workers wait with at most one answer each."""
    feed = Feed([(i, 0.0) for i in range(50)])
    with closing(engine.stream(engine_tasks.sleep, feed, engine="processes:2")) as answers:
        next(answers)
        time.sleep(0.5)
        assert feed.asked <= 4
