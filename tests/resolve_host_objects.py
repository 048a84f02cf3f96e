"""The objects of Resolve's scripting, as far as a script about the timeline and its markers meets them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from .resolve_host import _SUBTYPES, Handle, Marked, Object, api
from .resolve_host_clips import MediaPoolItem, TimelineItem
from .resolve_host_drt import write_drt
from .resolve_host_model import Timeline, duplicate
from .resolve_host_otio import otio_text
from .resolve_host_render import Renders

PAGES = ("media", "cut", "edit", "fusion", "color", "fairlight", "deliver")
_BUILDS = {"18.1": "18.1.4.9", "18.5": "18.5.1.6", "19.1": "19.1.3.7", "20.3": "20.3.2.9"}


class Resolve(Object):
    lasting = True

    def constant(self, name: str) -> Any:
        kind, _, rest = name.partition("_")
        if kind != "EXPORT":
            return None  # the MARKER_ constants too: they were missing on 21.0
        types = self.host.export_types
        if rest in types:
            return float(types.index(rest))
        return float(_SUBTYPES.index(rest)) if rest in _SUBTYPES else None

    @api()
    def GetProductName(self) -> str:
        return self.host.product

    @api()
    def GetVersionString(self) -> str:
        return _BUILDS.get(self.host.version, f"{self.host.version}.2.4")

    @api()
    def GetVersion(self) -> list[Any]:
        return [*(int(part) for part in self.GetVersionString().split(".")), ""]

    @api()
    def GetProjectManager(self) -> Handle:
        return Handle(ProjectManager(self.host))

    @api()
    def GetCurrentPage(self) -> str | None:
        return self.host.page

    @api(False)
    def OpenPage(self, name: Any) -> bool:
        if name not in PAGES:
            return False
        self.host.page = name
        return True

    @api()
    def Fusion(self) -> Handle:
        return self.host.fusion()


class ProjectManager(Object):
    lasting = True

    @api()
    def GetCurrentProject(self) -> Handle:
        return Handle(Project(self.host, self.host.project))

    @api(False)
    def SaveProject(self) -> bool:
        return True

    @api()
    def GetCurrentDatabase(self) -> dict[str, str]:
        return {"DbType": "Disk", "DbName": "Local Database"}


class Project(Renders):
    @api()
    def GetName(self) -> str:
        return self.of.name

    @api()
    def GetUniqueId(self) -> str:
        return self.of.id

    @api()
    def GetTimelineCount(self) -> int:
        return len(self.of.timelines)

    @api()
    def GetTimelineByIndex(self, index: Any) -> Handle | None:
        good = isinstance(index, int) and 1 <= index <= len(self.of.timelines)
        return Handle(TimelineObject(self.host, self.of.timelines[index - 1])) if good else None

    @api()
    def GetCurrentTimeline(self) -> Handle | None:
        current = self.of.current
        return None if current is None else Handle(TimelineObject(self.host, current))

    @api(False)
    def SetCurrentTimeline(self, handle: Any) -> bool:
        behind = handle._behind if isinstance(handle, Handle) else None
        if not isinstance(behind, TimelineObject) or behind.of not in self.of.timelines:
            return False
        self.of.current = behind.of
        behind.of.playhead = behind.of.first  # it moves the playhead
        return True

    @api()
    def GetSetting(self, key: Any = None) -> Any:
        rows = {"timelineFrameRate": self.of.rate, "timelineResolutionWidth": "1920"}
        return rows if key is None else rows.get(key, "")

    @api()
    def GetMediaPool(self) -> Handle:
        return Handle(MediaPool(self.host))


class MediaPool(Object):
    @api()
    def GetRootFolder(self) -> Handle:
        return Handle(Folder(self.host))

    @api()
    def GetCurrentFolder(self) -> Handle:
        return Handle(Folder(self.host))

    @api()
    def ImportTimelineFromFile(self, path: Any, options: Any = None) -> Handle | None:
        name = (options or {}).get("timelineName", Path(path).stem)
        if any(one.name == name for one in self.host.project.timelines):
            return None
        raise AssertionError("nothing of ours imports timelines")


class Folder(Object):
    @api()
    def GetName(self) -> str:
        return "Master"

    @api()
    def GetClipList(self) -> list[Handle]:
        return [Handle(MediaPoolItem(self.host, medium)) for medium in self.host.project.media]

    @api()
    def GetSubFolderList(self) -> list[Handle]:
        return []


class TimelineObject(Marked):
    NAME = "Timeline"

    def alive(self) -> bool:
        return self.of in self.host.project.timelines

    def refuses(self, place: int) -> bool:
        if not any(self.of.items()):
            return True
        beyond = place >= self.of.end - self.of.first
        return beyond and self.host.absolute_frames == "refused"

    @api(False)
    def AddFlag(self, color: Any) -> bool:
        return False

    @api()
    def GetName(self) -> str:
        return self.of.name

    @api(since=(18,))
    def GetUniqueId(self) -> str:
        return self.of.id

    @api()
    def GetStartFrame(self) -> int:
        return self.of.first

    @api()
    def GetEndFrame(self) -> int:
        return self.of.end

    @api()
    def GetStartTimecode(self) -> str:
        return timecode(self.of.first, self.of)

    @api()
    def GetCurrentTimecode(self) -> str:
        return timecode(self.of.playhead, self.of)

    @api(False)
    def SetCurrentTimecode(self, text: Any) -> bool:
        frames = range(self.of.first, max(self.of.end, self.of.first + 1))
        found = [frame for frame in frames if timecode(frame, self.of) == text]
        if not found or self.host.page in ("media", "fusion"):
            return False
        self.of.playhead = found[0]
        return True

    def _tracks(self, kind: Any) -> list[Any]:
        return {"video": self.of.video, "audio": self.of.audio}.get(kind, [])

    def _track(self, kind: Any, index: Any) -> Any:
        tracks = self._tracks(kind)
        good = isinstance(index, int) and 1 <= index <= len(tracks)
        return tracks[index - 1] if good else None

    @api()
    def GetTrackCount(self, kind: Any) -> int:
        return len(self._tracks(kind))

    @api()
    def GetTrackName(self, kind: Any, index: Any) -> str | None:
        track = self._track(kind, index)
        return None if track is None else track.name

    @property
    def _open(self) -> bool:
        return self.host.project.current is self.of

    @api()
    def GetIsTrackEnabled(self, kind: Any, index: Any) -> bool:
        track = self._track(kind, index)
        return bool(self._open and track and track.enabled)  # lies where the timeline is not open

    @api()
    def GetIsTrackLocked(self, kind: Any, index: Any) -> bool:
        track = self._track(kind, index)
        return bool(self._open and track and track.locked)

    @api()
    def GetItemListInTrack(self, kind: Any, index: Any) -> list[Handle] | None:
        track = self._track(kind, index)
        if track is None:
            return None
        return [Handle(TimelineItem(self.host, i)) for i in sorted(track.items, key=lambda i: i.start)]

    @api()
    def GetItemsInTrack(self, kind: Any, index: Any) -> dict[float, Handle]:
        items = self.GetItemListInTrack(kind, index) or []
        return {float(number): item for number, item in enumerate(items, start=1)}

    @api(since=(21,))
    def GetSelectedClips(self) -> list[Handle]:
        found = [i for track in self.of.video for i in track.items if i.id in self.of.selected]
        return [Handle(TimelineItem(self.host, item)) for item in found]

    @api()
    def GetCurrentVideoItem(self) -> Handle | None:
        for item in self.of.clips():
            if item.start <= self.of.playhead < item.end:
                return Handle(TimelineItem(self.host, item))
        return None

    @api()
    def GetSetting(self, key: Any = None) -> Any:
        number = self.of.rate.split()[0]
        rate: Any = {
            "string": self.of.rate,
            "short": str(int(Fraction(number))),
            "float": float(number),
        }[self.host.rate_form]
        rows = {
            "timelineFrameRate": rate,
            "timelineResolutionWidth": str(self.of.size[0]),
            "timelineResolutionHeight": str(self.of.size[1]),
            "timelineDropFrameTimecode": str(int(self.of.drop_frame)),
            "useCustomSettings": "1",
        }
        return rows if key is None else rows.get(key, "")

    @api(since=(21, 1))
    def GetSettings(self) -> Any:
        return self.GetSetting()

    @api(False)
    def Export(self, path: Any, kind: Any, subtype: Any = None) -> bool:
        types = self.host.export_types
        number = kind if isinstance(kind, (int, float)) and not isinstance(kind, bool) else -1
        if not isinstance(path, str) or not 0 <= number < len(types):
            return False  # strings are rejected without a word
        name = types[int(number)]
        if name in ("AAF", "EDL") and subtype is None:
            return False
        return _export(self.of, Path(path), name, self.host.export.get(name, "good"))

    @api()
    def DuplicateTimeline(self, name: Any = None) -> Handle | None:
        names = [one.name for one in self.host.project.timelines]
        if name in names:
            return None
        copy = duplicate(self.of, name or f"{self.of.name} copy")
        self.host.project.timelines.append(copy)
        self.host.changed("DuplicateTimeline")
        return Handle(TimelineObject(self.host, copy))

    @api()
    def GetMediaPoolItem(self) -> None:
        return None


def _export(tl: Timeline, path: Path, kind: str, how: str) -> bool:
    if how == "false" or not path.parent.is_dir():
        return False
    if how == "directory":
        path.mkdir()
        (path / "Info.fcpxml").write_text("", encoding="utf-8")
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "broken":
        path.write_bytes(b'{"OTIO_SCHEMA": "Timeline.1", ')
    elif how == "good" and kind == "OTIO":
        path.write_text(otio_text(tl), encoding="utf-8")
    elif how == "good" and kind == "DRT":
        write_drt(tl, path)
    elif how == "good":
        path.write_text(f"{kind} of {tl.name}\n", encoding="utf-8")
    return True


class Fusion(Object):
    lasting = True

    def constant(self, name: str) -> Any:
        if name != "UIManager":
            return None
        if self.host.allows_windows:
            return Handle(UIManager(self.host))
        self.host.popup()
        if self.host.windows == "raises":
            raise RuntimeError("UIManager is not available")
        return None


class UIManager(Object):
    """Windows of one's own; only that they may be asked for, not that they show."""

    lasting = True


class Bmd(Object):
    lasting = True

    @api()
    def scriptapp(self, name: Any) -> Handle | None:
        return {"Resolve": self.host.resolve, "Fusion": self.host.fusion}.get(name, lambda: None)()


def timecode(frame: int, tl: Timeline) -> str:
    """Timecode of an absolute frame, on the nominal base; drop frame skips numbers."""
    base = tl.nominal
    if tl.drop_frame:
        drop = base // 15
        tens, rest = divmod(frame, 600 * base - 9 * drop)
        frame += 9 * drop * tens + drop * max(0, (rest - drop) // (60 * base - drop))
    seconds, frames = divmod(frame, base)
    last = ";" if tl.drop_frame else ":"
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{last}{frames:02}"
