"""Frames that people look at to see a fault: the worst one, what to compare it with, and those around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from . import engine as engine_room
from . import pictures, video
from .detectors._view import View, look, runs
from .errors import AuditError
from .gather import Progress, here
from .heat import cells_of
from .model import STANDING, WARNING, ClipUse, Finding, Media, MediaFailure, Placed, Thumbnail, compare_key
from .store import Store

Ints = npt.NDArray[np.int64]

STILL_SIZE = 640
"""Long side of evidence pictures, pixels."""
AROUND_SIZE = 256
"""Long side of the frames around a fault, pixels."""
QUALITY = {STILL_SIZE: 75, AROUND_SIZE: 55}
"""Of the WebP, by size."""
COMPARED = 4
"""Frames fetched beside the worst one of a finding, at most."""
REACH = 6
"""Frames around a fault on either side of its middle."""
STEPS = 12
"""Frames from the reference of a drift to its worst one, and of a standstill with what is beside it."""
LEAST_BESIDE = 3
"""Frames before and after a standstill, in which things move."""
OPPOSITE = {"flicker": 3, "flash": 8}
"""Detector → frames on either side of the worst one, of which the most unlike one is its counterpart."""
MOST_FINDINGS = 600
"""Findings that get frames around them, the worst first …"""
MOST_FRAMES = 5000
"""… and so many frames in all: about 25 MB, in a page a third more."""
PIECE = 96
"""Pictures that one task fetches at most; a long medium is shared among workers."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Pictures of findings, as WebP; what could not be fetched is missing."""

    stills: Mapping[str, bytes] = field(default_factory=dict)
    """See `AuditResult.stills`."""
    around: Mapping[str, tuple[Thumbnail, ...]] = field(default_factory=dict)
    """See `AuditResult.around`."""
    pairs: Mapping[str, tuple[Thumbnail, ...]] = field(default_factory=dict)
    """See `AuditResult.pairs`."""


class Shot(NamedTuple):
    """One picture of a medium."""

    key: str
    """Content key of the medium."""
    moment: float
    """Seconds from its first frame."""
    size: int
    """Long side in pixels."""


def evidence(
    uses: Sequence[ClipUse],
    placed: Sequence[Placed],
    store: Store,
    engine: str | Executor,
    progress: Progress,
    references: Sequence[ClipUse] = (),
) -> Evidence:
    """Fetch the frames of every finding at warning or above, unless the store has them.

    Each medium is opened once, or once for every `PIECE` pictures of a long one.

    Parameters
    ----------
    uses, references
        Clips and reference pictures, with their signals.
    placed
        The findings. Those that do not stand any more get a still, and no frames around it.
    """
    by_id = {use.id: use for use in (*references, *uses)}
    media = {use.signals.key: use.media for use in by_id.values() if use.signals is not None}
    stills = dict(_stills(placed, by_id))
    pairs: dict[str, tuple[Shot, ...]] = {}
    around: dict[str, tuple[Shot, ...]] = {}
    left = MOST_FRAMES
    for item in worst_first(placed)[:MOST_FINDINGS]:
        use, key = by_id[item.finding.use], stills[item.id].key
        view = look(use)
        if view is None:
            continue
        pairs[item.id] = tuple(Shot(key, t, STILL_SIZE) for t in _pair(view, item.finding))
        some = tuple(Shot(key, t, AROUND_SIZE) for t in _around(view, item.finding))
        if len(some) <= left:
            left -= len(some)
            around[item.id] = some
    every = (*stills.values(), *(one for some in (*pairs.values(), *around.values()) for one in some))
    found = _fetched(dict.fromkeys(every), media, store, engine, progress)
    return Evidence(
        {name: found[shot] for name, shot in stills.items() if shot in found},
        {name: shown for name, some in around.items() if (shown := _thumbnails(some, found))},
        {name: shown for name, some in pairs.items() if len(shown := _thumbnails(some, found)) == 2},
    )


