"""Reaching Resolve from outside: a made scripting module that answers, refuses, dies, hangs or is too old."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from otio_ai_audit.cli import main
from otio_ai_audit.errors import ResolveError
from otio_ai_audit.resolve import attach as reaching
from otio_ai_audit.resolve import outside
from otio_ai_audit.resolve.attach import attach, probe
from otio_ai_audit.resolve.places import System, libraries

ANSWERS = """
import sys
sys.path.insert(0, {root!r})
from tests.resolve_host import Item, Medium, Timeline, host_with

HOST = host_with(Timeline("Advert"), version="20.3", studio={studio})

def scriptapp(name):
    return HOST.scriptapp(name)
"""
ROOT = str(Path(__file__).resolve().parents[1])


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Forget the made module afterwards."""
    path, environ = [*sys.path], dict(os.environ)
    yield
    sys.modules.pop(reaching.MODULE, None)
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(environ)


def made(tmp_path: Path, code: str, library: bytes | None = None) -> System:
    """A computer whose scripting module is this code."""
    modules = tmp_path / "Scripting" / "Modules"
    modules.mkdir(parents=True)
    (modules / "DaVinciResolveScript.py").write_text(code, encoding="utf-8")
    lib = tmp_path / "fusionscript.so"
    if library is not None:
        lib.write_bytes(library)
    variables = {"RESOLVE_SCRIPT_API": str(modules.parent), "RESOLVE_SCRIPT_LIB": str(lib)}
    return System("linux", variables, str(tmp_path))


def answering(tmp_path: Path, studio: bool = True) -> System:
    return made(tmp_path, ANSWERS.format(root=ROOT, studio=studio))


def test_a_resolve_that_answers_is_attached_to(tmp_path: Path) -> None:
    system = answering(tmp_path)
    seen = probe(system)
    assert (seen.trouble, seen.product, seen.version[:4]) == ("", "DaVinci Resolve Studio", "20.3")
    assert attach(system).GetProductName() == "DaVinci Resolve Studio"


def test_the_free_edition_and_a_closed_resolve_refuse(tmp_path: Path) -> None:
    seen = probe(answering(tmp_path, studio=False))
    assert seen.trouble == "refused"
    for word in ("start it", "External scripting using: Local", "Studio"):
        assert word in seen.why


def test_an_interpreter_that_dies_is_told_and_does_not_take_us_along(tmp_path: Path) -> None:
    system = made(tmp_path, "import os\nos.abort()\n")
    seen = probe(system)
    assert seen.trouble == "crash"
    assert "signal 6" in seen.why
    assert "python.org" in seen.why
    with pytest.raises(ResolveError, match="signal 6"):
        attach(system)


def test_the_code_of_a_crash_on_windows_is_written_as_windows_does() -> None:
    assert "0xC0000005" in reaching._crashed(0xC0000005)
    assert "0xC0000005" in reaching._crashed(3221225477)


def test_a_resolve_that_hangs_is_left_after_a_while(tmp_path: Path) -> None:
    system = made(tmp_path, "import time\n\n\ndef scriptapp(name):\n    time.sleep(60)\n")
    seen = probe(system, timeout=1.5)
    assert seen.trouble == "hang"
    assert "dialogs" in seen.why


@pytest.mark.parametrize(
    "code",
    ["raise ImportError('no library')", "this is no python", "def scriptapp(name):\n    raise OSError('x')"],
)
def test_a_module_that_raises_is_one_sentence(tmp_path: Path, code: str) -> None:
    seen = probe(made(tmp_path, code))
    assert seen.trouble == "import"
    assert "RESOLVE_SCRIPT_LIB" in seen.why
    assert "\n" not in seen.why


def test_what_a_module_prints_is_no_answer(tmp_path: Path) -> None:
    code = "print('otio-ai-audit')\n" + ANSWERS.format(root=ROOT, studio=True) + "\nprint('{}')\n"
    assert probe(made(tmp_path, code)).product == "DaVinci Resolve Studio"


def test_an_old_module_that_needs_imp_gets_its_library_loaded(tmp_path: Path) -> None:
    code = "raise ModuleNotFoundError(\"No module named 'imp'\", name='imp')\n"
    seen = probe(made(tmp_path, code, library=b"no library at all"))
    assert seen.trouble == "import"
    assert "fusionscript.so" in seen.why, "it was tried"
    assert "'imp'" in probe(made(tmp_path / "without", code)).why


def test_without_resolve_the_places_are_named(tmp_path: Path) -> None:
    system = System("linux", {"RESOLVE_SCRIPT_API": str(tmp_path)}, str(tmp_path))
    seen = probe(system)
    if seen.trouble == "missing":  # a real Resolve may be on this computer
        assert str(tmp_path) in seen.why
        assert "RESOLVE_SCRIPT_API" in seen.why


