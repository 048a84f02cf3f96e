"""From a clip's media reference to a medium on this machine, or the reason why there is none."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from otio_ai_audit.adapters.paths import path_of
from otio_ai_audit.adapters.resolve import as_written, is_title
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.model import Media
from otio_ai_audit.timecode import exact_rate
from otio_ai_audit.timeline.effects import RESOLVE
from otio_ai_audit.timeline.read import unpack
from otio_ai_audit.timeline.relink import (
    AUDIO_SUFFIXES,
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    Relinker,
    closest,
    file_name,
    local_candidates,
)
from otio_ai_audit.timeline.takes import Pattern, parse_pattern

_TITLE = "A title or generator."
SOUND_ONLY = "Sound only."


@dataclass(frozen=True, slots=True)
class Source:
    """What a clip shows: a medium, or why there is none.

    `skip` says why it need not be audited, `problem` why it should have been and cannot be.
    """

    media: Media | None = None
    label: str | None = None
    """Path as the edit has it."""
    available: otio.opentime.TimeRange | None = None
    skip: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    relink: bool = False
    """The problem is that the media were not found."""
    timecode: str = ""
    """Of the file's first frame, where only the file says it."""


class Resolver:
    """Answers for every clip of one plan; media that are the same are the same object."""

    def __init__(
        self,
        relinker: Relinker,
        resolve: bool,
        bundle: Path | None,
        cache: Path | None,
        start_timecode: Callable[[str], str | None] | None = None,
        sound: bool = False,
    ) -> None:
        self.relinker = relinker
        self.resolve = resolve
        self.bundle = bundle
        self.cache = cache
        self.sound = sound
        """Files of sound are wanted, and need not be skipped."""
        self._media: dict[Media, Media] = {}
        self._start_timecode = start_timecode
        self._timecodes: dict[str, str] = {}

    def source(self, clip: otio.schema.Clip, rate: Fraction) -> Source:
        """Resolve a clip's active media reference, else another one that it carries."""
        own = clip.metadata.get("otio_ai_audit")
        if own is not None and own.get("failure"):
            label = getattr(clip.media_reference, "target_url", None)
            return Source(label=label, problem=str(own["failure"]))
        found = self._resolve(clip.media_reference, clip.name, rate)
        if own is not None and own.get("notes"):
            found = replace(found, notes=(*found.notes, *map(str, own["notes"])))
        if found.media is None and found.relink:
            active = clip.active_media_reference_key
            for key, reference in clip.media_references().items():
                other = self._resolve(reference, clip.name, rate) if key != active else found
                if other.media is not None:
                    note = f"Measured on the media reference “{key}”: the original is offline."
                    return replace(other, notes=(*found.notes, *other.notes, note))
        return found

    def _resolve(self, reference: otio.core.MediaReference | None, name: str, rate: Fraction) -> Source:
        if isinstance(reference, otio.schema.ImageSequenceReference):
            return self._from_sequence_reference(reference, rate)
        if isinstance(reference, otio.schema.ExternalReference):
            return self._from_url(as_written(reference, "target_url"), reference, rate)
        if isinstance(reference, otio.schema.GeneratorReference):
            if self.resolve and is_title(reference):
                return Source(skip=_TITLE)
            kind = reference.generator_kind or reference.name
            return Source(skip=f"A generator ({kind})." if kind else "A generator.")
        if reference is not None and not isinstance(reference, otio.schema.MissingReference):
            return Source(problem=f"Media of the kind {type(reference).__name__} cannot be opened.")
        return self._from_missing(reference, name, rate)

    def _from_missing(
        self, reference: otio.schema.MissingReference | None, name: str, rate: Fraction
    ) -> Source:
        url = ""
        if reference is not None:
            resolve = reference.metadata.get(RESOLVE)
            url = str(resolve.get("Media Url") or "") if resolve is not None else ""
        told = reference.metadata.get("otio_ai_audit") if reference is not None else None
        names = [str(one) for one in (told or {}).get("names", ())]
        if names and not url:
            return self._by_name(names, reference, rate)
        suffix = os.path.splitext(file_name(name))[1].lower()
        wanted = VIDEO_SUFFIXES | (AUDIO_SUFFIXES if self.sound else IMAGE_SUFFIXES)
        if not url and suffix in wanted:
            url = name
        if url:
            return self._from_url(url, reference, rate)
        if self.resolve and (reference is None or reference.available_range is None):
            return Source(skip=_TITLE)
        return Source(
            problem="The edit names no file for this clip; relink it and export again.",
            available=reference.available_range if reference is not None else None,
        )

    def _by_name(self, names: Sequence[str], reference: otio.core.MediaReference, rate: Fraction) -> Source:
        """Find what an EDL names: a clip, its file or its reel, with or without a suffix."""
        for name in names:
            url = name
            if os.path.splitext(name)[1].lower() not in VIDEO_SUFFIXES | IMAGE_SUFFIXES:
                found = self.relinker.find_stem(name)
                url = str(found) if found is not None else ""
            source = self._from_url(url, reference, rate) if url else Source()
            if source.media is not None or source.skip:
                return source
        listed = " or ".join(f"“{name}”" for name in names)
        return Source(
            label=names[0], problem=f"File not found: {listed}; an EDL has names only.", relink=True
        )

    def _from_url(self, url: str, reference: otio.core.MediaReference, rate: Fraction) -> Source:
        available = reference.available_range
        if not url:
            return Source(problem="The edit names no file for this clip; relink it and export again.")
        suffix = os.path.splitext(file_name(url))[1].lower()
        if suffix in AUDIO_SUFFIXES and not self.sound:
            return Source(label=url, skip=SOUND_ONLY)
        try:
            found = self._unpacked(url) or self.relinker.find(url)
        except TimelineError as error:
            if "is not a local file" not in str(error):
                raise
            return Source(label=url, available=available, problem=str(error))
        if found is not None:
            path, proxy = found if isinstance(found, tuple) else (found.path, found.proxy)
            notes = (f"Measured on the proxy {path.name}: the original is offline.",) if proxy else ()
            kind = "still" if path.suffix.lower() in IMAGE_SUFFIXES else "video"
            media = Media(str(path), kind="still" if kind == "still" else "video")
            timecode = self._timecode(media) if available is None else ""
            return Source(self._same(media), url, available, notes=notes, timecode=timecode)
        pattern = self._pattern_of(url)
        if pattern is not None:
            playing = exact_rate(available.duration.rate) if available is not None else rate
            return self._sequence(url, pattern, playing, available)
        what = "No permission to read" if url in self.relinker.denied else "File not found"
        problem = f"{what}: {path_of(url) or url}"
        return Source(label=url, available=available, problem=problem, relink=True)

    def _timecode(self, media: Media) -> str:
        if self._start_timecode is None or media.kind != "video":
            return ""
        if media.path not in self._timecodes:
            self._timecodes[media.path] = self._start_timecode(media.path) or ""
        return self._timecodes[media.path]

    def _unpacked(self, url: str) -> tuple[Path, bool] | None:
        if self.bundle is None or url.startswith(("/", "\\")) or ":" in url[:12]:
            return None
        for spelling in local_candidates(url):
            path = unpack(self.bundle, spelling.replace("\\", "/").removeprefix("./"), self.cache)
            if path is not None:
                return path, False
        return None

    def _pattern_of(self, url: str) -> Pattern | None:
        for spelling in local_candidates(url):
            pattern = parse_pattern(file_name(spelling))
            if pattern is not None:
                return pattern
        return None

    def _from_sequence_reference(
        self, reference: otio.schema.ImageSequenceReference, rate: Fraction
    ) -> Source:
        available = reference.available_range
        step = max(1, reference.frame_step)
        playing = exact_rate(reference.rate) if reference.rate > 0 else None
        if playing is None:
            playing = exact_rate(available.duration.rate) if available is not None else rate
        playing /= step
        last = None
        if available is not None:
            seconds = Fraction(available.duration.value) / exact_rate(available.duration.rate)
            last = reference.start_frame + (max(1, round(seconds * playing)) - 1) * step
        pattern = Pattern(
            reference.name_prefix,
            reference.name_suffix,
            reference.frame_zero_padding,
            reference.start_frame if last is not None else None,
            last,
        )
        base = as_written(reference, "target_url_base")
        joint = "" if base.endswith(("/", "\\")) or not base else "\\" if "\\" in base else "/"
        return self._sequence(f"{base}{joint}{pattern.label()}", pattern, playing, available, step)

    def _sequence(
        self,
        url: str,
        pattern: Pattern,
        playing: Fraction,
        available: otio.opentime.TimeRange | None,
        step: int = 1,
    ) -> Source:
        folder, numbers = self._numbered(url, pattern)
        if step > 1 and pattern.first is not None:
            numbers = tuple(number for number in numbers if (number - pattern.first) % step == 0)
        if folder is None or not numbers:
            missing = f"Image sequence not found: {path_of(url) or url}"
            return Source(label=url, available=available, problem=missing, relink=True)
        if len(numbers) == 1 and pattern.last == pattern.first:
            media = Media(pattern.printf(folder) % numbers[0], kind="still")
            return Source(self._same(media), url, available)
        first, last = pattern.first, pattern.last
        if first is None or last is None:
            first, last = numbers[0], numbers[-1]
        media = Media(
            pattern.printf(folder),
            kind="sequence",
            rate=playing,
            numbers=numbers,
            first=first if step == 1 else None,
            last=last if step == 1 else None,
        )
        return Source(self._same(media), url, available)

    def _numbered(self, url: str, pattern: Pattern) -> tuple[Path | None, tuple[int, ...]]:
        """Folder of a sequence and the numbers in it: as written, below the media root, beside the edit."""
        relinker = self.relinker
        for place in relinker.places(url):
            numbers = pattern.numbers(relinker.names_in(place.parent))
            if numbers:
                return place.parent, numbers
        shape = re.compile(re.escape(pattern.prefix) + r"\d+" + re.escape(pattern.suffix))
        folders = [
            folder
            for folder in relinker.index.folders_with(shape)
            if pattern.numbers(relinker.names_in(folder))
        ]
        name = file_name(url)
        near = closest(url, [folder / name for folder in folders])
        if near is not None:
            return near.parent, pattern.numbers(relinker.names_in(near.parent))
        for place in relinker.beside(url):
            numbers = pattern.numbers(relinker.names_in(place.parent))
            if numbers:
                return place.parent, numbers
        return None, ()

    def _same(self, media: Media) -> Media:
        return self._media.setdefault(media, media)


def bundle_of(base: Path | None, source: str) -> tuple[Path | None, Sequence[Path]]:
    """Return the ``.otioz`` that media may lie in, and the folders that relative paths start from."""
    bases = [base] if base is not None else []
    named = Path(source) if source else None
    if named is None:
        return None, bases
    full = named if named.is_absolute() or base is None else base / named
    if full.suffix.lower() == ".otioz" and full.is_file():
        return full, bases
    if full.suffix.lower() == ".otiod" and full.is_dir():
        return None, [full, *bases]
    return None, bases
