"""Pictures of the page of an edit: which ones it has room for, worst first, and heat drawn small.

A page may hold so many bytes of pictures. Every clip gets one first, then the clips with findings their
strip, then the findings what shows them: the worst frame, those to compare it with, and the frames around it.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..model import STANDING, AuditResult, ClipResult, Heat, Placed, Thumbnail, UInt8, compare_key
from ..pictures import palette_png
from . import drawing
from .finding_view import Pictures, kind_of, size_of
from .text import is_standing, one_line

ROOM = 18 * 2**20
"""Most bytes of pictures in a page: with all the rest, that of 500 clips stays below 40 MB."""
STRIP_PICTURES = 12
"""Pictures along the time axis of a clip with findings."""
STRIP_SHARE = 0.25
"""Part of the room that strips may take."""
LEVELS = 16
"""Steps of a heat map."""
SAME = 0.02
"""Seconds between two frames that are one."""
NEAR = 0.5
"""Seconds between a frame and the heat map that is drawn over it, at most."""


@dataclass(frozen=True, slots=True)
class Other:
    """A frame to look at beside the worst one of a finding."""

    url: str
    tag: str
    """What it is for: ``should match``."""
    caption: str
    """Which clip it is of, and when."""


@dataclass(slots=True)
class Look:
    """What there is to see of a finding."""

    placed: Placed
    picture: str = ""
    """Data URL of its worst frame."""
    size: tuple[int, int] | None = None
    others: Sequence[Other] = ()
    """Frames to compare with."""
    frames: str = ""
    """Base64 of the frames around it with blanks between them; empty where there is nothing to play."""
    kind: str = ""
    """Of these pictures: ``webp``."""
    times: str = ""
    """Seconds of each."""
    place: int = 0
    """Which of them is the worst one."""
    heat: str = ""
    """Data URL of heat maps one below the other: for each of the frames, the last for the worst frame."""
    share: str = ""
    """Part of the columns and of the rows of a map that the picture fills."""
    maps: int = 0

    @property
    def worst(self) -> float:
        return self.placed.finding.moment


@dataclass(slots=True)
class Album:
    """The pictures of a page."""

    leads: dict[str, str] = field(default_factory=dict)
    """`ClipResult.id` → data URL of a frame of a clip without findings."""
    strips: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """`ClipResult.id` → (data URL, moment) along its time axis."""
    looks: dict[str, list[Look]] = field(default_factory=dict)
    """`ClipResult.id` → one for each of its findings, in their order."""


def album(
    result: AuditResult,
    pairs: Sequence[tuple[ClipResult, list[Placed]]],
    names: Mapping[str, str],
    pictures: Pictures,
) -> Album:
    """Choose the pictures of a page; `pairs` are its clips with their findings, worst first."""
    made = Album(looks={clip.id: [Look(p) for p in findings] for clip, findings in pairs})
    clips = {clip.id: clip for clip, _ in pairs}
    standing = [
        (clip.id, look) for clip, _ in pairs for look in made.looks[clip.id] if is_standing(look.placed)
    ]
    first: dict[str, Look] = {}
    for use, look in standing:
        first.setdefault(use, look)
    for clip, findings in pairs:
        if clip.id in first:
            _show(first[clip.id], result, pictures)
        else:
            made.leads[clip.id] = _quiet_picture(clip, findings, result, pictures)
    rest = pictures.left
    for use in first:
        if rest - pictures.left < STRIP_SHARE * rest:
            made.strips[use] = _strip(clips[use], made.looks[use], pictures)
    standing.sort(key=lambda pair: -pair[1].placed.finding.score)
    # So much is kept for the small picture that stands in where the worst frame has no room.
    small = {id(look): nearest(clips[use].strip, look.worst) for use, look in standing if not look.picture}
    reserve = min(sum(len(one.data) for one in small.values() if one), pictures.left // 3)
    room = Pictures(pictures.left - reserve)
    for _, look in standing:
        _show(look, result, room)
        look.others = _beside(look, names, result, room)
        _around(look, result, room)
    pictures.left = room.left + reserve
    for _, look in standing:
        one = small.get(id(look))
        if not look.picture and one:
            look.picture, look.size = pictures.url(one.data), size_of(one.data)
    return made


def _show(look: Look, result: AuditResult, pictures: Pictures) -> None:
    data = result.stills.get(look.placed.id)
    if data and not look.picture:
        look.picture = pictures.url(data)
        look.size = size_of(data)


def _beside(look: Look, names: Mapping[str, str], result: AuditResult, pictures: Pictures) -> list[Other]:
    finding = look.placed.finding
    found = []
    for place, (use, moment) in enumerate(finding.compare):
        here = use == finding.use
        if here and abs(moment - look.worst) < SAME:
            continue  # it is the worst frame itself
        url = pictures.url(result.stills.get(compare_key(look.placed.id, place)))
        if not url:
            continue
        tags = {"drift": "reference", "mismatch": "same shot" if here else "should match"}
        tag = tags.get(finding.detector, "compare")
        where = "here" if here else one_line(names.get(use, use))
        found.append(Other(url, tag, f"{where}, {moment:.2f} s"))
    return found


def _quiet_picture(
    clip: ClipResult, findings: Sequence[Placed], result: AuditResult, pictures: Pictures
) -> str:
    axis = drawing.time_axis(clip, findings)
    moment = findings[0].finding.moment if findings and findings[0].state in STANDING else sum(axis) / 2
    one = nearest(clip.strip, moment)
    return pictures.url(one.data if one else None)


def nearest(strip: Sequence[Thumbnail], moment: float) -> Thumbnail | None:
    """Picture of a strip that is nearest to a moment."""
    return min(strip, key=lambda thumbnail: abs(thumbnail.time - moment), default=None)


def _strip(clip: ClipResult, looks: Sequence[Look], pictures: Pictures) -> list[tuple[str, str]]:
    """Pictures for evenly spaced moments along the axis: (data URL, moment)."""
    if len(clip.strip) < 2:
        return []
    axis = drawing.time_axis(clip, [look.placed for look in looks])
    count = min(STRIP_PICTURES, len(clip.strip))
    step = (axis[1] - axis[0]) / count
    strip = []
    for i in range(count):
        thumbnail = nearest(clip.strip, axis[0] + (i + 0.5) * step)
        url = pictures.url(thumbnail.data) if thumbnail else ""
        if thumbnail is None or not url:
            return []
        strip.append((url, f"{thumbnail.time:.2f} s"))
    return strip


def _around(look: Look, result: AuditResult, pictures: Pictures) -> None:
    """Add the frames around a finding, all or none, and where in them it is."""
    frames = [one for one in result.around.get(look.placed.id, ()) if math.isfinite(one.time)]
    cost = sum(len(one.data) for one in frames)
    kinds = {kind_of(one.data) for one in frames}
    if len(frames) > 1 and cost <= pictures.left and len(kinds) == 1 and "" not in kinds:
        pictures.left -= cost
        look.frames = " ".join(base64.b64encode(one.data).decode("ascii") for one in frames)
        look.kind = kinds.pop()
        look.times = " ".join(f"{one.time:.3f}" for one in frames)
        look.place = min(range(len(frames)), key=lambda i: abs(frames[i].time - look.worst))
    else:
        frames = []
    heat = result.heat.get(look.placed.id)
    if heat is None or not (look.picture or frames):
        return
    maps = _maps(heat, [*(one.time for one in frames), look.worst])
    url = pictures.url(heat_png(maps)) if maps.size else ""
    if url:
        look.heat, look.maps = url, len(frames) + 1
        look.share = f"{_share(heat.share[0]):.4f} {_share(heat.share[1]):.4f}"


def _share(value: float) -> float:
    return min(max(value, 0.05), 1.0) if math.isfinite(value) else 1.0


def _maps(heat: Heat, moments: Sequence[float]) -> UInt8:
    """Give each moment the map nearest in time, or nothing; one below the other, shape (N · R, C)."""
    if heat.cells.ndim != 3 or not heat.cells.size or len(heat.times) != len(heat.cells):
        return np.zeros((0, 0), np.uint8)
    blank = np.zeros(heat.cells.shape[1:], np.uint8)
    found = []
    for moment in moments:
        i = heat.nearest(moment)
        found.append(heat.cells[i] if abs(heat.times[i] - moment) <= NEAR else blank)
    return np.concatenate(found)


_WEAK, _MIDDLE, _STRONG = np.array([[96, 0, 150], [232, 62, 84], [255, 226, 84]], dtype=np.float64)


def heat_png(cells: UInt8) -> bytes:
    """Draw strengths as a tiny picture that lets the frame below it be seen.

    Parameters
    ----------
    cells
        0 to 255, shape (R, C): from clear over violet and red to yellow, brighter as it gets stronger.
    """
    steps = np.linspace(0.0, 1.0, LEVELS)[:, None]
    low = _WEAK + (_MIDDLE - _WEAK) * np.minimum(2 * steps, 1)
    colors = low + (_STRONG - low) * np.maximum(2 * steps - 1, 0)
    alpha = np.where(steps[:, 0] < 0.13, 0.0, 70 + 120 * steps[:, 0])
    places = (cells.astype(np.int32) * (LEVELS - 1) + 127) // 255
    return palette_png(
        places.astype(np.uint8), np.rint(colors).astype(np.uint8), np.rint(alpha).astype(np.uint8)
    )
