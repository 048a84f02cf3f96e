"""Writing pictures as movie files and picture sequences, the same bytes for the same pictures."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import av.logging
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from otio_ai_audit.errors import OutputError

Picture = npt.NDArray[np.uint8]

_DEFAULTS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "18"},
    "libx264rgb": {"preset": "veryfast", "crf": "18"},
    "libx265": {"preset": "ultrafast", "crf": "18"},
    "libsvtav1": {"preset": "6", "crf": "20"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "0"},
    "mjpeg": {"flags": "+qscale", "global_quality": str(2 * 118)},
}
_QUIET = {"libx265": ("x265-params", "log-level=none:pools=none:frame-threads=1")}
_MUXER_OPTIONS = frozenset({"movflags", "fflags", "write_tmcd", "avoid_negative_ts", "use_editlist", "brand"})
_PICTURE_CODECS = {
    ".png": ("png", "rgb24"),
    ".jpg": ("mjpeg", "yuvj444p"),
    ".jpeg": ("mjpeg", "yuvj444p"),
    ".tif": ("tiff", "rgb24"),
    ".tiff": ("tiff", "rgb24"),
    ".exr": ("exr", "gbrpf32le"),
}
_NUMBER = re.compile(r"%(0\d+)?d")


def encode(
    path: Path | str,
    frames: Iterable[Picture],
    rate: Fraction,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    timecode: str | None = None,
) -> int:
    """Encode pictures to a movie file, or to numbered picture files.

    One encoder thread and no dates or versions in the file: the same pictures give the same bytes.

    Parameters
    ----------
    path : Path or str
        The suffix chooses the container (mp4, mov, mkv, webm, avi). With a ``%04d`` in its name and the
        suffix png, jpg, tif or exr it is a sequence; `codec` is then chosen by the suffix, and `rate` is
        not written.
    frames : iterable of numpy.ndarray
        Shape (height, width, 3), uint8, sRGB, all of one size. They are converted to BT.709, limited
        range (full with ``color_range`` ``pc``); for JPEG to BT.601 full range, for exr to linear light.
    rate : Fraction
        Frames per second.
    codec : str
        Name of an FFmpeg encoder: libx264, libx265, libsvtav1, libvpx-vp9, prores_ks, dnxhd, ffv1, mjpeg …
    pixel_format : str
        As FFmpeg names it. A sequence whose codec cannot take it gets the codec's usual one.
    options : mapping, optional
        Encoder and muxer options over the defaults; ``start_number`` (default 1) is a sequence's first
        number.
    timecode : str, optional
        Start timecode (mov, mp4: a tmcd track; mkv: a tag).

    Returns
    -------
    int
        Frames written.

    Raises
    ------
    OutputError
        There is nothing to write, or the encoder, its options or the disk refuse.
    """
    path = Path(path)
    own = dict(options or {})
    pictures = _checked(frames, path)
    log: list[Any] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.logging.Capture() as log:
            if _NUMBER.search(path.name):
                count = _encode_sequence(path, pictures, pixel_format, own)
            else:
                count = _encode_movie(path, pictures, Fraction(rate), codec, pixel_format, own, timecode)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        said = next((text.strip() for level, _, text in reversed(log) if level <= av.logging.ERROR), "")
        reason = said or getattr(error, "strerror", None) or str(error)
        raise OutputError(f"{path} cannot be written: {reason}.".replace("..", ".")) from error
    if not count:
        raise OutputError(f"{path} was not written: there are no pictures to encode.")
    return count


def _checked(frames: Iterable[Picture], path: Path) -> Iterator[Picture]:
    shape: tuple[int, ...] | None = None
    for frame in frames:
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise OutputError(f"{path} was not written: pictures must be (height, width, 3) of uint8.")
        if shape is not None and frame.shape != shape:
            raise OutputError(f"{path} was not written: its pictures differ in size.")
        shape = frame.shape
        yield frame


def _encode_movie(
    path: Path,
    pictures: Iterator[Picture],
    rate: Fraction,
    codec: str,
    pixel_format: str,
    own: dict[str, str],
    timecode: str | None,
) -> int:
    first = next(pictures, None)
    if first is None:
        return 0
    pixel_format = _full_jpeg(codec, pixel_format)
    _check_format(path, codec, pixel_format)
    muxer = {"fflags": "+bitexact"} | {k: own.pop(k) for k in list(own) if k in _MUXER_OPTIONS}
    settings = encoder_options(codec, pixel_format) | own
    _quieten(codec, settings)
    with _own_priority(), av.open(str(path), "w", options=muxer) as container:
        stream: Any = container.add_stream(codec, rate=rate, options=settings)
        if timecode is not None:
            container.metadata["timecode"] = timecode
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = pixel_format
        stream.time_base = stream.codec_context.time_base = 1 / rate
        stream.codec_context.thread_count = 1
        full = _is_full(pixel_format, settings)
        _tag(stream.codec_context, pixel_format, full)
        converter = VideoReformatter()
        count = 0
        while first is not None:
            picture = _to_yuv(first, pixel_format, full, converter)
            picture.pts, picture.time_base = count, 1 / rate
            container.mux(stream.encode(picture))
            count += 1
            first = next(pictures, None)
        container.mux(stream.encode(None))
    return count


@contextlib.contextmanager
def _own_priority() -> Iterator[None]:
    """Take back what SVT-AV1 does as root: it makes its caller, and so all that this one starts, real-time.

    Two such processes that are busy hold up a machine of two cores.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            os.sched_setscheduler(0, policy, parameters)


