"""A folder of pictures: contact sheets and a comparison for each finding, that can be mailed as they are."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from otio_ai_audit import report, video
from otio_ai_audit.cli import main
from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import AuditResult, Heat, Placed, Thumbnail, compare_key
from otio_ai_audit.pictures import Caption, Panel, comparison
from otio_ai_audit.report import is_folder_output, stills_folder

from . import report_samples as samples
from .edits import RATE, clip, flickering, pan, write_edit

MARK = (255, 79, 195)
RED = (190, 24, 34)
"""Of the samples' pictures."""


def picture(color: tuple[int, int, int] = (40, 160, 60), size: tuple[int, int] = (640, 360)) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size, color).save(held, "WEBP", lossless=True)
    return held.getvalue()


def pair(first: float = 1.0, second: float = 1.25, **how: Any) -> tuple[Thumbnail, ...]:
    return Thumbnail(first, picture((20, 20, 200), **how)), Thumbnail(second, picture((40, 160, 60), **how))


def opened(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def count(path: Path, color: tuple[int, int, int]) -> int:
    return int((np.abs(opened(path).astype(int) - color).max(axis=2) <= 2).sum())


def found(
    number: int = 1, detector: str = "flicker", name: str = "a", score: float = 0.9, **more: Any
) -> Placed:
    return samples.placed(number, detector, score=score, id=name, **more)


def result_of(*findings: Placed, **more: Any) -> AuditResult:
    pairs = more.pop("pairs", {p.id: pair() for p in findings})
    stills = more.pop("stills", {p.id: picture() for p in findings})
    numbers = sorted({int(p.finding.use[-4:]) for p in findings}) or [1]
    clips = [
        samples.clip(n, f"truck_v{n:03d}.mp4", strip=(Thumbnail(0.0, samples.webp(64)),)) for n in numbers
    ]
    return samples.result(*clips, findings=findings, pairs=pairs, stills=stills, **more)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- what is written -----------------------------------------------------------------------------------


def test_findings_are_ranked_named_and_listed(tmp_path: Path) -> None:
    made = result_of(
        found(1, "pop", "a", 0.6), found(2, "flicker", "b", 0.95), found(2, "cut", "c", 0.7, start=2.0)
    )
    written = stills_folder.write(made, tmp_path / "out")
    pictures = [
        "001_01-00-05-06_flicker_truck_v002.png",
        "002_01-00-06-00_cut_truck_v002.png",
        "003_01-00-01-06_pop_truck_v001.png",
    ]
    assert names(tmp_path / "out") == [*pictures, "contact_sheet.png", "index.txt"]
    assert [path.name for path in written] == ["contact_sheet.png", *pictures, "index.txt"]
    index = (tmp_path / "out" / "index.txt").read_text(encoding="utf-8")
    for name in pictures:
        assert name in index
    assert "001  01:00:05:06  12 frames  ERROR 0.95  flicker  truck_v002.mp4" in index
    assert "Not checked: fingers, lettering, lips, physics" in index


def test_only_what_stands_gets_a_picture(tmp_path: Path) -> None:
    made = result_of(
        found(1, name="a", state="dismissed"),
        found(2, name="b", score=0.4),
        found(3, name="c", state="fixed"),
    )
    stills_folder.write(made, tmp_path)
    assert names(tmp_path) == ["contact_sheet.png", "index.txt"]


def test_frames_stand_side_by_side_in_order_of_time(tmp_path: Path) -> None:
    for first, second in ((1.0, 1.25), (1.5, 1.25)):
        (path,) = (
            one
            for one in stills_folder.write(
                result_of(found(), pairs={"a": pair(first, second)}), tmp_path / str(first)
            )
            if one.name[0] == "0"
        )
        row = opened(path)[200]
        blue, green = (int(np.argmax((row == color).all(axis=1))) for color in ((20, 20, 200), (40, 160, 60)))
        assert (blue < green) == (first < second)


def test_heat_is_laid_over_the_worst_frame_where_it_is(tmp_path: Path) -> None:
    cells = np.zeros((3, 18, 32), dtype=np.uint8)
    cells[:, :9, 16:] = 40
    cells[1, :9, 16:] = 255
    heat = Heat((1.0, 1.25, 1.5), cells)
    finding = found(1, "pop")
    made = result_of(replace(finding, finding=replace(finding.finding, worst=1.25)), heat={"a": heat})
    path = stills_folder.write(made, tmp_path)[1]
    shown = opened(path)
    third = shown[:, 18 + 2 * 652 : 18 + 2 * 652 + 640]
    rows = np.flatnonzero((shown[:, 300] == (20, 20, 200)).all(axis=1))
    area = third[rows[0] : rows[-1] + 1].astype(int)
    hot, cold = area[20:160, 340:620], area[200:340, 20:300]
    assert hot.mean() > cold.mean() + 60
    assert np.ptp(cold, axis=2).max() <= 1  # drained of colour
    assert np.ptp(hot, axis=2).min() > 40


def test_a_region_is_outlined_on_a_picture_of_its_own(tmp_path: Path) -> None:
    finding = found(1, region=(0.25, 0.5, 0.25, 0.25))
    path = stills_folder.write(result_of(finding), tmp_path)[1]
    where = np.argwhere((opened(path) == MARK).all(axis=2))
    (top, left), (bottom, right) = where.min(axis=0), where.max(axis=0)
    assert abs((right - left) - 160) < 6 and abs((bottom - top) - 90) < 6
    assert left == pytest.approx(18 + 2 * 652 + 160, abs=4)
    bare = stills_folder.write(result_of(found(1)), tmp_path / "bare")[1]
    assert opened(bare).shape[1] < opened(path).shape[1] and not count(bare, MARK)


def test_the_odd_one_out_stands_beside_what_it_should_match(tmp_path: Path) -> None:
    compare = (("V1/0001", 1.0), ("V1/0002", 1.0), ("V1/0003", 2.0), ("refs/truck.jpg", 0.0))
    finding = found(1, "mismatch", compare=compare)
    stills = {"a": picture((200, 120, 20))} | {
        compare_key("a", n): picture((10, 10, 100 + 20 * n)) for n in range(4)
    }
    made = samples.result(*(samples.clip(n) for n in (1, 2, 3)), findings=(finding,), stills=stills, pairs={})
    path = stills_folder.write(made, tmp_path)[1]
    assert "mismatch" in path.name
    own = count(path, (200, 120, 20))
    assert own == 640 * 360
    assert not count(path, (10, 10, 100))  # its own other frame
    for number in (1, 2, 3):
        assert 0.2 * own < count(path, (10, 10, 100 + 20 * number)) < 0.26 * own


def test_a_standstill_is_shown_by_its_first_and_last_frame(tmp_path: Path) -> None:
    path = stills_folder.write(result_of(found(1, "freeze", region=(0.1, 0.1, 0.5, 0.5))), tmp_path)[1]
    assert opened(path).shape[1] == 2 * 640 + 12 + 2 * 18 and not count(path, MARK)


def test_upright_pictures_and_small_ones_fit(tmp_path: Path) -> None:
    tall = result_of(found(), pairs={"a": pair(size=(360, 640))})
    assert opened(stills_folder.write(tall, tmp_path / "tall")[1]).shape[0] > 640
    small = result_of(found(), pairs={"a": pair(size=(16, 16))})
    assert opened(stills_folder.write(small, tmp_path / "small")[1]).shape[1] >= 720


def test_without_media_the_finding_is_listed_and_has_no_picture(tmp_path: Path) -> None:
    stills_folder.write(result_of(found(), pairs={}, stills={}), tmp_path)
    assert names(tmp_path) == ["contact_sheet.png", "index.txt"]
    assert "no picture" in (tmp_path / "index.txt").read_text(encoding="utf-8")
    path = stills_folder.write(result_of(found(), pairs={}), tmp_path)[1]
    assert count(path, (40, 160, 60)) == 640 * 360  # the worst frame alone


def test_the_worst_findings_get_pictures_where_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stills_folder, "MOST", 2)
    stills_folder.write(
        result_of(*(found(n, name=f"f{n}", score=0.5 + n / 100) for n in range(1, 6))), tmp_path
    )
    assert [name[:3] for name in names(tmp_path)] == ["001", "002", "con", "ind"]
    index = (tmp_path / "index.txt").read_text(encoding="utf-8")
    assert "Only the worst 2 have pictures." in index and index.count("no picture") == 3


