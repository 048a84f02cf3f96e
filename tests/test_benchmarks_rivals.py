"""What others measure is restated rightly; curves of sensitivity are fitted and drawn rightly."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks import formulas, rivals, scenes, sensitivity
from otio_ai_audit import video


def test_luma_formulas_by_hand() -> None:
    mean = np.array([100.0, 100, 106, 100, 100])
    assert formulas.luma_outlier(mean).tolist() == [0, 3, 6, 3, 0]
    assert formulas.step(mean).tolist() == [0, 0, 6, 6, 0]


def test_deflicker_by_hand() -> None:
    mean = np.array([100.0, 100, 100, 100, 110, 100])
    assert formulas.deflicker(mean)[0] == pytest.approx(0.02)
    assert formulas.deflicker(mean)[4] == pytest.approx(1 - 102 / 110)
    assert formulas.deflicker(mean)[5] == pytest.approx(0)


def test_badness_by_hand() -> None:
    grids = np.zeros((3, 8, 8, 3), np.int64)
    grids[1] = 10
    total, single = formulas.badness(grids)
    change = 10 * 8 * 8 * 3
    assert single.tolist() == pytest.approx([0, change / formulas.BADNESS, change / formulas.BADNESS])
    assert total[2] == pytest.approx((np.floor(change * 29 / 30) + change) / formulas.BADNESS)


def made(path: Path, frames: list[np.ndarray]) -> formulas.Series:
    video.encode(path, frames, Fraction(24), options={"crf": "8", "preset": "veryfast"})
    return formulas.measure(path)


def test_series_of_a_clip_that_stands_still_pans_and_flickers(tmp_path: Path) -> None:
    big = scenes.make("pan", 3, count=1, height=120, width=320)[0]
    still = made(tmp_path / "still.mp4", [big[:, 40:280]] * 12)
    pan = made(tmp_path / "pan.mp4", [np.ascontiguousarray(big[:, 4 * t : 4 * t + 240]) for t in range(12)])
    gains = [1 + 0.1 * (-1) ** t for t in range(12)]
    pulse = made(
        tmp_path / "pulse.mp4", [np.clip(big[:, 40:280] * g, 0, 255).astype(np.uint8) for g in gains]
    )
    assert all(len(values) == 12 for values in pan.values())
    assert still["vbench"].max() < 1 and still["warp"].max() < 1e-4 and still["luma"].max() < 0.5
    assert pan["vbench"].mean() > 3 * still["vbench"].mean()
    assert pan["warp"][1:].mean() < 0.25 * ((pan["ydif"][1:] / 255) ** 2).mean()
    assert pulse["luma"][1:-1].min() > 10 > pan["luma"].max()
    assert pulse["warp"][1:].mean() > 3 * pan["warp"][1:].mean()


def test_series_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    video.encode(path, scenes.make("pan", 3, count=6, height=64, width=96), Fraction(24))
    first = formulas.kept(path, tmp_path)
    assert len(list((tmp_path / "series").glob("*.pickle"))) == 1
    assert np.array_equal(first["ydif"], formulas.kept(path, tmp_path)["ydif"])


def test_takecheck_and_dailies_answer_where_installed() -> None:
    series = {
        "mean": np.tile([80.0, 120.0], 20),
        "ydif": np.full(40, 40.0),
        "thumb": np.tile([80.0, 120.0], 20),
    }
    for name, score in rivals.PACKAGES.items():
        said = score(series, 24.0)
        if said is None:
            pytest.skip(f"{name} is not installed")
        assert said == pytest.approx(40 / 255, abs=1e-3)


def test_the_table_names_what_is_not_installed() -> None:
    figures = {column: {"value": 0.5} for column in rivals.CLIP_COLUMNS}
    text = rivals.markdown(
        {"ours": {"clips": figures, "frames": {"pop:0.2": 0.9}}, "takecheck": {"note": "not installed"}}
    )
    assert "| ours | 0.500 |" in text and "| takecheck | not installed |" in text and "| 0.900 |" in text
    assert "| takecheck | – |" in text


def test_the_threshold_lets_one_in_a_hundred_through() -> None:
    clean = np.arange(300) / 300
    assert (clean >= sensitivity.threshold(clean)).sum() == 3
    assert (np.array([0.1, 0.2]) >= sensitivity.threshold(np.array([0.1, 0.2]))).sum() == 0


def test_the_logistic_finds_the_middle() -> None:
    rng = np.random.default_rng(2)
    sizes = np.repeat([1.0, 2, 4, 8, 16], 80)
    chance = 1 / (1 + np.exp(-3 * (np.log(sizes) - np.log(4))))
    fitted = sensitivity.logistic(sizes, rng.random(len(sizes)) < chance)
    assert sensitivity.at_share(fitted, 0.5) == pytest.approx(4, rel=0.15)
    assert sensitivity.at_share(fitted, 0.95) == pytest.approx(4 * np.exp(np.log(19) / 3), rel=0.3)
    assert sensitivity.logistic(sizes, np.ones(len(sizes), dtype=bool)) is None
    assert sensitivity.at_share(None, 0.5) is None


def test_nothing_is_told_of_sizes_that_were_not_tried() -> None:
    sweep = sensitivity.Sweep("A fault", (0.01, 0.1), "%", 100)
    assert sensitivity.told({"half": 0.001, "most": 0.05}, sweep) == "half below 1, 95 % at 5"
    assert sensitivity.told({"half": 0.08, "most": 0.5}, sweep) == "half at 8, 95 % above 10"
    assert sensitivity.told({"half": None, "most": None, "share": [1.0, 1.0]}, sweep) == "all found"
    assert sensitivity.told({"half": None, "most": None, "share": [0.0, 0.0]}, sweep) == "none found"


def test_the_drawing_is_well_formed_and_shows_every_sweep() -> None:
    sweeps = {}
    for name, sweep in sensitivity.SWEEPS.items():
        sizes = np.repeat(sweep.sizes, 4)
        found = {"ours": sizes > sweep.sizes[1], sensitivity.LUMA: np.zeros(len(sizes), dtype=bool)}
        rows = {who: sensitivity._row(sizes, hits, sweep) for who, hits in found.items()}
        sweeps[name] = {"clips": 4, "sizes": list(sweep.sizes), **rows}
    drawn = sensitivity.draw({"sweeps": sweeps, "clean clips": 10})
    root = ElementTree.fromstring(drawn)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert all(sweep.title in texts for sweep in sensitivity.SWEEPS.values())
    assert any("half at" in (text or "") for text in texts)
