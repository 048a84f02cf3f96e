"""Who plays in the made scenes of identity, on which stage, in which light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks import things
from benchmarks.canvas import Field, camera, pan_path, shake_path, texture
from benchmarks.inject_identity import course, turned
from benchmarks.innocent import blurred
from benchmarks.things import Light

RATE = 24.0
Where = tuple[float, float, float, float]
"""Centre and radii: (y, x, ry, rx) in pixels."""
Draw = Callable[[Field, int, float, Where, float, Light], None]
"""Draws a thing: (frame, number, how far its change has gone, where, turn, light)."""


@dataclass
class Take:
    """One scene in the making: size, random numbers, and how far the change has gone in each frame."""

    rng: np.random.Generator
    count: int
    height: int
    width: int
    pace: str
    """``slow``, ``sudden``, ``back``, ``hidden`` (while nobody can see it), or empty for innocent scenes."""
    share: Field = field(init=False)
    where: list[Where] = field(default_factory=list)
    """Where the subject is in each frame."""

    def __post_init__(self) -> None:
        plain = self.pace in ("", "hidden")
        self.share = np.zeros(self.count) if plain else course(self.rng, self.count, RATE, self.pace).share

    def ease(self) -> Field:
        """Progress 0 to 1 over the scene, soft at both ends or even, perhaps with rests."""
        s = np.linspace(0, 1, self.count)
        if self.rng.random() < 0.4:
            s = np.clip((s - 0.15) / 0.7, 0, 1)
        return s * s * (3 - 2 * s) if self.rng.random() < 0.7 else s

    def set(self) -> list[Field]:
        """Return a backdrop with a floor, seen by a camera that rests, is held by hand, or pans slowly."""
        rng, height, width = self.rng, self.height, self.width
        wide = texture(rng, 2 * height, 2 * width) * rng.uniform(0.45, 0.8) + rng.uniform(10, 50)
        wide = blurred(wide, int(rng.integers(1, 5)))
        yy = np.arange(2 * height)[:, None, None] / height
        floor = np.clip((yy - rng.uniform(1.28, 1.36)) * 14, 0, 1)
        wide = wide * (1 - 0.75 * floor) + 0.75 * floor * rng.uniform(70, 190, 3) * (1.3 - 0.3 * yy)
        move = int(rng.integers(0, 3))
        path = pan_path(rng, self.count, rng.uniform(0.2, 0.9) if move == 0 else 0.0)
        if move == 1:
            path = shake_path(rng, self.count, rng.uniform(0.5, 2.0))
        return camera(wide, [(0.2 * y, x, z, a) for y, x, z, a in path], height, width)

    def light(self) -> Light:
        """Return a light that stays."""
        return Light(float(self.rng.uniform(-0.6, 0.6)), float(self.rng.uniform(-0.6, -0.1)))

    def home(self, ry: float, rx: float) -> Where:
        """Return a place near the middle for a thing of these radii (shares of the height)."""
        size = self.rng.uniform(0.9, 1.15)
        x = self.width * self.rng.uniform(0.4, 0.6)
        return self.height * 0.5, x, ry * size * self.height, rx * size * self.height


def head(take: Take, what: str = "all", lively: bool = False) -> tuple[Draw, Where]:
    """Somebody's head on shoulders; `what` changes: ``all``, ``face``, ``hair``, or ``shape``."""
    rng = take.rng
    one = things.face_look(rng)
    two = things.another_face(rng, one)
    if what == "face":
        two[3:6], two[12:15], two[26] = one[3:6], one[12:15], one[26]
        two[15:18] = 0.715 - one[15], -0.16 if one[16] > -0.07 else 0.02, 0.205 - one[17]
        two[20], two[25] = 0.53 - one[20], 1 - one[25]
    elif what == "hair":
        face_only = [0, 1, 2, *range(6, 12), *range(15, 22), 25, 27, 29]
        two[face_only] = one[face_only]
    jaws = rng.uniform(0.02, 0.1), rng.uniform(0.14, 0.2)
    wides = (0.86, 1.14) if rng.random() < 0.5 else (1.14, 0.86)
    shapes = what in ("shape", "all")
    if what == "shape":
        two = one
    shirt_one = things.vivid(rng)
    dressed = what == "all" and rng.random() < 0.5
    shirt_two = things.vivid(rng) if dressed else shirt_one
    beat, rest = rng.uniform(0.25, 0.5), int(rng.integers(30, 60))

    def draw(frame: Field, t: int, share: float, where: Where, turn: float, light: Light) -> None:
        y, x, ry, rx = where
        mouth = 0.5 * (1 + np.sin(beat * t)) * (np.sin(0.11 * t) > -0.4) if lively else 0.0
        blink = float(lively and t % rest < 3)
        skin = things.face(one + (two - one) * share, float(mouth), blink)
        shirt = shirt_one + (shirt_two - shirt_one) * share
        cloth = np.broadcast_to(shirt, (8, 16, 3))
        neck = np.broadcast_to(one[:3] + (two[:3] - one[:3]) * share, (8, 16, 3)) * 0.85
        things.tin(frame, cloth, (y + 4.0 * ry, x, 2.1 * ry, 1.88 * rx), 0, light)
        things.egg(frame, cloth, (y + 1.9 * ry, x, ry, 1.9 * rx), 0, light)
        things.tin(frame, neck, (y + 0.95 * ry, x, 0.35 * ry, 0.4 * rx), 0, light)
        wide = wides[0] + (wides[1] - wides[0]) * share if shapes else 1.0
        jaw = jaws[0] + (jaws[1] - jaws[0]) * share if shapes else jaws[0]
        things.egg(frame, skin, (y, x, ry, rx * wide), turn, light, jaw)

    return draw, take.home(0.3, 0.24)


