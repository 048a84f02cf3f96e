"""Edits in other formats: what is read of real files, and of made ones what is easily read wrong."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable
from fractions import Fraction as F
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from otio_ai_audit import timeline, video
from otio_ai_audit.errors import TimelineError
from otio_ai_audit.model import ClipUse, Plan
from otio_ai_audit.timeline.edl_events import read_events
from otio_ai_audit.timeline.retime import media_at

from .fcpx_edit import HEAD, document, project, save
from .shared import shared_dir

SHARED = shared_dir()
FOLDER = SHARED / "timelines" if SHARED else None
needs_samples = pytest.mark.skipif(FOLDER is None, reason="the sample timelines are not at hand")
missing = [
    name
    for name in ("cmx_3600", "fcp_xml", "AAF")
    if name not in {one.name for one in otio.plugins.ActiveManifest().adapters}
]
needs_adapters = pytest.mark.skipif(bool(missing), reason=f"adapters are not installed: {missing}")

# file: rate asked for (0: none), rate, start, frames, shots, skipped, markers; or what a person is told
SAMPLES: dict[str, tuple[int, F | int, str, int, int, int, int] | str] = {
    "fcpxml_resolve/losslesscut_FCPXML_1_9.fcpxml": (0, 25, "01:00:00:00", 96098, 173, 0, 0),
    "fcpxml_resolve/scateu_B_Roll_0.fcpxml": (0, 24, "00:00:00:00", 551, 11, 0, 0),
    "fcpxml_resolve/scateu_B_Roll_1.fcpxml": (0, 25, "00:00:00:00", 1562, 1, 0, 0),
    "fcpxml_other/dawfilekit_fcp_23.98.fcpxml": (0, F(24000, 1001), "00:00:00:00", 5348, 10, 0, 12),
    "fcpxml_other/dawfilekit_fcp_24With25Media.fcpxml": (0, 24, "01:00:00:00", 3911, 2, 0, 3),
    "fcpxml_other/dawfilekit_fcp_25i.fcpxml": (0, 25, "00:00:00:00", 738, 12, 0, 24),
    "fcpxml_other/dawfilekit_fcp_29.97d.fcpxml": (0, F(30000, 1001), "00:00:00;00", 887, 12, 0, 26),
    "fcpxml_other/dawfilekit_fcp_BasicMarkers.fcpxml": (0, F(30000, 1001), "00:00:00:00", 1919, 0, 1, 4),
    "fcpxml_other/dawfilekit_fcp_CompoundClips.fcpxml": (0, 25, "01:00:00:00", 752, 0, 3, 6),
    "fcpxml_other/dawfilekit_fcp_DisabledClips.fcpxml": (0, 24, "00:00:00:00", 20438, 1, 3, 4),
    "fcpxml_other/dawfilekit_fcp_MulticamMarkers.fcpxml": (0, F(24000, 1001), "01:00:00:00", 1200, 2, 0, 4),
    "fcpxml_other/dawfilekit_fcp_Occlusion.fcpxml": (0, 24, "00:00:00:00", 3121, 0, 4, 7),
    "fcpxml_other/dawfilekit_fcp_SyncClip.fcpxml": (0, 25, "01:00:00:00", 738, 1, 0, 3),
    "fcpxml_other/dawfilekit_fcp_TransitionMarkers1.fcpxml": (0, 24, "01:00:00:00", 720, 0, 3, 11),
    "fcpxml_other/openfcpxmlkit_ImageSample.fcpxml": (0, F(24000, 1001), "00:00:00:00", 1097, 1, 0, 0),
    "fcpxml_other/otiofcpx_fcpx_clips.fcpxml": (0, 30, "00:00:00:00", 2400, 4, 0, 0),
    "fcpxml_other/otiofcpx_fcpx_event.fcpxml": "holds 2 timelines: “OpenTimeline_Project”, “Open",
    "fcpxml_other/otiofcpx_fcpx_example.fcpxml": "holds 2 timelines",
    "fcpxml_other/otiofcpx_fcpx_library.fcpxml": "holds 2 timelines",
    "fcpxml_other/otiofcpx_fcpx_project.fcpxml": (0, 30, "00:00:00:00", 4500, 11, 0, 8),
    "fcp7_resolve/chetools_TimelineBase.xml": "has no clips",
    "fcp7_resolve/chetools_Timeline_1.xml": (0, 60, "01:00:00:00", 138, 23, 0, 0),
    "fcp7_resolve/chetools_subtitle_time.xml": "has no clips",
    "fcp7_resolve/feue_Timeline_1.xml": (0, 60, "01:00:00:00", 1088, 0, 0, 0),  # sound only
    "fcp7_resolve/losslesscut_XMEML_2.xml": (0, 60, "01:00:00:00", 461349, 9, 0, 0),
    "fcp7_other/losslesscut_XMEML.xml": (0, 25, "01:00:00:16", 1234, 6, 0, 0),
    "fcp7_other/otiofcp_empty_name_tags.xml": (0, F(24000, 1001), "00:00:00:00", 3517, 33, 118, 3),
    "fcp7_other/otiofcp_hiero_xml_export.xml": (0, 24, "01:00:00:00", 1324, 2, 0, 0),
    "fcp7_other/otiofcp_premiere_enable_property.xml": (0, 25, "00:00:00:00", 256, 3, 3, 0),
    "fcp7_other/otiofcp_premiere_example.xml": (0, 30, "00:00:00:00", 1271, 6, 1, 4),
    "fcp7_other/otiofcp_premiere_generators.xml": (0, F(24000, 1001), "00:00:00:00", 856, 0, 6, 0),
    "fcp7_other/otiofcp_sample_just_track.xml": "has no clips",
    "edl_resolve/adamhawkey_Test2events.edl": (60, 60, "01:00:00:00", 2059, 2, 0, 0),
    "edl_resolve/jve_a007_retime_test.edl": (25, 25, "01:00:00:00", 425, 3, 0, 0),
    "edl_resolve/jve_retime_matrix_test.edl": (25, 25, "01:00:00:00", 1025, 7, 0, 0),
    "edl_other/cmx3600_25fps.edl": (0, 25, "00:00:00:00", 496, 4, 0, 0),
    "edl_other/cmx3600_avid_example.edl": (24, 24, "00:59:53:11", 81, 2, 0, 0),
    "edl_other/cmx3600_cdl.edl": (24, 24, "00:00:00:00", 62, 2, 0, 0),
    "edl_other/cmx3600_dissolve_test.edl": (24, 24, "01:00:00:00", 20, 3, 0, 0),
    "edl_other/cmx3600_dissolve_test_2.edl": (24, 24, "01:00:00:00", 20, 3, 0, 0),
    "edl_other/cmx3600_gap_test.edl": (24, 24, "00:00:00:00", 126, 3, 0, 0),
    "edl_other/cmx3600_multi_audio.edl": "has only sound",
    "edl_other/cmx3600_nucoda_example.edl": (24, 24, "00:59:53:11", 81, 2, 0, 0),
    "edl_other/cmx3600_premiere_example.edl": (24, 24, "00:59:53:11", 81, 2, 0, 0),
    "edl_other/cmx3600_screening_example.edl": (0, 24, "00:59:53:11", 1049, 9, 0, 3),
    "edl_other/cmx3600_speed_effects_small.edl": (0, 24, "01:00:00:00", 16636, 5, 0, 0),
    "edl_other/cmx3600_timecode_mismatch.edl": (0, 25, "00:00:00:00", 1789, 20, 0, 0),
    "edl_other/cmx3600_wipe_test.edl": (24, 24, "01:00:00:00", 20, 3, 0, 0),
    "edl_other/losslesscut_cmx3600.edl": (0, F(30000, 1001), "01:00:00;00", 1425, 9, 0, 0),
    "edl_other/losslesscut_cmx3600_5994.edl": (0, F(60000, 1001), "01:00:00;00", 2850, 9, 0, 0),
    "edl_other/losslesscut_file32.edl": (0, F(30000, 1001), "01:00:00;00", 1425, 9, 0, 0),
    "edl_other/losslesscut_pull001_201109_exr.edl": (0, 24, "01:00:00:00", 487, 3, 0, 0),
    "aaf_resolve/amb_T07_duck_keyframed.aaf": (0, 50, "01:00:00:00", 1500, 2, 0, 0),
    "aaf_resolve/amb_T45_twoclip_control.aaf": (0, 50, "01:00:00:00", 1500, 1, 0, 0),
    "aaf_resolve/amb_mut_aaf_trackscope_gain.aaf": (0, 50, "01:00:00:00", 1500, 1, 0, 0),
    "aaf_other/otioaaf_2997fps-DFTC.aaf": (0, F(30000, 1001), "05:00:00;00", 2989, 1, 0, 0),
    "aaf_other/otioaaf_linear_speed_effects.aaf": (0, 24, "01:00:00:00", 50, 20, 0, 0),
    "aaf_other/otioaaf_multiple_markers.aaf": (0, 24, "01:00:00:00", 2275, 12, 10, 10),
    "aaf_other/otioaaf_nested_stack.aaf": (0, 24, "01:00:00:00", 65, 7, 1, 0),
    "aaf_other/otioaaf_transitions.aaf": (0, 24, "01:00:00:00", 521, 4, 0, 0),
    "aaf_other/otioaaf_utf8.aaf": (0, 24, "01:00:00:00", 10, 1, 0, 2),
}
ASK = "does not say its frame rate, and its timecodes fit .* with --rate"


def planned(tl: otio.schema.Timeline, media: Path | None = None, **given: Any) -> Plan:
    return timeline.plan(tl, timeline.PlanOptions(source="cut", media_root=media, **given))


def uses(path: Path, *names: str, **given: Any) -> dict[str, ClipUse]:
    """Plan an edit with its media at hand; uses by id."""
    media = path.parent / "media"
    media.mkdir(exist_ok=True)
    for name in names:
        (media / name).touch()
    plan = planned(timeline.read(path, **given), media)
    assert not plan.failures, plan.failures
    return {use.id: use for use in plan.uses}


def source_frames(use: ClipUse, rate: F | int) -> tuple[F, F]:
    """Media frames at the first and after the last timeline frame of a clip."""
    ends = [media_at(use.knots, F(k) / use.rate) * rate for k in (0, use.record_frames)]
    return ends[0], ends[1]


# --- real samples ------------------------------------------------------------------------------------------


@needs_samples
@needs_adapters
@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_read_of_real_files(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert FOLDER is not None
    path, expected = FOLDER / name, SAMPLES[name]
    if isinstance(expected, str):
        with pytest.raises(TimelineError, match=expected):
            timeline.read(path)
        return
    asked, rate, start, frames, shots, skipped, markers = expected
    if asked:
        with pytest.raises(TimelineError, match=ASK):
            timeline.read(path)
    tl = timeline.read(path, F(asked) if asked else None)
    plan = planned(tl)
    info = plan.info
    assert (info.rate, info.start_timecode, info.frames) == (rate, start, frames)
    assert (len(plan.failures) + len(plan.uses), len(plan.skipped)) == (shots, skipped)
    assert len(timeline.read_markers(tl, info)) == markers
    assert not info.name.endswith(("(Resolve)", ".edl"))
    assert capfd.readouterr() == ("", ""), "adapters print nothing"


@needs_samples
def test_every_sample_is_in_the_table() -> None:
    assert FOLDER is not None
    there = {
        f"{path.parent.name}/{path.name}"
        for form in ("fcpxml", "fcp7", "edl", "aaf")
        for kind in ("resolve", "other")
        for path in (FOLDER / f"{form}_{kind}").iterdir()
    }
    assert there == set(SAMPLES)


@needs_samples
@pytest.mark.parametrize("folder", ["edl_resolve", "edl_other"])
def test_events_are_those_that_another_reader_finds(folder: str) -> None:
    pycmx = pytest.importorskip("pycmx")
    assert FOLDER is not None
    for path in sorted((FOLDER / folder).glob("*.edl")):
        if "file32" in path.name or "pull001" in path.name:
            continue  # File32 and 128 columns, which that reader takes for another width
        text = path.read_text(encoding="utf-8")
        with warnings.catch_warnings(), path.open(encoding="utf-8") as file:
            warnings.simplefilter("ignore")
            theirs = [
                (edit.source_in, edit.source_out, edit.record_in, edit.record_out)
                for event in pycmx.parse_cmx3600(file).events
                for edit in event.edits
            ]
        ours = []
        for event in read_events(text)[0]:
            ours += [event.before.times] if event.before is not None else []
            ours.append(event.times)
        assert ours == theirs, path.name


@needs_samples
def test_marker_edls_are_told_apart_from_edits() -> None:
    assert FOLDER is not None
    for path in sorted((FOLDER / "edl_markers_resolve").glob("*.edl")):
        with pytest.raises(TimelineError, match=r"is a marker EDL.*after --verdicts"):
            timeline.read(path)
    for path in sorted((FOLDER / "drb").glob("*.drb")):
        with pytest.raises(TimelineError, match=r"is a bin .* holds no timeline.*OpenTimelineIO \(\.otio\)"):
            timeline.read(path)


# --- FCPXML ------------------------------------------------------------------------------------------------


def test_cuts_gaps_lanes_and_titles(tmp_path: Path) -> None:
    spine = """
        <asset-clip ref="a" name="one" offset="3600s" start="2s" duration="2s"/>
        <gap name="Gap" offset="3602s" start="3600s" duration="1s">
            <asset-clip ref="b" name="over" lane="1" offset="3600s" start="3601s" duration="1s"/>
            <asset-clip ref="w" name="sound" lane="-1" offset="3600s" duration="3s"/>
        </gap>
        <asset-clip ref="a" name="two" offset="3603s" duration="2s">
            <title ref="title" name="Name" lane="2" offset="1/2s" start="3600s" duration="1s"/>
            <spine lane="1" offset="1s">
                <video ref="p" name="still" duration="1/2s" start="3600s"/>
                <asset-clip ref="b" name="dark" duration="1/2s" start="3610s" enabled="0"/>
            </spine>
        </asset-clip>"""
    path = save(document(project(spine, duration="6s")), tmp_path)
    found = uses(path, "a one.mp4", "b.mp4", "p.png", "w.wav")
    plan = planned(timeline.read(path), tmp_path / "media")
    places = {use.name: (use.record_start, use.record_frames, use.id) for use in plan.uses}
    assert places == {
        "one": (0, 48, "V1/0001"),
        "over": (48, 24, "V2/0001"),
        "two": (72, 48, "V1/0002"),
        "still": (96, 12, "V2/0002"),
    }
    assert source_frames(found["V1/0001"], 24) == (48, 96)
    assert source_frames(found["V2/0001"], 24) == (24, 48), "counted from where the file’s timecode begins"
    assert found["V2/0002"].media.kind == "still"
    reasons = {one.name: one.reason for one in plan.skipped}
    assert reasons == {"Name": "A generator (Name).", "dark": "Disabled in the edit."}
    assert (plan.info.name, plan.info.frames, plan.info.start_timecode) == ("cut", 144, "01:00:00:00")


def test_media_of_another_rate_run_frame_by_frame_where_rates_are_near(tmp_path: Path) -> None:
    clip = '<asset-clip ref="c25" name="{0}" offset="{1}s" start="2s" duration="2s">{2}</asset-clip>'
    spine = (
        clip.format("frames", 3600, '<conform-rate srcFrameRate="25"/>')
        + clip.format("clock", 3602, '<conform-rate srcFrameRate="25" scaleEnabled="0"/>')
        + clip.format("plain", 3604, "")
    )
    path = save(document(project(spine)), tmp_path)
    one, two, three = uses(path, "c25.mp4").values()
    assert source_frames(one, 25) == (50, 50 + 48), "25 frames play as 24 a second"
    assert source_frames(two, 25) == source_frames(three, 25) == (50, 100)
    assert timeline.frames_of(one, one.visible[0]) == (0, 48)


def test_what_is_connected_lies_in_the_time_of_a_conformed_clip(tmp_path: Path) -> None:
    spine = """<asset-clip ref="c25" offset="3600s" start="2s" duration="5s">
        <conform-rate srcFrameRate="25"/>
        <asset-clip ref="a" name="over" lane="1" offset="3s" duration="1s"/>
        <marker start="3s" duration="1/25s" value="at 25"/>
    </asset-clip>"""
    tl = timeline.read(save(document(project(spine)), tmp_path))
    plan = planned(tl)
    assert {one.name: one.record_start for one in plan.failures}["over"] == 25
    assert [(one.frame, one.name) for one in timeline.read_markers(tl, plan.info)] == [(25, "at 25")]


@pytest.mark.parametrize(
    ("points", "start", "expected", "words"),
    [
        ([(0, 0), (10, 20)], "1s", (48, 144), "200 %"),
        ([(0, 0), (20, 10)], "4s", (48, 72), "50 %"),
        ([(0, 20), (20, 0)], "1s", (19 * 24, 17 * 24), "reverse"),
        ([(0, 5), (10, 5)], "0s", (120, 120), "freeze frame"),
        ([(0, 0), (1, 1), (3, 5)], "0s", (0, 72), "variable speed"),
    ],
)
def test_speeds(
    tmp_path: Path, points: list[tuple[int, int]], start: str, expected: tuple[int, int], words: str
) -> None:
    rows = "".join(f'<timept time="{time}s" value="{value}s" interp="linear"/>' for time, value in points)
    clip = f'<asset-clip ref="a" offset="3600s" start="{start}" duration="2s"><timeMap>{rows}</timeMap>'
    clip += "</asset-clip>"
    (use,) = uses(save(document(project(clip)), tmp_path), "a one.mp4").values()
    assert use.retime == words
    assert source_frames(use, 24) == expected


def test_clips_within_clips(tmp_path: Path) -> None:
    resources = """<media id="m" name="inside"><sequence format="r24" tcStart="7200s" duration="8s"><spine>
            <asset-clip ref="a" name="in1" offset="7200s" start="1s" duration="4s"/>
            <asset-clip ref="a" name="in2" offset="7204s" start="9s" duration="4s"/>
        </spine></sequence></media>
        <media id="mc" name="cams"><multicam format="r24" tcStart="0s">
            <mc-angle name="A" angleID="A">
                <asset-clip ref="a" name="camA" offset="0s" duration="20s"/></mc-angle>
            <mc-angle name="B" angleID="B"><gap offset="0s" duration="1s"/>
                <asset-clip ref="b" name="camB" offset="1s" duration="20s"/></mc-angle>
        </multicam></media>"""
    spine = """<ref-clip ref="m" name="compound" offset="3600s" start="7203s" duration="2s"/>
        <mc-clip ref="mc" name="multi" offset="3602s" start="2s" duration="2s">
            <mc-source angleID="A" srcEnable="audio"/><mc-source angleID="B" srcEnable="video"/></mc-clip>
        <sync-clip name="sync" offset="3604s" start="1s" duration="2s">
            <asset-clip ref="a" name="synced" offset="0s" duration="20s">
                <asset-clip ref="w" lane="-1" offset="0s" duration="20s"/></asset-clip></sync-clip>
        <clip name="clip" offset="3606s" start="3s" duration="2s">
            <video ref="b" offset="1s" start="3600s" duration="10s">
                <audio ref="b" lane="-1" offset="3600s" duration="10s"/></video></clip>
        <audition offset="3608s"><asset-clip ref="a" name="chosen" start="5s" duration="2s"/>
            <asset-clip ref="b" name="other" duration="2s"/></audition>"""
    path = save(document(project(spine), resources=resources), tmp_path)
    found = {use.name: use for use in uses(path, "a one.mp4", "b.mp4", "w.wav").values()}
    places = {name: (use.record_start, use.record_frames) for name, use in found.items()}
    assert places == {
        "in1": (0, 24),
        "in2": (24, 24),
        "camB": (48, 48),
        "synced": (96, 48),
        "clip": (144, 48),
        "chosen": (192, 48),
    }
    starts = {name: source_frames(use, 24)[0] for name, use in found.items()}
    assert starts == {"in1": 4 * 24, "in2": 9 * 24, "camB": 24, "synced": 24, "clip": 48, "chosen": 120}


def test_an_asset_for_every_cut_of_a_file_is_one_file(tmp_path: Path) -> None:
    assets = "".join(
        f'<asset id="x{n}" start="{5 * n}s" duration="5s" hasVideo="1" format="r25">'
        '<media-rep kind="original-media" src="file:///takes/in.mov"/></asset>'
        for n in range(3)
    )
    spine = "".join(
        f'<asset-clip ref="x{n}" offset="{3600 + 5 * n}s" start="{5 * n}s" duration="5s"/>' for n in range(3)
    )
    path = save(document(project(spine, fmt="r25", duration="15s"), resources=assets), tmp_path)
    assert [source_frames(use, 25)[0] for use in uses(path, "in.mov").values()] == [0, 125, 250]


def test_dissolves_and_see_through_clips(tmp_path: Path) -> None:
    spine = """<asset-clip ref="a" name="one" offset="3600s" start="2s" duration="2s"/>
        <transition name="Cross Dissolve" offset="7203/2s" duration="1s"/>
        <asset-clip ref="b" name="two" offset="3602s" start="3605s" duration="2s">
            <asset-clip ref="a" name="half" lane="1" offset="3605s" duration="1s">
                <adjust-blend amount="0.5"/></asset-clip>
            <asset-clip ref="a" name="small" lane="1" offset="3606s" duration="1s">
                <adjust-transform scale="0.5 0.5"/></asset-clip>
        </asset-clip>"""
    found = {u.name: u for u in uses(save(document(project(spine)), tmp_path), "a one.mp4", "b.mp4").values()}
    assert set(found) == {"one", "two", "half", "small"}, "what a see-through clip covers is audited too"
    assert found["one"].blended == ((36, 48),)
    assert found["two"].blended == ((48, 60),)
    assert found["two"].shown == ((48, 96),)


def test_exact_rates_start_and_drop_frame(tmp_path: Path) -> None:
    spine = '<asset-clip ref="a" offset="107999892/30000s" duration="1001/30s"/>'
    text = document(project(spine, fmt="r2997", start="107999892/30000s", duration="1001/30s"))
    info = planned(timeline.read(save(text.replace('"NDF"', '"DF"'), tmp_path))).info
    assert (info.rate, info.start_timecode, info.frames) == (F(30000, 1001), "01:00:00;00", 1000)
    plain = planned(timeline.read(save(text, tmp_path))).info
    assert plain.start_timecode == "00:59:56:12"
    asked = planned(timeline.read(save(text, tmp_path)), drop_frame="yes").info
    assert asked.drop_frame


def test_one_of_several_timelines_is_chosen_by_name(tmp_path: Path) -> None:
    clip = '<asset-clip ref="a" name="{0}" offset="3600s" duration="2s"/>'
    several = [
        project(clip.format(name), f"{name} (Resolve)") for name in ("first", "second", "twin", "twin")
    ]
    path = save(document(*several), tmp_path)
    with pytest.raises(TimelineError, match=r"holds 4 timelines: “first”, “second”.*--timeline NAME"):
        timeline.read(path)
    for name in ("second", "second (Resolve)"):
        assert timeline.read(path, name=name).name == "second"
    with pytest.raises(TimelineError, match="holds no timeline “third”, only “first”"):
        timeline.read(path, name="third")
    with pytest.raises(TimelineError, match="holds 2 timelines named “twin”"):
        timeline.read(path, name="twin")


def test_a_bundle_and_another_suffix(tmp_path: Path) -> None:
    text = document(project('<asset-clip ref="a" offset="3600s" duration="2s"/>'))
    bundle = tmp_path / "cut.fcpxmld"
    bundle.mkdir()
    with pytest.raises(TimelineError, match=r"There is no file .*Info\.fcpxml"):
        timeline.read(bundle)
    save(text, bundle, "Info.fcpxml")
    assert timeline.read(bundle).name == "cut"
    assert timeline.read(save(text, tmp_path, "cut.xml")).name == "cut"
    (tmp_path / "empty.fcpxmld").touch()
    with pytest.raises(TimelineError, match="damaged or is no XML"):
        timeline.read(tmp_path / "empty.fcpxmld")


BOMB = '<?xml version="1.0"?><!DOCTYPE fcpxml [<!ENTITY a "ha">]><fcpxml version="1.9">&a;</fcpxml>'
LOOP = """<media id="m"><sequence format="r24" duration="2s"><spine>
    <ref-clip ref="m" duration="2s"/></spine></sequence></media>"""
TREE = "".join(
    f'<media id="m{n}"><sequence format="r24" duration="9s"><spine>'
    + f'<ref-clip ref="m{n + 1}" duration="1s"/>' * 9
    + "</spine></sequence></media>"
    for n in range(20)
)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (BOMB, "defines entities"),
        (HEAD + "<fcpxml>" + "<spine>" * 400, "too deep"),
        (HEAD + "<fcpxml><resources>", "damaged or is no XML"),
        (document(project('<ref-clip ref="m" duration="2s"/>'), resources=LOOP), "without end"),
        (document(project('<ref-clip ref="m0" duration="9s"/>'), resources=TREE), "without end"),
        (document(project('<asset-clip ref="a" offset="now" duration="2s"/>')), "“now” is no time"),
        (document(project('<asset-clip ref="a" duration="2/0s"/>')), "is no time"),
        (document(project('<asset-clip ref="a" duration="2s"/>', fmt="still")), "does not say how fast"),
        (document(project("")), "has no clips"),
        (document(), "holds no timeline"),
    ],
)
def test_what_cannot_be_read_of_fcpxml(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(TimelineError, match=match):
        timeline.read(save(text, tmp_path))


# --- FCP7 XML ----------------------------------------------------------------------------------------------


def xmeml(items: str, name: str = "cut", ntsc: str = "FALSE", code: str = "NDF", more: str = "") -> str:
    rate = f"<rate><timebase>30</timebase><ntsc>{ntsc}</ntsc></rate>"
    frame = 107892 if code == "DF" else 108000
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="5"><sequence id="{name}"><name>{name}</name><duration>600</duration>{rate}
    <timecode><string>01:00:00:00</string><frame>{frame}</frame><displayformat>{code}</displayformat>{rate}</timecode>
    <media><video><track>{items}</track></video></media>{more}</sequence></xmeml>"""


