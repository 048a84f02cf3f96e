"""A proposed subjects file means exactly the clips that it was made from, and loses no word of a person's."""

from __future__ import annotations

import time
import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otio_ai_audit import subjects
from otio_ai_audit.errors import OutputError, SettingsError
from otio_ai_audit.model import ClipUse, Group, Plan, Subject
from otio_ai_audit.subjects import Entry, Proposal, SubjectsFile
from otio_ai_audit.subjects.file import entry_text
from otio_ai_audit.subjects.match import Clips
from otio_ai_audit.subjects.propose import patterns
from otio_ai_audit.timeline import Said

from .subject_world import plan_of, said_of, subjects_of, use, write


def group(name: str, *numbers: int, source: str = "found") -> Group:
    clips = tuple(f"V1/{number:04d}" for number in numbers)
    return Group(name, clips, tuple(tuple(0.0 for _ in clips) for _ in clips), source)


def propose(
    plan: Plan, *found: Group, file: SubjectsFile | None = None, said: dict[str, Said] | None = None
) -> Proposal:
    said = said_of(plan) if said is None else said
    assigned = subjects.assign(plan, file or SubjectsFile(), said)
    return subjects.propose(assigned.uses, said, found, file, "advert.otio")


def again(plan: Plan, path: Path, text: str) -> dict[str, list[str]]:
    """Write the file, read it as an audit does, and say whom it means."""
    subjects.save(path, text)
    return subjects_of(subjects.assign(plan, subjects.load(path)))


