"""Origins in an edit's result, in verdicts, and that a file is read once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from otio_ai_audit import origin, people

from .command_line import run_cli
from .edits import clip, write_edit
from .takes_world import LENGTH, SIDECAR, make_take


@pytest.fixture
def edit(tmp_path: Path) -> Path:
    """Two clips of one take whose sidecar says where it comes from, and one of a take without."""
    known, unknown = make_take(tmp_path / "fox_v001.mp4", 1), make_take(tmp_path / "truck_v001.mp4", 2)
    (tmp_path / "fox_v001.json").write_text(json.dumps(SIDECAR), encoding="utf-8")
    clips = [clip(path, 0, 20, LENGTH) for path in (known, known, unknown)]
    return write_edit(tmp_path / "a.otio", clips)


def audit(edit: Path, *options: str) -> list[dict[str, object]]:
    out = edit.with_suffix(".json")
    done = run_cli(
        *("audit", edit, "-q", "-o", out, "--engine", "threads:1", "--detectors", "dead"), *options
    )
    assert done.exit_code == 0, done.errors
    return [one["provenance"] for one in json.loads(out.read_text(encoding="utf-8"))["clips"]]


def test_an_audit_says_where_its_clips_come_from(edit: Path) -> None:
    first, second, third = audit(edit)
    assert first == second
    assert (first["model"], first["seed"], first["prompt"]) == ("wan2.1", 7, None)
    assert first["prompt_hash"] and "/home" not in json.dumps(first)
    assert third == {"generator": None, "seed": None, "prompt": None}


def test_prompts_are_written_where_they_are_asked_for(edit: Path) -> None:
    assert audit(edit, "--include-prompts")[0]["prompt"] == SIDECAR["prompt"]


def test_a_file_is_read_once_for_its_content(edit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(origin.video, "tags", lambda media: asked.append(media.path) or {})
    audit(edit)
    audit(edit)
    assert sorted(Path(path).name for path in asked) == ["fox_v001.mp4", "truck_v001.mp4"]


def test_a_kill_keeps_the_seed_of_its_take(edit: Path, tmp_path: Path) -> None:
    folder = tmp_path / "verdicts"
    done = run_cli("verdict", "kill", edit.with_name("fox_v001.mp4"), "--folder", folder, "--as", "ann")
    assert done.exit_code == 0, done.errors
    (kill,) = people.read(folder).killed_origins()
    assert (kill.seed, kill.model, kill.who) == (7, "wan2.1", "ann")
