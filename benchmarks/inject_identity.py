"""Drifts of identity put onto the subject of a clean clip, and innocent changes that look a little like them.

A drift sticks to the subject, which `subject.find` follows. Every function takes a `Clip` and random
numbers and returns new frames; for the same seed, the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from benchmarks import subject
from benchmarks.canvas import Frames, Image, sample, texture
from benchmarks.inject import Fault
from benchmarks.innocent import CHANGES, blurred, look, progress
from benchmarks.subject import Figure, Track

Field = npt.NDArray[np.float64]
LEAST = 24
"""Frames a clip needs."""
LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True)
class Clip:
    """A clean clip with its subject, and another one to take somebody else from."""

    frames: Sequence[Image]
    track: Track
    rate: float
    other: Sequence[Image]
    other_track: Track
    figure: Figure


@dataclass(frozen=True, slots=True)
class Course:
    """How far a change has gone in every frame, 0 to 1, and the frames ``[first, stop)`` that it touches."""

    share: Field
    first: int
    stop: int


def course(rng: np.random.Generator, count: int, rate: float, pace: str) -> Course:
    """Return the course of a change: ``slow`` (over 0.7–2 s), ``sudden``, or ``back`` (there and back)."""
    t = np.arange(count, dtype=np.float64)
    first = int(rng.integers(count // 4, count // 2 + 1))
    length = float(np.clip(rng.uniform(0.7, 2.0) * rate, 6, max(6, count - first - 6)))
    if pace == "sudden":
        share = (t >= first).astype(np.float64)
    elif pace == "back":
        first = int(rng.integers(count // 5, count // 3 + 1))
        length = min(length, (count - first) / 3.2)
        hold = first + length + rng.uniform(0.2, 0.6) * length
        share = np.minimum(np.clip((t - first) / length, 0, 1), np.clip((hold + length - t) / length, 0, 1))
        share = share * share * (3 - 2 * share)
    else:
        share = np.clip((t - first) / length, 0, 1)
        share = share * share * (3 - 2 * share)
    changed = np.flatnonzero(share > 0.02)
    return Course(share, int(changed[0]), int(changed[-1]) + 1)


# --- what lies on the subject -----------------------------------------------------------------------


Paint = Callable[[int, Field, Field, Field], Field]
"""(frame number, y and x on the ellipse, pixels (h, w, 3)) to new pixels."""


def _onto(clip: Clip, share: Field, paint: Paint, reach: float = 1.0) -> Frames:
    """Paint anew the box of the followed ellipse in every frame with a share above nothing."""
    out = []
    for t, frame in enumerate(clip.frames):
        top, bottom, left, right = clip.track.box(t, frame.shape, reach)
        if share[t] <= 0 or bottom - top < 4 or right - left < 4:
            out.append(frame)
            continue
        yy, xx = np.mgrid[top:bottom, left:right].astype(np.float64)
        v, u = clip.track.back(t, yy, xx)
        changed = frame.copy()
        pixels = frame[top:bottom, left:right].astype(np.float64)
        changed[top:bottom, left:right] = np.clip(paint(t, v, u, pixels) + 0.5, 0, 255)
        out.append(changed)
    return out


def _somebody(clip: Clip, v: Field, u: Field, frame: int) -> Field:
    """Pixels of the other clip's subject at places on the ellipse."""
    track = clip.other_track
    late = min(frame, len(clip.other) - 1)
    a, b, y, x = track.moves[late]
    py, px = v * track.radii[0], u * track.radii[1]
    return sample(
        clip.other[late].astype(np.float64),
        track.centre[0] + y + a * py + b * px,
        track.centre[1] + x + a * px - b * py,
    )


def _bulge(rng: np.random.Generator) -> Callable[[Field, Field], tuple[Field, Field]]:
    """Return a smooth displacement on the ellipse that is nothing at its rim."""
    waves = rng.uniform(-1, 1, (2, 3))

    def at(v: Field, u: Field) -> tuple[Field, Field]:
        fade = np.clip(1 - v * v - u * u, 0, 1)
        return (
            fade * (waves[0, 0] + waves[0, 1] * np.sin(2.4 * u) + waves[0, 2] * np.sin(2.4 * v)),
            fade * (waves[1, 0] + waves[1, 1] * np.sin(2.4 * v) + waves[1, 2] * np.sin(2.4 * u)),
        )

    return at


def _seen(clip: Clip, t: int, v: Field, u: Field) -> Field:
    """Pixels of the clip's own frame at places on the ellipse."""
    a, b, y, x = clip.track.moves[t]
    py, px = v * clip.track.radii[0], u * clip.track.radii[1]
    return sample(
        clip.frames[t].astype(np.float64),
        clip.track.centre[0] + y + a * py + b * px,
        clip.track.centre[1] + x + a * px - b * py,
    )


