"""Takes in a terminal: the shots, what was found in the take with the fewest faults, and what failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import NOTE, Placed, RankedTake, Shot, ShotHead, Triage, severity_of
from .takes_data import findings_of, is_standing, reason_of
from .takes_json import not_checked
from .terminal import NARROW, STYLE, print_line, shortened
from .text import counted, lines_of, one_line

if TYPE_CHECKING:
    from rich.console import Console

MOST = 60
"""Shots, and takes that could not be looked at, that a terminal shows; the rest is counted."""
COLUMNS = ("Shot", "Takes", "Flagged", "Fewest faults", "Found in it")


def table(triage: Triage, console: Console, *, most: int = MOST) -> None:
    """Print what a triage found: a table in a terminal, lines of tabs elsewhere.

    Parameters
    ----------
    triage
        What was found; the shots that are shown are read one at a time.
    console
        Where to print; nothing is wrapped or coloured where it is no terminal.
    most
        Shots in a terminal's table; elsewhere all are printed.
    """
    shown = console.is_terminal
    heads = triage.heads[:most] if shown else triage.heads
    if shown and console.width >= NARROW:
        _print_table(triage, heads, console)
    else:
        for head in heads:
            print_line(console, "\t".join(_cells(triage, head)[0]))
    if len(heads) < len(triage.heads):
        rest = counted(len(triage.heads) - len(heads), "more shot")
        print_line(console, f"… and {rest}; write a report (-o report/) to see all.")
    _print_failed(triage, console, most if shown else None)
    for line in lines_of(triage.notices):
        print_line(console, line)
    looked_for = ", ".join(one_line(name) for name in triage.detectors) or "nothing"
    print_line(console, f"Checked: {looked_for}. Not checked: {'; '.join(not_checked(triage))}.")
    print_line(console, summary(triage))


def summary(triage: Triage) -> str:
    """Say in one line how much there is, as in ``3 shots, 11 takes: 5 flagged; 2 not checked.``."""
    if not triage.takes:
        return "Nothing was looked at: there are no takes."
    text = f"{counted(len(triage.heads), 'shot')}, {counted(triage.takes, 'take')}"
    parts = [f"{triage.flagged} flagged" if triage.flagged else "nothing found at warning or above"]
    killed = sum(head.killed for head in triage.heads)
    parts += [f"{killed} killed"] if killed else []
    parts += [f"{triage.failed} not checked"] if triage.failed else []
    return f"{text}: {'; '.join(parts)}."


def _cells(triage: Triage, head: ShotHead) -> tuple[list[str], str]:
    """Cells of a shot, and the severity of what was found in the take with the fewest faults."""
    shot = triage.load(head.number)
    best = shot.best
    label, found, severity = "-", _without(shot), "none"
    if best is not None:
        label = one_line(best.take.label) or "(no name)"
        found, severity = _found(best), severity_of(best.worst)
    name = one_line(head.name) or "(no name)"
    return [name, str(head.takes), str(head.flagged), label, found], severity


def _without(shot: Shot) -> str:
    killed = sum(take.standing == "killed" for take in shot.takes)
    if killed:
        return f"no take left: {killed} killed, {len(shot.takes) - killed} not checked"
    return "no take could be checked"


def _found(take: RankedTake) -> str:
    """Say what was found in a take, the worst first; and what people disagree about."""
    found = [placed for placed in findings_of(take) if is_standing(placed, NOTE)]
    text = "nothing found"
    if found:
        worst = max(found, key=lambda placed: placed.finding.score)
        text = _fault(worst)
        text += f", and {len(found) - 1} more" if len(found) > 1 else ""
    if take.standing in ("kept", "disputed"):
        text += f" ({take.standing})"
    return text


def _fault(placed: Placed) -> str:
    finding = placed.finding
    severity = finding.severity.upper() if finding.severity == "error" else finding.severity
    fault = shortened(one_line(finding.label or finding.detector), 32)
    return f"{severity} {finding.score:.2f} {fault} at {one_line(placed.timecode)}"


def _print_table(triage: Triage, heads: tuple[ShotHead, ...], console: Console) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    if not heads:
        return
    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for number, title in enumerate(COLUMNS):
        grid.add_column(title, justify="right" if number in (1, 2) else "left", overflow="fold")
    for head in heads:
        cells, severity = _cells(triage, head)
        texts = [Text(shortened(cell) if number in (0, 3) else cell) for number, cell in enumerate(cells)]
        texts[4].stylize(STYLE[severity])
        grid.add_row(*texts)
    console.print(grid)
    print_line(console, "")


def _print_failed(triage: Triage, console: Console, most: int | None) -> None:
    for number, take in enumerate(_failed(triage)):
        if most is not None and number >= most:
            print_line(console, f"… and {triage.failed - most} more that could not be looked at.", "magenta")
            return
        words = ["NOT CHECKED", one_line(take.take.label) or take.id, one_line(reason_of(take) or "")]
        if console.is_terminal:
            print_line(console, f"{words[0]}  {words[1]}: {words[2]}", "magenta")
        else:
            print_line(console, "\t".join(words))


def _failed(triage: Triage) -> Iterator[RankedTake]:
    for head in triage.heads:
        if head.failed:
            yield from (take for take in triage.load(head.number).takes if take.standing == "failed")
