"""Propose a subjects file: groups that the edit names or that look alike, written as globs that hold for it.

What a person wrote stays as it is. New groups go below; clips that look like a group that is there already
are named in a comment, because only a person can say whether they belong to it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count, takewhile

from ..markings import clean
from ..model import ClipUse, Group, Subject
from ..timeline import Said
from .assign import COLOR, MARKER, METADATA, NAMES
from .file import DEFAULT_DELTA_E, SOURCE, Entry, SubjectsFile, entry_text, toml
from .match import Clips, escape, plain
from .names import words_of

LISTED = 24
"""Clips named in a comment; more are counted."""
LONGEST = 80
"""Characters of a name in a comment."""
FOUND = "found"

_VERSION = re.compile(r"(?<=[._ -]v)\d+(?=[._ -]|$)", re.IGNORECASE)
_WHO = {
    MARKER: "markers of the edit say so",
    METADATA: "the edit's metadata say so",
    COLOR: "the clips have one colour; a hint, correct it",
    NAMES: "the names begin alike; a hint, correct it",
    FOUND: "found by looks; nobody says so yet, correct it",
}
_HEAD = """\
# Who should look alike in {edit}, proposed by otio-ai-audit. Correct it and give it to the next audit:
#   otio-ai-audit audit EDIT --subjects THIS_FILE
# clips: globs on clip names, media file names and clip ids (V1/0007). A clip that stands in a wrong group
# belongs into an entry of its own. kind = "face" or "logo" where it is one. A brand colour is
# color = "#RRGGBB" with max_delta_e = {delta} (CIEDE2000). What you write stays when more is proposed.
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to write into a subjects file."""

    entries: tuple[Entry, ...]
    """New ones only."""
    added: str
    """Text to put below what the file holds; empty where there is nothing new."""
    members: Mapping[str, tuple[str, ...]]
    """Subject → ids of its clips, those of the file included."""


@dataclass(slots=True)
class _Group:
    subject: Subject
    ids: tuple[str, ...]


def propose(
    uses: Sequence[ClipUse],
    said: Mapping[str, Said],
    found: Sequence[Group] = (),
    file: SubjectsFile | None = None,
    edit: str = "this edit",
    places: Mapping[str, str] | None = None,
) -> Proposal:
    """Propose entries for what is not yet in a subjects file.

    Parameters
    ----------
    uses
        Clips with their subjects, as `otio_ai_audit.subjects.assign` gives them.
    said
        What the edit says of each clip.
    found
        Groups that an audit found by looks.
    file
        What is there already; its clips and names stay its own.
    edit
        Name of the edit, for the comment at the top.
    places
        Clip id → timecode, for the comments.

    Returns
    -------
    Proposal
        Every new entry's patterns mean exactly its clips (and other uses of the same takes).
    """
    file = file or SubjectsFile()
    clips = Clips(uses, said)
    theirs = {plain(entry.subject.name) for entry in file.entries}
    members = _members(uses)
    groups = _named(members, theirs, found, clips)
    alike = _joining(uses, theirs)
    by_id: dict[str, tuple[str, ...]] = {use.id: () for use in uses}
    for subject, ids in (pair for key, pair in members.items() if key in theirs):
        by_id |= {id_: (*by_id[id_], subject.name) for id_ in ids}
    for one in groups:
        by_id |= {id_: (*by_id[id_], one.subject.name) for id_ in one.ids}
    taken = {*theirs, *members, *(plain(one.subject.name) for one in groups)}
    for group in found:
        _look_at(group, clips, by_id, groups, alike, taken)
    entries = tuple(Entry(one.subject, patterns(one.ids, clips, one.subject.name)) for one in groups)
    names = {use.id: f"{(places or {}).get(use.id, '')}  {_short(use.name)}".strip() for use in uses}
    parts = [_comment(group, names) + entry_text(entry) for group, entry in zip(groups, entries, strict=True)]
    known = file.text.replace("\r\n", "\n")
    parts += [part for part in (_suggestion(*one, clips, names) for one in alike) if part not in known]
    if not file.text:
        parts.insert(0, _HEAD.format(edit=_short(edit) or "this edit", delta=DEFAULT_DELTA_E))
    shown = {subject.name: ids for key, (subject, ids) in members.items() if key in theirs}
    shown |= {one.subject.name: one.ids for one in groups}
    return Proposal(entries, "\n".join(parts), shown)


def _members(uses: Sequence[ClipUse]) -> dict[str, tuple[Subject, tuple[str, ...]]]:
    """Collect the clips of every subject that somebody names, in order of the edit."""
    members: dict[str, tuple[Subject, tuple[str, ...]]] = {}
    for use in uses:
        for subject in use.subjects:
            first, ids = members.get(plain(subject.name), (subject, ()))
            members[plain(subject.name)] = (first, (*ids, use.id))
    return members


def _named(
    members: Mapping[str, tuple[Subject, tuple[str, ...]]],
    theirs: set[str],
    found: Sequence[Group],
    clips: Clips,
) -> list[_Group]:
    """Make groups of what the edit names; of a mere hint, those parts of it that look alike."""
    groups: list[_Group] = []
    for key, (subject, ids) in members.items():
        if key in theirs:
            continue
        left = set(ids)
        parts = []
        for one in found if subject.source in (COLOR, NAMES) else ():
            alike = left & clips.with_kin(id_ for id_ in one.clips if id_ in left)
            if one.source == subject.source and alike:
                left -= alike
                parts.append(_Group(replace(subject, name=one.name), clips.in_order(alike)))
        groups += parts or [_Group(subject, ids)]
    return groups


def _joining(uses: Sequence[ClipUse], theirs: set[str]) -> list[tuple[str, tuple[str, ...], str]]:
    """Find clips that the edit puts into a subject of the file and that a new entry will name.

    The file overrules the edit for clips that it names, so they have to be put there too.
    """
    joining: dict[str, list[str]] = {}
    for use in uses:
        if any(plain(subject.name) not in theirs for subject in use.subjects):
            for subject in use.subjects:
                if plain(subject.name) in theirs:
                    joining.setdefault(subject.name, []).append(use.id)
    return [(name, tuple(ids), "The edit says that these are") for name, ids in joining.items()]


def _look_at(
    found: Group,
    clips: Clips,
    by_id: dict[str, tuple[str, ...]],
    groups: list[_Group],
    alike: list[tuple[str, tuple[str, ...], str]],
    taken: set[str],
) -> None:
    """Make a group of what looks alike, or say that it looks like one that has a name."""
    ids = clips.in_order(clips.with_kin(id_ for id_ in found.clips if id_ in by_id))
    free = tuple(id_ for id_ in ids if not by_id[id_])
    named = Counter(name for id_ in ids for name in by_id[id_])
    takes = {clips.in_order(clips.with_kin([id_]))[0] for id_ in ids}
    if found.source != FOUND or not free or len(takes) < 2:
        return
    if named:
        (name, _), *_ = named.most_common(1)
        alike.append((name, free, "These look like"))
        return
    base = _name_of(free, clips) or _short(found.name) or "group"
    name = next(n for n in chain([base], (f"{base} {i}" for i in count(2))) if plain(n) not in taken)
    taken.add(plain(name))
    groups.append(_Group(Subject(name, source=FOUND), free))
    by_id |= dict.fromkeys(free, (name,))


def _name_of(ids: Sequence[str], clips: Clips) -> str:
    """Name a group by the word that most of its clips' names begin with, if there is one."""
    words = Counter(
        next((found[0].lower() for found in map(words_of, clips.names[id_]) if found), "") for id_ in ids
    )
    word, times = words.most_common(1)[0]
    return word if 2 * times > len(ids) else ""


