"""The first steps of an audit: read the edit, plan it, hear what stands on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import TimelineError, UsageError
from .gather import Progress
from .model import Film, LiveTimeline, Media, Plan, SeenMarker

if TYPE_CHECKING:
    from .timeline import PlanOptions, Said
    from .walk import Options


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that is ready to be measured."""

    timeline: Any
    """As it was read (`otio.schema.Timeline`)."""
    plan: Plan
    original: Path | None
    """Its file; None for bare media."""
    seen: tuple[SeenMarker, ...]
    """Markers that stand on it, and those of the marker EDLs given with it."""
    aside: tuple[SeenMarker, ...] = ()
    """Those of ours that stand on clips that were not asked for, and stay."""
    gone: tuple[SeenMarker, ...] = ()
    """Markers of ours that were cleared before their verdicts were heard."""
    live: LiveTimeline | None = None
    film: Callable[[], Film] | None = None
    """What is seen and heard when the edit plays; worked out when somebody wants to see it."""
    said: Mapping[str, Said] = field(default_factory=dict)
    """`ClipUse.id` → what is said of whom it shows."""

    @property
    def deleted(self) -> tuple[str, ...]:
        """Ids of findings whose marker a person deleted."""
        return () if self.live is None else self.live.deleted


def open_edit(paths: Sequence[Path], options: Options, progress: Progress) -> Edit:
    """Read and plan what is to be audited, and read the markers on it.

    Raises
    ------
    UsageError
        Inputs that do not go together.
    TimelineError
        An edit that cannot be read, is empty, or whose media are ambiguous.
    """
    from . import timeline

    live = None if options.live is None else timeline.read_live(options.live)
    tl, plan, original, film = _read_and_plan(paths, options, progress, live)
    seen = timeline.read_markers(tl, plan.info)
    gone: tuple[SeenMarker, ...] = ()
    aside: tuple[SeenMarker, ...] = ()
    if live is not None:
        plan, live = timeline.matched(plan, live)
        seen, gone = timeline.live_markers(live, seen)
        seen, aside = timeline.left_aside(plan, seen)
    for path in options.markers:
        seen += timeline.read_marker_edl(path, plan.info)
    said = timeline.subjects_said(tl, plan.info, plan.uses, seen)
    if live is not None:
        said = timeline.live_said(said, live)
    return Edit(tl, plan, original, seen, aside, gone, live, film, said)


def _read_and_plan(
    paths: Sequence[Path], options: Options, progress: Progress, live: LiveTimeline | None
) -> tuple[Any, Plan, Path | None, Callable[[], Film]]:
    from . import timeline, video

    if not paths:
        raise UsageError("Nothing to audit: give an edit, media files or a folder.")
    edits = [path for path in paths if path.suffix.lower() in timeline.EDIT_SUFFIXES]
    if options.edit is not None:
        return _plan_master(paths, options, progress)
    if edits and len(paths) > 1:
        raise UsageError(
            f"{edits[0].name} is an edit and there are other inputs: audit one edit at a time, or give the "
            "rendered picture first and the edit after --edit."
        )
    source = paths[0]
    if edits:
        progress.say(f"Reading {source.name}")
        tl, original, has_edit = timeline.read(source, options.rate, options.timeline), source, True
    else:
        progress.say("Looking at the media")
        tl, original, has_edit = timeline.from_media(paths, video.probe, video.follow), None, False
    planned = _plan_options(source, options, has_edit, live)
    plan = timeline.plan(tl, planned)
    if not (plan.uses or plan.failures or plan.skipped):
        raise TimelineError(f"{source.name} has no video clips; export the timeline that you cut.")
    return tl, plan, original, lambda: timeline.film(tl, planned)


def _plan_master(
    paths: Sequence[Path], options: Options, progress: Progress
) -> tuple[Any, Plan, Path | None, Callable[[], Film]]:
    from . import timeline, video

    assert options.edit is not None
    if len(paths) != 1 or paths[0].suffix.lower() in timeline.EDIT_SUFFIXES:
        raise UsageError("With --edit, give exactly one rendered file: audit MASTER.mov --edit EDIT.otio")
    progress.say(f"Reading {options.edit.name}")
    tl = timeline.read(options.edit, options.rate, options.timeline)
    plan = timeline.plan(tl, _plan_options(options.edit, options, True))
    master = Media(str(paths[0].resolve()))
    plan = timeline.plan_master(plan, master, video.probe(master))
    return tl, plan, options.edit, partial(timeline.film_of_master, plan, master)


def _plan_options(
    source: Path, options: Options, has_edit: bool, live: LiveTimeline | None = None
) -> PlanOptions:
    from . import timeline, video

    planned = timeline.PlanOptions(
        maps=options.maps,
        media_root=options.media_root,
        base=source.resolve().parent,
        drop_frame=options.drop_frame,
        hidden=options.hidden,
        source=source.name,
        has_edit=has_edit,
        start_timecode=video.start_timecode,
    )
    return planned if live is None else _as_open(planned, live)


def _as_open(planned: PlanOptions, live: LiveTimeline) -> PlanOptions:
    """Take what the open timeline says that its export does not."""
    from . import timeline

    drop_frame = planned.drop_frame
    if live.drop_frame is not None and drop_frame == "auto":
        drop_frame = "yes" if live.drop_frame else "no"
    proxies = timeline.proxies_of(live)
    return replace(planned, drop_frame=drop_frame, proxies=proxies, relink=timeline.RELINK)