# --- contact sheets ------------------------------------------------------------------------------------


def test_clips_with_a_finding_are_outlined_and_show_their_worst_frame(tmp_path: Path) -> None:
    clips = [samples.clip(n, strip=(Thumbnail(0.0, samples.webp(192)),)) for n in range(1, 4)]
    clips.append(samples.clip(4, status="failed", reason="File not found: wolf.mp4", scores={}))
    clips.append(samples.clip(5, status="skipped", reason="a title", scores={}))
    made = samples.result(*clips, findings=(found(2),), stills={"a": picture()})
    stills_folder.write(made, tmp_path)
    sheet = tmp_path / "contact_sheet.png"
    assert count(sheet, MARK) > 1000
    one = count(sheet, (40, 160, 60))
    assert one and 1.8 * one < count(sheet, RED) < 2.3 * one
    index = (tmp_path / "index.txt").read_text(encoding="utf-8")
    assert "NOT CHECKED  truck_v012.mp4: File not found: wolf.mp4" in index


def test_long_edits_get_several_sheets(tmp_path: Path) -> None:
    clips = [samples.clip(n) for n in range(1, 132)]
    written = stills_folder.write(samples.result(*clips), tmp_path)
    sheets = ["contact_sheet.png", "contact_sheet_02.png", "contact_sheet_03.png"]
    assert [path.name for path in written] == [*sheets, "index.txt"]


