"""``otio-ai-audit subjects``: propose who should look alike, to be corrected by a person."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import OutputError
from . import options as shared
from .audit import run

if TYPE_CHECKING:
    from ..subjects import Proposal, SubjectsFile
    from ..walk import Audit


REST = "(no subject)"
"""Title of the sheet of clips that are in no group."""


@click.command("subjects")
@shared.INPUTS
@click.option(
    "-o",
    "--output",
    "output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The subjects file to write (.toml); contact sheets go into a folder beside it.",
)
@click.option(
    "--subjects",
    "given",
    type=click.Path(path_type=Path),
    help="A subjects file that is there already: it stays as it is, new groups are added below. "
    "May be the same as -o.",
)
@shared.EDIT
@shared.MAPS
@shared.MEDIA_ROOTS
@click.option(
    "--verdicts",
    "markers",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A marker EDL exported from Resolve; markers with “subject: truck” count.",
)
@shared.RATE
@shared.TIMELINE
@shared.ENGINE
@shared.SETTINGS
@click.option("--force", is_flag=True, help="Replace the file that has the name after -o.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no list of groups.")
@shared.DEBUG
def command(
    inputs: tuple[Path, ...],
    output: Path,
    given: Path | None,
    edit: Path | None,
    maps: tuple[str, ...],
    media_roots: tuple[Path, ...],
    markers: tuple[Path, ...],
    rate: Fraction | None,
    timeline: str | None,
    engine: str,
    settings: Path | None,
    force: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Propose a subjects file: who should look alike, by what the edit says and by looks.

    \b
    otio-ai-audit subjects advert.otio -o subjects.toml
    otio-ai-audit subjects advert.otio --subjects subjects.toml -o subjects.toml
    otio-ai-audit subjects photos/ -o subjects.toml

    Look at the contact sheets, correct the file, and give it to the audit: audit EDIT --subjects FILE.
    """  # noqa: D301 - click knows the real control character only
    from .. import subjects
    from ..walk import Options

    _check(output, given, force)
    file = subjects.load(given)
    _check_references(file, output)
    options = Options(
        edit=edit,
        maps=maps,
        media_root=media_roots,
        markers=markers,
        detectors=("mismatch",),
        subjects=given,
        settings=settings,
        engine=engine,
        rate=rate,
        timeline=timeline,
    )
    finished = run(inputs, options, "none" if quiet else "auto")
    proposal = _propose(finished, file)
    text = subjects.below(file.text, proposal.added)
    if proposal.added or not _same(output, given):
        subjects.save(output, text)
    _write_sheets(finished, proposal, output, quiet)
    return 3 if finished.result.incomplete else 0


def _check(output: Path, given: Path | None, force: bool) -> None:
    """Refuse what must not be written before anything is measured."""
    if output.suffix.lower() != ".toml":
        raise OutputError(f"{output} should end in .toml; a subjects file is written.")
    if output.exists() and not force and not _same(output, given):
        raise OutputError(
            f"{output} is there already: add to it with --subjects {output}, or replace it with --force."
        )


def _same(output: Path, given: Path | None) -> bool:
    return given is not None and output.resolve() == given.resolve()


def _check_references(file: SubjectsFile, output: Path) -> None:
    """Relative references would point elsewhere from another folder."""
    moved = file.path is not None and file.path.resolve().parent != output.resolve().parent
    if moved and any(entry.references for entry in file.entries):
        raise OutputError(
            f"{file.path} names references relative to its folder; write the new file into the same folder."
        )


def _propose(finished: Audit, file: SubjectsFile) -> Proposal:
    from .. import subjects, timeline

    result = finished.result
    said = timeline.subjects_said(finished.timeline, result.info, finished.uses, finished.seen)
    start = result.info.start_frame
    shown = finished.uses if result.info.has_edit else ()
    places = {use.id: timeline.to_timecode(start + use.record_start, result.info) for use in shown}
    edit = result.info.source or result.info.name
    return subjects.propose(finished.uses, said, result.groups, file, edit, places)


def _write_sheets(finished: Audit, proposal: Proposal, output: Path, quiet: bool) -> None:
    """Write the contact sheets and say what was proposed."""
    from ..report.contact_sheet import write_sheets

    folder = output.with_name(f"{output.stem}_sheets")
    grouped = {id_ for ids in proposal.members.values() for id_ in ids}
    rest = tuple(use.id for use in finished.uses if use.id not in grouped)
    sheets = write_sheets(finished.result, {**proposal.members, REST: rest}, folder)
    if quiet:
        return
    for notice in finished.result.notices:
        click.echo(notice)
    new = {entry.subject.name for entry in proposal.entries}
    for name, ids in proposal.members.items():
        clips = "1 clip" if len(ids) == 1 else f"{len(ids)} clips"
        click.echo(f"{name}: {clips}{'' if name in new else ' (in the file already)'}")
    if not proposal.members:
        click.echo("No two clips seem to be meant as the same subject.")
    click.echo(f"Wrote {output}" if proposal.added else f"Nothing to add to {output}")
    if sheets:
        click.echo(f"Contact sheets: {folder}")
