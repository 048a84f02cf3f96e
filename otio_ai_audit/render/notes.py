"""What is written and drawn on each frame: from what an audit found to notes for the burn-in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from ..model import AuditResult, Canvas, ClipResult, ClipUse, Film, Heat, Layer, MediaInfo, Placed
from ..timeline import moment, opacity_at, to_timecode
from .burn import FrameNote, Mark
from .options import RenderOptions
from .reel import shown_findings

Box: TypeAlias = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


class Notes:
    """Says what stands on each record frame."""

    def __init__(
        self,
        film: Film,
        canvas: Canvas,
        options: RenderOptions,
        result: AuditResult | None,
        uses: Sequence[ClipUse],
    ) -> None:
        self._info = film.info
        self._canvas = canvas
        self._heats: Mapping[str, Heat] = {}
        self._clips: dict[str, ClipResult] = {}
        self._places = {use.id: place_of(use.signals.info, canvas) for use in uses if use.signals}
        self._turned: dict[str, list[Placed]] = {}
        self.detectors: tuple[str, ...] = ()
        if result is not None:
            self.detectors = result.detectors
            self._clips = {clip.id: clip for clip in result.clips}
            self._heats = result.heat if options.overlay == "heat" else {}
            for placed in shown_findings(result, options.least):
                self._turned.setdefault(placed.finding.use, []).append(placed)

    def over(self, frames: tuple[int, int], layers: Sequence[Layer]) -> Iterator[FrameNote]:
        """Yield the note of every record frame of a segment with these layers."""
        for frame in range(*frames):
            here = [layer for layer in layers if layer.start <= frame < layer.end]
            top = next((layer for layer in reversed(here) if opacity_at(layer, frame) >= 0.5), None)
            marks = [mark for layer in here for mark in self._marks(layer, frame)]
            marks.sort(key=lambda mark: -mark.score)
            yield FrameNote(
                timecode=to_timecode(self._info.start_frame + frame, self._info),
                clip="" if top is None else top.name,
                frame=frame,
                scores=self._scores(top, frame),
                marks=tuple(marks),
            )

    def _marks(self, layer: Layer, frame: int) -> Iterator[Mark]:
        for placed in self._turned.get(layer.id, ()):
            if not placed.timeline_frame <= frame < placed.timeline_frame + placed.timeline_frames:
                continue
            finding = placed.finding
            place = self._places.get(layer.id, WHOLE)
            heat = self._heats.get(placed.id)
            yield Mark(
                detector=finding.detector,
                label=finding.label or finding.detector,
                severity="error" if finding.severity == "error" else "warning",
                score=finding.score,
                box=None if finding.region is None else _inside(place, finding.region),
                heat=None if heat is None else heat.cells[heat.nearest(float(moment(layer, frame)))],
                where=_reach(place, heat),
            )

    def _scores(self, layer: Layer | None, frame: int) -> dict[str, float | None]:
        clip = None if layer is None else self._clips.get(layer.id)
        if layer is None or clip is None or not layer.knots:
            return dict.fromkeys(self.detectors)
        seconds = float(moment(layer, frame))
        return {name: _score(clip, name, seconds) for name in self.detectors}


def _score(clip: ClipResult, detector: str, seconds: float) -> float | None:
    """Score at a media time; the clip's own where the detector tells none for each frame."""
    curve = clip.curves.get(detector)
    if curve is None or not curve.score:
        return clip.scores.get(detector)
    at = round((seconds - curve.start) / curve.step)
    return curve.score[min(max(at, 0), len(curve.score) - 1)]


@lru_cache(maxsize=64)
def place_of(info: MediaInfo, canvas: Canvas) -> Box:
    """Say where on a canvas the picture of a medium lies, as fractions of the canvas."""
    width, height = Fraction(info.width) * info.sample_aspect, Fraction(info.height)
    if info.rotation % 180:
        width, height = height, width
    scale = min(canvas.width / width, canvas.height / height)
    across, down = float(width * scale / canvas.width), float(height * scale / canvas.height)
    return (1 - across) / 2, (1 - down) / 2, across, down


def _inside(place: Box, box: Box) -> Box:
    """Bring fractions of a picture to fractions of the canvas on which it lies."""
    x, y, width, height = place
    return x + box[0] * width, y + box[1] * height, box[2] * width, box[3] * height


def _reach(place: Box, heat: Heat | None) -> Box:
    """Say what the cells of a heat map cover: the last ones may reach beyond the picture."""
    if heat is None:
        return place
    x, y, width, height = place
    return x, y, width / heat.share[0], height / heat.share[1]
