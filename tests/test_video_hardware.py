"""Decoding by hardware: the same numbers as on the processor, and the processor where there is none.

No device is needed: a stand-in decodes on the processor and gives what a device gives, Cb and Cr in turn.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.measure import measure
from otio_ai_audit.model import Media, MediaFailure, MediaJob, MediaSignals, Span
from otio_ai_audit.video import hardware
from otio_ai_audit.video.hardware import Hardware
from otio_ai_audit.walk import Options, audit

from .video_clips import pictures

COUNT = 14
RATE = Fraction(24)


class DevicePacket:
    """A packet whose pictures come back from a device."""

    def __init__(self, packet: Any, container: Device) -> None:
        self._packet = packet
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._packet, name)

    def decode(self) -> list[av.VideoFrame]:
        self._container.decoded += 1
        if self._container.decoded > self._container.breaks_after:
            raise RuntimeError("the device fell off the bus")
        return [self._container.given(frame) for frame in self._packet.decode()]


class Device:
    """A container that decodes on the processor, and gives what a device would."""

    breaks_after = 10**6
    opened: ClassVar[list[str]]

    def __init__(self, path: str, **options: Any) -> None:
        self._container = av.open(path, **options)
        self.decoded = 0
        type(self).opened.append(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, stream: Any) -> Iterator[DevicePacket]:
        return (DevicePacket(packet, self) for packet in self._container.demux(stream))

    def given(self, frame: av.VideoFrame) -> av.VideoFrame:
        name = {8: "nv12", 10: "p010le"}[frame.format.components[0].bits]
        full = frame.format.name.startswith("yuvj") or int(frame.color_range) == 2
        codes = "JPEG" if full else "MPEG"
        kind, corrupt = frame.pict_type, frame.is_corrupt
        given = frame.reformat(format=name, src_color_range=codes, dst_color_range=codes)
        given.color_range = frame.color_range
        given.pict_type = kind
        assert given.pts == frame.pts and given.is_corrupt == corrupt
        return given


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> type[Device]:
    """A machine with a device that works."""

    class Here(Device):
        opened: ClassVar[list[str]] = []

    monkeypatch.setattr(hardware, "hardware", lambda: Hardware("cuda"))
    monkeypatch.setattr(hardware, "open_with", lambda path, device, **options: Here(path, **options))
    return Here


def clip(path: Path, codec: str = "libx264", pixel_format: str = "yuv420p", **options: str) -> Path:
    video.encode(path, pictures(COUNT), RATE, codec=codec, pixel_format=pixel_format, options=options)
    return path


def job(path: Path, hwaccel: str = "auto", **more: Any) -> MediaJob:
    return MediaJob(Media(str(path)), key=path.name, hwaccel=hwaccel, **more)


def assert_same(one: MediaSignals | MediaFailure, other: MediaSignals | MediaFailure) -> None:
    """Everything is the same, bit for bit."""
    assert isinstance(one, MediaSignals) and isinstance(other, MediaSignals)
    for name in ("grid", "motion"):
        group, twin = getattr(one, name), getattr(other, name)
        for field in fields(group):
            values, expected = getattr(group, field.name), getattr(twin, field.name)
            assert values.dtype == expected.dtype
            assert np.array_equal(values, expected), f"{name}.{field.name}"
    assert (one.info, one.span, one.problems, one.strip) == (
        other.info,
        other.span,
        other.problems,
        other.strip,
    )


@pytest.mark.parametrize(
    ("codec", "pixel_format", "options"),
    [
        ("libx264", "yuv420p", {"bf": "2"}),
        ("libx264", "yuv420p", {"color_range": "pc"}),
        ("libx264", "yuvj420p", {}),
        ("libx264", "yuv420p10le", {}),
        ("libx264", "yuv420p10le", {"color_range": "pc"}),
        ("libx265", "yuv420p", {}),
        ("libx265", "yuv420p10le", {"color_range": "pc"}),
        ("libvpx-vp9", "yuv420p", {}),
    ],
)
def test_what_a_device_gives_is_measured_to_the_same_numbers(
    tmp_path: Path, device: type[Device], codec: str, pixel_format: str, options: dict[str, str]
) -> None:
    path = clip(tmp_path / "clip.mkv", codec, pixel_format, **options)
    found = measure(job(path))
    assert device.opened == [str(path)]
    assert_same(found, measure(job(path, "")))


def test_a_span_inside_a_file_is_the_same_too(tmp_path: Path, device: type[Device]) -> None:
    path = clip(tmp_path / "clip.mp4", bf="2")
    span = Span(Fraction(3, 24), Fraction(9, 24))
    with video.read_frames(Media(str(path)), span, hwaccel="auto") as reader:
        found = [(frame.pts, frame.interleaved) for frame in reader]
        assert reader.device == "cuda"
    assert found == [(pts, True) for pts, _ in found]
    with video.read_frames(Media(str(path)), span) as reader:
        assert [frame.pts for frame in reader] == [pts for pts, _ in found]
        assert reader.device == ""


def test_a_damaged_file_is_decoded_again_on_the_processor(tmp_path: Path, device: type[Device]) -> None:
    path = clip(tmp_path / "clip.mp4", g="4")
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + 4 + (len(data) - data.index(b"mdat")) // 3
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(bytes(data))
    expected = measure(job(path, ""))
    assert isinstance(expected, MediaSignals) and any(p.kind == "corrupt" for p in expected.problems)
    assert_same(measure(job(path)), expected)
    assert device.opened == [str(path)]


@pytest.mark.parametrize("overlap", [False, True])
def test_a_device_that_breaks_in_the_middle_costs_nothing(
    tmp_path: Path, device: type[Device], monkeypatch: pytest.MonkeyPatch, overlap: bool
) -> None:
    path = clip(tmp_path / "clip.mp4")
    monkeypatch.setattr(device, "breaks_after", 6)
    assert_same(measure(job(path), overlap=overlap), measure(job(path, "")))


def test_a_device_that_does_not_begin_costs_nothing(
    tmp_path: Path, device: type[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clip(tmp_path / "clip.mp4")
    monkeypatch.setattr(Device, "given", lambda self, frame: frame)  # FFmpeg fell back by itself
    with video.read_frames(Media(str(path)), hwaccel="auto") as reader:
        assert reader.device == ""
        assert sum(1 for _ in reader) == COUNT
    monkeypatch.setattr(hardware, "open_with", lambda path, device, **options: None)
    assert_same(measure(job(path)), measure(job(path, "")))


def test_a_file_that_is_missing_is_told_as_ever(tmp_path: Path, device: type[Device]) -> None:
    found = measure(job(tmp_path / "gone.mp4"))
    assert isinstance(found, MediaFailure)
    assert found.reason.startswith("File not found:")


def test_sequences_are_decoded_on_the_processor(tmp_path: Path, device: type[Device]) -> None:
    video.encode(tmp_path / "shot.%04d.png", pictures(4), RATE)
    media = Media(str(tmp_path / "shot.%04d.png"), "sequence", RATE, (1, 2, 3, 4), 1, 4)
    one = measure(MediaJob(media, hwaccel="auto"))
    assert_same(one, measure(MediaJob(media)))
    assert device.opened == []


# --- whether there is a device ------------------------------------------------------------------------


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing was tried yet in this process."""
    hardware.hardware.cache_clear()
    yield
    hardware.hardware.cache_clear()
    hardware._held.clear()


