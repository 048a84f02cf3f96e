"""How fast signals and results go into the store and come back.

The clip is of ordinary size: 150 frames of 17 × 30 cells. `test_write_plain_file` is the reference of
the same run: the same bytes into a plain file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from otio_ai_audit.model import KnownFinding, Media, MediaSignals
from otio_ai_audit.store import Store, codec, content
from tests.signals import made_up

SHOTS = 45


@pytest.fixture(scope="module")
def clip() -> MediaSignals:
    return made_up(frames=150, rows=17, columns=30)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as opened:
        yield opened
        assert not opened.notice


@pytest.fixture
def full(store: Store, clip: MediaSignals) -> Store:
    """Fill a store with an edit."""
    for number in range(SHOTS):
        store.save(replace(clip, key=f"k{number}"), "1")
    return store


def test_write_plain_file(benchmark: Any, clip: MediaSignals, tmp_path: Path) -> None:
    data = b"".join(codec.encode(clip).values())
    numbers = count()
    benchmark.pedantic(lambda: (tmp_path / f"{next(numbers)}").write_bytes(data), rounds=40)


def test_save_clip(benchmark: Any, store: Store, clip: MediaSignals) -> None:
    clips = (replace(clip, key=f"k{number}") for number in count())
    benchmark.pedantic(lambda: store.save(next(clips), "1"), rounds=40)
    benchmark.extra_info["bytes"] = sum(map(len, codec.encode(clip).values()))


def test_encode_clip(benchmark: Any, clip: MediaSignals) -> None:
    benchmark(codec.encode, clip)


def test_load_edit_of_45_clips(benchmark: Any, full: Store) -> None:
    def load() -> None:
        assert all(full.load(f"k{number}", None, "1") is not None for number in range(SHOTS))

    benchmark(load)
    started = process_time()
    load()
    benchmark.extra_info["cpu_seconds"] = process_time() - started


def test_ask_for_unknown_clip(benchmark: Any, full: Store) -> None:
    assert benchmark(full.load, "unknown", None, "1") is None


def test_key_of_unchanged_file(benchmark: Any, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(20 << 20))
    os.utime(path, (1e9, 1e9))
    media = Media(str(path))
    store.content_key(media)
    benchmark(store.content_key, media)


def test_key_of_new_file_of_20_mib(benchmark: Any, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(20 << 20))
    benchmark(content.key_of, Media(str(path)))


def test_save_result(benchmark: Any, store: Store) -> None:
    numbers = count()
    benchmark(lambda: store.save_blob("judgement", str(next(numbers)), b"x" * 2000))


def test_remember_100_findings(benchmark: Any, store: Store) -> None:
    numbers = count()

    def remember() -> None:
        key = f"{next(numbers):032x}"
        store.remember(KnownFinding(f"{n:06x}", "flicker", key, n, 0.5, "2026-01-01") for n in range(100))

    benchmark(remember)


def test_know_findings_of_45_clips(benchmark: Any, store: Store) -> None:
    keys = [f"{n:032x}" for n in range(1000)]
    store.remember(KnownFinding("a7f3c1", "flicker", key, 1.0, 0.5, "2026-01-01") for key in keys)
    assert len(benchmark(store.known, keys[:SHOTS])) == SHOTS


if __name__ == "__main__":
    from .bench_store_takes import main

    main()
