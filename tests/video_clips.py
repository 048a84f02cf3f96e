"""Small clips whose frame number is coded in the picture, and ways to write odd files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from otio_ai_audit import video
from otio_ai_audit.model import Media, MediaInfo, Problem, Span

WIDTH, HEIGHT, BITS = 256, 128, 8


def pictures(count: int, first: int = 0) -> Iterator[np.ndarray]:
    """Pictures with the frame number as bright and dark bars, over a coloured ramp that moves."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    for i in range(first, first + count):
        picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        picture[..., 0] = 60 + (x + 2 * i) % 128 // 2
        picture[..., 1] = 80 + y // 2
        picture[..., 2] = 140 - x // 4
        for bit in range(BITS):
            left = 8 + bit * 30
            picture[16:48, left : left + 24] = 230 if (i >> bit) & 1 else 24
        yield picture


def code_values(frame: video.Frame, plane: int = 0) -> np.ndarray:
    """A plane without padding, levelled to full-range 0–255 as float."""
    width, height = (frame.width, frame.height) if plane == 0 else (frame.chroma_width, frame.chroma_height)
    data = frame.planes[min(plane, len(frame.planes) - 1)]
    if frame.interleaved and plane:
        data = data[:, plane - 1 : 2 * width : 2]
    values = (data[:height, :width] >> frame.shift).astype(np.float64)
    if frame.full_range:
        return values * 255 / ((1 << frame.depth) - 1)
    values /= 1 << (frame.depth - 8)
    return (values - 16) * 255 / 219 if plane == 0 else (values - 128) * 255 / 224 + 128


def number_of(frame: video.Frame) -> int:
    """The frame number that the picture shows."""
    luma = code_values(frame)
    row = 32 * frame.height // HEIGHT
    return sum(int(luma[row, 20 + bit * 30] > 127) << bit for bit in range(BITS))


def read(
    media: Media | Path, span: Span | None = None
) -> tuple[MediaInfo, list[tuple[Fraction, int, bool]], list[Problem]]:
    """Info, (time, number shown, corrupt) of every frame, and problems."""
    if isinstance(media, Path):
        media = Media(str(media))
    with video.read_frames(media, span) as reader:
        frames = [(frame.time, number_of(frame), frame.corrupt) for frame in reader]
    return reader.info, frames, reader.problems


def write_odd(
    path: Path,
    stamps: Sequence[int],
    time_base: Fraction,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    rotation: int | None = None,
    aspect: Fraction | None = None,
) -> None:
    """Write a movie with time stamps, flags or side data that `video.encode` has no need to write."""
    with av.open(str(path), "w", options=dict(container_options or {})) as container:
        stream: Any = container.add_stream(codec, rate=24, options={"threads": "1"} | dict(options or {}))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
        stream.time_base = stream.codec_context.time_base = time_base
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for stamp, picture in zip(stamps, pictures(len(stamps)), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame = frame.reformat(format=pixel_format, dst_colorspace="ITU709")
            frame.pts, frame.time_base = int(stamp), time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
