"""OTIO adapter that reads DaVinci Resolve's `.drt` (a timeline) and a timeline out of a `.drp` (a project).

Reading only: Resolve imports a `.drt` as a second timeline with second media, so nobody is helped by one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters._drt_archive import Archive, shown
from otio_ai_audit.adapters._drt_project import Project, Sequence, read_project
from otio_ai_audit.adapters._drt_timeline import make_timeline
from otio_ai_audit.errors import TimelineError


def read_from_file(filepath: str, timeline_name: str | None = None) -> otio.schema.Timeline:
    """Read a timeline.

    Parameters
    ----------
    filepath : str
        A `.drt` or `.drp`.
    timeline_name : str or None
        Which timeline of a project. None takes the only one; of a `.drt` with nested timelines, the one
        that holds the others.

    Returns
    -------
    opentimelineio.schema.Timeline
        In the shape of Resolve's own OTIO export (absolute timecode in timeline frames, bare paths,
        ``metadata.Resolve_OTIO``), with its name, item ids (``Item ID``), and markers with Resolve's
        colour (``Color``) and custom data (``Custom Data``). What could not be read is said in
        ``metadata.otio_ai_audit``: sentences under `notices` on the timeline and `notes` on clips, and
        `failure` where a clip's picture cannot be told.

    Raises
    ------
    TimelineError
        If the file cannot be read, is hostile or damaged, holds no such timeline, or several.
    """
    path = Path(filepath)
    with Archive(path) as archive:
        project = read_project(archive)
        return make_timeline(project, _chosen(project, path, timeline_name))


def write_to_file(input_otio: Any, filepath: str, **_: Any) -> None:
    """Refuse to write.

    Raises
    ------
    TimelineError
        Always.
    """
    raise TimelineError(
        f"{Path(filepath).name} cannot be written: .drt is only read here; write .otio or a marker .edl."
    )


def _chosen(project: Project, path: Path, name: str | None) -> Sequence:
    timelines = project.timelines()
    if not timelines:
        kind = "is a bin, which holds no timeline" if path.suffix.lower() == ".drb" else "holds no timeline"
        raise TimelineError(f"{path.name} {kind}; in Resolve use File > Export > Timeline.")
    if name is not None:
        name = str(name)  # otioconvert turns “44” into a number
        same = [one for one in timelines if one.name == name]
        same = same or [one for one in timelines if one.name.casefold() == name.casefold()]
        if len(same) == 1:
            return same[0]
        what = f"several timelines with the name “{shown(name)}”" if same else f"no timeline “{shown(name)}”"
        raise TimelineError(f"{path.name} holds {what}; it has {_listed(timelines)}.")
    if len(timelines) == 1:
        return timelines[0]
    if path.suffix.lower() == ".drt":
        inner = set[str]().union(
            *(project.nested_in(one.id) - {one.id} for one in project.sequences.values())
        )
        outer = [one for one in timelines if one.id not in inner]
        current = [one for one in timelines if one.timeline == project.current]
        if len(outer) == 1 or len(current) == 1:
            return outer[0] if len(outer) == 1 else current[0]
    raise TimelineError(
        f"{path.name} holds {len(timelines)} timelines; name the one that you mean: {_listed(timelines)}."
    )


def _listed(timelines: list[Sequence]) -> str:
    names = [f"“{shown(one.name)}”" for one in timelines[:20]]
    more = f" and {len(timelines) - 20} more" if len(timelines) > 20 else ""
    return ", ".join(names) + more
