"""A working day's edit: 45 shots of 1080p, titles, one offline file. Cold, warm, and after changes.

Usage: ``python -m benchmarks.edit45 [--shots 45] [--seconds 4] [--keep DIR]``. Renders the clips, then runs
the command line as a user would, in a terminal, and prints: seconds to the first sign of life, cold, again
unchanged, and again after a ripple delete, a trim and one replaced file. POSIX only (a pseudo-terminal).
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import select
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.edits import RATE, clip, pan, write_edit


def render_clip(path: Path, seed: int, frames: int, size: tuple[int, int] = (1920, 1080)) -> None:
    """Encode a pan over a textured picture, as H.264 at a moderate bit rate."""
    from otio_ai_audit import video

    video.encode(
        path,
        pan(seed, frames, size, cell=60),
        RATE,
        options={"preset": "veryfast", "crf": "20", "threads": "2"},
    )


def run_cli(arguments: list[str], environment: dict[str, str]) -> tuple[float, float, int, str]:
    """Seconds to the first output, seconds in all, exit code and output, in a pseudo-terminal."""
    began = time.monotonic()
    pid, handle = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "otio_ai_audit", *arguments], environment)
    first, output = 0.0, b""
    while True:
        select.select([handle], [], [])
        try:
            piece = os.read(handle, 65536)
        except OSError:
            break
        if not piece:
            break
        first = first or time.monotonic() - began
        output += piece
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return first, time.monotonic() - began, code, output.decode(errors="replace")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=int, default=45)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--keep", type=Path, help="keep the media here and use them again")
    options = parser.parse_args(argv)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="edit45-"))
    folder.mkdir(parents=True, exist_ok=True)
    frames = int(options.seconds * RATE)
    clips = []
    for number in range(options.shots):
        path = folder / f"shot{number:02d}_v001.mp4"
        if not path.exists():
            render_clip(path, number, frames)
        clips.append(clip(path, 2, frames - 4, frames))
    clips[options.shots // 2] = clip(folder / "gone.mp4", 0, frames - 4, frames)
    titles = [clip(None, 0, 48, 48)]
    cache = Path(tempfile.mkdtemp(prefix="edit45-cache-"))
    environment = {
        **os.environ,
        "OTIO_AI_AUDIT_CACHE": str(cache),
        "NUMBA_CACHE_DIR": str(cache / "numba"),
        "TERM": "xterm",
    }
    edit = folder / "edit.otio"
    outputs = ["-o", str(folder / "out.json"), "-o", str(folder / "out.html"), "-o", str(folder / "out.otio")]
    rows: dict[str, Any] = {"shots": options.shots, "frames": frames}

    def audit(name: str, children: list[dict[str, Any]]) -> None:
        write_edit(edit, children, titles)
        first, total, code, output = run_cli(["audit", str(edit), *outputs], environment)
        rows[name] = {"first_output_s": round(first, 2), "total_s": round(total, 2), "exit": code}
        print(f"{name:<28} first output {first:5.2f} s   total {total:6.2f} s   exit {code}", flush=True)
        if code not in (0, 1, 3):
            print(output)

    audit("cold, compile included", clips)
    audit("again, unchanged", clips)
    changed = [c for number, c in enumerate(clips) if number != 3]
    changed[5] = clip(folder / changed[5]["name"], 12, frames - 24, frames)
    replaced = folder / changed[7]["name"].replace("v001", "v002")
    render_clip(replaced, 1000, frames)
    changed[7] = clip(replaced, 2, frames - 4, frames)
    audit("deleted, trimmed, replaced", changed)
    print(json.dumps(rows))
    shutil.rmtree(cache)
    if options.keep is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
