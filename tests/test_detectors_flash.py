"""The flash rules on made patterns, either side of every limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.detectors import flash
from otio_ai_audit.measure import measure
from otio_ai_audit.model import (
    ClipUse,
    Detection,
    GridSignals,
    Media,
    MediaInfo,
    MediaJob,
    MediaSignals,
    MotionSignals,
    Span,
)
from otio_ai_audit.walk import Options, audit
from tests.detector_clips import use_of
from tests.edits import RATE, clip, pan, write_edit

ROWS, COLUMNS = 17, 30
LOW, HIGH = 10.0, 100.0
"""cd/m² of most strobes here."""
EVERYWHERE = np.ones((ROWS, COLUMNS), dtype=bool)


def code(light: float | np.ndarray, white: float = 200.0) -> np.ndarray:
    """Code values 0–255 that a BT.1886 screen shows at so many cd/m²."""
    return 255 * (np.asarray(light) / white) ** (1 / 2.4)


def pq_code(light: float) -> float:
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = (light / 10000) ** m1
    return 255 * ((c1 + c2 * power) / (1 + c3 * power)) ** m2


def signals_of(
    luma: np.ndarray,
    fps: float = 24,
    *,
    blue: np.ndarray | None = None,
    red: np.ndarray | None = None,
    transfer: str = "sdr",
    height: int = 1080,
) -> MediaSignals:
    """Signals of a 16:9 picture of which only the cell means matter."""
    luma = np.clip(luma, 0, 255).astype(np.float32)
    frames, rate = len(luma), Fraction(fps).limit_denominator(1001)
    neutral = np.full_like(luma, 128)
    cells, line = np.zeros_like(luma), np.zeros(frames, np.float32)
    residual = np.zeros((frames, 3, *luma.shape[1:]), np.float32)
    return MediaSignals(
        key="k",
        info=MediaInfo(
            height * 16 // 9,
            height,
            rate,
            1 / rate,
            frames,
            "yuv420p",
            8,
            full_range=False,
            transfer=transfer,
        ),
        span=Span(Fraction(0), frames / rate),
        grid=GridSignals(
            pts=np.arange(frames, dtype=np.int64),
            luma=luma,
            blue=neutral if blue is None else blue.astype(np.float32),
            red=neutral if red is None else red.astype(np.float32),
            detail=cells,
            change=line,
            change_peak=line,
            histogram=np.zeros((frames, 32), np.float32),
            low=line,
            high=luma.max(axis=(1, 2)),
            kind=np.full(frames, ord("P"), np.uint8),
            corrupt=np.zeros(frames, np.uint8),
        ),
        motion=MotionSignals(
            flow=np.zeros((*luma.shape, 2), np.float32),
            camera=np.zeros((frames, 2, 3), np.float32),
            back=residual,
            ahead=residual,
            error=cells,
            skip=cells,
            outlier=cells,
            trust=cells,
            likeness=line,
        ),
    )


def strobe(
    flashes: int,
    fps: float = 24,
    *,
    low: float = LOW,
    high: float = HIGH,
    where: np.ndarray = EVERYWHERE,
    every: int | None = None,
    start: int = 6,
    frames: int | None = None,
    to_code: Callable[[float], float | np.ndarray] = code,
) -> np.ndarray:
    """Luma of a dark picture that lights up so many times, by default four times a second; (N, R, C)."""
    every = every or max(2, int(fps / 4))
    luma = np.full((frames or max(int(3 * fps), start + flashes * every + 6), ROWS, COLUMNS), to_code(low))
    for flash_ in range(flashes):
        first = start + flash_ * every
        luma[first : first + every // 2, where] = to_code(high)
    return luma


def part(share: float) -> np.ndarray:
    """Whole columns of cells from the left, about this share of them."""
    where = np.zeros((ROWS, COLUMNS), dtype=bool)
    where[:, : round(share * COLUMNS)] = True
    return where


def say(signals: MediaSignals, **use: object) -> Detection:
    return flash.detect([use_of(signals, **use)], flash.Settings())


def score(luma: np.ndarray, fps: float = 24, **more: object) -> float:
    value = say(signals_of(luma, fps, **more)).scores["V1/0001"]  # type: ignore[arg-type]
    assert value is not None
    return value


def spans(*frames: tuple[int, int]) -> tuple[Span, ...]:
    return tuple(Span(Fraction(a, 24), Fraction(b, 24)) for a, b in frames)


# --- how many, how fast ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", [8, 10, 16, 23.976, 25, 30, 50, 60, 120])
def test_three_flashes_in_a_second_pass_and_four_do_not(fps: float) -> None:
    three, four = score(strobe(3, fps), fps), score(strobe(4, fps), fps)
    assert 0.4 <= three < 0.5
    assert four >= 0.8


def test_below_the_limit_the_score_says_how_near() -> None:
    scores = [score(strobe(count, every=4)) for count in range(7)]
    assert scores[0] == 0.0 and scores[3] < 0.5 and scores[4] >= 0.8
    assert scores == sorted(set(scores))


def test_flashing_that_goes_on_at_three_a_second_passes_and_faster_does_not() -> None:
    assert score(strobe(9, every=8)) < 0.5
    assert score(strobe(9, every=7)) >= 0.8


@pytest.mark.parametrize("polarity", [1, -1])
def test_the_seventh_change_within_a_second_is_the_fourth_flash(polarity: int) -> None:
    """More than three flashes are more than six changes (BT.1702-3), also where the last does not return."""
    luma = strobe(4, frames=60)
    stays = luma.copy()
    stays[6 + 3 * 6 :] = luma.max()
    six = luma.copy()
    six[6 + 3 * 6 :] = luma.min()
    if polarity < 0:
        stays, six = 200 - stays, 200 - six
    assert score(stays) >= 0.8 and score(six) < 0.5


def test_the_worst_second_is_told() -> None:
    (found,) = say(signals_of(strobe(45, 30, every=2, frames=100), 30)).findings
    assert found.evidence["flashes"] == 15.0 and found.message.startswith("15 flashes in 1 s")
    assert (round(found.start * 30), round(found.duration * 30)) == (6, 90)


def test_windows_slide_and_do_not_add_up() -> None:
    pause = np.full((24, ROWS, COLUMNS), code(LOW))
    three = strobe(3, frames=24)
    assert score(np.concatenate([three, pause, three, pause, three])) < 0.5
    # two late in one second and two early in the next are four in one second
    assert score(strobe(4, start=24 - 12, frames=72)) >= 0.8


def test_lightning_of_two_flashes_passes_without_a_finding() -> None:
    said = say(signals_of(strobe(2, low=1, high=180, every=4)))
    assert said.scores["V1/0001"] == pytest.approx(0.3) and not said.findings


def test_fades_and_slow_changes_are_no_flashes() -> None:
    time = np.arange(120)[:, None, None] / 24
    flat = np.ones((1, ROWS, COLUMNS))
    fade = np.minimum(time, 5 - time) / 2.5 * 150 * flat
    assert score(code(fade)) < 0.2
    assert score(code(60 + 50 * np.sin(2 * np.pi * 1.0 * time) * flat)) < 0.5


def test_soft_pulses_count_as_hard_ones() -> None:
    time = np.arange(96)[:, None, None] / 24
    shape = np.linspace(30, 100, ROWS)[None, :, None] * np.ones(
        (1, 1, COLUMNS)
    )  # each row of another brightness
    for hertz, broken in ((2.9, False), (4.0, True), (5.0, True)):
        assert (score(code(shape * (1 + 0.6 * np.sin(2 * np.pi * hertz * time)))) >= 0.8) == broken


def test_a_rise_over_three_frames_is_one_change() -> None:
    ramp = np.array([LOW] * 6 + [40, 70, 100, 100, 70, 40, LOW] * 4 + [LOW] * 20)
    assert score(code(ramp)[:, None, None] * np.ones((1, ROWS, COLUMNS)), 28) >= 0.8
    steps = np.array(
        [0.0, 30, 60, 90, 120, 150, 180, 150, 120, 90, 60, 30, 0] + [0] * 24
    )  # one flash of six steps
    assert score(code(steps)[:, None, None] * np.ones((1, ROWS, COLUMNS))) <= 0.15


def test_noise_neither_makes_nor_hides_flashes(rng: np.random.Generator) -> None:
    grain = rng.normal(0, 2.5, (72, ROWS, COLUMNS))
    assert score(120 + grain) == 0.0
    assert score(strobe(3) + grain) < 0.5 and score(strobe(4) + grain) >= 0.8


def test_flashing_for_more_than_five_seconds_is_a_note() -> None:
    said = say(signals_of(strobe(13, every=12, frames=200)))
    (note,) = said.findings
    assert note.severity == "note" and "5 s" in str(note.evidence["rule"]) and note.duration > 5
    assert not say(signals_of(strobe(8, every=12, frames=200))).findings


# --- how bright --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "broken"),
    [
        (0, 19, False),
        (0, 21, True),
        (50, 69, False),
        (50, 71, True),
        (155, 176, True),
        (155, 174, False),
        (165, 199, False),
    ],
)
def test_changes_of_20_cdm2_count_where_the_darker_is_below_160(
    low: float, high: float, broken: bool
) -> None:
    assert (score(strobe(5, low=low, high=high)) >= 0.8) == broken


@pytest.mark.parametrize(
    ("low", "high", "broken"),
    [
        (50, 69, False),
        (50, 71, True),
        (165, 184, False),
        (165, 187, True),
        (400, 445, False),
        (400, 455, True),
    ],
)
def test_hdr_counts_contrast_where_the_darker_is_brighter(low: float, high: float, broken: bool) -> None:
    said = say(signals_of(strobe(5, low=low, high=high, to_code=pq_code), transfer="pq"))
    assert ((said.scores["V1/0001"] or 0) >= 0.8) == broken
    for found in said.findings:
        assert found.evidence["rule"] == "general flash, ITU-R BT.1702"
        assert "not calibrated" not in found.message


def test_hlg_is_shown_at_a_thousand_cdm2() -> None:
    assert score(strobe(5, low=0, high=60), transfer="hlg") >= 0.8  # 150 of 255: 44 % of the peak's code …
    assert score(strobe(5, low=0, high=1.5), transfer="hlg") < 0.5  # 33 of 255: below 20 cd/m²


def test_the_screen_may_be_a_darker_one() -> None:
    signals = signals_of(strobe(5, low=0, high=60))
    dim = flash.detect([use_of(signals)], flash.Settings(white=48))
    assert (say(signals).scores["V1/0001"] or 0) >= 0.8 and (dim.scores["V1/0001"] or 0) < 0.5
    with pytest.raises(ValueError, match="white"):
        flash.Settings(white=0)
    with pytest.raises(ValueError, match="area"):
        flash.Settings(area=1.5)


# --- how large ---------------------------------------------------------------------------------------------


def test_a_quarter_of_the_picture_may_flash() -> None:
    small, large = score(strobe(5, where=part(7 / 30))), score(strobe(5, where=part(8 / 30)))
    assert small < 0.5 <= 0.8 <= large
    assert score(strobe(5, where=part(0.2))) < small
    assert score(strobe(5, where=part(0.05))) == 0.0


def test_cells_at_the_edge_count_by_what_the_flash_covers() -> None:
    for share, broken in ((0.24, False), (0.26, True)):
        side = np.sqrt(share)
        rows = np.clip(side * 135 / 8 - np.arange(ROWS), 0, 1)
        columns = np.clip(side * 30 - np.arange(COLUMNS), 0, 1)
        cover = rows[:, None] * columns
        on = np.zeros(72)
        for first in range(6, 42, 6):
            on[first : first + 3] = 1
        assert (score(40 + 160 * cover * on[:, None, None]) >= 0.8) == broken


def test_the_web_limit_is_a_setting() -> None:
    where = np.zeros((ROWS, COLUMNS), dtype=bool)
    where[5:10, 12:16] = True  # 4 % of the picture, 35 % of a ninth of it
    signals = signals_of(strobe(5, where=where))
    said = flash.detect([use_of(signals)], flash.Settings(area=0.028))
    assert (said.scores["V1/0001"] or 0) >= 0.8 and say(signals).scores["V1/0001"] == 0.0


def test_it_is_the_same_quarter_that_has_to_flash() -> None:
    left, right = part(0.4), ~part(0.6)
    luma = np.concatenate([strobe(2, where=left, frames=18), strobe(2, where=right, start=0, frames=48)])
    assert score(luma) < 0.5
    assert score(strobe(4, where=left)) >= 0.8


def test_opposite_halves_are_a_flash_each() -> None:
    left, right = strobe(5, where=part(0.5)), strobe(5, where=~part(0.5))
    assert score(left + right.max() - right) >= 0.8


def test_a_pan_over_stripes_flashes_only_where_a_quarter_changes_at_once() -> None:
    column = np.arange(COLUMNS)[None, None, :]
    frame = np.arange(96)[:, None, None]
    picture = np.ones((1, ROWS, 1))
    slow = np.where((column + frame) % 8 < 4, code(HIGH), code(LOW)) * picture  # 3 Hz; one cell a frame
    assert score(slow) < 0.5
    quicker = np.where((column + frame) % 6 < 3, code(HIGH), code(LOW)) * picture  # 4 Hz, a sixth at once
    (note,) = say(signals_of(quicker)).findings
    assert note.severity == "note" and "never on 25 % of the picture at once" in note.message
    fast = np.where((column + 2 * frame) % 6 < 3, code(HIGH), code(LOW)) * picture  # 8 Hz, a third at once
    assert score(fast) >= 0.8


def test_the_region_is_where_it_flashes() -> None:
    where = np.zeros((ROWS, COLUMNS), dtype=bool)
    where[:12, :15] = True
    (found,) = say(signals_of(strobe(5, where=where))).findings
    assert found.region == (0.0, 0.0, 0.5, pytest.approx(12 / 17, abs=1e-3))
    assert found.evidence["area_percent"] == pytest.approx(35.6, abs=0.2)
    (everywhere,) = say(signals_of(strobe(5))).findings
    assert everywhere.region is None


# --- red -----------------------------------------------------------------------------------------------


def coloured(rgb: np.ndarray, weights: tuple[float, float] = (0.2126, 0.0722)) -> dict[str, np.ndarray]:
    """Y, Cb and Cr of R'G'B' code values, each of shape (N,), as arguments of `signals_of`."""
    kr, kb = weights
    r, g, b = rgb.T
    y = kr * r + (1 - kr - kb) * g + kb * b
    spread = np.ones((1, ROWS, COLUMNS))
    planes = {"luma": y, "blue": 128 + (b - y) / (2 * (1 - kb)), "red": 128 + (r - y) / (2 * (1 - kr))}
    return {name: values[:, None, None] * spread for name, values in planes.items()}


