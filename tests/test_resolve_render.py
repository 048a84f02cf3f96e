"""Rendering by Resolve: what comes out, which codec is meant, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from otio_ai_audit.cli import main
from otio_ai_audit.errors import AuditError, ResolveError
from otio_ai_audit.model import Media
from otio_ai_audit.resolve import rendering
from otio_ai_audit.resolve.deliver import KEPT
from otio_ai_audit.resolve.render_choice import choose_codec, choose_format
from otio_ai_audit.video import probe

from .resolve_host import host_with
from .resolve_host_deliver import AVID, DNX, FORMATS, H26X, NVIDIA, PRORES, Preset
from .resolve_render_world import FRAMES, World, advert, caught, made


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, host_with(advert()))


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
