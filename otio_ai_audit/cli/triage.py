"""``otio-ai-audit triage``: parse, call, print, exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from . import options as shared
from .audit import FAIL_ON
from .progress import console, progress_of

if TYPE_CHECKING:
    from ..model import Triage
    from ..takes import TriageOptions

FOLDERS = click.argument(
    "folders", nargs=-1, required=True, metavar="FOLDER…", type=click.Path(path_type=Path)
)
OUTPUTS = click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Write a file; the suffix says what: .html (or a folder: one page a shot), .csv, .parquet, .json, "
    ".otio (the takes with the fewest faults found, as a timeline), .xml (the same as FCP7 XML), "
    ".edl (its markers), regen.csv, bad_seeds.csv. May repeat.",
)
GROUP_BY = click.option(
    "--group-by",
    type=click.Choice(["names", "folders", "prompts"]),
    default="names",
    show_default=True,
    help="What makes takes one shot.",
)
PATTERN = click.option(
    "--pattern",
    metavar="REGEX",
    help="Where a take's path says the name of its shot: (?P<shot>…), and perhaps (?P<take>…).",
)
ALTERNATIVES = click.option(
    "--alternatives",
    type=click.IntRange(0, 20),
    default=1,
    show_default=True,
    help="Tracks of further takes in a timeline.",
)
DEAL = click.option(
    "--deal",
    metavar="N|NAMES",
    help="Deal the shots out to so many people, or to ann,bob,…: each output once for everybody.",
)


@click.command("triage")
@FOLDERS
@OUTPUTS
@GROUP_BY
@PATTERN
@shared.DETECTORS
@shared.SETTINGS
@shared.ENGINE
@shared.HWACCEL
@click.option("--watch", is_flag=True, help="Go on: take files as they land, until Ctrl-C.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    help="Seconds between two looks into the folders.",
)
@click.option(
    "--quit-after", type=click.FloatRange(min=0), help="End a watch after so many seconds without news."
)
@click.option(
    "--on-kill",
    metavar="COMMAND",
    help="Run for each take that somebody kills, without a shell; fields: {file} {label} {shot} {take} {key} "
    "{who} {why} {model} {seed}.",
)
@DEAL
@click.option("--part", metavar="NAME", help="Write only what was dealt to this one.")
@shared.VERDICT_FOLDER
@shared.PROMPTS
@ALTERNATIVES
@shared.NO_SIGNALS
@shared.FORCE
@click.option("--fail-on", type=click.Choice(FAIL_ON), help="What makes exit code 1.  [default: error]")
@click.option("--json", "json_out", type=click.Choice(["-"]), help="Print the JSON instead of the table.")
@click.option("-q", "--quiet", is_flag=True, help="No table and no progress.")
@shared.PROGRESS
@shared.DEBUG
def command(
    folders: tuple[Path, ...],
    outputs: tuple[Path, ...],
    group_by: str,
    pattern: str | None,
    detectors: tuple[str, ...] | None,
    settings: Path | None,
    engine: str,
    hwaccel: str,
    watch: bool,
    interval: float,
    quit_after: float | None,
    on_kill: str | None,
    deal: str | None,
    part: str | None,
    verdict_folder: Path | None,
    include_prompts: bool,
    alternatives: int,
    no_signals: bool,
    force: bool,
    fail_on: str | None,
    json_out: str | None,
    quiet: bool,
    progress_form: str,
    debug: bool,
) -> int:
    """Look at folders of takes, and rank the takes of each shot by the faults found.

    \b
    otio-ai-audit triage takes/ -o report/ -o selects.otio
    otio-ai-audit triage takes/ --watch -o report/ --on-kill "mv {file} /mnt/killed/"
    otio-ai-audit triage takes/ --deal ann,bob,cem -o report/

    What was measured is kept: the next run goes on where this one stopped. No take is ever called good.

    Exit code: 0 nothing at or above --fail-on, 1 findings, 2 wrong use, 3 some take could not be looked at.
    """  # noqa: D301 - click knows the real control character only
    from ..takes import TriageOptions

    options = TriageOptions(
        group_by=group_by,
        pattern=pattern,
        detectors=detectors,
        settings=settings,
        engine=engine,
        hwaccel=hwaccel,
        signals=not no_signals,
        force=force,
        verdicts=verdict_folder,
        include_prompts=include_prompts,
        besides=(*outputs, *stills_of(outputs)),
        watch=watch,
        interval=interval,
        quit_after=quit_after,
        on_kill=on_kill,
        deal=dealt_to(deal),
        part=part,
    )
    form = "none" if (quiet or json_out is not None) and progress_form == "auto" else progress_form
    outputs = (*outputs, *([Path("-")] if json_out else []))
    return run(folders, options, outputs, alternatives, fail_on, form, silent=quiet or json_out is not None)


def run(
    folders: tuple[Path, ...],
    options: TriageOptions,
    outputs: tuple[Path, ...],
    alternatives: int,
    fail_on: str | None,
    progress_form: str,
    silent: bool,
) -> int:
    """Triage, write every output of every part, show the table, and say how it went."""
    import otio_ai_audit.report.takes as writing

    writing.check(outputs)
    asked = writing.Asked(alternatives=alternatives)

    def write(result: Triage) -> None:
        for path in outputs:
            writing.write(result, part_of(path, result.dealt_to), asked)

    with progress_of(progress_form) as progress:
        progress.say("Starting")
        from ..takes import triage

        result = triage(folders, options, progress, write)
    if not silent:
        show(result, outputs, options)
    from ..settings import load

    return exit_code(result, fail_on or load(options.settings).audit.fail_on)


def show(result: Triage, outputs: tuple[Path, ...], options: TriageOptions) -> None:
    """Print the table, and what was written."""
    import otio_ai_audit.report.takes as writing

    out = console()
    writing.table(result, out)
    for name in options.deal or ("",):
        for path in outputs:
            if options.part in (None, name):
                out.print(f"Wrote {part_of(path, name)}", markup=False)


def exit_code(result: Triage, fail_on: str) -> int:
    """Contract: 3 some take could not be looked at, 1 findings at or above `fail_on`, else 0."""
    if result.failed:
        return 3
    found = {"error": result.errors, "warning": result.flagged, "never": 0}[fail_on]
    return int(found > 0)


def part_of(path: Path, name: str) -> Path:
    """Name an output of one part: ``report/`` becomes ``report-ann``, ``regen.csv`` ``ann-regen.csv``."""
    if not name or str(path) == "-":
        return path
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in name)
    if path.suffix.lower() == ".csv":  # the ends of these names say what is in them
        return path.with_name(f"{plain}-{path.name}")
    return path.with_name(f"{path.stem}-{plain}{path.suffix}")


def stills_of(outputs: tuple[Path, ...]) -> tuple[Path, ...]:
    """Folders of stills beside the lists of what to generate again: pictures there are no takes."""
    return tuple(path.with_name(f"{path.stem}_stills") for path in outputs if path.suffix == ".csv")


def dealt_to(text: str | None) -> tuple[str, ...]:
    """Read ``5`` as five numbers, ``ann,bob`` as two names."""
    if text is None:
        return ()
    if text.strip().isdecimal():
        count = int(text)
        if not 1 <= count <= 1000:
            raise UsageError(f"Shots cannot be dealt out to {count} people; give a number from 1 to 1000.")
        return tuple(str(number) for number in range(1, count + 1))
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if len(set(names)) != len(names) or not names:
        raise UsageError(f"--deal {text!r} names somebody twice or nobody; give ann,bob,… or a number.")
    return names
