"""The command line: exit codes, one sentence for what is wrong, results on stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from otio_ai_audit import video
from otio_ai_audit.cli import main

from .edits import RATE, clip, flickering, pan, write_edit

FRAMES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    video.encode(folder / "good_v001.mp4", pan(1, FRAMES), RATE, options={"crf": "16"})
    video.encode(folder / "bad_v001.mp4", flickering(pan(2, FRAMES), 5, 35), RATE, options={"crf": "16"})
    return folder


@pytest.fixture(scope="module", autouse=True)
def one_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli-cache")


@pytest.fixture(autouse=True)
def shared_cache(one_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(one_cache))


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def audit(*arguments: object) -> int:
    return call("audit", "--engine", "threads:1", *arguments)


def test_clean_media_leave_with_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(folder / "good_v001.mp4") == 0
    out, err = capsys.readouterr()
    assert "Nothing to look at in 1 shot" in out
    assert err == ""


def test_without_a_console_there_is_still_an_exit_code(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    try:
        assert call("cache", "show") == 0
        assert call("audit", folder / "none.mp4") == 2
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.close()


def test_findings_leave_with_1_unless_told_never(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(folder / "bad_v001.mp4") == 1
    assert "flicker" in capsys.readouterr().out
    assert audit(folder / "bad_v001.mp4", "--fail-on", "never") == 0


def test_settings_choose_fail_on_and_the_command_line_wins(folder: Path, tmp_path: Path) -> None:
    settings = tmp_path / "audit.toml"
    settings.write_text('[audit]\nfail_on = "never"\n', encoding="utf-8")
    assert audit(folder / "bad_v001.mp4", "--settings", settings) == 0
    assert audit(folder / "bad_v001.mp4", "--settings", settings, "--fail-on", "error") == 1


def test_incomplete_leaves_with_3_also_with_findings(folder: Path, tmp_path: Path) -> None:
    bad, gone = folder / "bad_v001.mp4", tmp_path / "gone.mp4"
    edit = write_edit(tmp_path / "a.otio", [clip(bad, 0, 40, 40), clip(gone, 0, 40, 40)])
    assert audit(edit) == 3


def test_media_are_looked_for_below_every_root(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    edit = write_edit(tmp_path / "a.otio", [clip(tmp_path / "gone" / "good_v001.mp4", 0, 40, 40)])
    assert audit(edit, "--media-root", folder, "--media-root", tmp_path / "empty") == 0


def test_help_shows_every_example_on_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("audit", "--help") == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "otio-ai-audit audit advert.otio -o markers.edl" in lines


def test_json_goes_to_stdout_and_nothing_else_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit(folder / "bad_v001.mp4", "--json", "-")
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == 1
    assert "flicker" in {found["detector"] for found in data["findings"]}
    assert "curves" not in data["clips"][0] or not data["clips"][0]["curves"]


def test_every_output_is_written(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(folder / "bad_v001.mp4", 0, 40, 40)])
    names = ["m.otio", "m.otioz", "m.edl", "m.lua", "r.json", "r.csv", "r.xml", "r.html"]
    outputs = [part for name in names for part in ("-o", tmp_path / "deep" / name)]
    assert audit(edit, *outputs) == 1
    for name in names:
        assert (tmp_path / "deep" / name).stat().st_size > 100, name
    assert "Timeline Markers from EDL" in capsys.readouterr().out


def test_a_verdict_by_id_holds_and_can_be_taken_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def first() -> dict[str, str]:
        audit(folder / "bad_v001.mp4", "--json", "-")
        return max(json.loads(capsys.readouterr().out)["findings"], key=lambda f: f["score"])  # type: ignore[no-any-return]

    assert call("verdict", "dismiss", first()["id"]) == 0
    capsys.readouterr()
    assert first()["state"] == "dismissed"
    assert call("verdict", "reopen", first()["id"]) == 0
    capsys.readouterr()
    assert first()["state"] == "open"
    assert call("verdict", "dismiss", "ffffff") == 2
    assert "ffffff" in capsys.readouterr().err


def one_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    lines = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, err
    return lines[0]


def test_wrong_use_is_one_sentence_and_2(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = folder / "good_v001.mp4"
    text = tmp_path / "text.otio"
    text.write_text("this is no edit", encoding="utf-8")
    empty = write_edit(tmp_path / "empty.otio", [])
    settings = tmp_path / "s.toml"
    settings.write_text("[flicker]\nwindow_secnds = 1\n", encoding="utf-8")
    cases = [
        ([tmp_path / "nothing.otio"], "nothing.otio"),
        ([tmp_path / "nothing.mp4"], "nothing.mp4"),
        ([text], "text.otio"),
        ([empty], "empty.otio"),
        ([good, "-o", tmp_path / "x.docx"], ".docx"),
        ([good, "-o", tmp_path / "x.json", "--detectors", "flikker"], "flikker"),
        ([good, "--settings", settings], "window_secnds"),
        ([good, "--engine", "steam:4"], "steam"),
        ([good, "--map", "nonsense"], "OLD=NEW"),
        ([good, "--against", tmp_path / "none.json"], "none.json"),
    ]
    for arguments, word in cases:
        assert audit(*arguments) == 2, arguments
        assert word in one_sentence(capsys), arguments


def test_broken_media_are_failures_with_3(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = tmp_path / "fake.mp4"
    fake.write_text("not a film", encoding="utf-8")
    assert audit(fake) == 3
    assert "fake.mp4" in capsys.readouterr().out
    gone = write_edit(tmp_path / "gone.otio", [clip(tmp_path / "gone.mp4", 0, 40, 40)])
    assert audit(gone) == 3
    assert "gone.mp4" in capsys.readouterr().out


def test_a_truncated_file_is_audited_and_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.mkv"
    video.encode(cut, pan(3, FRAMES), RATE, options={"crf": "16"})
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    assert audit(cut) in (1, 3)
    assert "cut.mkv" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_rights_is_one_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert audit(folder / "good_v001.mp4", "-o", locked / "r.json") == 2
    assert "r.json" in one_sentence(capsys)


def test_a_full_disk_is_one_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    target = tmp_path / "r.json"
    target.write_text("the last report", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", full)
    assert audit(folder / "good_v001.mp4", "-o", target) == 2
    assert "disk is full" in one_sentence(capsys)
    assert target.read_text(encoding="utf-8") == "the last report"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_cache_shows_and_clears(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit(folder / "good_v001.mp4")
    capsys.readouterr()
    assert call("cache", "show") == 0
    assert "MB" in capsys.readouterr().out
    assert call("cache", "clear") == 0
    assert "verdicts are kept" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom otio_ai_audit.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'numba', 'av', 'opentimelineio', 'PIL', 'rich', 'jinja2', 'sqlite3'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout
