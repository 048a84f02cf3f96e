"""The edit as a movie for people to look at: as a viewer sees it, with what was found drawn on it.

Segments are rendered by workers, each from the files to encoded packets, and joined at home without
encoding anything again: the movie is the same whoever rendered it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from .. import engine as engine_room
from ..errors import MediaError, OutputError
from ..gather import Progress, Quiet
from ..model import AuditResult, Canvas, ClipUse, Film, Layer
from ..report.whole import why, write_whole
from ..timeline import to_timecode
from .options import LARGEST, MOVIE_SUFFIXES, Codec, RenderOptions, codec_of, parse_size
from .reel import Frames, Reel, make_reel, segments, shared_out, shown_findings

if TYPE_CHECKING:
    from .compose import Segment, SegmentJob

__all__ = [
    "MOVIE_SUFFIXES",
    "RenderOptions",
    "Rendered",
    "codec_of",
    "parse_size",
    "render",
    "shown_findings",
]

FULL_HD = (1920, 1080)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of a movie."""

    path: Path
    frames: int
    size: tuple[int, int]
    lacks: tuple[str, ...]
    """What the edit asks for and the movie does not show."""
    problems: tuple[str, ...]
    """Pictures and sounds that could not be decoded."""

    @property
    def incomplete(self) -> bool:
        return bool(self.problems)


def render(
    film: Film,
    path: Path,
    options: RenderOptions | None = None,
    *,
    result: AuditResult | None = None,
    uses: Sequence[ClipUse] = (),
    engine: str | Executor = "processes",
    progress: Progress | None = None,
) -> Rendered:
    """Render an edit, or only its faults, as a movie.

    Parameters
    ----------
    film
        As `otio_ai_audit.timeline.film` gives it.
    path
        The suffix chooses container and codec. What stands there is kept when anything goes wrong.
    options
        See `RenderOptions`.
    result, uses
        What an audit of this edit found, and the clips with their signals; not needed for a bare picture.
    engine
        Who renders segments; see `otio_ai_audit.engine.run`.
    progress
        Told how many frames are done.

    Returns
    -------
    Rendered
        A clip that cannot be decoded is a plate with words in the movie, and a problem here.

    Raises
    ------
    OutputError
        A suffix or codec that does not fit, a reel without faults, or a file that cannot be written.
    """
    from .. import video

    options, progress = options or RenderOptions(), progress or Quiet()
    codec = codec_of(path, options)
    canvas = _canvas(film, options.size, "yuv420p" if codec == "h264" else "yuv422p10le")
    findings = [] if result is None else shown_findings(result, options.least)
    reel = make_reel(film, findings, only_findings=options.only_findings, handles=options.handles)
    # What is missing and must not cover the picture is seen by no worker.
    problems = [f"{one.name}: {one.plate}" for one in film.layers if one.plate and _is_clear(one)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".rendering-", dir=path.parent) as folder:
            jobs = _Jobs(film, canvas, codec, options, reel, result, uses)
            parts = _rendered(jobs, Path(folder), engine, progress, problems)
            progress.say("Joining the movie")
            heard = None
            if options.sound and film.sounds:
                heard = video.mix(film.sounds, reel.ranges, film.info.rate, problems=problems)

            def fill(beside: Path) -> None:
                video.join(
                    parts,
                    beside,
                    rate=film.info.rate,
                    sound=heard,
                    chapters=reel.chapters,
                    metadata=_metadata(film, options),
                    timecode=to_timecode(film.info.start_frame + reel.ranges[0][0], film.info),
                )

            write_whole(path.resolve(), fill)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {why(error)}") from error
    size = (canvas.width, canvas.height + jobs.panel)
    return Rendered(path, reel.frames, size, film.lacks, tuple(dict.fromkeys(problems)))


def _is_clear(layer: Layer) -> bool:
    return bool(layer.opacity) and not any(value for _, value in layer.opacity)


# --- size ---------------------------------------------------------------------------------------------


def _canvas(film: Film, size: tuple[int | None, int] | None, pixel_format: str) -> Canvas:
    """Choose the size of the picture: as asked, else the edit's, else that of its media; even numbers."""
    if size is not None and size[0] is not None:
        width, height = size[0], size[1]
    else:
        width, height = film.size or _usual_size(film)
        if size is not None:
            width, height = round(width * size[1] / height), size[1]
        elif max(width, height) > LARGEST:
            scale = LARGEST / max(width, height)
            width, height = round(width * scale), round(height * scale)
    return Canvas(max(16, width // 2 * 2), max(16, height // 2 * 2), pixel_format)


def _usual_size(film: Film) -> tuple[int, int]:
    """Size on a screen of the medium that is seen longest and can be opened."""
    from .. import video

    longest: dict[str, int] = {}
    for layer in film.layers:
        if layer.media is not None:
            longest[layer.media.path] = longest.get(layer.media.path, 0) + layer.end - layer.start
    media = {layer.media.path: layer.media for layer in film.layers if layer.media is not None}
    for path in sorted(longest, key=lambda path: (-longest[path], path)):
        try:
            return video.shown_size(video.probe(media[path]))
        except MediaError:
            continue
    return FULL_HD


# --- segments -----------------------------------------------------------------------------------------


class _Jobs:
    """The segments of a movie, as jobs that are made when a worker is free for them."""

    def __init__(
        self,
        film: Film,
        canvas: Canvas,
        codec: Codec,
        options: RenderOptions,
        reel: Reel,
        result: AuditResult | None,
        uses: Sequence[ClipUse],
    ) -> None:
        from .burn import Burning
        from .notes import Notes
        from .panel import panel_height

        self.parts: list[Frames] = segments(reel, film.layers, film.info.rate)
        self._layers: list[list[Layer]] = shared_out(film.layers, self.parts)
        self._film, self._canvas, self._codec, self._options = film, canvas, codec, options
        self._notes = Notes(film, canvas, options, result, uses)
        detectors = self._notes.detectors if options.bars else ()
        self._burning = None
        self.panel = 0
        if not options.bare:
            self._burning = Burning(options.burn_in, options.bars, options.overlay, detectors)
            below = options.burn_in or options.bars
            self.panel = panel_height(canvas.height, detectors) if below else 0

    def job(self, index: int) -> SegmentJob:
        from .compose import SegmentJob

        frames, layers = self.parts[index], self._layers[index]
        return SegmentJob(
            frames=frames,
            layers=tuple(layers),
            canvas=self._canvas,
            panel=self.panel,
            rate=self._film.info.rate,
            codec=self._codec,
            quality=self._options.quality,
            profile=self._options.profile or "hq",
            burning=self._burning,
            notes=() if self._burning is None else tuple(self._notes.over(frames, layers)),
        )


def _rendered(
    jobs: _Jobs, folder: Path, engine: str | Executor, progress: Progress, problems: list[str]
) -> list[Path]:
    """Have every segment rendered, each into a file of its own; paths in order."""
    from .compose import render_segment

    lengths = [end - start for start, end in jobs.parts]
    frames, whole = 0, sum(lengths)
    progress.say(f"Rendering {whole} frames")
    files = [folder / f"{number:06d}" for number in range(len(lengths))]
    feed: Iterator[tuple[int, SegmentJob]] = ((i, jobs.job(i)) for i in range(len(lengths)))
    with closing(engine_room.stream(render_segment, feed, engine=engine, doing="rendering")) as finished:
        done = 0
        for answer in finished:
            if answer is None:
                continue
            index, segment = answer
            if isinstance(segment, engine_room.Crash):
                segment = _as_plates(jobs.job(index), segment.message)
            files[index].write_bytes(segment.data)
            problems += segment.problems
            frames, done = frames + lengths[index], done + 1
            name = f"frames {jobs.parts[index][0]} to {jobs.parts[index][1]}"
            progress.step(done, len(lengths), name, frames=frames, share=frames / whole)
    return files


def _as_plates(job: SegmentJob, reason: str) -> Segment:
    """Render a segment whose worker died without touching its media."""
    from .compose import render_segment

    layers = tuple(replace(layer, media=None, plate=reason) for layer in job.layers)
    segment = render_segment(replace(job, layers=layers))
    names = ", ".join(dict.fromkeys(layer.name for layer in layers))
    return replace(segment, problems=(*segment.problems, f"{names}: {reason}"))


def _metadata(film: Film, options: RenderOptions) -> dict[str, str]:
    """Say in the movie itself what it is, and what it does not show."""
    kind = "Faults found in" if options.only_findings else "Review of"
    return {
        "title": f"{kind} {film.info.name or film.info.source}",
        "comment": " ".join(film.lacks) or "All that the edit asks for is rendered.",
        "encoder": f"otio-ai-audit {__version__}",
    }
