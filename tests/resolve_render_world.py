"""A test Resolve with a person's timeline, settings and job, which a rendering must leave as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from otio_ai_audit.resolve.rendering import Rendered, Wish, render

from .resolve_host import Host, host_with
from .resolve_host_deliver import Deliver
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
