"""The command line in this process: what it printed, and its exit code."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

import pytest

from otio_ai_audit.cli import main


@dataclass(frozen=True)
class Done:
    exit_code: int
    output: str
    errors: str


def run_cli(*arguments: object) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as left,
    ):
        main([str(argument) for argument in arguments])
    return Done(int(left.value.code or 0), out.getvalue(), err.getvalue())
