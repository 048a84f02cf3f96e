"""Options that several commands share, as decorators."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import click

from ..errors import AuditError, OutputError


def _rate(ctx: click.Context, param: click.Parameter, value: str | None) -> Fraction | None:
    """Read frames per second: ``25``, ``23.976`` or ``24000/1001``."""
    from ..timecode import exact_rate

    try:
        return None if value is None else exact_rate(float(Fraction(value)))
    except (ValueError, ZeroDivisionError, AuditError):
        raise click.BadParameter(f"{value!r} is no frame rate; give 25, 23.976 or 24000/1001.") from None


RATE = click.option(
    "--rate", callback=_rate, metavar="FPS", help="Frame rate of an .edl that does not tell it."
)
INPUTS = click.argument(
    "inputs", nargs=-1, required=True, metavar="EDIT_OR_MEDIA…", type=click.Path(path_type=Path)
)
EDIT = click.option("--edit", type=click.Path(path_type=Path), help="The edit of a rendered master.")
MAPS = click.option("--map", "maps", multiple=True, metavar="OLD=NEW", help="Rewrite media paths.")
MEDIA_ROOTS = click.option(
    "--media-root",
    "media_roots",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Find missing media here by file name. May repeat.",
)


def refuse_inputs(path: Path, inputs: Iterable[Path]) -> None:
    """Refuse to write a result over what it is made from.

    Raises
    ------
    OutputError
    """
    if any(path.resolve() == Path(name).resolve() for name in inputs):
        raise OutputError(f"{path} is the input; write the result beside it under another name.")


def _names(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Read names that are separated by commas."""
    return tuple(name.strip() for name in value.split(",")) if value else None


DETECTORS = click.option(
    "--detectors",
    callback=_names,
    help="Only these, separated by commas: flicker,pop,freeze,cut,drift,mismatch,flash,dead.",
)
SUBJECTS = click.option(
    "--subjects", type=click.Path(path_type=Path), help="TOML file: who should look alike."
)
DROP_FRAME = click.option(
    "--drop-frame", type=click.Choice(["auto", "yes", "no"]), default="auto", show_default=True
)
FORCE = click.option("--force", is_flag=True, help="Measure again, whatever is known.")
PROGRESS = click.option(
    "--progress",
    "progress_form",
    type=click.Choice(["auto", "json", "none"]),
    default="auto",
    help="json: one JSON object a line on stderr, for programs.",
)
ENGINE = click.option(
    "--engine",
    default="processes",
    metavar="SPEC",
    help="processes:N, threads:N, or a Dask cluster: dask:N or dask:tcp://HOST:PORT.",
    show_default=True,
)
HWACCEL = click.option(
    "--hwaccel",
    type=click.Choice(["auto", "none"]),
    default="none",
    show_default=True,
    callback=lambda ctx, param, value: "" if value == "none" else value,
    help="auto: decode by hardware where there is any.",
)
NO_SIGNALS = click.option(
    "--no-signals",
    is_flag=True,
    help="Keep only what was found in takes: small, but other settings decode again.",
)
PROMPTS = click.option("--include-prompts", is_flag=True, help="Write prompts too, not only their hashes.")
SETTINGS = click.option("--settings", type=click.Path(path_type=Path), help="TOML file with thresholds.")
VERDICT_FOLDER = click.option(
    "--verdict-folder",
    "verdict_folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that people share for their verdicts.  [default: OTIO_AI_AUDIT_VERDICTS, else your own]",
)
TIMELINE = click.option("--timeline", metavar="NAME", help="Which timeline, of a file that holds several.")
DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error.")
