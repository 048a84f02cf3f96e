"""One suite over codecs, containers and pixel formats: which frames come, when, and what is in them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.model import Media, Span
from otio_ai_audit.video.planes import PlaneReader
from tests.video_clips import HEIGHT, WIDTH, code_values, number_of, pictures, read

COUNT = 40
NTSC = Fraction(24000, 1001)

# name, encoder, pixel format, options; then what the reader says: depth, full range, chroma shape, error
FORMATS = [
    ("a.mp4", "libx264", "yuv420p", {"g": "100", "bf": "3"}, 8, False, "420", 2.0),
    ("b.mp4", "libx264", "yuv420p", {"color_range": "pc"}, 8, True, "420", 2.0),
    ("c.mov", "libx264", "yuv422p10le", {"bf": "2"}, 10, False, "422", 2.0),
    ("d.mkv", "libx264", "yuv444p", {"bf": "2"}, 8, False, "444", 2.0),
    ("e.mkv", "libx264rgb", "rgb24", {}, 8, True, "444", 2.0),
    ("f.mp4", "libx265", "yuv420p10le", {}, 10, False, "420", 2.0),
    ("g.mkv", "libx265", "yuv444p12le", {}, 12, False, "444", 2.0),
    ("h.mp4", "libsvtav1", "yuv420p10le", {"crf": "12"}, 10, False, "420", 3.0),
    ("i.webm", "libvpx-vp9", "yuv420p", {"crf": "8"}, 8, False, "420", 3.0),
    ("j.mov", "prores_ks", "yuv422p10le", {}, 10, False, "422", 1.0),
    ("k.mov", "prores_ks", "yuva444p10le", {}, 12, False, "444", 1.0),
    ("l.mov", "dnxhd", "yuv422p", {}, 8, False, "422", 1.0),
    ("m.mov", "dnxhd", "yuv422p10le", {}, 10, False, "422", 1.0),
    ("n.mkv", "ffv1", "gray", {}, 8, True, "", 0.6),
    ("o.mkv", "ffv1", "gray10le", {}, 10, True, "", 0.6),
    ("p.mkv", "ffv1", "gbrp10le", {}, 10, True, "444", 1.1),
    ("q.mkv", "ffv1", "rgba64le", {}, 16, True, "444", 1.1),
    ("r.mkv", "ffv1", "yuv420p16le", {}, 16, False, "420", 0.6),
    ("s.avi", "mjpeg", "yuvj420p", {}, 8, True, "420", 1.5),
    ("t.mov", "mjpeg", "yuvj422p", {}, 8, True, "422", 1.5),
    ("u.avi", "libx264", "yuv420p", {"bf": "2"}, 8, False, "420", 2.0),
    ("v.ts", "libx264", "yuv420p", {"bf": "2"}, 8, False, "420", 2.0),
    ("w.mov", "qtrle", "rgb24", {}, 8, True, "444", 0.6),
    ("x.mov", "v210", "yuv422p10le", {}, 10, False, "422", 0.6),
    ("y.mkv", "rawvideo", "yuyv422", {}, 8, False, "444", 0.6),
    ("z.mkv", "rawvideo", "nv12", {}, 8, False, "420", 0.6),
]
SEQUENCES = [
    ("a.%04d.png", "rgb24", 8, 0.6),
    ("b.%05d_.png", "rgba", 8, 0.6),
    ("c%d.png", "gray16be", 16, 0.6),
    ("d.%04d.png", "rgb48be", 16, 1.1),
    ("e.%04d.jpg", "yuvj420p", 8, 1.5),
    ("f.%04d.tif", "rgb24", 8, 0.6),
    ("g.%04d.exr", "gbrpf32le", 16, 0.2),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reading")


@pytest.fixture(params=FORMATS, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}")
def movie(request: pytest.FixtureRequest, folder: Path) -> tuple[Path, tuple]:
    name, codec, pixel_format, options, *expected = request.param
    path = folder / name
    if not path.exists():
        done = video.encode(
            path, pictures(COUNT), NTSC, codec=codec, pixel_format=pixel_format, options=options
        )
        assert done == COUNT
    return path, tuple(expected)


BT709, BT601 = (0.2126, 0.0722), (0.299, 0.114)


def check_content(
    frame: video.Frame, original: np.ndarray, error: float, matrix: tuple[float, float] = BT709
) -> None:
    kr, kb = matrix
    luma = original @ np.array([kr, 1 - kr - kb, kb])
    assert np.abs(code_values(frame) - luma).mean() < error
    if len(frame.planes) == 1:
        return
    rows, columns = frame.height // frame.chroma_height, frame.width // frame.chroma_width
    red = (original[..., 0] - luma) / (2 - 2 * kr) + 128
    blue = (original[..., 2] - luma) / (2 - 2 * kb) + 128
    for plane, values in ((1, blue), (2, red)):
        small = values.reshape(frame.chroma_height, rows, frame.chroma_width, columns).mean((1, 3))
        assert np.abs(code_values(frame, plane) - small).mean() < error + 0.6


def test_every_frame_comes_once_in_order_and_on_time(movie: tuple[Path, tuple]) -> None:
    info, frames, problems = read(movie[0])
    assert [number for _, number, _ in frames] == list(range(COUNT))
    for i, (time, _, corrupt) in enumerate(frames):
        assert abs(time - i / NTSC) <= info.time_base / 2
        assert not corrupt
    assert [p for p in problems if p.kind != "no-duration"] == []
    assert info.rate == NTSC
    assert info.promised_frames in (COUNT, None)
    assert not info.variable_rate and not info.interlaced


def test_planes_hold_the_picture(movie: tuple[Path, tuple]) -> None:
    path, (depth, full_range, chroma, error) = movie
    originals = list(pictures(COUNT))
    with video.read_frames(Media(str(path))) as reader:
        assert (reader.info.width, reader.info.height) == (WIDTH, HEIGHT)
        assert reader.info.full_range is full_range
        assert reader.info.bit_depth == depth
        for i, frame in enumerate(reader):
            if i % 13:
                continue
            assert (frame.depth, frame.full_range) == (depth, full_range)
            assert (frame.width, frame.height) == (WIDTH, HEIGHT)
            shape = {
                "420": (WIDTH // 2, HEIGHT // 2),
                "422": (WIDTH // 2, HEIGHT),
                "444": (WIDTH, HEIGHT),
                "": (0, 0),
            }[chroma]
            assert (frame.chroma_width, frame.chroma_height) == shape
            for plane in frame.planes:
                assert plane.flags.c_contiguous and not plane.flags.writeable
                assert plane.dtype == (np.uint8 if depth == 8 else np.dtype("<u2"))
            assert frame.planes[0].shape[0] == HEIGHT and frame.planes[0].shape[1] >= WIDTH
            assert frame.alpha is None  # opaque, also where the format could be otherwise
            check_content(frame, originals[i], error, BT601 if reader.info.codec == "mjpeg" else BT709)


@pytest.mark.parametrize(
    "name, depth, shift, interleaved, error",
    [
        ("nv12", 8, 0, True, 0.6),
        ("nv16", 8, 0, True, 0.6),
        ("p010le", 10, 6, True, 0.6),
        ("p216le", 16, 0, True, 0.6),
        ("nv21", 8, 0, False, 0.6),
        ("uyvy422", 8, 0, False, 0.6),
        ("y210le", 10, 0, False, 0.6),
        ("yuv420p10be", 10, 0, False, 0.6),
        ("yuv420p12le", 12, 0, False, 0.6),
        ("yuva420p10be", 10, 0, False, 0.6),
        ("v30xle", 10, 0, False, 0.6),
        ("bgr0", 8, 0, False, 0.6),
        ("gbrap12le", 12, 0, False, 0.6),
        ("rgb565le", 8, 0, False, 3.0),
        ("x2rgb10le", 10, 0, False, 1.1),
    ],
)
@pytest.mark.parametrize("full", [False, True])
def test_a_pixel_format_becomes_planes(
    name: str, depth: int, shift: int, interleaved: bool, error: float, full: bool
) -> None:
    original = next(pictures(1, first=9))
    rgb = av.VideoFrame.from_ndarray(original, "rgb24")
    ranges = {"dst_color_range": "JPEG" if full else "MPEG"}
    picture = rgb.reformat(format=name, dst_colorspace="ITU709", src_color_range="JPEG", **ranges)
    picture.color_range = 2 if full else 1
    frame = PlaneReader(picture, Fraction(1, 24), interlaced=False).frame(picture, 7, False)
    lowered = 0 if full else shift  # the top of full range lies at all bits set, of those that count
    assert (frame.depth, frame.shift, frame.interleaved) == (depth, lowered, interleaved)
    assert len(frame.planes) == (2 if interleaved else 3)
    assert frame.full_range is (full or av.VideoFormat(name).is_rgb)
    assert number_of(frame) == 9
    check_content(frame, original, error)


@pytest.mark.parametrize("first, end", [(0, 1), (1, 2), (7, 19), (23, 24), (31, COUNT), (39, 60), (50, 60)])
def test_a_span_gives_exactly_its_frames(movie: tuple[Path, tuple], first: int, end: int) -> None:
    _, frames, _ = read(movie[0], Span(first / NTSC, end / NTSC))
    assert [number for _, number, _ in frames] == list(range(first, min(end, COUNT)))


def test_views_stay_valid_while_they_are_held(folder: Path) -> None:
    path = folder / "held.mp4"
    video.encode(path, pictures(COUNT), NTSC, options={"bf": "3"})
    with video.read_frames(Media(str(path))) as reader:
        held = list(reader)
    assert [number_of(frame) for frame in held] == list(range(COUNT))


@pytest.mark.parametrize("name, pixel_format, depth, error", SEQUENCES, ids=[s[0] for s in SEQUENCES])
def test_a_sequence_reads_like_a_movie(
    folder: Path, name: str, pixel_format: str, depth: int, error: float
) -> None:
    pattern = folder / name
    video.encode(pattern, pictures(20), NTSC, pixel_format=pixel_format, options={"start_number": "95"})
    media = Media(str(pattern), "sequence", NTSC, tuple(range(95, 115)), 95, 114)
    originals = list(pictures(20))
    with video.read_frames(media) as reader:
        frames = list(reader)
    assert reader.problems == []
    assert reader.info.promised_frames == 20 and reader.info.full_range
    assert [number_of(frame) for frame in frames] == list(range(20))
    assert [frame.time for frame in frames] == [i / NTSC for i in range(20)]
    assert {frame.depth for frame in frames} == {depth}
    for i in (0, 19):
        check_content(frames[i], originals[i], error, BT601 if name.endswith("jpg") else BT709)
    _, some, _ = read(media, Span(5 / NTSC, 9 / NTSC))
    assert [number for _, number, _ in some] == [5, 6, 7, 8]


def test_a_still_is_a_clip_of_one_frame(folder: Path) -> None:
    video.encode(folder / "still.%d.jpg", pictures(1, first=21), Fraction(24))
    media = Media(str(folder / "still.1.jpg"), "still", Fraction(30))
    info, frames, problems = read(media)
    assert [(time, number) for time, number, _ in frames] == [(0, 21)]
    assert info.promised_frames == 1 and info.rate == 30 and problems == []


LONG = [
    ("open.mp4", "libx264", {"g": "300", "bf": "3", "x264-params": "open-gop=1:keyint=90"}),
    ("refresh.mp4", "libx264", {"g": "48", "x264-params": "intra-refresh=1"}),
    ("open.mkv", "libx265", {"x265-params": "open-gop=1:keyint=70:min-keyint=70"}),
    ("open.ts", "libx265", {"x265-params": "open-gop=1:keyint=70:min-keyint=70"}),
    ("hidden.webm", "libvpx-vp9", {"g": "128", "auto-alt-ref": "1", "lag-in-frames": "16", "crf": "10"}),
    ("long.mp4", "libsvtav1", {"g": "161", "crf": "12"}),
    ("long.avi", "libx264", {"g": "100", "bf": "2"}),
]


@pytest.mark.parametrize("name, codec, options", LONG, ids=[case[0] for case in LONG])
def test_a_start_deep_inside_is_exact(folder: Path, name: str, codec: str, options: dict[str, str]) -> None:
    count = 240  # 20 s at 12 fps: past where the file is decoded from its beginning
    path = folder / f"deep-{name}"
    video.encode(path, pictures(count), Fraction(12), codec=codec, options=options)
    for first, end in (
        (59, 64),
        (61, 62),
        (70, 75),
        (81, 83),
        (89, 92),
        (98, 99),
        (128, 131),
        (139, 142),
        (200, 240),
    ):
        _, frames, problems = read(path, Span(Fraction(first, 12), Fraction(end, 12)))
        assert [number for _, number, _ in frames] == list(range(first, end)), (first, end)
        assert not any(corrupt for _, _, corrupt in frames)
        assert {problem.kind for problem in problems} <= {"no-duration"}


def test_a_seek_changes_no_pixel_of_a_rolling_refresh(folder: Path) -> None:
    path = folder / "refresh-pixels.mp4"
    options = {"g": "48", "x264-params": "intra-refresh=1"}
    video.encode(path, pictures(160), Fraction(12), options=options)
    with video.read_frames(Media(str(path))) as reader:
        whole = [frame.planes[0][:, :WIDTH].tobytes() for frame in reader]
    for first in (97, 110, 125, 150):
        with video.read_frames(
            Media(str(path)), Span(Fraction(first, 12), Fraction(first + 1, 12))
        ) as reader:
            (frame,) = reader
        assert frame.planes[0][:, :WIDTH].tobytes() == whole[first]


def test_reading_is_repeatable_with_any_number_of_threads(folder: Path) -> None:
    path = folder / "threads.mov"
    video.encode(path, pictures(12), NTSC, codec="prores_ks", pixel_format="yuv422p10le")
    planes = []
    for threads in (1, 3):
        with video.read_frames(Media(str(path)), threads=threads) as reader:
            planes.append([frame.planes[0][:, :WIDTH].tobytes() for frame in reader])
    assert planes[0] == planes[1]
