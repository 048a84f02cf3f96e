"""Where a clip's subject is, and how it moves: for putting faults of identity onto it.

Plain and slow beside the tool's own measurement, and independent of it: dense Lucas–Kanade flow on
reduced luma, an ellipse around what stands out, and a template that is registered anew in every frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from benchmarks.canvas import Image, sample

Field = npt.NDArray[np.float64]
Similarity = npt.NDArray[np.float64]
"""(a, b, y, x): a point p of the reference lies at (a p_y + b p_x + y, a p_x − b p_y + x)."""

SMALL = 160
"""Long side that motion is measured at."""
REST: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Track:
    """An ellipse on the reference frame, and where it lies in every frame."""

    reference: int
    centre: tuple[float, float]
    """(y, x) in pixels of the reference frame."""
    radii: tuple[float, float]
    moves: Similarity
    """Around the centre, shape (frames, 4)."""

    def fits(self, frames: Sequence[Image]) -> bool:
        """Tell whether there is something to follow, and whether it was followed to the end.

        The ellipse has texture of its own, stays in the picture with 2.5 % of it, and between half and
        twice its size; in every frame it looks like its reference (correlation ≥ 0.45).
        """
        rows, columns = frames[0].shape[:2]
        model = self._seen(frames[self.reference], self.reference)
        for frame in {*range(0, len(frames), max(1, len(frames) // 12)), len(frames) - 1}:
            a, b, y, x = self.moves[frame]
            cy, cx = self.centre[0] + y, self.centre[1] + x
            if not 0.5 < np.hypot(a, b) < 2 or not (0 < cy < rows and 0 < cx < columns):
                return False
            top, bottom, left, right = self.box(frame, frames[0].shape, 0.7)
            if (bottom - top) * (right - left) < 0.025 * rows * columns:
                return False
            seen = self._seen(frames[frame], frame)
            if seen.std() < 8 or float((model * seen).mean()) < 0.45 * model.std() * seen.std():
                return False
        return True

    def _seen(self, frame: Image, number: int) -> Field:
        """Brightness on the ellipse's inner part, its mean left out, shape (32, 32)."""
        v, u = np.meshgrid(*(np.linspace(-0.75, 0.75, 32),) * 2, indexing="ij")
        a, b, y, x = self.moves[number]
        py, px = v * self.radii[0], u * self.radii[1]
        pixels = sample(
            frame.astype(np.float64),
            self.centre[0] + y + a * py + b * px,
            self.centre[1] + x + a * px - b * py,
        ).mean(axis=-1)
        return np.asarray(pixels - pixels.mean())

    def back(self, frame: int, yy: Field, xx: Field) -> tuple[Field, Field]:
        """Return where pixels of a frame lie on the ellipse: (y, x) with its rim at radius 1."""
        a, b, y, x = self.moves[frame]
        dy, dx = yy - self.centre[0] - y, xx - self.centre[1] - x
        size = a * a + b * b
        return (a * dy - b * dx) / size / self.radii[0], (b * dy + a * dx) / size / self.radii[1]

    def box(self, frame: int, shape: tuple[int, ...], reach: float = 1.0) -> tuple[int, int, int, int]:
        """Return the ellipse's box (top, bottom, left, right) within the picture, `reach` times as large."""
        a, b, y, x = self.moves[frame]
        cy, cx = self.centre[0] + y, self.centre[1] + x
        ry = reach * float(np.hypot(a * self.radii[0], b * self.radii[1]))
        rx = reach * float(np.hypot(a * self.radii[1], b * self.radii[0]))
        top, bottom = np.clip([cy - ry, cy + ry + 1], 0, shape[0]).astype(int)
        left, right = np.clip([cx - rx, cx + rx + 1], 0, shape[1]).astype(int)
        return int(top), int(bottom), int(left), int(right)

    def region(self, frame: int, shape: tuple[int, ...]) -> tuple[float, float, float, float]:
        """Return the box as shares of the picture: left, top, width, height."""
        top, bottom, left, right = self.box(frame, shape)
        return left / shape[1], top / shape[0], (right - left) / shape[1], (bottom - top) / shape[0]