class Trial:
    """Stands in for decoding the trial clip by a device."""

    def __init__(self, answer: Exception | str) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self._decoded = hardware.decoded

    def __call__(self, clip: bytes, device: str = "") -> list[np.ndarray]:
        if not device:
            return self._decoded(clip)
        self.asked.append(device)
        if isinstance(self.answer, Exception):
            raise self.answer
        found = self._decoded(clip)
        return {"same": found, "other": [picture ^ 1 for picture in found], "fewer": found[1:]}[self.answer]


def tried(monkeypatch: pytest.MonkeyPatch, answer: Exception | str, *devices: str) -> Trial:
    trial = Trial(answer)
    monkeypatch.setattr(hardware, "device_names", lambda: list(devices))
    monkeypatch.setattr(hardware, "decoded", trial)
    return trial


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (av.error.PermissionError(1, "Operation not permitted"), "cuda: Operation not permitted"),
        (av.error.ExternalError(2, "Generic error in an external library"), "cuda: Generic error in an"),
        (RuntimeError("no stream is compatible"), "cuda: no stream is compatible"),
        ("other", "cuda: other pictures than those of the processor"),
        ("fewer", "cuda: other pictures than those of the processor"),
    ],
)
def test_a_device_that_does_not_work_is_said_once_and_the_processor_decodes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fresh: None,
    caplog: pytest.LogCaptureFixture,
    answer: Exception | str,
    reason: str,
) -> None:
    trial = tried(monkeypatch, answer, "cuda")
    path = clip(tmp_path / "clip.mp4")
    with caplog.at_level(logging.INFO, "otio_ai_audit.video"):
        found = [measure(job(path)) for _ in range(2)]
    assert_same(found[0], measure(job(path, "")))
    assert trial.asked == ["cuda"]
    said = [record.getMessage() for record in caplog.records]
    assert sum("not available here" in line for line in said) == 1
    assert reason in said[0]
    assert said[1:] == [f"{path}: decoded by h264 on the processor."] * 2
    assert reason in video.hardware_notice()
    assert "decoded on the processor" in video.hardware_notice()


