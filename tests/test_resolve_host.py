"""The Resolve that other tests use is as strict, and lies, as the documented one."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from .resolve_host import EDITIONS, Handle, Host, host_with
from .resolve_host_model import COLORS, Medium, Timeline
from .resolve_run import Run, old_pythons, run_here, run_script
from .shared import shared_dir


def advert() -> Timeline:
    """Two clips with a dissolve between them, a title, and a second track."""
    tl = Timeline("Advert v3")
    a = tl.clip(Medium("/takes/a.mp4", start=86400), 48, left=14)
    tl.clip(Medium("/takes/b.mov", rate=Fraction(25), kind="Video"), 50, left=7)
    tl.dissolve(a, 12)
    tl.title(24)
    tl.clip(Medium("C:\\takes\\logo.png", 1, kind="Still"), 40, track=2)
    return tl


def opened(host: Host) -> Any:
    timeline = host.resolve().GetProjectManager().GetCurrentProject().GetCurrentTimeline()
    assert isinstance(timeline, Handle)
    return timeline


@pytest.fixture
def host() -> Host:
    return host_with(advert())


# --- markers ----------------------------------------------------------------------------------------


def test_frames_and_durations_come_back_as_floats_from_the_timelines_first_frame(host: Host) -> None:
    timeline = opened(host)
    assert timeline.AddMarker(12, "Lemon", "FLICKER", "Upper left pulses.", 4, "custom")
    assert timeline.GetMarkers() == {
        12.0: {
            "color": "Lemon",
            "duration": 4.0,
            "name": "FLICKER",
            "note": "Upper left pulses.",
            "customData": "custom",
        }
    }
    assert type(next(iter(timeline.GetMarkers()))) is float
    assert timeline.GetStartFrame() == 86400


@pytest.mark.parametrize(
    "row",
    [
        (12, "Blue", "second on one frame", "", 1, ""),
        (13, "Blue", "", "a note", 1, ""),
        (13, "blue", "name", "", 1, ""),
        (13, "Orange", "name", "", 1, ""),
        (13, "Blue", "name", None, 1, ""),
        (13, "Blue", "name", "", 0, ""),
        (13, "Blue", "name", "", "1", ""),
        (13.5, "Blue", "name", "", 1, ""),
        ("13", "Blue", "name", "", 1, ""),
        (-1, "Blue", "name", "", 1, ""),
        (122, "Blue", "beyond the end", "", 1, ""),
        (86400 + 13, "Blue", "absolute", "", 1, ""),
        (13, "Blue", "name", "", 1, None),
    ],
)
def test_refusals_are_a_bare_false(host: Host, row: tuple[Any, ...]) -> None:
    timeline = opened(host)
    assert timeline.AddMarker(12, "Red", "first", "", 1, "")
    before = timeline.GetMarkers()
    assert timeline.AddMarker(*row) is False
    assert timeline.GetMarkers() == before


def test_all_16_colours_and_empty_notes_are_taken(host: Host) -> None:
    timeline = opened(host)
    assert all(timeline.AddMarker(10.0 + at, color, "n", "", 1) for at, color in enumerate(COLORS))
    assert [row["color"] for row in timeline.GetMarkers().values()] == list(COLORS)


def test_an_absolute_frame_may_be_accepted_and_is_then_invisible() -> None:
    host = host_with(advert(), absolute_frames="accepted")
    timeline = opened(host)
    assert timeline.AddMarker(86412, "Red", "lost", "", 1, "")
    assert 86412.0 in timeline.GetMarkers()


def test_a_timeline_without_clips_refuses_markers() -> None:
    assert opened(host_with(Timeline("empty"))).AddMarker(0, "Red", "x", "", 1, "") is False


def test_an_old_build_raises_for_custom_data_and_has_none() -> None:
    timeline = opened(host_with(advert(), version="18.1", custom_data=False))
    with pytest.raises(TypeError):
        timeline.AddMarker(3, "Red", "x", "", 1, "custom")
    assert timeline.AddMarker(3, "Red", "x", "", 1)
    assert "customData" not in timeline.GetMarkers()[3.0]
    assert timeline.UpdateMarkerCustomData(3, "custom") is False


def test_markers_are_deleted_by_frame_colour_and_custom_data(host: Host) -> None:
    timeline = opened(host)
    for frame, color, custom in [(1, "Red", "a"), (2, "Red", "a"), (3, "Sky", "b"), (4, "Mint", "")]:
        timeline.AddMarker(frame, color, "x", "", 1, custom)
    assert timeline.GetMarkerByCustomData("a")["color"] == "Red"
    assert "frame" not in " ".join(timeline.GetMarkerByCustomData("a"))
    assert timeline.DeleteMarkerByCustomData("a") and list(timeline.GetMarkers()) == [2.0, 3.0, 4.0]
    assert timeline.DeleteMarkersByColor("Sky") and timeline.DeleteMarkersByColor("Sky") is False
    assert timeline.DeleteMarkerAtFrame(4.0) and timeline.DeleteMarkerAtFrame(4) is False
    assert timeline.UpdateMarkerCustomData(2, "new") and timeline.GetMarkerCustomData(2) == "new"
    assert timeline.DeleteMarkersByColor("All") and timeline.GetMarkers() == {}


@pytest.mark.parametrize(("origin", "number"), [("media", 20), ("clip", 6)])
def test_a_clips_markers_count_from_its_mediums_first_frame_or_from_its_own(
    origin: str, number: int, tmp_path: Path
) -> None:
    host = host_with(advert(), clip_marker_origin=origin)
    item = opened(host).GetItemListInTrack("video", 1)[0]
    assert item.AddMarker(number, "Cyan", "x", "note", 2, "custom")
    assert list(item.GetMarkers()) == [float(number)]
    assert item.GetMarkerCustomData(number) == "custom"
    clip = exported(host, tmp_path).find_clips()[0]
    assert clip.markers[0].marked_range.start_time.value == 86400 + 20


# --- handles ----------------------------------------------------------------------------------------


def test_every_attribute_is_there_and_unknown_ones_are_none(host: Host) -> None:
    timeline = opened(host)
    assert hasattr(timeline, "NoSuchCall") and timeline.NoSuchCall is None
    assert callable(timeline.GetMarkers) and "GetMarkers" in dir(timeline)
    assert "NoSuchCall" not in dir(timeline)
    assert opened(host) != opened(host)


def test_stale_handles_answer_none_and_false(host: Host) -> None:
    resolve, timeline = host.resolve(), opened(host)
    host.go_stale()
    assert timeline.GetName() is None and timeline.AddMarker(1, "Red", "x", "", 1) is False
    fresh = resolve.GetProjectManager().GetCurrentProject().GetCurrentTimeline()
    assert fresh.GetName() == "Advert v3"


def test_an_item_that_was_deleted_answers_none(host: Host) -> None:
    item = opened(host).GetItemListInTrack("video", 1)[0]
    assert item.GetName() == "a.mp4"
    host.person.ripple_delete(host.timeline.clips()[0])
    assert item.GetName() is None


def test_a_dialog_makes_so_many_calls_fail(host: Host) -> None:
    timeline = opened(host)
    host.modal(2)
    assert timeline.GetMarkers() is None
    assert timeline.AddMarker(1, "Red", "x", "", 1) is False
    assert timeline.AddMarker(1, "Red", "x", "", 1) is True


def test_auto_backup_ends_when_it_ends(host: Host) -> None:
    timeline = opened(host)
    left = iter([False, False, True, True])
    host.backup(lambda: next(left))
    assert [timeline.GetName() for _ in range(4)] == [None, None, "Advert v3", "Advert v3"]


def test_something_happens_at_a_call(host: Host) -> None:
    timeline = opened(host)
    host.at(2, lambda: host.modal(1), of="Timeline.AddMarker")
    rows = [timeline.AddMarker(at, "Red", "x", "", 1) for at in (1, 2, 3)]
    assert rows == [True, False, True]
    assert host.calls["Timeline.AddMarker"] == 3
    assert host.undo == ["AddMarker", "AddMarker"]


# --- a timeline -------------------------------------------------------------------------------------


def test_transitions_are_items_with_empty_properties(host: Host) -> None:
    items = opened(host).GetItemListInTrack("video", 1)
    assert [item.GetName() for item in items] == ["a.mp4", "Cross Dissolve", "b.mov", "Text+"]
    assert [bool(item.GetProperty()) for item in items] == [True, False, True, True]
    assert [item.GetMediaPoolItem() is None for item in items] == [False, True, False, True]
    assert items[1].GetStart() == 86400 + 48 - 6


def test_a_still_breaks_its_left_offset(host: Host) -> None:
    still = opened(host).GetItemListInTrack("video", 2)[0]
    assert still.GetLeftOffset() == 86313
    assert still.GetSourceStartFrame() == 0
    assert still.GetMediaPoolItem().GetClipProperty("File Path") == "C:\\takes\\logo.png"


def test_getters_lie_about_a_timeline_that_is_not_open(host: Host) -> None:
    timeline = opened(host)
    item = timeline.GetItemListInTrack("video", 1)[0]
    assert timeline.GetIsTrackEnabled("video", 1) is True and item.GetTakesCount() == 1
    host.person.duplicate("Advert v4")
    assert timeline.GetIsTrackEnabled("video", 1) is False and item.GetTakesCount() == 0
    assert timeline.GetTrackCount("video") == 2 and len(timeline.GetItemListInTrack("video", 1)) == 4


def test_opening_a_timeline_moves_its_playhead(host: Host) -> None:
    host.person.drag_playhead(86450)
    project = host.resolve().GetProjectManager().GetCurrentProject()
    assert opened(host).GetCurrentTimecode() == "01:00:02:02"
    assert project.SetCurrentTimeline(project.GetTimelineByIndex(1))
    assert opened(host).GetCurrentTimecode() == "01:00:00:00"


def test_a_duplicate_has_the_markers_with_their_custom_data_and_other_ids(host: Host) -> None:
    timeline = opened(host)
    timeline.AddMarker(5, "Sky", "x", "note", 2, "custom")
    copy = timeline.DuplicateTimeline("Advert v4")
    assert copy.GetMarkers() == timeline.GetMarkers()
    assert copy.GetUniqueId() != timeline.GetUniqueId()
    assert timeline.DuplicateTimeline("Advert v4") is None


@pytest.mark.parametrize(
    ("rate", "form", "told"),
    [
        ("24", "string", "24"),
        ("29.97 DF", "string", "29.97 DF"),
        ("29.97", "short", "29"),
        ("23.976", "float", 23.976),
    ],
)
def test_the_rate_comes_in_three_forms(rate: str, form: str, told: Any) -> None:
    tl = Timeline("a", rate)
    tl.title(10)
    assert opened(host_with(tl, rate_form=form)).GetSetting("timelineFrameRate") == told


def test_drop_frame_timecode() -> None:
    tl = Timeline("a", "29.97 DF")
    tl.title(4000)
    timeline = opened(host_with(tl))
    assert timeline.GetStartFrame() == 107892 and timeline.GetStartTimecode() == "01:00:00;00"
    tl.playhead = 107892 + 1800
    assert timeline.GetCurrentTimecode() == "01:01:00;02"


def test_subframes_and_selection_depend_on_the_version() -> None:
    old, new = (opened(host_with(advert(), version=version)) for version in ("18.5", "21.0"))
    item = new.GetItemListInTrack("video", 1)[0]
    assert item.GetStart() == 86400 and type(item.GetStart(True)) is float
    with pytest.raises(TypeError):
        old.GetItemListInTrack("video", 1)[0].GetStart(True)
    assert old.GetSelectedClips is None and new.GetSelectedClips() == []


# --- export -----------------------------------------------------------------------------------------


def exported(host: Host, folder: Path) -> otio.schema.Timeline:
    path = folder / "timeline.otio"
    assert opened(host).Export(str(path), host.resolve().EXPORT_OTIO, host.resolve().EXPORT_NONE)
    return otio.adapters.read_from_file(str(path), "otio_json")


def test_the_export_is_as_real_ones_are(host: Host, tmp_path: Path) -> None:
    opened(host).AddMarker(600 % 100, "Cyan", "PROBE", "a note", 3, "lost")
    tl = exported(host, tmp_path)
    assert tl.name == "" and tl.global_start_time.value == 86400
    assert [track.name for track in tl.tracks] == ["Video 1", "Video 2", "Audio 1"]
    marker = tl.tracks.markers[0]
    assert (marker.name, marker.color) == ("PROBE", "CYAN") and marker.marked_range.start_time.value == 0
    assert marker.metadata["Resolve_OTIO"]["Note"] == "a note" and "lost" not in str(marker.metadata)
    first, dissolve, second, title = tl.tracks[0]
    assert first.media_reference.target_url == "/takes/a.mp4"
    assert first.source_range.start_time == otio.opentime.RationalTime(86414, 24)
    assert dissolve.in_offset.value == dissolve.out_offset.value == 6
    assert (second.source_range.start_time.rate, second.media_reference.available_range.duration.rate) == (
        24,
        25,
    )
    assert isinstance(title.media_reference, otio.schema.MissingReference)
    assert title.media_reference.available_range is None
    still, gap = tl.tracks[1]
    assert still.media_reference.available_range.duration.value == 1
    assert isinstance(gap, otio.schema.Gap) and gap.duration().value == 122 - 40


def test_offline_media_keep_their_last_path(tmp_path: Path) -> None:
    tl = Timeline("a")
    tl.clip(Medium("D:\\takes\\fox.mp4", online=False), 30)
    (clip,) = exported(host_with(tl), tmp_path).find_clips()
    assert clip.media_reference.metadata["Resolve_OTIO"]["Media Url"] == "D:\\takes\\fox.mp4"


def test_an_image_sequence_is_a_path_with_brackets_and_a_reference_without(tmp_path: Path) -> None:
    tl = Timeline("a")
    item = tl.clip(Medium("/plates/out.[1001-1048].exr", 48), 40)
    host = host_with(tl)
    media = opened(host).GetItemListInTrack("video", 1)[0].GetMediaPoolItem()
    assert media.GetClipProperty("File Path") == item.medium.path  # type: ignore[union-attr]
    (clip,) = exported(host, tmp_path).find_clips()
    assert (clip.media_reference.target_url_base, clip.media_reference.start_frame) == ("/plates", 1001)


@pytest.mark.parametrize("how", ["directory", "empty", "nothing", "broken", "false"])
def test_an_export_may_be_no_file_whatever_it_says(how: str, tmp_path: Path) -> None:
    host = host_with(advert(), export={"OTIO": how})
    path = tmp_path / "timeline.otio"
    assert opened(host).Export(str(path), host.resolve().EXPORT_OTIO) is (how != "false")
    if path.is_file():
        with pytest.raises(ValueError, match="Expecting"):
            json.loads(path.read_text(encoding="utf-8"))


def test_export_wants_a_constant_of_the_handle_and_a_folder(host: Host, tmp_path: Path) -> None:
    timeline, resolve = opened(host), host.resolve()
    assert resolve.EXPORT_OTIO == 0.0 and resolve.EXPORT_NO_SUCH is None and resolve.MARKER_RED is None
    assert timeline.Export(str(tmp_path / "a.otio"), "EXPORT_OTIO") is False
    assert timeline.Export(str(tmp_path / "none" / "a.otio"), resolve.EXPORT_OTIO) is False
    assert host_with(advert(), version="18.1").resolve().EXPORT_OTIO is None


def test_a_drt_is_a_zip_of_xml_with_the_clips(tmp_path: Path) -> None:
    host = host_with(advert(), version="18.1")
    assert opened(host).Export(str(tmp_path / "a.drt"), host.resolve().EXPORT_DRT)
    with zipfile.ZipFile(tmp_path / "a.drt") as bundle:
        (name,) = (name for name in bundle.namelist() if name.startswith("SeqContainer/"))
        text = bundle.read(name).decode()
    assert "<MediaFilePath>/takes/a.mp4</MediaFilePath>" in text and "<In>14</In>" in text


def test_the_export_has_the_shape_of_the_shared_samples(host: Host, tmp_path: Path) -> None:
    folder = shared_dir()
    samples = sorted((folder / "timelines" / "otio_resolve").glob("*.otio")) if folder else []
    if not samples:
        pytest.skip("no shared sample timelines here")

    def keys(node: Any, into: dict[str, set[str]]) -> dict[str, set[str]]:
        if isinstance(node, dict):
            into.setdefault(str(node.get("OTIO_SCHEMA")), set()).update(node)
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
            keys(child, into)
        return into

    real: dict[str, set[str]] = {}
    for sample in samples:
        keys(json.loads(sample.read_text(encoding="utf-8")), real)
    exported(host, tmp_path)
    ours = keys(json.loads((tmp_path / "timeline.otio").read_text(encoding="utf-8")), {})
    ours.pop("None"), real.pop("None")
    assert {name: found - real.get(name, set()) for name, found in ours.items()} == {
        name: set() for name in ours
    }


# --- editions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "studio"), EDITIONS)
def test_what_an_edition_can_do(version: str, studio: bool) -> None:
    host = host_with(advert(), version=version, studio=studio)
    number = tuple(map(int, version.split(".")))
    assert (host.scriptapp("Resolve") is not None) is studio
    assert host.lists_python is (studio or number < (21, 1))
    windows = host.fusion().UIManager is not None
    assert windows is (studio or number < (19, 1)) and host.popups == (not windows)
    assert (host.resolve().GetProductName() is None) is (not windows)  # a popup is modal
    assert (host.resolve().EXPORT_OTIO is not None) is (number >= (18, 5))


# --- scripts ----------------------------------------------------------------------------------------

SCRIPT = """
import sys
project = resolve.GetProjectManager().GetCurrentProject()
timeline = project.GetCurrentTimeline()
print("named", timeline.GetName(), "__file__" in globals(), sys.argv)
print(timeline.NoSuchCall, hasattr(timeline, "NoSuchCall"), "AddMarker" in dir(timeline))
for item in timeline.GetItemListInTrack("video", 1):
    timeline.AddMarker(item.GetStart() - timeline.GetStartFrame(), "Sky", item.GetName(), "é", 2, "c")
