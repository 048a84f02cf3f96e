"""Writing FCPXML: markers put into the text of one, and one made of an edit in another format."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otio_ai_audit import report, timeline
from otio_ai_audit.errors import OutputError, TimelineError
from otio_ai_audit.model import Marker, SeenMarker

from . import report_samples
from .fcpx_edit import document, project, save
from .resolve_edit import clip, dissolve, edit, gap, offline, schema, span, title
from .shared import shared_dir

SHARED = shared_dir()
SAMPLES = sorted((SHARED / "timelines").glob("fcpxml_*/*.fcpxml")) if SHARED else []
needs_samples = pytest.mark.skipif(not SAMPLES, reason="the sample timelines are not at hand")
LATER = {"audio-channel-source", "audio-role-source", "sync-source", "filter-video", "filter-video-mask"}
LATER |= {"filter-audio", "metadata", "reserved"}
HARD = 'Says "it" <pulses> & more ±7 %\nsecond line\x07 [audit {0}]'


def read(path: Path, name: str | None = None) -> otio.schema.Timeline:
    try:
        return timeline.read(path, name=name)
    except TimelineError as error:
        if "timelines" not in str(error):
            raise
        return timeline.read(path, name="OpenTimeline_Project")


def plan_of(tl: otio.schema.Timeline, media: Path | None = None) -> Any:
    return timeline.plan(tl, timeline.PlanOptions(source="cut", media_root=media, hidden=True))


def mark(frame: int, frames: int = 3, name: str = "", clip: str | None = None, note: str = HARD) -> Marker:
    id_ = f"{frame + 0xA00000:06x}"
    return Marker(frame, frames, "Lemon", name or f"FLICKER {frame}", note.format(id_), (id_,), clip=clip)


def write(
    path: Path, markers: Sequence[Marker], out: Path, seen: Sequence[SeenMarker] | None = None
) -> otio.schema.Timeline:
    """Mark an edit, and return what is read back."""
    tl = read(path)
    info = plan_of(tl).info
    seen = timeline.read_markers(tl, info) if seen is None else seen
    timeline.write_fcpxml(tl, info, markers, seen, out, path)
    return read(out)


def at(tl: otio.schema.Timeline) -> list[tuple[int, int, str, str]]:
    found = timeline.read_markers(tl, plan_of(tl).info)
    return sorted((one.frame, one.frames, one.name, one.note) for one in found if one.ids)


# --- a second way to say where a marker is ---------------------------------------------------------------


def time_of(text: str | None) -> F:
    top, _, below = (text or "0s").rstrip("s").partition("/")
    return F(top) / F(below or 1)


def places(path: Path, rate: F) -> list[tuple[F, str]]:
    """Timeline seconds and names of markers, from each marker up to its sequence."""
    root = ET.parse(path).getroot()
    parent = {child: one for one in root.iter() for child in one}
    resources = {one.get("id"): one for one in root.iter("resources") for one in one}
    rates = {"25": F(25), "23.98": F(24000, 1001)}

    def offset(node: ET.Element) -> F:
        """Offset of an element; without one it follows the last."""
        if node.get("offset") is not None:
            return time_of(node.get("offset"))
        row = [one for one in parent[node] if one.tag != "transition"]
        if row[0] is node:
            return F(0)
        last = row[[one is node for one in row].index(True) - 1]
        return offset(last) + time_of(last.get("duration"))

    def outside(node: ET.Element, time: F) -> F:
        """Sequence seconds of a time inside an element."""
        if node.tag == "spine":
            above = parent[node]
            if above.tag == "sequence":
                return time - time_of(above.get("tcStart"))
            return time + outside(above, time_of(node.get("offset")))
        asset = resources.get(node.get("ref"))
        first = asset.get("start") if asset is not None and asset.tag == "asset" else "0s"
        conform, pace = node.find("conform-rate"), F(1)
        if conform is not None and conform.get("scaleEnabled") != "0":
            pace = rates[str(conform.get("srcFrameRate"))] / rate
        begin = outside(parent[node], offset(node))
        return begin + (time - time_of(node.get("start", first))) * pace

    return [
        (outside(parent[marker], time_of(marker.get("start"))), marker.get("value") or "")
        for marker in root.iter("marker")
        if (marker.get("value") or "").startswith("FLICKER")
    ]


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_markers_lie_where_a_second_computation_finds_them(path: Path, tmp_path: Path) -> None:
    tl = read(path)
    plan = plan_of(tl)
    info = plan.info
    shots = (*plan.failures, *plan.skipped)
    frames = {0, 1, info.frames // 3, info.frames - 1, *(shot.record_start for shot in shots)}
    frames |= {shot.record_start + shot.record_frames - 1 for shot in shots[:20]}
    markers = [mark(frame, 1) for frame in sorted(frames) if frame < info.frames]
    out = tmp_path / "marked.fcpxml"
    marked = write(path, markers, out)
    wanted = sorted((one.frame, 1, one.name, one.note.replace("\x07", " ")) for one in markers)
    assert at(marked) == wanted
    ours = places(out, info.rate)
    seconds = {f"FLICKER {one.frame}": one.frame / info.rate for one in markers}
    if "clips" not in path.name:  # a browser of clips has no one timeline
        assert len(ours) == len(markers)
        for time, name in ours:
            assert abs(time - seconds[name]) < F(1, 1000) / info.rate
    before = timeline.read_markers(tl, info)
    after = [one for one in timeline.read_markers(marked, info) if not one.ids]
    assert [(one.frame, one.name, one.note) for one in before] == [
        (one.frame, one.name, one.note) for one in after
    ]
    order(out)
    # Nothing else has changed, and a second time changes nothing more.
    assert without(out) == ET.tostring(stripped(ET.parse(path).getroot()))
    again = tmp_path / "again.fcpxml"
    write(out, markers, again)
    assert again.read_bytes() == out.read_bytes()


def order(path: Path) -> None:
    """Markers stand where the DTDs have them: after connected clips, before filters."""
    for parent in ET.parse(path).getroot().iter():
        tags = [child.tag for child in parent]
        marks = [
            index for index, child in enumerate(parent) if (child.get("value") or "").startswith("FLICKER")
        ]
        for index in marks:
            assert not LATER & set(tags[:index])
            assert set(tags[index + 1 :]) <= LATER | {"marker", "keyword", "chapter-marker", "rating"}


def stripped(root: ET.Element) -> ET.Element:
    for one in root.iter():
        one.text = (one.text or "").strip()
        one.tail = (one.tail or "").strip()
    return root


def without(path: Path) -> bytes:
    root = stripped(ET.parse(path).getroot())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "marker" and (child.get("value") or "").startswith("FLICKER"):
                parent.remove(child)
    return ET.tostring(root)


# --- into made ones --------------------------------------------------------------------------------------

SPINE = """
                    <asset-clip ref="a" name="one" offset="3600s" start="2s" duration="2s"/>
                    <gap name="Gap" offset="3602s" start="3600s" duration="1s"></gap>
                    <asset-clip ref="c25" name="two" offset="3603s" start="4s" duration="2s">
                        <note>theirs</note>
                        <conform-rate srcFrameRate="25"/>
                        <asset-clip ref="b" name="over" lane="1" offset="5s" start="3601s" duration="1/2s"/>
                        <marker start="4s" duration="1/25s" value="theirs" note="a &quot;note&quot;"/>
                        <filter-video ref="title"/>
                        <metadata><md key="x" value="y"/></metadata>
                    </asset-clip>
                """


def test_only_markers_are_put_in(tmp_path: Path) -> None:
    path = save(document(project(SPINE, duration="5s")), tmp_path)
    out = tmp_path / "marked.fcpxml"
    simple = "Pulses. [audit {0}]"
    markers = [mark(5, note=simple), mark(50, note=simple), mark(73, 2, note=simple)]
    markers.append(mark(99, note=simple, clip="V2/0001"))
    write(path, markers, out)
    old, new = path.read_text(encoding="utf-8"), out.read_text(encoding="utf-8")
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    added = [line[1:].strip() for line in lines if line[0] == "+" and line[1] != "+"]
    assert added == [
        '<asset-clip ref="a" name="one" offset="3600s" start="2s" duration="2s">',
        '<marker start="53/24s" duration="1/8s" value="FLICKER 5" note="Pulses. [audit a00005]"/>',
        "</asset-clip>",
        '<gap name="Gap" offset="3602s" start="3600s" duration="1s">',
        '<marker start="43201/12s" duration="1/8s" value="FLICKER 50" note="Pulses. [audit a00032]"/>',
        "</gap>",
        '<asset-clip ref="b" name="over" lane="1" offset="5s" start="3601s" duration="1/2s">',
        '<marker start="43213/12s" duration="1/8s" value="FLICKER 99" note="Pulses. [audit a00063]"/>',
        "</asset-clip>",
        '<marker start="101/25s" duration="2/25s" value="FLICKER 73" note="Pulses. [audit a00049]"/>',
    ]
    assert new.index("FLICKER 73") < new.index("<filter-video")
    assert new.index('value="theirs"') < new.index("FLICKER 73")
    inner = "\n" + " " * 24
    assert f'{inner}<marker start="101/25s"' in new, "indented as its neighbours"


def test_a_marker_goes_to_its_own_shot(tmp_path: Path) -> None:
    path = save(document(project(SPINE, duration="5s")), tmp_path)
    for owner, expected in (("V1/0002", "two"), ("V2/0001", "over"), (None, "over")):
        out = tmp_path / "marked.fcpxml"
        write(path, [mark(99, clip=owner)], out)
        parents = {child: one for one in ET.parse(out).getroot().iter() for child in one}
        (found,) = [one.get("name") for child, one in parents.items() if child.get("value") == "FLICKER 99"]
        assert found == expected


def test_ours_are_replaced_and_what_a_person_said_stays(tmp_path: Path) -> None:
    path = save(document(project(SPINE, duration="5s")), tmp_path)
    first = tmp_path / "first.fcpxml"
    write(path, [mark(5), mark(10), mark(20, note="Pulses. [audit {0}]")], first)
    text = first.read_text(encoding="utf-8").replace("Pulses. [audit", "ok, meant so [audit")
    text = text.replace('value="theirs"', 'value="still theirs"')
    first.write_text(text, encoding="utf-8")
    tl = read(first)
    info = plan_of(tl).info
    seen = timeline.read_markers(tl, info)
    assert [one.note.startswith("ok") for one in seen if one.ids] == [False, False, True]
    decided = [replace(one, stands=one.note.startswith("ok")) for one in seen]
    second = tmp_path / "second.fcpxml"
    timeline.write_fcpxml(tl, info, [mark(40)], decided, second, first)
    assert [row[:3:2] for row in at(read(second))] == [(20, "FLICKER 20"), (40, "FLICKER 40")]
    assert "still theirs" in second.read_text(encoding="utf-8")
    # Nothing of ours left: all else is what it was, but for the empty tags that were opened.
    none = tmp_path / "none.fcpxml"
    timeline.write_fcpxml(tl, info, [], [replace(one, stands=False) for one in seen], none, first)
    assert without(none) == ET.tostring(
        stripped(
            ET.fromstring(path.read_text(encoding="utf-8").replace('value="theirs"', 'value="still theirs"'))
        )
    )
    assert "audit" not in none.read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", ""])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, ends: str) -> None:
    named = encoding.removesuffix("-sig").upper() if encoding != "latin-1" else "ISO-8859-1"
    text = document(project(SPINE.replace("two", "zwei ü"), duration="5s")).replace("UTF-8", named)
    text = ends.join(line if ends else line.strip() + " " for line in text.split("\n"))
    path = tmp_path / "cut.fcpxml"
    path.write_bytes(text.encode(encoding))
    out = tmp_path / "marked.fcpxml"
    marked = write(path, [mark(5), mark(73)], out)
    assert [row[0] for row in at(marked)] == [5, 73]
    data = out.read_bytes().decode("utf-8-sig")
    assert "zwei ü" in data
    assert 'encoding="UTF-8"' in data
    if ends == "\r\n":
        assert "\n" not in data.replace("\r\n", "")


def test_a_bundle_is_the_edit_too(tmp_path: Path) -> None:
    bundle = tmp_path / "cut.fcpxmld"
    bundle.mkdir()
    save(document(project(SPINE, duration="5s")), bundle, "Info.fcpxml")
    assert [row[0] for row in at(write(bundle, [mark(7)], tmp_path / "marked.fcpxml"))] == [7]


def test_the_second_of_two_timelines_gets_its_markers(tmp_path: Path) -> None:
    path = save(document(project(SPINE, "one"), project(SPINE, "two")), tmp_path)
    tl = timeline.read(path, name="two")
    info = plan_of(tl).info
    out = tmp_path / "marked.fcpxml"
    timeline.write_fcpxml(tl, info, [mark(5)], (), out, path)
    assert [at(timeline.read(out, name=name)) == [] for name in ("one", "two")] == [True, False]


def test_a_file_that_was_changed_meanwhile_is_not_marked_wrongly(tmp_path: Path) -> None:
    path = save(document(project(SPINE, "one"), project(SPINE, "two")), tmp_path)
    tl = timeline.read(path, name="two")
    info = plan_of(tl).info
    save(document(project(SPINE, "one")), tmp_path)
    with pytest.raises(OutputError, match="was changed while it was audited"):
        timeline.write_fcpxml(tl, info, [mark(5)], (), tmp_path / "marked.fcpxml", path)


def test_an_edit_that_was_fcpxml_once_is_made_anew(tmp_path: Path) -> None:
    tl = read(save(document(project(SPINE, duration="5s")), tmp_path))
    saved = tmp_path / "cut.otio"
    timeline.write(tl, saved)
    marked = write(saved, [mark(5), mark(99)], tmp_path / "marked.fcpxml")
    assert [row[0] for row in at(marked)] == [5, 99]


def test_a_clip_of_absurd_length_takes_no_time(tmp_path: Path) -> None:
    spine = SPINE.replace('start="2s" duration="2s"', f'start="2s" duration="{10**15}s"')
    marked = write(save(document(project(spine)), tmp_path), [mark(5)], tmp_path / "marked.fcpxml")
    assert [row[0] for row in at(marked)] == [5]


def test_the_report_writes_it(tmp_path: Path) -> None:
    tl = report_samples.edit()
    out = tmp_path / "marked.fcpxml"
    report.write(report_samples.sample(), out, timeline=tl)
    wanted = sorted(marker.frame for marker in report_samples.sample().markers)
    assert [row[0] for row in at(read(out))] == wanted
    with pytest.raises(OutputError, match="no edit was audited"):
        report.write(report_samples.sample(), tmp_path / "none.fcpxml")
    with pytest.raises(OutputError, match="is the edit itself"):
        report.write(report_samples.sample(), out, timeline=tl, original=out)


# --- made of other edits ---------------------------------------------------------------------------------


def made(rate: float) -> otio.schema.Timeline:
    half = schema.LinearTimeWarp(time_scalar=0.5)
    back = schema.LinearTimeWarp(time_scalar=-1.0)
    hour = span(3600 * round(rate), 120, rate)
    clips = [
        clip("/takes/ü #1 100%.mp4", 10, 40, rate=rate, available=span(0, 120, rate)),
        gap(20, rate),
        clip(r"D:\my takes\b.mp4", 3600 * round(rate) + 8, 30, rate=rate, available=hour),
        clip("/takes/slow.mp4", 12, 40, rate=rate, available=span(0, 120, rate), effects=[half]),
        clip("/takes/back.mp4", 12, 40, rate=rate, available=span(0, 120, rate), effects=[back]),
    ]
    upper = [
        gap(30, rate),
        clip("/takes/over.mp4", 5, 25, rate=rate, available=span(0, 120, rate), enabled=False),
    ]
    upper += [clip("/takes/third.mp4", 5, 25, rate=rate, available=span(0, 120, rate))]
    tl = edit(clips, upper)
    tl.name = "made <&>"
    tl.global_start_time = otio.opentime.RationalTime(3600 * round(rate), rate)
    return tl


@pytest.mark.parametrize("rate", [24.0, 25.0, 24000 / 1001, 30000 / 1001, 60.0])
def test_an_edit_in_another_format_is_made_into_one(tmp_path: Path, rate: float) -> None:
    for name in ("ü #1 100%", "b", "slow", "back", "over", "third"):
        (tmp_path / f"{name}.mp4").touch()
    tl = made(rate)
    before = plan_of(tl, tmp_path)
    out = tmp_path / "made.fcpxml"
    theirs = schema.Marker("theirs", span(7, 1, rate))
    tl.tracks.markers.append(theirs)
    seen = timeline.read_markers(tl, before.info)
    timeline.write_fcpxml(tl, before.info, [mark(0), mark(61), mark(40, clip="V2/0002")], seen, out)
    back = read(out)
    after = plan_of(back, tmp_path)
    assert not before.failures and not after.failures
    assert (after.info.rate, after.info.name) == (before.info.rate, before.info.name)
    assert after.info.start_timecode == before.info.start_timecode
    rows = [
        [(use.record_start, use.record_frames, use.media, use.retime, use.shown) for use in plan.uses]
        for plan in (before, after)
    ]
    assert rows[0] == rows[1]
    for one, two in zip(before.uses, after.uses, strict=True):
        for a, b in zip(one.visible, two.visible, strict=True):
            assert abs(a.start - b.start) < F(1, 1000) and abs(a.end - b.end) < F(1, 1000)
    found = {(one.frame, one.name) for one in timeline.read_markers(back, after.info)}
    assert found == {(0, "FLICKER 0"), (61, "FLICKER 61"), (40, "FLICKER 40"), (7, "theirs")}
    order(out)


SPEEDS = st.sampled_from([1, 0.5, 2, -1])


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rate=st.sampled_from([24.0, 25.0, 24000 / 1001, 30000 / 1001, 50.0]),
    rows=st.lists(
        st.lists(
            st.tuples(
                st.booleans(), st.integers(0, 60), st.integers(1, 50), st.sampled_from([1, 0.5, 2, -1])
            ),
            min_size=1,
            max_size=5,
        ),
        min_size=1,
        max_size=3,
    ),
    frames=st.sets(st.integers(0, 60), min_size=1, max_size=5),
)
def test_any_edit_keeps_its_cuts_and_markers(
    tmp_path: Path, rate: float, rows: list[Any], frames: set[int]
) -> None:
    tracks = []
    for number, row in enumerate(rows):
        items = []
        for index, (is_gap, start, length, speed) in enumerate(row):
            effects = [schema.LinearTimeWarp(time_scalar=speed)] if speed != 1 else []
            known = span(0, 300, rate)
            one = clip(f"/t/{number}_{index}.mp4", start, length, rate=rate, available=known, effects=effects)
            items.append(gap(length, rate) if is_gap and len(row) > 1 and index else one)
        tracks.append(items)
    tl = edit(*tracks)
    tl.global_start_time = otio.opentime.RationalTime(round(rate) * 3600, rate)
    before = plan_of(tl)
    out, again = tmp_path / "made.fcpxml", tmp_path / "again.fcpxml"
    markers = [mark(frame, 1) for frame in sorted(frames) if frame < before.info.frames]
    timeline.write_fcpxml(tl, before.info, markers, (), out)
    back = read(out)
    after = plan_of(back)
    cuts = [
        sorted((one.record_start, one.record_frames, one.name, one.held) for one in plan.failures)
        for plan in (before, after)
    ]
    assert cuts[0] == cuts[1]
    assert after.info.frames == before.info.frames
    assert [row[0] for row in at(back)] == [one.frame for one in markers]
    write(out, markers, again)
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize("rate", [24.0, 25.0, 60.0])
def test_the_community_adapter_reads_what_is_made(tmp_path: Path, rate: float) -> None:
    if "fcpx_xml" not in {one.name for one in otio.plugins.ActiveManifest().adapters}:
        pytest.skip("otio-fcpx-xml-adapter is not installed")
    known = span(0, 120, rate)
    clips = [clip(f"/takes/{n}.mp4", 10, 40, rate=rate, available=known) for n in ("a", "b")]
    tl = edit(clips)
    tl.global_start_time = otio.opentime.RationalTime(0, rate)
    out = tmp_path / "made.fcpxml"
    timeline.write_fcpxml(tl, plan_of(tl).info, [mark(3), mark(50)], (), out)
    text = out.read_text(encoding="utf-8")
    for url in ("a", "b"):  # it knows the form to 1.8 only
        text = text.replace(f'<media-rep kind="original-media" src="file:///takes/{url}.mp4" />', "")
        text = text.replace('<asset id="', f'<asset src="file:///takes/{url}.mp4" id="', 1)
    text = text.replace("<library>", "").replace("</library>", "")
    root = otio.adapters.read_from_string(text, "fcpx_xml")
    theirs = root[0] if isinstance(root, schema.SerializableCollection) else root
    clips = list(theirs.find_clips())
    assert [one.source_range for one in clips] == [span(10, 40, rate), span(10, 40, rate)]
    marks = [(one.name, one.marked_range.start_time.value) for each in clips for one in each.markers]
    assert marks == [("FLICKER 3", 13.0), ("FLICKER 50", 20.0)]


def test_what_fcpxml_cannot_hold_leaves_its_place(tmp_path: Path) -> None:
    """Dissolves, titles, offline files and sequences: cuts and markers stay where they were."""
    images = schema.ImageSequenceReference("/f", "p.", ".png", 1000, 1, 24, 4, available_range=span(0, 20))
    items = [clip("/t/a.mp4", 20, 48), dissolve(6, 6), clip("/t/b.mp4", 20, 48), title(24)]
    items += [offline("D:\\t\\c.mp4", 24), schema.Clip("seq", images, span(0, 20))]
    tl = edit(items)
    out = tmp_path / "made.fcpxml"
    plan = plan_of(tl)
    timeline.write_fcpxml(tl, plan.info, [mark(100), mark(130)], (), out)
    back = read(out)
    again = plan_of(back)
    assert [(one.record_start, one.record_frames) for one in again.failures] == [
        (one.record_start, one.record_frames) for one in plan.failures
    ]
    assert again.info.frames == plan.info.frames
    assert [row[0] for row in at(back)] == [100, 130]
    text = out.read_text(encoding="utf-8")
    assert 'src="file:///D:/t/c.mp4"' in text
    assert 'src="file:///f/p.1000.png"' in text
    assert '<gap name="Text+"' in text
