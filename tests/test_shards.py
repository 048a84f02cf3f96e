"""Shards: measured apart, in any order and more than once, they give what one machine gives."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otio_ai_audit.errors import UsageError
from otio_ai_audit.shards import Shard
from otio_ai_audit.takes import look

from .command_line import run_cli
from .edits import clip, write_edit
from .takes import FRAMES, Takes
from .takes_world import make_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("shards") / "takes")


def plain(path: Path) -> Iterator[object]:
    """What a result says, apart from times."""
    data = json.loads(path.read_text(encoding="utf-8"))
    for finding in data["findings"]:
        finding.pop("first_seen")
    yield data["clips"]
    yield data["findings"]


@given(st.integers(1, 40), st.lists(st.text(max_size=8), max_size=30))
def test_every_take_belongs_to_one_shard(of: int, labels: list[str]) -> None:
    for label in labels:
        assert sum(Shard(number, of).has(label) for number in range(1, of + 1)) == 1


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "-1/3", "1/0", ""])
def test_a_shard_that_cannot_be_meant_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="3/16"):
        Shard.parse(text)


def test_shards_of_folders_in_any_order_and_twice_give_what_one_machine_gives(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals = tmp_path / "signals"
    for number in (3, 1, 2, 3):
        # Every node has its own paths and its own store.
        node = tmp_path / f"node{number}" / "mnt"
        if not node.exists():
            shutil.copytree(folder, node)
        done = run_cli(
            *("measure", str(node), "--shard", f"{number}/3", "-o", str(signals)),
            *("--engine", "threads:1", "--detectors", "flicker,dead"),
        )
        assert done.exit_code == 0, done.output
    quick = ("--engine", "threads:1", "--detectors", "flicker,dead", "-q")
    run_cli("triage", str(folder), *quick, "-o", str(tmp_path / "one.json"))
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path / "home"))
    monkeypatch.setattr(look, "measure", None)
    done = run_cli("judge", str(folder), "--signals", str(signals), *quick, "-o", str(tmp_path / "home.json"))
    assert done.exit_code == 3, done.output
    assert list(plain(tmp_path / "home.json")) == list(plain(tmp_path / "one.json"))


def test_takes_that_cannot_be_reached_from_home_are_judged_by_their_shards(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals = tmp_path / "signals"
    run_cli("measure", str(folder), "-o", str(signals), "--engine", "threads:1", "--detectors", "flicker")
    monkeypatch.setattr(look, "measure", None)
    out = tmp_path / "home.json"
    done = run_cli("judge", "--signals", str(signals), "-q", "--detectors", "flicker", "-o", str(out))
    assert done.exit_code == 3, done.output
    names = {one["media"]: one["status"] for one in json.loads(out.read_text(encoding="utf-8"))["clips"]}
    assert names["truck_v002.mp4"] == "audited" and names["fox_v002.mp4"] == "failed"


def test_a_shard_that_is_missing_is_said_and_its_takes_are_failures(folder: Path, tmp_path: Path) -> None:
    signals = tmp_path / "signals"
    quick = ("--engine", "threads:1", "--detectors", "flicker")
    run_cli("measure", str(folder), "--shard", "1/3", "-o", str(signals), *quick)
    out = tmp_path / "home.json"
    done = run_cli("judge", str(folder), "--signals", str(signals), *quick, "-q", "-o", str(out))
    assert done.exit_code == 3
    data = json.loads(out.read_text(encoding="utf-8"))
    assert any("Shards 2, 3 of 3" in notice for notice in data["notices"])
    assert any(one["reason"] == "Not measured yet." for one in data["clips"])


def test_shards_of_an_edit_give_what_audit_gives(takes: Takes, tmp_path: Path) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.good, 4, 40, FRAMES), clip(takes.bad, 10, 45, FRAMES)])
    signals = tmp_path / "signals"
    quick = ("--engine", "threads:1", "--detectors", "flicker,pop")
    for number in (2, 1):
        done = run_cli("measure", str(edit), "--shard", f"{number}/2", "-o", str(signals), *quick)
        assert done.exit_code == 0 and "1 media" in done.output
    outs = {"judge": tmp_path / "judged.json", "audit": tmp_path / "audited.json"}
    judged = run_cli("judge", str(edit), "--signals", str(signals), *quick, "-q", "-o", str(outs["judge"]))
    run_cli("audit", str(edit), *quick, "-q", "--force", "-o", str(outs["audit"]))
    assert judged.exit_code == 1
    findings = [
        [{k: v for k, v in f.items() if k not in ("first_seen", "state", "marker")} for f in data["findings"]]
        for data in (json.loads(path.read_text(encoding="utf-8")) for path in outs.values())
    ]
    assert findings[0] == findings[1]


def test_a_folder_without_shards_is_said(tmp_path: Path) -> None:
    done = run_cli("judge", str(tmp_path), "--signals", str(tmp_path))
    assert done.exit_code == 2 and "holds no shards" in done.errors


def test_a_worker_may_have_the_media_under_another_path(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = tmp_path / "away"
    shutil.copytree(folder, away)
    home = tmp_path / "home"
    shutil.copytree(folder, home)
    monkeypatch.setenv("OTIO_AI_AUDIT_MAPS", f"/nowhere=/else; {home}={away}")
    real = look.measure
    measured = []

    def measure(job: Any, **options: Any) -> Any:
        measured.append(job.media.path)
        return real(job, **options)

    monkeypatch.setattr(look, "measure", measure)
    done = run_cli("triage", str(home), "-q", "--engine", "threads:1", "--detectors", "dead")
    assert done.exit_code == 3
    assert measured and all(path.startswith(str(away)) for path in measured)
