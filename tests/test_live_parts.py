"""The parts of what runs inside Resolve, one by one."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit import markings
from otio_ai_audit.resolve import scripts
from otio_ai_audit.resolve.live import (
    calls,
    child,
    export,
    ledger,
    lock,
    notes,
    place,
    timeline_state,
    window,
)
from otio_ai_audit.resolve.live import markers as plans
from otio_ai_audit.resolve.live.calls import Trouble
from otio_ai_audit.resolve.live.desk import Desk

from .live_world import World, finding
from .resolve_host import Killed


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the test Resolve are there at once, or never."""
    monkeypatch.setattr(export, "ARRIVAL", 0.05)


LIVE = scripts.TEMPLATE.parent / "live"
ROOT = Path(__file__).resolve().parents[1]


# --- what it is written in ----------------------------------------------------------------------------


def inside() -> list[Path]:
    return [*sorted(LIVE.glob("*.py")), scripts.TEMPLATE, *sorted((ROOT / "resolve_scripts").glob("*.py"))]


@pytest.mark.parametrize("path", inside(), ids=lambda path: path.name)
def test_it_is_python_3_6_and_the_standard_library(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))
    for node in ast.walk(tree):
        assert not isinstance(node, (ast.NamedExpr, ast.Match)), path.name
        if isinstance(node, ast.Import):
            tops = {alias.name.split(".")[0] for alias in node.names}
            assert tops <= {*sys.stdlib_module_names, "DaVinciResolveScript"} - {"dataclasses", "zoneinfo"}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1 or (node.level == 0 and node.module != "dataclasses")
            if node.module == "__future__":
                assert [alias.name for alias in node.names] == ["print_function"]
            elif node.level == 0:
                assert (node.module or "").split(".")[0] in sys.stdlib_module_names
        elif isinstance(node, ast.Call):
            names = {keyword.arg for keyword in node.keywords}
            assert not names & {"capture_output", "text", "strict", "missing_ok"}, (path.name, node.lineno)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_it_can_be_loaded_by_its_folder_and_leaves_nothing_there(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    shutil.copytree(LIVE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(path.name for path in folder.iterdir())
    code = (
        "import sys; sys.argv = ['x']; sys.dont_write_bytecode = False\n"
        f"text = open({str(scripts.TEMPLATE)!r}, encoding='utf-8').read().replace('STATUS = run()', 'pass')\n"
        "space = {'__name__': '__main__'}; exec(compile(text, 'x', 'exec'), space)\n"
        f"module, why = space['load']({str(folder)!r}); assert module is not None, why\n"
        "assert module.__name__ == 'otio_ai_audit_live' and 'otio_ai_audit' not in sys.modules\n"
        "print(module.main('audit', resolve=None, home='.', say=lambda line: None))\n"
    )
    done = subprocess.run([sys.executable, "-IS", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("2", "")
    assert sorted(path.name for path in folder.iterdir()) == before


# --- menu scripts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", scripts.NAMES)
def test_menu_scripts_are_the_template_but_for_two_lines(task: str) -> None:
    text = (ROOT / "resolve_scripts" / scripts.NAMES[task]).read_text(encoding="utf-8")
    assert text == scripts.render(task)
    template = scripts.TEMPLATE.read_text(encoding="utf-8")
    differing = [a for a, b in zip(text.splitlines(), template.splitlines(), strict=True) if a != b]
    assert len(differing) == (task != "audit") and all(line.endswith("# rendered") for line in differing)


def test_a_command_is_rendered_as_python_whatever_its_name() -> None:
    command = ['C:\\Program Files\\Zoë "x"\\otio-ai-audit.exe', "-m", "a'b", "😀"]
    tree = ast.parse(scripts.render("clear", command))
    values = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Constant, ast.List)):
            values[ast.unparse(node.targets[0])] = ast.literal_eval(node.value)
    assert values["COMMAND"] == command and values["TASK"] == "clear"
    assert scripts.render("clear", command).isascii()


def test_a_users_settings_can_be_carried_over() -> None:
    text = scripts.render("audit")
    block = scripts.settings_block(text)
    assert block is not None and '"clip_markers": False' in block
    mine = block.replace('"clip_markers": False', '"clip_markers": True')
    new = scripts.with_settings(scripts.render("audit", ["/x"]), mine)
    assert scripts.settings_block(new) == mine and 'COMMAND = ["/x"]' in new
    assert scripts.settings_block("print()") is None


def launched(world: World, tmp_path: Path, task: str = "audit", **space: Any) -> tuple[int, str]:
    """Run a menu script in a process of its own namespace here, with a command that is a stand-in."""
    import contextlib
    import io

    bridge = tmp_path / "bridge.py"
    told = {"schema": 1, "version": "0", "live": str(LIVE), "home": str(tmp_path / "home é")}
    bridge.write_text(
        "import sys, runpy\n"
        "if sys.argv[1:] == ['resolve', 'bridge']:\n"
        f"    print('a warning'); print({json.dumps(told)!r})\n"
        f"else:\n    sys.argv[0] = {str(world.script)!r}; runpy.run_path(sys.argv[0])\n",
        encoding="utf-8",
    )
    text = scripts.render(task, space.pop("command", [sys.executable, str(bridge)]))
    out = io.StringIO()
    before = sys.dont_write_bytecode
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(text, "menu script", "exec"), space)
    finally:
        sys.dont_write_bytecode = before
    return space["STATUS"], out.getvalue()


@pytest.mark.parametrize("name", ["resolve", "bmd", "fusion"])
def test_a_menu_script_finds_resolve_by_what_it_is_given(tmp_path: Path, name: str) -> None:
    world = World(tmp_path)

    class Fusion:
        def GetResolve(self) -> Any:
            return world.host.resolve()

    given = {"resolve": world.host.resolve, "bmd": world.host.bmd, "fusion": Fusion}[name]()
    status, out = launched(world, tmp_path, **{name: given})
    assert status == 0 and "Advert v3: Look at 3 shots." in out
    assert len(world.ours()) == 4


def test_without_a_command_a_menu_script_says_so_on_the_timeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    for name in ("PATH", "XDG_DATA_HOME", "OTIO_AI_AUDIT_COMMAND"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HOME", str(tmp_path))
    status, out = launched(world, tmp_path, resolve=world.host.resolve(), command=["/nowhere/otio-ai-audit"])
    if "Look at" in out:
        pytest.skip("the command is installed for all users here")
    assert status == 2 and out.startswith("Could not find the command otio-ai-audit.")
    marker = world.timeline.markers[0]
    body = marker.note.rsplit(" [audit ", 1)[0]
    assert marker.color == "Cream" and marker.name.startswith("AUDIT ")
    assert marker.custom == f"otio_ai_audit 1 Cream {markings.own_id(body)}"
    assert marker.note.endswith(markings.tag([markings.own_id(body)]))
    # Again: one marker, not two. And an audit replaces it.
    launched(world, tmp_path, resolve=world.host.resolve(), command=["/nowhere/otio-ai-audit"])
    assert list(world.timeline.markers) == [0]
    launched(world, tmp_path, resolve=world.host.resolve())
    assert world.ours()[0] == "AUDIT 14:32"


def test_a_command_that_breaks_is_said_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATH", "HOME", "USERPROFILE", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))  # where another command may be installed
    world = World(tmp_path)
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('No module named numpy')", encoding="utf-8")
    status, out = launched(
        world, tmp_path, resolve=world.host.resolve(), command=[sys.executable, str(broken)]
    )
    assert status == 2 and "No module named numpy" in out and "resolve doctor" in out


# --- the command as a child ---------------------------------------------------------------------------


def test_a_child_is_stopped_with_its_workers(tmp_path: Path) -> None:
    worker = "import time, os; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    script = f"import subprocess, sys; subprocess.call([sys.executable, '-c', {worker!r}])"

    def step() -> bool:
        return bool((tmp_path / "pid").exists() and (tmp_path / "pid").read_text())

    with pytest.raises(child.Stopped):
        child.run([sys.executable, "-c", script], str(tmp_path), lambda event: None, step)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not lock.is_alive(pid) or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.02)
    else:
        pytest.fail("the worker lives on")


def test_a_worker_that_outlives_the_child_does_not_hold_us(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys; print('bad', file=sys.stderr);"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3)'])"
    )
    start = time.monotonic()
    ended = child.run([sys.executable, "-c", script], str(tmp_path), lambda event: None)
    assert ended.code == 0 and ended.words == ["bad"] and time.monotonic() - start < 2.5


def test_bytes_that_are_no_utf_8_and_lines_that_are_no_events_are_words(tmp_path: Path) -> None:
    script = (
        'import os; os.write(2, b\'caf\\xe9\\n{not json\\n{"event": "say", "text": "\\xc3\\xa9"}\\n\\n\')'
    )
    heard: list[Any] = []
    ended = child.run([sys.executable, "-c", script], str(tmp_path), heard.append)
    assert ended.words == ["caf�", "{not json"] and heard == [{"event": "say", "text": "é"}]


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (2, ["Error: no such file"], "no such file"),
        (-9, [], "ended from outside (signal 9)"),
        (0xC0000005, [], "crashed"),
        (-1073741819 & 0xFFFFFFFF, [], "crashed"),
        (5, ["what"], "code 5: what"),
        (2, [], "did not say why"),
    ],
)
def test_exit_codes_are_said_in_words(code: int, words: list[str], said: str) -> None:
    assert said in child.why(child.Result(code, words))


