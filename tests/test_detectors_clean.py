"""Clean moving pictures raise no warning: pans, zooms, shake, grain, snow, lights, wheels, cadences."""

from __future__ import annotations

import pytest

from benchmarks import scenes
from otio_ai_audit.detectors import DETECTORS
from otio_ai_audit.model import WARNING
from tests.detector_clips import clean, detect, use_of

HARD = {"dissolve", "lamp", "lightning", "stage", "strobe"}
"""What the detectors cannot be asked to leave alone: two pictures at once, light that the scene throws."""


@pytest.mark.parametrize("scene", sorted(set(scenes.SCENES) - HARD))
def test_a_clean_scene_stays_clean(scene: str) -> None:
    use = use_of(clean(scene))
    for name, module in DETECTORS.items():
        if getattr(module, "ACROSS", False):
            continue  # one clip alone has nothing to differ from
        said = detect(name, use)
        score = said.scores["V1/0001"]
        assert score is not None
        assert score < WARNING, (name, score, [one.message for one in said.findings])