def _fault(clip: Clip, kind: str, way: Course) -> Fault:
    middle = (way.first + way.stop) // 2
    region = clip.track.region(middle, clip.frames[0].shape)
    return Fault(kind, "drift", way.first, way.stop, region)


def _morph(clip: Clip, rng: np.random.Generator, way: Course, depth: float) -> Frames:
    """Blend and bend the subject into somebody else's; light is matched half way."""
    bend, size = _bulge(rng), rng.uniform(0.05, 0.14)
    grid = np.linspace(-0.6, 0.6, 24)
    v0, u0 = np.meshgrid(grid, grid, indexing="ij")
    lift = 0.5 * float(
        (_seen(clip, clip.track.reference, v0, u0).mean((0, 1)) @ LUMA)
        - (_somebody(clip, v0, u0, 0).mean((0, 1)) @ LUMA)
    )

    def paint(t: int, v: Field, u: Field, pixels: Field) -> Field:
        share = way.share[t]
        dv, du = bend(v, u)
        mine = _seen(clip, t, v + size * share * dv, u + size * share * du)
        late = 1 - share
        theirs = _somebody(clip, v - size * late * dv, u - size * late * du, t) + lift
        weight = clip.figure.weight(pixels, v, u)
        inner = mine * (1 - depth * share) + theirs * depth * share
        return np.asarray(pixels * (1 - weight) + inner * weight)

    return _onto(clip, way.share, paint, 1.3)


def turned(pixels: Field, angle: float) -> Field:
    """Turn hues by an angle (degrees) in a plane of colour differences; luma stays."""
    luma = (pixels @ LUMA)[..., None]
    blue, red = (pixels[..., 2:] - luma) / 1.772, (pixels[..., :1] - luma) / 1.402
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    blue, red = c * blue - s * red, s * blue + c * red
    green = luma - (0.299 * 1.402 * red + 0.114 * 1.772 * blue) / 0.587
    return np.concatenate([luma + 1.402 * red, green, luma + 1.772 * blue], axis=-1)


def _hue(clip: Clip, rng: np.random.Generator, way: Course, angle: float) -> Frames:
    """Turn the subject's hue; a nearly grey one takes on a colour."""
    sign = rng.choice([-1.0, 1.0])
    a = np.linspace(-0.7, 0.7, 24)
    v0, u0 = np.meshgrid(a, a, indexing="ij")
    patch = _seen(clip, clip.track.reference, v0, u0)
    chroma = float(np.abs(patch - (patch @ LUMA)[..., None]).mean())
    mean = patch.mean(axis=(0, 1))
    tint = turned(mean, sign * 90) if chroma > 3 else rng.normal(0, 1, 3)
    tint = (tint - tint @ LUMA) / max(float(np.abs(tint - tint @ LUMA).mean()), 1e-6)
    # A grey thing has no hue to turn: it takes on as much colour as such a turn gives a coloured one.
    push = max(0.0, 30 - 1.5 * chroma) * 2 * np.sin(np.radians(angle) / 2)

    def paint(t: int, v: Field, u: Field, pixels: Field) -> Field:
        weight = clip.figure.weight(pixels, v, u)
        seen = turned(pixels, sign * angle * way.share[t]) + push * way.share[t] * tint
        return np.asarray(pixels * (1 - weight) + seen * weight)

    return _onto(clip, way.share, paint, 1.3)


def _warp(clip: Clip, rng: np.random.Generator, way: Course, kind: str) -> Frames:
    """Let a part of the subject, 4–10 % of the picture, grow, thin or bend."""
    rows, columns = clip.frames[0].shape[:2]
    area = rng.uniform(0.04, 0.10) * rows * columns
    ry = float(np.clip(np.sqrt(area / np.pi) / clip.track.radii[0], 0.4, 1.1))
    rx = float(np.clip(np.sqrt(area / np.pi) / clip.track.radii[1], 0.4, 1.1))
    cv, cu = rng.uniform(-0.3, 0.3, 2)
    strength, sign = rng.uniform(0.5, 0.65), rng.choice([-1.0, 1.0])

    def paint(t: int, v: Field, u: Field, pixels: Field) -> Field:
        p, q = (v - cv) / ry, (u - cu) / rx
        fade = np.clip(1 - p * p - q * q, 0, 1) * way.share[t]
        if kind == "grow":
            dp, dq = -strength * fade * p, -strength * fade * q
        elif kind == "thin":
            dp, dq = 0 * p, 1.6 * strength * fade * q
        else:
            dp, dq = 0.3 * fade * np.sin(3 * q), 0.8 * sign * strength * fade * np.cos(2.2 * p)
        return _seen(clip, t, v + ry * dp, u + rx * dq)

    return _onto(clip, way.share, paint, 1.5)


