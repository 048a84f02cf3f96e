"""Render the open timeline by DaVinci Resolve Studio itself: with transforms, grades, Fusion and titles.

Everything goes through the render calls of ``Developer/Scripting/README.txt``. One job of ours is added,
rendered and deleted; what stood on the Deliver page before is put back as far as Resolve lets us read it.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..errors import MediaError, OutputError, ResolveError, TimelineError
from ..model import Media, MediaInfo
from .attach import attach
from .deliver import SINGLE, Before, Deliver
from .live.timeline_state import drop_frame, setting
from .render_choice import FORMATS, plain
from .render_job import Ending, Job

PAUSE = 0.5
"""Seconds between two questions to Resolve."""
SLACK = 1
"""Frames that a movie may be longer or shorter than the timeline says: its end may be its last frame."""


class Progress(Protocol):
    """Who is told how far the rendering is."""

    def say(self, text: str) -> None: ...
    def step(
        self, done: int, total: int, name: str, *, frames: int | None = None, share: float | None = None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be rendered."""

    target: Path
    """The movie; its suffix chooses the format: .mov or .mp4."""
    timeline: str | None = None
    """Name of the timeline; None: the open one."""
    codec: str | None = None
    """As Resolve names it, or ``prores``, ``dnxhr``, ``h264``, ``h265``; None: the suffix's usual one."""
    preset: str | None = None
    """A render preset to begin with; its size, quality and sound are kept."""
    first: str | None = None
    """Record timecode of the first frame; None: the timeline's."""
    last: str | None = None
    """Record timecode of the last frame; None: the timeline's."""
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Rendered:
    """A movie that Resolve made."""

    path: Path
    timeline: str
    info: MediaInfo
    whole: bool
    """Whether it is the whole timeline."""
    notes: tuple[str, ...] = ()
    """What a person should know, in sentences."""


def render(
    wish: Wish,
    progress: Progress,
    note: Callable[[str], None],
    *,
    resolve: Any = None,
    pause: float | None = None,
) -> Rendered:
    """Render a timeline in the running Resolve Studio.

    A movie that exists already is replaced at the very end, by a whole one.

    Parameters
    ----------
    wish
        What and where to.
    progress
        Told of each percentage, as frames.
    note
        Prints a line for a person who waits.
    resolve
        Its handle; None attaches.
    pause
        Seconds between two questions; None: `PAUSE`.

    Raises
    ------
    ResolveError
        If Resolve cannot be reached or does not render it.
    OutputError
        If the movie cannot be written where it should go.
    KeyboardInterrupt
        If a person stopped it; the job is out of the queue by then.
    """
    _check(wish.target)
    progress.say("Looking for Resolve")
    handle: Any = resolve if resolve is not None else attach()
    with _ends_like_ctrl_c():
        deliver = Deliver(handle, note)
        if deliver.ask("IsRenderingInProgress"):
            raise ResolveError(
                "Resolve is rendering already; wait until its queue is done, then run this again."
            )
        folder = _folder_beside(wish.target)
        try:
            return _render(wish, deliver, folder, progress, PAUSE if pause is None else pause)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _render(wish: Wish, deliver: Deliver, folder: Path, progress: Progress, pause: float) -> Rendered:
    before = Before.of(deliver)
    job = Job(deliver, folder, pause)
    try:
        if wish.timeline is not None:
            deliver.open_timeline(wish.timeline)
        name = deliver.desk.name
        span = deliver.range()
        _set_format(wish, deliver)
        marks = _marks(wish, deliver, span)
        job.add(_settings(wish, folder, marks), {} if wish.preset else _size(deliver))
        frames = marks[1] - marks[0] + 1 if marks else (span[1] - span[0] if span else 0)
        progress.say("Rendering in Resolve:")
        total = frames or 100

        def tell(percent: int) -> None:
            done = min(percent, 100) * total // 100
            progress.step(done, total, name, frames=done, share=percent / 100)

        job.start()
        ending = job.follow(tell)
        movie = _movie(folder, wish.target.suffix, ending, pause)
        info, notes = _looked_at(movie, wish.target, frames, ending)
        _move(movie, wish.target)
        return Rendered(wish.target, name, info, marks is None, notes)
    finally:
        _clean_up(job, before, wish.target, pause)


def _clean_up(job: Job, before: Before, target: Path, pause: float) -> None:
    """Leave Resolve as it was; what cannot be put back is said, and hides no other failure."""
    deliver = before.deliver
    deliver.renew()
    left = True
    with suppress(ResolveError):
        left = not job.remove()
    if left:
        deliver.note(
            f'The job "{target.stem}" could not be taken out of Resolve\'s render queue; delete it there.'
        )
    deliver.renew()
    try:
        before.put_back(str(target.absolute().parent), target.stem, pause)
    except ResolveError as error:
        deliver.note(f"Resolve's Deliver page could not be put back as it was: {error}")


# --- before ------------------------------------------------------------------------------------------------


def _check(target: Path) -> None:
    """Refuse what cannot be written before Resolve is asked for anything."""
    if target.suffix.lower() not in FORMATS:
        raise OutputError(
            f"{target.name} must end in {' or '.join(FORMATS)}, so that Resolve knows what to render."
        )
    if target.is_dir():
        raise OutputError(f"{target} is a folder; give the name of a movie in it.")
    if not target.absolute().parent.is_dir():
        raise OutputError(f"There is no folder {target.absolute().parent}; make it first.")


def _folder_beside(target: Path) -> Path:
    """Make a fresh folder on the disk of the target, so that the movie can be moved there whole."""
    try:
        made = tempfile.mkdtemp(prefix=f".{target.stem[:40]}-", dir=target.absolute().parent)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error
    return Path(made)


