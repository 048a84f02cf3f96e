"""The timeline that a person works on, and whether it still is the one."""

from typing import Any, Callable, Optional, Tuple

from .calls import Busy, Patience, Stale, Trouble, call, is_count, method, nothing


class Switched(Trouble):
    """Another timeline was opened."""


class Desk:
    """Resolve as one task sees it.

    Handles die when projects and timelines change, and some getters lie about a timeline that is not the
    current one: before each part of a task `check` takes new handles and compares ids. The current timeline
    is never set, since that moves the playhead.

    Attributes
    ----------
    project, timeline
        Handles as of the last `check`.
    id, name
        Of the timeline.
    renewals
        How often handles had died when new ones were taken.
    """

    def __init__(self, resolve: Any, patience: Optional[Patience] = None) -> None:
        self.resolve = resolve
        self.patience = patience or Patience()
        self.project = None
        self.timeline = None
        self.id = ""
        self.name = ""
        self.renewals = 0

    def product(self) -> Tuple[str, str]:
        """Edition and version in words."""
        product = call(self.resolve, "GetProductName")
        version = call(self.resolve, "GetVersionString")
        if not isinstance(version, str):
            parts = call(self.resolve, "GetVersion")
            version = ".".join(str(p) for p in parts if p != "") if isinstance(parts, (list, tuple)) else ""
        return (product if isinstance(product, str) else ""), version

    def open(self) -> None:
        """Take the current timeline.

        Raises
        ------
        Trouble
            Where no project or no timeline is open, or Resolve does not answer.
        """
        tries = 0
        while True:
            project, timeline = self._current()
            name = call(timeline, "GetName") if timeline is not None else None
            if isinstance(name, str) and name:
                self.project, self.timeline = project, timeline
                self.id, self.name = identity(timeline), name
                if self.id:
                    return
            tries += 1
            answers = is_count(call(project, "GetTimelineCount")) if project is not None else False
            if project is not None and answers and timeline is None and tries > 2:
                raise Trouble("No timeline is open. Open the timeline to audit, then run this again.")
            if project is None and tries > 20 and isinstance(call(self.resolve, "GetProductName"), str):
                raise Trouble("No project is open. Open the project and its timeline, then run this again.")
            if not self.patience.wait():
                raise self.patience.used_up()

    def check(self) -> None:
        """Take new handles of the same timeline.

        Raises
        ------
        Switched
            Where another timeline is the current one now.
        """
        tries = 0
        while True:
            project, timeline = self._current()
            found = identity(timeline) if timeline is not None else ""
            if found and found == self.id:
                if self.timeline is not None and identity(self.timeline) != self.id:
                    self.renewals += 1
                self.project, self.timeline = project, timeline
                return
            if found and isinstance(call(timeline, "GetName"), str):
                raise Switched(
                    'Could not go on with "%s": another timeline was opened meanwhile. Open it and run '
                    "this again; what was measured is kept." % self.name
                )
            tries += 1
            if timeline is None and tries > 8 and is_count(call(project, "GetTimelineCount")):
                raise Switched(
                    'Could not go on with "%s": it was closed. Open it and run this again.' % self.name
                )
            if not self.patience.wait():
                raise self.patience.used_up()

    def find(self) -> Any:
        """Find the timeline again where it is not the current one; None where it is gone."""
        project = call(call(self.resolve, "GetProjectManager"), "GetCurrentProject")
        count = call(project, "GetTimelineCount")
        for index in range(1, (int(count) if is_count(count) else 0) + 1):
            timeline = call(project, "GetTimelineByIndex", index)
            if timeline is not None and identity(timeline) == self.id:
                return timeline
        return None

    def answers(self) -> bool:
        """Whether Resolve answers at this moment."""
        return bool(self.id) and identity(self.timeline) == self.id

    def ask(self, holder: Any, name: str, *arguments: Any) -> Any:
        """Call a getter; None and False are believed only while Resolve answers.

        Raises
        ------
        Stale
            Where all handles died meanwhile: `holder` is one of them.
        """
        value = call(holder, name, *arguments)
        if not nothing(value):
            return value
        if method(holder, name) is None and self.answers():
            return None
        while True:
            if self.answers():
                value = call(holder, name, *arguments)
                if not nothing(value) or self.answers():
                    return value
                continue
            if not self.patience.wait():
                raise self.patience.used_up()
            before = self.renewals
            self.check()
            if self.renewals != before:
                raise Stale(name)

    def need(self, holder: Any, name: str, *arguments: Any) -> Any:
        """Call a getter that always has an answer; `Stale` where the handle is dead."""
        value = self.ask(holder, name, *arguments)
        if nothing(value):
            raise Stale(name)
        return value

    def patiently(self, read: Callable[[], Any]) -> Any:
        """Read something; once more where a handle died meanwhile."""
        for _ in range(8):
            self.check()
            try:
                value = read()
                self.check()
                return value
            except Stale:
                waited = self.patience.wait()
            if not waited:
                raise self.patience.used_up()
        raise Busy("Could not read the timeline, since it keeps changing. Run this again.")

    def _current(self) -> Tuple[Any, Any]:
        manager = call(self.resolve, "GetProjectManager")
        project = call(manager, "GetCurrentProject")
        timeline = call(project, "GetCurrentTimeline")
        return (None if nothing(project) else project), (None if nothing(timeline) else timeline)


def identity(timeline: Any) -> str:
    """Id of a timeline; made of its name and start where this version has none. Empty: no answer."""
    if method(timeline, "GetUniqueId") is not None:
        found = call(timeline, "GetUniqueId")
        return found if isinstance(found, str) else ""
    name, start = call(timeline, "GetName"), call(timeline, "GetStartFrame")
    return "%s at %d" % (name, start) if isinstance(name, str) and is_count(start) else ""
