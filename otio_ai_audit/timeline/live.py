"""What the menu scripts tell of the open timeline (``live.json``), put beside the exported edit.

Resolve's export has no clip colours, keywords, proxies, item ids, custom data or marker colours; its
scripting has. Nothing of it is written into the edit: it is looked up by track and frame.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import is_summary, split_custom, split_note
from otio_ai_audit.model import (
    ClipUse,
    Failure,
    LiveItem,
    LiveMarker,
    LiveTimeline,
    Plan,
    SeenMarker,
    Skipped,
)
from otio_ai_audit.timeline.subjects import Said, names_in

SCHEMA = 1
NOT_SELECTED = "Not selected."
RELINK = "relink in the Media Pool and audit again."
"""What a person in Resolve can do about files that are not at hand."""


def read_live(path: Path) -> LiveTimeline:
    """Read what a menu script told of the open timeline.

    Raises
    ------
    TimelineError
        If the file is missing or damaged, or of another version.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        if data.get("schema") != SCHEMA:
            raise TimelineError(
                f"{path} is of another version than this program; install the menu scripts again "
                "(otio-ai-audit resolve install)."
            )
        return _timeline(data)
    except OSError as error:
        raise TimelineError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        what = f"{path} is no account of an open timeline ({error}); run the script again."
        raise TimelineError(what) from error


def _timeline(data: Mapping[str, Any]) -> LiveTimeline:
    told = data["timeline"]
    first = int(told["start_frame"])
    selected = data.get("selected")
    return LiveTimeline(
        id=str(told["id"]),
        name=str(told.get("name") or ""),
        drop_frame=told.get("drop_frame"),
        width=_count(told.get("width")),
        height=_count(told.get("height")),
        items=tuple(_item(item, first) for item in data.get("items", ())),
        markers=(
            *(_marker(row, False) for row in data.get("markers", ())),
            *(_marker(row, True) for row in data.get("gone", ())),
        ),
        deleted=tuple(str(id_) for id_ in data.get("deleted", ())),
        selected=None if selected is None else tuple(str(id_) for id_ in selected),
    )


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


def _item(item: Mapping[str, Any], first: int) -> LiveItem:
    return LiveItem(
        id=str(item["id"]),
        track=int(item["track"]),
        start=int(item["start"]) - first,
        frames=int(item["duration"]),
        color=str(item.get("color") or ""),
        keywords=tuple(str(word) for word in item.get("keywords") or ()),
        file=str(item.get("file") or ""),
        proxy=str(item.get("proxy") or ""),
    )


def _marker(row: Mapping[str, Any], gone: bool) -> LiveMarker:
    item = row.get("item")
    return LiveMarker(
        frame=int(row["frame"]),
        frames=max(1, int(row["frames"])),
        color=str(row["color"]),
        name=str(row["name"]),
        note=str(row["note"]),
        custom=str(row.get("custom") or ""),
        written=str(row.get("written") or ""),
        item=None if item is None else str(item),
        gone=gone,
    )


def proxies_of(live: LiveTimeline) -> dict[str, str]:
    """Path of an original → path of its proxy, as Resolve links them."""
    return {item.file: item.proxy for item in live.items if item.file and item.proxy}


def matched(plan: Plan, live: LiveTimeline) -> tuple[Plan, LiveTimeline]:
    """Find the open timeline's clips in a plan of its export, and leave out what is not selected.

    Parameters
    ----------
    plan
        Of the exported edit.
    live
        As `read_live` gives it.

    Returns
    -------
    plan : Plan
        With the timeline's name; what is not selected is skipped, and its media are not decoded.
    live : LiveTimeline
        With `LiveTimeline.clips`.
    """
    tracks: dict[str, list[LiveItem]] = {}
    for item in live.items:
        tracks.setdefault(str(item.track), []).append(item)
    clips = []
    planned: list[ClipUse | Failure | Skipped] = [*plan.uses, *plan.failures, *plan.skipped]
    for clip in planned:
        track = clip.id.partition("/")[0].removeprefix("V")
        on = (item for item in tracks.get(track, ()) if 0 <= clip.record_start - item.start < item.frames)
        clips += [(clip.id, item.id) for item in on][:1]
    live = replace(live, clips=tuple(clips))
    plan = replace(plan, info=replace(plan.info, name=live.name or plan.info.name))
    return (plan if live.selected is None else _only(plan, live, live.selected)), live


