"""What the end-to-end tests of the menu scripts share: media, edits of them, and a person at a Resolve."""

from __future__ import annotations

import atexit
import compileall
import copy
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from otio_ai_audit import video

from .edits import RATE, flickering, pan
from .resolve_command import Command
from .resolve_host import Host
from .resolve_host_model import Marker, Medium, Project, Timeline
from .resolve_run import Run, run_script

SCRIPTS = Path(__file__).resolve().parents[1] / "resolve_scripts"
OPTIONS = ("--engine", "threads:1", "--detectors", "flicker,freeze,dead")
FRAMES = 40
SIZE = (128, 72)


def frozen(pictures: Iterator[np.ndarray], first: int, last: int) -> Iterator[np.ndarray]:
    """Repeat picture `first` up to picture `last`."""
    held = None
    for at, picture in enumerate(pictures):
        held = picture if at == first or held is None else held
        yield held if first <= at <= last else picture


def black(pictures: Iterator[np.ndarray], first: int, last: int) -> Iterator[np.ndarray]:
    for at, picture in enumerate(pictures):
        yield np.zeros_like(picture) if first <= at <= last else picture


def make_media(folder: Path) -> None:
    """Write the media: `good_*` and `hero_v013` have no fault, the others one each."""

    def clean(seed: int) -> Iterator[np.ndarray]:
        return pan(seed, FRAMES, SIZE)

    made = {f"good_{number}.mp4": clean(number) for number in (1, 2, 3)}
    made |= {f"flicker_{number}.mp4": flickering(clean(10 + number), 6, 34, 0.14) for number in (1, 2, 3)}
    made |= {"freeze_1.mp4": frozen(clean(21), 12, 28), "freeze_2.mp4": frozen(clean(22), 8, 25)}
    made |= {"black_1.mp4": black(clean(31), 28, FRAMES)}
    made |= {"hero_v012.mp4": flickering(clean(41), 6, 34, 0.14), "hero_v013.mp4": clean(41)}
    made |= {"hero_v014.mp4": flickering(clean(42), 4, 36, 0.16)}
    for name, pictures in made.items():
        video.encode(folder / name, pictures, RATE, options={"crf": "18", "preset": "ultrafast"})


def media_of(folder: Path) -> dict[str, Medium]:
    """The Media Pool: each file by the stem of its name."""
    return {
        path.stem: Medium(str(path), FRAMES, Fraction(RATE), size=SIZE)
        for path in sorted(folder.glob("*.mp4"))
    }


def shots_45(media: dict[str, Medium]) -> Timeline:
    """45 shots of which 8 have a fault, three titles and an offline file."""
    tl = Timeline("Advert v3", size=SIZE)
    bad = {4: "flicker_1", 9: "freeze_1", 14: "hero_v012", 20: "flicker_2", 26: "black_1", 31: "freeze_2"}
    bad |= {37: "flicker_3"}
    for number in range(45):
        if number in (0, 22, 44):
            tl.title(20, f"Title {number}")
        elif number == 40:
            tl.clip(Medium("D:\\takes\\fox_v012.mp4", FRAMES, online=False), 30)
        else:
            name = bad.get(number, f"good_{number % 3 + 1}")
            tl.clip(media[name], 36 if number in bad else 24, left=2 if number in bad else number % 8)
    return tl


def short_edit(media: dict[str, Medium]) -> Timeline:
    """Six shots, three with a fault, and a title over them."""
    tl = Timeline("Advert v3", size=SIZE)
    for name in ("good_1", "flicker_1", "good_2", "freeze_1", "good_3", "hero_v012"):
        tl.clip(media[name], 36, left=2)
    tl.title(30, "Claim", track=2)
    return tl


def environment(home: Path, command: Path | None) -> dict[str, str]:
    """What Resolve's own Python lives in: its own variables, and nothing of ours but where things lie."""
    kept = {name: os.environ[name] for name in ("NUMBA_CACHE_DIR", "LANG", "TMPDIR") if name in os.environ}
    env = {
        **kept,
        "PATH": os.defpath,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "OTIO_AI_AUDIT_CACHE": str(home / "store"),
        "PYTHONHOME": "/opt/resolve/python",
        "PYTHONPATH": "/opt/resolve/modules",
        "LD_LIBRARY_PATH": "/opt/resolve/libs",
    }
    return env | ({"OTIO_AI_AUDIT_COMMAND": str(command)} if command else {})


