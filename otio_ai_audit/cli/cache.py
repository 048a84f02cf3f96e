"""``otio-ai-audit cache``: look inside the store and clear it."""

from __future__ import annotations

import click

from .progress import console


@click.group("cache")
def command() -> None:
    """Show or clear what was measured. Verdicts are kept unless asked."""


@command.command("show")
def show() -> int:
    """Say where the store is, what it holds and how large it is."""
    from rich.table import Table

    from ..store import Store

    table = Table(box=None, show_header=False)
    with Store() as store:
        for name, value in store.stats().items():
            shown = f"{value / 1e6:.1f} MB" if name.startswith("bytes") else str(value)
            table.add_row(name.removeprefix("bytes_").replace("_", " "), shown)
    console().print(table)
    return 0


@command.command("clear")
@click.option("--verdicts", is_flag=True, help="Forget people's verdicts too.")
def clear(verdicts: bool) -> int:
    """Forget everything measured; the next audit decodes again."""
    from ..store import Store

    with Store() as store:
        store.clear(verdicts=verdicts)
    console().print("The cache is empty." if verdicts else "The cache is empty; verdicts are kept.")
    return 0
