"""One medium in, its signals out; every failure as one sentence."""

from __future__ import annotations

import io
import os
import pickle
import threading
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from otio_ai_audit import measure, pictures, video
from otio_ai_audit.model import (
    GridSignals,
    IdentitySignals,
    Media,
    MediaFailure,
    MediaJob,
    MediaSignals,
    MotionSignals,
    Span,
)

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") == "1", reason="too slow as plain Python; the twins are tested"
)

RATE = Fraction(24)
HEIGHT, WIDTH = 96, 160


def texture(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    coarse = rng.integers(40, 210, (height // 8 + 1, width // 8 + 1, 3))
    picture = np.kron(coarse, np.ones((8, 8, 1)))[:height, :width] + rng.normal(0, 6, (height, width, 1))
    return np.clip(picture, 0, 255).astype(np.uint8)


def pan(count: int, speed: int = 2) -> list[np.ndarray]:
    wide = texture(HEIGHT, WIDTH + speed * count)
    return [wide[:, speed * n : speed * n + WIDTH] for n in range(count)]


def movie(folder: Path, frames: Sequence[np.ndarray], name: str = "clip.mp4", **how: object) -> Media:
    path = folder / name
    video.encode(path, frames, RATE, **how)
    return Media(str(path))


def signals_of(media: Media, span: Span | None = None) -> MediaSignals:
    found = measure.measure(MediaJob(media, span, key="k"))
    assert isinstance(found, MediaSignals), found
    return found


def arrays(signals: MediaSignals) -> Iterator[tuple[str, np.ndarray, str]]:
    for group in (signals.grid, signals.motion):
        for field in fields(group):
            yield field.name, getattr(group, field.name), field.metadata["store"]


def test_shapes_and_types(tmp_path: Path) -> None:
    found = signals_of(movie(tmp_path, pan(30)))
    rows, columns = 12, 20
    shapes = {
        "pts": (), "luma": (rows, columns), "blue": (rows, columns), "red": (rows, columns),
        "detail": (rows, columns), "change": (), "change_peak": (), "histogram": (32,), "low": (), "high": (),
        "kind": (), "corrupt": (), "flow": (rows, columns, 2), "camera": (2, 3), "back": (3, rows, columns),
        "ahead": (3, rows, columns), "error": (rows, columns), "skip": (rows, columns),
        "outlier": (rows, columns), "trust": (rows, columns), "likeness": (),
    }  # fmt: skip
    assert {name: values.shape for name, values, _ in arrays(found)} == {
        n: (30, *s) for n, s in shapes.items()
    }
    types = {"pts": np.int64, "kind": np.uint8, "corrupt": np.uint8}
    assert all(values.dtype == types.get(name, np.float32) for name, values, _ in arrays(found))
    assert found.key == "k"
    assert found.span == Span(Fraction(0), Fraction(30, 24))
    np.testing.assert_allclose(found.times, np.arange(30) / 24, atol=1e-4)
    assert chr(found.grid.kind[0]) == "I"
    np.testing.assert_allclose(found.grid.histogram.sum(axis=1), 1, atol=1e-3)


def test_rounded_to_what_the_store_keeps(tmp_path: Path) -> None:
    for name, values, store in arrays(signals_of(movie(tmp_path, pan(8)))):
        if store == "fixed16":
            steps = values.astype(np.float64) * 256
            assert (steps == np.round(steps)).all(), name
            assert steps.min() >= 0
            assert steps.max() <= 65535
        elif store == "float16":
            assert (values.astype(np.float16).astype(np.float32) == values).all(), name


def test_same_bytes_again(tmp_path: Path) -> None:
    media = movie(tmp_path, pan(12))
    assert pickle.dumps(signals_of(media)) == pickle.dumps(signals_of(media))


def test_decoding_in_advance_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media = movie(tmp_path, pan(12))
    job = MediaJob(media, None, "k")
    assert pickle.dumps(measure.measure(job, overlap=True)) == pickle.dumps(measure.measure(job))
    gone = measure.measure(MediaJob(Media(str(tmp_path / "gone.mp4"))), overlap=True)
    assert isinstance(gone, MediaFailure)
    before = threading.active_count()

    def fail(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(measure.kernels.Series, "add", fail)
    assert isinstance(measure.measure(job, overlap=True), MediaFailure)
    assert threading.active_count() == before


def test_errors_of_the_decoding_thread_come_out() -> None:
    def frames() -> Iterator[int]:
        yield 1
        raise RuntimeError("broken")

    found = measure._in_advance(frames())  # type: ignore[arg-type]
    assert next(found) == 1
    with pytest.raises(RuntimeError, match="broken"):
        next(found)


def test_pan_is_seen(tmp_path: Path) -> None:
    found = signals_of(movie(tmp_path, pan(20), options={"crf": "8"}))
    np.testing.assert_allclose(np.median(found.motion.camera[1:, 0, 0]), 2, atol=0.1)
    assert found.motion.likeness[1:].min() > 0.8


def test_flicker_of_a_known_size_is_measured(tmp_path: Path) -> None:
    still = texture(HEIGHT, WIDTH).astype(np.int16) // 2 + 50
    lift = [0, 0, 0, 12, 0, 0, 0, 0, -8, 0, 0, 0]
    frames = [(still + value).astype(np.uint8) for value in lift]
    found = signals_of(movie(tmp_path, frames, options={"crf": "1"}, pixel_format="yuv444p"))
    mean = found.motion.back[:, 0].mean(axis=(1, 2))
    expected = np.diff(lift, prepend=0)
    np.testing.assert_allclose(mean, expected, atol=0.3)
    np.testing.assert_allclose(found.motion.ahead[:-1, 0].mean(axis=(1, 2)), -expected[1:], atol=0.3)


@pytest.mark.parametrize(
    "how", [{"pixel_format": "yuv420p10le"}, {"pixel_format": "yuv422p"}, {"codec": "ffv1"}]
)
def test_levels_do_not_depend_on_the_format(tmp_path: Path, how: dict[str, str]) -> None:
    frames = [np.full((HEIGHT, WIDTH, 3), 20 * n, np.uint8) for n in range(12)]
    found = signals_of(movie(tmp_path, frames, "clip.mkv", **how))
    np.testing.assert_allclose(found.grid.luma.mean(axis=(1, 2)), 20 * np.arange(12), atol=1)
    assert np.abs(found.grid.blue - 128).max() < 1


def test_one_frame_and_two(tmp_path: Path) -> None:
    one = signals_of(movie(tmp_path, pan(1)))
    assert len(one.grid.pts) == 1
    assert not one.motion.back.any()
    assert not one.motion.ahead.any()
    assert one.grid.change[0] == 0
    assert len(one.strip) == 1
    two = signals_of(movie(tmp_path, pan(2)))
    assert len(two.grid.pts) == 2
    assert two.motion.trust[1].any()


def test_a_still_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "board.png"
    Image.fromarray(pan(1)[0]).save(path)
    found = signals_of(Media(str(path), "still"), Span(Fraction(0), Fraction(5)))
    assert len(found.grid.pts) == 1


def test_a_sequence(tmp_path: Path) -> None:
    pattern = str(tmp_path / "shot.%04d.png")
    for number, picture in enumerate(pan(6), start=101):
        Image.fromarray(picture).save(pattern % number)
    media = Media(pattern, "sequence", RATE, tuple(range(101, 107)), 101, 106)
    found = signals_of(media)
    assert len(found.grid.pts) == 6
    assert (found.motion.camera[1:, 0, 0] > 1.8).all()


def test_short_media_are_measured_whole(tmp_path: Path) -> None:
    found = signals_of(movie(tmp_path, pan(30)), Span(Fraction(1, 2), Fraction(1)))
    assert len(found.grid.pts) == 30
    assert found.span.start == 0


def test_long_media_are_measured_where_they_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "WHOLE_FILE_LIMIT", Fraction(1))
    media = movie(tmp_path, pan(48))
    span = Span(Fraction(1, 2), Fraction(3, 2))
    found = signals_of(media, span)
    assert found.span == span
    np.testing.assert_allclose(found.times, 0.5 + np.arange(24) / 24, atol=1e-4)
    whole = signals_of(media)
    # the same numbers as in the whole file, but for the first frame, which has nothing before it
    for name, values, _ in arrays(found):
        np.testing.assert_array_equal(values[1:-1], dict((n, v) for n, v, _ in arrays(whole))[name][13:35])


def test_strip_of_two_pictures_a_second(tmp_path: Path) -> None:
    found = signals_of(movie(tmp_path, [np.full((HEIGHT, WIDTH, 3), (200, 40, 60), np.uint8)] * 36))
    np.testing.assert_allclose([thumb.time for thumb in found.strip], [0, 0.5, 1.0], atol=1e-3)
    for thumb in found.strip:
        picture = Image.open(io.BytesIO(thumb.data))
        assert picture.format == "WEBP"
        assert max(picture.size) <= 240
        assert abs(picture.width / picture.height - WIDTH / HEIGHT) < 0.02
        # small pictures are taken for BT.601, and this one is BT.709
        assert np.abs(np.asarray(picture).mean(axis=(0, 1)) - (200, 40, 60)).max() < 20


def test_thumbnail_at_display_shape(rng: np.random.Generator) -> None:
    luma = rng.integers(0, 255 * 64, (90, 121)).astype(np.int16)
    chroma = np.full((45, 60), 128 * 64, np.int16)
    side = pictures.STRIP_SIDE
    for colour in (chroma, None):
        for rotation in (0, 90, 270):
            data = pictures.thumbnail(luma, colour, colour, high=True, aspect=16 / 9, rotation=rotation)
            size = Image.open(io.BytesIO(data)).size
            assert size == ((side, round(side * 9 / 16)) if rotation == 0 else (round(side * 9 / 16), side))


@pytest.mark.parametrize("high", [True, False])
def test_colours_of_small_pictures(high: bool) -> None:
    kr, kb = (0.2126, 0.0722) if high else (0.299, 0.114)
    for colour in ((220, 20, 20), (20, 200, 40), (10, 20, 220), (200, 180, 20), (128, 128, 128)):
        r, g, b = colour
        y = kr * r + (1 - kr - kb) * g + kb * b
        planes = (y, 128 + (b - y) / (2 - 2 * kb), 128 + (r - y) / (2 - 2 * kr))
        luma, blue, red = (
            np.full(shape, round(64 * value), np.int16)
            for value, shape in zip(planes, ((54, 96), (27, 48), (27, 48)), strict=True)
        )
        data = pictures.thumbnail(luma, blue, red, high=high, aspect=16 / 9)
        assert np.abs(np.asarray(Image.open(io.BytesIO(data))).astype(int) - colour).max() <= 8


def test_failures_are_sentences(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a film", encoding="utf-8")
    empty = tmp_path / "empty.mp4"
    empty.touch()
    for path in (text, empty, tmp_path / "gone.mp4", tmp_path):
        found = measure.measure(MediaJob(Media(str(path))))
        assert isinstance(found, MediaFailure)
        assert found.path == str(path)
        assert path.name in found.reason
        assert "\n" not in found.reason
        assert "Traceback" not in found.reason


def test_surprises_are_failures_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media = movie(tmp_path, pan(3))
    for error, words in (
        (RuntimeError("oh\nno"), "oh"),
        (MemoryError(), "memory"),
        (ValueError(), "ValueError"),
    ):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(measure.kernels, "shrink_frame", fail, raising=False)
        monkeypatch.setattr(measure.kernels.Series, "add", fail)
        found = measure.measure(MediaJob(media))
        assert isinstance(found, MediaFailure)
        assert words in found.reason
        assert "\n" not in found.reason


def test_an_interrupt_is_not_swallowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    media = movie(tmp_path, pan(3))
    monkeypatch.setattr(measure.kernels.Series, "add", stop)
    with pytest.raises(KeyboardInterrupt):
        measure.measure(MediaJob(media))


def test_a_span_past_the_end_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "WHOLE_FILE_LIMIT", Fraction(0))
    media = movie(tmp_path, pan(10))
    found = measure.measure(MediaJob(media, Span(Fraction(60), Fraction(61))))
    assert isinstance(found, MediaFailure)
    assert "60.00 and 61.00 s" in found.reason


def test_a_change_of_size_ends_the_measuring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    media = movie(tmp_path, pan(6))
    with video.read_frames(media) as reader:
        kept = list(reader)
    smaller = replace(kept[3], width=kept[3].width - 32, chroma_width=kept[3].chroma_width - 16)
    problems, strip = [], []
    rows = list(measure._blocks([*kept[:3], smaller, *kept[4:]], reader.info, strip, problems))
    assert sum(len(block["luma"]) for block in rows) == 3
    assert "160 x 96 to 128 x 96" in problems[0].message


def test_every_field_has_a_rounding() -> None:
    groups = (GridSignals, MotionSignals, IdentitySignals)
    names = {field.name for group in groups for field in fields(group)}
    assert set(measure.ROUNDING) == names


def test_columns_grow() -> None:
    columns = measure.Columns(3)
    for start in range(0, 100, 7):
        columns.extend({"a": np.arange(start, start + 7), "b": np.full((7, 2), start)})
    done = columns.done()
    np.testing.assert_array_equal(done["a"], np.arange(len(done["a"])))
    assert done["b"].shape == (105, 2)


def test_version_changes_with_the_sources() -> None:
    assert len(measure.SIGNALS_VERSION) == 16
    assert measure._sources() == measure.SIGNALS_VERSION
