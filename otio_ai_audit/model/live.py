"""An open timeline in DaVinci Resolve: what its scripting tells and no exported file holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveItem:
    """A clip on a video track of the open timeline."""

    id: str
    """Resolve's id of it; the same as long as the clip stays on its timeline."""
    track: int
    """Number of the video track, from 1."""
    start: int
    """First frame, counted from the timeline's first frame."""
    frames: int
    color: str = ""
    """Clip colour (``Orange``)."""
    keywords: tuple[str, ...] = ()
    file: str = ""
    proxy: str = ""
    """Path of its proxy media; empty where it has none."""


@dataclass(frozen=True, slots=True)
class LiveMarker:
    """A marker on the open timeline, or one that was ours until somebody cleared it."""

    frame: int
    frames: int
    color: str
    name: str
    note: str
    custom: str = ""
    """Custom data, which people do not see; see `otio_ai_audit.markings.custom_data`."""
    written: str = ""
    """Its note as we wrote it, as far as that is remembered."""
    item: str | None = None
    """`LiveItem.id` of the clip that it sits on."""
    gone: bool = False
    """Cleared since the last audit; only its verdict counts."""


@dataclass(frozen=True, slots=True)
class LiveTimeline:
    """The open timeline when it was exported."""

    id: str
    name: str = ""
    drop_frame: bool | None = None
    width: int | None = None
    height: int | None = None
    items: tuple[LiveItem, ...] = ()
    markers: tuple[LiveMarker, ...] = ()
    deleted: tuple[str, ...] = ()
    """Ids of findings whose marker a person deleted while its shot stayed."""
    selected: tuple[str, ...] | None = None
    """Ids of the items to audit; None: all."""
    clips: tuple[tuple[str, str], ...] = ()
    """`ClipUse.id` → `LiveItem.id`, filled in when the edit is planned."""
    standing: tuple[tuple[int, str | None], ...] = ()
    """Frame and item of our markers that an audit leaves where they are, filled in at the end."""
