from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from otio_ai_audit.errors import StoreError
from otio_ai_audit.model import KnownFinding, Media, Problem, Span
from otio_ai_audit.store import Store, codec, content, database, tables

from .signals import made_up

ROOT = Path(__file__).resolve().parents[1]
KEY = "a" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store(folder) as opened:
        yield opened
        assert not opened.notice


def assert_same(one: Any, other: Any) -> None:
    """Equal in type, dtype, shape and every bit."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()
    elif is_dataclass(one):
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for first, second in zip(one, other, strict=True):
            assert_same(first, second)
    else:
        assert one == other


def span(start: float, end: float) -> Span:
    return Span(Fraction(start), Fraction(end))


def settled(path: Path, data: bytes = b"film", age: float = 60) -> Media:
    """A file whose time is far enough in the past to be trusted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    then = time.time() - age
    os.utime(path, (then, then))
    return Media(str(path))


# --- signals --------------------------------------------------------------------------------------


def test_signals_come_back_bit_for_bit(folder: Path) -> None:
    problems = (Problem("corrupt", "3 packets are damaged.", 3, Fraction(1001, 24000)),)
    measured = made_up(problems=problems)
    with Store(folder) as store:
        store.save(measured, "1")
        assert_same(store.load(KEY, None, "1"), measured)
    with Store(folder) as store:
        again = store.load(KEY, None, "1")
    assert_same(again, measured)
    assert again is not None
    again.grid.luma[0] += 1  # its own memory, not a view of the database's bytes


def test_signals_without_frames_or_pictures_come_back(store: Store) -> None:
    measured = replace(made_up(frames=0), strip=())
    store.save(measured, "1")
    assert_same(store.load(KEY, None, "1"), measured)


@given(
    hnp.arrays(
        np.float16,
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
        elements=st.floats(width=16, allow_nan=False),
    )
)
def test_any_half_precision_value_survives(array: np.ndarray) -> None:
    wide = np.asarray(array, np.float32)
    back = codec.unpack(codec.pack({"x": ("float16", wide)}, "test"))["x"]
    assert_same(back, wide)


@given(
    st.sampled_from([np.uint8, np.uint16, np.int64, np.float16, np.float32]).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    ),
    st.sampled_from(["bytes", "steps"]),
)
def test_any_bits_survive_being_packed(array: np.ndarray, way: str) -> None:
    packed = codec.pack({"x": ("raw", array)}, "test", way)
    assert_same(codec.unpack(packed)["x"], array)
    assert codec.plain_size(packed) > array.nbytes


def test_what_changes_evenly_takes_next_to_nothing_as_steps() -> None:
    cells = made_up(rows=12, columns=20).grid.luma[:1] / 2
    brighter = np.floor(cells) + np.arange(100, dtype=np.float32)[:, None, None] * np.float32(3 / 256)
    plain, steps = (codec.pack({"x": ("fixed16", brighter)}, "test", way) for way in ("bytes", "steps"))
    assert len(steps) < len(plain) / 2


@pytest.mark.parametrize("place", [0.3, 0.9])
def test_a_flipped_bit_in_signals_is_noticed(store: Store, folder: Path, place: float) -> None:
    store.save(made_up(rows=12, columns=20), "1")
    with sqlite3.connect(folder / "signals.sqlite") as connection:
        sql = "SELECT signal_data.id, data FROM signals JOIN signal_data USING (id) WHERE part = 'motion'"
        number, data = connection.execute(sql).fetchone()
        where = int(len(data) * place)
        flipped = data[:where] + bytes([data[where] ^ 4]) + data[where + 1 :]
        connection.execute("UPDATE signal_data SET data = ? WHERE id = ?", (flipped, number))
    connection.close()
    assert store.load(KEY, None, "1") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("luma", 0.001), ("luma", 256.0), ("luma", -1.0), ("luma", np.nan), ("detail", 1.0001), ("detail", 1e6)],
)
def test_a_value_that_would_lose_bits_is_refused(store: Store, field: str, value: float) -> None:
    measured = made_up()
    getattr(measured.grid, field)[1, 1, 1] = value
    with pytest.raises(StoreError, match=rf"grid\.{field} would lose bits .*round them when measuring"):
        store.save(measured, "1")
    assert store.load(KEY, None, "1") is None


