"""Takes: what is known of the files of a folder of takes, how they rank, and what people said of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .judging import Curve, Finding
from .media import Media, MediaInfo, Thumbnail, UInt8
from .result import Placed


def short_hash(text: str) -> str:
    """Eight hex digits of a text: enough to tell prompts and workflows apart, too few to read them."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a generator left in a file or beside it; None is unknown."""

    generator: str | None = None
    """Program or service: ``ComfyUI``, ``Sora``."""
    model: str | None = None
    """Model as the generator names it, without folders."""
    workflow: str | None = None
    """`short_hash` of the workflow's shape: the same where only seeds, texts and file names differ."""
    prompt: str | None = None
    """Never written unless somebody asks for prompts."""
    seed: int | None = None
    sources: tuple[str, ...] = ()
    """Where it was read, in words: ``container tags``, ``picture tags``, ``sidecar``, ``C2PA``."""
    claims: tuple[str, ...] = ()
    """What a manifest or a label says, in words: ``signed by OpenAI``, ``declared as AI-generated``."""

    @property
    def prompt_hash(self) -> str | None:
        """Stand-in for the prompt in everything that is written; the same but for case and white space."""
        return None if self.prompt is None else short_hash(" ".join(self.prompt.casefold().split()))


@dataclass(frozen=True, slots=True)
class TakeRecord:
    """What measuring and judging one medium gave: it belongs to the content and knows no path."""

    key: str
    """Content key."""
    info: MediaInfo | None = None
    """None where it could not be looked at."""
    frames: int = 0
    seconds: float = 0.0
    scores: Mapping[str, float | None] = field(default_factory=dict)
    """Detector → score of the take."""
    findings: tuple[Finding, ...] = ()
    """Their `use` is empty."""
    curves: Mapping[str, Curve] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    strip: tuple[Thumbnail, ...] = ()
    sketch: UInt8 = field(default_factory=lambda: np.zeros(0, np.uint8))
    """What takes are compared by to find near duplicates, shape (S,); empty where there is none."""
    provenance: Provenance = Provenance()
    """What stands in the file itself."""
    start_timecode: str | None = None
    """Timecode of the first frame, where the file has one."""
    failure: str | None = None
    """Why it could not be looked at, in one sentence; the other fields are then empty."""

    @property
    def worst(self) -> float:
        """Highest score of a finding, whatever people said of it."""
        return max((finding.score for finding in self.findings), default=0.0)


VerdictKind = Literal["keep", "kill", "wrong-alarm", "withdraw"]


@dataclass(frozen=True, slots=True)
class PersonVerdict:
    """What one person said of a take (keep, kill) or of a finding in it (wrong-alarm)."""

    kind: VerdictKind
    """``withdraw`` takes back what the same person said before of the same thing."""
    who: str
    when: str
    """ISO date and time with seconds, UTC."""
    key: str
    """Content key of the medium."""
    why: str = ""
    finding: str = ""
    """Id of the finding of a wrong alarm; else empty."""
    detector: str = ""
    start: float = 0.0
    """Seconds from the medium's first frame, of the finding."""
    duration: float = 0.0
    label: str = ""
    """Name of the take for people, as it was when the verdict was given; no folder of a home."""
    model: str = ""
    workflow: str = ""
    prompt_hash: str = ""
    seed: int | None = None
    """Of a killed take, so that a seed is known as bad where its file is gone."""
    fault: str = ""
    """`Finding.label` of a wrong alarm, which tells two faults of one detector in one place apart."""


@dataclass(frozen=True, slots=True)
class Take:
    """One file (or sequence) of a folder of takes."""

    label: str
    """Path below the folder that was triaged, with ``/``: what people see and what is written."""
    media: Media
    shot: str
    name: str
    """What names the take within its shot: ``v012``; else empty."""
    key: str = ""
    """Content key; empty where the file could not be read."""
    provenance: Provenance = Provenance()
    """From the file and from what lies beside it."""
    modified: float = 0.0
    """When its newest file was last written, in seconds since 1970; 0 is unknown."""