def red_strobe(one: tuple[float, float, float], other: tuple[float, float, float]) -> np.ndarray:
    """Linear light of five flashes between two colours as R'G'B' code values, shape (N, 3)."""
    on = np.zeros(72, dtype=bool)
    for first in range(6, 36, 6):
        on[first : first + 3] = True
    return 255 * np.where(on[:, None], one, other) ** (1 / 2.4)


def test_saturated_red_flashes_where_luminance_does_not() -> None:
    red, grey = (0.25, 0.03, 0.03), (0.0765, 0.0765, 0.0765)  # of the same luminance
    said = say(signals_of(**coloured(red_strobe(red, grey))))
    (found,) = said.findings
    assert found.score >= 0.8 and found.label == "red flash limit"
    assert found.evidence["rule"] == "red flash, ITU-R BT.1702 and WCAG 2.3.1"
    assert found.message.startswith("Four red flashes in 1 s (limit 3) on 100 % of the picture.")


@pytest.mark.parametrize(("ratio", "broken"), [(0.79, False), (0.81, True)])
@pytest.mark.parametrize("height", [480, 1080])
def test_red_is_saturated_from_four_fifths_on(ratio: float, broken: bool, height: int) -> None:
    red = np.array([ratio, (1 - ratio) / 2, (1 - ratio) / 2]) * 0.3
    grey = np.full(3, float(red @ [0.2126, 0.7152, 0.0722]))
    weights = (0.2126, 0.0722) if height == 1080 else (0.299, 0.114)
    planes = coloured(red_strobe(tuple(red), tuple(grey)), weights)
    assert ((say(signals_of(**planes, height=height)).scores["V1/0001"] or 0) >= 0.8) == broken