def _plate(rng: np.random.Generator, lettering: bool) -> Field:
    """Draw a sign: letters on a coloured ground, or a texture; shape (96, 160, 4)."""
    ground = rng.uniform(30, 225, 3)
    ink = np.where(ground @ LUMA > 128, rng.uniform(0, 70, 3), rng.uniform(190, 255, 3))
    if lettering:
        picture = Pillow.new("RGB", (160, 96), tuple(int(c) for c in ground))
        draw = ImageDraw.Draw(picture)
        word = "".join(rng.choice(list("ABCDEFGHKLMNOPRSTUVXYZ"), int(rng.integers(2, 5))))
        draw.text(
            (80, 50), word, fill=tuple(int(c) for c in ink), anchor="mm", font=ImageFont.load_default(56)
        )
        if rng.random() < 0.5:
            draw.rectangle((5, 5, 154, 90), outline=tuple(int(c) for c in ink), width=5)
        plate = np.asarray(picture, dtype=np.float64)
    else:
        grain = texture(rng, 96, 160)
        plate = 0.5 * ground + 0.5 * grain + 0.25 * (ink - ground) * (grain[..., :1] > 128)
    yy, xx = np.mgrid[:96, :160]
    rim = np.clip(np.minimum(np.minimum(yy, 95 - yy), np.minimum(xx, 159 - xx)) / 5, 0, 1)
    return np.concatenate([np.clip(plate, 0, 255), rim[..., None]], axis=-1)


def _logo(clip: Clip, rng: np.random.Generator, share: Field) -> Frames:
    """Fix a sign to the subject from the first frame on, which becomes another sign by `share`."""
    lettering = rng.random() < 0.7
    one, two = _plate(rng, lettering), _plate(rng, lettering)
    half = rng.uniform(0.42, 0.62)
    cv, cu = rng.uniform(-0.15, 0.15, 2)
    tall = half * clip.track.radii[1] / clip.track.radii[0] * 0.6
    light = 0.35

    def paint(t: int, v: Field, u: Field, pixels: Field) -> Field:
        y, x = ((v - cv) / tall + 1) * 48, ((u - cu) / half + 1) * 80
        inside = (y > 0) & (y < 95) & (x > 0) & (x < 159)
        sign = sample(one, y, x) * (1 - share[t]) + sample(two, y, x) * share[t]
        alpha = sign[..., 3:] * inside[..., None] * 0.94
        shade = 1 + light * ((pixels @ LUMA)[..., None] / 128 - 1)
        return np.asarray(pixels * (1 - alpha) + sign[..., :3] * np.clip(shade, 0.4, 1.3) * alpha)

    return _onto(clip, np.ones(len(clip.frames)), paint)


def _plastic(clip: Clip, rng: np.random.Generator, way: Course) -> Frames:
    """Smooth the subject's texture away, keep its large forms, and let it shine a little."""
    half = max(2, round(max(clip.frames[0].shape) / rng.uniform(55, 85)))
    shine = rng.uniform(1.0, 1.15)

    def paint(t: int, v: Field, u: Field, pixels: Field) -> Field:
        weight = clip.figure.weight(pixels, v, u) * way.share[t]
        smooth = blurred(pixels, half)
        smooth = smooth + (shine - 1) * np.maximum(smooth - 110, 0) * 2
        return np.asarray(pixels * (1 - weight) + smooth * weight)

    return _onto(clip, way.share, paint, 1.3)


DRIFTS: dict[str, tuple[str, Callable[[Clip, np.random.Generator, Course], Frames]]] = {
    "morph_35": ("slow", lambda clip, rng, way: _morph(clip, rng, way, 0.35)),
    "morph_50": ("slow", lambda clip, rng, way: _morph(clip, rng, way, 0.5)),
    "morph_100": ("slow", lambda clip, rng, way: _morph(clip, rng, way, 1.0)),
    "swap": ("sudden", lambda clip, rng, way: _morph(clip, rng, way, 1.0)),
    "there_and_back": ("back", lambda clip, rng, way: _morph(clip, rng, way, 0.8)),
    "hue_25": ("slow", lambda clip, rng, way: _hue(clip, rng, way, 25)),
    "hue_40": ("slow", lambda clip, rng, way: _hue(clip, rng, way, 40)),
    "hue_60": ("slow", lambda clip, rng, way: _hue(clip, rng, way, 60)),
    "hue_jump": ("sudden", lambda clip, rng, way: _hue(clip, rng, way, 40)),
    "grow": ("slow", lambda clip, rng, way: _warp(clip, rng, way, "grow")),
    "thin": ("slow", lambda clip, rng, way: _warp(clip, rng, way, "thin")),
    "bend": ("slow", lambda clip, rng, way: _warp(clip, rng, way, "bend")),
    "logo_slow": ("slow", lambda clip, rng, way: _logo(clip, rng, way.share)),
    "logo_swap": ("sudden", lambda clip, rng, way: _logo(clip, rng, way.share)),
    "plastic": ("slow", lambda clip, rng, way: _plastic(clip, rng, way)),
}
"""Faults: their pace, and what draws them."""


