"""``otio-ai-audit warmup``: compile the kernels once for a machine or a farm node."""

from __future__ import annotations

import click


@click.command("warmup")
def command() -> int:
    """Compile the kernels once, so that the first audit on this machine does not wait."""
    from .. import kernels

    seconds = kernels.warmup()
    click.echo(f"Compiled in {seconds:.1f} s; kept in {kernels.cache_dir()}")
    return 0