try:
    timeline.AddMarker(1, 2, 3, 4, 5, 6, 7)
except TypeError as error:
    print("refused:", error)
print(sorted(timeline.GetMarkers()), resolve.EXPORT_OTIO, fusion.UIManager is None)
"""
SAID = [
    "named Advert v3 False ['']",
    "None True True",
    "refused: AddMarker() takes 5 arguments (7 given)",
    "[0.0, 42.0, 48.0, 98.0] 0.0 False",
]


def test_a_script_runs_here_and_in_another_process_alike(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    here, there = host_with(advert()), host_with(advert())
    assert run_here(here, SCRIPT).out.splitlines()[1:] == SAID[1:]
    run = run_script(there, tmp_path / "script.py")
    assert run.out.splitlines() == SAID and run.code == 0
    assert here.timeline.markers == there.timeline.markers


def test_a_script_runs_in_the_oldest_python(tmp_path: Path) -> None:
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python here that is older than this one")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    run = run_script(host_with(advert()), tmp_path / "script.py", python=next(iter(pythons.values())))
    assert run.out.splitlines() == SAID


def test_a_killed_script_does_nothing_more(tmp_path: Path) -> None:
    left = tmp_path / "left"
    text = SCRIPT + f"\nopen({str(left)!r}, 'w')"
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    host = host_with(advert())
    host.at(2, host.kill, of="Timeline.AddMarker")
    run = run_script(host, tmp_path / "script.py")
    assert run == Run(-9, run.out, killed=True)
    assert list(host.timeline.markers) == [0] and not left.exists()


def test_a_script_killed_here_gets_no_answer_in_its_last_breath() -> None:
    host = host_with(advert())
    host.at(3, host.kill)
    text = "try:\n    a = resolve.GetProjectManager().GetCurrentProject()\n    a.GetName()\n"
    text += "finally:\n    a.GetName()"
    assert run_here(host, text).killed
    assert host.calls["Project.GetName"] == 1
