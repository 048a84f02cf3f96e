"""A DaVinci Resolve for tests, written from its documented behaviour: strict, and lying where Resolve lies.

What a script gets are `Handle`s: ``hasattr`` is always true, an unknown attribute is None, a refused call
is False or None without a reason, and no two handles are equal. Every call goes through one gate, which
counts it and is where faults are put in: a modal dialog or auto-backup (calls fail for a while), handles
that went stale, a person who does something just then, the death of the process.

The versions are those where something changes for us: 18.1 (no OTIO export), 18.5, 19.1 (free: no windows
of one's own), 20.3, 21.0, 21.1 (free: no Python at all).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .resolve_host_deliver import Deliver
from .resolve_host_model import COLORS, Item, Marker, Medium, Person, Project, Timeline

VERSIONS = ("18.1", "18.5", "19.1", "20.3", "21.0", "21.1")
EDITIONS = tuple((version, studio) for version in VERSIONS for studio in (False, True))

# fmt: off
_TYPES = (
    "OTIO", "DRT", "AAF", "EDL", "FCP_7_XML", "FCPXML_1_8", "FCPXML_1_9", "FCPXML_1_10", "HDR_10_PROFILE_A",
    "HDR_10_PROFILE_B", "TEXT_CSV", "TEXT_TAB",
)
"""Export types; the first that a version has is 0, so that a script that tests for truth fails."""
# fmt: on
# fmt: off
_SUBTYPES = (
    "NONE", "AAF_NEW", "AAF_EXISTING", "CDL", "SDL", "MISSING_CLIPS",
)
# fmt: on


class Killed(BaseException):
    """The process of the script is gone; nothing of the script may run any more."""


@dataclass(frozen=True)
class Api:
    """What is known of a method: since when, and what a refused call gives."""

    since: tuple[int, ...]
    refused: Any


def api(refused: Any = None, since: tuple[int, ...] = (0,)) -> Callable[[Any], Any]:
    def mark(function: Any) -> Any:
        function.api = Api(since, refused)
        return function

    return mark


class Object:
    """Behind a handle: the methods that Resolve documents, on a thing of the model."""

    NAME = ""
    """In counts and in `Host.missing`; the class's own name where it is empty."""
    lasting = False
    """Whether the handle survives a change of project or timeline."""

    def __init__(self, host: Host, of: Any = None) -> None:
        self.host, self.of = host, of

    def constant(self, name: str) -> Any:
        return None

    def alive(self) -> bool:
        return True

    def called(self, method: str) -> str:
        return f"{self.NAME or type(self).__name__}.{method}"


class Handle:
    """What a script holds."""

    def __init__(self, behind: Object) -> None:
        object.__setattr__(self, "_behind", behind)
        object.__setattr__(self, "_born", behind.host.generation)

    def __getattr__(self, name: str) -> Any:
        behind: Object = self._behind
        function = behind.host.method(behind, name)
        if function is not None:
            return Call(self, name, function)
        return behind.constant(name)

    def __setattr__(self, name: str, value: Any) -> None:
        return None

    def __dir__(self) -> list[str]:
        return [name for name in dir(type(self._behind)) if self._behind.host.method(self._behind, name)]


class Call:
    """A method of a handle; calling it passes the gate."""

    def __init__(self, handle: Handle, name: str, function: Any) -> None:
        self.handle, self.name, self.function = handle, name, function

    def __call__(self, *arguments: Any) -> Any:
        behind: Object = self.handle._behind
        host = behind.host
        host.passing(behind.called(self.name))
        fresh = behind.lasting or (self.handle._born == host.generation and behind.alive())
        if host.blocked() or not fresh:
            return self.function.api.refused
        return self.function(behind, *arguments)


