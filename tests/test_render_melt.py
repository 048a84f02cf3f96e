"""The rendered edit beside what MLT's `melt` makes of the same edit, through OpenTimelineIO's MLT adapter.

As far as that adapter goes: cuts, gaps, upper tracks, freezes, dissolves, and speeds of clips that begin at
their medium's first frame. It counts a retimed clip's start in retimed frames, reverses a whole medium, and
puts nested stacks at the end. Between two media frames MLT shows the nearest; here it is the one that has
begun, as in editors.
"""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest

from otio_ai_audit import render, timeline

from . import numbered
from . import reference_film as reference

MELT = shutil.which("melt")
pytestmark = [
    pytest.mark.skipif(MELT is None, reason="melt is not installed (Debian: apt install melt)"),
    pytest.mark.skipif(
        "mlt_xml" not in {one.name for one in otio.plugins.ActiveManifest().adapters},
        reason="OpenTimelineIO's MLT adapter is not installed (pip install otio-mlt-adapter)",
    ),
]
SIZE, FRAMES = (128, 72), 96
BARE = render.RenderOptions(size=SIZE, burn_in=False, bars=False, overlay="none", sound=False)
PROFILE = """description=test
frame_rate_num=24
frame_rate_den=1
width=128
height=72
progressive=1
sample_aspect_num=1
sample_aspect_den=1
display_aspect_num=16
display_aspect_den=9
colorspace=709
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("melt")
    for number, name in enumerate(("one.mp4", "two.mp4"), start=1):
        numbered.write(made / name, number, FRAMES, size=SIZE)
    return made


def time(value: float) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(value, 24)


def span(start: float, length: float) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(time(start), time(length))


def cut(
    folder: Path, name: str, start: int, length: int, *effects: otio.schema.TimeEffect
) -> otio.schema.Clip:
    held = otio.schema.ExternalReference(str(folder / f"{name}.mp4"), span(0, FRAMES))
    return otio.schema.Clip(name, held, span(start, length), effects=list(effects))


def gap(length: int) -> otio.schema.Gap:
    return otio.schema.Gap(source_range=span(0, length))


def speed(factor: float) -> otio.schema.LinearTimeWarp:
    return otio.schema.LinearTimeWarp(time_scalar=factor)


def edit(*tracks: list[otio.core.Composable]) -> otio.schema.Timeline:
    tl = otio.schema.Timeline("Melted", global_start_time=time(0))
    for number, items in enumerate(tracks, start=1):
        tl.tracks.append(otio.schema.Track(f"V{number}", items))
    return tl


def both(tl: otio.schema.Timeline, folder: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Render an edit by the package and by melt; the luma of every frame of each."""
    assert MELT is not None
    render.render(timeline.film(tl), folder / "ours.mp4", BARE, engine="threads:1")
    (folder / "profile").write_text(PROFILE, encoding="utf-8")
    otio.adapters.write_to_file(tl, str(folder / "edit.mlt"), "mlt_xml")
    command = [MELT, "-silent", "-profile", str(folder / "profile"), str(folder / "edit.mlt")]
    target = ["-consumer", f"avformat:{folder / 'theirs.mkv'}", "vcodec=ffv1", "pix_fmt=yuv420p", "an=1"]
    subprocess.run([*command, *target, "real_time=-1"], check=True, capture_output=True, timeout=60)
    return numbered.decoded(folder / "ours.mp4"), numbered.decoded(folder / "theirs.mkv")


def numbers(pictures: list[np.ndarray]) -> list[tuple[int, int]]:
    return [numbered.read(luma) for luma in pictures]


def test_cuts_gaps_tracks_and_freezes(folder: Path) -> None:
    low = [cut(folder, "one", 10, 30), gap(7), cut(folder, "two", 0, 20), gap(6), cut(folder, "one", 70, 26)]
    high = [gap(20), cut(folder, "two", 50, 12), cut(folder, "one", 33, 15, otio.schema.FreezeFrame())]
    ours, theirs = both(edit(low, high), folder)
    assert numbers(ours) == numbers(theirs)
    assert len(ours) == 89 and (-1, -1) in numbers(ours)


@pytest.mark.parametrize(("factor", "length"), [(2.0, 48), (4.0, 24), (3.0, 30), (-1.0, FRAMES)])
def test_speeds_that_are_whole(factor: float, length: int, folder: Path) -> None:
    retimed = cut(folder, "one", 0, length, speed(factor))
    ours, theirs = both(edit([cut(folder, "two", 5, 10), retimed, cut(folder, "two", 40, 5)]), folder)
    assert numbers(ours) == numbers(theirs)


@pytest.mark.parametrize("factor", [0.5, 0.25, 1.5, 0.8])
def test_speeds_between_frames(factor: float, folder: Path) -> None:
    tl = edit([cut(folder, "one", 0, 60, speed(factor))])
    ours, theirs = both(tl, folder)
    assert len(ours) == len(theirs) == 60
    for index, (one, two) in enumerate(zip(numbers(ours), numbers(theirs), strict=True)):
        place = index * Fraction(factor).limit_denominator(100)
        assert one == (1, int(place))
        assert two in ((1, int(place)), (1, -int(-place // 1)))


def test_dissolves(folder: Path) -> None:
    blend = otio.schema.Transition("", "SMPTE_Dissolve", time(4), time(6))
    tl = edit([cut(folder, "one", 20, 30), blend, cut(folder, "two", 20, 30)])
    media = {name: numbered.decoded(folder / f"{name}.mp4") for name in ("one", "two")}
    ours, theirs = both(tl, folder)
    assert len(ours) == len(theirs) == 60
    for index, (one, two) in enumerate(zip(ours, theirs, strict=True)):
        shown = reference.frame(tl, index, Fraction(24))
        pictures = [media[each.clip.name][reference.media_frame(each, Fraction(24))] for each in shown]
        if len(shown) == 1:
            assert numbered.read(one) == numbered.read(two) == numbered.read(pictures[0])
            continue
        mine, its = (share(luma, *pictures) for luma in (one, two))
        assert abs(mine - float(shown[-1].weight)) < 0.02
        assert abs(its - mine) < 0.07, "MLT counts a dissolve from its frames' ends"


def share(luma: np.ndarray, below: np.ndarray, above: np.ndarray) -> float:
    """How much of the upper of two pictures is in a third one, which is nothing but both."""
    change = above.astype(float) - below
    found = float(((luma - below.astype(float)) * change).sum() / (change**2).sum())
    assert np.abs(below + change * found - luma).mean() < 1.5
    return found
