"""Faults in whole clips are where they say, moves are clean, scenes repeat themselves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import corpus, moves, protocol, scenes, whole
from benchmarks.canvas import texture
from benchmarks.figures import average_precision
from tests.shared import shared_dir

RATE = Fraction(24)


def still(count: int = 60) -> list[np.ndarray]:
    picture = texture(np.random.default_rng(4), 60, 96)
    return [picture.astype(np.uint8)] * count


@pytest.mark.parametrize("fault", protocol.FAULTS)
def test_a_fault_changes_its_own_frames_and_no_other(fault: str) -> None:
    frames = [np.roll(frame, t, axis=1) for t, frame in enumerate(still())]
    out, where = whole.put(frames, RATE, fault, 3)
    changed = np.array([not np.array_equal(a, b) for a, b in zip(frames, out, strict=True)])
    assert not changed[: where.first].any() and not changed[where.stop :].any()
    assert changed[where.first : where.stop].mean() >= 0.6


@pytest.mark.parametrize("fault", ["local:0.3", "boil_14:6"])
def test_a_local_fault_stays_in_its_box(fault: str) -> None:
    frames = still()
    out, where = whole.put(frames, RATE, fault, 3)
    assert where.region is not None
    x, y, w, h = where.region
    changed = (out[where.first + 1] != frames[0]).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert y * 60 - 3 <= rows[0] and rows[-1] <= (y + h) * 60 + 3
    assert x * 96 - 3 <= columns[0] and columns[-1] <= (x + w) * 96 + 3


def test_faults_lie_in_frames_40_to_79_of_a_long_clip() -> None:
    assert whole.stretch(120) == (40, 80)
    assert whole.put(still(120), RATE, "pop:0.2", 0)[1].first == 60
    freeze = whole.put([np.roll(f, t, 1) for t, f in enumerate(still(120))], RATE, "freeze:16", 0)
    assert all(np.array_equal(freeze[0][40], freeze[0][t]) for t in range(40, 56))
    assert (freeze[1].first, freeze[1].stop) == (40, 56)


def test_faults_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="at least 30"):
        whole.put(still(20), RATE, "pop:0.2", 0)
    with pytest.raises(ValueError, match="no fault named melt"):
        whole.put(still(), RATE, "melt:1", 0)


def test_a_smooth_field_is_as_smooth_as_asked() -> None:
    fields = [whole.smooth_field(np.random.default_rng(seed), 200, 200, 10) for seed in range(8)]
    assert np.std(fields) == pytest.approx(1, abs=0.1)
    apart = np.mean([(field[:, :-10] * field[:, 10:]).mean() for field in fields])
    assert apart == pytest.approx(np.exp(-1), abs=0.12)


def test_a_moving_camera_never_looks_past_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "LONG_SIDES", (128,))
    path = tmp_path / "wall.png"
    Image.new("RGB", (100, 60), (180, 180, 180)).save(path)
    for seed in range(12):
        frames, _, _ = moves.frames_of(path, False, seed)
        means = np.array([frame.mean() for frame in frames])
        assert np.ptp(means) < 1.0, seed


def test_moves_repeat_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "LONG_SIDES", (128,))
    path = tmp_path / "photo.png"
    Image.fromarray(still(1)[0]).save(path)
    one, other = moves.frames_of(path, False, 5), moves.frames_of(path, False, 5)
    assert one[1:] == other[1:]
    assert all(np.array_equal(a, b) for a, b in zip(one[0], other[0], strict=True))


@pytest.mark.parametrize("name", sorted(scenes.SCENES))
def test_a_scene_has_a_picture_and_repeats_itself(name: str) -> None:
    one, other = (scenes.make(name, 8, count=24, height=60, width=96) for _ in range(2))
    assert len(one) == 24 and one[0].shape == (60, 96, 3) and one[0].dtype == np.uint8
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert max(frame.std() for frame in one) > 8
    assert any(not np.array_equal(one[0], frame) for frame in one)


def test_bases_are_clean_and_no_scene_of_a_camera_comes_twice() -> None:
    folder = shared_dir()
    if folder is None or not (folder / "corpus" / "labels.tsv").is_file():
        pytest.skip("the labelled corpus is not beside the repository")
    chosen = protocol.bases(folder / "corpus")
    assert len(chosen) == protocol.CLIPS
    assert all(spec.label == "none" for spec in chosen)
    real = [spec.fold for spec in chosen if spec.kind == "real"]
    assert len(real) == len(set(real)) >= 4
    specs = corpus.moves(folder / "corpus", 60)
    assert len({spec.name for spec in specs}) == 60
    assert {spec.scene for spec in specs} == {"photograph", "frame", "playing"}


def test_each_fold_is_judged_by_a_table_that_has_not_seen_it() -> None:
    judges = protocol.Judges([({"n": 1}, {"bear"}), ({"n": 2}, {"boat"})], "held out")
    assert judges.table("boat") == {"n": 2}
    assert judges.table("never seen") in ({"n": 1}, {"n": 2})


def test_average_precision_of_frames() -> None:
    truth = np.zeros(60, dtype=bool)
    truth[20:40] = True
    assert average_precision(truth, truth.astype(float)) == 1.0
