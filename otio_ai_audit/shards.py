"""Work for farms that run commands: shard 3 of 16 is measured on some node, all are judged at home.

::

    measure INPUT --shard 3/16 -o signals/   ──▶   signals/shard-0003-of-0016/   (a store of its own)
    judge INPUT --signals signals/           ◀──   merged into the store at home, in any order

A shard can be repeated: it goes on where it stopped. What belongs to which shard depends on nothing but the
edit, or the path of a take below its folder, so nodes need not see the same files at the same moment, nor
under the same path. Nodes need no store in common.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import gather, settings
from .errors import UsageError
from .gather import Progress
from .judge import needs_identity, wanted_detectors
from .model import Plan
from .opening import open_edit
from .store import Store
from .takes import TriageOptions, judging_of
from .takes.look import THIS
from .takes.session import Session
from .walk import Options

_SHARD = re.compile(r"^shard-(\d+)-of-(\d+)$")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` parts of the work, counted from 1."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``3/16``.

        Raises
        ------
        UsageError
        """
        match = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", text)
        number, of = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= number <= of:
            raise UsageError(f"{text!r} names no shard; 3/16 is the third of sixteen.")
        return cls(number, of)

    def folder(self, signals: Path) -> Path:
        return signals / f"shard-{self.number:04d}-of-{self.of:04d}"

    def has(self, label: str) -> bool:
        """Whether the take of this label belongs to this shard, on any system."""
        name = unicodedata.normalize("NFC", label)
        digest = hashlib.sha256(name.encode("utf-8", "backslashreplace")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1


@dataclass(frozen=True, slots=True)
class Measured:
    """What a shard did: media of the shard, and a sentence for each that could not be looked at."""

    media: int
    failures: tuple[str, ...]


def measure_edit(
    paths: Sequence[Path], shard: Shard, signals: Path, options: Options, progress: Progress
) -> Measured:
    """Measure one shard of what an edit uses."""
    wanted = wanted_detectors(settings.load(options.settings), options.detectors)
    part, count = _part_of(open_edit(paths, options, progress).plan, shard)
    identity = needs_identity(wanted)
    with Store(shard.folder(signals)) as store:
        found = gather.signals(
            *(part, store, options.engine, progress, options.force, identity), hwaccel=options.hwaccel
        )
    reasons = dict.fromkeys(failure.reason for failure in found.failures)
    return Measured(count, tuple(reasons))


def _part_of(plan: Plan, shard: Shard) -> tuple[Plan, int]:
    """Keep what one shard measures, and count its media.

    A medium goes with its first clip, and clips go by turns: a node that lacks some media shares out the
    others as all nodes do.
    """
    uses, failures, skipped = plan.uses, plan.failures, plan.skipped
    ids = sorted({*(use.id for use in uses), *(item.id for item in failures), *(item.id for item in skipped)})
    turn = {id_: number % shard.of for number, id_ in enumerate(ids)}
    first: dict[int, str] = {}
    for use in sorted(plan.uses, key=lambda use: use.id):
        first.setdefault(use.job, use.id)
    jobs = {job for job, id_ in first.items() if turn[id_] == shard.number - 1}
    jobs |= {use.job for n, use in enumerate(plan.references) if n % shard.of == shard.number - 1}
    uses = tuple(use for use in plan.uses if use.job in jobs)
    references = tuple(use for use in plan.references if use.job in jobs)
    return replace(plan, uses=uses, references=references, failures=(), skipped=()), len(jobs)


def measure_takes(
    folders: Sequence[Path], shard: Shard, signals: Path, options: TriageOptions, progress: Progress
) -> Measured:
    """Measure and judge one shard of the takes in some folders."""
    judging = judging_of(options)
    place = shard.folder(signals)
    options = replace(options, besides=(*options.besides, signals))
    with Store(place) as store:
        session = Session(tuple(folders), store, judging, options, progress, place, shard.has)
        session.run(lambda: None)
        store.note_places((label, item.key) for label, item in session.items.items() if item.key)
        failures = [item.failure for item in session.items.values() if item.failure]
        labels = {item.key: label for label, item in session.items.items() if item.key}
        records = store.load_takes(labels, judging.basis, whole=False)
        told = [(labels[key], record.failure) for key, record in records.items() if record.failure]
        failures += [failure.replace(THIS, label) for label, failure in told]
    return Measured(len(session.items), tuple(failures))


def merge(store: Store, folders: Sequence[Path]) -> list[str]:
    """Take the shards of some folders into a store.

    Returns
    -------
    list of str
        Sentences for a person: which shards are missing.

    Raises
    ------
    UsageError
        A folder without shards.
    StoreError
        A shard that is damaged.
    """
    notices = []
    for folder in folders:
        shards = shards_in(folder)
        for place in shards.values():
            store.merge(place)
        for of in sorted({of for _, of in shards}):
            missing = [number for number in range(1, of + 1) if (number, of) not in shards]
            if missing:
                told = ", ".join(map(str, missing[:10])) + (" …" if len(missing) > 10 else "")
                what = "Shard" if len(missing) == 1 else "Shards"
                notices.append(
                    f"{what} {told} of {of} {'is' if len(missing) == 1 else 'are'} not in {folder}."
                )
    return [*notices, store.notice] if store.notice else notices


def shards_in(folder: Path) -> dict[tuple[int, int], Path]:
    """Shards below a folder (or that folder itself, where it is one) by number and count.

    Raises
    ------
    UsageError
        A folder that is not there or has none.
    """
    try:
        places = [folder, *sorted(folder.iterdir())]
    except OSError as error:
        raise UsageError(f"The signals {folder} cannot be read: {error.strerror or error}.") from error
    found = {}
    for place in places:
        match = _SHARD.match(place.name)
        if match and place.is_dir():
            found[int(match[1]), int(match[2])] = place
    if not found:
        raise UsageError(f"{folder} holds no shards; make them with: otio-ai-audit measure … -o {folder}")
    return found