def test_an_array_of_another_type_is_refused(store: Store) -> None:
    measured = made_up()
    wrong = replace(measured, grid=replace(measured.grid, luma=measured.grid.luma.astype(np.float64)))
    with pytest.raises(StoreError, match=r"grid\.luma are float64"):
        store.save(wrong, "1")


def test_signals_of_another_version_or_medium_are_not_given(store: Store) -> None:
    store.save(made_up(), "1")
    assert store.load(KEY, None, "2") is None
    assert store.load("b" * 32, None, "1") is None


def test_a_new_version_replaces_the_old(store: Store) -> None:
    store.save(made_up(), "1")
    store.save(made_up(seed=2), "2")
    assert store.load(KEY, None, "1") is None
    assert_same(store.load(KEY, None, "2"), made_up(seed=2))
    assert store.stats()["bytes_used"] == sum(map(len, codec.encode(made_up(seed=2)).values()))


def test_measuring_again_replaces(store: Store) -> None:
    store.save(made_up(seed=1), "1")
    store.save(made_up(seed=2), "1")
    assert_same(store.load(KEY, None, "1"), made_up(seed=2))
    assert store.stats()["bytes_used"] == sum(map(len, codec.encode(made_up(seed=2)).values()))


TEN = {"span": span(10, 20), "promised": 2400}


@pytest.mark.parametrize(
    ("stored", "asked", "covered"),
    [
        ({}, None, True),
        ({}, span(0, 0.25), True),
        ({}, span(-1, 99), True),  # the edit asks for more than there is: there is no more
        (TEN, None, False),
        (TEN, span(10, 20), True),
        (TEN, span(11, 19), True),
        (TEN, span(9.99, 15), False),
        (TEN, span(15, 20.01), False),
        ({"span": span(0, 20), "promised": 2400}, span(-3, 20), True),
        ({"span": span(0, 20), "promised": 2400}, None, False),
        ({"span": span(90, 101), "promised": 2400}, span(95, 200), True),  # to the end (100.1 s)
        ({"promised": None}, None, False),
        ({"promised": None, "problems": (Problem("no-duration", "?"),)}, None, True),
        ({"promised": 2400, "problems": (Problem("truncated", "?"),)}, None, True),
    ],
)
def test_signals_are_given_where_they_cover_what_is_asked(
    store: Store, stored: dict[str, Any], asked: Span | None, covered: bool
) -> None:
    store.save(made_up(**stored), "1")
    assert (store.load(KEY, asked, "1") is not None) == covered


def test_intervals_of_one_medium_are_kept_side_by_side(store: Store) -> None:
    for seed, start in enumerate((0, 30, 60)):
        store.save(made_up(span=span(start, start + 30), promised=2400, seed=seed), "1")
    for seed, start in enumerate((0, 30, 60)):
        found = store.load(KEY, span(start + 1, start + 2), "1")
        assert_same(found, made_up(span=span(start, start + 30), promised=2400, seed=seed))
    assert store.load(KEY, span(29, 31), "1") is None


def test_the_whole_replaces_its_parts(store: Store) -> None:
    store.save(made_up(span=span(0, 0.25)), "1")
    store.save(made_up(span=span(0.25, 0.4)), "1")
    store.save(made_up(seed=3), "1")
    assert_same(store.load(KEY, span(0, 0.25), "1"), made_up(seed=3))
    assert store.stats()["bytes_used"] == sum(map(len, codec.encode(made_up(seed=3)).values()))


def test_of_several_the_shortest_is_given(store: Store) -> None:
    store.save(made_up(span=span(0, 60), promised=2400, seed=1), "1")
    store.save(made_up(span=span(5, 9), promised=2400, seed=2), "1")
    found = store.load(KEY, span(6, 7), "1")
    assert found is not None and found.span == span(5, 9)


# --- identity -------------------------------------------------------------------------------------


