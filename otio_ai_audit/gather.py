"""Signals for an edit: from the store where it has them, else from the workers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from . import engine as engine_room
from . import video
from .measure import SIGNALS_VERSION, measure
from .model import (
    ClipUse,
    Failure,
    Media,
    MediaFailure,
    MediaJob,
    MediaSignals,
    Plan,
    Span,
    TakeRecord,
)
from .store import Store

UNMEASURED = f"media {SIGNALS_VERSION}"
"""Under this basis the store keeps why a medium could not be measured, for judging without decoding."""
MAPS = "OTIO_AI_AUDIT_MAPS"
"""Environment variable of a worker: ``OLD=NEW;OLD=NEW``, what media paths begin with at home and there."""


class Progress(Protocol):
    """Where an audit says how far it is; every method returns at once."""

    def say(self, text: str) -> None: ...

    def step(
        self,
        done: int,
        total: int,
        name: str,
        *,
        frames: int | None = None,
        failures: int = 0,
        share: float | None = None,
    ) -> None:
        """Tell that `done` of `total` are finished, the last one being `name`.

        Parameters
        ----------
        done, total
            Both may grow while new work comes in.
        frames
            Frames measured so far, in all; None where nobody counts them. Where they are counted, a step
            that adds neither frames nor a failure was known before and tells nothing of the pace.
        failures
            How many could not be looked at so far, in all.
        share
            Part of all the work that is done, in [0, 1], where it is known better than by counting.
        """


class Quiet:
    """A `Progress` that tells nobody."""

    def say(self, text: str) -> None: ...

    def step(self, done: int, total: int, name: str, **more: float | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """What an edit uses, with its signals."""

    uses: list[ClipUse]
    """With their signals and keys."""
    failures: list[Failure]
    """The plan's own, and one for every use or reference of a medium that could not be measured."""
    references: list[ClipUse]
    """Stills of how subjects should look, likewise with their signals."""


def signals(
    plan: Plan,
    store: Store,
    engine: str | Executor,
    progress: Progress,
    force: bool = False,
    identity: bool = False,
    decode: bool = True,
    hwaccel: str = "",
) -> Gathered:
    """Measure every job of a plan that the store does not know.

    Parameters
    ----------
    plan
        What to decode and who uses it.
    store
        Asked first, and told as soon as a medium is measured: an interrupted audit loses nothing.
    engine
        See `otio_ai_audit.engine.run`.
    progress
        Told after every medium.
    force
        Measure again what the store knows.
    identity
        Also measure what things look like; nothing of that is imported otherwise.
    decode
        False: what the store does not know is named as not measured, with the reason that it has.
    hwaccel
        ``auto``: decode by hardware where there is any.

    Raises
    ------
    WeightsError
        Identity is wanted and cannot be measured here.
    """
    version = identity_version() if identity else None
    needed = {use.job for use in plan.uses} | ({use.job for use in plan.references} if identity else set())
    outcomes: dict[int, MediaSignals | MediaFailure] = {}
    waiting: list[tuple[int, MediaJob]] = []
    for index, job in enumerate(plan.jobs):
        if index not in needed:
            continue
        try:
            job = replace(job, key=store.content_key(job.media), identity=identity, hwaccel=hwaccel)
        except OSError as error:
            reason = error.strerror or str(error)
            outcomes[index] = MediaFailure(job.media.path, f"Cannot be read: {reason}.")
            continue
        known = None if force else store.load(job.key, job.span, SIGNALS_VERSION, version)
        if known is not None:
            outcomes[index] = known
        elif decode:
            waiting.append((index, job))
        else:
            failed = store.load_take(job.key, UNMEASURED)
            why = failed.failure if failed is not None else None
            outcomes[index] = MediaFailure(job.media.path, why or "No shard has measured it.")
    if waiting and identity:
        from .identity import warmup

        warmup()  # once here, not by every worker at the same time
    if waiting:
        progress.say(f"Measuring {len(waiting)} of {len(needed)} media")
    jobs = [job for _, job in waiting]
    costs = [job.cost for job in jobs]
    whole, paid, frames, failures = sum(costs), 0.0, 0, 0
    # Closing stops the workers at once, also on an error or Ctrl-C in this loop.
    task = measure_ahead if cores_idle(engine, len(jobs)) else measure_here
    with closing(engine_room.run(task, jobs, engine=engine, costs=costs)) as finished:
        for done, (position, outcome) in enumerate(finished, start=1):
            index, job = waiting[position]
            if isinstance(outcome, engine_room.Crash):
                outcome = MediaFailure(job.media.path, outcome.message)
            if isinstance(outcome, MediaSignals):
                store.save(outcome, SIGNALS_VERSION, version or "")
                frames += len(outcome.times)
            else:
                store.save_take(TakeRecord(job.key, failure=outcome.reason), UNMEASURED)
                failures += 1
            outcomes[index] = outcome
            paid += costs[position]
            share = paid / whole if whole else None
            name = Path(job.media.path).name
            progress.step(done, len(waiting), name, frames=frames, failures=failures, share=share)
    return _attach(plan, outcomes)


