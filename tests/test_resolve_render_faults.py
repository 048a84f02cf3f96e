"""Rendering by a Resolve that answers oddly, fails or is stopped: nothing of ours stays in it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.errors import OutputError, ResolveError
from otio_ai_audit.model import Media
from otio_ai_audit.resolve.deliver import KEPT
from otio_ai_audit.resolve.live.calls import Patience
from otio_ai_audit.resolve.rendering import Wish, render
from otio_ai_audit.video import probe

from .resolve_host import host_with
from .resolve_host_deliver import SPANISH, Deliver
from .resolve_render_world import FRAMES, World, advert, caught, made


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, host_with(advert()))


# --- how it answers ------------------------------------------------------------------------------------


SAME: dict[str, Callable[[Deliver], None]] = {
    "calls that work give None": lambda d: setattr(d, "says", None),
    "starting gives None": lambda d: setattr(d, "starts", "silently"),
    "only one id at a time is started": lambda d: setattr(d, "starts", "one by one"),
    "jobs are taken on the Deliver page only": lambda d: setattr(d, "needs_page", True),
    "asking shows the Deliver page": lambda d: setattr(d, "wanders", True),
    "each clip by itself was set": lambda d: setattr(d, "mode", 0),
    "the window is Spanish": lambda d: setattr(d, "words", SPANISH),
    "Spanish, and no time is told": lambda d: (setattr(d, "words", SPANISH), setattr(d, "times", False))[0],
    "the last percentage comes late": lambda d: setattr(d, "steps", (0, 0, 0, 40)),
    "a slow start": lambda d: setattr(d, "waits", 20),
    "many polls": lambda d: setattr(d, "steps", [n // 8 for n in range(801)]),
    "the queue is numbered": lambda d: setattr(d, "rows_are_numbered", True),
    "deleting needs more than one try": lambda d: setattr(d, "refuses_delete", 2),
    "old settings only": lambda d: setattr(
        d,
        "known",
        frozenset(("SelectAllFrames", "TargetDir", "CustomName", "ExportVideo", "ExportAudio")),
    ),
    "a preset of a killed run is there": lambda d: (d.save(KEPT), d.presets.pop(KEPT))[0],
}


@pytest.mark.parametrize("oddity", SAME)
def test_the_same_comes_out_however_resolve_answers(tmp_path: Path, oddity: str) -> None:
    world = made(tmp_path)
    SAME[oddity](world.deliver)
    assert world.render().info.promised_frames == FRAMES
    assert world.told.notes == []


def test_settings_that_a_killed_run_left_are_put_back(world: World) -> None:
    mine = dict(world.deliver.settings)
    world.deliver.save(KEPT)
    world.deliver.settings |= {"TargetDir": "/gone", "CustomName": "review"}
    render(Wish(world.target), world.told, print, resolve=world.host.resolve(), pause=0)
    assert world.deliver.settings == mine
    assert KEPT not in world.deliver.presets


def test_a_dialog_or_a_backup_is_waited_for(world: World) -> None:
    for call in ("GetRenderFormats", "SetRenderSettings", "GetRenderJobStatus", "DeleteRenderJob"):
        world.host.at(1, lambda: world.host.modal(3), f"Project.{call}")
        assert world.render().info.promised_frames == FRAMES, call


@pytest.mark.parametrize("length", [1, 2, 5, 13])
def test_calls_that_fail_for_a_while_at_any_moment_change_nothing(
    tmp_path: Path, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Patience, "FIRST", 0.0001)
    quiet = made(tmp_path)
    quiet.render()
    for call in range(1 + length % 4, quiet.host.calls["total"], 4):
        (tmp_path / str(call)).mkdir()
        world = made(tmp_path / str(call))
        world.host.at(call, lambda host=world.host: host.modal(length))  # type: ignore[misc]
        assert world.render().info.promised_frames == FRAMES, world.host.log[call - 1]


def test_handles_that_die_at_any_moment_change_nothing(tmp_path: Path) -> None:
    quiet = made(tmp_path)
    quiet.render()
    for call in range(1, quiet.host.calls["total"], 3):
        (tmp_path / str(call)).mkdir()
        world = made(tmp_path / str(call))
        world.host.at(call, world.host.go_stale)
        assert world.render().info.promised_frames == FRAMES, world.host.log[call - 1]


def test_a_long_silence_while_it_renders_is_told(world: World) -> None:
    world.host.at(3, lambda: world.host.modal(40), "Project.GetRenderJobStatus")
    world.render()
    assert world.told.notes == [
        "Resolve does not answer (is a dialog open, or a backup being saved?); waiting …"
    ]


# --- where nothing comes out ---------------------------------------------------------------------------


FAILS: dict[str, tuple[Callable[[World], Any], str]] = {
    "failed": (lambda w: setattr(w.deliver, "ends", "Failed"), r"could not render at 100 %: Media Offline\."),
    "failed in Spanish": (
        lambda w: (setattr(w.deliver, "ends", "Failed"), setattr(w.deliver, "words", SPANISH)),
        "Media Offline",
    ),
    "failed without a word": (
        lambda w: (setattr(w.deliver, "ends", "Failed"), setattr(w.deliver, "error", "")),
        "does not say why",
    ),
    "cancelled": (
        lambda w: (setattr(w.deliver, "ends", "Cancelled"), setattr(w.deliver, "steps", (0, 50))),
        "cancelled in Resolve, at 50 %",
    ),
    "cancelled in Spanish": (
        lambda w: (
            setattr(w.deliver, "ends", "Cancelled"),
            setattr(w.deliver, "steps", (0, 50)),
            setattr(w.deliver, "words", SPANISH),
        ),
        '"Anulado" at 50 % and wrote no movie',
    ),
    "deleted": (lambda w: setattr(w.deliver, "ends", "vanishes"), "deleted from Resolve's render queue"),
    "not taken": (lambda w: w.host.timeline.video[0].items.clear(), "does not take the job"),
    "settings refused": (lambda w: setattr(w.deliver, "known", frozenset()), "does not take the job"),
    "settings not taken": (lambda w: setattr(w.deliver, "deaf", True), "did not take the settings"),
    "not started": (lambda w: setattr(w.deliver, "starts", "no"), "does not start rendering"),
    "never begins": (lambda w: setattr(w.deliver, "waits", 10**6), '"Ready" at 0 % and wrote no movie'),
    "no file": (lambda w: setattr(w.deliver, "writes", "nothing"), "wrote no movie"),
    "a file a clip": (lambda w: setattr(w.deliver, "writes", "two"), "2 movies instead of one"),
    "codec refused": (lambda w: w.deliver.mov.update({"Apple ProRes 422 HQ": "ProRes422HQ "}), "refuses to"),
    "no formats": (lambda w: w.deliver.formats.clear(), "renders no .mov files; it offers none"),
}


@pytest.mark.parametrize("fault", FAILS)
def test_a_failure_is_one_sentence_and_nothing_stays(
    world: World, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it, words = FAILS[fault]
    if fault == "codec refused":
        monkeypatch.setattr(type(world.deliver), "suffix", lambda self, format: "tif")
    break_it(world)
    world.target.write_bytes(b"an older one")
    with pytest.raises(ResolveError, match=words) as error:
        world.render()
    assert "\n" not in str(error.value)
    assert world.target.read_bytes() == b"an older one"
    assert [path.name for path in world.target.parent.iterdir()] == ["review.mov"]


def test_a_movie_that_is_too_short_is_said(world: World) -> None:
    world.deliver.writes = "short"
    assert world.render().notes == ("It has 6 frames, the timeline 12: look at the Deliver page.",)


def test_a_part_is_not_taken_for_the_whole_where_nobody_says_how_it_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from . import resolve_host_render as calls

    world.deliver.ends, world.deliver.steps, world.deliver.writes = "ceases", (0, 50), "short"
    tick = Deliver.tick

    def ticked(self: Deliver, job: Any) -> None:
        tick(self, job)
        if job.status == "Ready":
            calls._write(job, "short")

    monkeypatch.setattr(Deliver, "tick", ticked)
    with pytest.raises(ResolveError, match=r"stopped at 50 % \(.Ready.\)"):
        world.render()


def test_a_movie_that_another_program_holds_open_costs_no_rendering(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def held(self: Path, target: Path) -> Path:
        if target == world.target:
            raise PermissionError(13, "The process cannot access the file")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(OutputError, match=r"cannot access the file; what was rendered is .*rendered\.mov"):
        world.render()
    assert probe(Media(str(world.target.with_name("review.rendered.mov")))).promised_frames == FRAMES


def test_half_a_file_where_nobody_says_how_it_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tick = Deliver.tick

    def ticked(self: Deliver, job: Any) -> None:
        tick(self, job)
        Path(job.settings["TargetDir"], "review.mov").write_bytes(b"half a movie")

    monkeypatch.setattr(Deliver, "tick", ticked)
    world.deliver.ends, world.deliver.steps, world.deliver.words = "Cancelled", (0, 50), SPANISH
    with pytest.raises(ResolveError, match=r"stopped at 50 % \(.Anulado.\)"):
        world.render()
    assert not list(world.target.parent.iterdir())


def test_a_failure_that_waits_for_its_dialog_is_pointed_at(world: World) -> None:
    world.deliver.ends, world.deliver.hides, world.deliver.steps = "Failed", 300, (0, 40)
    with pytest.raises(ResolveError, match="at 40 %: Media Offline"):
        world.render()
    assert len(world.told.notes) == 1
    assert world.told.notes[0].startswith("Nothing has moved for a while, at 40 %.")


def test_somebody_elses_rendering_is_left_alone(world: World) -> None:
    world.other.status = "Rendering"
    with pytest.raises(ResolveError, match="rendering already"):
        world.render()
    assert world.other.status == "Rendering"
    assert "Project.SetRenderSettings" not in world.host.calls


def test_a_resolve_that_goes_away_while_it_renders(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from otio_ai_audit.resolve import render_job

    monkeypatch.setattr(render_job, "SILENT", 20)
    monkeypatch.setattr(Patience, "wait", lambda self: False)
    world.host.at(2, lambda: world.host.backup(lambda: False), "Project.GetRenderJobStatus")
    with pytest.raises(ResolveError, match="does not answer"):
        render(Wish(world.target), world.told, world.told.notes.append, resolve=world.host.resolve(), pause=0)
    assert "could not be taken out" in world.told.notes[-2]
    assert "could not be put back" in world.told.notes[-1]
    assert not list(world.target.parent.iterdir())


def test_a_job_that_stays_is_said(world: World) -> None:
    world.deliver.refuses_delete = 10**6
    render(Wish(world.target), world.told, world.told.notes.append, resolve=world.host.resolve(), pause=0)
    assert world.told.notes == [
        'The job "review" could not be taken out of Resolve\'s render queue; delete it there.'
    ]
    assert world.target.is_file()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("review.avi", "must end in .mov or .mp4"),
        ("review", "must end in"),
        ("nowhere/review.mov", "no folder"),
        ("folder.mov", "is a folder"),
    ],
)
def test_targets_that_cannot_be_written_are_refused_first(world: World, name: str, words: str) -> None:
    (world.folder / "out" / "folder.mov").mkdir()
    with pytest.raises(OutputError, match=words):
        world.render(world.folder / "out" / name)
    assert not world.host.calls


# --- stopped -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call", ["SetRenderSettings", "AddRenderJob", "StartRendering", "GetRenderJobStatus"]
)
@pytest.mark.parametrize("after", [False, True])
def test_stopped_by_ctrl_c_at_any_moment(
    world: World, call: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from .resolve_host_objects import Project

    real = getattr(Project, call)
    stopped = []

    def interrupted(self: Any, *arguments: Any) -> Any:
        given = real(self, *arguments) if after or stopped else None
        if not stopped:
            stopped.append(call)
            raise KeyboardInterrupt
        return given

    interrupted.api = real.api  # type: ignore[attr-defined]
    monkeypatch.setattr(Project, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        world.render()
    assert world.deliver.jobs == [world.other]
    assert not list(world.target.parent.iterdir())


def test_a_stopped_job_is_stopped_in_resolve_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = caught(world, monkeypatch)
    world.deliver.steps = [0] * 10**4

    def stop() -> None:
        raise KeyboardInterrupt

    world.host.at(4, stop, "Project.GetRenderJobStatus")
    with pytest.raises(KeyboardInterrupt):
        world.render()
    assert jobs[0].status == "Cancelled"
    assert world.host.calls["Project.StopRendering"] == 1


def test_a_request_to_end_is_ctrl_c(world: World) -> None:
    world.deliver.steps = [0] * 10**4
    before = signal.getsignal(signal.SIGTERM)
    world.host.at(4, lambda: os.kill(os.getpid(), signal.SIGTERM), "Project.GetRenderJobStatus")
    with pytest.raises(KeyboardInterrupt):
        world.render()
    assert world.deliver.jobs == [world.other]
    assert signal.getsignal(signal.SIGTERM) is before