@pytest.mark.parametrize(("change", "broken"), [(19, False), (21, True)])
def test_red_has_to_change_by_more_than_20(change: float, broken: bool) -> None:
    bright = (0.3, 0.0, 0.0)
    dim = (0.3 - change / 320, 0.0, 0.0)
    assert ((say(signals_of(**coloured(red_strobe(bright, dim)))).scores["V1/0001"] or 0) >= 0.8) == broken


def test_red_that_stays_and_slow_red_are_innocent() -> None:
    steady = np.tile([200.0, 10.0, 10.0], (72, 1))
    assert say(signals_of(**coloured(steady))).scores["V1/0001"] == 0.0
    slow = steady.copy()
    slow[24:48] = [40, 40, 40]
    assert (say(signals_of(**coloured(slow))).scores["V1/0001"] or 0) <= 0.2


# --- what is seen: cuts, masters, speed -------------------------------------------------------------------


def test_a_sequence_runs_across_the_cuts_of_a_master_and_not_of_sources() -> None:
    signals = signals_of(strobe(4, start=24, frames=96))
    halves = [
        use_of(signals, id=f"V1/000{number}", visible=spans(frames), record_start=frames[0])
        for number, frames in ((1, (0, 35)), (2, (35, 60)), (3, (60, 96)))
    ]
    said = flash.detect(halves, flash.Settings())
    assert all((value or 0) < 0.5 for value in said.scores.values())
    said = flash.detect([replace(use, rendered=True) for use in halves], flash.Settings())
    assert [use for use, value in said.scores.items() if (value or 0) >= 0.8] == ["V1/0001", "V1/0002"]
    first, second = said.findings
    assert (round(first.start * 24), round(first.duration * 24)) == (24, 11)
    assert (round(second.start * 24), round(second.duration * 24)) == (35, 11)
    assert first.evidence["flashes"] == second.evidence["flashes"] == 4.0


