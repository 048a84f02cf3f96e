"""Damaged, odd and wrong media: what is survived, what is told, and in which words."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.errors import MediaError
from otio_ai_audit.model import Media, Span
from otio_ai_audit.video.planes import PlaneReader
from tests.video_clips import HEIGHT, WIDTH, code_values, number_of, pictures, read, write_odd

COUNT = 60
RATE = Fraction(24)


def made(path: Path, **options: object) -> bytes:
    video.encode(path, pictures(COUNT), RATE, **options)  # type: ignore[arg-type]
    return path.read_bytes()


CUT = [
    ("a.mp4", {"options": {"movflags": "+faststart", "g": "12"}}),
    ("b.mov", {"codec": "prores_ks", "pixel_format": "yuv422p10le", "options": {"movflags": "+faststart"}}),
    ("c.mp4", {"codec": "libx265", "options": {"movflags": "+faststart"}}),
    ("d.mp4", {"codec": "libsvtav1", "options": {"movflags": "+faststart"}}),
    ("e.mp4", {"options": {"movflags": "+frag_keyframe+empty_moov", "g": "10"}}),
    ("f.webm", {"codec": "libvpx-vp9"}),
    ("g.mkv", {"options": {"g": "12"}}),
    ("h.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p"}),
]


@pytest.mark.parametrize("name, options", CUT, ids=[name for name, _ in CUT])
def test_a_file_cut_short_is_told(tmp_path: Path, name: str, options: dict) -> None:
    path = tmp_path / name
    data = made(path, **options)
    path.write_bytes(data[: len(data) * 6 // 10])
    _, frames, problems = read(path)
    assert 10 < len(frames) < 50
    cut = [problem for problem in problems if problem.kind == "truncated"]
    assert len(cut) == 1
    assert f"{len(frames)} of " in cut[0].message
    assert cut[0].count > 0
    assert abs(cut[0].start - frames[-1][0] - 1 / RATE) < Fraction(1, 100)
    # The same is told when only the end was asked for.
    _, _, problems = read(path, Span(Fraction(1, 2), Fraction(100)))
    assert "truncated" in {problem.kind for problem in problems}
    # A span that lies before the damage is no worse for it.
    _, some, problems = read(path, Span(Fraction(0), Fraction(5, 24)))
    assert [number for _, number, _ in some] == [0, 1, 2, 3, 4]
    assert problems == []


def test_a_file_whose_index_is_cut_off_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "slow.mp4"
    data = made(path)
    path.write_bytes(data[: len(data) * 6 // 10])
    with pytest.raises(MediaError, match=r"slow\.mp4 was cut short: its index is missing"):
        video.probe(Media(str(path)))


DENTED = [
    ("a.mp4", {"options": {"g": "20"}}),
    ("b.mkv", {"options": {"g": "20"}}),
    ("c.mov", {"codec": "prores_ks", "pixel_format": "yuv422p10le"}),
    ("d.mp4", {"codec": "libsvtav1", "options": {"g": "20"}}),
    ("e.mov", {"codec": "mjpeg", "pixel_format": "yuvj420p"}),
]


@pytest.mark.parametrize("name, options", DENTED, ids=[name for name, _ in DENTED])
def test_overwritten_bytes_are_survived_and_counted(
    tmp_path: Path, name: str, options: dict, rng: np.random.Generator
) -> None:
    path = tmp_path / name
    data = bytearray(made(path, **options))
    middle = len(data) // 2
    data[middle : middle + 300] = rng.integers(0, 256, 300, dtype=np.uint8).tobytes()
    path.write_bytes(data)
    _, frames, problems = read(path)
    assert len(frames) >= COUNT - 25
    assert frames[-1][0] == pytest.approx(59 / 24, abs=0.001)  # it goes on behind the damage
    assert [problem.kind for problem in problems] == ["corrupt"]
    assert problems[0].count >= 1 and problems[0].start > 0
    lost = COUNT - len(frames)
    assert sum(corrupt for _, _, corrupt in frames) + lost >= 1
    assert read(path)[1:] == (frames, problems)  # twice the same


def test_frames_after_lost_first_ones_keep_their_times(tmp_path: Path) -> None:
    path = tmp_path / "head.mov"
    data = bytearray(made(path, codec="prores_ks", pixel_format="yuv422p10le"))
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size][:3]
    for packet in packets:
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(data)
    _, frames, problems = read(path)
    assert [(time * 24, number) for time, number, _ in frames] == [(i, i) for i in range(3, COUNT)]
    assert problems[0].kind == "corrupt" and problems[0].count == 3 and problems[0].start == 0


def test_nothing_decodable_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "blank.mov"
    video.encode(path, pictures(5), RATE, codec="prores_ks", pixel_format="yuv422p10le")
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"No video frame could be decoded from .*blank\.mov"):
        video.read_frames(Media(str(path)))


def test_a_hole_in_a_sequence_is_told_and_its_slot_stays_empty(tmp_path: Path) -> None:
    video.encode(tmp_path / "s.%04d.png", pictures(12), RATE)
    for number in (1, 5, 6, 9):
        (tmp_path / f"s.{number:04d}.png").unlink()
    media = Media(str(tmp_path / "s.%04d.png"), "sequence", RATE, (2, 3, 4, 7, 8, 10, 11, 12), 1, 14)
    info, frames, problems = read(media)
    assert info.promised_frames == 14
    assert [(time * 24, number) for time, number, _ in frames] == [(i, i) for i in (1, 2, 3, 6, 7, 9, 10, 11)]
    assert [(p.kind, p.count, p.start) for p in problems] == [("missing-frames", 6, 0)]
    assert "1, 5–6, 9, 13–14" in problems[0].message
    assert [n for _, n, _ in read(media, Span(4 / RATE, 8 / RATE))[1]] == [6, 7]


def test_broken_and_vanished_files_of_a_sequence_are_passed_over(tmp_path: Path) -> None:
    video.encode(tmp_path / "s.%04d.png", pictures(6), RATE)
    (tmp_path / "s.0001.png").write_bytes(b"")
    (tmp_path / "s.0003.png").write_bytes((tmp_path / "s.0003.png").read_bytes()[:200])
    (tmp_path / "s.0005.png").unlink()
    media = Media(str(tmp_path / "s.%04d.png"), "sequence", RATE, tuple(range(1, 7)))
    _, frames, problems = read(media)
    assert [(time * 24, number) for time, number, _ in frames] == [(1, 1), (3, 3), (5, 5)]
    assert [(p.kind, p.count) for p in problems] == [("corrupt", 3)]
    assert "s.0001.png" in problems[0].message


def test_pictures_of_another_size_or_format_are_brought_to_the_first(tmp_path: Path) -> None:
    video.encode(tmp_path / "s.%04d.png", pictures(3), RATE)
    other = next(pictures(1, first=1))
    video.encode(tmp_path / "t.%04d.png", [other[::2, ::2]], RATE, pixel_format="rgba")
    (tmp_path / "t.0001.png").replace(tmp_path / "s.0002.png")
    video.encode(tmp_path / "g.%04d.png", pictures(1, first=2), RATE, pixel_format="gray")
    (tmp_path / "g.0001.png").replace(tmp_path / "s.0003.png")
    media = Media(str(tmp_path / "s.%04d.png"), "sequence", RATE, (1, 2, 3))
    with video.read_frames(media) as reader:
        frames = list(reader)
    assert [number_of(frame) for frame in frames] == [0, 1, 2]
    assert {(f.width, f.height, len(f.planes), f.depth) for f in frames} == {(WIDTH, HEIGHT, 3, 8)}
    assert [(p.kind, p.count) for p in reader.problems] == [("other", 2)]


def test_variable_rate_goes_by_time_stamps(tmp_path: Path, rng: np.random.Generator) -> None:
    stamps = np.cumsum(rng.integers(20, 90, 40)).tolist()
    for name in ("v.mp4", "v.mkv"):
        write_odd(tmp_path / name, stamps, Fraction(1, 1000), options={"bf": "2"})
        info, frames, problems = read(tmp_path / name)
        assert [(time, number) for time, number, _ in frames] == [
            (Fraction(stamp - stamps[0], 1000), i) for i, stamp in enumerate(stamps)
        ]
        assert problems == []
        start, end = (Fraction(stamps[i] - stamps[0], 1000) for i in (11, 17))
        assert [n for _, n, _ in read(tmp_path / name, Span(start, end))[1]] == [11, 12, 13, 14, 15, 16]
    assert video.probe(Media(str(tmp_path / "v.mp4"))).variable_rate
    assert info.rate > 0


@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv", "o.ts"])
def test_the_first_displayed_frame_is_time_zero(tmp_path: Path, name: str) -> None:
    write_odd(
        tmp_path / name, range(240, 280), Fraction(1, 24), options={"bf": "3", "g": "20", "b_strategy": "0"}
    )
    _, frames, problems = read(tmp_path / name)
    assert [number for _, number, _ in frames] == list(range(40))
    assert [round(time * 24, 1) for time, _, _ in frames] == list(range(40))
    assert {problem.kind for problem in problems} <= {"no-duration"}


def test_frames_that_an_edit_list_drops_are_dropped(tmp_path: Path) -> None:
    # Negative times before the presentation begins: the mp4 muxer writes an edit list for them.
    path = tmp_path / "e.mp4"
    write_odd(
        path,
        range(-5, 35),
        Fraction(1, 24),
        options={"bf": "0", "g": "100"},
        container_options={"avoid_negative_ts": "disabled"},
    )
    info, frames, problems = read(path)
    assert [(time * 24, number) for time, number, _ in frames] == [(i, i + 5) for i in range(35)]
    assert info.promised_frames == 35
    assert problems == []
    assert [n for _, n, _ in read(path, Span(3 / RATE, 6 / RATE))[1]] == [8, 9, 10]


@pytest.mark.parametrize("degrees, clockwise", [(90, 270), (-90, 90), (180, 180)])
def test_rotation_is_told_and_pictures_for_people_stand_upright(
    tmp_path: Path, degrees: int, clockwise: int
) -> None:
    path = tmp_path / "r.mp4"
    write_odd(path, range(4), Fraction(1, 24), rotation=degrees, aspect=Fraction(2))
    info = video.probe(Media(str(path)))
    assert (info.rotation, info.width, info.height) == (clockwise, WIDTH, HEIGHT)
    assert info.sample_aspect == 2
    (shown,) = video.rgb_frames(Media(str(path)), [0.0], max_size=256)
    assert shown.shape == ((64, 256, 3) if clockwise == 180 else (256, 64, 3))
    bars = {90: shown[:, -16:-8], 270: shown[:, 8:16], 180: shown[-16:-8]}[clockwise]
    assert bars.mean() < shown.mean() - 10  # the dark bars of frame 0 have turned with the picture


@pytest.mark.parametrize("name", ["f.mp4", "f.%04d.png"])
def test_no_number_of_the_library_leaves_the_room(tmp_path: Path, name: str) -> None:
    video.encode(tmp_path / name, pictures(3), RATE)
    kind = "sequence" if "%" in name else "video"
    numbers = (0, 1, 2) if kind == "sequence" else ()
    media = Media(str(tmp_path / name), kind, RATE if numbers else None, numbers)
    with video.read_frames(media) as reader:
        rationals = [reader.info.rate, reader.info.time_base, reader.info.sample_aspect]
        rationals += [frame.time_base for frame in reader]
    assert {type(value) for value in rationals} == {Fraction}


def test_tags_that_are_no_unicode_stop_nothing(tmp_path: Path) -> None:
    path = tmp_path / "title.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Xmas QQQQ"
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height = WIDTH, HEIGHT
        for picture in pictures(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace(b"QQQQ", b"\xe9\xff\xfe\xe8"))
    assert [number for _, number, _ in read(path)[1]] == [0, 1, 2]


def test_of_interlaced_video_one_field_is_given(tmp_path: Path) -> None:
    path = tmp_path / "i.mkv"
    write_odd(path, range(6), Fraction(1, 24), options={"x264-params": "tff=1", "crf": "10"})
    info, frames, problems = read(path)
    assert info.interlaced and info.height == HEIGHT
    assert [problem.kind for problem in problems] == ["interlaced"]
    assert [number for _, number, _ in frames] == list(range(6))
    with video.read_frames(Media(str(path))) as reader:
        frame = next(iter(reader))
    assert (frame.height, frame.chroma_height, frame.width) == (HEIGHT // 2, HEIGHT // 4, WIDTH)
    assert frame.planes[0].shape[0] == HEIGHT // 2 and frame.planes[0].flags.c_contiguous
    luma = next(pictures(1)) @ np.array([0.2126, 0.7152, 0.0722])
    assert np.abs(code_values(frame) - luma[::2]).mean() < 2


@pytest.mark.parametrize("tag, name", [("smpte2084", "pq"), ("arib-std-b67", "hlg")])
def test_hdr_is_told(tmp_path: Path, tag: str, name: str) -> None:
    path = tmp_path / "h.mkv"
    options = {"color_trc": tag, "color_primaries": "bt2020", "colorspace": "bt2020nc"}
    write_odd(path, range(3), Fraction(1, 24), codec="ffv1", pixel_format="yuv420p10le", options=options)
    info, _, problems = read(path)
    assert info.transfer == name
    assert [problem.kind for problem in problems] == ["hdr"]
    (shown,) = video.rgb_frames(Media(str(path)), [0.0], max_size=None)
    assert shown.shape == (HEIGHT, WIDTH, 3) and 5 < shown.mean() < 250


def test_what_is_transparent_does_not_count(rng: np.random.Generator) -> None:
    frames = []
    for _ in range(2):
        rgba = np.empty((HEIGHT, WIDTH, 4), np.uint8)
        rgba[..., :3] = rng.integers(0, 256, (HEIGHT, WIDTH, 3))
        rgba[..., 3] = 255
        rgba[: HEIGHT // 2, :, 3] = 0
        rgba[HEIGHT // 2 :, :, :3] = (200, 80, 40)
        picture = av.VideoFrame.from_ndarray(rgba, "rgba")
        frames.append(PlaneReader(picture, Fraction(1), interlaced=False).frame(picture, 0, False))
    for first, second in zip(frames[0].planes, frames[1].planes, strict=True):
        np.testing.assert_array_equal(first[:, :WIDTH], second[:, :WIDTH])
    assert (frames[0].planes[0][: HEIGHT // 2, :WIDTH] == 128).all()
    alpha = frames[0].alpha
    assert alpha is not None
    assert (alpha[: HEIGHT // 2, :WIDTH] == 0).all() and (alpha[HEIGHT // 2 :, :WIDTH] == 255).all()


def test_linear_light_gets_a_display_curve_and_no_nan() -> None:
    light = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    light[:, 1] = np.nan
    light[:, 2] = np.inf
    light[:, 3] = -5
    light[:, 4] = 1
    light[:, 5] = 0.18
    light[:, 6] = 1e9
    picture = av.VideoFrame.from_ndarray(light, "gbrpf32le")
    frame = PlaneReader(picture, Fraction(1), interlaced=False).frame(picture, 0, False)
    assert (frame.depth, frame.full_range) == (16, True)
    row = frame.planes[0][0, :8] / 257
    assert row[[0, 1, 3, 7]].tolist() == [0, 0, 0, 0]
    assert row[[2, 4, 6]].tolist() == [255, 255, 255]
    assert row[5] == pytest.approx(117.7, abs=0.2)  # sRGB: 0.18 is 46.1 % of code
    assert {int(plane[0, 5]) for plane in frame.planes[1:]} == {32768}


def test_sound_that_lasts_longer_is_no_early_end(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height = WIDTH, HEIGHT
        sound = container.add_stream("pcm_s16le", rate=8000)
        for picture in pictures(24):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
        for i in range(30):
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
            samples.sample_rate, samples.pts = 8000, i * 800
            container.mux(sound.encode(samples))
        container.mux(sound.encode(None))
    _, frames, problems = read(path)
    assert len(frames) == 24
    assert problems == []


def wrong_text(path: Path) -> None:
    path.write_text("This is no movie.\n" * 20)


def wrong_playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXTINF:10,\nhttp://localhost:9/a.ts\n")


def wrong_sound(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100)
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        samples.sample_rate = 44100
        container.mux(stream.encode(samples))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    "make, words",
    [
        (wrong_text, r"x\.mp4 is not a media file, or is damaged from its beginning"),
        (wrong_playlist, r"x\.mp4 is not a media file"),
        (wrong_sound, r"x\.mp4 has no video stream \(it holds only audio\)"),
        (Path.touch, r"x\.mp4 is empty \(0 bytes\)"),
        (Path.mkdir, r"x\.mp4 is a folder"),
        (lambda path: None, r"File not found: .*x\.mp4"),
    ],
)
def test_wrong_media_is_one_sentence(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    path = tmp_path / "x.mp4"
    make(path)
    for media in (Media(str(path)), Media(str(path), "still")):
        if media.kind == "still" and make in (wrong_text, wrong_playlist, wrong_sound):
            words = r"No video frame could be decoded from .*x\.mp4"
        with pytest.raises(MediaError, match=words) as caught:
            video.probe(media)
        assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", int)() == 0, reason="needs file permissions")
def test_a_file_without_rights_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(MediaError, match="may not be read"):
        video.probe(Media(str(path)))


def test_permission_errors_are_put_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"x")

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MediaError, match=r"x\.mp4 may not be read \(no permission\)"):
        video.probe(Media(str(path)))


def test_a_sequence_without_files_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"No file of the sequence .* exists"):
        video.probe(Media(str(tmp_path / "a.%04d.png"), "sequence", RATE, (), 1, 9))
    with pytest.raises(MediaError, match="is not a pattern"):
        video.probe(Media(str(tmp_path / "a.png"), "sequence", RATE, (1, 2)))


def test_ffmpeg_says_nothing_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "quiet.mp4"
    for codec in ("libx264", "libx265", "libsvtav1"):
        data = bytearray(made(path, codec=codec))
        data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
        path.write_bytes(data)
        read(path)
    assert capfd.readouterr() == ("", "")
