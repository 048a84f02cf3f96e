"""From a subjects file and what the edit says to the subjects of every clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from ..model import ClipUse, Failure, Media, MediaJob, Plan, Skipped, Span, Subject
from ..timeline import Said, file_name
from . import names
from .file import Entry, SubjectsFile, nearest
from .match import Clips, means, plain

MARKER, METADATA, COLOR, NAMES = "marker", "metadata", "clip colour", "names"


def assign(
    plan: Plan, file: SubjectsFile, said: Mapping[str, Said] | None = None, *, references: bool = True
) -> Plan:
    """Give every clip of a plan its subjects, and the plan the stills that show how they should look.

    Parameters
    ----------
    plan
        Of an edit, of bare media, or of a rendered master.
    file
        `otio_ai_audit.subjects.load`; what it says overrules the edit for the clips that it names.
    said
        What the edit says (`otio_ai_audit.timeline.subjects_said`); without it only names are known.
    references
        Whether to add the reference stills of subjects that some clip has, and their jobs.

    Returns
    -------
    Plan
        With `ClipUse.subjects`, `Plan.references`, and a notice for every pattern that matches nothing.
        All uses of one take have the same subjects.
    """
    clips = Clips(plan.uses, said or {})
    unseen = [*map(_names_of, plan.failures), *map(_names_of, plan.skipped)]
    found, notices = _by_file(clips, file, unseen)
    by_edit = _by_edit(clips, said or {}, found, file)
    uses = tuple(replace(use, subjects=(found.get(use.id) or by_edit.get(use.id, ()))) for use in plan.uses)
    plan = replace(plan, uses=uses, notices=(*plan.notices, *notices))
    return _with_references(plan, file.entries) if references else plan


def _by_file(
    clips: Clips, file: SubjectsFile, unseen: Sequence[Sequence[str]]
) -> tuple[dict[str, tuple[Subject, ...]], list[str]]:
    """Give clips the subjects of the file; say which patterns mean no clip, not even one that is offline."""
    found: dict[str, tuple[Subject, ...]] = {}
    notices = []
    for entry in file.entries:
        ids: set[str] = set()
        for pattern in entry.clips:
            matched = clips.matching(pattern)
            if not matched and not any(means(pattern, item) for item in unseen):
                known = {name for all_names in clips.names.values() for name in all_names}
                where = file.path.name if file.path is not None else "The subjects file"
                notices.append(
                    f"{where}: subject {entry.subject.name!r} clips: no clip matches {pattern!r}."
                    f"{nearest(pattern, known | set(clips.names), listed=5)}"
                )
            ids |= matched
        for id_ in ids:
            found[id_] = (*found.get(id_, ()), entry.subject)
    return found, notices


def _names_of(item: Failure | Skipped) -> tuple[str, ...]:
    return item.id, item.name, file_name(item.media or item.name)


def _by_edit(
    clips: Clips, said: Mapping[str, Said], done: Mapping[str, object], file: SubjectsFile
) -> dict[str, tuple[Subject, ...]]:
    """Subjects that the edit gives to the clips that the file does not name."""
    by_file = {plain(entry.subject.name): entry.subject for entry in file.entries}
    spelled: dict[str, str] = {}

    def subject(name: str, source: str) -> Subject:
        own = by_file.get(plain(name))
        if own is not None:
            return replace(own, source=source)
        return Subject(spelled.setdefault(plain(name), name), source=source)

    found: dict[str, tuple[Subject, ...]] = {}
    free = [use for use in clips.uses if use.id not in done]
    for use in free:
        one = said.get(use.id, Said())
        named = [(name, MARKER) for name in one.markers] + [(name, METADATA) for name in one.metadata]
        by_key = {plain(name): (name, source) for name, source in reversed(named)}
        if by_key:
            subjects = tuple(subject(*by_key[key]) for key in dict.fromkeys(plain(name) for name, _ in named))
            for id_ in clips.with_kin([use.id]):
                if id_ not in done:
                    found[id_] = _merged(found.get(id_, ()), subjects)
    for source, hinted in _hints(clips, [use for use in free if use.id not in found], said):
        for id_, name in hinted.items():
            # A person who lists the clips of a subject in the file has left the others out on purpose.
            if id_ not in found and plain(name) not in by_file:
                found[id_] = (subject(name, source),)
    return found


def _merged(one: Sequence[Subject], other: Sequence[Subject]) -> tuple[Subject, ...]:
    taken = {plain(subject.name) for subject in one}
    return (*one, *(subject for subject in other if plain(subject.name) not in taken))


def _hints(
    clips: Clips, free: Sequence[ClipUse], said: Mapping[str, Said]
) -> list[tuple[str, dict[str, str]]]:
    """Group clips by colour and by name, the stronger hint first."""
    takes: dict[str, tuple[str, ...]] = {}
    for use in free:
        kin = clips.in_order(clips.with_kin([use.id]))
        takes.setdefault(kin[0], kin)
    by_name = names.groups(
        {take: [n for id_ in kin for n in clips.names[id_]] for take, kin in takes.items()}
    )
    colors = {use.id: said[use.id].color for use in clips.uses if use.id in said and said[use.id].color}
    by_color: dict[str, str] = {}
    for key in dict.fromkeys(map(plain, colors.values())):
        ids = [id_ for id_, given in colors.items() if plain(given) == key]
        given = [take for take, kin in takes.items() if any(id_ in ids for id_ in kin)]
        # A colour over clips of several names says how far they are (approved, to do), not what they show.
        status = len({by_name[take] for take in given if take in by_name}) > 1
        if len(given) >= 2 and 2 * len(ids) <= len(clips.uses) and not status:
            by_color |= {take: f"{colors[ids[0]].lower()} clips" for take in given if take not in by_color}
    return [
        (source, {id_: name for take, name in found.items() for id_ in takes[take]})
        for source, found in ((COLOR, by_color), (NAMES, by_name))
    ]


def _with_references(plan: Plan, entries: Sequence[Entry]) -> Plan:
    shown = {subject.name for use in plan.uses for subject in use.subjects}
    wanted: dict[Path, list[Subject]] = {}
    for entry in entries:
        for still in entry.references if entry.subject.name in shown else ():
            held = wanted.setdefault(still, [])
            if entry.subject not in held:
                held.append(entry.subject)
    jobs = list(plan.jobs)
    places = {job.media: index for index, job in enumerate(jobs)}
    references = []
    for number, (still, subjects) in enumerate(wanted.items(), start=1):
        media = Media(str(still), kind="still")
        if media not in places:
            places[media] = len(jobs)
            jobs.append(MediaJob(media, None, cost=0.1))
        references.append(_reference(number, media, places[media], tuple(subjects), plan.info.rate))
    return replace(plan, jobs=tuple(jobs), references=tuple(references))


def _reference(number: int, media: Media, job: int, subjects: tuple[Subject, ...], rate: Fraction) -> ClipUse:
    frame = 1 / rate
    return ClipUse(
        id=f"reference/{number:04d}",
        name=Path(media.path).name,
        media=media,
        job=job,
        record_start=0,
        record_frames=0,
        rate=rate,
        knots=((Fraction(0), Fraction(0)), (frame, Fraction(0))),
        visible=(Span(Fraction(0), frame),),
        subjects=subjects,
        reference=True,
    )
