"""Verdicts given outside an audit: on a file, on a finding by its id, by the markers of an edit."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from .errors import TimelineError, UsageError
from .model import KnownFinding, Media, PersonVerdict, Plan, Provenance, SeenMarker, TimelineInfo
from .origin import origin_of
from .people import Verdicts
from .store import Store

FINDING = re.compile(r"[0-9a-f]{6}")
KEY = re.compile(r"[0-9a-f]{32}")
RATES = (60, 120)
"""A marker EDL names no rate, and only its ids and colours matter here: any that has its frames will do."""


@dataclass(frozen=True, slots=True)
class Target:
    """A take that somebody names."""

    key: str
    label: str
    origin: Provenance


# --- takes ---------------------------------------------------------------------------------------------


def take_of(name: str, store: Store, said: Verdicts) -> Target:
    """Find a take by its file, the pattern or folder of its pictures, or its content key.

    Raises
    ------
    UsageError
        If there is no such take, or a folder holds several.
    """
    path = Path(name)
    media = _media_of(path)
    if media is not None:
        try:
            return Target(store.content_key(media), path.absolute().name, origin_of(media))
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if KEY.fullmatch(name.lower()):
        return Target(name.lower(), label_of(name.lower(), said, name.lower()), Provenance())
    raise UsageError(f"{name} is no file, and no content key (32 hex digits, in the JSON of a report).")


def label_of(key: str, said: Verdicts, otherwise: str = "") -> str:
    """Name under which people spoke of a take."""
    return next((v.label for v in reversed(said.by_key.get(key, ())) if v.label), otherwise)


def _media_of(path: Path) -> Media | None:
    """Find the medium at a path; a picture is that of its sequence, if it belongs to one."""
    from . import timeline, video

    is_file = path.is_file()
    if is_file and path.suffix.lower() not in timeline.IMAGE_SUFFIXES:
        return Media(str(path.absolute()))
    folder = path if path.is_dir() else path.parent
    if not (is_file or folder is path or (path.suffix and folder.is_dir())):
        return None
    found = timeline.find_media([folder], video.follow).media
    if folder is path:
        if len(found) != 1:
            raise UsageError(f"{path} holds {len(found)} takes; name the ones that you mean.")
        return found[0].media
    asked = str(path.absolute())
    for one in found:
        if one.label == path.name or asked in one.media.files():
            return one.media
    return Media(asked, kind="still") if is_file else None


# --- findings by id ------------------------------------------------------------------------------------


def finding_of(id_: str, store: Store, said: Verdicts, key: str = "") -> KnownFinding:
    """Find a finding by its id, in what this machine or people remember.

    Parameters
    ----------
    id_
        As the report and the markers show it.
    store, said
        Where to look.
    key
        Content key of its medium, where several findings have the id.

    Raises
    ------
    UsageError
        If nobody knows the id, or several findings have it.
    """
    known = {finding.key: finding for finding in _spoken_of(id_, said)}
    known.update((finding.key, finding) for finding in store.known((), [id_]))
    if key:
        known = {its: finding for its, finding in known.items() if its == key}
    if not known:
        raise UsageError(f"No finding has the id {id_}; take it from the report of an audit.")
    if len(known) > 1:
        raise UsageError(
            f"{len(known)} findings in different files have the id {id_}; say the file with --of FILE."
        )
    return next(iter(known.values()))


def _spoken_of(id_: str, said: Verdicts) -> list[KnownFinding]:
    return [
        KnownFinding(v.finding, v.detector, v.key, v.start, v.duration, "", v.fault)
        for v in said.with_id(id_)
        if v.detector
    ]


# --- markers -------------------------------------------------------------------------------------------


def from_markers(
    path: Path, store: Store, said: Verdicts, who: str, rate: Fraction | None = None, name: str | None = None
) -> list[PersonVerdict]:
    """Hear the verdicts on the markers of an exported edit or a marker EDL, as an audit hears them.

    The store remembers them; the caller has to add them to the person's file.

    Parameters
    ----------
    path
        The edit or marker EDL.
    store, said
        What is known of findings, and what people said until now.
    who
        Whose verdicts they are.
    rate, name
        Frame rate and name of the timeline, where the edit does not say them.

    Raises
    ------
    TimelineError
        A file that cannot be read.
    UsageError
        A file without markers of ours, or with markers of findings that this machine does not know.
    """
    from . import markings, people, verdicts

    plan, seen = _markers_of(path, rate, name)
    ours = [m for m in seen if m.ids and not markings.is_summary(m) and not markings.is_unchecked(m)]
    if not ours:
        raise UsageError(f"{path.name} has no markers of ours; give what an audit wrote and a person marked.")
    names = _names(plan, store)
    known = {finding.id: finding for marker in ours for finding in marker.findings}
    remembered = _meant(store.known((), {id_ for m in ours for id_ in m.ids}), ours, names)
    known.update((finding.id, finding) for finding in remembered)
    if not known:
        raise UsageError(f"What the markers of {path.name} speak of is not known here; audit the edit first.")
    before = people.heeded(known.values(), said)
    now = datetime.now().isoformat(timespec="seconds")
    _, after = verdicts.assign((), {}, before, seen, lambda finding: (0, 1, ""), now)
    news = people.told(before, after, said, who, {})
    store.remember(people.heeded(after, said.including(news)))
    labels = names() if news else {}
    return [replace(v, label=labels.get(v.key) or label_of(v.key, said)) for v in news]


def _markers_of(
    path: Path, rate: Fraction | None, name: str | None
) -> tuple[Plan | None, tuple[SeenMarker, ...]]:
    from . import timeline

    if path.suffix.lower() == ".edl":
        return None, _of_marker_edl(path)
    tl = timeline.read(path, rate, name)
    plan = timeline.plan(tl, timeline.PlanOptions(base=path.resolve().parent, source=path.name))
    return plan, timeline.read_markers(tl, plan.info)


def _of_marker_edl(path: Path) -> tuple[SeenMarker, ...]:
    from . import timeline

    for rate in RATES:
        info = TimelineInfo(path.stem, Fraction(rate), 0, False, 0, path.name, "00:00:00:00")
        try:
            return timeline.read_marker_edl(path, info)
        except TimelineError:
            if rate == RATES[-1]:
                raise
    raise AssertionError


def _names(plan: Plan | None, store: Store) -> Callable[[], dict[str, str]]:
    """Give content key → file name of an edit's media, worked out when it is first asked for."""
    from . import timeline

    found: dict[str, str] = {}
    waiting = [] if plan is None else list(plan.jobs)

    def names() -> dict[str, str]:
        while waiting:
            media = waiting.pop().media
            try:
                found[store.content_key(media)] = timeline.file_name(media.path)
            except OSError:
                continue  # not at hand: its verdicts are heard all the same
        return found

    return names


def _meant(
    known: Sequence[KnownFinding], markers: Sequence[SeenMarker], names: Callable[[], Collection[str]]
) -> list[KnownFinding]:
    """Leave out findings of other media that have the same id by chance."""
    told = {finding.id: finding.key for marker in markers for finding in marker.findings}
    keys: dict[str, set[str]] = {}
    for finding in known:
        keys.setdefault(finding.id, set()).add(finding.key)
    for id_, several in keys.items():
        if id_ in told:
            keys[id_] = several & {told[id_]}
        elif len(several) > 1:
            here = several & {*names()}
            keys[id_] = here if len(here) == 1 else set()
    return [finding for finding in known if finding.key in keys[finding.id]]
