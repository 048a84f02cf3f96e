"""``otio-ai-audit verdict``: keep and kill takes, call findings wrong alarms, see what everybody says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import options as shared

if TYPE_CHECKING:
    from ..deciding import Target
    from ..model import KnownFinding, PersonVerdict
    from ..people import SaidOfFinding, SaidOfTake, Verdicts
    from ..store import Store

DONE = {"keep": "Kept", "kill": "Killed", "wrong-alarm": "Dismissed", "withdraw": "Reopened"}
STANDING = {
    "disputed": "disputed",
    "killed": "killed",
    "kept": "kept",
    "wrong-alarm": "wrong alarm",
    "stands": "stands",
}
WHY = click.option("--why", default="", metavar="TEXT", help="The reason, for the others.")
OF = click.option("--of", metavar="FILE", help="The file of the findings, where several have one id.")
TAKES = click.argument("names", nargs=-1, required=True, metavar="FILE_OR_KEY…")


def _spoken(command: Callable[..., int]) -> Callable[..., int]:
    """Add who speaks, and where it is kept."""
    who = click.option(
        "--as", "who", metavar="NAME", help="Who says it.  [default: OTIO_AI_AUDIT_USER, else the login name]"
    )
    folder = click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder that people share for their verdicts.  [default: OTIO_AI_AUDIT_VERDICTS, else your own]",
    )
    for option in (shared.DEBUG, shared.SETTINGS, folder, who):
        command = option(command)
    return command


@click.group("verdict", invoke_without_command=True)
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take the verdicts of a file, as `verdict take` does. May repeat.",
)
@_spoken
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    who: str | None,
    folder: Path | None,
    settings: Path | None,
    debug: bool,
) -> int:
    """Say what you think of takes and findings, and see what the others say.

    \b
    otio-ai-audit verdict kill takes/fox_v012.mp4 --why "Six fingers."
    otio-ai-audit verdict wrong-alarm a7f3c1
    otio-ai-audit verdict take ~/Downloads/verdicts.json
    otio-ai-audit verdict list

    Verdicts are kept in one file for each person, in a folder that all can share, and hold wherever the same
    pictures are looked at again. Nobody is overruled: where people disagree, it is shown.
    """  # noqa: D301 - click knows the real control character only
    if ctx.invoked_subcommand is not None:
        if files or who or folder or settings:
            raise click.UsageError("Give options after the verdict: verdict kill FILE --as NAME")
        return 0
    if not files:
        raise click.UsageError("Say what: keep, kill, wrong-alarm, withdraw, take or list; see --help.")
    return _take(files, who, folder, settings)


@command.command("keep")
@TAKES
@WHY
@_spoken
def keep(names: tuple[str, ...], why: str, who: str | None, folder: Path | None, **more: Any) -> int:
    """Keep takes, by file or by content key, whatever was found in them."""
    return _judge_takes("keep", names, why, who, folder, more["settings"])


@command.command("kill")
@TAKES
@WHY
@_spoken
def kill(names: tuple[str, ...], why: str, who: str | None, folder: Path | None, **more: Any) -> int:
    """Kill takes, by file or by content key: nobody needs to look at them again."""
    return _judge_takes("kill", names, why, who, folder, more["settings"])


@command.command("wrong-alarm")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@OF
@WHY
@_spoken
def wrong_alarm(
    ids: tuple[str, ...], of: str | None, why: str, who: str | None, folder: Path | None, **more: Any
) -> int:
    """Dismiss findings, by the ids that the report and the markers show; `dismiss` is the same."""
    with _Table(who, folder, more["settings"]) as table:
        key = table.take(of).key if of else ""
        findings = [table.finding(id_, key) for id_ in ids]
        table.add([table.of_finding("wrong-alarm", finding, why) for finding in findings])
        table.remember(findings)
    _say("wrong-alarm", ids)
    table.show_disputes(findings)
    return 0


@command.command("withdraw")
@click.argument("names", nargs=-1, required=True, metavar="ID_OR_FILE…")
@OF
@WHY
@_spoken
def withdraw(
    names: tuple[str, ...], of: str | None, why: str, who: str | None, folder: Path | None, **more: Any
) -> int:
    """Take back what you said of takes, or reopen findings by their ids; `reopen` is the same.

    A finding that somebody else calls a wrong alarm is then disputed, and shown.
    """
    from ..deciding import FINDING

    with _Table(who, folder, more["settings"]) as table:
        key = table.take(of).key if of else ""
        findings = [
            table.finding(name, key) for name in names if FINDING.fullmatch(name) and not Path(name).exists()
        ]
        ids = {finding.id for finding in findings}
        takes = [table.take(name) for name in names if name not in ids]
        for take in takes:
            if all(v.who != table.who for v in table.said.of_take(take.key).verdicts):
                raise UsageError(f"{table.who} has said nothing of {take.label}; --as NAME says who you are.")
        verdicts = [table.of_finding("withdraw", finding, why) for finding in findings]
        table.add(verdicts + [table.of_take("withdraw", take, why) for take in takes])
        table.remember(findings)
    _say("withdraw", [finding.id for finding in findings])
    if takes:
        click.echo(f"Taken back: {', '.join(take.label for take in takes)}.")
    table.show_disputes(findings)
    return 0


command.add_command(wrong_alarm, "dismiss")
command.add_command(withdraw, "reopen")


@command.command("take")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path, dir_okay=False)
)
@shared.RATE
@shared.TIMELINE
@_spoken
def take(
    files: tuple[Path, ...],
    rate: Fraction | None,
    timeline: str | None,
    who: str | None,
    folder: Path | None,
    **more: Any,
) -> int:
    """Take the verdicts that a page of a report saved, or the markers of an exported edit or marker EDL.

    What was taken before is not taken twice.
    """
    return _take(files, who, folder, more["settings"], rate, timeline)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@_spoken
def listing(as_json: bool, who: str | None, folder: Path | None, **more: Any) -> int:
    """Show who says what; what people disagree on comes first. With --as, only what one person says."""
    from .. import people

    said = people.read(_folder(folder, more["settings"]))
    name = people.person(who) if who else ""
    things = [thing for thing in said.things() if not name or any(v.who == name for v in thing[1].verdicts)]
    if as_json:
        import json

        told = {
            "schema": 1,
            "verdicts": [_as_json(verdict, words) for verdict, words in things],
            "notices": said.notices,
        }
        click.echo(json.dumps(told, indent=2))
        return 0
    for notice in said.notices:
        click.echo(notice, err=True)
    for verdict, words in things:
        click.echo(_line(verdict, words))
    if not things:
        click.echo("Nobody has said anything yet.")
    return 0


# --- what the commands share ---------------------------------------------------------------------------


class _Table:
    """Where verdicts are laid down: the person, the folder, the store, and what was said until now."""

    def __init__(self, who: str | None, folder: Path | None, settings: Path | None) -> None:
        from .. import people
        from ..store import Store

        self.who = people.person(who)
        self.folder = _folder(folder, settings)
        self.said: Verdicts = people.read(self.folder)
        self.store: Store = Store()

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, *told: object) -> None:
        self.store.close()

    def take(self, name: str) -> Target:
        from ..deciding import take_of

        return take_of(name, self.store, self.said)

    def finding(self, id_: str, key: str) -> KnownFinding:
        from ..deciding import finding_of

        return finding_of(id_, self.store, self.said, key)

    def of_take(self, kind: Any, take: Target, why: str) -> PersonVerdict:
        from ..model import PersonVerdict
        from ..people import now

        origin = take.origin
        return PersonVerdict(
            kind=kind,
            who=self.who,
            when=now(),
            key=take.key,
            why=why,
            label=take.label,
            model=origin.model or "",
            workflow=origin.workflow or "",
            prompt_hash=origin.prompt_hash or "",
            seed=origin.seed,
        )

    def of_finding(self, kind: Any, finding: KnownFinding, why: str) -> PersonVerdict:
        from ..deciding import label_of
        from ..model import PersonVerdict
        from ..people import now

        return PersonVerdict(
            kind=kind,
            who=self.who,
            when=now(),
            key=finding.key,
            why=why,
            finding=finding.id,
            detector=finding.detector,
            start=finding.start,
            duration=finding.duration,
            label=label_of(finding.key, self.said),
            fault=finding.label,
        )

    def add(self, verdicts: Sequence[PersonVerdict]) -> None:
        """Add verdicts to their person's file."""
        from .. import people

        people.append(self.folder, verdicts)
        self.said = self.said.including(verdicts)

    def remember(self, findings: Sequence[KnownFinding]) -> None:
        """Let the store of this machine know too."""
        from .. import people

        self.store.remember(people.heeded(findings, self.said))

    def show_disputes(self, findings: Sequence[KnownFinding]) -> None:
        for f in findings:
            words = self.said.of_finding(f.key, f.detector, f.start, f.duration, f.id, f.label)
            if words.standing == "disputed":
                click.echo(f"{f.id} is {words.words}")