def test_identity_comes_back_bit_for_bit_where_it_is_wanted(folder: Path) -> None:
    measured = made_up(samples=3)
    with Store(folder) as store:
        store.save(measured, "1", "a")
    with Store(folder) as store:
        assert_same(store.load(KEY, None, "1", "a"), measured)
        assert_same(store.load(KEY, None, "1"), made_up())


def test_no_samples_and_no_faces_come_back(store: Store) -> None:
    measured = made_up(samples=0)
    store.save(measured, "1", "a")
    assert_same(store.load(KEY, None, "1", "a"), measured)


def test_signals_without_identity_serve_where_it_is_not_wanted(store: Store) -> None:
    store.save(made_up(), "1")
    assert store.load(KEY, None, "1", "a") is None
    assert_same(store.load(KEY, None, "1"), made_up())


def test_other_networks_cost_identity_only(store: Store) -> None:
    store.save(made_up(samples=3), "1", "a")
    assert store.load(KEY, None, "1", "b") is None
    assert_same(store.load(KEY, None, "1"), made_up())
    again = made_up(samples=4)
    store.save(again, "1", "b")
    assert store.load(KEY, None, "1", "a") is None
    assert_same(store.load(KEY, None, "1", "b"), again)
    assert store.stats()["bytes_used"] == sum(map(len, codec.encode(again).values()))


def test_measuring_again_without_identity_keeps_it(store: Store) -> None:
    store.save(made_up(samples=3), "1", "a")
    store.save(made_up(), "1")
    assert_same(store.load(KEY, None, "1", "a"), made_up(samples=3))


def test_identity_of_other_signals_is_never_given(store: Store) -> None:
    store.save(made_up(samples=3), "1", "a")
    store.save(made_up(seed=2), "2")
    assert store.load(KEY, None, "2", "a") is None
    assert store.load(KEY, None, "1", "a") is None
    assert store.stats()["bytes_used"] == sum(map(len, codec.encode(made_up(seed=2)).values()))


def test_identity_goes_with_the_interval_that_it_was_measured_in(store: Store) -> None:
    part = made_up(span=span(0, 0.25), samples=2)
    store.save(part, "1", "a")
    store.save(made_up(seed=3), "1")
    assert store.load(KEY, span(0, 0.25), "1", "a") is None, "its rows are of signals that are gone"
    assert store.stats()["bytes_used"] == sum(map(len, codec.encode(made_up(seed=3)).values()))


def test_a_longer_interval_with_identity_is_given_where_a_shorter_has_none(store: Store) -> None:
    long = made_up(span=span(0, 60), promised=2400, seed=1, samples=3)
    store.save(long, "1", "a")
    store.save(made_up(span=span(5, 9), promised=2400, seed=2), "1")
    assert_same(store.load(KEY, span(6, 7), "1", "a"), long)
    short = store.load(KEY, span(6, 7), "1")
    assert short is not None and short.span == span(5, 9)


# --- stills and results -----------------------------------------------------------------------------


def test_stills_and_results_come_back(store: Store) -> None:
    assert store.load_still(KEY, 1.5, 640) is None
    store.save_still(KEY, 1.5, 640, b"webp")
    store.save_still(KEY, 1.5, 320, b"small")
    assert store.load_still(KEY, 1.5, 640) == b"webp"
    assert store.load_still(KEY, 1.5, 320) == b"small"
    assert store.load_still(KEY, 1.6, 640) is None
    assert store.load_blob("judgement", "k") is None
    store.save_blob("judgement", "k", b"one")
    store.save_blob("judgement", "k", b"two")
    store.save_blob("other", "k", b"three")
    assert store.load_blob("judgement", "k") == b"two"


# --- content keys ---------------------------------------------------------------------------------


