"""The audit: the eight steps in order, nothing else.

read → plan → send out (decode and measure) → judge → place → mark → look → write
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__, gather
from .evidence import Evidence, evidence
from .gather import Progress, Quiet
from .heat import heats
from .judge import calibration_date, film_reason, judge, needs_identity, wanted_detectors, without
from .model import (
    ERROR,
    NOTE,
    WARNING,
    AuditResult,
    ClipResult,
    ClipUse,
    Detection,
    Failure,
    Film,
    Finding,
    MediaSignals,
    Placed,
    Plan,
    Provenance,
    SeenMarker,
    Skipped,
    Span,
)
from .opening import Edit, open_edit
from .origin import origins_of
from .provenance import public
from .settings import Settings
from .store import Store
from .timecode import source_timecode

if TYPE_CHECKING:
    from .people import Verdicts

LEAST = {"error": ERROR, "warning": WARNING, "note": NOTE}
"""Lowest score of each severity."""


@dataclass(frozen=True, slots=True)
class Audit:
    """A finished audit: the result, and the edit it is about for the writers that need it."""

    result: AuditResult
    timeline: Any
    original: Path | None
    seen: tuple[SeenMarker, ...]
    uses: tuple[ClipUse, ...] = ()
    """Clips that were looked at, with their subjects and signals."""
    film: Callable[[], Film] | None = None
    """What is seen and heard when the edit plays, for rendering it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to audit; every field has the default of the command line."""

    edit: Path | None = None
    """The edit of a rendered master: the only input is then the master."""
    maps: tuple[tuple[str, str] | str, ...] = ()
    """Pairs, or ``OLD=NEW``."""
    media_root: Path | Sequence[Path] | None = None
    drop_frame: str = "auto"
    hidden: bool = False
    markers: tuple[Path, ...] = ()
    """Marker EDLs exported from Resolve, read for people's verdicts."""
    verdicts_folder: Path | None = None
    """Folder that people share for their verdicts; None is what `otio_ai_audit.people.folder` says."""
    detectors: tuple[str, ...] | None = None
    subjects: Path | None = None
    """TOML file that says who should look alike."""
    settings: Path | None = None
    engine: str | Executor = "processes"
    hwaccel: str = ""
    """``auto``: decode by hardware where there is any."""
    against: Path | None = None
    live: Path | None = None
    """What a menu script told of the open timeline that the edit was exported from."""
    rate: Fraction | None = None
    """Frame rate of an edit that does not say it (CMX 3600 EDL)."""
    timeline: str | None = None
    """Which timeline to take, of a file that holds several."""
    stills: bool = False
    """Fetch what shows a finding: its worst frame, those around it and where in the picture it is."""
    heat: bool = False
    """Work out where in the picture each finding is, frame by frame; `stills` does so too."""
    force: bool = False
    decode: bool = True
    """Decode what the store does not know; else it is named as not measured."""
    notices: tuple[str, ...] = ()
    """Sentences to pass on with the result."""
    store: Path | None = None
    report: str = ""
    """Name of the report that the summary marker points to."""