HOSTILE = [
    "truck_v001.mp4",
    "truck_v002.mp4",
    "TRUCK_V001.mp4",
    "Füchse.mp4",
    unicodedata.normalize("NFD", "Füchse.mp4"),
    "shot.[1-90].exr",
    "shot.5.exr",
    "shot.[[]1-90].exr",
    "a*b?.mp4",
    "axby.mp4",
    "a[*]b[?].mp4",
    "V1/0002",
    "V1/000?",
    "*",
    "[!a]",
    "\\back\\slash",
    'say "hi" # no',
    "tab\tline\nbreak\x7f\x00",
    "broken \udcff",
    "",
    "מכונית_01.mp4",
    "ẞtraße.mp4",
    "ﬁre.mp4",
]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_patterns_mean_exactly_their_clips(data: st.DataObject) -> None:
    name = st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=8)
    names = data.draw(st.lists(name, min_size=1, max_size=8))
    # Some names are shared by several files, some files are used several times.
    paths = data.draw(st.lists(st.integers(0, 5), min_size=len(names), max_size=len(names)))
    uses = [use(i, n, f"/takes/{p}/x.mp4") for i, (n, p) in enumerate(zip(names, paths, strict=True), 1)]
    clips = Clips(uses, {})
    wanted = data.draw(st.sets(st.sampled_from([one.id for one in uses]), min_size=1))
    found = patterns(wanted, clips, data.draw(st.sampled_from(["", "truck", "*", "[x"])))
    entry = Entry(Subject("subject", source="subjects file"), found)
    (read,) = tomllib.loads(entry_text(entry))["subject"]
    assert tuple(read["clips"]) == found
    plan = subjects.assign(plan_of(uses), SubjectsFile((entry,)))
    assert {one.id for one in plan.uses if entry.subject in one.subjects} == clips.with_kin(wanted)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_writing_and_reading_is_the_identity(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("subjects")
    text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
    names = data.draw(
        st.lists(text.filter(lambda name: bool(name.strip())), max_size=4, unique_by=str.casefold)
    )
    entries = []
    for name in names:
        color = data.draw(st.none() | st.tuples(*[st.integers(0, 255)] * 3))
        limit = None if color is None else data.draw(st.floats(0.1, 100))
        kind = data.draw(st.sampled_from(["thing", "face", "logo"]))
        subject = Subject(name, kind, color, limit, "subjects file")
        stills = data.draw(
            st.lists(st.sampled_from(["a.png", "b ö.jpg", "deep/c [1].png"]), max_size=2, unique=True)
        )
        for still in stills:
            (folder / still).parent.mkdir(exist_ok=True)
            (folder / still).touch()
        clips = tuple(data.draw(st.lists(text, max_size=3)))
        entries.append(Entry(subject, clips, tuple(folder / still for still in stills)))
    path = folder / "subjects.toml"
    written = "\n".join(entry_text(entry, folder) for entry in entries)
    try:
        subjects.save(path, written)
    except SettingsError as error:
        assert "twice" in str(error)
        return
    assert subjects.load(path).entries == tuple(entries)
    assert subjects.load(path).text == written


def test_a_proposal_reads_back_as_the_groups_it_was_made_from(tmp_path: Path) -> None:
    names = ["truck_drive_v007.mp4", "fox_v1.mp4", "truck_front_v004.mp4", "gen-3 1", "gen-3 2", "x.mp4"]
    plan = plan_of(names)
    made = propose(plan, group("group 1", 4, 5))
    assert [entry.subject.name for entry in made.entries] == ["truck", "group 1"]
    assert made.entries[0].clips == ("truck*",)
    assert again(plan, tmp_path / "s.toml", made.added) == {
        "truck": [names[0], names[2]],
        "group 1": ["gen-3 1", "gen-3 2"],
    }
    assert "# truck, 2 clips: the names begin alike" in made.added
    assert "# group 1, 2 clips: found by looks" in made.added
    for name in (names[0], names[2], "gen-3 1"):
        assert f"#   {name}\n" in made.added


def test_a_glob_holds_for_the_next_version() -> None:
    plan = plan_of(["drive_v007.mp4", "front_v04.mp4", "x.mp4"])
    (entry,) = propose(plan, group("truck", 1, 2)).entries
    assert entry.clips == ("drive_v*.mp4", "front_v*.mp4")


def test_clips_that_no_name_tells_apart_are_named_by_id(tmp_path: Path) -> None:
    plan = plan_of(["a.mp4", "A.MP4", "b.mp4"])
    made = propose(plan, group("one", 1, 3))
    assert made.entries[0].clips == ("V1/0001", "b.mp4")
    assert again(plan, tmp_path / "s.toml", made.added) == {"one": ["a.mp4", "b.mp4"]}


def test_found_groups_are_named_by_their_clips_and_never_twice() -> None:
    names = ["001_truck_a", "s_truck", "x truck", "1", "2", "3", "4"]
    plan = plan_of(names)
    file = SubjectsFile((Entry(Subject("truck", source="subjects file"), ("1",)),))
    made = propose(plan, group("group 1", 2, 3), group("group 1", 4, 5), group("group 1", 6, 7), file=file)
    assert [entry.subject.name for entry in made.entries] == ["truck 2", "group 1"]


def test_one_take_used_twice_and_groups_that_somebody_named_are_no_finds() -> None:
    plan = plan_of([use(1, "p", "/t/p.mp4"), use(2, "p", "/t/p.mp4", 50), use(3, "q"), use(4, "r")])
    found = [group("g", 1, 2), group("g", 3, 4, source="names"), group("g", 3)]
    assert propose(plan, *found).entries == ()


def test_a_hint_that_does_not_hold_by_looks_is_split(tmp_path: Path) -> None:
    plan = plan_of(["truck_a", "truck_b", "truck_c", "truck_d", "truck_e", "p"])
    parts = [group("truck", 1, 3, source="names"), group("truck 2", 2, 4, source="names"), group("g", 5, 6)]
    made = propose(plan, *parts)
    assert again(plan, tmp_path / "s.toml", made.added) == {
        "truck": ["truck_a", "truck_c"],
        "truck 2": ["truck_b", "truck_d"],
        "g": ["truck_e", "p"],
    }
    said = said_of(plan, **{f"V1_000{i}": Said(f"truck_{i}", markers=("truck",)) for i in (1, 2, 3, 4)})
    sure = propose(plan, group("truck", 1, 3, source="marker"), said=said)
    assert sure.members == {"truck": ("V1/0001", "V1/0002", "V1/0003", "V1/0004")}


def test_what_looks_like_a_group_with_a_name_is_told_and_not_added(tmp_path: Path) -> None:
    plan = plan_of(["truck_a", "truck_b", "p", "q"])
    made = propose(plan, group("g", 1, 3))
    assert [entry.subject.name for entry in made.entries] == ["truck"]
    assert '# These look like "truck"; if so, add them to its clips:\n#   "p"\n' in made.added
    assert again(plan, tmp_path / "s.toml", made.added) == {"truck": ["truck_a", "truck_b"]}


MINE = """\
# my own words
[[subject]]
name = "lorry"          # not a truck
clips = [
    "truck_a*",  # the red one
]


# the end"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_persons_file_stays_as_it_is(tmp_path: Path, end: str) -> None:
    path = tmp_path / "s.toml"
    mine = MINE.replace("\n", end)
    path.write_bytes(b"\xef\xbb\xbf" + mine.encode())
    plan = plan_of(["truck_a_1", "truck_b", "truck_c", "fox_1", "fox_2", "p"])
    file = subjects.load(path)
    made = propose(plan, group("g", 1, 6), file=file)
    text = subjects.below(file.text, made.added)
    assert text.startswith(mine + end) and text.count("\r\n") == (text.count("\n") if end == "\r\n" else 0)
    found = again(plan, path, text)
    assert found == {"lorry": ["truck_a_1"], "truck": ["truck_b", "truck_c"], "fox": ["fox_1", "fox_2"]}
    assert 'look like "lorry"' in text
    assert propose(plan, group("g", 1, 6), file=subjects.load(path)).added == ""


def test_what_a_person_took_out_of_a_group_does_not_come_back(tmp_path: Path) -> None:
    plan = plan_of(["truck_a", "truck_b", "truck_c", "truck_d"])
    first = propose(plan).added
    path = write(tmp_path / "s.toml", first.replace('["truck*"]', '["truck_a", "truck_b"]'))
    made = propose(plan, group("g", 1, 2, 3, 4), file=subjects.load(path))
    assert made.entries == () and 'look like "truck"' in made.added


def test_a_clip_that_a_marker_puts_into_a_subject_of_the_file_is_not_lost_to_it(tmp_path: Path) -> None:
    plan = plan_of(["p", "q", "r"])
    said = said_of(plan, V1_0002=Said("q", markers=("truck", "logo")), V1_0003=Said("r", markers=("logo",)))
    file = SubjectsFile((Entry(Subject("truck", source="subjects file"), ("p",)),), text="# mine\n")
    made = propose(plan, file=file, said=said)
    assert [(entry.subject.name, entry.clips) for entry in made.entries] == [("logo", ("q", "r"))]
    assert '# The edit says that these are "truck"; if so, add them to its clips:\n#   "q"' in made.added


def test_subjects_in_line_cannot_be_added_to(tmp_path: Path) -> None:
    path = write(tmp_path / "s.toml", 'subject = [{name = "a", clips = ["p"]}]\n')
    file = subjects.load(path)
    made = propose(plan_of(["p", "fox_1", "fox_2"]), file=file)
    with pytest.raises(SettingsError, match=r"not valid TOML"):
        subjects.save(path, subjects.below(file.text, made.added))
    assert subjects.load(path) == file


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"s\.toml cannot be written"):
        subjects.save(tmp_path / "file" / "s.toml", "")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_names_from_windows_and_500_clips_are_quick(tmp_path: Path) -> None:
    uses: list[ClipUse] = []
    said = {}
    for i in range(1, 501):
        one = use(i, f"Clip {i}", f"/proxies/{i}.mov")
        uses.append(one)
        said[one.id] = Said(one.name, (f"{['truck', 'fox', 'dog'][i % 3]} [{i}] v{i % 7}.mp4",))
    started = time.process_time()
    plan = plan_of(uses)
    found = [group("looks", *range(1, 500, 2))]
    made = propose(plan, *found, said=said)
    assert time.process_time() - started < 5
    assert {name: len(ids) for name, ids in made.members.items()} == {"fox": 167, "dog": 167, "truck": 166}
    assert all(len(entry.clips) == 1 for entry in made.entries)
    assert "#   and 143 more" in made.added and len(made.added) < 12_000
