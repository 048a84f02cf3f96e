"""Writing: exact counts and rates, tags, timecode, the same bytes every time, and refusals in words."""

from __future__ import annotations

import errno
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import Media
from tests.video_clips import pictures

RATE = Fraction(30000, 1001)
MOVIES = [
    ("a.mp4", "libx264", "yuv420p"),
    ("b.mp4", "libx265", "yuv420p10le"),
    ("c.mkv", "libsvtav1", "yuv420p"),
    ("d.webm", "libvpx-vp9", "yuv420p"),
    ("e.mov", "prores_ks", "yuv422p10le"),
    ("f.mov", "dnxhd", "yuv422p"),
    ("g.mkv", "ffv1", "yuv420p10le"),
    ("h.mov", "mjpeg", "yuv420p"),
]


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="this system has no such classes")
@pytest.mark.parametrize("codec", sorted({codec for _, codec, _ in MOVIES}))
def test_an_encoder_leaves_the_process_its_priority(tmp_path: Path, codec: str) -> None:
    formats = {case[1]: case[2] for case in MOVIES}
    name = next(case[0] for case in MOVIES if case[1] == codec)
    before = os.sched_getscheduler(0)
    video.encode(tmp_path / name, pictures(5), RATE, codec=codec, pixel_format=formats[codec])
    assert os.sched_getscheduler(0) == before


@pytest.mark.parametrize("name, codec, pixel_format", MOVIES, ids=[case[0] for case in MOVIES])
def test_count_rate_tags_and_bytes(tmp_path: Path, name: str, codec: str, pixel_format: str) -> None:
    data = []
    for folder in ("one", "two"):
        path = tmp_path / folder / name
        assert video.encode(path, pictures(17), RATE, codec=codec, pixel_format=pixel_format) == 17
        data.append(path.read_bytes())
    assert data[0] == data[1]
    info = video.probe(Media(str(path)))
    assert (info.promised_frames, info.rate, info.full_range) == (17, RATE, codec == "mjpeg")
    assert info.transfer == "sdr"
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (int(context.color_primaries), int(context.color_trc)) == (1, 1)


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv"])
def test_start_timecode_is_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t.{suffix}"
    video.encode(path, pictures(3), Fraction(24), timecode="01:00:00:12")
    with av.open(str(path)) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}
        for stream in container.streams:
            tags |= {name.lower(): value for name, value in stream.metadata.items()}
    assert tags["timecode"] == "01:00:00:12"


def test_a_pattern_writes_a_numbered_sequence(tmp_path: Path) -> None:
    for name, options, files in (
        ("a.%04d.png", None, ["a.0001.png", "a.0002.png"]),
        ("b_%05d_.png", {"start_number": "1001"}, ["b_01001_.png", "b_01002_.png"]),
    ):
        folder = tmp_path / name[0]
        assert video.encode(folder / name, pictures(2), RATE, options=options) == 2
        assert sorted(file.name for file in folder.iterdir()) == files


def wrong_size() -> list[np.ndarray]:
    return [np.zeros((64, 64, 3), np.uint8), np.zeros((64, 66, 3), np.uint8)]


@pytest.mark.parametrize(
    "name, frames, options, words",
    [
        ("a.mp4", [], {}, "there are no pictures"),
        ("a.mp4", wrong_size(), {}, "its pictures differ in size"),
        ("a.mp4", [np.zeros((64, 64), np.uint8)], {}, r"must be \(height, width, 3\) of uint8"),
        ("a.mp4", [np.zeros((63, 63, 3), np.uint8)], {}, "cannot be written: .*not divisible by 2"),
        ("a.mp4", list(pictures(1)), {"codec": "noodle"}, "no encoder named noodle"),
        ("a.mp4", list(pictures(1)), {"pixel_format": "rgba"}, "libx264 takes yuv420p, .* not rgba"),
        ("a.xyz", list(pictures(1)), {}, r"a\.xyz cannot be written"),
        ("a.%d.bmp", list(pictures(1)), {}, r"sequences end in \.png"),
        ("file/a.mp4", list(pictures(1)), {}, r"a\.mp4 cannot be written"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    tmp_path: Path, name: str, frames: list[np.ndarray], options: dict[str, str], words: str
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OutputError, match=words) as caught:
        video.encode(tmp_path / name, frames, RATE, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device"):
        video.encode(tmp_path / "a.%d.png", pictures(1), RATE)