def test_fast_cuts_between_bright_and_dark_shots_are_flashes_on_a_master() -> None:
    signals = signals_of(strobe(5, frames=60))
    shots = [
        use_of(signals, id=f"V1/{n:04}", visible=spans((3 * n, 3 * n + 3)), rendered=True) for n in range(20)
    ]
    assert sum((value or 0) >= 0.8 for value in flash.detect(shots, flash.Settings()).scores.values()) >= 9


def test_jobs_of_a_master_overlap_by_what_a_window_needs() -> None:
    """A long master is measured in parts with a second more at both ends: each use sees across its border."""
    luma = strobe(4, start=60 - 12, frames=120)
    whole = signals_of(luma)
    late = replace(whole, grid=replace(signals_of(luma[36:]).grid, pts=np.arange(36, 120, dtype=np.int64)))
    early = signals_of(luma[:84])
    uses: list[ClipUse] = [
        use_of(early, id="V1/0001", visible=spans((0, 60)), rendered=True),
        use_of(late, id="V1/0002", visible=spans((60, 120)), rendered=True),
    ]
    said = flash.detect(uses, flash.Settings())
    assert [round(found.start * 24) for found in said.findings if found.score >= 0.8] == [48, 60]


def test_only_sources_are_to_be_checked_on_the_master() -> None:
    signals = signals_of(strobe(5, every=4))
    (source,), (master,) = (say(signals, rendered=rendered).findings for rendered in (False, True))
    opening = "Five flashes in 1 s (limit 3) on 100 % of the picture. "
    assert source.message == f"{opening}Before grade: check the master."
    assert master.message.startswith(opening) and "grade" not in master.message


