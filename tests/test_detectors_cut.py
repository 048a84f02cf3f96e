"""Hard cuts are found at their frame; what returns, rushes past or fades over is none."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from benchmarks import scenes
from otio_ai_audit.model import WARNING, Span
from tests.detector_clips import clean, detect, faulty, signals_of, use_of

Frames = list[np.ndarray]
HEIGHT, WIDTH = 144, 256


@cache
def made(scene: str, seed: int = 31, count: int = 40) -> tuple[np.ndarray, ...]:
    return tuple(scenes.make(scene, seed, count=count, height=HEIGHT, width=WIDTH))


def cuts(frames: Frames, **changes: object) -> list[int]:
    said = detect("cut", use_of(signals_of(frames), **changes))
    return [round(one.start * 24) for one in said.findings if one.score >= WARNING]


@pytest.mark.parametrize("at", [1, 2, 3, 20, 37, 38, 39])
def test_a_cut_is_found_at_its_frame_up_to_the_first_and_last(at: int) -> None:
    assert cuts([*made("pan")[:at], *made("zoom", 77)[at:]]) == [at]


@pytest.mark.parametrize("scenes_", [("fast_pan", "shake"), ("shake", "fast_pan")])
def test_a_cut_while_the_camera_moves_fast(scenes_: tuple[str, str]) -> None:
    first, other = (made(name, 40 + i) for i, name in enumerate(scenes_))
    assert cuts([*first[:17], *other[17:]]) == [17]


def test_a_cut_in_very_dark_pictures() -> None:
    frames = [*made("pan")[:22], *made("zoom", 77)[22:]]
    assert cuts([(frame * 0.15).astype(np.uint8) for frame in frames]) == [22]


def test_two_cuts_are_two() -> None:
    assert cuts([*made("pan")[:12], *made("zoom", 77)[12:27], *made("shake", 5)[27:]]) == [12, 27]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_flash_and_an_insert_are_no_cut(length: int) -> None:
    frames = made("pan")
    inside = range(18, 18 + length)
    flash = [
        np.minimum(f.astype(int) + 120, 255).astype(np.uint8) if t in inside else f
        for t, f in enumerate(frames)
    ]
    assert cuts(flash) == []
    other = made("zoom", 77)
    assert cuts([other[t] if t in inside else frame for t, frame in enumerate(frames)]) == []


@pytest.mark.parametrize("scene", ["whip", "fast_pan", "exposure", "fade"])
def test_what_moves_or_fades_fast_is_no_cut(scene: str) -> None:
    assert (detect("cut", use_of(clean(scene))).scores["V1/0001"] or 0.0) < WARNING


@pytest.mark.parametrize(("scene", "seed"), [("lamp", 2), ("lamp", 3), ("strobe", 0), ("strobe", 2)])
def test_light_that_changes_on_what_stays_is_no_cut(scene: str, seed: int) -> None:
    assert cuts([*made(scene, seed, 48)]) == []


@pytest.mark.parametrize("gain", [0.3, 0.5])
def test_a_lamp_that_goes_out_is_no_cut_and_another_scene_in_the_dark_is(gain: float) -> None:
    frames, other = made("pan"), made("zoom", 77)
    side = np.linspace(gain, 0.5 * gain, WIDTH)[None, :, None]
    assert cuts([*frames[:20], *((frame * side).astype(np.uint8) for frame in frames[20:])]) == []
    assert cuts([*frames[:20], *((frame * side).astype(np.uint8) for frame in other[20:])]) == [20]


@pytest.mark.parametrize("length", [5, 8])
def test_a_short_dissolve_is_no_cut(length: int) -> None:
    one, other = made("pan"), made("zoom", 77)
    mix = np.clip((np.arange(40) - 16) / length, 0, 1)
    frames = [(a * (1 - m) + b * m).astype(np.uint8) for a, b, m in zip(one, other, mix, strict=True)]
    assert cuts(frames) == []


@pytest.mark.parametrize(("scene", "kind"), [("zoom", "pop"), ("pan", "glitch"), ("shake", "alternate_12")])
def test_what_returns_is_no_cut(scene: str, kind: str) -> None:
    signals, _ = faulty(scene, kind)
    assert (detect("cut", use_of(signals)).scores["V1/0001"] or 0.0) < WARNING


@pytest.mark.parametrize("length", [6, 14])
def test_the_leap_at_the_end_of_a_freeze_is_no_cut(length: int) -> None:
    """The shot went on while one picture stood: where it goes on is where it would be."""
    frames = made("fast_pan", 31, 56)
    frozen = [frames[16] if 16 <= t < 16 + length else frame for t, frame in enumerate(frames)]
    said = detect("cut", use_of(signals_of(frozen)))
    assert (said.scores["V1/0001"] or 0.0) < 0.2
    assert [one.label for one in detect("freeze", use_of(signals_of(frozen))).findings] == ["freeze"]


def test_another_scene_behind_a_freeze_is_a_cut() -> None:
    frames = made("pan")
    frozen = [*frames[:14], *[frames[14]] * 8, *made("zoom", 77)[22:]]
    assert cuts(frozen) == [22]


def test_a_cut_where_the_edit_shows_nothing_is_not_told() -> None:
    frames = [*made("pan")[:20], *made("zoom", 77)[20:]]
    assert cuts(frames, visible=(Span(Fraction(0), Fraction(20, 24)),)) == []
    assert cuts(frames, visible=(Span(Fraction(18, 24), Fraction(38, 24)),)) == [20]