def worst_first(placed: Iterable[Placed]) -> list[Placed]:
    """Keep the findings that somebody has to look at: warnings and errors that stand, the worst first."""
    standing = [p for p in placed if p.state in STANDING and p.finding.score >= WARNING]
    return sorted(standing, key=lambda p: (-p.finding.score, p.timeline_frame, p.id))


def _stills(placed: Sequence[Placed], by_id: Mapping[str, ClipUse]) -> Iterator[tuple[str, Shot]]:
    """Name each picture of the worst frames and of those to look at beside them."""
    for item in placed:
        finding = item.finding
        if finding.score < WARNING:
            continue
        compared = [(use, moment) for use, moment in finding.compare[:COMPARED]]
        names = [item.id, *(compare_key(item.id, number) for number in range(len(compared)))]
        for name, (use, moment) in zip(names, [(finding.use, finding.moment), *compared], strict=True):
            signals = by_id[use].signals if use in by_id else None
            if signals is not None:
                yield name, Shot(signals.key, moment, STILL_SIZE)


def _thumbnails(shots: Sequence[Shot], found: Mapping[Shot, bytes]) -> tuple[Thumbnail, ...]:
    return tuple(Thumbnail(shot.moment, found[shot]) for shot in shots if shot in found)


# --- which frames --------------------------------------------------------------------------------------


def _pair(view: View, finding: Finding) -> tuple[float, ...]:
    """Seconds of two frames whose difference is the fault; the worst one last, where there is one."""
    if finding.detector == "mismatch":
        return ()
    worst = finding.moment
    own = [moment for use, moment in finding.compare if use == finding.use]
    if own:
        return own[0], worst
    rows = _rows(view, finding)
    if finding.detector in ("freeze", "dead"):
        return float(view.times[rows[0]]), float(view.times[rows[-1]])
    at = _row(view, worst)
    a, b = _run(view, at)
    reach = OPPOSITE.get(finding.detector, 0)
    if finding.evidence.get("kind") == "boil":  # texture is compared from frame to frame
        other = at - 1 if at > a else min(at + 1, b - 1)
    elif reach:
        beside = [row for row in range(max(a, at - reach), min(b, at + reach + 1)) if row != at]
        other = max(beside, key=lambda row: _unlike(view, finding, row, at), default=at)
    else:  # what came before the fault; where the shot begins with it, what comes after
        before, after = int(rows[0]) - 1, int(rows[-1]) + 1
        other = before if before >= a else min(after, b - 1)
    return (float(view.times[other]), worst) if other != at else ()


def _unlike(view: View, finding: Finding, row: int, other: int) -> float:
    """How far two frames differ where the fault is, code values; brightness and colour of the whole area."""
    cells = cells_of(view, finding)
    grid = view.signals.grid
    return sum(
        abs(float(plane[row][cells].mean()) - float(plane[other][cells].mean()))
        for plane in (grid.luma, grid.blue, grid.red)
    )


