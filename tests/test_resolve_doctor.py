"""What works here and why not, on made computers of every system, version and edition."""

from __future__ import annotations

import json
import os
import plistlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from otio_ai_audit.cli import main
from otio_ai_audit.resolve import doctor, editions, pythons
from otio_ai_audit.resolve import install as scripts
from otio_ai_audit.resolve.attach import Probe
from otio_ai_audit.resolve.doctor import World, examine, lines, to_json
from otio_ai_audit.resolve.editions import Installed, of_product
from otio_ai_audit.resolve.places import System, containers, logs, user_data, user_folder
from otio_ai_audit.resolve.pythons import Eyes
from otio_ai_audit.resolve.scripts import NAMES

COMMAND = ("/opt/tools/otio-ai-audit/bin/python", "-P", "-m", "otio_ai_audit")
REFUSED = Probe("refused", "Resolve does not let itself be reached.")
STARTED = (
    "[0x00] | Main | INFO | 2026-08-11 13:32:02,593 | Running {product} v{version} (Linux/Clang x86_64)\n"
)


def no_registry(hive: str, key: str, name: str) -> str | None:
    return None


def registry(values: Mapping[str, str]) -> editions.Registry:
    return lambda hive, key, name: values.get(rf"{hive}\{key}\{name}")


class Computer:
    """A made computer: its home, its Resolve and what it answers."""

    def __init__(self, folder: Path, platform: str = "linux") -> None:
        self.system = System(platform, {}, str(folder))
        self.folder = folder
        self.found: set[str] = set()
        self.probe = REFUSED
        self.starts = True
        self.values: dict[str, str] = {}
        self.environ: dict[str, str] = {}

    def started(self, version: str, studio: bool) -> None:
        """Leave the log that Resolve leaves when it starts."""
        log = Path(next(logs(self.system)))
        log.parent.mkdir(parents=True, exist_ok=True)
        product = "DaVinci Resolve Studio" if studio else "DaVinci Resolve"
        with log.open("a", encoding="utf-8") as file:
            file.write(STARTED.format(product=product, version=version))

    def install(self) -> None:
        scripts.install([user_folder(self.system)], COMMAND)

    def world(self) -> World:
        def start(command: Sequence[str]) -> tuple[str, str]:
            return ("0.1.0", "") if self.starts else ("", f"{command[0]} is not there any more.")

        def which(name: str) -> str | None:
            return f"/usr/bin/{name}" if f"/usr/bin/{name}" in self.found else None

        eyes = Eyes(registry(self.values), lambda path: path in self.found, which, self.environ.get)
        return World(self.system, eyes, lambda: self.probe, start, self.folder / "data" / "resolve")

    def report(self) -> doctor.Report:
        return examine(self.world())

    def works(self) -> dict[str, bool | None]:
        return {lane.name: lane.works for lane in self.report().lanes}


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    made = Computer(tmp_path)
    made.found.add("/usr/bin/python3")
    return made


def text_of(report: doctor.Report) -> str:
    return "\n".join(lines(report))


# --- lanes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "studio", "menu"),
    [
        ("18.5.1.0006", False, True),
        ("19.1.3.0007", False, True),
        ("21.0.4.0005", False, True),
        ("21.1.0.0014", False, False),
        ("21.1.0.0014", True, True),
        ("22.0.0.0001", False, False),
    ],
)
def test_the_menu_lane_of_every_edition(computer: Computer, version: str, studio: bool, menu: bool) -> None:
    computer.started(version, studio)
    computer.install()
    assert computer.works() == {"menu": menu, "outside": False, "files": True}
    told = text_of(computer.report())
    assert ("lists no Python scripts" in told) == (not menu)
    assert "Timeline Markers from EDL" in told
    assert ("Studio" in told.splitlines()[0]) == studio
    assert computer.report().healthy


def test_the_outside_lane_works_where_resolve_answers(computer: Computer) -> None:
    computer.started("20.3.2.0009", True)
    computer.probe = Probe("", "", "DaVinci Resolve Studio", "21.0.4.5")
    report = computer.report()
    assert report.installed == of_product("DaVinci Resolve Studio", "21.0.4.5")
    assert {lane.name: lane.works for lane in report.lanes}["outside"] is True
    assert text_of(report).startswith("DaVinci Resolve Studio 21.0.4.5\n")


