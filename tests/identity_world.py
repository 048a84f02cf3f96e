"""Stand-ins for networks and detectors: identity carried through an audit without any weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from otio_ai_audit import detectors, identity
from otio_ai_audit.identity import sampler
from otio_ai_audit.identity.faces import Sightings
from otio_ai_audit.model import REGIONS, ClipUse, Detection, Finding, Group


class Colours:
    """Looks are mean colours; there are no faces."""

    def looks(self, picture: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = picture.reshape(-1, 3).mean(axis=0) + 1
        look = np.tile(mean / np.linalg.norm(mean), (len(REGIONS), 1)).astype(np.float32)
        return look, look

    def detect(self, picture: np.ndarray) -> Sightings:
        empty = np.zeros((0, 4), np.float32)
        return Sightings(empty, np.zeros((0, 5, 2), np.float32), np.zeros(0, np.float32))

    def faces(self, picture: np.ndarray, marks: np.ndarray) -> np.ndarray:
        return np.zeros((0, 128), np.float32)


@dataclass(frozen=True)
class Settings:
    limit: float = 0.1


class Across:
    """Takes all clips for one subject; the one that differs most is the odd one out."""

    ID = "mismatch"
    LABEL = "mismatch"
    COLOR = "Fuchsia"
    ACROSS = True
    NEEDS_IDENTITY = True
    Settings = Settings

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], list[str]]] = []

    def detect(self, uses: Sequence[ClipUse], settings: Settings) -> Detection:
        own = [use for use in uses if not use.reference]
        others = [use.id for use in uses if use.reference]
        self.asked.append(([use.id for use in own], others))
        looks = np.array([self._look(use) for use in uses])
        apart = np.clip(1 - looks @ looks.T, 0, 1)
        ids = tuple(use.id for use in uses)
        rest = {use.id: float(apart[n].mean()) for n, use in enumerate(uses)}
        worst = max(own, key=lambda use: rest[use.id])
        related = tuple(id_ for id_ in ids if id_ != worst.id)
        found = Finding(
            detector="mismatch",
            use=worst.id,
            start=0.0,
            duration=0.5,
            score=0.9,
            message=f"Colour differs from {related[0]}." if related else "Alone.",
            label="mismatch",
            related=related,
            worst=0.25,
            compare=tuple((id_, 0.125) for id_ in related[:2]),
        )
        rows = tuple(tuple(round(float(value), 4) for value in row) for row in apart)
        told_of = (found, Finding("mismatch", others[0], 0, 1, 0.9, "No.")) if others else (found,)
        return Detection(rest, told_of, {}, (Group("fox", ids, rows),))

    @staticmethod
    def _look(use: ClipUse) -> np.ndarray:
        assert use.signals is not None and use.signals.identity is not None
        return np.asarray(use.signals.identity.look[:, 0].mean(axis=0))


def stand_in(monkeypatch: pytest.MonkeyPatch, version: str = "one") -> Across:
    """Put stand-ins where the networks and the detector across clips belong."""
    monkeypatch.setattr(sampler, "Networks", Colours)
    monkeypatch.setattr(identity, "warmup", lambda: 0.0, raising=False)
    monkeypatch.setattr(identity, "version", lambda: version, raising=False)
    made = Across()
    registry = {"cut": detectors.DETECTORS["cut"], "dead": detectors.DETECTORS["dead"], "mismatch": made}
    monkeypatch.setattr(detectors, "DETECTORS", registry)
    return made


def nothing(*_: object) -> SimpleNamespace:
    raise AssertionError("asked although the answer is known")
