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
    from ..resolve.rendering import Rendered

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


@command.command("render", short_help="Let a running Resolve Studio render the open timeline.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="MOVIE",
    help="The movie: .mov (ProRes 422 HQ) or .mp4 (H.264).",
)
@click.option("--timeline", metavar="NAME", help="Another timeline of the open project.")
@click.option(
    "--codec",
    metavar="CODEC",
    help="prores, dnxhr, h264, h265, or any that Resolve's Deliver page names, as “DNxHR HQX”.",
)
@click.option("--preset", metavar="NAME", help="Begin with this render preset; its size and quality stay.")
@click.option("--in", "first", metavar="TIMECODE", help="First frame.  [default: the timeline's]")
@click.option("--out", "last", metavar="TIMECODE", help="Last frame.  [default: the timeline's]")
@click.option("--no-audio", is_flag=True, help="Pictures only.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@shared.PROGRESS
@shared.DEBUG
def render(
    output: Path,
    timeline: str | None,
    codec: str | None,
    preset: str | None,
    first: str | None,
    last: str | None,
    no_audio: bool,
    quiet: bool,
    progress_form: str,
    debug: bool,
) -> int:
    """Let the running DaVinci Resolve Studio render: with transforms, grades, Fusion and titles.

    \b
    otio-ai-audit resolve render -o review.mov
    otio-ai-audit resolve render -o review.mp4 --timeline "Advert v3" --codec h265

    One job is added to its render queue, rendered and deleted; other jobs there are left alone, and format,
    codec, render mode, page, timeline and playhead are put back. Folder, name and the rest of the Deliver
    page cannot be read; a render preset keeps them meanwhile, where this version can delete one again.
    Ctrl-C stops the job. Written from Blackmagic's documentation; nobody has tried it in a live Resolve yet.

    Exit code: 0 rendered, 2 failed, 130 stopped.
    """  # noqa: D301 - click knows the real control character only
    from ..resolve.rendering import Wish
    from ..resolve.rendering import render as rendered_by
    from .progress import progress_of

    wish = Wish(output, timeline, codec, preset, first, last, not no_audio)
    try:
        with progress_of("none" if quiet and progress_form == "auto" else progress_form) as progress:
            made = rendered_by(wish, progress, lambda line: click.echo(line, err=True))
    except KeyboardInterrupt:
        click.echo("Stopped; nothing was written, and nothing of ours renders in Resolve.", err=True)
        return 130
    if not quiet:
        _tell_movie(made)
    return 0


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


def _tell_movie(made: Rendered) -> None:
    """Say what was rendered, and what can be done with it."""
    import shlex

    info = made.info
    frames = f"{info.promised_frames} frames" if info.promised_frames is not None else "a movie"
    click.echo(
        f"{made.timeline}: wrote {made.path}, {frames} of {info.width}×{info.height} at "
        f"{float(info.rate):.6g} frames per second ({info.codec})."
    )
    for note in made.notes:
        click.echo(note)
    if made.whole:
        click.echo(
            f"Next: otio-ai-audit audit {shlex.quote(str(made.path))} --edit EDIT.otio "
            "(EDIT.otio: File > Export > Timeline… in Resolve)"
        )


def _tell(done: list[Done]) -> None:
    """Print what became of each script, folder by folder."""
    folder = None
    for one in done:
        if one.path.parent != folder:
            folder = one.path.parent
            click.echo(f"{folder}:")
        note = f" ({one.note})" if one.note else ""
        click.echo(f"  {one.path.name}: {'left alone' if one.did == 'kept' else one.did}{note}")