# --- notes and the ledger -----------------------------------------------------------------------------


def row(frame: int = 3, note: str = "Pulses. [audit a7f3c1]", **more: Any) -> dict[str, Any]:
    made = {"frame": frame, "at": frame, "frames": 1, "color": "Lemon", "name": "FLICKER", "note": note}
    made.update({"custom": "otio_ai_audit 1 Lemon a7f3c1", "item": None, "shot": "s1", "written": note})
    return {**made, **more}


def test_ids_and_hashes_are_those_of_the_package() -> None:
    words = "Could  not find\nit."
    assert notes.own_id(words) == markings.own_id(words)
    assert notes.custom_data("Sky", ["a7f3c1", "b20e4d"]) == markings.custom_data("Sky", ["a7f3c1", "b20e4d"])
    for note in ("x [audit a7f3c1 B20E4D]", "[audit a7f3c1] x [ audit b20e4d, c00000 ] y", "x", "[audit zz]"):
        assert tuple(notes.ids_of(row(note=note, custom=""))) == markings.split_note(note)[1]


def test_a_damaged_ledger_is_none(tmp_path: Path) -> None:
    for text in (
        "",
        "[]",
        '{"schema": 1, "timeline": "t", "rows": [{"frame": "x"}, 3, null], "deleted": null}',
    ):
        (tmp_path / "ledger.json").write_text(text, encoding="utf-8")
        assert ledger.Ledger(str(tmp_path), "t").rows == []