def clipitem(name: str, start: int, end: int, begin: int = 0, more: str = "") -> str:
    return f"""<clipitem id="{name} {start}"><name>{name}</name><duration>600</duration>
        <start>{start}</start><end>{end}</end><in>{begin}</in><out>{begin + end - start}</out>
        <file id="{name} {start} f"><duration>600</duration><name>{name}</name>
            <pathurl>file://localhost/D:/my%20takes/{name}</pathurl>
            <timecode><frame>3000</frame><displayformat>NDF</displayformat></timecode></file>{more}</clipitem>"""


def effect(kind: str, **values: str) -> str:
    rows = "".join(
        f"<parameter><parameterid>{k}</parameterid><value>{v}</value></parameter>" for k, v in values.items()
    )
    return f"<filter><effect><name>x</name><effectid>{kind}</effectid>{rows}</effect></filter>"


@needs_adapters
def test_fcp7_rates_drop_frame_and_what_is_off(tmp_path: Path) -> None:
    items = (
        clipitem("a.mp4", 0, 60)
        + clipitem("b.mp4", 60, 90, more="<enabled>FALSE</enabled>")
        + "<enabled>TRUE</enabled>"
    )
    path = save(xmeml(items, "cut (Resolve)", "TRUE", "DF"), tmp_path, "cut.xml")
    plan = planned(timeline.read(path))
    assert plan.info.rate == F(30000, 1001)
    assert (plan.info.start_timecode, plan.info.name) == ("01:00:00;00", "cut")
    assert [one.reason for one in plan.skipped] == ["Disabled in the edit."]
    assert plan.failures[0].reason == "File not found: D:\\my takes\\a.mp4"
    dark = timeline.read(save(xmeml(items.replace("TRUE", "FALSE")), tmp_path, "dark.xml"))
    assert {one.reason[:19] for one in planned(dark).skipped} == {"On a disabled track"}


