"""A triage from beginning to end: measure what is new, make the result, write it; in a watch, again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from .. import __version__, people
from ..errors import UsageError
from ..gather import Progress, decoder_notice
from ..judge import calibration_date
from ..model import RankedTake, Shot, Triage
from ..store import Store
from .board import Board, Ranked
from .kills import OnKill
from .options import Judging, TriageOptions
from .origins import Origins
from .session import Session
from .tallies import Counts, tallies


@dataclass(slots=True)
class Run:
    """One triage."""

    roots: tuple[Path, ...]
    store: Store
    judging: Judging
    options: TriageOptions
    progress: Progress
    write: Callable[[Triage], None] | None
    _overview: dict[str, Ranked] = field(default_factory=dict)
    _origins: Origins = field(init=False)

    def __post_init__(self) -> None:
        self._origins = Origins(self.store, self.judging.basis)

    def through(self) -> Triage:
        """Run until everything is looked at, or a watch ends; give the last result."""
        started = time.monotonic()
        on_kill = OnKill(self.options.on_kill) if self.options.on_kill else None
        if self.options.part is not None and self.options.part not in self.options.deal:
            dealt = ", ".join(self.options.deal) or "nobody"
            raise UsageError(f"Nothing is dealt to {self.options.part!r}: the shots go to {dealt}.")
        named = self.judging.settings.audit.verdicts
        folder = people.folder(self.options.verdicts, named, self.options.store)
        session = Session(self.roots, self.store, self.judging, self.options, self.progress, folder)
        last: list[Triage] = []

        def update() -> None:
            session.changed = False
            result = self._result(session, folder)
            result = replace(result, seconds=round(time.monotonic() - started, 2))
            if on_kill is not None:
                troubles = on_kill.run(_killed(result), self.store)
                result = replace(result, notices=(*result.notices, *troubles))
            last[:] = [result]
            for part in self._parts(result, folder):
                if self.write is not None:
                    self.write(part)

        self.store.use_takes(self.judging.basis)
        try:
            session.run(update)
        except KeyboardInterrupt:  # this is how a watch ends: the outputs get what came last
            if not self.options.watch:
                raise
        if not last or session.changed:
            update()
        return last[0]

    def _result(self, session: Session, folder: Path) -> Triage:
        said = people.read(folder)
        board = Board.of(session.items, self.store, self.judging, self.options, said, self._origins)
        before, self._overview = self._overview, board.overview(self._overview)
        counts: Counts = Counter()
        for one in self._overview.values():
            counts.update(one.counts)
        fresh = {one.head.number for name, one in self._overview.items() if before.get(name) is not one}
        return Triage(
            name=", ".join(root.absolute().name or str(root) for root in self.roots),
            version=__version__,
            settings_hash=self.judging.settings.hash,
            calibration=calibration_date(),
            detectors=self.judging.wanted,
            grouped_by="pattern" if self.options.pattern else self.options.group_by,
            heads=tuple(one.head for one in self._overview.values()),
            tallies=tallies(counts),
            load=_Loader(board, self.options.store),
            notices=self._notices(session, said),
            finished=datetime.now().isoformat(timespec="seconds"),
            include_prompts=self.options.include_prompts,
            bad_seeds=tuple(sorted(said.killed_origins(), key=lambda one: (one.when, one.key))),
            changed=frozenset(fresh) if before else None,
        )

    def _notices(self, session: Session, said: people.Verdicts) -> tuple[str, ...]:
        pictures = session.pictures
        notices = [
            f"Left out, since no takes: {pictures} single {'picture' if pictures == 1 else 'pictures'}."
            if pictures
            else "",
            *self.options.notices,
            *session.troubles,
            decoder_notice(self.options.hwaccel, self.options.engine),
            *said.notices,
            self.store.notice,
        ]
        return tuple(filter(None, notices))

    def _parts(self, result: Triage, folder: Path) -> Iterator[Triage]:
        """Give what each person gets: everything, or the shots that were dealt to them."""
        names = self.options.deal
        if not names:
            yield result
            return
        sizes = {head.name: head.takes for head in result.heads}
        owner = people.dealt(folder, sizes, len(names))
        for number, name in enumerate(names):
            if self.options.part in (None, name):
                heads = tuple(head for head in result.heads if owner[head.name] == number)
                yield replace(result, heads=heads, dealt_to=name)


@dataclass(frozen=True, slots=True)
class _Loader:
    """Reads a shot from the store, also when the triage is over."""

    board: Board
    path: Path | None

    def __call__(self, number: int) -> Shot:
        if not self.board.store.closed:
            return self.board.load(number)
        with Store(self.path) as store:
            return replace(self.board, store=store).load(number)


def _killed(result: Triage) -> Iterator[RankedTake]:
    for head in result.heads:
        if head.killed:
            yield from (take for take in result.load(head.number).takes if take.standing == "killed")
