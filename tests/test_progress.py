from __future__ import annotations

import io
import json
import re
import sys

import pytest

from otio_ai_audit.cli.pace import Pace, Standing, duration
from otio_ai_audit.cli.progress import JsonProgress, TerminalProgress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def work(pace: Pace, clock: Clock, clips: range, total: int, *, each: float, frames: int = 120) -> Standing:
    for done in clips:
        clock.now += each
        standing = pace.step(done, total, frames=frames * done)
    return standing


def test_a_steady_pace_is_told_exactly(clock: Clock) -> None:
    standing = work(Pace(clock), clock, range(1, 31), 100, each=2.0)
    assert standing.clips_per_minute == pytest.approx(30)
    assert standing.frames_per_second == pytest.approx(60)
    assert standing.clips_per_minute_overall == pytest.approx(30)
    assert standing.seconds_left == pytest.approx(140)


def test_too_little_is_known_at_the_start(clock: Clock) -> None:
    pace = Pace(clock)
    assert work(pace, clock, range(1, 3), 10, each=20.0).seconds_left is None
    assert pace.step(3, 10, frames=360).seconds_left is not None
    quick = work(Pace(clock), clock, range(1, 31), 40, each=0.1)
    assert quick.seconds_left is None and quick.clips_per_minute is None


def test_the_last_minute_tells_more_than_the_whole(clock: Clock) -> None:
    pace = Pace(clock)
    work(pace, clock, range(1, 101), 400, each=1.0)
    standing = work(pace, clock, range(101, 141), 400, each=4.0)
    assert standing.clips_per_minute == pytest.approx(15, rel=0.1)
    assert standing.clips_per_minute_overall == pytest.approx(60 * 140 / 260)
    assert standing.seconds_left == pytest.approx(260 * 4, rel=0.1)


def test_clips_slower_than_a_minute_have_a_pace_too(clock: Clock) -> None:
    standing = work(Pace(clock), clock, range(1, 6), 10, each=100.0)
    assert standing.clips_per_minute == pytest.approx(0.6)
    assert standing.seconds_left == pytest.approx(500)


def test_what_was_known_before_promises_nothing(clock: Clock) -> None:
    pace = Pace(clock)
    for done in range(1, 10_001):
        clock.now += 0.001
        standing = pace.step(done, 20_000, frames=0)
    assert standing.seconds_left is None
    for worked in range(1, 21):
        clock.now += 3.0
        standing = pace.step(10_000 + worked, 20_000, frames=50 * worked)
    assert standing.clips_per_minute == pytest.approx(20)
    assert standing.seconds_left == pytest.approx(3 * 9_980)


def test_failures_are_work_as_well(clock: Clock) -> None:
    pace = Pace(clock)
    for failed in range(1, 7):
        clock.now += 2.0
        standing = pace.step(failed, 10, frames=0, failures=failed)
    assert standing.failures == 6 and standing.clips_per_minute == pytest.approx(30)


def test_without_frames_every_step_counts(clock: Clock) -> None:
    pace = Pace(clock)
    for done in range(1, 11):
        clock.now += 6.0
        standing = pace.step(done, 20)
    assert standing.clips_per_minute == pytest.approx(10) and standing.seconds_left == pytest.approx(60)


def test_the_longest_first_are_weighed_by_their_share(clock: Clock) -> None:
    pace = Pace(clock)
    costs = [90.0, 60.0, 30.0, 10.0, 10.0]
    for done, cost in enumerate(costs[:3], start=1):
        clock.now += cost
        standing = pace.step(done, 5, frames=done, share=sum(costs[:done]) / sum(costs))
    assert standing.seconds_left == pytest.approx(20)


def test_a_total_that_grows_only_asks_for_more_time(clock: Clock) -> None:
    pace = Pace(clock)
    work(pace, clock, range(1, 11), 10, each=2.0)
    assert pace.step(10, 10, frames=1200).seconds_left == 0
    assert work(pace, clock, range(11, 12), 40, each=2.0).seconds_left == pytest.approx(58)


def test_a_night_of_waiting_is_no_work(clock: Clock) -> None:
    pace = Pace(clock)
    work(pace, clock, range(1, 11), 10, each=2.0)
    clock.now += 8 * 3600
    assert pace.step(11, 20, frames=1320).seconds_left is None
    assert work(pace, clock, range(12, 16), 20, each=2.0).clips_per_minute == pytest.approx(30)


def test_few_moments_are_remembered(clock: Clock) -> None:
    pace = Pace(clock)
    work(pace, clock, range(1, 20_001), 20_000, each=0.05)
    assert len(pace._moments) < 100


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (40.4, "40 s"),
        (600, "10 min"),
        (3 * 3600 + 20 * 60, "3 h 20 min"),
        (2 * 3600, "2 h"),
        (5 * 86400, "5 days"),
    ],
)
def test_times_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_standing_in_words() -> None:
    known = Standing(10, 100, 1200, 2, 31.4, 63.0, 30.0, 60.0, 170.0)
    assert known.words() == "31 clips/min · 63 frames/s · 2 failed · 3 min left"
    assert Standing(1, 100, 120, 0, None, None, None, None, None).words() == ""


def test_lines_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonProgress() as progress:
        progress.say("Measuring")
        progress.step(1, 3, "fox [v01] é.mp4", frames=120, failures=0)
        progress.step(2, 3, "owl.mp4", frames=120, failures=1)
        progress.step(3, 3, "cat.mp4")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines[0] == {"event": "say", "text": "Measuring"}
    assert lines[1] == {
        "event": "step",
        "done": 1,
        "total": 3,
        "name": "fox [v01] é.mp4",
        "frames": 120,
        "failures": 0,
        "clips_per_minute": None,
        "frames_per_second": None,
        "seconds_left": None,
    }
    assert lines[2]["failures"] == 1 and lines[3]["frames"] is None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_pace_and_name_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    clock = Clock()
    with TerminalProgress() as progress:
        progress.say("Measuring")
        progress._pace = Pace(clock)
        for done in range(1, 11):
            clock.now += 2.0
            progress.step(done, 100, f"[red]_a_very_long_name_of_a_take_{done:04d}.mp4", frames=48 * done)
        progress._bar.refresh()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.getvalue())
    last = [line for line in re.split(r"[\r\n]", text) if "10/100" in line][-1]
    assert "30 clips/min · 24 frames/s · 3 min left" in last
    assert "[red]_a_very_…take_0010.mp4" in last


def test_a_terminal_that_is_none_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    with TerminalProgress() as progress:
        progress.say("Measuring")
        progress.step(1, 2, "fox.mp4", frames=3)
    assert shown.getvalue() == ""