def test_why_not_from_outside(computer: Computer) -> None:
    computer.started("20.3.2.0009", False)
    assert "free edition does not let itself be reached" in text_of(computer.report())
    computer.started("20.3.2.0009", True)
    assert "External scripting using: Local" in text_of(computer.report())
    computer.probe = Probe("crash", "Resolve's scripting library ended this Python with signal 11.")
    assert "signal 11" in text_of(computer.report())


def test_a_computer_without_resolve_has_files(computer: Computer) -> None:
    computer.probe = Probe("missing", "Resolve's scripting is not on this computer.")
    report = computer.report()
    assert computer.works() == {"menu": False, "outside": False, "files": True}
    assert report.healthy
    assert text_of(report).startswith("DaVinci Resolve: not found on this computer")


def test_an_edition_that_nobody_knows_is_said_to_be_unknown(computer: Computer) -> None:
    version = Path(user_data(computer.system), "configs", ".version")
    version.parent.mkdir(parents=True)
    version.write_text("Resolve.Version=21.1.0\n", encoding="utf-8")
    computer.install()
    assert computer.works()["menu"] is None
    assert "Help > About" in text_of(computer.report())
    version.write_text("Resolve.Version=20.3.2\n", encoding="utf-8")
    assert computer.works()["menu"] is True, "both editions list Python before 21.1"


def test_an_old_resolve_exports_other_formats(computer: Computer) -> None:
    computer.started("18.1.0.0016", True)
    assert "exports .drt" in text_of(computer.report())


def test_scripts_that_are_not_installed(computer: Computer) -> None:
    computer.started("20.3.2.0009", True)
    (menu, *_) = computer.report().lanes
    assert (menu.works, menu.fix) == (False, ("otio-ai-audit resolve install",))


def test_a_command_that_is_gone_is_broken(computer: Computer) -> None:
    computer.started("20.3.2.0009", True)
    computer.install()
    computer.starts = False
    report = computer.report()
    assert not report.healthy
    assert computer.works()["menu"] is False
    assert "is not there any more. Run: otio-ai-audit resolve install" in text_of(report)
    assert len(report.broken) == 1


# --- scripts -------------------------------------------------------------------------------------------


def test_scripts_are_listed_with_what_became_of_them(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    computer.install()
    place = Path(user_folder(computer.system).path)
    edited = place / NAMES["clear"]
    edited.write_text(edited.read_text(encoding="utf-8") + "print('mine')\n", encoding="utf-8")
    changed = place / NAMES["audit"]
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace('"options": [],', '"options": ["--hidden"],'), encoding="utf-8")
    (place / NAMES["report"]).unlink()
    told = text_of(computer.report())
    assert f"{edited}: edited" in told
    assert f"{changed}: version 0.1.0, SETTINGS changed" in told
    assert NAMES["report"] not in told
    monkeypatch.setattr(scripts, "__version__", "0.9.0")
    assert "is of version 0.1.0" in text_of(computer.report())


def test_two_copies_in_the_menu_are_named(tmp_path: Path) -> None:
    computer = Computer(tmp_path, "darwin")
    Path(containers(computer.system)[0]).mkdir(parents=True)
    for folder in doctor.script_folders(computer.system)[:2]:
        scripts.install([folder], COMMAND)
    told = text_of(computer.report())
    assert "Audit Timeline.py stands twice in Resolve's menu" in told
    assert "runs in a sandbox" in told


def test_what_killed_runs_left_is_named(computer: Computer) -> None:
    home = computer.world().home
    for name, text in (("a", '{"state": "writing"}'), ("b", '{"state": "idle"}'), ("c", "{"), ("d", "[]")):
        (home / name).mkdir(parents=True)
        (home / name / "ledger.json").write_text(text, encoding="utf-8")
    notes = computer.report().notes
    assert len(notes) == 3
    assert "the next one completes it" in notes[0]
    assert str(home / "c") in notes[1]
    assert computer.report().healthy


# --- versions ------------------------------------------------------------------------------------------


def test_the_last_start_in_the_newest_log_counts(computer: Computer) -> None:
    computer.started("20.3.2.0009", True)
    computer.started("21.1.0.0014", False)
    assert editions.find(computer.system, no_registry) == Installed(
        "21.1.0.14", False, next(logs(computer.system))
    )
    first, second = list(logs(computer.system))[:2]
    Path(second).write_text(
        STARTED.format(product="DaVinci Resolve Studio", version="19.0.0.0001"), encoding="utf-8"
    )
    os.utime(first, (1, 1))
    found = editions.find(computer.system, no_registry)
    assert found is not None
    assert (found.version, found.studio) == ("19.0.0.1", True)


