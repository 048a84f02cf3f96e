"""Make an FCPXML (1.9) of an edit in another format.

Carried: cuts, gaps, tracks as lanes, trims, speeds, disabled clips, start timecode. Not: dissolves,
looks, sound and nested timelines (their clips are written flat); a title becomes a gap of its name, or
is left out of upper tracks; an image sequence is named by its first picture.

The community's writer was tried first: it fails at 23.976, runs another program on every file and
knows no retime.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import opentimelineio as otio

from otio_ai_audit.model import TimelineInfo
from otio_ai_audit.timecode import exact_rate
from otio_ai_audit.timeline.effects import is_resolve
from otio_ai_audit.timeline.fcpx_layout import written as exactly
from otio_ai_audit.timeline.items import Clock
from otio_ai_audit.timeline.media import Source
from otio_ai_audit.timeline.relink import is_windows
from otio_ai_audit.timeline.retime import compose
from otio_ai_audit.timeline.sources import media_time
from otio_ai_audit.timeline.walk import Leaf, walk

_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'

_FINEST = 720_000_000


def made(tl: otio.schema.Timeline, info: TimelineInfo) -> bytes:
    """Return the document, without markers.

    Parameters
    ----------
    tl : opentimelineio.schema.Timeline
        The edit.
    info : TimelineInfo
        Its name, rate, start and length.
    """
    clock = Clock(info.rate)
    root = Element("fcpxml", version="1.9")
    book = _Book(SubElement(root, "resources"), clock, is_resolve(tl))
    event = SubElement(SubElement(root, "library"), "event", name=info.name or "Timeline")
    project = SubElement(event, "project", name=info.name or "Timeline")
    start = info.start_frame / info.rate
    code = "DF" if info.drop_frame else "NDF"
    sequence = SubElement(project, "sequence", format=book.format(info.rate), tcFormat=code)
    sequence.set("tcStart", written(start))
    spine = SubElement(sequence, "spine")
    leaves = [leaf for leaf in walk(tl, clock) if leaf.frames > 0]
    layers = sorted({leaf.layer for leaf in leaves})
    lanes = {layer: lane for lane, layer in enumerate(layers)}
    total = max([Fraction(info.frames), *(leaf.start + leaf.frames for leaf in leaves)])
    sequence.set("duration", written(total / info.rate))
    holders: list[tuple[Fraction, Fraction, Element, Fraction]] = []
    at = Fraction(0)
    for leaf in [*(leaf for leaf in leaves if lanes[leaf.layer] == 0), None]:
        begin = total if leaf is None else leaf.start
        if begin > at:
            gap = SubElement(spine, "gap", name="Gap", offset=written(start + at / info.rate), start="0s")
            gap.set("duration", written((begin - at) / info.rate))
            holders.append((at, begin, gap, Fraction(0)))
        if leaf is not None:
            element, own = book.story(leaf, start + leaf.start / info.rate)
            spine.append(element)
            at = leaf.start + leaf.frames
            holders.append((leaf.start, at, element, own))
    _connect(book, leaves, lanes, holders)
    indent(root, "    ")
    text: bytes = tostring(root, encoding="utf-8")
    return _HEAD + text + b"\n"


def _connect(
    book: _Book,
    leaves: Sequence[Leaf],
    lanes: dict[tuple[int, ...], int],
    holders: Sequence[tuple[Fraction, Fraction, Element, Fraction]],
) -> None:
    """Put the clips of upper tracks into the element of the lowest one that plays where they begin."""
    count = 0
    upper = [leaf for leaf in leaves if lanes[leaf.layer]]
    for leaf in sorted(upper, key=lambda leaf: (leaf.start, lanes[leaf.layer])):
        while holders[count][1] <= leaf.start and count + 1 < len(holders):
            count += 1
        begin, _, holder, own = holders[count]
        element, _ = book.story(leaf, own + (leaf.start - begin) / book.clock.rate)
        if element.tag != "gap":  # which cannot be connected
            element.set("lane", str(lanes[leaf.layer]))
            holder.append(element)


def written(time: Fraction) -> str:
    """Write a time; its denominator has at most 32 bits there, which speeds out of floats exceed."""
    return exactly(time.limit_denominator(_FINEST))


class _Book:
    """The resources of a document, each written once."""

    def __init__(self, parent: Element, clock: Clock, resolve: bool) -> None:
        self.parent, self.clock, self.resolve = parent, clock, resolve
        self.formats: dict[Fraction, str] = {}
        self.assets: dict[tuple[str, Fraction, Fraction], str] = {}

    def format(self, rate: Fraction) -> str:
        if rate not in self.formats:
            self.formats[rate] = f"r{len(self.parent) + 1}"
            known = SubElement(self.parent, "format", id=self.formats[rate], frameDuration=written(1 / rate))
            known.set("width", "1920")
            known.set("height", "1080")
        return self.formats[rate]

    def story(self, leaf: Leaf, offset: Fraction) -> tuple[Element, Fraction]:
        """Return a clip as an element, and its own time where it begins."""
        length = leaf.frames / self.clock.rate
        reference = leaf.clip.media_reference
        url = _url(reference) or ("" if self.is_title(leaf.clip) else quote(leaf.clip.name or "Clip"))
        known = {"name": leaf.clip.name or "Gap", "offset": written(offset), "duration": written(length)}
        if not url:
            return Element("gap", {**known, "start": "0s"}), Fraction(0)
        timing = media_time(leaf, Source(label=url, available=_available(reference)), self.clock)
        knots = timing.knots or ((Fraction(0), Fraction(0)), (length, length))
        if leaf.inner is not None:
            rate = self.clock.rate
            knots = compose(tuple((a / rate, b / rate) for a, b in leaf.inner), knots, Fraction(0))
        asset, first = self.asset(url, reference, leaf.clip.name, max(media for _, media in knots))
        element = Element("asset-clip", {"ref": asset, **known})
        if not leaf.clip.enabled or leaf.off:
            element.set("enabled", "0")
        begin, end = knots[0], knots[-1]
        if len(knots) == 2 and end[1] - begin[1] == end[0] - begin[0]:
            element.set("start", written(first + begin[1]))
            return element, first + begin[1]
        element.set("start", "0s")
        curve = SubElement(element, "timeMap")
        for time, media in knots:
            SubElement(curve, "timept", time=written(time), value=written(first + media), interp="linear")
        return element, Fraction(0)

    def is_title(self, clip: otio.schema.Clip) -> bool:
        """Whether a clip shows no medium, as opposed to one that is not named."""
        reference = clip.media_reference
        if isinstance(reference, otio.schema.MissingReference) or reference is None:
            return self.resolve and (reference is None or reference.available_range is None)
        return isinstance(reference, otio.schema.GeneratorReference)

    def asset(
        self, url: str, reference: otio.core.MediaReference, name: str, used: Fraction
    ) -> tuple[str, Fraction]:
        """Return an asset's id and the time at which it begins."""
        available, rate = _available(reference), self.clock.rate
        first, length = Fraction(0), used
        if available is not None and available.duration.rate > 0:
            rate = exact_rate(available.duration.rate)
            first = Fraction(available.start_time.value) / exact_rate(available.start_time.rate)
            length = max(Fraction(available.duration.value) / rate, Fraction(0))
        key = (url, first, length)
        if key not in self.assets:
            form = self.format(rate)
            self.assets[key] = f"r{len(self.parent) + 1}"
            asset = SubElement(
                self.parent, "asset", id=self.assets[key], name=name, format=form, hasVideo="1"
            )
            asset.set("start", written(first))
            asset.set("duration", written(length))
            SubElement(asset, "media-rep", kind="original-media", src=url)
        return self.assets[key], first


def _available(reference: otio.core.MediaReference | None) -> otio.opentime.TimeRange | None:
    return reference.available_range if reference is not None else None


def _url(reference: otio.core.MediaReference | None) -> str:
    """Return the file URL of a reference; empty where it names no file."""
    if isinstance(reference, otio.schema.ImageSequenceReference):
        base = reference.target_url_base.rstrip("/\\")
        digits = f"{reference.start_frame:0{reference.frame_zero_padding}d}"
        path = f"{base}/{reference.name_prefix}{digits}{reference.name_suffix}"
    else:
        path = getattr(reference, "target_url", "") or ""
        if not path:
            told = reference.metadata.get("Resolve_OTIO") if reference is not None else None
            path = str((told or {}).get("Media Url") or "")
    if "://" in path[:12] or not path:
        return path
    if is_windows(path):
        path = "/" + path.replace("\\", "/").lstrip("/")
        return "file://" + quote(path, safe="/:")
    return f"file://{quote(path)}" if path.startswith("/") else quote(path)