CURVE = """<filter><effect><name>Time Remap</name><effectid>timeremap</effectid>
    <parameter><parameterid>variablespeed</parameterid><value>1</value></parameter>
    <parameter><parameterid>speed</parameterid><value>150</value></parameter>
    <parameter><parameterid>graphdict</parameterid><value>0</value>
        <keyframe><when>0</when><value>0</value></keyframe>
        <keyframe><when>30</when><value>30</value></keyframe>
        <keyframe><when>60</when><value>120</value></keyframe></parameter></effect></filter>"""


@needs_adapters
@pytest.mark.parametrize(
    ("name", "filters", "expected", "words"),
    [
        ("cut", effect("timeremap", speed="200"), (60, 180), "200 %"),
        ("cut (Resolve)", effect("timeremap", speed="200"), (30, 150), "200 %"),
        ("cut (Resolve)", effect("timeremap", speed="50", reverse="FALSE"), (30, 60), "50 %"),
        ("cut", effect("timeremap", speed="100", reverse="TRUE"), (90, 30), "reverse"),
        ("cut (Resolve)", effect("timeremap", speed="0"), (30, 90), ""),
        ("cut", CURVE, (30, 120), "variable speed"),
    ],
)
def test_fcp7_speeds(tmp_path: Path, name: str, filters: str, expected: tuple[int, int], words: str) -> None:
    end = 60 if words != "variable speed" else 30
    path = save(xmeml(clipitem("a.mp4", 0, end, 30, filters), name), tmp_path, "cut.xml")
    (use,) = uses(path, "a.mp4").values()
    assert use.retime == words
    assert source_frames(use, 30) == expected


