"""A command for each take that somebody kills: to move it away, to queue another seed, to tell somebody."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from string import Formatter

from ..errors import UsageError
from ..model import RankedTake
from ..store import Store

KIND = "on-kill"
"""Kind of the marks in the store that say for which take which command has run."""
FIELDS = ("file", "label", "shot", "take", "key", "who", "why", "model", "seed")
PATIENCE = 600.0
"""Seconds that a command may take."""


@dataclass(slots=True)
class OnKill:
    """A command line whose words may hold fields: ``mv {file} /mnt/killed/``.

    It is split into words first and filled in afterwards, and runs without a shell: whatever a file is
    called, its name stays one argument.

    Raises
    ------
    UsageError
        A command that is empty, has an open quote or an unknown field.
    """

    command: str
    words: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.words = tuple(shlex.split(self.command, posix=os.name != "nt"))
            named = [name for word in self.words for _, name, _, _ in Formatter().parse(word)]
        except ValueError as error:
            raise UsageError(f"--on-kill cannot be read ({error}): {self.command}") from error
        if not self.words:
            raise UsageError("--on-kill is empty; give a command.")
        unknown = sorted({name for name in named if name is not None} - set(FIELDS))
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in FIELDS)
            raise UsageError(f"--on-kill knows no field {{{unknown[0]}}}; there are {known}.")

    def arguments(self, take: RankedTake) -> list[str]:
        """Fill the fields in."""
        return [word.format_map(values_of(take)) for word in self.words]

    def run(self, takes: Iterable[RankedTake], store: Store) -> list[str]:
        """Run the command for every killed take that it has not run for yet.

        Returns
        -------
        list of str
            A sentence for each command that failed; such a take is tried again next time.
        """
        troubles = []
        for take in takes:
            mark = f"{take.take.key} {self.command}"
            if take.standing != "killed" or store.load_blob(KIND, mark) is not None:
                continue
            why = _run(self.arguments(take))
            if why:
                troubles.append(f"The command for the killed take {take.take.label} {why}.")
            else:
                store.save_blob(KIND, mark, b"done")
        return troubles


def values_of(take: RankedTake) -> Mapping[str, str]:
    """Fields of a killed take; empty where nothing is known."""
    kills = [verdict for verdict in take.verdicts if verdict.kind == "kill"]
    found = take.take.provenance
    return {
        "file": take.take.media.path,
        "label": take.take.label,
        "shot": take.take.shot,
        "take": take.take.name,
        "key": take.take.key,
        "who": ", ".join(dict.fromkeys(verdict.who for verdict in kills)),
        "why": "; ".join(dict.fromkeys(verdict.why for verdict in kills if verdict.why)),
        "model": found.model or "",
        "seed": "" if found.seed is None else str(found.seed),
    }


def _run(arguments: list[str]) -> str:
    """Run a command without a shell; what went wrong in words, else empty."""
    try:
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"was stopped after {PATIENCE:.0f} s"
    except (OSError, ValueError) as error:
        return f"cannot be started ({getattr(error, 'strerror', None) or error})"
    return f"ended with exit code {done.returncode}" if done.returncode else ""