def patterns(ids: Iterable[str], clips: Clips, name: str = "") -> tuple[str, ...]:
    """Find globs that mean exactly these clips, and other uses of the same takes.

    One glob for all where there is one; else one a clip that also holds for its next version, its file
    name, its clip name, and only where no name tells it from others its id, which shifts with every insert.
    """
    wanted = clips.with_kin(ids)
    for pattern in _common(clips.in_order(wanted), clips, name):
        if clips.matching(pattern) == wanted:
            return (pattern,)
    chosen: list[str] = []
    covered: set[str] = set()
    for id_ in clips.in_order(wanted):
        if id_ in covered:
            continue
        for pattern in _own(id_, clips):
            matched = clips.matching(pattern)
            if id_ in matched and matched <= wanted:
                chosen.append(pattern)
                covered |= matched
                break
    return tuple(chosen)


def _common(ids: Sequence[str], clips: Clips, name: str) -> Iterator[str]:
    if words_of(name):
        word = "*".join(map(escape, name.split()))
        yield f"{word}*"
        yield f"*{word}*"
    firsts = [clips.names[id_][0] for id_ in ids if clips.names[id_]] or [""]
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(min(firsts), max(firsts), strict=False))
    prefix = re.sub(r"[^\W_]*$", "", "".join(one for one, _ in alike))
    if len(ids) > 1 and words_of(prefix):
        yield f"{escape(prefix)}*"


def _own(id_: str, clips: Clips) -> Iterator[str]:
    names = clips.names[id_]
    for name in names:
        parts = _VERSION.split(name)
        if len(parts) > 1:
            yield "*".join(map(escape, parts))
    yield from map(escape, names)
    yield id_


def _short(text: str) -> str:
    text = clean(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _comment(group: _Group, names: Mapping[str, str]) -> str:
    count = "1 clip" if len(group.ids) == 1 else f"{len(group.ids)} clips"
    head = f"# {_short(group.subject.name)}, {count}: {_WHO.get(group.subject.source, SOURCE)}."
    return "\n".join([head, *_listing(group.ids, names)]) + "\n"


def _suggestion(name: str, ids: Sequence[str], says: str, clips: Clips, names: Mapping[str, str]) -> str:
    head = f'# {says} "{_short(name)}"; if so, add them to its clips:'
    globs = ", ".join(map(toml, patterns(ids, clips)))
    return "\n".join([head, f"#   {globs}", *_listing(ids, names)]) + "\n"


def _listing(ids: Sequence[str], names: Mapping[str, str]) -> list[str]:
    lines = [f"#   {names[id_]}".rstrip() for id_ in ids[:LISTED]]
    return lines if len(ids) <= LISTED else [*lines, f"#   and {len(ids) - LISTED} more"]
