"""What a medium is: size, rate, range, transfer and the rest, from its header and first picture."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av

from otio_ai_audit.model import Media, MediaInfo, Problem
from otio_ai_audit.video.hardware import software_name
from otio_ai_audit.video.planes import bit_depth, has_alpha, is_float, is_full_range
from otio_ai_audit.video.promise import is_variable, promised_frames
from otio_ai_audit.video.sequence import SequenceSource
from otio_ai_audit.video.source import FileSource

_TRANSFERS = {
    **dict.fromkeys((1, 4, 5, 6, 7, 11, 12, 13, 14, 15), "sdr"),
    8: "linear",
    16: "pq",
    18: "hlg",
}
"""AVColorTransferCharacteristic in the words of `MediaInfo.transfer`."""
_INTERLACED_ORDERS = (2, 3, 4, 5)
"""AVFieldOrder: top or bottom first, coded or displayed."""


def open_source(media: Media, threads: int = 1, hwaccel: str = "") -> FileSource | SequenceSource:
    """Open a medium, decode its first picture and leave it ready to be read.

    Raises
    ------
    MediaError
        One sentence: what is wrong with which file and what to do.
    """
    if media.kind == "video":
        return FileSource(media.path, threads, hwaccel)
    return SequenceSource(media, threads)


def start_timecode(path: str) -> str | None:
    """Timecode of a file's first frame (``01:00:00:00``), as its header has it; None without one."""
    try:
        with av.open(path, options={"protocol_whitelist": "file"}) as container:
            tags = [container.metadata, *(stream.metadata for stream in container.streams)]
    except (av.FFmpegError, OSError, ValueError):
        return None
    return next((tag["timecode"] for tag in tags if tag.get("timecode")), None)


def probe(media: Media) -> MediaInfo:
    """Say what a medium is; opens it and decodes one picture.

    Parameters
    ----------
    media : Media
        A file, a sequence or a still.

    Returns
    -------
    MediaInfo
        Width and height are those of the coded picture, before rotation and sample aspect.

    Raises
    ------
    MediaError
        The medium cannot be opened, has no video or no picture that can be decoded.
    """
    source = open_source(media)
    try:
        return describe(source)
    finally:
        source.close()


def describe(source: FileSource | SequenceSource) -> MediaInfo:
    """Make the `MediaInfo` of an opened source."""
    picture = source.first
    format = picture.format
    name = format.name
    stream: Any = None
    if isinstance(source, FileSource):
        stream = source.stream
        promised = promised_frames(source.container, stream, source.rate, source.origin)
        variable = is_variable(stream, source.container)
        codec = stream.codec_context.name
        if source.device:
            name = software_name(name, codec, is_full_range(picture))
    else:
        promised, variable, codec = source.promised, False, source.codec
    return MediaInfo(
        width=picture.width,
        height=picture.height,
        rate=source.rate,
        time_base=source.time_base,
        promised_frames=promised,
        pixel_format=name,
        bit_depth=bit_depth(format),
        full_range=is_full_range(picture),
        transfer="linear" if is_float(format) else _TRANSFERS.get(int(picture.color_trc), "unknown"),
        interlaced=_is_interlaced(picture, stream),
        variable_rate=variable,
        rotation=clockwise(picture),
        sample_aspect=_sample_aspect(stream),
        has_alpha=has_alpha(format),
        codec=codec,
    )


def slack_of(info: MediaInfo) -> int:
    """Ticks of rounding that are forgiven when times are compared: one, where a frame lasts many."""
    return 1 if 1 / info.rate >= 8 * info.time_base else 0


def clockwise(picture: av.VideoFrame) -> int:
    """Degrees by which a picture is to be turned clockwise for display: 0, 90, 180 or 270."""
    return round(-picture.rotation / 90) * 90 % 360


def _is_interlaced(picture: av.VideoFrame, stream: Any) -> bool:
    if picture.interlaced_frame:
        return True
    order = getattr(stream.codec_context, "field_order", 0) if stream is not None else 0
    return int(order) in _INTERLACED_ORDERS


def _sample_aspect(stream: Any) -> Fraction:
    aspect = stream.sample_aspect_ratio if stream is not None else None
    if not aspect or not Fraction(1, 10) <= aspect <= 10:
        return Fraction(1)
    return Fraction(aspect)


def remarks(info: MediaInfo) -> list[Problem]:
    """List what a reader of the signals should know of the medium itself."""
    found = []
    if info.interlaced:
        found.append(Problem("interlaced", "Interlaced: only the first field of each frame is measured."))
    if info.transfer in ("pq", "hlg"):
        found.append(Problem("hdr", f"HDR ({info.transfer.upper()}): not calibrated."))
    return found
