"""``otio-ai-audit judge``: what shards have measured, judged at home without decoding."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from . import options as shared
from . import triage as takes_command
from .audit import FAIL_ON, exit_code, run, show, write_outputs
from .triage import ALTERNATIVES, DEAL, GROUP_BY, OUTPUTS, PATTERN


@click.command("judge")
@click.argument("inputs", nargs=-1, metavar="[EDIT_OR_FOLDER…]", type=click.Path(path_type=Path))
@click.option(
    "--signals",
    "signals",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of shards that measure has written. May repeat.",
)
@OUTPUTS
@shared.EDIT
@shared.DETECTORS
@shared.SETTINGS
@shared.SUBJECTS
@shared.MAPS
@shared.MEDIA_ROOTS
@shared.RATE
@shared.TIMELINE
@GROUP_BY
@PATTERN
@DEAL
@shared.PROMPTS
@ALTERNATIVES
@shared.VERDICT_FOLDER
@shared.ENGINE
@click.option("--fail-on", type=click.Choice(FAIL_ON), help="What makes exit code 1.  [default: error]")
@click.option("--json", "json_out", type=click.Choice(["-"]), help="Print the JSON instead of the table.")
@click.option("-q", "--quiet", is_flag=True, help="No table and no progress.")
@shared.PROGRESS
@shared.DEBUG
def command(
    inputs: tuple[Path, ...],
    signals: tuple[Path, ...],
    outputs: tuple[Path, ...],
    edit: Path | None,
    detectors: tuple[str, ...] | None,
    settings: Path | None,
    subjects: Path | None,
    maps: tuple[str, ...],
    media_roots: tuple[Path, ...],
    rate: Fraction | None,
    timeline: str | None,
    group_by: str,
    pattern: str | None,
    deal: str | None,
    include_prompts: bool,
    alternatives: int,
    verdict_folder: Path | None,
    engine: str,
    fail_on: str | None,
    json_out: str | None,
    quiet: bool,
    progress_form: str,
    debug: bool,
) -> int:
    """Judge what shards have measured, as audit does an edit and triage folders of takes; nothing is decoded.

    \b
    otio-ai-audit judge advert.otio --signals signals/ -o marked.otio -o report.html
    otio-ai-audit judge /Volumes/takes --signals signals/ -o report/ -o selects.otio
    otio-ai-audit judge --signals signals/ -o report/          takes that cannot be reached from here

    Shards may come in any order and more than once. Exit codes as of audit: 3 where a shard is missing.
    """  # noqa: D301 - click knows the real control character only
    from .. import shards
    from ..store import Store
    from ..timeline import EDIT_SUFFIXES

    form = "none" if (quiet or json_out is not None) and progress_form == "auto" else progress_form
    silent = quiet or json_out is not None
    outputs = (*outputs, *([Path("-")] if json_out else []))
    with Store() as store:
        notices = tuple(shards.merge(store, signals))
        places = {} if inputs else store.places()
    if edit is None and not any(path.suffix.lower() in EDIT_SUFFIXES for path in inputs):
        from ..takes import TriageOptions

        takes = TriageOptions(
            group_by=group_by,
            pattern=pattern,
            detectors=detectors,
            settings=settings,
            engine=engine,
            verdicts=verdict_folder,
            deal=takes_command.dealt_to(deal),
            include_prompts=include_prompts,
            measure=False,
            places=places,
            notices=notices,
            besides=(*outputs, *signals),
        )
        return takes_command.run(inputs, takes, outputs, alternatives, fail_on, form, silent)
    from ..settings import load
    from ..walk import Options

    options = Options(
        edit=edit,
        maps=maps,
        media_root=media_roots,
        detectors=detectors,
        subjects=subjects,
        settings=settings,
        engine=engine,
        rate=rate,
        timeline=timeline,
        verdicts_folder=verdict_folder,
        decode=False,
        notices=notices,
    )
    finished = run(inputs, options, form)
    fail_on = fail_on or load(settings).audit.fail_on
    write_outputs(finished, outputs, fail_on=fail_on, include_prompts=include_prompts)
    if not silent:
        show(finished.result, outputs)
    return exit_code(finished.result, fail_on)
