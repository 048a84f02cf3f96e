"""How large the page of a long edit may become; how it behaves is measured by `benchmarks.page`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.page_world import result
from otio_ai_audit.report import html_file

LIMIT = 40_000_000
"""Bytes of the page of 500 clips with 1,500 findings."""


def test_the_page_of_a_long_edit_is_no_larger_than_its_limit(tmp_path: Path) -> None:
    made = result(500, 1500)
    assert (len(made.clips), len(made.findings)) == (500, 1500)
    offered = sum(map(len, made.stills.values())) + sum(len(t.data) for f in made.around.values() for t in f)
    assert offered > LIMIT  # more than fits: what is left out is the page's choice
    html_file.write(made, tmp_path / "long.html")
    assert (tmp_path / "long.html").stat().st_size <= LIMIT
