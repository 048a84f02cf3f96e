"""Stores of older and newer versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from otio_ai_audit.errors import StoreError
from otio_ai_audit.store import Store, tables

from .signals import made_up
from .store_world import KEY, assert_same, old_file, sql, version_1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_a_store_of_version_1_is_brought_up_to_date_with_all_that_it_holds(
    folder: Path, tmp_path: Path
) -> None:
    media = old_file(tmp_path / "a.mp4")
    version_1(folder, made_up(), media)
    with Store(folder) as store:
        assert_same(store.load(KEY, None, "1"), made_up())
        assert store.load_still("k", 0, 640) == b"webp"
        assert store.content_key(media) == KEY
        stats = store.stats()
        assert stats["bytes_limit"] == 12345678
        assert stats["bytes_signals"] == stats["bytes_signals_uncompressed"] > 0
        store.save(made_up("b" * 32), "1")
        assert {row[:2] for row in store.contents(5)} == {(KEY, media.path), ("b" * 32, "")}
        assert not store.notice
    assert sql(folder, "PRAGMA user_version", file="signals.sqlite") == [(tables.VERSION,)]
    with Store(folder) as store:
        assert_same(store.load(KEY, None, "1"), made_up())


def test_an_updated_store_has_the_tables_of_a_new_one(folder: Path, tmp_path: Path) -> None:
    version_1(folder, made_up())
    for one in (folder, tmp_path / "new"):
        Store(one).close()
    schema = "SELECT type, name FROM sqlite_master ORDER BY name"
    found = [sql(one, schema, file="signals.sqlite") for one in (folder, tmp_path / "new")]
    assert found[0] == found[1]
    for _, name in found[0]:
        columns = f"SELECT name, type FROM pragma_table_info('{name}')"
        assert sql(folder, columns, file="signals.sqlite") == sql(
            tmp_path / "new", columns, file="signals.sqlite"
        )


def test_takes_of_a_newer_version_are_left_alone(folder: Path) -> None:
    Store(folder).close()
    sql(folder, "PRAGMA user_version = 999")
    with pytest.raises(StoreError, match=r"takes\.sqlite was written by a newer otio-ai-audit: update"):
        Store(folder)
