"""Made scenes of people, animals and goods: some stay who they are through turns, distance and light.

Every scene is made from a seed and says what is wrong with it, if anything: ``make(name, seed)``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks import things
from benchmarks.canvas import Field, Frames, camera, grain, sample, texture, to_bytes
from benchmarks.cast import Draw, Take, Where, animal, goods, head, painted_box
from benchmarks.inject import Fault
from benchmarks.innocent import blurred
from benchmarks.things import Light


def turns(take: Take, who: tuple[Draw, Where], least: float = 0.5, most: float = 3.1) -> list[Field]:
    """Turn by 30–180° about the upright axis."""
    draw, home = who
    frames, light = take.set(), take.light()
    reach = take.rng.choice([-1, 1]) * take.rng.uniform(least, most)
    start = -reach * take.rng.uniform(0.2, 0.6) if most < 2 else take.rng.uniform(-0.3, 0.3)
    way = take.ease()
    for t, frame in enumerate(frames):
        take.where.append(home)
        draw(frame, t, float(take.share[t]), home, float(start + reach * way[t]), light)
    return frames


def walks(take: Take, who: tuple[Draw, Where]) -> list[Field]:
    """Walk away to under half the size, or come nearer, and sway."""
    draw, (y, x, ry, rx) = who
    frames, light = take.set(), take.light()
    far = take.rng.uniform(0.38, 0.6)
    way = take.ease() if take.rng.random() < 0.5 else take.ease()[::-1]
    across, sway = take.rng.uniform(-0.2, 0.2) * take.width, take.rng.uniform(0.1, 0.3)
    for t, frame in enumerate(frames):
        size = 1 + (far - 1) * way[t]
        bob = 0.02 * take.height * np.sin(2.2 * sway * t) * size
        where = (y - 0.05 * take.height * way[t] + bob, x + across * way[t], ry * size, rx * size)
        take.where.append(where)
        draw(frame, t, float(take.share[t]), where, 0.25 * np.sin(sway * t), light)
    return frames


def stands(take: Take, who: tuple[Draw, Where]) -> list[Field]:
    """Stay in place and move a little."""
    draw, (y, x, ry, rx) = who
    frames, light = take.set(), take.light()
    a, b = take.rng.uniform(0.05, 0.15, 2)
    for t, frame in enumerate(frames):
        where = (y + 0.012 * take.height * np.sin(a * t), x + 0.03 * take.width * np.sin(b * t), ry, rx)
        take.where.append(where)
        draw(frame, t, float(take.share[t]), where, 0.22 * np.sin(0.8 * b * t + 1), light)
    return frames


def lit(take: Take, who: tuple[Draw, Where]) -> list[Field]:
    """Stand in a light that goes round, becomes weaker and changes its colour."""
    draw, home = who
    frames = take.set()
    way, span = take.ease(), take.rng.uniform(2.0, 4.0)
    start, dim = take.rng.uniform(0, 6.3), take.rng.uniform(0.5, 0.8)
    warm = take.rng.choice([-1, 1]) * take.rng.uniform(0.05, 0.15)
    for t, frame in enumerate(frames):
        s = float(way[t])
        angle, gain = start + span * s, 1 + (dim - 1) * s
        tint = (1 + warm * s, 1.0, 1 - warm * s)
        light = Light(0.7 * float(np.cos(angle)), 0.6 * float(np.sin(angle)), gain, tint)
        frame *= gain * np.array(tint)
        take.where.append(home)
        draw(frame, t, float(take.share[t]), home, 0.1, light)
    return frames


def behind(take: Take, who: tuple[Draw, Where]) -> list[Field]:
    """Stay while something passes in front; a ``hidden`` change happens when all is covered."""
    draw, home = who
    frames, light = take.set(), take.light()
    hidden = take.pace == "hidden"
    wide = int((2.9 if hidden else take.rng.uniform(1.0, 1.8)) * home[3])
    tall = take.height if hidden else int(take.height * take.rng.uniform(0.5, 1.0))
    thing = blurred(texture(take.rng, tall, wide), 1) * take.rng.uniform(0.5, 1.0)
    sign, top = take.rng.choice([-1, 1]), take.height - tall
    start, length = take.rng.uniform(0.1, 0.25), take.rng.uniform(0.4, 0.6)
    lefts = []
    for t in range(take.count):
        s = (t / take.count - start) / length
        lefts.append(round((take.width + wide) * (s if sign > 0 else 1 - s)) - wide)
    if hidden:
        middle = [abs(left + wide / 2 - home[1]) for left in lefts]
        take.share = (np.arange(take.count) >= int(np.argmin(middle))).astype(np.float64)
    for t, frame in enumerate(frames):
        take.where.append(home)
        draw(frame, t, float(take.share[t]), home, 0.15 * float(np.sin(0.07 * t)), light)
        left, right = max(0, lefts[t]), min(take.width, lefts[t] + wide)
        if left < right:
            frame[top:, left:right] = thing[:, left - lefts[t] : right - lefts[t]]
    return frames


def crosses(take: Take, who: tuple[Draw, Where], other: tuple[Draw, Where]) -> list[Field]:
    """Two walk past each other; the nearer one hides the farther for a while."""
    frames, light = take.set(), take.light()
    way = take.ease()
    sign = take.rng.choice([-1, 1])
    for t, frame in enumerate(frames):
        for (draw, (y, _, ry, rx)), size, ahead in ((other, 0.62, -sign), (who, 0.8, sign)):
            x = take.width * (0.5 + 0.36 * ahead * (2 * way[t] - 1))
            where = (y + 0.004 * take.height * np.sin(0.5 * t), float(x), ry * size, rx * size)
            share = float(take.share[t]) if draw is who[0] else 0.0
            draw(frame, t, share, where, 0.5 * ahead, light)
        take.where.append(where)
    return frames


def pans(take: Take, who: tuple[Draw, Where], other: tuple[Draw, Where]) -> list[Field]:
    """Pan from one to another, who stand side by side: nobody changes, but somebody else is seen."""
    rng, light, way = take.rng, take.light(), take.ease()
    sign = rng.choice([-1, 1])
    wide = blurred(texture(rng, 2 * take.height, 4 * take.width) * rng.uniform(0.5, 0.8), 2)
    shift = sign * take.width * rng.uniform(0.8, 1.0) * (way - 0.5)
    frames = camera(wide, [(0.0, float(x), 1.0, 0.0) for x in shift], take.height, take.width)
    for t, frame in enumerate(frames):
        for (draw, (y, _, ry, rx)), side in ((who, -sign), (other, sign)):
            x = take.width * (0.5 + 0.45 * side) - shift[t]
            where = (y, float(x), 0.9 * ry, 0.9 * rx)
            draw(frame, t, 0.0, where, 0.2 * float(np.sin(0.06 * t + side)), light)
        take.where.append(where)
    return frames


def returns(take: Take, who: tuple[Draw, Where]) -> list[Field]:
    """Leave the picture at one side and come back; a ``hidden`` change happens outside."""
    draw, (y, _, ry, rx) = who
    frames, light = take.set(), take.light()
    sign = take.rng.choice([-1, 1])
    t = np.linspace(-1, 1, take.count)
    away = np.clip(1.25 - 1.6 * np.abs(t), 0, 1)
    away = away * away * (3 - 2 * away)
    if take.pace == "hidden":
        take.share = (t >= 0).astype(np.float64)
    for number, frame in enumerate(frames):
        x = take.width * 0.5 + sign * (0.55 * take.width + 2.2 * rx) * away[number]
        where = (y + 0.008 * take.height * np.sin(0.6 * number), float(x), ry, rx)
        take.where.append(where)
        draw(
            frame, number, float(take.share[number]), where, 0.5 * sign * float(-np.sin(3 * t[number])), light
        )
    if take.pace == "hidden":  # nothing can be seen of it before it is back
        take.share[np.abs(np.array([w[1] for w in take.where]) - take.width / 2) > take.width / 2 + rx] = 0.0
    return frames


def flag(take: Take, changes: bool = False) -> list[Field]:
    """Wave a flag with an emblem in the wind."""
    frames = take.set()
    rng = take.rng
    rows, columns = int(0.55 * take.height), int(0.55 * take.width)
    one, two = (things.label_picture(rng, columns, rows) for _ in range(2))
    top, left = int(0.15 * take.height), int(rng.uniform(0.12, 0.3) * take.width)
    wave, speed, size = rng.uniform(1.2, 2.4), rng.uniform(0.15, 0.35), rng.uniform(0.03, 0.06) * take.height
    yy, xx = np.mgrid[: rows + 24, : columns + 12].astype(np.float64)
    for t, frame in enumerate(frames):
        share = take.share[t] if changes else 0.0
        cloth = one * (1 - share) + two * share
        phase = 2 * np.pi * wave * xx / columns - speed * t
        free = np.clip(xx / columns, 0, 1)
        y = yy - 12 + size * free * np.sin(phase)
        x = xx + 0.3 * size * free * np.cos(phase)
        shade = 1 + 0.22 * free * np.cos(phase)
        alpha = np.clip(np.minimum(np.minimum(y, rows - 1 - y), np.minimum(x, columns - 1 - x)) + 0.5, 0, 1)
        part = frame[top - 12 : top + rows + 12, left : left + columns + 12]
        inside = slice(0, part.shape[0]), slice(0, part.shape[1])
        seen, alpha = sample(cloth, y, x)[inside] * shade[inside][..., None], alpha[inside][..., None]
        part[:] = part * (1 - alpha) + seen * alpha
        frame[max(0, top - 14) :, left - 4 : left] = 60 + 30 * np.arange(4)[:, None]
        take.where.append((top + rows / 2, left + columns / 2, rows / 2, columns / 2))
    return frames


Scene = Callable[[Take], list[Field]]

INNOCENT: dict[str, Scene] = {
    "head_turns": lambda take: turns(take, head(take), 0.5, 1.5),
    "head_turns_away": lambda take: turns(take, head(take), 1.9, 3.1),
    "head_talks": lambda take: stands(take, head(take, lively=True)),
    "head_walks": lambda take: walks(take, head(take)),
    "head_lit": lambda take: lit(take, head(take)),
    "head_behind": lambda take: behind(take, head(take)),
    "heads_cross": lambda take: crosses(take, head(take), head(take)),
    "animal_turns": lambda take: turns(take, animal(take)),
    "animal_walks": lambda take: walks(take, animal(take)),
    "animal_lit": lambda take: lit(take, animal(take)),
    "tin_turns": lambda take: turns(take, goods(take, "tin")),
    "box_turns": lambda take: turns(take, goods(take, "box")),
    "box_walks": lambda take: walks(take, painted_box(take)),
    "ball_turns": lambda take: turns(take, goods(take, "ball")),
    "ball_behind": lambda take: behind(take, goods(take, "ball")),
    "flag_waves": lambda take: flag(take),
    "head_returns": lambda take: returns(take, head(take)),
    "heads_pan": lambda take: pans(take, head(take), head(take)),
    "animal_behind": lambda take: behind(take, animal(take)),
}
"""Everybody stays who they are."""

DRIFTING: dict[str, tuple[str, Scene]] = {
    "head_becomes_other": ("slow", lambda take: stands(take, head(take))),
    "head_turns_into_other": ("slow", lambda take: turns(take, head(take), 0.5, 1.3)),
    "head_swaps": ("sudden", lambda take: stands(take, head(take, lively=True))),
    "head_there_and_back": ("back", lambda take: stands(take, head(take))),
    "head_face_wanders": ("slow", lambda take: stands(take, head(take, "face", lively=True))),
    "head_hair_changes": ("slow", lambda take: walks(take, head(take, "hair"))),
    "head_shape": ("slow", lambda take: stands(take, head(take, "shape"))),
    "head_behind_other": ("hidden", lambda take: behind(take, head(take))),
    "head_lit_other": ("slow", lambda take: lit(take, head(take))),
    "animal_markings": ("slow", lambda take: stands(take, animal(take, "markings"))),
    "animal_colour": ("slow", lambda take: turns(take, animal(take, "colour"), 0.5, 1.2)),
    "animal_becomes_other": ("slow", lambda take: walks(take, animal(take, "all"))),
    "tin_label": ("slow", lambda take: turns(take, goods(take, "tin", True), 0.3, 0.9)),
    "tin_label_jump": ("sudden", lambda take: turns(take, goods(take, "tin", True), 0.3, 0.9)),
    "box_hue": ("slow", lambda take: turns(take, painted_box(take), 0.3, 1.2)),
    "ball_there_and_back": ("back", lambda take: turns(take, goods(take, "ball", True), 0.5, 2.0)),
    "head_returns_other": ("hidden", lambda take: returns(take, head(take))),
    "flag_emblem": ("slow", lambda take: flag(take, True)),
}
"""How fast somebody or something becomes another, and the scene."""
SCENES = (*INNOCENT, *DRIFTING)


def make(
    name: str, seed: int, count: int = 72, height: int = 180, width: int = 320
) -> tuple[Frames, Fault | None]:
    """Make a scene; the same arguments give the same frames.

    Parameters
    ----------
    name
        One of `SCENES`.
    seed
        Chooses everything that is random.
    count, height, width
        Frames, at 24 a second, and their size in pixels.

    Returns
    -------
    tuple
        RGB frames (height, width, 3) uint8, and the fault (detector ``drift``) or None.
    """
    rng = np.random.default_rng([seed, *name.encode()])
    pace, scene = DRIFTING.get(name, ("", INNOCENT.get(name)))
    if scene is None:
        raise ValueError(f"There is no scene named {name}.")
    take = Take(rng, count, height, width, pace)
    frames = to_bytes(grain(scene(take), rng, rng.uniform(0.3, 2.0)))
    if not pace:
        return frames, None
    changed = np.flatnonzero(take.share > 0.02)
    first, stop = int(changed[0]), int(changed[-1]) + 1
    y, x, ry, rx = take.where[(first + stop) // 2]
    left, top = max(0.0, (x - rx) / width), max(0.0, (y - ry) / height)
    region = (left, top, min(1.0, (x + rx) / width) - left, min(1.0, (y + ry) / height) - top)
    return frames, Fault(name, "drift", first, stop, region)
