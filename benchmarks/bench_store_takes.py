"""How fast takes go into the store and come back, and what a folder of many thousands costs.

Quick ones for `make bench`, on a few thousand takes; the whole of it by ``python -m benchmarks.bench_store
--takes 70000``. The reference of the same run is sqlite itself: the same bytes, a transaction each.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.model import KnownFinding, Media, MediaJob, MediaSignals, TakeRecord
from otio_ai_audit.store import Store, codec, records
from tests.records import made_up_take

TAKES = 3000
SHOT = 100
"""Takes of one shot."""
BASIS = "b" * 64


def media_in(folder: Path, number: int) -> list[Media]:
    """Make so many small files of different content, in folders of a thousand, a minute old."""
    then = time.time() - 60
    found = []
    for index in range(number):
        path = folder / f"day{index // 1000:03d}" / f"shot{index // SHOT:04d}_v{index % SHOT:03d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % index)
        os.utime(path, (then, then))
        found.append(Media(str(path)))
    return found


class Plain:
    """The reference: bytes by key in a sqlite file, as safe as the store, and nothing else."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("page_size = 16384", "journal_mode = WAL", "synchronous = NORMAL"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute("CREATE TABLE takes (key TEXT PRIMARY KEY, data BLOB)")

    def save(self, key: str, data: bytes) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("INSERT INTO takes VALUES (?, ?)", (key, data))
        self.connection.execute("COMMIT")


def bytes_of(record: TakeRecord) -> bytes:
    stored = records.encode(record)
    return stored.head.encode() + stored.sketch + stored.body


# --- the quick set ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys() -> list[str]:
    return [f"{number:032x}" for number in range(TAKES)]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, keys: list[str]) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("full")) as opened:
        opened.save_takes(map(made_up_take, keys), BASIS)
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as opened:
        yield opened
        assert not opened.notice


def test_write_bytes_of_a_take_with_plain_sqlite(benchmark: Any, tmp_path: Path) -> None:
    numbers = count()
    plain = Plain(tmp_path / "plain.sqlite")
    data = bytes_of(made_up_take("a"))
    with closing(plain.connection):
        benchmark.pedantic(lambda: plain.save(f"{next(numbers):032x}", data), rounds=400)


def test_save_take(benchmark: Any, store: Store) -> None:
    takes = iter([made_up_take(f"{number:032x}") for number in range(400)])
    benchmark.pedantic(lambda: store.save_take(next(takes), BASIS), rounds=400)


def test_encode_take(benchmark: Any) -> None:
    benchmark(records.encode, made_up_take("a"))


def test_load_one_shot_whole(benchmark: Any, full: Store, keys: list[str]) -> None:
    assert len(benchmark(full.load_takes, keys[:SHOT], BASIS)) == SHOT


def test_load_3000_takes_in_short(benchmark: Any, full: Store, keys: list[str]) -> None:
    found = benchmark.pedantic(full.load_takes, (keys, BASIS), {"whole": False}, rounds=5)
    assert len(found) == TAKES


def test_ask_for_3000_takes(benchmark: Any, full: Store, keys: list[str]) -> None:
    assert len(benchmark(full.takes_known, keys, BASIS)) == TAKES


def test_keys_of_3000_known_files(benchmark: Any, store: Store, tmp_path: Path) -> None:
    media = media_in(tmp_path / "takes", TAKES)
    for one in media:
        store.content_key(one)
    assert None not in benchmark(store.keys_known, media)


def test_merge_3000_takes(benchmark: Any, full: Store, tmp_path: Path) -> None:
    numbers = count()
    place = Path(full.stats()["cache"]).parent

    def merge() -> None:
        with Store(tmp_path / f"home{next(numbers)}") as home:
            assert home.merge(place).takes == TAKES

    benchmark.pedantic(merge, rounds=2)


# --- the whole of it ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    spent: Spent
    number: int = 0
    """Things a second are told where there are many."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Time: by the clock, and of the processor, which others on the machine disturb less."""

    seconds: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.seconds + other.seconds, self.cpu + other.cpu)


def timed(action: Callable[[], Any]) -> tuple[Spent, Any]:
    cpu, began = time.process_time(), time.perf_counter()
    given = action()
    return Spent(time.perf_counter() - began, time.process_time() - cpu), given


def summed(action: Callable[[Any], Any], things: Iterable[Any]) -> Spent:
    """Time that `action` takes for all things; making them is not counted."""
    total = Spent()
    for thing in things:
        total += timed(partial(action, thing))[0]
    return total


