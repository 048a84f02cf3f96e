"""What is wrong in the advert, for whoever compares."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault that was put in: media frames `first` to `last`, counted from 0, both included."""

    clip: str
    """Name of the clip in the edit."""
    detector: str
    first: int
    last: int
    media: Path
    rate: Fraction
    words: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What was written and what is wrong in it."""

    edit: Path
    faults: tuple[InjectedFault, ...]
    offline: tuple[str, ...] = ()
    """Names of clips whose media cannot be found."""
    skipped: tuple[str, ...] = ()
    """Names of clips that need no audit: the title, the disabled one."""
