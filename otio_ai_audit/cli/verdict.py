"""``otio-ai-audit verdict``: dismiss findings, or take that back, without a marker."""

from __future__ import annotations

from dataclasses import replace

import click

from ..errors import UsageError


@click.command("verdict")
@click.argument("decision", type=click.Choice(["dismiss", "reopen"]))
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
def command(decision: str, ids: tuple[str, ...]) -> int:
    """Dismiss findings by the ids that the report and the markers show, or reopen them.

    The verdict is kept on this machine and holds wherever the same pictures are audited again.
    """
    from ..store import Store

    with Store() as store:
        known = store.known((), ids)
        missing = sorted({*ids} - {finding.id for finding in known})
        if missing:
            raise UsageError(f"No finding has the id {missing[0]}; take it from the report of an audit.")
        dismissed = decision == "dismiss"
        by = "the command line" if dismissed else ""
        store.remember(replace(finding, dismissed=dismissed, by=by) for finding in known)
    click.echo(f"{'Dismissed' if dismissed else 'Reopened'}: {', '.join(ids)}.")
    return 0
