"""What an edit says of whom its clips show: markers, metadata, clip colours and names, as they stand.

What is made of it is decided in `otio_ai_audit.subjects`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import opentimelineio as otio

from otio_ai_audit.adapters.resolve import as_written
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.markings import clean, split_note
from otio_ai_audit.model import ClipUse, SeenMarker, TimelineInfo
from otio_ai_audit.timeline.effects import RESOLVE
from otio_ai_audit.timeline.items import Clock
from otio_ai_audit.timeline.mark import OURS
from otio_ai_audit.timeline.relink import file_name, local_candidates
from otio_ai_audit.timeline.takes import Pattern
from otio_ai_audit.timeline.walk import walk

LONGEST = 80
"""Longer words after ``subject:`` are a sentence, not a name."""

_KEYS = ("subject", "subjects", "character", "characters")
_WORDS = re.compile(r"(?:^|[\n;|,.!?(–—-])\s*subjects?\s*[:=]\s*([^\n;|\[\]()]+)", re.IGNORECASE)
_LABEL = re.compile(r"^\s*subjects?\s*[:=]", re.IGNORECASE)
_PORTION = re.compile(r"(?<=\d)[a-z]$")


@dataclass(frozen=True, slots=True)
class Said:
    """What the edit says of one clip."""

    name: str = ""
    files: tuple[str, ...] = ()
    """Names of its media file as the edit spells it, and decoded where it is a URL."""
    markers: tuple[str, ...] = ()
    """Subjects that markers name."""
    metadata: tuple[str, ...] = ()
    """Subjects that metadata name."""
    color: str = ""
    """Name of the clip's colour, or ``#rrggbb``."""


def subjects_said(
    tl: otio.schema.Timeline, info: TimelineInfo, uses: Sequence[ClipUse], seen: Sequence[SeenMarker] = ()
) -> dict[str, Said]:
    """Read what an edit says of whom its clips show.

    A marker says it by ``subject: truck`` in its name or note (several names with commas): on a clip
    or a compound clip for all of it, on the timeline for the clips shown under it. Metadata say it by
    ``metadata["otio_ai_audit"]["subject"]`` or a plain ``subject`` or ``character`` key, of a clip, its
    compound clip or its media reference; lists too.

    Parameters
    ----------
    tl
        The edit; it is not changed.
    info
        Its rate.
    uses
        Clips of its plan.
    seen
        Markers of the edit and of marker EDLs; those of the timeline are read here.

    Returns
    -------
    dict
        `ClipUse.id` → what is said, for every use.
    """
    found = {leaf.id: _of_clip(leaf.clip) for leaf in walk(tl, Clock(info.rate))}
    result = {}
    for use in uses:
        # A clip that a retimed compound clip shows twice has a letter more; both say the same.
        said = found.get(use.id) or found.get(_PORTION.sub("", use.id)) or Said(use.name)
        result[use.id] = replace(said, name=use.name)
    for marker in seen:
        names = names_in(marker.name, marker.note) if marker.owner is None else ()
        end = marker.frame + max(1, marker.frames)
        for use in uses if names else ():
            if any(low < end and marker.frame < high for low, high in use.shown):
                said = result[use.id]
                result[use.id] = replace(said, markers=_unique((*said.markers, *names)))
    return result


def names_in(*texts: str) -> tuple[str, ...]:
    """Names after ``subject:`` in a marker's name or note; what follows on the same line belongs to it."""
    names: list[str] = []
    for text in texts:
        for match in _WORDS.finditer(split_note(text)[0]):
            names += [_LABEL.sub("", name) for name in match.group(1).split(",")]
    return _unique(_name(name) for name in names)


def _of_clip(clip: otio.schema.Clip) -> Said:
    holders = [clip, *_compounds(clip)]
    reference = clip.media_reference
    marked = [holder.markers for holder in holders if len(holder.markers)]
    texts = [text for markers in marked for marker in markers for text in _texts(marker)]
    metadata = [one.metadata for one in (*holders, reference) if one is not None and len(one.metadata)]
    return Said(
        name=clip.name,
        files=_files(reference, clip.name),
        markers=names_in(*texts),
        metadata=_unique(name for data in metadata for name in _named(data)),
        color=_color(clip),
    )


def _compounds(clip: otio.schema.Clip) -> Iterator[Any]:
    """Compound clips around a clip; the timeline's own stack is none."""
    parent = clip.parent()
    while parent is not None:
        outer = parent.parent()
        if outer is not None and isinstance(parent, otio.schema.Stack):
            yield parent
        parent = outer


def _texts(marker: otio.schema.Marker) -> tuple[str, ...]:
    resolve = _plain(marker.metadata.get(RESOLVE)).get("Note")
    return marker.name or "", str(resolve or ""), marker.comment or ""


def _plain(value: Any) -> Any:
    return value if hasattr(value, "get") else {}


def _named(data: Mapping[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        if key == OURS:
            yield from _named(_plain(value))
        elif isinstance(key, str) and key.lower() in _KEYS:
            yield from _listed(value)


def _listed(value: Any) -> Iterator[str]:
    """Names in a text, a list of texts, or tables with a ``name``."""
    if isinstance(value, str):
        yield _name(value)
    elif hasattr(value, "get"):
        yield from _listed(value.get("name"))
    elif isinstance(value, Iterable):
        for one in value:
            yield from _listed(one)


def _name(text: str) -> str:
    name = clean(text).strip(" .'\"“”‘’«»")
    return name if len(name) <= LONGEST else ""


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _files(reference: Any, name: str) -> tuple[str, ...]:
    if isinstance(reference, otio.schema.ImageSequenceReference):
        available = reference.available_range
        first = last = None
        if available is not None and available.duration.value >= 1:
            first = reference.start_frame
            last = first + round(available.duration.value) - 1
        padding = reference.frame_zero_padding
        pattern = Pattern(reference.name_prefix, reference.name_suffix, padding, first, last)
        return _unique((pattern.label(), name if "[" in name else ""))
    url = as_written(reference, "target_url") if isinstance(reference, otio.schema.ExternalReference) else ""
    if isinstance(reference, otio.schema.MissingReference):
        url = str(_plain(reference.metadata.get(RESOLVE)).get("Media Url") or "")
    if not url:
        return ()
    try:
        spellings = local_candidates(url)
    except TimelineError:
        spellings = [url]
    return _unique(file_name(one) for one in (*spellings, url))


def _color(clip: otio.schema.Clip) -> str:
    """Colour of a clip where the edit's format keeps it.

    Resolve's own OTIO drops it; OpenTimelineIO has had `color` since 0.18, Premiere's XML is read with its
    label, and `clip_color` stands in our own metadata.
    """
    if len(clip.metadata):
        own = _plain(clip.metadata.get(OURS)).get("clip_color")
        label = _plain(_plain(clip.metadata.get("fcp_xml")).get("labels")).get("label2")
        for value in (own, label):
            if isinstance(value, str) and clean(value):
                return clean(value)
    color = getattr(clip, "color", None)
    if color is None:
        return ""
    return clean(color.name or "").title() or str(color.to_hex())[:7].lower()
