"""``otio-ai-audit audit``: parse, call, print, exit code."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import OutputError
from . import options as shared
from .progress import console, progress_of
from .render import render_audited, tell

if TYPE_CHECKING:
    from ..model import AuditResult
    from ..walk import Audit, Options

FAIL_ON = ("error", "warning", "never")


class Output(click.Path):
    """A path to write to; one that ends in a slash becomes a folder, whatever its name looks like."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(super().convert(value, param, ctx))  # type: ignore[arg-type]
        if str(value).endswith(("/", os.sep)) and path.suffix and not path.exists():
            try:  # the path itself does not keep its slash
                path.mkdir(parents=True)
            except OSError as error:
                self.fail(f"{path} cannot be made: {error.strerror or error}.", param, ctx)
        return path


OUTPUTS = click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=Output(path_type=Path),
    help="Write a file; the suffix says what: .otio .otioz (the edit with markers), .edl (Resolve marker "
    "EDL), .lua (a Resolve menu script that sets them), .json, .csv, .xml (JUnit), .html (the report), .mp4 "
    ".mov (the edit as a movie, as otio-ai-audit render makes it). FOLDER/: contact sheets and a picture of "
    "every finding. May repeat.",
)


@click.command("audit")
@shared.INPUTS
@OUTPUTS
@shared.EDIT
@shared.DETECTORS
@shared.SUBJECTS
@shared.MAPS
@shared.MEDIA_ROOTS
@click.option(
    "--verdicts",
    "markers",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A marker EDL exported from Resolve, for the verdicts on its markers.",
)
@shared.VERDICT_FOLDER
@click.option("--hidden", is_flag=True, help="Also audit frames that upper tracks hide.")
@shared.RATE
@shared.TIMELINE
@shared.DROP_FRAME
@click.option("--fail-on", type=click.Choice(FAIL_ON), help="What makes exit code 1.  [default: error]")
@shared.ENGINE
@shared.HWACCEL
@shared.SETTINGS
@click.option("--against", type=click.Path(path_type=Path), help="An earlier .json; say what is fixed.")
@shared.PROMPTS
@click.option("--curves", is_flag=True, help="Put a score for every frame into the JSON.")
@click.option("--json", "json_out", type=click.Choice(["-"]), help="Print the JSON instead of the table.")
@shared.FORCE
@click.option("--all", "everything", is_flag=True, help="Also show notes in the table.")
@click.option("-q", "--quiet", is_flag=True, help="No table and no progress.")
@shared.PROGRESS
@click.option("--live", type=click.Path(path_type=Path), hidden=True, help="Written by the menu scripts.")
@shared.DEBUG
def command(
    inputs: tuple[Path, ...],
    outputs: tuple[Path, ...],
    edit: Path | None,
    detectors: tuple[str, ...] | None,
    subjects: Path | None,
    maps: tuple[str, ...],
    media_roots: tuple[Path, ...],
    markers: tuple[Path, ...],
    verdict_folder: Path | None,
    hidden: bool,
    rate: Fraction | None,
    timeline: str | None,
    drop_frame: str,
    fail_on: str | None,
    engine: str,
    hwaccel: str,
    settings: Path | None,
    against: Path | None,
    include_prompts: bool,
    curves: bool,
    json_out: str | None,
    force: bool,
    everything: bool,
    quiet: bool,
    progress_form: str,
    live: Path | None,
    debug: bool,
) -> int:
    """Audit an edit, a rendered master with its --edit, or media files and folders.

    \b
    otio-ai-audit audit advert.otio -o marked.otio -o report.html
    otio-ai-audit audit advert.otio -o markers.edl
    otio-ai-audit audit MASTER.mov --edit advert.otio
    otio-ai-audit audit takes/ -o stills/

    Exit code: 0 nothing at or above --fail-on, 1 findings, 2 wrong use, 3 some clip could not be looked at.
    """  # noqa: D301 - click knows the real control character only
    from ..walk import Options

    _check_outputs(outputs, inputs)
    pages = [path.name for path in outputs if path.suffix.lower() == ".html"]
    options = Options(
        edit=edit,
        maps=maps,
        media_root=media_roots,
        drop_frame=drop_frame,
        hidden=hidden,
        markers=markers,
        verdicts_folder=verdict_folder,
        detectors=detectors,
        subjects=subjects,
        settings=settings,
        engine=engine,
        hwaccel=hwaccel,
        against=against,
        live=live,
        rate=rate,
        timeline=timeline,
        stills=any(map(shows_pictures, outputs)),
        force=force,
        report=_where(pages[0], live) if pages else "",
    )
    form = "none" if (quiet or json_out is not None) and progress_form == "auto" else progress_form
    finished = run(inputs, options, form)
    from ..render import RenderOptions
    from ..settings import load

    fail_on = fail_on or load(settings).audit.fail_on
    outputs = (*outputs, *([Path(json_out)] if json_out else []))
    movies = [path for path in outputs if is_movie(path)]
    outputs = tuple(path for path in outputs if path not in movies)
    write_outputs(finished, outputs, curves, fail_on, include_prompts)
    if json_out is None and not quiet:
        show(finished.result, outputs, everything)
    code = exit_code(finished.result, fail_on)
    for path in movies:
        with progress_of(form) as progress:
            rendered = render_audited(finished, path, RenderOptions(), engine, progress)
        if json_out is None and not quiet:
            tell(rendered, path)
        code = 3 if rendered.incomplete else code
    return code


