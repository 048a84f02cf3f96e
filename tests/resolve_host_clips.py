"""What a script gets for something on a track, and for its clip in the Media Pool."""

from __future__ import annotations

from typing import Any

from .resolve_host import Handle, Marked, api
from .resolve_host_model import CLIP_COLORS, Timeline

_WORDS = {"de": {"Still": "Standbild", "Compound": "Verbundclip"}}


class TimelineItem(Marked):
    def alive(self) -> bool:
        return any(self.of in tl.items() for tl in self.host.project.timelines)

    def _origin(self) -> int:
        return self.of.left if self.host.clip_marker_origin == "clip" else 0

    def place(self, number: int) -> int:
        return number + self._origin()

    def number(self, place: int) -> int:
        return place - self._origin()

    def refuses(self, place: int) -> bool:
        return bool(self.of.kind == "transition")

    @property
    def _timeline(self) -> Timeline:
        return next(tl for tl in self.host.project.timelines if self.of in tl.items())

    def _frames(self, value: int, subframe: tuple[Any, ...]) -> int | float:
        if subframe and self.host.number < (19,):
            raise TypeError("takes no argument")
        return float(value) if subframe and subframe[0] else value

    @api()
    def GetName(self) -> str:
        return self.of.name

    @api(since=(18,))
    def GetUniqueId(self) -> str:
        return self.of.id

    @api()
    def GetStart(self, *subframe: Any) -> int | float:
        return self._frames(self.of.start, subframe)

    @api()
    def GetEnd(self, *subframe: Any) -> int | float:
        return self._frames(self.of.end, subframe)

    @api()
    def GetDuration(self, *subframe: Any) -> int | float:
        return self._frames(self.of.duration, subframe)

    @api()
    def GetLeftOffset(self, *subframe: Any) -> int | float:
        # A still gives a number of the timeline's clock.
        return self._frames(self.of.start - 87 if self.of.still else self.of.left, subframe)

    @api()
    def GetRightOffset(self, *subframe: Any) -> int | float:
        frames = self.of.medium.frames if self.of.medium else 0
        return self._frames(max(0, frames - self.of.left - self.of.duration), subframe)

    @api(since=(19,))
    def GetSourceStartFrame(self) -> int:
        if self.of.still or self.of.medium is None:
            return 0
        start = int(self.of.left * self.of.speed * self.of.medium.rate / self._timeline.exact)
        return max(0, start - self.of.left % 2)  # off by one on some clips

    @api(since=(19,))
    def GetSourceEndFrame(self) -> int:
        return int(self.GetSourceStartFrame() + self.of.duration * self.of.speed)

    @api()
    def GetMediaPoolItem(self) -> Handle | None:
        return None if self.of.medium is None else Handle(MediaPoolItem(self.host, self.of.medium))

    @api()
    def GetClipEnabled(self) -> bool:
        return bool(self.of.enabled)

    @api()
    def GetProperty(self, key: Any = None) -> Any:
        if self.of.kind == "transition":
            return {} if key is None else None
        rows = {"Pan": 0.0, "Tilt": 0.0, "ZoomX": 1.0, "ZoomY": 1.0, "Opacity": 100.0}
        return rows if key is None else rows.get(key)

    @api()
    def GetTrackTypeAndIndex(self) -> list[Any] | None:
        for kind, tracks in (("video", self._timeline.video), ("audio", self._timeline.audio)):
            for number, track in enumerate(tracks, start=1):
                if self.of in track.items:
                    return [kind, number]
        return None

    @api()
    def GetTakesCount(self) -> int:
        return 1 if self.host.project.current is self._timeline else 0

    @api()
    def GetLinkedItems(self) -> list[Handle]:
        return []

    @api()
    def GetClipColor(self) -> str:
        return self.of.color

    @api(False)
    def SetClipColor(self, color: Any) -> bool:
        if color not in CLIP_COLORS:
            return False
        if self.of.kind == "clip":  # True on a title, and it does not persist
            self.of.color = color
            self.host.changed("SetClipColor")
        return True


class MediaPoolItem(Marked):
    @api()
    def GetName(self) -> str:
        return self.of.file_name

    @api()
    def GetUniqueId(self) -> str:
        return self.of.id

    @api()
    def GetMediaId(self) -> str:
        return self.of.media_id

    @api()
    def GetClipProperty(self, key: Any = None) -> Any:
        of, words = self.of, _WORDS.get(self.host.language, {})
        rows = {
            "File Path": of.path,
            "File Name": of.file_name,
            "Clip Name": of.file_name,
            "Type": words.get(of.kind, of.kind),
            "FPS": float(of.rate),
            "Frames": str(of.frames),
            "Start": "0",
            "Resolution": f"{of.size[0]}x{of.size[1]}",
            "Online Status": "Online" if of.online else "Offline",
            "Proxy": f"{of.size[0]}x{of.size[1]}" if of.proxy else "None",
            "Proxy Media Path": of.proxy,
            "Keywords": ",".join(of.keywords),
        }
        return rows if key is None else rows.get(key, "")

    @api()
    def GetMetadata(self, key: Any = None) -> Any:
        rows = {"Keywords": ",".join(self.of.keywords)} if self.of.keywords else {}
        return rows if key is None else rows.get(key, "")

    @api()
    def GetClipColor(self) -> str:
        return self.of.color
