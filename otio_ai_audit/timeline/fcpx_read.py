"""Read FCPXML 1.8 to 1.13, from DaVinci Resolve or Final Cut Pro, into a timeline.

The community's adapter was tried on 20 real files first: it fails on stills, gaps and titles, reads
23.976 and 29.97 as 23 and 29, and knows no start timecode, retime, disabled clip or dissolve.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import opentimelineio as otio

from otio_ai_audit.adapters.safe_xml import parse_xml
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.timeline.edit_file import choose
from otio_ai_audit.timeline.fcpx_layout import HOLDERS, Layout, Piece, Resources, seconds, sequences
from otio_ai_audit.timeline.foreign_effects import effect_of, number, speed_curve, transform, value_at
from otio_ai_audit.timeline.relink import AUDIO_SUFFIXES

HEARD = "heard"
"""In our mark on a clip: its own sound belongs to the edit."""
MARK = "fcpxml"
"""Key of what we keep in metadata: which element of the document a clip or marker was."""
MARKERS = ("marker", "chapter-marker")
_DEEPEST = 24
_MOST = 20_000
"""Pieces within clips of a timeline, which may hold each other many times over."""
_HOUR = 3600
RationalTime, TimeRange = otio.opentime.RationalTime, otio.opentime.TimeRange


def read_fcpxml(data: bytes, path: Path, name: str | None = None) -> otio.schema.Timeline:
    """Read the timeline of that name, or the only one.

    Parameters
    ----------
    data : bytes
        The document.
    path : Path
        Its file, for messages.
    name : str or None
        Of a project, with or without the `` (Resolve)`` that Resolve adds.

    Raises
    ------
    TimelineError
        If it is damaged or hostile, holds no timeline, or several and none is named.
    """
    root = parse_xml(data, path.name)
    found = sequences(root)
    names = [plain_name(one) for one, _ in found]
    index = choose(names, path, plain_name(name) if name is not None else None)
    sequence, resources = found[index][1], Resources.of(root)
    rate = resources.rate(sequence.get("format"))
    if rate is None or not 1 <= rate <= 1000:
        raise TimelineError(f"{path.name} does not say how fast “{names[index]}” runs; export it as .otio.")
    order = {id(element): number for number, element in enumerate(root.iter())}
    builder = _Builder(Layout(resources, rate), rate, order, _extents(resources))
    tl = otio.schema.Timeline(names[index])
    tl.global_start_time = builder.time(seconds(sequence.get("tcStart")))
    whole = round(seconds(sequence.get("duration")) * rate) / rate
    builder.fill(tl.tracks, builder.layout.sequence(sequence), whole)
    tl.metadata[MARK] = {"timeline": index}
    size = resources.size(sequence.get("format"))
    if size is not None:
        tl.metadata[MARK]["size"] = list(size)
    if sequence.get("tcFormat") in ("DF", "NDF"):
        tl.metadata["otio_ai_audit"] = {"drop_frame": "yes" if sequence.get("tcFormat") == "DF" else "no"}
    return tl


def plain_name(name: str) -> str:
    """Name of a timeline without what Resolve adds to it."""
    return name.removesuffix(" (Resolve)")


def _url(asset: Element) -> str:
    """Path of an asset: its own (to 1.8), or that of its original, else of its proxy."""
    reps = asset.findall("media-rep")
    reps.sort(key=lambda rep: rep.get("kind") != "original-media")
    return asset.get("src") or next((rep.get("src") or "" for rep in reps if rep.get("src")), "")


def _extents(resources: Resources) -> dict[str, tuple[Fraction, Fraction]]:
    """Return the time that each file has, by URL.

    Resolve may write an asset for every cut of a file; where that cut begins is then no timecode of
    the file, and only the whole hour under the first is taken for its start.
    """
    parts: dict[str, list[tuple[Fraction, Fraction]]] = {}
    for asset in resources.by_id.values():
        if asset.tag == "asset":
            start = seconds(asset.get("start"))
            parts.setdefault(_url(asset), []).append((start, start + seconds(asset.get("duration"))))
    extents = {}
    for url, ranges in parts.items():
        first = min(start for start, _ in ranges)
        if len({start for start, _ in ranges}) > 1:
            first = Fraction(first // _HOUR * _HOUR)
        extents[url] = (first, max(end for _, end in ranges))
    return extents


class _Builder:
    """Makes tracks of laid-out pieces."""

    def __init__(
        self,
        layout: Layout,
        rate: Fraction,
        order: dict[int, int],
        extents: dict[str, tuple[Fraction, Fraction]],
    ) -> None:
        self.layout, self.rate, self.order, self.extents = layout, rate, order, extents
        self.depth = self.count = 0

    def time(self, moment: Fraction) -> otio.opentime.RationalTime:
        return RationalTime(float(moment * self.rate), float(self.rate))

    def range(self, start: Fraction, duration: Fraction) -> otio.opentime.TimeRange:
        return TimeRange(self.time(start), self.time(duration))

    def fill(self, stack: otio.schema.Stack, pieces: Sequence[Piece], total: Fraction) -> None:
        """Put pieces on tracks by lane; what overlaps on a lane takes another track above."""
        self.depth += 1
        self.count += len(pieces) if self.depth > 1 else 0
        if self.depth > _DEEPEST or self.count > _MOST:
            raise TimelineError("This FCPXML holds clips within clips without end; export it as .otio.")
        kinds = otio.schema.TrackKind
        shown = [one for one in pieces if one.element.tag not in ("gap", "transition")]
        rows: dict[tuple[bool, int], list[list[Piece]]] = {}
        for piece in sorted(shown, key=lambda one: one.position):
            sound = self._is_sound(piece)
            if sound:  # It may end between frames, which is nothing that an edit of pictures can hold.
                piece = self._on_frames(piece)
            lanes = rows.setdefault((sound, piece.lane), [[]])
            free = next((row for row in lanes if not row or row[-1].end <= piece.position), None)
            if free is None:
                lanes.append(free := [])
            free.append(piece)
        for piece in pieces:
            if piece.element.tag in ("gap", "transition"):
                stack.markers.extend(self._marks(piece, Fraction(0), Fraction(0)))
        for (sound, lane), lanes in sorted(rows.items(), key=lambda item: item[0]):
            dissolves = [one for one in pieces if one.element.tag == "transition" and one.lane == lane]
            for row in lanes:
                number = 1 + sum((track.kind == kinds.Audio) == sound for track in stack)
                kind = kinds.Audio if sound else kinds.Video
                track = otio.schema.Track(f"{kind} {number}", kind=kind)
                self._fill_track(track, row, [] if sound else dissolves, stack)
                if lane == 0 and not sound and row[-1].end < total:
                    track.append(otio.schema.Gap(source_range=self.range(Fraction(0), total - row[-1].end)))
                stack.append(track)
        self.depth -= 1

    def _on_frames(self, piece: Piece) -> Piece:
        position, end = (round(one * self.rate) / self.rate for one in (piece.position, piece.end))
        return replace(piece, position=position, duration=end - position)

    def _fill_track(
        self,
        track: otio.schema.Track,
        row: Sequence[Piece],
        dissolves: Iterable[Piece],
        stack: otio.schema.Stack,
    ) -> None:
        edges: dict[Fraction, Piece] = {}
        for dissolve in dissolves:
            inside = [piece.position for piece in row if dissolve.position <= piece.position <= dissolve.end]
            inside += [piece.end for piece in row if dissolve.position <= piece.end <= dissolve.end]
            if inside:
                edges.setdefault(inside[0], dissolve)
        at = Fraction(0)
        for piece in row:
            if at < piece.position:
                self._dissolve(track, edges.pop(at, None), at)
                track.append(otio.schema.Gap(source_range=self.range(Fraction(0), piece.position - at)))
            self._dissolve(track, edges.pop(piece.position, None), piece.position)
            item = self._item(piece)
            item.enabled = piece.enabled
            item.metadata[MARK] = {"element": self.order[id(piece.element)]}
            if self._has_sound(piece):
                item.metadata[MARK][HEARD] = True
            origin = item.source_range.start_time.value / float(self.rate)
            held = any(isinstance(effect, otio.schema.TimeEffect) for effect in item.effects)
            if held or not isinstance(item, otio.schema.Clip):
                stack.markers.extend(self._marks(piece, Fraction(0), Fraction(0)))
            else:
                item.markers.extend(self._marks(piece, piece.position, Fraction(origin)))
            track.append(item)
            at = piece.end
        self._dissolve(track, edges.pop(at, None), at)

    def _dissolve(self, track: otio.schema.Track, piece: Piece | None, cut: Fraction) -> None:
        if piece is None or (len(track) and isinstance(track[-1], otio.schema.Transition)):
            return
        dissolve = otio.schema.Transition(piece.element.get("name") or "")
        dissolve.transition_type = otio.schema.TransitionTypes.SMPTE_Dissolve
        dissolve.in_offset = self.time(cut - piece.position)
        dissolve.out_offset = self.time(piece.end - cut)
        track.append(dissolve)

    def _marks(self, piece: Piece, zero: Fraction, origin: Fraction) -> list[otio.schema.Marker]:
        """Markers of a piece, in the time of what they are put on."""
        marks = []
        for element in piece.element:
            if element.tag not in MARKERS:
                continue
            moment = piece.outer(seconds(element.get("start"), piece.start))
            frame = round((moment - zero + origin) * self.rate)
            frames = max(1, round(seconds(element.get("duration")) * piece.pace * self.rate))
            rate = float(self.rate)
            marker = otio.schema.Marker(
                element.get("value") or "",
                TimeRange(RationalTime(frame, rate), RationalTime(frames, rate)),
                otio.schema.MarkerColor.GREEN if element.get("completed") == "1" else "",
                {MARK: {"element": self.order[id(element)]}},
                element.get("note") or "",
            )
            marks.append(marker)
        return marks

    # --- one piece -------------------------------------------------------------------------------

    def _is_sound(self, piece: Piece) -> bool:
        element = piece.element
        if element.tag == "audio" or element.get("srcEnable") == "audio":
            return True
        asset = self.layout.resources.get(element.get("ref"), "asset")
        if asset is not None:
            sounds = Path(_url(asset)).suffix.lower() in AUDIO_SUFFIXES
            return asset.get("hasVideo") != "1" and (asset.get("hasAudio") == "1" or sounds)
        if element.tag in ("clip", "sync-clip"):
            inner, _ = self.layout.inside(piece)
            plain = [one for one in inner if one.element.tag not in ("gap", "transition")]
            return bool(plain) and all(self._is_sound(one) for one in plain)
        return False

    def _has_sound(self, piece: Piece) -> bool:
        """Whether a picture brings its own sound along."""
        if piece.element.get("srcEnable") == "video":
            return False
        asset = self.layout.resources.get(piece.element.get("ref"), "asset")
        if asset is not None or piece.element.tag not in ("clip", "sync-clip"):
            return asset is not None and asset.get("hasAudio") == "1"
        inner, _ = self.layout.inside(piece)
        return any(self._is_sound(one) or self._has_sound(one) for one in inner)

    def _item(self, piece: Piece) -> Any:
        element = piece.element
        name = element.get("name") or ""
        asset = self.layout.resources.get(element.get("ref"), "asset")
        if asset is not None:
            return self._clip(name, asset, piece, piece, Fraction(0))
        if element.tag not in HOLDERS:
            reference = otio.schema.GeneratorReference(name, generator_kind=name or element.tag)
            return otio.schema.Clip(name, reference, self.range(Fraction(0), piece.duration))
        inner, begin = self.layout.inside(piece)
        shown = [one for one in inner if one.element.tag not in ("gap", "transition")]
        shown = [one for one in shown if not self._is_sound(one)]
        if element.tag == "clip" and len(shown) == 1:
            (only,) = shown
            asset = self.layout.resources.get(only.element.get("ref"), "asset")
            covers = only.position <= begin and begin + piece.duration / piece.pace <= only.end
            if asset is not None and covers and element.find("timeMap") is None:
                return self._clip(name, asset, piece, only, begin - only.position)
        lowest, effects = self._speed(piece)
        stack = otio.schema.Stack(
            name, source_range=self.range(lowest + begin - piece.start, piece.duration), effects=effects
        )
        self.fill(stack, inner, Fraction(0))
        return stack

    def _clip(
        self, name: str, asset: Element, piece: Piece, content: Piece, late: Fraction
    ) -> otio.schema.Clip:
        """Make a clip of an asset; `late` is how far into `content` it begins, in the holder's time."""
        if content is piece:
            lowest, effects = self._speed(piece)
        else:
            lowest, effects = content.own(content.position + late), []
        url = _url(asset)
        first, last = self.extents[url]
        available = None
        rate = self.layout.resources.rate(asset.get("format")) or self.rate
        if last > first:
            ends = (first * rate, (last - first) * rate)
            available = TimeRange(*(RationalTime(float(end), float(rate)) for end in ends))
        reference = otio.schema.ExternalReference(url, available) if url else otio.schema.MissingReference()
        reference.name = asset.get("name") or ""
        effects += looks(piece.element)
        title = name or asset.get("name") or ""
        return otio.schema.Clip(title, reference, self.range(lowest, piece.duration), effects=effects)

    def _speed(self, piece: Piece) -> tuple[Fraction, list[Any]]:
        """Return the lowest time of its own content that a piece shows, and its time effects."""
        points = [
            (seconds(one.get("time")), seconds(one.get("value")))
            for one in piece.element.findall("timeMap/timept")
        ]
        points.sort()
        length = piece.duration / piece.pace
        begin, end = piece.start, piece.start + length
        slopes = {(v1 - v0) / (t1 - t0) for (t0, v0), (t1, v1) in pairwise(points) if t1 > t0}
        if len(slopes) > 1:
            keys = [((time - begin) * piece.pace, value) for time, value in points]
            return value_at(points, begin), [speed_curve(keys)]
        speed = slopes.pop() if slopes else Fraction(1)
        lowest = min(begin, end)
        if points:
            lowest = min(points[0][1] + (one - points[0][0]) * speed for one in (begin, end))
        speed /= piece.pace
        if speed == 1:
            return lowest, []
        return lowest, [otio.schema.LinearTimeWarp(time_scalar=float(speed))]


def looks(element: Element) -> list[Any]:
    """Say in Resolve's words what lets lower lanes show through: opacity, size, place, crop."""
    found = []
    blend = element.find("adjust-blend")
    if blend is not None and number(blend.get("amount"), 1) < 1:
        found.append(effect_of("Composite", opacity=100 * number(blend.get("amount"), 1)))
    move = element.find("adjust-transform")
    if move is not None and move.get("enabled") != "0":
        x, y = _pair(move.get("position"), 0.0)
        found += transform(_pair(move.get("scale"), 1.0), (x / 100, y / 100), number(move.get("rotation"), 0))
    crop = element.find("adjust-crop")
    if crop is not None and crop.get("enabled") != "0" and crop.get("mode") in ("trim", "crop"):
        edges = [value for rect in crop.findall(f"{crop.get('mode')}-rect") for value in rect.attrib.values()]
        if any(number(edge, 0) for edge in edges):
            found.append(effect_of("Cropping", crop=1.0))
    return found


def _pair(text: str | None, default: float) -> tuple[float, float]:
    parts = (text or "").split()
    return (number(parts[0], default), number(parts[1], default)) if len(parts) > 1 else (default, default)
