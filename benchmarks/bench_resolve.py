"""What the Resolve lanes cost: a thousand markers set through the test Resolve, ten thousand findings merged.

`test_set_a_thousand_markers` reads the timeline, plans, sets 1,000 markers, reads them back and keeps its
ledger; its ratio is to the least calls of Resolve that can do that, made by hand in the same run. A real
Resolve takes a while for each call; what is measured here is what we add to it.
`test_merge_ten_thousand_findings` gives findings their ids, reviews them against all that is known and makes
markers of them; its ratio is to writing and reading the same findings as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from otio_ai_audit.resolve import live
from tests.marker_world import Shot, World, finding
from tests.resolve_host import Host, host_with
from tests.resolve_host_model import Medium, Timeline

MARKERS = 1000
FINDINGS = 10_000
SECONDS = 2.0
"""Most of our own time for 1,000 markers on the machine that the project is measured on."""


def edit() -> Timeline:
    tl = Timeline("Advert", size=(1920, 1080))
    media = [Medium(f"/takes/shot_{number:04d}.mp4") for number in range(MARKERS)]
    for medium in media:
        tl.clip(medium, 48, left=12)
    return tl


def result_of(tl: Timeline, folder: Path) -> Path:
    """Write a result with a marker on each clip, as the command line does."""
    items = {f"V1/{number:04d}": item for number, item in enumerate(tl.clips(), start=1)}
    ids = {key: f"{number:06x}" for number, key in enumerate(items)}
    markers = [
        {
            "frame": item.start - tl.first + 10,
            "frames": 12,
            "color": "Lemon",
            "name": "FLICKER",
            "note": f"The picture pulses 6 times a second. [audit {ids[key]}]",
            "ids": [ids[key]],
            "custom": f"otio_ai_audit 1 Lemon {ids[key]}",
            "clip": key,
        }
        for key, item in items.items()
    ]
    summary = {
        "frame": 0,
        "frames": 1,
        "color": "Cream",
        "name": "AUDIT 14:32",
        "clip": None,
        "ids": ["ffffff"],
    }
    summary |= {"note": "Look at all. [audit ffffff]", "custom": "otio_ai_audit 1 Cream ffffff"}
    clips = [
        {"id": key, "timeline_start_frame": item.start - tl.first, "frames": 48}
        for key, item in items.items()
    ]
    told = {"timeline": tl.id, "items": {key: item.id for key, item in items.items()}, "standing": []}
    path = folder / "result.json"
    path.write_text(json.dumps({"schema": 1, "clips": clips, "markers": [summary, *markers], "live": told}))
    return path


def set_markers(host: Host, result: Path, home: Path) -> None:
    code = live.main(
        "markers", resolve=host.resolve(), home=str(home), result=str(result), say=lambda words: None
    )
    assert code == 0 and len(host.timeline.markers) == MARKERS + 1


def by_hand(host: Host) -> None:
    """Set the same markers on clips that are looked up once, and check them, in as few calls as can be."""
    timeline = host.resolve().GetProjectManager().GetCurrentProject().GetCurrentTimeline()
    start = timeline.GetStartFrame()
    taken = timeline.GetMarkers()
    for number, item in enumerate(timeline.GetItemListInTrack("video", 1)):
        (
            item.GetUniqueId(),
            item.GetDuration(),
            item.GetLeftOffset(),
            item.GetMediaPoolItem(),
            item.GetMarkers(),
        )
        frame, own = item.GetStart() - start + 10, f"{number:06x}"
        assert frame not in taken
        timeline.AddMarker(frame, "Lemon", "FLICKER", f"x [audit {own}]", 12, f"otio_ai_audit 1 Lemon {own}")
    assert len(timeline.GetMarkers()) == MARKERS


def timed(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


@pytest.mark.benchmark(group="resolve", timer=process_time)
def test_set_a_thousand_markers(benchmark: Any, tmp_path: Path) -> None:
    tl = edit()
    result = result_of(tl, tmp_path)

    def fresh() -> tuple[tuple[Host, Path, Path], dict[str, Any]]:
        tl.markers.clear()
        return (host_with(tl), result, Path(tempfile.mkdtemp(dir=tmp_path))), {}

    benchmark.pedantic(set_markers, setup=fresh, rounds=3)
    if benchmark.disabled:
        return
    tl.markers.clear()
    bare = timed(lambda: by_hand(host_with(tl)))
    benchmark.extra_info["ratio"] = benchmark.stats.stats.min / bare
    assert benchmark.stats.stats.min - bare < SECONDS


@pytest.mark.benchmark(group="resolve", timer=process_time)
def test_set_the_same_markers_again(benchmark: Any, tmp_path: Path) -> None:
    """Nothing has changed: only the summary is written anew."""
    tl = edit()
    host, result = host_with(tl), result_of(tl, tmp_path)
    set_markers(host, result, tmp_path)
    host.undo.clear()
    benchmark.pedantic(set_markers, args=(host, result, tmp_path), rounds=3)
    assert len(host.undo) <= 2 * 3


def crowd() -> World:
    """Make a thousand shots with ten faults each."""
    shots = [Shot(f"shot_{number:04d}.mp4", 0, 240) for number in range(FINDINGS // 10)]
    kinds = ("flicker", "pop", "freeze", "cut", "dead")
    faults = [
        finding(shot.media, kinds[n % 5], 24 * n, 12, 0.5 + 0.05 * n) for shot in shots for n in range(10)
    ]
    return World(shots, faults)


@pytest.mark.benchmark(group="resolve", timer=process_time)
def test_merge_ten_thousand_findings(benchmark: Any) -> None:
    world = crowd()
    world.audit()  # the second one knows them all
    done = benchmark.pedantic(world.audit, rounds=2)
    assert len(done.result.findings) == FINDINGS and 1 < len(done.result.markers) < FINDINGS
    if not benchmark.disabled:
        rows = [dataclasses.asdict(item.finding) for item in done.result.findings]
        bare = timed(lambda: json.loads(json.dumps(rows, default=str)))
        benchmark.extra_info["ratio"] = benchmark.stats.stats.min / bare
