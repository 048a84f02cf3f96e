"""The render calls of a project, on `Deliver`: what is rendered is a small real movie of what the job holds.

Signatures and answers are those of ``Developer/Scripting/README.txt``; what is not in it was measured by
others: `AddRenderJob` gives an empty text without a folder, `SetRenderSettings` comes on top of what an
earlier preset left, states are in the window's language, percentages come in few steps, a failure is told
only after its dialog was closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from .resolve_host import Object, api
from .resolve_host_deliver import STOCK, Deliver, RenderJob

SIZE = (64, 36)
"""Of rendered pictures; what a job asks for is only kept."""


class Renders(Object):
    """What a project knows of rendering."""

    @property
    def deliver(self) -> Deliver:
        return self.host.deliver

    def _wander(self) -> None:
        if self.deliver.wanders:
            self.host.page = "deliver"

    # --- settings -----------------------------------------------------------------------------------------

    @api()
    def GetRenderFormats(self) -> dict[str, str]:
        return dict(self.deliver.formats)

    @api()
    def GetRenderCodecs(self, format: Any) -> dict[str, str]:
        return dict(self.deliver.codecs(format))

    @api()
    def GetCurrentRenderFormatAndCodec(self) -> dict[str, str]:
        return {"format": self.deliver.format, "codec": self.deliver.codec}

    @api(False)
    def SetCurrentRenderFormatAndCodec(self, format: Any, codec: Any) -> Any:
        deliver = self.deliver
        if deliver.rendering or codec not in deliver.codecs(format).values():
            return False  # shown names are not taken
        deliver.format, deliver.codec = deliver.suffix(format), codec
        return deliver.says

    @api()
    def GetCurrentRenderMode(self) -> int:
        self._wander()
        return self.deliver.mode

    @api(False)
    def SetCurrentRenderMode(self, mode: Any) -> Any:
        if mode not in (0, 1):
            return False
        self.deliver.mode = mode
        return self.deliver.says

    @api(False)
    def SetRenderSettings(self, settings: Any) -> Any:
        if self.deliver.rendering or not isinstance(settings, dict) or not self.deliver.take(settings):
            return False
        return self.deliver.says

    # --- presets ------------------------------------------------------------------------------------------

    @api()
    def GetRenderPresetList(self) -> list[str]:
        return list(self.deliver.presets)

    @api(False)
    def LoadRenderPreset(self, name: Any) -> bool:
        return self.deliver.load(name)

    @api(False)
    def SaveAsNewRenderPreset(self, name: Any) -> bool:
        return bool(name) and self.deliver.save(name)

    @api(False, since=(19,))
    def DeleteRenderPreset(self, name: Any) -> bool:
        if name in STOCK or name not in self.deliver.presets:
            return False
        del self.deliver.presets[name]
        return True

    # --- the queue ----------------------------------------------------------------------------------------

    @api("")
    def AddRenderJob(self) -> Any:
        self._wander()
        if self.deliver.rendering or (self.deliver.needs_page and self.host.page != "deliver"):
            return ""
        job = self.deliver.add(self.host.project.current)
        if job is None:
            return ""
        return job.id if self.deliver.says else None

    @api(False)
    def DeleteRenderJob(self, number: Any) -> bool:
        job = self.deliver.find(number)
        if job is None or job.status == "Rendering":
            return False
        if self.deliver.refuses_delete:
            self.deliver.refuses_delete -= 1
            return False
        self.deliver.jobs.remove(job)
        return True

    @api(False)
    def DeleteAllRenderJobs(self) -> bool:
        raise AssertionError("other people's jobs stand in the queue")

    @api()
    def GetRenderJobList(self) -> Any:
        rows = [_row(job) for job in self.deliver.jobs]
        return dict(enumerate(rows, start=1)) if self.deliver.rows_are_numbered else rows

    @api(False)
    def StartRendering(self, *wanted: Any) -> Any:
        deliver = self.deliver
        as_list = bool(wanted) and isinstance(wanted[0], list)
        ids = wanted[0] if as_list else [one for one in wanted if isinstance(one, str)]
        jobs = [job for number in ids if (job := deliver.find(number)) is not None]
        assert ids, "this would render everybody's jobs"
        if deliver.rendering or len(jobs) != len(ids) or deliver.starts == "no":
            return False
        if deliver.starts == "one by one" and as_list:
            return False
        deliver.start(jobs)
        return None if deliver.starts == "silently" else True

    @api()
    def StopRendering(self) -> None:
        for job in self.deliver.rendering:
            job.status = "Cancelled"

    @api(False)
    def IsRenderingInProgress(self) -> bool:
        return bool(self.deliver.rendering)

    @api()
    def GetRenderJobStatus(self, number: Any) -> dict[str, Any]:
        deliver, job = self.deliver, self.deliver.find(number)
        if job is None:
            return {}
        before = job.status
        deliver.tick(job)
        if job.status == "Complete" and before != "Complete":
            _write(job, deliver.writes)
        told: dict[str, Any] = {
            "JobStatus": deliver.words.get(job.status, job.status),
            "CompletionPercentage": job.percent,
        }
        if job.status == "Rendering":
            told["EstimatedTimeRemainingInMs"] = 100 * (100 - job.percent)
        if job.took:
            told["TimeTakenToRenderInMs"] = job.took
        if job.error:
            told["Error"] = job.error
        return told


def _row(job: RenderJob) -> dict[str, Any]:
    first, last = job.marks
    return {
        "JobId": job.id,
        "RenderJobName": f"Job {int(job.id[:4])}",
        "TimelineName": job.timeline.name,
        "TargetDir": job.settings["TargetDir"],
        "OutputFilename": f"{job.settings.get('CustomName', job.timeline.name)}.{job.format}",
        "IsExportVideo": job.settings.get("ExportVideo", True),
        "IsExportAudio": job.settings.get("ExportAudio", True),
        "MarkIn": first,
        "MarkOut": last,
        "VideoFormat": job.format,
        "VideoCodec": job.codec,
    }


def _write(job: RenderJob, how: str) -> None:
    folder, name = Path(job.settings["TargetDir"]), job.settings["CustomName"]
    path = folder / f"{name}.{job.format}"
    first, last = job.marks
    frames = (last - first + 1) // (2 if how == "short" else 1)
    if how == "nothing":
        return
    if how == "sound" or job.audio_only:
        _write_sound(path)
        return
    _write_movie(job, path, frames)
    if how == "two" or job.mode == 0:
        _write_movie(job, folder / f"{name}_2.{job.format}", frames)


def _write_movie(job: RenderJob, path: Path, frames: int) -> None:
    import numpy as np

    from otio_ai_audit.video import encode

    def pictures() -> Iterator[Any]:
        for n in range(frames):
            picture = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
            picture[:, : n % SIZE[0]] = 200
            yield picture

    prores = job.codec.startswith("ProRes")
    encode(
        path,
        pictures(),
        Fraction(job.timeline.exact),
        codec="prores_ks" if prores else "libx264",
        pixel_format="yuv422p10le" if prores else "yuv420p",
    )


def _write_sound(path: Path) -> None:
    import av
    import numpy as np

    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
