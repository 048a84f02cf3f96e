"""A triage that is killed at any moment goes on where it stopped, and ends like one that was not."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .takes_world import make_folder

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