def test_while_writing_nothing_counts_as_deleted(tmp_path: Path) -> None:
    book = ledger.Ledger(str(tmp_path), "t")
    book.finish([row(0, "All. [audit 5a5a5a]", name="AUDIT 1", custom="", shot=None), row()])
    items = [{"id": "s1"}]
    left = [row(0, "All. [audit 5a5a5a]", name="AUDIT 1", custom="")]
    again = ledger.Ledger(str(tmp_path), "t")
    again.begin([row(9)])
    killed = ledger.Ledger(str(tmp_path), "t")
    killed.hear_deletions(left, items)
    assert killed.deleted == [] and killed.state == "writing"
    book.hear_deletions(left, items)
    assert book.deleted == ["a7f3c1"]
    assert ledger.Ledger(str(tmp_path), "other").rows == []


def test_two_markers_of_one_finding_are_paired_by_place() -> None:
    known = [row(3, shot="a"), row(50, shot="b")]
    found = ledger.pairs([row(50), row(4)], known)
    assert [(marker["frame"], old["shot"]) for marker, old in found] == [(50, "b"), (4, "a")]


def test_a_moved_marker_is_the_same_and_an_edited_one_too() -> None:
    assert len(ledger.pairs([row(90)], [row(3)])) == 1
    assert len(ledger.pairs([row(3, note="ok Pulses. [audit a7f3c1]")], [row(3)])) == 1
    assert (
        ledger.pairs([row(3, custom="otio_ai_audit 1 Lemon bbbbbb", note="[audit bbbbbb]")], [row(9)]) == []
    )


# --- places -------------------------------------------------------------------------------------------


def test_the_next_free_frame_then_the_nearest_before() -> None:
    assert plans.free_frame(5, (0, 10), {5, 6}) == 7
    assert plans.free_frame(9, (0, 10), {9}) == 8
    assert plans.free_frame(5, (0, 3), set()) == 2
    assert plans.free_frame(0, (0, 2), {0, 1}) is None


def shot(id_: str, start: int, duration: int = 48, left: int | None = 10, **more: Any) -> dict[str, Any]:
    return {"id": id_, "track": 1, "name": id_, "start": start, "duration": duration, "left": left, **more}


