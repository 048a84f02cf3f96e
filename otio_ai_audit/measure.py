"""One medium in, its signals out: the one loop over frames, and its guards.

Runs in a worker. Every failure comes back as a `MediaFailure` with one sentence; nothing but
KeyboardInterrupt leaves `measure` as an exception.
"""

from __future__ import annotations

import contextlib
import hashlib
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import kernels, pictures, video
from .errors import AuditError, MediaError
from .model import (
    GridSignals,
    IdentitySignals,
    MediaFailure,
    MediaInfo,
    MediaJob,
    MediaSignals,
    MotionSignals,
    Problem,
    Span,
    Thumbnail,
)

if TYPE_CHECKING:
    from .identity.sampler import Sampler

Array: TypeAlias = npt.NDArray[Any]
Float32: TypeAlias = npt.NDArray[np.float32]

WHOLE_FILE_LIMIT = Fraction(30)
"""Seconds: a medium no longer than this is measured whole, whatever part the edit uses."""
STRIP_RATE = 2
"""Thumbnails a second."""
IN_ADVANCE = 3
"""Frames that are decoded ahead when decoding has its own thread."""


def _sources() -> str:
    """Hash of everything that signals depend on: this file, the decoding and the kernels."""
    here = Path(__file__)
    digest = hashlib.sha256(kernels.source_hash().encode())
    for path in (here, *sorted((here.parent / "video").glob("*.py"))):
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


SIGNALS_VERSION = _sources()
"""Stored signals of another version are never used; no number has to be counted up by hand."""


def fixed16(values: Array) -> Float32:
    """Round code values to multiples of 1/256 in [0, 255 255/256], as the store keeps them."""
    return (np.clip(np.floor(np.asarray(values) * 256.0 + 0.5), 0, 65535) * (1 / 256)).astype(np.float32)


def float16(values: Array) -> Float32:
    """Round to what half precision holds, as the store keeps it."""
    return np.asarray(values).astype(np.float16).astype(np.float32)


def as_it_is(values: Array) -> Array:
    """Keep values that are stored as they are; floats become single precision."""
    return values.astype(np.float32) if values.dtype == np.float64 else values


ROUNDING: dict[str, Callable[[Array], Array]] = {
    field.name: {"fixed16": fixed16, "float16": float16}.get(field.metadata["store"], as_it_is)
    for group in (GridSignals, MotionSignals, IdentitySignals)
    for field in fields(group)
}
"""How each field is rounded, by the storage that its metadata names."""


