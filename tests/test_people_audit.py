"""Five people and one edit: what one says in a lane is heard in all the others."""

from __future__ import annotations

import shutil
from pathlib import Path

import opentimelineio as otio
import pytest

from otio_ai_audit import people, report
from otio_ai_audit.model import PersonVerdict, Placed
from otio_ai_audit.walk import Audit, Options, audit

from .edits import clip, write_edit
from .takes import FRAMES, Takes


class Desk:
    """One person with a machine of their own, and the folder that all share."""

    def __init__(self, name: str, store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self.store, self.folder, self.patch = name, store, folder, monkeypatch

    def audit(self, edit: Path, **options: object) -> Audit:
        self.patch.setenv("OTIO_AI_AUDIT_USER", self.name)
        given = Options(engine="threads:1", store=self.store, verdicts_folder=self.folder, **options)  # type: ignore[arg-type]
        return audit([edit], given)

    def says(self, kind: str, key: str, **more: object) -> None:
        people.append(self.folder, [PersonVerdict(kind, self.name, people.now(), key, **more)])  # type: ignore[arg-type]


@pytest.fixture
def desks(warm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, Desk]:
    other = shutil.copytree(warm, tmp_path / "other")
    shared = tmp_path / "share" / "verdicts"
    shared.parent.mkdir()
    return Desk("ann", warm, shared, monkeypatch), Desk("ben", other, shared, monkeypatch)


@pytest.fixture
def edit(takes: Takes, tmp_path: Path) -> Path:
    return write_edit(tmp_path / "a.otio", [clip(takes.bad, 0, 60, FRAMES), clip(takes.good, 0, 60, FRAMES)])


def flicker(done: Audit) -> Placed:
    return next(p for p in done.result.findings if p.finding.detector == "flicker")


def marked(done: Audit, path: Path, color: str | None = None, note: str = "") -> Path:
    """Write the edit with markers, and do to the flicker's marker what a person does."""
    report.write(done.result, path, timeline=done.timeline, original=done.original, seen=done.seen)
    tl = otio.adapters.read_from_file(str(path))
    for marker in tl.tracks.markers:
        if marker.name.lower().startswith("flicker"):
            marker.color = color or marker.color
            marker.comment = note + marker.comment
    otio.adapters.write_to_file(tl, str(path))
    return path


def test_nothing_is_written_where_nothing_was_decided(desks: tuple[Desk, Desk], edit: Path) -> None:
    ann, _ = desks
    ann.audit(edit)
    assert not ann.folder.exists() and not (ann.store / "people").exists()


def test_a_green_marker_of_one_is_heard_by_the_other(
    desks: tuple[Desk, Desk], edit: Path, tmp_path: Path
) -> None:
    ann, ben = desks
    green = marked(ann.audit(edit), tmp_path / "green.otio", "GREEN")
    assert flicker(ben.audit(edit)).state == "open"
    mine = flicker(ann.audit(green))
    assert (mine.state, mine.by) == ("dismissed", "ann: green marker")
    (said,) = people.read(ann.folder)
    assert (said.kind, said.who, said.label) == ("wrong-alarm", "ann", "truck_v001.mp4")
    theirs = flicker(ben.audit(edit))
    assert (theirs.state, theirs.by) == ("dismissed", "ann: green marker")
    # Ann's marker in Ben's copy of the edit is still Ann's word.
    ben.audit(green)
    ann.audit(green)
    assert [v.who for v in people.read(ann.folder)] == ["ann"]


def test_a_trimmed_clip_hears_it_too_where_its_id_is_another(
    desks: tuple[Desk, Desk], edit: Path, takes: Takes, tmp_path: Path
) -> None:
    ann, ben = desks
    found = flicker(ann.audit(edit))
    ann.says(
        "wrong-alarm",
        found.key,
        detector="flicker",
        start=found.finding.start,
        duration=found.finding.duration,
        why="Fire.",
    )
    trimmed = write_edit(tmp_path / "b.otio", [clip(takes.bad, 25, 15, FRAMES)])
    theirs = flicker(ben.audit(trimmed))
    assert (theirs.state, theirs.by) == ("dismissed", "ann: Fire.")


def test_people_who_disagree_are_shown_and_nobody_is_overruled(
    desks: tuple[Desk, Desk], edit: Path, tmp_path: Path
) -> None:
    ann, ben = desks
    green = marked(ann.audit(edit), tmp_path / "green.otio", "GREEN", "it is fire ")
    ann.audit(green)
    reopened = marked(ben.audit(edit), tmp_path / "ben.otio")
    assert flicker(ben.audit(reopened)).state == "dismissed"
    tl = otio.adapters.read_from_file(str(green))
    for marker in tl.tracks.markers:
        if marker.name.lower().startswith("flicker"):
            marker.color = "YELLOW"
            marker.comment = "not ok " + marker.comment
    otio.adapters.write_to_file(tl, str(reopened))
    words = "disputed: ann: wrong alarm. green marker: it is fire; ben: it stands. note: not ok it is fire"
    for desk, file in ((ben, reopened), (ann, edit), (ann, green), (ben, green), (ben, edit)):
        placed = flicker(desk.audit(file))
        assert (placed.state, placed.by) == ("open", words), file
    assert [(v.who, v.kind) for v in people.read(ann.folder)] == [("ann", "wrong-alarm"), ("ben", "withdraw")]
    assert any(marker.ids == (placed.id,) for marker in ann.audit(green).result.markers)
    ann.says("withdraw", placed.key, finding=placed.id)
    assert flicker(ben.audit(edit)).by == ""


def test_a_killed_take_is_told_in_the_notes_of_its_clip(desks: tuple[Desk, Desk], edit: Path) -> None:
    ann, ben = desks
    bad, good = ann.audit(edit).result.clips
    ann.says("kill", bad.content, why="Six\nfingers.")
    ann.says("keep", good.content)
    bad, good = ben.audit(edit).result.clips
    assert "ann: kill. Six fingers." in bad.notes and not good.notes
    ben.says("keep", bad.content)
    assert "disputed: ann: kill. Six fingers.; ben: keep" in ben.audit(edit).result.clips[0].notes


def test_an_earlier_result_does_not_overrule_anybody(
    desks: tuple[Desk, Desk], edit: Path, tmp_path: Path
) -> None:
    ann, ben = desks
    ann.audit(marked(ann.audit(edit), tmp_path / "green.otio", "GREEN"))
    earlier = tmp_path / "earlier.json"
    report.write(ann.audit(edit).result, earlier)
    ben.says("withdraw", flicker(ann.audit(edit)).key, finding=flicker(ann.audit(edit)).id)
    fresh = Desk("cem", shutil.copytree(ben.store, tmp_path / "third"), ben.folder, ben.patch)
    assert flicker(fresh.audit(edit, against=earlier)).state == "open"


def test_a_folder_that_cannot_be_written_stops_no_audit(
    desks: tuple[Desk, Desk], edit: Path, tmp_path: Path
) -> None:
    ann, _ = desks
    green = marked(ann.audit(edit), tmp_path / "green.otio", "GREEN")
    (tmp_path / "file").write_text("", encoding="utf-8")
    ann.folder = tmp_path / "file" / "verdicts"
    done = ann.audit(green)
    assert flicker(done).state == "dismissed"
    assert any("Others do not hear" in notice for notice in done.result.notices)


def test_damaged_verdicts_are_told_in_the_result(desks: tuple[Desk, Desk], edit: Path) -> None:
    ann, ben = desks
    ann.folder.mkdir()
    (ann.folder / "cem.jsonl").write_text('{"v": 1, "kind"', encoding="utf-8")
    assert any(notice.startswith("cem.jsonl: 1 verdict") for notice in ben.audit(edit).result.notices)


def test_the_folder_can_stand_in_the_settings(desks: tuple[Desk, Desk], edit: Path, tmp_path: Path) -> None:
    ann, _ = desks
    ann.says("kill", ann.audit(edit).result.clips[0].content)
    shutil.copytree(ann.folder, tmp_path / "named")
    (tmp_path / "audit.toml").write_text('[audit]\nverdicts = "named"\n', encoding="utf-8")
    ann.folder = None  # type: ignore[assignment]
    assert "ann: kill" in ann.audit(edit, settings=tmp_path / "audit.toml").result.clips[0].notes
    assert not ann.audit(edit).result.clips[0].notes