def placed(before: dict[str, Any], now: dict[str, Any], into: int, frames: int, name: str = "POP") -> Any:
    state = timeline_state.State()
    state.timeline = {"start_frame": 1000, "end_frame": 1000}
    state.items = [now]
    marker = {"frame": into, "frames": frames, "color": "Sky", "name": name, "note": "n", "clip": "V1/0001"}
    result = {
        "clips": [{"id": "V1/0001", "timeline_start_frame": 0, "frames": before["duration"]}],
        "markers": [marker],
        "live": {"items": {"V1/0001": before["id"]}},
    }
    found = place.wanted(result, {"items": [before], "start": 1000}, state)
    return [(r["frame"], r["frames"]) for r in found.rows], found.lost


@pytest.mark.parametrize(
    ("now", "into", "frames", "expected"),
    [
        (shot("a", 1000), 5, 4, ([(5, 4)], 0)),
        (shot("a", 1100), 5, 4, ([(105, 4)], 0)),  # moved
        (shot("a", 1000, left=13), 5, 4, ([(2, 4)], 0)),  # head trimmed
        (shot("a", 1000, left=17), 5, 4, ([(0, 2)], 0)),  # half of it is left
        (shot("a", 1000, left=19), 5, 4, ([], 1)),  # nothing is
        (shot("a", 1000, left=4), 5, 4, ([(11, 4)], 0)),  # let out
        (shot("a", 1000, duration=7), 5, 4, ([(5, 2)], 0)),  # ends at the cut
        (shot("a", 1000, duration=4), 5, 4, ([], 1)),
        (shot("a", 1030, left=None), 5, 4, ([(35, 4)], 0)),  # nobody knows: as far from the cut
        (shot("b", 1000), 5, 4, ([], 1)),  # another clip
        (shot("b", 1060, name="a"), 5, 4, ([(65, 4)], 0)),  # cut and pasted: another id
    ],
)
def test_places_follow_the_pictures(now: Any, into: int, frames: int, expected: Any) -> None:
    now = {**now}
    before = shot("a", 1000)
    assert placed(before, now, into, frames) == expected


def test_what_was_not_checked_stays_on_its_shot_however_it_is_trimmed() -> None:
    assert placed(shot("a", 1000), shot("a", 1010, 20, 40), 0, 48, "NOT CHECKED") == ([(10, 20)], 0)


# --- reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "told", "drop"),
    [
        ("29.97 DF", "", True),
        ("29.97DF", "", True),
        ("29.97 NDF", "1", False),
        ("29.97", "1", True),
        ("29.97", "0", False),
        ("24.0", "", None),
    ],
)
def test_drop_frame_is_said_by_the_rate_or_the_setting(rate: str, told: str, drop: bool | None) -> None:
    assert timeline_state.drop_frame(rate, told) is drop


def test_numbers_come_in_every_shape() -> None:
    assert [calls.whole(v) for v in (3, 3.0, "3.0", True, None, "x", float("nan"), float("inf"))] == [
        3, 3, 3, None, None, None, None, None,
    ]  # fmt: skip
    assert calls.listed({2: "b", 1: "a"}) == ["a", "b"] and calls.listed(None) == []


def test_a_still_has_no_left_offset(tmp_path: Path) -> None:
    from .resolve_host_model import Medium

    world = World(tmp_path, shots=1, language="de")
    still = world.timeline.clip(Medium("/takes/logo.png", 1, kind="Still"), 40)
    world.run()
    rows = {item["id"]: item["left"] for item in world.heard()["live"]["items"]}
    assert rows == {world.shots[0].id: 11, still.id: None}


def test_a_timeline_that_is_not_the_current_one_is_noticed(tmp_path: Path) -> None:
    world = World(tmp_path)
    desk = Desk(world.host.resolve(), calls.Patience(0.2))
    desk.open()
    world.person.duplicate("copy")
    world.person.open_timeline("copy")
    with pytest.raises(Trouble, match="another timeline was opened"):
        desk.check()
    assert desk.find() is not None and world.host.project.current.name == "copy"  # type: ignore[union-attr]