def test_only_visible_frames_count_also_under_a_dissolve() -> None:
    signals = signals_of(strobe(4, start=24, frames=96))
    assert (say(signals, visible=spans((0, 40))).scores["V1/0001"] or 0) < 0.5
    assert (say(signals, visible=spans((0, 35), (60, 96))).scores["V1/0001"] or 0) < 0.5
    assert (say(signals, excused=spans((20, 60))).scores["V1/0001"] or 0) >= 0.8
    curve = say(signals, visible=spans((20, 60))).curves["V1/0001"]
    assert len(curve.score) == 40 and max(curve.score) >= 0.8 and curve.score[0] == 0.0


def test_black_frames_count() -> None:
    assert score(strobe(5, low=0, high=200)) >= 0.8


def test_the_speed_that_the_edit_plays_counts() -> None:
    def played(speed: Fraction, luma: np.ndarray) -> float:
        signals = signals_of(luma)
        seconds = Fraction(len(luma), 24)
        straight = ((Fraction(0), Fraction(0)), (seconds / speed, seconds))
        turned = ((Fraction(0), seconds), (seconds / speed, Fraction(0)))
        ways = [say(signals, knots=knots).scores["V1/0001"] or 0 for knots in (straight, turned)]
        assert ways[0] == ways[1]
        return ways[0]

    assert played(Fraction(1, 2), strobe(4)) < 0.5
    assert played(Fraction(2), strobe(4, every=12, frames=72)) >= 0.8
    assert played(Fraction(1), strobe(4, every=12, frames=72)) < 0.5


