"""Options that several commands share, as decorators."""

from __future__ import annotations

from pathlib import Path

import click

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
ENGINE = click.option(
    "--engine", default="processes", metavar="SPEC", help="processes:N or threads:N.", show_default=True
)
SETTINGS = click.option("--settings", type=click.Path(path_type=Path), help="TOML file with thresholds.")
DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error.")
