"""The demo's drawing, faults, edit and comparison; the whole of it is `make demo`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from otio_ai_audit import demo
from otio_ai_audit.demo import edit, faults, scenes, shots
from otio_ai_audit.demo.faults import Fault
from otio_ai_audit.demo.paint import Grain, Pen, Picture, Snowfall, Sprite, Stage
from otio_ai_audit.errors import OutputError
from otio_ai_audit.model import AuditResult, ClipResult, Finding, Placed, TimelineInfo

SMALL = Stage(192, 108)
RATE = Fraction(24)


# --- drawing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scene",
    [
        scenes.village,
        scenes.truck_drive,
        scenes.truck_front,
        scenes.yard,
        scenes.fox_sits,
        scenes.wheel_close,
        scenes.forest,
        scenes.snowman_stands,
    ],
)
def test_a_scene_gives_moving_pictures_and_the_same_ones_again(scene: Any) -> None:
    first, second = list(scene(SMALL, 3)), list(scene(SMALL, 3))
    assert len(first) == 3
    assert all(picture.shape == (108, 192, 3) and picture.dtype == np.uint8 for picture in first)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], first[2])
    assert 25 < first[0].mean() < 200


def test_boiling_fur_changes_the_fox_alone_and_only_where_it_should() -> None:
    calm = list(scenes.fox_sits(SMALL, 5, close=True))
    boiling = list(scenes.fox_sits(SMALL, 5, close=True, boil=(2, 3)))
    differs = [not np.array_equal(a, b) for a, b in zip(calm, boiling, strict=True)]
    assert differs == [False, False, True, True, False]
    change = np.abs(calm[2].astype(int) - boiling[2]).max(axis=2)
    columns = np.flatnonzero(change.max(axis=0))
    assert columns.min() > 50 and columns.max() < 150


def test_another_look_is_another_truck() -> None:
    red = next(scenes.truck_front(SMALL, 1))
    other = next(scenes.truck_front(SMALL, 1, look=shots.props.OTHER))
    assert np.abs(red.astype(int) - other)[40:80, 80:112].mean() > 8


def test_the_snowman_becomes_another_one_smoothly_and_stays_it() -> None:
    calm = list(scenes.snowman_stands(SMALL, 12))
    other = list(scenes.snowman_stands(SMALL, 12, morph=(3, 9)))
    away = [float(np.abs(a.astype(int) - b)[10:90, 70:120].mean()) for a, b in zip(calm, other, strict=True)]
    assert away[:4] == [0, 0, 0, 0] and away[4] > 0
    assert all(b > a for a, b in pairwise(away[3:9]))
    assert min(away[9:]) > 6 and max(np.diff(away)) < 0.5 * max(away)


def test_a_look_half_way_is_neither() -> None:
    from otio_ai_audit.demo.snowman import ANOTHER, BLUE_SCARF, between

    assert between(BLUE_SCARF, ANOTHER, 0.0) == BLUE_SCARF
    assert between(BLUE_SCARF, ANOTHER, 1.0) == ANOTHER
    assert between(BLUE_SCARF, ANOTHER, 0.5).eyes == pytest.approx((0.295, 16, 10, 11.75))


def test_the_truck_has_more_shots_than_the_odd_one() -> None:
    trucks = [take for take in shots.TAKES if take.file.startswith("truck_")]
    odd = [take for take in trucks if take.fault is not None and take.fault.detector == "mismatch"]
    assert len(trucks) >= 4 and len(odd) == 1


def test_a_sprite_moves_by_parts_of_a_pixel() -> None:
    from PIL import Image

    pen = Pen(20, 20, 2.0)
    pen.box(5, 5, 15, 15, (255, 255, 255))
    sprite = Sprite(pen.image, 2.0, (10, 10))
    centres = []
    for shift in (0.0, 0.25, 0.5, 0.75, 1.0):
        frame = Image.new("RGB", (60, 60))
        sprite.place(frame, Stage(960, 540), (30 + shift, 30))
        light = np.asarray(frame)[:, :, 0].astype(float)
        centres.append(float((light.sum(axis=0) * np.arange(60)).sum() / light.sum()))
    assert all(0.15 < b - a < 0.35 for a, b in pairwise(centres))


def test_snow_falls_smoothly_and_grain_is_mild() -> None:
    snow = Snowfall(SMALL, seed=1, count=20, radius=8.0, fall=10.0)
    pictures = []
    for number in range(3):
        picture: Picture = np.zeros((108, 192, 3), dtype=np.uint8)
        snow.draw(picture, number)
        pictures.append(picture.astype(float))
    totals = [picture.sum() for picture in pictures]
    assert max(totals) < 1.15 * min(totals)
    gray: Picture = np.full((108, 192, 3), 100, dtype=np.uint8)
    noisy = Grain(SMALL, seed=1).add(gray)
    assert 0.8 < noisy.std() < 1.8 and abs(noisy.mean() - 100) < 0.3


# --- faults -----------------------------------------------------------------------------------------


def ramp(count: int, start: int = 50) -> Iterator[Picture]:
    for number in range(count):
        yield np.full((4, 4, 3), start + number, dtype=np.uint8)


def levels(pictures: Iterator[Picture]) -> list[int]:
    return [int(picture[0, 0, 0]) for picture in pictures]


def test_pulse_and_pop_change_their_frames_alone() -> None:
    flat = [np.full((2, 2, 3), 100, dtype=np.uint8)] * 8
    assert levels(faults.pulse(flat, Fault("flicker", 2, 6, ""))) == [100, 100, 107, 100, 93, 100, 107, 100]
    assert levels(faults.pop(flat, Fault("pop", 3, 3, ""))) == [100, 100, 100, 120, 100, 100, 100, 100]


def test_freeze_holds_the_frame_before_and_jumps_on() -> None:
    assert levels(faults.freeze(ramp(7), Fault("freeze", 2, 4, ""))) == [50, 51, 51, 51, 51, 55, 56]


def test_cut_shows_the_other_shot_from_its_frame_on() -> None:
    assert levels(faults.cut(ramp(5), ramp(5, 200), Fault("cut", 3, 3, ""))) == [50, 51, 52, 200, 201]


def test_a_take_is_rendered_as_an_image_sequence(tmp_path: Path) -> None:
    number = next(i for i, take in enumerate(shots.TAKES) if take.sequence)
    assert shots.render(shots.Order(number, str(tmp_path), SMALL)) == 60
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names[0] == "forest.1001.png" and names[-1] == "forest.1060.png" and len(names) == 60


# --- the edit ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return edit.timeline(Path("/films/advert/media"))


def test_the_edit_is_one_that_otio_reads(document: dict[str, Any]) -> None:
    timeline = otio.adapters.read_from_string(json.dumps(document), "otio_json")
    assert timeline.name == ""
    assert timeline.global_start_time == otio.opentime.RationalTime(86400, 24)
    assert [track.name for track in timeline.tracks] == ["Video 1", "Video 2", "Audio 1"]
    assert len({track.duration().value for track in timeline.tracks}) == 1
    clips = [item for item in timeline.video_tracks()[0] if isinstance(item, otio.schema.Clip)]
    assert len(clips) == 16
    for clip in clips:
        assert clip.available_range().contains(clip.source_range, 0), clip.name


def children(document: dict[str, Any], track: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = document["tracks"]["children"][track]["children"]
    return items


def test_the_edit_has_what_resolve_writes(document: dict[str, Any]) -> None:
    lower, upper, sound = (children(document, track) for track in range(3))
    assert [item["transition_type"] for item in lower if "transition_type" in item] == ["SMPTE_Dissolve"]
    clips = [item for item in (*lower, *upper) if item["OTIO_SCHEMA"] == "Clip.2"]
    media = {item["name"]: item["media_references"]["DEFAULT_MEDIA"] for item in clips}
    assert media["cabin_v003.mov"]["available_range"]["start_time"]["value"] == 864000
    assert media["cabin_v003.mov"]["target_url"] == str(Path("/films/advert/media/cabin_v003.mov"))
    assert media["forest.[1001-1060].png"]["OTIO_SCHEMA"] == "ImageSequenceReference.1"
    assert media[edit.OFFLINE]["metadata"]["Resolve_OTIO"]["Media Url"] == edit.OFFLINE_URL
    assert media[edit.TITLE]["available_range"] is None and media[edit.TITLE]["metadata"] == {}
    assert [item["name"] for item in clips if not item["enabled"]] == ["truck_drive_v007.mp4"]
    speeds = [e["time_scalar"] for item in clips for e in item["effects"] if "time_scalar" in e]
    assert speeds == [0.5]
    assert [item["OTIO_SCHEMA"] for item in (upper[0], upper[-1], *sound)] == ["Gap.1", "Gap.1", "Gap.1"]


def seen_frames(document: dict[str, Any], name: str, offset: int) -> set[int]:
    """Media frames of the clip `name` that nothing hides and no dissolve touches."""
    hidden: set[int] = set()
    position = 0
    for item in children(document, 1):
        length = int(item["source_range"]["duration"]["value"])
        if item["OTIO_SCHEMA"] == "Clip.2" and item["enabled"] and item["name"] != edit.TITLE:
            hidden |= set(range(position, position + length))
        position += length
    position = 0
    lower = children(document, 0)
    shown: set[int] = set()
    for before, item, after in zip([{}, *lower], lower, [*lower[1:], {}], strict=False):
        if "source_range" not in item:
            continue
        length = int(item["source_range"]["duration"]["value"])
        if item["name"] == name:
            start = int(item["source_range"]["start_time"]["value"]) - offset
            head = int(before.get("out_offset", {"value": 0})["value"])
            tail = int(after.get("in_offset", {"value": 0})["value"])
            shown |= {start + k for k in range(head, length - tail) if position + k not in hidden}
        position += length
    return shown


def test_every_fault_can_be_seen(document: dict[str, Any]) -> None:
    faulty = [take for take in shots.TAKES if take.fault is not None]
    assert len(faulty) == 7
    for take in faulty:
        assert take.fault is not None
        wanted = set(range(take.fault.first, take.fault.last + 1))
        assert wanted <= seen_frames(document, take.name, 0 if take.sequence else take.start), take.name


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match=r"The demo cannot be written to .*taken"):
        demo.build(tmp_path / "taken")


# --- the comparison ---------------------------------------------------------------------------------

TRUTH = demo.Truth(
    edit=Path("advert.otio"),
    faults=(demo.InjectedFault("a.mp4", "flicker", 40, 74, Path("a.mp4"), RATE, "It pulses."),),
    offline=("gone.mp4",),
    skipped=("Text+",),
)


def result(*seen: tuple[str, str, int, int, float], state: Any = "new") -> AuditResult:
    """Return a result with findings (clip, detector, first frame, last frame, score)."""
    status = {
        "a.mp4": "audited",
        "b.mp4": "audited",
        "clean.mp4": "audited",
        "gone.mp4": "failed",
        "Text+": "skipped",
    }
    clips = tuple(
        ClipResult(f"V1/{i:04d}", name, value, None, 0, 96)  # type: ignore[arg-type]
        for i, (name, value) in enumerate(status.items())
    )
    names = {clip.name: clip.id for clip in clips}
    placed = tuple(
        Placed(
            f"{i:06x}",
            Finding(detector, names[clip], first / 24, (last + 1 - first) / 24, score, "Look."),
            state, "", first, last + 1 - first, "01:00:00:00",
        )
        for i, (clip, detector, first, last, score) in enumerate(seen)
    )  # fmt: skip
    info = TimelineInfo("advert", RATE, 86400, False, 900, "advert.otio", "01:00:00:00")
    return AuditResult("0", info, "", "", ("flicker",), clips, placed)


def verdicts(comparison: demo.Comparison) -> list[str]:
    return [row.verdict for row in comparison.rows]


def test_found_within_two_frames_is_found() -> None:
    comparison = demo.compare(result(("a.mp4", "flicker", 38, 76, 0.9)), TRUTH)
    assert verdicts(comparison) == ["found", "said so", "said so"]
    assert comparison.ok
    assert "1 of 1 faults found, 0 false alarms." in demo.table(comparison)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (("a.mp4", "flicker", 37, 74, 0.9), "found elsewhere"),
        (("a.mp4", "flicker", 40, 74, 0.4), "missed"),
        (("a.mp4", "pop", 40, 74, 0.9), "missed"),
        (("clean.mp4", "flicker", 40, 74, 0.9), "missed"),
    ],
)
def test_not_quite_is_not_found(seen: tuple[str, str, int, int, float], verdict: str) -> None:
    comparison = demo.compare(result(seen), TRUTH)
    assert verdicts(comparison)[0] == verdict
    assert not comparison.ok


FOUND = ("a.mp4", "flicker", 40, 74, 0.9)


@pytest.mark.parametrize(
    ("detector", "first", "last", "found"),
    [
        ("drift", 40, 95, True),
        ("drift", 50, 62, True),
        ("drift", 30, 50, True),
        ("drift", 55, 95, False),
        ("drift", 20, 95, False),
        ("mismatch", 40, 95, True),
        ("mismatch", 0, 95, True),
        ("mismatch", 0, 45, False),
    ],
)
def test_what_changes_slowly_counts_by_overlap(detector: str, first: int, last: int, found: bool) -> None:
    fault = demo.InjectedFault("b.mp4", detector, 40, 95, Path("b.mp4"), RATE, "Another one.")
    comparison = demo.compare(result(("b.mp4", detector, first, last, 0.8)), replace(TRUTH, faults=(fault,)))
    assert verdicts(comparison)[0] == ("found" if found else "found elsewhere")


def test_a_warning_on_a_clean_shot_is_a_false_alarm_and_a_note_is_not() -> None:
    assert demo.compare(result(FOUND, ("clean.mp4", "pop", 5, 5, 0.49)), TRUTH).ok
    for alarm in (
        ("clean.mp4", "pop", 5, 5, 0.5),
        ("b.mp4", "flicker", 10, 30, 0.6),
        ("a.mp4", "pop", 4, 4, 0.6),
    ):
        comparison = demo.compare(result(FOUND, alarm), TRUTH)
        assert "false alarm" in verdicts(comparison)
        assert not comparison.ok


def test_what_a_fault_drags_along_is_shown_and_counts_for_nothing() -> None:
    comparison = demo.compare(result(FOUND, ("a.mp4", "pop", 75, 75, 0.7)), TRUTH)
    assert "beside a fault" in verdicts(comparison)
    assert comparison.ok


def test_what_was_fixed_was_not_found() -> None:
    assert not demo.compare(result(FOUND, state="fixed"), TRUTH).ok
    assert demo.compare(result(FOUND, state="dismissed"), TRUTH).ok


def test_silence_about_a_missing_file_is_no_agreement() -> None:
    whole = result(FOUND)
    silent = replace(whole, clips=tuple(clip for clip in whole.clips if clip.status == "audited"))
    assert verdicts(demo.compare(silent, TRUTH))[-2:] == ["kept silent", "kept silent"]
    assert not demo.compare(silent, TRUTH).ok
    broken = replace(
        whole, clips=tuple(replace(clip, status="failed", reason="No such file.") for clip in whole.clips)
    )
    assert not demo.compare(broken, TRUTH).ok