def test_a_still_is_not_applicable_and_one_frame_is_calm() -> None:
    signals = signals_of(strobe(5))
    assert say(signals, media=Media("/a.png", "still")).scores == {"V1/0001": None}
    assert say(signals, visible=spans((3, 4))).scores == {"V1/0001": 0.0}


# --- from file to finding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "broken"), [(0.23, False), (0.27, True)])
def test_a_film_is_measured_to_the_percent(share: float, broken: bool, tmp_path: Path) -> None:
    height, width = 360, 640
    h, w = round(height * np.sqrt(share)), round(width * np.sqrt(share))
    frames = np.full((48, height, width, 3), 60, np.uint8)
    for first in range(6, 42, 6):
        frames[first : first + 3, 50 : 50 + h, 70 : 70 + w] = 190
    path = tmp_path / "lamp.mp4"
    video.encode(path, frames, RATE, options={"crf": "16"})
    signals = measure(MediaJob(Media(str(path))))
    assert isinstance(signals, MediaSignals)
    said = say(signals)
    assert ((said.scores["V1/0001"] or 0) >= 0.8) == broken
    (found,) = said.findings
    assert found.evidence["area_percent"] == pytest.approx(100 * share, abs=1.0)


def test_a_master_is_audited_across_its_cuts(tmp_path: Path) -> None:
    frames = np.stack(list(pan(3, 96)))
    for first in range(36, 60, 6):
        frames[first : first + 3] = np.minimum(frames[first : first + 3].astype(int) + 70, 255)
    master = tmp_path / "master.mov"
    video.encode(master, frames, RATE, options={"crf": "16"})
    shots = [tmp_path / "a.mp4", tmp_path / "b.mp4"]  # offline: their picture is in the master
    edit = write_edit(tmp_path / "edit.otio", [clip(shot, 0, 48, 48) for shot in shots])
    options = Options(edit=edit, detectors=("flash",), engine="threads:1", store=tmp_path)
    found = [one.finding for one in audit([master], options).result.findings]
    assert [one.use for one in found] == ["V1/0001", "V1/0002"]
    assert all(one.severity == "error" and one.evidence["flashes"] == 4.0 for one in found)
