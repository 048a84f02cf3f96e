"""What an edit says of whom its clips show, as the formats carry it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from otio_ai_audit import subjects, timeline
from otio_ai_audit.model import Media, MediaInfo, SeenMarker, Subject
from otio_ai_audit.timeline import Said
from otio_ai_audit.timeline.subjects import names_in

from .resolve_edit import clip, edit, gap, offline, schema, span


def marker(name: str = "Marker 1", note: str = "", comment: str = "", at: float = 0) -> otio.schema.Marker:
    made = schema.Marker(name=name, marked_range=span(at, 1), comment=comment)
    if note:
        made.metadata["Resolve_OTIO"] = {"Note": note, "Keywords": []}
    return made


def said(
    tl: otio.schema.Timeline, folder: Path, seen: tuple[SeenMarker, ...] | None = None
) -> dict[str, Said]:
    plan = timeline.plan(tl, timeline.PlanOptions(base=folder, source="edit.otio"))
    seen = timeline.read_markers(tl, plan.info) if seen is None else seen
    return timeline.subjects_said(tl, plan.info, plan.uses, seen)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    for name in ("a.mp4", "b.mp4", "c.mp4", "red fox.mp4"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("subject: truck", ("truck",)),
        ("Subject = Red Truck", ("Red Truck",)),
        ("subjects: truck, logo", ("truck", "logo")),
        ("subject: truck, Subject: logo", ("truck", "logo")),
        ("check this; subject: truck", ("truck",)),
        ("wheel wobbles\nsubject: “truck”.\nsecond line", ("truck",)),
        ("subject: truck [audit a7f3c1]", ("truck",)),
        ("subject: truck (the red one)", ("truck",)),
        ("subject:", ()),
        ("the subject is late: tomorrow", ()),
        ("my subject: truck", ()),
        ("subject matter: hard", ()),
        (f"subject: {'long ' * 30}", ()),
        ("", ()),
    ],
)
def test_names_in_markers(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


def test_clip_markers_speak_by_name_note_or_comment(media: Path) -> None:
    one, two, three = clip(media / "a.mp4"), clip(media / "b.mp4"), clip(media / "c.mp4")
    one.markers.append(marker("subject: truck", at=500))
    two.markers.append(marker(note="subject: fox\nlook"))
    three.markers.append(marker(comment="subject: owl"))
    found = said(edit([one, two, three]), media)
    assert [found[f"V1/000{i}"].markers for i in (1, 2, 3)] == [("truck",), ("fox",), ("owl",)]


def test_a_timeline_marker_speaks_for_what_is_shown_under_it(media: Path) -> None:
    tl = edit(
        [clip(media / "a.mp4"), clip(media / "b.mp4"), clip(media / "c.mp4")],
        [gap(48), clip(media / "c.mp4", 48)],
    )
    tl.tracks.markers.append(marker("subject: truck", at=50))
    found = said(tl, media)
    assert {id_ for id_, one in found.items() if one.markers} == {"V2/0001"}
    wide = SeenMarker(40, 100, "Blue", "Marker", "subject: owl", lane="edl")
    found = said(tl, media, (wide,))
    assert {id_ for id_, one in found.items() if one.markers == ("owl",)} == {"V1/0001", "V1/0003", "V2/0001"}


def test_a_compound_clip_speaks_for_what_it_holds(media: Path) -> None:
    inner = schema.Track("Video 1", kind="Video")
    inner.extend([clip(media / "a.mp4"), clip(media / "b.mp4")])
    compound = schema.Stack("compound", [inner])
    compound.markers.append(marker("subject: truck"))
    compound.metadata["character"] = "driver"
    found = said(edit([compound, clip(media / "c.mp4")]), media)
    assert (found["V1/0001.1"].markers, found["V1/0001.2"].metadata) == (("truck",), ("driver",))
    assert found["V1/0002"] == Said("c.mp4", ("c.mp4",))


def test_metadata_speak(media: Path) -> None:
    one, two, three = clip(media / "a.mp4"), clip(media / "b.mp4"), clip(media / "c.mp4")
    one.metadata["otio_ai_audit"] = {"subject": ["truck", "logo"]}
    two.metadata["Character"] = "fox"
    two.metadata["other"] = {"subject": "not ours to read"}
    three.media_reference.metadata["subjects"] = [{"name": "owl"}, 3, ""]
    found = said(edit([one, two, three]), media)
    assert [found[f"V1/000{i}"].metadata for i in (1, 2, 3)] == [("truck", "logo"), ("fox",), ("owl",)]


def test_colours_where_the_format_keeps_them(media: Path) -> None:
    one, two, three, four = (clip(media / "a.mp4") for _ in range(4))
    one.color = otio.core.Color.ORANGE
    two.color = otio.core.Color.from_hex("#12AB00")
    three.metadata["fcp_xml"] = {"labels": {"label2": "Iris"}}
    four.metadata["otio_ai_audit"] = {"clip_color": "Apricot"}
    found = said(edit([one, two, three, four]), media)
    assert [found[f"V1/000{i}"].color for i in (1, 2, 3, 4)] == ["Orange", "#12ab00", "Iris", "Apricot"]


def test_file_names_are_as_the_edit_has_them(media: Path) -> None:
    proxies = clip(media / "a.mp4", name="Shot 1")
    windows = clip(r"D:\takes\b.mp4", name="Shot 2")
    quoted = clip(f"file://{media}/red%20fox.mp4", name="Shot 3")
    gone = offline(r"E:\old\c.mp4", 48, name="Shot 4")
    for number in range(3):
        (media / f"pic.{number:04d}.png").touch()
    reference = schema.ImageSequenceReference(
        str(media), "pic.", ".png", 0, 1, 24.0, 4, available_range=span(0, 3)
    )
    sequence = schema.Clip("Shot 5", reference, span(0, 3))
    found = said(edit([proxies, windows, quoted, gone, sequence]), media)
    assert [found[f"V1/000{i}"].name for i in (1, 2, 3, 4, 5)] == [f"Shot {i}" for i in (1, 2, 3, 4, 5)]
    assert [found[f"V1/000{i}"].files[0] for i in (1, 2, 3, 4)] == ["a.mp4", "b.mp4", "red fox.mp4", "c.mp4"]
    assert found["V1/0005"].files == ("pic.[0000-0002].png",)


def test_a_plain_edit_says_nothing_else(media: Path) -> None:
    assert said(edit([clip(media / "a.mp4")]), media) == {"V1/0001": Said("a.mp4", ("a.mp4",))}


def test_the_shots_of_a_master_are_named_as_in_its_edit(media: Path) -> None:
    one, two, three = clip(media / "a.mp4", name="Shot 1"), clip(media / "b.mp4"), clip(media / "c.mp4")
    two.markers.append(marker("subject: fox"))
    tl = edit([one, two, three])
    plan = timeline.plan(tl, timeline.PlanOptions(base=media, source="edit.otio"))
    details = MediaInfo(64, 36, Fraction(24), Fraction(1, 24), 144, "yuv420p", 8, False, "sdr")
    plan = timeline.plan_master(plan, Media(str(media / "master.mov")), details)
    file = subjects.SubjectsFile((subjects.Entry(Subject("truck"), ("a.mp4",)),))
    spoken = timeline.subjects_said(tl, plan.info, plan.uses, timeline.read_markers(tl, plan.info))
    assigned = subjects.assign(plan, file, spoken)
    assert [use.subject for use in assigned.uses] == ["truck", "fox", None]
