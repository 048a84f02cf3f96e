"""What a report page costs: making it, and opening, filtering and scrolling it in a real browser.

Small pages here; `python -m benchmarks.page` measures large ones. What the browser's main thread works is
counted in its own CPU time: others on the machine do not count.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.model import AuditResult
from otio_ai_audit.report import html_file, takes_html
from tests import triage_samples
from tests.browser import Browser, NoBrowser, running_browser

from . import page
from .page_world import result

CLIPS, FINDINGS, TAKES = 60, 180, 60
ROUNDS = 3
LIMIT = 0.3
"""Seconds of CPU until a page of this size can be used, on the machine that the project is measured on."""
SMOOTH = 0.0167
"""Seconds of CPU that a frame may take while scrolling."""


@pytest.fixture(scope="module")
def made() -> AuditResult:
    return result(CLIPS, FINDINGS)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        with running_browser(tmp_path_factory.mktemp("browser")) as running:
            yield running
    except NoBrowser as error:
        pytest.skip(str(error))


@pytest.mark.benchmark(group="page")
def test_pictures_as_text(benchmark: Any, made: AuditResult) -> None:
    """The reference: base64 of all pictures that the result has."""
    around = (one.data for frames in made.around.values() for one in frames)
    strips = (one.data for clip in made.clips for one in clip.strip)
    pictures = [*made.stills.values(), *around, *strips]
    benchmark.pedantic(lambda: [base64.b64encode(data) for data in pictures], rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.benchmark(group="page")
def test_writing_the_page_of_an_edit(benchmark: Any, made: AuditResult, tmp_path: Path) -> None:
    page_path = tmp_path / "edit.html"
    benchmark.pedantic(html_file.write, (made, page_path), rounds=ROUNDS, warmup_rounds=1)
    benchmark.extra_info["megabytes"] = page_path.stat().st_size / 1e6


@pytest.mark.benchmark(group="page in a browser")
@pytest.mark.parametrize("kind", ["edit", "takes"])
def test_using_a_page(benchmark: Any, browser: Browser, made: AuditResult, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{kind}.html"
    if kind == "edit":
        html_file.write(made, path)
    else:
        takes_html.write_page(triage_samples.many(2, TAKES // 2), path)
    arguments = {"places": 4, "frames": 45}
    found = benchmark.pedantic(page.measure, (browser, path), arguments, rounds=1, warmup_rounds=1)
    benchmark.extra_info.update({words: figure for words, figure in page.rows(found)})
    if not benchmark.disabled:
        assert found["cpu"] < LIMIT
        assert found["cpu_scrolling"] / len(found["gaps"]) < SMOOTH