class Columns:
    """Arrays with one row a frame that grow by blocks; no copy is made at the end."""

    def __init__(self, expected: int) -> None:
        self.capacity = max(16, expected)
        self.length = 0
        self.arrays: dict[str, Array] = {}

    def extend(self, rows: dict[str, Array]) -> None:
        """Append some frames; every call names the same fields."""
        count = len(next(iter(rows.values())))
        while self.length + count > self.capacity:
            self.capacity += max(count, self.capacity // 2)
        for name, values in rows.items():
            held = self.arrays.get(name)
            if held is None or len(held) < self.capacity:
                grown = np.empty((self.capacity, *values.shape[1:]), values.dtype)
                if held is not None:
                    grown[: self.length] = held[: self.length]
                self.arrays[name] = held = grown
            held[self.length : self.length + count] = values
        self.length += count

    def done(self) -> dict[str, Array]:
        """Give the filled part of every array."""
        return {name: array[: self.length] for name, array in self.arrays.items()}


def measure(job: MediaJob, *, overlap: bool = False) -> MediaSignals | MediaFailure:
    """Decode a medium once and measure everything that detectors read.

    Parameters
    ----------
    job : MediaJob
        The whole medium is measured where it is no longer than `WHOLE_FILE_LIMIT`, else `job.span`.
    overlap : bool
        Decode the next frames in a thread of their own meanwhile. It pays where cores would be idle (fewer
        media than cores); the work, and every number, stays the same.

    Returns
    -------
    MediaSignals or MediaFailure
        Arrays are rounded to what the store keeps; a failure says what happened in one sentence.
    """
    path = job.media.path
    try:
        if not job.hwaccel:
            return _measure(job, overlap)
        try:
            return _measure(job, overlap)
        except Exception:  # whatever a device stumbles over, the processor may not
            return _measure(replace(job, hwaccel=""), overlap)
    except AuditError as error:
        return MediaFailure(path, str(error))
    except MemoryError:
        return MediaFailure(path, f"{path} needs more memory than this machine has left; use fewer workers.")
    except Exception as error:  # a worker tells; it never dies of one clip
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        return MediaFailure(path, f"{path} could not be measured: {detail} ({type(error).__name__}).")


def _measure(job: MediaJob, overlap: bool) -> MediaSignals:
    span = None if job.media.kind == "still" else job.span
    if span is not None:
        with video.read_frames(job.media, hwaccel=job.hwaccel) as reader:
            if _short(reader.info):
                return _read(job, reader, None, overlap)
    with video.read_frames(job.media, span, hwaccel=job.hwaccel) as reader:
        return _read(job, reader, span, overlap)


def _short(info: MediaInfo) -> bool:
    """Whether the container promises a medium that is measured whole."""
    return info.promised_frames is not None and info.promised_frames <= WHOLE_FILE_LIMIT * info.rate


def _read(job: MediaJob, reader: video.FrameReader, span: Span | None, overlap: bool) -> MediaSignals:
    info = reader.info
    length = span.duration if span else Fraction(info.promised_frames or 0) / info.rate
    columns = Columns(int(min(length, Fraction(600)) * info.rate) + 2)
    strip: list[Thumbnail] = []
    problems: list[Problem] = []
    sampler = _sampler(info, float(length)) if job.identity else None
    with contextlib.ExitStack() as stack:
        frames: Iterable[video.Frame] = reader
        if overlap:  # its thread must have ended before the reader is closed
            frames = stack.enter_context(contextlib.closing(_in_advance(reader)))
        for rows in _blocks(frames, info, strip, problems, sampler):
            rounded = {name: ROUNDING[name](values) for name, values in rows.items()}
            columns.extend(rounded)
            if sampler is not None:
                sampler.measured(rounded)
    if columns.length == 0:
        where = f" between {float(span.start):.2f} and {float(span.end):.2f} s" if span else ""
        raise MediaError(f"{job.media.path} gives no picture{where}; check that the file is complete.")
    arrays = columns.done()
    # a medium shorter than the interval covers it all the same: there is nothing more
    covered = span or Span(Fraction(0), _end(info, int(arrays["pts"][-1])))
    return MediaSignals(
        key=job.key,
        info=info,
        span=covered,
        grid=GridSignals(**{name: arrays[name] for name in GridSignals.__dataclass_fields__}),
        motion=MotionSignals(**{name: arrays[name] for name in MotionSignals.__dataclass_fields__}),
        problems=(*reader.problems, *problems),
        strip=tuple(strip),
        identity=None if sampler is None else _identity(sampler),
    )


def _sampler(info: MediaInfo, length: float) -> Sampler:
    from .identity.sampler import Sampler  # only where it is wanted: it stands for heavy libraries

    def picture(planes: kernels.Planes) -> npt.NDArray[np.uint8]:
        return kernels.rgb_picture(planes, high=_high(info), transfer=info.transfer)

    return Sampler(info, length, picture)


def _identity(sampler: Sampler) -> IdentitySignals:
    found = sampler.finish()
    return IdentitySignals(**{f.name: ROUNDING[f.name](getattr(found, f.name)) for f in fields(found)})


def _in_advance(frames: Iterable[video.Frame]) -> Generator[video.Frame, None, None]:
    """Decode up to `IN_ADVANCE` frames ahead in a thread; its errors come out here."""
    ready: queue.Queue[video.Frame | BaseException | None] = queue.Queue(IN_ADVANCE)
    stop = threading.Event()

    def decode() -> None:
        last: BaseException | None = None
        try:
            for frame in frames:
                ready.put(frame)
                if stop.is_set():
                    break
        except BaseException as error:
            last = error
        ready.put(last)

    thread = threading.Thread(target=decode, name="decode", daemon=True)
    thread.start()
    found: video.Frame | BaseException | None = None
    try:
        while (found := ready.get()) is not None:
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        # the thread may wait for room: make room until it has ended, or the medium closes under it
        stop.set()
        while thread.is_alive():
            with contextlib.suppress(queue.Empty):
                ready.get(timeout=0.05)
        thread.join()


def _end(info: MediaInfo, last: int) -> Fraction:
    promised = Fraction(info.promised_frames or 0) / info.rate
    return max(last * info.time_base + 1 / info.rate, promised)


def _blocks(
    frames: Iterable[video.Frame],
    info: MediaInfo,
    strip: list[Thumbnail],
    problems: list[Problem],
    sampler: Sampler | None = None,
) -> Iterator[dict[str, Array]]:
    """Measure frame after frame; give what is finished in blocks, filling `strip` on the way."""
    series: kernels.Series | None = None
    size = (0, 0)
    next_thumbnail = 0.0
    heads: list[tuple[int, int, bool]] = []
    for frame in frames:
        if series is None:
            size = (frame.width, frame.height)
            series = kernels.Series(kernels.grid_of(*size))
        elif (frame.width, frame.height) != size:
            problems.append(_resized(frame, size))
            break
        planes = _planes(frame)
        done = series.add(planes)
        heads.append((frame.pts, ord(frame.kind[:1] or "?"), frame.corrupt))
        time = frame.pts * float(frame.time_base)
        if time >= next_thumbnail - 1e-6 and series.latest is not None:
            strip.append(Thumbnail(time, _thumbnail(series.latest, info)))
            next_thumbnail = time + 1 / STRIP_RATE
        if sampler is not None:
            sampler.add(series.length - 1, time, planes, sum(plane.nbytes for plane in planes.planes))
        if done is not None:
            yield _with_heads(done, heads)
    if series is not None:
        yield _with_heads(series.finish(), heads)


def _planes(frame: video.Frame) -> kernels.Planes:
    return kernels.Planes(
        planes=frame.planes,
        width=frame.width,
        height=frame.height,
        chroma_width=frame.chroma_width,
        chroma_height=frame.chroma_height,
        bits=frame.depth + frame.shift,
        full_range=frame.full_range,
        interleaved=frame.interleaved,
    )


def _with_heads(rows: dict[str, Array], heads: list[tuple[int, int, bool]]) -> dict[str, Array]:
    """Join a block with what the decoder said of its frames, and drop that from `heads`."""
    count = len(rows["luma"])
    pts, kinds, corrupt = zip(*heads[:count], strict=True)
    del heads[:count]
    return rows | {
        "pts": np.array(pts, np.int64),
        "kind": np.array(kinds, np.uint8),
        "corrupt": np.array(corrupt, np.uint8),
    }


def _resized(frame: video.Frame, size: tuple[int, int]) -> Problem:
    time = Fraction(frame.pts) * frame.time_base
    message = (
        f"The picture changes from {size[0]} x {size[1]} to {frame.width} x {frame.height} pixels "
        f"at {float(time):.2f} s; what follows is not measured."
    )
    return Problem("other", message, start=time)


def _high(info: MediaInfo) -> bool:
    """Whether the matrix is BT.709: RGB was converted to it; what says nothing is BT.601 below 720 lines."""
    return info.height >= 720 or not info.pixel_format.startswith("yuv")


def _thumbnail(small: kernels.Small, info: MediaInfo) -> bytes:
    aspect = float(info.width * info.sample_aspect / info.height)
    return pictures.thumbnail(
        small.luma, small.blue, small.red, high=_high(info), aspect=aspect, rotation=info.rotation
    )
