"""``otio-ai-audit cache``: look inside the store, bound it, tidy it up and clear it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
NUMBER = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*([kmgt]i?)?b?\s*", re.IGNORECASE)


@click.group("cache")
def command() -> None:
    """Look inside what was measured, bound it, or clear it. Verdicts are kept unless asked."""


def _as_json(function: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


@command.command("show")
@_as_json
def show(as_json: bool) -> int:
    """Say where the store is, what it holds and how large it is."""
    from ..measure import SIGNALS_VERSION
    from ..store import Store

    with Store() as store:
        stats = store.stats(SIGNALS_VERSION)
        notice = store.notice
    if as_json:
        click.echo(json.dumps({**stats, "notice": notice}, indent=2))
        return 0
    for name, words in _shown(stats):
        click.echo(f"{name:9} {words}")
    if notice:
        click.echo(notice, err=True)
    return 0


def _shown(stats: dict[str, Any]) -> list[tuple[str, str]]:
    signals, plain = stats["bytes_signals"], stats["bytes_signals_uncompressed"]
    packed = f", {signals / plain:.0%} of {in_words(plain)} uncompressed" if plain else ""
    rows = [
        ("Cache", stats["cache"]),
        ("", f"{in_words(stats['bytes_used'])} of {in_words(stats['bytes_limit'])}"),
        ("Signals", f"{stats['media']} media, {in_words(signals)}{packed}"),
        ("Stills", str(stats["stills"])),
        ("Results", str(stats["results"])),
        ("Takes", f"{stats['takes']} records, {in_words(stats['bytes_takes'])}"),
        ("", f"{stats['takes_failed']} of them could not be looked at"),
        ("Verdicts", stats["verdicts"]),
        ("Findings", f"{stats['known_findings']} known, {stats['dismissed_findings']} dismissed"),
    ]
    if stats["takes_judged_in_ways"] > 1:
        rows.insert(7, ("", f"judged in {stats['takes_judged_in_ways']} ways (cache trim drops old ones)"))
    if stats["media_outdated"]:
        told = f"{stats['media_outdated']} measured by another version (cache trim drops old ones)"
        rows.insert(3, ("", told))
    return rows


@command.command("list")
@click.option("--by", type=click.Choice(["used", "size"]), default="used", help="What comes first.")
@click.option("--last", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@_as_json
def list_media(by: str, last: int, as_json: bool) -> int:
    """List the media whose signals are kept: key, last use, size and file."""
    from ..store import Store

    with Store() as store:
        rows = store.contents(last, by)
    if as_json:
        names = ("key", "file", "bytes", "used")
        click.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2))
        return 0
    for key, name, size, used in rows:
        when = datetime.fromtimestamp(used).isoformat(" ", "minutes")
        click.echo(f"{key[:12]}  {when}  {in_words(size):>9}  {name or 'file unknown'}")
    if not rows:
        click.echo("Nothing is measured yet.")
    return 0


@command.command("limit")
@click.argument("size")
@_as_json
def limit(size: str, as_json: bool) -> int:
    """Bound signals and stills to a SIZE such as 80GB; what was found in takes stays.

    The least recently used go first.
    """
    from ..store import Store

    count = size_of(size)
    with Store() as store:
        store.limit(count)
        used = store.stats()["bytes_used"]
    if as_json:
        click.echo(json.dumps({"bytes_limit": count, "bytes_used": used}))
    else:
        click.echo(f"Signals are kept up to {in_words(count)}; now they take {in_words(used)}.")
    return 0


@command.command("trim")
@click.option("--days", type=click.IntRange(min=0), default=30, show_default=True)
@_as_json
def trim(days: int, as_json: bool) -> int:
    """Drop what another version or other settings made and nobody used for so many days."""
    from ..measure import SIGNALS_VERSION
    from ..store import Store

    with Store() as store:
        media, takes = store.trim(SIGNALS_VERSION, days)
    if as_json:
        click.echo(json.dumps({"media": media, "takes": takes}))
    else:
        click.echo(f"Dropped signals of {media} media and {takes} records of takes.")
    return 0


@command.command("check")
@_as_json
def check(as_json: bool) -> int:
    """Look whether the files of the store are sound. Exit code 1 where something is wrong."""
    from ..store import Store

    with Store() as store:
        troubles = store.check()
    if as_json:
        click.echo(json.dumps({"sound": not troubles, "troubles": troubles}, indent=2))
    else:
        for trouble in troubles or ["Everything is sound."]:
            click.echo(trouble)
    return int(bool(troubles))


@command.command("clear")
@click.option("--verdicts", is_flag=True, help="Forget people's verdicts too.")
@_as_json
def clear(verdicts: bool, as_json: bool) -> int:
    """Forget everything measured and found; the next run decodes again."""
    from ..store import Store

    with Store() as store:
        store.clear(verdicts=verdicts)
    if as_json:
        click.echo(json.dumps({"cleared": True, "verdicts": verdicts}))
    else:
        click.echo("The cache is empty." if verdicts else "The cache is empty; verdicts are kept.")
    return 0


def size_of(text: str) -> int:
    """Read ``80GB``, ``1.5 TB`` or ``512MiB`` as bytes."""
    match = NUMBER.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"{text!r} is no size; give one such as 80GB.", param_hint="SIZE")
    return int(float(match[1].replace(",", ".")) * UNITS[(match[2] or "").lower()])


def in_words(size: float) -> str:
    """Bytes for people: ``5.0 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
