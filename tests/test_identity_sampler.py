"""Which frames are looked at, how many, and what is kept of them; with a stand-in for the networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from otio_ai_audit.identity import sampler as room
from otio_ai_audit.identity.faces import Sightings
from otio_ai_audit.identity.regions import FIXED, Attention, decoded_box, shown_box, upright
from otio_ai_audit.identity.sampler import Sampler
from otio_ai_audit.model import REGIONS, IdentitySignals, MediaInfo

ROWS, COLUMNS = 9, 16


def info(rate: int = 24, rotation: int = 0, **changes: Any) -> MediaInfo:
    base = {"width": 320, "height": 180, "rate": Fraction(rate), "time_base": Fraction(1, rate)}
    rest = {"promised_frames": None, "pixel_format": "yuv420p", "bit_depth": 8, "full_range": False}
    return MediaInfo(**{**base, **rest, "transfer": "sdr", "rotation": rotation, **changes})


def rows(frames: int, change: float = 5.0, likeness: float = 0.9) -> dict[str, np.ndarray]:
    """Signals of a picture in which nothing stands out."""
    cells = (frames, ROWS, COLUMNS)
    return {
        "change": np.full(frames, change),
        "change_peak": np.full(frames, change),
        "likeness": np.full(frames, likeness),
        "flow": np.zeros((*cells, 2), np.float32),
        "camera": np.zeros((frames, 2, 3), np.float32),
        "trust": np.ones(cells, np.float32),
        **{name: np.full(cells, 128, np.float32) for name in ("luma", "blue", "red")},
        "detail": np.full(cells, 6, np.float32),
    }


@dataclass
class StandIn:
    """Looks are the frame's grey value as an angle; a face is where the picture says so."""

    faces_at: Any = None
    looked: list[int] = field(default_factory=list)
    boxes: list[np.ndarray] = field(default_factory=list)
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    embedded: int = 0

    def looks(self, picture: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = int(picture[0, 0, 0])
        self.looked.append(value)
        self.boxes.append(boxes)
        self.shapes.append(picture.shape)
        angle = value / 100
        look = np.tile(np.array([np.cos(angle), np.sin(angle)], np.float32), (len(REGIONS), 1))
        return look, np.ones((len(REGIONS), 1), np.float32)

    def detect(self, picture: np.ndarray) -> Sightings:
        boxes = np.array(self.faces_at or [], np.float32).reshape(-1, 4)
        marks = np.zeros((len(boxes), 5, 2), np.float32)
        turn = {f: np.zeros(len(boxes), np.float32) for f in _further()}
        return Sightings(boxes, marks, np.full(len(boxes), 0.9, np.float32), **turn)

    def faces(self, picture: np.ndarray, marks: np.ndarray) -> np.ndarray:
        self.embedded += len(marks)
        vectors = np.zeros((len(marks), 128), np.float32)
        vectors[:, 0] = 1
        return vectors


def _further() -> list[str]:
    return [name for name in Sightings.__dataclass_fields__ if name not in ("box", "marks", "sure")]


def run(
    values: list[int],
    *,
    about: MediaInfo | None = None,
    runtime: StandIn | None = None,
    duration: float | None = None,
    signals: dict[str, np.ndarray] | None = None,
    block: int = 64,
    size: int = 1000,
) -> tuple[IdentitySignals, StandIn, int]:
    """Feed frames of these grey values as measuring does; also gives the most bytes that were held."""
    about = about or info()
    runtime = runtime or StandIn()
    signals = signals or rows(len(values))
    rate = float(about.rate)
    shape = (about.height // 10, about.width // 10, 3)
    sampler = Sampler(
        about,
        len(values) / rate if duration is None else duration,
        lambda value: np.full(shape, value, np.uint8),
        runtime,
    )
    done, held = 0, 0
    for number, value in enumerate(values):
        sampler.add(number, number / rate, value, size)
        held = max(held, sampler.held_bytes)
        if number - done == block:
            sampler.measured({name: array[done:number] for name, array in signals.items()})
            done = number
    sampler.measured({name: array[done:] for name, array in signals.items()})
    return sampler.finish(), runtime, held


def test_one_sample_a_second_and_the_last_frame() -> None:
    found, _, _ = run([10] * 240)
    np.testing.assert_array_equal(found.sample[:-1], np.arange(0, 240, 24))
    assert found.sample[-1] == 234


@pytest.mark.parametrize("rate", [25, 30, 50])
def test_samples_do_not_drift_apart(rate: int) -> None:
    found, _, _ = run([10] * (20 * rate), about=info(rate))
    np.testing.assert_array_equal(found.sample[:-1], np.arange(0, 20 * rate, rate))


@pytest.mark.parametrize(("frames", "least"), [(96, 8), (48, 8), (24, 4), (6, 1), (2, 1), (1, 1)])
def test_a_short_medium_is_looked_at_more_often(frames: int, least: int) -> None:
    found, _, _ = run([10] * frames)
    assert least <= len(found.sample) <= 10
    assert found.sample[0] == 0
    assert (np.diff(found.sample) >= 5).all()
    assert found.look.shape == (len(found.sample), len(REGIONS), 2)


def test_nothing_at_all() -> None:
    found, _, _ = run([])
    assert len(found.sample) == 0
    assert found.region.shape == (0, 4, 4)
    assert found.face.shape == (0, 128)
    assert found.face_box.shape == (0, 4)


def test_a_medium_of_unknown_length_is_looked_at_twice_a_second() -> None:
    found, _, _ = run([10] * 96, duration=0)
    assert 8 <= len(found.sample) <= 9


def test_repeated_frames_are_not_looked_at() -> None:
    found, runtime, _ = run([10] * 120, signals=rows(120, change=0.0))
    assert found.sample.tolist() == [0]
    assert runtime.looked == [10]


def test_where_looks_differ_the_frames_between_are_looked_at() -> None:
    values = [10] * 130 + [60] * 110
    found, _, _ = run(values)
    before = found.sample[found.sample < 130].max()
    after = found.sample[found.sample >= 130].min()
    assert after - before <= 12  # the gap of a second is halved at least once
    extra = len(found.sample) - 11
    assert 1 <= extra <= room.EXTRA


def test_after_a_jump_a_frame_is_looked_at_even_if_the_samples_are_alike() -> None:
    values = [10] * 128 + [90] * 12 + [10] * 100
    signals = rows(240)
    signals["likeness"][[128, 140]] = 0.1
    _, runtime, _ = run(values, signals=signals)
    assert 90 in runtime.looked


def test_changes_all_the_time_do_not_cost_more_than_the_budget() -> None:
    frames = 24 * 60
    values = [int(100 + 80 * np.sin(n / 7)) for n in range(frames)]
    found, _, _ = run(values)
    assert len(found.sample) <= 61 + room.EXTRA_CREDIT + 60 * room.EXTRA_RATE + 1
    assert (np.diff(found.sample) > 0).all()


@pytest.mark.parametrize("rate", [12, 24, 120])
@pytest.mark.parametrize("size", [1000, 13 << 20, 50 << 20])
def test_what_is_held_is_bounded(rate: int, size: int) -> None:
    about = info(rate)
    frames = 20 * rate
    _, _, held = run([10] * frames, about=about, size=size)
    picture = (about.height // 10) * (about.width // 10) * 3
    assert held <= room.RING_BYTES + size + (room.RING_FRAMES + 30) * picture


def test_no_signals_for_long_still_hold_little() -> None:
    _, _, held = run([10] * 2400, block=100_000, size=3 << 20)
    picture = 18 * 32 * 3
    assert held <= room.RING_BYTES + (3 << 20) + (room.RING_FRAMES + 101) * picture


def test_faces_are_embedded_on_every_sample_of_a_short_medium() -> None:
    runtime = StandIn(faces_at=[(0.4, 0.3, 0.2, 0.2)])
    found, _, _ = run([10] * 96, runtime=runtime)
    assert len(found.face_sample) == len(found.sample) == runtime.embedded
    np.testing.assert_array_equal(found.face_sample, np.arange(len(found.sample)))
    assert set(found.face_track) == {0}


def test_faces_of_a_long_medium_are_rationed_and_take_turns() -> None:
    seconds = 240
    runtime = StandIn(faces_at=[(0.1, 0.3, 0.2, 0.3), (0.6, 0.3, 0.15, 0.2)])
    found, _, _ = run([10] * (24 * seconds), runtime=runtime)
    assert runtime.embedded <= room.FACE_CREDIT + room.FACE_RATE * seconds + 1
    late = found.face_box[found.face_sample > seconds // 2]
    left = (late[:, 0] < 0.3).mean()
    assert 0.4 <= left <= 0.6  # the smaller face is not forgotten


def test_many_faces_in_one_picture_are_rationed() -> None:
    crowd = [(x / 10, y / 10, 0.05, 0.05) for x in range(9) for y in range(9)]
    runtime = StandIn(faces_at=crowd)
    run([10] * 24, runtime=runtime)
    assert runtime.embedded <= room.FACE_CREDIT + 1


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pictures_are_looked_at_upright_and_boxes_are_of_the_decoded_one(rotation: int) -> None:
    face = np.array([0.1, 0.2, 0.3, 0.25])
    runtime = StandIn(faces_at=[face])
    found, _, _ = run([10] * 24, about=info(rotation=rotation), runtime=runtime)
    assert runtime.shapes[0] == ((18, 32, 3) if rotation % 180 == 0 else (32, 18, 3))
    np.testing.assert_allclose(decoded_box(face, rotation), found.face_box[0], atol=1e-6)
    np.testing.assert_allclose(shown_box(found.face_box[0], rotation), face, atol=1e-6)
    np.testing.assert_allclose(found.region[0, :3], FIXED, atol=1e-6)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_spot_is_where_its_box_is_after_turning(rotation: int) -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[10:30, 40:80] = 255
    turned = upright(picture, rotation, 2.0)
    x, y, width, height = shown_box(np.array([0.2, 0.1, 0.2, 0.2]), rotation)
    tall, wide = turned.shape[:2]
    rows_ = slice(round(y * tall), round((y + height) * tall))
    columns = slice(round(x * wide), round((x + width) * wide))
    assert (turned[rows_, columns] == 255).all()
    assert turned.sum() == picture.sum()


def test_half_the_lines_are_stretched_to_the_display_shape() -> None:
    field_ = np.zeros((54, 192, 3), np.uint8)
    assert upright(field_, 0, 16 / 9).shape[:2] == (108, 192)
    narrow = np.zeros((100, 72, 3), np.uint8)
    assert upright(narrow, 0, 1.44).shape[:2] == (100, 144)


def test_the_subject_is_where_something_moves_beside_the_camera() -> None:
    signals = rows(48)
    signals["camera"][:, 0, 0] = 3.0  # the camera pans, and everything with it …
    signals["flow"][..., 0] = 3.0
    signals["flow"][:, 2:6, 9:13, 0] = -1.0  # … but this
    attention = Attention()
    attention.extend(signals)
    x, y, width, height = attention.subject(20)
    assert 9 / 16 - 0.1 <= x <= 9 / 16 + 0.05
    assert 13 / 16 - 0.05 <= x + width <= 13 / 16 + 0.1
    assert 0.15 <= y <= 0.3
    assert 0.6 <= y + height <= 0.8


def test_the_subject_is_what_has_another_colour_than_the_border() -> None:
    signals = rows(10)
    signals["red"][:, 3:8, 2:6] = 190
    attention = Attention()
    attention.extend(signals)
    x, _, width, _ = attention.subject(5)
    assert 1 / 16 <= x <= 3 / 16
    assert 0.25 <= width <= 0.35


def test_without_anything_that_stands_out_the_subject_is_the_middle() -> None:
    attention = Attention()
    assert attention.subject(0) == (0.25, 0.25, 0.5, 0.5)
    attention.extend(rows(10))
    assert attention.subject(3) == (0.25, 0.25, 0.5, 0.5)
