"""``otio-ai-audit subjects``: a file to correct, and pictures to correct it by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from otio_ai_audit import subjects, video
from otio_ai_audit.cli import main
from otio_ai_audit.detectors import DETECTORS
from otio_ai_audit.model import ClipUse, Detection, Finding, Group

from .edits import RATE, clip, pan, write_edit

FRAMES = 10
NAMES = ("truck_a_v1.mp4", "truck_b_v1.mp4", "p.mp4", "q [1].mp4")


@dataclass(frozen=True)
class Nothing:
    """Settings of a detector that has none."""


def detect(uses: Sequence[ClipUse], settings: Any) -> Detection:
    """Take for one subject what says so, and the rest for another; the last clip is the odd one out."""
    rest = tuple(use.id for use in uses if not use.subjects)
    zeros = tuple(tuple(0.0 for _ in rest) for _ in rest)
    odd = Finding("mismatch", rest[-1], 0.0, 0.1, 0.9, "Looks different.", "mismatch") if rest else None
    return Detection(
        {use.id: None for use in uses}, (odd,) if odd else (), groups=(Group("group 1", rest, zeros),)
    )


@pytest.fixture(autouse=True)
def mismatch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the detector, whose looks have tests of their own."""
    module = SimpleNamespace(
        ID="mismatch", LABEL="mismatch", COLOR="Fuchsia", ACROSS=True, Settings=Nothing, detect=detect
    )
    monkeypatch.setitem(DETECTORS, "mismatch", module)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("takes")
    for seed, name in enumerate(NAMES):
        video.encode(folder / name, pan(seed, FRAMES), RATE, options={"crf": "20"})
    return folder


@pytest.fixture(scope="module")
def one_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("subjects-cache")


@pytest.fixture
def edit(takes: Path, tmp_path: Path, one_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(one_cache))
    return write_edit(tmp_path / "advert.otio", [clip(takes / name, 0, FRAMES, FRAMES) for name in NAMES])


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def propose(*arguments: object) -> int:
    return call("subjects", "--engine", "threads:1", *arguments)


