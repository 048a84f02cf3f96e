"""Drifts put onto a followed subject, innocent changes, and made scenes of both."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import inject_identity as identity
from benchmarks import scenes_identity, subject, things
from benchmarks.canvas import Frames, camera, sample, texture, to_bytes

HEIGHT, WIDTH = 120, 208


def place(t: int) -> tuple[float, float, float]:
    """Where the made subject is: (y, x, size)."""
    return 58 + 6 * np.sin(t / 7), 70 + 1.6 * t, 1 + 0.006 * t


def walker(seed: int, count: int = 30) -> Frames:
    """Move a textured, coloured oval before a slow pan."""
    rng = np.random.default_rng(seed)
    path = [(0.0, 0.5 * t, 1.0, 0.0) for t in range(count)]
    frames = camera(0.5 * texture(rng, 2 * HEIGHT, 2 * WIDTH) + 30, path, HEIGHT, WIDTH)
    skin = np.clip(0.9 * texture(rng, 96, 96) * np.array([1.3, 0.8, 0.4]), 0, 255)
    yy, xx = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    for t, frame in enumerate(frames):
        y, x, size = place(t)
        v, u = (yy - y) / (30 * size), (xx - x) / (26 * size)
        alpha = np.clip((1 - np.hypot(v, u)) * 12, 0, 1)[..., None]
        frame[:] = frame * (1 - alpha) + sample(skin, 48 + 44 * v, 48 + 44 * u) * alpha
    return to_bytes(frames)


@pytest.fixture(scope="module")
def clips() -> tuple[Frames, Frames, subject.Track, subject.Track]:
    one, two = walker(1), walker(2)
    return one, two, subject.find(one), subject.find(two)


def test_the_subject_is_found_and_followed(
    clips: tuple[Frames, Frames, subject.Track, subject.Track],
) -> None:
    for frames, track in ((clips[0], clips[2]), (clips[1], clips[3])):
        assert track.fits(frames)
        truth = np.array([place(t) for t in range(len(frames))])
        middle = truth[track.reference]
        assert np.hypot(track.centre[0] - middle[0], track.centre[1] - middle[1]) < 16
        moved = track.moves[:, 2:] - (truth[:, :2] - middle[:2])
        assert np.hypot(*moved.T).max() < 5
        sizes = np.hypot(track.moves[:, 0], track.moves[:, 1])
        assert np.abs(sizes - truth[:, 2] / middle[2]).max() < 0.08


@pytest.mark.parametrize("kind", identity.KINDS)
def test_a_drift_begins_when_it_says_and_an_innocent_change_is_none(
    kind: str, clips: tuple[Frames, Frames, subject.Track, subject.Track]
) -> None:
    one, two, track, other_track = clips

    def made(seed: int) -> tuple[Frames, identity.Fault | None]:
        return identity.inject_identity(one, kind, seed, two, rate=12.0, track=track, other_track=other_track)

    frames, fault = made(3)
    again, _ = made(3)
    assert all(np.array_equal(a, b) for a, b in zip(frames, again, strict=True))
    assert all(a.shape == b.shape and a.dtype == np.uint8 for a, b in zip(frames, one, strict=True))
    if kind in identity.INNOCENT:
        assert fault is None
        return
    assert fault is not None and fault.detector == "drift" and fault.region is not None
    assert 0 < fault.first < fault.stop <= len(one)
    if not kind.startswith("logo"):
        assert all(np.array_equal(a, b) for a, b in zip(frames[: fault.first - 2], one, strict=False))
    worst = (fault.first + fault.stop) // 2 if kind == "there_and_back" else fault.stop - 1
    change = np.abs(frames[worst].astype(int) - one[worst])
    y, x, size = place(worst)
    yy, xx = np.mgrid[:HEIGHT, :WIDTH]
    near = np.hypot((yy - y) / (30 * size), (xx - x) / (26 * size)) < 1.9
    assert change[near].mean() > 1.2
    assert change[near].sum() > 0.8 * change.sum()


def test_a_course_goes_there_stays_or_comes_back() -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        slow = identity.course(rng, 60, 12.0, "slow")
        assert np.all(np.diff(slow.share) >= 0) and slow.share[-1] == 1 and slow.stop == 60
        assert np.diff(slow.share).max() < 0.25
        sudden = identity.course(rng, 60, 12.0, "sudden")
        assert set(sudden.share.tolist()) == {0.0, 1.0}
        back = identity.course(rng, 60, 12.0, "back")
        assert back.share[0] == 0 and back.share.max() > 0.95 and back.share[-1] < 0.05
        assert back.stop < 60


def test_what_cannot_be_done_is_said(clips: tuple[Frames, Frames, subject.Track, subject.Track]) -> None:
    with pytest.raises(ValueError, match="at least 24 frames"):
        identity.inject_identity(clips[0][:20], "swap", 0, clips[1])
    with pytest.raises(ValueError, match="needs another clip"):
        identity.inject_identity(clips[0], "swap", 0)
    with pytest.raises(ValueError, match="no change named"):
        identity.inject_identity(clips[0], "haircut", 0)
    flat = [np.full((HEIGHT, WIDTH, 3), 90, np.uint8)] * 30
    with pytest.raises(ValueError, match="no subject"):
        identity.inject_identity(flat, "hue_40", 0)


@pytest.fixture
def small_skins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skins as small as the test's pictures are."""
    monkeypatch.setattr(things, "TALL", 64)
    monkeypatch.setattr(things, "WIDE", 128)


@pytest.mark.usefixtures("small_skins")
@pytest.mark.parametrize("name", scenes_identity.SCENES)
def test_a_made_scene_says_what_is_wrong_with_it(name: str) -> None:
    frames, fault = scenes_identity.make(name, 5, count=28, height=72, width=128)
    assert len(frames) == 28
    assert all(frame.shape == (72, 128, 3) and frame.dtype == np.uint8 for frame in frames)
    assert 15 < frames[0].mean() < 235 and frames[0].std() > 12
    if name in scenes_identity.INNOCENT:
        assert fault is None
        return
    assert fault is not None and fault.detector == "drift" and fault.kind == name
    assert 0 < fault.first < fault.stop <= 28
    assert fault.region is not None
    left, top, wide, high = fault.region
    assert 0 <= left < left + wide <= 1.0001 and 0 <= top < top + high <= 1.0001
    assert wide * high > 0.02


@pytest.mark.usefixtures("small_skins")
def test_a_made_scene_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    one, two, three = (
        scenes_identity.make("animal_markings", seed, count=24, height=72, width=128)[0] for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert np.abs(one[0].astype(int) - three[0]).mean() > 10


def test_a_made_change_can_be_seen_after_it_began() -> None:
    name = "head_becomes_other"
    frames, fault = scenes_identity.make(name, 4, count=40, height=72, width=128)
    assert fault is not None and fault.region is not None
    left, top, wide, high = fault.region
    part = slice(int(top * 72), int((top + high) * 72)), slice(int(left * 128), int((left + wide) * 128))
    before = np.abs(frames[0][part].astype(int) - frames[fault.first - 1][part]).mean()
    after = np.abs(frames[0][part].astype(int) - frames[-1][part]).mean()
    assert after > 1.5 * before