def encoder_options(codec: str, pixel_format: str) -> dict[str, str]:
    """Give the options that suit a codec and pixel format: quick, near to transparent."""
    if codec == "prores_ks":
        return {"profile": "4444" if "444" in pixel_format else "hq", "vendor": "apl0"}
    if codec == "dnxhd":
        if "444" in pixel_format or "gbr" in pixel_format:
            return {"profile": "dnxhr_444"}
        return {"profile": "dnxhr_hqx" if "10" in pixel_format else "dnxhr_hq"}
    return dict(_DEFAULTS.get(codec, {}))


def _full_jpeg(codec: str, pixel_format: str) -> str:
    """JPEG knows full range only."""
    return pixel_format.replace("yuv4", "yuvj4") if codec == "mjpeg" else pixel_format


def _check_format(path: Path, codec: str, pixel_format: str) -> None:
    try:
        formats = [format.name for format in av.Codec(codec, "w").video_formats or ()]
    except (av.error.FFmpegError, ValueError) as error:
        raise OutputError(f"{path} cannot be written: there is no encoder named {codec}.") from error
    if formats and pixel_format not in formats:
        raise OutputError(
            f"{path} cannot be written: {codec} takes {', '.join(formats)}, not {pixel_format}."
        )


def _quieten(codec: str, settings: dict[str, str]) -> None:
    """Keep encoders that print past FFmpeg's log silent, and on one thread."""
    if codec in _QUIET:
        key, value = _QUIET[codec]
        settings[key] = f"{value}:{settings[key]}" if key in settings else value
    if codec == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "0")
        settings.setdefault("svtav1-params", "lp=1")


def _is_full(pixel_format: str, settings: Mapping[str, str]) -> bool:
    return pixel_format.startswith("yuvj") or settings.get("color_range") in ("pc", "jpeg", "full", "2")


def _is_rgb(pixel_format: str) -> bool:
    return bool(av.VideoFormat(pixel_format).is_rgb)


def _tag(context: Any, pixel_format: str, full: bool) -> None:
    context.color_primaries = 1
    context.color_trc = 1
    if not _is_rgb(pixel_format):
        context.colorspace = 5 if pixel_format.startswith("yuvj") else 1
        context.color_range = 2 if full or pixel_format.startswith("gray") else 1


def _to_yuv(picture: Picture, pixel_format: str, full: bool, converter: VideoReformatter) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
    if pixel_format == "rgb24":
        return frame
    options: dict[str, Any] = {}
    if pixel_format.startswith("gray"):  # swscale's own way to gray is BT.601
        luma = picture @ np.array([0.2126, 0.7152, 0.0722])
        if pixel_format == "gray":
            return av.VideoFrame.from_ndarray(np.rint(luma).astype(np.uint8), "gray")
        frame = av.VideoFrame.from_ndarray(np.rint(luma * 257).astype(np.uint16), "gray16le")
        options = {"dst_color_range": "JPEG"}
    elif not _is_rgb(pixel_format):
        # JPEG (JFIF) is BT.601 by its standard, everything else here BT.709.
        matrix = "ITU601" if pixel_format.startswith("yuvj") else "ITU709"
        options = {"dst_colorspace": matrix, "dst_color_range": "JPEG" if full else "MPEG"}
    shown = converter.reformat(frame, format=pixel_format, src_color_range="JPEG", **options, threads=1)
    if not _is_rgb(pixel_format):
        shown.color_primaries, shown.color_trc = 1, 1
    return shown


def _encode_sequence(path: Path, pictures: Iterator[Picture], pixel_format: str, own: dict[str, str]) -> int:
    suffix = path.suffix.lower()
    if suffix not in _PICTURE_CODECS:
        raise OutputError(f"{path} cannot be written: sequences end in {', '.join(_PICTURE_CODECS)}.")
    codec, usual = _PICTURE_CODECS[suffix]
    number = int(own.pop("start_number", "1"))
    formats = {format.name for format in av.Codec(codec, "w").video_formats or ()}
    chosen = _full_jpeg(codec, pixel_format)
    if chosen not in formats:
        chosen = usual
    converter = VideoReformatter()
    count = 0
    context: Any = None
    for picture in pictures:
        if context is None or codec == "exr":
            context = av.CodecContext.create(codec, "w")
            context.height, context.width = picture.shape[:2]
            context.pix_fmt = chosen
            context.time_base = Fraction(1, 25)
            context.thread_count = 1
            context.options = _DEFAULTS.get(codec, {}) | own
        frame = _from_srgb(picture) if codec == "exr" else _to_yuv(picture, chosen, True, converter)
        frame.pts, frame.time_base = count, Fraction(1, 25)
        data = b"".join(bytes(packet) for packet in context.encode(frame))
        Path(str(path) % (number + count)).write_bytes(data)
        count += 1
    return count


def _from_srgb(picture: Picture) -> av.VideoFrame:
    """Bring sRGB code values to linear light, as EXR holds it (IEC 61966-2-1)."""
    coded = np.arange(256) / 255
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return av.VideoFrame.from_ndarray(light[picture], "gbrpf32le")
