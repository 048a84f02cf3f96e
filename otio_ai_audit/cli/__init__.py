"""The command line: commands parse, call, print and choose the exit code; nothing else.

Exit codes: 0 nothing at or above ``--fail-on``; 1 findings; 2 wrong use or settings; 3 incomplete;
130 stopped by the user.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from .. import __version__
from ..errors import AuditError

COMMANDS = {
    "audit": ("audit", "Audit an edit, a rendered master or media files."),
    "cache": ("cache", "Look inside what was measured, bound it, tidy it up, clear it."),
    "demo": ("demo", "Render a little advert with known faults and audit it."),
    "judge": ("judge", "Judge at home what shards have measured."),
    "measure": ("measure", "Measure one shard of the work, for farms."),
    "render": ("render", "Render an edit as a movie, with what was found drawn on it."),
    "resolve": ("resolve", "Menu scripts for DaVinci Resolve, and audits from outside."),
    "submit": ("submit", "Write a job for a farm: Open Job Description, SLURM or commands."),
    "subjects": ("subjects", "Propose who should look alike, with contact sheets."),
    "triage": ("triage", "Look at folders of takes, and rank the takes of each shot."),
    "verdict": ("verdict", "Keep or kill takes, dismiss findings, see what others say."),
    "warmup": ("warmup", "Compile the kernels and prepare the networks, once for this machine."),
}


class _Lazy(click.Group):
    """Imports a command's module only when it is called, so that ``--help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f".{COMMANDS[cmd_name][0]}", __name__)
        command = getattr(module, "command")  # noqa: B009 (its type is Any on purpose)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="otio-ai-audit")
def commands() -> None:
    """Find the faults of AI-generated video in an edit and mark them on the timeline."""


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; errors are one sentence, never a traceback."""
    arguments = sys.argv[1:] if args is None else args
    # Started without a console (a service, `>&-`), Python has no streams at all.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (until the end)
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # Clip names are any Unicode; a console that cannot show a letter must not stop an audit.
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    # Matrices are small at home: more threads of numpy would only wait, and take time from the workers.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = commands.main(args=arguments, prog_name="otio-ai-audit", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped; what was measured is kept.", err=True)
        code = 130
    except AuditError as error:
        if "--debug" in arguments:
            raise
        click.echo(f"Error: {error}", err=True)
        code = 2
    except BrokenPipeError:
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
