"""The render calls of the project that is open in Resolve, and what stood there before ours.

Each call may give None, False or something empty for no reason while a dialog is open or a backup is being
saved, and some builds give None where the documentation says True: what counts is what can be read back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import ResolveError
from .live.calls import Patience, Stale, Trouble, call, listed, method, nothing, whole
from .live.desk import Desk, identity
from .render_choice import Format, choose_codec, choose_format, named, plain
from .render_choice import listed as in_words

KEPT = "otio-ai-audit: as it was before"
"""Render preset that holds a person's settings while ours are set; it is deleted afterwards."""
PRESETS = ("SaveAsNewRenderPreset", "LoadRenderPreset", "DeleteRenderPreset")
"""What a version must know, so that a preset can keep the settings and is not left behind."""
SINGLE = 1
"""`SetCurrentRenderMode`: the timeline as a single clip, not each clip by itself."""
TRIES = 3


@contextmanager
def in_words_of_ours() -> Iterator[None]:
    """Let what the calls into Resolve raise be an error of this package."""
    try:
        yield
    except Trouble as trouble:
        raise ResolveError(str(trouble)) from trouble
    except Stale as stale:
        raise ResolveError(
            "Resolve's project was changed or opened again meanwhile; run this again."
        ) from stale


class Deliver:
    """The open project as one rendering sees it.

    Parameters
    ----------
    resolve
        Resolve's handle.
    note
        Prints a line for a person.
    patience
        Seconds to wait for a Resolve that does not answer, in all.
    """

    def __init__(self, resolve: Any, note: Callable[[str], None], patience: float = 20.0) -> None:
        self.resolve = resolve
        self.note = note
        self.desk = Desk(resolve, Patience(patience, note))
        self.page = call(resolve, "GetCurrentPage")
        with in_words_of_ours():
            self.desk.open()
        self.name = call(self.project, "GetName")

    @property
    def project(self) -> Any:
        """A handle of the open project, taken anew: old ones die."""
        return call(call(self.resolve, "GetProjectManager"), "GetCurrentProject")

    def renew(self) -> None:
        """Give what follows its own time to wait."""
        self.desk.patience = Patience(20.0)

    def answers(self) -> bool:
        """Whether Resolve answers at this moment.

        Raises
        ------
        ResolveError
            If another project is open now.
        """
        name = call(self.project, "GetName")
        if isinstance(name, str) and isinstance(self.name, str) and name and name != self.name:
            raise ResolveError(
                f'Another project was opened ("{name}"); open "{self.name}" and run this again.'
            )
        return isinstance(name, str) and bool(name)

    def once(self, name: str, *arguments: Any) -> Any:
        """Call what must not happen twice; None, False or empty may mean anything."""
        return call(self.project, name, *arguments)

    def ask(self, name: str, *arguments: Any) -> Any:
        """Call what may be called again; None, False and empty are believed only while Resolve answers."""
        while True:
            project = self.project
            value = call(project, name, *arguments)
            if value or (value == 0 and value is not False):
                return value
            if not nothing(project) and method(project, name) is None and self.answers():
                return None
            if not nothing(project) and self.answers():
                value = self.once(name, *arguments)
                if value or self.answers():
                    return value
            with in_words_of_ours():
                if not self.desk.patience.wait():
                    raise self.desk.patience.used_up()

    # --- formats --------------------------------------------------------------------------------------

    def choose(self, suffix: str, codec: str | None) -> tuple[Format, str]:
        """Find the format and the id of the codec; see `render_choice`."""
        chosen = choose_format(suffix, named(self.ask("GetRenderFormats")))
        offered: dict[str, str] = {}
        for name in chosen.names:  # 18.5 knows codecs by the suffix only
            offered = offered or named(self.ask("GetRenderCodecs", name))
        return chosen, choose_codec(suffix, codec, offered)

    def current(self) -> tuple[str, str]:
        """Format and codec that are set now; empty where Resolve does not say."""
        told = self.ask("GetCurrentRenderFormatAndCodec")
        if not isinstance(told, dict):
            return "", ""
        return str(told.get("format") or ""), str(told.get("codec") or "")

    def set_format(self, chosen: Format, codec: str) -> None:
        """Set format and codec, and read them back."""
        for name in chosen.names:
            done = self.ask("SetCurrentRenderFormatAndCodec", name, codec)
            format, now = self.current()
            if plain(now) == plain(codec) and plain(format) in [plain(one) for one in chosen.names]:
                return
            if done and not now:
                return
        raise ResolveError(
            f"Resolve refuses to render {chosen.name} with {codec}; choose another one with --codec, or set "
            "up the Deliver page, save that as a preset and give its name with --preset."
        )

    def load_preset(self, name: str) -> None:
        """Load a render preset of the person's."""
        if not self.ask("LoadRenderPreset", name):
            raise ResolveError(f'There is no render preset "{name}"; there are {in_words(self.presets())}.')

    def presets(self) -> list[str]:
        """Names of the render presets."""
        rows = listed(self.ask("GetRenderPresetList"))
        names = [row if isinstance(row, str) else _named(row) for row in rows]
        return [name for name in names if name]

    # --- timelines ------------------------------------------------------------------------------------

    def open_timeline(self, name: str) -> None:
        """Open a timeline by its name, where it is not open.

        Raises
        ------
        ResolveError
            If there is none of that name, or it cannot be opened.
        """
        if self.desk.name == name:
            return
        handles = [self.once("GetTimelineByIndex", n) for n in range(1, (whole(self.count()) or 0) + 1)]
        names = [str(call(handle, "GetName") or "") for handle in handles]
        same = [n for n, found in enumerate(names) if found == name]
        same = same or [n for n, found in enumerate(names) if found.casefold() == name.casefold()]
        if not same:
            raise ResolveError(
                f'There is no timeline "{name}" in "{self.name}"; there are {in_words(names)}.'
            )
        self.open_handle(handles[same[0]])
        if self.desk.name != names[same[0]]:
            raise ResolveError(
                f'Resolve does not open the timeline "{name}"; open it by hand, run this again.'
            )

    def open_handle(self, timeline: Any) -> None:
        """Make a timeline the current one."""
        self.ask("SetCurrentTimeline", timeline)
        with in_words_of_ours():
            self.desk.open()

    def count(self) -> Any:
        return self.ask("GetTimelineCount")

    def read(self, what: Callable[[Desk], Any]) -> Any:
        """Read something of the timeline; once more where a handle died meanwhile."""
        with in_words_of_ours():
            return self.desk.patiently(lambda: what(self.desk))

    def range(self) -> tuple[int, int] | None:
        """First frame of the timeline and the one behind its last; None where Resolve does not say."""
        names = ("GetStartFrame", "GetEndFrame")
        first, end = self.read(lambda desk: [whole(desk.ask(desk.timeline, name)) for name in names])
        return None if first is None or end is None or end <= first else (first, end)

    def open_page(self, page: Any, pause: float) -> bool:
        """Show a page; it may need to be told more than once."""
        for _ in range(TRIES):
            if not isinstance(page, str) or call(self.resolve, "GetCurrentPage") == page:
                return True
            call(self.resolve, "OpenPage", page)
            time.sleep(pause)
        return bool(call(self.resolve, "GetCurrentPage") == page)