def _set_format(wish: Wish, deliver: Deliver) -> None:
    suffix = wish.target.suffix.lower()
    if wish.preset is not None:
        deliver.load_preset(wish.preset)
    if wish.preset is None or wish.codec is not None:
        chosen, codec = deliver.choose(suffix, wish.codec)
        deliver.set_format(chosen, codec)
    else:
        format, _ = deliver.current()
        if format and plain(format) not in (suffix[1:], FORMATS[suffix]):
            raise ResolveError(
                f'The preset "{wish.preset}" renders {format}, not {suffix[1:]}; give -o a name that ends '
                "so, or choose the codec with --codec."
            )
    deliver.ask("SetCurrentRenderMode", SINGLE)


def _settings(wish: Wish, folder: Path, marks: tuple[int, int] | None) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "SelectAllFrames": marks is None,
        "TargetDir": str(folder),
        "CustomName": wish.target.stem.replace("%", "_"),  # % begins a name of its own there
        "ExportVideo": True,
        "ExportAudio": wish.sound,
    }
    if marks is not None:
        settings["MarkIn"], settings["MarkOut"] = marks
    return settings


def _size(deliver: Deliver) -> dict[str, Any]:
    """Size of the timeline's pictures: the Deliver page may hold that of an earlier job."""
    keys = ("timelineResolutionWidth", "timelineResolutionHeight")
    found = deliver.read(lambda desk: [setting(desk, key) for key in keys])
    sides = [int(text) for text in found if text.isdecimal() and int(text) > 0]
    return {"FormatWidth": sides[0], "FormatHeight": sides[1]} if len(sides) == 2 else {}


def _marks(wish: Wish, deliver: Deliver, span: tuple[int, int] | None) -> tuple[int, int] | None:
    """First and last frame, counted as the timeline counts; None for all frames."""
    if wish.first is None and wish.last is None:
        return None
    from ..timecode import exact_rate, timecode_to_frames

    keys = ("timelineFrameRate", "timelineDropFrameTimecode")
    rate, told = deliver.read(lambda desk: [setting(desk, key) for key in keys])
    drops = drop_frame(rate, told)
    if span is None:
        raise ResolveError(
            "Resolve does not say where the timeline begins; render it without --in and --out."
        )
    try:
        exact = exact_rate(float(rate.split()[0]))
        first = span[0] if wish.first is None else timecode_to_frames(wish.first, exact, bool(drops))
        last = span[1] - 1 if wish.last is None else timecode_to_frames(wish.last, exact, bool(drops))
    except (TimelineError, ValueError, IndexError) as error:
        raise ResolveError(f"--in and --out are timecodes of the timeline: {error}") from error
    if not span[0] <= first <= last < span[1]:
        raise ResolveError(
            f'--in and --out do not lie in "{deliver.desk.name}" one after the other; look at its timecodes.'
        )
    return first, last


# --- after -------------------------------------------------------------------------------------------------


def _movie(folder: Path, suffix: str, ending: Ending, pause: float) -> Path:
    """Find what was rendered, and wait until it is no longer written to."""
    sizes: dict[Path, int] = {}
    for _ in range(20):
        before = sizes
        sizes = {path: path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}
        if sizes and sizes == before:
            break
        time.sleep(pause)
    movies = [path for path, size in sizes.items() if size and path.suffix.lower() == suffix.lower()]
    if len(movies) > 1:
        raise ResolveError(
            f"Resolve wrote {len(movies)} movies instead of one: set its Deliver page to Single clip, then "
            "run this again."
        )
    if not movies:
        said = f'"{ending.status.words}" at {ending.status.percent} %'
        raise ResolveError(
            f"Resolve says {said} and wrote no movie; look at its Deliver page, then run this again."
        )
    return movies[0]


def _looked_at(movie: Path, target: Path, frames: int, ending: Ending) -> tuple[MediaInfo, tuple[str, ...]]:
    """Look into the movie; one that was not meant takes nobody's place.

    Raises
    ------
    ResolveError
        If it has no pictures, or is not whole; the movie is kept beside, where it may be of use.
    """
    from ..video import probe

    stopped = ResolveError(
        f'Resolve stopped at {ending.status.percent} % ("{ending.status.words}"); look at its Deliver '
        "page, then run this again."
    )
    try:
        info = probe(Media(str(movie)))
    except MediaError as error:
        if not ending.certain:
            raise stopped from error
        kept = target.with_name(f"{target.stem}.unchecked{target.suffix}")
        _move(movie, kept)
        raise ResolveError(
            f"Resolve rendered a movie in which no pictures are found; it is kept as {kept}. An earlier "
            'preset such as Audio Only may still hold: choose one for video with --preset "H.264 Master", '
            "or on the Deliver page."
        ) from error
    found = info.promised_frames
    right = found is None or not frames or abs(found - frames) <= SLACK
    if not ending.certain and not (found and frames and right):
        raise stopped
    if right:
        return info, ()
    return info, (f"It has {found} frames, the timeline {frames}: look at the Deliver page.",)


def _move(movie: Path, target: Path) -> None:
    """Move the movie to its place; where somebody holds that open, it is kept beside it."""
    try:
        movie.replace(target)
    except OSError as error:
        kept = target.with_name(f"{target.stem}.rendered{target.suffix}")
        with suppress(OSError):
            movie.replace(kept)
        beside = f"; what was rendered is {kept}" if kept.exists() else ""
        raise OutputError(f"{target} cannot be written: {error.strerror or error}{beside}.") from error


@contextmanager
def _ends_like_ctrl_c() -> Iterator[None]:
    """Let a request to end (SIGTERM) stop the job too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
