"""Footage on a canvas: the right picture at any times in any order, in arrays that may be drawn into."""

from __future__ import annotations

import random
import weakref
from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.errors import MediaError
from otio_ai_audit.model import Canvas, Media, Planes
from otio_ai_audit.video import footage
from tests.video_clips import BITS, HEIGHT, WIDTH, pictures, write_odd

COUNT = 160
NTSC = Fraction(30000, 1001)
FILM = Fraction(24000, 1001)
CANVAS = Canvas(WIDTH, HEIGHT)
FILES: dict[str, tuple[Fraction, dict[str, Any]]] = {
    "long.mp4": (FILM, {"options": {"g": "250", "bf": "3", "b_strategy": "0"}}),
    "short.mkv": (FILM, {"options": {"g": "12", "bf": "2"}}),
    "ntsc.mkv": (NTSC, {"options": {"g": "60", "bf": "3", "b_strategy": "0"}}),
    "prores.mov": (Fraction(25), {"codec": "prores_ks", "pixel_format": "yuv422p10le"}),
    "vp9.webm": (NTSC, {"codec": "libvpx-vp9"}),
    "slow.mp4": (Fraction(8), {"options": {"g": "30", "bf": "2"}}),
}
ORDERS: dict[str, Sequence[Fraction | int]] = {
    "forwards": range(COUNT),
    "backwards": range(COUNT - 1, -1, -1),
    "slow": [37 * Fraction(i, 100) for i in range(200)],
    "slow backwards": [150 - 37 * Fraction(i, 100) for i in range(200)],
    "fast": range(3, COUNT, 7),
    "fast backwards": range(COUNT - 1, 0, -9),
    "frozen": [77] * 30,
    "back and forth": [*range(40, 90, 2), *range(90, 40, -2), *[40] * 30, *range(40, 60)],
    "at random": random.Random(5).choices(range(COUNT), k=80),
    "at another rate": [Fraction(i) * FILM / 25 for i in range(100)],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("footage")
    for name, (rate, options) in FILES.items():
        video.encode(made / name, pictures(COUNT), rate, **options)
    return made


def number_in(planes: Planes, canvas: Canvas = CANVAS) -> int:
    row = planes.luma[32 * canvas.height // HEIGHT].astype(int) >> (canvas.bits - 8)
    scale = canvas.width / WIDTH
    return sum(int(row[int((20 + bit * 30) * scale)] > 127) << bit for bit in range(BITS))


def numbers(media: Media | Path, times: Sequence[Fraction], canvas: Canvas = CANVAS) -> list[int]:
    media = Media(str(media)) if isinstance(media, Path) else media
    return [number_in(planes, canvas) for planes in video.planes_at(media, times, canvas)]


def one(media: Media | Path, canvas: Canvas, time: Fraction = Fraction(0)) -> Planes:
    media = Media(str(media)) if isinstance(media, Path) else media
    (planes,) = video.planes_at(media, [time], canvas)
    return planes


# --- the right picture


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", FILES)
def test_each_time_gives_the_picture_that_is_shown(folder: Path, name: str, order: str) -> None:
    times = [position / FILES[name][0] for position in ORDERS[order]]
    with video.read_frames(Media(str(folder / name))) as reader:
        begins = [frame.time for frame in reader]
        tick = reader.info.time_base
    shown = [max(0, bisect_right(begins, time + tick) - 1) for time in times]
    if all(position == int(position) for position in ORDERS[order]):
        assert shown == list(ORDERS[order])
    assert numbers(folder / name, times) == shown


def test_times_outside_give_the_first_and_the_last_picture(folder: Path) -> None:
    times = [Fraction(t) for t in (-3, 0, 19, 25, 4000)]
    assert numbers(folder / "slow.mp4", times) == [0, 0, 152, COUNT - 1, COUNT - 1]
    assert numbers(folder / "slow.mp4", times[::-1]) == [COUNT - 1, COUNT - 1, 152, 0, 0]
    assert numbers(folder / "prores.mov", [Fraction(90)] * 3) == [COUNT - 1] * 3


def test_uneven_time_stamps_are_kept_to(tmp_path: Path, rng: np.random.Generator) -> None:
    stamps = np.cumsum(rng.integers(20, 90, 40)).tolist()
    begins = [Fraction(stamp - stamps[0], 1000) for stamp in stamps]
    for name in ("v.mp4", "v.mkv"):
        write_odd(tmp_path / name, stamps, Fraction(1, 1000), options={"bf": "2"})
        assert numbers(tmp_path / name, begins) == list(range(40))
        late = [begin + Fraction(15, 1000) for begin in begins]
        assert numbers(tmp_path / name, late[::-1]) == list(range(40))[::-1]


@pytest.mark.parametrize("first, options", [(-5, {"bf": "0", "g": "100"}), (240, {"bf": "3", "g": "20"})])
def test_time_zero_is_the_first_displayed_picture(
    tmp_path: Path, first: int, options: dict[str, str]
) -> None:
    path = tmp_path / "e.mp4"  # with an edit list
    container = {"avoid_negative_ts": "disabled"}
    write_odd(path, range(first, first + 40), Fraction(1, 24), options=options, container_options=container)
    hidden = max(0, -first)
    times = [Fraction(i, 24) for i in range(40 - hidden)]
    assert numbers(path, times) == list(range(hidden, 40))
    assert numbers(path, times[::-1]) == list(range(hidden, 40))[::-1]


def test_a_file_is_opened_once_where_times_rise(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = av.open
    monkeypatch.setattr(av, "open", lambda *args, **options: opened.append(args) or real(*args, **options))
    assert numbers(folder / "slow.mp4", [Fraction(1), Fraction(2), Fraction(15), Fraction(16)]) == [
        8,
        16,
        120,
        128,
    ]
    assert len(opened) == 1


def test_no_times_need_no_file() -> None:
    assert list(video.planes_at(Media("/nowhere/x.mp4"), [], CANVAS)) == []
    with pytest.raises(MediaError, match="File not found"):
        one(Path("/nowhere/x.mp4"), CANVAS)


# --- pictures of one's own


def drawn(planes: Planes) -> None:
    for array in (planes.luma, planes.blue, planes.red, planes.alpha):
        if array is not None:
            array[...] = 99


@pytest.mark.parametrize("order", ["forwards", "backwards", "slow", "frozen", "at random"])
@pytest.mark.parametrize("name, canvas", [("long.mp4", CANVAS), ("prores.mov", Canvas(180, 120))])
def test_drawing_into_a_picture_changes_no_later_one(
    folder: Path, name: str, canvas: Canvas, order: str
) -> None:
    media = Media(str(folder / name))
    times = [position / FILES[name][0] for position in ORDERS[order]]
    clean = list(video.planes_at(media, times, canvas))
    count = 0
    for planes, before in zip(video.planes_at(media, times, canvas), clean, strict=True):
        for field in ("luma", "blue", "red", "alpha"):
            np.testing.assert_array_equal(getattr(planes, field), getattr(before, field))
        drawn(planes)
        count += 1
    assert count == len(times)
    assert all(p.luma.flags.c_contiguous and p.luma.flags.writeable for p in clean)
    looked_at = video.planes_at(media, times, canvas, shared=True)
    for planes, before in zip(looked_at, clean, strict=True):
        np.testing.assert_array_equal(planes.luma, before.luma)
        np.testing.assert_array_equal(planes.red, before.red)


def test_few_pictures_are_held(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[Callable[[], Any]] = []
    most = 0
    real = footage.Fitter.planes

    def counted(self: footage.Fitter, picture: av.VideoFrame) -> Planes:
        nonlocal most
        planes = real(self, picture)
        alive[:] = [one for one in alive if one() is not None]
        alive.append(weakref.ref(planes.luma))
        most = max(most, len(alive))
        return planes

    monkeypatch.setattr(footage.Fitter, "planes", counted)
    for order, limit in (("forwards", 2), ("slow", 2), ("backwards", 26), ("at random", 26)):
        most = 0
        times = [position / FILM for position in ORDERS[order]]
        for _ in video.planes_at(Media(str(folder / "long.mp4")), times, CANVAS):
            pass
        assert 0 < most <= limit


# --- sequences, stills, damage


def test_holes_and_broken_files_of_a_sequence_show_what_was_before(tmp_path: Path) -> None:
    rate = Fraction(25)
    video.encode(tmp_path / "s.%04d.png", pictures(30), rate)
    for number in (1, 2, 9, 10, 11):
        (tmp_path / f"s.{number:04d}.png").unlink()
    for number in (20, 21):
        (tmp_path / f"s.{number:04d}.png").write_bytes(b"broken")
    exist = tuple(n for n in range(1, 31) if n not in (1, 2, 9, 10, 11))
    media = Media(str(tmp_path / "s.%04d.png"), "sequence", rate, exist, 1, 32)
    shown = [2, 2, *range(2, 8), 7, 7, 7, *range(11, 19), 18, 18, *range(21, 30), 29, 29]
    times = [i / rate for i in range(32)]
    assert numbers(media, times) == shown
    assert numbers(media, times[::-1]) == shown[::-1]
    for start in (0, 1, 8, 9, 10, 19, 20, 21, 31):  # what is broken is met first
        assert numbers(media, times[start : start + 1]) == shown[start : start + 1]
        assert numbers(media, times[start:]) == shown[start:]


def test_a_still_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video.encode(tmp_path / "s.%d.png", pictures(1, first=9), Fraction(24))
    decoded = []
    real = video.sequence.decode_picture
    monkeypatch.setattr(video.sequence, "decode_picture", lambda *a: decoded.append(a) or real(*a))
    times = [Fraction(i, 24) for i in (0, 5, 3, 1000, 2, 1)]
    assert numbers(Media(str(tmp_path / "s.1.png"), "still"), times) == [9] * 6
    assert len(decoded) == 1


def test_where_nothing_can_be_decoded_the_last_good_picture_is_held(tmp_path: Path) -> None:
    path = tmp_path / "d.mov"
    video.encode(path, pictures(40), Fraction(4), codec="prores_ks", pixel_format="yuv422p10le")
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    for packet in (*packets[10:13], *packets[30:]):
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(data)
    shown = [*range(10), 9, 9, 9, *range(13, 30), *[29] * 10]
    times = [Fraction(i, 4) for i in range(40)]
    assert numbers(path, times) == shown
    assert numbers(path, times[::-1]) == shown[::-1]
    assert numbers(path, times[35:]) == [29] * 5
    for packet in packets:
        data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"No video frame could be decoded from .*d\.mov"):
        numbers(path, times)
