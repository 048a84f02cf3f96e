"""Real edits of many writers, rendered and compared with an independent reference, record frame by frame.

Every edit is laid out and asked which frame of which medium it shows, and parts of it are rendered: around
its cuts, at its ends and evenly between. Media stand in; those of some edits are encoded and decoded.
"""

from __future__ import annotations

import contextlib
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
from .seen import Seen, assert_shows, of_film, of_reference, same
from .shared import shared_dir
from .stand_ins import SIZE, StandIns

SHARED = shared_dir()
FOLDER = SHARED / "timelines" if SHARED else Path("nowhere")
MISSING = {"cmx_3600", "fcp_xml", "AAF"} - {one.name for one in otio.plugins.ActiveManifest().adapters}
pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the sample timelines are not at hand"),
    pytest.mark.skipif(bool(MISSING), reason=f"adapters are not installed: {MISSING}"),
]
SUFFIXES = {".otio", ".otioz", ".json", ".fcpxml", ".xml", ".edl", ".aaf", ".drt", ".drp"}
SAMPLES = sorted(
    str(path.relative_to(FOLDER))
    for path in FOLDER.rglob("*")
    if path.suffix in SUFFIXES and "markers" not in path.parent.name and "truth" not in path.name
)
BARE = render.RenderOptions(size=SIZE, burn_in=False, bars=False, overlay="none", sound=False)
REFUSED = {
    # no clips, only sound, or of a newer OTIO
    "jve_resolve_authored_empty.drp",
    "jve_start_time_decoder.drp",
    "sam_empty-project.drp",
    "cmx3600_multi_audio.edl",
    "otiofcp_sample_just_track.xml",
    "chetools_TimelineBase.xml",
    "chetools_subtitle_time.xml",
    "aswf_premiere_example.otio",
    "aswf_screening_example.otio",
}
ASKED, RENDERED, DECODED_FRAMES = 280, 64, 160
"""About how many record frames of an edit are asked for, rendered, and rendered of media that are decoded."""


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
    try:
        found = [(path.stem, timeline.read(path))]
    except TimelineError as error:
        fits, names = re.search(r"timecodes fit (\d+)", str(error)), re.findall("“([^”]+)”", str(error))
        if fits:
            found = [(path.stem, timeline.read(path, Fraction(int(fits[1]))))]
        else:
            found = list(_named(path, names if "timelines" in str(error) else ()))
    for name, tl in found:
        written = _written(path)
        if written is None:
            _tell_apart(tl)
        yield Edit(name, tl, written or tl)


def _named(path: Path, names: Sequence[str]) -> Iterator[tuple[str, otio.schema.Timeline]]:
    for name in names:
        with contextlib.suppress(TimelineError):  # an empty one
            yield name, timeline.read(path, None, name)


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


def fewer(numbers: Sequence[int], most: int, run: int = 8) -> list[int]:
    """Choose runs of neighbours, evenly."""
    if len(numbers) <= most:
        return list(numbers)
    runs, count = [numbers[at : at + run] for at in range(0, len(numbers), run)], most // run
    chosen = (runs[round(index * (len(runs) - 1) / (count - 1))] for index in range(count))
    return [number for one in chosen for number in one]


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


def agreed(edit: Edit, media: StandIns, source: Path, most: int) -> tuple[Film, dict[int, Seen]]:
    """Lay an edit out, hold it against the reference, and say what some record frames show."""
    film, expected = laid_out(edit, media, str(source))
    wanted: dict[int, Seen] = {}
    for number in near_cuts(film, most, 4):
        shown = expected.frame(number)
        right, seen = of_reference(shown, media), of_film(film, media, number)
        slack = int(any(one.eased for one in shown))
        assert same(seen, right, slack), (edit.name, number, seen, right)
        wanted[number] = seen if slack else right
    return film, wanted


def assert_rendered(
    edit: Edit, film: Film, media: StandIns, wanted: dict[int, Seen], path: Path, patch: pytest.MonkeyPatch
) -> None:
    pictures = rendered(film, list(wanted), path, patch)
    for (number, expected), luma in zip(wanted.items(), pictures, strict=True):
        assert_shows(luma, expected, media, (edit.name, number))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_record_frame_shows_the_right_frame(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = list(edits_of(FOLDER / name))
    assert bool(edits) == (Path(name).name not in REFUSED)
    for index, edit in enumerate(edits):
        rate = timeline.plan(edit.tl).info.rate
        media = StandIns(edit.written, tmp_path / str(index), rate)
        film, wanted = agreed(edit, media, FOLDER / name, ASKED)
        media.instead_of_media(monkeypatch)
        some = {number: wanted[number] for number in fewer(list(wanted), RENDERED)}
        assert_rendered(edit, film, media, some, tmp_path / f"{index}.mp4", monkeypatch)


DECODED = [
    "otio_other/jminor_time_warp_test_suite.otio",  # 41 speeds, backwards too
    "otio_other/tlrender_MultipleRates.otio",
    "otio_resolve/amb_ref6_speedramp_eased.otio",
    "otio_resolve_clips/ayon_img_seq_reverse_speed_no_tc.otio.json",
    "otio_resolve_clips/ayon_qt_retimed_speed.otio.json",
    "drt/jve_retime-test.drt",
    "drp/jve_markers_16color_edge.drp",  # 23.976, 24 and 25 in 24
    "aaf_resolve/amb_T07_duck_keyframed.aaf",  # 25 in 50
    "aaf_other/otioaaf_nested_stack.aaf",
    "edl_other/cmx3600_speed_effects_small.edl",
    "edl_other/cmx3600_dissolve_test.edl",
    "fcpxml_other/dawfilekit_fcp_SyncClip.fcpxml",
    "fcp7_other/otiofcp_premiere_example.xml",
]


@pytest.mark.parametrize("name", DECODED)
def test_media_that_are_decoded_show_the_right_frame(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (edit,) = edits_of(FOLDER / name)
    media = StandIns(edit.written, tmp_path / "media", timeline.plan(edit.tl).info.rate)
    film, wanted = agreed(edit, media, FOLDER / name, DECODED_FRAMES)
    longest: dict[int, int] = {}
    for number, frame, _ in (one for seen in wanted.values() for one in seen):
        longest[number] = max(frame, longest.get(number, 0))
    media.encode(longest)
    assert_rendered(edit, film, media, wanted, tmp_path / "movie.mp4", monkeypatch)
