"""Rendering by Resolve: what comes out, what is said where nothing does, and that nothing of ours stays."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.cli import main
from otio_ai_audit.errors import AuditError, OutputError, ResolveError
from otio_ai_audit.model import Media
from otio_ai_audit.resolve import rendering
from otio_ai_audit.resolve.deliver import KEPT
from otio_ai_audit.resolve.live.calls import Patience
from otio_ai_audit.resolve.render_choice import choose_codec, choose_format
from otio_ai_audit.resolve.rendering import Rendered, Wish, render
from otio_ai_audit.video import probe

from .resolve_host import Host, host_with
from .resolve_host_deliver import AVID, DNX, FORMATS, H26X, NVIDIA, PRORES, SPANISH, Deliver, Preset
from .resolve_host_model import Medium, Timeline

FRAMES = 12


def advert(name: str = "Advert v3", **more: Any) -> Timeline:
    tl = Timeline(name, **more)
    tl.clip(Medium("/takes/a.mp4", start=86400), 7)
    tl.clip(Medium("/takes/b.mov"), FRAMES - 7)
    return tl


class Told:
    """Takes progress and notes."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int, str]] = []
        self.notes: list[str] = []

    def say(self, text: str) -> None:
        pass

    def step(
        self, done: int, total: int, name: str, *, frames: int | None = None, share: float | None = None
    ) -> None:
        self.steps.append((done, total, name))


class World:
    """A Resolve with one timeline, and a person's settings, job and page that must stay."""

    def __init__(self, folder: Path, host: Host) -> None:
        self.folder, self.host, self.told = folder, host, Told()
        self.deliver: Deliver = host.deliver
        (folder / "reels").mkdir()
        (folder / "out").mkdir()
        self.deliver.settings |= {
            "TargetDir": str(folder / "reels"),
            "CustomName": "reel",
            "FormatWidth": 640,
        }
        self.other = self.deliver.add_other(host.timeline, folder / "reels")
        host.person.drag_playhead(host.timeline.first + 3)

    @property
    def target(self) -> Path:
        return self.folder / "out" / "review.mov"

    def render(self, target: Path | None = None, **wish: Any) -> Rendered:
        """Render, and see that everything of a person's is as it was."""
        before = self.standing()
        try:
            return render(
                Wish(target or self.target, **wish),
                self.told,
                self.told.notes.append,
                resolve=self.host.resolve(),
                pause=0,
            )
        finally:
            self.host.forget_plans()
            assert self.standing() == before
            left = [path.name for path in (self.folder / "out").iterdir()]
            assert not [name for name in left if name.startswith(".")], left

    def standing(self) -> tuple[Any, ...]:
        tl = self.host.timeline
        settings = dict(self.deliver.settings)
        if self.host.number < (19,):  # no preset can be deleted, so none keeps what cannot be read
            settings = {}
        jobs = [job.id for job in self.deliver.jobs if job is self.other or self.deliver.ends != "vanishes"]
        page = (self.deliver.format, self.deliver.codec, self.deliver.mode, settings, {*self.deliver.presets})
        return self.host.page, tl.id, tl.playhead, jobs, self.other.status, page

    @property
    def queued(self) -> list[dict[str, Any]]:
        return [job.settings for job in self.deliver.jobs]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, host_with(advert()))


def made(tmp_path: Path, timeline: Timeline | None = None, **host: Any) -> World:
    return World(tmp_path, host_with(timeline or advert(), **host))


