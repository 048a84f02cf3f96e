"""Timecode and rates."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otio_ai_audit.errors import TimelineError
from otio_ai_audit.model import TimelineInfo
from otio_ai_audit.timecode import (
    exact_rate,
    frames_to_timecode,
    infer_drop_frame,
    timecode_to_frames,
    to_timecode,
)

NTSC = Fraction(30000, 1001)
RATES = [Fraction(8), Fraction(12), Fraction(25, 2), Fraction(16), Fraction(24000, 1001), Fraction(24)]
RATES += [Fraction(25), NTSC, Fraction(30), Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60)]
RATES += [Fraction(120000, 1001), Fraction(120)]


@pytest.mark.parametrize(
    ("given_rate", "meant"),
    [
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (23.976023976023978, Fraction(24000, 1001)),
        (29.97, NTSC),
        (59.94, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (24.0, Fraction(24)),
        (23.99999999, Fraction(24)),
        (12.5, Fraction(25, 2)),
        (16.0, Fraction(16)),
        (8.0, Fraction(8)),
        (14.985, Fraction(15000, 1001)),
        (7.5, Fraction(15, 2)),
    ],
)
def test_rates_snap_to_what_they_mean(given_rate: float, meant: Fraction) -> None:
    assert exact_rate(given_rate) == meant


@pytest.mark.parametrize("rate", [0.0, -24.0, float("nan"), float("inf")])
def test_impossible_rates_are_refused(rate: float) -> None:
    with pytest.raises(TimelineError, match="not possible"):
        exact_rate(rate)


@given(st.sampled_from(RATES), st.integers(0, 5_000_000), st.booleans())
def test_timecode_round_trip(rate: Fraction, frame: int, drop: bool) -> None:
    text = frames_to_timecode(frame, rate, drop)
    assert timecode_to_frames(text, rate, drop) == frame


@given(st.integers(0, 3_000_000), st.sampled_from([NTSC, Fraction(60000, 1001)]))
def test_drop_frame_follows_the_clock(frame: int, rate: Fraction) -> None:
    """Drop frame never runs more than a few frames away from real time."""
    hours, minutes, rest = frames_to_timecode(frame, rate, True).split(":")
    seconds, frames = rest.split(";")
    told = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + Fraction(int(frames), round(rate))
    assert abs(told - frame / rate) < Fraction(3, 10)


@pytest.mark.parametrize(
    ("frame", "rate", "drop", "text"),
    [
        (107892, NTSC, True, "01:00:00;00"),
        (108000, NTSC, False, "01:00:00:00"),
        (1800, NTSC, True, "00:01:00;02"),
        (17982, NTSC, True, "00:10:00;00"),
        (215784, Fraction(60000, 1001), True, "01:00:00;00"),
        (86400, Fraction(24000, 1001), True, "01:00:00:00"),
        (180000, Fraction(50), False, "01:00:00:00"),
        (119, Fraction(120), False, "00:00:00:119"),
        (13, Fraction(25, 2), False, "00:00:01:00"),
        (25, Fraction(25, 2), False, "00:00:02:00"),
        (-1, Fraction(24), False, "-00:00:00:01"),
    ],
)
def test_known_timecodes(frame: int, rate: Fraction, drop: bool, text: str) -> None:
    assert frames_to_timecode(frame, rate, drop) == text


def test_timecode_of_a_timeline_is_absolute() -> None:
    info = TimelineInfo("", Fraction(24), 86400, False, 100, "", "01:00:00:00")
    assert to_timecode(info.start_frame + 150, info) == "01:00:06:06"


@pytest.mark.parametrize("text", ["", "1:2:3", "00:00:61:00", "00:00:00:24", "hello"])
def test_what_is_no_timecode_says_so(text: str) -> None:
    with pytest.raises(TimelineError, match=r"timecode|exist"):
        timecode_to_frames(text, Fraction(24))


def test_a_dropped_label_does_not_exist() -> None:
    with pytest.raises(TimelineError, match="skipped by drop frame"):
        timecode_to_frames("00:01:00;00", NTSC)


@pytest.mark.parametrize(
    ("start", "drop", "word"),
    [
        (107892, True, "drop frame is assumed"),
        (108000, False, "non-drop frame is assumed"),
        (1078920, True, "drop frame is assumed"),
        (0, False, "starts at zero"),
    ],
)
def test_drop_frame_is_read_off_a_round_start(start: int, drop: bool, word: str) -> None:
    inferred, why = infer_drop_frame(start, NTSC)
    assert inferred is drop
    assert word in why


def test_drop_frame_can_be_told() -> None:
    assert infer_drop_frame(108000, NTSC, "yes") == (True, "")
    assert infer_drop_frame(107892, NTSC, "no") == (False, "")
    assert infer_drop_frame(86400, Fraction(24)) == (False, "")
    with pytest.raises(TimelineError, match="no drop frame"):
        infer_drop_frame(90000, Fraction(25), "yes")
