"""A timeline of bare media: each file, image sequence or still is one clip, as Resolve would write it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from otio_ai_audit.errors import AuditError
from otio_ai_audit.model import Media, MediaInfo
from otio_ai_audit.timecode import nominal_rate
from otio_ai_audit.timeline.relink import IMAGE_SUFFIXES
from otio_ai_audit.timeline.takes import Follow, Take, expand

DEFAULT_RATE = Fraction(24)
"""Frames per second where no file says one (image sequences, stills)."""
UNKNOWN_SECONDS = 10
"""Record length of a file that does not say how long it is; all of it is audited all the same."""


def from_media(
    paths: Sequence[Path], probe: Callable[[Media], MediaInfo], follow: Follow | None = None
) -> otio.schema.Timeline:
    """Build a timeline of media files, folders and patterns of numbered pictures.

    Parameters
    ----------
    paths : Sequence[Path]
        Files and folders; ``shot.%04d.exr``, ``shot.####.exr`` and ``shot.[1-100].exr`` are sequences.
    probe : Callable[[Media], MediaInfo]
        `video.probe`.
    follow : Callable[[Sequence[Path]], bool] or None
        `video.follow`, which tells few numbered pictures of one shot from photos; without it they are a shot.

    Returns
    -------
    opentimelineio.schema.Timeline
        Starting at 01:00:00:00, at the rate of the first medium that has one. A file that cannot be
        opened is a clip of one second with its reason in ``metadata["otio_ai_audit"]["failure"]``.

    Raises
    ------
    TimelineError
        If a path does not exist.
    MediaError
        If a folder cannot be read or holds no media.
    """
    files = [Path(path).absolute() for path in paths]
    takes = [(take, media_of(take)) for take in expand(files, follow)]
    probed: list[MediaInfo | str] = []
    rate: Fraction | None = None
    for _, media in takes:
        info = _look(media, probe)
        probed.append(info)
        if rate is None and not isinstance(info, str) and media.kind == "video":
            rate = info.rate
    rate = rate or DEFAULT_RATE
    track = otio.schema.Track("Video 1", kind=otio.schema.TrackKind.Video)
    for (take, media), info in zip(takes, probed, strict=True):
        track.append(_clip(take, media, info, rate))
    tl = otio.schema.Timeline(_name(paths), metadata={"otio_ai_audit": {"made_from": "media"}})
    tl.global_start_time = _time(nominal_rate(rate) * 3600, rate)
    tl.tracks.append(track)
    return tl


def _name(paths: Sequence[Path]) -> str:
    first = Path(paths[0]).absolute() if paths else Path("media")
    return (
        first.stem
        if first.is_file() and len(paths) == 1
        else first.name
        if first.is_dir()
        else first.parent.name
    )


def media_of(take: Take) -> Media:
    """Say what a worker has to open for a take."""
    if take.pattern is not None:
        return Media(
            take.pattern.printf(take.path.parent),
            kind="sequence",
            rate=DEFAULT_RATE,
            numbers=take.numbers,
            first=take.pattern.first,
            last=take.pattern.last,
        )
    still = take.path.suffix.lower() in IMAGE_SUFFIXES
    return Media(str(take.path), kind="still" if still else "video")


def _look(media: Media, probe: Callable[[Media], MediaInfo]) -> MediaInfo | str:
    try:
        return probe(media)
    except AuditError as error:
        return str(error)


def _clip(take: Take, media: Media, info: MediaInfo | str, rate: Fraction) -> otio.schema.Clip:
    if isinstance(info, str):
        clip = _external(take, 1, rate, Fraction(math.ceil(rate)), rate)
        clip.metadata["otio_ai_audit"] = {"failure": info}
        return clip
    if media.kind == "still":
        return _external(take, 1, rate, Fraction(1), rate)
    if media.kind == "sequence" and take.pattern is not None:
        count = (take.pattern.last or 0) - (take.pattern.first or 0) + 1
        # A sequence has no rate of its own: it plays frame by frame.
        reference = otio.schema.ImageSequenceReference(
            target_url_base=str(take.path.parent),
            name_prefix=take.pattern.prefix,
            name_suffix=take.pattern.suffix,
            start_frame=take.pattern.first or 0,
            frame_step=1,
            rate=float(rate),
            frame_zero_padding=max(1, take.pattern.padding),
            available_range=_range(0, count, rate),
        )
        reference.name = take.path.name
        return _resolve_clip(take, reference, Fraction(count), rate)
    if not info.promised_frames:
        record = math.ceil(UNKNOWN_SECONDS * rate)
        reference = otio.schema.ExternalReference(target_url=str(take.path))
        clip = _resolve_clip(take, reference, Fraction(record), rate)
        clip.metadata["otio_ai_audit"] = {"open_end": True}
        return clip
    record_frames = Fraction(math.ceil(info.promised_frames * rate / info.rate - Fraction(1, 1000)))
    return _external(take, info.promised_frames, info.rate, record_frames, rate)


def _external(
    take: Take, frames: int, media_rate: Fraction, record: Fraction, rate: Fraction
) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference(
        target_url=str(take.path), available_range=_range(0, frames, media_rate)
    )
    reference.name = take.path.name
    return _resolve_clip(take, reference, record, rate)


def _resolve_clip(
    take: Take, reference: otio.core.MediaReference, record: Fraction, rate: Fraction
) -> otio.schema.Clip:
    return otio.schema.Clip(
        name=take.path.name,
        media_reference=reference,
        source_range=_range(0, max(1, int(record)), rate),
    )


def _time(value: int, rate: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(float(value), float(rate))


def _range(start: int, frames: int, rate: Fraction) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start, rate), _time(frames, rate))
