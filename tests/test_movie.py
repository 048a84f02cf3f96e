"""Movies: segments with the same bytes every time, joined packet by packet, every frame at its time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import Planes

WIDTH, HEIGHT = 96, 64
RATES = [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60)]
H264, PRORES = {"codec": "h264"}, {"codec": "prores"}


def pictures(count: int, first: int = 0, codec: str = "h264", width: int = WIDTH) -> Iterator[Planes]:
    """A bar that moves over a ramp, in the planes that a codec takes."""
    kind, scale, across, down = (np.uint8, 1, 2, 2) if codec == "h264" else (np.uint16, 4, 2, 1)
    for number in range(first, first + count):
        luma = np.tile(np.linspace(30, 200, width), (HEIGHT, 1))
        luma[:, number * 3 % width :][:, :8] = 235
        chroma = np.full((HEIGHT // down, width // across), 90 + number % 80)
        planes = [(plane * scale).astype(kind) for plane in (luma, chroma, 255 - chroma)]
        yield Planes(*planes)


def segment(count: int, first: int = 0, rate: Fraction = Fraction(25), **options: Any) -> io.BytesIO:
    width = options.pop("width", WIDTH)
    file = io.BytesIO()
    with video.MovieWriter(file, (width, HEIGHT), rate, **options) as writer:
        for planes in pictures(count, first, options.get("codec", "h264"), width):
            writer.write(planes)
        assert writer.count == count
    return file


def decoded(file: Path | io.BytesIO) -> list[tuple[Fraction, bytes]]:
    """Time and content of every picture."""
    if isinstance(file, io.BytesIO):
        file.seek(0)
    with av.open(file) as container:
        stream = container.streams.video[0]
        return [
            (frame.pts * Fraction(stream.time_base), frame.to_ndarray().tobytes())
            for frame in container.decode(stream)
        ]


def heard(path: Path) -> np.ndarray:
    """The left side from time 0 on, placed by its time stamps."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
        assert frames[0].pts == 0
        parts = []
        for frame in frames:
            data = frame.to_ndarray()
            parts.append(data.reshape(-1, 2)[:, 0] if data.shape[0] == 1 else data[0])
        return np.concatenate(parts)[: stream.duration]


def silence_with(clicks: Iterable[int], samples: int) -> Iterator[np.ndarray]:
    sound = np.zeros((samples, 2), np.float32)
    sound[list(clicks)] = 0.9
    for at in range(0, samples, 7001):
        yield sound[at : at + 7001]


