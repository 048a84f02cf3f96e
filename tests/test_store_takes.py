"""What was found in takes: kept by content and basis, safe from being killed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otio_ai_audit.model import Curve, Finding, Media, Provenance, TakeRecord, Thumbnail
from otio_ai_audit.store import Store, kept, records, tables

from .records import INFO, made_up_take
from .store_world import KEY, assert_same, old_file, sql, writer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store(folder) as opened:
        yield opened
        assert not opened.notice


# --- records come back ------------------------------------------------------------------------------

TEXT = st.text(max_size=20)
NUMBER = st.floats(-1e9, 1e9)
SHARE = st.floats(0, 1)
FINDINGS = st.builds(
    Finding,
    *(TEXT, TEXT, NUMBER, NUMBER, SHARE, TEXT, TEXT),
    evidence=st.dictionaries(TEXT, NUMBER | TEXT | st.integers(), max_size=3),
    region=st.none() | st.tuples(SHARE, SHARE, SHARE, SHARE),
    related=st.lists(TEXT, max_size=2).map(tuple),
    worst=st.none() | NUMBER,
    compare=st.lists(st.tuples(TEXT, NUMBER), max_size=2).map(tuple),
)
INFOS = st.builds(
    replace,
    st.just(INFO),
    rate=st.fractions(1, 240),
    sample_aspect=st.fractions(1, 4),
    promised_frames=st.none() | st.integers(0, 10**9),
    codec=TEXT,
    interlaced=st.booleans(),
)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-é", min_size=1, max_size=8)
RECORDS = st.builds(
    TakeRecord,
    st.just(KEY),
    st.none() | INFOS,
    st.integers(0, 10**6),
    NUMBER,
    st.dictionaries(TEXT, st.none() | NUMBER | st.just(float("inf")), max_size=3),
    st.lists(FINDINGS, max_size=3).map(tuple),
    st.dictionaries(
        NAMES,
        st.builds(Curve, NUMBER, NUMBER, st.lists(SHARE | st.just(float("nan")), max_size=9).map(tuple)),
        max_size=3,
    ),
    st.lists(TEXT, max_size=2).map(tuple),
    st.lists(st.builds(Thumbnail, NUMBER, st.binary(max_size=9)), max_size=3).map(tuple),
    st.binary(max_size=9).map(lambda data: np.frombuffer(data, np.uint8)),
    st.builds(
        Provenance,
        *[st.none() | TEXT] * 4,
        st.none() | st.integers(-(2**70), 2**70),
        st.lists(TEXT, max_size=2).map(tuple),
        st.lists(TEXT, max_size=2).map(tuple),
    ),
    st.none() | TEXT,
    st.none() | TEXT,
)


@given(RECORDS)
def test_any_record_comes_back_but_for_the_last_digits_of_curves(record: TakeRecord) -> None:
    back = kept(record)
    assert_same(replace(back, curves={}), replace(record, curves={}))
    assert list(back.curves) == list(record.curves)
    for one, other in zip(back.curves.values(), record.curves.values(), strict=True):
        assert (one.start, one.step) == (other.start, other.step)
        np.testing.assert_allclose(one.score, other.score, atol=0.5 / records.STEPS + 1e-12)
    assert_same(kept(back), back)


def test_a_run_that_measured_and_a_run_that_loads_have_the_same(folder: Path) -> None:
    taken = [made_up_take(f"{number:032x}") for number in range(6)]
    with Store(folder) as store:
        for record in taken:
            store.save_take(record, "one")
    with Store(folder) as store:
        found = store.load_takes([record.key for record in taken], "one")
        for record in taken:
            assert_same(found[record.key], kept(record))
            assert_same(store.load_take(record.key, "one"), kept(record))


def test_numbers_of_numpy_and_other_mappings_are_kept_as_plain_ones(store: Store) -> None:
    odd = Finding("pop", "", 0.5, 0.1, 0.5, "m", evidence=MappingProxyType({"n": 1.5}))
    record = replace(made_up_take(KEY), findings=(odd,), scores={"pop": np.float32(0.5)})
    store.save_take(record, "one")
    found = store.load_take(KEY, "one")
    assert found is not None
    assert found.scores == {"pop": 0.5} and type(found.scores["pop"]) is float
    assert found.findings == (replace(odd, evidence={"n": 1.5}),)


def test_in_short_there_are_no_curves_and_no_pictures(store: Store) -> None:
    record = made_up_take(KEY)
    store.save_take(record, "one")
    found = store.load_take(KEY, "one", whole=False)
    assert_same(found, replace(kept(record), curves={}, strip=()))


def test_a_take_that_failed_is_kept_until_failures_are_forgotten(store: Store) -> None:
    failed = TakeRecord(KEY, failure="It holds no pictures.")
    store.save_take(failed, "one")
    store.save_take(made_up_take("b" * 32), "one")
    store.save_take(replace(failed, key="c" * 32), "two")
    assert_same(store.load_take(KEY, "one"), failed)
    assert store.stats()["takes_failed"] == 2
    store.forget_failures("one")
    assert store.takes_known([KEY, "b" * 32], "one") == {"b" * 32}
    assert store.takes_known(["c" * 32], "two") == {"c" * 32}


def test_a_basis_has_its_own_records(store: Store) -> None:
    one, two = made_up_take(KEY), replace(made_up_take(KEY), notes=("two",))
    store.save_take(one, "one")
    store.save_take(two, "two")
    assert_same(store.load_take(KEY, "one"), kept(one))
    assert_same(store.load_take(KEY, "two"), kept(two))
    assert store.load_take(KEY, "three") is None and store.takes_known([KEY], "three") == set()


def test_a_record_is_replaced_and_leaves_nothing_behind(store: Store, folder: Path) -> None:
    store.save_takes([made_up_take(KEY), made_up_take("b" * 32)], "one")
    size = store.stats()["bytes_takes"]
    changed = replace(made_up_take(KEY), notes=("again",))
    store.save_take(changed, "one")
    assert_same(store.load_take(KEY, "one"), kept(changed))
    assert size < store.stats()["bytes_takes"] < size + 20
    assert sql(folder, "SELECT count(*) FROM take_data") == [(2,)]


def test_thousands_are_asked_for_at_once(store: Store) -> None:
    keys = [f"{number:032x}" for number in range(1500)]
    store.save_takes((TakeRecord(key, failure="no") for key in keys), "one")
    assert store.takes_known([*keys, KEY], "one") == set(keys)
    assert list(store.load_takes(iter(keys), "one", whole=False)) == keys
    assert store.load_takes([], "one") == {}


@pytest.mark.parametrize("column", ["head", "body"])
def test_a_record_that_is_damaged_is_looked_at_again(store: Store, folder: Path, column: str) -> None:
    store.save_takes([made_up_take(KEY), made_up_take("b" * 32)], "one")
    table = "takes" if column == "head" else "take_data"
    sql(folder, f"UPDATE {table} SET {column} = x'28b52ffd00' WHERE id = 1")
    assert set(store.load_takes([KEY, "b" * 32], "one")) == {"b" * 32}


def test_a_flipped_bit_in_a_picture_is_noticed(store: Store, folder: Path) -> None:
    store.save_take(made_up_take(KEY), "one")
    (body,) = sql(folder, "SELECT body FROM take_data")[0]
    sql(folder, "UPDATE take_data SET body = ?", body[:9000] + bytes([body[9000] ^ 1]) + body[9001:])
    assert store.load_take(KEY, "one") is None


def test_places_are_those_of_the_last_look(store: Store) -> None:
    store.note_places([("day2/b.mp4", "2"), ("day1/é.mp4", "1")])
    store.note_places([("day2/b.mp4", "3")])
    assert list(store.places().items()) == [("day1/é.mp4", "1"), ("day2/b.mp4", "3")]


def test_clearing_clears_takes_and_the_bound_of_signals_does_not(store: Store) -> None:
    store.save_take(made_up_take(KEY), "one")
    store.note_places([("a.mp4", KEY)])
    store.limit(0)
    assert store.takes_known([KEY], "one")
    store.clear()
    assert not store.takes_known([KEY], "one") and not store.places()


# --- keys of many files -------------------------------------------------------------------------------


def test_keys_of_unchanged_files_are_known(store: Store, tmp_path: Path) -> None:
    media = [old_file(tmp_path / f"{number}.mp4", b"%d" % number) for number in range(1100)]
    sequence = Media(str(tmp_path / "%d.mp4"), "sequence", Fraction(24), (1, 2, 3))
    assert store.keys_known([*media, sequence]) == [None] * 1101
    keys = [store.content_key(one) for one in (*media[:3], *media[-3:], sequence)]
    old_file(Path(media[1].path), b"changed")
    Path(media[2].path).unlink()
    known = store.keys_known([*media, sequence])
    assert known[:4] == [keys[0], None, None, None]
    assert known[-5:] == [None, *keys[3:6], None]  # one of the sequence's files has changed as well
    assert store.keys_known([]) == []


def test_a_key_that_is_asked_for_is_not_forgotten(store: Store, folder: Path, tmp_path: Path) -> None:
    media = old_file(tmp_path / "a.mp4")
    key = store.content_key(media)
    long_ago = int(time.time()) - tables.FORGET * 2 // 3
    sql(folder, "UPDATE files SET used = ?", long_ago, file="signals.sqlite")
    assert store.keys_known([media]) == [key]
    assert sql(folder, "SELECT used FROM files", file="signals.sqlite")[0][0] > time.time() - 60


# --- processes that are killed ------------------------------------------------------------------------


def test_takes_of_writers_that_are_killed_are_there_and_whole(folder: Path) -> None:
    writers = [writer(folder, name, 100_000) for name in "abc"]
    written = []
    for number, process in enumerate(writers):
        assert process.stdout is not None and process.stderr is not None
        written += [process.stdout.readline().strip() for _ in range(4 + 3 * number)]
        process.kill()  # the others write on
        written += process.stdout.read().split("\n")[:-1]
        process.stdout.close()
        process.stderr.close()
        process.wait()
    with Store(folder) as store:
        known = store.takes_known(written, "basis")
        assert known == set(written), "what was said to be written is there"
        everything = [row[0] for row in sql(folder, "SELECT key FROM takes")]
        for key, record in store.load_takes(everything, "basis").items():
            assert_same(record, kept(made_up_take(key)))
            assert store.load(key, None, "1") is not None, "its signals were written first"
        assert len(everything) - len(written) <= 3
        assert store.check() == [] and not store.notice
