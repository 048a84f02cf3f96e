"""What shards have measured comes home, in any order and more than once, whatever became of a shard."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.errors import StoreError
from otio_ai_audit.model import MediaSignals, Span, TakeRecord
from otio_ai_audit.store import Store, codec, database, kept, merging

from .records import made_up_take
from .signals import made_up
from .store_world import KEY, assert_same, sql, version_1, writer

FILES = ("signals.sqlite", "takes.sqlite")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store(folder) as opened:
        yield opened
        assert not opened.notice


def contents(store: Store) -> tuple[Any, ...]:
    """All that a store holds, apart from times of use."""
    takes = store._takes.database.rows(
        "SELECT bases.basis, key, failed, head, sketch, body FROM takes JOIN take_data USING (id) "
        "JOIN bases ON bases.id = takes.basis ORDER BY 1, 2"
    )
    signals = store._cache.rows(
        "SELECT key, part, version, start, stop, to_end, data FROM signals JOIN signal_data USING (id) "
        "ORDER BY 1, 2, 3, 4, 5"
    )
    return takes, signals, store.places()


def shard(folder: Path, fill: Callable[[Store], None]) -> Path:
    with Store(folder) as store:
        fill(store)
    return folder


def part(key: str, end: float, seed: int = 1) -> MediaSignals:
    return made_up(key, span=Span(Fraction(0), Fraction(end)), promised=2400, seed=seed)


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    """Three shards that overlap: failures, other results for the same take, longer and shorter signals."""

    def first(store: Store) -> None:
        store.save_takes([made_up_take("a"), TakeRecord("b", failure="Its worker died.")], "one")
        store.save_take(made_up_take("c"), "one")
        store.save(made_up("a"), "1")
        store.save(part("long", 0.25), "1")
        store.note_places([("x.mp4", "old"), ("y.mp4", "y")])

    def second(store: Store) -> None:
        store.save_takes([made_up_take("b"), replace(made_up_take("c"), notes=("other CPU",))], "one")
        store.save_take(made_up_take("a"), "two")
        store.save(made_up("b", samples=2), "1", "net")
        store.save(part("long", 0.4), "1")
        store.note_places([("x.mp4", "new")])

    def third(store: Store) -> None:
        store.save_take(replace(made_up_take("c"), notes=("third CPU",)), "one")
        store.save_take(TakeRecord("b", failure="No room."), "one")
        store.save(made_up("b"), "1")
        store.save(made_up("c", seed=5), "2")
        store.save(part("long", 0.25), "1")

    return [shard(tmp_path / f"shard{n}", fill) for n, fill in enumerate((first, second, third), start=1)]


def test_shards_merge_in_any_order_and_more_than_once_to_the_same(shards: list[Path], tmp_path: Path) -> None:
    found = []
    for number, order in enumerate(permutations(shards)):
        with Store(tmp_path / f"home{number}") as home:
            for one in order:
                home.merge(one)
            found.append(contents(home))
            again = [home.merge(one) for one in order]
            assert all((merged.takes, merged.signals, merged.left) == (0, 0, 0) for merged in again)
            assert contents(home) == found[0]
            assert home.check() == []
    with Store(tmp_path / "home0") as home:
        assert set(home.load_takes("abc", "one")) == set("abc")
        # What some shard could look at counts.
        assert_same(home.load_take("b", "one"), kept(made_up_take("b")))
        assert home.takes_known("a", "two") == {"a"}
        assert_same(home.load("b", None, "1", "net"), made_up("b", samples=2))
        assert home.load("long", Span(Fraction(0), Fraction(2, 5)), "1") is not None
        parts = "SELECT count(*) FROM signals WHERE key = 'long'"
        assert sql(tmp_path / "home0", parts, file=FILES[0]) == [(len(codec.PARTS),)]
        assert home.places() == {"x.mp4": "new", "y.mp4": "y"}


def test_merging_says_what_came_over(shards: list[Path], store: Store) -> None:
    merged = store.merge(shards[0])
    assert (merged.takes, merged.signals, merged.skipped) == (3, 2, 0)
    merged = store.merge(shards[0])
    assert (merged.takes, merged.signals, merged.skipped) == (0, 0, 5)
    merged = store.merge(shards[1])
    assert merged.signals == 2 and merged.takes in (2, 3)


def test_what_home_has_measured_itself_stays(shards: list[Path], store: Store) -> None:
    store.save(made_up("a", seed=9), "2")  # by a newer version
    store.merge(shards[0])
    assert_same(store.load("a", None, "2"), made_up("a", seed=9))
    assert_same(store.load("a", None, "1"), made_up("a"))


def test_signals_come_over_as_far_as_there_is_room(tmp_path: Path) -> None:
    def fill(store: Store) -> None:
        for number in range(10):
            store.save(made_up(f"k{number}", rows=12, columns=20), "1")
        store.save_take(made_up_take(KEY), "one")

    place = shard(tmp_path / "shard", fill)
    size = sum(map(len, codec.encode(made_up(rows=12, columns=20)).values()))
    with Store(tmp_path / "home") as home:
        home.limit(size * 6)
        merged = home.merge(place)
        assert (merged.takes, merged.signals, merged.left) == (1, 5, 5)
        assert "cache limit SIZE" in home.notice
        before = contents(home)
        home.merge(place)
        assert contents(home) == before


def test_a_shard_of_version_1_comes_over(tmp_path: Path, store: Store) -> None:
    version_1(tmp_path / "shard", made_up())
    assert store.merge(tmp_path / "shard").signals == 1
    assert_same(store.load(KEY, None, "1"), made_up())


def test_a_folder_without_a_store_is_no_shard(tmp_path: Path, store: Store) -> None:
    with pytest.raises(StoreError, match=r"empty holds no signals .* measure that shard again"):
        store.merge(tmp_path / "empty")
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["noise", "tail", "cut", "newer"])
def test_a_damaged_shard_is_named_and_harms_nobody(
    shards: list[Path], store: Store, file: str, damage: str
) -> None:
    store.save(made_up("home"), "1")
    store.save_take(made_up_take("home"), "one")
    path = shards[1] / file
    data = path.read_bytes()
    if damage == "noise":
        path.write_bytes(b"noise" * 4000)
    elif damage == "tail":
        path.write_bytes(data[:16384] + b"\xff" * (len(data) - 16384))
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 3])
    else:
        sql(shards[1], "PRAGMA user_version = 999", file=file)
    with pytest.raises(StoreError, match=f"shard2.*({'newer' if damage == 'newer' else 'damaged'})"):
        store.merge(shards[1])
    assert store.check() == [], "home is sound"
    assert store.load("home", None, "1") is not None and store.load_take("home", "one") is not None


def test_a_killed_shard_with_its_log_comes_over(tmp_path: Path, store: Store) -> None:
    with Store(tmp_path / "writing") as writing:
        writing.save_take(made_up_take(KEY), "one")
        writing.save(made_up(), "1")
        # What a killed process leaves: the rows are still in the logs.
        shutil.copytree(tmp_path / "writing", tmp_path / "shard", ignore=shutil.ignore_patterns("*-shm"))
    assert (tmp_path / "shard" / "takes.sqlite-wal").stat().st_size
    merged = store.merge(tmp_path / "shard")
    assert (merged.takes, merged.signals) == (1, 1)


@pytest.mark.parametrize("killed", [True, False])
def test_a_shard_where_locks_are_refused_comes_over(
    tmp_path: Path, store: Store, killed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = merging._connected

    def refused(path: Path, mode: str) -> sqlite3.Connection:
        if mode == "mode=ro":
            raise sqlite3.OperationalError("unable to open database file")
        return real(path, mode)

    monkeypatch.setattr(merging, "_connected", refused)
    with Store(tmp_path / "writing") as writing:
        writing.save_take(made_up_take(KEY), "one")
        if killed:
            shutil.copytree(tmp_path / "writing", tmp_path / "shard")
    if not killed:
        shutil.copytree(tmp_path / "writing", tmp_path / "shard")
    assert store.merge(tmp_path / "shard").takes == 1


def test_a_shard_of_a_network_share_comes_over(
    shards: list[Path], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(database, "on_network", lambda path: True)
        with Store(shards[0]) as other:
            other.save_take(made_up_take(KEY), "one")
    assert store.merge(shards[0]).takes == 4


def test_nothing_is_made_beside_a_shard(shards: list[Path], store: Store) -> None:
    before = sorted(path.name for path in shards[0].iterdir())
    store.merge(shards[0])
    assert sorted(path.name for path in shards[0].iterdir()) == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_shard_on_a_share_that_cannot_be_written_comes_over(shards: list[Path], store: Store) -> None:
    shards[0].chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert store.merge(shards[0]).takes == 3
    finally:
        shards[0].chmod(stat.S_IRWXU)


def test_a_store_may_be_merged_while_others_write(shards: list[Path], folder: Path) -> None:
    process = writer(folder, "w", 30)
    with Store(folder) as store:
        for one in shards * 3:
            store.merge(one)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert store.takes_known([f"w{number:04d}" for number in range(30)], "basis") >= {"w0000", "w0029"}
        assert store.takes_known("abc", "one") == set("abc")
        assert store.check() == []
