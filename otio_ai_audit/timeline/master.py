"""The picture from a rendered master, the cuts from its edit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from otio_ai_audit.model import (
    ClipUse,
    Failure,
    Film,
    Layer,
    Media,
    MediaInfo,
    MediaJob,
    Plan,
    Skipped,
    Sound,
    Span,
)
from otio_ai_audit.timeline.relink import file_name
from otio_ai_audit.timeline.retime import Ranges, join_ranges, subtract_ranges
from otio_ai_audit.timeline.takes import shot_and_take

CHUNK = Fraction(30)
"""Seconds from which on a job ends at the next cut."""
HANDLE = Fraction(1)


def plan_master(plan: Plan, master: Media, info: MediaInfo) -> Plan:
    """Audit a rendered master by the shots of its edit: grade, crop, speed and repairs included.

    Parameters
    ----------
    plan : Plan
        Of the edit. Clips whose media are not at hand count as shots too: their picture is in the
        master. What was skipped stays skipped.
    master : Media
        The rendered film; its first frame is the timeline's first frame.
    info : MediaInfo
        What `video.probe` says of it.

    Returns
    -------
    Plan
        Uses of the master whose media time is their record time; jobs of about 30 to 60 seconds that
        begin and end at cuts. Dissolves and fades are excused, declared freezes, stills and slow
        motion are `still`. A master of another length or rate gives a notice; clips beyond its end
        are failures.
    """
    length = None if info.promised_frames is None else info.promised_frames / info.rate
    uses: list[ClipUse] = []
    failures: list[Failure] = []
    offline = [one for one in plan.failures if one.record_frames > 0]
    shots: list[ClipUse | Failure] = [*plan.uses, *offline]
    for shot in sorted(shots, key=lambda one: (one.record_start, one.id)):
        use = _shot(shot, plan, master, length)
        if isinstance(use, Failure):
            failures.append(use)
        else:
            uses.append(use)
    failures += [one for one in plan.failures if one.record_frames <= 0]
    uses, jobs = _chunks(uses, master, length)
    notices = _notices(plan, master, info, length)
    kept = tuple(one for one in plan.notices if "not at hand" not in one)
    details = replace(plan.info, source=f"{plan.info.source} + {file_name(master.path)}".removeprefix(" + "))
    return Plan(details, tuple(uses), jobs, plan.skipped, tuple(failures), (*kept, *notices))


def film_of_master(planned: Plan, master: Media) -> Film:
    """Show a rendered master as it is: grade, titles and sound of the edit are in it.

    Parameters
    ----------
    planned : Plan
        As `plan_master` gives it; its shots name what is seen.
    master : Media
        The rendered film.
    """
    info, shots = planned.info, planned.uses
    end = Fraction(info.frames)
    whole = ((Fraction(0), Fraction(0)), (end / info.rate, end / info.rate))
    covered = join_ranges(shown for shot in shots for shown in shot.shown)
    shown = [("", "", one) for one in subtract_ranges(0, info.frames, covered)]
    shown += [(shot.id, shot.name, one) for shot in shots for one in shot.shown]
    layers = [Layer(id_, name, master, *one, 0, whole, rate=info.rate) for id_, name, one in shown]
    layers.sort(key=lambda layer: layer.start)
    return Film(info, tuple(layers), (Sound("", master.path, Fraction(0), end, Fraction(0)),))


def _shot(shot: ClipUse | Failure, plan: Plan, master: Media, length: Fraction | None) -> ClipUse | Failure:
    rate = plan.info.rate
    visible = _spans(shot.shown, rate, length)
    if not visible:
        end = "" if length is None else f" ({float(length):.1f} s)"
        return Failure(
            shot.id,
            shot.name,
            f"Beyond the end of {file_name(master.path)}{end}: render the whole timeline.",
            shot.record_start,
            shot.record_frames,
            master.path,
        )
    notes = []
    if length is not None and Fraction(shot.shown[-1][1]) / rate > length + 1 / rate:
        notes.append(f"{file_name(master.path)} ends before this clip does.")
    titles = [one.name for one in plan.skipped if _is_over(one.reason) and _touches(one, shot.shown)]
    if titles:
        notes.append(f"Under a title: {', '.join(dict.fromkeys(titles))}.")
    begin = Fraction(shot.record_start) / rate
    named = shot.media or shot.name if isinstance(shot, Failure) else ""
    name, take = shot_and_take(file_name(named)) if isinstance(shot, Failure) else (shot.shot, shot.take)
    return ClipUse(
        id=shot.id,
        name=shot.name,
        media=master,
        job=-1,
        record_start=shot.record_start,
        record_frames=shot.record_frames,
        rate=rate,
        knots=(
            (Fraction(0), begin),
            (Fraction(shot.record_frames) / rate, begin + Fraction(shot.record_frames) / rate),
        ),
        visible=visible,
        excused=_spans(_within(shot.blended, shot.shown), rate, length),
        still=_spans(_within(shot.held, shot.shown), rate, length),
        shown=shot.shown,
        blended=shot.blended,
        held=shot.held,
        rendered=True,
        retime="" if isinstance(shot, Failure) else shot.retime,
        shot=name,
        take=take,
        subjects=() if isinstance(shot, Failure) else shot.subjects,
        notes=tuple(notes),
    )


def _is_over(reason: str) -> bool:
    return reason.startswith(("A title", "A generator"))


def _touches(one: Skipped, shown: Ranges) -> bool:
    end = one.record_start + one.record_frames
    return any(one.record_start < high and end > low for low, high in shown)


def _within(ranges: Ranges, shown: Ranges) -> Ranges:
    """Keep of some frame ranges what lies in others."""
    inside = [
        (max(low, a), min(high, b)) for low, high in ranges for a, b in shown if max(low, a) < min(high, b)
    ]
    return tuple(join_ranges(inside))


def _spans(ranges: Iterable[tuple[int, int]], rate: Fraction, length: Fraction | None) -> tuple[Span, ...]:
    spans = []
    for low, high in ranges:
        start, end = Fraction(low) / rate, Fraction(high) / rate
        end = end if length is None else min(end, length)
        if start < end:
            spans.append(Span(start, end))
    return tuple(spans)


def _chunks(
    uses: Sequence[ClipUse], master: Media, length: Fraction | None
) -> tuple[list[ClipUse], tuple[MediaJob, ...]]:
    """Cut the master at shot borders into jobs, so that several workers share it."""
    jobs: list[MediaJob] = []
    placed: list[ClipUse] = []
    bunch: list[ClipUse] = []

    def close() -> None:
        start = min(use.visible[0].start for use in bunch)
        end = max(use.visible[-1].end for use in bunch) + HANDLE
        span = Span(max(Fraction(0), start - HANDLE), end if length is None else min(end, length))
        placed.extend(replace(use, job=len(jobs)) for use in bunch)
        jobs.append(MediaJob(master, span, cost=float(span.duration)))
        bunch.clear()

    for use in sorted(uses, key=lambda use: (use.record_start, use.id)):
        if bunch:
            start = min(one.visible[0].start for one in bunch)
            reached = max(one.visible[-1].end for one in bunch)
            if reached - start >= CHUNK and use.visible[0].start >= reached:
                close()
        bunch.append(use)
    if bunch:
        close()
    return placed, tuple(jobs)


def _notices(plan: Plan, master: Media, info: MediaInfo, length: Fraction | None) -> list[str]:
    rate, name = plan.info.rate, file_name(master.path)
    notices = []
    if info.rate != rate:
        notices.append(
            f"{name} plays at {float(info.rate):.6g} frames per second, the edit at {float(rate):.6g}: "
            "findings may be a frame off."
        )
    if length is not None:
        edit = Fraction(plan.info.frames) / rate
        off = round((length - edit) * rate)
        if abs(off) > 1:
            notices.append(
                f"{name} is {abs(off)} frames {'longer' if off > 0 else 'shorter'} than the edit: is it the "
                "render of this timeline, from its first to its last frame?"
            )
    return notices
