"""Folders of takes: what is found in them, how takes rank, and what is not done twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

import otio_ai_audit.report.takes as takes_report
from otio_ai_audit import deciding, people
from otio_ai_audit.errors import MediaError, TimelineError, UsageError
from otio_ai_audit.model import PersonVerdict
from otio_ai_audit.store import Store
from otio_ai_audit.takes import look, session

from .takes_world import World, make_folder, make_take, shots_of, takes_of

real_measure = look.measure


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Folder and store after a first triage."""
    root = tmp_path_factory.mktemp("template")
    world = World(make_folder(root / "takes"), root / "store", root / "verdicts")
    world.run()
    return world


@pytest.fixture
def world(template: World, tmp_path: Path) -> World:
    shutil.copytree(template.folder, tmp_path / "takes")
    shutil.copytree(template.store, tmp_path / "store")
    return World(tmp_path / "takes", tmp_path / "store", tmp_path / "verdicts")


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(*_: object, **__: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(look, "measure", measure)


def said(kind: str, take: object, who: str = "ann", **changes: object) -> PersonVerdict:
    key = take.take.key  # type: ignore[attr-defined]
    return PersonVerdict(kind, who, "2026-01-02T03:04:05Z", key, **changes)  # type: ignore[arg-type]


# --- what is found ----------------------------------------------------------------------------------


def test_takes_are_found_in_all_folders_and_grouped_by_their_names(world: World) -> None:
    result = world.run()
    shots = shots_of(result)
    assert shots["fox"] == ["fox_v001.mp4", "fox_v002.mp4"]
    assert shots["snow"] == ["day 2/snow/snow_[0001-0008].png"]
    assert set(shots["truck"][:2]) == {"truck_v001.mp4", "day 2/truck_v003.mp4"}
    assert shots["truck"][2:] == ["truck_v002.mp4", "day 2/truck_v004.mp4"]
    assert list(shots) == ["fox", "snow", "truck"]
    assert result.takes == 7
    assert any("1 single picture" in notice for notice in result.notices)


def test_the_faulty_take_ranks_last_and_nothing_clean_is_flagged(world: World) -> None:
    takes = takes_of(world.run())
    assert takes["truck_v002.mp4"].rank == 3
    assert takes["truck_v002.mp4"].worst >= 0.5
    assert {label for label, take in takes.items() if take.worst >= 0.5} == {"truck_v002.mp4"}
    assert takes["truck_v002.mp4"].placed[0].timecode.startswith("00:00:00:")


def test_a_file_that_cannot_be_looked_at_is_named_with_its_reason(world: World) -> None:
    result = world.run()
    broken = takes_of(result)["fox_v002.mp4"]
    assert broken.standing == "failed" and broken.rank == 0
    assert broken.record.failure is not None and "fox_v002.mp4" in broken.record.failure
    assert str(world.folder) not in broken.record.failure
    assert result.failed == 1


def test_a_copy_is_not_measured_and_names_its_original(world: World) -> None:
    takes = takes_of(world.run())
    copies = {label: take.copy_of for label, take in takes.items() if take.standing == "copy"}
    assert copies == {"day 2/truck_v004.mp4": "truck_v001.mp4"}


def test_what_lies_beside_a_take_says_where_it_comes_from(world: World) -> None:
    result = world.run()
    found = takes_of(result)["fox_v001.mp4"].take.provenance
    assert (found.seed, found.model, found.prompt) == (7, "wan2.1", "A fox in the snow")
    seeds = {row.value: row.takes for row in result.tallies if row.kind == "prompt"}
    assert found.prompt_hash in seeds and seeds["unknown"] == 4


def test_an_image_sequence_is_one_take(world: World) -> None:
    take = takes_of(world.run())["day 2/snow/snow_[0001-0008].png"]
    assert take.record.frames == 8


@pytest.mark.parametrize(
    ("grouping", "names"),
    [("folders", {"fox", "truck", "day 2", "day 2/snow"}), ("prompts", {"prompt unknown"})],
)
def test_takes_can_be_grouped_otherwise(world: World, grouping: str, names: set[str]) -> None:
    found = set(shots_of(world.run(group_by=grouping)))
    assert names <= found


def test_a_pattern_says_what_a_shot_is_called(world: World) -> None:
    found = shots_of(world.run(pattern=r"(?P<shot>fox|truck)_v(?P<take>\d+)"))
    assert set(found) == {"fox", "truck", "snow"}


@pytest.mark.parametrize("pattern", ["(", "no group", "(?P<take>x)"])
def test_a_pattern_that_cannot_be_meant_is_said(world: World, pattern: str) -> None:
    with pytest.raises(UsageError, match="pattern"):
        world.run(pattern=pattern)


def test_folders_that_are_not_there_are_said(world: World, tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="no folder"):
        world.run(tmp_path / "nowhere")
    text = tmp_path / "a.txt"
    text.write_text("x")
    with pytest.raises(MediaError, match="no video"):
        world.run(text)


def test_several_folders_of_one_name_are_told_apart(world: World, tmp_path: Path) -> None:
    other = tmp_path / "b" / "takes"
    make_take(other / "fox_v001.mp4", 11)
    labels = set(takes_of(world.run(other)))
    assert {"takes/fox_v001.mp4", "takes 2/fox_v001.mp4"} <= labels


def test_an_empty_folder_gives_an_empty_result(tmp_path: Path) -> None:
    empty = World(tmp_path / "takes", tmp_path / "store", tmp_path / "verdicts")
    empty.folder.mkdir()
    assert empty.run().takes == 0


def test_a_folder_linked_into_itself_is_walked_once(world: World) -> None:
    (world.folder / "again").symlink_to(world.folder, target_is_directory=True)
    assert world.run().takes == 7


# --- nothing twice ----------------------------------------------------------------------------------


def test_a_second_run_decodes_nothing_but_what_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = takes_of(world.run())
    asked = []
    real = look.measure

    def measure(job: object, **options: object) -> object:
        asked.append(Path(job.media.path).name)  # type: ignore[attr-defined]
        return real(job, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(look, "measure", measure)
    second = takes_of(world.run())
    assert asked == ["fox_v002.mp4"]
    assert {label: (t.rank, t.worst) for label, t in first.items()} == {
        label: (t.rank, t.worst) for label, t in second.items()
    }


def test_a_renamed_take_is_not_decoded_again(world: World, no_decoding: None) -> None:
    (world.folder / "fox_v002.mp4").unlink()
    (world.folder / "truck_v002.mp4").rename(world.folder / "day 2" / "lorry_v002.mp4")
    takes = takes_of(world.run())
    assert takes["day 2/lorry_v002.mp4"].worst >= 0.5


def test_other_settings_judge_again_without_decoding(world: World, no_decoding: None, tmp_path: Path) -> None:
    (world.folder / "fox_v002.mp4").unlink()
    settings = tmp_path / "audit.toml"
    settings.write_text("[dead]\nfade_seconds = 0.9\n")
    assert world.run(settings=settings).failed == 0


def test_without_signals_only_what_was_found_is_kept(world: World, no_decoding: None) -> None:
    bare = World(world.folder, world.store.parent / "bare", world.verdicts)
    with pytest.MonkeyPatch.context() as decoding:
        decoding.setattr(look, "measure", real_measure)
        first = takes_of(bare.run(signals=False))
    with Store(bare.store) as store:
        assert store.stats()["media"] == 0
    (world.folder / "fox_v002.mp4").unlink()
    second = takes_of(bare.run(signals=False))
    assert second["truck_v002.mp4"].worst == first["truck_v002.mp4"].worst >= 0.5


def test_a_replaced_take_is_measured_anew(world: World) -> None:
    before = takes_of(world.run())["fox_v001.mp4"]
    make_take(world.folder / "fox_v001.mp4", 77, fault=True)
    after = takes_of(world.run())["fox_v001.mp4"]
    assert before.take.key != after.take.key and after.worst >= 0.5 > before.worst


def test_a_file_that_changes_while_it_is_measured_is_measured_once_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_take(world.folder / "new_v001.mp4", 21)
    real = look.measure
    written = []

    def measure(job: object, **options: object) -> object:
        found = real(job, **options)  # type: ignore[arg-type]
        if Path(job.media.path) == path and not written:  # type: ignore[attr-defined]
            written.append(make_take(path, 22, fault=True))
        return found

    monkeypatch.setattr(look, "measure", measure)
    take = takes_of(world.run())["new_v001.mp4"]
    assert take.worst >= 0.5


def test_a_take_that_goes_away_while_it_is_measured_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_take(world.folder / "new_v001.mp4", 21)
    real = look.measure

    def measure(job: object, **options: object) -> object:
        found = real(job, **options)  # type: ignore[arg-type]
        if Path(job.media.path) == path:  # type: ignore[attr-defined]
            path.unlink()
        return found

    monkeypatch.setattr(look, "measure", measure)
    take = takes_of(world.run())["new_v001.mp4"]
    assert take.record.failure is not None and "went away" in take.record.failure


def test_a_worker_that_fails_costs_its_take_and_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_take(world.folder / "new_v001.mp4", 21)

    def look_at(task: look.TakeTask) -> look.Looked:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(session, "look", look_at)
    result = world.run()
    failures = {label: take.record.failure for label, take in takes_of(result).items() if take.record.failure}
    assert "the disk is on fire" in str(failures["new_v001.mp4"])
    assert takes_of(result)["truck_v002.mp4"].worst >= 0.5


# --- people -----------------------------------------------------------------------------------------


def test_kept_takes_come_first_and_killed_ones_last(world: World) -> None:
    takes = takes_of(world.run())
    people.append(
        world.verdicts,
        [said("keep", takes["truck_v002.mp4"]), said("kill", takes["day 2/truck_v003.mp4"], "ben")],
    )
    result = world.run()
    after = takes_of(result)
    assert after["truck_v002.mp4"].standing == "kept" and after["truck_v002.mp4"].rank == 1
    assert after["day 2/truck_v003.mp4"].standing == "killed" and after["day 2/truck_v003.mp4"].rank == 0
    assert {head.name: head.killed for head in result.heads} == {"fox": 0, "snow": 0, "truck": 1}


def test_two_people_who_disagree_are_shown_and_not_overruled(world: World) -> None:
    take = takes_of(world.run())["truck_v002.mp4"]
    people.append(world.verdicts, [said("keep", take), said("kill", take, "ben")])
    after = takes_of(world.run())["truck_v002.mp4"]
    assert after.standing == "disputed"
    assert {(one.who, one.kind) for one in after.verdicts} == {("ann", "keep"), ("ben", "kill")}
    assert after.rank == take.rank


def test_a_wrong_alarm_no_longer_counts(world: World) -> None:
    take = takes_of(world.run())["truck_v002.mp4"]
    for placed in take.placed:
        found = placed.finding
        verdict = said(
            "wrong-alarm",
            take,
            finding=placed.id,
            detector=found.detector,
            start=found.start,
            duration=found.duration,
            why="a lamp",
        )
        people.append(world.verdicts, [verdict])
    after = takes_of(world.run())["truck_v002.mp4"]
    assert after.worst < 0.5
    assert {placed.by for placed in after.placed if placed.finding.score >= 0.5} == {"ann: a lamp"}


def test_green_markers_on_the_selects_are_heard(world: World, tmp_path: Path) -> None:
    (world.folder / "truck_v001.mp4").unlink()
    for path in (world.folder / "day 2").glob("truck*"):
        path.unlink()
    selects = tmp_path / "selects.otio"
    result = world.run(write=lambda result: takes_report.write(result, selects))
    assert takes_of(result)["truck_v002.mp4"].worst >= 0.5
    timeline = otio.adapters.read_from_file(str(selects))
    greened = 0
    for marker in timeline.tracks.markers:
        if "[audit" in marker.comment and not marker.name.startswith("AUDIT"):
            marker.color, greened = "GREEN", greened + 1
    assert greened
    otio.adapters.write_to_file(timeline, str(selects))
    with Store(world.store) as store:
        said = people.read(world.verdicts)
        people.append(world.verdicts, deciding.from_markers(selects, store, said, "ann"))
    after = takes_of(world.run())["truck_v002.mp4"]
    assert after.worst < 0.5 and any("ann" in placed.by for placed in after.placed)


def test_a_take_that_repeats_a_killed_seed_is_named(world: World) -> None:
    make_take(world.folder / "fox_v003.mp4", 31)
    shutil.copy2(world.folder / "fox_v001.json", world.folder / "fox_v003.json")
    take = takes_of(world.run())["fox_v001.mp4"]
    found = take.take.provenance
    kill = said(
        "kill",
        take,
        label="fox_v001.mp4",
        model=found.model,
        workflow=found.workflow or "",
        prompt_hash=found.prompt_hash,
        seed=found.seed,
    )
    people.append(world.verdicts, [kill])
    result = world.run()
    assert takes_of(result)["fox_v003.mp4"].repeats == "fox_v001.mp4"
    assert [one.seed for one in result.bad_seeds] == [7]


def test_work_is_dealt_out_with_nothing_twice_and_nothing_left(world: World) -> None:
    parts: dict[str, list[str]] = {}

    def write(result: object) -> None:
        parts[result.dealt_to] = [head.name for head in result.heads]  # type: ignore[attr-defined]

    world.run(deal=("ann", "ben"), write=write)
    assert sorted(name for names in parts.values() for name in names) == ["fox", "snow", "truck"]
    assert set(parts) == {"ann", "ben"}


def test_a_part_that_was_dealt_to_nobody_is_said(world: World) -> None:
    with pytest.raises(UsageError, match="cem"):
        world.run(deal=("ann", "ben"), part="cem")


def test_a_copy_is_measured_once_also_where_all_is_measured_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []

    def measure(job: Any, **options: Any) -> Any:
        measured.append(job.key)
        return real_measure(job, **options)

    monkeypatch.setattr(look, "measure", measure)
    world.run(force=True)
    assert len(measured) == len(set(measured)) == 6