# --- clip markers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["media", "clip"])
def test_clip_markers_count_from_where_a_probe_says(tmp_path: Path, origin: str) -> None:
    world = World(tmp_path, clip_marker_origin=origin)
    assert world.run(settings={"clip_markers": True}) == 0
    assert world.ours() == {0: "AUDIT 14:32"}
    # The test Resolve keeps them by frame of the medium, whatever it is told in.
    assert [list(shot.markers) for shot in world.shots] == [[16], [17], [18], []]
    assert world.ledger()["origin"] == origin
    world.host.undo.clear()
    assert world.run(settings={"clip_markers": True}) == 0
    assert world.host.undo == ["AddMarker", "DeleteMarkerAtFrame"]  # the probe alone
    assert world.heard()["live"]["markers"][1]["frame"] == 5
    assert world.heard()["live"]["markers"][1]["item"] == world.shots[0].id
    world.plan(finding("V1/0001"))
    world.run(settings={"clip_markers": True})
    assert [list(shot.markers) for shot in world.shots] == [[16], [], [], []]
    # Back to the timeline, and all away.
    assert world.run() == 0 and world.ours() == {0: "AUDIT 14:32", 5: "FLICKER"}
    assert not any(shot.markers for shot in world.shots)
    world.run(settings={"clip_markers": True})
    assert world.run("clear") == 0
    assert not any(shot.markers for shot in world.shots) and world.timeline.markers == {}


