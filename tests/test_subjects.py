"""Who should look alike: the subjects file, and what the edit says."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from otio_ai_audit import subjects
from otio_ai_audit.errors import SettingsError
from otio_ai_audit.model import Media, Plan, Subject
from otio_ai_audit.subjects import SubjectsFile
from otio_ai_audit.subjects.names import words_of
from otio_ai_audit.timeline import Said

from .subject_world import plan_of, said_of, subjects_of, use, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "refs").mkdir()
    for name in ("truck_front.jpg", "truck_side.png"):
        Image.new("RGB", (8, 8), (200, 20, 20)).save(tmp_path / "refs" / name)
    return tmp_path


def load(folder: Path, text: str) -> SubjectsFile:
    return subjects.load(write(folder / "subjects.toml", text))


def given(names: list[str], *entries: str) -> dict[str, list[str]]:
    """Assign by a file of entries ``name: glob glob``, and say which names each subject got."""
    made = []
    for one in entries:
        name, _, globs = one.partition(": ")
        made.append(subjects.Entry(Subject(name, source="subjects file"), tuple(globs.split(" "))))
    plan = plan_of([use(i, name) for i, name in enumerate(names, start=1)])
    file = SubjectsFile(tuple(made), Path("subjects.toml"))
    return {
        key: ids
        for key, ids in subjects_of(subjects.assign(plan, file)).items()
        if key in {e.split(":")[0] for e in entries}
    }


# --- the file ---------------------------------------------------------------------------------------


def test_every_key_is_read(folder: Path) -> None:
    file = load(
        folder,
        """
        [[subject]]
        name = "truck"
        clips = ["*truck*", "V1/0007"]
        references = ["refs/truck_front.jpg", 'refs\\truck_side.png']
        kind = "thing"
        color = "#D2001A"
        max_delta_e = 4
        [[subject]]
        name = "badge"
        kind = "logo"
        color = "#00ff80"
        [[subject]]
        name = "driver"
        kind = "face"
        """,
    )
    truck, badge, driver = file.entries
    assert truck.subject == Subject("truck", "thing", (0xD2, 0, 0x1A), 4.0, "subjects file")
    assert truck.clips == ("*truck*", "V1/0007")
    assert truck.references == (folder / "refs/truck_front.jpg", folder / "refs/truck_side.png")
    assert (badge.subject.kind, badge.subject.color) == ("logo", (0, 255, 128))
    assert badge.subject.max_delta_e == subjects.DEFAULT_DELTA_E == 6.0
    assert driver.subject == Subject("driver", "face", None, None, "subjects file")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[[subject]]\nname='truck'\nclip=['x']",
            r"subjects\.toml: subject 'truck' has no key 'clip'\. Did you mean clips\?",
        ),
        ("[[subject]]\nname='truck'\ncolour='#000000'", r"no key 'colour'\. Did you mean color\?"),
        ("[[subject]]\nclips=['x']", r"subject 1 has no name; write name = \"truck\""),
        ("[[subject]]\nname=3", r"subject 1 name = 3: expected text in quotes"),
        ("[[subject]]\nname=' '", r"subject 1 name = \" \": expected text"),
        (
            "[[subject]]\nname='a'\nclips='*truck*'",
            r"'a' clips = \"\*truck\*\": expected a list, in brackets",
        ),
        ("[[subject]]\nname='a'\nclips=[1]", r"'a' clips: 1: expected text in quotes"),
        ("[[subject]]\nname='a'\nclips=['']", r"expected text in quotes"),
        ("[[subject]]\nname='a'\nkind='thng'", r"'a' kind = \"thng\": expected .*Did you mean thing\?"),
        ("[[subject]]\nname='a'\nkind=['logo']", r"'a' kind = \[\"logo\"\]: expected"),
        ("[[subject]]\nname='a'\ncolor='red'", r"'a' color = \"red\": expected \"#RRGGBB\""),
        ("[[subject]]\nname='a'\ncolor='#D2001'", r"expected \"#RRGGBB\""),
        ("[[subject]]\nname='a'\ncolor=13762586", r"expected \"#RRGGBB\""),
        (
            "[[subject]]\nname='a'\ncolor='#000000'\nmax_delta_e='6'",
            r"max_delta_e = \"6\": expected a number",
        ),
        (
            "[[subject]]\nname='a'\ncolor='#000000'\nmax_delta_e=true",
            r"max_delta_e = true: expected a number",
        ),
        ("[[subject]]\nname='a'\ncolor='#000000'\nmax_delta_e=0", r"expected a number above 0"),
        ("[[subject]]\nname='a'\ncolor='#000000'\nmax_delta_e=nan", r"expected a number above 0"),
        ("[[subject]]\nname='a'\nmax_delta_e=6", r"'a' has max_delta_e but no color"),
        (
            "[[subject]]\nname='a'\nreferences=['refs/truck_frnt.jpg']",
            r"no file 'refs/truck_frnt\.jpg'\. Did you mean truck_front\.jpg\?",
        ),
        ("[[subject]]\nname='a'\nreferences=['nowhere/x.jpg']", r"no file 'nowhere/x\.jpg'\.$"),
        ("[[subject]]\nname='a'\nreferences=['refs']", r"no file 'refs'"),
        ("[[subject]]\nname='a'\nreferences=['subjects.toml']", r"is no still picture"),
        ("[[subject]]\nname='Truck'\n[[subject]]\nname='truck'", r"subject 'truck' stands there twice"),
        ("[subject]\nname='a'", r"write \[\[subject\]\], in two pairs of brackets"),
        ("[[subjects]]\nname='a'", r"'subjects' is not known here; every entry begins with \[\[subject\]\]"),
        ("name='a'", r"'name' is not known here"),
        ("[[subject]\n", r"subjects\.toml: the subjects file is not valid TOML: .*line 1"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(folder, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml: the subjects file cannot be read: No such file"):
        subjects.load(tmp_path / "gone.toml")
    (tmp_path / "latin.toml").write_bytes("# é".encode("latin-1"))
    with pytest.raises(SettingsError, match="not UTF-8"):
        subjects.load(tmp_path / "latin.toml")


def test_without_a_file_there_are_no_entries() -> None:
    assert subjects.load(None).entries == ()


# --- which clips a pattern means -----------------------------------------------------------------------


def test_globs_mean_clip_names_file_names_and_ids() -> None:
    plan = plan_of(
        [use(1, "Shot A", "/takes/truck_v1.mp4"), use(2, "truck 2", "/x/b.mp4"), use(3, "c", "/x/c.mp4")]
    )
    file = SubjectsFile(
        (subjects.Entry(Subject("t"), ("*truck*",)), subjects.Entry(Subject("c"), ("V1/0003",)))
    )
    assert subjects_of(subjects.assign(plan, file)) == {"t": ["Shot A", "truck 2"], "c": ["c"]}


def test_the_name_in_the_edit_counts_where_the_file_lies_under_another() -> None:
    plan = plan_of([use(1, "a", "/proxies/0001.mov"), use(2, "b", "/proxies/0002.mov")])
    said = said_of(plan, V1_0002=Said("b", ("truck_v2.mov",)))
    file = SubjectsFile((subjects.Entry(Subject("t"), ("truck*",)),))
    assert subjects_of(subjects.assign(plan, file, said)) == {"t": ["b"]}


def test_case_and_unicode_form_do_not_matter() -> None:
    decomposed = unicodedata.normalize("NFD", "Füchse_01.MP4")
    assert given([decomposed, "x"], "fox: füchse*") == {"fox": [decomposed]}
    assert given(["füchse.mp4", "x"], f"fox: {unicodedata.normalize('NFD', 'FÜCHSE')}*") == {
        "fox": ["füchse.mp4"]
    }


def test_a_name_written_as_it_stands_means_itself() -> None:
    assert given(["shot.[1-90].exr", "shot.5.exr"], "s: shot.[1-90].exr")["s"] == [
        "shot.[1-90].exr",
        "shot.5.exr",
    ]
    assert given(["a*b?.mp4", "axby.mp4"], "s: a[*]b[?].mp4") == {"s": ["a*b?.mp4"]}


def test_what_looks_like_an_id_is_one() -> None:
    assert given(["V1/0002", "b"], "s: V1/0002") == {"s": ["b"]}


def test_a_clip_may_show_several_subjects(folder: Path) -> None:
    found = given(["truck_logo.mp4", "truck.mp4"], "truck: truck*", "logo: *logo*")
    assert found == {"truck": ["truck_logo.mp4", "truck.mp4"], "logo": ["truck_logo.mp4"]}


def test_a_glob_without_clips_is_a_notice_with_the_nearest_name() -> None:
    file = SubjectsFile(
        (subjects.Entry(Subject("truck"), ("trck_drive.mp4", "truck*")),), Path("/x/who.toml")
    )
    plan = subjects.assign(plan_of(["truck_drive.mp4", "fox.mp4"]), file)
    assert plan.notices == (
        "who.toml: subject 'truck' clips: no clip matches 'trck_drive.mp4'. Did you mean truck_drive.mp4?",
    )


def test_all_uses_of_a_take_have_its_subjects() -> None:
    file = SubjectsFile((subjects.Entry(Subject("truck"), ("V1/0001",)),))
    uses = [use(1, "a", "/t/take.mp4", 0), use(2, "b", "/t/take.mp4", 60), use(3, "c", "/t/other.mp4")]
    assert subjects_of(subjects.assign(plan_of(uses), file)) == {"truck": ["a", "b"]}


def test_shots_of_a_reel_are_not_one_take() -> None:
    file = SubjectsFile((subjects.Entry(Subject("truck"), ("V1/0001",)),))
    uses = [use(i, f"s{i}", "/t/reel.mov", i * 48) for i in range(1, 9)]
    uses.append(use(9, "again", "/t/reel.mov", 60, 30))
    assert subjects_of(subjects.assign(plan_of(uses), file)) == {"truck": ["s1", "again"]}


def test_shots_of_a_master_are_told_apart_by_their_names() -> None:
    uses = [
        use(i, name, "/t/master.mov", i * 48, rendered=True)
        for i, name in enumerate(["truck", "fox", "truck"], 1)
    ]
    file = SubjectsFile((subjects.Entry(Subject("t"), ("V1/0001",)),))
    assert subjects_of(subjects.assign(plan_of(uses), file)) == {"t": ["truck", "truck"]}
    assert (
        subjects_of(
            subjects.assign(plan_of(uses), SubjectsFile((subjects.Entry(Subject("m"), ("master*",)),)))
        )
        == {}
    )


# --- references -----------------------------------------------------------------------------------------


def test_references_become_stills_with_a_job(folder: Path) -> None:
    file = load(
        folder,
        """
        [[subject]]
        name = "truck"
        clips = ["truck*"]
        references = ["refs/truck_front.jpg", "refs/truck_side.png"]
        [[subject]]
        name = "badge"
        clips = ["truck*"]
        references = ["refs/truck_front.jpg"]
        [[subject]]
        name = "nobody"
        clips = ["nobody*"]
        references = ["refs/truck_front.jpg"]
        """,
    )
    plan = subjects.assign(plan_of(["truck_a.mp4", "fox.mp4"]), file)
    front, side = plan.references
    assert [s.name for s in front.subjects] == ["truck", "badge"] and [s.name for s in side.subjects] == [
        "truck"
    ]
    assert front.reference and front.name == "truck_front.jpg" and front.record_frames == 0
    assert (
        plan.jobs[front.job].media == front.media == Media(str(folder / "refs/truck_front.jpg"), kind="still")
    )
    assert len(plan.jobs) == 4 and len({one.id for one in (*plan.uses, *plan.references)}) == 4
    bare = subjects.assign(plan_of(["truck_a.mp4"]), file, references=False)
    assert bare.references == () and len(bare.jobs) == 1


def test_a_reference_that_is_in_the_edit_is_measured_once(folder: Path) -> None:
    still = folder / "refs/truck_front.jpg"
    clip = use(1, "truck", media=Media(str(still), kind="still"))
    file = load(folder, "[[subject]]\nname='t'\nclips=['truck']\nreferences=['refs/truck_front.jpg']")
    plan = subjects.assign(plan_of([clip]), file)
    assert len(plan.jobs) == 1 and plan.references[0].job == 0


# --- what the edit says ----------------------------------------------------------------------------------


def sources(plan: Plan) -> dict[str, str]:
    return {one.name: one.subjects[0].source for one in plan.uses if one.subjects}


def test_the_file_is_heard_first_then_markers_metadata_colours_and_names() -> None:
    names = ["truck_a", "truck_b", "truck_c", "truck_d", "p1", "p2", "fox_1", "fox_2", "x", "y"]
    plan = plan_of(names)
    said = said_of(
        plan,
        V1_0001=Said("truck_a", markers=("lorry",), metadata=("van",), color="Mint"),
        V1_0002=Said("truck_b", markers=("lorry",), metadata=("Lorry", "van")),
        V1_0003=Said("truck_c", metadata=("van",), color="Mint"),
        V1_0005=Said("p1", color="Mint"),
        V1_0006=Said("p2", color="mint"),
    )
    file = SubjectsFile((subjects.Entry(Subject("cab", source="subjects file"), ("truck_a",)),))
    plan = subjects.assign(plan, file, said)
    assert subjects_of(plan) == {
        "cab": ["truck_a"],
        "lorry": ["truck_b"],
        "van": ["truck_b", "truck_c"],
        "mint clips": ["p1", "p2"],
        "fox": ["fox_1", "fox_2"],
    }
    assert sources(plan) == {
        "truck_a": "subjects file",
        "truck_b": "marker",
        "truck_c": "metadata",
        "p1": "clip colour",
        "p2": "clip colour",
        "fox_1": "names",
        "fox_2": "names",
    }


def test_a_marker_on_one_use_speaks_for_the_take_and_joins_a_subject_of_the_file() -> None:
    uses = [use(1, "a", "/t/take.mp4"), use(2, "b", "/t/take.mp4", 50), use(3, "c")]
    plan = plan_of(uses)
    badge = Subject("Badge", "logo", (1, 2, 3), 5.0, "subjects file")
    file = SubjectsFile((subjects.Entry(badge, ()),))
    plan = subjects.assign(plan, file, said_of(plan, V1_0002=Said("b", markers=("badge",))))
    assert plan.uses[0].subjects == plan.uses[1].subjects == (replace(badge, source="marker"),)


def test_names_add_nobody_to_a_subject_of_the_file() -> None:
    """Who corrected the file left the other trucks out on purpose."""
    file = SubjectsFile((subjects.Entry(Subject("truck", source="subjects file"), ("truck_a", "truck_b")),))
    plan = subjects.assign(plan_of(["truck_a", "truck_b", "truck_c", "truck_d"]), file)
    assert subjects_of(plan) == {"truck": ["truck_a", "truck_b"]}


@pytest.mark.parametrize("colored", [[1], [1, 2, 3, 4, 5]])
def test_a_colour_of_one_or_of_most_clips_says_nothing(colored: list[int]) -> None:
    plan = plan_of([f"{i}" for i in range(1, 9)])
    said = said_of(plan, **{f"V1_{i:04d}": Said(str(i), color="Orange") for i in colored})
    assert subjects_of(subjects.assign(plan, SubjectsFile(), said)) == {}


def test_a_colour_over_several_names_is_a_status() -> None:
    plan = plan_of(["truck_a", "truck_b", "fox_a", "fox_b", "x", "y"])
    said = said_of(plan, V1_0001=Said("truck_a", color="Orange"), V1_0003=Said("fox_a", color="Orange"))
    assert set(subjects_of(subjects.assign(plan, SubjectsFile(), said))) == {"truck", "fox"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("truck_drive_v007.mp4", ("truck", "drive")),
        ("SC010_SH020_TruckDrive_comp_v2.mov", ("Truck", "Drive")),
        ("Gen-4 turbo truck 123456.mp4", ("turbo", "truck")),
        ("kling_20250102_truck.mp4", ("truck",)),
        ("ComfyUI_00001_.png", ()),
        ("A001C003_0101.mxf", ()),
        ("IMG_1234.JPG", ()),
        ("shot.[1000-1100].exr", ()),
        ("fox02.mp4", ("fox",)),
        ("red_truck_front", ("red truck", "front")),
        ("卡车_01.mp4", ("卡车",)),
        ("лиса_v3", ("лиса",)),
        ("a.b", ()),
        ("", ()),
        ("Final.final_FINAL(2).mp4", ()),
    ],
)
def test_words_that_say_something(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (
            ["truck_drive_v007", "truck_front_v004", "fox_v001"],
            {"truck": ["truck_drive_v007", "truck_front_v004"]},
        ),
        (["shot_010_v1", "shot_020_v2", "clip 3", "clip 4"], {}),
        (["red_truck_1", "red_fox_1", "red_truck_2"], {"red truck": ["red_truck_1", "red_truck_2"]}),
        (["Truck_1", "TRUCK_2"], {"truck": ["Truck_1", "TRUCK_2"]}),
        (["sora_a_1", "sora_b_1"], {}),
        (["truck"], {}),
    ],
)
def test_names_that_begin_alike(names: list[str], groups: dict[str, list[str]]) -> None:
    assert subjects_of(subjects.assign(plan_of(names), SubjectsFile())) == groups


def test_the_name_of_the_project_is_no_subject() -> None:
    names = ["acme_truck_1", "acme_truck_2", "acme_fox_1", "acme_fox_2", "acme_house_1", "acme_truck_3"]
    found = subjects_of(subjects.assign(plan_of(names), SubjectsFile()))
    assert {key: len(clips) for key, clips in found.items()} == {"truck": 3, "fox": 2}


def test_two_uses_of_one_take_are_no_group() -> None:
    uses = [use(1, "truck_a", "/t/truck_a.mp4"), use(2, "truck_a", "/t/truck_a.mp4", 60), use(3, "fox")]
    assert subjects_of(subjects.assign(plan_of(uses), SubjectsFile())) == {}