def _named(row: Any) -> str:
    """Name of a preset; some versions describe them."""
    if not isinstance(row, dict):
        return ""
    return next((str(row[key]) for key in ("PresetName", "RenderPresetName", "Name") if row.get(key)), "")


@dataclass(slots=True)
class Before:
    """How Resolve stood before; what it lets us read is put back.

    The folder and the name of a person's settings cannot be read. A preset keeps them as far as presets do,
    where this version can delete one again.
    """

    deliver: Deliver
    page: Any
    format: str
    codec: str
    mode: Any
    timeline: str
    playhead: Any
    preset: bool

    @classmethod
    def of(cls, deliver: Deliver) -> Before:
        """Remember it. The page was read first: asking for the render mode may open the Deliver page."""
        playhead = call(deliver.desk.timeline, "GetCurrentTimecode")
        format, codec = deliver.current()
        mode = deliver.ask("GetCurrentRenderMode")
        project = deliver.desk.project
        able = all(method(project, name) for name in PRESETS)
        if able and KEPT in deliver.presets():  # of a run that was killed
            deliver.ask("LoadRenderPreset", KEPT)
            deliver.ask("DeleteRenderPreset", KEPT)
        # Where it is asked twice, the second answer is no.
        kept = able and (bool(deliver.ask("SaveAsNewRenderPreset", KEPT)) or KEPT in deliver.presets())
        return cls(deliver, deliver.page, format, codec, mode, deliver.desk.id, playhead, kept)

    def put_back(self, folder: str, name: str, pause: float) -> None:
        """Put it back.

        Parameters
        ----------
        folder, name
            What the Deliver page names from now on, where Resolve keeps no settings for us: the folder that
            we rendered into is gone.
        pause
            Seconds between two tries.
        """
        deliver = self.deliver
        deliver.once("SetRenderSettings", {"SelectAllFrames": True, "TargetDir": folder, "CustomName": name})
        if self.preset:
            deliver.ask("LoadRenderPreset", KEPT)
            deliver.ask("DeleteRenderPreset", KEPT)
            if KEPT in deliver.presets():
                deliver.note(f'The render preset "{KEPT}" could not be deleted; delete it in Resolve.')
        if self.codec and deliver.current() != (self.format, self.codec):
            deliver.ask("SetCurrentRenderFormatAndCodec", self.format, self.codec)
        if whole(self.mode) is not None and whole(self.mode) != SINGLE:
            deliver.ask("SetCurrentRenderMode", self.mode)
        self._put_back_view(pause)

    def _put_back_view(self, pause: float) -> None:
        deliver = self.deliver
        if deliver.desk.id != self.timeline:
            deliver.desk.id = self.timeline
            timeline = deliver.desk.find()
            if timeline is not None:
                deliver.open_handle(timeline)
        deliver.open_page(self.page, pause)
        timeline = deliver.once("GetCurrentTimeline")
        if not isinstance(self.playhead, str) or identity(timeline) != self.timeline:
            return
        for _ in range(TRIES):  # right after a change of page it may be taken and not be done
            now = call(timeline, "GetCurrentTimecode")
            if not isinstance(now, str) or now == self.playhead:
                return
            call(timeline, "SetCurrentTimecode", self.playhead)
            time.sleep(pause)