def _box(field: Field, half: int) -> Field:
    """Mean over a square of 2 half + 1 pixels, edges held."""
    wide = np.pad(field, ((half + 1, half), (half + 1, half)), mode="edge")
    total = wide.cumsum(0).cumsum(1)
    n = 2 * half + 1
    return np.asarray((total[n:, n:] - total[:-n, n:] - total[n:, :-n] + total[:-n, :-n]) / n**2)


def _luma(frames: Sequence[Image], long_side: int) -> tuple[list[Field], float]:
    """Reduced luma planes, and their pixels per pixel of the frames."""
    step = max(1, round(max(frames[0].shape) / long_side))
    rows, columns = (n // step * step for n in frames[0].shape[:2])
    weights = np.array([0.299, 0.587, 0.114])
    planes = []
    for frame in frames:
        plane = frame[:rows, :columns] @ weights
        planes.append(plane.reshape(rows // step, step, columns // step, step).mean(axis=(1, 3)))
    return planes, 1 / step


def _halved(plane: Field) -> Field:
    rows, columns = (n // 2 * 2 for n in plane.shape)
    return np.asarray(plane[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3)))


def flow(one: Field, two: Field, levels: int = 4) -> Field:
    """Dense motion from one plane to the next, shape (h, w, 2), (dy, dx): Lucas–Kanade on a pyramid."""
    stack = [(one, two)]
    for _ in range(levels - 1):
        stack.append((_halved(stack[-1][0]), _halved(stack[-1][1])))
    found = np.zeros((*stack[-1][0].shape, 2))
    for a, b in stack[::-1]:
        if found.shape[:2] != a.shape:
            yy, xx = np.mgrid[: a.shape[0], : a.shape[1]] / 2.0
            found = 2 * sample(found, yy - 0.25, xx - 0.25)
        yy, xx = np.mgrid[: a.shape[0], : a.shape[1]].astype(np.float64)
        gy, gx = np.gradient(a)
        half = 3
        jyy, jxx, jxy = _box(gy * gy, half) + 4, _box(gx * gx, half) + 4, _box(gy * gx, half)
        determinant = jyy * jxx - jxy * jxy
        for _ in range(3):
            late = sample(b[..., None], yy + found[..., 0], xx + found[..., 1])[..., 0] - a
            by, bx = _box(gy * late, half), _box(gx * late, half)
            step = np.stack([jxx * by - jxy * bx, jyy * bx - jxy * by], axis=-1) / determinant[..., None]
            found = found - np.clip(step, -2, 2)
            found = np.stack([_box(found[..., k], 1) for k in (0, 1)], axis=-1)
    return found


def _fit(moved: Field, weight: Field, centre: tuple[float, float]) -> Field:
    """Similarity (a, b, y, x) around a centre that explains a flow: reweighted least squares."""
    yy, xx = np.mgrid[: moved.shape[0], : moved.shape[1]]
    keep = weight > 0.05
    py, px = yy[keep] - centre[0], xx[keep] - centre[1]
    ty, tx, base = moved[..., 0][keep], moved[..., 1][keep], weight[keep]
    one, none = np.ones_like(py, dtype=float), np.zeros_like(py, dtype=float)
    design = np.concatenate([np.stack([py, px, one, none], 1), np.stack([px, -py, none, one], 1)])
    target = np.concatenate([ty, tx])
    w, answer = np.concatenate([base, base]), np.zeros(4)
    for _ in range(6):
        lean = design.T * w
        answer = np.linalg.solve(lean @ design + 1e-6 * np.eye(4), lean @ target)
        off = target - design @ answer
        size = np.hypot(off[: len(py)], off[len(py) :])
        scale = max(0.05, 1.5 * float(np.median(size)))
        w = np.tile(base / (1 + (size / scale) ** 2), 2)
    return answer + np.array([1.0, 0, 0, 0])


def _stands_out(frame: Image, moved: Sequence[Field], shape: tuple[int, int]) -> Field:
    """How much each small pixel differs in motion and colour from the surroundings, near the centre more."""
    rows, columns = shape
    step = frame.shape[0] // rows
    colour = frame[: rows * step, : columns * step].reshape(rows, step, columns, step, 3).mean(axis=(1, 3))
    rim = np.ones(shape, dtype=bool)
    rim[rows // 10 : -(rows // 10) or None, columns // 10 : -(columns // 10) or None] = False
    spread = colour[rim].std(axis=0) + 12
    away = np.sqrt((((colour - np.median(colour[rim], axis=0)) / spread) ** 2).sum(axis=-1))
    out = _box(np.minimum(away, 4), 3) / 4
    luma = colour.mean(axis=-1)
    rough = np.hypot(*np.gradient(luma))
    out = out + 0.5 * _box(np.minimum(rough / (2 * rough.mean() + 1), 1), 4)
    for vectors in moved:
        camera = _fit(vectors, np.ones(shape), (rows / 2, columns / 2))
        yy, xx = np.mgrid[:rows, :columns]
        py, px = yy - rows / 2, xx - columns / 2
        still = np.stack([(camera[0] - 1) * py + camera[1] * px + camera[2],
                          (camera[0] - 1) * px - camera[1] * py + camera[3]], axis=-1)  # fmt: skip
        size = np.hypot(*np.moveaxis(vectors - still, -1, 0))
        out = out + _box(np.minimum(size / 1.0, 1.5), 3) / len(moved)
    yy, xx = np.mgrid[:rows, :columns]
    centred = np.exp(-(((yy / rows - 0.5) / 0.36) ** 2) - ((xx / columns - 0.5) / 0.33) ** 2)
    return np.asarray(out * centred)


def _ellipse(salient: Field) -> tuple[tuple[float, float], tuple[float, float]]:
    """Centre and radii of an ellipse around the salient part, 9–47 % of the picture."""
    rows, columns = salient.shape
    yy, xx = np.mgrid[:rows, :columns]
    weight = np.maximum(salient - np.quantile(salient, 0.75), 0) ** 1.5
    cy, cx, ry, rx = rows / 2, columns / 2, rows / 4, columns / 4
    for _ in range(4):
        near = weight * np.exp(-0.5 * (((yy - cy) / (2.2 * ry)) ** 2 + ((xx - cx) / (2.2 * rx)) ** 2))
        total = float(near.sum()) + 1e-9
        cy, cx = float((near * yy).sum() / total), float((near * xx).sum() / total)
        ry = 2.1 * float(np.sqrt((near * (yy - cy) ** 2).sum() / total))
        rx = 2.1 * float(np.sqrt((near * (xx - cx) ** 2).sum() / total))
        ry, rx = (
            float(np.clip(ry, 0.2 * rows, 0.45 * rows)),
            float(np.clip(rx, 0.15 * columns, 0.33 * columns)),
        )
    return (cy, cx), (ry, rx)


def _register(
    plane: Field, template: Field, weight: Field, centre: tuple[float, float], move: Field
) -> Field:
    """Move a similarity until the template lies on the plane: robust Gauss–Newton, light divided out."""
    keep = weight > 0.05
    yy, xx = np.nonzero(keep)
    py, px, base = yy - centre[0], xx - centre[1], weight[keep]
    goal = template[keep] - np.average(template[keep], weights=base)
    gy, gx = np.gradient(plane)
    layers = np.stack([plane, gy, gx], axis=-1)
    best, least, now = move, np.inf, move.copy()
    for _ in range(8):
        a, b, y, x = now
        seen = sample(layers, centre[0] + a * py + b * px + y, centre[1] + a * px - b * py + x)
        light = seen[:, 0] - np.average(seen[:, 0], weights=base)
        gain = float((base * light * goal).sum() / ((base * light * light).sum() + 1e-6))
        if not 0.4 < gain < 2.5:
            break
        off = gain * light - goal
        scale = max(2.0, 1.5 * float(np.median(np.abs(off))))
        w = base / (1 + (off / scale) ** 2)
        cost = float((base * np.minimum(np.abs(off), 3 * scale)).mean())
        if cost < least:
            best, least = now.copy(), cost
        sy, sx = gain * seen[:, 1], gain * seen[:, 2]
        design = np.stack([sy * py + sx * px, sy * px - sx * py, sy, sx], axis=1)
        lean = design.T * w
        ridge = np.diag(np.maximum((lean @ design).diagonal() * 1e-3, 1e-6))
        now = now - np.linalg.solve(lean @ design + ridge, lean @ off)
    far = np.abs(best - move)
    return best if far[:2].max() < 0.12 and far[2:].max() < 5 else move


def follow(
    frames: Sequence[Image], centre: tuple[float, float], radii: tuple[float, float], reference: int
) -> Track:
    """Follow an ellipse of the reference frame (pixels) through all frames."""
    planes, small = _luma(frames, SMALL)
    vectors = [flow(a, b) for a, b in pairwise(planes)]
    return _followed(planes, vectors, small, centre, radii, reference)


def _followed(
    planes: list[Field], vectors: list[Field], small: float,
    centre: tuple[float, float], radii: tuple[float, float], reference: int,
) -> Track:  # fmt: skip
    c, r = (centre[0] * small, centre[1] * small), (radii[0] * small, radii[1] * small)
    yy, xx = np.mgrid[: planes[0].shape[0], : planes[0].shape[1]].astype(np.float64)
    inside = np.clip(3 - 3 * np.hypot((yy - c[0]) / r[0], (xx - c[1]) / r[1]), 0, 1)
    moves = np.tile(np.array(REST), (len(planes), 1))
    for way in (1, -1):
        now = np.array(REST)
        stop = len(planes) if way > 0 else -1
        for t in range(reference + way, stop, way):
            track = Track(reference, c, r, now[None])
            v, u = track.back(0, yy, xx)
            weight = np.clip(3 - 3 * np.hypot(v, u), 0, 1)
            if weight.sum() < 20:
                moves[t] = now
                continue
            # Backwards, the flow is turned round: good enough for a start.
            step = vectors[t - 1] if way > 0 else -vectors[t]
            a, b, y, x = _fit(step, weight, (c[0] + now[2], c[1] + now[3]))
            joined = np.array([a * now[0] - b * now[1], a * now[1] + b * now[0], now[2] + y, now[3] + x])
            now = _register(planes[t], planes[reference], inside, c, joined)
            moves[t] = now
    moves[:, 2:] /= small
    return Track(reference, centre, radii, moves)


class Figure:
    """Which colours are the subject's: how much more often they are seen inside the ellipse than around."""

    def __init__(self, frames: Sequence[Image], track: Track) -> None:
        inside, around = np.full(4096, 1.0), np.full(4096, 1.0)
        for t in range(0, len(frames), max(1, len(frames) // 8)):
            top, bottom, left, right = track.box(t, frames[t].shape, 1.7)
            yy, xx = np.mgrid[top:bottom, left:right].astype(np.float64)
            radius = np.hypot(*track.back(t, yy, xx))
            bins = self._bins(frames[t][top:bottom, left:right])
            inside += np.bincount(bins[radius < 0.65], minlength=4096)
            around += np.bincount(bins[(radius > 1.1) & (radius < 1.7)], minlength=4096)
        inside, around = inside / inside.sum(), around / around.sum()
        self.likely = inside / (inside + around)

    @staticmethod
    def _bins(pixels: Image | Field) -> npt.NDArray[np.int64]:
        whole = np.clip(pixels, 0, 255).astype(np.int64) >> 4
        return np.asarray(whole[..., 0] * 256 + whole[..., 1] * 16 + whole[..., 2])

    def weight(self, pixels: Image | Field, v: Field, u: Field) -> Field:
        """Weights of the subject, shape (h, w, 1): the ellipse, larger where colours say so."""
        radius = np.hypot(v, u)
        near = np.clip((1.3 - radius) / 0.3, 0, 1)
        likely = _box(_box(self.likely[self._bins(pixels)], 2), 2)
        # The middle of the ellipse counts as the subject whatever its colour.
        lift = np.clip(0.9 - radius, 0, 1) * 0.35
        w = near * np.clip((likely + lift - 0.4) / 0.25, 0, 1)
        return np.asarray((w * w * (3 - 2 * w))[..., None])


def find(frames: Sequence[Image]) -> Track:
    """Find what stands out by motion, colour and place, and follow it.

    Parameters
    ----------
    frames
        RGB frames (height, width, 3) uint8 of one size.

    Returns
    -------
    Track
        Its reference is the middle frame.
    """
    planes, small = _luma(frames, SMALL)
    vectors = [flow(a, b) for a, b in pairwise(planes)]
    reference = len(frames) // 2
    around = vectors[max(0, reference - 4) : reference + 4]
    (cy, cx), (ry, rx) = _ellipse(_stands_out(frames[reference], around, planes[0].shape))  # type: ignore[arg-type]
    return _followed(planes, vectors, small, (cy / small, cx / small), (ry / small, rx / small), reference)