def test_a_clip_marker_that_a_person_turned_green_stands(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.run(settings={"clip_markers": True})
    world.shots[0].markers[16].color = "Green"
    del world.shots[1].markers[17]
    assert world.run(settings={"clip_markers": True}) == 0
    assert world.heard()["live"]["deleted"] == [finding("V1/0002")["id"]]
    assert world.shots[0].markers[16].color == "Green" and not world.shots[1].markers


def test_where_nothing_is_trimmed_or_exported_markers_stay_on_the_timeline(tmp_path: Path) -> None:
    world = World(tmp_path, export={"OTIO": "false"})
    assert world.run(settings={"clip_markers": True}) == 0
    assert len(world.ours()) == 4 and "could not be verified here" in " ".join(world.said)
    assert not any(shot.markers for shot in world.shots)


def test_a_probe_that_a_killed_task_left_is_taken_away(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.host.at(
        1, lambda: world.host.at(1, world.host.kill, of="Timeline.Export"), of="TimelineItem.AddMarker"
    )
    with pytest.raises(Killed):
        world.run(settings={"clip_markers": True})
    assert [m.name for shot in world.shots for m in shot.markers.values()] == ["AUDIT probe"]
    world.host.dead = False
    assert world.run() == 0
    assert not any(shot.markers for shot in world.shots) and len(world.ours()) == 4
    assert "AUDIT probe" not in json.dumps(world.heard()["live"])


# --- the window ---------------------------------------------------------------------------------------


class Ui:
    """UIManager, its dispatcher and its windows as far as they are used."""

    def __init__(self, breaks: str = "") -> None:
        self.breaks, self.texts, self.hidden, self.clicks = breaks, [], False, 0
        self.On: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name == self.breaks:
            raise RuntimeError(name)
        return None

    def Label(self, properties: Any) -> str:
        return "label"

    Button = VGroup = Label

    def UIDispatcher(self, ui: Any) -> Any:
        return self

    @property
    def UIManager(self) -> Any:
        return self

    def AddWindow(self, properties: Any, parts: Any) -> Any:
        if self.breaks == "AddWindow":
            return None

        class Events(dict):  # type: ignore[type-arg]
            def __missing__(self, name: str) -> Any:
                self[name] = type("Event", (), {})()
                return self[name]

        self.On = Events()
        return self

    def GetItems(self) -> Any:
        ui = self

        class Text:
            def __setattr__(self, name: str, value: str) -> None:
                if ui.breaks == "Text":
                    raise RuntimeError(name)
                ui.texts.append(value)

        return {"Text": Text(), "Stop": object()}

    def Show(self) -> None:
        pass

    def Hide(self) -> None:
        self.hidden = True

    def StepLoop(self, wait: bool) -> None:
        self.clicks += 1
        if self.breaks == "click" and self.clicks > 3:
            self.On["Stop"].Clicked(None)
        if self.breaks == "KeyError":
            raise KeyError("On")


def test_a_window_shows_what_is_done_in_studio(tmp_path: Path) -> None:
    ui = Ui()
    world = World(tmp_path)
    world.plan(stderr=[json.dumps({"event": "step", "done": 1, "total": 2, "name": "fox.mp4"})])
    assert world.run(settings={"window": True}, fusion=ui, bmd=ui) == 0
    assert "1 of 2: fox.mp4" in ui.texts and ui.hidden


@pytest.mark.parametrize("breaks", ["AddWindow", "Text", "KeyError", "UIManager"])
def test_a_window_that_does_not_work_is_no_trouble(tmp_path: Path, breaks: str) -> None:
    ui = Ui(breaks)
    world = World(tmp_path)
    assert world.run(settings={"window": True}, fusion=ui, bmd=ui) == 0 and len(world.ours()) == 4


def test_its_button_stops_the_audit(tmp_path: Path) -> None:
    ui = Ui("click")
    world = World(tmp_path)
    (tmp_path / "wait").write_text("")
    world.plan(finding("V1/0001"), wait=True)
    assert world.run(settings={"window": True}, fusion=ui, bmd=ui) == 130
    assert "was stopped" in world.said[-1] and "was stopped" in world.timeline.markers[0].note
    assert ui.hidden


@pytest.mark.parametrize("how", ["none", "raises"])
def test_the_free_edition_is_not_asked_for_a_window(tmp_path: Path, how: str) -> None:
    world = World(tmp_path, version="20.3", studio=False, windows=how)
    done = world.run(settings={"window": True}, fusion=world.host.fusion(), bmd=world.host.bmd())
    assert done == 0 and world.host.popups == 0
    assert isinstance(window.NoWindow().step(), bool)


def test_ctrl_c_ends_the_child_and_is_said(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.plan(finding("V1/0001"), stderr=[json.dumps({"event": "say", "text": "Measuring"})], wait=True)
    (tmp_path / "wait").write_text("")
    listen = world.said.append

    class Line(list):  # type: ignore[type-arg]
        def append(self, line: str) -> None:
            listen(line)
            if line.startswith("Measuring"):
                raise KeyboardInterrupt

    from otio_ai_audit.resolve import live

    command = [sys.executable, str(world.script)]
    said = Line()
    given = {"resolve": world.host.resolve(), "command": command, "home": str(tmp_path)}
    done = live.main("audit", settings={"window": False}, say=said.append, **given)
    assert done == 130 and "was stopped" in world.said[-1]
    assert not (tmp_path / world.timeline.id / "lock.json").exists()


def test_a_console_that_knows_ascii_only_hears_all_the_same() -> None:
    heard: list[str] = []

    def say(line: str) -> None:
        line.encode("ascii")
        heard.append(line)

    def gone(line: str) -> None:
        raise OSError("no console")

    calls.careful(say)("Zoë …")
    calls.careful(gone)("Zoë …")
    assert heard == ["Zo\\xeb \\u2026"]


# --- the oldest Python that is here -------------------------------------------------------------------


def test_python_2_is_told_what_is_needed() -> None:
    pythons = [*Path.home().glob(".pyenv/versions/2.7*/bin/python"), shutil.which("python2.7")]
    for python in filter(None, pythons):
        found = subprocess.run(
            [python, str(ROOT / "resolve_scripts" / "Audit Timeline.py")], capture_output=True
        )
        if b"2.7" in found.stdout:
            assert found.stdout.strip().endswith(b"install Python 3.6 or later (64 bit) and restart Resolve.")
            assert found.stderr == b""
            return
    pytest.skip("no Python 2.7 is installed here")


def test_it_runs_under_another_python(tmp_path: Path) -> None:
    from .resolve_run import old_pythons, run_script

    found = old_pythons()
    if not found:
        pytest.skip("no other Python is installed here")
    world = World(tmp_path)
    bridge = tmp_path / "otio-ai-audit"
    told = {"schema": 1, "version": "0", "live": str(LIVE), "home": str(tmp_path / "home é")}
    bridge.write_text(
        f"#!{sys.executable}\nimport sys, runpy\n"
        f"if 'bridge' in sys.argv:\n    print({json.dumps(told)!r})\n"
        f"else:\n    sys.argv[0] = {str(world.script)!r}; runpy.run_path(sys.argv[0])\n",
        encoding="utf-8",
    )
    bridge.chmod(0o755)
    env = {"OTIO_AI_AUDIT_COMMAND": str(bridge), "PATH": os.defpath, "HOME": str(tmp_path)}
    env["LC_ALL"] = "C.UTF-8"
    for task, ours in (("audit", 4), ("clear", 0)):
        done = run_script(
            world.host,
            ROOT / "resolve_scripts" / scripts.NAMES[task],
            python=next(iter(found.values())),
            env=env,
        )
        assert len(world.ours()) == ours, done.out
