from __future__ import annotations

import io

import pytest
from rich.console import Console

from otio_ai_audit import report
from otio_ai_audit.model import AuditResult
from otio_ai_audit.report.text import summary

from . import report_samples as samples


def printed(result: AuditResult, terminal: bool, width: int = 100, everything: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, no_color=True, legacy_windows=False)
    report.table(result, console, everything=everything)
    return out.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_only_what_somebody_should_look_at_worst_first(terminal: bool) -> None:
    text = printed(samples.sample(), terminal)
    assert text.index("01:00:05:06") < text.index("01:00:06:12")
    assert "Moves very little" not in text and "bell.mp4" not in text and "fox" not in text
    assert r"wheel.png" in text and r"File not found: D:\takes\wheel.png" in text
    assert "Checked: flicker, pop, freeze, cut, dead. Not checked: fingers, lettering" in text
    last = text.strip().splitlines()[-1]
    assert "Look at 1 of 4 shots; 1 not checked. 1 skipped" in last and "1 finding dismissed" in last


def test_everything_is_shown_when_asked_for() -> None:
    text = printed(samples.sample(), True, 160, everything=True)
    for words in ("Moves very little", "bell.mp4", "dismissed", "fixed", "6.2 cv", "a title"):
        assert words in text


def test_plain_lines_have_tabs_and_no_escapes() -> None:
    text = printed(samples.sample(), False, 40)
    line = next(line for line in text.splitlines() if "Upper left" in line)
    assert line.split("\t")[:4] == ["01:00:05:06", "ERROR", "0.91", "new"]
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_timecodes_never_wrap(width: int) -> None:
    text = printed(samples.sample(), True, width)
    assert "01:00:05:06" in text and "01:00:06:12" in text


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
def test_no_word_is_cut(width: int, everything: bool) -> None:
    result = samples.sample()
    text = "".join(printed(result, True, width, everything).split())
    shown = [placed for placed in result.findings if everything or placed.finding.score >= 0.8]
    assert shown
    for placed in shown:
        for word in placed.finding.message.split():
            assert word in text, word


@pytest.mark.parametrize("terminal", [True, False])
def test_names_are_neither_markup_nor_escapes(terminal: bool) -> None:
    text = printed(samples.nasty(), terminal, 200)
    assert "[bold red]markup[/bold red] :fox:" in text
    assert "\x1b[31m" not in text and "\x07" not in text and "\x00" not in text


def test_an_old_code_page_is_no_trouble() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="cp1252")
    report.table(samples.nasty(), Console(file=file, force_terminal=False))
    file.flush()
    assert b"alert(1)" in raw.getvalue()


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (samples.result(), "Nothing was audited: there are no clips."),
        (samples.result(samples.clip()), "Nothing to look at in 1 shot."),
        (
            samples.result(samples.clip(), findings=(samples.placed(score=0.4),)),
            "Nothing to look at in 1 shot.",
        ),
        (samples.result(samples.clip(status="failed")), "No shot could be audited; 1 not checked."),
        (samples.result(samples.clip(status="skipped")), "There was nothing to audit."),
        (
            samples.result(samples.clip(), samples.clip(2), findings=(samples.placed(),)),
            "Look at 1 of 2 shots.",
        ),
    ],
)
def test_the_summary_is_one_sentence(result: AuditResult, words: str) -> None:
    assert summary(result) == words
    assert words in printed(result, False)
