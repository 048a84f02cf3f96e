"""``otio-ai-audit warmup``: compile the kernels and prepare the networks, once for a machine or node."""

from __future__ import annotations

import click


@click.command("warmup")
def command() -> int:
    """Compile the kernels and prepare the networks once, so that the first audit here does not wait."""
    from .. import identity, kernels

    seconds = kernels.warmup()
    click.echo(f"Compiled in {seconds:.1f} s; kept in {kernels.cache_dir()}")
    seconds = identity.warmup()
    click.echo(f"Networks prepared in {seconds:.1f} s; kept in {identity.cache_dir()}")
    return 0
