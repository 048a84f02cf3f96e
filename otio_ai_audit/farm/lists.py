"""Commands, one a line, for render farms that take such lists: OpenCue, Deadline, Tractor, GNU parallel."""

from __future__ import annotations

from pathlib import Path

from ..errors import OutputError
from .shell import line
from .work import Raw, Work, Written


def write(work: Work, folder: Path) -> Written:
    """Write ``commands.txt``, a line for each shard, and ``judge.txt``, for after all of them."""
    engine = f"processes:{work.cores}"
    measure = [
        line([work.command, *work.measure(Raw(f"{shard}/{work.shards}"), engine)])
        for shard in range(1, work.shards + 1)
    ]
    judge = line([work.command, *work.judge()])
    if any(len(command.splitlines()) != 1 for command in (*measure[:1], judge)):
        raise OutputError("A name with a line break cannot stand in a list of commands; rename it.")
    files = (folder / "commands.txt", folder / "judge.txt")
    files[0].write_text("".join(f"{command}\n" for command in measure), encoding="utf-8", newline="\n")
    files[1].write_text(f"{judge}\n", encoding="utf-8", newline="\n")
    return Written(files, ("Run every line of commands.txt anywhere, then judge.txt once.",))
