"""``otio-ai-audit render``: parse, call, print, exit code."""

from __future__ import annotations

from concurrent.futures import Executor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options as shared
from .progress import console, progress_of

if TYPE_CHECKING:
    from ..gather import Progress
    from ..render import Rendered, RenderOptions
    from ..walk import Audit, Options


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int | None, int] | None:
    from ..render import parse_size

    return None if value is None else parse_size(value)


def _seconds(ctx: click.Context, param: click.Parameter, value: float) -> Fraction:
    return Fraction(value).limit_denominator(1000)


@click.command("render")
@shared.INPUTS
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The movie: .mp4 .m4v (H.264) or .mov (ProRes).",
)
@click.option("--size", callback=_size, help="Of the picture: 1280x720, or a height.  [default: the edit's]")
@click.option("--codec", type=click.Choice(["h264", "prores"]), help="Other than the suffix says.")
@click.option("--quality", type=click.IntRange(0, 51), help="H.264: lower is better.  [default: 18]")
@click.option(
    "--profile",
    type=click.Choice(["proxy", "lt", "standard", "hq"]),
    help="Of ProRes.  [default: hq]",
)
@click.option(
    "--overlay",
    type=click.Choice(["heat", "boxes", "none"]),
    default="boxes",
    show_default=True,
    help="Show where a fault is: a map of its strength, a box around it.",
)
@click.option("--no-burn-in", is_flag=True, help="No timecode, clip name and frame number.")
@click.option("--no-bars", is_flag=True, help="No bars of scores.")
@click.option("--clean", is_flag=True, help="The bare picture and sound; nothing is measured.")
@click.option("--only-findings", is_flag=True, help="Only the faults, with handles.")
@click.option(
    "--handles",
    type=click.FloatRange(0, 60),
    default=1.0,
    show_default=True,
    callback=_seconds,
    help="Seconds before and after each fault of a reel.",
)
@click.option("--no-sound", is_flag=True, help="Leave the sound out.")
@shared.EDIT
@shared.DETECTORS
@shared.SUBJECTS
@shared.MAPS
@shared.MEDIA_ROOTS
@shared.VERDICT_FOLDER
@shared.RATE
@shared.TIMELINE
@shared.DROP_FRAME
@shared.ENGINE
@shared.HWACCEL
@shared.SETTINGS
@shared.FORCE
@click.option("-q", "--quiet", is_flag=True, help="No words and no progress.")
@shared.PROGRESS
@shared.DEBUG
def command(
    inputs: tuple[Path, ...],
    output: Path,
    size: tuple[int | None, int] | None,
    codec: str | None,
    quality: int | None,
    profile: str | None,
    overlay: str,
    no_burn_in: bool,
    no_bars: bool,
    clean: bool,
    only_findings: bool,
    handles: Fraction,
    no_sound: bool,
    edit: Path | None,
    detectors: tuple[str, ...] | None,
    subjects: Path | None,
    maps: tuple[str, ...],
    media_roots: tuple[Path, ...],
    verdict_folder: Path | None,
    rate: Fraction | None,
    timeline: str | None,
    drop_frame: str,
    engine: str,
    hwaccel: str,
    settings: Path | None,
    force: bool,
    quiet: bool,
    progress_form: str,
    debug: bool,
) -> int:
    """Render an edit as a movie, with what was found drawn on it.

    \b
    otio-ai-audit render advert.otio -o review.mp4
    otio-ai-audit render advert.otio -o faults.mp4 --only-findings --overlay heat
    otio-ai-audit render advert.otio -o clean.mov --clean
    otio-ai-audit render MASTER.mov --edit advert.otio -o review.mp4

    What is known of the media is used, the rest is measured first. Grades, transforms, Fusion and titles
    are not rendered, and the movie says so; with DaVinci Resolve Studio, otio-ai-audit resolve render does.

    Exit code: 0 rendered, 2 wrong use, 3 some picture or sound could not be shown.
    """  # noqa: D301 - click knows the real control character only
    from ..render import RenderOptions, codec_of
    from ..walk import Options

    if clean and only_findings:
        raise click.UsageError("--clean measures nothing, so there are no findings: leave one of them out.")
    wanted = RenderOptions(
        size=size,
        codec=codec,  # type: ignore[arg-type]  # click checked it
        quality=quality,
        profile=profile,
        burn_in=not (no_burn_in or clean),
        bars=not (no_bars or clean),
        overlay="none" if clean else overlay,  # type: ignore[arg-type]
        only_findings=only_findings,
        handles=handles,
        sound=not no_sound,
    )
    shared.refuse_inputs(output, inputs)
    codec_of(output, wanted)
    options = Options(
        edit=edit,
        maps=maps,
        media_root=media_roots,
        drop_frame=drop_frame,
        verdicts_folder=verdict_folder,
        detectors=detectors,
        subjects=subjects,
        settings=settings,
        engine=engine,
        hwaccel=hwaccel,
        rate=rate,
        timeline=timeline,
        heat=overlay == "heat",
        force=force,
    )
    with progress_of("none" if quiet and progress_form == "auto" else progress_form) as progress:
        progress.say("Starting")
        rendered = _render(inputs, output, options, wanted, progress)
    if not quiet:
        tell(rendered, output)
    return 3 if rendered is not None and rendered.incomplete else 0


def _render(
    inputs: tuple[Path, ...], output: Path, options: Options, wanted: RenderOptions, progress: Progress
) -> Rendered | None:
    """Audit and render; None where a reel of the faults would be empty."""
    from .. import render

    if wanted.bare:
        from ..opening import open_edit

        edit = open_edit(inputs, options, progress)
        assert edit.film is not None
        return render.render(edit.film(), output, wanted, engine=options.engine, progress=progress)
    from ..walk import audit

    finished = audit(inputs, options, progress)
    if wanted.only_findings and not render.shown_findings(finished.result, wanted.least):
        return None
    return render_audited(finished, output, wanted, options.engine, progress)


def render_audited(
    finished: Audit, path: Path, wanted: RenderOptions, engine: str | Executor, progress: Progress
) -> Rendered:
    """Render the edit of a finished audit."""
    from .. import render

    assert finished.film is not None
    return render.render(
        finished.film(),
        path,
        wanted,
        result=finished.result,
        uses=finished.uses,
        engine=engine,
        progress=progress,
    )


def tell(rendered: Rendered | None, path: Path) -> None:
    """Print what was rendered, and what was not."""
    out = console()
    if rendered is None:
        out.print(f"No fault was found, so there is nothing to show; {path} was not written.", markup=False)
        return
    width, height = rendered.size
    out.print(f"Wrote {path}: {rendered.frames} frames, {width} × {height}.", markup=False)
    for text in rendered.lacks:
        out.print(text, markup=False)
    for text in rendered.problems:
        out.print(f"Not shown: {text}", markup=False)
