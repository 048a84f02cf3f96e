"""A take as the page shows it: what was found, where it comes from, and what people say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..model import STANDING, WARNING, PersonVerdict, Placed, RankedTake, Severity, severity_of
from .finding_view import FindingView, Pictures, finding_view
from .takes_film import Films
from .takes_picture import Picture, bar_of, picture_of, shown_of
from .text import clean, counted, lines_of, number, one_line

LISTED = 3
"""Findings of a take that are shown at once; the rest is folded away."""
NEAR = 4
"""Takes that are named as looking almost the same; the rest is counted."""
STANDING_WORDS = {
    "ranked": "",
    "kept": "kept",
    "killed": "killed",
    "disputed": "disputed",
    "failed": "not looked at",
    "copy": "copy",
}
_SAYS = {"keep": "keep", "kill": "kill", "wrong-alarm": "wrong alarm", "withdraw": "it stands"}


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person said, in words and as the page's script compares it."""

    who: str
    kind: str
    words: str
    why: str
    when: str


@dataclass(frozen=True, slots=True)
class TakeFinding:
    """A finding, and what a verdict on it has to name."""

    shown: FindingView
    start: float
    duration: float
    fault: str
    said: Sequence[Saying]
    folded: bool
    """Not shown at once: a note, dismissed, or one of many."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Another take that this one has to do with: words, and its name with a link where there is a page."""

    kind: str
    words: str
    others: Sequence[tuple[str, str]]
    more: int = 0


@dataclass(frozen=True, slots=True)
class TakeView:
    """A take as the page shows it."""

    anchor: str
    title: str
    label: str
    key: str
    rank: int
    standing: str
    standing_words: str
    kind: str
    """``error``, ``warning`` or ``clean``: what of its findings still stands."""
    worst: float
    modified: float
    facts: Sequence[str]
    notes: Sequence[str]
    reason: str
    picture: Picture | None
    film: str
    """Relative address of the file; empty where the page does not name it."""
    seconds: float
    rate: float
    bar: Sequence[tuple[float, float, str]]
    scores: Sequence[tuple[str, str, Severity]]
    sortable: str
    """Scores in order of the page's detectors, ``-`` where there is none."""
    findings: Sequence[TakeFinding]
    folded: str
    """What is folded away of them, in words."""
    ties: Sequence[Tie]
    said: Sequence[Saying]
    origin: Sequence[tuple[str, str]]
    generator: str
    model: str
    workflow: str
    prompt_hash: str
    seed: str
    parts: Sequence[str] = field(default=())
    """Origin in short."""


# --- takes of a shot ----------------------------------------------------------------------------------


def titles_of(takes: Iterable[RankedTake]) -> dict[str, str]:
    """Label → what a take is called within its shot: the label itself where a short name is not enough."""
    short = {one.take.label: one_line(one.take.name) or _last(one.take.label) for one in takes}
    seen: dict[str, int] = {}
    for title in short.values():
        seen[title] = seen.get(title, 0) + 1
    return {label: title if seen[title] == 1 else _label(label) for label, title in short.items()}


def take_views(
    takes: Sequence[RankedTake],
    anchors: Mapping[str, str],
    links: Mapping[str, str],
    titles: Mapping[str, str],
    detectors: Sequence[str],
    prompts: bool,
    pictures: Pictures,
    films: Films,
) -> list[TakeView]:
    """Prepare takes for a page.

    Parameters
    ----------
    takes
        Those of the page, in order.
    anchors
        Label → id of the take's element.
    links
        Label → where it stands, on this or another page.
    titles
        Label → name, as from `titles_of`.
    detectors
        All of the page, in order.
    prompts
        Show their text; else only its hash.
    pictures
        What the page has room for: a picture of every take comes first, the rest is shared out as strips.
    films
        Where the page finds the files.
    """
    shown = [shown_of(one) for one in takes]
    urls = [pictures.url(strip[place].data) if strip else "" for strip, place, _ in shown]
    share = pictures.left // max(1, sum(bool(url) for url in urls))
    made = []
    for one, url, (strip, place, worst) in zip(takes, urls, shown, strict=True):
        picture = picture_of(one, url, strip, place, worst, share, pictures) if url else None
        film = films.url(one.take.media) if one.standing not in ("failed", "copy") else ""
        made.append(_take_view(one, picture, film, anchors, links, titles, detectors, prompts))
    return made


def _take_view(
    one: RankedTake,
    picture: Picture | None,
    film: str,
    anchors: Mapping[str, str],
    links: Mapping[str, str],
    titles: Mapping[str, str],
    detectors: Sequence[str],
    prompts: bool,
) -> TakeView:
    take, record = one.take, one.record
    origin = take.provenance
    scores = {name: number(value, 4) for name, value in record.scores.items()}
    label = _label(take.label)
    facts = _facts(one)
    findings = _findings(one, anchors[take.label])
    model, generator = one_line(origin.model or ""), one_line(origin.generator or "")
    seed = "" if origin.seed is None else str(origin.seed)
    return TakeView(
        anchor=anchors[take.label],
        title=titles[take.label],
        label=label,
        key=one_line(take.key) if one.standing not in ("failed", "copy") else "",
        rank=one.rank,
        standing=one.standing,
        standing_words=STANDING_WORDS[one.standing],
        kind=severity_of(one.worst) if one.worst >= WARNING else "clean",
        worst=number(one.worst, 4) or 0.0,
        modified=number(take.modified, 3) or 0.0,
        facts=facts,
        notes=lines_of(_without_path(text, one) for text in record.notes),
        reason=one_line(_without_path(record.failure or "", one)),
        picture=picture,
        film=film,
        seconds=number(record.seconds, 6) or 0.0,
        rate=number(float(record.info.rate), 6) or 0.0 if record.info is not None else 0.0,
        bar=bar_of(one),
        scores=[(one_line(n), "n/a" if s is None else f"{s:.2f}", severity_of(s)) for n, s in scores.items()],
        sortable=" ".join("-" if scores.get(n) is None else f"{scores[n]:.4f}" for n in detectors),
        findings=findings,
        folded=_folded_words(findings),
        ties=_ties(one, links, titles),
        said=[_saying(verdict) for verdict in one.verdicts if not _of_finding(verdict)],
        origin=_origin(one, prompts),
        generator=generator,
        model=model,
        workflow=one_line(origin.workflow or ""),
        prompt_hash=origin.prompt_hash or "",
        seed=seed,
        parts=[part for part in (generator, model, f"seed {seed}" if seed else "") if part],
    )