@pytest.mark.parametrize("options", [H264, PRORES], ids=["h264", "prores"])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_segment_has_exact_frames_and_the_same_bytes_every_time(
    rate: Fraction, options: dict[str, Any]
) -> None:
    file = segment(9, rate=rate, **options)
    assert file.getvalue() == segment(9, rate=rate, **options).getvalue()
    assert [time for time, _ in decoded(file)] == [n / rate for n in range(9)]
    file.seek(0)
    with av.open(file) as container:
        (stream,) = container.streams
        context = stream.codec_context
        assert (stream.frames, stream.average_rate) == (9, rate)
        tags = (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
        assert (tuple(map(int, tags)), context.pix_fmt) == (
            (1, 1, 1, 1),
            video.PIXEL_FORMATS[options["codec"]],
        )
        assert next(container.demux(stream)).is_keyframe


@pytest.mark.parametrize("codec, options", [("h264", {"quality": 1}), ("prores", {})])
def test_pictures_come_out_as_they_went_in(codec: str, options: dict[str, Any]) -> None:
    file = segment(3, codec=codec, **options)
    file.seek(0)
    with av.open(file) as container:
        for planes, frame in zip(pictures(3, codec=codec), container.decode(video=0), strict=True):
            for given, plane in zip((planes.luma, planes.blue, planes.red), frame.planes, strict=True):
                seen = np.frombuffer(plane, given.dtype).reshape(plane.height, -1)[:, : plane.width]
                assert np.abs(seen.astype(int) - given).mean() < (1 if codec == "h264" else 4)


def test_key_frames_come_often_enough_to_scrub() -> None:
    file = segment(130, rate=Fraction(25))
    file.seek(0)
    with av.open(file) as container:
        keys = [round(p.pts * p.time_base * 25) for p in container.demux(video=0) if p.is_keyframe]
    assert keys[0] == 0 and max(np.diff([*keys, 130])) <= 50


@pytest.mark.parametrize(
    "profile, tag", [("proxy", "apco"), ("lt", "apcs"), ("standard", "apcn"), ("hq", "apch")]
)
def test_a_prores_profile_stays_what_it_is(tmp_path: Path, profile: str, tag: str) -> None:
    movie = tmp_path / "a.mov"
    video.join([segment(2, codec="prores", profile=profile)], movie, rate=Fraction(25))
    with av.open(str(movie)) as container:
        assert container.streams.video[0].codec_context.codec_tag == tag


@pytest.mark.parametrize("name, options", [("a.mp4", H264), ("b.mov", PRORES), ("c.mov", H264)])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_joined_frames_are_those_of_the_segments(
    tmp_path: Path, rate: Fraction, name: str, options: dict[str, Any]
) -> None:
    lengths = [7, 1, 2, 12]
    firsts = [sum(lengths[:n]) for n in range(len(lengths))]
    parts = [segment(n, first, rate, **options) for n, first in zip(lengths, firsts, strict=True)]
    alone = [content for part in parts for _, content in decoded(part)]
    movie = tmp_path / name
    assert video.join(parts, movie, rate=rate, sound=iter(())) == 22
    assert decoded(movie) == [(n / rate, content) for n, content in enumerate(alone)]
    with av.open(str(movie)) as container:
        stream = container.streams.video[0]
        assert (stream.frames, stream.average_rate, stream.start_time) == (22, rate, 0)
        assert stream.duration * stream.time_base == 22 / rate
        sound = container.streams.audio[0]
        assert (sound.start_time, sound.duration) == (0, round(22 / rate * 48000))
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert all(b.dts - a.dts == a.duration for a, b in pairwise(packets))
        assert [p.is_keyframe for p in packets if round(p.pts * p.time_base * rate) in firsts] == [True] * 4


def test_one_segment_is_the_same_movie_as_three_where_groups_fall_alike(tmp_path: Path) -> None:
    whole = segment(12, codec="prores")
    parts = [segment(4, first, codec="prores") for first in (0, 4, 8)]
    files = []
    for name, segments in (("a.mov", [whole]), ("b.mov", parts), ("c.mov", parts)):
        files.append(tmp_path / name)
        video.join(
            segments, files[-1], rate=Fraction(25), metadata={"title": "x"}, sound=silence_with([5], 9000)
        )
    assert files[0].read_bytes() == files[1].read_bytes() == files[2].read_bytes()


def test_segments_may_be_files_and_are_asked_for_one_by_one(tmp_path: Path) -> None:
    taken: list[int] = []
    ahead: list[int] = []

    def blocks() -> Iterator[np.ndarray]:
        while True:
            taken.append(4800)
            yield np.zeros((4800, 2), np.float32)

    def segments() -> Iterator[Path]:
        for number in range(4):
            ahead.append(sum(taken) - number * 48000)
            path = tmp_path / f"{number}.mov"
            path.write_bytes(segment(25, 25 * number).getvalue())
            yield path
            path.unlink()

    assert video.join(segments(), tmp_path / "a.mp4", rate=Fraction(25), sound=blocks()) == 100
    assert max(ahead) <= 4800 and min(ahead[1:]) > -2 * 2048
    with av.open(str(tmp_path / "a.mp4")) as container:
        found = [(packet.pos, packet.stream.type) for packet in container.demux() if packet.size]
    kinds = "".join(kind[0] for _, kind in sorted(found))
    assert "a" * 100 not in kinds and "v" * 50 not in kinds


@pytest.mark.parametrize("name, codec, away", [("a.mp4", "h264", 48), ("a.mov", "prores", 0)])
def test_sound_stays_with_the_picture(tmp_path: Path, name: str, codec: str, away: int) -> None:
    rate = Fraction(24000, 1001)
    frames = 1440
    parts = (
        [segment(480, 480 * n, rate, codec=codec) for n in range(3)]
        if codec == "h264"
        else [segment(frames, rate=rate, codec=codec, profile="proxy")]
    )
    clicks = [round(frame / rate * 48000) for frame in (0, 240, 1430)]
    length = round(frames / rate * 48000)
    movie = tmp_path / name
    assert video.join(parts, movie, rate=rate, sound=silence_with(clicks, length)) == frames
    sound = np.abs(heard(movie).astype(np.float64))
    assert len(sound) == length
    for click in clicks:
        low = max(0, click - 1000)
        assert abs(low + int(sound[low : click + 1000].argmax()) - click) <= away


@pytest.mark.parametrize("samples", [0, 1000, 500_000])
def test_sound_is_as_long_as_the_picture(tmp_path: Path, samples: int) -> None:
    movie = tmp_path / "a.mov"
    video.join(
        [segment(50, codec="prores")],
        movie,
        rate=Fraction(25),
        sound=[np.full((samples, 2), 0.5, np.float32)] if samples else [],
    )
    sound = heard(movie) / 2**31
    assert len(sound) == 96000
    assert np.allclose(sound[: min(samples, 96000)], 0.5, atol=1e-6) and not sound[samples:].any()


def test_without_sound_there_is_only_picture(tmp_path: Path) -> None:
    video.join([segment(3)], tmp_path / "a.mp4", rate=Fraction(25))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]


