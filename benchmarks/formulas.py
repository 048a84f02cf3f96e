"""What others measure, restated from their papers and sources: one number a frame, from one decoding.

Value t of a series belongs to frame t; a difference of frames t − 1 and t belongs to t, and frame 0 has 0.

vbench
    Mean |F(t) − F(t−1)| over BGR (Huang et al., VBench, CVPR 2024; ``vbench/temporal_flickering.py``,
    Apache-2.0). Its score is (255 − mean) / 255, and it asks for static video.
luma
    |Y(t) − (Y(t−1) + Y(t+1)) / 2| of the picture's mean luma: the best simple formula known.
luma_step
    |Y(t) − Y(t−1)| of the picture's mean luma.
ydif
    Mean |Y(t) − Y(t−1)| over the picture: ``YDIF`` of FFmpeg's ``vf_signalstats.c``.
deflicker
    |mean of five luma means from t on, over luma mean t, − 1|: ``relative_change`` of FFmpeg's
    ``vf_deflicker.c`` with its defaults; the last frame is repeated at the end.
photosensitivity
    Weighted sum of the last 30 differences of an 8 × 8 grid of RGB means, over the filter's threshold:
    ``badness`` of FFmpeg's ``vf_photosensitivity.c`` with ``bypass=1``, which counts frame 0 against black;
    here it counts 0.
photosensitivity_frame
    The same, of one frame: ``frame-badness``.
warp
    Mean (W(F(t)) − F(t−1))² over pixels that are not occluded (Lai et al., Learning Blind Video Temporal
    Consistency, ECCV 2018; ``evaluate_WarpError.py``). Theirs warps RGB by FlowNet2; this warps luma in
    0–1 of the small picture (240 px) by the package's block flow. Occluded: forward and backward flow
    disagree by more than 0.01 (|f|² + |b|²) + 0.5 (Sundaram, Brox and Keutzer, ECCV 2010, as theirs).
thumb
    Mean luma of a 32 × 32 thumbnail: what the package takecheck reads.
mean
    Mean luma as coded: ``YAVG``.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint8]
Series = dict[str, Floats]

GRID = 8
HISTORY = 30
BADNESS = GRID * GRID * 4 * 256 * HISTORY / 128
"""The photosensitivity filter's threshold."""
VERSION = hashlib.sha1(Path(__file__).read_bytes()).hexdigest()[:12]


def luma_outlier(mean: Floats) -> Floats:
    """|Y(t) − (Y(t−1) + Y(t+1)) / 2|; 0 for the first and last frame."""
    out = np.zeros(len(mean))
    out[1:-1] = np.abs(mean[1:-1] - (mean[:-2] + mean[2:]) / 2)
    return out


def step(mean: Floats) -> Floats:
    """|Y(t) − Y(t−1)|; 0 for the first frame."""
    return np.abs(np.diff(mean, prepend=mean[:1]))


def deflicker(mean: Floats, size: int = 5) -> Floats:
    """|relative change| that FFmpeg's deflicker would make, by the arithmetic mean."""
    held = np.concatenate([mean, np.repeat(mean[-1:], size - 1)])
    ahead = np.convolve(held, np.full(size, 1 / size), "valid")
    return np.asarray(np.abs(ahead / np.maximum(mean, 1e-6) - 1))


