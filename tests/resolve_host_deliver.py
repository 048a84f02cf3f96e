"""What Resolve's Deliver page holds, and how it may misbehave. Standard library only."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .resolve_host_model import Timeline

FORMATS = {"AVI": "avi", "QuickTime": "mov", "MP4": "mp4", "MXF OP1A": "mxf", "TIFF": "tif", "Wave": "wav"}
"""As a dict gives them: the name that is shown, and the suffix."""
DNX = {"DNxHR HQ": "DNxHRHQ", "DNxHR HQX 10-bit": "DNxHRHQX_10", "DNxHR LB": "DNxHRLB"}
AVID = {"Avid DNxHR HQ 12-bit": "DNxHRHQ", "Avid DNxHR HQX 10-bit": "DNxHRHQX_10", "Avid DNxHR LB": "DNxHRLB"}
"""The same since version 21: ids stay."""
PRORES = {
    "Apple ProRes 422": "ProRes422",
    "Apple ProRes 422 HQ": "ProRes422HQ",
    "Apple ProRes 422 LT": "ProRes422LT",
    "Apple ProRes 4444": "ProRes4444",
}
H26X = {"H.264": "H264", "H.265": "H265"}
NVIDIA = {"H.264 NVIDIA": "H264_NVIDIA", "H.265 NVIDIA": "H265_NVIDIA"}
SPANISH = {
    "Ready": "Listo",
    "Rendering": "Renderizando",
    "Complete": "Finalizado",
    "Failed": "Error",
    "Cancelled": "Anulado",
}
STOCK = ("H.264 Master", "ProRes 422 HQ", "Audio Only")


@dataclass
class Preset:
    format: str
    codec: str
    settings: dict[str, Any] = field(default_factory=dict)
    audio_only: bool = False


@dataclass(eq=False)
class RenderJob:
    timeline: Timeline
    settings: dict[str, Any]
    format: str
    codec: str
    mode: int
    audio_only: bool
    id: str
    status: str = "Ready"
    percent: int = 0
    error: str = ""
    took: int = 0
    polls: int = 0

    @property
    def marks(self) -> tuple[int, int]:
        if self.settings.get("SelectAllFrames", True):
            return self.timeline.first, self.timeline.end - 1
        return int(self.settings["MarkIn"]), int(self.settings["MarkOut"])


def _presets() -> dict[str, Preset]:
    return {
        "H.264 Master": Preset("mp4", "H264"),
        "ProRes 422 HQ": Preset("mov", "ProRes422HQ"),
        "Audio Only": Preset("mov", "ProRes422HQ", {"ExportVideo": False}, audio_only=True),
    }


@dataclass(eq=False)
class Deliver:
    """The page's settings and queue. Everything about how it answers can be changed."""

    formats: dict[str, str] = field(default_factory=lambda: dict(FORMATS))
    mov: dict[str, str] = field(default_factory=lambda: {**PRORES, **DNX, **H26X})
    mp4: dict[str, str] = field(default_factory=lambda: dict(H26X))
    by_suffix_only: bool = False
    """`GetRenderCodecs("QuickTime")` is empty, as on 18.5; only ``mov`` is known."""
    format: str = "mp4"
    codec: str = "H264"
    mode: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    audio_only: bool = False
    """Left over from a preset: no pictures come out, whatever `ExportVideo` says."""
    presets: dict[str, Preset] = field(default_factory=_presets)
    jobs: list[RenderJob] = field(default_factory=list)
    says: Any = True
    """What a call that did what it should gives; some builds give None."""
    known: frozenset[str] | None = None
    """Settings that this version knows; any other one makes the call False."""
    deaf: bool = False
    """Settings are said to be taken and are not."""
    starts: str = "yes"
    """Or ``no``; ``silently``: None, and it starts; ``one by one``: only ids, no list, as old versions."""
    needs_page: bool = False
    """Jobs are taken only while the Deliver page is shown."""
    wanders: bool = False
    """Reading the render mode or adding a job shows the Deliver page, as measured on 19.1."""
    waits: int = 0
    """Polls for which a job that was started stays Ready."""
    steps: Sequence[int] = (0, 25, 50, 75, 100)
    """Percentages, one a poll."""
    ends: str = "Complete"
    """Or ``Failed``, ``Cancelled``; ``vanishes``: somebody deletes the job; ``ceases``: nobody says why."""
    error: str = "Media Offline"
    hides: int = 0
    """Polls for which a failure is not told, since its dialog is still open."""
    words: dict[str, str] = field(default_factory=dict)
    """States in the language of the window."""
    times: bool = True
    """Whether a complete job says how long it took."""
    writes: str = "movie"
    """Or ``nothing``, ``short``, ``sound``: a movie without pictures, ``two``."""
    refuses_delete: int = 0
    """So many times a job is not deleted."""
    rows_are_numbered: bool = False
    """`GetRenderJobList` gives ``{1: …}``."""

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    def codecs(self, format: Any) -> dict[str, str]:
        names = {"mov": ("mov", "quicktime"), "mp4": ("mp4",)}
        for suffix, known in names.items():
            if str(format).casefold() in (known[:1] if self.by_suffix_only else known):
                return self.mov if suffix == "mov" else self.mp4
        return {}

    def suffix(self, format: Any) -> str:
        return self.formats.get(str(format), str(format).casefold())

    def take(self, settings: dict[str, Any]) -> bool:
        if self.known is not None and not set(settings) <= self.known:
            return False
        if not self.deaf:
            self.settings.update(settings)
        return True

    def load(self, name: str) -> bool:
        if name not in self.presets:
            return False
        preset = self.presets[name]
        self.format, self.codec, self.audio_only = preset.format, preset.codec, preset.audio_only
        self.settings = dict(preset.settings)
        return True

    def save(self, name: str) -> bool:
        if name in self.presets:
            return False
        self.presets[name] = Preset(self.format, self.codec, dict(self.settings), self.audio_only)
        return True

    def add(self, timeline: Timeline | None) -> RenderJob | None:
        folder = self.settings.get("TargetDir")
        if timeline is None or not any(timeline.items()) or not folder or not Path(folder).is_dir():
            return None
        number = f"{next(self._numbers):04d}-4f5a-46f4-8d5b-3a2b4c5d6e7f"
        job = RenderJob(
            timeline, dict(self.settings), self.format, self.codec, self.mode, self.audio_only, number
        )
        self.jobs.append(job)
        return job

    def find(self, number: Any) -> RenderJob | None:
        return next((job for job in self.jobs if job.id == number), None)

    @property
    def rendering(self) -> list[RenderJob]:
        return [job for job in self.jobs if job.status == "Rendering"]

    def start(self, jobs: Sequence[RenderJob]) -> None:
        for job in jobs:
            job.status, job.polls = ("Ready" if self.waits else "Rendering"), 0

    def tick(self, job: RenderJob) -> None:
        """Let a job go on; nothing happens between two questions."""
        job.polls += 1
        if job.status == "Ready" and 0 < self.waits <= job.polls:
            job.status, job.polls = "Rendering", 0
            return
        if job.status != "Rendering":
            return
        at = job.polls - 1
        job.percent = self.steps[min(at, len(self.steps) - 1)]
        if at < len(self.steps) - 1:
            return
        if self.ends == "vanishes":
            self.jobs.remove(job)
        elif self.ends == "ceases":
            job.status = "Ready"
        elif self.ends == "Complete" or at - len(self.steps) + 1 >= self.hides:
            job.status = self.ends
            job.error = self.error if self.ends == "Failed" else ""
            job.took = 17243 if self.times and self.ends == "Complete" else 0

    def copy_of_settings(self) -> tuple[Any, ...]:
        """All that a person has set, for comparing."""
        return self.format, self.codec, self.mode, dict(self.settings), self.audio_only, dict(self.presets)

    def add_other(self, timeline: Timeline, folder: Path) -> RenderJob:
        """Queue a job of somebody else's."""
        before = self.settings
        self.settings = {**before, "TargetDir": str(folder), "CustomName": "reel", "SelectAllFrames": True}
        job = self.add(timeline)
        self.settings = before
        assert job is not None
        return job