def test_places_of_every_system() -> None:
    mac = next(libraries(System("darwin", {}, "/Users/ann")))
    assert mac.modules.endswith("/Blackmagic Design/DaVinci Resolve/Developer/Scripting/Modules")
    assert mac.library.endswith("DaVinci Resolve.app/Contents/Libraries/Fusion/fusionscript.so")
    windows = next(libraries(System("win32", {"PROGRAMDATA": r"D:\Data"}, r"C:\Users\ann")))
    assert windows.modules == r"D:\Data\Blackmagic Design\DaVinci Resolve\Support\Developer\Scripting\Modules"
    assert windows.library == r"C:\Program Files\Blackmagic Design\DaVinci Resolve\fusionscript.dll"
    own = System("linux", {"RESOLVE_SCRIPT_API": "/my/api", "RESOLVE_SCRIPT_LIB": "/my/lib.so"}, "/home/ann")
    assert [one.modules for one in libraries(own)] == [
        "/my/api/Modules",
        "/opt/resolve/Developer/Scripting/Modules",
        "/home/resolve/Developer/Scripting/Modules",
    ]
    assert next(libraries(own)).library == "/my/lib.so"


# --- the commands ------------------------------------------------------------------------------------------


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


class Live:
    """Stands in for `otio_ai_audit.resolve.live.main`."""

    def __init__(self, code: int = 0, lines: tuple[str, ...] = ()) -> None:
        self.code, self.lines = code, lines
        self.asked: dict[str, object] = {}

    def __call__(self, task: str, **given: object) -> int:
        self.asked = {"task": task, **given}
        say = given["say"]
        assert callable(say)
        for line in self.lines:
            say(line)
        return self.code


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Live:
    import otio_ai_audit.resolve.live as real

    stand_in = Live()
    monkeypatch.setattr(real, "main", stand_in)
    monkeypatch.setattr(outside, "attach", lambda: object())
    return stand_in


def test_audit_hands_everything_to_what_the_menu_runs(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    live.lines = (
        "Measuring …",
        "  3 of 45: fox.mp4",
        "Advert: Look at 9 of 45 shots.",
        "Report: /x/report.html",
    )
    assert call("resolve", "audit", "--selected", "--", "--detectors", "flicker") == 0
    out, err = capsys.readouterr()
    assert out == "Advert: Look at 9 of 45 shots.\nReport: /x/report.html\n"
    assert err == "Measuring …\n  3 of 45: fox.mp4\n"
    assert live.asked["task"] == "selected"
    assert live.asked["settings"] == {"options": ["--detectors", "flicker"], "window": False}
    assert live.asked["home"] == str(Path(os.environ["OTIO_AI_AUDIT_CACHE"]) / "resolve")
    assert live.asked["command"] == [sys.executable, "-P", "-m", "otio_ai_audit"]


@pytest.mark.parametrize("code", [2, 3, 130])
def test_codes_of_failures_are_passed_on(live: Live, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    live.code, live.lines = code, ("Took 3 away.", "Could not finish.")
    assert call("resolve", "clear") == code
    out, err = capsys.readouterr()
    assert ("Could not finish.\n" in err) == (code != 3)
    assert "Took 3 away.\n" in out


@pytest.mark.parametrize(
    ("fail_on", "severity", "state", "code"),
    [
        ("error", "error", "new", 1),
        ("error", "warning", "new", 0),
        ("warning", "warning", "open", 1),
        ("warning", "error", "dismissed", 0),
        ("never", "error", "new", 0),
    ],
)
def test_findings_leave_with_1(live: Live, fail_on: str, severity: str, state: str, code: int) -> None:
    import json

    folder = Path(os.environ["OTIO_AI_AUDIT_CACHE"], "resolve", "timeline")
    folder.mkdir(parents=True)
    findings = [{"severity": severity, "state": state}]
    (folder / "result.json").write_text(json.dumps({"findings": findings}), encoding="utf-8")
    assert call("resolve", "audit", "--fail-on", fail_on) == code


def test_fail_on_behind_the_dashes_is_refused(live: Live, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("resolve", "audit", "--", "--fail-on=never") == 2
    assert "before the --" in capsys.readouterr().err
    assert not live.asked


def test_paths_of_options_count_from_where_the_person_is(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["-o", "a.csv", "-ob.edl", "--output=c.json", "--map", "x=y", "--hidden", "--settings", "s.toml"]
    assert call("resolve", "audit", "--", *given) == 0
    here = str(tmp_path)
    wanted = ["-o", f"{here}/a.csv", f"-o{here}/b.edl", f"--output={here}/c.json", "--map", "x=y", "--hidden"]
    settings = live.asked["settings"]
    assert isinstance(settings, dict)
    assert settings["options"] == [*wanted, "--settings", f"{here}/s.toml"]


def test_markers_of_an_earlier_result(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text("{}", encoding="utf-8")
    assert call("resolve", "markers", path) == 0
    assert (live.asked["task"], live.asked["result"]) == ("markers", str(path))
    assert call("resolve", "markers", tmp_path / "none.json") == 2


def test_without_a_resolve_there_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    system = answering(tmp_path, studio=False)
    monkeypatch.setattr(outside, "attach", lambda: attach(system))
    for arguments in (("audit",), ("clear",)):
        assert call("resolve", *arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("Error: Resolve does not let itself be reached")
        assert len(err.splitlines()) == 1
