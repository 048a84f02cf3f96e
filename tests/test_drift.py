"""Drift on signals made by hand: what changes while it is still there, and what only moves."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit.detectors import _appearance, _course, _faces, _surface, drift
from otio_ai_audit.model import REGIONS, IdentitySignals, Media, MediaSignals, Span
from tests.detector_clips import use_of
from tests.signals import made_up

FRAMES, ROWS, COLUMNS, RATE = 96, 17, 30, 24
PATCH = np.s_[6:11, 10:20]


def painted(
    seed: int = 1,
    *,
    change: np.ndarray | None = None,
    shift: int = 0,
    look: np.ndarray | None = None,
    person: np.ndarray | None = None,
) -> MediaSignals:
    """A picture of coloured cells with a little noise, at 24 frames a second.

    `change` (FRAMES,) turns the colour of a patch from blue to red; `shift` pans by so many cells a
    second; `look` (FRAMES,) turns the look vector away from the first by an angle; `person` likewise.
    """
    rng = np.random.default_rng(seed)
    wide = COLUMNS + abs(shift) * FRAMES // RATE
    world = rng.normal(0, 1, (3, ROWS, wide))
    planes = 128 + np.array([40.0, 12.0, 12.0])[:, None, None] * world
    frames = np.empty((FRAMES, 3, ROWS, COLUMNS))
    for t in range(FRAMES):
        left = abs(shift) * t // RATE
        frames[t] = planes[:, :, left : left + COLUMNS] + rng.normal(0, 0.2, (3, ROWS, COLUMNS))
        if change is not None:
            frames[t][(1, *PATCH)] = 90 + 76 * change[t]
            frames[t][(2, *PATCH)] = 166 - 76 * change[t]
    frames = np.clip(np.round(frames * 256) / 256, 0, 255).astype(np.float32)
    signals = made_up(frames=FRAMES, rows=ROWS, columns=COLUMNS, seed=seed)
    flow = np.zeros((FRAMES, ROWS, COLUMNS, 2), np.float32)
    for t in range(1, FRAMES):
        flow[t, ..., 0] = 8 * (abs(shift) * t // RATE - abs(shift) * (t - 1) // RATE)
    camera = np.zeros((FRAMES, 2, 3), np.float32)
    camera[:, 0, 0] = flow[:, 0, 0, 0]
    still = np.zeros((FRAMES, ROWS, COLUMNS), np.float32)
    histogram = np.full((FRAMES, 32), 1 / 32, np.float32)
    grid = replace(
        signals.grid,
        pts=np.arange(FRAMES, dtype=np.int64) * 1000,
        luma=frames[:, 0],
        blue=frames[:, 1],
        red=frames[:, 2],
        detail=still + 9,
        change=np.full(FRAMES, 1, np.float32),
        change_peak=np.full(FRAMES, 3, np.float32),
        histogram=histogram,
        low=np.full(FRAMES, 20, np.float32),
        high=np.full(FRAMES, 230, np.float32),
    )
    motion = replace(
        signals.motion,
        flow=flow,
        camera=camera,
        back=np.zeros((FRAMES, 3, ROWS, COLUMNS), np.float32),
        ahead=np.zeros((FRAMES, 3, ROWS, COLUMNS), np.float32),
        error=still,
        skip=still,
        outlier=still,
        trust=still + 1,
        likeness=np.ones(FRAMES, np.float32),
    )
    info = replace(signals.info, rate=Fraction(RATE), time_base=Fraction(1, 1000 * RATE))
    return replace(
        signals,
        info=info,
        grid=grid,
        motion=motion,
        span=Span(Fraction(0), Fraction(FRAMES, RATE)),
        problems=(),
        identity=seen(look, person),
    )


def turned(angles: np.ndarray, size: int) -> np.ndarray:
    """Unit vectors that turn away from the first axis."""
    out = np.zeros((len(angles), size), np.float32)
    out[:, 0], out[:, 1] = np.cos(angles), np.sin(angles)
    return out


def seen(look: np.ndarray | None, person: np.ndarray | None) -> IdentitySignals:
    """Twice a second the look, and with `person` a face in the middle."""
    sample = np.arange(0, FRAMES, RATE // 2)
    looks = turned(np.zeros(len(sample)) if look is None else look[sample], 16)
    count = 0 if person is None else len(sample)
    return IdentitySignals(
        sample=sample.astype(np.int64),
        region=np.tile(np.float32([0, 0, 1, 1]), (len(sample), len(REGIONS), 1)),
        look=np.repeat(looks[:, None], len(REGIONS), axis=1),
        colour=np.repeat(looks[:, None], len(REGIONS), axis=1),
        face_sample=np.arange(count, dtype=np.int64),
        face_track=np.zeros(count, np.int64),
        face_box=np.tile(np.float32([0.4, 0.3, 0.2, 0.3]), (count, 1)),
        face_sure=np.full(count, 0.9, np.float32),
        face=turned(np.zeros(0) if person is None else person[sample], 128),
        face_turn=np.zeros(count, np.float32),
    )


def ramp(first: int, last: int, top: float = 1.0) -> np.ndarray:
    """0 up to a frame, then evenly to `top`, and so to the end."""
    return np.asarray(np.clip((np.arange(FRAMES) - first) / (last - first), 0, 1) * top)


def said(signals: MediaSignals) -> tuple[float, tuple, np.ndarray]:
    use = use_of(signals)
    answer = drift.detect([use], drift.Settings())
    return answer.scores[use.id] or 0.0, answer.findings, np.array(answer.curves[use.id].score)


def test_what_does_not_change_does_not_drift() -> None:
    score, findings, _ = said(painted())
    assert score < 0.5 and all(one.score < 0.5 for one in findings)


def test_a_morph_drifts_and_a_pan_to_other_things_does_not() -> None:
    morph, _, _ = said(painted(change=ramp(36, 60), look=ramp(36, 60, 1.2)))
    pan, _, _ = said(painted(shift=3, look=ramp(0, 95, 1.2)))
    assert morph > pan and morph >= 0.5
    assert pan < 0.5


def test_the_finding_says_when_where_and_what() -> None:
    _, findings, curve = said(painted(change=ramp(36, 60), look=ramp(36, 60, 1.2)))
    (found,) = findings
    assert abs(found.start - 36 / RATE) <= 0.5
    assert found.start + found.duration == pytest.approx(FRAMES / RATE, abs=0.3)
    assert found.region is not None
    x, y, w, h = found.region
    assert x < 15 / COLUMNS < x + w and y < 8 / ROWS < y + h and w * h < 0.3
    assert found.compare == (("V1/0001", 0.0),) and found.worst > 2
    assert found.evidence["pace"] == "slow"
    assert curve[:30].max() < curve[70:].min()


def test_there_and_back_ends_where_it_is_back() -> None:
    way = np.minimum(ramp(30, 40), 1 - ramp(60, 70))
    _, findings, _ = said(painted(change=way, look=way * 1.2))
    found = max(findings, key=lambda one: one.score)
    assert abs(found.start - 33 / RATE) <= 0.5
    assert abs(found.start + found.duration - 67 / RATE) <= 0.6
    assert found.evidence["pace"] == "there and back" and "and back" in found.message


def test_a_swap_is_sudden() -> None:
    _, findings, _ = said(painted(change=ramp(47, 48), look=ramp(47, 48, 1.2)))
    found = max(findings, key=lambda one: one.score)
    assert found.evidence["pace"] == "sudden" and "suddenly" in found.message


def test_a_face_that_becomes_somebody_else_is_told_as_a_face() -> None:
    score, findings, _ = said(painted(person=ramp(47, 48, 1.6)))
    assert score >= 0.5
    found = max(findings, key=lambda one: one.score)
    assert "face" in found.message and found.evidence["cue"] == "face"
    assert abs(found.start - 2) <= 0.5


def test_one_odd_sighting_of_a_face_says_nothing() -> None:
    way = np.zeros(FRAMES)
    way[48] = 1.6
    assert said(painted(person=way))[0] < 0.5


def test_a_head_that_is_turned_as_never_before_says_nothing() -> None:
    signals = painted(person=ramp(40, 80, 1.5))
    assert signals.identity is not None
    turn = np.where(signals.identity.sample > 30, 0.8, 0).astype(np.float32)
    (one,) = _faces.people(replace(signals.identity, face_turn=turn), 0, FRAMES)
    assert one.distance.max() < 0.05


def test_a_still_and_a_few_frames_have_no_score() -> None:
    signals = painted()
    still = use_of(signals, media=Media("/takes/fox.png", "still"))
    short = use_of(signals, visible=(Span(Fraction(0), Fraction(3, RATE)),))
    for use in (still, short):
        answer = drift.detect([use], drift.Settings())
        assert answer.scores == {use.id: None} and not answer.findings


def test_only_what_the_edit_shows_is_compared() -> None:
    signals = painted(change=ramp(60, 70), look=ramp(60, 70, 1.2))
    before = drift.detect([use_of(signals, visible=(Span(Fraction(0), Fraction(2)),))], drift.Settings())
    assert (before.scores["V1/0001"] or 0) < 0.5


def test_without_samples_the_grid_still_speaks() -> None:
    score, _, _ = said(replace(painted(change=ramp(36, 60)), identity=None))
    assert 0 <= score <= 1


def test_a_pan_keeps_its_surfaces() -> None:
    signals = painted(shift=6)
    *_, last = _surface.surfaces(signals, 0, FRAMES, np.array([20, 90]))
    known = last.age > 0
    assert known.mean() > 0.9  # what came in later is followed since then
    assert last.colour[known].max() < 2 and last.tone[known].max() < 0.05


def test_a_surface_that_changes_is_seen_where_it_is() -> None:
    signals = painted(change=ramp(36, 60))
    *_, last = _surface.surfaces(signals, 0, FRAMES, np.array([90]))
    inside = np.zeros((ROWS, COLUMNS), bool)
    inside[PATCH] = True
    assert last.colour[inside].min() > 5 * np.median(last.colour)


def test_lost_trust_begins_anew() -> None:
    signals = painted(change=ramp(20, 45))
    trust = signals.motion.trust.copy()
    trust[50:60] = 0
    signals = replace(signals, motion=replace(signals.motion, trust=trust))
    *_, last = _surface.surfaces(signals, 0, FRAMES, np.array([90]))
    assert (last.since >= 59).all() and last.colour.max() < 2


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.sampled_from([1.0, 0.6]))
def test_a_palette_is_a_unit_vector_whatever_the_colours(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    signals = made_up(frames=5, rows=6, columns=8, seed=seed)
    grid = replace(signals.grid, luma=rng.uniform(0, 255, (5, 6, 8)).astype(np.float32))
    rows = _appearance.palette(grid, np.arange(5), share)
    assert np.allclose((rows**2).sum(axis=1), 1)
    apart = _appearance.apart(rows)
    assert np.allclose(apart, apart.T) and apart.min() >= 0 and apart.max() <= 1 + 1e-9


def test_a_small_change_of_light_moves_a_palette_little() -> None:
    signals = painted()
    brighter = replace(signals.grid, luma=signals.grid.luma * np.float32(1.03))
    one, other = (_appearance.palette(grid, np.array([0]))[0] for grid in (signals.grid, brighter))
    assert 1 - one @ other < 0.01


def test_long_shots_are_taken_in_halves_that_overlap() -> None:
    from otio_ai_audit.detectors._view import look

    view = look(use_of(painted()))
    assert view is not None
    parts = drift.stretches(view, 0, FRAMES, drift.Settings(window_seconds=1.0))
    assert parts[0][0] == 0 and parts[-1][1] == FRAMES
    assert all(b - a == RATE for a, b in parts)
    assert all(second[0] <= first[0] + RATE // 2 + 1 for first, second in pairwise(parts))


def test_every_feature_has_its_place_in_the_table() -> None:
    signals = painted()
    seen = _appearance.seen(signals, 0, FRAMES)
    assert len(_appearance.features(signals, 0, FRAMES, seen)) == len(_appearance.FEATURES)
    course = _course.course(signals, 0, FRAMES, seen)
    assert course.features.shape == (len(course.frames), len(_course.FEATURES))
    assert np.isfinite(course.features).all()


def test_both_sides_of_a_cut_are_compared_only_in_the_same_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    from otio_ai_audit.detectors._view import look

    monkeypatch.setattr(drift, "shots", lambda view: [(0, 48), (48, FRAMES)])
    same = look(use_of(painted(look=ramp(47, 48, 1.2))))
    other = painted()
    blue = other.grid.blue.copy()
    blue[48:] += 60
    elsewhere = look(use_of(replace(other, grid=replace(other.grid, blue=blue))))
    assert same is not None and elsewhere is not None
    assert drift.scenes(same) == [(0, FRAMES)]
    assert drift.scenes(elsewhere) == [(0, 48), (48, FRAMES)]


def test_a_fade_is_no_drift() -> None:
    signals = painted()
    light = np.minimum(1, np.minimum(np.arange(FRAMES) + 1, FRAMES - np.arange(FRAMES)) / 20)
    dimmed = (signals.grid.luma * light[:, None, None]).astype(np.float32)
    faded = replace(signals, grid=replace(signals.grid, luma=dimmed))
    assert said(faded)[0] < 0.5


def test_what_grows_in_one_part_is_told_with_its_place() -> None:
    signals = painted()
    step = np.zeros((FRAMES, 3, ROWS, COLUMNS), np.float32)
    step[(slice(40, 64), 1, *PATCH)] = 2.0
    back, ahead = step, -np.roll(step, -1, axis=0)
    still = replace(signals.motion, back=back, ahead=ahead)
    score, findings, _ = said(replace(painted(change=ramp(40, 64)), motion=still))
    assert score >= 0.5
    x, y, w, h = max(findings, key=lambda one: one.score).region
    assert x >= 7 / COLUMNS and x + w <= 23 / COLUMNS and y >= 3 / ROWS and y + h <= 14 / ROWS


def test_what_flickers_or_is_blurred_does_not_grow() -> None:
    from otio_ai_audit.detectors._growth import growth

    signals = painted()
    alone = np.zeros((FRAMES, 3, ROWS, COLUMNS), np.float32)
    alone[(slice(20, 90), 1, *PATCH)] = 3.0  # the same sign against both neighbours
    motion = replace(signals.motion, back=alone, ahead=alone)
    frames = np.arange(0, FRAMES, 4)
    still = growth(signals, 0, FRAMES, frames).grown
    assert np.allclose(growth(replace(signals, motion=motion), 0, FRAMES, frames).grown, still)


@pytest.mark.parametrize(("rows", "columns"), [(1, 30), (2, 2), (30, 1), (1, 1)])
def test_pictures_of_a_few_cells_are_judged_too(rows: int, columns: int) -> None:
    signals = painted()
    part = np.s_[:, :rows, :columns]
    grid = replace(
        signals.grid,
        **{name: getattr(signals.grid, name)[part] for name in ("luma", "blue", "red", "detail")},
    )
    motion = replace(
        signals.motion,
        **{
            name: getattr(signals.motion, name)[part]
            for name in ("flow", "error", "skip", "outlier", "trust")
        },
        back=signals.motion.back[:, :, :rows, :columns],
        ahead=signals.motion.ahead[:, :, :rows, :columns],
    )
    score, _, _ = said(replace(signals, grid=grid, motion=motion))
    assert 0 <= score <= 1