def test_nothing_to_look_at_is_said(tmp_path: Path) -> None:
    stills_folder.write(samples.result(), tmp_path)
    assert names(tmp_path) == ["index.txt"]
    assert "Nothing was audited" in (tmp_path / "index.txt").read_text(encoding="utf-8")


# --- names and places ----------------------------------------------------------------------------------


def test_hostile_names_become_files_that_every_system_takes(tmp_path: Path) -> None:
    made = samples.nasty()
    stills = {p.id: samples.webp(64) for p in made.findings}
    written = stills_folder.write(replace(made, stills=stills, pairs={}, heat={}), tmp_path / "out")
    assert all(path.parent == tmp_path / "out" and path.is_file() for path in written)
    assert len({path.name.casefold() for path in written}) == len(written) > len(samples.NASTY) - 3
    for path in written:
        assert not set('<>:"/\\|?*\n\t') & set(path.name)
        assert path.name.isprintable() and len(path.name.encode()) < 240
    index = (tmp_path / "out" / "index.txt").read_text(encoding="utf-8")
    assert all(char.isprintable() or char == "\n" or char in "\u202e\u202c" for char in index)


def test_what_is_in_the_folder_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "009_01-00-00-00_pop_old.png").write_bytes(b"old")
    stills_folder.write(result_of(found()), tmp_path)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "009_01-00-00-00_pop_old.png").read_bytes() == b"old"
    assert len(names(tmp_path)) == 5  # nothing half-written is left


def test_a_file_in_its_place_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(OutputError, match="is a file"):
        stills_folder.write(result_of(found()), tmp_path / "out")
    with pytest.raises(OutputError, match="cannot be written"):
        stills_folder.write(result_of(found()), tmp_path / "out" / "deeper")


def test_which_outputs_are_folders(tmp_path: Path) -> None:
    (tmp_path / "shots.v2").mkdir()
    (tmp_path / "page.html").mkdir()
    assert is_folder_output("stills") and is_folder_output(tmp_path / "shots.v2") and is_folder_output("out/")
    assert not any(map(is_folder_output, ("-", "a.html", "a.docx", tmp_path / "page.html")))
    report.write(result_of(found()), tmp_path / "stills")
    assert "index.txt" in names(tmp_path / "stills")
    with pytest.raises(OutputError, match=r"Nobody writes '\.docx' files; use one of .* or a folder"):
        report.write(result_of(found()), tmp_path / "a.docx")


# --- drawing -------------------------------------------------------------------------------------------


def test_boxes_and_heat_of_any_kind_can_be_drawn() -> None:
    caption = Caption("error", "FLICKER", "01:00:00:00", "It flickers. " * 60, ("one", "two"))
    for box in ((0.0, 0.0, 1.0, 1.0), (0.99, 0.99, 0.5, 0.5), (-1.0, -1.0, 0.0, 0.0)):
        for heat, share in (
            (np.full((1, 1), 255, np.uint8), (1.0, 1.0)),
            (np.zeros((9, 16), np.uint8), (0.9, 0.6)),
        ):
            made = comparison([Panel(picture(), "x", box, heat, share)], caption)
            assert made[:8] == b"\x89PNG\r\n\x1a\n"
    assert comparison([], replace(caption, severity="note", message="", foot=()))[:4] == b"\x89PNG"


# --- by the command line -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["stills", "stills/", "round.v2/"])
def test_an_audit_writes_the_folder(tmp_path: Path, name: str) -> None:
    video.encode(tmp_path / "bad_v001.mp4", flickering(pan(2, 40), 5, 35), RATE, options={"crf": "16"})
    edit = write_edit(tmp_path / "a.otio", [clip(tmp_path / "bad_v001.mp4", 0, 40, 40)])
    arguments = ["audit", "--engine", "threads:1", "-q", "--detectors", "flicker", str(edit)]
    with pytest.raises(SystemExit) as left:
        main([*arguments, "-o", f"{tmp_path}/{name}"])
    assert left.value.code == 1
    written = names(tmp_path / name)
    assert [one for one in written if "flicker" in one] and "contact_sheet.png" in written
    first = next(tmp_path / name / one for one in written if one.startswith("001"))
    assert opened(first).shape[1] > 3 * 200  # before, worst and where


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [("stills", "file", "is a file"), ("a.html", "folder", "is a folder"), ("a.docx", "", "Nobody writes")],
)
def test_outputs_that_cannot_be_are_refused_before_anything_is_measured(
    tmp_path: Path, name: str, make: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if make:
        (tmp_path / name).touch() if make == "file" else (tmp_path / name).mkdir()
    with pytest.raises(SystemExit) as left:
        main(["audit", str(tmp_path / "gone.otio"), "-o", str(tmp_path / name)])
    assert left.value.code == 2 and said in capsys.readouterr().err
