"""What every detector owes the audit, whatever it looks for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from otio_ai_audit.detectors import DETECTORS, calibration
from otio_ai_audit.detectors._score import Anchors, calibrated_by
from otio_ai_audit.detectors._view import components, look, place, region_of
from otio_ai_audit.model import WARNING, Media, Problem, Span
from tests.detector_clips import clean, detect, faulty, use_of


def span(first: int, stop: int) -> Span:
    return Span(Fraction(first, 24), Fraction(stop, 24))


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_has_its_names(name: str) -> None:
    module = DETECTORS[name]
    assert name == module.ID and module.LABEL and module.COLOR in ("Lemon", "Fuchsia", "Sky", "Rose")
    assert module.detect([], module.Settings()).scores == {}


@pytest.mark.parametrize("name", DETECTORS)
def test_nothing_measured_or_nothing_visible_has_no_score(name: str) -> None:
    signals = clean("pan")
    assert detect(name, replace(use_of(signals), signals=None)).scores == {"V1/0001": None}
    assert detect(name, use_of(signals, visible=())).scores == {"V1/0001": None}


@pytest.mark.parametrize("name", ["flicker", "pop", "freeze", "cut"])
def test_a_still_and_a_few_frames_are_not_applicable(name: str) -> None:
    signals = clean("pan")
    assert detect(name, use_of(signals, media=Media("/a.png", "still"))).scores == {"V1/0001": None}
    assert detect(name, use_of(signals, visible=(span(4, 7),))).scores == {"V1/0001": None}


@pytest.mark.parametrize(
    ("scene", "kind"),
    [
        ("shake", "alternate_12"),
        ("zoom", "pop"),
        ("pan", "freeze_16"),
        ("pan", "hidden_cut"),
        ("zoom", "black_middle"),
    ],
)
def test_only_visible_frames_are_judged(scene: str, kind: str) -> None:
    signals, fault = faulty(scene, kind)
    before = use_of(signals, visible=(span(0, fault.first),))
    after = use_of(signals, visible=(span(fault.stop, 40),))
    for use in (before, after):
        assert (detect(fault.detector, use).scores["V1/0001"] or 0.0) < WARNING


@pytest.mark.parametrize(
    ("scene", "kind"), [("shake", "alternate_12"), ("zoom", "pop"), ("pan", "hidden_cut")]
)
def test_frames_under_a_dissolve_are_excused(scene: str, kind: str) -> None:
    signals, fault = faulty(scene, kind)
    use = use_of(signals, excused=(span(fault.first - 1, fault.stop + 1),))
    assert (detect(fault.detector, use).scores["V1/0001"] or 0.0) < WARNING


def test_the_edits_own_freeze_is_innocent() -> None:
    signals, fault = faulty("pan", "freeze_16")
    use = use_of(signals, still=(span(fault.first, fault.stop),))
    assert (detect("freeze", use).scores["V1/0001"] or 0.0) < WARNING


@pytest.mark.parametrize("name", DETECTORS)
def test_the_same_signals_give_the_same_answer(name: str) -> None:
    use = use_of(faulty("shake", "alternate_12")[0])
    assert detect(name, use) == detect(name, use)


def test_curves_cover_the_visible_frames() -> None:
    use = use_of(clean("pan"), visible=(span(6, 30),))
    for name in DETECTORS.keys() - {"mismatch"}:  # a clip's place among others has no course in time
        curve = detect(name, use).curves["V1/0001"]
        assert curve.start == pytest.approx(6 / 24) and curve.step == pytest.approx(1 / 24)
        assert len(curve.score) == 24 and all(0 <= value <= 1 for value in curve.score)


def test_a_truncated_file_is_told() -> None:
    broken = replace(clean("pan"), problems=(Problem("truncated", "stops early"), Problem("hdr", "tags")))
    said = detect("dead", use_of(broken))
    assert said.scores["V1/0001"] == 0.9
    assert [one.label for one in said.findings] == ["file ends early"]
    assert detect("dead", use_of(broken, visible=(span(0, 8),))).scores["V1/0001"] == 0.0


def test_every_hole_of_a_sequence_is_told_at_its_frames() -> None:
    signals = clean("pan")
    ticks = np.arange(len(signals.grid.pts)) * (1 / signals.info.time_base / signals.info.rate)
    holed = ticks.astype(np.int64)
    holed[10:] += int(ticks[3])  # three pictures are missing before frame 13 …
    holed[20:] += int(ticks[1])  # … and one before frame 24
    info = replace(signals.info, promised_frames=len(holed) + 4)
    broken = replace(signals, info=info, grid=replace(signals.grid, pts=holed))
    use = replace(use_of(broken), media=Media("s.%04d.png", "sequence", signals.info.rate))
    said = detect("dead", replace(use, visible=(span(0, 40),)))
    places = [(round(one.start * 24), round(one.duration * 24)) for one in said.findings]
    assert places == [(10, 3), (23, 1)] and said.scores["V1/0001"] == 0.9
    said = detect("dead", replace(use, visible=(span(14, 40),)))
    assert [(round(one.start * 24), one.label) for one in said.findings] == [(23, "missing frames")]


def test_a_damaged_picture_is_told() -> None:
    signals = clean("pan")
    corrupt = signals.grid.corrupt.copy()
    corrupt[10:13] = 1
    said = detect("dead", use_of(replace(signals, grid=replace(signals.grid, corrupt=corrupt))))
    assert [(one.label, one.evidence["frames"]) for one in said.findings] == [("damaged", 3.0)]


def test_scores_meet_their_anchors() -> None:
    anchors = Anchors(calm=-1.0, half=2.0, strong=5.0)
    assert anchors.score(np.array([-1.0, 2.0, 5.0])) == pytest.approx([0.1, 0.5, 0.8])
    assert (np.diff(anchors.score(np.linspace(-50, 50, 200))) >= 0).all()


def test_the_calibration_says_when_and_how_well() -> None:
    table = calibration()
    assert table["date"] and table["figures"]["clips"] > 100
    with calibrated_by({"date": "now", "models": {}}):
        assert calibration()["date"] == "now"
    assert calibration() is table


def test_a_region_is_the_strongest_connected_part() -> None:
    cells = np.zeros((10, 20))
    cells[2:5, 3:7] = 4.0
    cells[8, 18] = 3.0
    assert region_of(cells) == (0.15, 0.2, 0.2, 0.3)
    assert region_of(np.ones((4, 4))) is None
    assert [int(part.sum()) for part in components(cells > 1)] == [12, 1]


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (None, ""),
        ((0.0, 0.0, 0.3, 0.3), "upper left"),
        ((0.4, 0.4, 0.2, 0.2), "centre"),
        ((0.7, 0.4, 0.2, 0.2), "right side"),
        ((0.4, 0.8, 0.2, 0.2), "bottom centre"),
    ],
)
def test_places_have_names(region: tuple[float, float, float, float] | None, words: str) -> None:
    assert place(region) == words


def test_frames_that_are_hardly_shown_are_not_visible() -> None:
    signals = clean("pan")
    view = look(use_of(signals, visible=(Span(Fraction(5, 24) - Fraction(1, 1000), Fraction(9, 24)),)))
    assert view is not None
    assert np.flatnonzero(view.visible).tolist() == [5, 6, 7, 8]
