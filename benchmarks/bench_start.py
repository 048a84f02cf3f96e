"""How long a person waits before anything happens, and what is imported for it.

`test_bare_python` is the reference of the same run; the ratio to it is the figure. The tests that look
at modules fail where something heavy is imported for ``--help``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

HEAVY = {
    "PIL",
    "av",
    "dask",
    "jinja2",
    "llvmlite",
    "numba",
    "onnxruntime",
    "opentimelineio",
    "rich",
}
"""What the command line must not import before a command needs it."""
MIDDLING = {"numpy", "sqlite3"}
"""Not for the first page of help and the version either."""
LIMIT = 0.3
"""Seconds for ``--help`` on the machine that the project is measured on."""
ROUNDS = 7
MAIN = "from otio_ai_audit.cli import main; main({arguments!r})"


def run(*arguments: str) -> str:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    return done.stdout


def imported(code: str) -> set[str]:
    """Top-level names of all modules after running some code that may end the process."""
    tell = "atexit.register(lambda: print('\\n@' + json.dumps(sorted(sys.modules))))"
    script = f"import sys, json, atexit\n{tell}\n{code}"
    names = json.loads(run("-c", script).rpartition("@")[2])
    return {name.partition(".")[0] for name in names}


def test_bare_python(benchmark: Any) -> None:
    benchmark.pedantic(run, ("-c", "pass"), rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["audit", "--help"]], ids=" ".join)
def test_command_line(benchmark: Any, arguments: list[str]) -> None:
    code = MAIN.format(arguments=arguments)
    out = benchmark.pedantic(run, ("-c", code), rounds=ROUNDS, warmup_rounds=1)
    assert "otio-ai-audit" in out
    found = imported(code) & (HEAVY | MIDDLING if len(arguments) == 1 else HEAVY)
    assert not found, f"{' '.join(arguments)} imports {', '.join(sorted(found))}"
    if arguments == ["--help"] and not benchmark.disabled:
        assert benchmark.stats.stats.min < LIMIT


@pytest.mark.parametrize(
    "module",
    [
        "otio_ai_audit",
        "otio_ai_audit.model",
        "otio_ai_audit.engine",
        "otio_ai_audit.store",
        "otio_ai_audit.settings",
    ],
)
def test_import(benchmark: Any, module: str) -> None:
    benchmark.pedantic(run, ("-c", f"import {module}"), rounds=ROUNDS, warmup_rounds=1)
    found = imported(f"import {module}") & HEAVY
    assert not found, f"{module} imports {', '.join(sorted(found))}"


def test_worker_starts_without_numpy() -> None:
    """A worker process imports only what its function needs."""
    assert not imported("import otio_ai_audit.engine.worker") & (HEAVY | MIDDLING)


def slowest(code: str, count: int = 12) -> list[tuple[float, str]]:
    """Self time in ms and name of the slowest imports, by ``-X importtime``."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, timeout=60
    )
    lines = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", done.stderr)
    return sorted(((int(us) / 1000, name) for us, name in lines), reverse=True)[:count]


if __name__ == "__main__":
    for milliseconds, name in slowest(MAIN.format(arguments=["--help"])):
        print(f"{milliseconds:8.1f} ms  {name}")
