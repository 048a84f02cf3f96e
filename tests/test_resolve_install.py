"""Menu scripts are put where Resolve lists them, and what their user changed stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otio_ai_audit import __version__
from otio_ai_audit.cli import main
from otio_ai_audit.errors import ResolveError
from otio_ai_audit.resolve import install as scripts
from otio_ai_audit.resolve import own, places
from otio_ai_audit.resolve.install import CANARY, install, look, texts, uninstall
from otio_ai_audit.resolve.places import Folder, System
from otio_ai_audit.resolve.scripts import NAMES, render, settings_block

COMMAND = ["/opt/tools/otio-ai-audit/bin/python", "-P", "-m", "otio_ai_audit"]
ALL = [*NAMES.values(), CANARY]
MAIN = NAMES["audit"]


def folder_in(path: Path) -> list[Folder]:
    return [Folder(str(path / "Fusion" / "Scripts" / "Utility"), "named")]


def did(done: list[scripts.Done]) -> dict[str, str]:
    return {one.path.name: one.did for one in done}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    install(folder_in(tmp_path), COMMAND)
    return Path(folder_in(tmp_path)[0].path)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- where ----------------------------------------------------------------------------------------------

MAC = System("darwin", {}, "/Users/ann")
WINDOWS = System(
    "win32",
    {
        "APPDATA": r"C:\Users\ann\AppData\Roaming",
        "PROGRAMDATA": r"C:\ProgramData",
        "PROGRAMFILES": r"C:\Program Files",
    },
    r"C:\Users\ann",
)
LINUX = System("linux", {}, "/home/ann")


@pytest.mark.parametrize(
    ("system", "user", "everybody"),
    [
        (
            MAC,
            "/Users/ann/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility",
            "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility",
        ),
        (
            WINDOWS,
            r"C:\Users\ann\AppData\Roaming\Blackmagic Design\DaVinci Resolve\Support\Fusion\Scripts\Utility",
            r"C:\ProgramData\Blackmagic Design\DaVinci Resolve\Fusion\Scripts\Utility",
        ),
        (
            LINUX,
            "/home/ann/.local/share/DaVinciResolve/Fusion/Scripts/Utility",
            "/opt/resolve/Fusion/Scripts/Utility",
        ),
    ],
)
def test_folders_of_every_system(system: System, user: str, everybody: str) -> None:
    assert [folder.path for folder in places.install_folders(system)] == [user]
    assert [folder.path for folder in places.install_folders(system, all_users=True)] == [everybody]
    assert {user, everybody} <= {folder.path for folder in places.script_folders(system)}


def test_windows_without_its_variables_has_the_usual_folders() -> None:
    bare = System("win32", {}, r"C:\Users\ann")
    assert places.user_folder(bare).path.startswith(r"C:\Users\ann\AppData\Roaming\Blackmagic Design")
    assert places.all_users_folder(bare).path.startswith("C:\\ProgramData\\")


def test_a_build_of_the_app_store_gets_scripts_in_its_container(tmp_path: Path) -> None:
    system = System("darwin", {}, str(tmp_path))
    root = tmp_path / "Library" / "Containers" / "com.blackmagic-design.DaVinciResolveLite"
    assert len(places.install_folders(system)) == 1
    root.mkdir(parents=True)
    assert [folder.whose for folder in places.install_folders(system)] == ["user", "app store"]
    inside = root / "Data" / "Library" / "Application Support" / "Fusion" / "Scripts" / "Utility"
    assert places.install_folders(system)[1].path == str(inside)


# --- installing -------------------------------------------------------------------------------------------


def test_everything_is_installed_and_again_changes_nothing(tmp_path: Path) -> None:
    assert did(install(folder_in(tmp_path), COMMAND)) == dict.fromkeys(ALL, "installed")
    place = Path(folder_in(tmp_path)[0].path)
    assert sorted(path.name for path in place.iterdir()) == sorted(ALL)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in place.iterdir()}
    assert did(install(folder_in(tmp_path), COMMAND)) == dict.fromkeys(ALL, "unchanged")
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in place.iterdir()} == before


def test_scripts_carry_the_command_and_are_python(place: Path) -> None:
    for name in NAMES.values():
        text = (place / name).read_text(encoding="utf-8")
        compile(text, name, "exec")
        assert '"/opt/tools/otio-ai-audit/bin/python"' in text
        assert look(place / name).command == tuple(COMMAND)
        assert look(place / name).version == __version__
    assert look(place / CANARY).state == "ours"


@given(st.lists(st.text(min_size=1), min_size=1))
def test_any_command_is_read_back(command: list[str]) -> None:
    text = texts(command)[MAIN]
    compile(text, MAIN, "exec")
    assert scripts._command(text) == tuple(command)


def test_a_moved_environment_is_updated(tmp_path: Path, place: Path) -> None:
    elsewhere = ["/elsewhere/python", *COMMAND[1:]]
    done = did(install(folder_in(tmp_path), elsewhere))
    assert done == {**dict.fromkeys(NAMES.values(), "updated"), CANARY: "unchanged"}
    assert look(place / MAIN).command == tuple(elsewhere)


def test_settings_that_were_changed_are_carried_over(tmp_path: Path, place: Path) -> None:
    change(place / MAIN, '"options": [],', '"options": ["--hidden"],  # mine')
    script = look(place / MAIN)
    assert script.state == "ours"
    assert script.settings is not None
    done = {one.path.name: one for one in install(folder_in(tmp_path), ["/new/python"])}
    assert done[MAIN].did == "updated"
    assert "SETTINGS" in done[MAIN].note
    text = (place / MAIN).read_text(encoding="utf-8")
    assert '"options": ["--hidden"],  # mine' in text
    assert '"/new/python"' in text
    assert did(install(folder_in(tmp_path), ["/new/python"]))[MAIN] == "unchanged"
    assert look(place / NAMES["clear"]).settings is None


def test_new_defaults_come_where_nobody_changed_the_old_ones(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def newer(task: str, command: list[str] | tuple[str, ...] = ()) -> str:
        return render(task, command).replace('"window": True,', '"window": False,')

    change(place / NAMES["selected"], '"open_report": False', '"open_report": True')
    monkeypatch.setattr(scripts, "render", newer)
    monkeypatch.setattr(scripts, "__version__", "9.0")
    assert look(place / MAIN).outdated
    install(folder_in(tmp_path), COMMAND)
    assert '"window": False,' in (settings_block((place / MAIN).read_text(encoding="utf-8")) or "")
    kept = settings_block((place / NAMES["selected"]).read_text(encoding="utf-8")) or ""
    assert '"open_report": True' in kept


@pytest.mark.parametrize("edit", ["line", "syntax", "settings", "foreign", "binary", "link"])
def test_an_edited_script_is_left_alone_and_force_keeps_a_copy(
    tmp_path: Path, place: Path, edit: str
) -> None:
    path = place / MAIN
    if edit == "line":
        change(path, "def find_resolve():", "print('mine')\n\n\ndef find_resolve():")
    elif edit == "syntax":
        change(path, "def find_resolve():", "def find_resolve(:")
    elif edit == "settings":
        change(path, '"options": [],', '"options": [')
    elif edit == "foreign":
        path.write_text("print('another audit')\n", encoding="utf-8")
    elif edit == "binary":
        path.write_bytes(b"\xff\xfe\x00\x80")
    else:
        other = tmp_path / "other.py"
        other.write_text("print('linked')\n", encoding="utf-8")
        path.unlink()
        path.symlink_to(other)
    before = path.read_bytes()
    done = {one.path.name: one for one in install(folder_in(tmp_path), ["/new/python"])}
    assert done[MAIN].did == "kept"
    assert "--force" in done[MAIN].note
    assert path.read_bytes() == before
    assert {one.path.name: one.did for one in uninstall(folder_in(tmp_path))}[MAIN] == "kept"
    for number in ("", "1"):
        done = {one.path.name: one for one in install(folder_in(tmp_path), ["/new/python"], force=True)}
        assert done[MAIN].did == "updated"
        assert f"{MAIN}{number}.bak" in done[MAIN].note
        assert (place / f"{MAIN}{number}.bak").read_bytes() == before
        assert look(path).state == "ours"
        path.unlink()
        path.write_bytes(before)


def test_forcing_keeps_settings_too(tmp_path: Path, place: Path) -> None:
    change(place / MAIN, '"options": [],', '"options": ["--hidden"],')
    change(place / MAIN, "def find_resolve():", "print('mine')\n\n\ndef find_resolve():")
    install(folder_in(tmp_path), COMMAND, force=True)
    assert '["--hidden"]' in (place / MAIN).read_text(encoding="utf-8")
    assert "print('mine')" not in (place / MAIN).read_text(encoding="utf-8")


def test_other_line_ends_and_a_byte_order_mark_are_no_edit(place: Path) -> None:
    path = place / MAIN
    data = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"))
    assert look(path).state == "ours"
    assert look(path).settings is None


def test_a_script_that_was_copied_by_hand_is_ours(tmp_path: Path) -> None:
    place = tmp_path / "Fusion" / "Scripts" / "Utility"
    place.mkdir(parents=True)
    repository = Path(__file__).resolve().parents[1] / "resolve_scripts"
    for name in ALL:
        (place / name).write_bytes((repository / name).read_bytes())
    assert did(install(folder_in(tmp_path), COMMAND)) == dict.fromkeys(ALL, "updated")


def test_uninstall_takes_ours_and_nothing_else(tmp_path: Path, place: Path) -> None:
    change(place / MAIN, '"options": [],', '"options": ["--hidden"],')
    (place / "Mine.py").write_text("print(1)\n", encoding="utf-8")
    assert did(uninstall(folder_in(tmp_path))) == dict.fromkeys(ALL, "removed")
    assert [path.name for path in place.iterdir()] == ["Mine.py"]
    assert did(uninstall(folder_in(tmp_path))) == dict.fromkeys(ALL, "absent")


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (place / MAIN).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ResolveError, match="No space left"):
        install(folder_in(tmp_path), ["/new/python"])
    assert (place / MAIN).read_bytes() == before
    assert sorted(path.name for path in place.iterdir()) == sorted(ALL)


def test_a_file_where_a_folder_should_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "Fusion").write_text("", encoding="utf-8")
    with pytest.raises(ResolveError, match="--folder"):
        install(folder_in(tmp_path), COMMAND)


# --- the command --------------------------------------------------------------------------------------------


def test_the_command_of_this_environment_starts_anywhere(tmp_path: Path) -> None:
    command = own.checked_command()
    assert Path(command[0]).is_absolute()
    # A module of that name in the folder where Resolve happens to run is not taken.
    (tmp_path / "otio_ai_audit.py").write_text("raise SystemExit(7)\n", encoding="utf-8")
    done = subprocess.run([*command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert __version__ in done.stdout


def test_the_link_of_a_virtual_environment_is_not_resolved(tmp_path: Path) -> None:
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    assert own.own_command(str(link), str(tmp_path))[0] == str(link)


def test_the_name_that_survives_another_python_is_taken(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("python", "python3.11"):
        (tmp_path / "bin" / name).symlink_to(sys.executable)
    assert own.own_command(str(tmp_path / "bin" / "python3.11"), str(tmp_path))[0] == str(
        tmp_path / "bin" / "python"
    )


@pytest.mark.parametrize(
    "prefix",
    [
        "/home/ann/.cache/uv/archive-v0/Xk3",
        r"C:\Users\ann\AppData\Local\uv\cache\archive-v0\Xk3",
        "/home/ann/.cache/uv/environments-v2/a",
        "/home/ann/.local/pipx/.cache/9f",
        "/home/ann/.cache/pipx/9f",
    ],
)
def test_environments_that_are_thrown_away_are_refused(prefix: str) -> None:
    with pytest.raises(ResolveError, match="uv tool install"):
        own.own_command("/x/python", prefix)


@pytest.mark.parametrize(
    "prefix",
    [
        "/home/ann/.local/share/uv/tools/otio-ai-audit",
        "/home/ann/.local/share/pipx/venvs/otio-ai-audit",
        "/a/.venv",
    ],
)
def test_environments_that_stay_are_taken(prefix: str) -> None:
    assert own.own_command("/x/python", prefix) == ["/x/python", "-P", "-m", "otio_ai_audit"]


def test_a_command_that_does_not_start_says_why(tmp_path: Path) -> None:
    assert "not there any more" in own.version_of([str(tmp_path / "gone")])[1]
    assert own.version_of([sys.executable, "-c", "raise SystemExit('no such module')"]) == (
        "",
        f"{sys.executable} -c raise SystemExit('no such module') does not work (no such module).",
    )
    slow = own.version_of([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.2)
    assert "did not answer" in slow[1]
    text = tmp_path / "text"
    text.write_text("no program", encoding="utf-8")
    text.chmod(0o755)
    assert own.version_of([str(text)])[1]


# --- the command line ---------------------------------------------------------------------------------


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def test_install_says_where_and_what_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "Scripts" / "Utility"
    assert call("resolve", "install", "--folder", place) == 0
    out = capsys.readouterr().out
    assert str(place) in out
    assert "Workspace > Scripts > Audit Timeline; no restart needed" in out
    assert f"{sys.executable} -P -m otio_ai_audit" in out
    (place / MAIN).write_text("mine\n", encoding="utf-8")
    assert call("resolve", "install", "--folder", place) == 0
    assert f"{MAIN}: left alone (it was not written by install" in capsys.readouterr().out
    assert call("resolve", "uninstall", "--folder", place) == 0
    out = capsys.readouterr().out
    assert f"{MAIN}: left alone" in out
    assert f"{CANARY}: removed" in out
    (place / MAIN).unlink()
    assert call("resolve", "uninstall", "--folder", place) == 0
    assert "nothing to remove" in capsys.readouterr().out


def test_install_tells_the_free_edition_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from otio_ai_audit.resolve import editions

    monkeypatch.setattr(editions, "find", lambda system: editions.Installed("21.1.0", False))
    assert call("resolve", "install", "--folder", tmp_path) == 0
    assert "lists no Python scripts, only Audit Check: use files" in capsys.readouterr().out


def test_bridge_answers_in_one_line_of_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import json

    assert call("resolve", "bridge") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == 1
    assert told["version"] == __version__
    assert (Path(told["live"]) / "__init__.py").is_file()
    assert told["home"] == str(Path(os.environ["OTIO_AI_AUDIT_CACHE"]) / "resolve")


def test_bridge_without_the_variable_lies_in_the_users_data(monkeypatch: pytest.MonkeyPatch) -> None:
    from otio_ai_audit.resolve.bridge import home

    monkeypatch.delenv("OTIO_AI_AUDIT_CACHE")
    assert home().is_absolute()
    assert home().parts[-2:] == ("otio-ai-audit", "resolve")
