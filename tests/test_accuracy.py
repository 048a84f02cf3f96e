"""The accuracy benchmark counts rightly, and what it injects is where it says."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks import accuracy, corpus, fit, scenes
from benchmarks.figures import auc, average_precision, bootstrap, f1
from benchmarks.inject import FAULTS, JOINED, inject
from tests.detector_clips import faulty
from tests.shared import shared_dir


def test_auc_counts_ordered_pairs() -> None:
    assert auc([0, 1], [2, 3]) == 1.0
    assert auc([2, 3], [0, 1]) == 0.0
    assert auc([1, 1], [1]) == 0.5
    assert np.isnan(auc([], [1]))


def test_average_precision_by_hand() -> None:
    assert average_precision([True, False, True], [0.9, 0.8, 0.7]) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision([True, False], [0.5, 0.5]) == 0.5
    assert np.isnan(average_precision([False], [0.1]))


def test_f1_of_frames() -> None:
    truth, said = np.array([True, True, False, False]), np.array([False, True, True, False])
    assert f1(truth, said) == 0.5
    assert f1(truth & False, said & False) == 1.0


def test_the_bootstrap_draws_whole_folds() -> None:
    values = np.array([0.0, 0.0, 1.0, 1.0])
    low, high = bootstrap(lambda rows: float(values[rows].mean()), ["a", "a", "b", "b"])
    assert (low, high) == (0.0, 1.0)
    assert bootstrap(lambda rows: float(values[rows].mean()), ["a", "a", "b", "b"]) == (low, high)


@pytest.mark.parametrize("kind", [*FAULTS, *JOINED])
def test_a_fault_changes_its_frames_and_no_others(kind: str) -> None:
    frames = scenes.make("pan", 3, count=36, height=60, width=96)
    other = scenes.make("zoom", 4, count=36, height=48, width=80)
    out, fault = inject(frames, kind, 5, other)
    changed = [t for t, (a, b) in enumerate(zip(frames, out, strict=False)) if not np.array_equal(a, b)]
    assert changed and (len(out) == len(frames) or kind == "jump_cut")
    stays = fault.detector == "cut" or fault.kind in ("seam", "seams", "local_step")
    before = [] if kind == "dark_cut" else range(fault.first)  # both of its clips are darkened
    assert not set(before) & set(changed) and (stays or changed[-1] < fault.stop)
    assert changed[0] - fault.first <= 1
    again, same = inject(frames, kind, 5, other)
    assert same == fault and all(np.array_equal(a, b) for a, b in zip(out, again, strict=True))


def test_faults_need_room() -> None:
    with pytest.raises(ValueError, match="at least 24 frames"):
        inject(scenes.make("pan", 1, count=10, height=32, width=32), "pop", 1)
    with pytest.raises(ValueError, match="another clip"):
        inject(scenes.make("pan", 1, count=24, height=32, width=32), "hidden_cut", 1)


def test_scenes_repeat_themselves() -> None:
    one, other = (scenes.make("snow", 8, count=3, height=48, width=64) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_logistic_finds_the_side_that_matters() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 2))
    y = (x[:, 0] + 0.1 * rng.normal(size=400) > 0).astype(float)
    weights, bias = fit.logistic(x, y, np.ones(400), 1.0)
    assert weights[0] > 10 * abs(weights[1]) and abs(bias) < 1


def test_anchors_keep_clean_clips_below_the_operating_point() -> None:
    clean, faulty_ = np.linspace(-3, 1, 200), np.linspace(2, 6, 40)
    row = fit.anchors("flicker", clean, faulty_)
    assert row["calm"] < np.quantile(clean, 0.97) < row["half"] < 2.5 < row["strong"]


def test_folds_stay_together() -> None:
    specs = [corpus.Spec(f"{i}", f"fold{i % 5}", "made") for i in range(23)]
    items = [corpus.Item(spec, None, None) for spec in specs]  # type: ignore[arg-type]
    groups = fit.groups_of(items, 3)
    for fold in range(5):
        assert (
            len({group for spec, group in zip(specs, groups, strict=True) if spec.fold == f"fold{fold}"}) == 1
        )


def test_a_found_fault_counts_as_found() -> None:
    signals, fault = faulty("zoom", "pop")
    item = corpus.Item(corpus.Spec("V1/0001", "fold", "made", fault="pop"), signals, fault)
    row = accuracy.on_faults([item], [accuracy.judge(item)])["pop"]
    assert row["found"] == 1.0 and row["F1 frames"] == 1.0 and row["within 2 frames"] == 1.0


def test_boxes_overlap() -> None:
    assert accuracy.iou((0, 0, 0.5, 1), (0, 0, 0.5, 1)) == 1.0
    assert accuracy.iou(None, (0, 0, 0.5, 0.5)) == 0.25
    assert accuracy.iou((0, 0, 0.2, 0.2), (0.5, 0.5, 0.2, 0.2)) == 0.0


def test_labels_are_read() -> None:
    folder = shared_dir()
    if folder is None or not (folder / "corpus" / "labels.tsv").is_file():
        pytest.skip("the labelled corpus is not beside the repository")
    specs = corpus.labelled(folder / "corpus")
    with Path(folder / "corpus" / "labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r["flicker"] and r["media"] == "video"]
    assert len(specs) == len(rows) and {spec.label for spec in specs} == {"none", "slight", "strong"}
    assert all(spec.label == "none" for spec in corpus.bases(specs))