def test_a_key_follows_the_content_wherever_it_lies(store: Store, tmp_path: Path) -> None:
    media = settled(tmp_path / "a" / "fox_v001.mp4", b"fox" * 1000)
    key = store.content_key(media)
    assert len(key) == 32 and set(key) <= set("0123456789abcdef")
    copy = settled(tmp_path / "b" / "renamed é.mov", b"fox" * 1000, age=9999)
    assert store.content_key(copy) == key
    (tmp_path / "c").mkdir()
    moved = shutil.move(media.path, tmp_path / "c" / "fox.mp4")
    assert store.content_key(Media(str(moved))) == key
    assert store.content_key(settled(tmp_path / "other.mp4", b"fax" * 1000)) != key


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the media that are hashed."""
    hashed: list[str] = []
    real = content.key_of

    def counted(media: Media) -> str:
        hashed.append(media.path)
        return real(media)

    monkeypatch.setattr(content, "key_of", counted)
    return hashed


def test_an_unchanged_file_is_not_read_again(folder: Path, tmp_path: Path, reads: list[str]) -> None:
    media = settled(tmp_path / "fox.mp4")
    with Store(folder) as store:
        key = store.content_key(media)
        assert store.content_key(media) == key
    with Store(folder) as store:
        assert store.content_key(media) == key
    assert len(reads) == 1


def test_a_changed_file_is_read_again(store: Store, tmp_path: Path, reads: list[str]) -> None:
    media = settled(tmp_path / "fox.mp4", b"one")
    first = store.content_key(media)
    settled(tmp_path / "fox.mp4", b"two", age=30)
    assert store.content_key(media) != first
    settled(tmp_path / "fox.mp4", b"one", age=10)
    assert store.content_key(media) == first
    assert len(reads) == 3


def test_a_file_that_changed_just_now_is_not_trusted(store: Store, tmp_path: Path, reads: list[str]) -> None:
    media = settled(tmp_path / "fox.mp4", b"one", age=0)
    store.content_key(media)
    store.content_key(media)
    assert len(reads) == 2


def test_large_files_are_sampled(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "WHOLE", 1000)
    monkeypatch.setattr(content, "MIB", 10)
    monkeypatch.setattr(content, "BLOCKS", 5)
    data = bytearray(range(250)) * 8
    keys = []
    for change in (None, 0, 1999, 500, 20):
        changed = bytearray(data)
        if change is not None:
            changed[change] ^= 255
        keys.append(store.content_key(settled(tmp_path / f"{change}.mov", bytes(changed))))
    assert len(set(keys[:4])) == 4, "head, tail and the blocks between count"
    assert keys[4] == keys[0], "what lies between blocks does not, as documented"
    assert store.content_key(settled(tmp_path / "longer.mov", bytes(data) + b"!")) not in keys


def sequence(folder: Path, numbers: range | list[int], **changes: Any) -> Media:
    for number in numbers:
        settled(folder / f"truck.{number:04d}.png", b"%d" % number)
    pattern = str(folder / "truck.%04d.png")
    return Media(pattern, "sequence", Fraction(24), tuple(numbers), **changes)


def test_sequences_have_keys_of_all_their_files(store: Store, tmp_path: Path, reads: list[str]) -> None:
    media = sequence(tmp_path / "a", range(1, 6))
    key = store.content_key(media)
    assert store.content_key(media) == key and len(reads) == 1
    assert store.content_key(sequence(tmp_path / "b", range(1, 6))) == key, "moved"
    assert store.content_key(sequence(tmp_path / "b", range(1, 6), first=1, last=5)) == key
    others = [
        sequence(tmp_path / "c", [1, 2, 4, 5]),
        sequence(tmp_path / "d", range(1, 7)),
        sequence(tmp_path / "e", range(1, 6), first=0),
        replace(sequence(tmp_path / "f", range(1, 6)), rate=Fraction(25)),
    ]
    settled(tmp_path / "g" / "x", b"")
    changed = sequence(tmp_path / "g", range(1, 6))
    settled(tmp_path / "g" / "truck.0003.png", b"#")
    assert len({key, *map(store.content_key, [*others, changed])}) == 6


def test_a_changed_file_of_a_sequence_is_noticed(store: Store, tmp_path: Path) -> None:
    media = sequence(tmp_path, range(1, 6))
    key = store.content_key(media)
    settled(tmp_path / "truck.0003.png", b"#", age=10)
    assert store.content_key(media) != key


def test_a_missing_file_has_no_key(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.content_key(Media(str(tmp_path / "gone.mp4")))
    with pytest.raises(FileNotFoundError):
        store.content_key(Media(str(tmp_path / "gone.%04d.png"), "sequence", Fraction(24), (1, 2)))


# --- verdicts -------------------------------------------------------------------------------------

FOUND = KnownFinding("a7f3c1", "flicker", KEY, 1.25, 0.5, "2026-11-01T10:00:00", "flicker")


def test_findings_are_remembered(folder: Path) -> None:
    dismissed = replace(FOUND, id="b00b1e", dismissed=True, by="green marker", text="é “fine”")
    with Store(folder) as store:
        store.remember([FOUND, dismissed, replace(FOUND, key="b" * 32)])
    with Store(folder) as store:
        assert_same(tuple(store.known([KEY])), (FOUND, dismissed))
        assert len(store.known([KEY, "b" * 32, "c" * 32])) == 3
        assert store.known([]) == []
        assert store.known(f"{number:032x}" for number in range(2000)) == []


def test_a_verdict_can_be_taken_back(store: Store) -> None:
    store.remember([replace(FOUND, dismissed=True)])
    store.remember([replace(finding, dismissed=False) for finding in store.known([KEY])])
    assert store.known([KEY]) == [FOUND]


def test_a_finding_is_known_by_its_id_alone(store: Store) -> None:
    store.remember([FOUND])
    assert store.known([], [FOUND.id, "ffffff"]) == [FOUND]
    assert store.known([KEY], [FOUND.id]) == [FOUND]


def test_an_audit_that_changes_nothing_keeps_a_verdict_noted_meanwhile(folder: Path) -> None:
    with Store(folder) as slow, Store(folder) as quick:
        slow.remember([FOUND])
        seen = slow.known([KEY])
        quick.known([KEY])
        quick.remember([replace(FOUND, dismissed=True, by="note")])
        slow.remember(seen)
        assert [finding.dismissed for finding in quick.known([KEY])] == [True]


def test_clearing_keeps_verdicts_unless_asked(store: Store, tmp_path: Path) -> None:
    store.save(made_up(), "1")
    store.save_still(KEY, 0.0, 640, b"webp")
    store.save_blob("judgement", "k", b"one")
    store.content_key(settled(tmp_path / "fox.mp4"))
    store.remember([FOUND])
    store.clear()
    assert store.load(KEY, None, "1") is None
    assert store.stats()["bytes_used"] == 0
    assert store.known([KEY]) == [FOUND]
    store.clear(verdicts=True)
    assert store.known([KEY]) == []


# --- size -----------------------------------------------------------------------------------------


def age(folder: Path, key: str, hours: float) -> None:
    with sqlite3.connect(folder / "signals.sqlite") as connection:
        then = int(time.time() - hours * 3600)
        connection.execute("UPDATE signals SET used = ? WHERE key = ?", (then, key))
    connection.close()


def test_the_least_recently_used_goes_first(folder: Path) -> None:
    size = sum(map(len, codec.encode(made_up()).values()))
    with Store(folder) as store:
        for name in "abcd":
            store.save(made_up(name), "1")
        store.remember([FOUND])
    for hours, name in enumerate("dcba", start=2):
        age(folder, name, hours)
    with Store(folder) as store:
        assert store.load("a", None, "1") is not None  # the oldest, and used again
    with Store(folder) as store:
        store.limit(int(size * 3.5))
        left = [name for name in "abcd" if store.load(name, None, "1") is not None]
        assert left == ["a", "c", "d"]
        assert store.known([KEY]) == [FOUND]
        store.limit(0)
        assert store.stats()["bytes_used"] == 0 and store.stats()["media"] == 0


def test_the_bound_holds_while_saving_and_for_later_runs(folder: Path) -> None:
    size = sum(map(len, codec.encode(made_up(rows=12, columns=20)).values()))
    with Store(folder) as store:
        store.limit(size * 4)
    with Store(folder) as store:
        for number in range(40):
            store.save(made_up(f"k{number}", rows=12, columns=20), "1")
            store.save_blob("judgement", str(number), b"x" * 100)
            assert store.stats()["bytes_used"] <= size * 4.3
        assert store.load("k39", None, "1") is not None
        assert store.load("k0", None, "1") is None
    assert (folder / "signals.sqlite").stat().st_size < size * 8, "the file itself shrinks"


def test_stats_say_what_is_held(store: Store, folder: Path) -> None:
    store.save(made_up(), "1")
    store.save(made_up("b" * 32), "1")
    store.save_still(KEY, 0.0, 640, b"webp")
    store.remember([FOUND, replace(FOUND, id="b00b1e", dismissed=True)])
    stats = store.stats()
    assert stats["cache"] == str(folder / "signals.sqlite")
    assert stats["media"] == 2 and stats["stills"] == 1 and stats["results"] == 0
    assert stats["known_findings"] == 2 and stats["dismissed_findings"] == 1
    assert 0 < stats["bytes_used"] < stats["bytes_limit"] == 5_000_000_000


# --- several processes ----------------------------------------------------------------------------


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store_writer", str(folder), name, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_write_at_the_same_time(folder: Path) -> None:
    writers = [writer(folder, name, 25) for name in "abc"]
    for process in writers:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    with Store(folder) as store:
        keys = [f"{name}{number:04d}" for name in "abc" for number in range(25)]
        assert store.stats()["media"] == len(keys)
        assert all(store.load(key, None, "1") is not None for key in keys)
        assert len(store.known(keys)) == len(keys)


def test_a_writer_killed_in_the_middle_leaves_a_readable_store(folder: Path) -> None:
    for name in "ab":
        process = writer(folder, name, 100_000)
        assert process.stdout is not None and process.stderr is not None
        written = [process.stdout.readline().strip() for _ in range(8)]
        process.kill()
        written += process.stdout.read().split("\n")[:-1]
        process.stdout.close()
        process.stderr.close()
        process.wait()
        with Store(folder) as store:
            for key in written:
                assert_same(store.load(key, None, "1"), made_up(key, rows=20, columns=30))
            assert not store.notice
    for file in ("signals.sqlite", "verdicts.sqlite"):
        connection = sqlite3.connect(folder / file)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


# --- what can be wrong with files -----------------------------------------------------------------


@pytest.mark.parametrize("file", ["signals.sqlite", "verdicts.sqlite"])
@pytest.mark.parametrize("damage", ["noise", "empty header"])
def test_a_damaged_file_is_put_aside(folder: Path, file: str, damage: str) -> None:
    with Store(folder) as store:
        store.save(made_up(), "1")
        store.remember([FOUND])
    path = folder / file
    data = path.read_bytes()
    path.write_bytes(b"noise" * 1000 if damage == "noise" else bytes(4096) + data[4096:])
    with Store(folder) as store:
        assert "was damaged" in store.notice and f"{file}.damaged" in store.notice
        store.save(made_up("b" * 32), "1")
        store.remember([replace(FOUND, key="b" * 32)])
        # The other file is untouched.
        assert (store.load(KEY, None, "1") is None) == (file == "signals.sqlite")
        assert (store.known([KEY]) == []) == (file == "verdicts.sqlite")
    assert (folder / f"{file}.damaged").exists()
    with Store(folder) as store:
        assert not store.notice
        assert store.load("b" * 32, None, "1") is not None


def test_damage_that_shows_later_does_not_stop_an_audit(folder: Path) -> None:
    with Store(folder) as store:
        for number in range(6):
            store.save(made_up(f"k{number}", rows=20, columns=30), "1")
    path = folder / "signals.sqlite"
    data = bytearray(path.read_bytes())
    data[2 * database.PAGE :] = b"\xff" * (len(data) - 2 * database.PAGE)
    path.write_bytes(bytes(data))
    with Store(folder) as store:
        assert [store.load(f"k{number}", None, "1") for number in range(6)] == [None] * 6
        store.save(made_up(), "1")
        assert_same(store.load(KEY, None, "1"), made_up())
        assert "was damaged" in store.notice


def test_signals_of_an_unknown_make_are_measured_again(store: Store, folder: Path) -> None:
    store.save(made_up(), "1")
    with sqlite3.connect(folder / "signals.sqlite") as connection:
        connection.execute("UPDATE signal_data SET data = x'00'")
    connection.close()
    assert store.load(KEY, None, "1") is None


def test_a_place_that_cannot_be_written_is_replaced_by_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with Store(blocked) as store:
        assert "cannot be used" in store.notice and "nothing is kept after this run" in store.notice
        store.save(made_up(), "1")
        assert_same(store.load(KEY, None, "1"), made_up())
        store.remember([FOUND])
        assert store.known([KEY]) == [FOUND]
        assert store.stats()["cache"] == "in memory"
        assert store.stats()["bytes_limit"] < 5_000_000_000


@pytest.mark.parametrize("pragma", ["max_page_count = 1", "query_only = 1"], ids=["full", "read-only"])
def test_a_full_or_read_only_disk_does_not_stop_an_audit(folder: Path, pragma: str) -> None:
    with Store(folder) as store:
        store.save(made_up(), "1")
        store._cache.read(lambda connection: connection.execute(f"PRAGMA {pragma}").fetchall())
        store.save(made_up("b" * 32, rows=20, columns=40), "1")
        store.save_still(KEY, 0.0, 640, b"webp")
        assert "cannot be written" in store.notice and "nothing new is kept" in store.notice
        assert store.load("b" * 32, None, "1") is None
        assert_same(store.load(KEY, None, "1"), made_up())
    with Store(folder) as store:
        assert_same(store.load(KEY, None, "1"), made_up())


def test_an_older_cache_is_rebuilt_and_verdicts_are_kept(folder: Path) -> None:
    with Store(folder) as store:
        store.save(made_up(), "1")
        store.remember([FOUND])
    for file in ("signals.sqlite", "verdicts.sqlite"):
        with sqlite3.connect(folder / file) as connection:
            if file.startswith("verdicts"):
                connection.execute("ALTER TABLE known DROP COLUMN text")
                connection.execute("ALTER TABLE known DROP COLUMN dismissed")
            else:
                connection.execute("DROP TABLE stills")
                connection.execute("CREATE TABLE blobs2 (x)")
            connection.execute("PRAGMA user_version = 0")
        connection.close()
    with Store(folder) as store:
        assert not store.notice
        assert store.load(KEY, None, "1") is None
        store.save_still(KEY, 0.0, 640, b"webp")
        assert_same(tuple(store.known([KEY])), (FOUND,))
        store.remember([replace(FOUND, dismissed=True, text="new")])
        assert store.known([KEY])[0].dismissed is True


@pytest.mark.parametrize("file", ["signals.sqlite", "verdicts.sqlite"])
def test_a_newer_file_is_left_alone(folder: Path, file: str) -> None:
    Store(folder).close()
    with sqlite3.connect(folder / file) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StoreError, match=rf"{file} was written by a newer otio-ai-audit: update"):
        Store(folder)


def test_only_a_network_share_does_without_the_write_ahead_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mode(opened: Store) -> str:
        return str(opened._cache.rows("PRAGMA journal_mode")[0][0])

    with Store(folder) as store:
        assert mode(store) == "wal"
        store.save(made_up(), "1")
    monkeypatch.setattr(database, "on_network", lambda path: True)
    with Store(folder) as store:
        assert mode(store) == "delete"
        assert store.load(KEY, None, "1") is not None


@pytest.mark.skipif(sys.platform != "linux", reason="a list of mounts as Linux has it")
def test_network_shares_are_known_by_their_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    share = tmp_path / "the share"
    place = str(share.resolve()).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {place} nfs4 rw 0 0\n")
    assert database.on_network(share / "cache", str(mounts))
    assert not database.on_network(tmp_path / "cache", str(mounts))
    assert not database.on_network(tmp_path, str(tmp_path / "no list"))


def test_the_folder_can_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path / "named"))
    Store().close()
    assert (tmp_path / "named" / "signals.sqlite").exists()
    assert (tmp_path / "named" / "verdicts.sqlite").exists()


def test_every_table_is_emptied_and_counted() -> None:
    named = {line.split()[2] for line in tables.TABLES.splitlines() if line.startswith("CREATE TABLE")}
    assert named == set(tables.NAMES)
