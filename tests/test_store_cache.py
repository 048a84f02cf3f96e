"""``otio-ai-audit cache``: what people see of the store, and how they tidy it up."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.cli.cache import size_of
from otio_ai_audit.measure import SIGNALS_VERSION
from otio_ai_audit.model import KnownFinding, TakeRecord
from otio_ai_audit.store import Store

from .command_line import run_cli
from .records import made_up_take
from .signals import made_up
from .store_world import KEY, old_file, sql


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "store"
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(place))
    return place


@pytest.fixture
def film(folder: Path, tmp_path: Path) -> Path:
    """A store with two media, of which one lies in a file, and three takes."""
    media = old_file(tmp_path / "fox [v001] é.mp4")
    with Store(folder) as store:
        key = store.content_key(media)
        store.save(made_up(key, samples=2), SIGNALS_VERSION, "net")
        store.save(made_up("old", rows=12, columns=20), "an older one")
        store.save_takes([made_up_take(KEY), TakeRecord("b", failure="No.")], "one")
        store.save_take(made_up_take(KEY), "two")
        store.remember([KnownFinding("a7f3c1", "pop", KEY, 1.0, 0.5, "2026-01-01")])
    return Path(media.path)


def told(*arguments: str) -> Any:
    done = run_cli("cache", *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_show_says_what_is_held(folder: Path, film: Path) -> None:
    done = run_cli("cache", "show")
    assert done.exit_code == 0
    said = " ".join(done.output.split())
    for words in (
        str(folder / "signals.sqlite"),
        "2 media",
        "uncompressed",
        "1 measured by another version",
        "3 records",
        "1 of them could not be looked at",
        "judged in 2 ways",
        "Findings 1 known",
        "of 5.0 GB",
    ):
        assert words in said
    stats = told("show")
    assert (stats["media"], stats["media_outdated"], stats["takes"]) == (2, 1, 3)
    assert 0 < stats["bytes_signals"] < stats["bytes_signals_uncompressed"]


def test_an_empty_store_can_be_looked_at(folder: Path) -> None:
    assert "0 media" in run_cli("cache", "show").output
    assert "Nothing is measured yet." in run_cli("cache", "list").output
    assert told("list") == []
    assert run_cli("cache", "check").exit_code == 0
    assert told("trim") == {"media": 0, "takes": 0}


def test_list_names_files_and_sorts(film: Path) -> None:
    output = run_cli("cache", "list").output
    assert str(film) in output and "file unknown" in output
    by_size = told("list", "--by", "size")
    assert [row["file"] for row in by_size] == ["", str(film)]
    assert by_size[0]["bytes"] > by_size[1]["bytes"]
    assert len(told("list", "--last", "1")) == 1


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("80GB", 80_000_000_000),
        ("1.5 tb", 1_500_000_000_000),
        ("512MiB", 512 << 20),
        ("1,5G", 1_500_000_000),
        ("0", 0),
        ("7k", 7000),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["much", "-3GB", "80 PB", "GB", "1.2.3"])
def test_what_is_no_size_is_said(folder: Path, text: str) -> None:
    done = run_cli("cache", "limit", "--", text)
    assert done.exit_code == 2
    assert "is no size; give one such as 80GB" in done.output + done.errors


def test_limit_bounds_now_and_later(folder: Path, film: Path) -> None:
    assert told("limit", "80GB")["bytes_limit"] == 80_000_000_000
    assert told("show")["bytes_limit"] == 80_000_000_000
    assert "up to 0.0 MB" in run_cli("cache", "limit", "0").output
    assert told("show")["media"] == 0 and told("show")["takes"] == 3


def test_trim_drops_what_is_outdated_and_unused(folder: Path, film: Path) -> None:
    assert told("trim") == {"media": 0, "takes": 0}, "used not long ago"
    long_ago = int(time.time()) - 40 * 24 * 3600
    sql(folder, "UPDATE signals SET used = ?", long_ago, file="signals.sqlite")
    sql(folder, "UPDATE bases SET used = ?", long_ago)
    with Store(folder) as store:
        store.use_takes("two")
    assert told("trim") == {"media": 1, "takes": 2}
    stats = told("show")
    assert (stats["media"], stats["media_outdated"], stats["takes"]) == (1, 0, 1)
    with Store(folder) as store:
        key = store.contents(1)[0][0]
        assert store.load(key, None, SIGNALS_VERSION, "net") is not None, "identity has a longer version"
        assert store.takes_known([KEY], "two") == {KEY}


def test_check_finds_rows_without_their_other_half_and_trim_drops_them(folder: Path, film: Path) -> None:
    assert told("check") == {"sound": True, "troubles": []}
    sql(folder, "DELETE FROM signal_data WHERE id = 1", file="signals.sqlite")
    sql(folder, "DELETE FROM take_data WHERE id = 1")
    done = run_cli("cache", "check")
    assert done.exit_code == 1 and "2 rows have lost their other half" in " ".join(done.output.split())
    run_cli("cache", "trim")
    assert told("check")["sound"]


def test_check_says_that_a_file_is_damaged(folder: Path, film: Path) -> None:
    path = folder / "takes.sqlite"
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    done = run_cli("cache", "check", "--json")
    assert done.exit_code == 1
    assert "takes.sqlite" in " ".join(json.loads(done.output)["troubles"])


def test_clear_keeps_verdicts_unless_asked(folder: Path, film: Path) -> None:
    assert told("clear") == {"cleared": True, "verdicts": False}
    stats = told("show")
    assert (stats["media"], stats["takes"], stats["known_findings"]) == (0, 0, 1)
    told("clear", "--verdicts")
    assert told("show")["known_findings"] == 0
