"""The Resolve that other tests use renders as the documented one does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.model import Media
from otio_ai_audit.video import probe

from .resolve_host import Host, host_with
from .resolve_host_deliver import SPANISH
from .resolve_host_model import Medium, Timeline


@pytest.fixture
def host() -> Host:
    tl = Timeline("Advert v3")
    tl.clip(Medium("/takes/a.mp4"), 8)
    return host_with(tl)


def project(host: Host) -> Any:
    return host.resolve().GetProjectManager().GetCurrentProject()


def queued(host: Host, folder: Path) -> Any:
    open_project = project(host)
    assert open_project.SetRenderSettings({"TargetDir": str(folder), "CustomName": "review"}) is True
    return open_project.AddRenderJob()


def test_formats_give_suffixes_and_codecs_give_ids_and_only_ids_are_taken(host: Host) -> None:
    open_project = project(host)
    assert open_project.GetRenderFormats()["QuickTime"] == "mov"
    assert open_project.GetRenderCodecs("mov")["Apple ProRes 422 HQ"] == "ProRes422HQ"
    assert open_project.GetRenderCodecs("QuickTime") == open_project.GetRenderCodecs("mov")
    assert open_project.GetRenderCodecs("wav") == {}
    assert open_project.SetCurrentRenderFormatAndCodec("QuickTime", "Apple ProRes 422 HQ") is False
    assert open_project.SetCurrentRenderFormatAndCodec("QuickTime", "ProRes422HQ") is True
    assert open_project.GetCurrentRenderFormatAndCodec() == {"format": "mov", "codec": "ProRes422HQ"}
    host.deliver.by_suffix_only = True
    assert open_project.GetRenderCodecs("QuickTime") == {}


def test_without_a_folder_there_is_no_job(host: Host) -> None:
    assert project(host).AddRenderJob() == ""


def test_a_job_is_rendered_while_it_is_asked_for(host: Host, tmp_path: Path) -> None:
    open_project, job = project(host), queued(host, tmp_path)
    row = open_project.GetRenderJobList()[0]
    assert (row["JobId"], row["TargetDir"], row["MarkIn"], row["MarkOut"]) == (
        job,
        str(tmp_path),
        86400,
        86407,
    )
    assert open_project.GetRenderJobStatus(job) == {"JobStatus": "Ready", "CompletionPercentage": 0}
    assert open_project.StartRendering([job], False) is True
    assert open_project.IsRenderingInProgress() is True
    assert open_project.StartRendering([job], False) is False
    assert open_project.SetRenderSettings({"TargetDir": "/"}) is False
    assert open_project.DeleteRenderJob(job) is False
    told = [open_project.GetRenderJobStatus(job) for _ in range(5)]
    assert [one["CompletionPercentage"] for one in told] == [0, 25, 50, 75, 100]
    assert [one["JobStatus"] for one in told] == ["Rendering"] * 4 + ["Complete"]
    assert told[-1]["TimeTakenToRenderInMs"] > 0
    assert probe(Media(str(tmp_path / "review.mp4"))).promised_frames == 8
    assert open_project.IsRenderingInProgress() is False
    assert open_project.DeleteRenderJob(job) is True
    assert open_project.GetRenderJobStatus(job) == {}


def test_stopping_gives_none_and_cancels(host: Host, tmp_path: Path) -> None:
    open_project, job = project(host), queued(host, tmp_path)
    host.deliver.words = SPANISH
    open_project.StartRendering(job)
    assert open_project.StopRendering() is None
    assert open_project.GetRenderJobStatus(job)["JobStatus"] == "Anulado"


def test_a_failure_is_told_after_its_dialog_was_closed(host: Host, tmp_path: Path) -> None:
    open_project, job = project(host), queued(host, tmp_path)
    host.deliver.steps, host.deliver.ends, host.deliver.hides = (0, 50), "Failed", 2
    open_project.StartRendering([job])
    told = [open_project.GetRenderJobStatus(job) for _ in range(4)]
    assert [one["JobStatus"] for one in told] == ["Rendering"] * 3 + ["Failed"]
    assert told[-1]["Error"] == "Media Offline"


def test_presets_hold_settings_and_stock_ones_cannot_be_deleted(host: Host) -> None:
    open_project = project(host)
    open_project.SetRenderSettings({"FormatWidth": 640})
    assert open_project.SaveAsNewRenderPreset("mine") is True
    assert open_project.SaveAsNewRenderPreset("mine") is False
    assert open_project.LoadRenderPreset("Audio Only") is True
    assert open_project.LoadRenderPreset("mine") is True
    assert host.deliver.settings == {"FormatWidth": 640} and not host.deliver.audio_only
    assert open_project.DeleteRenderPreset("mine") is True
    assert open_project.DeleteRenderPreset("Audio Only") is False
    assert open_project.LoadRenderPreset("mine") is False


def test_reading_the_mode_or_adding_a_job_may_show_the_deliver_page(host: Host) -> None:
    host.deliver.wanders = True
    assert project(host).GetCurrentRenderMode() == 1
    assert host.page == "deliver"


def test_the_playhead_is_put_where_there_is_one(host: Host) -> None:
    timeline = project(host).GetCurrentTimeline()
    assert timeline.SetCurrentTimecode("01:00:00:05") is True
    assert timeline.GetCurrentTimecode() == "01:00:00:05"
    host.page = "fusion"
    assert timeline.SetCurrentTimecode("01:00:00:06") is False
