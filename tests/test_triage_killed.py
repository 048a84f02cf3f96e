"""A triage that is killed at any moment goes on where it stopped, and ends like one that was not."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .takes_world import make_folder, make_take

MOMENTS = int(os.environ.get("OTIO_TEST_EXAMPLES", "4"))
"""So many kills; more by hand."""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9 on Windows")


def start(folder: Path, place: Path, name: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "OTIO_AI_AUDIT_CACHE": str(place / name),
        "OTIO_AI_AUDIT_VERDICTS": str(place / "verdicts"),
    }
    out = place / f"{name}.json"
    command = [sys.executable, "-m", "otio_ai_audit", "triage", str(folder), "-q", "-o", str(out)]
    command += ["--engine", "processes:2", "--detectors", "flicker,dead"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def result(path: Path) -> str:
    """Text of a result without its times."""
    data = json.loads(path.read_text(encoding="utf-8"))
    data.pop("finished")
    data.pop("seconds")
    for finding in data["findings"]:
        finding.pop("first_seen")
    return json.dumps(data)


def test_killed_at_random_moments_the_result_is_the_same(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "takes")
    began = time.monotonic()
    assert start(folder, tmp_path, "undisturbed").wait() == 3
    took = time.monotonic() - began
    wanted = result(tmp_path / "undisturbed.json")
    rng = random.Random(4)
    killed = 0
    for _ in range(MOMENTS):
        child = start(folder, tmp_path, "killed")
        try:
            child.wait(rng.uniform(0.3, 1.0) * took)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            killed += 1
    assert start(folder, tmp_path, "killed").wait() == 3
    assert result(tmp_path / "killed.json") == wanted
    assert killed


def workers_of(pid: int) -> list[int]:
    """Processes that a process has spawned, without the one that looks after its resources."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    lines = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [int(child) for child, line in lines.items() if b"spawn_main" in line]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are found in /proc")
def test_a_worker_killed_in_the_middle_costs_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "takes")
    for number in range(5, 12):
        make_take(folder / f"truck_v{number:03d}.mp4", number, frames=48)
    assert start(folder, tmp_path, "undisturbed").wait() == 3
    child = start(folder, tmp_path, "killed")
    taken = tmp_path / "killed" / "takes.sqlite"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        if taken.exists() and count(taken) >= 2:
            os.kill(workers_of(child.pid)[0], signal.SIGKILL)
            break
        time.sleep(0.005)
    assert child.wait() == 3
    assert result(tmp_path / "killed.json") == result(tmp_path / "undisturbed.json")
    data = json.loads((tmp_path / "killed.json").read_text(encoding="utf-8"))
    assert [one["media"] for one in data["clips"] if one["status"] == "failed"] == ["fox_v002.mp4"]


def count(path: Path) -> int:
    """Takes that are kept so far."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM takes").fetchone()[0])
        except sqlite3.OperationalError:  # the tables are just being made
            return 0