@pytest.mark.parametrize("name, codec", [("a.mp4", "h264"), ("a.m4v", "h264"), ("a.mov", "prores")])
def test_chapters_tags_and_index_are_read_back(tmp_path: Path, name: str, codec: str) -> None:
    rate = Fraction(30000, 1001)
    movie = tmp_path / name
    said = '{"not rendered": ["Größe <b>", "שלום"]}'
    chapters = [(40, "FLICKER"), (7, "DRIFT ü"), (40, "POP"), (99, "behind the end"), (59, "x" * 400)]
    metadata = {"title": "Spot №1", "comment": said}
    video.join([segment(60, rate=rate, codec=codec)], movie, rate=rate, chapters=chapters, metadata=metadata)
    with av.open(str(movie)) as container:
        assert {key: container.metadata[key] for key in metadata} == metadata
        found = [
            (c["start"] * c["time_base"] * rate, c["end"] * c["time_base"] * rate, c["metadata"]["title"])
            for c in container.chapters()
        ]
    assert found[:3] == [(0, 7, "Spot №1"), (7, 40, "DRIFT ü"), (40, 59, "FLICKER, POP")]
    assert found[3][:2] == (59, 60) and found[3][2].startswith("xxx") and found[3][2].endswith("…")
    data = movie.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_movie_may_have_hundreds_of_chapters_and_long_comments(tmp_path: Path) -> None:
    movie = tmp_path / "a.mov"
    chapters = [(frame, f"Finding {frame}") for frame in range(400)]
    video.join(
        [segment(400)], movie, rate=Fraction(25), chapters=chapters, metadata={"comment": "ü" * 50_000}
    )
    with av.open(str(movie)) as container:
        assert [c["metadata"]["title"] for c in container.chapters()] == [title for _, title in chapters]
        assert container.metadata["comment"].rstrip("…") == "ü" * (len(container.metadata["comment"]) - 1)


@pytest.mark.parametrize(
    "rate, timecode",
    [
        (Fraction(30000, 1001), "00:59:58;02"),
        (Fraction(30000, 1001), "01:00:00:00"),
        (Fraction(24), "01:00:00:23"),
        (Fraction(24000, 1001), "10:00:00:00"),
        (Fraction(60), "00:00:00:59"),
        (Fraction(25, 2), "01:00:00:00"),
    ],
)
@pytest.mark.parametrize("name, codec", [("a.mp4", "h264"), ("a.mov", "prores")])
def test_the_start_timecode_is_read_back(
    tmp_path: Path, rate: Fraction, timecode: str, name: str, codec: str
) -> None:
    movie = tmp_path / name
    video.join([segment(5, rate=rate, codec=codec)], movie, rate=rate, timecode=timecode)
    assert video.start_timecode(str(movie)) == timecode


