"""``otio-ai-audit cache``: look inside the store, bound it, tidy it up and clear it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import click

from .progress import console

UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


@click.group("cache")
def command() -> None:
    """Look inside what was measured, bound it, or clear it. Verdicts are kept unless asked."""


def _as_json(function: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


@command.command("show")
@_as_json
def show(as_json: bool) -> int:
    """Say where the store is, what it holds and how large it is."""
    from rich.table import Table

    from ..store import Store

    with Store() as store:
        stats = store.stats()
    if as_json:
        click.echo(json.dumps(stats))
        return 0
    table = Table(box=None, show_header=False)
    for name, value in stats.items():
        shown = in_words(value) if name.startswith("bytes") else str(value)
        table.add_row(name.removeprefix("bytes_").replace("_", " "), shown)
    console().print(table)
    return 0


@command.command("list")
@click.option(
    "--last", type=click.IntRange(min=1), default=50, show_default=True, help="So many, the newest first."
)
@_as_json
def list_media(last: int, as_json: bool) -> int:
    """List the media whose signals are kept, by when they were last used."""
    from ..store import Store

    with Store() as store:
        rows = store.contents(last)
    if as_json:
        click.echo(
            json.dumps(
                [{"key": k, "file": name, "bytes": size, "used": used} for k, name, size, used in rows]
            )
        )
        return 0
    for key, name, size, used in rows:
        when = datetime.fromtimestamp(used).isoformat(" ", "minutes")
        console().print(f"{key[:12]}  {when}  {in_words(size):>9}  {name or 'file unknown'}", markup=False)
    return 0


@command.command("limit")
@click.argument("size")
def limit(size: str) -> int:
    """Bound the signals to a SIZE such as 80GB; the least recently used go first. What was found stays."""
    from ..store import Store

    count = size_of(size)
    with Store() as store:
        store.limit(count)
    console().print(f"Signals are kept up to {in_words(count)}.")
    return 0


@command.command("trim")
@click.option("--days", type=click.IntRange(min=0), default=30, show_default=True)
def trim(days: int) -> int:
    """Drop what another version or other settings made and nobody used for so many days."""
    from ..measure import SIGNALS_VERSION
    from ..store import Store

    with Store() as store:
        media, takes = store.trim(SIGNALS_VERSION, days)
    console().print(f"Dropped signals of {media} media and {takes} records of takes.")
    return 0


@command.command("check")
def check() -> int:
    """Look whether the files of the store are sound. Exit code 1 where something is wrong."""
    from ..store import Store

    with Store() as store:
        troubles = store.check()
    for trouble in troubles:
        console().print(trouble, markup=False)
    if not troubles:
        console().print("Everything is sound.")
    return int(bool(troubles))


@command.command("clear")
@click.option("--verdicts", is_flag=True, help="Forget people's verdicts too.")
def clear(verdicts: bool) -> int:
    """Forget everything measured; the next audit decodes again."""
    from ..store import Store

    with Store() as store:
        store.clear(verdicts=verdicts)
    console().print("The cache is empty." if verdicts else "The cache is empty; verdicts are kept.")
    return 0


def size_of(text: str) -> int:
    """Read ``80GB``, ``1.5 TB`` or ``512MiB`` as bytes."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", text, re.IGNORECASE)
    if match is None:
        raise click.BadParameter(f"{text!r} is no size; give one such as 80GB.", param_hint="SIZE")
    return int(float(match[1]) * UNITS[(match[2] or "").lower()])


def in_words(size: float) -> str:
    """Bytes for people: ``5.0 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