def test_an_update_since_the_last_start_is_seen(tmp_path: Path) -> None:
    computer = Computer(tmp_path, "win32")
    computer.system = System("win32", {"APPDATA": str(tmp_path)}, str(tmp_path))
    computer.values = {r"HKLM\SOFTWARE\Blackmagic Design\DaVinci Resolve\Version": "21.0.30007"}
    found = editions.find(computer.system, registry(computer.values))
    assert found is not None
    assert (found.version, found.studio) == ("21.0.3", None)


def test_the_app_on_a_mac_tells_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = tmp_path / "DaVinci Resolve.app"
    (app / "Contents").mkdir(parents=True)
    with (app / "Contents" / "Info.plist").open("wb") as file:
        plistlib.dump({"CFBundleShortVersionString": "21.1.0"}, file)
    monkeypatch.setattr(editions, "program", lambda system: str(app))
    computer = Computer(tmp_path, "darwin")
    found = editions.find(computer.system, no_registry)
    assert found is not None
    assert (found.version, found.studio) == ("21.1.0", None)
    computer.started("21.0.4.0005", False)
    found = editions.find(computer.system, no_registry)
    assert found is not None
    assert (found.version, found.studio) == ("21.1.0", False), "updated since it ran last"
    (app / "Contents" / "Info.plist").write_bytes(b"no plist")
    found = editions.find(computer.system, no_registry)
    assert found is not None
    assert found.version == "21.0.4.5"


# --- Python --------------------------------------------------------------------------------------------


def python(platform: str, environ: Mapping[str, str], *there: str, **more: object) -> pythons.ResolvePython:
    values = more.get("registry", {})
    assert isinstance(values, dict)
    eyes = Eyes(
        registry(values), lambda path: path in there, lambda name: next(iter(there), None), lambda name: None
    )
    return pythons.find(System(platform, environ, "/home/ann"), eyes, Installed("20.3.2", True))


def test_the_python_that_a_mac_finds() -> None:
    assert python("darwin", {}, "/usr/local/bin/python3").path == "/usr/local/bin/python3"
    own = python("darwin", {"PYTHON3HOME": "/opt/homebrew"}, "/opt/homebrew/bin/python3")
    assert own.path == "/opt/homebrew"
    missing = python("darwin", {}, "/opt/homebrew/bin/python3")
    assert missing.path == ""
    assert "launchctl setenv PYTHON3HOME" in missing.fix
    assert "where there is no Python" in python("darwin", {"PYTHON3HOME": "/gone"}).how


def test_the_python_that_windows_finds() -> None:
    key = r"HKCU\SOFTWARE\Python\PythonCore\3.12\InstallPath" + "\\"
    found = python("win32", {}, r"C:\Py312\python.exe", registry={key: r"C:\Py312"})
    assert found.path == r"C:\Py312"
    assert "PythonCore" in python("win32", {}, registry={key: r"C:\Gone"}).how
    own = python("win32", {"PYTHON3HOME": r"C:\Own"}, r"C:\Own\python.exe")
    assert own.path == r"C:\Own"
    assert "python.org" in python("win32", {}).fix


def test_the_python_that_linux_finds() -> None:
    assert python("linux", {}, "/usr/bin/python3").path == "/usr/bin/python3"
    assert python("linux", {}).fix == "Install your distribution's python3."


def test_a_menu_without_python_says_so(computer: Computer) -> None:
    computer.started("20.3.2.0009", True)
    computer.install()
    computer.found.clear()
    (menu, *_) = computer.report().lanes
    assert menu.works is False
    assert menu.fix == ("Install your distribution's python3.",)
    computer.started("21.1.0.0014", True)
    assert computer.works()["menu"] is True, "it brings its own"


# --- the command line ----------------------------------------------------------------------------------


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def test_doctor_speaks_to_programs_too(
    computer: Computer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    computer.started("21.1.0.0014", False)
    computer.install()
    monkeypatch.setattr(doctor, "World", lambda named: computer.world())
    assert call("resolve", "doctor", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == to_json(computer.report())
    assert told["lanes"]["menu"]["works"] is False
    assert told["resolve"]["studio"] is False
    assert len(told["scripts"]) == 5
    computer.starts = False
    assert call("resolve", "doctor") == 1
    assert "Broken:" in capsys.readouterr().out
