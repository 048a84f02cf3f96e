"""The same subject over several clips: who belongs together, who is odd, what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from otio_ai_audit.detectors import _groups, mismatch
from otio_ai_audit.detectors._gallery import apart, glance, mapped, packed
from otio_ai_audit.detectors._score import calibrated_by
from otio_ai_audit.model import ClipUse, Detection, Subject
from tests.mismatch_world import clip, painted, table, unit

TRUCK = Subject("truck", source="subjects file")
HINT = Subject("truck", source="names")


@pytest.fixture(autouse=True)
def by_hand() -> Iterator[None]:
    with calibrated_by(table()):
        yield


def judge(uses: Sequence[ClipUse]) -> Detection:
    return mismatch.detect(uses, mismatch.Settings())


def trucks(count: int, subject: Subject | None = TRUCK, kind: int = 0) -> list[ClipUse]:
    return [
        clip(f"t{kind}{k}", [unit(kind, 10 * kind + k + 1)], subjects=[subject] if subject else [])
        for k in range(count)
    ]


def groups(said: Detection) -> set[frozenset[str]]:
    return {frozenset(group.clips) for group in said.groups}


def test_the_odd_one_out_is_named_with_the_shots_that_it_should_match() -> None:
    said = judge([*trucks(4), clip("alien", [unit(5)], subjects=[TRUCK])])
    assert max(said.scores, key=lambda id_: said.scores[id_] or 0.0) == "alien"
    assert (said.scores["alien"] or 0) >= 0.8
    assert all((said.scores[f"t0{k}"] or 0) < 0.5 for k in range(4))
    (finding,) = [one for one in said.findings if one.use == "alien"]
    assert set(finding.related) < {"t00", "t01", "t02", "t03"}
    assert len(finding.related) == 2
    assert finding.label == "mismatch"
    assert "truck" in finding.message
    assert finding.evidence["cosine_distance"] == pytest.approx(1.0, abs=0.2)
    assert [use for use, _ in finding.compare] == ["alien", *finding.related]


def test_a_front_and_a_side_of_one_thing_do_not_fight() -> None:
    both = clip("both", [unit(0, 1), unit(5, 2)], subjects=[TRUCK])
    front = [clip(f"front{k}", [unit(0, 20 + k)], subjects=[TRUCK]) for k in range(2)]
    said = judge([both, *front])
    assert (said.scores["both"] or 0) < 0.5


def test_two_clips_are_both_named_and_never_an_error() -> None:
    said = judge([clip("a", [unit(0)], subjects=[TRUCK]), clip("b", [unit(5)], subjects=[TRUCK])])
    assert said.scores["a"] == said.scores["b"]
    assert 0.5 <= (said.scores["a"] or 0) < 0.8
    assert [one.related for one in said.findings] == [("b",), ("a",)]


def test_a_reference_says_which_of_two_is_wrong_and_gets_no_score() -> None:
    still = clip("ref", [unit(0)], subjects=[TRUCK], reference=True)
    said = judge([clip("b", [unit(5)], subjects=[TRUCK]), clip("a", [unit(0, 1)], subjects=[TRUCK]), still])
    assert "ref" not in said.scores
    assert (said.scores["b"] or 0) >= 0.5 > (said.scores["a"] or 0)
    (group,) = said.groups
    assert group.clips == ("b", "a")


def test_one_clip_against_its_reference_may_be_an_error() -> None:
    still = clip("ref", [unit(0)], subjects=[TRUCK], reference=True)
    assert (judge([clip("b", [unit(5)], subjects=[TRUCK]), still]).scores["b"] or 0) >= 0.8


def test_references_outweigh_shots_that_agree_on_something_else() -> None:
    still = clip("ref", [unit(5)], subjects=[TRUCK], reference=True)
    said = judge([*trucks(3), clip("right", [unit(5, 1)], subjects=[TRUCK]), still])
    assert (said.scores["right"] or 0) < min(said.scores[f"t0{k}"] or 0 for k in range(3))


def test_a_shot_that_is_used_twice_does_not_speak_for_itself() -> None:
    alien = [clip(id_, [unit(5)], subjects=[TRUCK], key="same") for id_ in ("x", "y")]
    said = judge([*trucks(3), *alien])
    assert (said.scores["x"] or 0) >= 0.8
    assert set(next(one for one in said.findings if one.use == "x").related) <= {"t00", "t01", "t02"}


def test_clips_that_nobody_names_are_grouped_by_looks() -> None:
    said = judge([*trucks(3, None), *trucks(3, None, 4), clip("lone", [unit(9)])])
    assert groups(said) == {frozenset({"t00", "t01", "t02"}), frozenset({"t40", "t41", "t42"})}
    assert said.scores["lone"] is None
    assert all(group.source == "found" for group in said.groups)
    assert len({group.name for group in said.groups}) == 2


def test_groups_are_not_found_where_that_is_turned_off() -> None:
    said = mismatch.detect(trucks(3, None), mismatch.Settings(find_groups=False))
    assert said.groups == ()
    assert set(said.scores.values()) == {None}


def test_clips_that_are_too_many_to_group_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    uses = [*trucks(2), *trucks(3, None, 4)]
    assert mismatch.notice(uses, mismatch.Settings()) == ""
    monkeypatch.setattr(mismatch, "LARGEST", len(uses) - 1)
    told = mismatch.notice(uses, mismatch.Settings())
    assert told.startswith("3 clips") and "--subjects" in told
    assert mismatch.notice(uses, mismatch.Settings(find_groups=False)) == ""


def test_a_group_of_one_is_nothing() -> None:
    said = judge([clip("a", subjects=[TRUCK])])
    assert said.scores == {"a": None}
    assert said.groups == ()


def test_names_only_hint_and_a_hinted_group_of_different_things_splits() -> None:
    said = judge([*trucks(3, HINT), *trucks(3, HINT, 4)])
    assert groups(said) == {frozenset({"t00", "t01", "t02"}), frozenset({"t40", "t41", "t42"})}
    assert all((score or 0) < 0.5 for score in said.scores.values())


def test_a_lone_odd_one_of_a_hinted_group_is_told_at_most_as_a_warning() -> None:
    said = judge([*trucks(4, HINT), clip("alien", [unit(5)], subjects=[HINT])])
    assert 0.5 <= (said.scores["alien"] or 0) < 0.8


def test_what_a_person_says_is_never_split() -> None:
    said = judge([*trucks(2), *trucks(2, TRUCK, 4)])
    assert groups(said) == {frozenset({"t00", "t01", "t40", "t41"})}


def test_a_clip_may_show_two_subjects() -> None:
    fox = Subject("fox", source="marker")
    both = clip("both", [unit(0), unit(4)], subjects=[TRUCK, fox])
    said = judge([both, *trucks(2), *[clip(f"f{k}", [unit(4, k + 1)], subjects=[fox]) for k in range(2)]])
    assert {group.name for group in said.groups} == {"truck", "fox"}
    assert (said.scores["both"] or 0) < 0.5


def test_linkage_is_average_and_does_not_chain() -> None:
    line = np.arange(8) * 0.4
    distance = np.abs(line[:, None] - line)
    found = _groups.linked(distance, 0.5)
    assert max(len(group) for group in found) < 4


def test_a_changed_outfit_is_not_another_person() -> None:
    face = unit(3, size=128)
    people = [clip(f"p{k}", [unit(0, k + 1)], subjects=[TRUCK], faces=[face]) for k in range(3)]
    changed = clip("outfit", [unit(5)], subjects=[TRUCK], faces=[face])
    other = clip("other", [unit(0, 9)], subjects=[TRUCK], faces=[unit(77, size=128)])
    assert (judge([*people, changed]).scores["outfit"] or 0) < 0.5
    said = judge([*people, other])
    assert (said.scores["other"] or 0) >= 0.8
    (finding,) = [one for one in said.findings if one.use == "other"]
    assert finding.message.startswith("Face")
    assert finding.evidence["face_cosine"] < 0.1


def test_people_are_grouped_by_faces_whatever_they_wear() -> None:
    uses = [
        clip("a", [unit(0)], faces=[unit(3, size=128)]),
        clip("b", [unit(5)], faces=[unit(3, size=128)]),
        clip("c", [unit(0, 2)], faces=[unit(60, size=128)]),
    ]
    assert groups(judge(uses)) == {frozenset({"a", "b"})}


def test_a_group_that_agrees_well_demands_more_of_a_face() -> None:
    face, near = unit(3, size=128), unit(3, size=128) * 0.42 + unit(50, size=128) * 0.9
    people = [clip(f"p{k}", [unit(0, k + 1)], subjects=[TRUCK], faces=[face]) for k in range(3)]
    said = judge([*people, clip("twin", [unit(0, 9)], subjects=[TRUCK], faces=[near / np.linalg.norm(near)])])
    assert (said.scores["twin"] or 0) >= 0.5


def test_another_colour_of_the_same_thing_is_told() -> None:
    said = judge([*trucks(4), clip("blue", [unit(0, 9)], colour=4, subjects=[TRUCK])])
    assert (said.scores["blue"] or 0) >= 0.5
    (finding,) = [one for one in said.findings if one.use == "blue"]
    assert finding.message.startswith("Colour differs")


def test_only_what_the_edit_shows_counts() -> None:
    looks = [unit(0, 1)] * 6 + [unit(5)] * 6
    shown = clip("half", looks, subjects=[TRUCK], visible=(0.0, 0.2))
    said = judge([*trucks(3), shown])
    assert (said.scores["half"] or 0) < 0.5
    hidden = judge([*trucks(3), clip("half", looks, subjects=[TRUCK], visible=(0.26, 9.0))])
    (finding,) = [one for one in hidden.findings if one.use == "half"]
    assert finding.start == pytest.approx(0.26)
    assert finding.start + finding.duration == pytest.approx(12 * 1001 / 24000, abs=0.002)
    assert finding.worst is not None and finding.worst >= 0.25


def test_a_brand_colour_is_held_against_the_value() -> None:
    logo = Subject("label", "logo", (0xD2, 0, 0x1A), 6.0, "subjects file")
    right = [
        clip(f"r{k}", [unit(0, k + 1)], subjects=[logo], grid=painted((0xD2, 0, 0x1A))) for k in range(2)
    ]
    off = clip("off", [unit(0, 5)], subjects=[logo], grid=painted((226, 84, 20)))
    said = judge([*right, off])
    (finding,) = said.findings
    assert finding.use == "off"
    assert finding.message.endswith("towards orange.")
    assert finding.evidence["delta_e"] > finding.evidence["max_delta_e"]


def test_a_brand_colour_needs_no_second_clip() -> None:
    logo = Subject("label", "logo", (0xD2, 0, 0x1A), 6.0, "subjects file")
    said = judge([clip("off", subjects=[logo], grid=painted((226, 84, 20)))])
    assert (said.scores["off"] or 0) >= 0.5


def test_a_clip_without_identity_has_no_score() -> None:
    from dataclasses import replace

    bare = clip("bare", subjects=[TRUCK])
    assert bare.signals is not None
    bare = replace(bare, signals=replace(bare.signals, identity=None))
    said = judge([*trucks(2), bare])
    assert said.scores["bare"] is None
    assert groups(said) == {frozenset({"t00", "t01"})}


def test_nothing_to_judge() -> None:
    assert judge([]) == Detection({})


def test_distances_are_symmetrical_and_zero_for_itself() -> None:
    uses = [clip("a", [unit(0, 1), unit(3)]), clip("b", [unit(1)]), clip("c", [unit(0, 2)] * 5)]
    between = apart([one for use in uses if (one := glance(use)) is not None])
    assert between.look == pytest.approx(between.look.T)
    assert np.diag(between.look) == pytest.approx(0.0)
    assert between.look[0, 2] < between.look[0, 1]


def test_a_map_of_looks_damps_its_directions() -> None:
    mean, nuisance = np.zeros(24, np.float32), unit(7)
    looks = {"mean": packed(mean), "directions": packed(nuisance[None]), "kept": [0.1]}
    one, other = unit(0), (unit(0) + unit(7)) / np.sqrt(2)
    with calibrated_by({**table(), "looks": looks}):
        assert mapped(one) @ mapped(other) > 0.99
        assert mapped(np.ones((1, 5), np.float32)).shape == (1, 5)


def test_order_of_clips_does_not_matter() -> None:
    uses = [*trucks(4), clip("alien", [unit(5)], subjects=[TRUCK])]
    assert judge(uses).scores == pytest.approx(judge(uses[::-1]).scores)
