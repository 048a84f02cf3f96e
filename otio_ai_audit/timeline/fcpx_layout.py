"""Where everything in an FCPXML sequence plays, in exact seconds.

Times are kept twice there: a story element lies at `offset` in its parent's time and counts what it
holds, its markers and connected clips included, in a time of its own that begins at `start`. Media
of another rate that are conformed (25 in 24: every frame shown once) run faster or slower in it.

Source: Apple, *FCPXML Reference* and the DTDs 1.8 to 1.13; `conform-rate` checked against exports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from otio_ai_audit.errors import TimelineError

HOLDERS = frozenset({"clip", "ref-clip", "sync-clip", "mc-clip"})
STORY = HOLDERS | {"asset-clip", "video", "audio", "title", "gap", "audition"}
_TIME = re.compile(r"^\s*(-?\d+(?:\.\d+)?)(?:/(\d+))?s?\s*$")
_NEAR = Fraction(1, 20)


def seconds(text: str | None, default: Fraction | None = None) -> Fraction:
    """Read a time (``1001/24000s``, ``5s``); without one, the default or zero.

    Raises
    ------
    TimelineError
        If it is no time.
    """
    if text is None:
        return Fraction(0) if default is None else default
    match = _TIME.match(text)
    if not match or (match[2] is not None and not int(match[2])):
        raise TimelineError(f"“{text}” is no time of an FCPXML; export the timeline again.")
    return Fraction(match[1]) / int(match[2] or 1)


def written(time: Fraction) -> str:
    """Write a time as FCPXML has it."""
    return f"{time.numerator}s" if time.denominator == 1 else f"{time.numerator}/{time.denominator}s"


@dataclass(frozen=True)
class Resources:
    """What a document's story elements refer to, by id."""

    by_id: dict[str, Element]

    @classmethod
    def of(cls, root: Element) -> Resources:
        return cls({one.get("id", ""): one for parent in root.iter("resources") for one in parent})

    def get(self, key: str | None, *tags: str) -> Element | None:
        found = self.by_id.get(key or "")
        return found if found is not None and found.tag in tags else None

    def rate(self, key: str | None) -> Fraction | None:
        """Frames per second of a format; None where it has none (a still)."""
        form = self.get(key, "format")
        duration = seconds(form.get("frameDuration")) if form is not None else Fraction(0)
        return 1 / duration if duration > 0 else None

    def size(self, key: str | None) -> tuple[int, int] | None:
        """Width and height of a format in square pixels; None where it has none."""
        form = self.get(key, "format")
        if form is None or form.get("width") is None:
            return None
        told = [form.get(name, "1") for name in ("width", "height", "paspH", "paspV")]
        if not all(one.isdecimal() for one in told):
            return None
        width, height, across, down = map(int, told)
        return (round(width * across / down), height) if width and height and across and down else None


@dataclass(slots=True)
class Piece:
    """One story element in its place; times in seconds."""

    element: Element
    position: Fraction
    """On the sequence that it is in, from that sequence's first frame."""
    duration: Fraction
    start: Fraction
    """Its own time at its first frame."""
    lane: int
    pace: Fraction = Fraction(1)
    """Seconds of the sequence for each second of its own time (25/24 for 25 conformed to 24)."""
    enabled: bool = True

    @property
    def end(self) -> Fraction:
        return self.position + self.duration

    def outer(self, own: Fraction) -> Fraction:
        """Time on the sequence of a time of its own."""
        return self.position + (own - self.start) * self.pace

    def own(self, outer: Fraction) -> Fraction:
        """Its own time at a time on the sequence."""
        return self.start + (outer - self.position) / self.pace


