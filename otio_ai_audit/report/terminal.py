"""The result in a terminal: worst first, only what somebody should look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import NOTE, WARNING, AuditResult, ClipResult, Placed
from .against import GONE, round_two_lines
from .text import (
    clips_in_order,
    counted,
    evidence_words,
    findings_in_order,
    is_standing,
    lines_of,
    not_checked,
    one_line,
    summary,
)

if TYPE_CHECKING:
    from rich.console import Console

NARROW = 72
"""Columns below which a table would cut its cells."""
WIDE = 110
"""Columns from which on a clip and what is wrong with it stand side by side."""

STYLE = {"error": "bold red", "warning": "yellow", "note": "cyan", "none": "dim"}


def table(result: AuditResult, console: Console, *, everything: bool = False) -> None:
    """Print what an audit found: a table in a terminal, lines of tabs elsewhere.

    Parameters
    ----------
    result
        What an audit found.
    console
        Where to print; nothing is wrapped or coloured where it is no terminal.
    everything
        Also what is below warning, dismissed or fixed, what was skipped, and the evidence.
    """
    rows = _rows(result, everything)
    if console.is_terminal and console.width >= NARROW:
        _print_table(result, rows, console, everything)
    else:
        for placed, clip in rows:
            print_line(console, "\t".join(_cells(placed, clip, everything)))
    _print_not_checked(result, console, everything)
    for line in round_two_lines(result):
        print_line(console, line)
    for line in lines_of(result.notices):
        print_line(console, line)
    looked_for = ", ".join(result.detectors) or "nothing"
    print_line(console, f"Checked: {looked_for}. Not checked: {not_checked(result)}.")
    print_line(console, _closing(result))


def _rows(result: AuditResult, everything: bool) -> list[tuple[Placed, ClipResult | None]]:
    clips = {clip.id: clip for clip in result.clips}
    kept = findings_in_order(result)
    if not everything:
        kept = [placed for placed in kept if is_standing(placed, WARNING)]
    else:
        kept = [placed for placed in kept if placed.finding.score >= NOTE]
    kept.sort(key=lambda p: (not is_standing(p, 0.0), -p.finding.score))
    return [(placed, clips.get(placed.finding.use)) for placed in kept]


def _cells(placed: Placed, clip: ClipResult | None, everything: bool) -> list[str]:
    finding = placed.finding
    message = one_line(finding.message)
    if everything and finding.evidence:
        message += " (" + ", ".join(f"{k} {v}" for k, v in evidence_words(finding.evidence)) + ")"
    severity = finding.severity.upper() if finding.severity == "error" else finding.severity
    return [
        one_line(placed.timecode),
        severity,
        f"{finding.score:.2f}",
        placed.state,
        one_line(finding.label or finding.detector),
        one_line(clip.name if clip else GONE),
        message,
    ]


def shortened(name: str, most: int = 64) -> str:
    """Cut a long name in its middle."""
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-most // 2 + 1 :]}"


def _print_table(
    result: AuditResult,
    rows: list[tuple[Placed, ClipResult | None]],
    console: Console,
    everything: bool,
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    # A state says something only once there is more than one kind of it.
    states = everything or len({placed.state for placed, _ in rows}) > 1
    wide = console.width >= WIDE
    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    grid.add_column("Timecode", no_wrap=True)
    grid.add_column("", no_wrap=True)
    grid.add_column("Score", justify="right", no_wrap=True)
    if states:
        grid.add_column("State", no_wrap=True)
    grid.add_column("Fault", no_wrap=True)
    if wide:
        grid.add_column("Clip", overflow="fold", max_width=console.width // 4)
    grid.add_column("What" if wide else "Clip, what", overflow="fold")
    for placed, clip in rows:
        cells = _cells(placed, clip, everything)
        if not states:
            del cells[3]
        cells[-2] = shortened(cells[-2])
        if not wide:
            cells[-2:] = [f"{cells[-2]}\n{cells[-1]}"]
        style = STYLE[placed.finding.severity] if is_standing(placed, 0.0) else "dim"
        texts = [Text(cell) for cell in cells]
        texts[1].stylize(style)
        texts[2].stylize(style)
        grid.add_row(*texts)
    console.print(grid)
    print_line(console, "")


def _print_not_checked(result: AuditResult, console: Console, everything: bool) -> None:
    shown = {"failed": "NOT CHECKED"} | ({"skipped": "skipped"} if everything else {})
    for clip in clips_in_order(result):
        if clip.status not in shown:
            continue
        words = [
            shown[clip.status],
            one_line(clip.name) or clip.id,
            one_line(clip.reason or "no reason given"),
        ]
        if console.is_terminal:
            print_line(
                console, f"{words[0]}  {words[1]}: {words[2]}", "magenta" if clip.status == "failed" else ""
            )
        else:
            print_line(console, "\t".join(words))


def _closing(result: AuditResult) -> str:
    text = summary(result)
    skipped = sum(clip.status == "skipped" for clip in result.clips)
    dismissed = sum(p.state == "dismissed" for p in result.findings)
    extra = []
    if skipped:
        extra.append(f"{skipped} skipped (titles, generators, disabled)")
    if dismissed:
        extra.append(f"{counted(dismissed, 'finding')} dismissed")
    more = f" {'; '.join(extra)}." if extra else ""
    return f"{text}{more}"


def print_line(console: Console, text: str, style: str = "") -> None:
    """Print one line as it is: no markup, no wrapping, nothing that the encoding cannot carry."""
    encoding = console.encoding or "utf-8"
    safe = text.encode(encoding, "replace").decode(encoding)
    if console.is_terminal:
        console.print(safe, style=style or None, markup=False, highlight=False, emoji=False, soft_wrap=True)
    else:
        console.file.write(f"{safe}\n")  # as it is: a console would turn tabs into blanks