def _judge_takes(
    kind: str, names: Sequence[str], why: str, who: str | None, folder: Path | None, settings: Path | None
) -> int:
    with _Table(who, folder, settings) as table:
        takes = [table.take(name) for name in names]
        table.add([table.of_take(kind, take, why) for take in takes])
    _say(kind, [take.label for take in takes])
    for take in takes:
        words = table.said.of_take(take.key)
        if words.standing == "disputed":
            click.echo(f"{take.label} is {words.words}")
    return 0


def _take(
    files: Sequence[Path],
    who: str | None,
    folder: Path | None,
    settings: Path | None,
    rate: Fraction | None = None,
    name: str | None = None,
) -> int:
    from .. import people
    from ..deciding import from_markers
    from ..timeline import EDIT_SUFFIXES

    with _Table(who, folder, settings) as table:
        for path in files:
            if path.suffix.lower() in EDIT_SUFFIXES:
                news = from_markers(path, table.store, table.said, table.who, rate, name)
            else:
                news = [v for v in people.from_page(path, who) if v not in table.said]
            news = list(dict.fromkeys(news))
            table.add(news)
            click.echo(f"{path.name}: {_counted(news)}")
    return 0


def _counted(verdicts: Sequence[PersonVerdict]) -> str:
    """Say what was taken, and from whom."""
    if not verdicts:
        return "nothing new."
    names = {"keep": "keep", "kill": "kill", "wrong-alarm": "wrong alarm", "withdraw": "taken back"}
    counts = {word: sum(v.kind == kind for v in verdicts) for kind, word in names.items()}
    people_ = ", ".join(dict.fromkeys(v.who for v in verdicts))
    return f"{', '.join(f'{count} {word}' for word, count in counts.items() if count)} of {people_}."


def _folder(folder: Path | None, settings: Path | None) -> Path:
    from .. import people

    if settings is None:
        return people.folder(folder)
    from ..settings import load

    return people.folder(folder, load(settings).audit.verdicts)


def _say(kind: str, names: Sequence[str]) -> None:
    if names:
        click.echo(f"{DONE[kind]}: {', '.join(names)}.")


def _line(verdict: PersonVerdict, words: SaidOfTake | SaidOfFinding) -> str:
    what = verdict.label or verdict.key
    if verdict.finding or verdict.detector:
        about = " ".join(filter(None, (verdict.detector, verdict.finding)))
        what = f"{what}, {about} at {verdict.start:.2f} s" if verdict.detector else f"{what}, {about}"
    standing = STANDING[str(words.standing)]
    return f"{standing}: {what} - {words.words.removeprefix('disputed: ')}"


def _as_json(verdict: PersonVerdict, words: SaidOfTake | SaidOfFinding) -> dict[str, Any]:
    names = ("key", "label", "finding", "detector", "start", "duration", "fault")
    return {
        "standing": words.standing,
        **{name: getattr(verdict, name) for name in names},
        "verdicts": [asdict(v) for v in words.verdicts],
    }