@pytest.mark.parametrize(
    "options, words",
    [
        ({"size": (95, 64)}, "width and height must be even, not 95 × 64"),
        ({"size": (0, 64)}, "must be even"),
        ({"rate": Fraction(0)}, "at 0 frames per second"),
        ({"codec": "av1"}, "no movie codec named av1; take h264 or prores"),
        ({"quality": 52}, "quality of 52 is not possible"),
        ({"codec": "prores", "quality": 3}, "profiles instead of a quality"),
        ({"codec": "prores", "profile": "4444"}, "named 4444; take one of proxy, lt, standard, hq"),
        ({}, "there are no pictures to encode"),
        ({"codec": "prores", "given": "h264"}, r"picture 0 .* does not fit 96 × 64 yuv422p10le"),
        ({"given": "prores"}, "does not fit 96 × 64 yuv420p"),
        ({"size": (64, 64), "given": "h264"}, "does not fit 64 × 64"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    given = options.pop("given", None)
    size, rate = options.pop("size", (WIDTH, HEIGHT)), options.pop("rate", Fraction(25))
    with (
        pytest.raises(OutputError, match=words) as caught,
        video.MovieWriter(tmp_path / "a.mov", size, rate, **options) as writer,
    ):
        for planes in pictures(1, codec=given) if given else ():
            writer.write(planes)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    for write in (
        lambda path: video.MovieWriter(path, (WIDTH, HEIGHT), Fraction(25)).write(next(pictures(1))),
        lambda path: video.join([segment(1)], path, rate=Fraction(25)),
    ):
        with pytest.raises(OutputError, match=r"gone.a\.mov cannot be written: No such file"):
            write(tmp_path / "gone" / "a.mov")


@pytest.mark.parametrize(
    "name, segments, words",
    [
        ("a.mkv", [H264], r"movies end in \.mp4, \.m4v, \.mov"),
        ("a.mp4", [], "there are no segments to join"),
        ("a.mp4", [PRORES], r"ProRes is kept in \.mov"),
        ("a.mp4", [H264, {"width": 64}], "encoded differently from the segments before it"),
        ("a.mov", [PRORES, {"codec": "prores", "profile": "lt"}], "encoded differently"),
        ("a.mov", [PRORES, H264], "encoded differently"),
        ("a.mp4", [{"rate": Fraction(24)}], "does not run at 25 frames per second"),
    ],
)
def test_what_cannot_be_joined_is_one_sentence(
    tmp_path: Path, name: str, segments: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(OutputError, match=words):
        video.join([segment(5, **options) for options in segments], tmp_path / name, rate=Fraction(25))


def test_damaged_segments_and_wrong_timecodes_are_named(tmp_path: Path) -> None:
    part = tmp_path / "part.mov"
    movie = tmp_path / "a.mp4"
    part.write_bytes(segment(30).getvalue()[:-600])
    with pytest.raises(OutputError, match=r"part\.mov"):
        video.join([segment(3), part], movie, rate=Fraction(25))
    part.unlink()
    with pytest.raises(OutputError, match=r"part\.mov cannot be joined \(No such file"):
        video.join([part], movie, rate=Fraction(25))
    with pytest.raises(OutputError, match=r"a\.mp4 cannot be written: .noon. is not a timecode"):
        video.join([segment(3)], movie, rate=Fraction(25), timecode="noon")


def test_a_movie_that_stops_half_way_leaves_nothing_open() -> None:
    file = io.BytesIO()
    with pytest.raises(KeyError), video.MovieWriter(file, (WIDTH, HEIGHT), Fraction(25)) as writer:
        writer.write(next(pictures(1)))
        raise KeyError
