"""Standstills are found to the frame, cadences are named, and what only rests is left alone."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from benchmarks import scenes
from otio_ai_audit import video
from otio_ai_audit.measure import measure
from otio_ai_audit.model import WARNING, Detection, Finding, Media, MediaJob, MediaSignals, Span
from tests.detector_clips import clean, detect, use_of

Frames = list[np.ndarray]
HEIGHT, WIDTH = 144, 256


@cache
def moving(scene: str, count: int = 48) -> tuple[np.ndarray, ...]:
    return tuple(scenes.make(scene, 31, count=count, height=HEIGHT, width=WIDTH))


def measured(frames: Frames, rate: Fraction = Fraction(24), **options: object) -> MediaSignals:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fox_v012.mp4"
        own = {"preset": "veryfast", **{key: str(value) for key, value in options.items()}}
        video.encode(path, frames, rate, options=own)
        signals = measure(MediaJob(Media(str(path))))
    assert isinstance(signals, MediaSignals), signals
    return signals


def frozen(frames: tuple[np.ndarray, ...], first: int, stop: int) -> Frames:
    return [frames[first] if first <= t < stop else frame for t, frame in enumerate(frames)]


def grainy(frames: Frames, sigma: float = 3.0) -> Frames:
    """New grain on every frame, about 1.5 pixels wide as scanned film has it."""
    rng = np.random.default_rng(3)
    out = []
    for frame in frames:
        noise = rng.normal(0, 1, frame.shape[:2])
        for axis in (0, 1):
            noise = 0.25 * np.roll(noise, 1, axis) + 0.5 * noise + 0.25 * np.roll(noise, -1, axis)
        out.append(np.clip(frame + sigma * (noise / noise.std())[..., None] + 0.5, 0, 255).astype(np.uint8))
    return out


def told(signals: MediaSignals) -> Detection:
    return detect("freeze", use_of(signals, rate=signals.info.rate))


def standstills(signals: MediaSignals, least: float = WARNING) -> list[tuple[int, int]]:
    rate = float(signals.info.rate)
    return [
        (round(one.start * rate), round((one.start + one.duration) * rate))
        for one in told(signals).findings
        if one.label == "freeze" and one.score >= least
    ]


def cadence(signals: MediaSignals) -> Finding:
    found = [one for one in told(signals).findings if one.label == "cadence"]
    assert len(found) == 1, told(signals)
    return found[0]


@pytest.mark.parametrize(("crf", "bf"), [(14, 3), (20, 0), (25, 3), (30, 0)])
@pytest.mark.parametrize(("scene", "first", "stop"), [("pan", 16, 32), ("shake", 20, 28)])
def test_a_freeze_is_exact_to_the_frame(crf: int, bf: int, scene: str, first: int, stop: int) -> None:
    signals = measured(frozen(moving(scene), first, stop), crf=crf, bf=bf)
    assert standstills(signals) == [(first, stop)]


def test_key_frames_inside_a_freeze_do_not_end_it() -> None:
    signals = measured(frozen(moving("shake"), 16, 32), crf=26, g=6, bf=0)
    assert standstills(signals) == [(16, 32)]


@pytest.mark.parametrize("crf", [14, 20, 28])
@pytest.mark.parametrize(("first", "stop"), [(16, 32), (20, 28)])
def test_grain_on_top_does_not_hide_a_freeze(crf: int, first: int, stop: int) -> None:
    signals = measured(grainy(frozen(moving("shake"), first, stop)), crf=crf)
    assert standstills(signals) == [(first, stop)]


def test_grain_on_the_frozen_pictures_only_does_not_hide_them() -> None:
    frames = frozen(moving("pan"), 16, 32)
    frames[16:32] = grainy(frames[16:32])
    assert standstills(measured(frames, crf=16)) == [(16, 32)]


@pytest.mark.parametrize("crf", [18, 27])
@pytest.mark.parametrize(
    ("source", "shown", "words"),
    [
        (24, 30, "Cadence 24→30: every fourth picture is shown twice."),
        (16, 24, "Cadence 16→24: every second picture is shown twice."),
        (16, 25, "Cadence 16→25: 16 pictures fill 25 frames."),
        (16, 30, "Cadence 16→30: 8 pictures fill 15 frames."),
        (12, 24, "Cadence 12→24: every picture is shown twice."),
        (25, 30, "Cadence 25→30: every fifth picture is shown twice."),
        (15, 30, "Cadence 15→30: every picture is shown twice."),
        (8, 24, "Cadence 8→24: every picture is shown three times."),
        (12, 30, "Cadence 12→30: pictures are shown twice and three times in turn."),
    ],
)
def test_a_cadence_is_named(source: int, shown: int, words: str, crf: int) -> None:
    pictures = moving("pan" if crf > 20 else "shake")
    frames = [pictures[t * source // shown] for t in range(54)]
    signals = measured(frames, Fraction(shown), crf=crf)
    found = cadence(signals)
    assert found.message == words
    assert 0.2 <= found.score <= 0.3
    assert found.evidence["source_fps"] == source
    ratio = Fraction(source, shown)
    assert found.evidence["ratio"] == f"{ratio.numerator}:{ratio.denominator}"
    assert found.evidence["period_frames"] == ratio.denominator
    assert (told(signals).scores["V1/0001"] or 0.0) < WARNING


def test_every_nth_picture_twice_is_named_whatever_the_container_says() -> None:
    pictures = moving("zoom")
    frames = [pictures[t - t // 8] for t in range(48)]  # one of eight
    assert cadence(measured(frames, crf=18)).message == "Cadence 21→24: every seventh picture is shown twice."


def test_a_cadence_under_grain_is_named() -> None:
    pictures = moving("shake")
    signals = measured(grainy([pictures[t * 2 // 3] for t in range(48)], 2.0), crf=18)
    assert cadence(signals).message.startswith("Cadence 16→24")
    assert standstills(signals) == []


def test_repeats_without_a_pattern_are_told_as_such() -> None:
    pictures = moving("pan")
    again = {5, 9, 17, 20, 28, 34, 36, 45}
    frames, at = [], 0
    for t in range(48):
        at += t > 0 and t not in again
        frames.append(pictures[at])
    said = cadence(measured(frames, crf=18))
    assert said.message == "About one frame in 6 repeats the one before."


def test_a_freeze_inside_a_cadence_is_still_a_freeze() -> None:
    pictures = moving("shake")
    frames = [pictures[t * 4 // 5] for t in range(56)]
    signals = measured(frozen(tuple(frames), 20, 36), Fraction(30), crf=18)
    assert cadence(signals).message.startswith("Cadence 24→30")
    (found,) = standstills(signals)
    assert found == (20, 36)


def test_motion_at_an_uneven_pace_is_no_cadence() -> None:
    still = scenes.texture(np.random.default_rng(5), 2 * HEIGHT, 2 * WIDTH)
    at = np.cumsum([3.0 if t % 2 else 1.5 for t in range(48)])
    frames = scenes.camera(still, [(0.0, float(x), 1.0, 0.0) for x in at], HEIGHT, WIDTH)
    assert told(measured(scenes.to_bytes(frames), crf=18)).findings == ()


@pytest.mark.parametrize("repeated", [3, 4])
def test_a_clip_that_opens_on_equal_frames_is_told(repeated: int) -> None:
    pictures = moving("pan")
    said = told(measured([pictures[max(0, t - repeated + 1)] for t in range(40)], crf=18))
    (found,) = said.findings
    assert found.message == f"Opens on {repeated} frames of one picture; no freeze or retime in the edit."
    assert 0.2 <= found.score < WARNING and found.start == 0


def test_a_clip_that_ends_frozen_is_told() -> None:
    said = told(measured(frozen(moving("shake", 40), 28, 40), crf=20))
    (found,) = said.findings
    assert found.message == "Ends on 12 frames of one picture; no freeze or retime in the edit."
    assert found.score >= WARNING


def _panned(speed: np.ndarray, seed: int = 5) -> Frames:
    still = scenes.texture(np.random.default_rng(seed), 2 * HEIGHT, 3 * WIDTH)
    path = [(0.0, float(x), 1.0, 0.0) for x in np.cumsum(speed) - speed.sum() / 2]
    return list(scenes.to_bytes(scenes.camera(still, path, HEIGHT, WIDTH)))


def _ease(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


@pytest.mark.parametrize("grain", [False, True])
def test_a_slow_stop_and_start_is_no_freeze(grain: bool) -> None:
    t = np.arange(56.0)
    frames = _panned(3.0 * np.where(t < 28, 1 - _ease((t - 12) / 8), _ease((t - 38) / 8)))
    assert standstills(measured(grainy(frames) if grain else frames, crf=18)) == []


@pytest.mark.parametrize("grain", [False, True])
def test_who_holds_still_before_a_locked_camera_is_no_freeze(grain: bool) -> None:
    rng = np.random.default_rng(8)
    ground = scenes.to_bytes([scenes.texture(rng, HEIGHT, WIDTH)])[0]
    head = scenes.to_bytes([scenes.texture(rng, 60, 50)])[0]
    t = np.arange(60)
    sway = np.cumsum(np.where((t > 22) & (t < 40), 0.0, 2.5 * np.cos(t / 3.0)))
    frames = []
    for x in sway:
        frame = ground.copy()
        left = 100 + round(float(x))
        frame[40:100, left : left + 50] = head
        frames.append(frame)
    assert standstills(measured(grainy(frames) if grain else frames, crf=18)) == []


def test_a_drawing_held_for_longer_than_the_others_is_no_sure_freeze() -> None:
    drawings = moving("passing", 30)
    order = [t // 2 for t in range(24)] + [12] * 24 + [13 + t // 2 for t in range(24)]
    assert standstills(measured([drawings[k] for k in order], crf=18)) == []


def test_a_locked_off_shot_between_flashes_is_not_frozen() -> None:
    frame = moving("pan")[0]
    frames = [
        np.minimum(frame.astype(int) + 90, 255).astype(np.uint8) if t in (14, 15, 30, 31) else frame
        for t in range(48)
    ]
    assert standstills(measured(grainy(frames, 1.5), crf=18)) == []
    assert standstills(measured(frames, crf=18)) == []


def test_the_edits_own_freeze_under_grain_is_innocent() -> None:
    signals = measured(grainy(frozen(moving("shake"), 16, 32)), crf=18)
    own = use_of(signals, still=(Span(Fraction(16, 24), Fraction(32, 24)),))
    assert (detect("freeze", own).scores["V1/0001"] or 0.0) < WARNING


def test_a_made_cadence_and_locked_off_grain_are_innocent() -> None:
    said = detect("freeze", use_of(clean("one_in_six")))
    assert [one.label for one in said.findings] == ["cadence"]
    assert all(one.score < WARNING for one in said.findings)
    assert (detect("freeze", use_of(clean("locked_grain"))).scores["V1/0001"] or 0.0) < 0.2


@pytest.mark.parametrize("scene", ["lightning", "stage", "strobe"])
def test_light_that_comes_and_goes_over_a_still_scene_is_no_freeze(scene: str) -> None:
    frames = scenes.make(scene, 3, count=72, height=HEIGHT, width=WIDTH)
    said = told(measured(list(frames), crf=16))
    assert (said.scores["V1/0001"] or 0.0) < WARNING
    assert not any(one.label == "cadence" for one in said.findings)


def test_a_screen_where_text_is_typed_is_not_frozen_between_two_letters() -> None:
    for seed in range(4):
        typed = scenes.make("screen", seed, count=48, height=HEIGHT, width=WIDTH)
        assert (detect("freeze", use_of(measured(typed, crf=17))).scores["V1/0001"] or 0.0) < WARNING
