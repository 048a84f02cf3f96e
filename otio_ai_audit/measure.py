"""One medium in, its signals out: the one loop over frames, and its guards.

Runs in a worker. Every failure comes back as a `MediaFailure` with one sentence; nothing but
KeyboardInterrupt leaves `measure` as an exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import kernels, pictures, video
from .errors import AuditError, MediaError
from .model import (
    GridSignals,
    Media,
    MediaFailure,
    MediaInfo,
    MediaJob,
    MediaSignals,
    MotionSignals,
    Problem,
    Span,
    Thumbnail,
)

Array: TypeAlias = npt.NDArray[Any]
Float32: TypeAlias = npt.NDArray[np.float32]

WHOLE_FILE_LIMIT = Fraction(30)
"""Seconds: a medium no longer than this is measured whole, whatever part the edit uses."""
STRIP_RATE = 2
"""Thumbnails a second."""
SIGNALS_VERSION = f"1-{kernels.source_hash()}"
"""Signals of another version are never used: the hand-counted number is this file's, the hash the kernels'."""


def fixed16(values: Array) -> Float32:
    """Round code values to multiples of 1/256 in [0, 255 255/256], as the store keeps them."""
    return (np.clip(np.floor(np.asarray(values) * 256.0 + 0.5), 0, 65535) * (1 / 256)).astype(np.float32)


def float16(values: Array) -> Float32:
    """Round to what half precision holds, as the store keeps it."""
    return np.asarray(values).astype(np.float16).astype(np.float32)


class Columns:
    """Arrays with one row a frame that grow in steps; no copy is made at the end."""

    def __init__(self, expected: int) -> None:
        self.capacity = max(16, expected)
        self.length = 0
        self.arrays: dict[str, Array] = {}

    def add(self, **row: Any) -> None:
        """Append one frame; every call names the same fields."""
        if self.length == self.capacity:
            self.capacity += self.capacity // 2
            for name, old in self.arrays.items():
                grown = np.zeros((self.capacity, *old.shape[1:]), old.dtype)
                grown[: self.length] = old[: self.length]
                self.arrays[name] = grown
        for name, value in row.items():
            value = np.asarray(value)
            if name not in self.arrays:
                self.arrays[name] = np.zeros((self.capacity, *value.shape), value.dtype)
            self.arrays[name][self.length] = value
        self.length += 1

    def done(self) -> dict[str, Array]:
        """Give the filled part of every array."""
        return {name: array[: self.length] for name, array in self.arrays.items()}


@dataclass(slots=True)
class Step:
    """A frame that waits for the one after it."""

    small: Any
    pair: Any = None
    """Flow between the frame before and this one; None for the first."""


def measure(job: MediaJob) -> MediaSignals | MediaFailure:
    """Decode a medium once and measure everything that detectors read.

    Parameters
    ----------
    job : MediaJob
        The whole medium is measured where it is no longer than `WHOLE_FILE_LIMIT`, else `job.span`.

    Returns
    -------
    MediaSignals or MediaFailure
        Arrays are rounded to what the store keeps; a failure says what happened in one sentence.
    """
    path = job.media.path
    try:
        return _measure(job)
    except AuditError as error:
        return MediaFailure(path, str(error))
    except MemoryError:
        return MediaFailure(path, f"{path} needs more memory than this machine has left; use fewer workers.")
    except Exception as error:  # a worker tells; it never dies of one clip
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        return MediaFailure(path, f"{path} could not be measured: {detail} ({type(error).__name__}).")


def _span_to_measure(job: MediaJob, info: MediaInfo) -> Span | None:
    if job.span is None:
        return None
    if job.media.kind == "still":
        return None
    if info.promised_frames is not None and info.rate > 0:
        if info.promised_frames / info.rate <= WHOLE_FILE_LIMIT:
            return None
    return job.span


def _measure(job: MediaJob) -> MediaSignals:
    info = video.probe(job.media)
    span = _span_to_measure(job, info)
    with video.read_frames(job.media, span) as reader:
        info = reader.info
        length = span.duration if span else Fraction(info.promised_frames or 0) / (info.rate or 1)
        columns = Columns(int(min(length, 3600) * info.rate) + 8)
        strip: list[Thumbnail] = []
        problems: list[Problem] = []
        for row in _rows(reader, info, strip, problems):
            columns.add(**row)
        problems = [*reader.problems, *problems]
    if columns.length == 0:
        where = f" between {float(span.start):.2f} and {float(span.end):.2f} s" if span else ""
        raise MediaError(f"{job.media.path} gives no picture{where}; check that the file is complete.")
    arrays = columns.done()
    if span is None:
        base = info.time_base
        end = int(arrays["pts"][-1]) * base + 1 / info.rate
        promised = Fraction(info.promised_frames or 0) / info.rate
        span = Span(Fraction(0), max(end, promised))
    grid = {name: arrays[name] for name in GridSignals.__dataclass_fields__}
    motion = {name: arrays[name] for name in MotionSignals.__dataclass_fields__}
    return MediaSignals(
        key=job.key,
        info=info,
        span=span,
        grid=GridSignals(**grid),
        motion=MotionSignals(**motion),
        problems=tuple(problems),
        strip=tuple(strip),
    )


def _rows(
    frames: Any, info: MediaInfo, strip: list[Thumbnail], problems: list[Problem]
) -> Iterator[dict[str, Any]]:
    """Measure frame after frame; one frame is held back until its successor is known."""
    grid: kernels.Grid | None = None
    size = (0, 0)
    now: kernels.Small | None = None
    back: kernels.Side | None = None
    pair: kernels.Pair | None = None
    row: dict[str, Any] = {}
    next_thumbnail = 0.0
    for frame in frames:
        planes = kernels.Planes(
            planes=frame.planes,
            width=frame.width,
            height=frame.height,
            chroma_width=frame.chroma_width,
            chroma_height=frame.chroma_height,
            bits=frame.depth + frame.shift,
            full_range=frame.full_range,
            interleaved=frame.interleaved,
        )
        if grid is None:
            size = (frame.width, frame.height)
            grid = kernels.grid_of(*size)
        elif (frame.width, frame.height) != size:
            time = Fraction(frame.pts) * frame.time_base
            message = (
                f"the picture changes from {size[0]} x {size[1]} to {frame.width} x {frame.height} pixels "
                f"at {float(time):.2f} s; what follows is not measured"
            )
            problems.append(Problem("other", message, start=time))
            break
        after = kernels.shrink_frame(planes, grid)
        stats = kernels.picture_stats(after, now, grid)
        next_row = _still_row(frame, after, stats, grid)
        next_row["_same"] = stats.change_sums is not None and not stats.change_sums.any()
        time = float(frame.pts * frame.time_base)
        if time >= next_thumbnail - 1e-6:
            strip.append(Thumbnail(time, _thumbnail(after, info)))
            next_thumbnail = time + 1 / STRIP_RATE
        if now is not None:
            next_pair = kernels.pair_flow(now, after, grid, same=bool(next_row["_same"]))
            yield _moving_row(row, now, back, pair, (after, next_pair), grid)
            back = kernels.compensate(after, now, next_pair.back, next_pair.ahead, grid)
            pair = next_pair
        now, row = after, next_row
    if now is not None and grid is not None:
        yield _moving_row(row, now, back, pair, None, grid)


def _still_row(frame: Any, small: kernels.Small, stats: kernels.Stats, grid: kernels.Grid) -> dict[str, Any]:
    counts = stats.counts
    below = np.cumsum(counts)
    total = int(below[-1])
    change = peak = 0.0
    if stats.change_sums is not None:
        change = float(stats.change_sums.sum()) / (64.0 * total)
        peak = float((stats.change_sums / (64.0 * kernels.cell_counts(grid))).max())
    return {
        "pts": np.int64(frame.pts),
        "luma": fixed16(stats.luma),
        "blue": fixed16(stats.blue),
        "red": fixed16(stats.red),
        "detail": float16(small.detail),
        "change": float16(np.float64(change)),
        "change_peak": float16(np.float64(peak)),
        "histogram": float16(counts.reshape(32, 8).sum(axis=1) / total),
        "low": float16(np.float64(np.searchsorted(below, 0.01 * total))),
        "high": float16(np.float64(np.searchsorted(below, 0.99 * total))),
        "kind": np.uint8(ord(frame.kind[:1] or "?")),
        "corrupt": np.uint8(frame.corrupt),
    }


def _moving_row(
    row: dict[str, Any],
    now: kernels.Small,
    back: kernels.Side | None,
    pair: kernels.Pair | None,
    following: tuple[kernels.Small, kernels.Pair] | None,
    grid: kernels.Grid,
) -> dict[str, Any]:
    shape = (grid.rows, grid.columns)
    row.pop("_same", None)
    nothing = np.zeros(shape, np.float32)
    row["flow"] = np.zeros((*shape, 2), np.float32)
    row["camera"] = np.zeros((2, 3), np.float32)
    row["back"] = row["ahead"] = np.zeros((3, *shape), np.float32)
    row["error"] = row["skip"] = row["trust"] = nothing
    row["likeness"] = np.float32(1.0)
    if back is not None and pair is not None:
        row["flow"] = float16(pair.back[:, :, ::-1] / 32.0)
        row["camera"] = pair.camera.astype(np.float32)
        row["back"] = float16(back.signed)
        row["error"] = float16(back.unsigned)
        row["trust"] = float16(back.trust)
        row["likeness"] = float16(np.float64(kernels.likeness(now.luma, back.warped, grid)))
    if following is not None:
        after, after_pair = following
        ahead = kernels.compensate(now, after, after_pair.ahead, after_pair.back, grid)
        row["ahead"] = float16(ahead.signed)
        if back is not None:
            row["skip"] = float16(kernels.skip_error(back.warped, ahead.warped, grid))
    return row


def _thumbnail(small: kernels.Small, info: MediaInfo) -> bytes:
    unit = 64.0
    blue = None if small.blue is None else small.blue / unit
    red = None if small.red is None else small.red / unit
    picture = pictures.to_rgb(small.luma / unit, blue, red, high=info.height > 576)
    aspect = float(info.width * info.sample_aspect / info.height)
    return pictures.thumbnail(picture, aspect, info.rotation)


def fetch_still(request: tuple[Media, float, int]) -> bytes | MediaFailure:
    """Decode one frame of a medium for people to look at.

    Parameters
    ----------
    request : tuple of (Media, float, int)
        The medium, seconds from its first frame, and the longest side in pixels.

    Returns
    -------
    bytes or MediaFailure
        WebP at display aspect.
    """
    media, time, side = request
    try:
        found = video.rgb_frames(media, [time], max_size=side)
        if not found:
            return MediaFailure(media.path, f"{media.path} gives no picture at {time:.2f} s.")
        return pictures.webp(found[0], quality=75, effort=2)
    except AuditError as error:
        return MediaFailure(media.path, str(error))
    except Exception as error:
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        return MediaFailure(media.path, f"{media.path} gives no picture at {time:.2f} s: {detail}.")