# --- innocent changes of the subject's own --------------------------------------------------------


def leaves(clip: Clip, rng: np.random.Generator) -> Frames:
    """Pan over one frame as over a photograph: the subject leaves, other parts of the scene come in."""
    still = clip.frames[clip.track.reference]
    across, down = (clip.track.centre[k] / still.shape[k] - 0.5 for k in (1, 0))
    ends = np.array([np.clip(across, -0.24, 0.24), -0.25 if across > 0 else 0.25])
    ends = ends if rng.random() < 0.7 else ends[::-1]
    s = progress(rng, len(clip.frames))
    x = ends[0] + (ends[1] - ends[0]) * s
    y = np.full_like(s, np.clip(down, -0.2, 0.2))
    return look([still] * len(s), np.stack([y, x, np.full_like(s, rng.uniform(2.0, 2.3))], axis=1))


def logo_stays(clip: Clip, rng: np.random.Generator) -> Frames:
    """Fix a sign to the subject that stays the same: what is pasted is no clue."""
    return _logo(clip, rng, np.zeros(len(clip.frames)))


def somebody_stays(clip: Clip, rng: np.random.Generator) -> Frames:
    """Show somebody else in the subject's place, from the first frame to the last."""
    whole = np.ones(len(clip.frames))
    return _morph(clip, rng, Course(whole, 0, len(whole)), float(rng.choice([0.5, 1.0])))


def hue_stays(clip: Clip, rng: np.random.Generator) -> Frames:
    """Give the subject another hue, from the first frame to the last."""
    whole = np.ones(len(clip.frames))
    return _hue(clip, rng, Course(whole, 0, len(whole)), rng.uniform(25, 60))


STAYS: dict[str, Callable[[Clip, np.random.Generator], Frames]] = {
    "leaves": leaves,
    "logo_stays": logo_stays,
    "somebody_stays": somebody_stays,
    "hue_stays": hue_stays,
}
INNOCENT = (*CHANGES, *STAYS)
"""Changes that leave everybody who they are."""
KINDS = (*DRIFTS, *INNOCENT)
NEEDS_OTHER = ("morph_35", "morph_50", "morph_100", "swap", "there_and_back", "somebody_stays")
"""Kinds that show somebody of another clip."""


def inject_identity(
    frames: Sequence[Image],
    kind: str,
    seed: int,
    other: Sequence[Image] | None = None,
    *,
    rate: float = 24.0,
    track: Track | None = None,
    other_track: Track | None = None,
) -> tuple[Frames, Fault | None]:
    """Put one drift or innocent change into a clip.

    Parameters
    ----------
    frames
        RGB frames (height, width, 3) uint8 of a clean clip.
    kind
        One of `KINDS`.
    seed
        Chooses everything that is random.
    other
        A clip of other footage, for the kinds of `NEEDS_OTHER`; its size may differ.
    rate
        Frames per second: slow changes take 0.7–2 s.
    track, other_track
        The subjects where `subject.find` has found them already.

    Returns
    -------
    tuple
        New frames, and the fault (detector ``drift``), or None for an innocent change.

    Raises
    ------
    ValueError
        The clip has fewer than 24 frames, another clip is needed and missing, the kind is unknown, or
        the clip's subject cannot be followed.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no change named {kind}.")
    if len(frames) < LEAST:
        raise ValueError(f"A drift needs at least {LEAST} frames, the clip has {len(frames)}.")
    if kind in NEEDS_OTHER and other is None:
        raise ValueError(f"{kind} needs another clip.")
    if kind in CHANGES:
        return CHANGES[kind](frames, np.random.default_rng([seed, *kind.encode()])), None
    track = track or subject.find(frames)
    sticks = kind in DRIFTS or kind.endswith("_stays")
    if sticks and not track.fits(frames):
        raise ValueError("The clip has no subject that can be followed.")
    if kind in NEEDS_OTHER and other is not None:
        other_track = other_track or subject.find(other)
    clip = Clip(
        frames,
        track,
        rate,
        other if other is not None else frames,
        other_track or track,
        Figure(frames, track),
    )
    rng = np.random.default_rng([seed, *kind.encode()])
    if kind in STAYS:
        return STAYS[kind](clip, rng), None
    pace, draw = DRIFTS[kind]
    way = course(rng, len(frames), rate, pace)
    return draw(clip, rng, way), _fault(clip, kind, way)