class Studio:
    """What is made once for all tests: media, a store in which they are measured, a quick command line."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="studio"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.command = Command()
        atexit.register(self.command.close)
        self.media = self.folder / "media"
        self.media.mkdir()
        make_media(self.media)
        compileall.compile_dir(SCRIPTS.parent / "otio_ai_audit" / "resolve" / "live", quiet=2)
        self.measured = self.folder / "measured"
        env = environment(self.folder, None) | {"OTIO_AI_AUDIT_CACHE": str(self.measured)}
        done = subprocess.run(
            [self.command.path, "audit", *sorted(self.media.iterdir()), *OPTIONS],
            env={name: value for name, value in env.items() if not name.startswith(("PYTHON", "LD_"))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr

    def suite(self, home: Path, edit: Callable[[dict[str, Medium]], Timeline], **more: Any) -> Suite:
        """A person at a Resolve with an edit of the media; what is measured is known, verdicts are not."""
        media = media_of(self.media)
        timeline = edit(media)
        host = Host(Project("Advert", [timeline], timeline, list(media.values())), **more)
        home.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.measured, home / "store")
        return Suite(host, home, self.command.path)


@functools.cache
def studio() -> Studio:
    return Studio()


def plain_command(folder: Path) -> Path:
    """The command line as an installation has it: an executable file that starts Python."""
    root = Path(__file__).resolve().parents[1]
    path = folder / "bin" / "otio-ai-audit"
    path.parent.mkdir(parents=True)
    path.write_text(
        f"#!{sys.executable}\nimport sys\n\nsys.path.insert(0, {str(root)!r})\n"
        "from otio_ai_audit.cli import main\n\nif __name__ == '__main__':\n    sys.exit(main())\n",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def is_ours(marker: Marker) -> bool:
    return marker.custom.startswith("otio_ai_audit ") or "[audit " in marker.note


class Suite:
    """A person at a Resolve with the menu scripts, and what must never happen to what is theirs.

    Every `run` checks that other people's markers, the playhead, the page, the open timeline and the clips
    are as they were, but for what the person did while it ran (`meanwhile`).
    """

    def __init__(self, host: Host, home: Path, command: Path | None) -> None:
        self.host, self.home, self.command = host, home, command
        self.env = environment(home, command)
        self.settings: dict[str, object] = {"options": list(OPTIONS), "patience": 2.0}
        self.python = sys.executable
        self._before: object = None

    @property
    def timeline(self) -> Timeline:
        return self.host.timeline

    def clone(self, home: Path) -> Suite:
        """The same moment in another home: project, markers and all that we keep."""
        host = copy.deepcopy(self.host)
        host.person.project = host.project
        shutil.copytree(self.home, home)
        other = Suite(host, home, self.command)
        other.settings = dict(self.settings)
        return other

    # --- running ----------------------------------------------------------------------------------------

    def run(self, name: str = "Audit Timeline", **more: str) -> Run:
        """Run a menu script; `more` goes into its environment."""
        script = self.home / "Scripts" / f"{name}.py"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(script_text(name, self.settings), encoding="utf-8")
        self._before = self._theirs()
        run = run_script(self.host, script, python=self.python, env={**self.env, **more})
        assert self._theirs() == self._before, run.out
        assert "Traceback" not in run.out, run.out
        if not run.killed:
            self.host.forget_plans()
        return run

    def audit(self, **more: str) -> Run:
        """Run Audit Timeline, which must do its work."""
        run = self.run("Audit Timeline", **more)
        assert self.summary(), run.out
        return run

    def meanwhile(self, gesture: Callable[[], object], call: int = 0, of: str = "") -> None:
        """Let the person do something during the next run: right after the export, or before a call."""

        def act() -> None:
            gesture()
            self._before = self._theirs()

        if of:
            self.host.at(call, act, of)
        else:
            self.host.at(1, lambda: self.host.at(1, act), "Timeline.Export")

    def _theirs(self) -> object:
        project = self.host.project
        rows = {
            tl.id: (
                {at: one.shown() for at, one in tl.markers.items() if not is_ours(one)},
                tl.playhead,
                [(item.id, item.start, item.duration, item.left, item.color) for item in tl.items()],
                {i.id: [m.shown() for m in i.markers.values() if not is_ours(m)] for i in tl.items()},
            )
            for tl in project.timelines
        }
        return rows, self.host.page, project.current and project.current.id

    # --- what stands on the timeline --------------------------------------------------------------------

    def ours(self, timeline: Timeline | None = None) -> dict[int, Marker]:
        """Our markers that speak for findings or clips, by frame; the summary is not among them."""
        rows = sorted((timeline or self.timeline).markers.items())
        return {at: one for at, one in rows if is_ours(one) and not one.name.startswith("AUDIT")}

    def summary(self) -> str:
        """Note of the summary marker; there is one at most. Empty where there is none."""
        rows = [one for one in self.timeline.markers.values() if one.name.startswith("AUDIT")]
        assert len(rows) <= 1, rows
        return rows[0].note if rows else ""

    def speaking(self, of: str) -> dict[int, Marker]:
        """Our markers that stand within the shots of a medium."""
        first = self.timeline.first
        shots = [item for item in self.timeline.items() if item.medium and Path(item.medium.path).stem == of]
        rooms = [range(item.start - first, item.end - first) for item in shots]
        return {at: one for at, one in self.ours().items() if any(at in room for room in rooms)}

    def one(self, of: str, name: str = "") -> tuple[int, Marker]:
        """Frame and marker of ours on a medium's shots, by the start of its name (any case)."""
        found = [(at, m) for at, m in self.speaking(of).items() if m.name.lower().startswith(name.lower())]
        assert len(found) == 1, (of, name, self.ours())
        return found[0]

    def ledger(self) -> dict[str, Any]:
        folder = self.home / "store" / "resolve" / self.timeline.id
        return json.loads((folder / "ledger.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    def result(self) -> dict[str, Any]:
        folder = self.home / "store" / "resolve" / self.timeline.id
        return json.loads((folder / "result.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def script_text(name: str, settings: Mapping[str, object], command: Sequence[str] = ()) -> str:
    """A menu script as it is shipped, with a user's settings and an installation's command."""
    text = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
    text, count = re.subn(r"(?ms)^SETTINGS = \{.*?^\}$", lambda _: f"SETTINGS = {dict(settings)!r}", text)
    assert count == 1, f"{name}.py has no settings"
    if command:
        text, count = re.subn(r"(?m)^COMMAND = \[\]", lambda _: f"COMMAND = {list(command)!r}", text)
        assert count == 1, f"{name}.py has no place for a command"
    return text