def is_movie(path: Path) -> bool:
    """Whether an output is the edit as a movie."""
    from ..render import MOVIE_SUFFIXES

    return path.suffix.lower() in MOVIE_SUFFIXES


def shows_pictures(path: Path) -> bool:
    """Whether an output needs frames of the findings."""
    from ..report import is_folder_output

    return path.suffix.lower() == ".html" or is_folder_output(path)


def _where(page: str, live: Path | None) -> str:
    """Say in the summary marker where the report is; in Resolve nobody looks for a file."""
    return page if live is None else "Workspace > Scripts > Open Audit Report"


def run(inputs: tuple[Path, ...], options: Options, progress_form: str = "auto") -> Audit:
    """Audit with progress on the terminal, or as lines of JSON."""
    with progress_of(progress_form) as progress:
        progress.say("Starting")
        from ..walk import audit

        return audit(inputs, options, progress)


def write_outputs(
    finished: Audit,
    outputs: tuple[Path, ...],
    curves: bool = False,
    fail_on: str = "error",
    include_prompts: bool = False,
) -> None:
    """Write every output; the suffix chooses the writer."""
    from .. import report

    for path in outputs:
        report.write(
            finished.result,
            path,
            timeline=finished.timeline,
            original=finished.original,
            seen=finished.seen,
            curves=curves,
            fail_on=fail_on,
            include_prompts=include_prompts,
        )


def show(result: AuditResult, outputs: tuple[Path, ...], everything: bool = False) -> None:
    """Print the table, what was written and where it goes."""
    from ..report import table

    out = console()
    table(result, out, everything=everything)
    for path in outputs:
        out.print(f"Wrote {path}", markup=False)
    if any(path.suffix.lower() == ".edl" for path in outputs):
        from ..timeline import IMPORT_HINT

        out.print(IMPORT_HINT, markup=False)


def exit_code(result: AuditResult, fail_on: str) -> int:
    """Contract: 3 incomplete (also with findings), 1 findings at or above `fail_on`, else 0."""
    from ..model import ERROR, WARNING

    if result.incomplete:
        return 3
    return int(fail_on != "never" and result.worst() >= {"error": ERROR, "warning": WARNING}[fail_on])


def _check_outputs(outputs: tuple[Path, ...], inputs: tuple[Path, ...]) -> None:
    """Refuse what cannot be written before anything is measured."""
    from ..render import MOVIE_SUFFIXES
    from ..report import WRITERS, is_folder_output

    for path in outputs:
        if not (path.suffix.lower() in WRITERS or is_folder_output(path) or is_movie(path)):
            known = ", ".join(sorted([*WRITERS, *MOVIE_SUFFIXES]))
            raise OutputError(f"Nobody writes {path.suffix!r} files; use {known}, or a folder.")
        folder = is_folder_output(path)
        if path.is_file() if folder else path.is_dir():
            raise OutputError(f"{path} is a {'file' if folder else 'folder'}. Choose another name.")
        shared.refuse_inputs(path, inputs)
