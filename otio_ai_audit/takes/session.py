"""The loop of a triage: what is new goes to the workers, what is known is not touched again.

Everything that is learnt goes to the store at once, a take at a time; a run that is stopped at any moment
goes on from there. Files may come, grow, move, change and go while it runs: a take counts from the moment
that its file stands still, and what was measured of a file that changed meanwhile is thrown away.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from .. import engine, timeline, video
from ..engine import Crash
from ..gather import Progress
from ..measure import SIGNALS_VERSION
from ..model import Media, MediaJob
from ..store import Store, content
from .look import Looked, TakeTask, look
from .options import Judging, TriageOptions

SETTLED = 60.0
"""Seconds after which a file that was not touched is taken as whole at first sight."""
TRIES = 3
"""So often is a file measured that changes meanwhile, outside of a watch."""
NOT_MEASURED = "Not measured yet."


@dataclass(slots=True)
class Item:
    """A take on disk, and how far it is."""

    media: Media
    stamp: str
    """Sizes and times of its files."""
    modified: float = 0.0
    """When its newest file was last written, in seconds since 1970."""
    key: str = ""
    failure: str = ""
    """Why this very file has no record: it could not be read, or its worker died."""
    settled: bool = False
    done: bool = False
    """It has a record in the store, or a failure."""
    tries: int = 0


@dataclass(slots=True)
class _Work:
    """A take at a worker, and further takes of the same content, which wait for it."""

    label: str
    item: Item
    twins: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Session:
    """The takes of some folders, and their way into the store."""

    roots: tuple[Path, ...]
    store: Store
    judging: Judging
    options: TriageOptions
    progress: Progress
    verdicts: Path
    """Folder of people's verdicts: news there change the outputs."""
    mine: Callable[[str], bool] = lambda label: True
    """Which labels count; the others belong to somebody else."""
    items: dict[str, Item] = field(default_factory=dict)
    """Label → take, in order of labels."""
    pictures: int = 0
    troubles: tuple[str, ...] = ()
    changed: bool = True
    """Something has changed since the outputs were written; whoever writes them sets it back."""
    _queue: deque[str] = field(default_factory=deque)
    _work: dict[str, _Work] = field(default_factory=dict)
    """By content key."""
    _fresh: set[str] = field(default_factory=set)
    """Contents that were looked at in this run: nothing twice, also where all is measured again."""
    _done: int = 0
    _frames: int = 0
    _failures: int = 0
    _scanned: float = float("-inf")
    _said: tuple[tuple[str, int, int], ...] = ()
    _news: float = field(default_factory=time.monotonic)
    _followed: dict[tuple[tuple[str, int, int], ...], bool] = field(default_factory=dict)

    # --- what is there

    def scan(self) -> None:
        """Look into the folders; new and changed takes are queued once they stand still."""
        if self.options.places:
            self.items = {
                label: Item(Media(label), "", key=key, done=True)
                for label, key in sorted(self.options.places.items())
            }
            return
        found = timeline.find_media(self.roots, self._follow, self.options.besides)
        if (found.pictures, found.troubles) != (self.pictures, self.troubles):
            self.pictures, self.troubles, self.changed = found.pictures, found.troubles, True
        fresh: dict[str, Item] = {}
        now = time.time()
        for one in found.media:
            if not self.mine(one.label):
                continue
            try:
                stamp, latest = content.stamp_of(one.media)
            except OSError:
                continue  # it has just gone
            old = self.items.get(one.label)
            if old is None or old.stamp != stamp or old.media != one.media:
                settled = not self.options.watch or now - latest / 1e9 > SETTLED
                fresh[one.label] = Item(one.media, stamp, latest / 1e9, settled=settled)
                self.changed, self._news = True, time.monotonic()
            else:
                old.settled = True  # twice the same, a look apart
                fresh[one.label] = old
        if fresh.keys() != self.items.keys():
            self.changed, self._news = True, time.monotonic()
        self.items = fresh
        said = _stamps(self.verdicts)
        if said != self._said:
            self._said, self.changed, self._news = said, True, time.monotonic()
        self._scanned = time.monotonic()
        self._look_up()

    def _look_up(self) -> None:
        """Ask the store about all that is not done, many at a time, and queue the rest."""
        waiting = {*self._queue, *self._at_work()}
        fresh = [
            (label, item)
            for label, item in self.items.items()
            if item.settled and not item.done and label not in waiting
        ]
        keys = self.store.keys_known([item.media for _, item in fresh])
        for (_, item), key in zip(fresh, keys, strict=True):
            item.key = key or ""
        known: set[str] = set()
        if not self.options.force:
            known = self.store.takes_known([item.key for _, item in fresh if item.key], self.judging.basis)
        for label, item in fresh:
            if item.key in known:
                item.done = True
            else:
                self._queue.append(label)

    def _at_work(self) -> list[str]:
        return [label for work in self._work.values() for label in (work.label, *work.twins)]

    def _follow(self, paths: Sequence[Path]) -> bool:
        """`video.follow`, asked once for the same pictures however often the folders are looked into."""
        try:
            stats = [path.stat() for path in paths[: video.LOOKED_AT]]
        except OSError:
            return True
        key = tuple((str(p), s.st_size, s.st_mtime_ns) for p, s in zip(paths, stats, strict=False))
        if key not in self._followed:
            self._followed[key] = video.follow(paths)
        return self._followed[key]

    # --- measuring

    def run(self, write: Callable[[], None]) -> None:
        """Measure until nothing is left; in a watch, until it is told to end.

        Parameters
        ----------
        write
            Writes the outputs; called in a watch where something changed.
        """
        if self.options.measure:
            self.store.forget_failures(self.judging.basis)
        self.scan()
        if self.judging.identity and self._queue and self.options.measure:
            from ..identity import warmup

            warmup()  # once here, not by every worker at the same time
        total = len(self.items)
        if self._queue:
            self.progress.say(f"Looking at {len(self._queue)} of {total} takes")
        written = time.monotonic()
        spec = self.options.engine
        with closing(engine.stream(look, self._feed(), engine=spec, doing="looking at a take")) as answers:
            for answer in answers:
                if answer is not None:
                    self._take(*answer)
                if not self.options.watch:
                    continue
                idle = answer is None
                if self.changed and (idle or time.monotonic() - written > self.options.refresh):
                    write()
                    written = time.monotonic()
                if idle:
                    time.sleep(min(0.2, self.options.interval))

    def _feed(self) -> Iterator[tuple[str, TakeTask] | None]:
        while True:
            due = time.monotonic() - self._scanned >= self.options.interval
            if self.options.watch and due:
                self.scan()
            task = None
            while self._queue and task is None:
                task = self._task(self._queue.popleft())
            if task is not None:
                yield task.job.key, task
            elif self._work or (self.options.watch and not self._over()):
                yield None  # what is at work may have to be measured again
            else:
                return

    def _over(self) -> bool:
        patience = self.options.quit_after
        busy = self._work or not all(item.done for item in self.items.values())
        return patience is not None and not busy and time.monotonic() - self._news > patience

    def _task(self, label: str) -> TakeTask | None:
        """Prepare a take for a worker; None where nothing is left to do for it."""
        item = self.items.get(label)
        if item is None or item.done:
            return None
        try:
            key = item.key = self.store.content_key(item.media)
        except OSError as error:
            self._finish(label, item, f"{label} cannot be read: {error.strerror or error}.")
            return None
        judging, force = self.judging, self.options.force and key not in self._fresh
        if not force and self.store.takes_known([key], judging.basis):
            self._finish(label, item)
            return None
        if key in self._work:
            self._work[key].twins.append(label)
            return None
        identity = judging.identity_version if judging.identity else None
        packed = None if force else self.store.load_packed(key, None, SIGNALS_VERSION, identity)
        if packed is None and not self.options.measure:
            self._finish(label, item, NOT_MEASURED)
            return None
        job = MediaJob(item.media, key=key, identity=judging.identity, hwaccel=self.options.hwaccel)
        self._work[key] = _Work(label, item)
        keep = self.options.signals
        return TakeTask(label, job, judging.wanted, judging.settings, packed, keep)

    def _take(self, key: str, looked: Looked | Crash) -> None:
        """Note what a worker gave, unless the file changed under it."""
        work = self._work.pop(key)
        if not _unchanged(work.item):
            self._queue.extend(work.twins)
            self._again(work.label, work.item)
            return
        failure = ""
        if isinstance(looked, Crash):
            failure = f"{work.label}: {looked.message}"
        else:
            if looked.packed is not None:  # first: a record says that its signals were measured
                identity = self.judging.identity_version
                self.store.save_packed(key, looked.packed, SIGNALS_VERSION, identity)
            self.store.save_take(looked.record, self.judging.basis)
            self._fresh.add(key)
            self._frames += looked.record.frames
            self._failures += looked.record.failure is not None
        for label in (work.label, *work.twins):
            item = self.items.get(label)
            if item is not None and item.key == key:
                self._finish(label, item, failure)

    def _again(self, label: str, item: Item) -> None:
        """Measure a file once more that changed while it was measured; a watch sees it by itself."""
        item.tries += 1
        if self.options.watch:
            item.stamp = ""  # whatever the next look finds is new
            return
        try:
            item.stamp = content.stamp_of(item.media)[0]
        except OSError:
            self._finish(label, item, f"{label} went away while it was measured.")
            return
        if item.tries < TRIES:
            self._queue.append(label)
        else:
            self._finish(label, item, f"{label} is still being written; triage again when it is whole.")

    def _finish(self, label: str, item: Item, failure: str = "") -> None:
        """Note that nothing is left to do for a take; `failure` says why it has no record."""
        item.failure, item.done = failure, True
        self.changed, self._news = True, time.monotonic()
        self._done += 1
        self._failures += bool(failure)
        total = self._done + len(self._queue) + len(self._at_work())
        self.progress.step(self._done, total, label, frames=self._frames, failures=self._failures)


def _stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Sizes and times of the files of a folder; nothing where there is none."""
    try:
        found = [(entry.name, entry.stat()) for entry in os.scandir(folder)]
    except OSError:
        return ()
    return tuple(sorted((name, status.st_size, status.st_mtime_ns) for name, status in found))


def _unchanged(item: Item) -> bool:
    try:
        return content.stamp_of(item.media)[0] == item.stamp
    except OSError:
        return False