@dataclass(frozen=True)
class Layout:
    """Lays out sequences of one document."""

    resources: Resources
    rate: Fraction
    """Of the sequence, in frames per second."""

    def sequence(self, sequence: Element) -> list[Piece]:
        """Return all story elements and transitions of a sequence, connected ones after their parents."""
        spine = sequence.find("spine")
        if spine is None:
            return []
        base = seconds(sequence.get("tcStart"))
        first = next((one.get("offset") for one in spine if one.get("offset") is not None), None)
        if first is not None and seconds(first) < base:
            base = Fraction(0)
        return list(self._row(spine, Fraction(0), base, 0, True))

    def inside(self, piece: Piece) -> tuple[list[Piece], Fraction]:
        """Return what a holder holds, and the time of that inner sequence where the holder begins."""
        element = piece.element
        if element.tag in ("ref-clip", "mc-clip"):
            media = self.resources.get(element.get("ref"), "media")
            inner = media.find("sequence") if media is not None else None
            if inner is not None:
                rate = self.resources.rate(inner.get("format")) or self.rate
                pieces = replace(self, rate=rate).sequence(inner)
                return pieces, piece.start - seconds(inner.get("tcStart"))
            multicam = media.find("multicam") if media is not None else None
            angle = _angle(element, multicam)
            if multicam is None or angle is None:
                return [], Fraction(0)
            base = seconds(multicam.get("tcStart"))
            return list(self._row(angle, Fraction(0), base, 0, True)), piece.start - base
        spine = element.find("spine")
        if spine is not None and spine.get("lane") is None:
            at = seconds(spine.get("offset"))
            return list(self._row(spine, at, Fraction(0), 0, True)), piece.start
        return list(self._row(element, Fraction(0), Fraction(0), 0, True)), piece.start

    def _row(
        self, parent: Element, at: Fraction, base: Fraction, lane: int, enabled: bool
    ) -> Iterator[Piece]:
        """Lay out a spine, or the contents of a holder: one after the other, or where they say."""
        running = at
        for child in parent:
            offset = child.get("offset")
            place = at + seconds(offset) - base if offset is not None else running
            if child.tag == "transition":
                yield Piece(child, place, seconds(child.get("duration")), Fraction(0), lane)
            elif child.tag in STORY and not _lane(child):
                first = None
                for piece in self._one(child, place, lane, enabled):
                    yield piece
                    first = first or piece
                running = first.end if first else running

    def _one(self, element: Element, place: Fraction, lane: int, enabled: bool) -> Iterator[Piece]:
        """Lay out one element and what is connected to it."""
        if element.tag == "audition":
            chosen = next((one for one in element if one.tag in STORY), None)
            if chosen is not None:
                yield from self._one(chosen, place, lane, enabled)
            return
        asset = self.resources.get(element.get("ref"), "asset")
        piece = Piece(
            element,
            place,
            self._length(element, asset),
            seconds(element.get("start"), self._first(element, asset)),
            lane,
            self._pace(element),
            enabled and element.get("enabled") != "0",
        )
        yield piece
        for child in element:
            own_lane = _lane(child)
            if not own_lane:
                continue
            there = piece.outer(seconds(child.get("offset"), piece.start))
            if child.tag == "spine":
                yield from self._row(child, there, Fraction(0), lane + own_lane, piece.enabled)
            elif child.tag in STORY:
                yield from self._one(child, there, lane + own_lane, piece.enabled)

    def _length(self, element: Element, asset: Element | None) -> Fraction:
        if element.get("duration") is not None:
            return seconds(element.get("duration"))
        if asset is not None:
            return seconds(asset.get("duration")) * self._pace(element)
        media = self.resources.get(element.get("ref"), "media")
        inner = media.find("sequence") if media is not None else None
        return seconds(inner.get("duration")) if inner is not None else Fraction(0)

    def _first(self, element: Element, asset: Element | None) -> Fraction:
        if asset is not None:
            return seconds(asset.get("start"))
        media = self.resources.get(element.get("ref"), "media")
        inner = media.find("./*[@tcStart]") if media is not None else None
        return seconds(inner.get("tcStart")) if inner is not None else Fraction(0)

    def _pace(self, element: Element) -> Fraction:
        """Read how a rate is conformed: frame by frame where the rates are near, else by the clock."""
        conform = element.find("conform-rate")
        if conform is None or conform.get("scaleEnabled") == "0":
            return Fraction(1)
        nominal = {"23.98": Fraction(24000, 1001), "29.97": Fraction(30000, 1001)}
        nominal |= {"59.94": Fraction(60000, 1001), "47.95": Fraction(48000, 1001)}
        text = conform.get("srcFrameRate") or ""
        try:
            source = nominal.get(text) or Fraction(text)
        except (ValueError, ZeroDivisionError):
            return Fraction(1)
        for multiple in (Fraction(1, 2), Fraction(1), Fraction(2)):
            pace = source / (self.rate * multiple)
            if abs(pace - 1) < _NEAR:
                return pace
        return Fraction(1)


def _lane(element: Element) -> int:
    text = element.get("lane") or "0"
    return int(text) if text.lstrip("-").isdecimal() else 0


def _angle(clip: Element, multicam: Element | None) -> Element | None:
    """Return the angle whose picture a multicam clip shows."""
    if multicam is None:
        return None
    shown = [one.get("angleID") for one in clip.findall("mc-source") if one.get("srcEnable") != "audio"]
    angles = multicam.findall("mc-angle")
    found = [one for one in angles if one.get("angleID") in shown[:1]]
    return next(iter(found or ([] if shown else angles)), None)


def sequences(root: Element) -> list[tuple[str, Element]]:
    """Return the named timelines of a document: its projects, else its compound clips."""
    found = [(one.get("name") or "", one.find("sequence")) for one in root.iter("project")]
    if not found:
        used = [(one.get("name") or "", one.get("ref")) for one in root.iter("ref-clip")]
        by_id = Resources.of(root)
        for name, ref in dict.fromkeys(used):
            media = by_id.get(ref, "media")
            found.append((name, media.find("sequence") if media is not None else None))
    return [(name, sequence) for name, sequence in found if sequence is not None]
