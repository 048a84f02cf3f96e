"""Real edits of many writers, rendered and compared with an independent reference, record frame by frame.

Every edit is laid out and asked which frame of which medium it shows, and parts of it are rendered: around
its cuts, at its ends and evenly between. Media stand in; those of some edits are encoded and decoded.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest

from otio_ai_audit import render, timeline
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.model import Film
from otio_ai_audit.render.reel import Reel

from . import numbered
from .reference_film import Reference
from .seen import SIZE, Seen, assert_shows, of_film, of_reference, same
from .shared import shared_dir
from .stand_ins import StandIns

SHARED = shared_dir()
FOLDER = SHARED / "timelines" if SHARED else Path("nowhere")
needs_samples = pytest.mark.skipif(not FOLDER.is_dir(), reason="the sample timelines are not at hand")
SUFFIXES = {".otio", ".otioz", ".json", ".fcpxml", ".xml", ".edl", ".aaf", ".drt", ".drp"}
SAMPLES = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.rglob("*")
    if path.suffix in SUFFIXES and "markers" not in path.parent.name and "truth" not in path.name
)
BARE = render.RenderOptions(size=SIZE, burn_in=False, bars=False, overlay="none", sound=False)
ASKED, RENDERED = 240, 60
"""Record frames of an edit that are asked for, and that are rendered, about."""


@dataclass(frozen=True)
class Edit:
    """One timeline of a file."""

    name: str
    tl: otio.schema.Timeline
    """As the package reads it."""
    written: otio.schema.Timeline
    """As the file has it, where OTIO alone can read it."""


def edits_of(path: Path) -> Iterator[Edit]:
    """Read all timelines of a file, at a rate that it fits where it does not say one."""
    rate, names = None, [None]
    try:
        timeline.read(path)
    except TimelineError as error:
        fits = re.search(r"timecodes fit (\d+)", str(error))
        rate = Fraction(int(fits[1])) if fits else None
        names = re.findall("“([^”]+)”", str(error)) if "timelines" in str(error) else names
        if rate is None and names == [None]:
            return
    for name in names:
        try:
            tl = timeline.read(path, rate, name)
        except TimelineError:
            continue
        written = _written(path)
        if written is None:
            _tell_apart(tl)
        yield Edit(name or path.stem, tl, written or tl)


def _written(path: Path) -> otio.schema.Timeline | None:
    if path.suffix == ".otioz":
        with zipfile.ZipFile(path) as bundle:
            text = bundle.read("content.otio").decode()
    elif path.suffix in (".otio", ".json"):
        text = path.read_text(encoding="utf-8")
    else:
        return None
    root = otio.adapters.read_from_string(text, "otio_json")
    if isinstance(root, otio.schema.Timeline):
        return root
    wrapped = otio.schema.Timeline()
    wrapped.tracks.append(otio.schema.Track(children=[root]))
    return wrapped


def _tell_apart(tl: otio.schema.Timeline) -> None:
    """Give media of different rates and timecodes different names; who made the sample public had not."""
    known: dict[tuple[str, float, float], str] = {}
    for clip in tl.find_clips():
        held = clip.media_reference
        if isinstance(held, otio.schema.ExternalReference) and held.available_range is not None:
            start = held.available_range.start_time
            stem, dot, end = held.target_url.rpartition(".")
            new = f"{stem}{len(known) or ''}{dot}{end}"
            held.target_url = known.setdefault((held.target_url, start.value, start.rate), new)


# --- which frame is shown ------------------------------------------------------------------------------


def laid_out(edit: Edit, media: StandIns, source: str) -> tuple[Film, Reference]:
    options = timeline.PlanOptions(media_root=media.root, source=source)
    film = timeline.film(edit.tl, options)
    stamped = any("stamped with another rate" in note for note in timeline.plan(edit.tl, options).notices)
    return film, Reference(edit.written, film.info.rate, stamped)


# --- where to look ---------------------------------------------------------------------------------------


def near_cuts(film: Film, most: int, reach: int) -> list[int]:
    """Choose record frames: around cuts, evenly chosen where there are many, at the ends and between."""
    frames = film.info.frames
    if frames <= most:
        return list(range(frames))
    edges = sorted({edge for layer in film.layers for edge in (layer.start, layer.end)} | {0, frames})
    windows = max(2, most // (4 * reach))
    chosen = [edges[round(index * (len(edges) - 1) / (windows - 1))] for index in range(windows)]
    chosen += [round(index * (frames - 1) / (windows - 1)) for index in range(windows)]
    found = {frame for edge in chosen for frame in range(edge - reach, edge + reach)}
    return sorted(frame for frame in found if 0 <= frame < frames)


def ranges_of(frames: Sequence[int]) -> tuple[tuple[int, int], ...]:
    breaks = [one for one, two in pairwise(frames) if two != one + 1]
    starts = [frames[0], *(frames[frames.index(one) + 1] for one in breaks)]
    return tuple(zip(starts, [one + 1 for one in (*breaks, frames[-1])], strict=True))


# --- rendering -------------------------------------------------------------------------------------------


def rendered(
    film: Film, frames: Sequence[int], path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[np.ndarray]:
    reel = Reel(ranges_of(frames))
    monkeypatch.setattr(render, "make_reel", lambda *_, **__: reel)
    answer = render.render(film, path, BARE, engine="threads:1")
    assert answer.frames == len(frames)
    return numbered.decoded(path)


@needs_samples
@pytest.mark.parametrize("name", SAMPLES)
def test_every_record_frame_shows_the_right_frame(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = list(edits_of(FOLDER / name))
    if not edits:
        pytest.skip("holds no edit that is read")
    for index, edit in enumerate(edits):
        rate = timeline.plan(edit.tl).info.rate
        media = StandIns(edit.written, tmp_path / str(index), rate)
        film, expected = laid_out(edit, media, str(FOLDER / name))
        wanted: dict[int, Seen] = {}
        for number in near_cuts(film, ASKED, 4):
            shown = expected.frame(number)
            wanted[number] = of_reference(shown, media)
            seen, slack = of_film(film, media, number), int(any(one.eased for one in shown))
            assert same(seen, wanted[number], slack), (edit.name, number, seen, wanted[number])
            wanted[number] = seen if slack else wanted[number]
        media.instead_of_media(monkeypatch)
        frames = [number for number in near_cuts(film, RENDERED, 2) if number in wanted]
        if not frames:
            continue
        pictures = rendered(film, frames, tmp_path / f"{index}.mp4", monkeypatch)
        for number, luma in zip(frames, pictures, strict=True):
            assert_shows(luma, wanted[number], media, (edit.name, number))
