"""The report of takes as pages: one file with everything, or a folder with a page for each shot.

Every page is self-contained and opens from disk, offline. Every text from outside goes through Jinja's
escaping; nothing of it stands inside a script or a style. No page ever says that a take is good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..model import WARNING, RankedTake, Shot, ShotHead, Triage
from . import page_parts
from .finding_view import Pictures
from .takes_film import Films
from .takes_folder import INDEX, PageFolder, is_page_name
from .takes_overview import overview, scope, summary, tiles
from .takes_view import TakeView, choices, take_views, titles_of
from .text import one_line
from .whole import why

PAGE_TAKES = 500
"""Most takes of a page; a larger shot has several, in order of rank."""
ONE_PAGE = 300
"""Takes up to which everything fits well into one page."""
_STYLES = ("page.css", "takes.css", "takes_compare.css")
_SCRIPTS = (
    *("theme.js", "kept.js", "takes_tables.js", "takes_strip.js", "takes.js", "takes_say.js"),
    "takes_compare.js",
)
_SOURCES = ("media-src 'self' file:",)
"""Takes side by side play the files themselves where the browser can."""


@dataclass(frozen=True, slots=True)
class ShotSection:
    """The takes of a shot, or of a part of it, as a page shows them."""

    anchor: str
    name: str
    takes: Sequence[TakeView]
    failed: Sequence[TakeView]


def write_page(triage: Triage, path: Path) -> None:
    """Write everything as one page; meant for up to `ONE_PAGE` takes.

    Parameters
    ----------
    triage
        What was found.
    path
        Written as it is: the caller moves it to its place.
    """
    path.write_bytes(to_page(triage, path.parent).encode("utf-8"))


def to_page(triage: Triage, folder: Path | None = None) -> str:
    """Return everything as one self-contained page.

    Parameters
    ----------
    triage
        What was found.
    folder
        Where the page will lie: from there it plays the files of the takes. None: it names no file.
    """
    pictures, films = Pictures(), Films(folder)
    sections = []
    for head in triage.heads:
        shot = triage.load(head.number)
        labels = [one.take.label for one in shot.takes]
        anchors = {label: f"take-{head.number}-{place}" for place, label in enumerate(labels, start=1)}
        links = {label: f"#{anchor}" for label, anchor in anchors.items()}
        sections.append(_section(triage, shot, shot.takes, anchors, links, pictures, films))
    index = overview(triage, {head.number: f"#shot-{head.number}" for head in triage.heads}, pictures)
    return _render(triage, sections, {**_title(triage), **index, "overview": True})


def write_folder(triage: Triage, folder: Path, changed: Collection[int] | None = None) -> None:
    """Write an overview and the pages of every shot into a folder.

    A page that is as it was is not written again, and pages of shots that are gone are removed. Shots are
    loaded and written one after the other.

    Parameters
    ----------
    triage
        What was found.
    folder
        Made where it is missing.
    changed
        Numbers of the shots that may have changed since the folder was written; the pages of others are kept
        where they are as they were left. None: any may have.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds a page of somebody else where one of these should stand.
    """
    try:
        pages = PageFolder.open(folder)
        films = Films(folder)
        names = {head.number: _page_names(head) for head in triage.heads}
        pages.announce([INDEX, *(name for some in names.values() for name in some)])
        for head, around in _with_neighbours(triage.heads):
            next_to = tuple(names[other.number][0] if other else "" for other in around)
            untouched = changed is not None and head.number not in changed
            if untouched and pages.keep(names[head.number], next_to):
                continue
            for name, text in _shot_pages(triage, head, names[head.number], around, films):
                pages.write(name, text, next_to)
        index = overview(triage, {number: some[0] for number, some in names.items()}, Pictures())
        pages.write(INDEX, _render(triage, (), {**_title(triage), **index, "overview": True}))
        pages.finish()
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {why(error)}") from error


def _page_names(head: ShotHead) -> list[str]:
    """File names of the pages of a shot, at least one."""
    first = head.page if is_page_name(head.page) else f"shot-{head.number:04d}.html"
    parts = max(1, -(-(head.takes - head.failed) // PAGE_TAKES))
    stem = first.removesuffix(".html")
    return [first, *(f"{stem}.{part}.html" for part in range(2, parts + 1))]


def _with_neighbours(
    heads: Sequence[ShotHead],
) -> Iterator[tuple[ShotHead, tuple[ShotHead | None, ShotHead | None]]]:
    padded = [None, *heads, None]
    for (before, head), (_, after) in pairwise(pairwise(padded)):
        assert head is not None
        yield head, (before, after)


def _shot_pages(
    triage: Triage,
    head: ShotHead,
    names: Sequence[str],
    around: tuple[ShotHead | None, ShotHead | None],
    films: Films,
) -> Iterator[tuple[str, str]]:
    """Render the pages of a shot: those that could not be looked at stand on the first."""
    shot = triage.load(head.number)
    failed = [one for one in shot.takes if one.standing == "failed"]
    looked = [one for one in shot.takes if one.standing != "failed"]
    # The head says how many pages there are; should it be wrong, the last page takes the rest.
    starts = [place * PAGE_TAKES for place in range(len(names))]
    parts = [looked[a:b] for a, b in pairwise([*starts, len(looked)])]
    links: dict[str, str] = {}
    anchors: dict[str, str] = {}
    for name, part in zip(names, [[*parts[0], *failed], *parts[1:]], strict=True):
        for one in part:
            anchors[one.take.label] = anchor = f"take-{len(anchors) + 1}"
            links[one.take.label] = f"{name}#{anchor}"
    for place, (name, part) in enumerate(zip(names, parts, strict=True)):
        here = {label: link.removeprefix(name) for label, link in links.items()}
        takes = part if place else [*part, *failed]
        section = _section(triage, shot, takes, anchors, here, Pictures(), films)
        view = _shot_view(triage, shot, head, names, place, around)
        yield name, _render(triage, [section], view)


def _section(
    triage: Triage,
    shot: Shot,
    takes: Sequence[RankedTake],
    anchors: Mapping[str, str],
    links: Mapping[str, str],
    pictures: Pictures,
    films: Films,
) -> ShotSection:
    detectors = _detectors(triage)
    titles = titles_of(shot.takes)
    prompts = triage.include_prompts
    views = take_views(takes, anchors, links, titles, detectors, prompts, pictures, films)
    return ShotSection(
        anchor=f"shot-{shot.number}",
        name=one_line(shot.name) or "(no name)",
        takes=[view for view in views if view.standing != "failed"],
        failed=[view for view in views if view.standing == "failed"],
    )


def _detectors(triage: Triage) -> list[str]:
    return list(dict.fromkeys(triage.detectors))


def _title(triage: Triage) -> Mapping[str, Any]:
    name = one_line(triage.name) or "Takes"
    return {"title": name, "shot": None, "back": "", "parts": [], "part": 0, "before": None, "after": None}


def _shot_view(
    triage: Triage,
    shot: Shot,
    head: ShotHead,
    names: Sequence[str],
    place: int,
    around: tuple[ShotHead | None, ShotHead | None],
) -> Mapping[str, Any]:
    def beside(other: ShotHead | None) -> tuple[str, str] | None:
        return (_page_names(other)[0], one_line(other.name) or "(no name)") if other else None

    facts = [f"dealt to {one_line(triage.dealt_to)}"] if triage.dealt_to else []
    return {
        "title": one_line(shot.name) or "(no name)",
        "shot": shot.number,
        "back": INDEX,
        "parts": list(names) if len(names) > 1 else [],
        "part": place + 1,
        "before": beside(around[0]),
        "after": beside(around[1]),
        "overview": False,
        "facts": facts,
        "summary": summary(head.takes, head.flagged, head.failed),
        "look": head.flagged > 0 or head.failed > 0,
        "tiles": tiles(head.takes, head.flagged, head.failed, head.killed),
        "notices": [],
        "heads": [],
        "tables": [],
        "bad_seeds": [],
    }


def _render(triage: Triage, sections: Sequence[ShotSection], view: Mapping[str, Any]) -> str:
    takes = [take for section in sections for take in section.takes]
    shared = {
        "triage": triage,
        "name": one_line(triage.name) or "Takes",
        "sections": sections,
        "detectors": [one_line(name) for name in _detectors(triage)],
        "choices": choices(takes),
        "scope": scope(triage),
        "limit": WARNING,
    }
    return page_parts.render("takes.html", _STYLES, _SCRIPTS, {**shared, **view}, sources=_SOURCES)
