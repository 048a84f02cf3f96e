"""The rendered edit: the right picture in every record frame, whatever the edit does."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from otio_ai_audit import render, timeline

from . import numbered, reference_film

RATE = Fraction(24)
SIZE = (128, 72)
BARE = render.RenderOptions(size=SIZE, burn_in=False, bars=False, overlay="none")
FILES = {"one.mp4": 1, "two.mp4": 2, "fast.mov": 3, "still.png": 4, "seq.%04d.png": 5, "long.mkv": 6}


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("footage")
    numbered.write(folder / "one.mp4", 1, 96, options={"g": "48", "bf": "2"})
    numbered.write(folder / "two.mp4", 2, 96)
    numbered.write(folder / "fast.mov", 3, 100, Fraction(25), codec="prores_ks", pixel_format="yuv422p10le")
    numbered.write(folder / "long.mkv", 6, 300, Fraction(24000, 1001), options={"g": "120"})
    for number, picture in enumerate(numbered.pictures(5, 48), start=1001):
        _write_png(folder / f"seq.{number:04d}.png", picture)
    _write_png(folder / "still.png", next(numbered.pictures(4, 1)))
    return folder


def _write_png(path: Path, picture: np.ndarray) -> None:
    from PIL import Image

    Image.fromarray(picture).save(path)


def times(start: float, frames: float, rate: float = 24.0) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(frames, rate)
    )


def clip(
    path: Path,
    start: float,
    frames: float,
    available: otio.opentime.TimeRange,
    *effects: Any,
    rate: float = 24.0,
) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference(target_url=str(path), available_range=available)
    made = otio.schema.Clip(path.name, reference, times(start, frames, rate))
    made.effects.extend(effects)
    return made


def speed(factor: float) -> otio.schema.LinearTimeWarp:
    return otio.schema.LinearTimeWarp(time_scalar=factor)


def gap(frames: float) -> otio.schema.Gap:
    return otio.schema.Gap(source_range=times(0, frames))


def dissolve(before: float, after: float) -> otio.schema.Transition:
    return otio.schema.Transition(
        transition_type="SMPTE_Dissolve",
        in_offset=otio.opentime.RationalTime(before, 24),
        out_offset=otio.opentime.RationalTime(after, 24),
    )


def edit(*tracks: Sequence[Any]) -> otio.schema.Timeline:
    made = otio.schema.Timeline("Advert", global_start_time=otio.opentime.RationalTime(86400, 24))
    for number, items in enumerate(tracks, start=1):
        made.tracks.append(otio.schema.Track(f"V{number}", items, kind="Video"))
    return made


def plain(folder: Path) -> dict[str, Any]:
    """Makers of clips of each medium."""
    return {
        "one": partial(clip, folder / "one.mp4", available=times(0, 96)),
        "two": partial(clip, folder / "two.mp4", available=times(0, 96)),
        "fast": partial(clip, folder / "fast.mov", available=times(0, 100, 25.0)),
        "long": partial(clip, folder / "long.mkv", available=times(0, 300, 24000 / 1001)),
    }


def cut(media: dict[str, Any], name: str, start: float, frames: float, *effects: Any) -> otio.schema.Clip:
    maker = media[name]
    return maker.func(
        *maker.args,
        start,
        frames,
        maker.keywords["available"],
        *effects,
        **{key: value for key, value in maker.keywords.items() if key != "available"},
    )


def straight(folder: Path) -> otio.schema.Timeline:
    """Cuts, gaps, an upper track, another rate, a long file that is entered late."""
    m = plain(folder)
    low = [cut(m, "one", 10, 30), gap(7), cut(m, "two", 0, 40), cut(m, "fast", 5, 50), cut(m, "one", 40, 20)]
    high = [gap(20), cut(m, "two", 50, 25), gap(30), cut(m, "long", 200, 60)]
    return edit(low, high)


def retimed(folder: Path) -> otio.schema.Timeline:
    """Half and double speed, backwards, slowly backwards, an odd speed, a freeze."""
    m = plain(folder)
    return edit(
        [
            cut(m, "one", 10, 40, speed(0.5)),
            cut(m, "two", 4, 30, speed(2.0)),
            cut(m, "one", 20, 48, speed(-1.0)),
            cut(m, "two", 8, 40, speed(-0.5)),
            cut(m, "one", 3, 50, speed(0.37)),
            cut(m, "two", 33, 20, otio.schema.FreezeFrame()),
            cut(m, "fast", 10, 40, speed(-1.0)),
        ]
    )


def nested(folder: Path) -> otio.schema.Timeline:
    """A compound clip with two tracks, trimmed, and one inside that runs backwards."""
    m = plain(folder)
    inner = otio.schema.Stack("Compound")
    inner.append(
        otio.schema.Track("a", [cut(m, "one", 0, 30), cut(m, "two", 20, 30, speed(-1.0))], kind="Video")
    )
    inner.append(otio.schema.Track("b", [gap(40), cut(m, "fast", 0, 10)], kind="Video"))
    inner.source_range = times(12, 40)
    return edit([cut(m, "two", 60, 10), inner, cut(m, "one", 70, 12)])


def write(tl: otio.schema.Timeline, folder: Path, options: render.RenderOptions = BARE, **more: Any) -> Any:
    film = timeline.film(tl)
    return render.render(film, folder / "movie.mp4", options, engine="threads:1", **more)


@pytest.mark.parametrize("make", [straight, retimed, nested])
def test_each_record_frame_shows_the_right_frame_of_the_right_medium(
    make: Any, footage: Path, tmp_path: Path
) -> None:
    tl = make(footage)
    rendered = write(tl, tmp_path)
    shown = [numbered.read(luma) for luma in numbered.decoded(tmp_path / "movie.mp4")]
    expected = []
    for number in range(rendered.frames):
        top = reference_film.topmost(reference_film.frame(tl, number, RATE))
        expected.append(_numbers(top))
    assert shown == expected


def _numbers(shown: list[reference_film.Shown]) -> tuple[int, int]:
    if not shown:
        return -1, -1
    name = reference_film.media_name(shown[-1].clip)
    available = shown[-1].clip.media_reference.available_range
    rate = reference_film.exact(available.duration.rate)
    return FILES[name], reference_film.media_frame(shown[-1], rate)


def test_dissolves_mix_both_pictures(footage: Path, tmp_path: Path) -> None:
    m = plain(footage)
    tl = edit(
        [
            dissolve(0, 6),
            cut(m, "one", 20, 30),
            dissolve(5, 7),
            cut(m, "two", 20, 30),
            dissolve(8, 0),
        ]
    )
    write(tl, tmp_path)
    files = {name: numbered.decoded(footage / name) for name in ("one.mp4", "two.mp4")}
    for number, luma in enumerate(numbered.decoded(tmp_path / "movie.mp4")):
        expected = np.full(luma.shape, 16.0)
        for one in reference_film.frame(tl, number, RATE):
            name = reference_film.media_name(one.clip)
            picture = files[name][reference_film.media_frame(one, RATE)]
            expected += (picture - expected) * float(one.weight)
        assert np.abs(luma - expected).mean() < 3, number


def test_stills_and_sequences(footage: Path, tmp_path: Path) -> None:
    still = clip(footage / "still.png", 0, 12, times(0, 1))
    reference = otio.schema.ImageSequenceReference(
        target_url_base=str(footage),
        name_prefix="seq.",
        name_suffix=".png",
        start_frame=1001,
        frame_zero_padding=4,
        rate=24,
        available_range=times(1001, 48),
    )
    sequence = otio.schema.Clip("seq", reference, times(1011, 20))
    write(edit([still, sequence]), tmp_path)
    shown = [numbered.read(luma) for luma in numbered.decoded(tmp_path / "movie.mp4")]
    assert shown == [(4, 0)] * 12 + [(5, number) for number in range(10, 30)]


def test_segments_make_no_difference(footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tl = straight(footage)
    write(tl, tmp_path)
    whole = numbered.decoded(tmp_path / "movie.mp4")
    monkeypatch.setattr("otio_ai_audit.render.reel.SEGMENT", Fraction(1))
    write(tl, tmp_path)
    parts = numbered.decoded(tmp_path / "movie.mp4")
    assert [numbered.read(luma) for luma in parts] == [numbered.read(luma) for luma in whole]
