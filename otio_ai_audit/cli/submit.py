"""``otio-ai-audit submit``: files that hand the work to a farm; it sends nothing anywhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import OutputError
from . import options as shared
from .progress import console

if TYPE_CHECKING:
    from ..farm import Work
    from ..farm.work import Given, Part, Written

RESULTS_OF_AN_EDIT = ("report.html", "results.json")
RESULTS_OF_TAKES = ("report/", "results.json", "selects.otio")


@click.command("submit")
@shared.INPUTS
@click.option(
    "--form",
    type=click.Choice(["openjd", "slurm", "commands"]),
    required=True,
    help="openjd: an Open Job Description template. slurm: a job array. commands: a list, one a line.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files; nodes put signals and results there too.",
)
@click.option(
    "--shards",
    type=click.IntRange(1, 100_000),
    default=16,
    show_default=True,
    help="Parts of the work. More than nodes, so that a lost one costs little.",
)
@click.option(
    "--cores", type=click.IntRange(1, 512), default=4, show_default=True, help="Of a node, for one shard."
)
@click.option(
    "--result",
    "results",
    multiple=True,
    metavar="NAME",
    help="What judging writes into the folder: report.html, results.json … May repeat.",
)
@click.option("--command", "executable", default="otio-ai-audit", help="The command as the nodes find it.")
@shared.EDIT
@shared.DETECTORS
@shared.SETTINGS
@shared.MAPS
@shared.MEDIA_ROOTS
@shared.TIMELINE
@shared.DEBUG
def command(
    inputs: tuple[Path, ...],
    form: str,
    folder: Path,
    shards: int,
    cores: int,
    results: tuple[str, ...],
    executable: str,
    edit: Path | None,
    detectors: tuple[str, ...] | None,
    settings: Path | None,
    maps: tuple[str, ...],
    media_roots: tuple[Path, ...],
    timeline: str | None,
    debug: bool,
) -> int:
    """Write a job for a farm that runs commands: shards are measured on any node, then judged once.

    \b
    otio-ai-audit submit /mnt/takes --form slurm --shards 64 -o /mnt/audit
    otio-ai-audit submit advert.otio --form openjd --map D:\\takes=/mnt/takes -o job

    Nothing is sent. Paths are written as they are here; nodes must see them under the same names, or say
    so with --map (edits) or the farm's own path mapping (openjd).
    """  # noqa: D301 - click knows the real control character only
    from .. import farm
    from ..farm.work import Given

    options: list[Part] = []
    if edit is not None:
        options += ["--edit", _path("Edit", edit)]
    if detectors:
        options += ["--detectors", ",".join(detectors)]
    if settings is not None:
        options += ["--settings", _path("Settings", settings)]
    for number, text in enumerate(maps, start=1):
        options += ["--map", Given(f"Map{number}", text)]
    for number, root in enumerate(media_roots, start=1):
        options += ["--media-root", _path(f"MediaRoot{number}", root)]
    if timeline is not None:
        options += ["--timeline", Given("Timeline", timeline)]
    given = tuple(_path(f"Input{number}", path) for number, path in enumerate(inputs, start=1))
    work = farm.Work(
        inputs=given,
        folder=os.path.abspath(folder),
        shards=shards,
        results=_results(results, inputs, edit),
        options=tuple(options),
        cores=cores,
        command=executable,
    )
    written = farm.write(work, form, folder)
    _show(written, work)
    return 0


def _path(name: str, path: Path) -> Given:
    """Say what a path is, from what is here, or else from its suffix; links are kept as they are."""
    from ..farm.work import Given

    whole = os.path.abspath(path)
    is_file = os.path.isfile(whole) or (not os.path.isdir(whole) and path.suffix != "")
    return Given(name, whole, "FILE" if is_file else "DIRECTORY")


def _results(names: tuple[str, ...], inputs: tuple[Path, ...], edit: Path | None) -> tuple[str, ...]:
    from ..timeline import EDIT_SUFFIXES

    for name in names:
        if os.path.isabs(name) or ".." in Path(name).parts or "{{" in name:
            raise OutputError(f"{name!r} is no name inside the folder; give report.html, for instance.")
    if names:
        return names
    is_edit = edit is not None or any(path.suffix.lower() in EDIT_SUFFIXES for path in inputs)
    return RESULTS_OF_AN_EDIT if is_edit else RESULTS_OF_TAKES


def _show(written: Written, work: Work) -> None:
    out = console()
    for file in written.files:
        out.print(f"Wrote {file}", markup=False)
    for given in work.inputs:
        if not os.path.exists(given.value):
            out.print(f"{given.value} is not here; the nodes have to find it there.", markup=False)
    for sentence in written.advice:
        out.print(sentence, markup=False)