def badness(grids: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Badness of FFmpeg's photosensitivity over time and of single frames.

    Parameters
    ----------
    grids
        Whole-number means of R, G, B in 8 × 8 cells, shape (frames, 8, 8, 3).
    """
    change = np.abs(np.diff(grids, axis=0, prepend=grids[:1])).sum(axis=(1, 2, 3))
    weights = np.arange(1, HISTORY) / HISTORY
    total = np.zeros(len(change))
    for t in range(len(change)):
        past = change[max(0, t - HISTORY + 1) : t]
        total[t] = np.floor((weights[len(weights) - len(past) :] * past).sum()) + change[t]
    return total / BADNESS, change / BADNESS


def _grid(rgb: Image) -> npt.NDArray[np.int64]:
    height, width = rgb.shape[:2]
    y, x = (np.arange(GRID) * side // GRID for side in (height, width))
    sums = np.add.reduceat(np.add.reduceat(rgb.astype(np.uint32), y, axis=0), x, axis=1)
    areas = np.diff(np.append(y, height))[:, None] * np.diff(np.append(x, width))[None]
    return np.asarray(sums // areas[..., None], dtype=np.int64)


def _distance(one: Image, other: Image) -> float:
    return float((np.maximum(one, other) - np.minimum(one, other)).mean())


class Warp:
    """E_warp of successive frames, by the package's block flow on its small picture."""

    def __init__(self, width: int, height: int) -> None:
        from otio_ai_audit import kernels

        self.kernels = kernels
        self.grid = kernels.grid_of(width, height)
        self.size = width, height
        self.before: Any = None
        rows, columns, side = self.grid.rows, self.grid.columns, kernels.CELL
        self.down = _between(self.grid.height, rows, side)
        self.across = _between(self.grid.width, columns, side)

    def __call__(self, plane: Image, full_range: bool) -> float:
        """E_warp from the frame before to this one; 0 for the first."""
        kernels, (width, height) = self.kernels, self.size
        planes = kernels.Planes((plane,), width, height, 0, 0, 8, full_range)
        now = kernels.shrink_frame(planes, self.grid)
        before, self.before = self.before, now
        if before is None:
            return 0.0
        ahead, back = self._flow(before, now), self._flow(now, before)
        a, b = before.luma / 64.0 / 255.0, now.luma / 64.0 / 255.0
        yy, xx = np.mgrid[: a.shape[0], : a.shape[1]]
        y, x = yy + ahead[..., 0], xx + ahead[..., 1]
        inside = (y >= 0) & (x >= 0) & (y <= a.shape[0] - 1) & (x <= a.shape[1] - 1)
        seen = _fetch(np.concatenate([b[..., None], back], axis=2), y, x)
        returned = ((ahead + seen[..., 1:]) ** 2).sum(axis=2)
        allowed = 0.01 * ((ahead**2).sum(axis=2) + (seen[..., 1:] ** 2).sum(axis=2)) + 0.5
        kept = inside & (returned <= allowed)
        wrong = (seen[..., 0] - a) ** 2
        return float(wrong[kept].mean() if kept.any() else wrong.mean())

    def _flow(self, one: Any, other: Any) -> Floats:
        cells = np.zeros((self.grid.rows, self.grid.columns, 2), np.int32)
        self.kernels.block_flow(one, other, self.grid, cells)
        (above, below, fy), (left, right, fx) = self.down, self.across
        rows = cells[above] * (1 - fy)[:, None, None] + cells[below] * fy[:, None, None]
        return np.asarray((rows[:, left] * (1 - fx)[:, None] + rows[:, right] * fx[:, None]) / 32.0)


def _between(length: int, cells: int, side: int) -> tuple[Any, Any, Floats]:
    """Cells before and after each pixel, and how far it lies between their centres; shapes (length,)."""
    centres = np.minimum(np.arange(cells) * side, length - side) + (side - 1) / 2
    at = np.interp(np.arange(length), centres, np.arange(cells))
    first = np.minimum(at.astype(np.int64), max(cells - 2, 0))
    return first, np.minimum(first + 1, cells - 1), at - first


def _fetch(values: Floats, y: Floats, x: Floats) -> Floats:
    from benchmarks.canvas import sample

    return sample(values, y, x)


def measure(path: Path) -> Series:
    """Decode a file once and compute every series.

    Returns
    -------
    dict
        Name to values, shape (frames,), float64.
    """
    mean, change, colour, thumb, warped, grids = [], [], [], [], [], []
    before: tuple[Image, Image] | None = None
    warp: Warp | None = None
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for frame in container.decode(stream):
            grey = frame if frame.format.name in ("yuv420p", "yuvj420p") else frame.reformat(format="yuv420p")
            plane = grey.planes[0]
            padded = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            luma = padded[:, : plane.width]
            bgr = frame.to_ndarray(format="bgr24")
            small = frame.reformat(width=32, height=32, format="gray", interpolation="AREA").to_ndarray()
            warp = warp or Warp(plane.width, plane.height)
            mean.append(float(luma.mean()))
            thumb.append(float(small.mean()))
            grids.append(_grid(bgr[..., ::-1]))
            warped.append(warp(np.ascontiguousarray(padded), frame.format.name == "yuvj420p"))
            change.append(_distance(luma, before[0]) if before else 0.0)
            colour.append(_distance(bgr, before[1]) if before else 0.0)
            before = luma.copy(), bgr
    levels = np.array(mean)
    over_time, single = badness(np.array(grids))
    return {
        "mean": levels,
        "thumb": np.array(thumb),
        "ydif": np.array(change),
        "vbench": np.array(colour),
        "warp": np.array(warped),
        "luma": luma_outlier(levels),
        "luma_step": step(levels),
        "deflicker": deflicker(levels),
        "photosensitivity": over_time,
        "photosensitivity_frame": single,
    }


def kept(path: Path, cache: Path) -> Series:
    """Take the series of a file from the cache, or measure them."""
    status = path.stat()
    name = hashlib.sha1(repr((VERSION, path.name, status.st_size)).encode()).hexdigest()
    place = cache / "series" / f"{name}.pickle"
    if place.is_file():
        with place.open("rb") as file:
            return dict(pickle.load(file))
    series = measure(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(f".{os.getpid()}")
    part.write_bytes(pickle.dumps(series))
    part.replace(place)
    return series


def takecheck(series: Series, rate: float) -> float | None:
    """Score of the package takecheck (MIT): worst swing of luma in five frames; None if not installed.

    Its own decoding calls the ffmpeg command; it is given the same 32 × 32 thumbnails from here.
    """
    try:
        from takecheck.checks.frame_checks import check_flicker
        from takecheck.clip import Clip
        from takecheck.frames import FrameMetrics
        from takecheck.probe import VideoInfo
        from takecheck.spec import Expect
    except ImportError:
        return None
    luma = series["thumb"]
    info = VideoInfo(Path(), len(luma) / rate, rate, len(luma), True, 0, 0, "", "", False)
    said = check_flicker(Clip(FrameMetrics(count=len(luma), fps=rate, luma=luma), info), Expect())
    return float(said.measured["normalised_swing"])


def dailies(series: Series, rate: float) -> float | None:
    """Score of the package video-dailies (MIT, imported as `dailies`): mean luma step of calm frames.

    Its own decoding calls the ffmpeg command; it is given YAVG and YDIF from here. None if not installed.
    """
    try:
        from dailies.mechanical import flicker_score
    except ImportError:
        return None
    rows = zip(series["mean"], series["ydif"], strict=True)
    return float(flicker_score([(t / rate, mean, change) for t, (mean, change) in enumerate(rows)]))
