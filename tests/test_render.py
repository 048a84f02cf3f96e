"""The rendered edit: the right picture in every record frame, whatever the edit does."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio as otio
import pytest

from otio_ai_audit import render, timeline, video
from otio_ai_audit.engine import Crash
from otio_ai_audit.errors import OutputError, UsageError
from otio_ai_audit.model import Media

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


def test_the_movie_is_the_same_whoever_renders_it(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("otio_ai_audit.render.reel.SEGMENT", Fraction(1))
    film = timeline.film(straight(footage))
    movies = []
    for engine in ("threads:1", "threads:3"):
        options = render.RenderOptions(size=(120, 70), quality=23)
        render.render(film, tmp_path / "movie.mp4", options, engine=engine)
        movies.append((tmp_path / "movie.mp4").read_bytes())
    assert movies[0] == movies[1]


def test_a_cut_through_one_take_is_decoded_once(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    original = video.planes_at

    def counting(media: Media, *more: Any, **options: Any) -> Any:
        opened.append(Path(media.path).name)
        return original(media, *more, **options)

    monkeypatch.setattr("otio_ai_audit.video.planes_at", counting)
    m = plain(footage)
    write(edit([cut(m, "one", 0, 20), cut(m, "one", 20, 20), cut(m, "one", 5, 10)]), tmp_path)
    assert opened == ["one.mp4"]
    shown = [numbered.read(luma)[1] for luma in numbered.decoded(tmp_path / "movie.mp4")]
    assert shown == [*range(40), *range(5, 15)]


def test_what_is_hidden_is_not_decoded(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    original = video.planes_at

    def counting(media: Media, times: Any, *more: Any, **options: Any) -> Any:
        opened.append(f"{Path(media.path).name} {len(times)}")
        return original(media, times, *more, **options)

    monkeypatch.setattr("otio_ai_audit.video.planes_at", counting)
    m = plain(footage)
    write(
        edit([cut(m, "one", 0, 40)], [gap(10), cut(m, "two", 0, 20)], [gap(50), cut(m, "two", 0, 6)]),
        tmp_path,
    )
    assert sorted(opened) == ["one.mp4 20", "two.mp4 20", "two.mp4 6"]


def test_decoders_of_many_short_clips_are_not_open_at_once(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = video.planes_at
    alive = most = 0

    def counting(*given: Any, **options: Any) -> Any:
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        try:
            yield from original(*given, **options)
        finally:
            alive -= 1

    monkeypatch.setattr("otio_ai_audit.video.planes_at", counting)
    m = plain(footage)
    clips = [cut(m, ("one", "two", "fast")[n % 3], 90 - 3 * n, 3) for n in range(24)]
    write(edit(clips), tmp_path)
    assert (alive, most) == (0, 1)


def test_workers_find_media_under_their_own_paths(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTIO_AI_AUDIT_MAPS", f"/home/ann/takes={footage}")
    take = clip(footage / "one.mp4", 5, 6, times(0, 96))
    film = timeline.film(edit([take]))
    media = Media("/home/ann/takes/one.mp4")
    film = replace(film, layers=(replace(film.layers[0], media=media),))
    rendered = render.render(film, tmp_path / "movie.mp4", BARE, engine="threads:1")
    assert rendered.problems == ()
    assert [numbered.read(luma) for luma in numbered.decoded(tmp_path / "movie.mp4")] == [
        (1, number) for number in range(5, 11)
    ]


def test_sound_of_the_edit_is_in_the_movie(footage: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sound"
    folder.mkdir()
    tone = np.zeros((48000 * 2, 2), np.float32)
    tone[48000:48480] = 0.8  # a click one second in
    _write_wav(folder / "tone.wav", tone)
    m = plain(footage)
    tl = edit([cut(m, "one", 0, 60)])
    reference = otio.schema.ExternalReference(str(folder / "tone.wav"), times(0, 48))
    heard = otio.schema.Clip("tone", reference, times(0, 48))
    tl.tracks.append(otio.schema.Track("A1", [gap(6), heard], kind="Audio"))
    rendered = write(tl, tmp_path)
    with av.open(str(tmp_path / "movie.mp4")) as movie:
        blocks = [frame.to_ndarray() for frame in movie.decode(audio=0)]
    loud = np.abs(np.concatenate(blocks, axis=1)[0])
    assert abs(int(np.argmax(loud > 0.3)) - round(1.25 * 48000)) < 100
    assert rendered.problems == ()


def _write_wav(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def test_a_missing_file_is_a_plate_and_a_problem(footage: Path, tmp_path: Path) -> None:
    m = plain(footage)
    lost = clip(footage / "lost.mp4", 0, 12, times(0, 96))
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no movie at all")
    tl = edit([cut(m, "one", 0, 12), lost, clip(broken, 0, 12, times(0, 96)), cut(m, "two", 0, 12)])
    rendered = write(tl, tmp_path)
    shown = [numbered.read(luma) for luma in numbered.decoded(tmp_path / "movie.mp4")]
    assert shown[:12] == [(1, n) for n in range(12)] and shown[36:] == [(2, n) for n in range(12)]
    assert set(shown[12:36]) == {(-1, -1)}
    assert rendered.incomplete
    said = " ".join(rendered.problems)
    assert "lost.mp4" in said and "broken.mp4" in said


def test_what_is_not_rendered_is_said_in_the_movie(footage: Path, tmp_path: Path) -> None:
    m = plain(footage)
    title = otio.schema.Clip("Text+", otio.schema.GeneratorReference("Text+", "Text+"), times(0, 12))
    rendered = write(edit([cut(m, "one", 0, 24)], [title]), tmp_path)
    assert any("Text+" in text for text in rendered.lacks)
    with av.open(str(tmp_path / "movie.mp4")) as movie:
        assert "Text+" in movie.metadata["comment"]


def test_an_upper_picture_with_another_shape_leaves_the_lower_one_at_its_sides(tmp_path: Path) -> None:
    numbered.write(tmp_path / "wide.mp4", 1, 12, size=(128, 72))
    video.encode(tmp_path / "tall.mp4", [np.full((72, 40, 3), 255, np.uint8)] * 12, RATE)
    tl = edit(
        [clip(tmp_path / "wide.mp4", 0, 12, times(0, 12))], [clip(tmp_path / "tall.mp4", 0, 12, times(0, 12))]
    )
    write(tl, tmp_path)
    luma = numbered.decoded(tmp_path / "movie.mp4")[3]
    assert luma[:, 50:78].min() > 220  # the white picture stands in the middle
    left = numbered.decoded(tmp_path / "wide.mp4")[3][:, :40].astype(int)
    assert np.abs(luma[:, :40].astype(int) - left).mean() < 4


@pytest.mark.parametrize(
    ("asked", "size"),
    [(None, (128, 72)), ((None, 36), (64, 36)), ((200, 100), (200, 100)), ((None, 35), (62, 34))],
)
def test_the_picture_has_the_size_that_is_asked_for(
    asked: Any, size: tuple[int, int], footage: Path, tmp_path: Path
) -> None:
    m = plain(footage)
    options = replace(BARE, size=asked)
    rendered = write(edit([cut(m, "one", 0, 4)]), tmp_path, options)
    assert rendered.size == size
    assert numbered.decoded(tmp_path / "movie.mp4")[0].shape == size[::-1]


def test_prores_holds_ten_bits(footage: Path, tmp_path: Path) -> None:
    m = plain(footage)
    tl = edit([cut(m, "one", 3, 10), dissolve(2, 2), cut(m, "fast", 10, 10)])
    render.render(timeline.film(tl), tmp_path / "movie.mov", BARE, engine="threads:1")
    with av.open(str(tmp_path / "movie.mov")) as movie:
        stream = movie.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("prores", "yuv422p10le")
        assert (stream.frames, stream.average_rate) == (20, 24)
    shown = [numbered.read(luma) for luma in numbered.decoded(tmp_path / "movie.mov")]
    assert shown[:8] == [(1, n) for n in range(3, 11)]


def test_a_worker_that_dies_leaves_plates(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(function: Any, feed: Any, **_: Any) -> Any:
        yield from ((key, Crash("The worker died (signal 9) while rendering, twice.")) for key, _ in feed)

    monkeypatch.setattr("otio_ai_audit.engine.stream", dying)
    m = plain(footage)
    rendered = write(edit([cut(m, "one", 0, 12)]), tmp_path)
    assert rendered.frames == len(numbered.decoded(tmp_path / "movie.mp4")) == 12
    assert "signal 9" in rendered.problems[0] and "one.mp4" in rendered.problems[0]


def test_an_existing_movie_is_kept_when_rendering_fails(
    footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "movie.mp4").write_bytes(b"as it was")

    def full(*_: Any, **__: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("otio_ai_audit.video.join", full)
    m = plain(footage)
    with pytest.raises(OutputError, match="disk is full"):
        write(edit([cut(m, "one", 0, 12)]), tmp_path)
    assert (tmp_path / "movie.mp4").read_bytes() == b"as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["movie.mp4"]


def test_sizes_and_suffixes_that_nobody_knows_are_refused() -> None:
    assert render.parse_size("1280x720") == (1280, 720)
    assert render.parse_size("720p") == (None, 720)
    for text in ("large", "4x3", "1280x", "20000x10000", "9000"):
        with pytest.raises(UsageError, match="no size"):
            render.parse_size(text)
    with pytest.raises(OutputError, match=r"\.avi"):
        render.codec_of(Path("x.avi"), BARE)
    with pytest.raises(OutputError, match="ProRes"):
        render.codec_of(Path("x.mp4"), replace(BARE, codec="prores"))
    with pytest.raises(OutputError, match="leave the quality out"):
        render.codec_of(Path("x.mov"), replace(BARE, quality=20))
    with pytest.raises(OutputError, match="profiles are for ProRes"):
        render.codec_of(Path("x.mp4"), replace(BARE, profile="lt"))
