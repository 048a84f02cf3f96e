"""How fast the work goes and how long it will take, from what was done so far."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 60.0
"""Seconds over which the present rate is taken."""
GRAIN = 1.0
"""Seconds between two remembered moments, at least; so a window holds few of them."""
ENOUGH_CLIPS = 3
ENOUGH_SECONDS = 5.0
"""Less than this tells nothing of what is still to come."""
REST = 600.0
REST_CLIPS = 20
"""Longer than this without a step, and than so many clips take, the work was at rest: a watch waited."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the work is."""

    done: int
    total: int
    frames: int
    failures: int
    clips_per_minute: float | None
    """Over the last minute; None until enough is known, like all that follow."""
    frames_per_second: float | None
    clips_per_minute_overall: float | None
    frames_per_second_overall: float | None
    seconds_left: float | None

    def words(self) -> str:
        """Say it in a line for a person; without what is not known."""
        parts = []
        if self.clips_per_minute is not None and self.done != self.frames:  # else steps are frames
            parts.append(f"{_short(self.clips_per_minute)} clips/min")
        if self.frames_per_second:
            parts.append(f"{_short(self.frames_per_second)} frames/s")
        if self.failures:
            parts.append(f"{self.failures} failed")
        if self.seconds_left is not None and self.done < self.total:
            parts.append(f"{duration(self.seconds_left)} left")
        return " · ".join(parts)


@dataclass(frozen=True, slots=True)
class _Moment:
    time: float
    worked: int
    frames: int
    share: float | None


class Pace:
    """Measures the rate of work that is told step by step.

    What was known before costs no time: where frames are counted, steps that bring neither frames nor
    a failure count as done, but not as work. A resumed run that takes thousands of takes from the store
    in its first second promises nothing by that.

    Parameters
    ----------
    clock
        Seconds, from any beginning.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._done = self._frames = self._failures = 0
        self._worked = 0
        self._moments: deque[_Moment] = deque([_Moment(clock(), 0, 0, None)])
        self._first: _Moment | None = None

    def step(
        self,
        done: int,
        total: int,
        *,
        frames: int | None = None,
        failures: int = 0,
        share: float | None = None,
    ) -> Standing:
        """Take a step into account; see `otio_ai_audit.gather.Progress.step`."""
        if frames is None:
            worked = max(0, done - self._done)
        else:
            worked = int(frames > self._frames or failures > self._failures)
        if worked and self._first is None:
            self._begin()
        self._worked += worked
        self._done, self._frames, self._failures = done, frames or 0, failures
        now = _Moment(self._clock(), self._worked, self._frames, share)
        if self._rested(now):
            self._moments = deque([now])
            self._first = now
        self._remember(now)
        return self._standing(now, done, total)

    def _begin(self) -> None:
        """Count time from the last step before the first work: that is when its clip was begun."""
        self._first = self._moments[-1]
        self._moments = deque([self._first])

    def _rested(self, now: _Moment) -> bool:
        first, last = self._first, self._moments[-1]
        if first is None or last.worked <= first.worked:
            return False
        a_clip = (last.time - first.time) / (last.worked - first.worked)
        return now.time - last.time > max(REST, REST_CLIPS * a_clip)

    def _remember(self, now: _Moment) -> None:
        moments = self._moments
        if self._first is None:  # nothing but what was known: time is counted from here
            moments[-1] = now
            return
        if now.time - moments[-1].time >= GRAIN:
            moments.append(now)
        # The oldest one stays just outside the window, so that slow clips have one to be compared with.
        while len(moments) > 2 and now.time - moments[1].time >= WINDOW:
            moments.popleft()

    def _standing(self, now: _Moment, done: int, total: int) -> Standing:
        first, before = self._first, self._moments[0]
        clips = rate = clips_overall = rate_overall = left = None
        if first is not None and now.time > before.time and now.time > first.time:
            recent, overall = now.time - before.time, now.time - first.time
            worked = now.worked - first.worked
            if worked >= ENOUGH_CLIPS and overall >= ENOUGH_SECONDS:
                clips = 60 * (now.worked - before.worked) / recent
                rate = (now.frames - before.frames) / recent
                clips_overall = 60 * worked / overall
                rate_overall = (now.frames - first.frames) / overall
                left = self._left(now, before, recent, total - done)
        return Standing(
            done, total, now.frames, self._failures, clips, rate, clips_overall, rate_overall, left
        )

    @staticmethod
    def _left(now: _Moment, before: _Moment, seconds: float, waiting: int) -> float | None:
        """Seconds for what waits, at the present rate: by shares of the work, else by clips."""
        if waiting <= 0:
            return 0.0
        if now.share is not None:
            gone = now.share - (before.share or 0.0)
            return seconds * (1 - now.share) / gone if gone > 0 else None
        gone = now.worked - before.worked
        return seconds * waiting / gone if gone > 0 else None


def duration(seconds: float) -> str:
    """Say a time to wait as a person would: 40 s, 12 min, 3 h 20 min."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"


def _short(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"
