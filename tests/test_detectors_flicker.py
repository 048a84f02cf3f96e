"""What flicker says of waves of all kinds, and how much a person would see of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from benchmarks import scenes
from benchmarks.inject import Frames, inject
from otio_ai_audit.detectors import _wave
from otio_ai_audit.model import NOTE, WARNING, Detection, MediaSignals
from tests.detector_clips import detect, faulty, frames_of, signals_of, use_of


def score(signals: MediaSignals) -> float:
    return detect("flicker", use_of(signals)).scores["V1/0001"] or 0.0


def worst(said: Detection):
    return max(said.findings, key=lambda one: one.score)


@cache
def pulsing(size: float, frames: int, scene: str = "zoom", gain: float = 1.0) -> MediaSignals:
    """A made scene, darkened by `gain`; frames in the middle are brighter and darker in turn."""
    out = [frame * gain for frame in scenes.make(scene, 31, count=40)]
    for t in range(20 - frames // 2, 20 + (frames + 1) // 2):
        out[t] = out[t] * (1 + size * (-1) ** t)
    return signals_of([np.clip(frame + 0.5, 0, 255).astype(np.uint8) for frame in out])


def test_a_stronger_pulse_scores_higher() -> None:
    scores = [score(pulsing(size, 20)) for size in (0.0, 0.02, 0.1)]
    assert scores == sorted(scores) and scores[0] < WARNING and scores[2] >= WARNING


def test_a_short_pulse_counts_less_than_a_long_one() -> None:
    assert score(pulsing(0.03, 3)) < score(pulsing(0.03, 24))


def test_darkness_hides_a_pulse() -> None:
    assert score(pulsing(0.04, 20, gain=0.12)) < score(pulsing(0.04, 20))


def test_fast_motion_silences_a_pulse() -> None:
    """Motion silencing: Choi & Bovik, flicker visibility falls with the speed of coherent motion."""
    assert score(pulsing(0.03, 20, "fast_pan")) < score(pulsing(0.03, 20, "zoom"))


WAVES = [
    ("pan", "slow_pump", WARNING),
    ("pan", "hue_pulse", WARNING),
    ("passing", "fur", WARNING),
    ("pan", "local_6hz", NOTE),
]


@pytest.mark.parametrize(("scene", "kind", "least"), WAVES, ids=[kind for _, kind, _ in WAVES])
def test_waves_of_all_kinds_are_found(scene: str, kind: str, least: float) -> None:
    signals, fault = faulty(scene, kind)
    said = detect("flicker", use_of(signals))
    assert said.findings, said.scores
    one = worst(said)
    assert one.score >= least, (one.score, one.message)
    first, stop = frames_of(one.start, one.duration)
    assert first < fault.stop and stop > fault.first
    curve = np.asarray(said.curves["V1/0001"].score)
    inside = np.zeros(len(curve), dtype=bool)
    inside[fault.first : fault.stop] = True
    if not inside.all():
        assert curve[inside].mean() > 1.3 * curve[~inside].mean()


def test_a_pulse_of_brightness_is_not_called_one_of_colour() -> None:
    for kind, word in (("slow_pump", "Colour"), ("hue_pulse", "picture pulses")):
        signals, _ = faulty("pan", kind)
        assert word not in worst(detect("flicker", use_of(signals))).message


def test_boiling_texture_is_called_so_and_has_its_place() -> None:
    signals, fault = faulty("passing", "fur")
    one = worst(detect("flicker", use_of(signals)))
    assert one.label == "boiling" and one.message.startswith("Texture boils")
    assert one.region is not None and fault.region is not None
    x, y, w, h = one.region
    fx, fy, fw, fh = fault.region
    assert fx <= x + w / 2 <= fx + fw and fy <= y + h / 2 <= fy + fh


def series(jumps: Callable[[int], bool], count: int = 96) -> np.ndarray:
    rng = np.random.default_rng(4)
    return np.array([2.0 if jumps(t) else 0.0 for t in range(count)]) + rng.uniform(0, 0.3, count)


@pytest.mark.parametrize("step", [4, 8, 16])
@pytest.mark.parametrize("phase", [0, 1, 3])
def test_jumps_at_a_fixed_step_from_the_start(step: int, phase: int) -> None:
    assert _wave.fixed_step(series(lambda t: t % step == phase), 0, 96) == step


def test_no_step_in_noise_nor_in_what_comes_irregularly() -> None:
    assert _wave.fixed_step(series(lambda _: False), 0, 96) == 0
    assert _wave.fixed_step(series(lambda t: t in (5, 11, 30, 37, 52, 80)), 0, 96) == 0


def test_a_step_of_the_video_model_is_named() -> None:
    frames: Frames = scenes.make("zoom", 33, count=64)
    frames = [
        np.clip(frame * (1.06 if t // 8 % 2 else 0.94), 0, 255).astype(np.uint8)
        for t, frame in enumerate(frames)
    ]
    said = detect("flicker", use_of(signals_of(frames)))
    steps = [one.evidence["period_frames"] for one in said.findings if "period_frames" in one.evidence]
    assert steps == [8.0], [(one.message, one.evidence) for one in said.findings]


def test_the_scene_of_the_tests_is_innocent() -> None:
    for scene in ("pan", "zoom", "fast_pan"):
        assert score(signals_of(scenes.make(scene, 31, count=40))) < WARNING


def test_injection_is_deterministic() -> None:
    frames = scenes.make("pan", 5, count=40)
    for kind in ("soften", "hue_pulse"):
        one, two = inject(frames, kind, 3)[0], inject(frames, kind, 3)[0]
        assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