def _only(plan: Plan, live: LiveTimeline, selected: Sequence[str]) -> Plan:
    wanted = {clip for clip, item in live.clips if item in selected}
    out = [_left_out(use, use.media.path) for use in plan.uses if use.id not in wanted]
    out += [_left_out(failure, failure.media) for failure in plan.failures if failure.id not in wanted]
    uses = [use for use in plan.uses if use.id in wanted]
    jobs = sorted({use.job for use in (*uses, *plan.references)})
    number = {job: index for index, job in enumerate(jobs)}
    failures = tuple(failure for failure in plan.failures if failure.id in wanted)
    notices = plan.notices if failures else [one for one in plan.notices if not one.endswith(RELINK)]
    return replace(
        plan,
        uses=tuple(replace(use, job=number[use.job]) for use in uses),
        jobs=tuple(plan.jobs[job] for job in jobs),
        references=tuple(replace(use, job=number[use.job]) for use in plan.references),
        failures=failures,
        skipped=(*plan.skipped, *out),
        notices=tuple(notices),
    )


def _left_out(clip: ClipUse | Failure, media: str | None) -> Skipped:
    return Skipped(clip.id, clip.name, NOT_SELECTED, clip.record_start, clip.record_frames, media)


def live_markers(
    live: LiveTimeline, exported: Iterable[SeenMarker]
) -> tuple[tuple[SeenMarker, ...], tuple[SeenMarker, ...]]:
    """Put the markers of the open timeline in place of their exported copies.

    Parameters
    ----------
    live
        With `LiveTimeline.clips`.
    exported
        Markers that the exported edit holds.

    Returns
    -------
    standing : tuple of SeenMarker
        Those on the timeline now, and other people's on clips, which only the export tells.
    gone : tuple of SeenMarker
        Ours that were cleared and whose verdicts have not been heard.
    """
    owners = {item: clip for clip, item in reversed(live.clips)}
    here = [_seen(marker, owners) for marker in live.markers if not marker.gone]
    gone = [_seen(marker, owners) for marker in live.markers if marker.gone]
    kept = [marker for marker in exported if marker.owner is not None and not marker.ids]
    return (*here, *kept), tuple(gone)


def _seen(marker: LiveMarker, owners: Mapping[str, str]) -> SeenMarker:
    own, ids = split_custom(marker.custom)
    ids += tuple(id_ for id_ in split_note(marker.note)[1] if id_ not in ids)
    return SeenMarker(
        frame=marker.frame,
        frames=marker.frames,
        color=marker.color,
        name=marker.name,
        note=marker.note,
        ids=ids,
        lane="live",
        owner=None if marker.item is None else owners.get(marker.item, marker.item),
        own=own,
        written=marker.written,
    )


def left_aside(
    plan: Plan, seen: Sequence[SeenMarker]
) -> tuple[tuple[SeenMarker, ...], tuple[SeenMarker, ...]]:
    """Part the markers of ours that stand on clips which are not selected (they stay) from the others."""
    spans = [
        (s.record_start, s.record_start + s.record_frames) for s in plan.skipped if s.reason == NOT_SELECTED
    ]
    inside = [
        bool(m.ids) and not is_summary(m) and any(start <= m.frame < end for start, end in spans)
        for m in seen
    ]
    rest = tuple(marker for marker, out in zip(seen, inside, strict=True) if not out)
    return rest, tuple(replace(marker, stands=True) for marker, out in zip(seen, inside, strict=True) if out)


def with_standing(live: LiveTimeline, seen: Iterable[SeenMarker]) -> LiveTimeline:
    """Note which of our markers on the open timeline an audit leaves where they are."""
    items = dict(live.clips)
    stay = (m for m in seen if m.lane == "live" and m.ids and m.stands)
    return replace(live, standing=tuple((m.frame, m.owner and items.get(m.owner, m.owner)) for m in stay))


def live_said(said: Mapping[str, Said], live: LiveTimeline) -> dict[str, Said]:
    """Add the colours and keywords of the open timeline's clips to what their edit says of them."""
    items = {item.id: item for item in live.items}
    item_of = {clip: items[item] for clip, item in live.clips}
    result = dict(said)
    for clip, one in said.items():
        item = item_of.get(clip)
        if item is not None:
            named = tuple(dict.fromkeys((*one.metadata, *names_in(*item.keywords))))
            result[clip] = replace(one, color=item.color or one.color, metadata=named)
    return result
