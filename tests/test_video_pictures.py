"""Pictures for people: the right frame, the right colours, the right shape."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.errors import MediaError
from otio_ai_audit.model import Media
from otio_ai_audit.video.picture import tone_map
from tests.video_clips import BITS, HEIGHT, WIDTH, pictures, write_odd

RATE = Fraction(24)


def number_in(picture: np.ndarray) -> int:
    green = picture[32 * picture.shape[0] // HEIGHT, :, 1]
    scale = picture.shape[1] / WIDTH
    return sum(int(green[int((20 + bit * 30) * scale)] > 127) << bit for bit in range(BITS))


@pytest.mark.parametrize(
    "name, codec", [("a.mp4", "libx264"), ("b.mkv", "libx265"), ("c.webm", "libvpx-vp9")]
)
def test_each_time_gives_the_frame_that_is_shown(tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    video.encode(path, pictures(250), Fraction(10), codec=codec, options={"g": "60"})
    wanted = [0, 3, 4, 200, 199, 3, 77, 249]
    times = [n / 10 for n in wanted]
    shown = video.rgb_frames(Media(str(path)), times, max_size=None)
    assert [number_in(picture) for picture in shown] == wanted
    between = video.rgb_frames(Media(str(path)), [0.31, 0.39, 20.05, 24.0, 99.0, -1.0], max_size=128)
    assert [number_in(picture) for picture in between] == [3, 3, 200, 240, 249, 0]
    assert {picture.shape for picture in between} == {(64, 128, 3)}


def test_times_as_the_reader_gives_them_come_back_exactly(tmp_path: Path) -> None:
    path = tmp_path / "v.mkv"
    write_odd(path, [0, 41, 90, 130, 177, 215, 250], Fraction(1, 1000))
    with video.read_frames(Media(str(path))) as reader:
        times = [float(frame.time) for frame in reader]
    assert [number_in(p) for p in video.rgb_frames(Media(str(path)), times)] == list(range(7))


@pytest.mark.parametrize(
    "name, codec, pixel_format, error",
    [
        ("a.mp4", "libx264", "yuv420p", 3),
        ("b.mov", "prores_ks", "yuv422p10le", 2),
        ("c.mov", "mjpeg", "yuvj444p", 2),
        ("d.mkv", "libx264rgb", "rgb24", 2),
        ("e.%d.exr", "exr", "gbrpf32le", 1),
        ("f.%d.png", "png", "rgba", 0.01),
    ],
)
def test_colours_are_those_of_the_original(
    tmp_path: Path, name: str, codec: str, pixel_format: str, error: float
) -> None:
    path = tmp_path / name
    video.encode(path, pictures(3), RATE, codec=codec, pixel_format=pixel_format)
    sequence = "%" in name
    media = Media(str(path), "sequence", RATE, (1, 2, 3)) if sequence else Media(str(path))
    (shown,) = video.rgb_frames(media, [2 / 24])
    original = list(pictures(3))[2]
    assert shown.dtype == np.uint8 and shown.flags.c_contiguous
    assert np.abs(shown.astype(int) - original).mean() < error


def test_a_hole_in_a_sequence_shows_the_frame_before_it(tmp_path: Path) -> None:
    video.encode(tmp_path / "s.%d.jpg", pictures(8), RATE)
    media = Media(str(tmp_path / "s.%d.jpg"), "sequence", RATE, (1, 2, 5, 6, 7, 8), 1, 8)
    shown = video.rgb_frames(media, [3 / 24, 2 / 24, 4 / 24])
    assert [number_in(picture) for picture in shown] == [1, 1, 4]


def test_display_aspect_keeps_the_longest_side_within_bounds(tmp_path: Path) -> None:
    for aspect, shape in ((Fraction(2), (32, 128)), (Fraction(1, 2), (128, 128)), (Fraction(1), (64, 128))):
        path = tmp_path / f"s{aspect.numerator}.mp4"
        write_odd(path, range(2), Fraction(1, 24), aspect=aspect)
        (shown,) = video.rgb_frames(Media(str(path)), [0.0], max_size=128)
        assert shown.shape[:2] == shape


def test_no_times_need_no_file() -> None:
    assert video.rgb_frames(Media("/nowhere/x.mp4"), []) == []
    with pytest.raises(MediaError, match="File not found"):
        video.rgb_frames(Media("/nowhere/x.mp4"), [0.0])


def test_hdr_is_brought_to_a_screen_in_order() -> None:
    ramp = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 3, axis=2)
    for transfer, white in (("pq", 0.58), ("hlg", 0.75)):  # code of 203 cd/m², BT.2408
        shown = tone_map(ramp, transfer)[0].astype(int)
        assert (np.diff(shown, axis=0) >= 0).all()
        assert shown[0].tolist() == [0, 0, 0] and shown[-1].min() == 255
        assert np.ptp(shown, axis=1).max() <= 1  # gray stays gray
        assert 170 < shown[round(white * 63)].mean() < 215