def fill(folder: Path, number: int) -> tuple[list[Row], list[Media], list[str]]:
    """Make files and their records, a transaction each."""
    media = media_in(folder / "takes", number)
    rows = []
    with Store(folder / "store") as store:
        spent, keys = timed(lambda: [store.content_key(one) for one in media])
        rows.append(Row("content keys of new files (tiny ones)", spent, number))
        spent = summed(lambda take: store.save_take(take, BASIS), map(made_up_take, keys))
        rows.append(Row("save_take, a transaction each", spent, number))
        some = keys[: max(1, number // 10)]
        batches = (
            [made_up_take(key) for key in some[start : start + 100]] for start in range(0, len(some), 100)
        )
        spent = summed(lambda batch: store.save_takes(batch, "other"), iter(batches))
        rows.append(Row("save_takes, 100 in a transaction", spent, len(some)))
    plain = Plain(folder / "plain.sqlite")
    with closing(plain.connection):
        pairs = ((key, bytes_of(made_up_take(key))) for key in some)
        spent = summed(lambda pair: plain.save(*pair), pairs)
    rows.append(Row("reference: the same bytes into plain sqlite, a transaction each", spent, len(some)))
    return rows, media, keys


def ask(folder: Path, media: Sequence[Media], keys: Sequence[str]) -> list[Row]:
    """Ask a store that was just opened for what a resumed run and a report need."""
    rows, number = [], len(keys)
    spent, store = timed(lambda: Store(folder / "store"))
    rows.append(Row("open the store", spent))
    with store:
        of_keys, found = timed(lambda: store.keys_known(media))
        assert found == list(keys)
        rows.append(Row("keys_known of all files (with a stat of each)", of_keys, number))
        of_takes, takes = timed(lambda: store.takes_known(keys, BASIS))
        assert len(takes) == number
        rows.append(Row("takes_known of all", of_takes, number))
        rows.append(Row("= start of a resumed run", spent + of_keys + of_takes, number))
        spent, short = timed(lambda: store.load_takes(keys, BASIS, whole=False))
        rows.append(Row("all takes in short (findings, scores, origins, sketches)", spent, number))
        del short
        shots = [keys[start : start + SHOT] for start in range(0, number, SHOT)]
        spent, _ = timed(lambda: [len(store.load_takes(shot, BASIS, whole=False)) for shot in shots])
        rows.append(Row("the same, shot by shot", spent, number))
        spent, _ = timed(lambda: store.load_takes(shots[len(shots) // 2], BASIS))
        rows.append(Row(f"one shot of {SHOT} takes whole (curves, strips)", spent, SHOT))
        findings = [
            KnownFinding(f"{n:06x}", "pop", key, 1.0, 0.5, "2026-01-01") for n, key in enumerate(keys)
        ]
        spent, _ = timed(lambda: store.remember(findings))
        rows.append(Row("remember a finding of each", spent, number))
        spent, _ = timed(lambda: store.known(keys))
        rows.append(Row("known findings of all", spent, number))
        spent, _ = timed(store.stats)
        rows.append(Row("cache show", spent))
        spent, troubles = timed(store.check)
        assert troubles == []
        rows.append(Row("cache check", spent))
    with Store(folder / "home") as home:
        spent, merged = timed(lambda: home.merge(folder / "store"))
        rows.append(Row("merge as a shard into an empty store", spent, merged.takes))
        spent, merged = timed(lambda: home.merge(folder / "store"))
        assert merged.takes == 0
        rows.append(Row("merge it again", spent, merged.skipped))
    return rows


def measured(corpus: Path, number: int = 8) -> list[tuple[Path, MediaSignals]]:
    """Signals of real clips, with identity."""
    from otio_ai_audit.measure import measure

    clips = sorted(corpus.rglob("*.mp4"))
    some = clips[:: max(1, len(clips) // number)][:number]
    found = [(path, measure(MediaJob(Media(str(path)), identity=True))) for path in some]
    return [(path, signals) for path, signals in found if isinstance(signals, MediaSignals)]


def of_real_clips(corpus: Path) -> list[str]:
    """Say what the signals of real clips take in the store."""
    lines, size, frames = [], 0, 0
    for path, signals in measured(corpus):
        parts = codec.encode(signals)
        packed, plain = sum(map(len, parts.values())), sum(map(codec.plain_size, parts.values()))
        info, length = signals.info, len(signals.times)
        size, frames = size + packed, frames + length
        lines.append(
            f"  {path.stem:12} {info.width:4} × {info.height:4} {length:4} frames "
            f"{packed / 1e6:6.2f} MB of {plain / 1e6:6.2f} ({packed / plain:.2f})"
        )
    if lines:
        each = size / frames
        lines.append(
            f"  {each / 1e3:.1f} kB a frame; 70,000 takes of 97 frames: {each * 97 * 70_000 / 1e9:.0f} GB"
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill a store in a temporary folder, ask it everything, print a table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--takes", type=int, default=5000)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"), help="folder of real clips")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-store-") as name:
        folder = Path(name)
        rows, media, keys = fill(folder, options.takes)
        rows += ask(folder, media, keys)
        sizes = {
            file: (folder / "store" / file).stat().st_size for file in ("takes.sqlite", "signals.sqlite")
        }
    print(f"{'':64} {'clock':>9}   {'CPU':>9}")
    for row in rows:
        rate = f"{row.number / row.spent.seconds:12,.0f} a second" if row.number else ""
        print(f"{row.what:64} {row.spent.seconds:9.3f} s {row.spent.cpu:9.3f} s {rate}")
    saved, reference = (next(r for r in rows if r.what.startswith(s)) for s in ("save_take,", "reference"))
    ratio = saved.spent.seconds / saved.number / (reference.spent.seconds / reference.number)
    print(f"save_take ÷ plain sqlite: {ratio:.1f}")
    each = sizes["takes.sqlite"] / options.takes / 1.1  # a tenth of them was kept under two bases
    print(f"takes.sqlite: {sizes['takes.sqlite'] / 1e9:.2f} GB, {each / 1e3:.1f} kB a take")
    print(f"signals.sqlite (names and keys of files alone): {sizes['signals.sqlite'] / 1e6:.1f} MB")
    if options.corpus.is_dir():
        print("Signals of real clips, compressed:")
        print("\n".join(of_real_clips(options.corpus)))


if __name__ == "__main__":
    main()