def _whole(value: Any, least: int = 0) -> int | None:
    """A frame number as scripts may give it: int or whole float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        return None
    return int(value) if value >= least else None


def _described(marker: Marker, custom: bool = True) -> dict[str, Any]:
    row = {
        "color": marker.color,
        "duration": float(marker.frames),
        "note": marker.note,
        "name": marker.name,
        "customData": marker.custom,
    }
    return row if custom else {key: value for key, value in row.items() if key != "customData"}


class Marked(Object):
    """The eight methods about markers, the same on a timeline, its items and media."""

    def places(self) -> dict[int, Marker]:
        return self.of.markers  # type: ignore[no-any-return]

    def place(self, number: int) -> int:
        """Key in `places` of the number that a script says."""
        return number

    def number(self, place: int) -> int:
        return place

    def refuses(self, place: int) -> bool:
        return False

    def _at(self, frame: Any) -> Marker | None:
        number = _whole(frame, -(10**9))
        return None if number is None else self.places().get(self.place(number))

    @api(False)
    def AddMarker(
        self, frame: Any, color: Any, name: Any, note: Any, duration: Any, *custom: Any
    ) -> bool:  # fmt: skip
        if len(custom) > (1 if self.host.custom_data else 0):
            raise TypeError(f"AddMarker() takes 5 arguments ({5 + len(custom)} given)")
        number, frames = _whole(frame), _whole(duration, 1)
        texts = (color, name, note, *custom)
        if number is None or frames is None or not all(isinstance(text, str) for text in texts):
            return False
        place = self.place(number)
        if color not in COLORS or not name or place in self.places() or self.refuses(place):
            return False
        marker = Marker(color, name, note, frames, *custom)
        if self.host.refusal(marker):
            return False
        self.places()[place] = marker
        self.host.changed("AddMarker")
        return True

    @api()
    def GetMarkers(self) -> dict[float, dict[str, Any]]:
        rows = sorted(self.places().items())
        return {float(self.number(at)): _described(one, self.host.custom_data) for at, one in rows}

    @api()
    def GetMarkerByCustomData(self, custom: Any) -> dict[str, Any]:
        for _, marker in sorted(self.places().items()):
            if marker.custom == custom:
                return _described(marker)
        return {}

    @api(False)
    def UpdateMarkerCustomData(self, frame: Any, custom: Any) -> bool:
        marker = self._at(frame)
        if marker is None or not isinstance(custom, str) or not self.host.custom_data:
            return False
        marker.custom = custom
        self.host.changed("UpdateMarkerCustomData")
        return True

    @api()
    def GetMarkerCustomData(self, frame: Any) -> str:
        marker = self._at(frame)
        return marker.custom if marker is not None else ""

    def _delete(self, places: list[int], what: str) -> bool:
        for place in places:
            del self.places()[place]
        if places:
            self.host.changed(what)
        return bool(places)

    @api(False)
    def DeleteMarkersByColor(self, color: Any) -> bool:
        every = color == "All"
        places = [at for at, marker in self.places().items() if every or marker.color == color]
        return self._delete(places, "DeleteMarkersByColor")

    @api(False)
    def DeleteMarkerAtFrame(self, frame: Any) -> bool:
        number = _whole(frame)
        place = None if number is None else self.place(number)
        return self._delete([place] if place in self.places() else [], "DeleteMarkerAtFrame")  # type: ignore[list-item]

    @api(False)
    def DeleteMarkerByCustomData(self, custom: Any) -> bool:
        places = [at for at, marker in sorted(self.places().items()) if marker.custom == custom]
        return self._delete(places[:1], "DeleteMarkerByCustomData")

    @api(False)
    def AddFlag(self, color: Any) -> bool:
        if color not in COLORS:
            return False
        self.of.flags.append(color)
        self.host.changed("AddFlag")
        return True

    @api()
    def GetFlagList(self) -> list[str]:
        return list(self.of.flags)


@dataclass
class Host:
    """One running Resolve with one open project."""

    project: Project
    version: str = "20.3"
    studio: bool = True
    page: str = "edit"
    custom_data: bool = True
    """False: an old build, whose `AddMarker` takes five arguments and raises `TypeError` for six."""
    absolute_frames: str = "refused"
    """Or ``accepted``: a marker beyond the end is taken, echoed and invisible. Both were seen."""
    clip_marker_origin: str = "media"
    """Or ``clip``: frames of an item's markers count from its first visible frame."""
    rate_form: str = "string"
    """Or ``short`` ("29" for 29.97, as old builds) or ``float``."""
    language: str = "en"
    windows: str = "none"
    """What `fusion.UIManager` is where it is not allowed: ``none`` or ``raises``. Both open a popup."""
    missing: frozenset[str] = frozenset()
    """Methods that this build does not have (``Timeline.GetSetting``)."""
    export: dict[str, str] = field(default_factory=dict)
    """Export type → ``false``, ``directory``, ``empty``, ``nothing``, ``broken``; only the first says so."""
    refusal: Callable[[Marker], bool] = field(default=lambda marker: False)
    """Markers that `AddMarker` refuses for no known reason."""
    deliver: Deliver = field(default_factory=Deliver)
    """The Deliver page and its queue."""
    calls: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    """Names of all calls, in order."""
    undo: list[str] = field(default_factory=list)
    popups: int = 0
    generation: int = 0
    dead: bool = False

    def __post_init__(self) -> None:
        self.person = Person(self.project)
        self._plans: list[tuple[Callable[[], bool], Callable[[], None]]] = []
        self._blocked_calls = 0
        self._blocked: Callable[[], bool] | None = None

    # --- what it is -----------------------------------------------------------------------------------

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split("."))

    @property
    def product(self) -> str:
        return "DaVinci Resolve Studio" if self.studio else "DaVinci Resolve"

    @property
    def lists_python(self) -> bool:
        """Whether Workspace > Scripts lists `.py` files."""
        return self.studio or self.number < (21, 1)

    @property
    def allows_windows(self) -> bool:
        return self.studio or self.number < (19, 1)

    @property
    def export_types(self) -> list[str]:
        return [name for name in _TYPES if name != "OTIO" or self.number >= (18, 5)]

    @property
    def timeline(self) -> Timeline:
        return self.person.timeline

    # --- handles ---------------------------------------------------------------------------------------

    def resolve(self) -> Handle:
        from .resolve_host_objects import Resolve

        return Handle(Resolve(self))

    def fusion(self) -> Handle:
        from .resolve_host_objects import Fusion

        return Handle(Fusion(self))

    def bmd(self) -> Handle:
        from .resolve_host_objects import Bmd

        return Handle(Bmd(self))

    def scriptapp(self, name: str) -> Handle | None:
        """What an external process gets: nothing in the free edition."""
        return self.resolve() if self.studio and name == "Resolve" else None

    def method(self, behind: Object, name: str) -> Any:
        function = getattr(type(behind), name, None)
        known = getattr(function, "api", None)
        if known is None or self.number < known.since:
            return None
        return None if behind.called(name) in self.missing else function

    # --- the gate ---------------------------------------------------------------------------------------

    def passing(self, name: str) -> None:
        """Count a call and let happen what was planned for it."""
        if self.dead:
            raise Killed
        self.log.append(name)
        self.calls[name] += 1
        self.calls["total"] += 1
        due = [plan for plan in self._plans if plan[0]()]
        self._plans = [plan for plan in self._plans if plan not in due]
        for _, action in due:
            action()

    def blocked(self) -> bool:
        if self._blocked is not None and self._blocked():
            return True
        if self._blocked_calls:
            self._blocked_calls -= 1
            return True
        return False

    def changed(self, what: str) -> None:
        self.undo.append(what)

    # --- faults -----------------------------------------------------------------------------------------

    def at(self, call: int, action: Callable[[], None], of: str = "total") -> None:
        """Let something happen right before the `call`-th call from now, of one method or of all."""
        target = self.calls[of] + call
        self._plans.append((lambda: self.calls[of] >= target, action))

    def forget_plans(self) -> None:
        self._plans, self._blocked_calls, self._blocked = [], 0, None

    def modal(self, calls: int) -> None:
        """A dialog is open, or auto-backup runs: so many calls fail."""
        self._blocked_calls = calls

    def backup(self, over: Callable[[], bool]) -> None:
        """Auto-backup: every call fails until `over` says so."""
        self._blocked = lambda: not over()

    def go_stale(self) -> None:
        """The project was changed or opened again: handles from before answer None."""
        self.generation += 1

    def kill(self) -> None:
        """End the process of the script right here."""
        self.dead = True
        raise Killed

    def popup(self) -> None:
        """Show the notice that this is for Studio; it is modal, so the next calls fail."""
        self.popups += 1
        self.modal(5)


def host_with(timeline: Timeline, **more: Any) -> Host:
    """Resolve with a project of one timeline."""
    media: dict[str, Medium] = {}
    for item in timeline.items():
        if item.medium is not None:
            media.setdefault(item.medium.id, item.medium)
    return Host(Project(timelines=[timeline], current=timeline, media=list(media.values())), **more)


__all__ = [
    "COLORS",
    "EDITIONS",
    "VERSIONS",
    "Handle",
    "Host",
    "Item",
    "Killed",
    "Marker",
    "Medium",
    "Person",
    "Project",
    "Timeline",
    "host_with",
]