def caught(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Jobs that are added while somebody renders."""
    jobs: list[Any] = []
    add = Deliver.add

    def watched(self: Deliver, timeline: Timeline | None) -> Any:
        job = add(self, timeline)
        jobs.append(job)
        return job

    monkeypatch.setattr(Deliver, "add", watched)
    return jobs


# --- what comes out ------------------------------------------------------------------------------------


def test_the_open_timeline_is_rendered_whole_at_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = caught(world, monkeypatch)
    world.target.write_bytes(b"an older one")
    done = world.render()
    info = probe(Media(str(world.target)))
    assert (done.path, done.timeline, done.whole, done.notes) == (world.target, "Advert v3", True, ())
    assert info.promised_frames == done.info.promised_frames == FRAMES
    assert (info.codec, info.rate) == ("prores", 24)
    job = jobs[0]
    assert (job.format, job.codec, job.mode) == ("mov", "ProRes422HQ", 1)
    asked = {
        key: job.settings[key] for key in ("SelectAllFrames", "ExportVideo", "ExportAudio", "CustomName")
    }
    assert asked == {
        "SelectAllFrames": True,
        "ExportVideo": True,
        "ExportAudio": True,
        "CustomName": "review",
    }
    assert (job.settings["FormatWidth"], job.settings["FormatHeight"]) == (1920, 1080), "not an earlier job's"
    folder = Path(job.settings["TargetDir"])
    assert folder.parent == world.target.parent and not folder.exists()
    assert world.told.steps[-1] == (FRAMES, FRAMES, "Advert v3")
    assert [done for done, _, _ in world.told.steps] == [0, 3, 6, 9, 12]
    assert world.told.notes == []


def test_mp4_is_h264(world: World) -> None:
    assert world.render(world.folder / "out" / "review.MP4").info.codec == "h264"
    assert (world.folder / "out" / "review.MP4").is_file()


@pytest.mark.parametrize("version", ["18.1", "18.5", "19.1", "20.3", "21.0", "21.1"])
def test_every_version(tmp_path: Path, version: str) -> None:
    world = made(tmp_path, version=version)
    world.deliver.by_suffix_only = version == "18.5"
    world.deliver.wanders = True
    assert world.render().info.promised_frames == FRAMES
    assert KEPT not in world.deliver.presets


def test_without_a_preset_the_page_names_the_folder_of_the_movie(tmp_path: Path) -> None:
    world = made(tmp_path, version="18.5")
    world.render()
    settings = world.deliver.settings
    assert (settings["TargetDir"], settings["CustomName"]) == (str(world.target.parent), "review")


def test_another_timeline_and_the_way_back(tmp_path: Path) -> None:
    host = host_with(advert())
    host.project.timelines.append(advert("Teaser"))
    world = World(tmp_path, host)
    assert world.render(timeline="Teaser").timeline == "Teaser"
    assert world.render(timeline="advert V3").timeline == "Advert v3"
    with pytest.raises(ResolveError, match='no timeline "Trailer" in "Advert"; there are Advert v3, Teaser'):
        world.render(timeline="Trailer")


def test_a_range_is_given_as_the_timeline_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = caught(world, monkeypatch)
    done = world.render(first="01:00:00:02", last="01:00:00:06")
    assert (done.info.promised_frames, done.whole) == (5, False)
    assert (jobs[0].settings["MarkIn"], jobs[0].settings["MarkOut"]) == (86402, 86406)
    assert world.render(last="01:00:00:06").info.promised_frames == 7
    for first, last in (("01:00:00:06", "01:00:00:02"), ("00:59:59:23", None), (None, "01:00:00:12")):
        with pytest.raises(ResolveError, match="do not lie in"):
            world.render(first=first, last=last)
    with pytest.raises(ResolveError, match="are timecodes of the timeline"):
        world.render(first="12")


def test_a_range_in_drop_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = made(tmp_path, advert(rate="29.97 DF"))
    jobs = caught(world, monkeypatch)
    world.render(first="01:00:00:03")
    assert jobs[0].settings["MarkIn"] == 107892 + 3


def test_a_preset_keeps_its_size_and_its_codec(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deliver.presets["House"] = Preset("mov", "ProRes422LT", {"FormatWidth": 960, "FormatHeight": 540})
    jobs = caught(world, monkeypatch)
    world.render(preset="House", sound=False)
    assert (jobs[0].codec, jobs[0].settings["FormatWidth"]) == ("ProRes422LT", 960)
    assert jobs[0].settings["ExportAudio"] is False
    world.render(preset="House", codec="prores")
    assert jobs[1].codec == "ProRes422HQ"
    with pytest.raises(ResolveError, match=r'no render preset "Hose"; there are H\.264 Master'):
        world.render(preset="Hose")
    with pytest.raises(ResolveError, match=r'"H\.264 Master" renders mp4, not mov'):
        world.render(preset="H.264 Master")


def test_what_an_earlier_preset_left_is_told_and_hours_of_work_are_kept(world: World) -> None:
    world.deliver.load("Audio Only")
    world.target.write_bytes(b"an older one")
    with pytest.raises(ResolveError, match=r"no pictures.*review\.unchecked\.mov.*--preset"):
        world.render()
    assert world.target.read_bytes() == b"an older one"
    assert (world.target.parent / "review.unchecked.mov").stat().st_size > 0


# --- which codec ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "asked", "offered", "known"),
    [
        (".mov", None, PRORES, "ProRes422HQ"),
        (".mov", "prores", {**PRORES, **DNX}, "ProRes422HQ"),
        (".mov", "ProRes 422", PRORES, "ProRes422"),
        (".mov", "apple prores 422 lt", PRORES, "ProRes422LT"),
        (".mov", "ProRes4444", PRORES, "ProRes4444"),
        (".mov", "dnxhr", DNX, "DNxHRHQ"),
        (".mov", "dnxhr", AVID, "DNxHRHQ"),
        (".mov", "DNxHR HQX", DNX, "DNxHRHQX_10"),
        (".mov", "DNxHR HQX", AVID, "DNxHRHQX_10"),
        (".mov", "Avid DNxHR LB", DNX, "DNxHRLB"),
        (".mp4", None, {**NVIDIA, **H26X}, "H264"),
        (".mp4", None, NVIDIA, "H264_NVIDIA"),
        (".mp4", "hevc", NVIDIA, "H265_NVIDIA"),
        (".mp4", "h.264 nvidia", {**NVIDIA, **H26X}, "H264_NVIDIA"),
    ],
)
def test_codecs_are_known_by_what_they_are_called(
    suffix: str, asked: str | None, offered: dict[str, str], known: str
) -> None:
    assert choose_codec(suffix, asked, offered) == known


@pytest.mark.parametrize(
    ("suffix", "asked", "offered", "words"),
    [
        (
            ".mov",
            None,
            {**DNX, **H26X},
            ("no ProRes 422 HQ in .mov", "DNxHR HQ, DNxHR HQX", "on a Mac", "dnxhr"),
        ),
        (".mov", "prores422", {"Apple ProRes 422 HQ": "ProRes422HQ"}, ("it offers Apple ProRes 422 HQ",)),
        (".mp4", "prores", H26X, ("no ProRes 422 HQ in .mp4", "ends in .mov")),
        (".mp4", None, {"H.265": "H265"}, ("no H.264", "H.265", "--codec")),
        (".mp4", "cinepak", {f"Codec {n}": f"C{n}" for n in range(20)}, ("no cinepak", "and 8 more")),
        (".mov", None, {}, ("names no codecs", "Deliver page")),
    ],
)
def test_a_codec_that_is_not_there(
    suffix: str, asked: str | None, offered: dict[str, str], words: tuple[str, ...]
) -> None:
    with pytest.raises(ResolveError) as error:
        choose_codec(suffix, asked, offered)
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_formats_are_known_by_their_suffix() -> None:
    assert choose_format(".mov", FORMATS).names == ("mov", "QuickTime")
    assert choose_format(".mov", {"quicktime movie": "MOV"}).names == ("MOV", "quicktime movie")
    assert choose_format(".mp4", {"HLS": "mp4", "MP4": "mp4"}).name == "MP4"
    assert choose_format(".mp4", {"Mp4": ""}).names == ("mp4", "Mp4")
    with pytest.raises(ResolveError, match=r"renders no \.mp4 files; it offers AVI, QuickTime"):
        choose_format(".mp4", {"AVI": "avi", "QuickTime": "mov"})


def test_prores_is_not_rendered_on_windows_by_older_versions(world: World) -> None:
    world.deliver.mov = {**DNX, **H26X}
    with pytest.raises(ResolveError, match="on a Mac only"):
        world.render()
    assert world.render(codec="dnxhr").info.promised_frames == FRAMES


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


# --- the command ---------------------------------------------------------------------------------------


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


@pytest.fixture
def attached(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(rendering, "attach", world.host.resolve)
    monkeypatch.setattr(rendering, "PAUSE", 0)
    return world


def test_the_command(attached: World, capsys: pytest.CaptureFixture[str]) -> None:
    target = attached.folder / "out" / "a review.mov"
    assert call("resolve", "render", "-o", target) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"Advert v3: wrote {target}, 12 frames of 64×36 at 24 frames per second (prores).",
        f"Next: otio-ai-audit audit '{target}' --edit EDIT.otio "
        "(EDIT.otio: File > Export > Timeline… in Resolve)",
    ]
    assert err == ""
    assert call("resolve", "render", "-o", target, "--in", "01:00:00:06", "-q", "--progress", "json") == 0
    out, err = capsys.readouterr()
    assert out == ""
    steps = [json.loads(line) for line in err.splitlines()]
    assert [(one["done"], one["total"]) for one in steps if one["event"] == "step"][-1] == (6, 6)


def test_the_command_that_fails_or_is_stopped(attached: World, capsys: pytest.CaptureFixture[str]) -> None:
    attached.deliver.ends = "Failed"
    assert call("resolve", "render", "-o", attached.target) == 2
    assert capsys.readouterr().err == "Error: Resolve could not render at 100 %: Media Offline.\n"

    def stop() -> None:
        raise KeyboardInterrupt

    attached.host.at(2, stop, "Project.GetRenderJobStatus")
    assert call("resolve", "render", "-o", attached.target) == 130
    assert capsys.readouterr().err.startswith("Stopped; nothing was written")
    assert attached.deliver.jobs == [attached.other]


def test_without_a_resolve_there_is_one_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise ResolveError("Resolve does not let itself be reached.")

    monkeypatch.setattr(rendering, "attach", refused)
    assert call("resolve", "render", "-o", world.target) == 2
    assert capsys.readouterr().err == "Error: Resolve does not let itself be reached.\n"
    assert not list(world.target.parent.iterdir())
    assert issubclass(ResolveError, AuditError)