def _facts(one: RankedTake) -> list[str]:
    record, info = one.record, one.record.info
    written = ""
    if one.take.modified > 0:
        written = f"written {datetime.fromtimestamp(one.take.modified).isoformat(' ', 'minutes')}"
    return [
        *([f"{record.seconds:.1f} s", f"{info.width} × {info.height}"] if info is not None else []),
        *([f"{float(info.rate):.5g} fps"] if info is not None else []),
        *([f"starts at {one_line(record.start_timecode)}"] if record.start_timecode else []),
        *([written] if written else []),
    ]


def _origin(one: RankedTake, prompts: bool) -> list[tuple[str, str]]:
    """Where a take comes from, in rows; what is not known says so."""
    found = one.take.provenance
    rows = [
        ("generator", one_line(found.generator or "unknown")),
        ("model", one_line(found.model or "unknown")),
        ("workflow", one_line(found.workflow or "unknown")),
        ("prompt", found.prompt_hash or "unknown"),
        ("seed", "unknown" if found.seed is None else str(found.seed)),
    ]
    if prompts and found.prompt:
        rows.insert(4, ("prompt’s text", clean(found.prompt)))
    for name, words in (("read from", found.sources), ("claims", found.claims)):
        if words:
            rows.append((name, ", ".join(lines_of(words))))
    return rows


def _ties(one: RankedTake, links: Mapping[str, str], titles: Mapping[str, str]) -> list[Tie]:
    def named(labels: Sequence[str]) -> list[tuple[str, str]]:
        return [(titles.get(label) or _label(label), links.get(label, "")) for label in labels]

    ties = []
    if one.copy_of:
        ties.append(Tie("copy", "Same content as", named([one.copy_of])))
    if one.near:
        ties.append(Tie("near", "Looks almost like", named(one.near[:NEAR]), max(0, len(one.near) - NEAR)))
    if one.repeats:
        ties.append(Tie("repeats", "Repeats the seed of killed", named([one.repeats])))
    return ties


# --- findings and verdicts ----------------------------------------------------------------------------


def _findings(one: RankedTake, anchor: str) -> list[TakeFinding]:
    made = []
    listed = 0
    for place, placed in enumerate(one.placed, start=1):
        loud = placed.state in STANDING and placed.finding.score >= WARNING
        folded = not loud or listed >= LISTED
        listed += loud
        start, duration = (number(value, 6) for value in (placed.finding.start, placed.finding.duration))
        made.append(
            TakeFinding(
                shown=finding_view(placed, f"{anchor}-{place}", {}),
                start=start or 0.0,
                duration=duration or 0.0,
                fault=one_line(placed.finding.label),
                said=[_saying(verdict) for verdict in one.verdicts if _is_of(verdict, placed)],
                folded=folded,
            )
        )
    return made


def _folded_words(findings: Sequence[TakeFinding]) -> str:
    folded = [item.shown for item in findings if item.folded]
    dismissed = sum(not shown.standing for shown in folded)
    notes = sum(shown.standing and shown.severity in ("note", "none") for shown in folded)
    further = len(folded) - dismissed - notes
    counts = ((further, "further finding"), (notes, "note"), (dismissed, "wrong alarm"))
    return ", ".join(counted(count, what) for count, what in counts if count)


def _of_finding(verdict: PersonVerdict) -> bool:
    return verdict.kind == "wrong-alarm" or bool(verdict.finding or verdict.detector)


def _is_of(verdict: PersonVerdict, placed: Placed) -> bool:
    """Whether a verdict speaks of a finding: by its id, or by the detector and half of the time."""
    if verdict.finding and verdict.finding == placed.id:
        return True
    found = placed.finding
    if not _of_finding(verdict) or verdict.detector != found.detector:
        return False
    shared = min(found.start + found.duration, verdict.start + verdict.duration) - max(
        found.start, verdict.start
    )
    return shared >= found.duration / 2 > 0


def _saying(verdict: PersonVerdict) -> Saying:
    return Saying(
        who=one_line(verdict.who),
        kind=verdict.kind,
        words=_SAYS[verdict.kind],
        why=one_line(verdict.why),
        when=one_line(verdict.when),
    )


# --- words ----------------------------------------------------------------------------------------------


def _without_path(text: str, one: RankedTake) -> str:
    """Name a take by its label: where its folder lies on somebody's machine is nobody's business."""
    return text.replace(one.take.media.path, one.take.label)


def _label(label: str) -> str:
    return one_line(label) or "(no name)"


def _last(label: str) -> str:
    return _label(label.rpartition("/")[2])


def choices(takes: Sequence[TakeView]) -> Mapping[str, Any]:
    """Collect what the filters of a page offer: the values that there are."""
    return {
        "standings": [s for s in STANDING_WORDS if s != "failed" and any(t.standing == s for t in takes)],
        "generators": sorted({t.generator for t in takes if t.generator}),
        "models": sorted({t.model for t in takes if t.model}),
        "dated": any(t.modified for t in takes),
    }