@needs_adapters
def test_fcp7_looks_and_markers(tmp_path: Path) -> None:
    upper = clipitem("b.mp4", 0, 60, more=effect("opacity", opacity="40"))
    mark = "<marker><name>FLICKER</name><comment>Pulses. [audit a7f3c1]</comment><in>{0}</in>"
    mark += "<out>{1}</out></marker>"
    lower = clipitem("a.mp4", 0, 60, 30, more=mark.format(40, 41))
    items = f"{lower}</track><track>{upper}"
    tl = timeline.read(save(xmeml(items, more=mark.format(7, -1)), tmp_path, "cut.xml"))
    plan = planned(tl)
    assert [one.shown for one in plan.failures] == [((0, 60),)] * 2
    found = timeline.read_markers(tl, plan.info)
    assert sorted((one.frame, one.note, one.ids) for one in found) == [
        (7, "Pulses. [audit a7f3c1]", ("a7f3c1",)),
        (10, "Pulses. [audit a7f3c1]", ("a7f3c1",)),
    ]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("<testsuites/>", "JUnit report, no edit"),
        ("<testsuite name='x'/>", "JUnit report, no edit"),
        ("<html/>", "XML, but no edit .<html>"),
        ("<xmeml version='5'><project/></xmeml>", "holds no timeline"),
        (BOMB, "defines entities"),
        ("TITLE: no XML", "damaged or is no XML"),
    ],
)
def test_xml_of_other_programs(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(TimelineError, match=match):
        timeline.read(save(text, tmp_path, "report.xml"))


@needs_adapters
def test_what_the_fcp7_adapter_cannot_read_is_one_sentence(tmp_path: Path) -> None:
    path = save(xmeml("<clipitem><start>x</start></clipitem>"), tmp_path, "cut.xml")
    with pytest.raises(
        TimelineError, match=r"cannot be read as FCP7 XML .*OpenTimelineIO \(\.otio\)"
    ) as error:
        timeline.read(path)
    assert "\n" not in str(error.value)
    path = save(xmeml(clipitem("a.mp4", 0, 9).replace("<in>0<", "<in>nan<")), tmp_path, "cut.xml")
    with pytest.raises(TimelineError, match=r"gives “a\.mp4” a time that is no number"):
        timeline.read(path)
    two = xmeml(clipitem("a.mp4", 0, 9), "one").replace("</xmeml>", "")
    two += xmeml(clipitem("a.mp4", 0, 9), "two").split('<xmeml version="5">')[1]
    path = save(
        two.replace("<sequence", "<project><children><sequence", 1).replace(
            "</xmeml>", "</children></project></xmeml>"
        ),
        tmp_path,
        "two.xml",
    )
    with pytest.raises(TimelineError, match="holds 2 timelines: “one”, “two”"):
        timeline.read(path)
    assert timeline.read(path, name="two").name == "two"


# --- EDL -------------------------------------------------------------------------------------------------


def edl(*lines: str, fcm: str = "NON-DROP FRAME") -> str:
    return "\n".join(["TITLE: cut", f"FCM: {fcm}", "", *lines, ""])


CUT = "{n:03d}  AX       V     C        {0} {1} {2} {3}"


def event(number: int, *times: str, name: str = "a.mp4", more: str = "") -> str:
    return f"{CUT.format(*times, n=number)}\n* FROM CLIP NAME: {name}{more}"


PLAIN = event(1, "00:00:01:00", "00:00:03:00", "01:00:00:00", "01:00:02:00")


@needs_adapters
@pytest.mark.parametrize(
    ("events", "fcm", "rate"),
    [
        # One event whose seconds differ decides: 2 s − 21 frames = 1 s + 9 frames at 30.
        ([event(1, "00:00:15:26", "00:00:17:05", "01:00:06:17", "01:00:07:26")], "NON-DROP FRAME", F(30)),
        ([event(1, "00:00:00:20", "00:00:01:05", "01:00:00:00", "01:00:00:10")], "NON-DROP FRAME", F(25)),
        ([event(1, "00:00:00:20", "00:00:01:05", "01:00:00:00", "01:00:00:09")], "NON-DROP FRAME", F(24)),
        ([event(1, "00:00:00:00", "00:00:00:55", "01:00:00:00", "01:00:00:55")], "NON-DROP FRAME", F(60)),
        ([PLAIN], "DROP FRAME", F(30000, 1001)),
        (
            [event(1, "00:00:00:00", "00:00:00:55", "01:00:00:00", "01:00:00:55")],
            "DROP FRAME",
            F(60000, 1001),
        ),
        ([PLAIN.replace("01:00:00:00", "01:00:00;00")], "NON-DROP FRAME", F(30000, 1001)),
    ],
)
def test_the_rate_of_an_edl_is_found(tmp_path: Path, events: list[str], fcm: str, rate: F) -> None:
    plan = planned(timeline.read(save(edl(*events, fcm=fcm), tmp_path, "cut.edl")))
    assert plan.info.rate == rate
    said = [note for note in plan.notices if "does not say its frame rate" in note]
    assert bool(said) == (rate.denominator == 1), "said where it was worked out"


@needs_adapters
def test_many_timecodes_without_a_high_frame_tell_the_rate(tmp_path: Path) -> None:
    events = [
        event(
            n,
            f"00:00:0{n % 9}:00",
            f"00:00:0{n % 9}:{n % 25:02d}",
            f"01:00:{n:02d}:00",
            f"01:00:{n:02d}:{n % 25:02d}",
        )
        for n in range(1, 50)
    ]
    plan = planned(timeline.read(save(edl(*events), tmp_path, "cut.edl")))
    assert plan.info.rate == 25


@needs_adapters
def test_a_rate_that_cannot_be_found_or_be_is_asked_for(tmp_path: Path) -> None:
    path = save(edl(PLAIN), tmp_path, "cut.edl")
    with pytest.raises(
        TimelineError, match="fit 24, 25, 30, 50 or 60 frames per second; say which with --rate"
    ):
        timeline.read(path)
    for rate in (F(24), F(24000, 1001), F(25), F(60000, 1001)):
        info = planned(timeline.read(path, rate)).info
        assert (info.rate, info.start_timecode) == (rate, "01:00:00:00")
    path = save(edl(PLAIN.replace("00:00:01:00", "00:00:01:27")), tmp_path, "cut.edl")
    with pytest.raises(
        TimelineError, match=r"cut\.edl, line 4: Timecode 00:00:01:27 does not exist at 24 frames"
    ):
        timeline.read(path, F(24))


@needs_adapters
def test_drop_frame_counts_true_frames(tmp_path: Path) -> None:
    """FCM says it for colons too; 01:00:59;28 to 01:01:00;02 is two frames."""
    text = edl(event(1, "00:00:59:28", "00:01:00:02", "01:00:59:28", "01:01:00:02"), fcm="DROP FRAME")
    plan = planned(timeline.read(save(text, tmp_path, "cut.edl")))
    assert [one.record_frames for one in plan.failures] == [2]
    assert plan.info.start_timecode == "01:00:59;28"
    start = otio.opentime.from_timecode("01:00:59;28", 30000 / 1001)
    assert plan.info.start_frame == start.value
    skipped = edl(event(1, "00:01:00:00", "00:01:01:00", "01:00:00:00", "01:00:01:00"), fcm="DROP FRAME")
    assert planned(timeline.read(save(skipped, tmp_path, "cut.edl"))).failures, "a source without drop frame"


@needs_adapters
@pytest.mark.parametrize(
    ("m2", "expected", "words"),
    [
        ("M2   AX             012.5                00:00:01:00", (25, 50), "50 %"),
        ("M2   AX             050.0                00:00:01:00", (25, 125), "200 %"),
        ("M2   AX            -025.0                00:00:01:00", (75, 25), "reverse"),
        ("M2   AX            -025.0                00:00:03:24", (100, 50), "reverse"),
        ("M2   AX             000.0                00:00:01:00\n* * FREEZE FRAME", (25, 25), "freeze frame"),
        ("M2   AX             025.0                00:00:01:00", (25, 75), ""),
    ],
)
@pytest.mark.parametrize("source_out", ["00:00:03:00", "00:00:02:00"])
def test_retimes_of_an_edl(
    tmp_path: Path, m2: str, expected: tuple[int, int], words: str, source_out: str
) -> None:
    text = edl(event(1, "00:00:01:00", source_out, "01:00:00:00", "01:00:02:00", more=f"\n{m2}"))
    (use,) = uses(save(text, tmp_path, "cut.edl"), "a.mp4", rate=F(25)).values()
    assert (use.record_frames, use.retime) == (50, words)
    assert source_frames(use, 25) == expected


@needs_adapters
def test_overlaps_order_gaps_dissolves_and_black(tmp_path: Path) -> None:
    text = edl(
        event(3, "00:00:00:00", "00:00:02:00", "01:00:09:00", "01:00:11:00", name="late.mp4"),
        "001  BL       V     C        00:00:00:00 00:00:00:00 01:00:00:00 01:00:00:00",
        "001  AX       V     D    012 00:00:01:00 00:00:03:00 01:00:00:00 01:00:02:00",
        "* TO CLIP NAME: first.mp4",
        event(2, "00:00:05:00", "00:00:07:00", "01:00:01:00", "01:00:03:00", name="over.mp4"),
        "004  A1       V     C        00:00:02:00 00:00:02:00 01:00:11:00 01:00:11:00",
        "004  A2       V     D    010 00:00:04:00 00:00:06:00 01:00:11:00 01:00:13:00",
        "* FROM CLIP NAME: late.mp4",
        "* TO CLIP NAME: last.mp4",
        "005  AX       A     C        00:00:00:00 00:00:02:00 01:00:00:00 01:00:02:00",
        "006  BL       V     C        00:00:00:00 00:00:01:00 01:00:13:00 01:00:14:00",
    )
    names = ("first.mp4", "over.mp4", "late.mp4", "last.mp4")
    path = save(text, tmp_path, "cut.edl")
    found = {use.name: use for use in uses(path, *names, rate=F(25)).values()}
    places = {name: (use.record_start, use.record_frames) for name, use in found.items()}
    assert places == {
        "first.mp4": (0, 50),
        "over.mp4": (25, 50),
        "late.mp4": (225, 50),
        "last.mp4": (275, 50),
    }
    assert found["first.mp4"].blended == ((0, 12),), "a fade from black"
    assert found["first.mp4"].shown == ((0, 25),), "the later event lies above"
    assert found["last.mp4"].blended == ((275, 285),)
    plan = planned(timeline.read(path, F(25)))
    assert [one.reason for one in plan.skipped] == ["A generator (black)."]
    assert plan.info.frames == 350


@needs_adapters
def test_clips_of_an_edl_are_found_by_name_file_or_reel(tmp_path: Path) -> None:
    text = edl(
        event(1, "00:00:01:00", "00:00:02:00", "01:00:00:00", "01:00:01:00", name="with suffix.mov"),
        event(2, "00:00:01:00", "00:00:02:00", "01:00:01:00", "01:00:02:00", name="without"),
        event(
            3,
            "00:00:01:00",
            "00:00:02:00",
            "01:00:02:00",
            "01:00:03:00",
            name="TAPE.NEW.01",
            more="\n* SOURCE FILE: the tape",
        ),
        "004  REEL_7   V     C        00:00:01:00 00:00:02:00 01:00:03:00 01:00:04:00",
        "005  BESIDE   V     C        00:00:01:00 00:00:02:00 01:00:04:00 01:00:05:00",
        event(6, "00:00:01:00", "00:00:02:00", "01:00:05:00", "01:00:06:00", name="nowhere"),
        "007  AX       V     C        00:00:01:00 00:00:02:00 01:00:06:00 01:00:07:00",
    )
    path = save(text, tmp_path, "cut.edl")
    media = tmp_path / "media"
    media.mkdir()
    for name in ("With Suffix.mov", "without.mxf", "without.wav", "The Tape.mp4", "reel_7.mov"):
        (media / name).touch()
    (tmp_path / "beside.mp4").touch()
    plan = planned(timeline.read(path, F(25)), media, base=tmp_path)
    files = [Path(use.media.path).name for use in plan.uses]
    assert files == ["With Suffix.mov", "without.mxf", "The Tape.mp4", "reel_7.mov", "beside.mp4"]
    assert [one.reason for one in plan.failures] == [
        "File not found: “nowhere”; an EDL has names only.",
        "The edit names no file for this clip; relink it and export again.",
    ]
    assert [one.name for one in plan.failures] == ["nowhere", "Event on line 15"]
    (media / "without.mp4").touch()
    with pytest.raises(TimelineError, match="without is there 2 times"):
        planned(timeline.read(path, F(25)), media, base=tmp_path)


@needs_adapters
@pytest.mark.parametrize(
    ("timecode", "first"),
    [("09:55:06:00", 12), ("09:55:06;00", 12), ("09:55:06:12", 0), ("10:00:00:00", 82662), (None, 82662)],
)
def test_source_timecode_counts_from_the_file_s_own(tmp_path: Path, timecode: str | None, first: int) -> None:
    """An EDL says where in the tape a clip begins; only the file says where the tape does."""
    text = edl(event(1, "09:55:06:12", "09:55:08:12", "01:00:00:00", "01:00:02:00"))
    path = save(text, tmp_path, "cut.edl")
    (tmp_path / "a.mp4").touch()
    asked: list[str] = []

    def told(file: str) -> str | None:
        asked.append(file)
        return timecode

    plan = planned(timeline.read(path, F(25)), tmp_path, start_timecode=told)
    assert source_frames(plan.uses[0], 25)[0] == first
    assert asked == [str(tmp_path / "a.mp4")]


def test_a_file_says_where_its_timecode_begins(tmp_path: Path) -> None:
    pictures = [np.full((16, 16, 3), value, np.uint8) for value in range(4)]
    for name, timecode in (("with.mov", "09:55:06:00"), ("without.mp4", None)):
        video.encode(tmp_path / name, pictures, F(25), timecode=timecode)
        assert video.start_timecode(str(tmp_path / name)) == timecode
    (tmp_path / "no.mp4").write_text("no video")
    assert video.start_timecode(str(tmp_path / "no.mp4")) is None
    assert video.start_timecode(str(tmp_path / "gone.mp4")) is None


@needs_adapters
def test_remarks_of_an_edl_do_no_harm(tmp_path: Path) -> None:
    more = (
        "\n*ASC_SOP (1.3 0.8 1.0)(-0.1 0.0 -0.1)(1.0 0.9 1.0)\n*ASC_SAT 1.1\n*ASC_SOP (bad\n"
        "* LOC: 01:00:01:00 GREEN   looks [audit a7f3c1]\n* LOC: nonsense\n* COMMENT: ü\nAUD  3    4"
    )
    text = edl(event(1, "00:00:01:00", "00:00:03:00", "01:00:00:00", "01:00:02:00", more=more))
    path = tmp_path / "cut.edl"
    path.write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    tl = timeline.read(path, F(25))
    (seen,) = timeline.read_markers(tl, planned(tl).info)
    assert (seen.frame, seen.color, seen.ids) == (25, "GREEN", ("a7f3c1",))
    (clip,) = tl.find_clips()
    assert clip.metadata["cdl"]["asc_sat"] == 1.1


@needs_adapters
def test_what_an_edl_leaves_open_is_said(tmp_path: Path) -> None:
    text = edl(
        event(1, "00:00:01:00", "00:00:05:00", "01:00:00:00", "01:00:02:00"),
        "002 a damaged line 00:00:00:00 x",
    )
    notices = planned(timeline.read(save(text, tmp_path, "cut.edl"), F(25))).notices
    assert "Not read as events: line 6 of cut.edl." in notices
    assert any(note.startswith("1 event has another length in the source") for note in notices)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "has no events of a CMX 3600 EDL"),
        ("TITLE: x\n* only remarks", "has no events"),
        (edl(PLAIN.replace(" V ", " A ")), "has only sound"),
        (edl(PLAIN, "note |C:ResolveColorBlue |M:Marker 1 |D:1"), "is a marker EDL"),
        (
            edl(event(1, "00:00:01:00", "00:00:03:00", "01:00:02:00", "01:00:00:00")),
            "line 4: the event ends before",
        ),
    ],
)
def test_what_cannot_be_read_of_an_edl(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(TimelineError, match=match):
        timeline.read(save(text, tmp_path, "cut.edl"), F(25))


# --- adapters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"), [("cut.xml", xmeml(clipitem("a.mp4", 0, 9))), ("cut.aaf", "x"), ("cut.edl", edl(PLAIN))]
)
def test_a_missing_extra_is_one_sentence_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    def gone(adapter: str) -> Any:
        raise otio.exceptions.AdapterDoesntSupportFunctionError(adapter)

    monkeypatch.setattr(otio.adapters, "from_name", gone)
    with pytest.raises(TimelineError, match=r"not installed: pip install 'otio-ai-audit\[formats\]'"):
        timeline.read(save(text, tmp_path, name), F(25))


