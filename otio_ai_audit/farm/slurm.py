"""A SLURM job array for the shards, and a job after it that judges them."""

from __future__ import annotations

import shlex
from pathlib import Path

from .shell import line
from .work import LOGS, Raw, Work, Written

USUAL_MOST = 1000
"""Tasks that an array has at most, unless a cluster's MaxArraySize says otherwise."""

MEASURE = """#!/bin/bash
#SBATCH --job-name=audit-measure
#SBATCH --array=1-{shards}
#SBATCH --cpus-per-task={cores}
#SBATCH --output={logs}/measure-%A_%a.log
#SBATCH --requeue
# One shard of the work. It goes on where it stopped, so it may be killed and queued again.
set -eu
shard="${{SLURM_ARRAY_TASK_ID:?say which shard: SLURM_ARRAY_TASK_ID=3 bash measure.sh}}"
cores="${{SLURM_CPUS_PER_TASK:-{cores}}}"
command={command}
exec "${{OTIO_AI_AUDIT_COMMAND:-$command}}" {arguments}
"""

JUDGE = """#!/bin/bash
#SBATCH --job-name=audit-judge
#SBATCH --cpus-per-task={cores}
#SBATCH --output={logs}/judge-%j.log
# All shards at once. It fails where a shard is missing or something could not be looked at.
set -eu
command={command}
exec "${{OTIO_AI_AUDIT_COMMAND:-$command}}" {arguments}
"""

SUBMIT = """#!/bin/bash
# Submits the shards and, for when all of them have ended, the judgement. Options go to both: -p PARTITION …
set -eu
cd "$(dirname "$0")"
mkdir -p {logs}
measure="$(sbatch --parsable "$@" measure.sh)"
judge="$(sbatch --parsable --dependency="afterany:${{measure%%;*}}" "$@" judge.sh)"
echo "Measuring: job ${{measure%%;*}}. Judging after it: job ${{judge%%;*}}."
"""


def write(work: Work, folder: Path) -> Written:
    """Write ``measure.sh``, ``judge.sh`` and ``submit.sh``."""
    words = {"shards": work.shards, "cores": work.cores, "logs": LOGS, "command": shlex.quote(work.command)}
    measure = line(work.measure(Raw(f'"$shard/{work.shards}"'), Raw('"processes:$cores"')))
    scripts = {
        "measure.sh": MEASURE.format(arguments=measure, **words),
        "judge.sh": JUDGE.format(arguments=line(work.judge()), **words),
        "submit.sh": SUBMIT.format(**words),
    }
    files = []
    for name, text in scripts.items():
        file = folder / name
        file.write_text(text, encoding="utf-8", newline="\n")
        file.chmod(0o755)
        files.append(file)
    advice = [f"Submit: {shlex.quote(str(folder / 'submit.sh'))}"]
    if work.shards > USUAL_MOST:
        advice.append(f"Most clusters take arrays of {USUAL_MOST} tasks at most; see MaxArraySize.")
    return Written(tuple(files), advice)
