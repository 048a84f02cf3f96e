"""``otio-ai-audit verdict``: takes and findings, files of pages and markers, and the list."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from otio_ai_audit import people, video
from otio_ai_audit.cli import main
from otio_ai_audit.model import KnownFinding, Media
from otio_ai_audit.store import Store

from .edits import RATE, clip, pan, write_edit
from .takes import FRAMES, Takes
from .test_people import KILL, page

KEY = "0" * 32


@pytest.fixture(autouse=True)
def desk(own_cache: None, warm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that knows both takes, and a shared folder."""
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(warm))
    monkeypatch.setenv("OTIO_AI_AUDIT_VERDICTS", str(tmp_path / "people"))
    monkeypatch.setenv("OTIO_AI_AUDIT_USER", "ann")
    return tmp_path / "people"


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def verdict(*arguments: object) -> int:
    return call("verdict", *arguments)


def audited(path: Path, capsys: pytest.CaptureFixture[str], *options: object) -> dict[str, object]:
    capsys.readouterr()
    call("audit", "--engine", "threads:1", "--json", "-", path, *options)
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def worst(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    return max(audited(path, capsys)["findings"], key=lambda f: f["score"])  # type: ignore[no-any-return, attr-defined]


def content_key(path: Path) -> str:
    with Store() as store:
        return store.content_key(Media(str(path)))


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    err = capsys.readouterr().err
    lines = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1 and "Traceback" not in err, err
    return lines[0]


# --- takes ---------------------------------------------------------------------------------------------


def test_takes_are_kept_and_killed_by_file_and_by_key(
    takes: Takes, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict("kill", takes.bad, "--why", "Six fingers.") == 0
    assert capsys.readouterr().out == "Killed: truck_v001.mp4.\n"
    key = content_key(takes.bad)
    assert verdict("keep", key.upper(), "--as", "ben") == 0
    out = capsys.readouterr().out
    assert out == ("Kept: truck_v001.mp4.\ntruck_v001.mp4 is disputed: ann: kill. Six fingers.; ben: keep\n")
    said = people.read(desk)
    assert {(v.who, v.kind, v.key, v.label) for v in said} == {
        ("ann", "kill", key, "truck_v001.mp4"),
        ("ben", "keep", key, "truck_v001.mp4"),
    }
    clips = audited(takes.bad, capsys)["clips"]
    assert "disputed: ann: kill. Six fingers.; ben: keep" in clips[0]["notes"]  # type: ignore[index]
    assert verdict("withdraw", takes.bad, "--as", "ben") == 0
    assert "Taken back: truck_v001.mp4." in capsys.readouterr().out
    assert people.read(desk).of_take(key).standing == "killed"
    assert verdict("withdraw", takes.bad, "--as", "ben") == 2
    assert "ben has said nothing of truck_v001.mp4" in sentence(capsys)


def test_a_sequence_is_named_by_its_folder_its_pattern_or_a_picture(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bird"
    folder.mkdir()
    video.encode(folder / "bird_v001.%04d.png", pan(1, 6), RATE)
    for name in (folder, folder / "bird_v001.[0001-0006].png", folder / "bird_v001.0003.png"):
        assert verdict("kill", name) == 0
    assert len({v.key for v in people.read(desk)}) == 1
    shutil.copy(folder / "bird_v001.0003.png", tmp_path / "photo.png")
    assert verdict("kill", tmp_path / "photo.png") == 0
    assert len({v.key for v in people.read(desk)}) == 2
    video.encode(folder / "fox_v001.mp4", pan(2, 6), RATE)
    capsys.readouterr()
    assert verdict("kill", folder) == 2
    assert "holds 2 takes; name the ones that you mean" in sentence(capsys)


def test_what_is_no_take_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("nothing.mp4", tmp_path / "none" / "x.mp4", "abc", "0" * 31):
        assert verdict("kill", name) == 2
        assert "is no file, and no content key" in sentence(capsys)


def test_all_or_nothing(takes: Takes, desk: Path) -> None:
    assert verdict("kill", takes.bad, "nothing.mp4") == 2
    assert list(people.read(desk)) == []


# --- findings ------------------------------------------------------------------------------------------


def test_a_finding_is_dismissed_for_everybody_and_reopened(
    takes: Takes,
    desk: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    id_ = worst(takes.bad, capsys)["id"]
    assert verdict("wrong-alarm", id_, "--why", "Fire.") == 0
    assert capsys.readouterr().out == f"Dismissed: {id_}.\n"
    assert (worst(takes.bad, capsys)["state"], worst(takes.bad, capsys)["by"]) == ("dismissed", "ann: Fire.")
    # Another machine, which has never met the finding.
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path / "other"))
    assert verdict("reopen", id_, "--as", "ben") == 0
    out = capsys.readouterr().out
    assert out == f"Reopened: {id_}.\n{id_} is disputed: ann: wrong alarm. Fire.; ben: it stands\n"
    assert verdict("dismiss", id_, "--as", "ben") == 0
    assert people.read(desk).things()[0][1].standing == "wrong-alarm"


def test_an_id_that_nobody_knows_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("wrong-alarm", "dismiss"):
        assert verdict(word, "ffffff") == 2
        assert "No finding has the id ffffff" in sentence(capsys)
    assert verdict("withdraw", "ffffff") == 2
    assert "No finding has the id ffffff" in sentence(capsys)


def test_one_id_of_two_files_asks_for_the_file(
    takes: Takes, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = content_key(takes.good)
    with Store() as store:
        store.remember(KnownFinding("abcdef", "pop", one, 1, 1, "then") for one in (KEY, key))
    assert verdict("wrong-alarm", "abcdef") == 2
    assert "say the file with --of FILE" in sentence(capsys)
    assert verdict("wrong-alarm", "abcdef", "--of", takes.good) == 0
    assert [v.key for v in people.read(desk)] == [key]


# --- files ---------------------------------------------------------------------------------------------


def test_the_file_of_a_page_is_taken_once(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep = {**KILL, "kind": "keep", "key": "1" * 32, "label": "fox/v013.mp4"}
    file = page(tmp_path / "verdicts.json", KILL, keep, KILL)
    assert verdict("take", file) == 0
    assert capsys.readouterr().out == "verdicts.json: 1 keep, 1 kill of ann.\n"
    assert verdict("--from", file, "--from", file) == 0
    assert capsys.readouterr().out == "verdicts.json: nothing new.\nverdicts.json: nothing new.\n"
    assert len((desk / "ann.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    assert verdict("take", file, "--as", "ben") == 0
    assert {v.who for v in people.read(desk)} == {"ann", "ben"}


def test_a_wrong_file_is_one_sentence_and_nothing_is_taken(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("buy milk", encoding="utf-8")
    files = {
        tmp_path / "notes.txt": "holds no verdicts",
        page(tmp_path / "half.json", KILL, {**KILL, "kind": "praise"}): "verdict 2 cannot be taken",
        tmp_path / "none.json": "none.json",
        write_edit(tmp_path / "bare.otio", [clip(None, 0, 10, 10)]): "has no markers of ours",
    }
    for file, words in files.items():
        assert verdict("take", file) == 2
        assert words in sentence(capsys)
    assert list(people.read(desk)) == []


def test_green_markers_of_an_exported_edit_are_taken_once(
    takes: Takes, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.bad, 0, 60, FRAMES)])
    audited(edit, capsys, "-o", tmp_path / "marked.otio", "-o", tmp_path / "marked.edl")
    for suffix in (".otio", ".edl"):
        file = tmp_path / f"marked{suffix}"
        assert verdict("take", file) == 0
        assert capsys.readouterr().out == f"{file.name}: nothing new.\n"
    text = (tmp_path / "marked.edl").read_text(encoding="utf-8")
    green = tmp_path / "green.edl"
    green.write_text(text.replace("ResolveColorLemon", "ResolveColorGreen"), encoding="utf-8")
    assert verdict("take", green) == 0
    assert capsys.readouterr().out == "green.edl: 1 wrong alarm of ann.\n"
    assert verdict("take", green, "--as", "ben") == 0
    assert capsys.readouterr().out == "green.edl: nothing new.\n"
    assert (worst(edit, capsys)["state"], worst(edit, capsys)["by"]) == ("dismissed", "ann: green marker")


def test_notes_of_an_exported_edit_are_taken_where_its_media_are_not_at_hand(
    takes: Takes,
    desk: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edit = write_edit(tmp_path / "a.otio", [clip(takes.bad, 0, 60, FRAMES)])
    audited(edit, capsys, "-o", tmp_path / "marked.otio")
    text = (tmp_path / "marked.otio").read_text(encoding="utf-8")
    ours = json.loads(text)["tracks"]["markers"]
    note = next(m["comment"] for m in ours if m["name"].lower().startswith("flicker"))
    said = text.replace(
        json.dumps(note, ensure_ascii=False), json.dumps(f"ok fire {note}", ensure_ascii=False), 1
    )
    assert said != text
    file = tmp_path / "said.otio"
    file.write_text(said.replace(str(takes.bad), "/nowhere/truck_v001.mp4"), encoding="utf-8")
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(tmp_path / "other"))
    assert verdict("take", file) == 0
    assert capsys.readouterr().out == "said.otio: 1 wrong alarm of ann.\n"
    (told,) = people.read(desk)
    assert told.why.startswith("note: ok fire") and told.key == content_key(takes.bad)


# --- the list ------------------------------------------------------------------------------------------


def test_the_list_shows_disputes_first(takes: Takes, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict("list") == 0
    assert capsys.readouterr().out == "Nobody has said anything yet.\n"
    id_ = worst(takes.bad, capsys)["id"]
    verdict("wrong-alarm", id_)
    verdict("keep", KEY)
    verdict("kill", takes.good, "--why", "Dull.")
    verdict("keep", takes.good, "--as", "ben")
    (desk / "cem.jsonl").write_text("{", encoding="utf-8")
    capsys.readouterr()
    assert verdict("list") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[:2] == ["disputed: fox_v001.mp4 - ann: kill. Dull.; ben: keep", f"kept: {KEY} - ann: keep"]
    assert lines[2].startswith("wrong alarm: ") and f"{id_} at " in lines[2] and len(lines) == 3
    assert err.startswith("cem.jsonl: 1 verdict")
    assert verdict("list", "--json", "--as", "ben") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1 and [v["standing"] for v in told["verdicts"]] == ["disputed"]
    assert [v["who"] for v in told["verdicts"][0]["verdicts"]] == ["ann", "ben"]


def test_a_folder_of_its_own(takes: Takes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict("kill", takes.bad, "--folder", tmp_path / "elsewhere") == 0
    (tmp_path / "s.toml").write_text('[audit]\nverdicts = "elsewhere"\n', encoding="utf-8")
    capsys.readouterr()
    assert verdict("list") == 0
    assert "Nobody" in capsys.readouterr().out
    assert verdict("list", "--folder", tmp_path / "elsewhere") == 0
    assert "killed: truck_v001.mp4" in capsys.readouterr().out
    assert (
        "ann: kill"
        in audited(takes.bad, capsys, "--verdict-folder", tmp_path / "elsewhere")["clips"][0]["notes"]
    )  # type: ignore[index]


@pytest.mark.parametrize(
    "arguments", [[], ["frobnicate"], ["kill"], ["wrong-alarm"], ["--as", "x", "kill", "y"]]
)
def test_wrong_use_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(*arguments) == 2
    assert "Traceback" not in capsys.readouterr().err