def test_the_first_device_that_gives_the_same_pictures_is_taken(
    monkeypatch: pytest.MonkeyPatch, fresh: None, caplog: pytest.LogCaptureFixture
) -> None:
    trial = tried(monkeypatch, "same", "cuda", "vaapi")
    held: list[str] = []
    monkeypatch.setattr(hardware, "_hold", held.append)
    with caplog.at_level(logging.INFO, "otio_ai_audit.video"):
        assert hardware.hardware() == Hardware("cuda")
    assert trial.asked == held == ["cuda"]
    assert [record.getMessage() for record in caplog.records] == ["Decoding by hardware: cuda."]
    assert video.hardware_notice() == ""


def test_without_any_device_ffmpeg_says_so(monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    tried(monkeypatch, "same")
    assert hardware.hardware().reason == "this FFmpeg knows no device"


def test_what_this_machine_has_is_found_without_an_error(fresh: None) -> None:
    found = hardware.find_device()
    assert bool(found.device) != bool(found.reason)


def test_codecs_that_may_round_differently_stay_on_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial device accepts every file; only what must be exact is taken."""

    class Stream:
        def __init__(self, name: str) -> None:
            self.codec_context = type("Context", (), {"name": name, "is_hwaccel": True})()

    class Container:
        def __init__(self, *names: str) -> None:
            self.streams = type("Streams", (), {"video": [Stream(name) for name in names]})()
            self.closed = False

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr(hardware, "_accelerator", lambda device, fallback: None)
    for name, taken in (("h264", True), ("hevc", True), ("mpeg4", False), ("mjpeg", False), ("av1", False)):
        container = Container(name)
        monkeypatch.setattr(av, "open", lambda path, container=container, **options: container)
        assert (hardware.open_with("x", "cuda") is container) == taken
        assert container.closed != taken


@pytest.mark.parametrize(
    ("name", "codec", "full", "expected"),
    [
        ("nv12", "h264", False, "yuv420p"),
        ("nv12", "hevc", True, "yuvj420p"),
        ("nv12", "vp9", True, "yuv420p"),
        ("p010le", "hevc", True, "yuv420p10le"),
        ("p216le", "hevc", False, "yuv422p16le"),
        ("nv24", "hevc", False, "yuv444p"),
        ("yuv420p", "h264", False, "yuv420p"),
    ],
)
def test_a_medium_is_described_as_the_processor_describes_it(
    name: str, codec: str, full: bool, expected: str
) -> None:
    assert hardware.software_name(name, codec, full) == expected


def test_jobs_ask_for_no_hardware_by_default(tmp_path: Path, device: type[Device]) -> None:
    path = clip(tmp_path / "clip.mp4")
    assert isinstance(measure(replace(job(path), hwaccel="")), MediaSignals)
    assert device.opened == []


def test_an_audit_says_that_the_processor_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: None
) -> None:
    tried(monkeypatch, RuntimeError("no driver"), "cuda")
    path = clip(tmp_path / "clip.mp4")
    options = Options(engine="threads:1", hwaccel="auto", detectors=("dead",), store=tmp_path / "store")
    result = audit([path], options).result
    assert (
        "Hardware decoding was asked for and is not available here (cuda: no driver); "
        "decoded on the processor."
    ) in result.notices
    assert [one.status for one in result.clips] == ["audited"]
    quiet = audit([path], replace(options, hwaccel="")).result
    assert not any("Hardware" in notice for notice in quiet.notices)
