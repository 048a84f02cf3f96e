"""A watch takes files as they land: half-written, renamed, deleted and replaced ones included."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from otio_ai_audit import people
from otio_ai_audit.model import PersonVerdict, Triage

from .takes_world import World, make_take, takes_of

QUIET = 1.0
"""Seconds without news after which these watches end."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "takes", tmp_path / "store", tmp_path / "verdicts")
    make_take(world.folder / "truck_v001.mp4", 1)
    return world


class Watching:
    """A watch in a thread, and what it wrote."""

    def __init__(self, world: World, **options: object) -> None:
        self.results: list[dict[str, str]] = []
        self.error: BaseException | None = None

        def write(result: Triage) -> None:
            self.results.append({label: take.standing for label, take in takes_of(result).items()})

        def run() -> None:
            try:
                self.last = world.run(
                    write=write, watch=True, interval=0.15, refresh=0.5, quit_after=QUIET, **options
                )
            except BaseException as error:
                self.error = error

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def until(self, condition: Callable[[dict[str, str]], bool]) -> None:
        """Wait until an output says so."""
        deadline = time.monotonic() + 60
        while not (self.results and condition(self.results[-1])):
            assert self.error is None, self.error
            assert time.monotonic() < deadline, self.results
            assert self._thread.is_alive(), self.results
            time.sleep(0.02)

    def end(self) -> dict[str, str]:
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self.error is None, self.error
        return self.results[-1]


def test_takes_that_land_are_looked_at_and_ranked(world: World) -> None:
    watching = Watching(world)
    watching.until(lambda seen: seen.get("truck_v001.mp4") == "ranked")
    make_take(world.folder / "truck_v002.mp4", 2, fault=True)
    watching.until(lambda seen: seen.get("truck_v002.mp4") == "ranked")
    assert watching.end() == {"truck_v001.mp4": "ranked", "truck_v002.mp4": "ranked"}
    assert watching.last.flagged == 1


def test_a_half_written_file_counts_once_it_stands_still(world: World) -> None:
    whole = make_take(world.folder.parent / "aside.mp4", 3).read_bytes()
    target = world.folder / "truck_v002.mp4"
    watching = Watching(world)
    watching.until(lambda seen: "truck_v001.mp4" in seen)
    with target.open("wb") as file:
        step = len(whole) // 8 + 1
        for start in range(0, len(whole), step):
            file.write(whole[start : start + step])
            file.flush()
            time.sleep(0.1)
    watching.until(lambda seen: seen.get("truck_v002.mp4") == "ranked")
    watching.end()
    assert not any(seen.get("truck_v002.mp4") == "killed" for seen in watching.results)


def test_a_file_that_stopped_half_way_is_a_failure_until_it_is_whole(world: World) -> None:
    whole = make_take(world.folder.parent / "aside.mp4", 3).read_bytes()
    target = world.folder / "truck_v002.mp4"
    watching = Watching(world)
    target.write_bytes(whole[: len(whole) // 2])
    watching.until(lambda seen: seen.get("truck_v002.mp4") == "failed" and seen["truck_v001.mp4"] == "ranked")
    target.write_bytes(whole)
    watching.until(lambda seen: seen.get("truck_v002.mp4") == "ranked")
    watching.end()


def test_renamed_deleted_and_replaced_files_are_followed(world: World) -> None:
    make_take(world.folder / "fox_v001.mp4", 4)
    make_take(world.folder / "fox_v002.mp4", 5)
    watching = Watching(world)
    watching.until(lambda seen: list(seen.values()) == ["ranked"] * 3)
    (world.folder / "fox_v001.mp4").rename(world.folder / "hare_v001.mp4")
    (world.folder / "fox_v002.mp4").unlink()
    make_take(world.folder / "truck_v001.mp4", 6, fault=True)
    watching.until(lambda seen: set(seen) == {"hare_v001.mp4", "truck_v001.mp4"})
    seen = watching.end()
    assert seen == {"hare_v001.mp4": "ranked", "truck_v001.mp4": "ranked"}
    assert takes_of(watching.last)["truck_v001.mp4"].worst >= 0.5


def test_a_command_runs_once_for_each_kill_and_a_name_stays_one_argument(
    world: World, tmp_path: Path
) -> None:
    name = "truck; touch hacked $(touch hacked) 'v002'.mp4"
    make_take(world.folder / name, 7)
    told = tmp_path / "told.txt"
    script = tmp_path / "tell.py"
    script.write_text(
        "import sys\n"
        "with open(sys.argv[1], 'a', encoding='utf-8') as told:\n"
        "    told.write(repr(sys.argv[2:]) + '\\n')\n"
    )
    command = f'"{sys.executable}" "{script}" "{told}" {{label}} {{who}} "why: {{why}}"'
    watching = Watching(world, on_kill=command)
    watching.until(lambda seen: seen.get(name) == "ranked")
    key = next(t.take.key for t in takes_of(world.run()).values() if t.take.label == name)
    people.append(
        world.verdicts, [PersonVerdict("kill", "ann", "2026-01-02T03:04:05Z", key, why="{file} & co")]
    )
    watching.until(lambda seen: seen.get(name) == "killed")
    watching.end()
    world.run(on_kill=command)
    assert told.read_text(encoding="utf-8").splitlines() == [repr([name, "ann", "why: {file} & co"])]
    assert not (world.folder / "hacked").exists() and not Path("hacked").exists()


def test_a_command_that_fails_is_told_and_tried_again(world: World) -> None:
    key = next(iter(takes_of(world.run()).values())).take.key
    people.append(world.verdicts, [PersonVerdict("kill", "ann", "2026-01-02T03:04:05Z", key)])
    command = f'"{sys.executable}" -c "raise SystemExit(3)"'
    for _ in range(2):
        result = world.run(on_kill=command)
        assert any("exit code 3" in notice for notice in result.notices)
