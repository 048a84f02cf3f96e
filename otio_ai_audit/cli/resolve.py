"""``otio-ai-audit resolve``: DaVinci Resolve's menu, attaching from outside, and what works here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options as shared

if TYPE_CHECKING:
    from ..resolve.install import Done
    from ..resolve.outside import Speaker

ALL_USERS = click.option("--all-users", is_flag=True, help="Everybody's folder; needs an administrator.")
FOLDER = click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="This folder and no other."
)


@click.group("resolve")
def command() -> None:
    """Work with DaVinci Resolve: from its menu, from outside, or by files.

    `otio-ai-audit resolve doctor` says which of the three work here.
    """


@command.command("install", short_help="Put the menu scripts where DaVinci Resolve lists them.")
@ALL_USERS
@FOLDER
@click.option("--force", is_flag=True, help="Replace scripts that somebody edited; a copy is kept beside.")
@shared.DEBUG
def install(all_users: bool, folder: Path | None, force: bool, debug: bool) -> int:
    """Put the menu scripts where DaVinci Resolve lists them: Workspace > Scripts.

    Run it again after an update; SETTINGS that you changed in a script are kept.
    """
    from ..resolve import editions
    from ..resolve import install as scripts
    from ..resolve.own import checked_command
    from ..resolve.places import System, install_folders

    starts = checked_command()
    done = scripts.install(install_folders(System.here(), all_users, folder), starts, force)
    _tell(done)
    click.echo(f"\nThey start: {' '.join(starts)}")
    here = editions.find(System.here())
    if here is not None and here.lists_python is False:
        click.echo(
            f"{here.product} lists no Python scripts, only Audit Check: use files (resolve doctor says how)."
        )
    else:
        click.echo("In DaVinci Resolve: Workspace > Scripts > Audit Timeline; no restart needed.")
        click.echo("Not in the menu? otio-ai-audit resolve doctor")
    if all_users:
        click.echo("Every user must be allowed to read and start that command.")
    return 0


@command.command("uninstall", short_help="Take the menu scripts away again.")
@ALL_USERS
@FOLDER
@shared.DEBUG
def uninstall(all_users: bool, folder: Path | None, debug: bool) -> int:
    """Take the menu scripts away again; what somebody edited is left and named."""
    from ..resolve import install as scripts
    from ..resolve.places import System, install_folders

    done = scripts.uninstall(install_folders(System.here(), all_users, folder))
    _tell([one for one in done if one.did != "absent"])
    if all(one.did == "absent" for one in done):
        click.echo("There was nothing to remove.")
    return 0


@command.command("doctor", short_help="Say which ways into Resolve work here, and what to do.")
@FOLDER
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@shared.DEBUG
def doctor(folder: Path | None, as_json: bool, debug: bool) -> int:
    """Say which ways into DaVinci Resolve work here, why the others do not, and what to do.

    Exit code: 0 at least one way works and nothing is broken, else 1.
    """
    from ..resolve import doctor as looking

    report = looking.examine(looking.World(named=folder))
    if as_json:
        import json

        click.echo(json.dumps(looking.to_json(report), indent=2))
    else:
        click.echo("\n".join(looking.lines(report)))
    return 0 if report.healthy else 1


@command.command("audit", short_help="Audit the open timeline of a running Resolve Studio.")
@click.option("--selected", is_flag=True, help="Only the clips that are selected (Resolve 21 and later).")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="What makes exit code 1.",
)
@click.argument("options", nargs=-1, metavar="[-- OPTIONS OF AUDIT…]", type=click.UNPROCESSED)
@shared.DEBUG
def audit(selected: bool, fail_on: str, options: tuple[str, ...], debug: bool) -> int:
    """Audit the timeline that is open in the running DaVinci Resolve Studio, and set its markers.

    \b
    otio-ai-audit resolve audit
    otio-ai-audit resolve audit --selected -- --detectors flicker,pop

    Exit code: as of `otio-ai-audit audit`.
    """  # noqa: D301 - click knows the real control character only
    from ..resolve.outside import run

    task = "selected" if selected else "audit"
    return run(task, _speaker(), options=_from_here(options), fail_on=fail_on)


@command.command("markers", short_help="Set the markers of an earlier result.")
@click.argument("result", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="RESULT.json")
@shared.DEBUG
def markers(result: Path, debug: bool) -> int:
    """Set the markers of an earlier result on the timeline that is open in DaVinci Resolve Studio."""
    from ..resolve.outside import run

    return run("markers", _speaker(), result=result)


@command.command("clear", short_help="Take our markers away; verdicts are remembered.")
@shared.DEBUG
def clear(debug: bool) -> int:
    """Take our markers away; verdicts on them are remembered, and nobody else's marker is touched."""
    from ..resolve.outside import run

    return run("clear", _speaker())


@command.command("bridge", hidden=True)
def bridge() -> int:
    """Tell a menu script where its other half lies, as JSON."""
    from ..resolve.bridge import answer

    click.echo(answer())
    return 0


def _from_here(options: Sequence[str]) -> list[str]:
    """Make the paths among options of `audit` absolute, since it will run in another folder."""
    from .audit import command as audited

    takes_path = {
        name: isinstance(option.type, click.Path)
        for option in audited.params
        if isinstance(option, click.Option) and not option.is_flag
        for name in option.opts
    }
    result: list[str] = []
    waiting = None
    for token in options:
        name, sign, value = token.partition("=")
        if waiting is None and not token.startswith("--") and token[:2] in takes_path:
            name, sign, value = token[:2], "", token[2:]
        if waiting is not None:
            result.append(os.path.abspath(token) if waiting else token)
            waiting = None
        elif takes_path.get(name) and value:
            result.append(f"{name}{sign}{os.path.abspath(value)}")
        else:
            result.append(token)
            waiting = takes_path.get(token)
    return result


def _speaker() -> Speaker:
    from ..resolve.outside import Speaker

    return Speaker(click.echo, lambda line: click.echo(line, err=True))


def _tell(done: list[Done]) -> None:
    """Print what became of each script, folder by folder."""
    folder = None
    for one in done:
        if one.path.parent != folder:
            folder = one.path.parent
            click.echo(f"{folder}:")
        note = f" ({one.note})" if one.note else ""
        click.echo(f"  {one.path.name}: {'left alone' if one.did == 'kept' else one.did}{note}")