def audit(
    inputs: Sequence[str | Path], options: Options | None = None, progress: Progress | None = None
) -> Audit:
    """Audit an edit, a rendered master with its edit, or bare media.

    Parameters
    ----------
    inputs
        One edit, or any number of media files, image sequences and folders.
    options
        See `Options`.
    progress
        Told what happens; by default nothing is told.

    Returns
    -------
    Audit
        With a result for every clip: a clip that could not be looked at is ``failed`` and says why.

    Raises
    ------
    UsageError
        Inputs that do not go together.
    TimelineError
        An edit that cannot be read, is empty, or whose media are ambiguous.
    SettingsError
        A settings or subjects file with an unknown key or a wrong value.
    """
    from . import people, subjects, timeline
    from . import settings as settings_room
    from .report import compare, read_earlier

    options = options or Options()
    progress = progress or Quiet()
    started = time.monotonic()
    settings = settings_room.load(options.settings)
    wanted = wanted_detectors(settings, options.detectors)
    who = subjects.load(options.subjects)
    earlier = None if options.against is None else read_earlier(options.against)
    paths = [Path(name) for name in inputs]

    edit = open_edit(paths, options, progress)
    plan = subjects.assign(edit.plan, who, edit.said)

    with Store(options.store) as store:
        identity = needs_identity(wanted)
        found = gather.signals(
            *(plan, store, options.engine, progress, options.force, identity),
            decode=options.decode,
            hwaccel=options.hwaccel,
        )
        progress.say("Judging")
        version = gather.identity_version() if identity else ""
        detections = judge(found.uses, wanted, settings, store, options.force, found.references, version)
        uses, failures, detections = _set_films_aside(plan, found.uses, found.failures, detections)
        findings = [f for detection in detections.values() for f in detection.findings]
        folder = people.folder(options.verdicts_folder, settings.audit.verdicts, beside=options.store)
        placed, seen, said = _identify(edit, uses, findings, store, failures, wanted, folder)
        origins = origins_of(uses, store)
        shown = Evidence()
        if options.stills:
            shown = evidence(uses, placed, store, options.engine, progress, found.references)
        notices = (
            *options.notices,
            *plan.notices,
            *_not_compared(found.uses, wanted, settings),
            store.notice,
            gather.decoder_notice(options.hwaccel, options.engine),
            *said.notices,
        )

    clips = _clip_results(plan, uses, failures, detections, said, origins)
    result = AuditResult(
        version=__version__,
        info=plan.info,
        settings_hash=settings.hash,
        calibration=calibration_date(),
        detectors=tuple(wanted),
        clips=clips,
        findings=tuple(placed),
        notices=tuple(filter(None, notices)),
        finished=datetime.now().isoformat(timespec="seconds"),
        stills=shown.stills,
        around=shown.around,
        pairs=shown.pairs,
        heat=heats(uses, placed) if options.stills or options.heat else {},
        groups=tuple(group for detection in detections.values() for group in detection.groups if group.clips),
        live=None if edit.live is None else timeline.with_standing(edit.live, (*seen, *edit.aside)),
    )
    if earlier is not None:
        result = compare(result, earlier)
        result = replace(result, findings=tuple(said.settle(one) for one in result.findings))
    result = _marked(result, edit, uses, seen, LEAST[settings.audit.markers], options.report)
    result = replace(result, seconds=round(time.monotonic() - started, 2))
    return Audit(result, edit.timeline, edit.original, seen, tuple(uses), edit.film)


def _marked(
    result: AuditResult,
    edit: Edit,
    uses: Sequence[ClipUse],
    seen: Sequence[SeenMarker],
    least: float,
    report: str,
) -> AuditResult:
    """Choose the markers, and tell every finding which one speaks for it."""
    from . import timeline

    # For what was asked for they are somebody else's: their frames are taken, and they say nothing.
    others = [replace(marker, ids=()) for marker in edit.aside]
    markers = timeline.markers_for(result, uses, (*seen, *others), report=report, least=least)
    return replace(result, findings=timeline.attach(result.findings, markers, uses), markers=markers)


# --- 6: judge ----------------------------------------------------------------------------------------


def _not_compared(uses: Sequence[ClipUse], wanted: Sequence[str], settings: Settings) -> list[str]:
    """Collect what detectors have to say of clips that they leave out."""
    from .detectors import DETECTORS

    asked = [(DETECTORS[name], settings.detectors[name]) for name in wanted]
    return [module.notice(uses, own) for module, own in asked if hasattr(module, "notice")]


def _set_films_aside(
    plan: Plan, uses: list[ClipUse], failures: list[Failure], detections: dict[str, Detection]
) -> tuple[list[ClipUse], list[Failure], dict[str, Detection]]:
    """Bare media with many cuts are a finished film: ask for its edit instead of calling each cut a fault."""
    if plan.info.has_edit or "cut" not in detections:
        return uses, failures, detections
    films: set[str] = set()
    for use in uses:
        cuts = sum(f.use == use.id and f.score >= WARNING for f in detections["cut"].findings)
        seconds = float(sum((span.duration for span in use.visible), start=0))
        reason = film_reason(use.name, Path(use.media.path).name, cuts, seconds)
        if reason is not None:
            films.add(use.id)
            failures.append(gather.failure_of(use, reason))
    kept = {name: without(detection, films) for name, detection in detections.items()}
    return [use for use in uses if use.id not in films], failures, kept


# --- 7: identify and place ----------------------------------------------------------------------------


