"""``otio-ai-audit demo``: render the advert, audit it as anyone would, compare with what was put in."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from .audit import run, write_outputs
from .progress import TerminalProgress
from .render import render_audited


@click.command("demo")
@click.argument("folder", default="otio-ai-audit-demo", type=click.Path(path_type=Path, file_okay=False))
@click.option("--engine", default="processes", metavar="SPEC", help="processes:N or threads:N.")
def command(folder: Path, engine: str) -> int:
    """Render a little advert with known faults into DIR, audit it and say which files to open."""
    from .. import demo
    from ..render import RenderOptions
    from ..walk import Options

    with TerminalProgress() as progress:
        progress.say("Rendering the advert")
        truth = demo.build(folder, progress.step)
    outputs = tuple(folder / name for name in ("report.html", "marked.otio", "markers.edl", "audit.json"))
    with tempfile.TemporaryDirectory() as cache:
        # A store of its own: the demo measures for real, every time, and leaves nothing behind.
        options = Options(engine=engine, stills=True, report=outputs[0].name, store=Path(cache))
        finished = run((truth.edit,), options)
    write_outputs(finished, outputs)
    movie = folder / "review.mp4"
    with TerminalProgress() as progress:
        render_audited(finished, movie, RenderOptions(overlay="heat"), engine, progress)
    comparison = demo.compare(finished.result, truth)
    click.echo(demo.table(comparison))
    click.echo("Open these:")
    for path in (*outputs, movie):
        click.echo(f"  {path}")
    return 0 if comparison.ok else 1
