"""What is drawn on a rendered edit and which part of it is rendered: notes, reels, chapters, the command."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from click.testing import CliRunner

from otio_ai_audit import render, video
from otio_ai_audit.cli.render import command
from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import (
    AuditResult,
    Canvas,
    ClipResult,
    Curve,
    Film,
    Finding,
    Heat,
    Layer,
    Media,
    Placed,
    TimelineInfo,
)
from otio_ai_audit.render import reel
from otio_ai_audit.render.notes import Notes, place_of

from . import edits

INFO = TimelineInfo("Advert", Fraction(24), 86400, False, 480, "advert.otio", "01:00:00:00")


def layer(start: int, end: int, use: str = "V1/0001", name: str = "fox.mp4", **more: Any) -> Layer:
    length = Fraction(end - start, 24)
    knots = ((Fraction(0), Fraction(1)), (length, 1 + length))
    return Layer(use, name, Media("/takes/" + name), start, end, start, knots, **more)


def placed(frame: int, frames: int = 5, score: float = 0.9, use: str = "V1/0001", **more: Any) -> Placed:
    finding = Finding("flicker", use, 1 + frame / 24, frames / 24, score, "It pulses.", "flicker", **more)
    code = f"01:00:{frame // 24:02d}:{frame % 24:02d}"
    return Placed(f"id{frame}", finding, "new", "2026-01-01", frame, frames, code)


def result(*findings: Placed, **more: Any) -> AuditResult:
    clip = ClipResult(
        *("V1/0001", "fox.mp4", "audited", None, 0, 480),
        scores={"flicker": 0.9, "mismatch": 0.3},
        curves={"flicker": Curve(1.0, 1 / 24, tuple(n / 480 for n in range(480)))},
    )
    return AuditResult("1", INFO, "", "", ("flicker", "mismatch", "dead"), (clip,), findings, **more)


FILM = Film(INFO, (layer(0, 480),))


def test_a_reel_holds_each_fault_with_its_handles_once() -> None:
    made = reel.make_reel(
        FILM, [placed(10), placed(60), placed(70), placed(476)], only_findings=True, handles=Fraction(1, 2)
    )
    assert made.ranges == ((0, 27), (48, 87), (464, 480))
    assert [frame for frame, _ in made.chapters] == [10, 27 + 12, 27 + 22, 27 + 39 + 12]


def test_chapters_name_the_place_and_the_fault() -> None:
    made = reel.make_reel(FILM, [placed(48, score=0.6), placed(24)])
    assert made.ranges == ((0, 480),)
    assert made.chapters == ((24, "01:00:01:00 FLICKER fox.mp4"), (48, "01:00:02:00 flicker? fox.mp4"))


def test_a_reel_of_nothing_is_refused() -> None:
    with pytest.raises(OutputError, match="No fault was found in Advert"):
        reel.make_reel(FILM, [], only_findings=True)
    with pytest.raises(OutputError, match="no length"):
        reel.make_reel(Film(replace(INFO, frames=0), ()), [])


@pytest.mark.parametrize("frames", [1, 191, 192, 193, 288, 289, 480, 5000])
def test_segments_cover_every_frame_once_and_end_at_cuts(frames: int) -> None:
    layers = [layer(start, start + 37) for start in range(0, frames, 37)]
    film = Film(replace(INFO, frames=frames), tuple(layers))
    parts = reel.segments(reel.make_reel(film, []), layers, INFO.rate)
    assert [n for start, end in parts for n in range(start, end)] == list(range(frames))
    assert all(end % 37 == 0 for _, end in parts[:-1])
    shared = reel.shared_out(layers, parts)
    for (start, end), here in zip(parts, shared, strict=True):
        assert here == [one for one in layers if one.start < end and one.end > start]


def test_a_note_says_where_who_and_how_bad() -> None:
    canvas = Canvas(160, 90)
    notes = Notes(FILM, canvas, render.RenderOptions(), result(placed(24, region=(0.1, 0.2, 0.3, 0.4))), ())
    said = list(notes.over((23, 30), FILM.layers))
    assert [one.timecode for one in said[:2]] == ["01:00:00:23", "01:00:01:00"]
    assert [len(one.marks) for one in said] == [0, 1, 1, 1, 1, 1, 0]
    assert said[1].clip == "fox.mp4" and said[1].frame == 24
    assert said[1].scores == {"flicker": pytest.approx(24 / 480), "mismatch": 0.3, "dead": None}
    assert said[1].marks[0].box == (0.1, 0.2, 0.3, 0.4) and said[1].marks[0].heat is None


def test_only_what_stands_and_is_bad_enough_is_marked() -> None:
    gone = replace(placed(0), state="dismissed")
    assert render.shown_findings(result(gone, placed(0, score=0.4), placed(9)), 0.5) == [placed(9)]


def test_the_heat_of_the_frame_is_shown_where_its_picture_lies() -> None:
    cells = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 3), np.uint8)
    heat = Heat(tuple(1 + (24 + n) / 24 for n in range(5)), cells, (0.9, 0.5))
    options = render.RenderOptions(overlay="heat")
    notes = Notes(FILM, Canvas(160, 90), options, result(placed(24), heat={"id24": heat}), ())
    marks = [one.marks[0] for one in notes.over((24, 29), FILM.layers)]
    assert [int(mark.heat[0, 0]) for mark in marks] == [0, 1, 2, 3, 4]
    assert marks[0].where == pytest.approx((0, 0, 1 / 0.9, 2))


def test_boxes_lie_on_the_fitted_picture(tmp_path: Path) -> None:
    tall = video.probe(Media(str(_movie(tmp_path / "tall.mp4", 4, (90, 160)))))
    assert place_of(tall, Canvas(160, 90)) == pytest.approx(((160 - 50.625) / 320, 0, 50.625 / 160, 1))


# --- the command --------------------------------------------------------------------------------------


def _movie(path: Path, frames: int, size: tuple[int, int] = (160, 90)) -> Path:
    video.encode(path, _pulsing(frames, size), Fraction(24))
    return path


def _pulsing(frames: int, size: tuple[int, int]) -> Iterator[np.ndarray]:
    for number, picture in enumerate(edits.pan(3, frames, size)):
        gain = 1.25 if number % 6 < 3 else 0.8
        yield np.clip(picture * gain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def advert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advert")
    _movie(folder / "pulse.mp4", 72, (240, 136))
    video.encode(folder / "calm.mp4", edits.pan(5, 72), Fraction(24))
    items = [edits.clip(folder / "calm.mp4", 0, 60, 72), edits.clip(folder / "pulse.mp4", 6, 60, 72)]
    return edits.write_edit(folder / "advert.otio", items)


@pytest.fixture(autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path_factory.getbasetemp() / "marks"))


def call(*arguments: object) -> Any:
    words = [*map(str, arguments), "--engine", "threads:1", "--detectors", "flicker,pop"]
    return CliRunner().invoke(command, words, standalone_mode=False)


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as movie:
        return [frame.to_ndarray(format="rgb24") for frame in movie.decode(video=0)]


def test_the_movie_of_an_edit_has_a_border_where_a_fault_is(advert: Path, tmp_path: Path) -> None:
    done = call(advert, "-o", tmp_path / "review.mp4")
    assert done.return_value == 0, done.output
    frames = frames_of(tmp_path / "review.mp4")
    assert len(frames) == 120
    height, width = frames[0].shape[:2]
    assert width == 240 and height > 136
    calm = np.array([frame[0, 20:220] for frame in frames[:50]], np.float64)
    loud = np.array([frame[0, 20:220] for frame in frames[80:100]], np.float64)
    # The border of flicker is lemon: much yellow, little blue.
    assert (loud[..., :2].mean(-1) - loud[..., 2]).mean() > 60
    assert (calm[..., :2].mean(-1) - calm[..., 2]).mean() < 30
    with av.open(str(tmp_path / "review.mp4")) as movie:
        titles = [one["metadata"]["title"] for one in movie.chapters()]
    assert any("pulse.mp4" in title for title in titles)


def test_only_the_faults_are_in_a_reel(advert: Path, tmp_path: Path) -> None:
    done = call(advert, "-o", tmp_path / "faults.mp4", "--only-findings", "--handles", "0.25")
    assert done.return_value == 0, done.output
    assert 20 < len(frames_of(tmp_path / "faults.mp4")) < 80


def test_without_a_fault_no_reel_is_written(tmp_path: Path) -> None:
    video.encode(tmp_path / "calm.mp4", edits.pan(5, 48), Fraction(24))
    done = call(tmp_path / "calm.mp4", "-o", tmp_path / "faults.mp4", "--only-findings")
    assert done.return_value == 0 and "No fault was found" in done.output
    assert not (tmp_path / "faults.mp4").exists()


def test_a_clean_movie_measures_nothing(
    advert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr("otio_ai_audit.gather.signals", never)
    done = call(advert, "-o", tmp_path / "clean.mov", "--clean", "--size", "90")
    assert done.return_value == 0, done.output
    frames = frames_of(tmp_path / "clean.mov")
    assert (len(frames), frames[0].shape) == (120, (90, 158, 3))


def test_a_clip_that_is_not_there_makes_the_movie_incomplete(tmp_path: Path) -> None:
    video.encode(tmp_path / "calm.mp4", edits.pan(5, 48), Fraction(24))
    items = [edits.clip(tmp_path / "calm.mp4", 0, 24, 48), edits.clip(tmp_path / "gone.mp4", 0, 24, 48)]
    edit = edits.write_edit(tmp_path / "advert.otio", items)
    done = call(edit, "-o", tmp_path / "clean.mp4", "--clean")
    assert done.return_value == 3 and "gone.mp4" in done.output
    assert len(frames_of(tmp_path / "clean.mp4")) == 48


def test_a_master_is_shown_as_it_is_with_the_names_of_its_shots(advert: Path, tmp_path: Path) -> None:
    assert call(advert, "-o", tmp_path / "master.mp4", "--clean").return_value == 0
    done = call(tmp_path / "master.mp4", "--edit", advert, "-o", tmp_path / "review.mp4")
    assert done.return_value == 0, done.output
    assert len(frames_of(tmp_path / "review.mp4")) == 120
    with av.open(str(tmp_path / "review.mp4")) as movie:
        titles = [one["metadata"]["title"] for one in movie.chapters()]
    assert any("pulse.mp4" in title for title in titles)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "x.avi"), "Nobody renders '.avi'"),
        (("-o", "x.mp4", "--codec", "prores"), "ProRes does not go into .mp4"),
        (("-o", "x.mp4", "--size", "huge"), "no size"),
        (("-o", "x.mp4", "--clean", "--only-findings"), "--clean measures nothing"),
    ],
)
def test_wrong_calls_get_a_sentence(arguments: tuple[str, ...], words: str, advert: Path) -> None:
    done = call(advert, *arguments)
    assert words in str(done.exception)