def _identify(
    edit: Edit,
    uses: Sequence[ClipUse],
    findings: Sequence[Finding],
    store: Store,
    failures: Sequence[Failure],
    wanted: Sequence[str],
    folder: Path,
) -> tuple[list[Placed], tuple[SeenMarker, ...], Verdicts]:
    """Give every finding its lasting id, its state and its place; decide which markers of ours stand.

    What people say is read from their folder, and what was decided on this edit is added to it before
    the store remembers it: after a crash in between it is heard again.
    """
    from . import markings, people, timeline, verdicts

    by_id = {use.id: use for use in uses}
    keys = {use.id: use.signals.key for use in uses if use.signals is not None}

    info = edit.plan.info

    def place(finding: Finding) -> tuple[int, int, str]:
        use = by_id[finding.use]
        start = Fraction(finding.start)
        span = Span(start, start + Fraction(finding.duration))
        frame, frames = timeline.frames_of(use, span) or (use.record_start, 1)
        return frame, frames, timeline.to_timecode(info.start_frame + frame, info)

    now = datetime.now().isoformat(timespec="seconds")
    heard = (*edit.seen, *edit.aside, *edit.gone)
    known = store.known(keys.values(), [*edit.deleted, *(id_ for marker in heard for id_ in marker.ids)])
    said = people.read(folder)
    known = people.heeded(known, said)
    placed, remembered = verdicts.assign(findings, keys, known, heard, place, now, edit.deleted)
    names = {keys[use.id]: timeline.file_name(use.media.path) for use in uses if use.id in keys}
    said = people.tell(folder, people.told(known, remembered, said, people.person(), names), said)
    placed = [said.settle(one) for one in _on_sources(placed, by_id)]
    remembered = people.heeded(remembered, said)
    store.remember(remembered)
    seen = markings.review(edit.seen, placed, remembered, failures=failures, detectors=wanted)
    return placed, seen, said


def _on_sources(placed: Sequence[Placed], by_id: Mapping[str, ClipUse]) -> Iterator[Placed]:
    """Say where findings are on their media's own clocks; where the edit does not tell, the files do."""
    from . import video

    starts: dict[str, str | None] = {}
    for one in placed:
        use = by_id.get(one.finding.use)
        if use is None or use.signals is None or use.media.kind != "video":
            yield one
            continue
        if use.id not in starts:
            starts[use.id] = use.source_start or video.start_timecode(use.media.path)
        rate = use.signals.info.rate
        frame = round(one.finding.start * rate)
        yield replace(one, source_timecode=source_timecode(starts[use.id], frame, rate))


# --- the result ----------------------------------------------------------------------------------------


def _clip_results(
    plan: Plan,
    uses: Sequence[ClipUse],
    failures: Sequence[Failure],
    detections: Mapping[str, Detection],
    said: Verdicts,
    origins: Mapping[str, Provenance],
) -> tuple[ClipResult, ...]:
    groups = {id_: g.name for d in detections.values() for g in reversed(d.groups) for id_ in g.clips}
    clips = [_audited(use, detections, groups.get(use.id), said, origins[use.id]) for use in uses]
    clips += [_not_audited(item, "failed") for item in failures]
    clips += [_not_audited(item, "skipped") for item in plan.skipped]
    return tuple(sorted(clips, key=lambda clip: (clip.record_start, clip.id)))


def _audited(
    use: ClipUse,
    detections: Mapping[str, Detection],
    group: str | None,
    said: Verdicts,
    origin: Provenance,
) -> ClipResult:
    signals = use.signals
    assert signals is not None
    return ClipResult(
        id=use.id,
        name=use.name,
        status="audited",
        reason=None,
        record_start=use.record_start,
        record_frames=use.record_frames,
        key=use.key,
        shot=use.shot,
        take=use.take,
        media=use.media.path,
        subject=use.subject or group,
        content=signals.key,
        scores={name: detection.scores.get(use.id) for name, detection in detections.items()},
        curves={name: d.curves[use.id] for name, d in detections.items() if use.id in d.curves},
        notes=(*use.notes, *(problem.message for problem in signals.problems), *said.notes(signals.key)),
        strip=_visible_strip(use, signals),
        visible=tuple((float(span.start), float(span.end)) for span in use.visible),
        # The prompt goes along for the writers that are asked for it.
        provenance={**public(origin, False), "prompt": origin.prompt} if origin.sources else {},
    )


def _visible_strip(use: ClipUse, signals: MediaSignals) -> Any:
    def shown(moment: float, span: Span) -> bool:
        return float(span.start) <= moment < float(span.end)

    inside = tuple(t for t in signals.strip if any(shown(t.time, span) for span in use.visible))
    return inside or signals.strip[:1]


def _not_audited(item: Failure | Skipped, status: Any) -> ClipResult:
    return ClipResult(
        id=item.id,
        name=item.name,
        status=status,
        reason=item.reason,
        record_start=item.record_start,
        record_frames=item.record_frames,
        media=item.media,
    )
