"""What all people say together: the last word of each person on each thing, and whether they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ..model import PersonVerdict, Placed, Provenance
from .journal import Line, lines_of, moment
from .places import is_own

_Origin = tuple[str, str, int | None]

HALF = 0.5
_SLACK = 1e-6
"""Seconds: less than any frame, more than any float noise."""
_SAYS = {"wrong-alarm": "wrong alarm", "withdraw": "it stands"}


@dataclass(frozen=True, slots=True)
class SaidOfTake:
    """What people say of one take now."""

    standing: Literal["kept", "killed", "disputed"] | None = None
    verdicts: tuple[PersonVerdict, ...] = ()
    """The last word of everybody who has one, oldest first."""

    @property
    def words(self) -> str:
        """Who says what, on one line: ``ann: kill. Six fingers.; ben: keep``."""
        return _words(self.verdicts, self.standing == "disputed")


@dataclass(frozen=True, slots=True)
class SaidOfFinding:
    """What people say of one finding now."""

    standing: Literal["wrong-alarm", "stands", "disputed"] | None = None
    verdicts: tuple[PersonVerdict, ...] = ()
    """The last word of everybody who has one, oldest first."""

    @property
    def words(self) -> str:
        """Who says what, on one line: ``ann: Lightning.`` where it is a wrong alarm."""
        if self.standing == "wrong-alarm":
            return "; ".join(_with_reason(v.who, v, ": ") for v in self.verdicts)
        return _words(self.verdicts, self.standing == "disputed")


def _words(verdicts: Iterable[PersonVerdict], disputed: bool) -> str:
    says = [(f"{v.who}: {_SAYS.get(v.kind, v.kind)}", v) for v in verdicts]
    told = "; ".join(_with_reason(head, v, ". ") for head, v in says)
    return f"disputed: {told}" if disputed else told


def _with_reason(head: str, verdict: PersonVerdict, sign: str) -> str:
    why = " ".join(verdict.why.split())
    return head + sign + why if why else head


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Everything that people said, by content key and in order of time."""

    by_key: Mapping[str, tuple[PersonVerdict, ...]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    """Sentences on what could not be read."""
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was worked out once."""

    @property
    def seal(self) -> int:
        """The same in this process as long as nobody says anything else."""
        if "seal" not in self._made:
            self._made["seal"] = hash(tuple(self.by_key.items()))
        return int(self._made["seal"])

    def __iter__(self) -> Iterator[PersonVerdict]:
        for verdicts in self.by_key.values():
            yield from verdicts

    def __contains__(self, verdict: object) -> bool:
        return isinstance(verdict, PersonVerdict) and verdict in self.by_key.get(verdict.key, ())

    def including(self, verdicts: Iterable[PersonVerdict]) -> Verdicts:
        """Add what was said after all of this."""
        by_key = dict(self.by_key)
        for verdict in verdicts:
            by_key[verdict.key] = (*by_key.get(verdict.key, ()), verdict)
        return replace(self, by_key=by_key)

    # --- takes

    def of_take(self, key: str) -> SaidOfTake:
        """Whether people keep or kill the take of this content."""
        last = _last_words(v for v in self.by_key.get(key, ()) if not of_a_finding(v))
        verdicts = tuple(v for v in last if v.kind in ("keep", "kill"))
        kinds = {v.kind for v in verdicts}
        if len(kinds) > 1:
            return SaidOfTake("disputed", verdicts)
        if not kinds:
            return SaidOfTake()
        return SaidOfTake("kept" if "keep" in kinds else "killed", verdicts)

    def on(self, key: str) -> tuple[PersonVerdict, ...]:
        """Everything that stands of what people say of a take and of findings in it, by time."""
        return tuple(v for _, said in self._things_of(key) for v in said.verdicts)

    def notes(self, key: str) -> tuple[str, ...]:
        """Tell of a clip that somebody kills its take."""
        said = self.of_take(key)
        return (said.words,) if said.standing in ("killed", "disputed") else ()

    def killed_origins(self) -> tuple[PersonVerdict, ...]:
        """One kill for every origin whose takes people killed and do not dispute, the oldest first.

        An origin is model, workflow, prompt and seed; without a seed, or without a prompt and a workflow,
        there is none that could be repeated.
        """
        found: dict[tuple[str, str, str, int | None], PersonVerdict] = {}
        for kill in self._kills():
            found.setdefault((kill.model, kill.workflow, kill.prompt_hash, kill.seed), kill)
        return tuple(found.values())

    def killed_origin(self, origin: Provenance) -> PersonVerdict | None:
        """Find the kill of a take with the same seed, model and prompt (or, of an unknown one, workflow)."""
        if origin.seed is None:
            return None
        if "origins" not in self._made:
            kills = self._kills()[::-1]  # so that the oldest remains
            origins = {_origin(k.model, k.workflow, k.prompt_hash, k.seed): k for k in kills}
            self._made["origins"] = origins
        wanted = _origin(origin.model, origin.workflow, origin.prompt_hash, origin.seed)
        found: PersonVerdict | None = self._made["origins"].get(wanted)
        return found

    def _kills(self) -> list[PersonVerdict]:
        """Kills that nobody disputes, of takes whose origin could be repeated, the oldest first."""
        kills = []
        for key in self.by_key:
            said = self.of_take(key)
            if said.standing == "killed":
                kills += [v for v in said.verdicts if v.seed is not None and (v.prompt_hash or v.workflow)]
        return sorted(kills, key=lambda v: (moment(v.when), v.key, v.who))

    # --- findings

    def of_finding(
        self, key: str, detector: str, start: float, duration: float, id: str = "", fault: str = ""
    ) -> SaidOfFinding:
        """Whether people call a finding a wrong alarm.

        Parameters
        ----------
        key
            Content key of its medium.
        detector, start, duration
            What was found and where in the medium, in seconds.
        id
            Of the finding, where it has one.
        fault
            `Finding.label`, which tells two faults of one detector in one place apart.
        """
        asked = PersonVerdict(
            "wrong-alarm",
            "",
            "",
            key,
            finding=id,
            detector=detector,
            start=start,
            duration=duration,
            fault=fault,
        )
        here = self.by_key.get(key, ())
        verdicts = _last_words(v for v in here if of_a_finding(v) and _same(asked, v))
        kinds = {v.kind for v in verdicts}
        if len(kinds) > 1:
            return SaidOfFinding("disputed", verdicts)
        if not kinds:
            return SaidOfFinding()
        return SaidOfFinding("wrong-alarm" if "wrong-alarm" in kinds else "stands", verdicts)

    def of_placed(self, placed: Placed) -> SaidOfFinding:
        """`of_finding` of a finding that has its id."""
        found = placed.finding
        return self.of_finding(
            placed.key, found.detector, found.start, found.duration, placed.id, found.label
        )

    def dismissal(self, placed: Placed) -> str:
        """Who calls a finding a wrong alarm, and why; empty where it stands or is disputed."""
        said = self.of_placed(placed)
        return said.words if said.standing == "wrong-alarm" else ""

    def settle(self, placed: Placed) -> Placed:
        """Give a finding the state that people's verdicts ask for; without any it stays as it is."""
        said = self.of_placed(placed)
        if not said.standing or placed.state == "fixed":
            return placed
        if said.standing == "wrong-alarm":
            return replace(placed, state="dismissed", by=said.words)
        if placed.state == "dismissed":
            placed = replace(placed, state="open", by="")
        return replace(placed, by=said.words) if said.standing == "disputed" else placed

    # --- all of it

    def with_id(self, id: str) -> tuple[PersonVerdict, ...]:
        """Everything that was said of findings with an id, on any medium."""
        return tuple(v for v in self if id and v.finding == id)

    def things(self) -> list[Thing]:
        """Every take and finding that people speak of: the last word on it, and those of all.

        What people disagree on comes first, then takes that are killed, kept, then wrong alarms.
        """
        result = [(v, said) for key in self.by_key for v, said in self._things_of(key)]
        order = ("disputed", "killed", "kept", "wrong-alarm", "stands")
        return sorted(
            result,
            key=lambda r: (order.index(str(r[1].standing)), r[0].label, r[0].key, r[0].start, r[0].finding),
        )

    def _things_of(self, key: str) -> list[Thing]:
        result: list[Thing] = []
        take = self.of_take(key)
        if take.standing:
            result.append((take.verdicts[-1], take))
        told: set[PersonVerdict] = set()
        mine = [v for v in self.by_key.get(key, ()) if of_a_finding(v)]
        for v in reversed(mine):
            if v not in told:
                said = self.of_finding(key, v.detector, v.start, v.duration, v.finding, v.fault)
                # What a person said before of the same thing is no thing of its own.
                told.update(said.verdicts, (other for other in mine if _same(v, other)))
                if said.standing is not None:
                    result.append((v, said))
        return result


Thing = tuple[PersonVerdict, SaidOfTake | SaidOfFinding]


def of_a_finding(verdict: PersonVerdict) -> bool:
    """Whether a verdict speaks of a finding, and not of a whole take."""
    return verdict.kind in ("wrong-alarm", "withdraw") and bool(verdict.finding or verdict.detector)


def _same(new: PersonVerdict, judged: PersonVerdict) -> bool:
    """Whether a finding is the one that was judged; media are not compared."""
    if new.finding and new.finding == judged.finding:
        return True
    if not new.detector or new.detector != judged.detector:
        return False
    if new.fault and judged.fault and new.fault != judged.fault:
        return False
    shared = min(new.start + new.duration, judged.start + judged.duration) - max(new.start, judged.start)
    return shared >= max(HALF * new.duration - _SLACK, _SLACK)


def _origin(model: str | None, workflow: str | None, prompt_hash: str | None, seed: int | None) -> _Origin:
    """Give what takes of one origin have in common: the workflow counts where the prompt is not known."""
    return model or "", f"prompt {prompt_hash}" if prompt_hash else f"workflow {workflow or ''}", seed


def _last_words(verdicts: Iterable[PersonVerdict]) -> tuple[PersonVerdict, ...]:
    """Keep of verdicts in order of time the last of each person."""
    last: dict[str, PersonVerdict] = {}
    for verdict in verdicts:
        last.pop(verdict.who, None)
        last[verdict.who] = verdict
    return tuple(last.values())


def read(folder: Path) -> Verdicts:
    """Read what people said; nothing in a folder that is not there yet.

    Notes
    -----
    Verdicts are in order of their times, then of their lines. The order of files and their names mean
    nothing. What cannot be read is told in `Verdicts.notices` and never stops anything.
    """
    places: dict[PersonVerdict, tuple[datetime, int]] = {}
    notices = []
    for item in lines_of(folder):
        if isinstance(item, Line):
            place = item.when, item.number
            places[item.verdict] = max(place, places.get(item.verdict, place))
        else:
            notices.append(item)
    if not folder.exists() and not folder.parent.is_dir() and not is_own(folder):
        notices.append(f"{folder}: the folder of people's verdicts is not there; they are not heard.")

    def order(verdict: PersonVerdict) -> tuple[datetime, int, str, str, str, str, str]:
        return (*places[verdict], verdict.who, verdict.key, verdict.finding, verdict.kind, verdict.why)

    by_key: dict[str, list[PersonVerdict]] = defaultdict(list)
    for verdict in sorted(places, key=order):
        by_key[verdict.key].append(verdict)
    return Verdicts({key: tuple(by_key[key]) for key in sorted(by_key)}, tuple(notices))
