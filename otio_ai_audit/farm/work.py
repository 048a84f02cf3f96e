"""What a farm has to do, apart from how a farm wants to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

COMMAND = "otio-ai-audit"
SIGNALS = "signals"
"""Below the folder of the work: what the shards have measured."""
LOGS = "logs"


@dataclass(frozen=True, slots=True)
class Given:
    """A part of a command line that comes from a person: a path, or a text such as ``OLD=NEW``."""

    name: str
    """By which a farm that has parameters calls it."""
    value: str
    kind: Literal["FILE", "DIRECTORY", "TEXT"] = "TEXT"
    below: str = ""
    """A name inside that folder."""
    writes: bool = False

    @property
    def text(self) -> str:
        return f"{self.value.rstrip('/')}/{self.below}" if self.below else self.value


@dataclass(frozen=True, slots=True)
class Raw:
    """A part that the farm itself fills in; it is not quoted."""

    text: str


Part = str | Given | Raw


@dataclass(frozen=True, slots=True)
class Work:
    """Shards to measure and one judgement of them all.

    Paths are as the nodes see them, and absolute.
    """

    inputs: tuple[Given, ...]
    folder: str
    """Where nodes put signals and results."""
    shards: int
    results: tuple[str, ...]
    """Names of what judging writes, inside the folder."""
    options: tuple[Part, ...] = ()
    """Options of measuring and judging alike."""
    cores: int = 4
    """Of a node, for one shard."""
    command: str = COMMAND

    def measure(self, shard: Raw, engine: Part) -> list[Part]:
        """Arguments that measure one shard."""
        folder = self._within(SIGNALS)
        return ["measure", *self.inputs, "--shard", shard, *self.options, "--engine", engine, "-o", folder]

    def judge(self) -> list[Part]:
        """Arguments that judge all shards; findings are no failure of the job, missing shards are."""
        outputs: list[Part] = [part for name in self.results for part in ("-o", self._within(name))]
        signals: list[Part] = ["--signals", self._within(SIGNALS)]
        return ["judge", *self.inputs, *signals, *self.options, "--fail-on", "never", *outputs]

    def _within(self, name: str) -> Given:
        return Given("Folder", self.folder, "DIRECTORY", name, writes=True)


@dataclass(frozen=True, slots=True)
class Written:
    """Files for a farm, and what to do with them."""

    files: tuple[Path, ...]
    advice: Sequence[str]
