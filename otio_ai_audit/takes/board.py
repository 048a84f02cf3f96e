"""The result of a triage: takes in their shots, ranked, with what people said; read a shot at a time.

Only labels and keys of all takes are in memory; what was found is read from the store for one shot, and let
go.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from .. import people, timeline, verdicts
from ..model import (
    ERROR,
    WARNING,
    Finding,
    Placed,
    RankedTake,
    Shot,
    ShotHead,
    Standing,
    Take,
    TakeRecord,
)
from ..store import Store
from ..timecode import source_timecode
from .grouping import shots_by
from .look import THIS
from .options import Judging, TriageOptions
from .origins import Origins
from .ranking import natural, ranked, with_likeness
from .session import NOT_MEASURED, Item
from .tallies import Counts, tallied


@dataclass(frozen=True, slots=True)
class Entry:
    """A take, before what was found in it is read."""

    take: Take
    failure: str = ""
    """Why there is no record of it."""
    done: bool = True
    """False while it waits to be measured."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A shot in short, and what it was worked out from."""

    seal: int
    head: ShotHead
    counts: Counts


@dataclass(slots=True)
class Board:
    """Everything of a triage by shot."""

    store: Store
    judging: Judging
    options: TriageOptions
    said: people.Verdicts
    shots: list[tuple[str, list[Entry]]] = field(default_factory=list)
    """Name and takes of every shot, in order."""

    @classmethod
    def of(
        cls,
        items: Mapping[str, Item],
        store: Store,
        judging: Judging,
        options: TriageOptions,
        said: people.Verdicts,
        origins: Origins,
    ) -> Board:
        """Group takes into shots."""
        rule = shots_by(options.group_by, options.pattern, timeline.shot_and_take)
        groups: dict[str, list[Entry]] = defaultdict(list)
        for label, item, origin in origins.of(items):
            shot, name = rule(label, origin)
            take = Take(label, item.media, shot, name, item.key, origin, item.modified)
            groups[shot].append(Entry(take, item.failure, item.done))
        board = cls(store, judging, options, said)
        for name in sorted(groups, key=lambda name: (natural(name), name)):
            entries = sorted(groups[name], key=lambda entry: (natural(entry.take.label), entry.take.label))
            board.shots.append((name, entries))
        return board

    # --- all shots

    def overview(self, earlier: Mapping[str, Ranked]) -> dict[str, Ranked]:
        """Rank every shot once; what is as it was in an earlier overview is not worked out again.

        Parameters
        ----------
        earlier
            By name of the shot; empty for a first one.
        """
        found = {}
        for number, (name, entries) in enumerate(self.shots, start=1):
            seal = hash((number, self.said.seal, tuple(entries)))
            old = earlier.get(name)
            if old is not None and old.seal == seal:
                found[name] = old
                continue
            shot = self.load(number, whole=False)
            found[name] = Ranked(seal, self._head(shot), tallied(shot.takes, self.options.include_prompts))
        return found

    def _head(self, shot: Shot) -> ShotHead:
        best = shot.best
        picture = b""
        if best is not None:
            key = best.take.key
            record = self.store.load_take(key, self.judging.basis)
            strip = record.strip if record is not None else ()
            picture = strip[len(strip) // 2].data if strip else b""
        standing = Counter(take.standing for take in shot.takes)
        return ShotHead(
            number=shot.number,
            name=shot.name,
            page=shot.page,
            takes=len(shot.takes),
            flagged=sum(take.worst >= WARNING for take in shot.takes if take.rank),
            errors=sum(take.worst >= ERROR for take in shot.takes if take.rank),
            failed=standing["failed"],
            killed=standing["killed"],
            best=best.take.label if best is not None else "",
            best_score=best.worst if best is not None else 0.0,
            best_picture=picture,
        )

    # --- one shot

    def load(self, number: int, whole: bool = True) -> Shot:
        """Read and rank one shot.

        Parameters
        ----------
        number
            From 1.
        whole
            With curves and strips.
        """
        name, entries = self.shots[number - 1]
        keys = list(dict.fromkeys(entry.take.key for entry in entries if entry.take.key))
        records = self.store.load_takes(keys, self.judging.basis, whole=whole)
        takes = [self._take(number, place, entry, records) for place, entry in enumerate(entries, start=1)]
        takes = self._placed(_copies(takes))
        takes = with_likeness([self._judged(take) for take in takes])
        return Shot(number, name, ranked(takes), page_name(number, name))

    def _take(self, number: int, place: int, entry: Entry, records: Mapping[str, TakeRecord]) -> RankedTake:
        take = entry.take
        record = records.get(take.key) if not entry.failure else None
        if record is None:
            record = TakeRecord(take.key, failure=entry.failure or NOT_MEASURED)
        elif record.failure is not None:
            record = replace(record, failure=record.failure.replace(THIS, take.label))
        standing: Standing = "failed" if record.failure is not None else "ranked"
        return RankedTake(f"S{number:04d}/{place:03d}", take, record, standing=standing)

    def _placed(self, takes: Sequence[RankedTake]) -> list[RankedTake]:
        """Give findings their ids, and what people decided about them."""
        by_id = {take.id: take for take in takes}
        keys = {take.id: take.take.key for take in takes}
        findings = [_used(f, take.id) for take in takes for f in take.record.findings]

        def place(finding: Finding) -> tuple[int, int, str]:
            return _place(by_id[finding.use].record, finding)

        now = datetime.now().isoformat(timespec="seconds")
        known = self.store.known({key for key in keys.values() if key})
        placed, remembered = verdicts.assign(findings, keys, known, (), place, now)
        self.store.remember(remembered)
        mine: dict[str, list[Placed]] = defaultdict(list)
        for one in placed:
            mine[one.finding.use].append(self._heard(one))
        return [replace(take, placed=tuple(sorted(mine[take.id], key=_worst_first))) for take in takes]

    def _heard(self, placed: Placed) -> Placed:
        """Take in what people say of a finding; in a folder of takes there is no earlier round."""
        placed = self.said.settle(placed)
        return placed if placed.state == "dismissed" else replace(placed, state="open")

    def _judged(self, take: RankedTake) -> RankedTake:
        """Take in what people say of a take, and whether it repeats a seed that was killed."""
        key = take.take.key
        if key:
            standing = self.said.of_take(key).standing
            if standing is not None and take.standing == "ranked":
                take = replace(take, standing=standing)
            take = replace(take, verdicts=self.said.on(key))
        origin = self.said.killed_origin(take.take.provenance)
        if origin is not None and origin.key != key:
            take = replace(take, repeats=origin.label)
        return take


def page_name(number: int, name: str) -> str:
    """File name of a shot's page: its number, and what of its name any system takes."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)
    return f"shot-{number:04d}-{plain[:40].strip('-') or 'shot'}.html"


# --- one take ---------------------------------------------------------------------------------------


def _copies(takes: Sequence[RankedTake]) -> list[RankedTake]:
    """Let one of several takes of the same content stand for all: the one that lies highest."""
    first: dict[str, str] = {}
    for take in sorted(takes, key=lambda take: take.take.label.count("/")):
        if take.take.key:
            first.setdefault(take.take.key, take.take.label)
    return [
        replace(take, standing="copy", copy_of=first[take.take.key])
        if take.standing == "ranked" and first[take.take.key] != take.take.label
        else take
        for take in takes
    ]


def _used(finding: Finding, id_: str) -> Finding:
    """Say of which take a finding is: records know none."""
    compare = tuple((use or id_, moment) for use, moment in finding.compare)
    return replace(finding, use=id_, compare=compare)


def _worst_first(placed: Placed) -> tuple[bool, float, float, str]:
    return placed.state == "dismissed", -placed.finding.score, placed.finding.start, placed.id


def _place(record: TakeRecord, finding: Finding) -> tuple[int, int, str]:
    """Frame, frames and source timecode of a finding."""
    assert record.info is not None
    rate = record.info.rate
    frame = round(finding.start * rate)
    frames = max(1, round(finding.duration * rate))
    return frame, frames, source_timecode(record.start_timecode, frame, rate)