def animal(take: Take, what: str = "") -> tuple[Draw, Where]:
    """Draw an animal with a patterned coat; `what` changes: ``markings``, ``colour``, or ``all``."""
    rng = take.rng
    skin = things.coat(rng, what)
    legs, pace = things.vivid(rng) * 0.5, rng.uniform(0.15, 0.4)
    neck, ears = rng.uniform(0.5, 0.9), rng.uniform(0.3, 0.8)
    grown = (rng.uniform(0.65, 0.8), rng.uniform(1.3, 1.6)) if what == "all" else (1.0, 1.0)

    def draw(frame: Field, t: int, share: float, where: Where, turn: float, light: Light) -> None:
        y, x, ry, rx = where
        surface = skin(share)
        tall, large = (1 + (g - 1) * share for g in grown)
        long, front = 0.45 + 0.55 * abs(np.cos(turn)), float(np.cos(turn))
        cloth = np.broadcast_to(legs, (8, 16, 3))
        for side, phase in ((-0.62, 0.0), (-0.42, 3.1), (0.42, 1.6), (0.62, 4.7)):
            step = 0.1 * rx * np.sin(pace * t + phase)
            things.tin(
                frame, cloth, (y + 1.1 * ry, x + side * rx * long + step, 0.55 * ry, 0.09 * rx), 0, light
            )
        things.egg(frame, surface, (y, x, ry * tall, rx * long), turn, light)
        hx, hy = x + front * 0.98 * rx, y - neck * ry
        size = 0.52 * ry * large
        for side in (-1, 1):
            ear = (hy - 0.9 * size, hx + side * 0.55 * size, ears * size, 0.22 * size)
            things.egg(frame, surface, ear, turn, light)
        things.egg(frame, surface, (hy, hx, size, 0.9 * size), turn + 0.8, light)
        if np.sin(turn) > -0.75:
            dark = np.full((8, 16, 3), 14.0)
            for side in (-1, 1):
                eye = (hy - 0.15 * size, hx + (0.35 * front + 0.34 * side) * size, 0.14 * size, 0.11 * size)
                things.egg(frame, dark, eye, 0, light)
            things.egg(
                frame, dark, (hy + 0.35 * size, hx + 0.5 * front * size, 0.15 * size, 0.2 * size), 0, light
            )

    return draw, take.home(0.2, 0.32)


def goods(take: Take, shape: str, changes: bool = False) -> tuple[Draw, Where]:
    """Draw a tin or a box with a label, or a ball."""
    skin = things.ball(take.rng, changes) if shape == "ball" else things.label(take.rng, changes)
    solids = {"ball": things.egg, "tin": things.tin, "box": things.crate}
    radii = {"ball": (0.3, 0.3), "tin": (0.33, 0.22), "box": (0.28, 0.24)}[shape]

    def draw(frame: Field, t: int, share: float, where: Where, turn: float, light: Light) -> None:
        y, x, ry, rx = where
        things.ground_shadow(frame, y + 0.97 * ry, x, rx)
        solids[shape](frame, skin(share), where, turn, light)

    return draw, take.home(*radii)


def painted_box(take: Take) -> tuple[Draw, Where]:
    """Draw a box whose colours wander by 40–90° of hue, its letters staying."""
    one = things.label(take.rng)(0.0)
    angle = take.rng.choice([-1, 1]) * take.rng.uniform(40, 90)

    def draw(frame: Field, t: int, share: float, where: Where, turn: float, light: Light) -> None:
        things.ground_shadow(frame, where[0] + 0.97 * where[2], where[1], where[3])
        things.crate(frame, turned(one, angle * share), where, turn, light)

    return draw, take.home(0.28, 0.24)