def test_fcpxml_needs_no_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otio.adapters, "from_name", lambda name: pytest.fail("asked for an adapter"))
    assert (
        timeline.read(save(document(project('<asset-clip ref="a" duration="2s"/>')), tmp_path)).name == "cut"
    )


@needs_adapters
def test_what_adapters_say_reaches_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def loud(text: str, adapter: str, **_given: Any) -> Any:
        import logging

        print("hello")
        print("there", file=sys.stderr)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        logging.warning("careful")
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(otio.adapters, "read_from_string", loud)
    path = save(xmeml(clipitem("a.mp4", 0, 9)), tmp_path, "cut.xml")
    with pytest.raises(TimelineError, match=r"\(first line second line\)"):
        timeline.read(path)
    assert capfd.readouterr() == ("", "")


def _damage() -> list[Callable[[bytes], bytes]]:
    return [
        lambda data: data[: len(data) // 2],
        lambda data: data[::-1],
        lambda data: data.replace(b"00", b"\xff\x00"),
        lambda data: b"",
    ]


@needs_samples
@needs_adapters
def test_damaged_files_end_in_a_sentence(tmp_path: Path) -> None:
    assert FOLDER is not None
    names = ["fcpxml_resolve/scateu_B_Roll_0.fcpxml", "fcp7_other/otiofcp_hiero_xml_export.xml"]
    names += ["edl_other/cmx3600_cdl.edl", "aaf_other/otioaaf_utf8.aaf"]
    for name in names:
        data = (FOLDER / name).read_bytes()
        for harm in _damage():
            path = tmp_path / Path(name).name
            path.write_bytes(harm(data))
            with contextlib.suppress(TimelineError):
                timeline.read(path, F(24))
