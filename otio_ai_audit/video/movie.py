"""Writing finished pictures as a movie: one segment without sound, the same bytes for the same pictures."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self

import av
import av.error
import av.logging
import numpy as np
import numpy.typing as npt

from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import Canvas, Planes

MovieCodec = Literal["h264", "prores"]

PIXEL_FORMATS: dict[MovieCodec, str] = {"h264": "yuv420p", "prores": "yuv422p10le"}
"""What a canvas must hold (`Canvas.pixel_format`) to be written without a conversion."""
PRORES_PROFILES = ("proxy", "lt", "standard", "hq")
CRF = 18
"""Usual quality of H.264: hardly to be told from its source."""
GROUP_SECONDS = 2
"""Longest way from one key frame to the next, so that a player finds its place quickly."""

_BT709, _LIMITED = 1, 1


class MovieWriter:
    """Writes pictures to one segment of a movie, which `join` puts behind others without encoding again.

    A segment begins with a key frame, nothing in it points out of it, and frame n is shown at exactly
    n / rate. One encoder thread and no dates or versions: the same pictures give the same bytes.

    Parameters
    ----------
    target : Path or binary file
        A QuickTime movie is written there; a file must be seekable (`io.BytesIO` is).
    size : tuple of int
        Width and height of the pictures, both even.
    rate : Fraction
        Frames per second.
    codec : str
        ``h264`` takes 8 bits, 4:2:0; ``prores`` takes 10 bits, 4:2:2 (`PIXEL_FORMATS`).
    quality : int, optional
        Of H.264: its CRF, 0 (no loss) to 51, `CRF` without it.
    profile : str
        Of ProRes: one of `PRORES_PROFILES`.

    Raises
    ------
    OutputError
        An argument is wrong, pictures do not fit, none came, or encoder or disk refuse.
    """

    def __init__(
        self,
        target: Path | BinaryIO,
        size: tuple[int, int],
        rate: Fraction,
        *,
        codec: MovieCodec = "h264",
        quality: int | None = None,
        profile: str = "hq",
    ) -> None:
        self.count = 0
        """Pictures written so far."""
        self._name = name_of(target)
        self._rate = Fraction(rate)
        options = self._options(codec, quality, profile)
        self._check_size(size)
        self._canvas = Canvas(*size, PIXEL_FORMATS[codec])
        log: list[Any] = []
        try:
            with av.logging.Capture() as log:
                self._container: Any = av.open(
                    str(target) if isinstance(target, Path) else target,
                    "w",
                    format="mov",
                    options={"fflags": "+bitexact", "write_tmcd": "0"},
                )
                self._stream = self._add_stream(self._container, codec, options)
                self._container.start_encoding()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise refusal(self._name, error, log) from error
        # Both encoders copy what they are given, so one frame carries all pictures.
        self._frame = av.VideoFrame(*size, self._canvas.pixel_format)
        self._frame.color_primaries = self._frame.color_trc = self._frame.colorspace = _BT709
        self._frame.color_range = _LIMITED
        self._frame.time_base = 1 / self._rate
        self._planes = [_visible(plane, self._canvas.bits) for plane in self._frame.planes]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._abandon()

    def write(self, planes: Planes) -> None:
        """Encode the next picture; its alpha is left out."""
        for own, new in zip(self._planes, planes.channels, strict=True):
            if new.shape != own.shape or new.dtype != own.dtype:
                raise OutputError(self._misfit(planes))
            own[...] = new
        self._frame.pts = self.count
        self._encode(self._frame)
        self.count += 1

    def close(self) -> None:
        """Write what the encoder still holds and the movie's index."""
        if not self.count:
            self._abandon()
            raise OutputError(f"{self._name} was not written: there are no pictures to encode.")
        try:
            self._encode(None)
        except OutputError:
            self._abandon()
            raise
        log: list[Any] = []
        try:
            with av.logging.Capture() as log:
                self._container.close()
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise refusal(self._name, error, log) from error

    def _abandon(self) -> None:
        """Let go of a movie that will not be finished."""
        with contextlib.suppress(av.error.FFmpegError, OSError, ValueError), av.logging.Capture():
            self._container.close()

    def _encode(self, frame: av.VideoFrame | None) -> None:
        log: list[Any] = []
        try:
            with av.logging.Capture() as log:
                self._container.mux(self._stream.encode(frame))
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise refusal(self._name, error, log) from error

    def _add_stream(self, container: Any, codec: str, options: dict[str, str]) -> Any:
        encoder = "libx264" if codec == "h264" else "prores_ks"
        stream = container.add_stream(encoder, rate=self._rate, options=options)
        stream.width, stream.height = self._canvas.width, self._canvas.height
        stream.pix_fmt = self._canvas.pixel_format
        context = stream.codec_context
        stream.time_base = context.time_base = 1 / self._rate
        context.thread_count = 1
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED
        return stream

    def _options(self, codec: str, quality: int | None, profile: str) -> dict[str, str]:
        if codec == "h264":
            if quality is not None and not 0 <= quality <= 51:
                raise OutputError(f"A quality of {quality} is not possible; give 0 (best) to 51 (smallest).")
            group = max(1, math.floor(GROUP_SECONDS * self._rate))
            crf = CRF if quality is None else quality
            # x264's macroblock tree reads memory that nothing has written: bytes differ from run to run.
            own = {"x264-params": "mbtree=0"}
            return {"preset": "veryfast", "crf": str(crf), "g": str(group), "flags": "+cgop"} | own
        if codec != "prores":
            raise OutputError(f"There is no movie codec named {codec}; take h264 or prores.")
        if quality is not None:
            raise OutputError("ProRes has profiles instead of a quality; leave the quality out.")
        if profile not in PRORES_PROFILES:
            raise OutputError(
                f"There is no ProRes profile named {profile}; take one of {', '.join(PRORES_PROFILES)}."
            )
        return {"profile": profile, "vendor": "apl0"}

    def _check_size(self, size: tuple[int, int]) -> None:
        if self._rate <= 0:
            raise OutputError(f"{self._name} cannot be written at {self._rate} frames per second.")
        if min(size) < 2 or size[0] % 2 or size[1] % 2:
            raise OutputError(
                f"{self._name} cannot be written: width and height must be even, not {size[0]} × {size[1]}."
            )

    def _misfit(self, planes: Planes) -> str:
        canvas = self._canvas
        shapes = ", ".join(f"{plane.shape} {plane.dtype}" for plane in planes.channels)
        return (
            f"{self._name} was not written: picture {self.count} ({shapes}) does not fit "
            f"{canvas.width} × {canvas.height} {canvas.pixel_format}."
        )


def name_of(target: object) -> str:
    """Give what a person calls a file: its path, or what is held in memory."""
    if isinstance(target, (Path, str)):
        return str(target)
    name = getattr(target, "name", None)
    return name if isinstance(name, str) else "The movie in memory"


def refusal(name: str, error: Exception, log: list[Any]) -> OutputError:
    """Turn what PyAV, FFmpeg or the disk said into one sentence."""
    said = next((text.strip() for level, _, text in reversed(log) if level <= av.logging.ERROR), "")
    reason = said or getattr(error, "strerror", None) or str(error)
    return OutputError(f"{name} cannot be written: {reason}.".replace("..", "."))


def _visible(plane: Any, bits: int) -> npt.NDArray[Any]:
    """View the part of an encoder's plane that is seen, without the padding of its lines."""
    kind = np.dtype("u1") if bits == 8 else np.dtype("<u2")
    memory = np.frombuffer(plane, kind)
    memory[...] = 0
    return memory.reshape(-1, plane.line_size // kind.itemsize)[: plane.height, : plane.width]
