"""The three lanes from end to end: from outside, from the menu as installed, and by files with Lua."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from otio_ai_audit.cli import main
from otio_ai_audit.resolve import outside
from otio_ai_audit.resolve.install import install
from otio_ai_audit.resolve.places import Folder
from otio_ai_audit.resolve.scripts import NAMES

from .lua_resolve import run as run_lua
from .resolve_host import Host
from .resolve_host_model import Marker
from .resolve_host_otio import otio_text
from .resolve_menu_world import OPTIONS, Studio, Suite, short_edit
from .resolve_run import run_script


@pytest.fixture
def suite(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """Six shots, three with a fault, in the free edition since 21.1; what is measured is known."""
    made = studio.suite(tmp_path / "home", short_edit, version="21.1", studio=False)
    monkeypatch.setenv("OTIO_AI_AUDIT_CACHE", str(made.home / "store"))
    return made


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


FAULTS = ("flicker_1", "freeze_1", "hero_v012")


# --- from outside ----------------------------------------------------------------------------------------


def test_from_outside(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.host.studio = True
    monkeypatch.setattr(outside, "attach", suite.host.resolve)
    suite.timeline.markers[5] = Marker("Blue", "mine")
    assert call("resolve", "audit", "--", *OPTIONS) == 1
    out, err = capsys.readouterr()
    assert "Look at 3 of 6 shots" in out
    assert "report.html" in out
    assert "Judging" in err
    for fault in FAULTS:
        suite.one(fault)
    suite.host.person.recolor(suite.one("freeze_1")[0], "Green")
    before = suite.ours()
    result = suite.home / "store" / "resolve" / suite.timeline.id / "result.json"
    saved = suite.home / "saved.json"
    saved.write_bytes(result.read_bytes())

    assert call("resolve", "clear") == 0
    assert list(suite.timeline.markers) == [5]
    assert call("resolve", "markers", saved) == 0
    assert {*before} >= {*suite.ours()} >= {suite.one("flicker_1")[0], suite.one("hero_v012")[0]}
    assert call("resolve", "audit", "--fail-on", "never", "--", *OPTIONS) == 0
    assert "1 dismissed" in suite.summary()
    assert suite.timeline.markers[5].shown() == Marker("Blue", "mine").shown()


# --- from the menu, as installed ----------------------------------------------------------------------------


def test_from_the_menu_as_installed(suite: Suite, tmp_path: Path) -> None:
    suite.host.version, suite.host.studio = "20.3", False
    place = tmp_path / "Fusion" / "Scripts" / "Utility"
    assert suite.command is not None
    install([Folder(str(place), "named")], [str(suite.command)])
    script = place / NAMES["audit"]
    text = script.read_text(encoding="utf-8")
    options = json.dumps(list(OPTIONS))
    script.write_text(text.replace('"options": [],', f'"options": {options},'), encoding="utf-8")
    install([Folder(str(place), "named")], [str(suite.command)])
    env = {name: value for name, value in suite.env.items() if name != "OTIO_AI_AUDIT_COMMAND"}
    done = run_script(suite.host, script, env=env)
    assert done.code == 0, done.out
    assert "Look at 3 of 6 shots" in suite.summary(), done.out
    for fault in FAULTS:
        suite.one(fault)
    assert sorted(path.name for path in place.iterdir()) == sorted([*NAMES.values(), "Audit Check.lua"])


def test_an_environment_that_is_gone_is_said_on_the_timeline(suite: Suite, tmp_path: Path) -> None:
    suite.host.version, suite.host.studio = "20.3", False
    install([Folder(str(tmp_path / "Utility"), "named")], [str(tmp_path / "gone" / "python"), "-P"])
    env = {name: value for name, value in suite.env.items() if name != "OTIO_AI_AUDIT_COMMAND"}
    run_script(suite.host, tmp_path / "Utility" / NAMES["audit"], env=env)
    assert suite.summary().startswith("Could not")


# --- by files --------------------------------------------------------------------------------------------


def by_files(suite: Suite, lua: str = "luajit21") -> dict[str, object]:
    """Export the timeline, audit the file, run the script that came of it; give the result."""
    edit, result, script = (suite.home / name for name in ("Advert v3.otio", "result.json", "markers.lua"))
    edit.write_text(otio_text(suite.timeline), encoding="utf-8")
    assert call("audit", edit, "-o", script, "-o", result, "--fail-on", "never", "-q", *OPTIONS) == 0
    run_lua(script.read_text(encoding="ascii"), suite.host, lua)
    told = json.loads(result.read_text(encoding="utf-8"))
    assert isinstance(told, dict)
    return told


@pytest.mark.parametrize("lua", ["lua51", "luajit21"])
def test_by_files_and_lua(suite: Suite, lua: str) -> None:
    host: Host = suite.host
    assert not host.lists_python
    host.person.add_marker(0, "Red", "Client", "starts too dark")
    result = by_files(suite, lua)
    rows = result["markers"]
    assert isinstance(rows, list)
    wanted = {row["frame"]: (row["color"], row["name"], row["note"]) for row in rows if row["clip"]}
    assert {at: (one.color, one.name, one.note) for at, one in suite.ours().items()} == wanted
    assert len(wanted) == 3
    assert suite.summary().startswith("Look at 3 of 6 shots.")
    assert "Markers written: 3." in suite.summary()

    # The second round: a verdict, words, and a shot that moves between export and script.
    host.person.recolor(suite.one("freeze_1")[0], "Green")
    at, spoken = suite.one("hero_v012")
    spoken.note = f"Anna: again. {spoken.note}"
    result = by_files(suite, lua)
    assert "1 dismissed" in suite.summary()
    assert suite.one("freeze_1")[1].color == "Green"
    assert suite.one("hero_v012")[1].note.startswith("Anna: again.")
    assert len(suite.ours()) == 3
    assert suite.timeline.markers[0].name == "Client"
    assert suite.one("hero_v012")[0] == at

    # The words of the script's own summary are ours, and are not taken for a person's.
    by_files(suite, lua)
    assert suite.summary().count("Markers written") == 1
    assert suite.summary().count("Look at") == 1