Standing = Literal["ranked", "kept", "killed", "disputed", "failed", "copy"]


@dataclass(frozen=True, slots=True)
class RankedTake:
    """A take with its place among the takes of its shot."""

    id: str
    """``S0003/007``: number of the shot and of the take in it; shifts when takes arrive."""
    take: Take
    record: TakeRecord
    placed: tuple[Placed, ...] = ()
    """Findings with their ids and states (``open`` or ``dismissed``), worst first."""
    rank: int = 0
    """1 has the fewest faults found; 0 is not ranked: killed, not looked at, or a copy."""
    standing: Standing = "ranked"
    """What people and files made of it; ``kept`` and ``disputed`` takes are ranked too."""
    verdicts: tuple[PersonVerdict, ...] = ()
    """What stands of what people said of this take, and of findings in it."""
    copy_of: str = ""
    """Label of the take of the same content that stands for this one."""
    near: tuple[str, ...] = ()
    """Labels of takes of the shot that look almost the same."""
    repeats: str = ""
    """Label of the killed take whose model, prompt and seed this one repeats."""

    @property
    def worst(self) -> float:
        """Highest score of a finding that still stands."""
        return max((p.finding.score for p in self.placed if p.state != "dismissed"), default=0.0)


@dataclass(frozen=True, slots=True)
class Shot:
    """The takes of one shot: ranked ones first, in order of rank."""

    number: int
    """From 1, in order of names."""
    name: str
    takes: tuple[RankedTake, ...]
    page: str = ""
    """File name of its page in a report of many pages."""

    @property
    def best(self) -> RankedTake | None:
        """The take with the fewest faults found, if any was looked at."""
        return next((take for take in self.takes if take.rank), None)


@dataclass(frozen=True, slots=True)
class ShotHead:
    """A shot in short, for an overview."""

    number: int
    name: str
    page: str
    takes: int
    flagged: int
    """Takes with a standing finding at warning or above."""
    failed: int
    killed: int
    errors: int = 0
    """Takes with a standing finding at error."""
    best: str = ""
    """Label of the take with the fewest faults found; else empty."""
    best_score: float = 0.0
    best_picture: bytes = b""
    """WebP."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often takes of one origin fail."""

    kind: Literal["generator", "model", "workflow", "prompt", "seed"]
    value: str
    """As written: a prompt as its hash unless prompts were asked for; ``unknown``."""
    takes: int
    flagged: int
    errors: int
    killed: int
    by_detector: Mapping[str, int]
    """Detector → takes that it flags at warning or above."""


@dataclass(frozen=True, slots=True)
class Triage:
    """All that a triage found; what every writer of takes gets. Shots are read one at a time."""

    name: str
    version: str
    settings_hash: str
    calibration: str
    detectors: tuple[str, ...]
    grouped_by: str
    """``names``, ``folders``, ``prompts`` or ``pattern``."""
    heads: tuple[ShotHead, ...]
    tallies: tuple[Tally, ...]
    load: Callable[[int], Shot]
    """Reads the shot of this number."""
    notices: tuple[str, ...] = ()
    finished: str = ""
    """ISO local date and time."""
    seconds: float = 0.0
    include_prompts: bool = False
    bad_seeds: tuple[PersonVerdict, ...] = ()
    """One for each origin that people killed, also where the file is gone."""
    dealt_to: str = ""
    """Name or number of the person whose part this is; empty: everything."""
    changed: frozenset[int] | None = None
    """Numbers of the shots that changed since the last result of a watch; None: any may have."""

    def shots(self) -> Iterator[Shot]:
        for head in self.heads:
            yield self.load(head.number)

    @property
    def takes(self) -> int:
        return sum(head.takes for head in self.heads)

    @property
    def flagged(self) -> int:
        return sum(head.flagged for head in self.heads)

    @property
    def errors(self) -> int:
        return sum(head.errors for head in self.heads)

    @property
    def failed(self) -> int:
        return sum(head.failed for head in self.heads)
