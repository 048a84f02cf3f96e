"""What a worker does with one take: measure, judge, and say it in little.

Judging stands here and not at home, because home would be the narrow place: it takes a fifth of what
measuring takes. The signals travel along, packed as the store keeps them, so that other settings are judged
without decoding again; only what goes across takes is asked at home.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

from .. import likeness, video
from ..gather import existing, here, identity_version
from ..judge import film_reason, judge_alone, needs_identity
from ..judge import version as judge_version
from ..measure import SIGNALS_VERSION, measure
from ..model import (
    WARNING,
    ClipUse,
    Curve,
    Finding,
    MediaFailure,
    MediaJob,
    MediaSignals,
    Span,
    TakeRecord,
)
from ..origin import inside
from ..origin import version as origin_version
from ..settings import Settings
from ..store import PackedSignals, kept, pack_signals, unpack_signals

THIS = "\ufffc"
"""Stands for the name of the file in a failure: a record belongs to content, whatever it is called."""


@dataclass(frozen=True, slots=True)
class TakeTask:
    """Everything that a worker needs to look at one take."""

    label: str
    job: MediaJob
    """With its content key."""
    wanted: tuple[str, ...]
    """Detector ids."""
    settings: Settings
    packed: PackedSignals | None = None
    """What was measured before, under other settings: it is judged and not decoded."""
    keep: bool = True
    """Give the signals back, packed."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a worker gives back."""

    record: TakeRecord
    packed: PackedSignals | None = None
    """None where nothing new was measured."""


def basis_of(wanted: tuple[str, ...], settings: Settings) -> str:
    """Hash everything that a record depends on besides the content of its medium."""
    identity = identity_version() if needs_identity(wanted) else ""
    own = [f"{name} {settings.detectors[name]!r}" for name in wanted]
    sketching = _likeness_version()
    text = "\n".join((SIGNALS_VERSION, identity, judge_version(), origin_version(), sketching, *own))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _likeness_version() -> str:
    source = Path(str(likeness.__file__)).read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(source).hexdigest()[:16]


def look(task: TakeTask) -> Looked:
    """Measure and judge one take.

    Returns
    -------
    Looked
        Always with a record; one that could not be looked at says why. Records are rounded to what the store
        keeps, so that it makes no difference whether a take was looked at now or earlier.
    """
    media, key = here(task.job.media), task.job.key
    task = replace(task, job=replace(task.job, media=media))
    known = _unpacked(task)
    signals = measure(task.job) if known is None else known
    if isinstance(signals, MediaFailure):
        reason = signals.reason.replace(media.path, THIS)
        return Looked(kept(TakeRecord(key, failure=reason)))
    packed = pack_signals(signals) if task.keep and known is None else None
    record = judged(task, signals)
    if record.failure is None:
        tags = video.tags(media)
        record = replace(record, provenance=inside(media, tags), start_timecode=tags.get("timecode") or None)
    return Looked(kept(record), packed)


def _unpacked(task: TakeTask) -> MediaSignals | None:
    """Read what was measured before; None where there is nothing, or nothing that can be read."""
    if task.packed is None:
        return None
    try:
        return unpack_signals(task.job.key, task.packed)
    except (ValueError, KeyError, TypeError):
        return None  # written by another make of this version, or damaged: measured again


def judged(task: TakeTask, signals: MediaSignals) -> TakeRecord:
    """Judge a take by its signals alone."""
    key = signals.key
    frame = 1 / signals.info.rate
    end = Fraction(float(signals.times[-1])) + frame
    use = ClipUse(
        id="",
        name="this take",
        media=task.job.media,
        job=0,
        record_start=0,
        record_frames=len(signals.times),
        rate=signals.info.rate,
        knots=((Fraction(0), Fraction(0)), (end, end)),
        visible=(Span(Fraction(0), end),),
        signals=signals,
    )
    use = replace(use, visible=existing(use, signals))
    answers = judge_alone(use, task.wanted, task.settings)
    cuts = sum(f.score >= WARNING for f in answers["cut"].findings) if "cut" in answers else 0
    film = film_reason(THIS, THIS, cuts, float(end))
    if film is not None:
        return TakeRecord(key, failure=film)
    findings: tuple[Finding, ...] = tuple(f for answer in answers.values() for f in answer.findings)
    curves: dict[str, Curve] = {
        name: answer.curves[use.id] for name, answer in answers.items() if use.id in answer.curves
    }
    return TakeRecord(
        key=key,
        info=signals.info,
        frames=len(signals.times),
        seconds=float(end),
        scores={name: answer.scores.get(use.id) for name, answer in answers.items()},
        findings=findings,
        curves=curves,
        notes=tuple(problem.message for problem in signals.problems),
        strip=signals.strip,
        sketch=likeness.sketch(signals),
    )