def _around(view: View, finding: Finding) -> tuple[float, ...]:
    """Seconds of the frames to step through, in order, of what the edit shows."""
    if finding.detector == "mismatch":
        return ()
    rows, worst = _rows(view, finding), _row(view, finding.moment)
    a, b = _run(view, worst)
    if finding.detector == "drift" and finding.compare:
        began = _row(view, finding.compare[0][1])
        chosen = np.linspace(min(began, worst), max(began, worst), STEPS).round().astype(np.int64)
        return _times(view, chosen)
    if finding.detector in ("freeze", "dead") and len(rows) > STEPS - 2 * LEAST_BESIDE:
        first, last = int(rows[0]), int(rows[-1])
        inside = np.linspace(first, last, STEPS - 2 * LEAST_BESIDE).round().astype(np.int64)
        before = np.arange(max(a, first - LEAST_BESIDE), first)
        return _times(view, np.concatenate([before, inside, np.arange(last + 1, min(b, last + 4))]))
    middle = worst if len(rows) > 2 * REACH - 3 else int(rows[len(rows) // 2])
    start = max(a, min(middle - REACH, b - 2 * REACH - 1))
    return _times(view, np.arange(start, min(b, start + 2 * REACH + 1)))


def _times(view: View, rows: Ints) -> tuple[float, ...]:
    return tuple(float(view.times[row]) for row in np.unique(rows) if view.visible[row])


def _rows(view: View, finding: Finding) -> Ints:
    """Visible frames of a finding; at least the one nearest to its worst."""
    slack = 0.25 * view.step
    until = finding.start + finding.duration - slack
    inside = (view.times >= finding.start - slack) & (view.times < until) & view.visible
    rows = np.flatnonzero(inside)
    return rows if len(rows) else np.array([_row(view, finding.moment)])


def _row(view: View, moment: float) -> int:
    """Visible frame that is shown at a moment."""
    visible = np.flatnonzero(view.visible)
    at = int(np.searchsorted(view.times[visible], moment + 1e-6, side="right")) - 1
    return int(visible[max(0, at)])


def _run(view: View, row: int) -> tuple[int, int]:
    """Frames in a row, all visible, that a frame is one of."""
    return next((a, b) for a, b in runs(view.visible) if a <= row < b)


# --- fetching ------------------------------------------------------------------------------------------


def _fetched(
    wanted: Iterable[Shot],
    media: Mapping[str, Media],
    store: Store,
    engine: str | Executor,
    progress: Progress,
) -> dict[Shot, bytes]:
    """Look pictures up in the store, and let workers fetch the others."""
    found: dict[Shot, bytes] = {}
    waiting: dict[str, list[Shot]] = {}
    for shot in wanted:
        known = store.load_still(*shot)
        if known is None:
            waiting.setdefault(shot.key, []).append(shot)
        else:
            found[shot] = known
    pieces = [piece for shots in waiting.values() for piece in _pieces(shots)]
    if pieces:
        progress.say("Fetching the frames to look at")
    tasks = [(media[piece[0].key], tuple((s.moment, s.size) for s in piece)) for piece in pieces]
    costs = [float(len(piece)) for piece in pieces]
    with closing(engine_room.run(fetch, tasks, engine=engine, costs=costs, doing="fetching frames")) as done:
        for count, (position, answer) in enumerate(done, start=1):
            if isinstance(answer, tuple):
                for shot, picture in zip(pieces[position], answer, strict=True):
                    store.save_still(*shot, picture)
                    found[shot] = picture
            progress.step(count, len(tasks), Path(tasks[position][0].path).name)
    return found


def _pieces(shots: Sequence[Shot]) -> list[list[Shot]]:
    """Share the pictures of a medium among tasks, in order of time."""
    ordered = sorted(shots, key=lambda shot: (shot.moment, shot.size))
    return [ordered[start : start + PIECE] for start in range(0, len(ordered), PIECE)]


def fetch(request: tuple[Media, Sequence[tuple[float, int]]]) -> tuple[bytes, ...] | MediaFailure:
    """Decode frames of a medium for people to look at; runs in a worker.

    Parameters
    ----------
    request : tuple of (Media, sequence of (float, int))
        The medium, and for each picture the seconds from its first frame and the longest side in pixels.

    Returns
    -------
    tuple of bytes, or MediaFailure
        WebP at display aspect.
    """
    media, wanted = here(request[0]), request[1]
    try:
        times = sorted({moment for moment, _ in wanted})
        shown = video.rgb_frames(media, times, max_size=max(size for _, size in wanted))
        by_time = dict(zip(times, shown, strict=True))
        return tuple(
            pictures.webp(by_time[moment], quality=QUALITY.get(size, 75), effort=2, side=size)
            for moment, size in wanted
        )
    except AuditError as error:
        return MediaFailure(media.path, str(error))
    except Exception as error:  # a worker tells; it never dies of one picture
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        return MediaFailure(media.path, f"{media.path} gives no picture: {detail}.")
