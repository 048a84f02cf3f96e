"""Pops: where and how long, of a part, things that flash up, steps at a fixed period, ramps at the end."""

from __future__ import annotations

import re

import numpy as np
import pytest

from benchmarks import scenes
from benchmarks.inject import Frames, inject
from otio_ai_audit.detectors._levels import Levels, lit
from otio_ai_audit.detectors._spike import spikes
from otio_ai_audit.detectors._step import recurring, tail_features
from otio_ai_audit.detectors._view import look, pictures
from otio_ai_audit.detectors.cut import shots
from otio_ai_audit.model import WARNING, Detection, Finding, MediaSignals
from tests.detector_clips import detect, faulty, frames_of, signals_of, use_of


def said_of(signals: MediaSignals) -> Detection:
    return detect("pop", use_of(signals))


def best(said: Detection) -> Finding:
    return max(said.findings, key=lambda one: one.score)


def with_gains(gains: np.ndarray, scene: str = "pan", seed: int = 31) -> MediaSignals:
    """Measure a scene of which each frame has a gain, shape (N,) or (N, 3)."""
    frames: Frames = scenes.make(scene, seed, count=len(gains))
    return signals_of(
        [
            np.clip(frame * gain + 0.5, 0, 255).astype(np.uint8)
            for frame, gain in zip(frames, gains, strict=True)
        ]
    )


@pytest.mark.parametrize(
    ("scene", "kind"),
    [("zoom", "pop"), ("shake", "pop_dark_2"), ("pan", "glitch"), ("pan", "local_pop"), ("zoom", "blob")],
)
def test_the_curve_is_high_on_the_faulty_frames_and_falls_off_beside(scene: str, kind: str) -> None:
    signals, fault = faulty(scene, kind)
    score = np.array(said_of(signals).curves["V1/0001"].score)
    inside = score[fault.first : fault.stop]
    rest = np.concatenate([score[: fault.first], score[fault.stop :]])
    assert inside.min() > 1.5 * rest.max(), (inside, rest.max())


@pytest.mark.parametrize(("scene", "kind"), [("pan", "local_pop"), ("zoom", "blob"), ("shake", "local_step")])
def test_local_faults_are_placed(scene: str, kind: str) -> None:
    signals, fault = faulty(scene, kind)
    one = best(said_of(signals))
    assert one.region is not None and fault.region is not None
    x, y, w, h = fault.region
    assert x < one.region[0] + one.region[2] / 2 < x + w
    assert y < one.region[1] + one.region[3] / 2 < y + h
    assert one.region[2] * one.region[3] < 0.4


def test_a_step_stays_and_is_said_once() -> None:
    signals, fault = faulty("zoom", "seam")
    loud = [one for one in said_of(signals).findings if one.score >= WARNING]
    assert [frames_of(one.start, one.duration)[0] for one in loud] == [fault.first]
    assert re.match(r"(Jumps (brighter|darker)|Colour jumps) from here on", loud[0].message)


def test_small_steps_at_a_fixed_period_are_found_together() -> None:
    gains = 1 + 0.03 * (np.arange(64) // 12 % 2)
    said = said_of(with_gains(gains))
    found = [one for one in said.findings if one.score >= WARNING]
    starts = [frames_of(one.start, one.duration)[0] for one in found]
    assert set(starts) >= {12, 24, 36, 48}, starts
    assert {one.evidence.get("period_frames") for one in found} == {12.0}
    assert all("every 12th frame" in one.message for one in found)


def test_a_period_is_told_from_chance() -> None:
    rng = np.random.default_rng(4)
    frames = np.arange(160)
    size, sharp = rng.uniform(0.5, 1.5, 160), rng.uniform(0.2, 1.1, 160)
    assert recurring(frames, size, sharp)[0].max() < 0.7
    sharp[33::33] = 2.5
    recurs, period = recurring(frames, size, sharp)
    assert (recurs[33::33] > 1.5).all() and (period[33::33] == 33).all()
    quiet = np.full(160, 0.1)
    assert recurring(frames, quiet, sharp)[0].max() == 0  # as small as a codec's own period
    assert recurring(frames[:20], size[:20], sharp[:20])[0].max() == 0


@pytest.mark.parametrize("gain", [0.8, 1.2])
@pytest.mark.parametrize("length", [3, 6, 8])
def test_a_ramp_of_any_length_and_direction_is_found_at_the_end(gain: float, length: int) -> None:
    gains = np.ones(48)
    gains[-length:] += (gain - 1) * np.arange(1, length + 1) / length
    one = best(said_of(with_gains(gains)))
    assert one.label == "tail" and one.score >= WARNING
    assert abs(frames_of(one.start, one.duration)[0] - (48 - length)) <= 2
    assert ("brighten" in one.message) == (gain > 1) and "Trim" in one.message


def test_a_ramp_of_colour_is_found() -> None:
    gains = np.ones((48, 3))
    gains[-5:] += np.outer(np.arange(1, 6) / 5, [0.15, -0.04, -0.15])
    one = best(said_of(with_gains(gains)))
    assert one.label == "tail" and one.score >= WARNING


def test_a_ramp_whose_last_frame_is_repeated_is_found() -> None:
    frames, _ = inject(scenes.make("pan", 31, count=44), "tail", 3)
    one = best(said_of(signals_of([*frames, frames[-1], frames[-1]])))
    assert one.label == "tail" and one.score >= WARNING


def test_a_fade_out_is_a_note() -> None:
    gains = np.ones(48)
    gains[-10:] = np.linspace(0.95, 0.05, 10)
    assert (said_of(with_gains(gains)).scores["V1/0001"] or 0.0) < WARNING


@pytest.mark.parametrize("scene", ["lightning", "lamp", "strobe"])
def test_a_light_that_the_scene_shows_is_a_note(scene: str) -> None:
    signals = signals_of(scenes.make(scene, 41, count=48))
    assert (said_of(signals).scores["V1/0001"] or 0.0) < WARNING


def test_a_light_adds_more_here_than_there_and_an_exposure_multiplies() -> None:
    rng = np.random.default_rng(2)
    before = rng.uniform(10, 120, (8, 14)).astype(np.float32)
    near = np.exp(-np.hypot(*np.mgrid[-4:4, -7:7]) / 4).astype(np.float32)
    assert lit(before, before + 30 + 100 * near)
    assert not lit(before, before * 1.5)
    assert not lit(before, before[::-1, ::-1])
    assert not lit(before, before + 1)
    small = before.copy()
    small[2:4, 2:4] += 100
    assert not lit(before, small)  # a thing that appears
    assert not lit(np.zeros_like(before), np.zeros_like(before))


def test_jumps_in_a_row_are_flicker() -> None:
    gains = 1 + 0.1 * (np.arange(48) % 4 == 0)
    assert (said_of(with_gains(gains)).scores["V1/0001"] or 0.0) < WARNING


def test_features_of_the_fault_stand_out() -> None:
    signals, fault = faulty("zoom", "blob")
    view = look(use_of(signals))
    assert view is not None
    shown = pictures(view, shots(view)[0])
    found = spikes(shown, Levels.of(shown), fault.stop - fault.first)
    joint = found.thing[:, 4]
    assert int(joint.argmax()) == fault.first
    assert not np.isfinite(found.whole[0]).any() and not np.isfinite(found.whole[-1]).any()


def test_a_clip_too_short_for_a_ramp_has_none() -> None:
    signals, _ = faulty("zoom", "pop")
    view = look(use_of(signals))
    assert view is not None
    shown = pictures(view, (0, 7))
    assert tail_features(shown, Levels.of(shown), 8)[1] == 0