def test_a_file_and_a_contact_sheet_for_each_group(
    edit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "subjects.toml"
    assert propose(edit, "-o", out) == 0
    said = capsys.readouterr().out
    assert "truck: 2 clips" in said and f"Wrote {out}" in said
    truck, found = subjects.load(out).entries
    assert (truck.subject.name, truck.clips) == ("truck", ("truck*",))
    assert (found.subject.name, found.clips) == ("group 1", ("p.mp4", "q [[]1].mp4"))
    text = out.read_text(encoding="utf-8")
    assert "advert.otio" in text and "#   01:00:00:10  truck_b_v1.mp4" in text
    sheets = out.parent / "subjects_sheets"
    assert sorted(one.name for one in sheets.iterdir()) == ["group_1.png", "truck.png"]
    with Image.open(sheets / "group_1.png") as image:
        colors = {color for _, color in image.getcolors(1 << 24) or ()}
    with Image.open(sheets / "truck.png") as image:
        calm = {color for _, color in image.getcolors(1 << 24) or ()}
    outline = (255, 79, 195)
    assert outline in colors and outline not in calm


def test_the_file_is_heard_by_the_audit(edit: Path, tmp_path: Path) -> None:
    file = tmp_path / "who.toml"
    file.write_text('[[subject]]\nname = "lorry"\nclips = ["truck_b*", "V1/0003"]\n', encoding="utf-8")
    report = tmp_path / "r.json"
    options = ("--detectors", "mismatch", "--engine", "threads:1", "-o", report, "--fail-on", "never")
    assert call("audit", edit, "--subjects", file, *options) == 0
    clips = json.loads(report.read_text(encoding="utf-8"))["clips"]
    assert [one["subject"] for one in clips] == ["group 1", "lorry", "lorry", "group 1"]


def test_what_is_wrong_in_the_file_is_said_before_anything_is_measured(
    edit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "who.toml"
    file.write_text('[[subject]]\nname = "lorry"\nclip = ["a"]\n', encoding="utf-8")
    assert call("audit", edit, "--subjects", file) == 2
    assert propose(edit, "--subjects", file, "-o", tmp_path / "new.toml") == 2
    error = capsys.readouterr().err
    assert error.count("subject 'lorry' has no key 'clip'. Did you mean clips?") == 2


def test_a_file_is_never_replaced_unasked(
    edit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "subjects.toml"
    mine = '# mine\n[[subject]]\nname = "lorry" # it is one\nclips = ["truck_a*", "truck_b*"]\n'
    out.write_text(mine, encoding="utf-8")
    assert propose(edit, "-o", out) == 2
    assert "is there already" in capsys.readouterr().err
    assert propose(edit, "--subjects", out, "-o", out) == 0
    kept = out.read_text(encoding="utf-8")
    assert kept.startswith(mine) and [one.subject.name for one in subjects.load(out).entries] == [
        "lorry",
        "group 1",
    ]
    assert "lorry: 2 clips (in the file already)" in capsys.readouterr().out
    assert propose(edit, "--subjects", out, "-o", out) == 0
    assert out.read_text(encoding="utf-8") == kept
    assert "Nothing to add" in capsys.readouterr().out
    assert propose(edit, "-o", out, "--force", "-q") == 0
    assert "lorry" not in out.read_text(encoding="utf-8")
    assert capsys.readouterr().out == ""


def test_only_a_subjects_file_is_written(
    edit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert propose(edit, "-o", edit, "--force") == 2
    assert "should end in .toml" in capsys.readouterr().err
    (tmp_path / "ref.png").touch()
    file = tmp_path / "who.toml"
    file.write_text('[[subject]]\nname = "a"\nreferences = ["ref.png"]\n', encoding="utf-8")
    assert propose(edit, "--subjects", file, "-o", tmp_path / "deep" / "new.toml") == 2
    assert "into the same folder" in capsys.readouterr().err


def test_an_incomplete_edit_says_so(edit: Path, tmp_path: Path, takes: Path) -> None:
    items = [clip(takes / NAMES[0], 0, FRAMES, FRAMES), clip(tmp_path / "gone.mp4", 0, FRAMES, FRAMES)]
    gone = write_edit(tmp_path / "gone.otio", items)
    out = tmp_path / "subjects.toml"
    assert propose(gone, "-o", out) == 3
    assert subjects.load(out).entries == ()


def test_a_folder_of_photos(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, picture in zip(("truck front.png", "truck side.jpg", "owl.png"), pan(3, 3), strict=True):
        Image.fromarray(picture).save(photos / name)
    out = tmp_path / "subjects.toml"
    assert propose(photos, "-o", out) == 0
    (truck,) = subjects.load(out).entries
    assert (truck.subject.name, truck.clips) == ("truck", ("truck*",))
    assert (tmp_path / "subjects_sheets" / "truck.png").stat().st_size > 1000


def shown(*arguments: object) -> list[str]:
    """Names of the clips that an audit of media sees."""
    report = Path(str(arguments[-1])).parent / "shown.json"
    call("audit", "--engine", "threads:1", "--detectors", "mismatch", "-q", "-o", report, *arguments)
    return [one["name"] for one in json.loads(report.read_text(encoding="utf-8"))["clips"]]


def test_numbered_photos_are_stills_and_a_short_shot_is_a_sequence(tmp_path: Path) -> None:
    photos, shot = tmp_path / "photos", tmp_path / "shot"
    photos.mkdir()
    shot.mkdir()
    for number, picture in enumerate(pan(5, 4), start=1):
        Image.fromarray(picture).save(shot / f"frame_{number:02d}.png")
        Image.fromarray(next(pan(10 + number, 1))).save(photos / f"truck_{number:02d}.jpg")
    assert shown(photos) == [f"truck_{number:02d}.jpg" for number in (1, 2, 3, 4)]
    assert shown(shot) == ["frame_[01-04].png"]
    assert shown(shot / "frame_%02d.png") == ["frame_[01-04].png"]
    Image.new("RGB", (64, 64)).save(shot / "frame_03.png")
    assert len(shown(shot)) == 4
