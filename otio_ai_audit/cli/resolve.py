"""``otio-ai-audit resolve``: DaVinci Resolve's menu, attaching from outside, and what works here."""

from __future__ import annotations

import click


@click.group("resolve")
def command() -> None:
    """Work with DaVinci Resolve."""


@command.command("bridge", hidden=True)
def bridge() -> int:
    """Tell a menu script where its other half lies, as JSON."""
    from ..resolve.bridge import answer

    click.echo(answer())
    return 0
