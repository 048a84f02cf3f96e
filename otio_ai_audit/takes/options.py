"""How to triage; every field has the default of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from ..settings import Settings


@dataclass(frozen=True, slots=True)
class TriageOptions:
    """How to look at folders of takes."""

    group_by: str = "names"
    """One of `grouping.GROUPINGS`."""
    pattern: str | None = None
    """Regular expression with a group ``shot`` and perhaps one ``take``, for labels."""
    detectors: tuple[str, ...] | None = None
    settings: Path | None = None
    engine: str | Executor = "processes"
    hwaccel: str = ""
    signals: bool = True
    """Keep signals, so that other settings are judged without decoding; else only what was found."""
    force: bool = False
    """Measure again what the store knows."""
    store: Path | None = None
    verdicts: Path | None = None
    """Shared folder of people's verdicts; None is the usual one."""
    deal: tuple[str, ...] = ()
    """Names of those whom the shots are dealt out to."""
    part: str | None = None
    """Write only what was dealt to this one."""
    include_prompts: bool = False
    measure: bool = True
    """Decode what is not known; else it is named as not measured."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Label → content key of takes that cannot be reached from here; they take the place of folders."""
    notices: tuple[str, ...] = ()
    """Sentences to pass on with the result."""
    besides: tuple[Path, ...] = ()
    """Files and folders that are no takes, such as outputs that are written among them."""
    watch: bool = False
    interval: float = 5.0
    """Seconds between two looks into the folders."""
    refresh: float = 60.0
    """Seconds between two updates of the outputs while takes keep coming."""
    quit_after: float | None = None
    """Seconds without news after which a watch ends; None is never."""
    on_kill: str | None = None
    """Command to run once for each take that somebody kills."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What is asked of every take; two runs with the same `basis` share their records."""

    wanted: tuple[str, ...]
    settings: Settings
    basis: str
    identity: bool
    """Whether a detector looks at `MediaSignals.identity`."""
    identity_version: str
