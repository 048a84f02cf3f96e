"""A small edit and a loop of audits for the tests of markers: no decoding, findings are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from otio_ai_audit import timeline, verdicts
from otio_ai_audit.markings import review, split_note
from otio_ai_audit.model import (
    AuditResult,
    ClipResult,
    ClipUse,
    Finding,
    KnownFinding,
    Media,
    Placed,
    SeenMarker,
    Span,
    TimelineInfo,
)
from otio_ai_audit.timecode import frames_to_timecode

RATE = 24
DETECTORS = ("flicker", "pop", "freeze", "cut", "dead")


@dataclass(frozen=True)
class Shot:
    """A clip of the edit: which media, from which media frame, how many frames."""

    media: str
    first: int = 0
    frames: int = 48
    failed: str = ""


def finding(media: str, detector: str, first: int, frames: int, score: float = 0.9, **more) -> Finding:
    """A fault of a medium, in media frames; `use` is the media's name until an audit places it."""
    message = more.pop("message", f"Something about {detector} from {first} on. Trim or render again.")
    label = more.pop("label", "hidden cut" if detector == "cut" else detector)
    return Finding(detector, media, first / RATE, frames / RATE, score, message, label=label, **more)


def info_of(shots: Sequence[Shot], start: int = 86400) -> TimelineInfo:
    frames = sum(shot.frames for shot in shots)
    return TimelineInfo("spot", Fraction(RATE), start, False, frames, "spot.otio", "01:00:00:00")


def timeline_of(shots: Sequence[Shot], start: int = 86400) -> otio.schema.Timeline:
    def time(value: float) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(value, RATE)

    tl = otio.schema.Timeline("", global_start_time=time(start))
    track = otio.schema.Track("Video 1", kind="Video")
    tl.tracks.append(track)
    for shot in shots:
        track.append(
            otio.schema.Clip(
                shot.media,
                media_reference=otio.schema.ExternalReference(
                    f"/takes/{shot.media}", otio.opentime.TimeRange(time(0), time(480))
                ),
                source_range=otio.opentime.TimeRange(time(shot.first), time(shot.frames)),
            )
        )
    return tl


@dataclass
class World:
    """Shots, the faults of their media, and what the store remembers."""

    shots: list[Shot]
    faults: list[Finding]
    known: list[KnownFinding] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    now: str = "2026-11-20T14:32:00"

    def uses(self) -> list[ClipUse]:
        uses, record = [], 0
        for number, shot in enumerate(self.shots, start=1):
            start, length = Fraction(shot.first, RATE), Fraction(shot.frames, RATE)
            use = ClipUse(
                id=f"V1/{number:04d}",
                name=shot.media,
                media=Media(f"/takes/{shot.media}"),
                job=0,
                record_start=record,
                record_frames=shot.frames,
                rate=Fraction(RATE),
                knots=((Fraction(0), start), (length, start + length)),
                visible=(Span(start, start + length),),
                shown=((record, record + shot.frames),),
            )
            uses.append(use)
            record += shot.frames
        return uses

    def found(self, uses: Sequence[ClipUse]) -> list[Finding]:
        """The faults that each use shows, cut to what is visible."""
        result = []
        faults: dict[str, list[Finding]] = {}
        for fault in self.faults:
            faults.setdefault(fault.use, []).append(fault)
        for use, shot in zip(uses, self.shots, strict=True):
            for fault in faults.get(shot.media, ()):
                start = max(fault.start, shot.first / RATE)
                end = min(fault.start + fault.duration, (shot.first + shot.frames) / RATE)
                if end > start and not shot.failed:
                    result.append(replace(fault, use=use.id, start=start, duration=end - start))
        return result

    def audit(self, seen: Sequence[SeenMarker] = (), report: str = "spot.html") -> Round:
        uses = self.uses()
        info = info_of(self.shots)
        by_id = {use.id: (use, shot) for use, shot in zip(uses, self.shots, strict=True)}

        def place(item: Finding) -> tuple[int, int, str]:
            use, shot = by_id[item.use]
            frame = use.record_start + round(item.start * RATE) - shot.first
            frames = max(1, round(item.duration * RATE))
            return frame, frames, frames_to_timecode(info.start_frame + frame, info.rate)

        keys = {use.id: self.keys.get(use.name, f"content of {use.name}") for use in uses}
        placed, self.known = verdicts.assign(self.found(uses), keys, self.known, seen, place, self.now)
        clips = tuple(
            ClipResult(
                use.id,
                use.name,
                "failed" if shot.failed else "audited",
                shot.failed or None,
                use.record_start,
                use.record_frames,
            )
            for use, shot in by_id.values()
        )
        failures = [clip for clip in clips if clip.status == "failed"]
        seen = review(seen, placed, self.known, failures=failures, detectors=DETECTORS)
        result = AuditResult(
            "0", info, "", "", DETECTORS, clips, tuple(placed), seen=tuple(seen), finished=self.now
        )
        looked = [use for use, shot in by_id.values() if not shot.failed]
        markers = timeline.markers_for(result, looked, seen, report=report)
        placed = timeline.attach(placed, markers, looked)
        return Round(self, replace(result, findings=placed, markers=markers), uses)


