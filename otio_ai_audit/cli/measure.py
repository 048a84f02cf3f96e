"""``otio-ai-audit measure``: one shard of the work, for farms that run commands."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from . import options as shared
from .progress import console, progress_of


@click.command("measure")
@shared.INPUTS
@click.option("--shard", default="1/1", show_default=True, metavar="K/N", help="Which part of the work.")
@click.option(
    "-o",
    "--output",
    "signals",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the signals; each shard makes its own folder there.",
)
@shared.EDIT
@shared.DETECTORS
@shared.SETTINGS
@shared.MAPS
@shared.MEDIA_ROOTS
@shared.RATE
@shared.TIMELINE
@shared.ENGINE
@shared.HWACCEL
@shared.NO_SIGNALS
@click.option("--force", is_flag=True, help="Measure again, whatever the shard holds.")
@click.option("-q", "--quiet", is_flag=True, help="No summary and no progress.")
@shared.PROGRESS
@shared.DEBUG
def command(
    inputs: tuple[Path, ...],
    shard: str,
    signals: Path,
    edit: Path | None,
    detectors: tuple[str, ...] | None,
    settings: Path | None,
    maps: tuple[str, ...],
    media_roots: tuple[Path, ...],
    rate: Fraction | None,
    timeline: str | None,
    engine: str,
    hwaccel: str,
    no_signals: bool,
    force: bool,
    quiet: bool,
    progress_form: str,
    debug: bool,
) -> int:
    """Measure one shard of an edit or of folders of takes; judge them at home with: otio-ai-audit judge.

    \b
    otio-ai-audit measure advert.otio --shard 3/16 -o signals/
    otio-ai-audit measure /mnt/takes --shard 3/16 -o signals/

    A shard that was interrupted goes on where it stopped. Exit code: 0 also where some media could not be
    looked at (judge names them), 2 wrong use.
    """  # noqa: D301 - click knows the real control character only
    from .. import shards
    from ..timeline import EDIT_SUFFIXES

    part = shards.Shard.parse(shard)
    form = "none" if quiet and progress_form == "auto" else progress_form
    with progress_of(form) as progress:
        progress.say("Starting")
        if edit is not None or any(path.suffix.lower() in EDIT_SUFFIXES for path in inputs):
            from ..walk import Options

            options = Options(
                edit=edit,
                maps=maps,
                media_root=media_roots,
                detectors=detectors,
                settings=settings,
                rate=rate,
                timeline=timeline,
                engine=engine,
                hwaccel=hwaccel,
                force=force,
            )
            done = shards.measure_edit(inputs, part, signals, options, progress)
        else:
            from ..takes import TriageOptions

            takes = TriageOptions(
                detectors=detectors,
                settings=settings,
                engine=engine,
                hwaccel=hwaccel,
                signals=not no_signals,
                force=force,
            )
            done = shards.measure_takes(inputs, part, signals, takes, progress)
    if not quiet:
        out = console()
        for reason in done.failures:
            out.print(f"Not looked at: {reason}", markup=False)
        told = f"{len(done.failures)} could not be looked at" if done.failures else "all could be looked at"
        out.print(f"Shard {part.number} of {part.of}: {done.media} media, {told}.", markup=False)
    return 0