def cores_idle(engine: str | Executor, media: int) -> bool:
    """Whether fewer media than worker processes are measured, so that each may decode ahead in a thread.

    Then a clip is done in 1.1 to 1.4 times less time for 0 to 3 % more CPU; where all cores are busy it gains
    nothing (``python -m benchmarks.decode_shape``).
    """
    if not isinstance(engine, str) or not engine.startswith("processes"):
        return False
    return media < min(engine_room.parse(engine)[1], engine_room.cores())


def decoder_notice(hwaccel: str, engine: str | Executor) -> str:
    """Say that hardware decoding was asked for in vain; empty where it works, or where others decode."""
    nearby = isinstance(engine, str) and engine.startswith(("processes", "threads"))
    return video.hardware_notice() if hwaccel and nearby else ""


def here(media: Media) -> Media:
    """Give a medium under the path that it has on this machine.

    The environment variable `MAPS` of a worker says how its paths differ from those at home.
    """
    maps = os.environ.get(MAPS)
    if not maps:
        return media
    from .timeline import parse_map, rewrite

    found = rewrite(media.path, [parse_map(one) for one in maps.split(";") if one.strip()])
    return replace(media, path=found[0]) if found else media


def measure_here(job: MediaJob) -> MediaSignals | MediaFailure:
    """Measure a medium under the path that it has on this machine; runs in a worker."""
    return measure(replace(job, media=here(job.media)))


def measure_ahead(job: MediaJob) -> MediaSignals | MediaFailure:
    """Do the same, and decode the next frames meanwhile, in a thread of their own."""
    return measure(replace(job, media=here(job.media)), overlap=True)


def identity_version() -> str:
    """Version of everything that identity depends on besides the other signals."""
    from . import identity

    return identity.version()


def _attach(plan: Plan, outcomes: Mapping[int, MediaSignals | MediaFailure]) -> Gathered:
    uses, failures, references = [], list(plan.failures), []
    for use in plan.uses:
        outcome = outcomes[use.job]
        if isinstance(outcome, MediaFailure):
            failures.append(failure_of(use, outcome.reason))
            continue
        visible = existing(use, outcome)
        if visible:
            notes = (*use.notes, *_too_short(plan, use, visible))
            use = replace(use, visible=visible, signals=outcome, notes=notes)
            uses.append(replace(use, key=_use_key(use, outcome.key)))
        else:
            failures.append(failure_of(use, "The file has no frames in the part that the edit shows."))
    for use in plan.references:
        found = outcomes.get(use.job)
        if isinstance(found, MediaFailure):
            name = Path(use.media.path).name
            failures.append(failure_of(use, f"The reference picture {name} cannot be used. {found.reason}"))
        elif found is not None:
            references.append(replace(use, signals=found, reference=True, key=found.key))
    return Gathered(uses, failures, references)


def existing(use: ClipUse, signals: MediaSignals) -> tuple[Span, ...]:
    """Cut what the edit shows down to the frames that the medium has; an edit may promise more.

    Of a sequence, numbers without a picture stay in: they are holes, which `dead` reports. Nothing
    is left where no frame at all is shown.
    """
    frame = 1 / signals.info.rate
    first, last = Fraction(float(signals.times[0])), Fraction(float(signals.times[-1])) + frame
    end = last
    if use.media.kind == "sequence" and signals.info.promised_frames is not None:
        end = max(end, signals.info.promised_frames * frame)
    kept = [Span(span.start, min(span.end, end)) for span in use.visible]
    spans = tuple(span for span in kept if span.start < span.end)
    return spans if any(span.start < last and span.end > first for span in spans) else ()


def _too_short(plan: Plan, use: ClipUse, visible: Sequence[Span]) -> tuple[str, ...]:
    """Say that an edit shows more than a file has; of bare media the whole file is shown."""
    wanted, found = (sum((s.duration for s in spans), Fraction(0)) for spans in (use.visible, visible))
    frames = round((wanted - found) * use.rate)
    if not plan.info.has_edit or frames < 2:
        return ()
    return (f"The edit shows {frames} frames more than the file has; they were not looked at.",)


def _use_key(use: ClipUse, key: str) -> str:
    """Hash media content and source interval: the same wherever the clip stands in the edit."""
    start = float(min(span.start for span in use.visible))
    end = float(max(span.end for span in use.visible))
    return hashlib.sha256(f"{key} {start:.4f} {end:.4f}".encode()).hexdigest()[:16]


def failure_of(use: ClipUse, reason: str) -> Failure:
    """Say why a use could not be looked at."""
    return Failure(use.id, use.name, reason, use.record_start, use.record_frames, use.media.path)