@dataclass
class Round:
    """One audit: its result, and the lanes by which its markers go out and come back."""

    world: World
    result: AuditResult
    uses: list[ClipUse]

    @property
    def info(self) -> TimelineInfo:
        return self.result.info

    def written(self, base: otio.schema.Timeline | None = None) -> otio.schema.Timeline:
        base = base or timeline_of(self.world.shots)
        return timeline.with_markers(base, self.info, self.result.markers, self.result.seen)

    def of(self, detector: str) -> Placed:
        return next(p for p in self.result.findings if p.finding.detector == detector)

    def state(self, detector: str) -> str:
        return self.of(detector).state

    def speaking(self, detector: str) -> list[str]:
        """Names of the markers that speak for a detector's finding."""
        return [m.name for m in self.result.markers if self.of(detector).id in m.ids]


Change = Callable[[str, str, str], tuple[str, str, str]]
"""A person's hand on a marker: (name, colour, note) → the same; colours are Resolve's."""


def by_otio(done: Round, change: Change, folder: Path, *, strip: bool = False) -> otio.schema.Timeline:
    """Write the edit with markers, let a person change them, read it again with OTIO itself."""
    from otio_ai_audit.markings import OTIO_COLORS

    path = folder / "out.otio"
    otio.adapters.write_to_file(done.written(), str(path))
    tl = otio.adapters.read_from_file(str(path))
    for marker in tl.tracks.markers:
        ours = dict(marker.metadata.get("otio_ai_audit", {}))
        before = ours.get("color", "Blue")
        note = str(marker.metadata["Resolve_OTIO"]["Note"])
        name, color, note = change(marker.name, before, note)
        marker.name = name
        marker.metadata["Resolve_OTIO"]["Note"] = note
        if color != before:
            marker.color = OTIO_COLORS[color]
        if strip:
            marker.comment = ""
            for key in [key for key in marker.metadata if key != "Resolve_OTIO"]:
                del marker.metadata[key]
    return tl


def seen_by_otio(done: Round, change: Change, folder: Path) -> tuple[SeenMarker, ...]:
    return timeline.read_markers(by_otio(done, change, folder), done.info)


def seen_by_stripped_otio(done: Round, change: Change, folder: Path) -> tuple[SeenMarker, ...]:
    return timeline.read_markers(by_otio(done, change, folder, strip=True), done.info)


def seen_by_edl(done: Round, change: Change, folder: Path) -> tuple[SeenMarker, ...]:
    path = folder / "markers.edl"
    markers = []
    for marker in done.result.markers:
        name, color, note = change(marker.name, marker.color, marker.note)
        markers.append(replace(marker, name=name, color=color, note=note))
    timeline.write_marker_edl(markers, done.info, path)
    return timeline.read_marker_edl(path, done.info)


LANES = {"otio": seen_by_otio, "stripped": seen_by_stripped_otio, "edl": seen_by_edl}


def on(label: str, *, color: str | None = None, before: str = "", after: str = "", note: str | None = None):
    """A change of the markers whose name begins with a label (any case)."""

    def change(name: str, was: str, text: str) -> tuple[str, str, str]:
        if not name.casefold().startswith(label.casefold()):
            return name, was, text
        text = text if note is None else f"{note} [audit {' '.join(split_note(text)[1])}]"
        return name, color or was, f"{before}{text}{after}"

    return change


def nothing(name: str, color: str, note: str) -> tuple[str, str, str]:
    return name, color, note
