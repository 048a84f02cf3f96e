"""Grouping of names and the order of takes, by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otio_ai_audit.model import Finding, Media, Placed, Provenance, RankedTake, Take, TakeRecord
from otio_ai_audit.takes.grouping import shots_by
from otio_ai_audit.takes.ranking import natural, ranked
from otio_ai_audit.takes.tallies import tallied, tallies
from otio_ai_audit.timeline import shot_and_take

UNKNOWN = Provenance()
PROMPT = Provenance(prompt="A red truck in the snow")


def shot_of(label: str, origin: Provenance = UNKNOWN, grouping: str = "names") -> tuple[str, str]:
    return shots_by(grouping, None, shot_and_take)(label, origin)


@pytest.mark.parametrize(
    ("label", "shot", "take"),
    [
        ("truck_v012.mp4", "truck", "v012"),
        ("day2/truck_v013.mp4", "truck", "v013"),
        ("red truck take 2.mp4", "red truck", "take 2"),
        ("SH0010_v001.mp4", "SH0010", "v001"),
        ("010_v3.mp4", "010", "v3"),
        ("shot010_v001.mp4", "shot010", "v001"),
        ("scene12_take3.mp4", "scene12", "take3"),
        ("sh010/take_01.mp4", "sh010", "01"),
        ("a/b/ComfyUI_00012_.mp4", "a/b", "00012"),
        ("fox/0001.mp4", "fox", "0001"),
        ("fox/output (3).mp4", "fox", "output (3)"),
    ],
)
def test_names_say_what_shot_a_take_is_of(label: str, shot: str, take: str) -> None:
    assert shot_of(label) == (shot, take)


@pytest.mark.parametrize(
    "label",
    [
        "ComfyUI_00012_.mp4",
        "x/550e8400-e29b-41d4-a716-446655440000.mp4",
        "out/WanVideo_00003.mp4",
        "0001.mp4",
    ],
)
def test_names_that_say_nothing_are_grouped_by_their_prompt(label: str) -> None:
    assert shot_of(label, PROMPT)[0] == f"prompt {PROMPT.prompt_hash}"


def test_a_name_that_says_something_goes_before_the_prompt() -> None:
    assert shot_of("truck_v012.mp4", PROMPT) == ("truck", "v012")
    assert shot_of("truck_v012.mp4", PROMPT, "prompts")[0] == f"prompt {PROMPT.prompt_hash}"


def take(label: str, *scores: float, below: float = 0.0, **changes: object) -> RankedTake:
    record = TakeRecord(label, scores={"flicker": max([below, *scores], default=0.0)})
    placed = tuple(
        Placed("id", Finding("flicker", label, 0.0, 1.0, score, "…"), "open", "", 0, 1, "00:00:00:00")
        for score in scores
    )
    one = RankedTake(label, Take(label, Media(label), "shot", "", label), record, placed)
    return replace(one, **changes)  # type: ignore[arg-type]


def order(*takes: RankedTake) -> list[str]:
    return [one.take.label for one in ranked(takes)]


def test_the_worst_fault_counts_first_then_how_sure() -> None:
    takes = [take("a", 0.9), take("b", 0.55, 0.55, 0.55), take("c", 0.6), take("d"), take("e", 0.85)]
    assert order(*takes) == ["d", "b", "c", "e", "a"]


def test_what_stays_below_the_threshold_decides_between_clean_takes() -> None:
    assert order(take("a", below=0.4), take("b", below=0.1)) == ["b", "a"]


def test_names_decide_last_and_count_like_people() -> None:
    assert order(take("take 10"), take("take 9"), take("take 1")) == ["take 1", "take 9", "take 10"]


def test_kept_first_unranked_last() -> None:
    takes = [
        take("bad", 0.9, standing="kept"),
        take("clean"),
        take("killed", standing="killed"),
        take("broken", standing="failed"),
        take("copy", standing="copy"),
    ]
    assert order(*takes) == ["bad", "clean", "killed", "copy", "broken"]
    assert [one.rank for one in ranked(takes)] == [1, 2, 0, 0, 0]


@given(st.permutations([take(f"t{i}", *scores) for i, scores in enumerate([(), (0.5,), (0.5,), (0.9, 0.2)])]))
def test_the_order_does_not_depend_on_the_order_of_arrival(takes: list[RankedTake]) -> None:
    assert order(*takes) == ["t0", "t1", "t2", "t3"]


@given(st.lists(st.text(max_size=6), max_size=8))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert len(sorted(names, key=natural)) == len(names)


def test_origins_are_counted_and_unknown_is_unknown() -> None:
    def of(label: str, origin: Provenance, *scores: float, **changes: object) -> RankedTake:
        one = take(label, *scores, **changes)
        return replace(one, take=replace(one.take, provenance=origin))

    wan, sora = Provenance(model="wan", seed=7), Provenance(model="sora", seed=7)
    takes = [
        of("a", wan, 0.9),
        of("b", wan, 0.6),
        of("c", sora, standing="killed"),
        of("d", Provenance()),
        of("e", wan, 0.9, standing="copy"),
        of("f", wan, standing="failed"),
    ]
    rows = {(row.kind, row.value): row for row in tallies(tallied(takes, prompts=False))}
    assert (rows["model", "wan"].takes, rows["model", "wan"].flagged, rows["model", "wan"].errors) == (
        2,
        2,
        1,
    )
    assert rows["model", "wan"].by_detector == {"flicker": 2}
    assert rows["model", "sora"].killed == 1
    assert rows["model", "unknown"].takes == 1
    assert rows["seed", "7"].takes == 3
